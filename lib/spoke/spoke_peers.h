/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other spokes that a hub lets a spoke see directly (hub/hub_direct.h), as they come in its
 * answers (GET /v1/self, Peer) and as one line each of a text:
 *
 *     peer = NAME KEY ADDRESS ENDPOINT|- WIRE SECONDS PSK VNI[,VNI...]
 *     peer = venus J6mu…/E= 100.64.0.3 203.0.113.7:40000 fast 52 Ft3o…Kw= 77,78
 *
 * What is read was said by somebody else, and is strict. No list has a key or an address twice.
 * Lists and texts have keys in them: whoever has one wipes it.
 */
#ifndef EL_SPOKE_SPOKE_PEERS_H
#define EL_SPOKE_SPOKE_PEERS_H

#include "base/addr.h"
#include "base/err.h"
#include "control/json.h"
#include "tunnel/tunnel.h"

#include <stdint.h>
#include <stdio.h>

enum {
    EL_SPOKE_PEERS = 16,         /* = EL_HUB_DIRECT_OF_SPOKE */
    EL_SPOKE_PEER_NETWORKS = 8,  /* = EL_MANAGE_NETWORKS */
    EL_SPOKE_PEER_SECONDS = 600, /* no lease is longer */
};

struct el_spoke_peer {
    char name[EL_TUNNEL_NAME_BYTES];
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    uint8_t psk[EL_TUNNEL_KEY_BYTES]; /* of the two */
    struct el_ip address;             /* its own in the tunnel: 100.64.0.0/10 */
    struct el_endpoint endpoint;      /* where the hub sees it; family 0: nowhere */
    enum el_tunnel_wire wire;         /* not the standard one */
    unsigned for_s;                   /* how long it is good */
    unsigned network_count;
    uint32_t networks[EL_SPOKE_PEER_NETWORKS]; /* VNIs, different ones */
};

struct el_spoke_peers {
    unsigned count;
    struct el_spoke_peer items[EL_SPOKE_PEERS];
};

/* Adds what follows "peer = " in a line; and back, all of LIST as lines. EL_EINVAL. */
int el_spoke_peers_read(struct el_spoke_peers *list, const char *text, struct el_err *err);
void el_spoke_peers_print(FILE *out, const struct el_spoke_peers *list);

/* Adds those of a JSON array; NULL: none. EL_EINVAL, EL_EPROTO with a sentence. */
int el_spoke_peers_read_json(struct el_spoke_peers *list, const json_t *array, struct el_err *err);

/* The one with KEY, or NULL. */
const struct el_spoke_peer *el_spoke_peers_find(const struct el_spoke_peers *list,
                                                const uint8_t key[EL_TUNNEL_KEY_BYTES]);

#endif

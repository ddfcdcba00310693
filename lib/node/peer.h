/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer as it is configured:
 *
 *     NAME=PUBLIC-KEY[,ip=ADDRESS][,endpoint=HOST:PORT][,psk=FILE][,keepalive=SECONDS][,wire=WIRE]
 *
 * endpoint= may be there several times. NAME is letters, digits, '-', '.' and '_'. ADDRESS is its
 * tunnel address (default: from its key, see node/key.h), WIRE is standard, compact or fast (enum
 * el_tunnel_wire). A supervisor passes the pre-shared key itself as psk-key=KEY to its applet.
 */
#ifndef EL_NODE_PEER_H
#define EL_NODE_PEER_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdio.h>

enum { EL_NODE_ENDPOINTS = 6, EL_NODE_ENDPOINT_TEXT = 272, EL_NODE_PATH_BYTES = 1024 };

struct el_node_peer {
    char name[EL_TUNNEL_NAME_BYTES];
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    uint8_t psk[EL_TUNNEL_KEY_BYTES]; /* zeros: none */
    struct el_ip ip;                  /* never family 0 */
    /* Where it is called, one place after the other until one answers; the port may be missing. */
    char endpoints[EL_NODE_ENDPOINTS][EL_NODE_ENDPOINT_TEXT];
    unsigned endpoint_count; /* 0: it calls us */
    unsigned keepalive_s;    /* 0: off */
    enum el_tunnel_wire wire;
};

/* All of them; items is theirs. */
struct el_node_peers {
    struct el_node_peer *items;
    unsigned count;
};

/* Parses TEXT and appends the peer; reads the file of psk=. Errors name what is wrong: a name, key
 * or address that is there already among them. */
int el_node_peers_add(struct el_node_peers *peers, const char *text, struct el_err *err);

/* Writes the notation above (with psk-key), without a newline. */
void el_node_peer_print(FILE *out, const struct el_node_peer *peer);

/* Wipes and frees the items. */
void el_node_peers_clear(struct el_node_peers *peers);

/* Whether all of the first LEN bytes of TEXT, which may end there, make a NAME. */
bool el_node_is_name(const char *text, size_t len);

/* Splits "HOST", "HOST:PORT", "[IPV6]:PORT" or a bare IPv6 address. EL_EINVAL if it is none. */
int el_node_split_endpoint(const char *text, uint16_t default_port, char host[256], uint16_t *port);

#endif

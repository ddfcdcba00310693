/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control applet: what the hub knows (registry/), its memory (control.db), and the API, at two
 * doors: the operator's Unix socket, and the hub's tunnel address for spokes. What changes is
 * carried out by hub/hub_sync.h.
 *
 * It is given descriptors by its supervisor, and does nothing by hand: "api" (the listening Unix
 * socket), "manage" and "inside" (to the tunnel), "errand" (to the supervisor), "state" (its
 * directory), "images" (their directory), "first" (a message in it says that the hub has just been
 * started, and not only we).
 */
#ifndef EL_HUB_HUB_CONTROL_H
#define EL_HUB_HUB_CONTROL_H

#include "base/addr.h"
#include "base/err.h"
#include "hub/hub_endpoints.h"
#include "hub/hub_plan.h"
#include "node/peer.h"
#include "service/orders.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

struct el_hub_control_config {
    const char *version; /* of this program */
    const char *network; /* of the command line: made if it is not there */
    uint64_t vni;
    struct el_prefix cidr;
    struct el_prefix prefix6; /* family 0: nothing was said */
    uint64_t listen;          /* the tunnel's UDP port */
    uint64_t lanes;           /* queues of each network's port */
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    /* Where spokes reach us, as HOST or HOST:PORT: what tokens say. */
    char *endpoints[EL_HUB_PUBLIC_MAX]; /* owned by whoever fills it in */
    unsigned endpoint_count;
    struct el_node_peers peers; /* of the command line: their names, keys and addresses are taken */
    struct el_hub_plan plan;    /* what the hub's file says; owned by whoever fills it in */
    bool program;               /* there is a second factor's program, which is to be asked */
    const char *images;         /* where the images are, for people; or NULL */
    uint64_t user;              /* who to become; 0: stay */
    struct el_order_policy policy; /* for machines */
    bool no_direct;                /* spokes get no leases on each other (hub/hub_direct.h) */
};

/* Runs until SIGTERM or SIGINT. 0 or an error; EL_EEXIST: CONFIG cannot be, or not with what was
 * made before, and there is no use in trying again. */
int el_hub_control_run(struct el_hub_control_config *config, struct el_err *err);

#endif

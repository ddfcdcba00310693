/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub nudges a spoke: something has changed for it, and it should ask (GET /v1/self). A nudge
 * is one small datagram through the tunnel, and says nothing else; one that is lost costs time
 * (EL_AGENT_PERIOD_S) and no truth.
 *
 *     offset  bytes
 *     0       7      "el2wask"
 *     7       1      0: the version of this
 *
 * A change that concerns all spokes nudges one after the other, EL_NUDGE_BURST of them every
 * EL_NUDGE_EVERY_MS, so that their questions do not come all at once.
 */
#ifndef EL_NODE_NUDGE_H
#define EL_NODE_NUDGE_H

#include "base/addr.h"
#include "base/err.h"
#include "net/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_NUDGE_PORT = 51821, /* UDP, of the spoke's tunnel address; the hub sends from it, too */
    EL_NUDGE_BYTES = 8,
    EL_NUDGE_BURST = 16,
    EL_NUDGE_EVERY_MS = 20,
    EL_NUDGES = 4096, /* that wait; = EL_REGISTRY_PEERS */
};

extern const uint8_t el_nudge[EL_NUDGE_BYTES];

/* Whether that datagram is the hub's nudge. */
bool el_nudge_is(const struct el_net_udp_meta *meta, const uint8_t *bytes, size_t len);

/* The hub's side, on the network inside its tunnel, which lives longer. */
struct el_nudges;

int el_nudges_new(struct el_net *inside, struct el_nudges **nudges, struct el_err *err);
void el_nudges_free(struct el_nudges *nudges); /* NULL is allowed */

/* The spoke at IP, in its turn; once, however often this is called before that. */
void el_nudges_add(struct el_nudges *nudges, const struct el_ip *ip);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Explicit congestion notification through a tunnel (RFC 6040, normal mode).
 *
 * On the way in the outer header gets the inner one's whole octet, DSCP and ECN: el_layers_tos(). A
 * router that is congested may then mark the outer header instead of dropping it, and on the way
 * out that mark goes to the inner one, where the receiver's TCP sees it.
 */
#ifndef EL_FRAME_ECN_H
#define EL_FRAME_ECN_H

#include "base/err.h"
#include "frame/layers.h"

/* The two lower bits of IPv4's type of service and of IPv6's traffic class (RFC 3168 §5). */
enum el_ecn {
    EL_ECN_NOT_ECT = 0, /* the transport does not know of marks */
    EL_ECN_ECT1 = 1,
    EL_ECN_ECT0 = 2,
    EL_ECN_CE = 3, /* congestion was experienced */
    EL_ECN_MASK = 3,
};

/* DSCP and ECN of the IP packet in a frame; 0 if there is none. */
static inline uint8_t el_layers_tos(const struct el_layers *layers)
{
    if (layers->version == 4)
        return layers->ip4.tos;
    return layers->version == 6 ? (uint8_t)(layers->ip6.flow >> 20) : 0;
}

/* What becomes of an inner header's ECN when its outer one arrives with OUTER; of either, only the
 * two lower bits count. An enum el_ecn, or EL_EPROTO: the packet is to be dropped, because it was
 * marked and its transport would not hear of it (RFC 6040 §4.2, figure 4). */
int el_ecn_decap(uint8_t inner, uint8_t outer);

/* Changes the ECN of the IPv4 header at IP, and mends its checksum. */
void el_ecn_set4(uint8_t *ip, enum el_ecn ecn);

/* Applies el_ecn_decap() to FRAME and its LAYERS, which stay what el_layers_read() would find. 0,
 * or EL_EPROTO: drop it. What is no IP has no mark to carry and passes. */
int el_ecn_decap_frame(uint8_t *frame, struct el_layers *layers, uint8_t outer);

#endif

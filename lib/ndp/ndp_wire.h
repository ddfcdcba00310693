/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two messages of IPv6 Neighbor Discovery by which a host asks for routers and is answered
 * (RFC 4861 §4.1, §4.2): ICMPv6 from its type on. The checksum, which covers addresses of the IPv6
 * header, is for whoever has that header: on a raw socket, the kernel (RFC 3542 §3.1).
 */
#ifndef EL_NDP_NDP_WIRE_H
#define EL_NDP_NDP_WIRE_H

#include "base/addr.h"
#include "base/wire.h"

enum {
    EL_NDP_ROUTER_SOLICITATION = 133,
    EL_NDP_ROUTER_ADVERTISEMENT = 134,
    EL_NDP_HOP_LIMIT = 255, /* of every message: one that was routed has less */
    EL_NDP_ADVERTISEMENT_BYTES = 24,
};

/* Checks a Router Solicitation as RFC 4861 §6.1.1 wants it. FROM and HOP_LIMIT are those of its
 * IPv6 header. 0, or EL_EPROTO: it must be dropped silently. */
int el_ndp_check_solicitation(const struct el_ip *from, uint8_t hop_limit, const uint8_t *bytes,
                              size_t len);

/* Builds the Router Advertisement that says: there is no router here (lifetime 0), no prefix, no
 * DHCPv6 (flags 0), and no parameter that a host should set. MAC is the link-layer address of who
 * says so. The checksum is left 0. */
void el_ndp_put_no_router(struct el_wire *w, const struct el_mac *mac);

#endif

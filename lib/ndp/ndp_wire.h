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
    EL_NDP_SERVERS = 4,
    EL_NDP_ADVERTISEMENT_BYTES = 24 + 32 + 8 + 16 * EL_NDP_SERVERS, /* at most */
};

/* What a Router Advertisement says, but for what ours never does: no DHCPv6 (flags 0), and no
 * parameter that a host should set. Lifetimes are in seconds. */
struct el_ndp_advertisement {
    struct el_mac mac;       /* the link-layer address of who says so */
    uint16_t router_s;       /* how long to take us for a default router; 0: not (any more) */
    struct el_prefix prefix; /* hosts make themselves an address in it; family 0: none */
    uint32_t valid_s, preferred_s;
    struct el_ip dns[EL_NDP_SERVERS]; /* who resolves names, for dns_s (RFC 8106 §5.1) */
    unsigned dns_count;
    uint32_t dns_s;
};

/* Checks a Router Solicitation as RFC 4861 §6.1.1 wants it. FROM and HOP_LIMIT are those of its
 * IPv6 header. 0, or EL_EPROTO: it must be dropped silently. */
int el_ndp_check_solicitation(const struct el_ip *from, uint8_t hop_limit, const uint8_t *bytes,
                              size_t len);

/* Builds ADVERTISEMENT, EL_NDP_ADVERTISEMENT_BYTES at most. The checksum is left 0. */
void el_ndp_put_advertisement(struct el_wire *w, const struct el_ndp_advertisement *advertisement);

#endif

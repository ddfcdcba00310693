/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a frame is what only the network's own servers should say. */
#include "datapath/guard.h"

#include "base/wire.h"

#include <string.h>

enum {
    DHCP_CLIENT = 68,
    DHCPV6_CLIENT = 546,
    ROUTER_ADVERTISEMENT = 134,
    HOP_BY_HOP = 0,
    ROUTING = 43,
    FRAGMENT = 44,
    ICMPV6 = 58,
    DESTINATION = 60,
    HEADERS_MAX = 6, /* in front of what is inside */
};

const char *const el_guard_kind_names[EL_GUARD_KINDS] = {
    [EL_GUARD_DHCP] = "dhcp",
    [EL_GUARD_DHCPV6] = "dhcpv6",
    [EL_GUARD_RA] = "router-advertisement",
    [EL_GUARD_HIDDEN] = "hidden",
};

/* Of datagrams in fragments the first is enough: without it the others are of no use. */
static enum el_guard_kind look_at_ip4(struct el_wire w, struct el_ip *ip)
{
    uint8_t header = (uint8_t)((el_wire_u8(&w) & 15) * 4);

    el_wire_skip(&w, 5);
    uint16_t fragment = el_wire_be16(&w);
    el_wire_skip(&w, 1);
    uint8_t protocol = el_wire_u8(&w);
    el_wire_skip(&w, 2);
    uint32_t source = el_wire_be32(&w);
    el_wire_skip(&w, 4);
    if (!el_wire_ok(&w) || header < EL_IP4_HEADER || protocol != EL_IP_UDP ||
        (fragment & EL_IP4_OFFSET) != 0)
        return EL_GUARD_NOTHING;
    el_wire_skip(&w, header - (size_t)EL_IP4_HEADER + 2);
    if (el_wire_be16(&w) != DHCP_CLIENT || !el_wire_ok(&w))
        return EL_GUARD_NOTHING;
    if (ip)
        *ip = el_ip4(source);
    return EL_GUARD_DHCP;
}

static enum el_guard_kind look_inside(struct el_wire w, uint8_t next)
{
    if (next == ICMPV6)
        return el_wire_u8(&w) == ROUTER_ADVERTISEMENT && el_wire_ok(&w) ? EL_GUARD_RA
                                                                        : EL_GUARD_NOTHING;
    if (next != EL_IP_UDP)
        return EL_GUARD_NOTHING;
    el_wire_skip(&w, 2);
    return el_wire_be16(&w) == DHCPV6_CLIENT && el_wire_ok(&w) ? EL_GUARD_DHCPV6 : EL_GUARD_NOTHING;
}

static enum el_guard_kind look_at_ip6(struct el_wire w, struct el_ip *ip)
{
    bool fragment = false;

    el_wire_skip(&w, 6);
    uint8_t next = el_wire_u8(&w);
    el_wire_skip(&w, 1);
    const uint8_t *source = el_wire_take(&w, 16);
    el_wire_skip(&w, 16);
    if (!el_wire_ok(&w))
        return EL_GUARD_NOTHING;
    if (ip) {
        *ip = (struct el_ip){.family = 6};
        memcpy(ip->b, source, 16);
    }
    for (unsigned i = 0; i < HEADERS_MAX; i++) {
        if (next != HOP_BY_HOP && next != ROUTING && next != FRAGMENT && next != DESTINATION)
            return !el_wire_ok(&w) || (fragment && el_wire_left(&w) < 4) ? EL_GUARD_HIDDEN
                                                                         : look_inside(w, next);
        bool is_fragment = next == FRAGMENT;
        next = el_wire_u8(&w);
        uint8_t words = el_wire_u8(&w);
        uint16_t offset = el_wire_be16(&w);
        el_wire_skip(&w, is_fragment ? 4 : 4 + 8u * words);
        if (is_fragment && offset >> 3 != 0)
            return EL_GUARD_NOTHING; /* not the first one */
        fragment |= is_fragment;
    }
    return EL_GUARD_HIDDEN;
}

enum el_guard_kind el_guard_kind_of(const uint8_t *frame, size_t len, struct el_ip *ip)
{
    struct el_wire w = el_wire_read(frame, len);

    el_wire_skip(&w, 12);
    switch (el_wire_be16(&w)) {
    case EL_ETHERTYPE_IP4: return look_at_ip4(w, ip);
    case EL_ETHERTYPE_IP6: return look_at_ip6(w, ip);
    default: return EL_GUARD_NOTHING;
    }
}

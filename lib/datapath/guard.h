/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a frame is what only the network's own servers should say: an answer of DHCP or DHCPv6,
 * or a router advertisement. From a LAN of machines it comes from a rogue, or from a server that
 * the site has of its own.
 */
#ifndef EL_DATAPATH_GUARD_H
#define EL_DATAPATH_GUARD_H

#include "base/addr.h"
#include "frame/eth.h"
#include "frame/ip4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum el_guard_kind {
    EL_GUARD_NOTHING,
    EL_GUARD_DHCP,   /* to UDP port 68 */
    EL_GUARD_DHCPV6, /* to UDP port 546 */
    EL_GUARD_RA,     /* ICMPv6 type 134 */
    EL_GUARD_HIDDEN, /* IPv6 in fragments, or behind headers, that may be one of them (RFC 7113) */
    EL_GUARD_KINDS
};

extern const char *const el_guard_kind_names[EL_GUARD_KINDS];

/* What is asked of every frame, of 24 bytes or more: false for nearly all of them. */
static inline bool el_guard_may_be(const uint8_t *frame)
{
    uint16_t type = (uint16_t)(frame[12] << 8 | frame[13]);

    return (type == EL_ETHERTYPE_IP4 && frame[23] == EL_IP_UDP) || type == EL_ETHERTYPE_IP6;
}

/* What it is. IP, if it is not NULL: who says so. */
enum el_guard_kind el_guard_kind_of(const uint8_t *frame, size_t len, struct el_ip *ip);

#endif

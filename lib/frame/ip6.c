/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/ip6.h"

enum next_header {
    HOP_BY_HOP = 0,
    FRAGMENT = 44,
    DESTINATION_OPTIONS = 60,
};

/* Passes one extension header; the next one's kind. LAST is set where the walk ends behind it. */
static uint8_t read_extension(struct el_wire *w, uint8_t kind, bool *last)
{
    uint8_t next = el_wire_u8(w);

    if (kind == FRAGMENT) {
        el_wire_skip(w, 1);
        /* Offset and M flag both zero: an atomic fragment, which is a whole packet (RFC 6946). */
        *last = (el_wire_be16(w) & 0xfff9) != 0;
        el_wire_skip(w, 4);
    } else {
        size_t units = el_wire_u8(w); /* of 8 bytes, without the first */

        *last = false;
        el_wire_skip(w, 6 + units * 8);
    }
    return next;
}

static bool is_extension(uint8_t kind)
{
    return kind == HOP_BY_HOP || kind == DESTINATION_OPTIONS || kind == FRAGMENT;
}

void el_ip6_read(struct el_wire *w, struct el_ip6_header *ip)
{
    struct el_wire h = el_wire_sub(w, EL_IP6_HEADER);
    uint32_t first = el_wire_be32(&h);

    ip->flow = first & 0x0fffffff;
    ip->payload_len = el_wire_be16(&h);
    ip->next = el_wire_u8(&h);
    ip->hops = el_wire_u8(&h);
    el_wire_copy(&h, ip->src, sizeof ip->src);
    el_wire_copy(&h, ip->dst, sizeof ip->dst);
    ip->protocol = ip->next;
    ip->fragment = false;
    if (first >> 28 != 6 || ip->payload_len > el_wire_left(w)) {
        el_wire_fail(w);
        return;
    }
    w->end = w->at + ip->payload_len;

    for (unsigned i = 0; is_extension(ip->protocol) && !ip->fragment; i++) {
        if (i == EL_IP6_EXTENSIONS_MAX || !el_wire_ok(w)) {
            el_wire_fail(w);
            return;
        }
        ip->protocol = read_extension(w, ip->protocol, &ip->fragment);
    }
}

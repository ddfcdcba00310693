/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/ip4.h"

#include "frame/csum.h"

void el_ip4_read(struct el_wire *w, struct el_ip4_header *ip)
{
    struct el_wire h = el_wire_sub(w, EL_IP4_HEADER);
    uint8_t first = el_wire_u8(&h);

    ip->header_len = (uint8_t)((first & 0xf) * 4);
    ip->tos = el_wire_u8(&h);
    ip->total_len = el_wire_be16(&h);
    ip->id = el_wire_be16(&h);
    ip->fragment = el_wire_be16(&h);
    ip->ttl = el_wire_u8(&h);
    ip->protocol = el_wire_u8(&h);
    ip->csum = el_wire_be16(&h);
    ip->src = el_wire_be32(&h);
    ip->dst = el_wire_be32(&h);
    if (first >> 4 != 4 || ip->header_len < EL_IP4_HEADER || ip->total_len < ip->header_len) {
        el_wire_fail(w);
        return;
    }
    el_wire_skip(w, ip->header_len - EL_IP4_HEADER);

    size_t payload = (size_t)ip->total_len - ip->header_len;
    if (payload > el_wire_left(w))
        el_wire_fail(w);
    else
        w->end = w->at + payload;
}

void el_ip4_write(struct el_wire *w, const struct el_ip4_header *ip)
{
    uint8_t *start = w->at;

    el_wire_put_u8(w, 4 << 4 | EL_IP4_HEADER / 4);
    el_wire_put_u8(w, ip->tos);
    el_wire_put_be16(w, ip->total_len);
    el_wire_put_be16(w, ip->id);
    el_wire_put_be16(w, ip->fragment);
    el_wire_put_u8(w, ip->ttl);
    el_wire_put_u8(w, ip->protocol);
    el_wire_put_be16(w, 0);
    el_wire_put_be32(w, ip->src);
    el_wire_put_be32(w, ip->dst);
    if (!el_wire_ok(w))
        return;

    struct el_wire csum = el_wire_write(start + EL_IP4_AT_CSUM, 2);
    el_wire_put_be16(&csum, el_csum_finish(el_csum_add(0, start, EL_IP4_HEADER)));
}

bool el_ip4_csum_ok(const uint8_t *bytes, size_t header_len)
{
    return el_csum_finish(el_csum_add(0, bytes, header_len)) == 0;
}

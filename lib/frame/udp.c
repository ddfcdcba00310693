/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/udp.h"

#include "frame/csum.h"

void el_udp_read(struct el_wire *w, struct el_udp_header *udp)
{
    struct el_wire h = el_wire_sub(w, EL_UDP_HEADER);

    udp->src_port = el_wire_be16(&h);
    udp->dst_port = el_wire_be16(&h);
    udp->len = el_wire_be16(&h);
    udp->csum = el_wire_be16(&h);
    if (udp->len < EL_UDP_HEADER || (size_t)(udp->len - EL_UDP_HEADER) > el_wire_left(w))
        el_wire_fail(w);
    else
        w->end = w->at + udp->len - EL_UDP_HEADER;
}

static void write_header(struct el_wire *w, const struct el_udp_header *udp)
{
    el_wire_put_be16(w, udp->src_port);
    el_wire_put_be16(w, udp->dst_port);
    el_wire_put_be16(w, udp->len);
    el_wire_put_be16(w, udp->csum);
}

int el_frame_udp4_build(uint8_t *payload, size_t len, const struct el_frame_udp4 *to)
{
    if (len > EL_FRAME_UDP4_PAYLOAD_MAX)
        return EL_EINVAL;

    struct el_wire w = el_wire_write(payload - EL_FRAME_UDP4_HEADER, EL_FRAME_UDP4_HEADER);
    struct el_udp_header udp = {
        .src_port = to->src_port,
        .dst_port = to->dst_port,
        .len = (uint16_t)(EL_UDP_HEADER + len),
    };
    uint8_t header[EL_UDP_HEADER];
    struct el_wire header_w = el_wire_write(header, sizeof header);
    uint64_t sum = el_csum_pseudo4(to->src, to->dst, EL_IP_UDP, udp.len);

    write_header(&header_w, &udp);
    sum = el_csum_add(sum, header, sizeof header);
    udp.csum = el_csum_finish(el_csum_add(sum, payload, len));
    if (udp.csum == 0)
        udp.csum = 0xffff; /* 0 says "none" (RFC 768) */

    el_eth_write(&w, &(struct el_eth_header){
                         .dst = to->dst_mac, .src = to->src_mac, .type = EL_ETHERTYPE_IP4});
    el_ip4_write(&w, &(struct el_ip4_header){.total_len = (uint16_t)(EL_IP4_HEADER + udp.len),
                                             .ttl = 64,
                                             .protocol = EL_IP_UDP,
                                             .src = to->src,
                                             .dst = to->dst});
    write_header(&w, &udp);
    return (int)(EL_FRAME_UDP4_HEADER + len);
}

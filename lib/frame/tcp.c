/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/tcp.h"

void el_tcp_read(struct el_wire *w, struct el_tcp_header *tcp)
{
    struct el_wire h = el_wire_sub(w, EL_TCP_HEADER);

    tcp->src_port = el_wire_be16(&h);
    tcp->dst_port = el_wire_be16(&h);
    tcp->seq = el_wire_be32(&h);
    tcp->ack = el_wire_be32(&h);

    uint16_t word = el_wire_be16(&h);
    tcp->header_len = (uint8_t)((word >> 12) * 4);
    tcp->flags = word & EL_TCP_FLAGS;
    tcp->window = el_wire_be16(&h);
    tcp->csum = el_wire_be16(&h);
    tcp->urgent = el_wire_be16(&h);
    tcp->options = NULL;
    if (tcp->header_len < EL_TCP_HEADER)
        el_wire_fail(w);
    else
        tcp->options = el_wire_take(w, tcp->header_len - EL_TCP_HEADER);
}

bool el_tcp_option_next(struct el_wire *options, struct el_tcp_option *option)
{
    do {
        option->kind = el_wire_u8(options); /* END where there is nothing left */
    } while (option->kind == EL_TCP_OPTION_NOP);
    if (option->kind == EL_TCP_OPTION_END)
        return false;

    uint8_t len = el_wire_u8(options); /* with kind and length themselves */
    if (len < 2) {
        el_wire_fail(options);
        return false;
    }
    option->len = len - 2u;
    option->at = el_wire_take(options, option->len);
    return el_wire_ok(options);
}

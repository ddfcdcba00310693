/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting a packet into fragments, in place. */
#include "overlay/fragment.h"

enum { UNIT = 8 }; /* fragment offsets count these */

int el_fragment_begin(struct el_fragment_cut *cut, uint8_t *packet, size_t len, size_t mtu)
{
    struct el_wire w = el_wire_read(packet, len);
    struct el_ip4_header ip;

    el_ip4_read(&w, &ip);
    size_t payload = el_wire_left(&w);
    if (!el_wire_ok(&w) || ip.header_len != EL_IP4_HEADER || ip.total_len != len || payload == 0 ||
        (ip.fragment & (EL_IP4_DF | EL_IP4_MF | EL_IP4_OFFSET)) || mtu < EL_FRAGMENT_MTU_MIN)
        return EL_EINVAL;

    size_t piece = payload;
    if (len > mtu) {
        size_t most = (mtu - EL_IP4_HEADER) / UNIT * UNIT;
        size_t pieces = (payload + most - 1) / most;
        size_t share = (payload + pieces - 1) / pieces;
        piece = (share + UNIT - 1) / UNIT * UNIT; /* most is a multiple too: not beyond it */
    }
    *cut = (struct el_fragment_cut){.at = packet, .left = payload, .piece = piece, .ip = ip};
    return 0;
}

size_t el_fragment_next(struct el_fragment_cut *cut, uint8_t **fragment)
{
    size_t payload = cut->left < cut->piece ? cut->left : cut->piece;

    if (payload == 0)
        return 0;
    cut->left -= payload;
    cut->ip.total_len = (uint16_t)(EL_IP4_HEADER + payload);
    cut->ip.fragment = (uint16_t)((cut->left > 0 ? EL_IP4_MF : 0) | cut->offset / UNIT);
    cut->offset += payload;

    struct el_wire w = el_wire_write(cut->at, EL_IP4_HEADER);
    el_ip4_write(&w, &cut->ip);
    *fragment = cut->at;
    cut->at += payload; /* the next header ends where the payload behind it begins */
    return EL_IP4_HEADER + payload;
}

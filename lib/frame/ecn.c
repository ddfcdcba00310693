/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/ecn.h"

#include "frame/csum.h"

int el_ecn_decap(uint8_t inner, uint8_t outer)
{
    enum { DROP = EL_EPROTO };
    static const int table[4][4] = {
        /* outer:          Not-ECT         ECT(1)          ECT(0)          CE */
        [EL_ECN_NOT_ECT] = {EL_ECN_NOT_ECT, EL_ECN_NOT_ECT, EL_ECN_NOT_ECT, DROP},
        [EL_ECN_ECT1] = {EL_ECN_ECT1, EL_ECN_ECT1, EL_ECN_ECT1, EL_ECN_CE},
        [EL_ECN_ECT0] = {EL_ECN_ECT0, EL_ECN_ECT1, EL_ECN_ECT0, EL_ECN_CE},
        [EL_ECN_CE] = {EL_ECN_CE, EL_ECN_CE, EL_ECN_CE, EL_ECN_CE},
    };

    return table[inner & EL_ECN_MASK][outer & EL_ECN_MASK];
}

/* The octet stands in the second byte of IPv4's first word. */
static uint16_t set4(uint8_t *ip, uint16_t csum, enum el_ecn ecn)
{
    struct el_wire w = el_wire_read(ip, 2);
    uint16_t was = el_wire_be16(&w);
    uint16_t now = (uint16_t)((was & 0xfffc) | (unsigned)ecn);

    csum = el_csum_update(csum, was, now);
    el_frame_set16(ip, now);
    el_frame_set16(ip + EL_IP4_AT_CSUM, csum);
    return csum;
}

void el_ecn_set4(uint8_t *ip, enum el_ecn ecn)
{
    struct el_wire w = el_wire_read(ip + EL_IP4_AT_CSUM, 2);

    set4(ip, el_wire_be16(&w), ecn);
}

/* In IPv6 it lies across the first two bytes: version, traffic class, flow label. */
static void set6(uint8_t *ip, struct el_ip6_header *header, enum el_ecn ecn)
{
    header->flow = (header->flow & 0x0fcfffff) | (uint32_t)ecn << 20;
    el_frame_set16(ip, (uint16_t)(6 << 12 | header->flow >> 16));
}

int el_ecn_decap_frame(uint8_t *frame, struct el_layers *layers, uint8_t outer)
{
    uint8_t inner = el_layers_tos(layers);
    int ecn = el_ecn_decap(inner, outer);

    if (!layers->version || ecn == (inner & EL_ECN_MASK))
        return 0;
    if (ecn < 0)
        return ecn;
    if (layers->version == 6) {
        set6(frame + layers->l3, &layers->ip6, (enum el_ecn)ecn);
        return 0;
    }
    layers->ip4.csum = set4(frame + layers->l3, layers->ip4.csum, (enum el_ecn)ecn);
    layers->ip4.tos = (uint8_t)((inner & 0xfc) | ecn);
    return 0;
}

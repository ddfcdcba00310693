/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/eth.h"

static bool is_tag(uint16_t type)
{
    return type == EL_ETHERTYPE_VLAN || type == EL_ETHERTYPE_SVLAN;
}

void el_eth_read(struct el_wire *w, struct el_eth_header *eth)
{
    struct el_wire h = el_wire_sub(w, EL_ETH_HEADER);

    el_wire_copy(&h, &eth->dst, sizeof eth->dst);
    el_wire_copy(&h, &eth->src, sizeof eth->src);
    eth->type = el_wire_be16(&h);
    for (eth->tags = 0; eth->tags < EL_ETH_TAGS_MAX && is_tag(eth->type); eth->tags++) {
        struct el_eth_tag *tag = &eth->tag[eth->tags];

        tag->tpid = eth->type;
        tag->tci = el_wire_be16(w);
        eth->type = el_wire_be16(w);
    }
}

void el_eth_write(struct el_wire *w, const struct el_eth_header *eth)
{
    el_wire_put(w, &eth->dst, sizeof eth->dst);
    el_wire_put(w, &eth->src, sizeof eth->src);
    for (unsigned i = 0; i < eth->tags && i < EL_ETH_TAGS_MAX; i++) {
        el_wire_put_be16(w, eth->tag[i].tpid);
        el_wire_put_be16(w, eth->tag[i].tci);
    }
    el_wire_put_be16(w, eth->type);
}

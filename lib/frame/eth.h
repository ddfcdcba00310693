/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Ethernet header (IEEE 802.3) with up to two VLAN tags (IEEE 802.1Q §9). */
#ifndef EL_FRAME_ETH_H
#define EL_FRAME_ETH_H

#include "base/addr.h"
#include "base/wire.h"

enum {
    EL_ETH_HEADER = 14,
    EL_ETH_TAG = 4,
    EL_ETH_TAGS_MAX = 2,
    EL_ETH_HEADER_MAX = EL_ETH_HEADER + EL_ETH_TAGS_MAX * EL_ETH_TAG,
    EL_ETH_TAG_AT = 12, /* where a tag is put in: behind the addresses */
};

enum el_ethertype {
    EL_ETHERTYPE_IP4 = 0x0800,
    EL_ETHERTYPE_ARP = 0x0806,
    EL_ETHERTYPE_VLAN = 0x8100, /* customer tag, 802.1Q */
    EL_ETHERTYPE_IP6 = 0x86dd,
    EL_ETHERTYPE_SVLAN = 0x88a8, /* service tag, 802.1ad */
};

struct el_eth_tag {
    uint16_t tpid; /* EL_ETHERTYPE_VLAN or EL_ETHERTYPE_SVLAN */
    uint16_t tci;  /* priority, drop eligibility, VLAN identifier */
};

struct el_eth_header {
    struct el_mac dst, src;
    unsigned tags; /* 0..EL_ETH_TAGS_MAX; tag[0] is the outer one */
    struct el_eth_tag tag[EL_ETH_TAGS_MAX];
    uint16_t type; /* of what follows the tags: a third tag would be seen here */
};

/* Passes the header. */
void el_eth_read(struct el_wire *w, struct el_eth_header *eth);
void el_eth_write(struct el_wire *w, const struct el_eth_header *eth);

#endif

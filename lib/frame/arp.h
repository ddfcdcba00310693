/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP for IPv4 over Ethernet (RFC 826). */
#ifndef EL_FRAME_ARP_H
#define EL_FRAME_ARP_H

#include "base/addr.h"
#include "base/wire.h"

enum { EL_ARP_BYTES = 28 };

enum el_arp_op { EL_ARP_REQUEST = 1, EL_ARP_REPLY = 2 };

struct el_arp {
    uint16_t op; /* enum el_arp_op, or anything a stranger sends */
    struct el_mac sender_mac;
    uint32_t sender_ip; /* host order */
    struct el_mac target_mac;
    uint32_t target_ip;
};

/* Fails on any other pair of hardware and protocol. */
void el_arp_read(struct el_wire *w, struct el_arp *arp);
void el_arp_write(struct el_wire *w, const struct el_arp *arp);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/arp.h"

#include "frame/eth.h"

enum { HARDWARE_ETHERNET = 1, MAC_BYTES = 6, IP4_BYTES = 4 };

void el_arp_read(struct el_wire *w, struct el_arp *arp)
{
    if (el_wire_be16(w) != HARDWARE_ETHERNET || el_wire_be16(w) != EL_ETHERTYPE_IP4 ||
        el_wire_u8(w) != MAC_BYTES || el_wire_u8(w) != IP4_BYTES)
        el_wire_fail(w);
    arp->op = el_wire_be16(w);
    el_wire_copy(w, &arp->sender_mac, sizeof arp->sender_mac);
    arp->sender_ip = el_wire_be32(w);
    el_wire_copy(w, &arp->target_mac, sizeof arp->target_mac);
    arp->target_ip = el_wire_be32(w);
}

void el_arp_write(struct el_wire *w, const struct el_arp *arp)
{
    el_wire_put_be16(w, HARDWARE_ETHERNET);
    el_wire_put_be16(w, EL_ETHERTYPE_IP4);
    el_wire_put_u8(w, MAC_BYTES);
    el_wire_put_u8(w, IP4_BYTES);
    el_wire_put_be16(w, arp->op);
    el_wire_put(w, &arp->sender_mac, sizeof arp->sender_mac);
    el_wire_put_be32(w, arp->sender_ip);
    el_wire_put(w, &arp->target_mac, sizeof arp->target_mac);
    el_wire_put_be32(w, arp->target_ip);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at what passes a network interface while machines boot, in both directions, at next to no
 * cost: a packet socket (packet(7)) with a filter in the kernel, which lets through what tells
 * something, cut short, and of what is bulk nothing:
 *
 *     DHCP whole; other UDP 160 bytes; TCP's beginnings and ends (SYN, FIN, RST) and the heads of
 *     HTTP requests and replies; ARP, ICMP, neighbour discovery, spanning tree, LLDP ...
 */
#ifndef EL_PORT_SNIFF_H
#define EL_PORT_SNIFF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct el_sniffed {
    uint64_t time_ns; /* since 1970 */
    bool is_out;      /* this host sent it */
    uint32_t len;     /* on the wire, with the Ethernet header */
    uint32_t captured;
};

/* A socket on NAME, non-blocking and close-on-exec; not promiscuous. Errors: EL_ENOENT, EL_EPERM,
 * EL_EIO. */
int el_sniff_open(const char *name, struct el_err *err);

/* The next frame into BYTES: 1; 0: there is none now; or an error, after which there may be more.
 */
int el_sniff_receive(int fd, uint8_t *bytes, size_t capacity, struct el_sniffed *frame);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv4 header (RFC 791 §3.1). */
#ifndef EL_FRAME_IP4_H
#define EL_FRAME_IP4_H

#include "base/wire.h"

#include <stdbool.h>

enum {
    EL_IP4_HEADER = 20, /* without options */
    EL_IP4_HEADER_MAX = 60,
    EL_IP4_AT_TOTAL_LEN = 2,
    EL_IP4_AT_ID = 4,
    EL_IP4_AT_FRAGMENT = 6,
    EL_IP4_AT_PROTOCOL = 9,
    EL_IP4_AT_CSUM = 10,

    /* the parts of el_ip4_header.fragment */
    EL_IP4_DF = 0x4000,
    EL_IP4_MF = 0x2000,
    EL_IP4_OFFSET = 0x1fff, /* in units of 8 bytes */
};

/* Protocol numbers, for IPv6's next header as well. */
enum el_ip_protocol {
    EL_IP_ICMP = 1,
    EL_IP_TCP = 6,
    EL_IP_UDP = 17,
    EL_IP_ICMP6 = 58,
};

struct el_ip4_header {
    uint8_t header_len; /* in bytes, 20..60; writing: 20 */
    uint8_t tos;        /* DSCP and ECN */
    uint16_t total_len;
    uint16_t id;
    uint16_t fragment; /* flags and offset as they stand in the header */
    uint8_t ttl;
    uint8_t protocol;
    uint16_t csum;     /* reading only: as received, not verified */
    uint32_t src, dst; /* host order */
};

/* Passes the header with its options, and ends the cursor where the packet ends: what is left is
 * the payload, Ethernet's padding is cut off. Fails on another version and on lengths that
 * contradict each other or the cursor. */
void el_ip4_read(struct el_wire *w, struct el_ip4_header *ip);

/* Writes a header without options, with its checksum. */
void el_ip4_write(struct el_wire *w, const struct el_ip4_header *ip);

/* True if the checksum of the header at BYTES, of HEADER_LEN bytes, is right. */
bool el_ip4_csum_ok(const uint8_t *bytes, size_t header_len);

/* A fragment: the first, one in the middle, or the last. */
static inline bool el_ip4_is_fragment(const struct el_ip4_header *ip)
{
    return (ip->fragment & (EL_IP4_MF | EL_IP4_OFFSET)) != 0;
}

#endif

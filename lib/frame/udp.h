/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP header (RFC 768), and whole frames around a datagram. */
#ifndef EL_FRAME_UDP_H
#define EL_FRAME_UDP_H

#include "base/addr.h"
#include "base/wire.h"
#include "frame/eth.h"
#include "frame/ip4.h"

enum {
    EL_UDP_HEADER = 8,
    EL_UDP_AT_LEN = 4,
    EL_UDP_AT_CSUM = 6,
};

struct el_udp_header {
    uint16_t src_port, dst_port;
    uint16_t len;  /* of header and payload */
    uint16_t csum; /* 0: none */
};

/* Passes the header, and ends the cursor where the datagram ends. Fails if the length is smaller
 * than the header or larger than the cursor. */
void el_udp_read(struct el_wire *w, struct el_udp_header *udp);

/* Where a datagram in an Ethernet frame comes from and goes to. */
struct el_frame_udp4 {
    struct el_mac src_mac, dst_mac;
    uint32_t src, dst; /* host order */
    uint16_t src_port, dst_port;
};

enum {
    EL_FRAME_UDP4_HEADER = EL_ETH_HEADER + EL_IP4_HEADER + EL_UDP_HEADER,
    EL_FRAME_UDP4_PAYLOAD_MAX = 65535 - EL_IP4_HEADER - EL_UDP_HEADER,
};

/* Puts Ethernet, IPv4 (TTL 64, no DF) and UDP headers with right checksums in front of PAYLOAD,
 * which needs EL_FRAME_UDP4_HEADER bytes of headroom, for a client that has no address yet and so
 * cannot be reached through the kernel's stack. The frame starts at payload - EL_FRAME_UDP4_HEADER;
 * its length is returned, or EL_EINVAL if LEN exceeds EL_FRAME_UDP4_PAYLOAD_MAX. */
int el_frame_udp4_build(uint8_t *payload, size_t len, const struct el_frame_udp4 *to);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP header and the walk over its options (RFC 9293 §3.1). */
#ifndef EL_FRAME_TCP_H
#define EL_FRAME_TCP_H

#include "base/wire.h"

#include <stdbool.h>

enum {
    EL_TCP_HEADER = 20, /* without options */
    EL_TCP_HEADER_MAX = 60,
    EL_TCP_AT_SEQ = 4,
    EL_TCP_AT_FLAGS = 12, /* 16 bits: data offset and flags */
    EL_TCP_AT_CSUM = 16,
};

enum el_tcp_flag {
    EL_TCP_FIN = 0x01,
    EL_TCP_SYN = 0x02,
    EL_TCP_RST = 0x04,
    EL_TCP_PSH = 0x08,
    EL_TCP_ACK = 0x10,
    EL_TCP_URG = 0x20,
    EL_TCP_ECE = 0x40,
    EL_TCP_CWR = 0x80,
    EL_TCP_FLAGS = 0xfff, /* with the reserved bits */
};

struct el_tcp_header {
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t header_len; /* in bytes, 20..60 */
    uint16_t flags;     /* enum el_tcp_flag */
    uint16_t window;
    uint16_t csum;
    uint16_t urgent;
    const uint8_t *options; /* in the frame; header_len - 20 bytes */
};

/* Passes the header with its options. Fails on a data offset outside 5..15 or the cursor. */
void el_tcp_read(struct el_wire *w, struct el_tcp_header *tcp);

enum el_tcp_option_kind {
    EL_TCP_OPTION_END = 0,
    EL_TCP_OPTION_NOP = 1,
    EL_TCP_OPTION_MSS = 2, /* 2 bytes */
};

struct el_tcp_option {
    uint8_t kind;
    size_t len;        /* of the data, without kind and length */
    const uint8_t *at; /* the data, in the frame */
};

/* Walks the options, but for padding: start with el_wire_read(tcp.options, tcp.header_len - 20).
 * False at the end, also where a length is wrong (the cursor has then failed). */
bool el_tcp_option_next(struct el_wire *options, struct el_tcp_option *option);

#endif

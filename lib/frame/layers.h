/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The headers of one frame, found in one pass: Ethernet, IPv4 or IPv6, TCP or UDP; where each of
 * them starts and what it says.
 */
#ifndef EL_FRAME_LAYERS_H
#define EL_FRAME_LAYERS_H

#include "frame/eth.h"
#include "frame/ip4.h"
#include "frame/ip6.h"
#include "frame/tcp.h"
#include "frame/udp.h"

struct el_layers {
    struct el_eth_header eth;
    bool broken;       /* a header is cut short or contradicts itself or the frame's length */
    uint8_t version;   /* 4, 6, or 0: no IP that we could read; then nothing below means anything */
    uint8_t protocol;  /* of the transport header, behind all IPv6 extension headers */
    uint8_t transport; /* EL_IP_TCP, EL_IP_UDP, or 0: none that we read, as in every fragment;
                          then what it says means nothing */
    bool fragment;     /* an IP fragment, also the first one */
    bool extra;        /* IPv4 options or IPv6 extension headers are there */
    size_t l3;         /* where the IP header starts, from the frame's first byte */
    size_t l4;         /* where what follows it starts */
    size_t payload;    /* where the transport's payload starts */
    size_t end;        /* where the IP packet ends; behind it may be padding */
    struct el_ip4_header ip4; /* the one that version says */
    struct el_ip6_header ip6;
    struct el_tcp_header tcp; /* the one that transport says */
    struct el_udp_header udp;
};

/* 0, or EL_EPROTO: broken. LAYERS is then valid too, and says how far it could be read. */
int el_layers_read(const uint8_t *frame, size_t len, struct el_layers *layers);

/* The running sum over the pseudo header for a transport header and payload of LEN bytes. */
uint64_t el_layers_pseudo(const struct el_layers *layers, size_t len);

/* A number that is the same for all frames of one flow (addresses, protocol, ports; without ports
 * for fragments, MAC addresses for what is not IP), for the UDP source port of RFC 7348 §5. Not
 * keyed: a stranger can make flows collide. */
uint32_t el_layers_flow(const struct el_layers *layers);

/* Changes the 16-bit field at FIELD, inside a header that el_layers_read() has found. */
static inline void el_frame_set16(uint8_t *field, uint16_t value)
{
    struct el_wire w = el_wire_write(field, sizeof value);

    el_wire_put_be16(&w, value);
}

#endif

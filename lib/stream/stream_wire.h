/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams where there are none: one behind the other in a TCP connection, and on the way between
 * the tunnel and the process that has these connections.
 *
 * In TCP each datagram stands behind its length (16 bits, big-endian), as DNS does it (RFC 1035
 * §4.2.2). There is nothing else: no greeting, no version. What a datagram is says the tunnel, and
 * whoever is no el2w says a length that is too great before long: "GE" of an HTTP request, the
 * first two bytes of TLS.
 *
 * Between our own two processes a message (SOCK_SEQPACKET) is a *hop*: who it comes from or goes
 * to, and then a train of datagrams, all of one length but the last, which may be shorter.
 */
#ifndef EL_STREAM_STREAM_WIRE_H
#define EL_STREAM_STREAM_WIRE_H

#include "base/addr.h"
#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_STREAM_DATAGRAM_MAX = 2048, /* the longest that a tunnel sends */
    EL_STREAM_PREFIX = 2,
    EL_STREAM_FRAME_MAX = EL_STREAM_PREFIX + EL_STREAM_DATAGRAM_MAX,
    EL_STREAM_HOP_BYTES = 28,
    EL_STREAM_TRAIN_MAX = 64,      /* datagrams of one hop */
    EL_STREAM_TRAIN_BYTES = 65535, /* of all of them */
};

struct el_stream_datagram {
    const uint8_t *bytes;
    size_t len; /* 1..EL_STREAM_DATAGRAM_MAX */
};

/* Reads the next whole datagrams of a connection from BYTES, which stay the caller's, up to MAX of
 * them: their number, 0 if less than a frame is left. EL_EPROTO: what comes next has a length that
 * no datagram has; there is no way to go on. */
int el_stream_split(struct el_wire *bytes, struct el_stream_datagram *datagrams, unsigned max);

/* What stands before a datagram of LEN bytes. */
void el_stream_prefix(size_t len, uint8_t prefix[EL_STREAM_PREFIX]);

struct el_stream_hop {
    struct el_endpoint at; /* its carrier is not EL_CARRIER_UDP; without local */
    uint16_t segment;      /* length of each datagram but the last */
};

/* The head of a hop, and the train behind it, of TRAIN bytes in all. 0, or EL_EPROTO: this makes no
 * sense. */
int el_stream_hop_read(const uint8_t head[EL_STREAM_HOP_BYTES], size_t train,
                       struct el_stream_hop *hop);
void el_stream_hop_write(const struct el_stream_hop *hop, uint8_t head[EL_STREAM_HOP_BYTES]);

/* Which of COUNT lanes (a power of two) a WireGuard datagram is for: transport data (type 4) the
 * one that the lowest bits of the receiver index say, all else the first. The same rule as that of
 * the kernel's filter on the UDP sockets (tunnel/socket_io.h). */
unsigned el_stream_lane(const struct el_stream_datagram *datagram, unsigned count);

/* Whether a WireGuard datagram that the tunnel sends says nothing of who gets it: a tunnel that is
 * busy answers strangers with a cookie (type 3), and they need no more for it than the hub's public
 * key. */
bool el_stream_is_for_strangers(const struct el_stream_datagram *datagram);

#endif

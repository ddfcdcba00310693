/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel's UDP sockets: datagrams in trains.
 *
 * Receiving: the kernel hands over up to 64 KB of one sender's equally long datagrams in one piece
 * (UDP_GRO); such a *train* lies in a buffer of ours and is taken apart, decrypted and read there.
 * Sending: datagrams are written, by the cipher, one behind the other into one buffer; neighbours
 * with the same destination and length become one train and one send (UDP_SEGMENT), all trains
 * one system call. Neither side allocates or copies.
 *
 * A computer with several addresses answers from the one that it was called at, which is the one
 * that the caller and whatever lies between (NAT, firewalls) expect: each train tells it
 * (from.local), and what is sent there leaves from it. Should it be gone meanwhile, or have no way
 * to the peer, the system chooses another; the peer follows, as it does when we roam.
 *
 * When a socket's buffer is full, what is unsent stays and el_tunnel_io_blocked() says so; the
 * caller stops reading frames until the socket is writable again, so that the pressure reaches the
 * sender instead of becoming loss.
 */
#ifndef EL_TUNNEL_TUNNEL_IO_H
#define EL_TUNNEL_TUNNEL_IO_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/socket_io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_TUNNEL_IO_TRAINS = 8,          /* received at once */
    EL_TUNNEL_IO_DATAGRAM_MAX = 2048, /* the longest that is ever sent */
    EL_TUNNEL_IO_TAILROOM = 48,       /* behind a train: memory to touch */
    EL_TUNNEL_IO_STREAMS = 1,         /* in the place of a family: what is inside TCP */
};

struct el_tunnel_io;

/* Adopts one or two sockets of el_tunnel_io_sockets(); -1 where there is none. They are closed by
 * el_tunnel_io_free(). */
int el_tunnel_io_new(int fd4, int fd6, struct el_tunnel_io **io, struct el_err *err);
void el_tunnel_io_free(struct el_tunnel_io *io); /* NULL is allowed */

/* Datagrams to and from endpoints inside TCP go through FD, a channel of hops to the process with
 * the connections (stream/stream_io.h). FD is ours from now on, whatever happens. What it does not
 * take at once is dropped; it never blocks the others. Once, before the first use. */
int el_tunnel_io_add_streams(struct el_tunnel_io *io, int fd, struct el_err *err);

/* The descriptor of FAMILY (4, 6 or EL_TUNNEL_IO_STREAMS), for polling; -1 if there is none. */
int el_tunnel_io_fd(const struct el_tunnel_io *io, unsigned family);

struct el_tunnel_io_train {
    struct el_endpoint from; /* with the address of ours that it came to */
    uint8_t *bytes;          /* owned by IO, valid until the next call */
    size_t len;
    size_t segment; /* length of each datagram but the last, which may be shorter */
    uint8_t tos;    /* DSCP and ECN of all its datagrams, as in the IP header */
};

/* Receives from FAMILY's socket without waiting, at most EL_TUNNEL_IO_TRAINS. Their number. A
 * train may have length 0. */
int el_tunnel_io_receive(struct el_tunnel_io *io, unsigned family,
                         struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS]);

/* Room for one datagram of exactly LEN bytes to TO with TOS (DSCP and ECN, as in the IP header),
 * behind what is queued; NULL if it must be dropped (blocked and full, no socket of that family, or
 * LEN too large). */
uint8_t *el_tunnel_io_reserve(struct el_tunnel_io *io, const struct el_endpoint *to, size_t len,
                              uint8_t tos);

/* Takes the last reservation back: sealing failed. */
void el_tunnel_io_cancel(struct el_tunnel_io *io);

/* Sends what is queued. */
void el_tunnel_io_flush(struct el_tunnel_io *io);

/* The family (4 or 6) of the socket that did not take what is queued; 0 if nothing waits. When it
 * is writable again, flush. */
unsigned el_tunnel_io_blocked(const struct el_tunnel_io *io);

/* Called from flush when the first hop's MTU refused a datagram of LEN bytes to TO. */
typedef void el_tunnel_io_too_big_cb(void *arg, const struct el_endpoint *to, size_t len);
void el_tunnel_io_on_too_big(struct el_tunnel_io *io, el_tunnel_io_too_big_cb *cb, void *arg);

enum el_tunnel_io_counter {
    EL_TUNNEL_IO_RX_TRAINS,
    EL_TUNNEL_IO_TX_TRAINS,
    EL_TUNNEL_IO_TX_DATAGRAMS,
    EL_TUNNEL_IO_RX_DROP_FULL,      /* datagrams that the kernel dropped: we are too slow */
    EL_TUNNEL_IO_RX_DROP_TRUNCATED, /* trains of which something was cut off */
    EL_TUNNEL_IO_RX_ERRORS,         /* calls that failed */
    EL_TUNNEL_IO_DROP_FULL,         /* sockets blocked, our buffer full */
    EL_TUNNEL_IO_DROP_TOO_BIG,      /* beyond the first hop's MTU */
    EL_TUNNEL_IO_DROP_UNREACHABLE,  /* no route, network down, interface gone */
    EL_TUNNEL_IO_DROP_FIREWALL,     /* a rule on this host forbids it */
    EL_TUNNEL_IO_DROP_NO_BUFFER,    /* the interface's queue is full, or the kernel's memory */
    EL_TUNNEL_IO_DROP_ERROR,        /* refused otherwise */
    EL_TUNNEL_IO_COUNTERS
};
const char *el_tunnel_io_counter_name(enum el_tunnel_io_counter counter);
/* Any thread may ask. */
uint64_t el_tunnel_io_count(const struct el_tunnel_io *io, enum el_tunnel_io_counter counter);

#endif

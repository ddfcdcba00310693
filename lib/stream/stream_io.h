/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of stream/stream.h: TCP on the one side, on the other a channel to each of the
 * tunnel's lanes, through which hops (stream/stream_wire.h) go in both directions.
 *
 * What is to go to an endpoint that has no connection is dropped, or calls it if we have sockets to
 * call with; a few datagrams wait until it has answered. What finds no room, in either direction,
 * is dropped: nothing waits for longer than the kernel's queue is, a tenth of a second
 * (el_stream_queue_bytes()), and the rest of the one frame that was begun.
 */
#ifndef EL_STREAM_STREAM_IO_H
#define EL_STREAM_STREAM_IO_H

#include "base/err.h"
#include "stream/stream.h"
#include "stream/stream_socket_io.h"

#include <stdint.h>
#include <uv.h>

enum { EL_STREAM_LISTENERS = 16, EL_STREAM_LANES = 16 };

struct el_net;

struct el_stream_io_config {
    struct el_net *net; /* its clock and timers; */
    uv_loop_t *loop;    /* and its loop */
    struct el_stream_config limits;
    /* Descriptors, ours from now on, whatever happens. */
    int listeners[EL_STREAM_LISTENERS];
    unsigned listener_count;
    int callers[2 * EL_STREAM_CALLERS]; /* of both families */
    unsigned caller_count;
    int lanes[EL_STREAM_LANES];
    unsigned lane_count; /* a power of two */
};

enum el_stream_io_counter {
    EL_STREAM_IO_ACCEPTED,
    EL_STREAM_IO_CALLED,
    EL_STREAM_IO_RX_DATAGRAMS,
    EL_STREAM_IO_TX_DATAGRAMS,
    EL_STREAM_IO_REFUSED,        /* too many, of one address or in all */
    EL_STREAM_IO_EVICTED,        /* strangers, to make room */
    EL_STREAM_IO_EXPIRED,        /* whose time was over */
    EL_STREAM_IO_FOREIGN,        /* who speak something else */
    EL_STREAM_IO_DROP_FULL,      /* datagrams for a connection that is full */
    EL_STREAM_IO_DROP_NOWHERE,   /* for none */
    EL_STREAM_IO_DROP_BEHIND,    /* that the tunnel does not take as fast as they come */
    EL_STREAM_IO_DROP_SENSELESS, /* hops that make no sense */
    EL_STREAM_IO_COUNTERS
};
const char *el_stream_io_counter_name(enum el_stream_io_counter counter);

struct el_stream_io;

int el_stream_io_new(const struct el_stream_io_config *config, struct el_stream_io **io,
                     struct el_err *err);
void el_stream_io_free(struct el_stream_io *io); /* NULL is allowed */
uint64_t el_stream_io_count(const struct el_stream_io *io, enum el_stream_io_counter counter);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening the sockets of stream/stream_io.h, which may need privileges (a low port, a mark, a
 * device) and is the supervisor's: tcp(7), socket(7).
 */
#ifndef EL_STREAM_STREAM_SOCKET_IO_H
#define EL_STREAM_STREAM_SOCKET_IO_H

#include "base/err.h"

#include <stdint.h>

enum {
    EL_STREAM_HTTPS = 443, /* the port that is open where any is */
    EL_STREAM_CALLERS = 4, /* of each family: so many are called at once */
};

struct el_stream_socket_options {
    uint32_t mark; /* for routing rules and firewalls (SO_MARK), also of what connects; 0: none */
    const char *device; /* this interface only; NULL: any */
};

/* A socket of FAMILY (4 or 6) that listens on PORT. The descriptor; EL_EEXIST: the port is in use;
 * EL_EPERM; EL_ENOENT: no such device. */
int el_stream_listener(unsigned family, uint16_t port,
                       const struct el_stream_socket_options *options, struct el_err *err);

/* A socket that is not connected, and will be, again and again: who does that may have no right any
 * more to set a mark. The descriptor, or an error. */
int el_stream_caller(unsigned family, const struct el_stream_socket_options *options,
                     struct el_err *err);

/* The ends of a channel for hops (stream/stream_wire.h), with room for some trains. */
int el_stream_pair(int fds[2]);

/* What a connection is to be like: nothing waits to be sent for the sake of larger segments, and
 * one whose far end is gone ends in seconds. */
void el_stream_set_up(int fd);

/* So much may wait in FD to be sent for the first time (TCP_NOTSENT_LOWAT); and how much it has
 * carried lately, in bytes per second. */
void el_stream_set_queue(int fd, unsigned bytes);
uint64_t el_stream_rate(int fd);

#endif

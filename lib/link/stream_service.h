/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream applet: datagrams inside TCP (stream/stream.h), for the tunnel, which is another
 * process. It has no key, and what it is told by anybody is nothing but bytes to it.
 *
 * Its supervisor gives it descriptors (link/streams.h): "tunnel", a channel to each of the tunnel's
 * lanes; "tcp", sockets that listen; "caller", sockets to call with.
 */
#ifndef EL_LINK_STREAM_SERVICE_H
#define EL_LINK_STREAM_SERVICE_H

#include "base/err.h"

#include <stdint.h>

enum { EL_STREAM_SERVICE_PORTS = 16 };

struct el_stream_service_config {
    uint64_t connections;                    /* at most so many at once */
    uint16_t ports[EL_STREAM_SERVICE_PORTS]; /* that are called, where this host can see to it */
    unsigned port_count;
    uint64_t user; /* who to become; 0: stay */
};

/* Runs until SIGTERM or SIGINT. */
int el_stream_service_run(const struct el_stream_service_config *config, struct el_err *err);

#endif

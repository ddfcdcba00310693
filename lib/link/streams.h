/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel inside TCP, as a supervisor sees it: opens what needs privileges, and starts the
 * applet that has the connections (link/stream_service.h) beside the tunnel.
 *
 *     tunnel  <-- "stream", a channel for each lane, "tunnel" -->  stream  <-- TCP -->
 *
 * One of them may die and be started again while the other goes on.
 */
#ifndef EL_LINK_STREAMS_H
#define EL_LINK_STREAMS_H

#include "base/err.h"
#include "node/launch.h"
#include "node/tunnel_options.h"
#include "stream/stream_io.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_STREAMS_PORTS = 6 };

/* Where a hub is called inside TCP. */
struct el_streams_listen {
    uint64_t ports[EL_STREAMS_PORTS];
    unsigned count; /* 0: where it is called over UDP, if that port is free */
    bool none;      /* nowhere */
};

struct el_streams {
    unsigned lanes; /* 0: none are open */
    int of_tunnel[EL_STREAM_LANES], of_stream[EL_STREAM_LANES];
};

/* As many channels as the tunnel has LANES. */
int el_streams_open(struct el_streams *streams, unsigned lanes, struct el_err *err);

/* Closes what has not been passed on. Also zeros. */
void el_streams_close(struct el_streams *streams);

/* Passes the tunnel's ends on to it, as "stream". */
int el_streams_pass(struct el_streams *streams, struct el_launch_fds *fds, struct el_err *err);

/* Starts the applet, called "stream", with its ends: on a hub, */
int el_streams_listen(struct el_streams *streams, struct el_launch *launch,
                      const struct el_streams_listen *listen, uint16_t udp_port,
                      const struct el_tunnel_options *tunnel, const char *log_options,
                      struct el_err *err);

/* or on a spoke, which calls TCP ports: COUNT of them. */
int el_streams_call(struct el_streams *streams, struct el_launch *launch, const uint16_t *ports,
                    unsigned count, const struct el_tunnel_options *tunnel, const char *log_options,
                    struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet trace of a running tunnel's inner side: what a capture (datapath/capture.h) has caught,
 * as pcapng (frame/pcapng.h) with an interface for each port and peer.
 *
 * Without a choice of peers, each frame is there once, where it comes in; with both, also where it
 * goes. Of chosen peers it is both ways. Super-frames stay what they are, and a comment says so.
 */
#ifndef EL_LINK_TRACE_H
#define EL_LINK_TRACE_H

#include "base/err.h"
#include "datapath/capture.h"
#include "node/control.h"
#include "node/peer.h"
#include "port/port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EL_TRACE_PIECE = 256 << 10 }; /* bytes; room for any block, and for many */

struct el_trace;

/* Whom it is about: the capture's interfaces are the ports, in places for PORTS_MAX, then the peers
 * by their numbers. All of it must live longer; a port or peer without a name is none. Names may
 * come and go: who comes later is not in the trace, and who has gone is silent. */
struct el_trace_config {
    struct el_capture *capture;
    const struct el_trace_port {
        char name[EL_PORT_NAME_BYTES];
        uint32_t vni;
    } * ports;
    unsigned ports_max;
    const struct el_node_peers *peers;
    uint64_t wall_at_zero_ns; /* 1970 is so long before the capture's time 0 */
};

/* Begins the capture that REQUEST asks for. EL_ENOENT: no such peer. */
int el_trace_new(const struct el_trace_config *config, const struct el_control_request *request,
                 uint64_t now_ns, struct el_trace **trace, struct el_err *err);
void el_trace_free(struct el_trace *trace); /* ends the capture; NULL is allowed */

/* No more is caught; what was is still to be told. */
void el_trace_stop(struct el_trace *trace);

/* The next of it: its length; 0: nothing for now, or, once it is done, ever. BYTES are the trace's
 * until the next call. */
size_t el_trace_next(struct el_trace *trace, uint64_t now_ns, const uint8_t **bytes);
bool el_trace_is_done(const struct el_trace *trace);

/* How many frames were told, and how many were not caught. */
void el_trace_sums(const struct el_trace *trace, uint64_t *told, uint64_t *lost);

#endif

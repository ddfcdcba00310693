/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other end of a packet trace: what a tunnel sends of it, into a file. */
#ifndef EL_LINK_TRACE_CLIENT_H
#define EL_LINK_TRACE_CLIENT_H

#include "base/err.h"

#include <stdint.h>

struct el_trace_client_config {
    const char *path;   /* of the control socket */
    const char *line;   /* what to ask for */
    const char *output; /* file, or "-": standard output */
    uint64_t for_ns;    /* end after that; 0: at SIGINT or SIGTERM, as it does anyway */
};

/* What has come. */
struct el_trace_client_sums {
    uint64_t frames, lost, bytes;
};

/* Until the tunnel has said all, or has been told that it is enough and then has said all: the file
 * is complete unless there is an error, which says how much of it there is. A second signal ends it
 * at once. That nobody reads standard output any more is a good end. */
int el_trace_client_run(const struct el_trace_client_config *config,
                        struct el_trace_client_sums *sums, struct el_err *err);

#endif

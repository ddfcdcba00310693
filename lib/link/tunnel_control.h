/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel answers on its control socket (node/control.h), beside its data path. */
#ifndef EL_LINK_TUNNEL_CONTROL_H
#define EL_LINK_TUNNEL_CONTROL_H

#include "base/err.h"
#include "datapath/datapath.h"
#include "datapath/report.h"
#include "link/trace.h"

#include <sys/types.h>
#include <uv.h>

struct el_tunnel_control;

struct el_tunnel_control_config {
    uv_loop_t *loop;
    int fd;      /* listens; ours from now on */
    uid_t owner; /* who may ask beside root */
    struct el_datapath *datapath;
    struct el_report_about about;      /* what it points to must live longer */
    const struct el_trace_port *ports; /* EL_FORWARD_PORTS_MAX by their numbers, and */
    const struct el_node_peers *peers; /* PEERS_MAX, without secrets; what is free has no name */
};

int el_tunnel_control_new(const struct el_tunnel_control_config *config,
                          struct el_tunnel_control **control, struct el_err *err);

/* On EL_NOTICE_REPORT. NULL is allowed. */
void el_tunnel_control_reported(struct el_tunnel_control *control);

/* After the loop and the thread of the data path have ended, and before the data path is freed.
 * NULL is allowed. */
void el_tunnel_control_free(struct el_tunnel_control *control);

#endif

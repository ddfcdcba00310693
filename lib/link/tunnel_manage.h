/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tunnel that is told, over the channel of link/manage.h, who its peers are and what networks it
 * has. One request is under way at a time: it becomes changes of the data path, and is answered
 * when the last of them has taken effect; the others wait in the socket.
 */
#ifndef EL_LINK_TUNNEL_MANAGE_H
#define EL_LINK_TUNNEL_MANAGE_H

#include "base/err.h"
#include "datapath/datapath.h"
#include "link/remember.h"
#include "link/trace.h"
#include "node/peer.h"

#include <uv.h>

struct el_tunnel_manage;

/* All it points to must live longer. */
struct el_tunnel_manage_config {
    uv_loop_t *loop;
    int fd;         /* the channel; ours from now on */
    unsigned lanes; /* of the data path */
    struct el_datapath *datapath;
    struct el_remember *memory; /* or NULL */
    /* By their numbers in the data path, without secrets; one without a name is none. What has one
     * now is not the channel's; what comes and goes is entered and cleared here. */
    struct el_node_peers *peers; /* count is as many as there may be */
    struct el_trace_port *ports; /* EL_FORWARD_PORTS_MAX */
};

/* Says HELLO. */
int el_tunnel_manage_new(const struct el_tunnel_manage_config *config,
                         struct el_tunnel_manage **manage, struct el_err *err);

/* Notices of the data path: EL_NOTICE_CHANGED; EL_NOTICE_EVENT, which is told if it is one of a
 * peer's coming, going or moving; EL_NOTICE_LOOP; EL_NOTICE_DIRECT and EL_NOTICE_RELAYED, which
 * are told if they are about peers of the channel; EL_NOTICE_PORT_GONE: false, if that port is not
 * the channel's. NULL is allowed in all but the first. */
void el_tunnel_manage_changed(struct el_tunnel_manage *manage,
                              const struct el_datapath_change *change);
void el_tunnel_manage_event(struct el_tunnel_manage *manage,
                            const struct el_datapath_notice *notice);
void el_tunnel_manage_loop(struct el_tunnel_manage *manage,
                           const struct el_datapath_notice *notice);
void el_tunnel_manage_direct(struct el_tunnel_manage *manage,
                             const struct el_datapath_notice *notice);
void el_tunnel_manage_relayed(struct el_tunnel_manage *manage,
                              const struct el_datapath_notice *notice);
bool el_tunnel_manage_port_gone(struct el_tunnel_manage *manage, unsigned number);

/* After the loop and the data path's threads have ended. NULL is allowed. */
void el_tunnel_manage_free(struct el_tunnel_manage *manage);

#endif

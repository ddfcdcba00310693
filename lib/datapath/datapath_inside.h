/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What datapath.c (the threads, and what they tell) and datapath_change.c (peers and ports that
 * come and go) share. */
#ifndef EL_DATAPATH_DATAPATH_INSIDE_H
#define EL_DATAPATH_DATAPATH_INSIDE_H

#include "datapath/datapath.h"
#include "datapath/forward.h"
#include "datapath/lane.h"
#include "sys/gate.h"

#include <pthread.h>
#include <stdatomic.h>

enum { EL_DATAPATH_INSIDE_BYTES = 2048 }; /* of a packet from inside at the most */

/* What a lane, or control, has to know when a datagram was refused. */
struct sender {
    struct el_forward *forward;
    unsigned lane;
};

/* A local port, for reports. */
struct port_info {
    bool used, published;
    char name[EL_PORT_NAME_BYTES];
    uint32_t vni;
};

struct el_datapath {
    struct el_sys_gate *gate, *laps_gate;
    struct el_gate gate_functions, laps;
    struct el_tunnel *tunnel;
    struct el_forward *forward;
    struct el_capture *capture;
    struct el_lane *lanes[EL_TUNNEL_LANES_MAX];
    unsigned lane_count;     /* control's number at the gate, too */
    struct el_tunnel_io *io; /* control's own */
    struct sender senders[EL_TUNNEL_LANES_MAX + 1];
    bool guards_servers;
    struct port_info ports[EL_FORWARD_PORTS_MAX];
    _Atomic bool port_gone[EL_FORWARD_PORTS_MAX];
    struct el_tunnel_peer *peers[EL_TUNNEL_PEERS_MAX]; /* NULL: no peer has this number */
    uint64_t roam_told_ns[EL_TUNNEL_PEERS_MAX];        /* until then no more of it; 0: never told */
    bool live[EL_TUNNEL_PEERS_MAX]; /* the direct way to it, as it was logged last */
    unsigned peer_count;            /* the first so many numbers were in use once */
    int locates[EL_DATAPATH_LOCATES];
    unsigned locate_count;
    int inside_fd;
    uint64_t now_ns; /* control's */
    int commands[2]; /* pipes: read, write */
    int notices[2];
    int wake;                   /* an eventfd */
    _Atomic uint64_t sleeps_ns; /* until when control sleeps; EL_NEVER: as long as possible */
    _Atomic bool woken;         /* and that has been said already */
    pthread_t thread;
    bool running;
    _Atomic bool stopping;
    /* Control's own. */
    bool reserve_untold; /* timestamps were reserved, and nobody knows yet */
    bool report_untold;  /* the same for a snapshot */
    struct el_datapath_change
        *changed;       /* and for a change; nothing else happens before it is told */
    bool inside_closed; /* nobody is at its other end */
    uint8_t inside[EL_FORWARD_HEADROOM + EL_DATAPATH_INSIDE_BYTES + EL_FORWARD_TAILROOM];
};

/* datapath.c: false if the pipe is full, because the reader is far behind: it loses the notice,
 * never we time. What must not be lost is told again. */
bool el_datapath_tell(struct el_datapath *d, const struct el_datapath_notice *notice);

/* datapath.c: has control look again at what is queued for it. From any thread. */
void el_datapath_wake(struct el_datapath *d);

/* datapath_change.c, for control. */
void el_datapath_make_change(struct el_datapath *d, struct el_datapath_change *change);
void el_datapath_tell_of_change(struct el_datapath *d);

#endif

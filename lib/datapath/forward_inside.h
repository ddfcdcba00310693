/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What forward.c (packets) and forward_control.c (all else) share. */
#ifndef EL_DATAPATH_FORWARD_INSIDE_H
#define EL_DATAPATH_FORWARD_INSIDE_H

#include "base/heap.h"
#include "datapath/forward.h"
#include "datapath/guard.h"
#include "frame/gro.h"
#include "overlay/fragment.h"
#include "overlay/overlay.h"
#include "overlay/pmtu.h"
#include "switch/loop.h"
#include "switch/switch.h"

#include <stdatomic.h>

enum counter {
    DROP_FRAME_SHORT,     /* no Ethernet header */
    DROP_FRAME_LARGE,     /* longer than a machine's Ethernet carries */
    DROP_FRAME_OFFLOAD,   /* its offload does not describe it */
    DROP_PEER_DOWN,       /* no session with the peer */
    DROP_DATAGRAM_QUEUE,  /* no room for the datagram */
    DROP_OVERLAY,         /* no VXLAN packet for us */
    DROP_VNI,             /* a network that the peer has no part in */
    DROP_ECN,             /* marked on its way, and its transport would not hear of it */
    DROP_GUARD,           /* from a LAN, what only servers should say */
    DROP_PORT_FULL,       /* the port's queue is full */
    DROP_HANDSHAKE_QUEUE, /* control is behind with handshakes */
    INSIDE_RECEIVED,      /* packets for who else listens at our tunnel address */
    INSIDE_SENT,          /* and from there */
    INSIDE_DROP_FULL,     /* nobody takes them as fast as they come */
    INSIDE_DROP_STRAY,    /* from there: not from our address, or to nobody's */
    COUNTERS
};

/* What a DIRECT peer has besides. */
struct direct {
    bool live;
    uint16_t ident, sequence; /* of our echoes; the last one's */
    unsigned beats;           /* since it went live */
    uint64_t frames;          /* that had been sent when it was told last */
    /* Written by lanes, while others look. */
    _Atomic uint64_t heard_ns; /* when an echo was answered */
    _Atomic uint64_t own;      /* packets that carried no frame of a machine */
};

/* To whom a peer's frames go through us, mostly: a vote of frame against frame (R. S. Boyer and
 * J S. Moore, 1981), for one place and one compare. Its peer's lane counts; should another one too,
 * a vote is lost. */
struct relay {
    _Atomic uint32_t to; /* the number of a peer */
    _Atomic uint32_t frames;
    _Atomic uint64_t quiet_ns; /* nothing is told until then */
};

/* A peer, and the switch ports through which it takes part in its networks. */
struct peer {
    struct el_tunnel_peer *tunnel; /* NULL: this place is free */
    struct el_pmtu pmtu;
    struct el_heap_node due; /* its deadline; outside while that is EL_NEVER */
    bool compact;            /* it understands the compact form */
    bool up;                 /* as the tunnel has told */
    enum el_forward_role role;
    uint32_t remote;
    _Atomic uint16_t ip_id; /* all lanes count here */
    struct relay relay;
    struct direct direct;
    unsigned network_count;
    struct {
        uint32_t vni;
        uint16_t port;
        bool published;
        struct el_mac own;
    } networks[EL_FORWARD_NETWORKS_MAX];
};

/* A local port. */
struct local {
    bool used, uso;
    uint16_t port; /* of the switch */
};

/* What is behind a port of the switch. */
struct outlet {
    struct peer *peer; /* NULL: a local port, */
    unsigned local;    /* this one */
    uint32_t vni;
    unsigned interface; /* of a capture */
};

/* What each lane has for itself; and control, which has no ports. */
struct lane {
    struct el_forward *f;
    unsigned number;
    struct el_forward_out out;
    struct el_port *queues[EL_FORWARD_PORTS_MAX]; /* of each local port */
    struct el_gro *gro;
    struct el_reasm *reasm;
    unsigned fragments; /* that reasm got since gro was flushed */
    uint64_t now_ns;    /* of the datagrams that are being merged */
    _Alignas(64) _Atomic uint64_t counts[COUNTERS];
    /* Where a frame that is fragmented for several peers, or a probe, is put together. */
    uint8_t scratch[EL_FORWARD_HEADROOM + 2048 + EL_FORWARD_TAILROOM];
};

struct el_forward {
    struct el_forward_config config;
    struct el_switch *sw;
    struct lane *lanes; /* lane_count of them, and control's */
    unsigned lane_count;
    struct outlet *outlets; /* by switch port */
    struct local locals[EL_FORWARD_PORTS_MAX];
    struct peer *peers;   /* peers_max of them */
    unsigned peer_count;  /* the first so many were in use once */
    struct el_heap *due;  /* peers whose path MTU has something to do */
    struct el_loop *loop; /* NULL: nobody guards against loops */
    uint64_t tell_ns;     /* what it has to tell, no earlier */
    unsigned directs;     /* how many peers are */
    /* By kind and the last bits of the sender: nothing is told of it until then. */
    _Atomic uint64_t servers_quiet_ns[EL_GUARD_KINDS][64];
    uint64_t beat_ns; /* when they get their next echo; EL_NEVER: there are none */
};

/* Only the lane itself writes its counts. */
static inline void count(struct lane *l, enum counter counter)
{
    uint64_t was = atomic_load_explicit(&l->counts[counter], memory_order_relaxed);

    atomic_store_explicit(&l->counts[counter], was + 1, memory_order_relaxed);
}

/* forward.c: seals one packet for PEER. */
void el_forward_send_packet(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *packet,
                            size_t len, uint8_t tos);

/* forward.c: the same, but TO there, where PEER may be as well. */
void el_forward_send_through(struct lane *l, uint64_t now_ns, struct peer *peer,
                             const struct el_endpoint *to, uint8_t *packet, size_t len);

/* forward.c: sends an IP packet, in fragments if it is too long for the path; it is destroyed. */
void el_forward_send_fitting(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *packet,
                             size_t len, uint8_t tos);

/* forward.c: sends the frame of LEN bytes behind the headroom of L's scratch. Short ones only: a
 * full path may have to be watched, which nobody can who is in exclusive mode. */
void el_forward_send_own(struct lane *l, uint64_t now_ns, const struct outlet *outlet, size_t len);

/* forward_loop.c, in exclusive mode. What is published is open but while a loop shuts it. */
void el_forward_loop_gate(struct el_forward *f, unsigned port, bool published);
/* PEER is up or down, or has other memberships. */
void el_forward_loop_review(struct el_forward *f, const struct peer *peer);
/* What is due, for control. */
void el_forward_loop_tick(struct el_forward *f, uint64_t now_ns);
uint64_t el_forward_loop_deadline_ns(const struct el_forward *f); /* in shared mode, too */

/* forward_loop.c, for a lane: a frame that may be a probe has come from port PORT of the switch.
 * True: it was one of ours. */
bool el_forward_loop_take(struct lane *l, uint64_t now_ns, unsigned port, const uint8_t *frame,
                          size_t len);

/* forward_members.c: the number of PEER. */
unsigned el_forward_number(const struct el_forward *f, const struct peer *peer);

/* forward_direct.c. In exclusive mode: echoes are due; the way to PEER is live, or not. */
void el_forward_direct_beat(struct el_forward *f, uint64_t now_ns);
void el_forward_direct_set_live(struct el_forward *f, uint64_t now_ns, struct peer *peer,
                                bool live);

/* forward_direct.c, for a lane: PEER answers an echo. False: none of these. */
bool el_forward_direct_heard(struct lane *l, uint64_t now_ns, struct peer *peer,
                             const struct el_overlay_packet *packet);

/* forward_control.c: the path MTU of PEER has another deadline now, perhaps. Exclusive. */
void el_forward_watch_path(struct el_forward *f, struct peer *peer);

#endif

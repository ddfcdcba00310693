/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net/net.h in memory: hosts on simulated Ethernets, and a virtual clock. For tests and for
 * test/sim, where several machines live in one process and an hour takes a second.
 *
 * A world has segments (one for each name of a device: "boot", "wan", …) and hosts. A host has
 * addresses on segments; who wants to be on two segments has two addresses. A datagram goes to the
 * holder of the address on a segment that the sender is on (and its socket is bound to, if to any);
 * 255.255.255.255, and the directed broadcast of an address' prefix, go to all others there.
 *
 * There is no multicast. Ports are chosen upwards from 49152.
 *
 * What happens on the way is a link's: from one host to another, set apart for each direction.
 * Everything random comes from the world's seed: the same calls give the same trace.
 *
 * Streams arrive whole and in order, in segments, through a window of EL_NET_MEMORY_WINDOW bytes:
 * who does not read stops the sender, as with TCP. A segment that the link loses is late by a
 * retransmission timeout, and all behind it wait.
 */
#ifndef EL_NET_MEMORY_H
#define EL_NET_MEMORY_H

#include "net/net.h"

enum {
    EL_NET_MEMORY_WINDOW = 65536,  /* bytes of a stream on the way or unread */
    EL_NET_MEMORY_SEGMENT = 1460,  /* bytes of a stream that travel (and are lost) together */
    EL_NET_MEMORY_DATAGRAM = 65507 /* the largest datagram */
};

struct el_net_world;

/* One direction between two hosts. All zero: at once, in order, nothing lost. */
struct el_net_memory_link {
    uint64_t delay_ns;      /* of everything */
    uint64_t jitter_ns;     /* up to this much more, evenly distributed; order is kept */
    uint32_t loss_ppm;      /* of a million datagrams or segments, so many are lost */
    uint32_t duplicate_ppm; /* … so many datagrams come twice */
    uint32_t reorder_ppm;   /* … so many datagrams are late by reorder_ns, others overtake them */
    uint64_t reorder_ns;
    uint64_t rate_bps;    /* bits per second; 0: no limit */
    uint64_t queue_bytes; /* with a rate: a datagram that finds more than this waiting is dropped;
                             0: no limit */
    bool down;            /* nothing passes; streams wait */
};

/* What became of a datagram or a stream's segment, told when its fate is decided. */
enum el_net_memory_fate {
    EL_NET_MEMORY_SENT,       /* will arrive (or arrive late, if a segment was lost first) */
    EL_NET_MEMORY_LOST,       /* by loss, or the link is down */
    EL_NET_MEMORY_DROPPED,    /* the link's queue is full */
    EL_NET_MEMORY_DUPLICATED, /* told once more for the copy */
    EL_NET_MEMORY_UNHEARD,    /* has arrived where no socket is open for it */
};

struct el_net_memory_event {
    uint64_t now_ns;
    uint64_t arrival_ns; /* when SENT or DUPLICATED */
    enum el_net_memory_fate fate;
    const struct el_endpoint *from, *to;
    const uint8_t *bytes;
    size_t len;
    bool stream;
};

typedef void el_net_memory_trace_cb(void *arg, const struct el_net_memory_event *event);

/* A world at time 0 (EL_S, so that "before" can be said) with no hosts. NULL if out of memory. */
struct el_net_world *el_net_memory_world(uint64_t seed);

/* Frees it with all hosts and what they have open; no callback is called. NULL is allowed. */
void el_net_memory_world_free(struct el_net_world *world);

/* A new host: a provider for services. Owned by the world. NAME is for traces. NULL if out of
 * memory. */
struct el_net *el_net_memory_host(struct el_net_world *world, const char *name);

/* Gives HOST an address on the segment DEVICE. 0, EL_EEXIST if somebody there has it, EL_ENOMEM. */
int el_net_memory_address(struct el_net *host, const char *device, const struct el_prefix *prefix);

/* Takes it away again: what was open on it stays and hears nothing. */
void el_net_memory_address_del(struct el_net *host, const char *device, const struct el_ip *ip);

/* Sets the link from host FROM to host TO; NULL stands for every host. What is set last wins. 0 or
 * EL_ENOMEM. */
int el_net_memory_link(struct el_net_world *world, const struct el_net *from,
                       const struct el_net *to, const struct el_net_memory_link *link);

/* The power fails: everything HOST has open is gone, without a callback and without a word to
 * the others (whose streams end with EL_ECLOSED when they next send to it). What is open does
 * nothing any more and is still to be closed by its owner. The host may open anew at once. */
void el_net_memory_crash(struct el_net *host);

/* Calls TRACE for every datagram and segment; NULL: for none. */
void el_net_memory_trace(struct el_net_world *world, el_net_memory_trace_cb *trace, void *arg);

uint64_t el_net_memory_now(const struct el_net_world *world);

/* When the next thing happens; EL_NEVER if nothing will. */
uint64_t el_net_memory_deadline(const struct el_net_world *world);

/* Lets everything happen that is due up to T_NS, in order, and sets the clock to T_NS. */
void el_net_memory_run_until(struct el_net_world *world, uint64_t t_ns);

#endif

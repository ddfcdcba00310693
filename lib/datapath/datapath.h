/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data path: threads that carry frames between ports and the tunnel's sockets.
 *
 *     port queue 0, socket 0 <--> lane 0 --+
 *     port queue 1, socket 1 <--> lane 1 --+-- switch, tunnel, peers -- control --> socket 0
 *                                          |                               ^
 *                                          +-------- handshakes -----------+
 *
 * Lanes (datapath/lane.h) carry frames and datagrams from end to end: no packet goes from one
 * thread to another. One more thread, control, does what takes long, or has to be done at a time:
 * handshakes, keepalives, path MTU, ageing; so nobody's handshake stops anybody's data. What all
 * share they read side by side, and change alone: sys/gate.h. A lane's batch costs one uncontended
 * mutex; a packet costs no lock, and of what others write too only a session's message counter.
 *
 * Flows stay in order, because each is in one lane at any time: the system deals frames to the
 * queues by flow; datagrams of one peer come to one socket, by the receiver's index.
 *
 * How far that goes: in test/bench/lanes two lanes carry what two processes do that share nothing.
 * On paper, with sixteen, this is felt in turn:
 *  - one peer is opened by one lane. A spoke, which has one, receives with one core, whatever it
 * has;
 *  - lanes that send to one peer take its message counter from each other: a cache line that
 * wanders for each message, some ten million a second for that peer, and nothing for others;
 *  - a change stops all lanes until the longest batch is done, 0.3 ms at the most (eight trains of
 *    64 KB). New addresses are limited (switch/switch.h); a peer in use needs a change every 1.5 s,
 *    when its path is confirmed, and one every 10 s for its timers. So with 1,000 peers in use all
 *    lanes stand for up to a fifth of the time. This is the next bottleneck; the remedy is to leave
 *    a note of such changes, for control to enter many at once.
 *
 * Peers and ports come and go while all that runs. For that, lanes are met between two laps, when
 * they have nothing in their hands (datapath/lane.h); a lap takes some milliseconds at the most. So
 * when a change is told to be done, whoever sends frames is either before it or behind it.
 *
 * Whoever else listens at our tunnel address, as a program with an IP stack of its own, gets what
 * is for it through a socket, a packet a message, from the lanes; what it sends goes through
 * control. Both ways drop what finds no room.
 *
 * They own the tunnel, the switch, the ports and the sockets from el_datapath_start() to
 * el_datapath_stop(); others speak to them through messages only: commands go in, notices come out,
 * each through a pipe, so that neither side ever waits for a lock. They do nothing that can block:
 * names are resolved and timestamps written to disk by the thread that reads the notices.
 */
#ifndef EL_DATAPATH_DATAPATH_H
#define EL_DATAPATH_DATAPATH_H

#include "base/addr.h"
#include "base/err.h"
#include "datapath/report.h"
#include "port/port.h"
#include "tunnel/tunnel.h"

#include <stdint.h>

struct el_datapath;

enum { EL_DATAPATH_LOCATES = 16 }; /* who may ask */

struct el_datapath_config {
    struct el_tunnel_config tunnel; /* its event and arg are ours */
    unsigned lanes;                 /* 1..EL_TUNNEL_LANES_MAX, a power of two */
    /* For each lane, of el_tunnel_io_sockets(); ours from now on; -1: none. */
    int udp4[EL_TUNNEL_LANES_MAX], udp6[EL_TUNNEL_LANES_MAX];
    /* Likewise, with has_streams: channels of el_stream_pair(), for peers inside TCP. */
    bool has_streams;
    int streams[EL_TUNNEL_LANES_MAX];
    uint32_t address;                 /* our tunnel address, host order */
    int locates[EL_DATAPATH_LOCATES]; /* where to answer questions (node/locate.h) */
    unsigned locate_count;
    int inside_fd;      /* SOCK_SEQPACKET: see above; ours from now on, or -1 */
    bool watch_servers; /* log who answers as a server behind our ports (datapath/guard.h), */
    bool guard_servers; /* and let no such answer pass */
    bool guard;         /* we are a hub: against loops between peers (switch/loop.h) */
};

/* A change while it runs, and what became of it. */
struct el_datapath_change {
    enum el_datapath_change_kind {
        EL_CHANGE_SET_PEER, /* adds it, or makes it what is said: its public key says which. Its
                               session ends if its address, wire or role is another */
        EL_CHANGE_REMOVE_PEER,
        EL_CHANGE_SET_MEMBERSHIPS, /* of a peer, and its role, and nothing else */
        EL_CHANGE_ADD_PORT,
        EL_CHANGE_PUBLISH_PORT,
        EL_CHANGE_REMOVE_PORT, /* closes its queues */
        EL_CHANGE_DISSOLVE,    /* takes all peers out of network VNI */
    } kind;
    unsigned number; /* of the peer or port: told by what sets or adds, else said */

    /* SET_PEER; wipe it afterwards. An endpoint of family 0 leaves what is known, and so does any
     * while the peer has a session. */
    struct el_tunnel_peer_config peer;
    enum el_forward_role role;
    struct el_forward_membership memberships[EL_FORWARD_NETWORKS_MAX]; /* of different networks */
    unsigned membership_count;

    /* ADD_PORT: queues, one for each lane, which are the data path's if it succeeds. */
    struct el_port *queues[EL_TUNNEL_LANES_MAX];
    uint32_t vni;
    struct el_mac own; /* zero: none; see el_forward_add_port() */
    bool published;    /* PUBLISH_PORT, too */

    int code;          /* 0, or an error, */
    struct el_err err; /* and its sentence: nothing has changed, */
    bool removed;      /* but that a peer which was to have another address, wire or role is gone */
};

/* What the thread tells; peers are named by the number el_datapath_add_peer() gave. */
struct el_datapath_notice {
    enum {
        EL_NOTICE_EVENT,     /* of the tunnel, about a peer */
        EL_NOTICE_RESERVED,  /* our own timestamps, up to this one, are about to be used */
        EL_NOTICE_PORT_GONE, /* a port's interface has gone for good */
        EL_NOTICE_COUNTERS,  /* one line of counters has been logged, on request */
        EL_NOTICE_REPORT,    /* the snapshot that was asked for is complete */
        EL_NOTICE_LOOP,      /* a peer is shut out of a network for a loop, or no longer */
        EL_NOTICE_DIRECT,    /* el_forward_config.direct: of the peer, live and used */
        EL_NOTICE_RELAYED,   /* el_forward_config.relayed: from the peer, to another */
        EL_NOTICE_CHANGED,   /* a change is done. What was told before is of the time before it */
    } kind;
    enum el_tunnel_event event;
    unsigned number; /* of the peer, or the port */
    unsigned to;     /* of another peer */
    bool live, used;
    struct el_endpoint endpoint;
    uint8_t timestamp[12];
    struct {
        uint32_t vni;
        unsigned other; /* the peer that carries, or EL_TUNNEL_PEERS_MAX: it is gone */
        bool shut;
    } loop;
    struct el_datapath_change *change;
};

int el_datapath_new(const struct el_datapath_config *config, struct el_datapath **datapath,
                    struct el_err *err);
/* Stops the thread if it runs, and frees everything, ports too. NULL is allowed. */
void el_datapath_free(struct el_datapath *datapath);

/* Before start. QUEUES are a port's, one for each lane; they are ours from now on. OWN: see
 * el_forward_add_port(). */
int el_datapath_add_port(struct el_datapath *datapath, struct el_port *const *queues, uint32_t vni,
                         const struct el_mac *own);
/* Before start. The peer's number, or an error. */
int el_datapath_add_peer(struct el_datapath *datapath, const struct el_tunnel_peer_config *peer,
                         uint32_t vni, struct el_err *err);

int el_datapath_start(struct el_datapath *datapath, struct el_err *err);
void el_datapath_stop(struct el_datapath *datapath); /* NULL is allowed */

/* A descriptor to poll, and the next notice from it; false when there is none. */
int el_datapath_notice_fd(const struct el_datapath *datapath);
bool el_datapath_next_notice(struct el_datapath *datapath, struct el_datapath_notice *notice);

/* Commands, from any thread. */

/* A peer's name was resolved (again): call it there. */
void el_datapath_set_endpoint(struct el_datapath *datapath, unsigned peer,
                              const struct el_endpoint *endpoint);

/* Asks PEER, whose session stands, for an answer through ENDPOINT beside its own. Should one come,
 * it has roamed there, and EL_TUNNEL_ROAMED is told. */
void el_datapath_probe(struct el_datapath *datapath, unsigned peer,
                       const struct el_endpoint *endpoint);
/* Does CHANGE, which is the data path's until the notice that says so; one after the other. Numbers
 * are used again: the smallest that is free. */
void el_datapath_change(struct el_datapath *datapath, struct el_datapath_change *change);
/* Takes a snapshot into REPORT, which has room for all peers and is the thread's until the notice
 * that says so; one at a time. */
void el_datapath_report(struct el_datapath *datapath, struct el_report *report);
/* Where to look on at the frames that pass: interfaces are as said in datapath/forward.h. It is for
 * one thread at a time. */
struct el_capture *el_datapath_capture(struct el_datapath *datapath);
/* Logs all counters that are not zero. */
void el_datapath_log_counters(struct el_datapath *datapath);

#endif

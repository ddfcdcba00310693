/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where frames meet datagrams: ports and peers around the switch.
 *
 *     port --frame--> switch --+--> port
 *                              +--> cut (GSO), clamp MSS, VXLAN-in-IP, fragments, seal --> datagram
 *
 *     datagram --> open, (reassemble,) VXLAN --> switch --+--> merge (GRO) --> port
 *                                                         +--> peer, as above
 *
 * To peers that are el2w as well, frames go in the compact form (overlay/overlay.h) as long as they
 * fit the path, and with partial checksums if all peers that get the frame allow that; what does
 * not fit goes to them as to all others.
 *
 * DSCP and ECN of what a frame carries stand in all headers around it, and the marks of congested
 * routers are given to the frame (RFC 6040, frame/ecn.h).
 *
 * A hub guards against loops: two peers that bridge the same LAN. Probes go out through each of
 * them, and who brings another's is shut out of that network if it came later (switch/loop.h).
 *
 * A spoke may have, beside the hub, other spokes as peers: the *direct* way between two machines'
 * LANs, a shortcut of the switch (switch/switch.h). It is used while it is live: while the echoes
 * that we send there every second come back. Each side tells the other where its machines are, as
 * hypervisors do after a migration: by a frame from each station of its local ports to itself,
 * which is learned and goes nowhere. A way that dies is forgotten after EL_FORWARD_DEAD_S, and
 * frames go through the hub again.
 *
 * What is for our tunnel address and no frame goes to whoever else listens there, and comes from
 * there: see el_forward_inside().
 *
 * A composition of pure machines: it has no socket of its own, no thread, no clock, and allocates
 * nothing but for the first port of a network (switch/switch.h). Whoever drives it
 * (datapath/datapath.c with real sockets, the simulations with memory) gives it frames and
 * datagrams, then calls el_forward_flush() before the buffers they are in are used again.
 *
 * Several threads may work side by side, as lanes, and one more as control: see tunnel/tunnel.h.
 * A lane has its own queues of the ports, GRO, reassembly (a peer's fragments come to one lane) and
 * place for datagrams; the switch, the tunnel and the peers are shared.
 */
#ifndef EL_DATAPATH_FORWARD_H
#define EL_DATAPATH_FORWARD_H

#include "base/addr.h"
#include "base/err.h"
#include "datapath/capture.h"
#include "datapath/guard.h"
#include "port/port.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* What must be in front of a received frame, and behind it: ours to write to. */
    EL_FORWARD_HEADROOM = 64,
    EL_FORWARD_TAILROOM = 48,
    /* Local ports: so many networks may have one on this computer. */
    EL_FORWARD_PORTS_MAX = 16,
    EL_FORWARD_NETWORKS_MAX = 8, /* of one peer */

    EL_FORWARD_DEAD_S = 5,     /* a direct way without an answer */
    EL_FORWARD_TOLD_S = 20,    /* how often it is told of one that is live */
    EL_FORWARD_STATIONS = 256, /* told of to a direct peer, of each network: the newest */
    EL_FORWARD_RELAYED = 256,  /* frames from one peer to another are worth to be told of */
    EL_FORWARD_SERVER_S = 600, /* a server behind a port is told of at the most every so often */
    EL_FORWARD_RELAYED_S = 10, /* at the most every so often, of each peer */
};

/* What a peer is to us. */
enum el_forward_role {
    EL_FORWARD_MEMBER, /* one of many, to a hub: frames pass between it and the others */
    EL_FORWARD_UPLINK, /* the hub, to a spoke: none pass between it and direct peers */
    EL_FORWARD_DIRECT, /* another spoke, to a spoke: none pass between it and any peer */
    EL_FORWARD_ROLES
};
extern const char *const el_forward_role_names[EL_FORWARD_ROLES];

/* A network that a peer has a part in. */
struct el_forward_membership {
    uint32_t vni;
    bool published; /* frames pass between the two; see el_switch_publish() */
    /* An address that is behind this peer, whatever is heard elsewhere (el_switch_pin()): that of
     * the hub's services, which no machine and no direct peer may take. Zero: none. */
    struct el_mac own;
};

/* Where sealed datagrams go: see tunnel/tunnel_io.h, which is one such place. */
struct el_forward_out {
    /* TOS: DSCP and ECN for the datagram's IP header. */
    uint8_t *(*reserve)(void *arg, const struct el_endpoint *to, size_t len, uint8_t tos);
    void (*cancel)(void *arg);
    void *arg;
};

struct el_forward_config {
    struct el_tunnel *tunnel;  /* stays the caller's and must live longer */
    struct el_forward_out out; /* of all lanes, until el_forward_set_out() */
    uint32_t address;          /* our tunnel address, host order */
    unsigned peers_max;        /* 1..EL_TUNNEL_PEERS_MAX */
    size_t addresses_max;      /* of the switch; 0: its default */
    /* For whoever looks on, or NULL: the ports are its interfaces from 0, the peers in the order in
     * which they were added those from EL_FORWARD_PORTS_MAX. */
    struct el_capture *capture;
    /* Takes an IPv4 packet for our tunnel address, which came from a peer, no DIRECT one, whose
     * address is its source: on LANE, without waiting; false: there is no room. NULL: nobody takes
     * any. */
    bool (*inside)(void *arg, unsigned lane, const uint8_t *packet, size_t len);
    /* We are a hub, and guard against loops. PEER has been shut out of network VNI, where it
     * bridges the same LAN as OTHER, or is no longer. Told by control in exclusive mode, which
     * tells it again if the answer is that there was no room (false). NULL: nobody guards. */
    bool (*loop)(void *arg, const struct el_tunnel_peer *peer, const struct el_tunnel_peer *other,
                 uint32_t vni, bool shut);
    /* Much unicast goes from one peer to another through us: the two might see each other. On any
     * thread, in shared mode. NULL: nobody wants to know. */
    void (*relayed)(void *arg, const struct el_tunnel_peer *from, const struct el_tunnel_peer *to);
    /* A direct way has come up, or gone; or is still live (every EL_FORWARD_TOLD_S). USED: frames
     * have taken it since it was told last. On any thread, in exclusive mode. NULL: as above. */
    void (*direct)(void *arg, const struct el_tunnel_peer *peer, bool live, bool used);

    /* From port PORT comes what only servers say: KIND, by the machine MAC, IP. On any thread, in
     * shared mode. NULL: nobody looks. GUARD: and it goes no further. */
    void (*server)(void *arg, unsigned port, enum el_guard_kind kind, const struct el_mac *mac,
                   const struct el_ip *ip);
    bool guard;

    /* For several threads; zeros for one. */
    unsigned lanes; /* as the tunnel's, and its gate */
    struct el_gate gate;
    /* Takes a handshake message to control; false: there is no room. */
    bool (*hand_over)(void *arg, unsigned lane, const struct el_endpoint *from,
                      const uint8_t *bytes, size_t len);
    void *arg;
};

struct el_forward;

int el_forward_new(const struct el_forward_config *config, struct el_forward **forward);
void el_forward_free(struct el_forward *forward); /* not the ports; NULL is allowed */

/* Ports, peers and memberships: at any time while all lanes rest. A lane works from its first frame
 * or datagram to the end of the flush that follows; waiting to be exclusive is no rest. */

/* Attaches PORT (which stays the caller's) to network VNI. OWN, if it is not NULL, is the address
 * of this computer there: it, and whatever else is seen here, may not appear anywhere else. Returns
 * the port's number for el_forward_frame(), the smallest that is free; EL_EFULL, EL_EINVAL,
 * EL_ENOMEM. It is published. */
int el_forward_add_port(struct el_forward *forward, struct el_port *port, uint32_t vni,
                        const struct el_mac *own);
void el_forward_publish_port(struct el_forward *forward, unsigned number, bool published);
void el_forward_remove_port(struct el_forward *forward, unsigned number);

/* Lets PEER, whose tunnel address is REMOTE, take part in the COUNT networks VNIS. The peer's user
 * pointer is used by us from now on. Returns the peer's number, the smallest that is free. */
int el_forward_add_peer(struct el_forward *forward, struct el_tunnel_peer *peer, uint32_t remote,
                        const uint32_t *vnis, unsigned count);

/* What PEER is, from now on; MEMBER at first. While it has a part in no network. */
void el_forward_set_role(struct el_forward *forward, struct el_tunnel_peer *peer,
                         enum el_forward_role role);
enum el_forward_role el_forward_role(const struct el_tunnel_peer *peer); /* in shared mode */
/* Whether frames take the direct way to PEER. In shared mode. */
bool el_forward_is_live(const struct el_tunnel_peer *peer);

/* Nothing of PEER is left; to be called before it is removed from the tunnel. */
void el_forward_remove_peer(struct el_forward *forward, struct el_tunnel_peer *peer);

/* From now on PEER has a part in these COUNT different networks and in no others. What stays as it
 * is keeps what was learned of it. EL_EFULL, EL_EINVAL, EL_ENOMEM: nothing has been changed, but
 * that those that were to go may have gone. */
int el_forward_set_memberships(struct el_forward *forward, struct el_tunnel_peer *peer,
                               const struct el_forward_membership *memberships, unsigned count);

/* No peer has a part in network VNI any more. */
void el_forward_dissolve(struct el_forward *forward, uint32_t vni);

/* PEER's memberships to MEMBERSHIPS; how many there are. Anybody may ask while nobody changes it.
 */
unsigned el_forward_memberships(const struct el_tunnel_peer *peer,
                                struct el_forward_membership memberships[EL_FORWARD_NETWORKS_MAX]);

/* What LANE uses instead of what was given for all: its queue of local port NUMBER, and its place
 * for datagrams; for control, whose number is that of the lanes, the latter only. */
void el_forward_set_queue(struct el_forward *forward, unsigned number, unsigned lane,
                          struct el_port *queue);
void el_forward_set_out(struct el_forward *forward, unsigned lane,
                        const struct el_forward_out *out);

/* To be called by whoever gets the tunnel's events, as they are told: in exclusive mode. */
void el_forward_event(struct el_forward *forward, uint64_t now_ns, enum el_tunnel_event event,
                      struct el_tunnel_peer *peer);

/* The work of a lane. */

/* A frame that came from local port NUMBER; FRAME's memory has the room stated above around it and
 * is overwritten. In shared mode, as the next. */
void el_forward_lane_frame(struct el_forward *forward, unsigned lane, uint64_t now_ns,
                           unsigned number, const struct el_port_rx *frame);

/* A datagram, and DSCP and ECN of the IP header it came with; its memory is overwritten and must
 * stay until the next flush. The tailroom behind it is touched and restored: there the next
 * datagram may be. */
void el_forward_lane_datagram(struct el_forward *forward, unsigned lane, uint64_t now_ns,
                              const struct el_endpoint *from, uint8_t *bytes, size_t len,
                              uint8_t tos);

/* Hands the ports what is held back for merging. In no mode, as what follows. */
void el_forward_lane_flush(struct el_forward *forward, unsigned lane);

/* Gives up fragments whose rest did not come. */
void el_forward_lane_expire(struct el_forward *forward, unsigned lane, uint64_t now_ns);
uint64_t el_forward_lane_deadline_ns(const struct el_forward *forward, unsigned lane);

/* The work of control. */

/* Says what the tunnel itself has to say. */
void el_forward_say(struct el_forward *forward, uint64_t now_ns);

/* Does what is due: handshakes, keepalives, path MTU probes, ageing. */
void el_forward_control_tick(struct el_forward *forward, uint64_t now_ns);
uint64_t el_forward_control_deadline_ns(const struct el_forward *forward); /* in shared mode */

/* An IPv4 packet from our tunnel address, which goes to the peer that owns its destination; false:
 * nobody does, or it is no such packet (counted). PACKET's memory is like that of a frame, and
 * overwritten. In exclusive mode. */
bool el_forward_inside(struct el_forward *forward, uint64_t now_ns, uint8_t *packet, size_t len);

/* The same for who is alone: lane 0 and control together. */
void el_forward_frame(struct el_forward *forward, uint64_t now_ns, unsigned number,
                      const struct el_port_rx *frame);
void el_forward_datagram(struct el_forward *forward, uint64_t now_ns,
                         const struct el_endpoint *from, uint8_t *bytes, size_t len, uint8_t tos);
void el_forward_flush(struct el_forward *forward, uint64_t now_ns);
void el_forward_tick(struct el_forward *forward, uint64_t now_ns);
uint64_t el_forward_deadline_ns(const struct el_forward *forward);

/* Asks a peer with a session for an answer through ENDPOINT: if one comes, it has moved there.
 * Control's. */
void el_forward_probe(struct el_forward *forward, uint64_t now_ns, struct el_tunnel_peer *peer,
                      const struct el_endpoint *endpoint);

/* The first hop to TO refused a datagram of LEN bytes of LANE, or control. In any mode. */
void el_forward_too_big(struct el_forward *forward, unsigned lane, uint64_t now_ns,
                        const struct el_endpoint *to, size_t len);

/* Questions, in shared mode. */

/* The peer behind which MAC is in network VNI; NULL if it is unknown or at a local port. */
struct el_tunnel_peer *el_forward_locate(const struct el_forward *forward, uint64_t now_ns,
                                         uint32_t vni, const struct el_mac *mac);

/* The number that el_forward_add_peer() gave. */
unsigned el_forward_peer_number(const struct el_forward *forward,
                                const struct el_tunnel_peer *peer);

/* The path MTU towards PEER, outer bytes. */
size_t el_forward_path_mtu(const struct el_tunnel_peer *peer);

/* Walks all counters, part by part: "tunnel", "drop-replay", 3. The names are static. */
typedef void el_forward_counter_cb(void *arg, const char *part, const char *name, uint64_t value);
void el_forward_counters(const struct el_forward *forward, el_forward_counter_cb *each, void *arg);

#endif

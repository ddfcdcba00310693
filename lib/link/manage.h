/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a tunnel is told, while it runs, who its peers are and what they may see, and what it tells
 * by itself: messages over a socket pair (SOCK_SEQPACKET) that the supervisor made and keeps, so
 * that either side may be restarted.
 *
 *     control                                    tunnel
 *             <------------------------- HELLO       it has started, and knows nothing
 *     BEGIN ------------------------->
 *             <------------------------- ANSWER      one for each, in their order
 *     NETWORK_SET, PEER_SET ... ----->
 *     COMPLETE ---------------------->               what was not said since BEGIN goes
 *             <------------------------- PEER_STATE  of each peer that is up
 *     PEER_SET, PEER_REMOVE ... ----->               from now on what changes
 *             <------------------------- PEER_STATE  and what happens
 *
 * A tunnel's memory ends with it: when it starts it says HELLO, and is told all of it. Who starts
 * at the other end says all of it too, from BEGIN to COMPLETE. Setting something to what it is
 * already changes nothing and disturbs no session. An answer says that the change has taken effect:
 * once an unpublished membership is acknowledged, no frame passes; once a removed peer is, it has
 * no session.
 *
 * What was given to the tunnel as an option (peer =, or an interface for network =) is not the
 * channel's: EL_EEXIST. But setting a peer that is one sets its memberships and role, and nothing
 * else of it: so a spoke's networks come and go, while its hub stays what it was said to be.
 *
 * The other side is another el2w of the same file, but less trusted: a message is taken apart and
 * checked as if it came from a network. Messages have keys in them; whoever has one wipes it.
 */
#ifndef EL_LINK_MANAGE_H
#define EL_LINK_MANAGE_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_MANAGE_NETWORKS = 8,                 /* of one peer; = EL_FORWARD_NETWORKS_MAX */
    EL_MANAGE_QUEUES = EL_TUNNEL_LANES_MAX, /* of one port */
    EL_MANAGE_INTERFACE_BYTES = 24,         /* "eth1.30", with its NUL; = EL_PORT_NAME_BYTES */
    EL_MANAGE_TEXT_BYTES = 160,             /* of an answer's sentence, with its NUL */
    EL_MANAGE_BYTES = 512,                  /* a message */
};

enum el_manage_kind {
    /* Requests, each answered by one EL_MANAGE_ANSWER with the same sequence number. */
    EL_MANAGE_BEGIN = 1,
    EL_MANAGE_COMPLETE,
    EL_MANAGE_PEER_SET,       /* by its key */
    EL_MANAGE_PEER_REMOVE,    /* its sessions end at once; EL_ENOENT */
    EL_MANAGE_NETWORK_SET,    /* by its VNI; with the descriptors of its port's queues */
    EL_MANAGE_NETWORK_REMOVE, /* its port; and the membership of all peers in it; EL_ENOENT */
    /* From the tunnel. */
    EL_MANAGE_ANSWER,
    EL_MANAGE_HELLO,
    EL_MANAGE_PEER_STATE,
    EL_MANAGE_NETWORK_GONE, /* the interface of its port has gone; it is removed */
    EL_MANAGE_RELAYED,      /* much goes through us from one peer to another; again while it does */
    EL_MANAGE_DIRECT,       /* of a SHORTCUT; every 20 s while it is live, and when it changes */
    /* More ports of a network, by their names: a NETWORK_SET is about the one that is its own. */
    EL_MANAGE_PORT_SET,
    EL_MANAGE_PORT_REMOVE, /* EL_ENOENT */
    EL_MANAGE_PORT_GONE,   /* from the tunnel */
    EL_MANAGE_KINDS
};

/* See enum el_forward_role, whose numbers these are. */
enum el_manage_role {
    EL_MANAGE_MEMBER,   /* a hub's peer */
    EL_MANAGE_UPLINK,   /* a spoke's hub */
    EL_MANAGE_SHORTCUT, /* another spoke, to which a spoke has a direct way */
    EL_MANAGE_ROLES
};

struct el_manage_membership {
    uint32_t vni;
    bool published;    /* frames pass between this peer and the network */
    struct el_mac own; /* an address behind this peer and nowhere else; zero: none */
};

/* A peer without memberships may reach nothing but our own tunnel address. Another ip, wire or role
 * than before ends its session, as does what removes it; nothing else does. */
struct el_manage_peer {
    char name[EL_TUNNEL_NAME_BYTES]; /* see node/peer.h */
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    uint8_t psk[EL_TUNNEL_KEY_BYTES]; /* zeros: none; another is used from the next handshake on */
    struct el_ip ip;                  /* its tunnel address, IPv4 */
    uint16_t keepalive_s;             /* 0: off */
    enum el_tunnel_wire wire;
    enum el_manage_role role;
    /* Where to call it, without local, unless it has a session; family 0: where it was last. */
    struct el_endpoint endpoint;
    unsigned membership_count;
    struct el_manage_membership memberships[EL_MANAGE_NETWORKS]; /* of different networks */
};

/* What the descriptors of a port are. */
enum el_manage_form {
    EL_MANAGE_TAP,    /* queues of a TAP (port/tap.h) */
    EL_MANAGE_FRAMED, /* socket pairs (SOCK_SEQPACKET) of frames (port/pair.h) */
    EL_MANAGE_PACKET, /* packet sockets (port/packet.h) */
    EL_MANAGE_FORMS
};

/* A network's port on this computer. Memberships may be set before there is one. */
struct el_manage_network {
    uint32_t vni;
    char name[EL_MANAGE_INTERFACE_BYTES]; /* its interface's, for people */
    bool published;                       /* frames pass this port */
    struct el_mac own;                    /* its address, which nobody else may use; zero: none */
    /* Descriptors with this message, as many as the tunnel has workers (HELLO); they may be
     * duplicates of one. 0: keep those it has; EL_ENOENT if it has none. */
    unsigned queues;
    enum el_manage_form form;
    uint16_t vid; /* of a PACKET: 1..4094, of the tag that its frames have on the wire; else 0 */
};

struct el_manage_hello {
    unsigned lanes;     /* queues that every port has to have */
    unsigned peers_max; /* with those given as options */
    unsigned ports_max; /* networks with a port, likewise */
};

/* A network that a peer is shut out of, as it bridges the same LAN as another. */
struct el_manage_loop {
    uint32_t vni;
    uint8_t other[EL_TUNNEL_KEY_BYTES]; /* zeros: it has gone meanwhile */
};

struct el_manage_peer_state {
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    bool up;
    struct el_endpoint endpoint; /* where it is or was, without local; family 0: nobody knows */
    unsigned loop_count;
    struct el_manage_loop loops[EL_MANAGE_NETWORKS]; /* of different networks */
};

struct el_manage_relayed {
    uint8_t from[EL_TUNNEL_KEY_BYTES], to[EL_TUNNEL_KEY_BYTES];
};

struct el_manage_direct {
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    bool live; /* frames take this way */
    bool used; /* and some have, since it was told last */
};

struct el_manage_answer {
    int code;                        /* 0, or a negative error */
    char text[EL_MANAGE_TEXT_BYTES]; /* and its sentence */
};

struct el_manage_message {
    enum el_manage_kind kind;
    uint32_t sequence; /* of a request, as its sender likes, and of its answer; else 0 */
    union {
        struct el_manage_peer peer;
        uint8_t key[EL_TUNNEL_KEY_BYTES];     /* PEER_REMOVE */
        struct el_manage_network network;     /* NETWORK_SET, PORT_SET */
        char port[EL_MANAGE_INTERFACE_BYTES]; /* PORT_REMOVE, PORT_GONE */
        uint32_t vni;                         /* NETWORK_REMOVE, NETWORK_GONE */
        struct el_manage_answer answer;
        struct el_manage_hello hello;
        struct el_manage_peer_state state;
        struct el_manage_relayed relayed;
        struct el_manage_direct direct;
    };
};

/* Pure: writes MESSAGE to BYTES; behind it are zeros. EL_EINVAL for what el_manage_decode() would
 * refuse. */
int el_manage_encode(const struct el_manage_message *message, uint8_t bytes[EL_MANAGE_BYTES]);

/* Pure: 0; EL_ENOTSUP (another version of this protocol), or EL_EPROTO: unknown kind, too short,
 * something behind it, a text without its end, a name that is none, a key of zeros, no IPv4
 * address, a network twice, a number out of its range. */
int el_manage_decode(const uint8_t *bytes, size_t len, struct el_manage_message *message);

/* How many descriptors go with MESSAGE. */
unsigned el_manage_fds(const struct el_manage_message *message);

/* Both ends of the channel; close-on-exec. 0 or a negative error. */
int el_manage_pair(int fds[2]);

/* Sends MESSAGE without waiting, with as many descriptors FDS as it has; they stay the caller's. 0,
 * EL_EAGAIN (no room: poll for it), EL_ECLOSED, EL_EINVAL, EL_EIO. */
int el_manage_send(int fd, const struct el_manage_message *message, const int *fds);

/* Takes the next message without waiting. 1: MESSAGE is filled, and FDS with as many
 * descriptors as it has, close-on-exec, which are the caller's from now on. 0: there is none.
 * EL_EPROTO, EL_ENOTSUP: one was dropped, with its descriptors. EL_ECLOSED, EL_EIO: no more will
 * come. */
int el_manage_receive(int fd, struct el_manage_message *message, int fds[EL_MANAGE_QUEUES]);

#endif

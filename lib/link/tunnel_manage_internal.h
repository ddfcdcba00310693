/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of link/tunnel_manage.h, for its own files: tunnel_manage.c (the channel: what is
 * asked and what is told), tunnel_manage_steps.c (what is done about it).
 */
#ifndef EL_LINK_TUNNEL_MANAGE_INTERNAL_H
#define EL_LINK_TUNNEL_MANAGE_INTERNAL_H

#include "link/manage.h"
#include "link/tunnel_manage.h"

/* What the channel has set, by its number in the data path. */
struct managed {
    bool ours;
    bool repeated; /* since BEGIN */
};

struct peer {
    struct managed managed;
    bool up, told_up;
    bool untold;                        /* there is something to be told: of its session, */
    bool direct_untold, relayed_untold; /* and of these */
    struct el_endpoint endpoint;
    unsigned loop_count;
    struct {
        uint32_t vni;
        unsigned other; /* a peer */
    } loops[EL_MANAGE_NETWORKS];
    enum el_manage_role role;
    bool live, used;     /* of a direct way */
    unsigned relayed_to; /* the number of a peer */
};

struct port {
    struct managed managed;
    bool gone;       /* its interface has */
    bool additional; /* of its network: known by its name */
    bool published;
    enum el_manage_form form;
    uint16_t vid;
    struct el_mac own;
};

struct el_tunnel_manage {
    struct el_tunnel_manage_config config;
    uv_poll_t poll;
    struct peer *peers;
    struct port ports[EL_FORWARD_PORTS_MAX];
    bool hello_untold, closed;
    unsigned untold; /* of the peers, the first that may have something to tell */

    /* The request that is under way. */
    bool busy;
    struct el_manage_message request; /* kind NETWORK_GONE, PORT_GONE: our own */
    int fds[EL_MANAGE_QUEUES]; /* of a NETWORK_SET or PORT_SET that has not taken them; -1: none */
    unsigned step;
    struct el_datapath_change change; /* the data path's while it is busy with it */
    bool answer_untold;
    struct el_manage_answer answer;
};

/* -- tunnel_manage.c -- */

/* There is something to be told of the peer with this number; of its session. */
void el_tunnel_manage_look_at(struct el_tunnel_manage *m, unsigned number);
void el_tunnel_manage_want_told(struct el_tunnel_manage *m, unsigned number);

/* -- tunnel_manage_steps.c -- */

/* The number of the peer with KEY, or -1. */
int el_tunnel_manage_find_peer(const struct el_tunnel_manage *m,
                               const uint8_t key[EL_TUNNEL_KEY_BYTES]);
void el_tunnel_manage_clear_peer(struct el_tunnel_manage *m, unsigned number);
void el_tunnel_manage_end_loop(struct peer *peer, unsigned l);

/* The number of a port whose interface has gone, or -1. */
int el_tunnel_manage_gone_port(const struct el_tunnel_manage *m);

/* Whether a request may be of this KIND. */
bool el_tunnel_manage_does(enum el_manage_kind kind);

/* The next step of the request: true, and m->change says what is to be done; or false: that was
 * all. */
bool el_tunnel_manage_step(struct el_tunnel_manage *m);

/* The request's answer; returns false. */
bool el_tunnel_manage_refuse(struct el_tunnel_manage *m, int code, const char *text);

/* Closes what came with the request and nobody has taken. */
void el_tunnel_manage_close_queues(struct el_tunnel_manage *m);

#endif

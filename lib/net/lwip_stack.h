/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the lwIP provider share: the one stack of this process and the networks on it.
 *
 * lwIP calls back from deep inside its own functions, where hardly anything of it may be called. So
 * its callbacks only note down what has happened and put the object into the stack's queue; the
 * owner's callbacks are called from el_lwip_turn, with lwIP at rest, and may do what they like.
 */
#ifndef EL_NET_LWIP_STACK_H
#define EL_NET_LWIP_STACK_H

#include "net/lwip.h"
#include "net/provider.h"

#include <lwip/netif.h>

struct el_lwip_net;

/* What is common to sockets, listeners and streams. The first member of each of them but one. */
struct el_lwip_open {
    struct el_lwip_net *net;
    struct el_lwip_open *next, **link;       /* in net->opens */
    struct el_lwip_open *next_queued;        /* in the stack's queue */
    bool queued;                             /* … it is there */
    bool closed;                             /* its turn will free it */
    void (*turn)(struct el_lwip_open *open); /* calls the owner; not once it is closed */
    void (*shut)(struct el_lwip_open *open); /* lets go of lwIP's part, for el_lwip_close */
    void (*free)(struct el_lwip_open *open); /* its memory */
};

struct el_lwip_net {
    struct el_net base;
    struct el_net_lwip_config config;
    struct netif netif;
    struct el_lwip_net *next;
    struct el_lwip_open *opens;
};

extern const struct el_net_ops el_net_lwip_ops;

static inline struct el_lwip_net *el_lwip_net_of(struct el_net *net)
{
    return (struct el_lwip_net *)net;
}

/* -- the stack -- */

/* Gives the stack its clock, or one user more if it has this one. EL_EINVAL if it has another. */
int el_lwip_stack_use(struct el_net *base);
void el_lwip_stack_unuse(void);

struct el_net *el_lwip_clock(void);

/* Puts OPEN into the queue: its turn comes soon. */
void el_lwip_soon(struct el_lwip_open *open);

/* After a packet or a time-out: everybody in the queue gets a turn. */
void el_lwip_turn(void);

/* After anything else that may have made lwIP want to be called at some time. */
void el_lwip_arm(void);

/* True if half of what there is for packets and segments is in use: from now on who has much on the
 * way gets no more, and who has little still does. */
bool el_lwip_is_scarce(void);

/* -- what is open -- */

void el_lwip_open(struct el_lwip_open *open, struct el_lwip_net *net);

/* Shuts it and has it freed later. */
void el_lwip_close(struct el_lwip_open *open);

/* Frees now what is closed of NET, or of all. */
void el_lwip_bury(const struct el_lwip_net *net);

/* -- addresses -- */

static inline struct el_endpoint el_lwip_endpoint(const ip_addr_t *ip, uint16_t port)
{
    return (struct el_endpoint){.ip = el_ip4(lwip_ntohl(ip->addr)), .port = port};
}

static inline ip_addr_t el_lwip_ip(const struct el_ip *ip)
{
    return (ip_addr_t){.addr = lwip_htonl(el_ip4_number(ip))};
}

/* Whether IP is one that a socket of NET can be bound to: any, or the one it has. */
bool el_lwip_is_ours(const struct el_lwip_net *net, const struct el_ip *ip);

/* A port to try, from 49152 up (RFC 6056 §3.3.1). */
uint16_t el_lwip_random_port(void);
enum { EL_LWIP_PORT_TRIES = 256 };

/* The code for what lwIP returns. */
int el_lwip_code(err_t code);

/* The sentence for a socket that could not be opened. */
int el_lwip_explain(const char *what, const struct el_endpoint *at, err_t code, struct el_err *err);

/* -- lwip_udp.c -- */
int el_net_lwip_udp_open(struct el_net *net, const struct el_net_udp_config *config,
                         el_net_udp_cb *cb, void *arg, struct el_net_udp **udp, struct el_err *err);
int el_net_lwip_udp_send(struct el_net_udp *udp, const struct el_endpoint *to,
                         const struct el_ip *from, const uint8_t *bytes, size_t len);
struct el_endpoint el_net_lwip_udp_local(const struct el_net_udp *udp);
int el_net_lwip_udp_sibling(struct el_net_udp *udp, const struct el_ip *from, el_net_udp_cb *cb,
                            void *arg, struct el_net_udp **sibling);
void el_net_lwip_udp_close(struct el_net_udp *udp);

/* -- lwip_stream.c -- */
int el_net_lwip_listen(struct el_net *net, const struct el_net_listen_config *config,
                       el_net_accept_cb *cb, void *arg, struct el_net_listen **listen,
                       struct el_err *err);
void el_net_lwip_listen_close(struct el_net_listen *listen);
struct el_endpoint el_net_lwip_listen_local(const struct el_net_listen *listen);
int el_net_lwip_connect(struct el_net *net, const struct el_net_connect_config *config,
                        const struct el_net_stream_events *events, void *arg,
                        struct el_net_stream **stream, struct el_err *err);
int el_net_lwip_stream_write(struct el_net_stream *stream, const uint8_t *bytes, size_t len);
int el_net_lwip_stream_send_file(struct el_net_stream *stream, int fd, uint64_t offset,
                                 uint64_t len);
size_t el_net_lwip_stream_queued(const struct el_net_stream *stream);
void el_net_lwip_stream_pause(struct el_net_stream *stream, bool paused);
void el_net_lwip_stream_finish(struct el_net_stream *stream);
void el_net_lwip_stream_close(struct el_net_stream *stream);

#endif

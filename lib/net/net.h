/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One interface for datagrams, streams and timers, whoever provides them: the kernel (net/kernel.h,
 * on libuv), memory with a virtual clock, loss, delay and reordering (net/memory.h), or lwIP inside
 * this process (net/lwip.h).
 *
 * Services are written against this file and never know which it is. Everything happens on one
 * thread, in callbacks from the provider's loop. A callback may call anything here, also close the
 * very object it was called for: an object that was closed gets no further callback, and its
 * memory is the provider's until the loop has come round.
 */
#ifndef EL_NET_NET_H
#define EL_NET_NET_H

#include "base/addr.h"
#include "base/err.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct el_net;        /* a provider; owned by whoever made it */
struct el_net_udp;    /* a bound datagram socket */
struct el_net_timer;  /* a one-shot timer */
struct el_net_listen; /* a listening stream socket */
struct el_net_stream; /* a connected stream */

/* Monotonic nanoseconds; in the memory provider, the virtual clock. */
uint64_t el_net_now_ns(const struct el_net *net);

/* Wall-clock seconds since 1970 (HTTP dates, leases on disk). */
int64_t el_net_wall_s(const struct el_net *net);

/* -- timers -- */

typedef void el_net_timer_cb(void *arg);

/* A timer that is not set. NULL only if out of memory. */
struct el_net_timer *el_net_timer_new(struct el_net *net, el_net_timer_cb *cb, void *arg);

/* Fires once at DEADLINE_NS (soon, if that is past); EL_NEVER unsets. Setting again replaces. */
void el_net_timer_set(struct el_net_timer *timer, uint64_t deadline_ns);

void el_net_timer_free(struct el_net_timer *timer); /* NULL is allowed */

/* -- datagrams -- */

/* What came with a datagram. */
struct el_net_udp_meta {
    struct el_endpoint from;
    struct el_endpoint to; /* the address it was sent to: reply from here. 255.255.255.255 too. */
};

/* BYTES are valid during the call only. */
typedef void el_net_udp_cb(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                           size_t len);

struct el_net_udp_config {
    struct el_endpoint bind; /* ip.family 0: any IPv4 address; port 0: one is chosen */
    const char *device;      /* bind to this interface; NULL: all */
    bool broadcast;          /* allow sending to 255.255.255.255 */
    int inherited_fd;        /* >= 0: adopt this bound socket, ignore the rest; else -1 */
};

int el_net_udp_open(struct el_net *net, const struct el_net_udp_config *config, el_net_udp_cb *cb,
                    void *arg, struct el_net_udp **udp, struct el_err *err);

/* Sends one datagram, from the address FROM if it is given (its port is ignored) and is one of
 * ours. 0, EL_EAGAIN if the socket's buffer is full (the datagram is lost), or another error. */
int el_net_udp_send(struct el_net_udp *udp, const struct el_endpoint *to, const struct el_ip *from,
                    const uint8_t *bytes, size_t len);

/* The address and port the socket is bound to. */
struct el_endpoint el_net_udp_local(const struct el_net_udp *udp);

/* A further socket on the same provider, device and local address FROM, with a port of its own:
 * TFTP's transfer identifier. */
int el_net_udp_sibling(struct el_net_udp *udp, const struct el_ip *from, el_net_udp_cb *cb,
                       void *arg, struct el_net_udp **sibling);

void el_net_udp_close(struct el_net_udp *udp); /* NULL is allowed */

/* -- streams -- */

struct el_net_stream_events {
    /* Bytes have come; valid during the call only. Not called while reading is paused. */
    void (*data)(void *arg, const uint8_t *bytes, size_t len);
    /* All that was given to write or send_file has gone to the provider: room for more. */
    void (*drained)(void *arg);
    /* The peer has finished sending (CODE 0) or the connection is lost (CODE negative). Writing
     * may go on after 0. A peer that vanishes is not noticed by itself: services set deadlines. */
    void (*ended)(void *arg, int code);
    /* A stream of el_net_connect is open; NULL if that is of no interest. */
    void (*opened)(void *arg);
};

/* A new connection; set its events before returning, or close it. */
typedef void el_net_accept_cb(void *arg, struct el_net_stream *stream,
                              const struct el_endpoint *peer, const struct el_endpoint *local);

struct el_net_listen_config {
    struct el_endpoint bind;
    const char *device;
    int inherited_fd; /* as above; or a Unix stream socket that listens */
    uint32_t owner;   /* of a Unix socket: the user who may connect beside root, who always may.
                         Others are hung up on */
};

/* Of a Unix socket the endpoints of CB are empty, family 0; by no other way such a peer comes. */
int el_net_listen(struct el_net *net, const struct el_net_listen_config *config,
                  el_net_accept_cb *cb, void *arg, struct el_net_listen **listen,
                  struct el_err *err);
void el_net_listen_close(struct el_net_listen *listen); /* NULL is allowed */
struct el_endpoint el_net_listen_local(const struct el_net_listen *listen);

struct el_net_connect_config {
    struct el_endpoint to;
    struct el_endpoint bind; /* where from; ip.family 0: whatever the route says */
    const char *device;      /* bind to this interface; NULL: none */
};

/* Begins to connect. Writing may begin at once. Then comes `opened`, or `ended` with the reason:
 * EL_ECLOSED if nobody listens there, EL_ENOENT if there is no way, EL_EIO if nobody answered. */
int el_net_connect(struct el_net *net, const struct el_net_connect_config *config,
                   const struct el_net_stream_events *events, void *arg,
                   struct el_net_stream **stream, struct el_err *err);

void el_net_stream_set_events(struct el_net_stream *stream,
                              const struct el_net_stream_events *events, void *arg);

/* Queues a copy of the bytes behind what is queued. 0, or EL_ENOMEM/EL_ECLOSED. Callers bound
 * what they queue by waiting for drained. */
int el_net_stream_write(struct el_net_stream *stream, const uint8_t *bytes, size_t len);

/* Queues LEN bytes of the open file FD from OFFSET behind what is queued (sendfile where there is
 * one). FD stays the caller's and must stay open until drained or ended. If the file turns out
 * shorter, the connection is ended with EL_EIO: the peer must not take a cut file for whole. */
int el_net_stream_send_file(struct el_net_stream *stream, int fd, uint64_t offset, uint64_t len);

/* Bytes queued and not yet taken by the provider. */
size_t el_net_stream_queued(const struct el_net_stream *stream);

/* Stops and restarts the data callback; the peer feels it as flow control. */
void el_net_stream_pause(struct el_net_stream *stream, bool paused);

/* Finishes: what is queued is still sent, then our side is shut down (FIN). */
void el_net_stream_finish(struct el_net_stream *stream);

/* Closes at once; what is queued is dropped. NULL is allowed. */
void el_net_stream_close(struct el_net_stream *stream);

#endif

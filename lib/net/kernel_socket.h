/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the kernel provider share. */
#ifndef EL_NET_KERNEL_SOCKET_H
#define EL_NET_KERNEL_SOCKET_H

#include "net/heap.h"
#include "net/kernel.h"
#include "net/provider.h"

enum { EL_NET_BUFFER_BYTES = 65536 }; /* read from a stream at once */

struct el_net_udp_batch;

struct el_net_kernel {
    struct el_net base;
    uv_loop_t loop;
    uv_prepare_t prepare; /* arms the clock before the loop sleeps */
    uv_poll_t clock;      /* a timerfd for the earliest timer */
    int clock_fd;
    uint64_t armed_ns; /* what it is set to; EL_NEVER: nothing */
    uint64_t floor_ns; /* no timer is set before the last look at the clock */
    struct el_net_heap heap;
    struct el_net_kernel_timer *timers; /* all, for the end */
    struct el_net_socket *sockets;      /* all, for the end */
    struct el_net_udp_batch *batch;     /* where datagrams are received, of any socket */
    uint8_t *buffer;                    /* where streams are received */
};

/* What is common to datagram sockets, listeners and streams: a descriptor and its watch. It stands
 * inside the object that poll.data points to, whose memory is freed once libuv has let go. */
struct el_net_socket {
    struct el_net_kernel *kernel;
    uv_poll_t poll;
    int fd;      /* ours; -1 once closed */
    int watched; /* UV_READABLE, … */
    bool closed;
    void (*close)(void *object);
    struct el_net_socket *next, **link; /* in kernel->sockets */
};

extern const struct el_net_ops el_net_kernel_ops;

/* Takes FD over. On an error it is still the caller's. */
int el_net_socket_init(struct el_net_socket *socket, struct el_net_kernel *kernel, int fd,
                       void *object, void (*close)(void *object));

/* Changes what is watched (0: nothing); CB is called for it. */
void el_net_socket_watch(struct el_net_socket *socket, int events, uv_poll_cb cb);

/* Closes the descriptor alone, early: the object stays. */
void el_net_socket_shut(struct el_net_socket *socket);

/* Closes the descriptor and has the object freed later. */
void el_net_socket_close(struct el_net_socket *socket);

/* What opening a socket needs to know, and what its error messages speak of. */
struct el_net_bind {
    int type;         /* SOCK_DGRAM or SOCK_STREAM */
    const char *what; /* "udp", "tcp" */
    const struct el_endpoint *endpoint;
    const char *device; /* or NULL */
};

/* A socket, non-blocking and close-on-exec, bound as said (a SOCK_STREAM one with SO_REUSEADDR;
 * with port 0 and no address it is not bound). The descriptor or an error. */
int el_net_bind(const struct el_net_bind *bind, struct el_err *err);

/* Sees that FD is a socket of this type and makes it non-blocking. */
int el_net_adopt(int fd, int type, const char *what, struct el_err *err);

struct el_endpoint el_net_local(int fd);
int el_net_domain(int fd);

/* kernel_udp.c */
int el_net_kernel_udp_open(struct el_net *net, const struct el_net_udp_config *config,
                           el_net_udp_cb *cb, void *arg, struct el_net_udp **udp,
                           struct el_err *err);
int el_net_kernel_udp_send(struct el_net_udp *udp, const struct el_endpoint *to,
                           const struct el_ip *from, const uint8_t *bytes, size_t len);
struct el_endpoint el_net_kernel_udp_local(const struct el_net_udp *udp);
int el_net_kernel_udp_sibling(struct el_net_udp *udp, const struct el_ip *from, el_net_udp_cb *cb,
                              void *arg, struct el_net_udp **sibling);
void el_net_kernel_udp_close(struct el_net_udp *udp);

/* kernel_stream.c */
int el_net_kernel_listen(struct el_net *net, const struct el_net_listen_config *config,
                         el_net_accept_cb *cb, void *arg, struct el_net_listen **listen,
                         struct el_err *err);
void el_net_kernel_listen_close(struct el_net_listen *listen);
struct el_endpoint el_net_kernel_listen_local(const struct el_net_listen *listen);
int el_net_kernel_connect(struct el_net *net, const struct el_net_connect_config *config,
                          const struct el_net_stream_events *events, void *arg,
                          struct el_net_stream **stream, struct el_err *err);
int el_net_kernel_stream_write(struct el_net_stream *stream, const uint8_t *bytes, size_t len);
int el_net_kernel_stream_send_file(struct el_net_stream *stream, int fd, uint64_t offset,
                                   uint64_t len);
size_t el_net_kernel_stream_queued(const struct el_net_stream *stream);
void el_net_kernel_stream_pause(struct el_net_stream *stream, bool paused);
void el_net_kernel_stream_finish(struct el_net_stream *stream);
void el_net_kernel_stream_close(struct el_net_stream *stream);

#endif

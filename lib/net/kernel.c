/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel provider: the loop, the clock, the timers, and what all sockets have in common.
 *
 * Timers are not libuv's: those count milliseconds of CLOCK_MONOTONIC, ours nanoseconds of
 * CLOCK_BOOTTIME. A heap holds them and one timerfd wakes the loop for the earliest; it is set just
 * before the loop sleeps, so a timer that is moved with every packet costs no system call.
 *
 * Sockets are ours too, and libuv only watches them (uv_poll): uv_udp and uv_tcp know neither the
 * destination address of a datagram, nor sendfile, nor a write that waits for the next one.
 */
#include "net/kernel.h"

#include "net/kernel_socket.h"
#include "net/sockaddr.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct el_net_kernel_timer {
    struct el_net_timer base;
    struct el_net_kernel *kernel;
    struct el_net_heap_node node;
    struct el_net_kernel_timer *next, **link; /* in kernel->timers */
};

static struct el_net_kernel_timer *timer_of(struct el_net_heap_node *node)
{
    return (struct el_net_kernel_timer *)(void *)((char *)node -
                                                  offsetof(struct el_net_kernel_timer, node));
}

static uint64_t kernel_now_ns(const struct el_net *net)
{
    (void)net;
    return el_sys_now_ns();
}

static int64_t kernel_wall_s(const struct el_net *net)
{
    (void)net;
    return (int64_t)(el_sys_wall_ns() / EL_S);
}

/* -- timers -- */

static struct el_net_timer *timer_new(struct el_net *net, el_net_timer_cb *cb, void *arg)
{
    struct el_net_kernel *kernel = (struct el_net_kernel *)net;
    struct el_net_kernel_timer *timer = calloc(1, sizeof *timer);

    if (!timer || el_net_heap_reserve(&kernel->heap) < 0) {
        free(timer);
        return NULL;
    }
    timer->base = (struct el_net_timer){&el_net_kernel_ops, cb, arg};
    timer->kernel = kernel;
    timer->link = &kernel->timers;
    timer->next = kernel->timers;
    if (timer->next)
        timer->next->link = &timer->next;
    kernel->timers = timer;
    return &timer->base;
}

/* The loop has a reason to go on while a timer is set. */
static void hold_loop(struct el_net_kernel *kernel)
{
    if (el_net_heap_first(&kernel->heap))
        uv_ref((uv_handle_t *)&kernel->clock);
    else
        uv_unref((uv_handle_t *)&kernel->clock);
}

static void timer_set(struct el_net_timer *base, uint64_t deadline_ns)
{
    struct el_net_kernel_timer *timer = (struct el_net_kernel_timer *)base;
    struct el_net_kernel *kernel = timer->kernel;

    el_net_heap_remove(&kernel->heap, &timer->node);
    if (deadline_ns < kernel->floor_ns)
        deadline_ns = kernel->floor_ns;
    if (deadline_ns != EL_NEVER)
        el_net_heap_insert(&kernel->heap, &timer->node, deadline_ns);
    hold_loop(kernel);
}

static void timer_free(struct el_net_timer *base)
{
    struct el_net_kernel_timer *timer = (struct el_net_kernel_timer *)base;

    timer_set(base, EL_NEVER);
    el_net_heap_release(&timer->kernel->heap);
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    free(timer);
}

/* Sets the timerfd to the earliest timer, if it is not. */
static void arm_clock(uv_prepare_t *prepare)
{
    struct el_net_kernel *kernel = prepare->data;
    const struct el_net_heap_node *first = el_net_heap_first(&kernel->heap);
    uint64_t deadline_ns = first ? first->deadline_ns : EL_NEVER;
    struct itimerspec at = {0};

    if (deadline_ns == kernel->armed_ns)
        return;
    kernel->armed_ns = deadline_ns;
    if (deadline_ns != EL_NEVER) {
        at.it_value.tv_sec = (time_t)(deadline_ns / EL_S);
        at.it_value.tv_nsec = (long)(deadline_ns % EL_S);
        if (deadline_ns == 0) /* would mean: never */
            at.it_value.tv_nsec = 1;
    }
    timerfd_settime(kernel->clock_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Timers that a callback sets are of a later order than those that are due now, so one that is set
 * to "at once" again and again waits for the next round like everybody else. */
static void clock_fired(uv_poll_t *poll, int status, int events)
{
    struct el_net_kernel *kernel = poll->data;
    uint64_t expirations;
    struct el_net_heap_node *first;

    (void)status;
    (void)events;
    if (read(kernel->clock_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
        return;
    kernel->armed_ns = EL_NEVER;
    kernel->floor_ns = el_sys_now_ns();

    uint64_t last = kernel->heap.inserted;
    while ((first = el_net_heap_first(&kernel->heap)) && first->deadline_ns <= kernel->floor_ns &&
           first->order < last) {
        struct el_net_kernel_timer *timer = timer_of(first);

        el_net_heap_remove(&kernel->heap, first);
        timer->base.cb(timer->base.arg);
    }
    hold_loop(kernel);
}

/* -- sockets -- */

int el_net_socket_init(struct el_net_socket *socket, struct el_net_kernel *kernel, int fd,
                       void *object, void (*close)(void *object))
{
    if (uv_poll_init(&kernel->loop, &socket->poll, fd) < 0)
        return EL_EIO;
    socket->kernel = kernel;
    socket->poll.data = object;
    socket->fd = fd;
    socket->close = close;
    socket->link = &kernel->sockets;
    socket->next = kernel->sockets;
    if (socket->next)
        socket->next->link = &socket->next;
    kernel->sockets = socket;
    return 0;
}

void el_net_socket_watch(struct el_net_socket *socket, int events, uv_poll_cb cb)
{
    if (socket->closed || socket->fd < 0)
        return;
    if (events == socket->watched && uv_is_active((uv_handle_t *)&socket->poll) == (events != 0))
        return;
    socket->watched = events;
    if (events)
        uv_poll_start(&socket->poll, events, cb);
    else
        uv_poll_stop(&socket->poll);
}

void el_net_socket_shut(struct el_net_socket *socket)
{
    if (socket->fd < 0)
        return;
    uv_poll_stop(&socket->poll);
    close(socket->fd);
    socket->fd = -1;
    socket->watched = 0;
}

static void free_object(uv_handle_t *handle)
{
    free(handle->data);
}

void el_net_socket_close(struct el_net_socket *socket)
{
    if (socket->closed)
        return;
    el_net_socket_shut(socket);
    socket->closed = true;
    *socket->link = socket->next;
    if (socket->next)
        socket->next->link = socket->link;
    uv_close((uv_handle_t *)&socket->poll, free_object);
}

struct el_endpoint el_net_local(int fd)
{
    union el_net_sockaddr address = {0};
    socklen_t len = sizeof address;

    getsockname(fd, &address.any, &len);
    return el_net_sockaddr_endpoint(&address);
}

int el_net_domain(int fd)
{
    int domain = 0;
    socklen_t len = sizeof domain;

    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    return domain;
}

int el_net_adopt(int fd, int type, const char *what, struct el_err *err)
{
    int is = 0;
    socklen_t len = sizeof is;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &is, &len) < 0)
        return el_err_os(err, errno, "%s: inherited descriptor %d", what, fd);
    if (is != type)
        return el_err(err, EL_EINVAL, "%s: inherited descriptor %d is another kind of socket", what,
                      fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return 0;
}

/* Who usually sits on a port that is taken. */
static const char *usual_owner(uint16_t port)
{
    static const struct {
        uint16_t port;
        const char *who;
    } owners[] = {{53, "another DNS server"},
                  {67, "another DHCP server"},
                  {69, "another TFTP server"},
                  {80, "a web server"},
                  {51820, "another WireGuard"}};

    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
        if (owners[i].port == port)
            return owners[i].who;
    return "another program";
}

/* The sentence for a socket that could not be bound. */
static int explain(const struct el_net_bind *bind, int errno_value, struct el_err *err)
{
    char where[EL_ENDPOINT_TEXT];
    char what[160];

    el_endpoint_text(bind->endpoint, where);
    if (bind->endpoint->ip.family == 0)
        snprintf(where, sizeof where, "0.0.0.0:%u", bind->endpoint->port);
    snprintf(what, sizeof what, "%s %s%s%s", bind->what, where, bind->device ? " on " : "",
             bind->device ? bind->device : "");
    switch (errno_value) {
    case EADDRINUSE:
        return el_err(err, EL_EEXIST,
                      "%s: address already in use: %s is running there? (ss -%clpn shows which)",
                      what, usual_owner(bind->endpoint->port),
                      bind->type == SOCK_DGRAM ? 'u' : 't');
    case EADDRNOTAVAIL:
        return el_err(err, EL_ENOENT, "%s: this host has no such address (ip address shows which)",
                      what);
    case ENODEV: return el_err(err, EL_ENOENT, "%s: no such interface (ip link shows which)", what);
    case EACCES:
    case EPERM:
        return el_err(err, EL_EPERM, "%s: permission denied: needs root or %s", what,
                      bind->device && errno_value == EPERM ? "CAP_NET_RAW"
                                                           : "CAP_NET_BIND_SERVICE");
    default: return el_err_os(err, errno_value, "%s", what);
    }
}

static bool is_unspecified(const struct el_ip *ip)
{
    static const uint8_t zero[sizeof ip->b];

    return memcmp(ip->b, zero, sizeof zero) == 0;
}

int el_net_bind(const struct el_net_bind *bind_to, struct el_err *err)
{
    const struct el_endpoint *at = bind_to->endpoint;
    int domain = at->ip.family == 6 ? AF_INET6 : AF_INET;
    int on = 1;
    union el_net_sockaddr address;
    socklen_t len = el_net_sockaddr_from(&address, domain, at);
    int fd = socket(domain, bind_to->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Left unbound for connect to choose the address with the route, or listen the port. */
    bool chosen_later = bind_to->type == SOCK_STREAM && at->port == 0 && is_unspecified(&at->ip);

    if (fd < 0)
        return explain(bind_to, errno, err);
    if (bind_to->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bind_to->device,
                                      (socklen_t)strnlen(bind_to->device, IFNAMSIZ)) < 0)
        goto failed;
    /* One socket for each family; and a listener may come back while old connections linger. */
    if (domain == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind_to->type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!chosen_later && bind(fd, &address.any, len) < 0)
        goto failed;
    return fd;

failed:;
    int code = explain(bind_to, errno, err);
    close(fd);
    return code;
}

/* -- the provider -- */

const struct el_net_ops el_net_kernel_ops = {
    .now_ns = kernel_now_ns,
    .wall_s = kernel_wall_s,
    .timer_new = timer_new,
    .timer_set = timer_set,
    .timer_free = timer_free,
    .udp_open = el_net_kernel_udp_open,
    .udp_send = el_net_kernel_udp_send,
    .udp_local = el_net_kernel_udp_local,
    .udp_sibling = el_net_kernel_udp_sibling,
    .udp_close = el_net_kernel_udp_close,
    .listen = el_net_kernel_listen,
    .listen_close = el_net_kernel_listen_close,
    .listen_local = el_net_kernel_listen_local,
    .connect = el_net_kernel_connect,
    .stream_write = el_net_kernel_stream_write,
    .stream_send_file = el_net_kernel_stream_send_file,
    .stream_queued = el_net_kernel_stream_queued,
    .stream_pause = el_net_kernel_stream_pause,
    .stream_finish = el_net_kernel_stream_finish,
    .stream_close = el_net_kernel_stream_close,
};

int el_net_kernel_new(struct el_net **net, struct el_err *err)
{
    struct el_net_kernel *kernel = calloc(1, sizeof *kernel);
    int failed;

    if (!kernel)
        return el_err(err, EL_ENOMEM, "event loop: out of memory");
    kernel->base.ops = &el_net_kernel_ops;
    kernel->armed_ns = EL_NEVER;
    kernel->clock_fd = timerfd_create(EL_SYS_CLOCK, TFD_NONBLOCK | TFD_CLOEXEC);
    kernel->buffer = malloc(EL_NET_BUFFER_BYTES);
    if (kernel->clock_fd < 0 || !kernel->buffer) {
        failed = el_err_os(err, errno, "event loop: timer");
        goto no_loop;
    }
    failed = uv_loop_init(&kernel->loop);
    if (failed < 0) {
        failed = el_err_os(err, -failed, "event loop");
        goto no_loop;
    }
    uv_prepare_init(&kernel->loop, &kernel->prepare);
    kernel->prepare.data = kernel;
    uv_prepare_start(&kernel->prepare, arm_clock);
    uv_unref((uv_handle_t *)&kernel->prepare);
    failed = uv_poll_init(&kernel->loop, &kernel->clock, kernel->clock_fd);
    kernel->clock.data = kernel;
    if (failed == 0)
        failed = uv_poll_start(&kernel->clock, UV_READABLE, clock_fired);
    if (failed < 0) {
        failed = el_err_os(err, -failed, "event loop: timer");
        el_net_kernel_free(&kernel->base);
        return failed;
    }
    uv_unref((uv_handle_t *)&kernel->clock);
    /* A peer that is gone is an error code; sendfile has no MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    *net = &kernel->base;
    return 0;

no_loop:
    if (kernel->clock_fd >= 0)
        close(kernel->clock_fd);
    free(kernel->buffer);
    free(kernel);
    return failed;
}

void el_net_kernel_run(struct el_net *net)
{
    uv_run(&((struct el_net_kernel *)net)->loop, UV_RUN_DEFAULT);
}

void el_net_kernel_stop(struct el_net *net)
{
    uv_stop(&((struct el_net_kernel *)net)->loop);
}

uv_loop_t *el_net_kernel_loop(struct el_net *net)
{
    return &((struct el_net_kernel *)net)->loop;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void el_net_kernel_free(struct el_net *net)
{
    struct el_net_kernel *kernel = (struct el_net_kernel *)net;

    if (!kernel)
        return;
    while (kernel->sockets)
        kernel->sockets->close(kernel->sockets->poll.data);
    while (kernel->timers)
        timer_free(&kernel->timers->base);
    uv_walk(&kernel->loop, close_handle, NULL);
    while (uv_run(&kernel->loop, UV_RUN_DEFAULT) != 0)
        continue;
    uv_loop_close(&kernel->loop);
    close(kernel->clock_fd);
    el_net_heap_free(&kernel->heap);
    free(kernel->batch);
    free(kernel->buffer);
    free(kernel);
}

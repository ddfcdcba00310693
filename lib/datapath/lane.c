/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lane's thread: polls sockets and ports, and moves batches between them. */
#include "datapath/lane.h"

#include "base/log.h"
#include "base/time.h"
#include "sys/clock.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    PORT_BATCH = 4,      /* frames received at once; few, so that they stay in the cache */
    PORT_ROUNDS = 16,    /* batches from one port before the others get their turn */
    DATAGRAM_ROUNDS = 2, /* the same for EL_TUNNEL_IO_TRAINS trains */
    MESSAGES = 128,      /* handshakes that may wait for control; a power of two */
    FRAME_ROOM = EL_FORWARD_HEADROOM + EL_PORT_FRAME_BYTES + EL_FORWARD_TAILROOM + 2,
};

_Static_assert((int)EL_TUNNEL_IO_TAILROOM >= (int)EL_FORWARD_TAILROOM, "room behind a datagram");

#define PORT_LOOK EL_S

/* What we poll: these, then the ports. */
enum { POLL_WAKE, POLL_UDP4, POLL_UDP6, POLL_STREAMS, POLL_PORTS };

struct port {
    struct el_port *queue;
    bool gone;
    _Atomic bool down; /* looked at every PORT_LOOK, until a frame comes */
};

/* One writer, the lane, and one reader, control. The numbers count on for ever. */
struct messages {
    _Alignas(64) _Atomic unsigned written;
    _Alignas(64) _Atomic unsigned read;
    struct el_lane_message items[MESSAGES];
};

struct el_lane {
    struct el_lane_config config;
    struct port ports[EL_FORWARD_PORTS_MAX];
    unsigned port_count; /* places in use, or not any more; so many are polled */
    uint64_t look_ns;
    uint64_t now_ns;
    uint8_t *frames; /* PORT_BATCH * FRAME_ROOM */
    int wake;        /* an eventfd */
    _Atomic bool stopping;
    pthread_t thread;
    bool running;
    struct messages messages;
};

/* -- making -- */

int el_lane_new(const struct el_lane_config *config, struct el_lane **made, struct el_err *err)
{
    struct el_lane *lane = aligned_alloc(_Alignof(struct el_lane), sizeof *lane);

    if (!lane) {
        el_tunnel_io_free(config->io);
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    }
    memset(lane, 0, sizeof *lane);
    lane->config = *config;
    lane->look_ns = EL_NEVER;
    lane->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lane->frames = malloc((size_t)PORT_BATCH * FRAME_ROOM);
    if (lane->wake < 0 || !lane->frames) {
        el_lane_free(lane);
        return el_err(err, EL_ENOMEM, "tunnel: no memory or descriptors for lane %u",
                      config->number);
    }
    *made = lane;
    return 0;
}

void el_lane_free(struct el_lane *lane)
{
    if (!lane)
        return;
    el_lane_stop(lane);
    for (unsigned i = 0; i < lane->port_count; i++)
        if (lane->ports[i].queue)
            el_port_close(lane->ports[i].queue);
    el_tunnel_io_free(lane->config.io);
    if (lane->wake >= 0)
        close(lane->wake);
    free(lane->frames);
    free(lane);
}

void el_lane_add_port(struct el_lane *lane, unsigned number, struct el_port *port)
{
    lane->ports[number].queue = port;
    if (number >= lane->port_count)
        lane->port_count = number + 1;
}

void el_lane_remove_port(struct el_lane *lane, unsigned number)
{
    struct port *port = &lane->ports[number];

    el_port_close(port->queue);
    port->queue = NULL;
    port->gone = false;
    atomic_store_explicit(&port->down, false, memory_order_relaxed);
}

void el_lane_wake(struct el_lane *lane)
{
    eventfd_write(lane->wake, 1);
}

const struct el_tunnel_io *el_lane_io(const struct el_lane *lane)
{
    return lane->config.io;
}

const struct el_port *el_lane_port(const struct el_lane *lane, unsigned number)
{
    return lane->ports[number].queue;
}

bool el_lane_port_is_down(const struct el_lane *lane, unsigned number)
{
    return atomic_load_explicit(&lane->ports[number].down, memory_order_relaxed);
}

/* -- handshakes for control -- */

bool el_lane_queue(struct el_lane *lane, const struct el_endpoint *from, const uint8_t *bytes,
                   size_t len)
{
    struct messages *m = &lane->messages;
    unsigned written = atomic_load_explicit(&m->written, memory_order_relaxed);
    struct el_lane_message *message = &m->items[written % MESSAGES];

    if (len > sizeof message->bytes ||
        written - atomic_load_explicit(&m->read, memory_order_acquire) == MESSAGES)
        return false;
    message->from = *from;
    message->len = len;
    memcpy(message->bytes, bytes, len);
    atomic_store_explicit(&m->written, written + 1, memory_order_release);
    lane->config.queued(lane->config.arg);
    return true;
}

const struct el_lane_message *el_lane_next_message(struct el_lane *lane)
{
    struct messages *m = &lane->messages;
    unsigned read = atomic_load_explicit(&m->read, memory_order_relaxed);

    if (read == atomic_load_explicit(&m->written, memory_order_acquire))
        return NULL;
    return &m->items[read % MESSAGES];
}

void el_lane_message_done(struct el_lane *lane)
{
    atomic_fetch_add_explicit(&lane->messages.read, 1, memory_order_release);
}

/* -- the thread -- */

/* What the batch held back, and what it sends. */
static void let_go(struct el_lane *lane)
{
    el_forward_lane_flush(lane->config.forward, lane->config.number);
    el_tunnel_io_flush(lane->config.io);
}

static void take_train(struct el_lane *lane, const struct el_tunnel_io_train *train)
{
    for (size_t at = 0; at < train->len; at += train->segment) {
        size_t len = train->len - at < train->segment ? train->len - at : train->segment;
        el_forward_lane_datagram(lane->config.forward, lane->config.number, lane->now_ns,
                                 &train->from, train->bytes + at, len, train->tos);
    }
}

static void receive_datagrams(struct el_lane *lane, unsigned family)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];

    for (unsigned round = 0; round < DATAGRAM_ROUNDS; round++) {
        int n = el_tunnel_io_receive(lane->config.io, family, trains);
        if (n <= 0)
            return;
        el_gate_shared(lane->config.gate, lane->config.number);
        for (int i = 0; i < n; i++)
            take_train(lane, &trains[i]);
        el_gate_resume(lane->config.gate, lane->config.number);
        let_go(lane);
        if (n < EL_TUNNEL_IO_TRAINS)
            return;
    }
}

static void set_down(struct port *port, bool down)
{
    if (atomic_load_explicit(&port->down, memory_order_relaxed) != down)
        atomic_store_explicit(&port->down, down, memory_order_relaxed);
}

static void port_failed(struct el_lane *lane, unsigned number, int why)
{
    struct port *port = &lane->ports[number];

    if (why == EL_EAGAIN) {
        set_down(port, true);
        lane->look_ns = lane->now_ns + PORT_LOOK;
        EL_LOG(EL_LOG_WARN, "port", "down", EL_STR("interface", port->queue->name));
        return;
    }
    port->gone = lane->config.port_gone(lane->config.arg, number, why);
}

/* One batch. False: there is nothing more. */
static bool receive_batch(struct el_lane *lane, unsigned number)
{
    struct port *port = &lane->ports[number];
    struct el_port_rx frames[PORT_BATCH];

    for (unsigned i = 0; i < PORT_BATCH; i++) {
        /* Two bytes more make the IP header behind the Ethernet header aligned. */
        frames[i].bytes = lane->frames + (size_t)i * FRAME_ROOM + EL_FORWARD_HEADROOM + 2;
        frames[i].capacity = EL_PORT_FRAME_BYTES;
    }
    int n = el_port_receive(port->queue, frames, PORT_BATCH);
    if (n < 0)
        port_failed(lane, number, n);
    if (n > 0)
        set_down(port, false);
    if (n <= 0)
        return false;
    el_gate_shared(lane->config.gate, lane->config.number);
    for (int i = 0; i < n; i++)
        el_forward_lane_frame(lane->config.forward, lane->config.number, lane->now_ns, number,
                              &frames[i]);
    el_gate_resume(lane->config.gate, lane->config.number);
    return n == PORT_BATCH;
}

static void receive_frames(struct el_lane *lane, unsigned number)
{
    unsigned round = 0;

    while (round < PORT_ROUNDS && !el_tunnel_io_blocked(lane->config.io) &&
           receive_batch(lane, number))
        round++;
    let_go(lane);
}

/* No event tells that an interface which is down has been removed. */
static void look_at_ports(struct el_lane *lane)
{
    lane->look_ns = EL_NEVER;
    for (unsigned i = 0; i < lane->port_count; i++) {
        if (!lane->ports[i].queue || !el_lane_port_is_down(lane, i) || lane->ports[i].gone)
            continue;
        receive_frames(lane, i);
        lane->look_ns = lane->now_ns + PORT_LOOK;
    }
}

/* Ports are not listened to while the sockets are full. How many are. */
static unsigned choose(const struct el_lane *lane, struct pollfd *fds)
{
    const struct el_tunnel_io *io = lane->config.io;
    unsigned blocked = el_tunnel_io_blocked(io);
    short udp4 = blocked == 4 ? POLLIN | POLLOUT : POLLIN;
    short udp6 = blocked == 6 ? POLLIN | POLLOUT : POLLIN;

    fds[POLL_WAKE] = (struct pollfd){lane->wake, POLLIN, 0};
    fds[POLL_UDP4] = (struct pollfd){el_tunnel_io_fd(io, 4), udp4, 0};
    fds[POLL_UDP6] = (struct pollfd){el_tunnel_io_fd(io, 6), udp6, 0};
    fds[POLL_STREAMS] = (struct pollfd){el_tunnel_io_fd(io, EL_TUNNEL_IO_STREAMS), POLLIN, 0};
    for (unsigned i = 0; i < lane->port_count; i++) {
        const struct port *port = &lane->ports[i];
        int fd = blocked || port->gone || !port->queue ? -1 : port->queue->fd;
        fds[POLL_PORTS + i] = (struct pollfd){fd, POLLIN, 0};
    }
    return lane->port_count;
}

/* Waits for something to do, between laps: ports may have come and gone when it is back. LAST: does
 * not wait. How many were listened to. */
static unsigned wait_for_work(struct el_lane *lane, struct pollfd *fds, bool last)
{
    unsigned ports = choose(lane, fds);
    uint64_t deadline = el_earlier(
        el_forward_lane_deadline_ns(lane->config.forward, lane->config.number), lane->look_ns);
    uint64_t wait = deadline > lane->now_ns && !last ? deadline - lane->now_ns : 0;
    struct timespec timeout = {(time_t)(wait / EL_S), (long)(wait % EL_S)};

    el_gate_resume(lane->config.laps, lane->config.number);
    ppoll(fds, POLL_PORTS + ports, deadline == EL_NEVER && !last ? NULL : &timeout, NULL);
    el_gate_shared(lane->config.laps, lane->config.number);
    lane->now_ns = el_sys_now_ns();
    return ports;
}

static void work(struct el_lane *lane, const struct pollfd *fds, unsigned ports)
{
    if (el_tunnel_io_blocked(lane->config.io))
        el_tunnel_io_flush(lane->config.io);
    if (fds[POLL_UDP4].revents & ~POLLOUT)
        receive_datagrams(lane, 4);
    if (fds[POLL_UDP6].revents & ~POLLOUT)
        receive_datagrams(lane, 6);
    if (fds[POLL_STREAMS].revents)
        receive_datagrams(lane, EL_TUNNEL_IO_STREAMS);
    for (unsigned i = 0; i < ports; i++)
        if (fds[POLL_PORTS + i].revents && lane->ports[i].queue)
            receive_frames(lane, i);
    if (lane->now_ns >= lane->look_ns)
        look_at_ports(lane);
    el_forward_lane_expire(lane->config.forward, lane->config.number, lane->now_ns);
}

static void *run(void *arg)
{
    struct el_lane *lane = arg;
    struct pollfd fds[POLL_PORTS + EL_FORWARD_PORTS_MAX];
    eventfd_t woken;

    el_gate_shared(lane->config.laps, lane->config.number);
    lane->now_ns = el_sys_now_ns();
    for (bool last = false; !last;) {
        last = atomic_load(&lane->stopping); /* what has come before that is dealt with */
        unsigned ports = wait_for_work(lane, fds, last);
        if (fds[POLL_WAKE].revents)
            eventfd_read(lane->wake, &woken);
        work(lane, fds, ports);
    }
    el_gate_resume(lane->config.laps, lane->config.number);
    return NULL;
}

int el_lane_start(struct el_lane *lane, struct el_err *err)
{
    sigset_t all, before;

    /* Signals are the first thread's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&lane->thread, NULL, run, lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return el_err_os(err, rc, "tunnel: cannot start lane %u", lane->config.number);
    lane->running = true;
    return 0;
}

void el_lane_stop(struct el_lane *lane)
{
    if (!lane->running)
        return;
    atomic_store(&lane->stopping, true);
    el_lane_wake(lane);
    pthread_join(lane->thread, NULL);
    atomic_store(&lane->stopping, false);
    lane->running = false;
}

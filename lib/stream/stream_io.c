/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections' sockets.
 *
 * All of them are in one epoll set, which is one descriptor to the loop: thousands of connections
 * come and go, and a handle of the loop's may only be freed when it has come round. An event that
 * was fetched before its connection ended is known by a generation.
 */
#include "stream/stream_io.h"

#include "base/log.h"
#include "net/net.h"
#include "net/sockaddr.h"
#include "stream/stream_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    ACCEPTS = 32, /* of one listener, before others have their turn */
    HOPS = 64,    /* of one lane, likewise */
    READS = 4,    /* of one connection, likewise */
    READ_BYTES = 65536,
    WAITING = 2 * EL_STREAM_FRAME_MAX, /* of a call that has not been answered */
};

#define TUNE_AGAIN   (100 * EL_MS)
#define LISTEN_AGAIN EL_S /* after the system had no more descriptors or memory */

/* What an event is of: the upper half of its data is the generation, for links. */
enum kind { OF_LISTENER, OF_LANE, OF_LINK };

/* A connection's socket, by the numbers of el_stream. */
struct link {
    int fd;         /* -1: none */
    int caller;     /* in callers; -1: it has connected to us */
    bool tells_out; /* we are told when it takes more */
    uint16_t generation;
    uint16_t have;   /* in half */
    uint16_t unsent; /* in rest */
    unsigned queue;  /* as it is set */
    uint64_t tune_ns;
    uint8_t half[EL_STREAM_FRAME_MAX]; /* the beginning of a frame that came */
    uint8_t rest[WAITING]; /* the rest of one that goes; of a call, what waits for the answer */
};

struct caller {
    int fd;
    unsigned family;
    bool used;
};

struct el_stream_io {
    struct el_stream_io_config config;
    struct el_stream *stream;
    struct link *links;
    struct caller callers[2 * EL_STREAM_CALLERS];
    int epoll;
    uv_poll_t *poll;
    struct el_net_timer *timer;
    bool deaf; /* listeners are not listened to */
    uint64_t listen_ns;
    uint64_t now_ns;
    uint64_t counts[EL_STREAM_IO_COUNTERS];
    uint8_t hop[EL_STREAM_HOP_BYTES + EL_STREAM_TRAIN_BYTES];
    uint8_t bytes[EL_STREAM_FRAME_MAX + READ_BYTES];
};

const char *el_stream_io_counter_name(enum el_stream_io_counter counter)
{
    static const char *const names[EL_STREAM_IO_COUNTERS] = {
        [EL_STREAM_IO_ACCEPTED] = "accepted",
        [EL_STREAM_IO_CALLED] = "called",
        [EL_STREAM_IO_RX_DATAGRAMS] = "rx-datagrams",
        [EL_STREAM_IO_TX_DATAGRAMS] = "tx-datagrams",
        [EL_STREAM_IO_REFUSED] = "refused",
        [EL_STREAM_IO_EVICTED] = "evicted",
        [EL_STREAM_IO_EXPIRED] = "expired",
        [EL_STREAM_IO_FOREIGN] = "foreign",
        [EL_STREAM_IO_DROP_FULL] = "drop-full",
        [EL_STREAM_IO_DROP_NOWHERE] = "drop-nowhere",
        [EL_STREAM_IO_DROP_BEHIND] = "drop-behind",
        [EL_STREAM_IO_DROP_SENSELESS] = "drop-senseless",
    };

    return names[counter];
}

uint64_t el_stream_io_count(const struct el_stream_io *io, enum el_stream_io_counter counter)
{
    return io->counts[counter];
}

/* -- the epoll set -- */

static uint64_t data_of(enum kind kind, unsigned number, unsigned generation)
{
    return (uint64_t)generation << 32 | (uint64_t)kind << 24 | number;
}

static int watch(struct el_stream_io *io, int how, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};

    return epoll_ctl(io->epoll, how, fd, &event);
}

static void watch_link(struct el_stream_io *io, unsigned number, int how, bool out)
{
    struct link *link = &io->links[number];

    link->tells_out = out;
    watch(io, how, link->fd, out ? EPOLLIN | EPOLLOUT : EPOLLIN,
          data_of(OF_LINK, number, link->generation));
}

/* Not while the system has no descriptors left: they would be told of again and again. */
static void hear(struct el_stream_io *io, bool hears)
{
    io->deaf = !hears;
    io->listen_ns = hears ? EL_NEVER : io->now_ns + LISTEN_AGAIN;
    for (unsigned i = 0; i < io->config.listener_count; i++)
        watch(io, EPOLL_CTL_MOD, io->config.listeners[i], hears ? EPOLLIN : 0,
              data_of(OF_LISTENER, i, 0));
}

/* -- connections come and go -- */

static void log_link(const struct el_stream_io *io, unsigned number, const char *event,
                     const char *why)
{
    EL_LOG(EL_LOG_DEBUG, "stream", event,
           EL_ENDPOINT("endpoint", el_stream_endpoint(io->stream, number)), EL_STR("why", why),
           EL_UINT("connections", el_stream_count(io->stream)));
}

/* A socket that was opened with privileges is not closed, but made to forget its connection
 * (connect(2), AF_UNSPEC). */
static void free_caller(struct caller *caller)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int error;
    socklen_t len = sizeof error;

    connect(caller->fd, &nobody, sizeof nobody);
    getsockopt(caller->fd, SOL_SOCKET, SO_ERROR, &error, &len); /* of before */
    caller->used = false;
}

static void drop_socket(struct el_stream_io *io, struct link *link)
{
    if (link->fd < 0)
        return;
    watch(io, EPOLL_CTL_DEL, link->fd, 0, 0);
    if (link->caller >= 0)
        free_caller(&io->callers[link->caller]);
    else
        close(link->fd);
    link->fd = -1;
    link->generation++;
}

static void end_link(struct el_stream_io *io, unsigned number, const char *why)
{
    log_link(io, number, "ended", why);
    drop_socket(io, &io->links[number]);
    el_stream_closed(io->stream, io->now_ns, number);
    if (io->deaf)
        hear(io, true);
}

static void begin_link(struct el_stream_io *io, unsigned number, int fd, int caller)
{
    struct link *link = &io->links[number];

    link->fd = fd;
    link->caller = caller;
    link->have = link->unsent = 0;
    link->queue = el_stream_queue_bytes(0);
    link->tune_ns = 0;
    el_stream_set_up(fd);
    el_stream_set_queue(fd, link->queue);
    watch_link(io, number, EPOLL_CTL_ADD, caller >= 0);
}

static void admit(struct el_stream_io *io, int fd, const union el_net_sockaddr *address)
{
    struct el_endpoint from = el_net_sockaddr_endpoint(address);
    bool evicted;

    from.carrier = EL_CARRIER_TCP;
    int number = el_stream_accept(io->stream, io->now_ns, &from, &evicted);
    if (number < 0) {
        io->counts[EL_STREAM_IO_REFUSED]++;
        close(fd);
        return;
    }
    if (evicted) {
        io->counts[EL_STREAM_IO_EVICTED]++;
        drop_socket(io, &io->links[number]);
    }
    io->counts[EL_STREAM_IO_ACCEPTED]++;
    begin_link(io, (unsigned)number, fd, -1);
    log_link(io, (unsigned)number, "accepted", NULL);
}

static void on_listener(struct el_stream_io *io, unsigned number)
{
    for (unsigned i = 0; i < ACCEPTS; i++) {
        union el_net_sockaddr address = {0};
        socklen_t len = sizeof address;
        int fd =
            accept4(io->config.listeners[number], &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            admit(io, fd, &address);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            hear(io, false);
        if (fd < 0 && errno != ECONNABORTED)
            return;
    }
}

/* -- from the connections to the tunnel -- */

/* Datagrams of one length, but the last, for one lane. */
struct train {
    struct iovec pieces[1 + EL_STREAM_TRAIN_MAX];
    unsigned count; /* of datagrams */
    unsigned lane;
    size_t segment, last;
    size_t len;
};

static void send_train(struct el_stream_io *io, unsigned number, struct train *train)
{
    struct el_stream_hop hop = {*el_stream_endpoint(io->stream, number), (uint16_t)train->segment};
    uint8_t head[EL_STREAM_HOP_BYTES];
    struct msghdr message = {.msg_iov = train->pieces, .msg_iovlen = 1 + train->count};

    if (train->count == 0)
        return;
    el_stream_hop_write(&hop, head);
    train->pieces[0] = (struct iovec){head, sizeof head};
    if (sendmsg(io->config.lanes[train->lane], &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        io->counts[EL_STREAM_IO_DROP_BEHIND] += train->count;
    train->count = 0;
    train->len = 0;
}

static bool may_ride(const struct train *train, unsigned lane, size_t len)
{
    return train->count > 0 && train->count < EL_STREAM_TRAIN_MAX && train->lane == lane &&
           train->last == train->segment && len <= train->segment &&
           train->len + len <= EL_STREAM_TRAIN_BYTES;
}

static void put_into_trains(struct el_stream_io *io, unsigned number,
                            const struct el_stream_datagram *datagrams, unsigned count)
{
    struct train train = {.count = 0};

    for (unsigned i = 0; i < count; i++) {
        unsigned lane = el_stream_lane(&datagrams[i], io->config.lane_count);
        size_t len = datagrams[i].len;
        if (!may_ride(&train, lane, len)) {
            send_train(io, number, &train);
            train.lane = lane;
            train.segment = len;
        }
        train.pieces[++train.count] = (struct iovec){(void *)(uintptr_t)datagrams[i].bytes, len};
        train.last = len;
        train.len += len;
    }
    send_train(io, number, &train);
    io->counts[EL_STREAM_IO_RX_DATAGRAMS] += count;
}

/* What has come, LEN bytes of it, together with what was there. False: this is no el2w. */
static bool take_bytes(struct el_stream_io *io, unsigned number, size_t len)
{
    struct link *link = &io->links[number];
    struct el_wire w = el_wire_read(io->bytes, len);
    struct el_stream_datagram datagrams[EL_STREAM_TRAIN_MAX];
    bool whole = false;
    int count;

    while ((count = el_stream_split(&w, datagrams, EL_STREAM_TRAIN_MAX)) > 0) {
        put_into_trains(io, number, datagrams, (unsigned)count);
        whole = true;
    }
    if (count < 0)
        return false;
    link->have = (uint16_t)el_wire_left(&w); /* less than a frame */
    memcpy(link->half, w.at, link->have);
    el_stream_received(io->stream, io->now_ns, number, whole, link->have > 0);
    return true;
}

static void on_readable(struct el_stream_io *io, unsigned number)
{
    struct link *link = &io->links[number];

    for (unsigned i = 0; i < READS; i++) {
        memcpy(io->bytes, link->half, link->have);
        ssize_t n = recv(link->fd, io->bytes + link->have, READ_BYTES, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            end_link(io, number, n == 0 ? "closed" : strerror(errno));
            return;
        }
        if (!take_bytes(io, number, link->have + (size_t)n)) {
            io->counts[EL_STREAM_IO_FOREIGN]++;
            end_link(io, number, "no-el2w");
            return;
        }
        if (n < READ_BYTES)
            return;
    }
}

/* -- from the tunnel to the connections -- */

/* Sends what has to go before anything else. True: all of it went. */
static bool send_rest(struct el_stream_io *io, unsigned number)
{
    struct link *link = &io->links[number];

    while (link->unsent > 0) {
        ssize_t n = send(link->fd, link->rest, link->unsent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN || errno == EINTR)
                el_stream_stuck(io->stream, io->now_ns, number, true);
            else
                end_link(io, number, strerror(errno));
            return false;
        }
        link->unsent = (uint16_t)(link->unsent - n);
        memmove(link->rest, link->rest + n, link->unsent);
    }
    if (link->tells_out)
        watch_link(io, number, EPOLL_CTL_MOD, false);
    el_stream_stuck(io->stream, io->now_ns, number, false);
    return true;
}

/* As much may wait as goes within a tenth of a second, by what has gone lately. */
static void tune(struct el_stream_io *io, struct link *link)
{
    if (io->now_ns < link->tune_ns)
        return;
    unsigned queue = el_stream_queue_bytes(el_stream_rate(link->fd));
    if (queue != link->queue)
        el_stream_set_queue(link->fd, queue);
    link->queue = queue;
    link->tune_ns = io->now_ns + TUNE_AGAIN;
}

/* A train on its way: each datagram behind its length. */
struct frames {
    struct iovec pieces[2 * EL_STREAM_TRAIN_MAX];
    uint8_t prefixes[EL_STREAM_TRAIN_MAX][EL_STREAM_PREFIX];
    unsigned count; /* of frames */
};

static void make_frames(struct frames *frames, const uint8_t *bytes, size_t len, size_t segment)
{
    frames->count = 0;
    for (size_t at = 0; at < len; at += segment) {
        size_t one = len - at < segment ? len - at : segment;
        unsigned i = frames->count++;
        el_stream_prefix(one, frames->prefixes[i]);
        frames->pieces[2 * i] = (struct iovec){frames->prefixes[i], EL_STREAM_PREFIX};
        frames->pieces[2 * i + 1] = (struct iovec){(void *)(uintptr_t)(bytes + at), one};
    }
}

static size_t frame_bytes(const struct frames *frames, unsigned i)
{
    return frames->pieces[2 * i].iov_len + frames->pieces[2 * i + 1].iov_len;
}

static void keep_bytes(struct link *link, const struct iovec *piece, size_t skip)
{
    if (skip >= piece->iov_len)
        return;
    memcpy(link->rest + link->unsent, (const uint8_t *)piece->iov_base + skip,
           piece->iov_len - skip);
    link->unsent = (uint16_t)(link->unsent + piece->iov_len - skip);
}

/* SENT bytes of FRAMES went: of a frame that was begun the rest is kept. How many went or will. */
static unsigned keep_begun(struct link *link, const struct frames *frames, size_t sent)
{
    unsigned i = 0;

    while (i < frames->count && sent >= frame_bytes(frames, i))
        sent -= frame_bytes(frames, i++);
    if (sent == 0 || i == frames->count)
        return i;
    keep_bytes(link, &frames->pieces[2 * i], sent);
    keep_bytes(link, &frames->pieces[2 * i + 1],
               sent > EL_STREAM_PREFIX ? sent - EL_STREAM_PREFIX : 0);
    return i + 1;
}

/* How many datagrams went or will; -1 if the connection is no more. */
static int send_frames(struct el_stream_io *io, unsigned number, const struct frames *frames)
{
    struct link *link = &io->links[number];
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)frames->pieces,
                             .msg_iovlen = 2 * (size_t)frames->count};

    tune(io, link);
    ssize_t n = sendmsg(link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0) {
        end_link(io, number, strerror(errno));
        return -1;
    }
    unsigned went = keep_begun(link, frames, (size_t)n);
    if (link->unsent > 0) {
        watch_link(io, number, EPOLL_CTL_MOD, true);
        el_stream_stuck(io->stream, io->now_ns, number, true);
    }
    return (int)went;
}

/* While it is called: whole frames, as long as there is room. */
static unsigned wait_frames(struct link *link, const struct frames *frames)
{
    unsigned i = 0;

    while (i < frames->count && link->unsent + frame_bytes(frames, i) <= sizeof link->rest) {
        keep_bytes(link, &frames->pieces[2 * i], 0);
        keep_bytes(link, &frames->pieces[2 * i + 1], 0);
        i++;
    }
    return i;
}

/* A connection with TO; a call is begun if there is none, where we call at all. EL_ENOENT, EL_EFULL
 * or EL_EAGAIN: not now. */
static int call(struct el_stream_io *io, const struct el_endpoint *to)
{
    union el_net_sockaddr address;
    int domain = to->ip.family == 6 ? AF_INET6 : AF_INET;
    socklen_t len = el_net_sockaddr_from(&address, domain, to);
    unsigned i = 0;

    while (i < io->config.caller_count &&
           (io->callers[i].used || io->callers[i].family != to->ip.family))
        i++;
    if (i == io->config.caller_count || to->carrier != EL_CARRIER_TCP_CALLED)
        return EL_ENOENT;
    int number = el_stream_call(io->stream, io->now_ns, to);
    if (number < 0)
        return number;
    io->counts[EL_STREAM_IO_CALLED]++;
    io->callers[i].used = true;
    int failed = connect(io->callers[i].fd, &address.any, len) < 0 ? errno : 0;
    begin_link(io, (unsigned)number, io->callers[i].fd, (int)i);
    if (failed && failed != EINPROGRESS) {
        end_link(io, (unsigned)number, strerror(failed));
        return EL_EAGAIN;
    }
    return number;
}

/* Whether the tunnel, which sends this, knows to whom. */
static bool is_for_known(const struct frames *frames)
{
    struct el_stream_datagram first = {frames->pieces[1].iov_base, frames->pieces[1].iov_len};

    return !el_stream_is_for_strangers(&first);
}

/* How many datagrams of a train to AT found their way; the rest is lost. */
static unsigned deliver(struct el_stream_io *io, const struct el_endpoint *at,
                        const struct frames *frames)
{
    int number = el_stream_find(io->stream, at);

    if (number < 0)
        number = call(io, at);
    if (number < 0 || io->links[number].fd < 0) {
        io->counts[EL_STREAM_IO_DROP_NOWHERE] += frames->count;
        return 0;
    }
    unsigned n = (unsigned)number;
    int went = 0;
    if (el_stream_state(io->stream, n) == EL_STREAM_CALLING)
        went = (int)wait_frames(&io->links[n], frames);
    else if (send_rest(io, n))
        went = send_frames(io, n, frames);
    if (went > 0 && el_stream_state(io->stream, n) != EL_STREAM_CALLING && is_for_known(frames))
        el_stream_sent(io->stream, io->now_ns, n);
    went = went < 0 ? 0 : went;
    io->counts[EL_STREAM_IO_DROP_FULL] += frames->count - (unsigned)went;
    return (unsigned)went;
}

static void take_hop(struct el_stream_io *io, size_t len)
{
    struct el_stream_hop hop;
    struct frames frames;
    size_t train = len - EL_STREAM_HOP_BYTES;

    if (len < EL_STREAM_HOP_BYTES || len > sizeof io->hop ||
        el_stream_hop_read(io->hop, train, &hop) < 0) {
        io->counts[EL_STREAM_IO_DROP_SENSELESS]++;
        return;
    }
    make_frames(&frames, io->hop + EL_STREAM_HOP_BYTES, train, hop.segment);
    io->counts[EL_STREAM_IO_TX_DATAGRAMS] += deliver(io, &hop.at, &frames);
}

static void on_lane(struct el_stream_io *io, unsigned number)
{
    for (unsigned i = 0; i < HOPS; i++) {
        ssize_t len =
            recv(io->config.lanes[number], io->hop, sizeof io->hop, MSG_DONTWAIT | MSG_TRUNC);
        if (len == 0) /* nobody is there any more, and our supervisor will see to it */
            watch(io, EPOLL_CTL_DEL, io->config.lanes[number], 0, 0);
        if (len <= 0)
            return;
        take_hop(io, (size_t)len);
    }
}

/* -- what the kernel tells -- */

static void on_connected(struct el_stream_io *io, unsigned number)
{
    int error = 0;
    socklen_t len = sizeof error;

    getsockopt(io->links[number].fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error) {
        end_link(io, number, strerror(error));
        return;
    }
    el_stream_connected(io->stream, io->now_ns, number);
    log_link(io, number, "connected", NULL);
    (void)send_rest(io, number);
}

static void on_link(struct el_stream_io *io, unsigned number, uint16_t generation, uint32_t events)
{
    struct link *link = &io->links[number];

    if (link->fd < 0 || link->generation != generation)
        return;
    if (el_stream_state(io->stream, number) == EL_STREAM_CALLING) {
        on_connected(io, number);
        return;
    }
    if (events & EPOLLOUT)
        (void)send_rest(io, number);
    if (link->generation == generation && (events & ~(uint32_t)EPOLLOUT))
        on_readable(io, number);
}

static void expire(struct el_stream_io *io)
{
    enum el_stream_why why;
    int number;

    if (io->deaf && io->now_ns >= io->listen_ns)
        hear(io, true);
    while ((number = el_stream_expired(io->stream, io->now_ns, &why)) >= 0) {
        io->counts[EL_STREAM_IO_EXPIRED]++;
        end_link(io, (unsigned)number, el_stream_why_name(why));
    }
    el_net_timer_set(io->timer, el_earlier(el_stream_deadline_ns(io->stream), io->listen_ns));
}

static void on_timer(void *arg)
{
    struct el_stream_io *io = arg;

    io->now_ns = el_net_now_ns(io->config.net);
    expire(io);
}

static void on_events(uv_poll_t *poll, int status, int ready)
{
    struct el_stream_io *io = poll->data;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(io->epoll, events, EVENTS, 0);

    (void)status;
    (void)ready;
    io->now_ns = el_net_now_ns(io->config.net);
    for (int i = 0; i < count; i++) {
        uint64_t data = events[i].data.u64;
        unsigned number = (unsigned)(data & 0xffffff);
        switch ((enum kind)(data >> 24 & 0xff)) {
        case OF_LISTENER: on_listener(io, number); break;
        case OF_LANE: on_lane(io, number); break;
        case OF_LINK: on_link(io, number, (uint16_t)(data >> 32), events[i].events); break;
        }
    }
    expire(io);
}

/* -- from beginning to end -- */

/* What an applet before us left connected is not any more. */
static int adopt_callers(struct el_stream_io *io)
{
    for (unsigned i = 0; i < io->config.caller_count; i++) {
        struct caller *caller = &io->callers[i];
        int domain;
        socklen_t len = sizeof domain;
        caller->fd = io->config.callers[i];
        if (getsockopt(caller->fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
            return el_errno_from_os(errno);
        caller->family = domain == AF_INET6 ? 6 : 4;
        free_caller(caller);
    }
    return 0;
}

static int watch_all(struct el_stream_io *io)
{
    const struct el_stream_io_config *config = &io->config;
    int failed = 0;

    for (unsigned i = 0; i < config->listener_count; i++)
        failed |=
            watch(io, EPOLL_CTL_ADD, config->listeners[i], EPOLLIN, data_of(OF_LISTENER, i, 0));
    for (unsigned i = 0; i < config->lane_count; i++)
        failed |= watch(io, EPOLL_CTL_ADD, config->lanes[i], EPOLLIN, data_of(OF_LANE, i, 0));
    io->poll = failed ? NULL : calloc(1, sizeof *io->poll);
    if (!io->poll)
        return EL_ENOMEM;
    if (uv_poll_init(config->loop, io->poll, io->epoll) < 0) {
        free(io->poll);
        io->poll = NULL;
        return EL_ENOMEM;
    }
    io->poll->data = io;
    uv_poll_start(io->poll, UV_READABLE, on_events);
    return 0;
}

static int set_up(struct el_stream_io *io)
{
    unsigned count = io->config.limits.connections_max;
    int rc = el_stream_new(&io->config.limits, &io->stream);

    if (rc < 0)
        return rc;
    io->links = calloc(count, sizeof *io->links);
    io->timer = el_net_timer_new(io->config.net, on_timer, io);
    io->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!io->links || !io->timer || io->epoll < 0)
        return EL_ENOMEM;
    for (unsigned i = 0; i < count; i++)
        io->links[i].fd = -1;
    rc = adopt_callers(io);
    return rc == 0 ? watch_all(io) : rc;
}

static void close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
}

static void close_descriptors(const struct el_stream_io_config *config)
{
    close_all(config->listeners, config->listener_count);
    close_all(config->callers, config->caller_count);
    close_all(config->lanes, config->lane_count);
}

int el_stream_io_new(const struct el_stream_io_config *config, struct el_stream_io **made,
                     struct el_err *err)
{
    struct el_stream_io *io = calloc(1, sizeof *io);

    if (!io) {
        close_descriptors(config);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    io->config = *config;
    io->epoll = -1;
    io->now_ns = el_net_now_ns(config->net);
    io->listen_ns = EL_NEVER;
    int rc = set_up(io);
    if (rc < 0) {
        el_stream_io_free(io);
        return el_err(err, rc, "stream: no memory or descriptors");
    }
    *made = io;
    return 0;
}

static void free_poll(uv_handle_t *handle)
{
    free(handle);
}

void el_stream_io_free(struct el_stream_io *io)
{
    if (!io)
        return;
    if (io->poll) {
        uv_poll_stop(io->poll);
        uv_close((uv_handle_t *)io->poll, free_poll);
    }
    for (unsigned i = 0; io->links && i < io->config.limits.connections_max; i++)
        drop_socket(io, &io->links[i]);
    close_descriptors(&io->config);
    if (io->epoll >= 0)
        close(io->epoll);
    el_net_timer_free(io->timer);
    el_stream_free(io->stream);
    free(io->links);
    free(io);
}

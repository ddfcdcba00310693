/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data path's thread: polls sockets and ports, and moves batches between them. */
#include "node/datapath.h"

#include "base/log.h"
#include "base/time.h"
#include "node/forward.h"
#include "node/locate.h"
#include "sys/clock.h"
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PORT_BATCH = 4,      /* frames received at once; few, so that they stay in the cache */
    PORT_ROUNDS = 16,    /* batches from one port before the others get their turn */
    DATAGRAM_ROUNDS = 2, /* the same for EL_TUNNEL_IO_TRAINS trains */
    QUESTIONS = 32,      /* answered before packets get their turn */
    FRAME_ROOM = EL_FORWARD_HEADROOM + EL_PORT_FRAME_BYTES + EL_FORWARD_TAILROOM + 2,
};

#define PORT_LOOK  EL_S
#define ROAM_QUIET (10 * EL_S) /* in which a peer's moves are told once */

/* What we poll: these, then the ports. */
enum { POLL_COMMAND, POLL_UDP4, POLL_UDP6, POLL_LOCATE, POLL_PORTS };

struct command {
    enum { COMMAND_STOP, COMMAND_ENDPOINT, COMMAND_COUNTERS, COMMAND_REPORT } kind;
    unsigned peer;
    struct el_endpoint endpoint;
    struct el_report *report;
};

struct el_datapath {
    struct el_tunnel *tunnel;
    struct el_forward *forward;
    struct el_capture *capture;
    struct el_tunnel_io *io;
    struct el_port *ports[EL_FORWARD_PORTS_MAX];
    bool port_gone[EL_FORWARD_PORTS_MAX];
    bool port_down[EL_FORWARD_PORTS_MAX]; /* looked at every PORT_LOOK, until a frame comes */
    uint64_t look_ns;
    unsigned port_count;
    struct el_tunnel_peer *peers[EL_TUNNEL_PEERS_MAX];
    uint64_t roam_told_ns[EL_TUNNEL_PEERS_MAX]; /* until then no more of it; 0: never told */
    unsigned peer_count;
    int locate_fd;
    uint32_t address;
    uint64_t now_ns;
    uint8_t *frames; /* PORT_BATCH * FRAME_ROOM */
    int commands[2]; /* pipes: read, write */
    int notices[2];
    pthread_t thread;
    bool running;
    bool stopping;       /* the thread's own; so are the next */
    bool reserve_untold; /* timestamps were reserved, and nobody knows yet */
    bool report_untold;  /* the same for a snapshot */
};

/* -- events of the tunnel, on the thread -- */

/* False if the pipe is full, because the reader is far behind: it loses the notice, never we time.
 * What must not be lost is told again. */
static bool tell(struct el_datapath *d, const struct el_datapath_notice *notice)
{
    return write(d->notices[1], notice, sizeof *notice) == (ssize_t)sizeof *notice;
}

static void log_event(enum el_tunnel_event event, const struct el_tunnel_peer *peer)
{
    static const struct {
        const char *name;
        enum el_log_level level;
        const char *hint;
    } events[] = {
        [EL_TUNNEL_SESSION_UP] = {"session-up", EL_LOG_INFO},
        [EL_TUNNEL_SESSION_DOWN] = {"session-down", EL_LOG_WARN},
        [EL_TUNNEL_REKEYED] = {"rekeyed", EL_LOG_DEBUG},
        [EL_TUNNEL_ROAMED] = {"roamed", EL_LOG_INFO},
        [EL_TUNNEL_TIMESTAMP] = {"initiation", EL_LOG_DEBUG},
        [EL_TUNNEL_NO_ANSWER] = {"no-answer", EL_LOG_WARN,
                                 "is the address right, is UDP let through, and does each side "
                                 "have the other's public key? trying on"},
        [EL_TUNNEL_REFUSED] = {"refused", EL_LOG_WARN,
                               "it answers, but not to what we say: do both sides have the same "
                               "wire= and psk= for each other? trying on"},
    };

    EL_LOG(events[event].level, "tunnel", events[event].name,
           EL_STR("peer", el_tunnel_peer_name(peer)),
           EL_ENDPOINT("endpoint", el_tunnel_peer_endpoint(peer)),
           EL_STR("hint", events[event].hint));
}

/* Whoever stands in the middle can move a peer with every packet: nobody's log or disk is to keep
 * up with that. Where it ended up is told with the next rekey. */
static bool is_news(struct el_datapath *d, enum el_tunnel_event event, unsigned number)
{
    if (event != EL_TUNNEL_ROAMED)
        return true;
    if (d->now_ns < d->roam_told_ns[number])
        return false;
    d->roam_told_ns[number] = d->now_ns + ROAM_QUIET;
    return true;
}

static void on_event(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    struct el_datapath *d = arg;
    struct el_datapath_notice notice = {
        .kind = EL_NOTICE_EVENT,
        .event = event,
        .number = el_forward_peer_number(d->forward, peer),
        .endpoint = *el_tunnel_peer_endpoint(peer),
    };

    el_forward_event(d->forward, d->now_ns, event, peer);
    if (!is_news(d, event, notice.number))
        return;
    el_tunnel_peer_timestamp(peer, notice.timestamp);
    log_event(event, peer);
    tell(d, &notice);
}

/* -- making -- */

static uint8_t *io_reserve(void *arg, const struct el_endpoint *to, size_t len, uint8_t tos)
{
    return el_tunnel_io_reserve(arg, to, len, tos);
}

static void io_cancel(void *arg)
{
    el_tunnel_io_cancel(arg);
}

static void io_too_big(void *arg, const struct el_endpoint *to, size_t len)
{
    struct el_datapath *d = arg;

    el_forward_too_big(d->forward, d->now_ns, to, len);
}

static int make_parts(struct el_datapath *d, const struct el_datapath_config *config,
                      struct el_err *err)
{
    struct el_tunnel_config tunnel = config->tunnel;

    if (pipe2(d->commands, O_CLOEXEC | O_NONBLOCK) < 0 ||
        pipe2(d->notices, O_CLOEXEC | O_NONBLOCK) < 0)
        return el_err_os(err, errno, "tunnel: no pipe");
    d->frames = malloc((size_t)PORT_BATCH * FRAME_ROOM);
    if (!d->frames)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    int rc = el_tunnel_io_new(config->udp4, config->udp6, &d->io, err);
    if (rc < 0)
        return rc;
    el_tunnel_io_on_too_big(d->io, io_too_big, d);
    tunnel.event = on_event;
    tunnel.arg = d;
    rc = el_tunnel_new(&tunnel, &d->tunnel, err);
    if (rc < 0)
        return rc;
    d->capture = el_capture_new(EL_FORWARD_PORTS_MAX + tunnel.peers_max);
    if (!d->capture)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    struct el_forward_config forward = {
        .tunnel = d->tunnel,
        .out = {io_reserve, io_cancel, d->io},
        .address = config->address,
        .peers_max = tunnel.peers_max,
        .capture = d->capture,
    };
    rc = el_forward_new(&forward, &d->forward);
    return rc < 0 ? el_err(err, rc, "tunnel: %s", el_strerror(rc)) : 0;
}

int el_datapath_new(const struct el_datapath_config *config, struct el_datapath **datapath,
                    struct el_err *err)
{
    struct el_datapath *d = calloc(1, sizeof *d);

    if (!d)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    d->commands[0] = d->commands[1] = d->notices[0] = d->notices[1] = -1;
    d->locate_fd = config->locate_fd;
    d->now_ns = el_sys_now_ns();
    d->look_ns = EL_NEVER;
    int rc = make_parts(d, config, err);
    if (rc < 0) {
        el_datapath_free(d);
        return rc;
    }
    *datapath = d;
    return 0;
}

static void close_pipe(const int fds[2])
{
    for (unsigned i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

void el_datapath_free(struct el_datapath *d)
{
    if (!d)
        return;
    el_datapath_stop(d);
    el_forward_free(d->forward);
    el_capture_free(d->capture);
    el_tunnel_free(d->tunnel);
    el_tunnel_io_free(d->io);
    for (unsigned i = 0; i < d->port_count; i++)
        el_port_close(d->ports[i]);
    close_pipe(d->commands);
    close_pipe(d->notices);
    free(d->frames);
    free(d);
}

int el_datapath_add_port(struct el_datapath *d, struct el_port *port, uint32_t vni,
                         const struct el_mac *own)
{
    int number = el_forward_add_port(d->forward, port, vni, own);

    if (number >= 0) {
        d->ports[number] = port;
        d->port_count = (unsigned)number + 1;
    }
    return number;
}

int el_datapath_add_peer(struct el_datapath *d, const struct el_tunnel_peer_config *config,
                         uint32_t vni, struct el_err *err)
{
    uint32_t remote = el_ip4_number(&config->allowed.ip);
    struct el_tunnel_peer *peer;
    int rc = el_tunnel_add_peer(d->tunnel, config, &peer, err);

    if (rc < 0)
        return rc;
    rc = el_forward_add_peer(d->forward, peer, remote, &vni, 1);
    if (rc < 0)
        return el_err(err, rc, "peer %s: %s", config->name, el_strerror(rc));
    d->peers[rc] = peer;
    d->peer_count++;
    return rc;
}

/* -- the thread -- */

static void log_counter(void *arg, const char *part, const char *name, uint64_t value)
{
    char full[64];

    (void)arg;
    if (value == 0)
        return;
    snprintf(full, sizeof full, "%s.%s", part, name);
    EL_LOG(EL_LOG_INFO, "tunnel", "counter", EL_STR("name", full), EL_UINT("value", value));
}

static void log_counters(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_COUNTERS};

    el_forward_counters(d->forward, log_counter, NULL);
    for (unsigned i = 0; i < EL_TUNNEL_IO_COUNTERS; i++)
        log_counter(NULL, "sockets", el_tunnel_io_counter_name(i), el_tunnel_io_count(d->io, i));
    for (unsigned i = 0; i < d->port_count; i++)
        for (unsigned k = 0; k < EL_PORT_COUNTERS; k++)
            log_counter(NULL, d->ports[i]->name, el_port_counter_name(k),
                        el_port_count(d->ports[i], k));
    for (unsigned i = 0; i < d->peer_count; i++)
        EL_LOG(EL_LOG_INFO, "tunnel", "peer", EL_STR("peer", el_tunnel_peer_name(d->peers[i])),
               EL_STR("up", el_tunnel_peer_is_up(d->peers[i], d->now_ns) ? "yes" : "no"),
               EL_ENDPOINT("endpoint", el_tunnel_peer_endpoint(d->peers[i])),
               EL_UINT("path-mtu", el_forward_path_mtu(d->peers[i])));
    tell(d, &notice);
}

static void take_report(struct el_datapath *d, struct el_report *report)
{
    report->now_ns = d->now_ns;
    report->port_count = d->port_count;
    for (unsigned i = 0; i < d->port_count; i++)
        el_report_port(report, i, d->ports[i], d->port_down[i], d->port_gone[i]);
    for (unsigned i = 0; i < d->peer_count; i++)
        el_report_peer(report, i, d->peers[i]);
    el_report_counters(report, d->forward, d->io);
    d->report_untold = true;
}

static void tell_of_report(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_REPORT};

    if (d->report_untold)
        d->report_untold = !tell(d, &notice);
}

static void obey(struct el_datapath *d)
{
    struct command command;

    while (read(d->commands[0], &command, sizeof command) == (ssize_t)sizeof command) {
        switch (command.kind) {
        case COMMAND_STOP: d->stopping = true; break;
        case COMMAND_COUNTERS: log_counters(d); break;
        case COMMAND_REPORT: take_report(d, command.report); break;
        case COMMAND_ENDPOINT:
            el_tunnel_peer_set_endpoint(d->peers[command.peer], &command.endpoint);
            el_tunnel_connect(d->tunnel, d->peers[command.peer], d->now_ns);
            break;
        }
    }
}

static void answer_questions(struct el_datapath *d)
{
    struct el_locate_question question;

    for (unsigned i = 0; i < QUESTIONS; i++) {
        if (!el_locate_next_question(d->locate_fd, &question))
            return;
        struct el_locate_answer answer = {.mac = question.mac};
        const struct el_tunnel_peer *peer =
            el_forward_locate(d->forward, d->now_ns, question.vni, &question.mac);
        if (peer)
            strncpy(answer.region, el_tunnel_peer_name(peer), sizeof answer.region - 1);
        el_locate_reply(d->locate_fd, &answer);
    }
}

static void take_train(struct el_datapath *d, const struct el_tunnel_io_train *train)
{
    for (size_t at = 0; at < train->len; at += train->segment) {
        size_t len = train->len - at < train->segment ? train->len - at : train->segment;
        el_forward_datagram(d->forward, d->now_ns, &train->from, train->bytes + at, len,
                            train->tos);
    }
}

static void receive_datagrams(struct el_datapath *d, unsigned family)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];

    for (unsigned round = 0; round < DATAGRAM_ROUNDS; round++) {
        int n = el_tunnel_io_receive(d->io, family, trains);
        for (int i = 0; i < n; i++)
            take_train(d, &trains[i]);
        el_forward_flush(d->forward, d->now_ns);
        el_tunnel_io_flush(d->io);
        if (n < EL_TUNNEL_IO_TRAINS)
            return;
    }
}

static void port_failed(struct el_datapath *d, unsigned number, int rc)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_PORT_GONE, .number = number};

    if (rc == EL_EAGAIN) {
        d->port_down[number] = true;
        d->look_ns = d->now_ns + PORT_LOOK;
        EL_LOG(EL_LOG_WARN, "port", "down", EL_STR("interface", d->ports[number]->name));
        return;
    }
    if (!tell(d, &notice))
        return; /* it will fail again */
    d->port_gone[number] = true;
    EL_LOG(EL_LOG_ERROR, "port", "gone", EL_STR("interface", d->ports[number]->name),
           EL_STR("reason", el_strerror(rc)));
}

static void receive_frames(struct el_datapath *d, unsigned number)
{
    struct el_port_rx frames[PORT_BATCH];

    for (unsigned round = 0; round < PORT_ROUNDS && !el_tunnel_io_blocked(d->io); round++) {
        for (unsigned i = 0; i < PORT_BATCH; i++) {
            /* Two bytes more make the IP header behind the Ethernet header aligned. */
            frames[i].bytes = d->frames + (size_t)i * FRAME_ROOM + EL_FORWARD_HEADROOM + 2;
            frames[i].capacity = EL_PORT_FRAME_BYTES;
        }
        int n = el_port_receive(d->ports[number], frames, PORT_BATCH);
        if (n < 0)
            port_failed(d, number, n);
        d->port_down[number] = d->port_down[number] && n <= 0;
        for (int i = 0; i < n; i++)
            el_forward_frame(d->forward, d->now_ns, number, &frames[i]);
        if (n < PORT_BATCH)
            break;
    }
    el_forward_flush(d->forward, d->now_ns);
    el_tunnel_io_flush(d->io);
}

static void reserve_timestamps(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_RESERVED};

    if (el_tunnel_reserve_timestamp(d->tunnel, d->now_ns, notice.timestamp))
        d->reserve_untold = true;
    if (d->reserve_untold)
        d->reserve_untold = !tell(d, &notice);
}

/* No event tells that an interface which is down has been removed. */
static void look_at_ports(struct el_datapath *d)
{
    d->look_ns = EL_NEVER;
    for (unsigned i = 0; i < d->port_count; i++) {
        if (!d->port_down[i] || d->port_gone[i])
            continue;
        receive_frames(d, i);
        d->look_ns = d->now_ns + PORT_LOOK;
    }
}

/* Waits for something to do. Ports are not listened to while the sockets are full. */
static void wait_for_work(struct el_datapath *d, struct pollfd *fds)
{
    unsigned blocked = el_tunnel_io_blocked(d->io);
    short udp4 = blocked == 4 ? POLLIN | POLLOUT : POLLIN;
    short udp6 = blocked == 6 ? POLLIN | POLLOUT : POLLIN;
    uint64_t deadline = el_earlier(el_forward_deadline_ns(d->forward), d->look_ns);
    uint64_t wait = deadline > d->now_ns ? deadline - d->now_ns : 0;
    struct timespec timeout = {(time_t)(wait / EL_S), (long)(wait % EL_S)};

    fds[POLL_COMMAND] = (struct pollfd){d->commands[0], POLLIN, 0};
    fds[POLL_UDP4] = (struct pollfd){el_tunnel_io_fd(d->io, 4), udp4, 0};
    fds[POLL_UDP6] = (struct pollfd){el_tunnel_io_fd(d->io, 6), udp6, 0};
    fds[POLL_LOCATE] = (struct pollfd){d->locate_fd, POLLIN, 0};
    for (unsigned i = 0; i < d->port_count; i++) {
        int fd = blocked || d->port_gone[i] ? -1 : d->ports[i]->fd;
        fds[POLL_PORTS + i] = (struct pollfd){fd, POLLIN, 0};
    }
    ppoll(fds, POLL_PORTS + d->port_count, deadline == EL_NEVER ? NULL : &timeout, NULL);
    d->now_ns = el_sys_now_ns();
}

static void *run(void *arg)
{
    struct el_datapath *d = arg;
    struct pollfd fds[POLL_PORTS + EL_FORWARD_PORTS_MAX];

    while (!d->stopping) {
        wait_for_work(d, fds);
        if (fds[POLL_COMMAND].revents)
            obey(d);
        if (fds[POLL_LOCATE].revents & POLLIN)
            answer_questions(d);
        if (el_tunnel_io_blocked(d->io))
            el_tunnel_io_flush(d->io);
        if (fds[POLL_UDP4].revents & ~POLLOUT)
            receive_datagrams(d, 4);
        if (fds[POLL_UDP6].revents & ~POLLOUT)
            receive_datagrams(d, 6);
        for (unsigned i = 0; i < d->port_count; i++)
            if (fds[POLL_PORTS + i].revents)
                receive_frames(d, i);
        if (d->now_ns >= d->look_ns)
            look_at_ports(d);
        if (d->now_ns >= el_forward_deadline_ns(d->forward))
            el_forward_tick(d->forward, d->now_ns);
        reserve_timestamps(d);
        tell_of_report(d);
        el_tunnel_io_flush(d->io);
    }
    return NULL;
}

/* -- from other threads -- */

int el_datapath_start(struct el_datapath *d, struct el_err *err)
{
    sigset_t all, before;

    for (unsigned i = 0; i < d->peer_count; i++)
        el_tunnel_connect(d->tunnel, d->peers[i], d->now_ns);
    /* Signals are the other thread's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&d->thread, NULL, run, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return el_err_os(err, rc, "tunnel: cannot start the data path");
    d->running = true;
    return 0;
}

static void command(struct el_datapath *d, const struct command *command)
{
    struct pollfd room = {d->commands[1], POLLOUT, 0};

    while (write(d->commands[1], command, sizeof *command) < 0 && errno == EAGAIN)
        poll(&room, 1, -1);
}

void el_datapath_stop(struct el_datapath *d)
{
    if (!d || !d->running)
        return;
    command(d, &(struct command){.kind = COMMAND_STOP});
    pthread_join(d->thread, NULL);
    d->running = false;
}

int el_datapath_notice_fd(const struct el_datapath *d)
{
    return d->notices[0];
}

bool el_datapath_next_notice(struct el_datapath *d, struct el_datapath_notice *notice)
{
    return read(d->notices[0], notice, sizeof *notice) == (ssize_t)sizeof *notice;
}

void el_datapath_set_endpoint(struct el_datapath *d, unsigned peer,
                              const struct el_endpoint *endpoint)
{
    command(d, &(struct command){.kind = COMMAND_ENDPOINT, .peer = peer, .endpoint = *endpoint});
}

struct el_capture *el_datapath_capture(struct el_datapath *d)
{
    return d->capture;
}

void el_datapath_report(struct el_datapath *d, struct el_report *report)
{
    command(d, &(struct command){.kind = COMMAND_REPORT, .report = report});
}

void el_datapath_log_counters(struct el_datapath *d)
{
    command(d, &(struct command){.kind = COMMAND_COUNTERS});
}

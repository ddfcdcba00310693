/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data path: its lanes, and the thread that controls them. */
#include "datapath/datapath_inside.h"

#include "base/log.h"
#include "base/time.h"
#include "node/locate.h"
#include "sys/clock.h"
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    QUESTIONS = 32,      /* answered before handshakes get their turn */
    MESSAGES = 32,       /* of one lane, before the others get their turn */
    INSIDE_PACKETS = 16, /* sent before lanes get their turn */
};

#define ROAM_QUIET (10 * EL_S) /* in which a peer's moves are told once */

enum { POLL_COMMAND, POLL_WAKE, POLL_NOTICES, POLL_UDP4, POLL_UDP6, POLL_INSIDE, POLLS };

struct command {
    enum { COMMAND_ENDPOINT, COMMAND_PROBE, COMMAND_COUNTERS, COMMAND_REPORT, COMMAND_CHANGE } kind;
    unsigned peer;
    struct el_endpoint endpoint;
    struct el_report *report;
    struct el_datapath_change *change;
};

/* -- events of the tunnel, on any thread, in exclusive mode -- */

bool el_datapath_tell(struct el_datapath *d, const struct el_datapath_notice *notice)
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
        [EL_TUNNEL_SESSION_UP] = {"session-up", EL_LOG_INFO, NULL},
        [EL_TUNNEL_SESSION_DOWN] = {"session-down", EL_LOG_WARN, NULL},
        [EL_TUNNEL_REKEYED] = {"rekeyed", EL_LOG_DEBUG, NULL},
        [EL_TUNNEL_ROAMED] = {"roamed", EL_LOG_INFO, NULL},
        [EL_TUNNEL_TIMESTAMP] = {"initiation", EL_LOG_DEBUG, NULL},
        [EL_TUNNEL_NO_ANSWER] = {"no-answer", EL_LOG_WARN,
                                 "is the address right, is UDP let through, and does each side "
                                 "have the other's public key? trying on"},
        [EL_TUNNEL_SILENT] = {"silent", EL_LOG_INFO, NULL},
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
static bool is_news(struct el_datapath *d, uint64_t now_ns, enum el_tunnel_event event,
                    unsigned number)
{
    if (event != EL_TUNNEL_ROAMED)
        return true;
    if (now_ns < d->roam_told_ns[number])
        return false;
    d->roam_told_ns[number] = now_ns + ROAM_QUIET;
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

    uint64_t now_ns = el_sys_now_ns();

    el_forward_event(d->forward, now_ns, event, peer);
    if (!is_news(d, now_ns, event, notice.number))
        return;
    el_tunnel_peer_timestamp(peer, notice.timestamp);
    log_event(event, peer);
    el_datapath_tell(d, &notice);
}

static void on_relayed(void *arg, const struct el_tunnel_peer *from,
                       const struct el_tunnel_peer *to)
{
    struct el_datapath *d = arg;
    struct el_datapath_notice notice = {.kind = EL_NOTICE_RELAYED,
                                        .number = el_forward_peer_number(d->forward, from),
                                        .to = el_forward_peer_number(d->forward, to)};

    el_datapath_tell(d, &notice);
}

static void on_direct(void *arg, const struct el_tunnel_peer *peer, bool live, bool used)
{
    struct el_datapath *d = arg;
    struct el_datapath_notice notice = {.kind = EL_NOTICE_DIRECT,
                                        .number = el_forward_peer_number(d->forward, peer),
                                        .live = live,
                                        .used = used};

    if (live != d->live[notice.number])
        EL_LOG(EL_LOG_INFO, "tunnel", live ? "direct" : "relayed",
               EL_STR("peer", el_tunnel_peer_name(peer)),
               EL_ENDPOINT("endpoint", el_tunnel_peer_endpoint(peer)));
    d->live[notice.number] = live;
    el_datapath_tell(d, &notice);
}

/* -- waking control -- */

void el_datapath_wake(struct el_datapath *d)
{
    if (!atomic_exchange(&d->woken, true))
        eventfd_write(d->wake, 1);
}

static void on_queued(void *arg)
{
    el_datapath_wake(arg);
}

/* A thread is about to leave exclusive mode. What it has changed may be due soon. */
static void on_changed(void *arg, unsigned lane)
{
    struct el_datapath *d = arg;

    if (lane != d->lane_count &&
        el_forward_control_deadline_ns(d->forward) < atomic_load(&d->sleeps_ns))
        el_datapath_wake(d);
}

/* -- what lanes tell, on their threads -- */

static bool on_hand_over(void *arg, unsigned lane, const struct el_endpoint *from,
                         const uint8_t *bytes, size_t len)
{
    const struct el_datapath *d = arg;

    return el_lane_queue(d->lanes[lane], from, bytes, len);
}

static bool on_port_gone(void *arg, unsigned number, int why)
{
    struct el_datapath *d = arg;
    struct el_datapath_notice notice = {.kind = EL_NOTICE_PORT_GONE, .number = number};

    if (!el_datapath_tell(d, &notice))
        return false;                                  /* it will fail again */
    if (!atomic_exchange(&d->port_gone[number], true)) /* other lanes see it as well */
        EL_LOG(EL_LOG_ERROR, "port", "gone", EL_STR("interface", d->ports[number].name),
               EL_STR("reason", el_strerror(why)));
    return true;
}

/* On control's thread. */
static bool on_loop(void *arg, const struct el_tunnel_peer *peer,
                    const struct el_tunnel_peer *other, uint32_t vni, bool shut)
{
    struct el_datapath *d = arg;
    struct el_datapath_notice notice = {
        .kind = EL_NOTICE_LOOP,
        .number = el_forward_peer_number(d->forward, peer),
        .loop = {vni, other ? el_forward_peer_number(d->forward, other) : EL_TUNNEL_PEERS_MAX,
                 shut}};

    if (!el_datapath_tell(d, &notice))
        return false;
    EL_LOG(shut ? EL_LOG_WARN : EL_LOG_INFO, "switch", shut ? "loop" : "loop-gone",
           EL_STR("peer", el_tunnel_peer_name(peer)),
           EL_STR("like", other ? el_tunnel_peer_name(other) : NULL), EL_UINT("vni", vni),
           EL_STR("hint", shut ? "both bridge the same LAN: the later one is shut out" : NULL));
    return true;
}

/* On any lane's thread. */
static void on_server(void *arg, unsigned port, enum el_guard_kind kind, const struct el_mac *mac,
                      const struct el_ip *ip)
{
    const struct el_datapath *d = arg;

    if (d->guards_servers)
        EL_LOG(EL_LOG_WARN, "switch", "rogue-dhcp", EL_STR("interface", d->ports[port].name),
               EL_MAC("mac", mac), EL_IP("ip", ip), EL_STR("says", el_guard_kind_names[kind]),
               EL_STR("what", "a server on this LAN: its answers do not pass"));
    else if (kind == EL_GUARD_DHCP || kind == EL_GUARD_DHCPV6)
        EL_LOG(EL_LOG_WARN, "switch", "dhcp-server", EL_STR("interface", d->ports[port].name),
               EL_MAC("mac", mac), EL_IP("ip", ip), EL_STR("says", el_guard_kind_names[kind]),
               EL_STR("what", "a server on this LAN; --guard keeps its answers to itself"));
}

static bool on_inside(void *arg, unsigned lane, const uint8_t *packet, size_t len)
{
    const struct el_datapath *d = arg;

    (void)lane;
    return send(d->inside_fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
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
    const struct sender *sender = arg;

    el_forward_too_big(sender->forward, sender->lane, el_sys_now_ns(), to, len);
}

/* Sockets for LANE, or for control. */
static int make_io(struct el_datapath *d, unsigned lane, int udp4, int udp6,
                   struct el_tunnel_io **io, struct el_err *err)
{
    int rc = el_tunnel_io_new(udp4, udp6, io, err);

    if (rc < 0)
        return rc;
    struct el_forward_out out = {io_reserve, io_cancel, *io};
    el_forward_set_out(d->forward, lane, &out);
    d->senders[lane] = (struct sender){d->forward, lane};
    el_tunnel_io_on_too_big(*io, io_too_big, &d->senders[lane]);
    return 0;
}

/* And the way to what is inside TCP, for those that have one. */
static int add_streams(const struct el_datapath_config *config, unsigned number,
                       struct el_tunnel_io *io, struct el_err *err)
{
    return config->has_streams ? el_tunnel_io_add_streams(io, config->streams[number], err) : 0;
}

static int make_lane(struct el_datapath *d, const struct el_datapath_config *config,
                     unsigned number, struct el_err *err)
{
    struct el_lane_config lane = {
        .number = number,
        .forward = d->forward,
        .gate = &d->gate_functions,
        .laps = &d->laps,
        .queued = on_queued,
        .port_gone = on_port_gone,
        .arg = d,
    };
    int rc = make_io(d, number, config->udp4[number], config->udp6[number], &lane.io, err);

    if (rc < 0)
        return rc;
    rc = el_lane_new(&lane, &d->lanes[number], err);
    return rc < 0 ? rc : add_streams(config, number, lane.io, err);
}

static void close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int add_streams_of_control(struct el_datapath *d, const struct el_datapath_config *config,
                                  struct el_err *err)
{
    int fd = fcntl(config->streams[0], F_DUPFD_CLOEXEC, 0);

    return fd < 0 ? el_err_os(err, errno, "tunnel: no descriptor for another channel")
                  : el_tunnel_io_add_streams(d->io, fd, err);
}

/* Control sends through the first lane's sockets: a handshake may come from any. */
static int make_lanes(struct el_datapath *d, const struct el_datapath_config *config,
                      struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; i < d->lane_count && rc == 0; i++)
        rc = make_lane(d, config, i, err);
    if (rc < 0)
        return rc;
    int udp4 = config->udp4[0] < 0 ? -1 : fcntl(config->udp4[0], F_DUPFD_CLOEXEC, 0);
    int udp6 = config->udp6[0] < 0 ? -1 : fcntl(config->udp6[0], F_DUPFD_CLOEXEC, 0);
    if ((config->udp4[0] >= 0 && udp4 < 0) || (config->udp6[0] >= 0 && udp6 < 0)) {
        rc = el_err_os(err, errno, "tunnel: no descriptor for another socket");
        close_all((const int[]){udp4, udp6}, 2);
        return rc;
    }
    rc = make_io(d, d->lane_count, udp4, udp6, &d->io, err);
    return rc < 0 || !config->has_streams ? rc : add_streams_of_control(d, config, err);
}

static int make_parts(struct el_datapath *d, const struct el_datapath_config *config,
                      struct el_err *err)
{
    struct el_tunnel_config tunnel = config->tunnel;

    d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->wake < 0 || pipe2(d->commands, O_CLOEXEC | O_NONBLOCK) < 0 ||
        pipe2(d->notices, O_CLOEXEC | O_NONBLOCK) < 0)
        return el_err_os(err, errno, "tunnel: no pipe");
    int rc = el_sys_gate_new(d->lane_count + 1, &d->gate);
    if (rc == 0)
        rc = el_sys_gate_new(d->lane_count + 1, &d->laps_gate);
    if (rc < 0)
        return el_err(err, rc, "tunnel: %u lanes: %s", d->lane_count, el_strerror(rc));
    d->gate_functions = el_sys_gate_functions(d->gate);
    d->laps = el_sys_gate_functions(d->laps_gate);
    tunnel.lanes = d->lane_count;
    tunnel.gate = d->gate_functions;
    tunnel.event = on_event;
    tunnel.arg = d;
    rc = el_tunnel_new(&tunnel, &d->tunnel, err);
    if (rc < 0)
        return rc;
    d->capture = el_capture_new(EL_FORWARD_PORTS_MAX + tunnel.peers_max);
    if (!d->capture)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    d->guards_servers = config->guard_servers;
    struct el_forward_config forward = {
        .tunnel = d->tunnel,
        .lanes = d->lane_count,
        .gate = d->gate_functions,
        .hand_over = on_hand_over,
        .relayed = on_relayed,
        .direct = on_direct,
        .arg = d,
        .address = config->address,
        .peers_max = tunnel.peers_max,
        .capture = d->capture,
        .inside = d->inside_fd >= 0 ? on_inside : NULL,
        .loop = config->guard ? on_loop : NULL,
        .server = config->watch_servers ? on_server : NULL,
        .guard = config->guard_servers,
    };
    rc = el_forward_new(&forward, &d->forward);
    if (rc < 0)
        return el_err(err, rc, "tunnel: %s", el_strerror(rc));
    el_sys_gate_on_changed(d->gate, on_changed, d);
    return make_lanes(d, config, err);
}

int el_datapath_new(const struct el_datapath_config *config, struct el_datapath **datapath,
                    struct el_err *err)
{
    struct el_datapath *d = calloc(1, sizeof *d);

    if (!d)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    d->commands[0] = d->commands[1] = d->notices[0] = d->notices[1] = d->wake = -1;
    d->locate_count = config->locate_count;
    memcpy(d->locates, config->locates, sizeof d->locates);
    d->inside_fd = config->inside_fd;
    d->lane_count = config->lanes;
    d->now_ns = el_sys_now_ns();
    int rc = make_parts(d, config, err);
    if (rc < 0) {
        el_datapath_free(d);
        return rc;
    }
    *datapath = d;
    return 0;
}

void el_datapath_free(struct el_datapath *d)
{
    if (!d)
        return;
    el_datapath_stop(d);
    for (unsigned i = 0; i < d->lane_count; i++)
        el_lane_free(d->lanes[i]);
    el_forward_free(d->forward);
    el_capture_free(d->capture);
    el_tunnel_free(d->tunnel);
    el_tunnel_io_free(d->io);
    el_sys_gate_free(d->gate);
    el_sys_gate_free(d->laps_gate);
    close_all(d->commands, 2);
    close_all(d->notices, 2);
    close_all(&d->wake, 1);
    close_all(&d->inside_fd, 1);
    free(d);
}

/* -- control: what others ask for -- */

static void log_counter(void *arg, const char *part, const char *name, uint64_t value)
{
    char full[64];

    (void)arg;
    if (value == 0)
        return;
    snprintf(full, sizeof full, "%s.%s", part, name);
    EL_LOG(EL_LOG_INFO, "tunnel", "counter", EL_STR("name", full), EL_UINT("value", value));
}

/* All counters, of all parts and lanes. */
static void visit_counters(const struct el_datapath *d, el_forward_counter_cb *each, void *arg)
{
    el_forward_counters(d->forward, each, arg);
    for (unsigned i = 0; i < EL_TUNNEL_IO_COUNTERS; i++) {
        /* Control's socket is the first lane's, and so is what the kernel drops there. */
        uint64_t sum = i == EL_TUNNEL_IO_RX_DROP_FULL ? 0 : el_tunnel_io_count(d->io, i);
        for (unsigned l = 0; l < d->lane_count; l++)
            sum += el_tunnel_io_count(el_lane_io(d->lanes[l]), i);
        each(arg, "sockets", el_tunnel_io_counter_name(i), sum);
    }
}

/* The sum of all queues'. */
static uint64_t count_of_port(const struct el_datapath *d, unsigned port,
                              enum el_port_counter counter)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < d->lane_count; i++)
        sum += el_port_count(el_lane_port(d->lanes[i], port), counter);
    return sum;
}

static void log_counters(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_COUNTERS};

    visit_counters(d, log_counter, NULL);
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        for (unsigned k = 0; d->ports[i].used && k < EL_PORT_COUNTERS; k++)
            log_counter(NULL, d->ports[i].name, el_port_counter_name(k), count_of_port(d, i, k));
    for (unsigned i = 0; i < d->peer_count; i++)
        if (d->peers[i])
            EL_LOG(EL_LOG_INFO, "tunnel", "peer", EL_STR("peer", el_tunnel_peer_name(d->peers[i])),
                   EL_STR("up", el_tunnel_peer_is_up(d->peers[i], d->now_ns) ? "yes" : "no"),
                   EL_ENDPOINT("endpoint", el_tunnel_peer_endpoint(d->peers[i])),
                   EL_UINT("path-mtu", el_forward_path_mtu(d->peers[i])));
    el_datapath_tell(d, &notice);
}

static bool is_down(const struct el_datapath *d, unsigned port)
{
    for (unsigned i = 0; i < d->lane_count; i++)
        if (el_lane_port_is_down(d->lanes[i], port))
            return true;
    return false;
}

static void report_port(const struct el_datapath *d, unsigned number, struct el_report_port *port)
{
    const struct port_info *info = &d->ports[number];

    *port = (struct el_report_port){
        .vni = info->vni,
        .published = info->published,
        .down = is_down(d, number),
        .gone = atomic_load(&d->port_gone[number]),
    };
    memcpy(port->name, info->name, sizeof port->name);
    for (unsigned k = 0; k < EL_PORT_COUNTERS; k++)
        port->counts[k] = count_of_port(d, number, k);
}

static void take_report(struct el_datapath *d, struct el_report *report)
{
    report->now_ns = d->now_ns;
    report->port_count = report->counter_count = report->peer_count = 0;
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        if (d->ports[i].used)
            report_port(d, i, &report->ports[report->port_count++]);
    for (unsigned i = 0; i < d->peer_count; i++)
        if (d->peers[i])
            el_report_add_peer(report, d->peers[i]);
    visit_counters(d, el_report_add_counter, report);
    d->report_untold = true;
}

static void tell_of_report(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_REPORT};

    if (d->report_untold)
        d->report_untold = !el_datapath_tell(d, &notice);
}

static void move_peer(struct el_datapath *d, const struct command *command)
{
    struct el_tunnel_peer *peer = d->peers[command->peer];

    el_gate_exclusive(&d->gate_functions, d->lane_count);
    uint8_t carrier = el_tunnel_peer_endpoint(peer)->carrier;
    el_tunnel_peer_set_endpoint(peer, &command->endpoint);
    if (carrier != command->endpoint.carrier && el_tunnel_peer_is_up(peer, d->now_ns))
        el_forward_event(d->forward, d->now_ns, EL_TUNNEL_ROAMED, peer); /* another path's MTU */
    el_gate_resume(&d->gate_functions, d->lane_count);
    el_tunnel_connect(d->tunnel, peer, d->now_ns);
}

static void obey(struct el_datapath *d)
{
    struct command command;

    while (!d->changed &&
           read(d->commands[0], &command, sizeof command) == (ssize_t)sizeof command) {
        el_gate_shared(&d->gate_functions, d->lane_count);
        if (command.kind == COMMAND_COUNTERS)
            log_counters(d);
        if (command.kind == COMMAND_REPORT)
            take_report(d, command.report);
        el_gate_resume(&d->gate_functions, d->lane_count);
        if (command.kind == COMMAND_ENDPOINT && d->peers[command.peer])
            move_peer(d, &command);
        if (command.kind == COMMAND_PROBE && d->peers[command.peer])
            el_forward_probe(d->forward, d->now_ns, d->peers[command.peer], &command.endpoint);
        if (command.kind == COMMAND_CHANGE)
            el_datapath_make_change(d, command.change);
    }
}

static void answer_questions(struct el_datapath *d, int fd)
{
    struct el_locate_question question;

    for (unsigned i = 0; i < QUESTIONS; i++) {
        if (!el_locate_next_question(fd, &question))
            return;
        struct el_locate_answer answer = {.mac = question.mac};
        el_gate_shared(&d->gate_functions, d->lane_count);
        const struct el_tunnel_peer *peer =
            el_forward_locate(d->forward, d->now_ns, question.vni, &question.mac);
        el_gate_resume(&d->gate_functions, d->lane_count);
        if (peer)
            strncpy(answer.region, el_tunnel_peer_name(peer), sizeof answer.region - 1);
        el_locate_reply(fd, &answer);
    }
}

/* What comes from inside. A packet that is longer than any has no place at all. */
static void take_inside(struct el_datapath *d)
{
    uint8_t *packet = d->inside + EL_FORWARD_HEADROOM;

    el_gate_exclusive(&d->gate_functions, d->lane_count);
    for (unsigned i = 0; i < INSIDE_PACKETS && !el_tunnel_io_blocked(d->io); i++) {
        ssize_t len =
            recv(d->inside_fd, packet, EL_DATAPATH_INSIDE_BYTES, MSG_DONTWAIT | MSG_TRUNC);
        if (len == 0)
            d->inside_closed = true;
        if (len <= 0)
            break;
        el_forward_inside(d->forward, d->now_ns, packet,
                          len > EL_DATAPATH_INSIDE_BYTES ? 0 : (size_t)len);
    }
    el_gate_resume(&d->gate_functions, d->lane_count);
}

static void reserve_timestamps(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_RESERVED};

    if (el_tunnel_reserve_timestamp(d->tunnel, d->now_ns, notice.timestamp))
        d->reserve_untold = true;
    if (d->reserve_untold)
        d->reserve_untold = !el_datapath_tell(d, &notice);
}

static bool has_untold(const struct el_datapath *d)
{
    return d->reserve_untold || d->report_untold || d->changed;
}

/* -- control: the tunnel's own affairs -- */

/* Takes the handshakes that LANE has queued. True: there are more. */
static bool take_messages(struct el_datapath *d, struct el_lane *lane)
{
    const struct el_lane_message *message;

    for (unsigned i = 0; i < MESSAGES; i++) {
        message = el_lane_next_message(lane);
        if (!message)
            return false;
        el_tunnel_control(d->tunnel, d->now_ns, &message->from, message->bytes, message->len);
        el_lane_message_done(lane);
        el_forward_say(d->forward, d->now_ns);
    }
    return true;
}

static void take_all_messages(struct el_datapath *d)
{
    bool more = false;

    for (unsigned i = 0; i < d->lane_count && !d->changed; i++)
        more |= take_messages(d, d->lanes[i]);
    if (more)
        el_datapath_wake(d);
}

/* Waits for something to do. What lanes change while the deadline is found out wakes us at once. */
static void wait_for_work(struct el_datapath *d, struct pollfd *fds)
{
    unsigned blocked = el_tunnel_io_blocked(d->io);
    short udp4 = blocked == 4 ? POLLOUT : 0;
    short udp6 = blocked == 6 ? POLLOUT : 0;

    atomic_store(&d->sleeps_ns, EL_NEVER);
    el_gate_shared(&d->gate_functions, d->lane_count);
    uint64_t deadline = el_forward_control_deadline_ns(d->forward);
    el_gate_resume(&d->gate_functions, d->lane_count);
    atomic_store(&d->sleeps_ns, deadline);
    uint64_t wait = deadline > d->now_ns ? deadline - d->now_ns : 0;
    struct timespec timeout = {(time_t)(wait / EL_S), (long)(wait % EL_S)};

    /* A change is told before all else. */
    fds[POLL_COMMAND] = (struct pollfd){d->changed ? -1 : d->commands[0], POLLIN, 0};
    fds[POLL_WAKE] = (struct pollfd){d->wake, POLLIN, 0};
    /* Lanes are those who read. */
    fds[POLL_UDP4] = (struct pollfd){udp4 ? el_tunnel_io_fd(d->io, 4) : -1, udp4, 0};
    fds[POLL_UDP6] = (struct pollfd){udp6 ? el_tunnel_io_fd(d->io, 6) : -1, udp6, 0};
    for (unsigned i = 0; i < d->locate_count; i++)
        fds[POLLS + i] = (struct pollfd){d->locates[i], POLLIN, 0};
    /* What found no room is told as soon as there is. */
    fds[POLL_NOTICES] = (struct pollfd){has_untold(d) ? d->notices[1] : -1, POLLOUT, 0};
    int inside = blocked || d->inside_closed ? -1 : d->inside_fd;
    fds[POLL_INSIDE] = (struct pollfd){inside, POLLIN, 0};
    ppoll(fds, POLLS + d->locate_count, deadline == EL_NEVER ? NULL : &timeout, NULL);
    d->now_ns = el_sys_now_ns();
}

static void take_wake(struct el_datapath *d)
{
    eventfd_t value;

    eventfd_read(d->wake, &value);
    atomic_exchange(&d->woken, false); /* reads, too: we see what was queued by who found it true */
    take_all_messages(d);
}

static bool is_due(struct el_datapath *d)
{
    el_gate_shared(&d->gate_functions, d->lane_count);
    bool due = d->now_ns >= el_forward_control_deadline_ns(d->forward);
    el_gate_resume(&d->gate_functions, d->lane_count);
    return due;
}

static void *run(void *arg)
{
    struct el_datapath *d = arg;
    struct pollfd fds[POLLS + EL_DATAPATH_LOCATES];

    while (!atomic_load(&d->stopping)) {
        wait_for_work(d, fds);
        el_datapath_tell_of_change(d);
        if (fds[POLL_COMMAND].revents)
            obey(d);
        for (unsigned i = 0; i < d->locate_count; i++)
            if (fds[POLLS + i].revents & POLLIN)
                answer_questions(d, d->locates[i]);
        if (fds[POLL_INSIDE].revents)
            take_inside(d);
        if (fds[POLL_WAKE].revents)
            take_wake(d);
        if (is_due(d))
            el_forward_control_tick(d->forward, d->now_ns);
        reserve_timestamps(d);
        tell_of_report(d);
        el_tunnel_io_flush(d->io);
    }
    return NULL;
}

/* -- from other threads -- */

static int start_control(struct el_datapath *d, struct el_err *err)
{
    sigset_t all, before;

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

int el_datapath_start(struct el_datapath *d, struct el_err *err)
{
    for (unsigned i = 0; i < d->peer_count; i++)
        if (d->peers[i])
            el_tunnel_connect_in_turn(d->tunnel, d->peers[i], d->now_ns);
    int rc = start_control(d, err);
    for (unsigned i = 0; i < d->lane_count && rc == 0; i++)
        rc = el_lane_start(d->lanes[i], err);
    if (rc < 0)
        el_datapath_stop(d);
    return rc;
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
    for (unsigned i = 0; i < d->lane_count; i++)
        el_lane_stop(d->lanes[i]);
    atomic_store(&d->stopping, true);
    eventfd_write(d->wake, 1);
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

void el_datapath_probe(struct el_datapath *d, unsigned peer, const struct el_endpoint *endpoint)
{
    command(d, &(struct command){.kind = COMMAND_PROBE, .peer = peer, .endpoint = *endpoint});
}

void el_datapath_change(struct el_datapath *d, struct el_datapath_change *change)
{
    command(d, &(struct command){.kind = COMMAND_CHANGE, .change = change});
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

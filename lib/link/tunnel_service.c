/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tunnel applet: sets up the data path, then looks after names, timestamps and signals. */
#include "link/tunnel_service.h"

#include "base/log.h"
#include "datapath/datapath.h"
#include "link/queues.h"
#include "link/remember.h"
#include "link/tunnel_control.h"
#include "link/tunnel_manage.h"
#include "link/way.h"
#include "net/kernel.h"
#include "net/resolve.h"
#include "node/control.h"
#include "node/interface.h"
#include "node/key.h"
#include "node/lan.h"
#include "port/packet.h"
#include "port/tap.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "tunnel/aead.h"
#include "tunnel/tunnel_io.h"

#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    WIREGUARD_PORT = 51820,
    NOTICES = 64, /* taken before the loop has its turn again */
};

#define RESOLVE_AGAIN (30 * EL_S) /* a name that was found, while its peer does not answer */
#define RESOLVE_RETRY (5 * EL_S)  /* a name that was not found */
#define WAY_PATIENCE  (5 * EL_S)  /* with one way, where there are others */
#define PROBE_AGAIN   (30 * EL_S) /* whether UDP passes, while what is inside TCP does */

/* A peer, and where it is called, if it is: at one of its endpoints after the other. */
struct callee {
    struct service *service;
    unsigned number; /* of the peer */
    unsigned called; /* the endpoint that was called last */
    unsigned next;   /* the one to be called when that does not answer */
    unsigned round;  /* how often all have been */
    char host[256];  /* of `called` */
    uint16_t port;
    struct el_ip found;         /* one of its addresses */
    enum el_way way;            /* the next to it */
    struct el_endpoint reached; /* where it answered last */
    bool up;
    bool asking;
    bool told;                  /* that it is called inside TCP */
    struct el_net_timer *timer; /* NULL: it calls us */
};

struct service {
    const struct el_tunnel_service_config *config;
    struct el_lan_place lan; /* config->lan, taken apart */
    struct el_net *net;
    struct el_net_resolver *resolver;
    struct el_sys_signals *signals;
    struct el_datapath *datapath;
    struct el_remember *memory;
    uv_poll_t notices;
    struct el_sys_control socket; /* if we have made it; its fd is -1 once it is control's */
    struct el_tunnel_control *control;
    struct el_tunnel_manage *manage;
    int manage_fd; /* until it is that's; -1: nobody manages us */
    /* By their numbers; a place without a name is free. */
    struct el_node_peers peers; /* as many as there may be, without secrets */
    struct el_trace_port ports[EL_FORWARD_PORTS_MAX];
    bool port_gone; /* why the loop was stopped, */
    bool gave_up;   /* or why */
    struct el_net_timer *patience;
    struct callee *callees; /* as peers */
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
};

/* -- names -- */

static const struct el_node_peer *peer_of(const struct callee *callee)
{
    return &callee->service->peers.items[callee->number];
}

/* The one that has not answered, or has no name, is not the next to be called. */
static void turn(struct callee *callee)
{
    callee->next = (callee->called + 1) % peer_of(callee)->endpoint_count;
    callee->round += callee->next == 0;
}

/* Calls it by the way whose turn it is. */
static void call(struct callee *callee)
{
    struct service *s = callee->service;
    struct el_endpoint to = el_way_to(callee->way, &callee->found, callee->port);

    if (to.carrier != EL_CARRIER_UDP && !callee->told) {
        callee->told = true;
        EL_LOG(EL_LOG_INFO, "tunnel", "trying-tcp", EL_STR("peer", peer_of(callee)->name),
               EL_ENDPOINT("endpoint", &to), EL_STR("hint", "no answer over UDP"));
    }
    if (s->config->call_tcp)
        callee->way = el_way_after(callee->way, callee->port);
    if (callee->way == EL_WAY_UDP)
        turn(callee);
    el_datapath_set_endpoint(s->datapath, callee->number, &to);
    el_net_timer_set(callee->timer,
                     el_net_now_ns(s->net) + (s->config->call_tcp ? WAY_PATIENCE : RESOLVE_AGAIN));
}

static void on_resolved(void *arg, int code, const struct el_ip *ips, size_t count)
{
    struct callee *callee = arg;
    uint64_t now = el_net_now_ns(callee->service->net);

    callee->asking = false;
    if (callee->up)
        return; /* meanwhile it has called us */
    if (code < 0) {
        EL_LOG(EL_LOG_WARN, "tunnel", "name", EL_STR("name", callee->host),
               EL_STR("error", el_strerror(code)), EL_STR("hint", "trying on"));
        turn(callee);
        el_net_timer_set(callee->timer, now + RESOLVE_RETRY);
        return;
    }
    /* One address after the other, should the first not answer. */
    callee->found = ips[callee->round % count];
    call(callee);
}

static void resolve(struct callee *callee)
{
    callee->called = callee->next;
    (void)el_node_split_endpoint(peer_of(callee)->endpoints[callee->called], WIREGUARD_PORT,
                                 callee->host, &callee->port);
    callee->asking =
        el_net_resolve(callee->service->resolver, callee->host, on_resolved, callee, NULL) == 0;
    if (!callee->asking)
        el_net_timer_set(callee->timer, el_net_now_ns(callee->service->net) + RESOLVE_RETRY);
}

/* While it answers inside TCP: whether it does over UDP. */
static void probe_udp(struct callee *callee)
{
    struct service *s = callee->service;
    struct el_endpoint udp = el_way_to(EL_WAY_UDP, &callee->reached.ip, callee->port);

    if (callee->reached.carrier == EL_CARRIER_UDP)
        return;
    el_datapath_probe(s->datapath, callee->number, &udp);
    el_net_timer_set(callee->timer, el_net_now_ns(s->net) + PROBE_AGAIN);
}

static void on_callee_timer(void *arg)
{
    struct callee *callee = arg;

    if (callee->up)
        probe_udp(callee);
    else if (callee->way != EL_WAY_UDP)
        call(callee);
    else if (!callee->asking)
        resolve(callee);
}

static int prepare_callees(struct service *s, struct el_err *err)
{
    const struct el_node_peers *peers = &s->config->peers;

    s->callees = calloc(s->peers.count, sizeof *s->callees);
    if (!s->callees)
        return el_err(err, EL_ENOMEM, "out of memory");
    for (unsigned i = 0; i < s->peers.count; i++)
        s->callees[i] = (struct callee){.service = s, .number = i};
    for (unsigned i = 0; i < peers->count; i++) {
        struct callee *callee = &s->callees[i];
        if (peers->items[i].endpoint_count == 0)
            continue;
        callee->timer = el_net_timer_new(s->net, on_callee_timer, callee);
        if (!callee->timer)
            return el_err(err, EL_ENOMEM, "out of memory");
        el_net_timer_set(callee->timer, 0);
    }
    return 0;
}

/* -- what the data path tells -- */

static void reach(struct service *s, struct callee *callee, const struct el_endpoint *endpoint)
{
    callee->up = true;
    callee->told = false;
    callee->next = callee->called;
    callee->way = EL_WAY_UDP;
    callee->reached = *endpoint;
    if (callee->timer && endpoint->carrier != EL_CARRIER_UDP)
        el_net_timer_set(callee->timer, el_net_now_ns(s->net) + PROBE_AGAIN);
}

/* Where UDP does not pass any more, TCP may; else the name may lead elsewhere by now. */
static void lose(struct service *s, struct callee *callee)
{
    bool was_udp = callee->up && callee->reached.carrier == EL_CARRIER_UDP;

    callee->up = false;
    if (!callee->timer)
        return;
    callee->way = s->config->call_tcp && was_udp ? EL_WAY_TCP : EL_WAY_UDP;
    callee->found = callee->reached.ip;
    el_net_timer_set(callee->timer, 0);
}

static void on_event(struct service *s, const struct el_datapath_notice *notice)
{
    struct callee *callee = &s->callees[notice->number];
    const struct el_node_peer *peer = &s->peers.items[notice->number];

    switch (notice->event) {
    case EL_TUNNEL_SESSION_UP:
        el_net_timer_free(s->patience);
        s->patience = NULL;
        /* fallthrough */
    case EL_TUNNEL_ROAMED:
    case EL_TUNNEL_REKEYED: /* not every move was told */
        reach(s, callee, &notice->endpoint);
        el_remember_endpoint(s->memory, peer->key, &notice->endpoint);
        break;
    case EL_TUNNEL_SESSION_DOWN:
    case EL_TUNNEL_NO_ANSWER:
        if (callee->up || !s->config->call_tcp) /* else it is being called, way after way */
            lose(s, callee);
        break;
    case EL_TUNNEL_SILENT:
        if (callee->up && s->config->call_tcp)
            lose(s, callee);
        break;
    case EL_TUNNEL_REFUSED: break;
    case EL_TUNNEL_TIMESTAMP: el_remember_accepted(s->memory, peer->key, notice->timestamp); break;
    }
}

static void on_notices(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;
    struct el_datapath_notice notice;

    (void)status;
    (void)events;
    for (unsigned i = 0; i < NOTICES && el_datapath_next_notice(s->datapath, &notice); i++) {
        switch (notice.kind) {
        case EL_NOTICE_EVENT:
            on_event(s, &notice);
            el_tunnel_manage_event(s->manage, &notice);
            break;
        case EL_NOTICE_DIRECT: el_tunnel_manage_direct(s->manage, &notice); break;
        case EL_NOTICE_RELAYED: el_tunnel_manage_relayed(s->manage, &notice); break;
        case EL_NOTICE_RESERVED: el_remember_reserved(s->memory, notice.timestamp); break;
        case EL_NOTICE_PORT_GONE:
            if (el_tunnel_manage_port_gone(s->manage, notice.number))
                break;
            s->port_gone = true;
            el_net_kernel_stop(s->net);
            break;
        case EL_NOTICE_COUNTERS: break;
        case EL_NOTICE_REPORT: el_tunnel_control_reported(s->control); break;
        case EL_NOTICE_LOOP: el_tunnel_manage_loop(s->manage, &notice); break;
        case EL_NOTICE_CHANGED: el_tunnel_manage_changed(s->manage, notice.change); break;
        }
    }
}

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum == SIGHUP)
        el_datapath_log_counters(s->datapath);
    else
        el_net_kernel_stop(s->net);
}

/* -- setting up -- */

/* What was open or was opened with privileges. On an error it is left to the end of the process. */
struct opened {
    uint8_t private_key[EL_TUNNEL_KEY_BYTES];
    struct el_node_queues queues;
    int control; /* -1: none */
    uid_t owner; /* who has made it */
};

/* Which frames of the interface are the port's. */
static int vid_of(const struct service *s)
{
    return s->lan.vid ? s->lan.vid : EL_PACKET_ALL;
}

/* The queues of the port, if none were given. How many there are. */
static int open_port(const struct service *s, unsigned count, int fds[], struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;

    if (config->lan)
        return el_packet_open_lanes(s->lan.interface, vid_of(s), count, fds, err);
    return el_node_interface_open(config->network, s->public_key, (uint32_t)config->vni, NULL, NULL,
                                  count, fds, err);
}

/* What was given, and the rest. Sockets that were given say how many lanes there are. Who is
 * managed makes no interface. */
static int open_queues(const struct service *s, struct el_node_queues *queues, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    struct el_tunnel_io_options options = {(uint32_t)config->tunnel.mark, config->tunnel.device};
    int rc = el_node_queues_take(queues, config->lan ? "lan" : "tap", err);
    unsigned given = 0;

    while (given < EL_TUNNEL_LANES_MAX && queues->udp4[given] >= 0)
        given++;
    if (rc == 0)
        rc = el_node_lanes(config->tunnel.workers, err);
    if (rc >= 0 && queues->lanes == 0 && s->manage_fd >= 0) {
        queues->lanes = given ? given : (unsigned)rc;
    } else if (rc >= 0 && queues->lanes == 0) {
        rc = open_port(s, given ? given : (unsigned)rc, queues->port, err);
        queues->lanes = rc > 0 ? (unsigned)rc : 0;
    }
    if (rc < 0 || given == queues->lanes)
        return rc < 0 ? rc : 0;
    if (given > 0)
        return el_err(err, EL_EINVAL, "%u sockets were given, but the interface has one queue",
                      given);
    return el_node_queues_open_udp(queues, (uint16_t)config->listen, &options, err);
}

/* Who was told about no control socket, by a supervisor, makes none. */
static int open_control(struct service *s, struct opened *opened, struct el_err *err)
{
    opened->owner = geteuid();
    opened->control = el_sys_fds_take("control");
    if (opened->control >= 0)
        return 0;
    int rc = el_control_open(s->config->tunnel.control, s->config->network, &s->socket, err);
    opened->control = s->socket.fd;
    s->socket.fd = -1;
    return rc;
}

/* Everything that may need privileges. */
static int open_all(struct service *s, struct opened *opened, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    int key = el_sys_fds_take("key");

    if (key < 0 && !config->key)
        return el_err(err, EL_EINVAL, "--key FILE is missing (el2w keygen FILE makes one)");
    int rc = el_node_key_read(key, config->key, opened->private_key, err);
    if (key >= 0)
        close(key);
    if (rc < 0)
        return rc;
    el_tunnel_key_public(opened->private_key, s->public_key);
    if (config->lan)
        rc = el_lan_place_parse(config->lan, &s->lan, err);
    if (rc == 0)
        rc = open_queues(s, &opened->queues, err);
    return rc < 0 ? rc : open_control(s, opened, err);
}

static int adopt(const struct service *s, int fd, struct el_port **port)
{
    const struct el_tunnel_service_config *config = s->config;

    return config->lan ? el_port_from_packet(fd, config->lan, vid_of(s), port)
                       : el_port_from_tap(fd, config->network, port);
}

static int add_port(struct service *s, const struct el_node_queues *queues, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    const char *name = config->lan ? config->lan : config->network;
    struct el_port *ports[EL_TUNNEL_LANES_MAX];
    struct el_mac own;
    unsigned count = 0;

    if (queues->port[0] < 0)
        return 0; /* all there will be is managed */
    const char *interface = config->lan ? s->lan.interface : config->network;
    int rc = config->protect ? el_node_interface_mac(interface, &own, err) : 0;

    if (rc < 0)
        return rc;
    while (rc == 0 && count < queues->lanes) {
        rc = adopt(s, queues->port[count], &ports[count]);
        count += rc == 0;
    }
    if (rc < 0) {
        while (count > 0)
            el_port_close(ports[--count]);
        return el_err(err, rc, "%s: cannot use the interface: %s", name, el_strerror(rc));
    }
    rc = el_datapath_add_port(s->datapath, ports, (uint32_t)config->vni,
                              config->protect ? &own : NULL);
    if (rc < 0)
        return el_err(err, rc, "%s: %s", name, el_strerror(rc));
    s->ports[rc].vni = (uint32_t)config->vni;
    snprintf(s->ports[rc].name, sizeof s->ports[rc].name, "%s", name);
    return 0;
}

static int add_peers(struct service *s, struct el_err *err)
{
    const struct el_node_peers *peers = &s->config->peers;
    int rc = 0;

    for (unsigned i = 0; i < peers->count && rc >= 0; i++) {
        const struct el_node_peer *peer = &peers->items[i];
        struct el_tunnel_peer_config config = {
            .allowed = {peer->ip, 32},
            .keepalive_s = peer->keepalive_s,
            .wire = peer->wire,
        };
        memcpy(config.name, peer->name, sizeof config.name);
        memcpy(config.public_key, peer->key, sizeof config.public_key);
        memcpy(config.psk, peer->psk, sizeof config.psk);
        el_remember_peer(s->memory, peer->key, config.last_timestamp, &config.endpoint);
        rc = el_datapath_add_peer(s->datapath, &config, (uint32_t)s->config->vni, err);
        sodium_memzero(&config, sizeof config);
        if (rc < 0)
            return rc;
        s->peers.items[rc] = *peer;
        sodium_memzero(s->peers.items[rc].psk, sizeof s->peers.items[rc].psk);
    }
    return 0;
}

/* Which of the libraries does the work of ChaCha20-Poly1305. */
static void choose_cipher(void)
{
    const struct el_tunnel_aead *chosen = el_tunnel_chacha20poly1305_choose(el_sys_now_ns);

    EL_LOG(EL_LOG_INFO, "tunnel", "cipher", EL_STR("chacha20-poly1305", chosen->name));
#ifdef EL2W_BENCH_NO_ENCRYPTION
    EL_LOG(EL_LOG_ERROR, "tunnel", "NOT-ENCRYPTED",
           EL_STR("hint", "built for a bench: with wire=fast EVERYTHING IS READABLE ON THE WAY"));
#endif
}

/* Room for all peers there may be. */
static int make_peers(struct service *s, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    uint64_t managed = config->peers_max ? config->peers_max : EL_TUNNEL_SERVICE_PEERS;
    uint64_t max = config->peers.count + (s->manage_fd >= 0 ? managed : 0);

    max = max < 1 ? 1 : max > EL_TUNNEL_PEERS_MAX ? EL_TUNNEL_PEERS_MAX : max;
    s->peers.items = calloc(max, sizeof *s->peers.items);
    s->peers.count = s->peers.items ? (unsigned)max : 0;
    return s->peers.items ? 0 : el_err(err, EL_ENOMEM, "out of memory");
}

/* A channel for each lane, or none at all. */
static void take_streams(struct el_datapath_config *datapath)
{
    datapath->has_streams = datapath->lanes > 0;
    for (unsigned i = 0; i < datapath->lanes; i++) {
        datapath->streams[i] = el_sys_fds_take("stream");
        datapath->has_streams &= datapath->streams[i] >= 0;
    }
}

static int make_datapath(struct service *s, const struct opened *opened, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    struct el_datapath_config datapath = {
        .tunnel = {.peers_max = s->peers.count,
                   .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()},
        .lanes = opened->queues.lanes,
        .address = config->address.family ? el_ip4_number(&config->address)
                                          : el_node_key_address(s->public_key),
        .inside_fd = el_sys_fds_take("inside"),
    };

    datapath.guard = datapath.address == EL_NODE_HUB_ADDRESS;
    datapath.watch_servers = !datapath.guard; /* a hub's port is its own servers' */
    datapath.guard_servers = config->guard;

    while (datapath.locate_count < EL_DATAPATH_LOCATES) {
        int fd = el_sys_fds_take("locate");
        if (fd < 0)
            break;
        datapath.locates[datapath.locate_count++] = fd;
    }
    take_streams(&datapath);
    memcpy(datapath.udp4, opened->queues.udp4, sizeof datapath.udp4);
    memcpy(datapath.udp6, opened->queues.udp6, sizeof datapath.udp6);
    memcpy(datapath.tunnel.private_key, opened->private_key, sizeof opened->private_key);
    el_remember_own(s->memory, datapath.tunnel.last_timestamp);
    int rc = el_datapath_new(&datapath, &s->datapath, err);
    sodium_memzero(&datapath.tunnel, sizeof datapath.tunnel);
    return rc;
}

static int make_loop(struct service *s, struct el_err *err)
{
    int rc = el_net_kernel_new(&s->net, err);

    if (rc == 0)
        rc = el_net_resolver_new(s->net, NULL, &s->resolver, err);
    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
    if (rc < 0)
        return rc;
    s->notices.data = s;
    uv_poll_init(el_net_kernel_loop(s->net), &s->notices, el_datapath_notice_fd(s->datapath));
    uv_poll_start(&s->notices, UV_READABLE, on_notices);
    return prepare_callees(s, err);
}

static int make_control(struct service *s, const struct opened *opened, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    struct el_tunnel_control_config control = {
        .loop = el_net_kernel_loop(s->net),
        .fd = opened->control,
        .owner = opened->owner,
        .datapath = s->datapath,
        .about = {.network = opened->queues.port[0] < 0 ? NULL : config->network,
                  .vni = config->vni,
                  .public_key = s->public_key,
                  .address = config->address.family ? config->address
                                                    : el_ip4(el_node_key_address(s->public_key)),
                  .started_ns = el_sys_now_ns()},
        .ports = s->ports,
        .peers = &s->peers,
    };

    return opened->control < 0 ? 0 : el_tunnel_control_new(&control, &s->control, err);
}

static int make_manage(struct service *s, const struct opened *opened, struct el_err *err)
{
    struct el_tunnel_manage_config manage = {
        .loop = el_net_kernel_loop(s->net),
        .fd = s->manage_fd,
        .lanes = opened->queues.lanes,
        .datapath = s->datapath,
        .memory = s->memory,
        .peers = &s->peers,
        .ports = s->ports,
    };

    s->manage_fd = -1;
    return manage.fd < 0 ? 0 : el_tunnel_manage_new(&manage, &s->manage, err);
}

/* The directory of the control socket that we have made, -1 if we have made none: its file is to be
 * removed in the end. */
static int control_directory(const struct service *s)
{
    char path[EL_SYS_CONTROL_PATH];

    if (!s->socket.path[0])
        return -1;
    strcpy(path, s->socket.path);
    return open(dirname(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Its memory, its control socket and the way to names are all that a tunnel opens by name; a memory
 * that was given as a path, by hand, is anywhere. */
static int confine(const struct service *s, struct el_err *err)
{
    struct el_sys_place places[] = {{el_sys_fds_peek("state"), true}, {control_directory(s), true}};
    struct el_sys_confine_config config = {
        .places = places, .count = sizeof places / sizeof places[0], .resolver = true};
    int rc = s->config->state ? 0 : el_sys_confine(&config, err);

    if (places[1].fd >= 0)
        close(places[1].fd);
    return rc;
}

static void lose_patience(void *arg)
{
    struct service *s = arg;

    s->gave_up = true;
    el_net_kernel_stop(s->net);
}

static int begin_patience(struct service *s, struct el_err *err)
{
    if (s->config->give_up_ns == 0)
        return 0;
    s->patience = el_net_timer_new(s->net, lose_patience, s);
    if (!s->patience)
        return el_err(err, EL_ENOMEM, "out of memory");
    el_net_timer_set(s->patience, el_net_now_ns(s->net) + s->config->give_up_ns);
    return 0;
}

/* First what needs privileges, then without them the rest. */
static int set_up(struct service *s, struct el_err *err)
{
    const struct el_tunnel_service_config *config = s->config;
    struct el_sys_drop_config drop = {.uid = (uid_t)config->user, .gid = (gid_t)config->user};
    struct opened opened = {.control = -1};
    int rc = open_all(s, &opened, err);

    if (rc == 0)
        rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = confine(s, err);
    if (rc >= 0)
        rc = el_remember_open(el_sys_fds_take("state"), config->state, &s->memory, err);
    if (rc == 0)
        choose_cipher();
    if (rc == 0)
        rc = make_peers(s, err);
    if (rc == 0)
        rc = make_datapath(s, &opened, err);
    sodium_memzero(opened.private_key, sizeof opened.private_key);
    if (rc == 0)
        rc = add_port(s, &opened.queues, err);
    if (rc == 0)
        rc = add_peers(s, err);
    if (rc == 0)
        rc = make_loop(s, err);
    if (rc == 0)
        rc = make_control(s, &opened, err);
    if (rc == 0)
        rc = make_manage(s, &opened, err);
    if (rc == 0)
        rc = begin_patience(s, err);
    return rc == 0 ? el_datapath_start(s->datapath, err) : rc;
}

static void tear_down(struct service *s)
{
    el_datapath_stop(s->datapath);
    if (s->signals)
        el_sys_signals_free(s->signals);
    el_net_resolver_free(s->resolver);
    for (unsigned i = 0; s->callees && i < s->peers.count; i++)
        el_net_timer_free(s->callees[i].timer);
    el_net_timer_free(s->patience);
    el_net_kernel_free(s->net);
    free(s->callees);
    el_tunnel_control_free(s->control);
    el_tunnel_manage_free(s->manage);
    el_datapath_free(s->datapath);
    free(s->peers.items);
    el_sys_control_close(&s->socket);
    el_remember_close(s->memory);
}

int el_tunnel_service_run(const struct el_tunnel_service_config *config, struct el_err *err)
{
    struct service service = {
        .config = config, .socket = {.fd = -1}, .manage_fd = el_sys_fds_take("manage")};
    int rc = set_up(&service, err);

    if (rc == 0) {
        el_sys_notify_ready();
        el_sys_fds_close_rest();
        el_net_kernel_run(service.net);
        if (service.port_gone)
            rc = el_err(err, EL_ECLOSED,
                        "%s: the interface is gone; under el2w spoke it is used "
                        "again as soon as it is back",
                        config->lan ? config->lan : config->network);
        else if (service.gave_up)
            rc = el_err(err, EL_EAGAIN,
                        "no answer from %s for %llu s: is the address right, is UDP let through, "
                        "and does each side have the other's public key?",
                        config->peers.count == 1 ? config->peers.items[0].endpoints[0] : "any peer",
                        (unsigned long long)(config->give_up_ns / EL_S));
    }
    tear_down(&service);
    return rc;
}

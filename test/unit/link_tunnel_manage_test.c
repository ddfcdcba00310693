/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tunnel that is told over its channel who its peers are and what networks it has: a real data
 * path, and a test that manages it. */
#include "base/log.h"
#include "base/time.h"
#include "link/manage.h"
#include "link/tunnel_manage.h"
#include "port/pair.h"
#include "sys/clock.h"
#include "tunnel/tunnel_io.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

enum { BOOT = 77, LAB = 78, HUB = 0x64400001, PEERS_MAX = 4, FIXED_VNI = 7, FARS = 8 };

static struct world {
    uv_loop_t loop;
    uv_poll_t notices;
    struct el_datapath *datapath;
    struct el_tunnel_manage *manage;
    struct el_node_peer items[PEERS_MAX];
    struct el_node_peers peers;
    struct el_trace_port ports[EL_FORWARD_PORTS_MAX];
    struct el_report *report;
    bool reported;
    int control; /* our end */
    uint32_t sequence;
    struct el_endpoint at;
    uint8_t private_key[32], public_key[32];
    struct el_port *fars[FARS]; /* the other ends of ports, the last one last */
    unsigned far_count;
    char text[EL_MANAGE_TEXT_BYTES];
    /* What was told. */
    unsigned hellos, gone, downs, ups;
    uint8_t up[32];
    struct el_manage_peer_state state; /* the last */
    struct el_manage_direct direct;
    struct el_manage_relayed relayed;
} world;

/* -- the tunnel -- */

static void on_notices(uv_poll_t *poll, int status, int events)
{
    struct el_datapath_notice notice;

    (void)poll;
    (void)status;
    (void)events;
    while (el_datapath_next_notice(world.datapath, &notice)) {
        switch (notice.kind) {
        case EL_NOTICE_EVENT: el_tunnel_manage_event(world.manage, &notice); break;
        case EL_NOTICE_CHANGED: el_tunnel_manage_changed(world.manage, notice.change); break;
        case EL_NOTICE_REPORT: world.reported = true; break;
        case EL_NOTICE_PORT_GONE:
            assert_true(el_tunnel_manage_port_gone(world.manage, notice.number));
            break;
        default: break;
        }
    }
}

static const struct el_report *snapshot(void)
{
    world.reported = false;
    el_datapath_report(world.datapath, world.report);
    while (!world.reported)
        uv_run(&world.loop, UV_RUN_ONCE);
    return world.report;
}

/* A port pair's end for the tunnel; the other is ours. */
static int make_queue(void)
{
    int fds[2];

    assert_int_equal(el_port_pair_open(fds), 0);
    assert_true(world.far_count < FARS);
    assert_int_equal(el_port_from_pair(fds[1], "far", &world.fars[world.far_count++]), 0);
    return fds[0];
}

/* What was given as options: a peer and a network. */
static void give_options(void)
{
    struct el_tunnel_peer_config config = {.name = "fixed", .allowed = {el_ip4(HUB + 100), 32}};
    struct el_port *port;
    struct el_err err = {""};
    uint8_t key[32];

    el_tunnel_key_make(key);
    el_tunnel_key_public(key, config.public_key);
    assert_int_equal(el_datapath_add_peer(world.datapath, &config, FIXED_VNI, &err), 0);
    strcpy(world.items[0].name, "fixed");
    memcpy(world.items[0].key, config.public_key, 32);
    assert_int_equal(el_port_from_pair(make_queue(), "fixed", &port), 0);
    assert_int_equal(el_datapath_add_port(world.datapath, &port, FIXED_VNI, NULL), 0);
    world.ports[0] = (struct el_trace_port){"fixed", FIXED_VNI};
}

static void make_datapath(void)
{
    struct el_datapath_config config = {.lanes = 1, .udp6 = {-1}, .inside_fd = -1, .address = HUB};
    struct sockaddr_in bound;
    socklen_t len = sizeof bound;
    struct el_err err = {""};

    config.udp4[0] = el_tunnel_io_socket(4, 0, NULL, &err);
    assert_true(config.udp4[0] >= 0);
    assert_int_equal(getsockname(config.udp4[0], (struct sockaddr *)&bound, &len), 0);
    world.at = (struct el_endpoint){.ip = el_ip4(INADDR_LOOPBACK), .port = ntohs(bound.sin_port)};
    config.tunnel = (struct el_tunnel_config){
        .peers_max = PEERS_MAX, .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
    el_tunnel_key_make(config.tunnel.private_key);
    el_tunnel_key_public(config.tunnel.private_key, world.public_key);
    assert_int_equal(el_datapath_new(&config, &world.datapath, &err), 0);
}

static int begin(void **state)
{
    struct el_tunnel_manage_config config = {.loop = &world.loop, .lanes = 1};
    struct el_err err = {""};
    int ends[2];

    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    world = (struct world){.control = -1};
    world.peers = (struct el_node_peers){world.items, PEERS_MAX};
    world.report = el_report_new(PEERS_MAX);
    uv_loop_init(&world.loop);
    make_datapath();
    give_options();
    uv_poll_init(&world.loop, &world.notices, el_datapath_notice_fd(world.datapath));
    uv_poll_start(&world.notices, UV_READABLE, on_notices);
    assert_int_equal(el_manage_pair(ends), 0);
    world.control = ends[0];
    config.fd = ends[1];
    config.datapath = world.datapath;
    config.peers = &world.peers;
    config.ports = world.ports;
    assert_int_equal(el_tunnel_manage_new(&config, &world.manage, &err), 0);
    assert_int_equal(el_datapath_start(world.datapath, &err), 0);
    return 0;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    uv_close(handle, NULL);
}

static int end(void **state)
{
    (void)state;
    el_datapath_stop(world.datapath);
    uv_walk(&world.loop, close_handle, NULL);
    uv_run(&world.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world.loop), 0);
    el_tunnel_manage_free(world.manage);
    el_datapath_free(world.datapath);
    while (world.far_count > 0)
        el_port_close(world.fars[--world.far_count]);
    free(world.report);
    close(world.control);
    return 0;
}

/* -- who manages it -- */

static void note(const struct el_manage_message *message)
{
    switch (message->kind) {
    case EL_MANAGE_HELLO:
        assert_int_equal(message->hello.lanes, 1);
        assert_int_equal(message->hello.peers_max, PEERS_MAX);
        world.hellos++;
        break;
    case EL_MANAGE_NETWORK_GONE: world.gone = message->vni; break;
    case EL_MANAGE_PEER_STATE:
        memcpy(world.up, message->state.key, 32);
        world.state = message->state;
        world.ups += message->state.up;
        world.downs += !message->state.up;
        break;
    case EL_MANAGE_DIRECT: world.direct = message->direct; break;
    case EL_MANAGE_RELAYED: world.relayed = message->relayed; break;
    default: fail_msg("a message of kind %d", (int)message->kind);
    }
}

/* The next message, whatever it is. */
static void take(struct el_manage_message *message)
{
    int fds[EL_MANAGE_QUEUES], rc;

    while ((rc = el_manage_receive(world.control, message, fds)) == 0)
        uv_run(&world.loop, UV_RUN_ONCE);
    assert_int_equal(rc, 1);
}

static void send_request(struct el_manage_message *request, const int *fds)
{
    request->sequence = ++world.sequence;
    assert_int_equal(el_manage_send(world.control, request, fds), 0);
}

/* The answer to the request with SEQUENCE; its code. */
static int answer_to(uint32_t sequence)
{
    struct el_manage_message message;

    for (;;) {
        take(&message);
        if (message.kind == EL_MANAGE_ANSWER) {
            assert_int_equal(message.sequence, sequence);
            strcpy(world.text, message.answer.text);
            assert_int_equal(message.answer.code < 0, world.text[0] != '\0');
            return message.answer.code;
        }
        note(&message);
    }
}

static int ask(struct el_manage_message request)
{
    send_request(&request, NULL);
    return answer_to(world.sequence);
}

static int say(enum el_manage_kind kind)
{
    return ask((struct el_manage_message){.kind = kind});
}

static struct el_manage_message peer_message(uint8_t number)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_SET};
    struct el_manage_peer *peer = &message.peer;

    strcpy(peer->name, "spoke0");
    peer->name[5] = (char)('0' + number);
    memset(peer->key, 9, sizeof peer->key); /* the base point: a public key like any other */
    peer->key[0] = number;
    peer->key[31] = 1;
    peer->ip = el_ip4(HUB + number);
    peer->membership_count = 1;
    peer->memberships[0] = (struct el_manage_membership){.vni = BOOT, .published = true};
    return message;
}

static struct el_manage_message network_message(uint32_t vni, unsigned queues)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_SET};

    message.network = (struct el_manage_network){
        .vni = vni, .name = "boot", .published = true, .queues = queues, .form = EL_MANAGE_FRAMED};
    return message;
}

static int add_network(uint32_t vni)
{
    struct el_manage_message message = network_message(vni, 1);
    int fd = make_queue();

    send_request(&message, &fd);
    close(fd);
    return answer_to(world.sequence);
}

/* -- the tests -- */

static void all_is_told_and_the_rest_goes(void **state)
{
    (void)state;
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_int_equal(world.hellos, 1);
    assert_int_equal(add_network(BOOT), 0);
    assert_int_equal(add_network(LAB), 0);
    for (uint8_t i = 1; i <= 3; i++)
        assert_int_equal(ask(peer_message(i)), 0);
    assert_int_equal(say(EL_MANAGE_COMPLETE), 0);
    assert_int_equal(snapshot()->peer_count, 4);
    assert_int_equal(snapshot()->port_count, 3);
    assert_string_equal(world.report->peers[1].name, "spoke1");
    assert_int_equal(world.report->peers[1].memberships[0].vni, BOOT);
    assert_true(world.report->peers[1].memberships[0].published);

    /* Who manages it starts anew. */
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_int_equal(ask(network_message(BOOT, 0)), 0);
    assert_int_equal(ask(peer_message(3)), 0);
    struct el_manage_message closed = peer_message(1);
    closed.peer.memberships[0].published = false;
    assert_int_equal(ask(closed), 0);
    assert_int_equal(snapshot()->peer_count, 4); /* for the time */
    assert_int_equal(say(EL_MANAGE_COMPLETE), 0);
    assert_int_equal(snapshot()->peer_count, 3);
    assert_int_equal(world.report->port_count, 2);
    assert_string_equal(world.report->peers[0].name, "fixed");
    assert_string_equal(world.report->peers[1].name, "spoke1");
    assert_false(world.report->peers[1].memberships[0].published);
    assert_string_equal(world.report->peers[2].name, "spoke3");
    assert_string_equal(world.items[2].name, "");
    assert_string_equal(world.ports[2].name, "");
}

static void options_are_not_the_channels(void **state)
{
    struct el_manage_message peer = peer_message(1);
    struct el_manage_message remove = {.kind = EL_MANAGE_PEER_REMOVE};

    (void)state;
    memcpy(peer.peer.key, world.items[0].key, 32);
    memcpy(remove.key, world.items[0].key, 32);
    assert_int_equal(ask(remove), EL_EEXIST);
    assert_int_equal(add_network(FIXED_VNI), EL_EEXIST);
    assert_int_equal(
        ask((struct el_manage_message){.kind = EL_MANAGE_NETWORK_REMOVE, .vni = FIXED_VNI}),
        EL_EEXIST);
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_int_equal(say(EL_MANAGE_COMPLETE), 0);
    assert_int_equal(snapshot()->peer_count, 1);
    assert_int_equal(world.report->port_count, 1);
}

/* A spoke's hub, which is known by its options, and whose networks come and go. */
static void the_memberships_of_an_option_are_the_channels(void **state)
{
    struct el_manage_message peer = peer_message(1);
    const struct el_node_peer before = world.items[0];

    (void)state;
    memcpy(peer.peer.key, world.items[0].key, 32);
    peer.peer.membership_count = 2;
    peer.peer.memberships[0] = (struct el_manage_membership){.vni = BOOT, .published = true};
    peer.peer.memberships[1] = (struct el_manage_membership){.vni = LAB};
    assert_int_equal(ask(peer), 0);
    assert_memory_equal(&world.items[0], &before, sizeof before);
    assert_int_equal(snapshot()->peer_count, 1);
    const struct el_report_peer *fixed = &world.report->peers[0];
    assert_string_equal(fixed->name, "fixed");
    assert_int_equal(fixed->membership_count, 2);
    assert_int_equal(fixed->memberships[0].vni, BOOT);
    assert_true(fixed->memberships[0].published);
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_int_equal(say(EL_MANAGE_COMPLETE), 0); /* it is not the channel's to take away */
    assert_int_equal(snapshot()->peers[0].membership_count, 2);
    peer.peer.membership_count = 0;
    assert_int_equal(ask(peer), 0);
    assert_int_equal(snapshot()->peers[0].membership_count, 0);
}

static void what_cannot_be_is_said(void **state)
{
    struct el_manage_message remove = {.kind = EL_MANAGE_PEER_REMOVE},
                             two = network_message(LAB, 2);
    struct el_manage_message taken = peer_message(2), renamed = network_message(BOOT, 0);
    struct el_manage_message low = peer_message(3);
    int fds[2];

    (void)state;
    memset(remove.key, 1, sizeof remove.key);
    assert_int_equal(ask(remove), EL_ENOENT);
    assert_int_equal(ask(network_message(BOOT, 0)), EL_ENOENT);
    assert_int_equal(pipe(fds), 0);
    send_request(&two, fds);
    assert_int_equal(answer_to(world.sequence), EL_EINVAL);
    two = network_message(LAB, 1);
    two.network.form = EL_MANAGE_TAP;
    send_request(&two, fds);
    assert_true(answer_to(world.sequence) < 0); /* a pipe is no TAP */
    assert_int_equal(ask(peer_message(1)), 0);
    taken.peer.ip = el_ip4(HUB + 1);
    assert_int_equal(ask(taken), EL_EEXIST);
    assert_non_null(strstr(world.text, "spoke1"));
    memset(low.peer.key, 0, sizeof low.peer.key);
    low.peer.key[0] = 1; /* a point of low order */
    assert_int_equal(ask(low), EL_EINVAL);
    assert_int_equal(add_network(BOOT), 0);
    strcpy(renamed.network.name, "other");
    assert_int_equal(ask(renamed), EL_EINVAL);
    for (uint8_t i = 2; i <= 3; i++)
        assert_int_equal(ask(peer_message(i)), 0);
    assert_int_equal(ask(peer_message(4)), EL_EFULL);
    close(fds[0]);
    close(fds[1]);
}

static void networks_change(void **state)
{
    struct el_manage_message closed = network_message(BOOT, 0);

    (void)state;
    assert_int_equal(ask(peer_message(1)), 0); /* before there is a port */
    assert_int_equal(add_network(BOOT), 0);
    closed.network.published = false;
    assert_int_equal(ask(closed), 0);
    assert_false(snapshot()->ports[1].published);
    assert_int_equal(add_network(BOOT), 0); /* another interface */
    assert_true(snapshot()->ports[1].published);
    assert_int_equal(world.report->port_count, 2);
    assert_int_equal(ask((struct el_manage_message){.kind = EL_MANAGE_NETWORK_REMOVE, .vni = BOOT}),
                     0);
    assert_int_equal(snapshot()->port_count, 1);
    assert_int_equal(world.report->peers[1].membership_count, 0);
}

/* An interface that goes away takes its network's port along, and nothing else. */
static void a_lost_interface_is_told(void **state)
{
    struct el_manage_message message;

    (void)state;
    assert_int_equal(add_network(BOOT), 0);
    shutdown(world.fars[world.far_count - 1]->fd, SHUT_RDWR);
    while (world.gone == 0) {
        take(&message);
        note(&message);
    }
    assert_int_equal(world.gone, BOOT);
    assert_int_equal(ask(network_message(BOOT, 0)), EL_ENOENT);
    assert_int_equal(add_network(BOOT), 0);
    assert_int_equal(snapshot()->port_count, 2);
}

/* -- a peer that is there -- */

struct spoke {
    struct el_tunnel *tunnel;
    struct el_tunnel_peer *hub;
    int fd;
    struct el_manage_message set;
};

static void make_spoke(struct spoke *spoke)
{
    struct el_tunnel_config config = {.peers_max = 1,
                                      .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
    struct el_tunnel_peer_config hub = {.name = "hub", .allowed = {el_ip4(HUB), 32}};
    struct el_err err = {""};

    spoke->fd = el_tunnel_io_socket(4, 0, NULL, &err);
    spoke->set = peer_message(1);
    el_tunnel_key_make(config.private_key);
    el_tunnel_key_public(config.private_key, spoke->set.peer.key);
    assert_int_equal(el_tunnel_new(&config, &spoke->tunnel, NULL), 0);
    memcpy(hub.public_key, world.public_key, 32);
    hub.endpoint = world.at;
    assert_int_equal(el_tunnel_add_peer(spoke->tunnel, &hub, &spoke->hub, NULL), 0);
}

static void shake_hands(struct spoke *spoke)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(world.at.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pollfd readable = {spoke->fd, POLLIN, 0};
    struct el_tunnel_packet packet;
    struct el_endpoint at;
    uint8_t bytes[2048];
    int len;

    el_tunnel_connect(spoke->tunnel, spoke->hub, el_sys_now_ns());
    for (;;) {
        while ((len = el_tunnel_output(spoke->tunnel, el_sys_now_ns(), bytes, &at)) > 0)
            assert_int_equal(
                sendto(spoke->fd, bytes, (size_t)len, 0, (struct sockaddr *)&to, sizeof to), len);
        if (el_tunnel_peer_is_up(spoke->hub, el_sys_now_ns()))
            return;
        assert_int_equal(poll(&readable, 1, 20000), 1);
        ssize_t n = recv(spoke->fd, bytes, sizeof bytes, 0);
        el_tunnel_open(spoke->tunnel, el_sys_now_ns(), &world.at, bytes, (size_t)n, &packet);
    }
}

static void await_up(const struct spoke *spoke, unsigned ups)
{
    struct el_manage_message message;

    while (world.ups < ups) {
        take(&message);
        note(&message);
    }
    assert_memory_equal(world.up, spoke->set.peer.key, 32);
}

/* Who comes is told, and told again to who manages it anew. What changes nothing leaves it alone.
 */
static void comings_are_told(void **state)
{
    struct spoke spoke;

    (void)state;
    make_spoke(&spoke);
    assert_int_equal(ask(spoke.set), 0);
    shake_hands(&spoke);
    await_up(&spoke, 1);
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_int_equal(ask(spoke.set), 0);
    assert_int_equal(world.ups, 1);
    assert_int_equal(say(EL_MANAGE_COMPLETE), 0);
    await_up(&spoke, 2);
    assert_true(snapshot()->peers[1].state.up);
    spoke.set.peer.keepalive_s = 25;
    assert_int_equal(ask(spoke.set), 0);
    assert_true(snapshot()->peers[1].state.up);
    assert_int_equal(world.report->peers[1].state.keepalive_s, 25);
    spoke.set.peer.ip = el_ip4(HUB + 50); /* another address: its session ends */
    assert_int_equal(ask(spoke.set), 0);
    assert_false(snapshot()->peers[1].state.up);
    struct el_manage_message message;
    while (world.downs == 0) {
        take(&message);
        note(&message);
    }
    assert_int_equal(world.ups, 2);
    el_tunnel_free(spoke.tunnel);
    close(spoke.fd);
}

/* A network has more ports than its own: they come and go by their names, and leave it alone. */
static void a_network_has_more_ports(void **state)
{
    struct el_manage_message own = network_message(BOOT, 1), more = network_message(BOOT, 1);
    struct el_manage_message remove = {.kind = EL_MANAGE_PORT_REMOVE, .port = "camera"};
    int queue;

    (void)state;
    queue = make_queue();
    send_request(&own, &queue);
    assert_int_equal(answer_to(world.sequence), 0);
    close(queue);
    more.kind = EL_MANAGE_PORT_SET;
    strcpy(more.network.name, "camera");
    more.network.queues = 0;
    assert_int_equal(ask(more), EL_ENOENT);
    more.network.queues = 1;
    queue = make_queue();
    send_request(&more, &queue);
    assert_int_equal(answer_to(world.sequence), 0);
    close(queue);
    assert_int_equal(snapshot()->port_count, 3); /* with that of the options */
    more.network.queues = 0;
    more.network.published = false;
    assert_int_equal(ask(more), 0);
    more.network.vni = BOOT + 1;
    assert_int_equal(ask(more), EL_EINVAL);
    assert_int_equal(ask(remove), 0);
    assert_int_equal(snapshot()->port_count, 2);
    assert_int_equal(ask(remove), EL_ENOENT);
    own.network.queues = 0;
    assert_int_equal(ask(own), 0);
}

static unsigned number_of(const struct el_manage_message *set)
{
    unsigned i = 0;

    while (memcmp(world.items[i].key, set->peer.key, 32) != 0)
        i++;
    return i;
}

static void loop_is_told(const struct el_datapath_notice *notice)
{
    struct el_manage_message message;

    el_tunnel_manage_loop(world.manage, notice);
    take(&message);
    note(&message);
}

/* Who is shut out for whose sake is part of how it stands with a peer, until the loop or the
 * membership ends. */
static void loops_are_told(void **state)
{
    struct el_manage_message out = peer_message(1), in = peer_message(2);

    (void)state;
    assert_int_equal(ask(out), 0);
    assert_int_equal(ask(in), 0);
    struct el_datapath_notice notice = {
        .kind = EL_NOTICE_LOOP, .number = number_of(&out), .loop = {BOOT, number_of(&in), true}};
    loop_is_told(&notice);
    assert_memory_equal(world.state.key, out.peer.key, 32);
    assert_int_equal(world.state.loop_count, 1);
    assert_int_equal(world.state.loops[0].vni, BOOT);
    assert_memory_equal(world.state.loops[0].other, in.peer.key, 32);
    loop_is_told(&notice);
    assert_int_equal(world.state.loop_count, 1);
    notice.loop.shut = false;
    loop_is_told(&notice);
    assert_int_equal(world.state.loop_count, 0);

    notice.loop.shut = true;
    loop_is_told(&notice);
    struct el_manage_message remove = {.kind = EL_MANAGE_PEER_REMOVE};
    memcpy(remove.key, in.peer.key, 32);
    assert_int_equal(ask(remove), 0);
    out.peer.memberships[out.peer.membership_count++] =
        (struct el_manage_membership){.vni = BOOT + 1, .published = true};
    assert_int_equal(ask(out), 0);
    loop_is_told(&(struct el_datapath_notice){.number = notice.number,
                                              .loop = {BOOT + 1, EL_TUNNEL_PEERS_MAX, true}});
    assert_int_equal(world.state.loop_count, 2);
    assert_true(sodium_is_zero(world.state.loops[0].other, 32)); /* it has gone */
    assert_true(sodium_is_zero(world.state.loops[1].other, 32));
    out.peer.membership_count = 0;
    send_request(&out, NULL);
    while (world.state.loop_count > 0) {
        struct el_manage_message message;
        take(&message);
        if (message.kind == EL_MANAGE_PEER_STATE)
            note(&message);
    }
    el_tunnel_manage_loop(NULL, &notice);
}

/* Another role is another peer; a peer without a session is called where it is said to be now. */
static void roles_and_places(void **state)
{
    struct el_manage_message peer = peer_message(1);

    (void)state;
    assert_int_equal(ask(peer), 0);
    assert_int_equal(snapshot()->peers[1].role, EL_FORWARD_MEMBER);
    peer.peer.role = EL_MANAGE_SHORTCUT;
    peer.peer.endpoint = (struct el_endpoint){.ip = el_ip4(INADDR_LOOPBACK), .port = 9};
    peer.peer.memberships[0].own.b[0] = 2;
    assert_int_equal(ask(peer), 0);
    assert_int_equal(snapshot()->peers[1].role, EL_FORWARD_DIRECT);
    assert_int_equal(world.report->peers[1].endpoint.port, 9);
    peer.peer.endpoint.port = 10;
    assert_int_equal(ask(peer), 0);
    assert_int_equal(snapshot()->peers[1].endpoint.port, 10);
    peer.peer.endpoint = (struct el_endpoint){.port = 0};
    assert_int_equal(ask(peer), 0);
    assert_int_equal(snapshot()->peers[1].endpoint.port, 10);
    assert_int_equal(world.report->peer_count, 2);
}

/* What the data path says of direct ways and of those who could have one, about the channel's peers
 * alone. */
static void ways_are_told(void **state)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_RELAYED, .number = 1, .to = 2};

    (void)state;
    for (uint8_t i = 1; i <= 2; i++)
        assert_int_equal(ask(peer_message(i)), 0);
    el_tunnel_manage_relayed(world.manage, &notice);
    notice.to = 0;
    el_tunnel_manage_relayed(world.manage, &notice); /* an option's: nothing is told */
    notice.number = 2;
    notice.live = notice.used = true;
    el_tunnel_manage_direct(world.manage, &notice);
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_memory_equal(world.relayed.from, peer_message(1).peer.key, 32);
    assert_memory_equal(world.relayed.to, peer_message(2).peer.key, 32);
    assert_memory_equal(world.direct.key, peer_message(2).peer.key, 32);
    assert_true(world.direct.live && world.direct.used);

    /* Who manages it anew is told what is live, and not again what was used. */
    memset(&world.direct, 0, sizeof world.direct);
    assert_int_equal(ask(peer_message(2)), 0);
    assert_int_equal(say(EL_MANAGE_COMPLETE), 0);
    assert_int_equal(say(EL_MANAGE_BEGIN), 0);
    assert_true(world.direct.live);
    assert_false(world.direct.used);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(all_is_told_and_the_rest_goes),
        test(options_are_not_the_channels),
        test(the_memberships_of_an_option_are_the_channels),
        test(what_cannot_be_is_said),
        test(networks_change),
        test(a_lost_interface_is_told),
        test(comings_are_told),
        test(loops_are_told),
        test(a_network_has_more_ports),
        test(roles_and_places),
        test(ways_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

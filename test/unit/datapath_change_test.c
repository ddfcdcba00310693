/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A data path whose peers, ports and gates change while it runs, with spokes that are tunnels of
 * their own on loopback sockets and a port that is a socket pair. Nothing is waited for by time: a
 * spoke's ping is answered behind all that it has sent before.
 */
#include "base/log.h"
#include "base/time.h"
#include "datapath/datapath.h"
#include "overlay/overlay.h"
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

enum {
    BOOT = 77,
    LAB = 78,
    HUB = 0x64400001,
    SPOKES = 3,
    FRAME = 60,
    PATIENCE_MS = 120000,
    PEERS_MAX = 2,
};

struct spoke {
    struct el_tunnel *tunnel;
    struct el_tunnel_peer *hub;
    uint8_t key[32];
    uint32_t address;
    int fd;
    uint16_t pings;
};

static struct world {
    struct el_datapath *datapath;
    struct el_endpoint at;
    uint8_t private_key[32], public_key[32];
    struct spoke spokes[SPOKES];
    int inside; /* the far end */
} world;

/* -- changes -- */

static struct el_datapath_change *make_change(enum el_datapath_change_kind kind)
{
    struct el_datapath_change *change = calloc(1, sizeof *change);

    assert_non_null(change);
    change->kind = kind;
    return change;
}

/* Waits for it; its code, and its number in *NUMBER. */
static int done(struct el_datapath_change *change, unsigned *number)
{
    struct pollfd readable = {el_datapath_notice_fd(world.datapath), POLLIN, 0};
    struct el_datapath_notice notice = {0};

    el_datapath_change(world.datapath, change);
    while (notice.kind != EL_NOTICE_CHANGED)
        if (!el_datapath_next_notice(world.datapath, &notice))
            assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    assert_ptr_equal(notice.change, change);
    int code = change->code;
    assert_int_equal(code < 0, change->err.text[0] != '\0');
    if (number)
        *number = change->number;
    free(change);
    return code;
}

static struct el_datapath_change *set_peer(unsigned i)
{
    struct el_datapath_change *change = make_change(EL_CHANGE_SET_PEER);

    strcpy(change->peer.name, "spoke");
    memcpy(change->peer.public_key, world.spokes[i].key, 32);
    change->peer.allowed = (struct el_prefix){el_ip4(world.spokes[i].address), 32};
    return change;
}

/* Spoke I takes part in one network. */
static void let_in(unsigned i, uint32_t vni, bool published)
{
    struct el_datapath_change *change = set_peer(i);

    change->membership_count = 1;
    change->memberships[0] = (struct el_forward_membership){.vni = vni, .published = published};
    assert_int_equal(done(change, NULL), 0);
}

/* A port of network VNI; its far end. */
static struct el_port *add_port(uint32_t vni, unsigned *number)
{
    struct el_datapath_change *change = make_change(EL_CHANGE_ADD_PORT);
    struct el_port *far;
    int fds[2];

    assert_int_equal(el_port_pair_open(fds), 0);
    assert_int_equal(el_port_from_pair(fds[0], "port", &change->queues[0]), 0);
    assert_int_equal(el_port_from_pair(fds[1], "far", &far), 0);
    change->vni = vni;
    change->published = true;
    assert_int_equal(done(change, number), 0);
    return far;
}

static void on_port(enum el_datapath_change_kind kind, unsigned number, bool published)
{
    struct el_datapath_change *change = make_change(kind);

    change->number = number;
    change->published = published;
    assert_int_equal(done(change, NULL), 0);
}

static uint64_t counted(const char *part, const char *name)
{
    struct el_report *report = el_report_new(PEERS_MAX);
    struct pollfd readable = {el_datapath_notice_fd(world.datapath), POLLIN, 0};
    struct el_datapath_notice notice = {0};
    uint64_t value = UINT64_MAX;

    assert_non_null(report);
    el_datapath_report(world.datapath, report);
    while (notice.kind != EL_NOTICE_REPORT)
        if (!el_datapath_next_notice(world.datapath, &notice))
            assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    for (unsigned i = 0; i < report->counter_count; i++)
        if (strcmp(report->counters[i].part, part) == 0 &&
            strcmp(report->counters[i].name, name) == 0)
            value = report->counters[i].value;
    free(report);
    return value;
}

/* -- spokes -- */

static void send_to_hub(const struct spoke *spoke, const uint8_t *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(world.at.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    assert_int_equal(sendto(spoke->fd, bytes, len, 0, (struct sockaddr *)&to, sizeof to), len);
}

static void say(struct spoke *spoke)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    while ((len = el_tunnel_output(spoke->tunnel, el_sys_now_ns(), bytes, &to)) > 0)
        send_to_hub(spoke, bytes, (size_t)len);
}

/* Takes the next datagram, to BYTES: what el_tunnel_open() says of it. */
static int hear_one(struct spoke *spoke, uint8_t *bytes, size_t size,
                    struct el_tunnel_packet *packet)
{
    struct pollfd readable = {spoke->fd, POLLIN, 0};

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    ssize_t len = recv(spoke->fd, bytes, size, 0);
    assert_true(len > 0);
    int rc = el_tunnel_open(spoke->tunnel, el_sys_now_ns(), &world.at, bytes, (size_t)len, packet);
    say(spoke);
    return rc;
}

/* The next packet out of the spoke's tunnel. */
static struct el_tunnel_packet hear(struct spoke *spoke, uint8_t *bytes, size_t size)
{
    struct el_tunnel_packet packet;

    while (hear_one(spoke, bytes, size, &packet) != 1)
        ;
    return packet;
}

static unsigned frames_before_answer(unsigned i);

static void shake_hands(struct spoke *spoke)
{
    struct el_tunnel_packet packet;
    uint8_t bytes[2048];

    el_tunnel_connect(spoke->tunnel, spoke->hub, el_sys_now_ns());
    say(spoke);
    while (!el_tunnel_peer_is_up(spoke->hub, el_sys_now_ns()))
        hear_one(spoke, bytes, sizeof bytes, &packet);
    frames_before_answer((unsigned)(spoke - world.spokes)); /* the hub may send, too */
}

static void seal(struct spoke *spoke, uint8_t *packet, size_t len)
{
    uint8_t sealed[512];
    int n = el_tunnel_seal(spoke->tunnel, el_sys_now_ns(), spoke->hub, sealed, packet, len);

    assert_true(n > 0);
    send_to_hub(spoke, sealed, (size_t)n);
}

static struct el_mac mac_of(unsigned i)
{
    return (struct el_mac){{0x52, 0x54, 0, 0, 1, (uint8_t)i}};
}

static void write_frame(uint8_t frame[FRAME], const struct el_mac *src)
{
    memset(frame, 0xff, 6);
    memcpy(frame + 6, src, 6);
    memset(frame + 12, 0x88, FRAME - 12);
}

/* A broadcast of spoke I. */
static void shout(unsigned i, uint32_t vni)
{
    struct spoke *spoke = &world.spokes[i];
    struct el_overlay_path path = {spoke->address, HUB, vni, 0};
    uint8_t packet[EL_OVERLAY_HEADER + FRAME + EL_TUNNEL_SEAL_ROOM];
    struct el_mac src = mac_of(i);

    write_frame(packet + EL_OVERLAY_HEADER, &src);
    seal(spoke, packet, el_overlay_encap(packet + EL_OVERLAY_HEADER, FRAME, &path, 1, 1));
}

/* Pings the hub, and counts the frames that come before its answer. */
static unsigned frames_before_answer(unsigned i)
{
    struct spoke *spoke = &world.spokes[i];
    struct el_overlay_path path = {spoke->address, HUB, 0, 0};
    uint8_t packet[64 + EL_TUNNEL_SEAL_ROOM], bytes[2048];
    struct el_overlay_packet out;
    unsigned frames = 0;

    spoke->pings++;
    seal(spoke, packet, el_overlay_echo_request(packet, 64, &path, 0x7777, spoke->pings));
    for (;;) {
        struct el_tunnel_packet heard = hear(spoke, bytes, sizeof bytes);
        if (el_overlay_decap(heard.bytes, heard.len, spoke->address, &out) < 0)
            continue;
        frames += out.kind == EL_OVERLAY_FRAME;
        if (out.kind == EL_OVERLAY_ECHO_REPLY && out.echo_ident == 0x7777 &&
            out.echo_sequence == spoke->pings)
            return frames;
    }
}

/* The next packet for spoke I that is no probe of its path, to BYTES. */
static struct el_tunnel_packet hear_other(unsigned i, uint8_t *bytes, size_t size)
{
    struct el_tunnel_packet heard;

    do
        heard = hear(&world.spokes[i], bytes, size);
    while (heard.bytes[9] == IPPROTO_ICMP);
    return heard;
}

static void await_frame(unsigned i)
{
    uint8_t bytes[2048];
    struct el_overlay_packet out;
    struct el_tunnel_packet heard = hear_other(i, bytes, sizeof bytes);

    assert_int_equal(el_overlay_decap(heard.bytes, heard.len, world.spokes[i].address, &out), 0);
    assert_int_equal(out.kind, EL_OVERLAY_FRAME);
}

/* How many frames wait at a port's far end. */
static unsigned frames_at(struct el_port *far)
{
    uint8_t bytes[2048];
    struct el_port_rx rx = {.bytes = bytes, .capacity = sizeof bytes};
    unsigned count = 0;

    while (el_port_receive(far, &rx, 1) == 1)
        count++;
    return count;
}

static void put(struct el_port *far)
{
    static const struct el_mac machine = {{0x52, 0x54, 0, 0, 0, 99}};
    uint8_t frame[FRAME];
    struct el_slice slice = {frame, sizeof frame};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    write_frame(frame, &machine);
    assert_int_equal(el_port_send(far, &tx), 0);
}

/* -- beginning and end -- */

static int udp_socket(struct el_endpoint *at)
{
    struct el_err err = {""};
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int fd = el_tunnel_io_socket(4, 0, NULL, &err);

    if (fd < 0)
        fail_msg("%s", err.text);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *at = (struct el_endpoint){.ip = el_ip4(INADDR_LOOPBACK), .port = ntohs(address.sin_port)};
    return fd;
}

static void make_spoke(unsigned i)
{
    struct spoke *spoke = &world.spokes[i];
    struct el_tunnel_config config = {.peers_max = 1,
                                      .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
    struct el_tunnel_peer_config hub = {.name = "hub", .allowed = {el_ip4(HUB), 32}};
    struct el_endpoint at;

    *spoke = (struct spoke){.address = HUB + 1 + i, .fd = udp_socket(&at)};
    el_tunnel_key_make(config.private_key);
    el_tunnel_key_public(config.private_key, spoke->key);
    assert_int_equal(el_tunnel_new(&config, &spoke->tunnel, NULL), 0);
    memcpy(hub.public_key, world.public_key, 32);
    hub.endpoint = world.at;
    assert_int_equal(el_tunnel_add_peer(spoke->tunnel, &hub, &spoke->hub, NULL), 0);
}

static int begin(void **state)
{
    struct el_datapath_config config = {.lanes = 1, .udp6 = {-1}, .address = HUB};
    struct el_err err = {""};
    int ends[2];

    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    world = (struct world){.inside = -1};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    world.inside = ends[0];
    config.inside_fd = ends[1];
    config.udp4[0] = udp_socket(&world.at);
    config.tunnel = (struct el_tunnel_config){
        .peers_max = PEERS_MAX, .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
    el_tunnel_key_make(config.tunnel.private_key);
    el_tunnel_key_public(config.tunnel.private_key, world.public_key);
    assert_int_equal(el_datapath_new(&config, &world.datapath, &err), 0);
    assert_int_equal(el_datapath_start(world.datapath, &err), 0);
    for (unsigned i = 0; i < SPOKES; i++)
        make_spoke(i);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_datapath_free(world.datapath);
    for (unsigned i = 0; i < SPOKES; i++) {
        el_tunnel_free(world.spokes[i].tunnel);
        close(world.spokes[i].fd);
    }
    close(world.inside);
    return 0;
}

/* -- the tests -- */

static void all_may_come_later(void **state)
{
    struct el_port *far = add_port(BOOT, NULL);

    (void)state;
    let_in(0, BOOT, true);
    shake_hands(&world.spokes[0]);
    shout(0, BOOT);
    assert_int_equal(frames_before_answer(0), 0);
    assert_int_equal(frames_at(far), 1);
    put(far);
    await_frame(0);
    el_port_close(far);
}

/* What is acknowledged as unpublished lets not one frame pass, either way, and counts them. */
static void gates_hold(void **state)
{
    struct el_port *far = add_port(BOOT, NULL);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        let_in(i, BOOT, true);
        shake_hands(&world.spokes[i]);
    }
    for (unsigned round = 0; round < 20; round++) {
        bool open = round % 2;
        let_in(0, BOOT, open);
        frames_at(far);
        frames_before_answer(0);
        uint64_t before = counted("switch", "drop-gate");
        for (unsigned n = 0; n < 10; n++)
            shout(0, BOOT);
        assert_int_equal(frames_before_answer(0), 0);
        assert_int_equal(frames_at(far), open ? 10 : 0);
        assert_int_equal(counted("switch", "drop-gate") - before, open ? 0 : 10);
        assert_int_equal(frames_before_answer(1), open ? 10 : 0);
        shout(1, BOOT); /* which is at home where the gate is open */
        frames_before_answer(1);
        assert_int_equal(frames_before_answer(0), open ? 1 : 0);
        assert_int_equal(frames_at(far), 1);
    }
    el_port_close(far);
}

static void gates_of_ports_hold(void **state)
{
    unsigned number;
    struct el_port *far = add_port(BOOT, &number);

    (void)state;
    let_in(0, BOOT, true);
    shake_hands(&world.spokes[0]);
    on_port(EL_CHANGE_PUBLISH_PORT, number, false);
    shout(0, BOOT);
    frames_before_answer(0);
    assert_int_equal(frames_at(far), 0);
    on_port(EL_CHANGE_PUBLISH_PORT, number, true);
    shout(0, BOOT);
    frames_before_answer(0);
    assert_int_equal(frames_at(far), 1);
    el_port_close(far);
}

/* A port that is removed is closed; another of the same number is another. */
static void ports_come_and_go(void **state)
{
    uint8_t bytes[64];
    struct el_port_rx rx = {.bytes = bytes, .capacity = sizeof bytes};
    unsigned first, second;
    struct el_port *boot = add_port(BOOT, &first), *lab;

    (void)state;
    let_in(0, LAB, true);
    shake_hands(&world.spokes[0]);
    put(boot);
    on_port(EL_CHANGE_REMOVE_PORT, first, false);
    struct pollfd readable = {boot->fd, POLLIN, 0};
    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    assert_int_equal(el_port_receive(boot, &rx, 1), EL_ECLOSED);
    lab = add_port(LAB, &second);
    assert_int_equal(second, first);
    shout(0, LAB);
    frames_before_answer(0);
    assert_int_equal(frames_at(lab), 1);
    put(lab);
    await_frame(0);
    struct el_datapath_change *again = make_change(EL_CHANGE_REMOVE_PORT);
    again->number = second + 1;
    assert_int_equal(done(again, NULL), EL_ENOENT);
    el_port_close(boot);
    el_port_close(lab);
}

/* A live session ends with its peer; the key opens nothing any more; and whoever gets the place has
 * nothing of it. */
static void a_revoked_peer_is_nobody(void **state)
{
    struct el_datapath_change *change;
    struct el_port *far = add_port(BOOT, NULL);
    unsigned number, other;

    (void)state;
    let_in(0, BOOT, true);
    let_in(1, BOOT, true);
    shake_hands(&world.spokes[0]);
    shake_hands(&world.spokes[1]);
    assert_int_equal(done(set_peer(2), NULL), EL_EFULL);
    change = set_peer(0);
    change->membership_count = 1;
    change->memberships[0] = (struct el_forward_membership){.vni = BOOT, .published = true};
    assert_int_equal(done(change, &number), 0); /* which changes nothing */
    shout(0, BOOT);
    frames_before_answer(0);
    assert_int_equal(frames_at(far), 1);
    change = make_change(EL_CHANGE_REMOVE_PEER);
    change->number = number;
    assert_int_equal(done(change, NULL), 0);

    uint64_t before = counted("tunnel", "drop-index");
    shout(0, BOOT);
    frames_before_answer(1);
    assert_int_equal(frames_at(far), 0);
    assert_int_equal(counted("tunnel", "drop-index") - before, 1);
    change = set_peer(2);
    assert_int_equal(done(change, &other), 0);
    assert_int_equal(other, number);
    shake_hands(&world.spokes[2]);
    shout(1, BOOT);
    frames_before_answer(1);
    assert_int_equal(frames_before_answer(2), 0);
    shout(0, BOOT); /* under a session that was this place's */
    frames_before_answer(1);
    assert_int_equal(frames_at(far), 1);
    el_port_close(far);
}

/* Name, keepalive and key may change under a session; another address or wire is another peer,
 * which is as safe from replays as before. */
static void what_need_not_disturb_does_not(void **state)
{
    struct el_port *far = add_port(BOOT, NULL);
    struct el_datapath_change *change;

    (void)state;
    let_in(0, BOOT, true);
    shake_hands(&world.spokes[0]);
    change = set_peer(0);
    strcpy(change->peer.name, "another");
    change->peer.keepalive_s = 25;
    memset(change->peer.psk, 1, 32);
    change->membership_count = 2;
    change->memberships[0] = (struct el_forward_membership){.vni = LAB, .published = true};
    change->memberships[1] = (struct el_forward_membership){.vni = BOOT, .published = true};
    assert_int_equal(done(change, NULL), 0);
    shout(0, BOOT);
    assert_int_equal(frames_before_answer(0), 0);
    assert_int_equal(frames_at(far), 1);

    let_in(1, BOOT, true);
    change = set_peer(0);
    change->peer.allowed.ip = el_ip4(world.spokes[1].address);
    assert_int_equal(done(change, NULL), EL_EEXIST);
    shout(0, LAB);
    assert_int_equal(frames_before_answer(0), 0); /* it is still there */
    change = set_peer(0);
    change->peer.wire = EL_TUNNEL_COMPACT;
    change->membership_count = 1;
    change->memberships[0] = (struct el_forward_membership){.vni = BOOT, .published = true};
    assert_int_equal(done(change, NULL), 0);
    uint64_t before = counted("tunnel", "drop-index");
    shout(0, BOOT);
    shake_hands(&world.spokes[1]);
    frames_before_answer(1);
    assert_int_equal(frames_at(far), 0);
    assert_int_equal(counted("tunnel", "drop-index") - before, 1);
    el_port_close(far);
}

/* -- inside -- */

/* A UDP packet to PORT of the hub, or from there to spoke I: its length. */
static size_t udp_packet(uint8_t *packet, uint32_t from, uint32_t to, uint16_t port)
{
    struct el_overlay_path path = {from, to, BOOT, 0};
    size_t len = el_overlay_encap(packet + EL_OVERLAY_HEADER, FRAME, &path, 1, 1);

    packet[22] = (uint8_t)(port >> 8);
    packet[23] = (uint8_t)port;
    return len;
}

/* A peer without networks reaches our address, and nothing else. */
static void inside_is_for_peers_without_networks(void **state)
{
    uint8_t packet[EL_OVERLAY_HEADER + FRAME + EL_TUNNEL_SEAL_ROOM] = {0}, got[2048], sent[2048];
    struct el_port *far = add_port(BOOT, NULL);

    (void)state;
    assert_int_equal(done(set_peer(0), NULL), 0);
    shake_hands(&world.spokes[0]);
    shout(0, BOOT);
    size_t len = udp_packet(packet, world.spokes[0].address, HUB, 5353);
    memcpy(sent, packet, len);
    seal(&world.spokes[0], packet, len);
    assert_int_equal(recv(world.inside, got, sizeof got, 0), len);
    assert_memory_equal(got, sent, len);
    frames_before_answer(0); /* it counts behind what it does */
    assert_int_equal(frames_at(far), 0);
    assert_int_equal(counted("forward", "drop-vni"), 1);
    assert_int_equal(counted("inside", "received"), 1);

    len = udp_packet(packet, HUB, world.spokes[0].address, 5353);
    assert_int_equal(send(world.inside, packet, len, 0), len);
    struct el_tunnel_packet heard = hear_other(0, got, sizeof got);
    assert_int_equal(heard.len, len);
    assert_memory_equal(heard.bytes, packet, len);
    assert_int_equal(counted("inside", "sent"), 1);
    el_port_close(far);
}

static void inside_strays_are_counted(void **state)
{
    uint8_t packet[4096] = {0}, got[2048];

    (void)state;
    assert_int_equal(done(set_peer(0), NULL), 0);
    shake_hands(&world.spokes[0]);
    assert_int_equal(send(world.inside, packet, sizeof packet, 0), sizeof packet);
    assert_int_equal(send(world.inside, packet, 1, 0), 1);
    size_t len = udp_packet(packet, HUB, HUB + 77, 80); /* nobody */
    send(world.inside, packet, len, 0);
    len = udp_packet(packet, HUB + 77, world.spokes[0].address, 80); /* not from us */
    send(world.inside, packet, len, 0);
    len = udp_packet(packet, HUB, world.spokes[0].address, 80);
    send(world.inside, packet, len, 0);
    hear_other(0, got, sizeof got);
    assert_int_equal(counted("inside", "drop-stray"), 4);
    assert_int_equal(counted("inside", "sent"), 1);
}

/* Whoever does not take what comes loses it, and stops nobody. */
static void inside_that_is_full_loses(void **state)
{
    uint8_t packet[EL_OVERLAY_HEADER + FRAME + EL_TUNNEL_SEAL_ROOM] = {0};

    (void)state;
    assert_int_equal(done(set_peer(0), NULL), 0);
    shake_hands(&world.spokes[0]);
    for (unsigned i = 0; i < 1000; i++) {
        size_t len = udp_packet(packet, world.spokes[0].address, HUB, 5353);
        seal(&world.spokes[0], packet, len);
        if (i % 50 == 0) /* no faster than it is read */
            frames_before_answer(0);
    }
    frames_before_answer(0);
    uint64_t received = counted("inside", "received");
    assert_true(received > 0 && counted("inside", "drop-full") == 1000 - received);
}

/* Who stops while a change cannot be told has it back. */
static void nobody_waits_for_a_late_reader(void **state)
{
    struct el_datapath_change *change = set_peer(0);

    (void)state;
    for (unsigned i = 0; i < 2000; i++) /* more than the pipe holds */
        el_datapath_log_counters(world.datapath);
    el_datapath_change(world.datapath, change);
    el_datapath_stop(world.datapath);
    free(change);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(all_may_come_later),
        test(gates_hold),
        test(gates_of_ports_hold),
        test(ports_come_and_go),
        test(a_revoked_peer_is_nobody),
        test(what_need_not_disturb_does_not),
        test(inside_is_for_peers_without_networks),
        test(inside_strays_are_counted),
        test(inside_that_is_full_loses),
        test(nobody_waits_for_a_late_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

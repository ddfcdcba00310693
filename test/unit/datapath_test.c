/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data path's thread: what it tells, however much there is to tell. */
#include "base/log.h"
#include "base/time.h"
#include "datapath/datapath.h"
#include "port/pair.h"
#include "sys/clock.h"
#include "tunnel/tunnel_io.h"

#include <fcntl.h>
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
    VNI = 77,
    PATIENCE_MS = 120000,
    MOVES = 200,
    PIPE_NOTICES = 2000, /* more than the pipe holds */
};

/* A data path, and the peer that speaks to it from two sockets in turn. */
struct world {
    struct el_datapath *datapath;
    struct el_endpoint at;
    struct el_tunnel *tunnel;
    struct el_tunnel_peer *peer;
    int sockets[2];
    struct el_endpoint places[2]; /* of the sockets */
};

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

static void make_world(struct world *w)
{
    struct el_tunnel_config own = {.peers_max = 1,
                                   .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
    struct el_datapath_config config = {
        .lanes = 1, .udp6 = {-1}, .inside_fd = -1, .address = 0x64400001};
    struct el_tunnel_peer_config to_us = {.name = "spoke"}, to_it = {.name = "hub"};
    struct el_err err = {""};

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    el_tunnel_key_make(own.private_key);
    el_tunnel_key_public(own.private_key, to_us.public_key);
    assert_int_equal(el_tunnel_new(&own, &w->tunnel, &err), 0);
    for (unsigned i = 0; i < 2; i++)
        w->sockets[i] = udp_socket(&w->places[i]);
    config.udp4[0] = udp_socket(&w->at);
    config.tunnel = own;
    el_tunnel_key_make(config.tunnel.private_key);
    el_tunnel_key_public(config.tunnel.private_key, to_it.public_key);
    assert_int_equal(el_datapath_new(&config, &w->datapath, &err), 0);
    to_us.allowed = (struct el_prefix){el_ip4(0x64400002), 32};
    assert_int_equal(el_datapath_add_peer(w->datapath, &to_us, VNI, &err), 0);
    to_it.allowed = (struct el_prefix){el_ip4(0x64400001), 32};
    to_it.endpoint = w->at;
    assert_int_equal(el_tunnel_add_peer(w->tunnel, &to_it, &w->peer, &err), 0);
}

static void end_world(struct world *w)
{
    el_datapath_free(w->datapath);
    el_tunnel_free(w->tunnel);
    close(w->sockets[0]);
    close(w->sockets[1]);
}

static void wait_readable(int fd)
{
    struct pollfd readable = {fd, POLLIN, 0};

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
}

/* Sends from the peer's socket NUMBER. */
static void send_from(struct world *w, unsigned number, const void *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(w->at.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    assert_int_equal(sendto(w->sockets[number], bytes, len, 0, (struct sockaddr *)&to, sizeof to),
                     len);
}

/* What the peer's tunnel itself has to say. */
static void say(struct world *w)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    while ((len = el_tunnel_output(w->tunnel, el_sys_now_ns(), bytes, &to)) > 0)
        send_from(w, 0, bytes, (size_t)len);
}

static void shake_hands(struct world *w)
{
    uint8_t bytes[2048];
    struct el_tunnel_packet packet;

    el_tunnel_connect(w->tunnel, w->peer, el_sys_now_ns());
    say(w);
    while (!el_tunnel_peer_is_up(w->peer, el_sys_now_ns())) {
        wait_readable(w->sockets[0]);
        ssize_t len = recv(w->sockets[0], bytes, sizeof bytes, 0);
        assert_true(len > 0);
        el_tunnel_open(w->tunnel, el_sys_now_ns(), &w->at, bytes, (size_t)len, &packet);
        say(w);
    }
}

/* The next notice of KIND, and of EVENT if it is one of an event; counts the moves before it. */
static void await(struct world *w, int kind, enum el_tunnel_event event, unsigned *moves)
{
    struct el_datapath_notice notice;

    for (;;) {
        wait_readable(el_datapath_notice_fd(w->datapath));
        assert_true(el_datapath_next_notice(w->datapath, &notice));
        if ((int)notice.kind == kind && (kind != EL_NOTICE_EVENT || notice.event == event))
            return;
        *moves += notice.kind == EL_NOTICE_EVENT && notice.event == EL_TUNNEL_ROAMED;
    }
}

/* A peer that moves with every packet is followed, and talked about once. */
static void moves_are_told_now_and_then(void **state)
{
    uint8_t packet[64] = {0x45, [3] = 20, [12] = 100, 64, 0, 2, 100, 64, 0, 1};
    uint8_t sealed[128];
    struct world w;
    struct el_err err = {""};
    unsigned moves = 0;

    (void)state;
    make_world(&w);
    assert_int_equal(el_datapath_start(w.datapath, &err), 0);
    shake_hands(&w);
    await(&w, EL_NOTICE_EVENT, EL_TUNNEL_SESSION_UP, &moves);
    for (unsigned i = 0; i < MOVES; i++) {
        int len = el_tunnel_seal(w.tunnel, el_sys_now_ns(), w.peer, sealed, packet, 20);
        assert_true(len > 0);
        send_from(&w, 1 - i % 2, sealed, (size_t)len);
    }
    await(&w, EL_NOTICE_EVENT, EL_TUNNEL_ROAMED, &moves);
    assert_int_equal(moves, 0);
    /* The thread has dealt with all of them when it answers where the last one came from. */
    el_datapath_log_counters(w.datapath);
    await(&w, EL_NOTICE_COUNTERS, 0, &moves);
    assert_true(moves <= 1);
    end_world(&w);
}

/* -- a port that goes away while nobody listens -- */

struct closed_port {
    struct el_port port; /* first: an el_port is cast to it */
    int pipe[2];         /* readable from the moment it is gone */
    int called[2];       /* readable when the thread has noticed */
};

static int closed_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    const struct closed_port *closed = (const struct closed_port *)port;

    ssize_t told = write(closed->called[1], "", 1);
    (void)told; /* it is asked again and again: the pipe may be full */
    (void)frames;
    (void)count;
    return EL_ECLOSED;
}

static int closed_send(struct el_port *port, const struct el_port_tx *frame)
{
    (void)port;
    (void)frame;
    return EL_ECLOSED;
}

static void closed_close(struct el_port *port)
{
    const struct closed_port *closed = (const struct closed_port *)port;

    for (unsigned i = 0; i < 2; i++) {
        close(closed->pipe[i]);
        close(closed->called[i]);
    }
}

/* That a port is gone is told even if the pipe is full when it happens. */
static void lost_port_is_told_to_a_late_reader(void **state)
{
    static const struct el_port_ops ops = {closed_receive, closed_send, closed_close, NULL};
    struct closed_port closed = {.port = {.ops = &ops, .name = "closed"}};
    struct el_port *queue = &closed.port;
    uint8_t call[EL_TUNNEL_OUTPUT_BYTES];
    struct world w;
    struct el_err err = {""};
    unsigned moves = 0;

    (void)state;
    make_world(&w);
    assert_int_equal(pipe(closed.pipe), 0);
    assert_int_equal(pipe2(closed.called, O_NONBLOCK), 0);
    closed.port.fd = closed.pipe[0];
    assert_int_equal(el_datapath_add_port(w.datapath, &queue, VNI, NULL), 0);
    assert_int_equal(el_datapath_start(w.datapath, &err), 0);
    for (unsigned i = 0; i < PIPE_NOTICES; i++)
        el_datapath_log_counters(w.datapath);
    /* It calls there when it has done all of that, and then the pipe is full. */
    el_datapath_set_endpoint(w.datapath, 0, &w.places[0]);
    wait_readable(w.sockets[0]);
    assert_int_equal(write(closed.pipe[1], "", 1), 1);
    wait_readable(closed.called[0]);
    /* It answers a call when it has done with the port. */
    assert_true(recv(w.sockets[0], call, sizeof call, 0) > 0);
    el_tunnel_connect(w.tunnel, w.peer, el_sys_now_ns());
    say(&w);
    wait_readable(w.sockets[0]);
    await(&w, EL_NOTICE_PORT_GONE, 0, &moves);
    end_world(&w);
}

/* A snapshot that is complete while the pipe is full is told as soon as there is room. */
static void report_is_told_to_a_late_reader(void **state)
{
    struct el_report *report = el_report_new(1);
    struct el_err err = {""};
    struct world w;
    unsigned moves = 0;

    (void)state;
    assert_non_null(report);
    make_world(&w);
    assert_int_equal(el_datapath_start(w.datapath, &err), 0);
    for (unsigned i = 0; i < PIPE_NOTICES; i++)
        el_datapath_log_counters(w.datapath);
    el_datapath_report(w.datapath, report);
    /* It answers a call when it has done all of that; and then it has no other reason to wake. */
    el_tunnel_connect(w.tunnel, w.peer, el_sys_now_ns());
    say(&w);
    wait_readable(w.sockets[0]);
    await(&w, EL_NOTICE_REPORT, 0, &moves);
    assert_true(report->counter_count > 0);
    end_world(&w);
    free(report);
}

/* Who says something by the tunnel and then has it end is heard. */
static void what_came_before_the_end_leaves(void **state)
{
    enum { FRAME = 700 };
    uint8_t frame[EL_PORT_HEADROOM + FRAME] = {0}, bytes[2048];
    struct el_slice slice = {frame + EL_PORT_HEADROOM, FRAME};
    const struct el_port_tx tx = {.slices = &slice, .count = 1, .headroom = true};
    struct el_port *near, *far;
    struct el_err err = {""};
    struct world w;
    unsigned moves = 0;
    bool heard = false;
    ssize_t len;
    int ends[2];

    (void)state;
    memset(frame + EL_PORT_HEADROOM, 0xff, 6); /* to all */
    frame[EL_PORT_HEADROOM + 6] = 0x52;
    make_world(&w);
    assert_int_equal(el_port_pair_open(ends), 0);
    assert_int_equal(el_port_from_pair(ends[0], "near", &near), 0);
    assert_int_equal(el_port_from_pair(ends[1], "far", &far), 0);
    assert_int_equal(el_datapath_add_port(w.datapath, &near, VNI, NULL), 0);
    assert_int_equal(el_datapath_start(w.datapath, &err), 0);
    shake_hands(&w);
    await(&w, EL_NOTICE_EVENT, EL_TUNNEL_SESSION_UP, &moves);
    assert_int_equal(el_port_send(far, &tx), 0);
    el_datapath_stop(w.datapath);
    while ((len = recv(w.sockets[0], bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        heard |= len > FRAME;
    assert_true(heard);
    el_port_close(far);
    end_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_are_told_now_and_then),
        cmocka_unit_test(lost_port_is_told_to_a_late_reader),
        cmocka_unit_test(report_is_told_to_a_late_reader),
        cmocka_unit_test(what_came_before_the_end_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

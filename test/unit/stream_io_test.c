/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams over loopback: a hub that listens, a spoke that calls, and strangers. */
#include "net/kernel.h"
#include "net/sockaddr.h"
#include "stream/stream_io.h"
#include "stream/stream_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LANES = 2, STRANGERS = 4, TRANSPORT_DATA = 4 };

static struct el_net *net;
static struct el_net_timer *patience;

/* One side, as its tunnel sees it. */
struct side {
    struct el_stream_io *io;
    int lanes[LANES]; /* the tunnel's ends */
    int theirs[LANES];
};

static struct side hub, spoke;
static int listener; /* kept, as a supervisor does */
static struct el_endpoint at;

static void out_of_patience(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for 60 s");
}

static void make_side(struct side *side, bool calls)
{
    static const struct el_stream_socket_options none = {0};
    struct el_stream_io_config config = {.net = net,
                                         .loop = el_net_kernel_loop(net),
                                         .limits = {16, 8, STRANGERS},
                                         .lane_count = LANES};
    struct el_err err;

    for (unsigned i = 0; i < LANES; i++)
        config.lanes[i] = fcntl(side->theirs[i], F_DUPFD_CLOEXEC, 0);
    if (calls)
        config.callers[config.caller_count++] = el_stream_caller(at.ip.family, &none, &err);
    else
        config.listeners[config.listener_count++] = fcntl(listener, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(el_stream_io_new(&config, &side->io, &err), 0);
}

static void make_pairs(struct side *side)
{
    for (unsigned i = 0; i < LANES; i++) {
        int fds[2];
        assert_int_equal(el_stream_pair(fds), 0);
        side->lanes[i] = fds[0];
        side->theirs[i] = fds[1];
    }
}

static void end_side(struct side *side)
{
    el_stream_io_free(side->io);
    for (unsigned i = 0; i < LANES; i++) {
        close(side->lanes[i]);
        close(side->theirs[i]);
    }
}

/* A loopback without IPv6 is no reason to fail. */
static bool listens(unsigned family)
{
    static const struct el_stream_socket_options none = {0};
    union el_net_sockaddr address;
    socklen_t len = sizeof address;
    struct el_err err;

    listener = el_stream_listener(family, 0, &none, &err);
    if (listener < 0)
        return false;
    assert_int_equal(getsockname(listener, &address.any, &len), 0);
    at = (struct el_endpoint){.carrier = EL_CARRIER_TCP_CALLED,
                              .port = el_net_sockaddr_endpoint(&address).port};
    assert_int_equal(el_ip_parse(family == 4 ? "127.0.0.1" : "::1", &at.ip), 0);
    return true;
}

static int begin_with(unsigned family)
{
    struct el_err err;

    if (!listens(family))
        return 1;
    assert_int_equal(el_net_kernel_new(&net, &err), 0);
    patience = el_net_timer_new(net, out_of_patience, NULL);
    el_net_timer_set(patience, el_net_now_ns(net) + 60 * EL_S);
    make_pairs(&hub);
    make_pairs(&spoke);
    make_side(&hub, false);
    make_side(&spoke, true);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(4);
}

static int end(void **state)
{
    (void)state;
    end_side(&hub);
    end_side(&spoke);
    close(listener);
    el_net_timer_free(patience);
    el_net_kernel_free(net);
    return 0;
}

static void turn_once(void)
{
    uv_run(el_net_kernel_loop(net), UV_RUN_ONCE);
}

/* -- the tunnel's ends -- */

struct heard {
    struct el_stream_hop hop;
    uint8_t bytes[EL_STREAM_TRAIN_BYTES];
    size_t len;
};

static void say(const struct side *side, unsigned lane, const struct el_endpoint *to,
                const void *bytes, size_t len, size_t segment)
{
    struct el_stream_hop hop = {*to, (uint16_t)segment};
    uint8_t message[EL_STREAM_HOP_BYTES + EL_STREAM_TRAIN_BYTES];

    el_stream_hop_write(&hop, message);
    memcpy(message + EL_STREAM_HOP_BYTES, bytes, len);
    assert_int_equal(send(side->lanes[lane], message, EL_STREAM_HOP_BYTES + len, 0),
                     (ssize_t)(EL_STREAM_HOP_BYTES + len));
}

static bool hears_now(const struct side *side, unsigned lane, struct heard *heard)
{
    uint8_t message[EL_STREAM_HOP_BYTES + EL_STREAM_TRAIN_BYTES];
    ssize_t len = recv(side->lanes[lane], message, sizeof message, MSG_DONTWAIT);

    if (len < 0)
        return false;
    assert_true(len > EL_STREAM_HOP_BYTES);
    heard->len = (size_t)len - EL_STREAM_HOP_BYTES;
    memcpy(heard->bytes, message + EL_STREAM_HOP_BYTES, heard->len);
    assert_int_equal(el_stream_hop_read(message, heard->len, &heard->hop), 0);
    return true;
}

static void hear(const struct side *side, unsigned lane, struct heard *heard)
{
    while (!hears_now(side, lane, heard))
        turn_once();
}

/* The spoke says HELLO, and the hub hears it. */
static void greet(struct heard *heard)
{
    say(&spoke, 0, &at, "hello", 5, 5);
    hear(&hub, 0, heard);
    assert_int_equal(heard->len, 5);
    assert_memory_equal(heard->bytes, "hello", 5);
}

/* -- a connection that is no el2w's -- */

static int connect_raw(void)
{
    union el_net_sockaddr address;
    socklen_t len = el_net_sockaddr_from(&address, AF_INET, &at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, &address.any, len), 0);
    return fd;
}

static void write_raw(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static bool is_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN);
}

/* -- what holds -- */

static void a_datagram_calls_and_is_answered(void **state)
{
    struct heard heard;

    (void)state;
    greet(&heard);
    assert_int_equal(heard.hop.at.carrier, EL_CARRIER_TCP);
    assert_true(el_ip_equal(&heard.hop.at.ip, &at.ip));
    say(&hub, 0, &heard.hop.at, "welcome", 7, 7);
    hear(&spoke, 0, &heard);
    assert_memory_equal(heard.bytes, "welcome", 7);
    assert_true(el_endpoint_equal(&heard.hop.at, &at));
    assert_int_equal(el_stream_io_count(hub.io, EL_STREAM_IO_ACCEPTED), 1);
    assert_int_equal(el_stream_io_count(spoke.io, EL_STREAM_IO_CALLED), 1);
}

static void so_it_is_over_ipv6(void **state)
{
    if (begin_with(6) != 0)
        skip();
    a_datagram_calls_and_is_answered(state);
    end(state);
}

static void trains_arrive_as_datagrams_in_their_lanes(void **state)
{
    uint8_t train[10][100] = {{0}};
    struct heard heard;
    size_t received = 0;

    (void)state;
    greet(&heard);
    for (unsigned i = 0; i < 10; i++) {
        train[i][0] = TRANSPORT_DATA;
        train[i][4] = 1; /* the second lane's */
        train[i][99] = (uint8_t)i;
    }
    say(&spoke, 0, &at, train, sizeof train - 40, 100); /* the last one is shorter */
    while (received < sizeof train - 40) {
        hear(&hub, 1, &heard);
        assert_true(heard.hop.segment == 100 || heard.len == 60);
        assert_memory_equal(heard.bytes, (uint8_t *)train + received, heard.len);
        received += heard.len;
    }
    assert_int_equal(received, sizeof train - 40);
    assert_false(hears_now(&hub, 0, &heard));
}

static void who_speaks_something_else_is_hung_up_on(void **state)
{
    int fd = connect_raw();

    (void)state;
    write_raw(fd, "GET / HTTP/1.1\r\n\r\n", 18);
    while (!is_closed(fd))
        turn_once();
    assert_int_equal(el_stream_io_count(hub.io, EL_STREAM_IO_FOREIGN), 1);
    close(fd);
}

static void a_frame_in_pieces_is_one_datagram(void **state)
{
    const uint8_t frame[] = {0, 4, 'm', 'a', 'r', 's', 0};
    struct heard heard;
    int fd = connect_raw();

    (void)state;
    for (size_t i = 0; i < sizeof frame; i++) {
        write_raw(fd, frame + i, 1);
        uv_run(el_net_kernel_loop(net), UV_RUN_NOWAIT);
    }
    hear(&hub, 0, &heard);
    assert_int_equal(heard.len, 4);
    assert_memory_equal(heard.bytes, "mars", 4);
    close(fd);
}

/* A hub that was started again: its connections are gone, its listener is not. */
static void a_new_hub_is_called_again(void **state)
{
    struct heard heard;

    (void)state;
    greet(&heard);
    el_stream_io_free(hub.io);
    make_side(&hub, false);
    do { /* what is said to the old connection may be lost */
        say(&spoke, 0, &at, "again", 5, 5);
        turn_once();
    } while (!hears_now(&hub, 0, &heard));
    assert_memory_equal(heard.bytes, "again", 5);
    assert_true(el_stream_io_count(spoke.io, EL_STREAM_IO_CALLED) >= 2);
}

/* There is one socket to call with, and who is called second has none until the first is done. */
static void sockets_to_call_with_are_few(void **state)
{
    struct el_endpoint other = at;
    struct heard heard;

    (void)state;
    greet(&heard);
    other.port = 1;
    say(&spoke, 0, &other, "who?", 4, 4);
    while (el_stream_io_count(spoke.io, EL_STREAM_IO_DROP_NOWHERE) == 0)
        turn_once();
    greet(&heard);
}

/* Nobody listens there; the socket is free for another call. */
static void a_refused_call_leaves_its_socket(void **state)
{
    struct el_endpoint nobody = at;
    struct heard heard;

    (void)state;
    nobody.ip = el_ip4(0x7f000002); /* the listener has all addresses: so, of another port */
    nobody.port = 1;
    say(&spoke, 0, &nobody, "who?", 4, 4);
    say(&spoke, 0, &nobody, "who?", 4, 4);
    do {
        say(&spoke, 0, &at, "hello", 5, 5);
        turn_once();
    } while (!hears_now(&hub, 0, &heard));
    assert_memory_equal(heard.bytes, "hello", 5);
}

static void what_goes_nowhere_is_dropped(void **state)
{
    struct el_endpoint gone = at;

    (void)state;
    gone.carrier = EL_CARRIER_TCP;
    say(&hub, 0, &gone, "hello?", 6, 6);
    while (el_stream_io_count(hub.io, EL_STREAM_IO_DROP_NOWHERE) == 0)
        turn_once();
    assert_int_equal(el_stream_io_count(hub.io, EL_STREAM_IO_CALLED), 0);
}

static void senseless_hops_are_dropped(void **state)
{
    (void)state;
    assert_int_equal(send(hub.lanes[0], "x", 1, 0), 1);
    while (el_stream_io_count(hub.io, EL_STREAM_IO_DROP_SENSELESS) == 0)
        turn_once();
}

/* It takes nothing: what waits for it is bounded, and others are served. */
static void who_does_not_read_costs_nobody_anything(void **state)
{
    static const uint8_t train[64 * 1000];
    struct heard heard;
    struct el_endpoint slow;
    int fd = connect_raw(), small = 4096;

    (void)state;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    write_raw(fd, "\0\4slow", 6);
    hear(&hub, 0, &heard);
    slow = heard.hop.at;
    while (el_stream_io_count(hub.io, EL_STREAM_IO_DROP_FULL) < 640) {
        say(&hub, 0, &slow, train, sizeof train, 1000);
        turn_once();
    }
    assert_false(is_closed(fd));
    greet(&heard);
    say(&hub, 0, &heard.hop.at, "welcome", 7, 7);
    hear(&spoke, 0, &heard);
    assert_memory_equal(heard.bytes, "welcome", 7);
    close(fd);
}

/* A cookie, with which the tunnel answers anybody when it is busy, makes nobody known. */
static void a_cookie_is_for_strangers(void **state)
{
    struct heard heard;
    int fds[STRANGERS], last;
    char byte = 0;

    (void)state;
    for (unsigned i = 0; i < STRANGERS; i++) {
        fds[i] = connect_raw();
        write_raw(fds[i], "\0\4mars", 6);
        hear(&hub, 0, &heard);
        say(&hub, 0, &heard.hop.at, "\3cookie", 7, 7);
        while (recv(fds[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0)
            turn_once();
    }
    last = connect_raw();
    write_raw(last, "\0\4mars", 6);
    while (el_stream_io_count(hub.io, EL_STREAM_IO_REFUSED) == 0)
        turn_once();
    say(&hub, 0, &heard.hop.at, "\2known", 6, 6);
    while (el_stream_io_count(hub.io, EL_STREAM_IO_TX_DATAGRAMS) <= STRANGERS)
        turn_once();
    close(last);
    last = connect_raw();
    write_raw(last, "\0\4mars", 6);
    hear(&hub, 0, &heard);
    close(last);
    for (unsigned i = 0; i < STRANGERS; i++)
        close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_calls_and_is_answered),
        cmocka_unit_test(so_it_is_over_ipv6),
        TEST(trains_arrive_as_datagrams_in_their_lanes),
        TEST(who_speaks_something_else_is_hung_up_on),
        TEST(a_frame_in_pieces_is_one_datagram),
        TEST(a_new_hub_is_called_again),
        TEST(sockets_to_call_with_are_few),
        TEST(a_refused_call_leaves_its_socket),
        TEST(what_goes_nowhere_is_dropped),
        TEST(senseless_hops_are_dropped),
        TEST(who_does_not_read_costs_nobody_anything),
        TEST(a_cookie_is_for_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

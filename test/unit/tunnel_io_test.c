/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams in trains, through the kernel's loopback. What needs a narrow one makes a network
 * namespace for this process, and is skipped where that is not allowed.
 */
#include "stream/stream_socket_io.h"
#include "stream/stream_wire.h"
#include "tunnel/tunnel_io.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>
#include <netinet/in.h>

#include <cmocka.h>

enum { PATIENCE_MS = 120000 };

static uint16_t port_of(int fd)
{
    struct sockaddr_in6 address;
    socklen_t len = sizeof address;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin6_port); /* where sin_port is */
}

static struct el_tunnel_io *open_family(unsigned family, struct el_endpoint *at)
{
    struct el_err err = {""};
    struct el_tunnel_io *io = NULL;
    int fd = el_tunnel_io_socket(family, 0, NULL, &err);

    if (fd < 0 || el_tunnel_io_new(family == 4 ? fd : -1, family == 6 ? fd : -1, &io, &err) < 0)
        fail_msg("%s", err.text);
    *at = (struct el_endpoint){.port = port_of(fd)};
    assert_int_equal(el_ip_parse(family == 4 ? "127.0.0.1" : "::1", &at->ip), 0);
    return io;
}

static struct el_tunnel_io *open_io(struct el_endpoint *at)
{
    return open_family(4, at);
}

/* Queues COUNT datagrams of LEN bytes each, all of value FILL. */
static void put(struct el_tunnel_io *io, const struct el_endpoint *to, unsigned count, size_t len,
                int fill)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t *at = el_tunnel_io_reserve(io, to, len, 0);
        assert_non_null(at);
        memset(at, fill, len);
    }
}

/* Receives until BYTES have come, all of value FILL; how many trains that were. */
static unsigned take(struct el_tunnel_io *io, size_t bytes, int fill)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    struct pollfd readable = {el_tunnel_io_fd(io, 4), POLLIN, 0};
    unsigned count = 0;

    while (bytes > 0) {
        assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
        int n = el_tunnel_io_receive(io, 4, trains);
        for (int i = 0; i < n; i++, count++) {
            assert_true(trains[i].len <= bytes);
            for (size_t at = 0; at < trains[i].len; at++)
                assert_int_equal(trains[i].bytes[at], fill);
            bytes -= trains[i].len;
        }
    }
    return count;
}

/* Ten and a shorter one are one train; what follows the shorter one is the next. */
static void neighbours_are_a_train(void **state)
{
    struct el_endpoint here, there;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);

    (void)state;
    put(from, &there, 10, 1000, 'a');
    put(from, &there, 1, 600, 'a');
    put(from, &there, 3, 1000, 'a');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_blocked(from), 0);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_DATAGRAMS), 14);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS), 2);
    take(to, 13 * 1000 + 600, 'a');
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* A reservation that is taken back leaves no trace: not as the first, the next, or the short end
 * of a train. */
static void cancelled_is_not_sent(void **state)
{
    static const size_t cancelled[] = {1000, 400};
    struct el_endpoint here, there;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);

    (void)state;
    put(from, &there, 1, 1000, 'x');
    el_tunnel_io_cancel(from);
    for (unsigned i = 0; i < 2; i++) {
        put(from, &there, 1, 1000, 'a');
        put(from, &there, 1, cancelled[i], 'x');
        el_tunnel_io_cancel(from);
    }
    put(from, &there, 1, 1000, 'a');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS), 1);
    take(to, 3000, 'a');
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* A peer that is authentic may still send from port 0, where nothing can be sent to. */
static void bad_destination_costs_only_itself(void **state)
{
    struct el_endpoint here, there, nowhere;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);

    (void)state;
    nowhere = there;
    nowhere.port = 0;
    put(from, &nowhere, 5, 1000, 'x');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_ERROR), 5);
    put(from, &there, 5, 1000, 'a');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS), 1);
    take(to, 5000, 'a');
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* Waits for the next train, which must be the only one. */
static struct el_tunnel_io_train take_train(struct el_tunnel_io *io, unsigned family)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    struct pollfd readable = {el_tunnel_io_fd(io, family), POLLIN, 0};

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    assert_int_equal(el_tunnel_io_receive(io, family, trains), 1);
    return trains[0];
}

/* Waits for COUNT trains; what is in them may be gone when the last one comes. */
static void take_trains(struct el_tunnel_io *io, unsigned family, unsigned count,
                        struct el_tunnel_io_train *taken)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    struct pollfd readable = {el_tunnel_io_fd(io, family), POLLIN, 0};

    for (unsigned got = 0; got < count;) {
        assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
        int n = el_tunnel_io_receive(io, family, trains);
        for (int i = 0; i < n; i++, got++) {
            assert_true(got < count);
            taken[got] = trains[i];
        }
    }
}

/* DSCP and ECN arrive as they were sent, and what differs in them shares no train. */
static void trains_share_their_tos(void **state)
{
    static const uint8_t tos[] = {0xb9, 0xb9, 0x02, 0, 0xff};
    static const unsigned families[] = {4, 6};

    (void)state;
    for (unsigned f = 0; f < 2; f++) {
        struct el_endpoint here, there;
        struct el_tunnel_io *from = open_family(families[f], &here);
        struct el_tunnel_io *to = open_family(families[f], &there);
        for (unsigned i = 0; i < sizeof tos; i++) {
            uint8_t *at = el_tunnel_io_reserve(from, &there, 500, tos[i]);
            assert_non_null(at);
            memset(at, 'a', 500);
        }
        el_tunnel_io_flush(from);
        assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS), 4);
        struct el_tunnel_io_train trains[4];
        take_trains(to, families[f], 4, trains);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(trains[i].tos, tos[i + 1]);
            assert_int_equal(trains[i].len, i == 0 ? 1000 : 500);
            assert_int_equal(trains[i].segment, 500);
        }
        el_tunnel_io_free(from);
        el_tunnel_io_free(to);
    }
}

/* The answer leaves from the address that was called, which is not the one the system would choose,
 * and shares no train with what leaves from another. */
static void answers_from_where_it_was_called(void **state)
{
    struct el_endpoint here, there, other;
    struct el_tunnel_io *a = open_io(&here), *b = open_io(&there);

    (void)state;
    there.ip = el_ip4(0x7f000002);
    put(a, &there, 1, 100, 'a');
    el_tunnel_io_flush(a);
    struct el_tunnel_io_train called = take_train(b, 4);
    assert_true(el_ip_equal(&called.from.local, &there.ip));
    assert_true(el_endpoint_equal(&called.from, &here));

    put(b, &called.from, 3, 1000, 'b');
    other = called.from;
    other.local = el_ip4(0x7f000003);
    put(b, &other, 1, 1000, 'c');
    el_tunnel_io_flush(b);
    struct el_tunnel_io_train trains[2];
    take_trains(a, 4, 2, trains);
    assert_int_equal(trains[0].len, 3000);
    assert_int_equal(trains[0].segment, 1000);
    assert_true(el_endpoint_equal(&trains[0].from, &there));
    assert_true(el_ip_equal(&trains[1].from.ip, &other.local));
    el_tunnel_io_free(a);
    el_tunnel_io_free(b);
}

/* A closed port answers with an ICMP error, which is nobody else's business. */
static void refusal_costs_nobody(void **state)
{
    struct el_endpoint here, there, closed;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);

    (void)state;
    el_tunnel_io_free(open_io(&closed));
    for (unsigned i = 0; i < 10; i++) {
        put(from, &closed, 2, 100, 'x');
        put(from, &there, 2, 100, 'a');
        el_tunnel_io_flush(from);
    }
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_DATAGRAMS), 40);
    take(to, 20 * 100, 'a');
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    assert_int_equal(el_tunnel_io_receive(from, 4, trains), 0);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_RX_ERRORS), 0);
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* What does not fit the receiver's buffer is counted there, by the datagram. */
static void overflow_is_counted(void **state)
{
    struct el_endpoint here, there;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    uint64_t received = 0;
    int n;

    (void)state;
    assert_int_equal(el_tunnel_io_count(to, EL_TUNNEL_IO_RX_DROP_FULL), 0);
    for (unsigned i = 0; i < 40000; i++) {
        put(from, &there, 1, 1000, 'a');
        el_tunnel_io_flush(from);
    }
    while ((n = el_tunnel_io_receive(to, 4, trains)) > 0)
        for (int i = 0; i < n; i++)
            received += trains[i].len / 1000;
    uint64_t dropped = el_tunnel_io_count(to, EL_TUNNEL_IO_RX_DROP_FULL);
    assert_true(dropped > 0);
    assert_int_equal(received + dropped, el_tunnel_io_count(from, EL_TUNNEL_IO_TX_DATAGRAMS));

    /* Whoever adopts the sockets next has not lost them. */
    struct el_tunnel_io *next = NULL;
    assert_int_equal(el_tunnel_io_new(dup(el_tunnel_io_fd(to, 4)), -1, &next, NULL), 0);
    assert_int_equal(el_tunnel_io_count(next, EL_TUNNEL_IO_RX_DROP_FULL), 0);
    el_tunnel_io_free(next);
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* Which of COUNT sockets a datagram of LEN BYTES to PORT comes to. */
static unsigned comes_to(const int *fds, unsigned count, const struct sockaddr_in *to,
                         const uint8_t *bytes, size_t len)
{
    struct pollfd readable[16];
    uint8_t got[64];
    unsigned i = 0;
    /* Another source port each time: what the kernel would deal out by. */
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    for (unsigned j = 0; j < count; j++)
        readable[j] = (struct pollfd){fds[j], POLLIN, 0};
    assert_int_equal(sendto(fd, bytes, len, 0, (const struct sockaddr *)to, sizeof *to), len);
    close(fd);
    assert_int_equal(poll(readable, count, PATIENCE_MS), 1);
    while (!readable[i].revents)
        i++;
    assert_int_equal(recv(fds[i], got, sizeof got, 0), len);
    return i;
}

/* Data by its receiver index, all else to the first. */
static void lanes_get_their_sessions(void **state)
{
    struct el_err err = {""};
    int fds[8];

    (void)state;
    for (unsigned count = 1; count <= 8; count *= 2) {
        if (el_tunnel_io_sockets(4, 0, count, fds, NULL, &err) < 0)
            fail_msg("%s", err.text);
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(port_of(fds[0])),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        for (unsigned index = 0; index < 256; index += 7) {
            uint8_t bytes[32] = {4, 0, 0, 0, (uint8_t)index, 1, 2, 3};
            assert_int_equal(comes_to(fds, count, &to, bytes, sizeof bytes), index % count);
            bytes[0] = (uint8_t)(index % 4);
            assert_int_equal(comes_to(fds, count, &to, bytes, sizeof bytes), 0);
        }
        const uint8_t stub[] = {4, 0, 0, 0};
        assert_int_equal(comes_to(fds, count, &to, stub, sizeof stub), 0);
        assert_int_equal(comes_to(fds, count, &to, stub, 0), 0);

        /* Nobody is joined by accident, whatever the number of sockets of either. */
        int more[8];
        for (unsigned others = 1; others <= 8; others *= 2)
            assert_int_equal(el_tunnel_io_sockets(4, port_of(fds[0]), others, more, NULL, &err),
                             EL_EEXIST);
        assert_non_null(strstr(err.text, "in use by another program"));
        for (unsigned i = 0; i < count; i++)
            close(fds[i]);
    }
    assert_int_equal(el_tunnel_io_sockets(4, 0, 3, fds, NULL, &err), EL_EINVAL);
    assert_int_equal(el_tunnel_io_sockets(4, 0, 0, fds, NULL, &err), EL_EINVAL);
    assert_int_equal(el_tunnel_io_sockets(4, 0, 128, fds, NULL, &err), EL_EINVAL);
}

/* A program of the same user that joins the group although we said nothing gets nothing. */
static void intruder_gets_nothing(void **state)
{
    struct el_err err = {""};
    int fds[3], on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    assert_int_equal(el_tunnel_io_sockets(4, 0, 2, fds, NULL, &err), 0);
    to.sin_port = htons(port_of(fds[0]));
    fds[2] = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(setsockopt(fds[2], SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = to.sin_port};
    assert_int_equal(bind(fds[2], (struct sockaddr *)&any, sizeof any), 0);
    for (unsigned index = 0; index < 64; index++) {
        const uint8_t bytes[32] = {4, 0, 0, 0, (uint8_t)index};
        assert_int_equal(comes_to(fds, 3, &to, bytes, sizeof bytes), index % 2);
    }
    for (unsigned i = 0; i < 3; i++)
        close(fds[i]);
}

static void options_are_set_or_explained(void **state)
{
    struct el_tunnel_io_options nowhere = {.device = "nosuch0"};
    struct el_tunnel_io_options loopback = {.mark = geteuid() == 0 ? 0xe12 : 0, .device = "lo"};
    struct el_err err = {""};
    int fds[2];

    (void)state;
    assert_int_equal(el_tunnel_io_sockets(4, 0, 1, fds, &nowhere, &err), EL_ENOENT);
    assert_string_equal(err.text, "device nosuch0: no such interface");
    for (unsigned family = 4; family <= 6; family += 2) {
        assert_int_equal(el_tunnel_io_sockets(family, 0, 2, fds, &loopback, &err), 0);
        for (unsigned i = 0; i < 2; i++) {
            char device[16] = "";
            uint32_t mark = 0;
            socklen_t device_len = sizeof device, mark_len = sizeof mark;
            getsockopt(fds[i], SOL_SOCKET, SO_BINDTODEVICE, device, &device_len);
            getsockopt(fds[i], SOL_SOCKET, SO_MARK, &mark, &mark_len);
            assert_string_equal(device, "lo");
            assert_int_equal(mark, loopback.mark);
            close(fds[i]);
        }
    }
}

static void note_too_big(void *arg, const struct el_endpoint *to, size_t len)
{
    size_t *largest = arg;

    (void)to;
    *largest = len > *largest ? len : *largest;
}

/* A network of this process's own. */
static void namespace(const char *commands)
{
    if (unshare(CLONE_NEWNET) < 0 || system(commands) != 0)
        skip();
}

/* A first hop that becomes narrower is told about, and trains that fit it go on. */
static void narrow_first_hop(void **state)
{
    struct el_endpoint here, there;
    size_t refused = 0;

    (void)state;
    namespace("ip link set lo mtu 1280 up");
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);
    el_tunnel_io_on_too_big(from, note_too_big, &refused);
    put(from, &there, 5, 1300, 'x');
    put(from, &there, 1, 200, 'a'); /* the end of the same train */
    el_tunnel_io_flush(from);
    assert_int_equal(refused, 1300);
    assert_true(el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_TOO_BIG) >= 5);
    uint64_t trains = el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS);
    put(from, &there, 5, 1200, 'a');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS), trains + 1);
    size_t short_end = el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_TOO_BIG) == 5 ? 200 : 0;
    take(to, 5 * 1200 + short_end, 'a');
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* Sends a datagram from A to B until one comes: a new IPv6 address takes a moment to work. */
static struct el_tunnel_io_train call(struct el_tunnel_io *a, const struct el_endpoint *to,
                                      struct el_tunnel_io *b, unsigned family)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    struct pollfd readable = {el_tunnel_io_fd(b, family), POLLIN, 0};

    do {
        put(a, to, 1, 100, 'a');
        el_tunnel_io_flush(a);
    } while (poll(&readable, 1, 50) == 0);
    assert_true(el_tunnel_io_receive(b, family, trains) > 0);
    return trains[0];
}

/* An address that has gone is not insisted on, and is used again when it is called again. */
static void source_that_has_gone(void **state)
{
    static const struct {
        unsigned family;
        const char *address, *add, *remove;
    } cases[] = {
        {4, "192.0.2.1", "ip addr add 192.0.2.1/32 dev lo", "ip addr del 192.0.2.1/32 dev lo"},
        {6, "2001:db8::1", "ip addr add 2001:db8::1/128 dev lo nodad",
         "ip addr del 2001:db8::1/128 dev lo"},
    };

    (void)state;
    namespace("ip link set lo up");
    for (unsigned i = 0; i < 2; i++) {
        struct el_endpoint here, there;
        unsigned family = cases[i].family;
        struct el_tunnel_io *a = open_family(family, &here), *b = open_family(family, &there);
        struct el_endpoint from_it = here, loopback = there;
        el_ip_parse(cases[i].address, &from_it.local);
        there.ip = from_it.local;
        for (unsigned round = 0; round < 2; round++) {
            assert_int_equal(system(cases[i].add), 0);
            struct el_tunnel_io_train called = call(a, &there, b, family);
            assert_true(el_ip_equal(&called.from.local, &there.ip));
            put(b, &from_it, 2, 100, 'b');
            el_tunnel_io_flush(b);
            struct el_tunnel_io_train answer = take_train(a, family);
            assert_true(el_ip_equal(&answer.from.ip, &there.ip));

            assert_int_equal(system(cases[i].remove), 0);
            for (unsigned again = 0; again < 2; again++) {
                put(b, &from_it, 2, 100, 'c');
                el_tunnel_io_flush(b);
                struct el_tunnel_io_train chosen = take_train(a, family);
                assert_int_equal(chosen.len, 200);
                assert_true(el_ip_equal(&chosen.from.ip, &loopback.ip));
            }
        }
        assert_int_equal(el_tunnel_io_count(b, EL_TUNNEL_IO_TX_DATAGRAMS), 12);
        assert_int_equal(el_tunnel_io_count(b, EL_TUNNEL_IO_DROP_ERROR), 0);
        el_tunnel_io_free(a);
        el_tunnel_io_free(b);
    }
}

/* Link-local addresses need an interface to leave by. */
static void link_local(void **state)
{
    struct el_endpoint here, there;

    (void)state;
    namespace("ip link add a0 type veth peer name b0 && ip link set a0 up && ip link set b0 up && "
              "ip addr add fe80::a/64 dev a0 nodad && ip addr add fe80::a1/64 dev a0 nodad && "
              "ip addr add fe80::b/64 dev b0 nodad");
    struct el_tunnel_io *a = open_family(6, &here), *b = open_family(6, &there);
    el_ip_parse("fe80::b", &there.ip);
    there.scope = if_nametoindex("a0");
    el_ip_parse("fe80::a1", &there.local);
    put(a, &there, 3, 700, 'a');
    el_tunnel_io_flush(a);
    assert_int_equal(el_tunnel_io_count(a, EL_TUNNEL_IO_TX_DATAGRAMS), 3);
    struct el_tunnel_io_train called = take_train(b, 6);
    assert_true(el_ip_equal(&called.from.ip, &there.local));
    assert_true(el_ip_equal(&called.from.local, &there.ip));
    assert_int_equal(called.from.scope, if_nametoindex("b0"));
    put(b, &called.from, 3, 700, 'b');
    el_tunnel_io_flush(b);
    struct el_tunnel_io_train answer = take_train(a, 6);
    assert_true(el_endpoint_equal(&answer.from, &there));

    /* The interface goes: counted, and no other datagram suffers. */
    assert_int_equal(system("ip link del a0"), 0);
    put(a, &there, 3, 700, 'c');
    el_tunnel_io_flush(a);
    assert_int_equal(el_tunnel_io_blocked(a), 0);
    assert_int_equal(el_tunnel_io_count(a, EL_TUNNEL_IO_DROP_UNREACHABLE) +
                         el_tunnel_io_count(a, EL_TUNNEL_IO_DROP_ERROR),
                     3);
    el_tunnel_io_free(a);
    el_tunnel_io_free(b);
}

/* No route, and a firewall: counted by their names, whether trains or not. */
static void refused_by_name(void **state)
{
    struct el_endpoint here, there;

    (void)state;
    namespace("ip link set lo up");
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);
    struct el_endpoint nowhere = {.ip = el_ip4(0xc0000201), .port = 9};
    put(from, &nowhere, 5, 1000, 'x');
    put(from, &nowhere, 1, 100, 'x');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_UNREACHABLE), 6);
    if (system("ip route add prohibit 192.0.2.1") == 0) {
        put(from, &nowhere, 5, 1000, 'x');
        el_tunnel_io_flush(from);
        assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_UNREACHABLE), 11);
    }
    put(from, &there, 5, 1000, 'a');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_TRAINS), 1);
    take(to, 5000, 'a');
    if (system("nft 'add table ip t; add chain ip t o { type filter hook output priority 0; "
               "policy drop; }' 2>/dev/null") == 0) {
        put(from, &there, 5, 1000, 'x');
        el_tunnel_io_flush(from);
        assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_FIREWALL), 5);
    }
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* -- inside TCP -- */

struct hop {
    uint8_t head[EL_STREAM_HOP_BYTES];
    uint8_t bytes[EL_STREAM_TRAIN_BYTES];
};

/* Trains to endpoints inside TCP go through the channel, neighbours together, UDP's beside them. */
static void streams_are_trains_too(void **state)
{
    struct el_endpoint here, there, inside;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);
    struct hop message;
    struct el_stream_hop hop;
    struct el_err err;
    int fds[2];

    (void)state;
    inside = there;
    inside.carrier = EL_CARRIER_TCP;
    assert_null(el_tunnel_io_reserve(from, &inside, 100, 0)); /* there is no such way yet */
    assert_int_equal(el_tunnel_io_fd(from, EL_TUNNEL_IO_STREAMS), -1);
    assert_int_equal(el_stream_pair(fds), 0);
    assert_int_equal(el_tunnel_io_add_streams(from, fds[0], &err), 0);
    put(from, &there, 2, 1000, 'a');
    put(from, &inside, 10, 1000, 'b');
    put(from, &inside, 1, 600, 'b');
    put(from, &there, 1, 1000, 'a');
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_DATAGRAMS), 14);
    take(to, 3000, 'a');
    assert_int_equal(recv(fds[1], &message, sizeof message, 0), EL_STREAM_HOP_BYTES + 10600);
    assert_int_equal(el_stream_hop_read(message.head, 10600, &hop), 0);
    assert_true(el_endpoint_equal(&hop.at, &inside));
    assert_int_equal(hop.segment, 1000);
    for (size_t i = 0; i < 10600; i++)
        assert_int_equal(message.bytes[i], 'b');
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
    close(fds[1]);
}

/* A slow process with the connections costs its own datagrams, and nobody waits. */
static void streams_never_block(void **state)
{
    struct el_endpoint here, there, inside;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);
    struct el_err err;
    int fds[2];

    (void)state;
    inside = there;
    inside.carrier = EL_CARRIER_TCP_CALLED;
    assert_int_equal(el_stream_pair(fds), 0);
    assert_int_equal(el_tunnel_io_add_streams(from, fds[0], &err), 0);
    while (el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_FULL) == 0) {
        put(from, &inside, 32, 1000, 'x');
        el_tunnel_io_flush(from);
        assert_int_equal(el_tunnel_io_blocked(from), 0);
    }
    put(from, &there, 1, 1000, 'a');
    el_tunnel_io_flush(from);
    take(to, 1000, 'a');
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
    close(fds[1]);
}

static void streams_are_received(void **state)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    struct el_endpoint here;
    struct el_tunnel_io *io = open_io(&here);
    struct el_stream_hop hop = {{.ip = el_ip4(0xc0000201), .carrier = EL_CARRIER_TCP, .port = 7},
                                100};
    struct hop message;
    struct el_err err;
    int fds[2];

    (void)state;
    assert_int_equal(el_stream_pair(fds), 0);
    assert_int_equal(el_tunnel_io_add_streams(io, fds[0], &err), 0);
    assert_int_equal(el_tunnel_io_receive(io, EL_TUNNEL_IO_STREAMS, trains), 0);
    el_stream_hop_write(&hop, message.head);
    memset(message.bytes, 'a', 250);
    assert_int_equal(send(fds[1], &message, EL_STREAM_HOP_BYTES + 250, 0),
                     EL_STREAM_HOP_BYTES + 250);
    assert_int_equal(send(fds[1], "nonsense", 8, 0), 8);
    assert_int_equal(el_tunnel_io_receive(io, EL_TUNNEL_IO_STREAMS, trains), 2);
    assert_int_equal(trains[0].len, 250);
    assert_int_equal(trains[0].segment, 100);
    assert_true(el_endpoint_equal(&trains[0].from, &hop.at));
    assert_int_equal(trains[0].bytes[249], 'a');
    assert_int_equal(trains[1].len, 0);
    close(fds[1]); /* nobody is there any more, and nothing is waited for */
    assert_int_equal(el_tunnel_io_receive(io, EL_TUNNEL_IO_STREAMS, trains), 0);
    assert_int_equal(el_tunnel_io_fd(io, EL_TUNNEL_IO_STREAMS), -1);
    el_tunnel_io_free(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_a_train),
        cmocka_unit_test(cancelled_is_not_sent),
        cmocka_unit_test(bad_destination_costs_only_itself),
        cmocka_unit_test(trains_share_their_tos),
        cmocka_unit_test(answers_from_where_it_was_called),
        cmocka_unit_test(refusal_costs_nobody),
        cmocka_unit_test(overflow_is_counted),
        cmocka_unit_test(lanes_get_their_sessions),
        cmocka_unit_test(intruder_gets_nothing),
        cmocka_unit_test(options_are_set_or_explained),
        cmocka_unit_test(streams_are_trains_too),
        cmocka_unit_test(streams_never_block),
        cmocka_unit_test(streams_are_received),
        /* From here on in namespaces. */
        cmocka_unit_test(narrow_first_hop),
        cmocka_unit_test(source_that_has_gone),
        cmocka_unit_test(link_local),
        cmocka_unit_test(refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

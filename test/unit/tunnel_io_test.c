/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams in trains, through the kernel's loopback. What needs a narrow one makes a network
 * namespace for this process, and is skipped where that is not allowed.
 */
#include "tunnel/tunnel_io.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000 };

static struct el_tunnel_io *open_io(struct el_endpoint *at)
{
    struct el_err err = {""};
    struct el_tunnel_io *io = NULL;
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int fd = el_tunnel_io_socket(4, 0, &err);

    if (fd < 0 || el_tunnel_io_new(fd, -1, &io, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *at = (struct el_endpoint){.ip = el_ip4(INADDR_LOOPBACK), .port = ntohs(address.sin_port)};
    return io;
}

/* Queues COUNT datagrams of LEN bytes each, all of value FILL. */
static void put(struct el_tunnel_io *io, const struct el_endpoint *to, unsigned count, size_t len,
                int fill)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t *at = el_tunnel_io_reserve(io, to, len);
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

static void note_too_big(void *arg, const struct el_endpoint *to, size_t len)
{
    size_t *largest = arg;

    (void)to;
    *largest = len > *largest ? len : *largest;
}

/* A first hop that becomes narrower is told about, and trains that fit it go on. */
static void narrow_first_hop(void **state)
{
    struct el_endpoint here, there;
    size_t refused = 0;

    (void)state;
    if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo mtu 1280 up") != 0)
        skip();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_a_train),
        cmocka_unit_test(cancelled_is_not_sent),
        cmocka_unit_test(bad_destination_costs_only_itself),
        cmocka_unit_test(narrow_first_hop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel may say to a datagram, each error in turn: it is counted under its name, costs what
 * was refused and nothing else, and a full socket is waited for. The kernel's part is played here:
 * the linker puts these sendmsg() and sendmmsg() in front of libc's.
 */
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <cmocka.h>

enum { PATIENCE_MS = 120000, SIZE = 1000, COUNT = 8 };

static int error; /* what every call fails with; 0: none */

ssize_t __real_sendmsg(int fd, const struct msghdr *header, int flags);
int __real_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *header, int flags)
{
    errno = error;
    return error ? -1 : __real_sendmsg(fd, header, flags);
}

int __wrap_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags)
{
    errno = error;
    return error ? -1 : __real_sendmmsg(fd, headers, count, flags);
}

static struct el_tunnel_io *open_io(struct el_endpoint *at)
{
    struct el_err err = {""};
    struct el_tunnel_io *io = NULL;
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int fd = el_tunnel_io_socket(4, 0, NULL, &err);

    if (fd < 0 || el_tunnel_io_new(fd, -1, &io, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *at = (struct el_endpoint){.ip = el_ip4(INADDR_LOOPBACK), .port = ntohs(address.sin_port)};
    return io;
}

/* Queues a datagram that says its number. False if there is no room. */
static bool put(struct el_tunnel_io *io, const struct el_endpoint *to, unsigned number)
{
    uint8_t *at = el_tunnel_io_reserve(io, to, SIZE, 0);

    if (!at)
        return false;
    memset(at, 0, SIZE);
    memcpy(at, &number, sizeof number);
    return true;
}

/* Receives datagrams with the numbers FIRST..FIRST+WANTED-1, in this order. */
static void take(struct el_tunnel_io *io, unsigned first, unsigned wanted)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    struct pollfd readable = {el_tunnel_io_fd(io, 4), POLLIN, 0};
    unsigned next = first, number;

    while (next < first + wanted) {
        assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
        int n = el_tunnel_io_receive(io, 4, trains);
        for (int i = 0; i < n; i++)
            for (size_t at = 0; at < trains[i].len; at += trains[i].segment) {
                memcpy(&number, trains[i].bytes + at, sizeof number);
                assert_int_equal(number, next++);
            }
    }
}

static void errors_have_names(void **state)
{
    static const struct {
        int error;
        enum el_tunnel_io_counter counter;
    } cases[] = {
        {EMSGSIZE, EL_TUNNEL_IO_DROP_TOO_BIG},
        {EPERM, EL_TUNNEL_IO_DROP_FIREWALL},
        {ENOBUFS, EL_TUNNEL_IO_DROP_NO_BUFFER},
        {ENOMEM, EL_TUNNEL_IO_DROP_NO_BUFFER},
        {EHOSTUNREACH, EL_TUNNEL_IO_DROP_UNREACHABLE},
        {ENETDOWN, EL_TUNNEL_IO_DROP_UNREACHABLE},
        {ENETUNREACH, EL_TUNNEL_IO_DROP_UNREACHABLE},
        {ENODEV, EL_TUNNEL_IO_DROP_UNREACHABLE},
        {ENXIO, EL_TUNNEL_IO_DROP_UNREACHABLE},
        {EINVAL, EL_TUNNEL_IO_DROP_ERROR},
        {EIO, EL_TUNNEL_IO_DROP_ERROR},
        {ECONNREFUSED, EL_TUNNEL_IO_DROP_ERROR},
    };
    struct el_endpoint here, there;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t before = el_tunnel_io_count(from, cases[i].counter);
        error = cases[i].error;
        for (unsigned n = 0; n < COUNT; n++)
            assert_true(put(from, &there, 0));
        el_tunnel_io_flush(from);
        error = 0;
        assert_int_equal(el_tunnel_io_count(from, cases[i].counter), before + COUNT);
        assert_int_equal(el_tunnel_io_blocked(from), 0);
        for (unsigned n = 0; n < COUNT; n++)
            assert_true(put(from, &there, i * COUNT + n));
        el_tunnel_io_flush(from);
        take(to, i * COUNT, COUNT);
    }
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

/* What fits our own buffer is kept, in order; what does not is counted. */
static void full_socket_is_waited_for(void **state)
{
    struct el_endpoint here, there;
    struct el_tunnel_io *from = open_io(&here), *to = open_io(&there);
    unsigned kept = 0;

    (void)state;
    error = EAGAIN;
    assert_true(put(from, &there, kept++));
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_blocked(from), 4);
    while (put(from, &there, kept))
        kept++;
    for (unsigned i = 1; i < COUNT; i++)
        assert_false(put(from, &there, kept));
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_DROP_FULL), COUNT);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_DATAGRAMS), 0);

    error = 0;
    el_tunnel_io_flush(from);
    assert_int_equal(el_tunnel_io_blocked(from), 0);
    assert_int_equal(el_tunnel_io_count(from, EL_TUNNEL_IO_TX_DATAGRAMS), kept);
    take(to, 0, kept);
    el_tunnel_io_free(from);
    el_tunnel_io_free(to);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_names),
        cmocka_unit_test(full_socket_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

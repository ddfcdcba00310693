/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lanes work on, on its way from a supervisor to its applet. */
#include "link/queues.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void some_numbers_of_workers_are_possible(void **state)
{
    static const uint64_t bad[] = {3, 5, 15, 17, 32, UINT64_MAX};
    struct el_err err = {""};

    (void)state;
    for (unsigned lanes = 1; lanes <= EL_TUNNEL_LANES_MAX; lanes *= 2)
        assert_int_equal(el_node_lanes(lanes, &err), lanes);
    assert_in_range(el_node_lanes(0, &err), 1, EL_TUNNEL_LANES_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(el_node_lanes(bad[i], &err), EL_EINVAL);
}

/* As many as there is room for are passed on; the rest is closed, and said to be too many. */
static void too_many_are_an_error(void **state)
{
    struct el_node_queues queues = {.lanes = 2, .udp6 = {-1, -1}};
    struct el_launch_fds fds = {.count = EL_LAUNCH_FDS - 1};
    struct el_err err = {""};

    (void)state;
    for (unsigned i = 0; i < queues.lanes; i++)
        queues.udp4[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(el_node_queues_pass_udp(&fds, &queues, &err), EL_EFULL);
    assert_non_null(strstr(err.text, "udp4: 1 descriptors too many"));
    assert_int_equal(fds.count, EL_LAUNCH_FDS);
    assert_string_equal(fds.items[EL_LAUNCH_FDS - 1].name, "udp4");
    assert_true(is_open(queues.udp4[0]));
    assert_false(is_open(queues.udp4[1]));
    close(queues.udp4[0]);
}

/* A host without IPv6 has no sockets of it to pass on. */
static void none_is_no_error(void **state)
{
    struct el_node_queues queues = {.lanes = 1, .udp6 = {-1}};
    struct el_launch_fds fds = {.count = 0};
    struct el_err err = {""};

    (void)state;
    queues.udp4[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(el_node_queues_pass_udp(&fds, &queues, &err), 0);
    assert_int_equal(fds.count, 1);
    close(queues.udp4[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_numbers_of_workers_are_possible),
        cmocka_unit_test(too_many_are_an_error),
        cmocka_unit_test(none_is_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port that is one end of a socket pair. */
#include "port/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SUPER = 60000 };

static struct el_port *a, *b;

static int set_up(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(el_port_pair_open(fds), 0);
    assert_int_equal(el_port_from_pair(fds[0], "a", &a), 0);
    assert_int_equal(el_port_from_pair(fds[1], "b", &b), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    el_port_close(a);
    el_port_close(b);
    return 0;
}

static void super_frames_pass_as_they_are(void **state)
{
    static uint8_t bytes[SUPER], got[EL_PORT_FRAME_BYTES + EL_PORT_TAILROOM];
    struct el_slice slices[] = {{bytes, 54}, {bytes + 54, SUPER - 54}};
    struct el_port_tx tx = {.slices = slices, .count = 2};
    struct el_port_rx rx = {.bytes = got, .capacity = EL_PORT_FRAME_BYTES};

    (void)state;
    for (size_t i = 0; i < SUPER; i++)
        bytes[i] = (uint8_t)(i * 7);
    tx.offload = (struct el_offload){.gso = EL_GSO_TCP4,
                                     .gso_size = 1448,
                                     .hdr_len = 54,
                                     .needs_csum = true,
                                     .csum_start = 34,
                                     .csum_offset = 16};
    assert_int_equal(el_port_receive(b, &rx, 1), 0);
    assert_int_equal(el_port_send(a, &tx), 0);
    assert_int_equal(el_port_receive(b, &rx, 1), 1);
    assert_int_equal(rx.len, SUPER);
    assert_memory_equal(got, bytes, SUPER);
    assert_int_equal(rx.offload.gso, EL_GSO_TCP4);
    assert_int_equal(rx.offload.gso_size, 1448);
    assert_true(rx.offload.needs_csum);
    assert_int_equal(rx.offload.csum_start, 34);
}

/* What is no frame of ours is counted, and the next one comes. */
static void nonsense_is_passed_over(void **state)
{
    uint8_t bytes[100] = {[1] = 77 /* no kind of super-frame */}, got[128];
    struct el_slice slice = {bytes, 60};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    struct el_port_rx rx = {.bytes = got, .capacity = 80};

    (void)state;
    assert_int_equal(send(a->fd, bytes, 60, 0), 60);
    assert_int_equal(send(a->fd, bytes, 3, 0), 3);
    slice.len = 100;
    assert_int_equal(el_port_send(a, &tx), 0);
    slice.len = 60;
    assert_int_equal(el_port_send(a, &tx), 0);
    assert_int_equal(el_port_receive(b, &rx, 1), 1);
    assert_int_equal(rx.len, 60);
    assert_int_equal(el_port_count(b, EL_PORT_DROP_OFFLOAD), 2);
    assert_int_equal(el_port_count(b, EL_PORT_DROP_LONG), 1);
}

static void a_full_one_says_so(void **state)
{
    uint8_t bytes[1000] = {0};
    struct el_slice slice = {bytes, sizeof bytes};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    unsigned sent = 0;

    (void)state;
    while (el_port_send(a, &tx) == 0)
        sent++;
    assert_in_range(sent, 10, 100000);
    assert_int_equal(el_port_send(a, &tx), EL_EAGAIN);
}

static void the_end_is_told(void **state)
{
    uint8_t bytes[100] = {0};
    struct el_slice slice = {bytes, sizeof bytes};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    struct el_port_rx rx = {.bytes = bytes, .capacity = sizeof bytes};

    (void)state;
    shutdown(b->fd, SHUT_RDWR);
    assert_int_equal(el_port_receive(a, &rx, 1), EL_ECLOSED);
    assert_int_equal(el_port_send(a, &tx), EL_ECLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(super_frames_pass_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_one_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_is_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

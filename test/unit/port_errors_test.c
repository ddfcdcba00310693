/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel may say to a frame: which errors mean "this one is lost", which mean "the interface
 * is gone". The kernel's part is played here: the linker puts this writev() in front of libc's.
 */
#include "port/vnet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/uio.h>

#include <cmocka.h>

static int error; /* what the call fails with; 0: it succeeds */

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
    (void)fd;
    (void)pieces;
    errno = error;
    return error ? -1 : count;
}

static void errors_have_meanings(void **state)
{
    static const struct {
        int error, code;
    } cases[] = {
        {0, 0},
        {EAGAIN, EL_EAGAIN}, /* the queue is full */
        {ENOBUFS, EL_EAGAIN},
        {ENOMEM, EL_EAGAIN},
        {EINTR, EL_EAGAIN},
        {ENETDOWN, EL_EAGAIN}, /* it may come up again */
        {EMSGSIZE, EL_ESHORT},
        {EBADFD, EL_ECLOSED},
        {ENXIO, EL_ECLOSED},
        {ENODEV, EL_ECLOSED},
        {EIO, EL_EIO}, /* a TAP that is down */
        {EINVAL, EL_EINVAL},
    };
    static const uint8_t bytes[60];
    struct el_slice slice = {bytes, sizeof bytes};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        error = cases[i].error;
        assert_int_equal(el_vnet_send(0, &tx), cases[i].code);
    }
    tx.count = EL_PORT_SLICES + 1;
    assert_int_equal(el_vnet_send(0, &tx), EL_EINVAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(errors_have_meanings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

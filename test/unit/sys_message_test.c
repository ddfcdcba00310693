/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between processes, and the descriptors that come with them. */
#include "sys/message.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];

static int begin(void **state)
{
    (void)state;
    return el_sys_message_pair(pair);
}

static int end(void **state)
{
    (void)state;
    close(pair[0]);
    if (pair[1] >= 0)
        close(pair[1]);
    return 0;
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 200; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void messages_stay_apart(void **state)
{
    int fds[EL_SYS_MESSAGE_FDS];
    char bytes[4];
    unsigned count;

    (void)state;
    assert_int_equal(el_sys_message_receive(pair[1], bytes, 4, fds, &count), EL_EAGAIN);
    assert_int_equal(el_sys_message_send(pair[0], "one.", 4, NULL, 0), 0);
    assert_int_equal(el_sys_message_send(pair[0], "two.", 4, NULL, 0), 0);
    assert_int_equal(el_sys_message_receive(pair[1], bytes, 4, fds, &count), 0);
    assert_memory_equal(bytes, "one.", 4);
    assert_int_equal(count, 0);
    assert_int_equal(el_sys_message_receive(pair[1], bytes, 4, fds, &count), 0);
    assert_memory_equal(bytes, "two.", 4);
}

static void descriptors_come_in_their_order(void **state)
{
    int pipes[EL_SYS_MESSAGE_FDS / 2][2], sent[EL_SYS_MESSAGE_FDS], fds[EL_SYS_MESSAGE_FDS];
    char bytes[1];
    unsigned count;

    (void)state;
    for (unsigned i = 0; i < EL_SYS_MESSAGE_FDS / 2; i++) {
        assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
        memcpy(&sent[2 * i], pipes[i], sizeof pipes[i]);
    }
    assert_int_equal(el_sys_message_send(pair[0], "x", 1, sent, EL_SYS_MESSAGE_FDS + 1), EL_EINVAL);
    assert_int_equal(el_sys_message_send(pair[0], "x", 1, sent, EL_SYS_MESSAGE_FDS), 0);
    for (unsigned i = 0; i < EL_SYS_MESSAGE_FDS; i++)
        close(sent[i]); /* what is on its way is not ours any more */
    assert_int_equal(el_sys_message_receive(pair[1], bytes, 1, fds, &count), 0);
    assert_int_equal(count, EL_SYS_MESSAGE_FDS);
    for (uint8_t i = 0; i < EL_SYS_MESSAGE_FDS / 2; i++) {
        uint8_t byte = 255;
        assert_int_equal(write(fds[2 * i + 1], &i, 1), 1);
        assert_int_equal(read(fds[2 * i], &byte, 1), 1);
        assert_int_equal(byte, i);
        assert_int_equal(fcntl(fds[2 * i], F_GETFD), FD_CLOEXEC);
    }
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
}

static void a_message_of_another_length_goes_with_what_came_with_it(void **state)
{
    int fds[EL_SYS_MESSAGE_FDS];
    unsigned before = open_descriptors();
    char bytes[8];
    unsigned count;

    (void)state;
    for (size_t len = 3; len <= 12; len++) {
        if (len == 8)
            continue;
        assert_int_equal(el_sys_message_send(pair[0], "abcdefghijkl", len, pair, 2), 0);
        assert_int_equal(el_sys_message_receive(pair[1], bytes, 8, fds, &count), EL_EINVAL);
        assert_int_equal(count, 0);
        assert_int_equal(open_descriptors(), before);
    }
}

/* More than there is room for: the kernel keeps the rest from us, and says so. */
static void too_many_descriptors_are_none(void **state)
{
    enum { MANY = EL_SYS_MESSAGE_FDS + 4 };
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MANY * sizeof(int))];
    } rights = {.bytes = {0}};
    struct iovec piece = {.iov_base = (char[]){"x"}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    int many[MANY], fds[EL_SYS_MESSAGE_FDS];
    unsigned before = open_descriptors();
    char bytes[1];
    unsigned count;

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        many[i] = pair[0];
    rights.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof many), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&rights.header), many, sizeof many);
    assert_int_equal(sendmsg(pair[0], &message, 0), 1);
    assert_int_equal(el_sys_message_receive(pair[1], bytes, 1, fds, &count), EL_EINVAL);
    assert_int_equal(count, 0);
    assert_int_equal(open_descriptors(), before);
}

static void a_full_channel_and_a_closed_one_are_told_apart(void **state)
{
    int fds[EL_SYS_MESSAGE_FDS];
    char bytes[4096] = {0};
    unsigned count, sent = 0;
    int rc;

    (void)state;
    while ((rc = el_sys_message_send(pair[0], bytes, sizeof bytes, NULL, 0)) == 0)
        sent++;
    assert_int_equal(rc, EL_EAGAIN);
    for (; sent > 0; sent--)
        assert_int_equal(el_sys_message_receive(pair[1], bytes, sizeof bytes, fds, &count), 0);
    close(pair[1]);
    pair[1] = -1;
    assert_int_equal(el_sys_message_receive(pair[0], bytes, sizeof bytes, fds, &count), EL_ECLOSED);
    assert_int_equal(el_sys_message_send(pair[0], bytes, sizeof bytes, NULL, 0), EL_ECLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_stay_apart, begin, end),
        cmocka_unit_test_setup_teardown(descriptors_come_in_their_order, begin, end),
        cmocka_unit_test_setup_teardown(a_message_of_another_length_goes_with_what_came_with_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(too_many_descriptors_are_none, begin, end),
        cmocka_unit_test_setup_teardown(a_full_channel_and_a_closed_one_are_told_apart, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

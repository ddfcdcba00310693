/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages with descriptors. */
#include "sys/message.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for the control message, aligned as one. */
union rights {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(EL_SYS_MESSAGE_FDS * sizeof(int))];
};

int el_sys_message_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return el_errno_from_os(errno);
    return 0;
}

static int error_of(int error)
{
    switch (error) {
    case EAGAIN: return EL_EAGAIN;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN: return EL_ECLOSED;
    default: return el_errno_from_os(error);
    }
}

int el_sys_message_send(int fd, const void *bytes, size_t len, const int *fds, unsigned count)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    union rights rights = {.bytes = {0}};

    if (count > EL_SYS_MESSAGE_FDS)
        return EL_EINVAL;
    if (count > 0) {
        message.msg_control = rights.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        rights.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
                                         .cmsg_level = SOL_SOCKET,
                                         .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&rights.header), fds, count * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? error_of(errno) : 0;
}

/* The descriptors of MESSAGE, all of them, though there is but one control message of ours. */
static unsigned take_descriptors(struct msghdr *message, int fds[EL_SYS_MESSAGE_FDS])
{
    unsigned count = 0;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        unsigned more = (unsigned)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds + count, CMSG_DATA(part), more * sizeof(int));
        count += more;
    }
    return count;
}

int el_sys_message_receive(int fd, void *bytes, size_t len, int fds[EL_SYS_MESSAGE_FDS],
                           unsigned *count)
{
    char beyond;
    struct iovec pieces[] = {{bytes, len}, {&beyond, 1}};
    union rights rights = {.bytes = {0}};
    struct msghdr message = {.msg_iov = pieces,
                             .msg_iovlen = 2,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    *count = 0;
    if (got < 0)
        return error_of(errno);
    *count = take_descriptors(&message, fds);
    if ((size_t)got == len && !(message.msg_flags & MSG_CTRUNC))
        return 0;
    while (*count > 0)
        close(fds[--*count]);
    return got == 0 ? EL_ECLOSED : EL_EINVAL;
}

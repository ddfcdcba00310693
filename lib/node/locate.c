/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions and answers about where a machine is. */
#include "node/locate.h"

#include "base/err.h"

#include <errno.h>
#include <sys/socket.h>

int el_locate_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return el_errno_from_os(errno);
    return 0;
}

static bool send_whole(int fd, const void *message, size_t len)
{
    return fd >= 0 && send(fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static bool receive_whole(int fd, void *message, size_t len)
{
    return fd >= 0 && recv(fd, message, len, MSG_DONTWAIT) == (ssize_t)len;
}

bool el_locate_ask(int fd, const struct el_locate_question *question)
{
    return send_whole(fd, question, sizeof *question);
}

bool el_locate_next_question(int fd, struct el_locate_question *question)
{
    return receive_whole(fd, question, sizeof *question);
}

bool el_locate_reply(int fd, const struct el_locate_answer *answer)
{
    return send_whole(fd, answer, sizeof *answer);
}

bool el_locate_next_answer(int fd, struct el_locate_answer *answer)
{
    if (!receive_whole(fd, answer, sizeof *answer))
        return false;
    answer->region[sizeof answer->region - 1] = '\0';
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child is a fork that never becomes another program: it has all of this one's code and needs
 * nothing from a disk. It closes what it was not lent, gives up what it may, and works.
 *
 * The channel keeps messages apart (SOCK_SEQPACKET). The last one is the result, which only the
 * part of the child that is written here sends: its kind is a byte in front of each message.
 */
#include "image/aside.h"

#include "sys/confine.h"
#include "sys/drop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 200, UID = EL_SYS_UID_LAST, CPU_S = 600 };
enum { SAYS = 's', RESULT = 'r' };

struct result {
    int32_t code;
    char text[sizeof(struct el_err)];
};

/* -- the child -- */

static int send_kind(int channel, char kind, const void *bytes, size_t len)
{
    uint8_t message[EL_IMAGE_ASIDE_MESSAGE + 1];

    if (len > EL_IMAGE_ASIDE_MESSAGE)
        return EL_EINVAL;
    message[0] = (uint8_t)kind;
    memcpy(message + 1, bytes, len);
    while (send(channel, message, len + 1, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return el_errno_from_os(errno);
    return 0;
}

int el_image_aside_say(int channel, const void *bytes, size_t len)
{
    return send_kind(channel, SAYS, bytes, len);
}

static bool is_lent(const struct el_image_aside *aside, int channel, int fd)
{
    for (size_t i = 0; i < EL_IMAGE_ASIDE_FDS; i++)
        if (aside->fds[i] == fd)
            return true;
    return fd == channel || fd <= STDERR_FILENO;
}

static void close_others(const struct el_image_aside *aside, int channel)
{
    struct rlimit limit;
    int last = channel;

    for (size_t i = 0; i < EL_IMAGE_ASIDE_FDS; i++)
        last = aside->fds[i] > last ? aside->fds[i] : last;
    for (int fd = 0; fd <= last; fd++)
        if (!is_lent(aside, channel, fd))
            close(fd);
    if (syscall(SYS_close_range, (unsigned)last + 1, ~0U, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        for (int fd = last + 1; (rlim_t)fd < limit.rlim_cur; fd++)
            close(fd);
}

static int give_up_rights(const struct el_image_aside *aside, struct el_err *err)
{
    uid_t user = el_sys_drop_is_root() ? UID : 0;
    struct el_sys_drop_config drop = {.uid = user, .gid = user};
    struct rlimit cpu = {CPU_S, CPU_S};
    struct el_sys_place place = {aside->place ? aside->fds[0] : -1, false};
    struct el_sys_confine_config confine = {
        .places = &place, .count = 1, .resolver = aside->network, .any_port = aside->network};

    if (!aside->network) /* who only reads can only be busy */
        setrlimit(RLIMIT_CPU, &cpu);
    int rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = el_sys_confine(&confine, err);
    return rc < 0 ? rc : 0;
}

static void live(const struct el_image_aside *aside, int channel, pid_t parent)
{
    struct result result = {.code = 0};
    struct el_err err = {""};
    sigset_t none;

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    close_others(aside, channel);
    result.code = give_up_rights(aside, &err);
    if (result.code == 0)
        result.code = aside->work(aside->arg, channel, &err);
    memcpy(result.text, err.text, sizeof err.text);
    _exit(send_kind(channel, RESULT, &result, sizeof result) < 0);
}

/* -- the caller -- */

/* For a terminal, and for a log. */
static void make_harmless(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

static int read_result(const uint8_t *bytes, size_t len, struct el_err *err)
{
    struct result result;

    if (len != sizeof result)
        return el_err(err, EL_EPROTO, "the process that reads it makes no sense");
    memcpy(&result, bytes, sizeof result);
    result.text[sizeof result.text - 1] = '\0';
    make_harmless(result.text);
    if (result.code >= 0)
        return 0;
    return el_err(err, result.code, "%s", result.text[0] ? result.text : el_strerror(result.code));
}

/* Waits for one message: 1 with *RC once it is the result, 0, or an error. */
static int hear(const struct el_image_aside *aside, int channel, int *rc, struct el_err *err)
{
    uint8_t message[EL_IMAGE_ASIDE_MESSAGE + 1];
    struct pollfd poll_fd = {.fd = channel, .events = POLLIN};
    int ready = poll(&poll_fd, 1, LOOK_MS);

    if (aside->progress->stopped(aside->progress->arg))
        return el_err(err, EL_ECLOSED, "stopped");
    if (ready <= 0)
        return 0;
    ssize_t len = recv(channel, message, sizeof message, MSG_DONTWAIT);
    if (len < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : el_err_os(err, errno, "reading it");
    if (len == 0)
        return el_err(err, EL_EIO, "the process that reads it has died");
    if (message[0] == SAYS)
        return aside->heard(aside->arg, message + 1, (size_t)len - 1, err);
    *rc = read_result(message + 1, (size_t)len - 1, err);
    return 1;
}

static int listen_to(const struct el_image_aside *aside, int channel, pid_t child,
                     struct el_err *err)
{
    int rc = 0, heard;

    do
        heard = hear(aside, channel, &rc, err);
    while (heard == 0);
    if (heard < 0)
        kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return heard < 0 ? heard : rc;
}

int el_image_aside_run(const struct el_image_aside *aside, struct el_err *err)
{
    int channels[2];
    pid_t parent = getpid();

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels) < 0)
        return el_err_os(err, errno, "a channel to another process");
    pid_t child = fork();
    if (child == 0)
        live(aside, channels[1], parent);
    int why = errno;
    close(channels[1]);
    int rc = child < 0 ? el_err_os(err, why, "another process")
                       : listen_to(aside, channels[0], child, err);
    close(channels[0]);
    return rc;
}

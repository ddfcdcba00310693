/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges on a Unix socket, one system call after the other. */
#include "control/call_io.h"

#include "base/time.h"
#include "sys/clock.h"
#include "sys/control.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct call {
    int fd;
    const char *path;
    uint64_t deadline_ns;
    struct el_exchange exchange;
};

/* What `who` is told when there is nobody to ask. */
static int connect_to(const char *path, struct el_err *err)
{
    struct el_err why = {""};
    int fd = el_sys_control_connect(path, &why);

    if (fd == EL_ENOENT)
        return el_err(err, fd,
                      "no hub runs here (nobody listens at %s): start it with \"el2w hub\"", path);
    if (fd == EL_EPERM)
        return el_err(err, fd, "only root may ask the hub (%s): try sudo", path);
    if (fd < 0)
        return el_err(err, fd, "%s", why.text);
    return fd;
}

/* Waits until the socket can be read or written. */
static int wait_for(const struct call *call, short events, struct el_err *err)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = call->fd, .events = events};
        uint64_t now_ns = el_sys_now_ns();
        int n = now_ns < call->deadline_ns
                    ? poll(&poll_fd, 1, (int)((call->deadline_ns - now_ns) / EL_MS) + 1)
                    : 0;
        if (n > 0)
            return 0;
        if (n == 0)
            return el_err(err, EL_EAGAIN, "the hub at %s does not answer", call->path);
        if (errno != EINTR)
            return el_err_os(err, errno, "%s", call->path);
    }
}

static int send_all(const struct call *call, struct el_err *err)
{
    const struct el_exchange *x = &call->exchange;

    for (size_t sent = 0; sent < x->text_len;) {
        int r = wait_for(call, POLLOUT, err);
        if (r < 0)
            return r;
        ssize_t n = send(call->fd, x->text + sent, x->text_len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EPIPE || errno == ECONNRESET)
            return 0; /* it may have said why */
        else if (errno != EAGAIN && errno != EINTR)
            return el_err_os(err, errno, "%s", call->path);
    }
    return 0;
}

static int receive(struct call *call, struct el_err *err)
{
    uint8_t bytes[16384];
    int r = wait_for(call, POLLIN, err);

    if (r < 0)
        return r;
    ssize_t n = recv(call->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0)
        return el_err(err, EL_ECLOSED, "the hub at %s has hung up", call->path);
    return el_exchange_input(&call->exchange, bytes, (size_t)n, err);
}

/* Connects and asks; what was begun is to be ended in any case. */
static int begin(struct call *call, const char *path, const struct el_control_question *question,
                 struct el_err *err)
{
    *call = (struct call){.fd = -1, .path = path};
    call->deadline_ns = el_sys_now_ns() + EL_CONTROL_PATIENCE_S * EL_S;
    int r = el_exchange_begin(&call->exchange, question, "localhost", err);
    if (r < 0)
        return r;
    call->fd = connect_to(path, err);
    return call->fd < 0 ? call->fd : send_all(call, err);
}

static void end(struct call *call)
{
    if (call->fd >= 0)
        close(call->fd);
    el_exchange_end(&call->exchange);
}

int el_control_call(const char *socket_path, const struct el_control_question *question,
                    struct el_control_answer *answer, struct el_err *err)
{
    struct el_sse_event event;
    struct call call;
    int r = begin(&call, socket_path, question, err);

    *answer = (struct el_control_answer){.status = 0};
    while (r == 0) {
        r = el_exchange_next(&call.exchange, answer, &event, err);
        if (r == EL_EXCHANGE_NOTHING)
            r = receive(&call, err);
    }
    end(&call);
    return r < 0 ? r : 0;
}

int el_control_watch(const char *socket_path, const struct el_control_question *question,
                     bool (*event)(void *arg, const struct el_sse_event *event, const char *id),
                     void *arg, struct el_err *err)
{
    struct el_control_answer answer = {.status = 0};
    struct el_sse_event said = {0};
    struct call call;
    bool more = true;
    int r = begin(&call, socket_path, question, err);

    while (r == 0 && more) {
        r = el_exchange_next(&call.exchange, &answer, &said, err);
        if (r == EL_EXCHANGE_EVENT) {
            more = event(arg, &said, call.exchange.sse->last_id);
            r = 0;
        } else if (r == EL_EXCHANGE_NOTHING) {
            r = receive(&call, err);
            call.deadline_ns = el_sys_now_ns() + EL_CONTROL_PATIENCE_S * EL_S;
        } else if (r == EL_EXCHANGE_ANSWER) {
            r = el_control_answer_check(&answer, err);
            if (r == 0)
                r = el_err(err, EL_EPROTO, "the hub at %s sends no events", socket_path);
        } else if (r == EL_EXCHANGE_END) {
            r = el_err(err, EL_ECLOSED, "the hub at %s has ended the events", socket_path);
        }
    }
    el_control_answer_clear(&answer);
    end(&call);
    return r;
}

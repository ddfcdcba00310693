/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of the kernel provider: non-blocking TCP.
 *
 * What is written is queued and leaves when the loop comes round, so a header and the file behind
 * it travel in one segment without TCP_CORK: MSG_MORE says that more follows, and TCP_NODELAY lets
 * the end go at once. A stream takes turns with the others after TURN_BYTES.
 *
 * A connection that is not brought to its end is reset (SO_LINGER 0), never finished: a peer that
 * sees the end of a stream may believe that it has all of it.
 *
 * Streams of a Unix socket that was inherited are the same, but for who may connect.
 */
#include "net/kernel_socket.h"
#include "net/queue.h"
#include "net/sockaddr.h"

#include "base/log.h"
#include "sys/control.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum {
    BACKLOG = 1024, /* the kernel cuts it to net.core.somaxconn */
    ACCEPT_TURN = 64,
    TURN_BYTES = 1 << 20,
};

#define ACCEPT_RETRY (100 * EL_MS) /* when descriptors or memory have run out */

struct kernel_listen {
    struct el_net_listen base;
    struct el_net_socket socket;
    struct el_endpoint local;
    struct el_net_timer *retry;
    uint32_t owner; /* of a Unix socket: who may connect beside root */
};

struct kernel_stream {
    struct el_net_stream base;
    struct el_net_socket socket;
    struct el_net_queue queue;
    bool connecting;
    bool in_accept; /* the accept callback is running: nothing is watched yet */
    bool paused;
    bool hung_up;   /* the peer has finished, seen while paused: not a reason to wake */
    bool read_end;  /* `ended` has been called with 0 */
    bool undrained; /* something was queued since the last `drained` */
    bool finishing;
    bool finished; /* our side is shut down */
};

static void stream_event(uv_poll_t *poll, int status, int events);

/* Watches what there is a reason to watch. While reading is paused only the loss of the connection
 * is of interest, and UV_DISCONNECT is how libuv lets us see it. */
static void stream_watch(struct kernel_stream *stream)
{
    int events = 0;

    if (stream->in_accept)
        return;
    if (stream->connecting)
        events = UV_WRITABLE;
    else {
        if (!stream->read_end && !stream->paused)
            events |= UV_READABLE;
        else if (!stream->read_end && !stream->hung_up)
            events |= UV_DISCONNECT;
        if (stream->undrained || (stream->finishing && !stream->finished))
            events |= UV_WRITABLE;
    }
    el_net_socket_watch(&stream->socket, events, stream_event);
}

static void reset_on_close(struct kernel_stream *stream)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (stream->socket.fd >= 0)
        setsockopt(stream->socket.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/* The connection is lost: the descriptor goes now, the object stays until it is closed. */
static void stream_lost(struct kernel_stream *stream, int code)
{
    reset_on_close(stream);
    el_net_socket_shut(&stream->socket);
    el_net_queue_clear(&stream->queue);
    if (stream->base.events.ended)
        stream->base.events.ended(stream->base.arg, code);
}

static int lost_code(int errno_value)
{
    switch (errno_value) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE: return EL_ECLOSED;
    case ENETUNREACH:
    case EHOSTUNREACH: return EL_ENOENT;
    default: return EL_EIO;
    }
}

/* Gone for this caller: closed by its callback, or lost. */
static bool is_gone(const struct kernel_stream *stream)
{
    return stream->socket.closed || stream->socket.fd < 0;
}

/* Sends of the first chunk what the kernel takes: the bytes taken, 0 for "not now", or an error. */
static ssize_t send_chunk(struct kernel_stream *stream, struct el_net_chunk *chunk)
{
    int fd = stream->socket.fd;
    bool more = stream->queue.bytes > chunk->left;

    if (chunk->fd < 0) {
        ssize_t sent = send(fd, chunk->bytes + chunk->offset, chunk->left,
                            MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
        if (sent >= 0)
            return sent;
    } else {
        off_t offset = (off_t)chunk->offset;
        size_t len = chunk->left < TURN_BYTES ? (size_t)chunk->left : TURN_BYTES;
        ssize_t sent = sendfile(fd, chunk->fd, &offset, len);

        if (sent > 0)
            return sent;
        if (sent == 0) /* the file is shorter than was said */
            return EL_EIO;
    }
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    return lost_code(errno);
}

static void stream_writable(struct kernel_stream *stream)
{
    size_t turn = 0;

    while (stream->queue.head && turn < TURN_BYTES) {
        ssize_t sent = send_chunk(stream, stream->queue.head);

        if (sent < 0) {
            stream_lost(stream, (int)sent);
            return;
        }
        if (sent == 0)
            return;
        turn += (size_t)sent;
        el_net_queue_consume(&stream->queue, (uint64_t)sent);
    }
    if (stream->queue.head)
        return;
    if (stream->finishing && !stream->finished) {
        stream->finished = true;
        shutdown(stream->socket.fd, SHUT_WR);
    }
    if (!stream->undrained)
        return;
    stream->undrained = false;
    if (stream->base.events.drained)
        stream->base.events.drained(stream->base.arg);
}

/* False if there was nothing to read. */
static bool stream_readable(struct kernel_stream *stream)
{
    uint8_t *buffer = stream->socket.kernel->buffer;
    ssize_t got = recv(stream->socket.fd, buffer, EL_NET_BUFFER_BYTES, MSG_DONTWAIT);

    if (got > 0) {
        if (stream->base.events.data)
            stream->base.events.data(stream->base.arg, buffer, (size_t)got);
    } else if (got == 0) {
        stream->read_end = true;
        if (stream->base.events.ended)
            stream->base.events.ended(stream->base.arg, 0);
    } else if (errno == EAGAIN) {
        return false;
    } else if (errno != EINTR) {
        stream_lost(stream, lost_code(errno));
    }
    return true;
}

static int take_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

static void stream_connected(struct kernel_stream *stream)
{
    int error = take_error(stream->socket.fd);

    stream->connecting = false;
    if (error)
        stream_lost(stream, lost_code(error));
    else if (stream->base.events.opened)
        stream->base.events.opened(stream->base.arg);
}

/* The connection has failed. What came before that is still there to be read, unless the owner does
 * not want it. */
static void stream_failed(struct kernel_stream *stream)
{
    while (!is_gone(stream) && !stream->paused && !stream->read_end && stream_readable(stream))
        continue;
    if (is_gone(stream))
        return;

    int error = take_error(stream->socket.fd);
    stream_lost(stream, error ? lost_code(error) : EL_ECLOSED);
}

static void stream_event(uv_poll_t *poll, int status, int events)
{
    struct kernel_stream *stream = poll->data;

    if (stream->connecting)
        stream_connected(stream);
    else if (status < 0)
        stream_failed(stream);
    else {
        if (events & UV_DISCONNECT)
            stream->hung_up = true;
        if ((events & UV_READABLE) && !stream->paused)
            stream_readable(stream);
        if ((events & UV_WRITABLE) && !is_gone(stream))
            stream_writable(stream);
    }
    if (!is_gone(stream))
        stream_watch(stream);
}

static void stream_close_object(void *object)
{
    struct kernel_stream *stream = object;

    if (stream->queue.head)
        reset_on_close(stream);
    el_net_queue_clear(&stream->queue);
    el_net_socket_close(&stream->socket);
}

/* Makes the object around a descriptor, which stays the caller's on an error. */
static struct kernel_stream *stream_wrap(struct el_net_kernel *kernel, int fd)
{
    struct kernel_stream *stream = calloc(1, sizeof *stream);
    int on = 1;

    if (!stream ||
        el_net_socket_init(&stream->socket, kernel, fd, stream, stream_close_object) < 0) {
        free(stream);
        return NULL;
    }
    stream->base.ops = &el_net_kernel_ops;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return stream;
}

/* -- listening -- */

static void listen_readable(uv_poll_t *poll, int status, int events);

static void listen_resume(void *arg)
{
    struct kernel_listen *listener = arg;

    el_net_socket_watch(&listener->socket, UV_READABLE, listen_readable);
}

static void accept_one(struct kernel_listen *listener, int fd, const union el_net_sockaddr *address)
{
    struct el_endpoint peer = el_net_sockaddr_endpoint(address);
    struct el_endpoint local = el_net_local(fd);
    bool refused =
        el_net_domain(fd) == AF_UNIX && !el_sys_control_may_ask(fd, (uid_t)listener->owner);
    struct kernel_stream *stream = refused ? NULL : stream_wrap(listener->socket.kernel, fd);

    if (refused)
        EL_LOG(EL_LOG_WARN, "net", "refused", EL_STR("reason", "neither root nor the owner"));
    if (!stream) {
        close(fd);
        return;
    }
    stream->in_accept = true;
    listener->base.cb(listener->base.arg, &stream->base, &peer, &local);
    stream->in_accept = false;
    if (!is_gone(stream))
        stream_watch(stream);
}

static void listen_readable(uv_poll_t *poll, int status, int events)
{
    struct kernel_listen *listener = poll->data;

    (void)status;
    (void)events;
    for (unsigned i = 0; i < ACCEPT_TURN && !listener->socket.closed; i++) {
        union el_net_sockaddr address = {0};
        socklen_t len = sizeof address;
        int fd = accept4(listener->socket.fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            accept_one(listener, fd, &address);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* They wait in the backlog; asking again at once would only burn the processor. */
            EL_LOG(EL_LOG_WARN, "net", "accept-paused", EL_ENDPOINT("local", &listener->local),
                   EL_STR("error", strerror(errno)));
            el_net_socket_watch(&listener->socket, 0, NULL);
            el_net_timer_set(listener->retry,
                             el_net_now_ns(&listener->socket.kernel->base) + ACCEPT_RETRY);
            return;
        } else if (errno == EAGAIN) {
            break;
        } /* else that connection is gone already, the next may not be */
    }
    if (!listener->socket.closed)
        el_net_socket_watch(&listener->socket, UV_READABLE, listen_readable);
}

static void listen_close_object(void *object)
{
    struct kernel_listen *listener = object;

    el_net_timer_free(listener->retry);
    listener->retry = NULL;
    el_net_socket_close(&listener->socket);
}

static int listen_wrap(struct el_net_kernel *kernel, int fd, struct kernel_listen *listener)
{
    listener->retry = el_net_timer_new(&kernel->base, listen_resume, listener);
    if (!listener->retry)
        return EL_ENOMEM;
    if (el_net_socket_init(&listener->socket, kernel, fd, listener, listen_close_object) < 0) {
        el_net_timer_free(listener->retry);
        return EL_ENOMEM;
    }
    listener->local = el_net_local(fd);
    el_net_socket_watch(&listener->socket, UV_READABLE, listen_readable);
    return 0;
}

int el_net_kernel_listen(struct el_net *net, const struct el_net_listen_config *config,
                         el_net_accept_cb *cb, void *arg, struct el_net_listen **listen_,
                         struct el_err *err)
{
    struct el_net_bind bind = {SOCK_STREAM, "tcp", &config->bind, config->device};
    bool inherited = config->inherited_fd >= 0;
    int fd = config->inherited_fd;
    int code;

    code = inherited ? el_net_adopt(fd, SOCK_STREAM, "tcp", err) : (fd = el_net_bind(&bind, err));
    if (code < 0)
        return code;

    struct kernel_listen *listener = calloc(1, sizeof *listener);

    if (!listener) {
        code = el_err(err, EL_ENOMEM, "tcp: out of memory");
    } else if (listen(fd, BACKLOG) < 0) {
        char where[EL_ENDPOINT_TEXT];

        code = el_err_os(err, errno, "tcp %s: listen", el_endpoint_text(bind.endpoint, where));
    } else {
        listener->base = (struct el_net_listen){&el_net_kernel_ops, cb, arg};
        listener->owner = config->owner;
        code = listen_wrap((struct el_net_kernel *)net, fd, listener);
        if (code == 0) {
            *listen_ = &listener->base;
            return 0;
        }
        el_err(err, code, "tcp: %s", el_strerror(code));
    }
    if (!inherited)
        close(fd);
    free(listener);
    return code;
}

void el_net_kernel_listen_close(struct el_net_listen *listener)
{
    listen_close_object(listener);
}

struct el_endpoint el_net_kernel_listen_local(const struct el_net_listen *listener)
{
    return ((const struct kernel_listen *)listener)->local;
}

/* -- connecting -- */

int el_net_kernel_connect(struct el_net *net, const struct el_net_connect_config *config,
                          const struct el_net_stream_events *events, void *arg,
                          struct el_net_stream **made, struct el_err *err)
{
    struct el_endpoint from = config->bind;
    char where[EL_ENDPOINT_TEXT];

    el_endpoint_text(&config->to, where);
    if (from.ip.family == 0)
        from.ip.family = config->to.ip.family;

    int fd = el_net_bind(&(struct el_net_bind){SOCK_STREAM, "tcp", &from, config->device}, err);
    if (fd < 0)
        return fd;

    union el_net_sockaddr address;
    socklen_t len = el_net_sockaddr_from(&address, el_net_domain(fd), &config->to);
    struct kernel_stream *stream;
    int code;

    if (len == 0 || config->to.ip.family == 0) {
        code = el_err(err, EL_EINVAL, "tcp %s: no address that can be reached from here", where);
    } else if (connect(fd, &address.any, len) < 0 && errno != EINPROGRESS) {
        int errno_value = errno;

        el_err_os(err, errno_value, "tcp %s", where);
        code = lost_code(errno_value);
    } else if (!(stream = stream_wrap((struct el_net_kernel *)net, fd))) {
        code = el_err(err, EL_ENOMEM, "tcp %s: out of memory", where);
    } else {
        stream->connecting = true;
        el_net_stream_set_events(&stream->base, events, arg);
        stream_watch(stream);
        *made = &stream->base;
        return 0;
    }
    close(fd);
    return code;
}

/* -- what the owner of a stream does -- */

/* After something was put into the queue, or not. */
static int queued(struct kernel_stream *stream, int code)
{
    if (code == 0) {
        stream->undrained = true;
        stream_watch(stream);
    }
    return code;
}

int el_net_kernel_stream_write(struct el_net_stream *base, const uint8_t *bytes, size_t len)
{
    struct kernel_stream *stream = (struct kernel_stream *)base;

    if (is_gone(stream) || stream->finishing)
        return EL_ECLOSED;
    return queued(stream, el_net_queue_bytes(&stream->queue, bytes, len));
}

int el_net_kernel_stream_send_file(struct el_net_stream *base, int fd, uint64_t offset,
                                   uint64_t len)
{
    struct kernel_stream *stream = (struct kernel_stream *)base;

    if (is_gone(stream) || stream->finishing)
        return EL_ECLOSED;
    return queued(stream, el_net_queue_file(&stream->queue, fd, offset, len));
}

size_t el_net_kernel_stream_queued(const struct el_net_stream *stream)
{
    return (size_t)((const struct kernel_stream *)stream)->queue.bytes;
}

void el_net_kernel_stream_pause(struct el_net_stream *base, bool paused)
{
    struct kernel_stream *stream = (struct kernel_stream *)base;

    stream->paused = paused;
    if (!is_gone(stream))
        stream_watch(stream);
}

void el_net_kernel_stream_finish(struct el_net_stream *base)
{
    struct kernel_stream *stream = (struct kernel_stream *)base;

    stream->finishing = true;
    if (!is_gone(stream))
        stream_watch(stream);
}

void el_net_kernel_stream_close(struct el_net_stream *stream)
{
    stream_close_object(stream);
}

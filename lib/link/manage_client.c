/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The managing end of the channel to a tunnel: a queue of requests, of which the first have been
 * sent and wait for their answers. */
#include "link/manage_client.h"

#include "base/csprng.h"
#include "base/log.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

enum { TURN = 64 }; /* messages taken before the loop has its turn again */

struct request {
    struct request *next;
    struct el_manage_message message; /* it may hold a key */
    bool sent;
    unsigned fd_count;
    int fds[EL_MANAGE_QUEUES];
    el_manage_answered_cb *answered;
    void *arg;
};

struct el_manage_client {
    const struct el_manage_client_events *events;
    void *arg;
    int fd;
    uv_poll_t poll;
    uint32_t sequence; /* of the last request */
    struct request *first, *last;
    struct request *unsent; /* the first of those that were not sent */
    bool closed;
};

/* -- requests -- */

static void forget_request(struct request *request)
{
    for (unsigned i = 0; i < request->fd_count; i++)
        close(request->fds[i]);
    sodium_memzero(request, sizeof *request);
    free(request);
}

/* The first in the queue is answered. */
static void answer_first(struct el_manage_client *client, int code, const char *text)
{
    struct request *request = client->first;

    client->first = request->next;
    if (!client->first)
        client->last = NULL;
    if (client->unsent == request)
        client->unsent = request->next;
    el_manage_answered_cb *answered = request->answered;
    void *arg = request->arg;
    forget_request(request);
    if (answered)
        answered(arg, code, text);
}

/* Answers all there are; not those that are asked meanwhile. */
static void answer_all(struct el_manage_client *client, int code)
{
    uint32_t last = client->sequence;

    while (client->first && (int32_t)(client->first->message.sequence - last) <= 0)
        answer_first(client, code, el_strerror(code));
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void listen_to(struct el_manage_client *client)
{
    int events = UV_READABLE | (client->unsent ? UV_WRITABLE : 0);

    if (client->closed)
        uv_poll_stop(&client->poll);
    else
        uv_poll_start(&client->poll, events, on_ready);
}

static void close_channel(struct el_manage_client *client)
{
    if (client->closed)
        return;
    client->closed = true;
    answer_all(client, EL_ECLOSED);
    client->events->closed(client->arg);
}

/* As many as go. */
static void send_requests(struct el_manage_client *client)
{
    while (client->unsent && !client->closed) {
        struct request *request = client->unsent;
        int rc = el_manage_send(client->fd, &request->message, request->fds);
        if (rc == EL_EAGAIN)
            return;
        if (rc < 0) {
            close_channel(client);
            return;
        }
        request->sent = true;
        client->unsent = request->next;
    }
}

static int copy_fds(struct request *request, const int *fds)
{
    unsigned count = el_manage_fds(&request->message);

    for (; request->fd_count < count; request->fd_count++) {
        int fd = fcntl(fds[request->fd_count], F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return EL_EFULL;
        request->fds[request->fd_count] = fd;
    }
    return 0;
}

int el_manage_client_ask(struct el_manage_client *client, const struct el_manage_message *message,
                         const int *fds, el_manage_answered_cb *answered, void *arg)
{
    uint8_t bytes[EL_MANAGE_BYTES];
    bool fits = el_manage_encode(message, bytes) == 0;

    sodium_memzero(bytes, sizeof bytes);
    if (!fits || client->closed)
        return fits ? EL_ECLOSED : EL_EINVAL;
    struct request *request = calloc(1, sizeof *request);
    if (!request)
        return EL_ENOMEM;
    request->message = *message;
    request->answered = answered;
    request->arg = arg;
    int rc = copy_fds(request, fds);
    if (rc < 0) {
        forget_request(request);
        return rc;
    }
    request->message.sequence = ++client->sequence;
    *(client->last ? &client->last->next : &client->first) = request;
    client->last = request;
    if (!client->unsent)
        client->unsent = request;
    listen_to(client); /* it goes when the loop has its turn: nobody is called from in here */
    return 0;
}

/* -- what comes -- */

static void take_answer(struct el_manage_client *client, const struct el_manage_message *message)
{
    struct request *first = client->first;

    /* A late answer of a tunnel that has ended. */
    if (!first || !first->sent || first->message.sequence != message->sequence)
        return;
    answer_first(client, message->answer.code, message->answer.text);
}

static void take(struct el_manage_client *client, const struct el_manage_message *message)
{
    switch (message->kind) {
    case EL_MANAGE_ANSWER: take_answer(client, message); break;
    case EL_MANAGE_HELLO:
        answer_all(client, EL_ECLOSED);
        client->events->hello(client->arg, &message->hello);
        break;
    case EL_MANAGE_PEER_STATE: client->events->peer_state(client->arg, &message->state); break;
    case EL_MANAGE_NETWORK_GONE: client->events->network_gone(client->arg, message->vni); break;
    case EL_MANAGE_PORT_GONE:
        if (client->events->port_gone)
            client->events->port_gone(client->arg, message->port);
        break;
    case EL_MANAGE_RELAYED:
        if (client->events->relayed)
            client->events->relayed(client->arg, &message->relayed);
        break;
    case EL_MANAGE_DIRECT:
        if (client->events->direct)
            client->events->direct(client->arg, &message->direct);
        break;
    default:
        EL_LOG(EL_LOG_WARN, "node", "manage-unexpected", EL_UINT("kind", (uint64_t)message->kind));
        break;
    }
}

static void receive(struct el_manage_client *client)
{
    struct el_manage_message message;
    int fds[EL_MANAGE_QUEUES];

    for (unsigned i = 0; i < TURN && !client->closed; i++) {
        int rc = el_manage_receive(client->fd, &message, fds);
        if (rc == 0)
            return;
        if (rc == EL_ECLOSED || rc == EL_EIO) {
            close_channel(client);
            return;
        }
        if (rc < 0) {
            EL_LOG(EL_LOG_WARN, "node", "manage-message", EL_STR("error", el_strerror(rc)));
            continue;
        }
        for (unsigned f = 0; f < el_manage_fds(&message); f++) /* no tunnel sends any */
            close(fds[f]);
        take(client, &message);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct el_manage_client *client = poll->data;

    if (status < 0)
        close_channel(client);
    else if (events & UV_READABLE)
        receive(client); /* first: after a HELLO, what was to be sent is not */
    send_requests(client);
    listen_to(client);
}

/* -- beginning and end -- */

int el_manage_client_new(uv_loop_t *loop, int fd, const struct el_manage_client_events *events,
                         void *arg, struct el_manage_client **made, struct el_err *err)
{
    struct el_manage_client *client = calloc(1, sizeof *client);

    if (!client) {
        close(fd);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    client->events = events;
    client->arg = arg;
    client->fd = fd;
    el_random(&client->sequence,
              sizeof client->sequence); /* no late answer to who was here before */
    client->poll.data = client;
    if (uv_poll_init(loop, &client->poll, fd) != 0) {
        close(fd);
        free(client);
        return el_err(err, EL_EINVAL, "the channel to the tunnel is none");
    }
    listen_to(client);
    *made = client;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct el_manage_client *client = handle->data;

    close(client->fd);
    free(client);
}

void el_manage_client_free(struct el_manage_client *client)
{
    if (!client)
        return;
    while (client->first) {
        struct request *request = client->first;
        client->first = request->next;
        forget_request(request);
    }
    uv_close((uv_handle_t *)&client->poll, on_closed);
}

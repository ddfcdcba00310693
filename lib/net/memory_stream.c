/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of the memory provider.
 *
 * Each end has a list of messages that are on their way to it, in order of arrival, and one event
 * for the first of them. What arrives while the owner does not read is kept, and the sender gets
 * its window back (CREDIT) only when it has been read: so a slow reader stops a fast writer after
 * EL_NET_MEMORY_WINDOW bytes, as with TCP.
 *
 * Loss is not seen, only felt: each time a segment is lost it is later by a retransmission timeout,
 * and what is behind it waits (RFC 9293 in spirit; congestion control is left out).
 */
#include "net/memory_world.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    TRIES = 15,            /* of one segment; it then passes */
    HEADER_BYTES = 40,     /* of a segment, counted against the link's rate */
    CONNECT_PATIENCE = 60, /* seconds */
};

#define NO_NEIGHBOUR (3 * EL_S) /* until Linux gives up asking for a MAC address */

enum message_kind {
    OPENED, /* the other side has accepted */
    DATA,
    FIN,    /* no more data */
    CREDIT, /* number: bytes that have been read */
    RESET,  /* number: the error code */
};

struct message {
    struct message *next;
    enum message_kind kind;
    uint64_t arrival_ns;
    int64_t number;
    size_t len;
    uint8_t bytes[];
};

struct messages {
    struct message *head, *tail;
};

struct memory_listen {
    struct el_net_listen base;
    struct el_net_open open;
    struct el_endpoint local;
    char device[EL_NET_DEVICE_BYTES];
};

struct memory_stream {
    struct el_net_stream base;
    struct el_net_open open;
    struct el_endpoint local, remote;
    struct el_net_host *remote_host;  /* NULL: nobody has the address */
    char device[EL_NET_DEVICE_BYTES]; /* the segment */
    struct memory_stream *peer;       /* NULL: not yet, or not any more */
    struct el_net_event arrival;      /* of coming.head; of our SYN while connecting */
    struct el_net_event turn;         /* things to do at once, but later */
    struct messages coming;           /* on their way to us */
    struct messages unread;           /* DATA and FIN that wait for the owner */
    struct el_net_queue queue;        /* to be sent */
    size_t in_flight;                 /* sent and not yet read */
    uint64_t last_arrival_ns;         /* of anything that comes to us */
    uint64_t connect_until_ns;
    bool connecting, in_accept, paused, undrained, finishing, finished, lost;
};

static void stream_turn(struct el_net_event *event);
static void message_arrives(struct el_net_event *event);
static void syn_arrives(struct el_net_event *event);

static struct el_net_world *world_of(const struct memory_stream *stream)
{
    return stream->open.host->world;
}

/* -- messages -- */

static void push(struct messages *messages, struct message *message)
{
    message->next = NULL;
    if (messages->tail)
        messages->tail->next = message;
    else
        messages->head = message;
    messages->tail = message;
}

static struct message *pop(struct messages *messages)
{
    struct message *message = messages->head;

    if (message) {
        messages->head = message->next;
        if (!messages->head)
            messages->tail = NULL;
    }
    return message;
}

static void clear(struct messages *messages)
{
    struct message *message;

    while ((message = pop(messages)))
        free(message);
}

/* Puts a message on its way to STREAM. */
static void arrive_at(struct memory_stream *stream, struct message *message, uint64_t arrival_ns)
{
    if (arrival_ns < stream->last_arrival_ns)
        arrival_ns = stream->last_arrival_ns;
    stream->last_arrival_ns = arrival_ns;
    message->arrival_ns = arrival_ns;
    if (!stream->coming.head)
        el_net_world_plan(world_of(stream), &stream->arrival, arrival_ns);
    push(&stream->coming, message);
}

static struct message *message_new(enum message_kind kind, int64_t number, const uint8_t *bytes,
                                   size_t len)
{
    struct message *message = calloc(1, sizeof *message + len);

    if (!message)
        return NULL;
    message->kind = kind;
    message->number = number;
    message->len = len;
    if (len)
        memcpy(message->bytes, bytes, len);
    return message;
}

static uint64_t retransmission_timeout(const struct el_net_path *path)
{
    return 2 * path->link.delay_ns > EL_NET_MEMORY_RTO ? 2 * path->link.delay_ns
                                                       : EL_NET_MEMORY_RTO;
}

/* When what STREAM sends now arrives, lost segments included. */
static uint64_t travel(struct memory_stream *stream, const uint8_t *bytes, size_t len)
{
    struct el_net_world *world = world_of(stream);
    struct el_net_path *path = el_net_world_path(world, stream->open.host, stream->remote_host);
    struct el_net_memory_event event = {.now_ns = world->now_ns,
                                        .fate = EL_NET_MEMORY_LOST,
                                        .from = &stream->local,
                                        .to = &stream->remote,
                                        .bytes = bytes,
                                        .len = len,
                                        .stream = true};

    if (!path)
        return world->now_ns;
    event.arrival_ns =
        el_net_path_departure(world, path, len + HEADER_BYTES) + path->link.delay_ns +
        (path->link.jitter_ns ? el_net_world_random(world, path->link.jitter_ns + 1) : 0);
    for (int i = 0; i < TRIES && el_net_world_chance(world, path->link.loss_ppm); i++) {
        el_net_world_tell(world, &event);
        event.arrival_ns += retransmission_timeout(path);
    }
    event.fate = EL_NET_MEMORY_SENT;
    el_net_world_tell(world, &event);
    return event.arrival_ns;
}

/* Sends a message to the peer, if there is one. */
static int post(struct memory_stream *stream, enum message_kind kind, int64_t number,
                const uint8_t *bytes, size_t len)
{
    struct message *message = message_new(kind, number, bytes, len);

    if (!message)
        return EL_ENOMEM;
    if (stream->peer)
        arrive_at(stream->peer, message, travel(stream, bytes, len));
    else
        free(message);
    return 0;
}

/* -- the life of a stream -- */

static bool is_gone(const struct memory_stream *stream)
{
    return stream->lost || !el_net_open_lives(&stream->open);
}

static void soon(struct memory_stream *stream)
{
    if (!is_gone(stream))
        el_net_world_plan(world_of(stream), &stream->turn, 0);
}

/* Takes everything away that could still happen to it. */
static void silence(struct memory_stream *stream)
{
    el_net_world_cancel(world_of(stream), &stream->arrival);
    el_net_world_cancel(world_of(stream), &stream->turn);
    el_net_queue_clear(&stream->queue);
    clear(&stream->coming);
    clear(&stream->unread);
    if (stream->peer)
        stream->peer->peer = NULL;
    stream->peer = NULL;
    stream->lost = true;
}

static void lose(struct memory_stream *stream, int code)
{
    silence(stream);
    if (stream->base.events.ended)
        stream->base.events.ended(stream->base.arg, code);
}

static struct memory_stream *stream_new(struct el_net_host *host)
{
    struct memory_stream *stream = calloc(1, sizeof *stream);

    if (!stream || el_net_heap_reserve(&host->world->future) < 0) {
        free(stream);
        return NULL;
    }
    if (el_net_heap_reserve(&host->world->future) < 0) {
        el_net_heap_release(&host->world->future);
        free(stream);
        return NULL;
    }
    stream->base.ops = host->base.ops;
    stream->arrival = (struct el_net_event){.happen = message_arrives, .owner = stream};
    stream->turn = (struct el_net_event){.happen = stream_turn, .owner = stream};
    el_net_open_begin(&stream->open, host, &host->streams, stream);
    return stream;
}

void el_net_memory_stream_close(struct el_net_stream *base)
{
    struct memory_stream *stream = (struct memory_stream *)base;
    struct el_net_world *world = world_of(stream);

    if (!is_gone(stream)) {
        /* As Linux does: who leaves something unread or unsent resets. */
        if (stream->queue.head || stream->unread.head ||
            (stream->coming.head && stream->coming.head->kind == DATA))
            post(stream, RESET, EL_ECLOSED, NULL, 0);
        else if (!stream->finished)
            post(stream, FIN, 0, NULL, 0);
    }
    silence(stream);
    el_net_heap_release(&world->future);
    el_net_heap_release(&world->future);
    el_net_open_end(&stream->open);
}

void el_net_memory_stream_crash(struct el_net_open *open)
{
    silence(open->grave.object);
}

/* -- sending -- */

/* Reads the piece of a file; EL_EIO if it has become shorter. */
static int read_piece(const struct el_net_chunk *chunk, uint8_t *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(chunk->fd, bytes + done, len - done, (off_t)(chunk->offset + done));

        if (got <= 0)
            return EL_EIO;
        done += (size_t)got;
    }
    return 0;
}

static int send_segment(struct memory_stream *stream)
{
    const struct el_net_chunk *chunk = stream->queue.head;
    uint8_t piece[EL_NET_MEMORY_SEGMENT];
    const uint8_t *bytes = chunk->bytes + chunk->offset;
    size_t len = EL_NET_MEMORY_WINDOW - stream->in_flight;
    int code = 0;

    if (len > EL_NET_MEMORY_SEGMENT)
        len = EL_NET_MEMORY_SEGMENT;
    if (len > chunk->left)
        len = (size_t)chunk->left;
    if (chunk->fd >= 0) {
        code = read_piece(chunk, piece, len);
        bytes = piece;
    }
    if (code == 0)
        code = post(stream, DATA, 0, bytes, len);
    if (code == 0) {
        stream->in_flight += len;
        el_net_queue_consume(&stream->queue, len);
    }
    return code;
}

/* The other side has closed or crashed: whoever sends to it learns so after a round trip. */
static void learn_of_loss(struct memory_stream *stream)
{
    struct message *message = message_new(RESET, EL_ECLOSED, NULL, 0);
    struct el_net_path *path =
        el_net_world_path(world_of(stream), stream->open.host, stream->remote_host);

    el_net_queue_clear(&stream->queue);
    if (message)
        arrive_at(stream, message, world_of(stream)->now_ns + (path ? 2 * path->link.delay_ns : 0));
}

static void pump(struct memory_stream *stream)
{
    int code = 0;

    if (stream->connecting)
        return;
    if (stream->queue.head && !stream->peer) {
        learn_of_loss(stream);
        return;
    }
    while (stream->queue.head && stream->in_flight < EL_NET_MEMORY_WINDOW && code == 0)
        code = send_segment(stream);
    if (code < 0) {
        post(stream, RESET, EL_ECLOSED, NULL, 0);
        lose(stream, code);
        return;
    }
    if (stream->queue.head)
        return;
    if (stream->finishing && !stream->finished) {
        stream->finished = true;
        post(stream, FIN, 0, NULL, 0);
    }
    if (stream->undrained) {
        stream->undrained = false;
        if (stream->base.events.drained)
            stream->base.events.drained(stream->base.arg);
    }
}

/* -- receiving -- */

static void deliver(struct memory_stream *stream)
{
    while (!is_gone(stream) && !stream->paused && !stream->in_accept && stream->unread.head) {
        struct message *message = pop(&stream->unread);

        if (message->kind == FIN) {
            if (stream->base.events.ended)
                stream->base.events.ended(stream->base.arg, 0);
        } else {
            post(stream, CREDIT, (int64_t)message->len, NULL, 0);
            if (stream->base.events.data)
                stream->base.events.data(stream->base.arg, message->bytes, message->len);
        }
        free(message);
    }
}

static void stream_turn(struct el_net_event *event)
{
    struct memory_stream *stream = event->owner;

    deliver(stream);
    if (!is_gone(stream))
        pump(stream);
}

static void take(struct memory_stream *stream, struct message *message)
{
    enum message_kind kind = message->kind;
    int64_t number = message->number;

    if (kind == DATA || kind == FIN) {
        push(&stream->unread, message);
        deliver(stream);
        return;
    }
    free(message);
    switch (kind) {
    case OPENED:
        stream->connecting = false;
        if (stream->base.events.opened)
            stream->base.events.opened(stream->base.arg);
        soon(stream);
        break;
    case CREDIT:
        stream->in_flight -= (size_t)number;
        pump(stream);
        break;
    default: lose(stream, (int)number); break;
    }
}

/* A link that is down holds up what is on its way; it is sent again when the link is back. */
static bool held_up(const struct memory_stream *stream)
{
    const struct el_net_path *path =
        stream->remote_host
            ? el_net_world_path(world_of(stream), stream->remote_host, stream->open.host)
            : NULL;

    return path && path->link.down;
}

static void message_arrives(struct el_net_event *event)
{
    struct memory_stream *stream = event->owner;
    struct el_net_world *world = world_of(stream);

    if (held_up(stream)) {
        el_net_world_plan(world, event, world->now_ns + EL_NET_MEMORY_RTO);
        return;
    }

    struct message *message = pop(&stream->coming);

    if (stream->coming.head)
        el_net_world_plan(world, event, stream->coming.head->arrival_ns);
    take(stream, message);
}

/* -- opening -- */

static struct memory_listen *find_listener(const struct memory_stream *client)
{
    struct el_net_host *host = client->remote_host;

    for (struct el_net_open *open = host->listens; open; open = open->next) {
        struct memory_listen *listener = open->grave.object;

        if (el_net_open_lives(open) &&
            el_net_hears(&listener->local, listener->device, &client->remote, client->device))
            return listener;
    }
    return NULL;
}

static void refuse(struct memory_stream *client, int code, uint64_t arrival_ns)
{
    struct message *message = message_new(RESET, code, NULL, 0);

    client->arrival.happen = message_arrives;
    if (message)
        arrive_at(client, message, arrival_ns);
}

/* Our SYN has come to the other host. */
static void syn_arrives(struct el_net_event *event)
{
    struct memory_stream *client = event->owner;
    struct el_net_world *world = world_of(client);
    struct el_net_path *path = el_net_world_path(world, client->open.host, client->remote_host);
    struct memory_listen *listener = find_listener(client);
    struct memory_stream *server = NULL;

    if (path && path->link.down) {
        if (world->now_ns < client->connect_until_ns)
            el_net_world_plan(world, event, world->now_ns + EL_NET_MEMORY_RTO);
        else
            lose(client, EL_EIO);
        return;
    }
    if (listener)
        server = stream_new(client->remote_host);
    if (!server) {
        refuse(client, EL_ECLOSED, world->now_ns + (path ? path->link.delay_ns : 0));
        return;
    }
    client->arrival.happen = message_arrives;
    client->peer = server;
    server->peer = client;
    server->remote_host = client->open.host;
    server->local = client->remote;
    server->remote = client->local;
    memcpy(server->device, client->device, sizeof server->device);
    post(server, OPENED, 0, NULL, 0);
    server->in_accept = true;
    listener->base.cb(listener->base.arg, &server->base, &server->remote, &server->local);
    server->in_accept = false;
    soon(server);
}

int el_net_memory_connect(struct el_net *net, const struct el_net_connect_config *config,
                          const struct el_net_stream_events *events, void *arg,
                          struct el_net_stream **made, struct el_err *err)
{
    struct el_net_host *host = el_net_host_of(net);
    struct el_net_route route;
    char where[EL_ENDPOINT_TEXT];
    char device[EL_NET_DEVICE_BYTES];

    el_endpoint_text(&config->to, where);
    el_net_device_copy(device, config->device);
    if (el_net_host_route(host, device, &config->bind.ip, &config->to.ip, &route) < 0)
        return el_err(err, EL_ENOENT, "tcp %s: network is unreachable", where);

    struct memory_stream *stream = stream_new(host);

    if (!stream)
        return el_err(err, EL_ENOMEM, "tcp %s: out of memory", where);
    el_net_stream_set_events(&stream->base, events, arg);
    stream->connecting = true;
    stream->remote_host = route.host;
    stream->remote = config->to;
    stream->local = (struct el_endpoint){.ip = route.via->prefix.ip,
                                         .port = el_net_host_port(host, config->bind.port)};
    el_net_device_copy(stream->device, route.via->device);
    stream->connect_until_ns = host->world->now_ns + CONNECT_PATIENCE * EL_S;
    if (route.host) {
        stream->arrival.happen = syn_arrives;
        el_net_world_plan(host->world, &stream->arrival, travel(stream, NULL, 0));
    } else {
        refuse(stream, EL_ENOENT, host->world->now_ns + NO_NEIGHBOUR);
    }
    *made = &stream->base;
    return 0;
}

int el_net_memory_listen(struct el_net *net, const struct el_net_listen_config *config,
                         el_net_accept_cb *cb, void *arg, struct el_net_listen **made,
                         struct el_err *err)
{
    struct el_net_host *host = el_net_host_of(net);
    struct memory_listen *listener = calloc(1, sizeof *listener);
    char where[EL_ENDPOINT_TEXT];
    int code = 0;

    if (!listener)
        return el_err(err, EL_ENOMEM, "tcp: out of memory");
    listener->base = (struct el_net_listen){net->ops, cb, arg};
    listener->local = config->bind;
    if (listener->local.ip.family == 0)
        listener->local.ip.family = 4;
    listener->local.port = el_net_host_port(host, config->bind.port);
    el_net_device_copy(listener->device, config->device);
    el_endpoint_text(&listener->local, where);
    if (config->inherited_fd >= 0)
        code = el_err(err, EL_ENOTSUP, "tcp: descriptors are the kernel's");
    else if (!el_net_ip_is_any(&listener->local.ip) &&
             !el_net_host_attachment(host, listener->device, &listener->local.ip))
        code = el_err(err, EL_ENOENT, "tcp %s: this host has no such address", where);
    for (struct el_net_open *open = host->listens; open && code == 0; open = open->next) {
        const struct memory_listen *other = open->grave.object;

        if (el_net_open_lives(open) &&
            el_net_collides(&listener->local, listener->device, &other->local, other->device))
            code = el_err(err, EL_EEXIST, "tcp %s: address already in use", where);
    }
    if (code < 0) {
        free(listener);
        return code;
    }
    el_net_open_begin(&listener->open, host, &host->listens, listener);
    *made = &listener->base;
    return 0;
}

void el_net_memory_listen_close(struct el_net_listen *listener)
{
    el_net_open_end(&((struct memory_listen *)listener)->open);
}

struct el_endpoint el_net_memory_listen_local(const struct el_net_listen *listener)
{
    return ((const struct memory_listen *)listener)->local;
}

/* -- what the owner does -- */

static int queued(struct memory_stream *stream, int code)
{
    if (code == 0) {
        stream->undrained = true;
        soon(stream);
    }
    return code;
}

int el_net_memory_stream_write(struct el_net_stream *base, const uint8_t *bytes, size_t len)
{
    struct memory_stream *stream = (struct memory_stream *)base;

    if (is_gone(stream) || stream->finishing)
        return EL_ECLOSED;
    return queued(stream, el_net_queue_bytes(&stream->queue, bytes, len));
}

int el_net_memory_stream_send_file(struct el_net_stream *base, int fd, uint64_t offset,
                                   uint64_t len)
{
    struct memory_stream *stream = (struct memory_stream *)base;

    if (is_gone(stream) || stream->finishing)
        return EL_ECLOSED;
    return queued(stream, el_net_queue_file(&stream->queue, fd, offset, len));
}

size_t el_net_memory_stream_queued(const struct el_net_stream *stream)
{
    return (size_t)((const struct memory_stream *)stream)->queue.bytes;
}

void el_net_memory_stream_pause(struct el_net_stream *base, bool paused)
{
    struct memory_stream *stream = (struct memory_stream *)base;

    stream->paused = paused;
    soon(stream);
}

void el_net_memory_stream_finish(struct el_net_stream *base)
{
    struct memory_stream *stream = (struct memory_stream *)base;

    stream->finishing = true;
    soon(stream);
}

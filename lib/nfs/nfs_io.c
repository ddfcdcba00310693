/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server: calls come from datagrams and from the records of streams.
 *
 * A connection is answered call by call, in order. It is not read on while QUEUE_MAX of replies
 * wait to be sent, so that a client which asks and does not listen costs no more than that; what
 * has come meanwhile stays in its buffer. The buffer grows with the bytes that have come, not with
 * what their record mark announces.
 */
#include "nfs/nfs_io.h"

#include "base/log.h"
#include "nfs/rpc.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_MAX = 8 << 20, /* bytes of replies that wait, parts of files included */
    PIECES = 32,         /* parts of files that wait */
    CALL_SMALL = 65536,  /* the longest call where nothing can be written */
    BUFFER_KEPT = 65536, /* of an idle connection */
    MARK = 4,
};

struct connection {
    struct el_nfs_server *server;
    struct connection *next; /* in server->connections */
    struct el_net_stream *stream;
    struct el_endpoint client;
    struct el_ip local;
    bool portmap;
    uint64_t heard_ns;
    uint8_t *bytes; /* what has come and is not answered yet */
    size_t len, capacity;
    struct el_nfs_file *pieces[PIECES]; /* of replies that wait */
    size_t piece_count;
};

/* A port of ours. */
struct door {
    struct el_nfs_server *server;
    struct el_net_udp *udp;
    struct el_net_listen *listen;
    bool portmap;
};

struct el_nfs_server {
    struct el_net *net;
    struct el_nfs *nfs;
    struct door doors[2];
    struct connection *connections;
    size_t count;
    uint8_t reply[EL_NFS_REPLY]; /* the one being made */
};

/* -- datagrams -- */

static void on_datagram(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    struct door *door = arg;
    struct el_nfs_server *server = door->server;
    struct el_nfs_reply reply = {.out = el_wire_write(server->reply, sizeof server->reply)};
    const struct el_nfs_question question = {
        .from = meta->from,
        .to = meta->to.ip,
        .now_ns = el_net_now_ns(server->net),
        .portmap = door->portmap,
    };

    /* A question to all, as some clients look for a portmapper, is not answered: whoever sends it
     * in somebody else's name would have all servers answer him. */
    if (meta->to.ip.family == 4 && meta->to.ip.b[0] >= 224)
        return;
    el_nfs_answer(server->nfs, &question, bytes, len, &reply);
    size_t n = el_wire_done(&reply.out);
    if (n) /* what cannot be sent is lost: the client asks again */
        (void)el_net_udp_send(door->udp, &meta->from, &meta->to.ip, server->reply, n);
    el_nfs_file_release(reply.file);
}

/* -- connections -- */

static void release_pieces(struct connection *c)
{
    for (size_t i = 0; i < c->piece_count; i++)
        el_nfs_file_release(c->pieces[i]);
    c->piece_count = 0;
}

static void connection_close(struct connection *c)
{
    struct el_nfs_server *server = c->server;
    struct connection **link = &server->connections;

    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    server->count--;
    el_net_stream_close(c->stream);
    release_pieces(c);
    free(c->bytes);
    free(c);
}

/* Sends a reply, and with it the part of a file that belongs to it. */
static int send_reply(struct connection *c, struct el_nfs_reply *reply)
{
    static const uint8_t zeros[4];
    size_t head = el_wire_done(&reply->out);
    size_t pad = el_nfs_xdr_pad(reply->file_len);
    uint8_t mark[MARK];

    if (!reply->file) {
        el_nfs_record_mark(mark, head);
        int rc = el_net_stream_write(c->stream, mark, MARK);
        return rc < 0 ? rc : el_net_stream_write(c->stream, reply->out.start, head);
    }
    c->pieces[c->piece_count++] = reply->file;
    el_nfs_record_mark(mark, head + reply->file_len + pad);
    int rc = el_net_stream_write(c->stream, mark, MARK);
    if (rc == 0)
        rc = el_net_stream_write(c->stream, reply->out.start, head);
    if (rc == 0)
        rc = el_net_stream_send_file(c->stream, reply->file->content.fd, reply->file_offset,
                                     reply->file_len);
    return rc == 0 && pad ? el_net_stream_write(c->stream, zeros, pad) : rc;
}

static int answer(struct connection *c, const struct el_nfs_record *record)
{
    struct el_nfs_server *server = c->server;
    struct el_nfs_reply reply = {.out = el_wire_write(server->reply, sizeof server->reply)};
    const struct el_nfs_question question = {
        .from = c->client,
        .to = c->local,
        .now_ns = el_net_now_ns(server->net),
        .stream = true,
        .portmap = c->portmap,
    };

    c->heard_ns = question.now_ns;
    el_nfs_answer(server->nfs, &question, record->bytes, record->len, &reply);
    return el_wire_done(&reply.out) ? send_reply(c, &reply) : 0;
}

static bool is_full(const struct connection *c)
{
    return c->piece_count == PIECES || el_net_stream_queued(c->stream) >= QUEUE_MAX;
}

/* Answers what is whole. 0 or an error; *TAKEN bytes are done with. */
static int answer_all(struct connection *c, uint8_t *bytes, size_t len, size_t *taken)
{
    size_t max = el_nfs_writes(c->server->nfs) ? EL_NFS_CALL_MAX : CALL_SMALL;
    struct el_nfs_record record;
    int rc = 1;

    *taken = 0;
    while (!is_full(c) &&
           (rc = el_nfs_record_next(bytes + *taken, len - *taken, max, &record)) > 0) {
        int sent = answer(c, &record);
        if (sent < 0)
            return sent;
        *taken += record.taken;
    }
    return rc < 0 ? rc : 0;
}

static int keep(struct connection *c, const uint8_t *bytes, size_t len)
{
    size_t need = c->len + len;

    if (need > c->capacity) {
        size_t capacity = need < 2 * c->capacity ? 2 * c->capacity : need;
        uint8_t *grown = realloc(c->bytes, capacity);
        if (!grown)
            return EL_ENOMEM;
        c->bytes = grown;
        c->capacity = capacity;
    }
    memcpy(c->bytes + c->len, bytes, len);
    c->len = need;
    return 0;
}

/* Answers what has come, as far as there is room for replies. The connection may be gone after. */
static void connection_run(struct connection *c)
{
    size_t taken;

    if (answer_all(c, c->bytes, c->len, &taken) < 0) {
        connection_close(c);
        return;
    }
    if (taken) {
        memmove(c->bytes, c->bytes + taken, c->len - taken);
        c->len -= taken;
    }
    if (c->len == 0 && c->capacity > BUFFER_KEPT) {
        free(c->bytes);
        c->bytes = NULL;
        c->capacity = 0;
    }
    el_net_stream_pause(c->stream, is_full(c));
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct connection *c = arg;

    if (keep(c, bytes, len) < 0) {
        connection_close(c);
        return;
    }
    connection_run(c);
}

static void on_drained(void *arg)
{
    struct connection *c = arg;

    release_pieces(c);
    connection_run(c);
}

/* Whoever asks no more waits for no answer either. */
static void on_ended(void *arg, int code)
{
    (void)code;
    connection_close(arg);
}

/* -- admission -- */

static size_t count_of(const struct el_nfs_server *server, const struct el_ip *client)
{
    size_t count = 0;

    for (const struct connection *c = server->connections; c; c = c->next)
        count += el_ip_equal(&c->client.ip, client);
    return count;
}

/* Closes the connection, among those of CLIENT if it is given, that was silent for longest. A
 * machine that was switched off leaves its connections behind, so there is always one to be closed.
 */
static void make_room(struct el_nfs_server *server, const struct el_ip *client)
{
    struct connection *oldest = NULL;

    for (struct connection *c = server->connections; c; c = c->next)
        if ((!client || el_ip_equal(&c->client.ip, client)) &&
            (!oldest || c->heard_ns < oldest->heard_ns))
            oldest = c;
    if (oldest)
        connection_close(oldest);
}

static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const struct el_net_stream_events events = {
        .data = on_data, .drained = on_drained, .ended = on_ended};
    struct door *door = arg;
    struct el_nfs_server *server = door->server;
    struct connection *c = calloc(1, sizeof *c);

    if (!c) {
        el_net_stream_close(stream);
        return;
    }
    if (count_of(server, &peer->ip) >= EL_NFS_PER_CLIENT)
        make_room(server, &peer->ip);
    else if (server->count >= EL_NFS_CONNECTIONS)
        make_room(server, NULL);
    *c = (struct connection){
        .server = server,
        .next = server->connections,
        .stream = stream,
        .client = *peer,
        .local = local->ip,
        .portmap = door->portmap,
        .heard_ns = el_net_now_ns(server->net),
    };
    server->connections = c;
    server->count++;
    el_net_stream_set_events(stream, &events, c);
}

/* -- life -- */

static int open_door(struct el_nfs_server *server, struct door *door,
                     const struct el_net_udp_config *udp, const struct el_net_listen_config *tcp,
                     struct el_err *err)
{
    door->server = server;
    int rc = udp ? el_net_udp_open(server->net, udp, on_datagram, door, &door->udp, err) : 0;
    if (rc == 0 && tcp)
        rc = el_net_listen(server->net, tcp, on_accept, door, &door->listen, err);
    return rc;
}

int el_nfs_server_start(struct el_net *net, const struct el_nfs_server_config *config,
                        struct el_nfs_server **result, struct el_err *err)
{
    struct el_nfs_server *server = calloc(1, sizeof *server);

    if (!server)
        return el_err(err, EL_ENOMEM, "nfs: out of memory");
    server->net = net;
    server->nfs = config->nfs;
    server->doors[1].portmap = true;
    int rc = open_door(server, &server->doors[0], config->udp, config->tcp, err);
    if (rc == 0)
        rc = open_door(server, &server->doors[1], config->portmap_udp, config->portmap_tcp, err);
    if (rc < 0) {
        el_nfs_server_stop(server);
        return rc;
    }
    *result = server;
    return 0;
}

void el_nfs_server_stop(struct el_nfs_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < 2; i++) {
        el_net_udp_close(server->doors[i].udp);
        el_net_listen_close(server->doors[i].listen);
    }
    while (server->connections)
        connection_close(server->connections);
    free(server);
}

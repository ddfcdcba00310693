/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server: connection machines on streams. */
#include "http/http_io.h"

#include "base/log.h"

#include <stdlib.h>

/* Bytes in memory that may be queued; files cost nothing to queue. */
enum { QUEUE_MAX = 4 * EL_HTTP_SLICE };

struct connection {
    struct el_http_server *server;
    struct connection *next; /* in server->connections */
    struct el_net_stream *stream;
    struct el_net_timer *timer;
    struct el_http_conn *conn;
    struct el_endpoint client;
    uint64_t timer_ns; /* what the timer is set to */
};

struct el_http_server {
    struct el_net *net;
    struct el_net_listen *listen;
    struct el_http_server_config config;
    struct connection *connections;
    size_t count;
};

static struct el_http_clock clock_of(const struct el_http_server *server)
{
    return (struct el_http_clock){el_net_now_ns(server->net), el_net_wall_s(server->net)};
}

static void connection_close(struct connection *c)
{
    struct el_http_server *server = c->server;
    struct connection **link = &server->connections;

    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    server->count--;
    el_net_stream_close(c->stream);
    el_net_timer_free(c->timer);
    el_http_conn_free(c->conn, clock_of(server));
    free(c);
}

/* Queues what there is, as far as memory allows: 0 or an error. */
static int queue_output(struct connection *c)
{
    struct el_http_piece piece;

    while (el_net_stream_queued(c->stream) < QUEUE_MAX && el_http_conn_output(c->conn, &piece)) {
        int r = piece.bytes ? el_net_stream_write(c->stream, piece.bytes, (size_t)piece.len)
                            : el_net_stream_send_file(c->stream, piece.fd, piece.offset, piece.len);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A deadline that moves on, as it does with each request, leaves the timer alone: when it fires too
 * early nothing is due and it is set anew. */
static void set_timer(struct connection *c)
{
    uint64_t deadline_ns = el_http_conn_deadline(c->conn);

    if (deadline_ns >= c->timer_ns)
        return;
    c->timer_ns = deadline_ns;
    el_net_timer_set(c->timer, deadline_ns);
}

/* After anything has happened. The connection may be gone afterwards. */
static void connection_run(struct connection *c)
{
    if (queue_output(c) < 0) {
        connection_close(c);
        return;
    }
    switch (el_http_conn_wants(c->conn)) {
    case EL_HTTP_WANTS_INPUT: el_net_stream_pause(c->stream, false); break;
    case EL_HTTP_WANTS_SENT: el_net_stream_pause(c->stream, true); break;
    case EL_HTTP_WANTS_FINISH:
        el_net_stream_pause(c->stream, false);
        el_net_stream_finish(c->stream);
        break;
    case EL_HTTP_WANTS_CLOSE: connection_close(c); return;
    }
    set_timer(c);
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct connection *c = arg;

    el_http_conn_input(c->conn, clock_of(c->server), bytes, len);
    connection_run(c);
}

static void on_drained(void *arg)
{
    struct connection *c = arg;

    if (!el_http_conn_has_output(c->conn))
        el_http_conn_sent(c->conn, clock_of(c->server));
    connection_run(c);
}

static void on_ended(void *arg, int code)
{
    struct connection *c = arg;

    if (code < 0) {
        connection_close(c);
        return;
    }
    el_http_conn_eof(c->conn);
    connection_run(c);
}

/* A feed has something, at any moment, perhaps in the middle of another connection's request: it is
 * asked when the loop comes round. */
static void on_wake(void *arg)
{
    struct connection *c = arg;
    uint64_t now_ns = el_net_now_ns(c->server->net);

    if (c->timer_ns <= now_ns)
        return;
    c->timer_ns = now_ns;
    el_net_timer_set(c->timer, now_ns);
}

static void on_timer(void *arg)
{
    struct connection *c = arg;

    c->timer_ns = EL_NEVER;
    el_http_conn_tick(c->conn, clock_of(c->server), el_net_stream_queued(c->stream));
    connection_run(c);
}

/* -- admission -- */

static size_t count_of(const struct el_http_server *server, const struct el_ip *client)
{
    size_t count = 0;

    for (const struct connection *c = server->connections; c; c = c->next)
        count += el_ip_equal(&c->client.ip, client);
    return count;
}

/* Closes the connection that has been idle for longest. New ones stand in front of the list, but
 * the deadline is what tells. */
static bool make_room(struct el_http_server *server)
{
    struct connection *oldest = NULL;

    for (struct connection *c = server->connections; c; c = c->next)
        if (el_http_conn_is_idle(c->conn) &&
            (!oldest || el_http_conn_deadline(c->conn) < el_http_conn_deadline(oldest->conn)))
            oldest = c;
    if (oldest)
        connection_close(oldest);
    return oldest;
}

static const char *admit(struct el_http_server *server, const struct el_endpoint *client)
{
    if (count_of(server, &client->ip) >= server->config.max_per_client)
        return "too many connections from this address";
    if (server->count >= server->config.max_connections && !make_room(server))
        return "too many connections";
    return NULL;
}

static struct connection *connection_new(struct el_http_server *server,
                                         const struct el_endpoint *client)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    *c = (struct connection){.server = server, .client = *client, .timer_ns = EL_NEVER};
    c->timer = el_net_timer_new(server->net, on_timer, c);
    c->conn =
        el_http_conn_new(server->config.routes, &server->config.timeouts, client, clock_of(server));
    if (c->timer && c->conn) {
        el_http_conn_on_wake(c->conn, (struct el_http_wake){on_wake, c});
        el_http_conn_on_seen(c->conn, server->config.seen, server->config.seen_arg);
        return c;
    }
    el_net_timer_free(c->timer);
    el_http_conn_free(c->conn, clock_of(server));
    free(c);
    return NULL;
}

static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const struct el_net_stream_events events = {
        .data = on_data, .drained = on_drained, .ended = on_ended};
    struct el_http_server *server = arg;
    const char *reason = admit(server, peer);
    struct connection *c = reason ? NULL : connection_new(server, peer);

    (void)local;
    if (!c) {
        EL_LOG(EL_LOG_WARN, "http", "refused", EL_STR("reason", reason ? reason : "out of memory"),
               EL_ENDPOINT("client", peer));
        el_net_stream_close(stream);
        return;
    }
    c->stream = stream;
    c->next = server->connections;
    server->connections = c;
    server->count++;
    el_net_stream_set_events(stream, &events, c);
    set_timer(c);
}

/* -- life -- */

int el_http_server_start(struct el_net *net, const struct el_http_server_config *config,
                         struct el_http_server **result, struct el_err *err)
{
    struct el_http_server *server = calloc(1, sizeof *server);

    if (!server)
        return el_err(err, EL_ENOMEM, "http: out of memory");
    server->net = net;
    server->config = *config;
    if (!server->config.max_connections)
        server->config.max_connections = EL_HTTP_CONNECTIONS;
    if (!server->config.max_per_client)
        server->config.max_per_client = EL_HTTP_PER_CLIENT;
    int r = el_net_listen(net, &config->listen, on_accept, server, &server->listen, err);
    if (r < 0) {
        free(server);
        return r;
    }
    *result = server;
    return 0;
}

size_t el_http_server_look(const struct el_http_server *server)
{
    struct el_http_seen seen;
    size_t count = 0;

    for (const struct connection *c = server->connections; c && server->config.seen; c = c->next)
        if (el_http_conn_look(c->conn, el_net_stream_queued(c->stream), &seen)) {
            server->config.seen(server->config.seen_arg, &seen);
            count++;
        }
    return count;
}

void el_http_server_stop(struct el_http_server *server)
{
    if (!server)
        return;
    el_net_listen_close(server->listen);
    while (server->connections)
        connection_close(server->connections);
    free(server);
}

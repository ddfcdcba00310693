/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection machine. */
#include "http/http_conn.h"

#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "base/wire.h"
#include "http/http_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_HEAD = 6, CHUNK_TAIL = 2 }; /* "3fff\r\n" before a chunk, "\r\n" behind it */

enum state {
    READING, /* a request, or waiting for one */
    SENDING, /* a reply; input is held */
    ENDING,  /* all is sent: our side is to be finished */
    LINGER,  /* it is; input is dropped */
    CLOSED,
};

struct el_http_conn {
    enum state state;
    const struct el_http_route *routes;
    const struct el_http_timeouts *timeouts;
    struct el_endpoint client;
    uint64_t deadline_ns;
    uint64_t began_ns; /* the request in hand */

    const struct el_http_route *route; /* of the request in hand */
    unsigned allow;
    bool interim;    /* "100 Continue" is to be sent */
    bool keep_alive; /* after this reply */
    bool eof;        /* the peer has finished */

    size_t piece;         /* of the reply, the next to hand out */
    uint64_t piece_given; /* bytes of it that were */
    uint64_t given;       /* bytes of the reply, with its header */
    uint64_t advanced;    /* of these, those that had gone out at the last tick */

    struct el_http_wake wake;
    el_http_seen_cb *seen;
    void *seen_arg;
    uint8_t
        *chunk; /* of a feed: the one that is on its way, ours; its first bytes are its length */
    bool chunk_out;  /* it is */
    bool feed_ended; /* it has nothing more to say */
    bool beat;       /* it has been silent for long */
    bool overdue;    /* the chunk was on its way at the last tick already */

    uint8_t *held; /* input that came while sending */
    size_t held_len, held_at;

    struct el_http_reader reader;
    struct el_http_reply reply;
};

static uint64_t seconds(unsigned configured, unsigned otherwise)
{
    return (configured ? configured : otherwise) * EL_S;
}

static void wait_for_header(struct el_http_conn *c, uint64_t now_ns)
{
    c->began_ns = now_ns;
    c->deadline_ns = now_ns + seconds(c->timeouts->header_s, 15);
}

/* -- what is asked for -- */

static unsigned allowed(const struct el_http_route *route)
{
    unsigned methods = (route->methods & ~(unsigned)EL_HTTP_SECRET) | EL_HTTP_OPTIONS;

    return methods & EL_HTTP_GET ? methods | EL_HTTP_HEAD : methods;
}

static bool same_word(const char *text, const char *lower)
{
    for (; *text && *lower; text++, lower++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + 32 : *text) != *lower)
            return false;
    return *text == *lower;
}

/* The reader's question at the end of the header: who serves this, and may it have a body? */
static int on_header(struct el_http_reader *reader, void *arg)
{
    struct el_http_conn *c = arg;
    struct el_http_request *request = &reader->request;
    const char *expect = el_http_field(request, "expect");

    if (strcmp(request->path, "*") == 0) {
        c->allow = EL_HTTP_GET | EL_HTTP_HEAD | EL_HTTP_OPTIONS;
        return reader->has_body ? 413 : 0;
    }
    c->route = el_http_route_find(c->routes, request->path);
    /* Without a body to be read first these are ordinary answers: the connection goes on. */
    if (!c->route)
        return reader->has_body ? 404 : 0;
    c->allow = allowed(c->route);
    if (!(c->allow & request->method))
        return reader->has_body ? 405 : 0;
    reader->body_max = c->route->body_max;
    if (expect && !same_word(expect, "100-continue"))
        return 417;
    c->interim = expect && reader->has_body && reader->parser.http_minor > 0 &&
                 reader->parser.content_length <= reader->body_max && reader->body_max > 0;
    return 0;
}

/* -- who watches -- */

static struct el_http_seen seen_of(const struct el_http_conn *c, enum el_http_seen_kind kind,
                                   uint64_t queued)
{
    const struct el_http_request *request = &c->reader.request;
    bool has_body = !c->reply.is_feed && request->method != EL_HTTP_HEAD;
    uint64_t body = has_body ? c->reply.body_len : 0;
    uint64_t behind = queued + c->reply.pieces[0].len;

    return (struct el_http_seen){
        .kind = kind,
        .client = &c->client,
        .request = request,
        .status = c->reply.status,
        .is_part = c->reply.status == 206,
        .done = has_body && c->given > behind ? c->given - behind : 0,
        .total = body,
    };
}

/* There is a reply, to a request that could be read. */
static bool is_replying(const struct el_http_conn *c)
{
    return c->reply.piece_count > 0 && c->reader.header_done;
}

bool el_http_conn_look(const struct el_http_conn *c, uint64_t queued, struct el_http_seen *seen)
{
    if (!is_replying(c))
        return false;
    *seen = seen_of(c, EL_HTTP_SEEN_GOES_ON, queued);
    return true;
}

static void tell(const struct el_http_conn *c, enum el_http_seen_kind kind)
{
    if (!c->seen || !is_replying(c))
        return;
    struct el_http_seen seen = seen_of(c, kind, 0);
    c->seen(c->seen_arg, &seen);
}

static void send_reply(struct el_http_conn *c, struct el_http_clock clock,
                       struct el_http_answer *answer)
{
    const struct el_http_reply_context context = {
        .request = c->reader.header_done ? &c->reader.request : NULL,
        .allow = answer->status == 405 ||
                         (answer->status == 204 && c->reader.request.method == EL_HTTP_OPTIONS)
                     ? (answer->allow ? answer->allow : c->allow)
                     : 0,
        .wall_s = clock.wall_s,
        .keep_alive = c->keep_alive,
        .http_1_0 = c->reader.parser.http_minor == 0,
    };

    el_http_reply_make(&c->reply, answer, &context);
    c->chunk_out = c->beat = c->overdue = false;
    c->feed_ended = !c->reply.is_feed;
    c->state = SENDING;
    c->piece = 0;
    c->piece_given = c->given = c->advanced = 0;
    c->deadline_ns = clock.now_ns + seconds(c->timeouts->send_s, 30);
    tell(c, EL_HTTP_SEEN_BEGIN);
}

/* A request that ends the connection, because we do not know where the next would begin. */
static void send_refusal(struct el_http_conn *c, struct el_http_clock clock, int status)
{
    struct el_http_answer answer = {.status = status};

    c->interim = false;
    c->keep_alive = false;
    send_reply(c, clock, &answer);
}

static void send_answer(struct el_http_conn *c, struct el_http_clock clock)
{
    struct el_http_request *request = &c->reader.request;
    struct el_http_answer answer = {.status = 404};

    c->interim = false; /* the body came without being asked for */
    c->keep_alive = c->reader.keep_alive;
    request->client = &c->client;
    request->wake = c->wake;
    if (c->allow && request->method == EL_HTTP_OPTIONS &&
        !(c->route && c->route->methods & EL_HTTP_OPTIONS)) {
        answer.status = 204;
    } else if (c->allow && !(c->allow & request->method)) {
        answer.status = 405;
    } else if (c->route) {
        size_t prefix = strlen(c->route->prefix);
        request->rest = request->path + prefix;
        c->route->handler(c->route->arg, request, &answer);
    }
    if (answer.feed.pull && c->reader.parser.http_minor == 0)
        el_http_answer_status(&answer, 505); /* it knows no chunks (RFC 9112 §6.1) */
    send_reply(c, clock, &answer);
}

/* Eats input until there is something to say. */
static size_t read_request(struct el_http_conn *c, struct el_http_clock clock, const uint8_t *bytes,
                           size_t len)
{
    bool started = c->reader.started;
    bool header_done = c->reader.header_done;
    size_t eaten = el_http_reader_input(&c->reader, bytes, len);

    if (!started && c->reader.started)
        wait_for_header(c, clock.now_ns);
    if (!header_done && c->reader.header_done)
        c->deadline_ns = clock.now_ns + seconds(c->timeouts->body_s, 30);
    if (c->reader.status)
        send_refusal(c, clock, c->reader.status);
    else if (c->reader.complete)
        send_answer(c, clock);
    return eaten;
}

static void hold(struct el_http_conn *c, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return;
    uint8_t *larger =
        c->held_len + len <= EL_HTTP_HELD_MAX ? realloc(c->held, c->held_len + len) : NULL;
    if (!larger) {
        c->state = CLOSED; /* it was told to wait */
        return;
    }
    memcpy(larger + c->held_len, bytes, len);
    c->held = larger;
    c->held_len += len;
}

void el_http_conn_input(struct el_http_conn *c, struct el_http_clock clock, const uint8_t *bytes,
                        size_t len)
{
    if (c->state == READING) {
        size_t eaten = read_request(c, clock, bytes, len);
        bytes += eaten;
        len -= eaten;
    }
    /* After a refusal nothing that follows is a request. */
    if (c->state == SENDING && c->keep_alive)
        hold(c, bytes, len);
}

void el_http_conn_eof(struct el_http_conn *c)
{
    c->eof = true;
    /* In the middle of a request, or after all: nobody waits for us. Of a feed it is the only way
     * to say that no more is wanted. */
    if (c->state != SENDING || !c->feed_ended)
        c->state = CLOSED;
}

/* -- what is sent -- */

static const uint8_t interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

bool el_http_conn_has_output(const struct el_http_conn *c)
{
    return (c->state == READING && c->interim) ||
           (c->state == SENDING && c->piece < c->reply.piece_count);
}

/* What goes out next of a feed, behind room for the length of a chunk: the number of bytes, or 0.
 */
static size_t pull(struct el_http_conn *c)
{
    const struct el_http_feed *feed = &c->reply.answer.feed;
    int len = feed->pull(feed->arg, c->chunk + CHUNK_HEAD);

    if (len < 0) {
        c->feed_ended = true;
        return 0;
    }
    if (len == 0 && c->beat) {
        len = (int)strlen(feed->heartbeat);
        memcpy(c->chunk + CHUNK_HEAD, feed->heartbeat, (size_t)len);
    }
    return (size_t)len;
}

/* The next chunk of a feed. Chunks may have leading zeros in their length. */
static bool next_chunk(struct el_http_conn *c, struct el_http_piece *piece)
{
    static const char last[] = "0\r\n\r\n";

    if (c->chunk_out || c->feed_ended)
        return false;
    if (!c->chunk && !(c->chunk = malloc(CHUNK_HEAD + EL_HTTP_FEED_ROOM + CHUNK_TAIL))) {
        c->state = CLOSED;
        return false;
    }
    size_t len = pull(c);
    c->beat = false;
    if (len == 0 && !c->feed_ended)
        return false;
    if (c->feed_ended) {
        *piece = (struct el_http_piece){(const uint8_t *)last, -1, 0, sizeof last - 1};
    } else {
        struct el_wire w = el_wire_write(c->chunk, CHUNK_HEAD + EL_HTTP_FEED_ROOM + CHUNK_TAIL);
        el_wire_printf(&w, "%04zx\r\n", len);
        el_wire_skip(&w, len);
        el_wire_put(&w, "\r\n", 2);
        *piece = (struct el_http_piece){c->chunk, -1, 0, el_wire_done(&w)};
    }
    c->given += piece->len;
    c->chunk_out = true;
    return true;
}

bool el_http_conn_output(struct el_http_conn *c, struct el_http_piece *piece)
{
    if (!el_http_conn_has_output(c))
        return c->state == SENDING && next_chunk(c, piece);
    if (c->state == READING) {
        c->interim = false;
        *piece = (struct el_http_piece){interim, -1, 0, sizeof interim - 1};
        return true;
    }
    *piece = c->reply.pieces[c->piece];
    piece->len -= c->piece_given;
    if (piece->bytes) {
        piece->bytes += c->piece_given;
        if (piece->len > EL_HTTP_SLICE)
            piece->len = EL_HTTP_SLICE;
    } else {
        struct el_content_stretch stretch =
            el_content_stretch(&c->reply.answer.file, piece->offset + c->piece_given);
        piece->offset = stretch.fd_offset;
        if (piece->len > stretch.len)
            piece->len = stretch.len;
    }
    c->piece_given += piece->len;
    c->given += piece->len;
    if (c->piece_given == c->reply.pieces[c->piece].len) {
        c->piece++;
        c->piece_given = 0;
    }
    return true;
}

static void log_request(const struct el_http_conn *c, uint64_t now_ns, const char *event)
{
    static const char *const methods[] = {
        [EL_HTTP_GET] = "GET",        [EL_HTTP_HEAD] = "HEAD",     [EL_HTTP_POST] = "POST",
        [EL_HTTP_PUT] = "PUT",        [EL_HTTP_DELETE] = "DELETE", [EL_HTTP_PATCH] = "PATCH",
        [EL_HTTP_OPTIONS] = "OPTIONS"};
    const struct el_http_request *request = &c->reader.request;
    const char *path =
        c->route && c->route->methods & EL_HTTP_SECRET ? c->route->prefix : request->path;
    char took[32];

    if (!el_log_wants(EL_LOG_INFO))
        return;
    snprintf(took, sizeof took, "%.3f", (double)(now_ns - c->began_ns) / (double)EL_S);
    EL_LOG(
        EL_LOG_INFO, "http", event, EL_STR("method", methods[request->method]),
        EL_STR("path", *request->path ? path : NULL), EL_UINT("status", (uint64_t)c->reply.status),
        EL_UINT("bytes", c->given > c->reply.pieces[0].len ? c->given - c->reply.pieces[0].len : 0),
        EL_STR("seconds", took),
        c->client.ip.family ? EL_ENDPOINT("client", &c->client) : EL_STR("client", "local"));
}

static void wait_for_feed(struct el_http_conn *c, uint64_t now_ns)
{
    unsigned heartbeat_s = c->reply.answer.feed.heartbeat_s;

    c->deadline_ns = now_ns + (heartbeat_s ? heartbeat_s * EL_S : seconds(c->timeouts->send_s, 30));
}

/* Silence is broken; a piece that is on its way has from the first tick to the next. */
static void tick_feed(struct el_http_conn *c, struct el_http_clock clock, uint64_t queued)
{
    bool is_out = c->chunk_out || queued > 0;

    if (is_out && c->overdue) {
        c->state = CLOSED;
        return;
    }
    c->overdue = is_out;
    c->beat = !is_out && c->reply.answer.feed.heartbeat_s > 0;
    c->deadline_ns = clock.now_ns + seconds(c->timeouts->send_s, 30);
}

/* The reply is out and the connection goes on: first with what is held. */
static void next_request(struct el_http_conn *c, struct el_http_clock clock)
{
    el_http_reader_next(&c->reader);
    c->route = NULL;
    c->allow = 0;
    c->state = READING;
    c->began_ns = clock.now_ns;
    c->deadline_ns = clock.now_ns + seconds(c->timeouts->idle_s, 30);
    if (c->held_len > c->held_at)
        c->held_at += read_request(c, clock, c->held + c->held_at, c->held_len - c->held_at);
    if (c->held_at == c->held_len) {
        free(c->held);
        c->held = NULL;
        c->held_at = c->held_len = 0;
    }
    if (c->state == READING && c->eof)
        c->state = CLOSED;
}

void el_http_conn_sent(struct el_http_conn *c, struct el_http_clock clock)
{
    if (c->state != SENDING || c->piece < c->reply.piece_count)
        return;
    if (!c->feed_ended) { /* what there was has gone out; more will come */
        c->chunk_out = c->overdue = false;
        wait_for_feed(c, clock.now_ns);
        return;
    }
    log_request(c, clock.now_ns, "request");
    tell(c, EL_HTTP_SEEN_END);
    el_http_reply_end(&c->reply);
    if (c->keep_alive) {
        next_request(c, clock);
    } else {
        c->state = c->eof ? CLOSED : ENDING;
        c->deadline_ns = clock.now_ns + EL_HTTP_LINGER_S * EL_S;
    }
}

/* -- time and life -- */

enum el_http_wants el_http_conn_wants(struct el_http_conn *c)
{
    switch (c->state) {
    case READING:
    case LINGER: return EL_HTTP_WANTS_INPUT;
    case SENDING:
        /* While nothing is held, a client's next bytes (or its end) are welcome. */
        return c->held_len > c->held_at ? EL_HTTP_WANTS_SENT : EL_HTTP_WANTS_INPUT;
    case ENDING: c->state = LINGER; return EL_HTTP_WANTS_FINISH;
    case CLOSED: break;
    }
    return EL_HTTP_WANTS_CLOSE;
}

uint64_t el_http_conn_deadline(const struct el_http_conn *c)
{
    return c->state == CLOSED ? EL_NEVER : c->deadline_ns;
}

void el_http_conn_tick(struct el_http_conn *c, struct el_http_clock clock, uint64_t queued)
{
    if (clock.now_ns < c->deadline_ns)
        return;
    if (c->state == READING && c->reader.started) {
        send_refusal(c, clock, 408);
    } else if (c->state == SENDING && !c->feed_ended) {
        tick_feed(c, clock, queued);
    } else if (c->state == SENDING) {
        uint64_t out = c->given - (queued < c->given ? queued : c->given);
        if (out < c->advanced + EL_HTTP_SEND_MIN) {
            c->state = CLOSED;
            return;
        }
        c->advanced = out;
        c->deadline_ns = clock.now_ns + seconds(c->timeouts->send_s, 30);
    } else {
        c->state = CLOSED;
    }
}

bool el_http_conn_is_idle(const struct el_http_conn *c)
{
    return c->state == LINGER || (c->state == READING && !c->reader.started);
}

struct el_http_conn *el_http_conn_new(const struct el_http_route *routes,
                                      const struct el_http_timeouts *timeouts,
                                      const struct el_endpoint *client, struct el_http_clock clock)
{
    struct el_http_conn *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->routes = routes;
    c->timeouts = timeouts;
    c->client = *client;
    el_http_reader_init(&c->reader, on_header, c);
    wait_for_header(c, clock.now_ns);
    return c;
}

void el_http_conn_on_wake(struct el_http_conn *c, struct el_http_wake wake)
{
    c->wake = wake;
}

void el_http_conn_on_seen(struct el_http_conn *c, el_http_seen_cb *seen, void *arg)
{
    c->seen = seen;
    c->seen_arg = arg;
}

void el_http_conn_free(struct el_http_conn *c, struct el_http_clock clock)
{
    if (!c)
        return;
    /* Who watches a feed goes when it likes. */
    if (c->reply.piece_count > 0)
        log_request(c, clock.now_ns, c->reply.is_feed && !c->feed_ended ? "watched" : "aborted");
    tell(c, EL_HTTP_SEEN_ABORTED);
    el_http_reply_end(&c->reply);
    el_http_reader_end(&c->reader);
    free(c->held);
    free(c->chunk);
    free(c);
}

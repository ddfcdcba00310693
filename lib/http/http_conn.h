/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of an HTTP/1.1 server: a machine without socket or clock.
 *
 *     bytes have come:  el_http_conn_input()      the peer has finished:  el_http_conn_eof()
 *     then, and after everything else:
 *         while (el_http_conn_output(c, &piece)) send(piece);
 *         all of it has gone out:  el_http_conn_sent(), and round again
 *         look at el_http_conn_wants() and el_http_conn_deadline()
 *     the deadline has passed:  el_http_conn_tick()
 *
 * Requests are answered one after the other. What a client sends ahead (pipelining) is held, and as
 * long as something is held no more is wanted, so it is bounded by one input after the other.
 *
 * A connection whose request was refused before its end is not just closed: bytes of it may still
 * be on their way, would be answered with a reset, and the reset would take the reply with it. It
 * is finished on our side, and what comes is thrown away for a while (RFC 9112 §9.6).
 */
#ifndef EL_HTTP_HTTP_CONN_H
#define EL_HTTP_HTTP_CONN_H

#include "http/http_reply.h"

struct el_http_conn; /* about 50 KB */

struct el_http_clock {
    uint64_t now_ns;
    int64_t wall_s;
};

/* All 0: the default. */
struct el_http_timeouts {
    unsigned header_s; /* from a request's first byte to the end of its header: 15 */
    unsigned body_s;   /* from there to the end of its body: 30 */
    unsigned idle_s;   /* between requests: 30 */
    unsigned send_s;   /* in each such time a reply must advance by EL_HTTP_SEND_MIN: 30 */
};

enum {
    EL_HTTP_SEND_MIN = 4096,   /* bytes */
    EL_HTTP_SLICE = 65536,     /* a piece in memory is handed out in parts of this size */
    EL_HTTP_HELD_MAX = 262144, /* bytes held; one input must not be longer */
    EL_HTTP_LINGER_S = 2,
};

/* A reply whose body is a feed (http.h) is not over when all is sent: whoever is woken asks for
 * output again. */

enum el_http_wants {
    EL_HTTP_WANTS_INPUT,  /* bytes; and to send what output gives */
    EL_HTTP_WANTS_SENT,   /* nothing but to hear that all is sent */
    EL_HTTP_WANTS_FINISH, /* its side of the connection finished (FIN); then input, to be dropped */
    EL_HTTP_WANTS_CLOSE,  /* the connection closed */
};

/* ROUTES and TIMEOUTS stay the caller's. NULL if out of memory. */
struct el_http_conn *el_http_conn_new(const struct el_http_route *routes,
                                      const struct el_http_timeouts *timeouts,
                                      const struct el_endpoint *client, struct el_http_clock clock);

/* What feeds call when they have something: then output is to be asked for, but not from within. */
void el_http_conn_on_wake(struct el_http_conn *conn, struct el_http_wake wake);

/* Tells SEEN of beginnings and ends. It must not call the connection. */
void el_http_conn_on_seen(struct el_http_conn *conn, el_http_seen_cb *seen, void *arg);

/* The request whose reply is being sent; QUEUED as with tick. False: there is none. */
bool el_http_conn_look(const struct el_http_conn *conn, uint64_t queued, struct el_http_seen *seen);

/* Frees it and what its reply holds; a reply that is not all sent is logged as aborted. */
void el_http_conn_free(struct el_http_conn *conn, struct el_http_clock clock);

void el_http_conn_input(struct el_http_conn *conn, struct el_http_clock clock, const uint8_t *bytes,
                        size_t len);
void el_http_conn_eof(struct el_http_conn *conn);

/* The next piece to send; valid until sent() or free(). False: no more for now. */
bool el_http_conn_output(struct el_http_conn *conn, struct el_http_piece *piece);

/* Whether output would give something. */
bool el_http_conn_has_output(const struct el_http_conn *conn);

/* Everything that output gave has gone out. */
void el_http_conn_sent(struct el_http_conn *conn, struct el_http_clock clock);

/* WANTS_FINISH is said once. */
enum el_http_wants el_http_conn_wants(struct el_http_conn *conn);

uint64_t el_http_conn_deadline(const struct el_http_conn *conn);

/* QUEUED: bytes that output gave and that have not gone out yet. */
void el_http_conn_tick(struct el_http_conn *conn, struct el_http_clock clock, uint64_t queued);

/* Between two requests: nothing is lost if it is closed. */
bool el_http_conn_is_idle(const struct el_http_conn *conn);

#endif

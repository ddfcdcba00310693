/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a handler of HTTP requests sees and says (RFC 9110).
 *
 * A server has a table of routes. The longest prefix that matches the path is asked, if it takes
 * the method; its handler looks at the request and fills in an answer: a document in memory, a
 * file, a feed, or just a status. Everything else (validators, ranges, HEAD, connections) is the
 * server's.
 */
#ifndef EL_HTTP_HTTP_H
#define EL_HTTP_HTTP_H

#include "base/addr.h"
#include "content/content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum el_http_method {
    EL_HTTP_GET = 1,
    EL_HTTP_HEAD = 2, /* wherever GET is; the server leaves the body out */
    EL_HTTP_POST = 4,
    EL_HTTP_PUT = 8,
    EL_HTTP_DELETE = 16,
    EL_HTTP_PATCH = 32,
    EL_HTTP_OPTIONS = 64, /* the server answers it, unless a route takes it */
};

enum {
    EL_HTTP_TARGET_MAX = 8192, /* bytes of a request's target; longer: 414 */
    EL_HTTP_HEAD_MAX = 16384,  /* of target and header fields together; longer: 431 */
    EL_HTTP_FIELDS_MAX = 100,  /* header fields; more: 431 */
    EL_HTTP_PARAMS_MAX = 32,   /* parameters of a query; more: 400 */
    EL_HTTP_FEED_ROOM = 16384, /* bytes that a feed may give at once */
};

struct el_http_param {
    const char *name, *value; /* percent-decoded; '+' is a space */
};

struct el_http_field {
    const char *name, *value; /* the name in lower case */
};

/* How a feed says that it has something. It returns at once; the feed is asked later. */
struct el_http_wake {
    void (*call)(void *arg);
    void *arg;
};

/* A request. All of it lives until the handler has returned. */
struct el_http_request {
    enum el_http_method method;
    const char *target; /* as it was sent */
    const char *path;   /* decoded once, without dot segments; begins with '/' */
    const char *rest;   /* of the path, behind the route's prefix */
    const char *host;   /* of the target if it is absolute, else of the Host field; may be "" */
    const struct el_http_param *params;
    size_t param_count;
    const struct el_http_field *fields;
    size_t field_count;
    const uint8_t *body;
    size_t body_len;
    const struct el_endpoint *client;
    struct el_http_wake wake; /* to be kept by a feed, until its end */
};

/* The value of a parameter or header field (its first, if there are several), or NULL. */
const char *el_http_param(const struct el_http_request *request, const char *name);
const char *el_http_field(const struct el_http_request *request, const char *name);

/* A body that comes piece by piece, for as long as the client stays. At most one piece is on its
 * way, so a client that is slow holds up nobody but itself; and one that takes nothing for the time
 * that a reply may stall (el_http_timeouts) is cut off. */
struct el_http_feed {
    /* Puts what there is to say next, at most EL_HTTP_FEED_ROOM bytes, to TO: their number; 0:
     * nothing now, until it wakes; EL_ECLOSED: nothing any more. Not called from within wake. */
    int (*pull)(void *arg, uint8_t *to);
    /* The client is gone, or all is said. Called exactly once, also if no body is wanted. */
    void (*end)(void *arg);
    void *arg;
    const char *heartbeat; /* what is sent when nothing was for HEARTBEAT_S seconds: it finds out */
    unsigned heartbeat_s;  /* whether the client is still there. 0: nothing */
};

/* Among the methods of a route: what follows its prefix is left out of the log. */
enum { EL_HTTP_SECRET = 128 };

/* What a handler says; 404 until it says something. */
struct el_http_answer {
    int status;
    const char *type; /* media type; must live as long as the server */
    char *location;   /* for redirects; owned */
    uint8_t *bytes;   /* a document, malloc'ed, owned */
    size_t len;
    struct el_content_file file; /* or an open file, owned */
    bool has_file;
    struct el_http_feed feed; /* or this, if it can pull; owned until its end */
    unsigned allow;           /* with 405 or 204: what Allow says instead of the route's methods */
    bool no_store;            /* nobody on the way is to keep it (RFC 9111 §5.2.2.5) */
};

void el_http_answer_status(struct el_http_answer *answer, int status);

/* A document; the bytes are copied. Without memory it becomes a 500. */
void el_http_answer_bytes(struct el_http_answer *answer, int status, const char *type,
                          const void *bytes, size_t len);

/* 200 with the file, which is the answer's from here on. Its version becomes ETag and
 * Last-Modified. */
void el_http_answer_file(struct el_http_answer *answer, const char *type,
                         const struct el_content_file *file);

/* 200 with a body that comes piece by piece. */
void el_http_answer_feed(struct el_http_answer *answer, const char *type,
                         const struct el_http_feed *feed);

/* LOCATION is a URI reference, and copied. */
void el_http_answer_redirect(struct el_http_answer *answer, int status, const char *location);

void el_http_answer_clear(struct el_http_answer *answer);

typedef void el_http_handler(void *arg, const struct el_http_request *request,
                             struct el_http_answer *answer);

/* A request and how far its reply is, for whoever watches clients; valid during the call. */
enum el_http_seen_kind {
    EL_HTTP_SEEN_BEGIN, /* its reply is known, and nothing of it sent */
    EL_HTTP_SEEN_GOES_ON,
    EL_HTTP_SEEN_END,    /* all of the reply has gone out */
    EL_HTTP_SEEN_ABORTED /* the connection ended before */
};

struct el_http_seen {
    enum el_http_seen_kind kind;
    const struct el_endpoint *client;
    const struct el_http_request *request;
    int status;
    bool is_part;         /* 206: of a part of the file only */
    uint64_t done, total; /* bytes of the body that have gone out, and that it has; a feed: 0 */
};

typedef void el_http_seen_cb(void *arg, const struct el_http_seen *seen);

struct el_http_route {
    const char
        *prefix; /* "/boot/": everything beneath it; "/menu": exactly that. NULL ends a table */
    unsigned methods; /* enum el_http_method; GET brings HEAD. EL_HTTP_SECRET */
    el_http_handler *handler;
    void *arg;
    size_t body_max; /* bytes of body that a request may have; more: 413 */
};

/* The longest route that matches PATH, or NULL. */
const struct el_http_route *el_http_route_find(const struct el_http_route *routes,
                                               const char *path);

/* The standard phrase ("Not Found"); "" for a status that we do not know. */
const char *el_http_reason(int status);

/* The media type that the suffix of NAME stands for. */
const char *el_http_type_of(const char *name);

/* Serves a source of content: the handler of a route whose ARG is this. */
struct el_http_files {
    const struct el_content *content;
    bool listing; /* directories have an index */
};

el_http_handler el_http_files_handler;

#endif

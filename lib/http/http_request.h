/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to requests: llhttp in its strict mode, and what it leaves to its user.
 *
 * llhttp refuses what requests are smuggled with: a length together with chunks, two lengths, a
 * bare LF, folded lines, space before a colon, empty names. Here the fields are collected within
 * bounds, a Host is required (RFC 9112 §3.2), the target is taken apart and decoded once.
 */
#ifndef EL_HTTP_HTTP_REQUEST_H
#define EL_HTTP_HTTP_REQUEST_H

#include "http/http.h"

#include <llhttp.h>

/* A reader of one request after the other. Fixed size but for the body. */
struct el_http_reader {
    llhttp_t parser;

    /* Decides, when the header is complete, whether the request goes on: 0 or the status that
     * refuses it. It may set body_max. */
    int (*header)(struct el_http_reader *reader, void *arg);
    void *arg;

    struct el_http_request request;
    struct el_http_param params[EL_HTTP_PARAMS_MAX];
    struct el_http_field fields[EL_HTTP_FIELDS_MAX];
    char text[EL_HTTP_HEAD_MAX];           /* target, then name and value in turn, each with NUL */
    char decoded[EL_HTTP_TARGET_MAX + 16]; /* path, query, host */
    size_t text_used, piece;               /* piece: where the one being collected begins */
    uint8_t *body;
    size_t body_max;
    bool started;     /* bytes of a request have come */
    bool header_done; /* what follows is body, and trailers, which are ignored */
    bool complete;
    bool has_body;   /* as announced */
    bool keep_alive; /* when complete: the client wants it */
    int status;      /* why it is refused; 0: it is not */
};

void el_http_reader_init(struct el_http_reader *reader,
                         int (*header)(struct el_http_reader *reader, void *arg), void *arg);

/* Frees the body. */
void el_http_reader_end(struct el_http_reader *reader);

/* Eats bytes up to the end of a request: the number eaten, less than LEN only if the request is now
 * complete or refused (status). */
size_t el_http_reader_input(struct el_http_reader *reader, const uint8_t *bytes, size_t len);

/* Ready for the next request on the same connection; only after a complete one. */
void el_http_reader_next(struct el_http_reader *reader);

/* Takes TARGET apart into path, params and perhaps host, stored in DECODED. 0, or the status that
 * refuses it. Exported for tests. */
int el_http_target_parse(const char *target, struct el_http_request *request,
                         struct el_http_param params[EL_HTTP_PARAMS_MAX], char *decoded,
                         size_t capacity);

#endif

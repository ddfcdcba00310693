/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to replies: preconditions (RFC 9110 §13), ranges (§14), and the bytes to send.
 *
 * A reply is a list of pieces, each bytes in memory or a stretch of an open file, in the order in
 * which they go out; the header is the first.
 */
#ifndef EL_HTTP_HTTP_REPLY_H
#define EL_HTTP_HTTP_REPLY_H

#include "http/http.h"
#include "http/http_range.h"

struct el_http_piece {
    const uint8_t *bytes; /* NULL: of the file */
    int fd;
    uint64_t offset; /* in the answer's file; as el_http_conn_output gives it: in FD */
    uint64_t len;
};

enum {
    EL_HTTP_REPLY_HEAD = 16384, /* header, and the headers of the parts of a multipart body */
    EL_HTTP_PIECES_MAX = 2 * EL_HTTP_RANGES_MAX + 2,
};

struct el_http_reply {
    int status;
    uint64_t body_len; /* as announced */
    bool is_feed;      /* the body is the answer's feed, in chunks behind the pieces */
    struct el_http_piece pieces[EL_HTTP_PIECES_MAX];
    size_t piece_count;
    struct el_http_answer answer; /* owned: what the pieces point into */
    uint8_t head[EL_HTTP_REPLY_HEAD];
};

/* What the reply depends on besides the answer. */
struct el_http_reply_context {
    const struct el_http_request *request; /* NULL: it could not be read */
    unsigned allow;                        /* methods for Allow, with 405 and OPTIONS; 0: none */
    int64_t wall_s;
    bool keep_alive;
    bool http_1_0; /* must be told that the connection stays */
};

/* Makes REPLY of ANSWER, which it takes over. */
void el_http_reply_make(struct el_http_reply *reply, struct el_http_answer *answer,
                        const struct el_http_reply_context *context);

/* Frees what the pieces point into. */
void el_http_reply_end(struct el_http_reply *reply);

#endif

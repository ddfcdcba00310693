/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other side of a connection: one request as it goes out, and the response to it as it comes
 * in (RFC 9112), around llhttp. A connection serves one request, which says so.
 *
 * What comes in is collected in `body`, decoded. Of a response that does not end (a stream), the
 * user takes what is there, el_http_response_take(), after each input.
 */
#ifndef EL_HTTP_HTTP_RESPONSE_H
#define EL_HTTP_HTTP_RESPONSE_H

#include "http/http.h"

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked. Texts with control characters or spaces are refused. */
struct el_http_ask {
    const char *method;        /* "GET" */
    const char *target;        /* "/v1/spokes?state=pending" */
    const char *host;          /* for the Host field */
    const char *accept;        /* media type; NULL: any */
    const char *last_event_id; /* NULL: none */
    const char *type;          /* of the body; NULL: there is none */
    const void *body;
    size_t body_len;
    /* FIELD_COUNT more; one with a value of NULL is left out. Values may have spaces. */
    const struct el_http_field *fields;
    size_t field_count;
};

/* The bytes to send: *TEXT is from malloc(). Their number, EL_EINVAL or EL_ENOMEM. */
int el_http_ask_text(const struct el_http_ask *ask, char **text);

enum {
    EL_HTTP_RESPONSE_HEAD = 16384, /* bytes of a header: a longer one is an error */
    EL_HTTP_RESPONSE_TYPE = 128,   /* bytes of a media type, with NUL */
    EL_HTTP_RESPONSE_NAME = 24,    /* bytes of the name of a field that is looked for */
};

/* A field that is looked for: where its value goes, with a NUL; of several the last. "" if it has
 * not come, or is longer than CAPACITY. */
struct el_http_wanted {
    const char *name; /* in lower case, shorter than EL_HTTP_RESPONSE_NAME */
    char *value;
    size_t capacity;
};

struct el_http_response {
    llhttp_t parser;
    int status;                       /* once header_done */
    char type[EL_HTTP_RESPONSE_TYPE]; /* of the content, in lower case, without parameters; "" */
    bool header_done;
    bool complete;
    int failed;    /* EL_EPROTO: not HTTP, or cut off; EL_EFULL: too long; EL_ENOMEM */
    uint8_t *body; /* ours; what has not been taken */
    size_t body_len, body_max;

    /* Fields that are looked for; may be set after el_http_response_init(), and outlives us. */
    const struct el_http_wanted *wanted;
    size_t wanted_count;

    bool to_head;                        /* of HEAD: no body comes */
    bool is_type;                        /* the field being read is Content-Type */
    const struct el_http_wanted *taking; /* … is this one; NULL: none of them */
    size_t taken;
    char name[EL_HTTP_RESPONSE_NAME];
    size_t name_len, type_len, head_len;
};

/* A response of which BODY_MAX bytes may wait to be taken. HEAD: it answers that method, or (if its
 * status is one of success) CONNECT: no body follows. */
void el_http_response_init(struct el_http_response *response, size_t body_max, bool head);
void el_http_response_end(struct el_http_response *response);

/* Bytes have come; those behind a complete response are ignored. 0 or `failed`, which sticks. */
int el_http_response_input(struct el_http_response *response, const uint8_t *bytes, size_t len);

/* The peer has finished: that completes a response without a length, and cuts off others. */
int el_http_response_eof(struct el_http_response *response);

/* All of the body that is there has been looked at. */
void el_http_response_take(struct el_http_response *response);

#endif

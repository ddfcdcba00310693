/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One question to the control API and what comes back, whatever carries the bytes (client_io.h,
 * call_io.h): a JSON document, a problem, or events.
 */
#ifndef EL_CONTROL_EXCHANGE_IO_H
#define EL_CONTROL_EXCHANGE_IO_H

#include "base/err.h"
#include "control/json.h"
#include "control/sse.h"
#include "http/http_response.h"

enum { EL_CONTROL_ANSWER_MAX = 4 << 20 }; /* bytes of an answer: a longer one is an error */

struct el_control_question {
    const char *method;        /* "GET", "POST", ... */
    const char *path;          /* "/v1/spokes?state=pending": what needs it is percent-encoded */
    const json_t *body;        /* NULL: none */
    bool is_watch;             /* events are wanted */
    const char *last_event_id; /* of a watch: where to resume; NULL: from now on */
};

struct el_control_answer {
    int status;     /* of HTTP */
    json_t *body;   /* owned; NULL: none came with it */
    uint8_t *bytes; /* or these, which are no JSON; owned */
    size_t len;
};

void el_control_answer_clear(struct el_control_answer *answer);

/* 0 for a status below 400; else a negative code that fits it, with what the problem says as a
 * sentence in ERR. */
int el_control_answer_check(const struct el_control_answer *answer, struct el_err *err);

/* -- for who carries the bytes -- */

struct el_exchange {
    char *text; /* to be sent */
    size_t text_len;
    struct el_http_response response;
    struct el_sse_reader *sse; /* once events come */
    size_t at;                 /* of the response's body, what has been read as events */
    bool is_watch;
};

enum el_exchange_said {
    EL_EXCHANGE_NOTHING, /* more has to come */
    EL_EXCHANGE_ANSWER,  /* the whole of it */
    EL_EXCHANGE_EVENT,   /* more may be there: ask again */
    EL_EXCHANGE_END,     /* of the events */
};

/* 0, EL_EINVAL with a sentence, or EL_ENOMEM. HOST is said in the Host field. */
int el_exchange_begin(struct el_exchange *exchange, const struct el_control_question *question,
                      const char *host, struct el_err *err);
void el_exchange_end(struct el_exchange *exchange);

/* Bytes have come (0 of them: the other side has finished); then ask for all that they said. 0, or
 * an error with its sentence. */
int el_exchange_input(struct el_exchange *exchange, const uint8_t *bytes, size_t len,
                      struct el_err *err);

/* What has been said: of the enum above, with ANSWER or EVENT filled in; or an error. */
int el_exchange_next(struct el_exchange *exchange, struct el_control_answer *answer,
                     struct el_sse_event *event, struct el_err *err);

#endif

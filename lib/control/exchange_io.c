/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A question as HTTP, and HTTP as answers. */
#include "control/exchange_io.h"

#include <stdlib.h>
#include <string.h>

void el_control_answer_clear(struct el_control_answer *answer)
{
    json_decref(answer->body);
    free(answer->bytes);
    *answer = (struct el_control_answer){.status = 0};
}

static int code_of(int status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 422: return EL_EINVAL;
    case 401:
    case 403: return EL_EPERM;
    case 404:
    case 410: return EL_ENOENT;
    case 409: return EL_EEXIST;
    case 408:
    case 429:
    case 503: return EL_EAGAIN;
    default: return EL_EIO;
    }
}

/* ERR is for a terminal, and what the other side says need not be. */
static int say(struct el_err *err, int code, const char *text)
{
    code = el_err(err, code, "%s", text);
    for (char *c = err ? err->text : NULL; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return code;
}

int el_control_answer_check(const struct el_control_answer *answer, struct el_err *err)
{
    const char *title = json_string_value(json_object_get(answer->body, "title"));
    const char *detail = json_string_value(json_object_get(answer->body, "detail"));

    if (answer->status < 400)
        return 0;
    if (detail || title)
        return say(err, code_of(answer->status), detail ? detail : title);
    return el_err(err, code_of(answer->status), "the hub answers with HTTP status %d",
                  answer->status);
}

int el_exchange_begin(struct el_exchange *x, const struct el_control_question *question,
                      const char *host, struct el_err *err)
{
    size_t body_len = 0;
    char *body = question->body ? el_json_text(question->body, &body_len) : NULL;

    *x = (struct el_exchange){.is_watch = question->is_watch};
    if (question->body && !body)
        return el_err(err, EL_ENOMEM, "out of memory");
    const struct el_http_ask ask = {
        .method = question->method,
        .target = question->path,
        .host = host,
        .accept = question->is_watch ? "text/event-stream" : "application/json",
        .last_event_id = question->last_event_id,
        .type = body ? "application/json" : NULL,
        .body = body,
        .body_len = body_len,
    };
    int len = el_http_ask_text(&ask, &x->text);
    free(body);
    if (len < 0)
        return el_err(err, len, "%s %s: %s", question->method, question->path, el_strerror(len));
    x->text_len = (size_t)len;
    el_http_response_init(&x->response, EL_CONTROL_ANSWER_MAX,
                          strcmp(question->method, "HEAD") == 0);
    return 0;
}

void el_exchange_end(struct el_exchange *x)
{
    free(x->text);
    free(x->sse);
    el_http_response_end(&x->response);
    x->text = NULL;
    x->sse = NULL;
}

static int said_wrong(int code, struct el_err *err)
{
    switch (code) {
    case EL_EFULL: return el_err(err, code, "the answer is too long");
    case EL_ENOMEM: return el_err(err, code, "out of memory");
    default: return el_err(err, code, "the answer is cut off, or makes no sense");
    }
}

int el_exchange_input(struct el_exchange *x, const uint8_t *bytes, size_t len, struct el_err *err)
{
    int code =
        len ? el_http_response_input(&x->response, bytes, len) : el_http_response_eof(&x->response);

    /* Events have no end but this. */
    if (code < 0 && len == 0 && x->sse)
        return el_err(err, EL_ECLOSED, "the hub has hung up");
    return code < 0 ? said_wrong(code, err) : 0;
}

/* The document of a response that is complete. */
static int read_answer(struct el_exchange *x, struct el_control_answer *answer, struct el_err *err)
{
    const struct el_http_response *r = &x->response;
    struct el_err why = {""};

    *answer = (struct el_control_answer){.status = r->status};
    if (r->body_len == 0)
        return EL_EXCHANGE_ANSWER;
    if (strcmp(r->type, "application/json") != 0 &&
        strcmp(r->type, "application/problem+json") != 0) {
        answer->bytes = malloc(r->body_len);
        if (!answer->bytes)
            return el_err(err, EL_ENOMEM, "out of memory");
        memcpy(answer->bytes, r->body, r->body_len);
        answer->len = r->body_len;
        return EL_EXCHANGE_ANSWER;
    }
    answer->body = el_json_parse(r->body, r->body_len, &why);
    if (!answer->body)
        return el_err(err, EL_EPROTO, "the answer is no JSON: %s", why.text);
    return EL_EXCHANGE_ANSWER;
}

static int read_event(struct el_exchange *x, struct el_sse_event *event, struct el_err *err)
{
    struct el_http_response *r = &x->response;

    if (!x->sse && !(x->sse = calloc(1, sizeof *x->sse)))
        return said_wrong(EL_ENOMEM, err);
    while (x->at < r->body_len) {
        x->at += el_sse_read(x->sse, r->body + x->at, r->body_len - x->at, event);
        if (x->sse->failed)
            return said_wrong(EL_EFULL, err);
        if (event->data)
            return EL_EXCHANGE_EVENT;
    }
    el_http_response_take(r);
    x->at = 0;
    return r->complete ? EL_EXCHANGE_END : EL_EXCHANGE_NOTHING;
}

int el_exchange_next(struct el_exchange *x, struct el_control_answer *answer,
                     struct el_sse_event *event, struct el_err *err)
{
    const struct el_http_response *r = &x->response;

    if (r->header_done && x->is_watch && r->status == 200 &&
        strcmp(r->type, "text/event-stream") == 0)
        return read_event(x, event, err);
    return r->complete ? read_answer(x, answer, err) : EL_EXCHANGE_NOTHING;
}

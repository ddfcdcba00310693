/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges on streams. */
#include "control/client_io.h"

#include <stdlib.h>

struct el_client {
    struct el_net *net;
    struct el_net_stream *stream;
    struct el_net_timer *timer;
    struct el_exchange exchange;
    struct el_client_events events;
    void *arg;
    bool busy;  /* in a callback: freeing waits */
    bool freed; /* then */
    bool done;  /* answered */
};

static void destroy(struct el_client *c)
{
    el_net_stream_close(c->stream);
    el_net_timer_free(c->timer);
    el_exchange_end(&c->exchange);
    free(c);
}

void el_client_free(struct el_client *c)
{
    if (!c)
        return;
    c->freed = true;
    if (!c->busy)
        destroy(c);
}

/* The last word. */
static void finish(struct el_client *c, int code, const struct el_control_answer *answer,
                   const struct el_err *err)
{
    if (c->done || c->freed)
        return;
    c->done = true;
    el_net_timer_set(c->timer, EL_NEVER);
    el_net_stream_close(c->stream);
    c->stream = NULL;
    c->events.answered(c->arg, code, answer, err);
}

static void set_deadline(struct el_client *c)
{
    unsigned seconds = c->exchange.is_watch ? EL_CLIENT_SILENCE_S : EL_CLIENT_TIMEOUT_S;

    el_net_timer_set(c->timer, el_net_now_ns(c->net) + seconds * EL_S);
}

/* All that has been said by now. */
static void hear(struct el_client *c)
{
    struct el_control_answer answer = {.status = 0};
    struct el_sse_event event = {0};
    struct el_err err = {""};
    int said;

    while (!c->done && !c->freed) {
        said = el_exchange_next(&c->exchange, &answer, &event, &err);
        if (said == EL_EXCHANGE_NOTHING)
            break;
        if (said == EL_EXCHANGE_EVENT) {
            if (c->events.event)
                c->events.event(c->arg, &event, c->exchange.sse->last_id);
        } else if (said == EL_EXCHANGE_ANSWER) {
            finish(c, 0, &answer, &err);
            el_control_answer_clear(&answer);
        } else {
            if (said == EL_EXCHANGE_END)
                said = el_err(&err, EL_ECLOSED, "the hub has ended the events");
            finish(c, said, NULL, &err);
        }
    }
}

static void input(struct el_client *c, const uint8_t *bytes, size_t len)
{
    struct el_err err = {""};

    c->busy = true;
    int code = el_exchange_input(&c->exchange, bytes, len, &err);
    hear(c);
    if (code < 0)
        finish(c, code, NULL, &err);
    c->busy = false;
    if (c->freed)
        destroy(c);
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct el_client *c = arg;

    if (c->exchange.is_watch)
        set_deadline(c);
    input(c, bytes, len);
}

static void on_ended(void *arg, int code)
{
    struct el_client *c = arg;
    struct el_err err = {""};

    if (code == 0) {
        input(c, NULL, 0);
        return;
    }
    el_err(&err, code, "the connection to the hub: %s", el_strerror(code));
    c->busy = true;
    finish(c, code, NULL, &err);
    c->busy = false;
    if (c->freed)
        destroy(c);
}

static void on_timer(void *arg)
{
    struct el_client *c = arg;
    struct el_err err = {""};

    el_err(&err, EL_EAGAIN, "the hub does not answer");
    c->busy = true;
    finish(c, EL_EAGAIN, NULL, &err);
    c->busy = false;
    if (c->freed)
        destroy(c);
}

int el_client_start(struct el_net *net, const struct el_net_connect_config *to, const char *host,
                    const struct el_control_question *question,
                    const struct el_client_events *events, void *arg, struct el_client **result,
                    struct el_err *err)
{
    static const struct el_net_stream_events stream_events = {.data = on_data, .ended = on_ended};
    struct el_client *c = calloc(1, sizeof *c);
    int r = EL_ENOMEM;

    if (!c)
        return el_err(err, EL_ENOMEM, "out of memory");
    *c = (struct el_client){.net = net, .events = *events, .arg = arg};
    c->timer = el_net_timer_new(net, on_timer, c);
    r = c->timer ? el_exchange_begin(&c->exchange, question, host, err)
                 : el_err(err, EL_ENOMEM, "out of memory");
    if (r == 0)
        r = el_net_connect(net, to, &stream_events, c, &c->stream, err);
    if (r == 0) {
        r = el_net_stream_write(c->stream, (const uint8_t *)c->exchange.text, c->exchange.text_len);
        if (r < 0)
            el_err(err, r, "the connection to the hub: %s", el_strerror(r));
    }
    if (r < 0) {
        destroy(c);
        return r;
    }
    set_deadline(c);
    *result = c;
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the other side of an exchange sends, whole and byte by byte, to a question and to a watch:
 * it says the same, and it says something in the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/exchange_io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    int last; /* what was said last, or the error */
    int status;
    unsigned events;
};

/* All that has been said by now; false: it was the last. */
static bool listen_to(struct el_exchange *x, struct heard *heard)
{
    struct el_control_answer answer = {.status = 0};
    struct el_sse_event event = {0};
    struct el_err err = {""};

    while ((heard->last = el_exchange_next(x, &answer, &event, &err)) == EL_EXCHANGE_EVENT)
        heard->events++;
    if (heard->last == EL_EXCHANGE_ANSWER) {
        heard->status = answer.status;
        if (el_control_answer_check(&answer, &err) < 0 && !err.text[0])
            abort();
        el_control_answer_clear(&answer);
    }
    return heard->last == EL_EXCHANGE_NOTHING;
}

static struct heard hear(const uint8_t *data, size_t size, size_t step, bool is_watch)
{
    const struct el_control_question question = {
        .method = "GET", .path = "/v1/x", .is_watch = is_watch};
    struct heard heard = {.last = EL_EXCHANGE_NOTHING};
    struct el_exchange x;
    struct el_err err = {""};
    bool more = true;

    if (el_exchange_begin(&x, &question, "localhost", &err) < 0)
        abort();
    for (size_t at = 0; more && at < size; at += step) {
        int r = el_exchange_input(&x, data + at, size - at < step ? size - at : step, &err);
        more = listen_to(&x, &heard);
        if (more && r < 0) {
            heard.last = r;
            more = false;
        }
    }
    if (more) {
        int r = el_exchange_input(&x, NULL, 0, &err);
        if (listen_to(&x, &heard) && r == 0)
            abort(); /* it would wait for ever */
        if (heard.last == EL_EXCHANGE_NOTHING)
            heard.last = r;
    }
    el_exchange_end(&x);
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int is_watch = 0; is_watch < 2; is_watch++) {
        struct heard whole = hear(data, size, size ? size : 1, is_watch);
        struct heard bytes = hear(data, size, 1, is_watch);
        if (whole.last != bytes.last || whole.status != bytes.status ||
            whole.events != bytes.events)
            abort();
    }
    return 0;
}

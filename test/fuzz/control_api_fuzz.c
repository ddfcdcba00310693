/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the control API: the first byte says who asks (bits 0 to 2) and by what method (the
 * others), then comes a path with its query, an end of line, and the body. Whatever it is, it is
 * answered with JSON or nothing, never with an error of ours; handlers see only what their schemas
 * allow (the sample's answer with what they got, and answers are checked).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit/control_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts "a=b&c=d" to pieces. */
static size_t split_query(char *query, struct el_api_query *pairs, size_t max)
{
    size_t count = 0;

    while (query && *query && count < max) {
        char *next = strchr(query, '&');
        if (next)
            *next++ = '\0';
        char *value = strchr(query, '=');
        if (value)
            *value++ = '\0';
        pairs[count++] = (struct el_api_query){query, value ? value : ""};
        query = next;
    }
    return count;
}

static void check(const struct sample *sample, const struct el_api_reply *reply)
{
    struct el_err err = {""};
    json_t *said = reply->text ? el_json_parse(reply->text, reply->len, &err) : NULL;

    if ((reply->text && !said) || reply->status < 200 || reply->status >= 500)
        abort();
    if (sample->called > 1 || (sample->called == 0 && reply->status == 201))
        abort();
    json_decref(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum el_api_scope scopes[] = {0, EL_API_OPERATOR, EL_API_SPOKE, EL_API_ENROLMENT};
    struct sample sample = {0};
    struct el_events *events = el_events_new(2, 1);
    struct el_api *api = sample_api(&sample, events);
    struct el_api_query query[8];
    struct el_api_reply reply;
    char path[1024];

    const uint8_t *line = size ? memchr(data + 1, '\n', size - 1) : NULL;
    size_t len = line ? (size_t)(line - data - 1) : 0;
    if (line && len < sizeof path) {
        memcpy(path, data + 1, len);
        path[len] = '\0';
        char *mark = strchr(path, '?');
        if (mark)
            *mark++ = '\0';
        const struct el_api_call call = {
            .method = 1u << ((data[0] >> 3) % 6),
            .path = path,
            .query = query,
            .query_count = split_query(mark, query, 8),
            .content_type = "application/json",
            .last_event_id = "1-0",
            .body = line + 1,
            .body_len = size - len - 2,
            .asker = {.scope = scopes[data[0] & 3]},
        };
        el_api_handle(api, &call, &reply);
        check(&sample, &reply);
        el_api_reply_clear(&reply);
    }
    el_api_free(api);
    el_events_free(events);
    return 0;
}

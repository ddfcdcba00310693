/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text/event-stream. */
#include "control/sse.h"

#include <string.h>

static void put_field(struct el_wire *w, const char *name, const char *value, size_t len)
{
    el_wire_put(w, name, strlen(name));
    el_wire_put(w, ": ", 2);
    el_wire_put(w, value, len);
    el_wire_put_u8(w, '\n');
}

void el_sse_put(struct el_wire *w, const char *id, const char *type, const char *data)
{
    if (id)
        put_field(w, "id", id, strlen(id));
    if (type)
        put_field(w, "event", type, strlen(type));
    for (;;) {
        size_t len = strcspn(data, "\r\n");
        put_field(w, "data", data, len);
        data += len;
        if (!*data)
            break;
        data += strncmp(data, "\r\n", 2) == 0 ? 2 : 1;
    }
    el_wire_put_u8(w, '\n');
}

/* -- reading -- */

/* Copies a value that must fit, or fails. */
static void take_word(struct el_sse_reader *r, char to[EL_SSE_WORD_MAX], const char *value,
                      size_t len)
{
    if (len >= EL_SSE_WORD_MAX) {
        r->failed = true;
        return;
    }
    memcpy(to, value, len);
    to[len] = '\0';
}

static void take_data(struct el_sse_reader *r, const char *value, size_t len)
{
    if (len + 1 > sizeof r->data - r->data_len) {
        r->failed = true;
        return;
    }
    memcpy(r->data + r->data_len, value, len);
    r->data_len += len;
    r->data[r->data_len++] = '\n'; /* the last is taken away again when the event is complete */
}

static void take_retry(struct el_sse_reader *r, const char *value, size_t len)
{
    uint64_t ms = 0;

    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9' || i >= 9)
            return;
        ms = ms * 10 + (uint64_t)(value[i] - '0');
    }
    r->retry_ms = ms;
}

static bool is_field(const char *line, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(line, name, len) == 0;
}

/* A line that is not empty. */
static void take_line(struct el_sse_reader *r)
{
    const char *line = r->line;
    const char *colon = memchr(line, ':', r->line_len);
    size_t name = colon ? (size_t)(colon - line) : r->line_len;
    const char *value = line + name + (colon != NULL);
    size_t len = r->line_len - (size_t)(value - line);

    if (len > 0 && *value == ' ') {
        value++;
        len--;
    }
    if (is_field(line, name, "data"))
        take_data(r, value, len);
    else if (is_field(line, name, "event"))
        take_word(r, r->type, value, len);
    else if (is_field(line, name, "id") && !memchr(value, '\0', len))
        take_word(r, r->id, value, len);
    else if (is_field(line, name, "retry"))
        take_retry(r, value, len);
}

/* An empty line: whether it completes an event. */
static bool dispatch(struct el_sse_reader *r, struct el_sse_event *event)
{
    size_t len = r->data_len;

    strcpy(r->last_id, r->id);
    r->data_len = 0;
    if (len == 0) {
        r->type[0] = '\0';
        return false;
    }
    r->data[len - 1] = '\0';
    r->given = true;
    *event = (struct el_sse_event){r->type[0] ? r->type : "message", r->data};
    return true;
}

/* The end of a line: whether it completes an event. */
static bool end_line(struct el_sse_reader *r, struct el_sse_event *event)
{
    bool complete = false;

    if (!r->begun && r->line_len >= 3 && memcmp(r->line, "\xef\xbb\xbf", 3) == 0)
        memmove(r->line, r->line + 3, r->line_len -= 3);
    r->begun = true;
    if (r->line_len == 0)
        complete = dispatch(r, event);
    else
        take_line(r);
    r->line_len = 0;
    return complete;
}

size_t el_sse_read(struct el_sse_reader *r, const uint8_t *bytes, size_t len,
                   struct el_sse_event *event)
{
    *event = (struct el_sse_event){0};
    if (r->given)
        r->type[0] = '\0';
    r->given = false;
    for (size_t i = 0; i < len && !r->failed; i++) {
        bool rest_of_end = bytes[i] == '\n' && r->after_cr;
        r->after_cr = bytes[i] == '\r';
        if (rest_of_end)
            continue;
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            if (end_line(r, event))
                return i + 1;
        } else if (r->line_len == sizeof r->line) {
            r->failed = true;
        } else {
            r->line[r->line_len++] = (char)bytes[i];
        }
    }
    return len;
}

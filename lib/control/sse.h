/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Server-sent events (WHATWG HTML, section 9.2, "text/event-stream"): written, and read.
 *
 * A reader takes bytes as they come and gives one event after the other:
 *
 *     while (len > 0) {
 *         size_t eaten = el_sse_read(reader, bytes, len, &event);
 *         bytes += eaten, len -= eaten;
 *         if (event.data)
 *             …
 *     }
 */
#ifndef EL_CONTROL_SSE_H
#define EL_CONTROL_SSE_H

#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_SSE_LINE_MAX = 8192, /* bytes of a line, and of an event's data: longer is an error */
    EL_SSE_WORD_MAX = 64,   /* bytes of a type or an id, with NUL: likewise */
};

#define EL_SSE_HEARTBEAT ":\n" /* says nothing, but that the connection lives */

/* Puts one event. ID and TYPE, which may be NULL, have no line breaks; DATA may. */
void el_sse_put(struct el_wire *w, const char *id, const char *type, const char *data);

struct el_sse_event {
    const char *type; /* "message" if it said none */
    const char *data; /* NULL: no event yet */
};

/* All zero to begin with. */
struct el_sse_reader {
    char line[EL_SSE_LINE_MAX];
    char data[EL_SSE_LINE_MAX];
    char type[EL_SSE_WORD_MAX];
    char id[EL_SSE_WORD_MAX];      /* as it stands in the event that is being read */
    char last_id[EL_SSE_WORD_MAX]; /* of the last event that was complete: where to resume */
    size_t line_len, data_len;
    uint64_t retry_ms; /* how long to wait before connecting again; 0: it did not say */
    bool begun;        /* something has come: a byte order mark would stand before it */
    bool after_cr;     /* a line feed is the rest of a line's end */
    bool given;        /* an event, by the last call */
    bool failed;       /* something was too long: nothing more is read */
};

/* Eats bytes up to the end of an event: the number eaten, all if there was none. What EVENT points
 * to is valid until the next call. */
size_t el_sse_read(struct el_sse_reader *reader, const uint8_t *bytes, size_t len,
                   struct el_sse_event *event);

#endif

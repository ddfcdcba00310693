/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened, for who watches: a ring of the last events, and readers, which are places in it.
 *
 * A reader that lost its connection says the id of the last event that it has seen, and goes on
 * behind it. Whoever has fallen out of the ring, or comes from another life of this process, is
 * told so by an event "reset": what it knows may be old, it is to read everything anew. So nobody's
 * slowness costs memory, and nobody misses something without knowing.
 */
#ifndef EL_CONTROL_EVENTS_H
#define EL_CONTROL_EVENTS_H

#include "control/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_EVENTS_DATA_MAX = 4096, /* bytes of an event's data as text; a larger one is refused */
    EL_EVENTS_TYPE_MAX = 48,   /* bytes of a type's name */
    EL_EVENTS_ID_TEXT = 40,    /* with NUL */
};

struct el_events;

struct el_event {
    char id[EL_EVENTS_ID_TEXT];
    const char *type; /* "spoke-enrolled" */
    const char *data; /* a JSON object in one line; its member "time" is when. "{}" of a reset */
};

/* A place in the ring; a value, to be copied at will. */
struct el_events_reader {
    uint64_t next; /* sequence number of the next event */
    bool reset;    /* to be told first */
};

/* A ring of CAPACITY events (at least 1). EPOCH is this life of the process: another each time (the
 * wall clock at start will do). NULL: out of memory. */
struct el_events *el_events_new(size_t capacity, uint64_t epoch);
void el_events_free(struct el_events *events); /* NULL is allowed */

/* Something has happened at WALL_S. DATA, an object, is taken over (NULL, from failed memory, is
 * allowed and lets the readers be reset). TYPE: letters and dashes. 0, EL_EINVAL or EL_ENOMEM: then
 * every reader will be reset, so that nobody misses it. */
int el_events_put(struct el_events *events, int64_t wall_s, const char *type, json_t *data);

/* Calls PUT after each event; one listener. */
void el_events_listen(struct el_events *events, void (*put)(void *arg), void *arg);

/* A reader of what comes from now on; or of what came after LAST_ID, if that is not NULL. */
struct el_events_reader el_events_reader(const struct el_events *events, const char *last_id);

/* The same; but who has to be reset is given, after that, everything that there is. For events that
 * say how things are, so that an old one does no harm. */
struct el_events_reader el_events_reader_of_all(const struct el_events *events,
                                                const char *last_id);

/* The next event for READER, valid until something is put; false: none yet. */
bool el_events_next(const struct el_events *events, struct el_events_reader *reader,
                    struct el_event *event);

/* The id that a reader has seen who has seen what READER has. */
void el_events_id(const struct el_events *events, const struct el_events_reader *reader,
                  char id[EL_EVENTS_ID_TEXT]);

#endif

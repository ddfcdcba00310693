/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring. Event number N stands in slot N % capacity while oldest <= N < next. What could not be
 * kept counts as fallen out at once, with all that is older: then nobody goes on past it unaware.
 */
#include "control/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    char type[EL_EVENTS_TYPE_MAX];
    char *data;
};

struct el_events {
    uint64_t epoch;
    uint64_t oldest, next; /* sequence numbers, from 1 */
    size_t capacity;
    void (*put)(void *arg);
    void *arg;
    struct slot slots[];
};

struct el_events *el_events_new(size_t capacity, uint64_t epoch)
{
    struct el_events *events = calloc(1, sizeof *events + capacity * sizeof events->slots[0]);

    if (!events)
        return NULL;
    events->epoch = epoch;
    events->oldest = events->next = 1;
    events->capacity = capacity;
    return events;
}

static struct slot *slot_of(struct el_events *events, uint64_t number)
{
    return &events->slots[number % events->capacity];
}

static void forget(struct el_events *events, uint64_t before)
{
    for (; events->oldest < before; events->oldest++) {
        struct slot *slot = slot_of(events, events->oldest);
        free(slot->data);
        slot->data = NULL;
    }
}

void el_events_free(struct el_events *events)
{
    if (!events)
        return;
    forget(events, events->next);
    free(events);
}

static bool is_type(const char *type)
{
    size_t len = strlen(type);

    return len > 0 && len < EL_EVENTS_TYPE_MAX &&
           strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* The text of DATA with its time, or NULL with the reason in CODE. */
static char *data_text(json_t *data, int64_t wall_s, int *code)
{
    size_t len = 0;

    *code = EL_ENOMEM;
    if (!data || json_object_set_new(data, "time", el_json_time(wall_s)) < 0)
        return NULL;
    char *text = el_json_text(data, &len);
    if (len > EL_EVENTS_DATA_MAX) {
        *code = EL_EINVAL;
        free(text);
        return NULL;
    }
    return text;
}

int el_events_put(struct el_events *events, int64_t wall_s, const char *type, json_t *data)
{
    int code = EL_EINVAL;
    char *text = is_type(type) ? data_text(data, wall_s, &code) : NULL;

    json_decref(data);
    if (text) {
        if (events->next - events->oldest == events->capacity)
            forget(events, events->oldest + 1);
        struct slot *slot = slot_of(events, events->next++);
        strcpy(slot->type, type);
        slot->data = text;
        code = 0;
    } else {
        events->next++;
        forget(events, events->next);
    }
    if (events->put)
        events->put(events->arg);
    return code;
}

void el_events_listen(struct el_events *events, void (*put)(void *arg), void *arg)
{
    events->put = put;
    events->arg = arg;
}

/* -- readers -- */

static void id_text(const struct el_events *events, uint64_t number, char id[EL_EVENTS_ID_TEXT])
{
    snprintf(id, EL_EVENTS_ID_TEXT, "%" PRIx64 "-%" PRIu64, events->epoch, number);
}

/* The number in ID; false if it is not one of ours. */
static bool id_parse(const struct el_events *events, const char *id, uint64_t *number)
{
    char again[EL_EVENTS_ID_TEXT];
    const char *dash = strchr(id, '-');

    if (!dash)
        return false;
    *number = strtoull(dash + 1, NULL, 10);
    id_text(events, *number, again);
    return strcmp(again, id) == 0;
}

struct el_events_reader el_events_reader(const struct el_events *events, const char *last_id)
{
    struct el_events_reader reader = {.next = events->next};
    uint64_t seen;

    if (!last_id)
        return reader;
    if (id_parse(events, last_id, &seen) && seen < events->next)
        reader.next = seen + 1;
    else
        reader.reset = true;
    return reader;
}

struct el_events_reader el_events_reader_of_all(const struct el_events *events, const char *last_id)
{
    struct el_events_reader reader = el_events_reader(events, last_id);

    if (reader.reset)
        reader.next = events->oldest;
    return reader;
}

bool el_events_next(const struct el_events *events, struct el_events_reader *reader,
                    struct el_event *event)
{
    if (reader->reset || reader->next < events->oldest) {
        uint64_t next = reader->reset ? reader->next : events->next;
        *reader = (struct el_events_reader){.next = next > events->oldest ? next : events->oldest};
        *event = (struct el_event){.type = "reset", .data = "{}"};
    } else if (reader->next < events->next) {
        const struct slot *slot = &events->slots[reader->next % events->capacity];
        reader->next++;
        *event = (struct el_event){.type = slot->type, .data = slot->data};
    } else {
        return false;
    }
    el_events_id(events, reader, event->id);
    return true;
}

void el_events_id(const struct el_events *events, const struct el_events_reader *reader,
                  char id[EL_EVENTS_ID_TEXT])
{
    id_text(events, reader->next - 1, id);
}

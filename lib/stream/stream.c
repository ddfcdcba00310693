/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of connections. */
#include "stream/stream.h"

#include "base/heap.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE_MIN = 64 * 1024, QUEUE_MAX = 1024 * 1024, QUEUES_PER_S = 10 };

/* What may end a connection, and when. */
enum timer { TIMER_STRANGER, TIMER_HALF, TIMER_STUCK, TIMER_UNUSED, TIMER_CALL, TIMERS };

static const enum el_stream_why why_of[TIMERS] = {
    [TIMER_STRANGER] = EL_STREAM_UNKNOWN, [TIMER_HALF] = EL_STREAM_HALF,
    [TIMER_STUCK] = EL_STREAM_STUCK,      [TIMER_UNUSED] = EL_STREAM_UNUSED,
    [TIMER_CALL] = EL_STREAM_NO_ANSWER,
};

struct key {
    uint8_t bytes[24];
};

struct connection {
    enum el_stream_state state;
    bool called;
    struct el_endpoint at;
    uint64_t since_ns;
    uint64_t at_ns[TIMERS];
    struct el_heap_node due; /* not later than the earliest of them */
};

struct el_stream {
    struct el_stream_config config;
    struct connection *connections;
    struct el_map *by_endpoint;
    struct el_heap *due;
    unsigned count;
};

const char *el_stream_why_name(enum el_stream_why why)
{
    static const char *const names[EL_STREAM_WHYS] = {
        [EL_STREAM_NO_ANSWER] = "no-answer", [EL_STREAM_UNKNOWN] = "unknown",
        [EL_STREAM_HALF] = "half",           [EL_STREAM_STUCK] = "stuck",
        [EL_STREAM_UNUSED] = "unused",
    };

    return names[why];
}

int el_stream_new(const struct el_stream_config *config, struct el_stream **made)
{
    struct el_stream *s = calloc(1, sizeof *s);

    if (!s)
        return EL_ENOMEM;
    s->config = *config;
    s->connections = calloc(config->connections_max, sizeof *s->connections);
    s->by_endpoint = el_map_new(sizeof(struct key), config->connections_max);
    s->due = el_heap_new(config->connections_max);
    if (!s->connections || !s->by_endpoint || !s->due) {
        el_stream_free(s);
        return EL_ENOMEM;
    }
    for (unsigned i = 0; i < config->connections_max; i++)
        s->connections[i].due.owner = &s->connections[i];
    *made = s;
    return 0;
}

void el_stream_free(struct el_stream *s)
{
    if (!s)
        return;
    el_heap_free(s->due);
    el_map_free(s->by_endpoint);
    free(s->connections);
    free(s);
}

static struct key key_of(const struct el_endpoint *at)
{
    struct key key = {{at->ip.family, at->carrier, (uint8_t)(at->port >> 8), (uint8_t)at->port}};

    memcpy(key.bytes + 4, &at->scope, 4);
    memcpy(key.bytes + 8, at->ip.b, 16);
    return key;
}

static unsigned number_of(const struct el_stream *s, const struct connection *c)
{
    return (unsigned)(c - s->connections);
}

/* -- timers -- */

static uint64_t earliest(const struct connection *c)
{
    uint64_t first = EL_NEVER;

    for (unsigned i = 0; i < TIMERS; i++)
        first = el_earlier(first, c->at_ns[i]);
    return first;
}

/* Most are put off again and again: the heap is moved for those only that come earlier. */
static void start(struct el_stream *s, struct connection *c, enum timer timer, uint64_t at_ns)
{
    c->at_ns[timer] = at_ns;
    if (at_ns < c->due.key)
        el_heap_set(s->due, &c->due, at_ns);
}

static void stop(struct connection *c, enum timer timer)
{
    c->at_ns[timer] = EL_NEVER;
}

static void put_off_unused(struct el_stream *s, struct connection *c, uint64_t now_ns)
{
    start(s, c, TIMER_UNUSED,
          now_ns + (uint64_t)(c->called ? EL_STREAM_UNUSED_S : EL_STREAM_IDLE_S) * EL_S);
}

/* -- coming and going -- */

static void forget(struct el_stream *s, struct connection *c)
{
    struct key key = key_of(&c->at);

    s->count -= c->state != EL_STREAM_RESTING;
    el_map_del(s->by_endpoint, &key);
    el_heap_remove(s->due, &c->due);
    c->state = EL_STREAM_FREE;
}

static struct connection *oldest(struct el_stream *s, enum el_stream_state state)
{
    struct connection *found = NULL;

    for (unsigned i = 0; i < s->config.connections_max; i++) {
        struct connection *c = &s->connections[i];
        if (c->state == state && (!found || c->since_ns < found->since_ns))
            found = c;
    }
    return found;
}

/* A free place, that of one that rests, or, for whoever is a stranger too, that of one. */
static struct connection *make_room(struct el_stream *s, bool for_stranger, bool *evicted)
{
    struct connection *c = oldest(s, EL_STREAM_FREE);

    *evicted = false;
    if (c)
        return c;
    c = oldest(s, EL_STREAM_RESTING);
    if (!c && for_stranger) {
        c = oldest(s, EL_STREAM_STRANGER);
        *evicted = c != NULL;
    }
    if (c)
        forget(s, c);
    return c;
}

/* CONNECTION, which was free, is AT's. The map has room for all. */
static void take(struct el_stream *s, struct connection *c, uint64_t now_ns,
                 const struct el_endpoint *at, enum el_stream_state state)
{
    struct key key = key_of(at);

    c->state = state;
    c->called = state == EL_STREAM_CALLING;
    c->at = *at;
    c->since_ns = now_ns;
    for (unsigned i = 0; i < TIMERS; i++)
        stop(c, i);
    el_map_put(s->by_endpoint, &key, c);
    el_heap_set(s->due, &c->due, EL_NEVER);
    s->count++;
}

/* One customer's, as far as that can be seen (RFC 6177). */
static bool is_same_site(const struct el_ip *a, const struct el_ip *b)
{
    struct el_prefix site = {*a, a->family == 4 ? 32 : 64};

    return el_prefix_contains(&site, b);
}

static bool has_too_many(const struct el_stream *s, const struct el_ip *ip)
{
    unsigned count = 0, strangers = 0;

    for (unsigned i = 0; i < s->config.connections_max; i++) {
        const struct connection *c = &s->connections[i];
        if (c->state == EL_STREAM_FREE || !is_same_site(&c->at.ip, ip))
            continue;
        count++;
        strangers += c->state == EL_STREAM_STRANGER;
    }
    return count >= s->config.address_max || strangers >= s->config.strangers_max;
}

int el_stream_accept(struct el_stream *s, uint64_t now_ns, const struct el_endpoint *from,
                     bool *evicted)
{
    *evicted = false;
    if (el_stream_find(s, from) >= 0 || has_too_many(s, &from->ip))
        return EL_EFULL;
    struct connection *c = make_room(s, true, evicted);
    if (!c)
        return EL_EFULL;
    take(s, c, now_ns, from, EL_STREAM_STRANGER);
    start(s, c, TIMER_STRANGER, now_ns + EL_STREAM_STRANGER_S * EL_S);
    start(s, c, TIMER_HALF, now_ns + EL_STREAM_HALF_S * EL_S);
    put_off_unused(s, c, now_ns);
    return (int)number_of(s, c);
}

int el_stream_call(struct el_stream *s, uint64_t now_ns, const struct el_endpoint *to)
{
    bool evicted;
    struct connection *c = make_room(s, false, &evicted);

    if (!c)
        return EL_EFULL;
    take(s, c, now_ns, to, EL_STREAM_CALLING);
    start(s, c, TIMER_CALL, now_ns + EL_STREAM_CALL_S * EL_S);
    return (int)number_of(s, c);
}

void el_stream_connected(struct el_stream *s, uint64_t now_ns, unsigned number)
{
    struct connection *c = &s->connections[number];

    c->state = EL_STREAM_OPEN;
    stop(c, TIMER_CALL);
    put_off_unused(s, c, now_ns);
}

void el_stream_closed(struct el_stream *s, uint64_t now_ns, unsigned number)
{
    struct connection *c = &s->connections[number];

    if (!c->called) {
        forget(s, c);
        return;
    }
    c->state = EL_STREAM_RESTING;
    s->count--;
    for (unsigned i = 0; i < TIMERS; i++)
        stop(c, i);
    start(s, c, TIMER_UNUSED, now_ns + EL_STREAM_REST_S * EL_S);
}

/* -- what is known of them -- */

int el_stream_find(const struct el_stream *s, const struct el_endpoint *at)
{
    struct key key = key_of(at);
    const struct connection *c = el_map_get(s->by_endpoint, &key);

    return c ? (int)number_of(s, c) : EL_ENOENT;
}

enum el_stream_state el_stream_state(const struct el_stream *s, unsigned number)
{
    return s->connections[number].state;
}

const struct el_endpoint *el_stream_endpoint(const struct el_stream *s, unsigned number)
{
    return &s->connections[number].at;
}

unsigned el_stream_count(const struct el_stream *s)
{
    return s->count;
}

/* -- what passes -- */

void el_stream_sent(struct el_stream *s, uint64_t now_ns, unsigned number)
{
    struct connection *c = &s->connections[number];

    if (c->state == EL_STREAM_STRANGER) {
        c->state = EL_STREAM_OPEN;
        stop(c, TIMER_STRANGER);
    }
    put_off_unused(s, c, now_ns);
}

void el_stream_received(struct el_stream *s, uint64_t now_ns, unsigned number, bool whole,
                        bool half)
{
    struct connection *c = &s->connections[number];

    if (whole || !half)
        stop(c, TIMER_HALF);
    if (half && c->at_ns[TIMER_HALF] == EL_NEVER)
        start(s, c, TIMER_HALF, now_ns + EL_STREAM_HALF_S * EL_S);
    if (!c->called)
        put_off_unused(s, c, now_ns);
}

void el_stream_stuck(struct el_stream *s, uint64_t now_ns, unsigned number, bool stuck)
{
    struct connection *c = &s->connections[number];

    if (!stuck)
        stop(c, TIMER_STUCK);
    else if (c->at_ns[TIMER_STUCK] == EL_NEVER)
        start(s, c, TIMER_STUCK, now_ns + EL_STREAM_STUCK_S * EL_S);
}

/* -- time -- */

static enum timer first_timer(const struct connection *c)
{
    enum timer first = 0;

    for (unsigned i = 1; i < TIMERS; i++)
        if (c->at_ns[i] < c->at_ns[first])
            first = i;
    return first;
}

int el_stream_expired(struct el_stream *s, uint64_t now_ns, enum el_stream_why *why)
{
    struct el_heap_node *due;

    while ((due = el_heap_first(s->due)) && due->key <= now_ns) {
        struct connection *c = due->owner;
        uint64_t at_ns = earliest(c);
        if (at_ns > now_ns) {
            el_heap_set(s->due, due, at_ns);
        } else if (c->state == EL_STREAM_RESTING) {
            forget(s, c);
        } else {
            *why = why_of[first_timer(c)];
            return (int)number_of(s, c);
        }
    }
    return EL_ENOENT;
}

uint64_t el_stream_deadline_ns(const struct el_stream *s)
{
    const struct el_heap_node *due = el_heap_first(s->due);

    return due ? due->key : EL_NEVER;
}

unsigned el_stream_queue_bytes(uint64_t bytes_per_s)
{
    uint64_t bytes = bytes_per_s / QUEUES_PER_S;

    if (bytes < QUEUE_MIN)
        return QUEUE_MIN;
    return bytes > QUEUE_MAX ? QUEUE_MAX : (unsigned)bytes;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops between ports.
 *
 * A probe names the port it left through and the time, and is signed (keyed BLAKE2b). Who came
 * later is known from a count of those who came. Each port has its turns in a heap; alone in its
 * network it has nothing to find, and keeps still.
 */
#include "switch/loop.h"

#include "base/addr.h"
#include "base/csprng.h"
#include "base/heap.h"
#include "base/time.h"
#include "base/wire.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAG_BYTES = 16,
    SIGNED_BYTES = EL_LOOP_FRAME_BYTES - TAG_BYTES,
    HEARD_GAP_S = 1, /* a loop that goes on is noted so often */
};

#define GAP_NS (1 * EL_S) /* between two probes of a port, at the least */

/* A group address of nobody's (locally administered): unlike a broadcast it is no interrupt to
 * machines, and unlike those of IEEE 802.1 bridges pass it on. */
static const struct el_mac group = {{0x03, 'e', 'l', '2', 'w', 0x01}};
static const uint8_t magic[8] = {'e', 'l', '2', 'w', 'l', 'o', 'o', 'p'};

struct port {
    uint64_t order; /* of those who came: greater is later; 0: it takes no part */
    uint32_t vni;
    unsigned other;     /* the one it was seen with last */
    bool blocked, told; /* and what was told of that */
    uint64_t sent_ns;   /* its last probe */
    uint64_t heard_ns;  /* the last that showed it in a loop, as the later one */
    struct el_heap_node turn;
};

struct el_loop {
    uint8_t key[crypto_generichash_KEYBYTES];
    struct el_mac source; /* of probes: of nobody else */
    uint64_t order;
    unsigned ports_max;
    unsigned untold;
    struct port *ports;
    struct el_heap *turns;
};

int el_loop_new(unsigned ports_max, struct el_loop **result)
{
    struct el_loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return EL_ENOMEM;
    loop->ports_max = ports_max;
    loop->ports = calloc(ports_max, sizeof *loop->ports);
    loop->turns = el_heap_new(ports_max);
    if (!loop->ports || !loop->turns) {
        el_loop_free(loop);
        return EL_ENOMEM;
    }
    for (unsigned i = 0; i < ports_max; i++)
        loop->ports[i].turn.owner = &loop->ports[i];
    el_random(loop->key, sizeof loop->key);
    el_random(&loop->source, sizeof loop->source);
    loop->source.b[0] = (uint8_t)((loop->source.b[0] & 0xfc) | 0x02);
    *result = loop;
    return 0;
}

void el_loop_free(struct el_loop *loop)
{
    if (!loop)
        return;
    sodium_memzero(loop->key, sizeof loop->key);
    el_heap_free(loop->turns);
    free(loop->ports);
    free(loop);
}

/* -- who takes part -- */

static void set_blocked(struct el_loop *loop, struct port *port, bool blocked)
{
    loop->untold -= port->blocked != port->told;
    port->blocked = blocked;
    loop->untold += port->blocked != port->told;
}

int el_loop_join(struct el_loop *loop, unsigned number, uint32_t vni)
{
    if (number >= loop->ports_max)
        return EL_EINVAL;
    struct port *port = &loop->ports[number];
    if (port->order)
        return 0;
    port->order = ++loop->order;
    port->vni = vni;
    port->sent_ns = port->heard_ns = 0;
    return el_heap_set(loop->turns, &port->turn, 0);
}

void el_loop_leave(struct el_loop *loop, unsigned number)
{
    if (number >= loop->ports_max)
        return;
    struct port *port = &loop->ports[number];
    set_blocked(loop, port, false);
    port->order = 0;
    el_heap_remove(loop->turns, &port->turn);
}

void el_loop_forget(struct el_loop *loop, unsigned number)
{
    el_loop_leave(loop, number);
    if (number < loop->ports_max)
        el_loop_told(loop, &(struct el_loop_news){.port = number, .blocked = false});
}

bool el_loop_is_blocked(const struct el_loop *loop, unsigned number)
{
    return number < loop->ports_max && loop->ports[number].blocked;
}

/* -- probes go out -- */

void el_loop_suspect(struct el_loop *loop, uint64_t now_ns, unsigned number)
{
    struct port *port = &loop->ports[number];

    if (number >= loop->ports_max || !port->order)
        return;
    uint64_t soon = port->sent_ns + GAP_NS;
    if (soon < now_ns)
        soon = now_ns;
    if (soon < port->turn.key)
        el_heap_set(loop->turns, &port->turn, soon);
}

static bool is_alone(const struct el_loop *loop, const struct port *port)
{
    for (unsigned i = 0; i < loop->ports_max; i++) {
        const struct port *other = &loop->ports[i];
        if (other != port && other->order && other->vni == port->vni)
            return false;
    }
    return true;
}

static void sign(const struct el_loop *loop, const uint8_t *frame, uint8_t tag[TAG_BYTES])
{
    crypto_generichash(tag, TAG_BYTES, frame, SIGNED_BYTES, loop->key, sizeof loop->key);
}

static void make_probe(const struct el_loop *loop, uint64_t now_ns, unsigned number, uint8_t *frame)
{
    struct el_wire w = el_wire_write(frame, SIGNED_BYTES);

    el_wire_put(&w, group.b, sizeof group.b);
    el_wire_put(&w, loop->source.b, sizeof loop->source.b);
    el_wire_put_be16(&w, EL_LOOP_ETHERTYPE);
    el_wire_put(&w, magic, sizeof magic);
    el_wire_put_be32(&w, number);
    el_wire_put_be64(&w, now_ns);
    el_wire_put_zero(&w, el_wire_left(&w));
    sign(loop, frame, frame + SIGNED_BYTES);
}

bool el_loop_turn(struct el_loop *loop, uint64_t now_ns, struct el_loop_turn *turn)
{
    const struct el_heap_node *first = el_heap_first(loop->turns);

    if (!first || first->key > now_ns)
        return false;
    struct port *port = first->owner;
    *turn = (struct el_loop_turn){.port = (unsigned)(port - loop->ports)};
    turn->opens = port->blocked && now_ns >= port->heard_ns + EL_LOOP_HOLD_S * EL_S;
    if (turn->opens)
        set_blocked(loop, port, false);
    turn->probes = !is_alone(loop, port);
    if (turn->probes)
        make_probe(loop, now_ns, turn->port, turn->frame);
    port->sent_ns = now_ns;
    el_heap_set(loop->turns, &port->turn, now_ns + EL_LOOP_PERIOD_S * EL_S);
    return true;
}

uint64_t el_loop_deadline_ns(const struct el_loop *loop)
{
    const struct el_heap_node *first = el_heap_first(loop->turns);

    return first ? first->key : EL_NEVER;
}

/* -- and come back -- */

bool el_loop_is_ours(const struct el_loop *loop, const uint8_t *frame)
{
    return memcmp(frame + sizeof group, loop->source.b, sizeof loop->source.b) == 0;
}

/* The port through which a genuine and fresh probe left, or NULL. */
static const struct port *sender_of(const struct el_loop *loop, uint64_t now_ns,
                                    const uint8_t *frame, size_t len)
{
    struct el_wire w = el_wire_read(frame, len);
    uint8_t tag[TAG_BYTES];

    if (len < EL_LOOP_FRAME_BYTES) /* it may be longer: bridges pad */
        return NULL;
    el_wire_skip(&w, 2 * sizeof(struct el_mac) + sizeof(uint16_t) + sizeof magic);
    uint32_t number = el_wire_be32(&w);
    uint64_t at_ns = el_wire_be64(&w);
    if (number >= loop->ports_max || at_ns > now_ns || now_ns - at_ns > EL_LOOP_FRESH_S * EL_S)
        return NULL;
    sign(loop, frame, tag);
    return sodium_memcmp(tag, frame + SIGNED_BYTES, sizeof tag) == 0 ? &loop->ports[number] : NULL;
}

/* Of the two ports that a probe shows in one LAN, the later; NULL: it shows no loop. */
static const struct port *later_of(const struct el_loop *loop, uint64_t now_ns, unsigned number,
                                   const uint8_t *frame, size_t len, const struct port **earlier)
{
    if (number >= loop->ports_max || !loop->ports[number].order)
        return NULL;
    const struct port *to = &loop->ports[number];
    const struct port *from = sender_of(loop, now_ns, frame, len);
    if (!from || from == to || !from->order || from->vni != to->vni)
        return NULL;
    *earlier = from->order < to->order ? from : to;
    return from->order < to->order ? to : from;
}

bool el_loop_shows(const struct el_loop *loop, uint64_t now_ns, unsigned number,
                   const uint8_t *frame, size_t len)
{
    const struct port *earlier;
    const struct port *later = later_of(loop, now_ns, number, frame, len, &earlier);

    return later && (!later->blocked || now_ns >= later->heard_ns + HEARD_GAP_S * EL_S);
}

int el_loop_input(struct el_loop *loop, uint64_t now_ns, unsigned number, const uint8_t *frame,
                  size_t len)
{
    const struct port *earlier;
    const struct port *found = later_of(loop, now_ns, number, frame, len, &earlier);

    if (!found)
        return EL_ENOENT;
    struct port *later = &loop->ports[found - loop->ports];
    bool was_blocked = later->blocked;
    later->heard_ns = now_ns;
    if (!was_blocked)
        later->other = (unsigned)(earlier - loop->ports);
    set_blocked(loop, later, true);
    return was_blocked ? EL_ENOENT : (int)(later - loop->ports);
}

/* -- news -- */

bool el_loop_news(const struct el_loop *loop, struct el_loop_news *news)
{
    for (unsigned i = 0; loop->untold > 0 && i < loop->ports_max; i++) {
        const struct port *port = &loop->ports[i];
        if (port->blocked == port->told)
            continue;
        *news = (struct el_loop_news){i, port->other, port->blocked};
        return true;
    }
    return false;
}

void el_loop_told(struct el_loop *loop, const struct el_loop_news *news)
{
    struct port *port = &loop->ports[news->port];

    loop->untold -= port->blocked != port->told;
    port->told = news->blocked;
    loop->untold += port->blocked != port->told;
}

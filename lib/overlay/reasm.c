/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting fragments together.
 *
 * An assembly is one packet under way. It is found by source, protocol and identification; it
 * stands in two queues, that of all and that of its source, both in the order in which they began.
 * As all live equally long, the first of the queue is the next to expire. A source has a record as
 * long as it has an assembly, so there are never more records than assemblies.
 *
 * A packet that is whole stays readable: its assembly goes to the end of the queue of those that
 * are kept, and the oldest of these is free again. So there are EL_REASM_KEPT more assemblies than
 * may be under way, and the few that a busy sender needs stay in the processor's cache.
 *
 * What has come is noted in a bit per 8 bytes, the unit in which fragments are cut (RFC 791 §3.2).
 */
#include "base/map.h"
#include "base/time.h"
#include "frame/ecn.h"
#include "frame/ip4.h"
#include "overlay/fragment.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNIT = 8,
    PAYLOAD_MAX = EL_REASM_PACKET_MAX - EL_IP4_HEADER,
    UNITS = (PAYLOAD_MAX + UNIT - 1) / UNIT,
    TAILROOM = 48, /* for whoever pads and encrypts the packet where it lies */
};

enum queue { QUEUE_ALL, QUEUE_SOURCE, QUEUES };

struct assembly {
    uint64_t key;
    uint64_t expire_ns;
    struct source *source;
    struct assembly *older[QUEUES], *newer[QUEUES]; /* newer[QUEUE_ALL] also chains free ones */
    struct el_ip4_header ip;                        /* of the first fragment */
    uint16_t total;    /* payload bytes of the whole packet; 0 as long as the last is missing */
    uint16_t received; /* of them */
    uint16_t end;      /* of the farthest */
    bool dead;         /* its fragments contradict each other: the rest is dropped too */
    bool marked;       /* one of them has met congestion (RFC 3168 §5.3) */
    uint64_t here[(UNITS + 63) / 64];
    uint8_t packet[EL_REASM_PACKET_MAX + TAILROOM];
};

struct fifo {
    struct assembly *oldest, *newest;
};

struct source {
    uint32_t address;
    unsigned count; /* 0: the record is free */
    struct fifo fifo;
    struct source *next_free;
};

struct el_reasm {
    size_t packets_max;
    struct assembly *assemblies, *free;
    size_t used; /* the first assemblies: those behind them were never touched */
    struct fifo kept;
    unsigned kept_count;
    size_t under_way;
    struct source *sources, *free_source;
    struct fifo fifo;
    struct el_map *by_key;
    struct el_map *by_source;
    _Atomic uint64_t counters[EL_REASM_COUNTERS]; /* others may read them */
};

struct fragment {
    uint64_t key;
    struct el_ip4_header ip;
    size_t offset, len;
    bool more;
    const uint8_t *bytes;
};

static void fifo_put(struct fifo *fifo, enum queue q, struct assembly *assembly)
{
    assembly->older[q] = fifo->newest;
    assembly->newer[q] = NULL;
    if (fifo->newest)
        fifo->newest->newer[q] = assembly;
    else
        fifo->oldest = assembly;
    fifo->newest = assembly;
}

static void fifo_del(struct fifo *fifo, enum queue q, struct assembly *assembly)
{
    if (assembly->older[q])
        assembly->older[q]->newer[q] = assembly->newer[q];
    else
        fifo->oldest = assembly->newer[q];
    if (assembly->newer[q])
        assembly->newer[q]->older[q] = assembly->older[q];
    else
        fifo->newest = assembly->older[q];
}

static void make_free(struct el_reasm *reasm, struct assembly *assembly)
{
    assembly->newer[QUEUE_ALL] = reasm->free;
    reasm->free = assembly;
}

/* Who meets few fragments never touches the pages of most assemblies. */
static struct assembly *take_free(struct el_reasm *reasm)
{
    struct assembly *assembly = reasm->free;

    if (!assembly)
        return &reasm->assemblies[reasm->used++];
    reasm->free = assembly->newer[QUEUE_ALL];
    return assembly;
}

static void keep(struct el_reasm *reasm, struct assembly *assembly)
{
    if (reasm->kept_count == EL_REASM_KEPT) {
        struct assembly *oldest = reasm->kept.oldest;
        fifo_del(&reasm->kept, QUEUE_ALL, oldest);
        make_free(reasm, oldest);
        reasm->kept_count--;
    }
    fifo_put(&reasm->kept, QUEUE_ALL, assembly);
    reasm->kept_count++;
}

/* It is under way no longer; what becomes of it is the caller's to say. */
static void leave(struct el_reasm *reasm, struct assembly *assembly)
{
    struct source *source = assembly->source;

    el_map_del(reasm->by_key, &assembly->key);
    fifo_del(&reasm->fifo, QUEUE_ALL, assembly);
    fifo_del(&source->fifo, QUEUE_SOURCE, assembly);
    reasm->under_way--;
    if (--source->count == 0) {
        el_map_del(reasm->by_source, &source->address);
        source->next_free = reasm->free_source;
        reasm->free_source = source;
    }
}

static void give_up(struct el_reasm *reasm, struct assembly *assembly)
{
    leave(reasm, assembly);
    make_free(reasm, assembly);
}

/* Whose oldest assembly goes when the table is full: the source with the most; among equals, the
 * one that has waited longest. */
static struct source *greediest(struct el_reasm *reasm)
{
    struct source *found = &reasm->sources[0];

    for (size_t s = 1; s < reasm->packets_max; s++) {
        struct source *source = &reasm->sources[s];
        if (source->count > found->count ||
            (source->count == found->count && source->count > 0 &&
             source->fifo.oldest->expire_ns < found->fifo.oldest->expire_ns))
            found = source;
    }
    return found;
}

static struct assembly *begin(struct el_reasm *reasm, uint64_t now_ns, const struct fragment *f)
{
    struct source *source = el_map_get(reasm->by_source, &f->ip.src);

    if (source && source->count >= EL_REASM_PER_SOURCE) {
        reasm->counters[EL_REASM_DROP_QUOTA]++;
        give_up(reasm, source->fifo.oldest);
    } else if (reasm->under_way == reasm->packets_max) {
        reasm->counters[EL_REASM_DROP_FULL]++;
        give_up(reasm, greediest(reasm)->fifo.oldest);
        source = el_map_get(reasm->by_source, &f->ip.src); /* it may have been its last */
    }
    if (!source) {
        source = reasm->free_source;
        reasm->free_source = source->next_free;
        *source = (struct source){.address = f->ip.src};
        el_map_put(reasm->by_source, &source->address, source);
    }

    struct assembly *assembly = take_free(reasm);
    reasm->under_way++;
    memset(assembly, 0, offsetof(struct assembly, packet));
    assembly->key = f->key;
    assembly->expire_ns = now_ns + EL_REASM_TIMEOUT_MS * EL_MS;
    assembly->source = source;
    source->count++;
    fifo_put(&reasm->fifo, QUEUE_ALL, assembly);
    fifo_put(&source->fifo, QUEUE_SOURCE, assembly);
    el_map_put(reasm->by_key, &assembly->key, assembly);
    return assembly;
}

/* How many of the units that the fragment covers are here already. */
static size_t units_here(const struct assembly *assembly, const struct fragment *f)
{
    size_t count = 0;

    for (size_t unit = f->offset / UNIT; unit * UNIT < f->offset + f->len; unit++)
        count += assembly->here[unit / 64] >> unit % 64 & 1;
    return count;
}

enum fit { FITS, DUPLICATE, CONTRADICTS };

static enum fit how_it_fits(const struct assembly *assembly, const struct fragment *f)
{
    size_t end = f->offset + f->len;
    size_t units = (f->len + UNIT - 1) / UNIT;
    size_t here = units_here(assembly, f);

    if (!f->more && (assembly->total ? end != assembly->total : assembly->end > end))
        return CONTRADICTS;
    if (assembly->total && end > assembly->total)
        return CONTRADICTS;
    if (here == 0)
        return FITS;
    return here == units &&
                   memcmp(assembly->packet + EL_IP4_HEADER + f->offset, f->bytes, f->len) == 0
               ? DUPLICATE
               : CONTRADICTS;
}

static void place(struct assembly *assembly, const struct fragment *f)
{
    size_t end = f->offset + f->len;

    memcpy(assembly->packet + EL_IP4_HEADER + f->offset, f->bytes, f->len);
    for (size_t unit = f->offset / UNIT; unit * UNIT < end; unit++)
        assembly->here[unit / 64] |= UINT64_C(1) << unit % 64;
    assembly->received = (uint16_t)(assembly->received + f->len);
    if (end > assembly->end)
        assembly->end = (uint16_t)end;
    if (!f->more)
        assembly->total = (uint16_t)end;
    if (f->offset == 0)
        assembly->ip = f->ip;
    assembly->marked |= (f->ip.tos & EL_ECN_MASK) == EL_ECN_CE;
}

static int read_fragment(const uint8_t *bytes, size_t len, struct fragment *f)
{
    struct el_wire w = el_wire_read(bytes, len);

    el_ip4_read(&w, &f->ip);
    f->bytes = w.at;
    f->len = el_wire_left(&w);
    f->offset = (size_t)(f->ip.fragment & EL_IP4_OFFSET) * UNIT;
    f->more = (f->ip.fragment & EL_IP4_MF) != 0;
    f->key = (uint64_t)f->ip.src << 32 | (uint32_t)f->ip.protocol << 16 | f->ip.id;
    if (!el_wire_ok(&w) || f->ip.header_len != EL_IP4_HEADER || !el_ip4_is_fragment(&f->ip) ||
        f->len == 0 || (f->more && f->len % UNIT != 0))
        return EL_EPROTO;
    return 0;
}

int el_reasm_input(struct el_reasm *reasm, uint64_t now_ns, const uint8_t *fragment, size_t len,
                   uint8_t **packet, size_t *packet_len)
{
    struct fragment f;

    el_reasm_expire(reasm, now_ns);
    if (read_fragment(fragment, len, &f) < 0) {
        reasm->counters[EL_REASM_DROP_MALFORMED]++;
        return EL_EPROTO;
    }
    struct assembly *assembly = el_map_get(reasm->by_key, &f.key);
    if (f.offset + f.len > PAYLOAD_MAX) {
        reasm->counters[EL_REASM_DROP_TOO_LARGE]++;
        if (assembly)
            assembly->dead = true;
        return EL_EPROTO;
    }
    if (!assembly)
        assembly = begin(reasm, now_ns, &f);

    enum fit fit = assembly->dead ? CONTRADICTS : how_it_fits(assembly, &f);
    if (fit == CONTRADICTS) {
        reasm->counters[EL_REASM_DROP_OVERLAP]++;
        assembly->dead = true;
        return EL_EPROTO;
    }
    if (fit == DUPLICATE) {
        reasm->counters[EL_REASM_DUPLICATE]++;
        return 0;
    }
    place(assembly, &f);
    if (assembly->total == 0 || assembly->received < assembly->total)
        return 0;

    struct el_wire w = el_wire_write(assembly->packet, EL_IP4_HEADER);
    assembly->ip.total_len = (uint16_t)(EL_IP4_HEADER + assembly->total);
    assembly->ip.fragment = 0;
    assembly->ip.tos |= assembly->marked ? EL_ECN_CE : 0;
    el_ip4_write(&w, &assembly->ip);
    *packet = assembly->packet;
    *packet_len = assembly->ip.total_len;
    leave(reasm, assembly);
    keep(reasm, assembly);
    reasm->counters[EL_REASM_WHOLE]++;
    return 1;
}

void el_reasm_forget(struct el_reasm *reasm, uint32_t address)
{
    const struct source *source;

    while ((source = el_map_get(reasm->by_source, &address)))
        give_up(reasm, source->fifo.oldest);
}

void el_reasm_expire(struct el_reasm *reasm, uint64_t now_ns)
{
    while (reasm->fifo.oldest && reasm->fifo.oldest->expire_ns <= now_ns) {
        reasm->counters[EL_REASM_DROP_TIMEOUT]++;
        give_up(reasm, reasm->fifo.oldest);
    }
}

uint64_t el_reasm_deadline_ns(const struct el_reasm *reasm)
{
    return reasm->fifo.oldest ? reasm->fifo.oldest->expire_ns : EL_NEVER;
}

int el_reasm_new(size_t packets_max, struct el_reasm **result)
{
    if (packets_max == 0)
        packets_max = EL_REASM_PACKETS;
    if (packets_max > EL_REASM_PACKETS_MAX)
        return EL_EINVAL;
    struct el_reasm *reasm = calloc(1, sizeof *reasm);
    if (!reasm)
        return EL_ENOMEM;
    reasm->packets_max = packets_max;
    reasm->assemblies = calloc(packets_max + EL_REASM_KEPT, sizeof *reasm->assemblies);
    reasm->sources = calloc(packets_max, sizeof *reasm->sources);
    reasm->by_key = el_map_new(sizeof(uint64_t), packets_max);
    reasm->by_source = el_map_new(sizeof(uint32_t), packets_max);
    if (!reasm->assemblies || !reasm->sources || !reasm->by_key || !reasm->by_source) {
        el_reasm_free(reasm);
        return EL_ENOMEM;
    }
    for (size_t i = packets_max; i-- > 0;) {
        reasm->sources[i].next_free = reasm->free_source;
        reasm->free_source = &reasm->sources[i];
    }
    *result = reasm;
    return 0;
}

void el_reasm_free(struct el_reasm *reasm)
{
    if (!reasm)
        return;
    el_map_free(reasm->by_key);
    el_map_free(reasm->by_source);
    free(reasm->sources);
    free(reasm->assemblies);
    free(reasm);
}

const char *el_reasm_counter_name(enum el_reasm_counter counter)
{
    static const char *const name[EL_REASM_COUNTERS] = {
        [EL_REASM_WHOLE] = "whole",
        [EL_REASM_DUPLICATE] = "duplicate",
        [EL_REASM_DROP_TIMEOUT] = "drop-timeout",
        [EL_REASM_DROP_QUOTA] = "drop-quota",
        [EL_REASM_DROP_FULL] = "drop-full",
        [EL_REASM_DROP_OVERLAP] = "drop-overlap",
        [EL_REASM_DROP_TOO_LARGE] = "drop-too-large",
        [EL_REASM_DROP_MALFORMED] = "drop-malformed",
    };

    return (unsigned)counter < EL_REASM_COUNTERS ? name[counter] : "?";
}

uint64_t el_reasm_count(const struct el_reasm *reasm, enum el_reasm_counter counter)
{
    return (unsigned)counter < EL_REASM_COUNTERS ? reasm->counters[counter] : 0;
}

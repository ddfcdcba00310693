/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disjoint address ranges in a sorted array. */
#include "tunnel/allowed.h"

#include <stdlib.h>

struct range {
    struct el_prefix prefix;
    void *owner;
};

struct el_tunnel_allowed {
    size_t capacity;
    size_t count;
    struct range ranges[]; /* by family and first address */
};

struct el_tunnel_allowed *el_tunnel_allowed_new(size_t capacity)
{
    struct el_tunnel_allowed *allowed =
        calloc(1, sizeof *allowed + capacity * sizeof allowed->ranges[0]);

    if (allowed)
        allowed->capacity = capacity;
    return allowed;
}

void el_tunnel_allowed_free(struct el_tunnel_allowed *allowed)
{
    free(allowed);
}

static int compare(const struct el_ip *a, const struct el_ip *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->b, b->b, sizeof a->b);
}

/* How many ranges begin at or before IP. */
static size_t ranges_up_to(const struct el_tunnel_allowed *allowed, const struct el_ip *ip)
{
    size_t low = 0;
    size_t high = allowed->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&allowed->ranges[middle].prefix.ip, ip) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void *el_tunnel_allowed_find(const struct el_tunnel_allowed *allowed, const struct el_ip *ip)
{
    size_t next = ranges_up_to(allowed, ip);

    if (next == 0 || !el_prefix_contains(&allowed->ranges[next - 1].prefix, ip))
        return NULL;
    return allowed->ranges[next - 1].owner;
}

void *el_tunnel_allowed_overlap(const struct el_tunnel_allowed *allowed,
                                const struct el_prefix *prefix)
{
    size_t next = ranges_up_to(allowed, &prefix->ip);

    /* Either an earlier range reaches into this one, or this one reaches the next. */
    if (next > 0 && el_prefix_overlaps(&allowed->ranges[next - 1].prefix, prefix))
        return allowed->ranges[next - 1].owner;
    if (next < allowed->count && el_prefix_overlaps(&allowed->ranges[next].prefix, prefix))
        return allowed->ranges[next].owner;
    return NULL;
}

int el_tunnel_allowed_add(struct el_tunnel_allowed *allowed, const struct el_prefix *prefix,
                          void *owner)
{
    size_t at = ranges_up_to(allowed, &prefix->ip);

    if (el_tunnel_allowed_overlap(allowed, prefix))
        return EL_EEXIST;
    if (allowed->count == allowed->capacity)
        return EL_EFULL;
    memmove(&allowed->ranges[at + 1], &allowed->ranges[at],
            (allowed->count - at) * sizeof allowed->ranges[0]);
    allowed->ranges[at] = (struct range){*prefix, owner};
    allowed->count++;
    return 0;
}

void el_tunnel_allowed_remove(struct el_tunnel_allowed *allowed, const void *owner)
{
    size_t kept = 0;

    for (size_t i = 0; i < allowed->count; i++)
        if (allowed->ranges[i].owner != owner)
            allowed->ranges[kept++] = allowed->ranges[i];
    allowed->count = kept;
}

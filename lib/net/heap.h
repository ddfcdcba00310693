/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A binary heap of deadlines; nodes live in their owners. Equal deadlines come in the order in
 * which they were put in. Memory is taken by el_net_heap_reserve alone, so setting a timer cannot
 * fail.
 */
#ifndef EL_NET_HEAP_H
#define EL_NET_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct el_net_heap_node {
    uint64_t deadline_ns;
    uint64_t order; /* of insertion, among equal deadlines */
    size_t place;   /* index in the heap + 1; 0: not in it */
};

/* All zero is an empty heap. */
struct el_net_heap {
    struct el_net_heap_node **nodes;
    size_t count;
    size_t capacity;
    size_t reserved;
    uint64_t inserted; /* ever */
};

/* Makes room for one node more, which el_net_heap_release gives back. 0 or EL_ENOMEM. */
int el_net_heap_reserve(struct el_net_heap *heap);
void el_net_heap_release(struct el_net_heap *heap);

/* Puts in a node that is not in it and has been reserved for. */
void el_net_heap_insert(struct el_net_heap *heap, struct el_net_heap_node *node,
                        uint64_t deadline_ns);

/* Takes a node out, if it is in. */
void el_net_heap_remove(struct el_net_heap *heap, struct el_net_heap_node *node);

/* The earliest, or NULL. */
static inline struct el_net_heap_node *el_net_heap_first(const struct el_net_heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}

static inline bool el_net_heap_contains(const struct el_net_heap_node *node)
{
    return node->place != 0;
}

void el_net_heap_free(struct el_net_heap *heap);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A binary heap of deadlines with a fixed capacity: what is due first stands at the top.
 *
 * Nodes live inside their owners, so a deadline is moved or taken out in O(log n) without a search.
 * Equal keys come in no particular order.
 */
#ifndef EL_BASE_HEAP_H
#define EL_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct el_heap;

/* Zero it and set owner before its first use. It must not move while it is in a heap. */
struct el_heap_node {
    void *owner;  /* what the node stands for; the heap does not look at it */
    uint64_t key; /* set by el_heap_set() */
    size_t place; /* the heap's own: 1 is the top, 0 is outside */
};

/* Makes an empty heap for at most CAPACITY nodes. NULL if out of memory. */
struct el_heap *el_heap_new(size_t capacity);

/* Frees the heap, not the nodes. NULL is allowed. */
void el_heap_free(struct el_heap *heap);

/* The node with the smallest key, or NULL. */
struct el_heap_node *el_heap_first(const struct el_heap *heap);

/* Puts NODE in, or moves it if it is in already. 0, or EL_EFULL. */
int el_heap_set(struct el_heap *heap, struct el_heap_node *node, uint64_t key);

/* Takes NODE out, if it is in. */
void el_heap_remove(struct el_heap *heap, struct el_heap_node *node);

#endif

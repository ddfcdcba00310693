/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary heap. Places count from 1, so that the children of n are 2n and 2n + 1. */
#include "base/heap.h"

#include "base/err.h"

#include <stdlib.h>

struct el_heap {
    size_t capacity;
    size_t count;
    struct el_heap_node *nodes[]; /* [1..count]; [0] is not used */
};

struct el_heap *el_heap_new(size_t capacity)
{
    struct el_heap *heap = calloc(1, sizeof *heap + (capacity + 1) * sizeof heap->nodes[0]);

    if (heap)
        heap->capacity = capacity;
    return heap;
}

void el_heap_free(struct el_heap *heap)
{
    free(heap);
}

struct el_heap_node *el_heap_first(const struct el_heap *heap)
{
    return heap->count ? heap->nodes[1] : NULL;
}

static void put(struct el_heap *heap, size_t place, struct el_heap_node *node)
{
    heap->nodes[place] = node;
    node->place = place;
}

/* Both move the hole at PLACE to where NODE belongs, and fill it with NODE. */

static void sift_up(struct el_heap *heap, size_t place, struct el_heap_node *node)
{
    while (place > 1 && heap->nodes[place / 2]->key > node->key) {
        put(heap, place, heap->nodes[place / 2]);
        place /= 2;
    }
    put(heap, place, node);
}

static void sift_down(struct el_heap *heap, size_t place, struct el_heap_node *node)
{
    for (;;) {
        size_t child = 2 * place;
        if (child < heap->count && heap->nodes[child + 1]->key < heap->nodes[child]->key)
            child++;
        if (child > heap->count || heap->nodes[child]->key >= node->key)
            break;
        put(heap, place, heap->nodes[child]);
        place = child;
    }
    put(heap, place, node);
}

int el_heap_set(struct el_heap *heap, struct el_heap_node *node, uint64_t key)
{
    if (!node->place) {
        if (heap->count == heap->capacity)
            return EL_EFULL;
        node->key = key;
        sift_up(heap, ++heap->count, node);
        return 0;
    }
    uint64_t old = node->key;
    node->key = key;
    if (key < old)
        sift_up(heap, node->place, node);
    else
        sift_down(heap, node->place, node);
    return 0;
}

void el_heap_remove(struct el_heap *heap, struct el_heap_node *node)
{
    size_t hole = node->place;

    if (!hole)
        return;
    struct el_heap_node *last = heap->nodes[heap->count--];
    node->place = 0;
    if (last == node)
        return;
    /* The last leaf fills the hole. It comes from anywhere, so it may belong above or below. */
    put(heap, hole, last);
    sift_up(heap, hole, last);
    sift_down(heap, last->place, last);
}

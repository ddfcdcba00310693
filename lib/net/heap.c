/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of deadlines, in an array: the children of i are 2i+1 and 2i+2. */
#include "net/heap.h"

#include "base/err.h"

#include <stdlib.h>

static bool before(const struct el_net_heap_node *a, const struct el_net_heap_node *b)
{
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->order < b->order;
}

static void place(struct el_net_heap *heap, struct el_net_heap_node *node, size_t at)
{
    heap->nodes[at] = node;
    node->place = at + 1;
}

static void sift_up(struct el_net_heap *heap, struct el_net_heap_node *node, size_t at)
{
    while (at > 0 && before(node, heap->nodes[(at - 1) / 2])) {
        place(heap, heap->nodes[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    place(heap, node, at);
}

static void sift_down(struct el_net_heap *heap, struct el_net_heap_node *node, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < heap->count && before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (child >= heap->count || before(node, heap->nodes[child]))
            break;
        place(heap, heap->nodes[child], at);
        at = child;
    }
    place(heap, node, at);
}

int el_net_heap_reserve(struct el_net_heap *heap)
{
    if (heap->reserved == heap->capacity) {
        size_t capacity = heap->capacity ? heap->capacity * 2 : 64;
        void *nodes = realloc(heap->nodes, capacity * sizeof *heap->nodes);

        if (!nodes)
            return EL_ENOMEM;
        heap->nodes = nodes;
        heap->capacity = capacity;
    }
    heap->reserved++;
    return 0;
}

void el_net_heap_release(struct el_net_heap *heap)
{
    heap->reserved--;
}

void el_net_heap_insert(struct el_net_heap *heap, struct el_net_heap_node *node,
                        uint64_t deadline_ns)
{
    node->deadline_ns = deadline_ns;
    node->order = heap->inserted++;
    sift_up(heap, node, heap->count++);
}

void el_net_heap_remove(struct el_net_heap *heap, struct el_net_heap_node *node)
{
    if (!node->place)
        return;

    size_t at = node->place - 1;
    struct el_net_heap_node *last = heap->nodes[--heap->count];

    node->place = 0;
    if (last == node)
        return;
    if (at > 0 && before(last, heap->nodes[(at - 1) / 2]))
        sift_up(heap, last, at);
    else
        sift_down(heap, last, at);
}

void el_net_heap_free(struct el_net_heap *heap)
{
    free(heap->nodes);
    *heap = (struct el_net_heap){0};
}

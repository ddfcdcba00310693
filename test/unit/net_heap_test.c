/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of deadlines against a plain search through all of them. */
#include "net/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NODES = 300, ROUNDS = 100000 };

static struct el_net_heap_node nodes[NODES];

/* The earliest of those that are in, found the slow way. */
static struct el_net_heap_node *slow_first(void)
{
    struct el_net_heap_node *first = NULL;

    for (size_t i = 0; i < NODES; i++)
        if (el_net_heap_contains(&nodes[i]) &&
            (!first || nodes[i].deadline_ns < first->deadline_ns ||
             (nodes[i].deadline_ns == first->deadline_ns && nodes[i].order < first->order)))
            first = &nodes[i];
    return first;
}

static void the_first_is_always_the_earliest(void **state)
{
    struct el_net_heap heap = {0};
    uint32_t random = 1;

    (void)state;
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(el_net_heap_reserve(&heap), 0);
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1664525 + 1013904223;

        struct el_net_heap_node *node = &nodes[(random >> 8) % NODES];

        if (el_net_heap_contains(node))
            el_net_heap_remove(&heap, node);
        else
            el_net_heap_insert(&heap, node, (random >> 20) % 64); /* many are equal */
        if (random % 5 == 0 && el_net_heap_first(&heap))
            el_net_heap_remove(&heap, el_net_heap_first(&heap));
        assert_ptr_equal(el_net_heap_first(&heap), slow_first());
    }
    el_net_heap_remove(&heap, &nodes[0]);
    el_net_heap_remove(&heap, &nodes[0]); /* what is not in is let be */
    el_net_heap_free(&heap);
}

static void equal_deadlines_come_in_the_order_of_setting(void **state)
{
    struct el_net_heap heap = {0};
    struct el_net_heap_node equal[100] = {0};

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(el_net_heap_reserve(&heap), 0);
        el_net_heap_insert(&heap, &equal[i], 7);
    }
    for (size_t i = 0; i < 100; i++) {
        assert_ptr_equal(el_net_heap_first(&heap), &equal[i]);
        el_net_heap_remove(&heap, &equal[i]);
    }
    assert_null(el_net_heap_first(&heap));
    el_net_heap_free(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_always_the_earliest),
        cmocka_unit_test(equal_deadlines_come_in_the_order_of_setting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of deadlines, against a plain search for the smallest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csprng.h"
#include "base/err.h"
#include "base/heap.h"

enum { NODES = 100, STEPS = 20000 };

static void hands_out_in_order(void **state)
{
    struct el_heap *heap = el_heap_new(NODES);
    struct el_heap_node nodes[NODES] = {0};
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(el_heap_set(heap, &nodes[i], i * 37 % NODES), 0);
    for (unsigned i = 0; i < NODES; i++) {
        struct el_heap_node *first = el_heap_first(heap);
        assert_true(first->key >= last);
        last = first->key;
        el_heap_remove(heap, first);
    }
    assert_int_equal(last, NODES - 1);
    assert_null(el_heap_first(heap));
    el_heap_free(heap);
}

static void says_when_it_is_full(void **state)
{
    struct el_heap *heap = el_heap_new(1);
    struct el_heap_node a = {0}, b = {0};

    (void)state;
    assert_int_equal(el_heap_set(heap, &a, 5), 0);
    assert_int_equal(el_heap_set(heap, &b, 4), EL_EFULL);
    assert_int_equal(el_heap_set(heap, &a, 6), 0);
    assert_ptr_equal(el_heap_first(heap), &a);
    el_heap_remove(heap, &b); /* is not in: nothing happens */
    el_heap_remove(heap, &a);
    assert_int_equal(el_heap_set(heap, &b, 4), 0);
    el_heap_free(heap);
    el_heap_free(NULL);
}

static void stays_right_under_random_use(void **state)
{
    struct el_heap *heap = el_heap_new(NODES);
    struct el_heap_node nodes[NODES] = {0};

    (void)state;
    el_random_seed_for_test(1);
    for (unsigned step = 0; step < STEPS; step++) {
        struct el_heap_node *node = &nodes[el_random_below(NODES)];
        if (el_random_below(3) == 0)
            el_heap_remove(heap, node);
        else
            assert_int_equal(el_heap_set(heap, node, el_random_below(50)), 0);

        uint64_t smallest = UINT64_MAX;
        for (unsigned i = 0; i < NODES; i++)
            if (nodes[i].place && nodes[i].key < smallest)
                smallest = nodes[i].key;
        const struct el_heap_node *first = el_heap_first(heap);
        assert_int_equal(first ? first->key : UINT64_MAX, smallest);
    }
    el_heap_free(heap);
}

/* What fills the hole of a removed node may belong above it, and one step alone need not show that:
 * half of the nodes leave from anywhere, the others must come in order. */
static void keeps_the_order_of_what_is_left(void **state)
{
    (void)state;
    el_random_seed_for_test(2);
    for (unsigned round = 0; round < STEPS / NODES; round++) {
        struct el_heap *heap = el_heap_new(NODES);
        struct el_heap_node nodes[NODES] = {0};
        uint64_t last = 0;
        unsigned left = 0;

        for (unsigned i = 0; i < NODES; i++)
            assert_int_equal(el_heap_set(heap, &nodes[i], el_random_below(1000)), 0);
        for (unsigned i = 0; i < NODES / 2; i++)
            el_heap_remove(heap, &nodes[el_random_below(NODES)]);
        for (unsigned i = 0; i < NODES; i++)
            left += nodes[i].place != 0;
        for (struct el_heap_node *first; (first = el_heap_first(heap)); left--) {
            assert_true(first->key >= last);
            last = first->key;
            el_heap_remove(heap, first);
        }
        assert_int_equal(left, 0);
        el_heap_free(heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_in_order),
        cmocka_unit_test(says_when_it_is_full),
        cmocka_unit_test(stays_right_under_random_use),
        cmocka_unit_test(keeps_the_order_of_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map, against a plain array of what it must hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/csprng.h"
#include "base/err.h"
#include "base/map.h"

enum { CAPACITY = 100, KEYS = 160, STEPS = 100000, KEY_BYTES = 6 };

/* Keys that differ in their last byte alone. */
static const void *key_of(unsigned number)
{
    static uint8_t key[KEY_BYTES];

    memset(key, 0x52, sizeof key);
    key[KEY_BYTES - 1] = (uint8_t)number;
    return key;
}

static void holds_what_was_put(void **state)
{
    struct el_map *map = el_map_new(KEY_BYTES, 2);
    int one, two, three;

    (void)state;
    assert_int_equal(el_map_count(map), 0);
    assert_null(el_map_get(map, key_of(1)));
    assert_null(el_map_del(map, key_of(1)));
    assert_int_equal(el_map_put(map, key_of(1), &one), 0);
    assert_int_equal(el_map_put(map, key_of(2), &two), 0);
    assert_int_equal(el_map_put(map, key_of(3), &three), EL_EFULL);
    assert_null(el_map_get(map, key_of(3)));
    assert_int_equal(el_map_put(map, key_of(1), &three), 0); /* replaces, even in a full map */
    assert_ptr_equal(el_map_get(map, key_of(1)), &three);
    assert_ptr_equal(el_map_get(map, key_of(2)), &two);
    assert_int_equal(el_map_count(map), 2);
    assert_ptr_equal(el_map_del(map, key_of(1)), &three);
    assert_null(el_map_get(map, key_of(1)));
    assert_int_equal(el_map_put(map, key_of(3), &three), 0);
    assert_int_equal(el_map_count(map), 2);
    el_map_free(map);
    el_map_free(NULL);
}

static void without_capacity_it_is_full(void **state)
{
    struct el_map *map = el_map_new(1, 0);
    int one;

    (void)state;
    assert_int_equal(el_map_put(map, "a", &one), EL_EFULL);
    assert_null(el_map_get(map, "a"));
    size_t cursor = 0;
    assert_null(el_map_next(map, &cursor));
    el_map_free(map);
}

/* A walk meets each entry once: those that the reference holds, and no other. */
static void check_walk(const struct el_map *map, int *const held[KEYS], const int *values)
{
    bool seen[KEYS] = {false};
    size_t cursor = 0, count = 0;

    for (int *value; (value = el_map_next(map, &cursor)); count++) {
        size_t number = (size_t)(value - values) % KEYS;
        assert_ptr_equal(held[number], value);
        assert_false(seen[number]);
        seen[number] = true;
    }
    assert_int_equal(count, el_map_count(map));
    assert_null(el_map_next(map, &cursor));
}

static void stays_right_under_random_use(void **state)
{
    struct el_map *map = el_map_new(KEY_BYTES, CAPACITY);
    static int values[2 * KEYS]; /* two for each key: one to replace the other */
    int *held[KEYS] = {NULL};
    size_t count = 0;

    (void)state;
    el_random_seed_for_test(7);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned number = el_random_below(KEYS);
        /* Long phases that rather fill the map, and as long ones that rather empty it. */
        bool fills = step / 1000 % 2 == 0;
        if (el_random_below(4) == 0 ? !fills : fills) {
            int *value = &values[number + (el_random_below(2) ? KEYS : 0)];
            bool fits = held[number] || count < CAPACITY;
            assert_int_equal(el_map_put(map, key_of(number), value), fits ? 0 : EL_EFULL);
            count += fits && !held[number];
            held[number] = fits ? value : NULL;
        } else {
            assert_ptr_equal(el_map_del(map, key_of(number)), held[number]);
            count -= held[number] != NULL;
            held[number] = NULL;
        }
        assert_int_equal(el_map_count(map), count);
        number = el_random_below(KEYS);
        assert_ptr_equal(el_map_get(map, key_of(number)), held[number]);
        if (step % 100 == 0) {
            check_walk(map, held, values);
            for (unsigned i = 0; i < KEYS; i++)
                assert_ptr_equal(el_map_get(map, key_of(i)), held[i]);
        }
    }
    el_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_was_put),
        cmocka_unit_test(without_capacity_it_is_full),
        cmocka_unit_test(stays_right_under_random_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Randomness: the range of what is drawn, its evenness, and the seeded stream of tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/csprng.h"

static void unseeded_draws_differ(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};

    (void)state;
    el_random(a, sizeof a);
    el_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void one_seed_gives_one_stream(void **state)
{
    uint8_t a[3][32], b[3][32];

    (void)state;
    el_random_seed_for_test(1);
    el_random(a, sizeof a[0]);
    el_random(a[1], sizeof a[1]);
    assert_memory_not_equal(a[0], a[1], sizeof a[0]);
    el_random_seed_for_test(1);
    el_random(b, sizeof b[0]);
    el_random(b[1], sizeof b[1]);
    assert_memory_equal(a, b, 2 * sizeof a[0]);
    el_random_seed_for_test(2);
    el_random(b[2], sizeof b[2]);
    assert_memory_not_equal(a[0], b[2], sizeof a[0]);
}

static void stays_below_the_bound(void **state)
{
    static const uint32_t bounds[] = {1, 2, 3, 7, 256, 1000003, 0x80000001, UINT32_MAX};

    (void)state;
    el_random_seed_for_test(3);
    assert_int_equal(el_random_below(0), 0);
    assert_int_equal(el_random_below(1), 0);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        for (unsigned n = 0; n < 1000; n++)
            assert_true(el_random_below(bounds[i]) < bounds[i]);
}

/* A bound of 3 * 2^30 is where a plain remainder would draw the lowest third twice as often. */
static void is_even(void **state)
{
    enum { DRAWS = 30000 };
    unsigned third[3] = {0};

    (void)state;
    el_random_seed_for_test(4);
    for (unsigned n = 0; n < DRAWS; n++)
        third[el_random_below(3u << 30) >> 30]++;
    for (unsigned i = 0; i < 3; i++) /* the standard deviation is 82 */
        assert_in_range(third[i], DRAWS / 3 - 500, DRAWS / 3 + 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unseeded_draws_differ),
        cmocka_unit_test(one_seed_gives_one_stream),
        cmocka_unit_test(stays_below_the_bound),
        cmocka_unit_test(is_even),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

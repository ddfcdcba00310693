/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last frames: what was put in last comes out, whole and in order, whoever wrote the memory. */
#include "timeline/recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 16384 };

static uint8_t bytes[3000];

static void put(void *memory, uint32_t number, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(number + i);
    el_recent_put(
        memory, SIZE,
        &(struct el_recent_frame){
            .time_ns = number, .is_out = number % 2, .len = len, .captured = len, .bytes = bytes});
}

/* How many frames there are; they have to be the last ones, up to LAST. */
static unsigned check(const void *memory, uint32_t last)
{
    struct el_recent_copy copy;
    struct el_recent_frame frame;
    uint64_t before = 0;
    unsigned count = 0;

    assert_int_equal(el_recent_copy(memory, SIZE, &copy), 0);
    for (; el_recent_next(&copy, &frame); count++) {
        assert_true(count == 0 || frame.time_ns == before + 1);
        before = frame.time_ns;
        assert_int_equal(frame.is_out, before % 2);
        assert_int_equal(frame.captured,
                         frame.len < EL_RECENT_CAPTURED ? frame.len : EL_RECENT_CAPTURED);
        for (uint32_t i = 0; i < frame.captured; i++)
            assert_int_equal(frame.bytes[i], (uint8_t)(before + i));
    }
    if (count)
        assert_int_equal(before, last);
    el_recent_copy_free(&copy);
    return count;
}

static void the_last_ones_are_there(void **state)
{
    void *memory = calloc(1, SIZE);

    (void)state;
    assert_int_equal(check(memory, 0), 0); /* nobody has begun */
    el_recent_begin(memory, SIZE);
    assert_int_equal(check(memory, 0), 0);
    for (uint32_t i = 1; i <= 5000; i++) {
        put(memory, i, (i * 37) % 1500 + 14);
        if (i <= 5)
            assert_int_equal(check(memory, i), i);
        else if (i % 17 == 0)
            assert_true(check(memory, i) > 5);
    }
    free(memory);
}

static void another_writer_goes_on(void **state)
{
    void *memory = calloc(1, SIZE);

    (void)state;
    el_recent_begin(memory, SIZE);
    put(memory, 1, 100);
    el_recent_begin(memory, SIZE);
    put(memory, 2, 2500); /* is cut */
    assert_int_equal(check(memory, 2), 2);
    free(memory);
}

/* Whatever the memory holds, neither side leaves it. */
static void nonsense_is_survived(void **state)
{
    uint8_t *memory = calloc(1, SIZE);

    (void)state;
    for (uint32_t round = 0; round < 2000; round++) {
        struct el_recent_copy copy;
        struct el_recent_frame frame;
        el_recent_begin(memory, SIZE);
        for (uint32_t i = 1; i <= 40; i++)
            put(memory, i, (round * 31 + i * 97) % 1900 + 14);
        /* Beyond magic and size, which begin anew. */
        for (uint32_t i = 0; i < 20; i++)
            memory[16 + (round * 2654435761u + i * 40503u) % (SIZE - 16)] ^= (uint8_t)(i * 29 + 1);
        assert_int_equal(el_recent_copy(memory, SIZE, &copy), 0);
        while (el_recent_next(&copy, &frame))
            assert_true(frame.captured <= SIZE);
        el_recent_copy_free(&copy);
        put(memory, 1, 1000);
    }
    free(memory);
}

static void whose_it_is(void **state)
{
    struct el_mac mac = {{0x52, 0x54, 0, 1, 2, 3}}, other = {{0x52, 0x54, 0, 1, 2, 4}};
    uint8_t frame_bytes[100] = {0};
    struct el_recent_frame frame = {.captured = 100, .len = 100, .bytes = frame_bytes};

    (void)state;
    memcpy(frame_bytes + 6, mac.b, 6);
    assert_true(el_recent_is_of(&frame, &mac));
    assert_false(el_recent_is_of(&frame, &other));
    memcpy(frame_bytes, other.b, 6);
    assert_true(el_recent_is_of(&frame, &other));
    /* An answer of DHCP to everybody. */
    memset(frame_bytes, 0, sizeof frame_bytes);
    memset(frame_bytes, 0xff, 6);
    frame_bytes[23] = 17;
    memcpy(frame_bytes + 70, mac.b, 6);
    assert_false(el_recent_is_of(&frame, &mac));
    frame.is_out = true;
    assert_true(el_recent_is_of(&frame, &mac));
    frame.captured = 10;
    assert_false(el_recent_is_of(&frame, &mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_ones_are_there),
        cmocka_unit_test(another_writer_goes_on),
        cmocka_unit_test(nonsense_is_survived),
        cmocka_unit_test(whose_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

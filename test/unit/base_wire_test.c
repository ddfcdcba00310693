/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cursor: byte orders, and that nothing outside its bounds is read or written, whatever is
 * asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/csprng.h"
#include "base/wire.h"

enum { STEPS = 20000, GUARD = 16 };

static void knows_both_byte_orders(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct el_wire w = el_wire_read(bytes, sizeof bytes);

    (void)state;
    assert_int_equal(el_wire_u8(&w), 0x01);
    assert_int_equal(el_wire_be16(&w), 0x0203);
    assert_int_equal(el_wire_be32(&w), 0x04050607);
    assert_int_equal(el_wire_left(&w), 1);
    w = el_wire_read(bytes, sizeof bytes);
    assert_true(el_wire_be64(&w) == 0x0102030405060708);
    w = el_wire_read(bytes, sizeof bytes);
    assert_true(el_wire_le64(&w) == 0x0807060504030201);
    w = el_wire_read(bytes, sizeof bytes);
    assert_int_equal(el_wire_le32(&w), 0x04030201);
    assert_true(el_wire_ok(&w));
    assert_int_equal(el_wire_done(&w), 4);
}

static void writes_what_it_reads(void **state)
{
    uint8_t bytes[64], copied[3];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    (void)state;
    memset(bytes, 0xee, sizeof bytes);
    el_wire_put_u8(&w, 0x01);
    el_wire_put_be16(&w, 0x0203);
    el_wire_put_be32(&w, 0x04050607);
    el_wire_put_be64(&w, 0x08090a0b0c0d0e0f);
    el_wire_put_le32(&w, 0x10111213);
    el_wire_put_le64(&w, 0x1415161718191a1b);
    el_wire_put(&w, "abc", 3);
    el_wire_put_zero(&w, 2);
    el_wire_printf(&w, "%d", 42);
    assert_true(el_wire_ok(&w));
    assert_int_equal(el_wire_done(&w), 34);

    w = el_wire_read(bytes, el_wire_done(&w));
    assert_int_equal(el_wire_u8(&w), 0x01);
    assert_int_equal(el_wire_be16(&w), 0x0203);
    assert_int_equal(el_wire_be32(&w), 0x04050607);
    assert_true(el_wire_be64(&w) == 0x08090a0b0c0d0e0f);
    assert_int_equal(el_wire_le32(&w), 0x10111213);
    assert_true(el_wire_le64(&w) == 0x1415161718191a1b);
    el_wire_copy(&w, copied, sizeof copied);
    assert_memory_equal(copied, "abc", 3);
    assert_int_equal(el_wire_be16(&w), 0);
    assert_memory_equal(el_wire_take(&w, 2), "42", 2);
    assert_int_equal(el_wire_left(&w), 0);
    assert_true(el_wire_ok(&w));
}

static void an_error_stays(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    struct el_wire w = el_wire_read(bytes, sizeof bytes);
    uint8_t copied[8];

    (void)state;
    assert_true(el_wire_be64(&w) == 0); /* not even the half that was there */
    assert_false(el_wire_ok(&w));
    assert_int_equal(el_wire_left(&w), 0);
    assert_int_equal(el_wire_u8(&w), 0);
    memset(copied, 0xee, sizeof copied);
    el_wire_copy(&w, copied, sizeof copied);
    assert_int_equal(copied[0] | copied[7], 0);
    assert_null(el_wire_take(&w, 1));

    w = el_wire_read(bytes, sizeof bytes);
    el_wire_fail(&w);
    assert_false(el_wire_ok(&w));
    assert_int_equal(el_wire_u8(&w), 0);
}

static void what_does_not_fit_is_not_written_in_part(void **state)
{
    uint8_t bytes[8];
    struct el_wire w = el_wire_write(bytes, 7);

    (void)state;
    memset(bytes, 0xee, sizeof bytes);
    el_wire_put_be64(&w, 0);
    assert_false(el_wire_ok(&w));
    el_wire_put_u8(&w, 0);
    el_wire_put(&w, "", 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0xee);
}

static void a_part_has_bounds_of_its_own(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4};
    struct el_wire w = el_wire_read(bytes, sizeof bytes);
    struct el_wire sub = el_wire_sub(&w, 2);

    (void)state;
    assert_int_equal(el_wire_be32(&sub), 0);
    assert_false(el_wire_ok(&sub));
    assert_true(el_wire_ok(&w));
    assert_int_equal(el_wire_be16(&w), 0x0304);
    sub = el_wire_sub(&w, 0);
    assert_true(el_wire_ok(&sub));
    assert_true(el_wire_ok(&w));
    sub = el_wire_sub(&w, 1);
    assert_false(el_wire_ok(&sub));
    assert_false(el_wire_ok(&w));
    sub = el_wire_sub(&w, 0); /* of a failed one nothing is well */
    assert_false(el_wire_ok(&sub));
}

static void nothing_is_an_empty_message(void **state)
{
    struct el_wire w = el_wire_read(NULL, 0);

    (void)state;
    assert_int_equal(el_wire_left(&w), 0);
    struct el_wire sub = el_wire_sub(&w, 0);
    assert_true(el_wire_ok(&sub));
    el_wire_put(&w, NULL, 0);
    assert_true(el_wire_ok(&w));
    assert_int_equal(el_wire_u8(&w), 0);
    assert_false(el_wire_ok(&w));
}

/* Text of every length into every room around both limits: the cursor's end, and that of the buffer
 * inside el_wire_printf. */
static void printf_fits_or_fails(void **state)
{
    char text[300];
    uint8_t bytes[300 + GUARD];

    (void)state;
    for (size_t len = 0; len < 280; len += len < 20 || len > 240 ? 1 : 20) {
        memset(text, 'x', len);
        text[len] = '\0';
        for (size_t room = len < 2 ? 0 : len - 2; room < len + 3; room++) {
            struct el_wire w = el_wire_write(bytes, room);
            memset(bytes, 0xee, sizeof bytes);
            el_wire_printf(&w, "%s", text);
            bool fits = len <= room - (len > 255 && room > 0);
            assert_int_equal(el_wire_ok(&w), fits);
            if (fits) {
                assert_int_equal(el_wire_done(&w), len);
                assert_memory_equal(bytes, text, len);
            }
            for (size_t i = room; i < sizeof bytes; i++)
                assert_int_equal(bytes[i], 0xee);
        }
    }
}

/* One random step on a cursor that reads; the address sanitizer watches the bounds. */
static void step_of_reading(struct el_wire *w, size_t len)
{
    uint8_t copied[64];

    switch (el_random_below(10)) {
    case 0: (void)el_wire_u8(w); break;
    case 1: (void)el_wire_be16(w); break;
    case 2: (void)el_wire_be32(w); break;
    case 3: (void)el_wire_be64(w); break;
    case 4: (void)el_wire_le32(w); break;
    case 5: (void)el_wire_le64(w); break;
    case 6: el_wire_skip(w, len); break;
    case 7: el_wire_copy(w, copied, len % sizeof copied); break;
    case 8: (void)el_wire_take(w, SIZE_MAX - len); break;
    default: {
        struct el_wire sub = el_wire_sub(w, len);
        while (el_wire_ok(&sub))
            (void)el_wire_be16(&sub);
    }
    }
}

static void reads_stay_inside(void **state)
{
    (void)state;
    el_random_seed_for_test(11);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t len = el_random_below(40);
        uint8_t *bytes = malloc(len ? len : 1);
        struct el_wire w = el_wire_read(bytes, len);
        assert_non_null(bytes);
        memset(bytes, 0xaa, len ? len : 1);
        bool failed = false;
        for (unsigned i = 0; i < 8; i++) {
            step_of_reading(&w, el_random_below(20));
            assert_true(w.at >= w.start && w.at <= w.end && w.end == bytes + len);
            assert_false(failed && el_wire_ok(&w));
            failed = !el_wire_ok(&w);
        }
        free(bytes);
    }
}

static void writes_stay_inside(void **state)
{
    uint8_t bytes[40 + GUARD];

    (void)state;
    el_random_seed_for_test(12);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t len = el_random_below(40);
        struct el_wire w = el_wire_write(bytes, len);
        memset(bytes, 0xee, sizeof bytes);
        for (unsigned i = 0; i < 8; i++) {
            switch (el_random_below(7)) {
            case 0: el_wire_put_u8(&w, 0); break;
            case 1: el_wire_put_be16(&w, 0); break;
            case 2: el_wire_put_be32(&w, 0); break;
            case 3: el_wire_put_be64(&w, 0); break;
            case 4: el_wire_put(&w, "0123456789abcdef", el_random_below(17)); break;
            case 5: el_wire_put_zero(&w, el_random_below(17)); break;
            default: el_wire_printf(&w, "%u", step); break;
            }
        }
        for (size_t i = len; i < sizeof bytes; i++)
            assert_int_equal(bytes[i], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_both_byte_orders),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(an_error_stays),
        cmocka_unit_test(what_does_not_fit_is_not_written_in_part),
        cmocka_unit_test(a_part_has_bounds_of_its_own),
        cmocka_unit_test(nothing_is_an_empty_message),
        cmocka_unit_test(printf_fits_or_fails),
        cmocka_unit_test(reads_stay_inside),
        cmocka_unit_test(writes_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

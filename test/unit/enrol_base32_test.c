/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base 32: RFC 4648's vectors, what Crockford's takes for what, texts that are nobody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "enrol/base32.h"

static void the_vectors_of_rfc_4648(void **state)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"", ""},
        {"f", "MY"},
        {"fo", "MZXQ"},
        {"foo", "MZXW6"},
        {"foob", "MZXW6YQ"},
        {"fooba", "MZXW6YTB"},
        {"foobar", "MZXW6YTBOI"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t symbols[16] = {0}, back[16];
        char text[17] = "";
        size_t len = strlen(cases[i].bytes);
        size_t count = EL_ENROL_SYMBOLS(len);
        el_enrol_to_symbols((const uint8_t *)cases[i].bytes, len, symbols);
        for (size_t j = 0; j < count; j++)
            text[j] = el_enrol_rfc4648[symbols[j]];
        assert_string_equal(text, cases[i].text);
        assert_int_equal(EL_ENROL_SYMBOL_BYTES(count), len);
        assert_true(el_enrol_from_symbols(symbols, count, back));
        assert_memory_equal(back, cases[i].bytes, len);
    }
}

static void bits_that_are_left_are_zero(void **state)
{
    uint8_t bytes[2];

    (void)state;
    assert_true(el_enrol_from_symbols((const uint8_t[]){31, 28}, 2, bytes));
    assert_int_equal(bytes[0], 0xff);
    assert_false(el_enrol_from_symbols((const uint8_t[]){31, 29}, 2, bytes));
    assert_false(el_enrol_from_symbols((const uint8_t[]){31, 28, 1}, 3, bytes));
}

static void every_character_in_both_alphabets(void **state)
{
    (void)state;
    for (int i = 0; i < 32; i++) {
        assert_int_equal(el_enrol_crockford_value(el_enrol_crockford[i]), i);
        assert_int_equal(el_enrol_rfc4648_value(el_enrol_rfc4648[i]), i);
    }
    for (const char *alike = "oO0"; *alike; alike++)
        assert_int_equal(el_enrol_crockford_value(*alike), 0);
    for (const char *alike = "iIlL1"; *alike; alike++)
        assert_int_equal(el_enrol_crockford_value(*alike), 1);
    assert_int_equal(el_enrol_crockford_value('z'), 31);
    assert_int_equal(el_enrol_rfc4648_value('z'), 25);
    unsigned crockford = 0, rfc4648 = 0;
    for (int c = -128; c < 128; c++) {
        crockford += el_enrol_crockford_value((char)c) >= 0;
        rfc4648 += el_enrol_rfc4648_value((char)c) >= 0;
    }
    assert_int_equal(crockford, 10 + 2 * 22 + 2 * 3); /* letters, and O, I, L for digits */
    assert_int_equal(rfc4648, 6 + 2 * 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648),
        cmocka_unit_test(bits_that_are_left_are_zero),
        cmocka_unit_test(every_character_in_both_alphabets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

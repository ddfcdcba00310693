/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fingerprints: always the same, of every bit of the key, compared as they are typed; keys that are
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "enrol/fingerprint.h"

static const uint8_t key[32] = {9};
static const char vector[] = "NRC36-YQDXW-X1Y04-X6CK9";

static void a_key_has_one_fingerprint(void **state)
{
    char text[EL_ENROL_FINGERPRINT_TEXT], other[EL_ENROL_FINGERPRINT_TEXT];

    (void)state;
    assert_string_equal(el_enrol_fingerprint(key, text), vector);
    for (unsigned bit = 0; bit < 256; bit++) {
        uint8_t changed[32];
        memcpy(changed, key, sizeof changed);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_string_not_equal(el_enrol_fingerprint(changed, other), text);
        assert_false(el_enrol_fingerprint_is(text, changed));
    }
}

static void it_is_compared_as_people_type_it(void **state)
{
    char text[2 * EL_ENROL_FINGERPRINT_TEXT];

    (void)state;
    assert_true(el_enrol_fingerprint_is(vector, key));
    for (size_t i = 0; vector[i]; i++) {
        strcpy(text, vector);
        if (text[i] == '-')
            text[i] = ' ';
        else if (text[i] >= 'A')
            text[i] = (char)(text[i] + 'a' - 'A');
        else if (text[i] == '0')
            text[i] = 'o';
        else if (text[i] == '1')
            text[i] = 'L';
        assert_true(el_enrol_fingerprint_is(text, key));
    }
    for (size_t i = 0; vector[i]; i++) {
        strcpy(text, vector);
        if (text[i] == '-')
            continue;
        text[i] = text[i] == '7' ? '8' : '7';
        assert_false(el_enrol_fingerprint_is(text, key));
        text[i] = '\0'; /* a part of it is not it */
        assert_false(el_enrol_fingerprint_is(text, key));
    }
    strcpy(text, vector);
    strcat(text, "0");
    assert_false(el_enrol_fingerprint_is(text, key));
    assert_false(el_enrol_fingerprint_is("", key));
    assert_false(el_enrol_fingerprint_is("*", key));
}

static void only_one_text_of_a_key_is_taken(void **state)
{
    struct el_err err;
    uint8_t changed[32];

    (void)state;
    assert_int_equal(el_enrol_key_check(key, &err), 0);
    memcpy(changed, key, sizeof changed);
    changed[31] |= 0x80; /* the bit that X25519 ignores */
    assert_int_equal(el_enrol_key_check(changed, &err), EL_EINVAL);
    memset(changed, 0xff, sizeof changed); /* 9 + the prime */
    changed[31] = 0x7f;
    changed[0] = 0xed + 9;
    assert_int_equal(el_enrol_key_check(changed, &err), EL_EINVAL);
    changed[0] = 0xeb; /* the prime - 2 */
    assert_int_equal(el_enrol_key_check(changed, &err), 0);
}

/* The points of order 1, 2, 4 and 8 (https://cr.yp.to/ecdh.html), in their one text. */
static void keys_of_low_order_are_none(void **state)
{
    static const uint8_t low[][32] = {
        {0},
        {1},
        {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
         0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
         0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
        {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
         0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
         0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) {
        assert_int_equal(el_enrol_key_check(low[i], &err), EL_EINVAL);
        assert_non_null(strstr(err.text, "same secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_one_fingerprint),
        cmocka_unit_test(it_is_compared_as_people_type_it),
        cmocka_unit_test(only_one_text_of_a_key_is_taken),
        cmocka_unit_test(keys_of_low_order_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

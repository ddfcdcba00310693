/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Codes: the vectors of RFC 4226 and RFC 6238, the window, each code once, clocks that jump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "enrol/totp.h"

/* Of both RFCs. */
static const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES + 1] = "12345678901234567890";
static const char secret_text[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

enum { NOW_S = 1800000015 }; /* in the middle of a step */
static const uint64_t now_step = 60000000;

static const char *code_at(uint64_t step)
{
    static char text[EL_ENROL_TOTP_CODE_TEXT];

    return el_enrol_totp_code(secret, step, text);
}

static void the_vectors_of_rfc_4226(void **state)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        assert_string_equal(code_at(i), codes[i]);
}

static void the_vectors_of_rfc_6238(void **state)
{
    static const struct {
        int64_t time_s;
        const char *code; /* of eight digits, of which ours are the last six */
    } cases[] = {
        {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
        {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t last = 0;
        assert_int_equal(el_enrol_totp_check(secret, cases[i].time_s, cases[i].code + 2, &last), 0);
        assert_int_equal(last, cases[i].time_s / EL_ENROL_TOTP_STEP_S);
    }
}

static void one_step_before_and_one_after_and_no_other(void **state)
{
    (void)state;
    for (int off = -3; off <= 3; off++) {
        uint64_t last = 0;
        int r = el_enrol_totp_check(secret, NOW_S, code_at(now_step + (uint64_t)off), &last);
        bool right = off >= -1 && off <= 1;
        assert_int_equal(r, right ? 0 : EL_EAUTH);
        assert_int_equal(last, right ? now_step + (uint64_t)off : 0);
    }
}

static void a_code_is_used_once_and_those_before_it_with_it(void **state)
{
    uint64_t last = 0;

    (void)state;
    assert_int_equal(el_enrol_totp_check(secret, NOW_S, code_at(now_step), &last), 0);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S, code_at(now_step), &last), EL_EEXIST);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S, code_at(now_step - 1), &last), EL_EEXIST);
    assert_int_equal(last, now_step);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S, code_at(now_step + 1), &last), 0);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S, code_at(now_step + 1), &last), EL_EEXIST);
    /* In the next step it is still in the window, and still used. */
    assert_int_equal(el_enrol_totp_check(secret, NOW_S + 30, code_at(now_step + 1), &last),
                     EL_EEXIST);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S + 30, code_at(now_step + 2), &last), 0);
}

/* Two steps of a window with the same code: with either, both are used. */
static void the_same_code_twice_in_a_window_is_used_once(void **state)
{
    uint64_t step = 1;
    char before[EL_ENROL_TOTP_CODE_TEXT], code[EL_ENROL_TOTP_CODE_TEXT];

    (void)state;
    el_enrol_totp_code(secret, 0, before);
    while (strcmp(el_enrol_totp_code(secret, step, code), before) != 0) {
        memcpy(before, code, sizeof before);
        step++;
        assert_true(step < 20000000);
    }
    uint64_t last = 0;
    int64_t now_s = (int64_t)step * EL_ENROL_TOTP_STEP_S;
    assert_int_equal(el_enrol_totp_check(secret, now_s, code, &last), 0);
    assert_int_equal(last, step);
    assert_int_equal(el_enrol_totp_check(secret, now_s, code, &last), EL_EEXIST);
}

static void what_is_not_six_digits_is_no_guess(void **state)
{
    static const char *const texts[] = {"",
                                        "12345",
                                        "1234567",
                                        "12345a",
                                        "-12345",
                                        "+12345",
                                        "１23456",
                                        "0x1234",
                                        "123,456",
                                        "123456\n",
                                        "12345678901234567890123",
                                        "      "};
    uint64_t last = 0;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(el_enrol_totp_check(secret, NOW_S, texts[i], &last), EL_EINVAL);
    char spaced[16];
    const char *code = code_at(now_step);
    snprintf(spaced, sizeof spaced, " %.3s %.3s ", code, code + 3);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S, spaced, &last), 0);
}

static void a_clock_that_went_back_lets_nobody_in(void **state)
{
    uint64_t last = now_step;
    const int64_t year_s = 365 * 86400;

    (void)state;
    /* Two steps back: what was used within the window is not known. */
    assert_int_equal(el_enrol_totp_check(secret, NOW_S - 60, code_at(now_step - 2), &last),
                     EL_EAGAIN);
    assert_int_equal(el_enrol_totp_check(secret, NOW_S - year_s,
                                         code_at(now_step - (uint64_t)year_s / 30), &last),
                     EL_EAGAIN);
    assert_int_equal(last, now_step);
    /* One step back is in the window. */
    assert_int_equal(el_enrol_totp_check(secret, NOW_S - 30, code_at(now_step - 1), &last),
                     EL_EEXIST);
    /* Once it is past that step, codes are good again. */
    assert_int_equal(el_enrol_totp_check(secret, NOW_S + 30, code_at(now_step + 1), &last), 0);
}

static void the_year_1970_and_before_and_the_end_of_time(void **state)
{
    uint64_t last = 0;

    (void)state;
    assert_int_equal(el_enrol_totp_check(secret, 0, code_at(1), &last), 0);
    last = 0;
    assert_int_equal(el_enrol_totp_check(secret, INT64_MIN, code_at(0), &last), EL_EAUTH);
    assert_int_equal(
        el_enrol_totp_check(secret, INT64_MAX, code_at((uint64_t)INT64_MAX / 30), &last), 0);
}

static void a_secret_is_its_text(void **state)
{
    char text[EL_ENROL_TOTP_SECRET_TEXT];
    uint8_t back[EL_ENROL_TOTP_SECRET_BYTES];

    (void)state;
    assert_string_equal(el_enrol_totp_secret_text(secret, text), secret_text);
    assert_int_equal(el_enrol_totp_secret_parse(text, back), 0);
    assert_memory_equal(back, secret, sizeof back);
    assert_int_equal(el_enrol_totp_secret_parse(" gezd gnbv gy3t qojq gezd gnbv gy3t qojq ", back),
                     0);
    assert_memory_equal(back, secret, sizeof back);
    assert_int_equal(el_enrol_totp_secret_parse("", back), EL_EINVAL);
    assert_int_equal(el_enrol_totp_secret_parse(secret_text + 1, back), EL_EINVAL);
    assert_int_equal(el_enrol_totp_secret_parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA", back),
                     EL_EINVAL);
    assert_int_equal(el_enrol_totp_secret_parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", back),
                     EL_EINVAL);
}

static void secrets_differ(void **state)
{
    uint8_t a[EL_ENROL_TOTP_SECRET_BYTES], b[EL_ENROL_TOTP_SECRET_BYTES];

    (void)state;
    el_enrol_totp_make_secret(a);
    el_enrol_totp_make_secret(b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void an_authenticator_gets_a_uri(void **state)
{
    char text[EL_ENROL_TOTP_URI_TEXT];
    char hub[EL_ENROL_TOTP_LABEL_BYTES + 1];

    (void)state;
    int len = el_enrol_totp_uri(secret, "hub.example.org", text);
    assert_string_equal(text, "otpauth://totp/el2w:hub.example.org?issuer=el2w&secret="
                              "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_int_equal(len, strlen(text));
    assert_true(el_enrol_totp_uri(secret, "a b&c:ü", text) > 0);
    assert_non_null(strstr(text, "/el2w:a%20b%26c%3A%C3%BC?"));

    memset(hub, '\xff', sizeof hub);
    hub[EL_ENROL_TOTP_LABEL_BYTES - 1] = '\0';
    len = el_enrol_totp_uri(secret, hub, text);
    assert_int_equal(len, strlen(text));
    hub[EL_ENROL_TOTP_LABEL_BYTES - 1] = 'x';
    hub[EL_ENROL_TOTP_LABEL_BYTES] = '\0';
    assert_int_equal(el_enrol_totp_uri(secret, hub, text), EL_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4226),
        cmocka_unit_test(the_vectors_of_rfc_6238),
        cmocka_unit_test(one_step_before_and_one_after_and_no_other),
        cmocka_unit_test(a_code_is_used_once_and_those_before_it_with_it),
        cmocka_unit_test(the_same_code_twice_in_a_window_is_used_once),
        cmocka_unit_test(what_is_not_six_digits_is_no_guess),
        cmocka_unit_test(a_clock_that_went_back_lets_nobody_in),
        cmocka_unit_test(the_year_1970_and_before_and_the_end_of_time),
        cmocka_unit_test(a_secret_is_its_text),
        cmocka_unit_test(secrets_differ),
        cmocka_unit_test(an_authenticator_gets_a_uri),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

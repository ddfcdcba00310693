/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is let in: every set of factors, in their order; guesses are counted and never forgiven; a
 * yes is for one key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "enrol/second_factor.h"

static const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES + 1] = "12345678901234567890";

enum {
    NOW_S = 1800000015,
    STEP = 60000000,
    ALL = EL_ENROL_TOTP | EL_ENROL_EXEC | EL_ENROL_APPROVAL
};

/* A token that is asked for again and again. */
struct asked {
    struct el_enrol_request request;
    struct el_enrol_progress progress;
    uint64_t last_step;
    struct el_err err;
};

static struct asked ask_for(unsigned factors)
{
    return (struct asked){
        .request = {.factors = factors, .totp_secret = secret, .key = {1}, .now_s = NOW_S}};
}

static enum el_enrol_outcome decide(struct asked *a)
{
    a->err.text[0] = '\0';
    enum el_enrol_outcome outcome =
        el_enrol_decide(&a->request, &a->progress, &a->last_step, &a->err);
    assert_int_equal(a->err.text[0] == '\0', outcome == EL_ENROL_ACCEPTED);
    return outcome;
}

static const char *code_at(uint64_t step)
{
    static char text[EL_ENROL_TOTP_CODE_TEXT];

    return el_enrol_totp_code(secret, step, text);
}

static enum el_enrol_outcome with_code(struct asked *a, const char *code)
{
    a->request.code = code;
    enum el_enrol_outcome outcome = decide(a);
    a->request.code = NULL;
    return outcome;
}

static enum el_enrol_outcome with_program(struct asked *a, enum el_enrol_program program)
{
    a->request.program = program;
    enum el_enrol_outcome outcome = decide(a);
    a->request.program = EL_ENROL_PROGRAM_NOT_RUN;
    return outcome;
}

static void approve(struct asked *a)
{
    memcpy(a->progress.approved_key, a->request.key, sizeof a->request.key);
}

static void without_a_factor_the_token_is_enough(void **state)
{
    struct asked a = ask_for(0);

    (void)state;
    a.request.totp_secret = NULL;
    assert_int_equal(decide(&a), EL_ENROL_ACCEPTED);
}

static void each_set_asks_for_each_of_its_factors_in_order(void **state)
{
    (void)state;
    for (unsigned factors = 0; factors <= ALL; factors++) {
        struct asked a = ask_for(factors);
        if (factors & EL_ENROL_TOTP) {
            assert_int_equal(decide(&a), EL_ENROL_NEEDS_CODE);
            assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_YES), EL_ENROL_NEEDS_CODE);
            assert_int_equal(with_code(&a, ""), EL_ENROL_NEEDS_CODE);
            a.request.code = code_at(STEP);
        }
        if (factors & EL_ENROL_EXEC) {
            assert_int_equal(decide(&a), EL_ENROL_RUN_PROGRAM);
            a.request.code = NULL; /* the spoke asks again, without the code that was right */
            assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_RUNS), EL_ENROL_WAITS_PROGRAM);
            assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_FAILED), EL_ENROL_PROGRAM_BROKEN);
            a.request.program = EL_ENROL_PROGRAM_YES;
        }
        if (factors & EL_ENROL_APPROVAL) {
            assert_int_equal(decide(&a), EL_ENROL_WAITS_APPROVAL);
            a.request.program = EL_ENROL_PROGRAM_NOT_RUN; /* its yes is kept */
            a.request.code = NULL;
            assert_int_equal(decide(&a), EL_ENROL_WAITS_APPROVAL);
            approve(&a);
        }
        assert_int_equal(decide(&a), EL_ENROL_ACCEPTED);
        a.request.code = NULL;
        a.request.program = EL_ENROL_PROGRAM_NOT_RUN;
        assert_int_equal(decide(&a), EL_ENROL_ACCEPTED); /* and again: an answer may be lost */
        assert_int_equal(a.progress.wrong, 0);
    }
}

static void five_wrong_codes_burn_the_token(void **state)
{
    static const char *const codes[] = {"000000", "000001", "000 002", "999999"};
    struct asked a = ask_for(EL_ENROL_TOTP);

    (void)state;
    assert_int_equal(with_code(&a, codes[0]), EL_ENROL_WRONG_CODE);
    assert_non_null(strstr(a.err.text, "wrong code (4 tries left)"));
    assert_non_null(strstr(a.err.text, "The hub's clock says 2027-01-15T08:00:15Z"));
    for (unsigned i = 1; i < 4; i++)
        assert_int_equal(with_code(&a, codes[i]), EL_ENROL_WRONG_CODE);
    assert_non_null(strstr(a.err.text, "wrong code (1 try left)"));
    assert_int_equal(decide(&a), EL_ENROL_NEEDS_CODE);
    assert_int_equal(with_code(&a, "12345"), EL_ENROL_NEEDS_CODE); /* a slip, no guess */
    assert_int_equal(with_code(&a, "000000"), EL_ENROL_BURNT);
    assert_int_equal(with_code(&a, code_at(STEP)), EL_ENROL_BURNT);
    assert_int_equal(decide(&a), EL_ENROL_BURNT);
    assert_int_equal(a.last_step, 0);
    a.request.factors = 0; /* not even if the hub asks for less from now on */
    assert_int_equal(decide(&a), EL_ENROL_BURNT);
}

static void a_right_answer_forgives_no_wrong_one(void **state)
{
    struct asked a = ask_for(EL_ENROL_TOTP | EL_ENROL_APPROVAL);

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(with_code(&a, "000000"), EL_ENROL_WRONG_CODE);
    assert_int_equal(with_code(&a, code_at(STEP)), EL_ENROL_WAITS_APPROVAL);
    assert_int_equal(a.progress.wrong, 4);
    a.request.key[0] = 2; /* another key begins anew, with the same count */
    assert_int_equal(with_code(&a, "000000"), EL_ENROL_BURNT);
    a.request.key[0] = 1;
    approve(&a);
    assert_int_equal(decide(&a), EL_ENROL_BURNT);
}

static void a_code_lets_one_key_in(void **state)
{
    struct asked a = ask_for(EL_ENROL_TOTP), b = ask_for(EL_ENROL_TOTP);

    (void)state;
    assert_int_equal(with_code(&a, code_at(STEP)), EL_ENROL_ACCEPTED);
    a.request.key[0] = 2;
    assert_int_equal(decide(&a), EL_ENROL_NEEDS_CODE);
    assert_int_equal(with_code(&a, code_at(STEP)), EL_ENROL_USED_CODE);
    assert_non_null(strstr(a.err.text, "used already: wait for the next one (4 tries left)"));

    /* And with another token neither: the last step is the secret's. */
    b.last_step = a.last_step;
    assert_int_equal(with_code(&b, code_at(STEP - 1)), EL_ENROL_USED_CODE);
    assert_int_equal(b.progress.wrong, 1);
    assert_int_equal(with_code(&b, code_at(STEP + 1)), EL_ENROL_ACCEPTED);
}

static void a_clock_that_went_back_is_nobodys_guess(void **state)
{
    struct asked a = ask_for(EL_ENROL_TOTP);

    (void)state;
    a.last_step = STEP + 120;
    assert_int_equal(with_code(&a, code_at(STEP)), EL_ENROL_CLOCK_BACK);
    assert_int_equal(a.progress.wrong, 0);
    assert_non_null(strstr(a.err.text, "it says 2027-01-15T08:00:15Z, and a code of 2027-01-15T"
                                       "09:00:00Z was used already"));
}

static void what_the_program_says_is_for_one_key(void **state)
{
    struct asked a = ask_for(EL_ENROL_EXEC);

    (void)state;
    assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_YES), EL_ENROL_ACCEPTED);
    a.request.key[31] ^= 0x80;
    assert_int_equal(decide(&a), EL_ENROL_RUN_PROGRAM);
    for (unsigned i = 1; i < EL_ENROL_WRONG_MAX; i++)
        assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_NO), EL_ENROL_PROGRAM_SAID_NO);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_FAILED), EL_ENROL_PROGRAM_BROKEN);
    assert_int_equal(with_program(&a, EL_ENROL_PROGRAM_NO), EL_ENROL_BURNT);
}

static void an_approval_is_for_one_key(void **state)
{
    struct asked a = ask_for(EL_ENROL_APPROVAL);

    (void)state;
    assert_int_equal(decide(&a), EL_ENROL_WAITS_APPROVAL);
    approve(&a);
    a.request.key[0] ^= 4;
    assert_int_equal(decide(&a), EL_ENROL_WAITS_APPROVAL);
    a.request.key[0] ^= 4;
    assert_int_equal(decide(&a), EL_ENROL_ACCEPTED);
}

static void a_key_of_zeros_is_nobodys(void **state)
{
    (void)state;
    for (unsigned factors = 1; factors <= ALL; factors++) {
        struct asked a = ask_for(factors);
        a.request.key[0] = 0;
        assert_int_not_equal(decide(&a), EL_ENROL_ACCEPTED);
    }
}

static void factors_have_names(void **state)
{
    static const struct {
        const char *text;
        int factors; /* negative: refused */
        const char *again;
    } cases[] = {
        {"none", 0, "none"},
        {"totp", EL_ENROL_TOTP, "totp"},
        {"approval,totp", EL_ENROL_TOTP | EL_ENROL_APPROVAL, "totp,approval"},
        {"program,approval,totp", ALL, "totp,program,approval"},
        {"", EL_EINVAL, NULL},
        {",", EL_EINVAL, NULL},
        {"totp,", EL_EINVAL, NULL},
        {"totp,totp", EL_EINVAL, NULL},
        {"totp,none", EL_EINVAL, NULL},
        {"TOTP", EL_EINVAL, NULL},
        {"tot", EL_EINVAL, NULL},
        {"totp approval", EL_EINVAL, NULL},
    };
    char text[EL_ENROL_FACTORS_TEXT];
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int factors = el_enrol_factors_parse(cases[i].text, &err);
        if (factors != cases[i].factors)
            fail_msg("%s: %d", cases[i].text, factors);
        if (factors >= 0)
            assert_string_equal(el_enrol_factors_text((unsigned)factors, text), cases[i].again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_factor_the_token_is_enough),
        cmocka_unit_test(each_set_asks_for_each_of_its_factors_in_order),
        cmocka_unit_test(five_wrong_codes_burn_the_token),
        cmocka_unit_test(a_right_answer_forgives_no_wrong_one),
        cmocka_unit_test(a_code_lets_one_key_in),
        cmocka_unit_test(a_clock_that_went_back_is_nobodys_guess),
        cmocka_unit_test(what_the_program_says_is_for_one_key),
        cmocka_unit_test(an_approval_is_for_one_key),
        cmocka_unit_test(a_key_of_zeros_is_nobodys),
        cmocka_unit_test(factors_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a supervisor does for control, and what it does not. */
#include "hub/errand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct el_errand up(const char *name, uint32_t vni, const char *cidr)
{
    struct el_errand errand = {.kind = EL_ERRAND_NETWORK_UP, .network = {.vni = vni}};
    size_t len = strlen(name);

    memcpy(errand.network.name, name, len < EL_ERRAND_NAME ? len : EL_ERRAND_NAME);
    assert_int_equal(el_prefix_parse(cidr, &errand.network.cidr), 0);
    return errand;
}

static void networks_that_can_be(void **state)
{
    static const char *const names[] = {"boot", "lab2", "a", "x-1_y.z", "fifteen-letters"};
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct el_errand errand = up(names[i], 0xffffff, "10.0.0.0/8");
        assert_int_equal(el_errand_check(&errand, &err), 0);
        errand.kind = EL_ERRAND_NETWORK_DOWN;
        assert_int_equal(el_errand_check(&errand, &err), 0);
    }
}

static void names_that_are_paths_or_have_no_end(void **state)
{
    static const char *const names[] = {"",
                                        ".",
                                        "..",
                                        ".x",
                                        "a/b",
                                        "../x",
                                        "a b",
                                        "a\nb",
                                        "ä",
                                        "sixteen-letters!",
                                        "sixteen-letters-",
                                        "%d"};
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct el_errand errand = up(names[i], 77, "10.0.0.0/8");
        assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
        errand.kind = EL_ERRAND_NETWORK_DOWN;
        assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    }
}

static void other_nonsense(void **state)
{
    struct el_errand errand = up("boot", 0x1000000, "10.0.0.0/8");
    struct el_err err;

    (void)state;
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand = up("boot", 77, "10.0.0.0/30");
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand = up("boot", 77, "10.0.0.0/7");
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand = up("boot", 77, "fd00::/64");
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand = up("boot", 77, "10.0.0.0/24");
    errand.network.cidr.len = 255;
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand = up("boot", 77, "10.0.0.0/24");
    assert_int_equal(el_prefix_parse("fd00:0:0:1::/64", &errand.network.prefix6), 0);
    assert_int_equal(el_errand_check(&errand, &err), 0);
    errand.network.prefix6.len = 255;
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand.network.prefix6 = (struct el_prefix){{9, {0xfd}}, 64};
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand = up("boot", 77, "10.0.0.0/24");
    errand.kind = EL_ERRAND_ANSWER;
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand.kind = 0xffffffff;
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
}

static void questions_to_the_second_factor(void **state)
{
    static const char *const names[] = {"", "-x", ".x", "a b", "a/b", "$(x)", "\xc3\xa4"};
    struct el_errand errand = {.kind = EL_ERRAND_ASK, .question = {.name = "mars-2.example_org"}};
    struct el_err err;

    (void)state;
    assert_int_equal(el_errand_check(&errand, &err), 0);
    errand.question.from.ip.family = 6;
    assert_int_equal(el_errand_check(&errand, &err), 0);
    errand.question.from.ip.family = 5;
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    errand.question.from.ip.family = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        strcpy(errand.question.name, names[i]);
        assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    }
    memset(errand.question.name, 'a', sizeof errand.question.name); /* no end */
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
}

/* They are logged, whatever they are. */
static void names_end_afterwards(void **state)
{
    struct el_errand errand;
    struct el_err err;

    (void)state;
    memset(&errand, 'a', sizeof errand); /* nothing in it is right */
    assert_int_equal(el_errand_check(&errand, &err), EL_EINVAL);
    assert_string_equal(errand.network.name, "");
    assert_string_equal(errand.question.name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_that_can_be),
        cmocka_unit_test(names_that_are_paths_or_have_no_end),
        cmocka_unit_test(other_nonsense),
        cmocka_unit_test(questions_to_the_second_factor),
        cmocka_unit_test(names_end_afterwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calendar and RFC 3339. test/unit/http_test.c holds it against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/err.h"

static void there_and_back(void **state)
{
    char text[EL_CIVIL_TEXT];
    int64_t back;

    (void)state;
    for (int64_t s = EL_CIVIL_FIRST; s <= EL_CIVIL_LAST; s += 86400 * 17 + 54321) {
        assert_int_equal(el_civil_parse(el_civil_text(s, text), &back), 0);
        assert_int_equal(back, s);
    }
    assert_string_equal(el_civil_text(784111777, text), "1994-11-06T08:49:37Z");
    assert_string_equal(el_civil_text(INT64_MAX, text), "9999-12-31T23:59:59Z");
    assert_string_equal(el_civil_text(INT64_MIN, text), "0000-01-01T00:00:00Z");
    assert_int_equal(el_civil(784111777).weekday, 0); /* a Sunday */
}

static void what_is_no_moment(void **state)
{
    static const char *const wrong[] = {
        "",
        "1994-11-06",
        "1994-11-06T08:49:37",
        "1994-11-06T08:49:37+00:00",
        "1994-11-06t08:49:37z",
        "1994-11-06 08:49:37Z",
        "1994-11-06T08:49:37Z ",
        "1994-11-06T08:49:37.0Z",
        "1994-11-31T08:49:37Z",
        "1995-02-29T00:00:00Z",
        "1994-00-06T08:49:37Z",
        "1994-13-06T08:49:37Z",
        "1994-11-00T08:49:37Z",
        "1994-11-06T24:00:00Z",
        "1994-11-06T08:60:00Z",
        "1994-11-06T08:49:60Z",
        "-994-11-06T08:49:37Z",
    };
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(el_civil_parse(wrong[i], &seconds), EL_EINVAL);
    assert_int_equal(el_civil_parse("1996-02-29T00:00:00Z", &seconds), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_is_no_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

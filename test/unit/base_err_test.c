/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors: a sentence is one line whatever name stands in it, and a failure never becomes a success.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void says_and_returns(void **state)
{
    struct el_err err = {"old"};

    (void)state;
    assert_int_equal(el_err(&err, EL_ENOENT, "lan %s: no such interface", "eth9"), EL_ENOENT);
    assert_string_equal(err.text, "lan eth9: no such interface");
    assert_int_equal(el_err(NULL, EL_EFULL, "nobody listens"), EL_EFULL);
}

static void is_one_line_that_fits(void **state)
{
    struct el_err err;
    char name[1000];

    (void)state;
    (void)el_err(&err, EL_EINVAL, "no applet %s", "a\nb\x1b[31m\x7f\tc\xc3\xa9");
    assert_string_equal(err.text, "no applet a?b?[31m??c\xc3\xa9");
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)el_err_os(&err, ENOENT, "%s", name);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void system_errors_keep_their_meaning(void **state)
{
    static const struct {
        int from;
        int code;
    } table[] = {
        {EACCES, EL_EPERM},       {EPERM, EL_EPERM},   {EADDRINUSE, EL_EEXIST},
        {EEXIST, EL_EEXIST},      {ENOENT, EL_ENOENT}, {ENODEV, EL_ENOENT},
        {EAGAIN, EL_EAGAIN},      {EINTR, EL_EAGAIN},  {ENOMEM, EL_ENOMEM},
        {ENOBUFS, EL_ENOMEM},     {EINVAL, EL_EINVAL}, {EOPNOTSUPP, EL_ENOTSUP},
        {ECONNRESET, EL_ECLOSED}, {EIO, EL_EIO},       {EMFILE, EL_EIO},
    };
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(el_errno_from_os(table[i].from), table[i].code);
        assert_int_equal(el_err_os(&err, table[i].from, "x"), table[i].code);
    }
    assert_int_equal(el_errno_from_os(0), 0);
    assert_int_equal(el_err_os(&err, 0, "it failed"), EL_EIO);
    (void)el_err_os(&err, ENOENT, "open %s", "f");
    assert_string_equal(err.text, "open f: No such file or directory");
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (int code = EL_ECLOSED; code < 0; code++) {
        assert_string_not_equal(el_strerror(code), "unknown error");
        for (int other = code + 1; other <= 0; other++)
            assert_string_not_equal(el_strerror(code), el_strerror(other));
    }
    assert_string_equal(el_strerror(EL_ENOENT), "no such thing");
    assert_string_equal(el_strerror(EL_ECLOSED), "closed");
    assert_string_equal(el_strerror(EL_ECLOSED - 1), "unknown error");
    assert_string_equal(el_strerror(-2147483647 - 1), "unknown error");
    assert_string_equal(el_strerror(0), "success");
    assert_string_equal(el_strerror(7), "success");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_and_returns),
        cmocka_unit_test(is_one_line_that_fits),
        cmocka_unit_test(system_errors_keep_their_meaning),
        cmocka_unit_test(every_code_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One answer in three forms: what people and programs read. */
#include "base/err.h"
#include "base/time.h"
#include "base/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const struct el_writer *w, enum el_writer_form form, const char *expected)
{
    char *text;
    int len = el_writer_finish(w, form, &text);

    assert_true(len >= 0);
    assert_int_equal(strlen(text), len);
    assert_string_equal(text, expected);
    free(text);
}

/* Two peers, one of them silent, and counters. */
static struct el_writer *answer(void)
{
    struct el_writer *w = el_writer_new();

    assert_non_null(w);
    el_writer_string(w, "network", "boot");
    el_writer_number(w, "vni", 77);
    el_writer_list(w, "peers", "peer");
    el_writer_object(w, NULL);
    el_writer_string(w, "name", "mars");
    el_writer_bool(w, "up", true);
    el_writer_age(w, "handshake-age", 100 * EL_S + 1);
    el_writer_bytes(w, "received", 1234567);
    el_writer_end(w);
    el_writer_object(w, NULL);
    el_writer_string(w, "name", "deep space");
    el_writer_string(w, "endpoint", NULL);
    el_writer_bytes(w, "received", 999);
    el_writer_end(w);
    el_writer_end(w);
    el_writer_object(w, "counters");
    el_writer_object(w, "switch");
    el_writer_counter(w, "flooded", 5);
    el_writer_counter(w, "drop-storm", 0);
    el_writer_end(w);
    el_writer_object(w, "forward");
    el_writer_counter(w, "drop_vni", 0);
    el_writer_end(w);
    el_writer_end(w);
    el_writer_number(w, "last", 1);
    return w;
}

static void people_read_columns(void **state)
{
    struct el_writer *w = answer();

    (void)state;
    expect(w, EL_WRITER_TEXT,
           "network  boot\n"
           "vni      77\n"
           "last     1\n"
           "\n"
           "peer mars\n"
           "  up             yes\n"
           "  handshake age  1 min 40 s\n"
           "  received       1.23 MB\n"
           "\n"
           "peer deep space\n"
           "  received  999 B\n"
           "\n"
           "counters\n"
           "  switch\n"
           "    flooded  5\n");
    el_writer_free(w);
}

static void programs_read_everything(void **state)
{
    struct el_writer *w = answer();

    (void)state;
    expect(w, EL_WRITER_JSON,
           "{\"network\":\"boot\",\"vni\":77,"
           "\"peers\":[{\"name\":\"mars\",\"up\":true,\"handshake_age_s\":100,"
           "\"received_bytes\":1234567},"
           "{\"name\":\"deep space\",\"endpoint\":null,\"received_bytes\":999}],"
           "\"counters\":{\"switch\":{\"flooded\":5,\"drop_storm\":0},"
           "\"forward\":{\"drop_vni\":0}},\"last\":1}\n");
    expect(w, EL_WRITER_KEYS,
           "network=boot\n"
           "vni=77\n"
           "peers.mars.name=mars\n"
           "peers.mars.up=true\n"
           "peers.mars.handshake_age_s=100\n"
           "peers.mars.received_bytes=1234567\n"
           "peers.1.name=\"deep space\"\n"
           "peers.1.endpoint=\n"
           "peers.1.received_bytes=999\n"
           "counters.switch.flooded=5\n"
           "counters.switch.drop_storm=0\n"
           "counters.forward.drop_vni=0\n"
           "last=1\n");
    el_writer_free(w);
}

static void nothing_is_said_well(void **state)
{
    struct el_writer *w = el_writer_new();

    (void)state;
    expect(w, EL_WRITER_JSON, "{}\n");
    expect(w, EL_WRITER_TEXT, "");
    el_writer_list(w, "peers", "peer");
    el_writer_end(w);
    el_writer_object(w, "counters");
    el_writer_end(w);
    expect(w, EL_WRITER_JSON, "{\"peers\":[],\"counters\":{}}\n");
    expect(w, EL_WRITER_TEXT, "");
    expect(w, EL_WRITER_KEYS, "");
    el_writer_free(w);
}

/* A text cannot end a string, a line, or the reader's terminal. */
static void texts_are_escaped(void **state)
{
    struct el_writer *w = el_writer_new();

    (void)state;
    el_writer_string(w, "a", "\"\\\n\x1b[31m\xff\xc3\xa9");
    expect(w, EL_WRITER_JSON, "{\"a\":\"\\\"\\\\\\u000a\\u001b[31m\\ufffd\xc3\xa9\"}\n");
    expect(w, EL_WRITER_KEYS, "a=\"\\\"\\\\\\u000a\\u001b[31m\\ufffd\xc3\xa9\"\n");
    expect(w, EL_WRITER_TEXT, "a  \\\"\\\\\\u000a\\u001b[31m\\ufffd\xc3\xa9\n");
    el_writer_free(w);
}

static void units_fit_the_size(void **state)
{
    static const struct {
        uint64_t bytes, age_s;
        const char *text;
    } cases[] = {
        {0, 0, "b  0 B\na  0 s\n"},
        {1000, 59, "b  1.00 kB\na  59 s\n"},
        {99900, 60, "b  99.9 kB\na  1 min 0 s\n"},
        {123456789, 3599, "b  123 MB\na  59 min 59 s\n"},
        {UINT64_C(5) * 1000000000, 7380, "b  5.00 GB\na  2 h 3 min\n"},
        {UINT64_MAX, 90000, "b  18.4 EB\na  1 d 1 h\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_writer *w = el_writer_new();
        el_writer_bytes(w, "b", cases[i].bytes);
        el_writer_age(w, "a", cases[i].age_s * EL_S);
        expect(w, EL_WRITER_TEXT, cases[i].text);
        el_writer_free(w);
    }
}

static void wrong_nesting_is_an_error(void **state)
{
    char *text;
    struct el_writer *few = el_writer_new(), *many = el_writer_new(), *deep = el_writer_new();

    (void)state;
    el_writer_object(few, "open");
    assert_int_equal(el_writer_finish(few, EL_WRITER_JSON, &text), EL_EINVAL);
    assert_null(text);
    el_writer_end(many);
    el_writer_number(many, "n", 1);
    assert_int_equal(el_writer_finish(many, EL_WRITER_JSON, &text), EL_EINVAL);
    for (unsigned i = 0; i < EL_WRITER_DEPTH; i++)
        el_writer_object(deep, "deeper");
    for (unsigned i = 0; i < EL_WRITER_DEPTH; i++)
        el_writer_end(deep);
    assert_int_equal(el_writer_finish(deep, EL_WRITER_JSON, &text), EL_EINVAL);
    el_writer_free(few);
    el_writer_free(many);
    el_writer_free(deep);
    el_writer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_columns),  cmocka_unit_test(programs_read_everything),
        cmocka_unit_test(nothing_is_said_well), cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(units_fit_the_size),   cmocka_unit_test(wrong_nesting_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of events: nobody misses one without being told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/events.h"

enum { CAPACITY = 4 };

static void put(struct el_events *events, int number)
{
    assert_int_equal(el_events_put(events, 784111777, "counted", json_pack("{s:i}", "n", number)),
                     0);
}

static void expect(struct el_events *events, struct el_events_reader *reader, const char *type,
                   const char *data, const char *id)
{
    struct el_event event;

    assert_true(el_events_next(events, reader, &event));
    assert_string_equal(event.type, type);
    assert_string_equal(event.data, data);
    assert_string_equal(event.id, id);
}

static void expect_none(struct el_events *events, struct el_events_reader *reader)
{
    struct el_event event;

    assert_false(el_events_next(events, reader, &event));
}

static void in_order(void **state)
{
    struct el_events *events = el_events_new(CAPACITY, 0xabc);
    struct el_events_reader a = el_events_reader(events, NULL);

    (void)state;
    expect_none(events, &a);
    put(events, 1);
    struct el_events_reader b = el_events_reader(events, NULL);
    put(events, 2);
    expect(events, &a, "counted", "{\"n\":1,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-1");
    expect(events, &a, "counted", "{\"n\":2,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-2");
    expect_none(events, &a);
    expect(events, &b, "counted", "{\"n\":2,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-2");
    el_events_free(events);
}

static void resumed(void **state)
{
    struct el_events *events = el_events_new(CAPACITY, 0xabc);

    (void)state;
    for (int i = 1; i <= 3; i++)
        put(events, i);
    struct el_events_reader reader = el_events_reader(events, "abc-2");
    expect(events, &reader, "counted", "{\"n\":3,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-3");
    expect_none(events, &reader);
    reader = el_events_reader(events, "abc-3");
    expect_none(events, &reader);
    el_events_free(events);
}

/* Ids of another life, of the future, of nobody. */
static void who_cannot_resume_is_reset(void **state)
{
    static const char *const ids[] = {"abd-2",
                                      "abc-9",
                                      "abc-",
                                      "abc--1",
                                      "abc-2x",
                                      "abc-02",
                                      "abc- 2",
                                      "",
                                      "-",
                                      "2",
                                      "\xff",
                                      "abc-99999999999999999999999999",
                                      "abc-18446744073709551615"};
    struct el_events *events = el_events_new(CAPACITY, 0xabc);

    (void)state;
    for (int i = 1; i <= 3; i++)
        put(events, i);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct el_events_reader reader = el_events_reader(events, ids[i]);
        expect(events, &reader, "reset", "{}", "abc-3");
        expect_none(events, &reader);
    }
    el_events_free(events);
}

static void who_wants_all_is_given_it(void **state)
{
    struct el_events *events = el_events_new(CAPACITY, 0xabc);

    (void)state;
    for (int i = 1; i <= 2; i++)
        put(events, i);
    struct el_events_reader reader = el_events_reader_of_all(events, "abd-9");
    put(events, 3);
    expect(events, &reader, "reset", "{}", "abc-0");
    for (int i = 1; i <= 3; i++) {
        struct el_event event;
        assert_true(el_events_next(events, &reader, &event));
        assert_string_equal(event.type, "counted");
    }
    expect_none(events, &reader);
    reader = el_events_reader_of_all(events, "abc-2"); /* one who goes on where he was */
    expect(events, &reader, "counted", "{\"n\":3,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-3");
    reader = el_events_reader_of_all(events, NULL);
    expect_none(events, &reader);
    el_events_free(events);
}

static void who_is_slow_is_reset(void **state)
{
    struct el_events *events = el_events_new(CAPACITY, 0xabc);
    struct el_events_reader slow = el_events_reader(events, NULL);
    struct el_events_reader late = slow;

    (void)state;
    for (int i = 1; i <= CAPACITY; i++)
        put(events, i);
    late.next++;
    put(events, CAPACITY + 1);
    expect(events, &slow, "reset", "{}", "abc-5");
    expect_none(events, &slow);
    expect(events, &late, "counted", "{\"n\":2,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-2");
    /* Over and over: memory stays what it was. */
    for (int i = 0; i < 1000; i++)
        put(events, i);
    expect(events, &slow, "reset", "{}", "abc-1005");
    put(events, 7);
    expect(events, &slow, "counted", "{\"n\":7,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-1006");
    el_events_free(events);
}

/* What could not be kept is missed by nobody unaware. */
static void what_is_lost_is_told(void **state)
{
    char *large = calloc(1, EL_EVENTS_DATA_MAX + 1);
    struct el_events *events = el_events_new(CAPACITY, 0xabc);
    struct el_events_reader reader = el_events_reader(events, NULL);

    (void)state;
    put(events, 1);
    memset(large, 'x', EL_EVENTS_DATA_MAX);
    assert_int_equal(el_events_put(events, 0, "large", json_pack("{s:s}", "x", large)), EL_EINVAL);
    expect(events, &reader, "reset", "{}", "abc-2");
    assert_int_equal(el_events_put(events, 0, "none", NULL), EL_ENOMEM);
    expect(events, &reader, "reset", "{}", "abc-3");
    assert_int_equal(el_events_put(events, 0, "two\nlines", json_object()), EL_EINVAL);
    expect(events, &reader, "reset", "{}", "abc-4");
    put(events, 9);
    expect(events, &reader, "counted", "{\"n\":9,\"time\":\"1994-11-06T08:49:37Z\"}", "abc-5");
    free(large);
    el_events_free(events);
}

static void on_put(void *arg)
{
    ++*(unsigned *)arg;
}

static void the_listener_is_called(void **state)
{
    struct el_events *events = el_events_new(CAPACITY, 1);
    unsigned called = 0;

    (void)state;
    el_events_listen(events, on_put, &called);
    put(events, 1);
    (void)el_events_put(events, 0, "none", NULL);
    assert_int_equal(called, 2);
    el_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(resumed),
        cmocka_unit_test(who_cannot_resume_is_reset),
        cmocka_unit_test(who_wants_all_is_given_it),
        cmocka_unit_test(who_is_slow_is_reset),
        cmocka_unit_test(what_is_lost_is_told),
        cmocka_unit_test(the_listener_is_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

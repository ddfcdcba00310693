/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops between ports: the test is the LANs behind them, and carries probes where it likes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/csprng.h"
#include "base/time.h"
#include "switch/loop.h"

enum { PORTS = 8, VNI = 77, NOWHERE = 0 };

static struct {
    struct el_loop *loop;
    uint64_t now_ns;
    unsigned lan[PORTS]; /* behind each port; those with the same number are bridged */
    bool shut[PORTS];    /* gates, as we were told */
    unsigned probes[PORTS];
    struct el_loop_turn last; /* with a probe */
} w;

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    w.now_ns = 1000 * EL_S;
    el_random_seed_for_test(7);
    assert_int_equal(el_loop_new(PORTS, &w.loop), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_loop_free(w.loop);
    return 0;
}

static void comes_in(unsigned port, const uint8_t *frame, size_t len)
{
    if (!el_loop_shows(w.loop, w.now_ns, port, frame, len))
        return;
    int shut = el_loop_input(w.loop, w.now_ns, port, frame, len);
    if (shut >= 0)
        w.shut[shut] = true;
}

/* A LAN passes what comes out of one port on to the others that lead there. */
static void take_turns(void)
{
    struct el_loop_turn turn;

    while (el_loop_turn(w.loop, w.now_ns, &turn)) {
        if (turn.opens)
            w.shut[turn.port] = false;
        if (!turn.probes)
            continue;
        w.probes[turn.port]++;
        w.last = turn;
        assert_true(el_loop_is_probe(turn.frame));
        for (unsigned i = 0; i < PORTS; i++)
            if (i != turn.port && w.lan[i] != NOWHERE && w.lan[i] == w.lan[turn.port])
                comes_in(i, turn.frame, sizeof turn.frame);
    }
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(w.shut[i], el_loop_is_blocked(w.loop, i));
}

static void pass(unsigned seconds)
{
    uint64_t end_ns = w.now_ns + seconds * EL_S;

    while (el_loop_deadline_ns(w.loop) <= end_ns) {
        if (el_loop_deadline_ns(w.loop) > w.now_ns)
            w.now_ns = el_loop_deadline_ns(w.loop);
        take_turns();
    }
    w.now_ns = end_ns;
}

static void come(unsigned port, unsigned lan)
{
    w.lan[port] = lan;
    assert_int_equal(el_loop_join(w.loop, port, VNI), 0);
    take_turns();
}

static void one_alone_keeps_still(void **state)
{
    (void)state;
    come(0, 1);
    pass(100);
    assert_int_equal(w.probes[0], 0);
    assert_int_equal(el_loop_join(w.loop, 1, VNI + 1), 0); /* nor is that company */
    pass(100);
    assert_int_equal(w.probes[0] + w.probes[1], 0);
    assert_int_equal(el_loop_join(w.loop, PORTS, VNI), EL_EINVAL);
}

static void two_lans_are_no_loop(void **state)
{
    (void)state;
    come(0, 1);
    come(1, 2);
    pass(100);
    assert_in_range(w.probes[0], 100 / EL_LOOP_PERIOD_S - 1, 100 / EL_LOOP_PERIOD_S + 1);
    assert_false(w.shut[0] || w.shut[1]);
}

static void who_came_later_is_blocked_at_once(void **state)
{
    struct el_loop_news news;

    (void)state;
    come(5, 1);
    pass(30);
    assert_false(el_loop_news(w.loop, &news));
    come(2, 1);
    assert_true(w.shut[2]);
    assert_false(w.shut[5]);
    assert_true(el_loop_news(w.loop, &news));
    assert_int_equal(news.port, 2);
    assert_int_equal(news.other, 5);
    assert_true(news.blocked);
    el_loop_told(w.loop, &news);
    assert_false(el_loop_news(w.loop, &news));
    pass(1000); /* and stays so, and nothing more is said */
    assert_true(w.shut[2]);
    assert_false(el_loop_news(w.loop, &news));
}

static void a_cable_that_is_pulled_opens_the_port(void **state)
{
    struct el_loop_news news;

    (void)state;
    come(0, 1);
    come(1, 1);
    assert_true(el_loop_news(w.loop, &news));
    el_loop_told(w.loop, &news);
    pass(60);
    w.lan[1] = 2;
    pass(EL_LOOP_HOLD_S - EL_LOOP_PERIOD_S);
    assert_true(w.shut[1]);
    pass(2 * EL_LOOP_PERIOD_S);
    assert_false(w.shut[1]);
    assert_true(el_loop_news(w.loop, &news));
    assert_false(news.blocked);
    el_loop_told(w.loop, &news);
    w.lan[1] = 1; /* and is put back */
    pass(EL_LOOP_PERIOD_S);
    assert_true(w.shut[1]);
}

/* Of three the first carries; when it goes, the second does. When it is back it is the last. */
static void the_next_takes_over(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        come(i, 1);
    assert_true(!w.shut[0] && w.shut[1] && w.shut[2]);
    el_loop_leave(w.loop, 0);
    w.lan[0] = NOWHERE;
    pass(EL_LOOP_HOLD_S + EL_LOOP_PERIOD_S);
    assert_true(!w.shut[1] && w.shut[2]);
    come(0, 1);
    assert_true(w.shut[0] && !w.shut[1] && w.shut[2]);
    el_loop_join(w.loop, 1, VNI); /* which it did long ago */
    pass(60);
    assert_true(w.shut[0] && !w.shut[1] && w.shut[2]);
}

static void what_is_suspicious_is_looked_at(void **state)
{
    (void)state;
    come(0, 1);
    come(1, 2);
    pass(2);
    w.lan[1] = 1; /* somebody plugs in a cable */
    take_turns();
    assert_false(w.shut[1]);
    el_loop_suspect(w.loop, w.now_ns, 1);
    take_turns();
    assert_true(w.shut[1]);

    unsigned probes = w.probes[1];
    for (unsigned i = 0; i < 1000; i++) {
        el_loop_suspect(w.loop, w.now_ns, 1);
        w.now_ns += EL_MS;
        take_turns();
    }
    assert_int_equal(w.probes[1] - probes, 1);
}

static void nobody_else_makes_probes(void **state)
{
    uint8_t frame[2 * EL_LOOP_FRAME_BYTES] = {0};

    (void)state;
    come(0, 1);
    come(1, 2);
    memcpy(frame, w.last.frame, EL_LOOP_FRAME_BYTES);
    for (unsigned bit = 0; bit < 8 * EL_LOOP_FRAME_BYTES; bit++) {
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(el_loop_shows(w.loop, w.now_ns, 0, frame, EL_LOOP_FRAME_BYTES));
        assert_int_equal(el_loop_input(w.loop, w.now_ns, 0, frame, EL_LOOP_FRAME_BYTES), EL_ENOENT);
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 14; len < EL_LOOP_FRAME_BYTES; len++)
        assert_false(el_loop_shows(w.loop, w.now_ns, 0, frame, len));
    assert_false(el_loop_shows(w.loop, w.now_ns + EL_LOOP_FRESH_S * EL_S + 1, 0, frame,
                               EL_LOOP_FRAME_BYTES)); /* it is kept for later */
    assert_false(el_loop_shows(w.loop, w.now_ns - 1, 0, frame, EL_LOOP_FRAME_BYTES));
    assert_false(el_loop_shows(w.loop, w.now_ns, 1, frame, EL_LOOP_FRAME_BYTES)); /* its own */
    assert_false(el_loop_shows(w.loop, w.now_ns, 2, frame, EL_LOOP_FRAME_BYTES));
    assert_false(el_loop_shows(w.loop, w.now_ns, PORTS, frame, EL_LOOP_FRAME_BYTES));
    assert_true(
        el_loop_shows(w.loop, w.now_ns, 0, frame, sizeof frame)); /* a bridge has padded it */
}

/* What comes again and again is not news again and again: it would stop all lanes. */
static void a_storm_is_noted_once_a_second(void **state)
{
    unsigned shown = 0;

    (void)state;
    come(0, 1);
    come(1, 1);
    w.lan[1] = NOWHERE;
    pass(EL_LOOP_PERIOD_S);
    const struct el_loop_turn probe = w.last;
    for (unsigned i = 0; i < 1000; i++) {
        bool shows = el_loop_shows(w.loop, w.now_ns, !probe.port, probe.frame, EL_LOOP_FRAME_BYTES);
        shown += shows;
        if (shows)
            assert_int_equal(
                el_loop_input(w.loop, w.now_ns, !probe.port, probe.frame, EL_LOOP_FRAME_BYTES),
                EL_ENOENT);
        w.now_ns += EL_MS;
    }
    assert_in_range(shown, 1, 2);
}

/* A number's next holder has nothing to do with the last one. */
static void who_is_forgotten_is_not_told_of(void **state)
{
    struct el_loop_news news;

    (void)state;
    come(0, 1);
    come(1, 1);
    el_loop_forget(w.loop, 1);
    w.shut[1] = false;
    assert_false(el_loop_news(w.loop, &news));
    come(1, 2);
    pass(60);
    assert_false(el_loop_news(w.loop, &news));
    come(2, 2);
    assert_true(el_loop_news(w.loop, &news));
    el_loop_told(w.loop, &news);
    el_loop_forget(w.loop, 2);
    assert_false(el_loop_news(w.loop, &news));
    el_loop_forget(w.loop, PORTS);
    el_loop_suspect(w.loop, w.now_ns, PORTS);
    assert_false(el_loop_is_blocked(w.loop, PORTS));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(one_alone_keeps_still),
        TEST(two_lans_are_no_loop),
        TEST(who_came_later_is_blocked_at_once),
        TEST(a_cable_that_is_pulled_opens_the_port),
        TEST(the_next_takes_over),
        TEST(what_is_suspicious_is_looked_at),
        TEST(nobody_else_makes_probes),
        TEST(a_storm_is_noted_once_a_second),
        TEST(who_is_forgotten_is_not_told_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switch in shared mode: lanes side by side, and what nobody can make them do. */
#include "base/time.h"
#include "unit/switch_ports.h"

#include <pthread.h>

static void shared_mode_changes_nothing(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 10 * EL_S);
    unsigned a = plain_port(sw, 77), b = plain_port(sw, 77);
    struct el_switch_out out;

    (void)state;
    assert_int_equal(ask(sw, 0, 0, a, 1, 2, &out), EL_SWITCH_NEEDS_CHANGE);
    assert_int_equal(out.count, 0);
    assert_int_equal(counted(sw), 0);
    assert_int_equal(find(sw, 0, 77, 1), EL_ENOENT);
    assert_true(el_switch_deadline_ns(sw) == EL_NEVER);

    announce(sw, 0, a, 1);
    announce(sw, 0, b, 2);
    uint64_t before = counted(sw);
    assert_int_equal(ask(sw, 1, 0, b, 1, 2, &out), EL_SWITCH_NEEDS_CHANGE); /* a move */
    assert_int_equal(find(sw, 1, 77, 1), a);
    assert_int_equal(counted(sw), before);

    /* What is known passes, and is kept alive. */
    for (unsigned s = 1; s <= 30; s++)
        assert_int_equal(ask(sw, s * EL_S, s % EL_SWITCH_LANES, a, 1, 2, &out), 0);
    assert_int_equal(find(sw, 39 * EL_S - 1, 77, 1), a);
    assert_int_equal(find(sw, 40 * EL_S, 77, 1), EL_ENOENT);
    assert_int_equal(find(sw, 10 * EL_S, 77, 2), EL_ENOENT);
    /* Also one whose time was over, at the port where it was. */
    assert_int_equal(ask(sw, 50 * EL_S, 0, b, 2, 3, &out), 0);
    assert_int_equal(find(sw, 50 * EL_S, 77, 2), b);
    assert_int_equal(ask(sw, 0, EL_SWITCH_LANES, a, 1, 2, &out), EL_EINVAL);
    el_switch_free(sw);
}

static void refused_sources_need_no_change(void **state)
{
    struct el_switch *sw = new_switch(8, 20, 0);
    unsigned hub = add_port(
        sw, (struct el_switch_port_config){.vni = 77, .protect = true, .addresses_max = 3});
    unsigned poor = add_port(
        sw, (struct el_switch_port_config){.vni = 77, .addresses_max = 2, .flood_burst = 1 << 20});
    unsigned rich = add_port(
        sw, (struct el_switch_port_config){.vni = 77, .addresses_max = 99, .flood_burst = 1 << 20});
    struct el_switch_out out;
    struct el_mac pinned = mac_of(9);

    (void)state;
    announce(sw, 0, hub, 1);
    el_switch_pin(sw, hub, &pinned);
    for (uint32_t n = 0; n < 2; n++)
        announce(sw, 0, poor, 100 + n);
    /* A port at its quota. */
    for (uint32_t n = 2; n < 1000; n++)
        assert_int_equal(ask(sw, 0, 0, poor, 100 + n, 1, &out), 0);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_NOT_LEARNED), 998);
    /* One that wants what is protected or pinned, or has no address. */
    assert_int_equal(ask(sw, 0, 0, rich, 1, 9, &out), EL_EAUTH);
    assert_int_equal(ask(sw, 0, 0, rich, 9, 1, &out), EL_EAUTH);
    assert_int_equal(el_switch_forward(sw, 0, 0, rich, &broadcast, &pinned, &out), EL_EPROTO);
    /* One that owns most of a full table. */
    for (uint32_t n = 0; n < 16; n++)
        announce(sw, 0, rich, 5000 + n);
    for (uint32_t n = 0; n < 1000; n++)
        assert_int_equal(ask(sw, 0, 0, rich, 6000 + n, 1, &out), 0);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_NOT_LEARNED), 1998);
    /* One that owns least of it takes from the others. */
    assert_int_equal(ask(sw, 0, 0, hub, 2, 1, &out), EL_SWITCH_NEEDS_CHANGE);
    el_switch_free(sw);
}

static void changes_are_limited(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 0);
    const struct el_switch_port_config config = {.vni = 77, .addresses_max = 10};
    unsigned a = add_port(sw, config), b = add_port(sw, config);
    unsigned c = plain_port(sw, 77), changes = 0;
    struct el_mac fought_over = mac_of(1), to = mac_of(2);
    struct el_switch_out out;

    (void)state;
    announce(sw, 0, c, 2);
    /* Two that call themselves the same, 10,000 times a second, for ten seconds: as many moves as
     * each has quota, and 100 a second of each. All their frames pass. */
    for (uint64_t n = 0; n < 100000; n++) {
        uint64_t now_ns = n * (EL_S / 10000);
        unsigned port = n % 2 ? a : b;
        int rc = el_switch_forward(sw, now_ns, 0, port, &fought_over, &to, &out);
        if (rc == EL_SWITCH_NEEDS_CHANGE) {
            changes++;
            rc = el_switch_forward_exclusive(sw, now_ns, 0, port, &fought_over, &to, &out);
        }
        assert_int_equal(rc, 0);
        assert_int_equal(out.ports[0], c);
    }
    assert_in_range(changes, 2010, 2022);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_MOVED), changes - 1);
    el_switch_free(sw);
}

static void answer_is_the_lanes_own(void **state)
{
    struct el_switch *sw = new_switch(8, 0, 0);
    unsigned a = plain_port(sw, 77), b = plain_port(sw, 77), c = plain_port(sw, 77);
    struct el_switch_out one, two, three;

    (void)state;
    for (unsigned n = 0; n < 3; n++)
        announce(sw, 0, (unsigned[]){a, b, c}[n], n);
    assert_int_equal(ask(sw, 1, 0, a, 0, 99, &one), 0);
    assert_int_equal(ask(sw, 1, 1, b, 1, 99, &two), 0);
    assert_int_equal(ask(sw, 1, 2, c, 2, 0, &three), 0);
    assert_int_equal(ask(sw, 1, 3, c, 2, 1, &(struct el_switch_out){0}), 0);
    el_switch_remove_port(sw, c);
    assert_int_equal(one.count, 2);
    assert_true(goes_to(&one, b) && goes_to(&one, c));
    assert_int_equal(two.count, 2);
    assert_true(goes_to(&two, a) && goes_to(&two, c));
    assert_int_equal(three.count, 1);
    assert_int_equal(three.ports[0], a);
    el_switch_free(sw);
}

/* Two threads, each with a port of its own and stations that now and then are behind the other. */

enum { THREADS = 2, THREAD_FRAMES = 100000, THREAD_STATIONS = 50 };

struct lane_thread {
    struct el_switch *sw;
    pthread_rwlock_t *gate;
    unsigned lane, port;
    unsigned wrong, needed;
};

static void *run_lane(void *arg)
{
    struct lane_thread *me = arg;

    for (uint32_t n = 0; n < THREAD_FRAMES; n++) {
        uint32_t station = n % 1000 == 999 ? 0 : 1 + me->lane * THREAD_STATIONS + n % 50;
        struct el_mac src = mac_of(station), dst = mac_of(1 + n * 7 % (2 * THREAD_STATIONS));
        uint64_t now_ns = n * EL_MS;
        struct el_switch_out out;
        pthread_rwlock_rdlock(me->gate);
        int rc = el_switch_forward(me->sw, now_ns, me->lane, me->port, &src, &dst, &out);
        pthread_rwlock_unlock(me->gate);
        if (rc == EL_SWITCH_NEEDS_CHANGE) {
            pthread_rwlock_wrlock(me->gate);
            rc = el_switch_forward_exclusive(me->sw, now_ns, me->lane, me->port, &src, &dst, &out);
            pthread_rwlock_unlock(me->gate);
            me->needed++;
        }
        for (unsigned i = 0; i < out.count; i++)
            me->wrong += out.ports[i] == me->port;
        me->wrong += rc == EL_SWITCH_NEEDS_CHANGE;
    }
    return NULL;
}

static void lanes_run_side_by_side(void **state)
{
    struct el_switch *sw = new_switch(8, 0, 0);
    pthread_rwlock_t gate = PTHREAD_RWLOCK_INITIALIZER;
    struct lane_thread lanes[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    plain_port(sw, 77);
    for (unsigned t = 0; t < THREADS; t++)
        lanes[t] =
            (struct lane_thread){.sw = sw, .gate = &gate, .lane = t, .port = plain_port(sw, 77)};
    for (unsigned t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, run_lane, &lanes[t]), 0);
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (unsigned t = 0; t < THREADS; t++) {
        assert_int_equal(lanes[t].wrong, 0);
        assert_in_range(lanes[t].needed, THREAD_STATIONS, THREAD_STATIONS + THREAD_FRAMES / 1000);
    }
    uint64_t frames =
        el_switch_count(sw, EL_SWITCH_FORWARDED) + el_switch_count(sw, EL_SWITCH_FLOODED) +
        el_switch_count(sw, EL_SWITCH_DROP_LOCAL) + el_switch_count(sw, EL_SWITCH_DROP_STORM);
    assert_int_equal(frames, THREADS * THREAD_FRAMES);
    el_switch_free(sw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_mode_changes_nothing),
        cmocka_unit_test(refused_sources_need_no_change),
        cmocka_unit_test(changes_are_limited),
        cmocka_unit_test(answer_is_the_lanes_own),
        cmocka_unit_test(lanes_run_side_by_side),
    };

    return cmocka_run_group_tests_name("switch lanes", tests, NULL, NULL);
}

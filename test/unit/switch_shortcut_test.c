/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switch of a spoke: its LAN, the hub, and a second way to some of those behind the hub. */
#include "base/time.h"
#include "unit/switch_ports.h"

enum { HERE = 1, THERE = 2, ELSEWHERE = 3, NOBODY = 99 }; /* stations */

struct spoke {
    struct el_switch *sw;
    unsigned lan, hub, direct;
};

static struct spoke new_spoke(void)
{
    struct spoke spoke = {.sw = new_switch(8, 64, 0)};

    spoke.lan = plain_port(spoke.sw, 77);
    spoke.hub = add_port(spoke.sw, (struct el_switch_port_config){.vni = 77, .isolate = true});
    spoke.direct = add_port(spoke.sw, (struct el_switch_port_config){.vni = 77, .shortcut = true});
    return spoke;
}

/* A frame from a station to itself: it is learned, and goes nowhere. */
static void say(struct spoke *spoke, uint64_t now_ns, unsigned port, uint32_t station)
{
    struct el_switch_out out;

    assert_int_equal(forward(spoke->sw, now_ns, port, station, station, &out), EL_EEXIST);
    assert_int_equal(out.count, 0);
}

static void flood_goes_to_the_hub_alone(void **state)
{
    struct spoke spoke = new_spoke();
    struct el_switch_out out;

    (void)state;
    assert_int_equal(forward(spoke.sw, 0, spoke.lan, HERE, NOBODY, &out), 0);
    assert_true(out.flooded && out.count == 1 && out.ports[0] == spoke.hub);
    el_switch_publish(spoke.sw, spoke.direct, false);
    el_switch_publish(spoke.sw, spoke.direct, true);
    announce(spoke.sw, 1, spoke.lan, HERE);
    assert_int_equal(forward(spoke.sw, 1, spoke.lan, HERE, NOBODY, &out), 0);
    assert_true(out.count == 1 && out.ports[0] == spoke.hub);
    el_switch_remove_port(spoke.sw, spoke.direct);
    assert_int_equal(forward(spoke.sw, 1, spoke.lan, HERE, NOBODY, &out), 0);
    assert_true(out.count == 1 && out.ports[0] == spoke.hub);
    el_switch_free(spoke.sw);
}

static void horizon_is_split(void **state)
{
    struct spoke spoke = new_spoke();
    struct el_switch_out out;

    (void)state;
    say(&spoke, 0, spoke.direct, THERE);
    say(&spoke, 0, spoke.hub, ELSEWHERE);
    assert_int_equal(forward(spoke.sw, 1, spoke.hub, ELSEWHERE, THERE, &out), EL_EPERM);
    assert_int_equal(forward(spoke.sw, 1, spoke.direct, THERE, ELSEWHERE, &out), EL_EPERM);
    /* What nobody knows is for the LAN alone, and so is a broadcast from the hub. */
    assert_int_equal(forward(spoke.sw, 1, spoke.direct, THERE, NOBODY, &out), 0);
    assert_true(out.count == 1 && out.ports[0] == spoke.lan);
    struct el_mac from = mac_of(ELSEWHERE);
    assert_int_equal(
        el_switch_forward_exclusive(spoke.sw, 1, 0, spoke.hub, &from, &broadcast, &out), 0);
    assert_true(out.count == 1 && out.ports[0] == spoke.lan);
    el_switch_free(spoke.sw);
}

static void group_frames_come_through_the_hub(void **state)
{
    struct spoke spoke = new_spoke();
    struct el_mac from = mac_of(THERE), multicast = {{0x01, 0x00, 0x5e, 0, 0, 1}};
    struct el_switch_out out;

    (void)state;
    assert_int_equal(
        el_switch_forward_exclusive(spoke.sw, 0, 0, spoke.direct, &from, &broadcast, &out),
        EL_EPERM);
    assert_int_equal(
        el_switch_forward_exclusive(spoke.sw, 0, 0, spoke.direct, &from, &multicast, &out),
        EL_EPERM);
    assert_int_equal(out.count, 0);
    assert_int_equal(el_switch_count(spoke.sw, EL_SWITCH_DROP_ISOLATED), 2);
    el_switch_free(spoke.sw);
}

static void address_stays_at_the_shortcut(void **state)
{
    const uint64_t hold_ns = EL_SWITCH_HOLD_S * EL_S;
    struct spoke spoke = new_spoke();
    struct el_switch_out out;

    (void)state;
    announce(spoke.sw, 0, spoke.hub, THERE);
    say(&spoke, 0, spoke.lan, HERE);
    assert_int_equal(find(spoke.sw, 0, 77, THERE), spoke.hub);
    say(&spoke, 1, spoke.direct, THERE);
    assert_int_equal(find(spoke.sw, 1, 77, THERE), spoke.direct);

    /* Its broadcasts keep coming through the hub: they pass, and move nothing. */
    announce(spoke.sw, 2, spoke.hub, THERE);
    assert_int_equal(find(spoke.sw, 2, 77, THERE), spoke.direct);
    assert_int_equal(ask(spoke.sw, 3, 0, spoke.hub, THERE, HERE, &out), 0);
    assert_true(out.count == 1 && out.ports[0] == spoke.lan);
    assert_int_equal(forward(spoke.sw, 4, spoke.lan, HERE, THERE, &out), 0);
    assert_true(out.count == 1 && out.ports[0] == spoke.direct);

    /* Heard again, it is held from then on; and no longer. */
    say(&spoke, 5 * EL_S, spoke.direct, THERE);
    announce(spoke.sw, 5 * EL_S + hold_ns - 1, spoke.hub, THERE);
    assert_int_equal(find(spoke.sw, 5 * EL_S + hold_ns - 1, 77, THERE), spoke.direct);
    announce(spoke.sw, 5 * EL_S + hold_ns, spoke.hub, THERE);
    assert_int_equal(find(spoke.sw, 5 * EL_S + hold_ns, 77, THERE), spoke.hub);
    el_switch_free(spoke.sw);
}

static void machine_comes_here(void **state)
{
    struct spoke spoke = new_spoke();

    (void)state;
    say(&spoke, 0, spoke.direct, THERE);
    announce(spoke.sw, 1, spoke.lan, THERE);
    assert_int_equal(find(spoke.sw, 1, 77, THERE), spoke.lan);
    el_switch_free(spoke.sw);
}

static void pinned_address_is_nobody_elses(void **state)
{
    struct spoke spoke = new_spoke();
    struct el_mac service = mac_of(ELSEWHERE);
    struct el_switch_out out;

    (void)state;
    assert_int_equal(el_switch_pin(spoke.sw, spoke.hub, &service), 0);
    assert_int_equal(forward(spoke.sw, 1, spoke.direct, ELSEWHERE, ELSEWHERE, &out), EL_EAUTH);
    assert_int_equal(forward(spoke.sw, 1, spoke.lan, ELSEWHERE, HERE, &out), EL_EAUTH);
    assert_int_equal(find(spoke.sw, 1, 77, ELSEWHERE), spoke.hub);
    el_switch_free(spoke.sw);
}

static void flush_forgets_what_was_learned(void **state)
{
    struct spoke spoke = new_spoke();
    struct el_mac service = mac_of(NOBODY);
    struct el_switch_out out;

    (void)state;
    for (uint32_t station = THERE; station < THERE + 20; station++)
        say(&spoke, 0, spoke.direct, station);
    say(&spoke, 0, spoke.lan, HERE);
    assert_int_equal(el_switch_pin(spoke.sw, spoke.direct, &service), 0);
    el_switch_flush(spoke.sw, spoke.direct);
    el_switch_flush(spoke.sw, 7); /* no port */
    for (uint32_t station = THERE; station < THERE + 20; station++)
        assert_int_equal(find(spoke.sw, 1, 77, station), EL_ENOENT);
    assert_int_equal(find(spoke.sw, 1, 77, HERE), spoke.lan);
    assert_int_equal(find(spoke.sw, 1, 77, NOBODY), spoke.direct);
    assert_int_equal(forward(spoke.sw, 1, spoke.lan, HERE, THERE, &out), 0);
    assert_true(out.flooded && out.count == 1 && out.ports[0] == spoke.hub);
    el_switch_free(spoke.sw);
}

static void addresses_are_listed(void **state)
{
    struct spoke spoke = new_spoke();
    struct el_mac macs[4], expected = mac_of(0x12345678);

    (void)state;
    assert_int_equal(el_switch_addresses(spoke.sw, 0, spoke.lan, macs, 4), 0);
    assert_int_equal(el_switch_addresses(spoke.sw, 0, 7, macs, 4), 0);
    say(&spoke, 0, spoke.lan, HERE);
    say(&spoke, 200 * EL_S, spoke.lan, THERE);
    say(&spoke, 201 * EL_S, spoke.lan, 0x12345678);
    say(&spoke, 201 * EL_S, spoke.hub, ELSEWHERE);
    assert_int_equal(el_switch_addresses(spoke.sw, 299 * EL_S, spoke.lan, macs, 4), 3);
    assert_true(el_mac_equal(&macs[0], &expected));
    assert_int_equal(el_switch_addresses(spoke.sw, 300 * EL_S, spoke.lan, macs, 4), 2);
    assert_int_equal(el_switch_addresses(spoke.sw, 300 * EL_S, spoke.lan, macs, 1), 1);
    assert_true(el_mac_equal(&macs[0], &expected));
    el_switch_free(spoke.sw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flood_goes_to_the_hub_alone),
        cmocka_unit_test(horizon_is_split),
        cmocka_unit_test(group_frames_come_through_the_hub),
        cmocka_unit_test(address_stays_at_the_shortcut),
        cmocka_unit_test(machine_comes_here),
        cmocka_unit_test(pinned_address_is_nobody_elses),
        cmocka_unit_test(flush_forgets_what_was_learned),
        cmocka_unit_test(addresses_are_listed),
    };

    return cmocka_run_group_tests_name("switch-shortcut", tests, NULL, NULL);
}

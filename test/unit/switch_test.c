/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The learning switch: what passes, what is learned, what is dropped, and a million random frames.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "unit/switch_ports.h"

static void learns_and_forwards(void **state)
{
    struct el_switch *sw = new_switch(8, 0, 0);
    unsigned a = plain_port(sw, 77), b = plain_port(sw, 77), c = plain_port(sw, 77);
    struct el_switch_out out;

    (void)state;
    assert_int_equal(forward(sw, 0, a, 1, 2, &out), 0);
    assert_true(out.flooded);
    assert_int_equal(out.count, 2);
    assert_true(goes_to(&out, b) && goes_to(&out, c));
    assert_int_equal(forward(sw, 1, b, 2, 1, &out), 0);
    assert_false(out.flooded);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.ports[0], a);
    assert_int_equal(forward(sw, 2, a, 1, 2, &out), 0);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.ports[0], b);

    /* Two stations behind the same port talk without us. */
    announce(sw, 3, a, 3);
    assert_true(forward(sw, 4, a, 1, 3, &out) < 0);
    assert_int_equal(out.count, 0);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_LOCAL), 1);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_LEARNED), 3);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_FORWARDED), 2);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_FLOODED), 2);
    el_switch_free(sw);
}

static void station_moves(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 0);
    unsigned a = plain_port(sw, 77), b = plain_port(sw, 77);

    (void)state;
    announce(sw, 0, a, 1);
    assert_int_equal(find(sw, 1, 77, 1), a);
    announce(sw, 1, b, 1);
    assert_int_equal(find(sw, 2, 77, 1), b);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_MOVED), 1);
    el_switch_remove_port(sw, b);
    assert_int_equal(find(sw, 3, 77, 1), EL_ENOENT);
    el_switch_free(sw);
}

static void addresses_age(void **state)
{
    struct el_switch *sw = new_switch(4, 1000, 10 * EL_S);
    unsigned a = plain_port(sw, 77), b = plain_port(sw, 77);
    struct el_switch_out out;

    (void)state;
    assert_true(el_switch_deadline_ns(sw) == EL_NEVER);
    for (uint32_t station = 0; station < 500; station++)
        announce(sw, 0, a, station);
    announce(sw, 6 * EL_S, a, 0); /* one is still there */

    /* Known to the last nanosecond, whether or not a sweep has come by. */
    assert_int_equal(find(sw, 10 * EL_S - 1, 77, 1), a);
    assert_int_equal(find(sw, 10 * EL_S, 77, 1), EL_ENOENT);
    assert_int_equal(forward(sw, 10 * EL_S, b, 600, 1, &out), 0);
    assert_true(out.flooded);

    /* The sweeps are small, and done within a quarter of the time. */
    uint64_t now_ns = 10 * EL_S;
    for (unsigned calls = 0; now_ns < 10 * EL_S + 10 * EL_S / 4 + EL_S / 10; calls++) {
        uint64_t before = el_switch_count(sw, EL_SWITCH_AGED);
        now_ns = el_switch_deadline_ns(sw);
        el_switch_age(sw, now_ns);
        if (calls > 0)
            assert_true(el_switch_count(sw, EL_SWITCH_AGED) - before <= 8);
        assert_true(el_switch_deadline_ns(sw) > now_ns);
        now_ns = el_switch_deadline_ns(sw);
    }
    assert_int_equal(el_switch_count(sw, EL_SWITCH_AGED), 499);
    assert_int_equal(find(sw, now_ns, 77, 0), a);

    /* Who comes an hour late catches up in one call. */
    announce(sw, 3600 * EL_S, a, 700);
    el_switch_age(sw, 3600 * EL_S);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_AGED), 501);
    assert_true(el_switch_deadline_ns(sw) > 3600 * EL_S);
    el_switch_age(sw, 7200 * EL_S);
    assert_true(el_switch_deadline_ns(sw) == EL_NEVER);
    el_switch_free(sw);
}

static void port_has_a_quota(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 10 * EL_S);
    unsigned attacker = add_port(
        sw, (struct el_switch_port_config){.vni = 77, .addresses_max = 10, .flood_burst = 1 << 20});
    unsigned other = plain_port(sw, 77);
    struct el_switch_out out;

    (void)state;
    announce(sw, 0, other, 1);
    for (uint32_t n = 0; n < 100000; n++) {
        assert_int_equal(forward(sw, 0, attacker, 1000 + n, 1, &out), 0);
        assert_int_equal(out.count, 1); /* what is not learned is forwarded all the same */
    }
    assert_int_equal(el_switch_count(sw, EL_SWITCH_LEARNED), 11);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_NOT_LEARNED), 99990);
    /* At its quota it cannot take over what others have, either. */
    announce(sw, 1, attacker, 1);
    assert_int_equal(find(sw, 2, 77, 1), other);
    /* Ageing gives the quota back. */
    el_switch_age(sw, 13 * EL_S);
    announce(sw, 13 * EL_S, attacker, 5);
    assert_int_equal(find(sw, 13 * EL_S, 77, 5), attacker);
    el_switch_free(sw);
}

static void full_table_takes_from_the_richest(void **state)
{
    struct el_switch *sw = new_switch(4, 1000, 0);
    const struct el_switch_port_config greedy = {
        .vni = 77, .addresses_max = 5000, .flood_burst = 1 << 20};
    unsigned attacker = add_port(sw, greedy), honest = add_port(sw, greedy);

    (void)state;
    for (uint32_t n = 0; n < 3000; n++)
        announce(sw, 0, attacker, 1000000 + n);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_LEARNED), 1000);
    for (uint32_t n = 0; n < 400; n++)
        announce(sw, 0, honest, n);
    for (uint32_t n = 0; n < 3000; n++)
        announce(sw, 0, attacker, 2000000 + n);
    for (uint32_t n = 0; n < 400; n++)
        assert_int_equal(find(sw, 1, 77, n), honest);
    /* Up to an even share, and no further. */
    for (uint32_t n = 400; n < 1000; n++)
        announce(sw, 0, honest, n);
    unsigned mine = 0;
    for (uint32_t n = 0; n < 1000; n++)
        mine += find(sw, 1, 77, n) == (int)honest;
    assert_int_equal(mine, 500);
    el_switch_free(sw);
}

static void protected_address_stays(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 10 * EL_S);
    unsigned hub = add_port(sw, (struct el_switch_port_config){.vni = 77, .protect = true});
    unsigned spoke = plain_port(sw, 77);
    struct el_switch_out out;
    struct el_mac pinned = mac_of(9);

    (void)state;
    announce(sw, 0, hub, 1);
    assert_int_equal(forward(sw, 1, spoke, 1, 2, &out), EL_EAUTH);
    assert_int_equal(out.count, 0);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_PROTECTED), 1);
    assert_int_equal(find(sw, 2, 77, 1), hub);
    /* Only while it is alive. */
    announce(sw, 11 * EL_S, spoke, 1);
    assert_int_equal(find(sw, 11 * EL_S, 77, 1), spoke);
    /* The hub takes its own back at once. */
    announce(sw, 12 * EL_S, hub, 1);
    assert_int_equal(find(sw, 12 * EL_S, 77, 1), hub);

    /* A pinned one holds for ever, also against who was there first. */
    announce(sw, 12 * EL_S, spoke, 9);
    assert_int_equal(el_switch_pin(sw, hub, &pinned), 0);
    assert_int_equal(el_switch_pin(sw, hub, &pinned), 0);
    assert_int_equal(el_switch_pin(sw, spoke, &pinned), EL_EEXIST);
    el_switch_age(sw, 1000000 * EL_S);
    assert_int_equal(forward(sw, 1000000 * EL_S, spoke, 9, 2, &out), EL_EAUTH);
    assert_int_equal(find(sw, 1000000 * EL_S, 77, 9), hub);
    assert_true(el_switch_deadline_ns(sw) == EL_NEVER);
    assert_int_equal(el_switch_pin(sw, hub, &broadcast), EL_EINVAL);
    el_switch_free(sw);
}

static void strange_addresses_are_dropped(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 0);
    unsigned a = plain_port(sw, 77);
    struct el_mac zero = {{0}}, me = mac_of(1), to = mac_of(2);
    struct el_mac reserved = {{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00}};
    struct el_switch_out out;

    (void)state;
    plain_port(sw, 77);
    assert_int_equal(el_switch_forward_exclusive(sw, 0, 0, a, &zero, &to, &out), EL_EPROTO);
    assert_int_equal(el_switch_forward_exclusive(sw, 0, 0, a, &broadcast, &to, &out), EL_EPROTO);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_SOURCE), 2);
    for (unsigned last = 0; last < 256; last++) {
        reserved.b[5] = (uint8_t)last;
        int r = el_switch_forward_exclusive(sw, 0, 0, a, &me, &reserved, &out);
        assert_int_equal(r, last < 16 ? EL_EPROTO : 0);
        assert_int_equal(out.count, last < 16 ? 0 : 1);
    }
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_RESERVED), 16);
    assert_int_equal(el_switch_forward_exclusive(sw, 0, 0, 4, &me, &to, &out), EL_EINVAL);
    assert_int_equal(el_switch_forward_exclusive(sw, 0, 0, 3, &me, &to, &out), EL_EINVAL);
    el_switch_free(sw);
}

static void storm_is_limited(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 0);
    unsigned a = add_port(
        sw, (struct el_switch_port_config){.vni = 77, .flood_per_s = 100, .flood_burst = 50});
    unsigned b = plain_port(sw, 77);
    struct el_switch_out out;
    unsigned passed = 0;

    (void)state;
    announce(sw, 0, b, 2);
    /* Ten seconds at 10,000 a second: the burst, and 100 a second. */
    for (uint64_t n = 0; n < 100000; n++) {
        struct el_mac me = mac_of(1);
        int r = el_switch_forward_exclusive(sw, n * (EL_S / 10000), 0, a, &me, &broadcast, &out);
        assert_true(r == 0 || r == EL_EAGAIN);
        passed += r == 0;
    }
    assert_in_range(passed, 1048, 1051);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_STORM), 100000 - passed);
    /* Known unicast passes, and others may flood. */
    assert_int_equal(forward(sw, 10 * EL_S, a, 1, 2, &out), 0);
    assert_int_equal(forward(sw, 10 * EL_S, b, 2, 3, &out), 0);
    assert_true(out.flooded);
    /* A pause of any length gives the burst back, and no more than that. */
    passed = 0;
    for (unsigned n = 0; n < 100; n++)
        passed += forward(sw, 86400 * EL_S, a, 1, 9, &out) == 0;
    assert_int_equal(passed, 50);
    el_switch_free(sw);
}

static void flood_costs_its_copies(void **state)
{
    struct el_switch *sw = new_switch(64, 0, 0);
    const struct el_switch_port_config config = {.vni = 77, .flood_per_s = 10, .flood_burst = 4};
    unsigned ports[40], passed = 0;
    struct el_switch_out out;
    struct el_mac me = mac_of(1);

    (void)state;
    /* 16 others: each frame counts as one. */
    for (unsigned p = 0; p <= EL_SWITCH_FLOOD_COPIES; p++)
        ports[p] = add_port(sw, config);
    for (unsigned n = 0; n < 10; n++)
        passed += lane_forward(sw, 0, 0, ports[0], &me, &broadcast, &out) == 0;
    assert_int_equal(passed, 4);
    assert_int_equal(out.count, 0);
    /* 39 others: as three. The fourth token pays for a frame, and leaves a debt of two. */
    for (unsigned p = EL_SWITCH_FLOOD_COPIES + 1; p < 40; p++)
        ports[p] = add_port(sw, config);
    assert_int_equal(lane_forward(sw, EL_S, 0, ports[0], &me, &broadcast, &out), 0);
    assert_int_equal(out.count, 39);
    assert_int_equal(lane_forward(sw, EL_S, 0, ports[0], &me, &broadcast, &out), 0);
    assert_int_equal(lane_forward(sw, EL_S, 0, ports[0], &me, &broadcast, &out), EL_EAGAIN);
    uint64_t free_ns = EL_S + 3 * EL_S / 10;
    assert_int_equal(lane_forward(sw, free_ns - 1, 0, ports[0], &me, &broadcast, &out), EL_EAGAIN);
    assert_int_equal(lane_forward(sw, free_ns, 0, ports[0], &me, &broadcast, &out), 0);
    el_switch_free(sw);
}

static void gate_opens_and_closes(void **state)
{
    struct el_switch *sw = new_switch(4, 0, 0);
    unsigned a = plain_port(sw, 77), b = plain_port(sw, 77), c = plain_port(sw, 77);
    struct el_switch_out out;

    (void)state;
    announce(sw, 0, a, 1);
    announce(sw, 0, b, 2);
    el_switch_publish(sw, b, false);
    el_switch_publish(sw, b, false);
    assert_int_equal(forward(sw, 1, b, 2, 1, &out), EL_EPERM);
    assert_int_equal(forward(sw, 1, a, 1, 2, &out), EL_EPERM);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_GATE), 2);
    assert_int_equal(forward(sw, 1, a, 1, 99, &out), 0);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.ports[0], c);
    el_switch_publish(sw, b, true);
    assert_int_equal(forward(sw, 2, a, 1, 99, &out), 0);
    assert_int_equal(out.count, 2);
    assert_int_equal(forward(sw, 2, a, 1, 2, &out), 0);
    assert_int_equal(out.ports[0], b);
    el_switch_free(sw);
}

static void isolated_ports_do_not_meet(void **state)
{
    struct el_switch *sw = new_switch(8, 0, 0);
    const struct el_switch_port_config isolated = {.vni = 77, .isolate = true};
    unsigned hub = plain_port(sw, 77);
    unsigned a = add_port(sw, isolated), b = add_port(sw, isolated);
    struct el_switch_out out;

    (void)state;
    announce(sw, 0, hub, 1);
    announce(sw, 0, a, 2);
    announce(sw, 0, b, 3);
    assert_int_equal(forward(sw, 1, a, 2, 99, &out), 0);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.ports[0], hub);
    assert_int_equal(forward(sw, 1, a, 2, 3, &out), EL_EPERM);
    assert_int_equal(el_switch_count(sw, EL_SWITCH_DROP_ISOLATED), 1);
    assert_int_equal(forward(sw, 1, a, 2, 1, &out), 0);
    assert_int_equal(out.ports[0], hub);
    assert_int_equal(forward(sw, 1, hub, 1, 3, &out), 0);
    assert_int_equal(out.ports[0], b);
    assert_int_equal(forward(sw, 1, hub, 1, 99, &out), 0);
    assert_int_equal(out.count, 2);
    el_switch_free(sw);
}

static void capacities_are_kept(void **state)
{
    struct el_switch *sw = NULL;
    const struct el_switch_config bad[] = {{.ports_max = 1},
                                           {.ports_max = EL_SWITCH_PORTS_MAX + 1},
                                           {.ports_max = 8, .addresses_max = (1 << 20) + 1},
                                           {.ports_max = 8, .ageing_ns = 10 * EL_S - 1},
                                           {.ports_max = 8, .ageing_ns = 86401 * EL_S}};
    struct el_switch_port_config config = {.vni = EL_SWITCH_VNI_MAX + 1};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(el_switch_new(&bad[i], &sw), EL_EINVAL);

    sw = new_switch(EL_SWITCH_PORTS_MAX, 0, 0);
    assert_int_equal(el_switch_add_port(sw, &config), EL_EINVAL);
    for (config.vni = 0; config.vni < EL_SWITCH_NETWORKS_MAX; config.vni++)
        plain_port(sw, config.vni);
    assert_int_equal(el_switch_add_port(sw, &config), EL_EFULL); /* a network too many */
    for (unsigned n = EL_SWITCH_NETWORKS_MAX; n < EL_SWITCH_PORTS_MAX; n++)
        plain_port(sw, n % EL_SWITCH_NETWORKS_MAX);
    config.vni = 0;
    assert_int_equal(el_switch_add_port(sw, &config), EL_EFULL);
    /* A number is free again after its port is gone, with nothing left of it. */
    announce(sw, 0, 4000, 1);
    el_switch_remove_port(sw, 4000);
    el_switch_remove_port(sw, 4000);
    el_switch_remove_port(sw, EL_SWITCH_PORTS_MAX);
    assert_int_equal(el_switch_add_port(sw, &config), 4000);
    assert_int_equal(find(sw, 1, 4000 % EL_SWITCH_NETWORKS_MAX, 1), EL_ENOENT);
    el_switch_free(sw);
    el_switch_free(NULL);
}

/* -- a million random frames, against a model that is too slow to be wrong -- */

enum {
    WORLD_PORTS = 40,
    WORLD_NETWORKS = 4,
    WORLD_STATIONS = 64,
    WORLD_FRAMES = 1000000,
    WORLD_AGEING_S = 10,
};

struct world_port {
    bool used, published, isolate;
    unsigned network;
};

struct heard {
    unsigned port;
    uint64_t seen_ns;
    bool known;
};

struct world {
    struct el_switch *sw;
    bool lanes; /* frames come to lanes; else all is exclusive */
    struct world_port ports[WORLD_PORTS];
    /* By network and station: where it was heard last. The same stations in every network. */
    struct heard heard[WORLD_NETWORKS][WORLD_STATIONS];
};

static void change_a_port(struct world *world)
{
    unsigned port = el_random_below(WORLD_PORTS);
    struct world_port *p = &world->ports[port];

    if (p->used && el_random_below(2) == 0) {
        p->published = !p->published;
        el_switch_publish(world->sw, port, p->published);
    } else if (p->used) {
        el_switch_remove_port(world->sw, port);
        for (unsigned s = 0; s < WORLD_STATIONS; s++)
            if (world->heard[p->network][s].port == port)
                world->heard[p->network][s].known = false;
        p->used = false;
    } else {
        struct world_port made = {true, el_random_below(8) > 0, el_random_below(4) == 0,
                                  el_random_below(WORLD_NETWORKS)};
        int number = el_switch_add_port(world->sw,
                                        &(struct el_switch_port_config){.vni = 100 + made.network,
                                                                        .flood_per_s = 1 << 30,
                                                                        .flood_burst = 1 << 30,
                                                                        .published = made.published,
                                                                        .isolate = made.isolate});
        assert_in_range(number, 0, WORLD_PORTS - 1);
        assert_false(world->ports[number].used);
        world->ports[number] = made;
    }
}

static bool may_pass(const struct world *world, unsigned from, unsigned to)
{
    const struct world_port *a = &world->ports[from], *b = &world->ports[to];

    return a->used && b->used && a->published && b->published && a->network == b->network &&
           from != to && !(a->isolate && b->isolate);
}

static void send_a_frame(struct world *world, uint64_t now_ns)
{
    unsigned port = el_random_below(WORLD_PORTS);
    unsigned src = el_random_below(WORLD_STATIONS), dst = el_random_below(WORLD_STATIONS);
    bool group = el_random_below(8) == 0;
    const struct world_port *from = &world->ports[port];
    struct el_mac src_mac = mac_of(src), dst_mac = group ? broadcast : mac_of(dst);
    struct el_switch_out out;

    int r = world->lanes
                ? lane_forward(world->sw, now_ns, el_random_below(EL_SWITCH_LANES), port, &src_mac,
                               &dst_mac, &out)
                : el_switch_forward_exclusive(world->sw, now_ns, 0, port, &src_mac, &dst_mac, &out);
    if (!from->used || !from->published) {
        assert_true(r < 0 && out.count == 0);
        return;
    }
    struct heard *heard = &world->heard[from->network][src];
    if (!world->lanes || !heard->known || heard->port != port || now_ns > heard->seen_ns + EL_S)
        *heard = (struct heard){port, now_ns, true};

    bool known = !group && world->heard[from->network][dst].known &&
                 now_ns < world->heard[from->network][dst].seen_ns + WORLD_AGEING_S * EL_S;
    if (known) {
        unsigned to = world->heard[from->network][dst].port;
        assert_int_equal(r == 0, may_pass(world, port, to));
        assert_int_equal(out.count, r == 0 ? 1 : 0);
        if (r == 0)
            assert_int_equal(out.ports[0], to);
        return;
    }
    assert_int_equal(r, 0);
    assert_true(out.flooded);
    bool got[WORLD_PORTS] = {false};
    for (unsigned i = 0; i < out.count; i++) {
        assert_false(got[out.ports[i]]);
        got[out.ports[i]] = true;
    }
    for (unsigned p = 0; p < WORLD_PORTS; p++)
        assert_int_equal(got[p], may_pass(world, port, p));
}

static void random_frames(bool lanes)
{
    static struct world world;
    uint64_t now_ns = 0;

    el_random_seed_for_test(7348);
    world = (struct world){.lanes = lanes};
    world.sw = new_switch(WORLD_PORTS, 512, WORLD_AGEING_S * EL_S);
    for (unsigned n = 0; n < WORLD_FRAMES; n++) {
        now_ns += el_random_below(50) * EL_MS;
        if (el_random_below(100) == 0)
            change_a_port(&world);
        if (el_switch_deadline_ns(world.sw) <= now_ns && el_random_below(4) == 0)
            el_switch_age(world.sw, now_ns);
        send_a_frame(&world, now_ns);
    }
    assert_true(el_switch_count(world.sw, EL_SWITCH_AGED) > 100);
    assert_true(el_switch_count(world.sw, EL_SWITCH_MOVED) > 1000);
    assert_true(el_switch_count(world.sw, EL_SWITCH_FORWARDED) > 10000);
    assert_true(el_switch_count(world.sw, EL_SWITCH_FLOODED) > 10000);
    el_switch_free(world.sw);
}

static void million_random_frames(void **state)
{
    (void)state;
    random_frames(false);
}

static void million_random_frames_in_lanes(void **state)
{
    (void)state;
    random_frames(true);
}

static void counters_have_names(void **state)
{
    (void)state;
    for (enum el_switch_counter c = 0; c < EL_SWITCH_COUNTERS; c++)
        assert_true(strlen(el_switch_counter_name(c)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_and_forwards),
        cmocka_unit_test(station_moves),
        cmocka_unit_test(addresses_age),
        cmocka_unit_test(port_has_a_quota),
        cmocka_unit_test(full_table_takes_from_the_richest),
        cmocka_unit_test(protected_address_stays),
        cmocka_unit_test(strange_addresses_are_dropped),
        cmocka_unit_test(storm_is_limited),
        cmocka_unit_test(flood_costs_its_copies),
        cmocka_unit_test(gate_opens_and_closes),
        cmocka_unit_test(isolated_ports_do_not_meet),
        cmocka_unit_test(capacities_are_kept),
        cmocka_unit_test(million_random_frames),
        cmocka_unit_test(million_random_frames_in_lanes),
        cmocka_unit_test(counters_have_names),
    };

    return cmocka_run_group_tests_name("switch", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases of spokes on each other: who gets one, how long it lives, and what ends it. */
#include "hub/hub_direct.h"
#include "tunnel/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

enum { NOW = 1790000000, BOOT = 77, LAB = 78, NUDGES_MAX = 64, SPOKES = 40 };

static struct {
    struct el_registry *registry;
    struct el_hub_direct *direct;
    uint8_t keys[SPOKES][32];
    unsigned nudged[SPOKES];
    bool away[SPOKES], tcp[SPOKES], portless[SPOKES];
    uint16_t port; /* beyond the usual one */
} w;

static unsigned number_of(const uint8_t key[32])
{
    for (unsigned i = 0; i < SPOKES; i++)
        if (memcmp(w.keys[i], key, 32) == 0)
            return i;
    fail();
    return 0;
}

static int where(void *arg, const uint8_t key[32], struct el_endpoint *endpoint)
{
    unsigned number = number_of(key);

    (void)arg;
    *endpoint =
        (struct el_endpoint){.ip = el_ip4(0xcb007100 + number), .port = (uint16_t)(40000 + w.port)};
    if (w.tcp[number])
        endpoint->carrier = EL_CARRIER_TCP;
    if (w.portless[number])
        endpoint->port = 0;
    return w.away[number] ? EL_ENOENT : 0;
}

static void nudge(void *arg, const struct el_ip *ip)
{
    (void)arg;
    for (unsigned i = 0; i < SPOKES; i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_by_key(w.registry, w.keys[i]);
        if (spoke && el_ip_equal(&spoke->ip, ip))
            w.nudged[i]++;
    }
}

static void add_spoke(unsigned number, enum el_tunnel_wire wire)
{
    uint8_t private_key[32], enrolment[32], psk[32] = {1};
    char name[16];
    struct el_err err = {""};
    enum el_registry_verdict verdict;
    const struct el_registry_spoke *spoke;

    snprintf(name, sizeof name, "spoke%u", number);
    el_tunnel_key_make(private_key);
    el_tunnel_key_public(private_key, enrolment);
    el_tunnel_key_make(private_key);
    el_tunnel_key_public(private_key, w.keys[number]);
    struct el_registry_token_request token = {.name = name,
                                              .enrolment_key = enrolment,
                                              .ip = el_ip4(0x64500001 + number),
                                              .expires_s = NOW + 60};
    assert_int_equal(el_registry_token_create(w.registry, &token, NOW, &err), 0);
    struct el_registry_redemption redemption = {.enrolment_key = enrolment,
                                                .key = w.keys[number],
                                                .psk = psk,
                                                .preferred = el_ip4(0x64600001 + number),
                                                .wire = (uint8_t)wire};
    assert_int_equal(el_registry_redeem(w.registry, &redemption, NOW, &verdict, &spoke, &err), 0);
    assert_int_equal(verdict, EL_REGISTRY_IS_ENROLLED);
}

static void add_network(const char *name, uint32_t vni, enum el_registry_to_all to_all)
{
    struct el_registry_network_request request = {
        .name = name, .vni = vni, .cidr = {el_ip4(0xc0a84d00), 24}, .to_all = to_all};
    struct el_err err = {""};

    assert_int_equal(el_registry_network_create(w.registry, &request, NOW, &err), 0);
}

static void publish(const char *network, unsigned spoke, bool published)
{
    char name[16];
    struct el_err err = {""};

    snprintf(name, sizeof name, "spoke%u", spoke);
    struct el_registry_publication publication = {
        .network = network, .spoke = name, .published = published};
    assert_int_equal(el_registry_publish(w.registry, &publication, NOW, &err), 0);
}

static int begin(void **state)
{
    struct el_registry_observer nobody = {NULL, NULL, NULL};
    struct el_hub_direct_config config = {.where = where, .nudge = nudge};
    struct el_err err = {""};

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(el_registry_new(NULL, &nobody, &w.registry, &err), 0);
    config.registry = w.registry;
    assert_int_equal(el_hub_direct_new(&config, &w.direct, &err), 0);
    add_network("boot", BOOT, EL_REGISTRY_TO_PUBLISHED);
    for (unsigned i = 0; i < 4; i++)
        add_spoke(i, i == 3 ? EL_TUNNEL_STANDARD : i == 2 ? EL_TUNNEL_COMPACT : EL_TUNNEL_FAST);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_hub_direct_free(w.direct);
    el_registry_free(w.registry);
    return 0;
}

static unsigned leases_of(unsigned spoke, int64_t now_s,
                          struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE])
{
    return el_hub_direct_leases(w.direct, w.keys[spoke], now_s, leases);
}

static unsigned count_of(unsigned spoke)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];

    return leases_of(spoke, NOW, leases);
}

static void relay(unsigned from, unsigned to, int64_t now_s)
{
    el_hub_direct_relayed(w.direct, w.keys[from], w.keys[to], now_s);
}

static void both_get_the_same(void **state)
{
    struct el_hub_direct_lease a[EL_HUB_DIRECT_OF_SPOKE], b[EL_HUB_DIRECT_OF_SPOKE];

    (void)state;
    relay(0, 1, NOW);
    assert_int_equal(leases_of(0, NOW + 10, a), 1);
    assert_int_equal(leases_of(1, NOW + 10, b), 1);
    assert_string_equal(a[0].peer->name, "spoke1");
    assert_string_equal(b[0].peer->name, "spoke0");
    assert_memory_equal(a[0].psk, b[0].psk, 32);
    static const uint8_t none[32];
    assert_memory_not_equal(a[0].psk, none, 32);
    assert_int_equal(a[0].wire, EL_TUNNEL_FAST);
    assert_int_equal(a[0].endpoint.ip.b[3], 1);
    assert_int_equal(b[0].endpoint.ip.b[3], 0);
    assert_int_equal(a[0].left_s, EL_HUB_DIRECT_LEASE_S - 10);
    assert_true(a[0].network_count == 1 && a[0].networks[0] == BOOT);
    assert_false(a[0].live);
    assert_int_equal(w.nudged[0], 1);
    assert_int_equal(w.nudged[1], 1);
    relay(1, 0, NOW + 1); /* the other way round it is the same one */
    assert_int_equal(count_of(0), 1);
    assert_int_equal(w.nudged[0], 1);
    relay(0, 2, NOW);
    assert_int_equal(leases_of(2, NOW, b), 1);
    assert_int_equal(b[0].wire, EL_TUNNEL_COMPACT);
    assert_memory_not_equal(b[0].psk, a[0].psk, 32);
    assert_int_equal(count_of(0), 2);
}

static void not_everybody_gets_one(void **state)
{
    static const uint8_t stranger[32] = {1};

    (void)state;
    relay(0, 0, NOW);
    relay(0, 3, NOW); /* plain WireGuard */
    el_hub_direct_relayed(w.direct, w.keys[0], stranger, NOW);
    w.away[1] = true;
    relay(0, 1, NOW);
    w.away[1] = false;
    w.tcp[1] = true;
    relay(0, 1, NOW); /* nobody else can call it there */
    w.tcp[1] = false;
    publish("boot", 1, false);
    relay(1, 0, NOW);
    add_network("lab", LAB, EL_REGISTRY_TO_UNPUBLISHED);
    publish("lab", 1, true); /* and to nobody else */
    relay(1, 0, NOW);
    assert_int_equal(count_of(0) + count_of(1) + count_of(3), 0);
    publish("lab", 0, true);
    relay(1, 0, NOW);
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];
    assert_int_equal(leases_of(0, NOW, leases), 1);
    assert_true(leases[0].network_count == 1 && leases[0].networks[0] == LAB);
}

static void used_ones_live_on(void **state)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];
    int64_t now = NOW;

    (void)state;
    relay(0, 1, now);
    assert_int_equal(el_hub_direct_report(w.direct, w.keys[0], w.keys[1], true, false, now), 0);
    leases_of(0, now, leases);
    assert_false(leases[0].live); /* the other has not said so */
    assert_int_equal(el_hub_direct_report(w.direct, w.keys[1], w.keys[0], true, true, now), 0);
    leases_of(0, now, leases);
    assert_true(leases[0].live);
    for (unsigned i = 0; i < 20; i++) {
        now += EL_HUB_DIRECT_LEASE_S / 2;
        assert_int_equal(
            el_hub_direct_report(w.direct, w.keys[i % 2], w.keys[!(i % 2)], true, true, now), 0);
        el_hub_direct_tick(w.direct, now);
        assert_int_equal(count_of(0), 1);
    }
    assert_true(el_hub_direct_deadline_s(w.direct) == now + EL_HUB_DIRECT_LEASE_S);
    el_hub_direct_report(w.direct, w.keys[0], w.keys[1], true, false, now + 30); /* not used */
    el_hub_direct_tick(w.direct, now + EL_HUB_DIRECT_LEASE_S - 1);
    assert_int_equal(count_of(0), 1);
    unsigned before = w.nudged[1];
    el_hub_direct_tick(w.direct, now + EL_HUB_DIRECT_LEASE_S);
    assert_int_equal(count_of(0), 0);
    assert_int_equal(w.nudged[1], before + 1);
    assert_int_equal(el_hub_direct_report(w.direct, w.keys[0], w.keys[1], true, true, now),
                     EL_ENOENT);
    assert_true(el_hub_direct_deadline_s(w.direct) == INT64_MAX);
    relay(0, 1, now + 100); /* wanted again */
    assert_int_equal(count_of(0), 1);
}

static void failures_are_not_repeated(void **state)
{
    int64_t failed = NOW + EL_HUB_DIRECT_LEASE_S;

    (void)state;
    relay(0, 1, NOW);
    el_hub_direct_report(w.direct, w.keys[0], w.keys[1], true, true, NOW + 30); /* one alone */
    el_hub_direct_tick(w.direct, failed);
    assert_int_equal(count_of(0), 0);
    relay(0, 1, failed + 10);
    relay(1, 0, failed + EL_HUB_DIRECT_AGAIN_S - 1);
    assert_int_equal(count_of(0), 0);
    assert_true(el_hub_direct_deadline_s(w.direct) == failed + EL_HUB_DIRECT_AGAIN_S);
    el_hub_direct_tick(w.direct, failed + EL_HUB_DIRECT_AGAIN_S);
    assert_int_equal(w.nudged[0], 2); /* granted, and ended */
    relay(0, 1, failed + EL_HUB_DIRECT_AGAIN_S);
    assert_int_equal(count_of(0), 1);
}

static void what_may_not_be_ends_at_once(void **state)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];
    struct el_err err = {""};

    (void)state;
    add_network("lab", LAB, EL_REGISTRY_TO_PUBLISHED);
    relay(0, 1, NOW);
    leases_of(0, NOW, leases);
    assert_int_equal(leases[0].network_count, 2);
    el_hub_direct_revise(w.direct, NOW);
    assert_int_equal(w.nudged[0], 1); /* nothing has changed */
    publish("lab", 1, false);
    el_hub_direct_revise(w.direct, NOW);
    leases_of(0, NOW, leases);
    assert_true(leases[0].network_count == 1 && leases[0].networks[0] == BOOT);
    assert_int_equal(w.nudged[0], 2);
    publish("boot", 0, false);
    el_hub_direct_revise(w.direct, NOW);
    assert_int_equal(count_of(0) + count_of(1), 0);
    assert_int_equal(w.nudged[1], 3);

    publish("boot", 0, true);
    relay(0, 1, NOW);
    relay(0, 2, NOW);
    assert_int_equal(count_of(0), 2);
    assert_int_equal(el_registry_revoke(w.registry, "spoke0", NOW, &err), 0);
    el_hub_direct_revise(w.direct, NOW);
    assert_int_equal(count_of(0) + count_of(1) + count_of(2), 0);
    assert_int_equal(w.nudged[2], 2);
    relay(0, 1, NOW);
    assert_int_equal(count_of(1), 0);
}

static void who_moves_is_told_of(void **state)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];

    (void)state;
    relay(0, 1, NOW);
    el_hub_direct_moved(w.direct, w.keys[1]); /* it has not */
    el_hub_direct_moved(w.direct, w.keys[2]); /* nobody calls it */
    assert_int_equal(w.nudged[0], 1);
    w.port = 7;
    el_hub_direct_moved(w.direct, w.keys[1]);
    el_hub_direct_moved(w.direct, w.keys[1]);
    assert_int_equal(w.nudged[0], 2);
    assert_int_equal(w.nudged[1], 1);
    leases_of(0, NOW, leases);
    assert_int_equal(leases[0].endpoint.port, 40007);
    w.away[1] = true;
    el_hub_direct_moved(w.direct, w.keys[1]);
    assert_int_equal(w.nudged[0], 2);
    leases_of(0, NOW, leases);
    assert_int_equal(leases[0].endpoint.ip.family, 0);
}

/* Such an endpoint would spoil all that the other one is told. */
static void who_sends_from_port_0_is_nowhere(void **state)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];

    (void)state;
    relay(0, 1, NOW);
    w.portless[1] = true;
    el_hub_direct_moved(w.direct, w.keys[1]);
    assert_int_equal(w.nudged[0], 1);
    leases_of(0, NOW, leases);
    assert_int_equal(leases[0].endpoint.ip.family, 0);
    relay(2, 1, NOW);
    assert_int_equal(count_of(2), 0);
}

static void a_clock_that_is_set_back_makes_no_lease_longer(void **state)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];
    int64_t before = NOW - 3600;

    (void)state;
    relay(0, 1, NOW);
    leases_of(0, before, leases);
    assert_int_equal(leases[0].left_s, EL_HUB_DIRECT_LEASE_S);
    el_hub_direct_tick(w.direct, before);
    assert_true(el_hub_direct_deadline_s(w.direct) == before + EL_HUB_DIRECT_LEASE_S);
    el_hub_direct_tick(w.direct, before + EL_HUB_DIRECT_LEASE_S);
    assert_int_equal(count_of(0), 0);
    el_hub_direct_tick(w.direct, before - 3600); /* it has failed */
    assert_true(el_hub_direct_deadline_s(w.direct) == before - 3600 + EL_HUB_DIRECT_AGAIN_S);
}

static void nobody_gets_too_many(void **state)
{
    (void)state;
    for (unsigned i = 4; i < SPOKES; i++) {
        add_spoke(i, EL_TUNNEL_COMPACT);
        relay(0, i, NOW);
    }
    assert_int_equal(count_of(0), EL_HUB_DIRECT_OF_SPOKE);
    assert_int_equal(count_of(SPOKES - 1), 0);
    relay(SPOKES - 1, 1, NOW);
    assert_int_equal(count_of(SPOKES - 1), 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(both_get_the_same),
        test(not_everybody_gets_one),
        test(used_ones_live_on),
        test(failures_are_not_repeated),
        test(what_may_not_be_ends_at_once),
        test(nobody_gets_too_many),
        test(who_moves_is_told_of),
        test(who_sends_from_port_0_is_nowhere),
        test(a_clock_that_is_set_back_makes_no_lease_longer),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

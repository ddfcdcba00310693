/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wire forms: what they carry, and that both sides have to mean the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/tunnel_world.h"
#include "tunnel/suite.h"
#include "tunnel_hex.h"

static struct world world;
static struct el_tunnel_peer *a_to_b, *b_to_a;

static struct node *const a = &world.nodes[0];
static struct node *const b = &world.nodes[1];

/* Whether this computer and this build can do it. */
static bool possible(enum el_tunnel_wire wire)
{
    return el_tunnel_wire_check(wire, NULL) == 0;
}

/* A calls B; each has its form for the other. */
static void begin(enum el_tunnel_wire of_a, enum el_tunnel_wire of_b)
{
    world_begin(&world, 1);
    a->wire = of_a;
    b->wire = of_b;
    world_start(&world, 0);
    world_start(&world, 1);
    a_to_b = world_introduce(&world, 0, 1, true, 0);
    b_to_a = world_introduce(&world, 1, 0, false, 0);
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, EL_S);
}

static void what_this_computer_can_do(void **state)
{
    struct el_err err = {""};

    (void)state;
    assert_true(possible(EL_TUNNEL_STANDARD));
    assert_true(possible(EL_TUNNEL_COMPACT));
    assert_int_equal(el_tunnel_wire_check(EL_TUNNEL_WIRES, &err), EL_EINVAL);
    if (el_tunnel_aegis128l_in_hardware()) {
        assert_true(possible(EL_TUNNEL_FAST));
        return;
    }
    /* A peer that nothing could be sent to is refused with a way out. */
    struct el_tunnel_peer_config config = {.name = "b", .wire = EL_TUNNEL_FAST};
    begin(EL_TUNNEL_STANDARD, EL_TUNNEL_STANDARD);
    memcpy(config.public_key, world.nodes[2].public_key, sizeof config.public_key);
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &a_to_b, &err), EL_ENOTSUP);
    assert_non_null(strstr(err.text, "wire=compact"));
    world_end(&world);
}

/* BLAKE2s in keyed mode over the label; computed by another implementation. */
static void the_form_goes_into_the_pre_shared_key(void **state)
{
    static const struct {
        enum el_tunnel_wire wire;
        const char *of_counting, *of_none;
    } rows[] = {
        {EL_TUNNEL_STANDARD, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {EL_TUNNEL_COMPACT, "ec439bf0c8893861691a371db56befb51f76939895daac455609a634cfcf7b2c",
         "2c8d5f47f7afc938bc36b223553bb1bbf4c552b707effeb680d684b6c23d6413"},
        {EL_TUNNEL_FAST, "eece381674d39389643a34e960abc993bc318722818ce506e47bd1dc0f62fe77",
         "d10e27095d9a6b0d5d1b0b294dfbea626cb9eda4b741c079dd228040f7af1e04"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t psk[32], none[32] = {0};
        memcpy(psk, hex(rows[0].of_counting), sizeof psk);
        el_tunnel_suite_bind(el_tunnel_suite(rows[i].wire), psk);
        assert_hex_equal(psk, rows[i].of_counting);
        el_tunnel_suite_bind(el_tunnel_suite(rows[i].wire), none);
        assert_hex_equal(none, rows[i].of_none);
    }
}

static void sides_that_agree_have_a_session(void **state)
{
    (void)state;
    for (enum el_tunnel_wire wire = 0; wire < EL_TUNNEL_WIRES; wire++) {
        if (!possible(wire))
            continue;
        begin(wire, wire);
        assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
        assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
        assert_int_equal(el_tunnel_peer_wire(a_to_b), wire);
        assert_true(world_talk(&world, 0, 1, a_to_b, 1000) > 0);
        assert_true(world_talk(&world, 1, 0, b_to_a, 1001) > 0);
        world_wait(&world, EL_S);
        assert_int_equal(a->got, 1);
        assert_int_equal(b->got, 1);
        assert_int_equal(a->events[EL_TUNNEL_REFUSED], 0);
        world_end(&world);
    }
}

static void sides_that_differ_have_none_and_say_so(void **state)
{
    (void)state;
    for (enum el_tunnel_wire of_a = 0; of_a < EL_TUNNEL_WIRES; of_a++)
        for (enum el_tunnel_wire of_b = 0; of_b < EL_TUNNEL_WIRES; of_b++) {
            if (of_a == of_b || !possible(of_a) || !possible(of_b))
                continue;
            begin(of_a, of_b);
            assert_int_equal(a->events[EL_TUNNEL_REFUSED], 1);
            assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_DROP_REFUSED), 1);
            world_wait(&world, 55 * EL_S); /* it tries on, */
            assert_in_range(el_tunnel_count(a->tunnel, EL_TUNNEL_DROP_REFUSED), 9, 12);
            assert_int_equal(a->events[EL_TUNNEL_REFUSED], 1);
            world_wait(&world, 15 * EL_S); /* and says it once a minute */
            assert_int_equal(a->events[EL_TUNNEL_REFUSED], 2);
            assert_false(el_tunnel_peer_is_up(a_to_b, world.now_ns));
            assert_false(el_tunnel_peer_is_up(b_to_a, world.now_ns));
            assert_int_equal(world_talk(&world, 0, 1, a_to_b, 100), EL_EAGAIN);
            world_end(&world);
        }
}

/* B opens what A sealed, in a block of exactly its size. */
static int open_at_b(const uint8_t *sealed, int len, uint8_t *plain, size_t *plain_len)
{
    struct el_tunnel_packet packet = {0};
    uint8_t *copy = malloc((size_t)len);

    memcpy(copy, sealed, (size_t)len);
    int result = el_tunnel_open(b->tunnel, world.now_ns, &a->at, copy, (size_t)len, &packet);
    if (result == 1) {
        assert_true(packet.bytes >= copy && packet.bytes + packet.len <= copy + len);
        memcpy(plain, packet.bytes, packet.len);
        *plain_len = packet.len;
    }
    free(copy);
    return result;
}

/* What does not begin like IP comes out as it went in, to the byte; nothing is added but header and
 * tag. */
static void anything_but_ip_passes_whole(void **state)
{
    (void)state;
    for (enum el_tunnel_wire wire = EL_TUNNEL_COMPACT; wire < EL_TUNNEL_WIRES; wire++) {
        if (!possible(wire))
            continue;
        begin(wire, wire);
        size_t overhead = wire == EL_TUNNEL_FAST ? 48 : 32;
        assert_int_equal(el_tunnel_peer_overhead(a_to_b), overhead);
        assert_int_equal(el_tunnel_peer_padding(a_to_b), 1);
        for (size_t len = 1; len < 1600; len++) {
            uint8_t bytes[1700], before[1700], sealed[1700], plain[1700];
            size_t plain_len = 0;
            memset(bytes, (int)len, sizeof bytes);
            bytes[0] = (uint8_t)(len * 16 + 8);
            memcpy(before, bytes, sizeof before);
            int n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, bytes, len);
            assert_int_equal(n, len + overhead);
            assert_int_equal(n, el_tunnel_peer_sealed_bytes(a_to_b, len));
            assert_memory_equal(bytes, before, sizeof before);
            bool like_ip = bytes[0] >> 4 == 4 || bytes[0] >> 4 == 6;
            int result = open_at_b(sealed, n, plain, &plain_len);
            assert_true(like_ip ? result < 0 : result == 1);
            assert_int_equal(plain_len, like_ip ? 0 : len);
            assert_memory_equal(plain, before, plain_len);
        }
        world_end(&world);
    }
}

/* IP packets are looked at in every form. */
static void ip_is_checked_in_every_form(void **state)
{
    (void)state;
    for (enum el_tunnel_wire wire = 0; wire < EL_TUNNEL_WIRES; wire++) {
        if (!possible(wire))
            continue;
        begin(wire, wire);
        uint8_t packet[200], sealed[300], plain[300];
        size_t len = 0;
        world_packet(packet, 100, 0, 1);
        int n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 100);
        assert_int_equal(open_at_b(sealed, n, plain, &len), 1);
        assert_int_equal(len, 100);
        packet[15] ^= 1; /* somebody else's address */
        n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 100);
        assert_int_equal(open_at_b(sealed, n, plain, &len), EL_EPERM);
        packet[15] ^= 1;
        packet[2] = 1; /* longer than it is */
        n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 100);
        assert_int_equal(open_at_b(sealed, n, plain, &len), EL_EPROTO);
        assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_SOURCE), 1);
        assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_INNER), 1);
        packet[0] = 0x08; /* something else than IP */
        n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 100);
        assert_int_equal(open_at_b(sealed, n, plain, &len),
                         wire == EL_TUNNEL_STANDARD ? EL_EPROTO : 1);
        world_end(&world);
    }
}

/* An IP packet may be made as long as another; it comes out as it was, and what lies behind it in
 * the sender's memory stays. */
static void ip_may_be_filled_up(void **state)
{
    (void)state;
    for (enum el_tunnel_wire wire = 0; wire < EL_TUNNEL_WIRES; wire++) {
        if (!possible(wire))
            continue;
        begin(wire, wire);
        for (size_t len = 60; len < 100; len++) {
            for (size_t filled = len; filled <= len + EL_TUNNEL_FILL_MAX; filled++) {
                uint8_t packet[200], before[200], sealed[300], plain[300];
                size_t plain_len = 0;
                memset(packet, 0xa5, sizeof packet);
                world_packet(packet, len, 0, 1);
                memcpy(before, packet, sizeof before);
                int n = el_tunnel_lane_seal(a->tunnel, 0, world.now_ns, a_to_b, sealed, packet, len,
                                            filled);
                assert_int_equal(n, el_tunnel_peer_sealed_bytes(a_to_b, filled));
                assert_memory_equal(packet, before, sizeof before);
                assert_int_equal(open_at_b(sealed, n, plain, &plain_len), 1);
                assert_int_equal(plain_len, len);
                assert_memory_equal(plain, before, len);
            }
        }
        uint8_t packet[200] = {0x45}, sealed[300];
        assert_int_equal(el_tunnel_lane_seal(a->tunnel, 0, world.now_ns, a_to_b, sealed, packet, 60,
                                             60 + EL_TUNNEL_FILL_MAX + 1),
                         EL_EINVAL);
        assert_int_equal(
            el_tunnel_lane_seal(a->tunnel, 0, world.now_ns, a_to_b, sealed, packet, 60, 59),
            EL_EINVAL);
        world_end(&world);
    }
}

/* The fast form's tag is longer than the shortest data message of the others. */
static void no_room_for_the_tag(void **state)
{
    uint8_t packet[64], sealed[128], plain[128];
    size_t len;

    (void)state;
    if (!possible(EL_TUNNEL_FAST))
        skip();
    begin(EL_TUNNEL_FAST, EL_TUNNEL_FAST);
    world_packet(packet, 20, 0, 1);
    int n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 20);
    for (int cut = 32; cut < 48; cut++)
        assert_int_equal(open_at_b(sealed, cut, plain, &len), EL_EPROTO);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_LENGTH), 16);
    for (int cut = 48; cut < n; cut++)
        assert_int_equal(open_at_b(sealed, cut, plain, &len), EL_EAUTH);
    assert_int_equal(open_at_b(sealed, n, plain, &len), 1);
    world_end(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_this_computer_can_do),
        cmocka_unit_test(the_form_goes_into_the_pre_shared_key),
        cmocka_unit_test(sides_that_agree_have_a_session),
        cmocka_unit_test(sides_that_differ_have_none_and_say_so),
        cmocka_unit_test(anything_but_ip_passes_whole),
        cmocka_unit_test(ip_is_checked_in_every_form),
        cmocka_unit_test(ip_may_be_filled_up),
        cmocka_unit_test(no_room_for_the_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes too fast for somebody is lost there, and counted there; what is behind it goes on.
 */
#include "sim/forward_frames.h"
#include "sim/forward_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { HUB, SPOKE, OTHER, NODES, VNI = 77, DATAGRAMS = 40, SEGMENT = 1000 };

static struct world world;
static struct cable cable;
static uint8_t payload[65536];

static void arrived(struct world *w, unsigned node, unsigned port, const struct el_port_rx *frame)
{
    (void)w;
    cable_arrived(&cable, node, port, frame);
}

/* Two spokes, of which one has no session yet. */
static void begin(void)
{
    static const uint32_t vni = VNI;

    world_begin(&world, 1, DATAGRAMS);
    cable_begin(&cable);
    world.arrived = arrived;
    for (unsigned i = HUB; i < NODES; i++) {
        world_port(&world, i, VNI, false);
        world_start(&world, i);
    }
    world_introduce(&world, HUB, SPOKE, false, &vni, 1);
    world_introduce(&world, HUB, OTHER, false, &vni, 1);
    world_introduce(&world, SPOKE, HUB, true, &vni, 1);
    el_tunnel_connect(world.nodes[SPOKE].tunnel, world.nodes[SPOKE].peers[HUB], world.now_ns);
    world_wait(&world, 20 * EL_S);
}

static void end(void)
{
    assert_int_equal(cable.unexpected, 0);
    world_end(&world);
    cable_end(&cable);
}

/* SEGMENTS frames at once: a super-frame. To everybody, as nobody is known yet. */
static void send_super(unsigned segments)
{
    struct cable_way way = cable_way(SPOKE, HUB, 1);
    struct sample s = {.flow = 1,
                       .ttl = 64,
                       .flags = 0x010,
                       .payload = payload,
                       .payload_len = (size_t)segments * SEGMENT,
                       .partial = true};

    cable_put_sample(&cable, &world, &way, &s, SEGMENT);
}

static void full_port(void **state)
{
    (void)state;
    begin();
    world.nodes[HUB].ports[0].full = true;
    send_super(10);
    world_wait(&world, EL_S);
    assert_int_equal(cable_clear(&cable), 10);
    assert_int_equal(world_count(&world, HUB, "forward.drop-port-full"), 1); /* merged */
    world.nodes[HUB].ports[0].full = false;
    send_super(10);
    world_wait(&world, EL_S);
    assert_int_equal(cable_clear(&cable), 0);
    assert_int_equal(world_count(&world, HUB, "forward.drop-port-full"), 1);
    end();
}

static void no_room_for_datagrams(void **state)
{
    (void)state;
    begin();
    send_super(60);
    world_wait(&world, EL_S);
    unsigned missing = cable_clear(&cable);
    assert_true(missing >= 60 - DATAGRAMS && missing < 60);
    uint64_t dropped = world_count(&world, SPOKE, "forward.drop-queue-full");
    assert_true(dropped == missing || dropped == missing - 1); /* the network needs room too */
    send_super(20);
    world_wait(&world, EL_S);
    assert_int_equal(cable_clear(&cable), 0);
    end();
}

static void peer_that_is_not_there(void **state)
{
    (void)state;
    begin();
    uint64_t before = world_count(&world, HUB, "forward.drop-peer-down");
    send_super(10);
    world_wait(&world, EL_S);
    assert_int_equal(cable_clear(&cable), 0); /* the hub has them */
    assert_int_equal(world_count(&world, HUB, "forward.drop-peer-down"), before + 10);
    end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_port),
        cmocka_unit_test(no_room_for_datagrams),
        cmocka_unit_test(peer_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two networks with the same addresses on one hub: whoever may see what changes all the time, and
 * not one frame is anywhere else.
 *
 *     networks_test [FRAMES [SEED]]
 *
 * Each spoke, and the hub, has a card in either network, of the same MAC address in both; spokes
 * send into both whatever the hub has granted them. A frame says in which network it was sent, and
 * by whom; every card that gets one looks whether it may.
 */
#include "sim/forward_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    HUB,
    NODES = WORLD_NODES,
    NETWORKS = 2,
    VNI = 77, /* and the next */
    BATCH = 64,
    BATCHES = 8, /* between two changes */
    FRAME_MIN = 60,
    FRAME_MAX = 400,
    AT_TEXT = 14,
};

/* What stands in a frame behind its Ethernet header. */
struct text {
    uint8_t network, from;
    uint32_t number; /* of the change before it */
};

static struct world world;
static uint64_t frames_wanted = 1000000, seed = 1;
static enum { NO_MEMBER, UNPUBLISHED, PUBLISHED } gates[NODES][NETWORKS];
static uint32_t changes;
static uint64_t sent, arrived_count, crossed, late, passed;

/* -- what comes -- */

static void arrived(struct world *w, unsigned node, unsigned port, const struct el_port_rx *frame)
{
    struct text text;

    (void)w;
    memcpy(&text, frame->bytes + AT_TEXT, sizeof text);
    crossed += text.network != port;
    late += text.number != changes;
    passed += gates[text.from][text.network] != PUBLISHED || gates[node][port] != PUBLISHED;
    arrived_count++;
}

/* -- what is sent -- */

static struct el_mac mac_of(unsigned node)
{
    return (struct el_mac){{0x52, 0x54, 0, 0x77, 0, (uint8_t)(node + 1)}};
}

static void send_frame(void)
{
    uint8_t frame[FRAME_MAX];
    unsigned from = el_random_below(NODES), to = el_random_below(NODES);
    struct text text = {(uint8_t)el_random_below(NETWORKS), (uint8_t)from, changes};
    struct el_mac src = mac_of(from), dst = mac_of(to);
    size_t len = FRAME_MIN + el_random_below(FRAME_MAX - FRAME_MIN);

    if (to == from)
        memset(&dst, 0xff, sizeof dst);
    memset(frame, 0, sizeof frame);
    memcpy(frame, &dst, sizeof dst);
    memcpy(frame + 6, &src, sizeof src);
    frame[12] = 0x88; /* local experiments */
    frame[13] = 0xb5;
    memcpy(frame + AT_TEXT, &text, sizeof text);
    world_put(&world, from, text.network, frame, len, NULL);
    sent++;
}

static void send_batches(void)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        for (unsigned n = 0; n < BATCH; n++)
            send_frame();
        world_wait(&world, 30 * EL_MS);
    }
    world_wait(&world, 100 * EL_MS); /* all that is under way */
}

/* -- what changes -- */

static void change_spoke(unsigned spoke)
{
    struct el_forward_membership memberships[NETWORKS];
    unsigned count = 0;

    for (unsigned n = 0; n < NETWORKS; n++) {
        gates[spoke][n] = el_random_below(4) ? PUBLISHED : el_random_below(2);
        if (gates[spoke][n] != NO_MEMBER)
            memberships[count++] = (struct el_forward_membership){
                .vni = VNI + n, .published = gates[spoke][n] == PUBLISHED};
    }
    assert_int_equal(el_forward_set_memberships(world.nodes[HUB].forward,
                                                world.nodes[HUB].peers[spoke], memberships, count),
                     0);
}

/* A spoke that is removed and let in again, at a number that was perhaps another's. */
static void replace_spoke(unsigned spoke)
{
    struct world_node *hub = &world.nodes[HUB];

    el_forward_remove_peer(hub->forward, hub->peers[spoke]);
    el_tunnel_remove_peer(hub->tunnel, hub->peers[spoke]);
    world_introduce(&world, HUB, spoke, true, NULL, 0);
    el_tunnel_connect(hub->tunnel, hub->peers[spoke], world.now_ns);
    el_forward_say(hub->forward, world.now_ns);
    world_flush(&world, hub);
    world_wait(&world, EL_S);
}

static void change_something(void)
{
    if (changes % 16 == 0)
        replace_spoke(1 + el_random_below(NODES - 1));
    changes++;
    for (unsigned spoke = 1; spoke < NODES; spoke++)
        change_spoke(spoke);
    for (unsigned n = 0; n < NETWORKS; n++) {
        gates[HUB][n] = el_random_below(4) ? PUBLISHED : UNPUBLISHED;
        el_forward_publish_port(world.nodes[HUB].forward, n, gates[HUB][n] == PUBLISHED);
    }
}

/* -- the test -- */

static void begin(void)
{
    static const uint32_t both[NETWORKS] = {VNI, VNI + 1};

    world_begin(&world, seed, 16384);
    world.arrived = arrived;
    for (unsigned i = HUB; i < NODES; i++) {
        world.nodes[i].wire = i % 2 ? EL_TUNNEL_COMPACT : EL_TUNNEL_STANDARD;
        for (unsigned n = 0; n < NETWORKS; n++)
            world_port(&world, i, VNI + n, false);
        world_start(&world, i);
    }
    for (unsigned i = 1; i < NODES; i++) {
        world_introduce(&world, HUB, i, false, both, NETWORKS);
        world_introduce(&world, i, HUB, true, both, NETWORKS);
        el_tunnel_connect(world.nodes[i].tunnel, world.nodes[i].peers[HUB], world.now_ns);
    }
    world_wait(&world, 20 * EL_S);
}

static void not_one_frame_crosses(void **state)
{
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    begin();
    while (sent < frames_wanted) {
        change_something();
        send_batches();
        assert_int_equal(crossed, 0);
        assert_int_equal(late, 0);
        assert_int_equal(passed, 0);
    }
    print_message("%llu frames, %llu arrivals, %u changes\n", (unsigned long long)sent,
                  (unsigned long long)arrived_count, changes);
    assert_true(arrived_count > sent / 4);
    assert_true(world_count(&world, HUB, "switch.drop-gate") > sent / 100);
    assert_true(world_count(&world, HUB, "forward.drop-vni") > sent / 100);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(not_one_frame_crosses)};

    if (argc > 1)
        frames_wanted = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

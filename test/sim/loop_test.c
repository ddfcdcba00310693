/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two spokes that bridge the same LAN, and a third elsewhere:
 *
 *     hub ---WAN--- mars ---+
 *      |                   LAN --- machine
 *      +----WAN--- venus --+
 *      +----WAN--- pluto
 *
 * A frame that is flooded would go round for ever. The hub finds it out, and shuts the spoke that
 * came later out of the network, for as long as it is so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forward_world.h"
#include "switch/loop.h"

enum { HUB, MARS, VENUS, PLUTO, NOBODY };
enum { BOOT = 77, FRAME = 60, ON_THE_WIRE = 4096, AT_ONCE_MS = 100 };

static const uint32_t boot = BOOT;
static const struct el_mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct el_mac machine = {{0x52, 0x54, 0, 0, 0, 7}};

static struct world w;

/* What spokes have put on the LAN, and have not heard from each other yet. */
static struct {
    struct {
        unsigned from;
        size_t len;
        uint8_t bytes[128];
    } wire[ON_THE_WIRE];
    unsigned count;
    uint64_t frames, probes; /* that went over it */
    bool plugged;            /* venus is */
} lan;

static struct {
    char shut[EL_TUNNEL_NAME_BYTES], with[EL_TUNNEL_NAME_BYTES];
    bool is_shut;
    uint32_t vni;
    unsigned count;
    unsigned refused; /* so often there is no room for news */
} told;

static unsigned at_hub, at_pluto; /* frames from the machine that have arrived */

static bool on_loop(void *arg, const struct el_tunnel_peer *peer,
                    const struct el_tunnel_peer *other, uint32_t vni, bool shut)
{
    (void)arg;
    if (told.refused > 0) {
        told.refused--;
        return false;
    }
    told.count++;
    snprintf(told.shut, sizeof told.shut, "%s", el_tunnel_peer_name(peer));
    snprintf(told.with, sizeof told.with, "%s", el_tunnel_peer_name(other));
    told.vni = vni;
    told.is_shut = shut;
    return true;
}

static bool is_on_lan(unsigned node)
{
    return node == MARS || (node == VENUS && lan.plugged);
}

/* Somebody on the LAN says something: NODE, or for NOBODY the machine. */
static void wire_frame(unsigned from, const uint8_t *bytes, size_t len)
{
    lan.frames++;
    lan.probes += el_loop_is_probe(bytes);
    if (lan.count == ON_THE_WIRE || len > sizeof lan.wire[0].bytes)
        return;
    lan.wire[lan.count].from = from;
    lan.wire[lan.count].len = len;
    memcpy(lan.wire[lan.count++].bytes, bytes, len);
}

static void on_arrived(struct world *world, unsigned node, unsigned port,
                       const struct el_port_rx *frame)
{
    bool from_machine = memcmp(frame->bytes + 6, machine.b, sizeof machine.b) == 0;

    (void)world;
    (void)port;
    at_hub += node == HUB && from_machine;
    at_pluto += node == PLUTO && from_machine;
    if (is_on_lan(node))
        wire_frame(node, frame->bytes, frame->len);
}

/* What is on the wire now reaches the spokes. */
static void deliver_lan(void)
{
    unsigned count = lan.count;

    for (unsigned i = 0; i < count; i++)
        for (unsigned node = MARS; node <= VENUS; node++)
            if (is_on_lan(node) && lan.wire[i].from != node)
                world_put(&w, node, 0, lan.wire[i].bytes, lan.wire[i].len, NULL);
    lan.count -= count;
    memmove(lan.wire, lan.wire + count, lan.count * sizeof lan.wire[0]);
}

static void pass(unsigned ms)
{
    while (ms-- > 0) {
        world_wait(&w, EL_MS);
        deliver_lan();
    }
}

static void machine_says(const struct el_mac *to)
{
    uint8_t frame[FRAME] = {0};

    memcpy(frame, to->b, sizeof to->b);
    memcpy(frame + 6, machine.b, sizeof machine.b);
    frame[12] = 0x08;
    frame[13] = 0x06;
    wire_frame(NOBODY, frame, sizeof frame);
}

static void publish(unsigned spoke, bool published)
{
    const struct el_forward_membership membership = {.vni = BOOT, .published = published};

    assert_int_equal(
        el_forward_set_memberships(w.nodes[HUB].forward, w.nodes[HUB].peers[spoke], &membership, 1),
        0);
}

static void start_spoke(unsigned i)
{
    world_start(&w, i);
    world_introduce(&w, i, HUB, true, &boot, 1);
    el_tunnel_connect(w.nodes[i].tunnel, w.nodes[i].peers[HUB], w.now_ns);
}

static void start(bool guarded)
{
    memset(&told, 0, sizeof told);
    memset(&lan, 0, sizeof lan);
    lan.plugged = true;
    at_hub = at_pluto = 0;
    world_begin(&w, 7, 16384);
    w.arrived = on_arrived;
    w.loop = guarded ? on_loop : NULL;
    w.nodes[MARS].wire = w.nodes[PLUTO].wire = EL_TUNNEL_COMPACT; /* venus is any WireGuard */
    for (unsigned i = HUB; i <= PLUTO; i++)
        world_port(&w, i, BOOT, i == HUB);
    world_start(&w, HUB);
    for (unsigned i = MARS; i <= PLUTO; i++)
        world_introduce(&w, HUB, i, false, &boot, 1);
}

static int begin(void **state)
{
    (void)state;
    start(true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* Frames on the LAN in a second in which nobody says anything; but for probes. */
static uint64_t murmur(void)
{
    uint64_t before = lan.frames - lan.probes;

    pass(1000);
    return lan.frames - lan.probes - before;
}

/* The machine is heard everywhere, once. */
static void is_heard_once(void)
{
    unsigned hub = at_hub, pluto = at_pluto;

    machine_says(&everybody);
    pass(200);
    assert_int_equal(at_hub - hub, 1);
    assert_int_equal(at_pluto - pluto, 1);
}

/* What it is about: without a guard. */
static void a_loop_is_a_storm(void **state)
{
    (void)state;
    world_end(&w);
    start(false);
    for (unsigned i = MARS; i <= PLUTO; i++)
        start_spoke(i);
    pass(1000);
    machine_says(&everybody);
    pass(1000);
    assert_true(murmur() > 50);
    assert_int_equal(told.count, 0);
}

static void who_came_later_is_shut_out(void **state)
{
    (void)state;
    start_spoke(MARS);
    start_spoke(PLUTO);
    pass(1000);
    is_heard_once();
    start_spoke(VENUS);
    pass(AT_ONCE_MS);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.shut, "node2");
    assert_string_equal(told.with, "node1");
    assert_int_equal(told.vni, BOOT);
    assert_true(told.is_shut);
    is_heard_once();
    pass(60 * 1000);
    is_heard_once();
    assert_int_equal(murmur(), 0);
    assert_int_equal(told.count, 1);
}

/* It is known from the first who came, not from who is first in a list. */
static void both_are_told_of_when_published(void **state)
{
    (void)state;
    publish(MARS, false);
    for (unsigned i = MARS; i <= PLUTO; i++)
        start_spoke(i);
    told.refused = 3; /* nor is the news lost */
    pass(5000);
    is_heard_once();
    assert_int_equal(told.count, 0);
    publish(MARS, true);
    pass(AT_ONCE_MS);
    is_heard_once();
    pass(1000);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.shut, "node1");
    assert_string_equal(told.with, "node2");
    publish(MARS, true); /* says nothing new, and opens nothing */
    is_heard_once();

    publish(VENUS, false); /* so that there is a way for each LAN again */
    pass((EL_LOOP_HOLD_S + EL_LOOP_PERIOD_S) * 1000);
    assert_int_equal(told.count, 2);
    assert_false(told.is_shut);
    is_heard_once();
    assert_int_equal(murmur(), 0);
}

/* A cable is plugged in while all is well: what goes round shows it. And is pulled again. */
static void cables_come_and_go(void **state)
{
    (void)state;
    lan.plugged = false;
    for (unsigned i = MARS; i <= PLUTO; i++)
        start_spoke(i);
    pass(7000);
    is_heard_once();
    assert_int_equal(told.count, 0);
    lan.plugged = true;
    machine_says(&everybody);
    pass(2000);
    assert_int_equal(told.count, 1);
    assert_int_equal(murmur(), 0);
    is_heard_once();
    lan.plugged = false;
    pass((EL_LOOP_HOLD_S + EL_LOOP_PERIOD_S) * 1000);
    assert_int_equal(told.count, 2);
    assert_false(told.is_shut);
    is_heard_once();
}

/* An old probe, a changed one, and one that never was. */
static void a_machine_makes_no_loop(void **state)
{
    uint8_t frame[FRAME] = {0};

    (void)state;
    lan.plugged = false;
    for (unsigned i = MARS; i <= PLUTO; i++)
        start_spoke(i);
    pass(10000);
    assert_true(lan.probes > 0);
    memcpy(frame, (const uint8_t[]){3, 'e', 'l', '2', 'w', 1}, 6);
    memcpy(frame + 6, machine.b, 6);
    frame[12] = EL_LOOP_ETHERTYPE >> 8;
    frame[13] = EL_LOOP_ETHERTYPE & 0xff;
    unsigned hub = at_hub;
    for (unsigned i = 0; i < 100; i++) {
        frame[20] = (uint8_t)i;
        wire_frame(NOBODY, frame, sizeof frame);
        pass(10);
    }
    pass(100);
    assert_int_equal(told.count, 0);
    assert_int_equal(at_hub - hub, 100); /* experiments of others are none of our business */
}

/* One spoke has nothing to be looked for. */
static void one_alone_is_left_in_peace(void **state)
{
    (void)state;
    start_spoke(MARS);
    pass(30 * 1000);
    assert_int_equal(lan.probes, 0);
    start_spoke(VENUS);
    pass(1000);
    assert_true(lan.probes > 0);
    assert_int_equal(told.count, 1);
    world_stop(&w, VENUS);
    el_forward_remove_peer(w.nodes[HUB].forward, w.nodes[HUB].peers[VENUS]);
    el_tunnel_remove_peer(w.nodes[HUB].tunnel, w.nodes[HUB].peers[VENUS]);
    pass(30 * 1000);
    assert_int_equal(told.count, 1); /* who is gone is not told of */
    unsigned hub = at_hub;
    machine_says(&everybody);
    pass(100);
    assert_int_equal(at_hub - hub, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_loop_is_a_storm),
        TEST(who_came_later_is_shut_out),
        TEST(both_are_told_of_when_published),
        TEST(cables_come_and_go),
        TEST(a_machine_makes_no_loop),
        TEST(one_alone_is_left_in_peace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

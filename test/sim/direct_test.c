/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two spokes behind NATs: their machines' frames take the direct way where there is one, and that
 * through the hub where there is none, or none any more.
 *
 *     card [spoke 1] NAT ---- WAN ---- NAT [spoke 2] card
 *                              |
 *                             hub
 *
 * The two machines talk to each other all the time. Each frame arrives once, however it came.
 */
#include "base/wire.h"
#include "frame/csum.h"
#include "sim/forward_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    HUB,
    MARS,
    VENUS,
    NODES,
    VNI = 77,
    FRAME = 100,
    AT_NUMBER = 14,
    FRAMES_MAX = 1 << 16,
    NAT_CALLS = 64,
    NAT_PORT = 40000,
};

/* What a NAT lets in, to a port that it has given away (RFC 4787 §5); and whether it gives away
 * the same for all (§4.1). */
enum nat_kind { NAT_NONE, NAT_ENDPOINT_INDEPENDENT, NAT_ADDRESS_DEPENDENT, NAT_RANDOM };

struct nat {
    enum nat_kind kind;
    unsigned count;
    struct {
        struct el_endpoint to;
        uint16_t port;
    } calls[NAT_CALLS];
};

static struct world world;
static struct nat nats[NODES];
static bool cut; /* nothing passes between spokes but through the hub */
static uint32_t numbers;
static uint8_t arrivals[NODES][FRAMES_MAX];
static unsigned floods[NODES]; /* frames for all that came to its card */
static struct el_mac hub_mac = {{0x52, 0x54, 0, 0x77, 0, 1}};

/* -- NATs -- */

static struct el_ip outside_of(unsigned node)
{
    return el_ip4(0xcb007101 + node); /* 203.0.113.(node+1) */
}

static unsigned node_at(const struct el_endpoint *endpoint)
{
    for (unsigned i = 0; i < NODES; i++)
        if (el_endpoint_equal(&world.nodes[i].at, endpoint))
            return i;
    fail();
    return 0;
}

/* The port through which NODE calls TO. */
static uint16_t port_for(unsigned node, const struct el_endpoint *to)
{
    struct nat *nat = &nats[node];

    for (unsigned i = 0; i < nat->count; i++)
        if (el_endpoint_equal(&nat->calls[i].to, to))
            return nat->calls[i].port;
    assert_true(nat->count < NAT_CALLS);
    uint16_t port = nat->kind == NAT_RANDOM ? (uint16_t)(1024 + el_random_below(60000))
                                            : (uint16_t)(NAT_PORT + node);
    nat->calls[nat->count].to = *to;
    nat->calls[nat->count++].port = port;
    return port;
}

static bool leaves(struct world *w, struct el_endpoint *from, const struct el_endpoint *to)
{
    unsigned node = node_at(from);

    (void)w;
    if (nats[node].kind != NAT_NONE)
        *from = (struct el_endpoint){.ip = outside_of(node), .port = port_for(node, to)};
    return true;
}

static bool lets_in(const struct nat *nat, const struct el_endpoint *from, uint16_t port)
{
    for (unsigned i = 0; i < nat->count; i++) {
        const struct el_endpoint *called = &nat->calls[i].to;
        if (nat->calls[i].port != port)
            continue;
        if (nat->kind == NAT_ENDPOINT_INDEPENDENT ||
            (nat->kind == NAT_ADDRESS_DEPENDENT && el_ip_equal(&called->ip, &from->ip)) ||
            el_endpoint_equal(called, from))
            return true;
    }
    return false;
}

static bool arrives(struct world *w, const struct el_endpoint *from, struct el_endpoint *to)
{
    (void)w;
    for (unsigned i = 0; i < NODES; i++) {
        struct el_ip outside = outside_of(i);
        if (nats[i].kind == NAT_NONE || !el_ip_equal(&outside, &to->ip))
            continue;
        if ((cut && !el_endpoint_equal(from, &world.nodes[HUB].at)) ||
            !lets_in(&nats[i], from, to->port))
            return false;
        *to = world.nodes[i].at;
    }
    return true;
}

/* -- machines -- */

static void arrived(struct world *w, unsigned node, unsigned port, const struct el_port_rx *frame)
{
    uint32_t number;

    (void)w;
    (void)port;
    assert_true(frame->len >= AT_NUMBER + sizeof number);
    memcpy(&number, frame->bytes + AT_NUMBER, sizeof number);
    if (frame->bytes[12] != 0x88)
        fail(); /* one that no machine has sent */
    assert_true(number < FRAMES_MAX);
    arrivals[node][number]++;
    floods[node] += frame->bytes[0] & 1;
}

static uint32_t send_frame(unsigned from, const struct el_mac *src, const struct el_mac *dst)
{
    uint8_t frame[FRAME] = {0};
    uint32_t number = numbers++;

    assert_true(numbers < FRAMES_MAX);
    memcpy(frame, dst, sizeof *dst);
    memcpy(frame + 6, src, sizeof *src);
    frame[12] = 0x88; /* local experiments (IEEE 802) */
    frame[13] = 0xb5;
    memcpy(frame + AT_NUMBER, &number, sizeof number);
    world_put(&world, from, 0, frame, sizeof frame, NULL);
    return number;
}

static uint32_t send_to(unsigned from, unsigned to)
{
    struct el_mac src = world_mac(from, 0), dst = world_mac(to, 0);

    return send_frame(from, &src, &dst);
}

static uint32_t broadcast_from(unsigned from)
{
    struct el_mac src = world_mac(from, 0), all;

    memset(&all, 0xff, sizeof all);
    return send_frame(from, &src, &all);
}

/* Both talk for so long, 50 frames a second each. How many frames were lost; none came twice. */
static unsigned talk(unsigned seconds)
{
    uint32_t first = numbers;
    unsigned lost = 0;

    for (unsigned i = 0; i < seconds * 50; i++) {
        send_to(MARS, VENUS);
        send_to(VENUS, MARS);
        world_wait(&world, 20 * EL_MS);
    }
    world_wait(&world, 200 * EL_MS);
    for (uint32_t n = first; n < numbers; n += 2) {
        lost += arrivals[VENUS][n] == 0;
        lost += arrivals[MARS][n + 1] == 0;
        assert_true(arrivals[VENUS][n] <= 1 && arrivals[MARS][n + 1] <= 1);
        assert_int_equal(arrivals[HUB][n] + arrivals[HUB][n + 1], 0);
    }
    return lost;
}

/* -- what the hub grants -- */

static void know(unsigned node, unsigned other, const uint8_t psk[32])
{
    struct world_node *self = &world.nodes[node];
    struct el_tunnel_peer_config config = {.name = "direct",
                                           .keepalive_s = 15,
                                           .wire = EL_TUNNEL_COMPACT,
                                           .allowed = {el_ip4(0x64400001 + other), 32}};
    const struct el_forward_membership membership = {.vni = VNI, .published = true};

    memcpy(config.public_key, world.nodes[other].public_key, 32);
    memcpy(config.psk, psk, 32);
    config.endpoint = *el_tunnel_peer_endpoint(world.nodes[HUB].peers[other]);
    assert_int_equal(el_tunnel_add_peer(self->tunnel, &config, &self->peers[other], NULL), 0);
    assert_true(
        el_forward_add_peer(self->forward, self->peers[other], 0x64400001 + other, NULL, 0) >= 0);
    el_forward_set_role(self->forward, self->peers[other], EL_FORWARD_DIRECT);
    assert_int_equal(el_forward_set_memberships(self->forward, self->peers[other], &membership, 1),
                     0);
    el_tunnel_connect(self->tunnel, self->peers[other], world.now_ns);
    world_flush(&world, self);
}

static void forget(unsigned node, unsigned other)
{
    struct world_node *self = &world.nodes[node];

    el_forward_remove_peer(self->forward, self->peers[other]);
    el_tunnel_remove_peer(self->tunnel, self->peers[other]);
    self->peers[other] = NULL;
}

static void grant(void)
{
    uint8_t psk[32];

    el_random(psk, sizeof psk);
    know(MARS, VENUS, psk);
    world_wait(&world, 3 * EL_MS); /* nudges do not arrive at once */
    know(VENUS, MARS, psk);
}

static void begin(enum nat_kind mars, enum nat_kind venus)
{
    static const uint32_t vni = VNI;
    const struct el_forward_membership uplink = {.vni = VNI, .published = true, .own = hub_mac};

    world_begin(&world, 4, 4096);
    world.arrived = arrived;
    world.leaves = leaves;
    world.arrives = arrives;
    memset(nats, 0, sizeof nats);
    memset(arrivals, 0, sizeof arrivals);
    memset(floods, 0, sizeof floods);
    numbers = 0;
    cut = false;
    nats[MARS].kind = mars;
    nats[VENUS].kind = venus;
    for (unsigned i = HUB; i < NODES; i++) {
        world.nodes[i].wire = EL_TUNNEL_COMPACT;
        world.nodes[i].takes_inside = true;
        world_port(&world, i, VNI, i == HUB);
        world_start(&world, i);
    }
    for (unsigned i = MARS; i < NODES; i++) {
        struct world_node *spoke = &world.nodes[i];
        world_introduce(&world, HUB, i, false, &vni, 1);
        world_introduce(&world, i, HUB, true, NULL, 0);
        el_forward_set_role(spoke->forward, spoke->peers[HUB], EL_FORWARD_UPLINK);
        assert_int_equal(el_forward_set_memberships(spoke->forward, spoke->peers[HUB], &uplink, 1),
                         0);
        el_tunnel_connect(spoke->tunnel, spoke->peers[HUB], world.now_ns);
    }
    world_wait(&world, 2 * EL_S);
    broadcast_from(MARS);
    broadcast_from(VENUS);
    world_wait(&world, EL_S);
}

static bool is_direct(void)
{
    return world.nodes[MARS].live[VENUS] && world.nodes[VENUS].live[MARS];
}

/* Frames that the hub hands on while both talk for so long; none are lost. */
static uint64_t relayed_in(unsigned seconds)
{
    uint64_t before = world_count(&world, HUB, "switch.forwarded");

    assert_int_equal(talk(seconds), 0);
    return world_count(&world, HUB, "switch.forwarded") - before;
}

/* -- tests -- */

static void becomes_direct(enum nat_kind mars, enum nat_kind venus)
{
    begin(mars, venus);
    assert_int_equal(relayed_in(2), 200);
    assert_int_equal(world.nodes[HUB].relayed[MARS][VENUS], 0);
    assert_true(relayed_in(4) == 400);
    assert_int_equal(world.nodes[HUB].relayed[MARS][VENUS], 1);
    assert_int_equal(world.nodes[HUB].relayed[VENUS][MARS], 1);
    grant();
    assert_int_equal(talk(8), 0);
    assert_true(is_direct());
    assert_int_equal(relayed_in(5), 0);

    /* What is for all goes through the hub, comes once, and takes nobody's address away. */
    uint32_t number = broadcast_from(MARS);
    assert_int_equal(talk(1), 0);
    assert_int_equal(arrivals[VENUS][number], 1);
    assert_int_equal(arrivals[HUB][number], 1);
    assert_int_equal(arrivals[MARS][number], 0);
    assert_int_equal(relayed_in(1), 0);
    world_end(&world);
}

static void endpoint_independent_nats(void **state)
{
    (void)state;
    becomes_direct(NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT);
}

static void address_dependent_nats(void **state)
{
    (void)state;
    becomes_direct(NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_DEPENDENT);
}

static void one_random_nat(void **state)
{
    (void)state;
    becomes_direct(NAT_RANDOM, NAT_ENDPOINT_INDEPENDENT);
    becomes_direct(NAT_ADDRESS_DEPENDENT, NAT_RANDOM);
}

static void random_nats_stay_relayed(void **state)
{
    (void)state;
    begin(NAT_RANDOM, NAT_RANDOM);
    grant();
    assert_true(relayed_in(100) == 10000);
    assert_false(is_direct());
    assert_int_equal(world.nodes[MARS].events[EL_TUNNEL_SESSION_DOWN], 0);
    /* It is told of again, at most every so often. */
    assert_in_range(world.nodes[HUB].relayed[MARS][VENUS], 5, 10);
    world_end(&world);
}

/* Whoever talks one way only is not forgotten: the other side goes on saying where he is. */
static void quiet_machine_stays_direct(void **state)
{
    (void)state;
    begin(NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_DEPENDENT);
    grant();
    assert_int_equal(talk(8), 0);
    uint64_t before = world_count(&world, HUB, "switch.forwarded");
    for (unsigned i = 0; i < 60; i++) {
        if (i % 5 == 0)
            broadcast_from(VENUS);
        send_to(MARS, VENUS);
        world_wait(&world, EL_S);
    }
    assert_int_equal(world_count(&world, HUB, "switch.forwarded"), before);
    world_end(&world);
}

static void way_that_dies_is_left(void **state)
{
    (void)state;
    begin(NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_DEPENDENT);
    grant();
    assert_int_equal(talk(8), 0);
    assert_true(is_direct());
    cut = true;
    unsigned lost = talk(20);
    assert_true(lost > 0 && lost <= (EL_FORWARD_DEAD_S + 2) * 100);
    assert_false(world.nodes[MARS].live[VENUS] || world.nodes[VENUS].live[MARS]);
    assert_int_equal(relayed_in(2), 200);
    cut = false;
    assert_int_equal(talk(5), 0);
    assert_true(is_direct());
    assert_int_equal(relayed_in(2), 0);
    /* No session was lost. */
    for (unsigned i = HUB; i < NODES; i++)
        assert_int_equal(world.nodes[i].events[EL_TUNNEL_SESSION_DOWN], 0);
    world_end(&world);
}

/* Either side's word is enough: the other finds out, and loses no more than it takes to. */
static void lease_that_ends_is_left(void **state)
{
    (void)state;
    begin(NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_DEPENDENT);
    grant();
    assert_int_equal(talk(8), 0);
    forget(MARS, VENUS);
    forget(VENUS, MARS);
    assert_int_equal(relayed_in(5), 500);
    grant();
    assert_int_equal(talk(8), 0);
    assert_true(is_direct());
    forget(MARS, VENUS);
    assert_true(talk(20) <= (EL_FORWARD_DEAD_S + 2) * 50);
    assert_int_equal(relayed_in(2), 200);
    world_end(&world);
}

/* A UDP packet of no bytes from NODE's tunnel address to that of TO. */
static void send_inside(unsigned node, unsigned to)
{
    uint8_t memory[EL_FORWARD_HEADROOM + 28 + EL_FORWARD_TAILROOM] = {0};
    uint8_t *packet = memory + EL_FORWARD_HEADROOM;
    struct el_wire w = el_wire_write(packet, 28);

    el_wire_put_be32(&w, 0x4500001c); /* 28 bytes */
    el_wire_put_be32(&w, 0x00004000);
    el_wire_put_be32(&w, 0x40110000);
    el_wire_put_be32(&w, 0x64400001 + node);
    el_wire_put_be32(&w, 0x64400001 + to);
    el_wire_put_be32(&w, 0x00090009);
    el_wire_put_be32(&w, 0x00080000);
    w = el_wire_write(packet + 10, 2);
    el_wire_put_be16(&w, el_csum_finish(el_csum_add(0, packet, 20)));
    assert_true(el_forward_inside(world.nodes[node].forward, world.now_ns, packet, 28));
    world_flush(&world, &world.nodes[node]);
    world_wait(&world, EL_S);
}

/* Who listens at a spoke's tunnel address hears the hub, and no other spoke. */
static void spokes_reach_frames_alone(void **state)
{
    (void)state;
    begin(NAT_NONE, NAT_NONE);
    grant();
    assert_int_equal(talk(8), 0);
    assert_true(is_direct());
    send_inside(HUB, MARS);
    assert_int_equal(world.nodes[MARS].inside, 1);
    send_inside(MARS, HUB);
    assert_int_equal(world.nodes[HUB].inside, 1);
    uint64_t drops = world_count(&world, MARS, "forward.drop-overlay");
    send_inside(VENUS, MARS);
    assert_int_equal(world.nodes[MARS].inside, 1);
    assert_int_equal(world_count(&world, MARS, "forward.drop-overlay"), drops + 1);
    world_end(&world);
}

/* Nothing of the hub's can be taken, and nothing is reached that both are not published in. */
static void hostile_spoke(void **state)
{
    static const uint32_t other = VNI + 1;
    struct el_mac venus = world_mac(VENUS, 0), all;

    (void)state;
    begin(NAT_NONE, NAT_NONE);
    grant();
    assert_int_equal(talk(8), 0);
    assert_true(is_direct());

    /* A machine behind Venus says that it is the hub: Venus, that it is not. */
    struct el_mac mars = world_mac(MARS, 0);
    uint32_t number = send_frame(VENUS, &hub_mac, &mars);
    world_wait(&world, EL_S);
    assert_int_equal(arrivals[MARS][number] + arrivals[HUB][number], 0);

    /* A Venus that is not ours: no uplink, and its direct way floods. */
    struct world_node *self = &world.nodes[VENUS];
    forget(VENUS, HUB);
    const struct el_forward_membership both[] = {{.vni = VNI, .published = true},
                                                 {.vni = other, .published = true}};
    el_forward_set_memberships(self->forward, self->peers[MARS], NULL, 0);
    el_forward_set_role(self->forward, self->peers[MARS], EL_FORWARD_MEMBER);
    el_forward_set_memberships(self->forward, self->peers[MARS], both, 2);
    uint64_t drops = world_count(&world, MARS, "switch.drop-isolated");
    memset(&all, 0xff, sizeof all);
    number = send_frame(VENUS, &venus, &all);
    world_wait(&world, EL_S);
    assert_int_equal(arrivals[MARS][number], 0);
    assert_true(world_count(&world, MARS, "switch.drop-isolated") > drops);
    drops = world_count(&world, MARS, "switch.drop-protected");
    number = send_frame(VENUS, &hub_mac, &mars);
    world_wait(&world, EL_S);
    assert_int_equal(arrivals[MARS][number], 0);
    assert_int_equal(world_count(&world, MARS, "switch.drop-protected"), drops + 1);
    /* What it knows of the hub it learns from nobody else. */
    number = send_frame(MARS, &mars, &hub_mac);
    world_wait(&world, EL_S);
    assert_int_equal(arrivals[HUB][number], 1);
    assert_int_equal(arrivals[VENUS][number], 0);

    el_forward_remove_port(self->forward, 0);
    assert_int_equal(el_forward_add_port(self->forward, &self->ports[0].port, other, NULL), 0);
    drops = world_count(&world, MARS, "forward.drop-vni");
    number = send_frame(VENUS, &venus, &mars);
    world_wait(&world, EL_S);
    assert_int_equal(arrivals[MARS][number], 0);
    assert_int_equal(world_count(&world, MARS, "forward.drop-vni"), drops + 1);
    world_end(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoint_independent_nats),
        cmocka_unit_test(address_dependent_nats),
        cmocka_unit_test(one_random_nat),
        cmocka_unit_test(random_nats_stay_relayed),
        cmocka_unit_test(quiet_machine_stays_direct),
        cmocka_unit_test(way_that_dies_is_left),
        cmocka_unit_test(lease_that_ends_is_left),
        cmocka_unit_test(spokes_reach_frames_alone),
        cmocka_unit_test(hostile_spoke),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

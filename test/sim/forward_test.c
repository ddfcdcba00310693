/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames through a hub and its spokes, whole: switch, overlay, tunnel and merging together, on a
 * network that does what networks do. sim/forward_world.h has the machines, sim/forward_frames.h
 * the frames.
 */
#include "sim/forward_frames.h"
#include "sim/forward_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    HUB,
    MARS,
    VENUS,
    PLUTO,
    OTHER, /* of network 78; its second port is in 79, which the hub has not granted it */
    BOOT = 77,
    OTHER_NETWORK = 78,
    STRANGE_NETWORK = 79,
    PAYLOAD = 80000
};

/* The forms that the spokes and the hub have for each other. */
static const struct form {
    const char *name;
    enum el_tunnel_wire wires[WORLD_NODES];
} forms[] = {
    {"forward", {EL_TUNNEL_STANDARD}},
    {"forward, compact",
     {[MARS] = EL_TUNNEL_COMPACT, EL_TUNNEL_COMPACT, EL_TUNNEL_COMPACT, EL_TUNNEL_COMPACT}},
    {"forward, fast", {[MARS] = EL_TUNNEL_FAST, EL_TUNNEL_FAST, EL_TUNNEL_FAST, EL_TUNNEL_FAST}},
    {"forward, mixed", {[VENUS] = EL_TUNNEL_COMPACT, [PLUTO] = EL_TUNNEL_FAST}},
};

static const struct form *form = &forms[0];

static struct world world;
static struct cable cable;
static uint8_t payload[PAYLOAD];
static uint64_t chance; /* the state of sample_random() */

/* Where the CPU or a library has no fast cipher, nothing is lost but what only it can show. */
static enum el_tunnel_wire wire_of(unsigned i)
{
    enum el_tunnel_wire wire = form->wires[i];

    return el_tunnel_wire_check(wire, NULL) < 0 ? EL_TUNNEL_COMPACT : wire;
}

/* -- counting what is allocated -- */

static unsigned allocations; /* from inside el_forward, but for what memory ports copy */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations += world.inside;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations += world.inside;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations += world.inside;
    return __real_realloc(memory, size);
}

/* -- the world -- */

static void arrived(struct world *w, unsigned node, unsigned port, const struct el_port_rx *frame)
{
    cable_arrived(w->arg, node, port, frame);
}

static void introduce_to_hub(unsigned i)
{
    static const uint32_t boot = BOOT;
    static const uint32_t others[] = {OTHER_NETWORK, STRANGE_NETWORK};

    world_introduce(&world, HUB, i, false, i == OTHER ? others : &boot, 1);
}

static void introduce_hub(unsigned i)
{
    static const uint32_t boot = BOOT;
    static const uint32_t others[] = {OTHER_NETWORK, STRANGE_NETWORK};

    world_introduce(&world, i, HUB, true, i == OTHER ? others : &boot, i == OTHER ? 2 : 1);
    el_tunnel_connect(world.nodes[i].tunnel, world.nodes[i].peers[HUB], world.now_ns);
}

static void start_hub(void)
{
    world_start(&world, HUB);
    for (unsigned i = MARS; i <= OTHER; i++)
        introduce_to_hub(i);
}

static void start_spoke(unsigned i)
{
    world_start(&world, i);
    introduce_hub(i);
}

/* Puts an ARP announcement on the cable of every machine, so that the switches know them; and
 * checks that it came to all others of its network. */
static void announce(unsigned from)
{
    uint8_t frame[60] = {0};
    struct cable_way way = cable_way(from, HUB, from);

    way.dst = (struct el_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    way.to_count = 0;
    for (unsigned i = HUB; i <= PLUTO; i++)
        if (i != from)
            way.to[way.to_count++] = i;
    sample_put(frame + 12, 0x0806, 2);
    sample_put(frame + 14, 0x00010800, 4);
    sample_put(frame + 18, 0x06040001, 4);
    cable_put(&cable, &world, &way, frame, sizeof frame);
}

/* Waits for what is under way, and checks that all that was sent has arrived, once, in order, and
 * nothing else. */
static void all_arrives(void)
{
    world_wait(&world, 50 * EL_MS);
    assert_int_equal(cable.unexpected, 0);
    assert_int_equal(cable.disordered, 0);
    assert_int_equal(cable_clear(&cable), 0);
}

/* Some time later all are connected, know each other, and the paths. */
static void begin(uint64_t seed, size_t mtu)
{
    world_begin(&world, seed, 16384);
    cable_begin(&cable);
    world.arrived = arrived;
    world.arg = &cable;
    world.mtu = mtu;
    for (unsigned i = MARS; i <= OTHER; i++)
        world.nodes[i].wire = wire_of(i);
    chance = seed * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < PAYLOAD; i++)
        payload[i] = (uint8_t)sample_random(&chance);

    world_port(&world, HUB, BOOT, true);
    world_port(&world, HUB, OTHER_NETWORK, true);
    for (unsigned i = MARS; i <= PLUTO; i++)
        world_port(&world, i, BOOT, false);
    world_port(&world, OTHER, OTHER_NETWORK, false);
    world_port(&world, OTHER, STRANGE_NETWORK, false);
    start_hub();
    for (unsigned i = MARS; i <= OTHER; i++)
        start_spoke(i);
    world_wait(&world, 20 * EL_S);
    for (unsigned i = HUB; i <= PLUTO; i++)
        announce(i);
    all_arrives();
}

static void end(void)
{
    assert_int_equal(cable.unexpected, 0);
    world_end(&world);
    cable_end(&cable);
}

static struct sample tcp_sample(unsigned flow, size_t len)
{
    return (struct sample){.flow = (uint8_t)flow,
                           .ttl = 64,
                           .id = (uint16_t)(flow * 1000),
                           .df = true,
                           .seq = 0xfffff000u + flow, /* comes round */
                           .ack = 77,
                           .flags = 0x018,
                           .window = 501,
                           .options = 12,
                           .timestamp = 123456,
                           .payload = payload + flow,
                           .payload_len = len,
                           .partial = true};
}

static struct sample udp_sample(unsigned flow, size_t len)
{
    return (struct sample){.udp = true,
                           .flow = (uint8_t)flow,
                           .ttl = 64,
                           .id = (uint16_t)(flow * 1000),
                           .payload = payload + flow,
                           .payload_len = len};
}

/* -- frames of all kinds -- */

static void send_supers(unsigned from, unsigned to)
{
    struct cable_way way = cable_way(from, to, 1);
    struct sample s = tcp_sample(1, 65000);

    cable_put_sample(&cable, &world, &way, &s, 1448);
    s.flow = (uint8_t)(way.flow = 2);
    s.ip6 = true;
    cable_put_sample(&cable, &world, &way, &s, 1428);
    s.flow = (uint8_t)(way.flow = 3);
    s.tags = 2;
    s.flags = 0x099; /* CWR, PSH, ACK, FIN */
    cable_put_sample(&cable, &world, &way, &s, 1000);
    s = udp_sample(4, 30000);
    way.flow = 4;
    cable_put_sample(&cable, &world, &way, &s, 1472);
    s = tcp_sample(5, 0); /* an acknowledgment whose checksum is left to us */
    way.flow = 5;
    cable_put_sample(&cable, &world, &way, &s, 0);
    s = tcp_sample(6, 1448);
    s.partial = false;
    way.flow = 6;
    cable_put_sample(&cable, &world, &way, &s, 0);
    s = udp_sample(7, 8192);
    way.flow = 7;
    cable_put_fragments(&cable, &world, &way, &s);
}

/* Frames that are nothing a parser knows, of every length that matters. */
static void send_strange(unsigned from, unsigned to)
{
    static const uint16_t types[] = {0x0806 /* ARP */,
                                     0x88b5 /* local experiments */,
                                     0x8847 /* MPLS */,
                                     0x8100,
                                     0x88a8,
                                     0x0800,
                                     0x86dd,
                                     0x0003 /* a length: 802.3 */,
                                     0x22f0,
                                     0xffff};
    static const unsigned lengths[] = {14, 15, 17, 18, 33, 34, 46, 59, 60, 64, 1513, 1514};

    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            uint8_t frame[CABLE_FRAME_MAX];
            struct cable_way way = cable_way(from, to, 100);
            memcpy(frame, payload + 100 * t, sizeof frame);
            sample_put(frame + 12, types[t], 2);
            cable_put(&cable, &world, &way, frame, lengths[i]);
        }
    for (unsigned tags = 1; tags <= 2; tags++) { /* full frames behind tags */
        struct cable_way way = cable_way(from, to, 101);
        struct sample s = udp_sample(101, 1472);
        s.tags = tags;
        cable_put_sample(&cable, &world, &way, &s, 0);
    }
}

static void frames_of_all_kinds(void **state)
{
    static const struct {
        unsigned from, to;
    } ways[] = {{MARS, HUB}, {HUB, MARS}, {MARS, VENUS}, {VENUS, PLUTO}};

    (void)state;
    for (size_t mtu = 1280; mtu <= 1700; mtu += 140) {
        begin(mtu, mtu);
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            unsigned supers = cable.supers;
            send_supers(ways[i].from, ways[i].to);
            all_arrives();
            /* What was not cut on its way is merged. */
            assert_in_range(cable.supers - supers, mtu == 1700 ? 4 : 1, 1000);
            send_strange(ways[i].from, ways[i].to);
            all_arrives();
        }
        end();
    }
}

/* What is too short or too long for an Ethernet ends where it came from, and is counted. */
static void impossible_frames(void **state)
{
    static uint8_t frame[9014];
    struct el_mac src = world_mac(MARS, 0), dst = world_mac(HUB, 0);

    (void)state;
    begin(1, 1500);
    memcpy(frame, &dst, 6);
    memcpy(frame + 6, &src, 6);
    sample_put(frame + 12, 0x88b5, 2);
    for (size_t len = 1; len < 14; len++)
        world_put(&world, MARS, 0, frame, len, NULL);
    world_put(&world, MARS, 0, frame, 1523, NULL);
    world_put(&world, MARS, 0, frame, sizeof frame, NULL);
    static const struct el_offload lies[] = {
        {.gso = EL_GSO_TCP4, .gso_size = 100, .needs_csum = true, .csum_start = 34},
        {.gso = EL_GSO_UDP_L4, .gso_size = 0},
        {.gso = (enum el_gso)3, .gso_size = 1},
        {.needs_csum = true, .csum_start = 65535, .csum_offset = 65535},
        {.needs_csum = true, .csum_start = 59, .csum_offset = 0},
        {.needs_csum = true, .csum_start = 0, .csum_offset = 6},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        world_put(&world, MARS, 0, frame, 60, &lies[i]);
    all_arrives(); /* which is nothing */
    assert_int_equal(world_count(&world, MARS, "forward.drop-frame-short"), 13);
    assert_int_equal(world_count(&world, MARS, "forward.drop-frame-large"), 2);
    assert_int_equal(world_count(&world, MARS, "forward.drop-frame-offload"), 6);
    end();
}

static bool is_compact(unsigned i)
{
    return wire_of(i) != EL_TUNNEL_STANDARD;
}

/* A checksum that the sender's kernel has left out arrives so wherever the form allows that, and
 * complete everywhere else; a frame to both kinds is complete for both. */
static void checksums_stay_partial(void **state)
{
    (void)state;
    begin(12, 1500);
    for (unsigned from = HUB; from <= PLUTO; from++)
        for (unsigned to = HUB; to <= PLUTO; to++) {
            struct cable_way way = cable_way(from, to, 1);
            struct sample s = tcp_sample(1, 0), u = udp_sample(2, 100);
            unsigned before = cable.partial;

            if (from == to)
                continue;
            u.partial = true;
            u.ip6 = true;
            u.tags = 2;
            cable_put_sample(&cable, &world, &way, &s, 0);
            all_arrives();
            way.flow = 2;
            cable_put_sample(&cable, &world, &way, &u, 0);
            all_arrives();
            bool stays = (from == HUB || is_compact(from)) && (to == HUB || is_compact(to));
            assert_int_equal(cable.partial - before, stays ? 2 : 0);
        }
    struct cable_way all = cable_way(HUB, MARS, 3);
    struct sample s = udp_sample(3, 5000);
    unsigned before = cable.partial;
    all.dst = (struct el_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    all.to[1] = VENUS;
    all.to[2] = PLUTO;
    all.to_count = 3;
    cable_put_sample(&cable, &world, &all, &s, 1000);
    s.payload_len = 1000;
    s.partial = true;
    cable_put_sample(&cable, &world, &all, &s, 0);
    all_arrives();
    bool stays = is_compact(MARS) && is_compact(VENUS) && is_compact(PLUTO);
    assert_int_equal(cable.partial - before, stays ? 6 * 3 : 0); /* each comes by itself */
    end();
}

/* DSCP and ECN of the inner packet are those of the outer one, and what a router marks on its way
 * arrives inside, also where it went in fragments or through two tunnels. */
static void marks_arrive(void **state)
{
    static const uint8_t octets[] = {0x00, 0x01, 0x02, 0x03, 0xb8, 0xba};

    (void)state;
    begin(13, 1400);
    for (size_t i = 0; i < sizeof octets; i++)
        for (unsigned kind = 0; kind < 8; kind++) {
            struct cable_way way = cable_way(MARS, kind & 1 ? VENUS : HUB, 1);
            struct sample s = kind & 2 ? udp_sample(1, 1472) : tcp_sample(1, 4000);
            s.ip6 = !(kind & 2) && kind & 4;
            s.tags = kind / 4;
            s.tos = octets[i];
            for (unsigned congested = 0; congested < 2; congested++) {
                world.routers = congested ? WORLD_CONGESTED : WORLD_FREE;
                cable.marked = congested;
                cable_put_sample(&cable, &world, &way, &s, kind & 2 ? 0 : 1000);
                assert_int_equal(world.last_tos, s.tos);
                all_arrives();
            }
        }

    /* One that marks what does not know of marks loses it. */
    struct cable_way way = cable_way(MARS, HUB, 1);
    struct sample s = udp_sample(1, 100);
    uint8_t arp[60] = {[12] = 0x08, 0x06};
    world.routers = WORLD_RUDE;
    cable.marked = true;
    cable_put_sample(&cable, &world, &way, &s, 0);
    world_wait(&world, 50 * EL_MS);
    assert_int_equal(cable_clear(&cable), 1);
    assert_int_equal(world_count(&world, HUB, "forward.drop-ecn"), 1);
    if (is_compact(MARS)) { /* whose own IP header is no Ethernet's */
        cable_put(&cable, &world, &way, arp, sizeof arp);
        all_arrives();
    }
    end();
}

/* -- who gets what -- */

/* Unknown and group addresses reach everybody of the network but the one who spoke. Known ones
 * reach theirs alone, also from spoke to spoke, in one datagram each way. */
static void floods_and_relays(void **state)
{
    uint8_t frame[100] = {0};

    (void)state;
    begin(2, 1500);
    sample_put(frame + 12, 0x88b5, 2);
    struct cable_way way = {.node = MARS,
                            .src = world_mac(MARS, 0),
                            .dst = {{0x52, 0x54, 0, 0, 0, 0x99}},
                            .to = {HUB, VENUS, PLUTO},
                            .to_count = 3};
    cable_put(&cable, &world, &way, frame, sizeof frame);
    way.dst = (struct el_mac){{0x33, 0x33, 0, 0, 0, 1}};
    cable_put(&cable, &world, &way, frame, sizeof frame);
    all_arrives();

    unsigned sent[WORLD_NODES];
    for (unsigned i = 0; i < WORLD_NODES; i++)
        sent[i] = world.nodes[i].sent;
    way = cable_way(MARS, VENUS, 0);
    cable_put(&cable, &world, &way, frame, sizeof frame);
    all_arrives();
    assert_int_equal(world.nodes[MARS].sent - sent[MARS], 1);
    assert_int_equal(world.nodes[HUB].sent - sent[HUB], 1);

    /* A flood of a super-frame, to peers that each get their own fragments of it. */
    world.mtu = 1280;
    struct cable_way all = way;
    all.dst = (struct el_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    all.to_count = 0;
    all.node = HUB;
    all.src = world_mac(HUB, 0);
    for (unsigned i = MARS; i <= PLUTO; i++) {
        all.to[all.to_count++] = i;
        start_spoke(i); /* so that the paths are new */
    }
    world_wait(&world, 20 * EL_S);
    struct sample s = udp_sample(9, 20000);
    cable_put_sample(&cable, &world, &all, &s, 1472);
    all_arrives();

    /* Nothing goes back to where it came from: somebody's own address, or a neighbour's. */
    struct cable_way back = cable_way(MARS, MARS, 0);
    back.to_count = 0;
    cable_put(&cable, &world, &back, frame, sizeof frame);
    all_arrives();
    assert_int_equal(world_count(&world, MARS, "switch.drop-local"), 1);
    assert_ptr_equal(el_forward_locate(world.nodes[HUB].forward, world.now_ns, BOOT, &back.src),
                     world.nodes[HUB].peers[MARS]);
    assert_null(
        el_forward_locate(world.nodes[HUB].forward, world.now_ns, OTHER_NETWORK, &back.src));
    end();
}

/* Two networks with the same addresses; and one that nobody has granted. */
static void networks_are_apart(void **state)
{
    uint8_t frame[100] = {0};

    (void)state;
    begin(3, 1500);
    sample_put(frame + 12, 0x88b5, 2);
    struct cable_way way = {
        .node = OTHER, .src = world_mac(MARS, 0), .dst = world_mac(VENUS, 0), .to_count = 0};
    cable_address(frame, &way);
    world_put(&world, OTHER, 0, frame, sizeof frame, NULL); /* reaches the hub's port of 78 alone */
    cable_expect(&cable, HUB, 1, 0, frame, sizeof frame);
    all_arrives();
    assert_int_equal(world_count(&world, HUB, "forward.drop-vni"), 0);
    world_put(&world, OTHER, 1, frame, sizeof frame, NULL);
    all_arrives();
    assert_int_equal(world_count(&world, HUB, "forward.drop-vni"), 1);
    assert_ptr_equal(el_forward_locate(world.nodes[HUB].forward, world.now_ns, BOOT, &way.src),
                     world.nodes[HUB].peers[MARS]);

    /* VXLAN inside a frame is payload, whatever its VNI says. */
    static const uint8_t inner[] = {0x08, 0,    0,    0,    0,    0,    BOOT,
                                    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct sample s = udp_sample(1, sizeof inner);
    s.payload = inner;
    uint8_t nested[200];
    size_t len = sample_build(nested, &s);
    sample_put(nested + sample_l4(&s) + 2, 4789, 2);
    cable_address(nested, &way);
    world_put(&world, OTHER, 0, nested, len, NULL);
    cable_expect(&cable, HUB, 1, 0, nested, len);
    all_arrives();
    end();
}

/* A hostile machine on a spoke's cable says it were the hub. */
static void nobody_is_the_hub(void **state)
{
    uint8_t frame[100] = {0};

    (void)state;
    begin(4, 1500);
    sample_put(frame + 12, 0x88b5, 2);
    struct cable_way way = {.node = MARS, .src = world_mac(HUB, 0), .dst = world_mac(VENUS, 0)};
    for (unsigned i = 0; i < 10; i++) { /* the hub itself is silent for a day */
        world_wait(&world, 2400 * EL_S);
        cable_address(frame, &way);
        world_put(&world, MARS, 0, frame, sizeof frame, NULL);
        all_arrives();
        assert_int_equal(world_count(&world, HUB, "switch.drop-protected"), i + 1);
    }
    struct cable_way honest = cable_way(VENUS, HUB, 0);
    cable_put(&cable, &world, &honest, frame, sizeof frame);
    all_arrives();
    end();
}

/* What comes from the WAN without a key is nothing: not VXLAN, not GRE, not our own messages again.
 */
static void strangers_are_not_heard(void **state)
{
    static const uint8_t vxlan[64] = {0x08, 0,    0,    0,    0,    0,    BOOT,
                                      0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct el_endpoint stranger = {.ip = el_ip4(0xc6336401), .port = 4789};

    (void)state;
    begin(5, 1500);
    uint64_t before = world_count(&world, HUB, "tunnel.drop-length");
    for (size_t len = 0; len <= sizeof vxlan; len++)
        world_send(&world, &stranger, &world.nodes[HUB].at, 0, vxlan, len);
    all_arrives();
    assert_int_equal(world_count(&world, HUB, "tunnel.drop-length") - before, sizeof vxlan + 1);

    world.double_percent = 100; /* everything twice */
    send_supers(MARS, HUB);
    all_arrives();
    assert_true(world_count(&world, HUB, "tunnel.drop-replay") > 100);
    end();
}

/* -- paths -- */

static size_t path_of(unsigned i, unsigned j)
{
    return el_forward_path_mtu(world.nodes[i].peers[j]);
}

/* Packets that fill the path pass uncut, and full ones in two pieces; no MTU is set anywhere. */
static void paths_are_found(void **state)
{
    static const struct {
        size_t mtu, path;
    } rows[] = {{1280, 1280}, {1300, 1280}, {1400, 1400}, {1420, 1420}, {1492, 1492},
                {1500, 1500}, {1600, 1500}, {9000, 1648}, {0, 1648},    {600, 576}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(i, rows[i].mtu);
        assert_int_equal(path_of(MARS, HUB), rows[i].path);
        assert_int_equal(path_of(HUB, MARS), rows[i].path);
        send_supers(MARS, HUB);
        send_supers(HUB, VENUS);
        all_arrives();
        end();
    }
}

/* Our own card refuses: the path is its MTU at once, whatever it is. */
static void first_hop(void **state)
{
    (void)state;
    begin(6, 1500);
    world.nodes[MARS].first_hop_mtu = 1333;
    send_supers(MARS, HUB);
    world_wait(&world, 50 * EL_MS);
    cable_clear(&cable); /* what was under way in the moment is lost */
    assert_in_range(world.nodes[MARS].too_big, 1, 200);
    assert_in_range(path_of(MARS, HUB), 1333 - 15, 1333 + 15); /* before padding */
    assert_int_equal(path_of(HUB, MARS), 1500);
    unsigned too_big = world.nodes[MARS].too_big;
    send_supers(MARS, HUB);
    send_supers(HUB, MARS);
    all_arrives();
    assert_int_equal(world.nodes[MARS].too_big, too_big);
    end();
}

/* Under traffic a path that becomes narrow without a word is noticed within five seconds, and its
 * growth within eleven minutes. */
static void paths_change(void **state)
{
    (void)state;
    for (size_t mtu = 1280; mtu >= 600; mtu -= 340) {
        begin(7, 1500);
        world.mtu = mtu;
        for (unsigned i = 0; i < (mtu < 1280 ? 150u : 60u); i++) {
            struct cable_way way = cable_way(MARS, HUB, 1);
            struct sample s = udp_sample(1, 1472);
            cable_put_sample(&cable, &world, &way, &s, 0);
            world_wait(&world, 100 * EL_MS);
        }
        cable_clear(&cable);
        assert_in_range(path_of(MARS, HUB), 576, mtu);
        send_supers(MARS, HUB);
        all_arrives();
        assert_int_equal(path_of(HUB, MARS), 1500); /* which had nothing to say, and no reason */

        world.mtu = 1500;
        for (unsigned i = 0; i < 660; i++) {
            struct cable_way way = cable_way(MARS, HUB, 1);
            struct sample s = udp_sample(1, 1472);
            if (i % 10 == 0)
                send_supers(MARS, HUB);
            else
                cable_put_sample(&cable, &world, &way, &s, 0);
            all_arrives();
            world_wait(&world, 950 * EL_MS);
        }
        assert_int_equal(path_of(MARS, HUB), 1500);
        end();
    }
}

/* A TCP SYN that offers OFFERED, which has to arrive as CLAMPED. */
static void send_syn(const struct cable_way *way, struct sample *s, uint32_t offered,
                     uint32_t clamped)
{
    uint8_t frame[CABLE_FRAME_MAX];
    size_t tcp = sample_l4(s);
    struct el_offload offload = {
        .needs_csum = s->partial, .csum_start = (uint16_t)tcp, .csum_offset = 16};

    s->flags = 0x002;
    s->options = 4;
    size_t len = sample_build(frame, s);
    cable_address(frame, way);
    for (unsigned pass = 0; pass < 2; pass++) { /* as it leaves, as it has to arrive */
        sample_put(frame + tcp + 20, 0x02040000 | (pass ? clamped : offered), 4);
        if (pass || !s->partial)
            cable_fill_csum(frame + tcp + 16, sample_pseudo(frame + sample_l3(s), s), frame + tcp,
                            24, false);
        if (pass)
            cable_expect_way(&cable, way, frame, len);
        else
            world_put(&world, way->node, 0, frame, len, s->partial ? &offload : NULL);
    }
    all_arrives();
}

/* How many datagrams a node sends for 20,000 bytes of TCP in segments of that size. */
static void segments_fit(const struct cable_way *way, const struct sample *like, uint32_t mss)
{
    struct sample s = tcp_sample(1, 20000);
    unsigned sent = world.nodes[way->node].sent;

    s.ip6 = like->ip6;
    s.tags = like->tags;
    mss -= s.options;
    cable_put_sample(&cable, &world, way, &s, mss);
    all_arrives();
    unsigned segments = (20000 + mss - 1) / mss;
    assert_in_range(world.nodes[way->node].sent - sent, segments, segments + 1); /* and a probe */
}

/* What a path leaves for a segment, with all headers of the form that I and the hub have. */
static uint32_t mss_of(size_t path, unsigned i, const struct sample *s)
{
    size_t inner = wire_of(i) == EL_TUNNEL_FAST      ? path - 28 - 48 - 8
                   : wire_of(i) == EL_TUNNEL_COMPACT ? path - 28 - 32 - 8
                                                     : ((path - 60) & ~(size_t)15) - 36;

    return (uint32_t)(inner - 14 - 4 * s->tags - (s->ip6 ? 60 : 40));
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The MSS that both ends of a connection hear makes segments that need no second datagram. */
static void full_segments_fit(void **state)
{
    static const struct {
        size_t mtu;
        bool ip6;
        unsigned tags;
        bool partial;
    } rows[] = {{1280, false, 0, true}, {1400, false, 0, false}, {1400, true, 0, true},
                {1492, false, 2, true}, {1500, true, 1, false},  {1648, false, 0, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cable_way way = cable_way(MARS, VENUS, 1);
        struct sample s = tcp_sample(1, 0);
        s.ip6 = rows[i].ip6;
        s.tags = rows[i].tags;
        s.partial = rows[i].partial;
        uint32_t theirs = s.ip6 ? 1440 : 1460;
        uint32_t ours = least(mss_of(rows[i].mtu, MARS, &s), mss_of(rows[i].mtu, VENUS, &s));
        uint32_t mss = least(ours, theirs);

        begin(20 + i, rows[i].mtu);
        send_syn(&way, &s, theirs, mss);
        segments_fit(&way, &s, mss);
        end();
    }
}

/* Who hears an MSS sends the other way, which may be the narrow one: so what comes out of the
 * tunnel is clamped too. A standard peer would clamp nothing at all. */
static void segments_fit_the_way_back(void **state)
{
    struct cable_way way = cable_way(MARS, HUB, 1), back = cable_way(HUB, MARS, 2);
    struct sample s = tcp_sample(1, 0);

    (void)state;
    begin(26, 1648);
    world.nodes[MARS].mtu = 1280;
    start_spoke(MARS);
    start_hub();
    world_wait(&world, 60 * EL_S);
    cable_clear(&cable);
    send_syn(&way, &s, 1460, mss_of(1280, MARS, &s));
    assert_int_equal(path_of(MARS, HUB), 1648);
    assert_int_equal(path_of(HUB, MARS), 1280);
    segments_fit(&back, &s, mss_of(1280, MARS, &s));
    end();
}

/* -- time -- */

/* Traffic both ways every INTERVAL for DURATION: how many of these small frames did not arrive. */
static unsigned talk(unsigned i, unsigned j, uint64_t duration_ns, uint64_t interval_ns)
{
    unsigned lost = 0;

    for (uint64_t end_ns = world.now_ns + duration_ns; world.now_ns < end_ns;) {
        for (unsigned way = 0; way < 2; way++) {
            struct cable_way direction = way ? cable_way(i, j, 1) : cable_way(j, i, 2);
            struct sample s = udp_sample(direction.flow, 50 + sample_below(&chance, 1400));
            cable_put_sample(&cable, &world, &direction, &s, 0);
        }
        world_wait(&world, interval_ns);
        lost += cable_clear(&cable);
    }
    return lost;
}

/* Hours of traffic, a new key every two minutes: nothing is lost, and nothing allocated. */
static void hours_pass(void **state)
{
    (void)state;
    begin(8, 1500);
    allocations = 0;
    assert_int_equal(talk(MARS, VENUS, 2 * 3600 * EL_S, 250 * EL_MS), 0);
    assert_in_range(world.nodes[MARS].events[EL_TUNNEL_REKEYED], 55, 62);
    assert_int_equal(world.nodes[MARS].events[EL_TUNNEL_SESSION_DOWN], 0);
    for (unsigned i = 0; i < 20; i++) {
        send_supers(MARS, VENUS);
        send_strange(VENUS, HUB);
        all_arrives();
    }
    assert_int_equal(allocations, 0);
    end();
}

/* When one side forgets all, frames pass again after no more than so many seconds. */
static unsigned outage_s(unsigned i, unsigned j)
{
    unsigned s = 0;

    while (s < 300 && talk(i, j, EL_S, 100 * EL_MS) > 0)
        s++;
    cable.unexpected = 0; /* who has forgotten where machines are asks everybody */
    return s;
}

static void restarts(void **state)
{
    (void)state;
    begin(9, 1500);
    assert_int_equal(talk(MARS, VENUS, 130 * EL_S, 100 * EL_MS), 0);
    start_spoke(MARS); /* which calls at once */
    assert_in_range(outage_s(MARS, HUB), 0, 2);
    assert_in_range(outage_s(MARS, VENUS), 0, 1);

    start_hub(); /* which waits: the spokes notice after fifteen seconds of silence */
    assert_in_range(outage_s(MARS, HUB), 0, 17);
    assert_in_range(outage_s(MARS, VENUS), 0, 17);

    world_stop(&world, HUB); /* for an hour */
    world_wait(&world, 3600 * EL_S);
    cable_clear(&cable);
    start_hub();
    assert_in_range(outage_s(MARS, HUB), 0, 8);
    assert_in_range(outage_s(MARS, VENUS), 0, 8);
    end();
}

/* A NAT forgets: the spoke's datagrams come from another port, and the old one is dead. */
static void roaming(void **state)
{
    (void)state;
    begin(10, 1500);
    for (unsigned i = 0; i < 20; i++) {
        world.nodes[MARS].at.port = (uint16_t)(10000 + i);
        struct cable_way way = cable_way(MARS, HUB, 1);
        uint8_t frame[60] = {0};
        sample_put(frame + 12, 0x88b5, 2);
        cable_put(&cable, &world, &way, frame, sizeof frame); /* who moved has to say something */
        all_arrives();
        assert_int_equal(talk(MARS, HUB, 5 * EL_S, 100 * EL_MS), 0);
    }
    assert_int_equal(world.nodes[HUB].events[EL_TUNNEL_ROAMED], 20);

    /* Where it is now, the path is a narrower one: what was known of the old one is void at once.
     */
    struct cable_way way = cable_way(MARS, HUB, 1);
    uint8_t frame[60] = {0};
    sample_put(frame + 12, 0x88b5, 2);
    world.nodes[MARS].at.port = 20000;
    world.nodes[MARS].mtu = 1300;
    cable_put(&cable, &world, &way, frame, sizeof frame);
    all_arrives();
    send_supers(HUB, MARS);
    all_arrives();
    assert_int_equal(world.nodes[HUB].events[EL_TUNNEL_SESSION_DOWN], 0);
    end();
}

/* A network that loses, doubles and reorders: what arrives is right, arrives once, and at the rate
 * that loss leaves. */
static void a_bad_network(void **state)
{
    (void)state;
    begin(11, 1500);
    cable.any_order = true;
    world.loss_percent = 5;
    world.double_percent = 10;
    world.jitter_ns = 30 * EL_MS;
    unsigned missing = 0, before = cable.arrived;
    for (unsigned i = 0; i < 300; i++) {
        send_supers(MARS, HUB);
        send_supers(VENUS, MARS);
        world_wait(&world, EL_S);
        missing += cable_clear(&cable);
    }
    unsigned got = cable.arrived - before;
    assert_in_range(missing * 100 / (missing + got), 4, 15);
    assert_true(world_count(&world, HUB, "tunnel.drop-replay") > 1000);

    world.loss_percent = world.double_percent = 0;
    world.jitter_ns = 0;
    world_wait(&world, 20 * EL_S);
    cable.any_order = false;
    send_supers(MARS, VENUS);
    all_arrives();
    end();
}

/* -- anything -- */

/* A sample by chance, with whatever a header may say. */
static struct sample any_sample(unsigned flow, bool udp, size_t len)
{
    struct sample s = udp ? udp_sample(flow, len) : tcp_sample(flow, len);

    s.payload = payload + sample_below(&chance, PAYLOAD - 70000);
    s.ip6 = sample_below(&chance, 2);
    s.tags = sample_below(&chance, 3);
    s.tos = (uint8_t)sample_random(&chance);
    s.ttl = (uint8_t)sample_random(&chance);
    s.id = (uint16_t)sample_random(&chance);
    s.seq = sample_random(&chance);
    s.df = sample_below(&chance, 2);
    s.ip_options = sample_below(&chance, 4) ? 0 : 8 * sample_below(&chance, 6);
    s.options = udp ? 0 : 4 * sample_below(&chance, 11);
    s.flags = (uint16_t)(0x010 | (sample_random(&chance) & 0x0c9)); /* ACK; CWR ECE PSH FIN */
    s.partial = sample_below(&chance, 2);
    return s;
}

/* Noise behind any type, sometimes with a header that begins well. */
static void send_noise(const struct cable_way *way)
{
    static const uint16_t types[] = {0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x88b5};
    uint8_t frame[CABLE_FRAME_MAX];

    memcpy(frame, payload + sample_below(&chance, PAYLOAD - CABLE_FRAME_MAX), sizeof frame);
    sample_put(frame + 12, types[sample_below(&chance, 6)], 2);
    if (sample_below(&chance, 2))
        frame[14] = frame[12] == 0x08 ? 0x45 : 0x60;
    cable_put(&cable, &world, way, frame, 14 + sample_below(&chance, CABLE_FRAME_MAX - 13));
}

/* A frame of which a bit is wrong, and stays so. */
static void send_broken(const struct cable_way *way, struct sample *s)
{
    uint8_t frame[CABLE_FRAME_MAX];

    s->partial = false;
    size_t len = sample_build(frame, s);
    frame[14 + sample_below(&chance, (uint32_t)len - 14)] ^= (uint8_t)(1 << len % 8);
    cable_put(&cable, &world, way, frame, len);
}

/* Sends one frame, or super-frame, made by chance. */
static void send_anything(unsigned from, unsigned to)
{
    static unsigned alone = 1000;
    size_t len = sample_below(&chance, sample_below(&chance, 40) ? 6000 : 60000);
    struct sample s = any_sample(10 * from + to, sample_below(&chance, 2), len);
    /* Order is promised to what has the same addresses and ports, in the same kind of frame. */
    unsigned flow = s.flow + 50u * s.udp + 100u * s.ip6 + 200u * s.tags;
    struct cable_way way = cable_way(from, to, flow), stray = cable_way(from, to, alone++);
    size_t room = 1500 + 14 + 4 * s.tags - (sample_l4(&s) + (s.udp ? 8 : 20 + s.options));

    switch (sample_below(&chance, 6)) {
    case 0: send_noise(&stray); break;
    case 1:
        s.payload_len = len % (room + 1);
        send_broken(&stray, &s);
        break;
    case 2:
        s = udp_sample(s.flow, 1473 + len % 6720);
        stray.flow = 900 + s.flow;
        cable_put_fragments(&cable, &world, &stray, &s);
        break;
    case 3:
        s.payload_len = len % (room + 1);
        cable_put_sample(&cable, &world, &way, &s, 0);
        break;
    default: {
        size_t size = 1 + sample_below(&chance, (uint32_t)room);
        if (len / size > 45)
            size = len / 45 < room ? len / 45 + 1 : room;
        s.payload_len = len + 1;
        cable_put_sample(&cable, &world, &way, &s, size);
    }
    }
}

static void anything_arrives_as_it_was(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        form = &forms[round % (sizeof forms / sizeof forms[0])];
        begin(40 + round, 1280 + 55 * round);
        for (unsigned batch = 0; batch < 2000; batch++) {
            for (unsigned i = 0; i < 10; i++) {
                unsigned from = sample_below(&chance, PLUTO + 1);
                unsigned to = (from + 1 + sample_below(&chance, PLUTO)) % (PLUTO + 1);
                send_anything(from, to);
            }
            all_arrives();
        }
        end();
    }
    form = &forms[0];
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_the_hub),
        cmocka_unit_test(paths_change),
        cmocka_unit_test(hours_pass),
        cmocka_unit_test(restarts),
        cmocka_unit_test(roaming),
        cmocka_unit_test(a_bad_network),
        cmocka_unit_test(anything_arrives_as_it_was),
    };
    /* In each form. */
    static const struct CMUnitTest form_tests[] = {
        cmocka_unit_test(frames_of_all_kinds),
        cmocka_unit_test(checksums_stay_partial),
        cmocka_unit_test(marks_arrive),
        cmocka_unit_test(impossible_frames),
        cmocka_unit_test(floods_and_relays),
        cmocka_unit_test(networks_are_apart),
        cmocka_unit_test(strangers_are_not_heard),
        cmocka_unit_test(paths_are_found),
        cmocka_unit_test(first_hop),
        cmocka_unit_test(full_segments_fit),
        cmocka_unit_test(segments_fit_the_way_back),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    for (form = forms; form < forms + sizeof forms / sizeof forms[0]; form++)
        failed += cmocka_run_group_tests_name(form->name, form_tests, NULL, NULL);
    return failed;
}

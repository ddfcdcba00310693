/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A million random frames between a hub and two spokes, from spoke to spoke through both tunnels:
 * what a kernel or a card hands over, and what it never would. Each comes out at the other side as
 * a real receiver must see it (sim/random_frames.h), or is dropped and counted; and no datagram
 * that the network invents, doubles, loses or delays changes a byte.
 *
 *     random_frames_test [FRAMES [SEED]]      frames on the cable, in all rounds together
 */
#include "sim/forward_world.h"
#include "sim/random_frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    HUB,
    MARS,
    VENUS,
    SIDES,
    VNI = 77,
    CARDS = 2,  /* MAC addresses behind each side */
    FLOWS = 24, /* of each side */
    FRAGMENTS_FLOW = FLOWS,
    SUPER_MAX = 60000,
    PAYLOAD = 150000,
    BATCH_PUTS = 40,
    BATCH_FRAMES = 1500, /* no further super-frame beyond */
    DATAGRAMS = 32768,
};

/* What the network does to the datagrams of a batch. */
enum network { CLEAN, SHUFFLED, HOLES };

/* A flow goes on, mostly: then its segments may be merged. */
struct flow {
    struct sample next;
    uint8_t extension; /* IPv6: the kind of extension header */
};

static struct world world;
static struct expected expected;
static struct flow flows[SIDES][FLOWS];
static uint8_t payload[PAYLOAD];
static uint64_t chance, frames_wanted = 1000000, seed = 1;
static uint64_t frames_sent, supers_came;
static unsigned flooded; /* frames of this batch */
/* What has to be counted as dropped: frames by us, and datagrams. */
static uint64_t short_frames, large_frames, lies, switched_off, bad_datagrams, lost_datagrams;

static uint32_t below(uint32_t bound)
{
    return sample_below(&chance, bound);
}

static bool percent(unsigned p)
{
    return below(100) < p;
}

/* -- what comes -- */

static void take(void *arg, const uint8_t *frame, size_t len)
{
    static uint8_t copy[EL_PORT_FRAME_BYTES];

    memcpy(copy, frame, len);
    expected_take(&expected, *(unsigned *)arg, copy, len);
}

static void arrived(struct world *w, unsigned node, unsigned port, const struct el_port_rx *rx)
{
    (void)w;
    (void)port;
    supers_came += rx->offload.gso != EL_GSO_NONE;
    /* A super-frame of one segment would be none to Linux. */
    if (rx->len < 14 || (rx->offload.gso != EL_GSO_NONE && rx->len <= rx->offload.gso_size) ||
        !reference_cut(rx->bytes, rx->len, &rx->offload, take, &node))
        expected.unexpected++;
}

/* -- what is sent -- */

static struct el_mac card(unsigned side, unsigned number)
{
    return (struct el_mac){{0x52, 0x54, 0x00, 0x77, (uint8_t)number, (uint8_t)(side + 1)}};
}

struct way {
    struct el_mac src, dst;
    unsigned from, to, flow;
    bool flooded; /* to all other sides */
    bool passes;  /* the switch lets it */
};

static struct way way_of(unsigned from, unsigned flow)
{
    unsigned to = (from + 1 + flow / 2 % 2) % SIDES;

    return (struct way){.src = card(from, flow % CARDS),
                        .dst = card(to, flow % CARDS),
                        .from = from,
                        .to = to,
                        .flow = from * (FLOWS + 1) + flow,
                        .passes = true};
}

/* To all, to somebody unknown, to the wrong side of the switch, from nobody. */
static struct way strange_way(unsigned from)
{
    static const struct el_mac odd[] = {
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, {{0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb}},
        {{0x33, 0x33, 0x00, 0x00, 0x00, 0x01}}, {{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}},
        {{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}}, {{0x00, 0x00, 0x00, 0x00, 0x00, 0x00}}};
    struct way way = way_of(from, below(CARDS));
    unsigned what = below(7);

    way.flow = NO_FLOW;
    way.flooded = what < 4;
    way.passes = what < 4;
    if (what <= 4)
        way.dst = odd[what];
    else if (what == 5)
        way.src = odd[below(2) ? 1 : 5];
    else
        way.dst = card(from, 1 - below(2));
    return way;
}

static void expect(void *arg, const uint8_t *frame, size_t len)
{
    const struct way *way = arg;

    frames_sent++;
    flooded += way->flooded;
    if (len > REFERENCE_FRAME_MAX)
        large_frames += way->flooded && way->from == HUB ? SIDES - 1 : 1;
    else
        for (unsigned side = 0; side < SIDES; side++)
            if (way->flooded ? side != way->from : side == way->to)
                expected_add(&expected, side, way->flow, frame, len);
}

/* A card hands over a frame, with what its driver says about it. */
static void put(const struct way *way, uint8_t *frame, size_t len, const struct el_offload *offload)
{
    static uint8_t copy[EL_PORT_FRAME_BYTES];
    struct way to = *way;

    memcpy(frame, &way->dst, len < 6 ? len : 6);
    if (len > 6)
        memcpy(frame + 6, &way->src, len < 12 ? len - 6 : 6);
    memcpy(copy, frame, len);
    if (len < 14)
        short_frames++;
    else if (!way->passes)
        switched_off++;
    else if (!reference_cut(copy, len, offload, expect, &to))
        lies++;
    world_put(&world, way->from, 0, frame, len, offload);
}

static void count_one(void *arg, const uint8_t *frame, size_t len)
{
    (void)frame;
    *(size_t *)arg = len;
}

/* The checksum that FRAME still wants, filled in. */
static void complete(uint8_t *frame, size_t len, struct el_offload *offload)
{
    size_t same;

    offload->gso = EL_GSO_NONE;
    reference_cut(frame, len, offload, count_one, &same);
    offload->needs_csum = false;
}

/* -- TCP and UDP -- */

static void make_flow(unsigned side, unsigned i)
{
    static const uint8_t extensions[] = {0, 60, 44, 43};
    struct flow *flow = &flows[side][i];

    *flow = (struct flow){.extension = extensions[below(4)]};
    flow->next = (struct sample){.flow = (uint8_t)(side * 100 + i),
                                 .udp = i % 3 == 0,
                                 .ip6 = i / 3 % 2,
                                 .tags = i / 4 % 3,
                                 .ip_options = i % 6 == 4 ? 8 : 0,
                                 .ttl = 64,
                                 .df = true,
                                 .flags = 0x010,
                                 .window = 501,
                                 .options = 12,
                                 .partial = true,
                                 .seq = 0xffff0000u + below(0x20000)};
}

/* The next header of IPv6, and the bytes of the extension, of this kind. Fragments: an atomic one,
 * a first one, a later one. */
static void set_extension(uint8_t *frame, const struct sample *s, uint8_t kind)
{
    uint8_t *ip = frame + sample_l3(s), *at = ip + 40;

    if (!s->ip6 || s->ip_options != 8)
        return;
    ip[6] = kind;
    if (kind != 44)
        return;
    at[1] = 0;
    sample_put(at + 2, percent(80) ? 0 : below(2) ? 1 : 8 * below(100), 2);
    sample_put(at + 4, 0x12345678, 4);
}

/* Other options than the timestamps which are there: an MSS, at any place, or SACK. */
static void set_options(uint8_t *frame, const struct sample *s)
{
    uint8_t *at = frame + sample_l4(s) + 20;

    if (s->udp || s->options < 12)
        return;
    if (s->flags & 0x02) {
        unsigned odd = below(3);
        memset(at, 1, s->options);
        sample_put(sample_put(at + odd, 0x0204, 2), below(4) ? 1460 : below(65536), 2);
    } else if (percent(10)) {
        sample_put(at, 0x0101050a, 4);
        sample_put(at + 4, s->ack + 1448, 4);
        sample_put(at + 8, s->ack + 2 * 1448, 4);
    }
}

/* What ends a run of segments that can be merged. */
static void wander(struct sample *s)
{
    switch (below(8)) {
    case 0: s->seq = sample_random(&chance); break;
    case 1: s->id = (uint16_t)sample_random(&chance); break;
    case 2: s->ack += below(100000); break;
    case 3: s->window = (uint16_t)sample_random(&chance); break;
    case 4: s->timestamp += below(3); break;
    case 5: s->tos = (uint8_t)sample_random(&chance); break;
    case 6: s->ttl = (uint8_t)sample_random(&chance); break;
    default: s->options = s->udp ? 12 : 4 * below(11); s->df = below(2);
    }
}

static void note_checksum(void *arg, const uint8_t *frame, size_t len)
{
    struct reference r = reference_read(frame, len);
    uint32_t *csum = arg;

    if (*csum == UINT32_MAX && r.transport)
        *csum = reference_get(frame + r.l4 + (r.transport == 17 ? 6 : 16), 2);
}

/* Changes the payload of the first segment so that its checksum is one of the two zeros, which are
 * not the same to everybody. */
static void make_zero(uint8_t *frame, size_t len, const struct sample *s,
                      const struct el_offload *offload)
{
    static uint8_t copy[SAMPLE_BYTES_MAX];
    uint8_t *at = frame + sample_payload_at(s);
    uint32_t csum = UINT32_MAX;

    memcpy(copy, frame, len);
    reference_cut(copy, len, offload, note_checksum, &csum);
    if (csum == UINT32_MAX || s->payload_len < 2 || offload->gso_size == 1)
        return;
    csum += reference_get(at, 2);
    sample_put(at, (csum & 0xffff) + (csum >> 16), 2);
}

/* The offload that a kernel gives with FRAME. */
static struct el_offload offload_of(const struct sample *s, size_t size)
{
    return (struct el_offload){.needs_csum = true,
                               .gso = size == 0 ? EL_GSO_NONE
                                      : s->udp  ? EL_GSO_UDP_L4
                                      : s->ip6  ? EL_GSO_TCP6
                                                : EL_GSO_TCP4,
                               .gso_size = (uint16_t)size,
                               .ecn = size && s->flags & 0x80,
                               .hdr_len = (uint16_t)sample_payload_at(s),
                               .csum_start = (uint16_t)sample_l4(s),
                               .csum_offset = s->udp ? 6 : 16};
}

/* A checksum at the wrong place may make it another flow's. */
static void lie(struct way *way, struct el_offload *offload)
{
    static const uint8_t kinds[] = {0, 1, 3, 4, 5, 7};

    way->flow = NO_FLOW;
    switch (below(7)) {
    case 0: offload->gso = (enum el_gso)kinds[below(6)]; break;
    case 1: offload->gso_size = (uint16_t)(below(3) ? below(40) : sample_random(&chance)); break;
    case 2: offload->csum_start = (uint16_t)below(below(2) ? 100 : 65536); break;
    case 3: offload->csum_offset = (uint16_t)below(below(2) ? 20 : 65536); break;
    case 4: offload->needs_csum = false; break;
    case 5: offload->hdr_len = (uint16_t)sample_random(&chance); break;
    default: offload->ecn = !offload->ecn;
    }
}

/* A super-frame of a flow. Its length stays away from the number of segments that is too many to
 * expect, but for lies. */
static void put_super(struct way way, unsigned i)
{
    static uint8_t frame[SAMPLE_BYTES_MAX];
    struct flow *flow = &flows[way.from][i];
    if (percent(10))
        wander(&flow->next);
    struct sample s = flow->next;
    size_t mss = 1500 - (sample_payload_at(&s) - sample_l3(&s));
    size_t size = percent(70) ? mss : 1 + below((uint32_t)mss + (percent(5) ? 500 : 0));

    s.payload_len = below((uint32_t)(percent(80) ? SUPER_MAX : 3 * size));
    if (s.payload_len / size > 60)
        s.payload_len = 60 * size;
    s.payload = payload + below(PAYLOAD - SUPER_MAX - 1);
    s.flags |= (uint16_t)(percent(30) ? 0x08 : percent(5) ? below(0x100) & 0xc9 : 0);
    size_t len = sample_build(frame, &s);
    set_extension(frame, &s, flow->extension);
    struct el_offload offload = offload_of(&s, size);
    if (percent(5))
        make_zero(frame, len, &s, &offload);
    if (percent(2))
        lie(&way, &offload);
    if (percent(1)) {
        way.flow = NO_FLOW; /* it may be another one's now */
        frame[sample_l3(&s) + below((uint32_t)(sample_payload_at(&s) - sample_l3(&s)))] ^=
            (uint8_t)(1 << below(8));
    }
    put(&way, frame, len, &offload);
    flow->next.seq += (uint32_t)s.payload_len;
    flow->next.id = (uint16_t)(s.id + (s.payload_len + size - 1) / size);
}

/* Breaks a complete frame, or puts something behind it; both stay. */
static size_t spoil(struct way *way, uint8_t *frame, size_t len)
{
    if (percent(3)) {
        way->flow = NO_FLOW;
        frame[14 + below((uint32_t)len - 14)] ^= (uint8_t)(1 << below(8));
    }
    if (percent(5)) {
        size_t more = len < 60 ? 60 - len : below(20);
        memcpy(frame + len, payload + below(1000), more);
        len += more;
    }
    return percent(1) ? 14 + below((uint32_t)len - 14) : len;
}

/* One frame of a flow: mostly the next segment, complete or with its checksum left to us. */
static void put_single(struct way way, unsigned i)
{
    static uint8_t frame[SAMPLE_BYTES_MAX + 64];
    struct flow *flow = &flows[way.from][i];
    if (percent(10))
        wander(&flow->next);
    struct sample s = flow->next;
    size_t mss = 1500 - (sample_payload_at(&s) - sample_l3(&s));

    s.payload_len = percent(60) ? mss : percent(98) ? below((uint32_t)mss + 1) : below(9000);
    s.payload = payload + below(PAYLOAD - SUPER_MAX - 1);
    if (percent(10))
        s.flags = (uint16_t)below(0x100); /* SYN, URG, RST, CWR ... */
    else if (percent(10))
        s.flags |= (uint16_t)(below(4) ? 0x08 : 0x01);
    size_t len = sample_build(frame, &s);
    set_extension(frame, &s, flow->extension);
    set_options(frame, &s);
    struct el_offload offload = offload_of(&s, 0);
    if (percent(5))
        make_zero(frame, len, &s, &offload);
    if (percent(50)) {
        complete(frame, len, &offload);
        offload.csum_valid = below(2);
        if (s.udp && percent(10))
            sample_put(frame + sample_l4(&s) + 6, 0, 2); /* none */
        else if (!s.udp && below(2) && reference_get(frame + sample_l4(&s) + 16, 2) == 0)
            sample_put(frame + sample_l4(&s) + 16, 0xffff, 2); /* the other zero */
        len = spoil(&way, frame, len);
    } else if (!(s.flags & 0x02) && percent(2)) {
        lie(&way, &offload);
    } else if (percent(2)) { /* a pseudo header's sum that is none: wrong, and stays so */
        frame[sample_l4(&s) + offload.csum_offset] ^= 0x04;
    }
    put(&way, frame, len, &offload);
    flow->next.seq += (uint32_t)s.payload_len;
    flow->next.id++;
}

/* -- other frames -- */

/* A UDP datagram of up to 8 KB, as a machine with an MTU of 1500 sends it. */
static void put_fragments(unsigned from)
{
    static uint8_t frame[SAMPLE_BYTES_MAX];
    static uint16_t id;
    struct way way = way_of(from, FRAGMENTS_FLOW);
    struct sample s = {.udp = true, .flow = 99, .ttl = 64, .id = id++, .tags = below(3)};
    struct el_offload none = {0};

    s.payload_len = 1473 + below(6720);
    s.payload = payload + below(PAYLOAD - SUPER_MAX);
    size_t len = sample_build(frame, &s), l3 = sample_l3(&s);
    for (size_t at = l3 + 20; at < len; at += 1480) {
        uint8_t piece[1600];
        size_t size = len - at < 1480 ? len - at : 1480;
        memcpy(piece, frame, l3 + 20);
        memcpy(piece + l3 + 20, frame + at, size);
        sample_put(piece + l3 + 2, (uint32_t)(20 + size), 2);
        sample_put(piece + l3 + 6, (at + size < len ? 0x2000u : 0) | (uint32_t)((at - l3 - 20) / 8),
                   2);
        sample_put(piece + l3 + 10, 0, 2);
        sample_put(piece + l3 + 10, ~sample_sum(0, piece + l3, 20) & 0xffff, 2);
        put(&way, piece, l3 + 20 + size, &none);
    }
}

/* ARP, and noise behind any type, sometimes with a header that begins well. */
static void put_noise(struct way way)
{
    static const uint16_t types[] = {0x0806, 0x0800, 0x86dd, 0x8100,
                                     0x88a8, 0x88b5, 0x8847, 0x0003};
    uint8_t frame[9100];
    size_t len = percent(90) ? below(1530) : percent(50) ? 1 + below(64) : below(sizeof frame);
    struct el_offload offload = {0};

    memcpy(frame, payload + below(PAYLOAD - sizeof frame), sizeof frame);
    sample_put(frame + 12, types[below(8)], 2);
    if (below(2))
        frame[14] = frame[12] == 0x08 ? 0x45 : 0x60;
    if (percent(10)) {
        offload.needs_csum = true;
        offload.csum_start = (uint16_t)below(1530);
        offload.csum_offset = (uint16_t)below(20);
        lie(&way, &offload);
    }
    put(&way, frame, len ? len : 1, &offload);
}

static void put_anything(void)
{
    unsigned from = below(SIDES), i = below(FLOWS), what = below(100);
    struct way way = way_of(from, i), stray = way;

    stray.flow = NO_FLOW;
    if (percent(6))
        way = stray = strange_way(from);
    if (what < 30 && expected.count < BATCH_FRAMES)
        put_super(way, i);
    else if (what < 84)
        for (unsigned n = 1 + below(8); n > 0; n--)
            put_single(way, i);
    else if (what < 88)
        put_fragments(from);
    else
        put_noise(stray);
}

/* -- the network -- */

static bool is_data(const struct world_datagram *d)
{
    return d->len >= 32 && d->bytes[0] == 4;
}

/* A datagram that nobody has sent, at the place of D in the train: any bytes, or those of D with
 * another length, or with something changed. */
static void forge(struct world_datagram *d)
{
    switch (below(4)) {
    case 0:
        d->len = below(WORLD_DATAGRAM);
        memcpy(d->bytes, payload + below(1000), d->len);
        if (d->len > 0)
            d->bytes[0] = (uint8_t)(5 + below(250)); /* no handshake: those are another test's */
        break;
    case 1: d->len = below((uint32_t)d->len); break;
    case 2: d->len += 1 + below((uint32_t)(WORLD_DATAGRAM - d->len)); break;
    default: d->bytes[below(2) ? d->len - 1 - below(16) : 4 + below((uint32_t)d->len - 4)] ^= 0x10;
    }
}

/* Puts a copy of D behind it. */
static struct world_datagram *double_it(struct world_datagram *d)
{
    struct world_datagram *copy = world_new_datagram(&world);

    if (!copy)
        abort();
    struct world_datagram *next = d->next;
    *copy = *d;
    copy->next = next;
    d->next = copy;
    if (world.last == d)
        world.last = copy;
    return copy;
}

/* Exchanges D with one some places behind it, when both go to the same place. */
static void exchange(struct world_datagram *d)
{
    static struct world_datagram kept;
    struct world_datagram *other = d;

    for (unsigned n = 1 + below(20); n > 0 && other->next; n--)
        other = other->next;
    if (other == d || !is_data(other) || !el_endpoint_equal(&other->to, &d->to))
        return;
    struct world_datagram *d_next = d->next, *other_next = other->next;
    kept = *d;
    *d = *other;
    *other = kept;
    d->next = d_next;
    other->next = other_next;
}

/* Does to the datagrams under way what bad networks do, and people. Handshakes pass. */
static void disturb(enum network network)
{
    struct world_datagram **at = &world.first;

    if (network == CLEAN)
        return;
    for (struct world_datagram *d = world.first; d; d = d->next) {
        if (!is_data(d))
            continue;
        if (percent(5)) {
            struct world_datagram *copy = double_it(d);
            bad_datagrams++;
            if (below(2))
                forge(below(2) ? d : copy);
            else
                exchange(copy);
            d = copy;
        } else if (percent(20)) {
            exchange(d);
        }
    }
    while (network == HOLES && *at) {
        struct world_datagram *d = *at;
        if (!is_data(d) || !percent(3)) {
            at = &d->next;
            continue;
        }
        lost_datagrams++;
        *at = d->next;
        world_free_datagram(&world, d);
    }
    world.last = world.first;
    while (world.last && world.last->next)
        world.last = world.last->next;
}

/* -- rounds -- */

struct round {
    enum network network;
    size_t mtu;
};

/* Of each spoke's tunnel. */
struct form {
    enum el_tunnel_wire mars, venus;
};

static void introduce(unsigned i, unsigned j, bool knows_where)
{
    static const uint32_t vni = VNI;

    world_introduce(&world, i, j, knows_where, &vni, 1);
}

static void announce(void)
{
    for (unsigned side = 0; side < SIDES; side++)
        for (unsigned number = 0; number < CARDS; number++) {
            uint8_t frame[60] = {0};
            struct el_offload none = {0};
            struct way way = way_of(side, number);
            way.dst = (struct el_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
            way.flooded = true;
            put(&way, frame, sizeof frame, &none);
        }
}

/* All that was under way has come, or is lost. Floods are as many as a switch lets pass. */
static unsigned settle(void)
{
    world_wait(&world, (50 + flooded) * EL_MS);
    flooded = 0;
    unsigned missing = expected_missing(&expected);
    expected_clear(&expected);
    return missing;
}

static void begin(const struct round *round, const struct form *form)
{
    world_begin(&world, seed, DATAGRAMS);
    world.arrived = arrived;
    world.mtu = round->mtu;
    world.nodes[MARS].wire = form->mars;
    world.nodes[VENUS].wire = form->venus;
    chance = (seed + 1) * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < PAYLOAD; i++)
        payload[i] = (uint8_t)sample_random(&chance);
    memset(&expected, 0, sizeof expected);
    expected.any_order = round->network != CLEAN;
    expected.mss_floor = 1000;
    short_frames = large_frames = lies = switched_off = bad_datagrams = lost_datagrams = 0;
    for (unsigned side = 0; side < SIDES; side++) {
        world_port(&world, side, VNI, false);
        world_start(&world, side);
        for (unsigned i = 0; i < FLOWS; i++)
            make_flow(side, i);
    }
    for (unsigned spoke = MARS; spoke < SIDES; spoke++) {
        introduce(HUB, spoke, false);
        introduce(spoke, HUB, true);
        el_tunnel_connect(world.nodes[spoke].tunnel, world.nodes[spoke].peers[HUB], world.now_ns);
    }
    world_wait(&world, 20 * EL_S);
    announce();
    assert_int_equal(settle(), 0);
}

struct sum {
    const char *part, *prefix;
    uint64_t value;
};

static void add_counter(void *arg, const char *part, const char *name, uint64_t value)
{
    struct sum *sum = arg;

    if (strcmp(part, sum->part) == 0 && strncmp(name, sum->prefix, strlen(sum->prefix)) == 0)
        sum->value += value;
}

/* The sum of all sides' counters of PART whose names begin so. */
static uint64_t counted(const char *part, const char *prefix)
{
    struct sum sum = {part, prefix, 0};

    for (unsigned side = 0; side < SIDES; side++)
        el_forward_counters(world.nodes[side].forward, add_counter, &sum);
    return sum.value;
}

static void check_counters(void)
{
    assert_int_equal(counted("forward", "drop-frame-short"), short_frames);
    assert_int_equal(counted("forward", "drop-frame-large"), large_frames);
    assert_int_equal(counted("forward", "drop-frame-offload"), lies);
    assert_int_equal(counted("switch", "drop-"), switched_off);
    /* One that is lost may be a bad one, or the good one whose copy then is as good. */
    assert_true(counted("tunnel", "drop-") <= bad_datagrams);
    assert_true(counted("tunnel", "drop-") + lost_datagrams >= bad_datagrams);
}

static void play(const struct round *round, const struct form *form, uint64_t frames)
{
    uint64_t end = frames_sent + frames, missing = 0;

    print_message("seed %llu: %s and %s, network %u, MTU %zu\n", (unsigned long long)seed,
                  el_tunnel_wire_names[form->mars], el_tunnel_wire_names[form->venus],
                  (unsigned)round->network, round->mtu);
    begin(round, form);
    while (frames_sent < end) {
        for (unsigned i = 0; i < BATCH_PUTS; i++)
            put_anything();
        disturb(round->network);
        missing += settle();
        assert_int_equal(expected.unexpected, 0);
        assert_int_equal(expected.disordered, 0);
        assert_int_equal(expected.raised, 0);
        assert_true(missing <= (SIDES - 1) * lost_datagrams);
    }
    check_counters();
    world_end(&world);
    seed++;
}

static void a_million_frames(void **state)
{
    static const struct round rounds[] = {
        {CLEAN, 0}, {CLEAN, 1500}, {CLEAN, 1280}, {SHUFFLED, 0}, {SHUFFLED, 1500}, {HOLES, 1400},
    };
    static const struct form forms[] = {
        {EL_TUNNEL_STANDARD, EL_TUNNEL_STANDARD},
        {EL_TUNNEL_COMPACT, EL_TUNNEL_COMPACT},
        {EL_TUNNEL_COMPACT, EL_TUNNEL_STANDARD},
        {EL_TUNNEL_FAST, EL_TUNNEL_FAST},
    };
    struct el_err err = {""};
    unsigned usable = sizeof forms / sizeof forms[0];
    size_t count = sizeof rounds / sizeof rounds[0];

    (void)state;
    if (el_tunnel_wire_check(EL_TUNNEL_FAST, &err) < 0) {
        print_message("%s\n", err.text);
        usable--;
    }
    for (unsigned f = 0; f < usable; f++)
        for (size_t i = 0; i < count; i++)
            play(&rounds[i], &forms[f], frames_wanted / count / usable);
    print_message("%llu frames, %llu came in super-frames\n", (unsigned long long)frames_sent,
                  (unsigned long long)supers_came);
    assert_true(supers_came > frames_sent / 100);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(a_million_frames)};

    if (argc > 1)
        frames_wanted = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

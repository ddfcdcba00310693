/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub with two spokes that have sessions, the second in the compact form, and somebody who holds
 * the machines' cards, the WAN, and the keys of the spokes. An input is a sequence of orders: one
 * byte that says what, then what it takes.
 *
 *      0 CARD GSO SIZE2 START OFFSET FLAGS LEN2 BYTES
 *                                     a frame, with an offload that may be a lie
 *      1 LEN2 BYTES                   a datagram from nowhere to the hub
 *      2 SPOKE LEN2 BYTES             a packet that the spoke's key seals for the hub
 *      3 SPOKE VNI LEN2 BYTES         a frame that it seals, as VXLAN between the right addresses
 *      4 SPOKE OFFSET MORE LEN2 BYTES an IP fragment of such a packet
 *      5 T                            T * 10 ms pass
 *      6 T                            T seconds pass
 *      7 N                            the WAN's MTU is 576 + 8 N
 *      8 SPOKE                        the spoke's NAT forgets it
 *      9 N                            N percent are lost from now on
 *     10 REPEAT                       the next order, so many times
 *     11 R                            routers mark nothing, what may be marked, or all
 *
 * LEN2 is two bytes; bytes that the input does not have are zeros. Promises: no memory error, no
 * deadline that stands still; the hub's card gets no frame from network 78, of which no spoke is;
 * no frame is longer than an Ethernet's unless it is a super-frame; a checksum that is to be filled
 * in has its place in the frame.
 *
 * Every input gets a new world of the same seed, so its failure repeats from it alone. What one
 * input leaves to the next is what X25519 gave for a key and a point (x25519_memory.c): the
 * handshakes at the beginning are always the same.
 */
#include "sim/forward_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HUB, CARDS = 3, DATAGRAMS = 256, ORDERS_MAX = 64, LEN_MAX = 16384, TAIL = 64 };
enum { BOOT = 77, OTHER = 78 };

static struct world world;
static const uint8_t *orders, *orders_end;

static void require(bool promise)
{
    if (!promise)
        abort();
}

static uint8_t order(void)
{
    return orders < orders_end ? *orders++ : 0;
}

static uint16_t order16(void)
{
    uint16_t high = order();

    return (uint16_t)(high << 8 | order());
}

/* LEN2 BYTES: the length, and the bytes to AT, which has room for LEN_MAX. */
static size_t order_bytes(uint8_t *at)
{
    size_t len = order16() % (LEN_MAX + 1);
    size_t there = (size_t)(orders_end - orders) < len ? (size_t)(orders_end - orders) : len;

    memcpy(at, orders, there);
    memset(at + there, 0, len - there);
    orders += there;
    return len;
}

static void arrived(struct world *w, unsigned node, unsigned port, const struct el_port_rx *frame)
{
    (void)w;
    require(node != HUB || port == 0);
    require(frame->len >= 14);
    require(frame->offload.gso != EL_GSO_NONE || frame->len <= 1522);
    require(!frame->offload.needs_csum ||
            frame->offload.csum_start + frame->offload.csum_offset + 2u <= frame->len);
}

static void send_frame(void)
{
    static uint8_t bytes[LEN_MAX];
    unsigned card = order() % CARDS;
    struct el_offload offload = {.gso = (enum el_gso)(order() % 8), .gso_size = order16()};

    offload.csum_start = order();
    offload.csum_offset = order();
    uint8_t flags = order();
    offload.needs_csum = flags & 1;
    offload.csum_valid = flags & 2;
    size_t len = order_bytes(bytes);
    if (len > 0)
        world_put(&world, card, 0, bytes, len, &offload);
}

static void send_raw(void)
{
    static uint8_t bytes[LEN_MAX];
    struct el_endpoint from = {.ip = el_ip4(0xc6336401), .port = 4789};
    size_t len = order_bytes(bytes) % (WORLD_DATAGRAM + 1);

    world_send(&world, &from, &world.nodes[HUB].at, 0, bytes, len);
}

/* The spoke's key seals this for the hub. */
static void seal(unsigned spoke, uint8_t *packet, size_t len)
{
    struct world_node *node = &world.nodes[spoke];
    uint8_t sealed[WORLD_DATAGRAM];

    if (el_tunnel_peer_sealed_bytes(node->peers[HUB], len) > sizeof sealed)
        return;
    int n = el_tunnel_seal(node->tunnel, world.now_ns, node->peers[HUB], sealed, packet, len);
    if (n > 0)
        world_send(&world, &node->at, &world.nodes[HUB].at, 0, sealed, (size_t)n);
}

static unsigned order_spoke(void)
{
    return 1 + order() % (CARDS - 1);
}

static void send_sealed(void)
{
    static uint8_t bytes[LEN_MAX + TAIL];
    unsigned spoke = order_spoke();

    seal(spoke, bytes, order_bytes(bytes));
}

static uint8_t *put(uint8_t *at, uint32_t value, unsigned bytes)
{
    while (bytes-- > 0)
        *at++ = (uint8_t)(value >> (8 * bytes));
    return at;
}

/* An IPv4 header in front of LEN bytes at PACKET + 20. */
static void put_ip4(uint8_t *packet, size_t len, unsigned spoke, uint16_t fragment)
{
    uint32_t sum = 0;

    put(packet, 0x4500u << 16 | (uint32_t)(20 + len), 4);
    put(packet + 4, 0x1234u << 16 | fragment, 4);
    put(packet + 8, 0x40110000, 4);
    put(packet + 12, 0x64400001 + spoke, 4);
    put(packet + 16, 0x64400001 + HUB, 4);
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)packet[i] << 8 | packet[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put(packet + 10, ~(sum + (sum >> 16)) & 0xffff, 2);
}

static void send_vxlan(void)
{
    static uint8_t packet[36 + LEN_MAX + TAIL];
    unsigned spoke = order_spoke();
    uint8_t vni = order();
    size_t len = order_bytes(packet + 36);

    put(put(packet + 20, 50000u << 16 | 4789, 4), (uint32_t)(len + 16) << 16, 4);
    put(put(packet + 28, 0x08000000, 4), (uint32_t)vni << 8, 4);
    put_ip4(packet, len + 16, spoke, 0);
    seal(spoke, packet, len + 36);
}

static void send_fragment(void)
{
    static uint8_t packet[20 + LEN_MAX + TAIL];
    unsigned spoke = order_spoke();
    uint16_t offset = order();
    uint16_t more = order() & 1;
    size_t len = order_bytes(packet + 20);

    put_ip4(packet, len, spoke, (uint16_t)(more << 13 | offset));
    seal(spoke, packet, len + 20);
}

static void obey(uint8_t what)
{
    switch (what) {
    case 0: send_frame(); break;
    case 1: send_raw(); break;
    case 2: send_sealed(); break;
    case 3: send_vxlan(); break;
    case 4: send_fragment(); break;
    case 5: world_wait(&world, order() * 10 * EL_MS); break;
    case 6: world_wait(&world, order() * EL_S); break;
    case 7: world.mtu = 576 + 8u * order(); break;
    case 8: world.nodes[order_spoke()].at.port++; break;
    case 11: world.routers = order() % 3; break;
    default: world.loss_percent = order() % 101; break;
    }
}

static void begin(void)
{
    static const uint32_t boot = BOOT;

    world_begin(&world, 1, DATAGRAMS);
    world.arrived = arrived;
    world.delay_ns = EL_MS;
    world.nodes[CARDS - 1].wire = EL_TUNNEL_COMPACT;
    world_port(&world, HUB, BOOT, true);
    world_port(&world, HUB, OTHER, true);
    world_start(&world, HUB);
    for (unsigned i = 1; i < CARDS; i++) {
        world_port(&world, i, BOOT, false);
        world_introduce(&world, HUB, i, false, &boot, 1);
        world_start(&world, i);
        world_introduce(&world, i, HUB, true, &boot, 1);
        el_tunnel_connect(world.nodes[i].tunnel, world.nodes[i].peers[HUB], world.now_ns);
    }
    world_wait(&world, 100 * EL_MS);
    for (unsigned i = 1; i < CARDS; i++)
        require(el_tunnel_peer_is_up(world.nodes[HUB].peers[i], world.now_ns));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    orders = data;
    orders_end = data + size;
    begin();
    for (unsigned i = 0; i < ORDERS_MAX && orders < orders_end; i++) {
        uint8_t what = order() % 12;
        unsigned times = 1;
        if (what == 10) {
            times = order();
            what = order() % 10;
        }
        const uint8_t *again = orders;
        for (unsigned t = 0; t < (times ? times : 1); t++) {
            orders = again;
            obey(what);
        }
    }
    world_wait(&world, EL_S);
    world_end(&world);
    return 0;
}

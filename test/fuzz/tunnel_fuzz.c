/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two machines with a session, and somebody between them who reads his orders from the input: what
 * comes next, which datagram is lost, kept, bent, played again, invented, and how long to wait.
 *
 * An input is a sequence of orders: one byte that says what, then what it takes.
 *
 *     0 LEN BYTES     to B: these bytes
 *     1 N POS XOR     to B: datagram N of the last 16 on the wire, one byte bent
 *     2 N             to B: datagram N of the last 16 on the wire, as it was
 *     3 N             to A: the same
 *     4 T             wait T * 40 ms; both sides talk among themselves
 *     5 T             wait T s; nothing they say arrives
 *     6 LEN           A sends B an IP packet of 20 + LEN bytes
 *     7 LEN           B sends A one
 *     8 LEN BYTES     A sends B these bytes as a packet: a peer with a key who is hostile
 *     9               both connect
 *    10 N LEN BYTES   to B: a handshake message of type N and these bytes, with a right mac1
 *    11               A restarts, and connects
 *
 * Besides memory errors it looks at promises: a packet that is handed out is one that was sealed
 * for this peer and was not handed out before; a deadline always moves on.
 *
 * Every input gets new machines of the same seed, so its failure repeats from it alone. What one
 * input leaves to the next is what X25519 gave for a key and a point (x25519_memory.c).
 */
#include "sim/tunnel_world.h"
#include "tunnel/cookie.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIRE = 16, ORDERS_MAX = 200, TALK_MAX = 400 };

struct wire {
    size_t len;
    bool to_b;
    uint8_t bytes[WORLD_DATAGRAM];
};

static struct node nodes[2];
static struct el_tunnel_peer *peers[2]; /* how each sees the other */
static struct wire wire[WIRE];          /* a ring: the last datagrams */
static unsigned wires;                  /* in all */
static uint64_t now_ns;
static unsigned sealed[2], handed_out[2]; /* packets, by sender and by receiver */

static void require(bool promise)
{
    if (!promise)
        abort();
}

/* Orders */

static const uint8_t *orders, *orders_end;

static uint8_t order(void)
{
    return orders < orders_end ? *orders++ : 0;
}

static size_t order_bytes(uint8_t *to)
{
    size_t len = order();

    if (len > (size_t)(orders_end - orders))
        len = (size_t)(orders_end - orders);
    memcpy(to, orders, len);
    orders += len;
    return len;
}

/* The two machines */

static void start(unsigned i)
{
    struct el_tunnel_config config = {.peers_max = 1, .wall_at_zero_ns = 1790000000 * EL_S};
    struct el_tunnel_peer_config peer = {
        .endpoint = nodes[1 - i].at,
        .allowed = {.ip = el_ip4(0x64400001 + (1 - i)), .len = 32},
        .keepalive_s = i ? 0 : 25,
    };

    el_tunnel_free(nodes[i].tunnel);
    memcpy(config.private_key, nodes[i].private_key, 32);
    memcpy(config.last_timestamp, nodes[i].reserved, 12);
    memcpy(peer.public_key, nodes[1 - i].public_key, 32);
    require(el_tunnel_new(&config, &nodes[i].tunnel, NULL) == 0);
    require(el_tunnel_add_peer(nodes[i].tunnel, &peer, &peers[i], NULL) == 0);
}

/* Gives node I a copy of BYTES in a block of exactly their size. */
static void give(unsigned i, const uint8_t *bytes, size_t len)
{
    struct el_tunnel_packet packet;
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, bytes, len);
    if (el_tunnel_open(nodes[i].tunnel, now_ns, &nodes[1 - i].at, copy, len, &packet) == 1) {
        require(packet.peer == peers[i]);
        require(packet.bytes >= copy && packet.bytes + packet.len <= copy + len);
        require(packet.len >= 20);
        require(++handed_out[i] <= sealed[1 - i]);
    }
    free(copy);
}

static void put_on_wire(bool to_b, const uint8_t *bytes, size_t len)
{
    struct wire *w = &wire[wires++ % WIRE];

    w->len = len;
    w->to_b = to_b;
    memcpy(w->bytes, bytes, len);
}

/* Both say what they have to say, until it is quiet. */
static void talk(bool arrives)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    unsigned said = 0, i = 0, quiet = 0;

    for (; quiet < 2; i = 1 - i) {
        int len;
        quiet++;
        el_tunnel_reserve_timestamp(nodes[i].tunnel, now_ns, nodes[i].reserved);
        while ((len = el_tunnel_output(nodes[i].tunnel, now_ns, bytes, &to)) > 0) {
            require(++said < TALK_MAX); /* they do not go round in circles */
            put_on_wire(i == 0, bytes, (size_t)len);
            if (arrives)
                give(1 - i, bytes, (size_t)len);
            quiet = 0;
        }
        require(el_tunnel_deadline_ns(nodes[i].tunnel) > now_ns || quiet == 0);
    }
}

static void seal(unsigned i, uint8_t *packet, size_t len)
{
    uint8_t datagram[WORLD_DATAGRAM];
    int n = el_tunnel_seal(nodes[i].tunnel, now_ns, peers[i], datagram, packet, len);

    if (n <= 0)
        return;
    sealed[i]++;
    put_on_wire(i == 0, datagram, (size_t)n);
    give(1 - i, datagram, (size_t)n);
}

static void send_packet(unsigned i, size_t len)
{
    uint8_t packet[20 + 255 + 16];

    world_packet(packet, 20 + len, i, 1 - i);
    seal(i, packet, 20 + len);
}

/* A handshake message that passes for meant for B. */
static void invent(uint8_t type)
{
    uint8_t bytes[512] = {type % 2 ? 1 : 2};
    size_t len = type % 2 ? EL_TUNNEL_INITIATION_BYTES : EL_TUNNEL_RESPONSE_BYTES;
    struct el_tunnel_signer signer;

    order_bytes(bytes + 4);
    el_tunnel_signer_init(&signer, nodes[1].public_key);
    el_tunnel_signer_sign(&signer, now_ns, bytes, len);
    give(1, bytes, len);
}

static void obey(uint8_t what)
{
    uint8_t bytes[WORLD_DATAGRAM] = {0};
    size_t len;

    switch (what % 12) {
    case 0: len = order_bytes(bytes), give(1, bytes, len); break;
    case 1: {
        const struct wire *w = &wire[order() % WIRE];
        memcpy(bytes, w->bytes, w->len);
        size_t at = order();
        bytes[w->len ? at % w->len : 0] ^= order();
        give(1, bytes, w->len);
        break;
    }
    case 2:
    case 3: {
        const struct wire *w = &wire[order() % WIRE];
        give(what % 12 == 2, w->bytes, w->len);
        break;
    }
    case 4:
        now_ns += order() * 40 * EL_MS;
        talk(true);
        break;
    case 5:
        now_ns += order() * EL_S;
        talk(false);
        break;
    case 6: send_packet(0, order()); break;
    case 7: send_packet(1, order()); break;
    case 8:
        len = order_bytes(bytes);
        seal(0, bytes, len);
        break;
    case 9:
        el_tunnel_connect(nodes[0].tunnel, peers[0], now_ns);
        el_tunnel_connect(nodes[1].tunnel, peers[1], now_ns);
        break;
    case 10: invent(order()); break;
    default:
        start(0);
        el_tunnel_connect(nodes[0].tunnel, peers[0], now_ns);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    el_random_seed_for_test(1);
    memset(nodes, 0, sizeof nodes);
    memset(wire, 0, sizeof wire);
    wires = 0;
    memset(sealed, 0, sizeof sealed);
    memset(handed_out, 0, sizeof handed_out);
    now_ns = EL_S;
    for (unsigned i = 0; i < 2; i++) {
        nodes[i].at = (struct el_endpoint){.ip = el_ip4(0xc0000201 + i), .port = 51820};
        el_tunnel_key_make(nodes[i].private_key);
        el_tunnel_key_public(nodes[i].private_key, nodes[i].public_key);
    }
    start(0);
    start(1);
    el_tunnel_connect(nodes[0].tunnel, peers[0], now_ns);
    talk(true);
    require(el_tunnel_peer_is_up(peers[1], now_ns));

    orders = data;
    orders_end = data + size;
    for (unsigned i = 0; orders < orders_end && i < ORDERS_MAX; i++)
        obey(order());

    /* Whatever was done to them: left alone for long enough, they find each other again. */
    now_ns += 600 * EL_S;
    talk(true);
    for (unsigned i = 0; i < 100; i++) {
        now_ns += EL_S;
        talk(true);
    }
    require(el_tunnel_peer_is_up(peers[0], now_ns) && el_tunnel_peer_is_up(peers[1], now_ns));
    for (unsigned i = 0; i < 2; i++) {
        el_tunnel_free(nodes[i].tunnel);
        nodes[i].tunnel = NULL;
    }
    return 0;
}

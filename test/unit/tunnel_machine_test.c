/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One machine against hand-made datagrams: every reason to drop, the edges of seal and open, peers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/tunnel_world.h"
#include "tunnel/machine.h"

static struct world world;
static struct el_tunnel_peer *a_to_b, *b_to_a;

static struct node *const a = &world.nodes[0];
static struct node *const b = &world.nodes[1];

static int setup(void **state)
{
    (void)state;
    world_begin(&world, 1);
    world_start(&world, 0);
    world_start(&world, 1);
    a_to_b = world_introduce(&world, 0, 1, true, 0);
    b_to_a = world_introduce(&world, 1, 0, false, 0);
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, EL_S);
    assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* B opens a copy of BYTES, in a block of exactly their size, and counts COUNTER once (nothing if
 * it is EL_TUNNEL_COUNTERS). */
static int open_at_b(const uint8_t *bytes, size_t len, enum el_tunnel_counter counter)
{
    struct el_tunnel_packet packet = {0};
    uint64_t before[EL_TUNNEL_COUNTERS];
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, bytes, len);
    for (unsigned i = 0; i < EL_TUNNEL_COUNTERS; i++)
        before[i] = el_tunnel_count(b->tunnel, i);
    int result = el_tunnel_open(b->tunnel, world.now_ns, &a->at, copy, len, &packet);
    for (unsigned i = EL_TUNNEL_DROP_LENGTH; i < EL_TUNNEL_COUNTERS; i++)
        assert_int_equal(el_tunnel_count(b->tunnel, i) - before[i], i == counter);
    if (result == 1) {
        assert_ptr_equal(packet.peer, b_to_a);
        assert_true(packet.bytes >= copy && packet.bytes + packet.len <= copy + len);
    }
    free(copy);
    return result;
}

/* A seals LEN bytes, which may be no IP packet. */
static size_t seal_at_a(uint8_t *sealed, uint8_t *bytes, size_t len)
{
    int n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, bytes, len);

    assert_int_equal(n, el_tunnel_sealed_bytes(len));
    return (size_t)n;
}

static size_t packet_of_a(uint8_t *sealed, size_t len)
{
    uint8_t packet[1600];

    world_packet(packet, len, 0, 1);
    return seal_at_a(sealed, packet, len);
}

static void drop_length(void **state)
{
    uint8_t sealed[256];
    size_t n = packet_of_a(sealed, 100);

    (void)state;
    for (size_t len = 0; len < EL_TUNNEL_DATA_MIN_BYTES; len++)
        assert_int_equal(open_at_b(sealed, len, EL_TUNNEL_DROP_LENGTH), EL_EPROTO);
    sealed[0] = 5;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_LENGTH), EL_EPROTO);
    sealed[0] = 1;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_LENGTH), EL_EPROTO);
    sealed[0] = 4;
    sealed[2] = 1;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_LENGTH), EL_EPROTO);
    sealed[2] = 0;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
}

/* A handshake message of A, made at NOW. */
static void initiation_of_a(uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES])
{
    struct el_endpoint to;

    world_start(&world, 0);
    a_to_b = world_introduce(&world, 0, 1, true, 0);
    el_tunnel_reserve_timestamp(a->tunnel, world.now_ns, a->reserved);
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    assert_int_equal(el_tunnel_output(a->tunnel, world.now_ns, bytes, &to), 148);
    assert_true(el_endpoint_equal(&to, &b->at));
}

static void drop_mac(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];

    (void)state;
    initiation_of_a(bytes);
    for (size_t i = 4; i < 132; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_MAC), EL_EAUTH);
        bytes[i] ^= 0x10;
    }
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_COUNTERS), 0);
    uint8_t response[EL_TUNNEL_RESPONSE_BYTES] = {2};
    assert_int_equal(open_at_b(response, sizeof response, EL_TUNNEL_DROP_MAC), EL_EAUTH);
}

/* With a mac1 that is right, as anybody can make it. */
static void sign(uint8_t *bytes, size_t len)
{
    struct el_tunnel_signer signer;

    el_tunnel_signer_init(&signer, b->public_key);
    el_tunnel_signer_sign(&signer, 0, bytes, len);
}

static void drop_handshake(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];

    (void)state;
    initiation_of_a(bytes);
    for (size_t i = 8; i < 116; i += 9) {
        bytes[i] ^= 1;
        sign(bytes, 148);
        assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_HANDSHAKE), EL_EAUTH);
        bytes[i] ^= 1;
    }
    memset(bytes + 8, 0, 32); /* an ephemeral key of low order */
    sign(bytes, 148);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_HANDSHAKE), EL_EAUTH);

    /* Somebody whom B does not know. */
    world_start(&world, 2);
    struct el_tunnel_peer *c_to_b = world_introduce(&world, 2, 1, true, 0);
    struct el_endpoint to;
    el_tunnel_connect(world.nodes[2].tunnel, c_to_b, world.now_ns);
    el_tunnel_output(world.nodes[2].tunnel, world.now_ns, bytes, &to);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_HANDSHAKE), EL_EAUTH);
    /* A cookie reply to a session of ours, sealed by nobody. */
    uint8_t reply[EL_TUNNEL_COOKIE_REPLY_BYTES] = {3};
    memcpy(reply + 4, &b_to_a->sessions.current->local, 4);
    assert_int_equal(open_at_b(reply, sizeof reply, EL_TUNNEL_DROP_HANDSHAKE), EL_EAUTH);
}

static void drop_timestamp(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];

    (void)state;
    initiation_of_a(bytes);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_COUNTERS), 0);
    world.now_ns += EL_S;
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_TIMESTAMP), EL_EAUTH);
    /* Fresh ones, but too many. */
    initiation_of_a(bytes);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_COUNTERS), 0);
    world.now_ns += 19 * EL_MS;
    initiation_of_a(bytes);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_TIMESTAMP), EL_EAUTH);
    world.now_ns += EL_MS;
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_COUNTERS), 0);
}

static void drop_cookie_and_rate(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], answer[EL_TUNNEL_OUTPUT_BYTES];
    struct el_tunnel_cookie_reply reply;
    struct el_endpoint to;

    (void)state;
    initiation_of_a(bytes);
    bytes[8] ^= 1;
    sign(bytes, 148);
    for (unsigned i = 0; i < EL_TUNNEL_LOAD_BURST; i++)
        open_at_b(bytes, 148, EL_TUNNEL_DROP_HANDSHAKE);
    for (unsigned i = 0; i < 2 * EL_TUNNEL_STRANGERS; i++)
        assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_COOKIE), EL_EAUTH);
    /* As many replies as there is room for, each shorter than what it answers. */
    assert_int_equal(el_tunnel_deadline_ns(b->tunnel), 0);
    for (unsigned i = 0; i < EL_TUNNEL_STRANGERS; i++) {
        assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, answer, &to), 64);
        assert_true(el_endpoint_equal(&to, &a->at));
        assert_memory_equal(answer + 4, bytes + 4, 4);
    }
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, answer, &to), 0);
    /* With the cookie it is the rate that counts. */
    struct el_tunnel_signer signer;
    el_tunnel_signer_init(&signer, b->public_key);
    el_tunnel_signer_sign(&signer, world.now_ns, bytes, 148);
    el_tunnel_get_cookie_reply(answer, &reply);
    assert_int_equal(el_tunnel_signer_take(&signer, world.now_ns, &reply), 0);
    el_tunnel_signer_sign(&signer, world.now_ns, bytes, 148);
    for (unsigned i = 0; i < EL_TUNNEL_RATE_BURST; i++)
        assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_HANDSHAKE), EL_EAUTH);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_RATE), EL_EAGAIN);
    bytes[140] ^= 1;
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_COOKIE), EL_EAUTH);
}

static void drop_index(void **state)
{
    uint8_t sealed[256];
    size_t n = packet_of_a(sealed, 100);
    uint8_t response[EL_TUNNEL_RESPONSE_BYTES] = {2};
    uint8_t reply[EL_TUNNEL_COOKIE_REPLY_BYTES] = {3};

    (void)state;
    sealed[5] ^= 1;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_INDEX), EL_ENOENT);
    sign(response, sizeof response);
    assert_int_equal(open_at_b(response, sizeof response, EL_TUNNEL_DROP_INDEX), EL_ENOENT);
    assert_int_equal(open_at_b(reply, sizeof reply, EL_TUNNEL_DROP_INDEX), EL_ENOENT);
}

static void drop_auth(void **state)
{
    uint8_t sealed[256];
    size_t n = packet_of_a(sealed, 100);

    (void)state;
    for (size_t i = 8; i < n; i++) {
        sealed[i] ^= 2;
        assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_AUTH), EL_EAUTH);
        sealed[i] ^= 2;
    }
    for (size_t len = EL_TUNNEL_DATA_MIN_BYTES; len < n; len++)
        assert_int_equal(open_at_b(sealed, len, EL_TUNNEL_DROP_AUTH), EL_EAUTH);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
}

static void drop_replay(void **state)
{
    uint8_t first[256], sealed[256];
    size_t n = packet_of_a(first, 100);

    (void)state;
    for (unsigned i = 0; i < EL_TUNNEL_REPLAY_WINDOW; i++)
        packet_of_a(sealed, 100);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_REPLAY), EL_EAUTH);
    assert_int_equal(open_at_b(first, n, EL_TUNNEL_DROP_REPLAY), EL_EAUTH); /* older than it */
}

static void drop_expired(void **state)
{
    uint8_t sealed[256];
    size_t n = packet_of_a(sealed, 100);
    uint64_t made_ns = b_to_a->sessions.current->made_ns;

    (void)state;
    world.now_ns = made_ns + 180 * EL_S;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_EXPIRED), EL_EAUTH);
    world.now_ns--;
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
}

static void counters_have_an_end(void **state)
{
    uint8_t packet[128], sealed[256];
    struct el_tunnel_session *session = a_to_b->sessions.current;

    (void)state;
    world_wait(&world, 5 * EL_S);
    world_packet(packet, 100, 0, 1);
    session->counter = EL_TUNNEL_REKEY_AFTER_MESSAGES;
    seal_at_a(sealed, packet, 100);
    assert_true(a_to_b->wants & EL_TUNNEL_WANT_INITIATION);
    session->counter = EL_TUNNEL_REJECT_AFTER_MESSAGES - 1;
    size_t n = seal_at_a(sealed, packet, 100);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
    assert_int_equal(el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed + 16, packet, 100),
                     EL_EAGAIN);
    assert_false(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    memset(sealed + 8, 0xff, 8);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_EXPIRED), EL_EAUTH);
}

static void drop_source(void **state)
{
    uint8_t packet[128], sealed[256];

    (void)state;
    world_packet(packet, 100, 2, 1);
    size_t n = seal_at_a(sealed, packet, 100);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_SOURCE), EL_EPERM);
    memset(packet, 0, sizeof packet); /* IPv6, of which the peer has none */
    packet[0] = 0x60;
    n = seal_at_a(sealed, packet, 100);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_SOURCE), EL_EPERM);
}

static void drop_inner(void **state)
{
    static const struct {
        uint8_t first;
        uint16_t total4, payload6;
        size_t len;
        bool good;
    } cases[] = {
        {0x45, 100, 0, 100, true},  {0x45, 101, 0, 96, false},  {0x45, 112, 0, 112, true},
        {0x45, 99, 0, 96, false},   {0x45, 19, 0, 96, false},   {0x45, 20, 0, 20, true},
        {0x45, 20, 0, 16, false},   {0x55, 100, 0, 100, false}, {0x05, 100, 0, 100, false},
        {0xf5, 100, 0, 100, false}, {0x08, 0, 0, 100, false},   {0x60, 0, 73, 112, false},
        {0x60, 0, 0, 32, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t packet[160], sealed[256];
        world_packet(packet, 128, 0, 1);
        packet[0] = cases[i].first;
        packet[2] = (uint8_t)(cases[i].total4 >> 8);
        packet[3] = (uint8_t)cases[i].total4;
        packet[5] = (uint8_t)cases[i].payload6;
        size_t n = seal_at_a(sealed, packet, cases[i].len);
        assert_int_equal(
            open_at_b(sealed, n, cases[i].good ? EL_TUNNEL_COUNTERS : EL_TUNNEL_DROP_INNER),
            cases[i].good ? 1 : EL_EPROTO);
    }
}

/* Both families at once: ULA addresses (DESIGN: 100.64.0.0/10 and an IPv6 ULA). */
static void carries_ipv6(void **state)
{
    struct el_tunnel_peer_config config = {.name = "dual"};
    uint8_t packet[160] = {0x60, 0, 0, 0, 0, 33, 59, 64, 0xfd}, sealed[256];

    (void)state;
    memcpy(config.public_key, a->public_key, 32);
    memset(config.psk, 0x42, sizeof config.psk);
    assert_int_equal(el_prefix_parse("100.64.0.1/32", &config.allowed), 0);
    assert_int_equal(el_prefix_parse("fd00::1/127", &config.allowed6), 0);
    world_start(&world, 1);
    assert_int_equal(el_tunnel_add_peer(b->tunnel, &config, &b_to_a, NULL), 0);
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    initiation_of_a(bytes);
    world_send(&world, &a->at, &b->at, bytes, 148);
    world_wait(&world, EL_S);

    packet[23] = 1; /* from fd00::1 */
    size_t n = seal_at_a(sealed, packet, 40 + 33);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
    packet[23] = 2; /* from fd00::2 */
    n = seal_at_a(sealed, packet, 40 + 33);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_SOURCE), EL_EPERM);
    n = packet_of_a(sealed, 100);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
    struct el_ip ip;
    el_ip_parse("fd00::", &ip);
    assert_ptr_equal(el_tunnel_peer_by_ip(b->tunnel, &ip), b_to_a);
}

static void drop_no_session(void **state)
{
    uint8_t packet[128], sealed[256];

    (void)state;
    world_packet(packet, 100, 0, 1);
    world.now_ns += 180 * EL_S;
    assert_int_equal(el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 100),
                     EL_EAGAIN);
    assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_DROP_NO_SESSION), 1);
    assert_int_equal(el_tunnel_deadline_ns(a->tunnel), 0); /* and it asks for one */
    world_wait(&world, EL_S);
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
}

/* Padding: to 16, behind the packet, which is as it was afterwards; the other side cuts it. */
static void seal_pads_and_restores(void **state)
{
    (void)state;
    for (size_t len = 20; len < 200; len++) {
        uint8_t packet[256], before[256], sealed[256];
        struct el_tunnel_packet out;
        world_packet(packet, len, 0, 1);
        memcpy(before, packet, sizeof before);
        size_t n = seal_at_a(sealed, packet, len);
        assert_memory_equal(packet, before, len + 16);
        assert_int_equal((n - EL_TUNNEL_OVERHEAD) % 16, 0);
        assert_int_equal(el_tunnel_open(b->tunnel, world.now_ns, &a->at, sealed, n, &out), 1);
        assert_int_equal(out.len, len);
        assert_ptr_equal(out.bytes, sealed + EL_TUNNEL_HEADER);
        assert_memory_equal(out.bytes, before, len);
        for (size_t i = len; i < n - EL_TUNNEL_OVERHEAD; i++)
            assert_int_equal(out.bytes[i], 0);
    }
    uint8_t packet[32], sealed[64];
    assert_int_equal(el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 0), EL_EINVAL);
    assert_int_equal(el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 65536),
                     EL_EINVAL);
}

/* The responder says nothing under a session before the initiator has used it. */
static void responder_waits_to_be_confirmed(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], packet[128], sealed[256];
    struct el_endpoint to;

    (void)state;
    world_start(&world, 1);
    b_to_a = world_introduce(&world, 1, 0, true, 0);
    initiation_of_a(bytes);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_COUNTERS), 0);
    world_packet(packet, 100, 1, 0);
    assert_int_equal(el_tunnel_seal(b->tunnel, world.now_ns, b_to_a, sealed, packet, 100),
                     EL_EAGAIN);
    /* It answers, and does not start a handshake of its own over that. */
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, bytes, &to), 92);
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, sealed, &to), 0);
    struct el_tunnel_packet out;
    assert_int_equal(el_tunnel_open(a->tunnel, world.now_ns, &b->at, bytes, 92, &out), 0);
    assert_int_equal(el_tunnel_output(a->tunnel, world.now_ns, bytes, &to), 32);
    assert_int_equal(open_at_b(bytes, 32, EL_TUNNEL_COUNTERS), 0);
    assert_true(el_tunnel_seal(b->tunnel, world.now_ns, b_to_a, sealed, packet, 100) > 0);
}

/* Each initiation of an attempt is a new one. */
static void retransmissions_are_fresh(void **state)
{
    uint8_t first[EL_TUNNEL_OUTPUT_BYTES], second[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;

    (void)state;
    initiation_of_a(first);
    uint64_t due = el_tunnel_deadline_ns(a->tunnel);
    assert_in_range(due - world.now_ns, 5000 * EL_MS, 5333 * EL_MS);
    assert_int_equal(el_tunnel_output(a->tunnel, due - 1, second, &to), 0);
    assert_int_equal(el_tunnel_output(a->tunnel, due, second, &to), 148);
    assert_memory_not_equal(first + 4, second + 4, 4);
    assert_memory_not_equal(first + 8, second + 8, 32);
    assert_memory_not_equal(first + 88, second + 88, 28);
}

enum { CALLED = 4, TURN_MS = 1000 / EL_TUNNEL_TURNS_PER_S };

/* How many initiations TUNNEL has to say by now. */
static unsigned initiations(struct el_tunnel *tunnel, uint64_t now_ns)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    unsigned count = 0;

    while (el_tunnel_output(tunnel, now_ns, bytes, &to) > 0)
        count++;
    return count;
}

/* Who is wanted before its turn does not wait, nor take another's; who is not reachable has none.
 */
static void everybody_has_a_turn(void **state)
{
    struct el_tunnel_config config = {.peers_max = CALLED};
    struct el_tunnel_peer *peers[CALLED];
    struct el_tunnel *tunnel;

    (void)state;
    el_tunnel_key_make(config.private_key);
    assert_int_equal(el_tunnel_new(&config, &tunnel, NULL), 0);
    for (unsigned i = 0; i < CALLED; i++) {
        struct el_tunnel_peer_config peer = {.name = "peer",
                                             .allowed = {el_ip4(0x64400001 + i), 32}};
        uint8_t key[32];
        el_tunnel_key_make(key);
        el_tunnel_key_public(key, peer.public_key);
        if (i > 0)
            peer.endpoint = (struct el_endpoint){.ip = el_ip4(0xc0000201), .port = 1};
        assert_int_equal(el_tunnel_add_peer(tunnel, &peer, &peers[i], NULL), 0);
    }
    for (unsigned i = 0; i < CALLED; i++)
        el_tunnel_connect_in_turn(tunnel, peers[i], EL_S);
    assert_int_equal(initiations(tunnel, EL_S), 1);
    assert_int_equal(initiations(tunnel, EL_S + TURN_MS * EL_MS - 1), 0);
    assert_int_equal(el_tunnel_deadline_ns(tunnel), EL_S + TURN_MS * EL_MS);
    el_tunnel_connect(tunnel, peers[CALLED - 1], EL_S + 1);
    assert_int_equal(initiations(tunnel, EL_S + 1), 1);
    assert_int_equal(initiations(tunnel, EL_S + TURN_MS * EL_MS), 1);
    assert_int_equal(initiations(tunnel, EL_S + CALLED * TURN_MS * EL_MS), 0);
    el_tunnel_free(tunnel);
}

/* B's datagram comes to A from FROM: where B is by then. */
static void data_comes_from(const struct el_endpoint *from, const struct el_endpoint *expected)
{
    uint8_t packet[256], sealed[256];
    struct el_tunnel_packet got;

    world.now_ns += EL_S;
    world_packet(packet, 100, 1, 0);
    int n = el_tunnel_seal(b->tunnel, world.now_ns, b_to_a, sealed, packet, 100);
    assert_true(n > 0);
    assert_int_equal(el_tunnel_open(a->tunnel, world.now_ns, from, sealed, (size_t)n, &got), 1);
    assert_true(el_endpoint_equal(el_tunnel_peer_endpoint(a_to_b), expected));
}

/* What still comes through a connection that is ours moves nobody back there; UDP does, and so does
 * a connection that the other side has made. */
static void who_calls_decides_the_way(void **state)
{
    struct el_endpoint called = b->at, accepted = b->at;

    (void)state;
    called.carrier = EL_CARRIER_TCP_CALLED;
    accepted.carrier = EL_CARRIER_TCP;
    data_comes_from(&called, &b->at);
    data_comes_from(&accepted, &accepted);
    data_comes_from(&called, &accepted);
    el_tunnel_peer_set_endpoint(a_to_b, &called);
    data_comes_from(&called, &called);
    data_comes_from(&b->at, &b->at);
}

static void answers_come_by_the_way_that_was_called(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], answer[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint called = b->at, to;
    struct el_tunnel_packet packet;

    (void)state;
    called.carrier = EL_CARRIER_TCP_CALLED;
    world.now_ns += EL_S;
    initiation_of_a(bytes);
    assert_int_equal(el_tunnel_open(b->tunnel, world.now_ns, &a->at, bytes, 148, &packet), 0);
    int n = el_tunnel_output(b->tunnel, world.now_ns, answer, &to);
    assert_true(n > 0);
    assert_int_equal(el_tunnel_open(a->tunnel, world.now_ns, &called, answer, (size_t)n, &packet),
                     0);
    assert_true(el_endpoint_equal(el_tunnel_peer_endpoint(a_to_b), &called));
}

static void add_peer_says_no(void **state)
{
    struct el_tunnel_peer_config config = {.name = "venus"}, good;
    struct el_tunnel_peer *peer;
    struct el_err err;
    uint8_t private_key[32];

    (void)state;
    el_tunnel_key_make(private_key);
    el_tunnel_key_public(private_key, config.public_key);
    config.allowed = (struct el_prefix){.ip = el_ip4(0x64400050), .len = 28};
    good = config;

    memcpy(config.public_key, b->public_key, 32);
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &peer, &err), EL_EEXIST);
    assert_string_equal(err.text, "peer venus: its key belongs to node1 already");
    memcpy(config.public_key, a->public_key, 32);
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &peer, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "our own"));
    memset(config.public_key, 0, 32);
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &peer, &err), EL_EINVAL);
    assert_string_equal(err.text, "peer venus: its key is not a public key");

    config = good;
    config.allowed = (struct el_prefix){.ip = el_ip4(0x64400000), .len = 24};
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &peer, &err), EL_EEXIST);
    assert_string_equal(err.text,
                        "peer venus: tunnel address 100.64.0.0/24 belongs to node1 already");
    config.allowed.len = 33;
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &peer, &err), EL_EINVAL);
    config = good;
    config.keepalive_s = 65536;
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &config, &peer, &err), EL_EINVAL);

    assert_int_equal(el_tunnel_add_peer(a->tunnel, &good, &peer, &err), 0);
    struct el_ip ip = el_ip4(0x6440005f);
    assert_ptr_equal(el_tunnel_peer_by_ip(a->tunnel, &ip), peer);
    for (uint32_t i = 0; i < 2; i++) {
        el_tunnel_key_make(private_key);
        el_tunnel_key_public(private_key, good.public_key);
        good.allowed.ip = el_ip4(0x64410000 + (i << 8));
        assert_int_equal(el_tunnel_add_peer(a->tunnel, &good, &peer, &err), 0);
    }
    el_tunnel_key_make(private_key);
    el_tunnel_key_public(private_key, good.public_key);
    good.allowed.ip = el_ip4(0x64420000);
    assert_int_equal(el_tunnel_add_peer(a->tunnel, &good, &peer, &err), EL_EFULL);
    assert_string_equal(err.text, "peer venus: there are 4 peers already");
}

/* Removing one takes it out of everything, in any state; it can be added again. */
static void remove_peer_leaves_nothing(void **state)
{
    uint8_t sealed[256], bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_ip ip = el_ip4(0x64400001);
    struct el_endpoint to;
    size_t cursor = 0;

    (void)state;
    size_t n = packet_of_a(sealed, 100);
    el_tunnel_remove_peer(b->tunnel, b_to_a);
    assert_null(el_tunnel_peer_by_ip(b->tunnel, &ip));
    assert_null(el_tunnel_peer_next(b->tunnel, &cursor));
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_DROP_INDEX), EL_ENOENT);
    assert_int_equal(el_tunnel_deadline_ns(b->tunnel), EL_NEVER);

    initiation_of_a(bytes);
    assert_int_equal(open_at_b(bytes, 148, EL_TUNNEL_DROP_HANDSHAKE), EL_EAUTH);
    /* While it and others stand in line to speak. */
    struct el_tunnel_peer *peers[3];
    for (unsigned i = 0; i < 3; i++) {
        peers[i] = world_introduce(&world, 1, i == 1 ? 0 : i == 0 ? 2 : 3, true, 0);
        el_tunnel_connect(b->tunnel, peers[i], world.now_ns);
    }
    el_tunnel_remove_peer(b->tunnel, peers[1]);
    el_tunnel_remove_peer(b->tunnel, peers[2]);
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, bytes, &to), 148);
    assert_true(el_endpoint_equal(&to, &world.nodes[2].at));
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, bytes, &to), 0);
    b_to_a = world_introduce(&world, 1, 0, true, 0);
    el_tunnel_connect(b->tunnel, b_to_a, world.now_ns);
    world_wait(&world, EL_S);
    assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
}

/* Under a session that stays: another keepalive begins or ends at once; another key is used from
 * the next handshake on, by both or not at all. */
static void change_peer_keeps_the_session(void **state)
{
    struct el_tunnel_peer_config config = {.name = "another", .keepalive_s = 25};
    struct el_err err = {""};
    uint8_t sealed[256];

    (void)state;
    unsigned said = b->said;
    assert_int_equal(el_tunnel_change_peer(b->tunnel, world.now_ns, b_to_a, &config, &err), 0);
    assert_string_equal(el_tunnel_peer_name(b_to_a), "another");
    world_wait(&world, 100 * EL_S);
    assert_in_range(b->said - said, 3, 4);
    config.keepalive_s = 0;
    assert_int_equal(el_tunnel_change_peer(b->tunnel, world.now_ns, b_to_a, &config, &err), 0);
    said = b->said;
    world_wait(&world, 50 * EL_S);
    assert_true(b->said - said <= 1); /* what answers A, who has heard the last one */

    memset(config.psk, 7, sizeof config.psk);
    assert_int_equal(el_tunnel_change_peer(b->tunnel, world.now_ns, b_to_a, &config, &err), 0);
    size_t n = packet_of_a(sealed, 100);
    assert_int_equal(open_at_b(sealed, n, EL_TUNNEL_COUNTERS), 1);
    world_wait(&world, 3600 * EL_S);
    assert_false(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, EL_S);
    assert_false(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    assert_int_equal(el_tunnel_change_peer(a->tunnel, world.now_ns, a_to_b, &config, &err), 0);
    world_wait(&world, 10 * EL_S); /* it tries on */
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));

    config.keepalive_s = 65536;
    assert_int_equal(el_tunnel_change_peer(b->tunnel, world.now_ns, b_to_a, &config, &err),
                     EL_EINVAL);
}

static void new_says_no(void **state)
{
    struct el_tunnel_config config = {.peers_max = 0};
    struct el_tunnel *tunnel;
    struct el_err err;

    (void)state;
    assert_int_equal(el_tunnel_new(&config, &tunnel, &err), EL_EINVAL);
    config.peers_max = EL_TUNNEL_PEERS_MAX + 1;
    assert_int_equal(el_tunnel_new(&config, &tunnel, &err), EL_EINVAL);
    config.peers_max = EL_TUNNEL_PEERS_MAX;
    memset(config.last_timestamp, 0xff, 12);
    assert_int_equal(el_tunnel_new(&config, &tunnel, &err), EL_EINVAL);
    memset(config.last_timestamp, 0, 12);
    assert_int_equal(el_tunnel_new(&config, &tunnel, &err), 0);
    el_tunnel_free(tunnel);
    el_tunnel_free(NULL);
}

static void every_counter_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EL_TUNNEL_COUNTERS; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(el_tunnel_counter_name(i), el_tunnel_counter_name(j));
}

/* An end of a session leaves no key behind. */
static void keys_are_wiped(void **state)
{
    static const struct el_tunnel_keys none[EL_TUNNEL_SESSIONS];
    static const struct el_tunnel_handshake no_handshake;
    const struct el_tunnel_peer_secrets *secrets = a_to_b->secrets;

    (void)state;
    assert_memory_not_equal(secrets->sessions, none, sizeof none);
    assert_memory_equal(&secrets->handshake, &no_handshake, sizeof no_handshake);
    assert_memory_equal(&a->tunnel->vault->scratch, &no_handshake, sizeof no_handshake);
    assert_memory_equal(&b->tunnel->vault->scratch, &no_handshake, sizeof no_handshake);
    assert_memory_equal(&a->tunnel->vault->keys, none, sizeof none[0]);
    world_wait(&world, 540 * EL_S);
    assert_memory_equal(secrets->sessions, none, sizeof none);
}

static unsigned stops; /* of all lanes */

static void count_stop(void *arg, unsigned lane)
{
    (void)arg;
    (void)lane;
    stops++;
}

/* What does not verify costs the lanes nothing, whatever comes how fast. */
static void strangers_stop_no_lane(void **state)
{
    uint8_t initiation[EL_TUNNEL_INITIATION_BYTES] = {EL_TUNNEL_INITIATION};
    uint8_t response[EL_TUNNEL_RESPONSE_BYTES] = {EL_TUNNEL_RESPONSE};
    uint8_t data[64] = {EL_TUNNEL_DATA};
    uint8_t said[EL_TUNNEL_OUTPUT_BYTES];
    struct el_tunnel_packet packet;
    struct el_endpoint to;

    (void)state;
    stops = 0;
    b->tunnel->gate.exclusive = count_stop;
    el_tunnel_control(b->tunnel, world.now_ns, &a->at, initiation, sizeof initiation);
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, said, &to), 0);
    el_tunnel_control(b->tunnel, world.now_ns, &a->at, response, sizeof response);
    assert_int_equal(el_tunnel_output(b->tunnel, world.now_ns, said, &to), 0);
    el_tunnel_lane_open(b->tunnel, 0, world.now_ns, &a->at, data, sizeof data, &packet);
    memcpy(data + 4, &b_to_a->sessions.current->local, sizeof(uint32_t)); /* a listener knows it */
    data[8] = 100;                                                        /* the counter */
    el_tunnel_lane_open(b->tunnel, 0, world.now_ns, &a->at, data, sizeof data, &packet);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_AUTH), 1);
    assert_int_equal(stops, 0);
    b->tunnel->gate.exclusive = NULL;
}

/* Messages that come to another lane than their peer's stop all lanes; not without bound. */
static void strays_are_limited(void **state)
{
    uint8_t data[64] = {EL_TUNNEL_DATA};
    struct el_tunnel_packet packet;

    (void)state;
    stops = 0;
    b->tunnel->gate.exclusive = count_stop;
    b_to_a->lane = 1;
    memcpy(data + 4, &b_to_a->sessions.current->local, sizeof(uint32_t));
    data[8] = 100; /* the counter */
    for (unsigned i = 0; i < EL_TUNNEL_STRAY_BURST + 10; i++)
        el_tunnel_lane_open(b->tunnel, 0, world.now_ns, &a->at, data, sizeof data, &packet);
    assert_int_equal(stops, EL_TUNNEL_STRAY_BURST);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_STRAYS), EL_TUNNEL_STRAY_BURST);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_STRAY), 10);
    world.now_ns += EL_TUNNEL_STRAY_GAP_MS * EL_MS;
    el_tunnel_lane_open(b->tunnel, 0, world.now_ns, &a->at, data, sizeof data, &packet);
    el_tunnel_lane_open(b->tunnel, 0, world.now_ns, &a->at, data, sizeof data, &packet);
    assert_int_equal(stops, EL_TUNNEL_STRAY_BURST + 1);
    b->tunnel->gate.exclusive = NULL;
    b_to_a->lane = 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(drop_length),
        TEST(drop_mac),
        TEST(drop_handshake),
        TEST(drop_timestamp),
        TEST(drop_cookie_and_rate),
        TEST(drop_index),
        TEST(drop_auth),
        TEST(drop_replay),
        TEST(drop_expired),
        TEST(counters_have_an_end),
        TEST(drop_source),
        TEST(drop_inner),
        TEST(carries_ipv6),
        TEST(drop_no_session),
        TEST(seal_pads_and_restores),
        TEST(responder_waits_to_be_confirmed),
        TEST(retransmissions_are_fresh),
        TEST(everybody_has_a_turn),
        TEST(who_calls_decides_the_way),
        TEST(answers_come_by_the_way_that_was_called),
        TEST(add_peer_says_no),
        TEST(remove_peer_leaves_nothing),
        TEST(change_peer_keeps_the_session),
        TEST(new_says_no),
        TEST(every_counter_has_a_name),
        TEST(keys_are_wiped),
        TEST(strangers_stop_no_lane),
        TEST(strays_are_limited),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

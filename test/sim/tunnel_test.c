/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels on a virtual clock: what users and peers notice over hours, restarts and bad networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/tunnel_world.h"
#include "tunnel/cookie.h"

#include <sodium.h>

static struct world world;
static struct el_tunnel_peer *a_to_b, *b_to_a;

static struct node *const a = &world.nodes[0];
static struct node *const b = &world.nodes[1];

/* A knows where B is, B waits to be called. */
static void begin(uint64_t seed, unsigned keepalive_s)
{
    world_begin(&world, seed);
    world_start(&world, 0);
    world_start(&world, 1);
    a_to_b = world_introduce(&world, 0, 1, true, keepalive_s);
    b_to_a = world_introduce(&world, 1, 0, false, 0);
}

static void connect(void)
{
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, EL_S);
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
}

/* Both talk every STEP for DURATION; the number of packets that went lost, both ways. */
static unsigned converse(uint64_t duration_ns, uint64_t step_ns)
{
    unsigned sent_a = 0, sent_b = 0, got_a = a->got, got_b = b->got;

    for (uint64_t end = world.now_ns + duration_ns; world.now_ns < end;) {
        sent_a += world_talk(&world, 0, 1, a_to_b, 100 + el_random_below(1300)) > 0;
        sent_b += world_talk(&world, 1, 0, b_to_a, 100 + el_random_below(1300)) > 0;
        world_wait(&world, step_ns);
    }
    world_wait(&world, EL_S);
    return sent_a + sent_b - (a->got - got_a) - (b->got - got_b);
}

static void connects_and_talks(void **state)
{
    (void)state;
    begin(1, 0);
    assert_int_equal(world_talk(&world, 1, 0, b_to_a, 100), EL_EAGAIN);
    connect();
    assert_int_equal(a->events[EL_TUNNEL_SESSION_UP], 1);
    assert_int_equal(b->events[EL_TUNNEL_SESSION_UP], 1);
    assert_int_equal(b->events[EL_TUNNEL_TIMESTAMP], 1);
    assert_int_equal(b->events[EL_TUNNEL_ROAMED], 0); /* it was found, it did not move */
    assert_true(el_endpoint_equal(el_tunnel_peer_endpoint(b_to_a), &a->at));
    assert_int_equal(a->said, 2); /* initiation, and the keepalive that confirms */
    assert_int_equal(b->said, 1);
    assert_int_equal(converse(10 * EL_S, 10 * EL_MS), 0);
    assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_TX_PACKETS), b->got);
    assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_TX_BYTES),
                     el_tunnel_count(b->tunnel, EL_TUNNEL_RX_BYTES));
    world_end(&world);
}

/* What is told about a peer is its own. */
static void tells_how_it_stands(void **state)
{
    struct el_tunnel_peer_state before, after, other;

    (void)state;
    begin(30, 25);
    el_tunnel_peer_state(a_to_b, world.now_ns, &before);
    assert_false(before.up);
    assert_int_equal(before.handshake_ns, 0);
    assert_int_equal(before.keepalive_s, 25);
    uint64_t start_ns = world.now_ns;
    connect();
    assert_int_equal(converse(130 * EL_S, EL_S), 0);
    el_tunnel_peer_state(a_to_b, world.now_ns, &after);
    el_tunnel_peer_state(b_to_a, world.now_ns, &other);
    assert_true(after.up && other.up);
    assert_in_range(after.up_since_ns, start_ns, start_ns + EL_S);
    assert_in_range(after.handshake_ns, start_ns + 119 * EL_S, world.now_ns); /* of the rekey */
    assert_int_equal(after.traffic.tx_packets, b->got);
    assert_int_equal(after.traffic.rx_packets, a->got);
    assert_int_equal(after.traffic.tx_bytes, other.traffic.rx_bytes);
    assert_int_equal(after.traffic.rx_bytes, other.traffic.tx_bytes);
    /* It goes, and what it has sent stays in the sum. */
    el_tunnel_remove_peer(a->tunnel, a_to_b);
    assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_TX_PACKETS), after.traffic.tx_packets);
    world_end(&world);
}

/* Hours of traffic: rekeys happen, and nothing is lost over them, whoever is the talkative one. */
static void rekeys_lose_nothing(void **state)
{
    (void)state;
    begin(2, 0);
    connect();
    assert_int_equal(converse(3 * 3600 * EL_S, 200 * EL_MS), 0);
    assert_in_range(a->events[EL_TUNNEL_REKEYED], 85, 91); /* every 120 s */
    assert_in_range(b->events[EL_TUNNEL_REKEYED], 85, 91);
    assert_int_equal(a->events[EL_TUNNEL_SESSION_DOWN] + b->events[EL_TUNNEL_SESSION_DOWN], 0);
    assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_DROP_NO_SESSION), 0);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_NO_SESSION), 0);
    /* Only B talks: A, who has to rekey, sends nothing but keepalives. */
    unsigned lost = 0, sent = 0, before = a->got;
    for (unsigned i = 0; i < 5 * 3600; i++) {
        int n = world_talk(&world, 1, 0, b_to_a, 1000);
        lost += n < 0;
        sent += n > 0;
        world_wait(&world, 200 * EL_MS);
    }
    assert_int_equal(lost, 0);
    assert_int_equal(a->got - before, sent);
    world_end(&world);
}

/* On a bad network: loss, doubles, reordering. Every packet arrives at most once, and the session
 * is never given up. */
static void survives_a_bad_network(void **state)
{
    (void)state;
    begin(3, 25);
    world.delay_ns = 100 * EL_MS;
    world.jitter_ns = 80 * EL_MS;
    world.loss_percent = 20;
    world.double_percent = 20;
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, 60 * EL_S);
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    unsigned before = a->got + b->got;
    unsigned lost = converse(3600 * EL_S, 100 * EL_MS);
    unsigned got = a->got + b->got - before;
    assert_in_range(lost * 100 / (lost + got), 10, 25);
    assert_true(el_tunnel_count(a->tunnel, EL_TUNNEL_DROP_REPLAY) > 1000);
    assert_int_equal(a->events[EL_TUNNEL_SESSION_DOWN], 0);
    assert_true(a->events[EL_TUNNEL_REKEYED] + b->events[EL_TUNNEL_REKEYED] > 25);
    world_end(&world);
}

static void both_initiate_at_once(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        begin(100 + seed, 0);
        world.jitter_ns = (seed % 4) * 10 * EL_MS;
        el_tunnel_peer_set_endpoint(b_to_a, &a->at);
        el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
        el_tunnel_connect(b->tunnel, b_to_a, world.now_ns);
        world_wait(&world, EL_S);
        assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
        assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
        assert_int_equal(a->events[EL_TUNNEL_SESSION_UP], 1);
        converse(300 * EL_S, EL_S); /* a packet under way at the next rekey may be lost, once */
        assert_int_equal(converse(1000 * EL_S, 100 * EL_MS), 0);
        assert_in_range(a->initiations + b->initiations, 12, 14); /* only one side rekeys */
        world_end(&world);
    }
}

/* Nobody answers: initiations every 5 s with jitter, told once after 15 s, given up after 90 s. */
static void gives_up_after_a_while(void **state)
{
    (void)state;
    begin(4, 0);
    el_tunnel_free(b->tunnel);
    b->tunnel = NULL;
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, 14 * EL_S);
    assert_int_equal(a->initiations, 3);
    assert_int_equal(a->events[EL_TUNNEL_NO_ANSWER], 0);
    world_wait(&world, 3 * EL_S);
    assert_int_equal(a->events[EL_TUNNEL_NO_ANSWER], 1);
    world_wait(&world, 3600 * EL_S);
    assert_in_range(a->initiations, 17, 18);
    assert_int_equal(a->events[EL_TUNNEL_NO_ANSWER], 1);
    assert_int_equal(el_tunnel_deadline_ns(a->tunnel), EL_NEVER); /* all keys are gone as well */
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    assert_int_equal(el_tunnel_deadline_ns(a->tunnel), 0);
    world_end(&world);
}

/* With a persistent keepalive it goes on for ever, and is back when the other side is. */
static void a_spoke_tries_for_ever(void **state)
{
    (void)state;
    begin(5, 25);
    connect();
    el_tunnel_free(b->tunnel);
    b->tunnel = NULL;
    world_wait(&world, 8 * 3600 * EL_S);
    assert_int_equal(a->events[EL_TUNNEL_SESSION_DOWN], 1);
    assert_in_range(a->initiations, 8 * 3600 / 6, 8 * 3600 / 5);
    assert_in_range(a->events[EL_TUNNEL_NO_ANSWER], 8 * 3600 / 100, 8 * 3600 / 90);
    world_start(&world, 1);
    b_to_a = world_introduce(&world, 1, 0, false, 0);
    world_wait(&world, 7 * EL_S);
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    assert_int_equal(a->events[EL_TUNNEL_SESSION_UP], 2);
    world_end(&world);
}

/* The way is blocked while a session stands: that is told once, after 15 s of data and 5 s of a
 * handshake. Who is not there at the first call is not silent, but not there. */
static void silence_is_told_of_who_had_spoken(void **state)
{
    (void)state;
    begin(7, 25);
    connect();
    converse(60 * EL_S, EL_S);
    assert_int_equal(a->events[EL_TUNNEL_SILENT], 0);
    el_tunnel_free(b->tunnel);
    b->tunnel = NULL;
    for (unsigned i = 0; i < 19; i++) {
        world_talk(&world, 0, 1, a_to_b, 100);
        world_wait(&world, EL_S);
    }
    assert_int_equal(a->events[EL_TUNNEL_SILENT], 0);
    world_wait(&world, 3 * EL_S);
    assert_int_equal(a->events[EL_TUNNEL_SILENT], 1);
    assert_int_equal(a->events[EL_TUNNEL_SESSION_DOWN], 0);
    world_wait(&world, 60 * EL_S);
    assert_int_equal(a->events[EL_TUNNEL_SILENT], 1);
    world_end(&world);

    begin(8, 25);
    el_tunnel_free(b->tunnel);
    b->tunnel = NULL;
    el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
    world_wait(&world, 60 * EL_S);
    assert_int_equal(a->events[EL_TUNNEL_SILENT], 0);
    world_end(&world);
}

static void idle_costs_only_keepalives(void **state)
{
    (void)state;
    begin(6, 0);
    connect();
    unsigned said = a->said + b->said;
    world_wait(&world, 3600 * EL_S);
    assert_int_equal(a->said + b->said, said);              /* silence is free */
    assert_int_equal(a->events[EL_TUNNEL_SESSION_DOWN], 1); /* and ends after 9 minutes */
    assert_int_equal(el_tunnel_deadline_ns(a->tunnel), EL_NEVER);
    world_end(&world);

    begin(6, 25);
    connect();
    said = a->said + b->said;
    world_wait(&world, 3600 * EL_S);
    assert_in_range(a->said + b->said - said, 3600 / 25, 3600 / 25 + 3 * 3600 / 120);
    assert_int_equal(a->events[EL_TUNNEL_SESSION_DOWN], 0);
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    world_end(&world);
}

/* Data without an answer: a keepalive after 10 s from who got it; a handshake after 15 s if not. */
static void silence_is_noticed(void **state)
{
    (void)state;
    begin(7, 0);
    connect();
    unsigned said = b->said;
    world_talk(&world, 0, 1, a_to_b, 100);
    world_wait(&world, 9900 * EL_MS);
    assert_int_equal(b->said, said);
    world_wait(&world, 200 * EL_MS);
    assert_int_equal(b->said, said + 1);
    world_wait(&world, 60 * EL_S);
    assert_int_equal(a->initiations, 1);

    world.loss_percent = 100;
    world_talk(&world, 0, 1, a_to_b, 100);
    world_wait(&world, 14900 * EL_MS);
    assert_int_equal(a->initiations, 1);
    world_wait(&world, 500 * EL_MS);
    assert_int_equal(a->initiations, 2);
    world_end(&world);
}

/* The hub loses its memory; a talking spoke has it back within 20 s, without help. */
static void responder_restarts(void **state)
{
    (void)state;
    begin(8, 25);
    connect();
    world_start(&world, 1);
    b_to_a = world_introduce(&world, 1, 0, false, 0);
    converse(20 * EL_S, 500 * EL_MS);
    assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
    assert_true(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_INDEX) > 0);
    assert_int_equal(converse(300 * EL_S, EL_S), 0);
    world_end(&world);
}

/* The spoke restarts: at once, and with a wall clock that was set back by years. */
static void initiator_restarts(void **state)
{
    (void)state;
    begin(9, 25);
    connect();
    for (unsigned i = 0; i < 5; i++) {
        static const uint64_t walls_s[] = {1790000000, 1000000000, 0, 4000000000, 1790000000};
        a->wall_ns = walls_s[i] * EL_S;
        world_start(&world, 0);
        a_to_b = world_introduce(&world, 0, 1, true, 25);
        connect();
        assert_int_equal(converse(10 * EL_S, EL_S), 0);
    }
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_TIMESTAMP), 0);
    /* B loses its memory too, but not what is on its disk. */
    struct el_tunnel_peer_config config = {.allowed = {.ip = el_ip4(0x64400001), .len = 32}};
    memcpy(config.public_key, a->public_key, 32);
    memset(config.psk, 0x42, sizeof config.psk);
    el_tunnel_peer_timestamp(b_to_a, config.last_timestamp);
    world_start(&world, 1);
    assert_int_equal(el_tunnel_add_peer(b->tunnel, &config, &b_to_a, NULL), 0);
    converse(20 * EL_S, EL_S);
    assert_true(el_tunnel_peer_is_up(b_to_a, world.now_ns));
    world_end(&world);
}

static void roams(void **state)
{
    (void)state;
    begin(10, 25);
    connect();
    struct el_endpoint old = a->at;
    a->at = (struct el_endpoint){.ip = el_ip4(0xcb007105), .port = 4444};
    world_talk(&world, 0, 1, a_to_b, 100);
    world_wait(&world, EL_S);
    assert_int_equal(b->events[EL_TUNNEL_ROAMED], 1);
    assert_true(el_endpoint_equal(el_tunnel_peer_endpoint(b_to_a), &a->at));
    assert_int_equal(converse(10 * EL_S, EL_S), 0);
    /* Rubbish, and a true packet once more, from elsewhere, move nothing. */
    uint8_t packet[200], sealed[256];
    world_packet(packet, 100, 0, 1);
    int n = el_tunnel_seal(a->tunnel, world.now_ns, a_to_b, sealed, packet, 100);
    world_send(&world, &a->at, &b->at, sealed, (size_t)n);
    world_wait(&world, EL_S);
    world_send(&world, &old, &b->at, sealed, (size_t)n);
    sealed[40] ^= 1;
    sealed[8]++;
    world_send(&world, &old, &b->at, sealed, (size_t)n);
    world_wait(&world, EL_S);
    assert_int_equal(b->events[EL_TUNNEL_ROAMED], 1);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_AUTH), 1);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_REPLAY), 1);
    world_end(&world);
}

/* Which address of ours the peer calls is where the answers leave from: it follows without a word,
 * and is let go of when nothing comes back. */
static void follows_the_address_that_is_called(void **state)
{
    const struct el_endpoint *endpoint;

    (void)state;
    begin(10, 0);
    a->at.local = el_ip4(0xc0000202);
    connect();
    endpoint = el_tunnel_peer_endpoint(b_to_a);
    assert_true(el_ip_equal(&endpoint->local, &a->at.local));
    a->at.local = el_ip4(0xcb007109);
    world_talk(&world, 0, 1, a_to_b, 100);
    world_wait(&world, EL_S);
    assert_true(el_ip_equal(&endpoint->local, &a->at.local));
    assert_int_equal(b->events[EL_TUNNEL_ROAMED], 0);

    el_tunnel_free(a->tunnel);
    a->tunnel = NULL;
    world_talk(&world, 1, 0, b_to_a, 100);
    world_wait(&world, 30 * EL_S);
    assert_int_equal(endpoint->local.family, 0);
    assert_true(el_endpoint_equal(endpoint, &a->at));
    world_end(&world);
}

/* A man in the middle answers every initiation with a forged response first; the real one still
 * completes the handshake. */
static bool forge_responses(struct world *w, struct datagram *d)
{
    if (d->bytes[0] == 2 && d->len == 92) {
        bool (*self)(struct world *, struct datagram *) = w->tap;
        uint8_t forged[92];
        memcpy(forged, d->bytes, sizeof forged);
        forged[50] ^= 1; /* in what is sealed; with its mac1, which anybody can make */
        w->tap = NULL;
        uint64_t delay = w->delay_ns;
        w->delay_ns = EL_MS;
        world_send(w, &d->from, &d->to, forged, sizeof forged);
        w->delay_ns = delay;
        w->tap = self;
    }
    return false;
}

static void forged_responses_do_not_end_a_handshake(void **state)
{
    (void)state;
    begin(11, 0);
    world.tap = forge_responses;
    connect();
    assert_int_equal(el_tunnel_count(a->tunnel, EL_TUNNEL_DROP_MAC), 1);
    world_end(&world);
}

/* Everything A ever says is played to B again, in this life and the next: nothing is taken. */
enum { RECORDED = 64 };
static struct datagram recorded[RECORDED];
static unsigned records;

static bool record(struct world *w, struct datagram *d)
{
    (void)w;
    if (el_endpoint_equal(&d->from, &a->at) && records < RECORDED)
        recorded[records++] = *d;
    return false;
}

static void replays_are_refused(void **state)
{
    uint8_t stamp[12], after[12];

    (void)state;
    begin(12, 0);
    records = 0;
    world.tap = record;
    connect();
    converse(10 * EL_S, EL_S);
    world.tap = NULL;
    unsigned got = b->got, said = b->said;
    for (unsigned i = 0; i < records; i++)
        world_send(&world, &recorded[i].from, &b->at, recorded[i].bytes, recorded[i].len);
    world_wait(&world, EL_S);
    assert_int_equal(b->got, got);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_TIMESTAMP), 1);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_REPLAY), records - 1);

    struct el_tunnel_peer_config config = {.allowed = {.ip = el_ip4(0x64400001), .len = 32}};
    memcpy(config.public_key, a->public_key, 32);
    memset(config.psk, 0x42, sizeof config.psk);
    el_tunnel_peer_timestamp(b_to_a, config.last_timestamp);
    world_start(&world, 1);
    assert_int_equal(el_tunnel_add_peer(b->tunnel, &config, &b_to_a, NULL), 0);
    said = b->said;
    for (unsigned i = 0; i < records; i++)
        world_send(&world, &recorded[i].from, &b->at, recorded[i].bytes, recorded[i].len);
    world_wait(&world, EL_S);
    assert_int_equal(b->said, said);
    assert_int_equal(b->got, got);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_TIMESTAMP), 1);
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_INDEX), records - 1);
    el_tunnel_peer_timestamp(b_to_a, after);
    memcpy(stamp, config.last_timestamp, sizeof stamp);
    assert_memory_equal(stamp, after, sizeof stamp);
    world_end(&world);
}

/* A flood of initiations with a valid mac1 from all over; a real one gets in by its cookie. */
static void a_flood_does_not_shut_others_out(void **state)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], junk[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;

    (void)state;
    begin(13, 0);
    /* The flooder knows B's public key, and is nobody to it. */
    world_start(&world, 2);
    struct el_tunnel_peer *c_to_b = world_introduce(&world, 2, 1, true, 0);
    el_tunnel_connect(world.nodes[2].tunnel, c_to_b, world.now_ns);
    assert_int_equal(el_tunnel_output(world.nodes[2].tunnel, world.now_ns, bytes, &to), 148);

    /* One each millisecond: so long all are taken, and that many. */
    const unsigned taken = EL_TUNNEL_LOAD_BURST * 1000 / (1000 - EL_TUNNEL_LOAD_PER_S); /* 1,280 */
    unsigned replies = 0, floods = 0;
    uint64_t call = world.now_ns + 2 * EL_S;
    for (uint64_t end = world.now_ns + 12 * EL_S; world.now_ns < end;) {
        if (world.now_ns >= call) {
            el_tunnel_connect(a->tunnel, a_to_b, world.now_ns);
            call = EL_NEVER;
        }
        struct el_endpoint from = {.ip = el_ip4(el_random_below(UINT32_MAX)), .port = 1};
        struct el_tunnel_packet packet;
        memcpy(junk, bytes, sizeof junk);
        assert_true(el_tunnel_open(b->tunnel, world.now_ns, &from, junk, sizeof junk, &packet) < 0);
        floods++;
        int n;
        while ((n = el_tunnel_output(b->tunnel, world.now_ns, junk, &to)) > 0) {
            if (el_endpoint_equal(&to, &a->at)) {
                world_send(&world, &b->at, &to, junk, (size_t)n);
            } else {
                assert_int_equal(n, 64); /* less than came in */
                replies++;
            }
        }
        world_wait(&world, EL_MS);
    }
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    assert_int_equal(a->initiations, 2); /* one for the cookie, one with it */
    assert_in_range(replies, floods - taken - 100, floods - taken + 50);
    assert_true(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_COOKIE) >= replies);
    /* When it is over, no cookie is asked for any more. */
    world_wait(&world, 5 * EL_S);
    uint64_t cookies = el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_COOKIE);
    world_start(&world, 0);
    a_to_b = world_introduce(&world, 0, 1, true, 0);
    connect();
    assert_int_equal(el_tunnel_count(b->tunnel, EL_TUNNEL_DROP_COOKIE), cookies);
    world_end(&world);
}

/* Sleep, or a virtual machine that was stopped: the clock leaps ahead by a day. */
static void the_clock_leaps(void **state)
{
    (void)state;
    begin(14, 25);
    connect();
    world.now_ns += 24 * 3600 * EL_S;
    world_wait(&world, 10 * EL_S);
    assert_true(el_tunnel_peer_is_up(a_to_b, world.now_ns));
    assert_int_equal(converse(60 * EL_S, EL_S), 0);
    world_end(&world);
}

/* A thousand spokes at one hub, all calling at once, then idle with keepalives for ten minutes,
 * with five new keys. */
enum { SPOKES = 1000 };

static void a_thousand_peers(void **state)
{
    static struct el_tunnel *spokes[SPOKES];
    static struct el_tunnel_peer *hubs[SPOKES];
    struct el_tunnel_config config = {.peers_max = SPOKES};
    struct el_tunnel *hub;
    struct el_endpoint hub_at = {.ip = el_ip4(0xc0000201), .port = 51820}, to;
    uint8_t hub_public[32], bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_tunnel_packet packet;
    uint64_t now = EL_S;
    int n;

    (void)state;
    el_random_seed_for_test(15);
    el_tunnel_key_make(config.private_key);
    el_tunnel_key_public(config.private_key, hub_public);
    config.wall_at_zero_ns = UINT64_C(1790000000) * EL_S;
    assert_int_equal(el_tunnel_new(&config, &hub, NULL), 0);
    config.peers_max = 1;
    for (uint32_t i = 0; i < SPOKES; i++) {
        struct el_tunnel_peer_config peer = {.allowed = {.ip = el_ip4(0x64400002 + i), .len = 32}};
        struct el_tunnel_peer *added;
        el_tunnel_key_make(config.private_key);
        el_tunnel_key_public(config.private_key, peer.public_key);
        assert_int_equal(el_tunnel_add_peer(hub, &peer, &added, NULL), 0);
        assert_int_equal(el_tunnel_new(&config, &spokes[i], NULL), 0);
        memcpy(peer.public_key, hub_public, 32);
        peer.allowed = (struct el_prefix){.ip = el_ip4(0x64400001), .len = 32};
        peer.endpoint = hub_at;
        peer.keepalive_s = 25;
        assert_int_equal(el_tunnel_add_peer(spokes[i], &peer, &hubs[i], NULL), 0);
        el_tunnel_connect(spokes[i], hubs[i], now);
    }
    for (unsigned second = 0; second < 600; second++, now += EL_S) {
        for (uint32_t i = 0; i < SPOKES; i++) {
            struct el_endpoint at = {.ip = el_ip4(0x0a000000 + i), .port = 51820};
            bool talking = el_tunnel_deadline_ns(spokes[i]) <= now;
            while (talking) {
                talking = false;
                while ((n = el_tunnel_output(spokes[i], now, bytes, &to)) > 0)
                    el_tunnel_open(hub, now, &at, bytes, (size_t)n, &packet);
                while ((n = el_tunnel_output(hub, now, bytes, &to)) > 0) {
                    uint32_t heard = el_ip4_number(&to.ip) - 0x0a000000;
                    el_tunnel_open(spokes[heard], now, &hub_at, bytes, (size_t)n, &packet);
                    talking = true;
                }
            }
        }
        if (second == 30) /* over the limit of load the first time, with a cookie the second */
            for (unsigned i = 0; i < SPOKES; i++)
                assert_true(el_tunnel_peer_is_up(hubs[i], now));
    }
    for (uint32_t i = 0; i < SPOKES; i++) {
        struct el_ip ip = el_ip4(0x64400002 + i);
        assert_true(el_tunnel_peer_is_up(el_tunnel_peer_by_ip(hub, &ip), now));
        el_tunnel_free(spokes[i]);
    }
    el_tunnel_free(hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_and_talks),
        cmocka_unit_test(tells_how_it_stands),
        cmocka_unit_test(rekeys_lose_nothing),
        cmocka_unit_test(survives_a_bad_network),
        cmocka_unit_test(both_initiate_at_once),
        cmocka_unit_test(gives_up_after_a_while),
        cmocka_unit_test(a_spoke_tries_for_ever),
        cmocka_unit_test(silence_is_told_of_who_had_spoken),
        cmocka_unit_test(idle_costs_only_keepalives),
        cmocka_unit_test(silence_is_noticed),
        cmocka_unit_test(responder_restarts),
        cmocka_unit_test(initiator_restarts),
        cmocka_unit_test(roams),
        cmocka_unit_test(follows_the_address_that_is_called),
        cmocka_unit_test(forged_responses_do_not_end_a_handshake),
        cmocka_unit_test(replays_are_refused),
        cmocka_unit_test(a_flood_does_not_shut_others_out),
        cmocka_unit_test(the_clock_leaps),
        cmocka_unit_test(a_thousand_peers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

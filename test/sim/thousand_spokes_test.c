/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub with a thousand enrolled spokes: what it takes of memory, and how they come back when it
 * was away.
 *
 * The hub is what its processes have for each spoke: registry, tunnel and forward, with room for as
 * many peers as `el2w hub` has. Time goes in steps of a millisecond. A handshake costs the hub more
 * than anything else, and it takes only so many in a step; others wait in a queue that is as long
 * as the real one (datapath/lane.c), and what finds no room there is lost.
 *
 * What bounds a burst: spokes try every 5 s and up to a third of a second, each with dice of its
 * own (WireGuard §6.1), so even those that were in step arrive over 333 ms; the queue; and the
 * guard (tunnel/cookie.h), under which those beyond EL_TUNNEL_LOAD_BURST cost a hash instead of
 * Diffie-Hellman and wait for another try. A hub that starts again knows where its spokes were, and
 * calls one after the other (el_tunnel_connect_in_turn()), which bounds what they answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csprng.h"
#include "base/time.h"
#include "datapath/forward.h"
#include "link/tunnel_service.h"
#include "node/key.h"
#include "registry/registry.h"
#include "tunnel/cookie.h"
#include "tunnel/tunnel.h"

enum {
    SPOKES = 1000,
    FIRST_SPOKE_AT = 0x0a000000,
    QUEUE = 128,               /* handshakes that wait */
    HANDSHAKES_PER_MS = 4,     /* that a slow CPU computes */
    WAYS = 64,                 /* a datagram is on its way for less than so many ms */
    SILENCE_MS = 1000,         /* between two packets of a spoke */
    MEMORY_MAX = 64 << 20,     /* bytes */
    COMES_BACK_MS = 10 * 1000, /* all of them */
    INITIATION = 1,            /* the first byte of that message */
};

struct datagram {
    struct datagram *next;
    struct spoke *spoke;
    bool up; /* to the hub */
    size_t len;
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
};

struct list {
    struct datagram *first, **end;
    unsigned count;
};

struct spoke {
    uint8_t private_key[32];
    uint32_t address; /* in the tunnel */
    struct el_tunnel *tunnel;
    struct el_tunnel_peer *hub;
    struct el_endpoint at;
    struct el_endpoint remembered; /* of the hub's disk; family 0: it was never there */
    unsigned way_ms, phase_ms;
};

static struct {
    uint64_t now_ms;
    uint8_t private_key[32], public_key[32];
    struct el_registry *registry;
    struct el_tunnel *tunnel; /* NULL: the hub is away */
    struct el_forward *forward;
    size_t registry_bytes;
    struct list queue;
    struct list ways[WAYS]; /* by the millisecond of arrival */
    struct spoke spokes[SPOKES];
    bool idle;     /* spokes have nothing to say */
    size_t locked; /* bytes of sodium_malloc(), which mallinfo2() knows nothing of */
    bool counts_locked;
    /* Since the hub came back. */
    uint64_t since_ms, all_ms;
    unsigned connected, queued_most, overflowed, rate_most, calls_most;
    uint64_t done[1001];          /* handshakes, in the last second and now */
    uint64_t calls, called[1001]; /* the same of what the hub has begun */
} w;

static const struct el_endpoint hub_at = {.ip = {.family = 4, .b = {203, 0, 113, 1}},
                                          .port = 51820};

/* -- what is allocated -- */

void *__real_sodium_malloc(size_t size);
void *__wrap_sodium_malloc(size_t size);

void *__wrap_sodium_malloc(size_t size)
{
    if (w.counts_locked)
        w.locked += size + 4 * 4096; /* guard pages and the canary's */
    return __real_sodium_malloc(size);
}

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd + w.locked;
}

/* -- lists -- */

static void append(struct list *list, struct datagram *d)
{
    d->next = NULL;
    *(list->first ? list->end : &list->first) = d;
    list->end = &d->next;
    list->count++;
}

static struct datagram *take(struct list *list)
{
    struct datagram *d = list->first;

    if (d) {
        list->first = d->next;
        list->count--;
    }
    return d;
}

/* -- the hub -- */

static uint64_t now_ns(void)
{
    return w.now_ms * EL_MS;
}

static struct spoke *spoke_at(uint32_t address)
{
    for (unsigned i = 0; i < SPOKES; i++)
        if (w.spokes[i].address == address)
            return &w.spokes[i];
    return NULL;
}

/* A new peer, which is called where it was. */
static struct el_tunnel_peer *add_peer(struct el_tunnel_peer_config *config)
{
    uint32_t address = el_ip4_number(&config->allowed.ip);
    const struct spoke *spoke = spoke_at(address);
    struct el_tunnel_peer *peer;
    struct el_err err = {""};

    if (spoke)
        config->endpoint = spoke->remembered;
    if (el_tunnel_add_peer(w.tunnel, config, &peer, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(el_forward_add_peer(w.forward, peer, address, NULL, 0) >= 0);
    el_tunnel_connect_in_turn(w.tunnel, peer, now_ns());
    return peer;
}

/* A peer as the registry wants it. */
static void on_effect(void *arg, const struct el_registry_effect *effect)
{
    struct el_tunnel_peer_config config = {0};
    struct el_forward_membership memberships[EL_FORWARD_NETWORKS_MAX];
    struct el_tunnel_peer *peer;

    (void)arg;
    if (effect->kind != EL_REGISTRY_PEER_SET || !w.tunnel)
        return;
    snprintf(config.name, sizeof config.name, "%s", effect->peer->name);
    memcpy(config.public_key, effect->peer->key, 32);
    memcpy(config.psk, effect->peer->psk, 32);
    config.allowed = (struct el_prefix){effect->peer->ip, 32};
    peer = el_tunnel_peer_by_key(w.tunnel, effect->peer->key);
    if (!peer)
        peer = add_peer(&config);
    for (unsigned i = 0; i < effect->peer->membership_count; i++)
        memberships[i] =
            (struct el_forward_membership){.vni = effect->peer->memberships[i].vni,
                                           .published = effect->peer->memberships[i].published};
    assert_int_equal(
        el_forward_set_memberships(w.forward, peer, memberships, effect->peer->membership_count),
        0);
}

static void on_event(void *arg, const struct el_registry_event *event)
{
    (void)arg;
    (void)event;
}

/* Both ends have keys, and have proved it. */
static void on_tunnel(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    struct el_ip address = el_tunnel_peer_ip(peer);

    (void)arg;
    if (event != EL_TUNNEL_SESSION_UP)
        return;
    spoke_at(el_ip4_number(&address))->remembered = *el_tunnel_peer_endpoint(peer);
    w.connected++;
    w.all_ms = w.now_ms - w.since_ms;
}

static void hub_away(void)
{
    struct datagram *d;

    while ((d = take(&w.queue)))
        free(d);
    el_forward_free(w.forward);
    el_tunnel_free(w.tunnel);
    w.forward = NULL;
    w.tunnel = NULL;
}

static void hub_starts(void)
{
    struct el_tunnel_config config = {.peers_max = EL_TUNNEL_SERVICE_PEERS,
                                      .wall_at_zero_ns = UINT64_C(1790000000) * EL_S,
                                      .event = on_tunnel};

    memcpy(config.private_key, w.private_key, 32);
    w.counts_locked = true;
    assert_int_equal(el_tunnel_new(&config, &w.tunnel, NULL), 0);
    w.counts_locked = false;
    const struct el_forward_config forward = {
        .tunnel = w.tunnel, .address = EL_NODE_HUB_ADDRESS, .peers_max = EL_TUNNEL_SERVICE_PEERS};
    assert_int_equal(el_forward_new(&forward, &w.forward), 0);
    el_registry_tell(w.registry);
    w.connected = w.queued_most = w.overflowed = w.rate_most = w.calls_most = 0;
    w.calls = 0;
    memset(w.done, 0, sizeof w.done);
    memset(w.called, 0, sizeof w.called);
    w.since_ms = w.now_ms;
}

/* -- the network -- */

static void post(struct spoke *spoke, bool up, const uint8_t *bytes, size_t len)
{
    struct datagram *d = malloc(sizeof *d);

    assert_non_null(d);
    assert_true(len <= sizeof d->bytes);
    *d = (struct datagram){.spoke = spoke, .up = up, .len = len};
    memcpy(d->bytes, bytes, len);
    append(&w.ways[(w.now_ms + spoke->way_ms) % WAYS], d);
}

static void spoke_says(struct spoke *spoke)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    while ((len = el_tunnel_output(spoke->tunnel, now_ns(), bytes, &to)) > 0)
        post(spoke, true, bytes, (size_t)len);
}

static void hub_says(void)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    while ((len = el_tunnel_output(w.tunnel, now_ns(), bytes, &to)) > 0) {
        w.calls += bytes[0] == INITIATION;
        post(&w.spokes[el_ip4_number(&to.ip) - FIRST_SPOKE_AT], false, bytes, (size_t)len);
    }
}

/* An empty IP packet from SPOKE to the hub's tunnel address. */
static void spoke_sends(struct spoke *spoke)
{
    uint8_t packet[20 + EL_TUNNEL_SEAL_ROOM] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 253};
    uint8_t sealed[EL_TUNNEL_OUTPUT_BYTES];
    struct el_ip from = el_ip4(spoke->address), to = el_ip4(EL_NODE_HUB_ADDRESS);

    memcpy(packet + 12, from.b, 4);
    memcpy(packet + 16, to.b, 4);
    int len = el_tunnel_seal(spoke->tunnel, now_ns(), spoke->hub, sealed, packet, 20);
    if (len > 0)
        post(spoke, true, sealed, (size_t)len);
    spoke_says(spoke);
}

/* -- a millisecond -- */

static void hub_receives(struct datagram *d)
{
    struct el_tunnel_packet packet;

    if (!w.tunnel) {
        free(d);
    } else if (!el_tunnel_is_control(d->bytes, d->len)) {
        el_tunnel_open(w.tunnel, now_ns(), &d->spoke->at, d->bytes, d->len, &packet);
        free(d);
    } else if (w.queue.count == QUEUE) {
        w.overflowed++;
        free(d);
    } else {
        append(&w.queue, d);
    }
    w.queued_most = w.queue.count > w.queued_most ? w.queue.count : w.queued_most;
}

static void spoke_receives(struct datagram *d)
{
    struct el_tunnel_packet packet;

    el_tunnel_open(d->spoke->tunnel, now_ns(), &hub_at, d->bytes, d->len, &packet);
    spoke_says(d->spoke);
    free(d);
}

/* The most in a second, of which NOW have happened since the hub came back. */
static void measure(uint64_t history[1001], uint64_t now, unsigned *most)
{
    uint64_t before = history[(w.now_ms + 1) % 1001]; /* a second ago */

    history[w.now_ms % 1001] = now;
    *most = now - before > *most ? (unsigned)(now - before) : *most;
}

static void hub_works(void)
{
    struct datagram *d;

    for (unsigned i = 0; i < HANDSHAKES_PER_MS && (d = take(&w.queue)); i++) {
        el_tunnel_control(w.tunnel, now_ns(), &d->spoke->at, d->bytes, d->len);
        free(d);
        hub_says();
    }
    hub_says();
    measure(w.done, el_tunnel_count(w.tunnel, EL_TUNNEL_HANDSHAKES), &w.rate_most);
    measure(w.called, w.calls, &w.calls_most);
}

static void step(void)
{
    struct datagram *d;

    w.now_ms++;
    while ((d = take(&w.ways[w.now_ms % WAYS])))
        d->up ? hub_receives(d) : spoke_receives(d);
    if (w.tunnel)
        hub_works();
    for (unsigned i = 0; i < SPOKES; i++) {
        struct spoke *spoke = &w.spokes[i];
        if (!w.idle && w.now_ms % SILENCE_MS == spoke->phase_ms)
            spoke_sends(spoke);
        else if (el_tunnel_deadline_ns(spoke->tunnel) <= now_ns())
            spoke_says(spoke);
    }
}

static void steps(unsigned ms)
{
    while (ms--)
        step();
}

/* Until all are connected, or until it is too late for the test. */
static void until_all(void)
{
    while (w.connected < SPOKES && w.now_ms - w.since_ms < 3 * COMES_BACK_MS)
        step();
}

/* -- the spokes -- */

/* A token, whose key is another if the first one's address is taken. */
static void make_token(const char *name, uint8_t enrolment_key[32])
{
    struct el_err err = {""};
    int rc = EL_EAGAIN;

    while (rc == EL_EAGAIN) {
        uint8_t private_key[32];
        el_tunnel_key_make(private_key);
        el_tunnel_key_public(private_key, enrolment_key);
        const struct el_registry_token_request request = {
            .name = name,
            .enrolment_key = enrolment_key,
            .ip = el_ip4(el_node_key_address(enrolment_key)),
            .expires_s = 3600};
        rc = el_registry_token_create(w.registry, &request, 1, &err);
    }
    if (rc < 0)
        fail_msg("%s", err.text);
}

static void redeem(struct spoke *spoke, const char *name)
{
    uint8_t enrolment_key[32], key[32];
    enum el_registry_verdict verdict;
    const struct el_registry_spoke *row;
    struct el_err err = {""};

    make_token(name, enrolment_key);
    el_tunnel_key_public(spoke->private_key, key);
    const struct el_registry_redemption redemption = {
        .enrolment_key = enrolment_key, .key = key, .preferred = el_ip4(el_node_key_address(key))};
    if (el_registry_redeem(w.registry, &redemption, 2, &verdict, &row, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(verdict, EL_REGISTRY_IS_ENROLLED);
    spoke->address = el_ip4_number(&row->ip);
}

static void enrol(unsigned i)
{
    struct spoke *spoke = &w.spokes[i];
    char name[16];

    snprintf(name, sizeof name, "spoke%u", i);
    el_tunnel_key_make(spoke->private_key);
    redeem(spoke, name);
}

static void spoke_starts(unsigned i)
{
    struct el_tunnel_config tunnel = {.peers_max = 1,
                                      .wall_at_zero_ns = UINT64_C(1790000000) * EL_S};
    struct el_tunnel_peer_config hub = {.name = "hub",
                                        .endpoint = hub_at,
                                        .allowed = {el_ip4(EL_NODE_HUB_ADDRESS), 10},
                                        .keepalive_s = 25};
    struct spoke *spoke = &w.spokes[i];

    spoke->at = (struct el_endpoint){.ip = el_ip4(FIRST_SPOKE_AT + i), .port = 51820};
    spoke->way_ms = 5 + el_random_below(45);
    memcpy(tunnel.private_key, spoke->private_key, 32);
    memcpy(hub.public_key, w.public_key, 32);
    assert_int_equal(el_tunnel_new(&tunnel, &spoke->tunnel, NULL), 0);
    assert_int_equal(el_tunnel_add_peer(spoke->tunnel, &hub, &spoke->hub, NULL), 0);
}

static int begin(void **state)
{
    static const struct el_registry_observer observer = {.effect = on_effect, .event = on_event};
    const struct el_registry_network_request network = {.name = "boot",
                                                        .vni = 77,
                                                        .cidr = {el_ip4(0xc0a84d00), 24},
                                                        .to_all = EL_REGISTRY_TO_PUBLISHED};

    (void)state;
    memset(&w, 0, sizeof w);
    w.now_ms = SILENCE_MS - 1;
    el_random_seed_for_test(77);
    el_tunnel_key_make(w.private_key);
    el_tunnel_key_public(w.private_key, w.public_key);
    size_t before = allocated();
    assert_int_equal(el_registry_new(NULL, &observer, &w.registry, NULL), 0);
    assert_int_equal(el_registry_network_create(w.registry, &network, 1, NULL), 0);
    for (unsigned i = 0; i < SPOKES; i++)
        enrol(i);
    w.registry_bytes = allocated() - before;
    for (unsigned i = 0; i < SPOKES; i++)
        spoke_starts(i);
    return 0;
}

static int end(void **state)
{
    struct datagram *d;

    (void)state;
    hub_away();
    el_registry_free(w.registry);
    for (unsigned i = 0; i < SPOKES; i++)
        el_tunnel_free(w.spokes[i].tunnel);
    for (unsigned i = 0; i < WAYS; i++)
        while ((d = take(&w.ways[i])))
            free(d);
    return 0;
}

/* -- the tests -- */

static void is_well(const char *what, unsigned within_ms)
{
    print_message("%s: %u of %u after %.2f s; at most %u handshakes a second, %u called, %u queued "
                  "at once, %u lost there, %u answered with a cookie\n",
                  what, w.connected, SPOKES, (double)w.all_ms / 1000, w.rate_most, w.calls_most,
                  w.queued_most, w.overflowed,
                  (unsigned)el_tunnel_count(w.tunnel, EL_TUNNEL_DROP_COOKIE));
    assert_int_equal(w.connected, SPOKES);
    assert_true(w.all_ms < within_ms);
    assert_true(w.queued_most <= QUEUE);
}

static void in_step(bool together)
{
    for (unsigned i = 0; i < SPOKES; i++)
        w.spokes[i].phase_ms = together ? 0 : el_random_below(SILENCE_MS);
}

/* Of the hub, which is made before it knows anybody: nothing is allocated when spokes come. All of
 * them have just been switched on. */
static void a_thousand_fit(void **state)
{
    (void)state;
    size_t before = allocated();
    hub_starts();
    size_t bytes = allocated() - before;
    in_step(false);
    until_all();
    is_well("the first time", COMES_BACK_MS);
    print_message("registry %zu KiB, tunnel and forward %zu KiB\n", w.registry_bytes / 1024,
                  bytes / 1024);
    assert_true(w.registry_bytes + bytes < MEMORY_MAX);
}

/* Each has noticed that the hub is away, and tries in a rhythm of its own. */
static void all_come_back(void **state)
{
    (void)state;
    in_step(false);
    hub_starts();
    until_all();
    hub_away();
    steps(60 * 1000);
    hub_starts();
    until_all();
    is_well("the hub has come back", COMES_BACK_MS);
}

/* Nobody has waited for anything, so nobody has thrown dice yet: the queue is full, and who found
 * no place there tries once more. */
static void all_are_switched_on_at_once(void **state)
{
    (void)state;
    in_step(true);
    hub_starts();
    until_all();
    is_well("all switched on at once", COMES_BACK_MS);
    assert_int_equal(w.queued_most, QUEUE);
}

/* It was away for a moment only, which nobody tells them, and as they have nothing to say they
 * would not notice for minutes: it calls them, each once, as they answer. */
static void idle_spokes_are_called(void **state)
{
    (void)state;
    in_step(false);
    hub_starts();
    until_all();
    w.idle = true;
    steps(1000);
    hub_away();
    steps(1000);
    hub_starts();
    until_all();
    is_well("the hub was started again, to idle spokes", COMES_BACK_MS);
    assert_int_equal(w.calls, SPOKES);
    assert_true(w.calls_most <= EL_TUNNEL_TURNS_PER_S + 1);
}

/* The same to spokes that say something all the time: half a minute later nobody has lost what was
 * made, and nobody is called any more. */
static void busy_spokes_are_called(void **state)
{
    (void)state;
    in_step(false);
    hub_starts();
    until_all();
    hub_away();
    steps(1000);
    hub_starts();
    until_all();
    is_well("the hub was started again, to busy spokes", COMES_BACK_MS);
    uint64_t calls = w.calls;
    steps(30 * 1000);
    assert_int_equal(w.connected, SPOKES);
    assert_int_equal(w.calls, calls);
}

/* All send something in the same millisecond, so they notice and try together. The hub comes back
 * when they just have, so that they wait longest, and at other moments between two tries. */
static void all_come_back_in_step(void **state)
{
    (void)state;
    in_step(true);
    hub_starts();
    until_all();
    for (unsigned i = 0; i < 3; i++) {
        hub_away();
        steps(16 * 1000 + i * 2000);
        hub_starts();
        until_all();
        is_well("the hub has come back, to spokes in step", COMES_BACK_MS);
        steps(1000);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_thousand_fit),         TEST(all_are_switched_on_at_once),
        TEST(all_come_back),          TEST(idle_spokes_are_called),
        TEST(busy_spokes_are_called), TEST(all_come_back_in_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

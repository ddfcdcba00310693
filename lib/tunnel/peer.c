/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peers of a tunnel: adding, removing, finding, and what others may know of them. */
#include "tunnel/machine.h"
#include "tunnel/timers.h"

#include <sodium.h>
#include <stdlib.h>

/* Makes PEER one that is free and knows nothing. */
static void clear_peer(struct el_tunnel_peer *peer)
{
    struct el_tunnel_peer_secrets *secrets = peer->secrets;

    sodium_memzero(secrets, sizeof *secrets);
    *peer = (struct el_tunnel_peer){.tunnel = peer->tunnel, .secrets = secrets};
    for (unsigned i = 0; i < EL_TUNNEL_SESSIONS; i++) {
        peer->sessions.slots[i].peer = peer;
        peer->sessions.slots[i].keys = &secrets->sessions[i];
    }
}

int el_tunnel_peers_new(struct el_tunnel *tunnel)
{
    size_t max = tunnel->peers_max;

    tunnel->peers = aligned_alloc(_Alignof(struct el_tunnel_peer), max * sizeof tunnel->peers[0]);
    tunnel->by_key = el_map_new(EL_TUNNEL_KEY_BYTES, max);
    tunnel->initiations = el_map_new(sizeof(uint32_t), max);
    tunnel->sessions = el_map_new(sizeof(uint32_t), max * EL_TUNNEL_SESSIONS);
    tunnel->allowed = el_tunnel_allowed_new(max * 2);
    tunnel->due = el_heap_new(max);
    if (!tunnel->peers || !tunnel->by_key || !tunnel->initiations || !tunnel->sessions ||
        !tunnel->allowed || !tunnel->due)
        return EL_ENOMEM;
    for (size_t i = 0; i < max; i++) {
        tunnel->peers[i].tunnel = tunnel;
        tunnel->peers[i].secrets = &tunnel->vault->peers[i];
        clear_peer(&tunnel->peers[i]);
    }
    return 0;
}

void el_tunnel_peers_free(struct el_tunnel *tunnel)
{
    free(tunnel->peers);
    el_map_free(tunnel->by_key);
    el_map_free(tunnel->initiations);
    el_map_free(tunnel->sessions);
    el_tunnel_allowed_free(tunnel->allowed);
    el_heap_free(tunnel->due);
}

/* PREFIX without bits behind its length, in *RANGE; family 0 is no range and passes. */
static int read_range(const struct el_prefix *prefix, unsigned family, struct el_prefix *range)
{
    unsigned bits = family == 4 ? 32 : 128;

    *range = (struct el_prefix){0};
    if (prefix->ip.family == 0)
        return 0;
    if (prefix->ip.family != family || prefix->len > bits)
        return EL_EINVAL;
    *range = *prefix;
    for (unsigned bit = prefix->len; bit < bits; bit++)
        range->ip.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    return 0;
}

static int check_ranges(const struct el_tunnel *tunnel, const struct el_tunnel_peer_config *config,
                        struct el_prefix range[2], struct el_err *err)
{
    char text[EL_PREFIX_TEXT];

    if (read_range(&config->allowed, 4, &range[0]) < 0 ||
        read_range(&config->allowed6, 6, &range[1]) < 0)
        return el_err(err, EL_EINVAL,
                      "peer %s: its tunnel addresses are not a range of IPv4 and "
                      "one of IPv6",
                      config->name);
    for (unsigned i = 0; i < 2; i++) {
        if (!range[i].ip.family)
            continue;
        const struct el_tunnel_peer *owner = el_tunnel_allowed_overlap(tunnel->allowed, &range[i]);
        if (owner)
            return el_err(err, EL_EEXIST, "peer %s: tunnel address %s belongs to %s already",
                          config->name, el_prefix_text(&range[i], text), owner->name);
    }
    return 0;
}

static int check_key(const struct el_tunnel *tunnel, const struct el_tunnel_peer_config *config,
                     struct el_err *err)
{
    const struct el_tunnel_peer *owner = el_map_get(tunnel->by_key, config->public_key);

    if (owner)
        return el_err(err, EL_EEXIST, "peer %s: its key belongs to %s already", config->name,
                      owner->name);
    if (sodium_memcmp(config->public_key, tunnel->vault->identity.public_key,
                      sizeof config->public_key) == 0)
        return el_err(err, EL_EEXIST, "peer %s: its key is our own; give the other side's",
                      config->name);
    return 0;
}

static struct el_tunnel_peer *free_peer(struct el_tunnel *tunnel)
{
    for (unsigned i = 0; i < tunnel->peers_max; i++)
        if (!tunnel->peers[i].used)
            return &tunnel->peers[i];
    return NULL;
}

static int check_keepalive(const struct el_tunnel_peer_config *config, struct el_err *err)
{
    if (config->keepalive_s > UINT16_MAX)
        return el_err(err, EL_EINVAL, "peer %s: keepalive of %u s: at most %u", config->name,
                      config->keepalive_s, UINT16_MAX);
    return 0;
}

static void set_psk(struct el_tunnel_pairing *pairing, const struct el_tunnel_suite *suite,
                    const uint8_t psk[EL_TUNNEL_KEY_BYTES])
{
    memcpy(pairing->psk, psk, sizeof pairing->psk);
    el_tunnel_suite_bind(suite, pairing->psk);
}

static void set_name(struct el_tunnel_peer *peer, const char *name)
{
    memcpy(peer->name, name, sizeof peer->name);
    peer->name[sizeof peer->name - 1] = '\0';
}

/* PEER is free, but for its pairing, which is complete. */
static void enter_peer(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                       const struct el_tunnel_peer_config *config, const struct el_prefix range[2])
{
    el_gate_exclusive(&tunnel->gate, tunnel->lane_count);
    peer->used = true;
    peer->lane = (unsigned)(peer - tunnel->peers) % tunnel->lane_count;
    set_name(peer, config->name);
    peer->endpoint = config->endpoint;
    peer->keepalive_s = config->keepalive_s;
    peer->wire = config->wire;
    peer->suite = el_tunnel_suite(config->wire);
    memcpy(peer->greatest_timestamp, config->last_timestamp, sizeof peer->greatest_timestamp);
    memcpy(peer->allowed, range, sizeof peer->allowed);
    el_tunnel_signer_init(&peer->signer, config->public_key);
    el_tunnel_timers_init(tunnel, peer);
    /* All of these have room for every peer. */
    el_map_put(tunnel->by_key, config->public_key, peer);
    for (unsigned i = 0; i < 2; i++)
        if (range[i].ip.family)
            el_tunnel_allowed_add(tunnel->allowed, &range[i], peer);
    el_gate_resume(&tunnel->gate, tunnel->lane_count);
}

/* Who is whose changes here alone, so that control needs no mode to look. */
int el_tunnel_add_peer(struct el_tunnel *tunnel, const struct el_tunnel_peer_config *config,
                       struct el_tunnel_peer **added, struct el_err *err)
{
    struct el_prefix range[2];
    int failed = check_key(tunnel, config, err);

    if (!failed)
        failed = check_ranges(tunnel, config, range, err);
    if (!failed)
        failed = check_keepalive(config, err);
    if (!failed)
        failed = el_tunnel_wire_check(config->wire, err);
    if (failed)
        return failed;
    struct el_tunnel_peer *peer = free_peer(tunnel);
    if (!peer)
        return el_err(err, EL_EFULL, "peer %s: there are %u peers already", config->name,
                      tunnel->peers_max);

    struct el_tunnel_pairing *pairing = &peer->secrets->pairing;
    memcpy(pairing->public_key, config->public_key, sizeof pairing->public_key);
    set_psk(pairing, el_tunnel_suite(config->wire), config->psk);
    if (el_tunnel_pairing_complete(&tunnel->vault->identity, pairing) < 0) {
        sodium_memzero(pairing, sizeof *pairing);
        return el_err(err, EL_EINVAL, "peer %s: its key is not a public key", config->name);
    }
    enter_peer(tunnel, peer, config, range);
    *added = peer;
    return 0;
}

int el_tunnel_change_peer(struct el_tunnel *tunnel, uint64_t now_ns, struct el_tunnel_peer *peer,
                          const struct el_tunnel_peer_config *config, struct el_err *err)
{
    int failed = check_keepalive(config, err);

    if (failed)
        return failed;
    set_psk(&peer->secrets->pairing, peer->suite, config->psk); /* which only control looks at */
    el_gate_exclusive(&tunnel->gate, tunnel->lane_count);
    set_name(peer, config->name);
    if (peer->keepalive_s != config->keepalive_s) {
        peer->keepalive_s = config->keepalive_s;
        el_tunnel_timers_keepalive_changed(tunnel, peer, now_ns);
    }
    el_gate_resume(&tunnel->gate, tunnel->lane_count);
    return 0;
}

static void leave_queue(struct el_tunnel *tunnel, const struct el_tunnel_peer *peer)
{
    struct el_tunnel_peer **link = &tunnel->first_speaker;
    struct el_tunnel_peer *before = NULL;

    if (!peer->queued)
        return;
    while (*link != peer) {
        before = *link;
        link = &before->next_speaker;
    }
    *link = peer->next_speaker;
    if (tunnel->last_speaker == peer)
        tunnel->last_speaker = before;
}

static uint64_t read_count(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

/* Adds what has passed all lanes between peer NUMBER and us. */
static void add_traffic(struct el_tunnel_traffic *sum, const struct el_tunnel *tunnel,
                        size_t number)
{
    for (unsigned i = 0; i <= tunnel->lane_count; i++) {
        const struct el_tunnel_tally *tally = &tunnel->lanes[i].tallies[number];
        sum->rx_packets += read_count(&tally->rx_packets);
        sum->rx_bytes += read_count(&tally->rx_bytes);
        sum->tx_packets += read_count(&tally->tx_packets);
        sum->tx_bytes += read_count(&tally->tx_bytes);
    }
}

/* In exclusive mode. */
static void clear_traffic(struct el_tunnel *tunnel, size_t number)
{
    for (unsigned i = 0; i <= tunnel->lane_count; i++)
        tunnel->lanes[i].tallies[number] = (struct el_tunnel_tally){0};
}

void el_tunnel_peers_traffic(const struct el_tunnel *tunnel, struct el_tunnel_traffic *all)
{
    *all = tunnel->gone;
    for (unsigned i = 0; i < tunnel->peers_max; i++)
        add_traffic(all, tunnel, i);
}

void el_tunnel_remove_peer(struct el_tunnel *tunnel, struct el_tunnel_peer *peer)
{
    size_t number = (size_t)(peer - tunnel->peers);

    el_gate_exclusive(&tunnel->gate, tunnel->lane_count);
    el_tunnel_forget_initiation(tunnel, peer);
    el_tunnel_sessions_end(&peer->sessions, tunnel->sessions);
    el_tunnel_timers_end(tunnel, peer);
    el_tunnel_allowed_remove(tunnel->allowed, peer);
    el_map_del(tunnel->by_key, peer->secrets->pairing.public_key);
    leave_queue(tunnel, peer);
    add_traffic(&tunnel->gone, tunnel, number);
    clear_traffic(tunnel, number);
    for (unsigned i = 0; i <= tunnel->lane_count; i++)
        tunnel->lanes[i].last = NULL;
    clear_peer(peer);
    el_gate_resume(&tunnel->gate, tunnel->lane_count);
}

struct el_tunnel_peer *el_tunnel_peer_by_ip(struct el_tunnel *tunnel, const struct el_ip *ip)
{
    return el_tunnel_allowed_find(tunnel->allowed, ip);
}

struct el_tunnel_peer *el_tunnel_peer_by_key(struct el_tunnel *tunnel,
                                             const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    return el_map_get(tunnel->by_key, key);
}

struct el_tunnel_peer *el_tunnel_peer_next(struct el_tunnel *tunnel, size_t *cursor)
{
    while (*cursor < tunnel->peers_max) {
        struct el_tunnel_peer *peer = &tunnel->peers[(*cursor)++];
        if (peer->used)
            return peer;
    }
    return NULL;
}

void el_tunnel_peer_set_user(struct el_tunnel_peer *peer, void *user)
{
    peer->user = user;
}

void *el_tunnel_peer_user(const struct el_tunnel_peer *peer)
{
    return peer->user;
}

const char *el_tunnel_peer_name(const struct el_tunnel_peer *peer)
{
    return peer->name;
}

enum el_tunnel_wire el_tunnel_peer_wire(const struct el_tunnel_peer *peer)
{
    return peer->wire;
}

size_t el_tunnel_peer_overhead(const struct el_tunnel_peer *peer)
{
    return EL_TUNNEL_HEADER + peer->suite->aead->tag_bytes;
}

size_t el_tunnel_peer_padding(const struct el_tunnel_peer *peer)
{
    return peer->suite->raw ? 1 : EL_TUNNEL_PADDING;
}

size_t el_tunnel_peer_sealed_bytes(const struct el_tunnel_peer *peer, size_t len)
{
    size_t padding = el_tunnel_peer_padding(peer);

    return (len + padding - 1) / padding * padding + el_tunnel_peer_overhead(peer);
}

void el_tunnel_peer_key(const struct el_tunnel_peer *peer, uint8_t public_key[EL_TUNNEL_KEY_BYTES])
{
    memcpy(public_key, peer->secrets->pairing.public_key, EL_TUNNEL_KEY_BYTES);
}

struct el_ip el_tunnel_peer_ip(const struct el_tunnel_peer *peer)
{
    return peer->allowed[0].ip;
}

const struct el_endpoint *el_tunnel_peer_endpoint(const struct el_tunnel_peer *peer)
{
    return &peer->endpoint;
}

void el_tunnel_peer_set_endpoint(struct el_tunnel_peer *peer, const struct el_endpoint *endpoint)
{
    peer->endpoint = *endpoint;
}

void el_tunnel_peer_timestamp(const struct el_tunnel_peer *peer, uint8_t timestamp[12])
{
    memcpy(timestamp, peer->greatest_timestamp, sizeof peer->greatest_timestamp);
}

bool el_tunnel_peer_is_up(const struct el_tunnel_peer *peer, uint64_t now_ns)
{
    return el_tunnel_session_sends(peer->sessions.current, now_ns);
}

void el_tunnel_peer_state(const struct el_tunnel_peer *peer, uint64_t now_ns,
                          struct el_tunnel_peer_state *state)
{
    *state = (struct el_tunnel_peer_state){
        .up = el_tunnel_peer_is_up(peer, now_ns),
        .up_since_ns = peer->up_since_ns,
        .handshake_ns = peer->handshake_ns,
        .keepalive_s = peer->keepalive_s,
    };
    add_traffic(&state->traffic, peer->tunnel, (size_t)(peer - peer->tunnel->peers));
}

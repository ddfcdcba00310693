/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for tunnels: machines, a network between them that delays, loses, doubles and reorders,
 * and a clock that jumps from one event to the next. Deterministic: all chance comes from
 * el_random.
 */
#ifndef TUNNEL_WORLD_H
#define TUNNEL_WORLD_H

#include "base/csprng.h"
#include "base/time.h"
#include "tunnel/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORLD_NODES = 4, WORLD_FLIGHT = 8192, WORLD_DATAGRAM = 1600, WORLD_EVENTS = 8 };

struct datagram {
    uint64_t at_ns;
    struct el_endpoint from, to;
    size_t len;
    uint8_t bytes[WORLD_DATAGRAM];
};

struct node {
    struct el_tunnel *tunnel; /* NULL: switched off */
    struct el_endpoint at;
    uint8_t private_key[32], public_key[32];
    uint8_t reserved[12];     /* what is on its disk */
    uint64_t wall_ns;         /* its wall clock when the world began */
    enum el_tunnel_wire wire; /* of all its peers */
    unsigned events[WORLD_EVENTS];
    unsigned got; /* packets that came in */
    uint64_t last_got_ns;
    unsigned initiations; /* sent */
    unsigned said;        /* datagrams of its own */
};

struct world {
    uint64_t now_ns;
    uint64_t delay_ns, jitter_ns;
    unsigned loss_percent, double_percent;
    struct node nodes[WORLD_NODES];
    struct datagram *flight[WORLD_FLIGHT];
    size_t flying;
    /* Sees each datagram before the network does; true: it is taken away. */
    bool (*tap)(struct world *world, struct datagram *datagram);
    void *tap_arg;
};

static inline void world_event(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    struct node *node = arg;

    (void)peer;
    node->events[event]++;
}

/* A datagram leaves for the network. */
static inline void world_send(struct world *world, const struct el_endpoint *from,
                              const struct el_endpoint *to, const uint8_t *bytes, size_t len)
{
    unsigned copies = 1 + (el_random_below(100) < world->double_percent);

    for (unsigned i = 0; i < copies; i++) {
        struct datagram *d = calloc(1, sizeof *d);
        d->at_ns = world->now_ns + world->delay_ns;
        if (world->jitter_ns)
            d->at_ns += el_random_below((uint32_t)(world->jitter_ns / EL_US)) * EL_US;
        d->from = *from;
        d->to = *to;
        d->len = len;
        memcpy(d->bytes, bytes, len);
        if ((world->tap && world->tap(world, d)) || el_random_below(100) < world->loss_percent ||
            world->flying == WORLD_FLIGHT)
            free(d);
        else
            world->flight[world->flying++] = d;
    }
}

static inline void world_flush(struct world *world, struct node *node)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    el_tunnel_reserve_timestamp(node->tunnel, world->now_ns, node->reserved);
    while ((len = el_tunnel_output(node->tunnel, world->now_ns, bytes, &to)) > 0) {
        node->said++;
        node->initiations += bytes[0] == 1;
        world_send(world, &node->at, &to, bytes, (size_t)len);
    }
}

static inline void world_deliver(struct world *world, struct datagram *d)
{
    struct el_tunnel_packet packet;

    for (unsigned i = 0; i < WORLD_NODES; i++) {
        struct node *node = &world->nodes[i];
        if (!node->tunnel || !el_endpoint_equal(&node->at, &d->to))
            continue;
        if (el_tunnel_open(node->tunnel, world->now_ns, &d->from, d->bytes, d->len, &packet) == 1) {
            node->got++;
            node->last_got_ns = world->now_ns;
        }
        world_flush(world, node);
    }
}

/* Everything that happens until UNTIL_NS. */
static inline void world_run(struct world *world, uint64_t until_ns)
{
    for (;;) {
        uint64_t next = until_ns;
        size_t first = SIZE_MAX;
        for (size_t i = 0; i < world->flying; i++)
            if (world->flight[i]->at_ns <= next) {
                next = world->flight[i]->at_ns;
                first = i;
            }
        struct node *timer = NULL;
        for (unsigned i = 0; i < WORLD_NODES; i++) {
            struct node *node = &world->nodes[i];
            if (node->tunnel && el_tunnel_deadline_ns(node->tunnel) < next) {
                next = el_tunnel_deadline_ns(node->tunnel);
                timer = node;
            }
        }
        if (next > world->now_ns)
            world->now_ns = next;
        if (timer) {
            world_flush(world, timer);
        } else if (first != SIZE_MAX) {
            struct datagram *d = world->flight[first];
            world->flight[first] = world->flight[--world->flying];
            world_deliver(world, d);
            free(d);
        } else {
            return;
        }
    }
}

static inline void world_wait(struct world *world, uint64_t ns)
{
    world_run(world, world->now_ns + ns);
}

/* Starts node I (again), with nothing but its keys and its disk. */
static inline void world_start(struct world *world, unsigned i)
{
    struct node *node = &world->nodes[i];
    struct el_tunnel_config config = {.peers_max = 4, .event = world_event, .arg = node};

    memcpy(config.private_key, node->private_key, 32);
    memcpy(config.last_timestamp, node->reserved, 12);
    config.wall_at_zero_ns = node->wall_ns;
    el_tunnel_free(node->tunnel);
    if (el_tunnel_new(&config, &node->tunnel, NULL) < 0)
        abort();
}

/* Node I's tunnel address is 100.64.0.(I+1), its place 192.0.2.(I+1):51820. */
static inline void world_begin(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    el_random_seed_for_test(seed);
    world->now_ns = EL_S;
    world->delay_ns = 10 * EL_MS;
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        struct node *node = &world->nodes[i];
        node->at = (struct el_endpoint){.ip = el_ip4(0xc0000201 + i), .port = 51820};
        node->wall_ns = UINT64_C(1790000000) * EL_S;
        el_tunnel_key_make(node->private_key);
        el_tunnel_key_public(node->private_key, node->public_key);
    }
}

static inline void world_end(struct world *world)
{
    for (unsigned i = 0; i < WORLD_NODES; i++)
        el_tunnel_free(world->nodes[i].tunnel);
    while (world->flying)
        free(world->flight[--world->flying]);
}

/* Node I learns of node J. */
static inline struct el_tunnel_peer *world_introduce(struct world *world, unsigned i, unsigned j,
                                                     bool knows_where, unsigned keepalive_s)
{
    struct el_tunnel_peer_config config = {.keepalive_s = keepalive_s,
                                           .wire = world->nodes[i].wire};
    struct el_tunnel_peer *peer = NULL;
    struct el_err err;

    snprintf(config.name, sizeof config.name, "node%u", j);
    memcpy(config.public_key, world->nodes[j].public_key, 32);
    memset(config.psk, 0x42, sizeof config.psk);
    if (knows_where)
        config.endpoint = world->nodes[j].at;
    config.allowed = (struct el_prefix){.ip = el_ip4(0x64400001 + j), .len = 32};
    if (el_tunnel_add_peer(world->nodes[i].tunnel, &config, &peer, &err) < 0)
        abort();
    return peer;
}

/* An IPv4 packet of LEN bytes from node I's tunnel address to node J's; 16 bytes are left behind
 * it. */
static inline void world_packet(uint8_t *bytes, size_t len, unsigned i, unsigned j)
{
    static const uint8_t header[] = {0x45, 0, 0,   0,  0, 0, 0,   0,  64, 253,
                                     0,    0, 100, 64, 0, 0, 100, 64, 0,  0};

    memset(bytes, 0xab, len + 16);
    memcpy(bytes, header, sizeof header);
    bytes[2] = (uint8_t)(len >> 8);
    bytes[3] = (uint8_t)len;
    bytes[15] = (uint8_t)(i + 1);
    bytes[19] = (uint8_t)(j + 1);
}

/* Node I sends PEER, which is node J, a packet. The result of el_tunnel_seal(). */
static inline int world_talk(struct world *world, unsigned i, unsigned j,
                             struct el_tunnel_peer *peer, size_t len)
{
    struct node *node = &world->nodes[i];
    uint8_t packet[1500 + 16], sealed[1500 + 64];

    world_packet(packet, len, i, j);
    int n = el_tunnel_seal(node->tunnel, world->now_ns, peer, sealed, packet, len);
    if (n > 0)
        world_send(world, &node->at, el_tunnel_peer_endpoint(peer), sealed, (size_t)n);
    world_flush(world, node);
    return n;
}

#endif

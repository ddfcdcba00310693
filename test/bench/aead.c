/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel's packet path without I/O: el_tunnel_seal() and el_tunnel_open() of packets of two
 * sizes, each the best of many rounds, beside the bare cipher on the same bytes in the same run;
 * and what a handshake costs. The ratio says what is left for the machine to win.
 */
#include "tunnel/aead.h"
#include "sim/tunnel_world.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 200, BATCH = 512 };

static struct world world;
static uint8_t sealed[BATCH][1536], opened[BATCH][1536];
static uint8_t packet[1536];

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * EL_S + (uint64_t)t.tv_nsec;
}

static void keep_best(uint64_t *best, uint64_t since)
{
    uint64_t took = clock_ns() - since;

    if (took < *best)
        *best = took;
}

static void print(const char *what, size_t len, uint64_t ns, uint64_t bare_ns)
{
    printf("%-6s %5zu bytes  %7.1f ns  %6.3f GB/s", what, len, (double)ns / BATCH,
           (double)(len * BATCH) / (double)ns);
    if (bare_ns)
        printf("  %.2f of the bare cipher's speed", (double)bare_ns / (double)ns);
    printf("\n");
}

static void measure(struct el_tunnel_peer *peer, size_t len)
{
    struct node *a = &world.nodes[0], *b = &world.nodes[1];
    uint64_t bare = UINT64_MAX, seal = UINT64_MAX, open = UINT64_MAX;
    size_t padded = el_tunnel_sealed_bytes(len) - EL_TUNNEL_OVERHEAD;
    struct el_tunnel_packet out;

    world_packet(packet, len, 0, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            el_tunnel_chacha20poly1305.seal(sealed[i] + 16, packet, padded, i, a->private_key);
        keep_best(&bare, start);

        start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            if (el_tunnel_seal(a->tunnel, world.now_ns, peer, sealed[i], packet, len) < 0)
                abort();
        keep_best(&seal, start);

        memcpy(opened, sealed, sizeof opened);
        start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            if (el_tunnel_open(b->tunnel, world.now_ns, &a->at, opened[i],
                               el_tunnel_sealed_bytes(len), &out) != 1)
                abort();
        keep_best(&open, start);
    }
    print("bare", len, bare, 0);
    print("seal", len, seal, bare);
    print("open", len, open, bare);
}

static void measure_handshake(void)
{
    uint64_t best = UINT64_MAX;

    for (unsigned round = 0; round < ROUNDS; round++) {
        world_start(&world, 0);
        world_start(&world, 1);
        struct el_tunnel_peer *peer = world_introduce(&world, 0, 1, true, 0);
        world_introduce(&world, 1, 0, false, 0);
        uint64_t start = clock_ns();
        el_tunnel_connect(world.nodes[0].tunnel, peer, world.now_ns);
        world_wait(&world, EL_S);
        keep_best(&best, start);
    }
    printf("handshake, both sides: %.0f us\n", (double)best / 1000);
}

int main(void)
{
    world_begin(&world, 1);
    world_start(&world, 0);
    world_start(&world, 1);
    struct el_tunnel_peer *peer = world_introduce(&world, 0, 1, true, 0);
    world_introduce(&world, 1, 0, false, 0);
    el_tunnel_connect(world.nodes[0].tunnel, peer, world.now_ns);
    world_wait(&world, EL_S);
    measure(peer, 64);
    measure(peer, 1400);
    measure_handshake();
    world_end(&world);
    return 0;
}

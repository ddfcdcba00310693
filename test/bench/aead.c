/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet costs without I/O, of two sizes, each the best of many rounds: each cipher alone,
 * with the ratio to libsodium's ChaCha20-Poly1305 in the same run; then el_tunnel_seal() and
 * el_tunnel_open() in each wire form, with the ratio to the bare cipher of that form, which says
 * what is left for the machine to win; and what a handshake costs.
 */
#include "tunnel/aead.h"
#include "sim/tunnel_world.h"
#include "tunnel/suite.h"

#include <stdio.h>
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

/* NS for a batch, and how much faster that is than BASE_NS. */
static void print(const char *what, size_t len, uint64_t ns, uint64_t base_ns, const char *base)
{
    printf("%-32s %5zu bytes  %7.1f ns  %7.3f GB/s", what, len, (double)ns / BATCH,
           (double)(len * BATCH) / (double)ns);
    if (base)
        printf("  %5.2f x %s", (double)base_ns / (double)ns, base);
    printf("\n");
}

static uint64_t seal_bare(const struct el_tunnel_aead *aead, size_t len)
{
    uint64_t best = UINT64_MAX;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            aead->seal(sealed[i] + 16, packet, len, i, world.nodes[0].private_key);
        keep_best(&best, start);
    }
    return best;
}

static uint64_t open_bare(const struct el_tunnel_aead *aead, size_t len)
{
    uint64_t best = UINT64_MAX;

    for (unsigned i = 0; i < BATCH; i++)
        aead->seal(sealed[i] + 16, packet, len, i, world.nodes[0].private_key);
    for (unsigned round = 0; round < ROUNDS; round++) {
        memcpy(opened, sealed, sizeof opened);
        uint64_t start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            if (!aead->open(opened[i] + 16, len, i, world.nodes[0].private_key))
                abort();
        keep_best(&best, start);
    }
    return best;
}

static void measure_cipher(const char *name, const struct el_tunnel_aead *aead, size_t len)
{
    char what[64];

    snprintf(what, sizeof what, "%s seals", name);
    print(what, len, seal_bare(aead, len), seal_bare(el_tunnel_chachas[0], len), "libsodium's");
    snprintf(what, sizeof what, "%s opens", name);
    print(what, len, open_bare(aead, len), open_bare(el_tunnel_chachas[0], len), "libsodium's");
}

static void measure_ciphers(size_t len)
{
    char name[40];

    for (size_t i = 0; el_tunnel_chachas[i]; i++) {
        snprintf(name, sizeof name, "chacha20 %s", el_tunnel_chachas[i]->name);
        measure_cipher(name, el_tunnel_chachas[i], len);
    }
    if (el_tunnel_aegis128l.seal)
        measure_cipher(el_tunnel_aegis128l.name, &el_tunnel_aegis128l, len);
}

static void measure_form(enum el_tunnel_wire wire, struct el_tunnel_peer *peer, size_t len)
{
    const struct el_tunnel_aead *aead = el_tunnel_suite(wire)->aead;
    struct node *a = &world.nodes[0], *b = &world.nodes[1];
    uint64_t seal = UINT64_MAX, open = UINT64_MAX;
    size_t bytes = el_tunnel_peer_sealed_bytes(peer, len);
    struct el_tunnel_packet out;
    char what[64];

    world_packet(packet, len, 0, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            if (el_tunnel_seal(a->tunnel, world.now_ns, peer, sealed[i], packet, len) < 0)
                abort();
        keep_best(&seal, start);

        memcpy(opened, sealed, sizeof opened);
        start = clock_ns();
        for (unsigned i = 0; i < BATCH; i++)
            if (el_tunnel_open(b->tunnel, world.now_ns, &a->at, opened[i], bytes, &out) != 1)
                abort();
        keep_best(&open, start);
    }
    size_t plain = bytes - el_tunnel_peer_overhead(peer);
    snprintf(what, sizeof what, "wire=%s: tunnel seals", el_tunnel_wire_names[wire]);
    print(what, len, seal, seal_bare(aead, plain), "the bare cipher");
    snprintf(what, sizeof what, "wire=%s: tunnel opens", el_tunnel_wire_names[wire]);
    print(what, len, open, open_bare(aead, plain), "the bare cipher");
}

static void measure_forms(void)
{
    for (enum el_tunnel_wire wire = 0; wire < EL_TUNNEL_WIRES; wire++) {
        if (el_tunnel_wire_check(wire, NULL) < 0)
            continue;
        world.nodes[0].wire = world.nodes[1].wire = wire;
        world_start(&world, 0);
        world_start(&world, 1);
        struct el_tunnel_peer *peer = world_introduce(&world, 0, 1, true, 0);
        world_introduce(&world, 1, 0, false, 0);
        el_tunnel_connect(world.nodes[0].tunnel, peer, world.now_ns);
        world_wait(&world, EL_S);
        measure_form(wire, peer, 64);
        measure_form(wire, peer, 1400);
    }
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
    printf("chacha20-poly1305: %s is taken\n", el_tunnel_chacha20poly1305_choose(clock_ns)->name);
    measure_ciphers(64);
    measure_ciphers(1400);
    measure_forms();
    measure_handshake();
    world_end(&world);
    return 0;
}

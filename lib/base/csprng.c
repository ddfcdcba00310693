/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Randomness: libsodium's, or a ChaCha20 stream from a seed under test. */
#include "base/csprng.h"

#include <sodium.h>
#include <stdbool.h>

static bool seeded;
static uint64_t seed_number;
static uint64_t drawn; /* nonce of the next draw under a seed */

void el_random(void *bytes, size_t len)
{
    uint8_t key[randombytes_SEEDBYTES] = {0};

    if (!seeded) {
        randombytes_buf(bytes, len);
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        key[i] = (uint8_t)(seed_number >> 8 * i);
        key[8 + i] = (uint8_t)(drawn >> 8 * i);
    }
    drawn++;
    randombytes_buf_deterministic(bytes, len, key);
}

uint32_t el_random_below(uint32_t bound)
{
    /* The lowest values are redrawn until what remains is a multiple of bound. */
    uint32_t unfair = bound ? (uint32_t)(0 - bound) % bound : 0;
    uint32_t value;

    if (bound < 2)
        return 0;
    do
        el_random(&value, sizeof value);
    while (value < unfair);
    return value % bound;
}

void el_random_seed_for_test(uint64_t seed)
{
    seeded = true;
    seed_number = seed;
    drawn = 0;
}

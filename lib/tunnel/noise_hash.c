/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BLAKE2s by libb2; HMAC and KDF over it. */
#include "tunnel/noise_hash.h"

#include <blake2.h>
#include <sodium.h>
#include <string.h>

enum { BLOCK_BYTES = 64 };

/* libb2 fails on lengths of keys and outputs that it does not know, and these are all constants. */

void el_tunnel_hash(uint8_t out[EL_TUNNEL_HASH_BYTES], const void *a, size_t a_len, const void *b,
                    size_t b_len)
{
    blake2s_state state;

    blake2s_init(&state, EL_TUNNEL_HASH_BYTES);
    blake2s_update(&state, a, a_len);
    if (b_len)
        blake2s_update(&state, b, b_len);
    blake2s_final(&state, out, EL_TUNNEL_HASH_BYTES);
    sodium_memzero(&state, sizeof state);
}

void el_tunnel_mac(uint8_t out[16], const uint8_t *key, size_t key_len, const void *input,
                   size_t len)
{
    blake2s_state state;

    blake2s_init_key(&state, 16, key, key_len);
    blake2s_update(&state, input, len);
    blake2s_final(&state, out, 16);
    sodium_memzero(&state, sizeof state);
}

void el_tunnel_keyed_hash(uint8_t out[EL_TUNNEL_HASH_BYTES],
                          const uint8_t key[EL_TUNNEL_HASH_BYTES], const void *input, size_t len)
{
    blake2s_state state;

    blake2s_init_key(&state, EL_TUNNEL_HASH_BYTES, key, EL_TUNNEL_HASH_BYTES);
    blake2s_update(&state, input, len);
    blake2s_final(&state, out, EL_TUNNEL_HASH_BYTES);
    sodium_memzero(&state, sizeof state);
}

void el_tunnel_hmac(uint8_t out[EL_TUNNEL_HASH_BYTES], const uint8_t *key, size_t key_len,
                    const void *input, size_t len)
{
    uint8_t inner[BLOCK_BYTES] = {0};
    uint8_t outer[BLOCK_BYTES];
    uint8_t hash[EL_TUNNEL_HASH_BYTES];

    memcpy(inner, key, key_len);
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    el_tunnel_hash(hash, inner, sizeof inner, input, len);
    el_tunnel_hash(out, outer, sizeof outer, hash, sizeof hash);
    sodium_memzero(inner, sizeof inner);
    sodium_memzero(outer, sizeof outer);
    sodium_memzero(hash, sizeof hash);
}

/* HKDF: T(i) = HMAC(PRK, T(i-1) || i), T(0) is empty. */
void el_tunnel_kdf(uint8_t *const out[], unsigned count, const uint8_t key[EL_TUNNEL_HASH_BYTES],
                   const void *input, size_t len)
{
    uint8_t prk[EL_TUNNEL_HASH_BYTES];
    uint8_t block[EL_TUNNEL_HASH_BYTES + 1]; /* T(i-1) || i */
    size_t block_at = EL_TUNNEL_HASH_BYTES;  /* T(0) takes no room */

    el_tunnel_hmac(prk, key, EL_TUNNEL_HASH_BYTES, input, len);
    for (unsigned i = 0; i < count; i++) {
        block[EL_TUNNEL_HASH_BYTES] = (uint8_t)(i + 1);
        el_tunnel_hmac(block, prk, sizeof prk, block + block_at, sizeof block - block_at);
        if (out[i])
            memcpy(out[i], block, EL_TUNNEL_HASH_BYTES);
        block_at = 0;
    }
    sodium_memzero(prk, sizeof prk);
    sodium_memzero(block, sizeof block);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symmetric state of a Noise handshake. */
#include "tunnel/noise_state.h"

#include "base/err.h"

#include <sodium.h>
#include <string.h>

static const char protocol[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const uint8_t nonce_zero[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void el_tunnel_noise_begin(struct el_tunnel_noise_state *state, const void *prologue,
                           size_t prologue_len, const uint8_t responder_static[32])
{
    /* The name is longer than a hash, so it is hashed instead of padded. */
    el_tunnel_hash(state->chaining_key, protocol, sizeof protocol - 1, NULL, 0);
    memcpy(state->hash, state->chaining_key, sizeof state->hash);
    memset(state->key, 0, sizeof state->key);
    el_tunnel_noise_mix_hash(state, prologue, prologue_len);
    el_tunnel_noise_mix_hash(state, responder_static, 32);
}

void el_tunnel_noise_mix_hash(struct el_tunnel_noise_state *state, const void *data, size_t len)
{
    el_tunnel_hash(state->hash, state->hash, sizeof state->hash, data, len);
}

void el_tunnel_noise_mix_key(struct el_tunnel_noise_state *state, const uint8_t input[32])
{
    uint8_t *const out[] = {state->chaining_key, state->key};

    el_tunnel_kdf(out, 2, state->chaining_key, input, 32);
}

void el_tunnel_noise_mix_psk(struct el_tunnel_noise_state *state, const uint8_t psk[32])
{
    uint8_t mixed[EL_TUNNEL_HASH_BYTES];
    uint8_t *const out[] = {state->chaining_key, mixed, state->key};

    el_tunnel_kdf(out, 3, state->chaining_key, psk, 32);
    el_tunnel_noise_mix_hash(state, mixed, sizeof mixed);
    sodium_memzero(mixed, sizeof mixed);
}

void el_tunnel_noise_mix_ephemeral(struct el_tunnel_noise_state *state,
                                   const uint8_t public_key[32])
{
    el_tunnel_noise_mix_hash(state, public_key, 32);
    el_tunnel_noise_mix_key(state, public_key);
}

int el_tunnel_noise_mix_dh(struct el_tunnel_noise_state *state, const uint8_t private_key[32],
                           const uint8_t public_key[32])
{
    uint8_t shared[crypto_scalarmult_BYTES];

    if (crypto_scalarmult(shared, private_key, public_key) != 0)
        return EL_EAUTH;
    el_tunnel_noise_mix_key(state, shared);
    sodium_memzero(shared, sizeof shared);
    return 0;
}

void el_tunnel_noise_seal(struct el_tunnel_noise_state *state, uint8_t *to, const void *from,
                          size_t len)
{
    crypto_aead_chacha20poly1305_ietf_encrypt(to, NULL, from, len, state->hash, sizeof state->hash,
                                              NULL, nonce_zero, state->key);
    el_tunnel_noise_mix_hash(state, to, len + EL_TUNNEL_AEAD_TAG);
}

int el_tunnel_noise_open(struct el_tunnel_noise_state *state, void *to, const uint8_t *from,
                         size_t len)
{
    if (crypto_aead_chacha20poly1305_ietf_decrypt(to, NULL, NULL, from, len, state->hash,
                                                  sizeof state->hash, nonce_zero, state->key) != 0)
        return EL_EAUTH;
    el_tunnel_noise_mix_hash(state, from, len);
    return 0;
}

void el_tunnel_noise_split(const struct el_tunnel_noise_state *state, uint8_t forward[32],
                           uint8_t back[32])
{
    uint8_t *const out[] = {forward, back};

    el_tunnel_kdf(out, 2, state->chaining_key, "", 0);
}

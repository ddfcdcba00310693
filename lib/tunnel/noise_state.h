/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symmetric state of a Noise handshake: what both sides have said so far (hash), what they
 * share so far (chaining key), and the key for the next sealed field. Noise revision 34, §5.2,
 * for 25519, ChaChaPoly and BLAKE2s.
 *
 * In every handshake with a pre-shared key each sealed field follows a mixing of its own, so a key
 * seals once and its nonce is always 0.
 *
 * The state is secret: it belongs into locked memory and is wiped when it ends.
 */
#ifndef EL_TUNNEL_NOISE_STATE_H
#define EL_TUNNEL_NOISE_STATE_H

#include "tunnel/noise_hash.h"
#include "tunnel/wg_wire.h"

struct el_tunnel_noise_state {
    uint8_t chaining_key[EL_TUNNEL_HASH_BYTES];
    uint8_t hash[EL_TUNNEL_HASH_BYTES];
    uint8_t key[32];
};

/* The state before the first message of Noise_IKpsk2: both know the responder's static key. */
void el_tunnel_noise_begin(struct el_tunnel_noise_state *state, const void *prologue,
                           size_t prologue_len, const uint8_t responder_static[32]);

void el_tunnel_noise_mix_hash(struct el_tunnel_noise_state *state, const void *data, size_t len);
void el_tunnel_noise_mix_key(struct el_tunnel_noise_state *state, const uint8_t input[32]);
void el_tunnel_noise_mix_psk(struct el_tunnel_noise_state *state, const uint8_t psk[32]);

/* A public ephemeral key: it is hashed, and, as there is a pre-shared key, also mixed (§9.2). */
void el_tunnel_noise_mix_ephemeral(struct el_tunnel_noise_state *state,
                                   const uint8_t public_key[32]);

/* Mixes the Diffie-Hellman result; EL_EAUTH if it is zero (a public key of low order). */
int el_tunnel_noise_mix_dh(struct el_tunnel_noise_state *state, const uint8_t private_key[32],
                           const uint8_t public_key[32]);

/* TO gets LEN bytes and the tag. */
void el_tunnel_noise_seal(struct el_tunnel_noise_state *state, uint8_t *to, const void *from,
                          size_t len);

/* FROM has LEN bytes with the tag; TO gets them without it. 0 or EL_EAUTH. */
int el_tunnel_noise_open(struct el_tunnel_noise_state *state, void *to, const uint8_t *from,
                         size_t len);

/* The two keys of the session: from initiator to responder, and back. */
void el_tunnel_noise_split(const struct el_tunnel_noise_state *state, uint8_t forward[32],
                           uint8_t back[32]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hashes of WireGuard: BLAKE2s (RFC 7693), HMAC over it (RFC 2104) and the key derivation that
 * Noise builds from that (HKDF, RFC 5869; Noise §4.3; whitepaper §5.4).
 */
#ifndef EL_TUNNEL_NOISE_HASH_H
#define EL_TUNNEL_NOISE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { EL_TUNNEL_HASH_BYTES = 32 };

/* HASH(a || b). B_LEN may be 0. OUT may be A or B. */
void el_tunnel_hash(uint8_t out[EL_TUNNEL_HASH_BYTES], const void *a, size_t a_len, const void *b,
                    size_t b_len);

/* MAC(key, input): BLAKE2s' own keyed mode with an output of 16 bytes. KEY_LEN is 1..32. */
void el_tunnel_mac(uint8_t out[16], const uint8_t *key, size_t key_len, const void *input,
                   size_t len);

/* The same with an output of 32 bytes and a key of 32. OUT may be KEY. */
void el_tunnel_keyed_hash(uint8_t out[EL_TUNNEL_HASH_BYTES],
                          const uint8_t key[EL_TUNNEL_HASH_BYTES], const void *input, size_t len);

/* HMAC(key, input). KEY_LEN is at most BLAKE2s' block of 64 bytes. OUT may be KEY or INPUT. */
void el_tunnel_hmac(uint8_t out[EL_TUNNEL_HASH_BYTES], const uint8_t *key, size_t key_len,
                    const void *input, size_t len);

/* KDF_n(key, input): the first COUNT (1..3) outputs. OUT[i] may be NULL for one that nobody needs,
 * and may be KEY. */
void el_tunnel_kdf(uint8_t *const out[], unsigned count, const uint8_t key[EL_TUNNEL_HASH_BYTES],
                   const void *input, size_t len);

#endif

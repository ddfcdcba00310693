/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard's cipher, by libsodium. */
#include "tunnel/aead.h"

#include "base/wire.h"

#include <sodium.h>

enum { NONCE_BYTES = crypto_aead_chacha20poly1305_ietf_NPUBBYTES };

static void put_nonce(uint8_t nonce[NONCE_BYTES], uint64_t counter)
{
    struct el_wire w = el_wire_write(nonce, NONCE_BYTES);

    el_wire_put_zero(&w, 4);
    el_wire_put_le64(&w, counter);
}

static void seal(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                 const uint8_t key[32])
{
    uint8_t nonce[NONCE_BYTES];

    put_nonce(nonce, counter);
    crypto_aead_chacha20poly1305_ietf_encrypt(to, NULL, from, len, NULL, 0, NULL, nonce, key);
}

static bool open_in_place(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32])
{
    uint8_t nonce[NONCE_BYTES];

    put_nonce(nonce, counter);
    return crypto_aead_chacha20poly1305_ietf_decrypt_detached(bytes, NULL, bytes, len, bytes + len,
                                                              NULL, 0, nonce, key) == 0;
}

const struct el_tunnel_aead el_tunnel_chacha20poly1305 = {
    .name = "chacha20-poly1305",
    .seal = seal,
    .open = open_in_place,
};

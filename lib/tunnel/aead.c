/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ciphers, by libsodium. */
#include "tunnel/aead.h"

#include "base/wire.h"

#include <sodium.h>

/* The counter stands at the end of the nonce. */
static void put_nonce(uint8_t *nonce, size_t len, uint64_t counter)
{
    struct el_wire w = el_wire_write(nonce, len);

    el_wire_put_zero(&w, len - sizeof counter);
    el_wire_put_le64(&w, counter);
}

/* ChaCha20-Poly1305 */

enum { CHACHA_NONCE = crypto_aead_chacha20poly1305_ietf_NPUBBYTES };

static void chacha_seal(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                        const uint8_t key[32])
{
    uint8_t nonce[CHACHA_NONCE];

    put_nonce(nonce, sizeof nonce, counter);
    crypto_aead_chacha20poly1305_ietf_encrypt(to, NULL, from, len, NULL, 0, NULL, nonce, key);
}

static bool chacha_open(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32])
{
    uint8_t nonce[CHACHA_NONCE];

    put_nonce(nonce, sizeof nonce, counter);
    return crypto_aead_chacha20poly1305_ietf_decrypt_detached(bytes, NULL, bytes, len, bytes + len,
                                                              NULL, 0, nonce, key) == 0;
}

const struct el_tunnel_aead el_tunnel_chacha20poly1305 = {
    .name = "chacha20-poly1305",
    .tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES,
    .seal = chacha_seal,
    .open = chacha_open,
};

/* AEGIS-128L */

#ifdef crypto_aead_aegis128l_KEYBYTES

_Static_assert(crypto_aead_aegis128l_KEYBYTES == 16 && crypto_aead_aegis128l_ABYTES == 32,
               "as the header says");

enum { AEGIS_NONCE = crypto_aead_aegis128l_NPUBBYTES };

static void aegis_seal(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                       const uint8_t key[32])
{
    uint8_t nonce[AEGIS_NONCE];

    put_nonce(nonce, sizeof nonce, counter);
    crypto_aead_aegis128l_encrypt(to, NULL, from, len, NULL, 0, NULL, nonce, key);
}

static bool aegis_open(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32])
{
    uint8_t nonce[AEGIS_NONCE];

    put_nonce(nonce, sizeof nonce, counter);
    return crypto_aead_aegis128l_decrypt_detached(bytes, NULL, bytes, len, bytes + len, NULL, 0,
                                                  nonce, key) == 0;
}

const struct el_tunnel_aead el_tunnel_aegis128l = {
    .name = "aegis-128l",
    .tag_bytes = crypto_aead_aegis128l_ABYTES,
    .seal = aegis_seal,
    .open = aegis_open,
};

bool el_tunnel_aegis128l_in_hardware(void)
{
    return sodium_init() >= 0 && ((sodium_runtime_has_aesni() && sodium_runtime_has_avx()) ||
                                  sodium_runtime_has_armcrypto());
}

#else

const struct el_tunnel_aead el_tunnel_aegis128l = {.name = "aegis-128l", .tag_bytes = 32};

bool el_tunnel_aegis128l_in_hardware(void)
{
    return false;
}

#endif

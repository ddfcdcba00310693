/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ciphers by libsodium, and which ChaCha20-Poly1305 is used. */
#include "tunnel/aead.h"

#include "base/wire.h"

#include <sodium.h>
#include <string.h>

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

static const struct el_tunnel_aead chacha_sodium = {
    .name = "libsodium",
    .tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES,
    .seal = chacha_seal,
    .open = chacha_open,
};

const struct el_tunnel_aead *const el_tunnel_chachas[] = {
    &chacha_sodium,
#ifdef EL2W_CHACHA_OPENSSL
    &el_tunnel_chacha_openssl,
#endif
    NULL,
};

static const struct el_tunnel_aead *chosen = &chacha_sodium;

static void chosen_seal(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                        const uint8_t key[32])
{
    chosen->seal(to, from, len, counter, key);
}

static bool chosen_open(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32])
{
    return chosen->open(bytes, len, counter, key);
}

const struct el_tunnel_aead el_tunnel_chacha20poly1305 = {
    .name = "chacha20-poly1305",
    .tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES,
    .seal = chosen_seal,
    .open = chosen_open,
};

/* Which one */

enum { TRIAL_BYTES = 1440, TRIAL_SHORT = 100, TRIALS = 40 };

/* Whether AEAD gives libsodium's bytes, for a long message and a short one. */
static bool agrees(const struct el_tunnel_aead *aead, const uint8_t *message, const uint8_t *key)
{
    static const size_t lengths[] = {TRIAL_BYTES, TRIAL_SHORT};
    uint8_t ours[TRIAL_BYTES + EL_TUNNEL_TAG_MAX], theirs[TRIAL_BYTES + EL_TUNNEL_TAG_MAX];

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t len = lengths[i];
        chacha_seal(ours, message, len, i, key);
        aead->seal(theirs, message, len, i, key);
        if (memcmp(ours, theirs, len + aead->tag_bytes) != 0 || !aead->open(theirs, len, i, key) ||
            memcmp(theirs, message, len) != 0)
            return false;
    }
    return true;
}

/* The shortest of several trials, because anything may come in between. */
static uint64_t trial_ns(const struct el_tunnel_aead *aead, uint64_t (*now_ns)(void),
                         const uint8_t *message, const uint8_t *key)
{
    uint8_t sealed[TRIAL_BYTES + EL_TUNNEL_TAG_MAX];
    uint64_t best = UINT64_MAX;

    for (unsigned i = 0; i < TRIALS; i++) {
        uint64_t start = now_ns();
        aead->seal(sealed, message, TRIAL_BYTES, i, key);
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
    }
    return best;
}

const struct el_tunnel_aead *el_tunnel_chacha20poly1305_choose(uint64_t (*now_ns)(void))
{
    uint8_t message[TRIAL_BYTES], key[32];
    uint64_t best = UINT64_MAX;

    if (sodium_init() < 0)
        return chosen;
    memset(message, 0x5a, sizeof message);
    memset(key, 0xa5, sizeof key);
    for (size_t i = 0; el_tunnel_chachas[i]; i++) {
        if (!agrees(el_tunnel_chachas[i], message, key))
            continue;
        uint64_t ns = trial_ns(el_tunnel_chachas[i], now_ns, message, key);
        if (ns < best) {
            best = ns;
            chosen = el_tunnel_chachas[i];
        }
    }
    return chosen;
}

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

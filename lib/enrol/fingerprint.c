/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fingerprints of public keys, and which keys there may be. */
#include "enrol/fingerprint.h"

#include "enrol/base32.h"

#include <sodium.h>
#include <string.h>

enum { SYMBOLS = 20, GROUP = 5 };

static void symbols_of(const uint8_t key[32], uint8_t symbols[SYMBOLS])
{
    static const char label[] = "el2w key fingerprint 1";
    uint8_t hash[32], all[EL_ENROL_SYMBOLS(sizeof hash)];

    crypto_generichash(hash, sizeof hash, key, 32, (const uint8_t *)label, sizeof label - 1);
    el_enrol_to_symbols(hash, sizeof hash, all);
    memcpy(symbols, all, SYMBOLS);
}

char *el_enrol_fingerprint(const uint8_t key[32], char text[EL_ENROL_FINGERPRINT_TEXT])
{
    uint8_t symbols[SYMBOLS];
    char *to = text;

    symbols_of(key, symbols);
    for (unsigned i = 0; i < SYMBOLS; i++) {
        *to++ = el_enrol_crockford[symbols[i]];
        if (i % GROUP == GROUP - 1)
            *to++ = '-';
    }
    *--to = '\0';
    return text;
}

bool el_enrol_fingerprint_is(const char *text, const uint8_t key[32])
{
    uint8_t symbols[SYMBOLS];
    unsigned count = 0;

    symbols_of(key, symbols);
    for (; *text; text++) {
        if (strchr(" -:.\t\r\n", *text))
            continue;
        if (count == SYMBOLS || el_enrol_crockford_value(*text) != symbols[count])
            return false;
        count++;
    }
    return count == SYMBOLS;
}

/* Little-endian, below 2^255 - 19. */
static bool is_canonical(const uint8_t key[32])
{
    bool all_ones = key[31] == 0x7f;

    for (unsigned i = 1; i < 31; i++)
        all_ones = all_ones && key[i] == 0xff;
    return key[31] < 0x80 && !(all_ones && key[0] >= 0xed);
}

int el_enrol_key_check(const uint8_t key[32], struct el_err *err)
{
    static const uint8_t any_private_key[32] = {8, [31] = 0x40};
    uint8_t shared[32];

    if (!is_canonical(key))
        return el_err(err, EL_EINVAL, "the key is not written as X25519 writes it");
    /* libsodium refuses a shared secret of zeros, which is what a key of low order gives. */
    if (crypto_scalarmult(shared, any_private_key, key) != 0)
        return el_err(err, EL_EINVAL, "the key is none: it gives everybody the same secret");
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-512 crypt, step by step as its specification numbers them ("Unix crypt using SHA-256 and
 * SHA-512", 0.6).
 */
#include "profile/crypt.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HASH = crypto_hash_sha512_BYTES,
    SALT = 16,
    ROUNDS = 5000, /* of which nothing is said */
    ROUNDS_MIN = 1000,
    ROUNDS_MAX = 100000, /* here: more would take seconds */
};

static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct setting {
    char salt[SALT + 1];
    unsigned rounds;
    bool said; /* the rounds were */
};

static int parse(const char *text, struct setting *setting)
{
    *setting = (struct setting){.rounds = ROUNDS};
    if (strncmp(text, "$6$", 3) != 0)
        return EL_EINVAL;
    text += 3;
    if (strncmp(text, "rounds=", 7) == 0) {
        char *end;
        unsigned long rounds = strtoul(text + 7, &end, 10);
        if (*end != '$' || text[7] < '0' || text[7] > '9' || rounds > ROUNDS_MAX)
            return EL_EINVAL;
        setting->rounds = rounds < ROUNDS_MIN ? ROUNDS_MIN : (unsigned)rounds;
        setting->said = true;
        text = end + 1;
    }
    size_t len = strcspn(text, "$");
    memcpy(setting->salt, text, len < SALT ? len : SALT);
    return 0;
}

typedef crypto_hash_sha512_state sha;

static void add(sha *state, const void *bytes, size_t len)
{
    crypto_hash_sha512_update(state, bytes, len);
}

/* LEN bytes that repeat HASH. */
static void add_repeated(sha *state, const uint8_t hash[HASH], size_t len)
{
    for (; len > HASH; len -= HASH)
        add(state, hash, HASH);
    add(state, hash, len);
}

/* Steps 1 to 12: A, with B in it. */
static void first_digests(const char *password, size_t len, const char *salt, uint8_t a[HASH])
{
    size_t salt_len = strlen(salt);
    uint8_t b[HASH];
    sha state;

    crypto_hash_sha512_init(&state);
    add(&state, password, len);
    add(&state, salt, salt_len);
    add(&state, password, len);
    crypto_hash_sha512_final(&state, b);
    crypto_hash_sha512_init(&state);
    add(&state, password, len);
    add(&state, salt, salt_len);
    add_repeated(&state, b, len);
    for (size_t bits = len; bits > 0; bits >>= 1)
        if (bits & 1)
            add(&state, b, HASH);
        else
            add(&state, password, len);
    crypto_hash_sha512_final(&state, a);
    sodium_memzero(b, sizeof b);
    sodium_memzero(&state, sizeof state);
}

/* Steps 13 to 20: P of the password's length, S of the salt's, as the digests that they repeat. */
static void sequences(const char *password, size_t len, const char *salt, uint8_t a0,
                      uint8_t p[HASH], uint8_t s[HASH])
{
    sha state;

    crypto_hash_sha512_init(&state);
    for (size_t i = 0; i < len; i++)
        add(&state, password, len);
    crypto_hash_sha512_final(&state, p);
    crypto_hash_sha512_init(&state);
    for (unsigned i = 0; i < 16u + a0; i++)
        add(&state, salt, strlen(salt));
    crypto_hash_sha512_final(&state, s);
    sodium_memzero(&state, sizeof state);
}

/* Step 21. */
static void rounds(uint8_t a[HASH], const uint8_t p[HASH], size_t len, const uint8_t s[HASH],
                   size_t salt_len, unsigned count)
{
    sha state;

    for (unsigned i = 0; i < count; i++) {
        crypto_hash_sha512_init(&state);
        if (i & 1)
            add_repeated(&state, p, len);
        else
            add(&state, a, HASH);
        if (i % 3)
            add_repeated(&state, s, salt_len);
        if (i % 7)
            add_repeated(&state, p, len);
        if (i & 1)
            add(&state, a, HASH);
        else
            add_repeated(&state, p, len);
        crypto_hash_sha512_final(&state, a);
    }
    sodium_memzero(&state, sizeof state);
}

/* Step 22: three bytes become four digits; which three follows a pattern of steps of 21. */
static void encode(const uint8_t a[HASH], char text[87])
{
    char *to = text;

    for (unsigned i = 0; i < 21; i++) {
        unsigned x = i, y = i + 21, z = i + 42;
        uint32_t value = i % 3 == 0   ? (uint32_t)a[x] << 16 | (uint32_t)a[y] << 8 | a[z]
                         : i % 3 == 1 ? (uint32_t)a[y] << 16 | (uint32_t)a[z] << 8 | a[x]
                                      : (uint32_t)a[z] << 16 | (uint32_t)a[x] << 8 | a[y];
        for (unsigned digit = 0; digit < 4; digit++, value >>= 6)
            *to++ = digits[value & 63];
    }
    *to++ = digits[a[63] & 63];
    *to++ = digits[a[63] >> 6];
    *to = '\0';
}

int el_profile_crypt(const char *password, const char *setting, char hash[EL_PROFILE_CRYPT_TEXT])
{
    size_t len = strlen(password);
    uint8_t a[HASH], p[HASH], s[HASH];
    char encoded[87], said[24] = "";
    struct setting set;

    if (len >= EL_PROFILE_CRYPT_PASSWORD || parse(setting, &set) < 0)
        return EL_EINVAL;
    first_digests(password, len, set.salt, a);
    sequences(password, len, set.salt, a[0], p, s);
    rounds(a, p, len, s, strlen(set.salt), set.rounds);
    encode(a, encoded);
    sodium_memzero(a, sizeof a);
    sodium_memzero(p, sizeof p);
    sodium_memzero(s, sizeof s);
    if (set.said)
        snprintf(said, sizeof said, "rounds=%u$", set.rounds);
    snprintf(hash, EL_PROFILE_CRYPT_TEXT, "$6$%s%s$%s", said, set.salt, encoded);
    return 0;
}

int el_profile_crypt_new(const char *password, char hash[EL_PROFILE_CRYPT_TEXT])
{
    char setting[3 + SALT + 1] = "$6$";

    for (unsigned i = 0; i < SALT; i++)
        setting[3 + i] = digits[randombytes_uniform(64)];
    setting[3 + SALT] = '\0';
    return el_profile_crypt(password, setting, hash);
}

bool el_profile_crypt_verify(const char *password, const char *hash)
{
    char again[EL_PROFILE_CRYPT_TEXT];

    return el_profile_crypt(password, hash, again) == 0 && strlen(again) == strlen(hash) &&
           sodium_memcmp(again, hash, strlen(hash)) == 0;
}

/* crypt(5) */
bool el_profile_crypt_is_hash(const char *text)
{
    static const char *const prefixes[] = {"$1$", "$5$",  "$6$",  "$y$", "$gy$",
                                           "$7$", "$2a$", "$2b$", "$2y$"};
    size_t len = strlen(text);

    if (len < 20 || len >= 256 || text[strcspn(text, " \t\r\n:;*!\\'\"")])
        return false;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t prefix = strlen(prefixes[i]);
        if (strncmp(text, prefixes[i], prefix) == 0)
            return strchr(text + prefix, '$') || prefixes[i][1] == '2';
    }
    return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X25519 for targets whose every input begins with the same handshakes: what it gave for a key and
 * a point it gives again, without computing it. It is a function of these two and of nothing else,
 * so no input can tell, and a failure repeats from its one input. Linked with --wrap.
 */
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { KEY = crypto_scalarmult_BYTES, ENTRIES = 1 << 14 };

/* The result of KEY and POINT; of a base multiplication if BASE, whose point is zeros. */
struct entry {
    uint8_t key[KEY], point[KEY], result[KEY];
    bool base, known;
};

/* Those of the linker's --wrap: the real ones, and ours in their place. */
int __real_crypto_scalarmult(uint8_t *result, const uint8_t *key, const uint8_t *point);
int __real_crypto_scalarmult_base(uint8_t *result, const uint8_t *key);
int __wrap_crypto_scalarmult(uint8_t *result, const uint8_t *key, const uint8_t *point);
int __wrap_crypto_scalarmult_base(uint8_t *result, const uint8_t *key);

/* Where it stands, if it stands anywhere: the last one of those that share the place. */
static struct entry *place(const uint8_t *key, const uint8_t *point, bool base)
{
    static struct entry entries[ENTRIES];
    uint64_t hash = base;

    for (unsigned i = 0; i < KEY; i++)
        hash = (hash ^ key[i] ^ (uint64_t)point[i] << 8) * 0x100000001b3u;
    return &entries[(hash >> 32) % ENTRIES];
}

static bool is(const struct entry *entry, const uint8_t *key, const uint8_t *point, bool base)
{
    return entry->known && entry->base == base && memcmp(entry->key, key, KEY) == 0 &&
           memcmp(entry->point, point, KEY) == 0;
}

static void remember(struct entry *entry, const uint8_t *key, const uint8_t *point, bool base,
                     const uint8_t *result)
{
    memcpy(entry->key, key, KEY);
    memcpy(entry->point, point, KEY);
    memcpy(entry->result, result, KEY);
    entry->base = base;
    entry->known = true;
}

/* A refusal (a point of low order) is not remembered. */
int __wrap_crypto_scalarmult(uint8_t *result, const uint8_t *key, const uint8_t *point)
{
    struct entry *entry = place(key, point, false);

    if (!is(entry, key, point, false)) {
        uint8_t computed[KEY];
        int rc = __real_crypto_scalarmult(computed, key, point);
        if (rc != 0)
            return rc;
        remember(entry, key, point, false, computed);
    }
    memcpy(result, entry->result, KEY);
    return 0;
}

int __wrap_crypto_scalarmult_base(uint8_t *result, const uint8_t *key)
{
    static const uint8_t none[KEY];
    struct entry *entry = place(key, none, true);

    if (!is(entry, key, none, true)) {
        uint8_t computed[KEY];
        int rc = __real_crypto_scalarmult_base(computed, key);
        if (rc != 0)
            return rc;
        remember(entry, key, none, true, computed);
    }
    memcpy(result, entry->result, KEY);
    return 0;
}

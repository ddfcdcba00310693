/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that are kept. */
#include "dns/dns_cache.h"

#include "base/csprng.h"

#include <sodium.h>
#include <stdlib.h>

enum { ENTRY_BYTES = 512 }; /* roughly, of an answer: how many chains there are */

struct entry {
    struct entry *next;          /* of the chain */
    struct entry *older, *newer; /* by when they were asked for last */
    uint64_t made_ns, ends_ns, held_until_ns;
    uint64_t hash;
    unsigned hits;
    struct el_dns_answer *answer;
    uint16_t type, flags;
    uint8_t len; /* of the name */
    uint8_t name[];
};

struct el_dns_cache {
    size_t capacity;
    size_t mask;
    struct el_dns_cache_stats stats;
    struct entry *oldest, *newest;
    uint8_t hash_key[crypto_shorthash_KEYBYTES]; /* names are strangers' choice */
    struct entry **chains;
};

struct el_dns_cache *el_dns_cache_new(size_t capacity)
{
    struct el_dns_cache *cache = calloc(1, sizeof *cache);
    size_t chains = 64;

    if (!cache)
        return NULL;
    while (chains < capacity / ENTRY_BYTES)
        chains *= 2;
    cache->capacity = capacity;
    cache->mask = chains - 1;
    cache->chains = calloc(chains, sizeof(struct entry *));
    el_random(cache->hash_key, sizeof cache->hash_key);
    if (!cache->chains) {
        free(cache);
        return NULL;
    }
    return cache;
}

static uint64_t hash_of(const struct el_dns_cache *cache, const struct el_dns_key *key)
{
    uint8_t bytes[EL_DNS_NAME_BYTES + 4];
    uint64_t hash;

    memcpy(bytes, &key->type, 2);
    memcpy(bytes + 2, &key->flags, 2);
    memcpy(bytes + 4, key->name.b, key->name.len);
    crypto_shorthash((uint8_t *)&hash, bytes, key->name.len + 4u, cache->hash_key);
    return hash;
}

static size_t size_of(const struct entry *entry)
{
    return sizeof *entry + entry->len + el_dns_answer_size(entry->answer);
}

/* -- the order of use -- */

static void unlink_entry(struct el_dns_cache *cache, struct entry *entry)
{
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
}

static void link_newest(struct el_dns_cache *cache, struct entry *entry)
{
    entry->older = cache->newest;
    entry->newer = NULL;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

/* -- coming and going -- */

static struct entry **place_of(const struct el_dns_cache *cache, const struct el_dns_key *key,
                               uint64_t hash)
{
    struct entry **place = &cache->chains[hash & cache->mask];

    while (*place && ((*place)->hash != hash || (*place)->type != key->type ||
                      (*place)->flags != key->flags || (*place)->len != key->name.len ||
                      memcmp((*place)->name, key->name.b, key->name.len) != 0))
        place = &(*place)->next;
    return place;
}

static void forget(struct el_dns_cache *cache, struct entry *entry)
{
    struct entry **place = &cache->chains[entry->hash & cache->mask];

    while (*place != entry)
        place = &(*place)->next;
    *place = entry->next;
    unlink_entry(cache, entry);
    cache->stats.answers--;
    cache->stats.bytes -= size_of(entry);
    el_dns_answer_drop(entry->answer);
    free(entry);
}

void el_dns_cache_clear(struct el_dns_cache *cache)
{
    while (cache->oldest)
        forget(cache, cache->oldest);
}

void el_dns_cache_free(struct el_dns_cache *cache)
{
    if (!cache)
        return;
    el_dns_cache_clear(cache);
    free(cache->chains);
    free(cache);
}

void el_dns_cache_put(struct el_dns_cache *cache, const struct el_dns_key *key,
                      struct el_dns_answer *answer, uint64_t now_ns)
{
    uint64_t hash = hash_of(cache, key);
    struct entry **place = place_of(cache, key, hash);
    struct entry *entry;

    if (*place)
        forget(cache, *place);
    if (answer->ttl_s == 0)
        return;
    entry = malloc(sizeof *entry + key->name.len);
    if (!entry)
        return;
    *entry = (struct entry){
        .next = cache->chains[hash & cache->mask],
        .made_ns = now_ns,
        .ends_ns = now_ns + answer->ttl_s * EL_S,
        .hash = hash,
        .answer = el_dns_answer_hold(answer),
        .type = key->type,
        .flags = key->flags,
        .len = key->name.len,
    };
    memcpy(entry->name, key->name.b, key->name.len);
    cache->chains[hash & cache->mask] = entry;
    link_newest(cache, entry);
    cache->stats.answers++;
    cache->stats.bytes += size_of(entry);
    while (cache->stats.bytes > cache->capacity) {
        cache->stats.evicted++;
        forget(cache, cache->oldest);
    }
}

struct el_dns_found el_dns_cache_find(struct el_dns_cache *cache, const struct el_dns_key *key,
                                      uint64_t now_ns)
{
    struct entry *entry = *place_of(cache, key, hash_of(cache, key));
    struct el_dns_found found = {.answer = NULL};

    if (!entry)
        return found;
    if (now_ns >= entry->ends_ns + EL_DNS_STALE_S * EL_S) {
        forget(cache, entry);
        return found;
    }
    uint64_t part_ns = (entry->ends_ns - entry->made_ns) / EL_DNS_PREFETCH_PART;
    found.answer = entry->answer;
    found.age_s = (uint32_t)((now_ns - entry->made_ns) / EL_S);
    found.stale = now_ns >= entry->ends_ns;
    found.held = found.stale && now_ns < entry->held_until_ns;
    found.prefetch =
        !found.stale && entry->hits >= EL_DNS_PREFETCH_HITS && entry->ends_ns - now_ns <= part_ns;
    entry->hits++;
    if (entry != cache->newest) {
        unlink_entry(cache, entry);
        link_newest(cache, entry);
    }
    return found;
}

bool el_dns_cache_hold(struct el_dns_cache *cache, const struct el_dns_key *key, uint64_t now_ns)
{
    struct entry *entry = *place_of(cache, key, hash_of(cache, key));

    if (entry)
        entry->held_until_ns = now_ns + EL_DNS_HOLD_S * EL_S;
    return entry != NULL;
}

struct el_dns_cache_stats el_dns_cache_stats(const struct el_dns_cache *cache)
{
    return cache->stats;
}

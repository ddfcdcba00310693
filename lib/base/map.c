/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed-capacity hash map. */
#include "base/map.h"

#include "base/csprng.h"
#include "base/err.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct el_map {
    size_t key_len;
    size_t capacity;
    size_t count;
    size_t mask; /* slots - 1; slots is a power of two, at least 2 * capacity */
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    void **values; /* NULL marks an empty slot */
    uint8_t *keys; /* slots * key_len bytes */
};

struct el_map *el_map_new(size_t key_len, size_t capacity)
{
    struct el_map *map = calloc(1, sizeof *map);
    size_t slots = 2;

    if (!map)
        return NULL;
    while (slots < 2 * capacity)
        slots *= 2;
    map->key_len = key_len;
    map->capacity = capacity;
    map->mask = slots - 1;
    map->values = calloc(slots, sizeof *map->values);
    map->keys = calloc(slots, key_len);
    if (!map->values || !map->keys) {
        el_map_free(map);
        return NULL;
    }
    el_random(map->hash_key, sizeof map->hash_key);
    return map;
}

void el_map_free(struct el_map *map)
{
    if (!map)
        return;
    free(map->values);
    free(map->keys);
    free(map);
}

size_t el_map_count(const struct el_map *map)
{
    return map->count;
}

static size_t home_slot(const struct el_map *map, const void *key)
{
    uint64_t hash;

    crypto_shorthash((uint8_t *)&hash, key, map->key_len, map->hash_key);
    return (size_t)hash & map->mask;
}

static uint8_t *slot_key(const struct el_map *map, size_t slot)
{
    return map->keys + slot * map->key_len;
}

/* The slot that holds KEY, or the empty slot where it would go. */
static size_t find_slot(const struct el_map *map, const void *key)
{
    size_t slot = home_slot(map, key);

    while (map->values[slot] && memcmp(slot_key(map, slot), key, map->key_len) != 0)
        slot = (slot + 1) & map->mask;
    return slot;
}

void *el_map_get(const struct el_map *map, const void *key)
{
    return map->values[find_slot(map, key)];
}

int el_map_put(struct el_map *map, const void *key, void *value)
{
    size_t slot = find_slot(map, key);

    if (!map->values[slot]) {
        if (map->count == map->capacity)
            return EL_EFULL;
        map->count++;
        memcpy(slot_key(map, slot), key, map->key_len);
    }
    map->values[slot] = value;
    return 0;
}

void *el_map_del(struct el_map *map, const void *key)
{
    size_t hole = find_slot(map, key);
    void *value = map->values[hole];

    if (!value)
        return NULL;
    /* Whatever follows and may not be reached any more across the hole moves into it. */
    for (size_t slot = (hole + 1) & map->mask; map->values[slot]; slot = (slot + 1) & map->mask) {
        size_t home = home_slot(map, slot_key(map, slot));
        if (((slot - home) & map->mask) < ((slot - hole) & map->mask))
            continue;
        map->values[hole] = map->values[slot];
        memcpy(slot_key(map, hole), slot_key(map, slot), map->key_len);
        hole = slot;
    }
    map->values[hole] = NULL;
    map->count--;
    return value;
}

void *el_map_next(const struct el_map *map, size_t *cursor)
{
    while (*cursor <= map->mask) {
        void *value = map->values[(*cursor)++];
        if (value)
            return value;
    }
    return NULL;
}

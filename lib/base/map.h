/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash map with a fixed capacity: keys are byte strings of one length, values are pointers.
 *
 * Made for keys that a stranger chooses (MAC addresses, session indexes, client addresses): the
 * hash is SipHash-2-4 under a random key, memory is taken once, and a full map says so instead of
 * growing. Open addressing with linear probing at a load of at most one half; deletion shifts
 * back, so there are no tombstones.
 */
#ifndef EL_BASE_MAP_H
#define EL_BASE_MAP_H

#include <stddef.h>

struct el_map;

/* Makes an empty map for at most CAPACITY keys of KEY_LEN bytes each. NULL if out of memory. */
struct el_map *el_map_new(size_t key_len, size_t capacity);

/* Frees the map, not the values. NULL is allowed. */
void el_map_free(struct el_map *map);

size_t el_map_count(const struct el_map *map);

/* The value under KEY, or NULL. */
void *el_map_get(const struct el_map *map, const void *key);

/* Puts or replaces. VALUE must not be NULL. 0, or EL_EFULL. The key is copied. */
int el_map_put(struct el_map *map, const void *key, void *value);

/* Removes KEY and returns its value, or NULL if it was not there. */
void *el_map_del(struct el_map *map, const void *key);

/* Walks all entries in no particular order: start with *cursor = 0, ends with NULL. Deleting
 * while walking may visit an entry twice or not at all. */
void *el_map_next(const struct el_map *map, size_t *cursor);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorted directories. */
#include "nfs/listing.h"

#include <stdlib.h>
#include <string.h>

struct listing {
    uint64_t volume, dir, version;
    uint64_t asked; /* the count of questions when it was asked for last; 0: free */
    struct el_nfs_listed *items;
    size_t count, capacity;
};

struct el_nfs_listings {
    uint64_t asked;
    struct listing kept[EL_NFS_LISTINGS];
};

static void clear(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free((char *)(uintptr_t)listing->items[i].name);
    free(listing->items);
    *listing = (struct listing){.asked = 0};
}

struct el_nfs_listings *el_nfs_listings_new(void)
{
    return calloc(1, sizeof(struct el_nfs_listings));
}

void el_nfs_listings_free(struct el_nfs_listings *listings)
{
    if (!listings)
        return;
    for (size_t i = 0; i < EL_NFS_LISTINGS; i++)
        clear(&listings->kept[i]);
    free(listings);
}

struct filling {
    const struct el_nfs_keys *keys;
    struct listing *listing;
    bool failed;
};

static bool grow(struct listing *listing)
{
    size_t capacity = listing->capacity ? 2 * listing->capacity : 64;

    if (listing->count < listing->capacity)
        return true;
    if (capacity > EL_NFS_LISTING_MAX)
        return false;
    struct el_nfs_listed *items = realloc(listing->items, capacity * sizeof *items);
    if (!items)
        return false;
    listing->items = items;
    listing->capacity = capacity;
    return true;
}

static void add_name(void *arg, const char *name)
{
    struct filling *filling = arg;
    struct listing *listing = filling->listing;
    size_t len = strlen(name);
    char *copy = len <= EL_NFS_NAME_MAX && grow(listing) ? strdup(name) : NULL;

    if (!copy) {
        filling->failed = true;
        return;
    }
    uint64_t cookie = el_nfs_hash(filling->keys, name, len) & INT64_MAX;
    if (cookie <= EL_NFS_COOKIE_PARENT)
        cookie = EL_NFS_COOKIE_PARENT + 1;
    listing->items[listing->count++] = (struct el_nfs_listed){cookie, copy};
}

static int by_cookie(const void *left, const void *right)
{
    const struct el_nfs_listed *a = left, *b = right;

    return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

enum el_nfs_status el_nfs_listing(struct el_nfs_listings *listings, const struct el_nfs_keys *keys,
                                  struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                  const struct el_nfs_attr *attr,
                                  const struct el_nfs_listed **items, size_t *count)
{
    uint64_t version = volume->ops->version(volume, attr);
    struct listing *place = &listings->kept[0];

    for (size_t i = 0; i < EL_NFS_LISTINGS; i++) {
        struct listing *l = &listings->kept[i];
        if (l->asked && l->volume == volume->id && l->dir == dir->id) {
            place = l;
            break;
        }
        if (l->asked < place->asked)
            place = l;
    }
    bool same = place->asked && place->volume == volume->id && place->dir == dir->id;
    if (!same || place->version != version) {
        struct filling filling = {.keys = keys, .listing = place};
        clear(place);
        enum el_nfs_status status = volume->ops->list(volume, dir, add_name, &filling);
        if (status != EL_NFS_OK || filling.failed) {
            clear(place);
            return status != EL_NFS_OK ? status : EL_NFS_E_SERVERFAULT;
        }
        if (place->count)
            qsort(place->items, place->count, sizeof *place->items, by_cookie);
        place->volume = volume->id;
        place->dir = dir->id;
        place->version = version;
    }
    place->asked = ++listings->asked;
    *items = place->items;
    *count = place->count;
    return EL_NFS_OK;
}

size_t el_nfs_listing_after(const struct el_nfs_listed *items, size_t count, uint64_t cookie)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].cookie <= cookie)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

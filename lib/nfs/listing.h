/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories in the order in which they are handed out.
 *
 * A client reads a directory in pieces and says, with a cookie, where it was; in between names come
 * and go, and we may have been started anew. So a cookie is not a place but a keyed hash of the
 * name, and names are handed out in the order of their cookies: what was there all the time comes
 * exactly once (RFC 1813 §3.3.16). "." and ".." have the cookies 1 and 2.
 */
#ifndef EL_NFS_LISTING_H
#define EL_NFS_LISTING_H

#include "nfs/volume.h"

enum {
    EL_NFS_LISTINGS = 16,         /* that are kept */
    EL_NFS_LISTING_MAX = 1 << 20, /* names in one directory */
    EL_NFS_COOKIE_SELF = 1,
    EL_NFS_COOKIE_PARENT = 2,
};

struct el_nfs_listed {
    uint64_t
        cookie; /* above EL_NFS_COOKIE_PARENT; the highest bit is clear: it is an off_t there */
    const char *name;
};

struct el_nfs_listings;

struct el_nfs_listings *el_nfs_listings_new(void); /* NULL if out of memory */
void el_nfs_listings_free(struct el_nfs_listings *listings);

/* The names of the directory, sorted by cookie, valid until the next call: a kept list if the
 * directory (ATTR is its own) has not changed since. */
enum el_nfs_status el_nfs_listing(struct el_nfs_listings *listings, const struct el_nfs_keys *keys,
                                  struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                  const struct el_nfs_attr *attr,
                                  const struct el_nfs_listed **items, size_t *count);

/* The index of the first name behind COOKIE. */
size_t el_nfs_listing_after(const struct el_nfs_listed *items, size_t count, uint64_t cookie);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READDIR and READDIRPLUS (RFC 1813 §3.3.16, §3.3.17); cookies are explained in listing.h. */
#include "nfs/nfs3.h"

#include <string.h>

enum {
    ENTRY_FIXED = 4 + 8 + 4 + 8, /* follows, fileid, length of the name, cookie */
    ATTR = 4 + 84,               /* post_op_attr */
    HANDLE = 4 + 4 + EL_NFS_HANDLE_MAX,
    END = 8, /* no more entries, end of the directory */
};

/* A directory on its way out. */
struct reading {
    struct el_nfs_exchange *x;
    const struct el_nfs_target *dir;
    bool plus;
    size_t room;  /* bytes that entries may still take in the reply */
    size_t names; /* bytes of names and numbers that may still be told (dircount) */
    bool any;
};

static size_t name_bytes(const char *name)
{
    size_t len = strlen(name);

    return len + el_nfs_xdr_pad(len);
}

/* False if it does not fit any more. */
static bool put_entry(struct reading *reading, const char *name, uint64_t cookie,
                      const struct el_nfs_target *entry)
{
    struct el_nfs_exchange *x = reading->x;
    size_t small = ENTRY_FIXED + name_bytes(name);
    size_t whole = small + (reading->plus ? ATTR + HANDLE : 0);

    if (whole > reading->room || (reading->any && small > reading->names))
        return false;
    reading->room -= whole;
    reading->names -= small < reading->names ? small : reading->names;
    reading->any = true;
    el_wire_put_be32(x->out, true);
    el_wire_put_be64(x->out, entry->attr.id);
    el_nfs_xdr_put_string(x->out, name);
    el_wire_put_be64(x->out, cookie);
    if (!reading->plus)
        return true;
    el_nfs_put_post(x, entry);
    el_wire_put_be32(x->out, true);
    el_nfs_put_handle(x, entry->volume, &entry->node);
    return true;
}

/* "." or "..". */
static bool put_dot(struct reading *reading, bool parent)
{
    struct el_nfs_target entry = *reading->dir;

    if (parent && entry.volume->ops->parent(entry.volume, &reading->dir->node, &entry.node,
                                            &entry.attr) != EL_NFS_OK)
        entry = *reading->dir; /* the parent is going away: as the top has it */
    return put_entry(reading, parent ? ".." : ".",
                     parent ? EL_NFS_COOKIE_PARENT : EL_NFS_COOKIE_SELF, &entry);
}

/* A name that has gone since is not told. */
static bool put_name(struct reading *reading, const struct el_nfs_listed *item)
{
    struct el_nfs_volume *volume = reading->dir->volume;
    struct el_nfs_target entry = {.volume = volume, .known = true};

    if (volume->ops->lookup(volume, &reading->dir->node, item->name, &entry.node, &entry.attr) !=
        EL_NFS_OK)
        return true;
    return put_entry(reading, item->name, item->cookie, &entry);
}

/* All from COOKIE on that fits; true if that is all there is. */
static bool put_entries(struct reading *reading, uint64_t cookie, const struct el_nfs_listed *items,
                        size_t count)
{
    if (cookie < EL_NFS_COOKIE_SELF && !put_dot(reading, false))
        return false;
    if (cookie < EL_NFS_COOKIE_PARENT && !put_dot(reading, true))
        return false;
    for (size_t i = el_nfs_listing_after(items, count, cookie); i < count; i++)
        if (!put_name(reading, &items[i]))
            return false;
    return true;
}

/* The same, with the directory held open. */
static bool put_all(struct reading *reading, uint64_t cookie, const struct el_nfs_listed *items,
                    size_t count)
{
    struct el_nfs_volume *volume = reading->dir->volume;

    if (!volume->ops->enter)
        return put_entries(reading, cookie, items, count);
    volume->ops->enter(volume, &reading->dir->node);
    bool end = put_entries(reading, cookie, items, count);
    volume->ops->leave(volume);
    return end;
}

static enum el_nfs_status list(struct el_nfs_exchange *x, const struct el_nfs_target *dir,
                               const struct el_nfs_listed **items, size_t *count)
{
    if (dir->attr.type != EL_NFS_DIR)
        return EL_NFS_E_NOTDIR;
    if (!el_nfs_may(x->cred, &dir->attr, EL_NFS_MAY_READ))
        return EL_NFS_E_ACCES;
    return el_nfs_listing(x->nfs->listings, &x->nfs->keys, dir->volume, &dir->node, &dir->attr,
                          items, count);
}

static bool serve(struct el_nfs_exchange *x, bool plus)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    uint64_t cookie = el_wire_be64(&x->args);
    el_wire_skip(&x->args, EL_NFS_VERIFIER); /* cookies never go bad, so there is no verifier */
    uint32_t dir_count = plus ? el_wire_be32(&x->args) : 0;
    uint32_t count = el_wire_be32(&x->args);
    const struct el_nfs_listed *items = NULL;
    struct el_nfs_target dir;
    size_t item_count = 0;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &dir);
    if (status == EL_NFS_OK)
        status = list(x, &dir, &items, &item_count);
    const struct el_wire before = *x->out;
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &dir);
    if (status != EL_NFS_OK)
        return true;
    el_wire_put_zero(x->out, EL_NFS_VERIFIER);
    size_t head = el_wire_done(x->out) - el_wire_done(&before);
    size_t limit = x->question->stream ? el_wire_left(&before) : EL_NFS_IO_UDP;
    if (count < limit)
        limit = count;
    struct reading reading = {.x = x,
                              .dir = &dir,
                              .plus = plus,
                              .room = limit > head + END ? limit - head - END : 0,
                              .names = plus ? dir_count : limit};
    bool end = put_all(&reading, cookie, items, item_count);
    if (!end && !reading.any) {
        *x->out = before;
        el_nfs_put_status(x, EL_NFS_E_TOOSMALL);
        el_nfs_put_post(x, &dir);
        return true;
    }
    el_wire_put_be32(x->out, false);
    el_wire_put_be32(x->out, end);
    return true;
}

bool el_nfs_readdir(struct el_nfs_exchange *x)
{
    return serve(x, false);
}

bool el_nfs_readdirplus(struct el_nfs_exchange *x)
{
    return serve(x, true);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changes names and attributes in an overlay. Each change is one transaction: a crash leaves
 * it done or not begun. Bytes that nobody names any more are removed after it; a crash in between
 * leaves them lying in data/, which costs room and nothing else.
 */
#include "nfs/overlay_volume_io.h"

#include "sys/clock.h"

#include <string.h>

static struct el_nfs_time now(void)
{
    uint64_t ns = el_sys_wall_ns();

    return (struct el_nfs_time){(int64_t)(ns / EL_S), (uint32_t)(ns % EL_S)};
}

/* -- attributes -- */

static void apply(struct el_nfs_attr *attr, const struct el_nfs_change *change)
{
    const struct el_nfs_time at = now();

    if (change->set_mode)
        attr->mode = change->mode;
    if (change->set_uid)
        attr->uid = change->uid;
    if (change->set_gid)
        attr->gid = change->gid;
    if (change->set_atime)
        attr->atime = change->atime_now ? at : change->atime;
    if (change->set_mtime)
        attr->mtime = change->mtime_now ? at : change->mtime;
    attr->ctime = at;
}

static enum el_nfs_status set_size(struct el_nfs_overlay *o, struct el_nfs_inode *inode,
                                   uint64_t size)
{
    enum el_nfs_status status = el_nfs_overlay_own(o, inode, size);

    return status == EL_NFS_OK ? el_nfs_overlay_resize(o, inode->attr.id, size) : status;
}

/* In a transaction. */
static enum el_nfs_status set_all(struct el_nfs_overlay *o, struct el_nfs_inode *inode,
                                  const struct el_nfs_change *change)
{
    enum el_nfs_status status = EL_NFS_OK;

    if (change->set_size && inode->attr.type == EL_NFS_REG)
        status = set_size(o, inode, change->size);
    if (status == EL_NFS_OK && inode->own && (change->set_atime || change->set_mtime))
        status = el_nfs_overlay_set_times(o, inode->attr.id, change);
    apply(&inode->attr, change);
    if (status == EL_NFS_OK)
        status = el_nfs_store_put(o->store, inode);
    return status;
}

enum el_nfs_status el_nfs_overlay_setattr(struct el_nfs_volume *volume,
                                          const struct el_nfs_node *node,
                                          const struct el_nfs_change *change,
                                          struct el_nfs_attr *attr)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_look(o, node, &inode);

    if (status == EL_NFS_OK)
        status = el_nfs_store_begin(o->store);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_store_end(o->store, set_all(o, &inode, change));
    return status == EL_NFS_OK ? el_nfs_overlay_getattr(volume, node, attr) : status;
}

/* -- what names have in common; all in a transaction -- */

/* A directory whose names change: it is known here from now on. LINKS are added to it. */
static enum el_nfs_status touch(struct el_nfs_overlay *o, struct el_nfs_inode *dir, int links)
{
    dir->attr.mtime = dir->attr.ctime = now();
    dir->attr.nlink = (uint32_t)((int)dir->attr.nlink + links);
    return el_nfs_store_put(o->store, dir);
}

/* Takes the name away: where there is one below, that must stay hidden. */
static enum el_nfs_status take_name(struct el_nfs_overlay *o, const struct el_nfs_inode *dir,
                                    const char *name)
{
    if (el_nfs_overlay_is_in_lower(o, dir, name))
        return el_nfs_store_set_name(o->store, dir->attr.id, name, 0);
    return el_nfs_store_drop_name(o->store, dir->attr.id, name);
}

/* One name less. *GONE: it was the last one. A file from below stays known as gone, or it would be
 * found again by its handle. */
static enum el_nfs_status unlink_inode(struct el_nfs_overlay *o, struct el_nfs_inode *inode,
                                       bool *gone)
{
    bool last = inode->attr.type == EL_NFS_DIR || inode->attr.nlink <= 1;

    *gone = last;
    inode->attr.nlink = last ? 0 : inode->attr.nlink - 1;
    inode->attr.ctime = now();
    if (last && !el_nfs_overlay_is_below(inode->attr.id))
        return el_nfs_store_drop(o->store, inode->attr.id);
    return el_nfs_store_put(o->store, inode);
}

static void notice(void *arg, const char *name)
{
    bool *any = arg;

    (void)name;
    *any = true;
}

static enum el_nfs_status check_empty(struct el_nfs_overlay *o, const struct el_nfs_node *dir)
{
    bool any = false;
    enum el_nfs_status status = el_nfs_overlay_list(&o->volume, dir, notice, &any);

    return status == EL_NFS_OK && any ? EL_NFS_E_NOTEMPTY : status;
}

static enum el_nfs_status look_at_dir(struct el_nfs_overlay *o, const struct el_nfs_node *node,
                                      struct el_nfs_inode *dir)
{
    enum el_nfs_status status = el_nfs_overlay_look(o, node, dir);

    return status == EL_NFS_OK && dir->attr.type != EL_NFS_DIR ? EL_NFS_E_NOTDIR : status;
}

/* -- making -- */

static enum el_nfs_status insert(struct el_nfs_overlay *o, struct el_nfs_inode *dir,
                                 const char *name, const struct el_nfs_making *making,
                                 struct el_nfs_inode *made)
{
    const struct el_nfs_time at = now();

    made->attr = (struct el_nfs_attr){
        .type = making->type,
        .nlink = making->type == EL_NFS_DIR ? 2 : 1,
        .uid = making->uid,
        .gid = making->gid,
        .size = making->target ? strlen(making->target) : 0,
        .rdev_major = making->rdev_major,
        .rdev_minor = making->rdev_minor,
        .atime = at,
        .mtime = at,
    };
    made->own = making->type == EL_NFS_REG;
    made->has_lower = false;
    made->verifier = making->how == EL_NFS_EXCLUSIVE ? making->verifier : 0;
    apply(&made->attr, &making->change);
    enum el_nfs_status status = el_nfs_store_put(o->store, made);
    if (status == EL_NFS_OK && made->own)
        el_nfs_overlay_discard(o, made->attr.id);
    if (status == EL_NFS_OK && made->own && making->change.set_size && making->change.size)
        status = el_nfs_overlay_resize(o, made->attr.id, making->change.size);
    if (status == EL_NFS_OK && made->own && (making->change.set_atime || making->change.set_mtime))
        status = el_nfs_overlay_set_times(o, made->attr.id, &making->change);
    if (status == EL_NFS_OK && making->target)
        status = el_nfs_store_set_target(o->store, made->attr.id, making->target);
    if (status == EL_NFS_OK)
        status = el_nfs_store_set_name(o->store, dir->attr.id, name, made->attr.id);
    return status == EL_NFS_OK ? touch(o, dir, making->type == EL_NFS_DIR) : status;
}

/* CREATE of a name that is there (RFC 1813 §3.3.8). */
static enum el_nfs_status create_again(struct el_nfs_overlay *o, const struct el_nfs_node *node,
                                       const struct el_nfs_making *making, struct el_nfs_attr *attr)
{
    struct el_nfs_inode inode;

    if (making->type != EL_NFS_REG || attr->type != EL_NFS_REG || making->how == EL_NFS_GUARDED)
        return EL_NFS_E_EXIST;
    if (making->how == EL_NFS_UNCHECKED) {
        const struct el_nfs_change change = {.set_size = making->change.set_size,
                                             .size = making->change.size};
        return change.set_size ? el_nfs_overlay_setattr(&o->volume, node, &change, attr)
                               : EL_NFS_OK;
    }
    enum el_nfs_status status = el_nfs_overlay_look(o, node, &inode);
    if (status != EL_NFS_OK)
        return status;
    return inode.verifier == making->verifier ? EL_NFS_OK : EL_NFS_E_EXIST;
}

enum el_nfs_status el_nfs_overlay_make(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                       const char *name, const struct el_nfs_making *making,
                                       struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_inode parent, made;
    enum el_nfs_status status = look_at_dir(o, dir, &parent);

    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_overlay_lookup(volume, dir, name, node, attr);
    if (status == EL_NFS_OK)
        return create_again(o, node, making, attr);
    if (status != EL_NFS_E_NOENT)
        return status;
    status = el_nfs_store_begin(o->store);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_store_end(o->store, insert(o, &parent, name, making, &made));
    if (status != EL_NFS_OK)
        return status;
    *node = (struct el_nfs_node){.id = made.attr.id, .steps = EL_NFS_NO_TRAIL};
    return el_nfs_overlay_getattr(volume, node, attr);
}

/* -- taking away -- */

static enum el_nfs_status may_remove(struct el_nfs_overlay *o, const struct el_nfs_node *node,
                                     const struct el_nfs_attr *attr, bool directory)
{
    if (!directory)
        return attr->type == EL_NFS_DIR ? EL_NFS_E_ISDIR : EL_NFS_OK;
    return attr->type == EL_NFS_DIR ? check_empty(o, node) : EL_NFS_E_NOTDIR;
}

static enum el_nfs_status take_away(struct el_nfs_overlay *o, struct el_nfs_inode *dir,
                                    const char *name, struct el_nfs_inode *inode, bool *gone)
{
    enum el_nfs_status status = take_name(o, dir, name);

    if (status == EL_NFS_OK)
        status = unlink_inode(o, inode, gone);
    return status == EL_NFS_OK ? touch(o, dir, inode->attr.type == EL_NFS_DIR ? -1 : 0) : status;
}

enum el_nfs_status el_nfs_overlay_remove(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *dir, const char *name,
                                         bool directory)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_inode parent, inode;
    struct el_nfs_node node;
    struct el_nfs_attr attr;
    bool gone = false;
    enum el_nfs_status status = look_at_dir(o, dir, &parent);

    if (status == EL_NFS_OK)
        status = el_nfs_overlay_lookup(volume, dir, name, &node, &attr);
    if (status == EL_NFS_OK)
        status = may_remove(o, &node, &attr, directory);
    if (status == EL_NFS_OK)
        status = el_nfs_overlay_look(o, &node, &inode);
    if (status == EL_NFS_OK)
        status = el_nfs_store_begin(o->store);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_store_end(o->store, take_away(o, &parent, name, &inode, &gone));
    if (status == EL_NFS_OK && gone && inode.own)
        el_nfs_overlay_discard(o, node.id);
    return status;
}

/* -- LINK -- */

static enum el_nfs_status add_link(struct el_nfs_overlay *o, struct el_nfs_inode *inode,
                                   struct el_nfs_inode *dir, const char *name)
{
    inode->attr.nlink++;
    inode->attr.ctime = now();
    enum el_nfs_status status = el_nfs_store_put(o->store, inode);
    if (status == EL_NFS_OK)
        status = el_nfs_store_set_name(o->store, dir->attr.id, name, inode->attr.id);
    return status == EL_NFS_OK ? touch(o, dir, 0) : status;
}

enum el_nfs_status el_nfs_overlay_link(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       const struct el_nfs_node *dir, const char *name)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_inode inode, parent;
    struct el_nfs_node there;
    struct el_nfs_attr attr;
    enum el_nfs_status status = look_at_dir(o, dir, &parent);

    if (status == EL_NFS_OK)
        status = el_nfs_overlay_look(o, node, &inode);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_overlay_lookup(volume, dir, name, &there, &attr);
    if (status != EL_NFS_E_NOENT)
        return status == EL_NFS_OK ? EL_NFS_E_EXIST : status;
    status = el_nfs_store_begin(o->store);
    return status == EL_NFS_OK ? el_nfs_store_end(o->store, add_link(o, &inode, &parent, name))
                               : status;
}

/* -- RENAME -- */

/* One name, its directory and what it stands for. */
struct end {
    struct el_nfs_inode dir;
    const char *name;
    struct el_nfs_node node;
    struct el_nfs_inode inode;
    bool there;
};

static enum el_nfs_status look_at_end(struct el_nfs_overlay *o, const struct el_nfs_node *dir,
                                      const char *name, struct end *end)
{
    struct el_nfs_attr attr;
    enum el_nfs_status status = look_at_dir(o, dir, &end->dir);

    end->name = name;
    end->there = false;
    if (status == EL_NFS_OK)
        status = el_nfs_overlay_lookup(&o->volume, dir, name, &end->node, &attr);
    if (status == EL_NFS_OK)
        status = el_nfs_overlay_look(o, &end->node, &end->inode);
    end->there = status == EL_NFS_OK;
    return status;
}

/* A directory cannot become a part of itself. */
static enum el_nfs_status check_not_within(struct el_nfs_overlay *o, const struct el_nfs_node *dir,
                                           uint64_t id)
{
    struct el_nfs_node at = *dir;
    struct el_nfs_attr attr;

    while (at.id != o->volume.root.id) {
        struct el_nfs_node below = at;
        if (at.id == id)
            return EL_NFS_E_INVAL;
        enum el_nfs_status status = el_nfs_overlay_parent(&o->volume, &below, &at, &attr);
        if (status != EL_NFS_OK)
            return status;
    }
    return EL_NFS_OK;
}

static enum el_nfs_status may_replace(struct el_nfs_overlay *o, const struct end *from,
                                      const struct end *to)
{
    bool from_dir = from->inode.attr.type == EL_NFS_DIR;
    bool to_dir = to->inode.attr.type == EL_NFS_DIR;

    if (from_dir != to_dir)
        return to_dir ? EL_NFS_E_ISDIR : EL_NFS_E_NOTDIR;
    return to_dir ? check_empty(o, &to->node) : EL_NFS_OK;
}

/* In a transaction. *GONE: what stood there lost its last name. */
static enum el_nfs_status move(struct el_nfs_overlay *o, struct end *from, struct end *to,
                               bool *gone)
{
    bool dir = from->inode.attr.type == EL_NFS_DIR;
    bool same = from->dir.attr.id == to->dir.attr.id;
    struct el_nfs_inode *to_dir = same ? &from->dir : &to->dir;
    enum el_nfs_status status = EL_NFS_OK;

    if (to->there)
        status = unlink_inode(o, &to->inode, gone);
    if (status == EL_NFS_OK)
        status = take_name(o, &from->dir, from->name);
    if (status == EL_NFS_OK)
        status = el_nfs_store_set_name(o->store, to_dir->attr.id, to->name, from->inode.attr.id);
    from->inode.attr.ctime = now();
    if (status == EL_NFS_OK)
        status = el_nfs_store_put(o->store, &from->inode);
    if (status == EL_NFS_OK)
        status = touch(o, &from->dir, dir ? -1 : 0);
    if (status == EL_NFS_OK)
        status = touch(o, to_dir, dir && !to->there);
    return status;
}

enum el_nfs_status el_nfs_overlay_rename(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *from_dir, const char *from_name,
                                         const struct el_nfs_node *to_dir, const char *to_name)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct end from, to;
    bool gone = false;
    enum el_nfs_status status = look_at_end(o, from_dir, from_name, &from);

    if (status == EL_NFS_OK) {
        status = look_at_end(o, to_dir, to_name, &to);
        status = status == EL_NFS_E_NOENT ? EL_NFS_OK : status;
    }
    if (status != EL_NFS_OK)
        return status;
    if (to.there && to.inode.attr.id == from.inode.attr.id)
        return EL_NFS_OK; /* two names of one file, or the same name */
    if (to.there)
        status = may_replace(o, &from, &to);
    if (status == EL_NFS_OK && from.inode.attr.type == EL_NFS_DIR)
        status = check_not_within(o, to_dir, from.inode.attr.id);
    if (status == EL_NFS_OK)
        status = el_nfs_store_begin(o->store);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_store_end(o->store, move(o, &from, &to, &gone));
    if (status == EL_NFS_OK && gone && to.inode.own)
        el_nfs_overlay_discard(o, to.node.id);
    return status;
}

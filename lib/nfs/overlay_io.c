/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay, as it is looked at, and its coming and going. */
#include "nfs/overlay_io.h"

#include "base/log.h"
#include "nfs/overlay_volume_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* -- one file -- */

enum el_nfs_status el_nfs_overlay_get(struct el_nfs_overlay *o, uint64_t id,
                                      struct el_nfs_inode *inode)
{
    enum el_nfs_status status = el_nfs_store_get(o->store, id, inode);

    if (status != EL_NFS_OK)
        return status;
    if (inode->attr.nlink == 0)
        return EL_NFS_E_STALE;
    return inode->own ? el_nfs_overlay_measure(o, inode) : EL_NFS_OK;
}

enum el_nfs_status el_nfs_overlay_look(struct el_nfs_overlay *o, const struct el_nfs_node *node,
                                       struct el_nfs_inode *inode)
{
    enum el_nfs_status status = el_nfs_overlay_get(o, node->id, inode);

    if (status != EL_NFS_E_NOENT)
        return status;
    if (!el_nfs_overlay_is_below(node->id))
        return EL_NFS_E_STALE;
    inode->own = false;
    inode->has_lower = true;
    inode->verifier = 0;
    return el_nfs_tree_find(o->tree, node, inode->lower, &inode->attr);
}

enum el_nfs_status el_nfs_overlay_getattr(struct el_nfs_volume *volume,
                                          const struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_look(el_nfs_overlay_of(volume), node, &inode);

    if (status == EL_NFS_OK)
        *attr = inode.attr;
    return status;
}

/* The node of a file that is known here: its trail leads to where it is below. */
static void node_of(const struct el_nfs_overlay *o, const struct el_nfs_inode *inode,
                    struct el_nfs_node *node)
{
    if (el_nfs_overlay_is_below(inode->attr.id) && inode->has_lower)
        el_nfs_node_path(o->keys, inode->lower, node);
    else
        *node = (struct el_nfs_node){.steps = EL_NFS_NO_TRAIL};
    node->id = inode->attr.id;
}

static enum el_nfs_status known_node(struct el_nfs_overlay *o, uint64_t id,
                                     struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_get(o, id, &inode);

    if (status != EL_NFS_OK)
        return status;
    node_of(o, &inode, node);
    *attr = inode.attr;
    return EL_NFS_OK;
}

/* -- names -- */

/* A name that is as below. */
static enum el_nfs_status lookup_below(struct el_nfs_overlay *o, const struct el_nfs_node *dir,
                                       const char *name, struct el_nfs_node *node,
                                       struct el_nfs_attr *attr)
{
    struct el_nfs_inode inode;

    if (!el_nfs_overlay_is_below(dir->id))
        return EL_NFS_E_NOENT;
    enum el_nfs_status status = o->lower->ops->lookup(o->lower, dir, name, node, attr);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_overlay_get(o, node->id, &inode);
    if (status == EL_NFS_OK)
        *attr = inode.attr;
    return status == EL_NFS_E_NOENT ? EL_NFS_OK : status;
}

enum el_nfs_status el_nfs_overlay_lookup(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *dir, const char *name,
                                         struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    uint64_t child;
    enum el_nfs_status status = el_nfs_store_name(o->store, dir->id, name, &child);

    if (status == EL_NFS_E_NOENT)
        return lookup_below(o, dir, name, node, attr);
    if (status != EL_NFS_OK)
        return status;
    return child ? known_node(o, child, node, attr) : EL_NFS_E_NOENT;
}

enum el_nfs_status el_nfs_overlay_parent(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *dir, struct el_nfs_node *node,
                                         struct el_nfs_attr *attr)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_inode inode;
    uint64_t parent;
    enum el_nfs_status status = el_nfs_store_parent(o->store, dir->id, &parent);

    if (status == EL_NFS_OK)
        return known_node(o, parent, node, attr);
    if (status != EL_NFS_E_NOENT)
        return status;
    if (!el_nfs_overlay_is_below(dir->id))
        return EL_NFS_E_STALE;
    status = o->lower->ops->parent(o->lower, dir, node, attr);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_overlay_get(o, node->id, &inode);
    if (status == EL_NFS_OK)
        *attr = inode.attr;
    return status == EL_NFS_E_NOENT ? EL_NFS_OK : status;
}

/* Most names of a directory are as below. */
static void overlay_enter(struct el_nfs_volume *volume, const struct el_nfs_node *dir)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);

    if (el_nfs_overlay_is_below(dir->id))
        o->lower->ops->enter(o->lower, dir);
}

static void overlay_leave(struct el_nfs_volume *volume)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);

    o->lower->ops->leave(o->lower);
}

bool el_nfs_overlay_is_in_lower(struct el_nfs_overlay *o, const struct el_nfs_inode *dir,
                                const char *name)
{
    const struct el_nfs_source *source = el_nfs_tree_source(o->tree);
    char path[EL_NFS_PATH_MAX];
    struct el_nfs_attr attr;

    return dir->has_lower && el_nfs_path_join(dir->lower, name, path) == EL_NFS_OK &&
           source->stat(source->arg, path, &attr) == EL_NFS_OK;
}

/* A directory as a list: first the names that are known here, sorted, then those below that are not
 * among them. */
struct merge {
    char **known;
    size_t count, capacity;
    bool failed;
    el_nfs_name_cb *cb;
    void *arg;
};

static void add_known(void *arg, const char *name, uint64_t child)
{
    struct merge *merge = arg;

    if (child)
        merge->cb(merge->arg, name);
    if (merge->count == merge->capacity) {
        size_t capacity = merge->capacity ? 2 * merge->capacity : 64;
        char **known = realloc(merge->known, capacity * sizeof *known);
        if (!known) {
            merge->failed = true;
            return;
        }
        merge->known = known;
        merge->capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy)
        merge->known[merge->count++] = copy;
    else
        merge->failed = true;
}

static int compare_name(const void *name, const void *known)
{
    return strcmp(name, *(char *const *)known);
}

static void add_below(void *arg, const char *name)
{
    struct merge *merge = arg;

    if (!merge->count ||
        !bsearch(name, merge->known, merge->count, sizeof *merge->known, compare_name))
        merge->cb(merge->arg, name);
}

enum el_nfs_status el_nfs_overlay_list(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                       el_nfs_name_cb *cb, void *cb_arg)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    const struct el_nfs_source *source = el_nfs_tree_source(o->tree);
    struct merge merge = {.cb = cb, .arg = cb_arg};
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_look(o, dir, &inode);

    if (status == EL_NFS_OK)
        status = el_nfs_store_names(o->store, dir->id, add_known, &merge);
    if (status == EL_NFS_OK && merge.failed)
        status = EL_NFS_E_JUKEBOX;
    if (status == EL_NFS_OK && inode.has_lower)
        status = source->list(source->arg, inode.lower, add_below, &merge);
    for (size_t i = 0; i < merge.count; i++)
        free(merge.known[i]);
    free(merge.known);
    return status;
}

/* -- the rest of looking -- */

static enum el_nfs_status overlay_readlink(struct el_nfs_volume *volume,
                                           const struct el_nfs_node *node,
                                           char target[EL_NFS_PATH_MAX])
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    const struct el_nfs_source *source = el_nfs_tree_source(o->tree);
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_look(o, node, &inode);

    if (status != EL_NFS_OK)
        return status;
    if (inode.attr.type != EL_NFS_LNK)
        return EL_NFS_E_INVAL;
    if (inode.has_lower)
        return source->readlink(source->arg, inode.lower, target);
    return el_nfs_store_target(o->store, node->id, target);
}

static uint64_t overlay_version(struct el_nfs_volume *volume, const struct el_nfs_attr *dir)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);

    return o->lower->ops->version(o->lower, dir);
}

static enum el_nfs_status overlay_space(struct el_nfs_volume *volume, struct el_nfs_space *space)
{
    struct statvfs vfs;

    if (fstatvfs(el_nfs_overlay_of(volume)->data, &vfs) != 0)
        return EL_NFS_E_IO;
    *space = (struct el_nfs_space){
        .total_bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize,
        .free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize,
        .total_files = vfs.f_files,
        .free_files = vfs.f_favail,
    };
    return EL_NFS_OK;
}

static void overlay_close(struct el_nfs_volume *volume)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);

    el_nfs_files_forget(o->files, volume->id, 0);
    el_nfs_store_close(o->store);
    if (o->data >= 0)
        close(o->data);
    if (o->dir >= 0)
        close(o->dir);
    free(o);
}

static const struct el_nfs_volume_ops overlay_ops = {
    .getattr = el_nfs_overlay_getattr,
    .lookup = el_nfs_overlay_lookup,
    .enter = overlay_enter,
    .leave = overlay_leave,
    .parent = el_nfs_overlay_parent,
    .readlink = overlay_readlink,
    .open = el_nfs_overlay_open,
    .list = el_nfs_overlay_list,
    .version = overlay_version,
    .space = overlay_space,
    .close = overlay_close,
    .setattr = el_nfs_overlay_setattr,
    .write = el_nfs_overlay_write,
    .commit = el_nfs_overlay_commit,
    .make = el_nfs_overlay_make,
    .remove = el_nfs_overlay_remove,
    .rename = el_nfs_overlay_rename,
    .link = el_nfs_overlay_link,
};

/* -- opening -- */

/* A machine's name becomes a directory's. */
static bool is_plain(const char *machine)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_-";

    return machine[0] && machine[0] != '.' && machine[strspn(machine, allowed)] == '\0';
}

static int make_directory(int at, const char *name)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_all(struct el_nfs_overlay *o, const struct el_nfs_overlay_dir *dir,
                    const char *machine, struct el_err *err)
{
    if (!is_plain(machine))
        return el_err(err, EL_EINVAL, "overlay %s: not a machine's name", machine);
    o->dir = make_directory(dir->fd, machine);
    o->data = o->dir < 0 ? -1 : make_directory(o->dir, "data");
    if (o->data < 0)
        return el_err_os(err, errno, "overlay %s/%s: cannot make the directory", dir->name,
                         machine);
    return el_nfs_store_open(o->dir, machine, o->lower->root.id, &o->store, err);
}

static enum el_nfs_status open_overlay(void *arg, struct el_nfs_tree *lower, uint64_t id,
                                       const char *machine, struct el_nfs_volume **volume)
{
    const struct el_nfs_overlay_dir *dir = arg;
    struct el_nfs_overlay *o = calloc(1, sizeof *o);
    struct el_err err = {""};

    if (!o)
        return EL_NFS_E_JUKEBOX;
    o->tree = lower;
    o->lower = el_nfs_tree_volume(lower);
    o->volume = (struct el_nfs_volume){&overlay_ops, id, o->lower->root};
    o->keys = dir->keys;
    o->files = dir->files;
    o->dir = o->data = -1;
    if (open_all(o, dir, machine, &err) < 0) {
        EL_LOG(EL_LOG_ERROR, "nfs", "overlay", EL_STR("machine", machine),
               EL_STR("reason", err.text));
        overlay_close(&o->volume);
        return EL_NFS_E_IO;
    }
    *volume = &o->volume;
    return EL_NFS_OK;
}

struct el_nfs_overlays el_nfs_overlays_in(struct el_nfs_overlay_dir *dir)
{
    return (struct el_nfs_overlays){open_overlay, dir};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and paths. */
#include "nfs/tree.h"

#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that was met: where it was then. */
struct entry {
    uint64_t id;
    uint64_t dir; /* the number of its directory */
    char name[];
};

struct el_nfs_tree {
    struct el_nfs_volume volume;
    struct el_nfs_source source;
    const struct el_nfs_keys *keys;
    struct el_nfs_files *files;
    struct el_map *entries;
    struct entry *ring[EL_NFS_TREE_NODES]; /* in the order in which they were met */
    size_t next;
    bool held; /* between enter and leave: */
    int held_dir;
    uint64_t held_id;
};

static struct el_nfs_tree *tree_of(struct el_nfs_volume *volume)
{
    return (struct el_nfs_tree *)volume;
}

enum el_nfs_status el_nfs_path_join(const char *path, const char *name, char child[EL_NFS_PATH_MAX])
{
    size_t path_len = strlen(path), name_len = strlen(name);
    size_t slash = path_len != 0;

    if (name_len > EL_NFS_NAME_MAX || path_len + slash + name_len >= EL_NFS_PATH_MAX)
        return EL_NFS_E_NAMETOOLONG;
    memmove(child, path, path_len);
    if (slash)
        child[path_len] = '/';
    memcpy(child + path_len + slash, name, name_len + 1);
    return EL_NFS_OK;
}

/* -- what was met -- */

/* Remembers where a file is. Without memory it is found again by its trail. */
static void remember(struct el_nfs_tree *tree, uint64_t id, uint64_t dir, const char *name)
{
    struct entry *known = el_map_get(tree->entries, &id);
    size_t len = strlen(name) + 1;

    if (id == tree->volume.root.id)
        return;
    if (known && known->dir == dir && strcmp(known->name, name) == 0)
        return;
    struct entry *entry = malloc(sizeof *entry + len);
    if (!entry)
        return;
    entry->id = id;
    entry->dir = dir;
    memcpy(entry->name, name, len);
    struct entry **place = &tree->ring[tree->next];
    tree->next = (tree->next + 1) % EL_NFS_TREE_NODES;
    if (*place && el_map_get(tree->entries, &(*place)->id) == *place)
        el_map_del(tree->entries, &(*place)->id);
    free(*place);
    *place = entry;
    (void)el_map_put(tree->entries, &id, entry);
}

/* The path as it was when its parts were met; false if one was forgotten. */
static bool recall(const struct el_nfs_tree *tree, uint64_t id, char path[EL_NFS_PATH_MAX])
{
    size_t at = EL_NFS_PATH_MAX - 1;

    path[at] = '\0';
    for (unsigned depth = 0; id != tree->volume.root.id; depth++) {
        const struct entry *entry = el_map_get(tree->entries, &id);
        size_t len = entry ? strlen(entry->name) : 0;
        if (!entry || depth > EL_NFS_PATH_MAX || at < len + 1)
            return false;
        if (path[at])
            path[--at] = '/';
        at -= len;
        memcpy(path + at, entry->name, len);
        id = entry->dir;
    }
    memmove(path, path + at, EL_NFS_PATH_MAX - at);
    return true;
}

/* -- the search along a trail -- */

struct names {
    const struct el_nfs_tree *tree;
    uint8_t hash; /* of the ones wanted */
    char **items;
    size_t count, capacity;
};

static void keep_fitting(void *arg, const char *name)
{
    struct names *names = arg;

    if ((uint8_t)el_nfs_hash(names->tree->keys, name, strlen(name)) != names->hash)
        return;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? 2 * names->capacity : 8;
        char **items = realloc(names->items, capacity * sizeof *items);
        if (!items)
            return;
        names->items = items;
        names->capacity = capacity;
    }
    char *copy = strdup(name);
    if (copy)
        names->items[names->count++] = copy;
}

struct search {
    struct el_nfs_tree *tree;
    const struct el_nfs_node *wanted;
    unsigned lists; /* that may still be made */
    char *path;
    struct el_nfs_attr attr;
};

static bool descend(struct search *search, uint8_t step, uint64_t dir, size_t path_len);

/* Is it NAME in the directory of the path so far, or something beneath it? */
static bool try_name(struct search *search, uint8_t step, uint64_t dir, size_t path_len,
                     const char *name)
{
    struct el_nfs_tree *tree = search->tree;
    bool last = step + 1 == search->wanted->steps;

    search->path[path_len] = '\0';
    if (el_nfs_path_join(search->path, name, search->path) != EL_NFS_OK ||
        tree->source.stat(tree->source.arg, search->path, &search->attr) != EL_NFS_OK)
        return false;
    uint64_t id = search->attr.id;
    bool found = last ? id == search->wanted->id
                      : search->attr.type == EL_NFS_DIR &&
                            descend(search, (uint8_t)(step + 1), id, strlen(search->path));
    if (found)
        remember(tree, id, dir, name);
    return found;
}

static bool descend(struct search *search, uint8_t step, uint64_t dir, size_t path_len)
{
    struct el_nfs_tree *tree = search->tree;
    struct names names = {.tree = tree, .hash = search->wanted->trail[step]};
    bool found = false;

    if (search->lists == 0)
        return false;
    search->lists--;
    search->path[path_len] = '\0';
    (void)tree->source.list(tree->source.arg, search->path, keep_fitting, &names);
    for (size_t i = 0; i < names.count; i++) {
        found = found || try_name(search, step, dir, path_len, names.items[i]);
        free(names.items[i]);
    }
    free(names.items);
    return found;
}

enum el_nfs_status el_nfs_tree_find(struct el_nfs_tree *tree, const struct el_nfs_node *node,
                                    char path[EL_NFS_PATH_MAX], struct el_nfs_attr *attr)
{
    struct el_nfs_attr unwanted;
    struct search search = {.tree = tree, .wanted = node, .lists = EL_NFS_TREE_LISTS, .path = path};

    if (!attr)
        attr = &unwanted;
    if (recall(tree, node->id, path) &&
        tree->source.stat(tree->source.arg, path, attr) == EL_NFS_OK && attr->id == node->id)
        return EL_NFS_OK;
    if (node->steps == 0 || node->steps > EL_NFS_TRAIL ||
        !descend(&search, 0, tree->volume.root.id, 0))
        return EL_NFS_E_STALE;
    *attr = search.attr;
    return EL_NFS_OK;
}

/* -- the volume -- */

static enum el_nfs_status tree_getattr(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       struct el_nfs_attr *attr)
{
    char path[EL_NFS_PATH_MAX];

    return el_nfs_tree_find(tree_of(volume), node, path, attr);
}

static void tree_enter(struct el_nfs_volume *volume, const struct el_nfs_node *dir)
{
    struct el_nfs_tree *tree = tree_of(volume);
    char path[EL_NFS_PATH_MAX];

    if (!tree->source.enter || el_nfs_tree_find(tree, dir, path, NULL) != EL_NFS_OK)
        return;
    tree->held_dir = tree->source.enter(tree->source.arg, path);
    tree->held_id = dir->id;
    tree->held = tree->held_dir >= 0;
}

static void tree_leave(struct el_nfs_volume *volume)
{
    struct el_nfs_tree *tree = tree_of(volume);

    if (tree->held)
        tree->source.leave(tree->source.arg, tree->held_dir);
    tree->held = false;
}

static enum el_nfs_status stat_child(struct el_nfs_tree *tree, const struct el_nfs_node *dir,
                                     const char *name, struct el_nfs_attr *attr)
{
    char path[EL_NFS_PATH_MAX];
    enum el_nfs_status status = el_nfs_tree_find(tree, dir, path, attr);

    if (status == EL_NFS_OK && attr->type != EL_NFS_DIR)
        status = EL_NFS_E_NOTDIR;
    if (status == EL_NFS_OK)
        status = el_nfs_path_join(path, name, path);
    return status == EL_NFS_OK ? tree->source.stat(tree->source.arg, path, attr) : status;
}

static enum el_nfs_status tree_lookup(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                      const char *name, struct el_nfs_node *node,
                                      struct el_nfs_attr *attr)
{
    struct el_nfs_tree *tree = tree_of(volume);
    enum el_nfs_status status =
        tree->held && tree->held_id == dir->id
            ? tree->source.stat_in(tree->source.arg, tree->held_dir, name, attr)
            : stat_child(tree, dir, name, attr);

    if (status != EL_NFS_OK)
        return status;
    el_nfs_node_step(tree->keys, dir, name, node);
    node->id = attr->id;
    remember(tree, node->id, dir->id, name);
    return EL_NFS_OK;
}

static enum el_nfs_status tree_parent(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                      struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    struct el_nfs_tree *tree = tree_of(volume);
    char path[EL_NFS_PATH_MAX];
    enum el_nfs_status status = el_nfs_tree_find(tree, dir, path, attr);

    if (status != EL_NFS_OK)
        return status;
    if (attr->type != EL_NFS_DIR)
        return EL_NFS_E_NOTDIR;
    char *slash = strrchr(path, '/');
    *(slash ? slash : path) = '\0';
    status = tree->source.stat(tree->source.arg, path, attr);
    if (status != EL_NFS_OK)
        return status;
    el_nfs_node_path(tree->keys, path, node);
    node->id = attr->id;
    return EL_NFS_OK;
}

static enum el_nfs_status tree_readlink(struct el_nfs_volume *volume,
                                        const struct el_nfs_node *node,
                                        char target[EL_NFS_PATH_MAX])
{
    struct el_nfs_tree *tree = tree_of(volume);
    struct el_nfs_attr attr;
    char path[EL_NFS_PATH_MAX];
    enum el_nfs_status status = el_nfs_tree_find(tree, node, path, &attr);

    if (status != EL_NFS_OK)
        return status;
    if (attr.type != EL_NFS_LNK)
        return EL_NFS_E_INVAL;
    return tree->source.readlink(tree->source.arg, path, target);
}

/* A file that is kept open, unless it has lost its last name. */
static struct el_nfs_file *kept_file(struct el_nfs_tree *tree, uint64_t id,
                                     struct el_nfs_attr *attr)
{
    struct el_nfs_file *file = el_nfs_files_get(tree->files, tree->volume.id, id);

    if (!file)
        return NULL;
    *attr = file->attr;
    if (!tree->source.fstat || tree->source.fstat(tree->source.arg, file, attr) == EL_NFS_OK)
        return file;
    el_nfs_file_release(file);
    el_nfs_files_forget(tree->files, tree->volume.id, id);
    return NULL;
}

static enum el_nfs_status tree_open(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                    struct el_nfs_file **file, struct el_nfs_attr *attr)
{
    struct el_nfs_tree *tree = tree_of(volume);
    struct el_nfs_file opened;
    char path[EL_NFS_PATH_MAX];

    *file = kept_file(tree, node->id, attr);
    if (*file)
        return EL_NFS_OK;
    enum el_nfs_status status = el_nfs_tree_find(tree, node, path, attr);
    if (status != EL_NFS_OK)
        return status;
    if (attr->type == EL_NFS_DIR)
        return EL_NFS_E_ISDIR;
    if (attr->type != EL_NFS_REG)
        return EL_NFS_E_INVAL;
    status = tree->source.open(tree->source.arg, path, &opened, attr);
    if (status != EL_NFS_OK)
        return status;
    if (attr->id != node->id) { /* another one took its place just now */
        el_content_close(&opened.content);
        return EL_NFS_E_STALE;
    }
    opened.attr = *attr;
    *file = el_nfs_files_put(tree->files, volume->id, node->id, &opened);
    return *file ? EL_NFS_OK : EL_NFS_E_SERVERFAULT;
}

static enum el_nfs_status tree_list(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                    el_nfs_name_cb *cb, void *cb_arg)
{
    struct el_nfs_tree *tree = tree_of(volume);
    char path[EL_NFS_PATH_MAX];
    enum el_nfs_status status = el_nfs_tree_find(tree, dir, path, NULL);

    return status == EL_NFS_OK ? tree->source.list(tree->source.arg, path, cb, cb_arg) : status;
}

static uint64_t tree_version(struct el_nfs_volume *volume, const struct el_nfs_attr *dir)
{
    (void)volume;
    return (uint64_t)dir->mtime.s << 32 ^ (uint64_t)dir->mtime.ns << 2 ^
           (uint64_t)dir->ctime.s << 33 ^ dir->ctime.ns;
}

static enum el_nfs_status tree_space(struct el_nfs_volume *volume, struct el_nfs_space *space)
{
    struct el_nfs_tree *tree = tree_of(volume);

    return tree->source.space(tree->source.arg, space);
}

static void tree_free(struct el_nfs_tree *tree)
{
    for (size_t i = 0; i < EL_NFS_TREE_NODES; i++)
        free(tree->ring[i]);
    el_map_free(tree->entries);
    if (tree->source.close)
        tree->source.close(tree->source.arg);
    free(tree);
}

static void tree_close(struct el_nfs_volume *volume)
{
    el_nfs_files_forget(tree_of(volume)->files, volume->id, 0);
    tree_free(tree_of(volume));
}

static const struct el_nfs_volume_ops tree_ops = {
    .getattr = tree_getattr,
    .lookup = tree_lookup,
    .enter = tree_enter,
    .leave = tree_leave,
    .parent = tree_parent,
    .readlink = tree_readlink,
    .open = tree_open,
    .list = tree_list,
    .version = tree_version,
    .space = tree_space,
    .close = tree_close,
};

struct el_nfs_tree *el_nfs_tree_new(const struct el_nfs_source *source, uint64_t id,
                                    const struct el_nfs_keys *keys, struct el_nfs_files *files)
{
    struct el_nfs_tree *tree = calloc(1, sizeof *tree);
    struct el_nfs_attr top;

    if (!tree) {
        if (source->close)
            source->close(source->arg);
        return NULL;
    }
    tree->volume = (struct el_nfs_volume){.ops = &tree_ops, .id = id};
    tree->source = *source;
    tree->keys = keys;
    tree->files = files;
    tree->entries = el_map_new(sizeof(uint64_t), EL_NFS_TREE_NODES);
    if (!tree->entries || source->stat(source->arg, "", &top) != EL_NFS_OK) {
        tree_free(tree);
        return NULL;
    }
    tree->volume.root.id = top.id;
    return tree;
}

struct el_nfs_volume *el_nfs_tree_volume(struct el_nfs_tree *tree)
{
    return &tree->volume;
}

const struct el_nfs_source *el_nfs_tree_source(const struct el_nfs_tree *tree)
{
    return &tree->source;
}

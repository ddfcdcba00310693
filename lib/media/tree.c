/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/tree.h"

#include "base/err.h"
#include "media/names.h"

#include <string.h>

static int describe(struct el_media_volume *volume, struct el_media_node *node)
{
    return volume->format->describe ? volume->format->describe(volume, node) : 0;
}

/* Finds NAME in a directory: as it is written, else (where the format knows no case) the first that
 * differs in case alone. */
static int look_up(struct el_media_volume *volume, const struct el_media_node *directory,
                   const char *name, struct el_media_node *node)
{
    struct el_media_scan scan;
    struct el_media_entry entry;
    bool found = false, exact = false;
    int r = volume->format->scan(volume, directory, &scan);

    if (r < 0)
        return r;
    while (!exact && (r = volume->format->next(volume, &scan, &entry)) > 0) {
        exact = strcmp(entry.name, name) == 0;
        if (exact ||
            (!found && volume->format->folds && el_media_name_same_folded(entry.name, name))) {
            *node = entry.node;
            found = true;
        }
    }
    el_media_extents_free(&scan.extents);
    if (!found)
        return r < 0 ? r : EL_ENOENT;
    return describe(volume, node);
}

/* Where a walk is: the directories that it has come through, and what is left of the path. */
struct walk {
    struct el_media_volume *volume;
    struct el_media_node stack[EL_MEDIA_DEPTH_MAX];
    unsigned depth; /* of the directory we are in; 0 is the root */
    unsigned links;
    char rest[EL_MEDIA_TARGET_BYTES + EL_CONTENT_NAME_MAX];
};

/* Puts a link's target before what is left of the path. */
static int follow(struct walk *w, const struct el_media_node *link, const char *rest)
{
    char path[sizeof w->rest], target[EL_MEDIA_TARGET_BYTES];

    if (++w->links > EL_MEDIA_LINKS_MAX)
        return EL_ENOENT;
    int r = w->volume->format->target(w->volume, link, target);
    if (r < 0)
        return r;
    size_t target_len = strlen(target), rest_len = strlen(rest);
    if (target_len + 1 + rest_len >= sizeof path)
        return EL_ENOENT;
    memcpy(path, target, target_len);
    path[target_len] = '/';
    memcpy(path + target_len + 1, rest, rest_len + 1);
    if (target[0] == '/')
        w->depth = 0;
    memcpy(w->rest, path, target_len + rest_len + 2);
    return 0;
}

/* Goes to SEGMENT of the directory we are in. REST is what follows it in w->rest. */
static int step(struct walk *w, const char *segment, const char *rest, struct el_media_node *node)
{
    int r = look_up(w->volume, &w->stack[w->depth], segment, node);

    if (r < 0)
        return r;
    if (node->kind == EL_MEDIA_LINK) {
        r = follow(w, node, rest);
        *node = w->stack[w->depth];
        return r;
    }
    memmove(w->rest, rest, strlen(rest) + 1);
    if (node->kind != EL_MEDIA_DIRECTORY)
        return w->rest[strspn(w->rest, "/")] ? EL_ENOENT : 0;
    if (w->depth + 1 == EL_MEDIA_DEPTH_MAX)
        return EL_ENOENT;
    w->stack[++w->depth] = *node;
    return 0;
}

static int find(struct el_media_volume *volume, const char *path, struct el_media_node *node)
{
    struct walk w = {.volume = volume, .depth = 0};
    char segment[EL_MEDIA_NAME_BYTES];

    w.stack[0] = volume->root;
    *node = volume->root;
    if (strlen(path) >= sizeof w.rest)
        return EL_ENOENT;
    memcpy(w.rest, path, strlen(path) + 1);
    for (;;) {
        const char *at = w.rest + strspn(w.rest, "/");
        size_t len = strcspn(at, "/");
        if (len == 0)
            return 0;
        if (len >= sizeof segment)
            return EL_ENOENT;
        memcpy(segment, at, len);
        segment[len] = '\0';
        if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0) {
            w.depth -= segment[1] && w.depth > 0;
            *node = w.stack[w.depth];
            memmove(w.rest, at + len, strlen(at + len) + 1);
            continue;
        }
        int r = step(&w, segment, at + len, node);
        if (r < 0)
            return r;
    }
}

int el_media_tree_find(struct el_media_volume *volume, const char *path, struct el_media_node *node)
{
    el_media_image_begin(volume->image);
    return find(volume, path, node);
}

/* What a name in a listing leads to, if it can be opened. */
static bool is_servable(struct el_media_volume *volume, const char *directory,
                        struct el_media_entry *entry)
{
    char path[EL_CONTENT_NAME_MAX + EL_MEDIA_NAME_BYTES];
    size_t len = strlen(directory), name_len = strlen(entry->name);

    if (entry->node.kind == EL_MEDIA_LINK) {
        memcpy(path, directory, len);
        path[len] = '/';
        memcpy(path + len + 1, entry->name, name_len + 1);
        if (find(volume, path, &entry->node) < 0)
            return false;
    } else if (describe(volume, &entry->node) < 0) {
        return false;
    }
    return entry->node.kind == EL_MEDIA_FILE || entry->node.kind == EL_MEDIA_DIRECTORY;
}

int el_media_tree_list(struct el_media_volume *volume, const char *path, el_content_entry_cb *cb,
                       void *arg)
{
    struct el_media_scan scan;
    struct el_media_entry entry;
    struct el_media_node directory;
    int r = el_media_tree_find(volume, path, &directory);

    if (r < 0)
        return r;
    if (directory.kind != EL_MEDIA_DIRECTORY || strlen(path) >= EL_CONTENT_NAME_MAX)
        return EL_ENOENT;
    r = volume->format->scan(volume, &directory, &scan);
    if (r < 0)
        return r;
    while ((r = volume->format->next(volume, &scan, &entry)) > 0)
        if (is_servable(volume, path, &entry))
            cb(arg, &(struct el_content_entry){
                        .name = entry.name,
                        .directory = entry.node.kind == EL_MEDIA_DIRECTORY,
                        .size = entry.node.kind == EL_MEDIA_DIRECTORY ? 0 : entry.node.size,
                        .mtime_s = entry.node.mtime_s,
                    });
    el_media_extents_free(&scan.extents);
    return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images, and what is inside them.
 *
 * A slot remembers one image by what tells versions of its entry.conf and of its disk image apart.
 * Both are looked at for every question, which costs two opens; reading the one and finding one's
 * way into the other is done once. A slot without a disk image remembers that there is none, or
 * that it is broken, so that this is found out, and said, but once.
 */
#include "service/image_content.h"

#include "base/log.h"
#include "image/library.h"
#include "media/media_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a file; all zeros if it is not there. */
struct version {
    uint64_t inode, size;
    int64_t mtime_s;
    uint32_t mtime_ns;
};

struct slot {
    char name[EL_BOOT_NAME_BYTES]; /* "": free */
    char file[EL_BOOT_PATH_BYTES]; /* of the disk image; "": there is none */
    struct version conf, image;
    struct el_media *media; /* NULL: none, or broken */
    struct el_content tree; /* … in it */
    uint64_t used;          /* when, by counting */
};

struct el_image_content {
    struct el_content_dir *dir;
    struct el_content beside;
    struct slot slots[EL_IMAGE_CONTENT_OPEN];
    uint64_t count; /* of questions */
};

/* -- what there is now -- */

/* Opens NAME/FILE, whose version it tells. 0 or an error, with a version of zeros. */
static int look(const struct el_image_content *images, const char *name, const char *file,
                struct el_content_file *opened, struct version *version)
{
    char path[EL_BOOT_NAME_BYTES + EL_BOOT_PATH_BYTES];

    *version = (struct version){0};
    snprintf(path, sizeof path, "%s/%s", name, file);
    int rc = el_content_open(&images->beside, path, opened);
    if (rc == 0)
        *version = (struct version){opened->inode, opened->size, opened->mtime_s, opened->mtime_ns};
    return rc;
}

static bool same(const struct version *a, const struct version *b)
{
    return a->inode == b->inode && a->size == b->size && a->mtime_s == b->mtime_s &&
           a->mtime_ns == b->mtime_ns;
}

static struct version version_of(const struct el_image_content *images, const char *name,
                                 const char *file)
{
    struct el_content_file opened = {.fd = -1};
    struct version version;

    if (look(images, name, file, &opened, &version) == 0)
        el_content_close(&opened);
    return version;
}

/* -- slots -- */

static void empty(struct slot *slot)
{
    el_media_close(slot->media);
    *slot = (struct slot){.used = 0};
}

/* The slot of NAME; NULL: it has none. */
static struct slot *find(struct el_image_content *images, const char *name)
{
    for (size_t i = 0; i < EL_IMAGE_CONTENT_OPEN; i++)
        if (strcmp(images->slots[i].name, name) == 0)
            return &images->slots[i];
    return NULL;
}

/* One for another image: free, or not used for longest. */
static struct slot *make_room(struct el_image_content *images)
{
    struct slot *oldest = &images->slots[0];

    for (size_t i = 1; i < EL_IMAGE_CONTENT_OPEN; i++)
        if (images->slots[i].used < oldest->used)
            oldest = &images->slots[i];
    return oldest;
}

static void open_media(const struct el_image_content *images, struct slot *slot)
{
    struct el_content_file opened = {.fd = -1};
    struct el_err err = {""};

    if (look(images, slot->name, slot->file, &opened, &slot->image) < 0)
        return;                                               /* boot_io says so */
    slot->media = el_media_open(opened.fd, slot->file, &err); /* takes the descriptor */
    if (slot->media)
        slot->tree = el_media_content(slot->media);
    else
        EL_LOG(EL_LOG_WARN, "boot", "media-refused", EL_STR("image", slot->name),
               EL_STR("why", err.text));
}

/* Fills SLOT with what NAME is now. */
static void fill(struct el_image_content *images, struct slot *slot, const char *name,
                 const struct version *conf)
{
    struct el_boot_entry entry;

    empty(slot);
    snprintf(slot->name, sizeof slot->name, "%s", name);
    slot->conf = *conf;
    if (el_image_library_read(images->dir->root_fd, name, &entry, NULL) < 0)
        return; /* likewise */
    memcpy(slot->file, entry.media, sizeof slot->file);
    if (slot->file[0])
        open_media(images, slot);
}

/* The disk image of the image NAME as it is now; NULL: it has none. */
static const struct el_content *tree_of(struct el_image_content *images, const char *name)
{
    struct slot *slot = find(images, name);
    struct version conf = version_of(images, name, "entry.conf"), image = {0};

    if (conf.inode == 0) { /* it is gone, or never was */
        if (slot)
            empty(slot);
        return NULL;
    }
    if (slot && slot->file[0])
        image = version_of(images, name, slot->file);
    if (!slot || !same(&conf, &slot->conf) || !same(&image, &slot->image)) {
        slot = slot ? slot : make_room(images);
        fill(images, slot, name, &conf);
    }
    slot->used = ++images->count;
    return slot->media ? &slot->tree : NULL;
}

/* The tree that PATH stands in, and where in it *REST begins; NULL: none. */
static const struct el_content *inside(struct el_image_content *images, const char *path,
                                       const char **rest)
{
    char name[EL_BOOT_NAME_BYTES];
    size_t len = strcspn(path, "/");

    if (len == 0 || len >= sizeof name)
        return NULL;
    memcpy(name, path, len);
    name[len] = '\0';
    *rest = path + len + (path[len] == '/');
    return el_boot_entry_is_name(name) ? tree_of(images, name) : NULL;
}

/* -- the source -- */

static int images_open(void *arg, const char *path, struct el_content_file *file)
{
    struct el_image_content *images = arg;
    const char *rest;

    if (path[0] == '.')
        return EL_ENOENT;
    int rc = el_content_open(&images->beside, path, file);
    if (rc != EL_ENOENT)
        return rc;
    const struct el_content *tree = inside(images, path, &rest);
    return tree && rest[0] ? el_content_open(tree, rest, file) : rc;
}

/* What is beside and what is inside, of which the first hides the second. */
struct listing {
    const struct el_image_content *images;
    const char *path;
    el_content_entry_cb *cb;
    void *arg;
};

static void list_inside(void *arg, const struct el_content_entry *entry)
{
    const struct listing *listing = arg;
    struct el_content_file file = {.fd = -1};
    char path[EL_CONTENT_NAME_MAX];

    int len = snprintf(path, sizeof path, "%s/%s", listing->path, entry->name);
    if (len < 0 || (size_t)len >= sizeof path)
        return;
    int rc = el_content_open(&listing->images->beside, path, &file);
    if (rc == 0)
        el_content_close(&file);
    if (rc == EL_ENOENT)
        listing->cb(listing->arg, entry);
}

static int images_list(void *arg, const char *path, el_content_entry_cb *cb, void *cb_arg)
{
    struct el_image_content *images = arg;
    struct listing listing = {images, path, cb, cb_arg};
    const char *rest;

    if (path[0] == '.')
        return EL_ENOENT;
    int rc = images->beside.list(images->beside.arg, path, cb, cb_arg);
    const struct el_content *tree = inside(images, path, &rest);
    if (!tree || (rc < 0 && rc != EL_ENOENT))
        return rc;
    int inner = tree->list(tree->arg, rest, list_inside, &listing);
    return rc == 0 ? 0 : inner;
}

struct el_image_content *el_image_content_new(struct el_content_dir *dir)
{
    struct el_image_content *images = calloc(1, sizeof *images);

    if (!images)
        return NULL;
    images->dir = dir;
    images->beside = el_content_dir(dir);
    return images;
}

void el_image_content_free(struct el_image_content *images)
{
    for (size_t i = 0; images && i < EL_IMAGE_CONTENT_OPEN; i++)
        empty(&images->slots[i]);
    free(images);
}

struct el_content el_image_content(struct el_image_content *images)
{
    return (struct el_content){images_open, images_list, images};
}

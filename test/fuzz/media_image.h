/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image of a disk as a fuzz input, and what holds for a volume whatever is in it.
 *
 * An image is large and mostly empty, so the input says only which blocks are not: first the size
 * of the image in blocks of 2048 bytes (two bytes, big-endian), then for each block its number (two
 * bytes), its length (two bytes) and that many bytes; what is not said is zero.
 */
#ifndef MEDIA_IMAGE_H
#define MEDIA_IMAGE_H

#include "base/wire.h"
#include "media/names.h"
#include "media/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_BLOCKS_MAX = 2048 };

static uint8_t *image_bytes;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int image_read(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
    const struct el_media_image *image = arg;

    require(len <= image->size && offset <= image->size - len);
    memcpy(to, image_bytes + offset, len);
    return 0;
}

/* The image of an input; free image_bytes afterwards. */
static struct el_media_image image_of(const uint8_t *data, size_t size)
{
    struct el_wire w = el_wire_read(data, size);
    size_t blocks = el_wire_be16(&w) % IMAGE_BLOCKS_MAX;
    size_t bytes = blocks * EL_MEDIA_BLOCK;

    image_bytes = calloc(1, bytes + 1);
    require(image_bytes != NULL);
    while (el_wire_left(&w) >= 4) {
        size_t at = (size_t)el_wire_be16(&w) * EL_MEDIA_BLOCK;
        size_t len = el_wire_be16(&w);
        const uint8_t *from = el_wire_take(&w, len);
        if (from && at < bytes)
            memcpy(image_bytes + at, from, len < bytes - at ? len : bytes - at);
    }
    return (struct el_media_image){.read = image_read, .size = bytes};
}

/* -- what holds -- */

struct walk {
    struct el_media_volume *volume;
    char path[EL_CONTENT_NAME_MAX];
    unsigned files; /* that may still be looked at */
    char names[8][EL_MEDIA_NAME_BYTES];
    bool directories[8];
    unsigned count;
};

static void check_file(struct el_media_volume *volume, const struct el_media_node *node)
{
    struct el_media_extents extents = {.count = 0};
    uint64_t total = 0;

    if (volume->format->extents(volume, node, &extents) == 0) {
        const struct el_media_extent *list = el_media_extents_list(&extents);
        for (unsigned i = 0; i < extents.count; i++) {
            require(list[i].len > 0 && list[i].len <= volume->image->size);
            require(list[i].offset <= volume->image->size - list[i].len);
            total += list[i].len;
        }
        require(total == node->size && total == extents.total);
    }
    el_media_extents_free(&extents);
}

static void on_entry(void *arg, const struct el_content_entry *entry)
{
    struct walk *walk = arg;

    require(el_media_name_is_good(entry->name));
    require(strlen(entry->name) < EL_MEDIA_NAME_BYTES);
    if (walk->count < sizeof walk->names / sizeof walk->names[0]) {
        strcpy(walk->names[walk->count], entry->name);
        walk->directories[walk->count++] = entry->directory;
    }
}

/* What a listing names is found, as what it was said to be, unless the budget of one look-up ends
 * sooner than that of a listing; of two of one name the first is found. */
static void walk_below(struct walk *outer, unsigned depth)
{
    struct walk *walk = calloc(1, sizeof *walk);

    require(walk != NULL);
    walk->volume = outer->volume;
    walk->files = outer->files;
    memcpy(walk->path, outer->path, sizeof walk->path);
    (void)el_media_tree_list(walk->volume, walk->path, on_entry, walk);
    char here[sizeof walk->path];
    memcpy(here, walk->path, sizeof here);
    for (unsigned i = 0; i < walk->count && walk->files > 0; i++) {
        struct el_media_node node;
        int len = snprintf(walk->path, sizeof walk->path, "%s%s%s", here, *here ? "/" : "",
                           walk->names[i]);
        if (len < 0 || (size_t)len >= sizeof walk->path)
            continue;
        walk->files--;
        if (el_media_tree_find(walk->volume, walk->path, &node) < 0)
            continue;
        if (node.kind == EL_MEDIA_FILE)
            check_file(walk->volume, &node);
        else if (node.kind == EL_MEDIA_DIRECTORY && depth > 0)
            walk_below(walk, depth - 1);
    }
    outer->files = walk->files;
    free(walk);
}

static void walk_volume(struct el_media_volume *volume)
{
    struct walk *walk = calloc(1, sizeof *walk);

    require(walk != NULL);
    require(memchr(volume->label, 0, sizeof volume->label) != NULL);
    walk->volume = volume;
    walk->files = 64;
    walk_below(walk, 4);
    free(walk);
}

#endif

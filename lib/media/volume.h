/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the file systems on optical media have in common: a volume, directories that are scanned
 * entry by entry, and files that stand in the image in stretches. A format is a table of functions
 * (iso9660.c, udf.c); tree.h walks paths on top of any of them.
 */
#ifndef EL_MEDIA_VOLUME_H
#define EL_MEDIA_VOLUME_H

#include "media/image.h"

#include <stdbool.h>

enum {
    EL_MEDIA_NAME_BYTES = 768, /* one name, UTF-8, with its NUL: 255 characters of any alphabet */
    EL_MEDIA_TARGET_BYTES = 1024, /* of a symbolic link, with its NUL */
    EL_MEDIA_VOLUME_LABEL_BYTES = 129,
    EL_MEDIA_DIRECTORY_MAX = 16 << 20, /* bytes; a longer one is refused */
    EL_MEDIA_EXTENTS_MAX = 4096,       /* of a file, after those in a row have been joined */
    EL_MEDIA_EXTENTS_FEW = 4,
};

enum el_media_kind {
    EL_MEDIA_FILE,
    EL_MEDIA_DIRECTORY,
    EL_MEDIA_LINK,
    EL_MEDIA_REFUSED, /* a device, or bytes that are not the file's: compressed, encrypted */
};

/* A file or directory. PLACE is where the image describes it, in bytes: it names the node, and the
 * format finds everything else from there. */
struct el_media_node {
    uint64_t place;
    uint64_t size;   /* bytes; not known for a directory */
    int64_t mtime_s; /* 0: not known */
    enum el_media_kind kind;
};

/* Bytes of the image, all inside it. */
struct el_media_extent {
    uint64_t offset, len;
};

/* The stretches of one file in their order, neighbours joined. Freed by el_media_extents_free. */
struct el_media_extents {
    struct el_media_extent few[EL_MEDIA_EXTENTS_FEW];
    struct el_media_extent *many; /* NULL: they are in FEW */
    unsigned count, capacity;
    uint64_t total; /* bytes */
};

/* Adds a stretch of the image. 0; EL_ESHORT: the image ends before it does; EL_EFULL; EL_ENOMEM. */
int el_media_extents_add(struct el_media_extents *extents, const struct el_media_image *image,
                         uint64_t offset, uint64_t len);
const struct el_media_extent *el_media_extents_list(const struct el_media_extents *extents);
void el_media_extents_free(struct el_media_extents *extents);

/* A directory that is being read. */
struct el_media_scan {
    struct el_media_node directory;
    struct el_media_extents extents;
    uint64_t at; /* in the directory's bytes */
};

struct el_media_entry {
    char name[EL_MEDIA_NAME_BYTES]; /* one segment that can be asked for */
    struct el_media_node node;      /* its place; the rest once it has been described */
};

struct el_media_volume;

struct el_media_format {
    const char *name;
    bool folds; /* upper and lower case are one */

    /* Fills what is known only at NODE's place. 0 or an error. NULL: nothing is. */
    int (*describe)(struct el_media_volume *volume, struct el_media_node *node);
    /* Begins with a node that has been described. */
    int (*scan)(struct el_media_volume *volume, const struct el_media_node *directory,
                struct el_media_scan *scan);
    /* 1: ENTRY is the next; 0: there is none; or an error, after which there is none either.
     * Entries that nobody could ask for are passed over. */
    int (*next)(struct el_media_volume *volume, struct el_media_scan *scan,
                struct el_media_entry *entry);
    /* Where the bytes of a file stand: EXTENTS, empty, is filled up to the file's size. */
    int (*extents)(struct el_media_volume *volume, const struct el_media_node *node,
                   struct el_media_extents *extents);
    /* What a symbolic link says, as it stands there; never longer than TARGET. */
    int (*target)(struct el_media_volume *volume, const struct el_media_node *node,
                  char target[EL_MEDIA_TARGET_BYTES]);
};

/* What ISO 9660 needs to know: the size of a logical block, and how names are written. */
struct el_media_iso {
    uint32_t block;
    bool rock_ridge;
    uint8_t susp_skip; /* bytes before the System Use entries (SUSP SP) */
};

enum { EL_MEDIA_UDF_PARTITIONS_MAX = 4 };

/* UDF: block size and the partitions that references count from. */
struct el_media_udf {
    uint32_t block;
    unsigned count;
    struct el_media_extent partitions[EL_MEDIA_UDF_PARTITIONS_MAX]; /* in bytes */
};

struct el_media_volume {
    struct el_media_image *image;
    const struct el_media_format *format;
    struct el_media_node root;
    char label[EL_MEDIA_VOLUME_LABEL_BYTES];
    uint64_t announced; /* bytes that the file system says it occupies */
    union {
        struct el_media_iso iso;
        struct el_media_udf udf;
    };
};

/* Opens the best file system of IMAGE: ISO 9660 with Rock Ridge, UDF, Joliet, plain ISO 9660. 0;
 * EL_ENOENT: there is none; or what stood in the way of the one there is. */
int el_media_volume_open(struct el_media_volume *volume, struct el_media_image *image);

#endif

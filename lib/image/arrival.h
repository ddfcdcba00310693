/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image on its way into the library: a hidden directory of its own there, which becomes the
 * image by one rename, once all of it is on the disk, or is removed.
 */
#ifndef EL_IMAGE_ARRIVAL_H
#define EL_IMAGE_ARRIVAL_H

#include "image/hash.h"
#include "image/library.h"
#include "image/progress.h"

struct el_image_item;

struct el_image_arrival {
    int library; /* not ours */
    int fd;      /* of the hidden directory, locked; -1: there is none (any more) */
    char hidden[EL_IMAGE_HIDDEN_BYTES];
    const char *name; /* how messages and progress call it */
    const struct el_image_progress *progress;
    struct el_image_item *items; /* what has come, for the manifest */
    size_t count;
    char *manifest; /* its text, once it is made */
    size_t manifest_len;
};

/* Each gives 0, or an error with its sentence; EL_EFULL: the disk is full. */

int el_image_arrival_begin(struct el_image_arrival *arrival, int library, const char *name,
                           const struct el_image_progress *progress, struct el_err *err);

/* That so many bytes more fit on the disk. */
int el_image_arrival_fits(int library, uint64_t bytes, struct el_err *err);

/* A copy of the file FROM under PATH, whose directory is there. Where the file system can, it is
 * one without a second set of bytes. */
int el_image_arrival_copy(struct el_image_arrival *arrival, int from, const char *path,
                          struct el_err *err);

/* The file NAME of the library, open as FD, becomes PATH. */
int el_image_arrival_move(struct el_image_arrival *arrival, const char *name, int fd,
                          const char *path, struct el_err *err);

/* The file PATH of the directory AT, in the same file system, under the same PATH: another name of
 * the same bytes. */
int el_image_arrival_link(struct el_image_arrival *arrival, int at, const char *path,
                          struct el_err *err);

/* Bytes under PATH, without a slash. */
int el_image_arrival_write(struct el_image_arrival *arrival, const char *path, const void *bytes,
                           size_t len, struct el_err *err);

/* All that can be served of the directory FROM: regular files, and links to such in it. What cannot
 * is said, but for hidden files and the two that we write ourselves. */
int el_image_arrival_tree(struct el_image_arrival *arrival, int from, struct el_err *err);

/* Of the file PATH that has come. NULL: it has not. */
const struct el_image_hash *el_image_arrival_hash(const struct el_image_arrival *arrival,
                                                  const char *path);

/* All files have come: writes the manifest. SHA256 is the manifest's own. */
int el_image_arrival_seal(struct el_image_arrival *arrival, uint8_t sha256[EL_IMAGE_SHA256],
                          struct el_err *err);

/* Writes entry.conf, brings all of it to the disk and gives it its NAME. EL_EEXIST: there is one.
 * Under the library's lock. */
int el_image_arrival_name(struct el_image_arrival *arrival, const char *conf, const char *name,
                          struct el_err *err);

/* The end in any case: what has no name by now is removed. */
void el_image_arrival_end(struct el_image_arrival *arrival);

/* Reads FD to its end, for its digests. DOING is for progress. NULL with a sentence. */
struct el_image_hash *el_image_hash_file(int fd, const char *doing, const char *name,
                                         const struct el_image_progress *progress,
                                         struct el_err *err);

#endif

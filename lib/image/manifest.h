/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image consists of, byte by byte: entry.manifest, beside entry.conf.
 *
 * Whoever has a part of an image, from wherever (a disk, a cache near the machine, a peer), can
 * tell by it that the part is the right one, in blocks of a mebibyte:
 *
 *     el2w manifest 1
 *     block 1048576
 *     file 662700032 6ba3…e1 debian-12.iso     size in bytes, SHA-256 of the whole, path
 *     01fe…9c                                  SHA-256 of each block, in order; the last one may
 *     77aa…03                                  be shorter. Not there if the file is one block or
 *     …                                        less: then that is the SHA-256 of the whole.
 *     file 12345 4f2c…77 boot/memtest
 *     end 2                                    how many files: else it is cut off
 *
 * Lines end in a newline; one space between words; SHA-256 in 64 lower-case hexadecimal digits; a
 * path is a normalised name (content/content.h), goes to the end of the line and is greater than
 * the one before it (by bytes). entry.conf, which a person may change, and the manifest itself are
 * not in it. The SHA-256 of an image without a disk image (entry.conf) is that of its manifest.
 */
#ifndef EL_IMAGE_MANIFEST_H
#define EL_IMAGE_MANIFEST_H

#include "base/err.h"
#include "content/content.h"
#include "image/hash.h"

#include <stdint.h>
#include <stdio.h>

#define EL_IMAGE_MANIFEST "entry.manifest"
#define EL_IMAGE_CONF     "entry.conf"

enum {
    EL_IMAGE_FILES_MAX = 65536,      /* in one image */
    EL_IMAGE_MANIFEST_MAX = 1 << 26, /* bytes of a manifest: of about a terabyte */
};

/* -- making one -- */

/* Write a manifest: its beginning, each file in the order of their paths, its end. Whether that
 * worked is for ferror() to say. */
void el_image_manifest_begin(FILE *out);
void el_image_manifest_put(FILE *out, const char *path, const struct el_image_hash *hash);
void el_image_manifest_end(FILE *out, unsigned files);

/* -- reading one -- */

struct el_image_file {
    char path[EL_CONTENT_NAME_MAX];
    uint64_t size; /* bytes */
    uint8_t sha256[EL_IMAGE_SHA256];
    uint64_t block_count;
    const char *blocks; /* their lines in the text; NULL: the only block is the whole */
};

/* All zeros but for what is set at the beginning. */
struct el_image_manifest {
    const char *at, *end;
    unsigned line, files;
    char last[EL_CONTENT_NAME_MAX];
};

/* Begins to read TEXT, which must live as long. 0 or EL_EPROTO with what is wrong: "line 3: …". */
int el_image_manifest_open(struct el_image_manifest *manifest, const char *text, size_t len,
                           struct el_err *err);

/* The next file: 1; 0 at the end, after which all of it has been right; or EL_EPROTO. */
int el_image_manifest_next(struct el_image_manifest *manifest, struct el_image_file *file,
                           struct el_err *err);

/* The digest of FILE's block INDEX, which is less than block_count. */
void el_image_file_block(const struct el_image_file *file, uint64_t index,
                         uint8_t sha256[EL_IMAGE_SHA256]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an image of a disk, and how much may be read of them.
 *
 * File systems are read block by block through a small cache. Whoever made the image chose what is
 * in it, so each operation on it (a look-up, a listing) begins with a budget: an image whose
 * directories are absurdly long, or lead in circles, costs that much and then fails.
 */
#ifndef EL_MEDIA_IMAGE_H
#define EL_MEDIA_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum {
    EL_MEDIA_BLOCK = 2048, /* bytes; the sector of ECMA-119 and of all optical media */
    EL_MEDIA_CACHE_BLOCKS = 32,
    /* Of one operation, in looks at a block of the cache. One that must be read counts for many. */
    EL_MEDIA_BUDGET = 1 << 20,
    EL_MEDIA_BUDGET_READ = 32,
};

/* Reads exactly LEN bytes at OFFSET, which are inside the image. 0 or a negative error. */
typedef int el_media_read_cb(void *arg, uint64_t offset, uint8_t *to, size_t len);

struct el_media_image {
    el_media_read_cb *read;
    void *arg;
    uint64_t size; /* bytes */
    unsigned budget;

    struct el_media_block {
        uint64_t number; /* of the block, from 1; 0: nothing is here */
        uint8_t bytes[EL_MEDIA_BLOCK];
    } cache[EL_MEDIA_CACHE_BLOCKS];
};

/* Begins an operation. */
void el_media_image_begin(struct el_media_image *image);

/* Reads LEN bytes at OFFSET. 0; EL_ESHORT: the image ends before; EL_EPROTO: the budget is used up;
 * or what the callback says. What could not be read is zero. */
int el_media_image_read(struct el_media_image *image, uint64_t offset, void *to, size_t len);

#endif

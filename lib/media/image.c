/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/image.h"

#include "base/err.h"

#include <stdbool.h>
#include <string.h>

void el_media_image_begin(struct el_media_image *image)
{
    image->budget = EL_MEDIA_BUDGET;
}

/* The last block of an image may be cut: what is behind the end reads as zero, and is never asked
 * for. */
static const uint8_t *block(struct el_media_image *image, uint64_t number, int *error)
{
    struct el_media_block *slot = &image->cache[number % EL_MEDIA_CACHE_BLOCKS];
    uint64_t offset = number * EL_MEDIA_BLOCK;
    uint64_t left = image->size - offset;

    bool here = slot->number == number + 1;
    unsigned cost = here ? 1 : EL_MEDIA_BUDGET_READ;
    if (image->budget < cost) {
        *error = EL_EPROTO;
        return NULL;
    }
    image->budget -= cost;
    if (here)
        return slot->bytes;
    size_t len = left < EL_MEDIA_BLOCK ? (size_t)left : EL_MEDIA_BLOCK;
    slot->number = 0;
    *error = image->read(image->arg, offset, slot->bytes, len);
    if (*error < 0)
        return NULL;
    memset(slot->bytes + len, 0, EL_MEDIA_BLOCK - len);
    slot->number = number + 1;
    return slot->bytes;
}

int el_media_image_read(struct el_media_image *image, uint64_t offset, void *to, size_t len)
{
    uint8_t *out = to;
    int error = 0;

    if (len > image->size || offset > image->size - len)
        error = EL_ESHORT;
    for (size_t done = 0; done < len && error == 0;) {
        size_t at = (size_t)((offset + done) % EL_MEDIA_BLOCK);
        size_t part = EL_MEDIA_BLOCK - at < len - done ? EL_MEDIA_BLOCK - at : len - done;
        const uint8_t *bytes = block(image, (offset + done) / EL_MEDIA_BLOCK, &error);
        if (bytes)
            memcpy(out + done, bytes + at, part);
        done += part;
    }
    if (error < 0)
        memset(out, 0, len);
    return error;
}

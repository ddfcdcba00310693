/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/volume.h"

#include "base/err.h"
#include "media/iso9660.h"
#include "media/udf.h"

#include <stdlib.h>
#include <string.h>

int el_media_extents_add(struct el_media_extents *extents, const struct el_media_image *image,
                         uint64_t offset, uint64_t len)
{
    struct el_media_extent *list = extents->many ? extents->many : extents->few;
    unsigned room = extents->many ? extents->capacity : EL_MEDIA_EXTENTS_FEW;

    if (len > image->size || offset > image->size - len)
        return EL_ESHORT;
    if (len == 0)
        return 0;
    if (extents->count > 0) {
        struct el_media_extent *last = &list[extents->count - 1];
        if (last->offset + last->len == offset) {
            last->len += len;
            extents->total += len;
            return 0;
        }
    }
    if (extents->count == room) {
        if (room >= EL_MEDIA_EXTENTS_MAX)
            return EL_EFULL;
        struct el_media_extent *larger =
            reallocarray(extents->many, (size_t)room * 4, sizeof *larger);
        if (!larger)
            return EL_ENOMEM;
        if (!extents->many)
            memcpy(larger, extents->few, sizeof extents->few);
        extents->many = list = larger;
        extents->capacity = room * 4;
    }
    list[extents->count++] = (struct el_media_extent){offset, len};
    extents->total += len;
    return 0;
}

const struct el_media_extent *el_media_extents_list(const struct el_media_extents *extents)
{
    return extents->many ? extents->many : extents->few;
}

void el_media_extents_free(struct el_media_extents *extents)
{
    free(extents->many);
    *extents = (struct el_media_extents){.count = 0};
}

/* A file system whose root cannot be read is none. */
static int check_root(struct el_media_volume *volume)
{
    struct el_media_scan scan;
    int r = volume->format->scan(volume, &volume->root, &scan);

    if (r == 0)
        el_media_extents_free(&scan.extents);
    return r;
}

/* In the order of what they tell about names. */
int el_media_volume_open(struct el_media_volume *volume, struct el_media_image *image)
{
    static int (*const open[])(struct el_media_volume *, struct el_media_image *) = {
        el_media_rock_ridge_open,
        el_media_udf_open,
        el_media_joliet_open,
        el_media_iso9660_open,
    };
    int result = EL_ENOENT;

    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        *volume = (struct el_media_volume){.image = image};
        el_media_image_begin(image);
        int r = open[i](volume, image);
        if (r == 0)
            r = check_root(volume);
        if (r == 0)
            return 0;
        if (result == EL_ENOENT)
            result = r;
    }
    return result;
}

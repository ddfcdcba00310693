/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ISO 9660, in each of its three readings. Input: media_image.h. */
#include "media/iso9660.h"
#include "media_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const open[])(struct el_media_volume *, struct el_media_image *) = {
        el_media_rock_ridge_open, el_media_joliet_open, el_media_iso9660_open};
    struct el_media_image image = image_of(data, size);

    image.arg = &image;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        struct el_media_volume volume = {.image = &image};
        el_media_image_begin(&image);
        if (open[i](&volume, &image) == 0)
            walk_volume(&volume);
    }
    free(image_bytes);
    return 0;
}

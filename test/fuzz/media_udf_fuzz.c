/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDF. Input: media_image.h. */
#include "media/udf.h"
#include "media_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_media_image image = image_of(data, size);
    struct el_media_volume volume = {.image = &image};

    image.arg = &image;
    el_media_image_begin(&image);
    if (el_media_udf_open(&volume, &image) == 0)
        walk_volume(&volume);
    free(image_bytes);
    return 0;
}

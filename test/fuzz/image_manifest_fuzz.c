/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry.manifest. What is accepted is right as a whole: names that content takes, in order, and as
 * many digests as the sizes say, all within the text.
 */
#include "image/manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct el_image_file *file, const char *text, size_t size)
{
    char name[EL_CONTENT_NAME_MAX];
    uint8_t digest[EL_IMAGE_SHA256];

    if (el_content_name(file->path, name) < 0 || strcmp(name, file->path) != 0)
        abort();
    if (file->blocks && (file->blocks < text || file->blocks >= text + size))
        abort();
    for (uint64_t i = 0; i < file->block_count; i++)
        el_image_file_block(file, i, digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_image_manifest manifest;
    struct el_image_file file;
    struct el_err err = {""};
    char *text = malloc(size + 1); /* so that a byte too far is seen */
    char last[EL_CONTENT_NAME_MAX] = "";

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    int rc = el_image_manifest_open(&manifest, text, size, &err);
    while (rc >= 0 && (rc = el_image_manifest_next(&manifest, &file, &err)) == 1) {
        check(&file, text, size);
        if (strcmp(last, file.path) >= 0)
            abort();
        strcpy(last, file.path);
    }
    if (rc < 0 && !err.text[0])
        abort();
    free(text);
    return 0;
}

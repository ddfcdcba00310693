/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of files as clients write them. Input: the name. What is accepted is made of segments that
 * stay below the root, in the order in which they were written, and is its own normal form.
 */
#include "content/content.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_segment(const char *segment, size_t len)
{
    require(len > 0);
    require(!(len == 1 && segment[0] == '.'));
    require(!(len == 2 && segment[0] == '.' && segment[1] == '.'));
    for (size_t i = 0; i < len; i++)
        require((unsigned char)segment[i] >= 0x20 && segment[i] != 0x7f && segment[i] != '\\');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[EL_CONTENT_NAME_MAX], again[EL_CONTENT_NAME_MAX];
    char *written = malloc(size + 1);

    require(written != NULL);
    if (size)
        memcpy(written, data, size);
    written[size] = '\0';

    int len = el_content_name(written, name);
    if (len >= 0) {
        require(len > 0 && strlen(name) == (size_t)len);
        const char *at = written;
        for (const char *segment = name;; segment++) {
            size_t bytes = strcspn(segment, "/");
            check_segment(segment, bytes);
            /* It was written, behind the one before. */
            while (strncmp(at, segment, bytes) != 0)
                require(*at++);
            at += bytes;
            segment += bytes;
            if (!*segment)
                break;
        }
        require(el_content_name(name, again) == len && strcmp(name, again) == 0);
    }
    free(written);
    return 0;
}

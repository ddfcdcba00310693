/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an image and comparing it with its manifest. */
#include "image/verify.h"

#include "content/content_io.h"
#include "image/arrival.h"
#include "image/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct verification {
    const char *name;
    const struct el_boot_entry *entry;
    struct el_content_dir dir;
    struct el_content tree;
    const struct el_image_progress *progress;
    unsigned faults;
    bool saw_media;
};

static void fault(struct verification *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(struct verification *v, const char *format, ...)
{
    char text[EL_CONTENT_NAME_MAX + 200];
    va_list values;
    int len = snprintf(text, sizeof text, "%s: ", v->name);

    va_start(values, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, values);
    va_end(values);
    v->faults++;
    v->progress->say(v->progress->arg, text);
}

/* The first block that is another, for who wants to know where the disk is bad. */
static void find_block(struct verification *v, const struct el_image_file *file,
                       const struct el_image_hash *hash)
{
    uint8_t expected[EL_IMAGE_SHA256];

    for (uint64_t i = 0; i < file->block_count && i < el_image_hash_blocks(hash); i++) {
        el_image_file_block(file, i, expected);
        if (memcmp(expected, el_image_hash_block(hash, i), sizeof expected) == 0)
            continue;
        fault(v, "%s: has changed: the first other byte is between %llu and %llu", file->path,
              (unsigned long long)i * EL_IMAGE_BLOCK,
              (unsigned long long)(i + 1) * EL_IMAGE_BLOCK - 1);
        return;
    }
    fault(v, "%s: its blocks are right and their sum is not: the manifest is wrong", file->path);
}

static int check_file(struct verification *v, const struct el_image_file *file, struct el_err *err)
{
    struct el_content_file content = {.fd = -1};
    int rc = el_content_open(&v->tree, file->path, &content);

    if (rc < 0) {
        fault(v, "%s: %s", file->path, rc == EL_ENOENT ? "it is gone" : el_strerror(rc));
        return 0;
    }
    struct el_image_hash *hash = NULL;
    if (content.size != file->size)
        fault(v, "%s: its size is %llu, and was %llu", file->path, (unsigned long long)content.size,
              (unsigned long long)file->size);
    else if (!(hash = el_image_hash_file(content.fd, "verifying", v->name, v->progress, err)))
        rc = v->progress->stopped(v->progress->arg) ? EL_ECLOSED : EL_EIO;
    else if (memcmp(el_image_hash_whole(hash), file->sha256, EL_IMAGE_SHA256) != 0)
        find_block(v, file, hash);
    el_image_hash_free(hash);
    el_content_close(&content);
    return rc;
}

/* That entry.conf, which is what a person sees, speaks of this file. */
static void check_media(struct verification *v, const struct el_image_file *file)
{
    char text[EL_IMAGE_SHA256_TEXT];

    if (strcmp(file->path, v->entry->media) != 0)
        return;
    v->saw_media = true;
    if (v->entry->sha256[0] &&
        strcmp(v->entry->sha256, el_image_sha256_text(file->sha256, text)) != 0)
        fault(v, "sha256 in entry.conf and in the manifest differ");
}

static int check_all(struct verification *v, const char *text, size_t len, struct el_err *err)
{
    struct el_image_manifest manifest;
    struct el_image_file file;
    struct el_err why = {""};
    int rc = el_image_manifest_open(&manifest, text, len, &why);

    while (rc >= 0 && (rc = el_image_manifest_next(&manifest, &file, &why)) == 1) {
        check_media(v, &file);
        rc = check_file(v, &file, err);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        fault(v, "%s: %s", EL_IMAGE_MANIFEST, why.text);
    else if (v->entry->media[0] && !v->saw_media)
        fault(v, "%s: it is not in the manifest", v->entry->media);
    return 0;
}

/* Of an image without a disk image the manifest itself has a digest. */
static void check_manifest(struct verification *v, const char *text, size_t len)
{
    char sum[EL_IMAGE_SHA256_TEXT];
    struct el_image_hash *hash = el_image_hash_new();

    if (!v->entry->media[0] && v->entry->sha256[0] && hash &&
        el_image_hash_add(hash, (const uint8_t *)text, len) == 0 &&
        el_image_hash_finish(hash) == 0 &&
        strcmp(v->entry->sha256, el_image_sha256_text(el_image_hash_whole(hash), sum)) != 0)
        fault(v, "the manifest is not the one that entry.conf speaks of");
    el_image_hash_free(hash);
}

int el_image_verify(int library, const char *name, const struct el_image_progress *progress,
                    unsigned *faults, struct el_err *err)
{
    struct el_boot_entry entry;
    struct verification v = {.name = name, .entry = &entry, .progress = progress};
    char *text = NULL;
    int rc = el_image_library_read(library, name, &entry, err);

    if (rc < 0)
        return rc;
    int len =
        el_image_library_text(library, name, EL_IMAGE_MANIFEST, EL_IMAGE_MANIFEST_MAX, &text, err);
    if (len == EL_ENOENT)
        return el_err(
            err, EL_ENOTSUP,
            "image %s: it was not added by el2w image add, so nobody knows what it should "
            "be",
            name);
    if (len < 0)
        return len;
    v.dir.root_fd = openat(library, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    v.tree = el_content_dir(&v.dir);
    if (v.dir.root_fd < 0)
        rc = el_err_os(err, errno, "image %s", name);
    if (rc == 0) {
        check_manifest(&v, text, (size_t)len);
        rc = check_all(&v, text, (size_t)len, err);
    }
    el_content_dir_close(&v.dir);
    free(text);
    *faults = v.faults;
    return rc;
}

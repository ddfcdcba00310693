/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry.manifest: lines, and reading them back. */
#include "image/manifest.h"

#include <stdbool.h>
#include <string.h>

enum { DIGITS = EL_IMAGE_SHA256_TEXT - 1, DIGEST_LINE = DIGITS + 1 };

static const char heading[] = "el2w manifest 1";
static const char block_line[] = "block 1048576";

_Static_assert(EL_IMAGE_BLOCK == 1048576, "the manifest says so");

/* -- writing -- */

void el_image_manifest_begin(FILE *out)
{
    fprintf(out, "%s\n%s\n", heading, block_line);
}

void el_image_manifest_put(FILE *out, const char *path, const struct el_image_hash *hash)
{
    char text[EL_IMAGE_SHA256_TEXT];
    uint64_t count = el_image_hash_blocks(hash);

    fprintf(out, "file %llu %s %s\n", (unsigned long long)el_image_hash_size(hash),
            el_image_sha256_text(el_image_hash_whole(hash), text), path);
    for (uint64_t i = 0; count > 1 && i < count; i++)
        fprintf(out, "%s\n", el_image_sha256_text(el_image_hash_block(hash, i), text));
}

void el_image_manifest_end(FILE *out, unsigned files)
{
    fprintf(out, "end %u\n", files);
}

/* -- reading -- */

static int wrong(struct el_image_manifest *m, struct el_err *err, const char *what)
{
    m->at = m->end = NULL;
    return el_err(err, EL_EPROTO, "line %u: %s", m->line, what);
}

/* The next line, without its newline: NULL if there is none, or only a part of one. */
static const char *take_line(struct el_image_manifest *m, size_t *len)
{
    const char *line = m->at;
    const char *newline = m->at < m->end ? memchr(line, '\n', (size_t)(m->end - line)) : NULL;

    m->line++;
    if (!newline)
        return NULL;
    *len = (size_t)(newline - line);
    m->at = newline + 1;
    return line;
}

static bool is_line(struct el_image_manifest *m, const char *expected)
{
    size_t len;
    const char *line = take_line(m, &len);

    return line && len == strlen(expected) && memcmp(line, expected, len) == 0;
}

int el_image_manifest_open(struct el_image_manifest *m, const char *text, size_t len,
                           struct el_err *err)
{
    *m = (struct el_image_manifest){.at = text, .end = text + len};
    if (!is_line(m, heading))
        return wrong(m, err, "this is no manifest of el2w, or of a later one");
    if (!is_line(m, block_line))
        return wrong(m, err, "blocks of another size than a mebibyte");
    return 0;
}

/* A decimal number without leading zeros, at *AT before END, which moves behind it. */
static bool take_number(const char **at, const char *end, uint64_t *number)
{
    const char *begin = *at;

    for (*number = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (*number > (uint64_t)INT64_MAX / 10 - 1)
            return false;
        *number = *number * 10 + (uint64_t)(**at - '0');
    }
    return *at > begin && (*begin != '0' || *at == begin + 1);
}

static bool take_space(const char **at, const char *end)
{
    return *at < end && *(*at)++ == ' ';
}

/* A name as content has it, in its place in the order. */
static bool take_path(struct el_image_manifest *m, const char *at, const char *end,
                      char path[EL_CONTENT_NAME_MAX])
{
    size_t len = (size_t)(end - at);
    char written[EL_CONTENT_NAME_MAX];

    if (len == 0 || len >= sizeof written || memchr(at, 0, len))
        return false;
    memcpy(written, at, len);
    written[len] = '\0';
    if (el_content_name(written, path) < 0 || strcmp(written, path) != 0 ||
        strcmp(path, m->last) <= 0)
        return false;
    memcpy(m->last, path, len + 1);
    return true;
}

/* The lines of a file's blocks. */
static int take_blocks(struct el_image_manifest *m, struct el_image_file *file, struct el_err *err)
{
    uint8_t digest[EL_IMAGE_SHA256];

    file->block_count = file->size / EL_IMAGE_BLOCK + (file->size % EL_IMAGE_BLOCK > 0);
    file->blocks = file->block_count > 1 ? m->at : NULL;
    for (uint64_t i = 0; file->blocks && i < file->block_count; i++) {
        size_t len;
        const char *line = take_line(m, &len);
        if (!line || len != DIGITS || el_image_sha256_take(line, len, digest) < 0)
            return wrong(m, err, "not the SHA-256 of a block");
    }
    return 1;
}

static int take_end(struct el_image_manifest *m, const char *at, const char *end,
                    struct el_err *err)
{
    uint64_t files;

    if (!take_number(&at, end, &files) || at != end || files != m->files)
        return wrong(m, err, "another number of files than have come");
    if (m->at != m->end)
        return wrong(m, err, "something behind the end");
    return 0;
}

int el_image_manifest_next(struct el_image_manifest *m, struct el_image_file *file,
                           struct el_err *err)
{
    size_t len;
    const char *line = m->at ? take_line(m, &len) : NULL;

    if (!line)
        return wrong(m, err, "it ends early");
    const char *at = line, *end = line + len;
    if (len > 4 && memcmp(line, "end ", 4) == 0)
        return take_end(m, line + 4, end, err);
    if (len < 5 || memcmp(line, "file ", 5) != 0)
        return wrong(m, err, "neither a file nor the end");
    at += 5;
    if (!take_number(&at, end, &file->size) || !take_space(&at, end) ||
        el_image_sha256_take(at, (size_t)(end - at), file->sha256) < 0)
        return wrong(m, err, "not the size and SHA-256 of a file");
    at += DIGITS;
    if (!take_space(&at, end) || !take_path(m, at, end, file->path))
        return wrong(m, err, "not a file's name, or not in order");
    if (++m->files > EL_IMAGE_FILES_MAX)
        return wrong(m, err, "too many files");
    return take_blocks(m, file, err);
}

void el_image_file_block(const struct el_image_file *file, uint64_t index,
                         uint8_t sha256[EL_IMAGE_SHA256])
{
    if (file->blocks)
        (void)el_image_sha256_take(file->blocks + index * DIGEST_LINE, DIGITS, sha256);
    else
        memcpy(sha256, file->sha256, EL_IMAGE_SHA256);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, and the sources that need no operating system. */
#include "content/content.h"

#include "base/err.h"

#include <string.h>

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

int el_content_name(const char *written, char name[EL_CONTENT_NAME_MAX])
{
    size_t len = 0;

    for (const char *at = written; *at;) {
        if (is_separator(*at)) {
            at++;
            continue;
        }
        size_t segment = 0;
        for (; at[segment] && !is_separator(at[segment]); segment++)
            if ((unsigned char)at[segment] < 0x20 || at[segment] == 0x7f)
                return EL_EINVAL;
        if (segment == 2 && memcmp(at, "..", 2) == 0)
            return EL_EINVAL;
        if (segment > 1 || *at != '.') {
            if (len + (len > 0) + segment >= EL_CONTENT_NAME_MAX)
                return EL_EINVAL;
            if (len)
                name[len++] = '/';
            memcpy(name + len, at, segment);
            len += segment;
        }
        at += segment;
    }
    name[len] = '\0';
    return len ? (int)len : EL_EINVAL;
}

int el_content_open(const struct el_content *content, const char *name,
                    struct el_content_file *file)
{
    *file = (struct el_content_file){.fd = -1};
    return content->open(content->arg, name, file);
}

int el_content_read(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len)
{
    if (!file->bytes)
        return file->read ? file->read(file, offset, to, len) : EL_EINVAL;
    if (offset >= file->size)
        return 0;
    if (len > file->size - offset)
        len = (size_t)(file->size - offset);
    if (len)
        memcpy(to, file->bytes + offset, len);
    return (int)len;
}

struct el_content_stretch el_content_stretch(const struct el_content_file *file, uint64_t offset)
{
    if (file->stretch)
        return file->stretch(file, offset);
    return (struct el_content_stretch){file->fd_offset + offset, file->size - offset};
}

void el_content_close(struct el_content_file *file)
{
    if (file->close)
        file->close(file);
    *file = (struct el_content_file){.fd = -1};
}

static int memory_open(void *arg, const char *name, struct el_content_file *file)
{
    const struct el_content_memory *memory = arg;
    const struct el_content_memory_entry *entry = memory->entries;

    for (; entry->name; entry++)
        if (strcmp(entry->name, name) == 0)
            break;
    if (!entry->name)
        return EL_ENOENT;
    *file = (struct el_content_file){
        .size = entry->len,
        .bytes = entry->bytes,
        .fd = -1,
        .mtime_s = memory->mtime_s,
        .inode = (uint64_t)(entry - memory->entries),
    };
    return 0;
}

/* A flat table has one directory, its top. */
static int memory_list(void *arg, const char *name, el_content_entry_cb *cb, void *cb_arg)
{
    const struct el_content_memory *memory = arg;

    if (*name)
        return EL_ENOENT;
    for (const struct el_content_memory_entry *entry = memory->entries; entry->name; entry++)
        cb(cb_arg, &(struct el_content_entry){
                       .name = entry->name, .size = entry->len, .mtime_s = memory->mtime_s});
    return 0;
}

struct el_content el_content_memory(const struct el_content_memory *memory)
{
    return (struct el_content){memory_open, memory_list, (void *)(uintptr_t)memory};
}

/* The most telling refusal wins: that a name exists but is a directory says more than that the
 * next source has not heard of it. */
static int chain_open(void *arg, const char *name, struct el_content_file *file)
{
    int result = EL_ENOENT;

    for (const struct el_content *const *source = arg; *source; source++) {
        int r = el_content_open(*source, name, file);
        if (r == 0)
            return 0;
        if (result == EL_ENOENT)
            result = r;
    }
    return result;
}

static int chain_list(void *arg, const char *name, el_content_entry_cb *cb, void *cb_arg)
{
    int result = EL_ENOENT;

    for (const struct el_content *const *source = arg; *source; source++)
        if ((*source)->list && (*source)->list((*source)->arg, name, cb, cb_arg) == 0)
            result = 0;
    return result;
}

struct el_content el_content_chain(const struct el_content *const *sources)
{
    return (struct el_content){chain_open, chain_list, (void *)(uintptr_t)sources};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Content as a source. A file's number is a hash of its path: content has no other names. */
#include "nfs/source_content.h"

#include "base/err.h"

#include <sodium.h>
#include <string.h>

enum { FILE_MODE = 0555, BLOCK = 512 };

static enum el_nfs_status status_of(int code)
{
    switch (code) {
    case 0: return EL_NFS_OK;
    case EL_ENOENT: return EL_NFS_E_NOENT;
    case EL_ENOTSUP: return EL_NFS_E_ISDIR;
    case EL_EPERM: return EL_NFS_E_ACCES;
    case EL_EINVAL: return EL_NFS_E_NOENT;
    case EL_ENOMEM: return EL_NFS_E_SERVERFAULT;
    default: return EL_NFS_E_IO;
    }
}

static uint64_t id_of(const char *path)
{
    static const uint8_t key[crypto_shorthash_KEYBYTES] = "el2w nfs path";
    uint64_t id;

    crypto_shorthash((uint8_t *)&id, (const uint8_t *)path, strlen(path), key);
    id &= EL_NFS_SOURCE_IDS;
    return id ? id : 1;
}

static void describe(const char *path, enum el_nfs_type type, const struct el_content_file *file,
                     struct el_nfs_attr *attr)
{
    struct el_nfs_time time = {file->mtime_s, file->mtime_ns};

    *attr = (struct el_nfs_attr){
        .type = type,
        .mode = FILE_MODE,
        .nlink = type == EL_NFS_DIR ? 2 : 1,
        .size = type == EL_NFS_DIR ? BLOCK : file->size,
        .used = type == EL_NFS_DIR ? BLOCK : file->size,
        .id = id_of(path),
        .atime = time,
        .mtime = time,
        .ctime = time,
    };
}

static enum el_nfs_status source_open(void *arg, const char *path, struct el_nfs_file *file,
                                      struct el_nfs_attr *attr)
{
    const struct el_content *content = arg;

    *file = (struct el_nfs_file){.content = {.fd = -1}};
    int code = el_content_open(content, path, &file->content);
    if (code == 0)
        describe(path, EL_NFS_REG, &file->content, attr);
    return status_of(code);
}

static enum el_nfs_status source_stat(void *arg, const char *path, struct el_nfs_attr *attr)
{
    struct el_nfs_file file = {.content = {.fd = -1}};
    enum el_nfs_status status = *path ? source_open(arg, path, &file, attr) : EL_NFS_E_ISDIR;

    if (status == EL_NFS_OK)
        el_content_close(&file.content);
    if (status != EL_NFS_E_ISDIR)
        return status;
    describe(path, EL_NFS_DIR, &(struct el_content_file){.fd = -1}, attr);
    return EL_NFS_OK;
}

struct listing {
    el_nfs_name_cb *cb;
    void *arg;
};

static void on_entry(void *arg, const struct el_content_entry *entry)
{
    const struct listing *listing = arg;

    listing->cb(listing->arg, entry->name);
}

static enum el_nfs_status source_list(void *arg, const char *path, el_nfs_name_cb *cb, void *cb_arg)
{
    const struct el_content *content = arg;
    struct listing listing = {cb, cb_arg};

    return status_of(content->list(content->arg, path, on_entry, &listing));
}

static enum el_nfs_status source_readlink(void *arg, const char *path, char target[EL_NFS_PATH_MAX])
{
    (void)arg;
    (void)path;
    (void)target;
    return EL_NFS_E_INVAL;
}

static enum el_nfs_status source_space(void *arg, struct el_nfs_space *space)
{
    (void)arg;
    *space = (struct el_nfs_space){0};
    return EL_NFS_OK;
}

struct el_nfs_source el_nfs_source_content(const struct el_content *content)
{
    return (struct el_nfs_source){
        .stat = source_stat,
        .readlink = source_readlink,
        .open = source_open,
        .list = source_list,
        .space = source_space,
        .arg = (void *)(uintptr_t)content,
    };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sources as one. */
#include "nfs/source_union.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

struct both {
    struct el_nfs_source first, second;
};

static enum el_nfs_status both_stat(void *arg, const char *path, struct el_nfs_attr *attr)
{
    struct both *both = arg;
    enum el_nfs_status status = both->first.stat(both->first.arg, path, attr);

    return status == EL_NFS_E_NOENT ? both->second.stat(both->second.arg, path, attr) : status;
}

static enum el_nfs_status both_readlink(void *arg, const char *path, char target[EL_NFS_PATH_MAX])
{
    struct both *both = arg;
    enum el_nfs_status status = both->first.readlink(both->first.arg, path, target);

    return status == EL_NFS_E_NOENT ? both->second.readlink(both->second.arg, path, target)
                                    : status;
}

static enum el_nfs_status both_open(void *arg, const char *path, struct el_nfs_file *file,
                                    struct el_nfs_attr *attr)
{
    struct both *both = arg;
    enum el_nfs_status status = both->first.open(both->first.arg, path, file, attr);

    file->source = &both->first;
    if (status != EL_NFS_E_NOENT)
        return status;
    status = both->second.open(both->second.arg, path, file, attr);
    file->source = &both->second;
    return status;
}

static enum el_nfs_status both_fstat(void *arg, const struct el_nfs_file *file,
                                     struct el_nfs_attr *attr)
{
    const struct el_nfs_source *source = file->source;

    (void)arg;
    return source->fstat ? source->fstat(source->arg, file, attr) : EL_NFS_OK;
}

/* The names of the second that the first does not have. */
struct rest {
    struct both *both;
    const char *path;
    el_nfs_name_cb *cb;
    void *arg;
};

static void tell_rest(void *arg, const char *name)
{
    const struct rest *rest = arg;
    size_t path_len = strlen(rest->path), name_len = strlen(name);
    char child[EL_NFS_PATH_MAX];
    struct el_nfs_attr attr;

    if (path_len + 1 + name_len >= sizeof child)
        return;
    memcpy(child, rest->path, path_len);
    child[path_len] = '/';
    memcpy(child + path_len + (path_len != 0), name, name_len + 1);
    if (rest->both->first.stat(rest->both->first.arg, child, &attr) == EL_NFS_E_NOENT)
        rest->cb(rest->arg, name);
}

static enum el_nfs_status both_list(void *arg, const char *path, el_nfs_name_cb *cb, void *cb_arg)
{
    struct both *both = arg;
    struct rest rest = {both, path, cb, cb_arg};
    enum el_nfs_status first = both->first.list(both->first.arg, path, cb, cb_arg);

    if (first != EL_NFS_OK && first != EL_NFS_E_NOENT)
        return first;
    enum el_nfs_status second = both->second.list(both->second.arg, path, tell_rest, &rest);
    return first == EL_NFS_OK ? EL_NFS_OK : second;
}

static enum el_nfs_status both_space(void *arg, struct el_nfs_space *space)
{
    struct both *both = arg;

    return both->first.space(both->first.arg, space);
}

static void close_one(const struct el_nfs_source *source)
{
    if (source->close)
        source->close(source->arg);
}

static void both_close(void *arg)
{
    struct both *both = arg;

    close_one(&both->first);
    close_one(&both->second);
    free(both);
}

int el_nfs_source_union(const struct el_nfs_source *first, const struct el_nfs_source *second,
                        struct el_nfs_source *source)
{
    struct both *both = malloc(sizeof *both);

    if (!both) {
        close_one(first);
        close_one(second);
        return EL_ENOMEM;
    }
    *both = (struct both){*first, *second};
    *source = (struct el_nfs_source){
        .stat = both_stat,
        .readlink = both_readlink,
        .open = both_open,
        .fstat = both_fstat,
        .list = both_list,
        .space = both_space,
        .close = both_close,
        .arg = both,
    };
    return 0;
}

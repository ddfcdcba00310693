/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a tree that is only read comes from: a directory (source_dir_io.h), the inside of an ISO
 * image or any other content (source_content.h). A table of functions that speak of paths: tree.h
 * makes a volume of it.
 *
 * A path is relative, its components separated by single slashes, none of them "." or ".."; "" is
 * the top. No function follows a symbolic link, anywhere in the path.
 */
#ifndef EL_NFS_SOURCE_H
#define EL_NFS_SOURCE_H

#include "nfs/volume.h"

struct el_nfs_source {
    /* attr->id is never 0, stays the file's while it exists, also over a restart, and has its
     * highest bits clear (EL_NFS_SOURCE_IDS). */
    enum el_nfs_status (*stat)(void *arg, const char *path, struct el_nfs_attr *attr);
    enum el_nfs_status (*readlink)(void *arg, const char *path, char target[EL_NFS_PATH_MAX]);
    /* Opens a regular file; *attr is the opened one's. */
    enum el_nfs_status (*open)(void *arg, const char *path, struct el_nfs_file *file,
                               struct el_nfs_attr *attr);
    /* The attributes of an open file, or EL_NFS_E_STALE if it has no name any more. NULL: it is
     * never otherwise than it was. */
    enum el_nfs_status (*fstat)(void *arg, const struct el_nfs_file *file,
                                struct el_nfs_attr *attr);
    enum el_nfs_status (*list)(void *arg, const char *path, el_nfs_name_cb *cb, void *cb_arg);
    /* Opens a directory, for stat_in(), which is quicker than stat() of many names in it: an open
     * file's number, or -1. NULL: no. */
    int (*enter)(void *arg, const char *path);
    enum el_nfs_status (*stat_in)(void *arg, int dir, const char *name, struct el_nfs_attr *attr);
    void (*leave)(void *arg, int dir);
    enum el_nfs_status (*space)(void *arg, struct el_nfs_space *space);
    void (*close)(void *arg); /* NULL: nothing to do */
    void *arg;
};

#define EL_NFS_SOURCE_IDS (((uint64_t)1 << 62) - 1)

#endif

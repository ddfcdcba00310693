/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume: a tree of files as NFS sees it. What stands behind it is a table of functions: a tree
 * that is only read (tree.h), or a machine's overlay of one (overlay_io.h).
 *
 * Nobody's rights are looked at here: nfs3.c does that, for all.
 */
#ifndef EL_NFS_VOLUME_H
#define EL_NFS_VOLUME_H

#include "content/content.h"
#include "nfs/handle.h"

#include <stdbool.h>

struct el_nfs_time {
    int64_t s;
    uint32_t ns;
};

struct el_nfs_attr {
    enum el_nfs_type type;
    uint32_t mode; /* the lower 12 bits of st_mode */
    uint32_t nlink, uid, gid;
    uint64_t size, used;
    uint32_t rdev_major, rdev_minor;
    uint64_t id;
    struct el_nfs_time atime, mtime, ctime;
};

/* What a client wants set (sattr3). */
struct el_nfs_change {
    bool set_mode, set_uid, set_gid, set_size, set_atime, set_mtime;
    bool atime_now, mtime_now; /* with set_…: the server's time */
    uint32_t mode, uid, gid;
    uint64_t size;
    struct el_nfs_time atime, mtime;
};

/* What is to be made. */
struct el_nfs_making {
    enum el_nfs_type type;
    struct el_nfs_change change; /* its first attributes */
    uint32_t uid, gid;           /* whose it is, unless the change says */
    const char *target;          /* of a symbolic link */
    uint32_t rdev_major, rdev_minor;
    /* CREATE: what happens to a file that is there (RFC 1813 §3.3.8). */
    enum { EL_NFS_UNCHECKED, EL_NFS_GUARDED, EL_NFS_EXCLUSIVE } how;
    uint64_t verifier; /* of EL_NFS_EXCLUSIVE */
};

/* A file that is open for reading. Whoever was given one releases it. */
struct el_nfs_file {
    struct el_content_file content;
    struct el_nfs_attr attr; /* as it was opened */
    const void *source;      /* for a source of several: which one it is from */
    unsigned refs;
};

struct el_nfs_space {
    uint64_t total_bytes, free_bytes, total_files, free_files;
};

/* One name of a directory. */
typedef void el_nfs_name_cb(void *arg, const char *name);

struct el_nfs_volume;

/* All give a status. Nodes come from handles: each function finds out by itself whether there is
 * still such a file (EL_NFS_E_STALE). Names are one component, neither "." nor "..". ATTR is of the
 * node that is given back, or of the one that was given. */
struct el_nfs_volume_ops {
    enum el_nfs_status (*getattr)(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                  struct el_nfs_attr *attr);
    enum el_nfs_status (*lookup)(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                 const char *name, struct el_nfs_node *node,
                                 struct el_nfs_attr *attr);
    /* Many names of DIR are about to be looked up, until leave(): it may be held open meanwhile.
     * NULL: that would help nothing. */
    void (*enter)(struct el_nfs_volume *volume, const struct el_nfs_node *dir);
    void (*leave)(struct el_nfs_volume *volume);
    /* ".."; of the top, itself. */
    enum el_nfs_status (*parent)(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                 struct el_nfs_node *node, struct el_nfs_attr *attr);
    enum el_nfs_status (*readlink)(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                   char target[EL_NFS_PATH_MAX]);
    enum el_nfs_status (*open)(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                               struct el_nfs_file **file, struct el_nfs_attr *attr);
    /* All names, in no order, without "." and "..". */
    enum el_nfs_status (*list)(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                               el_nfs_name_cb *cb, void *cb_arg);
    /* Something that differs once the directory's names have changed. */
    uint64_t (*version)(struct el_nfs_volume *volume, const struct el_nfs_attr *dir);
    enum el_nfs_status (*space)(struct el_nfs_volume *volume, struct el_nfs_space *space);
    void (*close)(struct el_nfs_volume *volume);

    /* The rest is NULL where nothing can be written. What they have done is on disk when they
     * return, but for bytes written. */
    enum el_nfs_status (*setattr)(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                  const struct el_nfs_change *change, struct el_nfs_attr *attr);
    enum el_nfs_status (*write)(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                uint64_t offset, const uint8_t *bytes, size_t len, bool sync,
                                struct el_nfs_attr *attr);
    enum el_nfs_status (*commit)(struct el_nfs_volume *volume, const struct el_nfs_node *node);
    enum el_nfs_status (*make)(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                               const char *name, const struct el_nfs_making *making,
                               struct el_nfs_node *node, struct el_nfs_attr *attr);
    enum el_nfs_status (*remove)(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                 const char *name, bool directory);
    enum el_nfs_status (*rename)(struct el_nfs_volume *volume, const struct el_nfs_node *from_dir,
                                 const char *from, const struct el_nfs_node *to_dir,
                                 const char *to);
    enum el_nfs_status (*link)(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                               const struct el_nfs_node *dir, const char *name);
};

/* What every volume begins with. */
struct el_nfs_volume {
    const struct el_nfs_volume_ops *ops;
    uint64_t id; /* of handles, and fsid */
    struct el_nfs_node root;
};

static inline bool el_nfs_is_writable(const struct el_nfs_volume *volume)
{
    return volume->ops->write != NULL;
}

/* One reference less; the last one closes. NULL is allowed. */
void el_nfs_file_release(struct el_nfs_file *file);

#endif

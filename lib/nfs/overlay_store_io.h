/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an overlay remembers, in a database of its own (SQLite): files that are not as they are
 * below, and names that are not.
 *
 * An inode that is not here is as it is below. A name that is not here is as it is below; one with
 * the child 0 is gone, although there is one below (a whiteout). Nothing here is half done: a
 * change is a transaction, on disk when it is committed.
 */
#ifndef EL_NFS_OVERLAY_STORE_IO_H
#define EL_NFS_OVERLAY_STORE_IO_H

#include "base/err.h"
#include "nfs/volume.h"

#define EL_NFS_OVERLAY_FIRST                                             \
    ((uint64_t)1 << 62) /* the first number of a file that is ours alone \
                         */

struct el_nfs_store;

struct el_nfs_inode {
    struct el_nfs_attr attr; /* nlink 0: gone, although it is there below. Size and times of one
                              * whose bytes are ours are those of the file that has them. */
    bool own;                /* its bytes are ours */
    bool has_lower;
    char lower[EL_NFS_PATH_MAX]; /* where it is below */
    uint64_t verifier;           /* of an exclusive CREATE */
};

/* Opens, or makes, the database in the open directory DIR, which is called NAME in messages. LOWER
 * is the number of the top below: another one is another tree, to which this does not belong. */
int el_nfs_store_open(int dir, const char *name, uint64_t lower, struct el_nfs_store **store,
                      struct el_err *err);
void el_nfs_store_close(struct el_nfs_store *store); /* NULL is allowed */

/* All below: EL_NFS_OK; EL_NFS_E_NOENT: not here; EL_NFS_E_NOSPC, EL_NFS_E_IO. */

enum el_nfs_status el_nfs_store_begin(struct el_nfs_store *store);
/* Commits if STATUS is EL_NFS_OK, else undoes everything since begin. What became of it. */
enum el_nfs_status el_nfs_store_end(struct el_nfs_store *store, enum el_nfs_status status);

enum el_nfs_status el_nfs_store_get(struct el_nfs_store *store, uint64_t id,
                                    struct el_nfs_inode *inode);
/* Puts or replaces; a new one (id 0) gets a number that nobody had before. */
enum el_nfs_status el_nfs_store_put(struct el_nfs_store *store, struct el_nfs_inode *inode);
enum el_nfs_status el_nfs_store_drop(struct el_nfs_store *store, uint64_t id);

enum el_nfs_status el_nfs_store_set_target(struct el_nfs_store *store, uint64_t id,
                                           const char *target);
enum el_nfs_status el_nfs_store_target(struct el_nfs_store *store, uint64_t id,
                                       char target[EL_NFS_PATH_MAX]);

enum el_nfs_status el_nfs_store_name(struct el_nfs_store *store, uint64_t dir, const char *name,
                                     uint64_t *child);
enum el_nfs_status el_nfs_store_set_name(struct el_nfs_store *store, uint64_t dir, const char *name,
                                         uint64_t child);
enum el_nfs_status el_nfs_store_drop_name(struct el_nfs_store *store, uint64_t dir,
                                          const char *name);
/* A directory that has a name for CHILD. */
enum el_nfs_status el_nfs_store_parent(struct el_nfs_store *store, uint64_t child, uint64_t *dir);

/* The names of DIR, in the order of their bytes. */
typedef void el_nfs_store_name_cb(void *arg, const char *name, uint64_t child);
enum el_nfs_status el_nfs_store_names(struct el_nfs_store *store, uint64_t dir,
                                      el_nfs_store_name_cb *cb, void *arg);

#endif

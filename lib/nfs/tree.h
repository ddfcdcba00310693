/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source as a volume that is only read: between numbers, which handles have, and paths, which
 * sources understand.
 *
 * The names of files that were met lately are kept in memory (EL_NFS_TREE_NODES of them). A number
 * that is not among them, as after a restart, is looked for along its handle's trail. Whatever is
 * found must still have the number: files may come and go in an exported directory at any time.
 */
#ifndef EL_NFS_TREE_H
#define EL_NFS_TREE_H

#include "nfs/files.h"
#include "nfs/source.h"

enum {
    EL_NFS_TREE_NODES = 32768,
    EL_NFS_TREE_LISTS = 256, /* directories that one search may list */
};

struct el_nfs_tree;

/* SOURCE is the tree's from now on, also on failure. KEYS and FILES must outlive it. ID is the
 * volume's. NULL if out of memory, or if the source's top cannot be looked at. */
struct el_nfs_tree *el_nfs_tree_new(const struct el_nfs_source *source, uint64_t id,
                                    const struct el_nfs_keys *keys, struct el_nfs_files *files);

/* The volume, which its ops->close frees together with the tree. */
struct el_nfs_volume *el_nfs_tree_volume(struct el_nfs_tree *tree);

const struct el_nfs_source *el_nfs_tree_source(const struct el_nfs_tree *tree);

/* Where the file is now, and its attributes (ATTR may be NULL). EL_NFS_E_STALE if nowhere. */
enum el_nfs_status el_nfs_tree_find(struct el_nfs_tree *tree, const struct el_nfs_node *node,
                                    char path[EL_NFS_PATH_MAX], struct el_nfs_attr *attr);

/* PATH/NAME into CHILD; EL_NFS_E_NAMETOOLONG. */
enum el_nfs_status el_nfs_path_join(const char *path, const char *name,
                                    char child[EL_NFS_PATH_MAX]);

#endif

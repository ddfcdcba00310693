/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside an overlay: what its files share. */
#ifndef EL_NFS_OVERLAY_VOLUME_IO_H
#define EL_NFS_OVERLAY_VOLUME_IO_H

#include "nfs/overlay_io.h"
#include "nfs/overlay_store_io.h"

struct el_nfs_overlay {
    struct el_nfs_volume volume;
    struct el_nfs_tree *tree;
    struct el_nfs_volume *lower;
    const struct el_nfs_keys *keys;
    struct el_nfs_files *files;
    struct el_nfs_store *store;
    int dir, data; /* open directories */
};

static inline struct el_nfs_overlay *el_nfs_overlay_of(struct el_nfs_volume *volume)
{
    return (struct el_nfs_overlay *)volume;
}

static inline bool el_nfs_overlay_is_below(uint64_t id)
{
    return id < EL_NFS_OVERLAY_FIRST;
}

/* -- overlay_io.c: looking -- */

/* What is known here of NODE, with the attributes as they are; EL_NFS_E_NOENT if it is as below. */
enum el_nfs_status el_nfs_overlay_get(struct el_nfs_overlay *o, uint64_t id,
                                      struct el_nfs_inode *inode);
/* The same, and if it is as below, what it would be here. */
enum el_nfs_status el_nfs_overlay_look(struct el_nfs_overlay *o, const struct el_nfs_node *node,
                                       struct el_nfs_inode *inode);
enum el_nfs_status el_nfs_overlay_getattr(struct el_nfs_volume *volume,
                                          const struct el_nfs_node *node, struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_lookup(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *dir, const char *name,
                                         struct el_nfs_node *node, struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_parent(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *dir, struct el_nfs_node *node,
                                         struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_list(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                       el_nfs_name_cb *cb, void *cb_arg);
/* Whether the tree below has NAME where DIR is below. */
bool el_nfs_overlay_is_in_lower(struct el_nfs_overlay *o, const struct el_nfs_inode *dir,
                                const char *name);

/* -- overlay_data_io.c: bytes -- */

enum el_nfs_status el_nfs_overlay_open(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       struct el_nfs_file **file, struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_write(struct el_nfs_volume *volume,
                                        const struct el_nfs_node *node, uint64_t offset,
                                        const uint8_t *bytes, size_t len, bool sync,
                                        struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_commit(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *node);
/* Makes the bytes of INODE ours, at most LIMIT of them, unless they are; the caller puts the inode.
 * In a transaction. */
enum el_nfs_status el_nfs_overlay_own(struct el_nfs_overlay *o, struct el_nfs_inode *inode,
                                      uint64_t limit);
/* Of one that is ours: cuts or lengthens it. */
enum el_nfs_status el_nfs_overlay_resize(struct el_nfs_overlay *o, uint64_t id, uint64_t size);
/* Of one that is ours: sets the times of its bytes, as CHANGE says. */
enum el_nfs_status el_nfs_overlay_set_times(struct el_nfs_overlay *o, uint64_t id,
                                            const struct el_nfs_change *change);
/* Size and times of one that is ours, from the file that has its bytes. */
enum el_nfs_status el_nfs_overlay_measure(struct el_nfs_overlay *o, struct el_nfs_inode *inode);
/* Removes the bytes. */
void el_nfs_overlay_discard(struct el_nfs_overlay *o, uint64_t id);

/* -- overlay_change_io.c: everything else that changes something -- */

enum el_nfs_status el_nfs_overlay_setattr(struct el_nfs_volume *volume,
                                          const struct el_nfs_node *node,
                                          const struct el_nfs_change *change,
                                          struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_make(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                       const char *name, const struct el_nfs_making *making,
                                       struct el_nfs_node *node, struct el_nfs_attr *attr);
enum el_nfs_status el_nfs_overlay_remove(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *dir, const char *name,
                                         bool directory);
enum el_nfs_status el_nfs_overlay_rename(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *from_dir, const char *from,
                                         const struct el_nfs_node *to_dir, const char *to);
enum el_nfs_status el_nfs_overlay_link(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       const struct el_nfs_node *dir, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the procedures of NFS version 3 have in common (RFC 1813 §2, §3). */
#ifndef EL_NFS_NFS3_H
#define EL_NFS_NFS3_H

#include "nfs/exchange.h"

/* A file that a call is about. */
struct el_nfs_target {
    struct el_nfs_volume *volume;
    struct el_nfs_node node;
    struct el_nfs_attr attr;
    bool known; /* attr is filled in */
};

/* A handle as it came. */
struct el_nfs_given {
    const uint8_t *bytes;
    size_t len;
};

/* A name as it came, and what is wrong with it. */
struct el_nfs_name {
    char text[EL_NFS_NAME_MAX + 1];
    enum el_nfs_status status;
};

/* -- arguments -- */

struct el_nfs_given el_nfs_take_handle(struct el_wire *args);
struct el_nfs_name el_nfs_take_name(struct el_wire *args);

/* True if the arguments made sense. */
bool el_nfs_taken(const struct el_nfs_exchange *x);

/* The file behind a handle, with its attributes. */
enum el_nfs_status el_nfs_find(struct el_nfs_exchange *x, const struct el_nfs_given *given,
                               struct el_nfs_target *target);

/* The same, without a look at the file: the volume and the node alone. */
enum el_nfs_status el_nfs_aim(struct el_nfs_exchange *x, const struct el_nfs_given *given,
                              struct el_nfs_target *target);

/* Looks again: after a change. */
void el_nfs_look_again(struct el_nfs_target *target);

/* -- rights: what its kernel says of a machine's users -- */

enum { EL_NFS_MAY_EXEC = 1, EL_NFS_MAY_WRITE = 2, EL_NFS_MAY_READ = 4 };

bool el_nfs_may(const struct el_nfs_cred *cred, const struct el_nfs_attr *attr, unsigned rights);
bool el_nfs_owns(const struct el_nfs_cred *cred, const struct el_nfs_attr *attr);
bool el_nfs_in_group(const struct el_nfs_cred *cred, uint32_t gid);

/* -- results -- */

void el_nfs_put_status(struct el_nfs_exchange *x, enum el_nfs_status status);
void el_nfs_put_attr(struct el_nfs_exchange *x, const struct el_nfs_target *target);
/* post_op_attr: nothing if it is not known, or TARGET is NULL. */
void el_nfs_put_post(struct el_nfs_exchange *x, const struct el_nfs_target *target);
void el_nfs_put_handle(struct el_nfs_exchange *x, const struct el_nfs_volume *volume,
                       const struct el_nfs_node *node);
/* post_op_fh3 and post_op_attr of something new. */
void el_nfs_put_new(struct el_nfs_exchange *x, const struct el_nfs_target *target);
/* wcc_data: BEFORE as it was (NULL: not known), AFTER as it is now. */
void el_nfs_put_wcc(struct el_nfs_exchange *x, const struct el_nfs_attr *before,
                    const struct el_nfs_target *after);

/* -- the procedures, in files by topic -- */

extern el_nfs_serve el_nfs_getattr, el_nfs_lookup, el_nfs_access, el_nfs_readlink, el_nfs_fsstat,
    el_nfs_fsinfo, el_nfs_pathconf;                           /* nfs3_look.c */
extern el_nfs_serve el_nfs_readdir, el_nfs_readdirplus;       /* nfs3_dir.c */
extern el_nfs_serve el_nfs_read, el_nfs_write, el_nfs_commit; /* nfs3_data.c */
extern el_nfs_serve el_nfs_setattr, el_nfs_create, el_nfs_mkdir, el_nfs_symlink, el_nfs_mknod,
    el_nfs_remove, el_nfs_rmdir, el_nfs_rename, el_nfs_link; /* nfs3_change.c */

#endif

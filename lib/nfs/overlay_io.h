/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume of one machine's own, over a tree that is only read: what the machine changes is kept
 * beside, in a directory of its own, and stays over restarts.
 *
 *     DIR/MACHINE/overlay.db    what is otherwise than below (overlay_store_io.h)
 *     DIR/MACHINE/data/ID       the bytes of files that were written to
 *
 * A file is copied whole when it is written to for the first time, but not for being cut to
 * nothing. Its number stays, and with it every handle. Directories are not copied: one that was
 * renamed is still looked up where it is below. Owners, modes and devices are what the machine says
 * they are; on our side everything is a plain file of this process.
 *
 * The tree below has to stay as it is: an overlay speaks of its files by number and path.
 */
#ifndef EL_NFS_OVERLAY_IO_H
#define EL_NFS_OVERLAY_IO_H

#include "nfs/nfs.h"

struct el_nfs_overlay_dir {
    int fd;           /* DIR, open; must be writable */
    const char *name; /* for messages */
    const struct el_nfs_keys *keys;
    struct el_nfs_files *files;
};

/* The maker of overlays in DIR, which must outlive it. Each open overlay has a database and two
 * directories open. */
struct el_nfs_overlays el_nfs_overlays_in(struct el_nfs_overlay_dir *dir);

#endif

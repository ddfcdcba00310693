/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be exported over NFS: a directory, or the files in an image of a disk. */
#ifndef EL_SERVICE_NFS_EXPORT_H
#define EL_SERVICE_NFS_EXPORT_H

#include "base/err.h"
#include "nfs/nfs.h"

/* Exports what FD is, which is the export's from now on, also on failure, as PATH. */
int el_nfs_export_fd(struct el_nfs *nfs, const char *path, int fd,
                     const struct el_nfs_overlays *overlays, struct el_err *err);

/* What of FD may be opened by name, once it is exported, for el_sys_confine(): FD, if it is a
 * directory; of an image nothing, -1. */
int el_nfs_export_place(int fd);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory as a source: everything beneath it as this process may see it, other file systems
 * that are mounted there included. There is no way out of it (sys/beneath.h); symbolic links are
 * told, not followed. What we may not read is seen and cannot be read.
 */
#ifndef EL_NFS_SOURCE_DIR_IO_H
#define EL_NFS_SOURCE_DIR_IO_H

#include "base/err.h"
#include "nfs/source.h"

#include <sys/stat.h>

/* FD, an open directory, is the source's from now on, also on failure. 0; EL_EINVAL: it is none;
 * EL_ENOMEM, EL_EIO. */
int el_nfs_source_dir(int fd, struct el_nfs_source *source);

/* What a stat(2) says, in the protocol's words; the number apart. */
void el_nfs_attr_of_stat(const struct stat *st, struct el_nfs_attr *attr);

/* The status that stands for an errno. */
enum el_nfs_status el_nfs_status_of_errno(int reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sources as one: what the first does not have is looked for in the second. A directory that
 * both have lists the names of both. For the library of images: its directories as they are, and
 * behind them what is in their disk images.
 */
#ifndef EL_NFS_SOURCE_UNION_H
#define EL_NFS_SOURCE_UNION_H

#include "nfs/source.h"

/* Both are the union's from now on, also on failure. 0 or EL_ENOMEM. */
int el_nfs_source_union(const struct el_nfs_source *first, const struct el_nfs_source *second,
                        struct el_nfs_source *source);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Content as a source: files and directories by name, readable by all, nobody's but root's. For an
 * ISO image, which lives as content.
 */
#ifndef EL_NFS_SOURCE_CONTENT_H
#define EL_NFS_SOURCE_CONTENT_H

#include "nfs/source.h"

/* CONTENT, which must be listable, must outlive the source. */
struct el_nfs_source el_nfs_source_content(const struct el_content *content);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that were read last, kept open: a client reads a file in many calls, each of which
 * names it by its handle alone. Shared by all volumes of a server.
 */
#ifndef EL_NFS_FILES_H
#define EL_NFS_FILES_H

#include "nfs/volume.h"

enum { EL_NFS_OPEN_FILES = 128 };

struct el_nfs_files;

struct el_nfs_files *el_nfs_files_new(void); /* NULL if out of memory */
void el_nfs_files_free(struct el_nfs_files *files);

/* A further reference to the file FILE of VOLUME, or NULL if it is not kept. */
struct el_nfs_file *el_nfs_files_get(struct el_nfs_files *files, uint64_t volume, uint64_t file);

/* Keeps CONTENT, which is the cache's from now on, also on failure, and gives a reference to it;
 * NULL if out of memory. */
struct el_nfs_file *el_nfs_files_put(struct el_nfs_files *files, uint64_t volume, uint64_t file,
                                     const struct el_nfs_file *opened);

/* Forgets a file, or with FILE 0 all of VOLUME; whoever reads it still has it open. */
void el_nfs_files_forget(struct el_nfs_files *files, uint64_t volume, uint64_t file);

#endif

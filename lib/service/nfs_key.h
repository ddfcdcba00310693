/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key of NFS handles (nfs/handle.h): made once, kept as STATE/nfs.key. */
#ifndef EL_SERVICE_NFS_KEY_H
#define EL_SERVICE_NFS_KEY_H

#include "base/err.h"
#include "nfs/handle.h"

/* Reads the key in the open directory STATE_DIR, or makes one there. -1: a key for this run only,
 * whose end all handles share. 0 or an error with its sentence. */
int el_nfs_key_load(int state_dir, uint8_t key[EL_NFS_KEY], struct el_err *err);

#endif

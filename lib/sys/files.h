/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files: keys, configuration, what must survive. */
#ifndef EL_SYS_FILES_H
#define EL_SYS_FILES_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads a whole file of at most CAPACITY bytes into BYTES (for a secret: memory from
 * sodium_malloc). Its length, or EL_EFULL if it is larger, or another error. "-" is standard
 * input; a pipe will do. */
int el_sys_file_read(const char *path, void *bytes, size_t capacity, struct el_err *err);

/* The same for a key: warns in the log if others than the owner may read or write the file. */
int el_sys_file_read_secret(const char *path, void *bytes, size_t capacity, struct el_err *err);

/* Writes a file so that, whatever happens in between, PATH is either the old or the new one, whole:
 * a temporary file beside it, fsync, rename, fsync of the directory. */
int el_sys_file_write(const char *path, const void *bytes, size_t len, mode_t mode,
                      struct el_err *err);

/* Makes the directory PATH (and its parents, with 0755) if it is not there, with exactly MODE.
 * One that is there is left as it is. */
int el_sys_dir_make(const char *path, mode_t mode, struct el_err *err);

/* Makes UID, and the group of that number, the owner of the open directory FD and of the regular
 * files in it, which were another user's of ours. Files with several names are left alone: whoever
 * owned the directory may have made one of them of a file of somebody else's. */
int el_sys_dir_give(int fd, const char *path, uid_t uid, struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening what is beneath a directory, and nothing else, whoever renames or links what meanwhile:
 * the kernel resolves the whole name with openat2(2) (RESOLVE_BENEATH, no symbolic links, no magic
 * links); where there is no openat2 (before Linux 5.6, or a seccomp filter that does not know it)
 * the name is walked one segment at a time without following links.
 */
#ifndef EL_SYS_BENEATH_H
#define EL_SYS_BENEATH_H

#include <stdbool.h>

/* Opens NAME beneath the directory ROOT_FD, for which O_PATH is enough, as open(2) does with FLAGS:
 * segments separated by single slashes, or "." for the root itself. A symbolic link at the end is
 * opened only with O_PATH | O_NOFOLLOW, as itself. *WALK says not to try openat2, and is set where
 * there is none. The descriptor, or -1 with errno: ELOOP for a link, EXDEV for a way out. */
int el_sys_beneath_open(int root_fd, bool *walk, const char *name, int flags);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Content that stands in a directory: regular files beneath a root, and nothing else.
 *
 * Nothing outside the root is ever opened, whoever renames or links what meanwhile (sys/beneath.h).
 * FIFOs and devices are refused without waiting for anybody on their other end.
 */
#ifndef EL_CONTENT_CONTENT_IO_H
#define EL_CONTENT_CONTENT_IO_H

#include "base/err.h"
#include "content/content.h"

struct el_content_dir {
    int root_fd;
    bool walk; /* do not try openat2 */
};

/* Opens the directory PATH as the root; PATH itself may be a symbolic link. Fills ERR on failure.
 */
int el_content_dir_open(struct el_content_dir *dir, const char *path, struct el_err *err);

void el_content_dir_close(struct el_content_dir *dir);

/* The source; DIR must outlive it. */
struct el_content el_content_dir(struct el_content_dir *dir);

#endif

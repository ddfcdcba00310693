/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A control socket: how root asks a running process. A Unix stream socket of mode 0600, in the file
 * system, so that who may ask is said once more by the path to it.
 */
#ifndef EL_SYS_CONTROL_H
#define EL_SYS_CONTROL_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum { EL_SYS_CONTROL_PATH = 108 }; /* bytes of a path, with its NUL: unix(7) */

/* A socket that listens; zeros and an fd of -1: none. */
struct el_sys_control {
    int fd;
    char path[EL_SYS_CONTROL_PATH];
    dev_t device; /* of its file, so that nobody else's is removed in its place */
    ino_t inode;
};

/* Makes it at PATH, and PATH's directory if it is not there. What a process that is dead has left
 * behind is replaced; EL_EEXIST if a live one listens there, or if there is something else. */
int el_sys_control_listen(const char *path, struct el_sys_control *control, struct el_err *err);

/* Removes the file, if it is still ours, and closes the descriptor, if it still is. */
void el_sys_control_close(struct el_sys_control *control);

/* Connects to PATH. The descriptor; EL_ENOENT: no such socket, or nobody behind it; EL_EPERM. */
int el_sys_control_connect(const char *path, struct el_err *err);

/* Whether root, or the user OWNER, is at the other end of the connected socket FD. */
bool el_sys_control_may_ask(int fd, uid_t owner);

#endif

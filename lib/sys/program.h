/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a program of the site's, which is none of ours: by its whole path, without a shell, as a
 * user without rights here.
 *
 * It has: standard input from /dev/null; standard output and error where our error goes; no other
 * descriptor; / as its directory; the environment that is given, and no more; a session of its own.
 * It has no capabilities of ours unless it is root, cannot gain rights by executing (no_new_privs),
 * leaves no core dump, and is killed when we die, even by SIGKILL. What it has started itself is
 * killed with it by el_sys_program_kill().
 */
#ifndef EL_SYS_PROGRAM_H
#define EL_SYS_PROGRAM_H

#include "sys/child.h"

#include <sys/types.h>

/* Who runs it. A uid of 0: whoever we are. */
struct el_sys_user {
    uid_t uid;
    gid_t gid;
};

struct el_sys_program {
    const char *const *argv;        /* NULL-terminated; argv[0] is the path, from / */
    const char *const *environment; /* "NAME=value", NULL-terminated */
    struct el_sys_user user;
};

/* TEXT, a name in /etc/passwd or a number (whose group has the same), as USER. EL_ENOENT: nobody is
 * called so; EL_EINVAL: that is root. */
int el_sys_user_find(const char *text, struct el_sys_user *user, struct el_err *err);

/* That PATH is whole, a file, and one that USER may execute, as far as it says itself: directories
 * on the way, and the interpreter of a script, show when it is started. 0 or an error. */
int el_sys_program_check(const char *path, const struct el_sys_user *user, struct el_err *err);

/* CHILD is for el_sys_child_reap(), once its pidfd is readable. */
int el_sys_program_start(const struct el_sys_program *program, struct el_sys_child *child,
                         struct el_err *err);

/* Sends a signal to it and to all that it has started, unless they have left its session. Before it
 * is reaped. */
void el_sys_program_kill(const struct el_sys_child *child, int signum);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting this program again as another applet.
 *
 * Ours, not uv_spawn: between fork and exec LISTEN_PID must become the child's own process id, the
 * parent-death signal must be set and its race closed, and the program is executed by descriptor.
 * A pidfd then tells of the death, so SIGCHLD belongs to nobody and no id can be confused.
 *
 * The child has: standard input from /dev/null; standard output and error as we have them; the
 * named descriptors as 3, 4, …, and no other; an environment of a few known variables; a session of
 * its own, so that Ctrl-C reaches the supervisor alone, which then stops all in order, and so that
 * it cannot push input into the terminal; SIGTERM when the supervisor dies, even by SIGKILL (an
 * order to finish rather than SIGKILL: a lease on its way to disk gets there).
 */
#ifndef EL_SYS_CHILD_H
#define EL_SYS_CHILD_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* A descriptor to be passed on, and the name it can be taken by (sys/fds.h). */
struct el_sys_named_fd {
    const char *name; /* letters, digits, '-', '_', '.': less than EL_SYS_FD_NAME */
    int fd;
};

struct el_sys_child {
    pid_t pid;
    int pidfd; /* readable when the child is dead; close-on-exec */
};

/* Once, at the start of main: opens this program's own file (O_PATH), so that it can be executed
 * later although an upgrade has replaced or removed it by then. What runs together is one
 * version. */
int el_sys_exe_open(struct el_err *err);

/* Starts ARGV (NULL-terminated; argv[0] is the program's name, argv[1] the applet's) with FDS. */
int el_sys_child_start(const char *const *argv, const struct el_sys_named_fd *fds, size_t fd_count,
                       struct el_sys_child *child, struct el_err *err);

/* Sends a signal; nothing if it is dead already. */
void el_sys_child_kill(const struct el_sys_child *child, int signum);

/* Once the pidfd is readable: takes the dead child away, closes the pidfd, and gives how it ended
 * as waitpid's status. 0, or EL_EAGAIN if it still lives. */
int el_sys_child_reap(struct el_sys_child *child, int *status);

/* "exit code 1", "killed by signal 11 (Segmentation fault)". Returns TEXT. */
char *el_sys_status_text(int status, char *text, size_t capacity);

#endif

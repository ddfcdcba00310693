/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What starting an applet (child.c) and starting somebody else's program (program.c) have in
 * common.
 *
 * After fork only async-signal-safe calls are made (a thread may have held malloc's lock), so all
 * that the child needs is made ready before.
 */
#ifndef EL_SYS_CHILD_INTERNAL_H
#define EL_SYS_CHILD_INTERNAL_H

#include "sys/child.h"

/* Runs in the child and becomes the program; if that fails, returns errno. REPORT tells the parent
 * by being closed by exec: it may be moved, and has to stay close-on-exec. */
typedef int el_sys_child_become(void *plan, int *report);

/* Forks, and waits until exec has succeeded or failed. 0 with *CHILD, or errno. */
int el_sys_child_launch(el_sys_child_become *become, void *plan, struct el_sys_child *child);

/* -- in the child -- */

/* Signals as a program expects them, and a session of its own. */
void el_sys_child_begin(void);

/* Asks for SIGNUM when PARENT dies, which is undone when the user changes. If it has died already,
 * this ends. */
void el_sys_child_die_with(pid_t parent, int signum);

/* Descriptors from FIRST on do not survive exec. */
void el_sys_child_close_from(int first);

#endif

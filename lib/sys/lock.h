/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process per state directory: a lock file that says who holds it. The kernel releases the
 * lock when the process dies, however it dies, so there are no stale locks; the file stays.
 */
#ifndef EL_SYS_LOCK_H
#define EL_SYS_LOCK_H

#include "base/err.h"

/* Locks STATE_DIR/NAME.lock and returns the descriptor that holds it (close-on-exec), for
 * el_sys_lock_release. EL_EEXIST with "NAME: already running (pid 123) on STATE_DIR". */
int el_sys_lock(const char *state_dir, const char *name, struct el_err *err);

/* Whether somebody holds it: 1 with the same sentence, 0 if not, or if there is no such directory
 * or lock file. Writes nothing; for an instant it holds a shared lock, which is in the way only of
 * who starts in that very instant. */
int el_sys_lock_held(const char *state_dir, const char *name, struct el_err *err);

void el_sys_lock_release(int fd); /* -1 is allowed */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate between lanes that look at shared state, and whoever changes it: a big-reader lock.
 *
 * Every lane has a mutex of its own and holds it while it works on a batch. Nobody else wants it,
 * as long as nothing changes, so it costs two uncontended atomic operations per batch, in a cache
 * line that no other core asks for. Who wants to change something takes the mutexes of all lanes,
 * and so waits for the end of the batches that are being worked on. That is dear, and meant to be
 * rare. A mutex is not fair: a lane that lets go of its own would have it back before one who waits
 * for it has woken. So there is a turnstile, which who wants all mutexes holds from the first to
 * the last, and which lanes pass only while somebody waits.
 *
 * Order of locks: turnstile, then mutexes by number. A lane holds its mutex only while it waits for
 * nothing: going from shared to exclusive, it lets go of it first.
 */
#ifndef EL_SYS_GATE_H
#define EL_SYS_GATE_H

#include "base/err.h"
#include "base/gate.h"

enum { EL_SYS_GATE_LANES_MAX = 32 };

struct el_sys_gate;

/* For threads 0..LANES-1, each of which is in no mode. EL_EINVAL, EL_ENOMEM. */
int el_sys_gate_new(unsigned lanes, struct el_sys_gate **gate);
void el_sys_gate_free(struct el_sys_gate *gate); /* NULL is allowed */

/* CHANGED is called by LANE, still in exclusive mode, when it is about to leave it. */
typedef void el_sys_gate_changed_cb(void *arg, unsigned lane);
void el_sys_gate_on_changed(struct el_sys_gate *gate, el_sys_gate_changed_cb *changed, void *arg);

/* The functions of the gate: see there. At most 8 deep. */
struct el_gate el_sys_gate_functions(struct el_sys_gate *gate);

#endif

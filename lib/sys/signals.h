/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals, as calls from the loop. */
#ifndef EL_SYS_SIGNALS_H
#define EL_SYS_SIGNALS_H

#include "base/err.h"

#include <uv.h>

struct el_sys_signals;

/* SIGNUM is SIGINT, SIGTERM or SIGHUP. */
typedef void el_sys_signal_cb(void *arg, int signum);

/* At the start of main: SIGPIPE is ignored (a lost connection is an error code, not a death),
 * SIGCHLD is not, and nothing is blocked, whatever the parent has left us. */
void el_sys_signals_reset(void);

/* Calls CB from LOOP for SIGINT, SIGTERM and SIGHUP, but for those that we were started to ignore
 * (nohup). Does not keep the loop alive. */
int el_sys_signals_watch(uv_loop_t *loop, el_sys_signal_cb *cb, void *arg,
                         struct el_sys_signals **signals, struct el_err *err);

/* Back to the default actions; freed when the loop has come round. NULL is allowed. */
void el_sys_signals_free(struct el_sys_signals *signals);

#endif

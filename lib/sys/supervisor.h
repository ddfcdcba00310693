/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent of applets: starts them (sys/child.h), starts them again when they die
 * (sys/backoff.h), and ends them in order.
 *
 * An applet's descriptors are kept open here, so what waits in its sockets while it is dead is
 * there for its successor, and a port once bound is never lost.
 */
#ifndef EL_SYS_SUPERVISOR_H
#define EL_SYS_SUPERVISOR_H

#include "base/err.h"
#include "base/time.h"
#include "sys/child.h"

#include <stdbool.h>
#include <uv.h>

#define EL_SYS_STOP_PATIENCE (5 * EL_S) /* from SIGTERM to SIGKILL */

enum { EL_SYS_APPLETS = 32 }; /* at most so many under one supervisor */

struct el_sys_supervisor;
struct el_sys_applet;

/* Any may be NULL. From the loop, except where el_sys_supervisor_stop says otherwise. */
struct el_sys_supervisor_events {
    /* It said that it is ready (el_sys_notify_ready); again after each restart. */
    void (*ready)(void *arg, struct el_sys_applet *applet);
    /* It died, with waitpid's STATUS. It will be started again, unless we are stopping. */
    void (*died)(void *arg, struct el_sys_applet *applet, int status);
    /* It is about to be started again: the moment for el_sys_applet_replace_fd. */
    void (*restarting)(void *arg, struct el_sys_applet *applet);
    /* After el_sys_supervisor_stop: the last one is dead. The supervisor may be freed here. */
    void (*stopped)(void *arg);
};

/* A supervisor on LOOP (el_net_kernel_loop), which must outlive it by one round. */
int el_sys_supervisor_new(uv_loop_t *loop, const struct el_sys_supervisor_events *events, void *arg,
                          struct el_sys_supervisor **supervisor, struct el_err *err);

struct el_sys_applet_config {
    const char *const *argv;           /* "el2w", applet, options…, NULL; copied */
    const struct el_sys_named_fd *fds; /* duplicated; the caller closes its own */
    size_t fd_count;                   /* at most EL_SYS_FDS - 1: one more is "notify" */
};

/* Starts an applet under supervision. It is owned by the supervisor. An error if this first start
 * fails. */
int el_sys_supervisor_add(struct el_sys_supervisor *supervisor,
                          const struct el_sys_applet_config *config, struct el_sys_applet **applet,
                          struct el_err *err);

/* SIGTERM to APPLET, and SIGKILL if it is still there after EL_SYS_STOP_PATIENCE. It is not started
 * again, nothing is told of it any more, and it must not be used any more. */
void el_sys_supervisor_remove(struct el_sys_supervisor *supervisor, struct el_sys_applet *applet);

const char *el_sys_applet_name(const struct el_sys_applet *applet); /* argv[1] */
pid_t el_sys_applet_pid(const struct el_sys_applet *applet);        /* 0 while it is dead */
bool el_sys_applet_is_ready(const struct el_sys_applet *applet);

/* From its next start on it gets a duplicate of FD under NAME, which it had another one under: the
 * old one leads nowhere any more. 0, EL_ENOENT, or an error of dup. */
int el_sys_applet_replace_fd(struct el_sys_applet *applet, const char *name, int fd);

/* When all are stopped, APPLET is told before the others, which wait until it is dead: it has
 * something to say by them. */
void el_sys_applet_end_first(struct el_sys_applet *applet);

/* SIGTERM to all, SIGKILL to who is still there after EL_SYS_STOP_PATIENCE; then `stopped` is
 * called (from within this call if there is nothing to stop). A second call kills at once. */
void el_sys_supervisor_stop(struct el_sys_supervisor *supervisor);

/* Kills what still lives, without callbacks, and frees. NULL is allowed. */
void el_sys_supervisor_free(struct el_sys_supervisor *supervisor);

#endif

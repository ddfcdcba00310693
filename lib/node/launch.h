/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hub and spoke have in common: one instance per state directory, a loop, applets under
 * supervision, and an orderly end on SIGTERM or SIGINT.
 *
 * Running the same command again changes nothing: if one is running on the state directory with the
 * same configuration, the second one says so and is content.
 */
#ifndef EL_NODE_LAUNCH_H
#define EL_NODE_LAUNCH_H

#include "base/err.h"
#include "sys/child.h"
#include "sys/fds.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { EL_LAUNCH_FDS = 90 };
enum { EL_LAUNCH_GAVE_UP = 3 }; /* exit code of an applet that is not to be started again */
enum { EL_LAUNCH_RUNNING = 1 }; /* el_launch_new: one is running already, with this configuration */

struct el_launch;

/* NAME is "hub" or "spoke"; CONFIG the effective configuration as text. Makes the state directory,
 * takes the lock, remembers the configuration. 0, EL_LAUNCH_RUNNING with a sentence in ERR, or an
 * error. */
int el_launch_new(const char *name, const char *state_dir, const char *config,
                  struct el_launch **launch, struct el_err *err);
void el_launch_free(struct el_launch *launch); /* NULL is allowed */

/* Whether NAME runs on STATE_DIR: 1 with *CONFIG, what it was started with (the caller's to free),
 * and a sentence in ERR; 0 if not; an error if that cannot be told. Changes nothing. */
int el_launch_running(const char *name, const char *state_dir, char **config, struct el_err *err);

/* A directory below the state directory that only the applet called NAME here can open: its
 * descriptor, to be passed on as "state". Ask right before el_launch_applet(): the user is the next
 * applet's. */
int el_launch_state_dir(struct el_launch *launch, const char *name, struct el_err *err);

/* The same for the directory PATH, which is anywhere. */
int el_launch_dir(struct el_launch *launch, const char *path, struct el_err *err);

/* Descriptors for an applet, being collected. Zeros at first; stays where it is, as the names of
 * the items are its own. */
struct el_launch_fds {
    struct el_sys_named_fd items[EL_LAUNCH_FDS];
    unsigned count;
    char names[EL_LAUNCH_FDS][EL_SYS_FD_NAME];
};

/* Adds FD, which is the collection's from now on, under NAME, which is copied. Returns FD; a
 * negative one is an error code that passes through and is not added. */
int el_launch_fds_add(struct el_launch_fds *fds, const char *name, int fd);

/* Opens the tunnel's control socket (see el_control_open()) and adds it as "control"; the launch
 * removes it when it ends. */
int el_launch_control(struct el_launch *launch, const char *said, const char *network,
                      struct el_launch_fds *fds, struct el_err *err);

/* Starts APPLET under supervision, with OPTIONS (lines of an INI file) and copies of FDS. It is
 * called NAME here, and nothing else is. It will run as a user of its own. FDS are closed, whatever
 * happens; with an OPTIONS of NULL nothing else happens. EL_EFULL beyond EL_SYS_UIDS of them. */
int el_launch_applet(struct el_launch *launch, const char *applet, const char *name,
                     const char *options, struct el_launch_fds *fds, struct el_err *err);

/* Ends the applet called NAME for good, in order; nothing if there is none. */
void el_launch_remove(struct el_launch *launch, const char *name);

/* When the launch ends, the applet called NAME ends before the others are told to. */
void el_launch_end_first(struct el_launch *launch, const char *name);

/* CB is called before an applet that died is started again, with its name; the place for
 * el_launch_replace(). */
typedef void el_launch_restart_cb(void *arg, const char *applet);
void el_launch_on_restart(struct el_launch *launch, el_launch_restart_cb *cb, void *arg);

/* CB is called when the applet called NAME is ready, and when it has died. */
typedef void el_launch_ready_cb(void *arg, const char *name, bool ready);
void el_launch_on_ready(struct el_launch *launch, el_launch_ready_cb *cb, void *arg);

/* From now on the applet called NAME is started with FD under FD_NAME. FD is closed. */
int el_launch_replace(struct el_launch *launch, const char *name, const char *fd_name, int fd);

/* The loop that el_launch_run() runs. */
uv_loop_t *el_launch_loop(struct el_launch *launch);

/* Runs until SIGTERM or SIGINT, and the end of all applets. Says "ready" when all of them are. 0,
 * or EL_EAGAIN if one gave up (EL_LAUNCH_GAVE_UP), having said why. */
int el_launch_run(struct el_launch *launch);

/* Ends all applets in order, and then el_launch_run(), as SIGTERM does. */
void el_launch_stop(struct el_launch *launch);

/* Ends el_launch_run() after the callback that calls it; what runs goes on, and so does
 * el_launch_run() when it is called again. */
void el_launch_pause(struct el_launch *launch);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are unless it is said: root's in the places of the system, a plain user's in his own
 * (XDG Base Directory Specification 0.8; what is not an absolute path is ignored, as it demands).
 */
#ifndef EL_NODE_PLACES_H
#define EL_NODE_PLACES_H

#include "base/err.h"
#include "sys/control.h"

#define EL_PLACES_STATE "/var/lib/el2w" /* root's */

enum { EL_PLACES_PATH = 4096 };

/* The state directory: EL_PLACES_STATE, or $XDG_STATE_HOME/el2w, or ~/.local/state/el2w. EL_ENOENT:
 * the user has no home. */
int el_places_state(char path[EL_PLACES_PATH], struct el_err *err);

/* The directory of sockets: EL_CONTROL_DIRECTORY (node/control.h), or $XDG_RUNTIME_DIR/el2w, or
 * what el_places_state() says. EL_EINVAL: it is too long for sockets. */
int el_places_sockets(char path[EL_SYS_CONTROL_PATH], struct el_err *err);

/* A hub's API: SAID, or hub.sock in that directory. */
int el_places_api(const char *said, char path[EL_SYS_CONTROL_PATH], struct el_err *err);

#endif

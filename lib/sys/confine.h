/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an applet can still reach, once it has given up its privileges: Landlock (landlock(7)).
 *
 * A user id of nobody's can still read every file that is open to all, make files in /tmp, and
 * connect to whatever this host can. An applet that was broken into needs no more to look around;
 * what it serves needs none of it.
 */
#ifndef EL_SYS_CONFINE_H
#define EL_SYS_CONFINE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A directory, and what is beneath it. */
struct el_sys_place {
    int fd;     /* open, O_PATH is enough; stays the caller's; -1: no place */
    bool write; /* files may be made, written and removed, and directories made, not only
                 * read */
};

struct el_sys_confine_config {
    const struct el_sys_place *places;
    size_t count;
    bool resolver; /* names are looked up: its configuration may be read, its port connected to */
    const uint16_t *ports; /* of TCP, that may be connected to as well */
    size_t port_count;
    bool any_port; /* any port of TCP may be connected to */
};

/* From now on nothing is opened by name outside the places, no program is executed, no TCP port is
 * bound or, but for those named, connected to, no process outside is signalled; descriptors that
 * are open stay as they are, and so does UDP. After el_sys_drop(), and before the first thread is
 * started. It does what this kernel can: nothing before Linux 5.13 or with Landlock off, TCP
 * from 6.7, signals from 6.12. 1: confined; 0: the kernel cannot; or an error. */
int el_sys_confine(const struct el_sys_confine_config *config, struct el_err *err);

#endif

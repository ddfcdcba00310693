/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that whoever started us has opened for us, by name: the protocol of systemd's socket
 * activation (sd_listen_fds_with_names(3)), LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES.
 *
 * An applet asks for what it needs by name and opens it itself if it was not given. So an applet
 * run by hand, under our supervisor, and from a systemd .socket unit (FileDescriptorName=) is the
 * same code:
 *
 *     config.inherited_fd = el_sys_fds_take("dhcp");
 *
 * What was inherited is a fact of the process, like its environment, and so is this table.
 */
#ifndef EL_SYS_FDS_H
#define EL_SYS_FDS_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

enum {
    EL_SYS_FDS_FIRST = 3, /* systemd's SD_LISTEN_FDS_START */
    EL_SYS_FDS = 96,      /* at most so many */
    EL_SYS_FD_NAME = 64,  /* bytes of a name, with its NUL */
};

struct el_sys_fds {
    size_t count;
    char names[EL_SYS_FDS][EL_SYS_FD_NAME]; /* of descriptor 3 + index; "" once it is taken */
};

/* Once, at the very start of main: opens /dev/null for what is closed of standard input, output and
 * error, reads the environment and removes the three variables from it, and sets close-on-exec on
 * what was inherited. 0, or EL_EINVAL with a sentence if the variables are meant for us
 * (LISTEN_PID) and make no sense or a descriptor is not open. */
int el_sys_fds_inherit(struct el_err *err);

/* The descriptor called NAME, which is the caller's from now on; -1 if there is none (left). Two
 * of the same name are given one after the other. */
int el_sys_fds_take(const char *name);

/* The same, but it stays in the table: for a look beforehand. */
int el_sys_fds_peek(const char *name);

/* Closes what nobody took and logs its names: a supervisor and an applet that do not agree. */
void el_sys_fds_close_rest(void);

/* Pure: what the values of the three variables (NULL if not set) mean for the process SELF. count
 * is 0 if they are not for it. Unnamed descriptors are called "unknown", as systemd does. 0 or
 * EL_EINVAL. */
int el_sys_fds_parse(const char *pid, const char *count, const char *names, pid_t self,
                     struct el_sys_fds *fds);

#endif

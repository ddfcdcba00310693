/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privileges, for good. An applet does it itself, when it holds the descriptors it needs
 * and before it reads the first byte from the network.
 *
 * Each applet has a user id of its own, which is nobody's: from the range that systemd keeps for
 * dynamic users (61184…65519, uids.systemd.io), so it is in no /etc/passwd. A broken applet can
 * neither signal nor trace another, nor open anything by name that is not open to all.
 */
#ifndef EL_SYS_DROP_H
#define EL_SYS_DROP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    EL_SYS_UID_FIRST = 61184,
    EL_SYS_UID_LAST = 65519,
    EL_SYS_UIDS = 16, /* for one node */
};

/* The user (and group) id of the applet INDEX (0…EL_SYS_UIDS-1) of the node whose state directory
 * is STATE_DIR: stable, and apart from other nodes on this host as well as 271 slots allow. */
uid_t el_sys_drop_uid(const char *state_dir, unsigned index);

/* Whether we are root, and not one without any capability, as in a container that was left none: he
 * cannot become anybody else, nor give files away. */
bool el_sys_drop_is_root(void);

/* The early part, also for the supervisor: umask 077, and no core dump (there are keys in it). */
void el_sys_drop_early(void);

struct el_sys_drop_config {
    uid_t uid; /* 0: stay who we are, but without any capability */
    gid_t gid;
    uint64_t open_files; /* RLIMIT_NOFILE; 0: as it is */
    uint64_t memory;     /* RLIMIT_AS in bytes; 0: as it is */
};

/* Gives up everything: groups, ids, all capability sets and the bounding set, new privileges by
 * execve, being traced and dumped. Whoever is not root keeps its ids and gives up the rest.
 * Afterwards it is checked that root cannot be regained. The parent-death signal, which the kernel
 * takes away when ids change, is set again; if the parent is dead by then, that is an error too.
 * Before the first thread is started: capabilities belong to threads. On an error the caller must
 * exit. */
int el_sys_drop(const struct el_sys_drop_config *config, struct el_err *err);

#endif

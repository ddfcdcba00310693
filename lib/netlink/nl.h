/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef EL_NETLINK_NL_H
#define EL_NETLINK_NL_H

#include "netlink/links.h"

struct nl_sock;

struct el_netlink {
    struct nl_sock *socket;
};

/* Turns libnl's error R into ours and a sentence: "WHAT: REASON", with the remedy where there is
 * one. */
int el_netlink_fail(struct el_err *err, int r, const char *what);

#endif

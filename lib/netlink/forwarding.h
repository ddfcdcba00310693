/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding, borrowed.
 *
 * Linux forwards a packet if the interface that it came in on says so
 * (net.ipv4.conf.NAME.forwarding). For a gateway that is the network's own interface, and, for what
 * comes back, every other one. Where an administrator has switched forwarding on, there is nothing
 * to do. Elsewhere it is borrowed: on as long as anybody needs it, then off again, even if who
 * borrowed it is killed. What is borrowed is to be guarded: nobody has asked for a router there, so
 * the firewall lets nothing begin on it (struct el_firewall_config).
 *
 * IPv6 forwarding is one switch for the whole computer (net.ipv6.conf.all.forwarding). It is
 * borrowed without what comes with it by default: interfaces stay hosts or routers as they were,
 * and keep the routes that router advertisements gave them. While it is, the firewall lets nothing
 * begin on any interface but el2w's.
 *
 * Several hubs on one host share what is borrowed; the last one gives it back. An interface that
 * comes later is not borrowed until the hub starts again.
 */
#ifndef EL_NETLINK_FORWARDING_H
#define EL_NETLINK_FORWARDING_H

#include "base/err.h"
#include "netlink/links.h"

#include <stdbool.h>

enum { EL_FORWARDING_LINKS = 32 }; /* at most so many are borrowed */

/* Where it is written down what is borrowed: memory that a restart of the computer forgets, like
 * the settings themselves. */
#define EL_FORWARDING_DIRECTORY "/run/el2w"

struct el_forwarding;

/* Borrows forwarding on all interfaces but loopback and el2w's own (EL_NETLINK_GROUP); with SIX
 * that of IPv6 too. Starts a process that gives back when we end. EL_EFULL; EL_EPERM or EL_EIO
 * where a setting cannot be changed. */
int el_forwarding_borrow(const char *directory, bool six, struct el_forwarding **forwarding,
                         struct el_err *err);

/* Gives back what nobody else needs, and waits until that is done. NULL is allowed. */
void el_forwarding_return(struct el_forwarding *forwarding);

/* The names of the interfaces that are borrowed, NAMES[COUNT]; owned by FORWARDING. IPv4. */
unsigned el_forwarding_names(const struct el_forwarding *forwarding,
                             const char (**names)[EL_NETLINK_NAME_BYTES]);

/* Whether IPv6's is. NULL is allowed. */
bool el_forwarding_borrows6(const struct el_forwarding *forwarding);

/* Lets the interface NAME, which is ours and takes the setting with it, forward what comes in. With
 * SIX it also tells its neighbours that it is a router. */
int el_forwarding_allow(const char *name, bool six, struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's setting of IPv6 forwarding, changed without anything else changing with it. For this
 * room only.
 *
 * Unlike IPv4's, it is one for the whole computer (net.ipv6.conf.all.forwarding), and to write it
 * makes every interface that of a router: which believes no router advertisement, and loses the
 * default route that it has from one. An interface's own setting of that name is only about that: a
 * neighbour, is it a host or a router (RFC 4861 §7.3.3)?
 */
#ifndef EL_NETLINK_FORWARDING6_H
#define EL_NETLINK_FORWARDING6_H

/* '0' or '1', of an interface, "all" or "default"; 0 if there is no such thing, or no IPv6. */
char el_forwarding6_read(const char *name);

/* Writes that of NAME, "all" or an interface. The settings of others, and the routes that came with
 * router advertisements, are afterwards what they were. 0 or an errno; E2BIG: too many interfaces.
 */
int el_forwarding6_write(const char *name, char value);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port that is one end of a socket pair (SOCK_SEQPACKET), for a program with an IP stack of its
 * own at the other end, which has a port of the same kind. A message is a frame behind the header
 * of virtio-net that says how it is to be cut: super-frames pass as they are.
 */
#ifndef EL_PORT_PAIR_H
#define EL_PORT_PAIR_H

#include "base/err.h"
#include "port/port.h"

/* Both ends, close-on-exec, with room for some super-frames. 0 or a negative error. */
int el_port_pair_open(int fds[2]);

/* Adopts FD, which is closed with the port. Duplicates of one end may be ports of several threads:
 * each frame comes to one of them. 0 or EL_ENOMEM, with FD still the caller's. */
int el_port_from_pair(int fd, const char *name, struct el_port **port);

#endif

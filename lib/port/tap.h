/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TAP interface: the network as the host's own stack sees it.
 *
 * Opening needs privilege and is the supervisor's; using does not, so the descriptor may be handed
 * to another process, which adopts it. The interface lives as long as one descriptor is open.
 */
#ifndef EL_PORT_TAP_H
#define EL_PORT_TAP_H

#include "base/err.h"
#include "port/port.h"

/* Makes (or attaches to a persistent) interface NAME. One that it makes gets a queue long enough
 * for small frames on a busy computer; what exists keeps its own (ip link: txqueuelen). Returns the
 * descriptor: non-blocking and close-on-exec. Errors: EL_ENOENT (no /dev/net/tun), EL_EPERM,
 * EL_EEXIST (in use), EL_EINVAL (a bad name, or an interface of another kind has it). */
int el_tap_open(const char *name, struct el_err *err);

/* The same with up to COUNT queues, for as many lanes: the kernel sends what it has for a flow to
 * the queue that frames of that flow came from last, or deals new flows out. Fills in FDS and
 * returns how many there are: COUNT, or 1 where the interface was made before for one queue only
 * (ip tuntap add without multi_queue). On an error none is open. Each is a port of its own. */
int el_tap_open_queues(const char *name, unsigned count, int fds[], struct el_err *err);

/* Adopts FD, of el_tap_open() here or in another process; on success it is the port's. Asks for
 * all offloads the kernel has: port->uso tells if UDP super-frames are among them. */
int el_port_from_tap(int fd, const char *name, struct el_port **port);

#endif

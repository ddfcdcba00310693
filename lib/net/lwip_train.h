/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lwIP sends on a port, in super-frames: lwIP gives one frame after the other, and a system
 * call for each would cost more than all else it does. The segments that one turn of the loop
 * brings are held and merged (frame/gro.h).
 */
#ifndef EL_NET_LWIP_TRAIN_H
#define EL_NET_LWIP_TRAIN_H

#include "port/port.h"

struct el_lwip_train;

/* NULL if out of memory. PORT stays the caller's. */
struct el_lwip_train *el_lwip_train_new(struct el_port *port);
void el_lwip_train_free(struct el_lwip_train *train); /* NULL is allowed */

/* Takes a frame, copied. 0, or EL_EAGAIN while the port has no room. */
int el_lwip_train_add(struct el_lwip_train *train, const struct el_slice *slices, unsigned count);

/* Sends what is held. Whatever the port has no room for now is kept: nothing is lost. */
void el_lwip_train_flush(struct el_lwip_train *train);

/* True while something is kept that way: flush again when the port has room. */
bool el_lwip_train_is_stuck(const struct el_lwip_train *train);

#endif

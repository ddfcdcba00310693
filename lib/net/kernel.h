/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net/net.h on the kernel's sockets, driven by a libuv loop.
 *
 * The clock is CLOCK_BOOTTIME (sys/clock.h): it goes on while a laptop sleeps, so what expired
 * meanwhile fires on waking. One loop belongs to one thread; a program may have several.
 */
#ifndef EL_NET_KERNEL_H
#define EL_NET_KERNEL_H

#include "net/net.h"

#include <uv.h>

/* A provider with a loop of its own. Free it with el_net_kernel_free. */
int el_net_kernel_new(struct el_net **net, struct el_err *err);

/* Runs the loop until el_net_kernel_stop, or until nothing is left to wait for. */
void el_net_kernel_run(struct el_net *net);

/* Ends el_net_kernel_run after the callback that calls it. From this loop's thread only. */
void el_net_kernel_stop(struct el_net *net);

/* For those who need more than net/net.h: sys/supervisor.h, sys/signals.h, net/resolve.h. */
uv_loop_t *el_net_kernel_loop(struct el_net *net);

/* Closes every socket, stream and timer that is still open (no callback is called), and every
 * foreign handle of the loop without a callback of its own; then frees all of it. NULL is
 * allowed. Not from within a callback. */
void el_net_kernel_free(struct el_net *net);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes by on a network beside what its services' sockets hear: ARP, and what DHCP servers say
 * to clients (UDP port 68). */
#ifndef EL_SERVICE_BOOT_WATCH_H
#define EL_SERVICE_BOOT_WATCH_H

#include "service/boot_ground.h"

struct el_boot_watch;

/* Calls SEE with each such frame, of whatever GROUND stands on, which outlives it. Where the ground
 * hears nothing, nothing is called. 0, or EL_ENOMEM. */
int el_boot_watch_new(struct el_net *kernel, struct el_boot_ground *ground,
                      void (*see)(void *arg, const uint8_t *frame, size_t len), void *arg,
                      struct el_boot_watch **watch, struct el_err *err);

void el_boot_watch_free(struct el_boot_watch *watch); /* NULL is allowed */

#endif

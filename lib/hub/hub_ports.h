/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports that a hub's networks have beside their own (el2w create NAME --network NETWORK), as
 * far as they are the supervisor's: of each an interface on this host, whose queues the tunnel is
 * given. What is behind it, and what addresses it has, is somebody else's business.
 */
#ifndef EL_HUB_HUB_PORTS_H
#define EL_HUB_HUB_PORTS_H

#include "base/err.h"
#include "hub/errand.h"
#include "tunnel/tunnel.h"

#include <stdint.h>

enum { EL_HUB_PORTS = 16 }; /* at once; = EL_FORWARD_PORTS_MAX, with the networks' own */

struct el_hub_ports;

/* With LANES queues for each; their addresses are made of PUBLIC_KEY, the hub's, and their names.
 * NULL if out of memory. */
struct el_hub_ports *el_hub_ports_new(const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                      unsigned lanes);
void el_hub_ports_free(struct el_hub_ports *ports); /* and all interfaces; NULL is allowed */

/* Makes port NAME of network VNI, if it is not there: the number of its queues, which stay ours, in
 * FDS; EL_EEXIST (it is another network's), EL_EFULL, or what stands in its way. */
int el_hub_port_open(struct el_hub_ports *ports, const char *name, uint32_t vni,
                     int fds[EL_ERRAND_FDS], struct el_err *err);

/* Removes it, as soon as the tunnel has closed it; nothing if it is not there. */
void el_hub_port_close(struct el_hub_ports *ports, const char *name);

#endif

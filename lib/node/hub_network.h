/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks of a hub, as far as they need root: of each an interface on this host, whose queues
 * the tunnel is given, and a boot service on it. They come and go while the hub runs.
 */
#ifndef EL_NODE_HUB_NETWORK_H
#define EL_NODE_HUB_NETWORK_H

#include "base/addr.h"
#include "base/err.h"
#include "node/errand.h"
#include "node/hub.h"
#include "node/launch.h"
#include "tunnel/tunnel.h"

#include <stdint.h>

enum { EL_HUB_NETWORKS = 13 }; /* at once: each boot service has a user of its own (sys/drop.h) */

struct el_hub_networks;

/* CONFIG and LAUNCH stay the caller's. With LANES queues for each. NULL if out of memory. */
struct el_hub_networks *el_hub_networks_new(const struct el_hub_config *config,
                                            struct el_launch *launch,
                                            const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                            unsigned lanes);

/* Takes all of them down, but for their boot services, which are the launch's to end. NULL is
 * allowed. */
void el_hub_networks_free(struct el_hub_networks *networks);

/* Checks that CIDR is a range that a network can have: IPv4, /8 to /29. */
int el_hub_network_check(const struct el_prefix *cidr, struct el_err *err);

/* Makes the network that WANTED describes and starts its boot service, if that has not been done:
 * 0. EL_EEXIST if there is another one of that name or VNI; EL_EFULL; or what stands in its way. */
int el_hub_network_open(struct el_hub_networks *networks, const struct el_errand_network *wanted,
                        struct el_err *err);

/* Ends its boot service and removes the interface as soon as the tunnel has closed it; nothing if
 * there is no such network. */
void el_hub_network_close(struct el_hub_networks *networks, const char *name);

/* What the tunnel needs for network NAME: descriptors, which stay ours, of its interface's queues
 * and, behind them, of its end of the locate pair; and the interface's address. Their number, or
 * EL_ENOENT.
 */
int el_hub_network_fds(const struct el_hub_networks *networks, const char *name,
                       int fds[EL_TUNNEL_LANES_MAX + 1], struct el_mac *own);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks of a hub, as far as they are the supervisor's: of each an interface on this host,
 * whose queues the tunnel is given, and a boot service on it. They come and go while the hub runs.
 *
 * Or, of a hub in user space, which needs no privilege at all: a socket pair between the tunnel and
 * the boot service, which has a stack of its own (service/boot_ground.h).
 */
#ifndef EL_HUB_HUB_NETWORK_H
#define EL_HUB_HUB_NETWORK_H

#include "base/addr.h"
#include "base/err.h"
#include "hub/errand.h"
#include "hub/hub.h"
#include "node/launch.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_HUB_NETWORKS = 13 }; /* at once: each boot service has a user of its own (sys/drop.h) */

struct el_hub_networks;

/* CONFIG and LAUNCH stay the caller's. With LANES queues for each. NULL if out of memory or
 * descriptors. */
struct el_hub_networks *el_hub_networks_new(const struct el_hub_config *config,
                                            struct el_launch *launch,
                                            const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                            unsigned lanes);

/* Takes all of them down, but for their boot services, which are the launch's to end. NULL is
 * allowed. */
void el_hub_networks_free(struct el_hub_networks *networks);

/* Checks that CIDR is a range that a network can have: IPv4, /8 to /29. */
int el_hub_network_check(const struct el_prefix *cidr, struct el_err *err);

/* Makes the network that WANTED describes, if it is not there: 0. EL_EEXIST if there is another one
 * of that name or VNI; EL_EFULL; or what stands in its way. */
int el_hub_network_open(struct el_hub_networks *networks, const struct el_errand_network *wanted,
                        struct el_err *err);

/* Starts the boot service of network NAME, if it is not there: 0, EL_ENOENT, or why not. And ends
 * it. */
int el_hub_network_serve(struct el_hub_networks *networks, const char *name, struct el_err *err);
void el_hub_network_unserve(struct el_hub_networks *networks, const char *name);

/* Ends its boot service and removes the interface as soon as the tunnel has closed it; nothing if
 * there is no such network. */
void el_hub_network_close(struct el_hub_networks *networks, const char *name);

/* What the tunnel needs for network NAME: descriptors of its interface's queues, which stay ours,
 * and the interface's address. Their number, or EL_ENOENT. */
int el_hub_network_queues(const struct el_hub_networks *networks, const char *name,
                          int fds[EL_TUNNEL_LANES_MAX], struct el_mac *own);

/* Whether the queues are socket pairs of frames (port/pair.h), and no TAP's. */
bool el_hub_networks_are_framed(const struct el_hub_networks *networks);

/* And for all networks, also those to come: where the tunnel answers the questions of boot services
 * (node/locate.h). They stay ours. */
void el_hub_network_locates(const struct el_hub_networks *networks, int fds[EL_HUB_NETWORKS]);

/* The memory of the last frames of network NAME (timeline/recent.h); it stays ours. -1: none. */
int el_hub_network_recent(const struct el_hub_networks *networks, const char *name);

/* Control's end of the channel to the boot service of network NAME (service/orders.h); it stays
 * ours. EL_ENOENT. */
int el_hub_network_orders(const struct el_hub_networks *networks, const char *name);

/* Whether the boot service of network NAME is ready. */
bool el_hub_network_serves(const struct el_hub_networks *networks, const char *name);

/* Notes that of the one called APPLET: true, with its network's name; false if there is none. */
bool el_hub_network_set_serving(struct el_hub_networks *networks, const char *applet, bool serving,
                                char name[EL_ERRAND_NAME]);

#endif

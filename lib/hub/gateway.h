/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network's way out of this host, and the firewall in front of its services. */
#ifndef EL_HUB_GATEWAY_H
#define EL_HUB_GATEWAY_H

#include "base/addr.h"
#include "base/err.h"
#include "netlink/firewall.h"

#include <stdbool.h>

struct el_gateway;

struct el_gateway_config {
    const char *network;
    struct el_prefix range;  /* the network's addresses: IPv4, */
    struct el_prefix prefix; /* and IPv6; family 0: not let out over that */
    bool firewall;           /* admit SERVICES only */
    const struct el_firewall_service *services;
    size_t service_count;
    bool out;    /* machines are let out, to anywhere but other networks and the tunnel */
    bool routes; /* machines of some network of this host are, so that it forwards */
};

/* Before the interface is made, so that it is never open. A kernel without what the firewall needs
 * is warned of and done without; one without what a gateway needs is an error. */
int el_gateway_open(const struct el_gateway_config *config, struct el_gateway **gateway,
                    struct el_err *err);

/* Once the interface is there. Nothing to do for one that lets nobody out. */
int el_gateway_attach(const struct el_gateway *gateway, struct el_err *err);

/* Everything is as it was. NULL is allowed. */
void el_gateway_close(struct el_gateway *gateway);

enum { EL_GATEWAY_SERVERS = 4 };

/* The DNS servers that this host asks and that machines can ask too, not on this host itself; of
 * FAMILY 4 or 6. How many; of 4, none is warned of. */
unsigned el_gateway_dns(uint8_t family, struct el_ip servers[EL_GATEWAY_SERVERS]);

#endif

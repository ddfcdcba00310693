/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hub_network.c, where networks come and go, shares with hub_service.c, where their boot
 * services do. */
#ifndef EL_HUB_HUB_NETWORK_INSIDE_H
#define EL_HUB_HUB_NETWORK_INSIDE_H

#include "hub/gateway.h"
#include "hub/hub_network.h"

enum {
    EL_HUB_DNS_PORT = 53,
    EL_HUB_DHCP_PORT = 67,
    EL_HUB_DHCP_CLIENT_PORT = 68,
    EL_HUB_BINL_PORT = 4011,
    EL_HUB_TFTP_PORT = 69,
    EL_HUB_SERVICE_NAME = 64, /* of a boot service, with the NUL */
};

struct el_hub_network {
    bool used;
    struct el_errand_network about;
    struct el_prefix address; /* ours */
    struct el_mac own;
    struct el_gateway *gateway;
    bool let_out;
    struct el_prefix prefix6; /* also over IPv6, from there; family 0: not */
    int queues[EL_TUNNEL_LANES_MAX];
    unsigned lanes;
    int port;      /* in user space: the boot service's end of the socket pair; else -1 */
    int locate[2]; /* the tunnel's end, the boot service's: the place's, whoever has it */
    int orders[2]; /* control's end, the boot service's; likewise */
    int recent;    /* the memory of its last frames (timeline/recent.h); -1: none */
    bool served;   /* there is a boot service, */
    bool serving;  /* which is ready */
};

/* What a network is made of here. */
struct el_hub_material {
    int (*start)(struct el_hub_networks *networks, struct el_hub_network *network,
                 struct el_err *err);
    /* Gives the boot service what it needs of that. Negative: an error. */
    int (*open_for_service)(const struct el_hub_networks *networks,
                            const struct el_hub_network *network, struct el_launch_fds *fds,
                            struct el_err *err);
    bool framed;
};

struct el_hub_networks {
    const struct el_hub_material *material;
    const struct el_hub_config *config;
    struct el_launch *launch;
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    unsigned lanes;
    struct el_hub_network items[EL_HUB_NETWORKS];
};

/* NULL: there is none. */
struct el_hub_network *el_hub_network_find(const struct el_hub_networks *networks,
                                           const char *name);

/* What a boot service is given: sockets on the interface; or, in user space, its end of the socket
 * pair. */
int el_hub_service_sockets(const struct el_hub_networks *networks,
                           const struct el_hub_network *network, struct el_launch_fds *fds,
                           struct el_err *err);
int el_hub_service_port(const struct el_hub_networks *networks,
                        const struct el_hub_network *network, struct el_launch_fds *fds,
                        struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub: opens what needs privilege, then supervises its applets. */
#include "node/hub.h"

#include "base/log.h"
#include "node/hub_network.h"
#include "node/key.h"
#include "node/launch.h"
#include "node/queues.h"
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is being put together. */
struct hub {
    const struct el_hub_config *config;
    struct el_launch *launch;
    struct el_hub_networks *networks;
    unsigned lanes;
    int key; /* the key file, until the tunnel has it */
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
};

/* -- the tunnel applet -- */

static char *tunnel_options(const struct hub *hub)
{
    const struct el_hub_config *config = hub->config;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fprintf(out,
            "%snetwork = %s\nvni = %llu\naddress = 100.64.0.1\nprotect = yes\n"
            "control = none\n",
            config->log_options, config->network, (unsigned long long)config->vni);
    for (unsigned i = 0; i < config->spokes.count; i++) {
        fputs("peer = ", out);
        el_node_peer_print(out, &config->spokes.items[i]);
        fputc('\n', out);
    }
    return fclose(out) == 0 ? text : NULL;
}

/* The queues and the locate socket of the network: duplicates, as ours stay open. */
static int open_network(const struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    int ours[EL_TUNNEL_LANES_MAX + 1];
    struct el_mac own;
    int count = el_hub_network_fds(hub->networks, hub->config->network, ours, &own);

    for (int i = 0; i < count; i++) {
        int copy = fcntl(ours[i], F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            return el_err_os(err, errno, "cannot pass a descriptor on");
        if (el_launch_fds_add(fds, i < count - 1 ? "tap" : "locate", copy) < 0)
            return el_err(err, EL_EFULL, "too many descriptors to pass on");
    }
    return count;
}

static int open_for_tunnel(struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    struct el_tunnel_io_options options = {(uint32_t)config->tunnel.mark, config->tunnel.device};
    struct el_node_queues queues;
    int rc = open_network(hub, fds, err);

    if (rc < 0)
        return rc;
    queues.lanes = (unsigned)rc - 1;
    rc = el_node_queues_open_udp(&queues, (uint16_t)config->listen, &options, err);
    if (rc >= 0)
        rc = el_node_queues_pass_udp(fds, &queues, err);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(hub->launch, "tunnel", err));
    if (rc >= 0)
        rc = el_launch_control(hub->launch, config->tunnel.control, config->network, fds, err);
    return rc;
}

static int start_tunnel(struct hub *hub, struct el_err *err)
{
    struct el_launch_fds fds = {.count = 0};
    char *options = tunnel_options(hub);
    int rc = options ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    el_launch_fds_add(&fds, "key", hub->key);
    if (rc == 0)
        rc = open_for_tunnel(hub, &fds, err);
    int started =
        el_launch_applet(hub->launch, "tunnel", "tunnel", rc < 0 ? NULL : options, &fds, err);
    if (options)
        explicit_bzero(options, strlen(options)); /* pre-shared keys */
    free(options);
    return rc < 0 ? rc : started;
}

/* -- all of it -- */

static void say_what_next(const struct hub *hub)
{
    const struct el_prefix *cidr = &hub->config->cidr;
    uint32_t range = el_ip4_number(&cidr->ip) & el_prefix_mask4(cidr->len);
    struct el_ip address = el_ip4(range + 1);
    char key[EL_TUNNEL_KEY_TEXT];

    el_tunnel_key_text(hub->public_key, key);
    EL_LOG(EL_LOG_INFO, "node", "hub", EL_STR("public-key", key),
           EL_UINT("listen", hub->config->listen), EL_STR("network", hub->config->network),
           EL_IP("address", &address), EL_UINT("spokes", hub->config->spokes.count),
           EL_STR("hint", hub->config->spokes.count
                              ? NULL
                              : "no spoke may join yet: start with --spoke NAME=PUBLIC-KEY, which "
                                "el2w keygen prints there"));
}

/* The network of the command line; others are made later. */
static int open_networks(struct hub *hub, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    struct el_errand_network first = {.vni = (uint32_t)config->vni, .cidr = config->cidr};
    int rc = el_node_lanes(config->tunnel.workers, err);

    if (rc < 0)
        return rc;
    hub->lanes = (unsigned)rc;
    if (strlen(config->network) >= sizeof first.name)
        return el_err(err, EL_EINVAL, "network %s: at most %zu characters", config->network,
                      sizeof first.name - 1);
    strcpy(first.name, config->network);
    hub->networks = el_hub_networks_new(config, hub->launch, hub->public_key, hub->lanes);
    return hub->networks ? el_hub_network_open(hub->networks, &first, err)
                         : el_err(err, EL_ENOMEM, "out of memory");
}

static int start_all(struct hub *hub, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    int rc = el_hub_network_check(&config->cidr, err);

    if (rc < 0)
        return rc;
    hub->key = el_node_key_open(config->key, config->state, "hub", hub->public_key, err);
    if (hub->key < 0)
        return hub->key;
    rc = open_networks(hub, err);
    if (rc < 0) {
        close(hub->key);
        return rc;
    }
    return start_tunnel(hub, err);
}

int el_hub_run(const struct el_hub_config *config, struct el_err *err)
{
    struct hub hub = {.config = config};

    if (geteuid() != 0)
        return el_err(err, EL_EPERM,
                      "needs root, to make the network interface and to use the ports of DHCP, "
                      "TFTP and HTTP: sudo el2w hub ...");
    int rc = el_launch_new("hub", config->state, config->options, &hub.launch, err);
    if (rc != 0)
        return rc;
    rc = start_all(&hub, err);
    if (rc == 0) {
        say_what_next(&hub);
        rc = el_launch_run(hub.launch);
    }
    el_launch_free(hub.launch);
    el_hub_networks_free(hub.networks);
    return rc;
}

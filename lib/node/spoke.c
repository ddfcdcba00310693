/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spoke: opens what needs privilege, then supervises its tunnel. */
#include "node/spoke.h"

#include "base/log.h"
#include "base/time.h"
#include "netlink/links.h"
#include "node/interface.h"
#include "node/key.h"
#include "node/launch.h"
#include "node/peer.h"
#include "node/queues.h"
#include "port/packet.h"
#include "tunnel/tunnel_io.h"

#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spoke {
    const struct el_spoke_config *config;
    struct el_launch *launch;
    struct el_node_peer hub;
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    unsigned lan_index; /* of the interface that the tunnel's socket is bound to */
};

static int describe_hub(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_node_peer *hub = &spoke->hub;
    char host[256];
    uint16_t port;

    strcpy(hub->name, "hub");
    hub->ip = el_ip4(EL_NODE_HUB_ADDRESS);
    hub->keepalive_s = (unsigned)(config->keepalive_ns / EL_S);
    memcpy(hub->key, config->hub_key, sizeof hub->key);
    if (strlen(config->hub) >= sizeof hub->endpoint ||
        el_node_split_endpoint(config->hub, 51820, host, &port) < 0)
        return el_err(err, EL_EINVAL, "hub %s: expected HOST or HOST:PORT", config->hub);
    strcpy(hub->endpoint, config->hub);
    hub->wire = (enum el_tunnel_wire)config->wire;
    int rc = el_tunnel_wire_check(hub->wire, err);
    if (rc < 0)
        return rc;
    return config->psk ? el_node_key_read(-1, config->psk, hub->psk, err) : 0;
}

static char *tunnel_options(const struct spoke *spoke)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_ip address = config->address;
    char ip[EL_IP_TEXT];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    if (address.family == 0)
        address = el_ip4(el_node_key_address(spoke->public_key));
    fprintf(out, "%snetwork = %s\nvni = %llu\naddress = %s\ncontrol = none\n", config->log_options,
            config->network, (unsigned long long)config->vni, el_ip_text(&address, ip));
    if (config->lan)
        fprintf(out, "lan = %s\n", config->lan);
    fprintf(out, "give-up = %llus\n", (unsigned long long)(config->give_up_ns / EL_S));
    fputs("peer = ", out);
    el_node_peer_print(out, &spoke->hub);
    fputc('\n', out);
    return fclose(out) == 0 ? text : NULL;
}

/* A socket on the LAN interface, which is switched on. */
static int open_lan(struct spoke *spoke, struct el_err *err)
{
    const char *lan = spoke->config->lan;
    struct el_netlink_link link;
    struct el_netlink *netlink;
    int fd = el_packet_open(lan, err);

    if (fd < 0)
        return fd;
    int rc = el_netlink_open(&netlink, err);
    if (rc == 0) {
        rc = el_netlink_set_up(netlink, lan, err);
        if (rc == 0)
            rc = el_netlink_link(netlink, lan, &link, err);
        el_netlink_close(netlink);
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    spoke->lan_index = link.index;
    return fd;
}

/* The LAN interface, or this computer's own on the network. */
static int open_port(struct spoke *spoke, struct el_node_queues *queues, struct el_launch_fds *fds,
                     struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    int lanes = el_node_lanes(config->tunnel.workers, err);

    queues->lanes = 1;
    if (lanes >= 0 && config->lan)
        return el_launch_fds_add(fds, "lan", open_lan(spoke, err));
    if (lanes >= 0)
        lanes = el_node_interface_open(config->network, spoke->public_key, (uint32_t)config->vni,
                                       NULL, NULL, (unsigned)lanes, queues->port, err);
    if (lanes < 0)
        return lanes;
    queues->lanes = (unsigned)lanes;
    return el_node_queues_pass(fds, "tap", queues->port, queues->lanes, err);
}

/* An interface that was taken away (a USB adapter) and has come back is another one to the kernel,
 * under the same name: the tunnel, which ended for that, gets a socket on the new one. */
static void on_restart(void *arg, const char *applet)
{
    struct spoke *spoke = arg;
    const char *lan = spoke->config->lan;
    unsigned index = lan ? if_nametoindex(lan) : 0;
    struct el_err err = {""};

    if (index == 0 || index == spoke->lan_index)
        return;
    int fd = open_lan(spoke, &err);
    if (fd >= 0)
        el_launch_replace(spoke->launch, applet, "lan", fd);
    else
        EL_LOG(EL_LOG_WARN, "node", "lan", EL_STR("interface", lan), EL_STR("error", err.text));
}

static int open_for_tunnel(struct spoke *spoke, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_tunnel_io_options options = {(uint32_t)config->tunnel.mark, config->tunnel.device};
    struct el_node_queues queues;
    int rc = open_port(spoke, &queues, fds, err);

    if (rc >= 0)
        rc = el_node_queues_open_udp(&queues, (uint16_t)config->listen, &options, err);
    if (rc >= 0)
        rc = el_node_queues_pass_udp(fds, &queues, err);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(spoke->launch, "tunnel", err));
    if (rc >= 0)
        rc = el_launch_control(spoke->launch, config->tunnel.control, config->network, fds, err);
    return rc;
}

static int start_tunnel(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_launch_fds fds = {.count = 0};
    char *options = NULL;
    int rc = el_launch_fds_add(
        &fds, "key", el_node_key_open(config->key, config->state, "spoke", spoke->public_key, err));
    if (rc >= 0)
        rc = open_for_tunnel(spoke, &fds, err);
    if (rc >= 0)
        options = tunnel_options(spoke);
    if (rc >= 0 && !options)
        rc = el_err(err, EL_ENOMEM, "out of memory");
    int started = el_launch_applet(spoke->launch, "tunnel", "tunnel", options, &fds, err);
    if (options)
        explicit_bzero(options, strlen(options)); /* the pre-shared key */
    free(options);
    return rc < 0 ? rc : started;
}

static void say_what_next(const struct spoke *spoke)
{
    char key[EL_TUNNEL_KEY_TEXT];
    char hint[160];

    el_tunnel_key_text(spoke->public_key, key);
    snprintf(hint, sizeof hint, "the hub needs --spoke %.64s=%s%s%s", spoke->config->name, key,
             spoke->hub.wire ? ",wire=" : "",
             spoke->hub.wire ? el_tunnel_wire_names[spoke->hub.wire] : "");
    EL_LOG(EL_LOG_INFO, "node", "spoke", EL_STR("hub", spoke->config->hub),
           EL_STR("lan", spoke->config->lan), EL_STR("network", spoke->config->network),
           EL_STR("hint", hint));
}

int el_spoke_run(const struct el_spoke_config *config, struct el_err *err)
{
    struct spoke spoke = {.config = config};

    if (geteuid() != 0)
        return el_err(err, EL_EPERM,
                      "needs root, to put frames on a network interface: sudo el2w spoke ...");
    int rc = describe_hub(&spoke, err);
    if (rc == 0)
        rc = el_launch_new("spoke", config->state, config->options, &spoke.launch, err);
    if (rc == 0)
        rc = start_tunnel(&spoke, err);
    if (rc == 0) {
        say_what_next(&spoke);
        el_launch_on_restart(spoke.launch, on_restart, &spoke);
        rc = el_launch_run(spoke.launch);
    }
    el_launch_free(spoke.launch);
    sodium_memzero(&spoke.hub, sizeof spoke.hub);
    return rc;
}

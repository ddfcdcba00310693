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
#include "node/spoke_enrol.h"
#include "node/spoke_join.h"
#include "node/streams.h"
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
    struct el_enrol_token token;   /* with config->join */
    struct el_enrolment enrolment; /* zeros if it is not enrolled */
    bool enrolled;
    const char *network;
    uint32_t vni;
    struct el_lan_port lan; /* the network's; nowhere: this computer itself is connected */
    struct el_node_peer hub;
    struct el_streams streams;
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    unsigned lan_index; /* of the interface that the tunnel's socket is bound to */
};

static bool is_said(const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    return !sodium_is_zero(key, EL_TUNNEL_KEY_BYTES);
}

/* -- which hub, and how to talk to it -- */

static int describe_wire(struct spoke *spoke, struct el_err *err)
{
    unsigned said = spoke->config->wire;

    if (said == EL_TUNNEL_WIRES) /* zeros, the standard one, without an enrolment */
        said = spoke->enrolment.wire;
    spoke->hub.wire = (enum el_tunnel_wire)said;
    return el_tunnel_wire_check(spoke->hub.wire, err);
}

/* Where the hub was when we joined, at first where it answered. */
static int describe_endpoints(struct spoke *spoke, struct el_err *err)
{
    const char *said = spoke->config->hub;
    struct el_node_peer *hub = &spoke->hub;
    char host[256];
    uint16_t port;

    if (!said) {
        _Static_assert(sizeof hub->endpoints == sizeof spoke->enrolment.endpoints, "the same");
        memcpy(hub->endpoints, spoke->enrolment.endpoints, sizeof hub->endpoints);
        hub->endpoint_count = spoke->enrolment.endpoint_count;
        return 0;
    }
    if (strlen(said) >= sizeof hub->endpoints[0] ||
        el_node_split_endpoint(said, 51820, host, &port) < 0)
        return el_err(err, EL_EINVAL, "hub %s: expected HOST or HOST:PORT", said);
    strcpy(hub->endpoints[0], said);
    hub->endpoint_count = 1;
    return 0;
}

static int describe_hub(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_node_peer *hub = &spoke->hub;
    const uint8_t *key = is_said(config->hub_key) ? config->hub_key : spoke->enrolment.hub_key;

    strcpy(hub->name, "hub");
    hub->ip = el_ip4(EL_NODE_HUB_ADDRESS);
    hub->keepalive_s = (unsigned)(config->keepalive_ns / EL_S);
    memcpy(hub->key, key, sizeof hub->key);
    memcpy(hub->psk, spoke->enrolment.psk, sizeof hub->psk);
    int rc = describe_endpoints(spoke, err);
    if (rc == 0 && config->psk)
        rc = el_node_key_read(-1, config->psk, hub->psk, err);
    return rc == 0 ? describe_wire(spoke, err) : rc;
}

/* "boot, lab2" */
static void list_networks(const struct el_enrolment *enrolment, char *text, size_t capacity)
{
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < enrolment->networks.count && len < capacity; i++)
        len += (size_t)snprintf(text + len, capacity - len, "%s%s", i ? ", " : "",
                                enrolment->networks.items[i].name);
}

/* What was said; else what the hub told us of, the first of it if there is more. */
static int describe_network(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    const struct el_enrolment *enrolment = &spoke->enrolment;
    const struct el_spoke_network *told = NULL;
    char list[160];

    if (config->network)
        told = el_spoke_networks_find(&enrolment->networks, config->network);
    else if (enrolment->networks.count > 0)
        told = &enrolment->networks.items[0];
    spoke->network = config->network ? config->network : told ? told->name : EL_SPOKE_NETWORK;
    spoke->vni = told ? told->vni : EL_SPOKE_VNI;
    if (config->vni != EL_SPOKE_VNI_UNSAID)
        spoke->vni = (uint32_t)config->vni;
    list_networks(enrolment, list, sizeof list);
    if (!config->network && enrolment->networks.count > 1)
        EL_LOG(EL_LOG_INFO, "node", "networks", EL_STR("are", list), EL_STR("this", spoke->network),
               EL_STR("hint", "--network NAME chooses"));
    if (told || enrolment->networks.count == 0 || config->vni != EL_SPOKE_VNI_UNSAID)
        return 0;
    return el_err(
        err, EL_ENOENT,
        "network %s: when this spoke joined, the hub had %s for it; with --vni N this one "
        "can be used too",
        spoke->network, list);
}

/* What the network has of the interfaces here. */
static int describe_lan(struct spoke *spoke, struct el_err *err)
{
    struct el_lan_network network = {.vni = spoke->vni};
    struct el_lan_plan plan;

    snprintf(network.name, sizeof network.name, "%s", spoke->network);
    el_lan_resolve(&spoke->config->lans, &network, 1, NULL, &plan);
    if (plan.problem_count > 0)
        return el_err(err, EL_EINVAL, "%s", plan.problems[0].sentence);
    if (plan.port_count > 0)
        spoke->lan = plan.ports[0];
    return 0;
}

static bool has_lan(const struct spoke *spoke)
{
    return spoke->lan.place.interface[0] != '\0';
}

/* By hand: without a token. */
static bool is_by_hand(const struct el_spoke_config *config)
{
    return !config->join && config->hub && is_said(config->hub_key);
}

/* Joins, or finds out what we have joined. An enrolment at another hub than the one that is said
 * is not used. */
static int describe(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_enrolment *enrolment = &spoke->enrolment;
    int rc =
        el_spoke_enrol(config, spoke->launch, config->join ? &spoke->token : NULL, enrolment, err);

    if (rc != 0 && !(rc == EL_ENOENT && is_by_hand(config)))
        return rc;
    spoke->enrolled = rc == 0 && (!is_said(config->hub_key) ||
                                  memcmp(config->hub_key, enrolment->hub_key, 32) == 0);
    if (!spoke->enrolled)
        sodium_memzero(enrolment, sizeof *enrolment);
    if (!spoke->enrolled && !is_by_hand(config))
        return el_err(err, EL_EINVAL,
                      "--hub-key: that is not the hub where this spoke is "
                      "enrolled; say --hub HOST too, or leave it out");
    rc = describe_hub(spoke, err);
    if (rc == 0)
        rc = describe_network(spoke, err);
    return rc == 0 ? describe_lan(spoke, err) : rc;
}

/* -- the tunnel -- */

static char *tunnel_options(const struct spoke *spoke)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_ip address = config->address;
    char ip[EL_IP_TEXT], lan[EL_LAN_TEXT];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    if (address.family == 0)
        address = spoke->enrolment.address;
    if (address.family == 0)
        address = el_ip4(el_node_key_address(spoke->public_key));
    fprintf(out, "%snetwork = %s\nvni = %llu\naddress = %s\ncontrol = none\n", config->log_options,
            spoke->network, (unsigned long long)spoke->vni, el_ip_text(&address, ip));
    if (has_lan(spoke))
        fprintf(out, "lan = %s\n", el_lan_place_text(&spoke->lan.place, lan));
    if (!config->no_tcp)
        fputs("call-tcp = yes\n", out);
    fprintf(out, "give-up = %llus\n", (unsigned long long)(config->give_up_ns / EL_S));
    fputs("peer = ", out);
    el_node_peer_print(out, &spoke->hub);
    fputc('\n', out);
    return fclose(out) == 0 ? text : NULL;
}

/* A socket on the LAN interface, which is switched on. */
static int open_lan(struct spoke *spoke, struct el_err *err)
{
    const char *lan = spoke->lan.place.interface;
    struct el_netlink_link link;
    struct el_netlink *netlink;
    int fd = el_packet_open(lan, spoke->lan.vid, err);

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
    if (lanes >= 0 && has_lan(spoke))
        return el_launch_fds_add(fds, "lan", open_lan(spoke, err));
    if (lanes >= 0)
        lanes = el_node_interface_open(spoke->network, spoke->public_key, spoke->vni, NULL, NULL,
                                       (unsigned)lanes, queues->port, err);
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
    const char *lan = spoke->lan.place.interface;
    unsigned index = if_nametoindex(lan);
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
    if (rc >= 0 && !config->no_tcp)
        rc = el_streams_open(&spoke->streams, queues.lanes, err);
    if (rc >= 0)
        rc = el_streams_pass(&spoke->streams, fds, err);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(spoke->launch, "tunnel", err));
    if (rc >= 0)
        rc = el_launch_control(spoke->launch, config->tunnel.control, spoke->network, fds, err);
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

/* Where UDP is blocked: the hub's TCP ports, which are its UDP ports and that of HTTPS. */
static int start_streams(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    uint16_t ports[1 + EL_ENROL_ENDPOINTS_MAX] = {EL_STREAM_HTTPS};
    unsigned count = 1;
    char host[256];

    for (unsigned i = 0; i < spoke->hub.endpoint_count && count < 1 + EL_ENROL_ENDPOINTS_MAX; i++)
        if (el_node_split_endpoint(spoke->hub.endpoints[i], EL_ENROL_PORT, host, &ports[count]) ==
            0)
            count++;
    return config->no_tcp ? 0
                          : el_streams_call(&spoke->streams, spoke->launch, ports, count,
                                            &config->tunnel, config->log_options, err);
}

static void say_what_next(const struct spoke *spoke)
{
    const struct el_spoke_config *config = spoke->config;
    char key[EL_TUNNEL_KEY_TEXT];
    char hint[160] = "", lan[EL_LAN_TEXT];

    el_tunnel_key_text(spoke->public_key, key);
    if (!spoke->enrolled)
        snprintf(hint, sizeof hint, "the hub needs --spoke %.64s=%s%s%s", config->name, key,
                 spoke->hub.wire ? ",wire=" : "",
                 spoke->hub.wire ? el_tunnel_wire_names[spoke->hub.wire] : "");
    else if (!has_lan(spoke))
        snprintf(hint, sizeof hint,
                 "an address for this computer: dhclient %.15s, or udhcpc -i %.15s", spoke->network,
                 spoke->network);
    EL_LOG(EL_LOG_INFO, "node", "spoke",
           EL_STR("name", spoke->enrolled ? spoke->enrolment.name : NULL),
           EL_STR("hub", spoke->hub.endpoints[0]),
           EL_STR("lan", has_lan(spoke) ? el_lan_place_text(&spoke->lan.place, lan) : NULL),
           EL_STR("network", spoke->network), EL_STR("hint", hint[0] ? hint : NULL));
}

/* What can be known to be wrong before anything is touched. */
static int check(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;

    if (config->join && is_said(config->hub_key))
        return el_err(err, EL_EINVAL, "--join and --hub-key: the hub's key is in the token");
    int rc = config->join ? el_spoke_token(config->join, &spoke->token, err) : 0;
    if (rc < 0)
        return rc;
    if (!config->join && !is_by_hand(config) && !el_spoke_may_be_enrolled(config->state))
        return el_spoke_not_enrolled(err);
    if (geteuid() != 0)
        return el_err(err, EL_EPERM,
                      "needs root, to put frames on a network interface: sudo el2w spoke ...");
    return 0;
}

static int run(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    int rc = el_launch_new("spoke", config->state, config->options, &spoke->launch, err);

    if (rc == 0)
        rc = describe(spoke, err);
    if (rc == 0)
        rc = start_tunnel(spoke, err);
    if (rc == 0)
        rc = start_streams(spoke, err);
    if (rc != 0)
        return rc == EL_SPOKE_JOIN_STOPPED ? 0 : rc;
    say_what_next(spoke);
    el_launch_on_restart(spoke->launch, on_restart, spoke);
    return el_launch_run(spoke->launch);
}

int el_spoke_run(const struct el_spoke_config *config, struct el_err *err)
{
    struct spoke spoke = {.config = config};
    int rc = check(&spoke, err);

    if (rc == 0)
        rc = run(&spoke, err);
    el_launch_free(spoke.launch);
    el_streams_close(&spoke.streams);
    el_enrol_token_wipe(&spoke.token);
    sodium_memzero(&spoke.hub, sizeof spoke.hub);
    sodium_memzero(&spoke.enrolment, sizeof spoke.enrolment);
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spoke: opens what needs privilege, then supervises its tunnel and, if it is enrolled, the agent
 * that asks the hub how it stands. */
#include "spoke/spoke.h"

#include "base/log.h"
#include "base/time.h"
#include "link/manage.h"
#include "link/queues.h"
#include "link/streams.h"
#include "node/key.h"
#include "node/launch.h"
#include "node/peer.h"
#include "spoke/guest.h"
#include "spoke/spoke_agent.h"
#include "spoke/spoke_enrol.h"
#include "spoke/spoke_join.h"
#include "spoke/spoke_news.h"
#include "spoke/spoke_ports.h"
#include "sys/message.h"
#include "tunnel/tunnel_io.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEERS = 16 }; /* of the tunnel, beside the hub */

struct spoke {
    const struct el_spoke_config *config;
    struct el_launch *launch;
    struct el_enrol_token token;   /* with config->join */
    struct el_enrolment enrolment; /* zeros if it is not enrolled */
    bool enrolled;
    struct el_spoke_networks networks; /* that are used */
    struct el_agent_self self;         /* what the hub said last */
    struct el_ip address;              /* ours, in the tunnel */
    struct el_node_peer hub;
    struct el_streams streams;
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    unsigned lanes;
    int manage, inside; /* our end to the tunnel, and the agent's; -1: somebody has it */
    struct el_spoke_direct *direct; /* if it is enrolled */
    struct el_spoke_ports *ports;
    struct el_spoke_agent *agent;
    struct el_guest *guest; /* NULL: no address is asked for */
    bool revoked;
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

/* Of those that the hub has for us, the one that was said, or all. With --vni it is there whatever
 * the hub has; so it is by hand. */
static int choose_networks(const struct spoke *spoke, struct el_spoke_networks *chosen,
                           struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    const struct el_spoke_networks *told = &spoke->enrolment.networks;
    bool is_fixed = !spoke->enrolled || config->vni != EL_SPOKE_VNI_UNSAID;
    struct el_spoke_network fixed = {
        .vni = config->vni != EL_SPOKE_VNI_UNSAID ? (uint32_t)config->vni : EL_SPOKE_VNI,
        .published = true};
    const char *name = config->network ? config->network : EL_SPOKE_NETWORK;
    int rc = 0;

    *chosen = (struct el_spoke_networks){.count = 0};
    if (is_fixed) {
        snprintf(fixed.name, sizeof fixed.name, "%s", name);
        if (strlen(name) >= sizeof fixed.name)
            fixed.name[0] = '\0'; /* which is none */
        return el_spoke_networks_add(chosen, &fixed, err);
    }
    for (unsigned i = 0; rc == 0 && i < told->count; i++)
        if (!config->network || strcmp(config->network, told->items[i].name) == 0)
            rc = el_spoke_networks_add(chosen, &told->items[i], err);
    return rc;
}

/* "boot, lab2" */
static const char *list_networks(const struct el_spoke_networks *networks, char *text,
                                 size_t capacity)
{
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < networks->count && len < capacity; i++)
        len += (size_t)snprintf(text + len, capacity - len, "%s%s", i ? ", " : "",
                                networks->items[i].name);
    return text;
}

static int describe_networks(struct spoke *spoke, struct el_err *err)
{
    const char *said = spoke->config->network;
    struct el_err why = {""};
    char list[160];
    int rc = choose_networks(spoke, &spoke->networks, &why);

    if (rc == 0 && said && spoke->networks.count == 0)
        EL_LOG(EL_LOG_WARN, "node", "network", EL_STR("waits-for", said),
               EL_STR("has", list_networks(&spoke->enrolment.networks, list, sizeof list)),
               EL_STR("hint", "the hub has it to give: el2w publish"));
    return rc < 0 ? el_err(err, rc, "--network: %s", why.text) : 0;
}

/* By hand there is one network, and nobody will ever say another place for it. */
static int check_lan(const struct spoke *spoke, struct el_err *err)
{
    struct el_lan_network network = {.vni = spoke->networks.items[0].vni};
    struct el_lan_plan plan;

    strcpy(network.name, spoke->networks.items[0].name);
    el_lan_resolve(&spoke->config->lans, &network, 1, NULL, &plan);
    return plan.problem_count > 0 ? el_err(err, EL_EINVAL, "%s", plan.problems[0].sentence) : 0;
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
        rc = describe_networks(spoke, err);
    return rc == 0 && !spoke->enrolled ? check_lan(spoke, err) : rc;
}

/* -- the tunnel -- */

/* What was said, or what the hub has given us, or what follows from our key. */
static void describe_address(struct spoke *spoke)
{
    spoke->address = spoke->config->address;
    if (spoke->address.family == 0)
        spoke->address = spoke->enrolment.address;
    if (spoke->address.family == 0)
        spoke->address = el_ip4(el_node_key_address(spoke->public_key));
}

static char *tunnel_options(const struct spoke *spoke)
{
    const struct el_spoke_config *config = spoke->config;
    char ip[EL_IP_TEXT];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fprintf(out, "%saddress = %s\ncontrol = none\npeers-max = %d\n", config->log_options,
            el_ip_text(&spoke->address, ip), PEERS);
    if (!config->no_tcp)
        fputs("call-tcp = yes\n", out);
    if (config->guard)
        fputs("guard = yes\n", out);
    fprintf(out, "give-up = %llus\n", (unsigned long long)(config->give_up_ns / EL_S));
    fputs("peer = ", out);
    el_node_peer_print(out, &spoke->hub);
    fputc('\n', out);
    return fclose(out) == 0 ? text : NULL;
}

/* A pair of ends: the tunnel's is passed on, the other one is kept in *OURS. */
static int pass_end(int rc, int fds[2], const char *name, int *ours, struct el_launch_fds *passed,
                    struct el_err *err)
{
    if (rc < 0)
        return el_err(err, rc, "tunnel: %s", el_strerror(rc));
    *ours = fds[0];
    return el_launch_fds_add(passed, name, fds[1]);
}

static int open_channels(struct spoke *spoke, struct el_launch_fds *fds, struct el_err *err)
{
    int pair[2];
    int rc = pass_end(el_manage_pair(pair), pair, "manage", &spoke->manage, fds, err);

    if (rc >= 0 && spoke->enrolled)
        rc = pass_end(el_sys_message_pair(pair), pair, "inside", &spoke->inside, fds, err);
    return rc;
}

/* With a LAN there is one lane. */
static int open_sockets(struct spoke *spoke, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_tunnel_io_options options = {(uint32_t)config->tunnel.mark, config->tunnel.device};
    struct el_node_queues queues;
    int rc = el_node_lanes(config->tunnel.workers, err);

    if (rc < 0)
        return rc;
    queues.lanes = spoke->lanes = spoke->config->lans.count > 0 ? 1 : (unsigned)rc;
    rc = el_node_queues_open_udp(&queues, (uint16_t)config->listen, &options, err);
    return rc < 0 ? rc : el_node_queues_pass_udp(fds, &queues, err);
}

static int open_for_tunnel(struct spoke *spoke, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    const char *first =
        spoke->networks.count > 0 ? spoke->networks.items[0].name : EL_SPOKE_NETWORK;
    int rc = open_channels(spoke, fds, err);

    if (rc >= 0)
        rc = open_sockets(spoke, fds, err);
    if (rc >= 0 && !config->no_tcp)
        rc = el_streams_open(&spoke->streams, spoke->lanes, err);
    if (rc >= 0)
        rc = el_streams_pass(&spoke->streams, fds, err);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(spoke->launch, "tunnel", err));
    if (rc >= 0)
        rc = el_launch_control(spoke->launch, config->tunnel.control, first, fds, err);
    return rc;
}

/* -- its ports -- */

static void on_up(void *arg)
{
    struct spoke *spoke = arg;

    if (spoke->agent)
        el_spoke_agent_ask(spoke->agent);
}

static void on_ports_changed(void *arg)
{
    struct spoke *spoke = arg;
    struct el_agent_report report;

    if (!spoke->agent)
        return;
    el_spoke_ports_report(spoke->ports, &report);
    el_spoke_agent_tell(spoke->agent, &report);
}

static void on_ways(void *arg, const struct el_spoke_way *ways, unsigned count)
{
    struct spoke *spoke = arg;

    if (spoke->agent)
        el_spoke_agent_tell_ways(spoke->agent, ways, count);
}

static int make_direct(struct spoke *spoke, struct el_err *err)
{
    struct el_spoke_direct_config config = {
        .loop = el_launch_loop(spoke->launch), .tell = on_ways, .arg = spoke};

    return spoke->enrolled ? el_spoke_direct_new(&config, &spoke->direct, err) : 0;
}

/* What cannot be had at the start is an error, and what cannot later is tried again. */
static int open_ports(struct spoke *spoke, struct el_err *err)
{
    int rc = make_direct(spoke, err);

    if (rc < 0)
        return rc;
    struct el_spoke_ports_config ports = {.loop = el_launch_loop(spoke->launch),
                                          .manage = spoke->manage,
                                          .lanes = spoke->lanes,
                                          .lans = &spoke->config->lans,
                                          .hub = &spoke->hub,
                                          .direct = spoke->direct,
                                          .up = on_up,
                                          .changed = on_ports_changed,
                                          .arg = spoke};

    spoke->manage = -1;
    memcpy(ports.public_key, spoke->public_key, sizeof ports.public_key);
    rc = el_spoke_ports_new(&ports, &spoke->ports, err);
    return rc == 0 ? el_spoke_ports_set(spoke->ports, &spoke->networks, err) : rc;
}

/* -- the tunnel, started -- */

static int start_tunnel(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_launch_fds fds = {.count = 0};
    char *options = NULL;
    int rc = el_launch_fds_add(
        &fds, "key", el_node_key_open(config->key, config->state, "spoke", spoke->public_key, err));
    if (rc >= 0)
        describe_address(spoke);
    if (rc >= 0)
        rc = open_for_tunnel(spoke, &fds, err);
    if (rc >= 0)
        rc = open_ports(spoke, err);
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

/* -- what the hub says -- */

static void keep_enrolment(const struct spoke *spoke)
{
    struct el_err err = {""};

    if (el_enrolment_write(spoke->config->state, &spoke->enrolment, &err) < 0)
        EL_LOG(EL_LOG_ERROR, "node", "enrolment", EL_STR("error", err.text));
}

/* With them we start while the hub is away. */
static void keep_networks(struct spoke *spoke, const struct el_spoke_networks *networks)
{
    if (el_spoke_networks_equal(&spoke->enrolment.networks, networks))
        return;
    spoke->enrolment.networks = *networks;
    keep_enrolment(spoke);
}

/* What has been published just now answers from now on. */
static void hurry_guest(const struct spoke *spoke, const struct el_spoke_networks *networks)
{
    for (unsigned i = 0; spoke->guest && i < networks->count; i++) {
        const struct el_spoke_network *network = &networks->items[i];
        const struct el_spoke_network *before =
            el_spoke_networks_find(&spoke->networks, network->name);
        if (network->published && before && !before->published)
            el_guest_hurry(spoke->guest, network->name);
    }
}

static void on_self(void *arg, const struct el_agent_self *self)
{
    struct spoke *spoke = arg;
    struct el_spoke_networks networks;
    struct el_err err = {""};

    el_spoke_news(&spoke->self, self);
    spoke->self = *self;
    sodium_memzero(&spoke->self.peers, sizeof spoke->self.peers); /* keys of others */
    el_spoke_direct_set(spoke->direct, &self->peers);
    keep_networks(spoke, &self->networks);
    if (choose_networks(spoke, &networks, &err) < 0)
        return; /* it was looked at when we began */
    if (el_spoke_networks_equal(&spoke->networks, &networks))
        return;
    hurry_guest(spoke, &networks);
    spoke->networks = networks;
    (void)el_spoke_ports_set(spoke->ports, &networks, &err); /* what it cannot it has said */
    on_ports_changed(spoke);
}

static void on_revoked(void *arg, const char *sentence)
{
    struct spoke *spoke = arg;

    if (spoke->revoked)
        return;
    spoke->revoked = spoke->enrolment.revoked = true;
    EL_LOG(EL_LOG_ERROR, "node", "revoked", EL_STR("why", sentence),
           EL_STR("hint", "it joins again with a new token: --join TOKEN"));
    keep_enrolment(spoke); /* the hub says it once */
    el_launch_stop(spoke->launch);
}

/* An agent that was started again knows nothing of us. */
static void on_ready(void *arg, const char *applet, bool ready)
{
    struct spoke *spoke = arg;

    if (ready && spoke->agent && strcmp(applet, "agent") == 0)
        el_spoke_agent_ready(spoke->agent);
}

static int start_agent(struct spoke *spoke, struct el_err *err)
{
    struct el_spoke_agent_config config = {.launch = spoke->launch,
                                           .address = spoke->address,
                                           .inside = spoke->inside,
                                           .log_options = spoke->config->log_options,
                                           .self = on_self,
                                           .revoked = on_revoked,
                                           .arg = spoke};

    spoke->inside = -1;
    spoke->self.networks = spoke->enrolment.networks;
    el_launch_on_ready(spoke->launch, on_ready, spoke);
    int rc = el_spoke_agent_new(&config, &spoke->agent, err);
    if (rc == 0)
        on_ports_changed(spoke);
    return rc;
}

/* -- its own address -- */

static void on_own(void *arg, const char *interface, bool there)
{
    struct spoke *spoke = arg;
    struct el_err err = {""};

    if (!there)
        el_guest_remove(spoke->guest, interface);
    else if (el_guest_add(spoke->guest, interface, &err) < 0)
        EL_LOG(EL_LOG_ERROR, "node", "address", EL_STR("interface", interface),
               EL_STR("error", err.text));
}

static int start_guest(struct spoke *spoke, struct el_err *err)
{
    const struct el_spoke_config *config = spoke->config;
    struct el_guest_config guest = {.launch = spoke->launch,
                                    .name = spoke->enrolled ? spoke->enrolment.name : config->name,
                                    .log_options = config->log_options};
    int rc = el_guest_new(&guest, &spoke->guest, err);

    if (rc == 0)
        el_spoke_ports_watch(spoke->ports, on_own, spoke);
    return rc;
}

/* -- from beginning to end -- */

static void say_what_next(const struct spoke *spoke)
{
    const struct el_spoke_config *config = spoke->config;
    char key[EL_TUNNEL_KEY_TEXT];
    char hint[160] = "", list[160];

    el_tunnel_key_text(spoke->public_key, key);
    if (!spoke->enrolled)
        snprintf(hint, sizeof hint, "the hub needs --spoke %.64s=%s%s%s", config->name, key,
                 spoke->hub.wire ? ",wire=" : "",
                 spoke->hub.wire ? el_tunnel_wire_names[spoke->hub.wire] : "");
    else if (config->lans.count == 0 && config->no_dhcp && spoke->networks.count > 0)
        snprintf(hint, sizeof hint,
                 "an address for this computer: dhclient %.15s, or udhcpc -i %.15s",
                 spoke->networks.items[0].name, spoke->networks.items[0].name);
    list_networks(&spoke->networks, list, sizeof list);
    EL_LOG(EL_LOG_INFO, "node", "spoke",
           EL_STR("name", spoke->enrolled ? spoke->enrolment.name : NULL),
           EL_STR("hub", spoke->hub.endpoints[0]), EL_STR("network", list[0] ? list : NULL),
           EL_STR("hint", hint[0] ? hint : NULL));
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
    if (rc == 0 && spoke->enrolled)
        rc = start_agent(spoke, err);
    if (rc == 0 && config->lans.count == 0 && !config->no_dhcp)
        rc = start_guest(spoke, err);
    if (rc != 0)
        return rc == EL_SPOKE_JOIN_STOPPED ? 0 : rc;
    say_what_next(spoke);
    rc = el_launch_run(spoke->launch);
    return spoke->revoked ? EL_SPOKE_REVOKED : rc;
}

static void end(struct spoke *spoke)
{
    el_spoke_agent_free(spoke->agent);
    el_guest_free(spoke->guest);
    el_spoke_ports_free(spoke->ports);
    el_spoke_direct_free(spoke->direct);
    el_launch_free(spoke->launch);
    el_streams_close(&spoke->streams);
    if (spoke->manage >= 0)
        close(spoke->manage);
    if (spoke->inside >= 0)
        close(spoke->inside);
    el_enrol_token_wipe(&spoke->token);
    sodium_memzero(&spoke->hub, sizeof spoke->hub);
    sodium_memzero(&spoke->enrolment, sizeof spoke->enrolment);
}

int el_spoke_run(const struct el_spoke_config *config, struct el_err *err)
{
    struct spoke spoke = {.config = config, .manage = -1, .inside = -1};
    int rc = check(&spoke, err);

    if (rc == 0)
        rc = run(&spoke, err);
    end(&spoke);
    return rc;
}

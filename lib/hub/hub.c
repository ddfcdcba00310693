/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub: opens what needs privilege, then supervises its applets. */
#include "hub/hub.h"

#include "base/log.h"
#include "hub/hub_errands.h"
#include "hub/hub_network.h"
#include "image/library.h"
#include "link/queues.h"
#include "node/control.h"
#include "node/key.h"
#include "node/launch.h"
#include "node/places.h"
#include "registry/registry.h"
#include "sys/control.h"
#include "sys/drop.h"
#include "sys/files.h"
#include "sys/message.h"
#include "tunnel/tunnel_io.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is being put together. */
struct hub {
    const struct el_hub_config *config;
    struct el_launch *launch;
    struct el_hub_networks *networks;
    struct el_hub_ports *ports; /* NULL: of a hub in user space */
    struct el_hub_errands *errands;
    unsigned lanes;
    int key; /* the key file, until the tunnel has it */
    struct el_sys_control api;
    /* Channels: our end or the first reader's, and control's. -1 once it is passed on. */
    struct el_streams streams;
    int manage[2], inside[2], errand[2], first[2];
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
};

/* The command line's range, of which it may have named any address. */
static struct el_prefix range_of(const struct el_hub_config *config)
{
    uint32_t number = el_ip4_number(&config->cidr.ip);

    return (struct el_prefix){el_ip4(number & el_prefix_mask4(config->cidr.len)), config->cidr.len};
}

/* Without secrets: as far as control has to know them. */
static void print_peers(FILE *out, const struct el_hub_config *config, bool with_secrets)
{
    for (unsigned i = 0; i < config->spokes.count; i++) {
        struct el_node_peer peer = config->spokes.items[i];
        if (!with_secrets)
            sodium_memzero(peer.psk, sizeof peer.psk);
        fputs("peer = ", out);
        el_node_peer_print(out, &peer);
        fputc('\n', out);
        sodium_memzero(&peer, sizeof peer);
    }
}

/* Passes on end END of the channel PAIR. */
static int pass_end(struct el_launch_fds *fds, const char *name, int pair[2], unsigned end)
{
    int rc = el_launch_fds_add(fds, name, pair[end]);

    pair[end] = -1;
    return rc;
}

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
    print_peers(out, config, true);
    return fclose(out) == 0 ? text : NULL;
}

/* Duplicates, as ours stay open. */
static int pass_locates(const struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    int locates[EL_HUB_NETWORKS];

    el_hub_network_locates(hub->networks, locates);
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (el_launch_fds_add(fds, "locate", fcntl(locates[i], F_DUPFD_CLOEXEC, 0)) < 0)
            return el_err(err, EL_EFULL, "too many descriptors to pass on");
    return 0;
}

static int open_for_tunnel(struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    struct el_tunnel_io_options options = {(uint32_t)config->tunnel.mark, config->tunnel.device};
    struct el_node_queues queues = {.lanes = hub->lanes};
    int rc = el_node_queues_open_udp(&queues, (uint16_t)config->listen, &options, err);

    if (rc >= 0)
        rc = el_node_queues_pass_udp(fds, &queues, err);
    if (rc >= 0)
        rc = pass_end(fds, "manage", hub->manage, 0);
    if (rc >= 0)
        rc = pass_end(fds, "inside", hub->inside, 0);
    if (rc >= 0)
        rc = el_streams_pass(&hub->streams, fds, err);
    if (rc >= 0)
        rc = pass_locates(hub, fds, err);
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
    hub->key = -1;
    if (rc == 0)
        rc = open_for_tunnel(hub, &fds, err);
    int started =
        el_launch_applet(hub->launch, "tunnel", "tunnel", rc < 0 ? NULL : options, &fds, err);
    if (options)
        explicit_bzero(options, strlen(options)); /* pre-shared keys */
    free(options);
    return rc < 0 ? rc : started;
}

/* -- control -- */

static char *control_options(const struct hub *hub)
{
    const struct el_hub_config *config = hub->config;
    char key[EL_TUNNEL_KEY_TEXT], cidr[EL_PREFIX_TEXT];
    struct el_prefix range = range_of(config);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    el_tunnel_key_text(hub->public_key, key);
    fprintf(out, "%snetwork = %s\nvni = %llu\ncidr = %s\nlisten = %llu\nlanes = %u\nhub-key = %s\n",
            config->log_options, config->network, (unsigned long long)config->vni,
            el_prefix_text(&range, cidr), (unsigned long long)config->listen, hub->lanes, key);
    if (config->prefix6.ip.family)
        fprintf(out, "prefix6 = %s\n", el_prefix_text(&config->prefix6, cidr));
    for (unsigned i = 0; i < config->endpoint_count; i++)
        fprintf(out, "public = %s\n", config->endpoints[i]);
    fprintf(out, "images = %s\n", config->images);
    fprintf(out, "program = %s\n", config->second_factor_exec ? "yes" : "no");
    el_hub_policy_print(out, &config->policy);
    if (config->no_direct)
        fputs("no-direct = yes\n", out);
    print_peers(out, config, false);
    el_hub_plan_print(out, &config->plan);
    return fclose(out) == 0 ? text : NULL;
}

/* The operator's socket. Its default place may be another hub's, in another network namespace: no
 * reason not to start. */
static int open_api(struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    const char *said = hub->config->api;
    char path[EL_SYS_CONTROL_PATH];
    struct el_err why = {""};

    if (said && strcmp(said, "none") == 0)
        return 0;
    int rc = el_places_api(said, path, &why);
    if (rc == 0)
        rc = el_sys_control_listen(path, &hub->api, &why);
    if (rc < 0 && said)
        return el_err(err, rc, "%s", why.text);
    if (rc < 0)
        EL_LOG(EL_LOG_WARN, "node", "no-api", EL_STR("reason", why.text),
               EL_STR("hint", "--api PATH gives this hub another"));
    else
        rc = el_launch_fds_add(fds, "api", hub->api.fd);
    hub->api.fd = -1;
    return rc < 0 && said ? rc : 0;
}

static int open_for_control(struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    int rc = open_api(hub, fds, err);

    if (rc >= 0)
        rc = pass_end(fds, "manage", hub->manage, 1);
    if (rc >= 0)
        rc = pass_end(fds, "inside", hub->inside, 1);
    if (rc >= 0)
        rc = pass_end(fds, "errand", hub->errand, 1);
    if (rc >= 0)
        rc = pass_end(fds, "first", hub->first, 1);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "images", el_image_library_open(hub->config->images, err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(hub->launch, "control", err));
    if (rc >= 0 && hub->config->plan.templates)
        rc = el_launch_fds_add(fds, "templates",
                               el_hub_plan_open_templates(hub->config->plan.templates, err));
    return rc;
}

static int start_control(struct hub *hub, struct el_err *err)
{
    struct el_launch_fds fds = {.count = 0};
    char *options = control_options(hub);
    int rc = options ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    if (rc == 0)
        rc = open_for_control(hub, &fds, err);
    int started =
        el_launch_applet(hub->launch, "control", "control", rc < 0 ? NULL : options, &fds, err);
    if (options)
        explicit_bzero(options, strlen(options)); /* pre-shared keys */
    free(options);
    return rc < 0 ? rc : started;
}

static void on_service(void *arg, const char *name, bool ready)
{
    el_hub_errands_service(((struct hub *)arg)->errands, name, ready);
}

static int open_channels(struct hub *hub, struct el_err *err)
{
    int rc = el_sys_message_pair(hub->manage);

    if (rc == 0)
        rc = el_sys_message_pair(hub->inside);
    if (rc == 0)
        rc = el_sys_message_pair(hub->errand);
    if (rc == 0)
        rc = el_sys_message_pair(hub->first);
    if (rc == 0)
        rc = el_sys_message_send(hub->first[0], "first", 5, NULL, 0);
    return rc < 0 ? el_err(err, rc, "no channels between applets: %s", el_strerror(rc)) : 0;
}

static void close_channels(struct hub *hub)
{
    int *const pairs[] = {hub->manage, hub->inside, hub->errand, hub->first};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        for (unsigned end = 0; end < 2; end++)
            if (pairs[i][end] >= 0)
                close(pairs[i][end]);
}

/* -- all of it -- */

int el_hub_check_userspace(const struct el_hub_config *config, struct el_err *err)
{
    if (config->gateway)
        return el_err(err, EL_EINVAL,
                      "gateway: with --userspace machines meet no network of this computer, so "
                      "there is no way out; leave one of them away");
    if (config->no_firewall)
        return el_err(err, EL_EINVAL,
                      "no-firewall: with --userspace machines meet nothing of this computer, with "
                      "or without a firewall; leave one of them away");
    return 0;
}

int el_hub_check_prefix6(const struct el_hub_config *config, struct el_err *err)
{
    if (config->prefix6.ip.family && !config->gateway)
        return el_err(err, EL_EINVAL,
                      "prefix6: machines have IPv6 where they are let out, with --gateway");
    if (config->prefix6.ip.family && config->no_ra)
        return el_err(err, EL_EINVAL,
                      "prefix6: with --no-ra nobody tells machines of it; leave one of them away");
    return el_registry_prefix6_check(&config->prefix6, err);
}

static void say_what_next(const struct hub *hub)
{
    struct el_prefix range = range_of(hub->config);
    struct el_ip address = el_ip4(el_ip4_number(&range.ip) + 1);
    char key[EL_TUNNEL_KEY_TEXT];

    el_tunnel_key_text(hub->public_key, key);
    EL_LOG(
        EL_LOG_INFO, "node", "hub", EL_STR("public-key", key),
        EL_UINT("listen", hub->config->listen), EL_STR("network", hub->config->network),
        EL_IP("address", &address), EL_UINT("spokes", hub->config->spokes.count),
        EL_STR("hint", hub->config->spokes.count
                           ? NULL
                           : "el2w token create NAME makes a token, with which a spoke joins: el2w "
                             "spoke --join TOKEN"));
}

/* The network of the command line; others are made later. */
static int open_networks(struct hub *hub, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    struct el_errand_network first = {
        .vni = (uint32_t)config->vni, .cidr = range_of(config), .prefix6 = config->prefix6};
    int rc = el_node_lanes(config->tunnel.workers, err);

    if (rc < 0)
        return rc;
    hub->lanes = (unsigned)rc;
    if (strlen(config->network) >= sizeof first.name)
        return el_err(err, EL_EINVAL, "network %s: at most %zu characters", config->network,
                      sizeof first.name - 1);
    strcpy(first.name, config->network);
    hub->networks = el_hub_networks_new(config, hub->launch, hub->public_key, hub->lanes);
    if (!config->userspace)
        hub->ports = el_hub_ports_new(hub->public_key, hub->lanes);
    if (!hub->networks || !(hub->ports || config->userspace))
        return el_err(err, EL_ENOMEM, "out of memory");
    rc = el_hub_network_open(hub->networks, &first, err);
    return rc == 0 ? el_hub_network_serve(hub->networks, first.name, err) : rc;
}

int el_hub_find_program(const struct el_hub_config *config, struct el_sys_user *user,
                        struct el_err *err)
{
    const char *path = config->second_factor_exec, *name = config->second_factor_user;
    struct el_err why = {""};
    int rc = 0;

    *user = (struct el_sys_user){0, 0};
    if (!path && config->plan.factors & EL_REGISTRY_FACTOR_PROGRAM)
        return el_err(err, EL_EINVAL,
                      "second-factor: which program is to be asked? --second-factor-exec PROGRAM");
    if (!path)
        return name ? el_err(err, EL_EINVAL,
                             "second-factor-user: there is no program that could run as %s: name "
                             "it with --second-factor-exec",
                             name)
                    : 0;
    if (el_sys_drop_is_root())
        rc = el_sys_user_find(name ? name : EL_HUB_PROGRAM_USER, user, &why);
    else if (name)
        rc = el_err(&why, EL_EPERM, "only root can run it as %s, and this hub is not root", name);
    if (rc < 0)
        return el_err(err, rc, "second-factor-user: %s", why.text);
    rc = el_sys_program_check(path, user, &why);
    return rc < 0 ? el_err(err, rc, "second-factor-exec %s", why.text) : 0;
}

static int start_errands(struct hub *hub, struct el_err *err)
{
    struct el_hub_errands_config config = {.fd = hub->errand[0],
                                           .networks = hub->networks,
                                           .ports = hub->ports,
                                           .program = hub->config->second_factor_exec};
    int rc = el_hub_find_program(hub->config, &config.program_user, err);

    if (rc == 0) {
        hub->errand[0] = -1;
        rc = el_hub_errands_new(el_launch_loop(hub->launch), &config, &hub->errands, err);
    }
    return rc;
}

static int start_streams(struct hub *hub, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;

    return config->tcp.none ? 0
                            : el_streams_listen(&hub->streams, hub->launch, &config->tcp,
                                                (uint16_t)config->listen, &config->tunnel,
                                                config->log_options, err);
}

static int start_applets(struct hub *hub, struct el_err *err)
{
    int rc = open_channels(hub, err);

    if (rc == 0 && !hub->config->tcp.none)
        rc = el_streams_open(&hub->streams, hub->lanes, err);
    if (rc == 0)
        rc = start_errands(hub, err);
    if (rc == 0)
        rc = start_tunnel(hub, err);
    if (rc == 0)
        rc = start_streams(hub, err);
    return rc == 0 ? start_control(hub, err) : rc;
}

static int start_all(struct hub *hub, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    int rc = el_hub_network_check(&config->cidr, err);

    if (rc == 0)
        rc = el_hub_check_prefix6(config, err);
    if (rc < 0)
        return rc;
    hub->key = el_node_key_open(config->key, config->state, "hub", hub->public_key, err);
    if (hub->key < 0)
        return hub->key;
    rc = open_networks(hub, err);
    return rc == 0 ? start_applets(hub, err) : rc;
}

static int check_kind(const struct el_hub_config *config, struct el_err *err)
{
    if (config->userspace)
        return el_hub_check_userspace(config, err);
    if (geteuid() != 0)
        return el_err(err, EL_EPERM,
                      "needs root, to make the network interface and to use the ports of DHCP, "
                      "TFTP and HTTP: sudo el2w hub ..., or el2w hub --userspace ...");
    return 0;
}

int el_hub_run(const struct el_hub_config *config, struct el_err *err)
{
    struct hub hub = {.config = config,
                      .key = -1,
                      .api = {.fd = -1},
                      .manage = {-1, -1},
                      .inside = {-1, -1},
                      .errand = {-1, -1},
                      .first = {-1, -1}};

    int rc = check_kind(config, err);
    if (rc == 0)
        rc = el_launch_new("hub", config->state, config->options, &hub.launch, err);
    if (rc != 0)
        return rc;
    if (config->own_images)
        rc = el_sys_dir_make(config->images, EL_IMAGE_LIBRARY_MODE, err);
    if (rc == 0)
        rc = start_all(&hub, err);
    if (rc == 0) {
        say_what_next(&hub);
        el_launch_on_ready(hub.launch, on_service, &hub);
        rc = el_launch_run(hub.launch);
    }
    el_hub_errands_free(hub.errands);
    el_launch_free(hub.launch);
    el_hub_networks_free(hub.networks);
    el_hub_ports_free(hub.ports);
    el_sys_control_close(&hub.api);
    close_channels(&hub);
    el_streams_close(&hub.streams);
    if (hub.key >= 0)
        close(hub.key);
    return rc;
}

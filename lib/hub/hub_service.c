/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot services of a hub's networks. */
#include "hub/hub_network_inside.h"

#include "base/log.h"
#include "image/library.h"
#include "ndp/ndp_io.h"
#include "port/packet.h"
#include "port/sniff.h"
#include "service/boot_exports.h"
#include "service/boot_service.h"
#include "service/nfs_sockets.h"
#include "service/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- its options -- */

static void print_dns(FILE *out, uint8_t family)
{
    struct el_ip servers[EL_GATEWAY_SERVERS];
    unsigned count = el_gateway_dns(family, servers);
    char text[EL_IP_TEXT];

    for (unsigned i = 0; i < count; i++)
        fprintf(out, "dns = %s\n", el_ip_text(&servers[i], text));
}

/* What machines are told of the way out, unless it was said. */
static void print_gateway(FILE *out, const struct el_hub_config *config,
                          const struct el_hub_network *network, bool first)
{
    char ip[EL_IP_TEXT], prefix[EL_PREFIX_TEXT];
    bool six = network->prefix6.ip.family == 6;

    if (!first || !config->said_router)
        fprintf(out, "router = %s\n", el_ip_text(&network->address.ip, ip));
    if (six)
        fprintf(out, "prefix6 = %s\n", el_prefix_text(&network->prefix6, prefix));
    if (!config->no_dns)
        fputs("dns-host = yes\n", out);
    if (!config->no_dns || config->said_dns)
        return;
    print_dns(out, 4);
    if (six)
        print_dns(out, 6);
}

/* What the boot service is called: the first one just so, which is what it was called when there
 * was but one. */
static void service_name(const struct el_hub_networks *networks,
                         const struct el_hub_network *network, char name[EL_HUB_SERVICE_NAME])
{
    bool first = strcmp(network->about.name, networks->config->network) == 0;

    snprintf(name, EL_HUB_SERVICE_NAME, "boot-service%s%s", first ? "" : "-",
             first ? "" : network->about.name);
}

/* Options that speak of addresses are about the network of the command line. */
static bool is_about_addresses(const char *line)
{
    static const char *const names[] = {
        "dhcp-range =", "dhcp-relayed =", "reserve =", "router =", "route ="};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(line, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void print_options(FILE *out, const char *options, bool with_addresses)
{
    for (const char *line = options; *line;) {
        size_t len = strcspn(line, "\n");
        len += line[len] == '\n';
        if (with_addresses || !is_about_addresses(line))
            fwrite(line, 1, len, out);
        line += len;
    }
}

static char *boot_options(const struct el_hub_networks *networks,
                          const struct el_hub_network *network)
{
    const struct el_hub_config *config = networks->config;
    bool first = strcmp(network->about.name, config->network) == 0;
    char address[EL_PREFIX_TEXT], mac[EL_MAC_TEXT];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fputs(config->log_options, out);
    print_options(out, config->boot_options, first);
    fprintf(out, "network = %s\nvni = %lu\naddress = %s\nmac = %s\n", network->about.name,
            (unsigned long)network->about.vni, el_prefix_text(&network->address, address),
            el_mac_text(&network->own, mac));
    if (network->let_out)
        print_gateway(out, config, network, first);
    return fclose(out) == 0 ? text : NULL;
}

/* -- what it is given -- */

/* A host without IPv6 does without. */
static void open_for_ndp(const struct el_hub_networks *networks, const char *device,
                         struct el_launch_fds *fds)
{
    struct el_err why = {""};

    if (networks->config->no_ra)
        return;
    if (el_launch_fds_add(fds, "ndp", el_ndp_io_socket(device, &why)) < 0)
        EL_LOG(EL_LOG_DEBUG, "ndp", "without", EL_STR("reason", why.text));
}

static void open_ears(const char *device, struct el_launch_fds *fds)
{
    struct el_err why = {""};

    if (el_launch_fds_add(fds, "arp", el_packet_open_arp(device, &why)) < 0 ||
        el_launch_fds_add(fds, "answers",
                          el_packet_open_udp(device, EL_HUB_DHCP_CLIENT_PORT, &why)) < 0)
        EL_LOG(EL_LOG_WARN, "dhcp", "deaf", EL_STR("reason", why.text));
}

static int open_for_dhcp(const struct el_hub_networks *networks,
                         const struct el_hub_network *network, struct el_launch_fds *fds,
                         struct el_err *err)
{
    const char *device = network->about.name;
    int dhcp = el_node_udp_socket(device, EL_HUB_DHCP_PORT, "dhcp", err);
    int rc = el_launch_fds_add(fds, "dhcp", dhcp);

    if (rc >= 0)
        rc = el_launch_fds_add(fds, "binl",
                               el_node_udp_socket(device, EL_HUB_BINL_PORT, "pxe", err));
    if (rc >= 0 && networks->config->dhcp_relay)
        rc = el_launch_fds_add(fds, "relay", el_node_relay_socket(dhcp, &network->address.ip, err));
    if (rc >= 0)
        open_ears(device, fds);
    return rc;
}

/* On its own addresses: others of this computer's may have other servers. */
static int open_for_dns(const struct el_hub_network *network, struct el_launch_fds *fds,
                        struct el_err *err)
{
    const char *device = network->about.name;
    struct el_ip own[2] = {network->address.ip, network->prefix6.ip};
    static const char *const names[] = {EL_BOOT_DNS_FDS};
    int rc = 0;

    own[1].b[15] = 1;
    for (unsigned i = 0; i < 4 && rc >= 0 && own[i / 2].family; i++)
        rc = el_launch_fds_add(
            fds, names[i],
            i % 2 ? el_node_tcp_socket_at(device, &own[i / 2], EL_HUB_DNS_PORT, "dns", err)
                  : el_node_udp_socket_at(device, &own[i / 2], EL_HUB_DNS_PORT, "dns", err));
    return rc;
}

/* What it keeps of the last frames; it does without, too. */
static void open_for_recent(const struct el_hub_network *network, struct el_launch_fds *fds)
{
    struct el_err why = {""};
    int memory = network->recent < 0 ? -1 : fcntl(network->recent, F_DUPFD_CLOEXEC, 0);

    if (memory >= 0 &&
        (el_launch_fds_add(fds, "recent", memory) < 0 ||
         el_launch_fds_add(fds, "sniff", el_sniff_open(network->about.name, &why)) < 0))
        EL_LOG(EL_LOG_WARN, "node", "no-recent-frames", EL_STR("network", network->about.name),
               EL_STR("reason", why.text));
}

/* Sockets on the interface. */
int el_hub_service_sockets(const struct el_hub_networks *networks,
                           const struct el_hub_network *network, struct el_launch_fds *fds,
                           struct el_err *err)
{
    const char *device = network->about.name;
    uint16_t http = (uint16_t)networks->config->http_port;
    int rc = networks->config->no_dhcp ? 0 : open_for_dhcp(networks, network, fds, err);

    if (rc >= 0)
        rc = el_launch_fds_add(fds, "tftp",
                               el_node_udp_socket(device, EL_HUB_TFTP_PORT, "tftp", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "http", el_node_tcp_socket(device, http, "http", err));
    if (rc >= 0 && !networks->config->no_dns)
        rc = open_for_dns(network, fds, err);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "packet", el_packet_open_to_send(device, err));
    if (rc >= 0)
        open_for_ndp(networks, device, fds);
    for (unsigned i = 0; i < EL_NFS_SOCKETS && rc >= 0 && !networks->config->boot->no_nfs; i++)
        (void)el_launch_fds_add(fds, el_nfs_socket_names[i], el_nfs_socket(i, device));
    if (rc >= 0)
        open_for_recent(network, fds);
    return rc;
}

int el_hub_service_port(const struct el_hub_networks *networks,
                        const struct el_hub_network *network, struct el_launch_fds *fds,
                        struct el_err *err)
{
    int fd = fcntl(network->port, F_DUPFD_CLOEXEC, 0);

    (void)networks;
    if (fd < 0)
        return el_err_os(err, errno, "network %s", network->about.name);
    return el_launch_fds_add(fds, "port", fd);
}

/* A directory of this network's within the export's overlay: each network's service is another
 * user. */
static int open_overlay(const struct el_hub_networks *networks,
                        const struct el_hub_network *network, const char *overlay,
                        struct el_err *err)
{
    char path[EL_BOOT_OPTION_PATH + EL_ERRAND_NAME];

    snprintf(path, sizeof path, "%s/%s", overlay, network->about.name);
    return el_launch_dir(networks->launch, path, err);
}

static int open_exports(const struct el_hub_networks *networks,
                        const struct el_hub_network *network, struct el_launch_fds *fds,
                        struct el_err *err)
{
    const struct el_boot_options *options = networks->config->boot;
    char name[EL_BOOT_EXPORT_FD];
    int rc = 0;

    for (unsigned i = 0; i < options->export_count && rc >= 0; i++) {
        const struct el_boot_option_export *export = &options->exports[i];
        rc = el_launch_fds_add(fds, el_boot_export_fd(export, false, name),
                               el_boot_export_open(export, err));
        if (rc >= 0 && export->overlay[0])
            rc = el_launch_fds_add(fds, el_boot_export_fd(export, true, name),
                                   open_overlay(networks, network, export->overlay, err));
    }
    return rc;
}

static int open_for_service(const struct el_hub_networks *networks,
                            const struct el_hub_network *network, const char *service,
                            struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_hub_config *config = networks->config;
    int rc = networks->material->open_for_service(networks, network, fds, err);

    if (rc >= 0)
        rc = el_launch_fds_add(fds, "images", el_image_library_open(config->images, err));
    if (rc >= 0 && !config->boot->no_nfs)
        rc = open_exports(networks, network, fds, err);
    if (rc >= 0 && config->plan.templates)
        rc = el_launch_fds_add(fds, "templates",
                               el_hub_plan_open_templates(config->plan.templates, err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(networks->launch, service, err));
    return rc;
}

/* -- coming and going -- */

int el_hub_network_serve(struct el_hub_networks *networks, const char *name, struct el_err *err)
{
    struct el_hub_network *network = el_hub_network_find(networks, name);
    struct el_launch_fds fds = {.count = 0};
    char service[EL_HUB_SERVICE_NAME];

    if (!network)
        return el_err(err, EL_ENOENT, "network %s is not there", name);
    if (network->served)
        return 0;
    char *options = boot_options(networks, network);
    int rc = options ? 0 : el_err(err, EL_ENOMEM, "out of memory");
    service_name(networks, network, service);
    if (rc == 0)
        rc = el_launch_fds_add(&fds, "locate", fcntl(network->locate[1], F_DUPFD_CLOEXEC, 0));
    if (rc >= 0)
        rc = el_launch_fds_add(&fds, "orders", fcntl(network->orders[1], F_DUPFD_CLOEXEC, 0));
    if (rc >= 0)
        rc = open_for_service(networks, network, service, &fds, err);
    int started = el_launch_applet(networks->launch, "boot-service", service,
                                   rc < 0 ? NULL : options, &fds, err);
    free(options);
    network->served = rc >= 0 && started == 0;
    if (network->served) /* its last word to machines goes through the tunnel */
        el_launch_end_first(networks->launch, service);
    return rc < 0 ? rc : started;
}

void el_hub_network_unserve(struct el_hub_networks *networks, const char *name)
{
    struct el_hub_network *network = el_hub_network_find(networks, name);
    char service[EL_HUB_SERVICE_NAME];

    if (!network || !network->served)
        return;
    service_name(networks, network, service);
    el_launch_remove(networks->launch, service);
    network->served = network->serving = false;
}

bool el_hub_network_serves(const struct el_hub_networks *networks, const char *name)
{
    const struct el_hub_network *network = el_hub_network_find(networks, name);

    return network && network->serving;
}

bool el_hub_network_set_serving(struct el_hub_networks *networks, const char *applet, bool serving,
                                char name[EL_ERRAND_NAME])
{
    char service[EL_HUB_SERVICE_NAME];

    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        struct el_hub_network *network = &networks->items[i];
        if (!network->used)
            continue;
        service_name(networks, network, service);
        if (strcmp(service, applet) != 0)
            continue;
        network->serving = serving;
        memcpy(name, network->about.name, EL_ERRAND_NAME);
        return true;
    }
    return false;
}

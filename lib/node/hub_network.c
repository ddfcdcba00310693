/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that come and go. */
#include "node/hub_network.h"

#include "base/log.h"
#include "ndp/ndp_io.h"
#include "node/gateway.h"
#include "node/interface.h"
#include "node/locate.h"
#include "node/sockets.h"
#include "port/packet.h"
#include "port/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DHCP_PORT = 67, BINL_PORT = 4011, TFTP_PORT = 69, SERVICE_NAME = 64 };

struct network {
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
    bool served;   /* there is a boot service, */
    bool serving;  /* which is ready */
};

/* What a network is made of here. */
struct material {
    int (*start)(struct el_hub_networks *networks, struct network *network, struct el_err *err);
    /* Gives the boot service what it needs of that. Negative: an error. */
    int (*open_for_service)(const struct el_hub_networks *networks, const struct network *network,
                            struct el_launch_fds *fds, struct el_err *err);
    bool framed;
};

struct el_hub_networks {
    const struct material *material;
    const struct el_hub_config *config;
    struct el_launch *launch;
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    unsigned lanes;
    struct network items[EL_HUB_NETWORKS];
};

static const struct material interfaces, pairs;

static void close_locates(const struct el_hub_networks *networks, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned end = 0; end < 2; end++)
            close(networks->items[i].locate[end]);
}

struct el_hub_networks *el_hub_networks_new(const struct el_hub_config *config,
                                            struct el_launch *launch,
                                            const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                            unsigned lanes)
{
    struct el_hub_networks *networks = calloc(1, sizeof *networks);

    if (!networks)
        return NULL;
    networks->config = config;
    networks->material = config->userspace ? &pairs : &interfaces;
    networks->launch = launch;
    networks->lanes = lanes;
    memcpy(networks->public_key, public_key, sizeof networks->public_key);
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        networks->items[i].port = -1;
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (el_locate_pair(networks->items[i].locate) < 0) {
            close_locates(networks, i);
            free(networks);
            return NULL;
        }
    return networks;
}

static struct network *find(const struct el_hub_networks *networks, const char *name)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (networks->items[i].used && strcmp(networks->items[i].about.name, name) == 0)
            return (struct network *)(uintptr_t)&networks->items[i];
    return NULL;
}

int el_hub_network_check(const struct el_prefix *cidr, struct el_err *err)
{
    if (cidr->ip.family != 4 || cidr->len < 8 || cidr->len > 29)
        return el_err(err, EL_EINVAL, "cidr: expected an IPv4 range from /8 to /29");
    return 0;
}

/* -- the firewall and the way out -- */

/* An answer from outside goes by its address, so of networks that have the same ones only the first
 * can be let out. */
static bool shares_range(const struct el_hub_networks *networks, const struct network *network)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        const struct network *other = &networks->items[i];
        if (other->used && other != network &&
            el_prefix_overlaps(&other->about.cidr, &network->about.cidr)) {
            EL_LOG(EL_LOG_WARN, "gateway", "not-let-out", EL_STR("network", network->about.name),
                   EL_STR("same-range", other->about.name));
            return true;
        }
    }
    return false;
}

static bool shares_prefix6(const struct el_hub_networks *networks, const struct network *network)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        const struct network *other = &networks->items[i];
        if (other->used && other != network &&
            el_prefix_overlaps(&other->prefix6, &network->prefix6)) {
            EL_LOG(EL_LOG_WARN, "gateway", "not-let-out", EL_STR("network", network->about.name),
                   EL_STR("same-prefix6", other->about.name));
            return true;
        }
    }
    return false;
}

/* Over IPv6 as well, if this computer has it and nobody else is to speak for it there. */
static void choose_prefix6(const struct el_hub_networks *networks, struct network *network)
{
    const struct el_hub_config *config = networks->config;

    if (!network->let_out || config->no_ra || !el_netlink_has_ipv6())
        return;
    network->prefix6 = network->about.prefix6;
    if (network->prefix6.ip.family == 0)
        network->prefix6 = el_node_interface_prefix6_for(networks->public_key, network->about.vni);
    if (shares_prefix6(networks, network))
        network->prefix6 = (struct el_prefix){.len = 0};
}

static int open_gateway(const struct el_hub_networks *networks, struct network *network,
                        struct el_err *err)
{
    const struct el_hub_config *config = networks->config;
    const struct el_firewall_service services[] = {
        {IPPROTO_UDP, DHCP_PORT, "DHCP"},
        {IPPROTO_UDP, BINL_PORT, "PXE"},
        {IPPROTO_UDP, TFTP_PORT, "TFTP"},
        {IPPROTO_TCP, (uint16_t)config->http_port, "HTTP"},
    };

    network->let_out = config->gateway && !shares_range(networks, network);
    choose_prefix6(networks, network);
    struct el_gateway_config gateway = {
        .network = network->about.name,
        .range = network->about.cidr,
        .prefix = network->prefix6,
        .firewall = !config->no_firewall,
        .services = services,
        .service_count = sizeof services / sizeof services[0],
        .out = network->let_out,
        .routes = config->gateway,
    };

    return el_gateway_open(&gateway, &network->gateway, err);
}

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
                          const struct network *network, bool first)
{
    char ip[EL_IP_TEXT], prefix[EL_PREFIX_TEXT];
    bool six = network->prefix6.ip.family == 6;

    if (!first || !config->said_router)
        fprintf(out, "router = %s\n", el_ip_text(&network->address.ip, ip));
    if (six)
        fprintf(out, "prefix6 = %s\n", el_prefix_text(&network->prefix6, prefix));
    if (config->said_dns)
        return;
    print_dns(out, 4);
    if (six)
        print_dns(out, 6);
}

/* -- the boot service -- */

/* What the boot service is called: the first one just so, which is what it was called when there
 * was but one. */
static void service_name(const struct el_hub_networks *networks, const struct network *network,
                         char name[SERVICE_NAME])
{
    bool first = strcmp(network->about.name, networks->config->network) == 0;

    snprintf(name, SERVICE_NAME, "boot-service%s%s", first ? "" : "-",
             first ? "" : network->about.name);
}

/* Options that speak of addresses are about the network of the command line. */
static bool is_about_addresses(const char *line)
{
    static const char *const names[] = {"dhcp-range =", "reserve =", "router =", "route ="};

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

static char *boot_options(const struct el_hub_networks *networks, const struct network *network)
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

static int open_images(const char *path, struct el_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? el_err_os(err, errno, "images %s: cannot open the directory", path) : fd;
}

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

/* Sockets on the interface. */
static int open_sockets(const struct el_hub_networks *networks, const struct network *network,
                        struct el_launch_fds *fds, struct el_err *err)
{
    const char *device = network->about.name;
    uint16_t http = (uint16_t)networks->config->http_port;
    int rc = el_launch_fds_add(fds, "dhcp", el_node_udp_socket(device, DHCP_PORT, "dhcp", err));

    if (rc >= 0)
        rc = el_launch_fds_add(fds, "binl", el_node_udp_socket(device, BINL_PORT, "pxe", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "tftp", el_node_udp_socket(device, TFTP_PORT, "tftp", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "http", el_node_tcp_socket(device, http, "http", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "packet", el_packet_open_to_send(device, err));
    if (rc >= 0)
        open_for_ndp(networks, device, fds);
    return rc;
}

static int pass_port(const struct el_hub_networks *networks, const struct network *network,
                     struct el_launch_fds *fds, struct el_err *err)
{
    int fd = fcntl(network->port, F_DUPFD_CLOEXEC, 0);

    (void)networks;
    if (fd < 0)
        return el_err_os(err, errno, "network %s", network->about.name);
    return el_launch_fds_add(fds, "port", fd);
}

static int open_for_service(const struct el_hub_networks *networks, const struct network *network,
                            const char *service, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_hub_config *config = networks->config;
    int rc = networks->material->open_for_service(networks, network, fds, err);

    if (rc >= 0 && config->images)
        rc = el_launch_fds_add(fds, "images", open_images(config->images, err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(networks->launch, service, err));
    return rc;
}

int el_hub_network_serve(struct el_hub_networks *networks, const char *name, struct el_err *err)
{
    struct network *network = find(networks, name);
    struct el_launch_fds fds = {.count = 0};
    char service[SERVICE_NAME];

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
    struct network *network = find(networks, name);
    char service[SERVICE_NAME];

    if (!network || !network->served)
        return;
    service_name(networks, network, service);
    el_launch_remove(networks->launch, service);
    network->served = network->serving = false;
}

/* -- coming -- */

static bool same(const struct el_errand_network *a, const struct el_errand_network *b)
{
    return strcmp(a->name, b->name) == 0 && a->vni == b->vni && a->cidr.len == b->cidr.len &&
           el_ip_equal(&a->cidr.ip, &b->cidr.ip) && el_ip_equal(&a->prefix6.ip, &b->prefix6.ip);
}

/* 1: it is there. */
static int look_for(const struct el_hub_networks *networks, const struct el_errand_network *wanted,
                    struct el_err *err)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        const struct network *network = &networks->items[i];
        if (!network->used)
            continue;
        if (same(&network->about, wanted))
            return 1;
        if (strcmp(network->about.name, wanted->name) == 0)
            return el_err(err, EL_EEXIST, "network %s is there already, with other ranges or VNI",
                          wanted->name);
        if (network->about.vni == wanted->vni)
            return el_err(err, EL_EEXIST, "VNI %lu is network %s's", (unsigned long)wanted->vni,
                          network->about.name);
    }
    return 0;
}

static int open_interface(const struct el_hub_networks *networks, struct network *network,
                          struct el_err *err)
{
    const char *siblings[EL_HUB_NETWORKS + 1];
    unsigned count = 0;

    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (networks->items[i].used)
            siblings[count++] = networks->items[i].about.name;
    siblings[count] = NULL;
    int rc =
        el_node_interface_open(network->about.name, networks->public_key, network->about.vni,
                               &network->address, siblings, networks->lanes, network->queues, err);
    if (rc < 0)
        return rc;
    network->lanes = (unsigned)rc;
    return el_node_interface_mac(network->about.name, &network->own, err);
}

static void forget(struct network *network)
{
    for (unsigned i = 0; i < network->lanes; i++)
        close(network->queues[i]);
    if (network->port >= 0)
        close(network->port);
    el_gateway_close(network->gateway);
    *network = (struct network){.port = -1, .locate = {network->locate[0], network->locate[1]}};
}

/* What somebody who had this place before us did not fetch. */
static void drain(const struct network *network)
{
    struct el_locate_question question;
    struct el_locate_answer answer;

    while (el_locate_next_question(network->locate[0], &question))
        continue;
    while (el_locate_next_answer(network->locate[1], &answer))
        continue;
}

static int start_interface(struct el_hub_networks *networks, struct network *network,
                           struct el_err *err)
{
    int rc = open_gateway(networks, network, err); /* first: the interface is never open */

    if (rc == 0)
        rc = open_interface(networks, network, err);
    if (rc == 0 && network->prefix6.ip.family)
        rc = el_node_interface_add6(network->about.name, &network->prefix6, err);
    return rc == 0 ? el_gateway_attach(network->gateway, err) : rc;
}

/* Every worker of the tunnel has a duplicate of its end. */
static int start_pair(struct el_hub_networks *networks, struct network *network, struct el_err *err)
{
    int ends[2];
    int rc = el_port_pair_open(ends);

    if (rc < 0)
        return el_err(err, rc, "network %s: no socket pair: %s", network->about.name,
                      el_strerror(rc));
    network->port = ends[1];
    network->queues[network->lanes++] = ends[0];
    network->own = el_node_interface_mac_for(networks->public_key, network->about.vni);
    while (network->lanes < networks->lanes) {
        int fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return el_err_os(err, errno, "network %s", network->about.name);
        network->queues[network->lanes++] = fd;
    }
    return 0;
}

static const struct material interfaces = {start_interface, open_sockets, false};
static const struct material pairs = {start_pair, pass_port, true};

static int start(struct el_hub_networks *networks, struct network *network, struct el_err *err)
{
    drain(network);
    return networks->material->start(networks, network, err);
}

int el_hub_network_open(struct el_hub_networks *networks, const struct el_errand_network *wanted,
                        struct el_err *err)
{
    int rc = el_hub_network_check(&wanted->cidr, err);

    if (rc == 0)
        rc = look_for(networks, wanted, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        struct network *network = &networks->items[i];
        const struct el_prefix *cidr = &wanted->cidr;
        uint32_t range = el_ip4_number(&cidr->ip) & el_prefix_mask4(cidr->len);
        if (network->used)
            continue;
        network->about = *wanted;
        network->address = (struct el_prefix){el_ip4(range + 1), cidr->len};
        rc = start(networks, network, err);
        network->used = rc == 0;
        if (rc < 0)
            forget(network);
        return rc;
    }
    return el_err(err, EL_EFULL, "there are %d networks already", EL_HUB_NETWORKS);
}

/* -- and going -- */

void el_hub_network_close(struct el_hub_networks *networks, const char *name)
{
    struct network *network = find(networks, name);

    if (!network)
        return;
    el_hub_network_unserve(networks, name);
    forget(network);
}

void el_hub_networks_free(struct el_hub_networks *networks)
{
    if (!networks)
        return;
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (networks->items[i].used)
            forget(&networks->items[i]);
    close_locates(networks, EL_HUB_NETWORKS);
    free(networks);
}

int el_hub_network_queues(const struct el_hub_networks *networks, const char *name,
                          int fds[EL_TUNNEL_LANES_MAX], struct el_mac *own)
{
    const struct network *network = find(networks, name);

    if (!network)
        return EL_ENOENT;
    memcpy(fds, network->queues, network->lanes * sizeof *fds);
    *own = network->own;
    return (int)network->lanes;
}

void el_hub_network_locates(const struct el_hub_networks *networks, int fds[EL_HUB_NETWORKS])
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        fds[i] = networks->items[i].locate[0];
}

bool el_hub_network_serves(const struct el_hub_networks *networks, const char *name)
{
    const struct network *network = find(networks, name);

    return network && network->serving;
}

bool el_hub_network_set_serving(struct el_hub_networks *networks, const char *applet, bool serving,
                                char name[EL_ERRAND_NAME])
{
    char service[SERVICE_NAME];

    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        struct network *network = &networks->items[i];
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

bool el_hub_networks_are_framed(const struct el_hub_networks *networks)
{
    return networks->material->framed;
}

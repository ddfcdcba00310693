/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that come and go. */
#include "hub/hub_network_inside.h"

#include "base/log.h"
#include "nfs/nfs_wire.h"
#include "node/interface.h"
#include "node/locate.h"
#include "port/pair.h"
#include "service/nfs_sockets.h"
#include "service/orders.h"
#include "timeline/recent.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct el_hub_material interfaces, pairs;

static void close_channels(const struct el_hub_networks *networks, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned end = 0; end < 2; end++) {
            close(networks->items[i].locate[end]);
            close(networks->items[i].orders[end]);
        }
}

static int open_channels(struct el_hub_network *network)
{
    int rc = el_locate_pair(network->locate);

    if (rc == 0 && el_orders_pair(network->orders) < 0) {
        close(network->locate[0]);
        close(network->locate[1]);
        rc = EL_EFULL;
    }
    return rc;
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
        networks->items[i].port = networks->items[i].recent = -1;
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (open_channels(&networks->items[i]) < 0) {
            close_channels(networks, i);
            free(networks);
            return NULL;
        }
    return networks;
}

struct el_hub_network *el_hub_network_find(const struct el_hub_networks *networks, const char *name)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++)
        if (networks->items[i].used && strcmp(networks->items[i].about.name, name) == 0)
            return (struct el_hub_network *)(uintptr_t)&networks->items[i];
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
static bool shares_range(const struct el_hub_networks *networks,
                         const struct el_hub_network *network)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        const struct el_hub_network *other = &networks->items[i];
        if (other->used && other != network &&
            el_prefix_overlaps(&other->about.cidr, &network->about.cidr)) {
            EL_LOG(EL_LOG_WARN, "gateway", "not-let-out", EL_STR("network", network->about.name),
                   EL_STR("same-range", other->about.name));
            return true;
        }
    }
    return false;
}

static bool shares_prefix6(const struct el_hub_networks *networks,
                           const struct el_hub_network *network)
{
    for (unsigned i = 0; i < EL_HUB_NETWORKS; i++) {
        const struct el_hub_network *other = &networks->items[i];
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
static void choose_prefix6(const struct el_hub_networks *networks, struct el_hub_network *network)
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

enum { SERVICES_MAX = 10 };

/* What machines reach of ours, through the firewall; their number. */
static size_t list_services(const struct el_hub_config *config, bool six,
                            struct el_firewall_service services[SERVICES_MAX])
{
    const struct el_firewall_service always[] = {
        {IPPROTO_UDP, EL_HUB_DHCP_PORT, "DHCP", false},
        {IPPROTO_UDP, EL_HUB_BINL_PORT, "PXE", false},
        {IPPROTO_UDP, EL_HUB_TFTP_PORT, "TFTP", false},
        {IPPROTO_TCP, (uint16_t)config->http_port, "HTTP", false},
    };
    const struct el_firewall_service dns[] = {
        {IPPROTO_UDP, EL_HUB_DNS_PORT, "DNS", six},
        {IPPROTO_TCP, EL_HUB_DNS_PORT, "DNS", six},
    };
    static const struct el_firewall_service nfs[] = {
        {IPPROTO_UDP, EL_NFS_PORT, "NFS", false},
        {IPPROTO_TCP, EL_NFS_PORT, "NFS", false},
        {IPPROTO_UDP, EL_NFS_PORTMAP_PORT, "portmapper", false},
        {IPPROTO_TCP, EL_NFS_PORTMAP_PORT, "portmapper", false},
    };
    size_t count = sizeof always / sizeof always[0];

    memcpy(services, always, sizeof always);
    if (!config->no_dns) {
        memcpy(services + count, dns, sizeof dns);
        count += sizeof dns / sizeof dns[0];
    }
    if (!config->boot->no_nfs) {
        memcpy(services + count, nfs, sizeof nfs);
        count += sizeof nfs / sizeof nfs[0];
    }
    return count;
}

static int open_gateway(const struct el_hub_networks *networks, struct el_hub_network *network,
                        struct el_err *err)
{
    const struct el_hub_config *config = networks->config;
    struct el_firewall_service services[SERVICES_MAX];

    network->let_out = config->gateway && !shares_range(networks, network);
    choose_prefix6(networks, network);
    struct el_gateway_config gateway = {
        .network = network->about.name,
        .range = network->about.cidr,
        .prefix = network->prefix6,
        .firewall = !config->no_firewall,
        .services = services,
        .service_count = list_services(config, network->prefix6.ip.family == 6, services),
        .out = network->let_out,
        .routes = config->gateway,
    };

    return el_gateway_open(&gateway, &network->gateway, err);
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
        const struct el_hub_network *network = &networks->items[i];
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

static int open_interface(const struct el_hub_networks *networks, struct el_hub_network *network,
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

static void forget(struct el_hub_network *network)
{
    for (unsigned i = 0; i < network->lanes; i++)
        close(network->queues[i]);
    if (network->port >= 0)
        close(network->port);
    if (network->recent >= 0)
        close(network->recent);
    el_gateway_close(network->gateway);
    *network = (struct el_hub_network){.port = -1,
                                       .recent = -1,
                                       .locate = {network->locate[0], network->locate[1]},
                                       .orders = {network->orders[0], network->orders[1]}};
}

/* What somebody who had this place before us did not fetch. */
static void drain(const struct el_hub_network *network)
{
    struct el_locate_question question;
    struct el_locate_answer answer;
    char byte;

    while (el_locate_next_question(network->locate[0], &question))
        continue;
    while (el_locate_next_answer(network->locate[1], &answer))
        continue;
    for (unsigned end = 0; end < 2; end++)
        while (recv(network->orders[end], &byte, sizeof byte, MSG_DONTWAIT) > 0)
            continue;
}

/* Memory that neither side can make smaller under the other's feet. A network does without, if
 * there is none. */
static int make_recent(const char *name)
{
    int fd = memfd_create("recent", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd >= 0 && ftruncate(fd, EL_RECENT_BYTES) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    EL_LOG(EL_LOG_WARN, "node", "no-recent-frames", EL_STR("network", name),
           EL_STR("reason", strerror(errno)));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int start_interface(struct el_hub_networks *networks, struct el_hub_network *network,
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
static int start_pair(struct el_hub_networks *networks, struct el_hub_network *network,
                      struct el_err *err)
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

static const struct el_hub_material interfaces = {start_interface, el_hub_service_sockets, false};
static const struct el_hub_material pairs = {start_pair, el_hub_service_port, true};

static int start(struct el_hub_networks *networks, struct el_hub_network *network,
                 struct el_err *err)
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
        struct el_hub_network *network = &networks->items[i];
        const struct el_prefix *cidr = &wanted->cidr;
        uint32_t range = el_ip4_number(&cidr->ip) & el_prefix_mask4(cidr->len);
        if (network->used)
            continue;
        network->about = *wanted;
        network->recent = make_recent(wanted->name);
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
    struct el_hub_network *network = el_hub_network_find(networks, name);

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
    close_channels(networks, EL_HUB_NETWORKS);
    free(networks);
}

int el_hub_network_queues(const struct el_hub_networks *networks, const char *name,
                          int fds[EL_TUNNEL_LANES_MAX], struct el_mac *own)
{
    const struct el_hub_network *network = el_hub_network_find(networks, name);

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

int el_hub_network_recent(const struct el_hub_networks *networks, const char *name)
{
    const struct el_hub_network *network = el_hub_network_find(networks, name);

    return network ? network->recent : -1;
}

int el_hub_network_orders(const struct el_hub_networks *networks, const char *name)
{
    const struct el_hub_network *network = el_hub_network_find(networks, name);

    return network ? network->orders[0] : EL_ENOENT;
}

bool el_hub_networks_are_framed(const struct el_hub_networks *networks)
{
    return networks->material->framed;
}

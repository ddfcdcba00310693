/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network's way out of this host, and the firewall in front of its services. */
#include "hub/gateway.h"

#include "base/log.h"
#include "net/resolve.h"
#include "net/sockaddr.h"
#include "netlink/forwarding.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where systemd-resolved, which puts itself into /etc/resolv.conf, keeps whom it asks. */
#define UPLINK_RESOLV_CONF "/run/systemd/resolve/resolv.conf"

struct el_gateway {
    char network[EL_NETLINK_NAME_BYTES];
    struct el_forwarding *forwarding; /* NULL: nobody is let out */
    bool six;                         /* also over IPv6 */
    struct el_firewall *firewall;     /* NULL: done without */
};

/* Addresses that mean something inside the tunnel only (el_node_key_address()). */
static const struct el_prefix tunnel = {{4, {100, 64}}, 10};

static int open_firewall(struct el_gateway *gateway, const struct el_gateway_config *config,
                         struct el_err *err)
{
    const struct el_prefix ranges[] = {config->range, config->prefix};
    struct el_firewall_config rules = {
        .network = config->network,
        .port = config->firewall,
        .services = config->services,
        .service_count = config->service_count,
        .ranges = ranges,
        .range_count = !config->out   ? 0
                       : gateway->six ? 2
                                      : 1,
        .forbidden = &tunnel,
        .forbidden_count = 1,
        .guarded6 = el_forwarding_borrows6(gateway->forwarding),
    };

    rules.guarded_count = el_forwarding_names(gateway->forwarding, &rules.guarded);
    int rc = el_firewall_open(&rules, &gateway->firewall, err);
    if (rc == EL_ENOTSUP && !config->out) {
        EL_LOG(EL_LOG_WARN, "firewall", "without", EL_STR("reason", err->text),
               EL_STR("hint", "--no-firewall says that this is as it should be"));
        return 0;
    }
    if (rc == 0 && el_firewall_is_stateless(gateway->firewall))
        EL_LOG(EL_LOG_WARN, "firewall", "stateless", EL_STR("network", config->network),
               EL_STR("reason", "this kernel has no connection tracking: what looks like an answer "
                                "is taken for one"));
    return rc;
}

int el_gateway_open(const struct el_gateway_config *config, struct el_gateway **result,
                    struct el_err *err)
{
    struct el_gateway *gateway = calloc(1, sizeof *gateway);

    *result = NULL;
    if (!gateway)
        return el_err(err, EL_ENOMEM, "out of memory");
    strncpy(gateway->network, config->network, sizeof gateway->network - 1);
    gateway->six = config->out && config->prefix.ip.family == 6;
    int rc = 0;
    if (config->out)
        rc = el_forwarding_borrow(EL_FORWARDING_DIRECTORY, gateway->six, &gateway->forwarding, err);
    if (rc == 0 && (config->routes || config->firewall))
        rc = open_firewall(gateway, config, err);
    if (rc < 0) {
        el_gateway_close(gateway);
        return rc;
    }
    *result = gateway;
    return 0;
}

int el_gateway_attach(const struct el_gateway *gateway, struct el_err *err)
{
    return gateway->forwarding ? el_forwarding_allow(gateway->network, gateway->six, err) : 0;
}

void el_gateway_close(struct el_gateway *gateway)
{
    if (!gateway)
        return;
    /* In this order: what is borrowed is guarded until it is given back. */
    el_forwarding_return(gateway->forwarding);
    el_firewall_close(gateway->firewall);
    free(gateway);
}

/* Whoever has the address can bind to it. A name server here itself is behind the firewall. */
static bool is_ours(const struct el_ip *ip)
{
    union el_net_sockaddr address;
    const struct el_endpoint any_port = {.ip = *ip};
    int family = ip->family == 4 ? AF_INET : AF_INET6;
    socklen_t len = el_net_sockaddr_from(&address, family, &any_port);
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    bool ours = fd >= 0 && bind(fd, &address.any, len) == 0;
    if (fd >= 0)
        close(fd);
    return ours;
}

/* fe80::/10 is somebody else on every link. */
static bool is_link_local(const struct el_ip *ip)
{
    return ip->family == 6 && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

static unsigned read_servers(const char *path, uint8_t family,
                             struct el_ip servers[EL_GATEWAY_SERVERS])
{
    struct el_ip all[3 * EL_GATEWAY_SERVERS];
    size_t count = el_net_resolve_servers(path, all, sizeof all / sizeof all[0]);
    unsigned kept = 0;

    for (size_t i = 0; i < count && kept < EL_GATEWAY_SERVERS; i++)
        if (all[i].family == family && !is_link_local(&all[i]) && !is_ours(&all[i]))
            servers[kept++] = all[i];
    return kept;
}

unsigned el_gateway_dns(uint8_t family, struct el_ip servers[EL_GATEWAY_SERVERS])
{
    unsigned count = read_servers(NULL, family, servers);

    if (count == 0)
        count = read_servers(UPLINK_RESOLV_CONF, family, servers);
    if (count == 0 && family == 4)
        EL_LOG(EL_LOG_WARN, "gateway", "no-dns",
               EL_STR("reason", "this computer asks no IPv4 name server that machines could ask"),
               EL_STR("hint", "--dns IP names one for them"));
    return count;
}

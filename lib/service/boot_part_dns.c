/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS: who is who here, and whatever this computer can find out about the rest. */
#include "base/log.h"
#include "dns/dns_io.h"
#include "service/boot_part.h"
#include "service/resolvers.h"
#include "service/sockets.h"
#include "sys/fds.h"

#include <stdlib.h>
#include <string.h>

enum { UDP, TCP, UDP6, TCP6, SOCKETS };

struct el_boot_names {
    struct el_boot_parts *s;
    int fds[SOCKETS];
    struct el_ip own[2]; /* ours: IPv4, and IPv6, or family 0 */
    struct el_prefix networks[2];
    unsigned families; /* of these: 1 or 2 */
    struct el_dns_hosts *hosts;
    struct el_dns_io *dns;
    struct el_resolvers *resolvers;
};

bool el_boot_part_dns_serves(const struct el_boot_parts *s)
{
    return !s->config->options->names.off;
}

struct el_ip el_boot_part_dns_address6(const struct el_boot_parts *s)
{
    struct el_ip ip = s->config->prefix6.ip;

    if (ip.family == 6)
        ip.b[15] = 1; /* el_node_interface_add6() */
    return ip;
}

/* -- who is who -- */

static bool lives(void *arg, const struct el_dns_host *host)
{
    const struct el_boot_names *names = arg;
    const struct el_dhcp_leases *leases =
        names->s->dhcp ? el_dhcp_leases(el_dhcp_io_server(names->s->dhcp)) : NULL;
    const struct el_dhcp_lease *lease =
        leases ? el_dhcp_leases_at(leases, el_ip4_number(&host->ip)) : NULL;

    return lease && lease->state == EL_DHCP_BOUND && el_mac_equal(&lease->mac, &host->mac);
}

/* Whom a person has called so: his address, if it is known. A name that somebody has been given is
 * nobody else's. */
static bool find_named(const struct el_boot_names *names, const char *host, struct el_ip *ip)
{
    const struct el_boot_options *options = names->s->config->options;
    const struct el_dns_host *seen;
    struct el_machine machine;

    *ip = (struct el_ip){.family = 0};
    if (el_machines_by_name(names->s->machines, host, &machine) == 0) {
        seen = el_dns_hosts_by_mac(names->hosts, &machine.mac);
        if (seen && lives((void *)(uintptr_t)names, seen))
            *ip = seen->ip;
        else if (machine.intent &&
                 el_prefix_contains(&names->networks[0], &machine.intent->address))
            *ip = machine.intent->address;
        return true;
    }
    for (size_t i = 0; i < options->reservation_count; i++)
        if (strcasecmp(options->reservations[i].hostname, host) == 0) {
            *ip = options->reservations[i].ip;
            return true;
        }
    return false;
}

static size_t lookup(void *arg, const struct el_ip *asking, const char *host, struct el_ip *ips,
                     size_t capacity)
{
    const struct el_boot_names *names = arg;
    const struct el_dns_host *seen;

    (void)asking; /* the proxy is here, wherever one asks from */
    if (strcmp(host, "hub") == 0 || strcmp(host, "proxy") == 0) {
        for (unsigned i = 0; i < names->families && i < capacity; i++)
            ips[i] = names->own[i];
        return names->families < capacity ? names->families : capacity;
    }
    if (find_named(names, host, &ips[0]))
        return ips[0].family ? 1 : 0;
    seen = el_dns_hosts_by_name(names->hosts, host);
    if (seen)
        ips[0] = seen->ip;
    return seen ? 1 : 0;
}

/* What a person calls MAC; NULL: nothing. */
static const char *name_of(const struct el_boot_names *names, const struct el_mac *mac)
{
    const struct el_boot_options *options = names->s->config->options;
    struct el_machine machine;

    if (el_machines_by_mac(names->s->machines, mac, &machine) == 0 && machine.intent &&
        machine.intent->name[0])
        return machine.intent->name;
    for (size_t i = 0; i < options->reservation_count; i++)
        if (el_mac_equal(&options->reservations[i].mac, mac) &&
            options->reservations[i].hostname[0])
            return options->reservations[i].hostname;
    return NULL;
}

/* The machine that has the address: what a person calls it; else what it calls itself, unless that
 * is somebody's. */
static const char *name_at(const struct el_boot_names *names, const struct el_ip *ip)
{
    const struct el_boot_options *options = names->s->config->options;
    const struct el_dns_host *seen = el_dns_hosts_by_ip(names->hosts, ip);
    struct el_machine machine;
    struct el_ip other;

    if (el_machines_by_address(names->s->machines, ip, &machine) == 0) {
        const char *name = name_of(names, &machine.mac);
        if (name)
            return name;
    }
    for (size_t i = 0; i < options->reservation_count; i++)
        if (el_ip_equal(&options->reservations[i].ip, ip) && options->reservations[i].hostname[0])
            return options->reservations[i].hostname;
    return seen && !find_named(names, seen->name, &other) ? seen->name : NULL;
}

static bool reverse(void *arg, const struct el_ip *ip, char host[EL_DNS_HOST_BYTES])
{
    const struct el_boot_names *names = arg;
    const char *name = NULL;

    for (unsigned i = 0; i < names->families; i++)
        if (el_ip_equal(&names->own[i], ip))
            name = "hub";
    if (!name)
        name = name_at(names, ip);
    if (!name || strlen(name) >= EL_DNS_HOST_BYTES)
        return false;
    strcpy(host, name);
    return true;
}

void el_boot_part_dns_seen(struct el_boot_parts *s, const struct el_dhcp_seen *seen)
{
    const struct el_dhcp_client *client = seen->client;

    if (!s->names || !s->names->hosts || seen->kind != EL_DHCP_SEEN_ACK || !seen->ip.family ||
        el_mac_is_zero(&client->mac))
        return;
    const char *name = client->hostname[0] ? client->hostname : name_of(s->names, &client->mac);
    el_dns_hosts_saw(s->names->hosts, &client->mac, &seen->ip, name);
}

/* -- sockets -- */

static int open_sockets(struct el_boot_names *names, const char *device, struct el_err *err)
{
    static const char *const fds[SOCKETS] = {EL_BOOT_DNS_FDS};

    for (int i = 0; i < SOCKETS; i++) {
        const struct el_ip *ip = &names->own[i / 2];
        names->fds[i] = el_sys_fds_take(fds[i]);
        if (names->fds[i] >= 0 || names->s->ground.own_stack || ip->family == 0)
            continue;
        names->fds[i] = i % 2 ? el_node_tcp_socket_at(device, ip, EL_DNS_PORT, "dns", err)
                              : el_node_udp_socket_at(device, ip, EL_DNS_PORT, "dns", err);
        if (names->fds[i] < 0)
            return names->fds[i];
    }
    return 0;
}

/* Asking others may take TCP. */
static void allow_servers(struct el_boot_parts *s)
{
    const struct el_dns_options *options = &s->config->options->names;

    s->resolver = options->host && options->upstream_count == 0;
    for (unsigned i = 0; i < options->upstream_count; i++)
        s->connect_ports[s->connect_port_count++] = options->upstreams[i].port;
}

static int open_dns(struct el_boot_parts *s, struct el_err *err)
{
    bool six = s->config->prefix6.ip.family == 6 && !s->ground.own_stack;

    if (!el_boot_part_dns_serves(s))
        return 0;
    s->names = calloc(1, sizeof *s->names);
    if (!s->names)
        return el_err(err, EL_ENOMEM, "out of memory");
    *s->names = (struct el_boot_names){
        .s = s,
        .fds = {-1, -1, -1, -1},
        .own = {s->config->address.ip},
        .networks = {s->config->address, s->config->prefix6},
        .families = six ? 2 : 1,
    };
    if (six)
        s->names->own[1] = el_boot_part_dns_address6(s);
    allow_servers(s);
    return open_sockets(s->names, s->config->network, err);
}

/* -- coming and going -- */

static void on_servers(void *arg, const struct el_endpoint *servers, unsigned count)
{
    struct el_boot_names *names = arg;

    el_dns_io_ask(names->dns, servers, count);
}

static int find_servers(struct el_boot_names *names, struct el_err *err)
{
    const struct el_dns_options *options = &names->s->config->options->names;
    const struct el_resolvers_config config = {
        .skip = names->own, .skip_count = names->families, .changed = on_servers, .arg = names};

    el_dns_io_ask(names->dns, options->upstreams, options->upstream_count);
    if (options->upstream_count > 0 || !options->host)
        return 0;
    names->resolvers = el_resolvers_new(names->s->kernel, &config);
    return names->resolvers ? 0 : el_err(err, EL_ENOMEM, "out of memory");
}

static void fill_listens(const struct el_boot_names *names, struct el_dns_io_config *config)
{
    for (unsigned i = 0; i < names->families; i++) {
        const struct el_endpoint at = {.ip = names->own[i], .port = EL_DNS_PORT};
        config->listen[i].udp = (struct el_net_udp_config){
            .bind = at, .device = names->s->config->network, .inherited_fd = names->fds[2 * i]};
        config->listen[i].tcp = (struct el_net_listen_config){
            .bind = at, .device = names->s->config->network, .inherited_fd = names->fds[2 * i + 1]};
    }
    config->listen_count = names->families;
}

static int start_hosts(struct el_boot_names *names, struct el_err *err)
{
    struct el_dns_hosts_store store;

    if (!names->s->state)
        return el_dns_hosts_new(NULL, lives, names, &names->hosts, err);
    el_state_host_store(names->s->state, &store);
    return el_dns_hosts_new(&store, lives, names, &names->hosts, err);
}

static int start_dns(struct el_boot_parts *s, struct el_err *err)
{
    struct el_boot_names *names = s->names;

    if (!names)
        return 0;
    struct el_dns_io_config config = {
        .dns =
            {
                .allowed = names->networks,
                .allowed_count = names->families,
                .local =
                    {
                        .networks = names->networks,
                        .network_count = names->families,
                        .lookup = lookup,
                        .reverse = reverse,
                        .arg = names,
                    },
                .guard = {.own = names->networks, .own_count = names->families},
                .told = s->dns_told,
                .told_arg = s->dns_told_arg,
            },
        .outside = s->kernel,
    };
    const struct el_boot_options *options = s->config->options;
    int rc = el_dns_options_apply(&options->names, options->domain, &config.dns, err);

    fill_listens(names, &config);
    if (rc == 0)
        rc = start_hosts(names, err);
    if (rc == 0)
        rc = el_dns_io_start(s->net, &config, &names->dns, err);
    return rc < 0 ? rc : find_servers(names, err);
}

static void stop_dns(struct el_boot_parts *s)
{
    if (!s->names)
        return;
    el_resolvers_free(s->names->resolvers);
    el_dns_io_stop(s->names->dns);
    el_dns_hosts_free(s->names->hosts);
    free(s->names);
    s->names = NULL;
}

const struct el_boot_part el_boot_part_dns = {
    .open = open_dns, .start = start_dns, .stop = stop_dns};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot service's options: their notation, and whether they fit the network. */
#include "service/boot_options.h"

#include "dhcp/dhcp_wire.h"

#include <stdlib.h>
#include <string.h>

static int parse_ip4(const char *text, struct el_ip *ip)
{
    return el_ip_parse(text, ip) == 0 && ip->family == 4 ? 0 : EL_EINVAL;
}

/* FIRST-LAST, LEN bytes of it. */
static int parse_range(const char *text, size_t len, struct el_dhcp_range *range)
{
    char first[EL_IP_TEXT] = "", last[EL_IP_TEXT] = "";
    const char *dash = memchr(text, '-', len);
    size_t first_len = dash ? (size_t)(dash - text) : 0;
    size_t last_len = dash ? len - first_len - 1 : 0;

    if (!dash || first_len >= sizeof first || last_len >= sizeof last)
        return EL_EINVAL;
    memcpy(first, text, first_len);
    memcpy(last, dash + 1, last_len);
    if (parse_ip4(first, &range->first) < 0 || parse_ip4(last, &range->last) < 0)
        return EL_EINVAL;
    return el_ip4_number(&range->first) <= el_ip4_number(&range->last) ? 0 : EL_EINVAL;
}

int el_boot_options_range(struct el_boot_options *options, const char *text, struct el_err *err)
{
    struct el_dhcp_range range;

    if (parse_range(text, strlen(text), &range) < 0)
        return el_err(err, EL_EINVAL,
                      "%s: expected FIRST-LAST, such as 192.168.77.100-192.168.77.199", text);
    if (options->range_count == EL_DHCP_RANGES_MAX)
        return el_err(err, EL_EFULL, "at most %d ranges", EL_DHCP_RANGES_MAX);
    options->ranges[options->range_count++] = range;
    return 0;
}

/* RANGE=FIRST-LAST[,FIRST-LAST...][,ROUTER] */
static int parse_relayed(const char *text, struct el_dhcp_subnet *subnet)
{
    char prefix[EL_PREFIX_TEXT] = "";
    size_t len = strcspn(text, "="), ranges = 0;

    if (!text[len] || len >= sizeof prefix)
        return EL_EINVAL;
    memcpy(prefix, text, len);
    if (el_prefix_parse(prefix, &subnet->prefix) < 0 || subnet->prefix.ip.family != 4)
        return EL_EINVAL;
    for (text += len + 1;; text += len + 1) {
        len = strcspn(text, ",");
        if (!text[len] && parse_ip4(text, &subnet->router) == 0)
            return ranges > 0 && el_prefix_contains(&subnet->prefix, &subnet->router) ? 0
                                                                                      : EL_EINVAL;
        if (ranges == EL_DHCP_RANGES_MAX || parse_range(text, len, &subnet->ranges[ranges]) < 0 ||
            !el_prefix_contains(&subnet->prefix, &subnet->ranges[ranges].first) ||
            !el_prefix_contains(&subnet->prefix, &subnet->ranges[ranges].last))
            return EL_EINVAL;
        ranges++;
        if (!text[len])
            return 0;
    }
}

int el_boot_options_relayed(struct el_boot_options *options, const char *text, struct el_err *err)
{
    struct el_dhcp_subnet subnet = {.prefix.len = 0};

    if (parse_relayed(text, &subnet) < 0)
        return el_err(err, EL_EINVAL,
                      "%s: expected RANGE=FIRST-LAST[,ROUTER], such as "
                      "10.1.0.0/24=10.1.0.100-10.1.0.199,10.1.0.1",
                      text);
    if (options->relayed_count == EL_DHCP_SUBNETS_MAX - 1)
        return el_err(err, EL_EFULL, "at most %d networks behind relays", EL_DHCP_SUBNETS_MAX - 1);
    options->relayed[options->relayed_count++] = subnet;
    return 0;
}

int el_boot_options_rule(struct el_boot_options *options, const char *text, struct el_err *err)
{
    size_t count = options->rule_count;
    struct el_dhcp_rule rule;
    int rc = el_dhcp_rule_parse(text, &rule, err);

    if (rc < 0)
        return rc;
    if (count == EL_DHCP_RULES_MAX)
        return el_err(err, EL_EFULL, "at most %d options", EL_DHCP_RULES_MAX);
    struct el_dhcp_rule *list = realloc(options->rules, (count + 1) * sizeof *list);
    if (!list)
        return el_err(err, EL_ENOMEM, "out of memory");
    list[count] = rule;
    options->rules = list;
    options->rule_count = count + 1;
    return 0;
}

static int add_server(struct el_ip *list, unsigned *count, const struct el_ip *server,
                      struct el_err *err)
{
    if (*count == EL_BOOT_OPTION_SERVERS)
        return el_err(err, EL_EFULL, "at most %d servers", EL_BOOT_OPTION_SERVERS);
    list[(*count)++] = *server;
    return 0;
}

int el_boot_options_dns(struct el_boot_options *options, const char *text, struct el_err *err)
{
    struct el_ip server;

    if (el_ip_parse(text, &server) < 0)
        return el_err(err, EL_EINVAL, "%s: expected an address", text);
    return server.family == 4 ? add_server(options->dns, &options->dns_count, &server, err)
                              : add_server(options->dns6, &options->dns6_count, &server, err);
}

int el_boot_options_ntp(struct el_boot_options *options, const char *text, struct el_err *err)
{
    struct el_ip server;

    if (parse_ip4(text, &server) < 0)
        return el_err(err, EL_EINVAL, "%s: expected an IPv4 address", text);
    return add_server(options->ntp, &options->ntp_count, &server, err);
}

int el_boot_options_route(struct el_boot_options *options, const char *text, struct el_err *err)
{
    char to[EL_PREFIX_TEXT] = "";
    size_t len = strcspn(text, "=");
    struct el_dhcp_route route;

    if (text[len] && len < sizeof to)
        memcpy(to, text, len);
    if (el_prefix_parse(to, &route.to) < 0 || route.to.ip.family != 4 ||
        parse_ip4(text + len + 1, &route.via) < 0)
        return el_err(err, EL_EINVAL, "%s: expected RANGE=IP, such as 10.0.0.0/8=192.168.77.254",
                      text);
    if (options->route_count == EL_BOOT_OPTION_ROUTES)
        return el_err(err, EL_EFULL, "at most %d routes", EL_BOOT_OPTION_ROUTES);
    options->routes[options->route_count++] = route;
    return 0;
}

/* What stands before END of TEXT, or at its end: false if it is empty or does not fit. */
static bool take_until(const char **text, const char *end, char *to, size_t capacity)
{
    const char *found = strstr(*text, end);
    size_t len = found ? (size_t)(found - *text) : strlen(*text);

    if (len == 0 || len >= capacity)
        return false;
    memcpy(to, *text, len);
    to[len] = '\0';
    *text += len + (found ? strlen(end) : 0);
    return true;
}

static bool is_export_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    return name[0] != '.' && name[strspn(name, allowed)] == '\0' && strcmp(name, "images") != 0;
}

/* NAME=PATH[,overlay=DIR] */
int el_boot_options_export(struct el_boot_options *options, const char *text, struct el_err *err)
{
    struct el_boot_option_export export = {.overlay = ""};
    const char *rest = text;

    if (!strchr(text, '=') || !take_until(&rest, "=", export.name, sizeof export.name) ||
        !is_export_name(export.name) ||
        !take_until(&rest, ",overlay=", export.path, sizeof export.path) ||
        (strstr(text, ",overlay=") &&
         !take_until(&rest, "\n", export.overlay, sizeof export.overlay)))
        return el_err(err, EL_EINVAL,
                      "%s: expected NAME=PATH or NAME=PATH,overlay=DIR; NAME of letters, digits, "
                      "dots and dashes, not \"images\"",
                      text);
    for (unsigned i = 0; i < options->export_count; i++)
        if (strcmp(options->exports[i].name, export.name) == 0)
            return el_err(err, EL_EEXIST, "%s: %s is exported already", text, export.name);
    if (options->export_count == EL_BOOT_OPTION_EXPORTS)
        return el_err(err, EL_EFULL, "at most %d exports", EL_BOOT_OPTION_EXPORTS);
    options->exports[options->export_count++] = export;
    return 0;
}

/* MAC=IP[,HOSTNAME] */
static int parse_reservation(const char *text, struct el_boot_option_reservation *reservation)
{
    char mac[EL_MAC_TEXT] = "", ip[EL_IP_TEXT] = "";
    size_t mac_len = strcspn(text, "=");
    const char *rest = text + mac_len + (text[mac_len] == '=');
    size_t ip_len = strcspn(rest, ",");
    const char *hostname = rest[ip_len] ? rest + ip_len + 1 : "";

    if (mac_len >= sizeof mac || ip_len >= sizeof ip ||
        strlen(hostname) >= sizeof reservation->hostname)
        return EL_EINVAL;
    memcpy(mac, text, mac_len);
    memcpy(ip, rest, ip_len);
    strcpy(reservation->hostname, hostname);
    if (el_mac_parse(mac, &reservation->mac) < 0)
        return EL_EINVAL;
    return parse_ip4(ip, &reservation->ip);
}

int el_boot_options_reserve(struct el_boot_options *options, const char *text, struct el_err *err)
{
    struct el_boot_option_reservation reservation = {.hostname = ""};
    size_t count = options->reservation_count;

    if (parse_reservation(text, &reservation) < 0)
        return el_err(err, EL_EINVAL, "%s: expected MAC=IP or MAC=IP,HOSTNAME", text);
    if (count == EL_BOOT_OPTION_RESERVATIONS)
        return el_err(err, EL_EFULL, "at most %d reservations", EL_BOOT_OPTION_RESERVATIONS);
    struct el_boot_option_reservation *list =
        realloc(options->reservations, (count + 1) * sizeof *list);
    if (!list)
        return el_err(err, EL_ENOMEM, "out of memory");
    list[count] = reservation;
    options->reservations = list;
    options->reservation_count = count + 1;
    return 0;
}

/* As option 119 takes them: what cannot be said there is better refused than left out. */
static bool are_domains(const char *text)
{
    static const char separators[] = " ,\t";
    uint8_t bytes[255];

    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t len = strcspn(text, separators);
        struct el_wire w = el_wire_write(bytes, sizeof bytes);
        el_dhcp_wire_name(&w, text, len);
        if (!el_wire_ok(&w))
            return false;
        text += len;
    }
    return true;
}

static int routes_fit(const struct el_boot_options *options, const struct el_prefix *network,
                      struct el_err *err)
{
    char text[EL_PREFIX_TEXT], ip[EL_IP_TEXT];

    for (unsigned i = 0; i < options->route_count; i++)
        if (!el_prefix_contains(network, &options->routes[i].via))
            return el_err(err, EL_EINVAL, "route: %s is not inside the network %s",
                          el_ip_text(&options->routes[i].via, ip), el_prefix_text(network, text));
    return 0;
}

/* In a /24: .100 to .199. What is below and above is for reservations. */
static void usual_range(struct el_boot_options *options, const struct el_prefix *network)
{
    uint32_t size = ~el_prefix_mask4(network->len);
    uint32_t base = el_ip4_number(&network->ip) & ~size;
    uint32_t first = size >= 255 ? 100 : (size + 1) / 2;
    uint64_t count = ((uint64_t)size + 1) * 100 / 256;

    count = count == 0 ? 1 : count < 65536 ? count : 65536;
    options->ranges[0] = (struct el_dhcp_range){.first = el_ip4(base + first),
                                                .last = el_ip4(base + first + (uint32_t)count - 1)};
    options->range_count = 1;
}

static int ranges_fit(const struct el_boot_options *options, const struct el_prefix *network,
                      struct el_err *err)
{
    char text[EL_PREFIX_TEXT];

    for (unsigned i = 0; i < options->range_count; i++)
        if (!el_prefix_contains(network, &options->ranges[i].first) ||
            !el_prefix_contains(network, &options->ranges[i].last))
            return el_err(err, EL_EINVAL, "dhcp-range: it is not inside the network %s",
                          el_prefix_text(network, text));
    return 0;
}

/* A reservation is for a machine of the network, or behind a relay. */
static bool has_place(const struct el_boot_options *options, const struct el_prefix *network,
                      const struct el_ip *ip)
{
    if (el_prefix_contains(network, ip))
        return true;
    for (unsigned i = 0; i < options->relayed_count; i++)
        if (el_prefix_contains(&options->relayed[i].prefix, ip))
            return true;
    return false;
}

static int reservations_fit(const struct el_boot_options *options, const struct el_prefix *network,
                            struct el_err *err)
{
    char text[EL_PREFIX_TEXT], ip[EL_IP_TEXT];

    for (size_t i = 0; i < options->reservation_count; i++)
        if (!has_place(options, network, &options->reservations[i].ip))
            return el_err(err, EL_EINVAL, "reserve: %s is not inside the network %s",
                          el_ip_text(&options->reservations[i].ip, ip),
                          el_prefix_text(network, text));
    return 0;
}

static int relay_fits(const struct el_boot_options *options, struct el_err *err)
{
    bool relay = options->dhcp == EL_BOOT_DHCP_RELAY;

    if (relay && options->dhcp_server.family != 4)
        return el_err(err, EL_EINVAL, "dhcp = relay: say to which server: dhcp-server = IP");
    if (!relay && options->dhcp_server.family)
        return el_err(err, EL_EINVAL, "dhcp-server: it is of use with dhcp = relay only");
    return 0;
}

int el_boot_options_fit(struct el_boot_options *options, const struct el_prefix *network,
                        struct el_err *err)
{
    struct el_dns_name domain;

    if (options->range_count == 0)
        usual_range(options, network);
    int rc = ranges_fit(options, network, err);
    if (rc == 0)
        rc = reservations_fit(options, network, err);
    if (rc == 0)
        rc = relay_fits(options, err);
    if (rc < 0)
        return rc;
    if (options->domain && !options->names.off && el_dns_local_domain(options->domain, &domain) < 0)
        return el_err(err, EL_EINVAL, "domain: %s: expected a name, such as lab.example.com",
                      options->domain);
    if (options->search && !are_domains(options->search))
        return el_err(err, EL_EINVAL, "search: %s: expected domains separated by spaces",
                      options->search);
    return routes_fit(options, network, err);
}

void el_boot_options_clear(struct el_boot_options *options)
{
    free(options->reservations);
    options->reservations = NULL;
    options->reservation_count = 0;
    free(options->rules);
    options->rules = NULL;
    options->rule_count = 0;
    el_dns_options_clear(&options->names);
}

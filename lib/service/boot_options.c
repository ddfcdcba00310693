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

int el_boot_options_range(struct el_boot_options *options, const char *text, struct el_err *err)
{
    char first[EL_IP_TEXT] = "";
    const char *dash = strchr(text, '-');

    if (dash && (size_t)(dash - text) < sizeof first)
        memcpy(first, text, (size_t)(dash - text));
    if (!dash || parse_ip4(first, &options->first) < 0 || parse_ip4(dash + 1, &options->last) < 0 ||
        el_ip4_number(&options->first) > el_ip4_number(&options->last))
        return el_err(err, EL_EINVAL,
                      "%s: expected FIRST-LAST, such as 192.168.77.100-192.168.77.199", text);
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

int el_boot_options_fit(struct el_boot_options *options, const struct el_prefix *network,
                        struct el_err *err)
{
    uint32_t size = ~el_prefix_mask4(network->len);
    uint32_t base = el_ip4_number(&network->ip) & ~size;
    char text[EL_PREFIX_TEXT], ip[EL_IP_TEXT];

    if (options->first.family == 0) {
        /* In a /24: .100 to .199. What is below and above is for reservations. */
        uint32_t first = size >= 255 ? 100 : (size + 1) / 2;
        uint64_t count = ((uint64_t)size + 1) * 100 / 256;
        count = count == 0 ? 1 : count < 65536 ? count : 65536;
        options->first = el_ip4(base + first);
        options->last = el_ip4(base + first + (uint32_t)count - 1);
    }
    el_prefix_text(network, text);
    if (!el_prefix_contains(network, &options->first) ||
        !el_prefix_contains(network, &options->last))
        return el_err(err, EL_EINVAL, "dhcp-range: it is not inside the network %s", text);
    for (size_t i = 0; i < options->reservation_count; i++)
        if (!el_prefix_contains(network, &options->reservations[i].ip))
            return el_err(err, EL_EINVAL, "reserve: %s is not inside the network %s",
                          el_ip_text(&options->reservations[i].ip, ip), text);
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
}

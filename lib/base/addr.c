/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and their text forms. inet_pton and inet_ntop do the IP part: they are libc's. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define TCP "/tcp" /* behind an endpoint */

struct el_ip el_ip4(uint32_t n)
{
    return (struct el_ip){
        .family = 4,
        .b = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n},
    };
}

uint32_t el_ip4_number(const struct el_ip *ip)
{
    if (ip->family != 4)
        return 0;
    return (uint32_t)ip->b[0] << 24 | (uint32_t)ip->b[1] << 16 | (uint32_t)ip->b[2] << 8 | ip->b[3];
}

bool el_ip_equal(const struct el_ip *a, const struct el_ip *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool el_endpoint_equal(const struct el_endpoint *a, const struct el_endpoint *b)
{
    return a->port == b->port && a->scope == b->scope && a->carrier == b->carrier &&
           el_ip_equal(&a->ip, &b->ip);
}

bool el_prefix_contains(const struct el_prefix *prefix, const struct el_ip *ip)
{
    size_t whole = prefix->len / 8;
    unsigned bits = prefix->len % 8;

    if (ip->family != prefix->ip.family || memcmp(prefix->ip.b, ip->b, whole) != 0)
        return false;
    return bits == 0 || ((prefix->ip.b[whole] ^ ip->b[whole]) >> (8 - bits)) == 0;
}

bool el_prefix_overlaps(const struct el_prefix *a, const struct el_prefix *b)
{
    return a->len <= b->len ? el_prefix_contains(a, &b->ip) : el_prefix_contains(b, &a->ip);
}

uint32_t el_prefix_mask4(uint8_t len)
{
    return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int el_mac_parse(const char *text, struct el_mac *mac)
{
    char separator = text[0] && text[1] ? text[2] : '\0';
    bool separated = separator == ':' || separator == '-';

    for (size_t i = 0; i < sizeof mac->b; i++) {
        if (i > 0 && separated && *text++ != separator)
            return EL_EINVAL;
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return EL_EINVAL;
        mac->b[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return *text == '\0' ? 0 : EL_EINVAL;
}

int el_ip_parse(const char *text, struct el_ip *ip)
{
    memset(ip, 0, sizeof *ip);
    if (inet_pton(AF_INET, text, ip->b) == 1)
        ip->family = 4;
    else if (inet_pton(AF_INET6, text, ip->b) == 1)
        ip->family = 6;
    return ip->family ? 0 : EL_EINVAL;
}

/* A decimal number of at most MAX, with nothing around it. */
static int parse_number(const char *text, unsigned long max, unsigned long *value)
{
    char *end;

    if (*text < '0' || *text > '9')
        return EL_EINVAL;
    *value = strtoul(text, &end, 10);
    return *end == '\0' && *value <= max ? 0 : EL_EINVAL;
}

/* Cuts [text, text+len) out and parses it. */
static int parse_ip_part(const char *text, size_t len, struct el_ip *ip)
{
    char part[EL_IP_TEXT];

    if (len >= sizeof part)
        return EL_EINVAL;
    memcpy(part, text, len);
    part[len] = '\0';
    return el_ip_parse(part, ip);
}

int el_prefix_parse(const char *text, struct el_prefix *prefix)
{
    const char *slash = strchr(text, '/');
    unsigned long len;

    if (!slash || parse_ip_part(text, (size_t)(slash - text), &prefix->ip) < 0)
        return EL_EINVAL;
    if (parse_number(slash + 1, prefix->ip.family == 4 ? 32 : 128, &len) < 0)
        return EL_EINVAL;
    prefix->len = (uint8_t)len;
    return 0;
}

/* An endpoint's address, [text, text+len): the scope is behind a percent sign. */
static int parse_host(const char *text, size_t len, struct el_endpoint *endpoint)
{
    const char *percent = memchr(text, '%', len);
    char number[sizeof "4294967295"];
    unsigned long scope;

    if (!percent)
        return parse_ip_part(text, len, &endpoint->ip);
    size_t before = (size_t)(percent - text);
    size_t digits = len - before - 1;
    if (parse_ip_part(text, before, &endpoint->ip) < 0 || endpoint->ip.family != 6 ||
        digits >= sizeof number)
        return EL_EINVAL;
    memcpy(number, percent + 1, digits);
    number[digits] = '\0';
    if (parse_number(number, UINT32_MAX, &scope) < 0 || scope == 0)
        return EL_EINVAL;
    endpoint->scope = (uint32_t)scope;
    return 0;
}

static int parse_datagram_endpoint(const char *text, uint16_t default_port,
                                   struct el_endpoint *endpoint)
{
    bool brackets = text[0] == '[';
    unsigned long port = default_port;
    const char *port_text = NULL;
    size_t len = strlen(text);

    memset(endpoint, 0, sizeof *endpoint);
    if (brackets) {
        const char *close = strchr(text, ']');
        if (!close || (close[1] != '\0' && close[1] != ':'))
            return EL_EINVAL;
        port_text = close[1] ? close + 2 : NULL;
        text++;
        len = (size_t)(close - text);
    } else {
        const char *colon = strchr(text, ':');
        if (colon && !strchr(colon + 1, ':')) { /* two colons: a bare IPv6 address */
            port_text = colon + 1;
            len = (size_t)(colon - text);
        }
    }
    if (port_text && (parse_number(port_text, 65535, &port) < 0 || port == 0))
        return EL_EINVAL;
    endpoint->port = (uint16_t)port;
    if (parse_host(text, len, endpoint) < 0 || (brackets && endpoint->ip.family != 6))
        return EL_EINVAL;
    return 0;
}

int el_endpoint_parse(const char *text, uint16_t default_port, struct el_endpoint *endpoint)
{
    char plain[EL_ENDPOINT_TEXT];
    size_t len = strlen(text);

    if (len < strlen(TCP) || len - strlen(TCP) >= sizeof plain ||
        strcmp(text + len - strlen(TCP), TCP) != 0)
        return parse_datagram_endpoint(text, default_port, endpoint);
    memcpy(plain, text, len - strlen(TCP));
    plain[len - strlen(TCP)] = '\0';
    int rc = parse_datagram_endpoint(plain, default_port, endpoint);
    endpoint->carrier = EL_CARRIER_TCP;
    return rc;
}

char *el_mac_text(const struct el_mac *mac, char text[EL_MAC_TEXT])
{
    const uint8_t *b = mac->b;

    snprintf(text, EL_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
             b[5]);
    return text;
}

char *el_ip_text(const struct el_ip *ip, char text[EL_IP_TEXT])
{
    if (ip->family == 0)
        strcpy(text, "none");
    else
        inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->b, text, EL_IP_TEXT);
    return text;
}

char *el_prefix_text(const struct el_prefix *prefix, char text[EL_PREFIX_TEXT])
{
    el_ip_text(&prefix->ip, text);
    size_t used = strlen(text);
    snprintf(text + used, EL_PREFIX_TEXT - used, "/%u", prefix->len);
    return text;
}

char *el_endpoint_text(const struct el_endpoint *endpoint, char text[EL_ENDPOINT_TEXT])
{
    const char *behind = endpoint->carrier == EL_CARRIER_UDP ? "" : TCP;
    char ip[EL_IP_TEXT];

    el_ip_text(&endpoint->ip, ip);
    if (endpoint->ip.family != 6)
        snprintf(text, EL_ENDPOINT_TEXT, "%s:%u%s", ip, endpoint->port, behind);
    else if (endpoint->scope)
        snprintf(text, EL_ENDPOINT_TEXT, "[%s%%%u]:%u%s", ip, endpoint->scope, endpoint->port,
                 behind);
    else
        snprintf(text, EL_ENDPOINT_TEXT, "[%s]:%u%s", ip, endpoint->port, behind);
    return text;
}

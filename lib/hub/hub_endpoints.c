/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This host's addresses. */
#include "hub/hub_endpoints.h"

#include "enrol/token.h"
#include "node/peer.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

unsigned el_hub_endpoint_rank(const struct el_ip *ip)
{
    static const struct {
        struct el_prefix range;
        unsigned rank;
    } special[] = {
        {{{4, {0}}, 8}, 0},         /* this network */
        {{{4, {127}}, 8}, 0},       /* loopback */
        {{{4, {169, 254}}, 16}, 0}, /* link-local */
        {{{4, {224}}, 3}, 0},       /* multicast, reserved */
        {{{4, {10}}, 8}, 1},        /* RFC 1918 */
        {{{4, {172, 16}}, 12}, 1},  /* the same */
        {{{4, {192, 168}}, 16}, 1}, /* the same */
        {{{4, {100, 64}}, 10}, 1},  /* RFC 6598 */
        {{{6, {0xfc}}, 7}, 1},      /* RFC 4193 */
        {{{6, {0x20}}, 3}, 2},      /* global unicast: RFC 4291 */
    };

    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (special[i].range.ip.family == ip->family && el_prefix_contains(&special[i].range, ip))
            return special[i].rank;
    return ip->family == 4 ? 3 : 0;
}

static bool to_ip(const struct sockaddr *address, struct el_ip *ip)
{
    *ip = (struct el_ip){0};
    if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return false;
    ip->family = address->sa_family == AF_INET ? 4 : 6;
    if (ip->family == 4) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        memcpy(ip->b, &in.sin_addr, 4);
    } else {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        memcpy(ip->b, &in6.sin6_addr, 16);
    }
    return true;
}

unsigned el_hub_endpoints(bool (*is_ours)(void *arg, const char *interface), void *arg,
                          struct el_ip *ips, unsigned max)
{
    struct ifaddrs *list;
    struct el_ip ip;
    unsigned count = 0;

    if (getifaddrs(&list) < 0)
        return 0;
    for (unsigned rank = 3; rank > 0; rank--)
        for (const struct ifaddrs *item = list; item && count < max; item = item->ifa_next)
            if ((item->ifa_flags & IFF_UP) && to_ip(item->ifa_addr, &ip) &&
                el_hub_endpoint_rank(&ip) == rank && !is_ours(arg, item->ifa_name))
                ips[count++] = ip;
    freeifaddrs(list);
    return count;
}

int el_hub_public_add(char *list[EL_HUB_PUBLIC_MAX], unsigned *count, const char *text,
                      struct el_err *err)
{
    char host[256];
    uint16_t port;

    if (*count == EL_HUB_PUBLIC_MAX)
        return el_err(err, EL_EINVAL, "at most %d places", EL_HUB_PUBLIC_MAX);
    if (el_node_split_endpoint(text, EL_ENROL_PORT, host, &port) < 0)
        return el_err(err, EL_EINVAL, "\"%s\": expected HOST or HOST:PORT", text);
    list[*count] = strdup(text);
    if (!list[*count])
        return el_err(err, EL_ENOMEM, "out of memory");
    ++*count;
    return 0;
}

void el_hub_public_clear(char *list[EL_HUB_PUBLIC_MAX], unsigned *count)
{
    while (*count > 0)
        free(list[--*count]);
}

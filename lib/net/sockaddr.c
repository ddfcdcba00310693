/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints to and from the kernel's socket addresses. */
#include "net/sockaddr.h"

#include <arpa/inet.h>

socklen_t el_net_sockaddr_from(union el_net_sockaddr *address, int domain,
                               const struct el_endpoint *endpoint)
{
    const struct el_ip *ip = &endpoint->ip;

    memset(address, 0, sizeof *address);
    if (domain == AF_INET && ip->family != 6) {
        address->in.sin_family = AF_INET;
        address->in.sin_port = htons(endpoint->port);
        memcpy(&address->in.sin_addr, ip->b, 4);
        return sizeof address->in;
    }
    if (domain != AF_INET6)
        return 0;
    address->in6.sin6_family = AF_INET6;
    address->in6.sin6_port = htons(endpoint->port);
    address->in6.sin6_scope_id = endpoint->scope;
    if (ip->family == 4) {
        memset(&address->in6.sin6_addr.s6_addr[10], 0xff, 2);
        memcpy(&address->in6.sin6_addr.s6_addr[12], ip->b, 4);
    } else {
        memcpy(&address->in6.sin6_addr, ip->b, 16);
    }
    return sizeof address->in6;
}

struct el_ip el_net_ip_from_in(struct in_addr in)
{
    return el_ip4(ntohl(in.s_addr));
}

struct el_ip el_net_ip_from_in6(const struct in6_addr *in6)
{
    struct el_ip ip = {.family = 6};

    if (IN6_IS_ADDR_V4MAPPED(in6)) {
        ip.family = 4;
        memcpy(ip.b, &in6->s6_addr[12], 4);
    } else {
        memcpy(ip.b, in6, 16);
    }
    return ip;
}

struct el_endpoint el_net_sockaddr_endpoint(const union el_net_sockaddr *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return (struct el_endpoint){.ip = el_net_ip_from_in(address->in.sin_addr),
                                    .port = ntohs(address->in.sin_port)};
    case AF_INET6:
        return (struct el_endpoint){.ip = el_net_ip_from_in6(&address->in6.sin6_addr),
                                    .port = ntohs(address->in6.sin6_port),
                                    .scope = address->in6.sin6_scope_id};
    default: return (struct el_endpoint){0};
    }
}

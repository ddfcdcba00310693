/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints to and from the kernel's socket addresses. */
#ifndef EL_NET_SOCKADDR_H
#define EL_NET_SOCKADDR_H

#include "base/addr.h"

#include <netinet/in.h>
#include <sys/socket.h>

union el_net_sockaddr {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_storage storage;
};

/* Fills ADDRESS for a socket of DOMAIN (AF_INET or AF_INET6) and gives its length; 0 if the
 * endpoint cannot be said in that domain. No address (family 0) is the unspecified one; IPv4 on an
 * IPv6 socket is mapped (RFC 4291 §2.5.5.2). */
socklen_t el_net_sockaddr_from(union el_net_sockaddr *address, int domain,
                               const struct el_endpoint *endpoint);

/* The endpoint in ADDRESS; mapped IPv4 as IPv4; all zero if it is neither IPv4 nor IPv6. */
struct el_endpoint el_net_sockaddr_endpoint(const union el_net_sockaddr *address);

/* The same for bare addresses. */
struct el_ip el_net_ip_from_in(struct in_addr in);
struct el_ip el_net_ip_from_in6(const struct in6_addr *in6);

#endif

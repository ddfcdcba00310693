/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host names to addresses, without waiting: c-ares on the kernel provider's loop. libc's own
 * look-up blocks, and in a static binary it would load NSS modules of another libc.
 *
 * /etc/hosts is read first, then the servers of /etc/resolv.conf are asked, for IPv4 and IPv6. A
 * numeric address is its own answer. When resolv.conf changes (the network came up after us), the
 * new one counts. The addresses come in the order in which they should be tried (RFC 6724).
 */
#ifndef EL_NET_RESOLVE_H
#define EL_NET_RESOLVE_H

#include "net/net.h"

enum {
    EL_NET_RESOLVE_ADDRESSES = 16, /* no more than these are given */
    EL_NET_RESOLVE_NAME = 253,     /* the longest name, RFC 1035 §2.3.4 */
};

struct el_net_resolver;
struct el_net_query;

/* Zero or NULL stands for the default. */
struct el_net_resolver_config {
    const char *resolv_conf; /* "/etc/resolv.conf" */
    uint16_t port;           /* of the servers: 53 */
    unsigned timeout_ms;     /* of the first try of a server: 2000 */
    unsigned tries;          /* of each server: 3 */
    bool env_hosts;          /* take the hosts file from the environment's CARES_HOSTS */
};

/* CODE is 0 (then COUNT is at least 1), EL_ENOENT (no such name, or no address under it), EL_EIO
 * (no server answered, or it failed), EL_EINVAL (this is no name). The query is over. */
typedef void el_net_resolve_cb(void *arg, int code, const struct el_ip *ips, size_t count);

/* A resolver on a provider from net/kernel.h, which must outlive it. CONFIG may be NULL. */
int el_net_resolver_new(struct el_net *kernel, const struct el_net_resolver_config *config,
                        struct el_net_resolver **resolver, struct el_err *err);

/* Forgets all queries (no callback is called) and frees the resolver. NULL is allowed. */
void el_net_resolver_free(struct el_net_resolver *resolver);

/* Asks for NAME. CB is always called later, never from within this call. QUERY may be NULL if it
 * will not be cancelled. 0 or EL_ENOMEM. */
int el_net_resolve(struct el_net_resolver *resolver, const char *name, el_net_resolve_cb *cb,
                   void *arg, struct el_net_query **query);

/* CB will not be called. Only before it has been; NULL is allowed. */
void el_net_resolve_cancel(struct el_net_query *query);

/* The addresses of the servers in RESOLV_CONF (NULL: "/etc/resolv.conf"), in its order; those of
 * the computer itself, which nobody else could ask, are left out. How many, up to CAPACITY. */
size_t el_net_resolve_servers(const char *resolv_conf, struct el_ip *servers, size_t capacity);

#endif

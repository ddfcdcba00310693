/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a range of addresses is in use on this host already. */
#include "netlink/links.h"
#include "netlink/nl.h"

#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>

/* A range as wide as that is a default route in disguise: 0.0.0.0/1 and 128.0.0.0/1 of VPNs,
 * 2000::/3 of IPv6 providers. */
enum { WIDEST = 8 };

enum { EXCEPT_MAX = 32 };

struct question {
    struct el_prefix prefix;
    unsigned except[EXCEPT_MAX]; /* interface indices; 0: none */
    char *what;
};

static bool is_excepted(const struct question *question, unsigned index)
{
    for (unsigned i = 0; i < EXCEPT_MAX; i++)
        if (index != 0 && question->except[i] == index)
            return true;
    return false;
}

static void clear_host_bits(struct el_prefix *prefix)
{
    size_t bits = prefix->ip.family == 4 ? 32 : 128;

    for (size_t bit = prefix->len; bit < bits; bit++)
        prefix->ip.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

/* The network that ADDRESS stands for. False if it is of no family we know. */
static bool to_network(const struct nl_addr *address, struct el_prefix *network)
{
    *network = (struct el_prefix){0};
    if (!address)
        return false;
    int family = nl_addr_get_family(address);
    size_t len = nl_addr_get_len(address);
    if ((family != AF_INET || len != 4) && (family != AF_INET6 || len != 16))
        return false;
    network->ip.family = family == AF_INET ? 4 : 6;
    network->len = (uint8_t)nl_addr_get_prefixlen(address);
    memcpy(network->ip.b, nl_addr_get_binary_addr(address), len);
    for (size_t bit = network->len; bit < len * 8; bit++)
        network->ip.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    return true;
}

/* Ranges that every host has, or that mean something else on each link. */
static bool is_everywhere(const struct el_prefix *network)
{
    static const struct el_prefix ranges[] = {
        {{4, {127}}, 8},         /* loopback */
        {{4, {169, 254}}, 16},   /* link-local */
        {{4, {224}}, 4},         /* multicast */
        {{6, {[15] = 1}}, 128},  /* loopback */
        {{6, {0xfe, 0x80}}, 10}, /* link-local */
        {{6, {0xff}}, 8},        /* multicast */
    };

    if (network->len < WIDEST)
        return true;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (network->len >= ranges[i].len && el_prefix_contains(&ranges[i], &network->ip))
            return true;
    return false;
}

static bool collides(const struct question *question, const struct nl_addr *address, unsigned index)
{
    struct el_prefix network;

    if (is_excepted(question, index) || !to_network(address, &network) || is_everywhere(&network) ||
        !el_prefix_overlaps(&question->prefix, &network))
        return false;
    char ours[EL_PREFIX_TEXT], theirs[EL_PREFIX_TEXT], name[IF_NAMESIZE];
    if (!if_indextoname(index, name))
        snprintf(name, sizeof name, "link %u", index);
    snprintf(question->what, EL_NETLINK_TEXT, "%s overlaps %s on %s",
             el_prefix_text(&question->prefix, ours), el_prefix_text(&network, theirs), name);
    return true;
}

static bool address_collides(const struct question *question, struct nl_object *object)
{
    struct rtnl_addr *address = (struct rtnl_addr *)object;
    unsigned index = (unsigned)rtnl_addr_get_ifindex(address);

    return collides(question, rtnl_addr_get_local(address), index) ||
           collides(question, rtnl_addr_get_peer(address), index);
}

static bool route_collides(const struct question *question, struct nl_object *object)
{
    struct rtnl_route *route = (struct rtnl_route *)object;

    if (rtnl_route_get_type(route) != RTN_UNICAST ||
        rtnl_route_get_table(route) == RT_TABLE_LOCAL ||
        (rtnl_route_get_flags(route) & RTM_F_CLONED))
        return false;
    for (int hop = 0; hop < rtnl_route_get_nnexthops(route); hop++) {
        int index = rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, hop));
        if (index > 0 && collides(question, rtnl_route_get_dst(route), (unsigned)index))
            return true;
    }
    return false;
}

/* Asks TEST of each object; puts the cache. */
static int search(struct nl_cache *cache, const struct question *question,
                  bool (*test)(const struct question *, struct nl_object *))
{
    bool found = false;

    for (struct nl_object *o = nl_cache_get_first(cache); o && !found; o = nl_cache_get_next(o))
        found = test(question, o);
    nl_cache_free(cache);
    return found;
}

int el_netlink_find_overlap(struct el_netlink *netlink, const struct el_prefix *prefix,
                            const char *const *except, char what[EL_NETLINK_TEXT],
                            struct el_err *err)
{
    struct question question = {.prefix = *prefix, .what = what};
    struct nl_cache *cache;

    for (unsigned i = 0; except && except[i] && i < EXCEPT_MAX; i++)
        question.except[i] = if_nametoindex(except[i]);

    what[0] = '\0';
    clear_host_bits(&question.prefix);
    int r = rtnl_addr_alloc_cache(netlink->socket, &cache);
    if (r < 0)
        return el_netlink_fail(err, r, "netlink: cannot list the addresses");
    if (search(cache, &question, address_collides))
        return 1;
    r = rtnl_route_alloc_cache(netlink->socket, AF_UNSPEC, 0, &cache);
    if (r < 0)
        return el_netlink_fail(err, r, "netlink: cannot list the routes");
    return search(cache, &question, route_collides);
}

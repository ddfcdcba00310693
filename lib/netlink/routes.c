/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to everywhere else, over one of our interfaces. */
#include "netlink/links.h"
#include "netlink/nl.h"

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>

/* Fills in ROUTE; NLE_NOMEM or 0. */
static int describe(struct rtnl_route *route, unsigned index, const struct el_ip *via,
                    uint32_t metric)
{
    static const uint8_t anywhere[4];
    struct nl_addr *to = nl_addr_build(AF_INET, anywhere, sizeof anywhere);
    struct nl_addr *router = nl_addr_build(AF_INET, via->b, 4);
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    int r = to && router && hop ? 0 : -NLE_NOMEM;

    if (r == 0) {
        nl_addr_set_prefixlen(to, 0);
        r = rtnl_route_set_dst(route, to);
    }
    if (r == 0) {
        rtnl_route_set_priority(route, metric);
        rtnl_route_nh_set_ifindex(hop, (int)index);
        rtnl_route_nh_set_gateway(hop, router);
        rtnl_route_add_nexthop(route, hop);
        hop = NULL; /* it is the route's */
    }
    if (hop)
        rtnl_route_nh_free(hop);
    nl_addr_put(router);
    nl_addr_put(to);
    return r;
}

int el_netlink_add_default_route(struct el_netlink *netlink, const char *name,
                                 const struct el_ip *via, uint32_t metric, struct el_err *err)
{
    struct el_netlink_link link;
    char what[96], text[EL_IP_TEXT];

    if (via->family != 4)
        return el_err(err, EL_EINVAL, "%s: no router's address", name);
    int rc = el_netlink_link(netlink, name, &link, err);
    if (rc < 0)
        return rc;
    struct rtnl_route *route = rtnl_route_alloc();
    int r = route ? describe(route, link.index, via, metric) : -NLE_NOMEM;
    if (r == 0)
        r = rtnl_route_add(netlink->socket, route, NLM_F_CREATE | NLM_F_EXCL);
    if (route)
        rtnl_route_put(route);
    if (r == 0 || r == -NLE_EXIST)
        return 0;
    snprintf(what, sizeof what, "%.15s: cannot route by %s", name, el_ip_text(via, text));
    return el_netlink_fail(err, r, what);
}

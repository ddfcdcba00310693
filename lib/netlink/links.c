/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links and their addresses. */
#include "netlink/links.h"

#include "netlink/nl.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)EL_NETLINK_NAME_BYTES == IFNAMSIZ, "the kernel's limit");

int el_netlink_fail(struct el_err *err, int r, const char *what)
{
    switch (-r) {
    case NLE_PERM:
    case NLE_NOACCESS:
        return el_err(err, EL_EPERM, "%s: needs root (the capability CAP_NET_ADMIN)", what);
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND: return el_err(err, EL_ENOENT, "%s: it is gone", what);
    case NLE_EXIST:
    case NLE_BUSY: return el_err(err, EL_EEXIST, "%s: in use", what);
    case NLE_NOMEM: return el_err(err, EL_ENOMEM, "%s: out of memory", what);
    case NLE_OPNOTSUPP:
    case NLE_AF_NOSUPPORT:
    case NLE_PROTO_MISMATCH:
        return el_err(err, EL_ENOTSUP, "%s: this kernel does not support it", what);
    case NLE_INVAL:
    case NLE_RANGE: return el_err(err, EL_EINVAL, "%s: the kernel calls it invalid", what);
    default: return el_err(err, EL_EIO, "%s: %s", what, nl_geterror(r));
    }
}

int el_netlink_open(struct el_netlink **result, struct el_err *err)
{
    struct el_netlink *netlink = calloc(1, sizeof *netlink);

    if (netlink)
        netlink->socket = nl_socket_alloc();
    if (!netlink || !netlink->socket) {
        free(netlink);
        return el_err(err, EL_ENOMEM, "netlink: out of memory");
    }
    int r = nl_connect(netlink->socket, NETLINK_ROUTE);
    if (r < 0) {
        el_netlink_close(netlink);
        return el_netlink_fail(err, r, "netlink: cannot talk to the kernel");
    }
    *result = netlink;
    return 0;
}

void el_netlink_close(struct el_netlink *netlink)
{
    if (!netlink)
        return;
    nl_socket_free(netlink->socket);
    free(netlink);
}

int el_netlink_link_names(struct el_netlink *netlink, char *text, size_t capacity,
                          struct el_err *err)
{
    struct nl_cache *cache;
    size_t used = 0;

    if (capacity < sizeof "...")
        return EL_EINVAL;
    text[0] = '\0';
    int r = rtnl_link_alloc_cache(netlink->socket, AF_UNSPEC, &cache);
    if (r < 0)
        return el_netlink_fail(err, r, "netlink: cannot list the interfaces");
    for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
        struct rtnl_link *link = (struct rtnl_link *)o;
        if (rtnl_link_get_flags(link) & IFF_LOOPBACK)
            continue;
        const char *separator = used ? ", " : "";
        const char *name = rtnl_link_get_name(link);
        size_t len = strlen(separator) + strlen(name);
        /* Room is kept for the dots, unless this turns out to be the last. */
        if (used + len + sizeof ", ..." > capacity) {
            snprintf(text + used, capacity - used, "%s...", used + 6 <= capacity ? separator : "");
            break;
        }
        snprintf(text + used, capacity - used, "%s%s", separator, name);
        used += len;
    }
    nl_cache_free(cache);
    return 0;
}

/* The kernel's own record of a link; the caller puts it. */
static int get_link(struct el_netlink *netlink, const char *name, struct rtnl_link **link,
                    struct el_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len >= EL_NETLINK_NAME_BYTES)
        return el_err(err, EL_EINVAL, "'%s': an interface name has 1 to 15 characters", name);
    int r = rtnl_link_get_kernel(netlink->socket, 0, name, link);
    if (r == 0)
        return 0;
    if (r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND) {
        char names[256];
        if (el_netlink_link_names(netlink, names, sizeof names, err) == 0)
            return el_err(err, EL_ENOENT, "%s: no such interface (have: %s)", name,
                          names[0] ? names : "none");
    }
    return el_netlink_fail(err, r, name);
}

static void describe(struct rtnl_link *link, struct el_netlink_link *out)
{
    unsigned flags = rtnl_link_get_flags(link);
    const struct nl_addr *mac = rtnl_link_get_addr(link);

    *out = (struct el_netlink_link){
        .index = (unsigned)rtnl_link_get_ifindex(link),
        .group = rtnl_link_get_group(link),
        .mtu = rtnl_link_get_mtu(link),
        .ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER,
        .loopback = (flags & IFF_LOOPBACK) != 0,
        .up = (flags & IFF_UP) != 0,
        /* IFF_RUNNING follows the operational state, which lags; IFF_LOWER_UP is the cable. */
        .carrier = rtnl_link_get_carrier(link) != 0,
    };
    snprintf(out->name, sizeof out->name, "%s", rtnl_link_get_name(link));
    if (mac && nl_addr_get_len(mac) == sizeof out->mac.b)
        memcpy(out->mac.b, nl_addr_get_binary_addr(mac), sizeof out->mac.b);
}

int el_netlink_link(struct el_netlink *netlink, const char *name, struct el_netlink_link *out,
                    struct el_err *err)
{
    struct rtnl_link *link;
    int r = get_link(netlink, name, &link, err);

    if (r < 0)
        return r;
    if (out)
        describe(link, out);
    rtnl_link_put(link);
    return 0;
}

int el_netlink_links(struct el_netlink *netlink, struct el_netlink_link *links, size_t capacity,
                     struct el_err *err)
{
    struct nl_cache *cache;
    size_t count = 0;
    int r = rtnl_link_alloc_cache(netlink->socket, AF_UNSPEC, &cache);

    if (r < 0)
        return el_netlink_fail(err, r, "netlink: cannot list the interfaces");
    for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o), count++)
        if (count < capacity)
            describe((struct rtnl_link *)o, &links[count]);
    nl_cache_free(cache);
    return count <= capacity ? (int)count
                             : el_err(err, EL_EFULL, "netlink: there are %zu interfaces", count);
}

/* Applies what CHANGE says to the link; puts CHANGE. */
static int change_link(struct el_netlink *netlink, const char *name, struct rtnl_link *change,
                       const char *what, struct el_err *err)
{
    struct rtnl_link *link;

    if (!change)
        return el_err(err, EL_ENOMEM, "%s: out of memory", name);
    int r = get_link(netlink, name, &link, err);
    if (r == 0) {
        char sentence[128];
        r = rtnl_link_change(netlink->socket, link, change, 0);
        if (r < 0) {
            snprintf(sentence, sizeof sentence, "%s: cannot %s", name, what);
            r = el_netlink_fail(err, r, sentence);
        }
        rtnl_link_put(link);
    }
    rtnl_link_put(change);
    return r;
}

int el_netlink_set_up(struct el_netlink *netlink, const char *name, struct el_err *err)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (change)
        rtnl_link_set_flags(change, IFF_UP);
    return change_link(netlink, name, change, "switch it on", err);
}

int el_netlink_set_group(struct el_netlink *netlink, const char *name, uint32_t group,
                         struct el_err *err)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (change)
        rtnl_link_set_group(change, group);
    return change_link(netlink, name, change, "put it into its group", err);
}

int el_netlink_set_mac(struct el_netlink *netlink, const char *name, const struct el_mac *mac,
                       struct el_err *err)
{
    char text[EL_MAC_TEXT];
    char what[64];

    snprintf(what, sizeof what, "give it the address %s", el_mac_text(mac, text));
    if (el_mac_is_group(mac) || el_mac_is_zero(mac))
        return el_err(err, EL_EINVAL, "%s: cannot %s: not the address of a station", name, what);
    struct rtnl_link *change = rtnl_link_alloc();
    struct nl_addr *address = nl_addr_build(AF_LLC, mac->b, sizeof mac->b);
    if (change && address)
        rtnl_link_set_addr(change, address);
    if (!address) {
        rtnl_link_put(change);
        return el_err(err, EL_ENOMEM, "%s: out of memory", name);
    }
    nl_addr_put(address);
    return change_link(netlink, name, change, what, err);
}

static struct nl_addr *build_ip(const struct el_ip *ip, unsigned prefix_len)
{
    struct nl_addr *address =
        ip->family == 4 ? nl_addr_build(AF_INET, ip->b, 4) : nl_addr_build(AF_INET6, ip->b, 16);

    if (address)
        nl_addr_set_prefixlen(address, (int)prefix_len);
    return address;
}

/* The kernel sets no broadcast address by itself, and DHCP answers go there. */
static int set_broadcast(struct rtnl_addr *request, const struct el_prefix *address)
{
    struct el_ip last = el_ip4(el_ip4_number(&address->ip) | ~el_prefix_mask4(address->len));
    struct nl_addr *broadcast = build_ip(&last, 32);
    int r = broadcast ? rtnl_addr_set_broadcast(request, broadcast) : -NLE_NOMEM;

    nl_addr_put(broadcast);
    return r;
}

static int build_address(struct rtnl_addr *request, unsigned index, const struct el_prefix *address)
{
    struct nl_addr *local = build_ip(&address->ip, address->len);

    rtnl_addr_set_ifindex(request, (int)index);
    int r = local ? rtnl_addr_set_local(request, local) : -NLE_NOMEM;
    nl_addr_put(local);
    if (r < 0)
        return r;
    if (address->ip.family == 6)
        rtnl_addr_set_flags(request, IFA_F_NODAD);
    return address->ip.family == 4 && address->len <= 30 ? set_broadcast(request, address) : 0;
}

/* Adds ADDRESS, or removes it; 0 too if that has been done already. */
static int change_address(struct el_netlink *netlink, const char *name,
                          const struct el_prefix *address, bool add, struct el_err *err)
{
    const char *verb = add ? "add" : "remove";
    char text[EL_PREFIX_TEXT];
    char what[128];
    struct el_netlink_link link;

    if (address->ip.family != 4 && address->ip.family != 6)
        return el_err(err, EL_EINVAL, "%s: no address to %s", name, verb);
    int r = el_netlink_link(netlink, name, &link, err);
    if (r < 0)
        return r;
    struct rtnl_addr *request = rtnl_addr_alloc();
    if (!request)
        return el_err(err, EL_ENOMEM, "%s: out of memory", name);
    r = build_address(request, link.index, address);
    if (r == 0)
        r = add ? rtnl_addr_add(netlink->socket, request, 0)
                : rtnl_addr_delete(netlink->socket, request, 0);
    rtnl_addr_put(request);
    if (r == 0 || r == (add ? -NLE_EXIST : -NLE_NOADDR))
        return 0;
    snprintf(what, sizeof what, "%s: cannot %s %s", name, verb, el_prefix_text(address, text));
    return el_netlink_fail(err, r, what);
}

int el_netlink_add_address(struct el_netlink *netlink, const char *name,
                           const struct el_prefix *address, struct el_err *err)
{
    return change_address(netlink, name, address, true, err);
}

int el_netlink_remove_address(struct el_netlink *netlink, const char *name,
                              const struct el_prefix *address, struct el_err *err)
{
    return change_address(netlink, name, address, false, err);
}

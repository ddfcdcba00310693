/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's VXLAN and bridges. */
#include "netlink/vxlan.h"

#include "netlink/nft.h"
#include "netlink/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/vxlan.h>
#include <stdio.h>
#include <string.h>

/* -- what is there -- */

/* 1 with a LINK to put; 0 if there is none of that name. */
static int find(struct el_netlink *netlink, const char *name, struct rtnl_link **link,
                struct el_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len >= EL_NETLINK_NAME_BYTES || strpbrk(name, "/: \t\n"))
        return el_err(err, EL_EINVAL, "'%.32s': an interface name has 1 to 15 characters", name);
    int r = rtnl_link_get_kernel(netlink->socket, 0, name, link);
    if (r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND)
        return 0;
    return r < 0 ? el_netlink_fail(err, r, name) : 1;
}

static bool is_kind(struct rtnl_link *link, const char *kind)
{
    const char *has = rtnl_link_get_type(link);

    return has && strcmp(has, kind) == 0;
}

static bool is_ours(struct rtnl_link *link)
{
    return rtnl_link_get_group(link) == EL_NETLINK_GROUP;
}

/* Makes LINK, which is put, under NAME. */
static int make(struct el_netlink *netlink, struct rtnl_link *link, const char *name,
                struct el_err *err)
{
    char what[64];

    rtnl_link_set_name(link, name);
    rtnl_link_set_group(link, EL_NETLINK_GROUP);
    int r = rtnl_link_add(netlink->socket, link, NLM_F_CREATE | NLM_F_EXCL);
    rtnl_link_put(link);
    snprintf(what, sizeof what, "%s: cannot make it", name);
    return r < 0 ? el_netlink_fail(err, r, what) : 1;
}

/* -- VXLAN -- */

static struct nl_addr *to_nl(const struct el_ip *ip)
{
    return ip->family == 4 ? nl_addr_build(AF_INET, ip->b, 4) : nl_addr_build(AF_INET6, ip->b, 16);
}

/* The address that GET finds in the link. */
static struct el_ip address_of(struct rtnl_link *link,
                               int (*get)(struct rtnl_link *, struct nl_addr **))
{
    struct el_ip ip = {.family = 0};
    struct nl_addr *address = NULL;

    if (get(link, &address) < 0 || !address)
        return ip;
    ip.family = nl_addr_get_family(address) == AF_INET ? 4 : 6;
    memcpy(ip.b, nl_addr_get_binary_addr(address), ip.family == 4 ? 4 : 16);
    nl_addr_put(address);
    return ip;
}

static int differs(const struct el_netlink_vxlan *wanted, const char *what, struct el_err *err)
{
    return el_err(
        err, EL_EEXIST,
        "%s: it is there already, with another %s: remove it first, or choose another name",
        wanted->name, what);
}

static int compare(struct rtnl_link *link, const struct el_netlink_vxlan *wanted,
                   struct el_err *err)
{
    uint32_t vni = 0, port = 0;

    if (!is_kind(link, "vxlan") || !is_ours(link))
        return el_err(err, EL_EEXIST,
                      "%s: an interface of that name is there, which is not ours: choose another",
                      wanted->name);
    struct el_ip local = address_of(link, rtnl_link_vxlan_get_local);
    struct el_ip peer = address_of(link, rtnl_link_vxlan_get_group);
    if (rtnl_link_vxlan_get_id(link, &vni) < 0 || vni != wanted->vni)
        return differs(wanted, "VNI", err);
    if (rtnl_link_vxlan_get_port(link, &port) < 0 || port != wanted->port)
        return differs(wanted, "port", err);
    if (!el_ip_equal(&local, &wanted->local))
        return differs(wanted, "local address", err);
    return el_ip_equal(&peer, &wanted->peer) ? 0 : differs(wanted, "peer", err);
}

int el_netlink_make_vxlan(struct el_netlink *netlink, const struct el_netlink_vxlan *vxlan,
                          struct el_err *err)
{
    struct rtnl_link *link;
    int rc = find(netlink, vxlan->name, &link, err);

    if (rc < 0)
        return rc;
    if (rc == 1) {
        rc = compare(link, vxlan, err);
        rtnl_link_put(link);
        return rc;
    }
    link = rtnl_link_vxlan_alloc();
    struct nl_addr *local = to_nl(&vxlan->local), *peer = to_nl(&vxlan->peer);
    if (link && local && peer) {
        rtnl_link_vxlan_set_id(link, vxlan->vni);
        rtnl_link_vxlan_set_port(link, vxlan->port);
        rtnl_link_vxlan_set_local(link, local);
        rtnl_link_vxlan_set_group(link, peer);
        rtnl_link_vxlan_enable_learning(link);
        rc = make(netlink, link, vxlan->name, err);
    } else {
        rtnl_link_put(link);
        rc = el_err(err, EL_ENOMEM, "%s: out of memory", vxlan->name);
    }
    nl_addr_put(local);
    nl_addr_put(peer);
    return rc;
}

/* -- whom VXLAN is taken from -- */

enum { TABLE_BYTES = 32 };

static void name_table(const char *name, char table[TABLE_BYTES])
{
    snprintf(table, TABLE_BYTES, "el2w_vxlan_%.15s", name);
}

/* The VXLAN header stands behind UDP's 8 bytes, the VNI at its fourth (RFC 7348 §5). */
static void is_for(struct el_nft *nft, const struct el_netlink_vxlan *vxlan)
{
    static const uint8_t udp = IPPROTO_UDP;
    uint16_t port = htons(vxlan->port);
    uint8_t vni[3] = {(uint8_t)(vxlan->vni >> 16), (uint8_t)(vxlan->vni >> 8), (uint8_t)vxlan->vni};

    el_nft_load_meta(nft, NFT_META_L4PROTO);
    el_nft_compare(nft, NFT_CMP_EQ, &udp, sizeof udp);
    el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof port);
    el_nft_compare(nft, NFT_CMP_EQ, &port, sizeof port);
    el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 12, sizeof vni);
    el_nft_compare(nft, NFT_CMP_EQ, vni, sizeof vni);
}

static void guard_rules(struct el_nft *nft, const struct el_netlink_vxlan *vxlan)
{
    static const struct el_nft_chain chain = {"input", "filter", NF_INET_LOCAL_IN,
                                              NF_IP_PRI_FILTER};
    bool four = vxlan->peer.family == 4;
    uint8_t family = four ? NFPROTO_IPV4 : NFPROTO_IPV6;
    char underlay[EL_NETLINK_NAME_BYTES] = "";

    snprintf(underlay, sizeof underlay, "%.15s", vxlan->underlay);
    el_nft_chain(nft, &chain);
    el_nft_rule(nft, "input", "not by the underlay");
    is_for(nft, vxlan);
    el_nft_load_meta(nft, NFT_META_IIFNAME);
    el_nft_compare(nft, NFT_CMP_NEQ, underlay, sizeof underlay);
    el_nft_count(nft);
    el_nft_verdict(nft, NF_DROP);
    el_nft_rule(nft, "input", "not from the peer");
    is_for(nft, vxlan);
    el_nft_load_meta(nft, NFT_META_NFPROTO);
    el_nft_compare(nft, NFT_CMP_EQ, &family, sizeof family);
    el_nft_load_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, four ? 12 : 8, four ? 4 : 16);
    el_nft_compare(nft, NFT_CMP_NEQ, vxlan->peer.b, four ? 4 : 16);
    el_nft_count(nft);
    el_nft_verdict(nft, NF_DROP);
}

/* The table of NAME without what it had before, and with the rules for VXLAN if that is not NULL.
 */
static int replace_table(const char *name, const struct el_netlink_vxlan *vxlan, struct el_err *err)
{
    char table[TABLE_BYTES];
    int failed = ENOMEM;

    name_table(name, table);
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    struct el_nft *nft = el_nft_new(table);
    if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        failed = errno;
    } else if (nft) {
        el_nft_add_table(nft, 0);
        el_nft_delete_table(nft);
        if (vxlan) {
            el_nft_add_table(nft, 0);
            guard_rules(nft, vxlan);
        }
        failed = el_nft_send(nft, socket);
    }
    el_nft_free(nft);
    if (socket)
        mnl_socket_close(socket);
    return failed ? el_err_os(err, failed, "firewall: table inet %s", table) : 0;
}

int el_netlink_guard_vxlan(const struct el_netlink_vxlan *vxlan, struct el_err *err)
{
    return replace_table(vxlan->name, vxlan, err);
}

int el_netlink_unguard_vxlan(const char *name, struct el_err *err)
{
    return replace_table(name, NULL, err);
}

/* -- bridges -- */

int el_netlink_make_bridge(struct el_netlink *netlink, const char *name, struct el_err *err)
{
    struct rtnl_link *link;
    int rc = find(netlink, name, &link, err);

    if (rc < 0)
        return rc;
    if (rc == 1) {
        rc = is_kind(link, "bridge") && is_ours(link)
                 ? 0
                 : el_err(
                       err, EL_EEXIST,
                       "%s: an interface of that name is there, which is not ours: choose another",
                       name);
        rtnl_link_put(link);
        return rc;
    }
    link = rtnl_link_bridge_alloc();
    return link ? make(netlink, link, name, err)
                : el_err(err, EL_ENOMEM, "%s: out of memory", name);
}

int el_netlink_attach(struct el_netlink *netlink, const char *name, const char *bridge,
                      struct el_err *err)
{
    struct el_netlink_link master;
    struct rtnl_link *link;
    char what[64];
    int rc = el_netlink_link(netlink, bridge, &master, err);

    if (rc == 0)
        rc = el_netlink_link(netlink, name, NULL, err); /* which names the others, if not */
    if (rc == 0)
        rc = find(netlink, name, &link, err);
    if (rc <= 0)
        return rc < 0 ? rc : el_err(err, EL_ENOENT, "%s: it is gone", name);
    int has = rtnl_link_get_master(link), index = rtnl_link_get_ifindex(link);
    rtnl_link_put(link);
    if (has == (int)master.index)
        return 0;
    if (has > 0)
        return el_err(err, EL_EEXIST, "%s: it is part of another bridge", name);
    int r = rtnl_link_enslave_ifindex(netlink->socket, (int)master.index, index);
    snprintf(what, sizeof what, "%.15s: cannot make it a port of %.15s", name, bridge);
    return r < 0 ? el_netlink_fail(err, r, what) : 1;
}

int el_netlink_count_vxlans(struct el_netlink *netlink, const char *bridge, struct el_err *err)
{
    struct el_netlink_link master;
    struct nl_cache *cache;
    int count = 0, rc = el_netlink_link(netlink, bridge, &master, err);

    if (rc < 0)
        return rc;
    int r = rtnl_link_alloc_cache(netlink->socket, AF_UNSPEC, &cache);
    if (r < 0)
        return el_netlink_fail(err, r, "netlink: cannot list the interfaces");
    for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
        struct rtnl_link *link = (struct rtnl_link *)o;
        count += rtnl_link_get_master(link) == (int)master.index && is_kind(link, "vxlan") &&
                 is_ours(link);
    }
    nl_cache_free(cache);
    return count;
}

/* -- both -- */

int el_netlink_remove(struct el_netlink *netlink, const char *name, const char *kind,
                      struct el_err *err)
{
    struct rtnl_link *link;
    char what[64];
    int rc = find(netlink, name, &link, err);

    if (rc <= 0)
        return rc;
    if (is_kind(link, kind) && is_ours(link)) {
        int r = rtnl_link_delete(netlink->socket, link);
        snprintf(what, sizeof what, "%.15s: cannot remove it", name);
        rc = r < 0 ? el_netlink_fail(err, r, what) : 1;
    } else {
        rc = el_err(err, EL_EEXIST, "%s: it is not ours to remove (no %s that el2w has made)", name,
                    kind);
    }
    rtnl_link_put(link);
    return rc;
}

int el_netlink_has_address(struct el_netlink *netlink, const char *name, const struct el_ip *ip,
                           struct el_err *err)
{
    struct el_netlink_link link;
    struct nl_cache *cache;
    int rc = el_netlink_link(netlink, name, &link, err);

    if (rc < 0)
        return rc;
    struct nl_addr *wanted = to_nl(ip);
    int r = wanted ? rtnl_addr_alloc_cache(netlink->socket, &cache) : -NLE_NOMEM;
    if (r < 0) {
        nl_addr_put(wanted);
        return el_netlink_fail(err, r, "netlink: cannot list the addresses");
    }
    for (struct nl_object *o = nl_cache_get_first(cache); o && rc == 0; o = nl_cache_get_next(o)) {
        struct rtnl_addr *address = (struct rtnl_addr *)o;
        struct nl_addr *local = rtnl_addr_get_local(address);
        rc = rtnl_addr_get_ifindex(address) == (int)link.index && local &&
             nl_addr_get_len(local) == nl_addr_get_len(wanted) &&
             memcmp(nl_addr_get_binary_addr(local), nl_addr_get_binary_addr(wanted),
                    nl_addr_get_len(wanted)) == 0;
    }
    nl_cache_free(cache);
    nl_addr_put(wanted);
    return rc;
}

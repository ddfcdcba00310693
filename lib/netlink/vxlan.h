/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own VXLAN (RFC 7348) and bridges: an Ethernet over an underlay that is trusted.
 *
 * What is made here stays when we end, and is marked as ours by its group (EL_NETLINK_GROUP);
 * nothing else is ever changed or removed. What makes something returns 1 if it did and 0 if it was
 * there already, just so.
 */
#ifndef EL_NETLINK_VXLAN_H
#define EL_NETLINK_VXLAN_H

#include "base/addr.h"
#include "base/err.h"
#include "netlink/links.h"

enum { EL_NETLINK_VXLAN_PORT = 4789 };

struct el_netlink_vxlan {
    const char *name; /* the interface's */
    uint32_t vni;     /* 24 bits */
    const char *underlay;
    struct el_ip local, peer; /* in the underlay, of one family */
    uint16_t port;            /* UDP, of both sides */
};

/* Makes the interface, which is down. Linux sends what is longer than the underlay carries in
 * fragments. EL_EEXIST: one of that name is there, and what is different about it. */
int el_netlink_make_vxlan(struct el_netlink *netlink, const struct el_netlink_vxlan *vxlan,
                          struct el_err *err);

/* Linux takes VXLAN from anybody. This has it drop what did not come from the peer by the
 * underlay's interface: an nftables table `inet el2w_vxlan_NAME`, which stays until
 * el_netlink_unguard_vxlan(). Made anew each time. */
int el_netlink_guard_vxlan(const struct el_netlink_vxlan *vxlan, struct el_err *err);
int el_netlink_unguard_vxlan(const char *name, struct el_err *err);

/* Makes the bridge NAME, which is down. EL_EEXIST: an interface that is no bridge has that name. */
int el_netlink_make_bridge(struct el_netlink *netlink, const char *name, struct el_err *err);

/* Makes the interface NAME a port of BRIDGE. EL_EEXIST: it is one of another. */
int el_netlink_attach(struct el_netlink *netlink, const char *name, const char *bridge,
                      struct el_err *err);

/* How many VXLANs of ours are ports of BRIDGE. */
int el_netlink_count_vxlans(struct el_netlink *netlink, const char *bridge, struct el_err *err);

/* Removes the interface NAME of KIND ("vxlan", "bridge"): 1; 0 if there is none. EL_EEXIST: that is
 * of another kind or not ours. */
int el_netlink_remove(struct el_netlink *netlink, const char *name, const char *kind,
                      struct el_err *err);

/* Whether the interface NAME has the address IP: 1 or 0. */
int el_netlink_has_address(struct el_netlink *netlink, const char *name, const struct el_ip *ip,
                           struct el_err *err);

#endif

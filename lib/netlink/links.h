/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces, addresses and routes of this host, over rtnetlink (libnl-3, libnl-route-3).
 *
 * Only what a hub and a spoke need around their TAP interfaces. Everything made here belongs to the
 * interface it was made on and goes away with it: nothing has to be cleaned up. Doing a thing twice
 * is doing it once.
 *
 * Not thread-safe; for the privileged part at start. Errors are sentences for people.
 *
 * (The file is called links.h because libnl has a netlink/netlink.h of its own.)
 */
#ifndef EL_NETLINK_LINKS_H
#define EL_NETLINK_LINKS_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_NETLINK_NAME_BYTES = 16, /* IFNAMSIZ */
    EL_NETLINK_TEXT = 192,      /* "192.168.77.0/24 overlaps ..." */
};

/* The group of the interfaces that el2w makes, of whatever process: "el2w" in ASCII. */
#define EL_NETLINK_GROUP UINT32_C(0x656c3277)

struct el_netlink;

struct el_netlink_link {
    char name[EL_NETLINK_NAME_BYTES];
    unsigned index;
    uint32_t group; /* a number that rules can go by; 0 unless somebody has set it */
    unsigned mtu;
    struct el_mac mac; /* zero where the link has none of this length */
    bool ethernet;     /* carries Ethernet frames */
    bool loopback;
    bool up;      /* switched on by the administrator */
    bool carrier; /* the cable is in; meaningful while up */
};

/* EL_ENOTSUP, EL_EIO. */
int el_netlink_open(struct el_netlink **netlink, struct el_err *err);
void el_netlink_close(struct el_netlink *netlink); /* NULL is allowed */

/* The link called NAME. EL_ENOENT: "eth9: no such interface (have: eth0, eth1)". LINK may be NULL.
 */
int el_netlink_link(struct el_netlink *netlink, const char *name, struct el_netlink_link *link,
                    struct el_err *err);

/* All links. How many; EL_EFULL if there are more than CAPACITY. */
int el_netlink_links(struct el_netlink *netlink, struct el_netlink_link *links, size_t capacity,
                     struct el_err *err);

/* All links but loopback, as "eth0, eth1"; cut with "..." where TEXT is too short. */
int el_netlink_link_names(struct el_netlink *netlink, char *text, size_t capacity,
                          struct el_err *err);

/* Switches the link on. EL_EPERM without CAP_NET_ADMIN: "...: needs root". */
int el_netlink_set_up(struct el_netlink *netlink, const char *name, struct el_err *err);

/* Puts the link into a group (`ip link show group N`). */
int el_netlink_set_group(struct el_netlink *netlink, const char *name, uint32_t group,
                         struct el_err *err);

/* Gives the link an address of its own (unicast). */
int el_netlink_set_mac(struct el_netlink *netlink, const char *name, const struct el_mac *mac,
                       struct el_err *err);

/* Adds ADDRESS (with its prefix length; for IPv4 with the broadcast address that goes with it). 0
 * too if the link has it already. IPv6 addresses skip duplicate detection: the hub's is configured,
 * and services bind to it at once. */
int el_netlink_add_address(struct el_netlink *netlink, const char *name,
                           const struct el_prefix *address, struct el_err *err);

/* Takes ADDRESS from the link, with the routes that go with it. 0 too if it has none such. */
int el_netlink_remove_address(struct el_netlink *netlink, const char *name,
                              const struct el_prefix *address, struct el_err *err);

/* Makes VIA, an IPv4 address on the link, the router for what no other route leads to, with METRIC:
 * of several default routes, the kernel takes the one with the lowest. 0 too if there is one with
 * that metric, whoever made it. It goes with the link's last address. */
int el_netlink_add_default_route(struct el_netlink *netlink, const char *name,
                                 const struct el_ip *via, uint32_t metric, struct el_err *err);

/* Whether PREFIX collides with an address or a route of this host on another link than those called
 * EXCEPT (up to 32 names and NULL, or NULL): 1 and WHAT says which ("192.168.77.0/24 overlaps
 * 192.168.0.0/16 on eth0"), 0 if not, negative if the kernel would not say. Default routes,
 * blackholes and loopback, multicast and link-local ranges do not count. */
int el_netlink_find_overlap(struct el_netlink *netlink, const struct el_prefix *prefix,
                            const char *const *except, char what[EL_NETLINK_TEXT],
                            struct el_err *err);

/* Makes a TAP of ours a quiet and careful host on a network with hostile machines (the list and the
 * reasons are in harden.c): best effort through /proc/sys/net; returns how many settings did not
 * take, each of which is logged at debug. */
unsigned el_netlink_harden(const char *name);

/* Whether an interface that is made now has IPv6. */
bool el_netlink_has_ipv6(void);

/* This host has no IPv6 address on the interface, not even one that it makes itself. As above: 1 if
 * that setting did not take. */
unsigned el_netlink_mute(const char *name);

/* Of a TAP that has the same range as another one of ours: the kernel must not take its packets for
 * forged because the first route to their sources is the other's. */
void el_netlink_share_range(const char *name);

#endif

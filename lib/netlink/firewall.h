/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may come in on a network's interface and what may pass through this host: one nftables table
 * per network, `table inet el2w-NETWORK`, all of it made at once or not at all.
 *
 * The table belongs to the netlink socket that made it (NFT_TABLE_F_OWNER, Linux 5.12): nobody else
 * can change it, and the kernel removes it when its owner dies, however it dies. On an older kernel
 * one that was left behind is replaced by the next start. Tables of others are neither read nor
 * written. They are asked too: what one firewall accepts, another may still drop.
 *
 * `nft list table inet el2w-NETWORK` shows the rules, each with a comment, and what they have
 * dropped.
 */
#ifndef EL_NETLINK_FIREWALL_H
#define EL_NETLINK_FIREWALL_H

#include "base/addr.h"
#include "base/err.h"
#include "netlink/links.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A service that is published on the interface, over IPv4, and over IPv6 if that is said: otherwise
 * what is on its port there is somebody else's. */
struct el_firewall_service {
    uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    uint16_t port;
    const char *name; /* a word: the rule's comment */
    bool six;
};

/* What CONFIG points to is needed during the call only. */
struct el_firewall_config {
    const char *network; /* its name and its interface's, which need not be there yet */

    /* The port's firewall: on the interface come in `services`, pings, neighbour discovery (RFC
     * 4861) without router advertisements, and answers to what this host has asked; nothing else.
     */
    bool port;
    const struct el_firewall_service *services;
    size_t service_count;

    /* The gateway: these ranges (IPv4 or IPv6) of the network are let out of any interface that is
     * not el2w's (EL_NETLINK_GROUP), with that interface's address, and answers back in; not to
     * `forbidden`. Without ranges nothing is forwarded from or to the interface. Nothing ever
     * begins outside. */
    const struct el_prefix *ranges;
    size_t range_count;
    const struct el_prefix *forbidden;
    size_t forbidden_count;

    /* Interfaces that forward for the gateway's sake only (netlink/forwarding.h): what comes in
     * there and is no answer is not forwarded, wherever it is for. */
    const char (*guarded)[EL_NETLINK_NAME_BYTES];
    size_t guarded_count;
    bool guarded6; /* and so does this whole computer, with IPv6: wherever it is not el2w's */

    /* Do without connection tracking, as on a kernel that has none: with a gateway that is an
     * error; without, whatever comes to a port that this host gives out by itself
     * (ip_local_port_range), and TCP that is no beginning, counts as an answer. */
    bool stateless;
};

struct el_firewall;

/* Makes the table; one that is there already is replaced, unless somebody who lives owns it
 * (EL_EPERM). EL_ENOTSUP: the kernel has no nftables, or not what a gateway needs. */
int el_firewall_open(const struct el_firewall_config *config, struct el_firewall **firewall,
                     struct el_err *err);

/* Whether it has turned out stateless. */
bool el_firewall_is_stateless(const struct el_firewall *firewall);

/* Removes the table. NULL is allowed. */
void el_firewall_close(struct el_firewall *firewall);

#endif

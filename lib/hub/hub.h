/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub: networks' interfaces and sockets, the tunnel that spokes call, the boot services, and
 * control, which knows who may what.
 *
 *     hub (supervisor, root)  <-- errand --------------------------------------+
 *      +- control       control.db, the operator's socket  --+                 |
 *      |                                              manage, inside           |
 *      +- tunnel        UDP sockets, key, TAPs  <------------+   <-- locate --+
 *      +- stream        TCP sockets, for spokes without UDP  <-- stream --> tunnel
 *      +- boot-service  DHCP, TFTP, HTTP sockets on a TAP, one for each network
 *
 * Of a hub in user space the supervisor is a plain user, there are socket pairs between the tunnel
 * and the boot services in the place of TAPs, and stacks in these.
 */
#ifndef EL_HUB_HUB_H
#define EL_HUB_HUB_H

#include "base/addr.h"
#include "base/err.h"
#include "hub/hub_control.h"
#include "link/streams.h"
#include "node/peer.h"
#include "node/tunnel_options.h"
#include "service/boot_options.h"
#include "sys/program.h"

#include <stdbool.h>
#include <stdint.h>

#define EL_HUB_PROGRAM_USER "nobody"

struct el_hub_config {
    const char *state; /* directory */
    const char *key;   /* file; NULL: hub.key in the state directory, made if it is not there */
    uint64_t listen;   /* UDP port */
    struct el_streams_listen tcp;
    struct el_tunnel_options tunnel;
    const char *network; /* its name, and its interface's */
    uint64_t vni;
    struct el_prefix cidr;    /* IPv4; the hub is its first address */
    struct el_prefix prefix6; /* IPv6, with gateway; family 0: one that follows from the key */
    uint64_t http_port;
    const char *images;                 /* directory of boot entries */
    bool own_images;                    /* it is ours: made if it is not there */
    const struct el_boot_options *boot; /* what was said of NFS: exports, or none */
    bool userspace;                     /* no interfaces, no privileges: stacks of our own */
    bool no_dns;                        /* do not serve DNS */
    bool no_ra;                         /* do not answer router solicitations */
    bool no_dhcp;                       /* leave DHCP's ports to others */
    bool dhcp_relay;                    /* boot services pass DHCP on to a server elsewhere */
    bool no_firewall; /* machines reach all that listens here, not only what is published */
    bool no_direct;   /* spokes never see each other directly */
    bool gateway;     /* machines reach what is behind this host; they are told so, unless: */
    bool said_router, said_dns; /* what they are told was said (boot_options) */
    struct el_node_peers spokes;
    struct el_hub_plan plan;       /* more networks, spokes and machines, of the file */
    struct el_order_policy policy; /* what machines get of which nothing is said */
    const char *api;               /* path of the operator's socket; NULL: node/places.h; "none" */
    char *endpoints[EL_HUB_PUBLIC_MAX]; /* see hub/hub_control.h */
    unsigned endpoint_count;
    const char *second_factor_exec; /* the program that is asked (hub/hub_program.h), or NULL */
    const char *second_factor_user; /* as whom; NULL: EL_HUB_PROGRAM_USER */
    const char *options;            /* the effective configuration, as text */
    const char *log_options;        /* lines for every applet */
    const char *boot_options;       /* lines for the boot service */
};

/* Of a hub in user space: that nothing was said that it cannot do. */
int el_hub_check_userspace(const struct el_hub_config *config, struct el_err *err);

/* As whom the second factor's program runs, and that it can: 0, or what is wrong. A hub that is a
 * plain user runs it as himself. */
int el_hub_find_program(const struct el_hub_config *config, struct el_sys_user *user,
                        struct el_err *err);

/* That prefix6 is one, and would be used. */
int el_hub_check_prefix6(const struct el_hub_config *config, struct el_err *err);

/* Runs until it is told to stop. 0, EL_LAUNCH_RUNNING (node/launch.h), or an error: EL_EAGAIN if an
 * applet gave up, which has said why. */
int el_hub_run(const struct el_hub_config *config, struct el_err *err);

#endif

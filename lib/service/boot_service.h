/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot service of one network: DHCP, TFTP and HTTP, and between them the boot room, which says
 * what a machine gets.
 *
 * Under a supervisor it is given descriptors: "dhcp", "binl", "tftp", "http" (sockets), "packet"
 * (hub/hub.c), or all of them in one, "port" (service/boot_ground.h); "images" and "state"
 * (directories), "locate". By hand it opens what it was not given, on an interface that is there
 * already.
 */
#ifndef EL_SERVICE_BOOT_SERVICE_H
#define EL_SERVICE_BOOT_SERVICE_H

#include "base/addr.h"
#include "base/err.h"
#include "service/boot_options.h"

#include <stdint.h>

/* The descriptors of DNS: IPv4's UDP and TCP, IPv6's. */
#define EL_BOOT_DNS_FDS "dns", "dns-tcp", "dns6", "dns6-tcp"

struct el_boot_service_config {
    const struct el_boot_options *options;
    const char *network; /* its name, and its interface's */
    uint64_t vni;
    struct el_prefix address; /* ours in the network, with its length */
    struct el_prefix prefix6; /* we are its router; family 0: there is no IPv6 */
    struct el_mac mac;        /* ours on a "port" */
    const char *state;        /* directory, or NULL: leases are forgotten at the end */
    uint64_t user;            /* who to become; 0: stay */
};

/* Runs until SIGTERM or SIGINT. */
int el_boot_service_run(const struct el_boot_service_config *config, struct el_err *err);

#endif

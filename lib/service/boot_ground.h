/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot service stands on: an interface of this host, with sockets of the kernel's; or, if it
 * was given the descriptor "port", one end of a socket pair of frames (port/pair.h), with a stack
 * of its own (net/lwip.h). Its services do not know which.
 */
#ifndef EL_SERVICE_BOOT_GROUND_H
#define EL_SERVICE_BOOT_GROUND_H

#include "base/addr.h"
#include "base/err.h"
#include "net/lwip_link.h"
#include "net/net.h"
#include "port/port.h"
#include "service/nfs_sockets.h"

#include <stdbool.h>
#include <stdint.h>

struct el_boot_ground_config {
    const char *device; /* the interface; of a port, its name for logs */
    struct el_prefix address;
    struct el_mac mac; /* of a port; an interface has one */
    uint16_t http_port;
    bool nfs;     /* sockets for it are wanted */
    bool no_ra;   /* leave IPv6's router solicitations alone */
    bool no_dhcp; /* leave ports 67 and 4011 to others */
    bool relay;   /* a DHCP relay: its server is beyond the interface */
};

struct el_boot_ground {
    struct el_boot_ground_config config;
    struct el_net *net;   /* for the services, from el_boot_ground_stand() on */
    struct el_port *port; /* reaches machines without an address, */
    struct el_mac mac;    /* from here */
    /* Sockets to hand on, which are whoever's takes them; -1: services open theirs on the net. */
    int dhcp, binl, tftp, http;
    int nfs[EL_NFS_SOCKETS]; /* -1 of those that could not be had, on an interface */
    int relay;               /* our address, port 67, not on the interface alone; -1: no relay */
    int arp;                 /* a packet socket for ARP, */
    int answers; /* and one for what DHCP servers say; -1, as on a port: the link is tapped */
    int ndp;     /* -1: router solicitations are not answered; on a port, as there is no IPv6 */
    struct el_net_lwip_link *link; /* on a port */
    bool own_stack;
};

/* All that may need privileges. On an error it is to be closed too. */
int el_boot_ground_open(struct el_boot_ground *ground, const struct el_boot_ground_config *config,
                        struct el_err *err);

/* With KERNEL, which must outlive it: fills in the net. */
int el_boot_ground_stand(struct el_boot_ground *ground, struct el_net *kernel, struct el_err *err);

/* Leaves it, after the services and before KERNEL; zeros are allowed. */
void el_boot_ground_leave(struct el_boot_ground *ground);

/* Then, after KERNEL, closes the port. */
void el_boot_ground_close(struct el_boot_ground *ground);

#endif

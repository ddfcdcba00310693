/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hub, spoke and tunnel are all told about how the tunnel is to work on this computer. */
#ifndef EL_NODE_TUNNEL_OPTIONS_H
#define EL_NODE_TUNNEL_OPTIONS_H

#include <stdint.h>

struct el_tunnel_options {
    uint64_t workers;    /* see el_node_lanes(); a spoke with a LAN has one */
    uint64_t mark;       /* of its datagrams; 0: none */
    const char *device;  /* the interface where they go and come; NULL: any */
    const char *control; /* its control socket: see el_control_open() */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel applet: the data path (datapath/datapath.h) and, beside it, what may take its time:
 * names to addresses, timestamps to disk.
 *
 * Under a supervisor it is given descriptors: "udp4", "udp6", "tap" or "lan" (as many of each as
 * there are workers), "key", "state" (a directory), "locate", "control", "manage" (link/manage.h),
 * "inside" and "stream" (datapath/datapath.h), of the latter one for each worker. By hand it opens
 * what it was not given; but with "manage", which tells it of networks and peers, it has no
 * interface beside those it is given.
 */
#ifndef EL_LINK_TUNNEL_SERVICE_H
#define EL_LINK_TUNNEL_SERVICE_H

#include "base/addr.h"
#include "base/err.h"
#include "node/peer.h"
#include "node/tunnel_options.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_TUNNEL_SERVICE_PEERS = 2048 }; /* some 10 MiB */

struct el_tunnel_service_config {
    const char *key;                 /* file, if no descriptor was given */
    uint64_t listen;                 /* UDP port, likewise; 0: any */
    struct el_tunnel_options tunnel; /* likewise */
    const char *network;
    uint64_t vni;
    const char *lan;      /* "eth1", "eth1.30"; NULL: an interface with the network's name */
    struct el_ip address; /* our tunnel address; family 0: from the key */
    struct el_node_peers peers;
    const char *state;   /* directory, or NULL: nothing is remembered */
    bool guard;          /* what servers say on the LAN does not pass (datapath/guard.h) */
    bool protect;        /* addresses of this computer may not appear behind a peer */
    uint64_t user;       /* who to become; 0: stay */
    uint64_t peers_max;  /* room for so many with "manage"; 0: EL_TUNNEL_SERVICE_PEERS */
    bool call_tcp;       /* peers that do not answer over UDP are called inside TCP ("stream") */
    uint64_t give_up_ns; /* end if no peer has answered by then; 0: try for ever */
};

/* Runs until SIGTERM or SIGINT. EL_EAGAIN: gave up, see give_up_ns. */
int el_tunnel_service_run(const struct el_tunnel_service_config *config, struct el_err *err);

#endif

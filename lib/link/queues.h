/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the data path's lanes work on: a queue of the port and UDP sockets for each. Opened by the
 * supervisor, or by the tunnel itself if it was given none.
 */
#ifndef EL_LINK_QUEUES_H
#define EL_LINK_QUEUES_H

#include "base/err.h"
#include "node/launch.h"
#include "tunnel/tunnel.h"
#include "tunnel/tunnel_io.h"

#include <stdint.h>

struct el_node_queues {
    unsigned lanes;
    int port[EL_TUNNEL_LANES_MAX];
    int udp4[EL_TUNNEL_LANES_MAX], udp6[EL_TUNNEL_LANES_MAX]; /* -1: none */
};

/* How many lanes there shall be if --workers SAID so: a power of two up to EL_TUNNEL_LANES_MAX, as
 * sockets are dealt by bits. 0 leaves it to us: one for every two CPUs, as the kernel's own part of
 * the work (sockets, interfaces) is as much as ours: two lanes would leave nothing of two CPUs to
 * whoever they carry frames for. */
int el_node_lanes(uint64_t said, struct el_err *err);

/* Opens the sockets of as many lanes as QUEUES has. A host without IPv6 does without. */
int el_node_queues_open_udp(struct el_node_queues *queues, uint16_t port,
                            const struct el_tunnel_io_options *options, struct el_err *err);

/* Takes what we were given: all called PORT ("tap", "lan"), "udp4" and "udp6". LANES is 0 if there
 * is no port; no sockets are -1. EL_EINVAL if there are not as many of each. */
int el_node_queues_take(struct el_node_queues *queues, const char *port, struct el_err *err);

/* Adds COUNT descriptors, those that are there, to FDS, all under NAME. 0, or EL_EFULL: then those
 * that found no room are closed. */
int el_node_queues_pass(struct el_launch_fds *fds, const char *name, const int *list,
                        unsigned count, struct el_err *err);

/* The sockets of both families, as "udp4" and "udp6". */
int el_node_queues_pass_udp(struct el_launch_fds *fds, const struct el_node_queues *queues,
                            struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The adaptor of ndp: a raw ICMPv6 socket on the kernel provider's loop. net/net.h has no raw
 * sockets, and only this room needs one.
 */
#ifndef EL_NDP_NDP_IO_H
#define EL_NDP_NDP_IO_H

#include "base/err.h"
#include "ndp/ndp.h"
#include "net/net.h"

/* A raw socket on DEVICE that receives Router Solicitations and nothing else, and sends with the
 * hop limit of Neighbor Discovery. It needs the right to open raw sockets, and may then be handed
 * to an applet that has none. EL_ENOTSUP: this host has no IPv6. */
int el_ndp_io_socket(const char *device, struct el_err *err);

struct el_ndp_io;

/* Speaks by CONFIG on FD (of el_ndp_io_socket, and ours from now on, also on an error). NET is the
 * kernel's provider. */
int el_ndp_io_start(struct el_net *net, int fd, const struct el_ndp_config *config,
                    struct el_ndp_io **io, struct el_err *err);

/* Says goodbye. Before the provider is freed. NULL is allowed. */
void el_ndp_io_stop(struct el_ndp_io *io);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening the tunnel's UDP sockets, which needs privileges and is the supervisor's; what is done
 * with them is tunnel/tunnel_io.h's.
 *
 * Where several lanes work on one port, each has a socket of its own in a group (SO_REUSEPORT), and
 * a program in the kernel deals the datagrams out (SO_ATTACH_REUSEPORT_CBPF): transport data by the
 * lowest bits of the receiver index, which we chose ourselves when the session was made, so that
 * everything of one session comes to one lane; handshakes, and whatever else there is, to the
 * first.
 */
#ifndef EL_TUNNEL_SOCKET_IO_H
#define EL_TUNNEL_SOCKET_IO_H

#include "base/err.h"

#include <stdint.h>

enum { EL_TUNNEL_IO_SOCKETS_MAX = 64 };

struct el_tunnel_io_options {
    uint32_t mark;      /* of every datagram, for routing rules and firewalls (SO_MARK); 0: none */
    const char *device; /* send and receive on this interface only; NULL: any */
};

/*
 * Opens COUNT (a power of two, up to EL_TUNNEL_IO_SOCKETS_MAX) sockets of FAMILY (4 or 6) on PORT
 * (0: any), with large buffers and without fragmentation (path MTU is found by probes). OPTIONS may
 * be NULL. Transport data for receiver index I comes to fds[I % COUNT].
 *
 * 0; EL_EEXIST when anybody has the port, also another group of this user's, which the kernel would
 * let us join; EL_EPERM; EL_ENOENT (no such device); EL_EINVAL. On an error none is open.
 */
int el_tunnel_io_sockets(unsigned family, uint16_t port, unsigned count, int fds[],
                         const struct el_tunnel_io_options *options, struct el_err *err);

/* One socket: the descriptor, or an error. */
int el_tunnel_io_socket(unsigned family, uint16_t port, const struct el_tunnel_io_options *options,
                        struct el_err *err);

#endif

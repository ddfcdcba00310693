/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel's side of datagrams inside TCP: trains through a channel to the process that has the
 * connections (stream/stream_wire.h). Part of tunnel/tunnel_io.h.
 */
#ifndef EL_TUNNEL_HOP_IO_H
#define EL_TUNNEL_HOP_IO_H

#include "base/addr.h"
#include "tunnel/tunnel_io.h"

#include <stddef.h>
#include <stdint.h>

struct el_hop_io;

/* FD is ours from now on, whatever happens. Trains are received to RX, which stays the caller's:
 * EL_TUNNEL_IO_TRAINS times STRIDE bytes, with EL_TUNNEL_IO_TAILROOM behind the last. 0 or
 * EL_ENOMEM. */
int el_hop_io_new(int fd, uint8_t *rx, size_t stride, struct el_hop_io **io);
void el_hop_io_free(struct el_hop_io *io);    /* NULL is allowed */
int el_hop_io_fd(const struct el_hop_io *io); /* -1: nobody is at its other end any more */

/* As el_tunnel_io_receive(); one that makes no sense has length 0. An error: the channel is broken.
 */
int el_hop_io_receive(struct el_hop_io *io, struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS]);

/* Sends a train of LEN bytes. 0, or an errno. */
int el_hop_io_send(struct el_hop_io *io, const struct el_endpoint *to, const uint8_t *bytes,
                   size_t len, size_t segment);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hops, received and sent. */
#include "tunnel/hop_io.h"

#include "stream/stream_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert((int)EL_STREAM_DATAGRAM_MAX >= (int)EL_TUNNEL_IO_DATAGRAM_MAX,
               "what a tunnel sends fits a frame");

struct el_hop_io {
    int fd;
    bool closed; /* nobody is at the other end */
    struct mmsghdr headers[EL_TUNNEL_IO_TRAINS];
    struct iovec pieces[EL_TUNNEL_IO_TRAINS][2]; /* the head and the train */
    uint8_t heads[EL_TUNNEL_IO_TRAINS][EL_STREAM_HOP_BYTES];
};

int el_hop_io_new(int fd, uint8_t *rx, size_t stride, struct el_hop_io **made)
{
    struct el_hop_io *io = calloc(1, sizeof *io);

    if (!io) {
        close(fd);
        return EL_ENOMEM;
    }
    io->fd = fd;
    for (unsigned i = 0; i < EL_TUNNEL_IO_TRAINS; i++) {
        io->pieces[i][0] = (struct iovec){io->heads[i], EL_STREAM_HOP_BYTES};
        io->pieces[i][1] = (struct iovec){rx + i * stride, stride};
        io->headers[i].msg_hdr = (struct msghdr){.msg_iov = io->pieces[i], .msg_iovlen = 2};
    }
    *made = io;
    return 0;
}

void el_hop_io_free(struct el_hop_io *io)
{
    if (!io)
        return;
    close(io->fd);
    free(io);
}

int el_hop_io_fd(const struct el_hop_io *io)
{
    return io->closed ? -1 : io->fd;
}

static void accept_hop(const struct el_hop_io *io, unsigned i, struct el_tunnel_io_train *train)
{
    size_t len = io->headers[i].msg_len;
    struct el_stream_hop hop;

    *train = (struct el_tunnel_io_train){.bytes = io->pieces[i][1].iov_base};
    if (len < EL_STREAM_HOP_BYTES || (io->headers[i].msg_hdr.msg_flags & MSG_TRUNC) ||
        el_stream_hop_read(io->heads[i], len - EL_STREAM_HOP_BYTES, &hop) < 0)
        return;
    train->from = hop.at;
    train->len = len - EL_STREAM_HOP_BYTES;
    train->segment = hop.segment;
}

int el_hop_io_receive(struct el_hop_io *io, struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS])
{
    int n = recvmmsg(io->fd, io->headers, EL_TUNNEL_IO_TRAINS, MSG_DONTWAIT, NULL);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : el_errno_from_os(errno);
    for (int i = 0; i < n; i++) {
        io->closed = io->headers[i].msg_len == 0; /* nobody says nothing */
        if (io->closed)
            return i;
        accept_hop(io, (unsigned)i, &trains[i]);
    }
    return n;
}

int el_hop_io_send(struct el_hop_io *io, const struct el_endpoint *to, const uint8_t *bytes,
                   size_t len, size_t segment)
{
    struct el_stream_hop hop = {*to, (uint16_t)segment};
    uint8_t head[EL_STREAM_HOP_BYTES];
    struct iovec pieces[] = {{head, sizeof head}, {(void *)(uintptr_t)bytes, len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};

    el_stream_hop_write(&hop, head);
    return sendmsg(io->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

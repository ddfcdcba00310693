/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port that is one end of a socket pair. */
#include "port/pair.h"

#include "port/vnet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20 }; /* of each direction; the kernel gives what it allows */

int el_port_pair_open(int fds[2])
{
    int bytes = BUFFER_BYTES;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return el_errno_from_os(errno);
    for (unsigned i = 0; i < 2; i++)
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return 0;
}

static void count_up(struct el_port *port, enum el_port_counter counter)
{
    port->counts[counter]++;
}

/* One message. Its length, with the header; 0 if there is none now. */
static int receive_one(struct el_port *port, struct el_port_rx *rx, struct virtio_net_hdr *vnet)
{
    struct iovec pieces[] = {{vnet, sizeof *vnet}, {rx->bytes, rx->capacity}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    ssize_t len = recvmsg(port->fd, &message, MSG_DONTWAIT | MSG_TRUNC);

    if (len < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : el_errno_from_os(errno);
    return len == 0 ? EL_ECLOSED : (int)len; /* nobody sends nothing */
}

static int pair_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    struct virtio_net_hdr vnet;
    unsigned received = 0;

    while (received < count) {
        struct el_port_rx *rx = &frames[received];
        int len = receive_one(port, rx, &vnet);
        if (len <= 0)
            return received > 0 ? (int)received : len;
        if ((size_t)len > sizeof vnet + rx->capacity) {
            count_up(port, EL_PORT_DROP_LONG);
        } else if ((size_t)len < sizeof vnet || el_vnet_read(&vnet, &rx->offload) < 0) {
            count_up(port, EL_PORT_DROP_OFFLOAD);
        } else {
            rx->len = (size_t)len - sizeof vnet;
            received++;
        }
    }
    return (int)received;
}

static int pair_send(struct el_port *port, const struct el_port_tx *frame)
{
    struct virtio_net_hdr vnet = el_vnet_of(&frame->offload);
    struct iovec pieces[1 + EL_PORT_SLICES] __attribute__((uninitialized));
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 1 + frame->count};

    if (frame->count > EL_PORT_SLICES)
        return EL_EINVAL;
    pieces[0] = (struct iovec){&vnet, sizeof vnet};
    memcpy(pieces + 1, frame->slices, frame->count * sizeof *pieces);
    if (sendmsg(port->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
    switch (errno) {
    case EMSGSIZE: return EL_ESHORT;
    case EPIPE:
    case ECONNRESET: return EL_ECLOSED;
    default: return EL_EAGAIN;
    }
}

static void pair_close(struct el_port *port)
{
    close(port->fd);
    free(port);
}

static const struct el_port_ops pair_ops = {pair_receive, pair_send, pair_close, NULL};

int el_port_from_pair(int fd, const char *name, struct el_port **port)
{
    struct el_port *pair = calloc(1, sizeof *pair);

    if (!pair)
        return EL_ENOMEM;
    pair->ops = &pair_ops;
    pair->fd = fd;
    pair->uso = true;
    snprintf(pair->name, sizeof pair->name, "%s", name);
    *port = pair;
    return 0;
}

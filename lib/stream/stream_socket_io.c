/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening sockets for streams. */
#include "stream/stream_socket_io.h"

#include "net/sockaddr.h"

#include <errno.h>
#include <linux/tcp.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 256,
    PAIR_BYTES = 1 << 20, /* of each direction; the kernel gives what it allows */
    FIRST_S = 5,          /* who connects and says nothing is not even told of (TCP_DEFER_ACCEPT) */
    ALIVE_IDLE_S = 20,
    ALIVE_AGAIN_S = 5,
    ALIVE_TRIES = 3,
    ALIVE_MS = 15000, /* for what was sent to be acknowledged */
    SYN_TRIES = 2,
};

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

static int apply(int fd, const struct el_stream_socket_options *options, struct el_err *err)
{
    const char *device = options->device;

    if (options->mark && set_option(fd, SOL_SOCKET, SO_MARK, (int)options->mark) < 0)
        return el_err_os(err, errno, "mark %u: run as root or with CAP_NET_ADMIN", options->mark);
    if (device &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0)
        return errno == ENODEV ? el_err(err, EL_ENOENT, "device %s: no such interface", device)
                               : el_err_os(err, errno, "device %s", device);
    return 0;
}

int el_stream_caller(unsigned family, const struct el_stream_socket_options *options,
                     struct el_err *err)
{
    int domain = family == 6 ? AF_INET6 : AF_INET;
    int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return el_err_os(err, errno, "stream: no TCP socket for IPv%u", family);
    if (family == 6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd, IPPROTO_TCP, TCP_SYNCNT, SYN_TRIES);
    int rc = apply(fd, options, err);
    if (rc < 0)
        close(fd);
    return rc < 0 ? rc : fd;
}

static int bind_and_listen(int fd, unsigned family, uint16_t port, struct el_err *err)
{
    union el_net_sockaddr address;
    socklen_t len = el_net_sockaddr_from(&address, family == 6 ? AF_INET6 : AF_INET,
                                         &(struct el_endpoint){.port = port});

    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* not to wait for what the one before us had */
    set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, FIRST_S);
    if (bind(fd, &address.any, len) == 0 && listen(fd, BACKLOG) == 0)
        return 0;
    if (errno == EADDRINUSE)
        return el_err(err, EL_EEXIST,
                      "tcp %u: TCP port %u is in use by another program (ss -tlnp shows which); "
                      "stop it, choose another port with --tcp, or do without, --no-tcp",
                      port, port);
    if (errno == EACCES)
        return el_err(
            err, EL_EPERM,
            "tcp %u: no right to use this port: run as root, or with CAP_NET_BIND_SERVICE", port);
    return el_err_os(err, errno, "tcp %u: cannot listen", port);
}

int el_stream_listener(unsigned family, uint16_t port,
                       const struct el_stream_socket_options *options, struct el_err *err)
{
    int fd = el_stream_caller(family, options, err);

    if (fd < 0)
        return fd;
    int rc = bind_and_listen(fd, family, port, err);
    if (rc < 0)
        close(fd);
    return rc < 0 ? rc : fd;
}

int el_stream_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return el_errno_from_os(errno);
    for (unsigned i = 0; i < 2; i++)
        if (set_option(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, PAIR_BYTES) < 0)
            set_option(fds[i], SOL_SOCKET, SO_SNDBUF, PAIR_BYTES);
    return 0;
}

void el_stream_set_up(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_IDLE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_AGAIN_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, ALIVE_TRIES);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ALIVE_MS);
}

void el_stream_set_queue(int fd, unsigned bytes)
{
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, (int)bytes);
}

uint64_t el_stream_rate(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
        return 0;
    return info.tcpi_delivery_rate;
}

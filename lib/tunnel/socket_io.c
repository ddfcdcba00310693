/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the tunnel's UDP sockets: socket(7), udp(7), Documentation/networking/filter.rst. */
#include "tunnel/socket_io.h"

#include "tunnel/wg_wire.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET_BUFFER = 8 << 20 };

union address {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

/* Beyond the system's limit where we may, up to it where we may not. */
static void enlarge_buffers(int fd)
{
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER) < 0)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
    if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER) < 0)
        set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
}

static int apply(int fd, const struct el_tunnel_io_options *options, struct el_err *err)
{
    const char *device = options->device;

    if (options->mark && set_option(fd, SOL_SOCKET, SO_MARK, (int)options->mark) < 0)
        return el_err_os(err, errno, "mark %u: run as root or with CAP_NET_ADMIN", options->mark);
    if (!device ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) == 0)
        return 0;
    switch (errno) {
    case ENODEV: return el_err(err, EL_ENOENT, "device %s: no such interface", device);
    case EPERM: return el_err_os(err, errno, "device %s: run as root or with CAP_NET_RAW", device);
    default: return el_err_os(err, errno, "device %s", device);
    }
}

static int bind_to(int fd, unsigned family, uint16_t port, struct el_err *err)
{
    union address address = {0};
    socklen_t len = family == 6 ? sizeof address.in6 : sizeof address.in4;

    address.any.sa_family = family == 6 ? AF_INET6 : AF_INET;
    if (family == 6)
        address.in6.sin6_port = htons(port);
    else
        address.in4.sin_port = htons(port);
    if (bind(fd, &address.any, len) == 0)
        return 0;
    if (errno == EADDRINUSE)
        return el_err(err, EL_EEXIST,
                      "listen %u: UDP port %u is in use by another program (ss -ulpn shows "
                      "which); stop it or choose another port with --listen",
                      port, port);
    return el_err_os(err, errno, "listen %u: cannot bind the UDP port", port);
}

/* An open socket that is not bound yet. */
static int make_socket(unsigned family, const struct el_tunnel_io_options *options,
                       struct el_err *err)
{
    int fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return el_err_os(err, errno, "tunnel: no UDP socket for IPv%u", family);
    if (family == 6) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    } else {
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
    enlarge_buffers(fd);
    int rc = options ? apply(fd, options, err) : 0;
    if (rc < 0)
        close(fd);
    return rc < 0 ? rc : fd;
}

/* The port that the system chose, where it was to. */
static uint16_t port_of(int fd)
{
    union address address = {0};
    socklen_t len = sizeof address;

    getsockname(fd, &address.any, &len);
    return ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port : address.in4.sin_port);
}

/* Deals the group's datagrams out. The program sees the UDP payload; what it loads from beyond the
 * end makes it return 0. */
static int steer(int fd, unsigned count)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EL_TUNNEL_DATA, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 4), /* the receiver index is little-endian */
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, count - 1),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

/* The group's first is bound as if it were to be alone, so that it finds the port taken if anybody
 * has it. Should a program of the same user join the group later, no datagram is dealt to it: the
 * sockets are numbered in the order they were bound. */
static int open_group(unsigned family, uint16_t port, unsigned count, int fds[],
                      const struct el_tunnel_io_options *options, struct el_err *err)
{
    for (unsigned i = 0; i < count; i++) {
        fds[i] = make_socket(family, options, err);
        if (fds[i] < 0)
            return fds[i];
        if (i > 0 && set_option(fds[i], SOL_SOCKET, SO_REUSEPORT, 1) < 0)
            return el_err_os(err, errno, "listen %u: several sockets on one port", port);
        int rc = bind_to(fds[i], family, port, err);
        if (rc < 0)
            return rc;
        port = port_of(fds[i]);
        if (i == 0 && count > 1 && set_option(fds[i], SOL_SOCKET, SO_REUSEPORT, 1) < 0)
            return el_err_os(err, errno, "listen %u: several sockets on one port", port);
    }
    if (count > 1 && steer(fds[0], count) < 0)
        return el_err_os(err, errno, "listen %u: sharing the port among lanes", port);
    return 0;
}

int el_tunnel_io_sockets(unsigned family, uint16_t port, unsigned count, int fds[],
                         const struct el_tunnel_io_options *options, struct el_err *err)
{
    if (count == 0 || count > EL_TUNNEL_IO_SOCKETS_MAX || (count & (count - 1)) != 0)
        return el_err(err, EL_EINVAL, "tunnel: %u sockets on one port", count);
    for (unsigned i = 0; i < count; i++)
        fds[i] = -1;
    int rc = open_group(family, port, count, fds, options, err);
    for (unsigned i = 0; rc < 0 && i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return rc;
}

int el_tunnel_io_socket(unsigned family, uint16_t port, const struct el_tunnel_io_options *options,
                        struct el_err *err)
{
    int fd;
    int rc = el_tunnel_io_sockets(family, port, 1, &fd, options, err);

    return rc < 0 ? rc : fd;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets for services, bound to a network's interface. */
#include "service/sockets.h"

#include "net/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512, BUFFER_BYTES = 4 << 20 };

static int fail(int fd, const char *device, uint16_t port, const char *service, struct el_err *err)
{
    int why = errno;

    if (fd >= 0)
        close(fd);
    if (why == EADDRINUSE)
        return el_err(err, EL_EEXIST,
                      "%s: port %u is in use by another program (ss -lnp 'sport = :%u' shows "
                      "which): stop it, or let it listen on its own addresses only",
                      service, port, port);
    if (why == EACCES || why == EPERM)
        return el_err(err, EL_EPERM, "%s: no right to use port %u on %s: run it as root", service,
                      port, device);
    return el_err_os(err, why, "%s: cannot listen on port %u of %s", service, port, device);
}

/* The address need not be there yet, or be known to be nobody else's (RFC 4862 §5.4). */
static int bind_at(int fd, const struct el_ip *ip, uint16_t port)
{
    const struct el_endpoint at = {.ip = *ip, .port = port};
    union el_net_sockaddr address;
    int family = ip->family == 6 ? AF_INET6 : AF_INET;
    socklen_t len = el_net_sockaddr_from(&address, family, &at);
    int on = 1;

    if ((family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
        setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) < 0)
        return -1;
    return bind(fd, &address.any, len);
}

static int bound_socket(int type, const char *device, const struct el_ip *ip, uint16_t port,
                        const char *service, struct el_err *err)
{
    int on = 1;
    int fd = socket(ip->family == 6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return fail(fd, device, port, service, err);
    /* For a listener: not to wait for old connections of the one before us to be forgotten. For
     * datagrams it would allow two servers on one port, each with half of the questions. */
    if ((type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0 ||
        bind_at(fd, ip, port) < 0)
        return fail(fd, device, port, service, err);
    return fd;
}

static const struct el_ip any = {.family = 4};

int el_node_udp_socket(const char *device, uint16_t port, const char *service, struct el_err *err)
{
    int fd = bound_socket(SOCK_DGRAM, device, &any, port, service, err);
    int on = 1, bytes = BUFFER_BYTES;

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) < 0)
        return fail(fd, device, port, service, err);
    /* A crowd's questions wait here while we wait for the disk. The second form is bounded by a
     * sysctl, and all that we get without CAP_NET_ADMIN. */
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

int el_node_udp_socket_at(const char *device, const struct el_ip *ip, uint16_t port,
                          const char *service, struct el_err *err)
{
    return bound_socket(SOCK_DGRAM, device, ip, port, service, err);
}

int el_node_tcp_socket_at(const char *device, const struct el_ip *ip, uint16_t port,
                          const char *service, struct el_err *err)
{
    int fd = bound_socket(SOCK_STREAM, device, ip, port, service, err);

    if (fd >= 0 && listen(fd, BACKLOG) < 0)
        return fail(fd, device, port, service, err);
    return fd;
}

int el_node_tcp_socket(const char *device, uint16_t port, const char *service, struct el_err *err)
{
    return el_node_tcp_socket_at(device, &any, port, service, err);
}

int el_node_relay_socket(int bound, const struct el_ip *ip, struct el_err *err)
{
    struct sockaddr_in own = {
        .sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = htonl(el_ip4_number(ip))};
    int on = 1;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    /* Both agree to share the port: only now, so that no stranger's socket could. */
    if (fd < 0 || setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&own, sizeof own) < 0)
        return fail(fd, "the host's address", 67, "dhcp relay", err);
    on = 0;
    (void)setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return fd;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams of the kernel provider.
 *
 * They are received in batches (recvmmsg) into memory that all sockets of a provider share and that
 * is taken once. IP_PKTINFO tells the address each was sent to; the same message on the way out
 * says which of our addresses it comes from. That matters wherever a host has several: a reply from
 * another address than the one that was asked is dropped by TFTP and DHCP clients.
 */
#include "net/kernel_socket.h"
#include "net/sockaddr.h"

#include "base/log.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/uio.h>

enum {
    BATCH = 16, /* datagrams of one system call */
    DATAGRAM_BYTES =
        65536, /* the largest UDP datagram fits; memory that is never used is not there */
};

struct pktinfo_space {
    _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct el_net_udp_batch {
    struct mmsghdr messages[BATCH];
    struct iovec slices[BATCH];
    union el_net_sockaddr from[BATCH];
    struct pktinfo_space control[BATCH];
    uint8_t bytes[BATCH][DATAGRAM_BYTES];
};

struct kernel_udp {
    struct el_net_udp base;
    struct el_net_socket socket;
    struct el_endpoint local;
    int domain;
};

/* The address a datagram was sent to, and the interface it came by for link-local ones. */
static void find_destination(struct msghdr *message, struct el_endpoint *to)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            to->ip = el_net_ip_from_in(info.ipi_addr);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            to->ip = el_net_ip_from_in6(&info.ipi6_addr);
            to->scope = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
        }
    }
}

static int receive_batch(struct el_net_udp_batch *batch, int fd)
{
    for (unsigned i = 0; i < BATCH; i++) {
        batch->slices[i] = (struct iovec){batch->bytes[i], DATAGRAM_BYTES};
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->from[i],
            .msg_namelen = sizeof batch->from[i],
            .msg_iov = &batch->slices[i],
            .msg_iovlen = 1,
            .msg_control = &batch->control[i],
            .msg_controllen = sizeof batch->control[i],
        };
    }
    return recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
}

static void udp_readable(uv_poll_t *poll, int status, int events)
{
    struct kernel_udp *udp = poll->data;
    struct el_net_udp_batch *batch = udp->socket.kernel->batch;
    int count = receive_batch(batch, udp->socket.fd);

    (void)events;
    /* An error (the interface went away) is told once and taken out by the call above; libuv stops
     * to watch after one. */
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        EL_LOG(EL_LOG_WARN, "net", "receive", EL_ENDPOINT("local", &udp->local),
               EL_STR("error", strerror(errno)));
    for (int i = 0; i < count && !udp->socket.closed; i++) {
        struct msghdr *message = &batch->messages[i].msg_hdr;
        struct el_net_udp_meta meta = {.from = el_net_sockaddr_endpoint(&batch->from[i]),
                                       .to = udp->local};

        find_destination(message, &meta.to);
        udp->base.cb(udp->base.arg, &meta, batch->bytes[i], batch->messages[i].msg_len);
    }
    if (status < 0)
        el_net_socket_watch(&udp->socket, UV_READABLE, udp_readable);
}

static void udp_close_object(void *object)
{
    el_net_socket_close(&((struct kernel_udp *)object)->socket);
}

/* Makes the object around a bound descriptor, which stays the caller's on an error. */
static int udp_wrap(struct el_net_kernel *kernel, int fd, el_net_udp_cb *cb, void *arg,
                    struct el_net_udp **made)
{
    struct kernel_udp *udp = calloc(1, sizeof *udp);
    int on = 1;

    if (!kernel->batch)
        kernel->batch = malloc(sizeof *kernel->batch);
    if (!udp || !kernel->batch ||
        el_net_socket_init(&udp->socket, kernel, fd, udp, udp_close_object) < 0) {
        free(udp);
        return EL_ENOMEM;
    }
    udp->base = (struct el_net_udp){&el_net_kernel_ops, cb, arg};
    udp->local = el_net_local(fd);
    udp->domain = el_net_domain(fd);
    if (udp->domain == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    else
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    el_net_socket_watch(&udp->socket, UV_READABLE, udp_readable);
    *made = &udp->base;
    return 0;
}

int el_net_kernel_udp_open(struct el_net *net, const struct el_net_udp_config *config,
                           el_net_udp_cb *cb, void *arg, struct el_net_udp **udp,
                           struct el_err *err)
{
    bool inherited = config->inherited_fd >= 0;
    int on = 1;
    int fd = config->inherited_fd;
    int code;

    if (inherited) {
        code = el_net_adopt(fd, SOCK_DGRAM, "udp", err);
    } else {
        code = fd = el_net_bind(
            &(struct el_net_bind){SOCK_DGRAM, "udp", &config->bind, config->device}, err);
        if (fd >= 0 && config->broadcast)
            setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    }
    if (code < 0)
        return code;
    code = udp_wrap((struct el_net_kernel *)net, fd, cb, arg, udp);
    if (code < 0) {
        if (!inherited)
            close(fd);
        return el_err(err, code, "udp: %s", el_strerror(code));
    }
    return 0;
}

/* Writes the message that chooses the source address; its length, or 0 if FROM cannot be one. */
static size_t choose_source(int domain, const struct el_ip *from, struct pktinfo_space *space)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)space;
    union el_net_sockaddr address;
    bool group = from->family == 4 ? from->b[0] >= 224 : from->b[0] == 0xff;

    if (from->family == 0 || group ||
        !el_net_sockaddr_from(&address, domain, &(struct el_endpoint){.ip = *from}))
        return 0;
    memset(space, 0, sizeof *space);
    if (domain == AF_INET) {
        struct in_pktinfo info = {.ipi_spec_dst = address.in.sin_addr};

        *c = (struct cmsghdr){CMSG_LEN(sizeof info), IPPROTO_IP, IP_PKTINFO};
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    struct in6_pktinfo info = {.ipi6_addr = address.in6.sin6_addr};

    *c = (struct cmsghdr){CMSG_LEN(sizeof info), IPPROTO_IPV6, IPV6_PKTINFO};
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

static int send_code(int errno_value)
{
    switch (errno_value) {
    case EWOULDBLOCK:
    case ENOBUFS: return EL_EAGAIN;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL: return EL_ENOENT;
    case EMSGSIZE: return EL_EINVAL;
    default: return el_errno_from_os(errno_value);
    }
}

int el_net_kernel_udp_send(struct el_net_udp *base, const struct el_endpoint *to,
                           const struct el_ip *from, const uint8_t *bytes, size_t len)
{
    struct kernel_udp *udp = (struct kernel_udp *)base;
    union el_net_sockaddr address;
    struct pktinfo_space space;
    struct iovec slice = {(void *)(uintptr_t)bytes, len};
    struct msghdr message = {
        .msg_name = &address,
        .msg_namelen = el_net_sockaddr_from(&address, udp->domain, to),
        .msg_iov = &slice,
        .msg_iovlen = 1,
        .msg_control = &space,
        .msg_controllen = from && !el_ip_equal(from, &udp->local.ip)
                              ? choose_source(udp->domain, from, &space)
                              : 0,
    };

    if (udp->socket.closed)
        return EL_ECLOSED;
    if (message.msg_namelen == 0 || to->ip.family == 0)
        return EL_EINVAL;
    if (sendmsg(udp->socket.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
    /* FROM is not ours (any more, or it is a broadcast address): any address of ours, then. Which
     * error says so depends on the route. */
    if (message.msg_controllen > 0 && errno != EAGAIN && errno != ENOBUFS && errno != EMSGSIZE) {
        message.msg_controllen = 0;
        if (sendmsg(udp->socket.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 0;
    }
    return send_code(errno);
}

struct el_endpoint el_net_kernel_udp_local(const struct el_net_udp *udp)
{
    return ((const struct kernel_udp *)udp)->local;
}

/* Without privileges the device can be set only where the kernel allows that for a socket that has
 * none yet (Linux 5.7); elsewhere the local address has to do. */
int el_net_kernel_udp_sibling(struct el_net_udp *base, const struct el_ip *from, el_net_udp_cb *cb,
                              void *arg, struct el_net_udp **sibling)
{
    struct kernel_udp *udp = (struct kernel_udp *)base;
    struct el_endpoint at = {.ip = udp->local.ip, .scope = udp->local.scope};
    char device[IFNAMSIZ] = "";
    socklen_t len = sizeof device;
    struct pktinfo_space space;
    int on = 0;

    if (from && choose_source(udp->domain, from, &space))
        at.ip = *from;
    getsockopt(udp->socket.fd, SOL_SOCKET, SO_BINDTODEVICE, device, &len);

    struct el_net_bind bind = {SOCK_DGRAM, "udp", &at, device[0] ? device : NULL};
    int fd = el_net_bind(&bind, NULL);
    if (fd == EL_EPERM && bind.device) {
        bind.device = NULL;
        fd = el_net_bind(&bind, NULL);
    }
    if (fd < 0)
        return fd;
    len = sizeof on;
    getsockopt(udp->socket.fd, SOL_SOCKET, SO_BROADCAST, &on, &len);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);

    int code = udp_wrap(udp->socket.kernel, fd, cb, arg, sibling);
    if (code < 0)
        close(fd);
    return code;
}

void el_net_kernel_udp_close(struct el_net_udp *udp)
{
    udp_close_object(udp);
}

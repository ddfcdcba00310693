/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router solicitations from a raw socket, and what is said to them, or of ourselves. */
#include "ndp/ndp_io.h"

#include "base/log.h"
#include "net/kernel.h"
#include "net/sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    MESSAGE_BYTES = 1500, /* a solicitation is not fragmented (RFC 6980 §5) */
    ROUND = 32,           /* messages before the loop has its turn again */
};

struct el_ndp_io {
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned open; /* of these two */
    int fd;
    struct el_net *net;
    struct el_ndp *ndp;
};

/* -- the socket -- */

static int set_options(int fd, const char *device)
{
    static const int on = 1, off = 0, hops = EL_NDP_HOP_LIMIT;
    struct icmp6_filter filter;
    struct ipv6_mreq all_routers = {.ipv6mr_interface = if_nametoindex(device)};

    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
    all_routers.ipv6mr_multiaddr.s6_addr[0] = 0xff;
    all_routers.ipv6mr_multiaddr.s6_addr[1] = 0x02;
    all_routers.ipv6mr_multiaddr.s6_addr[15] = 0x02;

    if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof off) < 0)
        return -1;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &all_routers, sizeof all_routers);
}

int el_ndp_io_socket(const char *device, struct el_err *err)
{
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);

    if (fd >= 0 && set_options(fd, device) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return el_err_os(err, why, "%s: cannot listen for router solicitations", device);
}

/* -- in and out -- */

/* The hop limit that came with MESSAGE; 0, which is not valid, if it did not. */
static uint8_t find_hop_limit(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        int hops;

        if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_HOPLIMIT ||
            c->cmsg_len < CMSG_LEN(sizeof hops))
            continue;
        memcpy(&hops, CMSG_DATA(c), sizeof hops);
        return (uint8_t)hops;
    }
    return 0;
}

/* The socket is bound to its interface, which is the scope of every address here. */
static void send_reply(const struct el_ndp_io *io, const struct el_ndp_reply *reply)
{
    struct el_endpoint to = {.ip = reply->to};
    union el_net_sockaddr address;
    socklen_t len = el_net_sockaddr_from(&address, AF_INET6, &to);

    if (sendto(io->fd, reply->bytes, reply->len, 0, &address.any, len) < 0)
        EL_LOG(EL_LOG_DEBUG, "ndp", "not-sent", EL_IP("to", &reply->to),
               EL_STR("reason", strerror(errno)));
    else
        EL_LOG(EL_LOG_DEBUG, "ndp", "advertise", EL_IP("to", &reply->to));
}

/* Takes one message. False if there is none (left). */
static bool receive_one(struct el_ndp_io *io)
{
    uint8_t bytes[MESSAGE_BYTES];
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))];
    union el_net_sockaddr from;
    struct iovec slice = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_name = &from,
        .msg_namelen = sizeof from,
        .msg_iov = &slice,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    struct el_ndp_reply reply;
    ssize_t len = recvmsg(io->fd, &message, 0);

    if (len < 0)
        return errno == EINTR;
    struct el_ip ip = el_net_sockaddr_endpoint(&from).ip;
    if (!(message.msg_flags & MSG_TRUNC) &&
        el_ndp_input(io->ndp, el_net_now_ns(io->net), &ip, find_hop_limit(&message), bytes,
                     (size_t)len, &reply) == 0)
        send_reply(io, &reply);
    return true;
}

static void on_time(uv_timer_t *timer);

/* The timer rounds up, so that it never comes too early. */
static void set_timer(struct el_ndp_io *io)
{
    uint64_t now_ns = el_net_now_ns(io->net), due_ns = el_ndp_deadline_ns(io->ndp);

    if (due_ns != EL_NEVER)
        uv_timer_start(&io->timer, on_time,
                       due_ns > now_ns ? (due_ns - now_ns + EL_MS - 1) / EL_MS : 0, 0);
}

static void on_time(uv_timer_t *timer)
{
    struct el_ndp_io *io = timer->data;
    struct el_ndp_reply reply;

    if (el_ndp_tick(io->ndp, el_net_now_ns(io->net), &reply) == 0)
        send_reply(io, &reply);
    set_timer(io);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct el_ndp_io *io = poll->data;

    (void)events;
    for (unsigned i = 0; i < ROUND && receive_one(io); i++)
        ;
    set_timer(io);
    /* libuv stops to watch after an error, which the receiving has taken off the socket. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_readable);
}

/* -- from start to stop -- */

static void free_io(struct el_ndp_io *io)
{
    close(io->fd);
    el_ndp_free(io->ndp);
    free(io);
}

static void on_closed(uv_handle_t *handle)
{
    struct el_ndp_io *io = handle->data;

    if (--io->open == 0)
        free_io(io);
}

int el_ndp_io_start(struct el_net *net, int fd, const struct el_ndp_config *config,
                    struct el_ndp_io **made, struct el_err *err)
{
    struct el_ndp_io *io = calloc(1, sizeof *io);

    if (!io) {
        close(fd);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    io->fd = fd;
    io->net = net;
    io->ndp = el_ndp_new(config);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    int failed = io->ndp ? uv_poll_init(el_net_kernel_loop(net), &io->poll, fd) : UV_ENOMEM;
    if (failed) {
        free_io(io);
        return el_err(err, EL_EIO, "router solicitations: %s", uv_strerror(failed));
    }
    uv_timer_init(el_net_kernel_loop(net), &io->timer);
    io->open = 2;
    io->poll.data = io->timer.data = io;
    uv_poll_start(&io->poll, UV_READABLE, on_readable);
    set_timer(io);
    *made = io;
    return 0;
}

void el_ndp_io_stop(struct el_ndp_io *io)
{
    struct el_ndp_reply reply;

    if (!io)
        return;
    if (el_ndp_goodbye(io->ndp, &reply) == 0)
        send_reply(io, &reply);
    uv_poll_stop(&io->poll);
    uv_close((uv_handle_t *)&io->poll, on_closed);
    uv_close((uv_handle_t *)&io->timer, on_closed);
}

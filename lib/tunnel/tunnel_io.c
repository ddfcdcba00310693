/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tunnel's UDP sockets: trains through UDP_GRO and UDP_SEGMENT. */
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RX_BYTES = 65536,      /* one train */
    TX_BYTES = 256 * 1024, /* all queued trains */
    TX_TRAINS = 64,
    TRAIN_SEGMENTS = 64,      /* UDP_MAX_SEGMENTS of every kernel that has UDP_SEGMENT */
    TRAIN_BYTES = 65535 - 48, /* of UDP payload, behind the larger of the IP headers */
    SOCKET_BUFFER = 8 << 20,
};

/* Room for one control message with one integer, aligned as the kernel wants it. */
struct control {
    _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
};

union address {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

struct train {
    struct el_endpoint to;
    size_t start; /* in tx */
    size_t len;
    size_t segment;
    unsigned count;
    bool closed; /* its last datagram is shorter: nothing may follow */
};

struct el_tunnel_io {
    int fds[2]; /* IPv4, IPv6 */
    bool gso;   /* the kernel cuts trains; else each datagram is a train */
    uint8_t *rx;
    uint8_t *tx;
    size_t tx_used;
    struct train trains[TX_TRAINS];
    unsigned train_count;
    unsigned train_sent; /* trains before this one are on their way */
    unsigned blocked;    /* family of the full socket, or 0 */
    el_tunnel_io_too_big_cb *too_big;
    void *too_big_arg;
    uint64_t counts[EL_TUNNEL_IO_COUNTERS];
};

const char *el_tunnel_io_counter_name(enum el_tunnel_io_counter counter)
{
    static const char *const names[EL_TUNNEL_IO_COUNTERS] = {
        [EL_TUNNEL_IO_RX_TRAINS] = "rx-trains",       [EL_TUNNEL_IO_TX_TRAINS] = "tx-trains",
        [EL_TUNNEL_IO_TX_DATAGRAMS] = "tx-datagrams", [EL_TUNNEL_IO_DROP_FULL] = "drop-socket-full",
        [EL_TUNNEL_IO_DROP_TOO_BIG] = "drop-too-big", [EL_TUNNEL_IO_DROP_ERROR] = "drop-send-error",
    };

    return names[counter];
}

uint64_t el_tunnel_io_count(const struct el_tunnel_io *io, enum el_tunnel_io_counter counter)
{
    return io->counts[counter];
}

static socklen_t address_from(union address *address, const struct el_endpoint *endpoint)
{
    *address = (union address){0};
    if (endpoint->ip.family == 4) {
        address->in4.sin_family = AF_INET;
        address->in4.sin_port = htons(endpoint->port);
        memcpy(&address->in4.sin_addr, endpoint->ip.b, 4);
        return sizeof address->in4;
    }
    address->in6.sin6_family = AF_INET6;
    address->in6.sin6_port = htons(endpoint->port);
    memcpy(&address->in6.sin6_addr, endpoint->ip.b, 16);
    address->in6.sin6_scope_id = endpoint->scope;
    return sizeof address->in6;
}

static struct el_endpoint endpoint_from(const union address *address)
{
    struct el_endpoint endpoint = {0};

    if (address->any.sa_family == AF_INET) {
        endpoint.ip.family = 4;
        memcpy(endpoint.ip.b, &address->in4.sin_addr, 4);
        endpoint.port = ntohs(address->in4.sin_port);
    } else {
        endpoint.ip.family = 6;
        memcpy(endpoint.ip.b, &address->in6.sin6_addr, 16);
        endpoint.port = ntohs(address->in6.sin6_port);
        endpoint.scope = address->in6.sin6_scope_id;
    }
    return endpoint;
}

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

int el_tunnel_io_socket(unsigned family, uint16_t port, struct el_err *err)
{
    struct el_endpoint any = {.ip.family = (uint8_t)family, .port = port};
    union address address;
    socklen_t len = address_from(&address, &any);
    int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return el_err_os(err, errno, "tunnel: no UDP socket for IPv%u", family);
    if (family == 6) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    } else {
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
    enlarge_buffers(fd);
    if (bind(fd, &address.any, len) < 0) {
        int why = errno;
        close(fd);
        if (why == EADDRINUSE)
            return el_err(err, EL_EEXIST,
                          "listen %u: UDP port %u is in use by another program (ss -ulpn shows "
                          "which); stop it or choose another port with --listen",
                          port, port);
        return el_err_os(err, why, "listen %u: cannot bind the UDP port", port);
    }
    return fd;
}

int el_tunnel_io_new(int fd4, int fd6, struct el_tunnel_io **result, struct el_err *err)
{
    struct el_tunnel_io *io = calloc(1, sizeof *io);

    if (!io)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    io->fds[0] = fd4;
    io->fds[1] = fd6;
    io->gso = true;
    io->rx = malloc(EL_TUNNEL_IO_TRAINS * RX_BYTES);
    io->tx = malloc(TX_BYTES);
    if (!io->rx || !io->tx) {
        free(io->rx);
        free(io->tx);
        free(io);
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    }
    for (unsigned i = 0; i < 2; i++) {
        if (io->fds[i] < 0)
            continue;
        set_option(io->fds[i], IPPROTO_UDP, UDP_GRO, 1); /* without it: trains of one */
        if (set_option(io->fds[i], IPPROTO_UDP, UDP_SEGMENT, 0) < 0)
            io->gso = false;
    }
    *result = io;
    return 0;
}

void el_tunnel_io_free(struct el_tunnel_io *io)
{
    if (!io)
        return;
    for (unsigned i = 0; i < 2; i++)
        if (io->fds[i] >= 0)
            close(io->fds[i]);
    free(io->rx);
    free(io->tx);
    free(io);
}

int el_tunnel_io_fd(const struct el_tunnel_io *io, unsigned family)
{
    return io->fds[family == 6];
}

void el_tunnel_io_on_too_big(struct el_tunnel_io *io, el_tunnel_io_too_big_cb *cb, void *arg)
{
    io->too_big = cb;
    io->too_big_arg = arg;
}

/* The datagram length that the kernel reports for a train; 0 for a single datagram. */
static size_t gro_size(struct msghdr *message)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(message);

    if (!c || c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO)
        return 0;
    int size;
    memcpy(&size, CMSG_DATA(c), sizeof size);
    return size > 0 ? (size_t)size : 0;
}

int el_tunnel_io_receive(struct el_tunnel_io *io, unsigned family,
                         struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS])
{
    struct mmsghdr messages[EL_TUNNEL_IO_TRAINS];
    struct iovec pieces[EL_TUNNEL_IO_TRAINS];
    union address from[EL_TUNNEL_IO_TRAINS];
    struct control control[EL_TUNNEL_IO_TRAINS];

    for (unsigned i = 0; i < EL_TUNNEL_IO_TRAINS; i++) {
        pieces[i] = (struct iovec){io->rx + (size_t)i * RX_BYTES, RX_BYTES};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i],
            .msg_namelen = sizeof from[i],
            .msg_iov = &pieces[i],
            .msg_iovlen = 1,
            .msg_control = &control[i],
            .msg_controllen = sizeof control[i],
        };
    }
    int n =
        recvmmsg(el_tunnel_io_fd(io, family), messages, EL_TUNNEL_IO_TRAINS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        size_t segment = gro_size(&messages[i].msg_hdr);
        trains[i] = (struct el_tunnel_io_train){
            .from = endpoint_from(&from[i]),
            .bytes = pieces[i].iov_base,
            .len = messages[i].msg_len,
            .segment = segment ? segment : messages[i].msg_len,
        };
    }
    if (n > 0)
        io->counts[EL_TUNNEL_IO_RX_TRAINS] += (uint64_t)n;
    return n < 0 ? 0 : n;
}

/* True if a datagram of LEN bytes to TO may ride at the end of TRAIN. */
static bool may_ride(const struct el_tunnel_io *io, const struct train *train,
                     const struct el_endpoint *to, size_t len)
{
    return io->gso && !train->closed && len <= train->segment && train->count < TRAIN_SEGMENTS &&
           train->len + len <= TRAIN_BYTES && el_endpoint_equal(&train->to, to);
}

uint8_t *el_tunnel_io_reserve(struct el_tunnel_io *io, const struct el_endpoint *to, size_t len)
{
    struct train *train = io->train_count ? &io->trains[io->train_count - 1] : NULL;

    if (len > EL_TUNNEL_IO_DATAGRAM_MAX || to->ip.family == 0 || io->fds[to->ip.family == 6] < 0) {
        io->counts[EL_TUNNEL_IO_DROP_ERROR]++;
        return NULL;
    }
    bool ride = train && may_ride(io, train, to, len);
    if (io->tx_used + len > TX_BYTES || (!ride && io->train_count == TX_TRAINS)) {
        el_tunnel_io_flush(io);
        if (io->blocked) {
            io->counts[EL_TUNNEL_IO_DROP_FULL]++;
            return NULL;
        }
        ride = false;
    }
    if (!ride) {
        train = &io->trains[io->train_count++];
        *train = (struct train){.to = *to, .start = io->tx_used, .segment = len};
    }
    uint8_t *at = io->tx + io->tx_used;
    train->closed = len < train->segment;
    train->len += len;
    train->count++;
    io->tx_used += len;
    return at;
}

void el_tunnel_io_cancel(struct el_tunnel_io *io)
{
    struct train *train = &io->trains[io->train_count - 1];
    size_t len = train->len - (train->count - 1) * train->segment;

    io->tx_used -= len;
    train->len -= len;
    train->closed = false;
    if (--train->count == 0)
        io->train_count--;
}

/* Describes TRAIN to the kernel. */
static void prepare(const struct el_tunnel_io *io, const struct train *train,
                    struct mmsghdr *message, struct iovec *piece, union address *to,
                    struct control *control)
{
    *piece = (struct iovec){io->tx + train->start, train->len};
    message->msg_hdr = (struct msghdr){
        .msg_name = to,
        .msg_namelen = address_from(to, &train->to),
        .msg_iov = piece,
        .msg_iovlen = 1,
    };
    if (train->count == 1)
        return;
    message->msg_hdr.msg_control = control;
    message->msg_hdr.msg_controllen = CMSG_SPACE(sizeof(uint16_t));
    struct cmsghdr *c = CMSG_FIRSTHDR(&message->msg_hdr);
    uint16_t segment = (uint16_t)train->segment;
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
}

static void too_big(struct el_tunnel_io *io, const struct train *train, unsigned count, size_t len)
{
    io->counts[EL_TUNNEL_IO_DROP_TOO_BIG] += count;
    if (io->too_big)
        io->too_big(io->too_big_arg, &train->to, len);
}

/* Sends a train that was refused as a whole, one by one. What passes so was fine but for the
 * cutting, which this kernel or device cannot do: no more trains. What does not (it is beyond a
 * first hop that has become narrower, or goes to port 0) is the fault of one destination, which
 * must not cost all others their trains. */
static void send_singly(struct el_tunnel_io *io, const struct train *train)
{
    union address to;
    socklen_t to_len = address_from(&to, &train->to);
    int fd = io->fds[train->to.ip.family == 6];

    for (size_t at = 0; at < train->len; at += train->segment) {
        size_t len = train->len - at < train->segment ? train->len - at : train->segment;
        if (sendto(fd, io->tx + train->start + at, len, MSG_DONTWAIT, &to.any, to_len) >= 0) {
            io->gso = io->gso && len < train->segment; /* the short end of a train fits anywhere */
            io->counts[EL_TUNNEL_IO_TX_DATAGRAMS]++;
        } else if (errno == EMSGSIZE) {
            too_big(io, train, 1, len);
        } else {
            io->counts[EL_TUNNEL_IO_DROP_ERROR]++;
        }
    }
}

/* A train was refused, with ERRNO_VALUE. True if the socket is full and the train has to wait. */
static bool refused(struct el_tunnel_io *io, const struct train *train, int errno_value)
{
    switch (errno_value) {
    case EAGAIN: return true;
    case EMSGSIZE: too_big(io, train, train->count, train->segment); return false;
    case EIO:
    case EINVAL: /* also the first hop's MTU, where there is a train: older kernels say so */
        if (train->count > 1) {
            send_singly(io, train);
            return false;
        }
        /* fallthrough */
    default: io->counts[EL_TUNNEL_IO_DROP_ERROR] += train->count; return false;
    }
}

/* Sends the next trains that use one socket, in one call. How many are dealt with; 0 if blocked. */
static unsigned send_some(struct el_tunnel_io *io)
{
    struct mmsghdr messages[TX_TRAINS];
    struct iovec pieces[TX_TRAINS];
    union address to[TX_TRAINS];
    struct control control[TX_TRAINS];
    const struct train *first = &io->trains[io->train_sent];
    unsigned left = io->train_count - io->train_sent;
    unsigned count = 0;

    while (count < left && first[count].to.ip.family == first->to.ip.family) {
        prepare(io, &first[count], &messages[count], &pieces[count], &to[count], &control[count]);
        count++;
    }
    int n = sendmmsg(io->fds[first->to.ip.family == 6], messages, count, MSG_DONTWAIT);
    if (n < 0)
        return refused(io, first, errno) ? 0 : 1;
    for (int i = 0; i < n; i++)
        io->counts[EL_TUNNEL_IO_TX_DATAGRAMS] += first[i].count;
    io->counts[EL_TUNNEL_IO_TX_TRAINS] += (unsigned)n;
    return (unsigned)n;
}

void el_tunnel_io_flush(struct el_tunnel_io *io)
{
    io->blocked = 0;
    while (io->train_sent < io->train_count) {
        unsigned n = send_some(io);
        if (n == 0) {
            io->blocked = io->trains[io->train_sent].to.ip.family;
            return;
        }
        io->train_sent += n;
    }
    io->train_sent = io->train_count = 0;
    io->tx_used = 0;
}

unsigned el_tunnel_io_blocked(const struct el_tunnel_io *io)
{
    return io->blocked;
}

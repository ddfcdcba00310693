/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tunnel's UDP sockets: trains through UDP_GRO and UDP_SEGMENT. */
#include "tunnel/tunnel_io.h"

#include "tunnel/hop_io.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RX_BYTES = 65536,      /* one train */
    TX_BYTES = 256 * 1024, /* all queued trains */
    TX_TRAINS = 64,
    TRAIN_SEGMENTS = 64,      /* UDP_MAX_SEGMENTS of every kernel that has UDP_SEGMENT */
    TRAIN_BYTES = 65535 - 48, /* of UDP payload, behind the larger of the IP headers */
    /* Beside the addresses: a datagram length and a traffic class. */
    CONTROL_BYTES = CMSG_SPACE(sizeof(struct in6_pktinfo)) + 2 * CMSG_SPACE(sizeof(int)),
};

/* Control messages of one train, aligned as the kernel wants them. */
struct control {
    _Alignas(struct cmsghdr) uint8_t bytes[CONTROL_BYTES];
};

union address {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

/* Lent to the kernel for one train. */
struct message {
    struct iovec piece;
    union address address;
    struct control control;
};

struct train {
    struct el_endpoint to;
    size_t start; /* in tx */
    size_t len;
    size_t segment;
    unsigned count;
    uint8_t tos;
    bool closed; /* its last datagram is shorter: nothing may follow */
};

struct el_tunnel_io {
    int fds[2];                /* IPv4, IPv6 */
    struct el_hop_io *streams; /* NULL: what is inside TCP has no way */
    bool gso;                  /* the kernel cuts trains; else each datagram is a train */
    uint8_t *rx;
    uint8_t *tx;
    size_t tx_used;
    struct train trains[TX_TRAINS];
    unsigned train_count;
    unsigned train_sent; /* trains before this one are on their way */
    unsigned blocked;    /* family of the full socket, or 0 */
    /* An address of ours that nothing can leave from: the system chooses, until a datagram comes to
     * it again. family 0: none. */
    struct el_ip gone;
    el_tunnel_io_too_big_cb *too_big;
    void *too_big_arg;
    uint32_t kernel_drops[2];                       /* of each socket, when we adopted it */
    _Atomic uint64_t counts[EL_TUNNEL_IO_COUNTERS]; /* others may read them */
    struct mmsghdr rx_headers[EL_TUNNEL_IO_TRAINS];
    struct message rx_messages[EL_TUNNEL_IO_TRAINS];
};

const char *el_tunnel_io_counter_name(enum el_tunnel_io_counter counter)
{
    static const char *const names[EL_TUNNEL_IO_COUNTERS] = {
        [EL_TUNNEL_IO_RX_TRAINS] = "rx-trains",
        [EL_TUNNEL_IO_TX_TRAINS] = "tx-trains",
        [EL_TUNNEL_IO_TX_DATAGRAMS] = "tx-datagrams",
        [EL_TUNNEL_IO_RX_DROP_FULL] = "drop-receive-full",
        [EL_TUNNEL_IO_RX_DROP_TRUNCATED] = "drop-receive-truncated",
        [EL_TUNNEL_IO_RX_ERRORS] = "receive-errors",
        [EL_TUNNEL_IO_DROP_FULL] = "drop-socket-full",
        [EL_TUNNEL_IO_DROP_TOO_BIG] = "drop-too-big",
        [EL_TUNNEL_IO_DROP_UNREACHABLE] = "drop-unreachable",
        [EL_TUNNEL_IO_DROP_FIREWALL] = "drop-firewall",
        [EL_TUNNEL_IO_DROP_NO_BUFFER] = "drop-no-buffer",
        [EL_TUNNEL_IO_DROP_ERROR] = "drop-send-error",
    };

    return names[counter];
}

/* How many datagrams the kernel has dropped for FD. It counts itself, and asking now and then costs
 * less than being told with every train. */
static uint32_t kernel_drops(int fd)
{
    uint32_t meminfo[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof meminfo;

    if (fd >= 0)
        getsockopt(fd, SOL_SOCKET, SO_MEMINFO, meminfo, &len);
    return meminfo[SK_MEMINFO_DROPS];
}

static void add_count(struct el_tunnel_io *io, enum el_tunnel_io_counter counter, uint64_t n)
{
    uint64_t was = atomic_load_explicit(&io->counts[counter], memory_order_relaxed);

    atomic_store_explicit(&io->counts[counter], was + n, memory_order_relaxed);
}

uint64_t el_tunnel_io_count(const struct el_tunnel_io *io, enum el_tunnel_io_counter counter)
{
    uint64_t drops = 0;

    if (counter != EL_TUNNEL_IO_RX_DROP_FULL)
        return atomic_load_explicit(&io->counts[counter], memory_order_relaxed);
    for (unsigned i = 0; i < 2; i++)
        drops += kernel_drops(io->fds[i]) - io->kernel_drops[i];
    return drops;
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

/* What the kernel is to do for us with a socket that we adopt. */
static void set_up(struct el_tunnel_io *io, unsigned index)
{
    int fd = io->fds[index];

    set_option(fd, IPPROTO_UDP, UDP_GRO, 1); /* without it: trains of one */
    if (set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0) < 0)
        io->gso = false;
    if (index == 0) {
        set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
        set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    } else {
        set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
    io->kernel_drops[index] = kernel_drops(fd);
}

/* Everything of a receive call that stays the same. */
static void lend_buffers(struct el_tunnel_io *io)
{
    for (unsigned i = 0; i < EL_TUNNEL_IO_TRAINS; i++) {
        struct message *message = &io->rx_messages[i];
        message->piece = (struct iovec){io->rx + (size_t)i * RX_BYTES, RX_BYTES};
        io->rx_headers[i].msg_hdr = (struct msghdr){
            .msg_name = &message->address,
            .msg_iov = &message->piece,
            .msg_iovlen = 1,
            .msg_control = &message->control,
        };
    }
}

int el_tunnel_io_new(int fd4, int fd6, struct el_tunnel_io **result, struct el_err *err)
{
    struct el_tunnel_io *io = calloc(1, sizeof *io);

    if (!io)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    io->fds[0] = fd4;
    io->fds[1] = fd6;
    io->gso = true;
    io->rx = malloc(EL_TUNNEL_IO_TRAINS * RX_BYTES + EL_TUNNEL_IO_TAILROOM);
    io->tx = malloc(TX_BYTES);
    if (!io->rx || !io->tx) {
        free(io->rx);
        free(io->tx);
        free(io);
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    }
    for (unsigned i = 0; i < 2; i++)
        if (io->fds[i] >= 0)
            set_up(io, i);
    lend_buffers(io);
    *result = io;
    return 0;
}

int el_tunnel_io_add_streams(struct el_tunnel_io *io, int fd, struct el_err *err)
{
    int rc = el_hop_io_new(fd, io->rx, RX_BYTES, &io->streams);

    return rc < 0 ? el_err(err, rc, "tunnel: %s", el_strerror(rc)) : 0;
}

void el_tunnel_io_free(struct el_tunnel_io *io)
{
    if (!io)
        return;
    el_hop_io_free(io->streams);
    for (unsigned i = 0; i < 2; i++)
        if (io->fds[i] >= 0)
            close(io->fds[i]);
    free(io->rx);
    free(io->tx);
    free(io);
}

int el_tunnel_io_fd(const struct el_tunnel_io *io, unsigned family)
{
    if (family == EL_TUNNEL_IO_STREAMS)
        return io->streams ? el_hop_io_fd(io->streams) : -1;
    return io->fds[family == 6];
}

void el_tunnel_io_on_too_big(struct el_tunnel_io *io, el_tunnel_io_too_big_cb *cb, void *arg)
{
    io->too_big = cb;
    io->too_big_arg = arg;
}

/* -- receiving -- */

/* What one control message says about TRAIN. */
static void note_control(const struct cmsghdr *c, struct el_tunnel_io_train *train)
{
    const uint8_t *data = CMSG_DATA(c);

    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
        int segment;
        memcpy(&segment, data, sizeof segment);
        if (segment > 0)
            train->segment = (size_t)segment;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
        train->tos = *data;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        train->from.local.family = 4;
        memcpy(train->from.local.b, data + offsetof(struct in_pktinfo, ipi_spec_dst), 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
        int tclass;
        memcpy(&tclass, data, sizeof tclass);
        train->tos = (uint8_t)tclass;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
               data[offsetof(struct in6_pktinfo, ipi6_addr)] != 0xff) { /* no group */
        train->from.local.family = 6;
        memcpy(train->from.local.b, data + offsetof(struct in6_pktinfo, ipi6_addr), 16);
    }
}

/* Makes a train of message I; an empty one if it has lost anything: where to cut it, say. */
static void accept_message(struct el_tunnel_io *io, unsigned i, struct el_tunnel_io_train *train)
{
    struct msghdr *header = &io->rx_headers[i].msg_hdr;
    size_t len = io->rx_headers[i].msg_len;

    if (header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        add_count(io, EL_TUNNEL_IO_RX_DROP_TRUNCATED, 1);
        len = 0;
    }
    *train = (struct el_tunnel_io_train){
        .from = endpoint_from(&io->rx_messages[i].address),
        .bytes = io->rx + (size_t)i * RX_BYTES,
        .len = len,
        .segment = len,
    };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
        note_control(c, train);
    if (io->gone.family && el_ip_equal(&io->gone, &train->from.local))
        io->gone.family = 0;
}

static int receive_hops(struct el_tunnel_io *io,
                        struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS])
{
    int n = io->streams ? el_hop_io_receive(io->streams, trains) : 0;

    if (n < 0)
        add_count(io, EL_TUNNEL_IO_RX_ERRORS, 1);
    else
        add_count(io, EL_TUNNEL_IO_RX_TRAINS, (uint64_t)n);
    return n < 0 ? 0 : n;
}

int el_tunnel_io_receive(struct el_tunnel_io *io, unsigned family,
                         struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS])
{
    if (family == EL_TUNNEL_IO_STREAMS)
        return receive_hops(io, trains);
    for (unsigned i = 0; i < EL_TUNNEL_IO_TRAINS; i++) {
        io->rx_headers[i].msg_hdr.msg_namelen = sizeof(union address);
        io->rx_headers[i].msg_hdr.msg_controllen = sizeof(struct control);
    }
    int n = recvmmsg(el_tunnel_io_fd(io, family), io->rx_headers, EL_TUNNEL_IO_TRAINS, MSG_DONTWAIT,
                     NULL);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            add_count(io, EL_TUNNEL_IO_RX_ERRORS, 1);
        return 0;
    }
    for (int i = 0; i < n; i++)
        accept_message(io, (unsigned)i, &trains[i]);
    add_count(io, EL_TUNNEL_IO_RX_TRAINS, (uint64_t)n);
    return n;
}

/* -- queueing -- */

/* True if a datagram of LEN bytes to TO may ride at the end of TRAIN. */
static bool may_ride(const struct el_tunnel_io *io, const struct train *train,
                     const struct el_endpoint *to, size_t len, uint8_t tos)
{
    return io->gso && !train->closed && len <= train->segment && tos == train->tos &&
           train->count < TRAIN_SEGMENTS && train->len + len <= TRAIN_BYTES &&
           el_endpoint_equal(&train->to, to) && el_ip_equal(&train->to.local, &to->local);
}

static bool has_way(const struct el_tunnel_io *io, const struct el_endpoint *to)
{
    if (to->carrier != EL_CARRIER_UDP)
        return io->streams != NULL;
    return to->ip.family != 0 && io->fds[to->ip.family == 6] >= 0;
}

uint8_t *el_tunnel_io_reserve(struct el_tunnel_io *io, const struct el_endpoint *to, size_t len,
                              uint8_t tos)
{
    struct train *train = io->train_count ? &io->trains[io->train_count - 1] : NULL;

    if (len > EL_TUNNEL_IO_DATAGRAM_MAX || !has_way(io, to)) {
        add_count(io, EL_TUNNEL_IO_DROP_ERROR, 1);
        return NULL;
    }
    bool ride = train && may_ride(io, train, to, len, tos);
    if (io->tx_used + len > TX_BYTES || (!ride && io->train_count == TX_TRAINS)) {
        el_tunnel_io_flush(io);
        if (io->blocked) {
            add_count(io, EL_TUNNEL_IO_DROP_FULL, 1);
            return NULL;
        }
        ride = false;
    }
    if (!ride) {
        train = &io->trains[io->train_count++];
        *train = (struct train){.to = *to, .start = io->tx_used, .segment = len, .tos = tos};
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

/* -- sending -- */

/* Appends a control message with LEN bytes of VALUE. */
static void put_control(struct msghdr *header, int level, int type, const void *value, size_t len)
{
    struct cmsghdr *c = (void *)((uint8_t *)header->msg_control + header->msg_controllen);

    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), value, len);
    header->msg_controllen += CMSG_SPACE(len);
}

/* True if TRAIN leaves from an address of its own. */
static bool has_source(const struct el_tunnel_io *io, const struct train *train)
{
    const struct el_ip *local = &train->to.local;

    return local->family && local->family == train->to.ip.family && !el_ip_equal(local, &io->gone);
}

/* The source address. The interface is told for a link-local one only, and is that of the peer:
 * otherwise the route decides. */
static void put_source(struct msghdr *header, const struct el_endpoint *to)
{
    if (to->ip.family == 4) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, to->local.b, 4);
        put_control(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = to->scope};
        memcpy(&info.ipi6_addr, to->local.b, 16);
        put_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

/* Describes TRAIN to the kernel. */
static void prepare(const struct el_tunnel_io *io, const struct train *train, struct msghdr *header,
                    struct message *message)
{
    bool four = train->to.ip.family == 4;

    message->piece = (struct iovec){io->tx + train->start, train->len};
    *header = (struct msghdr){
        .msg_name = &message->address,
        .msg_namelen = address_from(&message->address, &train->to),
        .msg_iov = &message->piece,
        .msg_iovlen = 1,
        .msg_control = &message->control,
    };
    if (train->count > 1) {
        uint16_t segment = (uint16_t)train->segment;
        put_control(header, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    }
    if (train->tos) {
        int tos = train->tos;
        put_control(header, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_TOS : IPV6_TCLASS, &tos,
                    sizeof tos);
    }
    if (has_source(io, train))
        put_source(header, &train->to);
}

/* Sends one train. 0, or an errno. */
static int send_one(struct el_tunnel_io *io, const struct train *train)
{
    struct message message __attribute__((uninitialized));
    struct msghdr header;

    prepare(io, train, &header, &message);
    if (sendmsg(io->fds[train->to.ip.family == 6], &header, MSG_DONTWAIT) < 0)
        return errno;
    add_count(io, EL_TUNNEL_IO_TX_DATAGRAMS, train->count);
    return 0;
}

/* Counts COUNT datagrams of LEN bytes that were lost for ERRNO_VALUE. */
static void lose(struct el_tunnel_io *io, const struct train *train, unsigned count, size_t len,
                 int errno_value)
{
    enum el_tunnel_io_counter reason;

    switch (errno_value) {
    case EAGAIN: reason = EL_TUNNEL_IO_DROP_FULL; break;
    case EMSGSIZE: reason = EL_TUNNEL_IO_DROP_TOO_BIG; break;
    case EPERM: reason = EL_TUNNEL_IO_DROP_FIREWALL; break;
    case ENOBUFS:
    case ENOMEM: reason = EL_TUNNEL_IO_DROP_NO_BUFFER; break;
    case EACCES: /* a route that prohibits it */
    case EADDRNOTAVAIL:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENODEV:
    case ENXIO: reason = EL_TUNNEL_IO_DROP_UNREACHABLE; break;
    default: reason = EL_TUNNEL_IO_DROP_ERROR; break;
    }
    add_count(io, reason, count);
    if (reason == EL_TUNNEL_IO_DROP_TOO_BIG && io->too_big)
        io->too_big(io->too_big_arg, &train->to, len);
}

/* Whether the choice of the source address may be why nothing leaves: it is no address of ours any
 * more, or has no way to there, where another one has. */
static bool blames_source(int errno_value)
{
    switch (errno_value) {
    case EAGAIN:
    case EMSGSIZE:
    case EPERM:
    case ENOBUFS:
    case ENOMEM: return false;
    default: return true;
    }
}

/* Sends a train that was refused with its source address from whichever the system chooses. 0, or
 * an errno. */
static int send_from_any(struct el_tunnel_io *io, const struct train *train)
{
    struct el_ip gone = io->gone;

    io->gone = train->to.local;
    int errno_value = send_one(io, train);
    if (errno_value == 0)
        add_count(io, EL_TUNNEL_IO_TX_TRAINS, 1);
    else if (blames_source(errno_value))
        io->gone = gone; /* it was not to blame */
    return errno_value;
}

/* Sends a train that was refused as a whole, one by one. What passes so was fine but for the
 * cutting, which this kernel or device cannot do: no more trains. What does not (it is beyond a
 * first hop that has become narrower, or goes to port 0) is the fault of one destination, which
 * must not cost all others their trains. */
static void send_singly(struct el_tunnel_io *io, const struct train *train)
{
    for (size_t at = 0; at < train->len; at += train->segment) {
        struct train one = *train;
        one.start += at;
        one.len = train->len - at < train->segment ? train->len - at : train->segment;
        one.count = 1;
        int errno_value = send_one(io, &one);
        if (errno_value == 0)
            io->gso = io->gso && one.len < train->segment; /* a short end fits anywhere */
        else
            lose(io, train, 1, one.len, errno_value);
    }
}

/* A train was refused, with ERRNO_VALUE. True if the socket is full and the train has to wait. */
static bool refused(struct el_tunnel_io *io, const struct train *train, int errno_value)
{
    if (has_source(io, train) && blames_source(errno_value))
        errno_value = send_from_any(io, train);
    if (errno_value == 0 || errno_value == EAGAIN)
        return errno_value == EAGAIN;
    /* EINVAL is also the first hop's MTU, where there is a train: older kernels say so. */
    if (train->count > 1 && (errno_value == EIO || errno_value == EINVAL))
        send_singly(io, train);
    else
        lose(io, train, train->count, train->segment, errno_value);
    return false;
}

/* What finds no room is lost at once: others' datagrams do not wait for a slow connection. */
static void send_hop(struct el_tunnel_io *io, const struct train *train)
{
    int errno_value =
        el_hop_io_send(io->streams, &train->to, io->tx + train->start, train->len, train->segment);

    if (errno_value) {
        lose(io, train, train->count, train->segment, errno_value);
        return;
    }
    add_count(io, EL_TUNNEL_IO_TX_DATAGRAMS, train->count);
    add_count(io, EL_TUNNEL_IO_TX_TRAINS, 1);
}

static bool share_socket(const struct el_endpoint *a, const struct el_endpoint *b)
{
    return a->ip.family == b->ip.family && a->carrier == b->carrier;
}

/* Sends the next trains that use one socket, in one call. How many are dealt with; 0 if blocked. */
static unsigned send_some(struct el_tunnel_io *io)
{
    struct mmsghdr headers[TX_TRAINS] __attribute__((uninitialized));
    struct message messages[TX_TRAINS] __attribute__((uninitialized));
    const struct train *first = &io->trains[io->train_sent];
    unsigned left = io->train_count - io->train_sent;
    unsigned count = 0;

    if (first->to.carrier != EL_CARRIER_UDP) {
        send_hop(io, first);
        return 1;
    }
    while (count < left && share_socket(&first[count].to, &first->to)) {
        prepare(io, &first[count], &headers[count].msg_hdr, &messages[count]);
        count++;
    }
    int n = sendmmsg(io->fds[first->to.ip.family == 6], headers, count, MSG_DONTWAIT);
    if (n < 0)
        return refused(io, first, errno) ? 0 : 1;
    for (int i = 0; i < n; i++)
        add_count(io, EL_TUNNEL_IO_TX_DATAGRAMS, first[i].count);
    add_count(io, EL_TUNNEL_IO_TX_TRAINS, (unsigned)n);
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

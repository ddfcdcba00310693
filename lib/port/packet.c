/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet sockets: packet(7).
 *
 * The kernel takes the outer VLAN tag out of a frame before a packet socket sees it and tells about
 * it in ancillary data. It is put back here, because a tag is payload to us: the frame moves by
 * four bytes behind its addresses, and the offsets that count from its start move with it.
 *
 * A port for one VLAN is not told about the tag, which the filter has seen: so it never comes back,
 * and receiving is the same for all. What it sends has the tag put in on the way to the kernel,
 * between two pieces: nothing moves.
 *
 * The kernel asks for a privilege when such a socket is made, not when it is bound: whoever has the
 * descriptor, an applet that was broken into, say, could bind it to any other interface and listen
 * there. A filter that can be neither changed nor removed lets nothing in but what the socket was
 * opened for.
 */
#include "port/packet.h"

#include "frame/eth.h"
#include "frame/ip4.h"
#include "port/vnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24 /* Linux 6.6 */
#endif

enum {
    BATCH = 32,             /* frames per system call */
    BUFFER_BYTES = 8 << 20, /* a burst of 64 KB super-frames */
    NEW_GROUP = -1,         /* instead of a fanout group's number */
    VID_MASK = 0xfff,       /* the VLAN identifier in a tag; beside it is a priority */
};

/* Ancillary data of one message: the VLAN tag. */
struct control {
    _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

struct packet {
    struct el_port port; /* first: an el_port is cast to its packet */
    bool down;           /* the kernel has said that the interface went down, */
    bool gone;           /* and, which it does not say, it was removed after that */
    /* Lent to recvmmsg(). */
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    struct control controls[BATCH];
    uint32_t drops; /* of the socket, when we adopted it */
    uint16_t vid;   /* of the tag that what we send gets; else it gets none */
};

/* -- opening -- */

/* "eth0, eth1": what could have been meant. */
static void list_interfaces(char *text, size_t capacity)
{
    struct if_nameindex *interfaces = if_nameindex();
    size_t len = 0;

    snprintf(text, capacity, "none");
    for (struct if_nameindex *i = interfaces; i && i->if_index && len < capacity; i++) {
        if (strcmp(i->if_name, "lo") == 0)
            continue;
        int n = snprintf(text + len, capacity - len, "%s%s", len ? ", " : "", i->if_name);
        len += n > 0 ? (size_t)n : 0;
    }
    if (interfaces)
        if_freenameindex(interfaces);
}

static int no_such_interface(const char *name, struct el_err *err)
{
    char have[256];

    list_interfaces(have, sizeof have);
    return el_err(err, EL_ENOENT, "lan %s: no such interface (have: %s)", name, have);
}

/* Ethernet, and not the loopback, which is Ethernet to a packet socket. */
static int check_kind(int fd, const char *name, struct el_err *err)
{
    struct sockaddr_ll address;
    socklen_t len = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return el_err_os(err, errno, "lan %s", name);
    if (address.sll_hatype == ARPHRD_LOOPBACK)
        return el_err(err, EL_EINVAL,
                      "lan %s: this is the loopback interface: give the one that the machines are "
                      "connected to",
                      name);
    if (address.sll_hatype != ARPHRD_ETHER)
        return el_err(err, EL_EINVAL, "lan %s: not an Ethernet interface", name);
    return 0;
}

/* Frames both ways have a vnet header. */
static int set_format(int fd)
{
    static const int on = 1;

    return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on);
}

/* How a socket is to be. */
struct plan {
    uint16_t protocol; /* 0: nothing is ever received */
    uint16_t udp_port; /* only datagrams to it; 0: everything */
    bool few;          /* little comes, and for this computer only */
    int vid;
    int *group; /* the number of the group of the lanes' sockets; NULL: there is none */
};

/* Everything up to bind(), which is when frames begin to arrive: the socket is made for no
 * protocol, so there is never a frame from another interface or without its header in the queue. */
static int set_options(int fd, unsigned index, const struct plan *plan)
{
    static const int on = 1, bytes = BUFFER_BYTES;
    const int tags = plan->vid <= 0; /* whether we want to know of them */
    struct packet_mreq promiscuous = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};

    if (set_format(fd) < 0 || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &tags, sizeof tags) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0)
        return -1;
    if (plan->few)
        return 0;
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0)
        return -1;
    /* The second form is bounded by a sysctl, and all that we get without CAP_NET_ADMIN. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return 0;
}

static int bind_to(int fd, unsigned index, uint16_t protocol)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(protocol),
        .sll_ifindex = (int)index,
    };

    return bind(fd, (const struct sockaddr *)&address, sizeof address);
}

/* Joins the group that shares the interface's frames, so that each goes to one of its sockets, all
 * of one flow to the same. The first lets the kernel choose a number that no other program has. */
static int join(int fd, int *group)
{
    bool first = *group == NEW_GROUP;
    unsigned number = first ? 0 : (unsigned)*group;
    unsigned type = PACKET_FANOUT_HASH | (first ? PACKET_FANOUT_FLAG_UNIQUEID : 0);
    unsigned fanout = number | type << 16;
    socklen_t len = sizeof fanout;

    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof fanout) < 0 ||
        getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, &len) < 0)
        return -1;
    *group = fanout & UINT16_MAX;
    return 0;
}

static int set_filter(int fd, struct sock_filter *filter, size_t count)
{
    struct sock_fprog program = {(unsigned short)count, filter};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Lets nothing in, until confine(). */
static int shut(int fd)
{
    struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

    return set_filter(fd, nothing, 1);
}

/* A filter in the making: one condition after the other, and who passes all of them is let in. */
struct filter {
    struct sock_filter code[40];
    unsigned short count;
};

static void append(struct filter *filter, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
    filter->code[filter->count++] = (struct sock_filter){code, yes, no, k};
}

/* What was loaded. */
static void must_be(struct filter *filter, uint32_t value)
{
    append(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
    append(filter, BPF_RET | BPF_K, 0, 0, 0);
}

static void must_not_be(struct filter *filter, uint32_t value)
{
    append(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    append(filter, BPF_RET | BPF_K, 0, 0, 0);
}

/* What the kernel knows of a frame beside its bytes: SKF_AD_... */
static void load_known(struct filter *filter, int what)
{
    append(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + what));
}

static void load(struct filter *filter, uint16_t size, uint32_t at)
{
    append(filter, BPF_LD | size | BPF_ABS, 0, 0, at);
}

static void only_datagrams_to(struct filter *filter, uint16_t port)
{
    load(filter, BPF_H, EL_ETH_TAG_AT);
    must_be(filter, EL_ETHERTYPE_IP4);
    load(filter, BPF_B, EL_ETH_HEADER + EL_IP4_AT_PROTOCOL);
    must_be(filter, EL_IP_UDP);
    load(filter, BPF_H, EL_ETH_HEADER + EL_IP4_AT_FRAGMENT);
    append(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, EL_IP4_MF | EL_IP4_OFFSET);
    must_be(filter, 0);
    append(filter, BPF_LDX | BPF_B | BPF_MSH, 0, 0, EL_ETH_HEADER); /* its header's length */
    append(filter, BPF_LD | BPF_H | BPF_IND, 0, 0, EL_ETH_HEADER + 2);
    must_be(filter, port);
}

static void only_tags_of(struct filter *filter, int vid)
{
    if (vid != EL_PACKET_UNTAGGED) {
        load_known(filter, SKF_AD_VLAN_TPID);
        must_be(filter, EL_ETHERTYPE_VLAN);
    }
    load_known(filter, SKF_AD_VLAN_TAG); /* 0 where there is none */
    append(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, VID_MASK);
    must_be(filter, (uint32_t)vid);
}

/* Lets in what PLAN says of what arrives at interface INDEX, for as long as the socket lives; and
 * nothing that leaves there: a group is shown that in spite of PACKET_IGNORE_OUTGOING. */
static int confine(int fd, unsigned index, const struct plan *plan)
{
    static const int on = 1;
    struct filter filter = {.count = 0};

    load_known(&filter, SKF_AD_IFINDEX);
    must_be(&filter, plan->protocol ? index : 0);
    load_known(&filter, SKF_AD_PKTTYPE);
    must_not_be(&filter, PACKET_OUTGOING);
    if (plan->vid != EL_PACKET_ALL)
        only_tags_of(&filter, plan->vid);
    if (plan->udp_port)
        only_datagrams_to(&filter, plan->udp_port);
    append(&filter, BPF_RET | BPF_K, 0, 0, UINT32_MAX);
    if (set_filter(fd, filter.code, filter.count) < 0)
        return -1;
    return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

static int set_up(int fd, unsigned index, const struct plan *plan)
{
    int set = plan->protocol ? set_options(fd, index, plan) : set_format(fd);

    if (set < 0 || shut(fd) < 0 || bind_to(fd, index, plan->protocol) < 0)
        return -1;
    if (plan->group && join(fd, plan->group) < 0)
        return -1;
    return confine(fd, index, plan);
}

static int open_packet(const char *name, const struct plan *plan, struct el_err *err)
{
    unsigned index = if_nametoindex(name);

    if (plan->vid < EL_PACKET_ALL || plan->vid > EL_PACKET_VID_MAX)
        return el_err(err, EL_EINVAL, "lan %s: a VLAN is 1 to %d", name, EL_PACKET_VID_MAX);
    if (index == 0)
        return no_such_interface(name, err);

    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EPERM
                   ? el_err_os(err, errno, "lan %s: run as root or with CAP_NET_RAW", name)
                   : el_err_os(err, errno, "lan %s: packet socket", name);

    int code = set_up(fd, index, plan) < 0
                   ? el_err_os(err, errno, "lan %s: setting up the packet socket", name)
                   : check_kind(fd, name, err);
    if (code < 0) {
        close(fd);
        return code;
    }
    return fd;
}

int el_packet_open(const char *name, int vid, struct el_err *err)
{
    return open_packet(name, &(struct plan){.protocol = ETH_P_ALL, .vid = vid}, err);
}

int el_packet_open_lanes(const char *name, int vid, unsigned count, int fds[], struct el_err *err)
{
    int group = NEW_GROUP;
    struct plan plan = {.protocol = ETH_P_ALL, .vid = vid, .group = count > 1 ? &group : NULL};

    for (unsigned i = 0; i < count; i++) {
        fds[i] = open_packet(name, &plan, err);
        if (fds[i] >= 0)
            continue;
        if (i == 0 && group == NEW_GROUP) { /* no group for an interface that is down */
            fds[0] = el_packet_open(name, vid, err);
            return fds[0] < 0 ? fds[0] : 1;
        }
        int code = fds[i];
        while (i > 0)
            close(fds[--i]);
        return code;
    }
    return (int)count;
}

int el_packet_open_udp(const char *name, uint16_t port, struct el_err *err)
{
    struct plan plan = {
        .protocol = ETH_P_ALL, .udp_port = port, .few = true, .vid = EL_PACKET_UNTAGGED};

    return open_packet(name, &plan, err);
}

int el_packet_open_arp(const char *name, struct el_err *err)
{
    struct plan plan = {.protocol = ETH_P_ARP, .few = true, .vid = EL_PACKET_UNTAGGED};

    return open_packet(name, &plan, err);
}

int el_packet_open_to_send(const char *name, struct el_err *err)
{
    return open_packet(name, &(struct plan){.vid = EL_PACKET_ALL}, err);
}

/* -- receiving -- */

/* The VLAN tag that was taken out of the frame, if there was one. */
static bool find_tag(struct msghdr *message, struct el_eth_tag *tag)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        struct tpacket_auxdata auxdata;

        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
            c->cmsg_len < CMSG_LEN(sizeof auxdata))
            continue;
        memcpy(&auxdata, CMSG_DATA(c), sizeof auxdata);
        if (!(auxdata.tp_status & TP_STATUS_VLAN_VALID))
            return false;
        tag->tci = auxdata.tp_vlan_tci;
        tag->tpid = auxdata.tp_status & TP_STATUS_VLAN_TPID_VALID ? auxdata.tp_vlan_tpid
                                                                  : EL_ETHERTYPE_VLAN;
        return true;
    }
    return false;
}

/* Puts the tag back where it was. False if the frame becomes too long. */
static bool insert_tag(struct el_port_rx *rx, const struct el_eth_tag *tag)
{
    if (rx->len < EL_ETH_HEADER || rx->capacity - rx->len < EL_ETH_TAG)
        return false;
    memmove(rx->bytes + EL_ETH_TAG_AT + EL_ETH_TAG, rx->bytes + EL_ETH_TAG_AT,
            rx->len - EL_ETH_TAG_AT);

    struct el_wire w = el_wire_write(rx->bytes + EL_ETH_TAG_AT, EL_ETH_TAG);
    el_wire_put_be16(&w, tag->tpid);
    el_wire_put_be16(&w, tag->tci);
    rx->len += EL_ETH_TAG;
    if (rx->offload.needs_csum)
        rx->offload.csum_start += EL_ETH_TAG;
    if (rx->offload.gso != EL_GSO_NONE)
        rx->offload.hdr_len += EL_ETH_TAG;
    return true;
}

/* Makes a received frame out of a message; one that makes no sense gets length 0. */
static void accept_message(struct packet *packet, unsigned i, struct el_port_rx *rx)
{
    struct msghdr *message = &packet->messages[i].msg_hdr;
    size_t len = packet->messages[i].msg_len;
    _Atomic uint64_t *counts = packet->port.counts;
    struct virtio_net_hdr vnet;
    struct el_eth_tag tag;

    rx->len = 0;
    memcpy(&vnet, rx->bytes - sizeof vnet, sizeof vnet);
    if (message->msg_flags & MSG_TRUNC) {
        counts[EL_PORT_DROP_LONG]++;
        return;
    }
    if (len < sizeof vnet || el_vnet_read(&vnet, &rx->offload) < 0) {
        counts[EL_PORT_DROP_OFFLOAD]++;
        return;
    }
    rx->len = len - sizeof vnet;
    if (find_tag(message, &tag) && !insert_tag(rx, &tag)) {
        counts[EL_PORT_DROP_LONG]++;
        rx->len = 0;
    }
}

/* Whether the interface it was bound to has been removed: the kernel unbinds the socket then. */
static bool is_orphan(int fd)
{
    struct sockaddr_ll address;
    socklen_t len = sizeof address;

    return getsockname(fd, (struct sockaddr *)&address, &len) < 0 || address.sll_ifindex <= 0;
}

/* What an error of recvmmsg() means. The kernel tells once that the interface went down, and
 * nothing when it is removed thereafter: so while it is down, each call has a look. */
static int receive_error(struct packet *packet, int errno_value)
{
    bool told = errno_value == ENETDOWN;

    packet->down = packet->down || told;
    packet->gone = packet->down && is_orphan(packet->port.fd);
    if (packet->gone)
        return EL_ECLOSED;
    if (told)
        return EL_EAGAIN;
    return errno_value == EAGAIN || errno_value == EINTR ? 0 : el_errno_from_os(errno_value);
}

static int packet_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    struct packet *packet = (struct packet *)port;

    if (packet->gone)
        return EL_ECLOSED;
    if (count > BATCH)
        count = BATCH;
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *message = &packet->messages[i].msg_hdr;

        packet->pieces[i] = (struct iovec){frames[i].bytes - EL_PORT_HEADROOM,
                                           EL_PORT_HEADROOM + frames[i].capacity};
        message->msg_controllen = sizeof packet->controls[i];
        message->msg_flags = 0;
    }

    int received = recvmmsg(port->fd, packet->messages, count, MSG_DONTWAIT, NULL);
    /* A super-frame of a kind that the vnet header cannot describe is lost this way (EINVAL). */
    for (unsigned lost = 0; received < 0 && errno == EINVAL && lost < BATCH; lost++) {
        port->counts[EL_PORT_DROP_OFFLOAD]++;
        received = recvmmsg(port->fd, packet->messages, count, MSG_DONTWAIT, NULL);
    }
    if (received < 0)
        return receive_error(packet, errno);
    for (unsigned i = 0; i < (unsigned)received; i++)
        accept_message(packet, i, &frames[i]);
    packet->down = packet->down && received == 0;
    return received;
}

/* -- the rest -- */

static int packet_send(struct el_port *port, const struct el_port_tx *frame)
{
    return el_vnet_send(port->fd, frame);
}

static int packet_send_tagged(struct el_port *port, const struct el_port_tx *frame)
{
    return el_vnet_send_tagged(port->fd, frame, ((const struct packet *)port)->vid);
}

static void packet_close(struct el_port *port)
{
    close(port->fd);
    free(port);
}

/* How many frames the kernel had no room for. */
static uint32_t drops(int fd)
{
    uint32_t meminfo[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof meminfo;

    getsockopt(fd, SOL_SOCKET, SO_MEMINFO, meminfo, &len);
    return meminfo[SK_MEMINFO_DROPS];
}

static uint64_t packet_kernel_drops(const struct el_port *port)
{
    return drops(port->fd) - ((const struct packet *)port)->drops;
}

static const struct el_port_ops packet_ops = {packet_receive, packet_send, packet_close,
                                              packet_kernel_drops};
static const struct el_port_ops tagged_ops = {packet_receive, packet_send_tagged, packet_close,
                                              packet_kernel_drops};

/* Packet sockets take UDP super-frames since Linux 6.2 and do not say so; the option to set the
 * size of the vnet header came with 6.6. Setting the size that it has changes nothing. */
static bool takes_uso(int fd)
{
    static const int bytes = sizeof(struct virtio_net_hdr);

    return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR_SZ, &bytes, sizeof bytes) == 0;
}

int el_port_from_packet(int fd, const char *name, int vid, struct el_port **port)
{
    if (is_orphan(fd))
        return EL_ECLOSED;

    struct packet *packet = calloc(1, sizeof *packet);
    if (!packet)
        return EL_ENOMEM;
    for (unsigned i = 0; i < BATCH; i++) {
        packet->messages[i].msg_hdr = (struct msghdr){
            .msg_iov = &packet->pieces[i],
            .msg_iovlen = 1,
            .msg_control = &packet->controls[i],
        };
    }
    packet->port.ops = vid > 0 ? &tagged_ops : &packet_ops;
    packet->vid = vid > 0 ? (uint16_t)vid : 0;
    packet->port.fd = fd;
    packet->port.uso = takes_uso(fd);
    packet->drops = drops(fd);
    snprintf(packet->port.name, sizeof packet->port.name, "%s", name);
    *port = &packet->port;
    return 0;
}

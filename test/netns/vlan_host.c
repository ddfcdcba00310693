/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a computer has in a VLAN, for kernels that have no VLAN devices.
 *
 *     vlan_host IFACE VID TAP     TAP is this computer's interface in VLAN VID of IFACE, until it
 *                                 ends; says "ready" first
 *     vlan_host plain IFACE       IFACE computes no checksum for anybody and cuts nothing: its
 *                                 kernel does, before a frame leaves
 *
 * Super-frames and checksums that are left to others pass as they are, between the virtio-net
 * headers (OASIS VIRTIO 1.2 §5.1.6) of a TAP and of a packet socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAME_MAX = 65536 + 64, ADDRESSES = 12, TAG = 4 };

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(2);
}

static int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0 ||
        ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)
        fail(name);
    return fd;
}

static int open_card(const char *name)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
    int on = 1, bytes = 8 << 20;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

    at.sll_ifindex = promiscuous.mr_ifindex = (int)if_nametoindex(name);
    if (fd < 0 || at.sll_ifindex == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        fail(name);
    return fd;
}

/* The VLAN of the tag that the kernel took out of a frame; -1: there was none. */
static int vlan_of(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        struct tpacket_auxdata aux;
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&aux, CMSG_DATA(c), sizeof aux);
        if (aux.tp_status & TP_STATUS_VLAN_VALID)
            return aux.tp_vlan_tci & 0xfff;
    }
    return -1;
}

/* One frame with our tag from the wire to the TAP. False: there is none. */
static bool take_in(int card, int tap, int vid)
{
    static uint8_t bytes[FRAME_MAX];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct iovec iov = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t len = recvmsg(card, &message, 0);

    if (len < 0 && errno != EAGAIN && errno != ENETDOWN)
        fail("recvmsg");
    if (len > 0 && vlan_of(&message) == vid && write(tap, bytes, (size_t)len) < 0 && errno != EIO)
        fail("write"); /* EIO: it is not up yet */
    return len > 0;
}

/* And one back. */
static bool send_out(int tap, int card, int vid)
{
    static struct {
        struct virtio_net_hdr vnet;
        uint8_t frame[FRAME_MAX];
    } __attribute__((packed)) from;
    uint8_t tag[TAG] = {0x81, 0x00, (uint8_t)(vid >> 8), (uint8_t)vid};
    ssize_t len = read(tap, &from, sizeof from);

    if (len < (ssize_t)(sizeof from.vnet + ADDRESSES))
        return false;
    size_t rest = (size_t)len - sizeof from.vnet - ADDRESSES;
    struct iovec pieces[] = {
        {&from, sizeof from.vnet + ADDRESSES}, {tag, sizeof tag}, {from.frame + ADDRESSES, rest}};
    if (from.vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        from.vnet.csum_start += TAG;
    if (from.vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE)
        from.vnet.hdr_len += TAG;
    if (writev(card, pieces, 3) < 0 && errno != ENOBUFS && errno != ENETDOWN)
        fail("writev");
    return true;
}

static int run(const char *interface, int vid, const char *name)
{
    int card = open_card(interface), tap = open_tap(name);
    struct pollfd wait[] = {{.fd = card, .events = POLLIN}, {.fd = tap, .events = POLLIN}};

    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(wait, 2, -1) < 0)
            fail("poll");
        for (unsigned i = 0; i < 64 && take_in(card, tap, vid); i++)
            ;
        for (unsigned i = 0; i < 64 && send_out(tap, card, vid); i++)
            ;
    }
}

static int make_plain(const char *name)
{
    static const uint32_t offloads[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    for (unsigned i = 0; i < sizeof offloads / sizeof offloads[0]; i++) {
        struct ethtool_value off = {.cmd = offloads[i]};
        struct ifreq request = {.ifr_data = (void *)&off};
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
        if (ioctl(fd, SIOCETHTOOL, &request) < 0)
            fail(name);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "plain") == 0)
        return make_plain(argv[2]);
    if (argc != 4)
        return 2;
    return run(argv[1], atoi(argv[2]), argv[3]);
}

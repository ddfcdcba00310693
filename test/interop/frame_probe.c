/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an Ethernet carries a frame, all of it, there and back.
 *
 *     frame_probe answer INTERFACE                    sends each probe back; says "ready" first
 *     frame_probe ask INTERFACE MAC BYTES [TAG]...    sends one, of BYTES in all, behind VLAN tags
 *                                                     (8100:0005 is VLAN 5); 0 if it comes back as
 * it was within two seconds, 1 if it does not
 *
 * Probes have the type 0x88b5, local experiments (IEEE 802 §9.2.4). The kernel takes the outer tag
 * out of what it receives and tells it beside (PACKET_AUXDATA); here it is put back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
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
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 16384, TYPE = 0x88b5, TAG = 4, ADDRESSES = 12, WAIT_MS = 5000 };

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(2);
}

static int open_interface(const char *name, uint8_t mac[6])
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct ifreq request = {0};
    int on = 1;
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    at.sll_ifindex = (int)if_nametoindex(name);
    if (fd < 0 || at.sll_ifindex == 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        fail(name);
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    return fd;
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

/* The length of the next frame for us, with all its tags; 0 if there is none. */
static size_t receive(int fd, uint8_t frame[FRAME_MAX + TAG])
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct sockaddr_ll from;
    struct iovec iov = {frame, FRAME_MAX};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT);

    if (len < ETHER_HDR_LEN || from.sll_pkttype == PACKET_OUTGOING)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        struct tpacket_auxdata aux;
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&aux, CMSG_DATA(c), sizeof aux);
        if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
            continue;
        memmove(frame + ADDRESSES + TAG, frame + ADDRESSES, (size_t)len - ADDRESSES);
        put16(put16(frame + ADDRESSES, aux.tp_vlan_tpid), aux.tp_vlan_tci);
        len += TAG;
    }
    return (size_t)len;
}

static bool is_probe(const uint8_t *frame, size_t len)
{
    size_t at = ADDRESSES;

    while (at + TAG + 2 <= len && (get16(frame + at) == 0x8100 || get16(frame + at) == 0x88a8))
        at += TAG;
    return at + 2 <= len && get16(frame + at) == TYPE;
}

static int answer(int fd, const uint8_t mac[6])
{
    static uint8_t frame[FRAME_MAX + TAG];
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(&wait, 1, -1) < 0)
            fail("poll");
        size_t len = receive(fd, frame);
        if (!is_probe(frame, len) || memcmp(frame, mac, 6) != 0)
            continue;
        memcpy(frame, frame + 6, 6);
        memcpy(frame + 6, mac, 6);
        if (send(fd, frame, len, 0) < 0)
            fail("send");
    }
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t make_probe(uint8_t *frame, const uint8_t mac[6], char **argv, size_t len)
{
    unsigned dst[6];
    uint8_t *at = frame;

    if (sscanf(argv[0], "%x:%x:%x:%x:%x:%x", &dst[0], &dst[1], &dst[2], &dst[3], &dst[4],
               &dst[5]) != 6)
        fail(argv[0]);
    for (unsigned i = 0; i < 6; i++)
        *at++ = (uint8_t)dst[i];
    memcpy(at, mac, 6);
    at += 6;
    for (char **tag = argv + 2; *tag; tag++) {
        unsigned tpid, tci;
        if (sscanf(*tag, "%x:%x", &tpid, &tci) != 2)
            fail(*tag);
        at = put16(put16(at, tpid), tci);
    }
    at = put16(at, TYPE);
    srandom((unsigned)now_ms());
    while (at < frame + len)
        *at++ = (uint8_t)random();
    return (size_t)(at - frame);
}

static int ask(int fd, const uint8_t mac[6], char **argv)
{
    static uint8_t frame[FRAME_MAX], back[FRAME_MAX + TAG];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    unsigned long bytes = strtoul(argv[1], NULL, 10);

    if (bytes < ETHER_HDR_LEN || bytes > FRAME_MAX)
        fail(argv[1]);
    size_t len = make_probe(frame, mac, argv, bytes);
    if (send(fd, frame, len, 0) < 0)
        fail("send");
    for (int64_t end = now_ms() + WAIT_MS; now_ms() < end;) {
        if (poll(&wait, 1, (int)(end - now_ms())) < 0)
            fail("poll");
        size_t got = receive(fd, back);
        if (got == len && memcmp(back, mac, 6) == 0 && memcmp(back + 6, frame, 6) == 0 &&
            memcmp(back + ADDRESSES, frame + ADDRESSES, len - ADDRESSES) == 0)
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    uint8_t mac[6];

    if (argc == 3 && strcmp(argv[1], "answer") == 0)
        return answer(open_interface(argv[2], mac), mac);
    if (argc >= 5 && strcmp(argv[1], "ask") == 0)
        return ask(open_interface(argv[2], mac), mac, argv + 3);
    fprintf(stderr, "frame_probe answer INTERFACE | ask INTERFACE MAC BYTES [TAG]...\n");
    return 2;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter is a program of classic BPF (bpf(4), Linux filter.txt): it returns how much of a frame
 * is kept, 0: nothing. A load beyond the frame's end ends it with 0, so that a segment of TCP
 * without data, which has no head of HTTP, is none that is kept.
 */
#include "port/sniff.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WHOLE = 1518, SOME = 640, LITTLE = 160, QUEUE_BYTES = 1 << 20 };

#define LOAD1(at)   BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (at))
#define LOAD2(at)   BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (at))
#define LOAD1_X(at) BPF_STMT(BPF_LD | BPF_B | BPF_IND, (at))
#define LOAD2_X(at) BPF_STMT(BPF_LD | BPF_H | BPF_IND, (at))
#define LOAD4_X(at) BPF_STMT(BPF_LD | BPF_W | BPF_IND, (at))
#define KEEP(bytes) BPF_STMT(BPF_RET | BPF_K, (bytes))
/* Row AT goes on at row YES or NO. */
#define IF(at, value, yes, no) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes) - (at)-1, (no) - (at)-1)
#define IF_BITS(at, bits, yes, no) \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (yes) - (at)-1, (no) - (at)-1)
/* The length of IPv4's header, and of TCP's behind it, in bytes. */
#define IP4_HEADER_TO_X BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN)
#define TCP_HEADER_FROM_A \
    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3c)

enum { UDP = 17, TCP = 6, DHCP_SERVER = 67, FIN_SYN_RST = 7 };
enum { ROW_SOME = 27, ROW_LITTLE, ROW_NOTHING, ROW_WHOLE };

/* clang-format off */
static struct sock_filter program[] = {
    /*  0 */ LOAD2(12),
    /*  1 */ IF(1, ETH_P_IP, 7, 2),
    /*  2 */ IF(2, ETH_P_IPV6, 3, ROW_SOME),

    /*  3 */ LOAD1(20), /* IPv6: what is in it, if that has no header of its own in front */
    /*  4 */ IF(4, TCP, 5, ROW_SOME),
    /*  5 */ LOAD1(67),
    /*  6 */ IF_BITS(6, FIN_SYN_RST, ROW_LITTLE, ROW_NOTHING),

    /*  7 */ LOAD1(23),
    /*  8 */ IF(8, UDP, 9, 14),
    /*  9 */ IP4_HEADER_TO_X,
    /* 10 */ LOAD2_X(ETH_HLEN),
    /* 11 */ IF(11, DHCP_SERVER, ROW_WHOLE, 12),
    /* 12 */ LOAD2_X(ETH_HLEN + 2),
    /* 13 */ IF(13, DHCP_SERVER, ROW_WHOLE, ROW_LITTLE),

    /* 14 */ IF(14, TCP, 15, ROW_SOME),
    /* 15 */ IP4_HEADER_TO_X,
    /* 16 */ LOAD1_X(ETH_HLEN + 13),
    /* 17 */ IF_BITS(17, FIN_SYN_RST, ROW_LITTLE, 18),
    /* 18 */ LOAD1_X(ETH_HLEN + 12),
    /* 19, 20 */ TCP_HEADER_FROM_A,
    /* 21 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
    /* 22 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
    /* 23 */ LOAD4_X(ETH_HLEN),
    /* 24 */ IF(24, 0x48545450, ROW_SOME, 25),          /* "HTTP" */
    /* 25 */ IF(25, 0x47455420, ROW_SOME, 26),          /* "GET " */
    /* 26 */ IF(26, 0x504f5354, ROW_SOME, ROW_NOTHING), /* "POST" */

    /* 27 */ KEEP(SOME),
    /* 28 */ KEEP(LITTLE),
    /* 29 */ KEEP(0),
    /* 30 */ KEEP(WHOLE),
};
/* clang-format on */

static int set_up(int fd, unsigned index)
{
    static const int queue = QUEUE_BYTES, on = 1;
    const struct sock_fprog filter = {sizeof program / sizeof program[0], program};
    const struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof queue);
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0)
        return -1;
    return bind(fd, (const struct sockaddr *)&to, sizeof to);
}

int el_sniff_open(const char *name, struct el_err *err)
{
    unsigned index = if_nametoindex(name);

    if (index == 0)
        return el_err(err, EL_ENOENT, "%s: no such interface", name);
    /* Without a protocol nothing comes before the filter is there. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && set_up(fd, index) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return el_err_os(err, error, "%s: packet socket", name);
}

/* When it passed, and how long it was before the filter cut it. */
static void read_notes(struct msghdr *message, struct el_sniffed *frame)
{
    struct timespec when = {0};
    struct tpacket_auxdata aux;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS &&
            c->cmsg_len >= CMSG_LEN(sizeof when)) {
            memcpy(&when, CMSG_DATA(c), sizeof when);
        } else if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA &&
                   c->cmsg_len >= CMSG_LEN(sizeof aux)) {
            memcpy(&aux, CMSG_DATA(c), sizeof aux);
            if (aux.tp_len > frame->len)
                frame->len = aux.tp_len;
        }
    frame->time_ns = (uint64_t)when.tv_sec * EL_S + (uint64_t)when.tv_nsec;
}

int el_sniff_receive(int fd, uint8_t *bytes, size_t capacity, struct el_sniffed *frame)
{
    union {
        struct cmsghdr header;
        char
            bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct sockaddr_ll from = {0};
    struct iovec piece = {bytes, capacity};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT);

    if (len < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : el_errno_from_os(errno);
    *frame = (struct el_sniffed){.is_out = from.sll_pkttype == PACKET_OUTGOING,
                                 .captured = (uint32_t)len,
                                 .len = (uint32_t)len};
    read_notes(&message, frame);
    return 1;
}

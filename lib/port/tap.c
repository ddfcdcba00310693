/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TAP interfaces: Documentation/networking/tuntap.rst of Linux.
 *
 * Plain read() and write(), a frame each. What was measured against it (Linux 6.18, a virtual
 * machine in which an empty system call takes 0.25 us; CPU time of the whole process):
 *
 *                                       a frame of 64 bytes        a super-frame of 63 KB
 *   read, write; header in headroom     0.95 us, 2.2 us            4.3 us, 6.7 us
 *   readv, writev; header apart         +0.13 us, +0.15 us
 *   io_uring: fixed file and buffers,
 *   32 frames a call                    0.79 us, 1.7 us            5.6 us, 6.2 us
 *   io_uring: multishot read            0.94 us                    6.1 us
 *
 * So io_uring would save a fifth of the calls' time where frames are small, of which the calls are
 * less than half, and costs more where they are large: not worth a second way through the program.
 * AF_XDP below the tunnel knows no trains: 1.3 us for each datagram, where UDP_SEGMENT takes 0.07
 * us (112 bytes) to 0.16 us (1452 bytes) on the same veth pair.
 */
#include "port/tap.h"

#include "port/vnet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

_Static_assert((int)EL_PORT_NAME_BYTES >= IFNAMSIZ, "the kernel's interface names fit");

enum {
    /* Frames that wait for us, in each queue. The kernel's 1000 are two milliseconds of small
     * frames, less than we may have to wait for our turn where the processors are busy: of 45,000
     * frames per second then up to 2 % were lost, with 4000 none. A queue that is full loses what
     * comes next. */
    QUEUE_FRAMES = 4000,
    /* No TUN_F_UFO: what it gives nobody can cut but the kernel. */
    OFFLOADS = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
    OFFLOADS_USO = TUN_F_USO4 | TUN_F_USO6,
};

static int open_device(const char *name, struct el_err *err)
{
    static const char path[] = "/dev/net/tun";
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        return fd;
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
        return el_err_os(err, errno,
                         "tap %s: load the tun module (modprobe tun), or in a container give "
                         "--device %s: %s",
                         name, path, path);
    return el_err_os(err, errno, "tap %s: run as root or with CAP_NET_ADMIN: %s", name, path);
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);

    /* The kernel would fill in a number for %d. */
    return len > 0 && len < IFNAMSIZ && !strpbrk(name, "/:% \t\n") && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static int refused(const char *name, int cause, struct el_err *err)
{
    switch (cause) {
    case EPERM: return el_err_os(err, cause, "tap %s: run as root or with CAP_NET_ADMIN", name);
    case EBUSY:
        return el_err(err, EL_EEXIST,
                      "tap %s: in use by another process: stop that one, or choose another name",
                      name);
    case EINVAL:
        return el_err(err, EL_EINVAL,
                      "tap %s: an interface of another kind has this name: remove it, or choose "
                      "another name",
                      name);
    default: return el_err_os(err, cause, "tap %s", name);
    }
}

/* Attaches FD to the interface NAME, which is made if there is none. 0 or an errno. */
static int attach(int fd, const char *name, unsigned queue_flag)
{
    struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | queue_flag)};

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return ioctl(fd, TUNSETIFF, &request) < 0 ? errno : 0;
}

/* Asks the kernel WHAT about the interface NAME; REQUEST has the question and gets the answer. */
static bool ask(const char *name, unsigned long what, struct ifreq *request)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    snprintf(request->ifr_name, sizeof request->ifr_name, "%s", name);
    bool done = ioctl(fd, what, request) == 0;
    close(fd);
    return done;
}

static bool exists(const char *name)
{
    struct ifreq request = {.ifr_ifindex = 0};

    return ask(name, SIOCGIFINDEX, &request);
}

/* Whether somebody has the interface NAME open and up: a TAP has a carrier then. */
static bool has_carrier(const char *name)
{
    struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
    struct ifreq request = {.ifr_data = (void *)&link};

    return ask(name, SIOCETHTOOL, &request) && link.data;
}

/* A courtesy, for an interface that we have made: never an error. */
static void lengthen_queue(const char *name)
{
    struct ifreq request = {.ifr_qlen = QUEUE_FRAMES};

    (void)ask(name, SIOCSIFTXQLEN, &request);
}

/*
 * Attaches the first queue of up to COUNT. An interface with several queues and one without are two
 * kinds to the kernel, and one that was made before us (ip tuntap add) is taken as it is. The
 * kernel would also let us join somebody else's queues, and share the frames out between us: hence
 * the look whether anybody is there. 1 if further queues may be attached, 0 if not, or an error.
 */
static int attach_first(int fd, const char *name, unsigned count, struct el_err *err)
{
    bool ours = !exists(name), in_use = has_carrier(name);
    unsigned wanted = count > 1 ? IFF_MULTI_QUEUE : 0;
    unsigned flag = wanted;
    int cause = attach(fd, name, flag);

    if (cause == EINVAL) {
        flag = wanted ^ IFF_MULTI_QUEUE;
        cause = attach(fd, name, flag);
    }
    if (cause == 0 && flag && in_use)
        cause = EBUSY;
    if (cause)
        return refused(name, cause, err);
    int header_bytes = EL_PORT_HEADROOM;
    if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0)
        return el_err_os(err, errno, "tap %s: setting the header size", name);
    if (ours)
        lengthen_queue(name);
    return flag != 0;
}

/* Fills in FDS. The number of queues. */
static int open_queues(const char *name, unsigned count, int fds[], struct el_err *err)
{
    fds[0] = open_device(name, err);
    int several = fds[0] < 0 ? fds[0] : attach_first(fds[0], name, count, err);

    if (several <= 0)
        return several < 0 ? several : 1;
    for (unsigned i = 1; i < count; i++) {
        fds[i] = open_device(name, err);
        if (fds[i] < 0)
            return fds[i];
        int cause = attach(fds[i], name, IFF_MULTI_QUEUE);
        if (cause == E2BIG)
            return el_err(err, EL_EFULL, "tap %s: no more than %u queues", name, i);
        if (cause)
            return refused(name, cause, err);
    }
    return (int)count;
}

int el_tap_open_queues(const char *name, unsigned count, int fds[], struct el_err *err)
{
    if (!is_name(name))
        return el_err(err, EL_EINVAL,
                      "tap %s: an interface name has 1 to %d characters, and no "
                      "space, slash, colon or percent sign",
                      name, IFNAMSIZ - 1);
    if (count == 0)
        return el_err(err, EL_EINVAL, "tap %s: no queues", name);
    for (unsigned i = 0; i < count; i++)
        fds[i] = -1;
    int opened = open_queues(name, count, fds, err);
    for (unsigned i = 0; opened < 0 && i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return opened;
}

int el_tap_open(const char *name, struct el_err *err)
{
    int fd = -1;
    int rc = el_tap_open_queues(name, 1, &fd, err);

    return rc < 0 ? rc : fd;
}

static bool read_header(const uint8_t *bytes, struct el_offload *offload)
{
    struct virtio_net_hdr vnet;

    memcpy(&vnet, bytes, sizeof vnet);
    return el_vnet_read(&vnet, offload) == 0;
}

static int tap_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    unsigned received = 0;

    while (received < count) {
        struct el_port_rx *rx = &frames[received];
        uint8_t *start = rx->bytes - EL_PORT_HEADROOM;
        size_t room = EL_PORT_HEADROOM + rx->capacity;
        ssize_t len = read(port->fd, start, room + EL_PORT_TAILROOM);

        if (len < 0) {
            if (received > 0 || errno == EAGAIN || errno == EINTR)
                break;
            return errno == EBADFD ? EL_ECLOSED : el_errno_from_os(errno);
        }
        if ((size_t)len > room) {
            port->counts[EL_PORT_DROP_LONG]++;
        } else if (len < EL_PORT_HEADROOM || !read_header(start, &rx->offload)) {
            port->counts[EL_PORT_DROP_OFFLOAD]++;
        } else {
            rx->len = (size_t)len - EL_PORT_HEADROOM;
            received++;
        }
    }
    return (int)received;
}

static int tap_send(struct el_port *port, const struct el_port_tx *frame)
{
    return el_vnet_send(port->fd, frame);
}

static void tap_close(struct el_port *port)
{
    close(port->fd);
    free(port);
}

static const struct el_port_ops tap_ops = {tap_receive, tap_send, tap_close, NULL};

int el_port_from_tap(int fd, const char *name, struct el_port **port)
{
    bool uso = ioctl(fd, TUNSETOFFLOAD, OFFLOADS | OFFLOADS_USO) == 0;

    if (!uso && ioctl(fd, TUNSETOFFLOAD, OFFLOADS) < 0)
        return el_errno_from_os(errno);

    struct el_port *tap = calloc(1, sizeof *tap);
    if (!tap)
        return EL_ENOMEM;
    tap->ops = &tap_ops;
    tap->fd = fd;
    tap->uso = uso;
    snprintf(tap->name, sizeof tap->name, "%s", name);
    *port = tap;
    return 0;
}

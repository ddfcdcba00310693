/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAP interfaces: Documentation/networking/tuntap.rst of Linux. */
#include "port/tap.h"

#include "port/vnet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

_Static_assert(EL_PORT_NAME_BYTES == IFNAMSIZ, "the kernel's interface names fit");

enum {
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

static int set_interface(int fd, const char *name, struct el_err *err)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int header_bytes = sizeof(struct virtio_net_hdr);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        int cause = errno;

        switch (cause) {
        case EPERM: return el_err_os(err, cause, "tap %s: run as root or with CAP_NET_ADMIN", name);
        case EBUSY:
            return el_err(err, EL_EEXIST,
                          "tap %s: in use by another process: stop that one, or "
                          "choose another name",
                          name);
        case EINVAL:
            return el_err(err, EL_EINVAL,
                          "tap %s: an interface of another kind has this name: "
                          "remove it, or choose another name",
                          name);
        default: return el_err_os(err, cause, "tap %s", name);
        }
    }
    if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0)
        return el_err_os(err, errno, "tap %s: setting the header size", name);
    return 0;
}

int el_tap_open(const char *name, struct el_err *err)
{
    if (!is_name(name))
        return el_err(err, EL_EINVAL,
                      "tap %s: an interface name has 1 to %d characters, and no "
                      "space, slash, colon or percent sign",
                      name, IFNAMSIZ - 1);

    int fd = open_device(name, err);
    if (fd < 0)
        return fd;

    int code = set_interface(fd, name, err);
    if (code < 0) {
        close(fd);
        return code;
    }
    return fd;
}

static int tap_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    unsigned received = 0;

    while (received < count) {
        struct el_port_rx *rx = &frames[received];
        struct virtio_net_hdr vnet;
        uint8_t beyond; /* is written only by a frame that is too long */
        struct iovec pieces[] = {
            {&vnet, sizeof vnet}, {rx->bytes, rx->capacity}, {&beyond, sizeof beyond}};
        ssize_t len = readv(port->fd, pieces, 3);

        if (len < 0) {
            if (received > 0 || errno == EAGAIN || errno == EINTR)
                break;
            return errno == EBADFD ? EL_ECLOSED : el_errno_from_os(errno);
        }
        if ((size_t)len < sizeof vnet || (size_t)len - sizeof vnet > rx->capacity ||
            el_vnet_read(&vnet, &rx->offload) < 0)
            continue;
        rx->len = (size_t)len - sizeof vnet;
        received++;
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

static const struct el_port_ops tap_ops = {tap_receive, tap_send, tap_close};

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes by on a network: two packet sockets, or the frames of the service's own stack. */
#include "service/boot_watch.h"

#include "dhcp/dhcp_wire.h"
#include "frame/eth.h"
#include "frame/ip4.h"
#include "net/kernel.h"
#include "port/packet.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum {
    EARS = 2,
    BATCH = 16, /* frames at a time */
    FRAME_BYTES = 2048,
};

/* One packet socket. Freed when libuv has let go. */
struct ear {
    struct el_boot_watch *watch;
    struct el_port *port;
    uv_poll_t poll;
};

struct el_boot_watch {
    struct el_net_lwip_link *link; /* that is tapped; NULL: ears */
    struct ear *ears[EARS];
    void (*see)(void *arg, const uint8_t *frame, size_t len);
    void *arg;
    uint8_t bytes[BATCH][FRAME_BYTES];
};

/* -- ears -- */

static void hear(uv_poll_t *poll, int status, int events)
{
    struct ear *ear = poll->data;
    struct el_boot_watch *watch = ear->watch;
    struct el_port_rx frames[BATCH];

    (void)events;
    for (unsigned i = 0; i < BATCH; i++)
        frames[i] =
            (struct el_port_rx){.bytes = watch->bytes[i] + EL_PORT_HEADROOM,
                                .capacity = FRAME_BYTES - EL_PORT_HEADROOM - EL_PORT_TAILROOM};
    int count = el_port_receive(ear->port, frames, BATCH);
    for (int i = 0; i < count; i++)
        watch->see(watch->arg, frames[i].bytes, frames[i].len);
    if (status < 0 && count == EL_ECLOSED)
        uv_poll_stop(poll);
}

static void let_go(uv_handle_t *handle)
{
    struct ear *ear = handle->data;

    el_port_close(ear->port);
    free(ear);
}

/* FD is the ear's; -1: none. */
static int add_ear(struct el_boot_watch *watch, struct el_net *kernel, unsigned at, int fd,
                   const char *device)
{
    struct ear *ear = fd < 0 ? NULL : calloc(1, sizeof *ear);

    if (fd < 0)
        return 0;
    if (!ear || el_port_from_packet(fd, device, EL_PACKET_UNTAGGED, &ear->port) < 0) {
        free(ear);
        close(fd);
        return EL_ENOMEM;
    }
    ear->watch = watch;
    ear->poll.data = ear;
    if (uv_poll_init(el_net_kernel_loop(kernel), &ear->poll, fd) < 0) {
        el_port_close(ear->port);
        free(ear);
        return EL_ENOMEM;
    }
    uv_poll_start(&ear->poll, UV_READABLE, hear);
    watch->ears[at] = ear;
    return 0;
}

/* -- our own stack's frames -- */

static void look(void *arg, const uint8_t *frame, size_t len)
{
    struct el_boot_watch *watch = arg;
    struct el_wire w = el_wire_read(frame, len);

    el_wire_skip(&w, 12);
    uint16_t type = el_wire_be16(&w);
    if (type == EL_ETHERTYPE_IP4) {
        uint8_t header = (uint8_t)((el_wire_u8(&w) & 15) * 4);
        el_wire_skip(&w, 8);
        if (el_wire_u8(&w) != EL_IP_UDP)
            return;
        el_wire_skip(&w, header - 10u);
        el_wire_skip(&w, 2);
        if (el_wire_be16(&w) != EL_DHCP_PORT_CLIENT)
            return;
    } else if (type != EL_ETHERTYPE_ARP) {
        return;
    }
    if (el_wire_ok(&w))
        watch->see(watch->arg, frame, len);
}

int el_boot_watch_new(struct el_net *kernel, struct el_boot_ground *ground,
                      void (*see)(void *arg, const uint8_t *frame, size_t len), void *arg,
                      struct el_boot_watch **made, struct el_err *err)
{
    struct el_boot_watch *watch = calloc(1, sizeof *watch);
    int rc = watch ? 0 : EL_ENOMEM;

    if (watch) {
        watch->see = see;
        watch->arg = arg;
        watch->link = ground->link;
        if (watch->link)
            el_net_lwip_link_tap(watch->link, look, watch);
        rc = add_ear(watch, kernel, 0, ground->arp, ground->config.device);
        ground->arp = -1;
        if (rc == 0)
            rc = add_ear(watch, kernel, 1, ground->answers, ground->config.device);
        ground->answers = -1;
    }
    *made = watch;
    return rc == 0 ? 0 : el_err(err, rc, "out of memory");
}

void el_boot_watch_free(struct el_boot_watch *watch)
{
    if (!watch)
        return;
    if (watch->link)
        el_net_lwip_link_tap(watch->link, NULL, NULL);
    for (unsigned i = 0; i < EARS; i++)
        if (watch->ears[i])
            uv_close((uv_handle_t *)&watch->ears[i]->poll, let_go);
    free(watch);
}

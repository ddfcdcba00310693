/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The applet that asks for an address. */
#include "spoke/guest_service.h"

#include "base/log.h"
#include "net/kernel.h"
#include "net/net.h"
#include "port/packet.h"
#include "spoke/guest_message.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/message.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    FRAMES = 64,      /* read before the loop has its turn again */
    FRAME_MAX = 2100, /* a DHCP message and its headers; longer ones are none */
    HEADROOM = 16,    /* EL_PORT_HEADROOM, and still aligned */
    UNKNOWN = 2,
    UNTOLD_AGAIN_S = 1 /* the supervisor has no time for us: when it is tried again */
};

struct service {
    const struct el_guest_service_config *config;
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_net_timer *timer;
    struct el_port *port;
    uv_poll_t poll, channel_poll;
    int channel;
    struct el_dhcp_host host;
    struct el_guest_message told;
};

/* -- out -- */

static void send_frame(struct service *s, const uint8_t *frame, size_t len)
{
    struct el_slice slice = {frame, len};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    (void)el_port_send(s->port, &tx); /* what is lost is said again */
}

/* False: it is to be tried again. */
static bool tell(struct service *s)
{
    const struct el_dhcp_host_lease *lease = el_dhcp_host_lease(&s->host);
    struct el_guest_message now;

    memset(&now, 0, sizeof now); /* it leaves this process whole */
    now.has_lease = lease != NULL;
    if (lease)
        memcpy(&now.lease, lease, sizeof now.lease);
    if (memcmp(&now, &s->told, sizeof now) == 0)
        return true;
    if (el_sys_message_send(s->channel, &now, sizeof now, NULL, 0) == EL_EAGAIN)
        return false;
    s->told = now;
    return true;
}

/* What is to be done now, and when to come back. */
static void go_on(void *arg)
{
    struct service *s = arg;
    uint8_t frame[EL_DHCP_HOST_FRAME];
    uint64_t now_ns = el_net_now_ns(s->net);
    size_t len;

    while ((len = el_dhcp_host_output(&s->host, now_ns, frame)) > 0)
        send_frame(s, frame, len);
    uint64_t next_ns = el_dhcp_host_deadline(&s->host);
    if (!tell(s) && now_ns + UNTOLD_AGAIN_S * EL_S < next_ns)
        next_ns = now_ns + UNTOLD_AGAIN_S * EL_S;
    el_net_timer_set(s->timer, next_ns);
}

/* -- in -- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
    static uint8_t memory[HEADROOM + FRAME_MAX + EL_PORT_TAILROOM];
    struct service *s = poll->data;

    (void)status;
    (void)events;
    for (unsigned i = 0; i < FRAMES; i++) {
        struct el_port_rx rx = {.bytes = memory + HEADROOM, .capacity = FRAME_MAX};
        int rc = el_port_receive(s->port, &rx, 1);
        if (rc == EL_ECLOSED)
            uv_poll_stop(poll); /* the interface has gone; so shall we */
        if (rc <= 0)
            break;
        el_dhcp_host_input(&s->host, el_net_now_ns(s->net), rx.bytes, rx.len,
                           rx.offload.needs_csum || rx.offload.csum_valid);
    }
    go_on(s);
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;
    int fds[EL_SYS_MESSAGE_FDS];
    unsigned count;
    uint32_t what;
    int rc = el_sys_message_receive(s->channel, &what, sizeof what, fds, &count);

    (void)status;
    (void)events;
    if (rc == EL_ECLOSED)
        uv_poll_stop(poll);
    if (rc == 0 && what == EL_GUEST_HURRY)
        el_dhcp_host_hurry(&s->host, el_net_now_ns(s->net));
    go_on(s);
}

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;
    uint8_t frame[EL_DHCP_HOST_FRAME];

    if (signum == SIGHUP)
        return;
    size_t len = el_dhcp_host_release(&s->host, el_net_now_ns(s->net), frame);
    if (len > 0)
        send_frame(s, frame, len);
    if (len > 0)
        EL_LOG(EL_LOG_INFO, "guest", "released", EL_STR("interface", s->config->interface));
    el_net_kernel_stop(s->net);
}

/* -- beginning and end -- */

static void watch(struct service *s, uv_poll_t *poll, int fd, uv_poll_cb cb)
{
    poll->data = s;
    uv_poll_init(el_net_kernel_loop(s->net), poll, fd);
    uv_poll_start(poll, UV_READABLE, cb);
}

static int make_loop(struct service *s, struct el_err *err)
{
    int rc = el_net_kernel_new(&s->net, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
    if (rc < 0)
        return rc;
    s->timer = el_net_timer_new(s->net, go_on, s);
    if (!s->timer)
        return el_err(err, EL_ENOMEM, "out of memory");
    watch(s, &s->poll, s->port->fd, on_readable);
    watch(s, &s->channel_poll, s->channel, on_channel);
    s->told.has_lease = UNKNOWN; /* what the one before us has told */
    el_dhcp_host_init(&s->host, &s->config->mac, s->config->name, el_net_now_ns(s->net));
    el_net_timer_set(s->timer, 0);
    return 0;
}

static int set_up(struct service *s, struct el_err *err)
{
    struct el_sys_drop_config drop = {.uid = (uid_t)s->config->user, .gid = (gid_t)s->config->user};
    struct el_sys_confine_config nowhere = {.count = 0};
    int fd = el_sys_fds_take("port");

    s->channel = el_sys_fds_take("guest");
    if (fd < 0 || s->channel < 0)
        return el_err(err, EL_EINVAL, "el2w spoke starts this");
    int rc = el_port_from_packet(fd, s->config->interface, EL_PACKET_UNTAGGED, &s->port);
    if (rc < 0)
        return el_err(err, rc, "%s: it is gone", s->config->interface);
    rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = el_sys_confine(&nowhere, err);
    return rc < 0 ? rc : make_loop(s, err);
}

static void tear_down(struct service *s)
{
    el_sys_signals_free(s->signals);
    el_net_timer_free(s->timer);
    el_net_kernel_free(s->net);
    el_port_close(s->port);
    if (s->channel >= 0)
        close(s->channel);
}

int el_guest_service_run(const struct el_guest_service_config *config, struct el_err *err)
{
    struct service *s = calloc(1, sizeof *s);

    if (!s)
        return el_err(err, EL_ENOMEM, "out of memory");
    s->config = config;
    int rc = set_up(s, err);
    if (rc == 0) {
        el_sys_notify_ready();
        el_sys_fds_close_rest();
        el_net_kernel_run(s->net);
    }
    tear_down(s);
    free(s);
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DHCP server on a network. */
#include "dhcp/dhcp_io.h"

#include "base/log.h"
#include "frame/udp.h"

#include <stdlib.h>

enum {
    BATCH_MAX = 32, /* leases that are kept in one go */
    SOCKETS = 2,    /* ports 67 and 4011 */
};

struct el_dhcp_io {
    struct el_net *net;
    struct el_dhcp *server;
    struct el_dhcp_store store;
    struct el_port *port;
    struct el_mac port_mac;
    struct el_net_udp *udp[SOCKETS];
    struct el_net_timer *timer;
    size_t waiting; /* for the store */
    struct el_dhcp_output batch[BATCH_MAX];
};

/* -- sending -- */

static int send_frame(struct el_dhcp_io *io, const struct el_dhcp_output *out)
{
    uint8_t frame[EL_FRAME_UDP4_HEADER + EL_DHCP_REPLY_BYTES];
    const struct el_frame_udp4 to = {
        .src_mac = io->port_mac,
        .dst_mac = out->mac,
        .src = el_ip4_number(&out->from),
        .dst = el_ip4_number(&out->to.ip),
        .src_port = EL_DHCP_PORT_SERVER,
        .dst_port = out->to.port,
    };

    memcpy(frame + EL_FRAME_UDP4_HEADER, out->bytes, out->len);
    int len = el_frame_udp4_build(frame + EL_FRAME_UDP4_HEADER, out->len, &to);
    if (len < 0)
        return len;
    struct el_slice slice = {frame, (size_t)len};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    return el_port_send(io->port, &tx);
}

static void send_reply(struct el_dhcp_io *io, const struct el_dhcp_output *out)
{
    struct el_endpoint to = out->to;

    if (out->delivery == EL_DHCP_NO_REPLY)
        return;
    if (out->delivery == EL_DHCP_LINK) {
        if (io->port && send_frame(io, out) == 0)
            return;
        to.ip = el_ip4(UINT32_MAX);
    }
    int rc = el_net_udp_send(io->udp[out->binl], &to, &out->from, out->bytes, out->len);
    if (rc != 0 && rc != EL_EAGAIN)
        EL_LOG(EL_LOG_WARN, "dhcp", "not-sent", EL_ENDPOINT("to", &to),
               EL_STR("why", el_strerror(rc)));
}

static int keep(struct el_dhcp_io *io, struct el_err *err)
{
    struct el_dhcp_record records[BATCH_MAX];

    if (!io->store.put)
        return 0;
    for (size_t i = 0; i < io->waiting; i++)
        records[i] = io->batch[i].record;
    return io->store.put(io->store.arg, records, io->waiting, err);
}

/* Keeps the leases that wait, then sends what waited for them; or takes all of them back. */
static void flush(struct el_dhcp_io *io)
{
    struct el_err err = {.text = ""};

    if (io->waiting == 0)
        return;
    if (keep(io, &err) == 0) {
        for (size_t i = 0; i < io->waiting; i++)
            send_reply(io, &io->batch[i]);
    } else {
        for (size_t i = io->waiting; i-- > 0;)
            el_dhcp_undo(io->server, &io->batch[i]);
        EL_LOG(EL_LOG_ERROR, "dhcp", "not-kept", EL_STR("why", err.text),
               EL_UINT("replies_not_sent", io->waiting));
    }
    io->waiting = 0;
}

static void on_timer(void *arg)
{
    struct el_dhcp_io *io = arg;

    flush(io);
    el_dhcp_tick(io->server, el_net_now_ns(io->net));
    el_net_timer_set(io->timer, el_dhcp_deadline(io->server));
}

/* -- receiving -- */

static void receive(struct el_dhcp_io *io, const struct el_net_udp_meta *meta, uint16_t port,
                    const uint8_t *bytes, size_t len)
{
    struct el_dhcp_from from = {.from = meta->from, .to = meta->to};
    uint64_t now_ns = el_net_now_ns(io->net);
    struct el_dhcp_output *out = &io->batch[io->waiting];

    from.to.port = port;
    if (el_dhcp_input(io->server, now_ns, el_net_wall_s(io->net), &from, bytes, len, out) == 0)
        return;
    if (!out->durable)
        send_reply(io, out);
    else if (++io->waiting == BATCH_MAX)
        flush(io);
    /* A due timer fires when the loop has read what there is to read. */
    el_net_timer_set(io->timer, io->waiting > 0 ? now_ns : el_dhcp_deadline(io->server));
}

static void on_server_port(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                           size_t len)
{
    receive(arg, meta, EL_DHCP_PORT_SERVER, bytes, len);
}

static void on_binl_port(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                         size_t len)
{
    receive(arg, meta, EL_DHCP_PORT_BINL, bytes, len);
}

/* -- start and stop -- */

static void restore(void *arg, const struct el_dhcp_record *record)
{
    struct el_dhcp_io *io = arg;

    el_dhcp_restore(io->server, el_net_now_ns(io->net), el_net_wall_s(io->net), record);
}

static int open_sockets(struct el_dhcp_io *io, const struct el_dhcp_io_config *config,
                        struct el_err *err)
{
    const struct {
        uint16_t port;
        int fd;
        el_net_udp_cb *cb;
    } sockets[SOCKETS] = {
        {EL_DHCP_PORT_SERVER, config->inherited_fd, on_server_port},
        {EL_DHCP_PORT_BINL, config->inherited_binl_fd, on_binl_port},
    };

    for (int i = 0; i < SOCKETS; i++) {
        struct el_net_udp_config udp = {.bind = {.port = sockets[i].port},
                                        .device = config->device,
                                        .broadcast = true,
                                        .inherited_fd = sockets[i].fd};
        int rc = el_net_udp_open(io->net, &udp, sockets[i].cb, io, &io->udp[i], err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

struct el_dhcp_io *el_dhcp_io_start(struct el_net *net, const struct el_dhcp_io_config *config,
                                    struct el_err *err)
{
    struct el_dhcp_io *io = calloc(1, sizeof *io);

    if (!io) {
        el_err(err, EL_ENOMEM, "dhcp: out of memory");
        return NULL;
    }
    io->net = net;
    io->store = config->store;
    io->port = config->port;
    io->port_mac = config->port_mac;
    io->server = el_dhcp_new(&config->server, err);
    io->timer = el_net_timer_new(net, on_timer, io);
    if (!io->server || !io->timer ||
        (io->store.load && io->store.load(io->store.arg, restore, io, err) != 0) ||
        open_sockets(io, config, err) != 0) {
        el_dhcp_io_stop(io);
        return NULL;
    }
    el_net_timer_set(io->timer, el_dhcp_deadline(io->server));
    return io;
}

struct el_dhcp *el_dhcp_io_server(struct el_dhcp_io *io)
{
    return io->server;
}

void el_dhcp_io_stop(struct el_dhcp_io *io)
{
    if (!io)
        return;
    flush(io);
    for (int i = 0; i < SOCKETS; i++)
        el_net_udp_close(io->udp[i]);
    el_net_timer_free(io->timer);
    el_dhcp_free(io->server);
    free(io);
}

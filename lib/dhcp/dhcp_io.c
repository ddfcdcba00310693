/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DHCP server on a network. */
#include "dhcp/dhcp_io.h"

#include "base/log.h"
#include "dhcp/dhcp_relay.h"
#include "frame/udp.h"

#include <stdlib.h>

enum {
    BATCH_MAX = 512, /* leases that are kept in one go */
    CROWD = 8,       /* so many at once, and more will come: */
    GATHER_MS = 4,   /* then it is worth to wait for them, as a disk takes longer than that */
    SOCKETS = 2,     /* ports 67 and 4011 */
};

struct el_dhcp_io {
    struct el_net *net;
    struct el_dhcp *server;
    struct el_dhcp_store store;
    struct el_port *port;
    struct el_mac port_mac;
    struct el_net_udp *udp[SOCKETS];
    struct el_net_udp *to_relay; /* NULL: this is no relay */
    struct el_dhcp_relay relay;
    struct el_dhcp_watch watch;
    void (*foreign)(void *arg, const struct el_dhcp_heard *server);
    void *foreign_arg;
    struct el_net_timer *timer;
    bool hears; /* frames come */
    struct el_dhcp_output relayed;
    size_t waiting;                           /* for the store, */
    uint64_t keep_ns;                         /* until then */
    bool crowd;                               /* the last time there were many */
    struct el_dhcp_record records[BATCH_MAX]; /* of those that wait */
    struct el_dhcp_output batch[BATCH_MAX];
};

/* -- sending -- */

static int send_bytes(struct el_dhcp_io *io, const uint8_t *frame, size_t len)
{
    struct el_slice slice = {(uint8_t *)frame, len};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    return io->port ? el_port_send(io->port, &tx) : EL_ENOENT;
}

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
    return send_bytes(io, frame, (size_t)len);
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
    if (!io->store.put)
        return 0;
    for (size_t i = 0; i < io->waiting; i++)
        io->records[i] = io->batch[i].record;
    return io->store.put(io->store.arg, io->records, io->waiting, err);
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
    io->crowd = io->waiting >= CROWD;
    io->waiting = 0;
}

/* What the server wants done: now, or when its lease is kept. OUT is the batch's next place. */
static void take(struct el_dhcp_io *io, const struct el_dhcp_output *out)
{
    uint8_t frame[EL_DHCP_ARP_FRAME];
    struct el_ip ip;

    if (out->probe) {
        ip = el_ip4(out->probe);
        el_dhcp_arp_probe(&io->port_mac, &ip, frame);
        (void)send_bytes(io, frame, sizeof frame); /* lost, it was as if nobody had answered */
    }
    if (!out->durable) {
        send_reply(io, out);
        return;
    }
    if (io->waiting == 0)
        io->keep_ns = el_net_now_ns(io->net) + (io->crowd ? GATHER_MS * EL_MS : 0);
    if (++io->waiting == BATCH_MAX)
        flush(io);
}

/* -- what we are -- */

static void log_mode(const struct el_dhcp_io *io)
{
    bool proxy = io->watch.mode == EL_DHCP_MODE_PROXY;

    if (proxy)
        EL_LOG(EL_LOG_INFO, "dhcp", "proxy",
               EL_STR("what", "another DHCP server gives addresses: machines are told here only "
                              "what to boot"));
    else
        EL_LOG(EL_LOG_INFO, "dhcp", "server",
               EL_STR("what", "no other DHCP server answers: addresses are given here"));
}

/* Asks who else is here when it is time to, and goes by what is known. */
static void judge(struct el_dhcp_io *io, uint64_t now_ns)
{
    uint8_t frame[EL_DHCP_WATCH_FRAME];
    size_t len = el_dhcp_watch_output(&io->watch, now_ns, frame);
    enum el_dhcp_mode mode = el_dhcp_watch_mode(&io->watch);

    if (len > 0)
        (void)send_bytes(io, frame, len);
    if (mode != el_dhcp_mode(io->server))
        log_mode(io);
    el_dhcp_set_mode(io->server, mode, io->hears && el_dhcp_watch_is_alone(&io->watch, now_ns),
                     now_ns);
}

/* A due timer fires when the loop has read what there is to read. */
static void set_timer(struct el_dhcp_io *io)
{
    uint64_t next_ns = el_earlier(el_dhcp_deadline(io->server), el_dhcp_watch_deadline(&io->watch));

    el_net_timer_set(io->timer, io->waiting > 0 ? el_earlier(io->keep_ns, next_ns) : next_ns);
}

/* Does all that is due. */
static void turn(struct el_dhcp_io *io)
{
    uint64_t now_ns = el_net_now_ns(io->net);
    int64_t wall_s = el_net_wall_s(io->net);

    judge(io, now_ns);
    el_dhcp_tick(io->server, now_ns);
    while (el_dhcp_output(io->server, now_ns, wall_s, &io->batch[io->waiting]) > 0)
        take(io, &io->batch[io->waiting]);
    set_timer(io);
}

static void on_timer(void *arg)
{
    struct el_dhcp_io *io = arg;

    if (io->waiting > 0 && el_net_now_ns(io->net) >= io->keep_ns)
        flush(io);
    turn(io);
}

/* -- receiving -- */

static void relay_up(struct el_dhcp_io *io, const uint8_t *bytes, size_t len)
{
    struct el_dhcp_output *out = &io->relayed;

    if (!io->to_relay || el_dhcp_relay_up(&io->relay, bytes, len, out) == 0)
        return;
    int rc = el_net_udp_send(io->to_relay, &out->to, &out->from, out->bytes, out->len);
    if (rc != 0)
        EL_LOG(EL_LOG_WARN, "dhcp", "not-relayed", EL_ENDPOINT("to", &out->to),
               EL_STR("why", el_strerror(rc)));
}

/* Whether it was an answer of the server that we relay to. */
static bool relay_down(struct el_dhcp_io *io, const struct el_endpoint *from, const uint8_t *bytes,
                       size_t len)
{
    if (!io->to_relay || len == 0 || bytes[0] != EL_DHCP_BOOTREPLY)
        return false;
    if (el_dhcp_relay_down(&io->relay, from, bytes, len, &io->relayed) > 0)
        send_reply(io, &io->relayed);
    return true;
}

static void receive(struct el_dhcp_io *io, const struct el_net_udp_meta *meta, uint16_t port,
                    const uint8_t *bytes, size_t len)
{
    struct el_dhcp_from from = {.from = meta->from, .to = meta->to};
    uint64_t now_ns = el_net_now_ns(io->net);
    struct el_dhcp_output *out = &io->batch[io->waiting];

    if (port == EL_DHCP_PORT_SERVER && relay_down(io, &meta->from, bytes, len))
        return;
    from.to.port = port;
    if (el_dhcp_input(io->server, now_ns, el_net_wall_s(io->net), &from, bytes, len, out) > 0)
        take(io, out);
    if (port == EL_DHCP_PORT_SERVER)
        relay_up(io, bytes, len);
    set_timer(io);
}

static void on_relay(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                     size_t len)
{
    receive(arg, meta, EL_DHCP_PORT_SERVER, bytes, len);
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

void el_dhcp_io_frame(struct el_dhcp_io *io, const uint8_t *frame, size_t len)
{
    uint64_t now_ns = el_net_now_ns(io->net);
    size_t leased = el_dhcp_leases_count(el_dhcp_leases(io->server), EL_DHCP_BOUND);
    struct el_dhcp_heard heard = {.offered.family = 0};

    io->hears = true;
    switch (el_dhcp_watch_input(&io->watch, now_ns, frame, len, leased, &heard)) {
    case EL_DHCP_HEARD_NOTHING: break;
    case EL_DHCP_HEARD_ARP:
        if (!el_dhcp_heard(io->server, now_ns, el_ip4_number(&heard.ip), &heard.mac))
            return; /* most of them */
        break;
    case EL_DHCP_HEARD_SERVER:
        if (io->foreign)
            io->foreign(io->foreign_arg, &heard);
        break;
    }
    turn(io);
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

static int open_relay(struct el_dhcp_io *io, const struct el_dhcp_io_config *config,
                      struct el_err *err)
{
    struct el_net_udp_config udp = {.inherited_fd = config->relay_fd};

    if (config->relay_to.family != 4)
        return 0;
    io->relay = (struct el_dhcp_relay){.server = config->relay_to,
                                       .own = config->server.server,
                                       .circuit = config->server.network};
    return el_net_udp_open(config->relay_net, &udp, on_relay, io, &io->to_relay, err);
}

/* What was kept is loaded: so it is known whether we were the server. */
static void begin(struct el_dhcp_io *io, const struct el_dhcp_io_config *config)
{
    bool leased = el_dhcp_leases_count(el_dhcp_leases(io->server), EL_DHCP_BOUND) > 0;

    el_dhcp_watch_init(&io->watch, &io->port_mac, &config->server.server, config->mode,
                       config->judge, leased, el_net_now_ns(io->net));
    el_dhcp_set_mode(io->server, io->watch.mode, false, el_net_now_ns(io->net));
    turn(io);
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
    io->foreign = config->foreign;
    io->foreign_arg = config->foreign_arg;
    io->server = el_dhcp_new(&config->server, err);
    io->timer = el_net_timer_new(net, on_timer, io);
    if (!io->server || !io->timer ||
        (io->store.load && io->store.load(io->store.arg, restore, io, err) != 0) ||
        open_sockets(io, config, err) != 0 || open_relay(io, config, err) != 0) {
        el_dhcp_io_stop(io);
        return NULL;
    }
    begin(io, config);
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
    el_net_udp_close(io->to_relay);
    el_net_timer_free(io->timer);
    el_dhcp_free(io->server);
    free(io);
}

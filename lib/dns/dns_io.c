/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS server: sockets, the clock, the log. */
#include "dns/dns_io.h"

#include "base/log.h"
#include "dns/dns_streams_io.h"
#include "dns/dns_upstream_io.h"

#include <stdlib.h>

struct el_dns_io {
    struct el_net *net;
    struct el_dns_io_config config;
    struct el_dns *dns;
    struct el_net_timer *timer;
    uint64_t deadline_ns; /* that the timer is set to */
    struct el_net_udp *udp[EL_DNS_IO_LISTENS];
    struct el_dns_streams *streams;
    struct el_dns_sockets *sockets;
    uint8_t reply[EL_DNS_MESSAGE_BYTES];
};

static void send_reply(struct el_dns_io *io, const struct el_dns_asker *asker, const uint8_t *bytes,
                       size_t len)
{
    bool six = asker->from.ip.family == 6;

    if (asker->stream) {
        el_dns_streams_send(io->streams, asker, bytes, len);
        return;
    }
    for (unsigned i = 0; i < io->config.listen_count; i++)
        if ((io->config.listen[i].udp.bind.ip.family == 6) == six) {
            /* What cannot be sent is lost: he asks again. */
            (void)el_net_udp_send(io->udp[i], &asker->from, &asker->to, bytes, len);
            return;
        }
}

/* Does what the machine wants done, and sets the clock. */
static void run(struct el_dns_io *io)
{
    uint64_t now_ns = el_net_now_ns(io->net);
    struct el_dns_output out;

    while (el_dns_output(io->dns, now_ns, &out)) {
        if (out.kind == EL_DNS_REPLY)
            send_reply(io, &out.asker, out.bytes, out.len);
        else if (out.kind == EL_DNS_END)
            el_dns_sockets_close(io->sockets, out.slot);
        else if (el_dns_sockets_send(io->sockets, &out) < 0)
            el_dns_broken(io->dns, now_ns, out.slot);
    }
    uint64_t deadline_ns = el_dns_deadline(io->dns);
    if (deadline_ns == io->deadline_ns) /* as ever while all is known */
        return;
    io->deadline_ns = deadline_ns;
    el_net_timer_set(io->timer, deadline_ns);
}

static void on_timer(void *arg)
{
    struct el_dns_io *io = arg;

    io->deadline_ns = EL_NEVER;
    el_dns_tick(io->dns, el_net_now_ns(io->net));
    run(io);
}

/* -- clients -- */

static void ask(struct el_dns_io *io, const struct el_dns_asker *asker, const uint8_t *bytes,
                size_t len)
{
    size_t answer =
        el_dns_ask(io->dns, el_net_now_ns(io->net), asker, bytes, len, io->reply, sizeof io->reply);

    if (answer > 0)
        send_reply(io, asker, io->reply, answer);
    run(io);
}

static void on_datagram(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    const struct el_dns_asker asker = {.from = meta->from, .to = meta->to.ip};
    bool group = meta->to.ip.family == 4 ? meta->to.ip.b[0] >= 224 : meta->to.ip.b[0] == 0xff;

    if (!group && meta->from.port > 0) /* RFC 1123 §6.1.3.2; and nobody is at port 0 */
        ask(arg, &asker, bytes, len);
}

static void on_question(void *arg, const struct el_dns_asker *asker, const uint8_t *bytes,
                        size_t len)
{
    ask(arg, asker, bytes, len);
}

/* -- servers -- */

static void on_heard(void *arg, unsigned slot, const struct el_endpoint *from, const uint8_t *bytes,
                     size_t len)
{
    struct el_dns_io *io = arg;

    el_dns_heard(io->dns, el_net_now_ns(io->net), slot, from, bytes, len);
    run(io);
}

static void on_broken(void *arg, unsigned slot)
{
    struct el_dns_io *io = arg;

    el_dns_broken(io->dns, el_net_now_ns(io->net), slot);
    run(io);
}

/* -- the log -- */

static void on_told(void *arg, const struct el_dns_told *told)
{
    struct el_dns_io *io = arg;
    char name[EL_DNS_NAME_TEXT];

    if (el_log_wants(EL_LOG_DEBUG) && told->question)
        EL_LOG(EL_LOG_DEBUG, "dns", el_dns_how_names[told->how],
               EL_STR("name", el_dns_name_text(&told->question->name, name)),
               EL_UINT("type", told->question->type), EL_UINT("rcode", told->rcode),
               EL_UINT("us", told->took_ns / EL_US), EL_IP("client", told->client));
    if (io->config.dns.told)
        io->config.dns.told(io->config.dns.told_arg, told);
}

/* -- life -- */

static int open_sockets(struct el_dns_io *io, struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; i < io->config.listen_count && rc == 0; i++) {
        rc = el_net_udp_open(io->net, &io->config.listen[i].udp, on_datagram, io, &io->udp[i], err);
        if (rc == 0)
            rc = el_dns_streams_listen(io->streams, &io->config.listen[i].tcp, err);
    }
    return rc;
}

int el_dns_io_start(struct el_net *net, const struct el_dns_io_config *config,
                    struct el_dns_io **result, struct el_err *err)
{
    static const struct el_dns_sockets_events events = {.heard = on_heard, .broken = on_broken};
    struct el_dns_io *io = calloc(1, sizeof *io);

    if (!io)
        return el_err(err, EL_ENOMEM, "dns: out of memory");
    io->net = net;
    io->config = *config;
    io->deadline_ns = EL_NEVER;
    struct el_dns_config machine = config->dns;
    machine.told = on_told;
    machine.told_arg = io;
    io->dns = el_dns_new(&machine);
    io->timer = el_net_timer_new(net, on_timer, io);
    io->streams = el_dns_streams_new(net, on_question, io);
    io->sockets = el_dns_sockets_new(config->outside, &events, io);
    int rc = io->dns && io->timer && io->streams && io->sockets
                 ? open_sockets(io, err)
                 : el_err(err, EL_ENOMEM, "dns: out of memory");
    if (rc < 0) {
        el_dns_io_stop(io);
        return rc;
    }
    *result = io;
    return 0;
}

void el_dns_io_ask(struct el_dns_io *io, const struct el_endpoint *servers, unsigned count)
{
    el_dns_set_upstreams(io->dns, servers, count);
}

const struct el_dns *el_dns_io_machine(const struct el_dns_io *io)
{
    return io->dns;
}

void el_dns_io_stop(struct el_dns_io *io)
{
    if (!io)
        return;
    for (unsigned i = 0; i < EL_DNS_IO_LISTENS; i++)
        el_net_udp_close(io->udp[i]);
    el_dns_streams_free(io->streams);
    el_dns_sockets_free(io->sockets);
    el_net_timer_free(io->timer);
    el_dns_free(io->dns);
    free(io);
}

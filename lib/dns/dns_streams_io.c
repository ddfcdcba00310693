/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients over TCP. */
#include "dns/dns_streams_io.h"

#include "dns/dns_frames.h"

#include <stdlib.h>

enum { LISTENERS = 2 };

struct connection {
    struct el_dns_streams *streams;
    struct el_net_stream *stream; /* NULL: not in use */
    struct el_net_timer *idle;
    struct el_dns_asker asker;
    unsigned unanswered;
    bool finished; /* he asks nothing more */
    struct el_dns_frames frames;
    uint8_t bytes[EL_DNS_FRAME_BYTES + EL_DNS_QUESTION_BYTES];
};

struct el_dns_streams {
    struct el_net *net;
    el_dns_streams_cb *cb;
    void *arg;
    uint64_t made; /* connections so far: a name is never given twice */
    struct el_net_listen *listeners[LISTENERS];
    unsigned listener_count;
    struct connection connections[EL_DNS_STREAMS];
};

static void hang_up(struct connection *c)
{
    el_net_stream_close(c->stream);
    c->stream = NULL;
    el_net_timer_set(c->idle, EL_NEVER);
}

static void on_idle(void *arg)
{
    hang_up(arg);
}

static void stay(struct connection *c)
{
    el_net_timer_set(c->idle, el_net_now_ns(c->streams->net) + EL_DNS_STREAM_IDLE_S * EL_S);
}

/* -- questions -- */

static void on_data(void *arg, const uint8_t *bytes, size_t left)
{
    struct connection *c = arg;
    uint64_t name = c->asker.stream;
    const uint8_t *message;
    size_t len;
    int rc;

    while ((rc = el_dns_frames_take(&c->frames, &bytes, &left, &message, &len)) == 1) {
        stay(c);
        c->unanswered++;
        c->streams->cb(c->streams->arg, &c->asker, message, len);
        if (!c->stream || c->asker.stream != name) /* hung up on, for what he was answered */
            return;
    }
    if (rc < 0)
        hang_up(c);
}

/* Who asks nothing more and has all his answers is done. */
static void end_if_done(struct connection *c)
{
    if (c->finished && c->unanswered == 0 && el_net_stream_queued(c->stream) == 0)
        hang_up(c);
}

static void on_drained(void *arg)
{
    end_if_done(arg);
}

static void on_ended(void *arg, int code)
{
    struct connection *c = arg;

    c->finished = true;
    if (code < 0)
        hang_up(c);
    else
        end_if_done(c);
}

/* -- connections -- */

static struct connection *find_room(struct el_dns_streams *streams, const struct el_ip *ip)
{
    struct connection *room = NULL;
    unsigned his = 0;

    for (unsigned i = 0; i < EL_DNS_STREAMS; i++) {
        struct connection *c = &streams->connections[i];
        if (!c->stream)
            room = room ? room : c;
        else
            his += el_ip_equal(&c->asker.from.ip, ip);
    }
    return his < EL_DNS_STREAMS_EACH ? room : NULL;
}

static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const struct el_net_stream_events events = {
        .data = on_data, .drained = on_drained, .ended = on_ended};
    struct el_dns_streams *streams = arg;
    struct connection *c = find_room(streams, &peer->ip);

    if (c && !c->idle)
        c->idle = el_net_timer_new(streams->net, on_idle, c);
    if (!c || !c->idle) {
        el_net_stream_close(stream);
        return;
    }
    c->streams = streams;
    c->stream = stream;
    c->asker = (struct el_dns_asker){.from = *peer, .to = local->ip, .stream = ++streams->made};
    c->unanswered = 0;
    c->finished = false;
    c->frames = (struct el_dns_frames){.bytes = c->bytes, .capacity = sizeof c->bytes};
    el_net_stream_set_events(stream, &events, c);
    stay(c);
}

void el_dns_streams_send(struct el_dns_streams *streams, const struct el_dns_asker *asker,
                         const uint8_t *bytes, size_t len)
{
    const uint8_t length[EL_DNS_FRAME_BYTES] = {(uint8_t)(len >> 8), (uint8_t)len};

    for (unsigned i = 0; i < EL_DNS_STREAMS; i++) {
        struct connection *c = &streams->connections[i];
        if (!c->stream || c->asker.stream != asker->stream)
            continue;
        c->unanswered -= c->unanswered > 0;
        if (el_net_stream_queued(c->stream) > EL_DNS_UNREAD_BYTES ||
            el_net_stream_write(c->stream, length, sizeof length) < 0 ||
            el_net_stream_write(c->stream, bytes, len) < 0)
            hang_up(c);
        return;
    }
}

/* -- life -- */

struct el_dns_streams *el_dns_streams_new(struct el_net *net, el_dns_streams_cb *cb, void *arg)
{
    struct el_dns_streams *streams = calloc(1, sizeof *streams);

    if (!streams)
        return NULL;
    streams->net = net;
    streams->cb = cb;
    streams->arg = arg;
    return streams;
}

int el_dns_streams_listen(struct el_dns_streams *streams, const struct el_net_listen_config *config,
                          struct el_err *err)
{
    struct el_net_listen **listener = &streams->listeners[streams->listener_count];

    if (streams->listener_count == LISTENERS)
        return el_err(err, EL_EFULL, "dns: at most %d addresses", LISTENERS);
    int rc = el_net_listen(streams->net, config, on_accept, streams, listener, err);
    streams->listener_count += rc == 0;
    return rc;
}

void el_dns_streams_free(struct el_dns_streams *streams)
{
    if (!streams)
        return;
    for (unsigned i = 0; i < streams->listener_count; i++)
        el_net_listen_close(streams->listeners[i]);
    for (unsigned i = 0; i < EL_DNS_STREAMS; i++) {
        el_net_stream_close(streams->connections[i].stream);
        el_net_timer_free(streams->connections[i].idle);
    }
    free(streams);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/net.h: every call goes to the provider that made the object. */
#include "net/net.h"

#include "net/provider.h"

uint64_t el_net_now_ns(const struct el_net *net)
{
    return net->ops->now_ns(net);
}

int64_t el_net_wall_s(const struct el_net *net)
{
    return net->ops->wall_s(net);
}

struct el_net_timer *el_net_timer_new(struct el_net *net, el_net_timer_cb *cb, void *arg)
{
    return net->ops->timer_new(net, cb, arg);
}

void el_net_timer_set(struct el_net_timer *timer, uint64_t deadline_ns)
{
    timer->ops->timer_set(timer, deadline_ns);
}

void el_net_timer_free(struct el_net_timer *timer)
{
    if (timer)
        timer->ops->timer_free(timer);
}

int el_net_udp_open(struct el_net *net, const struct el_net_udp_config *config, el_net_udp_cb *cb,
                    void *arg, struct el_net_udp **udp, struct el_err *err)
{
    return net->ops->udp_open(net, config, cb, arg, udp, err);
}

int el_net_udp_send(struct el_net_udp *udp, const struct el_endpoint *to, const struct el_ip *from,
                    const uint8_t *bytes, size_t len)
{
    return udp->ops->udp_send(udp, to, from, bytes, len);
}

struct el_endpoint el_net_udp_local(const struct el_net_udp *udp)
{
    return udp->ops->udp_local(udp);
}

int el_net_udp_sibling(struct el_net_udp *udp, const struct el_ip *from, el_net_udp_cb *cb,
                       void *arg, struct el_net_udp **sibling)
{
    return udp->ops->udp_sibling(udp, from, cb, arg, sibling);
}

void el_net_udp_close(struct el_net_udp *udp)
{
    if (udp)
        udp->ops->udp_close(udp);
}

int el_net_listen(struct el_net *net, const struct el_net_listen_config *config,
                  el_net_accept_cb *cb, void *arg, struct el_net_listen **listen,
                  struct el_err *err)
{
    return net->ops->listen(net, config, cb, arg, listen, err);
}

void el_net_listen_close(struct el_net_listen *listen)
{
    if (listen)
        listen->ops->listen_close(listen);
}

struct el_endpoint el_net_listen_local(const struct el_net_listen *listen)
{
    return listen->ops->listen_local(listen);
}

int el_net_connect(struct el_net *net, const struct el_net_connect_config *config,
                   const struct el_net_stream_events *events, void *arg,
                   struct el_net_stream **stream, struct el_err *err)
{
    return net->ops->connect(net, config, events, arg, stream, err);
}

void el_net_stream_set_events(struct el_net_stream *stream,
                              const struct el_net_stream_events *events, void *arg)
{
    stream->events = *events;
    stream->arg = arg;
}

int el_net_stream_write(struct el_net_stream *stream, const uint8_t *bytes, size_t len)
{
    return stream->ops->stream_write(stream, bytes, len);
}

int el_net_stream_send_file(struct el_net_stream *stream, int fd, uint64_t offset, uint64_t len)
{
    return stream->ops->stream_send_file(stream, fd, offset, len);
}

size_t el_net_stream_queued(const struct el_net_stream *stream)
{
    return stream->ops->stream_queued(stream);
}

void el_net_stream_pause(struct el_net_stream *stream, bool paused)
{
    stream->ops->stream_pause(stream, paused);
}

void el_net_stream_finish(struct el_net_stream *stream)
{
    stream->ops->stream_finish(stream);
}

void el_net_stream_close(struct el_net_stream *stream)
{
    if (stream)
        stream->ops->stream_close(stream);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of the lwIP provider.
 *
 * What is written is queued here and goes to lwIP at the stream's turn, which copies it into
 * segments: TCP_SND_BUF of them at most, and less if packets have used up most of their memory, so
 * that many slow peers cannot starve the others. What comes is kept here until the owner takes it,
 * and only then the peer's window opens again.
 *
 * lwIP frees a connection by itself when it has failed, and when both sides have finished. `failed`
 * tells of the first; the second happens in silence, so a connection on which neither side has
 * anything left to say is let go at once and ends on its own.
 */
#include "net/lwip_stack.h"
#include "net/queue.h"

#include <lwip/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 65535,         /* given to lwIP at once, read from a file at once */
    LOW_BYTES = TCP_SND_BUF / 4, /* room that is worth a turn */
    SCARCE_BYTES = 4 * TCP_MSS,  /* where memory is scarce, no more than this is on the way … */
    SCARCE_UNREAD = 16384,       /* … and this unread */
    MSS_MIN = 88,                /* a peer that wants smaller segments wants mischief */
    POLL_TICKS = 5,              /* half a second: when to try again what had no memory */
};

struct lwip_listen {
    struct el_net_listen base;
    struct el_lwip_open open;
    struct tcp_pcb *pcb;
    struct el_endpoint local;
};

struct lwip_stream {
    struct el_net_stream base;
    struct el_lwip_open open;
    struct tcp_pcb *pcb;          /* NULL: lwIP has nothing to do with it any more */
    struct lwip_listen *listener; /* that has not told its owner yet */
    struct el_endpoint peer, local;
    struct el_net_queue queue;  /* to be sent */
    struct el_net_queue unread; /* has come */
    bool connecting;
    bool opened; /* to be told */
    bool paused;
    bool fin;       /* the peer has finished */
    bool fin_told;  /* `ended` has been called with 0 */
    bool undrained; /* something was queued since the last `drained` */
    bool finishing;
    bool finished; /* our FIN is lwIP's to send */
    bool lost_told;
    int lost; /* why; 0: it is not */
};

static struct lwip_stream *stream_of(struct el_lwip_open *open)
{
    return (struct lwip_stream *)((uint8_t *)open - offsetof(struct lwip_stream, open));
}

static struct lwip_listen *listen_of(struct el_lwip_open *open)
{
    return (struct lwip_listen *)((uint8_t *)open - offsetof(struct lwip_listen, open));
}

/* -- lwIP's callbacks: nothing but notes -- */

/* From here on the connection is lwIP's alone. It makes room if a new one needs it. */
static struct tcp_pcb *let_go(struct lwip_stream *stream)
{
    struct tcp_pcb *pcb = stream->pcb;

    stream->pcb = NULL;
    if (!pcb)
        return NULL;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    tcp_setprio(pcb, TCP_PRIO_MIN);
    return pcb;
}

static err_t keep_unread(struct lwip_stream *stream, const struct pbuf *packet)
{
    struct el_net_queue *unread = &stream->unread;

    if (unread->bytes > SCARCE_UNREAD && el_lwip_is_scarce())
        return ERR_MEM;
    for (const struct pbuf *p = packet; p; p = p->next)
        if (el_net_queue_bytes(unread, p->payload, p->len) < 0)
            return ERR_MEM;
    return ERR_OK;
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *packet, err_t err)
{
    struct lwip_stream *stream = arg;

    (void)pcb;
    (void)err;
    if (packet) {
        err_t code = keep_unread(stream, packet);

        if (code != ERR_OK)
            return code; /* it is offered again */
        pbuf_free(packet);
    } else {
        stream->fin = true;
        if (stream->finished)
            let_go(stream);
    }
    el_lwip_soon(&stream->open);
    return ERR_OK;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct lwip_stream *stream = arg;

    (void)pcb;
    (void)len;
    if (stream->queue.head)
        el_lwip_soon(&stream->open);
    return ERR_OK;
}

static err_t polled(void *arg, struct tcp_pcb *pcb)
{
    return sent(arg, pcb, 0);
}

static void failed(void *arg, err_t err)
{
    struct lwip_stream *stream = arg;

    stream->pcb = NULL;
    stream->lost = err == ERR_RST || err == ERR_CLSD ? EL_ECLOSED : EL_EIO;
    el_lwip_soon(&stream->open);
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct lwip_stream *stream = arg;

    (void)pcb;
    (void)err;
    stream->connecting = false;
    stream->opened = true;
    el_lwip_soon(&stream->open);
    return ERR_OK;
}

/* -- turns -- */

static bool is_gone(const struct lwip_stream *stream)
{
    return stream->open.closed || stream->lost != 0;
}

static void reset(struct lwip_stream *stream)
{
    struct tcp_pcb *pcb = let_go(stream);

    if (pcb)
        tcp_abort(pcb);
}

/* Tells the owner what has come. A chunk stays where it is while he looks at it: closing does not
 * free it before the next turn. */
static void deliver(struct lwip_stream *stream)
{
    struct el_net_chunk *chunk;

    while (!stream->open.closed && !stream->paused && (chunk = stream->unread.head)) {
        size_t len = (size_t)chunk->left;

        if (stream->base.events.data)
            stream->base.events.data(stream->base.arg, chunk->bytes + chunk->offset, len);
        if (stream->open.closed)
            return;
        el_net_queue_consume(&stream->unread, len);
        for (size_t told = 0; stream->pcb && told < len; told += PIECE_BYTES)
            tcp_recved(stream->pcb, (u16_t)(len - told < PIECE_BYTES ? len - told : PIECE_BYTES));
    }
    if (!stream->open.closed && stream->fin && !stream->fin_told && !stream->unread.head &&
        !stream->paused) {
        stream->fin_told = true;
        if (stream->base.events.ended)
            stream->base.events.ended(stream->base.arg, 0);
    }
}

static void tell_lost(struct lwip_stream *stream)
{
    if (stream->lost_told)
        return;
    stream->lost_told = true;
    el_net_queue_clear(&stream->queue);
    el_net_queue_clear(&stream->unread);
    if (stream->base.events.ended)
        stream->base.events.ended(stream->base.arg, stream->lost);
}

/* How much lwIP may be given now. */
static size_t room(const struct lwip_stream *stream)
{
    const struct tcp_pcb *pcb = stream->pcb;
    size_t free_bytes = pcb->snd_buf; /* tcp_sndbuf() stops at 65535 */
    size_t under_way = TCP_SND_BUF - free_bytes;

    if (tcp_sndqueuelen(pcb) >= TCP_SNDQUEUELOWAT)
        return 0;
    if (el_lwip_is_scarce())
        return under_way < SCARCE_BYTES ? SCARCE_BYTES - under_way : 0;
    return under_way > 0 && free_bytes < LOW_BYTES ? 0 : free_bytes;
}

/* Up to LEN bytes of the first chunk to lwIP: the bytes taken, 0 for "not now", or an error. */
static ssize_t give_chunk(struct lwip_stream *stream, size_t len)
{
    static uint8_t piece[PIECE_BYTES];
    const struct el_net_chunk *chunk = stream->queue.head;
    const uint8_t *bytes = chunk->bytes + chunk->offset;
    err_t code;

    if (len > PIECE_BYTES)
        len = PIECE_BYTES;
    if (len > chunk->left)
        len = (size_t)chunk->left;
    if (chunk->fd >= 0) {
        ssize_t got = pread(chunk->fd, piece, len, (off_t)chunk->offset);

        if (got <= 0) /* the file is shorter than was said */
            return EL_EIO;
        len = (size_t)got;
        bytes = piece;
    }
    code = tcp_write(stream->pcb, bytes, (u16_t)len,
                     TCP_WRITE_FLAG_COPY | (stream->queue.bytes > len ? TCP_WRITE_FLAG_MORE : 0));
    if (code == ERR_OK)
        return (ssize_t)len;
    return code == ERR_MEM ? 0 : EL_ECLOSED;
}

static int give(struct lwip_stream *stream)
{
    size_t left = room(stream);
    ssize_t given = 0;

    while (stream->queue.head && left > 0 && (given = give_chunk(stream, left)) > 0) {
        left -= (size_t)given;
        el_net_queue_consume(&stream->queue, (uint64_t)given);
    }
    return given < 0 ? (int)given : 0;
}

static void pump(struct lwip_stream *stream)
{
    int code;

    if (!stream->pcb || stream->connecting || stream->finished)
        return;
    code = give(stream);
    if (code < 0) {
        reset(stream);
        stream->lost = code;
        tell_lost(stream);
        return;
    }
    if (!stream->queue.head && stream->finishing) {
        stream->finished = true;
        tcp_shutdown(stream->pcb, 0, 1);
    }
    tcp_output(stream->pcb);
    if (stream->finished && stream->fin)
        let_go(stream);
    if (stream->queue.head || !stream->undrained)
        return;
    stream->undrained = false;
    if (stream->base.events.drained)
        stream->base.events.drained(stream->base.arg);
}

static void stream_turn(struct el_lwip_open *open)
{
    struct lwip_stream *stream = stream_of(open);
    struct lwip_listen *listener = stream->listener;

    stream->listener = NULL;
    if (listener)
        listener->base.cb(listener->base.arg, &stream->base, &stream->peer, &stream->local);
    if (!stream->open.closed && stream->opened) {
        stream->opened = false;
        if (stream->base.events.opened)
            stream->base.events.opened(stream->base.arg);
    }
    if (!stream->open.closed)
        deliver(stream);
    if (!stream->open.closed && stream->lost)
        tell_lost(stream);
    if (!is_gone(stream))
        pump(stream);
}

/* -- opening and closing -- */

static void stream_shut(struct el_lwip_open *open)
{
    struct lwip_stream *stream = stream_of(open);
    struct tcp_pcb *pcb;

    if (stream->queue.head || stream->connecting) {
        reset(stream);
        return;
    }
    pcb = let_go(stream);
    if (pcb && tcp_close(pcb) != ERR_OK) /* with something unread it resets, as Linux does */
        tcp_abort(pcb);
}

static void stream_free(struct el_lwip_open *open)
{
    struct lwip_stream *stream = stream_of(open);

    el_net_queue_clear(&stream->queue);
    el_net_queue_clear(&stream->unread);
    free(stream);
}

static struct lwip_stream *stream_new(struct el_lwip_net *net, struct tcp_pcb *pcb)
{
    struct lwip_stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    stream->base.ops = &el_net_lwip_ops;
    stream->pcb = pcb;
    stream->open.turn = stream_turn;
    stream->open.shut = stream_shut;
    stream->open.free = stream_free;
    el_lwip_open(&stream->open, net);
    tcp_arg(pcb, stream);
    tcp_recv(pcb, received);
    tcp_sent(pcb, sent);
    tcp_err(pcb, failed);
    tcp_poll(pcb, polled, POLL_TICKS);
    tcp_nagle_disable(pcb);
    return stream;
}

/* -- listening -- */

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct lwip_listen *listener = arg;
    struct lwip_stream *stream;

    if (err != ERR_OK || !pcb || !listener || pcb->mss < MSS_MIN)
        return ERR_VAL; /* lwIP resets it */
    stream = stream_new(listener->open.net, pcb);
    if (!stream)
        return ERR_MEM;
    stream->listener = listener;
    stream->peer = el_lwip_endpoint(&pcb->remote_ip, pcb->remote_port);
    stream->local = el_lwip_endpoint(&pcb->local_ip, pcb->local_port);
    el_lwip_soon(&stream->open);
    return ERR_OK;
}

/* Those it has not told its owner of go with it. */
static void listen_shut(struct el_lwip_open *open)
{
    struct lwip_listen *listener = listen_of(open);
    struct el_lwip_open *next;

    tcp_close(listener->pcb);
    for (struct el_lwip_open *other = open->net->opens; other; other = next) {
        next = other->next;
        if (other->turn == stream_turn && stream_of(other)->listener == listener)
            el_lwip_close(other);
    }
}

static void listen_turn(struct el_lwip_open *open)
{
    (void)open;
}

static void listen_free(struct el_lwip_open *open)
{
    free(listen_of(open));
}

static err_t bind_to(struct tcp_pcb *pcb, struct el_lwip_net *net, uint16_t port)
{
    err_t code = ERR_USE;

    tcp_bind_netif(pcb, &net->netif);
    if (port)
        return tcp_bind(pcb, netif_ip_addr4(&net->netif), port);
    for (int i = 0; i < EL_LWIP_PORT_TRIES && code == ERR_USE; i++)
        code = tcp_bind(pcb, netif_ip_addr4(&net->netif), el_lwip_random_port());
    return code;
}

static err_t listen_make(struct lwip_listen *listener)
{
    struct el_lwip_net *net = listener->open.net;
    struct tcp_pcb *pcb, *listening = NULL;
    err_t code;

    if (!el_lwip_is_ours(net, &listener->local.ip))
        return ERR_RTE;
    pcb = tcp_new();
    if (!pcb)
        return ERR_MEM;
    ip_set_option(pcb, SOF_REUSEADDR); /* a listener may come back while old connections linger */
    code = bind_to(pcb, net, listener->local.port);
    if (code == ERR_OK)
        listening = tcp_listen_with_backlog_and_err(pcb, TCP_DEFAULT_LISTEN_BACKLOG, &code);
    if (!listening) {
        tcp_abort(pcb);
        return code;
    }
    listener->pcb = listening;
    listener->local.port = listening->local_port;
    tcp_arg(listening, listener);
    tcp_accept(listening, accepted);
    return ERR_OK;
}

int el_net_lwip_listen(struct el_net *net, const struct el_net_listen_config *config,
                       el_net_accept_cb *cb, void *arg, struct el_net_listen **made,
                       struct el_err *err)
{
    struct lwip_listen *listener;
    err_t code;

    if (config->inherited_fd >= 0)
        return el_err(err, EL_ENOTSUP, "tcp: descriptors are the kernel's");
    listener = calloc(1, sizeof *listener);
    if (!listener)
        return el_err(err, EL_ENOMEM, "tcp: out of memory");
    listener->base = (struct el_net_listen){&el_net_lwip_ops, cb, arg};
    listener->open = (struct el_lwip_open){
        .net = el_lwip_net_of(net), .turn = listen_turn, .shut = listen_shut, .free = listen_free};
    listener->local = config->bind;
    code = listen_make(listener);
    if (code != ERR_OK) {
        free(listener);
        return el_lwip_explain("tcp", &config->bind, code, err);
    }
    if (listener->local.ip.family == 0)
        listener->local.ip.family = 4;
    el_lwip_open(&listener->open, el_lwip_net_of(net));
    *made = &listener->base;
    return 0;
}

void el_net_lwip_listen_close(struct el_net_listen *listener)
{
    el_lwip_close(&((struct lwip_listen *)listener)->open);
}

struct el_endpoint el_net_lwip_listen_local(const struct el_net_listen *listener)
{
    return ((const struct lwip_listen *)listener)->local;
}

/* -- connecting -- */

static bool is_reachable(const struct el_lwip_net *net, const struct el_ip *ip)
{
    return ip->family == 4 && el_ip4_number(ip) != 0 &&
           (net->config.layer == EL_NET_LWIP_IP || net->config.gateway.family == 4 ||
            el_prefix_contains(&net->config.address, ip));
}

int el_net_lwip_connect(struct el_net *base, const struct el_net_connect_config *config,
                        const struct el_net_stream_events *events, void *arg,
                        struct el_net_stream **made, struct el_err *err)
{
    struct el_lwip_net *net = el_lwip_net_of(base);
    ip_addr_t to = el_lwip_ip(&config->to.ip);
    struct tcp_pcb *pcb;
    struct lwip_stream *stream = NULL;
    char where[EL_ENDPOINT_TEXT];
    err_t code = ERR_MEM;

    el_endpoint_text(&config->to, where);
    if (!is_reachable(net, &config->to.ip))
        return el_err(err, EL_ENOENT, "tcp %s: network is unreachable", where);
    if (!el_lwip_is_ours(net, &config->bind.ip))
        return el_lwip_explain("tcp", &config->bind, ERR_RTE, err);
    pcb = tcp_new();
    if (pcb)
        code = bind_to(pcb, net, config->bind.port);
    if (code == ERR_OK) {
        code = ERR_MEM;
        stream = stream_new(net, pcb);
    }
    if (stream)
        code = tcp_connect(pcb, &to, config->to.port, connected);
    if (code != ERR_OK) {
        if (stream)
            el_lwip_close(&stream->open);
        else if (pcb)
            tcp_abort(pcb);
        return el_lwip_explain("tcp", &config->to, code, err);
    }
    stream->connecting = true;
    el_net_stream_set_events(&stream->base, events, arg);
    el_lwip_arm();
    *made = &stream->base;
    return 0;
}

/* -- what the owner of a stream does -- */

/* After something was put into the queue, or not. */
static int queued(struct lwip_stream *stream, int code)
{
    if (code == 0) {
        stream->undrained = true;
        el_lwip_soon(&stream->open);
    }
    return code;
}

int el_net_lwip_stream_write(struct el_net_stream *base, const uint8_t *bytes, size_t len)
{
    struct lwip_stream *stream = (struct lwip_stream *)base;

    if (is_gone(stream) || stream->finishing)
        return EL_ECLOSED;
    return queued(stream, el_net_queue_bytes(&stream->queue, bytes, len));
}

int el_net_lwip_stream_send_file(struct el_net_stream *base, int fd, uint64_t offset, uint64_t len)
{
    struct lwip_stream *stream = (struct lwip_stream *)base;

    if (is_gone(stream) || stream->finishing)
        return EL_ECLOSED;
    return queued(stream, el_net_queue_file(&stream->queue, fd, offset, len));
}

size_t el_net_lwip_stream_queued(const struct el_net_stream *stream)
{
    return (size_t)((const struct lwip_stream *)stream)->queue.bytes;
}

void el_net_lwip_stream_pause(struct el_net_stream *base, bool paused)
{
    struct lwip_stream *stream = (struct lwip_stream *)base;

    stream->paused = paused;
    if (!stream->open.closed)
        el_lwip_soon(&stream->open);
}

void el_net_lwip_stream_finish(struct el_net_stream *base)
{
    struct lwip_stream *stream = (struct lwip_stream *)base;

    stream->finishing = true;
    if (!is_gone(stream))
        el_lwip_soon(&stream->open);
}

void el_net_lwip_stream_close(struct el_net_stream *stream)
{
    el_lwip_close(&((struct lwip_stream *)stream)->open);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets to the servers that are asked. */
#include "dns/dns_upstream_io.h"

#include "dns/dns_frames.h"

#include <stdlib.h>

enum { SLOTS = EL_DNS_FLIGHTS * EL_DNS_TRIES };

struct slot {
    struct el_dns_sockets *sockets;
    struct el_net_udp *udp;
    struct el_net_stream *stream;
    struct el_endpoint at;
    struct el_dns_frames frames; /* of a stream; its memory is the slot's */
};

struct el_dns_sockets {
    struct el_net *net;
    struct el_dns_sockets_events events;
    void *arg;
    struct slot slots[SLOTS];
};

static unsigned index_of(const struct slot *slot)
{
    return (unsigned)(slot - slot->sockets->slots);
}

static void close_slot(struct slot *slot)
{
    el_net_udp_close(slot->udp);
    el_net_stream_close(slot->stream);
    free(slot->frames.bytes);
    *slot = (struct slot){.sockets = slot->sockets};
}

/* -- over UDP -- */

static void on_datagram(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    struct slot *slot = arg;
    struct el_dns_sockets *sockets = slot->sockets;

    sockets->events.heard(sockets->arg, index_of(slot), &meta->from, bytes, len);
}

static int send_datagram(struct slot *slot, const struct el_dns_output *out)
{
    const struct el_net_udp_config config = {
        .bind = {.ip = {.family = out->upstream.ip.family}},
        .inherited_fd = -1,
    };
    int rc = el_net_udp_open(slot->sockets->net, &config, on_datagram, slot, &slot->udp, NULL);

    return rc < 0 ? rc : el_net_udp_send(slot->udp, &out->upstream, NULL, out->bytes, out->len);
}

/* -- over TCP -- */

static void on_data(void *arg, const uint8_t *bytes, size_t left)
{
    struct slot *slot = arg;
    struct el_dns_sockets *sockets = slot->sockets;
    const struct el_endpoint at = slot->at;
    const uint8_t *message;
    size_t len;
    int rc = el_dns_frames_take(&slot->frames, &bytes, &left, &message, &len);

    if (rc == 1) /* one question, one answer */
        sockets->events.heard(sockets->arg, index_of(slot), &at, message, len);
    else if (rc < 0)
        sockets->events.broken(sockets->arg, index_of(slot));
}

static void on_ended(void *arg, int code)
{
    struct slot *slot = arg;

    (void)code; /* finished or lost: there will be no answer */
    slot->sockets->events.broken(slot->sockets->arg, index_of(slot));
}

static void on_drained(void *arg)
{
    (void)arg;
}

static int send_stream(struct slot *slot, const struct el_dns_output *out)
{
    static const struct el_net_stream_events events = {
        .data = on_data, .drained = on_drained, .ended = on_ended};
    const uint8_t length[EL_DNS_FRAME_BYTES] = {(uint8_t)(out->len >> 8), (uint8_t)out->len};
    const struct el_net_connect_config config = {.to = out->upstream};

    slot->frames.capacity = EL_DNS_FRAME_BYTES + EL_DNS_MESSAGE_BYTES;
    slot->frames.bytes = malloc(slot->frames.capacity);
    if (!slot->frames.bytes)
        return EL_ENOMEM;
    int rc = el_net_connect(slot->sockets->net, &config, &events, slot, &slot->stream, NULL);
    if (rc == 0)
        rc = el_net_stream_write(slot->stream, length, sizeof length);
    if (rc == 0)
        rc = el_net_stream_write(slot->stream, out->bytes, out->len);
    return rc;
}

/* -- either -- */

int el_dns_sockets_send(struct el_dns_sockets *sockets, const struct el_dns_output *out)
{
    struct slot *slot = &sockets->slots[out->slot];

    slot->at = out->upstream;
    int rc = out->stream ? send_stream(slot, out) : send_datagram(slot, out);
    if (rc < 0 && rc != EL_EAGAIN) {
        close_slot(slot);
        return rc;
    }
    return 0;
}

void el_dns_sockets_close(struct el_dns_sockets *sockets, unsigned slot)
{
    for (unsigned i = 0; i < EL_DNS_TRIES; i++)
        close_slot(&sockets->slots[slot + i]);
}

struct el_dns_sockets *el_dns_sockets_new(struct el_net *net,
                                          const struct el_dns_sockets_events *events, void *arg)
{
    struct el_dns_sockets *sockets = calloc(1, sizeof *sockets);

    if (!sockets)
        return NULL;
    sockets->net = net;
    sockets->events = *events;
    sockets->arg = arg;
    for (unsigned i = 0; i < SLOTS; i++)
        sockets->slots[i].sockets = sockets;
    return sockets;
}

void el_dns_sockets_free(struct el_dns_sockets *sockets)
{
    if (!sockets)
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        close_slot(&sockets->slots[i]);
    free(sockets);
}

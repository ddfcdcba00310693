/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.
 *
 * The first segment of a flow is held where it lies. A following one that continues it is not
 * copied behind it: its payload becomes one more slice. When the flow is emitted, a copy of the
 * first segment's headers is made into those of the super-frame:
 *
 *     slice 0    headers of the super-frame, in memory of our own
 *     slice 1    [headers][payload]           of the first segment, the payload only
 *     slice 2    [headers][payload]           of the second
 *     ...
 *
 * So the segments themselves are never written to, and the same one may be held for several ports.
 *
 * The transport's checksum is verified segment by segment, and the super-frame says "to be filled
 * in": its field holds the pseudo header's sum, so that no receiver has to add up the payload again
 * (CHECKSUM_PARTIAL).
 *
 * What a cut makes out of the first headers must be what the second frame has. So two frames merge
 * only if (Linux: inet_gro_receive(), tcp_gro_receive(), udp_gro_receive())
 *  - all bytes of the Ethernet headers, VLAN tags included, and addresses and ports are the same;
 *  - neither has IPv4 options, IPv6 extension headers, padding, or is a fragment;
 *  - IPv4: type of service, TTL and flags are the same, the identification counts up by one; IPv6:
 *    traffic class, flow label and hop limit are the same;
 *  - TCP: the sequence number continues; acknowledgment, window, urgent pointer and all options
 *    are the same; there is payload; the flags are ACK, and ECE in both or in none. CWR belongs to
 *    one segment, and SYN, RST and URG mean more than payload: never merged;
 *  - UDP: there is a checksum;
 *  - the second is not longer than the first, and their IP packet still has a length;
 *  - both checksums are right, or partial: then whoever sent them has left them to the last one
 *    who needs them, and no payload is read at all.
 * FIN, PSH, and a segment shorter than the first, end the super-frame behind them, which is where a
 * cut puts them.
 *
 * The checksum of the first segment is looked at only when a second one comes: many never have
 * one. A frame whose checksum is wrong goes out as it is, for the receiver to drop and to count.
 */
#include "frame/gro.h"

#include "frame/csum.h"
#include "frame/layers.h"

#include <stdlib.h>

enum {
    /* What Linux takes as one UDP super-frame (UDP_MAX_SEGMENTS before it was raised to 128). */
    UDP_SEGMENTS_MAX = 64,
    SEGMENTS_MAX = EL_GRO_SLICES - 1, /* the first slice is the headers */
    HEADERS_MAX = EL_ETH_HEADER_MAX + EL_IP6_HEADER + EL_TCP_HEADER_MAX,
    IP_BYTES_MAX = 65535,
    ENDING_FLAGS = EL_TCP_PSH | EL_TCP_FIN,
    OTHER_ZERO = 0xffff, /* a right checksum, but not the one that a cut would write: that is 0 */
};

/* A super-frame in the making. */
struct flow {
    unsigned port;
    uint32_t hash;
    const uint8_t *frame;                  /* the first segment */
    struct el_layers layers;               /* of it */
    struct el_offload offload;             /* of it */
    bool verified;                         /* its checksums are known to be right */
    uint16_t size;                         /* its payload: the segment size */
    uint16_t ending;                       /* FIN and PSH of the last segment */
    size_t payload_len;                    /* of all segments */
    unsigned count;                        /* segments */
    struct el_slice slices[EL_GRO_SLICES]; /* [0] is filled in at the end */
};

struct el_gro {
    struct el_gro_config config;
    uint8_t headers[HEADERS_MAX]; /* of the super-frame that is being emitted */
    /* A permutation of all flows: the first COUNT are held, oldest first, the others are free. */
    struct flow *flows[EL_GRO_FLOWS];
    unsigned count;
    struct flow memory[EL_GRO_FLOWS];
};

struct el_gro *el_gro_new(const struct el_gro_config *config)
{
    struct el_gro *gro = calloc(1, sizeof *gro);

    if (!gro)
        return NULL;
    gro->config = *config;
    for (unsigned i = 0; i < EL_GRO_FLOWS; i++)
        gro->flows[i] = &gro->memory[i];
    return gro;
}

void el_gro_free(struct el_gro *gro)
{
    free(gro);
}

/* The transport header and its payload in a segment. */
static size_t transport_len(const struct el_layers *layers)
{
    return layers->end - layers->l4;
}

static uint16_t transport_csum(const struct el_layers *layers)
{
    return layers->transport == EL_IP_TCP ? layers->tcp.csum : layers->udp.csum;
}

/* True if a cut would give the segment its checksums: those that it has, or will have once its
 * partial one is completed. */
static bool csums_are_right(const uint8_t *frame, const struct el_layers *layers, bool partial)
{
    size_t len = transport_len(layers);
    uint64_t sum = el_layers_pseudo(layers, len);

    if (layers->version == 4 && !el_ip4_csum_ok(frame + layers->l3, layers->ip4.header_len))
        return false;
    if (partial)
        return transport_csum(layers) == el_csum_fold(sum);
    return el_csum_finish(el_csum_add(sum, frame + layers->l4, len)) == 0;
}

/* True if a segment like this one may be part of a super-frame at all. */
static bool is_mergeable(const struct el_layers *layers, size_t frame_len, bool partial)
{
    if (layers->extra || layers->end != frame_len || layers->payload == layers->end)
        return false;
    if (layers->version == 4 && layers->ip4.csum == OTHER_ZERO)
        return false;
    if (layers->transport == EL_IP_UDP)
        return layers->udp.csum != 0 && layers->udp.len == transport_len(layers);
    if (layers->tcp.csum == OTHER_ZERO && !partial)
        return false;
    return (layers->tcp.flags & ~(EL_TCP_ECE | ENDING_FLAGS)) == EL_TCP_ACK;
}

/* True if a segment is of the flow. Its addresses are compared where they stand. */
static bool is_same_flow(const struct flow *flow, unsigned port, uint32_t hash,
                         const uint8_t *frame, const struct el_layers *layers)
{
    const struct el_layers *first = &flow->layers;

    if (flow->hash != hash || flow->port != port || first->version != layers->version ||
        first->transport != layers->transport || first->l3 != layers->l3 ||
        memcmp(flow->frame, frame, layers->l3) != 0)
        return false;
    if (layers->version == 4
            ? first->ip4.src != layers->ip4.src || first->ip4.dst != layers->ip4.dst
            : memcmp(first->ip6.src, layers->ip6.src, sizeof layers->ip6.src) != 0 ||
                  memcmp(first->ip6.dst, layers->ip6.dst, sizeof layers->ip6.dst) != 0)
        return false;
    if (layers->transport == EL_IP_TCP)
        return first->tcp.src_port == layers->tcp.src_port &&
               first->tcp.dst_port == layers->tcp.dst_port;
    return first->udp.src_port == layers->udp.src_port &&
           first->udp.dst_port == layers->udp.dst_port;
}

/* True if the IP header is the one that a cut would make for the next segment. */
static bool ip_continues(const struct flow *flow, const struct el_layers *next)
{
    const struct el_layers *first = &flow->layers;

    if (first->version == 6)
        return first->ip6.flow == next->ip6.flow && first->ip6.hops == next->ip6.hops;
    return first->ip4.tos == next->ip4.tos && first->ip4.ttl == next->ip4.ttl &&
           first->ip4.fragment == next->ip4.fragment &&
           next->ip4.id == (uint16_t)(first->ip4.id + flow->count);
}

static bool tcp_continues(const struct flow *flow, const struct el_layers *next)
{
    const struct el_tcp_header *a = &flow->layers.tcp, *b = &next->tcp;

    return b->seq == (uint32_t)(a->seq + flow->payload_len) && a->ack == b->ack &&
           a->window == b->window && a->urgent == b->urgent &&
           ((a->flags ^ b->flags) & ~ENDING_FLAGS) == 0 && a->header_len == b->header_len &&
           memcmp(a->options, b->options, a->header_len - (size_t)EL_TCP_HEADER) == 0;
}

/* True if a segment of the flow goes behind what is held of it. */
static bool continues(struct flow *flow, const uint8_t *frame, const struct el_layers *next,
                      bool partial)
{
    size_t len = next->end - next->payload;
    bool tcp = next->transport == EL_IP_TCP;
    size_t headers = flow->layers.payload - flow->layers.l3;

    if (len > flow->size || flow->count == (tcp ? SEGMENTS_MAX : UDP_SEGMENTS_MAX) ||
        headers + flow->payload_len + len > IP_BYTES_MAX)
        return false;
    if (!ip_continues(flow, next) || (tcp && !tcp_continues(flow, next)))
        return false;
    if (!flow->verified)
        flow->verified = csums_are_right(flow->frame, &flow->layers, flow->offload.needs_csum);
    return flow->verified && csums_are_right(frame, next, partial);
}

/* Writes the super-frame's headers to HEADERS, and says what it is. */
static struct el_offload make_super(const struct flow *flow, uint8_t headers[HEADERS_MAX])
{
    const struct el_layers *layers = &flow->layers;
    uint8_t *ip = headers + layers->l3;
    uint8_t *transport = headers + layers->l4;
    size_t len = layers->payload - layers->l4 + flow->payload_len;
    bool tcp = layers->transport == EL_IP_TCP;
    struct el_offload offload = {
        .needs_csum = true,
        .gso = !tcp                   ? EL_GSO_UDP_L4
               : layers->version == 4 ? EL_GSO_TCP4
                                      : EL_GSO_TCP6,
        .gso_size = flow->size,
        .hdr_len = (uint16_t)layers->payload,
        .csum_start = (uint16_t)layers->l4,
        .csum_offset = tcp ? EL_TCP_AT_CSUM : EL_UDP_AT_CSUM,
    };

    memcpy(headers, flow->frame, layers->payload);
    if (layers->version == 4) {
        uint16_t total_len = (uint16_t)(layers->ip4.header_len + len);

        el_frame_set16(ip + EL_IP4_AT_TOTAL_LEN, total_len);
        el_frame_set16(ip + EL_IP4_AT_CSUM,
                       el_csum_update(layers->ip4.csum, layers->ip4.total_len, total_len));
    } else {
        el_frame_set16(ip + EL_IP6_AT_PAYLOAD_LEN, (uint16_t)len);
    }
    if (tcp)
        el_frame_set16(transport + EL_TCP_AT_FLAGS, (uint16_t)(layers->tcp.header_len / 4 << 12 |
                                                               layers->tcp.flags | flow->ending));
    else
        el_frame_set16(transport + EL_UDP_AT_LEN, (uint16_t)len);
    el_frame_set16(transport + offload.csum_offset, el_csum_fold(el_layers_pseudo(layers, len)));
    return offload;
}

static void emit_alone(const struct el_gro *gro, unsigned port, const uint8_t *frame, size_t len,
                       const struct el_offload *offload)
{
    struct el_slice slice = {frame, len};

    gro->config.emit(gro->config.arg, port, offload, &slice, 1);
}

/* Emits the flow at INDEX and frees its place. */
static void emit(struct el_gro *gro, unsigned index)
{
    struct flow *flow = gro->flows[index];

    if (flow->count > 1) {
        struct el_offload offload = make_super(flow, gro->headers);

        flow->slices[0] = (struct el_slice){gro->headers, flow->layers.payload};
        gro->config.emit(gro->config.arg, flow->port, &offload, flow->slices, flow->count + 1);
    } else {
        emit_alone(gro, flow->port, flow->frame, flow->layers.end, &flow->offload);
    }

    gro->count--;
    memmove(&gro->flows[index], &gro->flows[index + 1],
            (gro->count - index) * sizeof gro->flows[0]);
    gro->flows[gro->count] = flow;
}

static void hold(struct el_gro *gro, unsigned port, uint32_t hash, const uint8_t *frame,
                 const struct el_layers *layers, const struct el_offload *offload)
{
    if (gro->count == EL_GRO_FLOWS)
        emit(gro, 0);

    struct flow *flow = gro->flows[gro->count++];
    flow->port = port;
    flow->hash = hash;
    flow->frame = frame;
    flow->layers = *layers;
    flow->offload = *offload;
    flow->verified = false;
    flow->payload_len = layers->end - layers->payload;
    flow->size = (uint16_t)flow->payload_len;
    flow->ending = 0;
    flow->count = 1;
    flow->slices[1] = (struct el_slice){frame + layers->payload, flow->payload_len};
}

/* Puts a segment behind the flow at INDEX; emits it where no further one may follow. */
static void append(struct el_gro *gro, unsigned index, const uint8_t *frame,
                   const struct el_layers *layers)
{
    struct flow *flow = gro->flows[index];
    size_t len = layers->end - layers->payload;

    flow->slices[++flow->count] = (struct el_slice){frame + layers->payload, len};
    flow->payload_len += len;
    if (layers->transport == EL_IP_TCP)
        flow->ending = layers->tcp.flags & ENDING_FLAGS;
    if (len < flow->size || flow->ending)
        emit(gro, index);
}

void el_gro_add(struct el_gro *gro, unsigned port, const uint8_t *frame, size_t len,
                const struct el_layers *layers, const struct el_offload *offload)
{
    /* A fragment has no ports, and a broken packet nothing that we could trust: they may belong to
     * any flow, so nothing may be overtaken by them. */
    if (layers->broken || layers->fragment) {
        el_gro_flush(gro);
        emit_alone(gro, port, frame, len, offload);
        return;
    }
    if (!layers->transport || (layers->transport == EL_IP_UDP && !gro->config.udp)) {
        emit_alone(gro, port, frame, len, offload);
        return;
    }

    uint32_t hash = el_layers_flow(layers);
    bool mergeable = is_mergeable(layers, len, offload->needs_csum);
    unsigned i = 0;

    while (i < gro->count && !is_same_flow(gro->flows[i], port, hash, frame, layers))
        i++;
    if (i < gro->count) {
        if (mergeable && continues(gro->flows[i], frame, layers, offload->needs_csum)) {
            append(gro, i, frame, layers);
            return;
        }
        emit(gro, i);
    }
    if (mergeable && (layers->transport == EL_IP_UDP || !(layers->tcp.flags & ENDING_FLAGS)))
        hold(gro, port, hash, frame, layers, offload);
    else
        emit_alone(gro, port, frame, len, offload);
}

void el_gro_merge_udp(struct el_gro *gro, bool udp)
{
    gro->config.udp = udp;
}

void el_gro_flush(struct el_gro *gro)
{
    while (gro->count > 0)
        emit(gro, 0);
}

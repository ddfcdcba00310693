/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes into a network and what has to come out of it: frames of all kinds, made byte by byte
 * (unit/frame_sample.h), and a second opinion on super-frames. Nothing here uses frame/ but the
 * description of an offload.
 *
 * What is put in is noted, as the frames that would be on a cable, for each card that has to get
 * it. What arrives is cut back into such frames and looked for among them: all bytes, at the right
 * card, once, and in the order of its flow.
 */
#ifndef FORWARD_FRAMES_H
#define FORWARD_FRAMES_H

#include "sim/forward_world.h"
#include "unit/frame_sample.h"

enum { FRAMES_MAX = 8192, CABLE_FRAME_MAX = 1522 };

struct cable_frame {
    unsigned node, port, flow;
    size_t len;
    bool taken; /* it has arrived, or was never there */
    uint8_t bytes[CABLE_FRAME_MAX];
};

struct cable {
    struct cable_frame *frames; /* the expected ones, in the order in which they were sent */
    unsigned first, count;
    bool any_order;
    bool marked; /* what can be is expected with a mark of congestion */
    unsigned arrived, unexpected, disordered, supers;
    unsigned partial; /* arrived alone, with a checksum that is to be filled in */
};

static inline void cable_begin(struct cable *cable)
{
    *cable = (struct cable){.frames = calloc(FRAMES_MAX, sizeof *cable->frames)};
    if (!cable->frames)
        abort();
}

static inline void cable_end(struct cable *cable)
{
    free(cable->frames);
}

/* Forgets what has not arrived; returns how many that were. */
static inline unsigned cable_clear(struct cable *cable)
{
    unsigned missing = 0;

    for (unsigned i = cable->first; i < cable->count; i++)
        missing += !cable->frames[i].taken;
    cable->first = cable->count = 0;
    return missing;
}

static inline void cable_expect(struct cable *cable, unsigned node, unsigned port, unsigned flow,
                                const uint8_t *bytes, size_t len)
{
    if (cable->count == FRAMES_MAX || len > CABLE_FRAME_MAX)
        abort();
    struct cable_frame *frame = &cable->frames[cable->count++];
    frame->node = node;
    frame->port = port;
    frame->flow = flow;
    frame->len = len;
    frame->taken = false;
    memcpy(frame->bytes, bytes, len);
}

static inline void cable_take(struct cable *cable, unsigned node, unsigned port,
                              const uint8_t *bytes, size_t len)
{
    unsigned found = cable->first;

    cable->arrived++;
    for (; found < cable->count; found++) {
        const struct cable_frame *frame = &cable->frames[found];
        if (!frame->taken && frame->node == node && frame->port == port && frame->len == len &&
            memcmp(frame->bytes, bytes, len) == 0)
            break;
    }
    if (found == cable->count) {
        cable->unexpected++;
        return;
    }
    for (unsigned i = cable->first; i < found; i++) {
        const struct cable_frame *frame = &cable->frames[i];
        if (!frame->taken && frame->node == node && frame->flow == cable->frames[found].flow)
            cable->disordered += !cable->any_order;
    }
    cable->frames[found].taken = true;
    while (cable->first < cable->count && cable->frames[cable->first].taken)
        cable->first++;
}

/* -- cutting super-frames -- */

static inline uint32_t cable_get(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

static inline void cable_fill_csum(uint8_t *at, uint32_t sum, const uint8_t *bytes, size_t len,
                                   bool udp)
{
    sample_put(at, 0, 2);
    uint32_t csum = ~sample_sum(sum, bytes, len) & 0xffff;
    sample_put(at, udp && csum == 0 ? 0xffff : csum, 2);
}

struct cable_headers {
    bool ip6, udp;
    size_t l3, l4, payload;
};

static inline struct cable_headers cable_headers(const uint8_t *frame)
{
    struct cable_headers h = {.l3 = 14};

    while (cable_get(frame + h.l3 - 2, 2) == 0x8100 || cable_get(frame + h.l3 - 2, 2) == 0x88a8)
        h.l3 += 4;
    h.ip6 = cable_get(frame + h.l3 - 2, 2) == 0x86dd;
    h.l4 = h.l3 + (h.ip6 ? 40 : 4u * (frame[h.l3] & 15));
    h.udp = frame[h.l3 + (h.ip6 ? 6 : 9)] == 17;
    h.payload = h.l4 + (h.udp ? 8 : 4u * (frame[h.l4 + 12] >> 4));
    return h;
}

/* Makes the headers in FRAME those of segment INDEX, and both checksums. */
static inline void cable_set_segment(uint8_t *frame, size_t len, const struct cable_headers *h,
                                     unsigned index, uint32_t offset, bool last)
{
    uint8_t *ip = frame + h->l3, *l4 = frame + h->l4;
    uint8_t length[8];

    if (h->ip6) {
        sample_put(ip + 4, (uint32_t)(len - h->l4), 2);
    } else {
        sample_put(ip + 2, (uint32_t)(len - h->l3), 2);
        sample_put(ip + 4, cable_get(ip + 4, 2) + index, 2);
        cable_fill_csum(ip + 10, 0, ip, h->l4 - h->l3, false);
    }
    if (h->udp) {
        sample_put(l4 + 4, (uint32_t)(len - h->l4), 2);
    } else {
        sample_put(l4 + 4, cable_get(l4 + 4, 4) + offset, 4);
        l4[13] &= (uint8_t) ~(last ? 0 : 0x09);      /* FIN, PSH */
        l4[13] &= (uint8_t) ~(index > 0 ? 0x80 : 0); /* CWR */
    }
    sample_put(sample_put(length, (uint32_t)(len - h->l4), 4), h->udp ? 17 : 6, 4);
    uint32_t sum = sample_sum(0, ip + (h->ip6 ? 8 : 12), h->ip6 ? 32 : 8);
    cable_fill_csum(l4 + (h->udp ? 6 : 16), sample_sum(sum, length, sizeof length), l4, len - h->l4,
                    h->udp);
}

/* A frame that has come to a card: what a card with the offloads it claims would put on a cable. */
static inline void cable_arrived(struct cable *cable, unsigned node, unsigned port,
                                 const struct el_port_rx *rx)
{
    static uint8_t segment[EL_PORT_FRAME_BYTES];
    const struct el_offload *offload = &rx->offload;

    if (offload->gso == EL_GSO_NONE) {
        memcpy(segment, rx->bytes, rx->len);
        cable->partial += offload->needs_csum;
        if (offload->needs_csum) {
            uint8_t *start = segment + offload->csum_start, *at = start + offload->csum_offset;
            uint32_t sum = ~sample_sum(0, start, rx->len - offload->csum_start) & 0xffff;
            sample_put(at, sum ? sum : 0xffff, 2);
        }
        cable_take(cable, node, port, segment, rx->len);
        return;
    }
    struct cable_headers h = cable_headers(rx->bytes);
    size_t size = offload->gso_size;
    if (!offload->needs_csum || offload->csum_start != h.l4 || size == 0 ||
        offload->csum_offset != (h.udp ? 6 : 16)) {
        cable->unexpected++;
        return;
    }
    cable->supers++;
    for (size_t at = h.payload, index = 0; at < rx->len; at += size, index++) {
        bool last = at + size >= rx->len;
        size_t len = last ? rx->len - at : size;
        memcpy(segment, rx->bytes, h.payload);
        memcpy(segment + h.payload, rx->bytes + at, len);
        cable_set_segment(segment, h.payload + len, &h, (unsigned)index, (uint32_t)(at - h.payload),
                          last);
        cable_take(cable, node, port, segment, h.payload + len);
    }
}

/* -- what is sent -- */

/* From card to card. */
struct cable_way {
    unsigned node, port; /* where from */
    struct el_mac src, dst;
    unsigned to[WORLD_NODES]; /* the nodes whose card PORT gets it */
    unsigned to_count;
    unsigned flow;
};

static inline struct cable_way cable_way(unsigned from, unsigned to, unsigned flow)
{
    return (struct cable_way){.node = from,
                              .src = world_mac(from, 0),
                              .dst = world_mac(to, 0),
                              .to = {to},
                              .to_count = 1,
                              .flow = flow};
}

static inline void cable_expect_way(struct cable *cable, const struct cable_way *way,
                                    const uint8_t *bytes, size_t len)
{
    for (unsigned i = 0; i < way->to_count; i++)
        cable_expect(cable, way->to[i], way->port, way->flow, bytes, len);
}

static inline void cable_address(uint8_t *frame, const struct cable_way *way)
{
    memcpy(frame, &way->dst, 6);
    memcpy(frame + 6, &way->src, 6);
}

/* Sends a frame as it is; the addresses are written into it. */
static inline void cable_put(struct cable *cable, struct world *world, const struct cable_way *way,
                             uint8_t *frame, size_t len)
{
    cable_address(frame, way);
    cable_expect_way(cable, way, frame, len);
    world_put(world, way->node, way->port, frame, len, NULL);
}

/* Sends SAMPLE: as a super-frame to be cut every SIZE bytes, or, with SIZE 0, as one frame, with
 * its checksum to be filled in if SAMPLE says so. */
static inline void cable_put_sample(struct cable *cable, struct world *world,
                                    const struct cable_way *way, const struct sample *sample,
                                    size_t size)
{
    static uint8_t frame[SAMPLE_BYTES_MAX];
    struct sample super = *sample;
    struct el_offload offload = {.needs_csum = sample->partial,
                                 .gso = size == 0     ? EL_GSO_NONE
                                        : sample->udp ? EL_GSO_UDP_L4
                                        : sample->ip6 ? EL_GSO_TCP6
                                                      : EL_GSO_TCP4,
                                 .gso_size = (uint16_t)size,
                                 .csum_start = (uint16_t)sample_l4(sample),
                                 .csum_offset = sample->udp ? 6 : 16};

    for (size_t at = 0, index = 0; index == 0 || at < sample->payload_len; index++) {
        size_t step = size ? size : sample->payload_len + 1;
        struct sample segment = sample_segment(sample, step, (unsigned)index);
        segment.tos |= cable->marked && segment.tos & WORLD_ECN ? WORLD_ECN : 0;
        size_t len = sample_build(frame, &segment);
        cable_address(frame, way);
        cable_expect_way(cable, way, frame, len);
        at += step;
    }
    super.partial = sample->partial || size != 0;
    offload.needs_csum = super.partial;
    size_t len = sample_build(frame, &super);
    cable_address(frame, way);
    world_put(world, way->node, way->port, frame, len, &offload);
}

/* Sends a UDP datagram over IPv4 as the fragments that a machine with an MTU of 1500 makes. */
static inline void cable_put_fragments(struct cable *cable, struct world *world,
                                       const struct cable_way *way, const struct sample *sample)
{
    static uint8_t frame[SAMPLE_BYTES_MAX];
    size_t len = sample_build(frame, sample);
    size_t l3 = sample_l3(sample), head = l3 + 20;

    for (size_t at = head; at < len; at += 1480) {
        uint8_t piece[CABLE_FRAME_MAX];
        size_t bytes = len - at < 1480 ? len - at : 1480;
        memcpy(piece, frame, head);
        memcpy(piece + head, frame + at, bytes);
        sample_put(piece + l3 + 2, (uint32_t)(20 + bytes), 2);
        sample_put(piece + l3 + 6, (at + bytes < len ? 0x2000u : 0) | (uint32_t)((at - head) / 8),
                   2);
        cable_fill_csum(piece + l3 + 10, 0, piece + l3, 20, false);
        cable_put(cable, world, way, piece, head + bytes);
    }
}

#endif

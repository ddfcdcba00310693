/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP and UDP frames from a description, written byte by byte and summed 16 bits at a time: a
 * second opinion on what frame/ does, for its tests, fuzz corpora and benchmarks. Nothing here uses
 * frame/.
 */
#ifndef EL_TEST_FRAME_SAMPLE_H
#define EL_TEST_FRAME_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SAMPLE_BYTES_MAX = 65535 + 22 };

struct sample {
    bool ip6, udp;
    unsigned tags; /* 0..2 */
    uint8_t flow;  /* goes into addresses and ports */
    uint8_t tos, ttl;
    uint16_t id;
    bool df;
    unsigned
        ip_options; /* bytes: 0..40 in fours; IPv6: of a destination options header, in eights */
    uint32_t seq, ack;
    uint16_t flags, window, urgent;
    unsigned options;   /* bytes of TCP options: 0..40, in fours */
    uint32_t timestamp; /* in the options */
    const uint8_t *payload;
    size_t payload_len;
    bool partial; /* leave the transport's checksum to be filled in */
};

/* RFC 1071 as it stands there: 16 bits at a time. */
static inline uint32_t sample_sum(uint32_t sum, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static inline uint8_t *sample_put(uint8_t *at, uint32_t value, unsigned bytes)
{
    while (bytes-- > 0)
        *at++ = (uint8_t)(value >> (8 * bytes));
    return at;
}

static inline size_t sample_transport_len(const struct sample *s)
{
    return (s->udp ? 8 : 20 + s->options) + s->payload_len;
}

static inline size_t sample_ip_header_len(const struct sample *s)
{
    return (s->ip6 ? 40 : 20) + s->ip_options;
}

/* Offsets from the frame's first byte. */
static inline size_t sample_l3(const struct sample *s)
{
    return 14 + 4 * s->tags;
}

static inline size_t sample_l4(const struct sample *s)
{
    return sample_l3(s) + sample_ip_header_len(s);
}

static inline size_t sample_payload_at(const struct sample *s)
{
    return sample_l4(s) + sample_transport_len(s) - s->payload_len;
}

static inline uint8_t *sample_put_eth(uint8_t *at, const struct sample *s)
{
    at = sample_put(at, 0x52540000, 4);
    at = sample_put(at, 0x0100u + s->flow, 2);
    at = sample_put(at, 0x52540000, 4);
    at = sample_put(at, 0x0200u + s->flow, 2);
    for (unsigned i = 0; i < s->tags; i++) {
        at = sample_put(at, i + 1 < s->tags ? 0x88a8 : 0x8100, 2);
        at = sample_put(at, 0x2000u + 77 + i, 2);
    }
    return sample_put(at, s->ip6 ? 0x86dd : 0x0800, 2);
}

static inline uint8_t *sample_put_ip(uint8_t *at, const struct sample *s)
{
    uint8_t *start = at;
    uint8_t protocol = s->udp ? 17 : 6;

    if (s->ip6) {
        unsigned extension = s->ip_options;

        at = sample_put(at, 6u << 28 | (uint32_t)s->tos << 20 | 0x12345, 4);
        at = sample_put(at, (uint32_t)(extension + sample_transport_len(s)), 2);
        at = sample_put(at, extension ? 60 : protocol, 1);
        at = sample_put(at, s->ttl, 1);
        for (unsigned i = 0; i < 2; i++) {
            at = sample_put(at, 0xfd000077, 4);
            at = sample_put(at, 0, 4);
            at = sample_put(at, 0, 4);
            at = sample_put(at, (i + 1) << 8 | s->flow, 4);
        }
        if (extension) {
            at = sample_put(at, (uint32_t)protocol << 8 | (extension / 8 - 1), 2);
            memset(at, 0, extension - 2); /* Pad1 options */
            at += extension - 2;
        }
        return at;
    }
    at = sample_put(at, 0x40 | (uint32_t)sample_ip_header_len(s) / 4, 1);
    at = sample_put(at, s->tos, 1);
    at = sample_put(at, (uint32_t)(sample_ip_header_len(s) + sample_transport_len(s)), 2);
    at = sample_put(at, s->id, 2);
    at = sample_put(at, s->df ? 0x4000 : 0, 2);
    at = sample_put(at, s->ttl, 1);
    at = sample_put(at, protocol, 1);
    at = sample_put(at, 0, 2);
    at = sample_put(at, 0x0a4d0000u | s->flow, 4);
    at = sample_put(at, 0x0a4d0100u | s->flow, 4);
    memset(at, 1, s->ip_options);
    at += s->ip_options;
    sample_put(start + 10, ~sample_sum(0, start, (size_t)(at - start)) & 0xffff, 2);
    return at;
}

/* The pseudo header: both addresses are one run of bytes in either version. */
static inline uint32_t sample_pseudo(const uint8_t *ip, const struct sample *s)
{
    uint8_t rest[8];
    uint32_t sum = sample_sum(0, ip + (s->ip6 ? 8 : 12), s->ip6 ? 32 : 8);

    sample_put(rest, (uint32_t)sample_transport_len(s), 4);
    sample_put(rest + 4, s->udp ? 17 : 6, 4);
    return sample_sum(sum, rest, sizeof rest);
}

static inline uint8_t *sample_put_tcp(uint8_t *at, const struct sample *s)
{
    at = sample_put(at, 40000u + s->flow, 2);
    at = sample_put(at, 80, 2);
    at = sample_put(at, s->seq, 4);
    at = sample_put(at, s->ack, 4);
    at = sample_put(at, (20 + s->options) / 4 << 12 | s->flags, 2);
    at = sample_put(at, s->window, 2);
    at = sample_put(at, 0, 2);
    at = sample_put(at, s->urgent, 2);
    if (s->options >= 12) {
        at = sample_put(at, 0x0101080a, 4);
        at = sample_put(at, s->timestamp, 4);
        at = sample_put(at, s->timestamp / 2, 4);
        memset(at, 1, s->options - 12);
        return at + (s->options - 12);
    }
    memset(at, 1, s->options);
    return at + s->options;
}

/* Writes the frame; returns its length. */
static inline size_t sample_build(uint8_t *frame, const struct sample *s)
{
    uint8_t *ip = sample_put_eth(frame, s);
    uint8_t *transport = sample_put_ip(ip, s);
    uint8_t *at = transport;
    uint32_t sum = sample_pseudo(ip, s);

    if (s->udp) {
        at = sample_put(at, 50000u + s->flow, 2);
        at = sample_put(at, 69, 2);
        at = sample_put(at, (uint32_t)sample_transport_len(s), 2);
        at = sample_put(at, 0, 2);
    } else {
        at = sample_put_tcp(at, s);
    }
    memcpy(at, s->payload, s->payload_len);
    at += s->payload_len;
    if (!s->partial) {
        sum = ~sample_sum(sum, transport, (size_t)(at - transport)) & 0xffff;
        if (s->udp && sum == 0)
            sum = 0xffff;
    }
    sample_put(transport + (s->udp ? 6 : 16), sum, 2);
    return (size_t)(at - frame);
}

/* What the segment INDEX of the super-frame S must be when it is cut every SIZE bytes. */
static inline struct sample sample_segment(const struct sample *s, size_t size, unsigned index)
{
    struct sample segment = *s;
    size_t at = index * size;
    bool last = at + size >= s->payload_len;

    segment.partial = false;
    segment.payload = s->payload + at;
    segment.payload_len = last ? s->payload_len - at : size;
    segment.id = (uint16_t)(s->id + index);
    segment.seq = s->seq + (uint32_t)at;
    if (!last)
        segment.flags &= (uint16_t)~0x009; /* FIN, PSH */
    if (index > 0)
        segment.flags &= (uint16_t)~0x080; /* CWR */
    return segment;
}

/* xorshift: the same numbers in every run. */
static inline uint32_t sample_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

static inline uint32_t sample_below(uint64_t *state, uint32_t bound)
{
    return sample_random(state) % bound;
}

#endif

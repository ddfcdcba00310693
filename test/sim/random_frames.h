/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What frames are worth to a real receiver, and a list of those that have to come. Nothing here
 * uses frame/ but the description of an offload.
 *
 * reference_cut() is the hardware: a card with all the offloads that it claims. It makes out of a
 * frame and its vnet header what is then on the cable (OASIS VIRTIO 1.2 §5.1.6.2; Linux's
 * skb_checksum_help(), tcp_gso_segment(), __udp_gso_segment()), or nothing, if the header lies. It
 * plays both the sender's card, for what has to come, and the receiver's, for what has come.
 *
 * Every frame is compared in all its bytes, but for two things that the tunnel may change: the MSS
 * of a SYN, which it may lower, with the checksum that follows from it.
 */
#ifndef RANDOM_FRAMES_H
#define RANDOM_FRAMES_H

#include "port/port.h"
#include "unit/frame_sample.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    REFERENCE_SEGMENTS_MAX = 2048, /* more is not cut, but refused */
    REFERENCE_HEADERS_MAX = 256,
    REFERENCE_FRAME_MAX = 1522, /* a machine's Ethernet, with two tags */
};

static inline uint32_t reference_get(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

/* -- headers -- */

struct reference {
    unsigned version;  /* 4, 6; 0: no IP, or broken */
    uint8_t transport; /* 6, 17; 0: neither, a fragment, or broken */
    size_t l3, l4, payload, end;
};

/* Passes IPv6's extension headers; false if they are broken. */
static inline bool reference_extensions(const uint8_t *frame, struct reference *r)
{
    uint8_t next = frame[r->l3 + 6];

    for (unsigned i = 0; next == 0 || next == 60 || next == 44; i++) {
        size_t left = r->end - r->l4;
        if (i == 8 || left < 8)
            return false;
        const uint8_t *at = frame + r->l4;
        size_t len = next == 44 ? 8 : 8 + 8u * at[1];
        if (left < len)
            return false;
        r->l4 += len;
        if (next == 44 && (reference_get(at + 2, 2) & 0xfff9) != 0)
            return true; /* a fragment: no transport */
        next = at[0];
    }
    r->transport = next;
    return true;
}

static inline bool reference_ip(const uint8_t *frame, size_t len, uint32_t type,
                                struct reference *r)
{
    const uint8_t *ip = frame + r->l3;
    size_t left = len - r->l3;

    if (type == 0x0800) {
        if (left < 20 || ip[0] >> 4 != 4 || (ip[0] & 15) < 5)
            return false;
        size_t header = 4u * (ip[0] & 15), total = reference_get(ip + 2, 2);
        if (header > total || total > left)
            return false;
        r->version = 4;
        r->l4 = r->l3 + header;
        r->end = r->l3 + total;
        r->transport = reference_get(ip + 6, 2) & 0x3fff ? 0 : ip[9];
        return true;
    }
    if (left < 40 || ip[0] >> 4 != 6 || reference_get(ip + 4, 2) > left - 40)
        return false;
    r->version = 6;
    r->l4 = r->l3 + 40;
    r->end = r->l4 + reference_get(ip + 4, 2);
    return reference_extensions(frame, r);
}

static inline struct reference reference_read(const uint8_t *frame, size_t len)
{
    static const struct reference nothing;
    struct reference r = {.l3 = 14};
    uint32_t type = reference_get(frame + 12, 2);

    for (unsigned tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
        if (len < r.l3 + 4)
            return nothing;
        type = reference_get(frame + r.l3 + 2, 2);
        r.l3 += 4;
    }
    if ((type != 0x0800 && type != 0x86dd) || !reference_ip(frame, len, type, &r))
        return nothing;
    size_t left = r.end - r.l4;
    const uint8_t *l4 = frame + r.l4;
    if (r.transport == 6 && left >= 20 && l4[12] >> 4 >= 5 && 4u * (l4[12] >> 4) <= left)
        r.payload = r.l4 + 4u * (l4[12] >> 4);
    else if (r.transport == 17 && left >= 8 && reference_get(l4 + 4, 2) >= 8 &&
             reference_get(l4 + 4, 2) <= left)
        r.payload = r.l4 + 8;
    else
        r.transport = 0;
    return r;
}

/* The sum of the pseudo header, for a transport header and payload of LEN bytes. */
static inline uint32_t reference_pseudo(const uint8_t *frame, const struct reference *r, size_t len)
{
    uint8_t rest[8];
    uint32_t sum =
        sample_sum(0, frame + r->l3 + (r->version == 6 ? 8 : 12), r->version == 6 ? 32 : 8);

    sample_put(sample_put(rest, (uint32_t)len, 4), r->transport, 4);
    return sample_sum(sum, rest, sizeof rest);
}

/* -- the card -- */

typedef void reference_take(void *arg, const uint8_t *frame, size_t len);

/* True if the header says the truth about a super-frame: only then anybody can cut it. */
static inline bool reference_is_true(const uint8_t *frame, size_t len, const struct el_offload *o,
                                     const struct reference *r)
{
    bool udp = o->gso == EL_GSO_UDP_L4;
    unsigned version = o->gso == EL_GSO_TCP4 ? 4 : o->gso == EL_GSO_TCP6 ? 6 : r->version;

    if ((!udp && o->gso != EL_GSO_TCP4 && o->gso != EL_GSO_TCP6) || r->version != version ||
        r->transport != (udp ? 17 : 6) || r->end != len || r->payload > REFERENCE_HEADERS_MAX)
        return false;
    if (udp ? reference_get(frame + r->l4 + 4, 2) != len - r->l4 : frame[r->l4 + 13] & 0x26)
        return false; /* SYN, RST and URG are about one segment */
    if (o->gso_size == 0 || len - r->payload > (size_t)REFERENCE_SEGMENTS_MAX * o->gso_size)
        return false;
    return o->needs_csum ? o->csum_start == r->l4 && o->csum_offset == (udp ? 6 : 16)
                         : o->csum_valid;
}

/* Makes the headers in FRAME those of segment INDEX of a super-frame, OFFSET bytes into it. */
static inline void reference_segment(uint8_t *frame, size_t len, const struct reference *r,
                                     unsigned index, size_t offset, bool last)
{
    uint8_t *ip = frame + r->l3, *l4 = frame + r->l4, *csum = l4 + (r->transport == 17 ? 6 : 16);

    if (r->version == 6) {
        sample_put(ip + 4, (uint32_t)(len - r->l3 - 40), 2);
    } else {
        sample_put(ip + 2, (uint32_t)(len - r->l3), 2);
        sample_put(ip + 4, reference_get(ip + 4, 2) + index, 2);
        sample_put(ip + 10, 0, 2);
        sample_put(ip + 10, ~sample_sum(0, ip, 4u * (ip[0] & 15)) & 0xffff, 2);
    }
    if (r->transport == 17) {
        sample_put(l4 + 4, (uint32_t)(len - r->l4), 2);
    } else {
        sample_put(l4 + 4, reference_get(l4 + 4, 4) + (uint32_t)offset, 4);
        l4[13] &= (uint8_t) ~(last ? 0 : 0x09);      /* FIN, PSH */
        l4[13] &= (uint8_t) ~(index > 0 ? 0x80 : 0); /* CWR */
    }
    sample_put(csum, 0, 2);
    uint32_t sum = ~sample_sum(reference_pseudo(frame, r, len - r->l4), l4, len - r->l4) & 0xffff;
    sample_put(csum, sum == 0 && r->transport == 17 ? 0xffff : sum, 2);
}

/* What stands on the cable, frame by frame; FRAME is overwritten. False if the offload lies. */
static inline bool reference_cut(uint8_t *frame, size_t len, const struct el_offload *o,
                                 reference_take *take, void *arg)
{
    static uint8_t segment[EL_PORT_FRAME_BYTES];

    if (o->gso == EL_GSO_NONE) {
        size_t start = o->csum_start, at = start + o->csum_offset;
        if (o->needs_csum && (start < 14 || at + 2 > len))
            return false;
        if (o->needs_csum) {
            uint32_t sum = ~sample_sum(0, frame + start, len - start) & 0xffff;
            /* Either zero is right, but to UDP, whose checksums stand there. */
            sample_put(frame + at, sum == 0 && o->csum_offset == 6 ? 0xffff : sum, 2);
        }
        take(arg, frame, len);
        return true;
    }
    struct reference r = reference_read(frame, len);
    if (!reference_is_true(frame, len, o, &r))
        return false;
    size_t payload = len - r.payload, at = 0;
    unsigned index = 0;
    do {
        size_t size = payload - at < o->gso_size ? payload - at : o->gso_size;
        memcpy(segment, frame, r.payload);
        memcpy(segment + r.payload, frame + r.payload + at, size);
        reference_segment(segment, r.payload + size, &r, index++, at, at + size == payload);
        take(arg, segment, r.payload + size);
        at += size;
    } while (at < payload);
    return true;
}

/* -- the MSS of a SYN -- */

enum { MSS_VALUES_MAX = 16 };

struct mss {
    unsigned count;
    uint16_t values[MSS_VALUES_MAX];
};

/* Notes a SYN's MSS and takes it out of FRAME; where the checksum was is then how wrong it was: 0
 * if it was right. What comes out is the same for any MSS. */
static inline struct mss mss_take_out(uint8_t *frame, size_t len)
{
    struct mss mss = {0};
    struct reference r = reference_read(frame, len);

    if (r.transport != 6 || !(frame[r.l4 + 13] & 0x02))
        return mss;
    uint32_t residue =
        sample_sum(reference_pseudo(frame, &r, r.end - r.l4), frame + r.l4, r.end - r.l4) % 0xffff;
    uint8_t *at = frame + r.l4 + 20, *end = frame + r.payload;
    while (at < end && *at != 0) {
        size_t left = (size_t)(end - at), size = *at == 1 ? 1 : left < 2 ? 0 : at[1];
        if (size == 0 || size > left || (*at != 1 && size < 2))
            break;
        if (*at == 2 && size == 4 && mss.count < MSS_VALUES_MAX) {
            mss.values[mss.count++] = (uint16_t)reference_get(at + 2, 2);
            sample_put(at + 2, 0, 2);
        }
        at += size;
    }
    if (mss.count > 0)
        sample_put(frame + r.l4 + 16, residue, 2);
    return mss;
}

/* -- what has to come -- */

enum {
    EXPECTED_MAX = 8192,
    EXPECTED_BYTES = 8 << 20,
    EXPECTED_CHAINS = 4096,
    EXPECTED_FLOWS = 256,
    NO_FLOW = EXPECTED_FLOWS, /* in no order */
};

struct expected_frame {
    unsigned node, flow;
    uint64_t hash;
    const uint8_t *bytes;
    size_t len;
    struct mss mss;
    bool taken;
    unsigned next; /* of its chain, + 1 */
};

struct expected {
    struct expected_frame frames[EXPECTED_MAX];
    unsigned count;
    uint8_t bytes[EXPECTED_BYTES];
    size_t used;
    struct {
        unsigned first, last; /* + 1 */
    } chains[EXPECTED_CHAINS];
    unsigned newest[EXPECTED_FLOWS]; /* that has come, + 1, of each flow */
    bool any_order;
    unsigned mss_floor;
    /* Results. */
    unsigned arrived, unexpected, disordered, raised;
};

static inline void expected_clear(struct expected *e)
{
    e->count = 0;
    e->used = 0;
    memset(e->chains, 0, sizeof e->chains);
    memset(e->newest, 0, sizeof e->newest);
}

static inline unsigned expected_missing(const struct expected *e)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < e->count; i++)
        missing += !e->frames[i].taken;
    return missing;
}

/* FNV-1a; the same bytes for another card are another frame. */
static inline uint64_t expected_hash(unsigned node, const uint8_t *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + node;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

static inline void expected_add(struct expected *e, unsigned node, unsigned flow,
                                const uint8_t *bytes, size_t len)
{
    struct expected_frame *frame = &e->frames[e->count++];
    uint8_t *copy = e->bytes + e->used;

    if (e->count > EXPECTED_MAX || e->used + len > EXPECTED_BYTES)
        abort();
    e->used += len;
    memcpy(copy, bytes, len);
    *frame = (struct expected_frame){.node = node, .flow = flow, .bytes = copy, .len = len};
    frame->mss = mss_take_out(copy, len);
    frame->hash = expected_hash(node, copy, len);
    unsigned chain = frame->hash % EXPECTED_CHAINS;
    if (e->chains[chain].last)
        e->frames[e->chains[chain].last - 1].next = e->count;
    else
        e->chains[chain].first = e->count;
    e->chains[chain].last = e->count;
}

/* An MSS is never raised, and not lowered for no reason. */
static inline bool expected_mss_ok(const struct expected *e, const struct mss *sent,
                                   const struct mss *came)
{
    if (sent->count != came->count)
        return false;
    for (unsigned i = 0; i < sent->count; i++)
        if (came->values[i] > sent->values[i] ||
            (came->values[i] < sent->values[i] && came->values[i] < e->mss_floor))
            return false;
    return true;
}

/* For whoever has to find out. */
static inline void expected_tell(const char *what, unsigned node, unsigned flow,
                                 const uint8_t *bytes, size_t len)
{
    fprintf(stderr, "%s: node %u, flow %u, %zu bytes:", what, node, flow, len);
    for (size_t i = 0; i < len && i < 128; i++)
        fprintf(stderr, " %02x", bytes[i]);
    fputc('\n', stderr);
}

/* A frame has come to NODE's card; BYTES are overwritten. */
static inline void expected_take(struct expected *e, unsigned node, uint8_t *bytes, size_t len)
{
    struct mss mss = mss_take_out(bytes, len);
    uint64_t hash = expected_hash(node, bytes, len);
    unsigned at = e->chains[hash % EXPECTED_CHAINS].first;

    e->arrived++;
    for (; at != 0; at = e->frames[at - 1].next) {
        const struct expected_frame *frame = &e->frames[at - 1];
        if (!frame->taken && frame->hash == hash && frame->node == node && frame->len == len &&
            memcmp(frame->bytes, bytes, len) == 0)
            break;
    }
    if (at == 0) {
        e->unexpected++;
        expected_tell("unexpected", node, NO_FLOW, bytes, len);
        return;
    }
    struct expected_frame *frame = &e->frames[at - 1];
    frame->taken = true;
    e->raised += !expected_mss_ok(e, &frame->mss, &mss);
    if (frame->flow == NO_FLOW)
        return;
    unsigned *newest = &e->newest[frame->flow];
    if (at > *newest) {
        *newest = at;
    } else if (!e->any_order) {
        const struct expected_frame *before = &e->frames[*newest - 1];
        e->disordered++;
        expected_tell("overtaken", node, frame->flow, bytes, len);
        expected_tell("by", before->node, before->flow, before->bytes, before->len);
    }
}

#endif

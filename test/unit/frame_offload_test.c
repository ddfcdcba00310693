/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting and merging. What is expected comes from frame_sample.h, which builds every segment from
 * its description alone; all comparisons are byte by byte.
 */
#include "base/err.h"
#include "frame/gro.h"
#include "frame/gso.h"
#include "unit/frame_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEADROOM = 64, SEGMENTS_MAX = EL_GRO_SLICES - 1 };

static uint8_t random_payload[65536];
static uint8_t super_buffer[HEADROOM + SAMPLE_BYTES_MAX];
static uint8_t *const super = super_buffer + HEADROOM;
static uint8_t expected[SAMPLE_BYTES_MAX];

static struct el_offload offload_of(const struct sample *s, size_t size)
{
    return (struct el_offload){
        .needs_csum = true,
        .gso = s->udp   ? EL_GSO_UDP_L4
               : s->ip6 ? EL_GSO_TCP6
                        : EL_GSO_TCP4,
        .gso_size = (uint16_t)size,
        .hdr_len = (uint16_t)sample_payload_at(s),
        .csum_start = (uint16_t)sample_l4(s),
        .csum_offset = s->udp ? 6 : 16,
    };
}

static struct sample random_sample(uint64_t *seed)
{
    struct sample s = {
        .ip6 = sample_below(seed, 2),
        .udp = sample_below(seed, 4) == 0,
        .tags = sample_below(seed, 4) ? 0 : sample_below(seed, 3),
        .flow = (uint8_t)sample_below(seed, 24),
        .tos = (uint8_t)sample_random(seed),
        .ttl = (uint8_t)sample_random(seed),
        .id = (uint16_t)sample_random(seed),
        .df = sample_below(seed, 2),
        .seq = sample_random(seed),
        .ack = sample_random(seed),
        .flags = 0x10,
        .window = (uint16_t)sample_random(seed),
        .options = sample_below(seed, 11) * 4,
        .timestamp = sample_random(seed),
        .payload = random_payload + sample_below(seed, 1000),
        .partial = true,
    };

    if (!s.udp)
        s.flags |= (uint16_t)(sample_below(seed, 2) * 0x40 | sample_below(seed, 2) * 0x08 |
                              sample_below(seed, 4) / 3 * 0x01);
    return s;
}

/* -- cutting -- */

/* Cuts the super-frame and checks every segment, as the data path uses it: a segment is done with
 * before the next is asked for, and the bytes in front of it are written over. */
static void check_cut(const struct sample *s, size_t size)
{
    size_t len = sample_build(super, s);
    struct el_offload offload = offload_of(s, size);
    struct el_gso_cut cut;
    uint8_t *segment;
    size_t segment_len;
    unsigned count = (unsigned)(s->payload_len ? (s->payload_len + size - 1) / size : 1);

    assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), 0);
    assert_int_equal(el_gso_count(&cut), count);
    for (unsigned i = 0; i < count; i++) {
        struct sample want = sample_segment(s, size, i);

        assert_true(el_gso_next(&cut, &segment, &segment_len));
        assert_int_equal(segment_len, sample_build(expected, &want));
        assert_memory_equal(segment, expected, segment_len);
        memset(segment - 36, 0xee, 36 + segment_len);
    }
    assert_false(el_gso_next(&cut, &segment, &segment_len));
}

/* Cuts it with partial checksums: what is left to be done is the same for all segments, and once
 * it is done they are what they should be. No payload is read: a wrong byte in it goes unseen. */
static void check_partial_cut(const struct sample *s, size_t size)
{
    size_t len = sample_build(super, s);
    struct el_offload offload = offload_of(s, size);
    struct el_gso_cut cut;
    uint8_t *segment;
    size_t segment_len;
    unsigned index = 0;

    assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_PARTIAL), 0);
    assert_true(cut.rest.needs_csum);
    assert_int_equal(cut.rest.gso, EL_GSO_NONE);
    assert_int_equal(cut.rest.csum_start, offload.csum_start);
    assert_int_equal(cut.rest.csum_offset, offload.csum_offset);
    for (; el_gso_next(&cut, &segment, &segment_len); index++) {
        struct sample want = sample_segment(s, size, index);

        want.partial = true;
        assert_int_equal(segment_len, sample_build(expected, &want));
        assert_memory_equal(segment, expected, segment_len);
        want.partial = false;
        sample_build(expected, &want);
        assert_int_equal(el_gso_finish(segment, segment_len, &cut.rest), 0);
        assert_memory_equal(segment, expected, segment_len);
    }
}

static void cut_random_super_frames(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct sample s = random_sample(&seed);
        size_t size = 1 + sample_below(&seed, round % 2 ? 1500 : 100);
        size_t most = 65535 - sample_ip_header_len(&s) - 80;

        s.ip_options = sample_below(&seed, 8) ? 0 : 8;
        s.flags |= (uint16_t)(s.udp ? 0 : sample_below(&seed, 2) * 0x80); /* CWR */
        s.payload_len = sample_below(&seed, (uint32_t)(most < size * 90 ? most : size * 90));
        if (round % 50 == 0) { /* the largest there is */
            size = 1400;
            s.payload_len = 65535 - (sample_payload_at(&s) - sample_l3(&s));
        }
        if (s.payload_len > sizeof random_payload - 1000)
            s.payload = random_payload;
        check_cut(&s, size);
        check_partial_cut(&s, size);
    }
}

static void cut_to_single_bytes(void **state)
{
    struct sample s = {.ttl = 1,
                       .flags = 0x19,
                       .options = 12,
                       .payload = random_payload,
                       .payload_len = EL_GSO_SEGMENTS_MAX,
                       .partial = true};
    struct el_offload offload = offload_of(&s, 1);
    struct el_gso_cut cut;

    (void)state;
    check_cut(&s, 1);
    s.payload_len++; /* one segment too many */
    assert_int_equal(el_gso_begin(&cut, super, sample_build(super, &s), &offload, EL_GSO_COMPLETE),
                     EL_EPROTO);
}

static void not_to_be_cut(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        struct sample s = random_sample(&seed);
        struct el_gso_cut cut;
        uint8_t *segment;
        size_t segment_len;

        s.payload_len = sample_below(&seed, 3000);
        struct el_offload offload = offload_of(&s, 0);
        size_t len = sample_build(super, &s);
        struct sample want = s;

        offload.gso = EL_GSO_NONE;
        want.partial = false;
        sample_build(expected, &want);
        assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), 0);
        assert_int_equal(el_gso_count(&cut), 1);
        assert_true(el_gso_next(&cut, &segment, &segment_len));
        assert_ptr_equal(segment, super);
        assert_int_equal(segment_len, len);
        assert_memory_equal(segment, expected, len);
        assert_false(el_gso_next(&cut, &segment, &segment_len));

        /* Left as it is, and done later. */
        sample_build(super, &s);
        assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_PARTIAL), 0);
        assert_true(el_gso_next(&cut, &segment, &segment_len));
        sample_build(expected, &s);
        assert_memory_equal(segment, expected, len);
        sample_build(expected, &want);
        assert_int_equal(el_gso_finish(segment, segment_len, &cut.rest), 0);
        assert_memory_equal(segment, expected, len);

        /* Nothing is pending: not a byte is touched. */
        assert_int_equal(el_gso_begin(&cut, super, len, &(struct el_offload){0}, EL_GSO_COMPLETE),
                         0);
        assert_memory_equal(super, expected, len);
    }
}

/* A UDP checksum that comes out as zero is sent as 0xffff (RFC 768), both ways to get there. */
static void udp_checksum_is_never_zero(void **state)
{
    uint8_t payload[2] = {0};
    struct sample s = {.udp = true, .ttl = 9, .payload = payload, .payload_len = 2};
    struct el_gso_cut cut;
    uint8_t *segment;
    size_t len = sample_build(super, &s);

    (void)state;
    memcpy(payload, super + sample_l4(&s) + 6, 2); /* adding the checksum makes the sum zero */
    s.partial = true;
    for (unsigned gso = 0; gso < 2; gso++) {
        struct el_offload offload = offload_of(&s, 2);

        offload.gso = gso ? EL_GSO_UDP_L4 : EL_GSO_NONE;
        assert_int_equal(
            el_gso_begin(&cut, super, sample_build(super, &s), &offload, EL_GSO_COMPLETE), 0);
        assert_true(el_gso_next(&cut, &segment, &len));
        assert_memory_equal(segment + sample_l4(&s) + 6, "\xff\xff", 2);
    }
}

/* -- lies -- */

static void set_none(struct el_offload *o)
{
    o->gso = EL_GSO_NONE;
}

static void lie_type(struct el_offload *o)
{
    o->gso = EL_GSO_TCP6;
}
static void lie_udp(struct el_offload *o)
{
    o->gso = EL_GSO_UDP_L4;
}
static void lie_unknown(struct el_offload *o)
{
    o->gso = (enum el_gso)3;
}
static void lie_size(struct el_offload *o)
{
    o->gso_size = 0;
}
static void lie_start(struct el_offload *o)
{
    o->csum_start++;
}
static void lie_start_far(struct el_offload *o)
{
    o->csum_start = 65535;
}
static void lie_start_near(struct el_offload *o)
{
    set_none(o);
    o->csum_start = 13;
}
static void lie_offset(struct el_offload *o)
{
    o->csum_offset = 6;
}
static void lie_offset_far(struct el_offload *o)
{
    o->csum_offset = 65535;
}
static void lie_none_start(struct el_offload *o)
{
    set_none(o);
    o->csum_start = 65535;
}
static void lie_none_offset(struct el_offload *o)
{
    set_none(o);
    o->csum_offset = 65535;
}
static void lie_unverified(struct el_offload *o)
{
    o->needs_csum = false;
}

static void lying_offloads_are_refused(void **state)
{
    static void (*const lies[])(struct el_offload *) = {
        lie_type,       lie_udp,    lie_unknown,    lie_size,       lie_start,       lie_start_far,
        lie_start_near, lie_offset, lie_offset_far, lie_none_start, lie_none_offset, lie_unverified,
    };
    struct sample s = {
        .ttl = 64, .flags = 0x10, .payload = random_payload, .payload_len = 5000, .partial = true};
    size_t len = sample_build(expected, &s);
    struct el_gso_cut cut;

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct el_offload offload = offload_of(&s, 1400);

        memcpy(super, expected, len);
        lies[i](&offload);
        assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_PARTIAL), EL_EPROTO);
        assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), EL_EPROTO);
        assert_memory_equal(super, expected, len);
    }

    /* hdr_len is a hint that nobody looks at. */
    struct el_offload offload = offload_of(&s, 1400);
    offload.hdr_len = 65535;
    assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), 0);
    /* Verified already: needs nothing to be filled in. */
    offload.needs_csum = false;
    offload.csum_valid = true;
    assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), 0);
}

static void headers_that_cannot_be_cut(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        {12, 0x81},      /* another protocol than IP */
        {14, 0x65},      /* another version */
        {14, 0x44},      /* an IP header of 16 bytes */
        {14, 0x4f},      /* of 60 bytes: TCP begins in the middle of nowhere */
        {14 + 3, 0x00},  /* a total length that is not the frame's */
        {14 + 6, 0x20},  /* more fragments */
        {14 + 7, 0x01},  /* a fragment's offset */
        {14 + 9, 17},    /* UDP */
        {34 + 12, 0x40}, /* a TCP header of 16 bytes */
        {34 + 13, 0x12}, /* SYN */
        {34 + 13, 0x14}, /* RST */
        {34 + 13, 0x30}, /* URG */
    };
    struct sample s = {
        .ttl = 64, .flags = 0x10, .payload = random_payload, .payload_len = 5000, .partial = true};
    struct el_offload offload = offload_of(&s, 1400);
    struct el_gso_cut cut;

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t len = sample_build(super, &s);

        super[changes[i].at] = changes[i].value;
        assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), EL_EPROTO);
    }
}

static void udp_length_that_lies(void **state)
{
    struct sample s = {
        .udp = true, .ttl = 64, .payload = random_payload, .payload_len = 5000, .partial = true};
    struct el_offload offload = offload_of(&s, 1400);
    struct el_gso_cut cut;
    size_t len = sample_build(super, &s);

    (void)state;
    sample_put(super + sample_l4(&s) + 4, 5000, 2); /* its header is missing */
    assert_int_equal(el_gso_begin(&cut, super, len, &offload, EL_GSO_COMPLETE), EL_EPROTO);
}

static void headers_are_bounded(void **state)
{
    struct sample s = {.ip6 = true,
                       .flags = 0x10,
                       .ip_options = 176,
                       .payload = random_payload,
                       .payload_len = 5000,
                       .partial = true};
    struct el_offload offload;
    struct el_gso_cut cut;

    (void)state;
    check_cut(&s, 100);
    s.ip_options += 8; /* 258 bytes up to the payload */
    offload = offload_of(&s, 100);
    assert_int_equal(el_gso_begin(&cut, super, sample_build(super, &s), &offload, EL_GSO_COMPLETE),
                     EL_EPROTO);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct sample s = {.ip6 = kind & 1,
                           .udp = kind & 2,
                           .tags = kind % 3,
                           .flags = 0x10,
                           .payload = random_payload,
                           .payload_len = 600,
                           .partial = true};
        struct el_offload offload = offload_of(&s, 100);
        size_t len = sample_build(expected, &s);

        for (size_t cut_at = 0; cut_at < len; cut_at++) {
            uint8_t *exact = malloc(cut_at ? cut_at : 1);
            struct el_gso_cut cut;

            memcpy(exact, expected, cut_at);
            assert_int_equal(el_gso_begin(&cut, exact, cut_at, &offload, EL_GSO_COMPLETE),
                             EL_EPROTO);
            free(exact);
        }
    }
}

/* -- merging -- */

/* What came out of a merger: copied, because the memory is lent only for the call. */
struct out {
    unsigned port;
    struct el_offload offload;
    unsigned count;
    size_t len;
    uint8_t *bytes;
};

static struct out outs[512];
static unsigned outs_count;

static void collect(void *arg, unsigned port, const struct el_offload *offload,
                    const struct el_slice *slices, unsigned count)
{
    struct out *out = &outs[outs_count++];

    (void)arg;
    assert_true(outs_count <= sizeof outs / sizeof outs[0]);
    assert_true(count >= 1 && count <= EL_GRO_SLICES);
    assert_int_equal(count > 1, offload->gso != EL_GSO_NONE);
    *out = (struct out){port, *offload, count, 0, NULL};
    for (unsigned i = 0; i < count; i++)
        out->len += slices[i].len;
    out->bytes = malloc(HEADROOM + out->len);
    size_t at = HEADROOM;
    for (unsigned i = 0; i < count; i++) {
        memcpy(out->bytes + at, slices[i].bytes, slices[i].len);
        at += slices[i].len;
    }
}

static void forget_outs(void)
{
    while (outs_count > 0)
        free(outs[--outs_count].bytes);
}

/* Offers a frame that is complete. */
static void offer(struct el_gro *gro, unsigned port, const uint8_t *frame, size_t len)
{
    static const struct el_offload complete;
    struct el_layers layers;

    el_layers_read(frame, len, &layers);
    el_gro_add(gro, port, frame, len, &layers, &complete);
}

static struct el_gro *merger(bool udp)
{
    struct el_gro *gro =
        el_gro_new(&(struct el_gro_config){.emit = collect, .arg = NULL, .udp = udp});

    assert_non_null(gro);
    forget_outs();
    return gro;
}

/* A super-frame's segments, each in memory of its own, merge into that super-frame. */
static void merge_gives_the_super_frame_back(void **state)
{
    static uint8_t segments[SEGMENTS_MAX][1700];
    struct el_gro *gro = merger(true);
    uint64_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct sample s = random_sample(&seed);
        unsigned most = s.udp ? 64 : SEGMENTS_MAX;
        size_t size = 1 + sample_below(&seed, round % 10 ? 300 : 960);
        unsigned count = 2 + sample_below(&seed, most - 1);

        s.payload_len = size * count - sample_below(&seed, (uint32_t)size);
        forget_outs();
        for (unsigned i = 0; i < count; i++) {
            struct sample segment = sample_segment(&s, size, i);

            offer(gro, 9, segments[i], sample_build(segments[i], &segment));
        }
        el_gro_flush(gro);

        assert_int_equal(outs_count, 1);
        struct el_offload want = offload_of(&s, size);
        const struct el_offload *got = &outs[0].offload;

        assert_int_equal(outs[0].port, 9);
        assert_int_equal(outs[0].count, 1 + count);
        assert_int_equal(got->gso, want.gso);
        assert_int_equal(got->gso_size, want.gso_size);
        assert_int_equal(got->hdr_len, want.hdr_len);
        assert_true(got->needs_csum);
        assert_int_equal(got->csum_start, want.csum_start);
        assert_int_equal(got->csum_offset, want.csum_offset);
        assert_int_equal(outs[0].len, sample_build(expected, &s));
        assert_memory_equal(outs[0].bytes + HEADROOM, expected, outs[0].len);
    }
    el_gro_free(gro);
}

/* Segments whose checksums are partial merge among themselves and with complete ones, unseen; one
 * alone stays what it is. */
static void partial_ones_merge_too(void **state)
{
    static uint8_t segments[SEGMENTS_MAX][1700];
    struct el_gro *gro = merger(true);
    uint64_t seed = 4;

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        struct sample s = random_sample(&seed);
        size_t size = 1 + sample_below(&seed, round % 10 ? 300 : 960);
        unsigned count = 1 + sample_below(&seed, s.udp ? 64 : SEGMENTS_MAX);

        s.payload_len = size * count - sample_below(&seed, (uint32_t)size);
        struct el_offload want = offload_of(&s, size), partial = want;
        partial.gso = EL_GSO_NONE;
        partial.gso_size = partial.hdr_len = 0;
        forget_outs();
        for (unsigned i = 0; i < count; i++) {
            struct sample segment = sample_segment(&s, size, i);
            struct el_layers layers;

            segment.partial = count == 1 || sample_below(&seed, 4) > 0;
            size_t len = sample_build(segments[i], &segment);
            if (!segment.partial) {
                offer(gro, 9, segments[i], len);
                continue;
            }
            el_layers_read(segments[i], len, &layers);
            el_gro_add(gro, 9, segments[i], len, &layers, &partial);
        }
        el_gro_flush(gro);

        assert_int_equal(outs_count, 1);
        const struct el_offload *got = &outs[0].offload;
        assert_int_equal(outs[0].count, count > 1 ? 1 + count : 1);
        assert_int_equal(got->gso, count > 1 ? want.gso : EL_GSO_NONE);
        assert_true(got->needs_csum);
        assert_int_equal(got->csum_start, want.csum_start);
        assert_int_equal(got->csum_offset, want.csum_offset);
        assert_int_equal(outs[0].len, sample_build(expected, &s));
        assert_memory_equal(outs[0].bytes + HEADROOM, expected, outs[0].len);
    }
    el_gro_free(gro);
}

/* A field that is not the pseudo header's sum completes to a wrong checksum, and merging must not
 * put that right. */
static void a_wrong_sum_stays_wrong(void **state)
{
    static uint8_t segments[2][1700];
    struct el_gro *gro = merger(true);
    struct sample s = {
        .ttl = 64, .flags = 0x10, .payload = random_payload, .payload_len = 2000, .partial = true};
    struct el_offload partial = offload_of(&s, 0);

    (void)state;
    partial.gso = EL_GSO_NONE;
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        forget_outs();
        for (unsigned i = 0; i < 2; i++) {
            struct sample segment = sample_segment(&s, 1000, i);
            struct el_layers layers;

            segment.partial = true;
            size_t len = sample_build(segments[i], &segment);
            segments[i][sample_l4(&s) + 16] ^= i == wrong;
            el_layers_read(segments[i], len, &layers);
            el_gro_add(gro, 9, segments[i], len, &layers, &partial);
        }
        el_gro_flush(gro);
        assert_int_equal(outs_count, 2);
        for (unsigned i = 0; i < 2; i++) {
            assert_true(outs[i].offload.needs_csum);
            assert_memory_equal(outs[i].bytes + HEADROOM, segments[i], outs[i].len);
        }
    }
    el_gro_free(gro);
}

/* One difference between two segments that would otherwise merge. */
struct difference {
    const char *what;
    void (*make)(struct sample *second);
    size_t at;      /* or a byte of the second frame, */
    uint8_t flip;   /* to be changed after its checksums were made */
    size_t padding; /* or bytes behind it */
};

#define DIFFERENCE(name, statement)         \
    static void name(struct sample *second) \
    {                                       \
        second->statement;                  \
    }
DIFFERENCE(hole, seq++)
DIFFERENCE(reordered, seq -= 2000)
DIFFERENCE(duplicate, seq -= 1000)
DIFFERENCE(longer, payload_len++)
DIFFERENCE(empty, payload_len = 0)
DIFFERENCE(acks_more, ack++)
DIFFERENCE(other_window, window++)
DIFFERENCE(other_urgent, urgent++)
DIFFERENCE(other_timestamp, timestamp++)
DIFFERENCE(more_options, options += 4)
DIFFERENCE(syn, flags |= 0x02)
DIFFERENCE(rst, flags |= 0x04)
DIFFERENCE(urg, flags |= 0x20)
DIFFERENCE(ece, flags |= 0x40)
DIFFERENCE(cwr, flags |= 0x80)
DIFFERENCE(reserved, flags |= 0x100)
DIFFERENCE(no_ack, flags &= (uint16_t)~0x10)
DIFFERENCE(other_tos, tos ^= 1)
DIFFERENCE(other_ttl, ttl--)
DIFFERENCE(ip_options, ip_options = 8)
DIFFERENCE(id_stays, id--)
DIFFERENCE(id_jumps, id++)
DIFFERENCE(other_df, df = !second->df)
DIFFERENCE(other_vlan, tags = 1)

static void check_difference(const struct difference *d, const struct sample *base, bool merges)
{
    static uint8_t first[2000], second[2000], want_first[2000], want_second[2000];
    struct el_gro *gro = merger(true);
    struct sample a = sample_segment(base, 1000, 0), b = sample_segment(base, 1000, 1);

    if (d->make)
        d->make(&b);
    size_t first_len = sample_build(first, &a);
    size_t second_len = sample_build(second, &b);
    second[d->at] ^= d->flip;
    memset(second + second_len, 0, d->padding);
    second_len += d->padding;
    memcpy(want_first, first, first_len);
    memcpy(want_second, second, second_len);

    offer(gro, 0, first, first_len);
    offer(gro, 0, second, second_len);
    el_gro_flush(gro);
    if (outs_count != (merges ? 1u : 2u))
        fail_msg("%s: %u frames came out", d->what, outs_count);
    if (!merges) { /* in their order, unmarked and unchanged */
        assert_int_equal(outs[0].len, first_len);
        assert_memory_equal(outs[0].bytes + HEADROOM, want_first, first_len);
        assert_int_equal(outs[1].len, second_len);
        assert_memory_equal(outs[1].bytes + HEADROOM, want_second, second_len);
        assert_false(outs[0].offload.needs_csum || outs[1].offload.needs_csum);
        assert_int_equal(outs[0].offload.gso, EL_GSO_NONE);
        assert_int_equal(outs[1].offload.gso, EL_GSO_NONE);
    }
    forget_outs();
    el_gro_free(gro);
}

static void what_must_not_merge(void **state)
{
    static const struct difference tcp[] = {
        {.what = "hole", .make = hole},
        {.what = "reordered", .make = reordered},
        {.what = "duplicate", .make = duplicate},
        {.what = "longer", .make = longer},
        {.what = "empty", .make = empty},
        {.what = "ack", .make = acks_more},
        {.what = "window", .make = other_window},
        {.what = "urgent", .make = other_urgent},
        {.what = "timestamp", .make = other_timestamp},
        {.what = "options", .make = more_options},
        {.what = "SYN", .make = syn},
        {.what = "RST", .make = rst},
        {.what = "URG", .make = urg},
        {.what = "ECE", .make = ece},
        {.what = "CWR", .make = cwr},
        {.what = "reserved flag", .make = reserved},
        {.what = "no ACK", .make = no_ack},
        {.what = "TOS", .make = other_tos},
        {.what = "TTL", .make = other_ttl},
        {.what = "IP options", .make = ip_options},
        {.what = "VLAN", .make = other_vlan},
        {.what = "padding", .padding = 3},
        {.what = "payload damaged", .at = 900, .flip = 1},
        {.what = "source MAC", .at = 11, .flip = 1},
    };
    static const struct difference ip4[] = {
        {.what = "identification stays", .make = id_stays},
        {.what = "identification jumps", .make = id_jumps},
        {.what = "DF", .make = other_df},
        {.what = "fragment", .at = 14 + 6, .flip = 0x20},
        {.what = "IP checksum", .at = 14 + 10, .flip = 1},
    };
    static const struct difference udp[] = {
        {.what = "UDP longer", .make = longer},
        {.what = "UDP empty", .make = empty},
        {.what = "UDP TOS", .make = other_tos},
        {.what = "UDP TTL", .make = other_ttl},
        {.what = "UDP payload damaged", .at = 900, .flip = 1},
        {.what = "UDP padding", .padding = 3},
    };
    struct sample base = {.ttl = 64,
                          .flags = 0x10,
                          .options = 12,
                          .window = 500,
                          .id = 65535,
                          .seq = 0xffffff00,
                          .payload = random_payload,
                          .payload_len = 2000};

    (void)state;
    for (unsigned ip6 = 0; ip6 < 2; ip6++) {
        base.ip6 = ip6;
        check_difference(&(struct difference){.what = "nothing"}, &base, true);
        for (size_t i = 0; i < sizeof tcp / sizeof tcp[0]; i++)
            check_difference(&tcp[i], &base, false);
    }
    base.ip6 = false;
    for (size_t i = 0; i < sizeof ip4 / sizeof ip4[0]; i++)
        check_difference(&ip4[i], &base, false);
    base.udp = true;
    check_difference(&(struct difference){.what = "nothing"}, &base, true);
    for (size_t i = 0; i < sizeof udp / sizeof udp[0]; i++)
        check_difference(&udp[i], &base, false);
}

/* Zero has two forms in a checksum. Where a frame has the one that a cut would not write, it stays
 * alone. FIELD is set so that the checksum comes out as zero. */
static void check_other_zero(struct sample *s, size_t field, size_t csum, uint32_t other)
{
    static uint8_t first[1200], second[1200];
    struct el_gro *gro = merger(true);
    struct sample a = sample_segment(s, 500, 0), b = sample_segment(s, 500, 1);
    size_t first_len = sample_build(first, &a), second_len = sample_build(second, &b);

    for (unsigned form = 0; form < 2; form++) {
        uint32_t right = (uint32_t)(second[csum] << 8 | second[csum + 1]);

        if (form == 0) {
            uint32_t now = (uint32_t)(second[field] << 8 | second[field + 1]) + right;
            sample_put(second + field, (now & 0xffff) + (now >> 16), 2);
        }
        sample_put(second + csum, form == 0 ? other ^ 0xffff : other, 2);
        offer(gro, 0, first, first_len);
        offer(gro, 0, second, second_len);
        el_gro_flush(gro);
        assert_int_equal(outs_count, form == 0 ? 1 : 2);
        forget_outs();
    }
    el_gro_free(gro);
}

static void the_other_zero_does_not_merge(void **state)
{
    struct sample s = {.ttl = 64, .flags = 0x10, .payload = random_payload, .payload_len = 1000};

    (void)state;
    check_other_zero(&s, sample_payload_at(&s), sample_l4(&s) + 16, 0xffff);
    s.udp = true;
    check_other_zero(&s, sample_payload_at(&s), sample_l4(&s) + 6, 0x0000);

    /* IPv4: the identification makes the header's checksum zero. */
    uint8_t frame[1200];
    s.id = 0;
    sample_build(frame, &s);
    struct sample b = sample_segment(&s, 500, 1);
    b.id = 0;
    sample_build(frame, &b);
    s.id = (uint16_t)((frame[24] << 8 | frame[25]) - 1); /* the second one's is one more */
    check_other_zero(&s, sample_payload_at(&s), 14 + 10, 0xffff);
}

/* A datagram that ends before its IP packet does. */
static void udp_shorter_than_its_packet(void **state)
{
    static uint8_t frames[2][1200];
    struct sample s = {.udp = true, .ttl = 64, .payload = random_payload, .payload_len = 1000};
    struct el_gro *gro = merger(true);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct sample segment = sample_segment(&s, 500, i);
        size_t len = sample_build(frames[i], &segment);
        uint8_t *udp = frames[i] + sample_l4(&s);
        uint32_t csum = (uint32_t)(udp[6] << 8 | udp[7]) + 100;

        sample_put(udp + 4, 508 - 100, 2);
        sample_put(udp + 6, (csum & 0xffff) + (csum >> 16), 2); /* the sum stays what it was */
        offer(gro, 0, frames[i], len);
    }
    el_gro_flush(gro);
    assert_int_equal(outs_count, 2);
    forget_outs();
    el_gro_free(gro);
}

/* An IP packet cannot be longer than 65,535 bytes, however many segments there are. */
static void no_super_frame_is_too_long(void **state)
{
    static uint8_t segments[SEGMENTS_MAX][1700];
    static uint8_t payload[SEGMENTS_MAX * 1400];

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct sample s = {.ip6 = kind & 1,
                           .udp = kind & 2,
                           .ttl = 64,
                           .flags = 0x10,
                           .payload = payload,
                           .payload_len = sizeof payload};
        struct el_gro *gro = merger(true);
        unsigned count = 0;

        for (unsigned i = 0; i < SEGMENTS_MAX; i++) {
            struct sample segment = sample_segment(&s, 1400, i);

            offer(gro, 0, segments[i], sample_build(segments[i], &segment));
        }
        el_gro_flush(gro);
        assert_int_equal(outs_count, 2);
        for (unsigned i = 0; i < outs_count; i++) {
            assert_true(outs[i].len <= 14 + 65535);
            count += outs[i].count - 1;
        }
        assert_int_equal(count, SEGMENTS_MAX);
        assert_true(outs[0].len + 1400 > 14 + 65535);
        forget_outs();
        el_gro_free(gro);
    }
}

/* A damaged first segment is noticed when the second comes, and both go out as they are. */
static void damaged_first_segment(void **state)
{
    static uint8_t frames[3][1200];
    struct sample s = {.ttl = 64, .flags = 0x10, .payload = random_payload, .payload_len = 3000};
    struct el_gro *gro = merger(false);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct sample segment = sample_segment(&s, 1000, i);
        size_t len = sample_build(frames[i], &segment);

        if (i == 0)
            frames[i][700] ^= 0x10;
        offer(gro, 0, frames[i], len);
    }
    el_gro_flush(gro);
    assert_int_equal(outs_count, 2);
    assert_int_equal(outs[0].offload.gso, EL_GSO_NONE);
    assert_int_equal(outs[1].offload.gso, EL_GSO_TCP4);
    assert_int_equal(outs[1].count, 1 + 2);
    forget_outs();
    el_gro_free(gro);
}

/* PSH ends a super-frame: it is out before anybody flushes. */
static void push_goes_out_at_once(void **state)
{
    static uint8_t frames[2][1200];
    struct sample s = {.ttl = 64, .flags = 0x18, .payload = random_payload, .payload_len = 2000};
    struct el_gro *gro = merger(false);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct sample segment = sample_segment(&s, 1000, i);

        offer(gro, 0, frames[i], sample_build(frames[i], &segment));
    }
    assert_int_equal(outs_count, 1);
    assert_int_equal(outs[0].bytes[HEADROOM + sample_l4(&s) + 13], 0x18);
    forget_outs();
    el_gro_free(gro);
}

/* The same segments for two ports are two flows, and the memory may be the same: a frame that is
 * flooded. One port's flow is ended by a flood of others before the other port's. */
static void ports_do_not_mix(void **state)
{
    static uint8_t frames[3][1200], others[EL_GRO_FLOWS][200];
    struct sample s = {.ttl = 64, .flags = 0x10, .payload = random_payload, .payload_len = 3000};
    struct el_gro *gro = merger(false);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct sample segment = sample_segment(&s, 1000, i);
        size_t len = sample_build(frames[i], &segment);

        offer(gro, 0, frames[i], len);
        if (i == 1) /* port 0 has two segments, port 1 has one */
            for (unsigned j = 0; j < EL_GRO_FLOWS - 1; j++) {
                struct sample other = s;

                other.flow = (uint8_t)(1 + j);
                other.payload_len = 99;
                offer(gro, 0, others[j], sample_build(others[j], &other));
            }
        offer(gro, 1, frames[i], len);
    }
    el_gro_flush(gro);

    unsigned count[2] = {0};
    for (unsigned i = 0; i < outs_count; i++) {
        struct el_gso_cut cut;
        uint8_t *segment;
        size_t len;

        assert_int_equal(el_gso_begin(&cut, outs[i].bytes + HEADROOM, outs[i].len, &outs[i].offload,
                                      EL_GSO_COMPLETE),
                         0);
        while (el_gso_next(&cut, &segment, &len)) {
            if (len < 1000)
                continue; /* another flow */
            struct sample want = sample_segment(&s, 1000, count[outs[i].port]++);

            assert_int_equal(len, sample_build(expected, &want));
            assert_memory_equal(segment, expected, len);
        }
    }
    assert_int_equal(count[0], 3);
    assert_int_equal(count[1], 3);
    forget_outs();
    el_gro_free(gro);
}

static void udp_only_where_it_is_wanted(void **state)
{
    static uint8_t frames[2][1200];
    struct sample s = {.udp = true, .ttl = 64, .payload = random_payload, .payload_len = 2000};
    struct el_gro *gro = merger(false);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct sample segment = sample_segment(&s, 1000, i);

        offer(gro, 0, frames[i], sample_build(frames[i], &segment));
        assert_int_equal(outs_count, i + 1);
    }
    forget_outs();
    el_gro_free(gro);
}

/* -- 100,000 frames through a merger and a cutter -- */

enum { FLOWS = 24, BATCH = 100, BATCHES = 1000, FRAME_BYTES = 1600 };

/* The frames of a batch, as they were offered. */
static struct offered {
    unsigned flow;
    bool seen;
    size_t len;
    uint8_t bytes[FRAME_BYTES];
} offered[BATCH];

static uint8_t arena[BATCH][FRAME_BYTES];

/* A sender that now and then does something that must not be merged, on a line that now and then
 * damages a frame. */
static size_t next_frame(uint64_t *seed, struct sample *s, uint8_t *frame, bool *damaged)
{
    unsigned mood = sample_below(seed, 64);

    s->flags = 0x10;
    s->ip_options = 0;
    s->payload = random_payload + sample_below(seed, 1000);
    s->payload_len = sample_below(seed, 6) ? 500 : sample_below(seed, 1200);
    switch (mood) {
    case 0: s->seq += 1000; break;
    case 1: s->seq -= 500; break;
    case 2: s->ack++; break;
    case 3: s->timestamp++; break;
    case 4: s->flags |= 0x08; break;
    case 5: s->flags |= 0x01; break;
    case 6: s->flags |= 0x80; break;
    case 7: s->flags |= 0x40; break;
    case 8: s->flags = 0x02; break;
    case 9: s->flags |= 0x04; break;
    case 10: s->ttl++; break;
    case 11: s->tos++; break;
    case 12: s->id++; break;
    case 13: s->df = !s->df; break;
    case 14: s->ip_options = 8; break;
    case 15: s->window++; break;
    default: break;
    }
    size_t len = sample_build(frame, s);

    s->seq += (uint32_t)s->payload_len;
    s->id++;
    switch (mood) {
    case 16:
        frame[sample_below(seed, (uint32_t)len)] ^= (uint8_t)(1 + sample_below(seed, 255));
        *damaged = true;
        break;
    case 17: len = sample_below(seed, (uint32_t)len); break;
    case 18: memset(frame + len, 0, 8), len += 8; break;
    default: break;
    }
    return len;
}

/* Every frame that comes out must have been offered, and be the first of its flow that is still
 * missing. Two flows never have equal frames, but cut short they may: then either will do. */
static void account_for(const uint8_t *frame, size_t len)
{
    bool passed[FLOWS + BATCH] = {false};

    for (unsigned i = 0; i < BATCH; i++) {
        struct offered *o = &offered[i];

        if (o->seen || passed[o->flow])
            continue;
        if (o->len == len && memcmp(o->bytes, frame, len) == 0) {
            o->seen = true;
            return;
        }
        passed[o->flow] = true;
    }
    fail_msg("a frame of %zu bytes that was not offered, or is out of order", len);
}

static void every_frame_comes_out_as_it_was(void **state)
{
    struct el_gro *gro = merger(true);
    struct sample flows[FLOWS];
    uint64_t seed = 2026;
    unsigned merged = 0;

    (void)state;
    for (unsigned i = 0; i < FLOWS; i++) {
        flows[i] = random_sample(&seed);
        flows[i].flow = (uint8_t)i;
        flows[i].partial = false;
    }
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        unsigned spread = batch % 3 == 0 ? FLOWS : batch % 3 == 1 ? 3 : 1;
        unsigned first = sample_below(&seed, FLOWS - spread + 1);

        forget_outs();
        for (unsigned i = 0; i < BATCH; i++) {
            struct offered *o = &offered[i];

            o->flow = first + sample_below(&seed, spread);
            o->seen = false;
            bool damaged = false;
            o->len = next_frame(&seed, &flows[o->flow], o->bytes, &damaged);
            if (damaged) /* where it was hit, it may be of another flow now */
                o->flow = FLOWS + i;
            memcpy(arena[i], o->bytes, o->len);
            offer(gro, 0, arena[i], o->len);
        }
        el_gro_flush(gro);
        for (unsigned i = 0; i < outs_count; i++) {
            struct el_gso_cut cut;
            uint8_t *segment;
            size_t len;

            merged += outs[i].count > 1;
            assert_int_equal(el_gso_begin(&cut, outs[i].bytes + HEADROOM, outs[i].len,
                                          &outs[i].offload, EL_GSO_COMPLETE),
                             0);
            while (el_gso_next(&cut, &segment, &len))
                account_for(segment, len);
        }
        for (unsigned i = 0; i < BATCH; i++)
            assert_true(offered[i].seen);
    }
    assert_true(merged > BATCHES);
    forget_outs();
    el_gro_free(gro);
}

static int fill_payload(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (size_t i = 0; i < sizeof random_payload; i++)
        random_payload[i] = (uint8_t)sample_random(&seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_random_super_frames),
        cmocka_unit_test(cut_to_single_bytes),
        cmocka_unit_test(not_to_be_cut),
        cmocka_unit_test(udp_checksum_is_never_zero),
        cmocka_unit_test(lying_offloads_are_refused),
        cmocka_unit_test(headers_that_cannot_be_cut),
        cmocka_unit_test(udp_length_that_lies),
        cmocka_unit_test(headers_are_bounded),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(merge_gives_the_super_frame_back),
        cmocka_unit_test(partial_ones_merge_too),
        cmocka_unit_test(a_wrong_sum_stays_wrong),
        cmocka_unit_test(what_must_not_merge),
        cmocka_unit_test(the_other_zero_does_not_merge),
        cmocka_unit_test(udp_shorter_than_its_packet),
        cmocka_unit_test(no_super_frame_is_too_long),
        cmocka_unit_test(damaged_first_segment),
        cmocka_unit_test(push_goes_out_at_once),
        cmocka_unit_test(ports_do_not_mix),
        cmocka_unit_test(udp_only_where_it_is_wanted),
        cmocka_unit_test(every_frame_comes_out_as_it_was),
    };

    return cmocka_run_group_tests(tests, fill_payload, NULL);
}

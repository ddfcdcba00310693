/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the frame room costs: nanoseconds for a 64 KB super-frame, in the cache, the best of many
 * rounds. memcpy of the same payload is measured in the same run, as the yardstick.
 */
#include "frame/csum.h"
#include "frame/gro.h"
#include "frame/gso.h"
#include "unit/frame_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    HEADROOM = 64,
    SIZE = 1348, /* a segment's payload in a tunnel over a WAN of 1500, with timestamps */
    SEGMENTS = 48,
    STRIDE = 1600, /* from one received segment to the next */
    ROUNDS = 3000,
};

static uint8_t payload[SIZE * SEGMENTS];
static uint8_t template[SAMPLE_BYTES_MAX], super[HEADROOM + SAMPLE_BYTES_MAX];
static uint8_t segments[SEGMENTS * STRIDE];
static size_t segment_len[SEGMENTS];
static volatile uint64_t sink;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct sample sample_of(bool ip6)
{
    return (struct sample){
        .ip6 = ip6,
        .ttl = 64,
        .flags = 0x18,
        .options = 12,
        .payload = payload,
        .payload_len = sizeof payload,
        .partial = true,
    };
}

static void copy_payload(void)
{
    memcpy(super, payload, sizeof payload);
    sink += super[sizeof payload / 2];
}

static void sum_payload(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < SEGMENTS; i++)
        sum += el_csum_fold(el_csum_add(0, payload + i * SIZE, SIZE));
    sink += sum;
}

static void cut_super(bool ip6, enum el_gso_csum csum)
{
    struct sample s = sample_of(ip6);
    struct el_offload offload = {
        .needs_csum = true,
        .gso = ip6 ? EL_GSO_TCP6 : EL_GSO_TCP4,
        .gso_size = SIZE,
        .csum_start = (uint16_t)sample_l4(&s),
        .csum_offset = 16,
    };
    struct el_gso_cut cut;
    uint8_t *segment;
    size_t len;

    memcpy(super + HEADROOM, template, sample_payload_at(&s)); /* the headers, as they came */
    if (el_gso_begin(&cut, super + HEADROOM, sample_payload_at(&s) + sizeof payload, &offload,
                     csum) < 0)
        abort();
    while (el_gso_next(&cut, &segment, &len))
        sink += len;
}

static void cut_super4(void)
{
    cut_super(false, EL_GSO_COMPLETE);
}

static void cut_super6(void)
{
    cut_super(true, EL_GSO_COMPLETE);
}

static void cut_partial4(void)
{
    cut_super(false, EL_GSO_PARTIAL);
}

static void cut_partial6(void)
{
    cut_super(true, EL_GSO_PARTIAL);
}

static struct el_gro *gro;

static void count_slices(void *arg, unsigned port, const struct el_offload *offload,
                         const struct el_slice *slices, unsigned count)
{
    (void)arg;
    (void)port;
    (void)offload;
    (void)slices;
    if (count != 1 + SEGMENTS)
        abort();
    sink += count;
}

static struct el_offload offload; /* of each segment */

static void merge_segments(void)
{
    for (unsigned i = 0; i < SEGMENTS; i++) {
        struct el_layers layers __attribute__((uninitialized));
        const uint8_t *segment = segments + i * STRIDE;

        el_layers_read(segment, segment_len[i], &layers);
        el_gro_add(gro, 0, segment, segment_len[i], &layers, &offload);
    }
    el_gro_flush(gro);
}

static void prepare_segments(bool ip6, bool partial)
{
    struct sample s = sample_of(ip6);

    sample_build(template, &s);
    memcpy(super + HEADROOM, template, sample_payload_at(&s) + sizeof payload);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        struct sample segment = sample_segment(&s, SIZE, i);

        segment.partial = partial;
        segment_len[i] = sample_build(segments + i * STRIDE, &segment);
    }
    offload = (struct el_offload){
        .needs_csum = partial, .csum_start = (uint16_t)sample_l4(&s), .csum_offset = 16};
}

static void report(const char *what, void (*run)(void))
{
    uint64_t best = UINT64_MAX;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start = now_ns();

        run();
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
    }
    printf("%-34s %6llu ns  %5.1f ns a segment  %6.1f GB/s\n", what, (unsigned long long)best,
           (double)best / SEGMENTS, (double)sizeof payload / (double)best);
}

int main(void)
{
    gro = el_gro_new(&(struct el_gro_config){.emit = count_slices});
    if (!gro)
        return 1;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 2654435761u >> 13);

    printf("%u segments of %u bytes\n", SEGMENTS, SIZE);
    report("memcpy of the payload", copy_payload);
    report("checksum of the payload", sum_payload);
    prepare_segments(false, false);
    report("cut, IPv4, all checksums", cut_super4);
    report("verify and merge, IPv4", merge_segments);
    prepare_segments(true, false);
    report("cut, IPv6, all checksums", cut_super6);
    report("verify and merge, IPv6", merge_segments);
    prepare_segments(false, true);
    report("cut, IPv4, checksums partial", cut_partial4);
    report("merge, IPv4, checksums partial", merge_segments);
    prepare_segments(true, true);
    report("cut, IPv6, checksums partial", cut_partial6);
    report("merge, IPv6, checksums partial", merge_segments);
    el_gro_free(gro);
    return 0;
}

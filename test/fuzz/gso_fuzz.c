/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting a frame with an offload that lies in any way.
 *
 * Input: flags (1: needs_csum, 2: csum_valid), gso, gso_size, csum_start, csum_offset (16 bits each
 * but for the first two), then the frame. Whatever is accepted gives segments that are whole
 * packets with right checksums and together have exactly the payload that went in. Cut once more
 * with partial checksums, and those completed, it gives the same.
 */
#include "frame/csum.h"
#include "frame/gso.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADROOM = 300 }; /* the largest headers, in front of a segment without room for them */

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check_segment(const uint8_t *segment, size_t len, struct el_layers *layers)
{
    require(el_layers_read(segment, len, layers) == 0);
    require(layers->transport && layers->end == len);
    uint64_t pseudo = el_layers_pseudo(layers, len - layers->l4);
    require(el_csum_finish(el_csum_add(pseudo, segment + layers->l4, len - layers->l4)) == 0);
    if (layers->version == 4)
        require(el_ip4_csum_ok(segment + layers->l3, layers->ip4.header_len));
}

/* Cuts [frame, frame+len) and compares the payloads with PAYLOAD, a copy from before. */
static void cut_all(struct el_gso_cut *cut, const struct el_offload *offload,
                    const uint8_t *payload, size_t payload_len)
{
    unsigned count = el_gso_count(cut);
    uint8_t *segment;
    size_t len, done = 0;

    while (el_gso_next(cut, &segment, &len)) {
        struct el_layers layers;

        check_segment(segment, len, &layers);
        size_t part = len - layers.payload;
        require(part <= offload->gso_size && done + part <= payload_len);
        require(memcmp(segment + layers.payload, payload + done, part) == 0);
        done += part;
        count--;
        require(count == el_gso_count(cut));
        memset(segment, 0xee, len); /* a segment is done with before the next is asked for */
    }
    require(count == 0 && done == payload_len);
}

struct copy {
    uint8_t *memory;
    uint8_t *frame;
};

/* A frame with room in front. */
static struct copy copy_of(const uint8_t *frame, size_t len)
{
    struct copy copy = {.memory = malloc(HEADROOM + len)};

    require(copy.memory != NULL);
    memset(copy.memory, 0xee, HEADROOM);
    copy.frame = copy.memory + HEADROOM;
    memcpy(copy.frame, frame, len);
    return copy;
}

/* Cuts FRAME both ways, side by side. */
static void partial_is_the_same(const uint8_t *frame, size_t len, const struct el_offload *offload)
{
    struct copy a = copy_of(frame, len), b = copy_of(frame, len);
    struct el_gso_cut complete, partial;
    uint8_t *segment_a, *segment_b;
    size_t len_a, len_b;
    int rc = el_gso_begin(&complete, a.frame, len, offload, EL_GSO_COMPLETE);

    require(el_gso_begin(&partial, b.frame, len, offload, EL_GSO_PARTIAL) == rc);
    require(rc < 0 || !complete.rest.needs_csum);
    require(rc < 0 || (partial.rest.gso == EL_GSO_NONE &&
                       partial.rest.needs_csum == (offload->needs_csum || offload->gso)));
    while (rc == 0 && el_gso_next(&complete, &segment_a, &len_a)) {
        struct el_gso_cut whole;

        require(el_gso_next(&partial, &segment_b, &len_b) && len_b == len_a);
        struct copy segment = copy_of(segment_b, len_b);
        require(el_gso_begin(&whole, segment.frame, len_b, &partial.rest, EL_GSO_COMPLETE) == 0);
        require(memcmp(segment.frame, segment_a, len_a) == 0);
        free(segment.memory);
    }
    require(rc < 0 || !el_gso_next(&partial, &segment_b, &len_b));
    free(a.memory);
    free(b.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_wire w = el_wire_read(data, size);
    uint8_t flags = el_wire_u8(&w);
    struct el_offload offload = {
        .needs_csum = flags & 1,
        .csum_valid = flags & 2,
        .gso = (enum el_gso)el_wire_u8(&w),
        .gso_size = el_wire_be16(&w),
        .csum_start = el_wire_be16(&w),
        .csum_offset = el_wire_be16(&w),
    };
    size_t len = el_wire_left(&w);

    if (!el_wire_ok(&w))
        return 0;

    const uint8_t *before = w.at;
    struct copy copy = copy_of(before, len);
    uint8_t *buffer = copy.memory;
    struct el_gso_cut cut;

    if (el_gso_begin(&cut, buffer + HEADROOM, len, &offload, EL_GSO_COMPLETE) < 0) {
        require(memcmp(buffer + HEADROOM, before, len) == 0);
    } else if (offload.gso == EL_GSO_NONE) {
        uint8_t *segment;
        size_t segment_len;

        require(el_gso_next(&cut, &segment, &segment_len));
        require(segment == buffer + HEADROOM && segment_len == len);
        require(!el_gso_next(&cut, &segment, &segment_len));
    } else {
        cut_all(&cut, &offload, before + cut.headers_len, len - cut.headers_len);
    }
    free(buffer);
    partial_is_the_same(before, len, &offload);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compact form between two el2w, byte by byte, and all that can be said in it and is no truth.
 */
#include "overlay/overlay.h"
#include "unit/frame_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 4096 };

static const struct el_offload complete;
static uint8_t payload[ROOM];

static struct el_offload partial_of(const struct sample *s)
{
    return (struct el_offload){
        .needs_csum = true, .csum_start = (uint16_t)sample_l4(s), .csum_offset = s->udp ? 6 : 16};
}

/* Writes a frame in the compact form to PACKET; its length. */
static size_t make_packet(uint8_t packet[ROOM], const struct sample *s)
{
    size_t len = sample_build(packet + EL_OVERLAY_COMPACT, s);
    struct el_offload offload = s->partial ? partial_of(s) : complete;

    el_overlay_compact_encap(packet + EL_OVERLAY_COMPACT, 77, &offload);
    return EL_OVERLAY_COMPACT + len;
}

/* What Linux's vxlan_build_rco_hdr() writes: VXLAN_HF_RCO, VXLAN_RCO_UDP, start / 2. */
static void writes_what_linux_writes(void **state)
{
    static const struct {
        struct sample sample;
        uint8_t header[EL_OVERLAY_COMPACT];
    } rows[] = {
        {{.udp = false}, {0x08, 0, 0, 0, 0, 0, 77, 0}},
        {{.partial = true}, {0x08, 0x20, 0, 0, 0, 0, 77, 34 / 2}},
        {{.partial = true, .udp = true}, {0x08, 0x20, 0, 0, 0, 0, 77, 0x80 | 34 / 2}},
        {{.partial = true, .ip6 = true, .tags = 2}, {0x08, 0x20, 0, 0, 0, 0, 77, 62 / 2}},
    };
    uint8_t packet[ROOM];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample s = rows[i].sample;

        s.payload = payload;
        s.payload_len = 100;
        make_packet(packet, &s);
        assert_memory_equal(packet, rows[i].header, EL_OVERLAY_COMPACT);
        assert_true(el_overlay_is_compact(packet[0]));
    }
    for (unsigned version = 0; version < 16; version++)
        assert_false((version == 4 || version == 6) &&
                     el_overlay_is_compact((uint8_t)(version << 4 | 5)));
}

static void frames_come_back(void **state)
{
    uint8_t packet[ROOM], frame[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (unsigned kind = 0; kind < 24; kind++)
        for (size_t len = 0; len <= 1400; len += 7) {
            struct sample s = {.udp = kind & 1,
                               .ip6 = kind & 2,
                               .partial = kind & 4,
                               .tags = kind / 8,
                               .ip_options = len % 3 ? 0 : 8,
                               .payload = payload,
                               .payload_len = len};
            struct el_offload offload = s.partial ? partial_of(&s) : complete;
            size_t total = make_packet(packet, &s), frame_len = sample_build(frame, &s);

            assert_int_equal(el_overlay_compact_decap(packet, total, &out), 0);
            assert_int_equal(out.kind, EL_OVERLAY_FRAME);
            assert_int_equal(out.vni, 77);
            assert_ptr_equal(out.frame, packet + EL_OVERLAY_COMPACT);
            assert_int_equal(out.frame_len, frame_len);
            assert_memory_equal(out.frame, frame, frame_len);
            assert_memory_equal(&out.offload, &offload, sizeof offload);
            assert_int_equal(out.layers.l4, sample_l4(&s));
        }
}

/* Frames that nobody knows are frames too, from an Ethernet header on. */
static void lengths_are_bounded(void **state)
{
    uint8_t packet[ROOM] = {0};
    struct el_overlay_packet out;

    (void)state;
    el_overlay_compact_encap(packet + EL_OVERLAY_COMPACT, 0xffffff, &complete);
    for (size_t len = 0; len <= EL_OVERLAY_COMPACT + EL_OVERLAY_FRAME_MAX + 10; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        bool fits =
            len >= EL_OVERLAY_COMPACT + 14 && len <= EL_OVERLAY_COMPACT + EL_OVERLAY_FRAME_MAX;

        memcpy(exact, packet, len);
        assert_int_equal(el_overlay_compact_decap(exact, len, &out), fits ? 0 : EL_EPROTO);
        if (fits)
            assert_int_equal(out.vni, 0xffffff);
        free(exact);
    }
}

static void each_bit_is_checked(void **state)
{
    struct sample s = {.payload = payload, .payload_len = 100};
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (unsigned partial = 0; partial < 2; partial++)
        for (unsigned bit = 0; bit < 8 * EL_OVERLAY_COMPACT; bit++) {
            bool is_vni = bit >= 32 && bit < 56;

            s.partial = partial;
            size_t len = make_packet(packet, &s);
            packet[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            int rc = el_overlay_compact_decap(packet, len, &out);
            /* A partial checksum without a place is as wrong as a place without one. */
            if (rc != (is_vni ? 0 : EL_EPROTO))
                fail_msg("bit %u, partial %u: %d", bit, partial, rc);
        }
}

/* A checksum that is nowhere, or where none is. */
static void offloads_that_lie(void **state)
{
    struct sample s = {.partial = true, .payload = payload, .payload_len = 100};
    struct sample udp = {.udp = true, .partial = true, .payload = payload, .payload_len = 100};
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (unsigned last = 0; last < 256; last++) {
        size_t len = make_packet(packet, &s);
        packet[7] = (uint8_t)last;
        assert_int_equal(el_overlay_compact_decap(packet, len, &out),
                         last == 34 / 2 ? 0 : EL_EPROTO);
        len = make_packet(packet, &udp);
        packet[7] = (uint8_t)last;
        assert_int_equal(el_overlay_compact_decap(packet, len, &out),
                         last == (0x80 | 34 / 2) ? 0 : EL_EPROTO);
    }
    /* Padding behind the packet would be added to the sum. */
    size_t len = make_packet(packet, &s);
    assert_int_equal(el_overlay_compact_decap(packet, len + 1, &out), EL_EPROTO);
    /* A fragment has no checksum of its own. */
    make_packet(packet, &udp);
    packet[EL_OVERLAY_COMPACT + 14 + 6] = 0x20;
    assert_int_equal(el_overlay_compact_decap(packet, len, &out), EL_EPROTO);
    /* A frame that is cut short in the header that has it, and one that is no IP. */
    for (size_t cut = EL_OVERLAY_COMPACT; cut < EL_OVERLAY_COMPACT + 54; cut++) {
        make_packet(packet, &s);
        uint8_t *exact = malloc(cut);
        memcpy(exact, packet, cut);
        assert_int_equal(el_overlay_compact_decap(exact, cut, &out), EL_EPROTO);
        free(exact);
    }
    make_packet(packet, &s);
    packet[EL_OVERLAY_COMPACT + 13] = 0x06;
    assert_int_equal(el_overlay_compact_decap(packet, len, &out), EL_EPROTO);
}

/* What the header cannot say is not left partial. */
static void what_may_be_partial(void **state)
{
    struct sample s = {.ip6 = true, .partial = true, .payload = payload, .payload_len = 100};
    uint8_t frame[ROOM];
    struct el_layers layers;

    (void)state;
    for (unsigned options = 0; options <= 256; options += 8) {
        s.ip_options = options;
        size_t len = sample_build(frame, &s);
        struct el_offload offload = partial_of(&s);

        el_layers_read(frame, len, &layers);
        bool may = 54 + options <= 254; /* 7 bits of 2 bytes each */
        assert_int_equal(el_overlay_may_be_partial(&layers, len, &offload), may);
        assert_false(el_overlay_may_be_partial(&layers, len + 1, &offload));
        offload.csum_start += 2;
        assert_false(el_overlay_may_be_partial(&layers, len, &offload));
        offload = partial_of(&s);
        offload.csum_offset = 6;
        assert_false(el_overlay_may_be_partial(&layers, len, &offload));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_linux_writes), cmocka_unit_test(frames_come_back),
        cmocka_unit_test(lengths_are_bounded),      cmocka_unit_test(each_bit_is_checked),
        cmocka_unit_test(offloads_that_lie),        cmocka_unit_test(what_may_be_partial),
    };

    return cmocka_run_group_tests_name("compact", tests, NULL, NULL);
}

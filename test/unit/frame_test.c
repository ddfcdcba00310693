/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header codecs and the checksum. */
#include "base/err.h"
#include "frame/csum.h"
#include "frame/layers.h"
#include "frame/vxlan.h"
#include "unit/frame_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* -- checksum -- */

/* The numerical example of RFC 1071 §3. */
static void csum_rfc1071(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    uint64_t sum = el_csum_add(0, bytes, sizeof bytes);

    (void)state;
    assert_int_equal(el_csum_fold(sum), 0xddf2);
    assert_int_equal(el_csum_finish(sum), 0x220d);
}

/* RFC 1624 §4: header word 0x5555 becomes 0x3285, and the erratum's corner where eqn. 2 gives the
 * other zero. */
static void csum_rfc1624(void **state)
{
    (void)state;
    assert_int_equal(el_csum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void csum_every_length_and_alignment(void **state)
{
    uint8_t bytes[300 + 8];
    uint64_t seed = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)sample_random(&seed);
    for (size_t at = 0; at < 8; at++) {
        for (size_t len = 0; len <= 300; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            uint32_t want = sample_sum(0, bytes + at, len);

            memcpy(exact, bytes + at, len);
            assert_int_equal(el_csum_fold(el_csum_add(0, exact, len)), want);
            assert_int_equal(el_csum_fold(el_csum_add(0, bytes + at, len)), want);
            free(exact);
        }
    }
}

static void csum_no_carry_is_lost(void **state)
{
    static uint8_t ones[65536];
    uint64_t sum = 0;

    (void)state;
    memset(ones, 0xff, sizeof ones);
    for (unsigned i = 0; i < 64; i++)
        sum = el_csum_add(sum, ones, sizeof ones);
    assert_int_equal(el_csum_fold(sum), 0xffff);
    assert_int_equal(el_csum_fold(el_csum_add_be16(sum, 1)), 1);
    assert_int_equal(el_csum_fold(el_csum_add_be32(0, 0xffff0001)), 1);
    assert_int_equal(el_csum_fold(0), 0);
}

/* Every update equals a new computation (but for the other zero, which both are). */
static void csum_update_equals_anew(void **state)
{
    uint64_t seed = 99;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t words[12];

        for (size_t i = 0; i < sizeof words; i++)
            words[i] = (uint8_t)sample_random(&seed);
        uint16_t csum = el_csum_finish(el_csum_add(0, words, sizeof words));
        uint16_t was = (uint16_t)(words[4] << 8 | words[5]);
        uint16_t now = (uint16_t)sample_random(&seed);

        sample_put(words + 4, now, 2);
        assert_int_equal(el_csum_update(csum, was, now) % 0xffff,
                         el_csum_finish(el_csum_add(0, words, sizeof words)) % 0xffff);
    }
}

/* -- codecs -- */

static void eth_with_and_without_tags(void **state)
{
    static const uint8_t bytes[] = {1,  2,    3,    4, 5, 6,    7,    8,    9, 10,   11,
                                    12, 0x88, 0xa8, 0, 5, 0x81, 0x00, 0x60, 9, 0x08, 0x06};
    struct el_wire w = el_wire_read(bytes, sizeof bytes);
    struct el_eth_header eth;
    uint8_t again[sizeof bytes];

    (void)state;
    el_eth_read(&w, &eth);
    assert_true(el_wire_ok(&w));
    assert_int_equal(el_wire_left(&w), 0);
    assert_int_equal(eth.tags, 2);
    assert_int_equal(eth.tag[0].tpid, EL_ETHERTYPE_SVLAN);
    assert_int_equal(eth.tag[0].tci, 5);
    assert_int_equal(eth.tag[1].tci, 0x6009);
    assert_int_equal(eth.type, EL_ETHERTYPE_ARP);
    assert_int_equal(eth.src.b[5], 12);

    w = el_wire_write(again, sizeof again);
    el_eth_write(&w, &eth);
    assert_true(el_wire_ok(&w));
    assert_memory_equal(again, bytes, sizeof bytes);

    for (size_t cut = 0; cut < sizeof bytes; cut++) {
        w = el_wire_read(bytes, cut);
        el_eth_read(&w, &eth);
        assert_false(el_wire_ok(&w));
    }
}

static void vxlan_needs_its_flag(void **state)
{
    uint8_t bytes[EL_VXLAN_HEADER];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    (void)state;
    el_vxlan_write(&w, 0xabcdef);
    assert_memory_equal(bytes, "\x08\0\0\0\xab\xcd\xef\0", sizeof bytes);
    w = el_wire_read(bytes, sizeof bytes);
    assert_int_equal(el_vxlan_read(&w), 0xabcdef);
    assert_true(el_wire_ok(&w));
    bytes[0] = 0xf7;
    w = el_wire_read(bytes, sizeof bytes);
    el_vxlan_read(&w);
    assert_false(el_wire_ok(&w));
}

static void tcp_options_walk(void **state)
{
    static const uint8_t options[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 2, 4, 5, 0xb4, 1, 0};
    static const uint8_t loop[] = {3, 0, 0, 0}, beyond[] = {8, 10, 0, 0}, alone[] = {2};
    struct el_wire w = el_wire_read(options, sizeof options);
    struct el_tcp_option option;

    (void)state;
    assert_true(el_tcp_option_next(&w, &option));
    assert_int_equal(option.kind, 8);
    assert_int_equal(option.len, 8);
    assert_true(el_tcp_option_next(&w, &option));
    assert_int_equal(option.kind, EL_TCP_OPTION_MSS);
    assert_int_equal(option.len, 2);
    assert_ptr_equal(option.at, options + 14);
    assert_false(el_tcp_option_next(&w, &option));
    assert_true(el_wire_ok(&w));

    w = el_wire_read(loop, sizeof loop);
    assert_false(el_tcp_option_next(&w, &option));
    assert_false(el_wire_ok(&w));
    w = el_wire_read(beyond, sizeof beyond);
    assert_false(el_tcp_option_next(&w, &option));
    assert_false(el_wire_ok(&w));
    w = el_wire_read(alone, sizeof alone);
    assert_false(el_tcp_option_next(&w, &option));
    assert_false(el_wire_ok(&w));
}

/* -- layers -- */

static void layers_of_every_kind(void **state)
{
    static const uint8_t payload[100] = {42};
    uint8_t frame[400];

    (void)state;
    for (unsigned kind = 0; kind < 2 * 2 * 3 * 2; kind++) {
        struct sample s = {
            .ip6 = kind & 1,
            .udp = kind & 2,
            .tags = kind / 8 % 3,
            .ip_options = kind & 4 ? 8 : 0,
            .options = 12,
            .flags = EL_TCP_ACK,
            .ttl = 64,
            .seq = 0x01020304,
            .payload = payload,
            .payload_len = sizeof payload,
        };
        size_t len = sample_build(frame, &s);
        struct el_layers layers;

        assert_int_equal(el_layers_read(frame, len, &layers), 0);
        assert_int_equal(layers.version, s.ip6 ? 6 : 4);
        assert_int_equal(layers.transport, s.udp ? EL_IP_UDP : EL_IP_TCP);
        assert_int_equal(layers.eth.tags, s.tags);
        assert_int_equal(layers.extra, s.ip_options != 0);
        assert_false(layers.fragment);
        assert_int_equal(layers.l3, sample_l3(&s));
        assert_int_equal(layers.l4, sample_l4(&s));
        assert_int_equal(layers.payload, sample_payload_at(&s));
        assert_int_equal(layers.end, len);
        if (!s.udp)
            assert_int_equal(layers.tcp.seq, 0x01020304);

        /* Ethernet's padding is not the packet's. */
        assert_int_equal(el_layers_read(frame, len + 10, &layers), 0);
        assert_int_equal(layers.end, len);

        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = malloc(cut ? cut : 1);

            memcpy(exact, frame, cut);
            assert_int_equal(el_layers_read(exact, cut, &layers), EL_EPROTO);
            free(exact);
        }
    }
}

static void layers_of_fragments(void **state)
{
    static const uint8_t payload[64];
    struct sample s = {.udp = true, .ttl = 64, .payload = payload, .payload_len = sizeof payload};
    struct el_layers layers;
    uint8_t frame[200];
    size_t len = sample_build(frame, &s);

    (void)state;
    frame[14 + 6] = 0x20; /* more fragments: the first one */
    assert_int_equal(el_layers_read(frame, len, &layers), 0);
    assert_true(layers.fragment);
    assert_int_equal(layers.transport, 0);
    assert_int_equal(layers.protocol, EL_IP_UDP);
    frame[14 + 6] = 0;
    frame[14 + 7] = 9; /* the last one */
    assert_int_equal(el_layers_read(frame, len, &layers), 0);
    assert_true(layers.fragment);

    s.ip6 = true;
    s.ip_options = 8;
    len = sample_build(frame, &s);
    frame[14 + 6] = 44; /* the extension becomes a fragment header */
    sample_put(frame + 14 + 40, 17u << 24 | 8, 4);
    assert_int_equal(el_layers_read(frame, len, &layers), 0);
    assert_true(layers.fragment);
    assert_int_equal(layers.protocol, EL_IP_UDP);
    assert_int_equal(layers.transport, 0);
    sample_put(frame + 14 + 40, 17u << 24, 4); /* atomic: all of a packet (RFC 6946) */
    assert_int_equal(el_layers_read(frame, len, &layers), 0);
    assert_false(layers.fragment);
    assert_int_equal(layers.transport, EL_IP_UDP);
}

static void ip6_extensions_are_bounded(void **state)
{
    uint8_t frame[14 + 40 + 9 * 8 + 8] = {0};
    struct el_layers layers;
    uint8_t *at = frame + 14;

    (void)state;
    sample_put(frame + 12, 0x86dd, 2);
    for (unsigned extensions = 8; extensions <= 9; extensions++) {
        size_t payload = extensions * 8u + 8;

        memset(at, 0, 40 + payload);
        sample_put(at, 6u << 28, 4);
        sample_put(at + 4, (uint32_t)payload, 2);
        sample_put(at + 6, 60, 1);
        for (unsigned i = 0; i < extensions; i++)
            at[40 + 8 * i] = i + 1 < extensions ? 60 : 58;
        assert_int_equal(el_layers_read(frame, 14 + 40 + payload, &layers),
                         extensions == 8 ? 0 : EL_EPROTO);
    }
}

static void flows_are_told_apart(void **state)
{
    static const uint8_t payload[10];
    uint8_t frame[200];
    uint32_t seen[40];

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct sample s = {.ip6 = i & 1,
                           .udp = i & 2,
                           .flow = (uint8_t)(i / 4),
                           .seq = i,
                           .payload = payload,
                           .payload_len = sizeof payload};
        struct el_layers layers;

        assert_int_equal(el_layers_read(frame, sample_build(frame, &s), &layers), 0);
        seen[i] = el_layers_flow(&layers);
        s.seq = 77;
        s.tos = 4;
        assert_int_equal(el_layers_read(frame, sample_build(frame, &s), &layers), 0);
        assert_int_equal(el_layers_flow(&layers), seen[i]);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
    }
}

/* -- a whole frame around a datagram -- */

static void udp4_frame(void **state)
{
    uint8_t buffer[EL_FRAME_UDP4_HEADER + 301];
    uint8_t *payload = buffer + EL_FRAME_UDP4_HEADER;
    struct el_frame_udp4 to = {
        .src_mac = {{2, 0, 0, 0, 0, 1}},
        .dst_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        .src = 0xc0a84d01,
        .dst = 0xffffffff,
        .src_port = 67,
        .dst_port = 68,
    };
    struct el_layers layers;

    (void)state;
    for (size_t len = 0; len <= 301; len++) {
        memset(payload, 0x5a, len);
        int frame_len = el_frame_udp4_build(payload, len, &to);

        assert_int_equal(frame_len, EL_FRAME_UDP4_HEADER + len);
        assert_int_equal(el_layers_read(buffer, (size_t)frame_len, &layers), 0);
        assert_int_equal(layers.end, frame_len);
        assert_int_equal(layers.udp.dst_port, 68);
        assert_int_equal(layers.ip4.dst, 0xffffffff);
        assert_int_equal(layers.ip4.ttl, 64);
        assert_int_equal(sample_sum(0, buffer + 14, 20), 0xffff);

        uint8_t pseudo[12] = {192, 168, 77, 1, 255, 255, 255, 255, 0, 17};
        sample_put(pseudo + 10, (uint32_t)len + 8, 2);
        assert_int_equal(sample_sum(sample_sum(0, pseudo, 12), buffer + 34, len + 8), 0xffff);
        assert_int_not_equal(layers.udp.csum, 0);
    }
    assert_int_equal(el_frame_udp4_build(payload, EL_FRAME_UDP4_PAYLOAD_MAX + 1, &to), EL_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csum_rfc1071),
        cmocka_unit_test(csum_rfc1624),
        cmocka_unit_test(csum_every_length_and_alignment),
        cmocka_unit_test(csum_no_carry_is_lost),
        cmocka_unit_test(csum_update_equals_anew),
        cmocka_unit_test(eth_with_and_without_tags),
        cmocka_unit_test(vxlan_needs_its_flag),
        cmocka_unit_test(tcp_options_walk),
        cmocka_unit_test(layers_of_every_kind),
        cmocka_unit_test(layers_of_fragments),
        cmocka_unit_test(ip6_extensions_are_bounded),
        cmocka_unit_test(flows_are_told_apart),
        cmocka_unit_test(udp4_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VXLAN in IP, echo, and the MSS clamp, byte by byte. */
#include "base/csprng.h"
#include "frame/csum.h"
#include "frame/ip4.h"
#include "frame/layers.h"
#include "overlay/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HUB = 0x64400001, SPOKE = 0x64400002, ROOM = 4096 };

static const struct el_overlay_path to_spoke = {HUB, SPOKE, 77, 0};

/* A packet from the hub as an independent hand has written it down, around an ARP-sized frame. */
static const uint8_t reference[EL_OVERLAY_HEADER] = {
    0x45, 0x00, 0x00, 0x60, 0xbe, 0xef, 0x00, 0x00, 0x40, 0x11, 0xf3, 0x1a, /* IPv4, 96 bytes */
    0x64, 0x40, 0x00, 0x01, 0x64, 0x40, 0x00, 0x02,                         /* hub, spoke */
    0xd2, 0x34, 0x12, 0xb5, 0x00, 0x4c, 0x00, 0x00,                         /* UDP 4789 */
    0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4d, 0x00,                         /* VXLAN 77 */
};

static size_t make_packet(uint8_t packet[ROOM], size_t frame_len)
{
    for (size_t i = 0; i < frame_len; i++)
        packet[EL_OVERLAY_HEADER + i] = (uint8_t)(i * 7 + 1);
    return el_overlay_encap(packet + EL_OVERLAY_HEADER, frame_len, &to_spoke, 0x1234, 0xbeef);
}

/* Puts the right header checksum back after a test has changed the header. */
static void mend(uint8_t *packet)
{
    packet[10] = packet[11] = 0;
    uint16_t csum = el_csum_finish(el_csum_add(0, packet, EL_IP4_HEADER));
    packet[10] = (uint8_t)(csum >> 8);
    packet[11] = (uint8_t)csum;
}

static void writes_the_three_headers(void **state)
{
    uint8_t packet[ROOM];

    (void)state;
    assert_int_equal(make_packet(packet, 60), 96);
    assert_memory_equal(packet, reference, sizeof reference);
}

static void frames_come_back(void **state)
{
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (size_t len = 14; len <= EL_OVERLAY_FRAME_MAX; len++) {
        size_t total = make_packet(packet, len);
        assert_int_equal(total, len + EL_OVERLAY_HEADER);
        assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), 0);
        assert_int_equal(out.kind, EL_OVERLAY_FRAME);
        assert_int_equal(out.source, HUB);
        assert_int_equal(out.vni, 77);
        assert_int_equal(out.frame_len, len);
        assert_ptr_equal(out.frame, packet + EL_OVERLAY_HEADER);
    }
    size_t total = make_packet(packet, 13);
    assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), EL_EPROTO);
    total = make_packet(packet, EL_OVERLAY_FRAME_MAX + 1);
    assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), EL_EPROTO);
}

static void checksum_is_right_whatever_the_fields(void **state)
{
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    el_random_seed_for_test(791);
    for (unsigned i = 0; i < 200000; i++) {
        struct el_overlay_path path;
        uint32_t flow, id;
        el_random(&path, sizeof path);
        el_random(&flow, sizeof flow);
        el_random(&id, sizeof id);
        path.vni &= 0xffffff;
        size_t total =
            el_overlay_encap(packet + EL_OVERLAY_HEADER, 14 + i % 1500, &path, flow, (uint16_t)id);
        if (i % 5 == 0) /* the sums where a careless fold goes wrong */
            assert_true(el_ip4_csum_ok(packet, EL_IP4_HEADER));
        assert_int_equal(el_overlay_decap(packet, total, path.remote, &out), 0);
        assert_int_equal(out.vni, path.vni);
        assert_int_equal(out.source, path.local);
        assert_true(packet[20] >= 0xc0); /* source port 49152 and up */
    }
}

static void flows_have_ports_of_their_own(void **state)
{
    uint8_t packet[ROOM];
    static bool seen[65536];
    unsigned ports = 0;

    (void)state;
    for (uint32_t flow = 0; flow < 16384; flow++) {
        el_overlay_encap(packet + EL_OVERLAY_HEADER, 60, &to_spoke, flow << 16, 0);
        unsigned port = (unsigned)packet[20] << 8 | packet[21];
        ports += !seen[port];
        seen[port] = true;
    }
    assert_true(ports > 16000);
}

/* One byte of a good packet changed, the IP checksum mended: accepted or not. */
static void each_field_is_checked(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        bool accepted;
        const char *what;
    } rows[] = {
        {0, 0x65, false, "version 6"},
        {0, 0x46, false, "IP options"},
        {0, 0x44, false, "a header shorter than a header"},
        {1, 0xff, true, "DSCP and ECN"},
        {2, 0x01, false, "total length beyond the packet"},
        {3, 0x5f, false, "total length short of the packet"},
        {3, 0x13, false, "total length short of the header"},
        {6, 0x40, true, "DF"},
        {8, 0x01, true, "TTL"},
        {9, 6, false, "TCP"},
        {9, 4, false, "IP in IP"},
        {19, 0x03, false, "another destination"},
        {20, 0x00, true, "a source port below 49152"},
        {22, 0x13, false, "another port"},
        {25, 0x4b, false, "UDP length too small"},
        {25, 0x4d, false, "UDP length too large"},
        {25, 0x07, false, "UDP length below its header"},
        {27, 0x01, false, "a wrong UDP checksum"},
        {28, 0x00, false, "no I bit"},
        {28, 0x0c, false, "GPE's P bit"},
        {28, 0x88, false, "GBP's G bit"},
        {29, 0x01, false, "a reserved bit"},
        {31, 0x40, false, "a reserved bit"},
        {32, 0xff, true, "another VNI: the caller's question"},
        {35, 0x01, false, "a reserved bit behind the VNI"},
        {36, 0xff, true, "the frame's own bytes"},
    };
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t total = make_packet(packet, 60);
        packet[rows[i].at] = rows[i].value;
        mend(packet);
        int r = el_overlay_decap(packet, total, SPOKE, &out);
        if ((r == 0) != rows[i].accepted)
            fail_msg("%s: %d", rows[i].what, r);
    }
    size_t total = make_packet(packet, 60);
    packet[11] ^= 1;
    assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), EL_EPROTO);
    for (size_t cut = 0; cut < 96; cut++) {
        make_packet(packet, 60);
        uint8_t *exact = malloc(cut ? cut : 1);
        memcpy(exact, packet, cut);
        assert_int_equal(el_overlay_decap(exact, cut, SPOKE, &out), EL_EPROTO);
        free(exact);
    }
}

static void udp_checksum_of_others_is_verified(void **state)
{
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (size_t len = 60; len < 62; len++) {
        size_t total = make_packet(packet, len);
        size_t udp_len = total - EL_IP4_HEADER;
        uint64_t sum = el_csum_pseudo4(HUB, SPOKE, EL_IP_UDP, udp_len);
        uint16_t csum = el_csum_finish(el_csum_add(sum, packet + EL_IP4_HEADER, udp_len));
        packet[26] = (uint8_t)(csum >> 8);
        packet[27] = (uint8_t)csum;
        assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), 0);
        packet[total - 1] ^= 0x10;
        assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), EL_EPROTO);
    }
}

/* What machines say to each other at port 4789 is a frame like any other. */
static void vxlan_of_the_machines_is_payload(void **state)
{
    uint8_t packet[ROOM], inner[ROOM];
    struct el_overlay_packet out;
    static const struct el_overlay_path forbidden = {0xc0a84d0a, 0xc0a84d0b, 78, 0};

    (void)state;
    memset(inner, 0, sizeof inner);
    size_t len = el_overlay_encap(inner + EL_OVERLAY_HEADER, 60, &forbidden, 0, 0);
    memset(packet, 0x02, EL_OVERLAY_HEADER + 14);
    packet[EL_OVERLAY_HEADER + 12] = 0x08;
    packet[EL_OVERLAY_HEADER + 13] = 0x00;
    memcpy(packet + EL_OVERLAY_HEADER + 14, inner, len);
    size_t total = el_overlay_encap(packet + EL_OVERLAY_HEADER, 14 + len, &to_spoke, 0, 0);
    assert_int_equal(el_overlay_decap(packet, total, SPOKE, &out), 0);
    assert_int_equal(out.vni, 77);
    assert_int_equal(out.frame_len, 14 + len);
    assert_memory_equal(out.frame + 14, inner, len);
}

static void echo_is_answered(void **state)
{
    static const struct el_overlay_path back = {SPOKE, HUB, 77, 0};
    uint8_t packet[ROOM], payload[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (size_t len = 28; len <= 1600; len++) {
        assert_int_equal(el_overlay_echo_request(packet, len, &to_spoke, 0x4242, (uint16_t)len),
                         len);
        assert_int_equal(packet[6] & 0x40, 0x40); /* DF */
        assert_int_equal(el_overlay_decap(packet, len, HUB, &out), EL_EPROTO);
        assert_int_equal(el_overlay_decap(packet, len, SPOKE, &out), 0);
        assert_int_equal(out.kind, EL_OVERLAY_ECHO);
        /* Somebody else's payload and its checksum survive the answer. */
        el_random(packet + 28, len - 28);
        packet[22] = packet[23] = 0;
        uint16_t csum = el_csum_finish(el_csum_add(0, packet + 20, len - 20));
        packet[22] = (uint8_t)(csum >> 8);
        packet[23] = (uint8_t)csum;
        memcpy(payload, packet + 28, len - 28);

        el_overlay_echo_reply(packet, len);
        assert_int_equal(packet[6] & 0x40, 0);
        assert_int_equal(el_overlay_decap(packet, len, HUB, &out), 0);
        assert_int_equal(out.kind, EL_OVERLAY_ECHO_REPLY);
        assert_int_equal(out.source, back.local);
        assert_int_equal(out.echo_ident, 0x4242);
        assert_int_equal(out.echo_sequence, len);
        assert_int_equal(out.echo_len, len);
        assert_memory_equal(packet + 28, payload, len - 28);
    }
    assert_int_equal(el_overlay_echo_request(packet, 27, &to_spoke, 1, 1), 0);
    el_overlay_echo_request(packet, 64, &to_spoke, 1, 1);
    packet[40] ^= 1; /* a wrong ICMP checksum */
    assert_int_equal(el_overlay_decap(packet, 64, SPOKE, &out), EL_EPROTO);
}

/* What is for our address and neither a frame nor an echo; nothing else. */
static void whoever_listens_inside_gets_the_rest(void **state)
{
    static const struct {
        unsigned at;
        uint8_t value;
        bool inside;
        const char *what;
    } changes[] = {
        {9, EL_IP_TCP, true, "TCP"},
        {9, EL_IP_ICMP, true, "ICMP that is no echo"},
        {9, 47, false, "GRE"},
        {22, 0x13, true, "another port"},
        {22, 0x12, false, "VXLAN's port"},
        {6, 0x20, false, "a fragment"},
        {19, 0x03, false, "another's address"},
        {0, 0x46, false, "IP options"},
        {0, 0x65, false, "another version"},
        {3, 0x61, false, "longer than it is"},
    };
    uint8_t packet[ROOM];
    struct el_overlay_packet out;

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t len = make_packet(packet, 60);
        packet[changes[i].at] = changes[i].value;
        mend(packet);
        if (el_overlay_is_inside(packet, len, SPOKE) != changes[i].inside)
            fail_msg("%s", changes[i].what);
        if (changes[i].inside)
            assert_int_equal(el_overlay_decap(packet, len, SPOKE, &out), EL_EPROTO);
        packet[11] ^= 1;
        assert_false(el_overlay_is_inside(packet, len, SPOKE));
    }
    el_overlay_echo_request(packet, 64, &to_spoke, 1, 1);
    assert_false(el_overlay_is_inside(packet, 64, SPOKE));
    make_packet(packet, 60);
    packet[3] = 23; /* no room for ports */
    mend(packet);
    assert_false(el_overlay_is_inside(packet, 23, SPOKE));
    assert_false(el_overlay_is_inside(packet, 0, SPOKE));
}

/* -- MSS -- */

static bool clamp_mss(uint8_t *frame, size_t len, size_t mtu, bool needs_csum)
{
    struct el_layers layers;

    el_layers_read(frame, len, &layers);
    return el_overlay_clamp_mss(frame, &layers, mtu, needs_csum);
}

struct syn {
    unsigned tags;
    bool ip6;
    bool syn;
    uint16_t mss;
    unsigned pad; /* NOPs before the option: an odd number puts it at an odd place */
};

/* Builds an Ethernet frame with a TCP segment; returns its length. */
static size_t build_syn(uint8_t frame[256], const struct syn *s)
{
    struct el_wire w = el_wire_write(frame, 256);
    size_t options = (s->pad + 4 + 3) / 4 * 4, tcp_len = 20 + options + 5; /* and some data */
    struct el_eth_header eth = {.tags = s->tags, .type = s->ip6 ? 0x86dd : 0x0800};
    uint64_t pseudo;

    for (unsigned t = 0; t < s->tags; t++)
        eth.tag[t] = (struct el_eth_tag){t + 1 == s->tags ? 0x8100 : 0x88a8, 5};
    el_eth_write(&w, &eth);
    if (s->ip6) {
        uint8_t src[16] = {0xfd, 1}, dst[16] = {0xfd, 2};
        el_wire_put_be32(&w, 0x60000000);
        el_wire_put_be16(&w, (uint16_t)tcp_len);
        el_wire_put_be16(&w, EL_IP_TCP << 8 | 64);
        el_wire_put(&w, src, 16);
        el_wire_put(&w, dst, 16);
        pseudo = el_csum_pseudo6(src, dst, EL_IP_TCP, tcp_len);
    } else {
        el_ip4_write(&w, &(struct el_ip4_header){.header_len = 20,
                                                 .total_len = (uint16_t)(20 + tcp_len),
                                                 .ttl = 64,
                                                 .protocol = EL_IP_TCP,
                                                 .src = 1,
                                                 .dst = 2});
        pseudo = el_csum_pseudo4(1, 2, EL_IP_TCP, tcp_len);
    }
    uint8_t *tcp = w.at;
    el_wire_put_be32(&w, 0xc0000050);
    el_wire_put_be64(&w, 0x1234567800000000);
    el_wire_put_be16(&w, (uint16_t)((20 + options) / 4 << 12 | (s->syn ? EL_TCP_SYN : EL_TCP_ACK)));
    el_wire_put_be16(&w, 0xffff);
    el_wire_put_be32(&w, 0);
    for (unsigned i = 0; i < s->pad; i++)
        el_wire_put_u8(&w, EL_TCP_OPTION_NOP);
    el_wire_put_be16(&w, EL_TCP_OPTION_MSS << 8 | 4);
    el_wire_put_be16(&w, s->mss);
    el_wire_put_zero(&w, options - s->pad - 4);
    el_wire_put(&w, "hello", 5);
    uint16_t csum = el_csum_finish(el_csum_add(pseudo, tcp, tcp_len));
    tcp[16] = (uint8_t)(csum >> 8);
    tcp[17] = (uint8_t)csum;
    return el_wire_done(&w);
}

static uint16_t mss_in(const uint8_t *frame, size_t len, unsigned pad, bool *csum_ok)
{
    struct el_layers layers;

    assert_int_equal(el_layers_read(frame, len, &layers), 0);
    size_t tcp_len = layers.end - layers.l4;
    *csum_ok = el_csum_finish(el_csum_add(el_layers_pseudo(&layers, tcp_len), frame + layers.l4,
                                          tcp_len)) == 0;
    const uint8_t *mss = frame + layers.l4 + 20 + pad + 2;
    return (uint16_t)(mss[0] << 8 | mss[1]);
}

static void mss_is_clamped(void **state)
{
    uint8_t frame[256], before[256];
    bool csum_ok;

    (void)state;
    for (unsigned tags = 0; tags <= 2; tags++)
        for (int ip6 = 0; ip6 < 2; ip6++)
            for (unsigned pad = 0; pad < 4; pad++)
                for (unsigned mss = 500; mss < 65536; mss += 331) {
                    struct syn syn = {tags, ip6, true, (uint16_t)mss, pad};
                    size_t len = build_syn(frame, &syn);
                    size_t limit = 1390 - 4 * tags - (ip6 ? 40 : 20) - 20;
                    assert_int_equal(clamp_mss(frame, len, 1390, false), mss > limit);
                    assert_int_equal(mss_in(frame, len, pad, &csum_ok), mss > limit ? limit : mss);
                    assert_true(csum_ok);
                    assert_false(clamp_mss(frame, len, 1390, false));
                }

    /* A full segment then fills the tunnel packet to the byte: VXLAN, Ethernet, IP, TCP, data. */
    size_t len = build_syn(frame, &(struct syn){.syn = true, .mss = 1460});
    assert_true(clamp_mss(frame, len, 1200 - EL_OVERLAY_HEADER - 14, false));
    assert_int_equal(36 + 14 + 20 + 20 + mss_in(frame, len, 0, &csum_ok), 1200);

    /* With a partial checksum only the option changes. */
    len = build_syn(frame, &(struct syn){.syn = true, .mss = 1460});
    memcpy(before, frame, len);
    assert_true(clamp_mss(frame, len, 1390, true));
    assert_memory_equal(frame, before, 14 + 20 + 22);
    assert_memory_not_equal(frame, before, 14 + 20 + 24);

    /* Not a SYN; room for everything; no room for anything. */
    len = build_syn(frame, &(struct syn){.syn = false, .mss = 1460});
    assert_false(clamp_mss(frame, len, 1390, false));
    len = build_syn(frame, &(struct syn){.syn = true, .mss = 1460});
    assert_false(clamp_mss(frame, len, 1500, false));
    assert_false(clamp_mss(frame, len, 87, false));
    assert_true(clamp_mss(frame, len, 88, false));
    assert_int_equal(mss_in(frame, len, 0, &csum_ok), 48);
}

static void odd_options_are_left_alone(void **state)
{
    static const struct {
        uint8_t bytes[4];
        const char *what;
    } rows[] = {
        {{2, 3, 0x05, 0xb4}, "length 3"},      {{2, 0, 0x05, 0xb4}, "length 0"},
        {{2, 1, 0x05, 0xb4}, "length 1"},      {{2, 5, 0x05, 0xb4}, "length beyond the header"},
        {{0, 2, 4, 0xff}, "behind the end"},   {{8, 4, 0xff, 0xff}, "another option"},
        {{1, 1, 2, 4}, "cut at the value"},    {{1, 1, 1, 2}, "cut at the length"},
        {{254, 0, 0xff, 0xff}, "length zero"},
    };
    uint8_t frame[256], before[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = build_syn(frame, &(struct syn){.syn = true, .mss = 0xffff});
        memcpy(frame + 14 + 20 + 20, rows[i].bytes, 4);
        memcpy(before, frame, len);
        if (clamp_mss(frame, len, 1390, false))
            fail_msg("%s", rows[i].what);
        assert_memory_equal(frame, before, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_three_headers),
        cmocka_unit_test(frames_come_back),
        cmocka_unit_test(checksum_is_right_whatever_the_fields),
        cmocka_unit_test(flows_have_ports_of_their_own),
        cmocka_unit_test(each_field_is_checked),
        cmocka_unit_test(udp_checksum_of_others_is_verified),
        cmocka_unit_test(vxlan_of_the_machines_is_payload),
        cmocka_unit_test(echo_is_answered),
        cmocka_unit_test(whoever_listens_inside_gets_the_rest),
        cmocka_unit_test(mss_is_clamped),
        cmocka_unit_test(odd_options_are_left_alone),
    };

    return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}

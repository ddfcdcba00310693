/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments: cutting, putting together, and the attacks of thirty years on the latter. */
#include "base/csprng.h"
#include "base/time.h"
#include "frame/ecn.h"
#include "overlay/fragment.h"
#include "overlay/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HUB = 0x64400001, SPOKE = 0x64400002, VICTIM = 0x6440ffff, ROOM = 2048 };

struct piece {
    uint8_t bytes[ROOM];
    size_t len;
};

static struct el_reasm *new_reasm(size_t packets_max)
{
    struct el_reasm *reasm = NULL;

    assert_int_equal(el_reasm_new(packets_max, &reasm), 0);
    return reasm;
}

static size_t make_packet(uint8_t packet[ROOM], size_t frame_len, uint16_t id)
{
    static const struct el_overlay_path path = {SPOKE, HUB, 77, 0};

    el_random(packet + EL_OVERLAY_HEADER, frame_len);
    return el_overlay_encap(packet + EL_OVERLAY_HEADER, frame_len, &path, 0, id);
}

/* One fragment by hand: PAYLOAD[offset, offset + len) of a packet from SOURCE. */
static struct piece make_piece(uint32_t source, uint16_t id, const uint8_t *payload, size_t offset,
                               size_t len, bool more)
{
    struct piece piece = {.len = EL_IP4_HEADER + len};
    struct el_wire w = el_wire_write(piece.bytes, sizeof piece.bytes);

    el_ip4_write(
        &w, &(struct el_ip4_header){.header_len = EL_IP4_HEADER,
                                    .total_len = (uint16_t)piece.len,
                                    .id = id,
                                    .fragment = (uint16_t)((more ? EL_IP4_MF : 0) | offset / 8),
                                    .ttl = 64,
                                    .protocol = EL_IP_UDP,
                                    .src = source,
                                    .dst = HUB});
    el_wire_put(&w, payload + offset, len);
    return piece;
}

static int give(struct el_reasm *reasm, uint64_t now_ns, const struct piece *piece,
                uint8_t **packet, size_t *len)
{
    /* At its exact size, so that the address sanitizer sees a read beyond it. */
    uint8_t *exact = malloc(piece->len);
    memcpy(exact, piece->bytes, piece->len);
    int r = el_reasm_input(reasm, now_ns, exact, piece->len, packet, len);
    free(exact);
    return r;
}

static int give_quietly(struct el_reasm *reasm, uint64_t now_ns, struct piece piece)
{
    uint8_t *packet;
    size_t len;

    return give(reasm, now_ns, &piece, &packet, &len);
}

static unsigned cut_all(uint8_t *packet, size_t len, size_t mtu, struct piece *pieces)
{
    struct el_fragment_cut cut;
    uint8_t *fragment;
    unsigned count = 0;

    assert_int_equal(el_fragment_begin(&cut, packet, len, mtu), 0);
    for (size_t n; (n = el_fragment_next(&cut, &fragment)) > 0; count++) {
        assert_true(n <= mtu || n == len);
        if (cut.left > 0) /* all but the last are of one length */
            assert_int_equal(n, el_fragment_longest(&cut));
        memcpy(pieces[count].bytes, fragment, n);
        pieces[count].len = n;
    }
    assert_int_equal(el_fragment_next(&cut, &fragment), 0);
    return count;
}

static void any_packet_any_mtu_any_order(void **state)
{
    static struct piece pieces[256];
    struct el_reasm *reasm = new_reasm(0);
    uint8_t packet[ROOM], original[ROOM];
    struct el_overlay_packet out;

    (void)state;
    el_random_seed_for_test(815);
    for (unsigned round = 0; round < 20000; round++) {
        size_t frame_len = 14 + el_random_below(EL_OVERLAY_FRAME_MAX - 13);
        size_t mtu = EL_FRAGMENT_MTU_MIN + el_random_below(1600 - EL_FRAGMENT_MTU_MIN);
        size_t len = make_packet(packet, frame_len, (uint16_t)round);
        memcpy(original, packet, len);
        unsigned count = cut_all(packet, len, mtu, pieces);

        if (len <= mtu) {
            assert_int_equal(count, 1);
            assert_memory_equal(pieces[0].bytes, original, len);
            continue;
        }
        /* As few as possible, and of nearly equal size. */
        size_t most = (mtu - 20) / 8 * 8;
        assert_int_equal(count, (len - 20 + most - 1) / most);
        for (unsigned i = 0; i + 1 < count; i++)
            assert_int_equal(pieces[i].len, pieces[0].len);
        assert_true(pieces[count - 1].len <= pieces[0].len);
        assert_true(pieces[0].len < pieces[count - 1].len + 8 * count);
        assert_int_equal(el_overlay_decap(pieces[0].bytes, pieces[0].len, HUB, &out), 0);
        assert_int_equal(out.kind, EL_OVERLAY_FRAGMENT);

        /* In any order, and with the first one twice. */
        uint8_t *whole = NULL;
        size_t whole_len = 0;
        for (unsigned i = 0; i < count; i++) {
            unsigned other = i + el_random_below(count - i);
            struct piece swap = pieces[i];
            pieces[i] = pieces[other];
            pieces[other] = swap;
            assert_int_equal(give(reasm, round, &pieces[i], &whole, &whole_len), i + 1 == count);
            if (i == 0)
                assert_int_equal(give(reasm, round, &pieces[0], &whole, &whole_len), 0);
        }
        assert_int_equal(whole_len, len);
        assert_memory_equal(whole, original, len);
        assert_int_equal(el_overlay_decap(whole, whole_len, HUB, &out), 0);
        assert_int_equal(out.frame_len, frame_len);
        memset(whole + whole_len, 0, 16); /* ours to touch */
    }
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_OVERLAP), 0);
    assert_true(el_reasm_deadline_ns(reasm) == EL_NEVER);
    el_reasm_free(reasm);
}

static void only_our_packets_are_cut(void **state)
{
    struct el_fragment_cut cut;
    uint8_t packet[ROOM];
    size_t len = make_packet(packet, 1000, 1);

    (void)state;
    assert_int_equal(el_fragment_begin(&cut, packet, len, EL_FRAGMENT_MTU_MIN - 1), EL_EINVAL);
    assert_int_equal(el_fragment_begin(&cut, packet, len - 1, 500), EL_EINVAL);
    assert_int_equal(el_fragment_begin(&cut, packet, 19, 500), EL_EINVAL);
    packet[6] = 0x40; /* DF */
    assert_int_equal(el_fragment_begin(&cut, packet, len, 500), EL_EINVAL);
    packet[6] = 0x20; /* a fragment */
    assert_int_equal(el_fragment_begin(&cut, packet, len, 500), EL_EINVAL);
    packet[6] = 0;
    packet[0] = 0x46; /* options */
    assert_int_equal(el_fragment_begin(&cut, packet, len, 500), EL_EINVAL);
}

/* Teardrop, bonk, syndrop and their children: fragments that do not fit each other. The packet is
 * dropped with all that still comes of it (RFC 5722 §4). */
static void overlaps_kill_the_packet(void **state)
{
    static const struct {
        struct {
            size_t offset, len;
            bool more;
        } pieces[3];
        const char *what;
    } rows[] = {
        {{{0, 64, true}, {56, 64, true}}, "an overlap by 8 bytes"},
        {{{56, 64, true}, {0, 64, true}}, "the same, the other way round"},
        {{{0, 64, true}, {24, 4, false}}, "teardrop: the last inside the first"},
        {{{0, 128, true}, {64, 64, false}}, "the last ends where the first ends, but is no more"},
        {{{64, 64, false}, {0, 128, true}}, "a first one that covers the last"},
        {{{64, 64, false}, {64, 128, true}}, "data behind the end"},
        {{{64, 64, false}, {128, 64, true}}, "more behind the end"},
        {{{64, 64, false}, {64, 72, false}}, "two ends"},
        {{{64, 64, false}, {64, 63, false}}, "an end and an earlier end"},
        {{{128, 64, true}, {64, 8, false}}, "an end before what is here already"},
        {{{0, 8, true}, {0, 16, true}}, "a first one and a longer first one"},
    };
    uint8_t good[ROOM], evil[ROOM];

    (void)state;
    memset(good, 'g', sizeof good);
    memset(evil, 'e', sizeof evil);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct el_reasm *reasm = new_reasm(16);
        int r = 0;
        for (int p = 0; p < 2; p++)
            r = give_quietly(reasm, 0,
                             make_piece(SPOKE, 1, p ? evil : good, rows[i].pieces[p].offset,
                                        rows[i].pieces[p].len, rows[i].pieces[p].more));
        if (r != EL_EPROTO || el_reasm_count(reasm, EL_REASM_DROP_OVERLAP) != 1)
            fail_msg("%s: %d", rows[i].what, r);
        /* Whatever would complete it now is dropped, until its time is over. */
        for (size_t offset = 0; offset < 256; offset += 8)
            assert_true(give_quietly(reasm, 1,
                                     make_piece(SPOKE, 1, good, offset, 8, offset + 8 < 256)) < 0);
        assert_int_equal(el_reasm_count(reasm, EL_REASM_WHOLE), 0);
        assert_int_equal(give_quietly(reasm, EL_S, make_piece(SPOKE, 1, good, 0, 64, true)), 0);
        assert_int_equal(give_quietly(reasm, EL_S, make_piece(SPOKE, 1, good, 64, 9, false)), 1);
        el_reasm_free(reasm);
    }
}

static void duplicates_are_tolerated(void **state)
{
    struct el_reasm *reasm = new_reasm(16);
    uint8_t payload[ROOM];

    (void)state;
    el_random(payload, sizeof payload);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 0, 64, true)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 128, 9, false)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 0, 64, true)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 8, 16, true)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 128, 9, false)), 0);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DUPLICATE), 3);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 64, 64, true)), 1);
    el_reasm_free(reasm);
}

/* What repeats some bytes and brings others is no duplicate, whatever the memory held before. */
static void half_a_duplicate_is_an_overlap(void **state)
{
    struct el_reasm *reasm = new_reasm(1);
    uint8_t zeros[ROOM] = {0};

    (void)state;
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, zeros, 0, 64, true)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, zeros, 56, 64, true)), EL_EPROTO);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_OVERLAP), 1);
    el_reasm_free(reasm);
}

static void impossible_fragments_are_dropped(void **state)
{
    struct el_reasm *reasm = new_reasm(16);
    uint8_t payload[ROOM] = {0};
    struct piece piece;

    (void)state;
    /* Ping of death: an offset that ends beyond what a packet may be. */
    piece = make_piece(SPOKE, 1, payload, 0, 64, true);
    assert_int_equal(give_quietly(reasm, 0, piece), 0);
    piece.bytes[6] = 0x1f;
    piece.bytes[7] = 0xff;
    assert_int_equal(give_quietly(reasm, 0, piece), EL_EPROTO);
    piece = make_piece(SPOKE, 1, payload, 1528, 60, false);
    assert_int_equal(give_quietly(reasm, 0, piece), EL_EPROTO);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_TOO_LARGE), 2);
    /* It also was the end of the packet it claimed to belong to. */
    assert_true(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 64, 8, false)) < 0);

    /* The largest that is one. */
    size_t max = EL_REASM_PACKET_MAX - EL_IP4_HEADER;
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 2, payload, 0, 800, true)), 0);
    piece = make_piece(SPOKE, 2, payload, 800, max - 800, false);
    assert_int_equal(give_quietly(reasm, 0, piece), 1);
    piece = make_piece(SPOKE, 3, payload, 800, max - 799, false);
    assert_int_equal(give_quietly(reasm, 0, piece), EL_EPROTO);

    piece = make_piece(SPOKE, 4, payload, 0, 63, true); /* no multiple of 8 */
    assert_int_equal(give_quietly(reasm, 0, piece), EL_EPROTO);
    piece = make_piece(SPOKE, 4, payload, 8, 0, false); /* empty */
    assert_int_equal(give_quietly(reasm, 0, piece), EL_EPROTO);
    piece = make_piece(SPOKE, 4, payload, 0, 64, false); /* not a fragment */
    assert_int_equal(give_quietly(reasm, 0, piece), EL_EPROTO);
    piece = make_piece(SPOKE, 4, payload, 0, 64, true);
    for (size_t len = 1; len < piece.len; len++) { /* shorter than it says */
        struct piece cut = piece;
        cut.len = len;
        assert_int_equal(give_quietly(reasm, 0, cut), EL_EPROTO);
    }
    el_reasm_free(reasm);
}

static void time_is_bounded(void **state)
{
    const uint64_t timeout_ns = EL_REASM_TIMEOUT_MS * EL_MS;
    struct el_reasm *reasm = new_reasm(16);
    uint8_t payload[ROOM] = {0};

    (void)state;
    assert_true(el_reasm_deadline_ns(reasm) == EL_NEVER);
    give_quietly(reasm, 100, make_piece(SPOKE, 1, payload, 0, 64, true));
    give_quietly(reasm, 200, make_piece(SPOKE, 2, payload, 0, 64, true));
    assert_int_equal(el_reasm_deadline_ns(reasm), 100 + timeout_ns);
    /* A further fragment does not prolong it. */
    give_quietly(reasm, 300, make_piece(SPOKE, 1, payload, 128, 8, true));
    assert_int_equal(el_reasm_deadline_ns(reasm), 100 + timeout_ns);
    el_reasm_expire(reasm, 100 + timeout_ns);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_TIMEOUT), 1);
    assert_int_equal(el_reasm_deadline_ns(reasm), 200 + timeout_ns);
    /* Nobody has to call expire: the rest of an old packet begins a new one. */
    assert_int_equal(
        give_quietly(reasm, 200 + timeout_ns, make_piece(SPOKE, 2, payload, 64, 8, false)), 0);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_TIMEOUT), 2);
    el_reasm_free(reasm);
}

/* One source with endless first halves; others with a packet at a time. */
static void nobody_starves_anybody(void **state)
{
    struct el_reasm *reasm = new_reasm(EL_REASM_PACKETS);
    uint8_t payload[ROOM] = {0};

    (void)state;
    for (unsigned n = 0; n < 200; n++) {
        uint32_t victim = SPOKE + 1000 + n % 50;
        assert_int_equal(
            give_quietly(reasm, n, make_piece(victim, (uint16_t)n, payload, 0, 64, true)), 0);
        for (unsigned attack = 0; attack < 1000; attack++)
            give_quietly(reasm, n,
                         make_piece(SPOKE, (uint16_t)(n * 1000 + attack), payload, 0, 64, true));
        assert_int_equal(
            give_quietly(reasm, n, make_piece(victim, (uint16_t)n, payload, 64, 8, false)), 1);
    }
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_QUOTA), 200 * 1000 - EL_REASM_PER_SOURCE);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_DROP_FULL), 0);
    el_reasm_free(reasm);

    /* A hundred sources together fill the table and still take only from each other. */
    reasm = new_reasm(EL_REASM_PACKETS);
    for (unsigned n = 0; n < 50; n++) {
        assert_int_equal(
            give_quietly(reasm, n, make_piece(VICTIM, (uint16_t)n, payload, 0, 64, true)), 0);
        for (unsigned attack = 0; attack < 2000; attack++)
            give_quietly(reasm, n,
                         make_piece(SPOKE + attack % 100, (uint16_t)(n * 2000 + attack), payload, 0,
                                    64, true));
        assert_int_equal(
            give_quietly(reasm, n, make_piece(VICTIM, (uint16_t)n, payload, 64, 8, false)), 1);
    }
    assert_true(el_reasm_count(reasm, EL_REASM_DROP_FULL) > 0);
    assert_int_equal(el_reasm_count(reasm, EL_REASM_WHOLE), 50);
    el_reasm_free(reasm);
}

static void a_mark_on_one_is_on_all(void **state)
{
    static struct piece pieces[16];
    struct el_reasm *reasm = new_reasm(0);
    uint8_t packet[ROOM];

    (void)state;
    for (unsigned marked = 0; marked <= 3; marked++) { /* 3: none of them */
        uint8_t *whole = NULL;
        size_t whole_len = 0, len = make_packet(packet, 1500, (uint16_t)marked);

        el_ecn_set4(packet, EL_ECN_ECT0);
        assert_int_equal(cut_all(packet, len, 600, pieces), 3);
        if (marked < 3)
            el_ecn_set4(pieces[marked].bytes, EL_ECN_CE);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(give(reasm, 1, &pieces[i], &whole, &whole_len), i == 2);
        assert_int_equal(whole[1], marked < 3 ? EL_ECN_CE : EL_ECN_ECT0);
        assert_true(el_ip4_csum_ok(whole, EL_IP4_HEADER));
    }
    el_reasm_free(reasm);
}

static void sources_protocols_and_numbers_do_not_mix(void **state)
{
    struct el_reasm *reasm = new_reasm(16);
    uint8_t payload[ROOM] = {0};
    struct piece other = make_piece(SPOKE, 1, payload, 64, 8, false);

    (void)state;
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, payload, 0, 64, true)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 2, payload, 64, 8, false)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE + 1, 1, payload, 64, 8, false)), 0);
    other.bytes[9] = EL_IP_ICMP;
    assert_int_equal(give_quietly(reasm, 0, other), 0);
    other.bytes[9] = EL_IP_UDP;
    assert_int_equal(give_quietly(reasm, 0, other), 1);
    el_reasm_free(reasm);

    assert_int_equal(el_reasm_new(EL_REASM_PACKETS_MAX + 1, &reasm), EL_EINVAL);
    el_reasm_free(NULL);
    for (enum el_reasm_counter c = 0; c < EL_REASM_COUNTERS; c++)
        assert_true(strlen(el_reasm_counter_name(c)) > 3);
}

/* Whatever comes meanwhile: a batch is merged before it is handed on. */
/* What a source has under way is forgotten, and nothing of others; it may begin anew. */
static void a_source_can_be_forgotten(void **state)
{
    struct el_reasm *reasm = new_reasm(0);
    uint8_t zeros[256] = {0};

    (void)state;
    for (uint16_t id = 1; id <= 3; id++) {
        assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, id, zeros, 0, 64, true)), 0);
        assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE + 1, id, zeros, 0, 64, true)), 0);
    }
    el_reasm_forget(reasm, SPOKE);
    el_reasm_forget(reasm, SPOKE + 2);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, zeros, 64, 64, false)), 0);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE + 1, 1, zeros, 64, 64, false)), 1);
    assert_int_equal(give_quietly(reasm, 0, make_piece(SPOKE, 1, zeros, 0, 64, true)), 1);
    el_reasm_forget(reasm, SPOKE + 1);
    assert_int_equal(el_reasm_deadline_ns(reasm), EL_NEVER);
    el_reasm_free(reasm);
}

static void whole_packets_stay_for_a_batch(void **state)
{
    struct el_reasm *reasm = new_reasm(2);
    uint8_t payload[ROOM], other[ROOM] = {0};
    uint8_t *packet;
    size_t len;

    (void)state;
    el_random(payload, sizeof payload);
    struct piece first = make_piece(SPOKE, 0, payload, 0, 64, true);
    struct piece last = make_piece(SPOKE, 0, payload, 64, 8, false);
    assert_int_equal(give(reasm, 0, &first, &packet, &len), 0);
    assert_int_equal(give(reasm, 0, &last, &packet, &len), 1);
    for (uint16_t id = 1; id <= EL_REASM_KEPT; id++) {
        /* Half of them stay alone, are too many, or become too old. */
        uint64_t now_ns = id * EL_REASM_TIMEOUT_MS * EL_MS / 3;
        give_quietly(reasm, now_ns, make_piece(SPOKE, (uint16_t)(id / 2), other, 64, 64, id % 2));
    }
    assert_memory_equal(packet + EL_IP4_HEADER, payload, 72);

    for (uint16_t id = 0; id < EL_REASM_KEPT; id++) {
        struct piece halves[] = {make_piece(HUB, id, payload, 0, 64, true),
                                 make_piece(HUB, id, payload, 64, 8, false)};
        uint8_t *kept = packet;
        assert_int_equal(give(reasm, 0, &halves[0], &packet, &len), 0);
        assert_int_equal(give(reasm, 0, &halves[1], &packet, &len), 1);
        assert_ptr_not_equal(kept, packet);
        assert_int_equal(len, EL_IP4_HEADER + 72);
        assert_memory_equal(packet + EL_IP4_HEADER, payload, 72);
    }
    el_reasm_free(reasm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_packet_any_mtu_any_order),
        cmocka_unit_test(only_our_packets_are_cut),
        cmocka_unit_test(overlaps_kill_the_packet),
        cmocka_unit_test(duplicates_are_tolerated),
        cmocka_unit_test(half_a_duplicate_is_an_overlap),
        cmocka_unit_test(impossible_fragments_are_dropped),
        cmocka_unit_test(time_is_bounded),
        cmocka_unit_test(nobody_starves_anybody),
        cmocka_unit_test(a_mark_on_one_is_on_all),
        cmocka_unit_test(a_source_can_be_forgotten),
        cmocka_unit_test(whole_packets_stay_for_a_batch),
        cmocka_unit_test(sources_protocols_and_numbers_do_not_mix),
    };

    return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}

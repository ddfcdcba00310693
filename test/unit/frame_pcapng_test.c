/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet traces, against the layout of draft-ietf-opsawg-pcapng (section 4); what Wireshark makes
 * of them is a matter of test/netns/capture. */
#include "frame/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define EXPECT(w, ...)                                             \
    do {                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};           \
        assert_true(el_wire_ok(&(w)));                             \
        assert_int_equal(el_wire_done(&(w)), sizeof expected);     \
        assert_memory_equal((w).start, expected, sizeof expected); \
    } while (0)

static uint8_t bytes[4096];

static struct el_wire room(void)
{
    memset(bytes, 0xee, sizeof bytes);
    return el_wire_write(bytes, sizeof bytes);
}

/* clang-format off */
static void a_section(void **state)
{
    struct el_wire w = room();

    (void)state;
    el_pcapng_put_section(&w, "el2w", "hello");
    EXPECT(w, 0x0a, 0x0d, 0x0d, 0x0a, 52, 0, 0, 0,
           0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
           1, 0, 5, 0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0,
           4, 0, 4, 0, 'e', 'l', '2', 'w',
           0, 0, 0, 0, 52, 0, 0, 0);
}

static void an_interface(void **state)
{
    struct el_wire w = room();

    (void)state;
    el_pcapng_put_interface(&w, "mars", NULL, 96);
    EXPECT(w, 1, 0, 0, 0, 40, 0, 0, 0,
           1, 0, 0, 0, 96, 0, 0, 0,
           2, 0, 4, 0, 'm', 'a', 'r', 's',
           9, 0, 1, 0, 9, 0, 0, 0,
           0, 0, 0, 0, 40, 0, 0, 0);
}

static void a_packet(void **state)
{
    struct el_wire w = room();
    struct el_pcapng_packet packet = {
        .interface = 3, .time_ns = UINT64_C(0x0102030405060708), .direction = EL_PCAPNG_OUT,
        .lost = 5, .bytes = (const uint8_t *)"abcde", .captured = 5, .len = 1500, .comment = "x"};

    (void)state;
    el_pcapng_put_packet(&w, &packet);
    EXPECT(w, 6, 0, 0, 0, 72, 0, 0, 0,
           3, 0, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 5, 0, 0, 0, 0xdc, 5, 0, 0,
           'a', 'b', 'c', 'd', 'e', 0, 0, 0,
           1, 0, 1, 0, 'x', 0, 0, 0,
           2, 0, 4, 0, 2, 0, 0, 0,
           4, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0,
           0, 0, 0, 0, 72, 0, 0, 0);
}

static void statistics(void **state)
{
    struct el_wire w = room();
    struct el_pcapng_statistics all = {1, 2, UINT64_C(3) << 32, 4, 5};

    (void)state;
    el_pcapng_put_statistics(&w, &all);
    EXPECT(w, 5, 0, 0, 0, 76, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
           2, 0, 8, 0, 0, 0, 0, 0, 2, 0, 0, 0,
           3, 0, 8, 0, 3, 0, 0, 0, 0, 0, 0, 0,
           4, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0,
           5, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0,
           0, 0, 0, 0, 76, 0, 0, 0);
}
/* clang-format on */

/* Nothing is written beyond the room there is, and a longest block has room in what is said. */
static void what_does_not_fit_fails(void **state)
{
    char text[400];
    uint8_t frame[300] = {0};
    struct el_pcapng_packet packet = {
        .lost = 1, .bytes = frame, .captured = sizeof frame, .len = sizeof frame, .comment = text};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct el_wire w = room();
    el_pcapng_put_packet(&w, &packet);
    assert_true(el_wire_ok(&w));
    size_t need = el_wire_done(&w);
    assert_in_range(need, sizeof frame, EL_PCAPNG_BLOCK_MAX + sizeof frame);
    for (size_t len = 0; len < need; len++) {
        room();
        w = el_wire_write(bytes, len);
        el_pcapng_put_packet(&w, &packet);
        assert_false(el_wire_ok(&w));
        assert_int_equal(bytes[len], 0xee);
    }
    w = room();
    el_pcapng_put_section(&w, text, text);
    assert_in_range(el_wire_done(&w), 1, EL_PCAPNG_BLOCK_MAX);
    w = room();
    el_pcapng_put_interface(&w, text, text, 1);
    assert_in_range(el_wire_done(&w), 1, EL_PCAPNG_BLOCK_MAX);
}

/* A trace tells what is in it, in whatever pieces it comes. */
static void what_passes_is_counted(void **state)
{
    static const uint8_t frame[200] = {6};
    struct el_pcapng_packet packet = {.bytes = frame, .captured = sizeof frame, .len = 200};
    struct el_pcapng_statistics some = {.received = 9, .lost = 7}, more = {.lost = 35};
    struct el_wire w = room();

    (void)state;
    el_pcapng_put_section(&w, "el2w", NULL);
    el_pcapng_put_interface(&w, "mars", "a peer", 200);
    el_pcapng_put_packet(&w, &packet);
    packet.captured = 0;
    el_pcapng_put_packet(&w, &packet);
    el_pcapng_put_statistics(&w, &some);
    el_pcapng_put_statistics(&w, &more);
    for (size_t piece = 1; piece <= el_wire_done(&w); piece++) {
        struct el_pcapng_counter counter = {0};
        for (size_t at = 0; at < el_wire_done(&w); at += piece) {
            size_t left = el_wire_done(&w) - at;
            el_pcapng_count(&counter, bytes + at, left < piece ? left : piece);
        }
        assert_int_equal(counter.packets, 2);
        assert_int_equal(counter.lost, 42);
        assert_true(el_pcapng_counter_is_whole(&counter));
        el_pcapng_count(&counter, bytes, 30);
        assert_false(el_pcapng_counter_is_whole(&counter));
    }
    struct el_pcapng_counter counter = {0};
    el_pcapng_count(&counter, frame, sizeof frame);
    assert_false(el_pcapng_counter_is_whole(&counter));
    assert_int_equal(counter.packets, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section),
        cmocka_unit_test(an_interface),
        cmocka_unit_test(a_packet),
        cmocka_unit_test(statistics),
        cmocka_unit_test(what_does_not_fit_fails),
        cmocka_unit_test(what_passes_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may have a connection, and for how long; datagrams in a stream of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "stream/stream.h"
#include "stream/stream_wire.h"

enum { CONNECTIONS = 8, OF_ADDRESS = 5, STRANGERS = 3 };

static struct el_stream *stream;
static uint64_t now_ns;

static int with_stream(void **state)
{
    const struct el_stream_config config = {CONNECTIONS, OF_ADDRESS, STRANGERS};

    (void)state;
    now_ns = 1000 * EL_S;
    return el_stream_new(&config, &stream);
}

static int without_stream(void **state)
{
    (void)state;
    el_stream_free(stream);
    return 0;
}

/* Host HOST of 192.0.2.0/24, or of the IPv6 site SITE. */
static struct el_endpoint at4(unsigned host, uint16_t port)
{
    return (struct el_endpoint){
        .ip = el_ip4(0xc0000200 + host), .carrier = EL_CARRIER_TCP, .port = port};
}

static struct el_endpoint at6(uint8_t site, uint8_t host)
{
    return (struct el_endpoint){.ip = {6, {0x20, 0x01, 0x0d, 0xb8, [7] = site, [15] = host}},
                                .carrier = EL_CARRIER_TCP,
                                .port = 5};
}

static int accept_from(struct el_endpoint from)
{
    bool evicted;
    int number = el_stream_accept(stream, now_ns, &from, &evicted);

    assert_false(evicted);
    return number;
}

static int spoken_with(struct el_endpoint from)
{
    int number = accept_from(from);

    assert_true(number >= 0);
    el_stream_received(stream, now_ns, (unsigned)number, true, false);
    el_stream_sent(stream, now_ns, (unsigned)number);
    return number;
}

/* How many have to end by now; the last one's reason. */
static unsigned expire(enum el_stream_why *why)
{
    unsigned count = 0;
    int number;

    while ((number = el_stream_expired(stream, now_ns, why)) >= 0) {
        el_stream_closed(stream, now_ns, (unsigned)number);
        count++;
    }
    assert_true(el_stream_deadline_ns(stream) > now_ns);
    return count;
}

static void an_address_has_few_strangers_and_more_friends(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < STRANGERS; i++)
        assert_true(accept_from(at4(1, i)) >= 0);
    assert_int_equal(accept_from(at4(1, 9)), EL_EFULL);
    for (uint16_t i = 0; i < STRANGERS; i++) {
        struct el_endpoint known = at4(1, i);
        el_stream_sent(stream, now_ns, (unsigned)el_stream_find(stream, &known));
    }
    assert_true(accept_from(at4(1, 10)) >= 0);
    assert_true(accept_from(at4(1, 11)) >= 0);
    assert_int_equal(accept_from(at4(1, 12)), EL_EFULL);
    assert_true(accept_from(at4(2, 1)) >= 0);
}

static void a_site_is_one_address(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < STRANGERS; i++)
        assert_true(accept_from(at6(1, i)) >= 0);
    assert_int_equal(accept_from(at6(1, 9)), EL_EFULL);
    assert_true(accept_from(at6(2, 9)) >= 0);
}

static void the_oldest_stranger_makes_room(void **state)
{
    int first = -1;
    bool evicted;

    (void)state;
    (void)spoken_with(at4(1, 1));
    for (unsigned i = 1; i < CONNECTIONS; i++) {
        int number = accept_from(at4(10 + i, 1));
        first = i == 1 ? number : first;
        now_ns += EL_MS;
    }
    struct el_endpoint late = at4(100, 1), gone = at4(11, 1), friend = at4(1, 1);
    assert_int_equal(el_stream_accept(stream, now_ns, &late, &evicted), first);
    assert_true(evicted);
    assert_int_equal(el_stream_find(stream, &gone), EL_ENOENT);
    assert_int_equal(el_stream_find(stream, &late), first);
    assert_true(el_stream_find(stream, &friend) >= 0);
    assert_int_equal(el_stream_count(stream), CONNECTIONS);
}

static void friends_make_no_room(void **state)
{
    bool evicted;

    (void)state;
    for (unsigned i = 0; i < CONNECTIONS; i++)
        (void)spoken_with(at4(10 + i, 1));
    struct el_endpoint late = at4(100, 1);
    assert_int_equal(el_stream_accept(stream, now_ns, &late, &evicted), EL_EFULL);
    assert_false(evicted);
}

static void who_is_not_answered_ends(void **state)
{
    enum el_stream_why why;
    int number = accept_from(at4(1, 1));

    (void)state;
    el_stream_received(stream, now_ns, (unsigned)number, true, false);
    now_ns += EL_STREAM_STRANGER_S * EL_S - 1;
    assert_int_equal(expire(&why), 0);
    now_ns += 1;
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_UNKNOWN);
    assert_int_equal(el_stream_count(stream), 0);
    assert_true(el_stream_deadline_ns(stream) == EL_NEVER);
}

/* A byte now and then does not help. */
static void half_a_frame_is_not_waited_for(void **state)
{
    enum el_stream_why why;
    unsigned number = (unsigned)spoken_with(at4(1, 1));

    (void)state;
    for (unsigned i = 0; i < EL_STREAM_HALF_S; i++) {
        el_stream_received(stream, now_ns, number, false, true);
        assert_int_equal(expire(&why), 0);
        now_ns += EL_S;
    }
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_HALF);
}

/* Where there is always more, what is read hardly ever ends where a frame does. */
static void a_stream_without_pause_stays(void **state)
{
    enum el_stream_why why;
    unsigned number = (unsigned)spoken_with(at4(1, 1));

    (void)state;
    for (unsigned i = 0; i < 10 * EL_STREAM_HALF_S; i++) {
        el_stream_received(stream, now_ns, number, true, true);
        now_ns += EL_S;
        assert_int_equal(expire(&why), 0);
    }
    for (unsigned i = 1; i < EL_STREAM_HALF_S; i++) { /* and then it does pause */
        el_stream_received(stream, now_ns, number, false, true);
        assert_int_equal(expire(&why), 0);
        now_ns += EL_S;
    }
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_HALF);
}

static void silence_before_the_first_frame_ends_it(void **state)
{
    enum el_stream_why why;

    (void)state;
    (void)accept_from(at4(1, 1));
    now_ns += EL_STREAM_HALF_S * EL_S;
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_HALF);
}

static void who_does_not_read_ends(void **state)
{
    enum el_stream_why why;
    unsigned number = (unsigned)spoken_with(at4(1, 1));

    (void)state;
    el_stream_stuck(stream, now_ns, number, true);
    now_ns += EL_S;
    el_stream_stuck(stream, now_ns, number, false);
    now_ns += EL_STREAM_STUCK_S * EL_S;
    assert_int_equal(expire(&why), 0);
    for (unsigned i = 0; i < EL_STREAM_STUCK_S; i++) {
        el_stream_stuck(stream, now_ns, number, true);
        el_stream_received(stream, now_ns, number, true, false);
        now_ns += EL_S;
    }
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_STUCK);
}

static void what_is_used_stays(void **state)
{
    enum el_stream_why why;
    unsigned number = (unsigned)spoken_with(at4(1, 1));

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        now_ns += (EL_STREAM_IDLE_S - 1) * EL_S;
        assert_int_equal(expire(&why), 0);
        if (i % 2)
            el_stream_sent(stream, now_ns, number);
        else
            el_stream_received(stream, now_ns, number, true, false);
    }
    now_ns += EL_STREAM_IDLE_S * EL_S;
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_UNUSED);
}

static void a_call_that_fails_rests(void **state)
{
    enum el_stream_why why;
    struct el_endpoint hub = at4(1, 51820);

    (void)state;
    hub.carrier = EL_CARRIER_TCP_CALLED;
    int number = el_stream_call(stream, now_ns, &hub);
    assert_int_equal(el_stream_state(stream, (unsigned)number), EL_STREAM_CALLING);
    now_ns += EL_STREAM_CALL_S * EL_S;
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_NO_ANSWER);
    assert_int_equal(el_stream_find(stream, &hub), number);
    assert_int_equal(el_stream_state(stream, (unsigned)number), EL_STREAM_RESTING);
    assert_int_equal(el_stream_count(stream), 0);
    now_ns += EL_STREAM_REST_S * EL_S;
    assert_int_equal(expire(&why), 0);
    assert_int_equal(el_stream_find(stream, &hub), EL_ENOENT);
}

/* What only comes does not keep a call: the tunnel has gone elsewhere. */
static void a_call_that_is_not_used_ends(void **state)
{
    enum el_stream_why why;
    struct el_endpoint hub = at4(1, 51820);

    (void)state;
    hub.carrier = EL_CARRIER_TCP_CALLED;
    unsigned number = (unsigned)el_stream_call(stream, now_ns, &hub);
    el_stream_connected(stream, now_ns, number);
    el_stream_sent(stream, now_ns, number);
    now_ns += (EL_STREAM_UNUSED_S - 1) * EL_S;
    el_stream_received(stream, now_ns, number, true, false);
    assert_int_equal(expire(&why), 0);
    now_ns += EL_S;
    assert_int_equal(expire(&why), 1);
    assert_int_equal(why, EL_STREAM_UNUSED);
}

static void a_connection_of_each_kind_is_another(void **state)
{
    struct el_endpoint theirs = at4(1, 51820), ours = theirs;

    (void)state;
    ours.carrier = EL_CARRIER_TCP_CALLED;
    int accepted = accept_from(theirs);
    int called = el_stream_call(stream, now_ns, &ours);
    assert_int_not_equal(accepted, called);
    assert_int_equal(el_stream_find(stream, &theirs), accepted);
    assert_int_equal(el_stream_find(stream, &ours), called);
    assert_int_equal(accept_from(theirs), EL_EFULL); /* it cannot be there twice */
}

static void a_queue_holds_a_tenth_of_a_second(void **state)
{
    (void)state;
    assert_int_equal(el_stream_queue_bytes(0), 65536);
    assert_int_equal(el_stream_queue_bytes(5000000), 500000);
    assert_int_equal(el_stream_queue_bytes(UINT64_MAX), 1048576);
}

/* -- the wire -- */

static void lengths_say_where_datagrams_end(void **state)
{
    const uint8_t bytes[] = {0, 3, 1, 2, 3, 0, 1, 9, 0, 4, 7};
    struct el_wire w = el_wire_read(bytes, sizeof bytes);
    struct el_stream_datagram datagrams[4];

    (void)state;
    assert_int_equal(el_stream_split(&w, datagrams, 4), 2);
    assert_int_equal(datagrams[0].len, 3);
    assert_ptr_equal(datagrams[0].bytes, bytes + 2);
    assert_int_equal(datagrams[1].len, 1);
    assert_ptr_equal(datagrams[1].bytes, bytes + 7);
    assert_int_equal(el_wire_left(&w), 3);
}

static void who_is_no_el2w_is_seen_at_once(void **state)
{
    static const char *const others[] = {"GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                         "\x16\x03\x01\x02", "EHLO hub\r\n"};
    struct el_stream_datagram datagram;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct el_wire w = el_wire_read(others[i], 2);
        assert_int_equal(el_stream_split(&w, &datagram, 1), EL_EPROTO);
    }
}

static void lanes_are_dealt_as_the_kernel_does(void **state)
{
    const uint8_t data[] = {4, 0, 0, 0, 0x0b, 0xff, 0xff, 0xff}, initiation[148] = {1};
    const struct el_stream_datagram of_lane = {data, sizeof data},
                                    first = {initiation, sizeof initiation}, stub = {data, 4};

    (void)state;
    assert_int_equal(el_stream_lane(&of_lane, 16), 11);
    assert_int_equal(el_stream_lane(&of_lane, 4), 3);
    assert_int_equal(el_stream_lane(&of_lane, 1), 0);
    assert_int_equal(el_stream_lane(&first, 16), 0);
    assert_false(el_stream_is_for_strangers(&of_lane));
    assert_true(el_stream_is_for_strangers(&(struct el_stream_datagram){(const uint8_t *)"\3", 1}));
    assert_int_equal(el_stream_lane(&stub, 16), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_stream, without_stream)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_has_few_strangers_and_more_friends),
        TEST(a_site_is_one_address),
        TEST(the_oldest_stranger_makes_room),
        TEST(friends_make_no_room),
        TEST(who_is_not_answered_ends),
        TEST(half_a_frame_is_not_waited_for),
        TEST(a_stream_without_pause_stays),
        TEST(silence_before_the_first_frame_ends_it),
        TEST(who_does_not_read_ends),
        TEST(what_is_used_stays),
        TEST(a_call_that_fails_rests),
        TEST(a_call_that_is_not_used_ends),
        TEST(a_connection_of_each_kind_is_another),
        cmocka_unit_test(a_queue_holds_a_tenth_of_a_second),
        cmocka_unit_test(lengths_say_where_datagrams_end),
        cmocka_unit_test(who_is_no_el2w_is_seen_at_once),
        cmocka_unit_test(lanes_are_dealt_as_the_kernel_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

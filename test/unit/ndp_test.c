/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router solicitations by RFC 4861 §6.1.1, the answer byte by byte, and how often it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ndp/ndp.h"

enum { SOLICITATION_BYTES = 16 };

static const struct el_mac hub = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
static const struct el_ip nobody = {.family = 6};

/* As iPXE and every operating system send it: with the source's link-layer address. */
static const uint8_t usual[SOLICITATION_BYTES] = {
    133, 0, 0x7b, 0xb8, 0, 0, 0, 0, 1, 1, 0x52, 0x54, 0, 0xe1, 0x2a, 1,
};

static struct el_ndp *ndp;

static int with_ndp(void **state)
{
    (void)state;
    ndp = el_ndp_new(&hub);
    return ndp ? 0 : -1;
}

static int without_ndp(void **state)
{
    (void)state;
    el_ndp_free(ndp);
    return 0;
}

static struct el_ip host(uint16_t number)
{
    return (struct el_ip){6, {0xfe, 0x80, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number}};
}

static struct el_ip ip_of(const char *text)
{
    struct el_ip ip;

    assert_int_equal(el_ip_parse(text, &ip), 0);
    return ip;
}

/* -- validity -- */

static const struct {
    const char *what;
    const char *from;
    uint8_t hop_limit;
    int answer;
    size_t len;
    uint8_t bytes[40];
} table[] = {
    {"the usual", "fe80::1", 255, 0, 16, {133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1}},
    {"no options", "fe80::1", 255, 0, 8, {133}},
    {"no address, no options", "::", 255, 0, 8, {133}},
    {"no address, with a nonce", "::", 255, 0, 16, {133, [8] = 14, 1, 1, 2, 3, 4, 5, 6}},
    {"reserved bytes are ignored", "fe80::1", 255, 0, 8, {133, 0, 0, 0, 1, 2, 3, 4}},
    {"an unknown option", "fe80::1", 255, 0, 24, {133, [8] = 253, 2}},
    {"an unknown option, then the address",
     "fe80::1",
     255,
     0,
     24,
     {133, [8] = 253, 1, [16] = 1, 1}},
    {"a global address", "2001:db8::1", 255, 0, 8, {133}},
    {"came through a router", "fe80::1", 254, EL_EPROTO, 8, {133}},
    {"hop limit not known", "fe80::1", 0, EL_EPROTO, 8, {133}},
    {"code 1", "fe80::1", 255, EL_EPROTO, 8, {133, 1}},
    {"nothing", "fe80::1", 255, EL_EPROTO, 0, {0}},
    {"seven bytes", "fe80::1", 255, EL_EPROTO, 7, {133}},
    {"an advertisement", "fe80::1", 255, EL_EPROTO, 16, {134}},
    {"option of length 0", "fe80::1", 255, EL_EPROTO, 16, {133, [8] = 1, 0}},
    {"second option of length 0", "fe80::1", 255, EL_EPROTO, 24, {133, [8] = 1, 1, [16] = 253, 0}},
    {"half an option", "fe80::1", 255, EL_EPROTO, 12, {133, [8] = 1, 1}},
    {"an option longer than the rest", "fe80::1", 255, EL_EPROTO, 16, {133, [8] = 1, 2}},
    {"an option's type alone", "fe80::1", 255, EL_EPROTO, 9, {133, [8] = 1}},
    {"no address, yet a link-layer one", "::", 255, EL_EPROTO, 16, {133, [8] = 1, 1, 2}},
    {"the same behind another option", "::", 255, EL_EPROTO, 24, {133, [8] = 14, 1, [16] = 1, 1}},
    {"and before one", "::", 255, EL_EPROTO, 24, {133, [8] = 1, 1, [16] = 14, 1}},
    {"from everybody", "ff02::1", 255, EL_EPROTO, 8, {133}},
    {"from IPv4", "192.168.77.100", 255, EL_EPROTO, 8, {133}},
};

static void only_valid_solicitations_are_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct el_ip from = ip_of(table[i].from);
        struct el_ndp_reply reply;
        uint64_t now_ns = (i + 1) * 10 * EL_S;

        int answer = el_ndp_input(ndp, now_ns, &from, table[i].hop_limit, table[i].bytes,
                                  table[i].len, &reply);
        if (answer != table[i].answer)
            fail_msg("%s: %d", table[i].what, answer);
    }
}

/* -- the answer -- */

static void answer_says_that_there_is_nothing(void **state)
{
    static const uint8_t expected[EL_NDP_ADVERTISEMENT_BYTES] = {
        134,  0,    0,    0,    /* Router Advertisement; the checksum is the kernel's */
        0,    0,    0,    0,    /* no hop limit, neither M nor O, lifetime 0: no router */
        0,    0,    0,    0,    /* no reachable time */
        0,    0,    0,    0,    /* no retransmission timer */
        1,    1,    0x02, 0x11, /* our link-layer address */
        0x22, 0x33, 0x44, 0x55,
    };
    struct el_ip from = host(1);
    struct el_ndp_reply reply;

    (void)state;
    assert_int_equal(el_ndp_input(ndp, 0, &from, 255, usual, sizeof usual, &reply), 0);
    assert_memory_equal(reply.bytes, expected, sizeof expected);
}

static void who_is_answered(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"fe80::5054:ff:fee1:2a01", "fe80::5054:ff:fee1:2a01"},
        {"febf::1", "febf::1"},
        {"::", "ff02::1"},
        {"fec0::1", "ff02::1"},
        {"2001:db8::1", "ff02::1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_ip from = ip_of(cases[i].from), to = ip_of(cases[i].to);
        struct el_ndp_reply reply;

        assert_int_equal(el_ndp_input(ndp, i * 10 * EL_S, &from, 255, usual, 8, &reply), 0);
        assert_true(el_ip_equal(&reply.to, &to));
    }
}

/* -- how often -- */

static int solicit(uint64_t now_ms, struct el_ip from)
{
    struct el_ndp_reply reply;

    return el_ndp_input(ndp, EL_S + now_ms * EL_MS, &from, 255, usual, 8, &reply);
}

static void one_host_is_answered_ten_times_a_second(void **state)
{
    int answers = 0;

    (void)state;
    for (uint64_t ms = 0; ms < 1000; ms++)
        answers += solicit(ms, host(1)) == 0;
    assert_int_equal(answers, 1000 / EL_NDP_EACH_MS);
    /* And another meanwhile. */
    assert_int_equal(solicit(999, host(2)), 0);
}

/* A row of racks is switched on: all are answered, and again when they ask again. */
static void many_hosts_are_answered_at_once(void **state)
{
    (void)state;
    for (uint64_t second = 0; second < 3; second++)
        for (uint16_t i = 0; i < EL_NDP_UNICAST_BURST; i++)
            assert_int_equal(solicit(second * 1000, host(i)), 0);
}

/* Ten thousand made-up hosts a second; then a real one comes. */
static void flood_is_bounded_and_passes(void **state)
{
    unsigned answers = 0;

    (void)state;
    for (uint64_t i = 0; i < 10000; i++)
        answers += solicit(i / 10, host((uint16_t)i)) == 0;
    assert_in_range(answers, 1000 / EL_NDP_UNICAST_MS,
                    1000 / EL_NDP_UNICAST_MS + EL_NDP_UNICAST_BURST);
    assert_int_equal(solicit(1000 + EL_NDP_UNICAST_MS, ip_of("fe80::ffff:1")), 0);
}

/* Nobody is answered twice within the time, also where the burst goes through the whole ring. */
static void table_of_hosts_is_exact(void **state)
{
    uint64_t answered_ms[200] = {0};
    unsigned answers = 0;

    (void)state;
    for (uint64_t ms = 1; ms < 4000; ms++)
        for (uint16_t i = 0; i < 200; i++)
            if (solicit(ms, host(i)) == 0) {
                assert_true(answered_ms[i] == 0 || ms - answered_ms[i] >= EL_NDP_EACH_MS);
                answered_ms[i] = ms;
                answers++;
            }
    assert_true(answers > 200);
}

static void everybody_is_told_every_three_seconds(void **state)
{
    (void)state;
    assert_int_equal(solicit(0, nobody), 0);
    assert_int_equal(solicit(1, nobody), EL_EAGAIN);
    assert_int_equal(solicit(2, ip_of("2001:db8::1")), EL_EAGAIN);
    assert_int_equal(solicit(EL_NDP_MULTICAST_MS - 1, nobody), EL_EAGAIN);
    /* Which keeps nobody from being answered alone. */
    assert_int_equal(solicit(EL_NDP_MULTICAST_MS - 1, host(1)), 0);
    /* RFC 4861 §10: a host asks again after 4 s. */
    assert_int_equal(solicit(4000, nobody), 0);
    assert_int_equal(solicit(4001, nobody), EL_EAGAIN);
}

/* What is not valid uses nothing up. */
static void invalid_ones_do_not_count(void **state)
{
    struct el_ip from = host(1);
    struct el_ndp_reply reply;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(el_ndp_input(ndp, EL_S, &from, 64, usual, 8, &reply), EL_EPROTO);
        assert_int_equal(el_ndp_input(ndp, EL_S, &nobody, 255, usual, 16, &reply), EL_EPROTO);
    }
    assert_int_equal(solicit(0, from), 0);
    assert_int_equal(solicit(0, nobody), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_valid_solicitations_are_answered, with_ndp,
                                        without_ndp),
        cmocka_unit_test_setup_teardown(answer_says_that_there_is_nothing, with_ndp, without_ndp),
        cmocka_unit_test_setup_teardown(who_is_answered, with_ndp, without_ndp),
        cmocka_unit_test_setup_teardown(one_host_is_answered_ten_times_a_second, with_ndp,
                                        without_ndp),
        cmocka_unit_test_setup_teardown(many_hosts_are_answered_at_once, with_ndp, without_ndp),
        cmocka_unit_test_setup_teardown(flood_is_bounded_and_passes, with_ndp, without_ndp),
        cmocka_unit_test_setup_teardown(table_of_hosts_is_exact, with_ndp, without_ndp),
        cmocka_unit_test_setup_teardown(everybody_is_told_every_three_seconds, with_ndp,
                                        without_ndp),
        cmocka_unit_test_setup_teardown(invalid_ones_do_not_count, with_ndp, without_ndp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

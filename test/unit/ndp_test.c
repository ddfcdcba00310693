/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router solicitations by RFC 4861 §6.1.1, the answer byte by byte, and how often it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/csprng.h"
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
    ndp = el_ndp_new(&(struct el_ndp_config){.mac = hub});
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
    static const uint8_t expected[] = {
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
    assert_int_equal(reply.len, sizeof expected);
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

/* -- a router -- */

static const struct el_ndp_config router = {
    .mac = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}},
    .prefix = {{6, {0xfd, 0x12, 0x34, 0x56, 0x78, 0x9a, 0, 0x4d}}, 64},
    .dns = {{6, {0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}}, {6, {0x20, 0x01, 0x0d, 0xb8, [15] = 0x54}}},
    .dns_count = 2,
};

static int with_router(void **state)
{
    (void)state;
    el_random_seed_for_test(6);
    ndp = el_ndp_new(&router);
    return ndp ? 0 : -1;
}

/* As somebody who reads RFC 4861 §4.2 and §4.6.2 and RFC 8106 §5.1 writes it down. */
static void router_says_what_it_is(void **state)
{
    static const uint8_t expected[] = {
        134,  0,    0,    0,    /* Router Advertisement; the checksum is the kernel's */
        0,    0,    0x07, 0x08, /* no hop limit, neither M nor O, a router for 1,800 s */
        0,    0,    0,    0,    /* no reachable time */
        0,    0,    0,    0,    /* no retransmission timer */
        1,    1,    0x02, 0x11, /* our link-layer address */
        0x22, 0x33, 0x44, 0x55, /* */
        3,    4,    64,   0xc0, /* a prefix of 64 bits, on link, for addresses, */
        0,    0,    0x15, 0x18, /* valid for 5,400 s, */
        0,    0,    0x0a, 0x8c, /* preferred for 2,700 s */
        0,    0,    0,    0,    /* */
        0xfd, 0x12, 0x34, 0x56, /* fd12:3456:789a:4d:: */
        0x78, 0x9a, 0,    0x4d, /* */
        0,    0,    0,    0,    /* */
        0,    0,    0,    0,    /* */
        25,   5,    0,    0,    /* two name servers */
        0,    0,    0x07, 0x08, /* for 1,800 s */
        0x20, 0x01, 0x0d, 0xb8, /* 2001:db8::53 */
        0,    0,    0,    0,    /* */
        0,    0,    0,    0,    /* */
        0,    0,    0,    0x53, /* */
        0x20, 0x01, 0x0d, 0xb8, /* 2001:db8::54 */
        0,    0,    0,    0,    /* */
        0,    0,    0,    0,    /* */
        0,    0,    0,    0x54,
    };
    struct el_ip from = host(1);
    struct el_ndp_reply reply;

    (void)state;
    assert_int_equal(el_ndp_input(ndp, 0, &from, 255, usual, sizeof usual, &reply), 0);
    assert_true(el_ip_equal(&reply.to, &from));
    assert_int_equal(reply.len, sizeof expected);
    assert_memory_equal(reply.bytes, expected, sizeof expected);
}

/* A router without name servers, and one with all that there is room for. */
static void servers_are_told_if_there_are_any(void **state)
{
    struct el_ndp_config config = router;
    struct el_ip from = host(1);
    struct el_ndp_reply reply;

    (void)state;
    for (unsigned count = 0; count <= EL_NDP_SERVERS; count += EL_NDP_SERVERS) {
        config.dns_count = count;
        struct el_ndp *other = el_ndp_new(&config);
        assert_int_equal(el_ndp_input(other, 0, &from, 255, usual, sizeof usual, &reply), 0);
        assert_int_equal(reply.len, count ? EL_NDP_ADVERTISEMENT_BYTES : 56);
        el_ndp_free(other);
    }
}

/* Three times within half a minute, then every few minutes; never twice at the same distance for
 * long, or the routers of a link would speak at once. */
static void router_speaks_by_itself(void **state)
{
    uint64_t now_ns = 0, shortest_ns = EL_NEVER, longest_ns = 0;
    struct el_ndp_reply reply;

    (void)state;
    assert_int_equal(el_ndp_deadline_ns(ndp), 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(el_ndp_tick(ndp, now_ns, &reply), 0);
        assert_true(el_ip_equal(&reply.to, &(struct el_ip){6, {0xff, 0x02, [15] = 1}}));
        assert_int_equal(el_ndp_tick(ndp, now_ns, &reply), EL_EAGAIN);
        uint64_t wait_ns = el_ndp_deadline_ns(ndp) - now_ns;
        if (i < 2) {
            assert_int_equal(wait_ns, 16 * EL_S);
        } else {
            shortest_ns = wait_ns < shortest_ns ? wait_ns : shortest_ns;
            longest_ns = wait_ns > longest_ns ? wait_ns : longest_ns;
        }
        now_ns += wait_ns;
    }
    assert_true(shortest_ns >= 200 * EL_S && longest_ns <= 600 * EL_S);
    assert_true(longest_ns - shortest_ns > 200 * EL_S);
}

/* Whoever cannot be answered alone and comes too early is answered when three seconds are over. */
static void router_answers_everybody_later(void **state)
{
    struct el_ndp_reply reply;

    (void)state;
    assert_int_equal(el_ndp_tick(ndp, EL_S, &reply), 0);
    assert_int_equal(solicit(500, nobody), EL_EAGAIN);
    assert_int_equal(el_ndp_deadline_ns(ndp), 4 * EL_S);
    assert_int_equal(el_ndp_tick(ndp, 4 * EL_S - 1, &reply), EL_EAGAIN);
    assert_int_equal(el_ndp_tick(ndp, 4 * EL_S, &reply), 0);
    /* And an answer to everybody is as good as what it would have said by itself (§6.2.6). */
    assert_int_equal(el_ndp_deadline_ns(ndp), 20 * EL_S);
    assert_int_equal(solicit(10 * 1000, nobody), 0);
    assert_true(el_ndp_deadline_ns(ndp) >= 211 * EL_S);
    /* A tick that comes late, and too early after an answer, waits as well. */
    uint64_t due_ns = el_ndp_deadline_ns(ndp);
    assert_int_equal(solicit((due_ns - EL_S) / EL_MS - 1, nobody), 0);
    assert_true(el_ndp_deadline_ns(ndp) > due_ns);
}

/* Router lifetime 0, name servers for 0 s, addresses deprecated but valid. */
static void goodbye_takes_it_back(void **state)
{
    struct el_ndp_reply before, reply;

    (void)state;
    assert_int_equal(el_ndp_tick(ndp, 0, &before), 0);
    assert_int_equal(el_ndp_goodbye(ndp, &reply), 0);
    assert_true(el_ip_equal(&reply.to, &before.to));
    assert_int_equal(reply.len, before.len);
    memset(before.bytes + 6, 0, 2);  /* router lifetime */
    memset(before.bytes + 32, 0, 4); /* preferred lifetime */
    memset(before.bytes + 60, 0, 4); /* of name servers */
    assert_memory_equal(reply.bytes, before.bytes, reply.len);
}

static void who_promised_nothing_says_nothing(void **state)
{
    struct el_ndp_reply reply;

    (void)state;
    assert_int_equal(el_ndp_deadline_ns(ndp), EL_NEVER);
    assert_int_equal(el_ndp_tick(ndp, EL_NEVER - 1, &reply), EL_EAGAIN);
    assert_int_equal(el_ndp_goodbye(ndp, &reply), EL_EAGAIN);
    assert_int_equal(solicit(0, nobody), 0);
    assert_int_equal(solicit(1, nobody), EL_EAGAIN);
    assert_int_equal(el_ndp_deadline_ns(ndp), EL_NEVER);
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
        cmocka_unit_test_setup_teardown(router_says_what_it_is, with_router, without_ndp),
        cmocka_unit_test(servers_are_told_if_there_are_any),
        cmocka_unit_test_setup_teardown(router_speaks_by_itself, with_router, without_ndp),
        cmocka_unit_test_setup_teardown(router_answers_everybody_later, with_router, without_ndp),
        cmocka_unit_test_setup_teardown(goodbye_takes_it_back, with_router, without_ndp),
        cmocka_unit_test_setup_teardown(who_promised_nothing_says_nothing, with_ndp, without_ndp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

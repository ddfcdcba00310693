/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tunnel's parts, one by one: replay window, clock, cookies, rates, ranges, keys, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csprng.h"
#include "base/time.h"
#include "tunnel/allowed.h"
#include "tunnel/cookie.h"
#include "tunnel/ratelimit.h"
#include "tunnel/replay.h"
#include "tunnel/tai64n.h"
#include "tunnel/tunnel.h"
#include "tunnel_hex.h"

/* Replay */

static bool take(struct el_tunnel_replay *replay, uint64_t counter)
{
    bool is_new = el_tunnel_replay_is_new(replay, counter);

    if (is_new)
        el_tunnel_replay_mark(replay, counter);
    return is_new;
}

static void replay_edges(void **state)
{
    enum { W = EL_TUNNEL_REPLAY_WINDOW };
    static const uint64_t top = UINT64_MAX - W - 1;
    struct el_tunnel_replay r = {0};

    (void)state;
    assert_true(take(&r, 0));
    assert_false(take(&r, 0));
    assert_true(take(&r, 1));
    assert_false(take(&r, 1));
    assert_true(take(&r, W)); /* the window is [1, W] */
    assert_false(take(&r, 0));
    assert_false(take(&r, 1));
    for (uint64_t i = W - 1; i > 1; i--)
        assert_true(take(&r, i));
    for (uint64_t i = 0; i <= W; i++)
        assert_false(take(&r, i));
    assert_true(take(&r, 3 * W + 77)); /* far ahead: nothing of before counts */
    assert_true(take(&r, 2 * W + 78));
    assert_false(take(&r, 2 * W + 77));
    for (uint64_t i = 2 * W + 79; i < 3 * W + 77; i++)
        assert_true(take(&r, i));
    assert_true(take(&r, top));
    assert_false(take(&r, top));
    assert_false(take(&r, top - W));
    assert_true(take(&r, top - W + 1));
    assert_true(take(&r, top - 1));
}

/* Against a plain list of what was seen, over every kind of jump around words and window. */
static void replay_against_a_list(void **state)
{
    enum { RANGE = 60000 };
    static bool seen[RANGE];
    struct el_tunnel_replay r = {0};
    uint64_t greatest = 0;

    (void)state;
    el_random_seed_for_test(3);
    for (unsigned step = 0; step < 400000; step++) {
        static const uint32_t reach[] = {1, 2, 64, 65, 130, 8000, 8192, 8193, 8260, 9000, 17000};
        uint32_t span = reach[el_random_below(sizeof reach / sizeof reach[0])];
        uint64_t counter = el_random_below(40) == 0 ? greatest + el_random_below(span)
                           : greatest > span        ? greatest - el_random_below(span)
                                                    : el_random_below(span);
        if (counter >= RANGE)
            break;
        bool fresh =
            counter > greatest || (greatest - counter < EL_TUNNEL_REPLAY_WINDOW && !seen[counter]);
        assert_int_equal(take(&r, counter), fresh);
        seen[counter] = true;
        greatest = counter > greatest ? counter : greatest;
    }
    assert_true(greatest > RANGE / 2);
}

/* Clock */

static const uint64_t in_2026 = UINT64_C(1790000000) * EL_S;

static void clock_label_is_tai64n(void **state)
{
    static const uint8_t none[12];
    struct el_tunnel_clock clock;
    uint8_t label[12];

    (void)state;
    /* 1970-01-01 00:00:00 is 2^62 + 10 (cr.yp.to/libtai/tai64.html). */
    assert_int_equal(el_tunnel_clock_init(&clock, 0, none), 0);
    el_tunnel_clock_next(&clock, 0, label);
    assert_hex_equal(label, "400000000000000a00000000");
    el_tunnel_clock_next(&clock, 5 * EL_S + 0x3ffffff, label);
    assert_hex_equal(label, "400000000000000f03000000");
}

static void clock_never_goes_back(void **state)
{
    uint8_t last[12], label[12], far[12];
    struct el_tunnel_clock clock;

    (void)state;
    memset(last, 0, sizeof last);
    el_tunnel_clock_init(&clock, in_2026, last);
    for (unsigned i = 0; i < 1000; i++) { /* faster than its resolution */
        el_tunnel_clock_next(&clock, i * EL_US, label);
        assert_true(memcmp(label, last, sizeof label) > 0);
        memcpy(last, label, sizeof last);
    }
    /* Restarted with a wall clock that stands years before, then years ahead, then right. */
    memcpy(far, last, sizeof far);
    for (unsigned i = 0; i < 3; i++) {
        static const uint64_t walls[] = {EL_S, UINT64_C(4102444800) * EL_S, 1790000300 * EL_S};
        el_tunnel_clock_init(&clock, walls[i], last);
        el_tunnel_clock_next(&clock, EL_S, label);
        assert_true(memcmp(label, last, sizeof label) > 0);
        memcpy(last, label, sizeof last);
    }
}

static void clock_refuses_what_is_no_label(void **state)
{
    struct el_tunnel_clock clock;

    (void)state;
    assert_int_equal(el_tunnel_clock_init(&clock, 0, hex("ffffffffffffffffffffffff")), EL_EINVAL);
    assert_int_equal(el_tunnel_clock_init(&clock, 0, hex("800000000000000000000000")), EL_EINVAL);
    assert_int_equal(el_tunnel_clock_init(&clock, 0, hex("40000000000000003b9aca00")), EL_EINVAL);
    assert_int_equal(el_tunnel_clock_init(&clock, 0, hex("40000000000000003b9ac9ff")), 0);
    uint8_t label[12];
    el_tunnel_clock_next(&clock, 0, label);
    assert_hex_equal(label, "400000000000000a00000000");
    el_tunnel_clock_init(&clock, 0, hex("41000000000000003b9ac9ff"));
    el_tunnel_clock_next(&clock, 0, label); /* the nanoseconds carry */
    assert_hex_equal(label, "410000000000000100000000");
}

static void clock_keeps_its_reservation(void **state)
{
    static const uint8_t none[12];
    struct el_tunnel_clock clock;
    uint8_t bound[12], again[12], label[12];
    unsigned writes = 0;

    (void)state;
    el_tunnel_clock_init(&clock, in_2026, none);
    for (uint64_t now = 0; now < 3600 * EL_S; now += EL_S) {
        writes += el_tunnel_clock_reserve(&clock, now, bound);
        assert_false(el_tunnel_clock_reserve(&clock, now, again));
        assert_memory_equal(bound, again, 12);
        el_tunnel_clock_next(&clock, now, label);
        assert_true(memcmp(label, bound, 12) <= 0);
    }
    assert_in_range(writes, 60, 120); /* not more than twice a minute */
    /* Nobody reserves for an hour: labels go on, and stay within. */
    memcpy(again, label, 12);
    for (uint64_t now = 7200 * EL_S; now < 7210 * EL_S; now += EL_S) {
        el_tunnel_clock_next(&clock, now, label);
        assert_true(memcmp(label, again, 12) > 0);
        memcpy(again, label, 12);
    }
    assert_true(memcmp(label, bound, 11) <= 0);
    /* A restart at any time begins behind everything that was ever used. */
    el_tunnel_clock_init(&clock, 0, bound);
    el_tunnel_clock_next(&clock, 0, label);
    assert_true(memcmp(label, bound, 12) > 0);
}

/* Cookies */

static struct el_endpoint endpoint(const char *text)
{
    struct el_endpoint at;

    assert_int_equal(el_endpoint_parse(text, 51820, &at), 0);
    return at;
}

static const char public_key[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static void cookie_known_answers(void **state)
{
    struct el_tunnel_signer signer;
    struct el_tunnel_cookie_reply reply;
    uint8_t msg[EL_TUNNEL_RESPONSE_BYTES];

    (void)state;
    memset(msg, 0x11, sizeof msg);
    el_tunnel_signer_init(&signer, hex(public_key));
    el_tunnel_signer_sign(&signer, 0, msg, sizeof msg);
    assert_hex_equal(msg + 60, "43d411140d835591d8307c0c13617da700000000000000000000000000000000");

    memcpy(reply.nonce, hex("404142434445464748494a4b4c4d4e4f5051525354555657"), 24);
    memcpy(reply.sealed_cookie,
           hex("69b954d0868ad8c4eb7c24cb9113d7c0368dc0e04762a88876119b9d5635d79f"), 32);
    reply.sealed_cookie[3] ^= 1;
    assert_int_equal(el_tunnel_signer_take(&signer, 0, &reply), EL_EAUTH);
    reply.sealed_cookie[3] ^= 1;
    assert_int_equal(el_tunnel_signer_take(&signer, 0, &reply), 0);
    assert_hex_equal(signer.cookie, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf");
    assert_int_equal(el_tunnel_signer_take(&signer, 0, &reply), EL_EAUTH); /* a second time */
    el_tunnel_signer_sign(&signer, 114 * EL_S, msg, sizeof msg);
    assert_hex_equal(msg + 76, "705cf22ba166a665aee4b7861248ea11");
    el_tunnel_signer_sign(&signer, 115 * EL_S, msg, sizeof msg); /* it is too old now */
    assert_hex_equal(msg + 76, "00000000000000000000000000000000");
}

static void cookie_opens_the_guard(void **state)
{
    struct el_endpoint here = endpoint("192.0.2.1:1000"), other = endpoint("192.0.2.1:1001");
    struct el_endpoint v6 = endpoint("[2001:db8::1]:1000");
    struct el_tunnel_guard guard;
    struct el_tunnel_signer signer;
    struct el_tunnel_cookie_reply reply;
    uint8_t msg[EL_TUNNEL_INITIATION_BYTES] = {1}, bytes[EL_TUNNEL_COOKIE_REPLY_BYTES];

    (void)state;
    el_tunnel_guard_init(&guard, hex(public_key));
    el_tunnel_signer_init(&signer, hex(public_key));
    el_tunnel_signer_sign(&signer, 0, msg, sizeof msg);
    assert_true(el_tunnel_guard_mac1_ok(&guard, msg, sizeof msg));
    assert_false(el_tunnel_guard_mac2_ok(&guard, 0, &here, msg, sizeof msg));

    el_tunnel_guard_reply(&guard, 0, &here, msg, sizeof msg, 0x01020304, bytes);
    assert_hex_equal(bytes, "0300000004030201");
    el_tunnel_get_cookie_reply(bytes, &reply);
    assert_int_equal(el_tunnel_signer_take(&signer, 0, &reply), 0);
    el_tunnel_signer_sign(&signer, EL_S, msg, sizeof msg);
    assert_true(el_tunnel_guard_mac2_ok(&guard, EL_S, &here, msg, sizeof msg));
    assert_false(el_tunnel_guard_mac2_ok(&guard, EL_S, &other, msg, sizeof msg));
    assert_false(el_tunnel_guard_mac2_ok(&guard, EL_S, &v6, msg, sizeof msg));
    /* After two minutes the secret is another one. */
    assert_true(el_tunnel_guard_mac2_ok(&guard, 119 * EL_S, &here, msg, sizeof msg));
    assert_false(el_tunnel_guard_mac2_ok(&guard, 120 * EL_S, &here, msg, sizeof msg));
    for (size_t i = 0; i < sizeof msg - EL_TUNNEL_MAC_BYTES; i++) {
        msg[i] ^= 0x40;
        assert_false(el_tunnel_guard_mac1_ok(&guard, msg, sizeof msg));
        msg[i] ^= 0x40;
    }
}

static void load_comes_and_goes(void **state)
{
    struct el_tunnel_guard guard;
    uint64_t now = 10 * EL_S;
    unsigned loaded = 0;

    (void)state;
    el_tunnel_guard_init(&guard, hex(public_key));
    for (unsigned i = 0; i < EL_TUNNEL_LOAD_BURST; i++)
        assert_false(el_tunnel_guard_under_load(&guard, now));
    assert_true(el_tunnel_guard_under_load(&guard, now));
    for (unsigned i = 0; i < 100000; i++) /* a flood of 100,000 per second */
        assert_true(el_tunnel_guard_under_load(&guard, now += 10 * EL_US));
    assert_true(el_tunnel_guard_under_load(&guard, now + 999 * EL_MS));
    assert_false(el_tunnel_guard_under_load(&guard, now + 2001 * EL_MS));
    /* The permitted rate for a minute is no load. */
    now += 10 * EL_S;
    for (unsigned i = 0; i < 60 * EL_TUNNEL_LOAD_PER_S; i++)
        loaded += el_tunnel_guard_under_load(&guard, now += EL_S / EL_TUNNEL_LOAD_PER_S);
    assert_int_equal(loaded, 0);
}

/* Rates */

static void rate_is_limited_per_source(void **state)
{
    static struct el_tunnel_ratelimit limit;
    struct el_endpoint a = endpoint("192.0.2.1"), b = endpoint("192.0.2.2");
    struct el_endpoint c = endpoint("[2001:db8::1]:5"), c2 = endpoint("[2001:db8::2]:5");
    struct el_endpoint d = endpoint("[2001:db8:0:1::1]:5");
    uint64_t now = EL_S;
    unsigned passed = 0;

    (void)state;
    el_tunnel_ratelimit_init(&limit);
    for (unsigned i = 0; i < EL_TUNNEL_RATE_BURST; i++) {
        assert_true(el_tunnel_ratelimit_allows(&limit, now, &a.ip));
        assert_true(el_tunnel_ratelimit_allows(&limit, now, i % 2 ? &c.ip : &c2.ip));
    }
    assert_false(el_tunnel_ratelimit_allows(&limit, now, &a.ip));
    assert_false(el_tunnel_ratelimit_allows(&limit, now, &c.ip)); /* the same /64 */
    assert_false(el_tunnel_ratelimit_allows(&limit, now, &c2.ip));
    assert_true(el_tunnel_ratelimit_allows(&limit, now, &b.ip));
    assert_true(el_tunnel_ratelimit_allows(&limit, now, &d.ip));
    for (unsigned i = 0; i < 10000; i++) /* for ten seconds, far too often */
        passed += el_tunnel_ratelimit_allows(&limit, now += EL_MS, &a.ip);
    assert_in_range(passed, 10 * EL_TUNNEL_RATE_PER_S - 1, 10 * EL_TUNNEL_RATE_PER_S + 1);
    for (unsigned i = 0; i < EL_TUNNEL_RATE_BURST; i++) /* rested: the burst is back */
        assert_true(el_tunnel_ratelimit_allows(&limit, now + EL_S, &a.ip));
    assert_false(el_tunnel_ratelimit_allows(&limit, now + EL_S, &a.ip));
}

static void rate_table_survives_more_sources_than_it_holds(void **state)
{
    static struct el_tunnel_ratelimit limit;
    struct el_endpoint real = endpoint("198.51.100.1");
    uint64_t now = EL_S;

    (void)state;
    el_tunnel_ratelimit_init(&limit);
    for (uint32_t i = 0; i < 100000; i++) {
        struct el_ip ip = el_ip4(0x0a000000 + i);
        for (unsigned n = 0; n < EL_TUNNEL_RATE_BURST; n++)
            assert_true(el_tunnel_ratelimit_allows(&limit, now, &ip)); /* no newcomer is refused */
    }
    assert_true(el_tunnel_ratelimit_allows(&limit, now, &real.ip));
}

/* Ranges */

static struct el_prefix prefix(const char *text)
{
    struct el_prefix range;

    assert_int_equal(el_prefix_parse(text, &range), 0);
    return range;
}

static void allowed_finds_the_owner(void **state)
{
    static const char *const ranges[] = {"100.64.0.5/32", "100.64.0.0/30", "100.64.1.0/24",
                                         "fd00::/64",     "0.0.0.0/3",     "fd00:0:0:1::7/128"};
    static const struct {
        const char *ip;
        int owner; /* of ranges, or -1 */
    } lookups[] = {
        {"100.64.0.5", 0},     {"100.64.0.4", -1}, {"100.64.0.3", 1},       {"100.64.1.255", 2},
        {"100.64.2.0", -1},    {"fd00::1", 3},     {"fd00:0:0:1::7", 5},    {"fd00:0:0:1::8", -1},
        {"31.255.255.255", 4}, {"32.0.0.0", -1},   {"255.255.255.255", -1}, {"::", -1},
    };
    struct el_tunnel_allowed *allowed = el_tunnel_allowed_new(6);
    struct el_prefix range;
    struct el_ip ip;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        range = prefix(ranges[i]);
        assert_int_equal(el_tunnel_allowed_add(allowed, &range, (void *)(uintptr_t)ranges[i]), 0);
    }
    for (size_t i = 0; i < sizeof lookups / sizeof lookups[0]; i++) {
        assert_int_equal(el_ip_parse(lookups[i].ip, &ip), 0);
        const void *owner = el_tunnel_allowed_find(allowed, &ip);
        assert_ptr_equal(owner, lookups[i].owner < 0 ? NULL : ranges[lookups[i].owner]);
    }
    static const char *const taken[] = {"100.64.0.0/10", "100.64.0.2/32",    "100.64.1.128/25",
                                        "0.0.0.0/0",     "fd00::5:0:0:0/65", "::/0"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        range = prefix(taken[i]);
        assert_int_equal(el_tunnel_allowed_add(allowed, &range, allowed), EL_EEXIST);
    }
    range = prefix("100.64.3.0/24");
    assert_int_equal(el_tunnel_allowed_add(allowed, &range, allowed), EL_EFULL);
    el_tunnel_allowed_remove(allowed, ranges[2]);
    assert_int_equal(el_tunnel_allowed_add(allowed, &range, allowed), 0);
    el_ip_parse("100.64.1.1", &ip);
    assert_null(el_tunnel_allowed_find(allowed, &ip));
    el_tunnel_allowed_free(allowed);
}

/* Keys */

static void key_text(void **state)
{
    static const char *const bad[] = {
        "",
        "AAAA",
        "YAnz5TF+lXXJte14tji3zlMNftxL9VFCX3m+dIHi5Fc",
        "YAnz5TF+lXXJte14tji3zlMNftxL9VFCX3m+dIHi5F1=", /* bits behind the key */
        "YAnz5TF+lXXJte14tji3zlMNftxL9VFCX3m+dIHi5Fc==",
        "YAnz5TF+lXXJte14tji3zlMNftxL9VFCX3m+dIHi5F==",
        "YAnz5TF-lXXJte14tji3zlMNftxL9VFCX3m+dIHi5Fc=",
        " YAnz5TF+lXXJte14tji3zlMNftxL9VFCX3m+dIHi5F=",
        "YAnz5TF+lXXJte14tji3zlMNftxL9VFCX3m+dIHi5Fc=x",
        "AQIDBAUGBwgJDgsMDQ4PEB\xbaSExQVFhcYGRobHB0eHyA=", /* libsodium would take this one */
    };
    uint8_t key[EL_TUNNEL_KEY_BYTES], other[EL_TUNNEL_KEY_BYTES];
    char text[EL_TUNNEL_KEY_TEXT];

    (void)state;
    el_tunnel_key_make(key);
    el_tunnel_key_text(key, text);
    assert_int_equal(strlen(text), 44);
    assert_int_equal(el_tunnel_key_parse(text, other), 0);
    assert_memory_equal(key, other, sizeof key);
    assert_int_equal(key[0] & 7, 0);
    assert_int_equal(key[31] & 0xc0, 0x40);
    memset(other, 0xee, sizeof other);
    memcpy(key, other, sizeof key);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(el_tunnel_key_parse(bad[i], other), EL_EINVAL);
        assert_memory_equal(key, other, sizeof key); /* untouched */
    }

    /* Each byte at a place of the key is a digit of base64, or it is refused. */
    unsigned accepted = 0;
    for (unsigned byte = 1; byte < 256; byte++) {
        text[7] = (char)byte;
        accepted += el_tunnel_key_parse(text, other) == 0;
    }
    assert_int_equal(accepted, 64);
}

/* Messages */

static void messages_by_type_and_length(void **state)
{
    uint8_t bytes[256];

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        for (size_t len = 0; len < sizeof bytes; len++) {
            memset(bytes, 0, sizeof bytes);
            bytes[0] = (uint8_t)type;
            bool valid = (type == 1 && len == 148) || (type == 2 && len == 92) ||
                         (type == 3 && len == 64) || (type == 4 && len >= 32);
            assert_int_equal(el_tunnel_message(bytes, len), valid ? type : EL_TUNNEL_INVALID);
            for (unsigned reserved = 1; reserved < 4; reserved++) {
                bytes[reserved] = 1;
                assert_int_equal(el_tunnel_message(bytes, len), EL_TUNNEL_INVALID);
                bytes[reserved] = 0;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_edges),
        cmocka_unit_test(replay_against_a_list),
        cmocka_unit_test(clock_label_is_tai64n),
        cmocka_unit_test(clock_never_goes_back),
        cmocka_unit_test(clock_refuses_what_is_no_label),
        cmocka_unit_test(clock_keeps_its_reservation),
        cmocka_unit_test(cookie_known_answers),
        cmocka_unit_test(cookie_opens_the_guard),
        cmocka_unit_test(load_comes_and_goes),
        cmocka_unit_test(rate_is_limited_per_source),
        cmocka_unit_test(rate_table_survives_more_sources_than_it_holds),
        cmocka_unit_test(allowed_finds_the_owner),
        cmocka_unit_test(key_text),
        cmocka_unit_test(messages_by_type_and_length),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

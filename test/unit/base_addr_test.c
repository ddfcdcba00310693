/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses: their text forms, both ways, and the arithmetic of ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/csprng.h"

enum { STEPS = 20000 };

static void macs_are_read_in_three_forms(void **state)
{
    static const char *const good[] = {"52:54:00:12:aB:ff", "52-54-00-12-AB-FF", "52540012abff"};
    static const char *const bad[] = {
        "",
        "5",
        "52",
        "52:",
        "52:54:00:12:ab",
        "52:54:00:12:ab:",
        "52:54:00:12:ab:f",
        "52:54:00:12:ab:ff:",
        "52:54:00:12:ab:ff:00",
        "52:54-00:12:ab:ff",
        "52.54.00.12.ab.ff",
        "5254:0012:abff",
        "52540012abf",
        "52540012abff0",
        "52:54:00:12:ab:fg",
        " 52:54:00:12:ab:ff",
        "52:54:00:12:ab:ff ",
        "+2:54:00:12:ab:ff",
    };
    char text[EL_MAC_TEXT];
    struct el_mac mac;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(el_mac_parse(good[i], &mac), 0);
        assert_string_equal(el_mac_text(&mac, text), "52:54:00:12:ab:ff");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (el_mac_parse(bad[i], &mac) == 0)
            fail_msg("\"%s\" was taken for a MAC", bad[i]);
}

static void macs_know_their_kind(void **state)
{
    static const struct el_mac broadcast = {{255, 255, 255, 255, 255, 255}};
    static const struct el_mac multicast = {{0x01, 0x00, 0x5e, 0, 0, 1}};
    static const struct el_mac unicast = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    static const struct el_mac zero;

    (void)state;
    assert_true(el_mac_is_group(&broadcast));
    assert_true(el_mac_is_group(&multicast));
    assert_false(el_mac_is_group(&unicast));
    assert_true(el_mac_is_zero(&zero));
    assert_false(el_mac_is_zero(&unicast));
    assert_true(el_mac_equal(&unicast, &unicast));
    assert_false(el_mac_equal(&unicast, &zero));
}

/* RFC 5952 section 4: its rules, with its own addresses where it has them. */
static void ip_addresses_are_written_as_rfc_5952_says(void **state)
{
    static const struct {
        const char *read, *written;
    } table[] = {
        {"192.168.77.1", "192.168.77.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"2001:0db8::0001", "2001:db8::1"},               /* 4.1: leading zeros */
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},        /* 4.2.1: as short as can be */
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* 4.2.2: not a single field */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          /* 4.2.3: the longest run */
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    /* 4.2.3: the first of two */
        {"2001:DB8::ABCD", "2001:db8::abcd"},             /* 4.3: lower case */
        {"::ffff:c000:0201", "::ffff:192.0.2.1"},         /* 5: a known IPv4 part */
        {"::", "::"},
        {"::1", "::1"},
    };
    static const char *const bad[] = {
        "",          "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4",          "1.2.3.04",
        "0x1.2.3.4", "127.1", ":",         ":::",       "1::2::3",  "1:2:3:4:5:6:7",     "12345::",
        "::g",       "[::1]", "fe80::1%2", "none",      "::1/128",  "1:2:3:4:5:6:7:8:9",
    };
    char text[EL_IP_TEXT];
    struct el_ip ip;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(el_ip_parse(table[i].read, &ip), 0);
        assert_string_equal(el_ip_text(&ip, text), table[i].written);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (el_ip_parse(bad[i], &ip) == 0)
            fail_msg("\"%s\" was taken for an address", bad[i]);
    assert_string_equal(el_ip_text(&(struct el_ip){0}, text), "none");
}

static void ip4_addresses_are_numbers(void **state)
{
    struct el_ip ip;

    (void)state;
    assert_int_equal(el_ip_parse("192.168.77.1", &ip), 0);
    assert_int_equal(el_ip4_number(&ip), 0xc0a84d01);
    struct el_ip next = el_ip4(el_ip4_number(&ip) + 1);
    char text[EL_IP_TEXT];
    assert_string_equal(el_ip_text(&next, text), "192.168.77.2");
    assert_false(el_ip_equal(&ip, &next));
    assert_int_equal(el_ip_parse("::ffff:192.168.77.1", &ip), 0);
    assert_int_equal(el_ip4_number(&ip), 0);
    assert_int_equal(el_prefix_mask4(0), 0);
    assert_int_equal(el_prefix_mask4(1), 0x80000000);
    assert_int_equal(el_prefix_mask4(24), 0xffffff00);
    assert_int_equal(el_prefix_mask4(32), 0xffffffff);
}

static void prefixes_are_read_strictly(void **state)
{
    static const char *const bad[] = {
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "/8",
        "10.0.0.0/8/",
        "10.0.0.0/ 8",
        "::/129",
        "10.0.0.0/8 ",
        "10.0.0.0/+8",
        "10.0.0/8",
        "10.0.0.0/18446744073709551624",
    };
    struct el_prefix prefix;
    char text[EL_PREFIX_TEXT];

    (void)state;
    assert_int_equal(el_prefix_parse("192.168.77.5/24", &prefix), 0);
    assert_string_equal(el_prefix_text(&prefix, text), "192.168.77.5/24");
    assert_int_equal(el_prefix_parse("2001:db8::/128", &prefix), 0);
    assert_string_equal(el_prefix_text(&prefix, text), "2001:db8::/128");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (el_prefix_parse(bad[i], &prefix) == 0)
            fail_msg("\"%s\" was taken for a prefix", bad[i]);
}

static bool contains(const char *range, const char *address)
{
    struct el_prefix prefix;
    struct el_ip ip;

    assert_int_equal(el_prefix_parse(range, &prefix), 0);
    assert_int_equal(el_ip_parse(address, &ip), 0);
    return el_prefix_contains(&prefix, &ip);
}

static bool overlap(const char *one, const char *other)
{
    struct el_prefix a, b;

    assert_int_equal(el_prefix_parse(one, &a), 0);
    assert_int_equal(el_prefix_parse(other, &b), 0);
    assert_int_equal(el_prefix_overlaps(&a, &b), el_prefix_overlaps(&b, &a));
    return el_prefix_overlaps(&a, &b);
}

static void prefixes_contain_and_overlap(void **state)
{
    (void)state;
    assert_true(contains("192.168.77.0/24", "192.168.77.255"));
    assert_false(contains("192.168.77.0/24", "192.168.78.0"));
    assert_true(contains("192.168.76.0/23", "192.168.77.1"));
    assert_false(contains("192.168.76.0/23", "192.168.78.1"));
    assert_true(contains("0.0.0.0/0", "255.255.255.255"));
    assert_false(contains("0.0.0.0/0", "::"));
    assert_true(contains("10.0.0.1/32", "10.0.0.1"));
    assert_false(contains("10.0.0.1/32", "10.0.0.0"));
    assert_true(contains("2001:db8::/33", "2001:db8:7fff::"));
    assert_false(contains("2001:db8::/33", "2001:db8:8000::"));
    assert_true(contains("::1/128", "::1"));
    assert_false(contains("::/128", "::1"));

    assert_true(overlap("192.168.77.0/24", "192.168.0.0/16"));
    assert_true(overlap("192.168.77.200/25", "192.168.77.129/32"));
    assert_false(overlap("192.168.77.0/24", "192.168.76.0/24"));
    assert_true(overlap("0.0.0.0/0", "10.0.0.0/8"));
    assert_false(overlap("0.0.0.0/0", "::/0"));
}

static void endpoints_are_read_with_and_without_port(void **state)
{
    static const struct {
        const char *read, *written;
    } table[] = {
        {"192.0.2.1", "192.0.2.1:51820"},
        {"192.0.2.1:1", "192.0.2.1:1"},
        {"192.0.2.1:65535", "192.0.2.1:65535"},
        {"2001:db8::1", "[2001:db8::1]:51820"},
        {"[2001:db8::1]", "[2001:db8::1]:51820"},
        {"[2001:db8::1]:443", "[2001:db8::1]:443"},
        {"2001:db8::1:443", "[2001:db8::1:443]:51820"},
        {"fe80::1%7", "[fe80::1%7]:51820"},
        {"[fe80::1%4294967295]:9", "[fe80::1%4294967295]:9"},
    };
    static const char *const bad[] = {
        "",
        ":",
        ":51820",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:+1",
        "192.0.2.1:1 ",
        "192.0.2.1%7:1",
        "[192.0.2.1]:1",
        "[2001:db8::1",
        "2001:db8::1]:1",
        "[2001:db8::1]1",
        "[2001:db8::1]:",
        "[]:1",
        "[[::1]]:1",
        "fe80::1%",
        "fe80::1%0",
        "fe80::1%eth0",
        "fe80::1%4294967296",
        "fe80::1%7%7",
        "hub.example.org:51820",
    };
    char text[EL_ENDPOINT_TEXT];
    struct el_endpoint endpoint, again;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(el_endpoint_parse(table[i].read, 51820, &endpoint), 0);
        assert_string_equal(el_endpoint_text(&endpoint, text), table[i].written);
        assert_int_equal(el_endpoint_parse(text, 0, &again), 0);
        assert_true(el_endpoint_equal(&endpoint, &again));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (el_endpoint_parse(bad[i], 51820, &endpoint) == 0)
            fail_msg("\"%s\" was taken for an endpoint", bad[i]);
    assert_int_equal(el_endpoint_parse("192.0.2.1:1", 0, &again), 0);
    assert_int_equal(el_endpoint_parse("192.0.2.1:2", 0, &endpoint), 0);
    assert_false(el_endpoint_equal(&endpoint, &again));
    assert_int_equal(el_endpoint_parse("[fe80::1%1]:1", 0, &again), 0);
    assert_int_equal(el_endpoint_parse("[fe80::1%2]:1", 0, &endpoint), 0);
    assert_false(el_endpoint_equal(&endpoint, &again));
}

/* An address with many zero bytes, where the short form of IPv6 is at work. */
static struct el_ip random_ip(void)
{
    struct el_ip ip = {.family = el_random_below(2) ? 4 : 6};

    for (size_t i = 0; i < (ip.family == 4 ? 4u : 16u); i++)
        ip.b[i] = (uint8_t)(el_random_below(3) ? 0 : el_random_below(256));
    return ip;
}

static void what_is_written_reads_as_the_same(void **state)
{
    char text[EL_ENDPOINT_TEXT];

    (void)state;
    el_random_seed_for_test(5952);
    for (unsigned step = 0; step < STEPS; step++) {
        struct el_mac mac, mac_again;
        el_random(&mac, sizeof mac);
        assert_int_equal(el_mac_parse(el_mac_text(&mac, text), &mac_again), 0);
        assert_true(el_mac_equal(&mac, &mac_again));

        struct el_ip ip = random_ip(), ip_again;
        assert_int_equal(el_ip_parse(el_ip_text(&ip, text), &ip_again), 0);
        assert_true(el_ip_equal(&ip, &ip_again));

        struct el_prefix prefix = {ip, (uint8_t)el_random_below(ip.family == 4 ? 33 : 129)};
        struct el_prefix prefix_again;
        assert_int_equal(el_prefix_parse(el_prefix_text(&prefix, text), &prefix_again), 0);
        assert_true(el_ip_equal(&prefix.ip, &prefix_again.ip));
        assert_int_equal(prefix.len, prefix_again.len);

        struct el_endpoint endpoint = {.ip = ip, .port = (uint16_t)(1 + el_random_below(65535))},
                           again;
        endpoint.carrier = el_random_below(2) ? EL_CARRIER_TCP : EL_CARRIER_UDP;
        endpoint.scope = ip.family == 6 ? el_random_below(3) * 0x7fffffff : 0;
        assert_int_equal(el_endpoint_parse(el_endpoint_text(&endpoint, text), 0, &again), 0);
        assert_true(el_endpoint_equal(&endpoint, &again));
    }
}

/* The texts of greatest length, so that a buffer of the stated size is seen to hold them. */
static void the_longest_texts_fit(void **state)
{
    struct el_endpoint endpoint = {
        .port = 65535, .scope = UINT32_MAX, .carrier = EL_CARRIER_TCP_CALLED};
    char text[EL_ENDPOINT_TEXT];

    (void)state;
    endpoint.ip.family = 6;
    memset(endpoint.ip.b, 0xff, sizeof endpoint.ip.b);
    assert_string_equal(el_endpoint_text(&endpoint, text),
                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535/tcp");
    struct el_prefix prefix = {endpoint.ip, 128};
    assert_string_equal(el_prefix_text(&prefix, text),
                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macs_are_read_in_three_forms),
        cmocka_unit_test(macs_know_their_kind),
        cmocka_unit_test(ip_addresses_are_written_as_rfc_5952_says),
        cmocka_unit_test(ip4_addresses_are_numbers),
        cmocka_unit_test(prefixes_are_read_strictly),
        cmocka_unit_test(prefixes_contain_and_overlap),
        cmocka_unit_test(endpoints_are_read_with_and_without_port),
        cmocka_unit_test(what_is_written_reads_as_the_same),
        cmocka_unit_test(the_longest_texts_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

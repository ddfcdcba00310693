/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and messages on the wire, with the RFCs' own examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dns/dns_frames.h"
#include "dns/dns_resolv.h"
#include "dns/dns_upstream.h"
#include "dns_messages.h"

/* RFC 1035 §4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92. */
static void example(uint8_t bytes[93])
{
    memset(bytes, 0, 93);
    memcpy(bytes + 20, "\1F\3ISI\4ARPA", 12);
    memcpy(bytes + 40, "\3FOO\300\24", 6);
    memcpy(bytes + 64, "\300\32", 2);
}

static bool reads(const uint8_t *bytes, size_t len, size_t at, const char *expected, size_t after)
{
    struct el_wire w = el_wire_read(bytes, len);
    struct el_dns_name name;
    char text[EL_DNS_NAME_TEXT];

    el_wire_skip(&w, at);
    el_dns_name_read(&w, &name);
    if (!el_wire_ok(&w))
        return false;
    assert_string_equal(el_dns_name_text(&name, text), expected);
    assert_int_equal(el_wire_done(&w), after);
    return true;
}

static void test_compression(void **state)
{
    uint8_t bytes[93];

    (void)state;
    example(bytes);
    assert_true(reads(bytes, sizeof bytes, 20, "F.ISI.ARPA", 32));
    assert_true(reads(bytes, sizeof bytes, 40, "FOO.F.ISI.ARPA", 46));
    assert_true(reads(bytes, sizeof bytes, 64, "ARPA", 66));
    assert_true(reads(bytes, sizeof bytes, 92, ".", 93));
}

static void test_no_loops(void **state)
{
    static const struct {
        const char *bytes;
        size_t len, at;
    } bad[] = {
        {"\300\0", 2, 0},          /* to itself */
        {"\300\2\300\0", 4, 0},    /* forward */
        {"\300\2\300\0", 4, 2},    /* back, then to itself */
        {"\1a\300\0", 4, 0},       /* "a" for ever */
        {"\1a\300\0\300\0", 6, 4}, /* into that */
        {"\300", 1, 0},            /* cut */
        {"\3ab", 3, 0},            /* cut */
        {"\1a", 2, 0},             /* no end */
        {"\100a\0", 3, 0},         /* types of labels that there are not */
        {"\200a\0", 3, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(reads((const uint8_t *)bad[i].bytes, bad[i].len, bad[i].at, "", 0));
}

static void test_lengths(void **state)
{
    uint8_t bytes[300] = {0};
    struct el_dns_name name;
    char text[EL_DNS_NAME_TEXT], long_label[66];

    (void)state;
    /* 255 bytes: three labels of 63 and one of 61. */
    for (size_t at = 0, i = 0; i < 4; i++, at += 64) {
        bytes[at] = i == 3 ? 61 : 63;
        memset(bytes + at + 1, 'x', bytes[at]);
    }
    struct el_wire w = el_wire_read(bytes, sizeof bytes);
    el_dns_name_read(&w, &name);
    assert_true(el_wire_ok(&w));
    assert_int_equal(name.len, 255);
    assert_int_equal(strlen(el_dns_name_text(&name, text)), 253);
    assert_int_equal(el_dns_name_parse(text, &name), 0);
    bytes[3 * 64] = 62;
    memset(bytes + 3 * 64 + 1, 'x', 62);
    w = el_wire_read(bytes, sizeof bytes);
    el_dns_name_read(&w, &name);
    assert_false(el_wire_ok(&w));
    memset(long_label, 'x', 64);
    long_label[64] = '\0';
    assert_int_equal(el_dns_name_parse(long_label, &name), EL_EINVAL);
    long_label[63] = '\0';
    assert_int_equal(el_dns_name_parse(long_label, &name), 0);
}

static void test_text(void **state)
{
    static const char *const bad[] = {"", "..", ".a", "a..b", "a b", "a/b", "\xc3\xa4"};
    struct el_dns_name name;
    char text[EL_DNS_NAME_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(el_dns_name_parse(bad[i], &name), EL_EINVAL);
    name = name_of("Www.Example.COM.");
    assert_string_equal(el_dns_name_text(&name, text), "Www.Example.COM");
    /* What a stranger may write must not forge a line of the log. */
    const struct el_dns_name odd = {6, "\4a\n.\""};
    assert_string_equal(el_dns_name_text(&odd, text), "a\\010\\046\\034");
}

static void test_comparing(void **state)
{
    const struct el_dns_name com = name_of("com"), example_com = name_of("EXAMPLE.com"),
                             www = name_of("www.example.COM"), not = name_of("notexample.com"),
                             root = name_of(".");
    struct el_dns_name parent = el_dns_name_parent(&www), shuffled = www;

    (void)state;
    assert_true(el_dns_name_equal(&parent, &example_com));
    assert_true(el_dns_name_is_in(&www, &com) && el_dns_name_is_in(&www, &example_com));
    assert_true(el_dns_name_is_in(&www, &root) && el_dns_name_is_in(&www, &www));
    assert_false(el_dns_name_is_in(&not, &example_com));
    assert_false(el_dns_name_is_in(&com, &example_com));
    assert_int_equal(el_dns_name_labels(&www), 3);
    assert_int_equal(el_dns_name_labels(&root), 0);
    el_dns_name_shuffle(&shuffled);
    assert_true(el_dns_name_equal(&shuffled, &www));
}

static void test_addresses(void **state)
{
    static const char *const none[] = {"example.com",
                                       "256.in-addr.arpa",
                                       "01.in-addr.arpa",
                                       "1.2.3.4.5.in-addr.arpa",
                                       "x.ip6.arpa",
                                       "12.ip6.arpa",
                                       "arpa",
                                       "-1.in-addr.arpa"};
    struct el_dns_name name;
    struct el_prefix range;
    struct el_ip ip = ip_of("192.168.77.1");
    char text[EL_DNS_NAME_TEXT], prefix[EL_PREFIX_TEXT];

    (void)state;
    name = el_dns_name_of(&ip);
    assert_string_equal(el_dns_name_text(&name, text), "1.77.168.192.in-addr.arpa");
    assert_int_equal(el_dns_name_range(&name, &range), 0);
    assert_true(range.len == 32 && el_ip_equal(&range.ip, &ip));
    /* RFC 3596 §2.5 */
    ip = ip_of("4321:0:1:2:3:4:567:89ab");
    name = el_dns_name_of(&ip);
    assert_string_equal(el_dns_name_text(&name, text),
                        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
    assert_int_equal(el_dns_name_range(&name, &range), 0);
    assert_true(range.len == 128 && el_ip_equal(&range.ip, &ip));
    name = name_of("16.172.IN-ADDR.arpa");
    assert_int_equal(el_dns_name_range(&name, &range), 0);
    assert_string_equal(el_prefix_text(&range, prefix), "172.16.0.0/16");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        name = name_of(none[i]);
        assert_int_equal(el_dns_name_range(&name, &range), EL_EINVAL);
    }
}

static void test_message(void **state)
{
    struct draft d;
    struct el_dns_message m;
    struct el_dns_record record;

    (void)state;
    draft_begin(&d, 0x1234, EL_DNS_QR | EL_DNS_RD | EL_DNS_RA, "www.example.com", EL_DNS_A);
    draft_name(&d, EL_DNS_ANSWER, "www.example.com", EL_DNS_CNAME, "a.example.com", 300);
    draft_address(&d, "a.example.com", "192.0.2.1", 60);
    draft_soa(&d, "example.com", 3600, 900);
    draft_end(&d);
    /* Every name but the first is a pointer, or ends in one. */
    assert_true(d.len < 12 + 21 + 12 + 4 + 16 + 2 + 12 + 2 + 24 + 8);
    draft_edns(&d, 1232, true);
    assert_int_equal(el_dns_decode(d.bytes, d.len, &m), 0);
    assert_int_equal(m.id, 0x1234);
    assert_true(m.edns.present && m.edns.dnssec_ok);
    assert_int_equal(m.edns.size, 1232);
    assert_int_equal(m.counts[EL_DNS_ADDITIONAL], 1);
    assert_true(record_at(&m, EL_DNS_ANSWER, 1, &record));
    assert_int_equal(record.ttl_s, 60);
    struct el_ip ip = address_in(&record), expected = ip_of("192.0.2.1");
    assert_true(el_ip_equal(&ip, &expected));
    /* Cut anywhere, it is no message any more. */
    for (size_t len = 0; len < d.len; len++)
        assert_true(el_dns_decode(d.bytes, len, &m) < 0);
}

/* What is copied to another message has no pointers into the first. */
static void test_copies(void **state)
{
    static const struct el_dns_question question = {{1, {0}}, EL_DNS_SOA, EL_DNS_IN};
    struct draft from;
    struct el_dns_builder to;
    struct el_dns_message m;
    struct el_dns_record record;
    uint8_t bytes[512];

    (void)state;
    draft_begin(&from, 1, EL_DNS_QR, "deep.below.example.com", EL_DNS_SOA);
    draft_soa(&from, "example.com", 3600, 900);
    draft_end(&from);
    assert_int_equal(el_dns_decode(from.bytes, from.len, &m), 0);
    assert_true(record_at(&m, EL_DNS_AUTHORITY, 0, &record));
    el_dns_build_begin(&to, bytes, sizeof bytes, 1, EL_DNS_QR, &question);
    el_dns_build_copy(&to, EL_DNS_AUTHORITY, &record);
    int len = el_dns_build_end(&to);
    memset(from.bytes, 0xff, sizeof from.bytes);
    assert_int_equal(el_dns_decode(bytes, (size_t)len, &m), 0);
    assert_true(record_at(&m, EL_DNS_AUTHORITY, 0, &record));
    struct el_dns_name name = name_in(&record), expected = name_of("example.com");
    assert_true(el_dns_name_equal(&name, &expected));
    /* Data that are not what their type says are not copied. */
    el_dns_build_begin(&to, bytes, sizeof bytes, 1, EL_DNS_QR, &question);
    record.data.end = record.data.at + 1;
    el_dns_build_copy(&to, EL_DNS_AUTHORITY, &record);
    assert_int_equal(el_dns_build_end(&to), EL_ESHORT);
}

static void test_edns(void **state)
{
    struct draft d;
    struct el_dns_message m;
    size_t len;

    (void)state;
    draft_begin(&d, 1, 0, "example.com", EL_DNS_A);
    draft_end(&d);
    len = d.len;
    d.len =
        el_dns_put_edns(d.bytes, d.len, sizeof d.bytes, EL_DNS_BADVERS, false, EL_DNS_EDE_STALE);
    assert_int_equal(el_dns_decode(d.bytes, d.len, &m), 0);
    assert_int_equal(m.edns.rcode, 1);
    assert_int_equal(d.len, len + EL_DNS_OPT_BYTES + 6);
    /* RFC 6891 §6.1.1: a second one is an error. */
    draft_edns(&d, 1232, false);
    assert_int_equal(el_dns_decode(d.bytes, d.len, &m), EL_EPROTO);
}

static void test_frames(void **state)
{
    static const uint8_t stream[] = {0, 3, 'a', 'b', 'c', 0, 1, 'd', 0, 9};
    uint8_t memory[8];

    (void)state;
    for (size_t part = 1; part <= sizeof stream; part++) {
        struct el_dns_frames frames = {.bytes = memory, .capacity = sizeof memory};
        unsigned messages = 0;
        int rc = 0;
        for (size_t at = 0; at < sizeof stream && rc >= 0; at += part) {
            const uint8_t *bytes = stream + at, *message;
            size_t left = sizeof stream - at < part ? sizeof stream - at : part, len;
            while ((rc = el_dns_frames_take(&frames, &bytes, &left, &message, &len)) == 1) {
                assert_int_equal(len, messages ? 1 : 3);
                assert_memory_equal(message, messages ? "d" : "abc", len);
                messages++;
            }
        }
        assert_int_equal(messages, 2);
        assert_int_equal(rc, EL_EFULL); /* 9 bytes are more than there is room for */
    }
}

static void test_resolv(void **state)
{
    static const char text[] = "# comment\nsearch example.com\nnameserver 192.0.2.53\r\n"
                               "nameserver\t2001:db8::53 \n nameserver fe80::1%2\n"
                               "nameserver fe80::1%eth0\nnameserver nonsense\nnameservers 1.2.3.4\n"
                               "options edns0\nnameserver 192.0.2.53\nnameserver 127.0.0.53";
    static const char *const expected[] = {"192.0.2.53:53", "[2001:db8::53]:53", "[fe80::1%2]:53",
                                           "127.0.0.53:53"};
    struct el_endpoint servers[8];
    char shown[EL_ENDPOINT_TEXT];

    (void)state;
    assert_int_equal(el_dns_resolv_parse(text, sizeof text - 1, servers, 8), 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(el_endpoint_text(&servers[i], shown), expected[i]);
    assert_int_equal(el_dns_resolv_parse(text, sizeof text - 1, servers, 2), 2);
    assert_int_equal(el_dns_resolv_parse("nameserver", 10, servers, 8), 0);
}

/* The quickest one that answers, and another while that does not. */
static void test_upstreams(void **state)
{
    const struct el_endpoint at[] = {{.ip = ip_of("192.0.2.1"), .port = 53},
                                     {.ip = ip_of("192.0.2.2"), .port = 53}};
    struct el_dns_upstreams upstreams = {.count = 0};
    unsigned picked[2] = {0};

    (void)state;
    assert_int_equal(el_dns_upstreams_pick(&upstreams, 0, EL_S), -1);
    assert_true(el_dns_upstreams_set(&upstreams, at, 2));
    assert_false(el_dns_upstreams_set(&upstreams, at, 2));
    el_dns_upstream_answered(&upstreams.list[0], 80 * EL_MS);
    el_dns_upstream_answered(&upstreams.list[1], 20 * EL_MS);
    for (int i = 0; i < 1000; i++)
        picked[el_dns_upstreams_pick(&upstreams, 0, EL_S)]++;
    assert_true(picked[1] > 900 && picked[0] > 0); /* now and then the other */
    assert_int_equal(el_dns_upstreams_pick(&upstreams, 2, EL_S), 0);
    for (int i = 0; i < EL_DNS_UPSTREAM_FAILS; i++)
        assert_int_equal(el_dns_upstream_failed(&upstreams.list[1], EL_S),
                         i == EL_DNS_UPSTREAM_FAILS - 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(el_dns_upstreams_pick(&upstreams, 0, EL_S), 0);
    assert_true(el_dns_upstream_answered(&upstreams.list[1], 20 * EL_MS));
    /* What is known of one that stays is kept, wherever it stands. */
    assert_true(el_dns_upstreams_set(&upstreams, at + 1, 1));
    assert_true(upstreams.list[0].srtt_ns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compression), cmocka_unit_test(test_no_loops),
        cmocka_unit_test(test_lengths),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_comparing),   cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_message),     cmocka_unit_test(test_copies),
        cmocka_unit_test(test_edns),        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_resolv),      cmocka_unit_test(test_upstreams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

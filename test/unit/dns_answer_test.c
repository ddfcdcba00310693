/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is taken of a server's reply, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dns/dns_answer.h"
#include "dns_messages.h"

enum { REPLY = EL_DNS_QR | EL_DNS_RD | EL_DNS_RA };

static const struct el_dns_guard guard;

/* What is taken, told once more, and read. */
struct outcome {
    struct el_dns_answer *answer;
    bool barred;
    uint8_t bytes[4096];
    struct el_dns_message m;
};

static struct el_dns_key key_of(const char *name, uint16_t type)
{
    return (struct el_dns_key){.name = name_of(name), .type = type};
}

static struct el_dns_request request_of(const char *name, uint16_t type)
{
    return (struct el_dns_request){
        .id = 7, .flags = EL_DNS_RD | EL_DNS_RA, .question = {name_of(name), type, EL_DNS_IN}};
}

static void take(struct outcome *o, struct draft *d, const struct el_dns_key *key,
                 const struct el_dns_guard *with)
{
    struct el_dns_request request = {
        .id = 7, .stream = true, .question = {key->name, key->type, EL_DNS_IN}};
    struct el_dns_message m;

    draft_end(d);
    assert_int_equal(el_dns_decode(d->bytes, d->len, &m), 0);
    o->answer = el_dns_answer_take(key, &m, with, &o->barred);
    if (!o->answer)
        return;
    size_t len = el_dns_answer_tell(o->answer, &request, 0, false, o->bytes, sizeof o->bytes);
    assert_int_equal(el_dns_decode(o->bytes, len, &o->m), 0);
}

/* -- the bailiwick -- */

static void test_only_what_was_asked_for(void **state)
{
    struct el_dns_key key = key_of("www.example.com", EL_DNS_A);
    struct el_dns_record record;
    struct outcome o;
    struct draft d;

    (void)state;
    draft_begin(&d, 1, REPLY, "www.example.com", EL_DNS_A);
    draft_address(&d, "www.bank.example", "192.0.2.66", 3600); /* another name */
    draft_name(&d, EL_DNS_ANSWER, "www.example.com", EL_DNS_CNAME, "a.example.net", 300);
    draft_address(&d, "a.example.net", "192.0.2.1", 60);
    draft_address(&d, "www.example.com", "192.0.2.67", 60); /* has an alias, so not this */
    draft_name(&d, EL_DNS_AUTHORITY, "com", EL_DNS_NS, "ns.evil.example", 86400);
    take(&o, &d, &key, &guard);
    assert_int_equal(o.m.counts[EL_DNS_ANSWER], 2);
    assert_int_equal(o.m.counts[EL_DNS_AUTHORITY], 0);
    assert_int_equal(o.m.counts[EL_DNS_ADDITIONAL], 0);
    assert_true(record_at(&o.m, EL_DNS_ANSWER, 1, &record));
    struct el_ip ip = address_in(&record), expected = ip_of("192.0.2.1");
    assert_true(el_ip_equal(&ip, &expected));
    assert_int_equal(o.answer->ttl_s, 60); /* its shortest */
    el_dns_answer_drop(o.answer);
}

/* Out of order, as some servers send them. */
static void test_chain(void **state)
{
    struct el_dns_key key = key_of("a.example", EL_DNS_AAAA);
    struct outcome o;
    struct draft d;

    (void)state;
    draft_begin(&d, 1, REPLY, "a.example", EL_DNS_AAAA);
    draft_address(&d, "c.example", "2001:db8::1", 60);
    draft_name(&d, EL_DNS_ANSWER, "b.example", EL_DNS_CNAME, "c.example", 60);
    draft_name(&d, EL_DNS_ANSWER, "a.example", EL_DNS_CNAME, "b.example", 60);
    take(&o, &d, &key, &guard);
    assert_int_equal(o.m.counts[EL_DNS_ANSWER], 3);
    el_dns_answer_drop(o.answer);
    /* A ring of them is no answer. */
    draft_begin(&d, 1, REPLY, "a.example", EL_DNS_AAAA);
    draft_name(&d, EL_DNS_ANSWER, "a.example", EL_DNS_CNAME, "b.example", 60);
    draft_name(&d, EL_DNS_ANSWER, "b.example", EL_DNS_CNAME, "a.example", 60);
    take(&o, &d, &key, &guard);
    assert_null(o.answer);
}

/* -- negative answers: RFC 2308 -- */

static void test_negative(void **state)
{
    struct el_dns_key key = key_of("no.example.com", EL_DNS_A);
    struct outcome o;
    struct draft d;

    (void)state;
    draft_begin(&d, 1, REPLY | EL_DNS_NXDOMAIN, "no.example.com", EL_DNS_A);
    draft_soa(&d, "example.com", 3600, 900);
    take(&o, &d, &key, &guard);
    assert_int_equal(o.answer->rcode, EL_DNS_NXDOMAIN);
    assert_int_equal(o.answer->ttl_s, 900); /* the lesser one, §5 */
    assert_int_equal(o.m.counts[EL_DNS_AUTHORITY], 1);
    el_dns_answer_drop(o.answer);

    draft_begin(&d, 1, REPLY, "no.example.com", EL_DNS_A); /* no data */
    draft_soa(&d, "example.com", 86400, 86400);
    take(&o, &d, &key, &guard);
    assert_int_equal(o.answer->ttl_s, EL_DNS_NEGATIVE_TTL_MAX_S);
    el_dns_answer_drop(o.answer);

    draft_begin(&d, 1, REPLY | EL_DNS_NXDOMAIN, "no.example.com", EL_DNS_A);
    draft_soa(&d, "example.net", 3600, 900); /* somebody else's zone */
    take(&o, &d, &key, &guard);
    assert_int_equal(o.answer->ttl_s, 0); /* told, not kept */
    assert_int_equal(o.m.counts[EL_DNS_AUTHORITY], 0);
    el_dns_answer_drop(o.answer);
}

/* -- addresses from inside -- */

static bool is_barred(const char *name, const char *ip, const struct el_dns_guard *with)
{
    struct el_ip address = ip_of(ip);
    struct el_dns_key key = key_of(name, address.family == 4 ? EL_DNS_A : EL_DNS_AAAA);
    struct outcome o;
    struct draft d;

    draft_begin(&d, 1, REPLY, name, key.type);
    draft_address(&d, name, ip, 60);
    take(&o, &d, &key, with);
    assert_int_equal(o.m.counts[EL_DNS_ANSWER], !o.barred);
    assert_int_equal(o.answer->ede, o.barred ? EL_DNS_EDE_BLOCKED : EL_DNS_EDE_NONE);
    el_dns_answer_drop(o.answer);
    return o.barred;
}

static void test_rebinding(void **state)
{
    static const char *const inside[] = {"10.1.2.3",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.77.1",
                                         "127.0.0.1",
                                         "169.254.1.1",
                                         "0.0.0.0",
                                         "100.64.0.1",
                                         "224.0.0.251",
                                         "255.255.255.255",
                                         "::1",
                                         "::",
                                         "fe80::1",
                                         "fd00::1",
                                         "ff02::1",
                                         "::ffff:10.0.0.1",
                                         "64:ff9b::192.168.0.1",
                                         "2002:0a00:0001::1",
                                         "::127.0.0.1",
                                         "203.0.113.9"};
    static const char *const outside[] = {"192.0.2.1",   "172.32.0.1",         "11.0.0.1",
                                          "2001:db8::1", "64:ff9b::192.0.2.1", "203.0.114.1"};
    const struct el_prefix own = {ip_of("203.0.113.0"), 24};
    const struct el_dns_name corp = name_of("corp.example");
    const struct el_dns_guard with = {&own, 1, &corp, 1};

    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        assert_true(is_barred("www.example.com", inside[i], &with));
        assert_false(is_barred("WWW.Corp.example", inside[i], &with));
    }
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_false(is_barred("www.example.com", outside[i], &with));
}

/* Also behind an alias, and as a hint (RFC 9460 §7.3); the rest of the answer stays. */
static void test_rebinding_aside(void **state)
{
    static const uint8_t https[] = {0, 1, 0, 0, 4, 0, 8, 192, 0, 2, 1, 10, 0, 0, 1};
    struct el_dns_key key = key_of("www.example.com", EL_DNS_A);
    struct outcome o;
    struct draft d;

    (void)state;
    draft_begin(&d, 1, REPLY, "www.example.com", EL_DNS_A);
    draft_name(&d, EL_DNS_ANSWER, "www.example.com", EL_DNS_CNAME, "printer.corp.example", 60);
    draft_address(&d, "printer.corp.example", "10.0.0.9", 60);
    draft_address(&d, "printer.corp.example", "192.0.2.9", 60);
    take(&o, &d, &key, &guard);
    assert_true(o.barred);
    assert_int_equal(o.m.counts[EL_DNS_ANSWER], 2);
    el_dns_answer_drop(o.answer);
    key.type = EL_DNS_HTTPS;
    draft_begin(&d, 1, REPLY, "www.example.com", EL_DNS_HTTPS);
    draft_bytes(&d, EL_DNS_ANSWER, "www.example.com", EL_DNS_HTTPS, https, sizeof https, 60);
    draft_bytes(&d, EL_DNS_ANSWER, "www.example.com", EL_DNS_HTTPS, https, sizeof https - 4, 60);
    take(&o, &d, &key, &guard);
    assert_true(o.barred);
    assert_int_equal(o.m.counts[EL_DNS_ANSWER], 0); /* the second one's length is a lie */
    el_dns_answer_drop(o.answer);
}

/* -- telling -- */

static void test_telling(void **state)
{
    struct el_dns_key key = key_of("www.example.com", EL_DNS_A);
    struct el_dns_request request = request_of("wWw.ExAmPlE.cOm", EL_DNS_A);
    struct el_dns_record record;
    struct outcome o;
    struct draft d;

    (void)state;
    draft_begin(&d, 1, REPLY | EL_DNS_AA | EL_DNS_AD, "www.example.com", EL_DNS_A);
    draft_address(&d, "www.example.com", "192.0.2.1", 60);
    draft_address(&d, "www.example.com", "192.0.2.2", 0x80000001); /* RFC 2181 §8: 0 */
    take(&o, &d, &key, &guard);
    assert_int_equal(o.answer->ttl_s, 0);
    size_t len = el_dns_answer_tell(o.answer, &request, 20, false, o.bytes, sizeof o.bytes);
    assert_int_equal(el_dns_decode(o.bytes, len, &o.m), 0);
    assert_int_equal(o.m.id, 7);
    assert_int_equal(o.m.flags, EL_DNS_QR | EL_DNS_RD | EL_DNS_RA); /* neither AA nor AD */
    assert_memory_equal(o.m.question.name.b, request.question.name.b, request.question.name.len);
    assert_true(record_at(&o.m, EL_DNS_ANSWER, 0, &record));
    assert_int_equal(record.ttl_s, 40);
    assert_false(o.m.edns.present);
    request.edns = (struct el_dns_edns){.present = true, .size = 4096};
    len = el_dns_answer_tell(o.answer, &request, 90, true, o.bytes, sizeof o.bytes);
    assert_int_equal(el_dns_decode(o.bytes, len, &o.m), 0);
    assert_true(record_at(&o.m, EL_DNS_ANSWER, 0, &record));
    assert_int_equal(record.ttl_s, EL_DNS_STALE_TTL_S);
    assert_true(o.m.edns.present && o.m.edns.size == EL_DNS_EDNS_BYTES);
    el_dns_answer_drop(o.answer);
}

/* Nobody gets more than he takes, and over UDP nobody more than fits a packet. */
static void test_truncation(void **state)
{
    static const struct {
        uint16_t size; /* of EDNS; 0: none */
        bool stream;
        size_t limit;
        unsigned records;
    } cases[] = {{0, false, 512, 29},
                 {100, false, 512, 29},
                 {1000, false, 1000, 59},
                 {4096, false, 1232, 74}};
    struct el_dns_key key = key_of("www.example.com", EL_DNS_A);
    char ip[EL_IP_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned more = 0; more < 3; more++) {
            struct el_dns_request request = request_of("www.example.com", EL_DNS_A);
            struct outcome o;
            struct draft d;
            request.edns.present = cases[i].size > 0;
            request.edns.size = cases[i].size;
            request.stream = more == 2;
            draft_begin(&d, 1, REPLY, "www.example.com", EL_DNS_A);
            for (unsigned n = 0; n < cases[i].records + (more > 0); n++) {
                struct el_ip address = el_ip4(0xc0000200 + n);
                draft_address(&d, "www.example.com", el_ip_text(&address, ip), 60);
            }
            take(&o, &d, &key, &guard);
            size_t len = el_dns_answer_tell(o.answer, &request, 0, false, o.bytes, sizeof o.bytes);
            assert_int_equal(el_dns_decode(o.bytes, len, &o.m), 0);
            assert_int_equal(o.m.flags & EL_DNS_TC, more == 1 ? EL_DNS_TC : 0);
            assert_int_equal(o.m.counts[EL_DNS_ANSWER],
                             more == 1 ? 0 : cases[i].records + (more > 0));
            assert_true(len <= cases[i].limit || more == 2);
            el_dns_answer_drop(o.answer);
        }
    }
}

/* Signatures only for those who want them. */
static void test_dnssec(void **state)
{
    static const uint8_t signature[] = {0, EL_DNS_A, 8, 3, 0, 0, 0, 60, 0, 0,
                                        0, 0,        0, 0, 0, 0, 0, 1,  0, 's'};
    struct el_dns_key key = key_of("www.example.com", EL_DNS_A);
    struct outcome o;
    struct draft d;

    (void)state;
    for (unsigned wanted = 0; wanted < 2; wanted++) {
        key.flags = wanted ? EL_DNS_AD : 0;
        draft_begin(&d, 1, REPLY, "www.example.com", EL_DNS_A);
        draft_address(&d, "www.example.com", "192.0.2.1", 60);
        draft_bytes(&d, EL_DNS_ANSWER, "www.example.com", EL_DNS_RRSIG, signature, sizeof signature,
                    60);
        take(&o, &d, &key, &guard);
        assert_int_equal(o.m.counts[EL_DNS_ANSWER], 1 + wanted);
        el_dns_answer_drop(o.answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_was_asked_for),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_rebinding_aside),
        cmocka_unit_test(test_telling),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_dnssec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

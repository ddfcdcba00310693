/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine: questions, those who are asked, those who pretend to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dns/dns.h"
#include "dns_messages.h"

enum { REPLY = EL_DNS_QR | EL_DNS_RD | EL_DNS_RA, SENT = 16 };

/* The machine, what it has sent, and what was answered last. */
struct world {
    struct el_dns *dns;
    uint64_t now_ns;
    unsigned sent, ended, replies;
    struct sent {
        unsigned slot;
        struct el_endpoint at;
        bool stream;
        uint8_t bytes[512];
        size_t len;
    } queries[SENT];
    uint8_t reply[EL_DNS_MESSAGE_BYTES];
    size_t reply_len;
    struct el_dns_asker replied;
    enum el_dns_how how;
};

static const struct el_prefix allowed = {{4, {192, 168, 77, 0}}, 24};
static const struct el_endpoint servers[] = {{.ip = {4, {192, 0, 2, 53}}, .port = 53},
                                             {.ip = {4, {192, 0, 2, 54}}, .port = 53}};

static void on_told(void *arg, const struct el_dns_told *told)
{
    ((struct world *)arg)->how = told->how;
}

static struct world *a_world(unsigned upstreams, const struct el_dns_limits *limits)
{
    struct world *w = calloc(1, sizeof *w);
    struct el_dns_config config = {
        .allowed = &allowed, .allowed_count = 1, .told = on_told, .told_arg = w};

    assert_non_null(w);
    config.limits.per_s = UINT_MAX;
    if (limits)
        config.limits = *limits;
    w->now_ns = 1000 * EL_S;
    w->dns = el_dns_new(&config);
    assert_non_null(w->dns);
    el_dns_set_upstreams(w->dns, servers, upstreams);
    return w;
}

static void end(struct world *w)
{
    el_dns_free(w->dns);
    free(w);
}

static void drain(struct world *w)
{
    struct el_dns_output out;

    while (el_dns_output(w->dns, w->now_ns, &out)) {
        if (out.kind == EL_DNS_END) {
            w->ended++;
        } else if (out.kind == EL_DNS_REPLY) {
            memcpy(w->reply, out.bytes, out.len);
            w->reply_len = out.len;
            w->replied = out.asker;
            w->replies++;
        } else {
            struct sent *sent = &w->queries[w->sent++ % SENT];
            *sent = (struct sent){
                .slot = out.slot, .at = out.upstream, .stream = out.stream, .len = out.len};
            memcpy(sent->bytes, out.bytes, out.len);
        }
    }
}

static void wait_ns(struct world *w, uint64_t ns)
{
    uint64_t until_ns = w->now_ns + ns;

    while (el_dns_deadline(w->dns) <= until_ns) {
        w->now_ns = el_dns_deadline(w->dns) > w->now_ns ? el_dns_deadline(w->dns) : w->now_ns;
        el_dns_tick(w->dns, w->now_ns);
        drain(w);
    }
    w->now_ns = until_ns;
}

/* A question from 192.168.77.HOST with this id. Whether it was answered at once. */
static bool ask(struct world *w, unsigned host, uint16_t id, const char *name, uint16_t type)
{
    struct el_dns_asker asker = {.from = {.ip = el_ip4(0xc0a84d00 + host), .port = 4000}};
    uint8_t reply[EL_DNS_EDNS_BYTES];
    struct draft d;

    draft_begin(&d, id, EL_DNS_RD, name, type);
    draft_end(&d);
    size_t len = el_dns_ask(w->dns, w->now_ns, &asker, d.bytes, d.len, reply, sizeof reply);
    if (len) {
        memcpy(w->reply, reply, len);
        w->reply_len = len;
    }
    drain(w);
    return len > 0;
}

static unsigned rcode_of(struct world *w)
{
    struct el_dns_message m;

    assert_int_equal(el_dns_decode(w->reply, w->reply_len, &m), 0);
    return el_dns_rcode(&m);
}

/* Query N as it was sent. */
static struct el_dns_message query(struct world *w, unsigned n)
{
    struct el_dns_message m;

    assert_true(n < w->sent);
    assert_int_equal(el_dns_decode(w->queries[n % SENT].bytes, w->queries[n % SENT].len, &m), 0);
    return m;
}

/* An answer to query N, which a test may bend before it sends it. */
static void draft_answer(struct world *w, unsigned n, uint16_t flags, struct draft *d)
{
    struct el_dns_message m = query(w, n);

    el_dns_build_begin(&d->b, d->bytes, sizeof d->bytes, m.id, (uint16_t)(REPLY | flags),
                       &m.question);
}

static void answer(struct world *w, unsigned n, struct draft *d)
{
    const struct sent *sent = &w->queries[n % SENT];

    draft_end(d);
    el_dns_heard(w->dns, w->now_ns, sent->slot, &sent->at, d->bytes, d->len);
    drain(w);
}

static void answer_address(struct world *w, unsigned n, uint32_t ttl_s)
{
    struct el_dns_message m = query(w, n);
    struct draft d;
    const struct el_ip ip = el_ip4(0xc6336401); /* 198.51.100.1 */

    draft_answer(w, n, 0, &d);
    el_dns_build_address(&d.b, &m.question.name, &ip, ttl_s);
    answer(w, n, &d);
}

static void answer_code(struct world *w, unsigned n, uint16_t flags)
{
    struct draft d;

    draft_answer(w, n, flags, &d);
    answer(w, n, &d);
}

/* -- who may ask, and what -- */

static void test_strangers(void **state)
{
    struct world *w = a_world(1, NULL);
    struct el_dns_asker stranger = {.from = {.ip = el_ip4(0xc0a84e01), .port = 4000}};
    struct draft d;
    uint8_t reply[512];

    (void)state;
    draft_begin(&d, 1, EL_DNS_RD, "www.example.com", EL_DNS_A);
    draft_end(&d);
    assert_int_equal(el_dns_ask(w->dns, w->now_ns, &stranger, d.bytes, d.len, reply, sizeof reply),
                     0);
    drain(w);
    assert_int_equal(w->sent, 0);
    assert_int_equal(el_dns_stats(w->dns)->strangers, 1);
    end(w);
}

static void test_faults(void **state)
{
    static const struct {
        uint16_t flags, type, class;
        int rcode; /* -1: no answer */
    } cases[] = {
        {EL_DNS_QR, EL_DNS_A, 1, -1},       {0x2800, EL_DNS_SOA, 1, EL_DNS_NOTIMP}, /* UPDATE */
        {0, 252, 1, EL_DNS_NOTIMP},                                                 /* AXFR */
        {0, EL_DNS_OPT, 1, EL_DNS_FORMERR}, {0, EL_DNS_TXT, 3, EL_DNS_REFUSED},     /* CH */
        {0, EL_DNS_A, 1, EL_DNS_REFUSED}, /* RD is not set */
    };
    struct world *w = a_world(1, NULL);
    struct el_dns_asker asker = {.from = {.ip = el_ip4(0xc0a84d02), .port = 4000}};
    struct draft d;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        draft_begin(&d, 1, cases[i].flags, "www.example.com", cases[i].type);
        draft_end(&d);
        d.bytes[d.len - 1] = (uint8_t)cases[i].class;
        w->reply_len =
            el_dns_ask(w->dns, w->now_ns, &asker, d.bytes, d.len, w->reply, sizeof w->reply);
        assert_int_equal(w->reply_len == 0 ? -1 : (int)rcode_of(w), cases[i].rcode);
    }
    /* Broken, and none at all. */
    d.bytes[12] = 0xff;
    w->reply_len = el_dns_ask(w->dns, w->now_ns, &asker, d.bytes, d.len, w->reply, sizeof w->reply);
    assert_int_equal(rcode_of(w), EL_DNS_FORMERR);
    assert_int_equal(w->reply_len, EL_DNS_HEADER_BYTES);
    assert_int_equal(el_dns_ask(w->dns, w->now_ns, &asker, d.bytes, 11, w->reply, sizeof w->reply),
                     0);
    assert_true(ask(w, 2, 1, "www.example.com", EL_DNS_ANY)); /* RFC 8482 */
    assert_int_equal(w->sent, 0);
    end(w);
}

static void test_nobody_to_ask(void **state)
{
    struct world *w = a_world(0, NULL);

    (void)state;
    assert_true(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    assert_int_equal(rcode_of(w), EL_DNS_REFUSED);
    assert_true(ask(w, 2, 1, "localhost", EL_DNS_A));
    assert_int_equal(rcode_of(w), EL_DNS_NOERROR);
    end(w);
}

/* -- asking others -- */

static void test_forwarding(void **state)
{
    struct world *w = a_world(1, NULL);
    struct el_dns_message m;

    (void)state;
    assert_false(ask(w, 2, 77, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, 1);
    m = query(w, 0);
    assert_true((m.flags & EL_DNS_RD) && m.edns.present && !m.edns.dnssec_ok);
    assert_int_equal(m.edns.size, EL_DNS_EDNS_BYTES);
    w->now_ns += 10 * EL_MS;
    answer_address(w, 0, 60);
    assert_int_equal(w->replies, 1);
    assert_int_equal(w->how, EL_DNS_FORWARDED);
    assert_int_equal(w->ended, 1);
    assert_int_equal(el_dns_decode(w->reply, w->reply_len, &m), 0);
    assert_int_equal(m.id, 77);
    assert_int_equal(w->replied.from.ip.b[3], 2);
    /* From now on it is known. */
    assert_true(ask(w, 3, 78, "WWW.example.COM", EL_DNS_A));
    assert_int_equal(w->how, EL_DNS_CACHED);
    assert_int_equal(w->sent, 1);
    w->now_ns += 61 * EL_S;
    assert_false(ask(w, 3, 79, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, 2);
    end(w);
}

/* CVE-2020-25686: however many ask, one question is on its way. */
static void test_single_flight(void **state)
{
    struct world *w = a_world(1, NULL);

    (void)state;
    for (unsigned host = 2; host < 42; host++)
        for (unsigned again = 0; again < 3; again++)
            assert_false(ask(w, host, 5, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, 1);
    assert_int_equal(el_dns_stats(w->dns)->waiters, 40);
    answer_address(w, 0, 60);
    assert_int_equal(w->replies, 40); /* each once */
    assert_int_equal(el_dns_stats(w->dns)->waiters, 0);
    assert_int_equal(el_dns_stats(w->dns)->flights, 0);
    end(w);
}

/* RFC 5452 §9.1: whatever does not fit is not listened to. */
static void test_forgers(void **state)
{
    struct world *w = a_world(1, NULL);
    struct el_endpoint elsewhere = servers[0];
    struct draft d;

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    for (unsigned kind = 0; kind < 5; kind++) {
        const struct el_endpoint *from = &servers[0];
        draft_answer(w, 0, 0, &d);
        draft_address(&d, "www.example.com", "198.51.100.66", 60);
        draft_end(&d);
        elsewhere = servers[0];
        switch (kind) {
        case 0: d.bytes[0] ^= 1; break;                      /* another id */
        case 1: d.bytes[2] &= 0x7f; break;                   /* a question */
        case 2: d.bytes[12 + 4 + 8 + 4 + 1 + 1] = 28; break; /* another type */
        case 3: elsewhere.port = 54, from = &elsewhere; break;
        default: elsewhere.ip = servers[1].ip, from = &elsewhere;
        }
        el_dns_heard(w->dns, w->now_ns, w->queries[0].slot, from, d.bytes, d.len);
        drain(w);
        assert_int_equal(w->replies, 0);
    }
    assert_int_equal(el_dns_stats(w->dns)->wrong, 5);
    answer_address(w, 0, 60);
    assert_int_equal(w->replies, 1);
    end(w);
}

/* The cases of letters are part of what must come back; if not, TCP. */
static void test_case(void **state)
{
    struct world *w = a_world(1, NULL);
    struct el_dns_message m;
    struct draft d;

    (void)state;
    assert_false(ask(w, 2, 1, "a-rather-long-name.www.example.com", EL_DNS_A));
    m = query(w, 0);
    draft_begin(&d, m.id, REPLY, "a-rather-long-name.www.example.com", EL_DNS_A);
    answer(w, 0, &d);
    assert_int_equal(w->replies, 0);
    assert_int_equal(w->sent, 2);
    assert_true(w->queries[1].stream);
    /* What comes by the first way now is too late. */
    answer_address(w, 0, 60);
    assert_int_equal(w->replies, 0);
    answer_address(w, 1, 60);
    assert_int_equal(w->replies, 1);
    end(w);
}

/* Somebody who guesses ids is not given the time for it. */
static void test_guessing(void **state)
{
    struct world *w = a_world(1, NULL);
    struct draft d;

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    for (unsigned i = 1; i <= EL_DNS_WRONG; i++) {
        assert_int_equal(w->sent, 1);
        draft_answer(w, 0, 0, &d);
        draft_end(&d);
        d.bytes[1] = (uint8_t)(d.bytes[1] + i);
        el_dns_heard(w->dns, w->now_ns, w->queries[0].slot, &servers[0], d.bytes, d.len);
        drain(w);
    }
    assert_int_equal(w->sent, 2);
    assert_true(w->queries[1].stream);
    end(w);
}

static void test_truncated(void **state)
{
    struct world *w = a_world(1, NULL);

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_TXT));
    answer_code(w, 0, EL_DNS_TC);
    assert_int_equal(w->sent, 2);
    assert_true(w->queries[1].stream);
    answer_code(w, 1, EL_DNS_TC); /* over TCP it is what it is */
    assert_int_equal(w->replies, 1);
    assert_int_equal(rcode_of(w), EL_DNS_NOERROR);
    end(w);
}

static void test_without_edns(void **state)
{
    struct world *w = a_world(1, NULL);

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    answer_code(w, 0, EL_DNS_FORMERR);
    assert_int_equal(w->sent, 2);
    assert_false(query(w, 1).edns.present);
    answer_address(w, 1, 60);
    assert_int_equal(w->replies, 1);
    assert_false(ask(w, 2, 1, "b.example.com", EL_DNS_A)); /* it is remembered */
    assert_false(query(w, 2).edns.present);
    end(w);
}

static void test_failover(void **state)
{
    struct world *w = a_world(2, NULL);

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    wait_ns(w, EL_DNS_TRY_MAX_MS * EL_MS);
    assert_int_equal(w->sent, 2);
    assert_false(el_endpoint_equal(&w->queries[0].at, &w->queries[1].at));
    assert_true(query(w, 0).id != query(w, 1).id || w->queries[0].slot != w->queries[1].slot);
    answer_address(w, 0, 60); /* late, but good */
    assert_int_equal(w->replies, 1);
    /* One that cannot answer: the other at once. */
    assert_false(ask(w, 2, 1, "b.example.com", EL_DNS_A));
    answer_code(w, 2, EL_DNS_SERVFAIL);
    assert_int_equal(w->sent, 4);
    answer_code(w, 3, EL_DNS_REFUSED);
    assert_int_equal(w->replies, 2);
    assert_int_equal(rcode_of(w), EL_DNS_SERVFAIL);
    end(w);
}

/* Nobody answers: that is said in time, and for a moment nobody is asked again (RFC 9520). */
static void test_silence(void **state)
{
    struct world *w = a_world(1, NULL);

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    wait_ns(w, EL_DNS_FLIGHT_S * EL_S);
    assert_int_equal(w->replies, 1);
    assert_int_equal(rcode_of(w), EL_DNS_SERVFAIL);
    assert_int_equal(w->how, EL_DNS_FAILED);
    unsigned sent = w->sent;
    assert_true(ask(w, 2, 2, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, sent);
    end(w);
}

/* RFC 8767: an old answer rather than none, after EL_DNS_STALE_MS. */
static void test_stale(void **state)
{
    struct world *w = a_world(1, NULL);
    struct el_dns_message m;
    struct el_dns_record record;

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    answer_address(w, 0, 60);
    w->now_ns += 3600 * EL_S;
    assert_false(ask(w, 2, 2, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, 2);
    wait_ns(w, EL_DNS_STALE_MS * EL_MS - 1);
    assert_int_equal(w->replies, 1);
    wait_ns(w, 1);
    assert_int_equal(w->replies, 2);
    assert_int_equal(w->how, EL_DNS_STALE);
    assert_int_equal(el_dns_decode(w->reply, w->reply_len, &m), 0);
    assert_true(record_at(&m, EL_DNS_ANSWER, 0, &record));
    assert_int_equal(record.ttl_s, EL_DNS_STALE_TTL_S);
    /* Whoever comes while it is still looked for does not wait again. */
    (void)ask(w, 3, 3, "www.example.com", EL_DNS_A);
    wait_ns(w, 1);
    assert_int_equal(w->replies, 3);
    wait_ns(w, EL_DNS_FLIGHT_S * EL_S);
    unsigned sent = w->sent;
    assert_true(ask(w, 3, 4, "www.example.com", EL_DNS_A));
    assert_int_equal(w->how, EL_DNS_STALE);
    assert_int_equal(w->sent, sent);
    /* And then somebody answers again. */
    w->now_ns += EL_DNS_HOLD_S * EL_S;
    assert_false(ask(w, 3, 5, "www.example.com", EL_DNS_A));
    answer_address(w, w->sent - 1, 60);
    assert_int_equal(w->how, EL_DNS_FORWARDED);
    end(w);
}

static void test_prefetch(void **state)
{
    struct world *w = a_world(1, NULL);

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    answer_address(w, 0, 100);
    for (int i = 0; i < 3; i++)
        assert_true(ask(w, 2, 2, "www.example.com", EL_DNS_A));
    w->now_ns += 95 * EL_S;
    assert_true(ask(w, 2, 3, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, 2); /* nobody waits for it */
    answer_address(w, 1, 100);
    w->now_ns += 60 * EL_S;
    assert_true(ask(w, 2, 4, "www.example.com", EL_DNS_A));
    assert_int_equal(w->sent, 2);
    end(w);
}

/* Servers that change while one is asked. */
static void test_other_servers(void **state)
{
    struct world *w = a_world(1, NULL);

    (void)state;
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    el_dns_set_upstreams(w->dns, servers + 1, 1);
    wait_ns(w, EL_DNS_TRY_MAX_MS * EL_MS);
    assert_true(el_endpoint_equal(&w->queries[1].at, &servers[1]));
    answer_address(w, 0, 60); /* the first one may still answer */
    assert_int_equal(w->replies, 1);
    assert_false(ask(w, 2, 2, "b.example.com", EL_DNS_A));
    el_dns_set_upstreams(w->dns, NULL, 0);
    wait_ns(w, EL_DNS_FLIGHT_S * EL_S);
    assert_int_equal(rcode_of(w), EL_DNS_SERVFAIL);
    end(w);
}

/* -- limits -- */

static void test_rate(void **state)
{
    const struct el_dns_limits limits = {.per_s = 10, .burst = 20, .waiting = 4};
    struct world *w = a_world(1, &limits);
    struct el_dns_message m;
    unsigned whole = 0, cut = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        if (!ask(w, 2, 1, "localhost", EL_DNS_A))
            continue;
        assert_int_equal(el_dns_decode(w->reply, w->reply_len, &m), 0);
        whole += !(m.flags & EL_DNS_TC);
        cut += m.flags & EL_DNS_TC ? 1 : 0;
    }
    assert_int_equal(whole, 20);
    assert_int_equal(cut, 40);                        /* half of the rest: he may come by TCP */
    assert_true(ask(w, 3, 1, "localhost", EL_DNS_A)); /* others have their own */
    w->now_ns += EL_S;
    assert_true(ask(w, 2, 1, "localhost", EL_DNS_A));
    end(w);
}

static void test_waiting(void **state)
{
    const struct el_dns_limits limits = {.per_s = UINT_MAX, .waiting = 4};
    struct world *w = a_world(1, &limits);
    char name[] = "a.example.com";

    (void)state;
    for (; name[0] < 'e'; name[0]++)
        assert_false(ask(w, 2, 1, name, EL_DNS_A));
    assert_true(ask(w, 2, 1, name, EL_DNS_A));
    assert_int_equal(rcode_of(w), EL_DNS_SERVFAIL);
    assert_int_equal(w->how, EL_DNS_LIMITED);
    assert_false(ask(w, 3, 1, name, EL_DNS_A));
    answer_address(w, 0, 60);
    assert_false(ask(w, 2, 1, "f.example.com", EL_DNS_A));
    end(w);
}

/* All flights are taken: it is said, and when they are over it works again. */
static void test_full(void **state)
{
    struct world *w = a_world(1, NULL);
    char name[] = "aaa.example.com";

    (void)state;
    for (unsigned i = 0; i < EL_DNS_FLIGHTS; i++) {
        name[0] = (char)('a' + i / 16);
        name[1] = (char)('a' + i % 16);
        assert_false(ask(w, 2 + i % 200, 1, name, EL_DNS_A));
    }
    assert_true(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    assert_int_equal(rcode_of(w), EL_DNS_SERVFAIL);
    wait_ns(w, 2 * EL_DNS_FLIGHT_S * EL_S);
    assert_int_equal(w->replies, EL_DNS_FLIGHTS);
    assert_int_equal(el_dns_stats(w->dns)->flights, 0);
    assert_false(ask(w, 2, 1, "www.example.com", EL_DNS_A));
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers),     cmocka_unit_test(test_faults),
        cmocka_unit_test(test_nobody_to_ask), cmocka_unit_test(test_forwarding),
        cmocka_unit_test(test_single_flight), cmocka_unit_test(test_forgers),
        cmocka_unit_test(test_case),          cmocka_unit_test(test_guessing),
        cmocka_unit_test(test_truncated),     cmocka_unit_test(test_without_edns),
        cmocka_unit_test(test_failover),      cmocka_unit_test(test_silence),
        cmocka_unit_test(test_stale),         cmocka_unit_test(test_prefetch),
        cmocka_unit_test(test_other_servers), cmocka_unit_test(test_rate),
        cmocka_unit_test(test_waiting),       cmocka_unit_test(test_full),
    };

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept, for how long, and in how much memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "dns/dns_cache.h"
#include "dns_messages.h"

static struct el_dns_key key_of(const char *name)
{
    return (struct el_dns_key){.name = name_of(name), .type = EL_DNS_A};
}

static void put(struct el_dns_cache *cache, const char *name, uint32_t ttl_s, uint64_t now_ns)
{
    struct el_dns_key key = key_of(name);
    struct el_dns_answer *answer = el_dns_answer_code(&key, EL_DNS_NOERROR, EL_DNS_EDE_NONE, ttl_s);

    assert_non_null(answer);
    el_dns_cache_put(cache, &key, answer, now_ns);
    el_dns_answer_drop(answer);
}

static struct el_dns_found find(struct el_dns_cache *cache, const char *name, uint64_t now_ns)
{
    struct el_dns_key key = key_of(name);

    return el_dns_cache_find(cache, &key, now_ns);
}

static void test_ages(void **state)
{
    struct el_dns_cache *cache = el_dns_cache_new(1 << 20);
    const uint64_t t = 100 * EL_S;

    (void)state;
    assert_null(find(cache, "a.example", t).answer);
    put(cache, "a.example", 60, t);
    struct el_dns_found found = find(cache, "a.example", t + 59 * EL_S);
    assert_true(found.answer && !found.stale && found.age_s == 59);
    found = find(cache, "a.example", t + 60 * EL_S);
    assert_true(found.answer && found.stale && !found.held);
    assert_null(find(cache, "a.example", t + (60 + EL_DNS_STALE_S) * EL_S).answer);
    put(cache, "b.example", 0, t); /* not to be kept */
    assert_null(find(cache, "b.example", t).answer);
    assert_int_equal(el_dns_cache_stats(cache).answers, 0);
    assert_int_equal(el_dns_cache_stats(cache).bytes, 0);
    el_dns_cache_free(cache);
}

static void test_keys_differ(void **state)
{
    struct el_dns_cache *cache = el_dns_cache_new(1 << 20);
    struct el_dns_key key = key_of("a.example");

    (void)state;
    put(cache, "a.example", 60, EL_S);
    key.type = EL_DNS_AAAA;
    assert_null(el_dns_cache_find(cache, &key, EL_S).answer);
    key.type = EL_DNS_A;
    key.flags = EL_DNS_CD;
    assert_null(el_dns_cache_find(cache, &key, EL_S).answer);
    key.flags = 0;
    assert_non_null(el_dns_cache_find(cache, &key, EL_S).answer);
    el_dns_cache_clear(cache);
    assert_null(el_dns_cache_find(cache, &key, EL_S).answer);
    el_dns_cache_free(cache);
}

static void test_prefetch(void **state)
{
    struct el_dns_cache *cache = el_dns_cache_new(1 << 20);

    (void)state;
    put(cache, "a.example", 100, EL_S);
    put(cache, "b.example", 100, EL_S);
    assert_false(find(cache, "a.example", 2 * EL_S).prefetch);
    assert_false(find(cache, "a.example", 3 * EL_S).prefetch);
    assert_false(find(cache, "a.example", 90 * EL_S).prefetch);
    assert_true(find(cache, "a.example", 92 * EL_S).prefetch);
    assert_false(find(cache, "b.example", 92 * EL_S).prefetch); /* nobody asked for it */
    assert_false(find(cache, "a.example", 102 * EL_S).prefetch);
    el_dns_cache_free(cache);
}

static void test_hold(void **state)
{
    struct el_dns_cache *cache = el_dns_cache_new(1 << 20);
    struct el_dns_key key = key_of("a.example"), other = key_of("b.example");

    (void)state;
    put(cache, "a.example", 10, EL_S);
    assert_true(el_dns_cache_hold(cache, &key, 20 * EL_S));
    assert_false(el_dns_cache_hold(cache, &other, 20 * EL_S));
    assert_true(find(cache, "a.example", 21 * EL_S).held);
    assert_false(find(cache, "a.example", (20 + EL_DNS_HOLD_S) * EL_S).held);
    el_dns_cache_free(cache);
}

/* However many are asked for, memory is bounded, and what is asked for often stays. */
static void test_bounded(void **state)
{
    enum { CAPACITY = 1 << 16, NAMES = 5000 };
    struct el_dns_cache *cache = el_dns_cache_new(CAPACITY);
    char name[32];

    (void)state;
    put(cache, "hot.example", 3600, EL_S);
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        put(cache, name, 3600, EL_S);
        assert_non_null(find(cache, "hot.example", EL_S).answer);
        assert_true(el_dns_cache_stats(cache).bytes <= CAPACITY);
    }
    assert_null(find(cache, "n0.example", EL_S).answer);
    assert_non_null(find(cache, "n4999.example", EL_S).answer);
    assert_true(el_dns_cache_stats(cache).evicted > NAMES / 2);
    el_dns_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ages),     cmocka_unit_test(test_keys_differ),
        cmocka_unit_test(test_prefetch), cmocka_unit_test(test_hold),
        cmocka_unit_test(test_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

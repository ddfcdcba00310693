/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines call themselves: who has a name, and who has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "dns/dns_hosts.h"

enum { KEPT = 16 };

/* A store in memory, and who has no lease any more. */
struct world {
    struct el_dns_hosts *hosts;
    struct el_dns_host kept[KEPT];
    size_t count;
    unsigned puts;
    uint8_t gone; /* the last byte of an address */
};

static int keep(void *arg, const struct el_dns_host *host, struct el_err *err)
{
    struct world *w = arg;
    size_t i = 0;

    (void)err;
    while (i < w->count && !el_mac_equal(&w->kept[i].mac, &host->mac))
        i++;
    w->count += i == w->count;
    w->kept[i] = *host;
    w->puts++;
    return 0;
}

static int drop(void *arg, const struct el_mac *mac, struct el_err *err)
{
    struct world *w = arg;

    (void)err;
    for (size_t i = 0; i < w->count; i++)
        if (el_mac_equal(&w->kept[i].mac, mac))
            w->kept[i--] = w->kept[--w->count];
    return 0;
}

static int load(void *arg, void (*each)(void *, const struct el_dns_host *), void *each_arg,
                struct el_err *err)
{
    struct world *w = arg;

    (void)err;
    for (size_t i = 0; i < w->count; i++)
        each(each_arg, &w->kept[i]);
    return 0;
}

static bool lives(void *arg, const struct el_dns_host *host)
{
    return host->ip.b[3] != ((struct world *)arg)->gone;
}

static void begin(struct world *w)
{
    const struct el_dns_hosts_store store = {.put = keep, .remove = drop, .load = load, .arg = w};
    struct el_err err = {""};

    assert_int_equal(el_dns_hosts_new(&store, lives, w, &w->hosts, &err), 0);
}

static struct el_ip ip_of(unsigned n)
{
    return el_ip4(0xc0a84d00 + n);
}

/* The machine N asks for an address. */
static void saw(struct world *w, unsigned n, const char *name)
{
    const struct el_mac mac = {{0x52, 0x54, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}};
    const struct el_ip ip = ip_of(n);

    el_dns_hosts_saw(w->hosts, &mac, &ip, name);
}

static unsigned who_is(struct world *w, const char *name)
{
    const struct el_dns_host *host = el_dns_hosts_by_name(w->hosts, name);

    return host ? host->ip.b[3] : 0;
}

static const char *name_at(struct world *w, unsigned n)
{
    const struct el_ip ip = ip_of(n);
    const struct el_dns_host *host = el_dns_hosts_by_ip(w->hosts, &ip);

    return host ? host->name : "";
}

static void test_names(void **state)
{
    struct world w = {.gone = 0};

    (void)state;
    begin(&w);
    saw(&w, 100, "N1");
    saw(&w, 101, "n2.lab.example");
    saw(&w, 102, NULL);
    assert_int_equal(who_is(&w, "n1"), 100);
    assert_int_equal(who_is(&w, "n2"), 101);
    assert_string_equal(name_at(&w, 100), "n1");
    assert_string_equal(name_at(&w, 102), "");
    saw(&w, 100, ""); /* its firmware, at the next start */
    assert_int_equal(who_is(&w, "n1"), 100);
    saw(&w, 100, "n3");
    assert_int_equal(who_is(&w, "n1"), 0);
    assert_int_equal(who_is(&w, "n3"), 100);
    el_dns_hosts_free(w.hosts);
}

static void test_not_everything_is_a_name(void **state)
{
    static const char *const bad[] = {
        "wpad",      "ISATAP",
        "hub",       "proxy",
        "localhost", "-a",
        "a-",        "a b",
        "a\n",       "\xc3\xa4",
        ".",         "",
        "a_b",       "0123456789012345678901234567890123456789012345678901234567890123"};
    struct world w = {.gone = 0};

    (void)state;
    begin(&w);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        saw(&w, 100 + i, bad[i]);
        assert_string_equal(name_at(&w, 100 + i), "");
    }
    assert_int_equal(w.puts, 0);
    el_dns_hosts_free(w.hosts);
}

/* A machine cannot take another's name as long as that is there. */
static void test_first_come(void **state)
{
    struct world w = {.gone = 0};

    (void)state;
    begin(&w);
    saw(&w, 100, "n1");
    saw(&w, 66, "n1");
    assert_int_equal(who_is(&w, "n1"), 100);
    assert_string_equal(name_at(&w, 66), "");
    w.gone = 100;
    assert_int_equal(who_is(&w, "n1"), 0);
    saw(&w, 66, "n1");
    assert_int_equal(who_is(&w, "n1"), 66);
    saw(&w, 100, "n1"); /* back, too late, and not under the same address */
    w.gone = 0;
    assert_int_equal(who_is(&w, "n1"), 66);
    /* A restart changes none of it. */
    assert_int_equal(w.count, 1);
    el_dns_hosts_free(w.hosts);
    begin(&w);
    assert_int_equal(who_is(&w, "n1"), 66);
    el_dns_hosts_free(w.hosts);
}

static void test_kept(void **state)
{
    struct world w = {.gone = 0};

    (void)state;
    begin(&w);
    saw(&w, 100, "n1");
    saw(&w, 100, "n1"); /* nothing new: the disk is left alone */
    assert_int_equal(w.puts, 1);
    el_dns_hosts_free(w.hosts);
    strcpy(w.kept[1].name, "bad name");
    w.kept[1].ip = ip_of(101);
    w.kept[1].mac.b[5] = 1;
    w.count = 2;
    begin(&w);
    assert_int_equal(who_is(&w, "n1"), 100);
    assert_string_equal(name_at(&w, 101), "");
    el_dns_hosts_free(w.hosts);
}

/* Far more than there is room for. */
static void test_full(void **state)
{
    struct world w = {.gone = 0};
    char name[16];

    (void)state;
    w.gone = 255;
    assert_int_equal(el_dns_hosts_new(NULL, lives, &w, &w.hosts, NULL), 0);
    for (unsigned i = 0; i < 3 * EL_DNS_HOSTS; i++) {
        const struct el_mac mac = {{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        const struct el_ip ip = el_ip4(0x0a000000 + (i << 8) + 1);
        snprintf(name, sizeof name, "n%u", i);
        el_dns_hosts_saw(w.hosts, &mac, &ip, name);
        assert_non_null(el_dns_hosts_by_name(w.hosts, name));
    }
    assert_null(el_dns_hosts_by_name(w.hosts, "n0"));
    assert_non_null(el_dns_hosts_by_name(w.hosts, "n9000"));
    el_dns_hosts_free(w.hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),      cmocka_unit_test(test_not_everything_is_a_name),
        cmocka_unit_test(test_first_come), cmocka_unit_test(test_kept),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

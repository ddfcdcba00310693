/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that are known here, and those that nobody outside is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dns/dns_local.h"
#include "dns_messages.h"

enum { NOT_OURS = -1 };

static const struct el_prefix network = {{4, {192, 168, 77, 0}}, 24};
static struct el_dns_static statics[3];

/* proxy is another one for each who asks. */
static size_t lookup(void *arg, const struct el_ip *asking, const char *host, struct el_ip *ips,
                     size_t capacity)
{
    (void)arg;
    assert_true(capacity >= 2);
    if (strcmp(host, "hub") == 0)
        ips[0] = ip_of("192.168.77.1");
    else if (strcmp(host, "proxy") == 0)
        ips[0] = ip_of(asking->b[3] == 100 ? "192.168.77.2" : "192.168.77.1");
    else if (strcmp(host, "n1") == 0)
        ips[0] = ip_of("192.168.77.100");
    else
        return 0;
    return 1;
}

static bool reverse(void *arg, const struct el_ip *ip, char host[EL_DNS_HOST_BYTES])
{
    (void)arg;
    strcpy(host, "n1");
    return ip->b[3] == 100;
}

struct world {
    struct el_dns_local local;
    struct el_dns_guard guard;
    struct el_dns_name private[2];
    bool forwards;
    const char *asking;
    uint8_t bytes[EL_DNS_EDNS_BYTES];
    struct el_dns_message m;
};

static struct world a_world(void)
{
    struct world w = {.asking = "192.168.77.100", .forwards = true};

    statics[0] = (struct el_dns_static){name_of("mirror.example.com"), ip_of("192.168.77.9")};
    statics[1] = (struct el_dns_static){name_of("mirror.example.com"), ip_of("2001:db8::9")};
    statics[2] = (struct el_dns_static){name_of("two.example.com"), ip_of("192.168.77.9")};
    w.local = (struct el_dns_local){
        .statics = statics,
        .static_count = 3,
        .networks = &network,
        .network_count = 1,
        .lookup = lookup,
        .reverse = reverse,
    };
    return w;
}

/* The code, or NOT_OURS. */
static int ask(struct world *w, const char *name, uint16_t type)
{
    struct el_dns_request request = {
        .id = 9, .flags = EL_DNS_RD, .question = {name_of(name), type, EL_DNS_IN}};
    struct el_ip asking = ip_of(w->asking);
    unsigned rcode = 99;
    size_t len = el_dns_local_answer(&w->local, &w->guard, w->forwards, &asking, &request, w->bytes,
                                     sizeof w->bytes, &rcode);

    if (len == 0)
        return NOT_OURS;
    assert_int_equal(el_dns_decode(w->bytes, len, &w->m), 0);
    assert_int_equal(el_dns_rcode(&w->m), rcode);
    assert_int_equal(w->m.flags & ~EL_DNS_RCODE, EL_DNS_QR | EL_DNS_AA | EL_DNS_RD);
    /* What there is not is said with how long that holds. */
    assert_int_equal(w->m.counts[EL_DNS_AUTHORITY], w->m.counts[EL_DNS_ANSWER] ? 0 : 1);
    return (int)rcode;
}

static void assert_address(struct world *w, const char *name, uint16_t type, const char *ip)
{
    struct el_dns_record record;

    assert_int_equal(ask(w, name, type), EL_DNS_NOERROR);
    assert_int_equal(w->m.counts[EL_DNS_ANSWER], 1);
    assert_true(record_at(&w->m, EL_DNS_ANSWER, 0, &record));
    struct el_ip found = address_in(&record), expected = ip_of(ip);
    assert_true(el_ip_equal(&found, &expected));
}

static void assert_pointer(struct world *w, const char *ip, const char *name)
{
    struct el_ip address = ip_of(ip);
    struct el_dns_name asked = el_dns_name_of(&address), expected = name_of(name);
    struct el_dns_record record;
    char text[EL_DNS_NAME_TEXT];

    assert_int_equal(ask(w, el_dns_name_text(&asked, text), EL_DNS_PTR), EL_DNS_NOERROR);
    assert_true(record_at(&w->m, EL_DNS_ANSWER, 0, &record));
    struct el_dns_name found = name_in(&record);
    assert_true(el_dns_name_equal(&found, &expected));
}

static void test_hosts(void **state)
{
    struct world w = a_world();

    (void)state;
    assert_address(&w, "hub.el2w", EL_DNS_A, "192.168.77.1");
    assert_address(&w, "HUB.EL2W", EL_DNS_A, "192.168.77.1");
    assert_address(&w, "n1", EL_DNS_A, "192.168.77.100");
    assert_address(&w, "proxy.el2w", EL_DNS_A, "192.168.77.2");
    w.asking = "192.168.77.200";
    assert_address(&w, "proxy.el2w", EL_DNS_A, "192.168.77.1");
    assert_int_equal(ask(&w, "hub.el2w", EL_DNS_AAAA), EL_DNS_NOERROR);
    assert_int_equal(ask(&w, "el2w", EL_DNS_SOA), EL_DNS_NOERROR);
    assert_int_equal(ask(&w, "n2.el2w", EL_DNS_A), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "a.n1.el2w", EL_DNS_A), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "n2", EL_DNS_AAAA), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "com", EL_DNS_NS), NOT_OURS);
    assert_int_equal(ask(&w, "www.example.com", EL_DNS_A), NOT_OURS);
    w.local.lookup = NULL;
    assert_int_equal(ask(&w, "n1", EL_DNS_A), EL_DNS_NXDOMAIN);
}

static void test_domain(void **state)
{
    struct world w = a_world();

    (void)state;
    assert_int_equal(el_dns_local_domain("Lab.Example.", &w.local.domain), 0);
    assert_address(&w, "n1.lab.example", EL_DNS_A, "192.168.77.100");
    assert_pointer(&w, "192.168.77.100", "n1.lab.example");
    assert_int_equal(ask(&w, "www.lab.example", EL_DNS_A), NOT_OURS);
    w.forwards = false;
    assert_int_equal(ask(&w, "www.lab.example", EL_DNS_A), EL_DNS_NXDOMAIN);
    assert_int_equal(el_dns_local_domain(".", &w.local.domain), EL_EINVAL);
    assert_int_equal(el_dns_local_domain("a b", &w.local.domain), EL_EINVAL);
}

static void test_statics(void **state)
{
    struct world w = a_world();

    (void)state;
    assert_address(&w, "Mirror.example.com", EL_DNS_A, "192.168.77.9");
    assert_address(&w, "mirror.example.com", EL_DNS_AAAA, "2001:db8::9");
    assert_int_equal(ask(&w, "mirror.example.com", EL_DNS_TXT), EL_DNS_NOERROR);
    assert_int_equal(ask(&w, "a.mirror.example.com", EL_DNS_A), NOT_OURS);
    assert_pointer(&w, "192.168.77.9", "mirror.example.com");
    assert_pointer(&w, "2001:db8::9", "mirror.example.com");
}

static void test_addresses(void **state)
{
    struct world w = a_world();

    (void)state;
    assert_pointer(&w, "192.168.77.100", "n1.el2w");
    assert_pointer(&w, "127.0.0.1", "localhost");
    assert_int_equal(ask(&w, "5.77.168.192.in-addr.arpa", EL_DNS_PTR), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "77.168.192.in-addr.arpa", EL_DNS_NS), EL_DNS_NOERROR);
    /* RFC 6303 */
    assert_int_equal(ask(&w, "1.0.0.10.in-addr.arpa", EL_DNS_PTR), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "1.0.16.172.in-addr.arpa", EL_DNS_PTR), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "d.f.ip6.arpa", EL_DNS_SOA), EL_DNS_NOERROR);
    assert_int_equal(ask(&w, "172.in-addr.arpa", EL_DNS_NS), NOT_OURS);
    assert_int_equal(ask(&w, "1.2.0.192.in-addr.arpa", EL_DNS_PTR), NOT_OURS);
    assert_int_equal(ask(&w, "2.ip6.arpa", EL_DNS_NS), NOT_OURS);
    assert_int_equal(ask(&w, "ip6.arpa", EL_DNS_NS), NOT_OURS);
    w.private[0] = name_of("10.in-addr.arpa");
    w.guard = (struct el_dns_guard){.exceptions = w.private, .exception_count = 1};
    assert_int_equal(ask(&w, "1.0.0.10.in-addr.arpa", EL_DNS_PTR), NOT_OURS);
    assert_int_equal(ask(&w, "5.77.168.192.in-addr.arpa", EL_DNS_PTR), EL_DNS_NXDOMAIN);
}

static void test_nowhere(void **state)
{
    static const char *const nowhere[] = {
        "a.invalid",          "b.onion",    "printer.local", "x.home.arpa",
        "_dns.resolver.arpa", "y.internal", "z.test"};
    struct world w = a_world();

    (void)state;
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
        assert_int_equal(ask(&w, nowhere[i], EL_DNS_A), EL_DNS_NXDOMAIN);
    assert_address(&w, "localhost", EL_DNS_A, "127.0.0.1");
    assert_address(&w, "a.localhost", EL_DNS_AAAA, "::1");
    w.private[0] = name_of("corp.internal");
    w.private[1] = name_of("onion");
    w.guard = (struct el_dns_guard){.exceptions = w.private, .exception_count = 2};
    assert_int_equal(ask(&w, "a.corp.internal", EL_DNS_A), NOT_OURS);
    assert_int_equal(ask(&w, "a.other.internal", EL_DNS_A), EL_DNS_NXDOMAIN);
    assert_int_equal(ask(&w, "b.onion", EL_DNS_A), EL_DNS_NXDOMAIN); /* never */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),   cmocka_unit_test(test_domain),
        cmocka_unit_test(test_statics), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

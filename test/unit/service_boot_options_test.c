/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot service's options as people write them, and the pool that fits a network. */
#include "service/boot_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct el_boot_options options;
static struct el_err err;

static int clear(void **state)
{
    (void)state;
    el_boot_options_clear(&options);
    memset(&options, 0, sizeof options);
    return 0;
}

static void ranges(void **state)
{
    static const struct {
        const char *text;
        uint32_t first, last; /* 0: refused */
    } rows[] = {
        {"192.168.77.100-192.168.77.199", 0xc0a84d64, 0xc0a84dc7},
        {"10.0.0.1-10.0.0.1", 0x0a000001, 0x0a000001},
        {"0.0.0.1-255.255.255.254", 1, 0xfffffffe},
        {"192.168.77.199-192.168.77.100", 0, 0},
        {"192.168.77.100", 0, 0},
        {"192.168.77.100-", 0, 0},
        {"-192.168.77.100", 0, 0},
        {"", 0, 0},
        {"-", 0, 0},
        {"192.168.77.100-199", 0, 0},
        {"192.168.77.100 - 192.168.77.199", 0, 0},
        {"192.168.77.100-192.168.77.199-192.168.77.200", 0, 0},
        {"fd00::1-fd00::2", 0, 0},
        {"192.168.77.1000000000000000000000000000000000000000000000-192.168.77.1", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        options.range_count = 0;
        int rc = el_boot_options_range(&options, rows[i].text, &err);
        assert_int_equal(rc, rows[i].last ? 0 : EL_EINVAL);
        if (rc < 0) {
            assert_non_null(strstr(err.text, "FIRST-LAST"));
            continue;
        }
        assert_int_equal(el_ip4_number(&options.ranges[0].first), rows[i].first);
        assert_int_equal(el_ip4_number(&options.ranges[0].last), rows[i].last);
    }
}

static void exports(void **state)
{
    static const struct {
        const char *text;
        const char *name, *path, *overlay; /* NULL: refused */
    } rows[] = {
        {"debian=/srv/debian", "debian", "/srv/debian", ""},
        {"d-12.1=/srv/a,b=c,overlay=/var/lib/o", "d-12.1", "/srv/a,b=c", "/var/lib/o"},
        {"debian=/srv/other", NULL, NULL, NULL}, /* it is there already */
        {"x", NULL, NULL, NULL},
        {"x=", NULL, NULL, NULL},
        {"=/srv", NULL, NULL, NULL},
        {"x=,overlay=/o", NULL, NULL, NULL},
        {"x=/srv,overlay=", NULL, NULL, NULL},
        {"images=/srv", NULL, NULL, NULL},
        {"../x=/srv", NULL, NULL, NULL},
        {"a/b=/srv", NULL, NULL, NULL},
        {"a b=/srv", NULL, NULL, NULL},
    };
    unsigned count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int rc = el_boot_options_export(&options, rows[i].text, &err);
        assert_int_equal(rc == 0, rows[i].name != NULL);
        if (rc < 0)
            continue;
        assert_string_equal(options.exports[count].name, rows[i].name);
        assert_string_equal(options.exports[count].path, rows[i].path);
        assert_string_equal(options.exports[count].overlay, rows[i].overlay);
        count++;
    }
    assert_int_equal(options.export_count, count);
}

static void servers(void **state)
{
    char text[] = "192.168.77.0";

    (void)state;
    assert_int_equal(el_boot_options_dns(&options, "", &err), EL_EINVAL);
    assert_int_equal(el_boot_options_ntp(&options, "fd00::1", &err), EL_EINVAL);
    assert_int_equal(el_boot_options_ntp(&options, "pool.ntp.org", &err), EL_EINVAL);
    for (unsigned i = 0; i < EL_BOOT_OPTION_SERVERS; i++) {
        text[sizeof text - 2] = (char)('1' + i);
        assert_int_equal(el_boot_options_dns(&options, text, &err), 0);
        assert_int_equal(el_boot_options_ntp(&options, text, &err), 0);
        assert_int_equal(el_ip4_number(&options.dns[i]), 0xc0a84d01 + i);
        assert_int_equal(el_ip4_number(&options.ntp[i]), 0xc0a84d01 + i);
    }
    assert_int_equal(el_boot_options_dns(&options, text, &err), EL_EFULL);
    assert_int_equal(el_boot_options_ntp(&options, text, &err), EL_EFULL);
    assert_int_equal(options.dns_count, EL_BOOT_OPTION_SERVERS);
    /* IPv6 ones are told otherwise, and so counted apart. */
    for (unsigned i = 0; i < EL_BOOT_OPTION_SERVERS; i++)
        assert_int_equal(el_boot_options_dns(&options, "2001:db8::53", &err), 0);
    assert_int_equal(el_boot_options_dns(&options, "2001:db8::53", &err), EL_EFULL);
    assert_int_equal(options.dns6_count, EL_BOOT_OPTION_SERVERS);
    assert_int_equal(options.dns6[EL_BOOT_OPTION_SERVERS - 1].b[15], 0x53);
}

static void names(void **state)
{
    static const char *const not_records[] = {
        "", "a", "a=", "=192.168.77.9", "a=b", "a b=192.168.77.9", ".=192.168.77.9"};
    static const char *const not_servers[] = {"", "dns.example", "192.0.2.53:0",
                                              "192.0.2.53:53/tcp"};
    const struct el_prefix network = {el_ip4(0xc0a84d01), 24};

    (void)state;
    assert_false(el_dns_options_forward(&options.names));
    assert_int_equal(el_dns_options_record(&options.names, "A.Example=192.168.77.9", &err), 0);
    assert_int_equal(el_dns_options_record(&options.names, "a.example=2001:db8::9", &err), 0);
    assert_int_equal(options.names.record_count, 2);
    assert_int_equal(el_dns_options_upstream(&options.names, "192.0.2.53", &err), 0);
    assert_int_equal(options.names.upstreams[0].port, 53);
    assert_int_equal(el_dns_options_upstream(&options.names, "[2001:db8::53]:5353", &err), 0);
    assert_int_equal(options.names.upstreams[1].port, 5353);
    assert_true(el_dns_options_forward(&options.names));
    assert_int_equal(el_dns_options_private(&options.names, "corp.example", &err), 0);
    assert_int_equal(el_dns_options_private(&options.names, "not a name", &err), EL_EINVAL);
    for (size_t i = 0; i < sizeof not_records / sizeof not_records[0]; i++)
        assert_int_equal(el_dns_options_record(&options.names, not_records[i], &err), EL_EINVAL);
    for (size_t i = 0; i < sizeof not_servers / sizeof not_servers[0]; i++)
        assert_int_equal(el_dns_options_upstream(&options.names, not_servers[i], &err), EL_EINVAL);
    while (options.names.upstream_count < EL_DNS_UPSTREAMS)
        assert_int_equal(el_dns_options_upstream(&options.names, "192.0.2.53", &err), 0);
    assert_int_equal(el_dns_options_upstream(&options.names, "192.0.2.53", &err), EL_EFULL);
    options.domain = "lab..example";
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "domain"));
    options.names.off = true; /* then it is only told */
    assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);
}

#define HOSTNAME_63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static void reservations(void **state)
{
    static const struct {
        const char *text, *hostname; /* NULL: refused */
    } rows[] = {
        {"52:54:00:12:34:56=192.168.77.20", ""},
        {"52-54-00-12-34-56=192.168.77.20,", ""},
        {"52:54:00:12:34:56=192.168.77.20,node20", "node20"},
        {"52:54:00:12:34:56=192.168.77.20," HOSTNAME_63, HOSTNAME_63},
        {"52:54:00:12:34:56=192.168.77.20," HOSTNAME_63 "1", NULL},
        {"", NULL},
        {"=", NULL},
        {"52:54:00:12:34:56", NULL},
        {"52:54:00:12:34:56=", NULL},
        {"52:54:00:12:34:56=,node20", NULL},
        {"=192.168.77.20", NULL},
        {"52:54:00:12:34=192.168.77.20", NULL},
        {"52:54:00:12:34:56:78=192.168.77.20", NULL},
        {"52:54:00:12:34:56=fd00::1", NULL},
        {"52:54:00:12:34:56=192.168.77.256", NULL},
        {"52:54:00:12:34:56==192.168.77.20", NULL},
        {"52:54:00:12:34:56 192.168.77.20", NULL},
    };
    static const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int rc = el_boot_options_reserve(&options, rows[i].text, &err);
        assert_int_equal(rc, rows[i].hostname ? 0 : EL_EINVAL);
        count += rc == 0;
        assert_int_equal(options.reservation_count, count);
        if (rc < 0) {
            assert_non_null(strstr(err.text, "MAC=IP"));
            continue;
        }
        const struct el_boot_option_reservation *reservation = &options.reservations[count - 1];
        assert_true(el_mac_equal(&reservation->mac, &mac));
        assert_int_equal(el_ip4_number(&reservation->ip), 0xc0a84d14);
        assert_string_equal(reservation->hostname, rows[i].hostname);
    }
    while (options.reservation_count < EL_BOOT_OPTION_RESERVATIONS)
        assert_int_equal(el_boot_options_reserve(&options, rows[0].text, &err), 0);
    assert_int_equal(el_boot_options_reserve(&options, rows[0].text, &err), EL_EFULL);
}

/* The pool, where nothing was said: inside the network, without its first and last address. */
static void the_pool_of_a_network(void **state)
{
    static const struct {
        const char *network;
        uint32_t first, last; /* from the network's address */
    } rows[] = {
        {"192.168.77.1/24", 100, 199}, {"192.168.77.1/25", 64, 113}, {"192.168.77.129/26", 32, 56},
        {"192.168.77.1/28", 8, 13},    {"192.168.77.1/29", 4, 6},    {"192.168.77.1/30", 2, 2},
        {"10.77.0.1/16", 100, 25699},  {"10.0.0.1/8", 100, 65635},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct el_prefix network;
        assert_int_equal(el_prefix_parse(rows[i].network, &network), 0);
        uint32_t base = el_ip4_number(&network.ip) & el_prefix_mask4(network.len);
        options = (struct el_boot_options){.images = NULL};
        assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);
        assert_int_equal(el_ip4_number(&options.ranges[0].first) - base, rows[i].first);
        assert_int_equal(el_ip4_number(&options.ranges[0].last) - base, rows[i].last);
    }
}

static void what_does_not_fit(void **state)
{
    struct el_prefix network;

    (void)state;
    assert_int_equal(el_prefix_parse("192.168.77.1/24", &network), 0);
    assert_int_equal(el_boot_options_range(&options, "192.168.77.10-192.168.77.20", &err), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);
    assert_int_equal(el_ip4_number(&options.ranges[0].first), 0xc0a84d0a); /* what was said stays */

    assert_int_equal(el_boot_options_range(&options, "192.168.77.250-192.168.78.1", &err), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "dhcp-range"));
    options.range_count = 0;
    assert_int_equal(el_boot_options_range(&options, "192.168.76.1-192.168.77.1", &err), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);

    options.range_count = 0;
    assert_int_equal(el_boot_options_range(&options, "192.168.77.10-192.168.77.20", &err), 0);
    assert_int_equal(el_boot_options_reserve(&options, "52:54:00:12:34:56=192.168.78.1", &err), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "192.168.78.1"));
    assert_non_null(strstr(err.text, "192.168.77.1/24"));
}

static void networks_behind_relays(void **state)
{
    static const char *const wrong[] = {
        "",
        "10.1.0.0/24",
        "10.1.0.0/24=",
        "10.1.0.0/24=10.1.0.1",
        "10.1.0.0/24=10.2.0.1-10.2.0.9",
        "10.1.0.0/24=10.1.0.9-10.1.0.1",
        "10.1.0.0/24=10.1.0.1-10.1.0.9,10.2.0.1",
        "10.1.0.0/24=10.1.0.1-10.1.0.9,",
        "fd00::/64=10.1.0.1-10.1.0.9",
    };
    struct el_prefix network;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(el_boot_options_relayed(&options, wrong[i], &err), EL_EINVAL);
    assert_int_equal(
        el_boot_options_relayed(
            &options, "10.1.0.0/24=10.1.0.10-10.1.0.19,10.1.0.30-10.1.0.39,10.1.0.1", &err),
        0);
    assert_int_equal(el_ip4_number(&options.relayed[0].ranges[1].last), 0x0a010027);
    assert_int_equal(el_ip4_number(&options.relayed[0].router), 0x0a010001);
    assert_int_equal(el_boot_options_relayed(&options, "10.2.0.0/24=10.2.0.10-10.2.0.19", &err), 0);
    assert_int_equal(options.relayed[1].router.family, 0);
    assert_int_equal(el_boot_options_reserve(&options, "52:54:00:12:34:56=10.1.0.5", &err), 0);
    assert_int_equal(el_prefix_parse("192.168.77.1/24", &network), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);
    options.dhcp = EL_BOOT_DHCP_RELAY;
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "dhcp-server"));
    assert_int_equal(el_ip_parse("10.9.9.9", &options.dhcp_server), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);
    options.dhcp = EL_BOOT_DHCP_SERVER;
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
}

static void routes(void **state)
{
    struct el_prefix network;

    (void)state;
    assert_int_equal(el_prefix_parse("192.168.77.1/24", &network), 0);
    assert_int_equal(el_boot_options_route(&options, "10.0.0.0/8=192.168.77.254", &err), 0);
    assert_int_equal(options.route_count, 1);
    assert_int_equal(options.routes[0].to.len, 8);
    assert_int_equal(el_ip4_number(&options.routes[0].to.ip), 0x0a000000);
    assert_int_equal(el_ip4_number(&options.routes[0].via), 0xc0a84dfe);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);

    static const char *const wrong[] = {"",
                                        "=",
                                        "10.0.0.0/8",
                                        "10.0.0.0/8=",
                                        "=192.168.77.254",
                                        "10.0.0.0/33=192.168.77.254",
                                        "fd00::/8=192.168.77.254",
                                        "10.0.0.0/8=fd00::1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(el_boot_options_route(&options, wrong[i], &err), EL_EINVAL);
        assert_non_null(strstr(err.text, "RANGE=IP"));
    }
    assert_int_equal(el_boot_options_route(&options, "10.0.0.0/8=192.168.78.1", &err), 0);
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "192.168.78.1"));
    while (options.route_count < EL_BOOT_OPTION_ROUTES)
        assert_int_equal(el_boot_options_route(&options, "10.0.0.0/8=192.168.77.254", &err), 0);
    assert_int_equal(el_boot_options_route(&options, "10.0.0.0/8=192.168.77.254", &err), EL_EFULL);
}

static void domains(void **state)
{
    struct el_prefix network;

    (void)state;
    assert_int_equal(el_prefix_parse("192.168.77.1/24", &network), 0);
    options.search = "example.org, lab.example.org";
    assert_int_equal(el_boot_options_fit(&options, &network, &err), 0);
    options.search = "example..org";
    assert_int_equal(el_boot_options_fit(&options, &network, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "search: example..org"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ranges, clear),
        cmocka_unit_test_teardown(exports, clear),
        cmocka_unit_test_teardown(servers, clear),
        cmocka_unit_test_teardown(names, clear),
        cmocka_unit_test_teardown(reservations, clear),
        cmocka_unit_test_teardown(the_pool_of_a_network, clear),
        cmocka_unit_test_teardown(what_does_not_fit, clear),
        cmocka_unit_test_teardown(networks_behind_relays, clear),
        cmocka_unit_test_teardown(routes, clear),
        cmocka_unit_test_teardown(domains, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a hub may be reached. */
#include "hub/hub_endpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static unsigned rank(const char *text)
{
    struct el_ip ip;

    assert_int_equal(el_ip_parse(text, &ip), 0);
    return el_hub_endpoint_rank(&ip);
}

static void who_can_be_called_from_everywhere_comes_first(void **state)
{
    (void)state;
    assert_int_equal(rank("203.0.113.5"), 3);
    assert_int_equal(rank("192.0.2.1"), 3);
    assert_int_equal(rank("2001:db8::1"), 2);
    assert_int_equal(rank("2600::1"), 2);
}

static void a_site_s_own_addresses_come_last(void **state)
{
    static const char *const texts[] = {"10.1.2.3",     "172.16.0.1", "172.31.255.255",
                                        "192.168.77.1", "100.64.0.1", "fd00::1"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(rank(texts[i]), 1);
    assert_int_equal(rank("172.32.0.1"), 3);
    assert_int_equal(rank("100.128.0.1"), 3);
}

static void what_is_no_way_at_all(void **state)
{
    static const char *const texts[] = {"127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255",
                                        "0.0.0.0",   "::1",         "fe80::1",   "ff02::1"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(rank(texts[i]), 0);
}

static bool is_ours(void *arg, const char *interface)
{
    (void)interface;
    ++*(unsigned *)arg;
    return true;
}

static void interfaces_of_ours_are_none(void **state)
{
    struct el_ip ips[EL_HUB_PUBLIC_MAX];
    unsigned asked = 0;

    (void)state;
    assert_int_equal(el_hub_endpoints(is_ours, &asked, ips, EL_HUB_PUBLIC_MAX), 0);
}

static void a_person_says_more_than_one_and_not_too_many(void **state)
{
    char *list[EL_HUB_PUBLIC_MAX] = {NULL};
    unsigned count = 0;
    struct el_err err;

    (void)state;
    assert_int_equal(el_hub_public_add(list, &count, "hub.example.org", &err), 0);
    assert_int_equal(el_hub_public_add(list, &count, "[2001:db8::1]:443", &err), 0);
    assert_string_equal(list[1], "[2001:db8::1]:443");
    assert_int_equal(el_hub_public_add(list, &count, "hub:70000", &err), EL_EINVAL);
    assert_int_equal(el_hub_public_add(list, &count, "", &err), EL_EINVAL);
    assert_int_equal(count, 2);
    while (count < EL_HUB_PUBLIC_MAX)
        assert_int_equal(el_hub_public_add(list, &count, "192.0.2.1:4", &err), 0);
    assert_int_equal(el_hub_public_add(list, &count, "192.0.2.1", &err), EL_EINVAL);
    el_hub_public_clear(list, &count);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_can_be_called_from_everywhere_comes_first),
        cmocka_unit_test(a_site_s_own_addresses_come_last),
        cmocka_unit_test(what_is_no_way_at_all),
        cmocka_unit_test(interfaces_of_ours_are_none),
        cmocka_unit_test(a_person_says_more_than_one_and_not_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

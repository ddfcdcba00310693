/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only the network's own servers should say, told from all else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "datapath/guard.h"

struct frame {
    size_t len;
    uint8_t bytes[200];
};

static void put(struct frame *f, const uint8_t *bytes, size_t len)
{
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}

#define PUT(f, ...) put((f), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static struct frame ip4(uint8_t protocol, uint16_t fragment, uint16_t from, uint16_t to)
{
    struct frame f = {.len = 12};

    PUT(&f, 8, 0, 0x45, 0, 0, 100, 0, 0, (uint8_t)(fragment >> 8), (uint8_t)fragment, 64, protocol,
        0, 0, 192, 168, 77, 2, 255, 255, 255, 255);
    PUT(&f, (uint8_t)(from >> 8), (uint8_t)from, (uint8_t)(to >> 8), (uint8_t)to, 0, 20, 0, 0);
    f.len += 20;
    return f;
}

/* Up to what comes behind the IPv6 header, which is NEXT. */
static struct frame ip6(uint8_t next)
{
    struct frame f = {.len = 12};

    PUT(&f, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 40, next, 255, 0xfe, 0x80);
    f.len += 30;
    return f;
}

static enum el_guard_kind kind_of(const struct frame *f)
{
    enum el_guard_kind kind = el_guard_kind_of(f->bytes, f->len, NULL);

    if (kind != EL_GUARD_NOTHING)
        assert_true(el_guard_may_be(f->bytes));
    return kind;
}

static void answers_of_dhcp_servers(void **state)
{
    struct el_ip ip = {.family = 0};
    struct frame f = ip4(17, 0, 67, 68);

    (void)state;
    assert_int_equal(el_guard_kind_of(f.bytes, f.len, &ip), EL_GUARD_DHCP);
    assert_int_equal(el_ip4_number(&ip), 0xc0a84d02);
    f = ip4(17, 0, 4011, 68);
    assert_int_equal(kind_of(&f), EL_GUARD_DHCP);
    f = ip4(17, 0x2000, 67, 68); /* the first of several fragments */
    assert_int_equal(kind_of(&f), EL_GUARD_DHCP);
    f = ip4(17, 0, 68, 67); /* a client's */
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
    f = ip4(17, 1, 67, 68); /* not the first: there are no ports in it */
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
    f = ip4(6, 0, 67, 68);
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
    assert_false(el_guard_may_be(f.bytes));
    f = ip4(17, 0, 67, 68);
    f.bytes[14] = 0x41; /* a header that is none */
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
    f = ip4(17, 0, 67, 68);
    f.bytes[14] = 0x46; /* with an option */
    memmove(f.bytes + 38, f.bytes + 34, 20);
    assert_int_equal(kind_of(&f), EL_GUARD_DHCP);
}

static void router_advertisements_also_behind_other_headers(void **state)
{
    struct frame f = ip6(58);

    (void)state;
    PUT(&f, 134, 0, 0, 0);
    assert_int_equal(kind_of(&f), EL_GUARD_RA);
    f = ip6(58);
    PUT(&f, 135, 0, 0, 0); /* a neighbour's question */
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
    f = ip6(0);
    PUT(&f, 60, 0, 1, 4, 0, 0, 0, 0);                          /* hop-by-hop, */
    PUT(&f, 58, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* destination options */
    PUT(&f, 134, 0, 0, 0);
    assert_int_equal(kind_of(&f), EL_GUARD_RA);
    f = ip6(44);
    PUT(&f, 58, 0, 0, 1, 1, 2, 3, 4, 134, 0, 0, 0); /* the first fragment */
    assert_int_equal(kind_of(&f), EL_GUARD_RA);
    f = ip6(44);
    PUT(&f, 60, 0, 0, 1, 1, 2, 3, 4); /* what it is comes later */
    assert_int_equal(kind_of(&f), EL_GUARD_HIDDEN);
    f = ip6(44);
    PUT(&f, 58, 0, 0, 9, 1, 2, 3, 4, 134, 0, 0, 0); /* a later one */
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
    f = ip6(60);
    for (int i = 0; i < 8; i++)
        PUT(&f, 60, 0, 1, 4, 0, 0, 0, 0);
    assert_int_equal(kind_of(&f), EL_GUARD_HIDDEN);
}

static void answers_of_dhcpv6_servers(void **state)
{
    struct frame f = ip6(17);

    (void)state;
    PUT(&f, 2, 0x23, 2, 0x22, 0, 20, 0, 0);
    assert_int_equal(kind_of(&f), EL_GUARD_DHCPV6);
    f = ip6(17);
    PUT(&f, 2, 0x22, 2, 0x23, 0, 20, 0, 0);
    assert_int_equal(kind_of(&f), EL_GUARD_NOTHING);
}

static void short_frames_are_nothing_or_hidden(void **state)
{
    struct frame f = ip4(17, 0, 67, 68), six = ip6(58);

    (void)state;
    PUT(&six, 134, 0, 0, 0);
    for (size_t len = 0; len < 38; len++)
        assert_int_equal(el_guard_kind_of(f.bytes, len, NULL), EL_GUARD_NOTHING);
    for (size_t len = 0; len < 54; len++)
        assert_int_equal(el_guard_kind_of(six.bytes, len, NULL), EL_GUARD_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_dhcp_servers),
        cmocka_unit_test(router_advertisements_also_behind_other_headers),
        cmocka_unit_test(answers_of_dhcpv6_servers),
        cmocka_unit_test(short_frames_are_nothing_or_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

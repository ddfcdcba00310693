/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP, then TCP at the same port, then at 443; none twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/way.h"

static const struct el_ip hub = {4, {203, 0, 113, 10}};

/* The ways to PORT, as text, until they begin again. */
static void goes(uint16_t port, const char *const *expected)
{
    enum el_way way = EL_WAY_UDP;
    char text[EL_ENDPOINT_TEXT];

    do {
        struct el_endpoint to = el_way_to(way, &hub, port);
        assert_non_null(*expected);
        assert_string_equal(el_endpoint_text(&to, text), *expected++);
        way = el_way_after(way, port);
    } while (way != EL_WAY_UDP);
    assert_null(*expected);
}

static void ways_are_tried_in_turn(void **state)
{
    (void)state;
    goes(51820, (const char *const[]){"203.0.113.10:51820", "203.0.113.10:51820/tcp",
                                      "203.0.113.10:443/tcp", NULL});
    goes(443, (const char *const[]){"203.0.113.10:443", "203.0.113.10:443/tcp", NULL});
}

static void tcp_is_called(void **state)
{
    (void)state;
    assert_int_equal(el_way_to(EL_WAY_TCP, &hub, 1).carrier, EL_CARRIER_TCP_CALLED);
    assert_int_equal(el_way_to(EL_WAY_UDP, &hub, 1).carrier, EL_CARRIER_UDP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_are_tried_in_turn),
        cmocka_unit_test(tcp_is_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

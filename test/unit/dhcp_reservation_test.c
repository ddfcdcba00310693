/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reservations that change while the server runs, and what it tells who watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "unit/dhcp_server.h"

enum { MANY = 1000 };

static struct el_dhcp_seen seen[32];
static char files[32][EL_DHCP_URL_BYTES];
static unsigned seen_count;

static void on_seen(void *arg, const struct el_dhcp_seen *event)
{
    (void)arg;
    if (seen_count == sizeof seen / sizeof seen[0])
        return;
    seen[seen_count] = *event;
    (void)snprintf(files[seen_count], sizeof files[0], "%s", event->file);
    seen_count++;
}

static void choose(void *arg, const struct el_dhcp_client *client, struct el_dhcp_boot *boot)
{
    (void)arg;
    (void)client;
    (void)snprintf(boot->file, sizeof boot->file, "loader");
}

static int with_server(void **state)
{
    struct el_dhcp_config config = usual_config();

    (void)state;
    config.seen = on_seen;
    config.choose = choose;
    seen_count = 0;
    start(&config);
    return 0;
}

static int without_server(void **state)
{
    (void)state;
    stop();
    return 0;
}

static struct el_mac mac_of(uint16_t machine)
{
    return (struct el_mac){{0x52, 0x54, 0, 0, (uint8_t)(machine >> 8), (uint8_t)machine}};
}

static int reserve(uint16_t machine, uint32_t ip, const char *name)
{
    struct el_dhcp_reservation r = {.mac = mac_of(machine), .hostname = name};
    struct el_err err = {""};

    if (ip)
        r.ip = el_ip4(ip);
    return el_dhcp_reserve(server, &r, &err);
}

static void unreserve(uint16_t machine)
{
    struct el_mac mac = mac_of(machine);

    el_dhcp_unreserve(server, &mac);
}

static int renew(uint16_t machine, uint32_t ip)
{
    struct packet p = packet_dhclient(EL_DHCP_REQUEST, machine);

    packet_put32(&p, AT_CIADDR, ip);
    return ask(p);
}

static void a_machine_moves_to_its_reservation_when_it_asks_again(void **state)
{
    (void)state;
    uint32_t first = lease_of(packet_dhclient, 1);
    assert_int_equal(reserve(1, NET + 20, "mars"), 0);
    assert_int_equal(renew(1, first), EL_DHCP_NAK);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 20);
    struct el_wire name = el_dhcp_option(&answer, EL_DHCP_O_HOSTNAME);
    assert_memory_equal(name.at, "mars", 4);
    assert_int_equal(reserve(1, NET + 21, NULL), 0); /* another one now */
    assert_int_equal(renew(1, NET + 20), EL_DHCP_NAK);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 21);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_HOSTNAME));
}

static void an_address_in_use_is_had_when_its_holder_is_gone(void **state)
{
    (void)state;
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 100);
    assert_int_equal(reserve(2, NET + 100, NULL), 0);
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 101); /* meanwhile */
    assert_int_equal(renew(1, NET + 100), EL_DHCP_NAK);
    wait_s(601);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 102);
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 100);
}

static void what_is_taken_back_is_free_for_others(void **state)
{
    (void)state;
    for (uint16_t i = 1; i <= 10; i++)
        assert_int_equal(reserve(i, NET + 99 + i, NULL), 0);
    assert_int_equal(lease_of(packet_dhclient, 50), 0); /* the whole pool is promised */
    assert_int_equal(lease_of(packet_dhclient, 3), NET + 102);
    unreserve(3);
    assert_int_equal(renew(3, NET + 102), EL_DHCP_ACK); /* it keeps what it has */
    unreserve(7);
    unreserve(77);
    assert_int_equal(lease_of(packet_dhclient, 50), NET + 106);
}

static void an_address_outside_of_the_pool_is_nobodys_after_its_machine(void **state)
{
    (void)state;
    assert_int_equal(reserve(1, NET + 20, NULL), 0);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 20);
    unreserve(1);
    assert_int_equal(renew(1, NET + 20), EL_DHCP_ACK);
    wait_s(601);
    assert_int_equal(renew(1, NET + 20), EL_DHCP_NAK);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 100);
    /* As often as one likes. */
    for (unsigned i = 0; i < 20000; i++) {
        assert_int_equal(reserve(9, NET + 20 + i % 50, NULL), 0);
        unreserve(9);
    }
}

static void a_lease_outside_of_the_pool_survives_a_restart_without_its_reservation(void **state)
{
    (void)state;
    assert_int_equal(reserve(1, NET + 20, NULL), 0);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 20);
    struct el_dhcp_record record = out.record;
    stop();
    with_server(state);
    el_dhcp_restore(server, now_ns, wall_s, &record);
    assert_int_equal(renew(1, NET + 20), EL_DHCP_ACK);
    assert_int_equal(reserve(1, NET + 20, NULL), 0);
    assert_int_equal(renew(1, NET + 20), EL_DHCP_ACK);
}

static void a_reservation_that_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_int_equal(reserve(1, 0x0a000001, NULL), EL_EINVAL);
    assert_int_equal(reserve(1, NET + 1, NULL), EL_EINVAL);
    assert_int_equal(reserve(1, NET + 255, NULL), EL_EINVAL);
    assert_int_equal(reserve(1, NET + 20, NULL), 0);
    assert_int_equal(reserve(2, NET + 20, NULL), EL_EEXIST);
    assert_int_equal(reserve(1, NET + 20, "again"), 0);
    char name[EL_DHCP_HOSTNAME_BYTES + 1];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(reserve(3, NET + 30, name), EL_EINVAL);
    assert_int_equal(reserve(4, NET + 30, NULL), 0); /* .30 was not left taken */
    const struct el_dhcp_reservation nobody = {.ip = el_ip4(NET + 40)};
    struct el_err err = {""};
    assert_int_equal(el_dhcp_reserve(server, &nobody, &err), EL_EINVAL);
}

static void a_name_needs_no_address(void **state)
{
    (void)state;
    assert_int_equal(reserve(1, 0, "venus"), 0);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 100);
    struct el_wire name = el_dhcp_option(&answer, EL_DHCP_O_HOSTNAME);
    assert_memory_equal(name.at, "venus", 5);
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 101);
}

static void there_is_an_end_to_them(void **state)
{
    struct el_dhcp_config config = usual_config();

    (void)state;
    stop();
    (void)el_prefix_parse("192.168.0.0/16", &config.subnet);
    config.reservation_max = MANY;
    start(&config);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(reserve((uint16_t)(i + 1), 0xc0a80000u + 1 + i, NULL), 0);
    assert_int_equal(reserve(9999, 0xc0a8f000u, NULL), EL_EFULL);
    assert_int_equal(reserve(5, 0xc0a8f000u, NULL), EL_EFULL); /* no row beside its present one */
    unreserve(6);
    assert_int_equal(reserve(5, 0xc0a8f000u, NULL), 0);
}

static void who_watches_is_told_every_step(void **state)
{
    (void)state;
    (void)lease_of(packet_bios, 1);
    (void)renew(1, NET + 105);
    const struct {
        enum el_dhcp_seen_kind kind;
        uint32_t ip;
        const char *file;
    } expected[] = {
        {EL_DHCP_SEEN_DISCOVER, 0, ""},        {EL_DHCP_SEEN_OFFER, NET + 100, "loader"},
        {EL_DHCP_SEEN_REQUEST, NET + 100, ""}, {EL_DHCP_SEEN_ACK, NET + 100, "loader"},
        {EL_DHCP_SEEN_REQUEST, NET + 105, ""},
    };
    assert_true(seen_count >= 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(seen[i].kind, expected[i].kind);
        assert_int_equal(el_ip4_number(&seen[i].ip), expected[i].ip);
        assert_string_equal(files[i], expected[i].file);
    }
    (void)renew(1, NET + 100);
    assert_true(out.durable);
    el_dhcp_undo(server, &out);
    assert_int_equal(seen[seen_count - 1].kind, EL_DHCP_SEEN_NOT_KEPT);
    struct packet p = packet_dhclient(EL_DHCP_REQUEST, 1);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, NET + 100);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 66);
    assert_int_equal(ask(p), 0);
    assert_int_equal(seen[seen_count - 1].kind, EL_DHCP_SEEN_ELSEWHERE);
    assert_int_equal(el_ip4_number(&seen[seen_count - 1].ip), NET + 66);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_server, without_server)
    const struct CMUnitTest tests[] = {
        TEST(a_machine_moves_to_its_reservation_when_it_asks_again),
        TEST(an_address_in_use_is_had_when_its_holder_is_gone),
        TEST(what_is_taken_back_is_free_for_others),
        TEST(an_address_outside_of_the_pool_is_nobodys_after_its_machine),
        TEST(a_lease_outside_of_the_pool_survives_a_restart_without_its_reservation),
        TEST(a_reservation_that_cannot_be_is_refused),
        TEST(a_name_needs_no_address),
        TEST(there_is_an_end_to_them),
        TEST(who_watches_is_told_every_step),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

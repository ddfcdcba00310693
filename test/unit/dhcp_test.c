/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DHCP server by RFC 2131: who gets which address, when, and what it survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/csprng.h"
#include "base/err.h"
#include "base/log.h"
#include "unit/dhcp_server.h"

static int with_server(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();

    start(&config);
    return 0;
}

static int without_server(void **state)
{
    (void)state;
    stop();
    return 0;
}

static struct packet request_for(uint16_t machine, uint32_t ip)
{
    struct packet p = packet_dhclient(EL_DHCP_REQUEST, machine);

    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, ip);
    return p;
}

static struct packet select_of(uint16_t machine, uint32_t ip)
{
    struct packet p = request_for(machine, ip);

    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
    return p;
}

static struct packet renew_of(uint16_t machine, uint32_t ip)
{
    struct packet p = packet_dhclient(EL_DHCP_REQUEST, machine);

    packet_put32(&p, AT_CIADDR, ip);
    return p;
}

static struct packet decline_of(uint16_t machine, uint32_t ip)
{
    struct packet p = select_of(machine, ip);

    p.bytes[242] = EL_DHCP_DECLINE;
    return p;
}

/* -- the usual course -- */

static void a_lease_is_offered_requested_and_acknowledged(void **state)
{
    (void)state;
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 100);
    assert_int_equal(answer.xid, 0x12340001);
    assert_int_equal(answer.chaddr[5], 1);
    assert_false(out.durable);
    assert_int_equal(ask(select_of(1, NET + 100)), EL_DHCP_ACK);
    assert_int_equal(answer.yiaddr, NET + 100);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_LEASE_S), 600);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_T1_S), 300);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_T2_S), 525);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_MASK), 0xffffff00);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_ROUTER), NET + 1);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_DNS), NET + 1);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_BROADCAST), NET + 255);
    assert_true(out.durable);
    assert_int_equal(out.record.state, EL_DHCP_BOUND);
    assert_int_equal(el_ip4_number(&out.record.ip), NET + 100);
    assert_int_equal(out.record.until_s, wall_s + 600);
}

static void a_machine_keeps_its_address(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 101);
    assert_int_equal(lease_of(packet_dhclient, 1), ip);
    wait_s(601); /* it has expired, and is not needed by another */
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 0);
    assert_int_equal(lease_of(packet_dhclient, 3), NET + 102);
    assert_int_equal(lease_of(packet_dhclient, 1), ip);
}

/* Firmware, iPXE and system send different identifiers; the machine is one. */
static void firmware_ipxe_and_system_get_the_same_address(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_edk2, 5);
    assert_int_not_equal(ip, 0);
    assert_int_equal(lease_of(packet_duid, 5), ip);
    assert_int_equal(lease_of(packet_windows, 5), ip);
    assert_int_equal(lease_of(packet_bios, 5), ip);
}

static void by_client_id_they_are_different_clients(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();

    stop();
    config.by_client_id = true;
    start(&config);
    uint32_t ip = lease_of(packet_edk2, 5);
    assert_int_not_equal(lease_of(packet_duid, 5), ip);
}

static void the_requested_address_is_given_if_free(void **state)
{
    (void)state;
    struct packet p = packet_dhclient(EL_DHCP_DISCOVER, 1);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, NET + 107);
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 107);
    p = packet_dhclient(EL_DHCP_DISCOVER, 2);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, NET + 107);
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 100);
    p = packet_dhclient(EL_DHCP_DISCOVER, 3); /* outside the pool */
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, NET + 7);
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 101);
}

static void an_offer_that_is_not_taken_is_free_again(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 10; i++)
        assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, i)), EL_DHCP_OFFER);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 10)), 0);
    assert_int_equal(el_dhcp_deadline(server), now_ns + 30 * EL_S);
    wait_s(30);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 10)), EL_DHCP_OFFER);
}

static void choosing_another_server_frees_the_offer(void **state)
{
    (void)state;
    struct packet p = request_for(1, 0x0a000005);
    ask(packet_dhclient(EL_DHCP_DISCOVER, 1));
    packet_ip(&p, EL_DHCP_O_SERVER_ID, 0x0a000001);
    assert_int_equal(ask(p), 0);
    assert_false(out.durable);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_OFFERED), 0);
}

/* -- REQUEST in each state of the client (RFC 2131 §4.3.2, table 4) -- */

static void selecting_what_was_not_offered_is_refused(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    assert_int_equal(ask(select_of(2, ip)), EL_DHCP_NAK);
    assert_int_equal(answer.yiaddr, 0);
    assert_int_equal(out.delivery, EL_DHCP_BROADCAST);
    assert_false(out.durable);
    assert_int_equal(ask(select_of(2, NET + 7)), EL_DHCP_NAK); /* outside the pool */
    assert_int_equal(ask(select_of(2, NET + 1)), EL_DHCP_NAK); /* the server's own */
    assert_int_equal(ask(select_of(2, NET)), EL_DHCP_NAK);     /* the network's */
    assert_int_equal(ask(select_of(2, 0x0a000005)), EL_DHCP_NAK);
}

static void init_reboot_is_confirmed_or_refused(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    assert_int_equal(ask(request_for(1, ip)), EL_DHCP_ACK);
    assert_int_equal(ask(request_for(1, NET + 105)), EL_DHCP_ACK);  /* free, and ours to give */
    assert_int_equal(ask(request_for(2, NET + 105)), EL_DHCP_NAK);  /* another's now */
    assert_int_equal(ask(request_for(1, 0xc0a80105)), EL_DHCP_NAK); /* it was moved here */
    assert_int_equal(out.delivery, EL_DHCP_BROADCAST);
}

static void who_is_not_authoritative_keeps_silent_about_strangers(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();
    stop();
    config.not_authoritative = true;
    start(&config);
    assert_int_equal(ask(request_for(9, NET + 105)), 0);
    assert_int_equal(ask(renew_of(9, NET + 105)), 0);
    uint32_t ip = lease_of(packet_dhclient, 1);
    assert_int_equal(ask(request_for(1, ip)), EL_DHCP_ACK);
}

static void renewing_extends_by_unicast(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    wait_s(300);
    assert_int_equal(ask_from(renew_of(1, ip), ip, NET + 1, 67), EL_DHCP_ACK);
    assert_int_equal(out.delivery, EL_DHCP_ROUTED);
    assert_int_equal(el_ip4_number(&out.to.ip), ip);
    assert_int_equal(out.to.port, 68);
    assert_int_equal(answer.ciaddr, ip);
    wait_s(599);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 1);
    wait_s(1);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 0);
}

static void rebinding_is_broadcast_and_answered_to_the_address(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    assert_int_equal(ask_from(renew_of(1, ip), ip, UINT32_MAX, 67), EL_DHCP_ACK);
    assert_int_equal(el_ip4_number(&out.to.ip), ip);
    assert_int_equal(ask_from(renew_of(2, ip), ip, UINT32_MAX, 67), EL_DHCP_NAK);
}

/* CVE-2025-40779 of another server: a unicast request whose address matches no subnet. */
static void a_unicast_renewal_from_nowhere_is_not_answered(void **state)
{
    (void)state;
    assert_int_equal(ask_from(renew_of(1, 0x08080808), 0x08080808, NET + 1, 67), 0);
    assert_int_equal(ask_from(renew_of(1, 0), 0, NET + 1, 67), 0);
    assert_int_equal(el_dhcp_stats(server)->replies, 0);
}

/* Our restart between OFFER and REQUEST forgets the offer; the client should not notice. */
static void a_request_for_a_forgotten_offer_is_granted(void **state)
{
    (void)state;
    assert_int_equal(ask(select_of(1, NET + 103)), EL_DHCP_ACK);
    assert_int_equal(answer.yiaddr, NET + 103);
}

/* -- the other messages -- */

static void release_frees_for_good(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    struct packet p = packet_dhclient(EL_DHCP_RELEASE, 1);
    packet_put32(&p, AT_CIADDR, ip);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
    assert_int_equal(ask_from(p, ip, NET + 1, 67), 0);
    assert_true(out.durable);
    assert_int_equal(out.delivery, EL_DHCP_NO_REPLY);
    assert_int_equal(out.record.state, EL_DHCP_FREE);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 0);
}

static void nobody_releases_or_declines_for_another(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    struct packet p = packet_dhclient(EL_DHCP_RELEASE, 2);
    packet_put32(&p, AT_CIADDR, ip);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
    ask_from(p, ip, NET + 1, 67);
    assert_false(out.durable);
    ask(decline_of(2, ip));
    assert_false(out.durable);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 1);
}

static void a_declined_address_rests(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_dhclient, 1);
    assert_int_equal(ask(decline_of(1, ip)), 0);
    assert_true(out.durable);
    assert_int_equal(out.record.state, EL_DHCP_DECLINED);
    assert_int_not_equal(lease_of(packet_dhclient, 1), ip);
    assert_int_equal(ask(select_of(2, ip)), EL_DHCP_NAK);
    wait_s(300);
    assert_int_equal(ask(select_of(2, ip)), EL_DHCP_ACK);
}

/* Declining all of the pool is an attack, not a reason to serve nobody. */
static void resting_addresses_are_used_before_nobody_is_served(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 10; i++) {
        uint32_t ip = lease_of(packet_dhclient, i);
        assert_int_not_equal(ip, 0);
        ask(decline_of(i, ip));
        wait_s(1);
    }
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_DECLINED), 10);
    assert_int_equal(lease_of(packet_dhclient, 50), NET + 100);
}

static void inform_gets_parameters_and_no_lease(void **state)
{
    (void)state;
    struct packet p = packet_windows(EL_DHCP_INFORM, 1);
    packet_put32(&p, AT_CIADDR, NET + 55);
    assert_int_equal(ask_from(p, NET + 55, UINT32_MAX, 67), EL_DHCP_ACK);
    assert_int_equal(answer.yiaddr, 0);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_LEASE_S));
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_MASK), 0xffffff00);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 55);
    assert_false(out.durable);
    packet_put32(&p, AT_CIADDR, 0x08080808); /* not ours to answer, nor a reflector */
    assert_int_equal(ask_from(p, 0x08080808, NET + 1, 67), 0);
    packet_put32(&p, AT_CIADDR, NET + 255);
    assert_int_equal(ask_from(p, NET + 255, NET + 1, 67), 0);
}

static void what_is_no_request_is_ignored(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, EL_DHCP_OFFER, EL_DHCP_ACK, EL_DHCP_NAK, 9, 13, 255};
    for (size_t i = 0; i < sizeof types; i++)
        assert_int_equal(ask(packet_dhclient(types[i], 1)), 0);
    struct packet p = packet_dhclient(EL_DHCP_DISCOVER, 1);
    p.bytes[0] = 2;
    assert_int_equal(ask(p), 0);
    p.bytes[0] = 1;
    p.bytes[AT_CHADDR] |= 1; /* a group address is nobody's */
    assert_int_equal(ask(p), 0);
    assert_int_equal(el_dhcp_stats(server)->malformed, 2);
}

/* -- where replies go (RFC 2131 §4.1) -- */

static void replies_go_where_the_client_can_hear_them(void **state)
{
    (void)state;
    struct packet p = packet_dhclient(EL_DHCP_DISCOVER, 1);
    ask(p);
    assert_int_equal(out.delivery, EL_DHCP_LINK);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 100);
    assert_int_equal(out.mac.b[5], 1);
    assert_int_equal(el_ip4_number(&out.from), NET + 1);
    p.bytes[AT_FLAGS] = 0x80;
    ask(p);
    assert_int_equal(out.delivery, EL_DHCP_BROADCAST);
    assert_int_equal(el_ip4_number(&out.to.ip), UINT32_MAX);
    assert_int_equal(out.to.port, 68);
    assert_int_equal(answer.flags, 0x8000);
}

/* Found by the fuzzer: an offer went to whatever address the DISCOVER claimed to have. */
static void a_discover_with_an_address_is_no_reflector(void **state)
{
    (void)state;
    struct packet p = packet_dhclient(EL_DHCP_DISCOVER, 1);
    packet_put32(&p, AT_CIADDR, 0x08080808);
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 100);
    assert_int_equal(out.delivery, EL_DHCP_LINK);
}

static struct packet relayed(struct packet p, uint32_t giaddr)
{
    packet_put32(&p, AT_GIADDR, giaddr);
    p.bytes[AT_FLAGS] = 0x80;
    return p;
}

static void a_relay_gets_the_reply(void **state)
{
    (void)state;
    struct packet p = relayed(packet_dhclient(EL_DHCP_DISCOVER, 1), NET + 254);
    OPTION(&p, 82, 1, 4, 'e', 't', 'h', '0', 2, 2, 0xaa, 0xbb);
    assert_int_equal(ask_from(p, NET + 254, NET + 1, 67), EL_DHCP_OFFER);
    assert_int_equal(out.delivery, EL_DHCP_ROUTED);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 254);
    assert_int_equal(out.to.port, 67);
    assert_int_equal(answer.giaddr, NET + 254);
    assert_int_equal(answer.flags, 0x8000);
    assert_int_equal(answer.options.of[82].len, 10); /* RFC 3046 §2.2: unchanged, and the last */
    assert_int_equal(answer.options.order[answer.options.count - 1], 82);
    struct el_wire w = el_dhcp_suboption(el_dhcp_option(&answer, 82), 1);
    assert_memory_equal(w.at, "eth0", 4);
}

static void a_nak_through_a_relay_asks_it_to_broadcast(void **state)
{
    (void)state;
    struct packet p = relayed(select_of(2, NET + 7), NET + 254);
    p.bytes[AT_FLAGS] = 0;
    assert_int_equal(ask_from(p, NET + 254, NET + 1, 67), EL_DHCP_NAK);
    assert_int_equal(answer.flags, 0x8000);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 254);
}

static void the_relay_of_another_network_is_not_served(void **state)
{
    (void)state;
    struct packet p = relayed(packet_dhclient(EL_DHCP_DISCOVER, 1), 0x0a000001);
    assert_int_equal(ask_from(p, 0x0a000001, NET + 1, 67), 0);
    /* RFC 3527: unless it says that the client's link is ours; and the other way round */
    OPTION(&p, 82, 5, 4, 192, 168, 77, 0);
    assert_int_equal(ask_from(p, 0x0a000001, NET + 1, 67), EL_DHCP_OFFER);
    assert_int_equal(el_ip4_number(&out.to.ip), 0x0a000001);
    p = relayed(packet_dhclient(EL_DHCP_DISCOVER, 1), NET + 254);
    OPTION(&p, 82, 5, 4, 10, 0, 0, 0);
    assert_int_equal(ask_from(p, NET + 254, NET + 1, 67), 0);
}

static void one_relay_does_not_get_the_whole_pool(void **state)
{
    (void)state;
    unsigned got = 0;
    for (uint16_t i = 0; i < 10; i++)
        got += ask(relayed(packet_dhclient(EL_DHCP_DISCOVER, i), NET + 254)) == EL_DHCP_OFFER;
    assert_int_equal(got, 5);
    assert_int_equal(ask(relayed(packet_dhclient(EL_DHCP_DISCOVER, 1), NET + 254)), EL_DHCP_OFFER);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 20)), EL_DHCP_OFFER);
    assert_int_equal(ask(relayed(packet_dhclient(EL_DHCP_DISCOVER, 21), NET + 253)), EL_DHCP_OFFER);
    wait_s(30);
    assert_int_equal(ask(relayed(packet_dhclient(EL_DHCP_DISCOVER, 30), NET + 254)), EL_DHCP_OFFER);
}

static void strangers_get_so_many_offers_at_a_time(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();
    stop();
    config.offers_max = 3;
    start(&config);
    uint32_t ip = lease_of(packet_dhclient, 1);
    for (uint16_t i = 10; i < 13; i++)
        assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, i)), EL_DHCP_OFFER);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 13)), 0);
    assert_int_equal(ask(select_of(13, NET + 109)), EL_DHCP_NAK);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), EL_DHCP_OFFER); /* no stranger */
    assert_int_equal(answer.yiaddr, ip);
}

/* -- options -- */

static void what_was_asked_for_is_sent(void **state)
{
    (void)state;
    struct el_dhcp_route route = {.via = el_ip4(NET + 2)};
    struct el_dhcp_config config = usual_config();
    stop();
    assert_int_equal(el_prefix_parse("10.17.0.0/20", &route.to), 0);
    config.domain = "lab.example";
    config.search = "lab.example, example";
    config.ntp[0] = el_ip4(NET + 3);
    config.routes = &route;
    config.route_count = 1;
    start(&config);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), EL_DHCP_OFFER);
    struct el_wire w = el_dhcp_option(&answer, EL_DHCP_O_SEARCH);
    assert_int_equal(el_wire_left(&w), 22);
    assert_memory_equal(w.at, "\3lab\7example\0\7example", 22);
    w = el_dhcp_option(&answer, EL_DHCP_O_ROUTES); /* RFC 3442, with the default route */
    static const uint8_t routes[] = {20, 10, 17, 0, 192, 168, 77, 2, 0, 192, 168, 77, 1};
    assert_int_equal(el_wire_left(&w), sizeof routes);
    assert_memory_equal(w.at, routes, sizeof routes);
    w = el_dhcp_option(&answer, EL_DHCP_O_DOMAIN);
    assert_memory_equal(w.at, "lab.example", 11);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_NTP), NET + 3);
    assert_int_equal(ask(packet_edk2(EL_DHCP_DISCOVER, 2)), EL_DHCP_OFFER);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_ROUTES)); /* it did not ask */
}

static void the_clients_size_limit_is_kept(void **state)
{
    (void)state;
    static char search[900];
    struct el_dhcp_config config = usual_config();
    stop();
    for (size_t i = 0; i < 70; i++)
        memcpy(search + i * 12, "subnet.test ", 12);
    config.search = search;
    start(&config);
    struct packet p = packet_begin(EL_DHCP_DISCOVER, 1);
    OPTION(&p, 55, 119);
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_true(out.len <= 548);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_ROUTER),
                     NET + 1); /* what matters is there */
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_SEARCH));
    OPTION(&p, 57, 0x05, 0xdc);
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_true(el_dhcp_has(&answer, EL_DHCP_O_SEARCH));
    assert_true(out.len <= 1472);
    p = packet_begin(EL_DHCP_DISCOVER, 1);
    OPTION(&p, 57, 0, 100); /* less than anything may ask for */
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_in_range(out.len, 300, 548);
}

/* -- reservations -- */

static void reservations_are_kept_for_their_machines(void **state)
{
    (void)state;
    static const uint8_t id[] = {255, 0, 0, 0, 1, 0, 2, 0, 0, 0xab, 0x11, 0, 9, 7, 7, 7};
    const struct el_dhcp_reservation reservations[] = {
        {.mac = {{0x52, 0x54, 0, 0, 0, 8}}, .ip = el_ip4(NET + 20), .hostname = "mars"},
        {.client_id = id, .client_id_len = sizeof id, .ip = el_ip4(NET + 100)},
    };
    struct el_dhcp_config config = usual_config();
    stop();
    config.reservations = reservations;
    config.reservation_count = 2;
    start(&config);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 101); /* .100 is another's */
    assert_int_equal(lease_of(packet_dhclient, 8), NET + 20);
    struct el_wire w = el_dhcp_option(&answer, EL_DHCP_O_HOSTNAME);
    assert_memory_equal(w.at, "mars", 4);
    assert_int_equal(lease_of(packet_duid, 9), NET + 100);
    assert_int_equal(ask(select_of(2, NET + 20)), EL_DHCP_NAK);
    assert_int_equal(ask(select_of(8, NET + 105)), EL_DHCP_NAK); /* it shall have its own */
    ask(decline_of(8, NET + 20)); /* somebody else sits there: another address meanwhile */
    assert_int_equal(lease_of(packet_dhclient, 8), NET + 102);
    wait_s(301);
    assert_int_equal(lease_of(packet_dhclient, 8), NET + 20);
}

/* -- durability -- */

static void what_could_not_be_kept_did_not_happen(void **state)
{
    (void)state;
    ask(packet_dhclient(EL_DHCP_DISCOVER, 1));
    assert_int_equal(ask(select_of(1, NET + 100)), EL_DHCP_ACK);
    el_dhcp_undo(server, &out);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 0);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_OFFERED), 1);
    assert_int_equal(ask(select_of(1, NET + 100)), EL_DHCP_ACK);
    wait_s(100);
    assert_int_equal(ask(renew_of(1, NET + 100)), EL_DHCP_ACK);
    el_dhcp_undo(server, &out); /* the renewal is gone, the lease is not */
    wait_s(499);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 1);
    wait_s(1);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 0);
}

static void records_bring_the_leases_back(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();
    struct el_dhcp_record bound, declined, absurd, foreign;
    lease_of(packet_dhclient, 1);
    bound = out.record;
    lease_of(packet_dhclient, 2);
    ask(decline_of(2, NET + 101));
    declined = out.record;
    absurd = bound;
    absurd.ip = el_ip4(NET + 105);
    absurd.owner.bytes[7] = 77;
    absurd.until_s += 1000000;
    foreign = bound;
    foreign.ip = el_ip4(0x0a000005);
    stop();
    start(&config);
    el_dhcp_restore(server, now_ns, wall_s + 200, &foreign);
    el_dhcp_restore(server, now_ns, wall_s + 200, &declined);
    el_dhcp_restore(server, now_ns, wall_s + 200, &bound);
    el_dhcp_restore(server, now_ns, wall_s + 200, &absurd);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 2);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_DECLINED), 1);
    assert_int_equal(ask(select_of(9, NET + 100)), EL_DHCP_NAK);
    assert_int_equal(ask(select_of(9, NET + 101)), EL_DHCP_NAK);
    wait_s(100); /* the quarantine had 100 s left, the lease 400, the absurd one has its 600 */
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_DECLINED), 0);
    wait_s(300);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 1);
    wait_s(200);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_BOUND), 0);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 100);
}

/* -- configuration -- */

static void refuse(const struct el_dhcp_config *config, const char *expected)
{
    struct el_err err = {.text = ""};

    assert_null(el_dhcp_new(config, &err));
    if (!strstr(err.text, expected))
        fail_msg("\"%s\" does not say \"%s\"", err.text, expected);
}

static void a_wrong_configuration_is_explained(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();
    config.ranges[0].last = el_ip4(NET + 300);
    refuse(&config, "pool 192.168.77.100-192.168.78.44: not a range within the network");
    config = usual_config();
    config.ranges[0].last = el_ip4(NET + 50);
    refuse(&config, "not a range");
    config = usual_config();
    config.server = el_ip4(0x0a000001);
    refuse(&config, "server 10.0.0.1: not in the network 192.168.77.0/24");
    config = usual_config();
    config.lease_s = 5;
    refuse(&config, "lease of 5 s: at least 60");
    const struct el_dhcp_reservation r[] = {
        {.mac = {{2, 0, 0, 0, 0, 1}}, .ip = el_ip4(NET + 9)},
        {.mac = {{2, 0, 0, 0, 0, 2}}, .ip = el_ip4(NET + 9)},
    };
    config = usual_config();
    config.reservations = r;
    config.reservation_count = 2;
    refuse(&config, "reservation 192.168.77.9: given twice");
}

/* The pool may span the server's own and other taken addresses: they are left out. */
static void taken_addresses_are_not_given(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();
    stop();
    config.ranges[0].first = el_ip4(NET);
    config.ranges[0].last = el_ip4(NET + 4);
    config.dns[0] = el_ip4(NET + 2);
    start(&config);
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 3);
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 4);
    assert_int_equal(lease_of(packet_dhclient, 3), 0);
}

/* -- the log -- */

/* Runs ACTION and returns what it wrote to standard error. */
static const char *logged(void (*action)(void))
{
    static char text[65536];
    int standard_error = dup(STDERR_FILENO);
    FILE *file = tmpfile();

    assert_non_null(file);
    el_log_setup(EL_LOG_INFO, EL_LOG_TEXT);
    dup2(fileno(file), STDERR_FILENO);
    action();
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static unsigned occurrences(const char *text, const char *part)
{
    unsigned count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

static void take_the_pool(void)
{
    for (uint16_t i = 0; i < 10; i++)
        lease_of(packet_dhclient, i);
}

static void ask_in_vain_for_five_minutes(void)
{
    for (int i = 0; i < 60; i++) {
        ask(packet_dhclient(EL_DHCP_DISCOVER, 20));
        wait_s(5);
    }
}

static void flood(void)
{
    for (uint16_t i = 0; i < 5000; i++)
        ask(packet_dhclient(EL_DHCP_DISCOVER, i));
    wait_s(1);
    ask(packet_dhclient(EL_DHCP_DISCOVER, 1));
}

static void who_gets_no_answer_is_named_with_the_reason_once_a_minute(void **state)
{
    (void)state;
    assert_int_equal(occurrences(logged(take_the_pool), "dhcp: ack mac=52:54:00:00:00:"), 10);
    const char *text = logged(ask_in_vain_for_five_minutes);
    assert_int_equal(occurrences(text, "warn dhcp: unanswered mac=52:54:00:00:00:14 "
                                       "message=discover why=pool-empty"),
                     5);
}

static void a_flood_does_not_fill_the_log(void **state)
{
    (void)state;
    const char *text = logged(flood);
    assert_true(occurrences(text, "\n") < 300);
    assert_int_equal(occurrences(text, "dhcp: flood lines_not_written="), 1);
}

/* -- a long life of random clients -- */

enum { CLIENTS = 40, STEPS = 60000 };

/* What a client believes: its address, and until when. */
static struct {
    uint32_t ip, offered;
    uint64_t until_ns;
} beliefs[CLIENTS];

static struct packet random_packet(unsigned client, unsigned *kind)
{
    static client_packet *const clients[] = {packet_dhclient, packet_edk2, packet_duid,
                                             packet_windows};
    static const uint8_t types[] = {EL_DHCP_DISCOVER, EL_DHCP_REQUEST, EL_DHCP_REQUEST,
                                    EL_DHCP_REQUEST,  EL_DHCP_REQUEST, EL_DHCP_RELEASE,
                                    EL_DHCP_DECLINE,  EL_DHCP_INFORM};
    *kind = el_random_below(sizeof types);
    struct packet p = clients[el_random_below(4)](types[*kind], (uint16_t)client);
    uint32_t wild = NET + 95 + el_random_below(20);
    uint32_t ip = el_random_below(4) == 0 ? wild : beliefs[client].ip;

    switch (*kind) {
    case 1: /* selecting */
        packet_ip(&p, 54, NET + 1);
        packet_ip(&p, 50, el_random_below(5) == 0 ? wild : beliefs[client].offered);
        break;
    case 2: packet_ip(&p, 50, ip); break;           /* init-reboot */
    case 3: packet_put32(&p, AT_CIADDR, ip); break; /* renewing */
    case 4:                                         /* another server */
        packet_ip(&p, 54, NET + 2);
        packet_ip(&p, 50, ip);
        break;
    case 5: packet_put32(&p, AT_CIADDR, ip); /* fall through */
    case 6:
        packet_ip(&p, 54, NET + 1);
        packet_ip(&p, 50, ip);
        break;
    case 7: packet_put32(&p, AT_CIADDR, ip); break;
    default: break;
    }
    return p;
}

static void assert_exclusive(unsigned client, uint32_t ip)
{
    assert_in_range(ip, NET + 100, NET + 109);
    for (unsigned other = 0; other < CLIENTS; other++)
        if (other != client && beliefs[other].ip == ip && beliefs[other].until_ns > now_ns)
            fail_msg("clients %u and %u both have %x", client, other, ip);
}

static void no_two_clients_ever_have_one_address(void **state)
{
    (void)state;
    el_random_seed_for_test(20261121);
    memset(beliefs, 0, sizeof beliefs);
    unsigned acks = 0, failures = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned client = el_random_below(CLIENTS), kind;
        struct packet p = random_packet(client, &kind);
        if (kind == 0 || kind == 1) /* who is looking for an address uses none */
            beliefs[client].until_ns = 0;
        int type = ask(p);
        bool kept = !out.durable || el_random_below(8) > 0;
        if (!kept) {
            el_dhcp_undo(server, &out);
            failures++;
            continue; /* the answer, if there was one, is not sent */
        }
        if (type == EL_DHCP_OFFER) {
            assert_exclusive(client, answer.yiaddr);
            beliefs[client].offered = answer.yiaddr;
        } else if (type == EL_DHCP_ACK && answer.yiaddr) {
            assert_true(out.durable);
            assert_int_equal(out.record.state, EL_DHCP_BOUND);
            assert_exclusive(client, answer.yiaddr);
            beliefs[client].ip = answer.yiaddr;
            beliefs[client].until_ns = now_ns + 600 * EL_S;
            acks++;
        } else if (type == EL_DHCP_NAK ||
                   (type == 0 && out.durable)) { /* it gave its address back */
            beliefs[client].until_ns = 0;
        }
        wait_s(el_random_below(20));
    }
    assert_true(acks > STEPS / 20);
    assert_true(failures > 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_server, without_server)
    const struct CMUnitTest tests[] = {
        TEST(a_lease_is_offered_requested_and_acknowledged),
        TEST(a_machine_keeps_its_address),
        TEST(firmware_ipxe_and_system_get_the_same_address),
        TEST(by_client_id_they_are_different_clients),
        TEST(the_requested_address_is_given_if_free),
        TEST(an_offer_that_is_not_taken_is_free_again),
        TEST(choosing_another_server_frees_the_offer),
        TEST(selecting_what_was_not_offered_is_refused),
        TEST(init_reboot_is_confirmed_or_refused),
        TEST(who_is_not_authoritative_keeps_silent_about_strangers),
        TEST(renewing_extends_by_unicast),
        TEST(rebinding_is_broadcast_and_answered_to_the_address),
        TEST(a_unicast_renewal_from_nowhere_is_not_answered),
        TEST(a_request_for_a_forgotten_offer_is_granted),
        TEST(release_frees_for_good),
        TEST(nobody_releases_or_declines_for_another),
        TEST(a_declined_address_rests),
        TEST(resting_addresses_are_used_before_nobody_is_served),
        TEST(inform_gets_parameters_and_no_lease),
        TEST(what_is_no_request_is_ignored),
        TEST(replies_go_where_the_client_can_hear_them),
        TEST(a_discover_with_an_address_is_no_reflector),
        TEST(a_relay_gets_the_reply),
        TEST(a_nak_through_a_relay_asks_it_to_broadcast),
        TEST(the_relay_of_another_network_is_not_served),
        TEST(one_relay_does_not_get_the_whole_pool),
        TEST(strangers_get_so_many_offers_at_a_time),
        TEST(what_was_asked_for_is_sent),
        TEST(the_clients_size_limit_is_kept),
        TEST(reservations_are_kept_for_their_machines),
        TEST(what_could_not_be_kept_did_not_happen),
        TEST(records_bring_the_leases_back),
        TEST(a_wrong_configuration_is_explained),
        TEST(taken_addresses_are_not_given),
        TEST(who_gets_no_answer_is_named_with_the_reason_once_a_minute),
        TEST(a_flood_does_not_fill_the_log),
        TEST(no_two_clients_ever_have_one_address),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

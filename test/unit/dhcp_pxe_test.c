/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What real boot firmware insists on, one machine that could not boot per test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "unit/dhcp_server.h"

static struct el_dhcp_boot chosen;  /* what choose says; */
static struct el_dhcp_client asked; /* and what it was told */
static unsigned choices;

static void choose(void *arg, const struct el_dhcp_client *client, struct el_dhcp_boot *boot)
{
    assert_ptr_equal(arg, &chosen);
    asked = *client;
    *boot = chosen;
    choices++;
}

static int with_server(void **state)
{
    (void)state;
    struct el_dhcp_config config = usual_config();

    config.choose = choose;
    config.choose_arg = &chosen;
    choices = 0;
    chosen = (struct el_dhcp_boot){.file = "snponly.efi"};
    start(&config);
    return 0;
}

static int without_server(void **state)
{
    (void)state;
    stop();
    return 0;
}

static void assert_text(uint8_t code, const char *text)
{
    struct el_wire w = el_dhcp_option(&answer, code);

    assert_int_equal(el_wire_left(&w), strlen(text));
    assert_memory_equal(w.at, text, strlen(text));
}

static void assert_boot_file(const char *file)
{
    struct el_wire w = el_dhcp_option(&answer, EL_DHCP_O_BOOT_FILE);

    assert_string_equal(answer.file, file);
    assert_int_equal(el_wire_left(&w), strlen(file) + 1); /* and its NUL */
    assert_string_equal((const char *)w.at, file);
}

static void the_boot_file_is_in_both_places_of_offer_and_ack(void **state)
{
    (void)state;
    assert_int_equal(ask(packet_edk2(EL_DHCP_DISCOVER, 1)), EL_DHCP_OFFER);
    assert_boot_file("snponly.efi");
    assert_int_not_equal(lease_of(packet_edk2, 1), 0);
    assert_boot_file("snponly.efi");
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_OVERLOAD));
}

static void option_67_ends_in_a_nul_before_the_next_option(void **state)
{
    (void)state;
    static const char needle[] = "snponly.efi";
    ask(packet_edk2(EL_DHCP_DISCOVER, 1));
    const uint8_t *found = NULL;
    for (size_t i = 240; i + 12 < out.len; i++)
        if (memcmp(out.bytes + i, needle, 11) == 0)
            found = out.bytes + i;
    assert_non_null(found);
    assert_int_equal(found[-2], 67);
    assert_int_equal(found[-1], 12);
    assert_int_equal(found[11], 0);
}

static void siaddr_and_option_66_name_the_tftp_server(void **state)
{
    (void)state;
    ask(packet_bios(EL_DHCP_DISCOVER, 1));
    assert_int_equal(answer.siaddr, NET + 1);
    assert_text(EL_DHCP_O_TFTP_SERVER, "192.168.77.1");
    chosen.next_server = el_ip4(NET + 9);
    ask(packet_bios(EL_DHCP_DISCOVER, 1));
    assert_int_equal(answer.siaddr, NET + 9);
    assert_text(EL_DHCP_O_TFTP_SERVER, "192.168.77.9");
    /* a system that looks for its hub finds it there too */
    ask(packet_dhclient(EL_DHCP_DISCOVER, 2));
    assert_int_equal(answer.siaddr, NET + 1);
}

static void pxe_is_told_to_boot_at_once_and_ask_no_boot_server(void **state)
{
    (void)state;
    ask(packet_edk2(EL_DHCP_DISCOVER, 1));
    assert_text(EL_DHCP_O_VENDOR_CLASS, "PXEClient");
    struct el_wire vendor = el_dhcp_option(&answer, EL_DHCP_O_VENDOR);
    struct el_wire control = el_dhcp_suboption(vendor, EL_DHCP_PXE_DISCOVERY_CONTROL);
    assert_int_equal(el_wire_u8(&control), 8);
    assert_true(el_wire_ok(&control));
    struct el_wire menu = el_dhcp_suboption(vendor, EL_DHCP_PXE_BOOT_MENU);
    assert_false(el_wire_ok(&menu));       /* several items make iPXE load itself again */
    assert_int_equal(vendor.end[-1], 255); /* the end of option 43; the packet has its own */
}

static void the_packet_ends_behind_the_end_of_option_43(void **state)
{
    (void)state;
    ask(packet_edk2(EL_DHCP_DISCOVER, 1));
    struct el_wire w = el_wire_read(out.bytes + 240, out.len - 240);
    uint8_t code;
    while ((code = el_wire_u8(&w)) != 255)
        el_wire_skip(&w, el_wire_u8(&w));
    assert_true(el_wire_ok(&w));
    while (el_wire_left(&w) > 0)
        assert_int_equal(el_wire_u8(&w), 0);
}

static void the_uuid_is_echoed_and_its_absence_tolerated(void **state)
{
    (void)state;
    ask(packet_edk2(EL_DHCP_DISCOVER, 1));
    struct el_wire w = el_dhcp_option(&answer, EL_DHCP_O_UUID);
    assert_int_equal(el_wire_left(&w), 17);
    assert_int_equal(w.at[1], 0x4c);
    struct packet p = packet_begin(EL_DHCP_DISCOVER, 2);
    packet_text(&p, 60, "PXEClient:Arch:00007:UNDI:003016");
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_UUID));
    assert_boot_file("snponly.efi");
}

static void the_client_identifier_is_echoed(void **state)
{
    (void)state;
    ask(packet_duid(EL_DHCP_DISCOVER, 3));
    assert_int_equal(answer.options.of[61].len, 16);
    struct packet p = packet_duid(EL_DHCP_REQUEST, 3); /* in a NAK as well (RFC 6842 §3) */
    packet_ip(&p, 50, 0x0a000001);
    assert_int_equal(ask(p), EL_DHCP_NAK);
    assert_int_equal(answer.options.of[61].len, 16);
}

static void a_broadcast_flag_behind_a_relay_is_for_the_relay(void **state)
{
    (void)state;
    struct packet p = packet_edk2(EL_DHCP_DISCOVER, 1); /* it sets the flag */
    packet_put32(&p, AT_GIADDR, NET + 254);
    assert_int_equal(ask_from(p, NET + 254, NET + 1, 67), EL_DHCP_OFFER);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 254);
    assert_int_equal(out.to.port, 67);
    assert_int_equal(answer.flags, 0x8000);
}

static void a_boot_server_request_is_answered_on_port_4011(void **state)
{
    (void)state;
    uint32_t ip = lease_of(packet_edk2, 1);
    struct packet p = packet_edk2(EL_DHCP_REQUEST, 1);
    packet_put32(&p, AT_CIADDR, ip);
    OPTION(&p, 43, 71, 4, 0, 0, 0, 0, 255);
    assert_int_equal(ask_from(p, ip, NET + 1, EL_DHCP_PORT_BINL), EL_DHCP_ACK);
    assert_boot_file("snponly.efi");
    assert_text(EL_DHCP_O_VENDOR_CLASS, "PXEClient");
    assert_true(out.binl);
    assert_int_equal(el_ip4_number(&out.to.ip), ip);
    assert_int_equal(out.to.port, 68); /* the port it came from */
    assert_false(out.durable);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_LEASE_S));
    struct el_wire item = el_dhcp_suboption(el_dhcp_option(&answer, EL_DHCP_O_VENDOR), 71);
    assert_int_equal(el_wire_left(&item), 4);
    assert_int_equal(ask_from(p, ip, NET + 1, 67), EL_DHCP_ACK); /* or asks again on 67 */
    assert_boot_file("snponly.efi");
}

static void port_4011_is_no_reflector(void **state)
{
    (void)state;
    struct packet p = packet_edk2(EL_DHCP_REQUEST, 1);
    assert_int_equal(ask_from(p, 0x08080808, NET + 1, EL_DHCP_PORT_BINL), 0);
    assert_int_equal(ask_from(p, NET + 1, NET + 1, EL_DHCP_PORT_BINL), 0);
    p = packet_edk2(EL_DHCP_DISCOVER, 1);
    assert_int_equal(ask_from(p, NET + 100, NET + 1, EL_DHCP_PORT_BINL), 0);
    p = packet_dhclient(EL_DHCP_REQUEST, 1);
    assert_int_equal(ask_from(p, NET + 100, NET + 1, EL_DHCP_PORT_BINL), 0);
}

static void http_boot_gets_its_vendor_class_and_a_url(void **state)
{
    (void)state;
    static const uint16_t archs[] = {15, 16, 18, 19};
    memcpy(chosen.file, "http://192.168.77.1/ipxe/snponly.efi", 37);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ask(packet_http_boot(EL_DHCP_DISCOVER, (uint16_t)(i + 1), archs[i])),
                         EL_DHCP_OFFER);
        assert_int_equal(asked.kind, EL_DHCP_CLIENT_HTTP);
        assert_int_equal(asked.arch, archs[i]);
        assert_text(EL_DHCP_O_VENDOR_CLASS, "HTTPClient");
        assert_boot_file("http://192.168.77.1/ipxe/snponly.efi");
        assert_false(el_dhcp_has(&answer, EL_DHCP_O_VENDOR));
        assert_true(el_dhcp_has(&answer, EL_DHCP_O_DNS));
    }
}

static void a_reservation_does_not_hide_the_url(void **state)
{
    (void)state;
    const struct el_dhcp_reservation r = {
        .mac = {{0x52, 0x54, 0, 0, 0, 8}}, .ip = el_ip4(NET + 20), .hostname = "mars"};
    struct el_dhcp_config config = usual_config();
    stop();
    config.choose = choose;
    config.choose_arg = &chosen;
    config.reservations = &r;
    config.reservation_count = 1;
    start(&config);
    memcpy(chosen.file, "http://192.168.77.1/ipxe/snponly.efi", 37);
    assert_int_equal(ask(packet_http_boot(EL_DHCP_DISCOVER, 8, 16)), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 20);
    assert_text(EL_DHCP_O_VENDOR_CLASS, "HTTPClient");
    assert_boot_file("http://192.168.77.1/ipxe/snponly.efi");
}

static void a_url_longer_than_the_file_field_is_in_option_67(void **state)
{
    (void)state;
    memset(chosen.file, 'u', 200);
    memcpy(chosen.file, "http://", 7);
    ask(packet_http_boot(EL_DHCP_DISCOVER, 1, 16));
    assert_string_equal(answer.file, "");
    assert_int_equal(answer.options.of[67].len, 201);
}

static void ipxe_is_told_not_to_wait_for_proxydhcp(void **state)
{
    (void)state;
    memcpy(chosen.file, "http://192.168.77.1/boot.ipxe", 30);
    ask(packet_ipxe(EL_DHCP_DISCOVER, 1, 21));
    assert_int_equal(asked.kind, EL_DHCP_CLIENT_IPXE);
    assert_boot_file("http://192.168.77.1/boot.ipxe");
    struct el_wire w = el_dhcp_suboption(el_dhcp_option(&answer, EL_DHCP_O_IPXE), 176);
    assert_int_equal(el_wire_u8(&w), 1);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_VENDOR)); /* no PXE boot menu either */
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_VENDOR_CLASS));
}

static void a_raspberry_pi_sees_its_own_name(void **state)
{
    (void)state;
    static const uint8_t expected[] = "\6\1\3\12\4\0PXE\11\24\0\0\21Raspberry Pi Boot\377";
    chosen.file[0] = 0;
    assert_int_equal(ask(packet_raspberry_pi(EL_DHCP_DISCOVER)), EL_DHCP_OFFER);
    assert_true(asked.raspberry_pi);
    struct el_wire w = el_dhcp_option(&answer, EL_DHCP_O_VENDOR);
    assert_int_equal(el_wire_left(&w), sizeof expected - 1);
    assert_memory_equal(w.at, expected, sizeof expected - 1);
    assert_text(EL_DHCP_O_VENDOR_CLASS, "PXEClient");
    assert_int_equal(answer.siaddr, NET + 1);
}

static void who_has_nothing_to_boot_gets_an_address_and_no_promise(void **state)
{
    (void)state;
    chosen = (struct el_dhcp_boot){.why = "32-bit x86 UEFI"};
    assert_int_equal(ask(packet_edk2(EL_DHCP_DISCOVER, 1)), EL_DHCP_OFFER);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_BOOT_FILE));
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_VENDOR_CLASS)); /* it would go on to port 4011 */
}

static void systems_are_not_asked_about(void **state)
{
    (void)state;
    assert_int_not_equal(lease_of(packet_dhclient, 1), 0);
    assert_int_not_equal(lease_of(packet_windows, 2), 0);
    assert_int_equal(choices, 0);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_BOOT_FILE));
}

static void one_attempt_is_one_transaction(void **state)
{
    (void)state;
    ask(packet_edk2(EL_DHCP_DISCOVER, 1));
    assert_int_equal(asked.type, EL_DHCP_DISCOVER);
    uint32_t xid = asked.xid;
    struct packet p = packet_edk2(EL_DHCP_REQUEST, 1);
    packet_ip(&p, 50, NET + 100);
    packet_ip(&p, 54, NET + 1);
    assert_int_equal(ask(p), EL_DHCP_ACK);
    assert_int_equal(asked.type, EL_DHCP_REQUEST);
    assert_int_equal(asked.xid, xid);
    assert_int_equal(asked.now_ns, now_ns);
    assert_int_equal(choices, 2);
}

/* Old ROMs take 548 bytes and no more; all that booting needs has to fit. */
static void everything_fits_the_smallest_client(void **state)
{
    (void)state;
    memset(chosen.file, 'f', 120);
    chosen.file[120] = 0;
    struct packet p = packet_begin(EL_DHCP_DISCOVER, 1);
    packet_pxe(&p, 0, "PXEClient:Arch:00000:UNDI:002001");
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_in_range(out.len, 300, 548);
    assert_true(el_dhcp_has(&answer, EL_DHCP_O_BOOT_FILE));
    assert_true(el_dhcp_has(&answer, EL_DHCP_O_VENDOR));
    assert_int_equal(answer.file[0], 'f');
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_server, without_server)
    const struct CMUnitTest tests[] = {
        TEST(the_boot_file_is_in_both_places_of_offer_and_ack),
        TEST(option_67_ends_in_a_nul_before_the_next_option),
        TEST(siaddr_and_option_66_name_the_tftp_server),
        TEST(pxe_is_told_to_boot_at_once_and_ask_no_boot_server),
        TEST(the_packet_ends_behind_the_end_of_option_43),
        TEST(the_uuid_is_echoed_and_its_absence_tolerated),
        TEST(the_client_identifier_is_echoed),
        TEST(a_broadcast_flag_behind_a_relay_is_for_the_relay),
        TEST(a_boot_server_request_is_answered_on_port_4011),
        TEST(port_4011_is_no_reflector),
        TEST(http_boot_gets_its_vendor_class_and_a_url),
        TEST(a_reservation_does_not_hide_the_url),
        TEST(a_url_longer_than_the_file_field_is_in_option_67),
        TEST(ipxe_is_told_not_to_wait_for_proxydhcp),
        TEST(a_raspberry_pi_sees_its_own_name),
        TEST(who_has_nothing_to_boot_gets_an_address_and_no_promise),
        TEST(systems_are_not_asked_about),
        TEST(one_attempt_is_one_transaction),
        TEST(everything_fits_the_smallest_client),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

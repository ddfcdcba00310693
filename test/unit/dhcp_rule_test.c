/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that a person wants machines to be told: their notation, and who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "unit/dhcp_server.h"

static struct el_dhcp_rule rules[16];
static size_t rule_count;

static void add(const char *text)
{
    struct el_err err = {""};

    if (el_dhcp_rule_parse(text, &rules[rule_count++], &err) != 0)
        fail_msg("%s: %s", text, err.text);
}

static const char *region(void *arg, const struct el_mac *mac)
{
    (void)arg;
    return mac->b[5] == 1 ? "berlin" : "unknown";
}

static void choose(void *arg, const struct el_dhcp_client *client, struct el_dhcp_boot *boot)
{
    (void)arg;
    (void)snprintf(boot->file, sizeof boot->file, "%s",
                   client->kind == EL_DHCP_CLIENT_HTTP ? "http://192.168.77.1/x" : "usual.efi");
}

static void serve(void)
{
    struct el_dhcp_config config = usual_config();

    config.rules = rules;
    config.rule_count = rule_count;
    config.network = "boot";
    config.region = region;
    config.choose = choose;
    start(&config);
}

static int begin(void **state)
{
    (void)state;
    rule_count = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    stop();
    return 0;
}

/* What the machine is told for option CODE, as hex; "-": nothing. */
static const char *told(struct packet p, uint8_t code)
{
    static char text[1100];
    struct el_wire w;
    size_t at = 0;

    assert_int_equal(ask(p), EL_DHCP_OFFER);
    w = el_dhcp_option(&answer, code);
    if (!el_wire_ok(&w))
        return "-";
    text[0] = 0;
    while (el_wire_left(&w) > 0)
        at += (size_t)snprintf(text + at, sizeof text - at, "%02x", el_wire_u8(&w));
    return text;
}

static void values_have_the_form_of_their_option(void **state)
{
    static const struct {
        const char *text;
        uint8_t code;
        const char *hex;
    } rows[] = {
        {"ntp-servers=10.0.0.1,10.0.0.2", 42, "0a0000010a000002"},
        {"42=10.0.0.1", 42, "0a000001"},
        {"time-offset=-3600", 2, "fffff1f0"},
        {"mtu=1400", 26, "0578"},
        {"pxelinux-prefix=/a/", 210, "2f612f"},
        {"domain-search=a.b c", 119,
         "01610162000163"
         "00"},
        {"routes=10.0.0.0/8=10.1.1.1, 0.0.0.0/0=10.1.1.2", 121, "080a0a010101000a010102"},
        {"224=hex:00:ff 10", 224, "00ff10"},
        {"224=text:a,b", 224, "612c62"},
        {"224=ip:1.2.3.4", 224, "01020304"},
        {"mtu=hex:01", 26, "01"},
        {"224=u8:7", 224, "07"},
        {"224=u16:0x102", 224, "0102"},
        {"224=u32:65536", 224, "00010000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rule_count = 0;
        add(rows[i].text);
        serve();
        assert_string_equal(told(packet_dhclient(EL_DHCP_DISCOVER, 1), rows[i].code), rows[i].hex);
        stop();
    }
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "ntp-servers",
        "42",
        "nonsense=1",
        "256=hex:00",
        "53=u8:1",
        "54=10.0.0.1",
        "51=u32:60",
        "82=hex:00",
        "61=hex:00",
        "255=hex:0",
        "42=10.0.0.300",
        "42=fd00::1",
        "mtu=65536",
        "mtu=x",
        "mtu=-1",
        "224=5",
        "224=hex:0",
        "224=hex:0g",
        "mac=52:5,42=10.0.0.1",
        "mac=x,3=",
        "arch=vax,3=",
        "client=me,3=",
        "subnet=10/8,3=",
        "arch=bios",
        "mac=,3=",
        "network=,3=10.0.0.1",
        "121=10.0.0.0/8",
        "domain-search=a..b",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct el_err err = {""};
        if (el_dhcp_rule_parse(rows[i], &rules[0], &err) != EL_EINVAL || !err.text[0])
            fail_msg("taken: %s", rows[i]);
    }
    char text[2 * EL_DHCP_RULE_BYTES + 16] = "224=hex:";
    struct el_err err = {""};
    memset(text + 8, '0', 2 * EL_DHCP_RULE_BYTES + 2);
    assert_int_equal(el_dhcp_rule_parse(text, &rules[0], &err), EL_EINVAL);
}

static void each_condition_tells_machines_apart(void **state)
{
    struct packet ipxe = packet_ipxe(EL_DHCP_DISCOVER, 1, 21);

    (void)state;
    add("mac=52:54:00:00:00:02,224=u8:1");
    add("mac=52-54-00,225=u8:1");
    add("class=PXEClient:Arch:00007,226=u8:1");
    add("user-class=iPXE,227=u8:1");
    add("arch=x64-uefi,228=u8:1");
    add("arch=0,229=u8:1");
    add("region=berlin,230=u8:1");
    add("network=boot,231=u8:1");
    add("network=lab,232=u8:1");
    add("subnet=192.168.77.100/31,233=u8:1");
    add("client=os,234=u8:1");
    serve();
    const struct {
        struct packet packet;
        const char *codes; /* from 224 on, which are told */
    } rows[] = {
        {packet_edk2(EL_DHCP_DISCOVER, 1), "01101011010"},
        {packet_dhclient(EL_DHCP_DISCOVER, 2), "11000001011"},
        {ipxe, "01010111010"},
        {packet_bios(EL_DHCP_DISCOVER, 3), "01000101000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint8_t code = 0; code < 11; code++)
            if ((strcmp(told(rows[i].packet, (uint8_t)(224 + code)), "-") != 0) !=
                (rows[i].codes[code] == '1'))
                fail_msg("client %zu, option %d", i, 224 + code);
}

static void the_narrowest_rule_counts_and_then_the_last(void **state)
{
    (void)state;
    add("class=PXEClient,224=u8:2");
    add("224=u8:1");
    add("class=PXEClient,arch=x64-uefi,224=u8:3");
    add("arch=x64-uefi,class=PXE,224=u8:4");
    serve();
    assert_string_equal(told(packet_dhclient(EL_DHCP_DISCOVER, 1), 224), "01");
    assert_string_equal(told(packet_bios(EL_DHCP_DISCOVER, 2), 224), "02");
    assert_string_equal(told(packet_edk2(EL_DHCP_DISCOVER, 3), 224), "04");
}

static void a_rule_takes_the_place_of_what_is_usual(void **state)
{
    (void)state;
    add("routers=192.168.77.9");
    add("mac=52:54:00:00:00:02,routers=");
    add("108=300");
    add("116=0");
    serve();
    assert_string_equal(told(packet_dhclient(EL_DHCP_DISCOVER, 1), 3), "c0a84d09");
    assert_string_equal(told(packet_dhclient(EL_DHCP_DISCOVER, 2), 3), "-");
    assert_string_equal(told(packet_dhclient(EL_DHCP_DISCOVER, 1), 108), "-"); /* not asked for */
    assert_string_equal(told(packet_dhclient(EL_DHCP_DISCOVER, 1), 116), "-");
    struct packet p = packet_begin(EL_DHCP_DISCOVER, 3);
    OPTION(&p, 55, 1, 108);
    OPTION(&p, 116, 1);
    assert_string_equal(told(p, 108), "0000012c");
    assert_string_equal(told(p, 116), "00");
}

static void the_boot_file_and_its_server_may_be_said(void **state)
{
    (void)state;
    add("arch=x64-uefi,boot-file=shim.efi");
    add("arch=x64-uefi,tftp-server=192.168.77.5");
    serve();
    assert_string_equal(told(packet_edk2(EL_DHCP_DISCOVER, 1), 67), "7368696d2e65666900");
    assert_string_equal(answer.file, "shim.efi");
    assert_int_equal(answer.siaddr, NET + 5);
    assert_string_equal(told(packet_bios(EL_DHCP_DISCOVER, 2), 67), "757375616c2e65666900");
    assert_int_equal(answer.siaddr, NET + 1);
    /* HTTP Boot keeps its URL, and what says that it is one. */
    assert_string_equal(told(packet_http_boot(EL_DHCP_DISCOVER, 3, 16), 60),
                        "48545450436c69656e74");
    assert_string_equal(answer.file, "http://192.168.77.1/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(values_have_the_form_of_their_option, begin),
        cmocka_unit_test_setup(what_is_no_rule_is_refused, begin),
        cmocka_unit_test_setup_teardown(each_condition_tells_machines_apart, begin, end),
        cmocka_unit_test_setup_teardown(the_narrowest_rule_counts_and_then_the_last, begin, end),
        cmocka_unit_test_setup_teardown(a_rule_takes_the_place_of_what_is_usual, begin, end),
        cmocka_unit_test_setup_teardown(the_boot_file_and_its_server_may_be_said, begin, end),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP messages: joining and splitting options, overload, limits, bad lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "dhcp/dhcp_client.h"
#include "unit/dhcp_packets.h"

static int decode(const struct packet *p, struct el_dhcp_message *m)
{
    return el_dhcp_decode(p->bytes, p->len, m);
}

static void assert_option(const struct el_dhcp_message *m, uint8_t code, const void *value,
                          size_t len)
{
    struct el_wire w = el_dhcp_option(m, code);

    assert_true(el_wire_ok(&w));
    assert_int_equal(el_wire_left(&w), len);
    assert_memory_equal(w.at, value, len);
}

static void the_fixed_part_is_read(void **state)
{
    (void)state;
    struct packet p = packet_end(packet_begin(1, 0x0102));
    struct el_dhcp_message m;

    packet_put32(&p, AT_CIADDR, 0xc0a84d05);
    packet_put32(&p, AT_GIADDR, 0x0a000001);
    packet_put32(&p, 8, 0x00078000);
    memcpy(p.bytes + AT_FILE, "pxelinux.0", 10);
    assert_int_equal(decode(&p, &m), 0);
    assert_int_equal(m.op, 1);
    assert_int_equal(m.xid, 0x12340102);
    assert_int_equal(m.secs, 7);
    assert_int_equal(m.flags, 0x8000);
    assert_int_equal(m.ciaddr, 0xc0a84d05);
    assert_int_equal(m.giaddr, 0x0a000001);
    assert_int_equal(m.chaddr[5], 2);
    assert_string_equal(m.file, "pxelinux.0");
    assert_int_equal(el_dhcp_number(&m, 53), 1);
}

/* RFC 3396 §8: "/diskless/foo" in two parts, with another option between them. */
static void split_options_are_joined(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 1);
    struct el_dhcp_message m;

    packet_text(&p, 67, "/diskless");
    OPTION(&p, 12, 'x');
    packet_text(&p, 67, "/foo");
    p = packet_end(p);
    assert_int_equal(decode(&p, &m), 0);
    assert_option(&m, 67, "/diskless/foo", 13);
    assert_option(&m, 12, "x", 1);
}

/* RFC 3396 §5: the order of the parts is options, file, sname. */
static void overloaded_fields_continue_the_options(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 1);
    struct el_dhcp_message m;

    packet_text(&p, 67, "a");
    OPTION(&p, 52, 3);
    memcpy(p.bytes + AT_FILE,
           "\x43\x01"
           "b\xff",
           4);
    memcpy(p.bytes + AT_SNAME,
           "\x0c\x02hi\x43\x01"
           "c\xff",
           8);
    p = packet_end(p);
    assert_int_equal(decode(&p, &m), 0);
    assert_option(&m, 67, "abc", 3);
    assert_option(&m, 12, "hi", 2);
    assert_string_equal(m.file, "");
    assert_string_equal(m.sname, "");
    assert_false(el_dhcp_has(&m, 52));
}

/* An overload inside an overloaded field is no overload. */
static void overload_is_not_recursive(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 1);
    struct el_dhcp_message m;

    OPTION(&p, 52, 1);
    memcpy(p.bytes + AT_FILE, "\x34\x01\x02\xff", 4);
    memcpy(p.bytes + AT_SNAME, "server", 6);
    p = packet_end(p);
    assert_int_equal(decode(&p, &m), 0);
    assert_string_equal(m.sname, "server");
}

static void every_truncation_is_refused_or_whole(void **state)
{
    (void)state;
    struct packet p = packet_end(packet_edk2(1, 1));
    struct el_dhcp_message m;

    for (size_t len = 0; len < p.len; len++) {
        int rc = el_dhcp_decode(p.bytes, len, &m);
        if (len < 240)
            assert_int_equal(rc, EL_EPROTO);
        else if (rc == 0 && len >= 243)
            assert_int_equal(el_dhcp_number(&m, 53), 1);
    }
    assert_int_equal(decode(&p, &m), 0);
}

static void an_option_beyond_its_field_is_refused(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 1);
    struct el_dhcp_message m;

    p.bytes[p.len++] = 12;
    p.bytes[p.len++] = 5;
    p.bytes[p.len++] = 'x';
    assert_int_equal(decode(&p, &m), EL_EPROTO);

    p = packet_begin(1, 1);
    OPTION(&p, 52, 2);
    memset(p.bytes + AT_SNAME, 0, 64);
    p.bytes[AT_SNAME + 60] = 12;
    p.bytes[AT_SNAME + 61] = 40;
    p = packet_end(p);
    assert_int_equal(decode(&p, &m), EL_EPROTO);
}

static void oddities_that_are_tolerated(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 1);
    struct el_dhcp_message m;

    p.bytes[p.len++] = 0; /* padding between options, an empty option, no END */
    p.bytes[p.len++] = 0;
    p.bytes[p.len++] = 12;
    p.bytes[p.len++] = 0;
    assert_int_equal(decode(&p, &m), 0);
    assert_true(el_dhcp_has(&m, 12));
    assert_int_equal(el_dhcp_number(&m, 12), 0);
}

static void oddities_that_are_refused(void **state)
{
    (void)state;
    struct packet p = packet_end(packet_begin(1, 1));
    struct el_dhcp_message m;

    p.bytes[2] = 17; /* a hardware address longer than its field */
    assert_int_equal(decode(&p, &m), EL_EPROTO);
    p.bytes[2] = 6;
    p.bytes[AT_MAGIC] = 0; /* plain BOOTP */
    assert_int_equal(decode(&p, &m), EL_EPROTO);
    static uint8_t jumbo[EL_DHCP_MESSAGE_BYTES + 1];
    memcpy(jumbo, packet_begin(1, 1).bytes, 243);
    assert_int_equal(el_dhcp_decode(jumbo, sizeof jumbo, &m), EL_EPROTO);
    assert_int_equal(el_dhcp_decode(jumbo, sizeof jumbo - 1, &m), 0);
}

static void a_reply_is_padded_to_the_size_of_bootp(void **state)
{
    (void)state;
    struct el_dhcp_message m = {.op = 2}, back;
    uint8_t bytes[EL_DHCP_REPLY_BYTES];
    unsigned dropped = 9;

    el_dhcp_put_u8(&m, 53, 2);
    assert_int_equal(el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped), 300);
    assert_int_equal(dropped, 0);
    assert_int_equal(bytes[243], 255);
    assert_int_equal(bytes[244], 0);
    assert_int_equal(el_dhcp_decode(bytes, 300, &back), 0);
    assert_int_equal(el_dhcp_number(&back, 53), 2);
}

static void fill(struct el_dhcp_message *m, unsigned options, size_t len)
{
    uint8_t value[512];

    memset(value, 'v', sizeof value);
    memset(m, 0, sizeof *m);
    el_dhcp_put_u8(m, 53, 2);
    for (unsigned i = 0; i < options; i++)
        el_dhcp_put(m, (uint8_t)(100 + i), value, len);
}

static void an_option_beyond_255_bytes_is_split(void **state)
{
    (void)state;
    struct el_dhcp_message m, back;
    uint8_t bytes[EL_DHCP_REPLY_BYTES];
    unsigned dropped;

    fill(&m, 1, 511);
    int len = el_dhcp_encode(&m, 1472, bytes, sizeof bytes, &dropped);
    assert_int_equal(len, 240 + 3 + 511 + 3 * 2 + 1);
    assert_int_equal(el_dhcp_decode(bytes, (size_t)len, &back), 0);
    assert_int_equal(back.options.of[100].len, 511);
}

static void sname_and_file_are_used_only_when_needed(void **state)
{
    (void)state;
    struct el_dhcp_message m, back;
    uint8_t bytes[EL_DHCP_REPLY_BYTES];
    unsigned dropped;

    /* 240 + 3 + 1 + N * 32 <= 548: nine fit */
    fill(&m, 9, 30);
    memcpy(m.file, "snponly.efi", 12);
    el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 0);
    assert_int_equal(el_dhcp_decode(bytes, sizeof bytes, &back), 0);
    assert_string_equal(back.file, "snponly.efi");

    fill(&m, 10, 30); /* sname takes the tenth, the file's name stays */
    memcpy(m.file, "snponly.efi", 12);
    int len = el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
    assert_true(len <= 548);
    assert_int_equal(dropped, 0);
    assert_int_equal(el_dhcp_decode(bytes, (size_t)len, &back), 0);
    assert_string_equal(back.file, "snponly.efi");
    assert_int_equal(back.options.count, 11);

    fill(&m, 12, 30); /* file would take two more, but has a name that stands nowhere else */
    memcpy(m.file, "snponly.efi", 12);
    el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 2);

    fill(&m, 12, 30);
    memcpy(m.file, "snponly.efi", 12);
    el_dhcp_put_text(&m, 67, "snponly.efi"); /* now it does */
    len = el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 0);
    assert_int_equal(el_dhcp_decode(bytes, (size_t)len, &back), 0);
    assert_int_equal(back.options.count, 14);
    assert_option(&back, 67, "snponly.efi", 11);
}

static const uint8_t relay_value[] = {1, 4, 'e', 't', 'h', '0', 2, 2, 0xaa, 0xbb};

/* The last option of the options field is the relay's, with END behind it and then only padding. */
static void assert_relay_is_last(const uint8_t *bytes, size_t len)
{
    size_t at = EL_DHCP_FIXED_BYTES, last = 0;

    while (at < len && bytes[at] != EL_DHCP_O_END) {
        last = at;
        at += 2u + bytes[at + 1];
    }
    assert_true(at < len);
    assert_int_equal(bytes[last], EL_DHCP_O_RELAY);
    assert_int_equal(bytes[last + 1], sizeof relay_value);
    assert_memory_equal(bytes + last + 2, relay_value, sizeof relay_value);
    while (++at < len)
        assert_int_equal(bytes[at], 0);
}

/* RFC 3046 §2.2: whatever comes after it, and however full the message is. */
static void the_relays_option_is_the_last_one(void **state)
{
    (void)state;
    struct el_dhcp_message m, back;
    uint8_t bytes[EL_DHCP_REPLY_BYTES];
    unsigned dropped;

    for (unsigned options = 0; options < 16; options++)
        for (size_t size = 0; size < 64; size++) {
            fill(&m, 0, 0);
            el_dhcp_put(&m, EL_DHCP_O_RELAY, relay_value, sizeof relay_value);
            uint8_t value[64] = {0};
            for (unsigned i = 0; i < options; i++)
                el_dhcp_put(&m, (uint8_t)(100 + i), value, size);
            int len = el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
            assert_in_range(len, 300, 548);
            assert_relay_is_last(bytes, (size_t)len);
            assert_int_equal(el_dhcp_decode(bytes, (size_t)len, &back), 0);
            assert_int_equal(back.options.count + dropped, m.options.count);
        }
}

/* With the options field full up to 11 bytes, others go to sname. The relay's goes nowhere. */
static void the_relays_option_is_never_in_an_overloaded_field(void **state)
{
    (void)state;
    struct el_dhcp_message m, back;
    uint8_t bytes[EL_DHCP_REPLY_BYTES], value[255] = {0};
    unsigned dropped;

    fill(&m, 0, 0);
    el_dhcp_put(&m, 100, value, 250);
    el_dhcp_put(&m, 101, value, 34); /* 308 - 3 - 252 - 36 - END and overload: 13 left, 12 needed */
    el_dhcp_put(&m, EL_DHCP_O_RELAY, relay_value, sizeof relay_value);
    el_dhcp_put(&m, 102, value, 20); /* to sname */
    int len = el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 0);
    assert_relay_is_last(bytes, (size_t)len);
    assert_int_equal(bytes[AT_SNAME], 102);

    fill(&m, 0, 0);
    el_dhcp_put(&m, 100, value, 250);
    el_dhcp_put(&m, 101, value, 36); /* 11 left */
    el_dhcp_put(&m, EL_DHCP_O_RELAY, relay_value, sizeof relay_value);
    el_dhcp_put(&m, 102, value, 20);
    len = el_dhcp_encode(&m, 548, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 1);
    assert_int_equal(bytes[AT_SNAME], 102);
    assert_int_equal(el_dhcp_decode(bytes, (size_t)len, &back), 0);
    assert_false(el_dhcp_has(&back, EL_DHCP_O_RELAY));
}

static void decoding_inverts_encoding(void **state)
{
    (void)state;
    for (unsigned options = 0; options < 40; options++)
        for (size_t len = 0; len < 300; len += 37) {
            struct el_dhcp_message m, back;
            uint8_t bytes[EL_DHCP_REPLY_BYTES];
            unsigned dropped;
            fill(&m, options, len);
            int n = el_dhcp_encode(&m, 1472, bytes, sizeof bytes, &dropped);
            assert_in_range(n, 300, 1472);
            assert_int_equal(el_dhcp_decode(bytes, (size_t)n, &back), 0);
            assert_int_equal(back.options.count + dropped, m.options.count);
        }
}

static void suboptions_are_found_within_bounds(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 6, 1, 8, 10, 2, 0, 'x', 255, 71, 1, 9};
    struct el_wire all = el_wire_read(bytes, sizeof bytes);
    struct el_wire w = el_dhcp_suboption(all, 6);

    assert_int_equal(el_wire_u8(&w), 8);
    w = el_dhcp_suboption(all, 10);
    assert_int_equal(el_wire_left(&w), 2);
    w = el_dhcp_suboption(all, 71); /* behind the end */
    assert_false(el_wire_ok(&w));
    w = el_dhcp_suboption(el_wire_read(bytes + 4, 3), 10); /* cut */
    assert_false(el_wire_ok(&w));
}

static void names_are_encoded_as_labels(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    el_dhcp_wire_name(&w, "eng.example", 11);
    assert_int_equal(el_wire_done(&w), 13);
    assert_memory_equal(bytes, "\3eng\7example", 13);
    w = el_wire_write(bytes, sizeof bytes);
    el_dhcp_wire_name(&w, "a..b", 4);
    assert_false(el_wire_ok(&w));
}

/* -- who is asking -- */

static struct el_dhcp_client client_of(struct packet p)
{
    struct el_dhcp_message m;
    struct el_dhcp_client client;

    p = packet_end(p);
    assert_int_equal(decode(&p, &m), 0);
    el_dhcp_client_read(&m, 7, &client);
    return client;
}

static void clients_are_told_apart(void **state)
{
    (void)state;
    struct el_dhcp_client c = client_of(packet_edk2(1, 3));
    assert_int_equal(c.kind, EL_DHCP_CLIENT_PXE);
    assert_int_equal(c.arch, 7);
    assert_true(c.has_uuid);
    assert_int_equal(c.uuid[0], 0x4c);
    assert_int_equal(c.mac.b[5], 3);

    c = client_of(packet_http_boot(1, 3, 16));
    assert_int_equal(c.kind, EL_DHCP_CLIENT_HTTP);
    assert_int_equal(c.arch, 16);

    c = client_of(packet_bios(1, 3));
    assert_int_equal(c.kind, EL_DHCP_CLIENT_PXE);
    assert_int_equal(c.arch, 0);
    assert_false(c.raspberry_pi);

    c = client_of(packet_raspberry_pi(1));
    assert_true(c.raspberry_pi);

    assert_int_equal(client_of(packet_windows(1, 3)).kind, EL_DHCP_CLIENT_OS);
    c = client_of(packet_dhclient(1, 3));
    assert_int_equal(c.kind, EL_DHCP_CLIENT_OS);
    assert_int_equal(c.arch, EL_DHCP_ARCH_NONE);
    assert_false(c.has_uuid);
}

/* Captured: Debian's snponly.efi of 1.21.1, which says that it is 1.0.0. So does the ROM of 2019 in
 * Debian's QEMU; versions do not tell them apart. */
static void a_client_says_what_it_is_called(void **state)
{
    static const char *const names[][2] = {{"n1", "n1"}, {"", ""}, {"a\nb", "a\nb"}};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct packet p = packet_edk2(1, 3);
        packet_option(&p, EL_DHCP_O_HOSTNAME, (const uint8_t *)names[i][0], strlen(names[i][0]));
        assert_string_equal(client_of(p).hostname, names[i][1]);
    }
    memset(text, 'x', sizeof text);
    struct packet p = packet_edk2(1, 3);
    packet_option(&p, EL_DHCP_O_HOSTNAME, (const uint8_t *)text, 255);
    assert_int_equal(strlen(client_of(p).hostname), EL_DHCP_CLIENT_HOSTNAME - 1);
}

static void ipxe_of_debian_says_1_0_0(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 3);
    OPTION(&p, 57, 0x05, 0xc0);
    OPTION(&p, 93, 0, 7);
    OPTION(&p, 94, 1, 3, 10);
    packet_text(&p, 60, "PXEClient");
    packet_text(&p, 77, "iPXE");
    OPTION(&p, 175, 0xb1, 5, 1, 0x1a, 0xf4, 0x10, 0x00, 0xeb, 3, 1, 0, 0, 0x26, 1, 1, 0x17, 1, 1,
           0x27, 1, 1, 0x24, 1, 1, 0x13, 1, 1, 0x14, 1, 1, 0x11, 1, 1, 0x29, 1, 1, 0x15, 1, 1, 0x12,
           1, 1);
    struct el_dhcp_client c = client_of(p);
    assert_int_equal(c.kind, EL_DHCP_CLIENT_IPXE);
    assert_int_equal(c.arch, EL_DHCP_ARCH_X64_BC);
    assert_true(c.ipxe.http && c.ipxe.menu && c.ipxe.has_version);
    assert_memory_equal(c.ipxe.version, "\1\0\0", 3);
}

static void ipxe_is_known_by_each_of_its_three_signs(void **state)
{
    (void)state;
    struct el_dhcp_client c = client_of(packet_ipxe(1, 3, 21));
    assert_int_equal(c.kind, EL_DHCP_CLIENT_IPXE);
    assert_true(c.ipxe.http && c.ipxe.menu && c.ipxe.has_version);
    assert_memory_equal(c.ipxe.version, "\1\25\1", 3);

    struct packet raw = packet_edk2(1, 3);
    packet_text(&raw, 77, "iPXE");
    c = client_of(raw);
    assert_int_equal(c.kind, EL_DHCP_CLIENT_IPXE);
    assert_false(c.ipxe.http || c.ipxe.has_version);

    struct packet counted = packet_edk2(1, 3);
    OPTION(&counted, 77, 3, 'f', 'o', 'o', 4, 'i', 'P', 'X', 'E');
    assert_int_equal(client_of(counted).kind, EL_DHCP_CLIENT_IPXE);

    struct packet encapsulated = packet_edk2(1, 3);
    OPTION(&encapsulated, 175, 19, 1, 1);
    c = client_of(encapsulated);
    assert_int_equal(c.kind, EL_DHCP_CLIENT_IPXE);
    assert_true(c.ipxe.http);

    struct packet other = packet_edk2(1, 3);
    packet_text(&other, 77, "iPXEng");
    assert_int_equal(client_of(other).kind, EL_DHCP_CLIENT_PXE);
    struct packet cut = packet_edk2(1, 3);
    OPTION(&cut, 77, 9, 'i', 'P', 'X', 'E');
    assert_int_equal(client_of(cut).kind, EL_DHCP_CLIENT_PXE);
}

static void an_architecture_is_read_from_the_vendor_class_if_need_be(void **state)
{
    (void)state;
    struct packet p = packet_begin(1, 3);
    packet_text(&p, 60, "PXEClient:Arch:00009:UNDI:003016");
    assert_int_equal(client_of(p).arch, 9);
    p = packet_begin(1, 3);
    packet_text(&p, 60, "HTTPClient:Arch:00016");
    assert_int_equal(client_of(p).arch, 16);
    p = packet_begin(1, 3);
    packet_text(&p, 60, "PXEClient:Arch:0x");
    assert_int_equal(client_of(p).arch, EL_DHCP_ARCH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fixed_part_is_read),
        cmocka_unit_test(split_options_are_joined),
        cmocka_unit_test(overloaded_fields_continue_the_options),
        cmocka_unit_test(overload_is_not_recursive),
        cmocka_unit_test(every_truncation_is_refused_or_whole),
        cmocka_unit_test(an_option_beyond_its_field_is_refused),
        cmocka_unit_test(oddities_that_are_tolerated),
        cmocka_unit_test(oddities_that_are_refused),
        cmocka_unit_test(a_reply_is_padded_to_the_size_of_bootp),
        cmocka_unit_test(an_option_beyond_255_bytes_is_split),
        cmocka_unit_test(sname_and_file_are_used_only_when_needed),
        cmocka_unit_test(the_relays_option_is_the_last_one),
        cmocka_unit_test(the_relays_option_is_never_in_an_overloaded_field),
        cmocka_unit_test(decoding_inverts_encoding),
        cmocka_unit_test(suboptions_are_found_within_bounds),
        cmocka_unit_test(names_are_encoded_as_labels),
        cmocka_unit_test(clients_are_told_apart),
        cmocka_unit_test(a_client_says_what_it_is_called),
        cmocka_unit_test(ipxe_of_debian_says_1_0_0),
        cmocka_unit_test(ipxe_is_known_by_each_of_its_three_signs),
        cmocka_unit_test(an_architecture_is_read_from_the_vendor_class_if_need_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

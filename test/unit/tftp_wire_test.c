/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TFTP packets: the examples of the RFCs, limits of every option, requests cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "tftp/tftp_wire.h"

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void the_request_of_rfc_2348(void **state)
{
    struct el_tftp_request r;

    (void)state;
    assert_int_equal(el_tftp_request_decode(BYTES("\0\1foobar\0octet\0blksize\0"
                                                  "1428\0"),
                                            &r),
                     0);
    assert_int_equal(r.opcode, EL_TFTP_RRQ);
    assert_int_equal(r.mode, EL_TFTP_OCTET);
    assert_string_equal(r.name, "foobar");
    assert_true(r.options.has_blksize && !r.options.has_tsize);
    assert_int_equal(r.options.blksize, 1428);
}

static void case_does_not_matter_and_unknown_options_neither(void **state)
{
    struct el_tftp_request r;

    (void)state;
    assert_int_equal(el_tftp_request_decode(BYTES("\0\1f\0NetASCII\0x-new\0"
                                                  "1\0TSize\0"
                                                  "0\0"
                                                  "WINDOWSIZE\0"
                                                  "8\0multicast\0\0TimeOut\0"
                                                  "255\0"
                                                  "rollover\0"
                                                  "1\0"),
                                            &r),
                     0);
    assert_int_equal(r.mode, EL_TFTP_NETASCII);
    assert_true(r.options.has_tsize && r.options.has_windowsize && r.options.has_timeout);
    assert_int_equal(r.options.windowsize, 8);
    assert_int_equal(r.options.timeout_s, 255);
    assert_int_equal(r.options.rollover, 1);
}

static void a_value_outside_its_range_is_not_asked_for(void **state)
{
    static const struct {
        const char *name, *value;
        bool taken;
    } cases[] = {
        {"blksize", "7", false},
        {"blksize", "8", true},
        {"blksize", "65464", true},
        {"blksize", "65465", false},
        {"blksize", "", false},
        {"blksize", "-1", false},
        {"blksize", " 512", false},
        {"blksize", "99999999999999999999999", false},
        {"windowsize", "0", false},
        {"windowsize", "1", true},
        {"windowsize", "65535", true},
        {"windowsize", "65536", false},
        {"timeout", "0", false},
        {"timeout", "255", true},
        {"timeout", "256", false},
        {"rollover", "2", false},
        {"rollover", "0", true},
        {"tsize", "18446744073709551615", true},
        {"tsize", "18446744073709551616", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t packet[128] = "\0\1f\0octet";
        size_t len = 10;
        struct el_tftp_request r;
        memcpy(packet + len, cases[i].name, strlen(cases[i].name) + 1);
        len += strlen(cases[i].name) + 1;
        memcpy(packet + len, cases[i].value, strlen(cases[i].value) + 1);
        len += strlen(cases[i].value) + 1;
        assert_int_equal(el_tftp_request_decode(packet, len, &r), 0);
        bool taken = r.options.has_blksize || r.options.has_windowsize || r.options.has_timeout ||
                     r.options.has_rollover || r.options.has_tsize;
        if (taken != cases[i].taken)
            fail_msg("%s=%s", cases[i].name, cases[i].value);
    }
}

static void of_an_option_given_twice_the_first_counts(void **state)
{
    struct el_tftp_request r;

    (void)state;
    assert_int_equal(el_tftp_request_decode(BYTES("\0\1f\0octet\0blksize\0"
                                                  "1024\0blksize\0"
                                                  "9\0"),
                                            &r),
                     0);
    assert_int_equal(r.options.blksize, 1024);
}

static void a_request_cut_anywhere_but_between_options_is_broken(void **state)
{
    static const uint8_t whole[] = "\0\1name\0octet\0blksize\0"
                                   "512\0tsize\0"
                                   "0";
    static const size_t complete[] = {13, 25, 33}; /* after the mode and after each pair */

    (void)state;
    for (size_t len = 0; len <= sizeof whole; len++) {
        struct el_tftp_request r;
        int expected = EL_EPROTO;
        for (size_t i = 0; i < sizeof complete / sizeof complete[0]; i++)
            if (len == complete[i])
                expected = 0;
        if (el_tftp_request_decode(whole, len, &r) != expected)
            fail_msg("cut at %zu", len);
    }
}

static void padding_after_the_request_is_not_an_option(void **state)
{
    struct el_tftp_request r;

    (void)state;
    assert_int_equal(el_tftp_request_decode(BYTES("\0\1f\0octet\0\0\0\0\0"), &r), 0);
}

static void what_is_not_a_request(void **state)
{
    uint8_t many[2 + 2 + 6 + 256 * 4 + 1200];
    struct el_tftp_request r;

    (void)state;
    assert_int_equal(el_tftp_request_decode(BYTES("\0\1\0octet\0"), &r), EL_EPROTO);
    assert_int_equal(el_tftp_request_decode(BYTES("\0\3f\0octet\0"), &r), EL_EPROTO);
    assert_int_equal(el_tftp_request_decode(BYTES("\1\1f\0octet\0"), &r), EL_EPROTO);
    assert_int_equal(el_tftp_request_decode(BYTES("\0\1f\0mail\0"), &r), EL_ENOTSUP);
    assert_int_equal(el_tftp_request_decode(BYTES("\0\2f\0octet\0"), &r), 0);
    assert_int_equal(r.opcode, EL_TFTP_WRQ);
    /* 256 options, and a packet longer than any. */
    memcpy(many, "\0\1f\0octet\0", 10);
    for (size_t i = 0; i < 256; i++)
        memcpy(many + 10 + 4 * i,
               "x\0"
               "1",
               4);
    assert_int_equal(el_tftp_request_decode(many, 10 + 1024, &r), 0);
    assert_int_equal(el_tftp_request_decode(many, EL_TFTP_REQUEST_MAX + 1, &r), EL_EPROTO);
}

static void acks_and_errors(void **state)
{
    char message[EL_TFTP_MESSAGE_MAX];

    (void)state;
    assert_int_equal(el_tftp_ack_decode(BYTES("\0\4\xff\xff")), 65535);
    assert_int_equal(el_tftp_ack_decode(BYTES("\0\4\1\2padding")), 0x102);
    assert_int_equal(el_tftp_ack_decode(BYTES("\0\4\xff")), EL_EPROTO);
    assert_int_equal(el_tftp_ack_decode(BYTES("\0\3\0\1")), EL_EPROTO);
    assert_int_equal(el_tftp_ack_decode(NULL, 0), EL_EPROTO);
    assert_int_equal(el_tftp_error_decode(BYTES("\0\5\0\10TFTP Aborted\0"), message), 8);
    assert_string_equal(message, "TFTP Aborted");
    assert_int_equal(el_tftp_error_decode(BYTES("\0\5\0\0"), message), 0);
    assert_string_equal(message, "");
    assert_int_equal(el_tftp_error_decode(BYTES("\0\5\0"), message), EL_EPROTO);
    uint8_t endless[300];
    memset(endless, 'x', sizeof endless);
    memcpy(endless, "\0\5\0\1", 4);
    assert_int_equal(el_tftp_error_decode(endless, sizeof endless, message), 1);
    assert_int_equal(strlen(message), EL_TFTP_MESSAGE_MAX - 1);
}

static void an_oack_says_what_is_granted(void **state)
{
    const struct el_tftp_options all = {
        .has_blksize = true,
        .blksize = 1432,
        .has_timeout = true,
        .timeout_s = 3,
        .has_tsize = true,
        .tsize = 4215,
        .has_windowsize = true,
        .windowsize = 16,
        .has_rollover = true,
        .rollover = 0,
    };
    static const char expected[] = "\0\6blksize\0"
                                   "1432\0timeout\0"
                                   "3\0tsize\0"
                                   "4215\0"
                                   "windowsize\0"
                                   "16\0rollover\0"
                                   "0";
    uint8_t packet[EL_TFTP_OPTIONS_MAX];

    (void)state;
    assert_int_equal(el_tftp_oack_build(packet, sizeof packet, &all), sizeof expected);
    assert_memory_equal(packet, expected, sizeof expected);
    assert_int_equal(el_tftp_oack_build(packet, sizeof expected - 1, &all), 0);
}

static void an_error_is_cut_to_its_room(void **state)
{
    uint8_t packet[32];

    (void)state;
    assert_int_equal(el_tftp_error_build(packet, sizeof packet, 1, "File not found"), 19);
    assert_memory_equal(packet, "\0\5\0\1File not found", 19);
    assert_int_equal(el_tftp_error_build(packet, 10, 1, "File not found"), 10);
    assert_memory_equal(packet, "\0\5\0\1File ", 10);
    assert_int_equal(el_tftp_error_build(packet, 4, 1, ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_of_rfc_2348),
        cmocka_unit_test(case_does_not_matter_and_unknown_options_neither),
        cmocka_unit_test(a_value_outside_its_range_is_not_asked_for),
        cmocka_unit_test(of_an_option_given_twice_the_first_counts),
        cmocka_unit_test(a_request_cut_anywhere_but_between_options_is_broken),
        cmocka_unit_test(padding_after_the_request_is_not_an_option),
        cmocka_unit_test(what_is_not_a_request),
        cmocka_unit_test(acks_and_errors),
        cmocka_unit_test(an_oack_says_what_is_granted),
        cmocka_unit_test(an_error_is_cut_to_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

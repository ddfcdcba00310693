/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens: there and back, what may be typed for what, and what is said of each way to get it wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csprng.h"
#include "enrol/base32.h"
#include "enrol/token.h"
#include "enrol/token_text.h"

enum { GROUP = 6, STEP = 7 }; /* characters; with the dash */

/* What everybody who makes tokens of this version has to come to. */
static const char vector[] =
    "10QATF-XZZ83Y-B97907-00820Y-C20A18-G7104Z-GM2RC3-1M70YY-40H287-9H858D-P2WC1R-J6GV3T-"
    "GEHW7Z-S0Y3RJ-Z5WZM2-YQVFFA-Y7SZBA-XZSZFN-YZW0GW-8VB1E7-9SG5JB-R0E42P-G0000K";
static const char vector_key[] = "c8355ac241caf192afcade91ffe6fa73e0dfd6e3c9adbac5e5eb05967421a646";

static struct el_enrol_token sample(void)
{
    struct el_enrol_token token = {
        .name = "mars",
        .expires_s = 1800000000,
        .endpoint_count = 1,
        .endpoints = {{"203.0.113.5", EL_ENROL_PORT}},
    };

    for (unsigned i = 0; i < sizeof token.hub_key; i++)
        token.hub_key[i] = (uint8_t)(i + 1);
    for (unsigned i = 0; i < sizeof token.seed; i++)
        token.seed[i] = (uint8_t)(0xf0 + i);
    return token;
}

static void write_sample(char text[EL_ENROL_TOKEN_TEXT])
{
    struct el_enrol_token token = sample();

    assert_int_equal(el_enrol_token_encode(&token, text, NULL), strlen(vector));
}

static void must_be(const char *text, const struct el_enrol_token *expected)
{
    struct el_enrol_token token;
    struct el_err err = {""};
    int r = el_enrol_token_decode(text, &token, &err);

    if (r != 0)
        fail_msg("%s: %d %s", text, r, err.text);
    assert_memory_equal(&token, expected, sizeof token);
}

/* TEXT is refused with CODE and a sentence in which SAID stands, and nothing of it is left. */
static void refused(const char *text, int code, const char *said)
{
    static const struct el_enrol_token zeros;
    struct el_enrol_token token;
    struct el_err err = {""};
    int r = el_enrol_token_decode(text, &token, &err);

    if (r != code || !strstr(err.text, said))
        fail_msg("%s: %d %s (expected: %d %s)", text, r, err.text, code, said);
    assert_memory_equal(&token, &zeros, sizeof token);
}

static void a_token_is_always_the_same_text(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT];
    uint8_t key[EL_ENROL_KEY_BYTES];
    struct el_enrol_token token = sample();

    (void)state;
    write_sample(text);
    assert_string_equal(text, vector);
    must_be(vector, &token);
    el_enrol_token_key(&token, key);
    char hex[65];
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, key, sizeof key), vector_key);
}

static void keys_differ_and_are_x25519s(void **state)
{
    struct el_enrol_token a = sample(), b = sample();
    uint8_t key_a[32], key_b[32];

    (void)state;
    el_enrol_token_make_key(&a);
    el_enrol_token_make_key(&b);
    el_enrol_token_key(&a, key_a);
    el_enrol_token_key(&b, key_b);
    assert_memory_not_equal(key_a, key_b, sizeof key_a);
    assert_int_equal(key_a[0] & 7, 0);
    assert_int_equal(key_a[31] & 0xc0, 0x40);
}

static void what_it_holds_comes_back(void **state)
{
    struct el_enrol_token token = sample();
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    memset(token.name, 0, sizeof token.name);
    token.expires_s = UINT32_MAX;
    token.endpoint_count = 6;
    token.endpoints[0] = (struct el_enrol_endpoint){"2001:db8::77", EL_ENROL_PORT};
    token.endpoints[1] = (struct el_enrol_endpoint){"2001:db8::77", 443};
    token.endpoints[2] = (struct el_enrol_endpoint){"hub.example.org", 65535};
    token.endpoints[3] = (struct el_enrol_endpoint){"x", EL_ENROL_PORT};
    token.endpoints[4] = (struct el_enrol_endpoint){"198.51.100.1", 1};
    token.endpoints[5] = (struct el_enrol_endpoint){"xn--hb-mia._udp.example", EL_ENROL_PORT};
    assert_true(el_enrol_token_encode(&token, text, NULL) > 0);
    must_be(text, &token);
}

static void an_address_comes_back_in_its_shortest_form(void **state)
{
    struct el_enrol_token token = sample();
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    strcpy(token.endpoints[0].host, "2001:DB8:0:0::0077");
    assert_true(el_enrol_token_encode(&token, text, NULL) > 0);
    assert_int_equal(el_enrol_token_decode(text, &token, NULL), 0);
    assert_string_equal(token.endpoints[0].host, "2001:db8::77");
}

static void fill_with_labels(char *text, size_t len)
{
    memset(text, 'a', len);
    for (size_t i = 63; i < len; i += 64)
        text[i] = '.';
    text[len] = '\0';
}

static void the_longest_of_everything_fits(void **state)
{
    struct el_enrol_token token = sample();
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    memset(token.name, 'n', EL_ENROL_NAME_BYTES - 1);
    token.name[EL_ENROL_NAME_BYTES - 1] = '\0';
    token.endpoint_count = EL_ENROL_ENDPOINTS_MAX;
    for (unsigned i = 0; i < EL_ENROL_ENDPOINTS_MAX; i++) {
        fill_with_labels(token.endpoints[i].host, EL_ENROL_HOST_BYTES - 1);
        token.endpoints[i].port = 443;
    }
    assert_int_equal(el_enrol_token_encode(&token, text, NULL), EL_ENROL_TOKEN_TEXT - 1);
    must_be(text, &token);
}

/* All lengths, so that the last group is full, and has every number of bits to spare. */
static void names_of_every_length_come_back(void **state)
{
    struct el_enrol_token token = sample();
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    for (size_t len = 1; len < EL_ENROL_NAME_BYTES; len++) {
        memset(token.name, 0, sizeof token.name);
        memset(token.name, 'n', len);
        assert_true(el_enrol_token_encode(&token, text, NULL) > 0);
        must_be(text, &token);
    }
}

static void it_may_be_typed_in_many_ways(void **state)
{
    struct el_enrol_token token = sample();
    char text[2 * EL_ENROL_TOKEN_TEXT], *to = text;

    (void)state;
    for (const char *at = vector; *at; at++) {
        *to++ = (char)tolower(*at == '0' ? 'O' : *at == '1' ? 'l' : *at);
    }
    *to = '\0';
    must_be(text, &token);
    for (to = text; *to; to++)
        *to = *to == 'l' ? 'I' : *to == 'o' ? 'O' : *to == '-' ? ' ' : *to;
    must_be(text, &token);

    to = text; /* as one word */
    for (const char *at = vector; *at; at++)
        if (*at != '-')
            *to++ = *at;
    *to = '\0';
    must_be(text, &token);

    to = text; /* in pairs on lines of their own */
    for (const char *at = vector; *at; at++)
        to += sprintf(to, (at - vector) % 2 ? "%c\r\n" : " \t%c", *at);
    must_be(text, &token);
}

/* -- errors -- */

static void what_cannot_be_a_token_is_not_made(void **state)
{
    static const struct {
        const char *name, *host;
        int64_t expires_s;
        uint16_t port;
        unsigned count;
        const char *said;
    } cases[] = {
        {"", "a", 0, 1, 1, "years"},
        {"", "a", (int64_t)UINT32_MAX + 1, 1, 1, "years"},
        {"", "a", INT64_MIN, 1, 1, "years"},
        {"a b", "a", 1, 1, 1, "name"},
        {"ü", "a", 1, 1, 1, "name"},
        {"", "a", 1, 0, 1, "port 0"},
        {"", "a", 1, 1, 0, "1 to 6 endpoints"},
        {"", "a", 1, 1, 7, "1 to 6 endpoints"},
        {"", "", 1, 1, 1, "neither an address nor a name"},
        {"", "a..b", 1, 1, 1, "endpoint a..b"},
        {"", "a.", 1, 1, 1, "endpoint a."},
        {"", ".a", 1, 1, 1, "endpoint .a"},
        {"", "-a", 1, 1, 1, "endpoint -a"},
        {"", "a:1", 1, 1, 1, "endpoint a:1"},
        {"", "fe80::1%2", 1, 1, 1, "endpoint fe80::1%2"},
        {"", "a\nb", 1, 1, 1, "endpoint a?b"},
    };
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_enrol_token token = sample();
        struct el_err err = {""};
        strcpy(token.name, cases[i].name);
        strcpy(token.endpoints[0].host, cases[i].host);
        token.endpoints[0].port = cases[i].port;
        token.endpoint_count = cases[i].count;
        token.expires_s = cases[i].expires_s;
        assert_int_equal(el_enrol_token_encode(&token, text, &err), EL_EINVAL);
        if (!strstr(err.text, cases[i].said))
            fail_msg("%zu: %s", i, err.text);
    }

    struct el_enrol_token token = sample();
    memset(token.name, 'a', sizeof token.name);
    assert_int_equal(el_enrol_token_encode(&token, text, NULL), EL_EINVAL);
    token = sample();
    fill_with_labels(token.endpoints[0].host, 64);
    token.endpoints[0].host[63] = 'a'; /* a label of 64 */
    assert_int_equal(el_enrol_token_encode(&token, text, NULL), EL_EINVAL);
    memset(token.endpoints[0].host, 'a', sizeof token.endpoints[0].host);
    assert_int_equal(el_enrol_token_encode(&token, text, NULL), EL_EINVAL);
}

static void a_wrong_character_is_told_with_its_group(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT], said[64];

    (void)state;
    for (size_t i = 0; vector[i]; i++) {
        if (vector[i] == '-')
            continue;
        for (unsigned c = 0; c < 32; c++) {
            strcpy(text, vector);
            text[i] = el_enrol_crockford[c];
            if (text[i] == vector[i])
                continue;
            snprintf(said, sizeof said,
                     i < STEP ? "group 1 is mistyped" : "group %zu of 23 is mist", i / STEP + 1);
            refused(text, EL_EINVAL, said);
        }
    }
}

static void characters_that_changed_places_are_told_with_their_group(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT], said[64];

    (void)state;
    for (size_t group = 0; group < 23; group++)
        for (size_t i = 0; i < GROUP; i++)
            for (size_t j = 0; j < i; j++) {
                strcpy(text, vector);
                char *at = text + group * STEP;
                if (at[i] == at[j])
                    continue;
                char other = at[i];
                at[i] = at[j];
                at[j] = other;
                snprintf(said, sizeof said, group ? "group %zu of 23 is mist" : "group %zu is mist",
                         group + 1);
                refused(text, EL_EINVAL, said);
            }
}

static void several_wrong_groups_are_all_named(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    strcpy(text, vector);
    text[3 * STEP] = text[3 * STEP] == 'Z' ? 'Y' : 'Z';
    text[8 * STEP + 5] = text[8 * STEP + 5] == 'Z' ? 'Y' : 'Z';
    text[22 * STEP] = text[22 * STEP] == 'Z' ? 'Y' : 'Z';
    refused(text, EL_EINVAL, "groups 4, 9, 23 of 23 are mistyped");
    for (size_t i = 4; i < 8; i++)
        text[i * STEP] = text[i * STEP] == 'Z' ? 'Y' : 'Z';
    refused(text, EL_EINVAL, "group 4 of 23 does not fit, and most behind it");
}

static void a_character_too_few_or_too_many_is_told(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT + 1], said[64];
    struct el_enrol_token token;
    unsigned told = 0;

    (void)state;
    for (size_t group = 1; group < 22; group++) {
        size_t at = group * STEP + 2;
        snprintf(text, sizeof text, "%.*s%s", (int)at, vector, vector + at + 1);
        struct el_err err = {""};
        assert_true(el_enrol_token_decode(text, &token, &err) < 0);
        snprintf(said, sizeof said, "group %zu of 23 has 5 characters instead of 6", group + 1);
        told += strstr(err.text, said) != NULL;
        snprintf(text, sizeof text, "%.*sZ%s", (int)at, vector, vector + at);
        assert_true(el_enrol_token_decode(text, &token, &err) < 0);
        snprintf(said, sizeof said, "group %zu of 23 has 7 characters instead of 6", group + 1);
        told += strstr(err.text, said) != NULL;
    }
    assert_true(told >= 38); /* of 42: one in 32 is told with the group behind it */
}

static void a_group_too_few_or_too_many_is_told(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT], said[64];

    (void)state;
    for (size_t group = 0; group < 22; group++) {
        size_t at = group * STEP;
        snprintf(text, sizeof text, "%.*s%s", (int)at, vector, vector + at + STEP);
        snprintf(said, sizeof said, group ? "group %zu of 23 is missing" : "group %zu is missing",
                 group + 1);
        refused(text, EL_ESHORT, said);
        if (group == 0)
            continue;
        snprintf(text, sizeof text, "%.*s%s", (int)at, vector, vector + at - STEP);
        snprintf(said, sizeof said, "between the groups %zu and %zu of 23 stands one too many",
                 group, group + 1);
        refused(text, EL_EINVAL, said);
    }
}

static void a_cut_is_told_at_every_place(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT], said[64];

    (void)state;
    for (size_t len = 0; len < strlen(vector); len++) {
        snprintf(text, sizeof text, "%.*s", (int)len, vector);
        size_t groups = (len + 1) / STEP;
        bool whole = len % STEP == 0 || len % STEP == GROUP;
        if (len == 0)
            strcpy(said, "nothing is there");
        else if (whole)
            snprintf(said, sizeof said, "it ends after group %zu of 23", groups);
        else
            snprintf(said, sizeof said,
                     groups ? "in the middle of group %zu of 23" : "in the middle of group %zu",
                     groups + 1);
        refused(text, EL_ESHORT, said);
    }
    refused(" \r\n-", EL_ESHORT, "nothing is there");
}

static void something_behind_the_end_is_told(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    snprintf(text, sizeof text, "%s\n# for mars", vector);
    refused(text, EL_EINVAL, "behind its 23 groups stands something more");
    snprintf(text, sizeof text, "%s0", vector);
    refused(text, EL_EINVAL, "behind its 23 groups stands something more");
}

static void characters_that_are_none_are_told(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    strcpy(text, vector);
    text[STEP + 2] = 'U';
    refused(text, EL_EINVAL, "group 2 of 23 has a 'U' in it");
    text[STEP + 2] = '\x1b';
    refused(text, EL_EINVAL, "group 2 of 23 has a character in it that no keyboard shows (0x1b)");
    text[STEP + 2] = '\xe2';
    refused(text, EL_EINVAL, "(0xe2)");
    refused("+Yzl0bX4dN8wP1q2r3s4t5u6v7w8x9y0z1A2B3C4D5E=", EL_EINVAL, "group 1 has a '+' in it");
}

/* A text whose groups all fit, of LEN bytes whose checksum, unless KEEP, is right. */
static void make_text(uint8_t *bytes, size_t len, bool keep, char *text)
{
    static const char label[] = "el2w token 1 checksum";
    uint8_t hash[32];

    crypto_generichash(hash, sizeof hash, bytes + 4, len - 4, (const uint8_t *)label,
                       sizeof label - 1);
    if (!keep)
        memcpy(bytes, hash, 4);
    el_enrol_token_text(bytes, len, text);
}

static size_t sample_bytes(uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX])
{
    int len = el_enrol_token_text_read(vector, bytes, NULL);

    assert_int_equal(len, 70);
    return (size_t)len;
}

static void groups_that_changed_places_are_found(void **state)
{
    uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX];
    char text[EL_ENROL_TOKEN_TEXT];
    size_t len = sample_bytes(bytes);

    (void)state;
    bytes[40] ^= 1; /* what no check symbol sees: all of them are made anew */
    make_text(bytes, len, true, text);
    refused(text, EL_EINVAL, "two groups changed places");
}

/* Gives group INDEX of TEXT the check symbol that belongs to the five before it. */
static void fit(char *text, unsigned index)
{
    char group[GROUP + 1];

    for (unsigned c = 0; c < 32; c++) {
        text[index * STEP + 5] = el_enrol_crockford[c];
        snprintf(group, sizeof group, "%.6s", text + (size_t)index * STEP);
        if (el_enrol_token_group(group, index, NULL, NULL) != EL_EINVAL)
            return;
    }
    fail_msg("no check symbol fits");
}

static void another_version_is_told_by_its_first_group(void **state)
{
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    strcpy(text, vector);
    text[0] = '2';
    refused(text, EL_EINVAL, "group 1 is mistyped");
    fit(text, 0);
    refused(text, EL_ENOTSUP, "of version 2, and this el2w knows version 1");
}

static void a_number_of_groups_that_none_has_is_refused(void **state)
{
    static const char *const numbers[] = {"00", "0K", "GP", "ZZ"}; /* 0, 19, 534, 1023 */
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        strcpy(text, vector);
        memcpy(text + 1, numbers[i], 2);
        fit(text, 0);
        refused(text, EL_EPROTO, "groups, and none has");
    }
}

static void bits_behind_the_last_byte_are_zero(void **state)
{
    struct el_enrol_token token = sample();
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    strcpy(token.name, "marsmars"); /* 24 groups: 73 bytes and a bit */
    int len = el_enrol_token_encode(&token, text, NULL);
    assert_int_equal(len, 24 * STEP - 1);
    assert_int_equal(text[len - 2], '0');
    text[len - 2] = '1';
    fit(text, 23);
    refused(text, EL_EPROTO, "its end is none");
}

static void what_no_el2w_makes_is_refused(void **state)
{
    static const struct {
        const char *what;
        size_t at; /* in the list of name and endpoints */
        const char *bytes;
        size_t len;
    } cases[] = {
        {"a name that is none", 2, "m rs", 4},
        {"a name without end", 1, "\x3f", 1},
        {"a name with a NUL", 2, "m\0rs", 4},
        {"a name longer than any", 1, "\x40", 1},
        {"a name without characters", 1, "\0", 1},
        {"an endpoint of no kind", 6, "\x05", 1},
        {"a name behind the endpoints", 11, "\1\1a", 3},
        {"two names", 0, "\1\1a\1\1b\2\1\2\3\4\0\0\0", 14},
        {"a port beyond the end", 6, "\x0c\6a.bcde", 8},
        {"port 0", 6, "\x0c\4abcd\0\0", 8},
        {"the port that takes no room", 6, "\x0c\4abcd\xca\x6c", 8},
        {"a host that is an address", 0,
         "\4\7"
         "1.2.3.4\4\3abc",
         14},
        {"a host that is none", 0,
         "\4\7"
         "a..bcde\4\3abc",
         14},
        {"no endpoint", 6, "\0\0\0\0\0\0\0\0", 8},
        {"a group of nothing but zeros", 6, "\4\1a\0\0\0\0\0", 8},
        {"something behind the end", 11, "\0\1", 2},
    };
    uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX];
    char text[EL_ENROL_TOKEN_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = sample_bytes(bytes);
        memcpy(bytes + 56 + cases[i].at, cases[i].bytes, cases[i].len);
        make_text(bytes, len, false, text);
        struct el_enrol_token token;
        int r = el_enrol_token_decode(text, &token, NULL);
        if (r != EL_EPROTO)
            fail_msg("%s: %d", cases[i].what, r);
    }
    size_t len = sample_bytes(bytes);
    memset(bytes + 4, 0, 4); /* an expiry of nothing */
    make_text(bytes, len, false, text);
    refused(text, EL_EPROTO, "this el2w cannot read it");
    sample_bytes(bytes);
    for (unsigned i = 0; i < 7; i++) /* one endpoint too many */
        memcpy(bytes + 56 + (size_t)i * 5, "\2\xcb\0\x71\5", 5);
    make_text(bytes, 91, false, text);
    refused(text, EL_EPROTO, "this el2w cannot read it");
}

static void an_expired_token_says_both_times(void **state)
{
    struct el_enrol_token token = sample();
    struct el_err err;

    (void)state;
    assert_int_equal(el_enrol_token_in_time(&token, 1799999999, &err), 0);
    assert_int_equal(el_enrol_token_in_time(&token, 1800000000, &err), EL_EPERM);
    assert_int_equal(el_enrol_token_in_time(&token, 1800007200, &err), EL_EPERM);
    assert_string_equal(err.text,
                        "token: it expired at 2027-01-15T08:00:00Z, and by this computer's "
                        "clock it is 2027-01-15T10:00:00Z: make a new one on the hub (el2w "
                        "token create mars), or set the clock if that is what is wrong");
}

static void a_group_alone_is_checked(void **state)
{
    struct el_err err;
    unsigned count = 0;
    char text[16];

    (void)state;
    for (unsigned i = 0; i < 23; i++) {
        snprintf(text, sizeof text, "%.6s", vector + i * STEP);
        assert_int_equal(el_enrol_token_group(text, i, &count, &err), 0);
        assert_int_equal(count, 23);
        assert_int_equal(el_enrol_token_group(text, i + 1, NULL, &err), EL_EINVAL);
        text[3] = text[3] == '7' ? '8' : '7';
        assert_int_equal(el_enrol_token_group(text, i, NULL, &err), EL_EINVAL);
        text[5] = '\0';
        assert_int_equal(el_enrol_token_group(text, i, NULL, &err), EL_ESHORT);
    }
    assert_string_equal(err.text, "token: group 23 has 5 characters instead of 6");
    assert_int_equal(el_enrol_token_group("", 0, NULL, &err), EL_ESHORT);
    assert_int_equal(el_enrol_token_group("12u456", 0, NULL, &err), EL_EINVAL);
    snprintf(text, sizeof text, "%.8s", vector);
    assert_int_equal(el_enrol_token_group(text, 0, NULL, &err), EL_EINVAL);
    assert_string_equal(err.text, "token: group 1 has more than 6 characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_always_the_same_text),
        cmocka_unit_test(keys_differ_and_are_x25519s),
        cmocka_unit_test(what_it_holds_comes_back),
        cmocka_unit_test(an_address_comes_back_in_its_shortest_form),
        cmocka_unit_test(the_longest_of_everything_fits),
        cmocka_unit_test(names_of_every_length_come_back),
        cmocka_unit_test(it_may_be_typed_in_many_ways),
        cmocka_unit_test(what_cannot_be_a_token_is_not_made),
        cmocka_unit_test(a_wrong_character_is_told_with_its_group),
        cmocka_unit_test(characters_that_changed_places_are_told_with_their_group),
        cmocka_unit_test(several_wrong_groups_are_all_named),
        cmocka_unit_test(a_character_too_few_or_too_many_is_told),
        cmocka_unit_test(a_group_too_few_or_too_many_is_told),
        cmocka_unit_test(a_cut_is_told_at_every_place),
        cmocka_unit_test(something_behind_the_end_is_told),
        cmocka_unit_test(characters_that_are_none_are_told),
        cmocka_unit_test(groups_that_changed_places_are_found),
        cmocka_unit_test(another_version_is_told_by_its_first_group),
        cmocka_unit_test(a_number_of_groups_that_none_has_is_refused),
        cmocka_unit_test(bits_behind_the_last_byte_are_zero),
        cmocka_unit_test(what_no_el2w_makes_is_refused),
        cmocka_unit_test(an_expired_token_says_both_times),
        cmocka_unit_test(a_group_alone_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

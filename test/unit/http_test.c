/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates, ranges, targets and routes: the RFCs' examples, tables, and random cases against a
 * reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "http/http_date.h"
#include "http/http_range.h"
#include "http/http_request.h"

/* -- dates -- */

static void the_three_forms_of_rfc_9110(void **state)
{
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    char text[EL_HTTP_DATE_TEXT];
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(el_http_date_parse(forms[i], 1800000000, &seconds), 0);
        assert_int_equal(seconds, 784111777);
    }
    assert_string_equal(el_http_date_text(784111777, text), forms[0]);
}

static void dates_agree_with_the_c_library(void **state)
{
    char text[EL_HTTP_DATE_TEXT], expected[64];

    (void)state;
    for (int64_t s = -62167219200; s <= 253402300799; s += 86400 * 13 + 12345) {
        time_t t = (time_t)s;
        struct tm tm;
        int64_t back;
        gmtime_r(&t, &tm);
        /* strftime does not pad the year. */
        strftime(expected, sizeof expected, "%a, %d %b ", &tm);
        sprintf(expected + strlen(expected), "%04d", tm.tm_year + 1900);
        strftime(expected + strlen(expected), 20, " %H:%M:%S GMT", &tm);
        assert_string_equal(el_http_date_text(s, text), expected);
        assert_int_equal(el_http_date_parse(text, 0, &back), 0);
        assert_int_equal(back, s);
    }
    assert_string_equal(el_http_date_text(INT64_MAX, text), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_string_equal(el_http_date_text(INT64_MIN, text), "Sat, 01 Jan 0000 00:00:00 GMT");
}

static void two_digits_of_a_year_mean_the_nearer_past(void **state)
{
    int64_t in_2026 = 1790000000, seconds;
    char text[EL_HTTP_DATE_TEXT];

    (void)state;
    assert_int_equal(el_http_date_parse("Monday, 01-Jan-76 00:00:00 GMT", in_2026, &seconds), 0);
    assert_string_equal(el_http_date_text(seconds, text) + 12, "2076 00:00:00 GMT");
    assert_int_equal(el_http_date_parse("Monday, 01-Jan-77 00:00:00 GMT", in_2026, &seconds), 0);
    assert_string_equal(el_http_date_text(seconds, text) + 12, "1977 00:00:00 GMT");
}

static void what_is_not_a_date(void **state)
{
    static const char *const wrong[] = {
        "",
        "0",
        "Sun",
        "Sun,",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
    };
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (el_http_date_parse(wrong[i], 0, &seconds) != EL_EINVAL)
            fail_msg("%s", wrong[i]);
}

/* -- ranges -- */

static void ranges_as_the_rfc_and_clients_write_them(void **state)
{
    static const struct {
        const char *value;
        uint64_t size;
        int result;
        struct el_http_range r[3];
    } cases[] = {
        /* RFC 9110 §14.1.2, of 10000 bytes. */
        {"bytes=0-499", 10000, 1, {{0, 499}}},
        {"bytes=500-999", 10000, 1, {{500, 999}}},
        {"bytes=-500", 10000, 1, {{9500, 9999}}},
        {"bytes=9500-", 10000, 1, {{9500, 9999}}},
        {"bytes=0-0,-1", 10000, 2, {{0, 0}, {9999, 9999}}},
        {"bytes= 0-999, 4500-5499, -1000", 10000, 3, {{0, 999}, {4500, 5499}, {9000, 9999}}},
        {"bytes=500-600,601-999", 10000, 2, {{500, 600}, {601, 999}}},
        {"bytes=500-700,601-999", 10000, 0, {{0, 0}}}, /* overlap */
        /* Ends beyond the end. */
        {"bytes=0-99999", 10, 1, {{0, 9}}},
        {"bytes=-99999", 10, 1, {{0, 9}}},
        {"bytes=9-9", 10, 1, {{9, 9}}},
        {"bytes=10-", 10, EL_EINVAL, {{0, 0}}},
        {"bytes=10-20,30-", 10, EL_EINVAL, {{0, 0}}},
        {"bytes=10-20,3-4", 10, 1, {{3, 4}}},
        {"bytes=-0", 10, EL_EINVAL, {{0, 0}}},
        {"bytes=0-", 0, EL_EINVAL, {{0, 0}}},
        {"bytes=-5", 0, EL_EINVAL, {{0, 0}}},
        {"bytes=0-18446744073709551615", 10, 1, {{0, 9}}},
        {"bytes=0-99999999999999999999999", 10, 1, {{0, 9}}},
        {"bytes=99999999999999999999999-", 10, EL_EINVAL, {{0, 0}}},
        {"bytes=1-2", UINT64_MAX, 1, {{1, 2}}},
        /* Two that descend are served; three are not. */
        {"bytes=5-6,1-2", 10, 2, {{5, 6}, {1, 2}}},
        {"bytes=5-6,3-3,1-2", 10, 0, {{0, 0}}},
        /* Not for us. iPXE's block device has been seen to send the last two. */
        {"bytes=", 10, 0, {{0, 0}}},
        {"bytes=,", 10, 0, {{0, 0}}},
        {"bytes=,1-2,", 10, 1, {{1, 2}}},
        {"bytes=-", 10, 0, {{0, 0}}},
        {"bytes=2-1", 10, 0, {{0, 0}}},
        {"bytes=1-2 3-4", 10, 0, {{0, 0}}},
        {"bytes=1-2x", 10, 0, {{0, 0}}},
        {"BYTES=1-2", 10, 1, {{1, 2}}},
        {"lines=1-2", 10, 0, {{0, 0}}},
        {"bytes", 10, 0, {{0, 0}}},
        {"byte=1-2", 10, 0, {{0, 0}}},
        {"", 10, 0, {{0, 0}}},
        {"bytes=u-u", 10, 0, {{0, 0}}},
        {"bytes=-5--1", 10, 0, {{0, 0}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_http_range ranges[EL_HTTP_RANGES_MAX];
        int n = el_http_range_parse(cases[i].value, cases[i].size, ranges);
        if (n != cases[i].result)
            fail_msg("%s of %llu: %d", cases[i].value, (unsigned long long)cases[i].size, n);
        for (int k = 0; k < n; k++) {
            assert_int_equal(ranges[k].first, cases[i].r[k].first);
            assert_int_equal(ranges[k].last, cases[i].r[k].last);
        }
    }
}

static void sixteen_ranges_and_no_more(void **state)
{
    char value[512] = "bytes=0-0";
    struct el_http_range ranges[EL_HTTP_RANGES_MAX];

    (void)state;
    for (int i = 1; i < EL_HTTP_RANGES_MAX; i++)
        sprintf(value + strlen(value), ",%d-%d", 2 * i, 2 * i);
    assert_int_equal(el_http_range_parse(value, 100, ranges), EL_HTTP_RANGES_MAX);
    strcat(value, ",99-99");
    assert_int_equal(el_http_range_parse(value, 100, ranges), 0);
}

/* Random sets of ranges over a small file, against marking bytes one by one. */
static void random_ranges_cover_what_a_bitmap_says(void **state)
{
    uint32_t x = 7;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char value[256] = "bytes=";
        unsigned size = (x = x * 1664525 + 1013904223) >> 27;
        unsigned count = 1 + ((x = x * 1664525 + 1013904223) >> 30);
        unsigned marks[40] = {0}, marked = 0, overlaps = 0, descends = 0, last_first = 0, kept = 0;
        struct el_http_range ranges[EL_HTTP_RANGES_MAX];
        for (unsigned i = 0; i < count; i++) {
            unsigned first = (x = x * 1664525 + 1013904223) >> 27;
            unsigned len = (x = x * 1664525 + 1013904223) >> 29;
            sprintf(value + strlen(value), "%s%u-%u", i ? "," : "", first, first + len);
            if (first >= size)
                continue;
            for (unsigned b = first; b <= first + len && b < size; b++) {
                overlaps += marks[b]++ > 0;
                marked++;
            }
            descends += kept && first < last_first;
            last_first = first;
            kept++;
        }
        int n = el_http_range_parse(value, size, ranges);
        if (kept == 0) {
            assert_int_equal(n, EL_EINVAL);
        } else if (overlaps || (descends && kept > 2)) {
            assert_int_equal(n, 0);
        } else {
            assert_int_equal(n, kept);
            for (int i = 0; i < n; i++)
                for (uint64_t b = ranges[i].first; b <= ranges[i].last; b++, marked--)
                    assert_int_equal(marks[b], 1);
            assert_int_equal(marked, 0);
        }
    }
}

/* -- targets -- */

static int parse(const char *target, struct el_http_request *request,
                 struct el_http_param params[EL_HTTP_PARAMS_MAX])
{
    static char decoded[EL_HTTP_TARGET_MAX + 16];

    *request = (struct el_http_request){.method = EL_HTTP_GET, .host = "field"};
    return el_http_target_parse(target, request, params, decoded, sizeof decoded);
}

static void paths_are_decoded_once_and_stay_inside(void **state)
{
    static const struct {
        const char *target, *path; /* NULL: 400 */
    } cases[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b/"},
        {"//a///b", "/a/b"},
        {"/a/./b/.", "/a/b/"},
        {"/a/../b", "/b"},
        {"/a/b/..", "/a/"},
        {"/a/%2e%2E/b", "/b"},
        {"/a%2f..%2fb", "/b"},
        {"/%41%20%7e", "/A ~"},
        {"/%2541", "/%41"},
        {"/a+b", "/a+b"},
        {"/%c3%a9", "/\xc3\xa9"},
        {"/?q", "/"},
        {"/a?/../..", "/a"},
        {"/..", NULL},
        {"/../etc/passwd", NULL},
        {"/a/../../b", NULL},
        {"/%2e%2e/b", NULL},
        {"/..%2fb", NULL},
        {"/%00", NULL},
        {"/a%0ab", NULL},
        {"/a%7f", NULL},
        {"/a%5cb", NULL},
        {"/a\\b", NULL},
        {"/%", NULL},
        {"/%4", NULL},
        {"/%4g", NULL},
        {"/a#b", NULL},
        {"a", NULL},
        {"", "/"},
        {"*", NULL},
        {"http://host", "/"},
        {"HTTP://host:80/a?b", "/a"},
        {"http://host?b", "/"},
        {"http:///a", NULL},
        {"http://user@host/a", NULL},
        {"https://host/", NULL},
    };
    struct el_http_param params[EL_HTTP_PARAMS_MAX];
    struct el_http_request request;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = parse(cases[i].target, &request, params);
        if (status != (cases[i].path ? 0 : 400) ||
            (cases[i].path && strcmp(request.path, cases[i].path) != 0))
            fail_msg("%s: %d %s", cases[i].target, status, status ? "" : request.path);
    }
}

static void an_absolute_target_names_the_host(void **state)
{
    struct el_http_param params[EL_HTTP_PARAMS_MAX];
    struct el_http_request request;

    (void)state;
    assert_int_equal(parse("http://other:8080/x", &request, params), 0);
    assert_string_equal(request.host, "other:8080");
    assert_int_equal(parse("/x", &request, params), 0);
    assert_string_equal(request.host, "field");
}

static void queries_are_taken_apart(void **state)
{
    struct el_http_param params[EL_HTTP_PARAMS_MAX];
    struct el_http_request request;
    char many[512] = "/?x";

    (void)state;
    assert_int_equal(parse("/m?mac=52%3A54&&empty=&flag&a=b=c&sp=x+y%2b&mac=2", &request, params),
                     0);
    assert_int_equal(request.param_count, 6);
    assert_string_equal(el_http_param(&request, "mac"), "52:54");
    assert_string_equal(el_http_param(&request, "empty"), "");
    assert_string_equal(el_http_param(&request, "flag"), "");
    assert_string_equal(el_http_param(&request, "a"), "b=c");
    assert_string_equal(el_http_param(&request, "sp"), "x y+");
    assert_null(el_http_param(&request, "none"));
    assert_int_equal(parse("/?a=%0d", &request, params), 400);
    for (int i = 1; i < EL_HTTP_PARAMS_MAX; i++)
        strcat(many, "&x");
    assert_int_equal(parse(many, &request, params), 0);
    strcat(many, "&x");
    assert_int_equal(parse(many, &request, params), 400);
}

/* -- routes -- */

static void the_longest_route_wins(void **state)
{
    static const struct el_http_route routes[] = {
        {.prefix = "/", .body_max = 1},
        {.prefix = "/boot/", .body_max = 2},
        {.prefix = "/boot/menu", .body_max = 3},
        {.prefix = NULL},
    };

    (void)state;
    assert_int_equal(el_http_route_find(routes, "/")->body_max, 1);
    assert_int_equal(el_http_route_find(routes, "/boot")->body_max, 1);
    assert_int_equal(el_http_route_find(routes, "/boot/")->body_max, 2);
    assert_int_equal(el_http_route_find(routes, "/boot/menu")->body_max, 3);
    assert_int_equal(el_http_route_find(routes, "/boot/menus")->body_max, 2);
    assert_null(el_http_route_find(routes + 1, "/other"));
}

static void types_go_by_the_suffix(void **state)
{
    (void)state;
    assert_string_equal(el_http_type_of("a/snponly.EFI"), "application/efi");
    assert_string_equal(el_http_type_of("vmlinuz"), "application/octet-stream");
    assert_string_equal(el_http_type_of("v1.2.txt/vmlinuz"), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_of_rfc_9110),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(two_digits_of_a_year_mean_the_nearer_past),
        cmocka_unit_test(what_is_not_a_date),
        cmocka_unit_test(ranges_as_the_rfc_and_clients_write_them),
        cmocka_unit_test(sixteen_ranges_and_no_more),
        cmocka_unit_test(random_ranges_cover_what_a_bitmap_says),
        cmocka_unit_test(paths_are_decoded_once_and_stay_inside),
        cmocka_unit_test(an_absolute_target_names_the_host),
        cmocka_unit_test(queries_are_taken_apart),
        cmocka_unit_test(the_longest_route_wins),
        cmocka_unit_test(types_go_by_the_suffix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

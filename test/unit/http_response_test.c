/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client's side of HTTP: what it sends, and what it makes of what it gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "http/http_response.h"

enum { BODY_MAX = 64 };

static struct el_http_response response;

/* TEXT in pieces of STEP bytes. */
static int hear(const char *text, size_t step, bool head)
{
    size_t len = strlen(text);
    int r = 0;

    el_http_response_end(&response);
    el_http_response_init(&response, BODY_MAX, head);
    for (size_t at = 0; at < len && r == 0; at += step)
        r = el_http_response_input(&response, (const uint8_t *)text + at,
                                   len - at < step ? len - at : step);
    return r;
}

static void expect_body(const char *body)
{
    assert_true(response.complete);
    assert_int_equal(response.body_len, strlen(body));
    if (*body)
        assert_memory_equal(response.body, body, strlen(body));
}

static void responses_whole_and_in_pieces(void **state)
{
    (void)state;
    for (size_t step = 1; step < 200; step += 7) {
        assert_int_equal(hear("HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n"
                              "Content-Length: 4\r\n\r\nbodyrest",
                              step, false),
                         0);
        assert_int_equal(response.status, 200);
        assert_string_equal(response.type, "application/json");
        expect_body("body");
        assert_int_equal(hear("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "0003\r\none\r\n4\r\n two\r\n0\r\n\r\n",
                              step, false),
                         0);
        assert_string_equal(response.type, "");
        expect_body("one two");
        assert_int_equal(hear("HTTP/1.1 100 Continue\r\nContent-Type: x/y\r\n\r\n"
                              "HTTP/1.1 204 No Content\r\n\r\n",
                              step, false),
                         0);
        assert_int_equal(response.status, 204);
        assert_string_equal(response.type, "");
        expect_body("");
        assert_int_equal(hear("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", step, true), 0);
        expect_body("");
    }
}

static void the_end_of_the_connection(void **state)
{
    (void)state;
    assert_int_equal(hear("HTTP/1.1 200 OK\r\n\r\nall of it", 100, false), 0);
    assert_false(response.complete);
    assert_int_equal(el_http_response_eof(&response), 0);
    expect_body("all of it");
    static const char *const cut[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbod",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0003\r\none\r\n",
    };
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        assert_int_equal(hear(cut[i], 100, false), 0);
        assert_int_equal(el_http_response_eof(&response), EL_EPROTO);
        assert_false(response.complete);
    }
}

static void what_is_no_response(void **state)
{
    static const char *const wrong[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        for (size_t step = 1; step < 200; step += 9)
            assert_int_equal(hear(wrong[i], step, false), EL_EPROTO);
}

static void bounds(void **state)
{
    char *large = malloc(EL_HTTP_RESPONSE_HEAD + 200);

    (void)state;
    assert_int_equal(hear("HTTP/1.1 200 OK\r\n\r\n"
                          "12345678901234567890123456789012345678901234567890123456789012345",
                          1, false),
                     EL_EFULL);
    strcpy(large, "HTTP/1.1 200 OK\r\nX: ");
    memset(large + 20, 'x', EL_HTTP_RESPONSE_HEAD);
    strcpy(large + 20 + EL_HTTP_RESPONSE_HEAD, "\r\n\r\n");
    assert_int_equal(hear(large, 1000, false), EL_EFULL);
    strcpy(large, "HTTP/1.1 200 OK\r\nContent-Type: ");
    memset(large + 31, 'x', 300);
    strcpy(large + 331, "\r\n\r\n");
    assert_int_equal(hear(large, 1000, false), EL_EFULL);
    free(large);
}

static void a_stream_is_taken_as_it_comes(void **state)
{
    (void)state;
    assert_int_equal(hear("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 100, false), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(
            el_http_response_input(&response, (const uint8_t *)"8\r\n12345678\r\n", 13), 0);
        assert_int_equal(response.body_len, 8);
        el_http_response_take(&response);
    }
}

static void what_is_asked(void **state)
{
    struct el_http_ask ask = {.method = "POST",
                              .target = "/v1/enrol",
                              .host = "100.64.0.1",
                              .accept = "application/json",
                              .last_event_id = "a-1",
                              .type = "application/json",
                              .body = "{}",
                              .body_len = 2};
    char *text = NULL;

    (void)state;
    int len = el_http_ask_text(&ask, &text);
    static const char expected[] = "POST /v1/enrol HTTP/1.1\r\nHost: 100.64.0.1\r\n"
                                   "Connection: close\r\nAccept: application/json\r\n"
                                   "Last-Event-ID: a-1\r\nContent-Type: application/json\r\n"
                                   "Content-Length: 2\r\n\r\n{}";
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(text, expected, sizeof expected - 1);
    free(text);
    ask.target = "/v1/spokes/x HTTP/1.1\r\nHost: evil\r\n\r\n";
    assert_int_equal(el_http_ask_text(&ask, &text), EL_EINVAL);
    ask.target = "/";
    ask.last_event_id = "1\r\nX: y";
    assert_int_equal(el_http_ask_text(&ask, &text), EL_EINVAL);
}

static int teardown(void **state)
{
    (void)state;
    el_http_response_end(&response);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_whole_and_in_pieces),
        cmocka_unit_test(the_end_of_the_connection),
        cmocka_unit_test(what_is_no_response),
        cmocka_unit_test(bounds),
        cmocka_unit_test(a_stream_is_taken_as_it_comes),
        cmocka_unit_test(what_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies that come piece by piece: what goes out when, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "http/http_conn.h"

#define WATCH "GET /watch HTTP/1.1\r\nHost: h\r\n\r\n"

/* What the feed is to say next. */
static struct {
    const char *text;
    bool over;
    unsigned ended, heartbeat_s;
    struct el_http_wake wake;
} feed;

static int feed_pull(void *arg, uint8_t *to)
{
    size_t len = feed.text ? strlen(feed.text) : 0;

    (void)arg;
    if (!len)
        return feed.over ? EL_ECLOSED : 0;
    memcpy(to, feed.text, len);
    feed.text = NULL;
    return (int)len;
}

static void feed_end(void *arg)
{
    (void)arg;
    feed.ended++;
}

static void watch(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    const struct el_http_feed what = {
        .pull = feed_pull, .end = feed_end, .heartbeat = ":\n", .heartbeat_s = feed.heartbeat_s};

    (void)arg;
    feed.wake = request->wake;
    el_http_answer_feed(answer, "text/event-stream", &what);
}

/* Takes OPTIONS itself, and knows better what is allowed. */
static void options(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    (void)arg;
    el_http_answer_status(answer, request->method == EL_HTTP_OPTIONS ? 204 : 405);
    answer->allow = EL_HTTP_POST | EL_HTTP_OPTIONS;
    answer->no_store = true;
}

static const struct el_http_route routes[] = {
    {"/watch", EL_HTTP_GET, watch, NULL, 0},
    {"/options/", EL_HTTP_GET | EL_HTTP_OPTIONS, options, NULL, 0},
    {0},
};
static const struct el_http_timeouts timeouts = {0};
static const struct el_endpoint client = {.ip = {4, {192, 0, 2, 1}}, .port = 1234};
static struct el_http_clock now = {EL_S, 784111777};
static struct el_http_conn *conn;
static char out[65536];
static size_t out_len;
static unsigned woken;

static void on_wake(void *arg)
{
    (void)arg;
    woken++;
}

static int setup(void **state)
{
    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    memset(&feed, 0, sizeof feed);
    feed.heartbeat_s = 15;
    woken = 0;
    conn = el_http_conn_new(routes, &timeouts, &client, now);
    el_http_conn_on_wake(conn, (struct el_http_wake){on_wake, NULL});
    return conn ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    el_http_conn_free(conn, now);
    return 0;
}

/* What is given to be sent now. */
static const char *output(void)
{
    struct el_http_piece piece;

    out_len = 0;
    while (el_http_conn_output(conn, &piece)) {
        assert_true(out_len + piece.len < sizeof out);
        memcpy(out + out_len, piece.bytes, piece.len);
        out_len += piece.len;
    }
    out[out_len] = '\0';
    return out;
}

static void sent(void)
{
    el_http_conn_sent(conn, now);
}

static void say(const char *text)
{
    el_http_conn_input(conn, now, (const uint8_t *)text, strlen(text));
}

/* The deadline comes. */
static void wait_for_deadline(uint64_t queued)
{
    now.now_ns = el_http_conn_deadline(conn);
    assert_true(now.now_ns != EL_NEVER);
    el_http_conn_tick(conn, now, queued);
}

static void pieces_go_out_as_chunks(void **state)
{
    (void)state;
    feed.text = "one";
    say(WATCH);
    assert_string_equal(output(), "HTTP/1.1 200 OK\r\n"
                                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                  "Cache-Control: no-store\r\n"
                                  "Content-Type: text/event-stream\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "0003\r\none\r\n");
    /* One piece on its way, and no second before it has gone. */
    feed.text = "two!";
    assert_string_equal(output(), "");
    sent();
    assert_string_equal(output(), "0004\r\ntwo!\r\n");
    sent();
    assert_string_equal(output(), "");
    feed.wake.call(feed.wake.arg);
    assert_int_equal(woken, 1);
    assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_INPUT);
    assert_int_equal(feed.ended, 0);
}

static void an_end_lets_the_connection_go_on(void **state)
{
    (void)state;
    say(WATCH);
    (void)output();
    sent();
    feed.over = true;
    assert_string_equal(output(), "0\r\n\r\n");
    assert_int_equal(feed.ended, 0);
    sent();
    assert_int_equal(feed.ended, 1);
    feed.over = false;
    feed.text = "again";
    say(WATCH);
    assert_non_null(strstr(output(), "0005\r\nagain\r\n"));
}

static void silence_is_broken_by_heartbeats(void **state)
{
    (void)state;
    say(WATCH);
    (void)output();
    sent();
    for (int i = 0; i < 3; i++) {
        uint64_t before = now.now_ns;
        wait_for_deadline(0);
        assert_int_equal(now.now_ns - before, 15 * EL_S);
        assert_string_equal(output(), "0002\r\n:\n\r\n");
        sent();
    }
    /* What comes at the same time is said instead. */
    now.now_ns = el_http_conn_deadline(conn);
    feed.text = "news";
    el_http_conn_tick(conn, now, 0);
    assert_string_equal(output(), "0004\r\nnews\r\n");
}

static void who_takes_nothing_is_cut_off(void **state)
{
    (void)state;
    feed.text = "one";
    say(WATCH);
    (void)output();
    sent();
    feed.text = "two";
    (void)output();
    wait_for_deadline(8);
    assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_INPUT);
    sent(); /* just in time */
    feed.text = "three";
    (void)output();
    wait_for_deadline(10);
    assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_INPUT);
    wait_for_deadline(10);
    assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_CLOSE);
}

static void without_a_heartbeat_it_just_waits(void **state)
{
    (void)state;
    feed.heartbeat_s = 0;
    say(WATCH);
    (void)output();
    sent();
    for (int i = 0; i < 10; i++) {
        wait_for_deadline(0);
        assert_string_equal(output(), "");
        assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_INPUT);
    }
}

static void the_end_of_the_client_is_the_end(void **state)
{
    (void)state;
    say(WATCH);
    (void)output();
    sent();
    el_http_conn_eof(conn);
    assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_CLOSE);
    assert_int_equal(feed.ended, 0);
    el_http_conn_free(conn, now);
    conn = NULL;
    assert_int_equal(feed.ended, 1);
}

static void requests_behind_it_wait(void **state)
{
    (void)state;
    say(WATCH "GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)output();
    sent();
    assert_int_equal(el_http_conn_wants(conn), EL_HTTP_WANTS_SENT);
    feed.over = true;
    (void)output();
    sent();
    assert_non_null(strstr(output(), "HTTP/1.1 404 Not Found\r\n"));
}

static void who_cannot_have_it(void **state)
{
    (void)state;
    say("HEAD /watch HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(output(), "200 OK\r\n"));
    assert_null(strstr(out, "0000"));
    sent();
    assert_int_equal(feed.ended, 1);
    feed.text = "one";
    say("GET /watch HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(output(), "505 HTTP"));
    assert_int_equal(feed.ended, 2);
}

static void a_route_that_knows_its_methods(void **state)
{
    (void)state;
    say("OPTIONS /options/x HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(output(), "HTTP/1.1 204 No Content\r\n"));
    assert_non_null(strstr(out, "Allow: POST, OPTIONS\r\n"));
    sent();
    assert_non_null(strstr(out, "Cache-Control: no-store\r\n"));
    say("GET /options/x HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(output(), "HTTP/1.1 405 "));
    assert_non_null(strstr(out, "Allow: POST, OPTIONS\r\n"));
    sent();
    say("OPTIONS /watch HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(output(), "Allow: GET, HEAD, OPTIONS\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_go_out_as_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(an_end_lets_the_connection_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_is_broken_by_heartbeats, setup, teardown),
        cmocka_unit_test_setup_teardown(who_takes_nothing_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_heartbeat_it_just_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_the_client_is_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(requests_behind_it_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(who_cannot_have_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_route_that_knows_its_methods, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection machine: what a client sends, what it gets, byte for byte where it matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csprng.h"
#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "http/http_conn.h"

#define WALL 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define HOST "Host: h\r\n"

static const struct el_endpoint client = {.ip = {4, {192, 0, 2, 1}}, .port = 1234};

static const uint8_t alphabet[] = "abcdefghijklmnopqrstuvwxyz";
static const struct el_content_memory_entry entries[] = {
    {"abc.txt", alphabet, 26}, {"empty", alphabet, 0}, {"<odd> \"name\"", alphabet, 1}, {0}};
static const struct el_content_memory memory = {entries, WALL - 100};
static struct el_content content;
static struct el_http_files files = {&content, true};
static struct el_http_files plain_files = {&content, false};

static void echo(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    char text[512];
    int n = snprintf(text, sizeof text, "%s|%s|%s|%.*s", request->rest, request->host,
                     el_http_param(request, "q") ? el_http_param(request, "q") : "-",
                     (int)request->body_len, request->body ? (const char *)request->body : "");

    (void)arg;
    el_http_answer_bytes(answer, 200, "text/plain", text, (size_t)n);
}

static void move(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    (void)request;
    el_http_answer_redirect(answer, 302, arg);
}

static char location[] = "/files/abc.txt", forged[] = "/x\r\nSet-Cookie: a=b";
static char file_path[] = "/tmp/el_http_XXXXXX";

static void on_disk(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_content_file file = {.size = 26, .fd = open(file_path, O_RDONLY), .mtime_s = 1000};

    (void)arg;
    (void)request;
    el_http_answer_file(answer, "text/plain", &file);
}

/* The second half of the alphabet stands before the first: a file inside an image of a disk. */
static struct el_content_stretch halves(const struct el_content_file *file, uint64_t offset)
{
    (void)file;
    return offset < 13 ? (struct el_content_stretch){39 + offset, 13 - offset}
                       : (struct el_content_stretch){26 + offset - 13, 26 - offset};
}

static void scattered(void *arg, const struct el_http_request *request,
                      struct el_http_answer *answer)
{
    struct el_content_file file = {
        .size = 26, .fd = open(file_path, O_RDONLY), .mtime_s = 1000, .stretch = halves};

    (void)arg;
    (void)request;
    el_http_answer_file(answer, "text/plain", &file);
}

static const struct el_http_route routes[] = {
    {"/files/", EL_HTTP_GET, el_http_files_handler, &files, 0},
    {"/plain/", EL_HTTP_GET, el_http_files_handler, &plain_files, 0},
    {"/echo/", EL_HTTP_GET | EL_HTTP_POST, echo, NULL, 20},
    {"/disk", EL_HTTP_GET, on_disk, NULL, 0},
    {"/scattered", EL_HTTP_GET, scattered, NULL, 0},
    {"/move", EL_HTTP_GET, move, location, 0},
    {"/forged", EL_HTTP_GET, move, forged, 0},
    {0},
};

/* -- a client's side -- */

struct talk {
    struct el_http_conn *conn;
    struct el_http_clock clock;
    char out[1 << 20];
    size_t len;
    bool finished, closed;
};

static struct talk talk;
static const struct el_http_timeouts timeouts = {0};

static void talk_start(void)
{
    talk.clock = (struct el_http_clock){EL_S, WALL};
    talk.len = 0;
    talk.finished = talk.closed = false;
    talk.conn = el_http_conn_new(routes, &timeouts, &client, talk.clock);
}

static void collect(void)
{
    struct el_http_piece piece;

    for (;;) {
        while (el_http_conn_output(talk.conn, &piece)) {
            assert_true(talk.len + piece.len < sizeof talk.out);
            if (piece.bytes)
                memcpy(talk.out + talk.len, piece.bytes, piece.len);
            else
                assert_int_equal(
                    pread(piece.fd, talk.out + talk.len, piece.len, (off_t)piece.offset),
                    piece.len);
            talk.len += piece.len;
        }
        talk.out[talk.len] = '\0';
        el_http_conn_sent(talk.conn, talk.clock);
        if (el_http_conn_has_output(talk.conn))
            continue;
        enum el_http_wants wants = el_http_conn_wants(talk.conn);
        talk.finished |= wants == EL_HTTP_WANTS_FINISH;
        talk.closed |= wants == EL_HTTP_WANTS_CLOSE;
        return;
    }
}

static void say_bytes(const char *bytes, size_t len)
{
    el_http_conn_input(talk.conn, talk.clock, (const uint8_t *)bytes, len);
    collect();
}

static void say(const char *text)
{
    talk.len = 0;
    say_bytes(text, strlen(text));
}

static void talk_end(void)
{
    el_http_conn_free(talk.conn, talk.clock);
}

static const char *body(void)
{
    const char *end = strstr(talk.out, "\r\n\r\n");

    return end ? end + 4 : "(no header)";
}

/* The reply to a GET of PATH with the header FIELDS. */
static void get(const char *path, const char *fields)
{
    char text[4096];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\n" HOST "%s\r\n", path, fields);
    say(text);
}

static void expect_status(int status)
{
    int got = 0;

    if (sscanf(talk.out, "HTTP/1.1 %d", &got) != 1 || got != status)
        fail_msg("expected %d, got: %s", status, talk.out);
}

static void expect_in_reply(const char *text)
{
    if (!strstr(talk.out, text))
        fail_msg("no %s in: %s", text, talk.out);
}

static void expect_not_in_reply(const char *text)
{
    if (strstr(talk.out, text))
        fail_msg("%s in: %s", text, talk.out);
}

/* -- tests -- */

static void a_file_as_it_goes_out(void **state)
{
    (void)state;
    talk_start();
    get("/files/abc.txt", "");
    assert_string_equal(talk.out, "HTTP/1.1 200 OK\r\n"
                                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                  "ETag: \"0-1a-2ebc983d.0\"\r\n"
                                  "Last-Modified: Sun, 06 Nov 1994 08:47:57 GMT\r\n"
                                  "Accept-Ranges: bytes\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Length: 26\r\n\r\n"
                                  "abcdefghijklmnopqrstuvwxyz");
    assert_false(talk.finished || talk.closed);
    get("/disk", "");
    assert_string_equal(body(), (const char *)alphabet);
    get("/scattered", "");
    assert_string_equal(body(), (const char *)alphabet);
    get("/files/empty", "");
    expect_status(200);
    expect_in_reply("Content-Length: 0\r\n");
    assert_string_equal(body(), "");
    talk_end();
}

static void head_is_get_without_its_body(void **state)
{
    (void)state;
    talk_start();
    say("HEAD /files/abc.txt HTTP/1.1\r\n" HOST "Range: bytes=1-2\r\n\r\n");
    expect_status(200);
    expect_in_reply("Content-Length: 26\r\n");
    assert_string_equal(body(), "");
    say("HEAD /files/none HTTP/1.1\r\n" HOST "\r\n");
    expect_status(404);
    assert_string_equal(body(), "");
    talk_end();
}

static void one_range(void **state)
{
    static const char *const paths[] = {"/files/abc.txt", "/disk", "/scattered"};

    (void)state;
    talk_start();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        get(paths[i], "Range: bytes=11-14\r\n");
        assert_string_equal(body(), "lmno");
        get(paths[i], "Range: bytes=2-4\r\n");
        expect_status(206);
        expect_in_reply("Content-Range: bytes 2-4/26\r\n");
        expect_in_reply("Content-Length: 3\r\n");
        assert_string_equal(body(), "cde");
        get(paths[i], "Range: bytes=-3\r\n");
        assert_string_equal(body(), "xyz");
        get(paths[i], "Range: bytes=26-\r\n");
        expect_status(416);
        expect_in_reply("Content-Range: bytes */26\r\n");
        get(paths[i], "Range: bytes=u-u\r\n");
        expect_status(200);
    }
    get("/echo/abc", "Range: bytes=0-2\r\n");
    expect_status(206);
    assert_string_equal(body(), "abc");
    talk_end();
}

static void several_ranges_are_parts(void **state)
{
    static const char *const paths[] = {"/files/abc.txt", "/disk", "/scattered"};
    char boundary[64], expected[1024];

    (void)state;
    talk_start();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        get(paths[i], "Range: bytes=0-1,10-12,-1\r\n");
        const char *type = i > 0 ? "text/plain" : "text/plain; charset=utf-8";
        expect_status(206);
        expect_not_in_reply("Content-Type: text/plain\r\nContent-Length");
        const char *at = strstr(talk.out, "boundary=");
        assert_int_equal(sscanf(at, "boundary=%63[0-9a-f]", boundary), 1);
        snprintf(expected, sizeof expected,
                 "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes 0-1/26\r\n\r\nab"
                 "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes 10-12/26\r\n\r\nklm"
                 "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: bytes 25-25/26\r\n\r\nz"
                 "\r\n--%s--\r\n",
                 boundary, type, boundary, type, boundary, type, boundary);
        assert_string_equal(body(), expected);
        char length[64];
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(expected));
        expect_in_reply(length);
    }
    talk_end();
}

static void preconditions_in_their_order(void **state)
{
#define ETAG     "\"0-1a-2ebc983d.0\""
#define MODIFIED "Sun, 06 Nov 1994 08:47:57 GMT"
#define BEFORE   "Sun, 06 Nov 1994 08:47:56 GMT"
    static const struct {
        const char *fields;
        int status;
    } cases[] = {
        {"If-Match: " ETAG "\r\n", 200},
        {"If-Match: *\r\n", 200},
        {"If-Match: \"x\"\r\n", 412},
        {"If-Match: W/" ETAG "\r\n", 412},
        {"If-Match: \"x\", " ETAG "\r\n", 200},
        {"If-Match: \"x\"\r\nIf-Match: " ETAG "\r\n", 200},
        {"If-Match: " ETAG "\r\nIf-Unmodified-Since: " BEFORE "\r\n", 200},
        {"If-Unmodified-Since: " MODIFIED "\r\n", 200},
        {"If-Unmodified-Since: " BEFORE "\r\n", 412},
        {"If-Unmodified-Since: nonsense\r\n", 200},
        {"If-None-Match: " ETAG "\r\n", 304},
        {"If-None-Match: W/" ETAG "\r\n", 304},
        {"If-None-Match: *\r\n", 304},
        {"If-None-Match: \"x\"\r\n", 200},
        {"If-None-Match: \"x\" , " ETAG "\r\n", 304},
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: " MODIFIED "\r\n", 200},
        {"If-Modified-Since: " MODIFIED "\r\n", 304},
        {"If-Modified-Since: " BEFORE "\r\n", 200},
        {"If-Modified-Since: Sunday, 06-Nov-94 08:47:57 GMT\r\n", 304},
        {"Range: bytes=0-1\r\nIf-Range: " ETAG "\r\n", 206},
        {"Range: bytes=0-1\r\nIf-Range: \"x\"\r\n", 200},
        {"Range: bytes=0-1\r\nIf-Range: W/" ETAG "\r\n", 200},
        {"Range: bytes=0-1\r\nIf-Range: " MODIFIED "\r\n", 206},
        {"Range: bytes=0-1\r\nIf-Range: " BEFORE "\r\n", 200},
        {"Range: bytes=99-\r\nIf-Range: \"x\"\r\n", 200},
        {"Range: bytes=0-1\r\nIf-None-Match: " ETAG "\r\n", 304},
    };

    (void)state;
    talk_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        get("/files/abc.txt", cases[i].fields);
        expect_status(cases[i].status);
        if (cases[i].status == 304) {
            expect_in_reply("ETag: " ETAG);
            assert_string_equal(body(), "");
        }
    }
    talk_end();
}

static void methods(void **state)
{
    (void)state;
    talk_start();
    say("POST /files/abc.txt HTTP/1.1\r\n" HOST "\r\n");
    expect_status(405);
    expect_in_reply("Allow: GET, HEAD, OPTIONS\r\n");
    assert_false(talk.finished);
    say("OPTIONS /echo/ HTTP/1.1\r\n" HOST "\r\n");
    expect_status(204);
    expect_in_reply("Allow: GET, HEAD, POST, OPTIONS\r\n");
    expect_not_in_reply("Content-Length");
    say("OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
    expect_status(204);
    say("DELETE /nowhere HTTP/1.1\r\n" HOST "\r\n");
    expect_status(404);
    assert_false(talk.finished);
    say("PROPFIND / HTTP/1.1\r\n" HOST "\r\n");
    expect_status(501);
    assert_true(talk.finished);
    talk_end();
}

static void bodies(void **state)
{
    (void)state;
    talk_start();
    say("POST /echo/x?q=1 HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
    assert_string_equal(body(), "x|h|1|hello");
    say("POST /echo/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\nHost: evil\r\n\r\n");
    assert_string_equal(body(), "x|h|-|abcde");
    say("POST /echo/x HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_string_equal(talk.out, "HTTP/1.1 100 Continue\r\n\r\n");
    say("abc");
    assert_string_equal(body(), "x|h|-|abc");
    /* Sent without waiting: nothing to continue with. */
    say("POST /echo/x HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    expect_status(200);
    say("POST /echo/x HTTP/1.1\r\n" HOST "Content-Length: 20\r\n\r\n01234567890123456789");
    expect_status(200);
    say("POST /echo/x HTTP/1.1\r\n" HOST "Content-Length: 21\r\nExpect: 100-continue\r\n\r\n");
    expect_status(413);
    assert_true(talk.finished);
    say("012345678901234567890GET / HTTP/1.1\r\n\r\n");
    assert_string_equal(talk.out, "");
    talk_end();
}

/* Each on a fresh connection: the status, and whether the connection ends with it. */
static void requests_that_are_refused(void **state)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        /* What requests are smuggled with. */
        {"POST /echo/ HTTP/1.1\r\n" HOST
         "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\nx", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\nx", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\nx", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nz\r\n", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n", 400},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
         400},
        {"GET /files/abc.txt HTTP/1.1\nHost: h\n\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\n" HOST ": empty\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\n X: y\r\n" HOST "\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\n" HOST "X\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\n" HOST "X: a\001b\r\n\r\n", 400},
        /* Hosts. */
        {"GET /files/abc.txt HTTP/1.1\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET /files/abc.txt HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
        /* Targets, versions, methods. */
        {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /../x HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /files/a b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /files/abc.txt\r\n\r\n", 505},
        {"GET /files/abc.txt HTTP/2.0\r\n" HOST "\r\n", 505},
        {"GET /files/abc.txt HTTP/1.7\r\n" HOST "\r\n", 505},
        {"GET /files/abc.txt HTTP/0.9\r\n" HOST "\r\n", 505},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"GET /files/abc.txt HTXP/1.1\r\n" HOST "\r\n", 400},
        {"FETCH / HTTP/1.1\r\n" HOST "\r\n", 501},
        {"TRACE / HTTP/1.1\r\n" HOST "\r\n", 501},
        {"CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n", 501},
        {"\026\003\001\002", 400},
        /* Bodies where there can be none. */
        {"GET /files/abc.txt HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 413},
        {"GET /files/abc.txt HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
         413},
        {"POST /files/abc.txt HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 405},
        {"POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 404},
        {"POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: 200-maybe\r\n\r\nx", 417},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk_start();
        say(cases[i].request);
        int got = 0;
        sscanf(talk.out, "HTTP/1.1 %d", &got);
        if (got != cases[i].status || !talk.finished)
            fail_msg("%s\ngave %s", cases[i].request, talk.out);
        expect_in_reply("Connection: close\r\n");
        talk_end();
    }
}

static void bounds_of_the_header(void **state)
{
    static char text[40000];

    (void)state;
    talk_start();
    strcpy(text, "GET /files/");
    memset(text + strlen(text), 'a', EL_HTTP_TARGET_MAX);
    strcpy(text + 11 + EL_HTTP_TARGET_MAX, " HTTP/1.1\r\n" HOST "\r\n");
    say(text);
    expect_status(414);
    talk_end();

    talk_start();
    strcpy(text, "GET / HTTP/1.1\r\n" HOST "X: ");
    memset(text + strlen(text), 'a', EL_HTTP_HEAD_MAX);
    say(text);
    expect_status(431);
    talk_end();

    for (int fields = EL_HTTP_FIELDS_MAX; fields <= EL_HTTP_FIELDS_MAX + 1; fields++) {
        talk_start();
        strcpy(text, "GET /files/abc.txt HTTP/1.1\r\n" HOST);
        for (int i = 1; i < fields; i++)
            strcat(text, "X:\r\n");
        strcat(text, "\r\n");
        say(text);
        expect_status(fields > EL_HTTP_FIELDS_MAX ? 431 : 200);
        talk_end();
    }
}

static void connections_stay_or_end(void **state)
{
    (void)state;
    talk_start();
    get("/files/abc.txt", "Connection: close\r\n");
    expect_in_reply("Connection: close\r\n");
    assert_true(talk.finished);
    talk_end();
    talk_start();
    say("GET /files/abc.txt HTTP/1.0\r\n\r\n");
    expect_status(200);
    expect_in_reply("Connection: close\r\n");
    assert_true(talk.finished);
    talk_end();
    talk_start();
    say("GET /files/abc.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect_in_reply("Connection: keep-alive\r\n");
    assert_false(talk.finished);
    get("/files/abc.txt", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    expect_status(200);
    get("http://other/echo/", "");
    assert_string_equal(body(), "|other|-|");
    talk_end();
}

static void requests_in_one_piece_are_answered_in_order(void **state)
{
    (void)state;
    talk_start();
    say("GET /echo/1 HTTP/1.1\r\n" HOST "\r\nGET /echo/2 HTTP/1.1\r\n" HOST
        "\r\nPOST /echo/3 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nxyGET /echo/4 HTTP/1.1\r\n");
    const char *one = strstr(talk.out, "1|h|-|"), *two = strstr(talk.out, "2|h|-|"),
               *three = strstr(talk.out, "3|h|-|xy");
    assert_true(one && two && three && one < two && two < three);
    assert_null(strstr(talk.out, "4|h"));
    say(HOST "\r\n");
    assert_string_equal(body(), "4|h|-|");
    /* After the last the client says nothing more, but still listens. */
    el_http_conn_input(talk.conn, talk.clock,
                       (const uint8_t *)"GET /echo/5 HTTP/1.1\r\n" HOST "\r\n", 33);
    el_http_conn_eof(talk.conn);
    talk.len = 0;
    collect();
    assert_string_equal(body(), "5|h|-|");
    assert_true(talk.closed);
    talk_end();
}

static void time_runs_out(void **state)
{
    struct el_http_piece piece;

    (void)state;
    /* Never a byte: closed without a word. */
    talk_start();
    talk.clock.now_ns = el_http_conn_deadline(talk.conn);
    el_http_conn_tick(talk.conn, talk.clock, 0);
    assert_int_equal(el_http_conn_wants(talk.conn), EL_HTTP_WANTS_CLOSE);
    talk_end();
    /* A header that drips: each byte is in time, the whole is not. */
    talk_start();
    for (const char *at = "GET /files/abc.txt HTTP/1.1\r\nHost:"; *at; at++) {
        if (el_http_conn_deadline(talk.conn) <= talk.clock.now_ns)
            break;
        el_http_conn_input(talk.conn, talk.clock, (const uint8_t *)at, 1);
        talk.clock.now_ns += EL_S;
    }
    el_http_conn_tick(talk.conn, talk.clock, 0);
    collect();
    expect_status(408);
    assert_true(talk.finished);
    assert_true(talk.clock.now_ns <= 17 * EL_S);
    /* Nor does it linger for ever. */
    talk.clock.now_ns = el_http_conn_deadline(talk.conn);
    el_http_conn_tick(talk.conn, talk.clock, 0);
    assert_int_equal(el_http_conn_wants(talk.conn), EL_HTTP_WANTS_CLOSE);
    talk_end();
    /* A body that does not come. */
    talk_start();
    say("POST /echo/ HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    talk.clock.now_ns = el_http_conn_deadline(talk.conn);
    el_http_conn_tick(talk.conn, talk.clock, 0);
    collect();
    expect_status(408);
    talk_end();
    /* A reader that takes 4 KB in each period stays; one that takes less does not. */
    talk_start();
    el_http_conn_input(talk.conn, talk.clock, (const uint8_t *)"GET /disk HTTP/1.1\r\n" HOST "\r\n",
                       31);
    while (el_http_conn_output(talk.conn, &piece))
        continue;
    talk.clock.now_ns = el_http_conn_deadline(talk.conn);
    el_http_conn_tick(talk.conn, talk.clock, 26);
    assert_int_equal(el_http_conn_wants(talk.conn), EL_HTTP_WANTS_CLOSE);
    talk_end();
}

static void idle_connections_end_without_a_word(void **state)
{
    (void)state;
    talk_start();
    get("/files/abc.txt", "");
    assert_true(el_http_conn_is_idle(talk.conn));
    talk.len = 0;
    talk.clock.now_ns = el_http_conn_deadline(talk.conn);
    el_http_conn_tick(talk.conn, talk.clock, 0);
    collect();
    assert_int_equal(talk.len, 0);
    assert_true(talk.closed);
    talk_end();
}

static void directories_have_an_index_where_wanted(void **state)
{
    (void)state;
    talk_start();
    get("/files/", "");
    expect_status(200);
    expect_in_reply("<li><a href=\"abc.txt\">abc.txt</a> 26\n");
    expect_in_reply("<li><a href=\"%3Codd%3E%20%22name%22\">&#60;odd&#62; &#34;name&#34;</a> 1\n");
    get("/plain/", "");
    expect_status(404);
    get("/plain/abc.txt", "");
    expect_status(200);
    talk_end();
}

static void redirects(void **state)
{
    (void)state;
    talk_start();
    get("/move", "");
    expect_status(302);
    expect_in_reply("Location: /files/abc.txt\r\n");
    get("/forged", "");
    expect_status(500);
    expect_not_in_reply("Set-Cookie");
    talk_end();
}

static int setup(void **state)
{
    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    content = el_content_memory(&memory);
    int fd = mkstemp(file_path);
    return fd < 0 || write(fd, alphabet, 26) != 26 || write(fd, alphabet + 13, 13) != 13 ||
           write(fd, alphabet, 13) != 13 || close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(file_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_as_it_goes_out),
        cmocka_unit_test(head_is_get_without_its_body),
        cmocka_unit_test(one_range),
        cmocka_unit_test(several_ranges_are_parts),
        cmocka_unit_test(preconditions_in_their_order),
        cmocka_unit_test(methods),
        cmocka_unit_test(bodies),
        cmocka_unit_test(requests_that_are_refused),
        cmocka_unit_test(bounds_of_the_header),
        cmocka_unit_test(connections_stay_or_end),
        cmocka_unit_test(requests_in_one_piece_are_answered_in_order),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(idle_connections_end_without_a_word),
        cmocka_unit_test(directories_have_an_index_where_wanted),
        cmocka_unit_test(redirects),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

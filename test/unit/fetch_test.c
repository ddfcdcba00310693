/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs, proxies, and what headers mean for a file part of which is here. */
#include "fetch/fetch_head_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *written(const char *text)
{
    static char url_text[EL_FETCH_URL_BYTES];
    struct el_fetch_url url;
    struct el_err err = {""};

    if (el_fetch_url_parse(text, &url, &err) < 0) {
        assert_true(err.text[0] != '\0');
        return NULL;
    }
    return el_fetch_url_text(&url, url_text);
}

static void urls_are_taken_apart(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://mirror.example.org/a/b.iso", "http://mirror.example.org/a/b.iso"},
        {"HTTPS://Mirror.Example.ORG", "https://mirror.example.org/"},
        {"https://host:443/x?y=z#part", "https://host/x?y=z"},
        {"https://host:8443/x", "https://host:8443/x"},
        {"http://host:/x", "http://host/x"},
        {"http://host?q", "http://host/?q"},
        {"http://[2001:DB8::1]:81/x", "http://[2001:db8::1]:81/x"},
        {"http://10.0.0.1/x%20y", "http://10.0.0.1/x%20y"},
        {"ftp://host/x", NULL},
        {"/etc/passwd", NULL},
        {"http:/host/x", NULL},
        {"http://", NULL},
        {"http:///x", NULL},
        {"http://host:65536/", NULL},
        {"http://host:0/", NULL},
        {"http://user:word@host/", NULL},
        {"http://host/a b", NULL},
        {"http://host/a\r\nHost: b", NULL},
        {"http://h\r\nx/", NULL},
        {"http://[::1/", NULL},
        {"http://::1/", NULL},
        {"http://h\xc3\xbc/", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i][1])
            assert_string_equal(written(cases[i][0]), cases[i][1]);
        else
            assert_null(written(cases[i][0]));
}

/* RFC 3986 §5.4, as far as it is about http. */
static void references_are_resolved(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"https://g:1/x", "https://g:1/x"},
        {"file:///etc/passwd", NULL},
        {"javascript:0", NULL},
        {"a b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_fetch_url base, url;
        struct el_err err = {""};
        char text[EL_FETCH_URL_BYTES];
        assert_int_equal(el_fetch_url_parse("http://a/b/c/d;p?q", &base, &err), 0);
        int rc = el_fetch_url_join(&base, cases[i][0], &url, &err);
        assert_int_equal(rc, cases[i][1] ? 0 : EL_EINVAL);
        if (rc == 0)
            assert_string_equal(el_fetch_url_text(&url, text), cases[i][1]);
    }
}

static void a_file_is_a_path(void **state)
{
    (void)state;
    char path[64];
    struct el_err err = {""};
    assert_int_equal(el_fetch_url_file("file:///srv/a%20b.iso", path, sizeof path, &err), 0);
    assert_string_equal(path, "/srv/a b.iso");
    assert_int_equal(el_fetch_url_file("file://localhost/x", path, sizeof path, &err), 0);
    assert_string_equal(path, "/x");
    assert_int_equal(el_fetch_url_file("http://host/x", path, sizeof path, &err), EL_ENOENT);
    assert_int_equal(el_fetch_url_file("file://other/x", path, sizeof path, &err), EL_EINVAL);
    assert_int_equal(el_fetch_url_file("file:///x%00y", path, sizeof path, &err), EL_EINVAL);
    assert_int_equal(el_fetch_url_file("file:///x%4", path, sizeof path, &err), EL_EINVAL);
}

static int proxy_for(const char *url_text, const struct el_fetch_proxies *proxies,
                     struct el_fetch_proxy *proxy)
{
    struct el_fetch_url url;
    struct el_err err = {""};

    assert_int_equal(el_fetch_url_parse(url_text, &url, &err), 0);
    return el_fetch_proxy_for(proxies, &url, proxy, &err);
}

static void proxies_are_the_environments(void **state)
{
    (void)state;
    struct el_fetch_proxies proxies = {.http = "http://proxy.test:8080",
                                       .https = "u%3as:w%40rd@10.0.0.9",
                                       .none = "localhost, .inside.test,10.1.2.3"};
    struct el_fetch_proxy proxy;
    assert_int_equal(proxy_for("http://a.test/", &proxies, &proxy), 1);
    assert_string_equal(proxy.host, "proxy.test");
    assert_int_equal(proxy.port, 8080);
    assert_string_equal(proxy.secret, "");
    assert_int_equal(proxy_for("https://a.test/", &proxies, &proxy), 1);
    assert_string_equal(proxy.host, "10.0.0.9");
    assert_int_equal(proxy.port, 3128);
    assert_string_equal(proxy.secret, "u:s:w@rd");
    assert_int_equal(proxy_for("http://localhost/", &proxies, &proxy), 0);
    assert_int_equal(proxy_for("https://x.Inside.test/", &proxies, &proxy), 0);
    assert_int_equal(proxy_for("https://inside.test/", &proxies, &proxy), 0);
    assert_int_equal(proxy_for("https://xinside.test/", &proxies, &proxy), 1);
    assert_int_equal(proxy_for("http://10.1.2.3:81/", &proxies, &proxy), 0);
    proxies = (struct el_fetch_proxies){.http = "socks5://x:1", .https = ""};
    assert_int_equal(proxy_for("http://a.test/", &proxies, &proxy), EL_EINVAL);
    assert_int_equal(proxy_for("https://a.test/", &proxies, &proxy), 0);
    proxies = (struct el_fetch_proxies){.http = "proxy", .none = "*"};
    assert_int_equal(proxy_for("http://a.test/", &proxies, &proxy), 0);
}

/* -- headers -- */

static struct el_fetch_fields fields;

static struct el_fetch_head read_head(const char *text, uint64_t here)
{
    struct el_http_response response;
    struct el_fetch_head head;

    el_http_response_init(&response, 1000, false);
    el_fetch_fields_begin(&fields, &response);
    assert_int_equal(el_http_response_input(&response, (const uint8_t *)text, strlen(text)), 0);
    assert_true(response.header_done);
    el_fetch_head_read(&response, &fields, here, &head);
    el_http_response_end(&response);
    return head;
}

static void a_whole_file_begins_at_0(void **state)
{
    (void)state;
    struct el_fetch_head head = read_head("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
                                          "ETag: \"abc\"\r\nLast-Modified: then\r\n\r\n",
                                          0);
    assert_int_equal(head.verdict, EL_FETCH_TAKE);
    assert_int_equal(head.offset, 0);
    assert_int_equal(head.total, 1000);
    assert_string_equal(head.validator, "\"abc\"");
    head = read_head("HTTP/1.1 200 OK\r\nETag: W/\"abc\"\r\nLast-Modified: then\r\n\r\n", 500);
    assert_int_equal(head.offset, 0); /* the server knows no ranges, or the file has changed */
    assert_true(head.total == EL_FETCH_UNKNOWN);
    assert_string_equal(head.validator, "then"); /* a weak tag is not for ranges */
    head = read_head("HTTP/1.1 200 OK\r\nETag: \"\xe9\"\r\n\r\n", 0);
    assert_string_equal(head.validator, ""); /* we could not say it again */
}

static void a_part_must_be_the_one_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        int verdict;
    } cases[] = {
        {"bytes 500-999/1000", EL_FETCH_TAKE},
        {"bytes 500-999/*", EL_FETCH_TAKE},
        {"bytes 400-999/1000", EL_FETCH_NONSENSE},
        {"bytes 500-1000/1000", EL_FETCH_NONSENSE},
        {"bytes 500-499/1000", EL_FETCH_NONSENSE},
        {"lines 500-999/1000", EL_FETCH_NONSENSE},
        {"bytes 500-999/1000x", EL_FETCH_NONSENSE},
        {"", EL_FETCH_NONSENSE},
        {"bytes 500-99999999999999999999/99999999999999999999999", EL_FETCH_NONSENSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "HTTP/1.1 206 Part\r\nContent-Range: %s\r\n\r\n",
                 cases[i].range);
        assert_int_equal(read_head(text, 500).verdict, cases[i].verdict);
        assert_int_equal(read_head(text, 0).verdict, EL_FETCH_NONSENSE); /* nobody asked */
    }
}

static void statuses_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t here;
        int verdict;
    } cases[] = {
        {"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", 0, EL_FETCH_REDIRECT},
        {"HTTP/1.1 302 Found\r\n\r\n", 0, EL_FETCH_NONSENSE},
        {"HTTP/1.1 404 No\r\n\r\n", 0, EL_FETCH_REFUSED},
        {"HTTP/1.1 503 Busy\r\n\r\n", 0, EL_FETCH_LATER},
        {"HTTP/1.1 416 No\r\nContent-Range: bytes */500\r\n\r\n", 500, EL_FETCH_WHOLE},
        {"HTTP/1.1 416 No\r\nContent-Range: bytes */400\r\n\r\n", 500, EL_FETCH_ANEW},
        {"HTTP/1.1 416 No\r\n\r\n", 500, EL_FETCH_ANEW},
        {"HTTP/1.1 204 Nothing\r\n\r\n", 0, EL_FETCH_NONSENSE},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", 0, EL_FETCH_NONSENSE},
        {"HTTP/1.1 103 Early\r\nLocation: /y\r\n\r\nHTTP/1.1 302 F\r\n\r\n", 0, EL_FETCH_NONSENSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(read_head(cases[i].text, cases[i].here).verdict, cases[i].verdict);
    read_head("HTTP/1.1 301 Moved\r\nLocation:  https://b/c \r\n\r\n", 0);
    assert_string_equal(fields.location, "https://b/c");
}

static void a_field_that_is_too_long_has_not_come(void **state)
{
    (void)state;
    static char text[4000];
    int len = snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: /");
    memset(text + len, 'x', 3000);
    strcpy(text + len + 3000, "\r\n\r\n");
    assert_int_equal(read_head(text, 0).verdict, EL_FETCH_NONSENSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(references_are_resolved),
        cmocka_unit_test(a_file_is_a_path),
        cmocka_unit_test(proxies_are_the_environments),
        cmocka_unit_test(a_whole_file_begins_at_0),
        cmocka_unit_test(a_part_must_be_the_one_asked_for),
        cmocka_unit_test(statuses_are_told_apart),
        cmocka_unit_test(a_field_that_is_too_long_has_not_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

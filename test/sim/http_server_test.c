/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server on streams: files whole and in parts over a bad link, clients that stall. */
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

#include "base/log.h"
#include "http/http_io.h"
#include "net/memory.h"

enum { BIG = 3000001 };

static uint8_t *big;
static char root[] = "/tmp/el_http_server_XXXXXX";
static int root_fd = -1;

/* A source with one file on disk: the way of sendfile. */
static int disk_read(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len)
{
    return (int)pread(file->fd, to, len, (off_t)offset);
}

static void disk_close(struct el_content_file *file)
{
    close(file->fd);
}

static int disk_open(void *arg, const char *name, struct el_content_file *file)
{
    (void)arg;
    if (strcmp(name, "disk") != 0 && strcmp(name, "memory") != 0)
        return EL_ENOENT;
    *file = (struct el_content_file){.size = BIG, .fd = -1, .mtime_s = 1000000000};
    if (strcmp(name, "memory") == 0) {
        file->bytes = big;
        return 0;
    }
    file->fd = openat(root_fd, "disk", O_RDONLY | O_CLOEXEC);
    file->read = disk_read;
    file->close = disk_close;
    return 0;
}

static const struct el_content content = {disk_open, NULL, NULL};
static struct el_http_files files = {&content, false};
static const struct el_http_route routes[] = {{"/", EL_HTTP_GET, el_http_files_handler, &files, 0},
                                              {0}};

struct lan {
    struct el_net_world *world;
    struct el_net *server_host, *client_host;
    struct el_http_server *server;
    struct el_endpoint at;
    unsigned seen[EL_HTTP_SEEN_ABORTED + 1];
    struct el_http_seen last;
};

struct browser {
    struct el_net_stream *stream;
    uint8_t *bytes;
    size_t len, capacity;
    bool ended;
    int code;
};

static struct el_net *host_at(struct el_net_world *world, uint32_t address)
{
    struct el_net *host = el_net_memory_host(world, "host");
    const struct el_prefix prefix = {el_ip4(address), 8};

    assert_int_equal(el_net_memory_address(host, "lan", &prefix), 0);
    return host;
}

static void watch(void *arg, const struct el_http_seen *seen)
{
    struct lan *lan = arg;

    assert_int_equal(seen->request->method, EL_HTTP_GET);
    assert_non_null(seen->request->path);
    lan->seen[seen->kind]++;
    lan->last = *seen;
}

static void lan_start(struct lan *lan, const struct el_net_memory_link *link, size_t connections)
{
    *lan = (struct lan){.world = el_net_memory_world(5)};
    lan->server_host = host_at(lan->world, 0x0a000001);
    lan->client_host = host_at(lan->world, 0x0a000002);
    assert_int_equal(el_net_memory_link(lan->world, NULL, NULL, link), 0);
    const struct el_http_server_config config = {
        .listen = {.bind = {.port = 80}, .inherited_fd = -1},
        .routes = routes,
        .max_connections = connections,
        .seen = watch,
        .seen_arg = lan,
    };
    struct el_err err;
    if (el_http_server_start(lan->server_host, &config, &lan->server, &err) < 0)
        fail_msg("%s", err.text);
    lan->at = (struct el_endpoint){.ip = el_ip4(0x0a000001), .port = 80};
}

static void lan_end(struct lan *lan)
{
    el_http_server_stop(lan->server);
    el_net_memory_world_free(lan->world);
}

static void run(struct lan *lan, uint64_t seconds)
{
    el_net_memory_run_until(lan->world, el_net_memory_now(lan->world) + seconds * EL_S);
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct browser *b = arg;

    if (b->len + len + 1 > b->capacity) {
        b->capacity = 2 * (b->len + len + 1);
        b->bytes = realloc(b->bytes, b->capacity);
    }
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    b->bytes[b->len] = '\0';
}

static void on_ended(void *arg, int code)
{
    struct browser *b = arg;

    b->ended = true;
    b->code = code;
}

static void browser_start(struct browser *b, struct lan *lan, const char *request)
{
    static const struct el_net_stream_events events = {.data = on_data, .ended = on_ended};
    const struct el_net_connect_config config = {.to = lan->at};

    *b = (struct browser){0};
    assert_int_equal(el_net_connect(lan->client_host, &config, &events, b, &b->stream, NULL), 0);
    (void)el_net_stream_write(b->stream, (const uint8_t *)request, strlen(request));
}

static void browser_end(struct browser *b)
{
    el_net_stream_close(b->stream);
    free(b->bytes);
}

static const uint8_t *body(const struct browser *b, size_t *len)
{
    const char *end = b->bytes ? strstr((const char *)b->bytes, "\r\n\r\n") : NULL;

    if (!end)
        fail_msg("no reply");
    *len = b->len - (size_t)(end + 4 - (const char *)b->bytes);
    return (const uint8_t *)end + 4;
}

static const struct el_net_memory_link bad = {
    .delay_ns = 12 * EL_MS, .loss_ppm = 20000, .rate_bps = 100000000};

static void big_files_from_disk_and_memory(void **state)
{
    static const char *const names[] = {"disk", "memory"};
    struct lan lan;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct browser b;
        char request[128];
        size_t len;
        lan_start(&lan, &bad, 0);
        snprintf(request, sizeof request,
                 "GET /%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", names[i]);
        browser_start(&b, &lan, request);
        run(&lan, 600);
        assert_true(b.ended);
        assert_int_equal(b.code, 0);
        const uint8_t *got = body(&b, &len);
        assert_int_equal(len, BIG);
        assert_memory_equal(got, big, BIG);
        browser_end(&b);
        lan_end(&lan);
    }
}

static void pipelined_ranges_put_a_file_together(void **state)
{
    enum { PARTS = 40 };
    char requests[PARTS * 128];
    struct browser b;
    struct lan lan;
    size_t at = 0;

    (void)state;
    lan_start(&lan, &bad, 0);
    for (size_t i = 0, n = 0; i < PARTS; i++)
        n += (size_t)snprintf(requests + n, sizeof requests - n,
                              "GET /disk HTTP/1.1\r\nHost: h\r\nRange: bytes=%zu-%zu\r\n\r\n",
                              i * 1000, i * 1000 + 999);
    browser_start(&b, &lan, requests);
    run(&lan, 25);
    for (int i = 0; i < PARTS; i++) {
        const char *reply = (const char *)b.bytes + at;
        assert_memory_equal(reply, "HTTP/1.1 206 ", 13);
        const char *end = strstr(reply, "\r\n\r\n");
        at = (size_t)(end + 4 - (const char *)b.bytes);
        assert_memory_equal(b.bytes + at, big + i * 1000, 1000);
        at += 1000;
    }
    assert_int_equal(at, b.len);
    assert_false(b.ended);
    run(&lan, 60); /* and idle it is closed */
    assert_true(b.ended);
    browser_end(&b);
    lan_end(&lan);
}

static void a_reader_that_stalls_is_dropped(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS};
    struct browser b;
    struct lan lan;

    (void)state;
    lan_start(&lan, &link, 0);
    browser_start(&b, &lan, "GET /disk HTTP/1.1\r\nHost: h\r\n\r\n");
    el_net_stream_pause(b.stream, true);
    run(&lan, 200);
    el_net_stream_pause(b.stream, false);
    run(&lan, 200);
    assert_true(b.ended);
    assert_true(b.code < 0); /* cut, and it looks cut */
    assert_int_equal(lan.seen[EL_HTTP_SEEN_BEGIN], 1);
    assert_int_equal(lan.seen[EL_HTTP_SEEN_END], 0);
    assert_int_equal(lan.seen[EL_HTTP_SEEN_ABORTED], 1);
    assert_int_equal(lan.last.total, BIG);
    assert_true(b.len < BIG);
    browser_end(&b);
    lan_end(&lan);
}

static void a_slow_reader_that_advances_is_served(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS, .rate_bps = 64000};
    struct browser b;
    struct lan lan;

    (void)state;
    lan_start(&lan, &link, 0);
    browser_start(&b, &lan, "GET /memory HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    run(&lan, 700);
    size_t len;
    const uint8_t *got = body(&b, &len);
    assert_int_equal(len, BIG);
    assert_memory_equal(got, big, BIG);
    browser_end(&b);
    lan_end(&lan);
}

static void who_watches_sees_it_advance(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS, .rate_bps = 800000};
    struct browser b;
    struct lan lan;
    uint64_t before = 0;
    unsigned looks = 0;

    (void)state;
    lan_start(&lan, &link, 0);
    assert_int_equal(el_http_server_look(lan.server), 0);
    browser_start(&b, &lan, "GET /disk HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    run(&lan, 2);
    assert_int_equal(lan.seen[EL_HTTP_SEEN_BEGIN], 1);
    while (el_http_server_look(lan.server)) {
        assert_int_equal(lan.last.kind, EL_HTTP_SEEN_GOES_ON);
        assert_int_equal(lan.last.status, 200);
        assert_int_equal(lan.last.total, BIG);
        assert_true(lan.last.done >= before && lan.last.done <= BIG);
        /* What was sent is not far ahead of what has arrived. */
        assert_true(lan.last.done <= b.len + (1 << 20));
        looks += lan.last.done > before;
        before = lan.last.done;
        run(&lan, 2);
    }
    assert_true(looks > 3);
    assert_int_equal(lan.seen[EL_HTTP_SEEN_END], 1);
    assert_int_equal(lan.last.done, BIG);
    browser_end(&b);
    lan_end(&lan);
}

static void an_idle_connection_makes_room_for_a_new_one(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS};
    static const char request[] = "GET /none HTTP/1.1\r\nHost: h\r\n\r\n";
    struct browser idle, busy, fresh;
    struct lan lan;

    (void)state;
    lan_start(&lan, &link, 2);
    browser_start(&idle, &lan, request);
    run(&lan, 1);
    browser_start(&busy, &lan, "GET /none HTTP");
    run(&lan, 1);
    assert_false(idle.ended);
    browser_start(&fresh, &lan, request);
    run(&lan, 1);
    assert_true(idle.ended);
    assert_false(busy.ended);
    assert_non_null(strstr((char *)fresh.bytes, "404"));
    browser_end(&idle);
    browser_end(&busy);
    browser_end(&fresh);
    lan_end(&lan);
}

static int setup(void **state)
{
    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    big = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (uint8_t)(i * 2654435761u >> 11);
    if (!mkdtemp(root) || (root_fd = open(root, O_PATH | O_DIRECTORY)) < 0)
        return -1;
    int fd = openat(root_fd, "disk", O_CREAT | O_WRONLY, 0600);
    return fd < 0 || write(fd, big, BIG) != BIG || close(fd);
}

static int teardown(void **state)
{
    (void)state;
    unlinkat(root_fd, "disk", 0);
    close(root_fd);
    free(big);
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_files_from_disk_and_memory),
        cmocka_unit_test(pipelined_ranges_put_a_file_together),
        cmocka_unit_test(a_reader_that_stalls_is_dropped),
        cmocka_unit_test(a_slow_reader_that_advances_is_served),
        cmocka_unit_test(who_watches_sees_it_advance),
        cmocka_unit_test(an_idle_connection_makes_room_for_a_new_one),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

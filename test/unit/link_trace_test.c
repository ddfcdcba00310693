/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet trace: what a capture has caught, told as pcapng; and the file that a client makes of
 * what a tunnel tells. */
#include "base/time.h"
#include "frame/pcapng.h"
#include "link/trace.h"
#include "link/trace_client.h"
#include "sys/control.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PORTS_MAX = 4, MARS = PORTS_MAX, VENUS, TRACE_BYTES = 32 << 20 };

#define START_NS (5 * EL_S)

/* -- what a tunnel tells -- */

static struct el_node_peer peer_items[] = {{.name = "mars"}, {.name = "venus"}};
static const struct el_node_peers peers = {peer_items, 2};
static const struct el_trace_port ports[PORTS_MAX] = {{"boot", 77}};

struct world {
    struct el_capture *capture;
    struct el_trace *trace;
    uint8_t *told; /* all of it, so far */
    size_t len;
};

static struct world begin(const struct el_control_request *request)
{
    struct world w = {.capture = el_capture_new(PORTS_MAX + 2), .told = malloc(TRACE_BYTES)};
    struct el_trace_config config = {.capture = w.capture,
                                     .ports = ports,
                                     .ports_max = PORTS_MAX,
                                     .peers = &peers,
                                     .wall_at_zero_ns = 1000 * EL_S};
    struct el_err err = {""};

    assert_non_null(w.capture);
    assert_non_null(w.told);
    assert_int_equal(el_trace_new(&config, request, START_NS, &w.trace, &err), 0);
    return w;
}

static void end(struct world *w)
{
    el_trace_free(w->trace);
    el_capture_free(w->capture);
    free(w->told);
}

static void pass(struct world *w, unsigned interface, enum el_capture_direction direction,
                 const struct el_offload *offload, const char *text)
{
    struct el_slice slice = {(const uint8_t *)text, strlen(text)};

    if (el_capture_wants(w->capture, interface, direction))
        el_capture_put(w->capture, START_NS + 1, interface, direction, offload, &slice, 1);
}

static const struct el_offload plain = {.gso = EL_GSO_NONE};

/* Adds what there is to tell now. */
static void listen_on(struct world *w)
{
    const uint8_t *bytes;
    size_t len;

    while ((len = el_trace_next(w->trace, START_NS + EL_S, &bytes)) > 0) {
        assert_true(w->len + len <= TRACE_BYTES);
        memcpy(w->told + w->len, bytes, len);
        w->len += len;
    }
}

/* How many blocks of TYPE have been told; each is whole, and says its length twice. */
static unsigned blocks(const struct world *w, uint32_t type)
{
    unsigned count = 0;

    for (size_t at = 0; at < w->len;) {
        uint32_t head[2], again;
        assert_true(w->len - at >= 12);
        memcpy(head, w->told + at, sizeof head);
        assert_true(head[1] >= 12 && head[1] % 4 == 0 && head[1] <= w->len - at);
        memcpy(&again, w->told + at + head[1] - 4, sizeof again);
        assert_int_equal(again, head[1]);
        count += head[0] == type;
        at += head[1];
    }
    return count;
}

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };

static bool is_told(const struct world *w, const char *text)
{
    return memmem(w->told, w->len, text, strlen(text)) != NULL;
}

/* Without a choice of peers: all interfaces, what comes in. */
static void everything_is_told_once(void **state)
{
    static const struct el_offload super = {.gso = EL_GSO_TCP4, .gso_size = 1448};
    struct el_control_request all = {.kind = EL_CONTROL_CAPTURE, .snaplen = 64};
    struct world w = begin(&all);
    uint64_t told, lost;

    (void)state;
    listen_on(&w);
    assert_int_equal(blocks(&w, SECTION), 1);
    assert_int_equal(blocks(&w, INTERFACE), 3);
    assert_true(is_told(&w, "port of network 77"));
    assert_true(is_told(&w, "venus"));
    pass(&w, 0, EL_CAPTURE_IN, &super, "from the port");
    pass(&w, MARS, EL_CAPTURE_OUT, &plain, "the same to a peer");
    pass(&w, VENUS, EL_CAPTURE_IN, &plain, "from a peer");
    listen_on(&w);
    assert_int_equal(blocks(&w, PACKET), 2);
    assert_true(is_told(&w, "from the port"));
    assert_true(is_told(&w, "segments of 1448 bytes"));
    assert_true(is_told(&w, "from a peer"));
    assert_false(is_told(&w, "the same"));

    pass(&w, 0, EL_CAPTURE_IN, &plain, "just before");
    el_trace_stop(w.trace);
    pass(&w, 0, EL_CAPTURE_IN, &plain, "too late");
    assert_false(el_trace_is_done(w.trace));
    listen_on(&w);
    assert_true(el_trace_is_done(w.trace));
    assert_true(is_told(&w, "just before"));
    assert_false(is_told(&w, "too late"));
    assert_int_equal(blocks(&w, STATISTICS), 3);
    el_trace_sums(w.trace, &told, &lost);
    assert_int_equal(told, 3);
    assert_int_equal(lost, 0);
    end(&w);
}

/* A chosen peer, both ways, and nothing of anybody else; one that does not exist is refused. */
static void a_peer_is_told_both_ways(void **state)
{
    struct el_control_request one = {
        .kind = EL_CONTROL_CAPTURE, .snaplen = 64, .peer_count = 1, .peers = {"venus"}};
    struct el_trace_config config = {.capture = el_capture_new(PORTS_MAX + 2),
                                     .ports = ports,
                                     .ports_max = PORTS_MAX,
                                     .peers = &peers};
    struct el_err err = {""};
    struct el_trace *trace;

    (void)state;
    struct world w = begin(&one);
    pass(&w, VENUS, EL_CAPTURE_IN, &plain, "here");
    pass(&w, VENUS, EL_CAPTURE_OUT, &plain, "there");
    pass(&w, MARS, EL_CAPTURE_IN, &plain, "elsewhere");
    listen_on(&w);
    assert_int_equal(blocks(&w, INTERFACE), 1);
    assert_int_equal(blocks(&w, PACKET), 2);
    end(&w);

    one.peers[0] = "pluto";
    assert_int_equal(el_trace_new(&config, &one, 0, &trace, &err), EL_ENOENT);
    assert_string_equal(err.text, "no peer pluto");
    assert_false(el_capture_wants(config.capture, 0, EL_CAPTURE_IN));
    el_capture_free(config.capture);
    el_trace_free(NULL);
}

/* So many frames were asked for, and no more. */
static void the_count_ends_it(void **state)
{
    struct el_control_request two = {.kind = EL_CONTROL_CAPTURE, .snaplen = 4, .count = 2};
    struct world w = begin(&two);

    (void)state;
    pass(&w, 0, EL_CAPTURE_IN, &plain, "first and long");
    listen_on(&w);
    assert_false(el_trace_is_done(w.trace));
    assert_true(is_told(&w, "firs"));
    assert_false(is_told(&w, "first"));
    pass(&w, 0, EL_CAPTURE_IN, &plain, "2nd");
    pass(&w, 0, EL_CAPTURE_IN, &plain, "3rd");
    listen_on(&w);
    assert_true(el_trace_is_done(w.trace));
    assert_int_equal(blocks(&w, PACKET), 2);
    assert_false(is_told(&w, "3rd"));
    end(&w);
}

/* What found no room in the ring is missing by number: in the blocks, and in the sums. */
static void what_is_lost_is_counted(void **state)
{
    static uint8_t bytes[60000];
    struct el_control_request all = {.kind = EL_CONTROL_CAPTURE, .snaplen = UINT32_MAX};
    struct el_pcapng_counter counter = {0};
    struct el_slice slice = {bytes, sizeof bytes};
    struct world w = begin(&all);
    uint64_t told, lost;

    (void)state;
    for (unsigned i = 0; i < 500; i++)
        el_capture_put(w.capture, START_NS, 0, EL_CAPTURE_IN, &plain, &slice, 1);
    listen_on(&w);
    el_trace_stop(w.trace);
    listen_on(&w);
    el_trace_sums(w.trace, &told, &lost);
    assert_true(lost > 0);
    assert_int_equal(told + lost, 500);
    el_pcapng_count(&counter, w.told, w.len);
    assert_true(el_pcapng_counter_is_whole(&counter));
    assert_int_equal(counter.packets, told);
    assert_int_equal(counter.lost, lost);
    end(&w);
}

/* -- the client -- */

/* A tunnel that says SAID and hangs up; or, at "enough", says the REST first. */
struct tunnel {
    struct el_sys_control socket;
    const void *said, *rest;
    size_t said_len, rest_len;
    char asked[256];
    char output[64], path[64];
    pthread_t thread;
};

static void say(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the client has had enough for other reasons */
        at += n;
        len -= (size_t)n;
    }
}

static void *be_tunnel(void *arg)
{
    struct tunnel *t = arg;
    struct pollfd readable = {t->socket.fd, POLLIN, 0};
    char byte;

    if (poll(&readable, 1, -1) != 1)
        return NULL;
    int fd = accept(t->socket.fd, NULL, NULL);
    for (size_t i = 0; i < sizeof t->asked - 1 && read(fd, &t->asked[i], 1) == 1; i++)
        if (t->asked[i] == '\n')
            break;
    say(fd, t->said, t->said_len);
    if (t->rest) {
        while (read(fd, &byte, 1) > 0) /* until "enough" */
            continue;
        say(fd, t->rest, t->rest_len);
    }
    close(fd);
    return NULL;
}

static void tunnel_up(struct tunnel *t)
{
    struct el_err err = {""};

    snprintf(t->path, sizeof t->path, "/tmp/el2w-trace-%d.sock", (int)getpid());
    snprintf(t->output, sizeof t->output, "/tmp/el2w-trace-%d.pcapng", (int)getpid());
    if (el_sys_control_listen(t->path, &t->socket, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&t->thread, NULL, be_tunnel, t), 0);
}

static void tunnel_down(struct tunnel *t)
{
    pthread_join(t->thread, NULL);
    el_sys_control_close(&t->socket);
    unlink(t->output);
}

static int run(const struct tunnel *t, const char *output, uint64_t for_ns,
               struct el_trace_client_sums *sums, struct el_err *err)
{
    struct el_trace_client_config config = {
        .path = t->path, .line = "capture please", .output = output, .for_ns = for_ns};

    return el_trace_client_run(&config, sums, err);
}

/* "ok", then a section, COUNT packets, and that 7 were lost. Its length. */
static size_t write_answer(uint8_t *bytes, size_t capacity, unsigned count)
{
    struct el_wire w = el_wire_write(bytes + 3, capacity - 3);
    struct el_pcapng_packet packet = {.bytes = (const uint8_t *)"frame", .captured = 5, .len = 5};
    struct el_pcapng_statistics statistics = {.received = count + 7, .lost = 7};

    memcpy(bytes, "ok\n", 3);
    el_pcapng_put_section(&w, "test", NULL);
    for (unsigned i = 0; i < count; i++)
        el_pcapng_put_packet(&w, &packet);
    el_pcapng_put_statistics(&w, &statistics);
    assert_true(el_wire_ok(&w));
    return 3 + el_wire_done(&w);
}

static void a_trace_becomes_a_file(void **state)
{
    static uint8_t answer[65536], file[65536];
    struct el_trace_client_sums sums;
    struct el_err err = {""};
    struct tunnel t = {.said = answer, .said_len = write_answer(answer, sizeof answer, 100)};
    struct stat stat;

    (void)state;
    tunnel_up(&t);
    assert_int_equal(run(&t, t.output, 0, &sums, &err), 0);
    assert_string_equal(t.asked, "capture please\n");
    assert_int_equal(sums.frames, 100);
    assert_int_equal(sums.lost, 7);
    assert_int_equal(sums.bytes, t.said_len - 3);
    int fd = open(t.output, O_RDONLY);
    assert_int_equal(fstat(fd, &stat), 0);
    assert_int_equal(stat.st_mode & 0777, 0600); /* it may hold anything */
    assert_int_equal(read(fd, file, sizeof file), t.said_len - 3);
    assert_memory_equal(file, answer + 3, t.said_len - 3);
    close(fd);
    tunnel_down(&t);
}

/* When its time is over, the tunnel says what it still has, and all of that is in the file. */
static void the_end_of_time_is_told(void **state)
{
    static uint8_t answer[65536];
    size_t len = write_answer(answer, sizeof answer, 10), half = len / 2;
    struct tunnel t = {
        .said = answer, .said_len = half, .rest = answer + half, .rest_len = len - half};
    struct el_trace_client_sums sums;
    struct el_err err = {""};

    (void)state;
    tunnel_up(&t);
    assert_int_equal(run(&t, t.output, EL_MS, &sums, &err), 0);
    assert_int_equal(sums.frames, 10);
    assert_int_equal(sums.bytes, len - 3);
    tunnel_down(&t);
}

/* Whatever goes wrong is told, with what there is of the file. */
static void what_goes_wrong_is_told(void **state)
{
    static const char refusal[] = "error somebody else is capturing\n";
    static uint8_t answer[65536];
    size_t len = write_answer(answer, sizeof answer, 10);
    struct tunnel cut = {.said = answer, .said_len = len - 1};
    struct tunnel refuses = {.said = refusal, .said_len = sizeof refusal - 1};
    struct tunnel full = {.said = answer, .said_len = len};
    struct tunnel nowhere = {.said = answer, .said_len = len};
    struct el_trace_client_sums sums;
    struct el_err err = {""};

    (void)state;
    tunnel_up(&cut);
    assert_int_equal(run(&cut, cut.output, 0, &sums, &err), EL_ECLOSED);
    assert_non_null(strstr(err.text, "is not complete"));
    assert_int_equal(sums.frames, 10);
    tunnel_down(&cut);

    tunnel_up(&refuses);
    assert_int_equal(run(&refuses, refuses.output, 0, &sums, &err), EL_EINVAL);
    assert_string_equal(err.text, "somebody else is capturing");
    assert_int_not_equal(access(refuses.output, F_OK), 0);
    tunnel_down(&refuses);

    tunnel_up(&full);
    assert_true(run(&full, "/dev/full", 0, &sums, &err) < 0);
    assert_non_null(strstr(err.text, "cut off behind 0 bytes"));
    tunnel_down(&full);

    tunnel_up(&nowhere);
    assert_true(run(&nowhere, "/nonexistent/file", 0, &sums, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/file"));
    tunnel_down(&nowhere);
    assert_int_equal(run(&nowhere, nowhere.output, 0, &sums, &err), EL_ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_told_once), cmocka_unit_test(a_peer_is_told_both_ways),
        cmocka_unit_test(the_count_ends_it),       cmocka_unit_test(what_is_lost_is_counted),
        cmocka_unit_test(a_trace_becomes_a_file),  cmocka_unit_test(the_end_of_time_is_told),
        cmocka_unit_test(what_goes_wrong_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TFTP server with its sockets, on a bad link, among clients that are not what they seem. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/memory.h"
#include "tftp/tftp_io.h"
#include "tftp_peer.h"

enum { BIG = 8 * 66000 + 3 };

static uint8_t big[BIG];
static const struct el_content_memory_entry entries[] = {
    {"big", big, BIG}, {"dir/small", big, 700}, {0}};
static const struct el_content_memory memory = {entries, 0};

struct lan {
    struct el_net_world *world;
    struct el_net *server_host;
    struct el_content content;
    struct el_tftp_server *server;
    struct el_endpoint at; /* the server's request port */
    unsigned ended[EL_TFTP_FAILED + 1];
    unsigned began;
    struct el_tftp_report last;
};

/* A client with a socket; it follows the first port that answers it (RFC 1350 §4). */
struct machine {
    struct lan *lan;
    struct el_net *host;
    struct el_net_udp *udp;
    struct el_net_timer *timer;
    struct el_endpoint tid;
    struct tftp_peer peer;
    unsigned packets, strangers;
};

static void count_end(void *arg, const struct el_tftp_report *report)
{
    struct lan *lan = arg;

    lan->ended[report->outcome]++;
    lan->last = *report;
}

static void count_begin(void *arg, const struct el_tftp_report *report)
{
    struct lan *lan = arg;

    assert_true(report->is_new);
    assert_int_equal(report->bytes, 0);
    lan->began++;
}

static void look(void *arg, const struct el_tftp_report *report)
{
    *(struct el_tftp_report *)arg = *report;
}

static struct el_net *host_at(struct lan *lan, uint32_t address)
{
    struct el_net *host = el_net_memory_host(lan->world, "host");
    const struct el_prefix prefix = {el_ip4(address), 8};

    assert_int_equal(el_net_memory_address(host, "lan", &prefix), 0);
    return host;
}

static void lan_start(struct lan *lan, uint64_t seed, const struct el_net_memory_link *link)
{
    *lan = (struct lan){.world = el_net_memory_world(seed)};
    lan->server_host = host_at(lan, 0x0a000001);
    lan->content = el_content_memory(&memory);
    assert_int_equal(el_net_memory_link(lan->world, NULL, NULL, link), 0);
    const struct el_tftp_config config = {
        .listen = {.bind = {.port = EL_TFTP_PORT}, .inherited_fd = -1},
        .content = &lan->content,
        .ended = count_end,
        .began = count_begin,
        .arg = lan,
    };
    struct el_err err;
    if (el_tftp_server_start(lan->server_host, &config, &lan->server, &err) < 0)
        fail_msg("%s", err.text);
    lan->at = (struct el_endpoint){.ip = el_ip4(0x0a000001), .port = EL_TFTP_PORT};
}

static void lan_end(struct lan *lan)
{
    el_tftp_server_stop(lan->server);
    el_net_memory_world_free(lan->world);
}

static void machine_speaks(struct machine *m)
{
    if (m->peer.reply_len)
        (void)el_net_udp_send(m->udp, m->tid.port ? &m->tid : &m->lan->at, NULL, m->peer.reply,
                              m->peer.reply_len);
    m->peer.reply_len = 0;
    el_net_timer_set(m->timer,
                     m->peer.done || m->peer.failed ? EL_NEVER : el_net_now_ns(m->host) + 2 * EL_S);
}

static void machine_hears(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                          size_t len)
{
    struct machine *m = arg;

    m->packets++;
    if (!m->tid.port)
        m->tid = meta->from;
    if (!el_endpoint_equal(&m->tid, &meta->from)) {
        m->strangers++;
        return;
    }
    peer_input(&m->peer, bytes, len);
    machine_speaks(m);
}

static void machine_times_out(void *arg)
{
    struct machine *m = arg;

    peer_timeout(&m->peer);
    machine_speaks(m);
}

/* Opens the client's socket on HOST; PORT 0: any. */
static void machine_start(struct machine *m, struct lan *lan, struct el_net *host, uint16_t port)
{
    const struct el_net_udp_config config = {.bind = {.port = port}, .inherited_fd = -1};

    m->lan = lan;
    m->host = host;
    assert_int_equal(el_net_udp_open(host, &config, machine_hears, m, &m->udp, NULL), 0);
    m->timer = el_net_timer_new(host, machine_times_out, m);
    peer_request(&m->peer);
    machine_speaks(m);
}

static void machine_end(struct machine *m)
{
    el_net_udp_close(m->udp);
    el_net_timer_free(m->timer);
    free(m->peer.bytes);
}

static void run(struct lan *lan, uint64_t seconds)
{
    el_net_memory_run_until(lan->world, el_net_memory_now(lan->world) + seconds * EL_S);
}

static void files_arrive_over_a_link_that_loses_one_in_ten(void **state)
{
    static const unsigned windows[] = {1, 8, 64};
    static const struct el_net_memory_link link = {.delay_ns = 12 * EL_MS,
                                                   .loss_ppm = 100000,
                                                   .duplicate_ppm = 20000,
                                                   .reorder_ppm = 10000,
                                                   .reorder_ns = 5 * EL_MS};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct lan lan;
        struct machine m = {
            .peer = {.name = "/big", .blksize = 1428, .windowsize = windows[i], .tsize = true}};
        lan_start(&lan, 42 + i, &link);
        machine_start(&m, &lan, host_at(&lan, 0x0a000002), 0);
        run(&lan, 3600);
        assert_true(m.peer.done);
        assert_int_equal(m.peer.tsize_got, BIG);
        assert_int_equal(m.peer.len, BIG);
        assert_memory_equal(m.peer.bytes, big, BIG);
        assert_int_equal(lan.ended[EL_TFTP_DONE] + lan.ended[EL_TFTP_UNANSWERED], 1);
        machine_end(&m);
        lan_end(&lan);
    }
}

static void more_than_65535_blocks(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS, .loss_ppm = 1000};
    struct machine m = {.peer = {.name = "big", .blksize = 8, .windowsize = 64}};
    struct lan lan;

    (void)state;
    lan_start(&lan, 1, &link);
    machine_start(&m, &lan, host_at(&lan, 0x0a000002), 0);
    run(&lan, 3600);
    assert_true(m.peer.done);
    assert_int_equal(m.peer.block, 66001);
    assert_int_equal(m.peer.len, BIG);
    assert_memory_equal(m.peer.bytes, big, BIG);
    machine_end(&m);
    lan_end(&lan);
}

static void who_watches_sees_it_advance(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = 10 * EL_MS};
    struct machine m = {.peer = {.name = "big", .blksize = 1428}};
    struct el_tftp_report report = {0};
    uint64_t before = 0;
    unsigned looks = 0;
    struct lan lan;

    (void)state;
    lan_start(&lan, 1, &link);
    assert_int_equal(el_tftp_server_look(lan.server, look, &report), 0);
    machine_start(&m, &lan, host_at(&lan, 0x0a000002), 0);
    run(&lan, 1);
    assert_int_equal(lan.began, 1);
    while (el_tftp_server_look(lan.server, look, &report)) {
        assert_false(report.is_new);
        assert_true(report.is_confirmed);
        assert_string_equal(report.name, "big");
        assert_int_equal(report.outcome, EL_TFTP_RUNNING);
        assert_int_equal(report.total, BIG);
        assert_true(report.bytes > before && report.bytes <= BIG);
        before = report.bytes;
        looks++;
        run(&lan, 1);
    }
    assert_true(looks > 1);
    assert_int_equal(lan.began, 1);
    assert_int_equal(lan.ended[EL_TFTP_DONE], 1);
    assert_int_equal(lan.last.total, BIG);
    machine_end(&m);
    lan_end(&lan);
}

static void expect_error(struct lan *lan, const uint8_t *bytes, size_t len, int code)
{
    struct machine m = {.peer = {.name = "x"}};

    machine_start(&m, lan, host_at(lan, 0x0a0000f0 + (uint32_t)code), 0);
    run(lan, 1); /* the question of machine_start itself: no such file */
    m.peer.failed = false;
    m.tid.port = 0;
    m.peer.error_code = -1;
    (void)el_net_udp_send(m.udp, &lan->at, NULL, bytes, len);
    run(lan, 20);
    assert_int_equal(m.peer.error_code, code);
    machine_end(&m);
}

static void refusals_have_their_codes(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS};
    struct lan lan;

    (void)state;
    lan_start(&lan, 1, &link);
    expect_error(&lan, (const uint8_t *)"\0\1none\0octet", 13, 1);
    expect_error(&lan, (const uint8_t *)"\0\2small\0octet", 14, 2);
    expect_error(&lan, (const uint8_t *)"\0\1small\0mail", 13, 4);
    lan_end(&lan);

    lan_start(&lan, 1, &link);
    expect_error(&lan, (const uint8_t *)"\0\1../etc\0octet", 15, 2);
    /* Broken ones get nothing. */
    expect_error(&lan, (const uint8_t *)"\0\1small\0octe", 12, -1);
    assert_int_equal(lan.ended[EL_TFTP_DONE], 0);
    lan_end(&lan);
}

static void a_stranger_is_told_and_the_transfer_goes_on(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS};
    struct machine m = {.peer = {.name = "big", .blksize = 1428}};
    struct machine stranger = {.peer = {.name = "none"}};
    struct lan lan;

    (void)state;
    lan_start(&lan, 1, &link);
    machine_start(&m, &lan, host_at(&lan, 0x0a000002), 0);
    el_net_memory_run_until(lan.world, el_net_memory_now(lan.world) + 20 * EL_MS);
    assert_true(m.tid.port != 0 && !m.peer.done);
    machine_start(&stranger, &lan, host_at(&lan, 0x0a000003), 0);
    run(&lan, 0);
    stranger.tid = m.tid;
    stranger.peer.failed = false;
    (void)el_net_udp_send(stranger.udp, &m.tid, NULL, (const uint8_t *)"\0\4\0\1", 4);
    (void)el_net_udp_send(stranger.udp, &m.tid, NULL, (const uint8_t *)"\0\5\0\0die", 8);
    run(&lan, 600);
    assert_true(stranger.peer.failed);
    assert_int_equal(stranger.peer.error_code, 5);
    assert_true(m.peer.done);
    assert_memory_equal(m.peer.bytes, big, BIG);
    machine_end(&m);
    machine_end(&stranger);
    lan_end(&lan);
}

static void a_repeated_request_keeps_its_tid(void **state)
{
    static const struct el_net_memory_link slow = {.delay_ns = 1500 * EL_MS};
    struct machine m = {.peer = {.name = "dir\\small", .blksize = 512}};
    struct lan lan;

    (void)state;
    lan_start(&lan, 1, &slow);
    machine_start(&m, &lan, host_at(&lan, 0x0a000002), 2070);
    run(&lan, 60);
    assert_true(m.peer.done);
    assert_int_equal(m.strangers, 0);
    assert_int_equal(m.peer.len, 700);
    assert_int_equal(lan.ended[EL_TFTP_TIMEOUT], 0);
    machine_end(&m);
    lan_end(&lan);
}

struct traffic {
    uint64_t asked, answered; /* bytes to and from the server */
};

static void weigh(void *arg, const struct el_net_memory_event *event)
{
    struct traffic *t = arg;

    if (event->fate == EL_NET_MEMORY_SENT)
        *(event->from->ip.b[3] == 1 && event->from->ip.b[2] == 0 && event->from->ip.b[1] == 0
              ? &t->answered
              : &t->asked) += event->len;
}

/* Ten thousand requests from addresses where nobody wants the answer, and one real client. */
static void forged_requests_are_cheap_and_do_not_keep_others_out(void **state)
{
    static const struct el_net_memory_link link = {.delay_ns = EL_MS};
    static const uint8_t request[] = "\0\1big\0octet\0blksize\0"
                                     "65464\0windowsize\0"
                                     "65535";
    struct machine m = {.peer = {.name = "big", .blksize = 1428, .windowsize = 16}};
    struct traffic traffic = {0};
    struct lan lan;

    (void)state;
    lan_start(&lan, 1, &link);
    el_net_memory_trace(lan.world, weigh, &traffic);
    struct el_net *forger = host_at(&lan, 0x0a010002);
    const struct el_net_udp_config config = {.bind = {.port = 0}, .inherited_fd = -1};
    for (uint32_t i = 0; i < 10000; i++) {
        struct machine silent = {0};
        struct el_net_udp *udp;
        if (i % 20 == 0) {
            forger = host_at(&lan, 0x0a020000 + i);
            run(&lan, 0);
        }
        assert_int_equal(el_net_udp_open(forger, &config, machine_hears, &silent, &udp, NULL), 0);
        (void)el_net_udp_send(udp, &lan.at, NULL, request, sizeof request);
        el_net_udp_close(udp);
        if (i == 5000)
            machine_start(&m, &lan, host_at(&lan, 0x0a000002), 0);
        if (i == 4999) {
            el_net_memory_run_until(lan.world, el_net_memory_now(lan.world) + 100 * EL_MS);
            /* Whatever came back: at most three of a request's own size, and bounded in number. */
            assert_true(traffic.answered <= 3 * traffic.asked);
        }
    }
    run(&lan, 120);
    assert_true(m.peer.done);
    assert_memory_equal(m.peer.bytes, big, BIG);
    machine_end(&m);
    lan_end(&lan);
}

static int setup(void **state)
{
    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (uint8_t)(i * 2654435761u >> 13);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_arrive_over_a_link_that_loses_one_in_ten),
        cmocka_unit_test(more_than_65535_blocks),
        cmocka_unit_test(who_watches_sees_it_advance),
        cmocka_unit_test(refusals_have_their_codes),
        cmocka_unit_test(a_stranger_is_told_and_the_transfer_goes_on),
        cmocka_unit_test(a_repeated_request_keeps_its_tid),
        cmocka_unit_test(forged_requests_are_cheap_and_do_not_keep_others_out),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory provider: two hosts on an Ethernet that is as bad as the test wants. */
#include "net/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct el_net_world *world;
static struct el_net *hub, *mars, *pluto;

static struct el_prefix prefix(const char *text)
{
    struct el_prefix parsed;

    assert_int_equal(el_prefix_parse(text, &parsed), 0);
    return parsed;
}

static struct el_endpoint endpoint(const char *text)
{
    struct el_endpoint parsed;

    assert_int_equal(el_endpoint_parse(text, 0, &parsed), 0);
    return parsed;
}

static void build(uint64_t seed)
{
    static const char *const addresses[] = {"10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"};
    struct el_net **hosts[] = {&hub, &mars, &pluto};

    world = el_net_memory_world(seed);
    for (int i = 0; i < 3; i++) {
        struct el_prefix at = prefix(addresses[i]);

        *hosts[i] = el_net_memory_host(world, addresses[i]);
        assert_int_equal(el_net_memory_address(*hosts[i], "boot", &at), 0);
    }
}

static int begin(void **state)
{
    (void)state;
    build(1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_net_memory_world_free(world);
    return 0;
}

static void set_link(struct el_net_memory_link link)
{
    assert_int_equal(el_net_memory_link(world, NULL, NULL, &link), 0);
}

static void run_for(uint64_t ns)
{
    el_net_memory_run_until(world, el_net_memory_now(world) + ns);
}

/* -- datagrams -- */

struct heard {
    unsigned count;
    uint64_t last_ns;
    struct el_net_udp_meta meta;
    size_t len;
    uint32_t numbers[4096]; /* the first four bytes of each */
};

static void hear(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes, size_t len)
{
    struct heard *heard = arg;

    if (len >= 4 && heard->count < 4096)
        memcpy(&heard->numbers[heard->count], bytes, 4);
    heard->count++;
    heard->last_ns = el_net_memory_now(world);
    heard->meta = *meta;
    heard->len = len;
}

static struct el_net_udp *open_on(struct el_net *host, const char *at, bool broadcast,
                                  struct heard *heard)
{
    struct el_net_udp_config config = {
        .bind = endpoint(at), .broadcast = broadcast, .inherited_fd = -1};
    struct el_net_udp *udp = NULL;
    struct el_err err = {""};

    if (el_net_udp_open(host, &config, hear, heard, &udp, &err) < 0)
        fail_msg("%s", err.text);
    return udp;
}

static int send_number(struct el_net_udp *udp, const char *to, uint32_t number)
{
    struct el_endpoint endpoint_to = endpoint(to);

    return el_net_udp_send(udp, &endpoint_to, NULL, (const uint8_t *)&number, sizeof number);
}

static void a_datagram_takes_as_long_as_the_link(void **state)
{
    static struct heard at_hub, at_mars;
    struct el_net_udp *server = open_on(hub, "0.0.0.0:69", false, &at_hub);
    struct el_net_udp *client = open_on(mars, "0.0.0.0:5000", false, &at_mars);
    uint64_t start_ns = el_net_memory_now(world);

    (void)state;
    at_hub = (struct heard){0};
    set_link((struct el_net_memory_link){.delay_ns = 12 * EL_MS});
    assert_int_equal(send_number(client, "10.0.0.1:69", 7), 0);
    el_net_memory_run_until(world, start_ns + 12 * EL_MS - 1);
    assert_int_equal(at_hub.count, 0);
    run_for(1);
    assert_int_equal(at_hub.count, 1);
    assert_int_equal(at_hub.numbers[0], 7);
    struct el_endpoint from = endpoint("10.0.0.2:5000"), to = endpoint("10.0.0.1:69");
    assert_true(el_endpoint_equal(&at_hub.meta.from, &from));
    assert_true(el_endpoint_equal(&at_hub.meta.to, &to));

    struct el_net_udp *tid;
    assert_int_equal(el_net_udp_sibling(server, &at_hub.meta.to.ip, hear, &at_hub, &tid), 0);
    assert_int_not_equal(el_net_udp_local(tid).port, 69);
    assert_int_equal(el_net_udp_send(tid, &at_hub.meta.from, NULL, (const uint8_t *)"", 0), 0);
    run_for(EL_S);
    assert_int_equal(at_mars.count, 1);
    assert_int_equal(at_mars.meta.from.port, el_net_udp_local(tid).port);
    el_net_udp_close(tid);
    el_net_udp_close(client);
    el_net_udp_close(server);
}

static void a_broadcast_is_heard_by_all_others_of_the_segment(void **state)
{
    static struct heard at_hub, at_mars, at_pluto, at_bound, at_other;
    struct el_prefix elsewhere = prefix("10.0.0.9/24");
    struct el_net *other = el_net_memory_host(world, "other");
    struct el_net_udp *client;

    (void)state;
    assert_int_equal(el_net_memory_address(other, "lab", &elsewhere), 0);
    assert_int_equal(el_net_memory_address(hub, "boot", &elsewhere), 0); /* on another segment */
    assert_int_equal(el_net_memory_address(mars, "boot", &elsewhere), EL_EEXIST);
    open_on(hub, "0.0.0.0:67", true, &at_hub);
    open_on(pluto, "0.0.0.0:67", true, &at_pluto);
    open_on(other, "0.0.0.0:67", true, &at_other);
    open_on(mars, "10.0.0.2:67", true, &at_bound); /* hears what is for it alone */
    client = open_on(mars, "0.0.0.0:68", true, &at_mars);
    assert_int_equal(send_number(client, "255.255.255.255:67", 1), 0);
    assert_int_equal(send_number(client, "10.0.0.255:67", 2), 0);
    run_for(EL_S);
    assert_int_equal(at_hub.count, 2);
    assert_int_equal(at_pluto.count, 2);
    assert_int_equal(at_other.count, 0);
    assert_int_equal(at_bound.count, 0);
    assert_int_equal(at_mars.count, 0);
    struct el_ip directed = el_ip4(0x0a0000ff);
    assert_true(el_ip_equal(&at_hub.meta.to.ip, &directed));
    client = open_on(mars, "0.0.0.0:1068", false, &at_mars);
    assert_int_equal(send_number(client, "255.255.255.255:67", 1), EL_EPERM);
}

static void what_has_no_way_or_no_ear_is_told_as_a_kernel_would(void **state)
{
    static struct heard heard;
    struct el_net_udp *udp = open_on(mars, "0.0.0.0:5000", false, &heard);
    struct el_net_udp_config config = {.bind = endpoint("0.0.0.0:5000"), .inherited_fd = -1};
    struct el_net_udp *more;
    struct el_err err;

    (void)state;
    assert_int_equal(send_number(udp, "192.0.2.1:69", 1), EL_ENOENT);
    assert_int_equal(send_number(udp, "10.0.0.77:69", 1), 0);
    assert_int_equal(send_number(udp, "10.0.0.1:69", 1), 0);
    run_for(EL_S);
    assert_int_equal(el_net_udp_open(mars, &config, hear, NULL, &more, &err), EL_EEXIST);
    config.bind = endpoint("10.0.0.1:5001");
    assert_int_equal(el_net_udp_open(mars, &config, hear, NULL, &more, &err), EL_ENOENT);
    assert_non_null(strstr(err.text, "no such address"));
}

static void losses_and_copies_come_at_their_rates(void **state)
{
    enum { COUNT = 100000 };
    static struct heard at_hub, at_mars;
    struct el_net_udp *client = open_on(mars, "0.0.0.0:5000", false, &at_mars);

    (void)state;
    at_hub = (struct heard){0};
    open_on(hub, "0.0.0.0:69", false, &at_hub);
    set_link((struct el_net_memory_link){.loss_ppm = 100000});
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(send_number(client, "10.0.0.1:69", i), 0);
    run_for(EL_S);
    assert_in_range(at_hub.count, 89500, 90500); /* 90,000 ± 5 standard deviations */
    at_hub.count = 0;
    set_link((struct el_net_memory_link){.duplicate_ppm = 50000});
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(send_number(client, "10.0.0.1:69", i), 0);
    run_for(EL_S);
    assert_in_range(at_hub.count, 104650, 105350);
    at_hub.count = 0;
    set_link((struct el_net_memory_link){.down = true});
    assert_int_equal(send_number(client, "10.0.0.1:69", 0), 0);
    run_for(EL_S);
    assert_int_equal(at_hub.count, 0);
}

static void jitter_keeps_order_and_reordering_does_not(void **state)
{
    enum { COUNT = 1000 };
    static struct heard at_hub, at_mars;
    struct el_net_udp *client = open_on(mars, "0.0.0.0:5000", false, &at_mars);
    unsigned overtaken = 0;

    (void)state;
    at_hub = (struct heard){0};
    open_on(hub, "0.0.0.0:69", false, &at_hub);
    for (int round = 0; round < 2; round++) {
        at_hub.count = 0;
        set_link((struct el_net_memory_link){.delay_ns = EL_MS,
                                             .jitter_ns = EL_MS,
                                             .reorder_ppm = round ? 100000 : 0,
                                             .reorder_ns = 5 * EL_MS});
        for (uint32_t i = 0; i < COUNT; i++) {
            assert_int_equal(send_number(client, "10.0.0.1:69", i), 0);
            run_for(100 * EL_US);
        }
        run_for(EL_S);
        assert_int_equal(at_hub.count, COUNT);
        for (uint32_t i = 1; i < COUNT; i++)
            overtaken += at_hub.numbers[i] < at_hub.numbers[i - 1];
        if (round == 0)
            assert_int_equal(overtaken, 0);
    }
    assert_in_range(overtaken, 60, 140);
}

static void a_link_has_its_rate_and_its_queue(void **state)
{
    static struct heard at_hub, at_mars;
    static uint8_t bytes[1250]; /* 1 ms at 10 Mbit/s */
    struct el_net_udp *client = open_on(mars, "0.0.0.0:5000", false, &at_mars);
    struct el_endpoint to = endpoint("10.0.0.1:69");
    uint64_t start_ns = el_net_memory_now(world);

    (void)state;
    at_hub = (struct heard){0};
    open_on(hub, "0.0.0.0:69", false, &at_hub);
    set_link((struct el_net_memory_link){.rate_bps = 10000000});
    for (int i = 0; i < 100; i++)
        assert_int_equal(el_net_udp_send(client, &to, NULL, bytes, sizeof bytes), 0);
    run_for(EL_S);
    assert_int_equal(at_hub.count, 100);
    assert_int_equal(at_hub.last_ns - start_ns, 100 * EL_MS);
    at_hub.count = 0;
    set_link((struct el_net_memory_link){.rate_bps = 10000000, .queue_bytes = 12500});
    for (int i = 0; i < 100; i++)
        assert_int_equal(el_net_udp_send(client, &to, NULL, bytes, sizeof bytes), 0);
    run_for(EL_S);
    assert_in_range(at_hub.count, 10, 12);
}

/* -- streams -- */

struct side {
    struct el_net_stream *stream;
    uint64_t received;
    uint32_t sum; /* of what was received, in order */
    bool echo;
    bool finish_when_ended;
    unsigned opened, drained, ended;
    int code;
};

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

static void side_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct side *side = arg;

    side->received += len;
    side->sum = add(side->sum, bytes, len);
    if (side->echo)
        assert_int_equal(el_net_stream_write(side->stream, bytes, len), 0);
}

static void side_drained(void *arg)
{
    ((struct side *)arg)->drained++;
}

static void side_ended(void *arg, int code)
{
    struct side *side = arg;

    side->ended++;
    side->code = code;
    if (side->finish_when_ended)
        el_net_stream_finish(side->stream);
}

static void side_opened(void *arg)
{
    ((struct side *)arg)->opened++;
}

static const struct el_net_stream_events side_events = {side_data, side_drained, side_ended,
                                                        side_opened};

static void side_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                        const struct el_endpoint *local)
{
    struct side *side = arg;
    struct el_ip from = el_ip4(0x0a000002);

    assert_true(el_ip_equal(&peer->ip, &from));
    assert_int_equal(local->port, 80);
    side->stream = stream;
    el_net_stream_set_events(stream, &side_events, side);
}

static struct el_net_listen *listen_on(struct el_net *host, struct side *side)
{
    struct el_net_listen_config config = {.bind = endpoint("0.0.0.0:80"), .inherited_fd = -1};
    struct el_net_listen *listener = NULL;
    struct el_err err = {""};

    if (el_net_listen(host, &config, side_accept, side, &listener, &err) < 0)
        fail_msg("%s", err.text);
    return listener;
}

static void connect_from(struct el_net *host, const char *to, struct side *side)
{
    struct el_net_connect_config config = {.to = endpoint(to)};
    struct el_err err = {""};

    if (el_net_connect(host, &config, &side_events, side, &side->stream, &err) < 0)
        fail_msg("%s", err.text);
}

static uint8_t *pattern(size_t len)
{
    uint8_t *bytes = malloc(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 ^ i >> 9);
    return bytes;
}

static void an_echo_over_a_bad_link_gives_back_all(void **state)
{
    enum { LEN = 500000 };
    struct side server = {.echo = true, .finish_when_ended = true}, client = {0};
    uint8_t *bytes = pattern(LEN);

    (void)state;
    set_link((struct el_net_memory_link){
        .delay_ns = 10 * EL_MS, .jitter_ns = 5 * EL_MS, .loss_ppm = 50000, .rate_bps = 100000000});
    listen_on(hub, &server);
    connect_from(mars, "10.0.0.1:80", &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, LEN), 0);
    el_net_stream_finish(client.stream);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), EL_ECLOSED);
    run_for(600 * EL_S);
    assert_int_equal(client.opened, 1);
    assert_int_equal(client.received, LEN);
    assert_int_equal(client.sum, add(0, bytes, LEN));
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.ended, 1);
    free(bytes);
}

static void a_reader_that_pauses_stops_the_writer_after_a_window(void **state)
{
    enum { LEN = 1000000 };
    struct side server = {0}, client = {0};
    uint8_t *bytes = pattern(LEN);

    (void)state;
    set_link((struct el_net_memory_link){.delay_ns = EL_MS});
    listen_on(hub, &server);
    connect_from(mars, "10.0.0.1:80", &client);
    run_for(EL_S);
    el_net_stream_pause(server.stream, true);
    assert_int_equal(el_net_stream_write(client.stream, bytes, LEN), 0);
    run_for(60 * EL_S);
    assert_int_equal(server.received, 0);
    assert_int_equal(el_net_stream_queued(client.stream), LEN - EL_NET_MEMORY_WINDOW);
    assert_int_equal(client.drained, 0);
    el_net_stream_pause(server.stream, false);
    run_for(60 * EL_S);
    assert_int_equal(server.received, LEN);
    assert_int_equal(client.drained, 1);
    free(bytes);
}

static void files_arrive_and_cut_ones_are_told(void **state)
{
    enum { LEN = 300000 };
    char path[] = "/tmp/el2w-net-test-XXXXXX";
    uint8_t *bytes = pattern(LEN);
    int fd = mkstemp(path);

    (void)state;
    unlink(path);
    assert_int_equal(write(fd, bytes, LEN), LEN);
    for (unsigned cut = 0; cut < 2; cut++) {
        struct side server = {0}, client = {0};
        struct el_net_listen *listener = listen_on(hub, &server);

        connect_from(mars, "10.0.0.1:80", &client);
        run_for(EL_S);
        assert_int_equal(el_net_stream_write(server.stream, bytes, 10), 0);
        assert_int_equal(el_net_stream_send_file(server.stream, fd, 10, LEN - 10 + cut), 0);
        el_net_stream_finish(server.stream);
        run_for(60 * EL_S);
        assert_int_equal(client.ended, 1);
        assert_int_equal(client.code, cut ? EL_ECLOSED : 0);
        assert_int_equal(server.drained, !cut);
        assert_int_equal(server.code, cut ? EL_EIO : 0);
        if (!cut)
            assert_int_equal(client.sum, add(0, bytes, LEN));
        el_net_stream_close(server.stream);
        el_net_stream_close(client.stream);
        el_net_listen_close(listener);
    }
    close(fd);
    free(bytes);
}

static void a_link_that_is_down_holds_streams_up_and_breaks_nothing(void **state)
{
    struct side server = {0}, client = {0};

    (void)state;
    listen_on(hub, &server);
    set_link((struct el_net_memory_link){.down = true});
    connect_from(mars, "10.0.0.1:80", &client);
    run_for(10 * EL_S);
    assert_int_equal(client.opened, 0);
    set_link((struct el_net_memory_link){.delay_ns = EL_MS});
    run_for(EL_S);
    assert_int_equal(client.opened, 1);
    set_link((struct el_net_memory_link){.down = true});
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    run_for(10 * EL_S);
    assert_int_equal(server.received, 0);
    set_link((struct el_net_memory_link){.delay_ns = EL_MS});
    run_for(EL_S);
    assert_int_equal(server.received, 3);
}

static void nobody_there_is_told(void **state)
{
    struct side refused = {0}, absent = {0}, dark = {0};
    struct el_net_connect_config config = {.to = endpoint("192.0.2.1:80")};
    struct el_net_stream *stream;
    struct el_err err;

    (void)state;
    connect_from(mars, "10.0.0.1:80", &refused);
    connect_from(mars, "10.0.0.77:80", &absent);
    run_for(EL_S);
    assert_int_equal(refused.code, EL_ECLOSED);
    run_for(10 * EL_S);
    assert_int_equal(absent.code, EL_ENOENT);
    set_link((struct el_net_memory_link){.down = true});
    connect_from(mars, "10.0.0.1:80", &dark);
    run_for(100 * EL_S);
    assert_int_equal(dark.code, EL_EIO);
    assert_int_equal(el_net_connect(mars, &config, &side_events, NULL, &stream, &err), EL_ENOENT);
}

static void a_crash_is_silent_until_somebody_sends(void **state)
{
    struct side server = {0}, client = {0};
    struct el_net_listen *listener = listen_on(hub, &server);

    (void)state;
    connect_from(mars, "10.0.0.1:80", &client);
    run_for(EL_S);
    el_net_memory_crash(hub);
    run_for(EL_S);
    assert_int_equal(client.ended + server.ended, 0);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    run_for(EL_S);
    assert_int_equal(client.code, EL_ECLOSED);
    assert_int_equal(server.ended + server.received, 0);
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"x", 1), EL_ECLOSED);
    /* It comes up again, and may bind again before the old objects are closed. */
    struct side reborn = {0};
    listen_on(hub, &reborn);
    el_net_listen_close(listener);
    el_net_stream_close(server.stream);
    connect_from(mars, "10.0.0.1:80", &client);
    run_for(EL_S);
    assert_non_null(reborn.stream);
}

static void closing_with_bytes_unread_resets(void **state)
{
    struct side server = {0}, client = {0};

    (void)state;
    listen_on(hub, &server);
    connect_from(mars, "10.0.0.1:80", &client);
    run_for(EL_S);
    el_net_stream_pause(server.stream, true);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    run_for(EL_S);
    el_net_stream_close(server.stream);
    run_for(EL_S);
    assert_int_equal(client.code, EL_ECLOSED);
}

/* -- the same seed, the same world -- */

struct trace {
    uint64_t hash;
    unsigned events;
};

static void note(void *arg, const struct el_net_memory_event *event)
{
    struct trace *trace = arg;
    const uint64_t numbers[] = {event->now_ns, event->arrival_ns, (uint64_t)event->fate, event->len,
                                event->to->port};

    trace->events++;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        trace->hash = (trace->hash ^ numbers[i]) * 1099511628211u;
}

static struct trace play(uint64_t seed)
{
    static struct heard at_hub, at_mars;
    struct trace trace = {14695981039346656037u, 0};
    struct side server = {.echo = true}, client = {0};
    uint8_t *bytes = pattern(100000);

    build(seed);
    el_net_memory_trace(world, note, &trace);
    set_link((struct el_net_memory_link){.delay_ns = 3 * EL_MS,
                                         .jitter_ns = EL_MS,
                                         .loss_ppm = 100000,
                                         .duplicate_ppm = 50000,
                                         .reorder_ppm = 50000,
                                         .reorder_ns = 4 * EL_MS});
    struct el_net_udp *udp = open_on(mars, "0.0.0.0:5000", false, &at_mars);
    open_on(hub, "0.0.0.0:69", false, &at_hub);
    listen_on(hub, &server);
    connect_from(mars, "10.0.0.1:80", &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 100000), 0);
    for (uint32_t i = 0; i < 500; i++) {
        assert_int_equal(send_number(udp, "10.0.0.1:69", i), 0);
        run_for(EL_MS);
    }
    run_for(100 * EL_S);
    assert_int_equal(client.received, 100000);
    el_net_memory_world_free(world);
    free(bytes);
    return trace;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    struct trace first = play(42), second = play(42), other = play(43);

    (void)state;
    assert_true(first.events > 600);
    assert_int_equal(first.events, second.events);
    assert_true(first.hash == second.hash);
    assert_false(first.hash == other.hash);
}

/* -- timers -- */

static void note_time(void *arg)
{
    *(uint64_t *)arg = el_net_now_ns(hub);
}

static void timers_fire_exactly_when_they_are_set_to(void **state)
{
    uint64_t fired_ns = 0;
    struct el_net_timer *timer = el_net_timer_new(hub, note_time, &fired_ns);
    uint64_t start_ns = el_net_now_ns(hub);
    int64_t wall_s = el_net_wall_s(hub);

    (void)state;
    el_net_timer_set(timer, start_ns + 3600 * EL_S + 1);
    assert_true(el_net_memory_deadline(world) == start_ns + 3600 * EL_S + 1);
    run_for(3600 * EL_S);
    assert_int_equal(fired_ns, 0);
    run_for(1);
    assert_int_equal(fired_ns, start_ns + 3600 * EL_S + 1);
    assert_int_equal(el_net_wall_s(hub) - wall_s, 3600);
    assert_true(el_net_memory_deadline(world) == EL_NEVER);
    el_net_timer_set(timer, 0); /* past: now */
    run_for(0);
    assert_int_equal(fired_ns, el_net_now_ns(hub));
    el_net_timer_set(timer, el_net_now_ns(hub) + 1);
    el_net_memory_crash(hub);
    uint64_t before_ns = fired_ns;
    run_for(EL_S);
    assert_int_equal(fired_ns, before_ns);
    el_net_timer_free(timer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_takes_as_long_as_the_link),
        TEST(a_broadcast_is_heard_by_all_others_of_the_segment),
        TEST(what_has_no_way_or_no_ear_is_told_as_a_kernel_would),
        TEST(losses_and_copies_come_at_their_rates),
        TEST(jitter_keeps_order_and_reordering_does_not),
        TEST(a_link_has_its_rate_and_its_queue),
        TEST(an_echo_over_a_bad_link_gives_back_all),
        TEST(a_reader_that_pauses_stops_the_writer_after_a_window),
        TEST(files_arrive_and_cut_ones_are_told),
        TEST(a_link_that_is_down_holds_streams_up_and_breaks_nothing),
        TEST(nobody_there_is_told),
        TEST(a_crash_is_silent_until_somebody_sends),
        TEST(closing_with_bytes_unread_resets),
        TEST(timers_fire_exactly_when_they_are_set_to),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

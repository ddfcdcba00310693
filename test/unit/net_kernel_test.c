/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel provider on loopback: real sockets, real files, both ends in one loop. */
#include "net/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LOOPBACK 0x7f000001u

static struct el_net *net;
static struct el_net_timer *patience;

static void out_of_patience(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for 120 s");
}

static int begin(void **state)
{
    struct el_err err;

    (void)state;
    assert_int_equal(el_net_kernel_new(&net, &err), 0);
    patience = el_net_timer_new(net, out_of_patience, NULL);
    el_net_timer_set(patience, el_net_now_ns(net) + 120 * EL_S);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_net_timer_free(patience);
    el_net_kernel_free(net);
    return 0;
}

static struct el_endpoint loopback(uint32_t last, uint16_t port)
{
    return (struct el_endpoint){.ip = el_ip4(LOOPBACK + last), .port = port};
}

/* Bytes of a pattern that has no short period. */
static void fill(uint8_t *bytes, size_t len, uint32_t from)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t n = (uint32_t)(from + i);

        bytes[i] = (uint8_t)(n ^ n >> 8 ^ n >> 16);
    }
}

/* -- timers -- */

struct fired {
    struct el_net_timer *timer;
    char name;
    char *order;
};

static void note_timer(void *arg)
{
    struct fired *fired = arg;
    char text[2] = {fired->name, '\0'};

    strcat(fired->order, text);
    if (strlen(fired->order) == 3)
        el_net_kernel_stop(net);
}

static void timers_fire_in_order_and_not_early(void **state)
{
    char order[8] = "";
    struct fired timers[4];
    uint64_t start_ns = el_net_now_ns(net);

    (void)state;
    for (int i = 0; i < 4; i++) {
        timers[i] = (struct fired){NULL, (char)('a' + i), order};
        timers[i].timer = el_net_timer_new(net, note_timer, &timers[i]);
    }
    el_net_timer_set(timers[0].timer, start_ns + 20 * EL_MS);
    el_net_timer_set(timers[1].timer, start_ns + 10 * EL_MS);
    el_net_timer_set(timers[2].timer, 0);
    el_net_timer_set(timers[3].timer, start_ns + 5 * EL_MS);
    el_net_timer_set(timers[3].timer, EL_NEVER);
    el_net_kernel_run(net);
    assert_string_equal(order, "cba");
    assert_true(el_net_now_ns(net) >= start_ns + 20 * EL_MS);
    for (int i = 0; i < 4; i++)
        el_net_timer_free(timers[i].timer);
}

struct greedy {
    struct el_net_timer *again, *other;
    unsigned times;
};

static void again(void *arg)
{
    struct greedy *greedy = arg;

    greedy->times++;
    el_net_timer_set(greedy->again, 0);
}

static void free_both_and_stop(void *arg)
{
    struct greedy *greedy = arg;

    el_net_timer_free(greedy->again);
    el_net_timer_free(greedy->other);
    el_net_kernel_stop(net);
}

static void a_timer_set_to_the_past_again_and_again_starves_nobody(void **state)
{
    struct greedy greedy = {0};

    (void)state;
    greedy.again = el_net_timer_new(net, again, &greedy);
    greedy.other = el_net_timer_new(net, free_both_and_stop, &greedy);
    el_net_timer_set(greedy.other, el_net_now_ns(net) + 2 * EL_MS);
    el_net_timer_set(greedy.again, 0);
    el_net_kernel_run(net);
    assert_true(greedy.times > 0);
}

static void the_loop_ends_when_nothing_is_left(void **state)
{
    (void)state;
    el_net_timer_set(patience, EL_NEVER);
    el_net_kernel_run(net); /* must return */
}

/* -- datagrams -- */

struct heard {
    struct el_net_udp *udp;
    unsigned count, stop_at;
    struct el_net_udp_meta meta;
    uint8_t bytes[65536];
    size_t len;
};

static void hear(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes, size_t len)
{
    struct heard *heard = arg;

    heard->meta = *meta;
    memcpy(heard->bytes, bytes, len);
    heard->len = len;
    if (++heard->count == heard->stop_at)
        el_net_kernel_stop(net);
}

static struct el_net_udp *open_udp(struct el_endpoint bind, el_net_udp_cb *cb, void *arg)
{
    struct el_net_udp_config config = {.bind = bind, .broadcast = true, .inherited_fd = -1};
    struct el_net_udp *udp = NULL;
    struct el_err err = {""};

    if (el_net_udp_open(net, &config, cb, arg, &udp, &err) < 0)
        fail_msg("%s", err.text);
    return udp;
}

static void a_datagram_tells_where_it_was_sent_to(void **state)
{
    static struct heard server, client;
    struct el_endpoint to;

    (void)state;
    server = client = (struct heard){.stop_at = 1};
    server.udp = open_udp((struct el_endpoint){0}, hear, &server);
    client.udp = open_udp(loopback(0, 0), hear, &client);
    to = loopback(6, el_net_udp_local(server.udp).port);
    assert_int_not_equal(to.port, 0);
    assert_int_equal(el_net_udp_send(client.udp, &to, NULL, (const uint8_t *)"ask", 3), 0);
    el_net_kernel_run(net);
    assert_memory_equal(server.bytes, "ask", 3);
    assert_true(el_ip_equal(&server.meta.to.ip, &to.ip));
    assert_int_equal(server.meta.to.port, to.port);
    assert_int_equal(server.meta.from.port, el_net_udp_local(client.udp).port);

    /* The answer comes from the address that was asked, and from a port of its own. */
    struct heard answering = {0};

    assert_int_equal(
        el_net_udp_sibling(server.udp, &server.meta.to.ip, hear, &answering, &answering.udp), 0);
    assert_int_equal(
        el_net_udp_send(answering.udp, &server.meta.from, NULL, (const uint8_t *)"", 0), 0);
    el_net_kernel_run(net);
    assert_int_equal(client.len, 0);
    assert_true(el_ip_equal(&client.meta.from.ip, &to.ip));
    assert_int_not_equal(client.meta.from.port, to.port);

    /* Also without a sibling: the source is chosen for each datagram. */
    client.stop_at = 2;
    assert_int_equal(
        el_net_udp_send(server.udp, &server.meta.from, &to.ip, (const uint8_t *)"x", 1), 0);
    el_net_kernel_run(net);
    assert_true(el_ip_equal(&client.meta.from.ip, &to.ip));
    assert_int_equal(client.meta.from.port, to.port);

    /* An address that is not ours (a broadcast was answered from it) is no reason not to answer. */
    struct el_ip group = el_ip4(0xffffffff), foreign = el_ip4(0xc0000201);
    client.stop_at = 4;
    assert_int_equal(el_net_udp_send(server.udp, &server.meta.from, &group, (const uint8_t *)"", 0),
                     0);
    assert_int_equal(
        el_net_udp_send(server.udp, &server.meta.from, &foreign, (const uint8_t *)"", 0), 0);
    el_net_kernel_run(net);
    el_net_udp_close(server.udp);
    el_net_udp_close(answering.udp);
    el_net_udp_close(client.udp);
}

static void the_largest_datagrams_of_both_families_arrive_whole(void **state)
{
    static struct heard server;
    static uint8_t big[65508]; /* one too many */

    (void)state;
    fill(big, sizeof big, 7);
    for (int family = 4; family <= 6; family += 2) {
        struct el_endpoint at = loopback(0, 0);

        if (family == 6 && el_endpoint_parse("[::1]:1", 0, &at) == 0)
            at.port = 0;
        server = (struct heard){.stop_at = 1};
        server.udp = open_udp(at, hear, &server);
        at = el_net_udp_local(server.udp);
        assert_int_equal(at.ip.family, family);
        assert_int_equal(el_net_udp_send(server.udp, &at, NULL, big, 65507), 0);
        el_net_kernel_run(net);
        assert_int_equal(server.len, 65507);
        assert_memory_equal(server.bytes, big, 65507);
        assert_true(el_endpoint_equal(&server.meta.to, &at));
        if (family == 4)
            assert_int_equal(el_net_udp_send(server.udp, &at, NULL, big, 65508), EL_EINVAL);
        el_net_udp_close(server.udp);
    }
}

static void close_itself(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                         size_t len)
{
    struct heard *heard = arg;

    (void)meta;
    (void)bytes;
    (void)len;
    heard->count++;
    el_net_udp_close(heard->udp);
}

static void a_socket_closed_by_its_callback_hears_nothing_more(void **state)
{
    static struct heard heard;
    struct el_endpoint at;

    (void)state;
    heard = (struct heard){0};
    heard.udp = open_udp(loopback(0, 0), close_itself, &heard);
    at = el_net_udp_local(heard.udp);
    for (int i = 0; i < 5; i++) /* one batch */
        assert_int_equal(el_net_udp_send(heard.udp, &at, NULL, (const uint8_t *)"x", 1), 0);
    el_net_timer_set(patience, EL_NEVER);
    el_net_kernel_run(net);
    assert_int_equal(heard.count, 1);
}

static void an_inherited_socket_is_adopted_and_a_wrong_one_is_not(void **state)
{
    static struct heard heard;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int other = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(LOOPBACK)};
    struct el_net_udp_config config = {.inherited_fd = other};
    struct el_err err;

    (void)state;
    heard = (struct heard){.stop_at = 1};
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(el_net_udp_open(net, &config, hear, &heard, &heard.udp, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "another kind"));
    close(other);
    config.inherited_fd = other;
    assert_true(el_net_udp_open(net, &config, hear, &heard, &heard.udp, &err) < 0);

    config.inherited_fd = fd;
    assert_int_equal(el_net_udp_open(net, &config, hear, &heard, &heard.udp, &err), 0);
    struct el_endpoint to = el_net_udp_local(heard.udp);
    assert_int_equal(el_net_udp_send(heard.udp, &to, NULL, (const uint8_t *)"x", 1), 0);
    el_net_kernel_run(net);
    assert_int_equal(heard.count, 1);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    el_net_udp_close(heard.udp);
}

static void what_cannot_be_bound_is_explained(void **state)
{
    static struct heard heard;
    struct el_net_udp_config config = {.bind = loopback(0, 0), .inherited_fd = -1};
    struct el_net_udp *udp;
    struct el_err err;

    (void)state;
    heard.udp = open_udp(loopback(0, 0), hear, &heard);
    config.bind = el_net_udp_local(heard.udp);
    assert_int_equal(el_net_udp_open(net, &config, hear, NULL, &udp, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "udp 127.0.0.1:"));
    assert_non_null(strstr(err.text, "address already in use: another program is running there?"));
    assert_non_null(strstr(err.text, "ss -ulpn"));

    config.bind = (struct el_endpoint){.ip = el_ip4(0xc0000201), .port = 67};
    assert_int_equal(el_net_udp_open(net, &config, hear, NULL, &udp, &err), EL_ENOENT);
    assert_non_null(strstr(err.text, "192.0.2.1:67: this host has no such address"));

    config = (struct el_net_udp_config){.device = "el2w-no-such", .inherited_fd = -1};
    int code = el_net_udp_open(net, &config, hear, NULL, &udp, &err);
    if (code != EL_EPERM) {
        assert_int_equal(code, EL_ENOENT);
        assert_non_null(strstr(err.text, "on el2w-no-such: no such interface"));
    }
    el_net_udp_close(heard.udp);
}

/* -- streams -- */

/* One end of a stream; what it does is chosen by its numbers. */
struct side {
    struct el_net_stream *stream;
    uint64_t received; /* bytes; each is checked against the pattern */
    bool echo;         /* writes back what it gets */
    int file;          /* sends this at once, if not 0 */
    uint64_t file_len; /* as it is announced */
    uint64_t expect;   /* stops the loop when so many have come */
    bool check;
    bool finish_when_ended, close_when_drained;
    unsigned drained, opened, ended;
    int code; /* of the last `ended` */
    bool stop_when_ended;
};

static void side_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct side *side = arg;

    for (size_t i = 0; side->check && i < len; i++) {
        uint8_t right;

        fill(&right, 1, (uint32_t)(side->received + i));
        if (bytes[i] != right)
            fail_msg("byte %llu differs", (unsigned long long)(side->received + i));
    }
    side->received += len;
    if (side->echo)
        assert_int_equal(el_net_stream_write(side->stream, bytes, len), 0);
    if (side->expect && side->received == side->expect)
        el_net_kernel_stop(net);
}

static void side_drained(void *arg)
{
    struct side *side = arg;

    side->drained++;
    assert_int_equal(el_net_stream_queued(side->stream), 0);
    if (side->close_when_drained) {
        el_net_stream_close(side->stream);
        side->stream = NULL;
    }
}

static void side_ended(void *arg, int code)
{
    struct side *side = arg;

    side->ended++;
    side->code = code;
    if (side->finish_when_ended)
        el_net_stream_finish(side->stream);
    if (side->stop_when_ended)
        el_net_kernel_stop(net);
}

static void side_opened(void *arg)
{
    struct side *side = arg;

    side->opened++;
}

static const struct el_net_stream_events side_events = {side_data, side_drained, side_ended,
                                                        side_opened};

static void side_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                        const struct el_endpoint *local)
{
    struct side *side = arg;

    assert_int_equal(el_ip4_number(&peer->ip), LOOPBACK);
    assert_int_not_equal(local->port, 0);
    side->stream = stream;
    el_net_stream_set_events(stream, &side_events, side);
    if (side->file)
        assert_int_equal(el_net_stream_send_file(stream, side->file, 0, side->file_len), 0);
}

static struct el_net_listen *listen_on(el_net_accept_cb *cb, void *arg)
{
    struct el_net_listen_config config = {.bind = loopback(0, 0), .inherited_fd = -1};
    struct el_net_listen *listener = NULL;
    struct el_err err = {""};

    if (el_net_listen(net, &config, cb, arg, &listener, &err) < 0)
        fail_msg("%s", err.text);
    return listener;
}

static void connect_to(struct el_endpoint to, struct side *side)
{
    struct el_net_connect_config config = {.to = to};
    struct el_err err = {""};

    if (el_net_connect(net, &config, &side_events, side, &side->stream, &err) < 0)
        fail_msg("%s", err.text);
}

static void an_echo_with_half_close_gives_back_all(void **state)
{
    static uint8_t bytes[3000000];
    struct side server = {.echo = true, .finish_when_ended = true};
    struct side client = {.check = true, .stop_when_ended = true};
    struct el_net_listen *listener = listen_on(side_accept, &server);

    (void)state;
    fill(bytes, sizeof bytes, 0);
    connect_to(el_net_listen_local(listener), &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), 0);
    assert_int_equal(el_net_stream_write(client.stream, bytes + 1, sizeof bytes - 1), 0);
    assert_int_equal(el_net_stream_queued(client.stream), sizeof bytes);
    el_net_stream_finish(client.stream);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), EL_ECLOSED);
    el_net_kernel_run(net);
    assert_int_equal(client.received, sizeof bytes);
    assert_int_equal(client.opened, 1);
    assert_int_equal(client.drained, 1);
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.ended, 1);
    assert_int_equal(server.code, 0);
    el_net_stream_close(client.stream);
    el_net_stream_close(server.stream);
    el_net_listen_close(listener);
}

static void stop_loop(void *arg)
{
    (void)arg;
    el_net_kernel_stop(net);
}

static void run_for(uint64_t ns)
{
    struct el_net_timer *timer = el_net_timer_new(net, stop_loop, NULL);

    el_net_timer_set(timer, el_net_now_ns(net) + ns);
    el_net_kernel_run(net);
    el_net_timer_free(timer);
}

static void pausing_stops_the_sender(void **state)
{
    enum { LEN = 64 << 20 };
    uint8_t *bytes = malloc(LEN);
    struct side server = {.check = true, .expect = LEN};
    struct side client = {0};
    struct el_net_listen *listener = listen_on(side_accept, &server);

    (void)state;
    fill(bytes, LEN, 0);
    connect_to(el_net_listen_local(listener), &client);
    while (!server.stream)
        run_for(EL_MS);
    el_net_stream_pause(server.stream, true);
    assert_int_equal(el_net_stream_write(client.stream, bytes, LEN), 0);
    run_for(200 * EL_MS);
    uint64_t before = server.received;
    assert_int_equal(before, 0);
    assert_int_equal(client.drained, 0);
    assert_true(el_net_stream_queued(client.stream) > 0);
    el_net_stream_pause(server.stream, false);
    el_net_kernel_run(net);
    assert_int_equal(server.received, LEN);
    el_net_stream_close(client.stream);
    el_net_stream_close(server.stream);
    el_net_listen_close(listener);
    free(bytes);
}

static int make_file(uint64_t len)
{
    char path[] = "/tmp/el2w-net-test-XXXXXX";
    int fd = mkstemp(path);
    uint8_t bytes[65536];

    unlink(path);
    for (uint64_t done = 0; done < len; done += sizeof bytes) {
        size_t piece = len - done < sizeof bytes ? (size_t)(len - done) : sizeof bytes;

        fill(bytes, piece, (uint32_t)done);
        assert_int_equal(write(fd, bytes, piece), piece);
    }
    return fd;
}

static void a_file_arrives_bit_exact(void **state)
{
    enum { LEN = 50 * 1000 * 1000 + 13 };
    struct side server = {.file = make_file(LEN), .file_len = LEN, .close_when_drained = true};
    struct side client = {.check = true, .stop_when_ended = true};
    struct el_net_listen *listener = listen_on(side_accept, &server);

    (void)state;
    connect_to(el_net_listen_local(listener), &client);
    el_net_kernel_run(net);
    assert_int_equal(client.received, LEN);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.drained, 1);
    el_net_stream_close(client.stream);
    el_net_listen_close(listener);
    close(server.file);
}

static void a_file_that_is_too_short_resets_the_connection(void **state)
{
    enum { LEN = 300000 };
    struct side server = {.file = make_file(LEN), .file_len = LEN + 1};
    struct side client = {.check = true, .stop_when_ended = true};
    struct el_net_listen *listener = listen_on(side_accept, &server);

    (void)state;
    connect_to(el_net_listen_local(listener), &client);
    el_net_kernel_run(net);
    while (!server.ended)
        run_for(EL_MS);
    assert_int_equal(server.code, EL_EIO);
    assert_int_equal(server.drained, 0);
    assert_int_equal(client.code, EL_ECLOSED); /* not 0: nobody takes it for whole */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"x", 1), EL_ECLOSED);
    el_net_stream_close(server.stream);
    el_net_stream_close(client.stream);
    el_net_listen_close(listener);
    close(server.file);
}

static void a_reset_is_noticed_also_while_paused(void **state)
{
    struct side server = {.stop_when_ended = true};
    struct side client = {0};
    struct el_net_listen *listener = listen_on(side_accept, &server);

    (void)state;
    connect_to(el_net_listen_local(listener), &client);
    while (!server.stream || !client.opened)
        run_for(EL_MS);
    el_net_stream_pause(server.stream, true);
    run_for(EL_MS);
    /* Bytes that are queued and dropped by closing make it a reset. */
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    el_net_stream_close(client.stream);
    el_net_kernel_run(net);
    assert_int_equal(server.code, EL_ECLOSED);
    assert_int_equal(server.received, 0);
    el_net_stream_close(server.stream);
    el_net_listen_close(listener);
}

static void an_end_while_paused_comes_after_the_data(void **state)
{
    struct side server = {.stop_when_ended = true};
    struct side client = {0};
    struct el_net_listen *listener = listen_on(side_accept, &server);

    (void)state;
    connect_to(el_net_listen_local(listener), &client);
    while (!server.stream || !client.opened)
        run_for(EL_MS);
    el_net_stream_pause(server.stream, true);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    el_net_stream_finish(client.stream);
    run_for(20 * EL_MS);
    assert_int_equal(server.ended + server.received, 0);
    el_net_stream_pause(server.stream, false);
    el_net_kernel_run(net);
    assert_int_equal(server.received, 3);
    assert_int_equal(server.code, 0);
    el_net_stream_close(client.stream);
    el_net_stream_close(server.stream);
    el_net_listen_close(listener);
}

static void nobody_listening_is_told(void **state)
{
    struct side client = {.stop_when_ended = true};
    struct el_net_listen *listener = listen_on(side_accept, NULL);
    struct el_endpoint at = el_net_listen_local(listener);

    (void)state;
    el_net_listen_close(listener);
    connect_to(at, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    el_net_kernel_run(net);
    assert_int_equal(client.opened, 0);
    assert_int_equal(client.code, EL_ECLOSED);
    el_net_stream_close(client.stream);
}

struct crowd {
    struct side servers[1000];
    size_t accepted;
    size_t stop_at;
};

static void crowd_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                         const struct el_endpoint *local)
{
    struct crowd *crowd = arg;

    crowd->servers[crowd->accepted].echo = true;
    side_accept(&crowd->servers[crowd->accepted++], stream, peer, local);
    if (crowd->accepted == crowd->stop_at)
        el_net_kernel_stop(net);
}

static void a_thousand_connections_at_once(void **state)
{
    enum { COUNT = 1000 };
    static struct crowd crowd;
    static struct side clients[COUNT];
    struct rlimit limit;
    struct el_net_listen *listener = listen_on(crowd_accept, &crowd);
    uint64_t echoed = 0;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t before = limit.rlim_cur;
    if (limit.rlim_max < 2 * COUNT + 100)
        skip();
    limit.rlim_cur = 2 * COUNT + 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    memset(clients, 0, sizeof clients);
    for (size_t i = 0; i < COUNT; i++) {
        connect_to(el_net_listen_local(listener), &clients[i]);
        clients[i].check = true;
        assert_int_equal(el_net_stream_write(clients[i].stream, (const uint8_t *)"\0\1\2", 3), 0);
    }
    while (echoed < 3 * COUNT) {
        run_for(EL_MS);
        echoed = 0;
        for (size_t i = 0; i < COUNT; i++)
            echoed += clients[i].received;
    }
    assert_int_equal(crowd.accepted, COUNT);
    /* Half of them are left for el_net_kernel_free to close. */
    for (size_t i = 0; i < COUNT; i += 2) {
        el_net_stream_close(clients[i].stream);
        el_net_stream_close(crowd.servers[i].stream);
    }
    limit.rlim_cur = before;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void running_out_of_descriptors_only_delays_accepting(void **state)
{
    static struct crowd crowd;
    static struct side clients[8];
    struct el_net_listen *listener = listen_on(crowd_accept, &crowd);
    struct rlimit limit, low;

    (void)state;
    memset(&crowd, 0, sizeof crowd);
    memset(clients, 0, sizeof clients);
    for (int i = 0; i < 8; i++)
        connect_to(el_net_listen_local(listener), &clients[i]);
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    int next = dup(0);
    low.rlim_cur = (rlim_t)next + 3; /* room for three */
    close(next);
    setrlimit(RLIMIT_NOFILE, &low);
    run_for(50 * EL_MS);
    assert_in_range(crowd.accepted, 1, 4);
    setrlimit(RLIMIT_NOFILE, &limit);
    crowd.stop_at = 8;
    el_net_kernel_run(net);
    assert_int_equal(crowd.accepted, 8);
}

/* -- an Ethernet: a TAP interface in a network namespace of our own -- */

enum { FRAME = 14 + 20 + 8 + 3 };

/* What a machine without an address sends: 0.0.0.0:68 to 255.255.255.255:67. */
static const uint8_t discover[FRAME] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0,   0x12, 0x34, 0x56, 8, 0, /* Ethernet */
    0x45, 0,    0,    31,   0,    0,    0,    0,    64,  17,   0x7a, 0xcf, 0, 0,
    0,    0,    255,  255,  255,  255,                              /* IPv4 */
    0,    68,   0,    67,   0,    11,   0,    0,    'a', 's',  'k', /* UDP without checksum */
};

/* A TAP interface "el2wtap" with 192.168.77.1/24; -1 if this machine has none for us. */
static int open_tap(void)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = -1;
    int control;

    if (unshare(CLONE_NEWNET) < 0 || (fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC)) < 0)
        return -1;
    strcpy(ifr.ifr_name, "el2wtap");
    if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
        close(fd);
        return -1;
    }
    control = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = htonl(0xc0a84d01);
    memcpy(&ifr.ifr_addr, &address, sizeof address);
    assert_int_equal(ioctl(control, SIOCSIFADDR, &ifr), 0);
    address.sin_addr.s_addr = htonl(0xffffff00);
    memcpy(&ifr.ifr_netmask, &address, sizeof address);
    assert_int_equal(ioctl(control, SIOCSIFNETMASK, &ifr), 0);
    ifr.ifr_flags = IFF_UP | IFF_RUNNING;
    assert_int_equal(ioctl(control, SIOCSIFFLAGS, &ifr), 0);
    close(control);
    return fd;
}

/* The next UDP frame from the interface: whatever else it says (IPv6, ARP) is passed over. */
static size_t read_udp_frame(int tap, uint8_t *frame, size_t capacity)
{
    ssize_t got;

    do
        got = read(tap, frame, capacity);
    while (got > 0 && (got < 42 || frame[12] != 8 || frame[13] != 0 || frame[23] != 17));
    return got > 0 ? (size_t)got : 0;
}

static void a_broadcast_from_no_address_is_heard_and_answered(void **state)
{
    static struct heard server;
    struct el_net_udp_config config = {
        .bind = {.port = 67}, .device = "el2wtap", .broadcast = true, .inherited_fd = -1};
    struct el_endpoint everybody = {.ip = el_ip4(0xffffffff), .port = 68};
    struct el_ip ours = el_ip4(0xc0a84d01);
    uint8_t frame[2048];
    struct el_err err = {""};
    int tap = open_tap();

    (void)state;
    if (tap < 0)
        skip();
    server = (struct heard){.stop_at = 1};
    if (el_net_udp_open(net, &config, hear, &server, &server.udp, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(write(tap, discover, FRAME), FRAME);
    el_net_kernel_run(net);
    assert_int_equal(server.len, 3);
    assert_int_equal(el_ip4_number(&server.meta.from.ip), 0);
    assert_int_equal(server.meta.from.port, 68);
    assert_true(el_ip4_number(&server.meta.to.ip) == 0xffffffff);

    assert_int_equal(el_net_udp_send(server.udp, &everybody, &ours, (const uint8_t *)"offer", 5),
                     0);
    assert_int_equal(read_udp_frame(tap, frame, sizeof frame), 14 + 20 + 8 + 5);
    assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff", 6);
    assert_memory_equal(frame + 26, "\xc0\xa8\x4d\x01\xff\xff\xff\xff", 8);
    assert_memory_equal(frame + 42, "offer", 5);

    /* A sibling stays on the interface; a second server there is told who may be in the way. */
    struct el_net_udp *more;
    assert_int_equal(el_net_udp_sibling(server.udp, NULL, hear, &server, &more), 0);
    assert_int_equal(el_net_udp_send(more, &everybody, NULL, (const uint8_t *)"x", 1), 0);
    assert_int_equal(read_udp_frame(tap, frame, sizeof frame), 14 + 20 + 8 + 1);
    el_net_udp_close(more);
    assert_int_equal(el_net_udp_open(net, &config, hear, &server, &more, &err), EL_EEXIST);
    assert_string_equal(err.text, "udp 0.0.0.0:67 on el2wtap: address already in use: another DHCP "
                                  "server is running there? (ss -ulpn shows which)");
    el_net_udp_close(server.udp);
    close(tap);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_order_and_not_early),
        TEST(a_timer_set_to_the_past_again_and_again_starves_nobody),
        TEST(the_loop_ends_when_nothing_is_left),
        TEST(a_datagram_tells_where_it_was_sent_to),
        TEST(the_largest_datagrams_of_both_families_arrive_whole),
        TEST(a_socket_closed_by_its_callback_hears_nothing_more),
        TEST(an_inherited_socket_is_adopted_and_a_wrong_one_is_not),
        TEST(what_cannot_be_bound_is_explained),
        TEST(an_echo_with_half_close_gives_back_all),
        TEST(pausing_stops_the_sender),
        TEST(a_file_arrives_bit_exact),
        TEST(a_file_that_is_too_short_resets_the_connection),
        TEST(a_reset_is_noticed_also_while_paused),
        TEST(an_end_while_paused_comes_after_the_data),
        TEST(nobody_listening_is_told),
        TEST(a_thousand_connections_at_once),
        TEST(running_out_of_descriptors_only_delays_accepting),
        TEST(a_broadcast_from_no_address_is_heard_and_answered), /* last: it leaves this network */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

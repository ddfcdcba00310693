/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lwIP provider: two networks of this process on one wire, which loses and delays what the test
 * wants, on a virtual clock. Every test runs over IP and over Ethernet.
 */
#include "net_lwip_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define HUB  0x0a000001u
#define MARS 0x0a000002u

static struct el_net_world *world;
static struct el_net *base, *hub, *mars;
static struct wire to_hub, to_mars;

static struct el_net_lwip_config config_of(enum el_net_lwip_layer layer, uint32_t address,
                                           struct wire *wire)
{
    return (struct el_net_lwip_config){
        .layer = layer,
        .address = {el_ip4(address), 24},
        .mac = {{0x02, 0, 0, 0, 0, (uint8_t)address}},
        .mtu = layer == EL_NET_LWIP_IP ? 1420 : 1500,
        .send = wire_send,
        .arg = wire,
    };
}

static int begin(enum el_net_lwip_layer layer)
{
    struct el_net_lwip_config at_hub = config_of(layer, HUB, &to_mars);
    struct el_net_lwip_config at_mars = config_of(layer, MARS, &to_hub);
    struct el_err err = {""};

    world = el_net_memory_world(1);
    base = el_net_memory_host(world, "process");
    wire_begin(&to_hub, base, 1);
    wire_begin(&to_mars, base, 2);
    to_hub.delay_ns = to_mars.delay_ns = EL_MS;
    if (el_net_lwip_new(base, &at_hub, &hub, &err) < 0 ||
        el_net_lwip_new(base, &at_mars, &mars, &err) < 0)
        fail_msg("%s", err.text);
    to_hub.to = to_mars.from = hub;
    to_mars.to = to_hub.from = mars;
    return 0;
}

static int begin_ip(void **state)
{
    (void)state;
    return begin(EL_NET_LWIP_IP);
}

static int begin_ethernet(void **state)
{
    (void)state;
    return begin(EL_NET_LWIP_ETHERNET);
}

static int end(void **state)
{
    (void)state;
    el_net_lwip_free(hub);
    el_net_lwip_free(mars);
    wire_end(&to_hub);
    wire_end(&to_mars);
    el_net_memory_world_free(world);
    return 0;
}

static void run_for(uint64_t ns)
{
    el_net_memory_run_until(world, el_net_memory_now(world) + ns);
}

/* Until *DONE; a test that does not get there in an hour has failed. */
static void run_until(const unsigned *done)
{
    uint64_t patience_ns = el_net_memory_now(world) + 3600 * EL_S;

    while (!*done) {
        if (el_net_memory_now(world) > patience_ns)
            fail_msg("nothing happened for an hour");
        run_for(EL_MS);
    }
}

static struct el_endpoint at(uint32_t address, uint16_t port)
{
    return (struct el_endpoint){.ip = el_ip4(address), .port = port};
}

/* Bytes of a pattern that has no short period. */
static void fill(uint8_t *bytes, size_t len, uint32_t from)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t n = (uint32_t)(from + i);

        bytes[i] = (uint8_t)(n ^ n >> 8 ^ n >> 16);
    }
}

/* -- datagrams -- */

struct heard {
    struct el_net_udp *udp;
    unsigned count;
    struct el_net_udp_meta meta;
    uint8_t bytes[65536];
    size_t len;
    bool close;
};

static void hear(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes, size_t len)
{
    struct heard *heard = arg;

    heard->count++;
    heard->meta = *meta;
    memcpy(heard->bytes, bytes, len);
    heard->len = len;
    if (heard->close)
        el_net_udp_close(heard->udp);
}

static struct el_net_udp *open_udp(struct el_net *net, struct el_endpoint bind, struct heard *heard)
{
    struct el_net_udp_config config = {.bind = bind, .broadcast = true, .inherited_fd = -1};
    struct el_err err = {""};

    *heard = (struct heard){0};
    if (el_net_udp_open(net, &config, hear, heard, &heard->udp, &err) < 0)
        fail_msg("%s", err.text);
    return heard->udp;
}

static int say(struct el_net_udp *udp, struct el_endpoint to, const void *bytes, size_t len)
{
    return el_net_udp_send(udp, &to, NULL, bytes, len);
}

static void a_datagram_tells_where_it_was_sent_to(void **state)
{
    static struct heard server, client, transfer;
    struct el_endpoint to = at(HUB, 69);
    struct el_ip foreign = el_ip4(0xc0000201);

    (void)state;
    open_udp(hub, (struct el_endpoint){.port = 69}, &server);
    open_udp(mars, (struct el_endpoint){0}, &client);
    assert_true(el_net_udp_local(client.udp).port >= 49152);
    assert_int_equal(say(client.udp, to, "ask", 3), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 1);
    assert_memory_equal(server.bytes, "ask", 3);
    assert_true(el_endpoint_equal(&server.meta.to, &to));
    assert_int_equal(el_ip4_number(&server.meta.from.ip), MARS);
    assert_int_equal(server.meta.from.port, el_net_udp_local(client.udp).port);

    transfer = (struct heard){0};
    assert_int_equal(
        el_net_udp_sibling(server.udp, &server.meta.to.ip, hear, &transfer, &transfer.udp), 0);
    assert_int_equal(say(transfer.udp, server.meta.from, "", 0), 0);
    run_for(10 * EL_MS);
    assert_int_equal(client.count, 1);
    assert_int_equal(client.len, 0);
    assert_int_equal(client.meta.from.port, el_net_udp_local(transfer.udp).port);
    assert_int_not_equal(client.meta.from.port, 69);

    /* An address that is not ours is no reason not to answer. */
    assert_int_equal(
        el_net_udp_send(server.udp, &server.meta.from, &foreign, (const uint8_t *)"x", 1), 0);
    run_for(10 * EL_MS);
    assert_int_equal(client.count, 2);
    assert_int_equal(el_ip4_number(&client.meta.from.ip), HUB);
    el_net_udp_close(server.udp);
    el_net_udp_close(client.udp);
    el_net_udp_close(transfer.udp);
}

static void the_largest_datagram_arrives_whole(void **state)
{
    static struct heard server, client;
    static uint8_t big[65508]; /* one too many */

    (void)state;
    fill(big, sizeof big, 7);
    open_udp(hub, at(HUB, 7), &server);
    open_udp(mars, (struct el_endpoint){0}, &client);
    say(client.udp, at(HUB, 7), "", 0); /* so that ARP knows */
    run_for(10 * EL_MS);
    assert_int_equal(say(client.udp, at(HUB, 7), big, 65507), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 2);
    assert_int_equal(server.len, 65507);
    assert_memory_equal(server.bytes, big, 65507);
    assert_int_equal(say(client.udp, at(HUB, 7), big, 65508), EL_EINVAL);
}

static void a_broadcast_is_heard_and_only_with_leave_sent(void **state)
{
    static struct heard server, client;
    struct el_net_udp_config quiet = {.inherited_fd = -1};
    struct el_endpoint everybody = at(UINT32_MAX, 67);
    struct el_net_udp *udp;

    (void)state;
    open_udp(hub, (struct el_endpoint){.port = 67}, &server);
    open_udp(mars, (struct el_endpoint){.port = 68}, &client);
    assert_int_equal(say(client.udp, everybody, "discover", 8), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 1);
    assert_true(el_endpoint_equal(&server.meta.to, &everybody));
    assert_int_equal(say(server.udp, at(UINT32_MAX, 68), "offer", 5), 0);
    run_for(10 * EL_MS);
    assert_int_equal(client.len, 5);
    assert_int_equal(el_ip4_number(&client.meta.from.ip), HUB);

    assert_int_equal(el_net_udp_open(mars, &quiet, hear, &client, &udp, NULL), 0);
    assert_int_equal(say(udp, everybody, "x", 1), EL_EPERM);
}

static void a_socket_closed_by_its_callback_hears_nothing_more(void **state)
{
    static struct heard server, client;

    (void)state;
    open_udp(hub, at(HUB, 7), &server);
    open_udp(mars, (struct el_endpoint){0}, &client);
    server.close = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(say(client.udp, at(HUB, 7), "x", 1), 0);
    run_for(10 * EL_MS);
    assert_int_equal(server.count, 1);
}

static void what_cannot_be_bound_is_explained(void **state)
{
    static struct heard heard;
    struct el_net_udp_config config = {.bind = at(HUB, 69), .inherited_fd = -1};
    struct el_net_listen_config tcp = {.bind = at(MARS, 80), .inherited_fd = -1};
    struct el_net_listen *listener;
    struct el_net_udp *udp;
    struct el_err err;

    (void)state;
    open_udp(hub, (struct el_endpoint){.port = 69}, &heard);
    assert_int_equal(el_net_udp_open(hub, &config, hear, NULL, &udp, &err), EL_EEXIST);
    assert_string_equal(err.text, "udp 10.0.0.1:69: address already in use");
    config.bind = at(MARS, 70);
    assert_int_equal(el_net_udp_open(hub, &config, hear, NULL, &udp, &err), EL_ENOENT);
    assert_string_equal(err.text, "udp 10.0.0.2:70: this network has no such address");
    assert_int_equal(el_net_listen(hub, &tcp, NULL, NULL, &listener, &err), EL_ENOENT);
    tcp.bind = at(HUB, 80);
    assert_int_equal(el_net_listen(hub, &tcp, NULL, NULL, &listener, &err), 0);
    assert_int_equal(el_net_listen(hub, &tcp, NULL, NULL, &listener, &err), EL_EEXIST);
    assert_string_equal(err.text, "tcp 10.0.0.1:80: address already in use");
    tcp.bind = at(MARS, 80); /* the other network has its own port 80 */
    assert_int_equal(el_net_listen(mars, &tcp, NULL, NULL, &listener, &err), 0);
    tcp.inherited_fd = config.inherited_fd = 0;
    assert_int_equal(el_net_listen(mars, &tcp, NULL, NULL, &listener, &err), EL_ENOTSUP);
    assert_int_equal(el_net_udp_open(mars, &config, hear, NULL, &udp, &err), EL_ENOTSUP);
}

static void networks_of_one_address_need_two_processes(void **state)
{
    struct el_net_lwip_config again = config_of(EL_NET_LWIP_IP, HUB, &to_mars);
    struct el_net *other_clock = el_net_memory_host(world, "other");
    struct el_net *third = NULL;
    struct el_err err = {""};

    (void)state;
    assert_int_equal(el_net_lwip_new(base, &again, &third, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "lwip 10.0.0.1/24: another network of this process"));
    again.address.ip = el_ip4(0x0a000003);
    assert_int_equal(el_net_lwip_new(other_clock, &again, &third, &err), EL_EINVAL);
    again.mtu = 500;
    assert_int_equal(el_net_lwip_new(base, &again, &third, &err), EL_EINVAL);
}

/* -- streams -- */

/* One end of a stream; what it does is chosen by its numbers. */
struct side {
    struct el_net_stream *stream;
    uint64_t received; /* bytes; each is checked against the pattern */
    bool echo;         /* writes back what it gets */
    int file;          /* sends this at once, if not 0 */
    uint64_t file_len; /* as it is announced */
    bool check;
    bool finish_when_ended, close_when_drained, close_when_accepted, close_when_data;
    bool pause_when_accepted;
    unsigned drained, opened, ended;
    int code; /* of the last `ended` */
    struct el_endpoint peer, local;
};

static void side_close(struct side *side)
{
    el_net_stream_close(side->stream);
    side->stream = NULL;
}

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
    if (side->close_when_data) {
        side_close(side);
        assert_true(bytes[0] == bytes[len - 1] || len > 1); /* they are still there */
    } else if (side->echo) {
        assert_int_equal(el_net_stream_write(side->stream, bytes, len), 0);
    }
}

static void side_drained(void *arg)
{
    struct side *side = arg;

    side->drained++;
    assert_int_equal(el_net_stream_queued(side->stream), 0);
    if (side->close_when_drained)
        side_close(side);
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
    struct side *side = arg;

    side->opened++;
}

static const struct el_net_stream_events side_events = {side_data, side_drained, side_ended,
                                                        side_opened};

static void side_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                        const struct el_endpoint *local)
{
    struct side *side = arg;

    side->stream = stream;
    side->peer = *peer;
    side->local = *local;
    side->opened++;
    if (side->close_when_accepted) {
        side_close(side);
        return;
    }
    el_net_stream_set_events(stream, &side_events, side);
    if (side->pause_when_accepted)
        el_net_stream_pause(stream, true);
    if (side->file)
        assert_int_equal(el_net_stream_send_file(stream, side->file, 0, side->file_len), 0);
}

static struct el_net_listen *listen_on(struct el_net *net, uint16_t port, void *arg)
{
    struct el_net_listen_config config = {.bind = {.port = port}, .inherited_fd = -1};
    struct el_net_listen *listener = NULL;
    struct el_err err = {""};

    if (el_net_listen(net, &config, side_accept, arg, &listener, &err) < 0)
        fail_msg("%s", err.text);
    return listener;
}

static void connect_to(struct el_endpoint to, struct side *side)
{
    struct el_net_connect_config config = {.to = to};
    struct el_err err = {""};

    if (el_net_connect(mars, &config, &side_events, side, &side->stream, &err) < 0)
        fail_msg("%s", err.text);
}

/* Both ends of a connection that is open. */
static void pair(struct side *server, struct side *client)
{
    listen_on(hub, 80, server);
    connect_to(at(HUB, 80), client);
    run_until(&server->opened);
    run_until(&client->opened);
}

static void set_loss(unsigned percent)
{
    to_hub.loss_percent = to_mars.loss_percent = percent;
}

static void echo_over_a_wire_that_loses(unsigned percent, size_t len)
{
    static uint8_t bytes[3000000];
    struct side server = {.echo = true, .finish_when_ended = true};
    struct side client = {.check = true};
    struct el_net_listen *listener = listen_on(hub, 0, &server);

    set_loss(percent);
    fill(bytes, len, 0);
    connect_to(at(HUB, el_net_listen_local(listener).port), &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), 0);
    assert_int_equal(el_net_stream_write(client.stream, bytes + 1, len - 1), 0);
    assert_int_equal(el_net_stream_queued(client.stream), len);
    el_net_stream_finish(client.stream);
    assert_int_equal(el_net_stream_write(client.stream, bytes, 1), EL_ECLOSED);
    run_until(&client.ended);
    assert_int_equal(client.received, len);
    assert_int_equal(client.opened, 1);
    assert_int_equal(client.drained, 1);
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.ended, 1);
    assert_int_equal(server.code, 0);
    assert_int_equal(el_ip4_number(&server.peer.ip), MARS);
    assert_int_equal(el_ip4_number(&server.local.ip), HUB);
    assert_int_equal(server.local.port, el_net_listen_local(listener).port);
    el_net_stream_close(client.stream);
    el_net_stream_close(server.stream);
    el_net_listen_close(listener);
    run_for(300 * EL_S);
    assert_int_equal(el_net_lwip_memory(), 0);
}

static void an_echo_with_half_close_gives_back_all(void **state)
{
    (void)state;
    echo_over_a_wire_that_loses(0, 3000000);
}

static void what_is_lost_is_sent_again(void **state)
{
    (void)state;
    echo_over_a_wire_that_loses(3, 300000);
}

static void a_link_that_is_full_loses_nothing(void **state)
{
    (void)state;
    to_hub.capacity = to_mars.capacity = 8;
    echo_over_a_wire_that_loses(0, 300000);
}

static void pausing_stops_the_sender(void **state)
{
    enum { LEN = 8 << 20 };
    uint8_t *bytes = malloc(LEN);
    struct side server = {.check = true, .pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    fill(bytes, LEN, 0);
    assert_int_equal(el_net_stream_write(client.stream, bytes, LEN), 0);
    free(bytes);
    run_for(60 * EL_S);
    assert_int_equal(server.received, 0);
    assert_int_equal(client.drained, 0);
    assert_true(el_net_stream_queued(client.stream) > LEN / 2);
    el_net_stream_pause(server.stream, false);
    run_until(&client.drained);
    run_for(10 * EL_S);
    assert_int_equal(server.received, LEN);
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
    enum { LEN = 20 * 1000 * 1000 + 13 };
    struct side server = {.file = make_file(LEN), .file_len = LEN, .close_when_drained = true};
    struct side client = {.check = true};

    (void)state;
    listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.ended);
    assert_int_equal(client.received, LEN);
    assert_int_equal(client.code, 0);
    assert_int_equal(server.drained, 1);
    close(server.file);
}

static void a_file_that_is_too_short_resets_the_connection(void **state)
{
    enum { LEN = 300000 };
    struct side server = {.file = make_file(LEN), .file_len = LEN + 1};
    struct side client = {.check = true};

    (void)state;
    listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.ended);
    assert_int_equal(server.code, EL_EIO);
    assert_int_equal(server.drained, 0);
    assert_int_equal(client.code, EL_ECLOSED); /* not 0: nobody takes it for whole */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"x", 1), EL_ECLOSED);
    close(server.file);
}

static void a_reset_is_noticed_also_while_paused(void **state)
{
    struct side server = {.pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    /* Bytes that are queued and dropped by closing make it a reset. */
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    el_net_stream_close(client.stream);
    run_until(&server.ended);
    assert_int_equal(server.code, EL_ECLOSED);
    assert_int_equal(server.received, 0);
}

static void an_end_while_paused_comes_after_the_data(void **state)
{
    struct side server = {.pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    el_net_stream_finish(client.stream);
    run_for(EL_S);
    assert_int_equal(server.ended + server.received, 0);
    el_net_stream_pause(server.stream, false);
    run_until(&server.ended);
    assert_int_equal(server.received, 3);
    assert_int_equal(server.code, 0);

    /* The other direction is still open. */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"defg", 4), 0);
    run_for(EL_S);
    assert_int_equal(client.received, 4);
}

static void who_leaves_something_unread_resets(void **state)
{
    struct side server = {.pause_when_accepted = true};
    struct side client = {0};

    (void)state;
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    run_for(EL_S);
    el_net_stream_close(server.stream);
    run_until(&client.ended);
    assert_int_equal(client.code, EL_ECLOSED);
}

static void both_may_finish_at_once(void **state)
{
    struct side server = {0}, client = {0};

    (void)state;
    pair(&server, &client);
    el_net_stream_finish(server.stream);
    el_net_stream_finish(client.stream);
    run_until(&server.ended);
    run_until(&client.ended);
    assert_int_equal(server.code + client.code, 0);
    run_for(300 * EL_S); /* long after lwIP has forgotten it */
    assert_int_equal(el_net_stream_write(server.stream, (const uint8_t *)"x", 1), EL_ECLOSED);
    assert_int_equal(server.ended + client.ended, 2);
    el_net_stream_close(server.stream);
    el_net_stream_close(client.stream);
}

static void what_was_drained_arrives_although_it_is_closed(void **state)
{
    static uint8_t bytes[200000];
    struct side server = {.check = true};
    struct side client = {.close_when_drained = true};

    (void)state;
    fill(bytes, sizeof bytes, 0);
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, bytes, sizeof bytes), 0);
    run_until(&server.ended);
    assert_int_equal(server.code, 0);
    assert_int_equal(server.received, sizeof bytes);
}

static void callbacks_may_close(void **state)
{
    struct side server = {.close_when_accepted = true};
    struct side client = {0};

    (void)state;
    struct el_net_listen *listener = listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.ended);
    assert_int_equal(client.code, 0);
    el_net_stream_close(client.stream);
    el_net_listen_close(listener);

    server = (struct side){.close_when_data = true};
    client = (struct side){0};
    pair(&server, &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"abc", 3), 0);
    run_until(&client.ended);
    assert_int_equal(server.received, 3);
}

static void nobody_listening_is_told(void **state)
{
    struct side client = {0};

    (void)state;
    connect_to(at(HUB, 81), &client);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    run_until(&client.ended);
    assert_int_equal(client.opened, 0);
    assert_int_equal(client.code, EL_ECLOSED);
}

static void nobody_answering_is_told(void **state)
{
    struct side client = {0}, lost = {0}, server = {0};

    (void)state;
    pair(&server, &client);
    set_loss(100);
    connect_to(at(HUB, 80), &lost);
    run_until(&lost.ended);
    assert_int_equal(lost.code, EL_EIO);

    /* An open one learns of it only by sending; and closing is for good all the same. */
    assert_int_equal(client.ended, 0);
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)"x", 1), 0);
    run_until(&client.ended);
    assert_int_equal(client.code, EL_EIO);
    el_net_stream_close(server.stream);
    run_for(3600 * EL_S);
    set_loss(0);
    assert_int_equal(el_net_lwip_memory(), 0);
}

static void the_way_to_elsewhere_is_the_gateways(void **state)
{
    struct el_net_connect_config config = {.to = at(0xc0000201, 80)};
    struct el_net_stream *stream;
    struct side client = {0};
    int code = el_net_connect(mars, &config, &side_events, &client, &stream, NULL);

    if (*(enum el_net_lwip_layer *)*state == EL_NET_LWIP_ETHERNET)
        assert_int_equal(code, EL_ENOENT);
    else
        assert_int_equal(code, 0);
    config.to.ip.family = 6;
    assert_int_equal(el_net_connect(mars, &config, &side_events, &client, &stream, NULL),
                     EL_ENOENT);
}

static void a_listener_comes_back_while_old_connections_linger(void **state)
{
    struct side server = {0}, client = {0}, second = {0};
    struct el_net_listen *listener;

    (void)state;
    listener = listen_on(hub, 80, &server);
    connect_to(at(HUB, 80), &client);
    run_until(&client.opened);
    el_net_listen_close(listener);
    el_net_stream_close(server.stream);
    listen_on(hub, 80, &second);
    connect_to(at(HUB, 80), &client);
    run_until(&second.opened);
}

/* -- many, and hostile ones -- */

struct crowd {
    struct side servers[1000];
    unsigned accepted;
};

static void crowd_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                         const struct el_endpoint *local)
{
    struct crowd *crowd = arg;
    struct side *side = &crowd->servers[crowd->accepted++ % 1000];

    *side = (struct side){.echo = true};
    side_accept(side, stream, peer, local);
}

static void four_hundred_connections_at_once(void **state)
{
    enum { COUNT = 400 };
    static struct crowd crowd;
    static struct side clients[COUNT];
    struct el_net_listen_config config = {.bind = {.port = 80}, .inherited_fd = -1};
    struct el_net_listen *listener;
    uint64_t echoed = 0;

    (void)state;
    memset(clients, 0, sizeof clients);
    crowd.accepted = 0;
    assert_int_equal(el_net_listen(hub, &config, crowd_accept, &crowd, &listener, NULL), 0);
    for (size_t i = 0; i < COUNT; i++) {
        connect_to(at(HUB, 80), &clients[i]);
        clients[i].check = true;
        assert_int_equal(el_net_stream_write(clients[i].stream, (const uint8_t *)"\0\1\2", 3), 0);
    }
    for (unsigned seconds = 0; seconds < 100 && echoed < 3 * COUNT; seconds++) {
        run_for(EL_S);
        echoed = 0;
        for (size_t i = 0; i < COUNT; i++)
            echoed += clients[i].received;
    }
    assert_int_equal(echoed, 3 * COUNT);
    assert_int_equal(crowd.accepted, COUNT);
    /* Half of them are left for el_net_lwip_free to close. */
    for (size_t i = 0; i < COUNT; i += 2) {
        el_net_stream_close(clients[i].stream);
        el_net_stream_close(crowd.servers[i].stream);
    }
}

static void connections_beyond_the_limit_fail_and_closing_ones_make_room(void **state)
{
    static struct side clients[1100];
    struct el_net_connect_config config = {.to = at(HUB, 80)};
    struct el_err err = {""};
    unsigned open = 0;

    (void)state;
    set_loss(100);
    while (open < 1100 && el_net_connect(mars, &config, &side_events, &clients[open],
                                         &clients[open].stream, &err) == 0)
        open++;
    assert_int_equal(open, 1024);
    assert_string_equal(err.text, "tcp 10.0.0.1:80: too many are open");
    for (unsigned i = 0; i < 10; i++)
        el_net_stream_close(clients[i].stream);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(
            el_net_connect(mars, &config, &side_events, &clients[i], &clients[i].stream, &err), 0);
}

/* Readers that never read: the memory for packets has an end, and others still get something. */
static void slow_readers_cannot_use_up_the_memory(void **state)
{
    enum { COUNT = 200, LEN = 1 << 20 };
    static struct side clients[COUNT];
    static struct crowd crowd;
    struct side late = {.check = true};
    struct side late_server = {.file = make_file(100000), .file_len = 100000};
    struct el_net_listen_config config = {.bind = {.port = 80}, .inherited_fd = -1};
    struct el_net_listen *listener;
    int file = make_file(LEN);

    (void)state;
    memset(clients, 0, sizeof clients);
    crowd.accepted = 0;
    assert_int_equal(el_net_listen(hub, &config, crowd_accept, &crowd, &listener, NULL), 0);
    listen_on(hub, 81, &late_server);
    for (size_t i = 0; i < COUNT; i++) {
        connect_to(at(HUB, 80), &clients[i]);
        el_net_stream_pause(clients[i].stream, true);
    }
    for (unsigned i = 0; i < 50 && crowd.accepted < COUNT; i++)
        run_for(EL_S);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(el_net_stream_send_file(crowd.servers[i].stream, file, 0, LEN), 0);
    run_for(60 * EL_S);
    assert_in_range(el_net_lwip_memory(), EL_NET_LWIP_MEMORY / 8, EL_NET_LWIP_MEMORY);
    connect_to(at(HUB, 81), &late);
    run_until(&late_server.drained);
    run_for(60 * EL_S);
    assert_int_equal(late.received, 100000);
    close(file);
    close(late_server.file);
}

static uint32_t isns[64];
static unsigned isn_count;

static void note_isn(const uint8_t *bytes, size_t len)
{
    const uint8_t *tcp = bytes + (bytes[0] == 0x45 ? 20 : 34);

    if (len >= 40 && tcp[-11] == 6 && (tcp[13] & 0x12) == 0x02 && isn_count < 64)
        isns[isn_count++] =
            (uint32_t)tcp[4] << 24 | (uint32_t)tcp[5] << 16 | (uint32_t)tcp[6] << 8 | tcp[7];
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

static void sequence_numbers_and_ports_cannot_be_guessed(void **state)
{
    static struct side clients[64];
    static uint16_t ports[64];
    unsigned near = 0;

    (void)state;
    connect_to(at(HUB, 81), &clients[0]); /* so that ARP knows */
    run_for(10 * EL_MS);
    isn_count = 0;
    to_hub.look = note_isn;
    for (unsigned i = 0; i < 64; i++) {
        static struct heard heard;

        connect_to(at(HUB, 81), &clients[i]);
        ports[i] = el_net_udp_local(open_udp(mars, (struct el_endpoint){0}, &heard)).port;
        near += i > 0 && (uint16_t)(ports[i] - ports[i - 1]) < 16;
    }
    run_for(10 * EL_MS);
    to_hub.look = NULL;
    assert_int_equal(isn_count, 64);
    assert_in_range(near, 0, 3);
    qsort(isns, isn_count, sizeof isns[0], by_number);
    near = 0;
    for (unsigned i = 1; i < isn_count; i++)
        near += isns[i] - isns[i - 1] < 4096;
    assert_in_range(near, 0, 3);
}

/* What is sent to one network for an address of another does not get there. */
static void networks_are_apart(void **state)
{
    static struct heard server;
    uint8_t packet[14 + 31] = {
        0x02, 0, 0,  0,  0, 2,  0x02, 0, 0,   0,   0,    9,    8,  0, /* Ethernet, to mars' card */
        0x45, 0, 0,  31, 0, 0,  0,    0, 64,  17,  0x66, 0xc5, 10, 0,
        0,    9, 10, 0,  0, 1,                          /* IPv4, to hub */
        0,    9, 0,  7,  0, 11, 0,    0, 'a', 's', 'k', /* UDP without checksum */
    };
    bool ethernet = *(enum el_net_lwip_layer *)*state == EL_NET_LWIP_ETHERNET;
    const uint8_t *bytes = ethernet ? packet : packet + 14;
    size_t len = ethernet ? sizeof packet : sizeof packet - 14;

    open_udp(hub, at(HUB, 7), &server);
    el_net_lwip_input(mars, bytes, len);
    assert_int_equal(server.count, 0);
    packet[5] = 1;
    el_net_lwip_input(hub, bytes, len);
    assert_int_equal(server.count, 1);
}

/* What a port gives: a checksum that is still to be computed is believed, a train of datagrams cut.
 */
static void frames_of_a_port_come_as_they_are(void **state)
{
    static struct heard server;
    uint8_t frame[14 + 20 + 8 + 8] = {
        0x02, 0,   0,   0,   0,   1,   0x02, 0,    0,  0,  0,    9,    8,  0, /* Ethernet */
        0x45, 0,   0,   36,  0,   0,   0,    0,    64, 17, 0x66, 0xc0, 10, 0,
        0,    9,   10,  0,   0,   1,               /* IPv4 */
        0,    9,   0,   7,   0,   16,  0x14, 0x2b, /* UDP */
        'a',  's', 'k', 'A', 'S', 'K', '?',  '!',
    };
    struct el_offload offload = {.needs_csum = true, .csum_start = 34, .csum_offset = 6};

    if (*(enum el_net_lwip_layer *)*state != EL_NET_LWIP_ETHERNET)
        return;
    open_udp(hub, at(HUB, 7), &server);
    el_net_lwip_input(hub, frame, sizeof frame);
    assert_int_equal(server.count, 0); /* the checksum is wrong */
    el_net_lwip_input_frame(hub, frame, sizeof frame, &offload);
    assert_int_equal(server.count, 1);
    assert_int_equal(server.len, 8);

    offload.gso = EL_GSO_UDP_L4;
    offload.gso_size = 3;
    el_net_lwip_input_frame(hub, frame, sizeof frame, &offload);
    assert_int_equal(server.count, 4);
    assert_int_equal(server.len, 2);
    assert_memory_equal(server.bytes, "?!", 2);
    offload.csum_start = 3000;
    el_net_lwip_input_frame(hub, frame, sizeof frame, &offload);
    assert_int_equal(server.count, 4);
}

static enum el_net_lwip_layer layers[] = {EL_NET_LWIP_IP, EL_NET_LWIP_ETHERNET};

int main(void)
{
#define TEST(name)                                                 \
    {#name " (IP)", name, begin_ip, end, &layers[0]},              \
    {                                                              \
#name " (Ethernet)", name, begin_ethernet, end, &layers[1] \
    }
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_tells_where_it_was_sent_to),
        TEST(the_largest_datagram_arrives_whole),
        TEST(a_broadcast_is_heard_and_only_with_leave_sent),
        TEST(a_socket_closed_by_its_callback_hears_nothing_more),
        TEST(what_cannot_be_bound_is_explained),
        TEST(networks_of_one_address_need_two_processes),
        TEST(an_echo_with_half_close_gives_back_all),
        TEST(what_is_lost_is_sent_again),
        TEST(a_link_that_is_full_loses_nothing),
        TEST(pausing_stops_the_sender),
        TEST(a_file_arrives_bit_exact),
        TEST(a_file_that_is_too_short_resets_the_connection),
        TEST(a_reset_is_noticed_also_while_paused),
        TEST(an_end_while_paused_comes_after_the_data),
        TEST(who_leaves_something_unread_resets),
        TEST(both_may_finish_at_once),
        TEST(what_was_drained_arrives_although_it_is_closed),
        TEST(callbacks_may_close),
        TEST(nobody_listening_is_told),
        TEST(nobody_answering_is_told),
        TEST(the_way_to_elsewhere_is_the_gateways),
        TEST(a_listener_comes_back_while_old_connections_linger),
        TEST(four_hundred_connections_at_once),
        TEST(connections_beyond_the_limit_fail_and_closing_ones_make_room),
        TEST(slow_readers_cannot_use_up_the_memory),
        TEST(sequence_numbers_and_ports_cannot_be_guessed),
        TEST(networks_are_apart),
        TEST(frames_of_a_port_come_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

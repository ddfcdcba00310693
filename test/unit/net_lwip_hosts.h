/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hosts of the lwIP provider in this process, on one wire, which loses and delays what the test
 * wants, on a virtual clock; and what they have open. A test runs over IP and over Ethernet.
 */
#ifndef TEST_UNIT_NET_LWIP_HOSTS_H
#define TEST_UNIT_NET_LWIP_HOSTS_H

#include "unit/net_lwip_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define HUB  0x0a000001u
#define MARS 0x0a000002u

/* A test's rows in the table of its file. */
#define TEST(name)                                                 \
    {#name " (IP)", name, begin_ip, end, &layers[0]},              \
    {                                                              \
#name " (Ethernet)", name, begin_ethernet, end, &layers[1] \
    }

static struct el_net_world *world;
static struct el_net *base, *hub, *mars;
static struct wire to_hub, to_mars;

static inline struct el_net_lwip_config config_of(enum el_net_lwip_layer layer, uint32_t address,
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

static inline int begin(enum el_net_lwip_layer layer)
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

static inline int begin_ip(void **state)
{
    (void)state;
    return begin(EL_NET_LWIP_IP);
}

static inline int begin_ethernet(void **state)
{
    (void)state;
    return begin(EL_NET_LWIP_ETHERNET);
}

static inline int end(void **state)
{
    (void)state;
    el_net_lwip_free(hub);
    el_net_lwip_free(mars);
    wire_end(&to_hub);
    wire_end(&to_mars);
    el_net_memory_world_free(world);
    return 0;
}

static inline void run_for(uint64_t ns)
{
    el_net_memory_run_until(world, el_net_memory_now(world) + ns);
}

/* Until *DONE; a test that does not get there in an hour has failed. */
static inline void run_until(const unsigned *done)
{
    uint64_t patience_ns = el_net_memory_now(world) + 3600 * EL_S;

    while (!*done) {
        if (el_net_memory_now(world) > patience_ns)
            fail_msg("nothing happened for an hour");
        run_for(EL_MS);
    }
}

static inline struct el_endpoint at(uint32_t address, uint16_t port)
{
    return (struct el_endpoint){.ip = el_ip4(address), .port = port};
}

/* Bytes of a pattern that has no short period. */
static inline void fill(uint8_t *bytes, size_t len, uint32_t from)
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

static inline void hear(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    struct heard *heard = arg;

    heard->count++;
    heard->meta = *meta;
    memcpy(heard->bytes, bytes, len);
    heard->len = len;
    if (heard->close)
        el_net_udp_close(heard->udp);
}

static inline struct el_net_udp *open_udp(struct el_net *net, struct el_endpoint bind,
                                          struct heard *heard)
{
    struct el_net_udp_config config = {.bind = bind, .broadcast = true, .inherited_fd = -1};
    struct el_err err = {""};

    *heard = (struct heard){0};
    if (el_net_udp_open(net, &config, hear, heard, &heard->udp, &err) < 0)
        fail_msg("%s", err.text);
    return heard->udp;
}

static inline int say(struct el_net_udp *udp, struct el_endpoint to, const void *bytes, size_t len)
{
    return el_net_udp_send(udp, &to, NULL, bytes, len);
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

static inline void side_close(struct side *side)
{
    el_net_stream_close(side->stream);
    side->stream = NULL;
}

static inline void side_data(void *arg, const uint8_t *bytes, size_t len)
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

static inline void side_drained(void *arg)
{
    struct side *side = arg;

    side->drained++;
    assert_int_equal(el_net_stream_queued(side->stream), 0);
    if (side->close_when_drained)
        side_close(side);
}

static inline void side_ended(void *arg, int code)
{
    struct side *side = arg;

    side->ended++;
    side->code = code;
    if (side->finish_when_ended)
        el_net_stream_finish(side->stream);
}

static inline void side_opened(void *arg)
{
    struct side *side = arg;

    side->opened++;
}

static const struct el_net_stream_events side_events = {side_data, side_drained, side_ended,
                                                        side_opened};

static inline void side_accept(void *arg, struct el_net_stream *stream,
                               const struct el_endpoint *peer, const struct el_endpoint *local)
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

static inline struct el_net_listen *listen_on(struct el_net *net, uint16_t port, void *arg)
{
    struct el_net_listen_config config = {.bind = {.port = port}, .inherited_fd = -1};
    struct el_net_listen *listener = NULL;
    struct el_err err = {""};

    if (el_net_listen(net, &config, side_accept, arg, &listener, &err) < 0)
        fail_msg("%s", err.text);
    return listener;
}

static inline void connect_to(struct el_endpoint to, struct side *side)
{
    struct el_net_connect_config config = {.to = to};
    struct el_err err = {""};

    if (el_net_connect(mars, &config, &side_events, side, &side->stream, &err) < 0)
        fail_msg("%s", err.text);
}

/* Both ends of a connection that is open. */
static inline void pair(struct side *server, struct side *client)
{
    listen_on(hub, 80, server);
    connect_to(at(HUB, 80), client);
    run_until(&server->opened);
    run_until(&client->opened);
}

static inline void set_loss(unsigned percent)
{
    to_hub.loss_percent = to_mars.loss_percent = percent;
}

static inline int make_file(uint64_t len)
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

static enum el_net_lwip_layer layers[] = {EL_NET_LWIP_IP, EL_NET_LWIP_ETHERNET};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine on the network of the lwIP provider that sends what it likes: raw packets or frames,
 * and segments, datagrams and fragments whose checksums are right and whose numbers are near the
 * right ones. The host there listens, echoes, connects and sends. The first byte of the input
 * chooses the kind of link and what the host does; then come records: a kind, a step of time, and
 * what is told below. However it goes, what came for packets is given back in the end.
 */
#include "net/lwip.h"
#include "net/memory.h"

#include "base/csprng.h"
#include "base/wire.h"
#include "frame/csum.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HOST = 0x0a000001,
    MACHINE = 0x0a000002,
    MACHINE_PORT = 5000,
    PACKET_BYTES = 2048,
    ETH = 14,
    IP = 20,
    STREAMS = 8,
};

struct fuzz {
    struct el_net_world *world;
    struct el_net *base, *net;
    struct el_net_stream *streams[STREAMS];
    uint8_t first; /* what the host does */
    bool ethernet;
    uint32_t seq, ack;  /* what the host expects, and what it has sent, of the last segment seen */
    uint16_t host_port; /* where that came from */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* -- the host -- */

static struct el_net_stream **slot_of(struct fuzz *fuzz)
{
    for (unsigned i = 0; i < STREAMS; i++)
        if (!fuzz->streams[i])
            return &fuzz->streams[i];
    return NULL;
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct el_net_stream **slot = arg;

    require(len > 0);
    el_net_stream_write(*slot, bytes, len);
    if (bytes[0] == 'c') {
        el_net_stream_close(*slot);
        *slot = NULL;
    } else if (bytes[0] == 'f') {
        el_net_stream_finish(*slot);
    } else if (bytes[0] == 'p') {
        el_net_stream_pause(*slot, true);
    }
}

static void on_ended(void *arg, int code)
{
    struct el_net_stream **slot = arg;

    require(code <= 0);
    if (code == 0)
        el_net_stream_finish(*slot);
}

static const struct el_net_stream_events events = {.data = on_data, .ended = on_ended};

static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const uint8_t greeting[5000];
    struct fuzz *fuzz = arg;
    struct el_net_stream **slot = slot_of(fuzz);

    require(peer->ip.family == 4 && local->port == 80);
    if (!slot) {
        el_net_stream_close(stream);
        return;
    }
    *slot = stream;
    el_net_stream_set_events(stream, &events, slot);
    if (fuzz->first & 4)
        el_net_stream_write(stream, greeting, sizeof greeting);
}

static void on_datagram(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    struct el_net_udp **udp = arg;

    el_net_udp_send(*udp, &meta->from, &meta->to.ip, bytes, len);
}

static int on_sent(void *arg, const struct el_slice *slices, unsigned count)
{
    struct fuzz *fuzz = arg;
    uint8_t packet[PACKET_BYTES];
    size_t len = 0, at = fuzz->ethernet ? ETH : 0;

    for (unsigned i = 0; i < count; i++) {
        require(len + slices[i].len <= sizeof packet);
        memcpy(packet + len, slices[i].bytes, slices[i].len);
        len += slices[i].len;
    }
    require(len >= (fuzz->ethernet ? 42u : IP));
    if (len < at + IP + 20 || packet[at] != 0x45 || packet[at + 9] != 6)
        return 0;

    struct el_wire w = el_wire_read(packet + at + IP, len - at - IP);

    fuzz->host_port = el_wire_be16(&w);
    el_wire_be16(&w);
    fuzz->ack = el_wire_be32(&w);
    fuzz->seq = el_wire_be32(&w);
    fuzz->ack += (uint32_t)(len - at - IP - 20) + ((packet[at + IP + 13] & 3) != 0);
    return 0;
}

/* -- the machine -- */

/* Puts headers in front of the LEN bytes at PACKET + ETH + IP, and has it arrive. */
static void arrive(struct fuzz *fuzz, uint8_t *packet, size_t len, uint8_t protocol,
                   uint16_t fragment, uint8_t id)
{
    static const uint8_t head[ETH] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    struct el_wire w = el_wire_write(packet + ETH, IP);

    memcpy(packet, head, sizeof head);
    el_wire_put_u8(&w, 0x45);
    el_wire_put_u8(&w, 0);
    el_wire_put_be16(&w, (uint16_t)(IP + len));
    el_wire_put_be16(&w, id);
    el_wire_put_be16(&w, fragment);
    el_wire_put_u8(&w, 64);
    el_wire_put_u8(&w, protocol);
    el_wire_put_be16(&w, 0);
    el_wire_put_be32(&w, MACHINE);
    el_wire_put_be32(&w, HOST);
    uint16_t sum = el_csum_finish(el_csum_add(0, packet + ETH, IP));
    packet[ETH + 10] = (uint8_t)(sum >> 8);
    packet[ETH + 11] = (uint8_t)sum;
    el_net_lwip_input(fuzz->net, fuzz->ethernet ? packet : packet + ETH,
                      len + IP + (fuzz->ethernet ? ETH : 0));
}

/* Flags, distances of the numbers from the right ones, window, options, data. */
static void send_segment(struct fuzz *fuzz, struct el_wire *input)
{
    uint8_t packet[PACKET_BYTES] = {0};
    uint8_t *tcp = packet + ETH + IP;
    struct el_wire w = el_wire_write(tcp, PACKET_BYTES - ETH - IP);
    uint8_t flags = el_wire_u8(input);
    uint32_t seq = fuzz->seq - 0x8000u + (el_wire_be16(input) ^ 0x8000u);
    uint32_t ack = fuzz->ack - 0x8000u + (el_wire_be16(input) ^ 0x8000u);
    uint16_t window = el_wire_be16(input);
    size_t options = el_wire_u8(input) % 11 * 4u, len = el_wire_be16(input) % 1461u;

    el_wire_put_be16(&w, MACHINE_PORT);
    el_wire_put_be16(&w, flags & 0x40 && fuzz->host_port ? fuzz->host_port : 80);
    el_wire_put_be32(&w, seq);
    el_wire_put_be32(&w, ack);
    el_wire_put_u8(&w, (uint8_t)((20 + options) / 4 << 4));
    el_wire_put_u8(&w, flags & 0x3f);
    el_wire_put_be16(&w, window);
    el_wire_copy(input, tcp + 20, options);
    tcp[20 + options] = el_wire_u8(input); /* the first byte of data; the rest is zero */
    len += 20 + options;

    uint16_t sum = el_csum_finish(el_csum_add(el_csum_pseudo4(MACHINE, HOST, 6, len), tcp, len));

    tcp[16] = (uint8_t)(sum >> 8);
    tcp[17] = (uint8_t)sum;
    arrive(fuzz, packet, len, 6, 0, 1);
}

/* A place in the datagram and flags, an identifier, a protocol, and the piece. */
static void send_fragment(struct fuzz *fuzz, struct el_wire *input)
{
    uint8_t packet[PACKET_BYTES] = {0};
    uint16_t fragment = el_wire_be16(input);
    uint8_t id = el_wire_u8(input), protocol = el_wire_u8(input);
    size_t len = el_wire_be16(input) % 1481u;

    el_wire_copy(input, packet + ETH + IP, len < 16 ? len : 16);
    arrive(fuzz, packet, len, protocol, fragment & 0x3fff, id);
}

/* A length, and as many bytes. */
static void send_raw(struct fuzz *fuzz, struct el_wire *input)
{
    size_t len = el_wire_be16(input);
    const uint8_t *bytes;

    if (len > el_wire_left(input))
        len = el_wire_left(input);
    bytes = el_wire_take(input, len);
    if (bytes)
        el_net_lwip_input(fuzz->net, bytes, len);
}

static void play(struct fuzz *fuzz, struct el_wire *input)
{
    while (el_wire_left(input) >= 3) {
        uint8_t kind = el_wire_u8(input);
        uint64_t step_ns = (uint64_t)el_wire_be16(input) * EL_MS;

        el_net_memory_run_until(fuzz->world, el_net_memory_now(fuzz->world) + step_ns);
        switch (kind % 4) {
        case 0: send_raw(fuzz, input); break;
        case 1: send_fragment(fuzz, input); break;
        default: send_segment(fuzz, input); break;
        }
    }
}

static void open_host(struct fuzz *fuzz, struct el_net_udp **udp)
{
    const struct el_net_lwip_config config = {
        .layer = fuzz->ethernet ? EL_NET_LWIP_ETHERNET : EL_NET_LWIP_IP,
        .address = {el_ip4(HOST), 24},
        .mac = {{2, 0, 0, 0, 0, 1}},
        .mtu = 1500,
        .send = on_sent,
        .arg = fuzz,
    };
    const struct el_net_listen_config http = {.bind = {.port = 80}, .inherited_fd = -1};
    const struct el_net_udp_config echo = {.bind = {.port = 7}, .inherited_fd = -1};
    const struct el_net_connect_config to = {.to = {.ip = el_ip4(MACHINE), .port = MACHINE_PORT}};
    struct el_net_listen *listener;

    require(el_net_lwip_new(fuzz->base, &config, &fuzz->net, NULL) == 0);
    require(el_net_listen(fuzz->net, &http, on_accept, fuzz, &listener, NULL) == 0);
    require(el_net_udp_open(fuzz->net, &echo, on_datagram, udp, udp, NULL) == 0);
    if (fuzz->first & 2)
        require(el_net_connect(fuzz->net, &to, &events, &fuzz->streams[0], &fuzz->streams[0],
                               NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_wire input = el_wire_read(data, size);
    struct fuzz fuzz = {.first = el_wire_u8(&input), .seq = 1000};
    struct el_net_udp *udp = NULL;

    el_random_seed_for_test(1);
    fuzz.ethernet = fuzz.first & 1;
    fuzz.world = el_net_memory_world(1);
    require(fuzz.world != NULL);
    fuzz.base = el_net_memory_host(fuzz.world, "host");
    open_host(&fuzz, &udp);
    play(&fuzz, &input);
    /* Long enough for what lwIP still waits for: fragments, TIME_WAIT. */
    for (unsigned i = 0; i < STREAMS; i++)
        el_net_stream_close(fuzz.streams[i]);
    el_net_memory_run_until(fuzz.world, el_net_memory_now(fuzz.world) + 100 * EL_S);
    el_net_lwip_free(fuzz.net);
    require(el_net_lwip_memory() == 0);
    el_net_memory_world_free(fuzz.world);
    return 0;
}

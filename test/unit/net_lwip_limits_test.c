/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lwIP provider with many peers, and hostile ones. */
#include "unit/net_lwip_hosts.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(four_hundred_connections_at_once),
        TEST(connections_beyond_the_limit_fail_and_closing_ones_make_room),
        TEST(slow_readers_cannot_use_up_the_memory),
        TEST(sequence_numbers_and_ports_cannot_be_guessed),
        TEST(networks_are_apart),
        TEST(frames_of_a_port_come_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

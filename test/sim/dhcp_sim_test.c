/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DHCP server and many machines on one simulated Ethernet: loss, a hub that loses power, a
 * store that fails. A machine takes its address on the segment, which refuses an address that
 * another has, so that two holders of one address end the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/csprng.h"
#include "base/log.h"
#include "dhcp/dhcp_io.h"
#include "frame/layers.h"
#include "net/memory.h"
#include "port/memory.h"
#include "unit/dhcp_packets.h"

enum { MACHINES = 60, POOL = 100, LEASE_S = 600, RETRY_S = 4 };

static const uint32_t net = 0xc0a84d00;

/* -- a store that a crash of the hub does not touch -- */

static struct {
    struct el_dhcp_record records[256]; /* by the last byte of the address */
    bool kept[256];
    unsigned puts;
    bool full;
} disk;

static int disk_put(void *arg, const struct el_dhcp_record *records, size_t count,
                    struct el_err *err)
{
    (void)arg;
    disk.puts++;
    if (disk.full)
        return el_err(err, EL_EIO, "no space left on the disk");
    for (size_t i = 0; i < count; i++) {
        uint8_t at = records[i].ip.b[3];
        disk.records[at] = records[i];
        disk.kept[at] = true;
    }
    return 0;
}

static int disk_load(void *arg, void (*each)(void *each_arg, const struct el_dhcp_record *record),
                     void *each_arg, struct el_err *err)
{
    (void)arg;
    (void)err;
    for (int i = 0; i < 256; i++)
        if (disk.kept[i])
            each(each_arg, &disk.records[i]);
    return 0;
}

/* -- the hub -- */

static struct el_net_world *world;
static struct el_net *hub;
static struct el_dhcp_io *server;
static struct el_port *ends[2];

/* What a hub without power held: never used again, and kept here so that it is no leak. */
enum { CRASHES = 5 };
static struct el_dhcp_io *volatile dead[CRASHES];

static void start_server(struct el_port *port)
{
    struct el_dhcp_io_config config = {
        .server = {.server = el_ip4(net + 1),
                   .ranges = {{el_ip4(net + 100), el_ip4(net + 100 + POOL - 1)}},
                   .lease_s = LEASE_S},
        .device = "boot",
        .inherited_fd = -1,
        .inherited_binl_fd = -1,
        .port = port,
        .port_mac = {{2, 0, 0, 0, 0, 1}},
        .store = {disk_put, disk_load, NULL},
    };
    struct el_err err = {.text = ""};

    assert_int_equal(el_prefix_parse("192.168.77.0/24", &config.server.subnet), 0);
    server = el_dhcp_io_start(hub, &config, &err);
    if (!server)
        fail_msg("%s", err.text);
}

static int with_hub(void **state)
{
    (void)state;
    struct el_prefix prefix;

    el_random_seed_for_test(7);
    memset(&disk, 0, sizeof disk);
    world = el_net_memory_world(42);
    hub = el_net_memory_host(world, "hub");
    if (el_prefix_parse("192.168.77.1/24", &prefix) != 0)
        return -1;
    return el_net_memory_address(hub, "boot", &prefix);
}

static int without_hub(void **state)
{
    (void)state;
    el_dhcp_io_stop(server);
    server = NULL;
    el_net_memory_world_free(world);
    return 0;
}

/* -- a machine: INIT, SELECTING, REQUESTING, BOUND, RENEWING (RFC 2131 figure 5), with the
 * broadcast flag -- */

static struct machine {
    uint16_t number;
    struct el_net *host;
    struct el_net_udp *udp;
    struct el_net_timer *timer;
    uint32_t offered, ip; /* ip: it is bound */
    uint64_t until_ns;
    unsigned acks, naks;
} machines[MACHINES];

static struct el_prefix host_prefix(uint32_t ip)
{
    return (struct el_prefix){el_ip4(ip), 24};
}

static void give_up_address(struct machine *m)
{
    struct el_ip ip = el_ip4(m->ip);

    if (m->ip)
        el_net_memory_address_del(m->host, "boot", &ip);
    m->ip = 0;
}

static void say(struct machine *m)
{
    struct packet p =
        packet_dhclient(m->ip || m->offered ? EL_DHCP_REQUEST : EL_DHCP_DISCOVER, m->number);
    struct el_endpoint to = {.ip = el_ip4(m->ip ? net + 1 : UINT32_MAX),
                             .port = EL_DHCP_PORT_SERVER};

    p.bytes[AT_FLAGS] = 0x80;
    if (m->ip) {
        packet_put32(&p, AT_CIADDR, m->ip);
    } else if (m->offered) {
        packet_ip(&p, 50, m->offered);
        packet_ip(&p, 54, net + 1);
    }
    p = packet_end(p);
    el_net_udp_send(m->udp, &to, NULL, p.bytes, p.len);
    el_net_timer_set(m->timer, el_net_now_ns(m->host) + RETRY_S * EL_S);
}

static void on_timer(void *arg)
{
    struct machine *m = arg;

    if (m->ip && el_net_now_ns(m->host) >= m->until_ns)
        give_up_address(m);
    m->offered = 0; /* a REQUEST without answer: begin again */
    say(m);
}

static void on_reply(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                     size_t len)
{
    static struct el_dhcp_message reply;
    struct machine *m = arg;
    struct el_prefix prefix;

    (void)meta;
    if (el_dhcp_decode(bytes, len, &reply) != 0 || reply.xid != (0x12340000u | m->number))
        return;
    switch (el_dhcp_number(&reply, EL_DHCP_O_TYPE)) {
    case EL_DHCP_OFFER:
        if (m->ip || m->offered)
            return;
        m->offered = reply.yiaddr;
        say(m);
        return;
    case EL_DHCP_NAK:
        m->naks++;
        give_up_address(m);
        m->offered = 0;
        return;
    case EL_DHCP_ACK:
        assert_true(disk.kept[reply.yiaddr & 0xff]);
        prefix = host_prefix(reply.yiaddr);
        if (m->ip != reply.yiaddr) {
            assert_int_equal(m->ip, 0);
            assert_int_equal(el_net_memory_address(m->host, "boot", &prefix), 0);
        }
        m->ip = reply.yiaddr;
        m->offered = 0;
        m->acks++;
        m->until_ns = el_net_now_ns(m->host) + LEASE_S * EL_S;
        el_net_timer_set(m->timer, el_net_now_ns(m->host) + LEASE_S / 2 * EL_S);
        return;
    default: return;
    }
}

/* It is on the Ethernet from the start, with an address that means nothing there. */
static void power_on(uint16_t number)
{
    struct machine *m = &machines[number];
    struct el_prefix nowhere = {el_ip4(0xa9fe0000u + 1 + number), 16};
    struct el_net_udp_config config = {.bind = {.port = EL_DHCP_PORT_CLIENT},
                                       .device = "boot",
                                       .broadcast = true,
                                       .inherited_fd = -1};
    struct el_err err = {.text = ""};

    memset(m, 0, sizeof *m);
    m->number = number;
    m->host = el_net_memory_host(world, "machine");
    assert_int_equal(el_net_memory_address(m->host, "boot", &nowhere), 0);
    if (el_net_udp_open(m->host, &config, on_reply, m, &m->udp, &err) != 0)
        fail_msg("%s", err.text);
    m->timer = el_net_timer_new(m->host, on_timer, m);
    assert_non_null(m->timer);
    el_net_timer_set(m->timer, el_net_now_ns(m->host) + 1 + el_random_below(1000) * EL_MS);
}

static void run_s(uint64_t seconds)
{
    el_net_memory_run_until(world, el_net_memory_now(world) + seconds * EL_S);
}

static unsigned bound(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MACHINES; i++)
        count += machines[i].ip != 0;
    return count;
}

/* -- tests -- */

static void a_crowd_of_machines_on_a_bad_wire(void **state)
{
    (void)state;
    struct el_net_memory_link bad = {.delay_ns = 20 * EL_MS,
                                     .jitter_ns = 50 * EL_MS,
                                     .loss_ppm = 200000,
                                     .duplicate_ppm = 50000,
                                     .reorder_ppm = 50000,
                                     .reorder_ns = 200 * EL_MS};
    el_net_memory_link(world, NULL, NULL, &bad);
    start_server(NULL);
    for (uint16_t i = 0; i < MACHINES; i++)
        power_on(i);
    run_s(120);
    assert_int_equal(bound(), MACHINES);
    run_s(3600); /* an hour of renewals */
    assert_int_equal(bound(), MACHINES);
    for (unsigned i = 0; i < MACHINES; i++)
        assert_true(machines[i].acks >= 10);
}

static void the_hub_loses_power_and_remembers(void **state)
{
    (void)state;
    uint32_t before[MACHINES];
    start_server(NULL);
    for (uint16_t i = 0; i < MACHINES / 2; i++)
        power_on(i);
    run_s(60);
    for (unsigned i = 0; i < MACHINES / 2; i++)
        before[i] = machines[i].ip;
    for (int crash = 0; crash < CRASHES; crash++) {
        el_net_memory_crash(hub);
        dead[crash] = server;
        run_s(30);
        start_server(NULL);
        run_s(200);
    }
    for (uint16_t i = MACHINES / 2; i < MACHINES; i++)
        power_on(i);
    run_s(60);
    assert_int_equal(bound(), MACHINES);
    for (unsigned i = 0; i < MACHINES / 2; i++) {
        assert_int_equal(machines[i].ip, before[i]);
        assert_int_equal(machines[i].naks, 0);
    }
}

static void without_disk_there_is_no_acknowledgement(void **state)
{
    (void)state;
    start_server(NULL);
    disk.full = true;
    for (uint16_t i = 0; i < MACHINES; i++)
        power_on(i);
    run_s(60);
    assert_int_equal(bound(), 0);
    for (unsigned i = 0; i < MACHINES; i++)
        assert_int_equal(machines[i].acks + machines[i].naks, 0);
    disk.full = false;
    run_s(60);
    assert_int_equal(bound(), MACHINES);
}

static void many_requests_wait_for_the_disk_once(void **state)
{
    (void)state;
    start_server(NULL);
    for (uint16_t i = 0; i < MACHINES; i++) {
        power_on(i);
        machines[i].offered = net + 100 + i;
        el_net_timer_set(machines[i].timer, EL_NEVER);
    }
    for (uint16_t i = 0; i < MACHINES; i++)
        say(&machines[i]);
    run_s(1);
    assert_int_equal(bound(), MACHINES);
    assert_in_range(disk.puts, 1, 4);
}

/* A client that does not ask for broadcasts gets a frame to its own hardware address. */
static void a_client_without_address_is_reached_by_a_frame(void **state)
{
    (void)state;
    static uint8_t bytes[2048];
    struct el_port_rx rx = {.bytes = bytes, .capacity = sizeof bytes};
    struct el_endpoint to = {.ip = el_ip4(UINT32_MAX), .port = EL_DHCP_PORT_SERVER};
    struct packet p = packet_end(packet_dhclient(EL_DHCP_DISCOVER, 5));
    struct el_layers layers;
    static struct el_dhcp_message reply;
    assert_int_equal(el_port_memory_pair(8, ends), 0);
    start_server(ends[0]);
    power_on(5);
    el_net_timer_set(machines[5].timer, EL_NEVER);
    el_net_udp_send(machines[5].udp, &to, NULL, p.bytes, p.len);
    run_s(1);
    assert_int_equal(el_port_receive(ends[1], &rx, 1), 1);
    assert_int_equal(el_layers_read(rx.bytes, rx.len, &layers), 0);
    assert_int_equal(layers.eth.dst.b[5], 5);
    assert_int_equal(layers.eth.src.b[0], 2);
    assert_int_equal(layers.ip4.src, net + 1);
    assert_int_equal(layers.ip4.dst, net + 100);
    assert_int_equal(layers.udp.src_port, 67);
    assert_int_equal(layers.udp.dst_port, 68);
    assert_int_equal(el_dhcp_decode(rx.bytes + layers.payload, layers.end - layers.payload, &reply),
                     0);
    assert_int_equal(reply.yiaddr, net + 100);
    el_dhcp_io_stop(server);
    server = NULL;
    el_port_close(ends[0]);
    el_port_close(ends[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_hub, without_hub)
    const struct CMUnitTest tests[] = {
        TEST(a_crowd_of_machines_on_a_bad_wire),
        TEST(the_hub_loses_power_and_remembers),
        TEST(without_disk_there_is_no_acknowledgement),
        TEST(many_requests_wait_for_the_disk_once),
        TEST(a_client_without_address_is_reached_by_a_frame),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

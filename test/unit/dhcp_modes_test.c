/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DHCP server beside others: relays and their subnets, proxyDHCP, addresses that somebody sits
 * on, and who it yields to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "dhcp/dhcp_relay.h"
#include "dhcp/dhcp_watch.h"
#include "frame/udp.h"
#include "unit/dhcp_server.h"

static const uint32_t FAR = 0x0a140000; /* 10.20.0.0/24, behind a relay */

static void choose(void *arg, const struct el_dhcp_client *client, struct el_dhcp_boot *boot)
{
    (void)arg;
    (void)client;
    (void)snprintf(boot->file, sizeof boot->file, "loader.efi");
}

static int with_server(void **state)
{
    static struct el_dhcp_subnet far;
    struct el_dhcp_config config = usual_config();

    (void)state;
    (void)el_prefix_parse("10.20.0.0/24", &far.prefix);
    far.ranges[0] = (struct el_dhcp_range){el_ip4(FAR + 10), el_ip4(FAR + 11)};
    far.ranges[1] = (struct el_dhcp_range){el_ip4(FAR + 20), el_ip4(FAR + 20)};
    far.router = el_ip4(FAR + 1);
    config.relayed = &far;
    config.relayed_count = 1;
    config.relay_max = 5;
    config.choose = choose;
    start(&config);
    return 0;
}

static int with_probes(void **state)
{
    struct el_dhcp_config config = usual_config();

    (void)state;
    config.probe_ms = 300;
    start(&config);
    return 0;
}

static int without_server(void **state)
{
    (void)state;
    stop();
    return 0;
}

/* The next of what is due; the type of the answer, 0: none. */
static int next_output(void)
{
    memset(&answer, 0, sizeof answer);
    if (el_dhcp_output(server, now_ns, wall_s, &out) == 0 || out.delivery == EL_DHCP_NO_REPLY)
        return 0;
    assert_int_equal(el_dhcp_decode(out.bytes, out.len, &answer), 0);
    return (int)el_dhcp_number(&answer, EL_DHCP_O_TYPE);
}

/* -- relays -- */

static struct packet relayed(uint8_t type, uint16_t machine, uint32_t relay)
{
    struct packet p = packet_dhclient(type, machine);

    packet_put32(&p, AT_GIADDR, relay);
    return p;
}

static void a_subnet_behind_a_relay_has_its_own_addresses(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 3; i++) {
        static const uint32_t expected[] = {10, 11, 20};
        struct packet p = relayed(EL_DHCP_DISCOVER, (uint16_t)(1 + i), FAR + 1);
        assert_int_equal(ask(p), EL_DHCP_OFFER);
        assert_int_equal(answer.yiaddr, FAR + expected[i]);
        assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_MASK), 0xffffff00);
        assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_ROUTER), FAR + 1);
        assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_BROADCAST), FAR + 255);
        assert_int_equal(el_ip4_number(&out.to.ip), FAR + 1);
        p = relayed(EL_DHCP_REQUEST, (uint16_t)(1 + i), FAR + 1);
        packet_ip(&p, EL_DHCP_O_REQUESTED_IP, answer.yiaddr);
        packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
        assert_int_equal(ask(p), EL_DHCP_ACK);
    }
    assert_int_equal(ask(relayed(EL_DHCP_DISCOVER, 9, FAR + 1)), 0); /* ours are not for them */
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 9)), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 100);
    assert_int_equal(ask(relayed(EL_DHCP_DISCOVER, 10, 0x0a1e0001)), 0); /* nobody's */
}

static void who_moves_to_another_subnet_gets_an_address_there(void **state)
{
    (void)state;
    assert_int_equal(lease_of(packet_dhclient, 1), NET + 100);
    struct packet p = relayed(EL_DHCP_REQUEST, 1, FAR + 1);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, NET + 100);
    assert_int_equal(ask(p), EL_DHCP_NAK);
    assert_int_equal(ask(relayed(EL_DHCP_DISCOVER, 1, FAR + 1)), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, FAR + 10);
}

static void a_client_behind_a_relay_renews_by_itself(void **state)
{
    (void)state;
    struct packet p = relayed(EL_DHCP_REQUEST, 1, FAR + 1);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, FAR + 11);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
    assert_int_equal(ask(p), EL_DHCP_ACK);
    p = packet_dhclient(EL_DHCP_REQUEST, 1);
    packet_put32(&p, AT_CIADDR, FAR + 11);
    assert_int_equal(ask_from(p, FAR + 11, NET + 1, 67), EL_DHCP_ACK);
    assert_int_equal(answer.yiaddr, FAR + 11);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_ROUTER), FAR + 1);
    assert_int_equal(el_ip4_number(&out.to.ip), FAR + 11);
}

static void a_relay_may_speak_for_another_link_and_be_the_server(void **state)
{
    (void)state;
    struct packet p = relayed(EL_DHCP_DISCOVER, 1, NET + 254);
    /* circuit, RFC 3527's link, RFC 5010's flags, RFC 5107's server */
    OPTION(&p, 82, 1, 2, 'p', '1', 5, 4, 10, 20, 0, 1, 10, 1, 0x80, 11, 4, 10, 20, 0, 2);
    p = packet_end(p);
    struct el_dhcp_from from = {.to = {.ip = el_ip4(NET + 1), .port = 67}};
    assert_int_equal(el_dhcp_input(server, now_ns, wall_s, &from, p.bytes, p.len, &out), 1);
    assert_int_equal(el_dhcp_decode(out.bytes, out.len, &answer), 0);
    assert_int_equal(answer.yiaddr, FAR + 10);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_SERVER_ID), FAR + 2);
    assert_int_equal(el_ip4_number(&out.to.ip), NET + 254);
    struct el_wire echoed = el_dhcp_option(&answer, EL_DHCP_O_RELAY);
    assert_int_equal(el_wire_left(&echoed), 19);
    /* It takes the relay for its server, and says so. */
    p = relayed(EL_DHCP_REQUEST, 1, NET + 254);
    OPTION(&p, 82, 5, 4, 10, 20, 0, 1, 11, 4, 10, 20, 0, 2);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, FAR + 2);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, FAR + 10);
    p = packet_end(p);
    assert_int_equal(el_dhcp_input(server, now_ns, wall_s, &from, p.bytes, p.len, &out), 1);
    assert_true(out.durable);
}

static void what_a_relay_passes_on_comes_back(void **state)
{
    const struct el_dhcp_relay relay = {
        .server = el_ip4(0x0a000001), .own = el_ip4(FAR + 1), .circuit = "boot"};
    const struct el_endpoint from = {.ip = relay.server, .port = 67};
    struct packet p = packet_end(packet_dhclient(EL_DHCP_DISCOVER, 1));
    static struct el_dhcp_output up, down;
    static struct el_dhcp_message m;

    (void)state;
    assert_int_equal(el_dhcp_relay_up(&relay, p.bytes, p.len, &up), 1);
    assert_int_equal(el_dhcp_decode(up.bytes, up.len, &m), 0);
    assert_int_equal(m.giaddr, FAR + 1);
    assert_int_equal(m.hops, 1);
    struct el_wire option = el_dhcp_option(&m, EL_DHCP_O_RELAY);
    assert_memory_equal(option.at,
                        "\x01\x04"
                        "boot",
                        6);
    struct el_dhcp_from at = {.from = {.ip = relay.own}, .to = {.ip = el_ip4(NET + 1), .port = 67}};
    assert_int_equal(el_dhcp_input(server, now_ns, wall_s, &at, up.bytes, up.len, &out), 1);
    assert_int_equal(el_dhcp_relay_down(&relay, &from, out.bytes, out.len, &down), 1);
    assert_int_equal(el_dhcp_decode(down.bytes, down.len, &m), 0);
    assert_false(el_dhcp_has(&m, EL_DHCP_O_RELAY));
    assert_int_equal(m.yiaddr, FAR + 10);
    assert_int_equal(down.delivery, EL_DHCP_LINK);
    const struct el_endpoint stranger = {.ip = el_ip4(0x0a000002), .port = 67};
    assert_int_equal(el_dhcp_relay_down(&relay, &stranger, out.bytes, out.len, &down), 0);
    p = packet_begin(EL_DHCP_DISCOVER, 1);
    OPTION(&p, 82, 1, 1, 'x'); /* a client that claims to be relayed */
    p = packet_end(p);
    assert_int_equal(el_dhcp_relay_up(&relay, p.bytes, p.len, &up), 0);
    p = packet_end(packet_dhclient(EL_DHCP_DISCOVER, 1));
    p.bytes[3] = 16; /* round and round */
    assert_int_equal(el_dhcp_relay_up(&relay, p.bytes, p.len, &up), 0);
}

/* -- at once (RFC 4039) -- */

static void who_wants_it_at_once_gets_it_where_nobody_else_serves(void **state)
{
    struct packet p = packet_duid(EL_DHCP_DISCOVER, 1);

    (void)state;
    packet_text(&p, EL_DHCP_O_RAPID_COMMIT, "");
    assert_int_equal(ask(p), EL_DHCP_OFFER);
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_RAPID_COMMIT));
    el_dhcp_set_mode(server, EL_DHCP_MODE_SERVER, true, now_ns);
    assert_int_equal(ask(p), EL_DHCP_ACK);
    assert_true(el_dhcp_has(&answer, EL_DHCP_O_RAPID_COMMIT));
    assert_true(out.durable);
    assert_int_equal(ask(packet_duid(EL_DHCP_DISCOVER, 2)), EL_DHCP_OFFER);
}

/* -- a proxy -- */

static void a_proxy_says_only_what_to_boot(void **state)
{
    (void)state;
    el_dhcp_set_mode(server, EL_DHCP_MODE_PROXY, false, now_ns);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), 0);
    assert_int_equal(ask(packet_edk2(EL_DHCP_DISCOVER, 1)), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, 0);
    assert_int_equal(answer.siaddr, NET + 1);
    assert_string_equal(answer.file, "loader.efi");
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_LEASE_S));
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_MASK));
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_ROUTER));
    assert_false(out.durable);
    struct packet p = packet_edk2(EL_DHCP_REQUEST, 1);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, NET + 50);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 2);
    assert_int_equal(ask(p), 0); /* for the other server */
    p = packet_edk2(EL_DHCP_REQUEST, 1);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
    assert_int_equal(ask(p), EL_DHCP_ACK);
    assert_int_equal(answer.yiaddr, 0);
    assert_int_equal(ask_from(packet_edk2(EL_DHCP_REQUEST, 1), NET + 50, NET + 1, 4011),
                     EL_DHCP_ACK);
    assert_string_equal(answer.file, "loader.efi");
    assert_int_equal(ask(packet_ipxe(EL_DHCP_DISCOVER, 1, 21)), EL_DHCP_OFFER);
    struct el_wire class = el_dhcp_option(&answer, EL_DHCP_O_VENDOR_CLASS);
    assert_memory_equal(class.at, "PXEClient", 9);
}

static struct packet attempt(uint32_t xid)
{
    struct packet p = packet_edk2(EL_DHCP_DISCOVER, 1);

    packet_put32(&p, AT_XID, xid);
    return p;
}

/* Firmware that was told and did nothing is told otherwise next time. */
static void the_next_attempt_is_told_another_way(void **state)
{
    (void)state;
    el_dhcp_set_mode(server, EL_DHCP_MODE_PROXY, false, now_ns);
    for (int again = 0; again < 3; again++) { /* one attempt: the same each time */
        assert_int_equal(ask(attempt(1)), EL_DHCP_OFFER);
        assert_string_equal(answer.file, "loader.efi");
    }
    assert_int_equal(ask(attempt(2)), EL_DHCP_OFFER); /* it is to ask port 4011 */
    assert_string_equal(answer.file, "");
    assert_true(el_dhcp_has(&answer, EL_DHCP_O_VENDOR_CLASS));
    assert_false(el_dhcp_has(&answer, EL_DHCP_O_VENDOR));
    assert_int_equal(ask(attempt(3)), EL_DHCP_OFFER); /* or the server of a list */
    struct el_wire servers =
        el_dhcp_suboption(el_dhcp_option(&answer, EL_DHCP_O_VENDOR), EL_DHCP_PXE_BOOT_SERVERS);
    assert_int_equal(el_wire_left(&servers), 7);
    assert_int_equal(el_wire_be16(&servers), 0x8000);
    assert_int_equal(el_wire_u8(&servers), 1);
    assert_int_equal(el_wire_be32(&servers), NET + 1);
    assert_int_equal(ask_from(packet_edk2(EL_DHCP_REQUEST, 1), NET + 50, NET + 1, 4011),
                     EL_DHCP_ACK);
    assert_int_equal(ask(attempt(4)), EL_DHCP_OFFER); /* that worked */
    assert_true(el_dhcp_has(&answer, EL_DHCP_O_VENDOR));
    assert_string_equal(answer.file, "");
}

/* -- addresses that somebody sits on -- */

static void an_address_is_asked_for_before_it_is_offered(void **state)
{
    const struct el_mac squatter = {{2, 0, 0, 0, 0, 9}};

    (void)state;
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), 0);
    assert_int_equal(out.probe, NET + 100);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 2)), 0); /* others at the same time */
    assert_int_equal(out.probe, NET + 101);
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), 0); /* one that is impatient */
    assert_int_equal(out.probe, 0);
    assert_int_equal(next_output(), 0);
    assert_false(el_dhcp_heard(server, now_ns, NET + 55, &squatter));
    assert_true(el_dhcp_heard(server, now_ns, NET + 100, &squatter));
    assert_int_equal(next_output(), 0); /* the next address, and the same again */
    assert_int_equal(out.probe, NET + 102);
    now_ns += 300 * EL_MS;
    assert_true(el_dhcp_deadline(server) <= now_ns);
    uint32_t offered[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(next_output(), EL_DHCP_OFFER);
        offered[i] = answer.yiaddr;
    }
    assert_int_equal(offered[0] + offered[1], 2 * NET + 101 + 102);
    assert_int_equal(next_output(), 0);
    assert_int_equal(el_dhcp_leases_count(el_dhcp_leases(server), EL_DHCP_DECLINED), 1);
    /* Who has its address, or had it a moment ago, waits for nothing. */
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 101);
    wait_s(601);
    assert_int_equal(lease_of(packet_dhclient, 2), NET + 101);
}

static void a_client_that_has_the_address_is_no_squatter(void **state)
{
    const struct el_mac own = {{0x52, 0x54, 0, 0, 0, 1}};

    (void)state;
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), 0);
    assert_true(el_dhcp_heard(server, now_ns, NET + 100, &own));
    assert_int_equal(next_output(), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, NET + 100);
}

static void who_answers_for_every_address_keeps_nobody_waiting_for_ever(void **state)
{
    const struct el_mac squatter = {{2, 0, 0, 0, 0, 9}};
    int type;

    (void)state;
    assert_int_equal(ask(packet_dhclient(EL_DHCP_DISCOVER, 1)), 0);
    for (int i = 0; i < 10; i++) {
        if (out.probe)
            (void)el_dhcp_heard(server, now_ns, out.probe, &squatter);
        type = next_output();
        if (type)
            break;
    }
    assert_int_equal(type, EL_DHCP_OFFER);
}

static void a_crowd_is_not_probed_for(void **state)
{
    struct el_dhcp_config config = usual_config();
    unsigned offers = 0;

    (void)state;
    stop();
    config.probe_ms = 300;
    config.offers_max = 200;
    (void)el_prefix_parse("192.168.0.0/16", &config.subnet);
    config.ranges[0].last = el_ip4(NET + 300);
    start(&config);
    for (uint16_t i = 1; i <= 100; i++)
        offers += ask(packet_dhclient(EL_DHCP_DISCOVER, i)) == EL_DHCP_OFFER;
    assert_int_equal(offers, 100 - 64);
}

static void who_asks_before_it_is_known_who_serves_is_answered_then(void **state)
{
    (void)state;
    el_dhcp_set_mode(server, EL_DHCP_MODE_WAIT, false, now_ns);
    assert_int_equal(ask(packet_edk2(EL_DHCP_DISCOVER, 1)), 0);
    wait_s(1);
    assert_int_equal(next_output(), 0);
    el_dhcp_set_mode(server, EL_DHCP_MODE_PROXY, false, now_ns);
    assert_int_equal(next_output(), EL_DHCP_OFFER);
    assert_int_equal(answer.yiaddr, 0);
}

/* -- who else serves -- */

static struct el_dhcp_watch watch;
static const struct el_mac OWN = {{2, 0, 0, 0, 0, 1}};
static const struct el_mac OTHER = {{2, 0, 0, 0, 0, 2}};

static void watch_begin(bool leased)
{
    struct el_ip own = el_ip4(NET + 1);

    now_ns = 1000 * EL_S;
    el_dhcp_watch_init(&watch, &OWN, &own, EL_DHCP_MODE_SERVER, true, leased, now_ns);
}

/* Lets SECONDS pass; another server answers each question if it is THERE. How many there were. */
static unsigned pass(unsigned seconds, bool there, size_t leased)
{
    uint64_t end_ns = now_ns + seconds * EL_S;
    uint8_t frame[EL_DHCP_WATCH_FRAME];
    struct el_dhcp_heard heard;
    unsigned questions = 0;

    for (; now_ns <= end_ns; now_ns = el_dhcp_watch_deadline(&watch)) {
        size_t len = el_dhcp_watch_output(&watch, now_ns, frame);
        if (len == 0)
            continue;
        questions++;
        assert_true(len >= EL_FRAME_UDP4_HEADER + EL_DHCP_BOOTP_BYTES);
        if (!there)
            continue;
        /* The same message back, as an offer. */
        uint8_t *dhcp = frame + EL_FRAME_UDP4_HEADER;
        const struct el_frame_udp4 to = {.src_mac = OTHER,
                                         .dst_mac = {{255, 255, 255, 255, 255, 255}},
                                         .src = NET + 2,
                                         .dst = UINT32_MAX,
                                         .src_port = 67,
                                         .dst_port = 68};
        static const uint8_t options[] = {53, 1, 2, 54, 4, 192, 168, 77, 2, 255};
        dhcp[0] = 2;
        dhcp[19] = 50;
        memcpy(dhcp + 240, options, sizeof options);
        assert_int_equal(el_frame_udp4_build(dhcp, 300, &to), EL_FRAME_UDP4_HEADER + 300);
        (void)el_dhcp_watch_input(&watch, now_ns, frame, EL_FRAME_UDP4_HEADER + 300, leased,
                                  &heard);
    }
    now_ns = end_ns;
    return questions;
}

static void alone_it_is_the_server_after_a_second(void **state)
{
    (void)state;
    watch_begin(false);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_WAIT);
    assert_int_equal(pass(2, false, 0), 2);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
    assert_true(el_dhcp_watch_is_alone(&watch, now_ns));
    assert_in_range(pass(3600, false, 0), 55, 65); /* it goes on looking, once a minute */
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
}

static void it_yields_to_who_was_there(void **state)
{
    (void)state;
    watch_begin(false);
    (void)pass(0, true, 0);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_PROXY);
    assert_false(el_dhcp_watch_is_alone(&watch, now_ns));
    (void)pass(3600, true, 0);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_PROXY);
    (void)pass(100, false, 0); /* it restarts, maybe */
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_PROXY);
    (void)pass(60, true, 0);
    (void)pass(150, false, 0);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_PROXY);
    (void)pass(120, false, 0); /* it is gone */
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
}

static void it_yields_to_who_answers_late(void **state)
{
    (void)state;
    watch_begin(false);
    (void)pass(3, false, 0);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
    (void)pass(3, true, 1); /* dnsmasq pings first; we have given one address already */
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_PROXY);
}

static void it_does_not_yield_to_a_rogue(void **state)
{
    (void)state;
    watch_begin(false);
    (void)pass(120, false, 0);
    (void)pass(600, true, 3);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
    watch_begin(true); /* restarted */
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
    (void)pass(600, true, 3);
    assert_int_equal(el_dhcp_watch_mode(&watch), EL_DHCP_MODE_SERVER);
}

static void an_arp_probe_is_heard_by_who_has_the_address(void **state)
{
    const struct el_ip ip = el_ip4(NET + 100);
    uint8_t frame[EL_DHCP_ARP_FRAME];
    struct el_dhcp_heard heard;

    (void)state;
    watch_begin(false);
    el_dhcp_arp_probe(&OWN, &ip, frame);
    assert_int_equal(frame[28], 0); /* no sender: nobody's table changes */
    assert_int_equal(frame[41], 100);
    assert_int_equal(el_dhcp_watch_input(&watch, now_ns, frame, sizeof frame, 0, &heard),
                     EL_DHCP_HEARD_NOTHING); /* it is a question */
    frame[21] = 2;
    memcpy(frame + 22, OTHER.b, 6);
    memcpy(frame + 28, frame + 38, 4);
    assert_int_equal(el_dhcp_watch_input(&watch, now_ns, frame, sizeof frame, 0, &heard),
                     EL_DHCP_HEARD_ARP);
    assert_int_equal(el_ip4_number(&heard.ip), NET + 100);
    for (size_t len = 0; len < 32; len++)
        assert_int_equal(el_dhcp_watch_input(&watch, now_ns, frame, len, 0, &heard),
                         EL_DHCP_HEARD_NOTHING);
}

int main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, with_server, without_server)
#define PROBE(name) cmocka_unit_test_setup_teardown(name, with_probes, without_server)
    const struct CMUnitTest tests[] = {
        TEST(a_subnet_behind_a_relay_has_its_own_addresses),
        TEST(who_moves_to_another_subnet_gets_an_address_there),
        TEST(a_client_behind_a_relay_renews_by_itself),
        TEST(a_relay_may_speak_for_another_link_and_be_the_server),
        TEST(what_a_relay_passes_on_comes_back),
        TEST(who_wants_it_at_once_gets_it_where_nobody_else_serves),
        TEST(a_proxy_says_only_what_to_boot),
        TEST(the_next_attempt_is_told_another_way),
        TEST(who_asks_before_it_is_known_who_serves_is_answered_then),
        PROBE(an_address_is_asked_for_before_it_is_offered),
        PROBE(a_client_that_has_the_address_is_no_squatter),
        PROBE(who_answers_for_every_address_keeps_nobody_waiting_for_ever),
        PROBE(a_crowd_is_not_probed_for),
        cmocka_unit_test(alone_it_is_the_server_after_a_second),
        cmocka_unit_test(it_yields_to_who_was_there),
        cmocka_unit_test(it_yields_to_who_answers_late),
        cmocka_unit_test(it_does_not_yield_to_a_rogue),
        cmocka_unit_test(an_arp_probe_is_heard_by_who_has_the_address),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

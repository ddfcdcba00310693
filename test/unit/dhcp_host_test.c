/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A computer that asks for an address: of our own server, and of those that mean it ill. */
#include "dhcp/dhcp_host.h"

#include "base/csprng.h"
#include "base/time.h"
#include "frame/layers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/dhcp_server.h"

static const struct el_mac own = {{0x52, 0x54, 0, 0, 0, 7}};
static const struct el_mac hub = {{0x02, 0, 0, 0, 0, 1}};
static struct el_dhcp_host host;

/* -- what the host says -- */

static uint8_t said[EL_DHCP_HOST_FRAME];
static struct el_layers layers;
static struct el_dhcp_message heard;

/* FRAME, of LEN bytes, as others see it. The type of the message; 0 if there is no frame. */
static int hear(size_t len)
{
    if (len == 0)
        return 0;
    assert_int_equal(el_layers_read(said, len, &layers), 0);
    assert_int_equal(layers.transport, EL_IP_UDP);
    assert_true(el_mac_equal(&layers.eth.src, &own));
    assert_int_equal(layers.udp.src_port, EL_DHCP_PORT_CLIENT);
    assert_int_equal(layers.udp.dst_port, EL_DHCP_PORT_SERVER);
    assert_int_equal(el_dhcp_decode(said + layers.payload, len - layers.payload, &heard), 0);
    assert_memory_equal(heard.chaddr, own.b, 6);
    assert_int_equal(heard.xid, host.xid);
    return (int)el_dhcp_number(&heard, EL_DHCP_O_TYPE);
}

static int says(void)
{
    return hear(el_dhcp_host_output(&host, now_ns, said));
}

static bool is_to_all(void)
{
    static const struct el_mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

    return layers.ip4.dst == UINT32_MAX && el_mac_equal(&layers.eth.dst, &all);
}

/* -- what it is told -- */

/* M as a frame from the hub. */
static bool tell(const struct el_dhcp_message *m, bool spoilt, bool trusted)
{
    uint8_t frame[EL_FRAME_UDP4_HEADER + EL_DHCP_REPLY_BYTES];
    const struct el_frame_udp4 to = {hub, own, NET + 1, m->yiaddr, 67, 68};
    unsigned dropped;
    int len = el_dhcp_encode(m, EL_DHCP_REPLY_BYTES, frame + EL_FRAME_UDP4_HEADER,
                             EL_DHCP_REPLY_BYTES, &dropped);

    assert_true(len > 0);
    len = el_frame_udp4_build(frame + EL_FRAME_UDP4_HEADER, (size_t)len, &to);
    frame[EL_FRAME_UDP4_HEADER + 44] ^= spoilt; /* sname, which nobody reads */
    return el_dhcp_host_input(&host, now_ns, frame, (size_t)len, trusted);
}

/* What the server answers to what was heard last. The type of its message. */
static int server_answers(void)
{
    struct el_dhcp_from from = {.from = {.ip = el_ip4(layers.ip4.src), .port = 68},
                                .to = {.ip = el_ip4(layers.ip4.dst), .port = 67}};

    if (!el_dhcp_input(server, now_ns, wall_s, &from, said + layers.payload,
                       layers.end - layers.payload, &out) ||
        out.delivery == EL_DHCP_NO_REPLY)
        return 0;
    assert_int_equal(el_dhcp_decode(out.bytes, out.len, &answer), 0);
    assert_true(tell(&answer, false, false));
    return (int)el_dhcp_number(&answer, EL_DHCP_O_TYPE);
}

static void begin(void)
{
    el_random_seed_for_test(7);
    el_dhcp_host_init(&host, &own, "mars", now_ns);
}

static void bind_host(void)
{
    begin();
    assert_int_equal(says(), EL_DHCP_DISCOVER);
    assert_int_equal(server_answers(), EL_DHCP_OFFER);
    assert_null(el_dhcp_host_lease(&host));
    assert_int_equal(says(), EL_DHCP_REQUEST);
    assert_int_equal(server_answers(), EL_DHCP_ACK);
    assert_int_equal(says(), 0);
    assert_non_null(el_dhcp_host_lease(&host));
}

/* To the deadline, which is within WITHIN_S. */
static void wait_for_deadline(unsigned within_s)
{
    uint64_t until_ns = el_dhcp_host_deadline(&host);

    assert_true(until_ns > now_ns && until_ns - now_ns <= within_s * EL_S);
    wall_s += (int64_t)((until_ns - now_ns) / EL_S);
    now_ns = until_ns;
    el_dhcp_tick(server, now_ns);
}

/* -- tests -- */

static int make_server(void **state)
{
    struct el_dhcp_config config = usual_config();

    (void)state;
    config.domain = "lab.example";
    start(&config);
    return 0;
}

static int drop_server(void **state)
{
    (void)state;
    stop();
    return 0;
}

static void it_gets_an_address(void **state)
{
    (void)state;
    begin();
    assert_int_equal(el_dhcp_host_deadline(&host), now_ns);
    assert_int_equal(says(), EL_DHCP_DISCOVER);
    assert_true(is_to_all());
    assert_int_equal(layers.ip4.src, 0);
    assert_int_equal(heard.ciaddr, 0);
    struct el_wire name = el_dhcp_option(&heard, EL_DHCP_O_HOSTNAME);
    assert_memory_equal(el_wire_take(&name, 4), "mars", 4);

    assert_int_equal(server_answers(), EL_DHCP_OFFER);
    assert_int_equal(says(), EL_DHCP_REQUEST);
    assert_true(is_to_all());
    assert_int_equal(el_dhcp_number(&heard, EL_DHCP_O_SERVER_ID), NET + 1);
    uint32_t wanted = el_dhcp_number(&heard, EL_DHCP_O_REQUESTED_IP);
    assert_int_equal(server_answers(), EL_DHCP_ACK);

    const struct el_dhcp_host_lease *lease = el_dhcp_host_lease(&host);
    assert_non_null(lease);
    assert_int_equal(el_ip4_number(&lease->address.ip), wanted);
    assert_int_equal(lease->address.len, 24);
    assert_int_equal(el_ip4_number(&lease->router), NET + 1);
    assert_int_equal(lease->dns_count, 1);
    assert_int_equal(el_ip4_number(&lease->dns[0]), NET + 1);
    assert_string_equal(lease->domain, "lab.example");
    assert_int_equal(lease->seconds, 600);
}

static void it_keeps_it(void **state)
{
    (void)state;
    bind_host();
    struct el_ip address = el_dhcp_host_lease(&host)->address.ip;
    for (unsigned i = 0; i < 20; i++) {
        wait_for_deadline(300);
        assert_int_equal(says(), EL_DHCP_REQUEST);
        assert_int_equal(layers.ip4.dst, NET + 1); /* whose it is, alone */
        assert_true(el_mac_equal(&layers.eth.dst, &hub));
        assert_int_equal(layers.ip4.src, el_ip4_number(&address));
        assert_int_equal(heard.ciaddr, el_ip4_number(&address));
        assert_false(el_dhcp_has(&heard, EL_DHCP_O_REQUESTED_IP));
        assert_int_equal(server_answers(), EL_DHCP_ACK);
        assert_true(el_ip_equal(&el_dhcp_host_lease(&host)->address.ip, &address));
    }
}

static void it_loses_it_where_nobody_answers(void **state)
{
    unsigned to_server = 0, to_all = 0;
    uint64_t end_ns;

    (void)state;
    bind_host();
    end_ns = now_ns + 600 * EL_S;
    while (el_dhcp_host_lease(&host)) {
        wait_for_deadline(300);
        if (says() != EL_DHCP_REQUEST)
            break;
        assert_true(now_ns < end_ns);
        *(is_to_all() ? &to_all : &to_server) += 1;
        assert_int_equal(layers.ip4.dst == UINT32_MAX, now_ns >= end_ns - 75 * EL_S);
    }
    assert_int_equal(now_ns, end_ns);
    assert_null(el_dhcp_host_lease(&host));
    assert_int_equal(el_dhcp_number(&heard, EL_DHCP_O_TYPE), EL_DHCP_DISCOVER);
    assert_int_equal(heard.ciaddr, 0);
    assert_true(to_server >= 2 && to_all >= 1 && to_server + to_all <= 8);
}

/* Somebody else has the leases by now. */
static void another_server_may_take_it_over(void **state)
{
    (void)state;
    bind_host();
    while (host.state != EL_DHCP_HOST_REBINDING) {
        wait_for_deadline(300);
        assert_int_equal(says(), EL_DHCP_REQUEST);
    }
    assert_int_equal(server_answers(), EL_DHCP_ACK);
    assert_int_equal(host.state, EL_DHCP_HOST_BOUND);
}

static void it_asks_on_but_not_too_often(void **state)
{
    uint64_t begun_ns = now_ns;
    unsigned asked = 0;

    (void)state;
    begin();
    while (now_ns < begun_ns + 600 * EL_S) {
        assert_int_equal(says(), EL_DHCP_DISCOVER);
        asked++;
        wait_for_deadline(18);
    }
    assert_true(asked >= 33 && asked <= 50);
    now_ns -= EL_S;
    el_dhcp_host_hurry(&host, now_ns);
    assert_int_equal(says(), EL_DHCP_DISCOVER);
    wait_for_deadline(2); /* it is patient again */
    assert_int_equal(says(), EL_DHCP_DISCOVER);
    assert_int_equal(server_answers(), EL_DHCP_OFFER);
    for (unsigned i = 0; i < 4; i++) { /* whose server falls silent */
        assert_int_equal(says(), EL_DHCP_REQUEST);
        wait_for_deadline(18);
    }
    assert_int_equal(says(), EL_DHCP_DISCOVER);
}

static void it_gives_it_back(void **state)
{
    (void)state;
    bind_host();
    uint32_t address = el_ip4_number(&el_dhcp_host_lease(&host)->address.ip);
    size_t len = el_dhcp_host_release(&host, now_ns, said);
    host.xid = 0; /* it begins anew; what was said had its own */
    assert_true(len > 0);
    assert_int_equal(el_layers_read(said, len, &layers), 0);
    assert_int_equal(el_dhcp_decode(said + layers.payload, len - layers.payload, &heard), 0);
    assert_int_equal(el_dhcp_number(&heard, EL_DHCP_O_TYPE), EL_DHCP_RELEASE);
    assert_int_equal(heard.ciaddr, address);
    assert_int_equal(layers.ip4.dst, NET + 1);
    assert_null(el_dhcp_host_lease(&host));
    assert_int_equal(el_dhcp_host_release(&host, now_ns, said), 0);
}

static struct el_dhcp_message reply(enum el_dhcp_type type)
{
    struct el_dhcp_message m;

    memset(&m, 0, sizeof m);
    m.op = EL_DHCP_BOOTREPLY;
    m.htype = 1;
    m.hlen = 6;
    m.xid = host.xid;
    m.yiaddr = NET + 50;
    memcpy(m.chaddr, own.b, 6);
    el_dhcp_put_u8(&m, EL_DHCP_O_TYPE, (uint8_t)type);
    return m;
}

static struct el_dhcp_message offer(uint32_t address, uint32_t mask, uint32_t router)
{
    struct el_dhcp_message m = reply(EL_DHCP_OFFER);

    m.yiaddr = address;
    el_dhcp_put_be32(&m, EL_DHCP_O_SERVER_ID, NET + 1);
    el_dhcp_put_be32(&m, EL_DHCP_O_LEASE_S, 600);
    el_dhcp_put_be32(&m, EL_DHCP_O_MASK, mask);
    if (router)
        el_dhcp_put_be32(&m, EL_DHCP_O_ROUTER, router);
    return m;
}

static void bad_offers_are_not_taken(void **state)
{
    static const struct {
        uint32_t address, mask;
    } bad[] = {
        {0, 0xffffff00},          {0x7f000002, 0xff000000}, /* this computer itself */
        {0xe0000005, 0xffffff00}, {0xffffffff, 0xffffff00}, {0x64400002, 0xffc00000}, /* tunnel */
        {0xc0a84d00, 0xffffff00}, {0xc0a84dff, 0xffffff00}, /* the subnet's own */
        {0xc0a84d05, 0xff00ff00}, {0xc0a84d05, 0},          {0xc0a84d05, 0xffffffff},
        {0xc0a84d05, 0xfe000000}, {0xc0a84d05, 0xfffffffe},
    };

    (void)state;
    begin();
    assert_int_equal(says(), EL_DHCP_DISCOVER);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct el_dhcp_message m = offer(bad[i].address, bad[i].mask, 0);
        if (bad[i].mask == 0xfe000000)
            m.yiaddr &= 0x00ffffff; /* 0.168.77.5 */
        assert_false(tell(&m, false, false));
    }
    struct el_dhcp_message nobodys = reply(EL_DHCP_OFFER);
    el_dhcp_put_be32(&nobodys, EL_DHCP_O_MASK, 0xffffff00);
    assert_false(tell(&nobodys, false, false)); /* no server */
    struct el_dhcp_message another = offer(NET + 5, 0xffffff00, 0);
    another.xid ^= 1;
    assert_false(tell(&another, false, false));
    another = offer(NET + 5, 0xffffff00, 0);
    another.chaddr[5] ^= 1;
    assert_false(tell(&another, false, false));
    another = offer(NET + 5, 0xffffff00, 0);
    assert_false(tell(&another, true, false));  /* a wrong checksum */
    assert_true(tell(&another, true, true));    /* that is only to come */
    assert_false(tell(&another, false, false)); /* one is enough */
    assert_null(el_dhcp_host_lease(&host));
}

static void what_a_lease_says_is_checked(void **state)
{
    (void)state;
    begin();
    assert_int_equal(says(), EL_DHCP_DISCOVER);
    struct el_dhcp_message m = offer(NET + 5, 0xffffff00, 0xc0a84e01); /* beyond the subnet */
    assert_true(tell(&m, false, false));
    assert_int_equal(says(), EL_DHCP_REQUEST);
    m = offer(NET + 5, 0xffffff00, 0xc0a84e01);
    m.options.bytes[m.options.of[EL_DHCP_O_TYPE].at] = EL_DHCP_ACK;
    el_dhcp_put_be32(&m, EL_DHCP_O_T1_S, 0);
    el_dhcp_put_be32(&m, EL_DHCP_O_T2_S, 5);
    el_dhcp_put_text(&m, EL_DHCP_O_DOMAIN, "lab\n$(reboot)");
    struct el_dhcp_message stranger = m;
    stranger.options.bytes[m.options.of[EL_DHCP_O_SERVER_ID].at] ^= 1;
    assert_false(tell(&stranger, false, false));
    struct el_dhcp_message other = m;
    other.yiaddr++;
    assert_false(tell(&other, false, false));
    assert_true(tell(&m, false, false));

    const struct el_dhcp_host_lease *lease = el_dhcp_host_lease(&host);
    assert_int_equal(lease->router.family, 0);
    assert_int_equal(lease->dns_count, 0);
    assert_string_equal(lease->domain, "");
    assert_int_equal(el_dhcp_host_deadline(&host), now_ns + 300 * EL_S);
}

static void a_lease_that_is_told_is_checked(void **state)
{
    struct el_dhcp_host_lease lease;

    (void)state;
    bind_host();
    lease = *el_dhcp_host_lease(&host);
    assert_true(el_dhcp_host_lease_is_sound(&lease));
    lease.router = el_ip4(0);
    assert_false(el_dhcp_host_lease_is_sound(&lease));
    lease.router.family = 0;
    assert_true(el_dhcp_host_lease_is_sound(&lease));
    lease.router = el_ip4(NET + 256 + 1);
    assert_false(el_dhcp_host_lease_is_sound(&lease));
    lease.router.family = 0;
    lease.dns_count = EL_DHCP_HOST_DNS + 1;
    assert_false(el_dhcp_host_lease_is_sound(&lease));
    lease.dns_count = 0;
    memset(lease.domain, 'a', sizeof lease.domain);
    assert_false(el_dhcp_host_lease_is_sound(&lease));
    strcpy(lease.domain, "a b");
    assert_false(el_dhcp_host_lease_is_sound(&lease));
    strcpy(lease.domain, "");
    lease.address.len = 32;
    assert_false(el_dhcp_host_lease_is_sound(&lease));
    lease.address.len = 24;
    lease.address.ip.family = 6;
    assert_false(el_dhcp_host_lease_is_sound(&lease));
}

static void a_refusal_starts_it_anew(void **state)
{
    (void)state;
    bind_host();
    wait_for_deadline(300);
    assert_int_equal(says(), EL_DHCP_REQUEST);
    struct el_dhcp_message m = reply(EL_DHCP_NAK);
    assert_false(tell(&m, false, false)); /* who says so? */
    el_dhcp_put_be32(&m, EL_DHCP_O_SERVER_ID, NET + 1);
    assert_true(tell(&m, false, false));
    assert_null(el_dhcp_host_lease(&host));
    assert_int_equal(says(), 0); /* not at once, or the two would go on for ever */
    wait_for_deadline(2);
    assert_int_equal(says(), EL_DHCP_DISCOVER);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_gets_an_address, make_server, drop_server),
        cmocka_unit_test_setup_teardown(it_keeps_it, make_server, drop_server),
        cmocka_unit_test_setup_teardown(it_loses_it_where_nobody_answers, make_server, drop_server),
        cmocka_unit_test_setup_teardown(another_server_may_take_it_over, make_server, drop_server),
        cmocka_unit_test_setup_teardown(it_asks_on_but_not_too_often, make_server, drop_server),
        cmocka_unit_test_setup_teardown(it_gives_it_back, make_server, drop_server),
        cmocka_unit_test_setup_teardown(bad_offers_are_not_taken, make_server, drop_server),
        cmocka_unit_test_setup_teardown(what_a_lease_says_is_checked, make_server, drop_server),
        cmocka_unit_test_setup_teardown(a_lease_that_is_told_is_checked, make_server, drop_server),
        cmocka_unit_test_setup_teardown(a_refusal_starts_it_anew, make_server, drop_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

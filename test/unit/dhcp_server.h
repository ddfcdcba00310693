/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server to ask, for the tests of the DHCP server: 192.168.77.1/24, pool .100 to .109. */
#ifndef EL_TEST_DHCP_SERVER_H
#define EL_TEST_DHCP_SERVER_H

#include "dhcp/dhcp.h"
#include "unit/dhcp_packets.h"

#include <stdio.h>

static const uint32_t NET = 0xc0a84d00;

static struct el_dhcp *server;
static uint64_t now_ns;
static int64_t wall_s;
static struct el_dhcp_output out;
static struct el_dhcp_message answer; /* what out says, decoded */

static inline struct el_dhcp_config usual_config(void)
{
    struct el_dhcp_config config = {
        .server = el_ip4(NET + 1),
        .ranges = {{el_ip4(NET + 100), el_ip4(NET + 109)}},
        .router = el_ip4(NET + 1),
        .dns = {el_ip4(NET + 1)},
        .lease_s = 600,
        .offer_s = 30,
        .quarantine_s = 300,
        .offers_max = 10,
    };

    (void)el_prefix_parse("192.168.77.0/24", &config.subnet);
    return config;
}

static inline void start(const struct el_dhcp_config *config)
{
    struct el_err err = {.text = ""};

    now_ns = 1000 * EL_S;
    wall_s = 1800000000;
    server = el_dhcp_new(config, &err);
    if (!server)
        fail_msg("%s", err.text);
}

static inline void stop(void)
{
    el_dhcp_free(server);
    server = NULL;
}

static inline void wait_s(unsigned seconds)
{
    now_ns += seconds * EL_S;
    wall_s += seconds;
    el_dhcp_tick(server, now_ns);
}

/* Sends P from FROM to port PORT of TO; decodes the answer. The type of the answer, 0: none. */
static inline int ask_from(struct packet p, uint32_t from_ip, uint32_t to_ip, uint16_t port)
{
    struct el_dhcp_from from = {.from = {.ip = el_ip4(from_ip), .port = EL_DHCP_PORT_CLIENT},
                                .to = {.ip = el_ip4(to_ip), .port = port}};

    p = packet_end(p);
    memset(&answer, 0, sizeof answer);
    if (!el_dhcp_input(server, now_ns, wall_s, &from, p.bytes, p.len, &out) ||
        out.delivery == EL_DHCP_NO_REPLY)
        return 0;
    assert_int_equal(el_dhcp_decode(out.bytes, out.len, &answer), 0);
    assert_int_equal(answer.op, EL_DHCP_BOOTREPLY);
    assert_int_equal(el_dhcp_number(&answer, EL_DHCP_O_SERVER_ID), NET + 1);
    return (int)el_dhcp_number(&answer, EL_DHCP_O_TYPE);
}

static inline int ask(struct packet p)
{
    return ask_from(p, 0, UINT32_MAX, EL_DHCP_PORT_SERVER);
}

typedef struct packet client_packet(uint8_t type, uint16_t machine);

/* DISCOVER and REQUEST of a client; the address that was acknowledged, 0: none. */
static inline uint32_t lease_of(client_packet *packet, uint16_t machine)
{
    if (ask(packet(EL_DHCP_DISCOVER, machine)) != EL_DHCP_OFFER)
        return 0;
    uint32_t ip = answer.yiaddr;
    struct packet p = packet(EL_DHCP_REQUEST, machine);
    packet_ip(&p, EL_DHCP_O_REQUESTED_IP, ip);
    packet_ip(&p, EL_DHCP_O_SERVER_ID, NET + 1);
    if (ask(p) != EL_DHCP_ACK)
        return 0;
    assert_int_equal(answer.yiaddr, ip);
    return ip;
}

#endif

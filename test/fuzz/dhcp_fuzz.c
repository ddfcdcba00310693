/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DHCP server under any bytes. The input is played three times into one server: by broadcast,
 * by unicast, and to the boot server's port; then into a proxy, into a server that probes and has
 * rules, and through a relay. Each reply must be a DHCP reply within what the client takes, decode
 * again, give no address outside the pool, and never go outside the network.
 */
#include "base/csprng.h"
#include "base/log.h"
#include "dhcp/dhcp.h"
#include "dhcp/dhcp_relay.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t net = 0xc0a84d00;

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

static void choose(void *arg, const struct el_dhcp_client *client, struct el_dhcp_boot *boot)
{
    (void)arg;
    CHECK(client->kind != EL_DHCP_CLIENT_OS);
    snprintf(boot->file, sizeof boot->file, "%s",
             client->kind == EL_DHCP_CLIENT_PXE ? "snponly.efi" : "http://192.168.77.1/boot.ipxe");
}

static struct el_dhcp *make_server(void)
{
    static const uint8_t id[] = {0, 1, 2, 3};
    static const struct el_dhcp_reservation reservation = {
        .client_id = id, .client_id_len = sizeof id, .ip = {4, {192, 168, 77, 20}}};
    struct el_dhcp_config config = {.subnet = {{4, {192, 168, 77, 0}}, 24},
                                    .server = el_ip4(net + 1),
                                    .ranges = {{el_ip4(net + 100), el_ip4(net + 103)}},
                                    .domain = "lab.example",
                                    .search = "lab.example example",
                                    .reservations = &reservation,
                                    .reservation_count = 1,
                                    .reservation_max = 4,
                                    .choose = choose};
    struct el_err err;

    return el_dhcp_new(&config, &err);
}

static void check_reply(const struct el_dhcp_output *out)
{
    static struct el_dhcp_message m;

    CHECK(out->len >= EL_DHCP_BOOTP_BYTES && out->len <= EL_DHCP_REPLY_BYTES);
    CHECK(el_dhcp_decode(out->bytes, out->len, &m) == 0);
    CHECK(m.op == EL_DHCP_BOOTREPLY);
    CHECK(el_dhcp_number(&m, EL_DHCP_O_SERVER_ID) == net + 1);
    CHECK(m.yiaddr == 0 || (m.yiaddr >= net + 100 && m.yiaddr <= net + 103) ||
          m.yiaddr == net + 20);
    uint32_t to = el_ip4_number(&out->to.ip);
    CHECK(to == UINT32_MAX || (to & 0xffffff00) == net || to == m.giaddr);
    if (el_dhcp_number(&m, EL_DHCP_O_TYPE) == EL_DHCP_ACK && m.yiaddr)
        CHECK(out->durable);
}

static const char *const rules[] = {
    "42=192.168.77.9",    "class=PXEClient,67=other.efi", "arch=bios,tftp-server=192.168.77.3",
    "user-class=iPXE,3=", "121=10.0.0.0/8=192.168.77.2",
};

enum { RULES = sizeof rules / sizeof rules[0] };

/* Beside another server: no address is ever given. */
static void play_proxy(const struct el_dhcp_from *from, const uint8_t *data, size_t size,
                       struct el_dhcp_output *out)
{
    static struct el_dhcp_message m;
    struct el_dhcp *server = make_server();

    CHECK(server);
    el_dhcp_set_mode(server, EL_DHCP_MODE_PROXY, false, 0);
    for (int i = 0; i < 3; i++)
        if (el_dhcp_input(server, EL_S, 1800000000, from, data, size, out) > 0) {
            check_reply(out);
            CHECK(!out->durable && el_dhcp_decode(out->bytes, out->len, &m) == 0 && m.yiaddr == 0);
        }
    el_dhcp_free(server);
}

/* Held, probed, found in use, answered at last. */
static void play_probe(const struct el_dhcp_from *from, const uint8_t *data, size_t size,
                       struct el_dhcp_output *out)
{
    static struct el_dhcp_rule parsed[RULES];
    const struct el_mac other = {{2, 0, 0, 0, 0, 1}};
    struct el_dhcp_config config = {.subnet = {{4, {192, 168, 77, 0}}, 24},
                                    .server = el_ip4(net + 1),
                                    .ranges = {{el_ip4(net + 100), el_ip4(net + 103)}},
                                    .probe_ms = 300,
                                    .reservation_max = 4,
                                    .rules = parsed,
                                    .rule_count = RULES,
                                    .choose = choose};
    struct el_err err;

    for (int i = 0; i < RULES; i++)
        CHECK(el_dhcp_rule_parse(rules[i], &parsed[i], &err) == 0);
    struct el_dhcp *server = el_dhcp_new(&config, &err);
    CHECK(server);
    el_dhcp_set_mode(server, EL_DHCP_MODE_WAIT, false, EL_S);
    CHECK(el_dhcp_input(server, EL_S, 1800000000, from, data, size, out) == 0);
    el_dhcp_set_mode(server, EL_DHCP_MODE_SERVER, true, 2 * EL_S);
    for (uint64_t s = 2; s < 10; s++)
        while (el_dhcp_output(server, s * EL_S, 1800000000, out) > 0) {
            if (out->delivery != EL_DHCP_NO_REPLY)
                check_reply(out);
            if (out->probe && s == 2)
                CHECK(el_dhcp_heard(server, s * EL_S, out->probe, &other));
        }
    el_dhcp_free(server);
}

static void play_relay(const uint8_t *data, size_t size, struct el_dhcp_output *out)
{
    static struct el_dhcp_message m;
    const struct el_dhcp_relay relay = {
        .server = el_ip4(0x0a000001), .own = el_ip4(net + 1), .circuit = "boot"};
    const struct el_endpoint from = {.ip = relay.server, .port = 67};

    if (el_dhcp_relay_up(&relay, data, size, out) > 0)
        CHECK(out->len <= EL_DHCP_REPLY_BYTES && el_dhcp_decode(out->bytes, out->len, &m) == 0 &&
              m.giaddr != 0);
    if (el_dhcp_relay_down(&relay, &from, data, size, out) > 0)
        CHECK(el_dhcp_decode(out->bytes, out->len, &m) == 0 && !el_dhcp_has(&m, EL_DHCP_O_RELAY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        uint8_t from_host;
        uint32_t to;
        uint16_t port;
    } ways[] = {{0, UINT32_MAX, 67}, {100, 0xc0a84d01, 67}, {101, 0xc0a84d01, 4011}};
    static struct el_dhcp_output out;
    static bool quiet;

    if (!quiet)
        el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    quiet = true;
    el_random_seed_for_test(1);
    struct el_dhcp *server = make_server();
    CHECK(server);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct el_dhcp_from from = {
            .from = {.ip = el_ip4(ways[i].from_host ? net + ways[i].from_host : 0), .port = 68},
            .to = {.ip = el_ip4(ways[i].to), .port = ways[i].port}};
        if (el_dhcp_input(server, (i + 1) * 20 * EL_S, 1800000000, &from, data, size, &out) == 0)
            continue;
        if (out.delivery != EL_DHCP_NO_REPLY)
            check_reply(&out);
        if (out.durable && i == 1)
            el_dhcp_undo(server, &out);
    }
    struct el_dhcp_from from = {.to = {.ip = el_ip4(UINT32_MAX), .port = 67}};
    play_proxy(&from, data, size, &out);
    play_probe(&from, data, size, &out);
    play_relay(data, size, &out);
    el_dhcp_tick(server, 100000 * EL_S);
    for (int state = EL_DHCP_OFFERED; state < EL_DHCP_LEASE_STATES; state++)
        CHECK(el_dhcp_leases_count(el_dhcp_leases(server), (enum el_dhcp_lease_state)state) == 0);
    el_dhcp_free(server);
    return 0;
}

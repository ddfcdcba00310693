/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A computer that asks for an address, under any bytes: as a frame, and as the options of a message
 * that is an answer to it in all else, in each of its states. What it then has is an ordinary
 * host's address, and it is never silent for good.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "dhcp/dhcp_host.h"
#include "frame/udp.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

static const uint32_t net = 0xc0a84d00;
static uint64_t now_ns;

static void check_lease(const struct el_dhcp_host *host)
{
    const struct el_dhcp_host_lease *lease = el_dhcp_host_lease(host);

    if (!lease)
        return;
    uint32_t address = el_ip4_number(&lease->address.ip);
    CHECK(el_dhcp_host_lease_is_sound(lease));
    CHECK(lease->address.len >= 8 && lease->address.len <= 30);
    CHECK(address >> 24 != 0 && address >> 24 != 127 && address >> 24 < 224);
    CHECK(address >> 22 != 0x64400000 >> 22);
    CHECK(lease->router.family == 0 || el_prefix_contains(&lease->address, &lease->router));
    CHECK(lease->dns_count <= EL_DHCP_HOST_DNS && lease->seconds >= EL_DHCP_HOST_LEASE_MIN_S);
    CHECK(memchr(lease->domain, '\0', sizeof lease->domain));
}

/* What is to be done is done, COUNT times. */
static void go_on(struct el_dhcp_host *host, unsigned count)
{
    uint8_t frame[EL_DHCP_HOST_FRAME];

    for (unsigned i = 0; i < count; i++) {
        uint64_t next_ns = el_dhcp_host_deadline(host);
        if (next_ns > now_ns)
            now_ns = next_ns;
        while (el_dhcp_host_output(host, now_ns, frame) > 0)
            ;
        CHECK(el_dhcp_host_deadline(host) > now_ns);
        check_lease(host);
    }
}

/* An answer that says TYPE and then OPTIONS. */
static void answer(struct el_dhcp_host *host, enum el_dhcp_type type, const uint8_t *options,
                   size_t len)
{
    uint8_t frame[EL_FRAME_UDP4_HEADER + EL_DHCP_MESSAGE_BYTES] = {0};
    struct el_wire w = el_wire_write(frame + EL_FRAME_UDP4_HEADER, EL_DHCP_MESSAGE_BYTES);
    const struct el_frame_udp4 to = {
        .src = net + 1, .dst = net + 5, .src_port = 67, .dst_port = 68};

    el_wire_put_be32(&w, 0x02010600);
    el_wire_put_be32(&w, host->xid);
    el_wire_put_zero(&w, 8);
    el_wire_put_be32(&w, net + 5);
    el_wire_put_zero(&w, 8);
    el_wire_put(&w, host->mac.b, 6);
    el_wire_put_zero(&w, 10 + 64 + 128);
    el_wire_put_be32(&w, EL_DHCP_MAGIC);
    el_wire_put(&w, (const uint8_t[]){53, 1, (uint8_t)type, 54, 4, 0xc0, 0xa8, 0x4d, 1}, 9);
    el_wire_put(&w, options, len < el_wire_left(&w) ? len : el_wire_left(&w));
    int total = el_frame_udp4_build(frame + EL_FRAME_UDP4_HEADER, el_wire_done(&w), &to);
    CHECK(total > 0);
    (void)el_dhcp_host_input(host, now_ns, frame, (size_t)total, false);
    check_lease(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t mask[] = {1, 4, 255, 255, 255, 0};
    static const struct el_mac mac = {{0x52, 0x54, 0, 0, 0, 7}};
    struct el_dhcp_host host;

    el_random_seed_for_test(1);
    for (unsigned state = 0; state <= EL_DHCP_HOST_REBINDING; state++) {
        now_ns = EL_S;
        el_dhcp_host_init(&host, &mac, "mars", now_ns);
        go_on(&host, 1);
        if (state > EL_DHCP_HOST_SELECTING)
            answer(&host, EL_DHCP_OFFER, mask, sizeof mask);
        if (state > EL_DHCP_HOST_REQUESTING)
            answer(&host, EL_DHCP_ACK, mask, sizeof mask);
        go_on(&host, state > EL_DHCP_HOST_BOUND ? state - EL_DHCP_HOST_BOUND : 0);
        (void)el_dhcp_host_input(&host, now_ns, data, size, true);
        answer(&host, EL_DHCP_OFFER, data, size);
        answer(&host, EL_DHCP_ACK, data, size);
        go_on(&host, 3);
        answer(&host, EL_DHCP_ACK, data, size);
        answer(&host, EL_DHCP_NAK, data, size);
        go_on(&host, 3);
    }
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sequence of fragments in arbitrary order and at arbitrary times. Each record is
 *
 *     source | identification | offset in units | length (2) | flags | fill
 *
 * from which a fragment is built; with FLAG_RAW, LENGTH bytes of the input follow as they are.
 * Whatever the reassembler calls whole must consist of bytes that were given for that packet, and
 * it must give back all its memory in time.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "overlay/fragment.h"
#include "overlay/overlay.h"

#include <stdlib.h>
#include <string.h>

enum {
    FLAG_MORE = 1,
    FLAG_ICMP = 2,
    FLAG_RAW = 4,
    FLAG_WAIT = 8, /* first let 100 ms pass */
    GIVEN_MAX = 512,
    LOCAL = 0x64400001,
};

struct given {
    uint64_t key;
    size_t offset, len;
    uint8_t fill;
};

static struct given given[GIVEN_MAX];
static size_t given_count;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t pattern(const struct given *g, size_t at)
{
    return (uint8_t)(at / 8 + g->fill);
}

static uint64_t key_of(const struct el_ip4_header *ip)
{
    return (uint64_t)ip->src << 32 | (uint32_t)ip->protocol << 16 | ip->id;
}

static void check_whole(uint8_t *packet, size_t len)
{
    struct el_wire w = el_wire_read(packet, len);
    struct el_ip4_header ip;
    struct el_overlay_packet out;

    el_ip4_read(&w, &ip);
    require(el_wire_ok(&w) && ip.total_len == len && len <= EL_REASM_PACKET_MAX);
    require(!el_ip4_is_fragment(&ip) && el_ip4_csum_ok(packet, EL_IP4_HEADER));
    for (size_t at = 0; el_wire_left(&w) > 0; at++) {
        uint8_t byte = el_wire_u8(&w);
        bool found = false;
        for (size_t i = 0; i < given_count && !found; i++)
            found = given[i].key == key_of(&ip) && at >= given[i].offset &&
                    at < given[i].offset + given[i].len && pattern(&given[i], at) == byte;
        require(found);
    }
    memset(packet + len, 0xff, 16); /* promised to be ours */
    el_overlay_decap(packet, len, LOCAL, &out);
}

static size_t build(uint8_t *bytes, const struct given *g, const struct el_ip4_header *ip)
{
    struct el_wire w = el_wire_write(bytes, EL_IP4_HEADER + g->len);

    el_ip4_write(&w, ip);
    for (size_t at = g->offset; el_wire_left(&w) > 0; at++)
        el_wire_put_u8(&w, pattern(g, at));
    return el_wire_done(&w);
}

static bool play_record(struct el_wire *input, struct el_reasm *reasm, uint64_t *now_ns)
{
    static uint8_t bytes[EL_IP4_HEADER + 2048];
    struct el_ip4_header ip = {.header_len = EL_IP4_HEADER, .ttl = 64, .dst = LOCAL};
    size_t packet_len;
    uint8_t *packet;

    ip.src = 0x64400100u | el_wire_u8(input);
    ip.id = el_wire_u8(input);
    uint8_t units = el_wire_u8(input);
    size_t len = el_wire_be16(input) & 0x7ff;
    uint8_t flags = el_wire_u8(input);
    uint8_t fill = el_wire_u8(input);
    if (!el_wire_ok(input))
        return false;
    if (flags & FLAG_WAIT)
        *now_ns += 100 * EL_MS;
    if (flags & FLAG_RAW) {
        const uint8_t *raw = el_wire_take(input, len);
        if (raw)
            el_reasm_input(reasm, *now_ns, raw, len, &packet, &packet_len);
        return raw != NULL;
    }
    ip.protocol = flags & FLAG_ICMP ? EL_IP_ICMP : EL_IP_UDP;
    ip.fragment = (uint16_t)((flags & FLAG_MORE ? EL_IP4_MF : 0) | units);
    ip.total_len = (uint16_t)(EL_IP4_HEADER + len);
    struct given g = {key_of(&ip), units * 8u, len, fill};
    given[given_count++] = g;
    if (el_reasm_input(reasm, *now_ns, bytes, build(bytes, &g, &ip), &packet, &packet_len) == 1)
        check_whole(packet, packet_len);
    return given_count < GIVEN_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_wire input = el_wire_read(data, size);
    struct el_reasm *reasm;
    uint64_t now_ns = 0;

    el_random_seed_for_test(0);
    if (el_reasm_new(8, &reasm) < 0)
        abort();
    given_count = 0;
    while (play_record(&input, reasm, &now_ns))
        require(el_reasm_deadline_ns(reasm) > now_ns);
    el_reasm_expire(reasm, now_ns + EL_REASM_TIMEOUT_MS * EL_MS);
    require(el_reasm_deadline_ns(reasm) == EL_NEVER);
    el_reasm_free(reasm);
    return 0;
}

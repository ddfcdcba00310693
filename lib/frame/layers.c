/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/layers.h"

#include "frame/csum.h"

/* The IP header and all it says; the cursor is then at what follows, and ends with the packet. */
static void read_ip(struct el_wire *w, struct el_layers *layers)
{
    if (layers->eth.type == EL_ETHERTYPE_IP4) {
        el_ip4_read(w, &layers->ip4);
        layers->version = 4;
        layers->protocol = layers->ip4.protocol;
        layers->fragment = el_ip4_is_fragment(&layers->ip4);
    } else {
        el_ip6_read(w, &layers->ip6);
        layers->version = 6;
        layers->protocol = layers->ip6.protocol;
        layers->fragment = layers->ip6.fragment;
    }
}

/* Every packet passes here, and the headers are two hundred bytes: those that are not there are
 * left as they are. */
static void clear(struct el_layers *layers)
{
    layers->version = layers->protocol = layers->transport = 0;
    layers->broken = layers->fragment = layers->extra = false;
    layers->l3 = layers->l4 = layers->payload = layers->end = 0;
}

int el_layers_read(const uint8_t *frame, size_t len, struct el_layers *layers)
{
    struct el_wire w = el_wire_read(frame, len);

    clear(layers);
    layers->broken = true;
    el_eth_read(&w, &layers->eth);
    if (!el_wire_ok(&w))
        return EL_EPROTO;
    layers->broken = false;
    if (layers->eth.type != EL_ETHERTYPE_IP4 && layers->eth.type != EL_ETHERTYPE_IP6)
        return 0;

    layers->l3 = el_wire_done(&w);
    read_ip(&w, layers);
    if (!el_wire_ok(&w)) {
        layers->version = 0;
        layers->fragment = false;
        layers->broken = true;
        return EL_EPROTO;
    }
    layers->l4 = el_wire_done(&w);
    layers->end = layers->l4 + el_wire_left(&w);
    layers->extra =
        layers->l4 - layers->l3 != (layers->version == 4 ? EL_IP4_HEADER : EL_IP6_HEADER);
    if (layers->fragment)
        return 0;

    if (layers->protocol == EL_IP_TCP)
        el_tcp_read(&w, &layers->tcp);
    else if (layers->protocol == EL_IP_UDP)
        el_udp_read(&w, &layers->udp);
    else
        return 0;
    layers->broken = !el_wire_ok(&w);
    if (layers->broken)
        return EL_EPROTO;
    layers->transport = layers->protocol;
    layers->payload = el_wire_done(&w);
    return 0;
}

uint64_t el_layers_pseudo(const struct el_layers *layers, size_t len)
{
    if (layers->version == 4)
        return el_csum_pseudo4(layers->ip4.src, layers->ip4.dst, layers->protocol, len);
    return el_csum_pseudo6(layers->ip6.src, layers->ip6.dst, layers->protocol, len);
}

/* A multiplication spreads every bit of a word over those above it, and the shift over the others
 * (the constant is one of splitmix64's). */
static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * UINT64_C(0x94d049bb133111eb);
    return state ^ state >> 31;
}

static uint64_t mix_bytes(uint64_t state, const uint8_t *bytes, size_t words)
{
    for (; words > 0; words--, bytes += 8) {
        uint64_t word;

        memcpy(&word, bytes, sizeof word);
        state = mix(state, word);
    }
    return state;
}

uint32_t el_layers_flow(const struct el_layers *layers)
{
    uint64_t state = layers->protocol;

    if (layers->version == 4) {
        state = mix(state, (uint64_t)layers->ip4.src << 32 | layers->ip4.dst);
    } else if (layers->version == 6) {
        state = mix_bytes(state, layers->ip6.src, 2);
        state = mix_bytes(state, layers->ip6.dst, 2);
    } else {
        uint8_t macs[16] = {0};

        memcpy(macs, &layers->eth.dst, 6);
        memcpy(macs + 8, &layers->eth.src, 6);
        state = mix_bytes(state, macs, 2);
    }
    if (layers->transport == EL_IP_TCP)
        state = mix(state, (uint64_t)layers->tcp.src_port << 16 | layers->tcp.dst_port);
    else if (layers->transport == EL_IP_UDP)
        state = mix(state, (uint64_t)layers->udp.src_port << 16 | layers->udp.dst_port);
    return (uint32_t)(state ^ state >> 32);
}

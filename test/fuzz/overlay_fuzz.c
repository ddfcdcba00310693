/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet out of the tunnel: taken apart, its echo answered, the MSS in its frame clamped. The
 * input is a byte for the MTU and then the packet; it also plays the frame by itself, and a packet
 * in the compact form.
 */
#include "frame/csum.h"
#include "frame/gso.h"
#include "frame/layers.h"
#include "overlay/overlay.h"

#include <stdlib.h>
#include <string.h>

enum { LOCAL = 0x64400001 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool tcp_csum_ok(const uint8_t *frame, size_t len)
{
    struct el_layers layers;

    if (el_layers_read(frame, len, &layers) < 0 || layers.transport != EL_IP_TCP)
        return false;
    size_t tcp_len = layers.end - layers.l4;
    uint64_t sum = el_layers_pseudo(&layers, tcp_len);
    return el_csum_finish(el_csum_add(sum, frame + layers.l4, tcp_len)) == 0;
}

static bool clamp_mss(uint8_t *frame, size_t len, size_t mtu)
{
    struct el_layers layers;

    el_layers_read(frame, len, &layers);
    return el_overlay_clamp_mss(frame, &layers, mtu, false);
}

static void clamp(uint8_t *frame, size_t len, size_t mtu)
{
    bool was_ok = tcp_csum_ok(frame, len);

    clamp_mss(frame, len, mtu);
    require(!was_ok || tcp_csum_ok(frame, len));
    require(!clamp_mss(frame, len, mtu)); /* once is enough */
}

static void answer(uint8_t *packet, size_t len, const struct el_overlay_packet *request)
{
    struct el_overlay_packet reply;

    el_overlay_echo_reply(packet, len);
    require(el_overlay_decap(packet, len, request->source, &reply) == 0);
    require(reply.kind == EL_OVERLAY_ECHO_REPLY && reply.source == LOCAL);
    require(reply.echo_ident == request->echo_ident && reply.echo_len == len);
}

static void play_packet(const uint8_t *data, size_t size, size_t mtu)
{
    struct el_overlay_packet out;
    uint8_t *packet = malloc(size + 1);

    memcpy(packet, data, size);
    if (el_overlay_decap(packet, size, LOCAL, &out) == 0) {
        if (out.kind == EL_OVERLAY_FRAME) {
            require(out.frame >= packet && out.frame + out.frame_len <= packet + size);
            require(out.frame_len >= 14 && out.frame_len <= EL_OVERLAY_FRAME_MAX);
            require(out.vni <= 0xffffff);
            clamp(out.frame, out.frame_len, mtu);
        } else if (out.kind == EL_OVERLAY_ECHO) {
            answer(packet, size, &out);
        }
    } else if (el_overlay_is_inside(packet, size, LOCAL)) {
        require(size >= 20 && packet[0] == 0x45);
    }
    free(packet);
}

/* What is accepted in the compact form is written by us in the same way. */
static void play_compact(const uint8_t *data, size_t size, size_t mtu)
{
    struct el_overlay_packet out;
    uint8_t *packet = malloc(size + 1);

    memcpy(packet, data, size);
    if (el_overlay_compact_decap(packet, size, &out) == 0) {
        require(out.kind == EL_OVERLAY_FRAME && out.frame == packet + EL_OVERLAY_COMPACT);
        require(out.frame_len == size - EL_OVERLAY_COMPACT);
        require(out.frame_len >= 14 && out.frame_len <= EL_OVERLAY_FRAME_MAX);
        require(el_gso_finish(out.frame, out.frame_len, &out.offload) == 0);
        memset(packet, 0xee, EL_OVERLAY_COMPACT);
        el_overlay_compact_encap(out.frame, out.vni, &out.offload);
        require(memcmp(packet, data, EL_OVERLAY_COMPACT) == 0);
        clamp(out.frame, out.frame_len, mtu);
    }
    free(packet);
}

static void play_frame(const uint8_t *data, size_t size, size_t mtu)
{
    uint8_t *frame = malloc(size + 1);

    memcpy(frame, data, size);
    clamp(frame, size, mtu);
    free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t mtu = (size_t)data[0] * 8;
    play_packet(data + 1, size - 1, mtu);
    play_compact(data + 1, size - 1, mtu);
    if (size > 1 + EL_OVERLAY_HEADER)
        play_frame(data + 1 + EL_OVERLAY_HEADER, size - 1 - EL_OVERLAY_HEADER, mtu);
    return 0;
}

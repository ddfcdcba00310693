/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merging anything.
 *
 * Input: frames one after the other, each with its port (6 bits), what is done to its checksums
 * before (2 bits: 0x80 makes them right, 0x40 leaves that of TCP or UDP partial) and its length (16
 * bits) in front. What comes out is cut again; that must give exactly the frames that went in, with
 * partial checksums completed, though flows may have overtaken each other: so sums of hashes are
 * compared.
 */
#include "frame/csum.h"
#include "frame/gro.h"
#include "frame/gso.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_MAX = 512, HEADROOM = 300, RIGHT = 0x80, PARTIAL = 0x40, PORT = 0x3f };

static uint64_t hash_out;
static unsigned frames_out;

static void require(bool truth)
{
    if (!truth)
        abort();
}

/* The transport's is right or, if it is PARTIAL, will be when it is completed. */
static void make_checksums_right(uint8_t *frame, size_t len, bool partial)
{
    struct el_layers layers;

    if (el_layers_read(frame, len, &layers) < 0 || !layers.transport)
        return;

    size_t transport_len = layers.end - layers.l4;
    uint8_t *transport = frame + layers.l4;
    uint8_t *csum = transport + (layers.transport == EL_IP_TCP ? EL_TCP_AT_CSUM : EL_UDP_AT_CSUM);
    uint64_t sum = el_layers_pseudo(&layers, transport_len);

    el_frame_set16(csum, 0);
    el_frame_set16(csum, partial ? el_csum_fold(sum)
                                 : el_csum_finish(el_csum_add(sum, transport, transport_len)));
    if (layers.version == 4) {
        uint8_t *ip = frame + layers.l3;

        el_frame_set16(ip + EL_IP4_AT_CSUM, 0);
        el_frame_set16(ip + EL_IP4_AT_CSUM,
                       el_csum_finish(el_csum_add(0, ip, layers.ip4.header_len)));
    }
}

/* FNV-1a over port and frame. */
static uint64_t hash(unsigned port, const uint8_t *frame, size_t len)
{
    uint64_t value = (0xcbf29ce484222325u ^ port) * 0x100000001b3u;

    for (size_t i = 0; i < len; i++)
        value = (value ^ frame[i]) * 0x100000001b3u;
    return value;
}

static void cut_again(void *arg, unsigned port, const struct el_offload *offload,
                      const struct el_slice *slices, unsigned count)
{
    size_t len = 0, at = HEADROOM;
    struct el_gso_cut cut;
    uint8_t *segment;

    (void)arg;
    require(count >= 1 && count <= EL_GRO_SLICES);
    require((count > 1) == (offload->gso != EL_GSO_NONE));
    require(count == 1 || offload->needs_csum);
    for (unsigned i = 0; i < count; i++)
        len += slices[i].len;
    uint8_t *buffer = malloc(HEADROOM + len);
    require(buffer != NULL);
    for (unsigned i = 0; i < count; i++) {
        memcpy(buffer + at, slices[i].bytes, slices[i].len);
        at += slices[i].len;
    }
    require(el_gso_begin(&cut, buffer + HEADROOM, len, offload, EL_GSO_COMPLETE) == 0);
    require(el_gso_count(&cut) == (count > 1 ? count - 1 : 1));
    while (el_gso_next(&cut, &segment, &len)) {
        hash_out += hash(port, segment, len);
        frames_out++;
    }
    free(buffer);
}

/* Notes what has to come out, and offers FRAME. */
static uint64_t offer(struct el_gro *gro, uint8_t how, uint8_t *frame, size_t len)
{
    struct el_offload offload = {0};
    struct el_layers layers;

    if (how & RIGHT)
        make_checksums_right(frame, len, how & PARTIAL);
    el_layers_read(frame, len, &layers);
    if (how & PARTIAL && layers.transport && layers.end == len)
        offload = (struct el_offload){
            .needs_csum = true,
            .csum_start = (uint16_t)layers.l4,
            .csum_offset = layers.transport == EL_IP_TCP ? EL_TCP_AT_CSUM : EL_UDP_AT_CSUM};

    uint8_t *whole = malloc(len + 1);
    require(whole != NULL);
    memcpy(whole, frame, len);
    require(el_gso_finish(whole, len, &offload) == 0);
    uint64_t value = hash(how & PORT, whole, len);
    free(whole);
    el_gro_add(gro, how & PORT, frame, len, &layers, &offload);
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct el_gro *gro;
    uint8_t *frames[FRAMES_MAX];
    unsigned count = 0;
    uint64_t hash_in = 0;
    struct el_wire w = el_wire_read(data, size);

    if (!gro)
        gro = el_gro_new(&(struct el_gro_config){.emit = cut_again, .udp = true});
    require(gro != NULL);
    hash_out = 0;
    frames_out = 0;
    while (count < FRAMES_MAX && el_wire_left(&w) > 3) {
        uint8_t how = el_wire_u8(&w);
        size_t len = el_wire_be16(&w);

        if (len > el_wire_left(&w))
            len = el_wire_left(&w);
        uint8_t *frame = malloc(len ? len : 1);
        require(frame != NULL);
        el_wire_copy(&w, frame, len);
        frames[count++] = frame;
        hash_in += offer(gro, how, frame, len);
    }
    el_gro_flush(gro);
    require(frames_out == count && hash_out == hash_in);
    while (count > 0)
        free(frames[--count]);
    return 0;
}

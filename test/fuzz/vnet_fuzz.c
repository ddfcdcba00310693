/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame as a TAP interface or a packet socket hands it over, as far as to its segments.
 *
 * Input: struct virtio_net_hdr in the machine's byte order, then the frame. The header may lie in
 * any way about the frame: what is refused is not changed, and no segment reaches beyond the frame,
 * which ends, and begins, where its memory does.
 */
#include "frame/gso.h"
#include "port/vnet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

/* The header says the same as the offload made of it. */
static void check_offload(const struct virtio_net_hdr *vnet, const struct el_offload *offload)
{
    unsigned gso = (unsigned)offload->gso | (offload->ecn ? VIRTIO_NET_HDR_GSO_ECN : 0);

    require(offload->gso == EL_GSO_NONE || offload->gso == EL_GSO_TCP4 ||
            offload->gso == EL_GSO_TCP6 || offload->gso == EL_GSO_UDP_L4);
    require(gso == vnet->gso_type);
    require(offload->needs_csum == !!(vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM));
    require(offload->csum_valid == !!(vnet->flags & VIRTIO_NET_HDR_F_DATA_VALID));
    require(offload->gso_size == vnet->gso_size && offload->hdr_len == vnet->hdr_len);
    require(offload->csum_start == vnet->csum_start && offload->csum_offset == vnet->csum_offset);
}

/* Cuts FRAME, of which BEFORE is a copy. */
static void cut_all(uint8_t *frame, const uint8_t *before, size_t len,
                    const struct el_offload *offload)
{
    struct el_gso_cut cut;
    uint8_t *segment, *behind = frame;
    size_t segment_len;

    if (el_gso_begin(&cut, frame, len, offload, EL_GSO_COMPLETE) < 0) {
        require(memcmp(frame, before, len) == 0);
        return;
    }
    for (unsigned left = el_gso_count(&cut); left > 0; left--) {
        require(el_gso_next(&cut, &segment, &segment_len));
        require(segment >= frame && segment_len <= len - (size_t)(segment - frame));
        require(segment + segment_len >= behind); /* it goes on where the one before ended */
        behind = segment + segment_len;
        size_t done = (size_t)(behind - frame);
        require(memcmp(behind, before + done, len - done) == 0);
        memset(segment, 0xee, segment_len); /* as one that was encrypted in place */
    }
    require(!el_gso_next(&cut, &segment, &segment_len));
    require(behind == frame + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct virtio_net_hdr vnet;
    struct el_offload offload;

    if (size < sizeof vnet)
        return 0; /* both ports drop it */
    size_t len = size - sizeof vnet;
    const uint8_t *before = data + sizeof vnet;
    uint8_t *frame = malloc(len ? len : 1);

    require(frame);
    memcpy(&vnet, data, sizeof vnet);
    memcpy(frame, before, len);
    if (el_vnet_read(&vnet, &offload) == 0) {
        check_offload(&vnet, &offload);
        cut_all(frame, before, len, &offload);
    }
    free(frame);
    return 0;
}

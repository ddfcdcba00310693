/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is still to be done to a frame: which checksum to fill in, and how to cut it.
 *
 * The meaning is that of struct virtio_net_hdr (OASIS VIRTIO 1.2 §5.1.6.2), in host order.
 */
#ifndef EL_FRAME_OFFLOAD_H
#define EL_FRAME_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum el_gso {
    EL_GSO_NONE = 0,
    EL_GSO_TCP4 = 1,
    EL_GSO_TCP6 = 4,
    EL_GSO_UDP_L4 = 5, /* one UDP flow's datagrams, all gso_size long but the last (USO) */
};

struct el_offload {
    bool needs_csum;      /* the 16 bits at csum_start + csum_offset hold the pseudo-header's sum;
                             the rest from csum_start to the end is to be added (CHECKSUM_PARTIAL) */
    bool csum_valid;      /* whoever gave us the frame has verified its checksum */
    bool ecn;             /* a TCP super-frame with CWR set: it belongs to the first segment only */
    enum el_gso gso;      /* how to cut */
    uint16_t gso_size;    /* payload bytes of each segment; the last may be shorter */
    uint16_t hdr_len;     /* Ethernet to TCP/UDP header; a hint, never trusted */
    uint16_t csum_start;  /* from the frame's first byte */
    uint16_t csum_offset; /* from csum_start */
};

/* A piece of memory that somebody else owns. Laid out as struct iovec, so that an adaptor may
 * pass an array on. */
struct el_slice {
    const uint8_t *bytes;
    size_t len;
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic segmentation offload: cutting a super-frame in place.
 *
 *     struct el_gso_cut cut;
 *     if (el_gso_begin(&cut, frame, len, &offload, EL_GSO_COMPLETE) < 0)
 *         drop;
 *     while (el_gso_next(&cut, &segment, &segment_len))
 *         encrypt segment to somewhere else;
 *
 * Each segment's headers are written right in front of its payload, over the end of the segment
 * before, and the caller may push headers of its own in front of those: so a segment must have
 * been encrypted (or copied) elsewhere before the next one is asked for. The first one may use the
 * headroom in front of the frame. Nothing behind a segment is touched.
 */
#ifndef EL_FRAME_GSO_H
#define EL_FRAME_GSO_H

#include "frame/layers.h"
#include "frame/offload.h"

enum {
    /* What Linux cuts at the smallest MSS it accepts (48) stays below. */
    EL_GSO_SEGMENTS_MAX = 2048,
    /* Ethernet to TCP: longer ones (only IPv6 extension headers could make them) are refused. */
    EL_GSO_HEADERS_MAX = 256,
};

/* What is done about the checksums of TCP and UDP. */
enum el_gso_csum {
    EL_GSO_COMPLETE, /* they are computed: whoever gets the segments needs nothing else */
    EL_GSO_PARTIAL,  /* what may stay partial does (el_gso_cut.rest): no payload is read */
};

/* A cut under way; on the caller's stack. But for REST, its members are for gso.c alone. */
struct el_gso_cut {
    struct el_offload rest; /* what is still to be done to each segment: never more than one
                               checksum, which el_gso_finish() completes */
    uint8_t *at;            /* the next segment's payload */
    size_t left;            /* payload bytes from there to the super-frame's end */
    size_t size;            /* of each segment's payload but the last; 0: it goes out whole */
    unsigned index;         /* of the next segment */
    bool done;
    size_t headers_len;  /* Ethernet to TCP or UDP */
    uint64_t ip_sum;     /* over the IPv4 header, but for length, identification and checksum */
    uint64_t pseudo_sum; /* over the pseudo header, but for the length */
    struct el_layers layers;
    uint8_t headers[EL_GSO_HEADERS_MAX]; /* as they came: the template */
};

/* Begins to cut FRAME. A frame that is not to be cut comes out as its only segment, with its
 * checksum completed or left partial where OFFLOAD says. 0, or EL_EPROTO if OFFLOAD does not
 * describe this frame: offsets outside of it, headers of another protocol than it says, a checksum
 * that is neither verified nor to be filled in, a segment size of zero, more than
 * EL_GSO_SEGMENTS_MAX segments. Such a frame is to be dropped; it was not changed. */
int el_gso_begin(struct el_gso_cut *cut, uint8_t *frame, size_t len,
                 const struct el_offload *offload, enum el_gso_csum csum);

/* How many segments there will be. */
unsigned el_gso_count(const struct el_gso_cut *cut);

/* The next segment, complete but for what CUT->rest says. False when there is none left. */
bool el_gso_next(struct el_gso_cut *cut, uint8_t **segment, size_t *len);

/* Completes the checksum of a frame that OFFLOAD says is partial; does nothing if it is not. 0, or
 * EL_EPROTO if its place is outside the frame. */
int el_gso_finish(uint8_t *frame, size_t len, const struct el_offload *offload);

#endif

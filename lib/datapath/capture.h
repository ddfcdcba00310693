/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that pass, copied for whoever looks on: a bounded ring between the threads that carry
 * frames and one that reads at leisure.
 *
 * Nobody is waited for. Any number of threads put frames in; one that finds no room counts the
 * frame as lost and goes on. While nobody looks on, a frame costs one relaxed load.
 *
 * A frame's place is claimed by moving the head on, filled, and then marked as complete; the reader
 * takes complete ones at the tail, clears their places and moves the tail on. So what lies between
 * tail and head is either complete or not marked, and never old. Each capture has a number of its
 * own, by which what a thread has put in too late is known and skipped.
 */
#ifndef EL_DATAPATH_CAPTURE_H
#define EL_DATAPATH_CAPTURE_H

#include "frame/offload.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_CAPTURE_RING = 16 << 20,     /* bytes; memory that is not used is not there */
    EL_CAPTURE_SNAPLEN_MAX = 65600, /* more than any frame has */
};

enum el_capture_direction {
    EL_CAPTURE_IN = 1,  /* it comes from the port or peer */
    EL_CAPTURE_OUT = 2, /* it goes there */
};

struct el_capture {
    _Atomic uint32_t number; /* of the capture that goes on; 0: none does */
    uint32_t last;           /* number that was used */
    _Atomic uint32_t snaplen;
    unsigned interfaces;
    struct el_capture_interface {
        _Atomic uint8_t wanted; /* directions */
        _Atomic uint64_t lost;  /* in this capture */
    } * interface;
    uint8_t *ring;
    _Atomic uint64_t head, tail; /* bytes that ever went in and out */
};

/* For interfaces 0..INTERFACES-1: whatever the owner calls so. NULL: out of memory. */
struct el_capture *el_capture_new(unsigned interfaces);
void el_capture_free(struct el_capture *capture); /* NULL is allowed */

/* -- for those who carry frames -- */

/* Whether somebody wants to see frames of INTERFACE in DIRECTION. CAPTURE may be NULL. */
static inline bool el_capture_wants(const struct el_capture *capture, unsigned interface,
                                    enum el_capture_direction direction)
{
    return capture && atomic_load_explicit(&capture->number, memory_order_relaxed) &&
           (atomic_load_explicit(&capture->interface[interface].wanted, memory_order_relaxed) &
            direction);
}

/* Puts in a copy of a frame in COUNT pieces, as long as it is wanted. */
void el_capture_put(struct el_capture *capture, uint64_t now_ns, unsigned interface,
                    enum el_capture_direction direction, const struct el_offload *offload,
                    const struct el_slice *slices, unsigned count);

/* -- for the one who looks on -- */

/* What is to be seen of an interface: before the beginning, which wants nothing of any. */
void el_capture_reset(struct el_capture *capture);
void el_capture_want(struct el_capture *capture, unsigned interface, unsigned directions);

/* From now on, up to SNAPLEN bytes of each frame, which must not be 0. */
void el_capture_begin(struct el_capture *capture, uint32_t snaplen);

/* No more goes in; what is in stays to be read. */
void el_capture_end(struct el_capture *capture);

struct el_capture_frame {
    uint64_t time_ns;
    unsigned interface;
    enum el_capture_direction direction;
    enum el_gso gso;   /* a super-frame, */
    uint16_t gso_size; /* to be cut to this payload */
    bool needs_csum;
    uint32_t len;         /* of the whole frame */
    uint32_t captured;    /* of its beginning, in */
    const uint8_t *bytes; /* the ring, until it is dropped */
};

/* The oldest frame that is complete; false: none is. */
bool el_capture_peek(struct el_capture *capture, struct el_capture_frame *frame);

/* Makes room of what peek has shown. */
void el_capture_drop(struct el_capture *capture);

/* How many frames of INTERFACE were lost since the beginning. */
uint64_t el_capture_lost(const struct el_capture *capture, unsigned interface);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of frames for whoever looks on. The theory is in capture.h. */
#include "datapath/capture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { UNIT = 32 }; /* every place is a multiple of it, so that a header is never torn by the end */

/* What stands before a frame's bytes. */
struct header {
    _Atomic uint32_t complete; /* the capture's number; 0: not yet */
    uint32_t room;             /* the whole place, with the header */
    uint32_t captured, len;
    uint64_t time_ns;
    uint16_t interface;
    uint16_t gso_size;
    uint8_t direction; /* 0: nothing, up to the ring's end, where a frame would have been torn */
    uint8_t gso;
    uint8_t needs_csum;
};

_Static_assert(sizeof(struct header) <= (size_t)UNIT, "a header fits one unit");
_Static_assert(EL_CAPTURE_RING % UNIT == 0, "the ring ends with a unit");

struct el_capture *el_capture_new(unsigned interfaces)
{
    struct el_capture *capture = calloc(1, sizeof *capture);

    if (!capture)
        return NULL;
    capture->interfaces = interfaces;
    capture->interface = calloc(interfaces, sizeof capture->interface[0]);
    capture->ring = mmap(NULL, EL_CAPTURE_RING, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (capture->ring == MAP_FAILED)
        capture->ring = NULL;
    if (!capture->interface || !capture->ring) {
        el_capture_free(capture);
        return NULL;
    }
    return capture;
}

void el_capture_free(struct el_capture *capture)
{
    if (!capture)
        return;
    free(capture->interface);
    if (capture->ring)
        munmap(capture->ring, EL_CAPTURE_RING);
    free(capture);
}

static struct header *at(const struct el_capture *capture, uint64_t position)
{
    return (struct header *)(void *)(capture->ring + position % EL_CAPTURE_RING);
}

static uint32_t room_for(uint32_t bytes)
{
    return (UNIT + bytes + UNIT - 1) / UNIT * UNIT;
}

/* -- putting in -- */

/* Claims a place of ROOM in one piece. NULL: there is none. */
static struct header *claim(struct el_capture *capture, uint32_t number, uint32_t room)
{
    uint64_t tail, head, skip;

    do {
        /* What the reader has cleared before it moved the tail is seen as clear. The tail first: it
         * is never beyond a head that is read later. */
        tail = atomic_load_explicit(&capture->tail, memory_order_acquire);
        head = atomic_load_explicit(&capture->head, memory_order_relaxed);
        uint64_t to_end = EL_CAPTURE_RING - head % EL_CAPTURE_RING;
        skip = room > to_end ? to_end : 0;
        if (head + skip + room - tail > EL_CAPTURE_RING)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&capture->head, &head, head + skip + room,
                                                    memory_order_relaxed, memory_order_relaxed));
    if (skip) {
        struct header *rest = at(capture, head);
        rest->room = (uint32_t)skip;
        rest->direction = 0;
        atomic_store_explicit(&rest->complete, number, memory_order_release);
    }
    struct header *header = at(capture, head + skip);
    header->room = room;
    return header;
}

static void copy(uint8_t *to, uint32_t captured, const struct el_slice *slices)
{
    for (; captured > 0; slices++) {
        size_t len = slices->len < captured ? slices->len : captured;
        memcpy(to, slices->bytes, len);
        to += len;
        captured -= (uint32_t)len;
    }
}

void el_capture_put(struct el_capture *capture, uint64_t now_ns, unsigned interface,
                    enum el_capture_direction direction, const struct el_offload *offload,
                    const struct el_slice *slices, unsigned count)
{
    uint32_t number = atomic_load_explicit(&capture->number, memory_order_acquire);
    uint32_t snaplen = atomic_load_explicit(&capture->snaplen, memory_order_relaxed);
    size_t len = 0;

    for (unsigned i = 0; i < count; i++)
        len += slices[i].len;
    /* Asked again, because another capture may have begun since, which wants something else. */
    if (number == 0 || len > EL_CAPTURE_SNAPLEN_MAX ||
        !el_capture_wants(capture, interface, direction))
        return;
    uint32_t captured = len < snaplen ? (uint32_t)len : snaplen;
    struct header *header = claim(capture, number, room_for(captured));
    if (!header) {
        atomic_fetch_add_explicit(&capture->interface[interface].lost, 1, memory_order_relaxed);
        return;
    }
    header->captured = captured;
    header->len = (uint32_t)len;
    header->time_ns = now_ns;
    header->interface = (uint16_t)interface;
    header->direction = (uint8_t)direction;
    header->gso = (uint8_t)offload->gso;
    header->gso_size = offload->gso_size;
    header->needs_csum = offload->needs_csum;
    copy((uint8_t *)header + UNIT, captured, slices);
    atomic_store_explicit(&header->complete, number, memory_order_release);
}

/* -- looking on -- */

void el_capture_reset(struct el_capture *capture)
{
    for (unsigned i = 0; i < capture->interfaces; i++) {
        el_capture_want(capture, i, 0);
        atomic_store_explicit(&capture->interface[i].lost, 0, memory_order_relaxed);
    }
}

void el_capture_want(struct el_capture *capture, unsigned interface, unsigned directions)
{
    atomic_store_explicit(&capture->interface[interface].wanted, (uint8_t)directions,
                          memory_order_relaxed);
}

void el_capture_begin(struct el_capture *capture, uint32_t snaplen)
{
    if (++capture->last == 0)
        capture->last = 1;
    if (snaplen > EL_CAPTURE_SNAPLEN_MAX)
        snaplen = EL_CAPTURE_SNAPLEN_MAX;
    atomic_store_explicit(&capture->snaplen, snaplen, memory_order_relaxed);
    atomic_store_explicit(&capture->number, capture->last, memory_order_release);
}

void el_capture_end(struct el_capture *capture)
{
    atomic_store_explicit(&capture->number, 0, memory_order_release);
}

bool el_capture_peek(struct el_capture *capture, struct el_capture_frame *frame)
{
    for (;;) {
        uint64_t tail = atomic_load_explicit(&capture->tail, memory_order_relaxed);
        if (tail == atomic_load_explicit(&capture->head, memory_order_acquire))
            return false;
        const struct header *header = at(capture, tail);
        uint32_t number = atomic_load_explicit(&header->complete, memory_order_acquire);
        if (number == 0)
            return false;
        if (number == capture->last && header->direction != 0) {
            *frame = (struct el_capture_frame){
                .time_ns = header->time_ns,
                .interface = header->interface,
                .direction = header->direction,
                .gso = header->gso,
                .gso_size = header->gso_size,
                .needs_csum = header->needs_csum,
                .len = header->len,
                .captured = header->captured,
                .bytes = (const uint8_t *)header + UNIT,
            };
            return true;
        }
        el_capture_drop(capture);
    }
}

void el_capture_drop(struct el_capture *capture)
{
    uint64_t tail = atomic_load_explicit(&capture->tail, memory_order_relaxed);
    struct header *header = at(capture, tail);
    uint32_t room = header->room;

    memset(header, 0, room);
    atomic_store_explicit(&capture->tail, tail + room, memory_order_release);
}

uint64_t el_capture_lost(const struct el_capture *capture, unsigned interface)
{
    return atomic_load_explicit(&capture->interface[interface].lost, memory_order_relaxed);
}

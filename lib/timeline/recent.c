/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records: their head, then the frame's bytes, padded to 8. One never wraps: the rest of the ring
 * before its end is a record without a frame. */
#include "timeline/recent.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC UINT64_C(0x316c32572d726563)

struct head {
    uint64_t magic;
    uint64_t size; /* of the ring */
    _Atomic uint64_t tail, end;
};

struct record {
    uint32_t bytes; /* of all of it, a multiple of 8 */
    uint32_t captured;
    uint32_t len;
    uint32_t flags;
    uint64_t time_ns;
};

enum { FLAG_OUT = 1, FLAG_PADDING = 2 };

static struct head *head_of(void *memory)
{
    _Static_assert(sizeof(struct head) <= EL_RECENT_HEAD, "the head has room");
    return memory;
}

static uint8_t *ring_of(void *memory)
{
    return (uint8_t *)memory + EL_RECENT_HEAD;
}

static bool makes_sense(uint64_t tail, uint64_t end, uint64_t size)
{
    return tail <= end && end - tail <= size && tail % 8 == 0 && end % 8 == 0;
}

/* -- writing -- */

void el_recent_begin(void *memory, size_t size)
{
    struct head *head = head_of(memory);
    uint64_t room = size - EL_RECENT_HEAD;

    if (head->magic == MAGIC && head->size == room &&
        makes_sense(atomic_load(&head->tail), atomic_load(&head->end), room))
        return;
    memset(memory, 0, EL_RECENT_HEAD);
    head->magic = MAGIC;
    head->size = room;
}

/* The tail moves on until NEED bytes behind END are free. A record that makes no sense, as no
 * writer of ours leaves one, empties the ring. */
static void make_room(struct head *head, const uint8_t *ring, uint64_t end, uint64_t need)
{
    uint64_t size = head->size, tail = atomic_load_explicit(&head->tail, memory_order_relaxed);

    while (end + need - tail > size) {
        uint32_t bytes; /* with which each record begins */
        memcpy(&bytes, ring + tail % size, sizeof bytes);
        if (bytes < 8 || bytes % 8 || bytes > end - tail) {
            tail = end;
            break;
        }
        tail += bytes;
    }
    atomic_store_explicit(&head->tail, tail, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst); /* before any of the bytes are overwritten */
}

/* Fills the ring up to its end, if a record of NEED bytes does not fit before that. */
static uint64_t pad(struct head *head, uint8_t *ring, uint64_t end, uint64_t need)
{
    uint64_t left = head->size - end % head->size;
    struct record record = {.bytes = (uint32_t)left, .flags = FLAG_PADDING};

    if (left >= need)
        return end;
    make_room(head, ring, end, left);
    /* At the very end there may be room for the length only. */
    memcpy(ring + end % head->size, &record, left < sizeof record ? 8 : sizeof record);
    return end + left;
}

void el_recent_put(void *memory, size_t size, const struct el_recent_frame *frame)
{
    struct head *head = head_of(memory);
    uint8_t *ring = ring_of(memory);
    uint64_t end = atomic_load_explicit(&head->end, memory_order_relaxed);
    uint32_t captured = frame->captured < EL_RECENT_CAPTURED ? frame->captured : EL_RECENT_CAPTURED;
    struct record record = {.captured = captured,
                            .len = frame->len,
                            .flags = frame->is_out ? FLAG_OUT : 0,
                            .time_ns = frame->time_ns};

    (void)size;
    record.bytes = (uint32_t)(sizeof record + ((captured + 7) & ~UINT32_C(7)));
    end = pad(head, ring, end, record.bytes);
    make_room(head, ring, end, record.bytes);
    memcpy(ring + end % head->size, &record, sizeof record);
    memcpy(ring + end % head->size + sizeof record, frame->bytes, captured);
    atomic_store_explicit(&head->end, end + record.bytes, memory_order_release);
}

/* -- reading -- */

int el_recent_copy(const void *memory, size_t size, struct el_recent_copy *copy)
{
    const struct head *head = memory;
    uint64_t room = size - EL_RECENT_HEAD;

    *copy = (struct el_recent_copy){.size = room};
    if (size < EL_RECENT_BYTES_MIN || head->magic != MAGIC || head->size != room)
        return 0;
    copy->bytes = malloc(room);
    if (!copy->bytes)
        return EL_ENOMEM;
    uint64_t end = atomic_load_explicit(&head->end, memory_order_acquire);
    memcpy(copy->bytes, (const uint8_t *)memory + EL_RECENT_HEAD, room);
    atomic_thread_fence(memory_order_seq_cst);
    uint64_t tail = atomic_load_explicit(&head->tail, memory_order_acquire);
    if (makes_sense(tail, end, room)) {
        copy->at = tail;
        copy->end = end;
    }
    return 0;
}

bool el_recent_next(struct el_recent_copy *copy, struct el_recent_frame *frame)
{
    while (copy->at < copy->end) {
        uint64_t offset = copy->at % copy->size, left = copy->size - offset;
        struct record record = {.bytes = 0};
        memcpy(&record, copy->bytes + offset, left < sizeof record ? 8 : sizeof record);
        if (left < sizeof record)
            record = (struct record){.bytes = record.bytes, .flags = FLAG_PADDING};
        if (record.bytes < 8 || record.bytes % 8 || record.bytes > left ||
            record.bytes > copy->end - copy->at)
            break;
        copy->at += record.bytes;
        if (record.flags & FLAG_PADDING)
            continue;
        if (record.bytes < sizeof record || record.captured > record.bytes - sizeof record ||
            record.captured > record.len)
            break;
        *frame = (struct el_recent_frame){.time_ns = record.time_ns,
                                          .is_out = record.flags & FLAG_OUT,
                                          .len = record.len,
                                          .captured = record.captured,
                                          .bytes = copy->bytes + offset + sizeof record};
        return true;
    }
    copy->at = copy->end;
    return false;
}

void el_recent_copy_free(struct el_recent_copy *copy)
{
    free(copy->bytes);
    copy->bytes = NULL;
    copy->at = copy->end = 0;
}

bool el_recent_is_of(const struct el_recent_frame *frame, const struct el_mac *mac)
{
    enum { CHADDR = 14 + 20 + 8 + 28 };
    const uint8_t *bytes = frame->bytes;
    bool is_to_all = frame->captured >= 6 && (bytes[0] & 1);

    if (frame->captured >= 12 &&
        (memcmp(bytes, mac->b, 6) == 0 || memcmp(bytes + 6, mac->b, 6) == 0))
        return true;
    return is_to_all && frame->is_out && frame->captured >= CHADDR + 6 && bytes[23] == 17 &&
           memcmp(bytes + CHADDR, mac->b, 6) == 0;
}

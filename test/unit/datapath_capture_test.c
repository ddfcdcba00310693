/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of frames that are looked on: what comes out is what went in, or is counted as lost. */
#include "datapath/capture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, FRAMES = 40000, FRAME_MAX = 3000 };

static const struct el_offload plain = {.gso = EL_GSO_NONE};

static void put(struct el_capture *capture, unsigned interface, enum el_capture_direction direction,
                const void *bytes, size_t len)
{
    struct el_slice slice = {bytes, len};

    if (el_capture_wants(capture, interface, direction))
        el_capture_put(capture, 7, interface, direction, &plain, &slice, 1);
}

static void only_what_is_wanted_is_seen(void **state)
{
    struct el_capture *capture = el_capture_new(3);
    struct el_capture_frame frame;

    (void)state;
    assert_non_null(capture);
    assert_false(el_capture_wants(NULL, 0, EL_CAPTURE_IN));
    put(capture, 0, EL_CAPTURE_IN, "before", 6);
    el_capture_reset(capture);
    el_capture_want(capture, 0, EL_CAPTURE_IN);
    el_capture_want(capture, 2, EL_CAPTURE_IN | EL_CAPTURE_OUT);
    el_capture_begin(capture, 4);
    put(capture, 0, EL_CAPTURE_IN, "first", 5);
    put(capture, 0, EL_CAPTURE_OUT, "not this", 8);
    put(capture, 1, EL_CAPTURE_IN, "nor this", 8);
    put(capture, 2, EL_CAPTURE_OUT, "2nd", 3);
    el_capture_end(capture);
    put(capture, 0, EL_CAPTURE_IN, "after", 5);

    assert_true(el_capture_peek(capture, &frame));
    assert_int_equal(frame.time_ns, 7);
    assert_int_equal(frame.interface, 0);
    assert_int_equal(frame.direction, EL_CAPTURE_IN);
    assert_int_equal(frame.len, 5);
    assert_int_equal(frame.captured, 4);
    assert_memory_equal(frame.bytes, "firs", 4);
    el_capture_drop(capture);
    assert_true(el_capture_peek(capture, &frame));
    assert_int_equal(frame.interface, 2);
    assert_int_equal(frame.captured, 3);
    assert_memory_equal(frame.bytes, "2nd", 3);
    el_capture_drop(capture);
    assert_false(el_capture_peek(capture, &frame));
    el_capture_free(capture);
    el_capture_free(NULL);
}

/* A super-frame in pieces is put together, and keeps what is still to be done to it. What nobody
 * wants does not go in, whatever whoever puts it in was told before. */
static void pieces_become_one(void **state)
{
    static const struct el_offload super = {
        .gso = EL_GSO_TCP4, .gso_size = 1448, .needs_csum = true};
    struct el_slice slices[] = {
        {(const uint8_t *)"head", 4}, {(const uint8_t *)"", 0}, {(const uint8_t *)"payload", 7}};
    struct el_capture *capture = el_capture_new(1);
    struct el_capture_frame frame;

    (void)state;
    el_capture_want(capture, 0, EL_CAPTURE_OUT);
    el_capture_begin(capture, 8);
    el_capture_put(capture, 1, 0, EL_CAPTURE_IN, &super, slices, 3);
    el_capture_put(capture, 1, 0, EL_CAPTURE_OUT, &super, slices, 3);
    assert_true(el_capture_peek(capture, &frame));
    assert_int_equal(frame.len, 11);
    assert_int_equal(frame.captured, 8);
    assert_memory_equal(frame.bytes, "headpayl", 8);
    assert_int_equal(frame.gso, EL_GSO_TCP4);
    assert_int_equal(frame.gso_size, 1448);
    assert_true(frame.needs_csum);
    el_capture_free(capture);
}

/* The ring is bounded; what finds no room is counted, and what was before is whole. */
static void a_full_ring_loses_and_counts(void **state)
{
    static uint8_t bytes[60000];
    struct el_capture *capture = el_capture_new(1);
    struct el_capture_frame frame;
    unsigned seen = 0;

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        el_capture_reset(capture);
        el_capture_want(capture, 0, EL_CAPTURE_IN);
        el_capture_begin(capture, EL_CAPTURE_SNAPLEN_MAX);
        for (unsigned i = 0; i < 500; i++) {
            memset(bytes, (int)i, sizeof bytes);
            put(capture, 0, EL_CAPTURE_IN, bytes, sizeof bytes);
        }
        for (seen = 0; el_capture_peek(capture, &frame); seen++) {
            assert_int_equal(frame.captured, sizeof bytes);
            assert_int_equal(frame.bytes[0], seen & 0xff);
            assert_int_equal(frame.bytes[sizeof bytes - 1], seen & 0xff);
            el_capture_drop(capture);
        }
        assert_in_range(seen, EL_CAPTURE_RING / sizeof bytes - 3, EL_CAPTURE_RING / sizeof bytes);
        assert_int_equal(seen + el_capture_lost(capture, 0), 500);
    }
    el_capture_free(capture);
}

/* What an earlier capture has left is not the next one's. */
static void the_next_capture_begins_empty(void **state)
{
    struct el_capture *capture = el_capture_new(1);
    struct el_capture_frame frame;

    (void)state;
    el_capture_want(capture, 0, EL_CAPTURE_IN);
    el_capture_begin(capture, 100);
    put(capture, 0, EL_CAPTURE_IN, "old", 3);
    el_capture_end(capture);
    el_capture_begin(capture, 100);
    put(capture, 0, EL_CAPTURE_IN, "new", 3);
    assert_true(el_capture_peek(capture, &frame));
    assert_memory_equal(frame.bytes, "new", 3);
    el_capture_drop(capture);
    assert_false(el_capture_peek(capture, &frame));
    el_capture_free(capture);
}

/* -- many threads -- */

struct producer {
    struct el_capture *capture;
    unsigned number;
};

/* Frames of any length whose bytes say who has made them and which they are. */
static void *produce(void *arg)
{
    const struct producer *producer = arg;
    uint32_t words[FRAME_MAX / 4];

    for (uint32_t i = 0; i < FRAMES; i++) {
        size_t count = 1 + (i * 7 + producer->number) % (FRAME_MAX / 4);
        for (size_t k = 0; k < count; k++)
            words[k] = i;
        put(producer->capture, producer->number, EL_CAPTURE_IN, words, count * 4);
    }
    return NULL;
}

static void check_frame(const struct el_capture_frame *frame, uint32_t next[THREADS])
{
    uint32_t i, word;

    assert_in_range(frame->interface, 0, THREADS - 1);
    memcpy(&i, frame->bytes, sizeof i);
    assert_true(i >= next[frame->interface] && i < FRAMES); /* in order */
    assert_int_equal(frame->captured, 4 * (1 + (i * 7 + frame->interface) % (FRAME_MAX / 4)));
    for (size_t at = 0; at < frame->captured; at += 4) {
        memcpy(&word, frame->bytes + at, sizeof word);
        if (word != i)
            fail_msg("frame %u of %u is torn", i, frame->interface);
    }
    next[frame->interface] = i + 1;
}

static void threads_do_not_disturb_each_other(void **state)
{
    struct el_capture *capture = el_capture_new(THREADS);
    struct producer producers[THREADS];
    pthread_t threads[THREADS];
    uint32_t next[THREADS] = {0};
    uint64_t seen = 0, lost = 0;
    struct el_capture_frame frame;

    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        el_capture_want(capture, i, EL_CAPTURE_IN);
    el_capture_begin(capture, EL_CAPTURE_SNAPLEN_MAX);
    for (unsigned i = 0; i < THREADS; i++) {
        producers[i] = (struct producer){capture, i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    while (seen + lost < (uint64_t)THREADS * FRAMES) {
        while (el_capture_peek(capture, &frame)) {
            check_frame(&frame, next);
            el_capture_drop(capture);
            seen++;
        }
        lost = 0;
        for (unsigned i = 0; i < THREADS; i++)
            lost += el_capture_lost(capture, i);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(seen > 0);
    assert_false(el_capture_peek(capture, &frame));
    el_capture_free(capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_wanted_is_seen),
        cmocka_unit_test(pieces_become_one),
        cmocka_unit_test(a_full_ring_loses_and_counts),
        cmocka_unit_test(the_next_capture_begins_empty),
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

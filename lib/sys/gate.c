/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate between those who look and those who change. */
#include "sys/gate.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 8 };

enum mode { NONE, SHARED, EXCLUSIVE };

struct lane {
    _Alignas(64) pthread_mutex_t mutex;
    /* The lane's own: the mode it is in, and those it goes back to. */
    enum mode mode;
    enum mode before[DEPTH];
    unsigned depth;
};

struct el_sys_gate {
    unsigned lane_count;
    el_sys_gate_changed_cb *changed;
    void *changed_arg;
    /* Read by all, written by who becomes exclusive. */
    _Alignas(64) _Atomic unsigned waiting;
    pthread_mutex_t turnstile;
    struct lane lanes[];
};

int el_sys_gate_new(unsigned lanes, struct el_sys_gate **made)
{
    size_t bytes = sizeof(struct el_sys_gate) + lanes * sizeof(struct lane);

    if (lanes < 1 || lanes > EL_SYS_GATE_LANES_MAX)
        return EL_EINVAL;
    struct el_sys_gate *gate = aligned_alloc(_Alignof(struct el_sys_gate), bytes);
    if (!gate)
        return EL_ENOMEM;
    memset(gate, 0, bytes);
    gate->lane_count = lanes;
    pthread_mutex_init(&gate->turnstile, NULL);
    for (unsigned i = 0; i < lanes; i++)
        pthread_mutex_init(&gate->lanes[i].mutex, NULL);
    *made = gate;
    return 0;
}

void el_sys_gate_free(struct el_sys_gate *gate)
{
    if (!gate)
        return;
    for (unsigned i = 0; i < gate->lane_count; i++)
        pthread_mutex_destroy(&gate->lanes[i].mutex);
    pthread_mutex_destroy(&gate->turnstile);
    free(gate);
}

void el_sys_gate_on_changed(struct el_sys_gate *gate, el_sys_gate_changed_cb *changed, void *arg)
{
    gate->changed = changed;
    gate->changed_arg = arg;
}

static void lock_own(struct el_sys_gate *gate, struct lane *lane)
{
    if (atomic_load_explicit(&gate->waiting, memory_order_relaxed) > 0) {
        pthread_mutex_lock(&gate->turnstile);
        pthread_mutex_unlock(&gate->turnstile);
    }
    pthread_mutex_lock(&lane->mutex);
}

static void lock_all(struct el_sys_gate *gate)
{
    atomic_fetch_add_explicit(&gate->waiting, 1, memory_order_relaxed);
    pthread_mutex_lock(&gate->turnstile);
    for (unsigned i = 0; i < gate->lane_count; i++)
        pthread_mutex_lock(&gate->lanes[i].mutex);
    atomic_fetch_sub_explicit(&gate->waiting, 1, memory_order_relaxed);
}

static void unlock_all_but(struct el_sys_gate *gate, const struct lane *kept)
{
    for (unsigned i = 0; i < gate->lane_count; i++)
        if (&gate->lanes[i] != kept)
            pthread_mutex_unlock(&gate->lanes[i].mutex);
    pthread_mutex_unlock(&gate->turnstile);
}

static void push(struct lane *lane, enum mode mode)
{
    assert(lane->depth < DEPTH);
    lane->before[lane->depth++] = lane->mode;
    lane->mode = mode;
}

static void go_shared(void *arg, unsigned number)
{
    struct el_sys_gate *gate = arg;
    struct lane *lane = &gate->lanes[number];

    if (lane->mode == NONE)
        lock_own(gate, lane);
    push(lane, lane->mode == NONE ? SHARED : lane->mode);
}

static void go_exclusive(void *arg, unsigned number)
{
    struct el_sys_gate *gate = arg;
    struct lane *lane = &gate->lanes[number];

    if (lane->mode == SHARED)
        pthread_mutex_unlock(&lane->mutex);
    if (lane->mode != EXCLUSIVE)
        lock_all(gate);
    push(lane, EXCLUSIVE);
}

static void resume(void *arg, unsigned number)
{
    struct el_sys_gate *gate = arg;
    struct lane *lane = &gate->lanes[number];
    enum mode was = lane->mode, mode = lane->before[lane->depth - 1];

    if (was == EXCLUSIVE && mode != EXCLUSIVE && gate->changed)
        gate->changed(gate->changed_arg, number);
    lane->mode = mode;
    lane->depth--;
    if (was == mode)
        return;
    if (was == EXCLUSIVE)
        unlock_all_but(gate, mode == SHARED ? lane : NULL);
    else
        pthread_mutex_unlock(&lane->mutex);
}

struct el_gate el_sys_gate_functions(struct el_sys_gate *gate)
{
    return (struct el_gate){go_shared, go_exclusive, resume, gate};
}

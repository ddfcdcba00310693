/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate: what is seen in shared mode stands still, and who wants to be alone gets there. With
 * -DEL2W_SANITIZE=thread every access is checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/gate.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { LANES = 4, CHANGES = 2000 };

static struct el_sys_gate *gate;
static struct el_gate functions;
static unsigned left, right; /* always equal, but inside exclusive mode */
static unsigned inside;      /* who is in exclusive mode */
static _Atomic unsigned finished;
static unsigned changed;

static void count_change(void *arg, unsigned lane)
{
    (void)arg;
    (void)lane;
    changed++;
}

static void change(unsigned lane)
{
    el_gate_exclusive(&functions, lane);
    inside++;
    left++;
    el_gate_exclusive(&functions, lane); /* nested: nothing */
    el_gate_shared(&functions, lane);
    el_gate_resume(&functions, lane);
    el_gate_resume(&functions, lane);
    right++;
    if (inside != 1)
        right += 1000000;
    inside--;
    el_gate_resume(&functions, lane);
}

/* Never pauses between batches, as a lane under load. */
static void *run_lane(void *arg)
{
    unsigned lane = (unsigned)(uintptr_t)arg, changes = 0, torn = 0;

    while (atomic_load(&finished) < LANES) {
        el_gate_shared(&functions, lane);
        torn += left != right;
        if (changes < CHANGES) {
            change(lane); /* from shared mode */
            if (++changes == CHANGES)
                atomic_fetch_add(&finished, 1);
        }
        torn += left != right;
        el_gate_resume(&functions, lane);
    }
    return (void *)(uintptr_t)torn;
}

/* LANES threads that look, change and look again, and one that only changes, from no mode. */
static void nothing_is_torn(void **state)
{
    pthread_t threads[LANES];
    void *torn;

    (void)state;
    assert_int_equal(el_sys_gate_new(LANES + 1, &gate), 0);
    functions = el_sys_gate_functions(gate);
    el_sys_gate_on_changed(gate, count_change, NULL);
    for (uintptr_t i = 0; i < LANES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_lane, (void *)i), 0);
    for (unsigned i = 0; i < CHANGES; i++)
        change(LANES);
    for (unsigned i = 0; i < LANES; i++) {
        pthread_join(threads[i], &torn);
        assert_null(torn);
    }
    assert_int_equal(left, (LANES + 1) * CHANGES);
    assert_int_equal(right, left);
    assert_int_equal(changed, left);
    el_sys_gate_free(gate);
}

static void bounds(void **state)
{
    (void)state;
    assert_int_equal(el_sys_gate_new(0, &gate), EL_EINVAL);
    assert_int_equal(el_sys_gate_new(EL_SYS_GATE_LANES_MAX + 1, &gate), EL_EINVAL);
    el_sys_gate_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_torn),
        cmocka_unit_test(bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

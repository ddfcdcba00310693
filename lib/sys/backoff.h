/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to start again what has died: at once the first time; if it dies again within 10 s of its
 * start, after 100 ms, 200 ms, … up to 10 s. A life of 10 s or more makes it the first time again.
 * Pure.
 */
#ifndef EL_SYS_BACKOFF_H
#define EL_SYS_BACKOFF_H

#include "base/time.h"

#define EL_SYS_BACKOFF_FIRST  (100 * EL_MS)
#define EL_SYS_BACKOFF_MAX    (10 * EL_S)
#define EL_SYS_BACKOFF_STABLE (10 * EL_S)

/* All zero at first. */
struct el_sys_backoff {
    uint64_t started_ns;
    unsigned deaths; /* in a row, each within EL_SYS_BACKOFF_STABLE of its start */
};

static inline void el_sys_backoff_started(struct el_sys_backoff *backoff, uint64_t now_ns)
{
    backoff->started_ns = now_ns;
}

/* It has died: when to start it again. */
uint64_t el_sys_backoff_died(struct el_sys_backoff *backoff, uint64_t now_ns);

#endif

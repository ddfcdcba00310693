/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to start again. */
#include "sys/backoff.h"

uint64_t el_sys_backoff_died(struct el_sys_backoff *backoff, uint64_t now_ns)
{
    uint64_t delay_ns = EL_SYS_BACKOFF_FIRST;

    if (now_ns - backoff->started_ns >= EL_SYS_BACKOFF_STABLE)
        backoff->deaths = 0;
    if (backoff->deaths++ == 0)
        return now_ns;
    for (unsigned i = 2; i < backoff->deaths && delay_ns < EL_SYS_BACKOFF_MAX; i++)
        delay_ns *= 2;
    return now_ns + el_earlier(delay_ns, EL_SYS_BACKOFF_MAX);
}

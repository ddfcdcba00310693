/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two clocks.
 *
 * "Monotonic" here is CLOCK_BOOTTIME, which counts the time a computer sleeps: WireGuard's keys
 * expire by it (a key that was rejected after 180 s of waking time would live for days on a
 * laptop), and a lease or a peer that went away during the sleep is seen at once on waking.
 */
#ifndef EL_SYS_CLOCK_H
#define EL_SYS_CLOCK_H

#include "base/time.h"

#include <time.h>

#define EL_SYS_CLOCK CLOCK_BOOTTIME /* for timerfd_create */

/* Nanoseconds since the machine was started; about 25 ns to ask (vDSO). */
uint64_t el_sys_now_ns(void);

/* Nanoseconds since 1970; may jump either way. */
uint64_t el_sys_wall_ns(void);

#endif

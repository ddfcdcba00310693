/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks. */
#include "sys/clock.h"

static uint64_t ask(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * EL_S + (uint64_t)now.tv_nsec;
}

uint64_t el_sys_now_ns(void)
{
    return ask(EL_SYS_CLOCK);
}

uint64_t el_sys_wall_ns(void)
{
    return ask(CLOCK_REALTIME);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time is monotonic nanoseconds in a uint64_t, given by the caller; see net/net.h and sys/. */
#ifndef EL_BASE_TIME_H
#define EL_BASE_TIME_H

#include <stdint.h>

#define EL_NEVER UINT64_MAX /* "no deadline" */
#define EL_US    UINT64_C(1000)
#define EL_MS    UINT64_C(1000000)
#define EL_S     UINT64_C(1000000000)

static inline uint64_t el_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif

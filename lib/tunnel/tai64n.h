/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock of the handshake: TAI64N labels (cr.yp.to/libtai/tai64.html), big-endian, so that the
 * later one is also the greater one for memcmp().
 *
 * A responder takes an initiation only if its label is greater than the last one, so a clock that
 * was set back locks its owner out, and one that was set years ahead and then mended does so
 * for years (CVE-2021-46873). Therefore the labels follow the wall clock only forwards: each is
 * greater than the one before, whatever the wall says, and across restarts as well, because the
 * owner keeps a bound on disk that was reserved before any label up to it was used.
 *
 * The wall is read once, at the start; from there on the monotonic clock counts. Labels are rounded
 * down to 2^24 ns (17 ms), as other implementations do, so as not to be a fine clock for whoever
 * measures what our processor does. Those that would be equal differ by a nanosecond.
 */
#ifndef EL_TUNNEL_TAI64N_H
#define EL_TUNNEL_TAI64N_H

#include "tunnel/wg_wire.h"

#include <stdbool.h>

struct el_tunnel_tai64n {
    uint64_t seconds;
    uint32_t nanoseconds; /* below 10^9 */
};

struct el_tunnel_clock {
    uint64_t wall_at_zero_ns;
    struct el_tunnel_tai64n last;     /* the greatest label so far */
    struct el_tunnel_tai64n reserved; /* no label goes beyond it, once there is one */
    bool bounded;                     /* there is one */
};

/* LAST: zeros, or what el_tunnel_clock_reserve() gave in an earlier life. EL_EINVAL: it is no label
 * (TAI64 knows none from 2^63 on). */
int el_tunnel_clock_init(struct el_tunnel_clock *clock, uint64_t wall_at_zero_ns,
                         const uint8_t last[EL_TUNNEL_TIMESTAMP_BYTES]);

/* The next label. */
void el_tunnel_clock_next(struct el_tunnel_clock *clock, uint64_t now_ns,
                          uint8_t label[EL_TUNNEL_TIMESTAMP_BYTES]);

/* LABEL is the bound of all labels until the next call. True if it has moved. It moves a minute
 * ahead when less than half of that is left; what the wall clock gains on it after that is not
 * followed before the next call. */
bool el_tunnel_clock_reserve(struct el_tunnel_clock *clock, uint64_t now_ns,
                             uint8_t label[EL_TUNNEL_TIMESTAMP_BYTES]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAI64N labels that never go back. */
#include "tunnel/tai64n.h"

#include "base/err.h"
#include "base/time.h"
#include "base/wire.h"

enum { SECOND_NS = 1000000000, RESERVED_S = 60, WHITENED_BITS = 24 };

/* The label of 1970-01-01 00:00:00, with TAI ten seconds ahead as it was in 1972. Leap seconds
 * since then are left out, as WireGuard does. */
static const uint64_t epoch = UINT64_C(0x400000000000000a);
static const uint64_t no_label_from = UINT64_C(0x8000000000000000);

static bool later(const struct el_tunnel_tai64n *a, const struct el_tunnel_tai64n *b)
{
    return a->seconds > b->seconds || (a->seconds == b->seconds && a->nanoseconds > b->nanoseconds);
}

static struct el_tunnel_tai64n wall(const struct el_tunnel_clock *clock, uint64_t now_ns)
{
    uint64_t ns = clock->wall_at_zero_ns + now_ns;

    return (struct el_tunnel_tai64n){
        .seconds = epoch + ns / SECOND_NS,
        .nanoseconds = (uint32_t)(ns % SECOND_NS) >> WHITENED_BITS << WHITENED_BITS,
    };
}

static void put(const struct el_tunnel_tai64n *label, uint8_t bytes[EL_TUNNEL_TIMESTAMP_BYTES])
{
    struct el_wire w = el_wire_write(bytes, EL_TUNNEL_TIMESTAMP_BYTES);

    el_wire_put_be64(&w, label->seconds);
    el_wire_put_be32(&w, label->nanoseconds);
}

int el_tunnel_clock_init(struct el_tunnel_clock *clock, uint64_t wall_at_zero_ns,
                         const uint8_t last[EL_TUNNEL_TIMESTAMP_BYTES])
{
    struct el_wire w = el_wire_read(last, EL_TUNNEL_TIMESTAMP_BYTES);
    struct el_tunnel_tai64n label = {.seconds = el_wire_be64(&w), .nanoseconds = el_wire_be32(&w)};

    if (label.seconds >= no_label_from || label.nanoseconds >= SECOND_NS)
        return EL_EINVAL;
    *clock = (struct el_tunnel_clock){.wall_at_zero_ns = wall_at_zero_ns, .last = label};
    return 0;
}

void el_tunnel_clock_next(struct el_tunnel_clock *clock, uint64_t now_ns,
                          uint8_t bytes[EL_TUNNEL_TIMESTAMP_BYTES])
{
    struct el_tunnel_tai64n label = wall(clock, now_ns);

    if (clock->bounded && later(&label, &clock->reserved))
        label = clock->reserved;
    if (!later(&label, &clock->last)) {
        label = clock->last;
        if (++label.nanoseconds == SECOND_NS) {
            label.nanoseconds = 0;
            label.seconds++;
        }
    }
    clock->last = label;
    put(&label, bytes);
}

bool el_tunnel_clock_reserve(struct el_tunnel_clock *clock, uint64_t now_ns,
                             uint8_t bytes[EL_TUNNEL_TIMESTAMP_BYTES])
{
    struct el_tunnel_tai64n from = wall(clock, now_ns);
    bool moved = false;

    if (later(&clock->last, &from))
        from = clock->last;
    if (!clock->bounded || clock->reserved.seconds < from.seconds + RESERVED_S / 2) {
        clock->reserved = from;
        clock->reserved.seconds += RESERVED_S;
        clock->bounded = moved = true;
    }
    put(&clock->reserved, bytes);
    return moved;
}

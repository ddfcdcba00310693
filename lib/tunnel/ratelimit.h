/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handshakes per second and source: an IPv4 address, or an IPv6 /64, whatever the port.
 *
 * A source's bucket is one number, the time at which it will be full again (the "generic cell rate
 * algorithm"), so that a bucket that is full needs no memory. The table never refuses a newcomer,
 * or a flood from many sources would lock everybody out: in a row that is full the bucket nearest
 * to full gives way, which forgives its owner the least. The rows are found by a keyed hash, so
 * that nobody can aim at a row.
 */
#ifndef EL_TUNNEL_RATELIMIT_H
#define EL_TUNNEL_RATELIMIT_H

#include "base/addr.h"

#include <stdbool.h>

enum {
    EL_TUNNEL_RATE_PER_S = 20,
    EL_TUNNEL_RATE_BURST = 5,
    EL_TUNNEL_RATE_ROWS = 1024, /* capacity: rows times buckets */
    EL_TUNNEL_RATE_BUCKETS = 4,
};

struct el_tunnel_bucket {
    uint64_t source;  /* hash of the address */
    uint64_t full_ns; /* a bucket that is full by now is free */
};

struct el_tunnel_ratelimit {
    uint8_t hash_key[16];
    struct el_tunnel_bucket rows[EL_TUNNEL_RATE_ROWS][EL_TUNNEL_RATE_BUCKETS];
};

void el_tunnel_ratelimit_init(struct el_tunnel_ratelimit *limit);

/* Takes one from the bucket of FROM; false if it is empty. */
bool el_tunnel_ratelimit_allows(struct el_tunnel_ratelimit *limit, uint64_t now_ns,
                                const struct el_ip *from);

#endif

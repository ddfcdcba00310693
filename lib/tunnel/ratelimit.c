/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handshakes per second and source. */
#include "tunnel/ratelimit.h"

#include "base/csprng.h"
#include "base/time.h"

#include <sodium.h>

static const uint64_t step_ns = EL_S / EL_TUNNEL_RATE_PER_S;

void el_tunnel_ratelimit_init(struct el_tunnel_ratelimit *limit)
{
    memset(limit, 0, sizeof *limit);
    el_random(limit->hash_key, sizeof limit->hash_key);
}

static uint64_t hash_source(const struct el_tunnel_ratelimit *limit, const struct el_ip *from)
{
    uint8_t source[1 + 8] = {from->family};
    uint64_t hash;

    memcpy(source + 1, from->b, from->family == 4 ? 4 : 8);
    crypto_shorthash((uint8_t *)&hash, source, sizeof source, limit->hash_key);
    return hash;
}

bool el_tunnel_ratelimit_allows(struct el_tunnel_ratelimit *limit, uint64_t now_ns,
                                const struct el_ip *from)
{
    uint64_t source = hash_source(limit, from);
    struct el_tunnel_bucket *row = limit->rows[source % EL_TUNNEL_RATE_ROWS];
    struct el_tunnel_bucket *bucket = &row[0];

    for (unsigned i = 0; i < EL_TUNNEL_RATE_BUCKETS; i++) {
        if (row[i].source == source) {
            bucket = &row[i];
            break;
        }
        if (row[i].full_ns < bucket->full_ns)
            bucket = &row[i];
    }
    if (bucket->source != source || bucket->full_ns < now_ns)
        *bucket = (struct el_tunnel_bucket){source, now_ns};
    if (bucket->full_ns + step_ns > now_ns + EL_TUNNEL_RATE_BURST * step_ns)
        return false;
    bucket->full_ns += step_ns;
    return true;
}

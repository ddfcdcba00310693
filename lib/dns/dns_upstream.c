/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom to ask. */
#include "dns/dns_upstream.h"

#include "base/csprng.h"

bool el_dns_upstreams_set(struct el_dns_upstreams *upstreams, const struct el_endpoint *at,
                          unsigned count)
{
    const struct el_dns_upstreams before = *upstreams;
    bool changed = false;

    count = count < EL_DNS_UPSTREAMS ? count : EL_DNS_UPSTREAMS;
    changed = count != before.count;
    upstreams->count = count;
    for (unsigned i = 0; i < count; i++) {
        struct el_dns_upstream *upstream = &upstreams->list[i];
        *upstream = (struct el_dns_upstream){.at = at[i]};
        for (unsigned j = 0; j < before.count; j++)
            if (el_endpoint_equal(&before.list[j].at, &at[i]))
                *upstream = before.list[j];
        changed |= i >= before.count || !el_endpoint_equal(&before.list[i].at, &at[i]);
    }
    return changed;
}

static bool is_down(const struct el_dns_upstream *upstream, uint64_t now_ns)
{
    return now_ns < upstream->down_until_ns;
}

/* Whether A comes before B: it is up; it is quicker. One that is not measured yet is taken for
 * quick, so that it will be. */
static bool is_better(const struct el_dns_upstream *a, const struct el_dns_upstream *b,
                      uint64_t now_ns)
{
    if (is_down(a, now_ns) != is_down(b, now_ns))
        return is_down(b, now_ns);
    return a->srtt_ns < b->srtt_ns;
}

int el_dns_upstreams_pick(const struct el_dns_upstreams *upstreams, uint32_t tried, uint64_t now_ns)
{
    int best = -1;
    unsigned any = el_random_below(upstreams->count * EL_DNS_EXPLORE);

    if (upstreams->count == 0)
        return -1;
    if (tried == (1u << upstreams->count) - 1)
        tried = 0;
    if (any < upstreams->count && !(tried >> any & 1) && !is_down(&upstreams->list[any], now_ns))
        return (int)any;
    for (unsigned i = 0; i < upstreams->count; i++)
        if (!(tried >> i & 1) &&
            (best < 0 || is_better(&upstreams->list[i], &upstreams->list[best], now_ns)))
            best = (int)i;
    return best;
}

uint64_t el_dns_upstream_patience_ns(const struct el_dns_upstream *upstream)
{
    uint64_t patience_ns = 2 * upstream->srtt_ns + 4 * upstream->rttvar_ns;

    if (upstream->srtt_ns == 0 || patience_ns > EL_DNS_TRY_MAX_MS * EL_MS)
        return EL_DNS_TRY_MAX_MS * EL_MS;
    return patience_ns > EL_DNS_TRY_MIN_MS * EL_MS ? patience_ns : EL_DNS_TRY_MIN_MS * EL_MS;
}

bool el_dns_upstream_answered(struct el_dns_upstream *upstream, uint64_t rtt_ns)
{
    bool was_down = upstream->down_until_ns > 0;

    upstream->answered++;
    upstream->fails = 0;
    upstream->down_until_ns = 0;
    if (rtt_ns == 0)
        return was_down;
    if (upstream->srtt_ns == 0) {
        upstream->srtt_ns = rtt_ns;
        upstream->rttvar_ns = rtt_ns / 2;
        return was_down;
    }
    uint64_t off_ns =
        rtt_ns > upstream->srtt_ns ? rtt_ns - upstream->srtt_ns : upstream->srtt_ns - rtt_ns;
    upstream->rttvar_ns = (3 * upstream->rttvar_ns + off_ns) / 4;
    upstream->srtt_ns = (7 * upstream->srtt_ns + rtt_ns) / 8;
    return was_down;
}

bool el_dns_upstream_failed(struct el_dns_upstream *upstream, uint64_t now_ns)
{
    bool was_down = upstream->down_until_ns > 0;

    /* Whoever is late is slower than was thought, at least. */
    if (upstream->srtt_ns < EL_DNS_TRY_MAX_MS * EL_MS)
        upstream->srtt_ns =
            upstream->srtt_ns ? 2 * upstream->srtt_ns : EL_DNS_TRY_MAX_MS * EL_MS / 2;
    if (++upstream->fails < EL_DNS_UPSTREAM_FAILS)
        return false;
    upstream->down_until_ns = now_ns + EL_DNS_UPSTREAM_DOWN_S * EL_S;
    return !was_down;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The servers that are asked what is not known here, and how well each of them does: the quickest
 * one that answers is asked first; now and then another, so that what is known of it stays true.
 */
#ifndef EL_DNS_DNS_UPSTREAM_H
#define EL_DNS_DNS_UPSTREAM_H

#include "base/addr.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_DNS_UPSTREAMS = 8,
    EL_DNS_EXPLORE = 32,     /* of so many questions one goes to any of them */
    EL_DNS_TRY_MIN_MS = 300, /* how long one is waited for before another is asked */
    EL_DNS_TRY_MAX_MS = 1500,
    EL_DNS_UPSTREAM_FAILS = 3,  /* in a row: it is down, */
    EL_DNS_UPSTREAM_DOWN_S = 10 /* and so long asked only if no other is up */
};

struct el_dns_upstream {
    struct el_endpoint at;
    uint64_t srtt_ns, rttvar_ns; /* RFC 6298 §2; 0: not measured */
    uint64_t down_until_ns;
    unsigned fails; /* in a row */
    bool plain;     /* knows no EDNS */
    uint64_t asked, answered;
};

struct el_dns_upstreams {
    struct el_dns_upstream list[EL_DNS_UPSTREAMS];
    unsigned count;
};

/* These from now on, in the order in which they are preferred before anything is measured; of those
 * that stay, what is known is kept. Whether that changes anything. */
bool el_dns_upstreams_set(struct el_dns_upstreams *upstreams, const struct el_endpoint *at,
                          unsigned count);

/* Whom to ask: not one of those in the mask TRIED, unless all were. -1: there is none. */
int el_dns_upstreams_pick(const struct el_dns_upstreams *upstreams, uint32_t tried,
                          uint64_t now_ns);

/* How long to wait for it. */
uint64_t el_dns_upstream_patience_ns(const struct el_dns_upstream *upstream);

/* It has answered after RTT_NS (0: not known); 1 if it was down. It has not in time, or with an
 * error: 1 if it is down from now on. */
bool el_dns_upstream_answered(struct el_dns_upstream *upstream, uint64_t rtt_ns);
bool el_dns_upstream_failed(struct el_dns_upstream *upstream, uint64_t now_ns);

#endif

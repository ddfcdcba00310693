/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that are kept, until they are too old or there is no room: then whoever has not been
 * asked for the longest goes first.
 *
 * Beyond its TTL an answer is stale, and is kept for EL_DNS_STALE_S more (RFC 8767): it is told
 * only where nothing better is to be had.
 */
#ifndef EL_DNS_DNS_CACHE_H
#define EL_DNS_DNS_CACHE_H

#include "base/time.h"
#include "dns/dns_answer.h"

enum {
    EL_DNS_CACHE_BYTES = 16 << 20,
    EL_DNS_STALE_S = 86400,
    EL_DNS_HOLD_S = 30,        /* RFC 8767 §5: the failure recheck timer */
    EL_DNS_PREFETCH_PART = 10, /* of its TTL: an answer that is asked for in the last tenth of it */
    EL_DNS_PREFETCH_HITS = 2,  /* is asked for anew by ourselves, if it was so often before */
};

struct el_dns_cache;

/* What is known of a question. */
struct el_dns_found {
    struct el_dns_answer *answer; /* the cache's, until that is changed; NULL: nothing */
    uint32_t age_s;
    bool stale;
    bool held;     /* stale, but nobody could be asked just now: it is told at once */
    bool prefetch; /* it is time to ask anew */
};

/* For at most CAPACITY bytes. NULL: out of memory. */
struct el_dns_cache *el_dns_cache_new(size_t capacity);
void el_dns_cache_free(struct el_dns_cache *cache); /* NULL is allowed */

struct el_dns_found el_dns_cache_find(struct el_dns_cache *cache, const struct el_dns_key *key,
                                      uint64_t now_ns);

/* Keeps ANSWER (and holds it) in the place of the one before, if it may be kept. One that cannot
 * be kept for want of memory is not. */
void el_dns_cache_put(struct el_dns_cache *cache, const struct el_dns_key *key,
                      struct el_dns_answer *answer, uint64_t now_ns);

/* Nobody could be asked: what is known of KEY, if stale, is told at once for EL_DNS_HOLD_S. Whether
 * there is something. */
bool el_dns_cache_hold(struct el_dns_cache *cache, const struct el_dns_key *key, uint64_t now_ns);

/* Forgets all: whom we ask has changed. */
void el_dns_cache_clear(struct el_dns_cache *cache);

struct el_dns_cache_stats {
    size_t answers, bytes;
    uint64_t evicted; /* for want of room */
};

struct el_dns_cache_stats el_dns_cache_stats(const struct el_dns_cache *cache);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that others are asked: what dns.c, where questions come in, shares with dns_flight.c.
 */
#ifndef EL_DNS_DNS_FLIGHT_H
#define EL_DNS_DNS_FLIGHT_H

#include "base/heap.h"
#include "dns/dns.h"

/* Who waits for a flight. */
struct el_dns_waiter {
    struct el_dns_waiter *next;
    struct el_dns_asker asker;
    struct el_dns_request request;
    uint64_t since_ns;
};

struct el_dns_try {
    bool waiting; /* for its answer */
    bool due;     /* to be sent */
    bool stream;
    bool plain; /* without EDNS */
    uint16_t id;
    struct el_endpoint at;
    uint64_t sent_ns;
};

struct el_dns_flight {
    bool used, over;
    struct el_dns_key key;
    struct el_dns_name asked; /* the name as it is written, in each try */
    struct el_dns_try tries[EL_DNS_TRIES];
    unsigned try_count;
    uint32_t tried; /* upstreams */
    unsigned wrong;
    unsigned rcode;           /* of whoever could not answer, for want of better */
    uint64_t next_ns, end_ns; /* the last try's patience; the end */
    uint64_t stale_ns;        /* when those who wait get the old answer; EL_NEVER: there is none */
    struct el_dns_waiter *waiters;
    struct el_dns_answer *answer; /* for them; its holder */
    bool stale;
    uint32_t age_s;
    enum el_dns_how how;
    struct el_heap_node timer;
    struct el_dns_flight *next; /* of those with something to do */
    bool queued;
};

struct el_dns {
    struct el_dns_config config;
    struct el_dns_cache *cache;
    struct el_dns_clients *clients;
    struct el_dns_upstreams upstreams;
    struct el_dns_stats stats;
    struct el_heap *timers;
    struct el_dns_flight *first, *last; /* with something to do */
    struct el_dns_waiter *idle;
    unsigned waiters_used, flights_used; /* of these, so many were ever in use */
    struct el_dns_waiter waiters[EL_DNS_WAITERS];
    struct el_dns_flight flights[EL_DNS_FLIGHTS];
    uint8_t packet[EL_DNS_MESSAGE_BYTES]; /* of the output */
};

void el_dns_flights_free(struct el_dns *dns);

/* Asks others for KEY, or joins the flight that does; WAITER may be NULL. STALE: there is an old
 * answer. False: there is no room. */
bool el_dns_fly(struct el_dns *dns, uint64_t now_ns, const struct el_dns_key *key, bool stale,
                const struct el_dns_waiter *waiter);

/* Says what became of a question. */
void el_dns_tell(struct el_dns *dns, const struct el_ip *client,
                 const struct el_dns_question *question, enum el_dns_how how, unsigned rcode,
                 uint64_t took_ns);

#endif

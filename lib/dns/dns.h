/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forwarding DNS server (RFC 1035, 2308, 6891, 8767): a machine without socket or clock.
 *
 *     n = el_dns_ask(dns, now_ns, &client, bytes, len, reply, sizeof reply);   // n > 0: send it
 *     el_dns_heard(dns, now_ns, slot, &from, bytes, len);                      // what a server
 * says while (el_dns_output(dns, now_ns, &out)) ...                             // after each of
 * these el_dns_tick(dns, now_ns) at el_dns_deadline(dns)
 *
 * What is known here (dns_local.h) or kept (dns_cache.h) is answered at once. The rest is asked of
 * others: a *flight* for each question, however many wait for it (so that nobody who asks a hundred
 * times gives a forger a hundred chances, CVE-2020-25686), and in a flight up to EL_DNS_TRIES
 * *tries*, each to a server, with a socket (a port chosen at random) and an id of its own, in
 * letters whose cases are random. An answer counts only if all of that comes back (RFC 5452 §9.1).
 * Where somebody guesses, or a server does not give the cases back, it is asked again over TCP.
 *
 * Who may ask: whoever has an address in the networks that were said; others are not even refused.
 */
#ifndef EL_DNS_DNS_H
#define EL_DNS_DNS_H

#include "dns/dns_cache.h"
#include "dns/dns_client.h"
#include "dns/dns_local.h"
#include "dns/dns_upstream.h"

enum {
    EL_DNS_FLIGHTS = 256,
    EL_DNS_TRIES = 6,       /* of a flight, over UDP and TCP */
    EL_DNS_WAITERS = 2048,  /* of all flights */
    EL_DNS_FLIGHT_S = 8,    /* then it is over: no client waits longer */
    EL_DNS_STREAM_S = 4,    /* how long a try over TCP may take */
    EL_DNS_STALE_MS = 1800, /* RFC 8767 §5: the client response timer */
    EL_DNS_WRONG = 8,       /* answers that do not match: somebody guesses */
    EL_DNS_PER_S = 2000,    /* see struct el_dns_limits */
    EL_DNS_BURST = 4000,
    EL_DNS_WAITING = 128,
};

enum el_dns_how {
    EL_DNS_REFUSED_TO, /* nobody is asked for it, or it is no question */
    EL_DNS_LOCAL,      /* known here */
    EL_DNS_CACHED,
    EL_DNS_FORWARDED,
    EL_DNS_STALE,  /* an old answer, for want of a new one */
    EL_DNS_FAILED, /* nobody has answered */
    EL_DNS_BARRED, /* addresses were left out (dns_guard.h) */
    EL_DNS_LIMITED,
    EL_DNS_HOWS
};
extern const char *const el_dns_how_names[EL_DNS_HOWS];

/* A question and what became of it; valid during the call. */
struct el_dns_told {
    const struct el_ip *client;
    const struct el_dns_question *question; /* NULL: it could not be read */
    enum el_dns_how how;
    unsigned rcode;
    uint64_t took_ns;
};

/* Must not call the machine. */
typedef void el_dns_told_cb(void *arg, const struct el_dns_told *told);

/* What it points to is the caller's and outlives the machine. */
struct el_dns_config {
    const struct el_prefix *allowed; /* who may ask */
    size_t allowed_count;
    struct el_dns_local local;
    struct el_dns_guard guard;
    struct el_dns_limits limits; /* all zero: the defaults; UINT_MAX in per_s: no limit */
    size_t cache_bytes;          /* 0: EL_DNS_CACHE_BYTES */
    el_dns_told_cb *told;        /* NULL: nobody watches */
    void *told_arg;
};

struct el_dns;

struct el_dns *el_dns_new(const struct el_dns_config *config); /* NULL: out of memory */
void el_dns_free(struct el_dns *dns);                          /* NULL is allowed */

/* Whom to ask; none at first, and then only what is known here is answered. If that changes
 * anything, what was kept is forgotten. */
void el_dns_set_upstreams(struct el_dns *dns, const struct el_endpoint *at, unsigned count);

struct el_dns_asker {
    struct el_endpoint from;
    struct el_ip to; /* the address of ours that was asked */
    uint64_t stream; /* the caller's name for a TCP connection; 0: UDP */
};

/* A question. The length of the answer in REPLY; 0: none, or later. */
size_t el_dns_ask(struct el_dns *dns, uint64_t now_ns, const struct el_dns_asker *asker,
                  const uint8_t *bytes, size_t len, uint8_t *reply, size_t capacity);

/* Something has come for the try SLOT, from FROM: one datagram, or one message of a stream. */
void el_dns_heard(struct el_dns *dns, uint64_t now_ns, unsigned slot,
                  const struct el_endpoint *from, const uint8_t *bytes, size_t len);

/* The try cannot go on: no socket, no connection. */
void el_dns_broken(struct el_dns *dns, uint64_t now_ns, unsigned slot);

enum el_dns_output_kind {
    EL_DNS_REPLY, /* send bytes to asker */
    EL_DNS_SEND,  /* send bytes to upstream, by a new socket or stream that is called slot */
    EL_DNS_END,   /* close the sockets of the EL_DNS_TRIES slots from this one on */
};

struct el_dns_output {
    enum el_dns_output_kind kind;
    struct el_dns_asker asker;
    unsigned slot; /* less than EL_DNS_FLIGHTS * EL_DNS_TRIES */
    struct el_endpoint upstream;
    bool stream;
    const uint8_t *bytes; /* the machine's, until it is called again */
    size_t len;
};

/* What is to be done next; false: nothing. */
bool el_dns_output(struct el_dns *dns, uint64_t now_ns, struct el_dns_output *out);

uint64_t el_dns_deadline(const struct el_dns *dns);
void el_dns_tick(struct el_dns *dns, uint64_t now_ns);

struct el_dns_stats {
    uint64_t told[EL_DNS_HOWS];
    uint64_t strangers; /* questions of who may not ask */
    uint64_t wrong;     /* answers that did not match */
    uint64_t asked;     /* of others */
    unsigned flights, waiters;
};

const struct el_dns_stats *el_dns_stats(const struct el_dns *dns);
struct el_dns_cache_stats el_dns_kept(const struct el_dns *dns);
const struct el_dns_upstreams *el_dns_asked(const struct el_dns *dns);

#endif

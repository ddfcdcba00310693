/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of a question: an answer that is made once, kept, and told to many.
 *
 * It is the whole message, ready to be sent: whoever asks gets a copy with his id, his way of
 * writing the name (its length is always the same) and what is left of the TTLs.
 *
 * From a server's reply only what was asked for is taken (the bailiwick): the chain of CNAMEs that
 * begins at the name, the records of the type at its end, and of a negative answer the SOA of a
 * zone that this name is in (RFC 2308). An answer is kept under its question alone. So nobody, not
 * even a server that was asked, can say anything about another name.
 */
#ifndef EL_DNS_DNS_ANSWER_H
#define EL_DNS_DNS_ANSWER_H

#include "dns/dns_guard.h"
#include "dns/dns_wire.h"

enum {
    EL_DNS_TTL_MAX_S = 86400,          /* longer is taken for this */
    EL_DNS_NEGATIVE_TTL_MAX_S = 10800, /* RFC 2308 §5 */
    EL_DNS_FAILURE_TTL_S = 5,          /* RFC 9520 §3.2 */
    EL_DNS_STALE_TTL_S = 30,           /* RFC 8767 §4 */
    EL_DNS_CHAIN = 16,                 /* CNAMEs */
    EL_DNS_ANSWER_BYTES = 32768,       /* more is a failure */
};

/* A question as answers are kept under it. */
struct el_dns_key {
    struct el_dns_name name; /* lower case */
    uint16_t type;
    uint16_t flags; /* EL_DNS_CD; EL_DNS_AD stands for EDNS' DO: these change what is answered */
};

bool el_dns_key_equal(const struct el_dns_key *a, const struct el_dns_key *b);

struct el_dns_answer {
    unsigned holders;
    uint16_t rcode;
    int16_t ede;
    uint32_t ttl_s;       /* how long it may be kept: its shortest; 0: not at all */
    uint16_t ttl_count;   /* how many TTLs there are to be changed */
    uint16_t len;         /* of the message */
    uint8_t question;     /* length of its name */
    const uint16_t *ttls; /* where they stand */
    uint8_t bytes[];
};

/* What a server said about KEY, cleaned. NULL: out of memory, or it makes no sense: SERVFAIL, then.
 * *BARRED: it had addresses that it must not have; they are left out. */
struct el_dns_answer *el_dns_answer_take(const struct el_dns_key *key,
                                         const struct el_dns_message *reply,
                                         const struct el_dns_guard *guard, bool *barred);

/* No more than a code. NULL: out of memory. */
struct el_dns_answer *el_dns_answer_code(const struct el_dns_key *key, unsigned rcode, int ede,
                                         uint32_t ttl_s);

struct el_dns_answer *el_dns_answer_hold(struct el_dns_answer *answer);
void el_dns_answer_drop(struct el_dns_answer *answer); /* frees it with its last holder; or NULL */

/* Bytes of memory. */
size_t el_dns_answer_size(const struct el_dns_answer *answer);

/* Who asked, and how. */
struct el_dns_request {
    uint16_t id;
    uint16_t flags;                  /* of the header of the answer, but for what the answer is */
    struct el_dns_question question; /* as it was written */
    struct el_dns_edns edns;
    bool stream;
};

/* The message to send, AGE_S after the answer was made, or a stale one. CAPACITY at least
 * EL_DNS_EDNS_BYTES; what is longer than the other side takes is cut to nothing (TC). The length.
 */
size_t el_dns_answer_tell(const struct el_dns_answer *answer, const struct el_dns_request *request,
                          uint32_t age_s, bool stale, uint8_t *to, size_t capacity);

/* No answer, but a code, to whoever sent something with this header. The length. */
size_t el_dns_refuse(const struct el_dns_request *request, unsigned rcode, int ede, uint8_t *to,
                     size_t capacity);

/* Ends a message of LEN bytes that was built for REQUEST: EDNS, if that had it; or TC. */
size_t el_dns_finish(const struct el_dns_request *request, unsigned rcode, int ede, uint8_t *bytes,
                     size_t len, size_t capacity);

#endif

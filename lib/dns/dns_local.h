/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are known here, and names that nobody outside is to be asked for.
 *
 *     NAME.el2w, NAME.DOMAIN, NAME    a host that `lookup` knows: a machine, the hub, the proxy
 *     addresses of our networks       whose they are, by `reverse`
 *     static names                    as they were said
 *     localhost                       RFC 6761 §6.3
 *     local, onion, invalid ..., addresses of private ranges: do not exist (RFC 6761, 6762, 6303)
 *
 * What there is not in el2w or on our networks does not exist, and is not asked for either; in the
 * domain, only if nobody can be asked.
 */
#ifndef EL_DNS_DNS_LOCAL_H
#define EL_DNS_DNS_LOCAL_H

#include "dns/dns_answer.h"

enum {
    EL_DNS_HOST_BYTES = EL_DNS_LABEL_BYTES + 1,
    EL_DNS_HOST_ADDRESSES = 8, /* of one host */
    EL_DNS_HOST_TTL_S = 10,    /* machines come and go */
    EL_DNS_STATIC_TTL_S = 60,
};

/* The addresses of HOST (one label, lower case) as ASKING is to see them: how many, up to CAPACITY;
 * 0: there is no such host. */
typedef size_t el_dns_lookup(void *arg, const struct el_ip *asking, const char *host,
                             struct el_ip *ips, size_t capacity);

/* Whose address it is: false: nobody's. */
typedef bool el_dns_reverse(void *arg, const struct el_ip *ip, char host[EL_DNS_HOST_BYTES]);

struct el_dns_static {
    struct el_dns_name name;
    struct el_ip ip;
};

/* What it points to is the caller's. */
struct el_dns_local {
    struct el_dns_name domain; /* len 0: none */
    const struct el_dns_static *statics;
    size_t static_count;
    const struct el_prefix *networks; /* ours */
    size_t network_count;
    el_dns_lookup *lookup; /* NULL: no hosts */
    el_dns_reverse *reverse;
    void *arg;
};

/* A domain as it was said, with room for hosts in it. 0 or EL_EINVAL. */
int el_dns_local_domain(const char *text, struct el_dns_name *domain);

/* Answers REQUEST from ASKING, if it is about such a name. FORWARDS: others can be asked. The
 * length, with the code in *RCODE; 0: it is not. */
size_t el_dns_local_answer(const struct el_dns_local *local, const struct el_dns_guard *guard,
                           bool forwards, const struct el_ip *asking,
                           const struct el_dns_request *request, uint8_t *to, size_t capacity,
                           unsigned *rcode);

#endif

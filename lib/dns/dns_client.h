/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who asks, and how much of it: nobody may make us an amplifier, or keep others from being
 * answered. Of so many clients as there is room for is remembered what they did; beyond that
 * whoever has been quiet for the longest is forgotten.
 */
#ifndef EL_DNS_DNS_CLIENT_H
#define EL_DNS_DNS_CLIENT_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EL_DNS_CLIENTS = 4096 };

struct el_dns_limits {
    unsigned per_s;   /* datagrams that one address is answered, on average; 0: no limit */
    unsigned burst;   /* so many at once */
    unsigned waiting; /* questions of one address for which others are asked at once */
};

struct el_dns_clients;

struct el_dns_client {
    struct el_ip ip;
    unsigned waiting; /* as long as it is not 0 he is not forgotten; the caller's to count */
    /* -- the table's own -- */
    double tokens;
    uint64_t filled_ns;
    bool cut; /* the last one too many was told to come by TCP */
    struct el_dns_client *older, *newer;
};

struct el_dns_clients *el_dns_clients_new(const struct el_dns_limits *limits); /* NULL: no memory */
void el_dns_clients_free(struct el_dns_clients *clients);                      /* or NULL */

enum el_dns_allowance {
    EL_DNS_ALLOWED,
    EL_DNS_CUT,  /* too many: answer that he come by TCP, where nobody can pretend to be him */
    EL_DNS_DROP, /* too many: do not answer */
};

/* He, from now on the one who was heard last; NULL: there is no room for him. */
struct el_dns_client *el_dns_clients_meet(struct el_dns_clients *clients, const struct el_ip *ip,
                                          uint64_t now_ns);

/* A datagram from CLIENT, who may be NULL. */
enum el_dns_allowance el_dns_clients_allow(const struct el_dns_clients *clients,
                                           struct el_dns_client *client, uint64_t now_ns);

/* He, if he is known. */
struct el_dns_client *el_dns_clients_find(struct el_dns_clients *clients, const struct el_ip *ip);

#endif

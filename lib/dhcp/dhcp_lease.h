/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of the pools of some subnets and who holds them.
 *
 * Every address is one lease, for the life of the table, in exactly one state. The leases of a
 * state are a list sorted by when the state ends, so that expiry looks at heads only and a free
 * address is found without a search: the one that has been free for longest, so that a machine that
 * comes back finds its old address still free.
 *
 * An owner has at most one lease: giving it another frees the first.
 */
#ifndef EL_DHCP_DHCP_LEASE_H
#define EL_DHCP_DHCP_LEASE_H

#include "base/addr.h"
#include "base/map.h"
#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_DHCP_POOL_MAX = 65536, /* addresses of all pools together */
    EL_DHCP_SUBNETS_MAX = 16,
    EL_DHCP_RELAYS_MAX = 64,
    /* A DUID is at most 130 bytes and comes with a type and an IAID (RFC 4361 §6.1). */
    EL_DHCP_IDENTITY_BYTES = 137,
};

/* Who a client is: a kind, then its hardware address with type, or its client identifier. Zero
 * beyond len, so that it is a key as a whole. */
struct el_dhcp_identity {
    uint8_t len; /* 0: nobody */
    uint8_t bytes[EL_DHCP_IDENTITY_BYTES];
};

enum el_dhcp_lease_state {
    /* Nobody's. The owner, if there is one, had it last and gets it again if it asks in time. */
    EL_DHCP_FREE,
    /* Promised for a few seconds; not durable. */
    EL_DHCP_OFFERED,
    /* Acknowledged; durable. */
    EL_DHCP_BOUND,
    /* Found in use by somebody else (DHCPDECLINE); durable. Given out before its quarantine ends
     * only if nothing else is left. */
    EL_DHCP_DECLINED,
};

enum { EL_DHCP_LEASE_STATES = EL_DHCP_DECLINED + 1 };
extern const char *const el_dhcp_lease_state_names[EL_DHCP_LEASE_STATES];

struct el_dhcp_lease {
    uint32_t ip;
    uint8_t subnet; /* which; below EL_DHCP_SUBNETS_MAX */
    enum el_dhcp_lease_state state;
    bool reserved;                 /* for one client: never in the list of free addresses */
    bool outside;                  /* of the pool: there only as long as it is reserved, or held */
    struct el_dhcp_identity owner; /* len 0: none */
    struct el_mac mac;             /* its hardware address, for people; zero if not Ethernet */
    uint32_t relay;                /* the relay it was asked through; 0: none */
    uint64_t until_ns;             /* when the state ends; of a free one, when it became free */
    uint64_t since_ns;             /* of the owner's having it; 0: since before we began */
    uint64_t fine_until_ns;        /* until then it is known that nobody else has the address */
    struct el_dhcp_lease *older, *newer;
};

struct el_dhcp_leases;

/* Addresses that are given to whoever asks. */
struct el_dhcp_pool {
    uint32_t first, last;
    uint8_t subnet;
};

/* A table of the addresses of POOLS except those that SKIP says are not to be given, with room for
 * OUTSIDE_MAX reserved ones beside them. An address that is in two pools is the first one's. NULL:
 * out of memory. */
struct el_dhcp_leases *el_dhcp_leases_new(const struct el_dhcp_pool *pools, size_t count,
                                          size_t outside_max,
                                          bool (*skip)(const void *arg, uint32_t ip),
                                          const void *arg);
void el_dhcp_leases_free(struct el_dhcp_leases *leases); /* NULL is allowed */

/* Keeps IP, of SUBNET, in a pool or not, for one client; who holds it now goes on holding it until
 * it ends. 0, or EL_EFULL. */
int el_dhcp_leases_reserve(struct el_dhcp_leases *leases, uint32_t ip, uint8_t subnet);

/* IP is for everybody again, if it lies in the pool; else it is gone when nobody holds it. */
void el_dhcp_leases_unreserve(struct el_dhcp_leases *leases, uint32_t ip);

/* The lease of an address, of an owner, or a free one of a subnet that nobody has a claim on; NULL
 * if none. */
struct el_dhcp_lease *el_dhcp_leases_at(const struct el_dhcp_leases *leases, uint32_t ip);
struct el_dhcp_lease *el_dhcp_leases_of(const struct el_dhcp_leases *leases,
                                        const struct el_dhcp_identity *owner);
struct el_dhcp_lease *el_dhcp_leases_unused(const struct el_dhcp_leases *leases, uint8_t subnet);

/* Calls EACH for every lease that is not free; those that end first first, of each state. */
void el_dhcp_leases_each(const struct el_dhcp_leases *leases,
                         void (*each)(void *arg, const struct el_dhcp_lease *lease), void *arg);

size_t el_dhcp_leases_count(const struct el_dhcp_leases *leases, enum el_dhcp_lease_state state);

/* How many leases that are not free were asked through RELAY. EL_EFULL if RELAY is new and
 * EL_DHCP_RELAYS_MAX relays hold leases. */
int el_dhcp_leases_through(struct el_dhcp_leases *leases, uint32_t relay);

/* What a change of a lease sets. */
struct el_dhcp_claim {
    enum el_dhcp_lease_state state;
    struct el_dhcp_identity owner;
    struct el_mac mac;
    uint32_t relay;
    uint64_t until_ns;
};

/* The claim as it stands, for putting it back. */
struct el_dhcp_claim el_dhcp_lease_claim(const struct el_dhcp_lease *lease);

/* Of a lease outside of the pool that becomes free and is not reserved, nothing can be asked any
 * more but what it was. */
void el_dhcp_lease_set(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease,
                       const struct el_dhcp_claim *claim);

/* Frees what has ended by NOW_NS; returns when the next state ends, EL_NEVER if none does. */
uint64_t el_dhcp_leases_expire(struct el_dhcp_leases *leases, uint64_t now_ns);

#endif

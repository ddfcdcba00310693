/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of a pool and who holds them. */
#include "dhcp/dhcp_lease.h"

#include "base/err.h"

#include <stdlib.h>

struct list {
    struct el_dhcp_lease *oldest, *newest;
    size_t count;
};

struct relay {
    uint32_t ip;
    int held; /* 0: the row is unused */
};

struct el_dhcp_leases {
    struct list lists[EL_DHCP_LEASE_STATES]; /* but for the free ones: */
    struct list free[EL_DHCP_SUBNETS_MAX];   /* reserved leases are in none of these */
    struct el_map *by_ip;
    struct el_map *by_owner;
    struct relay relays[EL_DHCP_RELAYS_MAX];
    struct el_dhcp_lease
        *spare;            /* rows for addresses outside of the pools: used ones, by `newer`, */
    size_t rows, rows_max; /* and then those that were never used */
    struct el_dhcp_lease all[];
};

const char *const el_dhcp_lease_state_names[EL_DHCP_LEASE_STATES] = {
    [EL_DHCP_FREE] = "free",
    [EL_DHCP_OFFERED] = "offered",
    [EL_DHCP_BOUND] = "leased",
    [EL_DHCP_DECLINED] = "declined",
};

/* -- lists -- */

static bool is_listed(const struct el_dhcp_lease *lease)
{
    return !(lease->reserved && lease->state == EL_DHCP_FREE);
}

static struct list *list_of(struct el_dhcp_leases *leases, const struct el_dhcp_lease *lease)
{
    return lease->state == EL_DHCP_FREE ? &leases->free[lease->subnet]
                                        : &leases->lists[lease->state];
}

static void unlink_lease(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease)
{
    struct list *list = list_of(leases, lease);

    if (!is_listed(lease))
        return;
    *(lease->older ? &lease->older->newer : &list->oldest) = lease->newer;
    *(lease->newer ? &lease->newer->older : &list->newest) = lease->older;
    lease->older = lease->newer = NULL;
    list->count--;
}

/* All leases of a state last equally long, so the place is nearly always at the end. */
static void link_lease(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease)
{
    struct list *list = list_of(leases, lease);
    struct el_dhcp_lease *before = list->newest;

    if (!is_listed(lease))
        return;
    while (before && before->until_ns > lease->until_ns)
        before = before->older;
    lease->older = before;
    lease->newer = before ? before->newer : list->oldest;
    *(before ? &before->newer : &list->oldest) = lease;
    *(lease->newer ? &lease->newer->older : &list->newest) = lease;
    list->count++;
}

/* -- relays -- */

/* The row of relay IP, or an unused one for it, or NULL. */
static struct relay *find_relay(struct el_dhcp_leases *leases, uint32_t ip)
{
    struct relay *unused = NULL;

    for (size_t i = 0; i < EL_DHCP_RELAYS_MAX; i++) {
        struct relay *relay = &leases->relays[i];
        if (relay->held && relay->ip == ip)
            return relay;
        if (!relay->held && !unused)
            unused = relay;
    }
    return unused;
}

int el_dhcp_leases_through(struct el_dhcp_leases *leases, uint32_t relay)
{
    const struct relay *row = find_relay(leases, relay);

    if (!row)
        return EL_EFULL;
    return row->held;
}

static void count_relay(struct el_dhcp_leases *leases, const struct el_dhcp_lease *lease, int step)
{
    struct relay *row;

    if (!lease->relay || lease->state == EL_DHCP_FREE)
        return;
    /* No row: an undone lease through a relay that the table has no room for any more. */
    row = find_relay(leases, lease->relay);
    if (!row || (step < 0 && !row->held))
        return;
    row->ip = lease->relay;
    row->held += step;
}

/* -- the table -- */

static void add(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease, uint32_t ip,
                uint8_t subnet)
{
    lease->ip = ip;
    lease->subnet = subnet;
    el_map_put(leases->by_ip, &ip, lease); /* cannot be full: made for all rows */
    link_lease(leases, lease);
}

static void make_spare(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease)
{
    lease->newer = leases->spare;
    leases->spare = lease;
}

static size_t addresses(const struct el_dhcp_pool *pools, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (size_t)(pools[i].last - pools[i].first) + 1;
    return sum;
}

struct el_dhcp_leases *el_dhcp_leases_new(const struct el_dhcp_pool *pools, size_t count,
                                          size_t outside_max,
                                          bool (*skip)(const void *arg, uint32_t ip),
                                          const void *arg)
{
    size_t capacity = addresses(pools, count) + outside_max;
    struct el_dhcp_leases *leases = calloc(1, sizeof *leases + capacity * sizeof leases->all[0]);

    if (!leases)
        return NULL;
    leases->by_ip = el_map_new(sizeof(uint32_t), capacity);
    leases->by_owner = el_map_new(sizeof(struct el_dhcp_identity), capacity);
    if (!leases->by_ip || !leases->by_owner) {
        el_dhcp_leases_free(leases);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        for (uint64_t ip = pools[i].first; ip <= pools[i].last; ip++)
            if (!skip(arg, (uint32_t)ip) && !el_dhcp_leases_at(leases, (uint32_t)ip))
                add(leases, &leases->all[leases->rows++], (uint32_t)ip, pools[i].subnet);
    leases->rows_max = leases->rows + outside_max;
    return leases;
}

void el_dhcp_leases_free(struct el_dhcp_leases *leases)
{
    if (!leases)
        return;
    el_map_free(leases->by_ip);
    el_map_free(leases->by_owner);
    free(leases);
}

/* Gives the row of an address that is not ours any more to another. */
static void drop_unless_ours(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease)
{
    if (!lease->outside || lease->reserved || lease->state != EL_DHCP_FREE)
        return;
    unlink_lease(leases, lease);
    el_map_del(leases->by_ip, &lease->ip);
    if (lease->owner.len)
        el_map_del(leases->by_owner, &lease->owner);
    make_spare(leases, lease);
}

int el_dhcp_leases_reserve(struct el_dhcp_leases *leases, uint32_t ip, uint8_t subnet)
{
    struct el_dhcp_lease *lease = el_map_get(leases->by_ip, &ip);

    if (lease) {
        unlink_lease(leases, lease);
        lease->reserved = true;
        link_lease(leases, lease);
        return 0;
    }
    lease = leases->spare;
    if (lease)
        leases->spare = lease->newer;
    else if (leases->rows < leases->rows_max)
        lease = &leases->all[leases->rows++];
    else
        return EL_EFULL;
    *lease = (struct el_dhcp_lease){.reserved = true, .outside = true};
    add(leases, lease, ip, subnet);
    return 0;
}

void el_dhcp_leases_unreserve(struct el_dhcp_leases *leases, uint32_t ip)
{
    struct el_dhcp_lease *lease = el_map_get(leases->by_ip, &ip);

    if (!lease || !lease->reserved)
        return;
    unlink_lease(leases, lease);
    lease->reserved = false;
    link_lease(leases, lease);
    drop_unless_ours(leases, lease);
}

struct el_dhcp_lease *el_dhcp_leases_at(const struct el_dhcp_leases *leases, uint32_t ip)
{
    return el_map_get(leases->by_ip, &ip);
}

struct el_dhcp_lease *el_dhcp_leases_of(const struct el_dhcp_leases *leases,
                                        const struct el_dhcp_identity *owner)
{
    return owner->len ? el_map_get(leases->by_owner, owner) : NULL;
}

struct el_dhcp_lease *el_dhcp_leases_unused(const struct el_dhcp_leases *leases, uint8_t subnet)
{
    struct el_dhcp_lease *lease = leases->free[subnet].oldest;

    if (lease)
        return lease;
    for (lease = leases->lists[EL_DHCP_DECLINED].oldest; lease; lease = lease->newer)
        if (!lease->reserved && lease->subnet == subnet)
            return lease;
    return NULL;
}

void el_dhcp_leases_each(const struct el_dhcp_leases *leases,
                         void (*each)(void *arg, const struct el_dhcp_lease *lease), void *arg)
{
    for (int state = EL_DHCP_OFFERED; state < EL_DHCP_LEASE_STATES; state++)
        for (const struct el_dhcp_lease *lease = leases->lists[state].oldest; lease;
             lease = lease->newer)
            each(arg, lease);
}

size_t el_dhcp_leases_count(const struct el_dhcp_leases *leases, enum el_dhcp_lease_state state)
{
    size_t count = leases->lists[state].count;

    for (size_t i = 0; i < EL_DHCP_SUBNETS_MAX && state == EL_DHCP_FREE; i++)
        count += leases->free[i].count;
    return count;
}

struct el_dhcp_claim el_dhcp_lease_claim(const struct el_dhcp_lease *lease)
{
    return (struct el_dhcp_claim){lease->state, lease->owner, lease->mac, lease->relay,
                                  lease->until_ns};
}

static void disown(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease)
{
    if (lease->owner.len)
        el_map_del(leases->by_owner, &lease->owner);
    memset(&lease->owner, 0, sizeof lease->owner);
}

void el_dhcp_lease_set(struct el_dhcp_leases *leases, struct el_dhcp_lease *lease,
                       const struct el_dhcp_claim *claim)
{
    struct el_dhcp_lease *other = el_dhcp_leases_of(leases, &claim->owner);

    if (other && other != lease) {
        /* Nobody will come back for it: it is the first to be reused. */
        el_dhcp_lease_set(leases, other, &(struct el_dhcp_claim){.state = EL_DHCP_FREE});
    }
    count_relay(leases, lease, -1);
    unlink_lease(leases, lease);
    disown(leases, lease);
    lease->state = claim->state;
    lease->owner = claim->owner;
    lease->mac = claim->mac;
    lease->relay = claim->relay;
    lease->until_ns = claim->until_ns;
    if (lease->owner.len)
        el_map_put(leases->by_owner, &lease->owner, lease);
    link_lease(leases, lease);
    count_relay(leases, lease, +1);
    drop_unless_ours(leases, lease);
}

uint64_t el_dhcp_leases_expire(struct el_dhcp_leases *leases, uint64_t now_ns)
{
    static const enum el_dhcp_lease_state ending[] = {EL_DHCP_OFFERED, EL_DHCP_BOUND,
                                                      EL_DHCP_DECLINED};
    uint64_t next_ns = EL_NEVER;

    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        struct el_dhcp_lease *lease;
        while ((lease = leases->lists[ending[i]].oldest) != NULL && lease->until_ns <= now_ns) {
            struct el_dhcp_claim claim = el_dhcp_lease_claim(lease);
            claim.state = EL_DHCP_FREE;
            el_dhcp_lease_set(leases, lease, &claim);
        }
        if (lease)
            next_ns = el_earlier(next_ns, lease->until_ns);
    }
    return next_ns;
}

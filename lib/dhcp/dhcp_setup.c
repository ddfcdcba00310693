/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server begins with: its subnets and their addresses, what is reserved, what was kept. */
#include "base/err.h"
#include "dhcp/dhcp_internal.h"

#include <stdlib.h>

enum { LEASE_MIN_S = 60, RESERVATIONS_MAX = 8192 };

/* -- subnets -- */

static bool contains(const struct el_dhcp_subnet *subnet, uint32_t ip)
{
    struct el_ip address = el_ip4(ip);

    return ip && el_prefix_contains(&subnet->prefix, &address);
}

uint8_t el_dhcp_subnet_of(const struct el_dhcp *d, uint32_t ip)
{
    for (uint8_t i = 0; i < d->subnet_count; i++)
        if (contains(&d->subnets[i], ip))
            return i;
    return EL_DHCP_SUBNETS_MAX;
}

bool el_dhcp_is_taken(const void *dhcp, uint32_t ip)
{
    const struct el_dhcp *d = dhcp;
    const struct el_dhcp_config *config = &d->config;
    uint8_t at = el_dhcp_subnet_of(d, ip);

    if (at < EL_DHCP_SUBNETS_MAX) {
        uint32_t mask = el_prefix_mask4(d->subnets[at].prefix.len);
        if ((ip & ~mask) == 0 || (ip | mask) == UINT32_MAX ||
            ip == el_ip4_number(&d->subnets[at].router))
            return true;
    }
    if (ip == d->server)
        return true;
    for (int i = 0; i < EL_DHCP_SERVERS_MAX; i++)
        if (ip == el_ip4_number(&config->dns[i]) || ip == el_ip4_number(&config->ntp[i]))
            return true;
    return false;
}

/* Adds the ranges of SUBNET to POOLS, of which there are *COUNT with *SIZE addresses. */
static int add_ranges(const struct el_dhcp_subnet *subnet, uint8_t at, struct el_dhcp_pool *pools,
                      size_t *count, uint64_t *size, struct el_err *err)
{
    char text[EL_PREFIX_TEXT], first[EL_IP_TEXT], last[EL_IP_TEXT];

    for (size_t i = 0; i < EL_DHCP_RANGES_MAX && subnet->ranges[i].first.family; i++) {
        const struct el_dhcp_range *range = &subnet->ranges[i];
        uint32_t from = el_ip4_number(&range->first), to = el_ip4_number(&range->last);
        el_ip_text(&range->first, first);
        el_ip_text(&range->last, last);
        if (!contains(subnet, from) || !contains(subnet, to) || from > to)
            return el_err(err, EL_EINVAL, "pool %s-%s: not a range within the network %s", first,
                          last, el_prefix_text(&subnet->prefix, text));
        *size += (uint64_t)(to - from) + 1;
        if (*size > EL_DHCP_POOL_MAX)
            return el_err(err, EL_EINVAL, "pool %s-%s: more than %d addresses", first, last,
                          EL_DHCP_POOL_MAX);
        pools[(*count)++] = (struct el_dhcp_pool){.first = from, .last = to, .subnet = at};
    }
    return 0;
}

static int check_prefix(const struct el_dhcp *d, uint8_t at, struct el_err *err)
{
    const struct el_prefix *prefix = &d->subnets[at].prefix;
    char text[EL_PREFIX_TEXT];

    el_prefix_text(prefix, text);
    if (prefix->ip.family != 4 || prefix->len > 30)
        return el_err(err, EL_EINVAL, "network %s: DHCP needs an IPv4 network of /30 or larger",
                      text);
    for (uint8_t i = 0; i < at; i++)
        if (contains(&d->subnets[i], el_ip4_number(&prefix->ip)) ||
            contains(&d->subnets[at], el_ip4_number(&d->subnets[i].prefix.ip)))
            return el_err(err, EL_EEXIST, "network %s: another one has its addresses too", text);
    return 0;
}

static int check(const struct el_dhcp_config *config, struct el_err *err)
{
    if (config->lease_s && config->lease_s < LEASE_MIN_S)
        return el_err(err, EL_EINVAL, "lease of %u s: at least %d", config->lease_s, LEASE_MIN_S);
    if (config->relayed_count >= EL_DHCP_SUBNETS_MAX)
        return el_err(err, EL_EFULL, "at most %d networks behind relays", EL_DHCP_SUBNETS_MAX - 1);
    return 0;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

static void set_defaults(struct el_dhcp_config *config, uint32_t half)
{
    config->lease_s = or_default(config->lease_s, 3600);
    config->offer_s = or_default(config->offer_s, 30);
    config->quarantine_s = or_default(config->quarantine_s, 3600);
    config->offers_max = or_default(config->offers_max, half);
    config->relay_max = or_default(config->relay_max, half);
    config->reservation_max = or_default(config->reservation_max, RESERVATIONS_MAX);
}

static void take_subnets(struct el_dhcp *d)
{
    struct el_dhcp_subnet *own = &d->subnets[0];

    own->prefix = d->config.subnet;
    own->router = d->config.router;
    memcpy(own->ranges, d->config.ranges, sizeof own->ranges);
    for (size_t i = 0; i < d->config.relayed_count; i++)
        d->subnets[1 + i] = d->config.relayed[i];
    d->subnet_count = (uint8_t)(1 + d->config.relayed_count);
}

static int make_leases(struct el_dhcp *d, struct el_err *err)
{
    struct el_dhcp_pool pools[EL_DHCP_SUBNETS_MAX * EL_DHCP_RANGES_MAX];
    char text[EL_PREFIX_TEXT], ip[EL_IP_TEXT];
    size_t count = 0;
    uint64_t size = 0;
    int rc = 0;

    take_subnets(d);
    for (uint8_t i = 0; i < d->subnet_count && rc == 0; i++) {
        rc = check_prefix(d, i, err);
        if (rc == 0 && i == 0 && !contains(&d->subnets[0], d->server))
            rc = el_err(err, EL_EINVAL, "server %s: not in the network %s",
                        el_ip_text(&d->config.server, ip),
                        el_prefix_text(&d->subnets[0].prefix, text));
        if (rc == 0)
            rc = add_ranges(&d->subnets[i], i, pools, &count, &size, err);
    }
    if (rc < 0)
        return rc;
    set_defaults(&d->config, (uint32_t)(size + 1) / 2);
    d->leases = el_dhcp_leases_new(pools, count, d->config.reservation_max, el_dhcp_is_taken, d);
    return d->leases
               ? 0
               : el_err(err, EL_ENOMEM, "out of memory for a pool of %u addresses", (unsigned)size);
}

/* -- coming and going -- */

static int reserve_all(struct el_dhcp *d, struct el_err *err)
{
    char text[EL_IP_TEXT];

    for (size_t i = 0; i < d->config.reservation_count; i++) {
        const struct el_dhcp_reservation *r = &d->config.reservations[i];
        if (r->ip.family && el_dhcp_reservations_at(d->reservations, el_ip4_number(&r->ip)))
            return el_err(err, EL_EEXIST, "reservation %s: given twice", el_ip_text(&r->ip, text));
        int rc = el_dhcp_reserve(d, r, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

struct el_dhcp *el_dhcp_new(const struct el_dhcp_config *config, struct el_err *err)
{
    if (check(config, err) != 0)
        return NULL;
    struct el_dhcp *d = calloc(1, sizeof *d);
    if (!d || !(d->reservations = el_dhcp_reservations_new(
                    or_default(config->reservation_max, RESERVATIONS_MAX)))) {
        free(d);
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    d->config = *config;
    d->server = el_ip4_number(&config->server);
    d->deadline_ns = EL_NEVER;
    for (size_t i = 0; i < config->rule_count; i++)
        d->by_region |= config->rules[i].region[0] != 0;
    if (make_leases(d, err) == 0 && reserve_all(d, err) == 0)
        return d;
    el_dhcp_free(d);
    return NULL;
}

void el_dhcp_free(struct el_dhcp *d)
{
    if (!d)
        return;
    el_dhcp_leases_free(d->leases);
    el_dhcp_reservations_free(d->reservations);
    free(d);
}

/* -- reservations -- */

/* The address that the machine of R had until now is for everybody again. */
static void give_back(struct el_dhcp *d, const struct el_dhcp_reservation *r)
{
    const struct el_dhcp_reservation *old = el_dhcp_reservations_get(d->reservations, r);

    if (old && old->ip.family && !el_ip_equal(&old->ip, &r->ip))
        el_dhcp_leases_unreserve(d->leases, el_ip4_number(&old->ip));
}

int el_dhcp_reserve(struct el_dhcp *d, const struct el_dhcp_reservation *r, struct el_err *err)
{
    uint32_t ip = el_ip4_number(&r->ip);
    uint8_t subnet = el_dhcp_subnet_of(d, ip);
    char text[EL_IP_TEXT];

    el_ip_text(&r->ip, text);
    if (r->ip.family && (subnet == EL_DHCP_SUBNETS_MAX || el_dhcp_is_taken(d, ip)))
        return el_err(err, EL_EINVAL,
                      "reservation %s: not an address that a machine of this network can have",
                      text);
    const struct el_dhcp_reservation *other = el_dhcp_reservations_at(d->reservations, ip);
    const struct el_dhcp_reservation *own = el_dhcp_reservations_get(d->reservations, r);
    if (ip && other && other != own)
        return el_err(err, EL_EEXIST, "reservation %s: it is another machine's", text);
    if (ip && !other && el_dhcp_leases_reserve(d->leases, ip, subnet) != 0)
        return el_err(err, EL_EFULL, "reservation %s: there are %u already", text,
                      d->config.reservation_max);
    give_back(d, r);
    int rc = el_dhcp_reservations_put(d->reservations, r);
    if (rc == 0)
        return 0;
    if (ip && !other)
        el_dhcp_leases_unreserve(d->leases, ip);
    return el_err(err, rc, "reservation %s: %s", text, el_strerror(rc));
}

void el_dhcp_unreserve(struct el_dhcp *d, const struct el_mac *mac)
{
    const struct el_dhcp_reservation nothing = {.mac = *mac};

    if (el_mac_is_zero(mac))
        return;
    give_back(d, &nothing);
    el_dhcp_reservations_remove(d->reservations, &nothing);
}

/* -- what was kept -- */

/* A machine's address outside of the pool stays its own, though what is reserved may be said only
 * later; NULL: it is none that a machine of this network can have. */
static struct el_dhcp_lease *lease_outside(struct el_dhcp *d, uint32_t ip)
{
    uint8_t subnet = el_dhcp_subnet_of(d, ip);

    if (subnet == EL_DHCP_SUBNETS_MAX || el_dhcp_is_taken(d, ip) ||
        el_dhcp_leases_reserve(d->leases, ip, subnet) != 0)
        return NULL;
    return el_dhcp_leases_at(d->leases, ip);
}

void el_dhcp_restore(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s,
                     const struct el_dhcp_record *record)
{
    uint32_t ip = el_ip4_number(&record->ip);
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);
    bool outside = !lease;
    bool declined = record->state == EL_DHCP_DECLINED;
    int64_t most_s = declined ? d->config.quarantine_s : d->config.lease_s;
    int64_t left_s = record->until_s > wall_s ? record->until_s - wall_s : 0;
    struct el_dhcp_claim claim = {
        .state = record->state, .owner = record->owner, .mac = record->mac};

    if (record->owner.len > EL_DHCP_IDENTITY_BYTES)
        return;
    if (outside)
        lease = lease_outside(d, ip);
    if (!lease)
        return;
    if (left_s > most_s)
        left_s = most_s; /* the wall clock went back */
    if (left_s == 0 || (record->state != EL_DHCP_BOUND && !declined))
        claim.state = EL_DHCP_FREE;
    if (declined)
        memset(&claim.owner, 0, sizeof claim.owner);
    claim.until_ns = claim.state == EL_DHCP_FREE ? now_ns : now_ns + (uint64_t)left_s * EL_S;
    el_dhcp_lease_set(d->leases, lease, &claim);
    if (claim.state == EL_DHCP_BOUND)
        el_dhcp_is_fine(lease, now_ns);
    if (outside)
        el_dhcp_leases_unreserve(d->leases, ip);
    d->deadline_ns = el_dhcp_leases_expire(d->leases, now_ns); /* nothing is held yet */
}

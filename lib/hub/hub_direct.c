/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases of spokes on each other: a table that is small enough to be walked. */
#include "hub/hub_direct.h"

#include "base/csprng.h"
#include "base/log.h"
#include "tunnel/tunnel.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES = 2 };

struct side {
    uint8_t key[EL_REGISTRY_KEY_BYTES];
    bool live;                   /* it has said so */
    struct el_endpoint endpoint; /* where the other side was told that it is */
};

struct lease {
    enum { FREE, GRANTED, FAILED } state;
    bool was_live; /* on both sides at once */
    int64_t until_s;
    struct side sides[SIDES];
    uint8_t psk[EL_REGISTRY_KEY_BYTES]; /* zeros unless it is granted */
    unsigned network_count;
    uint32_t networks[EL_REGISTRY_NETWORKS_OF_SPOKE];
};

struct el_hub_direct {
    struct el_hub_direct_config config;
    struct lease *leases; /* secret memory */
};

/* -- who is who -- */

static bool is_key(const struct side *side, const uint8_t *key)
{
    return memcmp(side->key, key, sizeof side->key) == 0;
}

/* Which side of LEASE has KEY, or -1. */
static int side_of(const struct lease *lease, const uint8_t *key)
{
    return lease->state == FREE            ? -1
           : is_key(&lease->sides[0], key) ? 0
           : is_key(&lease->sides[1], key) ? 1
                                           : -1;
}

static struct lease *find(const struct el_hub_direct *d, const uint8_t *a, const uint8_t *b)
{
    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++) {
        int side = side_of(&d->leases[i], a);
        if (side >= 0 && is_key(&d->leases[i].sides[!side], b))
            return &d->leases[i];
    }
    return NULL;
}

static unsigned granted_to(const struct el_hub_direct *d, const uint8_t *key)
{
    unsigned count = 0;

    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++)
        count += d->leases[i].state == GRANTED && side_of(&d->leases[i], key) >= 0;
    return count;
}

/* A place for one more: a free one, or that of one that failed the longest ago. */
static struct lease *place(const struct el_hub_direct *d)
{
    struct lease *oldest = NULL;

    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++) {
        struct lease *lease = &d->leases[i];
        if (lease->state == FREE)
            return lease;
        if (lease->state == FAILED && (!oldest || lease->until_s < oldest->until_s))
            oldest = lease;
    }
    return oldest;
}

/* -- what may be -- */

static const struct el_registry_spoke *enrolled(const struct el_hub_direct *d, const uint8_t *key)
{
    const struct el_registry_spoke *spoke = el_registry_spoke_by_key(d->config.registry, key);

    return spoke && spoke->state == EL_REGISTRY_ENROLLED ? spoke : NULL;
}

static bool is_published(const struct el_registry_membership *list, unsigned count, uint32_t vni)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].vni == vni)
            return list[i].published;
    return false;
}

/* The networks that are published to both; how many. */
static unsigned common(const struct el_hub_direct *d, const struct side sides[SIDES],
                       uint32_t networks[EL_REGISTRY_NETWORKS_OF_SPOKE])
{
    struct el_registry_membership lists[SIDES][EL_REGISTRY_NETWORKS_OF_SPOKE];
    unsigned counts[SIDES], count = 0;

    for (unsigned i = 0; i < SIDES; i++) {
        const struct el_registry_spoke *spoke = enrolled(d, sides[i].key);
        if (!spoke)
            return 0;
        counts[i] = el_registry_memberships(d->config.registry, spoke, lists[i]);
    }
    for (unsigned i = 0; i < counts[0]; i++)
        if (lists[0][i].published && is_published(lists[1], counts[1], lists[0][i].vni))
            networks[count++] = lists[0][i].vni;
    return count;
}

/* Where the spoke of KEY can be called: not where UDP does not reach, nor at port 0, from which a
 * spoke can send, but which nobody can call (RFC 768), and which no other spoke takes for a place.
 */
static int where(const struct el_hub_direct *d, const uint8_t *key, struct el_endpoint *endpoint)
{
    int rc = d->config.where(d->config.arg, key, endpoint);
    bool can = rc < 0 || (endpoint->carrier == EL_CARRIER_UDP && endpoint->port != 0);

    return can ? rc : EL_ENOENT;
}

/* Plain WireGuard is spoken to who may be no el2w, and has nobody to ask for it. */
static bool may_have_one(const struct el_hub_direct *d, const uint8_t *key)
{
    const struct el_registry_spoke *spoke = enrolled(d, key);
    struct el_endpoint endpoint;

    return spoke && spoke->wire != EL_TUNNEL_STANDARD && where(d, key, &endpoint) == 0 &&
           granted_to(d, key) < EL_HUB_DIRECT_OF_SPOKE;
}

/* -- from beginning to end -- */

static void nudge_one(const struct el_hub_direct *d, const struct side *side)
{
    const struct el_registry_spoke *spoke = enrolled(d, side->key);

    if (spoke)
        d->config.nudge(d->config.arg, &spoke->ip);
}

static void nudge_both(const struct el_hub_direct *d, const struct lease *lease)
{
    for (unsigned i = 0; i < SIDES; i++)
        nudge_one(d, &lease->sides[i]);
}

static void log_lease(const struct el_hub_direct *d, const struct lease *lease, const char *what)
{
    const struct el_registry *registry = d->config.registry;
    const struct el_registry_spoke *a = el_registry_spoke_by_key(registry, lease->sides[0].key),
                                   *b = el_registry_spoke_by_key(registry, lease->sides[1].key);

    EL_LOG(EL_LOG_INFO, "node", what, EL_STR("spoke", a ? a->name : NULL),
           EL_STR("peer", b ? b->name : NULL));
}

void el_hub_direct_relayed(struct el_hub_direct *d, const uint8_t from[EL_REGISTRY_KEY_BYTES],
                           const uint8_t to[EL_REGISTRY_KEY_BYTES], int64_t now_s)
{
    struct lease made = {.state = GRANTED, .until_s = now_s + EL_HUB_DIRECT_LEASE_S};

    if (memcmp(from, to, EL_REGISTRY_KEY_BYTES) == 0 || find(d, from, to) ||
        !may_have_one(d, from) || !may_have_one(d, to))
        return;
    memcpy(made.sides[0].key, from, EL_REGISTRY_KEY_BYTES);
    memcpy(made.sides[1].key, to, EL_REGISTRY_KEY_BYTES);
    made.network_count = common(d, made.sides, made.networks);
    struct lease *lease = made.network_count > 0 ? place(d) : NULL;
    if (!lease)
        return;
    *lease = made;
    for (unsigned i = 0; i < SIDES; i++)
        (void)where(d, lease->sides[i].key, &lease->sides[i].endpoint);
    el_random(lease->psk, sizeof lease->psk);
    log_lease(d, lease, "direct-granted");
    nudge_both(d, lease);
}

/* How long LEASE is good, or remembered, from NOW on: if the clock was set back, no longer than one
 * that begins now. */
static int64_t left_s(const struct lease *lease, int64_t now_s)
{
    int64_t most = lease->state == FAILED ? EL_HUB_DIRECT_AGAIN_S : EL_HUB_DIRECT_LEASE_S;
    int64_t left = lease->until_s - now_s;

    return left < 0 ? 0 : left < most ? left : most;
}

/* One that has failed is remembered, so that it is not tried all the time. */
static void end(struct el_hub_direct *d, struct lease *lease, bool failed, int64_t now_s)
{
    if (lease->state == GRANTED) {
        sodium_memzero(lease->psk, sizeof lease->psk);
        log_lease(d, lease, failed ? "direct-failed" : "direct-ended");
        nudge_both(d, lease);
    }
    if (!failed || lease->state == FAILED) {
        *lease = (struct lease){.state = FREE};
        return;
    }
    lease->state = FAILED;
    lease->until_s = now_s + EL_HUB_DIRECT_AGAIN_S;
}

static bool is_live(const struct lease *lease)
{
    return lease->sides[0].live && lease->sides[1].live;
}

int el_hub_direct_report(struct el_hub_direct *d, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                         const uint8_t peer[EL_REGISTRY_KEY_BYTES], bool live, bool used,
                         int64_t now_s)
{
    struct lease *lease = find(d, key, peer);

    if (!lease || lease->state != GRANTED)
        return EL_ENOENT;
    bool was = is_live(lease);
    lease->sides[side_of(lease, key)].live = live;
    if (is_live(lease) != was)
        log_lease(d, lease, was ? "relayed" : "direct");
    lease->was_live |= is_live(lease);
    if (is_live(lease) && used)
        lease->until_s = now_s + EL_HUB_DIRECT_LEASE_S;
    return 0;
}

void el_hub_direct_moved(struct el_hub_direct *d, const uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    struct el_endpoint now;

    if (where(d, key, &now) < 0)
        return;
    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++) {
        struct lease *lease = &d->leases[i];
        int side = lease->state == GRANTED ? side_of(lease, key) : -1;
        if (side < 0 || el_endpoint_equal(&lease->sides[side].endpoint, &now))
            continue;
        lease->sides[side].endpoint = now;
        nudge_one(d, &lease->sides[!side]);
    }
}

void el_hub_direct_revise(struct el_hub_direct *d, int64_t now_s)
{
    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++) {
        struct lease *lease = &d->leases[i];
        uint32_t networks[EL_REGISTRY_NETWORKS_OF_SPOKE];
        if (lease->state != GRANTED)
            continue;
        unsigned count = common(d, lease->sides, networks);
        if (count == lease->network_count &&
            memcmp(networks, lease->networks, count * sizeof *networks) == 0)
            continue;
        lease->network_count = count;
        memcpy(lease->networks, networks, count * sizeof *networks);
        if (count > 0)
            nudge_both(d, lease);
        else
            end(d, lease, false, now_s);
    }
}

void el_hub_direct_tick(struct el_hub_direct *d, int64_t now_s)
{
    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++) {
        struct lease *lease = &d->leases[i];
        if (lease->state == FREE)
            continue;
        if (now_s >= lease->until_s)
            end(d, lease, !lease->was_live, now_s);
        else
            lease->until_s = now_s + left_s(lease, now_s);
    }
}

int64_t el_hub_direct_deadline_s(const struct el_hub_direct *d)
{
    int64_t due_s = INT64_MAX;

    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES; i++)
        if (d->leases[i].state != FREE && d->leases[i].until_s < due_s)
            due_s = d->leases[i].until_s;
    return due_s;
}

/* -- as a spoke has it -- */

static void show(const struct el_hub_direct *d, const struct lease *lease, int side, int64_t now_s,
                 struct el_hub_direct_lease *shown)
{
    const uint8_t *key = lease->sides[!side].key;
    const struct el_registry_spoke *self = enrolled(d, lease->sides[side].key);

    *shown = (struct el_hub_direct_lease){
        .peer = enrolled(d, key),
        .psk = lease->psk,
        .live = is_live(lease),
        .left_s = left_s(lease, now_s),
        .network_count = lease->network_count,
    };
    memcpy(shown->networks, lease->networks, sizeof shown->networks);
    if (!self || !shown->peer || where(d, key, &shown->endpoint) < 0)
        shown->endpoint = (struct el_endpoint){.port = 0};
    bool fast =
        self && shown->peer && self->wire == EL_TUNNEL_FAST && shown->peer->wire == EL_TUNNEL_FAST;
    shown->wire = fast ? EL_TUNNEL_FAST : EL_TUNNEL_COMPACT;
}

unsigned el_hub_direct_leases(const struct el_hub_direct *d,
                              const uint8_t key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                              struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE])
{
    unsigned count = 0;

    for (unsigned i = 0; i < EL_HUB_DIRECT_LEASES && count < EL_HUB_DIRECT_OF_SPOKE; i++) {
        const struct lease *lease = &d->leases[i];
        int side = lease->state == GRANTED ? side_of(lease, key) : -1;
        if (side < 0)
            continue;
        show(d, lease, side, now_s, &leases[count]);
        count += leases[count].peer != NULL;
    }
    return count;
}

/* -- the whole -- */

int el_hub_direct_new(const struct el_hub_direct_config *config, struct el_hub_direct **result,
                      struct el_err *err)
{
    struct el_hub_direct *d = calloc(1, sizeof *d);

    if (d) {
        d->config = *config;
        d->leases = sodium_allocarray(EL_HUB_DIRECT_LEASES, sizeof *d->leases);
    }
    if (!d || !d->leases) {
        free(d);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    memset(d->leases, 0, EL_HUB_DIRECT_LEASES * sizeof *d->leases);
    *result = d;
    return 0;
}

void el_hub_direct_free(struct el_hub_direct *d)
{
    if (!d)
        return;
    sodium_free(d->leases);
    free(d);
}

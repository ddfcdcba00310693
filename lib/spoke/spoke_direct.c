/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The direct ways of a spoke: a list that is compared with the next one. */
#include "spoke/spoke_direct.h"

#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct way {
    struct el_spoke_peer peer; /* secret */
    struct el_spoke_way way;
    uint64_t until_ms; /* on the loop's clock */
};

struct el_spoke_direct {
    struct el_spoke_direct_config config;
    struct el_manage_client *tunnel;
    unsigned count;
    struct way ways[EL_SPOKE_PEERS];
    uv_timer_t *over, *gather;
};

/* -- the tunnel -- */

static void on_done(void *arg, int code, const char *text)
{
    (void)arg;
    if (code < 0 && code != EL_ECLOSED && code != EL_ENOENT)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-refuses", EL_STR("error", text));
}

static void ask(struct el_spoke_direct *d, struct el_manage_message *message)
{
    int rc = d->tunnel ? el_manage_client_ask(d->tunnel, message, NULL, on_done, d) : EL_ECLOSED;

    if (rc < 0 && rc != EL_ECLOSED)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-untold", EL_STR("error", el_strerror(rc)));
    sodium_memzero(message, sizeof *message);
}

static void set_peer(struct el_spoke_direct *d, const struct el_spoke_peer *peer)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_SET};
    struct el_manage_peer *wanted = &message.peer;

    memcpy(wanted->name, peer->name, sizeof wanted->name);
    memcpy(wanted->key, peer->key, sizeof wanted->key);
    memcpy(wanted->psk, peer->psk, sizeof wanted->psk);
    wanted->ip = peer->address;
    wanted->keepalive_s = EL_SPOKE_DIRECT_KEEPALIVE_S;
    wanted->wire = peer->wire;
    wanted->role = EL_MANAGE_SHORTCUT;
    wanted->endpoint = peer->endpoint;
    wanted->membership_count = peer->network_count;
    for (unsigned i = 0; i < peer->network_count; i++)
        wanted->memberships[i] =
            (struct el_manage_membership){.vni = peer->networks[i], .published = true};
    ask(d, &message);
}

static void remove_peer(struct el_spoke_direct *d, const struct el_spoke_peer *peer)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_REMOVE};

    memcpy(message.key, peer->key, sizeof message.key);
    ask(d, &message);
}

/* -- what is told -- */

static void on_gathered(uv_timer_t *timer)
{
    struct el_spoke_direct *d = timer->data;
    struct el_spoke_way ways[EL_SPOKE_PEERS];

    for (unsigned i = 0; i < d->count; i++) {
        ways[i] = d->ways[i].way;
        d->ways[i].way.used = false;
    }
    if (d->count > 0)
        d->config.tell(d->config.arg, ways, d->count);
}

static struct way *find(struct el_spoke_direct *d, const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    for (unsigned i = 0; i < d->count; i++)
        if (memcmp(d->ways[i].peer.key, key, EL_TUNNEL_KEY_BYTES) == 0)
            return &d->ways[i];
    return NULL;
}

void el_spoke_direct_notice(struct el_spoke_direct *d, const struct el_manage_direct *notice)
{
    struct way *way = find(d, notice->key);

    if (!way)
        return; /* of one that was there before */
    way->way.live = notice->live;
    way->way.used |= notice->used;
    if (!uv_is_active((uv_handle_t *)d->gather))
        uv_timer_start(d->gather, on_gathered, EL_SPOKE_DIRECT_GATHER_MS, 0);
}

/* -- what is granted -- */

static void forget(struct el_spoke_direct *d, unsigned i)
{
    remove_peer(d, &d->ways[i].peer);
    d->ways[i] = d->ways[--d->count];
    sodium_memzero(&d->ways[d->count], sizeof d->ways[d->count]);
}

static void on_over(uv_timer_t *timer);

/* Looks again when the first of them is over. */
static void arm(struct el_spoke_direct *d)
{
    uint64_t now_ms = uv_now(d->config.loop), first_ms = UINT64_MAX;

    for (unsigned i = 0; i < d->count; i++)
        if (d->ways[i].until_ms < first_ms)
            first_ms = d->ways[i].until_ms;
    if (d->count == 0)
        uv_timer_stop(d->over);
    else
        uv_timer_start(d->over, on_over, first_ms > now_ms ? first_ms - now_ms : 0, 0);
}

static void on_over(uv_timer_t *timer)
{
    struct el_spoke_direct *d = timer->data;

    for (unsigned i = d->count; i-- > 0;)
        if (uv_now(d->config.loop) >= d->ways[i].until_ms)
            forget(d, i);
    arm(d);
}

/* Whether the tunnel has to be told; how long it is good is not its business. */
static bool is_same(const struct el_spoke_peer *a, const struct el_spoke_peer *b)
{
    return strcmp(a->name, b->name) == 0 && memcmp(a->psk, b->psk, sizeof a->psk) == 0 &&
           el_ip_equal(&a->address, &b->address) && a->wire == b->wire &&
           el_endpoint_equal(&a->endpoint, &b->endpoint) && a->network_count == b->network_count &&
           memcmp(a->networks, b->networks, a->network_count * sizeof *a->networks) == 0;
}

static void grant(struct el_spoke_direct *d, const struct el_spoke_peer *peer)
{
    struct way *way = find(d, peer->key);
    bool same = way && is_same(&way->peer, peer);

    if (!way) {
        way = &d->ways[d->count++]; /* as many as a list has */
        memcpy(way->way.key, peer->key, sizeof way->way.key);
    }
    way->peer = *peer;
    way->until_ms = uv_now(d->config.loop) + (uint64_t)peer->for_s * 1000;
    if (!same)
        set_peer(d, peer);
}

void el_spoke_direct_set(struct el_spoke_direct *d, const struct el_spoke_peers *peers)
{
    for (unsigned i = d->count; i-- > 0;)
        if (!el_spoke_peers_find(peers, d->ways[i].peer.key))
            forget(d, i);
    for (unsigned i = 0; i < peers->count; i++)
        grant(d, &peers->items[i]);
    arm(d);
}

void el_spoke_direct_repeat(struct el_spoke_direct *d)
{
    for (unsigned i = 0; i < d->count; i++)
        set_peer(d, &d->ways[i].peer);
}

void el_spoke_direct_tell(struct el_spoke_direct *d)
{
    for (unsigned i = 0; i < d->count; i++)
        d->ways[i].way.live = false;
    el_spoke_direct_repeat(d);
}

/* -- beginning and end -- */

void el_spoke_direct_attach(struct el_spoke_direct *d, struct el_manage_client *tunnel)
{
    d->tunnel = tunnel;
}

static uv_timer_t *new_timer(struct el_spoke_direct *d)
{
    uv_timer_t *timer = calloc(1, sizeof *timer);

    if (timer) {
        uv_timer_init(d->config.loop, timer);
        timer->data = d;
    }
    return timer;
}

int el_spoke_direct_new(const struct el_spoke_direct_config *config,
                        struct el_spoke_direct **result, struct el_err *err)
{
    struct el_spoke_direct *d = calloc(1, sizeof *d);

    if (d) {
        d->config = *config;
        d->over = new_timer(d);
        d->gather = new_timer(d);
    }
    if (!d || !d->over || !d->gather) {
        el_spoke_direct_free(d);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    *result = d;
    return 0;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void el_spoke_direct_free(struct el_spoke_direct *d)
{
    if (!d)
        return;
    if (d->over)
        uv_close((uv_handle_t *)d->over, free_handle);
    if (d->gather)
        uv_close((uv_handle_t *)d->gather, free_handle);
    sodium_memzero(d, sizeof *d);
    free(d);
}

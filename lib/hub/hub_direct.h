/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may see whom directly: the hub's side of hole punching.
 *
 * The tunnel says between which two spokes much goes through it. If both are in a network that is
 * published to both, they get a *lease* on each other: GET /v1/self tells each where the other was
 * seen, its key, and a pre-shared key of the two that is made here and kept nowhere else. Both are
 * nudged, so both call at about the same time, which is what opens their NATs to each other
 * (RFC 5128 §3.3).
 *
 *     relayed --> granted --live--> in use --used--> ... (again for EL_HUB_DIRECT_LEASE_S)
 *                    |                 |
 *                    |                 +-- not used any more: it ends; a new one may follow
 *                    +-- never live on both sides: not again for EL_HUB_DIRECT_AGAIN_S
 *
 * A lease is for the networks that are published to both at any moment. When there is none left, it
 * ends, both are nudged, and each stops at once; should one not hear it, the other one's stop is
 * enough. A hub that is started again has granted nothing: the spokes' next question ends what they
 * have, and what goes through the hub then begins it anew.
 *
 * Pure, but for its callbacks: who owns it has the clock (wall, seconds).
 */
#ifndef EL_HUB_HUB_DIRECT_H
#define EL_HUB_HUB_DIRECT_H

#include "base/addr.h"
#include "base/err.h"
#include "registry/registry.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_HUB_DIRECT_LEASES = 2048, /* at once, with those that have failed */
    EL_HUB_DIRECT_OF_SPOKE = 16, /* granted to one spoke at once */
    EL_HUB_DIRECT_LEASE_S = 60,  /* from its grant, or its last use */
    EL_HUB_DIRECT_AGAIN_S = 600, /* after one that was never live */
};

struct el_hub_direct;

struct el_hub_direct_config {
    const struct el_registry *registry; /* lives longer */
    /* Where the spoke of KEY is now, outside the tunnel: 0, or EL_ENOENT. */
    int (*where)(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES], struct el_endpoint *endpoint);
    /* The spoke at IP, in the tunnel, should ask. */
    void (*nudge)(void *arg, const struct el_ip *ip);
    void *arg;
};

int el_hub_direct_new(const struct el_hub_direct_config *config, struct el_hub_direct **direct,
                      struct el_err *err);
void el_hub_direct_free(struct el_hub_direct *direct); /* wipes all keys; NULL is allowed */

/* Much goes from one peer of the tunnel to another: a lease is granted if it may be. */
void el_hub_direct_relayed(struct el_hub_direct *direct, const uint8_t from[EL_REGISTRY_KEY_BYTES],
                           const uint8_t to[EL_REGISTRY_KEY_BYTES], int64_t now_s);

/* What the spoke of KEY says of its way to PEER. What one says alone is no use: it would keep the
 * other calling wherever it has last been seen. EL_ENOENT: it has no lease on it. */
int el_hub_direct_report(struct el_hub_direct *direct, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                         const uint8_t peer[EL_REGISTRY_KEY_BYTES], bool live, bool used,
                         int64_t now_s);

/* The spoke of KEY may be somewhere else by now: those who call it should ask where. */
void el_hub_direct_moved(struct el_hub_direct *direct, const uint8_t key[EL_REGISTRY_KEY_BYTES]);

/* The registry has changed: what may not be any more ends. */
void el_hub_direct_revise(struct el_hub_direct *direct, int64_t now_s);

/* Ends what is over. */
void el_hub_direct_tick(struct el_hub_direct *direct, int64_t now_s);
int64_t
el_hub_direct_deadline_s(const struct el_hub_direct *direct); /* INT64_MAX: nothing is due */

/* A lease as one of its spokes has it, on the other. */
struct el_hub_direct_lease {
    const struct el_registry_spoke *peer;
    const uint8_t *psk;          /* secret; valid until the next change */
    uint8_t wire;                /* enum el_tunnel_wire */
    struct el_endpoint endpoint; /* family 0: the peer is not there now */
    bool live;                   /* as both have said */
    int64_t left_s;              /* how long it is good, if it is not used */
    unsigned network_count;
    uint32_t networks[EL_REGISTRY_NETWORKS_OF_SPOKE]; /* VNIs */
};

/* Those of the spoke of KEY; how many. */
unsigned el_hub_direct_leases(const struct el_hub_direct *direct,
                              const uint8_t key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                              struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE]);

#endif

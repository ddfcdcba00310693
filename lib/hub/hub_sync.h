/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the tunnel and the supervisor as the registry says: its effects go out from here, over the
 * channel to the tunnel (link/manage.h) and that to the supervisor (hub/errand.h), and what
 * becomes of them comes back as the states of ports.
 *
 * Either of the two may be restarted at any time, and so may we: whoever is new is told everything.
 */
#ifndef EL_HUB_HUB_SYNC_H
#define EL_HUB_HUB_SYNC_H

#include "base/addr.h"
#include "base/err.h"
#include "enrol/second_factor.h"
#include "hub/errand.h"
#include "link/manage.h"
#include "registry/registry.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct el_hub_sync;

/* How it stands with a peer of the tunnel. */
struct el_hub_peer {
    uint8_t key[EL_REGISTRY_KEY_BYTES];
    bool up;
    int64_t since_s;             /* of up; 0: it has not been heard of since we started */
    struct el_endpoint endpoint; /* where it is or was; family 0: not known */
    unsigned loop_count;
    struct el_manage_loop loops[EL_MANAGE_NETWORKS]; /* what it is shut out of */
};

/* Two peers that bridge the same LAN in network VNI: OUT is shut out of it, and IN carries (zeros:
 * it has gone). */
struct el_hub_loop {
    uint32_t vni;
    uint8_t out[EL_REGISTRY_KEY_BYTES], in[EL_REGISTRY_KEY_BYTES];
};

struct el_hub_sync_config {
    uv_loop_t *loop;
    int manage, errand; /* descriptors, ours from now on */
    unsigned lanes;     /* queues that each network's port has to have */
    uint64_t retry_ms;  /* after a network has failed, first; 0: a second */
    int64_t (*wall_s)(void *arg);
    /* The tunnel has been told everything, and has done it. Again whenever it starts. */
    void (*complete)(void *arg);
    /* A peer has come, gone or moved. */
    void (*peer)(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                 const struct el_hub_peer *peer);
    /* What the second factor's program said about whom el_hub_sync_ask() has asked: see
     * hub/hub_program.h. */
    void (*answered)(void *arg, const struct el_errand_question *question,
                     enum el_enrol_program said);
    /* A loop has been found and cut, or has ended. */
    void (*looped)(void *arg, const struct el_hub_loop *loop, bool ended);
    /* The tunnel has taken in what the registry says of a peer. */
    void (*peer_set)(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES]);
    /* The channel of orders to the boot service of network VNI: FD is the callee's. NULL: nobody
     * wants it. */
    void (*orders)(void *arg, uint32_t vni, int fd);
    /* Likewise the memory of its last frames (timeline/recent.h). */
    void (*recent)(void *arg, uint32_t vni, int fd);
    /* Much goes through us from one to the other. */
    void (*relayed)(void *arg, const uint8_t from[EL_REGISTRY_KEY_BYTES],
                    const uint8_t to[EL_REGISTRY_KEY_BYTES]);
    void *arg;
};

int el_hub_sync_new(const struct el_hub_sync_config *config, struct el_hub_sync **sync,
                    struct el_err *err);

/* Before the loop is closed, which has to run once more. NULL is allowed. */
void el_hub_sync_free(struct el_hub_sync *sync);

/* The registry, which lives longer, tells its effects to el_hub_sync_effect(); from now on ports
 * are reported to it, and who starts is told what it says. */
void el_hub_sync_start(struct el_hub_sync *sync, struct el_registry *registry);
void el_hub_sync_effect(struct el_hub_sync *sync, const struct el_registry_effect *effect);

/* Has the supervisor run the second factor's program, as soon as it is known where it is asked from
 * (question.from). 0, and ANSWERED comes (but for a supervisor or a peer that goes); or an error.
 */
int el_hub_sync_ask(struct el_hub_sync *sync, const struct el_errand_question *question,
                    struct el_err *err);

/* The hub's own address in network VNI: 0, or EL_ENOENT while it has no port there. */
int el_hub_sync_own(struct el_hub_sync *sync, uint32_t vni, struct el_mac *mac);

/* False if KEY is no peer that was ever up. */
bool el_hub_sync_peer(const struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                      struct el_hub_peer *peer);

/* The loops that the peer of KEY has a part in, either one: how many there are in LOOPS, which has
 * room for MAX. */
unsigned el_hub_sync_loops(const struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                           struct el_hub_loop *loops, unsigned max);

#endif

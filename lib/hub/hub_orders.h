/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control's end of the channels to boot services (service/orders.h): what the registry wants of
 * machines goes out, and what has happened comes back, into the registry as far as it has to
 * survive, and into the lives that the API shows.
 *
 * Each service is told everything when it says hello, and changes as they are made. If its channel
 * is full, it is told everything once more when there is room: nobody waits for it.
 */
#ifndef EL_HUB_HUB_ORDERS_H
#define EL_HUB_HUB_ORDERS_H

#include "base/err.h"
#include "hub/hub_lives.h"
#include "registry/registry.h"
#include "service/orders.h"

#include <uv.h>

struct el_hub_orders;

struct el_hub_orders_config {
    uv_loop_t *loop;
    struct el_registry *registry; /* lives longer, as the lives do */
    struct el_hub_lives *lives;
    struct el_order_policy policy; /* its regions: spokes that the registry knows nothing of */
    int64_t (*wall_s)(void *arg);
    /* Fills in profile number I, whose document is the callee's new reference; false: there are no
     * more. NULL: there are none. */
    bool (*profile)(void *arg, size_t i, struct el_order_profile *profile);
    /* A life has changed from BEFORE (NULL: it is new). NULL is allowed, as below. */
    void (*life)(void *arg, uint32_t vni, const struct el_life *life, const struct el_life *before);
    void (*step)(void *arg, uint32_t vni, const struct el_order_step *step);
    void (*server)(void *arg, uint32_t vni, const struct el_order_server *server);
    void *arg;
};

int el_hub_orders_new(const struct el_hub_orders_config *config, struct el_hub_orders **orders,
                      struct el_err *err);
/* Before the loop is closed, which has to run once more. NULL is allowed. */
void el_hub_orders_free(struct el_hub_orders *orders);

/* FD, which is ours from now on, leads to the boot service of network VNI; it replaces what did. */
void el_hub_orders_channel(struct el_hub_orders *orders, uint32_t vni, int fd);

/* An effect of the registry's. */
void el_hub_orders_effect(struct el_hub_orders *orders, const struct el_registry_effect *effect);

/* Profiles have changed: everything is told again. */
void el_hub_orders_again(struct el_hub_orders *orders);

#endif

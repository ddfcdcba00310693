/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timelines of all machines of a hub, as their boot services tell them (service/orders.h): the
 * last steps of each for who asks, and all of them in a ring of events for who watches. In memory
 * alone: who was started anew is told again.
 */
#ifndef EL_HUB_HUB_TIMELINE_H
#define EL_HUB_HUB_TIMELINE_H

#include "control/events.h"
#include "registry/registry.h"
#include "service/orders.h"
#include "timeline/timeline.h"

enum {
    EL_HUB_TIMELINE_MACHINES = 4096, /* each of 16 KB, when it is seen */
    EL_HUB_TIMELINE_STEPS = 4096,    /* that one who watches may be behind */
};

struct el_hub_timeline;

/* EPOCH is this life of the process, as in el_events_new(). The registry, which lives longer, has
 * the names. NULL: out of memory. */
struct el_hub_timeline *el_hub_timeline_new(const struct el_registry *registry, uint64_t epoch);
void el_hub_timeline_free(struct el_hub_timeline *timeline); /* NULL is allowed */

/* The ring of steps, for the API's configuration. */
struct el_events *el_hub_timeline_events(const struct el_hub_timeline *timeline);

/* A step has come from the boot service of network VNI. */
void el_hub_timeline_put(struct el_hub_timeline *timeline, uint32_t vni,
                         const struct el_order_step *step);

/* The steps of MAC in all networks, the oldest first, as a new array; NULL: out of memory. */
json_t *el_hub_timeline_json(const struct el_hub_timeline *timeline, const struct el_mac *mac);

/* Whether anything is known of MAC. */
bool el_hub_timeline_knows(const struct el_hub_timeline *timeline, const struct el_mac *mac);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that are kept, and shown. */
#include "hub/hub_timeline.h"

#include <stdlib.h>

struct el_hub_timeline {
    const struct el_registry *registry;
    struct el_timeline *machines;
    struct el_events *events;
};

struct el_hub_timeline *el_hub_timeline_new(const struct el_registry *registry, uint64_t epoch)
{
    const struct el_timeline_config config = {.machines = EL_HUB_TIMELINE_MACHINES};
    struct el_hub_timeline *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->registry = registry;
    t->machines = el_timeline_new(&config);
    t->events = el_events_new(EL_HUB_TIMELINE_STEPS, epoch);
    if (t->machines && t->events)
        return t;
    el_hub_timeline_free(t);
    return NULL;
}

void el_hub_timeline_free(struct el_hub_timeline *t)
{
    if (!t)
        return;
    el_timeline_free(t->machines);
    el_events_free(t->events);
    free(t);
}

struct el_events *el_hub_timeline_events(const struct el_hub_timeline *t)
{
    return t->events;
}

/* -- as JSON -- */

static void put_transfer(json_t *object, const struct el_timeline_step *step)
{
    json_object_set_new(object, "done", json_integer((json_int_t)step->done));
    if (step->total)
        json_object_set_new(object, "total", json_integer((json_int_t)step->total));
}

static json_t *step_json(const struct el_hub_timeline *t, const struct el_timeline_step *step)
{
    const struct el_registry_network *network = el_registry_network_by_vni(t->registry, step->vni);
    const struct el_registry_machine *machine = el_registry_machine(t->registry, &step->mac);
    char mac[EL_MAC_TEXT];
    json_t *object = json_pack(
        "{s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I}", "mac", el_mac_text(&step->mac, mac), "network",
        network ? network->name : "", "id", (json_int_t)step->id, "boot", (json_int_t)step->boot,
        "kind", el_timeline_kind_name(step->kind), "count", (json_int_t)step->count, "began_ms",
        (json_int_t)step->began_ms, "last_ms", (json_int_t)step->last_ms);

    if (object && machine && machine->name[0])
        json_object_set_new(object, "name", el_json_string(machine->name));
    if (object && step->text[0])
        json_object_set_new(object, "text", el_json_string(step->text));
    if (object && step->state != EL_TIMELINE_MOMENT)
        json_object_set_new(object, "state", json_string(el_timeline_state_name(step->state)));
    if (object && step->state != EL_TIMELINE_MOMENT)
        put_transfer(object, step);
    return object;
}

void el_hub_timeline_put(struct el_hub_timeline *t, uint32_t vni, const struct el_order_step *order)
{
    struct el_timeline_step step = order->step;

    step.vni = vni;
    const struct el_timeline_step *kept = el_timeline_keep(t->machines, order->source, &step);
    if (kept)
        el_events_put(t->events, kept->last_ms / 1000, "step", step_json(t, kept));
}

json_t *el_hub_timeline_json(const struct el_hub_timeline *t, const struct el_mac *mac)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];
    json_t *list = json_array();

    for (size_t i = 0; list && i < el_registry_network_count(t->registry); i++) {
        uint32_t vni = el_registry_network_at(t->registry, i)->vni;
        size_t count = el_timeline_steps(t->machines, vni, mac, steps);
        for (size_t j = 0; j < count; j++)
            json_array_append_new(list, step_json(t, steps[j]));
    }
    return list;
}

bool el_hub_timeline_knows(const struct el_hub_timeline *t, const struct el_mac *mac)
{
    for (size_t i = 0; i < el_registry_network_count(t->registry); i++)
        if (el_timeline_last(t->machines, el_registry_network_at(t->registry, i)->vni, mac))
            return true;
    return false;
}

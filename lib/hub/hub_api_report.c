/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What spokes say that they have made of their networks (POST /v1/self). It is theirs to say, and
 * for the operator to see; nothing is decided by it. It is not kept: a spoke says it again.
 */
#include "hub/hub_api_internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* -- what is known -- */

static const struct el_agent_port *find(const struct el_agent_report *report, uint32_t vni)
{
    for (unsigned i = 0; i < report->count; i++)
        if (report->ports[i].vni == vni)
            return &report->ports[i];
    return NULL;
}

const struct el_agent_port *el_hub_reported(const struct el_node_hub_api *hub,
                                            const struct el_registry_spoke *spoke, uint32_t vni)
{
    const struct el_agent_report *report = el_map_get(hub->reports, spoke->key);

    return report ? find(report, vni) : NULL;
}

void el_hub_forget_reports(struct el_node_hub_api *hub)
{
    size_t cursor = 0;

    for (void *report; hub->reports && (report = el_map_next(hub->reports, &cursor));)
        free(report);
    el_map_free(hub->reports);
    hub->reports = NULL;
}

/* -- what is new -- */

static void say_problem(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                        const struct el_registry_network *network, const char *problem,
                        int64_t now_s)
{
    EL_LOG(EL_LOG_WARN, "node", "spoke-problem", EL_STR("spoke", spoke->name),
           EL_STR("network", network->name), EL_STR("why", problem));
    if (hub->config.events)
        el_events_put(hub->config.events, now_s, "spoke-problem",
                      json_pack("{s:o, s:s, s:s, s:s}", "time", el_json_time(now_s), "spoke",
                                spoke->name, "network", network->name, "why", problem));
}

/* Of networks that it is in. */
static void say_problems(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                         const struct el_agent_report *before, const struct el_agent_report *now,
                         int64_t now_s)
{
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    unsigned count = el_registry_memberships(hub->registry, spoke, m);

    for (unsigned i = 0; i < count; i++) {
        const struct el_agent_port *port = find(now, m[i].vni), *was = find(before, m[i].vni);
        if (port && port->problem[0] && !(was && strcmp(was->problem, port->problem) == 0))
            say_problem(hub, spoke, el_registry_network_by_vni(hub->registry, m[i].vni),
                        port->problem, now_s);
    }
}

static struct el_agent_report *report_of(struct el_node_hub_api *hub,
                                         const struct el_registry_spoke *spoke)
{
    struct el_agent_report *report = el_map_get(hub->reports, spoke->key);

    if (report)
        return report;
    report = calloc(1, sizeof *report);
    if (report && el_map_put(hub->reports, spoke->key, report) < 0) {
        free(report);
        report = NULL;
    }
    return report;
}

static void read_report(const json_t *list, struct el_agent_report *report)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *interface = json_string_value(json_object_get(item, "interface"));
        el_agent_report_add(report, (uint32_t)json_integer_value(json_object_get(item, "vni")),
                            interface, json_string_value(json_object_get(item, "problem")));
    }
}

void el_hub_tell_self(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const struct el_registry_spoke *spoke =
        el_registry_spoke_by_key(hub->registry, request->asker->key);
    struct el_agent_report now = {.count = 0};

    if (spoke && spoke->state == EL_REGISTRY_ENROLLED) {
        struct el_agent_report *kept = report_of(hub, spoke);
        read_report(json_object_get(request->body, "ports"), &now);
        if (kept) {
            say_problems(hub, spoke, kept, &now, request->wall_s);
            *kept = now;
        }
    }
    el_hub_show_self(arg, request, answer);
}

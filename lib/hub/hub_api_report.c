/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What spokes say that they have made of their networks (POST /v1/self). It is theirs to say, and
 * for the operator to see; nothing is decided by it. It is not kept: a spoke says it again.
 */
#include "hub/hub_api_internal.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { SAID_MOST = 16, SAID_S = 60 }; /* of one spoke's problems so many are said in such a time */

/* What a spoke has said last, and what was said of it to the operator. */
struct known {
    struct el_agent_report now, said;
    int64_t since_s;
    unsigned count; /* of what was said since then */
};

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
    const struct known *known = el_map_get(hub->reports, spoke->key);

    return known ? find(&known->now, vni) : NULL;
}

void el_hub_forget_reports(struct el_node_hub_api *hub)
{
    size_t cursor = 0;

    for (void *known; hub->reports && (known = el_map_next(hub->reports, &cursor));)
        free(known);
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

static const struct el_registry_network *network_with(const struct el_node_hub_api *hub,
                                                      uint32_t vni)
{
    for (size_t i = 0; i < el_registry_network_count(hub->registry); i++) {
        const struct el_registry_network *network = el_registry_network_at(hub->registry, i);
        if (network->vni == vni)
            return network;
    }
    return NULL;
}

void el_node_hub_api_server(struct el_node_hub_api *hub, uint32_t vni,
                            const struct el_order_server *server, int64_t now_s)
{
    const struct el_registry_network *network = network_with(hub, vni);
    char mac[EL_MAC_TEXT], address[EL_IP_TEXT], gives[EL_IP_TEXT];

    if (!hub->config.events || !network)
        return;
    json_t *data = json_pack("{s:o, s:s, s:s, s:s}", "time", el_json_time(now_s), "network",
                             network->name, "mac", el_mac_text(&server->mac, mac), "address",
                             el_ip_text(&server->address, address));
    if (server->region[0])
        json_object_set_new(data, "spoke", json_string(server->region));
    if (server->gives.family)
        json_object_set_new(data, "gives", json_string(el_ip_text(&server->gives, gives)));
    el_events_put(hub->config.events, now_s, "rogue-dhcp", data);
}

/* Of networks that it is in. A spoke that changes its mind all the time fills no log, and pushes
 * nobody else's events out of the list: what is too much is said when it speaks again. */
static void say_problems(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                         struct known *known, int64_t now_s)
{
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    unsigned count = el_registry_memberships(hub->registry, spoke, m);

    if (now_s < known->since_s || now_s >= known->since_s + SAID_S) {
        known->since_s = now_s;
        known->count = 0;
    }
    if (known->count >= SAID_MOST)
        return;
    for (unsigned i = 0; i < count; i++) {
        const struct el_agent_port *port = find(&known->now, m[i].vni),
                                   *was = find(&known->said, m[i].vni);
        if (!port || !port->problem[0] || (was && strcmp(was->problem, port->problem) == 0))
            continue;
        say_problem(hub, spoke, el_registry_network_by_vni(hub->registry, m[i].vni), port->problem,
                    now_s);
        known->count++;
    }
    known->said = known->now;
}

static struct known *known_of(struct el_node_hub_api *hub, const struct el_registry_spoke *spoke)
{
    struct known *known = el_map_get(hub->reports, spoke->key);

    if (known)
        return known;
    known = calloc(1, sizeof *known);
    if (known && el_map_put(hub->reports, spoke->key, known) < 0) {
        free(known);
        known = NULL;
    }
    return known;
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
    struct known *known =
        spoke && spoke->state == EL_REGISTRY_ENROLLED ? known_of(hub, spoke) : NULL;

    if (known) {
        known->now = (struct el_agent_report){.count = 0};
        read_report(json_object_get(request->body, "ports"), &known->now);
        say_problems(hub, spoke, known, request->wall_s);
    }
    el_hub_show_self(arg, request, answer);
}

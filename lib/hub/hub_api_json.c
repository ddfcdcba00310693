/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub knows, as JSON: its rows, and its events. Nothing here is secret. */
#include "hub/hub_api_internal.h"
#include "node/interface.h"

#include "enrol/fingerprint.h"
#include "tunnel/tunnel.h"

#include <stdio.h>
#include <string.h>

/* -- rows -- */

static json_t *ip_json(const struct el_ip *ip)
{
    char text[EL_IP_TEXT];

    return json_string(el_ip_text(ip, text));
}

static json_t *fingerprint_json(const uint8_t key[32])
{
    char text[EL_ENROL_FINGERPRINT_TEXT];

    el_enrol_fingerprint(key, text);
    return json_string(text);
}

static json_t *endpoint_json(const struct el_endpoint *endpoint)
{
    char text[EL_ENDPOINT_TEXT];

    return json_string(el_endpoint_text(endpoint, text));
}

static json_t *time_or_null(int64_t seconds)
{
    return seconds ? el_json_time(seconds) : json_null();
}

static const char *token_state(const struct el_registry_token *token, int64_t now_s)
{
    if (token->used)
        return "used";
    if (token->wrong_codes >= EL_REGISTRY_WRONG_CODES)
        return "burnt";
    return now_s >= token->expires_s ? "expired" : "open";
}

json_t *el_hub_token_json(const struct el_registry_token *token, int64_t now_s)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:i}", "name", token->name, "state",
                     token_state(token, now_s), "created", el_json_time(token->created_s),
                     "expires", el_json_time(token->expires_s), "wrong_codes", token->wrong_codes);
}

static void add_report(json_t *membership, const struct el_agent_port *port)
{
    if (port && port->interface[0])
        json_object_set_new(membership, "interface", json_string(port->interface));
    else if (port)
        json_object_set_new(membership, "problem", el_json_string(port->problem));
}

json_t *el_hub_memberships_json(const struct el_node_hub_api *hub,
                                const struct el_registry_spoke *spoke)
{
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    unsigned count = el_registry_memberships(hub->registry, spoke, m);
    char text[EL_MAC_TEXT];
    struct el_mac own;
    json_t *list = json_array();
    const char *other;

    for (unsigned i = 0; i < count; i++) {
        const struct el_registry_network *network =
            el_registry_network_by_vni(hub->registry, m[i].vni);
        json_t *one = json_pack("{s:s, s:i, s:b}", "name", network->name, "vni", (int)m[i].vni,
                                "published", m[i].published);
        if (m[i].lan[0])
            json_object_set_new(one, "lan", json_string(m[i].lan));
        if (hub->config.loop &&
            hub->config.loop(hub->config.arg, spoke->key, m[i].vni, &other) == EL_NODE_HUB_SHUT_OUT)
            json_object_set_new(one, "loop", json_string(other));
        add_report(one, el_hub_reported(hub, spoke, m[i].vni));
        if (hub->config.own && hub->config.own(hub->config.arg, m[i].vni, &own) == 0)
            json_object_set_new(one, "mac", json_string(el_mac_text(&own, text)));
        if (json_array_append_new(list, one) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *el_hub_spoke_json(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke)
{
    struct el_endpoint now;
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "name", spoke->name, "state",
        el_registry_spoke_state_names[spoke->state], "since", el_json_time(spoke->since_s), "key",
        el_json_key(spoke->key), "fingerprint", fingerprint_json(spoke->key), "address",
        ip_json(&spoke->ip), "wire",
        el_tunnel_wire_names[spoke->wire < EL_TUNNEL_WIRES ? spoke->wire : EL_TUNNEL_STANDARD],
        "networks", el_hub_memberships_json(hub, spoke));

    if (json && spoke->from.ip.family)
        json_object_set_new(json, "enrolled_from", endpoint_json(&spoke->from));
    if (json && hub->config.where && hub->config.where(hub->config.arg, spoke->key, &now) == 0)
        json_object_set_new(json, "endpoint", endpoint_json(&now));
    if (json)
        json_object_set_new(json, "direct", el_hub_direct_json(hub, spoke));
    return json;
}

/* Nobody has let it in, and nobody can shut it out, but who starts the hub. */
json_t *el_hub_given_json(const struct el_node_hub_api *hub, const struct el_node_peer *peer)
{
    const struct el_registry_network *network =
        el_registry_network(hub->registry, hub->config.given_network);
    struct el_registry_spoke spoke = {
        .ip = peer->ip, .wire = (uint8_t)peer->wire, .since_s = hub->config.started_s};

    snprintf(spoke.name, sizeof spoke.name, "%s", peer->name);
    memcpy(spoke.key, peer->key, sizeof spoke.key);
    json_t *json = el_hub_spoke_json(hub, &spoke);
    json_t *networks = json_array();
    if (network)
        json_array_append_new(networks, json_pack("{s:s, s:i, s:b}", "name", network->name, "vni",
                                                  (int)network->vni, "published", 1));
    if (json_object_set_new(json, "state", json_string("configured")) < 0 ||
        json_object_set_new(json, "networks", networks) < 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

json_t *el_hub_network_json(const struct el_node_hub_api *hub,
                            const struct el_registry_network *network)
{
    char cidr[EL_PREFIX_TEXT], text[EL_PREFIX_TEXT];
    struct el_prefix prefix6 = network->prefix6;

    if (prefix6.ip.family == 0)
        prefix6 = el_node_interface_prefix6_for(hub->config.key, network->vni);
    return json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:s}", "name", network->name, "vni",
                     (int)network->vni, "cidr", el_prefix_text(&network->cidr, cidr), "prefix6",
                     el_prefix_text(&prefix6, text), "created", el_json_time(network->created_s),
                     "expires", time_or_null(network->expires_s), "to_all",
                     el_registry_to_all_names[network->to_all]);
}

json_t *el_hub_port_json(const struct el_node_hub_api *hub, const struct el_registry_port *port)
{
    const struct el_registry_network *network =
        el_registry_network_by_vni(hub->registry, port->vni);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "name", port->name, "network",
                     network->name, "service", port->service, "state",
                     el_registry_port_state_names[port->state], "wanted",
                     el_registry_port_state_names[port->wanted], "since",
                     el_json_time(port->since_s), "why", el_json_string(port->why));
}

json_t *el_hub_second_factor_json(const struct el_registry_second_factor *policy)
{
    return json_pack("{s:b, s:b, s:b}", "totp", (policy->factors & EL_REGISTRY_FACTOR_TOTP) != 0,
                     "approval", (policy->factors & EL_REGISTRY_FACTOR_APPROVAL) != 0, "program",
                     (policy->factors & EL_REGISTRY_FACTOR_PROGRAM) != 0);
}

json_t *el_hub_list(const char *name, size_t count,
                    json_t *(*row)(const struct el_node_hub_api *hub, size_t i, int64_t now_s),
                    const struct el_node_hub_api *hub, int64_t now_s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, row(hub, i, now_s)) < 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:o}", name, list);
}

/* -- events -- */

static json_t *event_json(const struct el_registry_event *event)
{
    json_t *data = json_pack("{s:o}", "time", el_json_time(event->at_s));

    if (event->token)
        json_object_set_new(data, "token", json_string(event->token->name));
    if (event->spoke) {
        json_object_set_new(data, "spoke", json_string(event->spoke->name));
        json_object_set_new(data, "fingerprint", fingerprint_json(event->spoke->key));
    }
    if (event->network)
        json_object_set_new(data, "network", json_string(event->network->name));
    if (event->port) {
        json_object_set_new(data, "port", json_string(event->port->name));
        json_object_set_new(data, "state",
                            json_string(el_registry_port_state_names[event->port->state]));
    }
    if (event->profile)
        json_object_set_new(data, "profile", json_string(event->profile->name));
    if (event->machine) {
        char mac[EL_MAC_TEXT];
        json_object_set_new(data, "mac", json_string(el_mac_text(&event->machine->mac, mac)));
        if (event->machine->name[0])
            json_object_set_new(data, "name", json_string(event->machine->name));
    }
    if (event->why)
        json_object_set_new(data, "why", el_json_string(event->why));
    if (event->kind == EL_REGISTRY_NETWORK_EXPIRING)
        json_object_set_new(data, "left_s", json_integer(event->left_s));
    return data;
}

void el_node_hub_api_event(struct el_node_hub_api *hub, const struct el_registry_event *event)
{
    if (hub->config.events)
        el_events_put(hub->config.events, event->at_s, el_registry_event_names[event->kind],
                      event_json(event));
}

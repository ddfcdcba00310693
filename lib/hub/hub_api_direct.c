/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's direct ways between spokes: what a spoke is told of its peers, and what it says of
 * them. */
#include "hub/hub_api_internal.h"

#include "tunnel/tunnel.h"

/* -- as JSON -- */

static json_t *networks_json(const struct el_hub_direct_lease *lease)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < lease->network_count; i++)
        json_array_append_new(list, json_integer(lease->networks[i]));
    return list;
}

static json_t *endpoints_json(const struct el_hub_direct_lease *lease)
{
    char text[EL_ENDPOINT_TEXT];
    json_t *list = json_array();

    if (lease->endpoint.ip.family)
        json_array_append_new(list, json_string(el_endpoint_text(&lease->endpoint, text)));
    return list;
}

static json_t *peer_json(const struct el_hub_direct_lease *lease)
{
    char address[EL_IP_TEXT];

    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:s, s:o, s:I}", "name", lease->peer->name, "key",
                     el_json_key(lease->peer->key), "address",
                     el_ip_text(&lease->peer->ip, address), "endpoints", endpoints_json(lease),
                     "psk", el_json_key(lease->psk), "wire", el_tunnel_wire_names[lease->wire],
                     "networks", networks_json(lease), "for_s", (json_int_t)lease->left_s);
}

json_t *el_hub_peers_json(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                          int64_t now_s)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];
    json_t *list = json_array();
    unsigned count = hub->config.direct
                         ? el_hub_direct_leases(hub->config.direct, spoke->key, now_s, leases)
                         : 0;

    for (unsigned i = 0; i < count; i++)
        json_array_append_new(list, peer_json(&leases[i]));
    return list;
}

json_t *el_hub_direct_json(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke)
{
    struct el_hub_direct_lease leases[EL_HUB_DIRECT_OF_SPOKE];
    json_t *list = json_array();
    unsigned count =
        hub->config.direct ? el_hub_direct_leases(hub->config.direct, spoke->key, 0, leases) : 0;

    for (unsigned i = 0; i < count; i++)
        if (leases[i].live)
            json_array_append_new(list, json_string(leases[i].peer->name));
    return list;
}

/* -- what a spoke says -- */

/* Of one that it has no lease on (any more), it says nothing to us. */
static void take_way(struct el_hub_direct *direct, const uint8_t key[32], const json_t *way,
                     int64_t now_s)
{
    uint8_t peer[32];

    if (el_json_key_parse(json_string_value(json_object_get(way, "key")), peer) < 0)
        return;
    (void)el_hub_direct_report(direct, key, peer, json_is_true(json_object_get(way, "live")),
                               json_is_true(json_object_get(way, "used")), now_s);
}

void el_hub_report_peers(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const json_t *peers = json_object_get(request->body, "peers");

    for (size_t i = 0; hub->config.direct && i < json_array_size(peers); i++)
        take_way(hub->config.direct, request->asker->key, json_array_get(peers, i),
                 request->wall_s);
    el_hub_show_self(arg, request, answer);
}

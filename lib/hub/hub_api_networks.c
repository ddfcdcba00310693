/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's networks, what is published to whom, and ports. */
#include "hub/hub_api_internal.h"
#include "node/interface.h"

#include <string.h>

/* -- networks -- */

static json_t *network_row(const struct el_node_hub_api *hub, size_t i, int64_t now_s)
{
    (void)now_s;
    return el_hub_network_json(hub, el_registry_network_at(hub->registry, i));
}

void el_hub_list_networks(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    el_api_answer(answer, 200,
                  el_hub_list("networks", el_registry_network_count(hub->registry), network_row,
                              hub, request->wall_s));
}

static void answer_network(const struct el_node_hub_api *hub, int status, const char *name,
                           struct el_api_answer *answer)
{
    const struct el_registry_network *network = el_registry_network(hub->registry, name);

    if (network)
        el_api_answer(answer, status, el_hub_network_json(hub, network));
    else
        el_api_refuse(answer, &el_problem_not_found, "network %s: no such network", name);
}

void el_hub_show_network(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    answer_network(arg, 200, el_api_param(request, "name"), answer);
}

static enum el_registry_to_all to_all_of(const char *text)
{
    unsigned to_all = EL_REGISTRY_TO_NONE;

    while (text && strcmp(el_registry_to_all_names[to_all], text) != 0)
        to_all++; /* the schema knows these names and no other */
    return (enum el_registry_to_all)to_all;
}

/* What is said of IPv6, or was before: machines that have addresses in it would not hear of another
 * one. */
static int take_prefix6(const struct el_node_hub_api *hub, const char *said,
                        struct el_registry_network_request *request, struct el_err *err)
{
    const struct el_registry_network *network = el_registry_network(hub->registry, request->name);
    struct el_prefix now = {.len = 0};

    if (network)
        now = network->prefix6.ip.family
                  ? network->prefix6
                  : el_node_interface_prefix6_for(hub->config.key, network->vni);
    if (network)
        request->prefix6 = network->prefix6;
    if (!said)
        return 0;
    struct el_prefix prefix6;
    int rc = el_prefix_parse(said, &prefix6);
    if (rc < 0)
        return el_err(err, EL_EINVAL, "prefix6: %s is no range", said);
    if (network && !(prefix6.len == now.len && el_ip_equal(&prefix6.ip, &now.ip)))
        return el_err(err, EL_EEXIST, "network %s: is there already, with another prefix6",
                      request->name);
    if (!network)
        request->prefix6 = prefix6;
    return 0;
}

void el_hub_create_network(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    int64_t for_s = el_api_integer(request, "for_s", 0);
    struct el_registry_network_request network = {
        .name = el_api_string(request, "name"),
        .vni = (uint32_t)el_api_integer(request, "vni", 0),
        .expires_s = for_s ? request->wall_s + for_s : 0,
        .to_all = to_all_of(el_api_string(request, "to_all")),
        .published = el_api_boolean(request, "published"),
    };
    char path[16 + EL_REGISTRY_NETWORK_NAME] = "/v1/networks/";
    bool is_new = !el_registry_network(hub->registry, network.name);

    int rc = el_prefix_parse(el_api_string(request, "cidr"), &network.cidr);
    if (rc == 0)
        rc = take_prefix6(hub, el_api_string(request, "prefix6"), &network, &err);
    if (rc == 0)
        rc = el_registry_network_create(hub->registry, &network, request->wall_s, &err);
    if (rc < 0) {
        el_hub_refuse(answer, rc, &err);
        return;
    }
    answer_network(hub, is_new ? 201 : 200, network.name, answer);
    if (is_new)
        el_api_location(answer, strcat(path, network.name));
}

void el_hub_delete_network(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    int rc = el_registry_network_remove(hub->registry, el_api_param(request, "name"),
                                        request->wall_s, &err);

    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 204, NULL);
}

static void publish(struct el_node_hub_api *hub, const struct el_api_request *request,
                    bool published, struct el_api_answer *answer)
{
    struct el_registry_publication publication = {
        .network = el_api_param(request, "name"),
        .spoke = el_api_string(request, "to"),
        .lan = el_api_string(request, "lan"),
        .published = published,
    };
    struct el_err err = {""};

    if (publication.lan && !publication.spoke) {
        el_api_refuse(answer, &el_problem_invalid, "lan is an interface of one spoke: say to whom");
        return;
    }
    int rc = el_registry_publish(hub->registry, &publication, request->wall_s, &err);
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        answer_network(hub, 200, publication.network, answer);
}

void el_hub_publish(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    publish(arg, request, true, answer);
}

void el_hub_unpublish(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    publish(arg, request, false, answer);
}

/* -- ports -- */

static json_t *port_row(const struct el_node_hub_api *hub, size_t i, int64_t now_s)
{
    (void)now_s;
    return el_hub_port_json(hub, el_registry_port_at(hub->registry, i));
}

void el_hub_list_ports(void *arg, const struct el_api_request *request,
                       struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    el_api_answer(answer, 200,
                  el_hub_list("ports", el_registry_port_count(hub->registry), port_row, hub,
                              request->wall_s));
}

static void answer_port(const struct el_node_hub_api *hub, int status, const char *name,
                        struct el_api_answer *answer)
{
    const struct el_registry_port *port = el_registry_port(hub->registry, name);

    if (port)
        el_api_answer(answer, status, el_hub_port_json(hub, port));
    else
        el_api_refuse(answer, &el_problem_not_found, "port %s: no such port", name);
}

void el_hub_show_port(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    answer_port(arg, 200, el_api_param(request, "name"), answer);
}

void el_hub_create_port(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const char *name = el_api_string(request, "name"), *service = el_api_string(request, "service");
    char path[16 + EL_REGISTRY_NETWORK_NAME] = "/v1/ports/";
    struct el_err err = {""};

    int rc = el_registry_port_create(hub->registry, name, el_api_string(request, "network"),
                                     service ? service : "", request->wall_s, &err);
    if (rc < 0) {
        el_hub_refuse(answer, rc, &err);
        return;
    }
    answer_port(hub, 201, name, answer);
    el_api_location(answer, strcat(path, name));
}

void el_hub_delete_port(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    int rc = el_registry_port_remove(hub->registry, el_api_param(request, "name"), request->wall_s,
                                     &err);

    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 204, NULL);
}

static void want(struct el_node_hub_api *hub, const struct el_api_request *request,
                 enum el_registry_port_state wanted, struct el_api_answer *answer)
{
    const char *name = el_api_param(request, "name");
    struct el_err err = {""};
    int rc = el_registry_port_want(hub->registry, name, wanted, request->wall_s, &err);

    /* The name is sound and so is the state: what is left is the order of things. */
    if (rc == EL_EINVAL)
        el_api_refuse(answer, &el_problem_conflict, "%s", err.text);
    else if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        answer_port(hub, 200, name, answer);
}

/* A port that runs is started already, published or not. */
void el_hub_start_port(void *arg, const struct el_api_request *request,
                       struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const struct el_registry_port *port =
        el_registry_port(hub->registry, el_api_param(request, "name"));

    want(arg, request,
         port && port->wanted != EL_REGISTRY_DOWN ? port->wanted : EL_REGISTRY_SECURED, answer);
}

void el_hub_stop_port(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    want(arg, request, EL_REGISTRY_DOWN, answer);
}

void el_hub_publish_port(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    want(arg, request, EL_REGISTRY_PUBLISHED, answer);
}

/* A stopped one is as unpublished as can be. */
void el_hub_unpublish_port(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const struct el_registry_port *port =
        el_registry_port(hub->registry, el_api_param(request, "name"));

    want(arg, request,
         port && port->wanted == EL_REGISTRY_DOWN ? EL_REGISTRY_DOWN : EL_REGISTRY_SECURED, answer);
}

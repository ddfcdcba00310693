/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks: made, prolonged, ended. */
#include "registry/registry_internal.h"

#include <string.h>

static const struct el_registry_table *table(const struct el_registry *registry)
{
    return &registry->tables[EL_REGISTRY_ROW_NETWORK];
}

size_t el_registry_network_count(const struct el_registry *registry)
{
    return table(registry)->count;
}

const struct el_registry_network *el_registry_network_at(const struct el_registry *registry,
                                                         size_t i)
{
    return i < table(registry)->count ? table(registry)->rows[i] : NULL;
}

const struct el_registry_network *el_registry_network(const struct el_registry *registry,
                                                      const char *name)
{
    for (size_t i = 0; i < table(registry)->count; i++) {
        const struct el_registry_network *network = table(registry)->rows[i];
        if (strcmp(network->name, name) == 0)
            return network;
    }
    return NULL;
}

const struct el_registry_network *el_registry_network_by_vni(const struct el_registry *registry,
                                                             uint32_t vni)
{
    for (size_t i = 0; i < table(registry)->count; i++) {
        const struct el_registry_network *network = table(registry)->rows[i];
        if (network->vni == vni)
            return network;
    }
    return NULL;
}

static bool is_same(const struct el_registry_network *network,
                    const struct el_registry_network_request *request)
{
    return network->vni == request->vni && network->cidr.len == request->cidr.len &&
           el_ip_equal(&network->cidr.ip, &request->cidr.ip);
}

static int request_check(const struct el_registry *registry,
                         const struct el_registry_network_request *request, int64_t now_s,
                         struct el_err *err)
{
    const struct el_registry_network *network;
    int rc = el_registry_name_check("network", request->name, EL_REGISTRY_NETWORK_NAME, err);

    if (rc == 0)
        rc = el_registry_cidr_check(request->name, &request->cidr, err);
    if (rc == 0)
        rc = el_registry_prefix6_check(&request->prefix6, err);
    if (rc < 0)
        return rc;
    if (request->vni == 0 || request->vni > EL_REGISTRY_VNI_MAX)
        return el_err(err, EL_EINVAL, "network %s: its VNI is between 1 and %d", request->name,
                      EL_REGISTRY_VNI_MAX);
    if (request->expires_s && request->expires_s <= now_s)
        return el_err(err, EL_EINVAL, "network %s: its end would be in the past", request->name);
    network = el_registry_network(registry, request->name);
    if (network && !is_same(network, request))
        return el_err(err, EL_EEXIST,
                      "network %s: is there already, with VNI %u and another range or another VNI",
                      request->name, network->vni);
    network = network ? NULL : el_registry_network_by_vni(registry, request->vni);
    if (network)
        return el_err(err, EL_EEXIST, "network %s: VNI %u is that of network %s", request->name,
                      request->vni, network->name);
    return 0;
}

/* Room for a new one. */
static int room(const struct el_registry *registry,
                const struct el_registry_network_request *request, struct el_err *err)
{
    if (el_registry_port(registry, request->name))
        return el_err(err, EL_EEXIST, "network %s: there is a port of this name", request->name);
    if (el_registry_network_count(registry) == EL_REGISTRY_NETWORKS ||
        el_registry_port_count(registry) == EL_REGISTRY_PORTS)
        return el_err(err, EL_EFULL,
                      "network %s: there are %d already, and that is all there can be",
                      request->name, EL_REGISTRY_NETWORKS);
    return request->to_all == EL_REGISTRY_TO_NONE
               ? 0
               : el_registry_room_in_all(registry, request->vni, err);
}

static int create(struct el_registry *registry, const struct el_registry_network_request *request,
                  int64_t now_s, struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_network *network = el_registry_draft_add(&draft, EL_REGISTRY_ROW_NETWORK);
    struct el_registry_port *port = el_registry_draft_add(&draft, EL_REGISTRY_ROW_PORT);

    if (network && port) {
        strcpy(network->name, request->name);
        network->vni = request->vni;
        network->cidr = request->cidr;
        network->prefix6 = request->prefix6;
        network->created_s = now_s;
        network->expires_s = request->expires_s;
        network->to_all = request->to_all;
        strcpy(port->name, request->name);
        strcpy(port->service, "boot-service");
        port->vni = request->vni;
        port->wanted = request->published ? EL_REGISTRY_PUBLISHED : EL_REGISTRY_SECURED;
        port->since_s = now_s;
        strcpy(port->why, "new");
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    el_registry_tell_network(registry, EL_REGISTRY_NETWORK_SET, network);
    el_registry_tell_port(registry, EL_REGISTRY_PORT_SET, network, port);
    if (network->to_all != EL_REGISTRY_TO_NONE)
        el_registry_tell_members(registry, network);
    el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_NETWORK_CREATED,
                                                           .at_s = now_s,
                                                           .network = network});
    return 0;
}

static bool is_unchanged(const struct el_registry_network *network,
                         const struct el_registry_network_request *request)
{
    return network->expires_s == request->expires_s &&
           el_ip_equal(&network->prefix6.ip, &request->prefix6.ip);
}

static int change(struct el_registry *registry, const struct el_registry_network *network,
                  const struct el_registry_network_request *request, int64_t now_s,
                  struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_network *edited =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_NETWORK, network);

    if (edited) {
        edited->expires_s = request->expires_s;
        edited->prefix6 = request->prefix6;
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc == 0)
        el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_NETWORK_CHANGED,
                                                               .at_s = now_s,
                                                               .network = network});
    return rc;
}

int el_registry_network_create(struct el_registry *registry,
                               const struct el_registry_network_request *request, int64_t now_s,
                               struct el_err *err)
{
    int rc = request_check(registry, request, now_s, err);

    if (rc < 0)
        return rc;
    const struct el_registry_network *network = el_registry_network(registry, request->name);
    if (network)
        return is_unchanged(network, request) ? 0 : change(registry, network, request, now_s, err);
    rc = room(registry, request, err);
    return rc < 0 ? rc : create(registry, request, now_s, err);
}

/* A later network of the same VNI begins without members. */
static void forget_members(struct el_registry_draft *draft, uint32_t vni)
{
    const struct el_registry *registry = draft->registry;

    for (size_t i = 0; i < el_registry_spoke_count(registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(registry, i);
        unsigned at = 0;
        while (at < spoke->membership_count && spoke->memberships[at].vni != vni)
            at++;
        if (at == spoke->membership_count)
            continue;
        struct el_registry_spoke *edited =
            el_registry_draft_edit(draft, EL_REGISTRY_ROW_SPOKE, spoke);
        if (!edited)
            return;
        unsigned last = --edited->membership_count;
        edited->memberships[at] = edited->memberships[last];
        memset(&edited->memberships[last], 0, sizeof edited->memberships[last]);
    }
}

int el_registry_network_drop(struct el_registry *registry,
                             const struct el_registry_network *network, const char *why,
                             int64_t now_s, struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);

    forget_members(&draft, network->vni);
    for (size_t i = 0; i < el_registry_port_count(registry); i++)
        if (el_registry_port_at(registry, i)->vni == network->vni)
            el_registry_draft_remove(&draft, EL_REGISTRY_ROW_PORT,
                                     el_registry_port_at(registry, i));
    el_registry_draft_remove(&draft, EL_REGISTRY_ROW_NETWORK, network);
    int rc = el_registry_draft_commit(&draft, err);
    for (size_t i = 0; rc == 0 && i < draft.count; i++)
        if (draft.rows[i].row.kind == EL_REGISTRY_ROW_PORT)
            el_registry_tell_port(registry, EL_REGISTRY_PORT_REMOVE, network, draft.rows[i].target);
    if (rc == 0) {
        el_registry_tell_network(registry, EL_REGISTRY_NETWORK_REMOVE, network);
        el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_NETWORK_REMOVED,
                                                               .at_s = now_s,
                                                               .network = network,
                                                               .why = why});
    }
    el_registry_draft_end(&draft);
    return rc;
}

int el_registry_network_remove(struct el_registry *registry, const char *name, int64_t now_s,
                               struct el_err *err)
{
    const struct el_registry_network *network = el_registry_network(registry, name);

    if (!network)
        return el_err(err, EL_ENOENT, "network %s: no such network", name);
    return el_registry_network_drop(registry, network, "removed", now_s, err);
}

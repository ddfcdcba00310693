/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports: the states that a service goes through on its way to the machines, and back.
 *
 *     down -> verified -> loaded -> started -> up -> secured <-> published
 *       ^_________|__________|__________|_______|_______|____________|
 *
 * Nobody jumps: a port that is published has been secured first, which is when the switch has said
 * that its gate is shut. What an operator wants is kept beside it, so that a service that fell
 * down, or a hub that was started again, comes back to it by itself.
 */
#include "registry/registry_internal.h"

#include <stdio.h>
#include <string.h>

static const struct el_registry_table *table(const struct el_registry *registry)
{
    return &registry->tables[EL_REGISTRY_ROW_PORT];
}

size_t el_registry_port_count(const struct el_registry *registry)
{
    return table(registry)->count;
}

const struct el_registry_port *el_registry_port_at(const struct el_registry *registry, size_t i)
{
    return i < table(registry)->count ? table(registry)->rows[i] : NULL;
}

const struct el_registry_port *el_registry_port(const struct el_registry *registry,
                                                const char *name)
{
    for (size_t i = 0; i < table(registry)->count; i++) {
        const struct el_registry_port *port = table(registry)->rows[i];
        if (strcmp(port->name, name) == 0)
            return port;
    }
    return NULL;
}

bool el_registry_port_step(enum el_registry_port_state from, enum el_registry_port_state to)
{
    if (to == EL_REGISTRY_DOWN)
        return from != EL_REGISTRY_DOWN;
    return to == from + 1 || (from == EL_REGISTRY_PUBLISHED && to == EL_REGISTRY_SECURED);
}

bool el_registry_port_is_open(const struct el_registry_port *port)
{
    return port->wanted == EL_REGISTRY_PUBLISHED && port->state >= EL_REGISTRY_SECURED;
}

static const struct el_registry_network *network_of(const struct el_registry *registry,
                                                    const struct el_registry_port *port)
{
    return el_registry_network_by_vni(registry, port->vni);
}

/* A network's own port has its name and goes with it. */
static bool is_own(const struct el_registry *registry, const struct el_registry_port *port)
{
    return strcmp(network_of(registry, port)->name, port->name) == 0;
}

static const struct el_registry_port *named(const struct el_registry *registry, const char *name,
                                            struct el_err *err)
{
    const struct el_registry_port *port = el_registry_port(registry, name);

    if (!port)
        el_err(err, EL_ENOENT, "port %s: no such port", name);
    return port;
}

static void port_event(struct el_registry *registry, const struct el_registry_port *port,
                       int64_t now_s)
{
    el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_PORT_CHANGED,
                                                           .at_s = now_s,
                                                           .network = network_of(registry, port),
                                                           .port = port,
                                                           .why = port->why});
}

/* -- made and removed -- */

static int request_check(const struct el_registry *registry, const char *name, const char *network,
                         const char *service, struct el_err *err)
{
    int rc = el_registry_name_check("port", name, EL_REGISTRY_NETWORK_NAME, err);

    if (rc == 0 && service[0])
        rc = el_registry_name_check("service", service, EL_REGISTRY_SERVICE, err);
    if (rc < 0)
        return rc;
    if (!el_registry_network(registry, network))
        return el_err(err, EL_ENOENT, "port %s: there is no network %s", name, network);
    if (el_registry_port(registry, name) || el_registry_network(registry, name))
        return el_err(err, EL_EEXIST, "port %s: the name is taken", name);
    if (el_registry_port_count(registry) == EL_REGISTRY_PORTS)
        return el_err(err, EL_EFULL, "port %s: there are %d already, and that is all there can be",
                      name, EL_REGISTRY_PORTS);
    return 0;
}

int el_registry_port_create(struct el_registry *registry, const char *name, const char *network,
                            const char *service, int64_t now_s, struct el_err *err)
{
    int rc = request_check(registry, name, network, service, err);

    if (rc < 0)
        return rc;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_port *port = el_registry_draft_add(&draft, EL_REGISTRY_ROW_PORT);
    if (port) {
        strcpy(port->name, name);
        strcpy(port->service, service);
        port->vni = el_registry_network(registry, network)->vni;
        port->since_s = now_s;
        strcpy(port->why, "new");
    }
    rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    el_registry_tell_port(registry, EL_REGISTRY_PORT_SET, network_of(registry, port), port);
    port_event(registry, port, now_s);
    return 0;
}

int el_registry_port_remove(struct el_registry *registry, const char *name, int64_t now_s,
                            struct el_err *err)
{
    const struct el_registry_port *port = named(registry, name, err);

    if (!port)
        return EL_ENOENT;
    if (is_own(registry, port))
        return el_err(err, EL_EINVAL, "port %s: goes with its network, and not alone", name);
    struct el_registry_draft draft = el_registry_draft(registry);
    el_registry_draft_remove(&draft, EL_REGISTRY_ROW_PORT, port);
    int rc = el_registry_draft_commit(&draft, err);
    if (rc == 0) {
        el_registry_tell_port(registry, EL_REGISTRY_PORT_REMOVE, network_of(registry, port), port);
        el_registry_event(registry,
                          (struct el_registry_event){.kind = EL_REGISTRY_PORT_CHANGED,
                                                     .at_s = now_s,
                                                     .network = network_of(registry, port),
                                                     .port = port,
                                                     .why = "removed"});
    }
    el_registry_draft_end(&draft);
    return rc;
}

/* -- wanted and reported -- */

/* Says what a change of PORT, which WAS so before, leads to. */
static void tell_change(struct el_registry *registry, const struct el_registry_port *was,
                        const struct el_registry_port *port)
{
    const struct el_registry_network *network = network_of(registry, port);
    bool gate = el_registry_port_is_open(was) != el_registry_port_is_open(port);
    bool start = (was->wanted == EL_REGISTRY_DOWN) != (port->wanted == EL_REGISTRY_DOWN);

    if (gate && is_own(registry, port))
        el_registry_tell_network(registry, EL_REGISTRY_NETWORK_SET, network);
    if (start || (gate && !is_own(registry, port)))
        el_registry_tell_port(registry, EL_REGISTRY_PORT_SET, network, port);
}

int el_registry_port_want(struct el_registry *registry, const char *name,
                          enum el_registry_port_state wanted, int64_t now_s, struct el_err *err)
{
    const struct el_registry_port *port = named(registry, name, err);

    if (!port)
        return EL_ENOENT;
    if (wanted != EL_REGISTRY_DOWN && wanted != EL_REGISTRY_SECURED &&
        wanted != EL_REGISTRY_PUBLISHED)
        return el_err(err, EL_EINVAL, "port %s: can be down, secured or published", name);
    if (wanted == EL_REGISTRY_PUBLISHED && port->wanted == EL_REGISTRY_DOWN)
        return el_err(err, EL_EINVAL, "port %s: is stopped; start it, then publish it", name);
    if (wanted == port->wanted)
        return 0;
    struct el_registry_port was = *port;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_port *edited = el_registry_draft_edit(&draft, EL_REGISTRY_ROW_PORT, port);
    if (edited)
        edited->wanted = wanted;
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    tell_change(registry, &was, port);
    port_event(registry, port, now_s);
    return 0;
}

int el_registry_port_report(struct el_registry *registry, const char *name,
                            enum el_registry_port_state state, const char *why, int64_t now_s,
                            struct el_err *err)
{
    const struct el_registry_port *port = named(registry, name, err);

    if (!port)
        return EL_ENOENT;
    if (state >= EL_REGISTRY_PORT_STATES)
        return el_err(err, EL_EINVAL, "port %s: no such state", name);
    bool same_why = strcmp(port->why, why ? why : "") == 0;
    if (state == port->state && (same_why || state != EL_REGISTRY_DOWN))
        return 0;
    if (state != port->state && !el_registry_port_step(port->state, state))
        return el_err(err, EL_EINVAL, "port %s: there is no step from %s to %s", name,
                      el_registry_port_state_names[port->state],
                      el_registry_port_state_names[state]);
    struct el_registry_port was = *port;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_port *edited = el_registry_draft_edit(&draft, EL_REGISTRY_ROW_PORT, port);
    if (edited) {
        edited->since_s = edited->state == state ? edited->since_s : now_s;
        edited->state = state;
        snprintf(edited->why, sizeof edited->why, "%s", why ? why : "");
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    tell_change(registry, &was, port);
    port_event(registry, port, now_s);
    return 0;
}

int el_registry_ports_down(struct el_registry *registry, const char *why, int64_t now_s,
                           struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);

    for (size_t i = 0; i < el_registry_port_count(registry); i++) {
        const struct el_registry_port *port = el_registry_port_at(registry, i);
        struct el_registry_port *edited =
            port->state == EL_REGISTRY_DOWN
                ? NULL
                : el_registry_draft_edit(&draft, EL_REGISTRY_ROW_PORT, port);
        if (!edited)
            continue;
        edited->state = EL_REGISTRY_DOWN;
        edited->since_s = now_s;
        snprintf(edited->why, sizeof edited->why, "%s", why);
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    return rc;
}

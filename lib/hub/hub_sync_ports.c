/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks and ports on their way to the tunnel and the supervisor, and back into the registry.
 *
 * A network's way: the tunnel is asked to set it as it has it; if it has no such port, or one that
 * we, who are new, have not seen, the supervisor is asked for it, and what comes is given to the
 * tunnel. While a tunnel that is new is told everything, COMPLETE waits for the last network: what
 * it has is not to be taken away in between. What fails is tried again, less and less often.
 */
#include "hub/hub_sync_internal.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)EL_REGISTRY_NETWORKS <= (int)EL_HUB_NETWORKS, "what can be made can be served");

enum {
    RETRY_MS = 1000, /* twice as long each time, */
    RETRY_MAX_MS = 60 * 1000,
};

static void ask_tunnel(struct network *network);

/* -- ports, as far as they have come -- */

static void report(const struct network *network, enum el_registry_port_state state,
                   const char *why)
{
    const struct el_hub_sync *sync = network->sync;
    struct el_err err = {""};
    int64_t now_s = sync->config.wall_s(sync->config.arg);
    int rc = el_registry_port_report(sync->registry, network->about.name, state, why, now_s, &err);

    if (rc < 0)
        EL_LOG(EL_LOG_WARN, "node", "port", EL_STR("port", network->about.name),
               EL_STR("error", err.text));
}

/* -- trying again -- */

static void on_retries(uv_timer_t *timer);

int el_hub_sync_make_retries(struct el_hub_sync *sync, struct el_err *err)
{
    sync->retries = calloc(1, sizeof *sync->retries);
    if (!sync->retries)
        return el_err(err, EL_ENOMEM, "out of memory");
    uv_timer_init(sync->config.loop, sync->retries);
    sync->retries->data = sync;
    if (sync->config.retry_ms == 0)
        sync->config.retry_ms = RETRY_MS;
    return 0;
}

static void arm_retries(struct el_hub_sync *sync)
{
    uint64_t now = uv_now(sync->config.loop), first = UINT64_MAX;

    for (unsigned i = 0; i < PLACES; i++)
        if (sync->networks[i].used && sync->networks[i].retry_ms)
            first = sync->networks[i].retry_ms < first ? sync->networks[i].retry_ms : first;
    if (first == UINT64_MAX)
        uv_timer_stop(sync->retries);
    else
        uv_timer_start(sync->retries, on_retries, first > now ? first - now : 0, 0);
}

/* It is down because of WHY, which is logged once. */
static void retry_later(struct network *network, const char *why)
{
    struct el_hub_sync *sync = network->sync;
    const struct el_registry_port *port = el_registry_port(sync->registry, network->about.name);
    uint64_t wait = network->wait_ms ? 2 * network->wait_ms : sync->config.retry_ms;

    if (!port || strncmp(port->why, why, sizeof port->why - 1) != 0)
        EL_LOG(EL_LOG_ERROR, "node", "network", EL_STR("network", network->about.name),
               EL_STR("error", why), EL_STR("hint", "trying on"));
    report(network, EL_REGISTRY_DOWN, why);
    network->wait_ms = wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS;
    network->retry_ms = uv_now(sync->config.loop) + network->wait_ms;
    arm_retries(sync);
}

static void works_if_complete(struct network *network)
{
    if (network->gate_known && (network->serving || !network->serve))
        network->wait_ms = network->retry_ms = 0;
}

/* The next state that what we know allows; STATE itself if there is none. */
static enum el_registry_port_state next_state(const struct network *network,
                                              enum el_registry_port_state state)
{
    switch (state) {
    case EL_REGISTRY_DOWN: return network->there ? EL_REGISTRY_VERIFIED : state;
    case EL_REGISTRY_VERIFIED: return EL_REGISTRY_LOADED;
    case EL_REGISTRY_LOADED: return EL_REGISTRY_STARTED;
    case EL_REGISTRY_STARTED: return network->serving ? EL_REGISTRY_UP : state;
    case EL_REGISTRY_UP: /* shut, or open as it was before the service died */
        return network->gate_known ? EL_REGISTRY_SECURED : state;
    case EL_REGISTRY_SECURED:
        return network->gate_known && network->gate_open ? EL_REGISTRY_PUBLISHED : state;
    case EL_REGISTRY_PUBLISHED:
        return network->gate_known && !network->gate_open ? EL_REGISTRY_SECURED : state;
    case EL_REGISTRY_PORT_STATES: break;
    }
    return state;
}

/* Each report may have effects, and these what follows from them. */
static void advance(const struct network *network)
{
    const struct el_registry *registry = network->sync->registry;
    const char *name = network->about.name;
    const struct el_registry_port *port;

    while (network->used && (port = el_registry_port(registry, name))) {
        enum el_registry_port_state state = port->state;
        enum el_registry_port_state next = next_state(network, state);
        if (next == state || port->wanted == EL_REGISTRY_DOWN)
            return;
        report(network, next, "");
        port = el_registry_port(registry, name);
        if (!port || port->state != next)
            return; /* it was not taken, or has gone on by itself */
    }
}

static void service_state(struct network *network, bool serving)
{
    bool ended = network->serving && !serving;

    network->serving = serving;
    works_if_complete(network);
    if (ended)
        report(network, EL_REGISTRY_DOWN,
               network->serve ? "the boot service has died, and is started again" : "stopped");
    advance(network);
}

/* -- networks -- */

static struct network *find(struct el_hub_sync *sync, uint32_t vni)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (sync->networks[i].used && !sync->networks[i].additional &&
            sync->networks[i].about.vni == vni)
            return &sync->networks[i];
    return NULL;
}

static struct network *find_name(struct el_hub_sync *sync, const char *name)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (sync->networks[i].used && strcmp(sync->networks[i].about.name, name) == 0)
            return &sync->networks[i];
    return NULL;
}

static void settled(struct network *network)
{
    network->asking = false;
    if (network->used && network->again)
        ask_tunnel(network);
    else
        el_hub_sync_complete(network->sync);
}

static void failed(struct network *network, const char *why)
{
    if (network->used)
        retry_later(network, why);
    settled(network);
}

static bool fetch_port(struct network *network)
{
    uint32_t kind = network->additional ? EL_ERRAND_PORT_UP : EL_ERRAND_NETWORK_UP;

    if (el_hub_sync_errand(network->sync, kind, &network->about, NULL) < 0)
        return false;
    network->errand = network->sync->sequence;
    return true;
}

static void on_network_set(void *arg, int code, const char *text)
{
    struct network *network = arg;
    bool stale = !network->used || network->again;
    bool unknown = code == EL_ENOENT || (code == EL_EINVAL && !network->there);

    if (code == EL_ECLOSED) { /* it will say HELLO, and be told all of it */
        network->asking = false;
        return;
    }
    if (unknown && !stale && fetch_port(network))
        return; /* asking still */
    if (code < 0 && !stale) {
        failed(network, text);
        return;
    }
    if (code == 0 && !stale) {
        network->gate_known = true;
        network->gate_open = network->open;
        network->there = true;
        works_if_complete(network);
        advance(network);
    }
    settled(network);
}

static int set_network(struct network *network, const int *fds, unsigned count)
{
    struct el_hub_sync *sync = network->sync;
    struct el_manage_message message = {.kind = network->additional ? EL_MANAGE_PORT_SET
                                                                    : EL_MANAGE_NETWORK_SET};
    struct el_manage_network *wanted = &message.network;

    wanted->vni = network->about.vni;
    wanted->published = network->open;
    wanted->own = network->own;
    wanted->form = network->framed ? EL_MANAGE_FRAMED : EL_MANAGE_TAP;
    wanted->queues = count;

    memcpy(wanted->name, network->about.name, sizeof wanted->name);
    network->again = false;
    network->gate_known = false;
    return el_manage_client_ask(sync->tunnel, &message, fds, on_network_set, network);
}

static void ask_tunnel(struct network *network)
{
    if (network->asking) {
        network->again = true;
        return;
    }
    network->asking = true;
    int rc = set_network(network, NULL, 0);
    if (rc < 0)
        failed(network, el_strerror(rc));
}

/* The supervisor's descriptors: of the queues every worker has to have one. */
static void give_port(struct network *network, const int *fds, unsigned count)
{
    unsigned lanes = network->sync->config.lanes;
    int given[EL_MANAGE_QUEUES];

    if (count == 0 || lanes > EL_MANAGE_QUEUES) {
        failed(network, "no interface came from the supervisor");
        return;
    }
    for (unsigned i = 0; i < lanes; i++)
        given[i] = fds[i % count];
    int rc = set_network(network, given, lanes);
    if (rc < 0)
        failed(network, el_strerror(rc));
}

/* -- what the supervisor says -- */

static void send_service(struct network *network)
{
    struct el_hub_sync *sync = network->sync;
    int rc =
        el_hub_sync_errand(sync, network->serve ? EL_ERRAND_SERVICE_UP : EL_ERRAND_SERVICE_DOWN,
                           &network->about, NULL);

    if (rc < 0)
        retry_later(network, el_strerror(rc));
}

static void on_retries(uv_timer_t *timer)
{
    struct el_hub_sync *sync = timer->data;
    uint64_t now = uv_now(sync->config.loop);

    for (unsigned i = 0; i < PLACES; i++) {
        struct network *network = &sync->networks[i];
        if (!network->used || !network->retry_ms || network->retry_ms > now)
            continue;
        network->retry_ms = 0;
        ask_tunnel(network);
        if (network->there && network->serve && !network->serving)
            send_service(network);
    }
    arm_retries(sync);
}

static void on_network_up(struct network *network, const struct el_errand *answer, const int *fds,
                          unsigned count)
{
    if (!network->errand || answer->sequence != network->errand)
        return; /* that of one of this name before it, or before us */
    network->errand = 0;
    if (answer->code < 0) {
        failed(network, answer->text);
        return;
    }
    network->there = true;
    network->own = network->additional ? (struct el_mac){{0}} : answer->own;
    network->framed = answer->framed;
    give_port(network, fds, count);
    if (!network->additional)
        send_service(network);
}

static void on_service(struct network *network, const struct el_errand *answer, const int *fds,
                       unsigned count)
{
    const struct el_hub_sync_config *config = &network->sync->config;
    int fd = count > 0 && config->orders ? fcntl(fds[0], F_DUPFD_CLOEXEC, 0) : -1;
    int recent = count > 1 && config->recent ? fcntl(fds[1], F_DUPFD_CLOEXEC, 0) : -1;

    if (fd >= 0)
        config->orders(config->arg, network->about.vni, fd);
    if (recent >= 0)
        config->recent(config->arg, network->about.vni, recent);
    service_state(network, answer->serving);
}

void el_hub_sync_supervisor_answers(struct el_hub_sync *sync, const struct el_errand *answer,
                                    const int *fds, unsigned count)
{
    struct network *network = find_name(sync, answer->network.name);

    if (!network)
        return; /* gone meanwhile */
    if (answer->about == EL_ERRAND_NETWORK_UP || answer->about == EL_ERRAND_PORT_UP)
        on_network_up(network, answer, fds, count);
    else if (answer->code < 0)
        retry_later(network, answer->text);
    else if (answer->about == EL_ERRAND_SERVICE_UP || answer->about == EL_ERRAND_SERVICE_DOWN)
        on_service(network, answer, fds, count);
}

void el_hub_sync_service_says(struct el_hub_sync *sync, const char *name, bool serving)
{
    struct network *network = find_name(sync, name);

    if (network)
        service_state(network, serving);
}

/* -- what is wanted -- */

static struct network *free_place(struct el_hub_sync *sync)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (!sync->networks[i].used && !sync->networks[i].asking)
            return &sync->networks[i];
    return NULL;
}

static struct network *place_for(struct el_hub_sync *sync, const struct el_registry_network *about)
{
    struct network *network = find(sync, about->vni);

    if (!network)
        network = free_place(sync);
    if (network && !network->used) {
        *network = (struct network){.sync = sync, .used = true, .about.vni = about->vni};
        network->about.cidr = about->cidr;
        network->about.prefix6 = about->prefix6;
        memcpy(network->about.name, about->name, sizeof network->about.name);
    }
    return network;
}

/* A boot service that has died is no reason to take the network from those who see it. */
static bool stays_open(const struct network *network, const struct el_registry_effect *effect)
{
    return !effect->open && network->gate_open && effect->port &&
           effect->port->wanted == EL_REGISTRY_PUBLISHED;
}

void el_hub_sync_want_network(struct el_hub_sync *sync, const struct el_registry_effect *effect)
{
    struct network *network = place_for(sync, effect->network);

    if (!network) {
        EL_LOG(EL_LOG_ERROR, "node", "network", EL_STR("network", effect->network->name),
               EL_STR("error", "too many"));
        return;
    }
    network->open = effect->open || stays_open(network, effect);
    ask_tunnel(network);
}

/* NETWORK, or port, is nobody's any more. */
static void leave(struct network *network, uint32_t errand)
{
    struct el_hub_sync *sync = network->sync;
    int rc = el_hub_sync_errand(sync, errand, &network->about, NULL);

    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "node", "network", EL_STR("network", network->about.name),
               EL_STR("error", el_strerror(rc)));
    network->used = false;
    if (network->errand) { /* whose answer will find nobody */
        network->asking = false;
        el_hub_sync_complete(sync);
    }
}

/* Those that are to be down are so now. */
static void on_ports_closed(void *arg, int code, const char *text)
{
    struct el_hub_sync *sync = arg;
    int64_t now_s = sync->config.wall_s(sync->config.arg);
    struct el_err err = {""};

    el_hub_sync_answered(arg, code, text);
    for (size_t i = 0; i < el_registry_port_count(sync->registry); i++) {
        const struct el_registry_port *port = el_registry_port_at(sync->registry, i);
        if (port->wanted == EL_REGISTRY_DOWN && port->state != EL_REGISTRY_DOWN &&
            !find_name(sync, port->name))
            (void)el_registry_port_report(sync->registry, port->name, EL_REGISTRY_DOWN, "stopped",
                                          now_s, &err);
    }
}

void el_hub_sync_close_port(struct el_hub_sync *sync, const struct el_registry_port *port)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PORT_REMOVE};
    struct network *network = find_name(sync, port->name);

    if (!network || !network->additional)
        return;
    memcpy(message.port, network->about.name, sizeof message.port);
    if (el_manage_client_ask(sync->tunnel, &message, NULL, on_ports_closed, sync) < 0)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-untold", EL_STR("port", port->name));
    leave(network, EL_ERRAND_PORT_DOWN);
}

static void want_port(struct el_hub_sync *sync, const struct el_registry_effect *effect)
{
    const struct el_registry_port *port = effect->port;
    struct network *network = find_name(sync, port->name);

    if (port->wanted == EL_REGISTRY_DOWN) {
        el_hub_sync_close_port(sync, port);
        return;
    }
    if (!network && (network = free_place(sync))) {
        *network = (struct network){.sync = sync,
                                    .used = true,
                                    .additional = true,
                                    .serving = true,
                                    .about = {.vni = port->vni, .cidr = effect->network->cidr}};
        memcpy(network->about.name, port->name, sizeof network->about.name);
    }
    if (!network) {
        EL_LOG(EL_LOG_ERROR, "node", "port", EL_STR("port", port->name),
               EL_STR("error", "too many"));
        return;
    }
    network->open = effect->open;
    ask_tunnel(network);
}

void el_hub_sync_want_service(struct el_hub_sync *sync, const struct el_registry_effect *effect)
{
    struct network *network = find(sync, effect->network->vni);

    if (strcmp(effect->port->name, effect->network->name) != 0) {
        want_port(sync, effect);
        return;
    }
    if (!network)
        return;
    bool serve = effect->port->wanted != EL_REGISTRY_DOWN;
    bool other = network->serve != serve;
    network->serve = serve;
    if (network->there && other)
        send_service(network);
}

void el_hub_sync_remove_network(struct el_hub_sync *sync, const struct el_registry_network *about)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_REMOVE, .vni = about->vni};
    struct network *network = find(sync, about->vni);

    if (!network)
        return;
    el_hub_sync_ask_tunnel(sync, &message);
    leave(network, EL_ERRAND_NETWORK_DOWN);
}

/* -- what has gone -- */

static void lost(struct network *network)
{
    uint32_t errand = network->additional ? EL_ERRAND_PORT_DOWN : EL_ERRAND_NETWORK_DOWN;

    report(network, EL_REGISTRY_DOWN, "its interface is gone");
    network->there = false;
    el_hub_sync_errand(network->sync, errand, &network->about, NULL);
    ask_tunnel(network);
}

void el_hub_sync_network_gone(void *arg, uint32_t vni)
{
    struct network *network = find(arg, vni);

    if (network)
        lost(network);
}

void el_hub_sync_port_gone(void *arg, const char *name)
{
    struct network *network = find_name(arg, name);

    if (network && network->additional)
        lost(network);
}

/* -- what is asked -- */

int el_hub_sync_own(struct el_hub_sync *sync, uint32_t vni, struct el_mac *mac)
{
    const struct network *network = find(sync, vni);

    if (!network || !network->there || el_mac_is_zero(&network->own))
        return EL_ENOENT;
    *mac = network->own;
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry's effects, carried out.
 *
 * A network's way: the tunnel is asked to set it as it has it; if it has no such port, or one that
 * we, who are new, have not seen, the supervisor is asked for it, and what comes is given to the
 * tunnel. While a tunnel that is new is
 * told everything, COMPLETE waits for the last network: what it has is not to be taken away in
 * between. What fails is tried again, less and less often.
 */
#include "node/hub_sync.h"

#include "base/csprng.h"
#include "base/log.h"
#include "base/map.h"
#include "node/errand.h"
#include "node/hub_network.h"
#include "node/hub_ports.h"
#include "node/manage_client.h"
#include "sys/message.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)EL_REGISTRY_NETWORKS <= (int)EL_HUB_NETWORKS, "what can be made can be served");

enum {
    NOTICES_AT_ONCE = 32,
    PLACELESS = 4,
    PLACES = EL_REGISTRY_NETWORKS + EL_HUB_PORTS,
    RETRY_MS = 1000, /* twice as long each time, */
    RETRY_MAX_MS = 60 * 1000,
};

/* A network that has, or shall have, a port; or another port of a network, which has no boot
 * service. */
struct network {
    struct el_hub_sync *sync;
    bool used;
    bool additional; /* about has the port's name */
    bool asking;     /* the tunnel or the supervisor has a question to answer */
    bool again;      /* and what was asked is out of date by now */
    uint32_t errand; /* of the question to the supervisor; 0: it is the tunnel's */
    struct el_errand_network about;
    bool open;       /* wanted: frames pass */
    bool serve;      /* wanted: its boot service runs */
    bool there;      /* the supervisor has made it, */
    bool serving;    /* its boot service is ready, */
    bool gate_known; /* the tunnel has confirmed its gate, */
    bool gate_open;  /* which is open */
    struct el_mac own;
    bool framed;       /* its queues are socket pairs */
    uint64_t wait_ms;  /* before the last retry; 0: it works */
    uint64_t retry_ms; /* of the loop's clock; 0: nothing is to be tried again */
};

/* A peer that the tunnel was asked to set and has not answered for, in their order. */
struct setting {
    struct setting *next;
    uint8_t key[EL_REGISTRY_KEY_BYTES];
};

struct el_hub_sync {
    struct el_hub_sync_config config;
    struct el_registry *registry;
    struct el_manage_client *tunnel;
    uv_poll_t *errands;
    uv_timer_t *retries;
    uint32_t sequence;
    bool closed;  /* the channel to the tunnel */
    bool telling; /* from BEGIN to COMPLETE */
    struct network networks[PLACES];
    struct el_map *peers;                           /* struct el_hub_peer by key */
    struct el_errand_question placeless[PLACELESS]; /* to be asked; no name: none */
    struct setting *settings, *last_setting;
};

static void ask_tunnel(struct network *network);
static void complete(struct el_hub_sync *sync);

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
        complete(network->sync);
}

static void failed(struct network *network, const char *why)
{
    if (network->used)
        retry_later(network, why);
    settled(network);
}

/* It has the number sync->sequence. */
static int send_errand(struct el_hub_sync *sync, uint32_t kind,
                       const struct el_errand_network *about,
                       const struct el_errand_question *question)
{
    struct el_errand errand;
    int fd;

    memset(&errand, 0, sizeof errand); /* it leaves this process whole */
    errand.kind = kind;
    errand.sequence = ++sync->sequence;
    if (about)
        errand.network = *about;
    if (question)
        errand.question = *question;
    if (uv_fileno((const uv_handle_t *)sync->errands, &fd) < 0)
        return EL_ECLOSED;
    return el_sys_message_send(fd, &errand, sizeof errand, NULL, 0);
}

static bool fetch_port(struct network *network)
{
    uint32_t kind = network->additional ? EL_ERRAND_PORT_UP : EL_ERRAND_NETWORK_UP;

    if (send_errand(network->sync, kind, &network->about, NULL) < 0)
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
    int rc = send_errand(sync, network->serve ? EL_ERRAND_SERVICE_UP : EL_ERRAND_SERVICE_DOWN,
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

static void on_answer(struct el_hub_sync *sync, const struct el_errand *answer, const int *fds,
                      unsigned count)
{
    struct network *network = find_name(sync, answer->network.name);

    if (!network)
        return; /* gone meanwhile */
    if (answer->about == EL_ERRAND_NETWORK_UP || answer->about == EL_ERRAND_PORT_UP)
        on_network_up(network, answer, fds, count);
    else if (answer->code < 0)
        retry_later(network, answer->text);
    else if (answer->about == EL_ERRAND_SERVICE_UP || answer->about == EL_ERRAND_SERVICE_DOWN)
        service_state(network, answer->serving);
}

static void on_errand(struct el_hub_sync *sync, struct el_errand *errand, const int *fds,
                      unsigned count)
{
    struct network *network;

    errand->text[sizeof errand->text - 1] = '\0';
    errand->network.name[sizeof errand->network.name - 1] = '\0';
    if (errand->kind == EL_ERRAND_ANSWER && errand->about == EL_ERRAND_ASK)
        sync->config.answered(sync->config.arg, &errand->question,
                              (enum el_enrol_program)errand->said);
    else if (errand->kind == EL_ERRAND_ANSWER)
        on_answer(sync, errand, fds, count);
    if (errand->kind == EL_ERRAND_SERVICE && (network = find_name(sync, errand->network.name)))
        service_state(network, errand->serving);
}

static void on_errands(uv_poll_t *poll, int status, int events)
{
    struct el_hub_sync *sync = poll->data;
    int fds[EL_SYS_MESSAGE_FDS];
    struct el_errand errand;
    unsigned count;
    int fd, rc = status < 0 || uv_fileno((uv_handle_t *)poll, &fd) < 0 ? EL_ECLOSED : 0;

    (void)events;
    for (unsigned i = 0; i < NOTICES_AT_ONCE && rc != EL_EAGAIN && rc != EL_ECLOSED; i++) {
        rc = el_sys_message_receive(fd, &errand, sizeof errand, fds, &count);
        if (rc < 0)
            continue;
        on_errand(sync, &errand, fds, count);
        while (count > 0)
            close(fds[--count]);
    }
    if (rc == EL_ECLOSED)
        uv_poll_stop(poll);
}

/* -- effects -- */

static void on_done(void *arg, int code, const char *text)
{
    (void)arg;
    if (code < 0 && code != EL_ECLOSED && code != EL_ENOENT)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-refuses", EL_STR("error", text));
}

static int ask_and(struct el_hub_sync *sync, struct el_manage_message *message,
                   el_manage_answered_cb *answered, void *arg)
{
    int rc = el_manage_client_ask(sync->tunnel, message, NULL, answered, arg);

    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-untold", EL_STR("error", el_strerror(rc)));
    sodium_memzero(message, sizeof *message); /* there may be keys in it */
    return rc;
}

static void ask(struct el_hub_sync *sync, struct el_manage_message *message)
{
    (void)ask_and(sync, message, on_done, sync);
}

static void forget_setting(struct el_hub_sync *sync)
{
    struct setting *setting = sync->settings;

    sync->settings = setting->next;
    if (!sync->settings)
        sync->last_setting = NULL;
    free(setting);
}

static void on_peer_set(void *arg, int code, const char *text)
{
    struct el_hub_sync *sync = arg;
    uint8_t key[EL_REGISTRY_KEY_BYTES];

    memcpy(key, sync->settings->key, sizeof key);
    forget_setting(sync);
    on_done(sync, code, text);
    if (code == 0)
        sync->config.peer_set(sync->config.arg, key);
}

/* Asks, and tells when it is done; who is out of memory for that goes without. */
static void ask_to_set(struct el_hub_sync *sync, struct el_manage_message *message)
{
    struct setting *setting = sync->config.peer_set ? calloc(1, sizeof *setting) : NULL;

    if (!setting) {
        ask(sync, message);
        return;
    }
    memcpy(setting->key, message->peer.key, sizeof setting->key);
    if (ask_and(sync, message, on_peer_set, sync) < 0) {
        free(setting);
        return;
    }
    *(sync->last_setting ? &sync->last_setting->next : &sync->settings) = setting;
    sync->last_setting = setting;
}

static void set_peer(struct el_hub_sync *sync, const struct el_registry_peer *peer)
{
    static const char *const prefixes[] = {[EL_REGISTRY_PEER_SPOKE] = "",
                                           [EL_REGISTRY_PEER_ENROLMENT] = "token.",
                                           [EL_REGISTRY_PEER_REVOKED] = "revoked."};
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_SET};
    struct el_manage_peer *wanted = &message.peer;

    /* These may have the name of a spoke, or of one another. */
    snprintf(wanted->name, sizeof wanted->name, "%s%.55s", prefixes[peer->kind], peer->name);
    memcpy(wanted->key, peer->key, sizeof wanted->key);
    memcpy(wanted->psk, peer->psk, sizeof wanted->psk);
    wanted->ip = peer->ip;
    wanted->wire = (enum el_tunnel_wire)peer->wire;
    wanted->membership_count = peer->membership_count;
    for (unsigned i = 0; i < peer->membership_count; i++)
        wanted->memberships[i] = (struct el_manage_membership){
            .vni = peer->memberships[i].vni, .published = peer->memberships[i].published};
    ask_to_set(sync, &message);
}

static void remove_peer(struct el_hub_sync *sync, const struct el_registry_peer *peer)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_REMOVE};

    memcpy(message.key, peer->key, sizeof message.key);
    ask(sync, &message);
    free(el_map_del(sync->peers, peer->key));
}

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

static void want_network(struct el_hub_sync *sync, const struct el_registry_effect *effect)
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
    int rc = send_errand(sync, errand, &network->about, NULL);

    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "node", "network", EL_STR("network", network->about.name),
               EL_STR("error", el_strerror(rc)));
    network->used = false;
    if (network->errand) { /* whose answer will find nobody */
        network->asking = false;
        complete(sync);
    }
}

/* Those that are to be down are so now. */
static void on_ports_closed(void *arg, int code, const char *text)
{
    struct el_hub_sync *sync = arg;
    int64_t now_s = sync->config.wall_s(sync->config.arg);
    struct el_err err = {""};

    on_done(arg, code, text);
    for (size_t i = 0; i < el_registry_port_count(sync->registry); i++) {
        const struct el_registry_port *port = el_registry_port_at(sync->registry, i);
        if (port->wanted == EL_REGISTRY_DOWN && port->state != EL_REGISTRY_DOWN &&
            !find_name(sync, port->name))
            (void)el_registry_port_report(sync->registry, port->name, EL_REGISTRY_DOWN, "stopped",
                                          now_s, &err);
    }
}

static void close_port(struct el_hub_sync *sync, const struct el_registry_port *port)
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
        close_port(sync, port);
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

static void want_service(struct el_hub_sync *sync, const struct el_registry_effect *effect)
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

static void remove_network(struct el_hub_sync *sync, const struct el_registry_network *about)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_REMOVE, .vni = about->vni};
    struct network *network = find(sync, about->vni);

    if (!network)
        return;
    ask(sync, &message);
    leave(network, EL_ERRAND_NETWORK_DOWN);
}

void el_hub_sync_effect(struct el_hub_sync *sync, const struct el_registry_effect *effect)
{
    if (!sync->registry)
        return; /* we have not begun: all of it will be told */
    switch (effect->kind) {
    case EL_REGISTRY_PEER_SET: set_peer(sync, effect->peer); break;
    case EL_REGISTRY_PEER_REMOVE: remove_peer(sync, effect->peer); break;
    case EL_REGISTRY_NETWORK_SET: want_network(sync, effect); break;
    case EL_REGISTRY_NETWORK_REMOVE: remove_network(sync, effect->network); break;
    case EL_REGISTRY_PORT_SET: want_service(sync, effect); break;
    case EL_REGISTRY_PORT_REMOVE: close_port(sync, effect->port); break; /* its own: with it */
    }
}

/* -- what the tunnel says -- */

static void on_complete(void *arg, int code, const char *text)
{
    struct el_hub_sync *sync = arg;

    (void)text;
    if (code == 0 && sync->config.complete)
        sync->config.complete(sync->config.arg);
}

static void complete(struct el_hub_sync *sync)
{
    struct el_manage_message message = {.kind = EL_MANAGE_COMPLETE};

    if (!sync->telling)
        return;
    for (unsigned i = 0; i < PLACES; i++)
        if (sync->networks[i].used && sync->networks[i].asking)
            return;
    sync->telling = false;
    el_manage_client_ask(sync->tunnel, &message, NULL, on_complete, sync);
}

static void tell_all(struct el_hub_sync *sync)
{
    struct el_manage_message message = {.kind = EL_MANAGE_BEGIN};

    if (!sync->registry || sync->closed)
        return;
    ask(sync, &message);
    sync->telling = true;
    el_registry_tell(sync->registry);
    complete(sync);
}

static void on_hello(void *arg, const struct el_manage_hello *hello)
{
    (void)hello;
    tell_all(arg);
}

/* A peer's first words may be faster than the tunnel's word where it is. */
static void ask_now(struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                    const struct el_endpoint *from)
{
    struct el_err err = {""};

    for (unsigned i = 0; i < PLACELESS; i++) {
        struct el_errand_question *question = &sync->placeless[i];
        if (!question->name[0] || memcmp(question->enrolment_key, key, EL_REGISTRY_KEY_BYTES) != 0)
            continue;
        question->from = *from;
        if (el_hub_sync_ask(sync, question, &err) < 0)
            sync->config.answered(sync->config.arg, question, EL_ENROL_PROGRAM_FAILED);
        question->name[0] = '\0';
    }
}

static bool has_loop(const struct el_manage_loop *loops, unsigned count,
                     const struct el_manage_loop *one)
{
    for (unsigned i = 0; i < count; i++)
        if (loops[i].vni == one->vni && memcmp(loops[i].other, one->other, sizeof one->other) == 0)
            return true;
    return false;
}

static struct el_hub_loop loop_of(const uint8_t *key, const struct el_manage_loop *one)
{
    struct el_hub_loop loop = {.vni = one->vni};

    memcpy(loop.out, key, sizeof loop.out);
    memcpy(loop.in, one->other, sizeof loop.in);
    return loop;
}

/* Tells which loops are in HAS and not in HAD. */
static void tell_loops(struct el_hub_sync *sync, const uint8_t *key,
                       const struct el_manage_loop *has, unsigned has_count,
                       const struct el_manage_loop *had, unsigned had_count, bool ended)
{
    for (unsigned i = 0; sync->config.looped && i < has_count; i++) {
        struct el_hub_loop loop = loop_of(key, &has[i]);
        if (!has_loop(had, had_count, &has[i]))
            sync->config.looped(sync->config.arg, &loop, ended);
    }
}

static void note_loops(struct el_hub_sync *sync, struct el_hub_peer *peer,
                       const struct el_manage_peer_state *state)
{
    struct el_hub_peer was = *peer;

    peer->loop_count = state->loop_count;
    memcpy(peer->loops, state->loops, sizeof peer->loops);
    tell_loops(sync, state->key, was.loops, was.loop_count, peer->loops, peer->loop_count, true);
    tell_loops(sync, state->key, peer->loops, peer->loop_count, was.loops, was.loop_count, false);
}

static void on_peer_state(void *arg, const struct el_manage_peer_state *state)
{
    struct el_hub_sync *sync = arg;
    struct el_hub_peer *peer = el_map_get(sync->peers, state->key);
    int64_t now_s = sync->config.wall_s(sync->config.arg);

    if (!peer) {
        peer = calloc(1, sizeof *peer);
        if (!peer || el_map_put(sync->peers, state->key, peer) < 0) {
            free(peer);
            return; /* it is shown as not heard of */
        }
        memcpy(peer->key, state->key, sizeof peer->key);
    }
    if (peer->up != state->up || peer->since_s == 0)
        peer->since_s = now_s;
    peer->up = state->up;
    peer->endpoint = state->endpoint;
    note_loops(sync, peer, state);
    if (sync->config.peer)
        sync->config.peer(sync->config.arg, state->key, peer);
    if (state->up)
        ask_now(sync, state->key, &state->endpoint);
}

static void lost(struct network *network)
{
    uint32_t errand = network->additional ? EL_ERRAND_PORT_DOWN : EL_ERRAND_NETWORK_DOWN;

    report(network, EL_REGISTRY_DOWN, "its interface is gone");
    network->there = false;
    send_errand(network->sync, errand, &network->about, NULL);
    ask_tunnel(network);
}

static void on_network_gone(void *arg, uint32_t vni)
{
    struct network *network = find(arg, vni);

    if (network)
        lost(network);
}

static void on_port_gone(void *arg, const char *name)
{
    struct network *network = find_name(arg, name);

    if (network && network->additional)
        lost(network);
}

static void on_relayed(void *arg, const struct el_manage_relayed *relayed)
{
    struct el_hub_sync *sync = arg;

    if (sync->config.relayed)
        sync->config.relayed(sync->config.arg, relayed->from, relayed->to);
}

static void on_tunnel_closed(void *arg)
{
    ((struct el_hub_sync *)arg)->closed = true;
}

/* -- beginning and end -- */

static int watch_errands(struct el_hub_sync *sync, struct el_err *err)
{
    sync->errands = calloc(1, sizeof *sync->errands);
    if (!sync->errands || uv_poll_init(sync->config.loop, sync->errands, sync->config.errand) < 0) {
        free(sync->errands);
        sync->errands = NULL;
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    sync->errands->data = sync;
    uv_poll_start(sync->errands, UV_READABLE, on_errands);
    return 0;
}

static int make_retries(struct el_hub_sync *sync, struct el_err *err)
{
    sync->retries = calloc(1, sizeof *sync->retries);
    if (!sync->retries)
        return el_err(err, EL_ENOMEM, "out of memory");
    uv_timer_init(sync->config.loop, sync->retries);
    sync->retries->data = sync;
    return 0;
}

int el_hub_sync_new(const struct el_hub_sync_config *config, struct el_hub_sync **result,
                    struct el_err *err)
{
    static const struct el_manage_client_events events = {.hello = on_hello,
                                                          .peer_state = on_peer_state,
                                                          .network_gone = on_network_gone,
                                                          .port_gone = on_port_gone,
                                                          .relayed = on_relayed,
                                                          .closed = on_tunnel_closed};
    struct el_hub_sync *sync = calloc(1, sizeof *sync);

    if (!sync)
        return el_err(err, EL_ENOMEM, "out of memory");
    sync->config = *config;
    if (sync->config.retry_ms == 0)
        sync->config.retry_ms = RETRY_MS;
    el_random(&sync->sequence, sizeof sync->sequence); /* not that of one who was here before us */
    sync->peers = el_map_new(EL_REGISTRY_KEY_BYTES, EL_REGISTRY_PEERS);
    int rc = sync->peers ? watch_errands(sync, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        rc = make_retries(sync, err);
    if (rc == 0)
        rc = el_manage_client_new(config->loop, config->manage, &events, sync, &sync->tunnel, err);
    if (rc < 0) {
        el_hub_sync_free(sync);
        return rc;
    }
    *result = sync;
    return 0;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void el_hub_sync_free(struct el_hub_sync *sync)
{
    size_t cursor = 0;

    if (!sync)
        return;
    el_manage_client_free(sync->tunnel);
    if (sync->errands) {
        uv_close((uv_handle_t *)sync->errands, free_handle);
        close(sync->config.errand);
    }
    if (sync->retries)
        uv_close((uv_handle_t *)sync->retries, free_handle);
    for (void *peer; sync->peers && (peer = el_map_next(sync->peers, &cursor));)
        free(peer);
    el_map_free(sync->peers);
    while (sync->settings)
        forget_setting(sync);
    free(sync);
}

void el_hub_sync_start(struct el_hub_sync *sync, struct el_registry *registry)
{
    sync->registry = registry;
    tell_all(sync);
}

int el_hub_sync_ask(struct el_hub_sync *sync, const struct el_errand_question *question,
                    struct el_err *err)
{
    for (unsigned i = 0; !question->from.ip.family && i < PLACELESS; i++)
        if (!sync->placeless[i].name[0]) {
            sync->placeless[i] = *question;
            return 0;
        }
    int rc = send_errand(sync, EL_ERRAND_ASK, NULL, question);
    return rc < 0 ? el_err(err, rc, "the second factor cannot be asked: %s", el_strerror(rc)) : 0;
}

int el_hub_sync_own(struct el_hub_sync *sync, uint32_t vni, struct el_mac *mac)
{
    const struct network *network = find(sync, vni);

    if (!network || !network->there || el_mac_is_zero(&network->own))
        return EL_ENOENT;
    *mac = network->own;
    return 0;
}

bool el_hub_sync_peer(const struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                      struct el_hub_peer *peer)
{
    const struct el_hub_peer *known = el_map_get(sync->peers, key);

    if (known)
        *peer = *known;
    return known != NULL;
}

/* -- loops -- */

unsigned el_hub_sync_loops(const struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                           struct el_hub_loop *loops, unsigned max)
{
    const struct el_hub_peer *peer;
    unsigned count = 0;
    size_t cursor = 0;

    while ((peer = el_map_next(sync->peers, &cursor)))
        for (unsigned i = 0; i < peer->loop_count && count < max; i++) {
            struct el_hub_loop loop = loop_of(peer->key, &peer->loops[i]);
            if (memcmp(loop.out, key, sizeof loop.out) == 0 ||
                memcmp(loop.in, key, sizeof loop.in) == 0)
                loops[count++] = loop;
        }
    return count;
}

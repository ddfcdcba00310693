/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports of a spoke.
 *
 * Each has a place in a table as long as it is wanted, and until the tunnel has answered all that
 * was asked about it. What is wanted is compared with what is there: what has moved is taken down
 * first, so that no frame is in two networks.
 */
#include "spoke/spoke_ports.h"

#include "base/log.h"
#include "link/manage_client.h"
#include "netlink/links.h"
#include "node/interface.h"
#include "port/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORTS = 4 * EL_SPOKE_NETWORKS };

_Static_assert((int)EL_SPOKE_NETWORKS <= (int)EL_LAN_NETWORKS, "a plan has room for all");
_Static_assert((int)EL_SPOKE_NETWORKS <= (int)EL_MANAGE_NETWORKS, "and so has a message");

/* Where a network has its port. */
struct seat {
    uint32_t vni;
    char network[EL_SPOKE_NETWORK_NAME];
    struct el_lan_place place; /* nowhere: an interface of its own */
    int vid;                   /* see struct el_lan_port */
};

struct port {
    struct el_spoke_ports *ports;
    bool used;
    unsigned asked; /* of the tunnel, and not answered */
    struct seat seat;
    unsigned count; /* of fds; 0: it could not be opened, or is gone */
    int fds[EL_MANAGE_QUEUES];
    char problem[EL_AGENT_PROBLEM]; /* why it is not there, if it is not; and that was said */
};

struct el_spoke_ports {
    struct el_spoke_ports_config config;
    struct el_manage_client *tunnel;
    uv_timer_t *retry;
    struct el_spoke_networks networks;
    struct el_lan_plan plan;    /* for its problems */
    el_spoke_ports_own_cb *own; /* NULL: nobody watches */
    void *own_arg;
    bool begun; /* it has been set once; before that, an error is the caller's to say */
    struct port items[PORTS];
};

/* -- interfaces -- */

static const char *interface_of(const struct seat *seat, char text[EL_LAN_TEXT])
{
    if (!seat->place.interface[0])
        return seat->network;
    return el_lan_place_text(&seat->place, text);
}

static void close_port(struct port *port)
{
    while (port->count > 0)
        close(port->fds[--port->count]);
}

/* An interface of our own came, or has gone. */
static void tell_own(const struct port *port, bool there)
{
    const struct el_spoke_ports *ports = port->ports;

    if (ports->own && !port->seat.place.interface[0])
        ports->own(ports->own_arg, port->seat.network, there);
}

static void give_up(struct port *port)
{
    if (port->count > 0)
        tell_own(port, false);
    close_port(port);
}

static int switch_on(const char *interface, struct el_err *err)
{
    struct el_netlink *netlink;
    int rc = el_netlink_open(&netlink, err);

    if (rc == 0) {
        rc = el_netlink_set_up(netlink, interface, err);
        el_netlink_close(netlink);
    }
    return rc;
}

/* It is switched on before its sockets are made: only then the kernel groups them. */
static int open_lan(struct port *port, struct el_err *err)
{
    const struct el_spoke_ports_config *config = &port->ports->config;
    const char *interface = port->seat.place.interface;
    struct el_err ignored = {""};

    (void)switch_on(interface, &ignored);
    int rc = el_packet_open_lanes(interface, port->seat.vid, config->lanes, port->fds, err);
    if (rc < 0)
        return rc;
    port->count = (unsigned)rc;
    rc = switch_on(interface, err);
    if (rc < 0)
        close_port(port);
    return rc;
}

static int open_own(struct port *port, struct el_err *err)
{
    const struct el_spoke_ports_config *config = &port->ports->config;
    int rc = el_node_interface_open(port->seat.network, config->public_key, port->seat.vni, NULL,
                                    NULL, config->lanes, port->fds, err);

    if (rc > 0)
        port->count = (unsigned)rc;
    return rc < 0 ? rc : 0;
}

static int open_port(struct port *port, struct el_err *err)
{
    return port->seat.place.interface[0] ? open_lan(port, err) : open_own(port, err);
}

/* -- what the tunnel is told -- */

static void retry_later(struct el_spoke_ports *ports);

static void ask(struct el_spoke_ports *ports, const struct el_manage_message *message,
                el_manage_answered_cb *answered)
{
    int rc = el_manage_client_ask(ports->tunnel, message, NULL, answered, ports);

    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-untold", EL_STR("error", el_strerror(rc)));
}

static void on_done(void *arg, int code, const char *text)
{
    (void)arg;
    if (code < 0 && code != EL_ECLOSED && code != EL_ENOENT)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-refuses", EL_STR("error", text));
}

static void set_problem(struct port *port, const char *text);

static void lose_port(struct port *port, const char *why)
{
    set_problem(port, why);
    give_up(port);
    retry_later(port->ports);
    port->ports->config.changed(port->ports->config.arg);
}

/* It cannot be used: its interface has gone since it was opened. */
static void on_set(void *arg, int code, const char *text)
{
    struct port *port = arg;

    port->asked--;
    if (code == 0 || code == EL_ECLOSED || !port->used || port->asked > 0)
        return; /* or it is not what was asked about any more; or the tunnel is told again */
    lose_port(port, text);
}

static void tell_port(struct port *port)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_SET};
    struct el_manage_network *network = &message.network;
    unsigned lanes = port->ports->config.lanes;
    int fds[EL_MANAGE_QUEUES];
    char text[EL_LAN_TEXT];

    network->vni = port->seat.vni;
    network->published = true;
    network->queues = lanes;
    if (port->seat.place.interface[0]) {
        network->form = EL_MANAGE_PACKET;
        network->vid = port->seat.vid > 0 ? (uint16_t)port->seat.vid : 0;
    }
    strncpy(network->name, interface_of(&port->seat, text), sizeof network->name - 1);
    for (unsigned i = 0; i < lanes; i++)
        fds[i] = port->fds[i % port->count];
    int rc = el_manage_client_ask(port->ports->tunnel, &message, fds, on_set, port);
    if (rc == 0)
        port->asked++;
    else if (rc != EL_ECLOSED) /* as it would be if the tunnel had said so */
        retry_later(port->ports);
}

/* The hub is a member of all of them: what it lets pass is its own to say. */
static void tell_memberships(struct el_spoke_ports *ports)
{
    const struct el_node_peer *hub = ports->config.hub;
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_SET};
    struct el_manage_peer *peer = &message.peer;

    strcpy(peer->name, hub->name);
    memcpy(peer->key, hub->key, sizeof peer->key);
    peer->ip = hub->ip;
    peer->wire = hub->wire;
    peer->role = EL_MANAGE_UPLINK;
    peer->membership_count = ports->networks.count;
    for (unsigned i = 0; i < ports->networks.count; i++)
        peer->memberships[i] = (struct el_manage_membership){.vni = ports->networks.items[i].vni,
                                                             .published = true,
                                                             .own = ports->networks.items[i].mac};
    ask(ports, &message, on_done);
}

static void tell_all(struct el_spoke_ports *ports)
{
    ask(ports, &(struct el_manage_message){.kind = EL_MANAGE_BEGIN}, on_done);
    for (unsigned i = 0; i < PORTS; i++)
        if (ports->items[i].used && ports->items[i].count > 0)
            tell_port(&ports->items[i]);
    tell_memberships(ports);
    if (ports->config.direct)
        el_spoke_direct_tell(ports->config.direct);
    ask(ports, &(struct el_manage_message){.kind = EL_MANAGE_COMPLETE}, on_done);
}

/* -- ports -- */

static bool is_same_seat(const struct seat *a, const struct seat *b)
{
    return a->vni == b->vni && strcmp(a->network, b->network) == 0 && a->vid == b->vid &&
           a->place.vid == b->place.vid && strcmp(a->place.interface, b->place.interface) == 0;
}

static struct port *find(struct el_spoke_ports *ports, uint32_t vni)
{
    for (unsigned i = 0; i < PORTS; i++)
        if (ports->items[i].used && ports->items[i].seat.vni == vni)
            return &ports->items[i];
    return NULL;
}

static void say_problem(const struct port *port)
{
    EL_LOG(EL_LOG_WARN, "node", "port", EL_STR("network", port->seat.network),
           EL_STR("error", port->problem), EL_STR("hint", "trying on"));
}

/* Says it once. */
static void set_problem(struct port *port, const char *text)
{
    if (port->problem[0])
        return;
    snprintf(port->problem, sizeof port->problem, "%s", text);
    if (port->ports->begun)
        say_problem(port);
}

static int try_port(struct port *port, struct el_err *err)
{
    struct el_err why = {""};
    char text[EL_LAN_TEXT];
    int rc = open_port(port, &why);

    if (rc < 0) {
        set_problem(port, why.text);
        return el_err(err, rc, "%s", why.text);
    }
    port->problem[0] = '\0';
    EL_LOG(EL_LOG_INFO, "node", "port-open", EL_STR("network", port->seat.network),
           EL_UINT("vni", port->seat.vni), EL_STR("interface", interface_of(&port->seat, text)));
    tell_port(port);
    tell_own(port, true);
    return 0;
}

static int add_port(struct el_spoke_ports *ports, const struct seat *seat, struct el_err *err)
{
    struct port *port = NULL;

    for (unsigned i = 0; !port && i < PORTS; i++)
        if (!ports->items[i].used && ports->items[i].asked == 0)
            port = &ports->items[i];
    if (!port)
        return el_err(err, EL_EFULL, "network %s: too much has changed at once", seat->network);
    *port = (struct port){.ports = ports, .used = true, .seat = *seat};
    return try_port(port, err);
}

static void remove_port(struct port *port)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_REMOVE, .vni = port->seat.vni};

    EL_LOG(EL_LOG_INFO, "node", "port-closed", EL_STR("network", port->seat.network));
    ask(port->ports, &message, on_done);
    give_up(port);
    port->used = false;
}

/* -- which -- */

/* The network that has the --lan which is for any: it keeps it, unless it is not published and
 * another is. */
static const char *first_network(const struct el_spoke_ports *ports,
                                 const struct el_spoke_networks *networks)
{
    const struct el_lan_site *lans = ports->config.lans;
    bool any_published = networks->count > 0 && networks->items[0].published;

    for (unsigned i = 0; i < PORTS; i++) {
        const struct port *port = &ports->items[i];
        const struct el_spoke_network *network =
            port->used ? el_spoke_networks_find(networks, port->seat.network) : NULL;
        if (!network || (any_published && !network->published))
            continue;
        for (unsigned k = 0; k < lans->count; k++)
            if (!lans->rules[k].network[0] && lans->rules[k].place.vid == port->seat.place.vid &&
                strcmp(lans->rules[k].place.interface, port->seat.place.interface) == 0)
                return network->name;
    }
    return NULL;
}

static void say_problems(const struct el_spoke_ports *ports, const struct el_lan_plan *plan)
{
    for (unsigned i = 0; i < plan->problem_count; i++) {
        const struct el_lan_problem *problem = &plan->problems[i];
        bool is_said = false;
        for (unsigned k = 0; k < ports->plan.problem_count; k++)
            is_said |= problem->vni == ports->plan.problems[k].vni &&
                       strcmp(problem->sentence, ports->plan.problems[k].sentence) == 0;
        if (!is_said)
            EL_LOG(EL_LOG_WARN, "node", "no-lan", EL_STR("why", problem->sentence));
    }
}

/* Of the site's interfaces. */
static unsigned plan_seats(struct el_spoke_ports *ports, const struct el_spoke_networks *networks,
                           struct seat seats[EL_SPOKE_NETWORKS])
{
    struct el_lan_network wanted[EL_LAN_NETWORKS] = {{.vni = 0}};
    struct el_lan_plan plan;

    for (unsigned i = 0; i < networks->count; i++) {
        wanted[i].vni = networks->items[i].vni;
        strcpy(wanted[i].name, networks->items[i].name);
        strcpy(wanted[i].lan, networks->items[i].lan);
    }
    el_lan_resolve(ports->config.lans, wanted, networks->count, first_network(ports, networks),
                   &plan);
    say_problems(ports, &plan);
    ports->plan = plan;
    for (unsigned i = 0; i < plan.port_count; i++) {
        const struct el_lan_port *port = &plan.ports[i];
        seats[i] = (struct seat){.vni = port->vni, .place = port->place, .vid = port->vid};
        strcpy(seats[i].network, el_spoke_networks_find_vni(networks, port->vni)->name);
    }
    return plan.port_count;
}

/* Of interfaces of their own. */
static unsigned own_seats(const struct el_spoke_networks *networks,
                          struct seat seats[EL_SPOKE_NETWORKS])
{
    for (unsigned i = 0; i < networks->count; i++) {
        seats[i] = (struct seat){.vni = networks->items[i].vni};
        strcpy(seats[i].network, networks->items[i].name);
    }
    return networks->count;
}

static bool has_seat(const struct seat *seats, unsigned count, const struct seat *seat)
{
    for (unsigned i = 0; i < count; i++)
        if (is_same_seat(&seats[i], seat))
            return true;
    return false;
}

/* Makes it so, as far as it goes. */
static int arrange(struct el_spoke_ports *ports, const struct el_spoke_networks *networks,
                   struct el_err *err)
{
    struct seat seats[EL_SPOKE_NETWORKS];
    unsigned count = ports->config.lans->count > 0 ? plan_seats(ports, networks, seats)
                                                   : own_seats(networks, seats);
    int rc = 0;

    for (unsigned i = 0; i < PORTS; i++)
        if (ports->items[i].used && !has_seat(seats, count, &ports->items[i].seat))
            remove_port(&ports->items[i]);
    for (unsigned i = 0; i < count; i++) {
        struct port *port = find(ports, seats[i].vni);
        int tried = !port             ? add_port(ports, &seats[i], err)
                    : port->count > 0 ? 0
                                      : try_port(port, err);
        rc = tried < 0 ? tried : rc;
    }
    if (rc < 0)
        retry_later(ports);
    return rc;
}

static void on_retry(uv_timer_t *timer)
{
    struct el_spoke_ports *ports = timer->data;
    struct el_err err = {""};

    (void)arrange(ports, &ports->networks, &err); /* what it cannot it has said */
    ports->config.changed(ports->config.arg);
}

static void retry_later(struct el_spoke_ports *ports)
{
    uv_timer_start(ports->retry, on_retry, EL_SPOKE_PORTS_RETRY_MS, 0);
}

/* One that can be had is enough to begin with. */
static int begin(struct el_spoke_ports *ports, int rc)
{
    bool any = false;

    for (unsigned i = 0; i < PORTS; i++)
        any |= ports->items[i].used && ports->items[i].count > 0;
    for (unsigned i = 0; any && i < PORTS; i++)
        if (ports->items[i].used && ports->items[i].problem[0])
            say_problem(&ports->items[i]);
    ports->begun = true;
    return any ? 0 : rc;
}

int el_spoke_ports_set(struct el_spoke_ports *ports, const struct el_spoke_networks *networks,
                       struct el_err *err)
{
    int rc = arrange(ports, networks, err);

    ports->networks = *networks;
    tell_memberships(ports);
    if (ports->config.direct) /* what is somewhere else now has been removed, for all peers */
        el_spoke_direct_repeat(ports->config.direct);
    return ports->begun ? rc : begin(ports, rc);
}

void el_spoke_ports_report(const struct el_spoke_ports *ports, struct el_agent_report *report)
{
    char text[EL_LAN_TEXT];

    *report = (struct el_agent_report){.count = 0};
    for (unsigned i = 0; i < PORTS; i++) {
        const struct port *port = &ports->items[i];
        if (port->used)
            el_agent_report_add(report, port->seat.vni,
                                port->count > 0 ? interface_of(&port->seat, text) : NULL,
                                port->problem);
    }
    for (unsigned i = 0; i < ports->plan.problem_count; i++)
        el_agent_report_add(report, ports->plan.problems[i].vni, NULL,
                            ports->plan.problems[i].sentence);
}

void el_spoke_ports_watch(struct el_spoke_ports *ports, el_spoke_ports_own_cb *own, void *arg)
{
    ports->own = own;
    ports->own_arg = arg;
    for (unsigned i = 0; i < PORTS; i++)
        if (ports->items[i].used && ports->items[i].count > 0)
            tell_own(&ports->items[i], true);
}

/* -- what the tunnel says -- */

static void on_hello(void *arg, const struct el_manage_hello *hello)
{
    (void)hello;
    tell_all(arg);
}

static void on_peer_state(void *arg, const struct el_manage_peer_state *state)
{
    struct el_spoke_ports *ports = arg;

    if (state->up && memcmp(state->key, ports->config.hub->key, sizeof state->key) == 0)
        ports->config.up(ports->config.arg);
}

static void on_network_gone(void *arg, uint32_t vni)
{
    struct port *port = find(arg, vni);

    if (!port || port->asked > 0)
        return; /* that of one that was there before */
    lose_port(port, "its interface is gone");
}

static void on_direct(void *arg, const struct el_manage_direct *notice)
{
    struct el_spoke_ports *ports = arg;

    if (ports->config.direct)
        el_spoke_direct_notice(ports->config.direct, notice);
}

/* Which only happens with our own end. */
static void on_closed(void *arg)
{
    (void)arg;
}

/* -- beginning and end -- */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

int el_spoke_ports_new(const struct el_spoke_ports_config *config, struct el_spoke_ports **result,
                       struct el_err *err)
{
    static const struct el_manage_client_events events = {.hello = on_hello,
                                                          .peer_state = on_peer_state,
                                                          .network_gone = on_network_gone,
                                                          .direct = on_direct,
                                                          .closed = on_closed};
    struct el_spoke_ports *ports = calloc(1, sizeof *ports);
    uv_timer_t *retry = calloc(1, sizeof *retry);

    if (!ports || !retry) {
        free(ports);
        free(retry);
        close(config->manage);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    ports->config = *config;
    ports->retry = retry;
    retry->data = ports;
    uv_timer_init(config->loop, retry);
    int rc =
        el_manage_client_new(config->loop, config->manage, &events, ports, &ports->tunnel, err);
    if (rc < 0) {
        el_spoke_ports_free(ports);
        return rc;
    }
    if (config->direct)
        el_spoke_direct_attach(config->direct, ports->tunnel);
    *result = ports;
    return 0;
}

void el_spoke_ports_free(struct el_spoke_ports *ports)
{
    if (!ports)
        return;
    if (ports->config.direct)
        el_spoke_direct_attach(ports->config.direct, NULL);
    el_manage_client_free(ports->tunnel);
    uv_close((uv_handle_t *)ports->retry, free_handle);
    for (unsigned i = 0; i < PORTS; i++)
        close_port(&ports->items[i]);
    free(ports);
}

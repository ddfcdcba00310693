/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel does about the channel that manages it: the requests, step by step. */
#include "link/tunnel_manage_internal.h"

#include "port/packet.h"
#include "port/pair.h"
#include "port/tap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)EL_MANAGE_INTERFACE_BYTES == (int)EL_PORT_NAME_BYTES, "the same names");

_Static_assert((int)EL_MANAGE_MEMBER == (int)EL_FORWARD_MEMBER &&
                   (int)EL_MANAGE_UPLINK == (int)EL_FORWARD_UPLINK &&
                   (int)EL_MANAGE_SHORTCUT == (int)EL_FORWARD_DIRECT,
               "the numbers of roles");

/* -- who is who -- */

int el_tunnel_manage_find_peer(const struct el_tunnel_manage *m,
                               const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    const struct el_node_peers *peers = m->config.peers;

    for (unsigned i = 0; i < peers->count; i++)
        if (peers->items[i].name[0] && memcmp(peers->items[i].key, key, EL_TUNNEL_KEY_BYTES) == 0)
            return (int)i;
    return -1;
}

static int find_port(const struct el_tunnel_manage *m, uint32_t vni)
{
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        if (m->config.ports[i].name[0] && m->config.ports[i].vni == vni && !m->ports[i].additional)
            return (int)i;
    return -1;
}

static int find_additional(const struct el_tunnel_manage *m, const char *name)
{
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        if (m->ports[i].additional && strcmp(m->config.ports[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The port that is asked for. */
static int find_asked(const struct el_tunnel_manage *m)
{
    const struct el_manage_network *network = &m->request.network;

    return m->request.kind == EL_MANAGE_PORT_SET ? find_additional(m, network->name)
                                                 : find_port(m, network->vni);
}

/* The peer that has NUMBER is no party to a loop any more. */
static void forget_loops_with(struct el_tunnel_manage *m, unsigned number)
{
    for (unsigned i = 0; i < m->config.peers->count; i++)
        for (unsigned l = 0; l < m->peers[i].loop_count; l++)
            if (m->peers[i].loops[l].other == number)
                m->peers[i].loops[l].other = EL_TUNNEL_PEERS_MAX;
}

void el_tunnel_manage_clear_peer(struct el_tunnel_manage *m, unsigned number)
{
    m->peers[number] = (struct peer){.managed = {.ours = false}};
    forget_loops_with(m, number);
    m->config.peers->items[number] = (struct el_node_peer){.name = ""};
}

void el_tunnel_manage_end_loop(struct peer *peer, unsigned l)
{
    peer->loops[l] = peer->loops[--peer->loop_count];
}

/* Of networks that it is in no more nobody tells. */
static void keep_loops(struct el_tunnel_manage *m, unsigned number,
                       const struct el_manage_peer *wanted)
{
    struct peer *peer = &m->peers[number];

    for (unsigned l = peer->loop_count; l-- > 0;) {
        unsigned i = 0;
        while (i < wanted->membership_count && wanted->memberships[i].vni != peer->loops[l].vni)
            i++;
        if (i < wanted->membership_count)
            continue;
        el_tunnel_manage_end_loop(peer, l);
        el_tunnel_manage_want_told(m, number);
    }
}

/* PEER has this number from now on; it may have had another, and a session that has ended. */
static void enter_peer(struct el_tunnel_manage *m, unsigned number,
                       const struct el_manage_peer *peer)
{
    struct el_node_peer *item = &m->config.peers->items[number];
    int before = el_tunnel_manage_find_peer(m, peer->key);

    if (before >= 0) {
        const struct el_node_peer *was = &m->config.peers->items[before];
        bool was_up = m->peers[before].up;
        if (!el_ip_equal(&was->ip, &peer->ip) || was->wire != peer->wire ||
            m->peers[before].role != peer->role) {
            el_tunnel_manage_clear_peer(m, (unsigned)before);
            if (was_up)
                el_tunnel_manage_want_told(m, number);
        }
    }
    m->peers[number].managed = (struct managed){.ours = true, .repeated = true};
    keep_loops(m, number, peer);
    m->peers[number].role = peer->role;
    *item =
        (struct el_node_peer){.ip = peer->ip, .keepalive_s = peer->keepalive_s, .wire = peer->wire};
    memcpy(item->name, peer->name, sizeof item->name);
    memcpy(item->key, peer->key, sizeof item->key);
}

int el_tunnel_manage_gone_port(const struct el_tunnel_manage *m)
{
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        if (m->ports[i].gone)
            return (int)i;
    return -1;
}

static void clear_port(struct el_tunnel_manage *m, unsigned number)
{
    m->ports[number] = (struct port){.managed = {.ours = false}};
    m->config.ports[number] = (struct el_trace_port){.name = ""};
}

/* -- the steps -- */

bool el_tunnel_manage_refuse(struct el_tunnel_manage *m, int code, const char *text)
{
    m->answer.code = code;
    snprintf(m->answer.text, sizeof m->answer.text, "%.*s", EL_MANAGE_TEXT_BYTES - 1, text);
    return false;
}

static void ask_for_memberships(struct el_tunnel_manage *m)
{
    const struct el_manage_peer *peer = &m->request.peer;

    m->change.role = (enum el_forward_role)peer->role;
    m->change.membership_count = peer->membership_count;
    for (unsigned i = 0; i < peer->membership_count; i++)
        m->change.memberships[i] =
            (struct el_forward_membership){.vni = peer->memberships[i].vni,
                                           .published = peer->memberships[i].published,
                                           .own = peer->memberships[i].own};
}

static bool step_peer_set(struct el_tunnel_manage *m)
{
    const struct el_manage_peer *peer = &m->request.peer;
    struct el_tunnel_peer_config *config = &m->change.peer;
    int number = el_tunnel_manage_find_peer(m, peer->key);

    if (m->step > 0) {
        if (m->change.kind == EL_CHANGE_SET_PEER)
            enter_peer(m, m->change.number, peer);
        return false;
    }
    ask_for_memberships(m);
    if (number >= 0 && !m->peers[number].managed.ours) { /* given as an option */
        m->change.kind = EL_CHANGE_SET_MEMBERSHIPS;
        m->change.number = (unsigned)number;
        return true;
    }
    m->change.kind = EL_CHANGE_SET_PEER;
    memcpy(config->name, peer->name, sizeof config->name);
    memcpy(config->public_key, peer->key, sizeof config->public_key);
    memcpy(config->psk, peer->psk, sizeof config->psk);
    config->allowed = (struct el_prefix){peer->ip, 32};
    config->keepalive_s = peer->keepalive_s;
    config->wire = peer->wire;
    if (number < 0)
        el_remember_peer(m->config.memory, peer->key, config->last_timestamp, &config->endpoint);
    if (peer->endpoint.ip.family)
        config->endpoint = peer->endpoint;
    return true;
}

static bool remove_peer(struct el_tunnel_manage *m, unsigned number)
{
    m->change.kind = EL_CHANGE_REMOVE_PEER;
    m->change.number = number;
    return true;
}

static bool step_peer_remove(struct el_tunnel_manage *m)
{
    int number = el_tunnel_manage_find_peer(m, m->request.key);

    if (m->step > 0) {
        el_tunnel_manage_clear_peer(m, m->change.number);
        return false;
    }
    if (number < 0)
        return el_tunnel_manage_refuse(m, EL_ENOENT, "there is no such peer");
    if (!m->peers[number].managed.ours)
        return el_tunnel_manage_refuse(m, EL_EEXIST,
                                       "this peer was given to the tunnel as an option");
    return remove_peer(m, (unsigned)number);
}

static bool remove_port(struct el_tunnel_manage *m, unsigned number)
{
    m->change.kind = EL_CHANGE_REMOVE_PORT;
    m->change.number = number;
    return true;
}

static int adopt_one(int fd, const struct el_manage_network *network, struct el_port **port)
{
    switch (network->form) {
    case EL_MANAGE_FRAMED: return el_port_from_pair(fd, network->name, port);
    case EL_MANAGE_PACKET: return el_port_from_packet(fd, network->name, network->vid, port);
    case EL_MANAGE_TAP:
    case EL_MANAGE_FORMS: break;
    }
    return el_port_from_tap(fd, network->name, port);
}

/* Makes ports of the descriptors that came. */
static int adopt(struct el_tunnel_manage *m)
{
    const struct el_manage_network *network = &m->request.network;

    for (unsigned i = 0; i < network->queues; i++) {
        int rc = adopt_one(m->fds[i], network, &m->change.queues[i]);
        if (rc < 0)
            return rc;
        m->fds[i] = -1;
    }
    return 0;
}

void el_tunnel_manage_close_queues(struct el_tunnel_manage *m)
{
    for (unsigned i = 0; i < EL_MANAGE_QUEUES; i++) {
        if (m->fds[i] >= 0)
            close(m->fds[i]);
        m->fds[i] = -1;
        el_port_close(m->change.queues[i]);
        m->change.queues[i] = NULL;
    }
}

static bool add_port(struct el_tunnel_manage *m)
{
    const struct el_manage_network *network = &m->request.network;
    int rc = adopt(m);

    if (rc < 0) {
        el_tunnel_manage_close_queues(m);
        return el_tunnel_manage_refuse(m, rc, "its descriptors are no interface's");
    }
    m->change.kind = EL_CHANGE_ADD_PORT;
    m->change.vni = network->vni;
    m->change.own = network->own;
    m->change.published = network->published;
    return true;
}

/* The data path has the port. */
static void enter_port(struct el_tunnel_manage *m, unsigned number)
{
    const struct el_manage_network *network = &m->request.network;
    struct el_trace_port *entry = &m->config.ports[number];

    m->ports[number] = (struct port){.managed = {.ours = true, .repeated = true},
                                     .additional = m->request.kind == EL_MANAGE_PORT_SET,
                                     .published = network->published,
                                     .form = network->form,
                                     .vid = network->vid,
                                     .own = network->own};
    *entry = (struct el_trace_port){.vni = network->vni};
    memcpy(entry->name, network->name, sizeof entry->name);
}

/* No new descriptors: a port that stays, and may be published or not from now on. */
static bool keep_port(struct el_tunnel_manage *m, int number)
{
    const struct el_manage_network *network = &m->request.network;

    if (number < 0 || m->ports[number].gone)
        return el_tunnel_manage_refuse(m, EL_ENOENT,
                                       "this network has no port yet: send its descriptors");
    struct port *port = &m->ports[number];
    if (strcmp(m->config.ports[number].name, network->name) != 0 ||
        m->config.ports[number].vni != network->vni || port->form != network->form ||
        port->vid != network->vid || !el_mac_equal(&port->own, &network->own))
        return el_tunnel_manage_refuse(m, EL_EINVAL,
                                       "another interface comes with its descriptors");
    port->managed.repeated = true;
    if (port->published == network->published)
        return false;
    m->change.kind = EL_CHANGE_PUBLISH_PORT;
    m->change.number = (unsigned)number;
    m->change.published = port->published = network->published;
    return true;
}

static bool step_network_set(struct el_tunnel_manage *m)
{
    const struct el_manage_network *network = &m->request.network;
    int number = find_asked(m);

    switch (m->step > 0 ? (int)m->change.kind : -1) {
    case EL_CHANGE_ADD_PORT:
        memset(m->change.queues, 0, sizeof m->change.queues); /* they are the data path's */
        enter_port(m, m->change.number);
        return false;
    case EL_CHANGE_PUBLISH_PORT: return false;
    case EL_CHANGE_REMOVE_PORT: clear_port(m, m->change.number); return add_port(m);
    default: break;
    }
    if (number >= 0 && !m->ports[number].managed.ours)
        return el_tunnel_manage_refuse(m, EL_EEXIST,
                                       "this network was given to the tunnel as an option");
    if (network->queues == 0)
        return keep_port(m, number);
    if (network->queues != m->config.lanes)
        return el_tunnel_manage_refuse(m, EL_EINVAL,
                                       "as many descriptors are needed as the tunnel has workers");
    return number >= 0 ? remove_port(m, (unsigned)number) : add_port(m);
}

static bool step_network_remove(struct el_tunnel_manage *m)
{
    int number = find_port(m, m->request.vni);

    if (m->step > 0 && m->change.kind == EL_CHANGE_DISSOLVE)
        return false;
    if (m->step > 0)
        clear_port(m, m->change.number);
    else if (number >= 0 && !m->ports[number].managed.ours)
        return el_tunnel_manage_refuse(m, EL_EEXIST,
                                       "this network was given to the tunnel as an option");
    else if (number >= 0)
        return remove_port(m, (unsigned)number);
    m->change.kind = EL_CHANGE_DISSOLVE;
    m->change.vni = m->request.vni;
    return true;
}

static bool step_port_remove(struct el_tunnel_manage *m)
{
    int number = find_additional(m, m->request.port);

    if (m->step > 0) {
        clear_port(m, m->change.number);
        return false;
    }
    return number < 0 ? el_tunnel_manage_refuse(m, EL_ENOENT, "there is no such port")
                      : remove_port(m, (unsigned)number);
}

/* A port whose interface has gone. */
static bool step_gone(struct el_tunnel_manage *m)
{
    if (m->step == 0)
        return remove_port(m, (unsigned)el_tunnel_manage_gone_port(m));
    clear_port(m, m->change.number);
    return false;
}

static bool step_begin(struct el_tunnel_manage *m)
{
    for (unsigned i = 0; i < m->config.peers->count; i++)
        m->peers[i].managed.repeated = false;
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        m->ports[i].managed.repeated = false;
    return false;
}

static bool is_left_over(const struct managed *managed)
{
    return managed->ours && !managed->repeated;
}

/* What has not been repeated goes, one after the other; then who is up is told again. */
static bool step_complete(struct el_tunnel_manage *m)
{
    if (m->step > 0 && m->change.kind == EL_CHANGE_REMOVE_PORT)
        clear_port(m, m->change.number);
    else if (m->step > 0)
        el_tunnel_manage_clear_peer(m, m->change.number);
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        if (is_left_over(&m->ports[i].managed))
            return remove_port(m, i);
    for (unsigned i = 0; i < m->config.peers->count; i++)
        if (is_left_over(&m->peers[i].managed))
            return remove_peer(m, i);
    for (unsigned i = 0; i < m->config.peers->count; i++) {
        m->peers[i].untold |= m->peers[i].up;
        m->peers[i].direct_untold |= m->peers[i].live;
        el_tunnel_manage_look_at(m, i);
    }
    return false;
}

static bool (*const steps[EL_MANAGE_KINDS])(struct el_tunnel_manage *m) = {
    [EL_MANAGE_BEGIN] = step_begin,
    [EL_MANAGE_COMPLETE] = step_complete,
    [EL_MANAGE_PEER_SET] = step_peer_set,
    [EL_MANAGE_PEER_REMOVE] = step_peer_remove,
    [EL_MANAGE_NETWORK_SET] = step_network_set,
    [EL_MANAGE_NETWORK_REMOVE] = step_network_remove,
    [EL_MANAGE_NETWORK_GONE] = step_gone,
    [EL_MANAGE_PORT_SET] = step_network_set,
    [EL_MANAGE_PORT_REMOVE] = step_port_remove,
    [EL_MANAGE_PORT_GONE] = step_gone,
};

bool el_tunnel_manage_does(enum el_manage_kind kind)
{
    return steps[kind] != NULL;
}

bool el_tunnel_manage_step(struct el_tunnel_manage *m)
{
    return steps[m->request.kind](m);
}

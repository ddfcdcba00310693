/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tunnel does about the channel that manages it.
 *
 * A request is a row of steps, each of which is one change of the data path; when a change is done
 * the next step is asked for, until there is none, and the request is answered. COMPLETE has as
 * many steps as there is left to sweep. A port whose interface has gone is removed in the same way,
 * between two requests.
 */
#include "link/tunnel_manage.h"

#include "base/log.h"
#include "link/manage.h"
#include "port/packet.h"
#include "port/pair.h"
#include "port/tap.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)EL_MANAGE_INTERFACE_BYTES == (int)EL_PORT_NAME_BYTES, "the same names");

_Static_assert((int)EL_MANAGE_MEMBER == (int)EL_FORWARD_MEMBER &&
                   (int)EL_MANAGE_UPLINK == (int)EL_FORWARD_UPLINK &&
                   (int)EL_MANAGE_SHORTCUT == (int)EL_FORWARD_DIRECT,
               "the numbers of roles");

enum { TURN = 64 }; /* requests answered at once, before the loop has its turn again */

/* What the channel has set, by its number in the data path. */
struct managed {
    bool ours;
    bool repeated; /* since BEGIN */
};

struct peer {
    struct managed managed;
    bool up, told_up;
    bool untold;                        /* there is something to be told: of its session, */
    bool direct_untold, relayed_untold; /* and of these */
    struct el_endpoint endpoint;
    unsigned loop_count;
    struct {
        uint32_t vni;
        unsigned other; /* a peer */
    } loops[EL_MANAGE_NETWORKS];
    enum el_manage_role role;
    bool live, used;     /* of a direct way */
    unsigned relayed_to; /* the number of a peer */
};

struct port {
    struct managed managed;
    bool gone;       /* its interface has */
    bool additional; /* of its network: known by its name */
    bool published;
    enum el_manage_form form;
    uint16_t vid;
    struct el_mac own;
};

struct el_tunnel_manage {
    struct el_tunnel_manage_config config;
    uv_poll_t poll;
    struct peer *peers;
    struct port ports[EL_FORWARD_PORTS_MAX];
    bool hello_untold, closed;
    unsigned untold; /* of the peers, the first that may have something to tell */

    /* The request that is under way. */
    bool busy;
    struct el_manage_message request; /* kind NETWORK_GONE, PORT_GONE: our own */
    int fds[EL_MANAGE_QUEUES]; /* of a NETWORK_SET or PORT_SET that has not taken them; -1: none */
    unsigned step;
    struct el_datapath_change change; /* the data path's while it is busy with it */
    bool answer_untold;
    struct el_manage_answer answer;
};

/* -- who is who -- */

/* The number of the peer with KEY, or -1. */
static int find_peer(const struct el_tunnel_manage *m, const uint8_t key[EL_TUNNEL_KEY_BYTES])
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

static void clear_peer(struct el_tunnel_manage *m, unsigned number)
{
    m->peers[number] = (struct peer){.managed = {.ours = false}};
    forget_loops_with(m, number);
    m->config.peers->items[number] = (struct el_node_peer){.name = ""};
}

/* There is something to be told of the peer with this number. */
static void look_at(struct el_tunnel_manage *m, unsigned number)
{
    if (number < m->untold)
        m->untold = number;
}

static void want_told(struct el_tunnel_manage *m, unsigned number)
{
    m->peers[number].untold = true;
    look_at(m, number);
}

static void end_loop(struct peer *peer, unsigned l)
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
        end_loop(peer, l);
        want_told(m, number);
    }
}

/* PEER has this number from now on; it may have had another, and a session that has ended. */
static void enter_peer(struct el_tunnel_manage *m, unsigned number,
                       const struct el_manage_peer *peer)
{
    struct el_node_peer *item = &m->config.peers->items[number];
    int before = find_peer(m, peer->key);

    if (before >= 0) {
        const struct el_node_peer *was = &m->config.peers->items[before];
        bool was_up = m->peers[before].up;
        if (!el_ip_equal(&was->ip, &peer->ip) || was->wire != peer->wire ||
            m->peers[before].role != peer->role) {
            clear_peer(m, (unsigned)before);
            if (was_up)
                want_told(m, number);
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

/* A port whose interface has gone, or -1. */
static int gone_port(const struct el_tunnel_manage *m)
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

/* -- what is told -- */

static void on_ready(uv_poll_t *poll, int status, int events);

static void listen_to(struct el_tunnel_manage *m)
{
    bool more = m->hello_untold || m->answer_untold || m->untold < m->config.peers->count ||
                (!m->busy && gone_port(m) >= 0);
    int events = (m->busy ? 0 : UV_READABLE) | (more ? UV_WRITABLE : 0);

    if (m->closed || events == 0)
        uv_poll_stop(&m->poll);
    else
        uv_poll_start(&m->poll, events, on_ready);
}

/* True if it is gone, or never will be. */
static bool say(struct el_tunnel_manage *m, const struct el_manage_message *message)
{
    int rc = m->closed ? EL_ECLOSED : el_manage_send(m->config.fd, message, NULL);

    if (rc < 0 && rc != EL_EAGAIN && !m->closed) {
        EL_LOG(EL_LOG_ERROR, "tunnel", "manage-closed", EL_STR("error", el_strerror(rc)));
        m->closed = true;
    }
    return rc != EL_EAGAIN;
}

static bool say_state(struct el_tunnel_manage *m, unsigned number)
{
    struct peer *peer = &m->peers[number];
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_STATE};

    if (!peer->untold)
        return true;
    memcpy(message.state.key, m->config.peers->items[number].key, sizeof message.state.key);
    message.state.up = peer->up;
    message.state.endpoint = peer->endpoint;
    message.state.loop_count = peer->loop_count;
    for (unsigned l = 0; l < peer->loop_count; l++) {
        struct el_manage_loop *loop = &message.state.loops[l];
        loop->vni = peer->loops[l].vni;
        if (peer->loops[l].other < m->config.peers->count)
            memcpy(loop->other, m->config.peers->items[peer->loops[l].other].key,
                   sizeof loop->other);
    }
    if (!say(m, &message))
        return false;
    peer->untold = false;
    peer->told_up = peer->up;
    return true;
}

/* What there is to tell of a direct way. */
static bool say_direct(struct el_tunnel_manage *m, unsigned number)
{
    struct peer *peer = &m->peers[number];
    struct el_manage_message message = {.kind = EL_MANAGE_DIRECT};

    if (!peer->direct_untold)
        return true;
    memcpy(message.direct.key, m->config.peers->items[number].key, sizeof message.direct.key);
    message.direct.live = peer->live;
    message.direct.used = peer->used;
    if (!say(m, &message))
        return false;
    peer->direct_untold = peer->used = false;
    return true;
}

/* The same of whom its frames go to through us, if they are both there still. */
static bool say_relayed(struct el_tunnel_manage *m, unsigned number)
{
    const struct el_node_peer *items = m->config.peers->items;
    struct peer *peer = &m->peers[number];
    struct el_manage_message message = {.kind = EL_MANAGE_RELAYED};

    if (!peer->relayed_untold || !items[peer->relayed_to].name[0])
        return true;
    memcpy(message.relayed.from, items[number].key, sizeof message.relayed.from);
    memcpy(message.relayed.to, items[peer->relayed_to].key, sizeof message.relayed.to);
    if (!say(m, &message))
        return false;
    peer->relayed_untold = false;
    return true;
}

/* What there is to tell, in this order, as far as it goes. */
static void tell(struct el_tunnel_manage *m)
{
    struct el_manage_message hello = {.kind = EL_MANAGE_HELLO};
    struct el_manage_message answer = {.kind = EL_MANAGE_ANSWER, .sequence = m->request.sequence};

    hello.hello = (struct el_manage_hello){
        .lanes = m->config.lanes,
        .peers_max = m->config.peers->count,
        .ports_max = EL_FORWARD_PORTS_MAX,
    };
    if (m->hello_untold && say(m, &hello))
        m->hello_untold = false;
    answer.answer = m->answer;
    if (m->answer_untold && !m->hello_untold && say(m, &answer)) {
        m->answer_untold = false;
        m->busy = false;
    }
    while (!m->hello_untold && !m->answer_untold && m->untold < m->config.peers->count &&
           say_state(m, m->untold) && say_direct(m, m->untold) && say_relayed(m, m->untold))
        m->untold++;
}

void el_tunnel_manage_event(struct el_tunnel_manage *m, const struct el_datapath_notice *notice)
{
    if (!m)
        return;
    struct peer *peer = &m->peers[notice->number];
    bool moved = !el_endpoint_equal(&peer->endpoint, &notice->endpoint);

    switch (notice->event) {
    case EL_TUNNEL_SESSION_UP:
    case EL_TUNNEL_REKEYED:
    case EL_TUNNEL_ROAMED: peer->up = true; break;
    case EL_TUNNEL_SESSION_DOWN: peer->up = false; break;
    default: return;
    }
    peer->endpoint = notice->endpoint;
    if (!moved && peer->up == peer->told_up)
        return;
    want_told(m, notice->number);
    tell(m);
    listen_to(m);
}

void el_tunnel_manage_loop(struct el_tunnel_manage *m, const struct el_datapath_notice *notice)
{
    if (!m)
        return;
    struct peer *peer = &m->peers[notice->number];
    unsigned l = 0;

    while (l < peer->loop_count && peer->loops[l].vni != notice->loop.vni)
        l++;
    if (l < peer->loop_count)
        end_loop(peer, l);
    if (notice->loop.shut && peer->loop_count < EL_MANAGE_NETWORKS) {
        l = peer->loop_count++;
        peer->loops[l].vni = notice->loop.vni;
        peer->loops[l].other = notice->loop.other;
    }
    want_told(m, notice->number);
    tell(m);
    listen_to(m);
}

void el_tunnel_manage_direct(struct el_tunnel_manage *m, const struct el_datapath_notice *notice)
{
    if (!m || !m->peers[notice->number].managed.ours)
        return;
    struct peer *peer = &m->peers[notice->number];

    peer->live = notice->live;
    peer->used |= notice->used;
    peer->direct_untold = true;
    look_at(m, notice->number);
    tell(m);
    listen_to(m);
}

void el_tunnel_manage_relayed(struct el_tunnel_manage *m, const struct el_datapath_notice *notice)
{
    if (!m || !m->peers[notice->number].managed.ours || !m->peers[notice->to].managed.ours)
        return;
    m->peers[notice->number].relayed_to = notice->to;
    m->peers[notice->number].relayed_untold = true;
    look_at(m, notice->number);
    tell(m);
    listen_to(m);
}

/* -- steps: each says in m->change what is to be done, and is true; or false: that was all -- */

static bool refuse(struct el_tunnel_manage *m, int code, const char *text)
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
    int number = find_peer(m, peer->key);

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
    int number = find_peer(m, m->request.key);

    if (m->step > 0) {
        clear_peer(m, m->change.number);
        return false;
    }
    if (number < 0)
        return refuse(m, EL_ENOENT, "there is no such peer");
    if (!m->peers[number].managed.ours)
        return refuse(m, EL_EEXIST, "this peer was given to the tunnel as an option");
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

static void close_queues(struct el_tunnel_manage *m)
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
        close_queues(m);
        return refuse(m, rc, "its descriptors are no interface's");
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
        return refuse(m, EL_ENOENT, "this network has no port yet: send its descriptors");
    struct port *port = &m->ports[number];
    if (strcmp(m->config.ports[number].name, network->name) != 0 ||
        m->config.ports[number].vni != network->vni || port->form != network->form ||
        port->vid != network->vid || !el_mac_equal(&port->own, &network->own))
        return refuse(m, EL_EINVAL, "another interface comes with its descriptors");
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
        return refuse(m, EL_EEXIST, "this network was given to the tunnel as an option");
    if (network->queues == 0)
        return keep_port(m, number);
    if (network->queues != m->config.lanes)
        return refuse(m, EL_EINVAL, "as many descriptors are needed as the tunnel has workers");
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
        return refuse(m, EL_EEXIST, "this network was given to the tunnel as an option");
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
    return number < 0 ? refuse(m, EL_ENOENT, "there is no such port")
                      : remove_port(m, (unsigned)number);
}

/* A port whose interface has gone. */
static bool step_gone(struct el_tunnel_manage *m)
{
    if (m->step == 0)
        return remove_port(m, (unsigned)gone_port(m));
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
        clear_peer(m, m->change.number);
    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++)
        if (is_left_over(&m->ports[i].managed))
            return remove_port(m, i);
    for (unsigned i = 0; i < m->config.peers->count; i++)
        if (is_left_over(&m->peers[i].managed))
            return remove_peer(m, i);
    for (unsigned i = 0; i < m->config.peers->count; i++) {
        m->peers[i].untold |= m->peers[i].up;
        m->peers[i].direct_untold |= m->peers[i].live;
        look_at(m, i);
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

/* -- requests -- */

/* Which nobody asks for but we. */
static bool is_own(enum el_manage_kind kind)
{
    return kind == EL_MANAGE_NETWORK_GONE || kind == EL_MANAGE_PORT_GONE;
}

/* All of the request is done. */
static void finish(struct el_tunnel_manage *m)
{
    close_queues(m);
    sodium_memzero(&m->change, sizeof m->change);
    sodium_memzero(&m->request.peer, sizeof m->request.peer);
    if (is_own(m->request.kind))
        m->busy = false;
    else
        m->answer_untold = true;
    tell(m);
}

/* Does the next step; the request is done when there is none. */
static void go_on(struct el_tunnel_manage *m)
{
    if (!steps[m->request.kind](m)) {
        finish(m);
        return;
    }
    m->step++;
    el_datapath_change(m->config.datapath, &m->change);
}

static void begin(struct el_tunnel_manage *m)
{
    m->busy = true;
    m->step = 0;
    m->answer = (struct el_manage_answer){.code = 0};
    memset(&m->change, 0, sizeof m->change);
    go_on(m);
}

/* A port that has gone comes before what is asked. False: nothing is to be done, or there is no
 * room to tell of it; until there is, the port does no harm. */
static bool begin_gone(struct el_tunnel_manage *m)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_GONE};
    int number = gone_port(m);

    if (number < 0)
        return false;
    if (m->ports[number].additional) {
        message.kind = EL_MANAGE_PORT_GONE;
        memcpy(message.port, m->config.ports[number].name, sizeof message.port);
    } else {
        message.vni = m->config.ports[number].vni;
    }
    if (!say(m, &message))
        return false;
    m->request = message;
    begin(m);
    return true;
}

static bool begin_asked(struct el_tunnel_manage *m)
{
    int rc = el_manage_receive(m->config.fd, &m->request, m->fds);

    if (rc == 0)
        return false;
    if (rc == EL_ECLOSED || rc == EL_EIO) {
        EL_LOG(EL_LOG_ERROR, "tunnel", "manage-closed", EL_STR("error", el_strerror(rc)));
        m->closed = true;
        return false;
    }
    bool asks = rc == 1 && steps[m->request.kind] && !is_own(m->request.kind);
    if (asks)
        begin(m);
    else
        EL_LOG(EL_LOG_WARN, "tunnel", "manage-message",
               EL_STR("error", el_strerror(rc < 0 ? rc : EL_EPROTO)));
    return true;
}

static void take_requests(struct el_tunnel_manage *m)
{
    for (unsigned i = 0; i < TURN && !m->busy && !m->closed; i++)
        if (!begin_gone(m) && !begin_asked(m))
            break;
    listen_to(m);
}

void el_tunnel_manage_changed(struct el_tunnel_manage *m, const struct el_datapath_change *change)
{
    if (change->code == 0) {
        go_on(m);
    } else {
        if (change->removed)
            clear_peer(m, (unsigned)find_peer(m, change->peer.public_key));
        refuse(m, change->code, change->err.text);
        finish(m);
    }
    take_requests(m);
}

bool el_tunnel_manage_port_gone(struct el_tunnel_manage *m, unsigned number)
{
    if (!m || !m->ports[number].managed.ours)
        return false;
    m->ports[number].gone = true;
    take_requests(m);
    return true;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct el_tunnel_manage *m = poll->data;

    (void)events;
    m->closed |= status < 0;
    tell(m);
    take_requests(m);
}

/* -- beginning and end -- */

int el_tunnel_manage_new(const struct el_tunnel_manage_config *config,
                         struct el_tunnel_manage **made, struct el_err *err)
{
    struct el_tunnel_manage *m = calloc(1, sizeof *m);

    *made = m;
    if (m) {
        m->config = *config;
        m->peers = calloc(config->peers->count, sizeof *m->peers);
        memset(m->fds, -1, sizeof m->fds);
    }
    if (!m || !m->peers) {
        close(config->fd);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    m->poll.data = m;
    if (uv_poll_init(config->loop, &m->poll, config->fd) != 0)
        return el_err(err, EL_EINVAL, "the channel for management is none");
    m->untold = config->peers->count;
    m->hello_untold = true;
    tell(m);
    listen_to(m);
    return 0;
}

void el_tunnel_manage_free(struct el_tunnel_manage *m)
{
    if (!m)
        return;
    close_queues(m);
    close(m->config.fd);
    free(m->peers);
    sodium_memzero(m, sizeof *m);
    free(m);
}

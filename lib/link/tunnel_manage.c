/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tunnel does about the channel that manages it: the channel.
 *
 * A request is a row of steps, each of which is one change of the data path; when a change is done
 * the next step is asked for, until there is none, and the request is answered. COMPLETE has as
 * many steps as there is left to sweep. A port whose interface has gone is removed in the same way,
 * between two requests.
 */
#include "link/tunnel_manage_internal.h"

#include "base/log.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TURN = 64 }; /* requests answered at once, before the loop has its turn again */

/* -- what is told -- */

void el_tunnel_manage_look_at(struct el_tunnel_manage *m, unsigned number)
{
    if (number < m->untold)
        m->untold = number;
}

void el_tunnel_manage_want_told(struct el_tunnel_manage *m, unsigned number)
{
    m->peers[number].untold = true;
    el_tunnel_manage_look_at(m, number);
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void listen_to(struct el_tunnel_manage *m)
{
    bool more = m->hello_untold || m->answer_untold || m->untold < m->config.peers->count ||
                (!m->busy && el_tunnel_manage_gone_port(m) >= 0);
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
    el_tunnel_manage_want_told(m, notice->number);
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
        el_tunnel_manage_end_loop(peer, l);
    if (notice->loop.shut && peer->loop_count < EL_MANAGE_NETWORKS) {
        l = peer->loop_count++;
        peer->loops[l].vni = notice->loop.vni;
        peer->loops[l].other = notice->loop.other;
    }
    el_tunnel_manage_want_told(m, notice->number);
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
    el_tunnel_manage_look_at(m, notice->number);
    tell(m);
    listen_to(m);
}

void el_tunnel_manage_relayed(struct el_tunnel_manage *m, const struct el_datapath_notice *notice)
{
    if (!m || !m->peers[notice->number].managed.ours || !m->peers[notice->to].managed.ours)
        return;
    m->peers[notice->number].relayed_to = notice->to;
    m->peers[notice->number].relayed_untold = true;
    el_tunnel_manage_look_at(m, notice->number);
    tell(m);
    listen_to(m);
}

/* -- requests -- */

/* Which nobody asks for but we. */
static bool is_own(enum el_manage_kind kind)
{
    return kind == EL_MANAGE_NETWORK_GONE || kind == EL_MANAGE_PORT_GONE;
}

/* All of the request is done. */
static void finish(struct el_tunnel_manage *m)
{
    el_tunnel_manage_close_queues(m);
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
    if (!el_tunnel_manage_step(m)) {
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
    int number = el_tunnel_manage_gone_port(m);

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
    bool asks = rc == 1 && el_tunnel_manage_does(m->request.kind) && !is_own(m->request.kind);
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
            el_tunnel_manage_clear_peer(
                m, (unsigned)el_tunnel_manage_find_peer(m, change->peer.public_key));
        el_tunnel_manage_refuse(m, change->code, change->err.text);
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
    el_tunnel_manage_close_queues(m);
    close(m->config.fd);
    free(m->peers);
    sodium_memzero(m, sizeof *m);
    free(m);
}

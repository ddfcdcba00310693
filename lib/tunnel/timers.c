/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timers of a peer. */
#include "tunnel/timers.h"

#include "base/csprng.h"

/* Initiators rekey while they receive only in the last moment in which it can still work. */
static const uint64_t last_minute_ns =
    (EL_TUNNEL_REJECT_AFTER_S - EL_TUNNEL_KEEPALIVE_TIMEOUT_S - EL_TUNNEL_REKEY_TIMEOUT_S) * EL_S;

static uint64_t jitter_ns(void)
{
    return el_random_below(EL_TUNNEL_REKEY_JITTER_MS + 1) * EL_MS;
}

static uint64_t at(const struct el_tunnel_peer *peer, enum el_tunnel_timer timer)
{
    return atomic_load_explicit(&peer->timers.at_ns[timer], memory_order_relaxed);
}

/* Only if that is news: lanes that send to the same peer would take the line from each other. */
static void set(struct el_tunnel_peer *peer, enum el_tunnel_timer timer, uint64_t at_ns)
{
    if (at(peer, timer) != at_ns)
        atomic_store_explicit(&peer->timers.at_ns[timer], at_ns, memory_order_relaxed);
}

static uint64_t earliest(const struct el_tunnel_peer *peer)
{
    uint64_t first = EL_NEVER;

    for (unsigned i = 0; i < EL_TUNNEL_TIMERS; i++)
        first = el_earlier(first, at(peer, i));
    return first;
}

/* In exclusive mode. */
static void start(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, enum el_tunnel_timer timer,
                  uint64_t at_ns)
{
    set(peer, timer, at_ns);
    if (at_ns < peer->timers.due.key)
        el_heap_set(tunnel->due, &peer->timers.due, at_ns);
}

/* The same in shared mode of LANE. */
static void start_shared(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                         enum el_tunnel_timer timer, uint64_t at_ns)
{
    set(peer, timer, at_ns);
    if (at_ns >= peer->timers.due.key)
        return;
    el_gate_exclusive(&tunnel->gate, lane);
    start(tunnel, peer, timer, at_ns);
    el_gate_resume(&tunnel->gate, lane);
}

static void stop(struct el_tunnel_peer *peer, enum el_tunnel_timer timer)
{
    set(peer, timer, EL_NEVER);
}

static bool runs(const struct el_tunnel_peer *peer, enum el_tunnel_timer timer)
{
    return at(peer, timer) != EL_NEVER;
}

static bool wants_another(const struct el_tunnel_peer *peer)
{
    return atomic_load_explicit(&peer->timers.another_keepalive, memory_order_relaxed);
}

static void want_another(struct el_tunnel_peer *peer, bool wanted)
{
    if (wants_another(peer) != wanted)
        atomic_store_explicit(&peer->timers.another_keepalive, wanted, memory_order_relaxed);
}

void el_tunnel_timers_init(struct el_tunnel *tunnel, struct el_tunnel_peer *peer)
{
    peer->timers = (struct el_tunnel_timers){.due = {.owner = peer}};
    for (unsigned i = 0; i < EL_TUNNEL_TIMERS; i++)
        stop(peer, i);
    el_heap_set(tunnel->due, &peer->timers.due, EL_NEVER);
}

void el_tunnel_timers_end(struct el_tunnel *tunnel, struct el_tunnel_peer *peer)
{
    el_heap_remove(tunnel->due, &peer->timers.due);
}

/* Attempts */

static void begin_attempt(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    struct el_tunnel_timers *timers = &peer->timers;

    timers->attempting = true;
    timers->told_no_answer = false;
    timers->told_silent = false;
    timers->attempt_since_ns = now_ns;
    if (now_ns < timers->next_initiation_ns)
        start(tunnel, peer, EL_TUNNEL_TIMER_RETRANSMIT, timers->next_initiation_ns);
    else
        el_tunnel_want(tunnel, peer, EL_TUNNEL_WANT_INITIATION);
}

/* One that is planned is begun before its turn. */
static bool may_attempt(const struct el_tunnel_peer *peer, uint64_t now_ns)
{
    const struct el_tunnel_timers *timers = &peer->timers;
    bool under_way = timers->attempting && timers->attempt_since_ns <= now_ns;

    return !under_way && peer->endpoint.ip.family;
}

static void attempt(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    if (may_attempt(peer, now_ns))
        begin_attempt(tunnel, peer, now_ns);
}

void el_tunnel_timers_attempt(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                              uint64_t now_ns)
{
    if (!may_attempt(peer, now_ns))
        return;
    el_gate_exclusive(&tunnel->gate, lane);
    attempt(tunnel, peer, now_ns);
    el_gate_resume(&tunnel->gate, lane);
}

void el_tunnel_timers_plan(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    struct el_tunnel_timers *timers = &peer->timers;
    uint64_t turn_ns = now_ns > tunnel->next_turn_ns ? now_ns : tunnel->next_turn_ns;

    if (timers->attempting || !peer->endpoint.ip.family)
        return;
    tunnel->next_turn_ns = turn_ns + EL_S / EL_TUNNEL_TURNS_PER_S;
    timers->attempting = true;
    timers->told_no_answer = false;
    timers->attempt_since_ns = turn_ns;
    start(tunnel, peer, EL_TUNNEL_TIMER_RETRANSMIT,
          turn_ns > timers->next_initiation_ns ? turn_ns : timers->next_initiation_ns);
}

/* Down: there is no session, and trying to get one has failed. */
static void tell_if_down(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    if (!peer->up || !peer->timers.attempt_failed || el_tunnel_peer_is_up(peer, now_ns))
        return;
    peer->up = false;
    el_tunnel_tell(tunnel, EL_TUNNEL_SESSION_DOWN, peer);
}

static void give_up(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    el_tunnel_forget_initiation(tunnel, peer);
    stop(peer, EL_TUNNEL_TIMER_KEEPALIVE);
    if (!runs(peer, EL_TUNNEL_TIMER_ZERO_KEYS))
        start(tunnel, peer, EL_TUNNEL_TIMER_ZERO_KEYS, now_ns + EL_TUNNEL_ZERO_KEYS_S * EL_S);
    peer->timers.attempting = false;
    peer->timers.attempt_failed = true;
    tell_if_down(tunnel, peer, now_ns);
    /* Who keeps the tunnel open for ever also keeps trying for ever. */
    if (peer->keepalive_s)
        begin_attempt(tunnel, peer, now_ns);
}

/* Nothing comes back. Should that be because what we send leaves from an address that has lost its
 * way to the peer, the system may choose another. */
static void free_source(struct el_tunnel_peer *peer)
{
    peer->endpoint.local = (struct el_ip){.family = 0};
}

/* What each timer does; it has been stopped before. */

static void on_retransmit(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    struct el_tunnel_timers *timers = &peer->timers;
    uint64_t tried_ns = now_ns - timers->attempt_since_ns;

    if (tried_ns >= EL_TUNNEL_REKEY_ATTEMPT_S * EL_S) {
        give_up(tunnel, peer, now_ns);
        return;
    }
    if (tried_ns >= EL_TUNNEL_NO_ANSWER_S * EL_S && !timers->told_no_answer) {
        timers->told_no_answer = true;
        el_tunnel_tell(tunnel, EL_TUNNEL_NO_ANSWER, peer);
    }
    if (timers->nothing_heard && !timers->told_silent) {
        timers->told_silent = true;
        el_tunnel_tell(tunnel, EL_TUNNEL_SILENT, peer);
    }
    free_source(peer);
    el_tunnel_want(tunnel, peer, EL_TUNNEL_WANT_INITIATION);
}

static void on_keepalive(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    el_tunnel_want(tunnel, peer, EL_TUNNEL_WANT_KEEPALIVE);
    if (wants_another(peer)) {
        want_another(peer, false);
        start(tunnel, peer, EL_TUNNEL_TIMER_KEEPALIVE,
              now_ns + EL_TUNNEL_KEEPALIVE_TIMEOUT_S * EL_S);
    }
}

static void on_new_handshake(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    free_source(peer);
    peer->timers.nothing_heard = true;
    attempt(tunnel, peer, now_ns);
}

static void on_persistent(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    (void)now_ns;
    el_tunnel_want(tunnel, peer, EL_TUNNEL_WANT_KEEPALIVE);
}

static void on_zero_keys(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    (void)now_ns;
    el_tunnel_sessions_end(&peer->sessions, tunnel->sessions);
    stop(peer, EL_TUNNEL_TIMER_LAPSE);
    /* An attempt that is under way, which only happens to who tries for ever, goes on. */
    if (!peer->timers.attempting)
        el_tunnel_forget_initiation(tunnel, peer);
    if (peer->up) {
        peer->up = false;
        el_tunnel_tell(tunnel, EL_TUNNEL_SESSION_DOWN, peer);
    }
}

static void (*const on_timer[])(struct el_tunnel *, struct el_tunnel_peer *, uint64_t) = {
    [EL_TUNNEL_TIMER_RETRANSMIT] = on_retransmit,
    [EL_TUNNEL_TIMER_KEEPALIVE] = on_keepalive,
    [EL_TUNNEL_TIMER_NEW_HANDSHAKE] = on_new_handshake,
    [EL_TUNNEL_TIMER_PERSISTENT] = on_persistent,
    [EL_TUNNEL_TIMER_LAPSE] = tell_if_down,
    [EL_TUNNEL_TIMER_ZERO_KEYS] = on_zero_keys,
};

void el_tunnel_timers_run(struct el_tunnel *tunnel, uint64_t now_ns)
{
    struct el_heap_node *due;

    while ((due = el_heap_first(tunnel->due)) && due->key <= now_ns) {
        struct el_tunnel_peer *peer = due->owner;
        for (unsigned i = 0; i < EL_TUNNEL_TIMERS; i++) {
            if (at(peer, i) > now_ns)
                continue;
            stop(peer, i);
            on_timer[i](tunnel, peer, now_ns);
        }
        el_heap_set(tunnel->due, due, earliest(peer));
    }
}

uint64_t el_tunnel_timers_deadline_ns(const struct el_tunnel *tunnel)
{
    const struct el_heap_node *due = el_heap_first(tunnel->due);

    return due ? due->key : EL_NEVER;
}

/* What happened. */

static void either_way(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                       uint64_t now_ns)
{
    if (peer->keepalive_s)
        start_shared(tunnel, lane, peer, EL_TUNNEL_TIMER_PERSISTENT,
                     now_ns + peer->keepalive_s * EL_S);
}

/* Rekeys in time: the initiator of a session that is in use makes the next one (§6.2). */
static void keep_fresh(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                       uint64_t now_ns)
{
    const struct el_tunnel_session *session = peer->sessions.current;

    if (!session)
        return;
    if (el_tunnel_session_sent(session) > EL_TUNNEL_REKEY_AFTER_MESSAGES ||
        (session->rekeys && now_ns >= session->made_ns + EL_TUNNEL_REKEY_AFTER_S * EL_S))
        el_tunnel_timers_attempt(tunnel, lane, peer, now_ns);
}

void el_tunnel_timers_sent(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                           uint64_t now_ns, bool with_data)
{
    either_way(tunnel, lane, peer, now_ns);
    stop(peer, EL_TUNNEL_TIMER_KEEPALIVE);
    want_another(peer, false);
    if (with_data && !runs(peer, EL_TUNNEL_TIMER_NEW_HANDSHAKE))
        start_shared(tunnel, lane, peer, EL_TUNNEL_TIMER_NEW_HANDSHAKE,
                     now_ns + (EL_TUNNEL_KEEPALIVE_TIMEOUT_S + EL_TUNNEL_REKEY_TIMEOUT_S) * EL_S +
                         peer->timers.jitter_ns);
    keep_fresh(tunnel, lane, peer, now_ns);
}

/* The last moment for a rekey, if it is on us and has not been used. */
static bool is_last_minute(const struct el_tunnel_peer *peer, uint64_t now_ns)
{
    const struct el_tunnel_session *session = peer->sessions.current;

    return session && session->rekeys && !peer->timers.last_minute &&
           now_ns >= session->made_ns + last_minute_ns;
}

void el_tunnel_timers_received(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                               uint64_t now_ns, bool with_data)
{
    either_way(tunnel, lane, peer, now_ns);
    stop(peer, EL_TUNNEL_TIMER_NEW_HANDSHAKE);
    if (with_data) {
        if (runs(peer, EL_TUNNEL_TIMER_KEEPALIVE))
            want_another(peer, true);
        else
            start_shared(tunnel, lane, peer, EL_TUNNEL_TIMER_KEEPALIVE,
                         now_ns + EL_TUNNEL_KEEPALIVE_TIMEOUT_S * EL_S);
    }
    if (!is_last_minute(peer, now_ns))
        return;
    el_gate_exclusive(&tunnel->gate, lane);
    if (is_last_minute(peer, now_ns)) {
        peer->timers.last_minute = true;
        attempt(tunnel, peer, now_ns);
    }
    el_gate_resume(&tunnel->gate, lane);
}

void el_tunnel_timers_initiation_sent(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                      uint64_t now_ns)
{
    peer->timers.next_initiation_ns = now_ns + EL_TUNNEL_REKEY_TIMEOUT_S * EL_S;
    start(tunnel, peer, EL_TUNNEL_TIMER_RETRANSMIT, peer->timers.next_initiation_ns + jitter_ns());
    el_tunnel_timers_sent(tunnel, tunnel->lane_count, peer, now_ns, false);
}

void el_tunnel_timers_session_made(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                   uint64_t now_ns)
{
    peer->timers.jitter_ns = jitter_ns();
    start(tunnel, peer, EL_TUNNEL_TIMER_LAPSE, now_ns + EL_TUNNEL_REJECT_AFTER_S * EL_S);
    start(tunnel, peer, EL_TUNNEL_TIMER_ZERO_KEYS, now_ns + EL_TUNNEL_ZERO_KEYS_S * EL_S);
}

void el_tunnel_timers_keepalive_changed(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                        uint64_t now_ns)
{
    stop(peer, EL_TUNNEL_TIMER_PERSISTENT);
    if (peer->keepalive_s && el_tunnel_peer_is_up(peer, now_ns))
        start(tunnel, peer, EL_TUNNEL_TIMER_PERSISTENT, now_ns + peer->keepalive_s * EL_S);
}

void el_tunnel_timers_session_up(struct el_tunnel *tunnel, struct el_tunnel_peer *peer)
{
    el_tunnel_forget_initiation(tunnel, peer);
    stop(peer, EL_TUNNEL_TIMER_RETRANSMIT);
    peer->wants &= ~(unsigned)EL_TUNNEL_WANT_INITIATION;
    peer->timers.attempting = false;
    peer->timers.attempt_failed = false;
    peer->timers.last_minute = false;
    peer->timers.nothing_heard = false;
}

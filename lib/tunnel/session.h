/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sessions of a peer: the keys that a handshake gave, their message counters and indexes
 * (whitepaper §6.1 to §6.3).
 *
 * A peer has up to three, so that a rekey loses nothing that is on its way:
 *
 *     next      made as responder; nothing is sent with it until the initiator has used it, because
 *               only then do we know that our response arrived
 *     current   what we send with
 *     previous  what the other side may still send with
 *
 * As initiator:  response arrives          -> it is current, current becomes previous
 * As responder:  response is made          -> it is next; an older next ends
 *                data arrives under next   -> next is current, current becomes previous
 *
 * When both sides initiate at once there are two new sessions. Both must come to use the same one,
 * or from then on both would rekey, and cross each other again: it is the one of the side with the
 * greater public key ("the keeper"). The keeper makes the other's session previous; the other
 * uses its own until it hears from the keeper.
 */
#ifndef EL_TUNNEL_SESSION_H
#define EL_TUNNEL_SESSION_H

#include "base/map.h"
#include "base/time.h"
#include "tunnel/aead.h"
#include "tunnel/noise.h"
#include "tunnel/replay.h"

#include <stdatomic.h>

enum {
    EL_TUNNEL_REKEY_AFTER_S = 120,
    EL_TUNNEL_REJECT_AFTER_S = 180,
    EL_TUNNEL_SESSIONS = 3, /* per peer */
};

#define EL_TUNNEL_REKEY_AFTER_MESSAGES  (UINT64_C(1) << 60)
#define EL_TUNNEL_REJECT_AFTER_MESSAGES (UINT64_MAX - EL_TUNNEL_REPLAY_WINDOW)

struct el_tunnel_peer;

struct el_tunnel_session {
    struct el_tunnel_peer *peer;
    struct el_tunnel_keys *keys; /* its place in locked memory */
    const struct el_tunnel_aead *aead;
    uint64_t made_ns;
    uint32_t local;  /* index by which the peer addresses us */
    uint32_t remote; /* and we it */
    bool live;       /* it has not ended */
    bool rekeys;     /* it is on us to make the next one: we are its initiator */
    /* Of the next message we send: all lanes count here, so it has a cache line of its own. */
    _Alignas(64) _Atomic uint64_t counter;
    /* Written by the lane of the peer alone. */
    _Alignas(64) struct el_tunnel_replay replay;
};

/* Zeroed, with keys and peer set in each slot: none. */
struct el_tunnel_sessions {
    struct el_tunnel_session *next;
    struct el_tunnel_session *current;
    struct el_tunnel_session *previous;
    struct el_tunnel_session slots[EL_TUNNEL_SESSIONS];
};

/* How we came to a session. */
enum el_tunnel_role {
    EL_TUNNEL_RESPONDER,
    EL_TUNNEL_INITIATOR,
    EL_TUNNEL_KEEPER, /* an initiator that wins when both are */
};

/* Starts a session in its place and enters it in INDEXES (uint32_t local to session), which has
 * room for it. Its cipher and keys are still to be filled in. */
struct el_tunnel_session *el_tunnel_session_start(struct el_tunnel_sessions *sessions,
                                                  struct el_map *indexes, enum el_tunnel_role role,
                                                  uint32_t local, uint32_t remote, uint64_t now_ns);

/* An authentic message came in under SESSION. True if that confirmed it: next became current. */
bool el_tunnel_session_confirm(struct el_tunnel_sessions *sessions, struct el_map *indexes,
                               const struct el_tunnel_session *session);

/* Ends all sessions and wipes their keys. */
void el_tunnel_sessions_end(struct el_tunnel_sessions *sessions, struct el_map *indexes);

static inline uint64_t el_tunnel_session_end_ns(const struct el_tunnel_session *session)
{
    return session->made_ns + EL_TUNNEL_REJECT_AFTER_S * EL_S;
}

static inline uint64_t el_tunnel_session_sent(const struct el_tunnel_session *session)
{
    return atomic_load_explicit(&session->counter, memory_order_relaxed);
}

/* Whether messages may be sent under SESSION (which may be NULL). */
static inline bool el_tunnel_session_sends(const struct el_tunnel_session *session, uint64_t now_ns)
{
    return session && now_ns < el_tunnel_session_end_ns(session) &&
           el_tunnel_session_sent(session) < EL_TUNNEL_REJECT_AFTER_MESSAGES;
}

#endif

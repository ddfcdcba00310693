/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How sessions come to be: the handshake messages, from and to peers. All of it is control's, which
 * computes beside the lanes, and stops them for a moment to enter what came out. Meanwhile a lane
 * may have completed another handshake with the same peer.
 *
 * A peer may be initiator and responder at the same time, when both sides start at once; the two
 * roles share nothing but the sessions they end in. What we keep as initiator changes only when a
 * response proves authentic, so a forged one cannot end a handshake.
 */
#include "tunnel/machine.h"
#include "tunnel/timers.h"

#include "base/csprng.h"

#include <sodium.h>

static unsigned control(const struct el_tunnel *tunnel)
{
    return tunnel->lane_count;
}

/* An index that nothing of ours has. With several lanes it says in its last bits which is PEER's,
 * for those who steer datagrams; that a listener learns no more than these bits about who is who is
 * worth a map. */
static uint32_t new_index(const struct el_tunnel *tunnel, const struct el_tunnel_peer *peer)
{
    uint32_t index;

    do {
        el_random(&index, sizeof index);
        if (tunnel->lane_count > 1)
            index = (index & ~(uint32_t)(EL_TUNNEL_LANES_MAX - 1)) | peer->lane;
    } while (el_map_get(tunnel->initiations, &index) || el_map_get(tunnel->sessions, &index));
    return index;
}

void el_tunnel_forget_initiation(struct el_tunnel *tunnel, struct el_tunnel_peer *peer)
{
    if (!peer->has_initiation)
        return;
    el_map_del(tunnel->initiations, &peer->initiation_index);
    sodium_memzero(&peer->secrets->handshake, sizeof peer->secrets->handshake);
    peer->has_initiation = false;
}

/* Starts a session with the keys that the vault has ready. */
static void start_session(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                          enum el_tunnel_role role, uint32_t local, uint32_t remote,
                          uint64_t now_ns)
{
    struct el_tunnel_session *session =
        el_tunnel_session_start(&peer->sessions, tunnel->sessions, role, local, remote, now_ns);

    session->aead = peer->suite->aead;
    *session->keys = tunnel->vault->keys;
    sodium_memzero(&tunnel->vault->keys, sizeof tunnel->vault->keys);
    el_tunnel_timers_session_made(tunnel, peer, now_ns);
}

/* A session is current, and either side may use it. */
static void session_up(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer)
{
    bool was_up = peer->up;

    peer->up = true;
    peer->handshake_ns = peer->sessions.current->made_ns;
    if (!was_up)
        peer->up_since_ns = peer->handshake_ns;
    el_tunnel_timers_session_up(tunnel, peer);
    el_tunnel_count_up(tunnel, lane, EL_TUNNEL_HANDSHAKES);
    el_tunnel_tell(tunnel, was_up ? EL_TUNNEL_REKEYED : EL_TUNNEL_SESSION_UP, peer);
}

void el_tunnel_confirm(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_session *session)
{
    if (el_tunnel_session_confirm(&session->peer->sessions, tunnel->sessions, session))
        session_up(tunnel, lane, session->peer);
}

/* As responder */

/* Finds out who sent MSG and whether it is fresh. NULL: dropped and counted. */
static struct el_tunnel_peer *authenticate(struct el_tunnel *tunnel, uint64_t now_ns,
                                           const struct el_tunnel_initiation *msg,
                                           uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES])
{
    struct el_tunnel_vault *vault = tunnel->vault;
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    struct el_tunnel_peer *peer = NULL;

    if (el_tunnel_noise_read_static(&vault->identity, msg, &vault->scratch, public_key) == 0)
        peer = el_map_get(tunnel->by_key, public_key);
    if (!peer || el_tunnel_noise_read_timestamp(&peer->secrets->pairing, msg, &vault->scratch,
                                                timestamp) < 0) {
        el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_HANDSHAKE, EL_EAUTH);
        return NULL;
    }
    if (memcmp(timestamp, peer->greatest_timestamp, EL_TUNNEL_TIMESTAMP_BYTES) <= 0 ||
        now_ns < peer->next_accept_ns) {
        el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_TIMESTAMP, EL_EAUTH);
        return NULL;
    }
    return peer;
}

/* Enters the session that PEER has asked for, and what we answer. */
static void enter_initiation(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                             const struct el_endpoint *from,
                             const uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES],
                             struct el_tunnel_response *answer)
{
    el_gate_exclusive(&tunnel->gate, control(tunnel));
    memcpy(peer->greatest_timestamp, timestamp, sizeof peer->greatest_timestamp);
    peer->next_accept_ns = now_ns + EL_TUNNEL_INITIATION_GAP_MS * EL_MS;
    answer->sender = new_index(tunnel, peer);
    el_tunnel_put_response(peer->response, answer);
    el_tunnel_roam(tunnel, peer, now_ns, from);
    el_tunnel_tell(tunnel, EL_TUNNEL_TIMESTAMP, peer);
    start_session(tunnel, peer, EL_TUNNEL_RESPONDER, answer->sender, answer->receiver, now_ns);
    el_tunnel_timers_received(tunnel, control(tunnel), peer, now_ns, false);
    el_tunnel_want(tunnel, peer, EL_TUNNEL_WANT_RESPONSE);
    el_gate_resume(&tunnel->gate, control(tunnel));
}

int el_tunnel_take_initiation(struct el_tunnel *tunnel, uint64_t now_ns,
                              const struct el_endpoint *from, const uint8_t *bytes)
{
    struct el_tunnel_vault *vault = tunnel->vault;
    struct el_tunnel_initiation msg;
    struct el_tunnel_response answer;
    uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES];

    el_tunnel_get_initiation(bytes, &msg);
    struct el_tunnel_peer *peer = authenticate(tunnel, now_ns, &msg, timestamp);
    if (!peer) {
        sodium_memzero(&vault->scratch, sizeof vault->scratch);
        return EL_EAUTH;
    }
    if (el_tunnel_noise_respond(&peer->secrets->pairing, &msg, &vault->scratch, &answer,
                                &vault->keys) < 0)
        return el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_HANDSHAKE, EL_EAUTH);
    answer.receiver = msg.sender;
    enter_initiation(tunnel, peer, now_ns, from, timestamp, &answer);
    return 0;
}

size_t el_tunnel_say_response(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                              uint64_t now_ns, uint8_t *bytes)
{
    memcpy(bytes, peer->response, sizeof peer->response);
    el_tunnel_signer_sign(&peer->signer, now_ns, bytes, sizeof peer->response);
    el_gate_shared(&tunnel->gate, control(tunnel));
    el_tunnel_timers_sent(tunnel, control(tunnel), peer, now_ns, false);
    el_gate_resume(&tunnel->gate, control(tunnel));
    return sizeof peer->response;
}

/* As initiator */

/* Enters the initiation that the vault has ready; false if PEER has got a session meanwhile. */
static bool enter_own(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                      uint32_t *index)
{
    el_gate_exclusive(&tunnel->gate, control(tunnel));
    bool wanted = peer->timers.attempting;
    if (wanted) {
        el_tunnel_forget_initiation(tunnel, peer);
        el_tunnel_timers_initiation_sent(tunnel, peer, now_ns);
        peer->secrets->handshake = tunnel->vault->scratch;
        *index = peer->initiation_index = new_index(tunnel, peer);
        peer->has_initiation = true;
        el_map_put(tunnel->initiations, &peer->initiation_index, peer);
    }
    el_gate_resume(&tunnel->gate, control(tunnel));
    sodium_memzero(&tunnel->vault->scratch, sizeof tunnel->vault->scratch);
    return wanted;
}

size_t el_tunnel_say_initiation(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                uint64_t now_ns, uint8_t *bytes)
{
    struct el_tunnel_vault *vault = tunnel->vault;
    struct el_tunnel_initiation msg;
    uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES];

    /* Each one is new: same ephemeral key or timestamp twice would be a replay. */
    el_tunnel_clock_next(&tunnel->clock, now_ns, timestamp);
    if (el_tunnel_noise_initiate(&peer->secrets->pairing, &vault->identity, timestamp,
                                 &vault->scratch, &msg) < 0 ||
        !enter_own(tunnel, peer, now_ns, &msg.sender))
        return 0;
    el_tunnel_put_initiation(bytes, &msg);
    el_tunnel_signer_sign(&peer->signer, now_ns, bytes, EL_TUNNEL_INITIATION_BYTES);
    return EL_TUNNEL_INITIATION_BYTES;
}

/* The peer whose initiation on its way has INDEX, or NULL; its handshake is in the vault's copy. */
static struct el_tunnel_peer *find_initiation(struct el_tunnel *tunnel, uint32_t index)
{
    el_gate_shared(&tunnel->gate, control(tunnel));
    struct el_tunnel_peer *peer = el_map_get(tunnel->initiations, &index);
    if (peer)
        tunnel->vault->copy = peer->secrets->handshake;
    el_gate_resume(&tunnel->gate, control(tunnel));
    return peer;
}

/* Enters the session that MSG has completed. */
static int enter_response(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                          const struct el_endpoint *from, const struct el_tunnel_response *msg)
{
    const struct el_tunnel_identity *identity = &tunnel->vault->identity;
    bool keeper = memcmp(identity->public_key, peer->secrets->pairing.public_key,
                         sizeof identity->public_key) > 0;

    el_gate_exclusive(&tunnel->gate, control(tunnel));
    bool wanted = peer->has_initiation && peer->initiation_index == msg->receiver;
    if (wanted) {
        el_tunnel_forget_initiation(tunnel, peer);
        el_tunnel_roam(tunnel, peer, now_ns, from);
        start_session(tunnel, peer, keeper ? EL_TUNNEL_KEEPER : EL_TUNNEL_INITIATOR, msg->receiver,
                      msg->sender, now_ns);
        session_up(tunnel, control(tunnel), peer);
        el_tunnel_timers_received(tunnel, control(tunnel), peer, now_ns, false);
        /* The responder may not send before it has heard from us under the new keys. */
        el_tunnel_want(tunnel, peer, EL_TUNNEL_WANT_KEEPALIVE);
    }
    el_gate_resume(&tunnel->gate, control(tunnel));
    sodium_memzero(&tunnel->vault->keys, sizeof tunnel->vault->keys);
    return wanted ? 0 : el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_INDEX, EL_ENOENT);
}

/* The peer answers, but with another pre-shared key, or for another wire form, which is part of
 * that key. Whoever stands in the middle can make us believe so, but not more than that. */
static int refused(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    if (now_ns >= peer->refused_quiet_ns) {
        peer->refused_quiet_ns = now_ns + EL_TUNNEL_REFUSED_QUIET_S * EL_S;
        el_gate_exclusive(&tunnel->gate, control(tunnel));
        el_tunnel_tell(tunnel, EL_TUNNEL_REFUSED, peer);
        el_gate_resume(&tunnel->gate, control(tunnel));
    }
    return el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_REFUSED, EL_EAUTH);
}

int el_tunnel_take_response(struct el_tunnel *tunnel, uint64_t now_ns,
                            const struct el_endpoint *from, const uint8_t *bytes)
{
    struct el_tunnel_vault *vault = tunnel->vault;
    struct el_tunnel_response msg;

    el_tunnel_get_response(bytes, &msg);
    struct el_tunnel_peer *peer = find_initiation(tunnel, msg.receiver);
    if (!peer)
        return el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_INDEX, EL_ENOENT);
    int failed = el_tunnel_noise_finish(&peer->secrets->pairing, &vault->identity, &vault->copy,
                                        &msg, &vault->scratch, &vault->keys);
    sodium_memzero(&vault->copy, sizeof vault->copy);
    if (failed)
        return refused(tunnel, peer, now_ns);
    return enter_response(tunnel, peer, now_ns, from, &msg);
}

/* To whom a message of ours with INDEX went: an initiation, or a response. NULL: to nobody. */
static struct el_tunnel_peer *find_addressee(struct el_tunnel *tunnel, uint32_t index)
{
    el_gate_shared(&tunnel->gate, control(tunnel));
    struct el_tunnel_peer *peer = el_map_get(tunnel->initiations, &index);
    const struct el_tunnel_session *session = el_map_get(tunnel->sessions, &index);
    el_gate_resume(&tunnel->gate, control(tunnel));
    return !peer && session ? session->peer : peer;
}

/* The peer is under load. The next retransmission carries what it asked for. */
int el_tunnel_take_cookie_reply(struct el_tunnel *tunnel, uint64_t now_ns, const uint8_t *bytes)
{
    struct el_tunnel_cookie_reply msg;

    el_tunnel_get_cookie_reply(bytes, &msg);
    struct el_tunnel_peer *peer = find_addressee(tunnel, msg.receiver);
    if (!peer)
        return el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_INDEX, EL_ENOENT);
    if (el_tunnel_signer_take(&peer->signer, now_ns, &msg) < 0)
        return el_tunnel_drop(tunnel, control(tunnel), EL_TUNNEL_DROP_HANDSHAKE, EL_EAUTH);
    return 0;
}

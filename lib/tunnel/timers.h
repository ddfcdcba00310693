/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timers of a peer (whitepaper §6.1 to §6.5): when to make a handshake, when to say that we are
 * still here, when to give up, when to forget.
 *
 * A packet costs a few stores and comparisons with the given time. Every peer stands in a heap
 * under a time at or before its earliest timer; a timer that is put off, as by every packet, leaves
 * the heap alone, and the peer is looked at once in vain at the old time. Only a timer that comes
 * before that time moves the peer; that takes exclusive mode, and as the peer then stands under the
 * end of that timer, it happens once per timeout at the most.
 */
#ifndef EL_TUNNEL_TIMERS_H
#define EL_TUNNEL_TIMERS_H

#include "tunnel/machine.h"

enum {
    EL_TUNNEL_REKEY_TIMEOUT_S = 5,
    EL_TUNNEL_REKEY_JITTER_MS = 333,
    EL_TUNNEL_REKEY_ATTEMPT_S = 90,
    EL_TUNNEL_KEEPALIVE_TIMEOUT_S = 10,
    EL_TUNNEL_NO_ANSWER_S = 15,
    EL_TUNNEL_ZERO_KEYS_S = 3 * EL_TUNNEL_REJECT_AFTER_S,
};

void el_tunnel_timers_init(struct el_tunnel *tunnel, struct el_tunnel_peer *peer);
void el_tunnel_timers_end(struct el_tunnel *tunnel, struct el_tunnel_peer *peer);

/* Runs what is due. Exclusive. */
void el_tunnel_timers_run(struct el_tunnel *tunnel, uint64_t now_ns);
uint64_t el_tunnel_timers_deadline_ns(const struct el_tunnel *tunnel);

/* The next three are for LANE in shared mode, or more. */

/* Starts an attempt to get a session, unless one is under way or nobody knows where PEER is. */
void el_tunnel_timers_attempt(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                              uint64_t now_ns);

/* What happened. WITH_DATA: it carried an IP packet, and was no keepalive or handshake. */
void el_tunnel_timers_sent(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                           uint64_t now_ns, bool with_data);
void el_tunnel_timers_received(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                               uint64_t now_ns, bool with_data);

/* The rest is for who is exclusive. */
void el_tunnel_timers_initiation_sent(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                      uint64_t now_ns);
/* Plans an attempt for PEER's turn, unless there is one already. */
void el_tunnel_timers_plan(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns);
/* A session was made, as either side; it may not be confirmed yet. */
void el_tunnel_timers_session_made(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                   uint64_t now_ns);
/* PEER's keepalive is another now. */
void el_tunnel_timers_keepalive_changed(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                        uint64_t now_ns);
/* The session is current. */
void el_tunnel_timers_session_up(struct el_tunnel *tunnel, struct el_tunnel_peer *peer);

#endif

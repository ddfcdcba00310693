/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the machine, for its own files: tunnel.c (the packets), handshake.c (how sessions
 * come to be), timers.c (when), peer.c (who).
 *
 * What the machine has to say is never stored as bytes, except for answers to strangers: a peer
 * that has something to say stands in the speakers' queue with a note of what it wants, and the
 * message is made when el_tunnel_output() hands it out. So nothing has to be allocated, nothing
 * overflows, and a message that has become pointless is not sent.
 *
 * Who may touch what (base/gate.h):
 *  - one thread, control, owns all that handshakes need beside the peers: the vault but for its
 *    peers, the clock, the rate limit, the strangers, and of a peer its signer, response and
 *    greatest timestamp. It computes with no mode at all, as that takes long, and becomes exclusive
 *    to enter the result;
 *  - what is _Atomic may be written by any lane in shared mode. These are numbers of which the last
 *    written counts, so relaxed order will do;
 *  - a session's replay window is its peer's lane's;
 *  - all else is read in shared mode and changed in exclusive mode. So the keys of a session that
 *    has ended are wiped when no lane is using them.
 * A lane that finds something to be changed becomes exclusive and looks again.
 */
#ifndef EL_TUNNEL_MACHINE_H
#define EL_TUNNEL_MACHINE_H

#include "base/gate.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/time.h"
#include "tunnel/allowed.h"
#include "tunnel/cookie.h"
#include "tunnel/noise.h"
#include "tunnel/ratelimit.h"
#include "tunnel/session.h"
#include "tunnel/suite.h"
#include "tunnel/tai64n.h"
#include "tunnel/tunnel.h"

enum {
    EL_TUNNEL_STRANGERS = 64,         /* cookie replies that may wait; more are not sent */
    EL_TUNNEL_REFUSED_QUIET_S = 60,   /* a peer's REFUSED is told at most this often */
    EL_TUNNEL_INITIATION_GAP_MS = 20, /* a peer's initiations are taken at most this often */
    EL_TUNNEL_ROAM_GAP_MS = 1,        /* and so are its moves, which stop all lanes for a moment */
    EL_TUNNEL_STRAY_GAP_MS = 1,       /* as does a message that came to another lane than its own */
    EL_TUNNEL_STRAY_BURST = 256,      /* so many may come at once */
};

/* What a peer wants el_tunnel_output() to say to it. */
enum el_tunnel_want {
    EL_TUNNEL_WANT_RESPONSE = 1,
    EL_TUNNEL_WANT_INITIATION = 2,
    EL_TUNNEL_WANT_KEEPALIVE = 4,
};

enum el_tunnel_timer {
    EL_TUNNEL_TIMER_RETRANSMIT,    /* our initiation has had no response */
    EL_TUNNEL_TIMER_KEEPALIVE,     /* we got data and have sent nothing since */
    EL_TUNNEL_TIMER_NEW_HANDSHAKE, /* we sent data and have got nothing since */
    EL_TUNNEL_TIMER_PERSISTENT,    /* nothing at all has gone either way */
    EL_TUNNEL_TIMER_LAPSE,         /* the session becomes too old to be used */
    EL_TUNNEL_TIMER_ZERO_KEYS,     /* no new session for so long that all keys go */
    EL_TUNNEL_TIMERS
};

/* See timers.h. */
struct el_tunnel_timers {
    _Atomic uint64_t at_ns[EL_TUNNEL_TIMERS]; /* EL_NEVER: off */
    struct el_heap_node due;                  /* its key is at or before the earliest of them */
    _Atomic bool another_keepalive;           /* more data came while KEEPALIVE was running */

    /* An attempt to get a session: from the first initiation to the response, or to giving up. */
    bool attempting;
    bool told_no_answer;
    bool told_silent;
    bool attempt_failed;         /* the last one did */
    uint64_t attempt_since_ns;   /* to come: it is planned for a turn */
    uint64_t next_initiation_ns; /* no earlier: REKEY_TIMEOUT after the last */
    uint64_t jitter_ns;          /* of this session's NEW_HANDSHAKE */
    bool last_minute;            /* this session's last chance for a rekey has been used */
    bool nothing_heard;          /* 15 s of data went without an answer */
};

/* A peer's secrets, in locked memory. */
struct el_tunnel_peer_secrets {
    struct el_tunnel_pairing pairing;
    struct el_tunnel_handshake handshake;
    struct el_tunnel_keys sessions[EL_TUNNEL_SESSIONS];
};

/* All secrets, in one piece of locked memory. */
struct el_tunnel_vault {
    struct el_tunnel_guard guard;
    struct el_tunnel_identity identity;
    struct el_tunnel_handshake scratch; /* these inside one call only */
    struct el_tunnel_handshake copy;
    struct el_tunnel_keys keys;
    struct el_tunnel_peer_secrets peers[];
};

struct el_tunnel_peer {
    struct el_tunnel *tunnel;
    bool used;     /* else free */
    bool up;       /* SESSION_UP has been told, SESSION_DOWN not since */
    unsigned lane; /* which opens what comes from it */
    char name[EL_TUNNEL_NAME_BYTES];
    void *user;
    struct el_tunnel_peer_secrets *secrets;
    struct el_endpoint endpoint;
    uint64_t next_roam_ns;       /* it stays where it is until then */
    struct el_prefix allowed[2]; /* IPv4 and IPv6; family 0: none */
    unsigned keepalive_s;
    enum el_tunnel_wire wire;
    const struct el_tunnel_suite *suite; /* of wire */

    /* As initiator. */
    bool has_initiation; /* one is on its way; secrets->handshake and initiation_index hold */
    uint32_t initiation_index;
    uint64_t refused_quiet_ns; /* REFUSED is not told again before */
    struct el_tunnel_signer signer;

    /* As responder. */
    uint8_t greatest_timestamp[EL_TUNNEL_TIMESTAMP_BYTES];
    uint64_t next_accept_ns;                    /* initiations before it are too frequent */
    uint8_t response[EL_TUNNEL_RESPONSE_BYTES]; /* while WANT_RESPONSE, without macs */

    struct el_tunnel_sessions sessions;
    struct el_tunnel_timers timers;
    uint64_t up_since_ns, handshake_ns; /* see struct el_tunnel_peer_state */

    unsigned wants; /* bits of enum el_tunnel_want */
    bool queued;
    struct el_tunnel_peer *next_speaker;
};

/* What has passed a lane between a peer and us. */
struct el_tunnel_tally {
    _Atomic uint64_t rx_packets, rx_bytes;
    _Atomic uint64_t tx_packets, tx_bytes;
};

/* What each lane has for itself. */
struct el_tunnel_lane {
    _Alignas(64) _Atomic uint64_t counters[EL_TUNNEL_COUNTERS];
    struct el_tunnel_session *last;  /* under which the last message came; it may have ended */
    uint64_t strays_ns;              /* until then, those that came are paid for */
    struct el_tunnel_tally *tallies; /* by peer */
};

struct el_tunnel {
    void (*event)(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer);
    void *arg;
    struct el_gate gate;
    unsigned lane_count;          /* lanes that carry data; the number behind them is control's */
    struct el_tunnel_lane *lanes; /* lane_count and one of them */
    struct el_tunnel_vault *vault;
    struct el_tunnel_clock clock;

    unsigned peers_max;
    struct el_tunnel_peer *peers; /* peers_max of them */
    struct el_map *by_key;        /* public key -> peer */
    struct el_map *initiations;   /* index of an initiation on its way -> peer */
    struct el_map *sessions;      /* our index -> session */
    struct el_tunnel_allowed *allowed;
    struct el_heap *due;   /* peers by their next timer */
    uint64_t next_turn_ns; /* of an attempt that is planned */
    struct el_tunnel_peer *first_speaker, *last_speaker;

    struct el_tunnel_ratelimit *ratelimit;
    struct {
        struct el_endpoint to;
        uint8_t bytes[EL_TUNNEL_COOKIE_REPLY_BYTES];
    } strangers[EL_TUNNEL_STRANGERS]; /* a ring of cookie replies */
    unsigned first_stranger;
    _Atomic unsigned stranger_count; /* others ask for the deadline */
    struct el_tunnel_traffic gone;   /* of peers that were removed */
};

/* tunnel.c */

void el_tunnel_tell(struct el_tunnel *tunnel, enum el_tunnel_event event,
                    struct el_tunnel_peer *peer);

void el_tunnel_count_up(struct el_tunnel *tunnel, unsigned lane, enum el_tunnel_counter counter);

/* Counts the drop and returns CODE. */
int el_tunnel_drop(struct el_tunnel *tunnel, unsigned lane, enum el_tunnel_counter counter,
                   int code);

/* PEER wants to say something. Exclusive. */
void el_tunnel_want(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                    enum el_tunnel_want what);

/* Whether FROM is news. */
bool el_tunnel_roams(const struct el_tunnel_peer *peer, uint64_t now_ns,
                     const struct el_endpoint *from);

/* An authentic message of PEER came from FROM. Exclusive. */
void el_tunnel_roam(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                    const struct el_endpoint *from);

/* peer.c */

int el_tunnel_peers_new(struct el_tunnel *tunnel);
void el_tunnel_peers_free(struct el_tunnel *tunnel);

/* The traffic of all peers there are and were. */
void el_tunnel_peers_traffic(const struct el_tunnel *tunnel, struct el_tunnel_traffic *all);

/* handshake.c: all but the last two are for control, in no mode. */

/* Each takes a message of its kind, whose macs are right: 0, or dropped and counted. */
int el_tunnel_take_initiation(struct el_tunnel *tunnel, uint64_t now_ns,
                              const struct el_endpoint *from, const uint8_t *bytes);
int el_tunnel_take_response(struct el_tunnel *tunnel, uint64_t now_ns,
                            const struct el_endpoint *from, const uint8_t *bytes);
int el_tunnel_take_cookie_reply(struct el_tunnel *tunnel, uint64_t now_ns, const uint8_t *bytes);

/* Each writes a message to PEER, and returns its length. */
size_t el_tunnel_say_initiation(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                                uint64_t now_ns, uint8_t *bytes);
size_t el_tunnel_say_response(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                              uint64_t now_ns, uint8_t *bytes);

/* A data message came under SESSION: if it is the first one, the handshake is complete. Exclusive.
 */
void el_tunnel_confirm(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_session *session);

/* Forgets an initiation that is on its way. Exclusive. */
void el_tunnel_forget_initiation(struct el_tunnel *tunnel, struct el_tunnel_peer *peer);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine: packets in, packets out, and what it has to say itself. */
#include "tunnel/tunnel.h"

#include "base/wire.h"
#include "tunnel/machine.h"
#include "tunnel/timers.h"

#include <sodium.h>
#include <stdlib.h>

_Static_assert((int)EL_TUNNEL_OUTPUT_BYTES == (int)EL_TUNNEL_INITIATION_BYTES, "longest message");
_Static_assert(EL_TUNNEL_COOKIE_REPLY_BYTES < EL_TUNNEL_RESPONSE_BYTES, "no amplification");

enum {
    SEAL_MAX_BYTES =
        65535 - 8 - 20 - EL_TUNNEL_HEADER - EL_TUNNEL_TAG_MAX - (EL_TUNNEL_PADDING - 1),
    CACHE_LINE = 64,
    VAULT_ALIGNMENT = 64, /* sodium_malloc() aligns the end of a block, not its beginning */
};

static int make_lanes(struct el_tunnel *tunnel)
{
    size_t bytes = (tunnel->lane_count + 1) * sizeof tunnel->lanes[0];

    tunnel->lanes = aligned_alloc(_Alignof(struct el_tunnel_lane), bytes);
    if (!tunnel->lanes)
        return EL_ENOMEM;
    memset(tunnel->lanes, 0, bytes);
    /* In whole cache lines, or the tallies of two lanes would share one. */
    bytes = (tunnel->peers_max * sizeof(struct el_tunnel_tally) + CACHE_LINE - 1) / CACHE_LINE *
            CACHE_LINE;
    for (unsigned i = 0; i <= tunnel->lane_count; i++) {
        tunnel->lanes[i].tallies = aligned_alloc(CACHE_LINE, bytes);
        if (!tunnel->lanes[i].tallies)
            return EL_ENOMEM;
        memset(tunnel->lanes[i].tallies, 0, bytes);
    }
    return 0;
}

int el_tunnel_new(const struct el_tunnel_config *config, struct el_tunnel **made,
                  struct el_err *err)
{
    if (sodium_init() < 0)
        return el_err(err, EL_EIO, "tunnel: libsodium finds no source of randomness");
    if (config->lanes > EL_TUNNEL_LANES_MAX)
        return el_err(err, EL_EINVAL, "tunnel: %u lanes: 1 to %d are possible", config->lanes,
                      EL_TUNNEL_LANES_MAX);
    if (config->peers_max < 1 || config->peers_max > EL_TUNNEL_PEERS_MAX)
        return el_err(err, EL_EINVAL, "tunnel: room for %u peers: 1 to %d are possible",
                      config->peers_max, EL_TUNNEL_PEERS_MAX);

    struct el_tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (!tunnel)
        return el_err(err, EL_ENOMEM, "tunnel: out of memory");
    size_t vault_bytes = sizeof *tunnel->vault + config->peers_max * sizeof tunnel->vault->peers[0];
    vault_bytes = (vault_bytes + VAULT_ALIGNMENT - 1) & ~(size_t)(VAULT_ALIGNMENT - 1);
    tunnel->event = config->event;
    tunnel->arg = config->arg;
    tunnel->gate = config->gate;
    tunnel->lane_count = config->lanes ? config->lanes : 1;
    tunnel->peers_max = config->peers_max;
    tunnel->vault = sodium_malloc(vault_bytes);
    tunnel->ratelimit = malloc(sizeof *tunnel->ratelimit);
    if (!tunnel->vault || !tunnel->ratelimit || make_lanes(tunnel) < 0 ||
        el_tunnel_peers_new(tunnel) < 0) {
        el_tunnel_free(tunnel);
        return el_err(err, EL_ENOMEM, "tunnel: out of memory for %u peers", config->peers_max);
    }
    memset(tunnel->vault, 0, vault_bytes);
    if (el_tunnel_clock_init(&tunnel->clock, config->wall_at_zero_ns, config->last_timestamp) < 0) {
        el_tunnel_free(tunnel);
        return el_err(err, EL_EINVAL, "tunnel: the last timestamp on record is none; remove it");
    }
    struct el_tunnel_identity *identity = &tunnel->vault->identity;
    memcpy(identity->private_key, config->private_key, sizeof identity->private_key);
    el_tunnel_identity_complete(identity);
    el_tunnel_guard_init(&tunnel->vault->guard, identity->public_key);
    el_tunnel_ratelimit_init(tunnel->ratelimit);
    *made = tunnel;
    return 0;
}

void el_tunnel_free(struct el_tunnel *tunnel)
{
    if (!tunnel)
        return;
    el_tunnel_peers_free(tunnel);
    for (unsigned i = 0; tunnel->lanes && i <= tunnel->lane_count; i++)
        free(tunnel->lanes[i].tallies);
    free(tunnel->lanes);
    free(tunnel->ratelimit);
    sodium_free(tunnel->vault); /* wipes it */
    free(tunnel);
}

void el_tunnel_tell(struct el_tunnel *tunnel, enum el_tunnel_event event,
                    struct el_tunnel_peer *peer)
{
    if (tunnel->event)
        tunnel->event(tunnel->arg, event, peer);
}

/* Only a lane itself writes its counts, so that nothing has to be locked. */
static void add(_Atomic uint64_t *count, uint64_t n)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void el_tunnel_count_up(struct el_tunnel *tunnel, unsigned lane, enum el_tunnel_counter counter)
{
    add(&tunnel->lanes[lane].counters[counter], 1);
}

static struct el_tunnel_tally *tally_of(struct el_tunnel *tunnel, unsigned lane,
                                        const struct el_tunnel_peer *peer)
{
    return &tunnel->lanes[lane].tallies[peer - tunnel->peers];
}

int el_tunnel_drop(struct el_tunnel *tunnel, unsigned lane, enum el_tunnel_counter counter,
                   int code)
{
    el_tunnel_count_up(tunnel, lane, counter);
    return code;
}

void el_tunnel_want(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, enum el_tunnel_want what)
{
    peer->wants |= what;
    if (peer->queued)
        return;
    peer->queued = true;
    peer->next_speaker = NULL;
    if (tunnel->first_speaker)
        tunnel->last_speaker->next_speaker = peer;
    else
        tunnel->first_speaker = peer;
    tunnel->last_speaker = peer;
}

bool el_tunnel_roams(const struct el_tunnel_peer *peer, uint64_t now_ns,
                     const struct el_endpoint *from)
{
    /* Also when only the address of ours that it calls has changed, which is nobody's news. */
    return (!el_endpoint_equal(&peer->endpoint, from) ||
            !el_ip_equal(&peer->endpoint.local, &from->local)) &&
           now_ns >= peer->next_roam_ns;
}

void el_tunnel_roam(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                    const struct el_endpoint *from)
{
    bool known = peer->endpoint.ip.family != 0;
    bool moved = !el_endpoint_equal(&peer->endpoint, from);

    if (!el_tunnel_roams(peer, now_ns, from))
        return;
    peer->endpoint = *from;
    peer->next_roam_ns = now_ns + EL_TUNNEL_ROAM_GAP_MS * EL_MS;
    if (known && moved)
        el_tunnel_tell(tunnel, EL_TUNNEL_ROAMED, peer);
}

void el_tunnel_lane_connect(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                            uint64_t now_ns)
{
    if (!el_tunnel_peer_is_up(peer, now_ns))
        el_tunnel_timers_attempt(tunnel, lane, peer, now_ns);
}

void el_tunnel_connect(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    el_gate_shared(&tunnel->gate, tunnel->lane_count);
    el_tunnel_lane_connect(tunnel, tunnel->lane_count, peer, now_ns);
    el_gate_resume(&tunnel->gate, tunnel->lane_count);
}

void el_tunnel_connect_in_turn(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                               uint64_t now_ns)
{
    el_gate_exclusive(&tunnel->gate, tunnel->lane_count);
    if (!el_tunnel_peer_is_up(peer, now_ns))
        el_tunnel_timers_plan(tunnel, peer, now_ns);
    el_gate_resume(&tunnel->gate, tunnel->lane_count);
}

/* In */

/* Whether a handshake message may cost us a Diffie-Hellman. */
static int pass_guard(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                      const uint8_t *bytes, size_t len)
{
    struct el_tunnel_guard *guard = &tunnel->vault->guard;
    unsigned control = tunnel->lane_count;
    unsigned waiting = atomic_load_explicit(&tunnel->stranger_count, memory_order_relaxed);

    if (!el_tunnel_guard_mac1_ok(guard, bytes, len))
        return el_tunnel_drop(tunnel, control, EL_TUNNEL_DROP_MAC, EL_EAUTH);
    if (!el_tunnel_guard_under_load(guard, now_ns))
        return 0;
    if (el_tunnel_guard_mac2_ok(guard, now_ns, from, bytes, len)) {
        if (el_tunnel_ratelimit_allows(tunnel->ratelimit, now_ns, &from->ip))
            return 0;
        return el_tunnel_drop(tunnel, control, EL_TUNNEL_DROP_RATE, EL_EAGAIN);
    }
    if (waiting < EL_TUNNEL_STRANGERS) {
        struct el_wire w = el_wire_read(bytes, len);
        el_wire_skip(&w, sizeof(uint32_t)); /* the type; then comes the sender's index */
        unsigned i = (tunnel->first_stranger + waiting) % EL_TUNNEL_STRANGERS;
        atomic_store_explicit(&tunnel->stranger_count, waiting + 1, memory_order_relaxed);
        tunnel->strangers[i].to = *from;
        el_tunnel_guard_reply(guard, now_ns, from, bytes, len, el_wire_le32(&w),
                              tunnel->strangers[i].bytes);
    }
    return el_tunnel_drop(tunnel, control, EL_TUNNEL_DROP_COOKIE, EL_EAUTH);
}

/* Finds the length of an IP packet in a padded one of LEN bytes, and its source address. */
static int read_ip(const uint8_t *bytes, size_t len, struct el_ip *source, size_t *ip_len)
{
    struct el_wire w = el_wire_read(bytes, len);
    unsigned version = el_wire_u8(&w) >> 4;

    *source = (struct el_ip){.family = (uint8_t)version};
    if (version == 4) {
        el_wire_skip(&w, 1);
        *ip_len = el_wire_be16(&w);
        el_wire_skip(&w, 8);
        el_wire_copy(&w, source->b, 4);
        el_wire_skip(&w, 4);
    } else if (version == 6) {
        el_wire_skip(&w, 3);
        *ip_len = 40 + (size_t)el_wire_be16(&w);
        el_wire_skip(&w, 2);
        el_wire_copy(&w, source->b, 16);
        el_wire_skip(&w, 16);
    } else {
        return EL_EPROTO;
    }
    return el_wire_ok(&w) && *ip_len >= el_wire_done(&w) && *ip_len <= len ? 0 : EL_EPROTO;
}

static struct el_tunnel_session *find_session(struct el_tunnel *tunnel, unsigned lane,
                                              uint32_t index)
{
    struct el_tunnel_session *last = tunnel->lanes[lane].last;

    /* Messages come in trains. */
    if (!last || !last->live || last->local != index)
        last = el_map_get(tunnel->sessions, &index);
    if (last)
        tunnel->lanes[lane].last = last;
    return last;
}

/* Who makes a TCP connection decides what it is used for: data that still comes through one that is
 * ours moves nobody back there. */
static bool may_follow(const struct el_endpoint *from)
{
    return from->carrier != EL_CARRIER_TCP_CALLED;
}

/* What an authentic message under the session with this index may change, for all lanes. */
static void settle(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns, uint32_t index,
                   const struct el_endpoint *from)
{
    el_gate_exclusive(&tunnel->gate, lane);
    struct el_tunnel_session *session = el_map_get(tunnel->sessions, &index);
    if (session) { /* it has not ended before we were alone */
        if (may_follow(from))
            el_tunnel_roam(tunnel, session->peer, now_ns, from);
        el_tunnel_confirm(tunnel, lane, session);
    }
    el_gate_resume(&tunnel->gate, lane);
}

/* Decrypts BYTES, which are LEN and their tag, under SESSION, of which LANE is the owner. */
static int decrypt(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                   struct el_tunnel_session *session, uint8_t *bytes, size_t len, uint64_t counter)
{
    if (now_ns >= el_tunnel_session_end_ns(session) || counter >= EL_TUNNEL_REJECT_AFTER_MESSAGES)
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_EXPIRED, EL_EAUTH);
    /* Asked before the cipher, so that a flood of replays is cheap; told after it. */
    if (!el_tunnel_replay_is_new(&session->replay, counter))
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_REPLAY, EL_EAUTH);
    if (!session->aead->open(bytes, len, counter, session->keys->receive))
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_AUTH, EL_EAUTH);
    el_tunnel_replay_mark(&session->replay, counter);
    return 0;
}

/* What PEER has sent: LEN bytes, padded. */
static int check_packet(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                        uint8_t *bytes, size_t len, struct el_tunnel_packet *packet)
{
    struct el_ip source;

    if (len == 0)
        return 0;
    *packet = (struct el_tunnel_packet){.peer = peer, .bytes = bytes, .len = len};
    if (peer->suite->raw && bytes[0] >> 4 != 4 && bytes[0] >> 4 != 6)
        source = peer->allowed[0].ip; /* it names none; who sent it is known */
    else if (read_ip(bytes, len, &source, &packet->len) < 0)
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_INNER, EL_EPROTO);
    if (!el_prefix_contains(&peer->allowed[source.family == 6], &source))
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_SOURCE, EL_EPERM);
    struct el_tunnel_tally *tally = tally_of(tunnel, lane, peer);
    add(&tally->rx_packets, 1);
    add(&tally->rx_bytes, packet->len);
    return 1;
}

/* A data message: its header, and the rest. */
struct message {
    struct el_tunnel_data_header header;
    uint8_t *bytes;
    size_t len; /* without the tag */
};

/* In shared mode on the peer's lane, or in exclusive mode on any. */
static int take_data(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                     const struct el_endpoint *from, struct el_tunnel_session *session,
                     const struct message *message)
{
    struct el_tunnel_peer *peer = session->peer;
    int failed = decrypt(tunnel, lane, now_ns, session, message->bytes, message->len,
                         message->header.counter);

    if (failed)
        return failed;
    if (session == peer->sessions.next || (el_tunnel_roams(peer, now_ns, from) && may_follow(from)))
        settle(tunnel, lane, now_ns, message->header.receiver, from);
    el_tunnel_timers_received(tunnel, lane, peer, now_ns, message->len > 0);
    return 0;
}

/* Whether LANE may stop the others for one more stray. The kernel steers a train by its first
 * datagram, so who knows an index, as a peer does of its own, can make all that follow strays. */
static bool may_stray(struct el_tunnel_lane *lane, uint64_t now_ns)
{
    uint64_t paid_ns = lane->strays_ns > now_ns ? lane->strays_ns : now_ns;

    if (paid_ns - now_ns >= EL_TUNNEL_STRAY_BURST * EL_TUNNEL_STRAY_GAP_MS * EL_MS)
        return false;
    lane->strays_ns = paid_ns + EL_TUNNEL_STRAY_GAP_MS * EL_MS;
    return true;
}

/* A message under a session of another lane: a datagram that was under way when the lanes were
 * set up, one in the same train as a handshake, or one that nobody steers. */
static int take_stray(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                      const struct el_endpoint *from, const struct el_tunnel_peer *peer,
                      const struct message *message)
{
    if (!may_stray(&tunnel->lanes[lane], now_ns))
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_STRAY, EL_EAGAIN);
    el_tunnel_count_up(tunnel, lane, EL_TUNNEL_STRAYS);
    el_gate_exclusive(&tunnel->gate, lane);
    struct el_tunnel_session *session = el_map_get(tunnel->sessions, &message->header.receiver);
    /* The session may have ended before we were alone, and its index be another peer's. */
    int failed = session && session->peer == peer
                     ? take_data(tunnel, lane, now_ns, from, session, message)
                     : el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_INDEX, EL_ENOENT);
    el_gate_resume(&tunnel->gate, lane);
    return failed;
}

int el_tunnel_lane_open(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                        const struct el_endpoint *from, uint8_t *bytes, size_t len,
                        struct el_tunnel_packet *packet)
{
    struct message message = {.bytes = bytes + EL_TUNNEL_HEADER};

    if (el_tunnel_message(bytes, len) != EL_TUNNEL_DATA)
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_LENGTH, EL_EPROTO);
    el_tunnel_get_data_header(bytes, &message.header);
    struct el_tunnel_session *session = find_session(tunnel, lane, message.header.receiver);
    if (!session)
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_INDEX, EL_ENOENT);
    struct el_tunnel_peer *peer = session->peer;
    if (len < EL_TUNNEL_HEADER + session->aead->tag_bytes)
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_LENGTH, EL_EPROTO);
    message.len = len - EL_TUNNEL_HEADER - session->aead->tag_bytes;
    int failed = peer->lane == lane ? take_data(tunnel, lane, now_ns, from, session, &message)
                                    : take_stray(tunnel, lane, now_ns, from, peer, &message);
    return failed ? failed : check_packet(tunnel, lane, peer, message.bytes, message.len, packet);
}

bool el_tunnel_is_control(const uint8_t *bytes, size_t len)
{
    enum el_tunnel_message message = el_tunnel_message(bytes, len);

    return message != EL_TUNNEL_DATA && message != EL_TUNNEL_INVALID;
}

int el_tunnel_control(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                      const uint8_t *bytes, size_t len)
{
    enum el_tunnel_message message = el_tunnel_message(bytes, len);

    if (message == EL_TUNNEL_COOKIE_REPLY)
        return el_tunnel_take_cookie_reply(tunnel, now_ns, bytes);
    if (message != EL_TUNNEL_INITIATION && message != EL_TUNNEL_RESPONSE)
        return el_tunnel_drop(tunnel, tunnel->lane_count, EL_TUNNEL_DROP_LENGTH, EL_EPROTO);
    int failed = pass_guard(tunnel, now_ns, from, bytes, len);
    if (failed)
        return failed;
    return message == EL_TUNNEL_INITIATION ? el_tunnel_take_initiation(tunnel, now_ns, from, bytes)
                                           : el_tunnel_take_response(tunnel, now_ns, from, bytes);
}

int el_tunnel_open(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                   uint8_t *bytes, size_t len, struct el_tunnel_packet *packet)
{
    return el_tunnel_is_control(bytes, len)
               ? el_tunnel_control(tunnel, now_ns, from, bytes, len)
               : el_tunnel_lane_open(tunnel, 0, now_ns, from, bytes, len, packet);
}

/* Out */

/* An atomic addition costs as much as a tenth of a fast cipher, so it is left out where nobody else
 * counts: control does so in exclusive mode. */
static uint64_t next_counter(const struct el_tunnel *tunnel, struct el_tunnel_session *session)
{
    if (tunnel->lane_count > 1)
        return atomic_fetch_add_explicit(&session->counter, 1, memory_order_relaxed);
    uint64_t counter = el_tunnel_session_sent(session);
    atomic_store_explicit(&session->counter, counter + 1, memory_order_relaxed);
    return counter;
}

static size_t write_data(const struct el_tunnel *tunnel, struct el_tunnel_session *session,
                         uint8_t *to, const uint8_t *bytes, size_t padded)
{
    struct el_tunnel_data_header header = {session->remote, next_counter(tunnel, session)};

    el_tunnel_put_data_header(to, &header);
    session->aead->seal(to + EL_TUNNEL_HEADER, bytes, padded, header.counter, session->keys->send);
    return EL_TUNNEL_HEADER + padded + session->aead->tag_bytes;
}

/* There is no session to send with. One that waits for its confirmation is about to be one: a
 * handshake of our own would only cross it. */
static void ask_for_session(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                            uint64_t now_ns)
{
    const struct el_tunnel_session *next = peer->sessions.next;

    if (!next || now_ns >= next->made_ns + EL_TUNNEL_REKEY_TIMEOUT_S * EL_S)
        el_tunnel_timers_attempt(tunnel, lane, peer, now_ns);
}

int el_tunnel_lane_seal(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                        struct el_tunnel_peer *peer, uint8_t *to, uint8_t *bytes, size_t len,
                        size_t filled)
{
    struct el_tunnel_session *session = peer->sessions.current;
    uint8_t behind[EL_TUNNEL_SEAL_ROOM];

    if (len == 0 || filled < len || filled - len > EL_TUNNEL_FILL_MAX || filled > SEAL_MAX_BYTES)
        return EL_EINVAL;
    if (!el_tunnel_session_sends(session, now_ns)) {
        ask_for_session(tunnel, lane, peer, now_ns);
        return el_tunnel_drop(tunnel, lane, EL_TUNNEL_DROP_NO_SESSION, EL_EAGAIN);
    }
    size_t padding = filled - len + (0 - filled) % el_tunnel_peer_padding(peer);
    memcpy(behind, bytes + len, padding);
    memset(bytes + len, 0, padding);
    size_t sealed = write_data(tunnel, session, to, bytes, len + padding);
    memcpy(bytes + len, behind, padding);

    struct el_tunnel_tally *tally = tally_of(tunnel, lane, peer);
    add(&tally->tx_packets, 1);
    add(&tally->tx_bytes, len);
    el_tunnel_timers_sent(tunnel, lane, peer, now_ns, true);
    return (int)sealed;
}

int el_tunnel_seal(struct el_tunnel *tunnel, uint64_t now_ns, struct el_tunnel_peer *peer,
                   uint8_t *to, uint8_t *bytes, size_t len)
{
    return el_tunnel_lane_seal(tunnel, 0, now_ns, peer, to, bytes, len, len);
}

static size_t say_keepalive(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                            uint8_t *bytes)
{
    unsigned control = tunnel->lane_count;
    size_t len = 0;

    el_gate_exclusive(&tunnel->gate, control);
    struct el_tunnel_session *session = peer->sessions.current;
    if (el_tunnel_session_sends(session, now_ns)) {
        len = write_data(tunnel, session, bytes, (const uint8_t *)"", 0);
        el_tunnel_timers_sent(tunnel, control, peer, now_ns, false);
    } else {
        ask_for_session(tunnel, control, peer, now_ns);
    }
    el_gate_resume(&tunnel->gate, control);
    return len;
}

/* The first of the speakers is done. The next, or NULL. */
static struct el_tunnel_peer *leave_queue(struct el_tunnel *tunnel)
{
    tunnel->first_speaker->queued = false;
    tunnel->first_speaker = tunnel->first_speaker->next_speaker;
    return tunnel->first_speaker;
}

/* Takes the first in the queue of those who want to say something, and from it the most urgent
 * thing. NULL: all is said. */
static struct el_tunnel_peer *next_speaker(struct el_tunnel *tunnel, enum el_tunnel_want *want)
{
    static const enum el_tunnel_want by_urgency[] = {
        EL_TUNNEL_WANT_RESPONSE, EL_TUNNEL_WANT_KEEPALIVE, EL_TUNNEL_WANT_INITIATION};
    struct el_tunnel_peer *peer = tunnel->first_speaker;
    unsigned i = 0;

    while (peer && !peer->wants) /* not any more */
        peer = leave_queue(tunnel);
    if (!peer)
        return NULL;
    while (!(peer->wants & by_urgency[i]))
        i++;
    *want = by_urgency[i];
    peer->wants &= ~(unsigned)*want;
    if (!peer->wants)
        leave_queue(tunnel);
    return peer;
}

static size_t say(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, enum el_tunnel_want want,
                  uint64_t now_ns, uint8_t *bytes)
{
    switch (want) {
    case EL_TUNNEL_WANT_RESPONSE: return el_tunnel_say_response(tunnel, peer, now_ns, bytes);
    case EL_TUNNEL_WANT_KEEPALIVE: return say_keepalive(tunnel, peer, now_ns, bytes);
    case EL_TUNNEL_WANT_INITIATION: return el_tunnel_say_initiation(tunnel, peer, now_ns, bytes);
    }
    return 0;
}

static size_t answer_stranger(struct el_tunnel *tunnel, unsigned waiting, uint8_t *bytes,
                              struct el_endpoint *to)
{
    unsigned i = tunnel->first_stranger;

    tunnel->first_stranger = (i + 1) % EL_TUNNEL_STRANGERS;
    atomic_store_explicit(&tunnel->stranger_count, waiting - 1, memory_order_relaxed);
    *to = tunnel->strangers[i].to;
    memcpy(bytes, tunnel->strangers[i].bytes, EL_TUNNEL_COOKIE_REPLY_BYTES);
    return EL_TUNNEL_COOKIE_REPLY_BYTES;
}

/* So that lanes are not stopped for what anybody may send us as fast as the line is. */
static bool has_to_say(struct el_tunnel *tunnel, uint64_t now_ns)
{
    el_gate_shared(&tunnel->gate, tunnel->lane_count);
    bool due = now_ns >= el_tunnel_deadline_ns(tunnel);
    el_gate_resume(&tunnel->gate, tunnel->lane_count);
    return due;
}

int el_tunnel_output(struct el_tunnel *tunnel, uint64_t now_ns,
                     uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], struct el_endpoint *to)
{
    unsigned waiting = atomic_load_explicit(&tunnel->stranger_count, memory_order_relaxed);
    enum el_tunnel_want want = EL_TUNNEL_WANT_RESPONSE;
    size_t len = 0;

    if (waiting > 0)
        return (int)answer_stranger(tunnel, waiting, bytes, to);
    while (len == 0 && has_to_say(tunnel, now_ns)) {
        el_gate_exclusive(&tunnel->gate, tunnel->lane_count);
        el_tunnel_timers_run(tunnel, now_ns);
        struct el_tunnel_peer *peer = next_speaker(tunnel, &want);
        if (peer)
            *to = peer->endpoint;
        el_gate_resume(&tunnel->gate, tunnel->lane_count);
        if (peer)
            len = say(tunnel, peer, want, now_ns, bytes);
    }
    return (int)len;
}

uint64_t el_tunnel_deadline_ns(const struct el_tunnel *tunnel)
{
    if (atomic_load_explicit(&tunnel->stranger_count, memory_order_relaxed) > 0 ||
        tunnel->first_speaker)
        return 0;
    return el_tunnel_timers_deadline_ns(tunnel);
}

bool el_tunnel_reserve_timestamp(struct el_tunnel *tunnel, uint64_t now_ns, uint8_t timestamp[12])
{
    return el_tunnel_clock_reserve(&tunnel->clock, now_ns, timestamp);
}

/* Counters */

const char *el_tunnel_counter_name(enum el_tunnel_counter counter)
{
    static const char *const names[] = {
        [EL_TUNNEL_RX_PACKETS] = "rx-packets",
        [EL_TUNNEL_RX_BYTES] = "rx-bytes",
        [EL_TUNNEL_TX_PACKETS] = "tx-packets",
        [EL_TUNNEL_TX_BYTES] = "tx-bytes",
        [EL_TUNNEL_HANDSHAKES] = "handshakes",
        [EL_TUNNEL_STRAYS] = "strays",
        [EL_TUNNEL_DROP_STRAY] = "drop-stray",
        [EL_TUNNEL_DROP_LENGTH] = "drop-length",
        [EL_TUNNEL_DROP_MAC] = "drop-mac",
        [EL_TUNNEL_DROP_COOKIE] = "drop-cookie",
        [EL_TUNNEL_DROP_RATE] = "drop-rate",
        [EL_TUNNEL_DROP_HANDSHAKE] = "drop-handshake",
        [EL_TUNNEL_DROP_REFUSED] = "drop-refused",
        [EL_TUNNEL_DROP_TIMESTAMP] = "drop-timestamp",
        [EL_TUNNEL_DROP_INDEX] = "drop-index",
        [EL_TUNNEL_DROP_AUTH] = "drop-auth",
        [EL_TUNNEL_DROP_REPLAY] = "drop-replay",
        [EL_TUNNEL_DROP_EXPIRED] = "drop-expired",
        [EL_TUNNEL_DROP_SOURCE] = "drop-source",
        [EL_TUNNEL_DROP_INNER] = "drop-inner",
        [EL_TUNNEL_DROP_NO_SESSION] = "drop-no-session",
    };
    _Static_assert(sizeof names / sizeof names[0] == EL_TUNNEL_COUNTERS, "a name for each");

    return counter < EL_TUNNEL_COUNTERS ? names[counter] : "unknown";
}

uint64_t el_tunnel_count(const struct el_tunnel *tunnel, enum el_tunnel_counter counter)
{
    struct el_tunnel_traffic all;
    uint64_t sum = 0;

    if (counter >= EL_TUNNEL_HANDSHAKES) {
        for (unsigned i = 0; counter < EL_TUNNEL_COUNTERS && i <= tunnel->lane_count; i++)
            sum += atomic_load_explicit(&tunnel->lanes[i].counters[counter], memory_order_relaxed);
        return sum;
    }
    el_tunnel_peers_traffic(tunnel, &all);
    switch (counter) {
    case EL_TUNNEL_RX_PACKETS: return all.rx_packets;
    case EL_TUNNEL_RX_BYTES: return all.rx_bytes;
    case EL_TUNNEL_TX_PACKETS: return all.tx_packets;
    default: return all.tx_bytes;
    }
}

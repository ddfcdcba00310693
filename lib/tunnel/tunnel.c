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
    VAULT_ALIGNMENT = 64, /* sodium_malloc() aligns the end of a block, not its beginning */
};

int el_tunnel_new(const struct el_tunnel_config *config, struct el_tunnel **made,
                  struct el_err *err)
{
    if (sodium_init() < 0)
        return el_err(err, EL_EIO, "tunnel: libsodium finds no source of randomness");
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
    tunnel->peers_max = config->peers_max;
    tunnel->vault = sodium_malloc(vault_bytes);
    tunnel->ratelimit = malloc(sizeof *tunnel->ratelimit);
    if (!tunnel->vault || !tunnel->ratelimit || el_tunnel_peers_new(tunnel) < 0) {
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

int el_tunnel_drop(struct el_tunnel *tunnel, enum el_tunnel_counter counter, int code)
{
    tunnel->counters[counter]++;
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

void el_tunnel_roam(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                    const struct el_endpoint *from)
{
    bool known = peer->endpoint.ip.family != 0;
    bool moved = !el_endpoint_equal(&peer->endpoint, from);

    /* Also when only the address of ours that it calls has changed, which is nobody's news. */
    if (!moved && el_ip_equal(&peer->endpoint.local, &from->local))
        return;
    peer->endpoint = *from;
    if (known && moved)
        el_tunnel_tell(tunnel, EL_TUNNEL_ROAMED, peer);
}

void el_tunnel_connect(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    if (!el_tunnel_peer_is_up(peer, now_ns))
        el_tunnel_timers_attempt(tunnel, peer, now_ns);
}

/* In */

/* Whether a handshake message may cost us a Diffie-Hellman. */
static int pass_guard(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                      const uint8_t *bytes, size_t len)
{
    struct el_tunnel_guard *guard = &tunnel->vault->guard;

    if (!el_tunnel_guard_mac1_ok(guard, bytes, len))
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_MAC, EL_EAUTH);
    if (!el_tunnel_guard_under_load(guard, now_ns))
        return 0;
    if (el_tunnel_guard_mac2_ok(guard, now_ns, from, bytes, len)) {
        if (el_tunnel_ratelimit_allows(tunnel->ratelimit, now_ns, &from->ip))
            return 0;
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_RATE, EL_EAGAIN);
    }
    if (tunnel->stranger_count < EL_TUNNEL_STRANGERS) {
        struct el_wire w = el_wire_read(bytes, len);
        el_wire_skip(&w, sizeof(uint32_t)); /* the type; then comes the sender's index */
        unsigned i = (tunnel->first_stranger + tunnel->stranger_count++) % EL_TUNNEL_STRANGERS;
        tunnel->strangers[i].to = *from;
        el_tunnel_guard_reply(guard, now_ns, from, bytes, len, el_wire_le32(&w),
                              tunnel->strangers[i].bytes);
    }
    return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_COOKIE, EL_EAUTH);
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

static int take_data(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                     uint8_t *bytes, size_t len, struct el_tunnel_packet *packet)
{
    struct el_tunnel_data_header header;
    struct el_ip source;

    el_tunnel_get_data_header(bytes, &header);
    struct el_tunnel_session *session = el_map_get(tunnel->sessions, &header.receiver);
    if (!session)
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_INDEX, EL_ENOENT);
    if (now_ns >= el_tunnel_session_end_ns(session) ||
        header.counter >= EL_TUNNEL_REJECT_AFTER_MESSAGES)
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_EXPIRED, EL_EAUTH);
    /* Asked before the cipher, so that a flood of replays is cheap; told after it. */
    if (!el_tunnel_replay_is_new(&session->replay, header.counter))
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_REPLAY, EL_EAUTH);
    if (len < EL_TUNNEL_HEADER + session->aead->tag_bytes)
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_LENGTH, EL_EPROTO);
    bytes += EL_TUNNEL_HEADER;
    len -= EL_TUNNEL_HEADER + session->aead->tag_bytes;
    if (!session->aead->open(bytes, len, header.counter, session->keys->receive))
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_AUTH, EL_EAUTH);

    struct el_tunnel_peer *peer = session->peer;
    el_tunnel_replay_mark(&session->replay, header.counter);
    el_tunnel_roam(tunnel, peer, from);
    el_tunnel_confirm(tunnel, session);
    el_tunnel_timers_received(tunnel, peer, now_ns, len > 0);
    if (len == 0)
        return 0;
    *packet = (struct el_tunnel_packet){.peer = peer, .bytes = bytes, .len = len};
    if (peer->suite->raw && bytes[0] >> 4 != 4 && bytes[0] >> 4 != 6)
        source = peer->allowed[0].ip; /* it names none; who sent it is known */
    else if (read_ip(bytes, len, &source, &packet->len) < 0)
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_INNER, EL_EPROTO);
    if (!el_prefix_contains(&peer->allowed[source.family == 6], &source))
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_SOURCE, EL_EPERM);
    peer->traffic.rx_packets++;
    peer->traffic.rx_bytes += packet->len;
    return 1;
}

int el_tunnel_open(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                   uint8_t *bytes, size_t len, struct el_tunnel_packet *packet)
{
    enum el_tunnel_message message = el_tunnel_message(bytes, len);
    int failed;

    switch (message) {
    case EL_TUNNEL_DATA: return take_data(tunnel, now_ns, from, bytes, len, packet);
    case EL_TUNNEL_COOKIE_REPLY: return el_tunnel_take_cookie_reply(tunnel, now_ns, bytes);
    case EL_TUNNEL_INITIATION:
        failed = pass_guard(tunnel, now_ns, from, bytes, len);
        return failed ? failed : el_tunnel_take_initiation(tunnel, now_ns, from, bytes);
    case EL_TUNNEL_RESPONSE:
        failed = pass_guard(tunnel, now_ns, from, bytes, len);
        return failed ? failed : el_tunnel_take_response(tunnel, now_ns, from, bytes);
    case EL_TUNNEL_INVALID: break;
    }
    return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_LENGTH, EL_EPROTO);
}

/* Out */

static size_t write_data(struct el_tunnel_session *session, uint8_t *to, const uint8_t *bytes,
                         size_t padded)
{
    struct el_tunnel_data_header header = {session->remote, session->counter++};

    el_tunnel_put_data_header(to, &header);
    session->aead->seal(to + EL_TUNNEL_HEADER, bytes, padded, header.counter, session->keys->send);
    return EL_TUNNEL_HEADER + padded + session->aead->tag_bytes;
}

/* There is no session to send with. One that waits for its confirmation is about to be one: a
 * handshake of our own would only cross it. */
static void ask_for_session(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns)
{
    const struct el_tunnel_session *next = peer->sessions.next;

    if (!next || now_ns >= next->made_ns + EL_TUNNEL_REKEY_TIMEOUT_S * EL_S)
        el_tunnel_timers_attempt(tunnel, peer, now_ns);
}

int el_tunnel_seal(struct el_tunnel *tunnel, uint64_t now_ns, struct el_tunnel_peer *peer,
                   uint8_t *to, uint8_t *bytes, size_t len)
{
    struct el_tunnel_session *session = peer->sessions.current;
    uint8_t behind[EL_TUNNEL_PADDING];

    if (len == 0 || len > SEAL_MAX_BYTES)
        return EL_EINVAL;
    if (!el_tunnel_session_sends(session, now_ns)) {
        ask_for_session(tunnel, peer, now_ns);
        return el_tunnel_drop(tunnel, EL_TUNNEL_DROP_NO_SESSION, EL_EAGAIN);
    }
    size_t padding = (0 - len) % el_tunnel_peer_padding(peer);
    memcpy(behind, bytes + len, padding);
    memset(bytes + len, 0, padding);
    size_t sealed = write_data(session, to, bytes, len + padding);
    memcpy(bytes + len, behind, padding);

    peer->traffic.tx_packets++;
    peer->traffic.tx_bytes += len;
    el_tunnel_timers_sent(tunnel, peer, now_ns, true);
    return (int)sealed;
}

static size_t say_keepalive(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                            uint8_t *bytes)
{
    struct el_tunnel_session *session = peer->sessions.current;

    if (!el_tunnel_session_sends(session, now_ns)) {
        ask_for_session(tunnel, peer, now_ns);
        return 0;
    }
    size_t len = write_data(session, bytes, (const uint8_t *)"", 0);
    el_tunnel_timers_sent(tunnel, peer, now_ns, false);
    return len;
}

/* One of the things that PEER wants to say, the most urgent first. */
static size_t speak(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns,
                    uint8_t *bytes)
{
    static const struct {
        enum el_tunnel_want want;
        size_t (*say)(struct el_tunnel *, struct el_tunnel_peer *, uint64_t, uint8_t *);
    } sayings[] = {
        {EL_TUNNEL_WANT_RESPONSE, el_tunnel_say_response},
        {EL_TUNNEL_WANT_KEEPALIVE, say_keepalive},
        {EL_TUNNEL_WANT_INITIATION, el_tunnel_say_initiation},
    };
    size_t len = 0;

    for (size_t i = 0; len == 0 && i < sizeof sayings / sizeof sayings[0]; i++) {
        if (!(peer->wants & sayings[i].want))
            continue;
        peer->wants &= ~(unsigned)sayings[i].want;
        len = sayings[i].say(tunnel, peer, now_ns, bytes);
    }
    return len;
}

int el_tunnel_output(struct el_tunnel *tunnel, uint64_t now_ns,
                     uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], struct el_endpoint *to)
{
    struct el_tunnel_peer *peer;

    el_tunnel_timers_run(tunnel, now_ns);
    if (tunnel->stranger_count > 0) {
        unsigned i = tunnel->first_stranger;
        tunnel->first_stranger = (i + 1) % EL_TUNNEL_STRANGERS;
        tunnel->stranger_count--;
        *to = tunnel->strangers[i].to;
        memcpy(bytes, tunnel->strangers[i].bytes, EL_TUNNEL_COOKIE_REPLY_BYTES);
        return EL_TUNNEL_COOKIE_REPLY_BYTES;
    }
    while ((peer = tunnel->first_speaker)) {
        size_t len = speak(tunnel, peer, now_ns, bytes);
        if (!peer->wants) {
            tunnel->first_speaker = peer->next_speaker;
            peer->queued = false;
        }
        if (len > 0) {
            *to = peer->endpoint;
            return (int)len;
        }
    }
    return 0;
}

uint64_t el_tunnel_deadline_ns(const struct el_tunnel *tunnel)
{
    if (tunnel->stranger_count > 0 || tunnel->first_speaker)
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

    if (counter >= EL_TUNNEL_HANDSHAKES)
        return counter < EL_TUNNEL_COUNTERS ? tunnel->counters[counter] : 0;
    el_tunnel_peers_traffic(tunnel, &all);
    switch (counter) {
    case EL_TUNNEL_RX_PACKETS: return all.rx_packets;
    case EL_TUNNEL_RX_BYTES: return all.rx_bytes;
    case EL_TUNNEL_TX_PACKETS: return all.tx_packets;
    default: return all.tx_bytes;
    }
}

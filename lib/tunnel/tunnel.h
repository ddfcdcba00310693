/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The WireGuard protocol (Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s) as a machine without sockets,
 * clock or threads: whitepaper "WireGuard: Next Generation Kernel Network Tunnel", §5 and §6.
 *
 * The caller
 *  - gives it every datagram that arrives: el_tunnel_open();
 *  - encrypts IP packets with el_tunnel_seal() and sends the result to el_tunnel_peer_endpoint();
 *  - after either, and at el_tunnel_deadline_ns(), sends what el_tunnel_output() hands out until it
 *    hands out nothing: handshakes, cookies, keepalives.
 *
 * After el_tunnel_new() nothing is allocated. All memory is bounded by the number of peers.
 *
 * Several threads may carry the data, if the configuration has a gate (base/gate.h) and a number of
 * *lanes*, which is one for each of them: 0, 1, 2... They use the three functions el_tunnel_lane_*
 * in shared mode. One more thread, *control*, whose number for the gate is that of the lanes, uses
 * all others, in no mode: el_tunnel_control() takes the handshakes and computes them while the
 * lanes go on, and enters the result in exclusive mode. Exceptions are marked below. Events are
 * told in exclusive mode, by any thread.
 *
 * Messages of one peer are opened by one lane: index & (EL_TUNNEL_LANES_MAX - 1), where index is
 * the receiver's index in the data message, of which that is the low part of byte 4. A message that
 * another lane is given is opened in exclusive mode, a thousand a second at most. Any lane seals
 * for any peer.
 */
#ifndef EL_TUNNEL_TUNNEL_H
#define EL_TUNNEL_TUNNEL_H

#include "base/addr.h"
#include "base/err.h"
#include "base/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_TUNNEL_KEY_BYTES = 32,
    EL_TUNNEL_KEY_TEXT = 45, /* base64 and NUL */
    EL_TUNNEL_NAME_BYTES = 64,
    EL_TUNNEL_HEADER = 16, /* before the ciphertext */
    EL_TUNNEL_TAG = 16,    /* behind it; of the standard and the compact form */
    EL_TUNNEL_OVERHEAD = EL_TUNNEL_HEADER + EL_TUNNEL_TAG,
    EL_TUNNEL_PADDING = 16,  /* plaintext of the standard form is padded to this */
    EL_TUNNEL_FILL_MAX = 32, /* and may be filled up by so much more */
    EL_TUNNEL_SEAL_ROOM = EL_TUNNEL_PADDING + EL_TUNNEL_FILL_MAX,
    EL_TUNNEL_OUTPUT_BYTES = 148, /* the longest of el_tunnel_output */
    EL_TUNNEL_PEERS_MAX = 4096,
    EL_TUNNEL_LANES_MAX = 16,
    EL_TUNNEL_TURNS_PER_S = 200, /* see el_tunnel_connect_in_turn() */
};

/* The form of what goes between us and a peer. Both sides are configured with the same one: it is
 * never negotiated, so nobody can talk either of them down. */
enum el_tunnel_wire {
    EL_TUNNEL_STANDARD, /* what every WireGuard peer understands */
    EL_TUNNEL_COMPACT, /* two el2w: the payload may be something else than IP, and has no padding */
    EL_TUNNEL_FAST,    /* as compact, with a cipher for CPUs that have AES in hardware */
    EL_TUNNEL_WIRES
};
extern const char *const el_tunnel_wire_names[EL_TUNNEL_WIRES + 1]; /* NULL at the end */

/* Whether this computer can do WIRE: 0, or EL_ENOTSUP and why not. */
int el_tunnel_wire_check(enum el_tunnel_wire wire, struct el_err *err);

struct el_tunnel;
struct el_tunnel_peer; /* owned by the tunnel; valid until it is removed */

/* Told from inside the functions below; the callback may look, but not call what changes a tunnel
 * or a peer. */
enum el_tunnel_event {
    EL_TUNNEL_SESSION_UP,   /* the first session, or the first after SESSION_DOWN */
    EL_TUNNEL_SESSION_DOWN, /* no valid session any more and none could be made (REKEY_ATTEMPT_TIME)
                             */
    EL_TUNNEL_REKEYED,      /* a further session replaced the last */
    EL_TUNNEL_ROAMED,       /* the peer's endpoint has changed */
    EL_TUNNEL_TIMESTAMP,    /* an initiation was accepted; its TAI64N has to survive a restart: see
                               el_tunnel_peer_timestamp() */
    EL_TUNNEL_NO_ANSWER,    /* told once per attempt: handshakes for 15 s without an answer */
    EL_TUNNEL_SILENT,       /* told once per attempt: a session stands, but 15 s of data and then a
                               handshake, for 5 s, went without any answer */
    EL_TUNNEL_REFUSED,      /* told once a minute: the answer to a handshake does not verify, so the
                               other side has another pre-shared key or wire form for us */
};

struct el_tunnel_config {
    uint8_t private_key[EL_TUNNEL_KEY_BYTES];
    unsigned peers_max;  /* 1..EL_TUNNEL_PEERS_MAX */
    unsigned lanes;      /* 1..EL_TUNNEL_LANES_MAX; 0 is 1 */
    struct el_gate gate; /* zeros: one thread does everything */
    /* TAI64N is the whole clock of the handshake's replay protection, so it must never go back: the
     * wall clock at now_ns = 0 and the last timestamp that was ever used (from disk; zeros at
     * first). The tunnel uses max(wall, last + 1). */
    uint64_t wall_at_zero_ns; /* nanoseconds since 1970 */
    uint8_t last_timestamp[12];
    void (*event)(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer);
    void *arg;
};

struct el_tunnel_peer_config {
    char name[EL_TUNNEL_NAME_BYTES];
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    uint8_t psk[EL_TUNNEL_KEY_BYTES]; /* zeros: none */
    struct el_endpoint endpoint;      /* ip.family 0: wait until the peer calls */
    struct el_prefix allowed;   /* its tunnel addresses: sources it may use (cryptokey routing) */
    struct el_prefix allowed6;  /* the same for IPv6; family 0: none */
    unsigned keepalive_s;       /* persistent keepalive, 0 = off, 1..65535 */
    enum el_tunnel_wire wire;   /* the same on the other side */
    uint8_t last_timestamp[12]; /* greatest TAI64N accepted from it so far (from disk) */
};

/* CONFIG is copied; wipe it after. */
int el_tunnel_new(const struct el_tunnel_config *config, struct el_tunnel **tunnel,
                  struct el_err *err);
void el_tunnel_free(struct el_tunnel *tunnel); /* wipes all keys; NULL is allowed */

/* Peers come and go at any time. The Diffie-Hellman for a new one is computed beside the lanes.
 * EL_EEXIST (key or allowed range is taken, or it is our own key), EL_EFULL, EL_EINVAL (a low-order
 * public key), EL_ENOTSUP (wire, on this computer). */
int el_tunnel_add_peer(struct el_tunnel *tunnel, const struct el_tunnel_peer_config *config,
                       struct el_tunnel_peer **peer, struct el_err *err);

/* Its sessions end at once, its keys are wiped, and nothing is told. While this is called no lane
 * may be inside el_tunnel_lane_*, not even waiting for its turn to be exclusive, or have a pointer
 * to PEER: its place may be another's next. */
void el_tunnel_remove_peer(struct el_tunnel *tunnel, struct el_tunnel_peer *peer);

/* Gives PEER the name, keepalive and pre-shared key of CONFIG, whose other members are not looked
 * at. Its sessions stay; the key is used from the next handshake on. EL_EINVAL: keepalive. */
int el_tunnel_change_peer(struct el_tunnel *tunnel, uint64_t now_ns, struct el_tunnel_peer *peer,
                          const struct el_tunnel_peer_config *config, struct el_err *err);

struct el_tunnel_peer *el_tunnel_peer_by_ip(struct el_tunnel *tunnel, const struct el_ip *ip);
struct el_tunnel_peer *el_tunnel_peer_by_key(struct el_tunnel *tunnel,
                                             const uint8_t key[EL_TUNNEL_KEY_BYTES]);
struct el_tunnel_peer *el_tunnel_peer_next(struct el_tunnel *tunnel, size_t *cursor);

/* Something of the caller's that goes with a peer. These and those above that do not change a peer
 * may be asked in shared mode. */
void el_tunnel_peer_set_user(struct el_tunnel_peer *peer, void *user);
void *el_tunnel_peer_user(const struct el_tunnel_peer *peer);
const char *el_tunnel_peer_name(const struct el_tunnel_peer *peer);
enum el_tunnel_wire el_tunnel_peer_wire(const struct el_tunnel_peer *peer);
void el_tunnel_peer_key(const struct el_tunnel_peer *peer, uint8_t public_key[EL_TUNNEL_KEY_BYTES]);
struct el_ip el_tunnel_peer_ip(const struct el_tunnel_peer *peer); /* where its IPv4 range begins */
const struct el_endpoint *el_tunnel_peer_endpoint(const struct el_tunnel_peer *peer);
void el_tunnel_peer_set_endpoint(struct el_tunnel_peer *peer, const struct el_endpoint *endpoint);
void el_tunnel_peer_timestamp(const struct el_tunnel_peer *peer, uint8_t timestamp[12]);
bool el_tunnel_peer_is_up(const struct el_tunnel_peer *peer, uint64_t now_ns);

/* What has passed between a peer and us: IP packets and their bytes, without keepalives. */
struct el_tunnel_traffic {
    uint64_t rx_packets, rx_bytes;
    uint64_t tx_packets, tx_bytes;
};

/* How it stands with a peer. */
struct el_tunnel_peer_state {
    bool up;
    uint64_t up_since_ns;  /* while up: since SESSION_UP was told */
    uint64_t handshake_ns; /* when the newest session was made; 0: none ever was */
    unsigned keepalive_s;
    struct el_tunnel_traffic traffic;
};
void el_tunnel_peer_state(const struct el_tunnel_peer *peer, uint64_t now_ns,
                          struct el_tunnel_peer_state *state);

/* Starts a handshake now, unless a session stands or one is under way. Not in shared mode. */
void el_tunnel_connect(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint64_t now_ns);
void el_tunnel_lane_connect(struct el_tunnel *tunnel, unsigned lane, struct el_tunnel_peer *peer,
                            uint64_t now_ns);

/* The same for many peers, as after a restart: each has a turn of its own, EL_TUNNEL_TURNS_PER_S of
 * them, in the order of the calls, the first one at once. So what they answer is no flood either.
 * Who is asked for before its turn by the other two, or has something sent to it, does not wait for
 * it. */
void el_tunnel_connect_in_turn(struct el_tunnel *tunnel, struct el_tunnel_peer *peer,
                               uint64_t now_ns);

/* What el_tunnel_open() found. */
struct el_tunnel_packet {
    struct el_tunnel_peer *peer;
    /* The IP packet, inside the datagram; its length is that of the IP header. Or, from a peer
     * whose form is not the standard one, something that does not begin like IP (first four bits 4
     * or 6), of exactly the length that was sealed. */
    uint8_t *bytes;
    size_t len;
};

/* Takes one datagram and decrypts in place. 1: packet is filled. 0: it was for the tunnel itself
 * (handshake, cookie, keepalive). Negative: dropped and counted. BYTES should be 16-byte aligned
 * at offset 16 for speed; it need not be. For who has no other threads: it is one of the next two,
 * with lane 0. */
int el_tunnel_open(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                   uint8_t *bytes, size_t len, struct el_tunnel_packet *packet);

/* Whether a datagram is for el_tunnel_control(), and not for a lane. Such ones may come thick, and
 * each may cost a Diffie-Hellman or two: none longer than EL_TUNNEL_OUTPUT_BYTES is worth keeping.
 */
bool el_tunnel_is_control(const uint8_t *bytes, size_t len);
int el_tunnel_control(struct el_tunnel *tunnel, uint64_t now_ns, const struct el_endpoint *from,
                      const uint8_t *bytes, size_t len);

int el_tunnel_lane_open(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                        const struct el_endpoint *from, uint8_t *bytes, size_t len,
                        struct el_tunnel_packet *packet);

/* The size of a packet of LEN bytes that is sealed in the standard form: padded, with header and
 * tag. */
static inline size_t el_tunnel_sealed_bytes(size_t len)
{
    return ((len + EL_TUNNEL_PADDING - 1) & ~(size_t)(EL_TUNNEL_PADDING - 1)) + EL_TUNNEL_OVERHEAD;
}

/* The same for PEER, in its form. It is LEN rounded up to a multiple of el_tunnel_peer_padding() (1
 * or 16) plus el_tunnel_peer_overhead(). */
size_t el_tunnel_peer_sealed_bytes(const struct el_tunnel_peer *peer, size_t len);
size_t el_tunnel_peer_overhead(const struct el_tunnel_peer *peer);
size_t el_tunnel_peer_padding(const struct el_tunnel_peer *peer);

/* Encrypts the packet [bytes, bytes+len), which is an IP packet if PEER's form is the standard one,
 * to TO, which does not overlap it. It becomes as long as one of FILLED bytes, which is LEN, or for
 * an IP packet, whose header tells its end, up to EL_TUNNEL_FILL_MAX more: datagrams of one length
 * make longer trains. TO has room for el_tunnel_peer_sealed_bytes(peer, filled); up to
 * EL_TUNNEL_SEAL_ROOM bytes behind the packet must be ours to touch: they are zeroed for the
 * padding and restored. Returns the sealed size; EL_EAGAIN without a session (a handshake was asked
 * for). */
int el_tunnel_lane_seal(struct el_tunnel *tunnel, unsigned lane, uint64_t now_ns,
                        struct el_tunnel_peer *peer, uint8_t *to, uint8_t *bytes, size_t len,
                        size_t filled);

/* The same for lane 0. */
int el_tunnel_seal(struct el_tunnel *tunnel, uint64_t now_ns, struct el_tunnel_peer *peer,
                   uint8_t *to, uint8_t *bytes, size_t len);

/* The next datagram the tunnel itself has to say: its length and where it goes; 0 when none. */
int el_tunnel_output(struct el_tunnel *tunnel, uint64_t now_ns,
                     uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES], struct el_endpoint *to);

/* When to call el_tunnel_output() next, if nothing else happens before: 0 when there is something
 * to say at once, EL_NEVER (base/time.h) when idle. It may be too early, never too late. Any thread
 * may ask in exclusive mode, control in shared mode. */
uint64_t el_tunnel_deadline_ns(const struct el_tunnel *tunnel);

/* The greatest TAI64N that any initiation of ours carries until the next call, whenever that is:
 * write it to disk before sending. It reserves a minute at a time, so that the disk is touched once
 * a minute at most; true if TIMESTAMP is new since the last call. */
bool el_tunnel_reserve_timestamp(struct el_tunnel *tunnel, uint64_t now_ns, uint8_t timestamp[12]);

/* Counters, since start; the sum of all threads'. Anybody may read them at any time. */
enum el_tunnel_counter {
    EL_TUNNEL_RX_PACKETS,
    EL_TUNNEL_RX_BYTES,
    EL_TUNNEL_TX_PACKETS,
    EL_TUNNEL_TX_BYTES,
    EL_TUNNEL_HANDSHAKES,
    EL_TUNNEL_STRAYS,         /* data messages that came to another lane than their own */
    EL_TUNNEL_DROP_STRAY,     /* those beyond what the other lanes can be stopped for */
    EL_TUNNEL_DROP_LENGTH,    /* no message has this type and length */
    EL_TUNNEL_DROP_MAC,       /* mac1 is wrong: not meant for us */
    EL_TUNNEL_DROP_COOKIE,    /* under load without a valid mac2; a cookie was sent */
    EL_TUNNEL_DROP_RATE,      /* handshakes beyond the limit per address */
    EL_TUNNEL_DROP_HANDSHAKE, /* a handshake that does not verify, or an unknown peer */
    EL_TUNNEL_DROP_REFUSED,   /* a response that does not verify: see EL_TUNNEL_REFUSED */
    EL_TUNNEL_DROP_TIMESTAMP, /* a replayed or too frequent initiation */
    EL_TUNNEL_DROP_INDEX,     /* no session with this index */
    EL_TUNNEL_DROP_AUTH,      /* the tag is wrong */
    EL_TUNNEL_DROP_REPLAY,    /* seen before, or older than the window */
    EL_TUNNEL_DROP_EXPIRED,   /* the session's time or message count is over */
    EL_TUNNEL_DROP_SOURCE,    /* inner source address is not the peer's */
    EL_TUNNEL_DROP_INNER,     /* not an IP packet, from a peer of the standard form */
    EL_TUNNEL_DROP_NO_SESSION,
    EL_TUNNEL_COUNTERS
};
const char *el_tunnel_counter_name(enum el_tunnel_counter counter);
uint64_t el_tunnel_count(const struct el_tunnel *tunnel, enum el_tunnel_counter counter);

/* Keys: base64 as `wg` writes them. */
void el_tunnel_key_make(uint8_t private_key[EL_TUNNEL_KEY_BYTES]);
void el_tunnel_key_public(const uint8_t private_key[EL_TUNNEL_KEY_BYTES],
                          uint8_t public_key[EL_TUNNEL_KEY_BYTES]);
void el_tunnel_key_text(const uint8_t key[EL_TUNNEL_KEY_BYTES], char text[EL_TUNNEL_KEY_TEXT]);
int el_tunnel_key_parse(const char *text, uint8_t key[EL_TUNNEL_KEY_BYTES]);

#endif

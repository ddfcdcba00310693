/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake: Noise_IKpsk2, one message each way (whitepaper §5.4.2 and §5.4.3).
 *
 *     initiator                                        responder
 *     initiate  -- e, es, s, ss, {timestamp} -->  read_static, read_timestamp
 *     finish    <-- e, ee, se, psk, {} ---------  respond
 *
 * Indexes and macs are the callers'; randomness comes from base/csprng.h. Whatever fails leaves
 * what the initiator keeps as it was, so that a forged message changes nothing.
 */
#ifndef EL_TUNNEL_NOISE_H
#define EL_TUNNEL_NOISE_H

#include "tunnel/noise_state.h"
#include "tunnel/wg_wire.h"

/* Who we are. */
struct el_tunnel_identity {
    uint8_t private_key[32];
    uint8_t public_key[32];
};

/* What is constant between us and a peer. */
struct el_tunnel_pairing {
    uint8_t public_key[32]; /* the peer's */
    uint8_t psk[32];        /* zeros: none */
    uint8_t shared[32];     /* DH of the two static keys */
};

/* One handshake on its way: the initiator keeps it between the two messages, the responder needs it
 * only inside one call. */
struct el_tunnel_handshake {
    struct el_tunnel_noise_state state;
    uint8_t ephemeral[32]; /* our private one */
};

/* The keys of a session. */
struct el_tunnel_keys {
    uint8_t send[32];
    uint8_t receive[32];
};

/* Computes the public key of IDENTITY from its private one. */
void el_tunnel_identity_complete(struct el_tunnel_identity *identity);

/* Computes the static shared secret. EL_EINVAL: the peer's key has low order. */
int el_tunnel_pairing_complete(const struct el_tunnel_identity *identity,
                               struct el_tunnel_pairing *pairing);

/* Fills all of MSG but its index. EL_EAUTH cannot happen with a completed pairing. */
int el_tunnel_noise_initiate(const struct el_tunnel_pairing *pairing,
                             const struct el_tunnel_identity *identity,
                             const uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES],
                             struct el_tunnel_handshake *handshake,
                             struct el_tunnel_initiation *msg);

/* The responder learns who calls, and then, knowing what it shares with it, when it was said. The
 * first step alone proves nothing about the caller; the second proves the key, not the freshness.
 * 0 or EL_EAUTH. */
int el_tunnel_noise_read_static(const struct el_tunnel_identity *identity,
                                const struct el_tunnel_initiation *msg,
                                struct el_tunnel_handshake *handshake, uint8_t static_key[32]);
int el_tunnel_noise_read_timestamp(const struct el_tunnel_pairing *pairing,
                                   const struct el_tunnel_initiation *msg,
                                   struct el_tunnel_handshake *handshake,
                                   uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES]);

/* Continues after read_timestamp, and wipes HANDSHAKE. Fills all of MSG but its indexes. 0 or
 * EL_EAUTH. */
int el_tunnel_noise_respond(const struct el_tunnel_pairing *pairing,
                            const struct el_tunnel_initiation *initiation,
                            struct el_tunnel_handshake *handshake, struct el_tunnel_response *msg,
                            struct el_tunnel_keys *keys);

/* 0 or EL_EAUTH. SCRATCH is used for a copy of HANDSHAKE, and wiped. */
int el_tunnel_noise_finish(const struct el_tunnel_pairing *pairing,
                           const struct el_tunnel_identity *identity,
                           const struct el_tunnel_handshake *handshake,
                           const struct el_tunnel_response *msg,
                           struct el_tunnel_handshake *scratch, struct el_tunnel_keys *keys);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two messages of Noise_IKpsk2, in the order of their tokens. */
#include "tunnel/noise.h"

#include "base/err.h"
#include "tunnel/tunnel.h"

#include <sodium.h>

static const char prologue[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

void el_tunnel_identity_complete(struct el_tunnel_identity *identity)
{
    crypto_scalarmult_base(identity->public_key, identity->private_key);
}

int el_tunnel_pairing_complete(const struct el_tunnel_identity *identity,
                               struct el_tunnel_pairing *pairing)
{
    if (crypto_scalarmult(pairing->shared, identity->private_key, pairing->public_key) != 0)
        return EL_EINVAL;
    return 0;
}

/* The token "e" of a message that we write. */
static void write_ephemeral(struct el_tunnel_handshake *handshake, uint8_t public_key[32])
{
    el_tunnel_key_make(handshake->ephemeral);
    crypto_scalarmult_base(public_key, handshake->ephemeral);
    el_tunnel_noise_mix_ephemeral(&handshake->state, public_key);
}

int el_tunnel_noise_initiate(const struct el_tunnel_pairing *pairing,
                             const struct el_tunnel_identity *identity,
                             const uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES],
                             struct el_tunnel_handshake *handshake,
                             struct el_tunnel_initiation *msg)
{
    struct el_tunnel_noise_state *state = &handshake->state;

    el_tunnel_noise_begin(state, prologue, sizeof prologue - 1, pairing->public_key);
    write_ephemeral(handshake, msg->ephemeral);
    if (el_tunnel_noise_mix_dh(state, handshake->ephemeral, pairing->public_key) < 0)
        return EL_EAUTH;
    el_tunnel_noise_seal(state, msg->sealed_static, identity->public_key, 32);
    el_tunnel_noise_mix_key(state, pairing->shared);
    el_tunnel_noise_seal(state, msg->sealed_timestamp, timestamp, EL_TUNNEL_TIMESTAMP_BYTES);
    return 0;
}

int el_tunnel_noise_read_static(const struct el_tunnel_identity *identity,
                                const struct el_tunnel_initiation *msg,
                                struct el_tunnel_handshake *handshake, uint8_t static_key[32])
{
    struct el_tunnel_noise_state *state = &handshake->state;

    el_tunnel_noise_begin(state, prologue, sizeof prologue - 1, identity->public_key);
    el_tunnel_noise_mix_ephemeral(state, msg->ephemeral);
    if (el_tunnel_noise_mix_dh(state, identity->private_key, msg->ephemeral) < 0)
        return EL_EAUTH;
    return el_tunnel_noise_open(state, static_key, msg->sealed_static, sizeof msg->sealed_static);
}

int el_tunnel_noise_read_timestamp(const struct el_tunnel_pairing *pairing,
                                   const struct el_tunnel_initiation *msg,
                                   struct el_tunnel_handshake *handshake,
                                   uint8_t timestamp[EL_TUNNEL_TIMESTAMP_BYTES])
{
    el_tunnel_noise_mix_key(&handshake->state, pairing->shared);
    return el_tunnel_noise_open(&handshake->state, timestamp, msg->sealed_timestamp,
                                sizeof msg->sealed_timestamp);
}

static int write_response(const struct el_tunnel_pairing *pairing,
                          const struct el_tunnel_initiation *initiation,
                          struct el_tunnel_handshake *handshake, struct el_tunnel_response *msg,
                          struct el_tunnel_keys *keys)
{
    struct el_tunnel_noise_state *state = &handshake->state;

    write_ephemeral(handshake, msg->ephemeral);
    if (el_tunnel_noise_mix_dh(state, handshake->ephemeral, initiation->ephemeral) < 0 ||
        el_tunnel_noise_mix_dh(state, handshake->ephemeral, pairing->public_key) < 0)
        return EL_EAUTH;
    el_tunnel_noise_mix_psk(state, pairing->psk);
    el_tunnel_noise_seal(state, msg->sealed_nothing, "", 0);
    el_tunnel_noise_split(state, keys->receive, keys->send);
    return 0;
}

int el_tunnel_noise_respond(const struct el_tunnel_pairing *pairing,
                            const struct el_tunnel_initiation *initiation,
                            struct el_tunnel_handshake *handshake, struct el_tunnel_response *msg,
                            struct el_tunnel_keys *keys)
{
    int result = write_response(pairing, initiation, handshake, msg, keys);

    sodium_memzero(handshake, sizeof *handshake);
    return result;
}

static int read_response(const struct el_tunnel_pairing *pairing,
                         const struct el_tunnel_identity *identity,
                         const struct el_tunnel_response *msg,
                         struct el_tunnel_handshake *handshake, struct el_tunnel_keys *keys)
{
    struct el_tunnel_noise_state *state = &handshake->state;
    uint8_t nothing;

    el_tunnel_noise_mix_ephemeral(state, msg->ephemeral);
    if (el_tunnel_noise_mix_dh(state, handshake->ephemeral, msg->ephemeral) < 0 ||
        el_tunnel_noise_mix_dh(state, identity->private_key, msg->ephemeral) < 0)
        return EL_EAUTH;
    el_tunnel_noise_mix_psk(state, pairing->psk);
    if (el_tunnel_noise_open(state, &nothing, msg->sealed_nothing, sizeof msg->sealed_nothing) < 0)
        return EL_EAUTH;
    el_tunnel_noise_split(state, keys->send, keys->receive);
    return 0;
}

int el_tunnel_noise_finish(const struct el_tunnel_pairing *pairing,
                           const struct el_tunnel_identity *identity,
                           const struct el_tunnel_handshake *handshake,
                           const struct el_tunnel_response *msg,
                           struct el_tunnel_handshake *scratch, struct el_tunnel_keys *keys)
{
    *scratch = *handshake;
    int result = read_response(pairing, identity, msg, scratch, keys);
    sodium_memzero(scratch, sizeof *scratch);
    return result;
}

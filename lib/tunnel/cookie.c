/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Macs and cookies of the handshake messages, and the measure of load. */
#include "tunnel/cookie.h"

#include "base/csprng.h"
#include "base/err.h"
#include "base/time.h"
#include "base/wire.h"
#include "tunnel/noise_hash.h"

#include <sodium.h>

static const uint64_t load_step_ns = EL_S / EL_TUNNEL_LOAD_PER_S;

/* Where the macs stand in a message of LEN bytes; each covers everything before itself. */
static size_t mac1_at(size_t len)
{
    return len - 2 * (size_t)EL_TUNNEL_MAC_BYTES;
}

static size_t mac2_at(size_t len)
{
    return len - EL_TUNNEL_MAC_BYTES;
}

static void derive_keys(uint8_t mac1_key[32], uint8_t cookie_key[32], const uint8_t public_key[32])
{
    el_tunnel_hash(mac1_key, "mac1----", 8, public_key, 32);
    el_tunnel_hash(cookie_key, "cookie--", 8, public_key, 32);
}

void el_tunnel_guard_init(struct el_tunnel_guard *guard, const uint8_t our_public_key[32])
{
    *guard = (struct el_tunnel_guard){0};
    derive_keys(guard->mac1_key, guard->cookie_key, our_public_key);
}

bool el_tunnel_guard_mac1_ok(const struct el_tunnel_guard *guard, const uint8_t *bytes, size_t len)
{
    uint8_t mac[EL_TUNNEL_MAC_BYTES];

    el_tunnel_mac(mac, guard->mac1_key, sizeof guard->mac1_key, bytes, mac1_at(len));
    return sodium_memcmp(mac, bytes + mac1_at(len), sizeof mac) == 0;
}

bool el_tunnel_guard_under_load(struct el_tunnel_guard *guard, uint64_t now_ns)
{
    const uint64_t burst_ns = load_step_ns * EL_TUNNEL_LOAD_BURST;
    uint64_t load = guard->load_ns > now_ns ? guard->load_ns : now_ns;

    load += load_step_ns;
    if (load > now_ns + burst_ns) {
        load = now_ns + burst_ns; /* a flood is forgotten as fast as a burst */
        guard->loaded_until_ns = now_ns + EL_TUNNEL_LOAD_HOLD_S * EL_S;
    }
    guard->load_ns = load;
    return now_ns < guard->loaded_until_ns;
}

/* The cookie that whoever sits at FROM has to show: MAC(secret, address || port). */
static void make_cookie(struct el_tunnel_guard *guard, uint64_t now_ns,
                        const struct el_endpoint *from, uint8_t cookie[EL_TUNNEL_MAC_BYTES])
{
    uint8_t place[sizeof from->ip.b + 2];
    struct el_wire w = el_wire_write(place, sizeof place);

    if (now_ns >= guard->secret_until_ns) {
        el_random(guard->secret, sizeof guard->secret);
        guard->secret_until_ns = now_ns + EL_TUNNEL_COOKIE_SECRET_S * EL_S;
    }
    el_wire_put(&w, from->ip.b, from->ip.family == 4 ? 4 : 16);
    el_wire_put_be16(&w, from->port);
    el_tunnel_mac(cookie, guard->secret, sizeof guard->secret, place, el_wire_done(&w));
}

bool el_tunnel_guard_mac2_ok(struct el_tunnel_guard *guard, uint64_t now_ns,
                             const struct el_endpoint *from, const uint8_t *bytes, size_t len)
{
    uint8_t cookie[EL_TUNNEL_MAC_BYTES];
    uint8_t mac[EL_TUNNEL_MAC_BYTES];

    make_cookie(guard, now_ns, from, cookie);
    el_tunnel_mac(mac, cookie, sizeof cookie, bytes, mac2_at(len));
    return sodium_memcmp(mac, bytes + mac2_at(len), sizeof mac) == 0;
}

void el_tunnel_guard_reply(struct el_tunnel_guard *guard, uint64_t now_ns,
                           const struct el_endpoint *from, const uint8_t *bytes, size_t len,
                           uint32_t receiver, uint8_t reply[EL_TUNNEL_COOKIE_REPLY_BYTES])
{
    struct el_tunnel_cookie_reply msg = {.receiver = receiver};
    uint8_t cookie[EL_TUNNEL_MAC_BYTES];

    make_cookie(guard, now_ns, from, cookie);
    el_random(msg.nonce, sizeof msg.nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(msg.sealed_cookie, NULL, cookie, sizeof cookie,
                                               bytes + mac1_at(len), EL_TUNNEL_MAC_BYTES, NULL,
                                               msg.nonce, guard->cookie_key);
    el_tunnel_put_cookie_reply(reply, &msg);
}

void el_tunnel_signer_init(struct el_tunnel_signer *signer, const uint8_t peer_public_key[32])
{
    *signer = (struct el_tunnel_signer){0};
    derive_keys(signer->mac1_key, signer->cookie_key, peer_public_key);
}

void el_tunnel_signer_sign(struct el_tunnel_signer *signer, uint64_t now_ns, uint8_t *bytes,
                           size_t len)
{
    uint8_t *mac1 = bytes + mac1_at(len);
    uint8_t *mac2 = bytes + mac2_at(len);

    el_tunnel_mac(mac1, signer->mac1_key, sizeof signer->mac1_key, bytes, mac1_at(len));
    memcpy(signer->last_mac1, mac1, EL_TUNNEL_MAC_BYTES);
    signer->awaits_reply = true;
    if (now_ns < signer->cookie_until_ns)
        el_tunnel_mac(mac2, signer->cookie, sizeof signer->cookie, bytes, mac2_at(len));
    else
        memset(mac2, 0, EL_TUNNEL_MAC_BYTES);
}

int el_tunnel_signer_take(struct el_tunnel_signer *signer, uint64_t now_ns,
                          const struct el_tunnel_cookie_reply *reply)
{
    uint8_t cookie[EL_TUNNEL_MAC_BYTES];

    if (!signer->awaits_reply ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            cookie, NULL, NULL, reply->sealed_cookie, sizeof reply->sealed_cookie,
            signer->last_mac1, sizeof signer->last_mac1, reply->nonce, signer->cookie_key) != 0)
        return EL_EAUTH;
    memcpy(signer->cookie, cookie, sizeof cookie);
    signer->cookie_until_ns =
        now_ns + (EL_TUNNEL_COOKIE_SECRET_S - EL_TUNNEL_COOKIE_MARGIN_S) * EL_S;
    signer->awaits_reply = false;
    return 0;
}

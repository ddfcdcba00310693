/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keeps a flood of handshakes from costing us a flood of Diffie-Hellman (whitepaper §5.3,
 * §5.4.4, §5.4.7).
 *
 * Every handshake message ends with mac1, which whoever knows our public key can compute: without
 * it we are silent, so that nobody finds us by probing. Under load we also want mac2, whose key is
 * a cookie: a hash of the sender's address under a secret that we change every two minutes, so we
 * keep no state for strangers. Who has none gets one by a cookie reply, which is shorter than what
 * it answers and is sealed so that only the owner of the claimed address, who has seen his own
 * message, can use it.
 *
 * Load is measured here too: handshake messages (with a valid mac1) per second, and a burst of
 * them. That is as large as a thousand spokes need, who all come within a second when their hub is
 * back: whoever is sent away with a cookie tries again after five seconds only. A flood of
 * strangers can have us compute as many Diffie-Hellman once, which is less than a tenth of a
 * second, and the rate from then on.
 */
#ifndef EL_TUNNEL_COOKIE_H
#define EL_TUNNEL_COOKIE_H

#include "base/addr.h"
#include "tunnel/wg_wire.h"

#include <stdbool.h>

enum {
    EL_TUNNEL_COOKIE_SECRET_S = 120, /* a secret's life, and so a cookie's */
    EL_TUNNEL_COOKIE_MARGIN_S = 5,   /* a cookie is given up this much earlier */
    EL_TUNNEL_LOAD_PER_S = 200,      /* handshakes per second that we take from anybody */
    EL_TUNNEL_LOAD_BURST = 1024,     /* and that many at once before we are under load */
    EL_TUNNEL_LOAD_HOLD_S = 1,       /* under load until it has been quiet for so long */
};

/* Our side: checks the macs of what comes in, and makes cookies. Holds a secret. */
struct el_tunnel_guard {
    uint8_t mac1_key[32];
    uint8_t cookie_key[32];
    uint8_t secret[32];
    uint64_t secret_until_ns;
    uint64_t load_ns; /* when the handshakes so far would have come at the permitted rate */
    uint64_t loaded_until_ns;
};

void el_tunnel_guard_init(struct el_tunnel_guard *guard, const uint8_t our_public_key[32]);

/* BYTES is an initiation or a response of LEN bytes. */
bool el_tunnel_guard_mac1_ok(const struct el_tunnel_guard *guard, const uint8_t *bytes, size_t len);

/* Counts one handshake message; true if we are under load, with it. */
bool el_tunnel_guard_under_load(struct el_tunnel_guard *guard, uint64_t now_ns);

bool el_tunnel_guard_mac2_ok(struct el_tunnel_guard *guard, uint64_t now_ns,
                             const struct el_endpoint *from, const uint8_t *bytes, size_t len);

/* The cookie for FROM, in the reply to BYTES, whose sender's index is RECEIVER. */
void el_tunnel_guard_reply(struct el_tunnel_guard *guard, uint64_t now_ns,
                           const struct el_endpoint *from, const uint8_t *bytes, size_t len,
                           uint32_t receiver, uint8_t reply[EL_TUNNEL_COOKIE_REPLY_BYTES]);

/* The other side, one per peer: puts the macs under what we say to it, and keeps its cookie. */
struct el_tunnel_signer {
    uint8_t mac1_key[32];
    uint8_t cookie_key[32];
    uint8_t cookie[EL_TUNNEL_MAC_BYTES];
    uint64_t cookie_until_ns;               /* 0: none */
    uint8_t last_mac1[EL_TUNNEL_MAC_BYTES]; /* of the last message: the reply is bound to it */
    bool awaits_reply;                      /* a message went out, and no cookie has come for it */
};

void el_tunnel_signer_init(struct el_tunnel_signer *signer, const uint8_t peer_public_key[32]);

/* Fills both macs of an initiation or response of LEN bytes. */
void el_tunnel_signer_sign(struct el_tunnel_signer *signer, uint64_t now_ns, uint8_t *bytes,
                           size_t len);

/* 0, or EL_EAUTH: it is no answer to our last message. */
int el_tunnel_signer_take(struct el_tunnel_signer *signer, uint64_t now_ns,
                          const struct el_tunnel_cookie_reply *reply);

#endif

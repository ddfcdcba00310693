/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a wire form (enum el_tunnel_wire) is made of, and how both sides are held to it.
 *
 *     standard  chacha20-poly1305  IP packets, padded to 16
 *     compact   chacha20-poly1305  IP packets or anything else, not padded
 *     fast      aegis-128l         the same
 *
 * Nothing about it is said on the wire. It is configured on both sides, and bound into the
 * handshake: for all but the standard form, the pre-shared key Q that goes into IKpsk2 is replaced
 * by BLAKE2s(key Q, label), where the label names the cipher and the extensions. If the two sides
 * mean different things, the response does not verify, no session comes to be, and the initiator
 * says so. So there is no choice that anybody in the middle could influence, and no way for two
 * sides to read the same bytes differently. The standard form leaves Q alone, and every message is
 * WireGuard's, bit for bit.
 *
 * A change of what a label stands for needs a new label.
 */
#ifndef EL_TUNNEL_SUITE_H
#define EL_TUNNEL_SUITE_H

#include "base/err.h"
#include "tunnel/aead.h"
#include "tunnel/tunnel.h"

struct el_tunnel_suite {
    const struct el_tunnel_aead *aead; /* of the data messages */
    const char *label;                 /* NULL: nothing is bound, it is WireGuard */
    bool raw;                          /* payloads may be no IP packets; they are not padded */
};

/* WIRE is one that el_tunnel_wire_check() accepts. */
const struct el_tunnel_suite *el_tunnel_suite(enum el_tunnel_wire wire);

/* Replaces the pre-shared key (zeros: none) by the one that goes into the handshake. */
void el_tunnel_suite_bind(const struct el_tunnel_suite *suite, uint8_t psk[32]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of wire forms. */
#include "tunnel/suite.h"

#include "tunnel/noise_hash.h"

#include <sodium.h>
#include <string.h>

const char *const el_tunnel_wire_names[EL_TUNNEL_WIRES + 1] = {
    [EL_TUNNEL_STANDARD] = "standard",
    [EL_TUNNEL_COMPACT] = "compact",
    [EL_TUNNEL_FAST] = "fast",
};

#ifdef EL2W_BENCH_NO_ENCRYPTION /* which no el2w that encrypts will talk to */
#define FAST_AEAD  &el_tunnel_none
#define FAST_LABEL "el2w bench: NOT ENCRYPTED"
#else
#define FAST_AEAD  &el_tunnel_aegis128l
#define FAST_LABEL "el2w 1 aegis-128l-256 compact trusted-checksums"
#endif

static const struct el_tunnel_suite suites[EL_TUNNEL_WIRES] = {
    [EL_TUNNEL_STANDARD] = {.aead = &el_tunnel_chacha20poly1305},
    [EL_TUNNEL_COMPACT] = {.aead = &el_tunnel_chacha20poly1305,
                           .label = "el2w 1 chacha20-poly1305 compact trusted-checksums",
                           .raw = true},
    [EL_TUNNEL_FAST] = {.aead = FAST_AEAD, .label = FAST_LABEL, .raw = true},
};

const struct el_tunnel_suite *el_tunnel_suite(enum el_tunnel_wire wire)
{
    return &suites[wire];
}

int el_tunnel_wire_check(enum el_tunnel_wire wire, struct el_err *err)
{
    if (wire >= EL_TUNNEL_WIRES)
        return el_err(err, EL_EINVAL, "no such wire form");
    if (!suites[wire].aead->seal)
        return el_err(err, EL_ENOTSUP,
                      "wire=fast: this program was built with a libsodium that has no AEGIS (it "
                      "takes 1.0.19); use wire=compact on both sides");
    if (suites[wire].aead == &el_tunnel_aegis128l && !el_tunnel_aegis128l_in_hardware())
        return el_err(err, EL_ENOTSUP,
                      "wire=fast: this computer's CPU has no instructions for AES; use "
                      "wire=compact on both sides");
    return 0;
}

void el_tunnel_suite_bind(const struct el_tunnel_suite *suite, uint8_t psk[32])
{
    if (suite->label)
        el_tunnel_keyed_hash(psk, psk, suite->label, strlen(suite->label));
}

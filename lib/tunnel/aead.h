/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cipher of the data messages, behind a table, so that a session between two el2w peers can
 * have another one than WireGuard's.
 */
#ifndef EL_TUNNEL_AEAD_H
#define EL_TUNNEL_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct el_tunnel_aead {
    const char *name;
    /* TO gets LEN bytes and a tag of 16; it does not overlap FROM. */
    void (*seal)(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                 const uint8_t key[32]);
    /* In place: BYTES holds LEN bytes and their tag. False, and the bytes are of no use, if the
     * tag is wrong. */
    bool (*open)(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32]);
};

/* RFC 8439; the nonce is four zeros and the counter, little-endian (whitepaper §5.4.6). */
extern const struct el_tunnel_aead el_tunnel_chacha20poly1305;

#endif

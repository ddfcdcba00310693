/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two people compare before one of them lets the other's computer in: a short text of a public
 * key, shown by the spoke that has the key and by the hub that was sent it.
 *
 *     NRC36-YQDXW-X1Y04-X6CK9
 *
 * It is the first 100 bits of a hash of the key (BLAKE2b, RFC 7693, keyed with a label), in
 * Crockford's base 32: no letter looks like a digit, no case matters. Nobody finds a second key
 * with the fingerprint of a given one before 2^99 tries; that two keys of one's own making have the
 * same (2^50 tries) is of no use to anybody: each is the key of whoever made it.
 */
#ifndef EL_ENROL_FINGERPRINT_H
#define EL_ENROL_FINGERPRINT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_ENROL_FINGERPRINT_TEXT = 24 }; /* four groups of five, dashes, NUL */

/* Returns TEXT. */
char *el_enrol_fingerprint(const uint8_t key[32], char text[EL_ENROL_FINGERPRINT_TEXT]);

/* Whether TEXT, as somebody typed it (any case, O for 0, I and L for 1, any separators), is all of
 * KEY's fingerprint. */
bool el_enrol_fingerprint_is(const char *text, const uint8_t key[32]);

/*
 * Whether KEY is a public key to enrol: 0 or EL_EINVAL.
 *
 * X25519 ignores the highest bit and takes numbers beyond the prime (RFC 7748 §5), so whoever has a
 * private key has several texts of its public key: one that was revoked could come back as another.
 * Only the one that X25519 itself gives out is taken; and none of low order, with which everybody
 * shares the same secret (§6.1).
 */
int el_enrol_key_check(const uint8_t key[32], struct el_err *err);

#endif

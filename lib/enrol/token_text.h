/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token's bytes as text that one person reads to another.
 *
 *     10QATF-XZZ83Y-B97907-...
 *
 * It is one symbol for the version, two for the number of groups, then the bytes, all in
 * Crockford's base 32; cut into groups of five symbols, each with a sixth that checks it. That one
 * is a sum over GF(32) (x^5 + x^2 + 1) of the five, each with a weight of its own, and of the
 * group's number. So it finds every single wrong character and every two that changed places, and
 * says in which group; of worse errors in a group, and of groups at the wrong place, it misses one
 * in 32, and these the checksum finds that is among the bytes (token.c).
 *
 * The first group is the same in all versions to come, or an old el2w could not tell a newer token
 * from a mistyped one.
 */
#ifndef EL_ENROL_TOKEN_TEXT_H
#define EL_ENROL_TOKEN_TEXT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    EL_ENROL_TOKEN_VERSION = 1,
    EL_ENROL_TOKEN_BYTES_MIN = 59, /* no token has fewer, none more */
    EL_ENROL_TOKEN_BYTES_MAX = 1663,
};

/* How many groups hold LEN bytes; how many bytes that many groups have room for, which may be up to
 * three more. */
#define EL_ENROL_GROUPS(len)        ((3 + ((len)*8 + 4) / 5 + 4) / 5)
#define EL_ENROL_GROUP_ROOM(groups) (((groups)*5 - 3) * 5 / 8)

/* BYTES to TEXT, which has room for seven characters for each group: six, and a dash or NUL. LEN is
 * all that its groups have room for. Returns the text's length. */
size_t el_enrol_token_text(const uint8_t *bytes, size_t len, char *text);

/* TEXT to BYTES: how many there are, which is all that its groups have room for. Errors as those of
 * el_enrol_token_decode(). */
int el_enrol_token_text_read(const char *text, uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX],
                             struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Enrolment tokens: the one line that an operator gives to a new spoke.
 *
 *     10QATF-XZZ83Y-…        160 characters for a spoke's name of four letters and one IPv4 address
 *
 * A token says where the hub is, which public key it has, and carries the one-time enrolment key
 * with which the spoke may call there, once, until it expires. Who has the token is, to the hub,
 * the spoke that it was made for; it is a secret until it is used.
 *
 * The text (see token_text.h) survives being read over the telephone: upper and lower case, O and
 * 0, I, L and 1 are the same, spaces, dashes and line ends are ignored, and a typing error is told
 * with the number of its group.
 *
 * The enrolment key is derived from 16 random bytes, which are as hard to guess as X25519 is to
 * break (RFC 7748 §1: 128 bits) and save 26 characters.
 */
#ifndef EL_ENROL_TOKEN_H
#define EL_ENROL_TOKEN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    EL_ENROL_PORT = 51820, /* the one that takes no room in a token */
    EL_ENROL_ENDPOINTS_MAX = 6,
    EL_ENROL_NAME_BYTES = 64,  /* of a spoke, with NUL */
    EL_ENROL_HOST_BYTES = 254, /* of a DNS name (RFC 1035 §2.3.4) or address, with NUL */
    EL_ENROL_KEY_BYTES = 32,
    EL_ENROL_SEED_BYTES = 16,
    EL_ENROL_TOKEN_TEXT = 3731, /* the longest there can be, and NUL */
};

/* Where the hub may be called: HOST is an IPv4 or IPv6 address, or a DNS name of letters, digits,
 * '-', '_' and dots. */
struct el_enrol_endpoint {
    char host[EL_ENROL_HOST_BYTES];
    uint16_t port; /* 1..65535 */
};

struct el_enrol_token {
    char name[EL_ENROL_NAME_BYTES]; /* of the spoke: letters, digits, '-', '.', '_'; or empty */
    int64_t expires_s;              /* seconds since 1970, 1..2^32-1 */
    uint8_t hub_key[EL_ENROL_KEY_BYTES]; /* public */
    uint8_t seed[EL_ENROL_SEED_BYTES];   /* SECRET: of the enrolment key */
    unsigned endpoint_count;             /* 1..EL_ENROL_ENDPOINTS_MAX; the best one first */
    struct el_enrol_endpoint endpoints[EL_ENROL_ENDPOINTS_MAX];
};

/* Fills the seed: a new enrolment key. */
void el_enrol_token_make_key(struct el_enrol_token *token);

/* The enrolment key: the private half of an X25519 key pair. The hub keeps only the public half
 * that belongs to it. */
void el_enrol_token_key(const struct el_enrol_token *token, uint8_t key[EL_ENROL_KEY_BYTES]);

/* Overwrites the token. The texts it came from or went to are the caller's to wipe. */
void el_enrol_token_wipe(struct el_enrol_token *token);

/* TOKEN to TEXT, in upper case: its length. EL_EINVAL and what is wrong: a name, a host, a number
 * beyond its range. */
int el_enrol_token_encode(const struct el_enrol_token *token, char text[EL_ENROL_TOKEN_TEXT],
                          struct el_err *err);

/*
 * TEXT to TOKEN; an address in it is in its shortest form, so that no two texts (but for case and
 * separators) are the same token. The sentence in ERR holds nothing of the token. TOKEN is zeros
 * after an error:
 *
 *  - EL_EINVAL: mistyped, in which group; a group too many; or something behind the token's end;
 *  - EL_ESHORT: the end is missing, a group is, or all of it;
 *  - EL_ENOTSUP: of another version;
 *  - EL_EPROTO: without a typing error, and yet no token that any el2w makes.
 *
 * Expired is none of these: ask el_enrol_token_in_time().
 */
int el_enrol_token_decode(const char *text, struct el_enrol_token *token, struct el_err *err);

/* Whether TOKEN may still be used at NOW_S: 0, or EL_EPERM with both times in the sentence, as it
 * may be the clock that is wrong. It spares a call in vain: it is the hub that decides. */
int el_enrol_token_in_time(const struct el_enrol_token *token, int64_t now_s, struct el_err *err);

/* For who asks for a token group by group: checks that TEXT is group INDEX (from 0) and nothing
 * else. The first one tells how many there are, in *COUNT, which may be NULL. EL_EINVAL, EL_ESHORT,
 * EL_ENOTSUP as above. The groups are then put together and decoded. */
int el_enrol_token_group(const char *text, unsigned index, unsigned *count, struct el_err *err);

#endif

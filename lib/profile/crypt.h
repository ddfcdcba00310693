/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passwords as Linux keeps them: SHA-512 crypt, "$6$salt$hash" (U. Drepper, "Unix crypt using
 * SHA-256 and SHA-512", 0.6). All installers take it.
 */
#ifndef EL_PROFILE_CRYPT_H
#define EL_PROFILE_CRYPT_H

#include "base/err.h"

#include <stdbool.h>

enum {
    EL_PROFILE_CRYPT_TEXT = 128,    /* a hash of ours, with the NUL */
    EL_PROFILE_CRYPT_PASSWORD = 256 /* bytes of a password, with the NUL */
};

/* PASSWORD with SETTING ("$6$salt$", "$6$rounds=5000$salt$", or a hash, whose setting is meant) as
 * HASH. EL_EINVAL: not such a setting, more than 100,000 rounds, or too long a password. */
int el_profile_crypt(const char *password, const char *setting, char hash[EL_PROFILE_CRYPT_TEXT]);

/* The same with a random salt of 96 bits. */
int el_profile_crypt_new(const char *password, char hash[EL_PROFILE_CRYPT_TEXT]);

/* Whether PASSWORD is that of HASH. */
bool el_profile_crypt_verify(const char *password, const char *hash);

/* Whether TEXT is a hash that a system's crypt(3) takes: $6$, $5$, $y$, $2b$ and the like. */
bool el_profile_crypt_is_hash(const char *text);

#endif

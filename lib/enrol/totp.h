/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Codes of six digits that change every 30 seconds, as every authenticator on a telephone shows
 * them: TOTP (RFC 6238) with HMAC-SHA-1, which is HOTP (RFC 4226) with the number of the time step
 * for a counter.
 *
 * The clock of who types may be one step off either way (RFC 6238 §5.2), so three codes are right
 * at any moment: a guess is right with a probability of three in a million. Whoever asks limits the
 * guesses (second_factor.h).
 *
 * A code is accepted once (§5.2): with it, all codes up to its time step are used. The caller keeps
 * the last step that was accepted, with the secret, and writes it down in the same transaction as
 * what the code was good for.
 */
#ifndef EL_ENROL_TOTP_H
#define EL_ENROL_TOTP_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    EL_ENROL_TOTP_SECRET_BYTES = 20, /* RFC 4226 §4, R6: as long as SHA-1's output */
    EL_ENROL_TOTP_SECRET_TEXT = 33,  /* base 32 and NUL */
    EL_ENROL_TOTP_STEP_S = 30,
    EL_ENROL_TOTP_WINDOW = 1, /* steps before and after now */
    EL_ENROL_TOTP_CODE_TEXT = 7,
    EL_ENROL_TOTP_LABEL_BYTES = 64, /* of the name of the hub, with NUL */
    EL_ENROL_TOTP_URI_TEXT = 320,
};

/* A new secret. */
void el_enrol_totp_make_secret(uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES]);

/* The code at the time step COUNTER, with its leading zeros (RFC 4226 §5.3). Returns TEXT. */
char *el_enrol_totp_code(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], uint64_t counter,
                         char text[EL_ENROL_TOTP_CODE_TEXT]);

/*
 * Whether CODE, six digits with or without blanks among them, is right at NOW_S (seconds since
 * 1970), and not used. *LAST_STEP is the last time step that was accepted, 0 if none was. It takes
 * the same time whichever code is right.
 *
 *  - 0: it is, and *LAST_STEP is now its step;
 *  - EL_EINVAL: not six digits;
 *  - EL_EAUTH: wrong;
 *  - EL_EEXIST: it, or a later one, was used already. To be counted like a wrong one;
 *  - EL_EAGAIN: NOW_S is before the last step that was accepted: a clock went back, and what was
 *    used is not known any more. No code is right until the clock is past that step or the secret
 * is replaced. Not a guess.
 */
int el_enrol_totp_check(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], int64_t now_s,
                        const char *code, uint64_t *last_step);

/* The secret as people type it into an authenticator (RFC 4648 §6, without padding). Returns TEXT.
 * And back: case and blanks do not matter; 0 or EL_EINVAL. */
char *el_enrol_totp_secret_text(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES],
                                char text[EL_ENROL_TOTP_SECRET_TEXT]);
int el_enrol_totp_secret_parse(const char *text, uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES]);

/* The secret as an authenticator reads it from a QR code: otpauth://totp/el2w:HUB?secret=…
 * (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). HUB is any text of up to
 * EL_ENROL_TOTP_LABEL_BYTES - 1 bytes. Returns the length; EL_EINVAL: too long. */
int el_enrol_totp_uri(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], const char *hub,
                      char text[EL_ENROL_TOTP_URI_TEXT]);

#endif

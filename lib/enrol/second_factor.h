/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is let in with a token: the second factor, which a hub asks for beside it. None, or all of
 * those that are switched on:
 *
 *     totp       a code from an authenticator (totp.h)
 *     program    a program of the site's says yes: Duo, a push service, a ticket system
 *     approval   an operator says yes, to this key
 *
 * They are asked in this order: whoever has only the token bothers neither program nor operator.
 *
 * The caller keeps a struct el_enrol_progress with each token, and the last time step with the
 * secret; it writes down what el_enrol_decide() has changed in them, in the same transaction as
 * what follows from the outcome, before anybody is told the outcome. So two redemptions at the same
 * moment are decided one after the other, and a crash in between costs a guess at most.
 *
 * A yes is for the key that asked, and for no other: another key that comes with the same token
 * begins anew. Wrong answers are the token's, whichever key gave them: nothing sets their number
 * back, and with EL_ENROL_WRONG_MAX of them the token is worthless. An operator says yes to the
 * fingerprint that was shown, not to a name: the key that asks may be another one by then.
 */
#ifndef EL_ENROL_SECOND_FACTOR_H
#define EL_ENROL_SECOND_FACTOR_H

#include "base/err.h"
#include "enrol/totp.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_ENROL_WRONG_MAX = 5, EL_ENROL_FACTORS_TEXT = 28 };

/* A set of these, 0 for none. */
enum el_enrol_factor { EL_ENROL_TOTP = 1, EL_ENROL_EXEC = 2, EL_ENROL_APPROVAL = 4 };

/* "none", or names with commas between them, in any order: a set, or EL_EINVAL and what there is.
 * And back, in the order of above. */
int el_enrol_factors_parse(const char *text, struct el_err *err);
char *el_enrol_factors_text(unsigned factors, char text[EL_ENROL_FACTORS_TEXT]);

/* How far a token has come. All zeros at first. Keys are zeros for nobody's. */
struct el_enrol_progress {
    unsigned wrong;           /* answers, 0..EL_ENROL_WRONG_MAX; never goes down */
    uint8_t code_key[32];     /* whose code was right */
    uint8_t program_key[32];  /* for whom the program said yes */
    uint8_t approved_key[32]; /* whom the operator let in: set by the caller */
};

/* What the program says of the key that asks now. */
enum el_enrol_program {
    EL_ENROL_PROGRAM_NOT_RUN,
    EL_ENROL_PROGRAM_RUNS,
    EL_ENROL_PROGRAM_YES,
    EL_ENROL_PROGRAM_NO,
    EL_ENROL_PROGRAM_FAILED, /* it could not be started, or ended as no answer ends */
};

/* What is asked with one request. */
struct el_enrol_request {
    unsigned factors;           /* that the hub asks for */
    const uint8_t *totp_secret; /* EL_ENROL_TOTP_SECRET_BYTES; may be NULL without EL_ENROL_TOTP */
    uint8_t key[32];            /* the spoke's public key; not zeros */
    const char *code;           /* as it was typed; NULL or empty: none */
    enum el_enrol_program program;
    int64_t now_s; /* the hub's clock, seconds since 1970 */
};

enum el_enrol_outcome {
    EL_ENROL_ACCEPTED,    /* let it in */
    EL_ENROL_NEEDS_CODE,  /* there is none, or not six digits: ask for it; not counted */
    EL_ENROL_WRONG_CODE,  /* counted */
    EL_ENROL_USED_CODE,   /* counted: the code was right, and somebody has used it */
    EL_ENROL_CLOCK_BACK,  /* not counted: see EL_EAGAIN of el_enrol_totp_check() */
    EL_ENROL_RUN_PROGRAM, /* start the program for this key, then decide again */
    EL_ENROL_WAITS_PROGRAM,
    EL_ENROL_PROGRAM_SAID_NO, /* counted */
    EL_ENROL_PROGRAM_BROKEN,  /* not counted: nobody is let in, and it is not the spoke's fault */
    EL_ENROL_WAITS_APPROVAL,
    EL_ENROL_BURNT, /* too many wrong answers: the token is worthless, also for who is right now */
};

/*
 * Decides about REQUEST. PROGRESS and *LAST_STEP (0 at first) are read and changed. ERR, unless the
 * outcome is ACCEPTED, says what is to be done, to whoever sits at the spoke; with a wrong code it
 * tells the hub's time, as it is a clock that is wrong more often than a finger.
 */
enum el_enrol_outcome el_enrol_decide(const struct el_enrol_request *request,
                                      struct el_enrol_progress *progress, uint64_t *last_step,
                                      struct el_err *err);

#endif

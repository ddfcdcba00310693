/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a spoke is enrolled, and what it does about it with --join TOKEN:
 *
 *   not enrolled                  it joins
 *   enrolled with this token      nothing: it is what was asked for
 *   enrolled with another         refused; with --join-again it joins
 *   enrolled, and since revoked   it joins with another token; else it says so, and that is all
 *
 * With --join-again, or revoked, it joins with a key of its own making that is new: one that was
 * revoked is never taken again. Until the hub has said yes, the old key and the old enrolment stay
 * what they are; then the new enrolment is written, and the new key takes the old one's place.
 * Whatever happens in between, the next start finds out which key the enrolment belongs to.
 */
#ifndef EL_SPOKE_SPOKE_ENROL_H
#define EL_SPOKE_SPOKE_ENROL_H

#include "base/err.h"
#include "enrol/token.h"
#include "node/launch.h"
#include "spoke/enrolment.h"
#include "spoke/spoke.h"

#include <stdbool.h>

/* The token that SAID is, or that is where it says: "@FILE", or "-" for standard input. An error
 * with its sentence. TOKEN is to be wiped. */
int el_spoke_token(const char *said, struct el_enrol_token *token, struct el_err *err);

/* Whether there is an enrolment at all, or could be, as far as we may look. */
bool el_spoke_may_be_enrolled(const char *state);
int el_spoke_not_enrolled(struct el_err *err); /* EL_ENOENT, and what to do about it */

/* 0: ENROLMENT, to be wiped, is what CONFIG's spoke is enrolled with, by now. TOKEN: what to join
 * with, or NULL. EL_ENOENT with a sentence: it is not, and was not to be. EL_SPOKE_REVOKED: it was,
 * which has been said. Or what el_spoke_join() says, or another error. */
int el_spoke_enrol(const struct el_spoke_config *config, struct el_launch *launch,
                   const struct el_enrol_token *token, struct el_enrolment *enrolment,
                   struct el_err *err);

#endif

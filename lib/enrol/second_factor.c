/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The factors, one after the other. */
#include "enrol/second_factor.h"

#include "base/civil.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum el_enrol_factor factor;
} factor_names[] = {
    {"totp", EL_ENROL_TOTP},
    {"program", EL_ENROL_EXEC},
    {"approval", EL_ENROL_APPROVAL},
};

enum { FACTORS = sizeof factor_names / sizeof factor_names[0] };

/* -- names -- */

static unsigned factor_named(const char *name, size_t len)
{
    for (size_t i = 0; i < FACTORS; i++)
        if (strlen(factor_names[i].name) == len && memcmp(factor_names[i].name, name, len) == 0)
            return factor_names[i].factor;
    return 0;
}

int el_enrol_factors_parse(const char *text, struct el_err *err)
{
    unsigned factors = 0;

    if (strcmp(text, "none") == 0)
        return 0;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        unsigned factor = factor_named(at, len);
        if (factor == 0 || factors & factor)
            return el_err(
                err, EL_EINVAL,
                "second factor %s: none, or of totp, program and approval one or several, "
                "with commas between them",
                text);
        factors |= factor;
        at += len;
        if (!*at)
            return (int)factors;
    }
}

char *el_enrol_factors_text(unsigned factors, char text[EL_ENROL_FACTORS_TEXT])
{
    size_t used = 0;

    strcpy(text, "none");
    for (size_t i = 0; i < FACTORS; i++)
        if (factors & factor_names[i].factor)
            used += (size_t)snprintf(text + used, EL_ENROL_FACTORS_TEXT - used, "%s%s",
                                     used ? "," : "", factor_names[i].name);
    return text;
}

/* -- decisions: each step says ACCEPTED if it has nothing against the key -- */

/* Whether YES was said to KEY. Zeros are nobody's key, whoever comes with it. */
static bool said_to(const uint8_t yes[32], const uint8_t key[32])
{
    return !sodium_is_zero(key, 32) && sodium_memcmp(yes, key, 32) == 0;
}

static enum el_enrol_outcome burnt(struct el_err *err)
{
    el_err(err, EL_EPERM,
           "this token got %d wrong answers and is worthless now: have a new one made on the hub",
           EL_ENROL_WRONG_MAX);
    return EL_ENROL_BURNT;
}

static enum el_enrol_outcome wrong_code(const struct el_enrol_request *request, bool used,
                                        struct el_enrol_progress *progress, struct el_err *err)
{
    char now[EL_CIVIL_TEXT];

    if (++progress->wrong >= EL_ENROL_WRONG_MAX)
        return burnt(err);
    unsigned left = EL_ENROL_WRONG_MAX - progress->wrong;
    if (used) {
        el_err(err, EL_EAUTH, "this code was used already: wait for the next one (%u %s left)",
               left, left == 1 ? "try" : "tries");
        return EL_ENROL_USED_CODE;
    }
    el_err(err, EL_EAUTH,
           "wrong code (%u %s left). The hub's clock says %s: if the authenticator's is more than "
           "half a minute off, set the one that is wrong",
           left, left == 1 ? "try" : "tries", el_civil_text(request->now_s, now));
    return EL_ENROL_WRONG_CODE;
}

static enum el_enrol_outcome ask_code(const struct el_enrol_request *request,
                                      struct el_enrol_progress *progress, uint64_t *last_step,
                                      struct el_err *err)
{
    char now[EL_CIVIL_TEXT], last[EL_CIVIL_TEXT];

    if (said_to(progress->code_key, request->key))
        return EL_ENROL_ACCEPTED;
    if (!request->code || !*request->code) {
        el_err(err, EL_EAUTH, "the hub asks for the six digits that its authenticator shows");
        return EL_ENROL_NEEDS_CODE;
    }
    switch (el_enrol_totp_check(request->totp_secret, request->now_s, request->code, last_step)) {
    case 0:
        memcpy(progress->code_key, request->key, sizeof progress->code_key);
        return EL_ENROL_ACCEPTED;
    case EL_EINVAL:
        el_err(err, EL_EINVAL, "this is no code: a code has six digits");
        return EL_ENROL_NEEDS_CODE;
    case EL_EAGAIN:
        el_err(err, EL_EAGAIN,
               "the hub's clock went back: it says %s, and a code of %s was used already; set it, "
               "or make a new secret for the second factor",
               el_civil_text(request->now_s, now),
               el_civil_text((int64_t)(*last_step * EL_ENROL_TOTP_STEP_S), last));
        return EL_ENROL_CLOCK_BACK;
    case EL_EEXIST: return wrong_code(request, true, progress, err);
    default: return wrong_code(request, false, progress, err);
    }
}

static enum el_enrol_outcome ask_program(const struct el_enrol_request *request,
                                         struct el_enrol_progress *progress, struct el_err *err)
{
    if (said_to(progress->program_key, request->key))
        return EL_ENROL_ACCEPTED;
    switch (request->program) {
    case EL_ENROL_PROGRAM_YES:
        memcpy(progress->program_key, request->key, sizeof progress->program_key);
        return EL_ENROL_ACCEPTED;
    case EL_ENROL_PROGRAM_NO:
        if (++progress->wrong >= EL_ENROL_WRONG_MAX)
            return burnt(err);
        el_err(err, EL_EAUTH, "the hub's second factor said no");
        return EL_ENROL_PROGRAM_SAID_NO;
    case EL_ENROL_PROGRAM_FAILED:
        el_err(
            err, EL_EIO,
            "the program that the hub asks as its second factor failed: the hub's log tells why");
        return EL_ENROL_PROGRAM_BROKEN;
    case EL_ENROL_PROGRAM_RUNS:
    case EL_ENROL_PROGRAM_NOT_RUN: break;
    }
    el_err(err, EL_EAGAIN, "the hub waits for its second factor to answer");
    return request->program == EL_ENROL_PROGRAM_RUNS ? EL_ENROL_WAITS_PROGRAM
                                                     : EL_ENROL_RUN_PROGRAM;
}

static enum el_enrol_outcome ask_operator(const struct el_enrol_request *request,
                                          const struct el_enrol_progress *progress,
                                          struct el_err *err)
{
    if (said_to(progress->approved_key, request->key))
        return EL_ENROL_ACCEPTED;
    el_err(err, EL_EAGAIN, "the hub waits for an operator to approve this key's fingerprint");
    return EL_ENROL_WAITS_APPROVAL;
}

enum el_enrol_outcome el_enrol_decide(const struct el_enrol_request *request,
                                      struct el_enrol_progress *progress, uint64_t *last_step,
                                      struct el_err *err)
{
    enum el_enrol_outcome outcome = EL_ENROL_ACCEPTED;

    if (progress->wrong >= EL_ENROL_WRONG_MAX)
        return burnt(err);
    if (request->factors & EL_ENROL_TOTP)
        outcome = ask_code(request, progress, last_step, err);
    if (outcome == EL_ENROL_ACCEPTED && request->factors & EL_ENROL_EXEC)
        outcome = ask_program(request, progress, err);
    if (outcome == EL_ENROL_ACCEPTED && request->factors & EL_ENROL_APPROVAL)
        outcome = ask_operator(request, progress, err);
    return outcome;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a request is refused: problem details (RFC 9457), application/problem+json.
 *
 *     {"type": "urn:el2w:problem:token-used", "title": "The token has been used", "status": 409,
 *      "detail": "mars has been joined with it, at 2026-11-21T17:20:00Z"}
 *
 * A kind of problem is one constant; programs know it by its type, people read the detail. What
 * has nothing more to say than HTTP's status has the type "about:blank" (§4.2.1).
 */
#ifndef EL_CONTROL_PROBLEM_H
#define EL_CONTROL_PROBLEM_H

#include "control/json.h"

#define EL_PROBLEM_PREFIX "urn:el2w:problem:"

struct el_problem {
    int status;        /* 400 to 599 */
    const char *name;  /* "token-used"; NULL: about:blank */
    const char *title; /* the same for every problem of the kind */
};

/* What the framework itself refuses with, and handlers may too. */
extern const struct el_problem el_problem_malformed;  /* 400: the body is not JSON; the query */
extern const struct el_problem el_problem_forbidden;  /* 403: who asks may not */
extern const struct el_problem el_problem_not_found;  /* 404 */
extern const struct el_problem el_problem_method;     /* 405 */
extern const struct el_problem el_problem_conflict;   /* 409: the name is taken, … */
extern const struct el_problem el_problem_too_large;  /* 413 */
extern const struct el_problem el_problem_media_type; /* 415 */
extern const struct el_problem el_problem_invalid;    /* 422: of the wrong type or value; pointer */
extern const struct el_problem el_problem_internal;   /* 500: we are at fault */
extern const struct el_problem el_problem_unavailable; /* 503: later it will do */

/* The document, with DETAIL if that is not NULL; further members may be set in it. The caller's;
 * NULL: out of memory. */
json_t *el_problem_document(const struct el_problem *problem, const char *detail);

#endif

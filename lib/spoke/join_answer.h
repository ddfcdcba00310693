/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub answers to POST /v1/enrol, as what it means to the spoke that asked.
 *
 *     200 {"state": "enrolled", "name": "mars", "address": "100.71.3.9", "wire": "fast",
 *          "psk": "…", "networks": [{"name": "boot", "vni": 77, "published": true}]}
 *     202 {"state": "pending", "name": "mars"}      an operator has to approve: ask again
 *     202 {"state": "asking", "name": "mars"}       the hub's program is asking somebody: ask again
 *     4xx a problem (RFC 9457), whose type says which
 */
#ifndef EL_SPOKE_JOIN_ANSWER_H
#define EL_SPOKE_JOIN_ANSWER_H

#include "base/err.h"
#include "control/json.h"
#include "spoke/enrolment.h"

#include <stdint.h>

enum el_join_verdict {
    EL_JOIN_ENROLLED, /* the enrolment has its name, address, wire, networks and psk */
    EL_JOIN_PENDING,  /* an operator has to approve; the enrolment has its name, if it was said */
    EL_JOIN_ASKING,   /* the hub is asking somebody by its program; the same */
    EL_JOIN_CODE,     /* a code is needed, or that one was wrong or late; another may do */
    EL_JOIN_LATER,    /* the hub cannot, just now */
    EL_JOIN_REFUSED,  /* and nothing will help */
};

struct el_join_answer {
    enum el_join_verdict verdict;
    struct el_err sentence; /* why; empty if there is nothing to say */
    struct el_enrolment enrolment;
};

/* STATUS and BODY (NULL: none) as HTTP had them; NOW_S is our wall clock, which is compared with
 * the hub's when a token has expired. An answer that makes no sense is EL_JOIN_REFUSED.
 * Wipe it after. */
void el_join_answer_read(int status, const json_t *body, int64_t now_s,
                         struct el_join_answer *answer);

/* Of any answer of a hub's that is a problem: its sentence, for a terminal (of other than ASCII's
 * own characters nothing is left), and the last part of its type, or "". BODY may be NULL. */
void el_join_answer_sentence(int status, const json_t *body, struct el_err *sentence);
const char *el_join_answer_type(const json_t *body);

#endif

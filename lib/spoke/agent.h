/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spoke asks the hub how it stands: GET /v1/self, or POST once it has something to say about
 * itself (spoke/agent_report.h), when the hub is within reach, when it nudges (node/nudge.h), when
 * there is something new to say, and every minute. What comes and goes are states: to have missed
 * something is no harm.
 *
 * One question is under way at a time. A nudge while one is leads to another one behind it, since
 * its answer may have been made before what we are nudged for; a question that has waited for more
 * than a second when somebody says "now" is given up, as it waits for a tunnel that was down.
 */
#ifndef EL_SPOKE_AGENT_H
#define EL_SPOKE_AGENT_H

#include "base/err.h"
#include "net/net.h"
#include "spoke/agent_answer.h"
#include "spoke/agent_report.h"

enum {
    EL_AGENT_PERIOD_S = 60, /* from an answer to the next question, and up to a tenth more */
    EL_AGENT_RETRY_S = 5,   /* without an answer, at first; then twice as long, up to the period */
};

struct el_agent;

struct el_agent_config {
    struct el_net *net; /* where the hub is 100.64.0.1; lives longer */
    /* The hub has answered, or could not be asked (EL_AGENT_LATER). ANSWER is wiped after it. */
    void (*answered)(void *arg, const struct el_agent_answer *answer);
    void *arg;
};

/* Asks at once. CONFIG is copied. */
int el_agent_new(const struct el_agent_config *config, struct el_agent **agent, struct el_err *err);
void el_agent_free(struct el_agent *agent); /* not in `answered`; NULL is allowed */

/* The tunnel has come up: asks now. */
void el_agent_ask(struct el_agent *agent);

/* What is said with each question from now on. Asks now, if it is new. */
void el_agent_tell(struct el_agent *agent, const struct el_agent_report *report);

/* How it stands with the ways to our peers (spoke/agent_ways.h): PUT /v1/self/peers. It is ours
 * from now on, and the next question, which is asked now; one that has not gone yet is replaced. */
void el_agent_tell_ways(struct el_agent *agent, json_t *ways);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's side of a spoke's agent: starts the applet (spoke/agent_service.h), tells it
 * when the hub is within reach, and takes what the hub says from it, which is read as strictly as
 * if it came from outside.
 */
#ifndef EL_SPOKE_SPOKE_AGENT_H
#define EL_SPOKE_SPOKE_AGENT_H

#include "base/addr.h"
#include "base/err.h"
#include "node/launch.h"
#include "spoke/agent_answer.h"
#include "spoke/agent_report.h"
#include "spoke/spoke_direct.h"

struct el_spoke_agent;

struct el_spoke_agent_config {
    struct el_launch *launch;
    struct el_ip address; /* ours, in the tunnel */
    int inside;           /* the end of the tunnel's "inside" that is the agent's; passed on */
    const char *log_options;
    /* How it stands, each time that the hub was asked; wiped after it. */
    void (*self)(void *arg, const struct el_agent_self *self);
    /* Our key is good for nothing any more; the hub's sentence. */
    void (*revoked)(void *arg, const char *sentence);
    void *arg;
};

int el_spoke_agent_new(const struct el_spoke_agent_config *config, struct el_spoke_agent **agent,
                       struct el_err *err);

/* Before the loop is closed, which has to run once more; not in a callback of ours. NULL is
 * allowed. */
void el_spoke_agent_free(struct el_spoke_agent *agent);

/* How it stands with the ways to our peers: of all of them. */
void el_spoke_agent_tell_ways(struct el_spoke_agent *agent, const struct el_spoke_way *ways,
                              unsigned count);

/* There is a session with the hub. */
void el_spoke_agent_ask(struct el_spoke_agent *agent);

/* What the hub is to be told of us; and again to an applet that has been started again. */
void el_spoke_agent_tell(struct el_spoke_agent *agent, const struct el_agent_report *report);
void el_spoke_agent_ready(struct el_spoke_agent *agent);

#endif

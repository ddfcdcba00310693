/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spoke's agent, as the supervisor sees it. */
#include "spoke/spoke_agent.h"

#include "base/log.h"
#include "spoke/agent_message.h"
#include "spoke/agent_ways.h"
#include "sys/message.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define APPLET "agent"

struct el_spoke_agent {
    struct el_spoke_agent_config config;
    int ours, theirs; /* the channel; the applet has a duplicate */
    uv_poll_t *poll;
    struct el_agent_report report; /* told last */
};

/* -- what it says -- */

static void take_self(struct el_spoke_agent *agent, const char *text)
{
    struct el_agent_self self;
    struct el_err err = {""};
    int rc = el_agent_self_parse(text, &self, &err);

    if (rc == 0)
        agent->config.self(agent->config.arg, &self);
    else
        EL_LOG(EL_LOG_ERROR, "node", "agent", EL_STR("error", err.text));
    sodium_memzero(&self, sizeof self);
}

/* It is for a terminal and a log. */
static void take_revoked(struct el_spoke_agent *agent, char *sentence)
{
    for (char *c = sentence; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    agent->config.revoked(agent->config.arg, sentence);
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct el_spoke_agent *agent = poll->data;
    struct el_agent_message message;

    (void)status;
    (void)events;
    if (el_agent_message_receive(agent->ours, &message) < 0)
        return;
    if (message.kind == EL_AGENT_MESSAGE_SELF)
        take_self(agent, message.text);
    else if (message.kind == EL_AGENT_MESSAGE_REVOKED)
        take_revoked(agent, message.text);
    sodium_memzero(&message, sizeof message);
}

/* An agent that does not listen is dead, and its successor asks by itself. */
void el_spoke_agent_ask(struct el_spoke_agent *agent)
{
    (void)el_agent_message_send(agent->ours, EL_AGENT_MESSAGE_ASK, "");
}

void el_spoke_agent_ready(struct el_spoke_agent *agent)
{
    char text[EL_AGENT_REPORT_TEXT];

    if (el_agent_report_text(&agent->report, text) == 0)
        (void)el_agent_message_send(agent->ours, EL_AGENT_MESSAGE_REPORT, text);
}

void el_spoke_agent_tell(struct el_spoke_agent *agent, const struct el_agent_report *report)
{
    agent->report = *report;
    el_spoke_agent_ready(agent);
}

void el_spoke_agent_tell_ways(struct el_spoke_agent *agent, const struct el_spoke_way *ways,
                              unsigned count)
{
    char text[EL_AGENT_WAYS_TEXT];

    el_agent_ways_text(ways, count, text);
    (void)el_agent_message_send(agent->ours, EL_AGENT_MESSAGE_WAYS, text);
}

/* -- from beginning to end -- */

static int start_applet(struct el_spoke_agent *agent, struct el_err *err)
{
    const struct el_spoke_agent_config *config = &agent->config;
    struct el_launch_fds fds = {.count = 0};
    char *options = NULL;
    char ip[EL_IP_TEXT];

    int rc = el_launch_fds_add(&fds, "inside", config->inside);
    if (rc >= 0)
        rc = el_launch_fds_add(&fds, "agent", dup(agent->theirs));
    if (rc >= 0 && asprintf(&options, "%saddress = %s\n", config->log_options,
                            el_ip_text(&config->address, ip)) < 0) {
        options = NULL;
        rc = el_err(err, EL_ENOMEM, "out of memory");
    }
    int started = el_launch_applet(config->launch, APPLET, APPLET, options, &fds, err);
    free(options);
    return rc < 0 ? rc : started;
}

static int open_channel(struct el_spoke_agent *agent, struct el_err *err)
{
    int fds[2];
    int rc = el_sys_message_pair(fds);

    if (rc < 0)
        return el_err(err, rc, "agent: %s", el_strerror(rc));
    agent->ours = fds[0];
    agent->theirs = fds[1];
    agent->poll = calloc(1, sizeof *agent->poll);
    if (!agent->poll ||
        uv_poll_init(el_launch_loop(agent->config.launch), agent->poll, agent->ours) < 0) {
        free(agent->poll);
        agent->poll = NULL;
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    agent->poll->data = agent;
    uv_poll_start(agent->poll, UV_READABLE, on_channel);
    return 0;
}

int el_spoke_agent_new(const struct el_spoke_agent_config *config, struct el_spoke_agent **result,
                       struct el_err *err)
{
    struct el_spoke_agent *agent = calloc(1, sizeof *agent);

    if (!agent) {
        close(config->inside);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    agent->config = *config;
    agent->ours = agent->theirs = -1;
    int rc = open_channel(agent, err);
    if (rc < 0)
        close(config->inside);
    else
        rc = start_applet(agent, err);
    if (rc < 0)
        el_spoke_agent_free(agent);
    else
        *result = agent;
    return rc;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void el_spoke_agent_free(struct el_spoke_agent *agent)
{
    if (!agent)
        return;
    if (agent->poll)
        uv_close((uv_handle_t *)agent->poll, free_handle);
    if (agent->ours >= 0)
        close(agent->ours);
    if (agent->theirs >= 0)
        close(agent->theirs);
    free(agent);
}

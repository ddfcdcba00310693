/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking how it stands. */
#include "spoke/agent.h"

#include "base/csprng.h"
#include "base/log.h"
#include "control/client_io.h"
#include "node/key.h"
#include "node/nudge.h"

#include <sodium.h>
#include <stdlib.h>

#define PATIENCE EL_S /* with a question when somebody says "now" */

struct el_agent {
    struct el_agent_config config;
    struct el_client *client; /* while a question is under way */
    uint64_t asked_ns;        /* when it was asked */
    bool again;               /* and it is to be followed by another */
    struct el_net_udp *nudges;
    struct el_net_timer *timer; /* of the next question */
    unsigned retry_s;
    bool has_report;
    bool report_waits; /* it is new, and there was something else to be told first */
    struct el_agent_report report;
    json_t *ways; /* to be told with the next question, or NULL */
};

static void ask(struct el_agent *agent);

static void ask_in(struct el_agent *agent, uint64_t delay_ns)
{
    el_net_timer_set(agent->timer, el_net_now_ns(agent->config.net) + delay_ns);
}

/* A thousand spokes that were answered in the same second do not ask in the same second again. */
static uint64_t period_ns(void)
{
    uint32_t random;

    el_random(&random, sizeof random);
    return EL_AGENT_PERIOD_S * EL_S + random % (EL_AGENT_PERIOD_S * EL_S / 10);
}

static void plan(struct el_agent *agent, bool answered)
{
    if (agent->again) {
        ask_in(agent, 0);
    } else if (answered) {
        ask_in(agent, period_ns());
    } else {
        ask_in(agent, agent->retry_s * EL_S);
        agent->retry_s =
            2 * agent->retry_s < EL_AGENT_PERIOD_S ? 2 * agent->retry_s : EL_AGENT_PERIOD_S;
    }
    if (answered)
        agent->retry_s = EL_AGENT_RETRY_S;
    agent->again = false;
}

static void on_answered(void *arg, int code, const struct el_control_answer *reply,
                        const struct el_err *err)
{
    struct el_agent *agent = arg;
    struct el_agent_answer answer = {.verdict = EL_AGENT_LATER};

    if (code == 0)
        el_agent_answer_read(reply->status, reply->body, &answer);
    else
        answer.sentence = *err;
    el_client_free(agent->client);
    agent->client = NULL;
    plan(agent, answer.verdict != EL_AGENT_LATER);
    agent->config.answered(agent->config.arg, &answer);
    sodium_memzero(&answer, sizeof answer);
}

static int start_question(struct el_agent *agent)
{
    static const struct el_client_events events = {.answered = on_answered};
    const struct el_net_connect_config to = {.to = {.ip = el_ip4(EL_NODE_HUB_ADDRESS), .port = 80}};
    json_t *body = agent->has_report ? el_agent_report_json(&agent->report) : NULL;
    struct el_control_question question = {
        .method = body ? "POST" : "GET", .path = "/v1/self", .body = body};

    agent->report_waits &= agent->ways != NULL;
    if (agent->ways)
        question = (struct el_control_question){
            .method = "PUT", .path = "/v1/self/peers", .body = agent->ways};
    int rc = el_client_start(agent->config.net, &to, "100.64.0.1", &question, &events, agent,
                             &agent->client, NULL);

    json_decref(body);
    return rc;
}

static void ask(struct el_agent *agent)
{
    el_client_free(agent->client);
    agent->client = NULL;
    agent->asked_ns = el_net_now_ns(agent->config.net);
    if (start_question(agent) < 0) { /* for want of memory or a port, which may be there later */
        plan(agent, false);
        return;
    }
    el_net_timer_set(agent->timer, EL_NEVER);
    json_decref(agent->ways); /* what is lost with the question is soon told anew */
    agent->ways = NULL;
    agent->again |= agent->report_waits;
}

static void on_timer(void *arg)
{
    ask(arg);
}

void el_agent_ask(struct el_agent *agent)
{
    uint64_t now = el_net_now_ns(agent->config.net);

    if (agent->client && now - agent->asked_ns < PATIENCE)
        agent->again = true;
    else
        ask(agent);
}

void el_agent_tell(struct el_agent *agent, const struct el_agent_report *report)
{
    if (agent->has_report && el_agent_report_equal(&agent->report, report))
        return;
    agent->report = *report;
    agent->has_report = agent->report_waits = true;
    el_agent_ask(agent);
}

void el_agent_tell_ways(struct el_agent *agent, json_t *ways)
{
    json_decref(agent->ways);
    agent->ways = ways;
    el_agent_ask(agent);
}

static void on_nudge(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                     size_t len)
{
    if (el_nudge_is(meta, bytes, len))
        el_agent_ask(arg);
}

int el_agent_new(const struct el_agent_config *config, struct el_agent **result, struct el_err *err)
{
    struct el_net_udp_config nudges = {.bind = {.port = EL_NUDGE_PORT}, .inherited_fd = -1};
    struct el_agent *agent = calloc(1, sizeof *agent);

    if (!agent)
        return el_err(err, EL_ENOMEM, "out of memory");
    agent->config = *config;
    agent->retry_s = EL_AGENT_RETRY_S;
    agent->timer = el_net_timer_new(config->net, on_timer, agent);
    int rc = agent->timer
                 ? el_net_udp_open(config->net, &nudges, on_nudge, agent, &agent->nudges, err)
                 : el_err(err, EL_ENOMEM, "out of memory");
    if (rc < 0) {
        el_agent_free(agent);
        return rc;
    }
    ask(agent);
    *result = agent;
    return 0;
}

void el_agent_free(struct el_agent *agent)
{
    if (!agent)
        return;
    el_client_free(agent->client);
    el_net_udp_close(agent->nudges);
    el_net_timer_free(agent->timer);
    json_decref(agent->ways);
    free(agent);
}

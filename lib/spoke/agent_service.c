/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The applet that asks the hub: descriptors, rights, the way to the supervisor. */
#include "spoke/agent_service.h"

#include "base/log.h"
#include "net/kernel.h"
#include "net/lwip_link.h"
#include "node/key.h"
#include "spoke/agent.h"
#include "spoke/agent_message.h"
#include "spoke/agent_ways.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct service {
    const struct el_agent_service_config *config;
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_net_lwip_link *inside; /* our end of the tunnel */
    struct el_agent *agent;
    int inside_fd, channel;
    uv_poll_t poll;
    bool failed; /* the last question, and that has been said */
};

/* -- to and from the supervisor -- */

static void say(struct service *s, enum el_agent_message_kind kind, const char *text)
{
    int rc = el_agent_message_send(s->channel, kind, text);

    if (rc < 0 && rc != EL_ECLOSED)
        EL_LOG(EL_LOG_WARN, "agent", "supervisor", EL_STR("error", el_strerror(rc)));
}

static void say_self(struct service *s, const struct el_agent_self *self)
{
    char text[EL_AGENT_TEXT];
    int rc = el_agent_self_text(self, text);

    if (rc == 0)
        say(s, EL_AGENT_MESSAGE_SELF, text);
    else
        EL_LOG(EL_LOG_ERROR, "agent", "supervisor", EL_STR("error", el_strerror(rc)));
    sodium_memzero(text, sizeof text);
}

/* That the hub is away is the tunnel's to say; that it is there and does not answer is ours. */
static void on_answered(void *arg, const struct el_agent_answer *answer)
{
    struct service *s = arg;

    switch (answer->verdict) {
    case EL_AGENT_SELF: say_self(s, &answer->self); break;
    case EL_AGENT_REVOKED: say(s, EL_AGENT_MESSAGE_REVOKED, answer->sentence.text); break;
    case EL_AGENT_LATER:
        EL_LOG(s->failed ? EL_LOG_DEBUG : EL_LOG_INFO, "agent", "later",
               EL_STR("why", answer->sentence.text), EL_STR("hint", "trying on"));
        break;
    }
    s->failed = answer->verdict == EL_AGENT_LATER;
}

static void take_report(struct service *s, const char *text)
{
    struct el_agent_report report;
    struct el_err err = {""};

    if (el_agent_report_parse(text, &report, &err) == 0)
        el_agent_tell(s->agent, &report);
    else
        EL_LOG(EL_LOG_ERROR, "agent", "supervisor", EL_STR("error", err.text));
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;
    struct el_agent_message message;
    int rc = el_agent_message_receive(s->channel, &message);
    json_t *ways;

    (void)status;
    (void)events;
    if (rc == EL_ECLOSED)
        el_net_kernel_stop(s->net);
    if (rc == 0 && message.kind == EL_AGENT_MESSAGE_ASK)
        el_agent_ask(s->agent);
    if (rc == 0 && message.kind == EL_AGENT_MESSAGE_REPORT)
        take_report(s, message.text);
    if (rc == 0 && message.kind == EL_AGENT_MESSAGE_WAYS &&
        (ways = el_agent_ways_json(message.text)))
        el_agent_tell_ways(s->agent, ways);
}

/* -- from beginning to end -- */

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(s->net);
}

static int open_inside(struct service *s, struct el_err *err)
{
    struct el_net_lwip_link_config config = {
        .network = {.address = {s->config->address, 10}, .mtu = EL_NODE_INSIDE_MTU}};
    int rc = el_net_lwip_link_packets(s->net, &config, s->inside_fd, &s->inside, err);

    if (rc == 0)
        s->inside_fd = -1;
    return rc;
}

static int make_loop(struct service *s, struct el_err *err)
{
    struct el_agent_config agent = {.answered = on_answered, .arg = s};
    int rc = el_net_kernel_new(&s->net, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
    if (rc == 0)
        rc = open_inside(s, err);
    if (rc < 0)
        return rc;
    agent.net = el_net_lwip_link_net(s->inside);
    s->poll.data = s;
    uv_poll_init(el_net_kernel_loop(s->net), &s->poll, s->channel);
    uv_poll_start(&s->poll, UV_READABLE, on_channel);
    return el_agent_new(&agent, &s->agent, err);
}

/* It opens nothing by name. */
static int confine(struct el_err *err)
{
    struct el_sys_confine_config config = {.places = NULL};

    return el_sys_confine(&config, err);
}

static int set_up(struct service *s, struct el_err *err)
{
    uint64_t user = s->config->user;
    struct el_sys_drop_config drop = {.uid = (uid_t)user, .gid = (gid_t)user};

    s->inside_fd = el_sys_fds_take("inside");
    s->channel = el_sys_fds_take("agent");
    if (s->inside_fd < 0 || s->channel < 0)
        return el_err(err, EL_EINVAL, "the agent is started by el2w spoke, and by nobody else");
    int rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = confine(err);
    return rc >= 0 ? make_loop(s, err) : rc;
}

static void tear_down(struct service *s)
{
    el_agent_free(s->agent);
    el_net_lwip_link_close(s->inside);
    if (s->signals)
        el_sys_signals_free(s->signals);
    el_net_kernel_free(s->net);
    if (s->inside_fd >= 0)
        close(s->inside_fd);
    if (s->channel >= 0)
        close(s->channel);
}

int el_agent_service_run(const struct el_agent_service_config *config, struct el_err *err)
{
    struct service s = {.config = config, .inside_fd = -1, .channel = -1};
    int rc = set_up(&s, err);

    if (rc == 0) {
        el_sys_notify_ready();
        el_sys_fds_close_rest();
        el_net_kernel_run(s.net);
    }
    tear_down(&s);
    return rc;
}

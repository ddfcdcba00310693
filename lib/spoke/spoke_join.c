/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joining, as the supervisor sees it. */
#include "spoke/spoke_join.h"

#include "base/log.h"
#include "base/time.h"
#include "enrol/fingerprint.h"
#include "link/streams.h"
#include "node/peer.h"
#include "spoke/join_message.h"
#include "sys/message.h"
#include "tunnel/tunnel_io.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define APPLET "join"

struct joining {
    const struct el_spoke_join_config *config;
    struct el_enrolment *enrolment;
    struct el_err *err;
    int ours, theirs; /* the channel */
    struct el_streams streams;
    uv_poll_t *channel, *terminal;
    const char *code; /* not used yet */
    bool decided;
    int outcome; /* then */
};

static void decide(struct joining *j, int outcome)
{
    j->decided = true;
    j->outcome = outcome;
    el_launch_pause(j->config->launch);
}

/* -- codes -- */

static void send_code(struct joining *j, const char *code)
{
    int rc = el_join_message_send(j->ours, EL_JOIN_MESSAGE_CODE, code);

    if (rc < 0)
        decide(j, el_err(j->err, rc, "join: %s", el_strerror(rc)));
}

static void on_terminal(uv_poll_t *poll, int status, int events)
{
    struct joining *j = poll->data;
    char line[64];
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    if (n <= 0) {
        decide(j, el_err(j->err, EL_EPERM, "no code, no enrolment"));
        return;
    }
    line[n] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    send_code(j, line);
    sodium_memzero(line, sizeof line);
}

static void ask_for_code(struct joining *j, const char *sentence)
{
    if (j->code) {
        send_code(j, j->code);
        j->code = NULL;
    } else if (j->terminal) {
        fprintf(stderr, "%s\nSix-digit code: ", sentence);
        uv_poll_start(j->terminal, UV_READABLE, on_terminal);
    } else if (j->config->code) {
        decide(j, el_err(j->err, EL_EPERM, "%s", sentence));
    } else {
        decide(j, el_err(j->err, EL_EPERM, "%s: give it with --code, or start this at a terminal",
                         sentence));
    }
}

/* -- what the applet says -- */

/* What is ours in it is not the applet's to say. */
static void take_enrolment(struct joining *j, const char *text)
{
    const struct el_enrol_token *token = j->config->token;
    struct el_enrolment *enrolment = j->enrolment;
    struct el_err why = {""};
    uint8_t private_key[EL_TUNNEL_KEY_BYTES];
    int rc = el_enrolment_parse(text, "join", enrolment, &why);

    if (rc < 0) {
        decide(j, el_err(j->err, rc, "the hub's answer makes no sense: %s", why.text));
        return;
    }
    memcpy(enrolment->key, j->config->key, sizeof enrolment->key);
    memcpy(enrolment->hub_key, token->hub_key, sizeof enrolment->hub_key);
    el_enrol_token_key(token, private_key);
    el_tunnel_key_public(private_key, enrolment->token);
    sodium_memzero(private_key, sizeof private_key);
    decide(j, 0);
}

static void say_pending(const struct joining *j, const char *name)
{
    char fingerprint[EL_ENROL_FINGERPRINT_TEXT];
    char hint[128];

    snprintf(hint, sizeof hint, "on the hub: el2w approve %.64s, if it shows the same fingerprint",
             name[0] ? name : "NAME");
    EL_LOG(EL_LOG_INFO, "node", "waiting-for-approval",
           EL_STR("fingerprint", el_enrol_fingerprint(j->config->key, fingerprint)),
           EL_STR("hint", hint));
}

static void on_message(struct joining *j, const struct el_join_message *message)
{
    switch (message->kind) {
    case EL_JOIN_MESSAGE_REACHED:
        EL_LOG(EL_LOG_INFO, "node", "hub-reached", EL_STR("at", message->text));
        break;
    case EL_JOIN_MESSAGE_ENROLLED: take_enrolment(j, message->text); break;
    case EL_JOIN_MESSAGE_PENDING: say_pending(j, message->text); break;
    case EL_JOIN_MESSAGE_ASKING:
        EL_LOG(EL_LOG_INFO, "node", "waiting-for-second-factor", EL_STR("name", message->text),
               EL_STR("hint", "the hub is asking somebody"));
        break;
    case EL_JOIN_MESSAGE_NEEDS_CODE: ask_for_code(j, message->text); break;
    case EL_JOIN_MESSAGE_REFUSED: decide(j, el_err(j->err, EL_EPERM, "%s", message->text)); break;
    default: break;
    }
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct joining *j = poll->data;
    struct el_join_message message;

    (void)status;
    (void)events;
    while (!j->decided && el_join_message_receive(j->ours, &message) == 0)
        on_message(j, &message);
    sodium_memzero(&message, sizeof message);
}

/* -- the applet -- */

static char *applet_options(const struct el_spoke_join_config *config, struct el_err *err)
{
    char token[EL_ENROL_TOKEN_TEXT], key[EL_TUNNEL_KEY_TEXT];
    char *text = NULL;

    if (el_enrol_token_encode(config->token, token, err) < 0)
        return NULL;
    el_tunnel_key_text(config->key, key);
    int n = asprintf(&text, "%stoken = %s\nkey = %s\nfast = %s\ngive-up = %llus\n%s%s%s",
                     config->log_options, token, key, config->fast ? "yes" : "no",
                     (unsigned long long)(config->give_up_ns / EL_S), config->hub ? "hub = " : "",
                     config->hub ? config->hub : "", config->hub ? "\n" : "");
    sodium_memzero(token, sizeof token);
    if (n < 0)
        (void)el_err(err, EL_ENOMEM, "out of memory");
    return n < 0 ? NULL : text;
}

/* A host without IPv6 does without. */
static int open_sockets(const struct el_spoke_join_config *config, struct el_launch_fds *fds,
                        struct el_err *err)
{
    struct el_tunnel_io_options options = {(uint32_t)config->tunnel->mark, config->tunnel->device};
    int rc = el_launch_fds_add(fds, "udp4", el_tunnel_io_socket(4, 0, &options, err));

    if (rc >= 0)
        (void)el_launch_fds_add(fds, "udp6", el_tunnel_io_socket(6, 0, &options, NULL));
    return rc;
}

static int start_applet(struct joining *j, struct el_err *err)
{
    const struct el_spoke_join_config *config = j->config;
    struct el_launch_fds fds = {.count = 0};
    char *options = NULL;
    int rc = open_sockets(config, &fds, err);

    if (rc >= 0 && !config->no_tcp)
        rc = el_streams_open(&j->streams, 1, err);
    if (rc >= 0)
        rc = el_streams_pass(&j->streams, &fds, err);
    if (rc >= 0)
        rc = el_launch_fds_add(&fds, "join", dup(j->theirs));
    if (rc >= 0)
        rc = el_launch_fds_add(&fds, "state", el_launch_state_dir(config->launch, APPLET, err));
    if (rc >= 0)
        options = applet_options(config, err);
    if (rc >= 0 && !options)
        rc = EL_ENOMEM;
    int started = el_launch_applet(config->launch, APPLET, APPLET, options, &fds, err);
    if (options)
        explicit_bzero(options, strlen(options)); /* the token */
    free(options);
    return rc < 0 ? rc : started;
}

/* TCP ports that the hub may be called at: those where it is over UDP, and that of HTTPS. */
static int start_streams(struct joining *j, struct el_err *err)
{
    const struct el_spoke_join_config *config = j->config;
    const struct el_enrol_token *token = config->token;
    uint16_t ports[1 + EL_ENROL_ENDPOINTS_MAX] = {EL_STREAM_HTTPS};
    unsigned count = 1;
    char host[256];

    if (config->hub && el_node_split_endpoint(config->hub, EL_ENROL_PORT, host, &ports[count]) == 0)
        count++;
    for (unsigned i = 0; !config->hub && i < token->endpoint_count; i++)
        ports[count++] = token->endpoints[i].port;
    return config->no_tcp ? 0
                          : el_streams_call(&j->streams, config->launch, ports, count,
                                            config->tunnel, config->log_options, err);
}

/* -- from beginning to end -- */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static uv_poll_t *watch(struct joining *j, int fd)
{
    uv_poll_t *poll = calloc(1, sizeof *poll);

    if (!poll || uv_poll_init(el_launch_loop(j->config->launch), poll, fd) < 0) {
        free(poll);
        return NULL;
    }
    poll->data = j;
    return poll;
}

static void unwatch(uv_poll_t *poll)
{
    if (poll)
        uv_close((uv_handle_t *)poll, free_handle);
}

static int open_channel(struct joining *j, struct el_err *err)
{
    int fds[2];
    int rc = el_sys_message_pair(fds);

    if (rc < 0)
        return el_err(err, rc, "join: %s", el_strerror(rc));
    j->ours = fds[0];
    j->theirs = fds[1];
    j->channel = watch(j, j->ours);
    if (!j->channel)
        return el_err(err, EL_ENOMEM, "out of memory");
    uv_poll_start(j->channel, UV_READABLE, on_channel);
    if (isatty(STDIN_FILENO))
        j->terminal = watch(j, STDIN_FILENO);
    return 0;
}

static int run(struct joining *j)
{
    int rc = el_launch_run(j->config->launch);

    if (rc < 0 || !j->decided)
        return rc < 0 ? rc : EL_SPOKE_JOIN_STOPPED;
    el_launch_remove(j->config->launch, APPLET);
    el_launch_remove(j->config->launch, "stream");
    return j->outcome;
}

int el_spoke_join(const struct el_spoke_join_config *config, struct el_enrolment *enrolment,
                  struct el_err *err)
{
    struct joining j = {.config = config,
                        .enrolment = enrolment,
                        .err = err,
                        .ours = -1,
                        .theirs = -1,
                        .code = config->code};
    int rc = open_channel(&j, err);

    if (rc == 0)
        rc = start_applet(&j, err);
    if (rc == 0)
        rc = start_streams(&j, err);
    if (rc == 0)
        rc = run(&j);
    el_streams_close(&j.streams);
    unwatch(j.channel);
    unwatch(j.terminal);
    if (j.ours >= 0)
        close(j.ours);
    if (j.theirs >= 0)
        close(j.theirs);
    return rc;
}

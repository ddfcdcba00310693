/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking to be enrolled. */
#include "spoke/join.h"

#include "control/client_io.h"
#include "node/key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct el_join {
    struct el_join_config config;
    struct el_client *client; /* while a question is under way */
    struct el_net_timer *timer;
    char code[EL_JOIN_CODE_BYTES]; /* for the next question; "" if there is none */
    enum el_join_verdict told;     /* the last verdict */
    bool has_told;
    bool busy, freed; /* in a callback of ours: freeing waits */
};

static void destroy(struct el_join *join)
{
    el_client_free(join->client);
    el_net_timer_free(join->timer);
    sodium_memzero(join, sizeof *join);
    free(join);
}

void el_join_free(struct el_join *join)
{
    if (!join)
        return;
    join->freed = true;
    if (!join->busy)
        destroy(join);
}

/* -- what is answered -- */

static void take(struct el_join *join, const struct el_join_answer *answer)
{
    bool goes_on = answer->verdict == EL_JOIN_PENDING || answer->verdict == EL_JOIN_ASKING ||
                   answer->verdict == EL_JOIN_LATER;
    bool news = !goes_on || !join->has_told || join->told != answer->verdict;

    join->told = answer->verdict;
    join->has_told = true;
    if (goes_on)
        el_net_timer_set(join->timer, el_net_now_ns(join->config.net) + EL_JOIN_AGAIN_S * EL_S);
    if (news)
        join->config.answered(join->config.arg, answer);
}

static void on_answered(void *arg, int code, const struct el_control_answer *reply,
                        const struct el_err *err)
{
    struct el_join *join = arg;
    struct el_join_answer answer = {.verdict = EL_JOIN_LATER};

    if (code == 0)
        el_join_answer_read(reply->status, reply->body, el_net_wall_s(join->config.net), &answer);
    else
        answer.sentence = *err;
    join->busy = true;
    el_client_free(join->client);
    join->client = NULL;
    take(join, &answer);
    join->busy = false;
    sodium_memzero(&answer, sizeof answer);
    if (join->freed)
        destroy(join);
}

/* -- what is asked -- */

static json_t *question_body(const struct el_join *join)
{
    json_t *body = json_pack("{s:o, s:b}", "key", el_json_key(join->config.key), "fast",
                             (int)join->config.fast);

    if (body && join->code[0] &&
        json_object_set_new(body, "code", el_json_string(join->code)) < 0) {
        json_decref(body);
        return NULL;
    }
    return body;
}

static int ask(struct el_join *join, struct el_err *err)
{
    static const struct el_client_events events = {.answered = on_answered};
    const struct el_net_connect_config to = {.to = {.ip = el_ip4(EL_NODE_HUB_ADDRESS), .port = 80}};
    json_t *body = question_body(join);
    const struct el_control_question question = {
        .method = "POST", .path = "/v1/enrol", .body = body};
    int rc = body ? el_client_start(join->config.net, &to, "100.64.0.1", &question, &events, join,
                                    &join->client, err)
                  : el_err(err, EL_ENOMEM, "out of memory");

    json_decref(body);
    sodium_memzero(join->code, sizeof join->code);
    return rc;
}

static void on_timer(void *arg)
{
    struct el_join *join = arg;

    if (ask(join, NULL) < 0) /* for want of memory or a port, which may be there later */
        el_net_timer_set(join->timer, el_net_now_ns(join->config.net) + EL_JOIN_AGAIN_S * EL_S);
}

int el_join_code(struct el_join *join, const char *code, struct el_err *err)
{
    size_t len = 0;

    for (; *code && len + 1 < sizeof join->code; code++)
        if (*code != ' ') /* authenticators show it in two halves */
            join->code[len++] = *code;
    join->code[len] = '\0';
    if (*code || len < 6 || len > 8 || strspn(join->code, "0123456789") != len) {
        join->code[0] = '\0';
        return el_err(err, EL_EINVAL, "a code is six digits");
    }
    el_client_free(join->client);
    join->client = NULL;
    el_net_timer_set(join->timer, EL_NEVER);
    return ask(join, err);
}

int el_join_new(const struct el_join_config *config, struct el_join **result, struct el_err *err)
{
    struct el_join *join = calloc(1, sizeof *join);

    if (join) {
        join->config = *config;
        join->timer = el_net_timer_new(config->net, on_timer, join);
    }
    int rc = join && join->timer ? ask(join, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (rc < 0)
        el_join_free(join);
    else
        *result = join;
    return rc;
}

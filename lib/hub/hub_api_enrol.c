/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POST /v1/enrol: the holder of a token becomes a spoke, if the second factor agrees.
 *
 * What enrol/second_factor.h decides (code, program) happens before the redemption, approval after
 * it: a spoke that is pending has used its token already. What is decided is written before it is
 * answered: that a code was wrong; that it was right and is used, with the redemption in one
 * transaction, or before the program is asked. Whom the program is asked about is kept in memory: a
 * hub that falls down meanwhile asks for another code.
 *
 * 200 and 202 may be asked for again and again, by the same key, and say how it stands.
 */
#include "hub/hub_api_internal.h"

#include "base/csprng.h"
#include "node/key.h"
#include "tunnel/tunnel.h"

#include <sodium.h>
#include <string.h>

/* One request on its way. */
struct enrolment {
    struct el_node_hub_api *hub;
    const struct el_api_request *request;
    struct el_api_answer *answer;
    const uint8_t *enrolment_key; /* of the token */
    uint8_t key[32];              /* the spoke's own */
    struct el_endpoint from;      /* outside the tunnel */
    struct el_hub_question *question;
};

/* -- questions to the program -- */

static struct el_hub_question *find_question(struct el_node_hub_api *hub,
                                             const uint8_t *enrolment_key, const uint8_t *key)
{
    for (int i = 0; i < EL_NODE_HUB_QUESTIONS; i++) {
        struct el_hub_question *q = &hub->questions[i];
        if (q->used && memcmp(q->enrolment_key, enrolment_key, 32) == 0 &&
            memcmp(q->key, key, 32) == 0)
            return q;
    }
    return NULL;
}

/* Whoever stays away is forgotten. A token has one question at a time, or its holder could have the
 * program ring somebody's telephone without end. NULL: not now. */
static struct el_hub_question *new_question(struct el_node_hub_api *hub,
                                            const uint8_t *enrolment_key, int64_t now_s)
{
    struct el_hub_question *room = NULL;

    for (int i = 0; i < EL_NODE_HUB_QUESTIONS; i++) {
        struct el_hub_question *q = &hub->questions[i];
        if (!q->used || q->until_s <= now_s)
            room = q;
        else if (memcmp(q->enrolment_key, enrolment_key, 32) == 0)
            return NULL;
    }
    return room;
}

static void forget_question(struct enrolment *e)
{
    if (e->question)
        sodium_memzero(e->question, sizeof *e->question);
    e->question = NULL;
}

/* It was not asked, or has not answered. A code that was right need not be given again. */
static void may_ask_again(struct el_hub_question *q)
{
    q->program = EL_ENROL_PROGRAM_NOT_RUN;
    q->used = q->code_spent;
}

static int ask_about(struct enrolment *e, const char *name, struct el_err *err)
{
    const struct el_node_hub_api_config *config = &e->hub->config;
    struct el_node_hub_question what = {name, e->enrolment_key, e->key, &e->from};

    if (!config->ask)
        return el_err(err, EL_ENOENT,
                      "the hub was started without the program that its second factor is");
    return config->ask(config->arg, &what, err);
}

static void ask_program(struct enrolment *e, const struct el_enrol_progress *progress,
                        bool code_spent)
{
    const struct el_registry_token *token =
        el_registry_token_by_key(e->hub->registry, e->enrolment_key);
    struct el_hub_question *q =
        e->question ? e->question : new_question(e->hub, e->enrolment_key, e->request->wall_s);
    struct el_err err = {"somebody else is being asked about; try again in a minute"};
    int rc = q ? 0 : EL_EFULL;

    if (q) {
        *q = (struct el_hub_question){.used = true,
                                      .progress = *progress,
                                      .program = EL_ENROL_PROGRAM_RUNS,
                                      .code_spent = code_spent,
                                      .until_s = e->request->wall_s + EL_NODE_HUB_QUESTION_S};
        memcpy(q->enrolment_key, e->enrolment_key, 32);
        memcpy(q->key, e->key, 32);
        rc = ask_about(e, token->name, &err);
    }
    if (rc < 0 && q)
        may_ask_again(q);
    if (rc < 0)
        el_api_refuse(e->answer, &el_problem_unavailable, "%s", err.text);
    else
        el_api_answer(e->answer, 202,
                      json_pack("{s:s, s:s}", "state", "asking", "name", token->name));
}

void el_node_hub_api_answer(struct el_node_hub_api *hub, const uint8_t enrolment_key[32],
                            const uint8_t key[32], enum el_enrol_program said, int64_t now_s)
{
    struct el_hub_question *q = find_question(hub, enrolment_key, key);

    if (!q || q->program != EL_ENROL_PROGRAM_RUNS || q->until_s <= now_s)
        return;
    q->program = said;
    q->until_s = now_s + EL_NODE_HUB_QUESTION_S;
    if (said == EL_ENROL_PROGRAM_NO) /* or, if the disk fails, when it is fetched */
        q->counted = el_registry_wrong_code(hub->registry, q->enrolment_key, now_s, NULL) >= 0;
}

/* -- answers -- */

static void answer_spoke(struct enrolment *e, const struct el_registry_spoke *spoke)
{
    static const uint8_t none[32];
    char address[EL_IP_TEXT];
    bool pending = spoke->state == EL_REGISTRY_PENDING;
    json_t *body =
        json_pack("{s:s, s:s, s:o}", "state", el_registry_spoke_state_names[spoke->state], "name",
                  spoke->name, "time", el_json_time(e->request->wall_s));

    if (!pending && body) {
        json_t *more = json_pack("{s:s, s:s, s:o}", "address", el_ip_text(&spoke->ip, address),
                                 "wire", el_tunnel_wire_names[spoke->wire], "networks",
                                 el_hub_memberships_json(e->hub, spoke));
        if (json_object_update_missing(body, more) < 0 ||
            (memcmp(spoke->psk, none, 32) != 0 &&
             json_object_set_new(body, "psk", el_json_key(spoke->psk)) < 0)) {
            json_decref(body);
            body = NULL;
        }
        json_decref(more);
    }
    el_api_answer(e->answer, pending ? 202 : 200, body);
}

/* A clock that is wrong is more frequent than a token that is late: both are told the hub's time.
 */
static void refuse_expired(struct enrolment *e)
{
    const struct el_registry_token *token =
        el_registry_token_by_key(e->hub->registry, e->enrolment_key);

    el_api_refuse(e->answer, &el_hub_token_expired,
                  "the token for %s is too old; ask for another one. If it should not be: compare "
                  "the hub's clock with yours",
                  token->name);
    el_api_refuse_member(e->answer, "expired", el_json_time(token->expires_s));
    el_api_refuse_member(e->answer, "time", el_json_time(e->request->wall_s));
}

static void refuse_verdict(struct enrolment *e, enum el_registry_verdict verdict)
{
    switch (verdict) {
    case EL_REGISTRY_IS_EXPIRED: refuse_expired(e); return;
    case EL_REGISTRY_IS_USED:
        el_api_refuse(
            e->answer, &el_hub_token_used,
            "this token has been used by another spoke; if that was not yours, revoke it");
        return;
    case EL_REGISTRY_IS_BURNT:
        el_api_refuse(e->answer, &el_hub_token_burnt,
                      "too many wrong answers: this token is worthless now, ask for another one");
        return;
    case EL_REGISTRY_IS_REVOKED:
        el_api_refuse(
            e->answer, &el_hub_key_revoked,
            "this spoke's key has been revoked and never comes back; begin with a new one "
            "and a new token");
        return;
    case EL_REGISTRY_IS_TAKEN:
        el_api_refuse(e->answer, &el_hub_key_taken, "this key is another spoke's already");
        return;
    case EL_REGISTRY_IS_BAD_KEY:
        el_api_refuse(e->answer, &el_problem_invalid, "key: this is no X25519 public key");
        return;
    case EL_REGISTRY_IS_CODE_REUSED:
        el_api_refuse(e->answer, &el_hub_code_reused,
                      "this code has been used; wait for the next one");
        return;
    default:
        el_api_refuse(e->answer, &el_hub_token_unknown,
                      "the hub does not know this token (any more)");
    }
}

/* -- the steps -- */

static void redeem(struct enrolment *e, int64_t totp_step)
{
    struct el_node_hub_api *hub = e->hub;
    bool fast = el_api_boolean(e->request, "fast") && hub->config.fast;
    const struct el_registry_spoke *spoke = NULL;
    enum el_registry_verdict verdict;
    struct el_err err = {""};
    uint8_t psk[32];

    el_random(psk, sizeof psk);
    struct el_registry_redemption redemption = {
        .enrolment_key = e->enrolment_key,
        .key = e->key,
        .psk = psk,
        .preferred = el_ip4(el_node_key_address(e->key)),
        .from = e->from,
        .wire = (uint8_t)(fast ? EL_TUNNEL_FAST : EL_TUNNEL_COMPACT),
        .totp_step = totp_step,
        .code_spent = e->question && e->question->code_spent,
    };
    int rc =
        el_registry_redeem(hub->registry, &redemption, e->request->wall_s, &verdict, &spoke, &err);
    sodium_memzero(psk, sizeof psk);
    if (rc == 0)
        forget_question(e);
    if (rc < 0)
        el_hub_refuse(e->answer, rc, &err);
    else if (verdict == EL_REGISTRY_IS_ENROLLED || verdict == EL_REGISTRY_IS_PENDING)
        answer_spoke(e, spoke);
    else
        refuse_verdict(e, verdict);
}

static bool is_counted(const struct enrolment *e)
{
    return e->question && e->question->counted;
}

/* Counted on the disk, then said. */
static void refuse_wrong(struct enrolment *e, const struct el_problem *problem,
                         const struct el_err *why)
{
    struct el_registry *registry = e->hub->registry;
    const struct el_registry_token *token = el_registry_token_by_key(registry, e->enrolment_key);
    struct el_err err = {""};
    int left = is_counted(e)
                   ? EL_REGISTRY_WRONG_CODES - token->wrong_codes
                   : el_registry_wrong_code(registry, e->enrolment_key, e->request->wall_s, &err);

    if (left < 0) {
        el_hub_refuse(e->answer, left, &err);
        return;
    }
    forget_question(e);
    if (left == 0) {
        refuse_verdict(e, EL_REGISTRY_IS_BURNT);
        return;
    }
    el_api_refuse(e->answer, problem, "%s", why->text);
    el_api_refuse_member(e->answer, "tries_left", json_integer(left));
    el_api_refuse_member(e->answer, "time", el_json_time(e->request->wall_s));
}

/* STEP is that of the code that was right just now, if one was asked for. */
static void spend_and_ask(struct enrolment *e, const struct el_enrol_progress *progress,
                          int64_t step)
{
    struct el_registry *registry = e->hub->registry;
    bool code = el_registry_second_factor(registry)->factors & EL_REGISTRY_FACTOR_TOTP;
    bool spent = e->question && e->question->code_spent;
    struct el_err err = {""};
    int rc = code && !spent ? el_registry_spend_code(registry, step, &err) : 0;

    if (rc < 0)
        el_hub_refuse(e->answer, rc, &err);
    else
        ask_program(e, progress, code);
}

/* What of the second factor is asked before the redemption. */
static unsigned factors_before(const struct el_registry_second_factor *policy)
{
    return (policy->factors & EL_REGISTRY_FACTOR_TOTP ? EL_ENROL_TOTP : 0u) |
           (policy->factors & EL_REGISTRY_FACTOR_PROGRAM ? EL_ENROL_EXEC : 0u);
}

static void decide(struct enrolment *e)
{
    const struct el_registry_second_factor *policy = el_registry_second_factor(e->hub->registry);

    if (e->question && policy->factors & EL_REGISTRY_FACTOR_TOTP && !e->question->code_spent)
        forget_question(e); /* codes are asked for since then */
    const struct el_registry_token *token =
        el_registry_token_by_key(e->hub->registry, e->enrolment_key);
    struct el_enrol_progress progress = {.wrong = 0};
    struct el_enrol_request request = {
        .factors = factors_before(policy),
        .totp_secret = policy->secret_len == EL_ENROL_TOTP_SECRET_BYTES ? policy->secret : NULL,
        .code = el_api_string(e->request, "code"),
        .program = e->question ? e->question->program : EL_ENROL_PROGRAM_NOT_RUN,
        .now_s = e->request->wall_s,
    };
    uint64_t last_step = (uint64_t)policy->last_step;
    struct el_err err = {""};

    if (e->question)
        progress = e->question->progress;
    progress.wrong = token->wrong_codes - is_counted(e);
    memcpy(request.key, e->key, sizeof request.key);
    if (request.factors & EL_ENROL_TOTP && !request.totp_secret) {
        el_api_refuse(e->answer, &el_problem_unavailable, "the hub has lost its codes' secret");
        return;
    }
    enum el_enrol_outcome outcome = el_enrol_decide(&request, &progress, &last_step, &err);
    switch (outcome) {
    case EL_ENROL_ACCEPTED: redeem(e, (int64_t)last_step); return;
    case EL_ENROL_RUN_PROGRAM: spend_and_ask(e, &progress, (int64_t)last_step); return;
    case EL_ENROL_WAITS_PROGRAM:
        el_api_answer(e->answer, 202,
                      json_pack("{s:s, s:s}", "state", "asking", "name", token->name));
        return;
    case EL_ENROL_NEEDS_CODE:
        el_api_refuse(e->answer, &el_hub_code_required, "%s", err.text);
        return;
    case EL_ENROL_WRONG_CODE: refuse_wrong(e, &el_hub_code_wrong, &err); return;
    case EL_ENROL_USED_CODE: refuse_wrong(e, &el_hub_code_reused, &err); return;
    case EL_ENROL_PROGRAM_SAID_NO: refuse_wrong(e, &el_hub_refused, &err); return;
    case EL_ENROL_BURNT: /* the last wrong answer says so itself, and is counted like the others */
        if (progress.wrong > token->wrong_codes)
            refuse_wrong(e, &el_hub_code_wrong, &err);
        else
            refuse_verdict(e, EL_REGISTRY_IS_BURNT);
        return;
    case EL_ENROL_PROGRAM_BROKEN: may_ask_again(e->question); break;
    case EL_ENROL_CLOCK_BACK:
    case EL_ENROL_WAITS_APPROVAL: break; /* the last is asked after the redemption */
    }
    el_api_refuse(e->answer, &el_problem_unavailable, "%s", err.text);
}

void el_hub_enrol(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct enrolment e = {
        .hub = hub, .request = request, .answer = answer, .enrolment_key = request->asker->key};
    const struct el_registry_spoke *spoke;

    if (el_json_key_parse(el_api_string(request, "key"), e.key) < 0) {
        refuse_verdict(&e, EL_REGISTRY_IS_BAD_KEY);
        return;
    }
    if (memcmp(e.key, hub->config.key, sizeof e.key) == 0) {
        refuse_verdict(&e, EL_REGISTRY_IS_TAKEN);
        return;
    }
    if (hub->config.where)
        (void)hub->config.where(hub->config.arg, e.enrolment_key, &e.from);
    e.question = find_question(hub, e.enrolment_key, e.key);
    if (e.question && e.question->until_s <= request->wall_s)
        e.question = NULL;
    enum el_registry_verdict verdict =
        el_registry_check(hub->registry, e.enrolment_key, e.key, request->wall_s, &spoke);
    if (verdict == EL_REGISTRY_IS_OPEN)
        decide(&e);
    else if (verdict == EL_REGISTRY_IS_ENROLLED || verdict == EL_REGISTRY_IS_PENDING)
        answer_spoke(&e, spoke);
    else
        refuse_verdict(&e, verdict);
}

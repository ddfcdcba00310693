/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Redemption: a token becomes a spoke.
 *
 * One token, one spoke, however many come at once and wherever a crash falls. The machine has one
 * thread, so those who come at once come one after the other; what is left is the crash. The use of
 * the token, the spoke's row and the step of the code are one transaction: before it nobody has
 * been admitted, after it exactly one, and the answer may be lost, because whoever comes again with
 * the same key hears the same.
 */
#include "registry/registry_internal.h"

#include <string.h>

enum el_registry_verdict el_registry_check(const struct el_registry *registry,
                                           const uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES],
                                           const uint8_t key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                                           const struct el_registry_spoke **found)
{
    const struct el_registry_token *token = el_registry_token_by_key(registry, enrolment_key);
    const struct el_registry_spoke *spoke = el_registry_spoke_by_key(registry, key);

    if (found)
        *found = spoke;
    if (!token)
        return EL_REGISTRY_IS_UNKNOWN;
    if (!el_registry_key_is_sound(key))
        return EL_REGISTRY_IS_BAD_KEY;
    if (spoke && spoke->state == EL_REGISTRY_REVOKED)
        return EL_REGISTRY_IS_REVOKED;
    if (token->used && spoke && memcmp(token->used_by, key, sizeof token->used_by) == 0)
        return spoke->state == EL_REGISTRY_PENDING ? EL_REGISTRY_IS_PENDING
                                                   : EL_REGISTRY_IS_ENROLLED;
    if (token->used)
        return EL_REGISTRY_IS_USED;
    if (token->wrong_codes >= EL_REGISTRY_WRONG_CODES)
        return EL_REGISTRY_IS_BURNT;
    if (now_s >= token->expires_s)
        return EL_REGISTRY_IS_EXPIRED;
    if (spoke || el_registry_token_by_key(registry, key) ||
        el_registry_find(registry, EL_REGISTRY_RESERVED_BY_KEY, key))
        return EL_REGISTRY_IS_TAKEN;
    return EL_REGISTRY_IS_OPEN;
}

static void fill_spoke(struct el_registry_spoke *spoke,
                       const struct el_registry_redemption *redemption,
                       const struct el_registry_token *token, const struct el_ip *ip,
                       unsigned factors, int64_t now_s)
{
    strcpy(spoke->name, token->name);
    memcpy(spoke->key, redemption->key, sizeof spoke->key);
    if (redemption->psk)
        memcpy(spoke->psk, redemption->psk, sizeof spoke->psk);
    spoke->ip = *ip;
    spoke->from = redemption->from;
    spoke->wire = redemption->wire;
    spoke->since_s = now_s;
    spoke->state =
        factors & EL_REGISTRY_FACTOR_APPROVAL ? EL_REGISTRY_PENDING : EL_REGISTRY_ENROLLED;
}

/* The three rows, as one. */
static int admit(struct el_registry *registry, const struct el_registry_redemption *redemption,
                 const struct el_registry_token *token, const struct el_ip *ip, int64_t now_s,
                 struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_spoke *spoke = el_registry_draft_add(&draft, EL_REGISTRY_ROW_SPOKE);
    struct el_registry_token *used = el_registry_draft_edit(&draft, EL_REGISTRY_ROW_TOKEN, token);
    unsigned factors = registry->second_factor.factors;

    if (spoke)
        fill_spoke(spoke, redemption, token, ip, factors, now_s);
    if (used) {
        used->used = true;
        used->used_s = now_s;
        memcpy(used->used_by, redemption->key, sizeof used->used_by);
    }
    if (factors & EL_REGISTRY_FACTOR_TOTP && !redemption->code_spent) {
        struct el_registry_second_factor *policy =
            el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SECOND_FACTOR, &registry->second_factor);
        if (policy)
            policy->last_step = redemption->totp_step;
    }
    int rc = el_registry_draft_commit(&draft, err);
    if (rc == 0) {
        bool pending = spoke->state == EL_REGISTRY_PENDING;
        el_registry_tell_spoke(registry, spoke);
        el_registry_event(
            registry, (struct el_registry_event){
                          .kind = pending ? EL_REGISTRY_SPOKE_PENDING : EL_REGISTRY_SPOKE_ENROLLED,
                          .at_s = now_s,
                          .spoke = spoke,
                      });
    }
    el_registry_draft_end(&draft);
    return rc;
}

int el_registry_redeem(struct el_registry *registry,
                       const struct el_registry_redemption *redemption, int64_t now_s,
                       enum el_registry_verdict *verdict, const struct el_registry_spoke **spoke,
                       struct el_err *err)
{
    const struct el_registry_second_factor *policy = &registry->second_factor;
    struct el_ip ip;

    *verdict =
        el_registry_check(registry, redemption->enrolment_key, redemption->key, now_s, spoke);
    if (*verdict != EL_REGISTRY_IS_OPEN)
        return 0;
    if (policy->factors & EL_REGISTRY_FACTOR_TOTP && !redemption->code_spent &&
        redemption->totp_step <= policy->last_step) {
        *verdict = EL_REGISTRY_IS_CODE_REUSED;
        return 0;
    }
    int rc = el_registry_address(registry, &redemption->preferred, &ip, err);
    if (rc == 0)
        rc = admit(registry, redemption,
                   el_registry_token_by_key(registry, redemption->enrolment_key), &ip, now_s, err);
    if (rc == 0)
        *verdict =
            el_registry_check(registry, redemption->enrolment_key, redemption->key, now_s, spoke);
    return rc;
}

int el_registry_spend_code(struct el_registry *registry, int64_t totp_step, struct el_err *err)
{
    if (totp_step <= registry->second_factor.last_step)
        return el_err(err, EL_EEXIST, "this code has been used; wait for the next one");
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_second_factor *policy =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SECOND_FACTOR, &registry->second_factor);
    if (policy)
        policy->last_step = totp_step;
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    return rc;
}

int el_registry_wrong_code(struct el_registry *registry,
                           const uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                           struct el_err *err)
{
    const struct el_registry_token *token = el_registry_token_by_key(registry, enrolment_key);

    if (!token)
        return el_err(err, EL_ENOENT, "no such token");
    if (token->wrong_codes >= EL_REGISTRY_WRONG_CODES)
        return 0;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_token *counted =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_TOKEN, token);
    if (counted)
        counted->wrong_codes++;
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    int left = EL_REGISTRY_WRONG_CODES - token->wrong_codes;
    el_registry_event(registry,
                      (struct el_registry_event){
                          .kind = left > 0 ? EL_REGISTRY_TOKEN_WRONG_CODE : EL_REGISTRY_TOKEN_BURNT,
                          .at_s = now_s,
                          .token = token,
                      });
    return left;
}

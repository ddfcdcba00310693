/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens: made, taken back, and what is due when. */
#include "registry/registry_internal.h"

#include <string.h>

static const struct el_registry_table *table(const struct el_registry *registry)
{
    return &registry->tables[EL_REGISTRY_ROW_TOKEN];
}

size_t el_registry_token_count(const struct el_registry *registry)
{
    return table(registry)->count;
}

const struct el_registry_token *el_registry_token_at(const struct el_registry *registry, size_t i)
{
    return i < table(registry)->count ? table(registry)->rows[i] : NULL;
}

const struct el_registry_token *el_registry_token(const struct el_registry *registry,
                                                  const char *name)
{
    for (size_t i = 0; i < table(registry)->count; i++) {
        const struct el_registry_token *token = table(registry)->rows[i];
        if (strcmp(token->name, name) == 0)
            return token;
    }
    return NULL;
}

const struct el_registry_token *
el_registry_token_by_key(const struct el_registry *registry,
                         const uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES])
{
    return el_registry_find(registry, EL_REGISTRY_TOKENS_BY_KEY, enrolment_key);
}

bool el_registry_token_is_over(const struct el_registry_token *token, int64_t now_s)
{
    return token->used || token->wrong_codes >= EL_REGISTRY_WRONG_CODES ||
           now_s >= token->expires_s;
}

int64_t el_registry_token_ends_s(const struct el_registry *registry,
                                 const struct el_registry_token *token)
{
    int64_t over_s = token->expires_s;

    if (token->used) {
        const struct el_registry_spoke *spoke = el_registry_spoke_by_key(registry, token->used_by);
        if (spoke && spoke->state == EL_REGISTRY_PENDING)
            return INT64_MAX;
        if (spoke && spoke->since_s > over_s)
            over_s = spoke->since_s;
    }
    return over_s + EL_REGISTRY_GRACE_S;
}

static int request_check(struct el_registry *registry,
                         const struct el_registry_token_request *request, int64_t now_s,
                         struct el_err *err)
{
    int rc = el_registry_name_check("spoke", request->name, EL_REGISTRY_NAME, err);

    if (rc == 0)
        rc = el_registry_name_free(registry, request->name, now_s, err);
    if (rc < 0)
        return rc;
    if (request->expires_s <= now_s || request->expires_s > now_s + EL_REGISTRY_TOKEN_MAX_S)
        return el_err(err, EL_EINVAL, "token %s: it may live for a second up to a year",
                      request->name);
    if (!el_registry_key_is_sound(request->enrolment_key))
        return el_err(err, EL_EINVAL, "token %s: its key is no public key", request->name);
    if (el_registry_peers(registry) + 2 > EL_REGISTRY_PEERS)
        return el_err(err, EL_EFULL,
                      "token %s: this hub has as many spokes and tokens as it can (%d peers)",
                      request->name, EL_REGISTRY_PEERS);
    if (el_registry_token_by_key(registry, request->enrolment_key) ||
        !el_registry_address_is_free(registry, &request->ip))
        return el_err(err, EL_EAGAIN, "token %s: its key's address is taken, make another key",
                      request->name);
    return 0;
}

int el_registry_token_create(struct el_registry *registry,
                             const struct el_registry_token_request *request, int64_t now_s,
                             struct el_err *err)
{
    int rc = request_check(registry, request, now_s, err);

    if (rc < 0)
        return rc;
    struct el_registry_draft draft = el_registry_draft(registry);
    /* There is one token to a name: one that is over makes room. */
    const struct el_registry_token *old = el_registry_token(registry, request->name);
    if (old)
        el_registry_draft_remove(&draft, EL_REGISTRY_ROW_TOKEN, old);
    struct el_registry_token *token = el_registry_draft_add(&draft, EL_REGISTRY_ROW_TOKEN);
    if (token) {
        strcpy(token->name, request->name);
        memcpy(token->enrolment_key, request->enrolment_key, sizeof token->enrolment_key);
        token->ip = request->ip;
        token->created_s = now_s;
        token->expires_s = request->expires_s;
    }
    rc = el_registry_draft_commit(&draft, err);
    if (rc == 0) {
        if (old)
            el_registry_tell_peer_gone(registry, EL_REGISTRY_PEER_ENROLMENT, old->name,
                                       old->enrolment_key);
        el_registry_tell_token(registry, token);
        el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_TOKEN_CREATED,
                                                               .at_s = now_s,
                                                               .token = token});
    }
    el_registry_draft_end(&draft);
    return rc;
}

/* With EVENT if somebody asked for it; silently when its time is over. */
static int drop(struct el_registry *registry, const struct el_registry_token *token, bool event,
                int64_t now_s, struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);

    el_registry_draft_remove(&draft, EL_REGISTRY_ROW_TOKEN, token);
    int rc = el_registry_draft_commit(&draft, err);
    if (rc == 0)
        el_registry_tell_peer_gone(registry, EL_REGISTRY_PEER_ENROLMENT, token->name,
                                   token->enrolment_key);
    if (rc == 0 && event)
        el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_TOKEN_REMOVED,
                                                               .at_s = now_s,
                                                               .token = token});
    el_registry_draft_end(&draft);
    return rc;
}

int el_registry_token_remove(struct el_registry *registry, const char *name, int64_t now_s,
                             struct el_err *err)
{
    const struct el_registry_token *token = el_registry_token(registry, name);

    if (!token)
        return el_err(err, EL_ENOENT, "token %s: no such token", name);
    if (el_registry_token_ends_s(registry, token) == INT64_MAX)
        return el_err(err, EL_EEXIST,
                      "token %s: its spoke waits for approval; approve or revoke that first", name);
    return drop(registry, token, true, now_s, err);
}

/* -- what is due -- */

static const int64_t warnings_s[] = {3600, 600, 60};

/* Something that was to be said at AT_S has not been said until now. */
static bool is_news(const struct el_registry *registry, int64_t at_s, int64_t now_s)
{
    return at_s > registry->tick_s && at_s <= now_s;
}

static void announce(struct el_registry *registry, int64_t now_s)
{
    for (size_t i = 0; i < el_registry_token_count(registry); i++) {
        const struct el_registry_token *token = el_registry_token_at(registry, i);
        if (!token->used && token->wrong_codes < EL_REGISTRY_WRONG_CODES &&
            is_news(registry, token->expires_s, now_s))
            el_registry_event(
                registry, (struct el_registry_event){
                              .kind = EL_REGISTRY_TOKEN_EXPIRED, .at_s = now_s, .token = token});
    }
    for (size_t i = 0; i < el_registry_network_count(registry); i++) {
        const struct el_registry_network *network = el_registry_network_at(registry, i);
        for (size_t w = 0; network->expires_s && w < sizeof warnings_s / sizeof *warnings_s; w++) {
            int64_t at_s = network->expires_s - warnings_s[w];
            if (at_s <= network->created_s || !is_news(registry, at_s, now_s))
                continue;
            el_registry_event(registry, (struct el_registry_event){
                                            .kind = EL_REGISTRY_NETWORK_EXPIRING,
                                            .at_s = now_s,
                                            .network = network,
                                            .left_s = network->expires_s - now_s,
                                        });
        }
    }
}

static int end_networks(struct el_registry *registry, int64_t now_s, struct el_err *err)
{
    for (size_t i = el_registry_network_count(registry); i-- > 0;) {
        const struct el_registry_network *network = el_registry_network_at(registry, i);
        if (!network->expires_s || network->expires_s > now_s)
            continue;
        int rc = el_registry_network_drop(registry, network, "its lifetime is over", now_s, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int end_tokens(struct el_registry *registry, int64_t now_s, struct el_err *err)
{
    for (size_t i = el_registry_token_count(registry); i-- > 0;) {
        const struct el_registry_token *token = el_registry_token_at(registry, i);
        int rc = el_registry_token_ends_s(registry, token) <= now_s
                     ? drop(registry, token, false, now_s, err)
                     : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int64_t stranger_s(const struct el_registry_spoke *spoke)
{
    return spoke->state == EL_REGISTRY_REVOKED && !spoke->told
               ? spoke->since_s + EL_REGISTRY_GRACE_S
               : INT64_MAX;
}

static int end_revoked(struct el_registry *registry, int64_t now_s, struct el_err *err)
{
    for (size_t i = 0; i < el_registry_spoke_count(registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(registry, i);
        int rc = stranger_s(spoke) <= now_s ? el_registry_forget_peer(registry, spoke, err) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

int el_registry_tick(struct el_registry *registry, int64_t now_s, struct el_err *err)
{
    if (!registry->ticked || registry->tick_s > now_s) /* the first time, or the clock went back */
        registry->tick_s = now_s;
    registry->ticked = true;
    announce(registry, now_s);
    registry->tick_s = now_s;
    int rc = end_networks(registry, now_s, err);
    if (rc == 0)
        rc = end_tokens(registry, now_s, err);
    return rc == 0 ? end_revoked(registry, now_s, err) : rc;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* AT_S, if it is still to be announced. */
static int64_t if_ahead(const struct el_registry *registry, int64_t at_s)
{
    return at_s > registry->tick_s ? at_s : INT64_MAX;
}

int64_t el_registry_deadline_s(const struct el_registry *registry)
{
    int64_t due_s = INT64_MAX;

    if (!registry->ticked)
        return INT64_MIN;
    for (size_t i = 0; i < el_registry_token_count(registry); i++) {
        const struct el_registry_token *token = el_registry_token_at(registry, i);
        due_s = earlier(due_s, el_registry_token_ends_s(registry, token));
        due_s = earlier(due_s, if_ahead(registry, token->expires_s));
    }
    for (size_t i = 0; i < el_registry_network_count(registry); i++) {
        const struct el_registry_network *network = el_registry_network_at(registry, i);
        if (!network->expires_s)
            continue;
        due_s = earlier(due_s, network->expires_s);
        for (size_t w = 0; w < sizeof warnings_s / sizeof *warnings_s; w++)
            due_s = earlier(due_s, if_ahead(registry, network->expires_s - warnings_s[w]));
    }
    for (size_t i = 0; i < el_registry_spoke_count(registry); i++)
        due_s = earlier(due_s, stranger_s(el_registry_spoke_at(registry, i)));
    return due_s;
}

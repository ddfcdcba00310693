/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub's API and its registry under whatever is asked of them. Input: lines, one after the other
 * on one hub.
 *
 *     o POST /v1/tokens {"name":"mars"}    the operator
 *     t POST /v1/enrol {"key":"..."}       who holds the token that was made last
 *     s GET /v1/self                       the spoke that came last
 *     + 3600                               so many seconds later
 *     !                                    the disk is full, or is not any more
 *
 * Nothing is ever our own fault (500), no answer to a spoke or a stranger tells what is not its
 * own, and whatever happened: one spoke to a name, one spoke to a token, one peer to an address.
 */
#include "base/csprng.h"
#include "hub/hub_api.h"
#include "registry/registry_store.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool disk_full;

static void require(bool promise)
{
    if (!promise)
        abort();
}

static int put(void *arg, const struct el_registry_row *rows, size_t count, struct el_err *err)
{
    (void)arg;
    require(rows && count > 0);
    return disk_full ? el_err(err, EL_EIO, "no space left on the disk") : 0;
}

static int load(void *arg, int (*each)(void *, const struct el_registry_row *, struct el_err *),
                void *each_arg, struct el_err *err)
{
    (void)arg;
    (void)each;
    (void)each_arg;
    (void)err;
    return 0;
}

static int ask_program(void *arg, const struct el_node_hub_question *question, struct el_err *err)
{
    (void)arg;
    return question->name[0] == 'x' ? el_err(err, EL_EIO, "cannot be run") : 0;
}

static void check_spokes(const struct el_registry *registry)
{
    for (size_t i = 0; i < el_registry_spoke_count(registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(registry, i);
        struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
        struct el_registry_peer peer;
        require(el_registry_memberships(registry, spoke, m) <= EL_REGISTRY_NETWORKS_OF_SPOKE);
        require(el_registry_spoke_by_key(registry, spoke->key) == spoke);
        if (spoke->state != EL_REGISTRY_REVOKED)
            require(el_registry_spoke(registry, spoke->name) == spoke);
        if (spoke->state == EL_REGISTRY_ENROLLED)
            require(el_registry_who(registry, &spoke->ip, &peer) == 0 &&
                    memcmp(peer.key, spoke->key, sizeof peer.key) == 0);
    }
}

static void check_tokens(const struct el_registry *registry)
{
    for (size_t i = 0; i < el_registry_token_count(registry); i++) {
        const struct el_registry_token *token = el_registry_token_at(registry, i);
        require(el_registry_token(registry, token->name) == token);
        require(token->wrong_codes <= EL_REGISTRY_WRONG_CODES);
        const struct el_registry_spoke *spoke = el_registry_spoke_by_key(registry, token->used_by);
        require(!token->used || (spoke && strcmp(spoke->name, token->name) == 0));
    }
}

/* The last that joined, or the last token. */
static struct el_api_asker asker_of(const struct el_registry *registry, char who)
{
    struct el_api_asker asker = {.scope = EL_API_OPERATOR};
    size_t tokens = el_registry_token_count(registry), spokes = el_registry_spoke_count(registry);

    if (who == 't') {
        asker.scope = EL_API_ENROLMENT;
        if (tokens)
            memcpy(asker.key, el_registry_token_at(registry, tokens - 1)->enrolment_key, 32);
    } else if (who == 's') {
        asker.scope = EL_API_SPOKE;
        if (spokes)
            memcpy(asker.key, el_registry_spoke_at(registry, spokes - 1)->key, 32);
    }
    return asker;
}

static enum el_api_method method_of(const char *name)
{
    static const enum el_api_method all[] = {EL_API_GET, EL_API_POST, EL_API_PUT, EL_API_PATCH,
                                             EL_API_DELETE};

    for (size_t i = 0; name && i < sizeof all / sizeof all[0]; i++)
        if (strcmp(name, el_api_method_name(all[i])) == 0)
            return all[i];
    return EL_API_GET;
}

static void ask(struct el_node_hub_api *hub, struct el_registry *registry, char who, char *rest,
                int64_t now_s)
{
    char *save = NULL, *method = strtok_r(rest, " ", &save), *path = strtok_r(NULL, " ", &save);
    const char *body = save ? save : "";
    struct el_api_call call = {.method = method_of(method),
                               .path = path ? path : "/",
                               .content_type = "application/json",
                               .body = (const uint8_t *)body,
                               .body_len = strlen(body),
                               .asker = asker_of(registry, who),
                               .wall_s = now_s};
    struct el_api_reply reply;

    el_api_handle(el_node_hub_api(hub), &call, &reply);
    require(reply.status != 500);
    if (who == 's' && reply.status == 200 && strcmp(call.path, "/v1/openapi.json") != 0)
        require(strcmp(call.path, "/v1/self") == 0 && !strstr(reply.text, "\"psk\""));
    if (who == 'o' && reply.text && strcmp(call.path, "/v1/openapi.json") != 0)
        require(!strstr(reply.text, "\"psk\""));
    el_api_reply_clear(&reply);
}

static void play(char *text, struct el_node_hub_api *hub, struct el_registry *registry)
{
    int64_t now_s = 1790000000;
    char *save = NULL;
    struct el_err err;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char who = line[0], *rest = line + 1;
        if (who == '!')
            disk_full = !disk_full;
        else if (who == '+')
            now_s += atol(rest) % 10000000;
        else
            ask(hub, registry, who, rest, now_s);
        (void)el_registry_tick(registry, now_s, &err);
        (void)el_node_hub_api_tick(hub, now_s, &err);
        check_spokes(registry);
        check_tokens(registry);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct el_registry_store store = {put, load, NULL};
    static const struct el_registry_observer nobody;
    static const struct el_enrol_endpoint endpoint = {"192.0.2.1", 51820};
    struct el_node_hub_api_config config = {.version = "1",
                                            .endpoints = &endpoint,
                                            .endpoint_count = 1,
                                            .strict = true,
                                            .ask = ask_program};
    static struct el_profile_templates *templates; /* they do not change */
    struct el_node_hub_api *hub = NULL;
    struct el_err err;
    char *text = calloc(1, size + 1);

    require(sodium_init() >= 0 && text);
    templates = templates ? templates : el_profile_templates_new(&err);
    require(templates != NULL);
    config.profiles.templates = templates;
    el_random_seed_for_test(size);
    disk_full = false;
    memcpy(text, data, size);
    require(el_registry_new(&store, &nobody, &config.registry, &err) == 0);
    require(el_node_hub_api_new(&config, &hub, &err) == 0);
    play(text, hub, config.registry);
    el_node_hub_api_free(hub);
    el_registry_free(config.registry);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's tokens and spokes. */
#include "hub/hub_api_internal.h"

#include "enrol/fingerprint.h"
#include "node/key.h"
#include "node/peer.h"
#include "tunnel/tunnel.h"

#include <sodium.h>
#include <string.h>

/* -- tokens -- */

static json_t *token_row(const struct el_node_hub_api *hub, size_t i, int64_t now_s)
{
    return el_hub_token_json(el_registry_token_at(hub->registry, i), now_s);
}

void el_hub_list_tokens(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    el_api_answer(answer, 200,
                  el_hub_list("tokens", el_registry_token_count(hub->registry), token_row, hub,
                              request->wall_s));
}

void el_hub_show_token(void *arg, const struct el_api_request *request,
                       struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const char *name = el_api_param(request, "name");
    const struct el_registry_token *token = el_registry_token(hub->registry, name);

    if (token)
        el_api_answer(answer, 200, el_hub_token_json(token, request->wall_s));
    else
        el_api_refuse(answer, &el_problem_not_found, "token %s: no such token", name);
}

void el_hub_delete_token(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    int rc = el_registry_token_remove(hub->registry, el_api_param(request, "name"), request->wall_s,
                                      &err);

    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 204, NULL);
}

/* Where the hub is called, as this request says it or else as the hub was told at its start. */
static int set_endpoints(const struct el_node_hub_api *hub, const struct el_api_request *request,
                         struct el_enrol_token *token, struct el_err *err)
{
    const json_t *said = json_object_get(request->body, "endpoints");
    size_t count = json_array_size(said);

    for (size_t i = 0; i < count; i++) {
        struct el_enrol_endpoint *to = &token->endpoints[token->endpoint_count++];
        const char *text = json_string_value(json_array_get(said, i));
        char host[256];
        if (el_node_split_endpoint(text, EL_ENROL_PORT, host, &to->port) < 0 ||
            strlen(host) >= sizeof to->host)
            return el_err(err, EL_EINVAL, "endpoint %s: it is HOST or HOST:PORT", text);
        strcpy(to->host, host);
    }
    if (count == 0) {
        token->endpoint_count = hub->config.endpoint_count;
        memcpy(token->endpoints, hub->config.endpoints,
               hub->config.endpoint_count * sizeof *token->endpoints);
    }
    return 0;
}

/* A key pair with an address that is free: its public half goes into the registry, the other one
 * into the token alone. */
static int create_token(struct el_node_hub_api *hub, struct el_enrol_token *token, int64_t now_s,
                        struct el_err *err)
{
    enum { TRIES = 16 };
    uint8_t private_key[32], public_key[32];
    int rc = EL_EAGAIN;

    for (int i = 0; i < TRIES && rc == EL_EAGAIN; i++) {
        el_enrol_token_make_key(token);
        el_enrol_token_key(token, private_key);
        el_tunnel_key_public(private_key, public_key);
        struct el_registry_token_request request = {
            .name = token->name,
            .enrolment_key = public_key,
            .ip = el_ip4(el_node_key_address(public_key)),
            .expires_s = token->expires_s,
        };
        rc = el_registry_token_create(hub->registry, &request, now_s, err);
    }
    sodium_memzero(private_key, sizeof private_key);
    return rc;
}

static void answer_token(struct el_node_hub_api *hub, const struct el_enrol_token *token,
                         const char *text, int64_t now_s, struct el_api_answer *answer)
{
    json_t *body = el_hub_token_json(el_registry_token(hub->registry, token->name), now_s);
    char path[16 + EL_REGISTRY_NAME] = "/v1/tokens/";

    json_object_set_new(body, "token", json_string(text));
    el_api_answer(answer, 201, body);
    el_api_location(answer, strcat(path, token->name));
}

void el_hub_create_token(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_enrol_token token = {
        .expires_s =
            request->wall_s + el_api_integer(request, "for_s", EL_NODE_HUB_TOKEN_DEFAULT_S)};
    char text[EL_ENROL_TOKEN_TEXT];
    struct el_err err = {""};

    strncpy(token.name, el_api_string(request, "name"), sizeof token.name - 1);
    memcpy(token.hub_key, hub->config.key, sizeof token.hub_key);
    int rc = set_endpoints(hub, request, &token, &err);
    if (rc == 0 && token.endpoint_count == 0) {
        el_api_refuse(answer, &el_hub_no_endpoint,
                      "a token says where the hub is called, and this hub has not been told: give "
                      "an endpoint, or start it with one");
        return;
    }
    /* What cannot be written as a token is found out before anything is made. */
    if (rc == 0)
        rc = el_enrol_token_encode(&token, text, &err);
    if (rc >= 0)
        rc = create_token(hub, &token, request->wall_s, &err);
    if (rc >= 0)
        rc = el_enrol_token_encode(&token, text, &err);
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        answer_token(hub, &token, text, request->wall_s, answer);
    el_enrol_token_wipe(&token);
    sodium_memzero(text, sizeof text);
}

/* -- spokes -- */

static unsigned given_count(const struct el_node_hub_api *hub)
{
    return hub->config.given ? hub->config.given->count : 0;
}

/* The one of the command line called NAME, or NULL. */
static const struct el_node_peer *given_named(const struct el_node_hub_api *hub, const char *name)
{
    for (unsigned i = 0; i < given_count(hub); i++)
        if (strcmp(hub->config.given->items[i].name, name) == 0)
            return &hub->config.given->items[i];
    return NULL;
}

/* First those of the command line. */
static json_t *spoke_row(const struct el_node_hub_api *hub, size_t i, int64_t now_s)
{
    unsigned given = given_count(hub);

    (void)now_s;
    return i < given ? el_hub_given_json(hub, &hub->config.given->items[i])
                     : el_hub_spoke_json(hub, el_registry_spoke_at(hub->registry, i - given));
}

void el_hub_list_spokes(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    el_api_answer(answer, 200,
                  el_hub_list("spokes", given_count(hub) + el_registry_spoke_count(hub->registry),
                              spoke_row, hub, request->wall_s));
}

/* The spoke of the path, or a refusal. */
static const struct el_registry_spoke *spoke_of(const struct el_node_hub_api *hub,
                                                const struct el_api_request *request,
                                                struct el_api_answer *answer)
{
    const char *name = el_api_param(request, "name");
    const struct el_registry_spoke *spoke =
        given_named(hub, name) ? NULL : el_registry_spoke(hub->registry, name);

    if (given_named(hub, name))
        el_api_refuse(answer, &el_problem_conflict,
                      "spoke %s: it was named when the hub was started; take it from there, and "
                      "start the hub again",
                      name);
    else if (!spoke)
        el_api_refuse(answer, &el_problem_not_found, "spoke %s: no such spoke", name);
    return spoke;
}

void el_hub_show_spoke(void *arg, const struct el_api_request *request,
                       struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const struct el_node_peer *given = given_named(hub, el_api_param(request, "name"));
    const struct el_registry_spoke *spoke = given ? NULL : spoke_of(hub, request, answer);

    if (given)
        el_api_answer(answer, 200, el_hub_given_json(hub, given));
    else if (spoke)
        el_api_answer(answer, 200, el_hub_spoke_json(hub, spoke));
}

void el_hub_approve(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const struct el_registry_spoke *spoke = spoke_of(hub, request, answer);
    struct el_err err = {""};

    if (!spoke)
        return;
    if (!el_enrol_fingerprint_is(el_api_string(request, "fingerprint"), spoke->key)) {
        el_api_refuse(answer, &el_hub_fingerprint,
                      "spoke %s: this is not the fingerprint of its key; approve it only if both "
                      "sides show the same",
                      spoke->name);
        return;
    }
    int rc = el_registry_approve(hub->registry, spoke->name, spoke->key, request->wall_s, &err);
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 200, el_hub_spoke_json(hub, spoke));
}

void el_hub_revoke(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const struct el_registry_spoke *spoke = spoke_of(hub, request, answer);
    struct el_err err = {""};

    if (!spoke)
        return;
    int rc = el_registry_revoke(hub->registry, spoke->name, request->wall_s, &err);
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 200, el_hub_spoke_json(hub, spoke));
}

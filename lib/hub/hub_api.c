/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub's API: who asks, the hub itself, a spoke's view of itself, the second factor's policy. */
#include "hub/hub_api_internal.h"

#include "base/civil.h"
#include "enrol/totp.h"
#include "tunnel/tunnel.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- refusals -- */

const struct el_problem el_hub_token_unknown = {403, "token-unknown", "The token is not known"};
const struct el_problem el_hub_token_expired = {410, "token-expired", "The token has expired"};
const struct el_problem el_hub_token_used = {409, "token-used", "The token has been used"};
const struct el_problem el_hub_token_burnt = {410, "token-burnt", "The token is worthless"};
const struct el_problem el_hub_key_revoked = {403, "key-revoked", "The key has been revoked"};
const struct el_problem el_hub_key_taken = {409, "key-taken", "The key is another's"};
const struct el_problem el_hub_code_required = {403, "code-required", "A code is asked for"};
const struct el_problem el_hub_code_wrong = {403, "code-wrong", "The code is wrong"};
const struct el_problem el_hub_code_reused = {403, "code-reused", "The code has been used"};
const struct el_problem el_hub_refused = {403, "refused", "The second factor says no"};
const struct el_problem el_hub_fingerprint = {409, "fingerprint-mismatch",
                                              "The fingerprint is another key's"};
const struct el_problem el_hub_no_endpoint = {409, "no-endpoint",
                                              "Nobody knows where this hub is called"};

void el_hub_refuse(struct el_api_answer *answer, int rc, const struct el_err *err)
{
    const struct el_problem *problem = &el_problem_unavailable; /* the disk, memory */

    if (rc == EL_ENOENT)
        problem = &el_problem_not_found;
    else if (rc == EL_EEXIST || rc == EL_EFULL)
        problem = &el_problem_conflict;
    else if (rc == EL_EINVAL)
        problem = &el_problem_invalid;
    else if (rc == EL_EAUTH)
        problem = &el_hub_fingerprint;
    el_api_refuse(answer, problem, "%s", err->text);
}

/* -- the hub -- */

static json_t *counts_json(const struct el_registry *registry)
{
    int count[EL_REGISTRY_SPOKE_STATES] = {0};

    for (size_t i = 0; i < el_registry_spoke_count(registry); i++)
        count[el_registry_spoke_at(registry, i)->state]++;
    return json_pack("{s:i, s:i, s:i}", "pending", count[EL_REGISTRY_PENDING], "enrolled",
                     count[EL_REGISTRY_ENROLLED], "revoked", count[EL_REGISTRY_REVOKED]);
}

static json_t *endpoints_json(const struct el_node_hub_api_config *config)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < config->endpoint_count; i++) {
        const struct el_enrol_endpoint *endpoint = &config->endpoints[i];
        json_array_append_new(
            list, json_pack("{s:s, s:i}", "host", endpoint->host, "port", endpoint->port));
    }
    return list;
}

void el_hub_show_hub(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    el_api_answer(
        answer, 200,
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "version", hub->config.version, "key",
                  el_json_key(hub->config.key), "time", el_json_time(request->wall_s), "started",
                  el_json_time(hub->config.started_s), "endpoints", endpoints_json(&hub->config),
                  "spokes", counts_json(hub->registry), "networks",
                  (int)el_registry_network_count(hub->registry), "second_factor",
                  el_hub_second_factor_json(el_registry_second_factor(hub->registry))));
}

/* -- a spoke about itself -- */

void el_hub_farewell(struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                     int64_t now_s, struct el_api_answer *answer)
{
    struct el_hub_farewell *free_one = NULL;

    el_api_refuse(answer, &el_hub_key_revoked,
                  "this spoke has been revoked by the hub's operator; its key never comes back");
    for (int i = 0; i < EL_NODE_HUB_QUESTIONS; i++) {
        struct el_hub_farewell *f = &hub->farewells[i];
        if (f->at_s && memcmp(f->key, spoke->key, sizeof f->key) == 0)
            return;
        if (!f->at_s)
            free_one = f;
    }
    if (!free_one)
        return; /* at its next question, then */
    memcpy(free_one->key, spoke->key, sizeof free_one->key);
    free_one->at_s = now_s + EL_NODE_HUB_TOLD_S;
    if (hub->config.due)
        hub->config.due(hub->config.arg);
}

int64_t el_node_hub_api_deadline_s(const struct el_node_hub_api *hub)
{
    int64_t due_s = INT64_MAX;

    for (int i = 0; i < EL_NODE_HUB_QUESTIONS; i++)
        if (hub->farewells[i].at_s && hub->farewells[i].at_s < due_s)
            due_s = hub->farewells[i].at_s;
    return due_s;
}

int el_node_hub_api_tick(struct el_node_hub_api *hub, int64_t now_s, struct el_err *err)
{
    for (int i = 0; i < EL_NODE_HUB_QUESTIONS; i++) {
        struct el_hub_farewell *f = &hub->farewells[i];
        if (!f->at_s || f->at_s > now_s)
            continue;
        int rc = el_registry_told(hub->registry, f->key, now_s, err);
        if (rc < 0 && rc != EL_ENOENT)
            return rc;
        f->at_s = 0;
    }
    return 0;
}

/* The last of the registry's warnings (el_registry_tick()), as long as it is true. */
static const char *how_soon(int64_t left_s)
{
    return left_s <= 60 ? "a minute" : left_s <= 600 ? "10 minutes" : "an hour";
}

static void add_expiring(json_t *list, const struct el_registry_network *network, int64_t now_s)
{
    char text[96], when[EL_CIVIL_TEXT];
    int64_t left_s = network->expires_s - now_s;

    if (!network->expires_s || left_s > 3600)
        return;
    snprintf(text, sizeof text, "the hub takes it down at %s, in less than %s",
             el_civil_text(network->expires_s, when), how_soon(left_s));
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "kind", "network-expiring", "network",
                                          network->name, "text", text));
}

static void add_loop(json_t *list, const struct el_node_hub_api *hub,
                     const struct el_registry_spoke *spoke,
                     const struct el_registry_network *network)
{
    char text[160];
    const char *other = "";
    enum el_node_hub_loop loop =
        hub->config.loop ? hub->config.loop(hub->config.arg, spoke->key, network->vni, &other)
                         : EL_NODE_HUB_NO_LOOP;

    if (loop == EL_NODE_HUB_NO_LOOP)
        return;
    snprintf(text, sizeof text, "this spoke bridges the same LAN as %.64s; %s shut out", other,
             loop == EL_NODE_HUB_SHUT_OUT ? "this one is" : "that one is");
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s}", "kind", "loop", "network", network->name, "text", text));
}

/* Of the spoke's networks. */
static json_t *notices_json(const struct el_node_hub_api *hub,
                            const struct el_registry_spoke *spoke, int64_t now_s)
{
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    unsigned count = el_registry_memberships(hub->registry, spoke, m);
    json_t *list = json_array();

    for (unsigned i = 0; i < count; i++) {
        const struct el_registry_network *network =
            el_registry_network_by_vni(hub->registry, m[i].vni);
        add_expiring(list, network, now_s);
        add_loop(list, hub, spoke, network);
    }
    return list;
}

void el_hub_show_self(void *arg, const struct el_api_request *request, struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const struct el_registry_spoke *spoke =
        el_registry_spoke_by_key(hub->registry, request->asker->key);
    char address[EL_IP_TEXT];

    if (!spoke) {
        el_api_refuse(answer, &el_problem_forbidden, "no spoke of this hub has your key");
        return;
    }
    if (spoke->state == EL_REGISTRY_REVOKED) {
        el_hub_farewell(hub, spoke, request->wall_s, answer);
        return;
    }
    el_api_answer(answer, 200,
                  json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name", spoke->name,
                            "state", el_registry_spoke_state_names[spoke->state], "address",
                            el_ip_text(&spoke->ip, address), "wire",
                            el_tunnel_wire_names[spoke->wire], "networks",
                            el_hub_memberships_json(hub, spoke), "notices",
                            notices_json(hub, spoke, request->wall_s), "peers",
                            el_hub_peers_json(hub, spoke, request->wall_s), "time",
                            el_json_time(request->wall_s)));
}

/* -- the second factor -- */

void el_hub_show_second_factor(void *arg, const struct el_api_request *request,
                               struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    (void)request;
    el_api_answer(answer, 200, el_hub_second_factor_json(el_registry_second_factor(hub->registry)));
}

/* FACTOR as the request says it, or as it was. */
static void set_factor(const struct el_api_request *request, const char *member, unsigned factor,
                       unsigned *factors)
{
    const json_t *said = json_object_get(request->body, member);

    if (json_is_true(said))
        *factors |= factor;
    else if (json_is_false(said))
        *factors &= ~factor;
}

/* The secret, the one time that it is shown. */
static json_t *with_secret(json_t *body, const struct el_registry_second_factor *policy,
                           const char *label)
{
    char text[EL_ENROL_TOTP_SECRET_TEXT], uri[EL_ENROL_TOTP_URI_TEXT];

    el_enrol_totp_secret_text(policy->secret, text);
    json_object_set_new(body, "secret", json_string(text));
    if (el_enrol_totp_uri(policy->secret, label, uri) >= 0)
        json_object_set_new(body, "uri", json_string(uri));
    sodium_memzero(text, sizeof text);
    sodium_memzero(uri, sizeof uri);
    return body;
}

void el_hub_set_second_factor(void *arg, const struct el_api_request *request,
                              struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_registry_second_factor policy = *el_registry_second_factor(hub->registry);
    const char *label = el_api_string(request, "label");
    struct el_err err = {""};

    set_factor(request, "totp", EL_REGISTRY_FACTOR_TOTP, &policy.factors);
    set_factor(request, "approval", EL_REGISTRY_FACTOR_APPROVAL, &policy.factors);
    set_factor(request, "program", EL_REGISTRY_FACTOR_PROGRAM, &policy.factors);
    bool is_new =
        policy.factors & EL_REGISTRY_FACTOR_TOTP &&
        (policy.secret_len != EL_ENROL_TOTP_SECRET_BYTES || el_api_boolean(request, "new_secret"));
    if (is_new) {
        el_enrol_totp_make_secret(policy.secret);
        policy.secret_len = EL_ENROL_TOTP_SECRET_BYTES;
    }
    if (policy.factors & EL_REGISTRY_FACTOR_PROGRAM && !hub->config.ask) {
        el_api_refuse(answer, &el_problem_conflict,
                      "this hub has no program to ask: start it with --second-factor-exec");
    } else {
        int rc = el_registry_second_factor_set(hub->registry, &policy, request->wall_s, &err);
        json_t *body = rc == 0 ? el_hub_second_factor_json(&policy) : NULL;
        if (rc < 0)
            el_hub_refuse(answer, rc, &err);
        else
            el_api_answer(answer, 200,
                          is_new ? with_secret(body, &policy, label ? label : "hub") : body);
    }
    sodium_memzero(&policy, sizeof policy);
}

/* -- who asks -- */

int el_node_hub_api_asker(const struct el_node_hub_api *hub, const struct el_endpoint *from,
                          struct el_api_asker *asker)
{
    struct el_registry_peer peer;
    int rc = el_registry_who(hub->registry, &from->ip, &peer);

    if (rc < 0)
        return rc;
    *asker = (struct el_api_asker){
        .scope = peer.kind == EL_REGISTRY_PEER_ENROLMENT ? EL_API_ENROLMENT : EL_API_SPOKE,
        .from = *from};
    memcpy(asker->key, peer.key, sizeof asker->key);
    sodium_memzero(&peer, sizeof peer);
    return 0;
}

/* -- made and unmade -- */

struct el_api *el_node_hub_api(const struct el_node_hub_api *hub)
{
    return hub->api;
}

int el_node_hub_api_new(const struct el_node_hub_api_config *config, struct el_node_hub_api **hub,
                        struct el_err *err)
{
    struct el_node_hub_api *new = calloc(1, sizeof *new);

    *hub = NULL;
    if (!new)
        return el_err(err, EL_ENOMEM, "the API: out of memory");
    new->config = *config;
    new->registry = config->registry;
    new->config.profiles.registry = config->registry;
    new->reports = el_map_new(EL_REGISTRY_KEY_BYTES, EL_REGISTRY_PEERS);
    if (!new->reports) {
        el_node_hub_api_free(new);
        return el_err(err, EL_ENOMEM, "the API: out of memory");
    }
    struct el_api_config api = {
        .title = "el2w hub",
        .version = config->version,
        .about = "What an el2w hub knows and does.",
        .operations = {el_hub_operations, el_hub_image_operations, el_hub_machine_operations,
                       el_hub_profile_operations, el_hub_timeline_operations},
        .steps = config->timeline ? el_hub_timeline_events(config->timeline) : NULL,
        .arg = new,
        .events = config->events,
        .strict = config->strict};
    int rc = el_api_new(&api, &new->api, err);
    if (rc < 0) {
        el_node_hub_api_free(new);
        return rc;
    }
    *hub = new;
    return 0;
}

void el_node_hub_api_free(struct el_node_hub_api *hub)
{
    if (!hub)
        return;
    el_api_free(hub->api);
    el_hub_forget_reports(hub);
    sodium_memzero(hub, sizeof *hub);
    free(hub);
}

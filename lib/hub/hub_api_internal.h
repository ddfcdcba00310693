/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the hub's API share. */
#ifndef EL_HUB_HUB_API_INTERNAL_H
#define EL_HUB_HUB_API_INTERNAL_H

#include "base/map.h"
#include "hub/hub_api.h"
#include "spoke/agent_report.h"

/* Somebody for whom the second factor's program runs, or has said something. */
struct el_hub_question {
    bool used;
    uint8_t enrolment_key[32], key[32];
    struct el_enrol_progress progress; /* its code has been right */
    enum el_enrol_program program;
    bool code_spent; /* and is written down as used */
    bool counted;    /* its no is among the token's wrong answers */
    int64_t until_s;
};

/* A revoked spoke that has been told so, and is let go when the answer has arrived. */
struct el_hub_farewell {
    uint8_t key[32];
    int64_t at_s; /* 0: free */
};

struct el_node_hub_api {
    struct el_node_hub_api_config config;
    struct el_registry *registry;
    struct el_api *api;
    struct el_hub_question questions[EL_NODE_HUB_QUESTIONS];
    struct el_hub_farewell farewells[EL_NODE_HUB_QUESTIONS];
    struct el_map *reports; /* what spokes have said, by their keys */
};

/* -- the table's rows, by file -- */

el_api_handler el_hub_show_hub, el_hub_show_self, el_hub_tell_self, el_hub_report_peers,
    el_hub_show_second_factor, el_hub_set_second_factor;
el_api_handler el_hub_list_tokens, el_hub_create_token, el_hub_show_token, el_hub_delete_token;
el_api_handler el_hub_list_spokes, el_hub_show_spoke, el_hub_approve, el_hub_revoke;
el_api_handler el_hub_list_networks, el_hub_create_network, el_hub_show_network,
    el_hub_delete_network, el_hub_publish, el_hub_unpublish;
el_api_handler el_hub_list_ports, el_hub_create_port, el_hub_show_port, el_hub_delete_port,
    el_hub_start_port, el_hub_stop_port, el_hub_publish_port, el_hub_unpublish_port;
el_api_handler el_hub_enrol;

extern const struct el_api_operation el_hub_operations[], el_hub_image_operations[];
extern const struct el_api_operation el_hub_machine_operations[], el_hub_profile_operations[];
extern const struct el_api_operation el_hub_timeline_operations[];

/* -- rows as JSON: new, the caller's; NULL: out of memory -- */

json_t *el_hub_token_json(const struct el_registry_token *token, int64_t now_s);
json_t *el_hub_spoke_json(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke);
json_t *el_hub_given_json(const struct el_node_hub_api *hub, const struct el_node_peer *peer);
json_t *el_hub_network_json(const struct el_node_hub_api *hub,
                            const struct el_registry_network *network);
json_t *el_hub_port_json(const struct el_node_hub_api *hub, const struct el_registry_port *port);
json_t *el_hub_memberships_json(const struct el_node_hub_api *hub,
                                const struct el_registry_spoke *spoke);
json_t *el_hub_peers_json(const struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                          int64_t now_s);
/* The names of those whom SPOKE sees directly. */
json_t *el_hub_direct_json(const struct el_node_hub_api *hub,
                           const struct el_registry_spoke *spoke);
json_t *el_hub_machine_json(const struct el_node_hub_api *hub, const struct el_mac *mac);
json_t *el_hub_second_factor_json(const struct el_registry_second_factor *policy);

/* FILE of PROFILE as a machine with FACTS gets it, without secrets; NULL with *RC and ERR, or out
 * of memory. */
json_t *el_hub_render(const struct el_node_hub_api *hub, const struct el_profile *profile,
                      const struct el_profile_facts *facts, const char *file, int *rc,
                      struct el_err *err);
extern const struct el_schema el_hub_rendered;

/* An object with one list in it, which is filled with what ROW makes of 0..COUNT - 1. */
json_t *el_hub_list(const char *name, size_t count,
                    json_t *(*row)(const struct el_node_hub_api *hub, size_t i, int64_t now_s),
                    const struct el_node_hub_api *hub, int64_t now_s);

/* -- what spokes have said (hub_api_report.c) -- */

/* About the network VNI; NULL: nothing. */
const struct el_agent_port *el_hub_reported(const struct el_node_hub_api *hub,
                                            const struct el_registry_spoke *spoke, uint32_t vni);
void el_hub_forget_reports(struct el_node_hub_api *hub);

/* -- refusals -- */

extern const struct el_problem el_hub_token_unknown, el_hub_token_expired, el_hub_token_used,
    el_hub_token_burnt, el_hub_key_revoked, el_hub_key_taken, el_hub_code_required,
    el_hub_code_wrong, el_hub_code_reused, el_hub_refused, el_hub_fingerprint, el_hub_no_endpoint;

/* What the registry said (RC and ERR), as a problem. */
void el_hub_refuse(struct el_api_answer *answer, int rc, const struct el_err *err);

/* -- */

/* A revoked spoke has asked, and is told so: the answer, and what is due after it. */
void el_hub_farewell(struct el_node_hub_api *hub, const struct el_registry_spoke *spoke,
                     int64_t now_s, struct el_api_answer *answer);

#endif

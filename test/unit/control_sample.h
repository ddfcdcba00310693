/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small API of every kind of operation, for the tests of what is around it. */
#ifndef TEST_UNIT_CONTROL_SAMPLE_H
#define TEST_UNIT_CONTROL_SAMPLE_H

#include "control/api.h"

#include <string.h>

static const char *const sample_wires[] = {"standard", "compact", NULL};

static const struct el_schema_field sample_membership_fields[] = {
    {.name = "network", .format = EL_FORMAT_INTERFACE, .required = true, .about = "its name"},
    {.name = "published", .type = EL_SCHEMA_BOOLEAN, .required = true},
    {0},
};
static const struct el_schema sample_membership = {"Membership", "A spoke in a network.",
                                                   sample_membership_fields};
static const struct el_schema_field sample_membership_item = {.type = EL_SCHEMA_OBJECT,
                                                              .object = &sample_membership};
static const struct el_schema_field sample_tag_item = {.min = 1, .max = 4};

static const struct el_schema_field sample_spoke_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of the spoke"},
    {.name = "key", .format = EL_FORMAT_KEY},
    {.name = "keepalive", .type = EL_SCHEMA_INTEGER, .min = 0, .max = 65535, .about = "in seconds"},
    {.name = "fast", .type = EL_SCHEMA_BOOLEAN},
    {.name = "wire", .values = sample_wires},
    {.name = "comment", .min = 1, .max = 20, .nullable = true},
    {.name = "script", .format = EL_FORMAT_LINES, .max = 20},
    {.name = "tags", .type = EL_SCHEMA_ARRAY, .max = 3, .items = &sample_tag_item},
    {.name = "networks", .type = EL_SCHEMA_ARRAY, .max = 8, .items = &sample_membership_item},
    {.name = "main", .type = EL_SCHEMA_OBJECT, .object = &sample_membership, .nullable = true},
    {.name = "address", .format = EL_FORMAT_IP},
    {.name = "cidr", .format = EL_FORMAT_CIDR},
    {.name = "endpoint", .format = EL_FORMAT_ENDPOINT},
    {.name = "expires", .format = EL_FORMAT_DATE_TIME},
    {.name = "code", .format = EL_FORMAT_CODE},
    {0},
};
static const struct el_schema sample_spoke = {"Spoke", "A spoke.", sample_spoke_fields};

static const struct el_schema_field sample_list_fields[] = {
    {.name = "count", .type = EL_SCHEMA_INTEGER, .required = true},
    {.name = "state", .required = true},
    {0},
};
static const struct el_schema sample_list = {"Spokes", "All of them.", sample_list_fields};

static const struct el_schema_field sample_by_name[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of the spoke"}, {0}};
static const struct el_schema_field sample_selection[] = {
    {.name = "state", .values = (const char *const[]){"pending", "enrolled", NULL}},
    {.name = "limit", .type = EL_SCHEMA_INTEGER, .min = 1, .max = 100},
    {0},
};

static const struct el_problem sample_used = {409, "token-used", "The token has been used"};
static const struct el_problem sample_taken = {409, "name-taken", "The name is taken"};
static const struct el_problem *const sample_problems[] = {&sample_used, &sample_taken, NULL};

/* What the handlers have been asked, and what they shall say wrong. */
struct sample {
    struct el_events *steps; /* NULL: there is no such ring */
    unsigned called;
    char name[64];
    bool lies;
};

static void sample_called(struct sample *sample, const char *name)
{
    sample->called++;
    strncpy(sample->name, name ? name : "", sizeof sample->name - 1);
}

static void sample_show_list(void *arg, const struct el_api_request *request,
                             struct el_api_answer *answer)
{
    const char *state = el_api_param(request, "state");

    sample_called(arg, state);
    el_api_answer(answer, 200,
                  json_pack("{s:I, s:s}", "count",
                            (json_int_t)el_api_param_integer(request, "limit", 7), "state",
                            state ? state : "any"));
}

static void sample_create(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    struct sample *sample = arg;
    const char *name = el_api_string(request, "name");

    sample_called(arg, name);
    if (strcmp(name, "used") == 0) {
        el_api_refuse(answer, &sample_used, "by %s", "venus");
        el_api_refuse_member(answer, "tries-left", json_integer(3));
        return;
    }
    el_api_answer(answer, 201, json_deep_copy(request->body));
    el_api_location(answer, "/v1/spokes/mars");
    if (sample->lies)
        json_object_set_new(answer->body, "keepalive", json_string("long"));
}

static void sample_show(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    sample_called(arg, el_api_param(request, "name"));
    el_api_answer(answer, 200, json_pack("{s:s}", "name", el_api_param(request, "name")));
}

static void sample_delete(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    sample_called(arg, el_api_param(request, "name"));
    el_api_answer(answer, 204, NULL);
}

static void sample_approve(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    sample_called(arg, el_api_param(request, "name"));
    el_api_answer(answer, 202, json_pack("{s:s}", "name", el_api_param(request, "name")));
}

static void sample_self(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    sample_called(arg, "self");
    el_api_answer(answer, 200,
                  json_pack("{s:s, s:o}", "name", "mars", "key", el_json_key(request->asker->key)));
}

static const struct el_api_response sample_list_responses[] = {
    {200, &sample_list, "They are these.", NULL}, {0}};
static const struct el_api_response sample_created[] = {{201, &sample_spoke, "It is made.", NULL},
                                                        {0}};
static const struct el_api_response sample_shown[] = {{200, &sample_spoke, "It is this.", NULL},
                                                      {0}};
static const struct el_api_response sample_accepted[] = {{202, &sample_spoke, "It will be.", NULL},
                                                         {0}};
static const struct el_api_response sample_gone[] = {{204, NULL, "It is gone.", NULL}, {0}};

static const struct el_api_operation sample_operations[] = {
    {.method = EL_API_GET,
     .path = "/v1/spokes",
     .id = "listSpokes",
     .about = "All spokes.",
     .scopes = EL_API_OPERATOR,
     .params = sample_selection,
     .responses = sample_list_responses,
     .handler = sample_show_list},
    {.method = EL_API_POST,
     .path = "/v1/spokes",
     .id = "createSpoke",
     .about = "A new spoke.",
     .scopes = EL_API_OPERATOR | EL_API_ENROLMENT,
     .request = &sample_spoke,
     .responses = sample_created,
     .problems = sample_problems,
     .handler = sample_create},
    {.method = EL_API_GET,
     .path = "/v1/spokes/{name}",
     .id = "showSpoke",
     .about = "One spoke.",
     .scopes = EL_API_OPERATOR,
     .params = sample_by_name,
     .responses = sample_shown,
     .handler = sample_show},
    {.method = EL_API_DELETE,
     .path = "/v1/spokes/{name}",
     .id = "removeSpoke",
     .about = "It is forgotten.",
     .scopes = EL_API_OPERATOR,
     .params = sample_by_name,
     .responses = sample_gone,
     .handler = sample_delete},
    {.method = EL_API_POST,
     .path = "/v1/spokes/{name}/approve",
     .id = "approveSpoke",
     .about = "It may join.",
     .scopes = EL_API_OPERATOR,
     .params = sample_by_name,
     .responses = sample_accepted,
     .handler = sample_approve},
    {.method = EL_API_GET,
     .path = "/v1/self",
     .id = "showSelf",
     .about = "Who asks.",
     .scopes = EL_API_SPOKE,
     .responses = sample_shown,
     .handler = sample_self},
    {0},
};

static struct el_api *sample_api(struct sample *sample, struct el_events *events)
{
    const struct el_api_config config = {
        .title = "sample",
        .version = "1.0",
        .about = "Of a test.",
        .operations = {sample_operations},
        .arg = sample,
        .events = events,
        .steps = sample->steps,
        .strict = true,
    };
    struct el_api *api = NULL;

    return el_api_new(&config, &api, NULL) == 0 ? api : NULL;
}

#endif

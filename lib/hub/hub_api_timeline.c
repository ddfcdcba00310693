/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's timelines: the steps of a machine's starts. */
#include "base/time.h"
#include "hub/hub_api_internal.h"

enum { CAPTURE_S = 60, CAPTURE_MOST_S = 86400 };

static const char trace_type[] = "application/vnd.tcpdump.pcap"; /* its newer form has no other */

/* By name or MAC. 0, or EL_ENOENT and the refusal. */
static int find(const struct el_node_hub_api *hub, const char *text, struct el_mac *mac,
                struct el_api_answer *answer)
{
    const struct el_registry_machine *machine = el_registry_machine_by_name(hub->registry, text);

    if (machine) {
        *mac = machine->mac;
        return 0;
    }
    if (el_mac_parse(text, mac) == 0 && (el_registry_machine(hub->registry, mac) ||
                                         el_hub_timeline_knows(hub->config.timeline, mac)))
        return 0;
    el_api_refuse(answer, &el_problem_not_found,
                  "machine %s: nothing was seen of such a machine since the hub was started", text);
    return EL_ENOENT;
}

static void show_timeline(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    char text[EL_MAC_TEXT];
    struct el_mac mac;

    if (!hub->config.timeline)
        el_api_refuse(answer, &el_problem_not_found, "nobody tells this hub of machines");
    else if (find(hub, el_api_param(request, "machine"), &mac, answer) == 0)
        el_api_answer(answer, 200,
                      json_pack("{s:s, s:o}", "mac", el_mac_text(&mac, text), "steps",
                                el_hub_timeline_json(hub->config.timeline, &mac)));
}

static void show_capture(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    int64_t since_s = request->wall_s - el_api_param_integer(request, "seconds", CAPTURE_S);
    struct el_mac mac;
    size_t len = 0;

    if (!hub->config.timeline || !hub->config.recent) {
        el_api_refuse(answer, &el_problem_not_found, "this hub keeps no frames");
        return;
    }
    if (find(hub, el_api_param(request, "machine"), &mac, answer) < 0)
        return;
    uint8_t *trace = el_hub_recent_trace(hub->config.recent, &mac,
                                         (uint64_t)(since_s > 0 ? since_s : 0) * EL_S, &len);
    el_api_answer_bytes(answer, 200, trace_type, trace, len);
}

/* -- the table -- */

#define NUMBER(what, says)                                                                     \
    {                                                                                          \
        .name = (what), .type = EL_SCHEMA_INTEGER, .min = 0, .max = INT64_MAX, .about = (says) \
    }

static const struct el_schema_field step_fields[] = {
    {.name = "mac", .required = true, .min = 17, .max = 17},
    {.name = "network", .required = true, .max = 64},
    {.name = "name", .max = EL_REGISTRY_NAME - 1, .about = "of the machine"},
    NUMBER("id", "in the order of their beginnings; the same again is more of it"),
    NUMBER("boot", "which of its starts, from 1"),
    {.name = "kind", .required = true, .max = 32, .about = "\"discover\", \"kernel\" ..."},
    {.name = "text", .max = EL_TIMELINE_TEXT - 1, .about = "of what, or why"},
    NUMBER("count", "it happened so many times"),
    NUMBER("began_ms", "the first time, since 1970"),
    NUMBER("last_ms", "the last time"),
    {.name = "state", .max = 16, .about = "of a transfer: probed, running, done, broken"},
    NUMBER("done", "bytes of a transfer"),
    NUMBER("total", "that it has; absent: nobody knows"),
    {0}};
static const struct el_schema step = {"Step", "A step of a machine's start.", step_fields};
static const struct el_schema_field step_item = {.type = EL_SCHEMA_OBJECT, .object = &step};
static const struct el_schema_field timeline_fields[] = {
    {.name = "mac", .required = true, .min = 17, .max = 17},
    {.name = "steps",
     .type = EL_SCHEMA_ARRAY,
     .required = true,
     .max = 1 << 16,
     .items = &step_item,
     .about = "the oldest first"},
    {0}};
static const struct el_schema timeline = {"Timeline", "The last steps of a machine's starts.",
                                          timeline_fields};

static const struct el_schema_field by_machine[] = {
    {.name = "machine", .required = true, .min = 1, .max = 64, .about = "its name or MAC"}, {0}};
static const struct el_api_response timeline_200[] = {{200, &timeline, "the timeline", NULL}, {0}};

static const struct el_schema_field by_machine_since[] = {
    {.name = "machine", .required = true, .min = 1, .max = 64, .about = "its name or MAC"},
    {.name = "seconds",
     .type = EL_SCHEMA_INTEGER,
     .min = 1,
     .max = CAPTURE_MOST_S,
     .about = "as long ago at most; 60"},
    {0}};
static const struct el_api_response trace_200[] = {{200, NULL, "the trace", trace_type}, {0}};

const struct el_api_operation el_hub_timeline_operations[] = {
    {.method = EL_API_GET,
     .path = "/v1/machines/{machine}/timeline",
     .id = "showTimeline",
     .about = "The last steps of a machine's starts, and what is wrong with it.",
     .scopes = EL_API_OPERATOR,
     .params = by_machine,
     .responses = timeline_200,
     .handler = show_timeline},
    {.method = EL_API_GET,
     .path = "/v1/machines/{machine}/capture",
     .id = "captureMachine",
     .about =
         "What a machine and its boot service said to each other lately, as pcapng: what tells "
         "something whole or in its beginning, of bulk nothing.",
     .scopes = EL_API_OPERATOR,
     .params = by_machine_since,
     .responses = trace_200,
     .handler = show_capture},
    {0}};

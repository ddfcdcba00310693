/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w events: what happens at a hub, as it happens. */
#include "ask.h"

#include "node/places.h"

#include <stdio.h>

struct events {
    struct el_cmd_ask ask;
    const char *after;
};

static const struct el_conf_option options[] = {
    {.name = "after",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct events, after),
     .metavar = "ID",
     .help = "Begin behind the event with this id, which --json shows, instead of now."},
};

static const struct el_conf_schema schema = {
    .name = "events",
    .summary = "what happens at a hub, as it happens: spokes that join, networks that end",
    .usage = "[--json] [--after ID] [OPTIONS]",
    .manual = "One line for each event, until it is interrupted or the hub ends. An event "
              "\"reset\" says that "
              "some were missed: read everything anew.\n\n"
              "  hub# el2w events --json | jq -c 'select(.type == \"spoke-pending\")'",
    .options = options,
    .count = sizeof options / sizeof options[0],
    EL_CMD_ASK_PART,
};

static bool print_json(void *arg, const struct el_sse_event *event, const char *id)
{
    (void)arg;
    printf("{\"id\":\"%s\",\"type\":\"%s\",\"data\":%s}\n", id, event->type, event->data);
    return fflush(stdout) == 0;
}

static bool print_text(void *arg, const struct el_sse_event *event, const char *id)
{
    (void)arg;
    (void)id;
    printf("%s %s\n", event->type, event->data);
    return fflush(stdout) == 0;
}

static int watch(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct events *values = (const struct events *)ask;
    struct el_control_question question = {
        .method = "GET", .path = "/v1/events", .is_watch = true, .last_event_id = values->after};

    char api[EL_SYS_CONTROL_PATH];
    int rc = el_places_api(ask->api, api, err);

    (void)conf;
    return rc < 0
               ? rc
               : el_control_watch(api, &question, ask->json ? print_json : print_text, NULL, err);
}

static int run(int argc, char **argv)
{
    struct events values = {0};

    return el_cmd_ask_main(&schema, &values.ask, argc, argv, watch);
}

const struct el_applet el_applet_events = {.schema = &schema, .run = run};

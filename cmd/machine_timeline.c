/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w machine timeline: the last steps of a machine's starts. */
#include "ask.h"
#include "steps.h"

#include <stdio.h>

static const struct el_conf_schema schema = {
    .name = "machine timeline",
    .summary = "the last steps of a machine's starts, and what is wrong with it",
    .usage = "MAC|NAME [--json] [OPTIONS]",
    .manual = "The oldest first, each start of the machine apart. What happened several times is "
              "there once, with its last time. el2w watch shows them as they happen.\n\n"
              "  hub# el2w machine timeline n1\n"
              "  hub# el2w machine timeline n1 --json | jq -r '.steps[-1].text'",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static void print_steps(const json_t *steps)
{
    char line[EL_CMD_STEP_LINE];
    struct el_cmd_step step;
    uint32_t boot = 0;

    for (size_t i = 0; i < json_array_size(steps); i++) {
        if (!el_cmd_step_read(json_array_get(steps, i), &step))
            continue;
        if (boot && step.step.boot != boot)
            putchar('\n');
        boot = step.step.boot;
        puts(el_cmd_step_line(&step, false, line));
    }
}

static int show(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    json_t *answer;
    char *path = el_cmd_path("/v1/machines/%s/timeline", el_cmd_argument(conf, 0));
    int rc = el_cmd_ask(ask, "GET", path, NULL, &answer, err);

    if (rc < 0)
        return rc;
    if (ask->json)
        el_cmd_print_json(answer);
    else
        print_steps(json_object_get(answer, "steps"));
    json_decref(answer);
    return 0;
}

static int run(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&schema, &values, argc, argv, show);
}

const struct el_applet el_applet_machine_timeline = {.schema = &schema, .run = run};

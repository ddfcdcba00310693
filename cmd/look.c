/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at a configuration without starting it. */
#include "look.h"

#include "base/log.h"
#include "node/launch.h"

#include <stdio.h>
#include <stdlib.h>

bool el_cmd_looks(const struct el_conf_common *common)
{
    return common->check || common->diff;
}

/* Whether there is no difference. */
static int diff(const struct el_conf_schema *schema, const char *state, const char *options)
{
    struct el_err err = {""};
    char *running = NULL;
    int rc = el_launch_running(schema->name, state, &running, &err);

    if (rc == 0)
        rc = el_err(&err, EL_ENOENT, "none runs on %s", state);
    if (rc < 0)
        return el_cmd_fail(schema, &err);
    rc = el_conf_diff(stdout, running, options) ? EL_EXIT_FAILED : EL_EXIT_DONE;
    free(running);
    return rc;
}

int el_cmd_look(const struct el_conf_schema *schema, const struct el_conf_common *common,
                el_cmd_check *check, const void *config, const char *state, const char *options)
{
    int code = EL_EXIT_DONE;

    el_log_setup(EL_LOG_WARN, common->log_format); /* what it comes across is no event yet */
    if (common->check && check(config, stdout, stderr) > 0)
        code = EL_EXIT_FAILED;
    if (common->diff && diff(schema, state, options) != EL_EXIT_DONE)
        code = EL_EXIT_FAILED;
    return code;
}

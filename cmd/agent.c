/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w agent: under a spoke, asks the hub how it stands. */
#include "applet.h"

#include "spoke/agent_service.h"

struct agent {
    struct el_conf_common common;
    struct el_agent_service_config config;
};

#define AT(member) offsetof(struct agent, config.member)

static const struct el_conf_option options[] = {
    {.name = "address",
     .type = EL_CONF_IP,
     .offset = AT(address),
     .metavar = "IP",
     .help = "The spoke's address in the tunnel."},
    {.name = "user",
     .type = EL_CONF_UINT,
     .offset = AT(user),
     .metavar = "UID",
     .fallback = "0",
     .help = "Become this user once all is open; 0: stay who we are, without capabilities.",
     .max = 4294967294},
};

static const struct el_conf_schema schema = {
    .name = "agent",
    .summary = "under a spoke: asks the hub which networks there are for it",
    .usage = "[OPTIONS]",
    .manual =
        "Started by spoke, with descriptors that nobody else has. It asks the hub through the "
        "tunnel (GET /v1/self) when the tunnel comes up, when the hub says that something has "
        "changed, and every minute, and passes on what it is told.",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

static int run(int argc, char **argv)
{
    struct agent values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        int rc = el_agent_service_run(&values.config, &err);
        code = rc < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
        el_conf_free(conf);
    }
    return code;
}

const struct el_applet el_applet_agent = {.schema = &schema, .run = run, .internal = true};

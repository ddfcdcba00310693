/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w join: asks a hub to take a spoke in. */
#include "applet.h"

#include "spoke/join_service.h"

struct join {
    struct el_conf_common common;
    struct el_join_service_config config;
};

static int set_token(void *values, const char *text, struct el_err *err)
{
    return el_enrol_token_decode(text, &((struct join *)values)->config.token, err);
}

static int set_key(void *values, const char *text, struct el_err *err)
{
    if (el_tunnel_key_parse(text, ((struct join *)values)->config.key) < 0)
        return el_err(err, EL_EINVAL, "this is no public key (44 characters of base64)");
    return 0;
}

#define AT(member) offsetof(struct join, config.member)

static const struct el_conf_option options[] = {
    {.name = "token",
     .type = EL_CONF_CUSTOM,
     .parse = set_token,
     .metavar = "TOKEN",
     .help = "The token that the hub has made (el2w token create)."},
    {.name = "hub",
     .type = EL_CONF_STRING,
     .offset = AT(hub),
     .metavar = "HOST[:PORT]",
     .help = "Where the hub is, instead of where the token says."},
    {.name = "key",
     .type = EL_CONF_CUSTOM,
     .parse = set_key,
     .metavar = "KEY",
     .help = "The public key of the spoke."},
    {.name = "fast",
     .type = EL_CONF_FLAG,
     .offset = AT(fast),
     .help = "Tell the hub that this CPU has instructions for AES."},
    {.name = "give-up",
     .type = EL_CONF_DURATION,
     .offset = AT(give_up_ns),
     .metavar = "TIME",
     .fallback = "0",
     .help = "End, with exit code 3, if the hub has not answered by then; 0: try for ever."},
    EL_CMD_USER_OPTION(AT(user)),
};

static const struct el_conf_schema schema = {
    .name = "join",
    .summary = "asks the hub to take a spoke in; el2w spoke --join starts it",
    .usage = "--token TOKEN --key KEY [OPTIONS]",
    .manual = "Calls the hub of a token, in user space and without any rights, gives it the "
              "spoke's public key, and tells el2w spoke, which has started it, what the hub said. "
              "It is of no use by hand.",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

static int run(int argc, char **argv)
{
    struct join values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        int rc = el_join_service_run(&values.config, &err);
        code = rc < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
        if (rc == EL_EAGAIN)
            code = EL_EXIT_GAVE_UP;
        el_conf_free(conf);
    }
    el_enrol_token_wipe(&values.config.token);
    return code;
}

const struct el_applet el_applet_join = {.schema = &schema, .run = run, .internal = true};

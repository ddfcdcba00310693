/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w control: who may what, under a hub. */
#include "applet.h"
#include "plan_options.h"

#include "hub/hub_control.h"

#include "el2w_version.h"

struct control {
    struct el_conf_common common;
    struct el_hub_control_config config;
};

static int add_peer(void *values, const char *text, struct el_err *err)
{
    return el_node_peers_add(&((struct control *)values)->config.peers, text, err);
}

static int add_public(void *values, const char *text, struct el_err *err)
{
    struct el_hub_control_config *config = &((struct control *)values)->config;

    return el_hub_public_add(config->endpoints, &config->endpoint_count, text, err);
}

static int set_key(void *values, const char *text, struct el_err *err)
{
    if (el_tunnel_key_parse(text, ((struct control *)values)->config.public_key) < 0)
        return el_err(err, EL_EINVAL, "\"%s\" is no public key", text);
    return 0;
}

static int set_factors(void *values, const char *text, struct el_err *err)
{
    return el_hub_plan_set_factors(&((struct control *)values)->config.plan, text, err);
}

static int set_unknown(void *values, const char *text, struct el_err *err)
{
    return el_hub_policy_unknown(&((struct control *)values)->config.policy, text, err);
}

static int set_password(void *values, const char *text, struct el_err *err)
{
    return el_hub_policy_password(&((struct control *)values)->config.policy, text, err);
}

static int set_failed(void *values, const char *text, struct el_err *err)
{
    return el_hub_policy_failed(&((struct control *)values)->config.policy, text, err);
}

static void *add_network(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_network(&((struct control *)values)->config.plan, name, err);
}

static void *add_profile(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_profile(&((struct control *)values)->config.plan, name, err);
}

static void *add_spoke(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_spoke(&((struct control *)values)->config.plan, name, err);
}

static void *add_machine(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_machine(&((struct control *)values)->config.plan, name, err);
}

#define AT(member) offsetof(struct control, config.member)

static const struct el_conf_option options[] = {
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = AT(network),
     .metavar = "NAME",
     .fallback = "boot",
     .help = "The network that is made if it is not there."},
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .fallback = "77",
     .help = "Its VXLAN identifier.",
     .max = 16777215},
    {.name = "cidr",
     .type = EL_CONF_PREFIX,
     .offset = AT(cidr),
     .metavar = "RANGE",
     .fallback = "192.168.77.0/24",
     .help = "Its addresses."},
    {.name = "prefix6",
     .type = EL_CONF_PREFIX,
     .offset = AT(prefix6),
     .metavar = "RANGE",
     .help = "Its IPv6 addresses, if that was said."},
    {.name = "listen",
     .type = EL_CONF_UINT,
     .offset = AT(listen),
     .metavar = "PORT",
     .fallback = "51820",
     .help = "The UDP port that spokes call.",
     .max = 65535},
    {.name = "lanes",
     .type = EL_CONF_UINT,
     .offset = AT(lanes),
     .metavar = "N",
     .fallback = "1",
     .help = "Queues of each network's interface.",
     .min = 1,
     .max = 16},
    {.name = "hub-key",
     .type = EL_CONF_CUSTOM,
     .metavar = "KEY",
     .help = "The hub's public key.",
     .parse = set_key,
     .required = true},
    {.name = "public",
     .type = EL_CONF_CUSTOM,
     .metavar = "HOST[:PORT]",
     .help = "Where spokes reach the hub.",
     .parse = add_public,
     .repeat = true},
    {.name = "peer",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=KEY[,...]",
     .help = "A spoke of the hub's command line.",
     .parse = add_peer,
     .repeat = true},
    {.name = "images",
     .type = EL_CONF_STRING,
     .offset = AT(images),
     .metavar = "DIR",
     .help = "Where the images are, for those who ask."},
    {.name = "no-direct",
     .type = EL_CONF_FLAG,
     .offset = AT(no_direct),
     .help = "Spokes are not told where others are: all goes through the hub."},
    {.name = "program",
     .type = EL_CONF_FLAG,
     .offset = AT(program),
     .help = "There is a program to be asked as the second factor."},
    {.name = "unknown",
     .type = EL_CONF_CUSTOM,
     .metavar = "POLICY",
     .help = "What machines get of which nothing is said: menu, wait or inventory=ENTRY.",
     .parse = set_unknown},
    {.name = "failed",
     .type = EL_CONF_CUSTOM,
     .metavar = "WHAT",
     .help = "What they get when their installation has failed: menu or local.",
     .parse = set_failed},
    {.name = "menu-password",
     .type = EL_CONF_CUSTOM,
     .metavar = "HASH",
     .help = "Of the password for entries of the menu that erase disks.",
     .parse = set_password},
    {.name = "second-factor",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAMES",
     .help = "What is asked for beside the token: none, or totp, approval, program.",
     .parse = set_factors},
    EL_CMD_USER_OPTION(AT(user)),
};

static const struct el_conf_section sections[] = {
    EL_CMD_NETWORK_SECTION(add_network), EL_CMD_SPOKE_SECTION(add_spoke),
    EL_CMD_MACHINE_SECTION(add_machine), EL_CMD_PROFILE_SECTION(add_profile)};

static const struct el_conf_schema schema = {
    .name = "control",
    .summary = "under a hub: tokens, spokes, networks, and the API to them",
    .usage = "[OPTIONS]",
    .manual =
        "Started by hub, with descriptors that nobody else has. It remembers who has enrolled and "
        "who is published to whom, and answers the commands token, spokes, approve, revoke, "
        "network and publish, which talk to it over the hub's socket, and spokes, through the "
        "tunnel.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .sections = sections,
    .section_count = sizeof sections / sizeof sections[0],
};

static int run(int argc, char **argv)
{
    struct control values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        values.config.version = EL2W_VERSION;
        int rc = el_hub_control_run(&values.config, &err);
        code = rc < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
        if (rc == EL_EEXIST)
            code = EL_EXIT_GAVE_UP;
        el_conf_free(conf);
    }
    el_hub_plan_clear(&values.config.plan);
    el_node_peers_clear(&values.config.peers);
    el_hub_public_clear(values.config.endpoints, &values.config.endpoint_count);
    return code;
}

const struct el_applet el_applet_control = {.schema = &schema, .run = run, .internal = true};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w create: a port of a network, by hand. */
#include "applet.h"

#include "node/create.h"

#include <stdio.h>

struct create {
    struct el_conf_common common;
    struct el_create_config config;
    bool remove;
};

#define AT(member) offsetof(struct create, config.member)

static const char *const roles[] = {
    [EL_CREATE_HUB] = "hub", [EL_CREATE_SPOKE] = "spoke", [EL_CREATE_SPOKE + 1] = NULL};

static const struct el_conf_option options[] = {
    {.name = "role",
     .type = EL_CONF_CHOICE,
     .offset = AT(role),
     .metavar = "ROLE",
     .fallback = "spoke",
     .help = "The hub has the network's first address, for what serves there; a spoke has none.",
     .choices = roles},
    {.name = "underlay",
     .type = EL_CONF_STRING,
     .offset = AT(underlay),
     .metavar = "INTERFACE",
     .help = "Where the peer is; required. VXLAN that comes by another way is dropped."},
    {.name = "local",
     .type = EL_CONF_IP,
     .offset = AT(local),
     .metavar = "IP",
     .help = "This computer's address there; required."},
    {.name = "peer",
     .type = EL_CONF_IP,
     .offset = AT(peer),
     .metavar = "IP",
     .help = "The other side's address; required. VXLAN from others is dropped."},
    {.name = "vxlan",
     .type = EL_CONF_STRING,
     .offset = AT(vxlan),
     .metavar = "NAME",
     .help = "What the VXLAN's interface is called. Default: vx-NAME."},
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .fallback = "77",
     .help = "The VXLAN identifier, the same on both sides.",
     .max = 16777215},
    {.name = "cidr",
     .type = EL_CONF_PREFIX,
     .offset = AT(cidr),
     .metavar = "RANGE",
     .fallback = "192.168.77.0/24",
     .help = "The network's addresses, of which a hub has the first."},
    {.name = "lan",
     .type = EL_CONF_STRING,
     .offset = AT(lan),
     .metavar = "INTERFACE",
     .help = "An interface that becomes part of the network, with the machines behind it."},
    {.name = "remove",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct create, remove),
     .help = "Remove the VXLAN, and the port if there is no other VXLAN in it."},
};

static const struct el_conf_schema schema = {
    .name = "create",
    .summary =
        "a port of a network by hand: a bridge and the kernel's VXLAN, on a trusted underlay",
    .usage = "NAME --role hub|spoke --underlay INTERFACE --local IP --peer IP [OPTIONS]",
    .manual =
        "Makes the bridge NAME and in it a VXLAN to the peer, which are the kernel's own: fast, "
        "and not encrypted. It is for an underlay that is trusted already, a line of one's own or "
        "somebody else's tunnel; over the Internet there are hub and spoke. The underlay should "
        "carry packets of 1550 bytes, or full frames are cut, and refused where that is "
        "forbidden.\n\n"
        "  hub#   el2w create boot --role hub --underlay eth1 --local 10.0.0.1 --peer 10.0.0.2\n"
        "  hub#   el2w boot-service --network boot --images /srv/images\n"
        "  spoke# el2w create boot --underlay eth1 --local 10.0.0.2 --peer 10.0.0.1 --lan eth2\n\n"
        "For a second peer do it again on the hub, with the same NAME and another VXLAN and VNI "
        "(--vxlan vx-venus --vni 78).\n\n"
        "What it makes stays until el2w create NAME --remove, or a restart of the computer. Doing "
        "it again changes nothing; another VNI or peer for a VXLAN that is there is refused. Only "
        "what el2w has made is ever changed or removed. VXLAN for this VNI from anybody but the "
        "peer is dropped by an nftables table, inet el2w_vxlan_NAME with the VXLAN's name.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .positional_min = 1,
    .positional_max = 1,
};

static int check(const struct create *values, struct el_err *err)
{
    const struct el_create_config *config = &values->config;

    if (values->remove || (config->underlay && config->local.family && config->peer.family))
        return 0;
    return el_err(err, EL_EINVAL,
                  "--underlay, --local and --peer are required (see el2w help create)");
}

static int create_or_remove(const struct create *values, struct el_err *err)
{
    const struct el_create_config *config = &values->config;
    int rc = values->remove ? el_create_remove(config, err) : el_create_run(config, err);

    if (rc >= 0)
        printf("%s: %s\n", config->name,
               values->remove ? rc ? "removed" : "there was nothing to remove"
               : rc           ? "made"
                              : "is there already");
    return rc;
}

static int run(int argc, char **argv)
{
    struct create values = {.remove = false};
    struct el_err err = {""};
    const char *const *names;
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    el_conf_positionals(conf, &names);
    values.config.name = names[0];
    code = EL_EXIT_DONE;
    if (check(&values, &err) < 0) {
        (void)el_cmd_fail(&schema, &err);
        code = EL_EXIT_USAGE;
    } else if (create_or_remove(&values, &err) < 0) {
        code = el_cmd_fail(&schema, &err);
    }
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_create = {.schema = &schema, .run = run, .no_link = true};

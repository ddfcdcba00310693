/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w create: a port of a network, by hand. */
#include "ask.h"

#include "hub/create.h"

#include <stdio.h>
#include <string.h>

struct create {
    struct el_cmd_ask ask;
    struct el_create_config config;
    const char *network; /* of the hub that runs here; NULL: on an underlay */
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
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct create, network),
     .metavar = "NETWORK",
     .help = "On the tunnel: another port of this network of the hub that runs here. The options "
             "above are then not for it."},
    {.name = "api",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct create, ask.api),
     .metavar = "PATH",
     .help = "With --network: the hub's socket, if it was given another than the usual one."},
    {.name = "remove",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct create, remove),
     .help = "Remove the VXLAN, and the port if there is no other VXLAN in it; or the port on the "
             "tunnel."},
};

static const struct el_conf_schema schema = {
    .name = "create",
    .summary = "a port of a network by hand: on the tunnel, or on a trusted underlay",
    .usage = "NAME (--network NETWORK | --underlay IF --local IP --peer IP) [OPTIONS]",
    .manual =
        "With --network, on a hub that runs: the interface NAME becomes one more port of the "
        "network, beside the one that the boot service has. Give it an address, or put it into a "
        "bridge; what is there takes part in the network once it is published, and not one frame "
        "passes before. It is there again when the hub is started again, until it is removed.\n\n"
        "  hub#   el2w create camera --network boot\n"
        "  hub#   ip link set camera master br0\n"
        "  hub#   el2w boot-service publish camera\n"
        "  hub#   el2w create camera --network boot --remove\n\n"
        "Without, it makes the bridge NAME and in it a VXLAN to the peer, which are the kernel's "
        "own: fast, "
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

/* -- on the tunnel -- */

/* 1: it is there, of that network. */
static int look_for(const struct create *values, struct el_err *err)
{
    const char *name = values->config.name;
    struct el_err unknown = {""};
    json_t *port;
    int rc =
        el_cmd_ask(&values->ask, "GET", el_cmd_path("/v1/ports/%s", name), NULL, &port, &unknown);
    const char *network = json_string_value(json_object_get(port, "network"));
    bool same = network && strcmp(network, values->network) == 0;

    if (rc == 0)
        rc = same ? 1
                  : el_err(err, EL_EEXIST, "%s is there already, of network %s", name,
                           network ? network : "?");
    else
        rc = 0; /* if nobody answers, the next question says so */
    json_decref(port);
    return rc;
}

/* 1: it has been made, or removed. */
static int make_on_tunnel(const struct create *values, struct el_err *err)
{
    const char *name = values->config.name;
    json_t *answer = NULL;
    int there = look_for(values, err), rc = there < 0 ? there : 0;

    if (there == 0) {
        rc = el_cmd_ask(&values->ask, "POST", el_cmd_path("/v1/ports"),
                        json_pack("{s:s, s:s}", "name", name, "network", values->network), &answer,
                        err);
        json_decref(answer);
        answer = NULL;
    }
    if (rc == 0)
        rc = el_cmd_ask(&values->ask, "POST", el_cmd_path("/v1/ports/%s/start", name), NULL,
                        &answer, err);
    json_decref(answer);
    return rc < 0 ? rc : there == 0;
}

static int remove_on_tunnel(const struct create *values, struct el_err *err)
{
    const char *name = values->config.name;
    json_t *answer = NULL;
    int there = look_for(values, err);

    if (there <= 0)
        return there;
    int rc =
        el_cmd_ask(&values->ask, "DELETE", el_cmd_path("/v1/ports/%s", name), NULL, &answer, err);
    json_decref(answer);
    return rc < 0 ? rc : 1;
}

/* -- either -- */

static int check(const struct create *values, struct el_err *err)
{
    const struct el_create_config *config = &values->config;

    if (values->network && (config->underlay || config->lan || config->vxlan))
        return el_err(err, EL_EINVAL,
                      "--network is on the tunnel, --underlay, --vxlan and --lan are not (see el2w "
                      "help create)");
    if (values->network || values->remove ||
        (config->underlay && config->local.family && config->peer.family))
        return 0;
    return el_err(
        err, EL_EINVAL,
        "--network is required, or --underlay, --local and --peer (see el2w help create)");
}

static int create_or_remove(const struct create *values, struct el_err *err)
{
    const struct el_create_config *config = &values->config;
    int rc;

    if (values->network)
        rc = values->remove ? remove_on_tunnel(values, err) : make_on_tunnel(values, err);
    else
        rc = values->remove ? el_create_remove(config, err) : el_create_run(config, err);

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

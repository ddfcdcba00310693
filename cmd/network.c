/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w network, publish, unpublish: the networks of a hub, and who sees them. */
#include "ask.h"

#include "base/addr.h"
#include "base/time.h"
#include "node/lan.h"

#include <string.h>
#include <time.h>

enum { PATIENCE = 250, PAUSE_NS = 20000000 }; /* 5 s */

/* -- network create -- */

struct create {
    struct el_cmd_ask ask;
    uint64_t vni;
    struct el_prefix cidr, prefix6;
    uint64_t for_ns;
};

static const struct el_conf_option create_options[] = {
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = offsetof(struct create, vni),
     .metavar = "N",
     .help = "Its VXLAN identifier, which no other network of this hub has.",
     .min = 1,
     .max = 16777215,
     .required = true},
    {.name = "cidr",
     .type = EL_CONF_PREFIX,
     .offset = offsetof(struct create, cidr),
     .metavar = "RANGE",
     .help =
         "Its addresses, of which the hub has the first. Another network may have the same ones.",
     .required = true},
    {.name = "prefix6",
     .type = EL_CONF_PREFIX,
     .offset = offsetof(struct create, prefix6),
     .metavar = "RANGE",
     .help = "Its IPv6 addresses behind a gateway, a /64; by default a unique local range."},
    {.name = "for",
     .type = EL_CONF_DURATION,
     .offset = offsetof(struct create, for_ns),
     .metavar = "TIME",
     .fallback = "0",
     .help = "Take it down after that time, and say so beforehand; 0: never.",
     .max = 31536000},
};

static const struct el_conf_schema create_schema = {
    .name = "network create",
    .summary = "make a network beside those that there are",
    .usage = "NAME --vni N --cidr RANGE [--prefix6 RANGE] [--for TIME] [OPTIONS]",
    .manual =
        "An Ethernet of its own, with an interface called NAME on the hub and a boot service on "
        "it. "
        "No frame goes from one network to another. Spokes see it once it is published to them. "
        "Doing it twice is doing it once; another --for changes the network's end.\n\n"
        "  hub# el2w network create lab2 --vni 78 --cidr 192.168.77.0/24 --for 8h\n"
        "  hub# el2w publish lab2 --to mars",
    .options = create_options,
    .count = sizeof create_options / sizeof create_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

/* Waits, for a while, for the network's interface, or for the reason why there is none. */
static int await(const struct el_cmd_ask *ask, const char *name, struct el_err *err)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        json_t *port;
        int rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/ports/%s", name), NULL, &port, err);
        const char *state = json_string_value(json_object_get(port, "state"));
        const char *why = json_string_value(json_object_get(port, "why"));
        bool down = rc == 0 && state && strcmp(state, "down") == 0;
        bool is_new = down && why && strcmp(why, "new") == 0;
        if (down && !is_new)
            rc = el_err(err, EL_EIO,
                        "network %s is down: %s; it comes up when that is mended and the hub is "
                        "started again, or el2w network remove %s",
                        name, why ? why : "", name);
        json_decref(port);
        if (!is_new)
            return rc;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return 0;
}

static int create(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct create *values = (const struct create *)ask;
    char cidr[EL_PREFIX_TEXT], prefix6[EL_PREFIX_TEXT];
    json_t *answer;
    json_t *body = json_pack("{s:s, s:I, s:s, s:b}", "name", el_cmd_argument(conf, 0), "vni",
                             (json_int_t)values->vni, "cidr", el_prefix_text(&values->cidr, cidr),
                             "published", 1);

    if (body && values->for_ns > 0)
        json_object_set_new(body, "for_s", json_integer((json_int_t)(values->for_ns / EL_S)));
    if (body && values->prefix6.ip.family)
        json_object_set_new(body, "prefix6",
                            json_string(el_prefix_text(&values->prefix6, prefix6)));
    if (!body)
        return el_err(err, EL_EINVAL, "this is no name for a network");
    int rc = el_cmd_ask(ask, "POST", el_cmd_path("/v1/networks"), body, &answer, err);
    if (rc == 0 && ask->json)
        el_cmd_print_json(answer);
    json_decref(answer);
    return rc == 0 ? await(ask, el_cmd_argument(conf, 0), err) : rc;
}

static int run_create(int argc, char **argv)
{
    struct create values = {0};

    return el_cmd_ask_main(&create_schema, &values.ask, argc, argv, create);
}

const struct el_applet el_applet_network_create = {.schema = &create_schema, .run = run_create};

/* -- network remove -- */

static const struct el_conf_schema remove_schema = {
    .name = "network remove",
    .summary = "take a network down",
    .usage = "NAME [OPTIONS]",
    .manual = "Its interface and its boot service end, and no spoke sees it any more.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int take_down(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return el_cmd_ask_only(ask, "DELETE", el_cmd_path("/v1/networks/%s", el_cmd_argument(conf, 0)),
                           NULL, err);
}

static int run_remove(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&remove_schema, &values, argc, argv, take_down);
}

const struct el_applet el_applet_network_remove = {.schema = &remove_schema, .run = run_remove};

/* -- network -- */

static const struct el_conf_schema schema = {
    .name = "network",
    .summary = "the networks of a hub",
    .usage = "[create NAME ... | remove NAME] [OPTIONS]",
    .manual =
        "Alone it lists them: how far their boot services have come (see boot-service status), and "
        "what spokes get of whom nothing else was said. network create makes another one, and "
        "network remove takes one down.",
    EL_CMD_ASK_PART,
};

/* Each network's port has its name: its state becomes a member of the network. */
static void add_states(json_t *networks, const json_t *ports)
{
    for (size_t i = 0; i < json_array_size(networks); i++) {
        json_t *network = json_array_get(networks, i);
        const char *name = json_string_value(json_object_get(network, "name"));
        for (size_t p = 0; name && p < json_array_size(ports); p++) {
            const json_t *port = json_array_get(ports, p);
            const char *of = json_string_value(json_object_get(port, "name"));
            if (of && strcmp(of, name) == 0)
                json_object_set(network, "state", json_object_get(port, "state"));
        }
    }
}

static int list(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    static const struct el_cmd_column columns[] = {{"NAME", "name"},
                                                   {"VNI", "vni"},
                                                   {"CIDR", "cidr"},
                                                   {"BOOT SERVICE", "state"},
                                                   {"TO ALL", "to_all"},
                                                   {"EXPIRES", "expires"},
                                                   {0}};
    json_t *networks, *ports = NULL;
    int rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/networks"), NULL, &networks, err);

    (void)conf;
    if (rc == 0)
        rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/ports"), NULL, &ports, err);
    if (rc == 0) {
        add_states(json_object_get(networks, "networks"), json_object_get(ports, "ports"));
        if (ask->json)
            el_cmd_print_json(networks);
        else
            el_cmd_print_table(json_object_get(networks, "networks"), columns);
    }
    json_decref(networks);
    json_decref(ports);
    return rc;
}

static int run(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&schema, &values, argc, argv, list);
}

static const struct el_applet *const commands[] = {&el_applet_network_create,
                                                   &el_applet_network_remove, NULL};

const struct el_applet el_applet_network = {.schema = &schema, .run = run, .commands = commands};

/* -- publish, unpublish -- */

struct publish {
    struct el_cmd_ask ask;
    const char *spoke;
    const char *lan; /* NULL: not said */
};

static int set_lan(void *values, const char *text, struct el_err *err)
{
    struct el_lan_place place;

    ((struct publish *)values)->lan = text;
    return el_lan_place_parse(text, &place, err);
}

static const struct el_conf_option publish_options[] = {
    {.name = "to",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct publish, spoke),
     .metavar = "SPOKE",
     .help = "Only to this one; without it to all that there are and that will be."},
    {.name = "lan",
     .type = EL_CONF_CUSTOM,
     .parse = set_lan,
     .metavar = "INTERFACE[.VLAN]",
     .help =
         "With --to: which of the spoke's interfaces, or VLAN of one, is the network's, as eth1 "
         "or eth1.30. Its site has to allow it (el2w spoke --lan). Without it as it was, or as "
         "the spoke was started."},
};

static const struct el_conf_schema publish_schema = {
    .name = "publish",
    .summary = "let spokes see a network",
    .usage = "NETWORK [--to SPOKE [--lan INTERFACE]] [OPTIONS]",
    .manual = "From now on frames pass between the network and the spoke, or all of them. It acts "
              "at once, "
              "on sessions that stand.\n\n"
              "  hub# el2w publish boot --to mars\n"
              "  hub# el2w publish lab2 --to mars --lan eth1.30",
    .options = publish_options,
    .count = sizeof publish_options / sizeof publish_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int say(const struct el_cmd_ask *ask, const struct el_conf *conf, const char *format,
               struct el_err *err)
{
    const struct publish *values = (const struct publish *)ask;
    json_t *body = json_pack("{s:s*, s:s*}", "to", values->spoke, "lan", values->lan);

    return el_cmd_ask_only(ask, "POST", el_cmd_path(format, el_cmd_argument(conf, 0)), body, err);
}

static int publish(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return say(ask, conf, "/v1/networks/%s/publish", err);
}

static int run_publish(int argc, char **argv)
{
    struct publish values = {0};

    return el_cmd_ask_main(&publish_schema, &values.ask, argc, argv, publish);
}

const struct el_applet el_applet_publish = {.schema = &publish_schema, .run = run_publish};

static const struct el_conf_option unpublish_options[] = {
    {.name = "from",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct publish, spoke),
     .metavar = "SPOKE",
     .help = "Only from this one; without it from all."},
};

static const struct el_conf_schema unpublish_schema = {
    .name = "unpublish",
    .summary = "let spokes see a network no more",
    .usage = "NETWORK [--from SPOKE] [OPTIONS]",
    .manual =
        "From now on not one frame passes between the network and the spoke, or any of them. Their "
        "sessions stand.",
    .options = unpublish_options,
    .count = sizeof unpublish_options / sizeof unpublish_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int unpublish(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return say(ask, conf, "/v1/networks/%s/unpublish", err);
}

static int run_unpublish(int argc, char **argv)
{
    struct publish values = {0};

    return el_cmd_ask_main(&unpublish_schema, &values.ask, argc, argv, unpublish);
}

const struct el_applet el_applet_unpublish = {.schema = &unpublish_schema, .run = run_unpublish};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w stream: the tunnel's datagrams inside TCP. */
#include "applet.h"

#include "link/stream_service.h"

#include <stdlib.h>

struct stream {
    struct el_conf_common common;
    struct el_stream_service_config config;
};

static int add_port(void *values, const char *text, struct el_err *err)
{
    struct el_stream_service_config *config = &((struct stream *)values)->config;
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (end == text || *end || port == 0 || port > UINT16_MAX)
        return el_err(err, EL_EINVAL, "\"%s\" is no port (1 to 65535)", text);
    if (config->port_count == EL_STREAM_SERVICE_PORTS)
        return el_err(err, EL_EFULL, "at most %d ports", EL_STREAM_SERVICE_PORTS);
    config->ports[config->port_count++] = (uint16_t)port;
    return 0;
}

#define AT(member) offsetof(struct stream, config.member)

static const struct el_conf_option options[] = {
    {.name = "connections",
     .type = EL_CONF_UINT,
     .offset = AT(connections),
     .metavar = "N",
     .fallback = "2048",
     .help = "At most so many at once.",
     .min = 1,
     .max = 65535},
    {.name = "call",
     .type = EL_CONF_CUSTOM,
     .metavar = "PORT",
     .help = "A TCP port that may be called; no other can be, where Landlock sees to it.",
     .parse = add_port,
     .repeat = true},
    EL_CMD_USER_OPTION(AT(user)),
};

static const struct el_conf_schema schema = {
    .name = "stream",
    .summary = "the tunnel inside TCP, where UDP is blocked; el2w hub and spoke start it",
    .usage = "[OPTIONS]",
    .manual = "Takes the tunnel's datagrams through TCP connections: on a hub from spokes that "
              "cannot reach it over UDP, on such a spoke to the hub. It can read none of them. It "
              "is of no use by hand.",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

static int run(int argc, char **argv)
{
    struct stream values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    int rc = el_stream_service_run(&values.config, &err);
    code = rc < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_stream = {.schema = &schema, .run = run, .internal = true};

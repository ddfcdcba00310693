/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w tunnel show: what a running tunnel tells. */
#include "applet.h"

#include "node/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct show {
    struct el_conf_common common;
    const char *network;
    const char *control;
    bool json;
    bool keys;
};

static const struct el_conf_option options[] = {
    {.name = "json",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct show, json),
     .help = "For programs: one line of JSON, with every counter, in plain numbers; units are in "
             "the names."},
    {.name = "keys",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct show, keys),
     .help = "The same as lines of PATH=VALUE, for scripts."},
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct show, network),
     .metavar = "NAME",
     .help = "Of which network; it need not be said where only one tunnel runs."},
    {.name = "control",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct show, control),
     .metavar = "PATH",
     .help = "The tunnel's control socket, if it was given another than its network's."},
};

static const struct el_conf_schema schema = {
    .name = "tunnel show",
    .summary = "what a running tunnel does: its peers, ports and counters",
    .usage = "[--json | --keys] [OPTIONS]",
    .manual =
        "Asks a tunnel that runs on this computer, by itself or under hub or spoke, how it stands: "
        "who its peers are, where they were heard last (with /tcp behind it: inside TCP), what "
        "passes between them and us and how "
        "large a packet their path takes, which networks they and this computer's ports are in and "
        "whether frames pass there (published), and all that was dropped, by reason, part by part. "
        "Only root may ask.\n\n"
        "For people, counters that are 0 are left out. Received and sent are the packets inside "
        "the tunnel; path mtu is the whole packet on the way. A peer that is up has a session "
        "that can be used now; handshake age grows to 120 s while it is used. On a spoke, the hub "
        "is "
        "the uplink, and another spoke may be a peer as well, in the role direct: its frames are "
        "direct while that way is proved to work, and relayed, through the hub, while it is "
        "not.\n\n"
        "  # el2w tunnel show\n"
        "  # el2w tunnel show --json | jq '.peers[] | select(.up | not) | .name'\n"
        "  # watch -n 1 el2w tunnel show",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

/* Prints what comes from FD to its end. */
static int print_answer(int fd, struct el_err *err)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, (size_t)n, stdout);
    return n < 0 ? el_err_os(err, errno, "the tunnel's answer ends early") : 0;
}

static int show(const struct show *values, struct el_err *err)
{
    char path[EL_SYS_CONTROL_PATH];
    int rc = el_control_find(values->control, values->network, path, err);

    if (rc < 0)
        return rc;
    int fd = el_control_ask(path,
                            values->json   ? "show json"
                            : values->keys ? "show keys"
                                           : "show text",
                            err);
    if (fd < 0)
        return fd;
    rc = print_answer(fd, err);
    close(fd);
    return rc;
}

static int run(int argc, char **argv)
{
    struct show values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    code = show(&values, &err) < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_tunnel_show = {.schema = &schema, .run = run};

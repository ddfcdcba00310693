/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w help: the manual of an applet. */
#include "applet.h"

#include <stdio.h>
#include <stdlib.h>

struct help {
    struct el_conf_common common;
    bool man;
};

static const struct el_conf_option options[] = {
    {.name = "man",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct help, man),
     .help = "Print it as a man page: el2w help --man hub | man -l -"},
};

static const struct el_conf_schema schema = {
    .name = "help",
    .summary = "the manual of an applet",
    .usage = "[--man] [APPLET [COMMAND]]",
    .manual = "Prints the manual of APPLET, or of a COMMAND of it, or the list of applets.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .positional_max = 2,
};

/* COMMAND may be NULL. */
static int print_manual(const char *name, const char *command, bool man)
{
    const struct el_applet *applet = el_applet_find(name);

    if (!applet)
        return el_applet_unknown(name);
    if (command && !el_applet_command(applet, command))
        return el_applet_unknown_command(applet, command);
    if (command)
        applet = el_applet_command(applet, command);
    char *text = el_conf_manual(applet->schema, man);
    if (!text) {
        fputs("el2w help: out of memory\n", stderr);
        return EL_EXIT_FAILED;
    }
    fputs(text, stdout);
    free(text);
    return EL_EXIT_DONE;
}

static int run(int argc, char **argv)
{
    struct help values = {0};
    const char *const *names;
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    if (el_conf_positionals(conf, &names) == 0)
        el_print_applets();
    code = names[0] ? print_manual(names[0], names[1], values.man) : EL_EXIT_DONE;
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_help = {.schema = &schema, .run = run, .no_link = true};

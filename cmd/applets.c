/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of applets. */
#include "applet.h"

#include <stdio.h>
#include <string.h>

enum { COMMANDS_MAX = 16 }; /* of one applet */

/* As they are listed, a row each: the two sides, what is said to a hub, what helps. */
/* clang-format off */
const struct el_applet *const el_applets[] = {
    &el_applet_hub,
    &el_applet_spoke,
    &el_applet_token,
    &el_applet_spokes,
    &el_applet_approve,
    &el_applet_revoke,
    &el_applet_network,
    &el_applet_publish,
    &el_applet_unpublish,
    &el_applet_image,
    &el_applet_machines,
    &el_applet_machine,
    &el_applet_profile,
    &el_applet_template,
    &el_applet_watch,
    &el_applet_events,
    &el_applet_second_factor,
    &el_applet_create,
    &el_applet_keygen,
    &el_applet_tftpd,
    &el_applet_httpd,
    &el_applet_nfsd,
    &el_applet_dnsd,
    &el_applet_install,
    &el_applet_help,
    &el_applet_tunnel,
    &el_applet_boot_service,
    &el_applet_control,
    &el_applet_join,
    &el_applet_stream,
    &el_applet_agent,
    &el_applet_guest,
    NULL,
};
/* clang-format on */

const struct el_applet *el_applet_find(const char *name)
{
    for (size_t i = 0; el_applets[i]; i++)
        if (strcmp(el_applets[i]->schema->name, name) == 0)
            return el_applets[i];
    return NULL;
}

/* A command's own name is the last word of "tunnel show". */
static const char *last_word(const struct el_applet *command)
{
    return strrchr(command->schema->name, ' ') + 1;
}

const struct el_applet *el_applet_command(const struct el_applet *applet, const char *name)
{
    for (size_t i = 0; applet->commands && applet->commands[i]; i++)
        if (strcmp(last_word(applet->commands[i]), name) == 0)
            return applet->commands[i];
    return NULL;
}

int el_applet_unknown(const char *name)
{
    const char *names[sizeof el_applets / sizeof el_applets[0] + 2];
    struct el_err err;
    size_t count = 0;

    for (size_t i = 0; el_applets[i]; i++)
        names[count++] = el_applets[i]->schema->name;
    names[count++] = "--help";
    names[count++] = "--version";
    names[count] = NULL;
    const char *near = el_conf_nearest(name, names);
    (void)el_err(&err, EL_ENOENT,
                 near ? "no applet %s (did you mean %s?)" : "no applet %s (el2w alone lists them)",
                 name, near);
    fprintf(stderr, "el2w: %s\n", err.text);
    return EL_EXIT_USAGE;
}

int el_applet_unknown_command(const struct el_applet *applet, const char *name)
{
    const char *names[COMMANDS_MAX + 1];
    struct el_err err;
    size_t count = 0;

    for (; applet->commands && count < COMMANDS_MAX && applet->commands[count]; count++)
        names[count] = last_word(applet->commands[count]);
    names[count] = NULL;
    const char *near = el_conf_nearest(name, names);
    (void)el_err(&err, EL_ENOENT,
                 near ? "no command %s (did you mean %s?)"
                      : "no command %s (el2w alone lists them)",
                 name, near);
    fprintf(stderr, "el2w %s: %s\n", applet->schema->name, err.text);
    return EL_EXIT_USAGE;
}

static void print_some(const struct el_applet *const *applets, bool internal)
{
    for (; applets && *applets; applets++) {
        if ((*applets)->internal == internal)
            printf("  %-14s  %s\n", (*applets)->schema->name, (*applets)->schema->summary);
        print_some((*applets)->commands, internal);
    }
}

void el_print_applets(void)
{
    puts("el2w: boot bare machines at a remote site from here, over one encrypted Ethernet\n\n"
         "Usage: el2w APPLET [OPTIONS], or a link to el2w called APPLET\n");
    print_some(el_applets, false);
    puts("\nStarted by hub and spoke, and by hand where that helps:");
    print_some(el_applets, true);
    puts("\nel2w help APPLET explains one; el2w --version [--licenses] says what is inside.");
}

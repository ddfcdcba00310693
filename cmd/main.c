/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch: `el2w APPLET ...`, or a link called APPLET. */
#include "applet.h"

#include "sys/child.h"
#include "sys/fds.h"
#include "sys/signals.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

/* The part of PATH behind the last slash. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* What was printed counts only once it is written: el2w help hub >/dev/full has failed. */
static int finish(int code)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code != EL_EXIT_DONE)
        return code;
    fprintf(stderr, "el2w: cannot write the output: %s\n", strerror(errno));
    return EL_EXIT_FAILED;
}

/* Runs APPLET, or the command of it that comes first, under a process name of its own: one that was
 * started by descriptor would have the descriptor's number. */
static int run(const struct el_applet *applet, int argc, char **argv)
{
    char name[32];

    snprintf(name, sizeof name, "el2w-%s", applet->schema->name);
    prctl(PR_SET_NAME, name); /* which the kernel cuts to 15 characters */
    if (!applet->commands || argc == 0 || argv[0][0] == '-')
        return finish(applet->run(argc, argv));
    const struct el_applet *command = el_applet_command(applet, argv[0]);
    return command ? finish(command->run(argc - 1, argv + 1))
                   : el_applet_unknown_command(applet, argv[0]);
}

int main(int argc, char **argv)
{
    const struct el_applet *applet = argc > 0 ? el_applet_find(base_name(argv[0])) : NULL;

    struct el_err err = {"the system gives no random numbers"};
    el_sys_signals_reset();
    if (el_sys_fds_inherit(&err) < 0 || sodium_init() < 0 || el_sys_exe_open(&err) < 0) {
        fprintf(stderr, "el2w: %s\n", err.text);
        return EL_EXIT_FAILED;
    }
    if (applet)
        return run(applet, argc - 1, argv + 1);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        el_print_applets();
        return finish(EL_EXIT_DONE);
    }
    if (strcmp(argv[1], "--version") == 0)
        return finish(el_cmd_version(argc - 2, argv + 2));
    applet = el_applet_find(argv[1]);
    return applet ? run(applet, argc - 2, argv + 2) : el_applet_unknown(argv[1]);
}

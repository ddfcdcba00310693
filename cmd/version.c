/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w --version, and with --licenses the licence and the source of every part. */
#include "applet.h"

#include "el2w_licenses.h"
#include "el2w_version.h"

#include <stdio.h>
#include <string.h>

enum { PARTS = sizeof el2w_parts / sizeof el2w_parts[0] };

static void print_parts(void)
{
    printf("el2w %s\nwith", EL2W_VERSION_FULL);
    for (size_t i = 0; i < PARTS; i++)
        printf("%s %s %s", i ? "," : "", el2w_parts[i].name, el2w_parts[i].version);
    puts("\nel2w is free software under the GNU GPL, version 2 or later, without any warranty.");
}

static void print_licences(void)
{
    printf("\n%-12s %-40s %s\n", "el2w", "GPL-2.0-or-later", "this repository");
    for (size_t i = 0; i < PARTS; i++)
        printf("%-12s %-40s %s\n", el2w_parts[i].name, el2w_parts[i].licence, el2w_parts[i].source);
}

int el_cmd_version(int argc, char **argv)
{
    bool licences = argc == 1 && strcmp(argv[0], "--licenses") == 0;

    if (argc > 0 && !licences) {
        fprintf(stderr, "el2w --version: unknown option %s (did you mean --licenses?)\n", argv[0]);
        return EL_EXIT_USAGE;
    }
    print_parts();
    if (licences)
        print_licences();
    return EL_EXIT_DONE;
}

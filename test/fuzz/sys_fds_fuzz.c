/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The three variables of socket activation, each on a line of its own (a line that begins with '!'
 * is a variable that is not set). What is accepted must be what the variables say.
 */
#include "sys/fds.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SELF = 77 };

static void check(const struct el_sys_fds *fds, const char *names)
{
    if (fds->count > EL_SYS_FDS)
        abort();
    for (size_t i = 0; i < fds->count; i++) {
        size_t len = strnlen(fds->names[i], EL_SYS_FD_NAME);
        size_t given = names ? strcspn(names, ":") : 0;

        if (len == 0 || len == EL_SYS_FD_NAME || strchr(fds->names[i], ':'))
            abort();
        if (given > 0 ? given != len || memcmp(names, fds->names[i], len) != 0
                      : strcmp(fds->names[i], "unknown") != 0)
            abort();
        names = names && names[given] ? names + given + 1 : NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *lines[3] = {NULL};
    char *at = text;
    struct el_sys_fds fds;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (int i = 0; i < 3 && at; i++) {
        lines[i] = strsep(&at, "\n");
        if (lines[i][0] == '!')
            lines[i] = NULL;
    }

    int code = el_sys_fds_parse(lines[0], lines[1], lines[2], SELF, &fds);

    if (code != 0 && (code != EL_EINVAL || fds.count != 0))
        abort();
    check(&fds, lines[2]);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Default places. */
#include "node/places.h"

#include "node/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The absolute path in the environment variable NAME, or NULL. */
static const char *directory_in(const char *name)
{
    const char *path = getenv(name);

    return path && path[0] == '/' ? path : NULL;
}

/* DIRECTORY with REST behind it, if CAPACITY has room for it. */
static int join(char *path, size_t capacity, const char *directory, const char *rest,
                struct el_err *err)
{
    int len = snprintf(path, capacity, "%s%s", directory, rest);

    return len < (int)capacity ? 0
                               : el_err(err, EL_EINVAL,
                                        "%.64s...%s: the path is longer than %zu "
                                        "bytes",
                                        directory, rest, capacity - 1);
}

int el_places_state(char path[EL_PLACES_PATH], struct el_err *err)
{
    const char *state = directory_in("XDG_STATE_HOME"), *home = directory_in("HOME");

    if (geteuid() == 0)
        return join(path, EL_PLACES_PATH, EL_PLACES_STATE, "", err);
    if (state)
        return join(path, EL_PLACES_PATH, state, "/el2w", err);
    if (home)
        return join(path, EL_PLACES_PATH, home, "/.local/state/el2w", err);
    return el_err(err, EL_ENOENT, "no state directory: HOME is not set; say --state DIR");
}

int el_places_sockets(char path[EL_SYS_CONTROL_PATH], struct el_err *err)
{
    const char *runtime = directory_in("XDG_RUNTIME_DIR");
    char state[EL_PLACES_PATH];

    if (geteuid() == 0)
        return join(path, EL_SYS_CONTROL_PATH, EL_CONTROL_DIRECTORY, "", err);
    if (runtime)
        return join(path, EL_SYS_CONTROL_PATH, runtime, "/el2w", err);
    int rc = el_places_state(state, err);
    return rc < 0 ? rc : join(path, EL_SYS_CONTROL_PATH, state, "", err);
}

int el_places_api(const char *said, char path[EL_SYS_CONTROL_PATH], struct el_err *err)
{
    char directory[EL_SYS_CONTROL_PATH];

    if (said)
        return join(path, EL_SYS_CONTROL_PATH, said, "", err);
    int rc = el_places_sockets(directory, err);
    return rc < 0 ? rc : join(path, EL_SYS_CONTROL_PATH, directory, "/hub.sock", err);
}

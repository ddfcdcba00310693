/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tunnel's memory, in the state room's tunnel.db. */
#include "link/remember.h"

#include "base/log.h"
#include "state/state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct el_remember {
    struct el_state *state;
    int directory; /* or -1 */
};

/* Our own timestamp is kept under a key that is nobody's. */
static const uint8_t own_key[EL_STATE_KEY_BYTES];

int el_remember_open(int state_fd, const char *path, struct el_remember **memory,
                     struct el_err *err)
{
    *memory = NULL;
    if (state_fd < 0 && !path)
        return 0;
    struct el_remember *m = calloc(1, sizeof *m);
    if (!m)
        return el_err(err, EL_ENOMEM, "out of memory");
    m->directory = state_fd;
    m->state = el_state_open(EL_STATE_TUNNEL, state_fd, path ? path : "state", err);
    if (!m->state) {
        el_remember_close(m);
        return EL_EIO;
    }
    *memory = m;
    return 0;
}

void el_remember_close(struct el_remember *m)
{
    if (!m)
        return;
    el_state_close(m->state);
    if (m->directory >= 0)
        close(m->directory);
    free(m);
}

static void log_failure(int rc, const struct el_err *err)
{
    if (rc < 0 && rc != EL_ENOENT)
        EL_LOG(EL_LOG_ERROR, "tunnel", "not-remembered", EL_STR("error", err->text));
}

void el_remember_own(struct el_remember *m, uint8_t timestamp[12])
{
    struct el_err err = {""};

    memset(timestamp, 0, EL_STATE_TIMESTAMP_BYTES);
    if (m)
        log_failure(el_state_timestamp_get(m->state, own_key, timestamp, &err), &err);
}

void el_remember_peer(struct el_remember *m, const uint8_t key[EL_TUNNEL_KEY_BYTES],
                      uint8_t timestamp[12], struct el_endpoint *endpoint)
{
    struct el_err err = {""};

    memset(timestamp, 0, EL_STATE_TIMESTAMP_BYTES);
    memset(endpoint, 0, sizeof *endpoint);
    if (!m)
        return;
    log_failure(el_state_timestamp_get(m->state, key, timestamp, &err), &err);
    log_failure(el_state_endpoint_get(m->state, key, endpoint, &err), &err);
}

void el_remember_reserved(struct el_remember *m, const uint8_t timestamp[12])
{
    el_remember_accepted(m, own_key, timestamp);
}

void el_remember_accepted(struct el_remember *m, const uint8_t key[EL_TUNNEL_KEY_BYTES],
                          const uint8_t timestamp[12])
{
    struct el_err err = {""};

    if (m)
        log_failure(el_state_timestamp_put(m->state, key, timestamp, &err), &err);
}

void el_remember_endpoint(struct el_remember *m, const uint8_t key[EL_TUNNEL_KEY_BYTES],
                          const struct el_endpoint *endpoint)
{
    struct el_err err = {""};

    if (m && endpoint->carrier == EL_CARRIER_UDP) /* else it cannot be called there */
        log_failure(el_state_endpoint_put(m->state, key, endpoint, &err), &err);
}

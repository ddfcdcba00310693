/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spoke asks to be enrolled: POST /v1/enrol to the hub, and again while it says "not yet", until
 * it says yes or no. Asking again is harmless: to the same key the hub gives the same answer, so
 * neither a lost answer nor a crash in between costs the token.
 */
#ifndef EL_SPOKE_JOIN_H
#define EL_SPOKE_JOIN_H

#include "base/err.h"
#include "net/net.h"
#include "spoke/join_answer.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>

enum {
    EL_JOIN_AGAIN_S = 2, /* while an operator has to approve, or the hub cannot answer */
    EL_JOIN_CODE_BYTES = 16,
};

struct el_join;

struct el_join_config {
    struct el_net *net;               /* where the hub is 100.64.0.1; lives longer */
    uint8_t key[EL_TUNNEL_KEY_BYTES]; /* public, of the spoke to be */
    bool fast;                        /* this computer can do EL_TUNNEL_FAST, and may */

    /* The hub has answered, each time something new: nothing for "still pending". ANSWER is
     * wiped after the call. The join may be freed in it. After EL_JOIN_CODE it waits for
     * el_join_code(), after EL_JOIN_ENROLLED and EL_JOIN_REFUSED it is over; else it goes on. */
    void (*answered)(void *arg, const struct el_join_answer *answer);
    void *arg;
};

/* Asks at once. CONFIG is copied. */
int el_join_new(const struct el_join_config *config, struct el_join **join, struct el_err *err);
void el_join_free(struct el_join *join); /* NULL is allowed */

/* Asks at once with CODE, which is used once. EL_EINVAL: no code looks like that. */
int el_join_code(struct el_join *join, const char *code, struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The applet that joins: it calls the hub with a token's enrolment key, in user space and without
 * any rights, asks to be enrolled, and tells its supervisor (el2w spoke --join) what came of it.
 *
 * Descriptors that it is given: "udp4", "udp6" (as the tunnel's; either may be missing), "state" (a
 * directory of its own, for the timestamps of its handshakes), "join" (see spoke/join_message.h).
 */
#ifndef EL_SPOKE_JOIN_SERVICE_H
#define EL_SPOKE_JOIN_SERVICE_H

#include "base/err.h"
#include "enrol/token.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

struct el_join_service_config {
    struct el_enrol_token token;      /* whoever has it wipes it */
    const char *hub;                  /* HOST[:PORT]: where the hub is, whatever TOKEN says; NULL */
    uint8_t key[EL_TUNNEL_KEY_BYTES]; /* public, of the spoke to be */
    bool fast;                        /* see struct el_join_config */
    uint64_t give_up_ns;              /* end if the hub has not answered by then; 0: try for ever */
    uint64_t user;                    /* who to become; 0: stay */
};

/* Runs until SIGTERM or SIGINT, or until its supervisor is gone. 0; EL_EAGAIN if it gave up; or
 * another error. */
int el_join_service_run(const struct el_join_service_config *config, struct el_err *err);

#endif

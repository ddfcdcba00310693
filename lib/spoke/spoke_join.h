/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's side of joining: starts the applet that does it (spoke/join_service.h), shows
 * the person at the terminal what the hub says, asks for a code if the hub wants one, and takes the
 * enrolment when there is one.
 */
#ifndef EL_SPOKE_SPOKE_JOIN_H
#define EL_SPOKE_SPOKE_JOIN_H

#include "base/err.h"
#include "enrol/token.h"
#include "node/launch.h"
#include "node/tunnel_options.h"
#include "spoke/enrolment.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_SPOKE_JOIN_STOPPED = 2 };

struct el_spoke_join_config {
    struct el_launch *launch;
    const struct el_enrol_token *token;
    uint8_t key[EL_TUNNEL_KEY_BYTES]; /* our public key */
    const char *hub;                  /* instead of the token's endpoints; NULL */
    const char *code;                 /* of the second factor, to be used once; NULL */
    bool fast;                        /* the wire form may be EL_TUNNEL_FAST */
    bool no_tcp;                      /* UDP or nothing */
    uint64_t give_up_ns;
    const struct el_tunnel_options *tunnel;
    const char *log_options;
};

/* Runs the launch until the hub has decided. 0 with ENROLMENT, to be wiped;
 * EL_SPOKE_JOIN_STOPPED by a signal; EL_EAGAIN: the applet gave up and has said why; EL_EPERM: the
 * hub refuses, and why; or another error. */
int el_spoke_join(const struct el_spoke_join_config *config, struct el_enrolment *enrolment,
                  struct el_err *err);

#endif

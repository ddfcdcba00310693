/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The applet that a spoke asks its hub with: a TCP/IP stack inside the spoke's tunnel, and the
 * question of spoke/agent.h. What the hub says is read here, without any rights, and goes to the
 * supervisor (el2w spoke) as a text that is read once more.
 *
 * Descriptors that it is given: "inside" (to the tunnel), "agent" (see spoke/agent_message.h).
 */
#ifndef EL_SPOKE_AGENT_SERVICE_H
#define EL_SPOKE_AGENT_SERVICE_H

#include "base/addr.h"
#include "base/err.h"

#include <stdint.h>

struct el_agent_service_config {
    struct el_ip address; /* of the spoke, in the tunnel */
    uint64_t user;        /* who to become; 0: stay */
};

/* Runs until SIGTERM or SIGINT, or until its supervisor is gone. 0 or an error. */
int el_agent_service_run(const struct el_agent_service_config *config, struct el_err *err);

#endif

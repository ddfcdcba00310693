/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame around an applet that serves on one loop until it is told to stop. */
#ifndef EL_CMD_SERVICE_H
#define EL_CMD_SERVICE_H

#include "base/err.h"
#include "net/net.h"

struct el_sys_signals;

struct el_cmd_service {
    struct el_net *net;
    struct el_sys_signals *signals;
};

/* Makes the loop. */
int el_cmd_service_begin(struct el_cmd_service *service, struct el_err *err);

/* Gives up privileges (as user nobody, if we are root), says that it is ready, and runs until
 * SIGTERM or SIGINT. */
int el_cmd_service_run(struct el_cmd_service *service, struct el_err *err);

void el_cmd_service_end(struct el_cmd_service *service);

#endif

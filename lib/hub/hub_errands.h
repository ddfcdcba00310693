/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor's end of the channel on which control asks it for what needs root: hub/errand.h.
 */
#ifndef EL_HUB_HUB_ERRANDS_H
#define EL_HUB_HUB_ERRANDS_H

#include "base/err.h"
#include "hub/hub_network.h"
#include "hub/hub_ports.h"
#include "sys/program.h"

#include <uv.h>

struct el_hub_errands;

struct el_hub_errands_config {
    int fd;                           /* where they come from; ours from now on */
    struct el_hub_networks *networks; /* lives longer */
    struct el_hub_ports *ports;       /* lives longer; NULL: none can be made */
    const char *program;              /* of the second factor; the caller's; NULL: there is none */
    struct el_sys_user program_user;
};

/* Runs errands on LOOP. */
int el_hub_errands_new(uv_loop_t *loop, const struct el_hub_errands_config *config,
                       struct el_hub_errands **errands, struct el_err *err);

/* Before the loop is closed. NULL is allowed. */
void el_hub_errands_free(struct el_hub_errands *errands);

/* The boot service called APPLET (el_launch_applet) is ready, or has died: control is told, if that
 * is one of a network's. */
void el_hub_errands_service(struct el_hub_errands *errands, const char *applet, bool ready);

#endif

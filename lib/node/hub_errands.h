/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor's end of the channel on which control asks it for what needs root: node/errand.h.
 */
#ifndef EL_NODE_HUB_ERRANDS_H
#define EL_NODE_HUB_ERRANDS_H

#include "base/err.h"
#include "node/hub_network.h"

#include <uv.h>

struct el_hub_errands;

/* Runs errands that come from FD, which is ours from now on, on LOOP. NETWORKS must live longer. */
int el_hub_errands_new(uv_loop_t *loop, int fd, struct el_hub_networks *networks,
                       struct el_hub_errands **errands, struct el_err *err);

/* Before the loop is closed. NULL is allowed. */
void el_hub_errands_free(struct el_hub_errands *errands);

/* The boot service called APPLET (el_launch_applet) is ready, or has died: control is told, if that
 * is one of a network's. */
void el_hub_errands_service(struct el_hub_errands *errands, const char *applet, bool ready);

#endif

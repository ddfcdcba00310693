/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame around an applet that serves on one loop. */
#include "service.h"

#include "base/log.h"
#include "net/kernel.h"
#include "sys/drop.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <signal.h>
#include <unistd.h>

static void on_signal(void *arg, int signum)
{
    if (signum != SIGHUP)
        el_net_kernel_stop(arg);
}

int el_cmd_service_begin(struct el_cmd_service *service, struct el_err *err)
{
    *service = (struct el_cmd_service){.net = NULL};
    int rc = el_net_kernel_new(&service->net, err);

    if (rc < 0)
        return rc;
    return el_sys_signals_watch(el_net_kernel_loop(service->net), on_signal, service->net,
                                &service->signals, err);
}

int el_cmd_service_run(struct el_cmd_service *service, struct el_err *err)
{
    /* Whoever serves by hand has no state directory to tell this one from others. */
    uid_t user = geteuid() == 0 ? el_sys_drop_uid("/", 0) : 0;
    struct el_sys_drop_config drop = {.uid = user, .gid = user};
    int rc = el_sys_drop(&drop, err);

    if (rc < 0)
        return rc;
    EL_LOG(EL_LOG_INFO, "node", "ready", EL_INT("pid", getpid()));
    el_sys_notify_ready();
    el_net_kernel_run(service->net);
    return 0;
}

void el_cmd_service_end(struct el_cmd_service *service)
{
    el_sys_signals_free(service->signals);
    el_net_kernel_free(service->net);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream applet: takes its descriptors, and lets stream/stream_io.h do the rest. */
#include "link/stream_service.h"

#include "base/log.h"
#include "net/kernel.h"
#include "stream/stream_io.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <signal.h>

enum {
    OF_ADDRESS = 256, /* connections: a site may have as many spokes behind one address */
    STRANGERS = 32,   /* of these, at any moment: when the hub is back, all come at once */
    SPARE_FILES = 64, /* descriptors beside those of connections */
};

struct service {
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_stream_io *io;
};

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP) {
        el_net_kernel_stop(s->net);
        return;
    }
    for (unsigned i = 0; i < EL_STREAM_IO_COUNTERS; i++)
        if (el_stream_io_count(s->io, i) > 0)
            EL_LOG(EL_LOG_INFO, "stream", "counter", EL_STR("name", el_stream_io_counter_name(i)),
                   EL_UINT("value", el_stream_io_count(s->io, i)));
}

/* All descriptors called NAME, up to MAX. How many. */
static unsigned take_all(const char *name, int *list, unsigned max)
{
    unsigned count = 0;

    while (count < max && (list[count] = el_sys_fds_take(name)) >= 0)
        count++;
    return count;
}

static int take(struct el_stream_io_config *io, struct el_err *err)
{
    io->lane_count = take_all("tunnel", io->lanes, EL_STREAM_LANES);
    io->listener_count = take_all("tcp", io->listeners, EL_STREAM_LISTENERS);
    io->caller_count = take_all("caller", io->callers, 2 * EL_STREAM_CALLERS);
    if (io->lane_count == 0 || (io->lane_count & (io->lane_count - 1)) != 0)
        return el_err(err, EL_EINVAL, "el2w hub and el2w spoke start this");
    return 0;
}

static int give_up_rights(const struct el_stream_service_config *config, struct el_err *err)
{
    struct el_sys_drop_config drop = {.uid = (uid_t)config->user,
                                      .gid = (gid_t)config->user,
                                      .open_files = config->connections + SPARE_FILES};
    struct el_sys_confine_config confine = {.ports = config->ports,
                                            .port_count = config->port_count};
    int rc = el_sys_drop(&drop, err);

    return rc == 0 ? el_sys_confine(&confine, err) : rc;
}

static int set_up(struct service *s, const struct el_stream_service_config *config,
                  struct el_err *err)
{
    struct el_stream_io_config io = {
        .limits = {(unsigned)config->connections, OF_ADDRESS, STRANGERS}};
    int rc = take(&io, err);

    if (rc == 0)
        rc = give_up_rights(config, err);
    if (rc >= 0)
        rc = el_net_kernel_new(&s->net, err);
    if (rc < 0)
        return rc;
    io.net = s->net;
    io.loop = el_net_kernel_loop(s->net);
    rc = el_stream_io_new(&io, &s->io, err);
    return rc == 0 ? el_sys_signals_watch(io.loop, on_signal, s, &s->signals, err) : rc;
}

int el_stream_service_run(const struct el_stream_service_config *config, struct el_err *err)
{
    struct service service = {.net = NULL};
    int rc = set_up(&service, config, err);

    if (rc == 0) {
        el_sys_notify_ready();
        el_sys_fds_close_rest();
        el_net_kernel_run(service.net);
    }
    if (service.signals)
        el_sys_signals_free(service.signals);
    el_stream_io_free(service.io);
    el_net_kernel_free(service.net);
    return rc;
}

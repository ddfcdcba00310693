/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory, or what is in an image of a disk, over NFS. */
#include "service/nfs_service.h"

#include "base/log.h"
#include "net/kernel.h"
#include "nfs/nfs_io.h"
#include "service/nfs_export.h"
#include "service/nfs_key.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

struct service {
    const struct el_nfs_service_config *config;
    char *path; /* of the root, as it really is called */
    int root, state;
    struct el_nfs *nfs;
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_nfs_server *server;
};

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(s->net);
}

static int open_path(const char *what, const char *path, int *fd, struct el_err *err)
{
    if (!path)
        return 0;
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return *fd < 0 ? el_err_os(err, errno, "%s %s", what, path) : 0;
}

static int make_nfs(struct service *s, struct el_err *err)
{
    struct el_nfs_config config = {.port = (uint16_t)s->config->port};
    int rc = el_nfs_key_load(s->state, config.key, err);

    if (rc < 0)
        return rc;
    s->nfs = el_nfs_new(&config);
    sodium_memzero(config.key, sizeof config.key);
    int root = fcntl(s->root, F_DUPFD_CLOEXEC, 0);
    if (!s->nfs || root < 0)
        return el_err(err, EL_ENOMEM, "nfs: out of memory");
    return el_nfs_export_fd(s->nfs, s->path, root, NULL, err);
}

static int start(struct service *s, struct el_err *err)
{
    const struct el_nfs_service_config *config = s->config;
    const struct el_endpoint at = {.ip = config->ip, .port = (uint16_t)config->port};
    const struct el_endpoint portmap = {.ip = config->ip, .port = EL_NFS_PORTMAP_PORT};
    const struct el_net_udp_config udp[] = {
        {.bind = at, .device = config->device, .inherited_fd = -1},
        {.bind = portmap, .device = config->device, .inherited_fd = -1}};
    const struct el_net_listen_config tcp[] = {
        {.bind = at, .device = config->device, .inherited_fd = -1},
        {.bind = portmap, .device = config->device, .inherited_fd = -1}};
    const struct el_nfs_server_config server = {
        .nfs = s->nfs,
        .udp = &udp[0],
        .tcp = &tcp[0],
        .portmap_udp = config->no_portmap ? NULL : &udp[1],
        .portmap_tcp = config->no_portmap ? NULL : &tcp[1],
    };
    int rc = el_net_kernel_new(&s->net, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
    return rc == 0 ? el_nfs_server_start(s->net, &server, &s->server, err) : rc;
}

static int serve(struct service *s, struct el_err *err)
{
    /* Whoever serves by hand has no state directory of a node to tell this user from others. */
    uid_t user = geteuid() == 0 ? el_sys_drop_uid("/", 0) : 0;
    struct el_sys_drop_config drop = {.uid = user, .gid = user};
    struct el_sys_place root = {el_nfs_export_place(s->root), false};
    struct el_sys_confine_config config = {.places = &root, .count = 1, .resolver = false};
    int rc = el_sys_drop(&drop, err);

    if (rc == 0)
        rc = el_sys_confine(&config, err);
    if (rc < 0)
        return rc;
    EL_LOG(EL_LOG_INFO, "node", "ready", EL_STR("export", s->path));
    el_sys_notify_ready();
    el_net_kernel_run(s->net);
    return 0;
}

int el_nfs_service_run(const struct el_nfs_service_config *config, struct el_err *err)
{
    struct service s = {.config = config, .root = -1, .state = -1};
    int rc = open_path("export", config->root, &s.root, err);

    if (rc == 0 && !(s.path = realpath(config->root, NULL)))
        rc = el_err_os(err, errno, "export %s", config->root);
    if (rc == 0)
        rc = open_path("state", config->state, &s.state, err);
    if (rc == 0)
        rc = make_nfs(&s, err);
    if (rc == 0)
        rc = start(&s, err);
    if (rc == 0)
        rc = serve(&s, err);
    el_nfs_server_stop(s.server);
    el_sys_signals_free(s.signals);
    el_net_kernel_free(s.net);
    el_nfs_free(s.nfs);
    if (s.root >= 0)
        close(s.root);
    if (s.state >= 0)
        close(s.state);
    free(s.path);
    return rc;
}

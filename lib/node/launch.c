/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame around hub and spoke. */
#include "node/launch.h"

#include "base/log.h"
#include "net/kernel.h"
#include "node/control.h"
#include "sys/drop.h"
#include "sys/files.h"
#include "sys/lock.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "sys/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NAME_BYTES = 64,
    PATH_BYTES = 4096,
    CONFIG_BYTES = 1 << 20,
};

/* Place I has the user id I. */
struct place {
    struct el_sys_applet *applet; /* NULL: free */
    char name[NAME_BYTES];
};

struct el_launch {
    const char *name;
    const char *state_dir; /* the caller's */
    int lock;
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_sys_supervisor *supervisor;
    struct place places[EL_SYS_UIDS];
    struct el_sys_control control; /* its descriptor is the applet's */
    bool all_ready;
    bool gave_up;
    el_launch_restart_cb *on_restart;
    void *on_restart_arg;
    el_launch_ready_cb *on_ready;
    void *on_ready_arg;
};

static void state_path(const struct el_launch *launch, const char *suffix, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s%s", launch->state_dir, launch->name, suffix);
}

/* The lock is held by another: content, if it runs with the same configuration. */
static int already_running(const struct el_launch *launch, const char *config, struct el_err *err)
{
    char path[PATH_BYTES];
    char *text = malloc(CONFIG_BYTES);
    int n = EL_ENOMEM;

    state_path(launch, ".running", path);
    if (text)
        n = el_sys_file_read(path, text, CONFIG_BYTES - 1, NULL);
    bool same = n >= 0 && (size_t)n == strlen(config) && memcmp(text, config, (size_t)n) == 0;
    free(text);
    size_t used = strlen(err->text);
    if (same) {
        snprintf(err->text + used, sizeof err->text - used,
                 ", with this configuration: nothing to do");
        return EL_LAUNCH_RUNNING;
    }
    snprintf(err->text + used, sizeof err->text - used,
             ", with another configuration: stop it first, or give --state another directory");
    return EL_EEXIST;
}

int el_launch_running(const char *name, const char *state_dir, char **config, struct el_err *err)
{
    const struct el_launch launch = {.name = name, .state_dir = state_dir};
    char path[PATH_BYTES];
    int rc = el_sys_lock_held(state_dir, name, err);

    if (rc <= 0)
        return rc;
    state_path(&launch, ".running", path);
    *config = malloc(CONFIG_BYTES);
    if (!*config)
        return el_err(err, EL_ENOMEM, "out of memory");
    int n = el_sys_file_read(path, *config, CONFIG_BYTES - 1, err);
    if (n < 0) {
        free(*config);
        return n;
    }
    (*config)[n] = '\0';
    return 1;
}

static int lock_state(struct el_launch *launch, const char *config, struct el_err *err)
{
    char path[PATH_BYTES];
    int rc = el_sys_dir_make(launch->state_dir, 0711, err);

    if (rc < 0)
        return rc;
    launch->lock = el_sys_lock(launch->state_dir, launch->name, err);
    if (launch->lock == EL_EEXIST)
        return already_running(launch, config, err);
    if (launch->lock < 0)
        return launch->lock;
    state_path(launch, ".running", path);
    return el_sys_file_write(path, config, strlen(config), 0600, err);
}

/* -- on the loop -- */

static void on_signal(void *arg, int signum)
{
    struct el_launch *launch = arg;

    if (signum == SIGHUP)
        return; /* the terminal is gone; the machines behind us are not */
    EL_LOG(EL_LOG_INFO, "node", "stopping", EL_STR("signal", signum == SIGINT ? "INT" : "TERM"));
    el_launch_stop(launch);
}

/* What APPLET is called here. */
static const char *name_of(const struct el_launch *launch, const struct el_sys_applet *applet)
{
    for (unsigned i = 0; i < EL_SYS_UIDS; i++)
        if (launch->places[i].applet == applet)
            return launch->places[i].name;
    return el_sys_applet_name(applet);
}

static void on_ready(void *arg, struct el_sys_applet *applet)
{
    struct el_launch *launch = arg;

    if (launch->on_ready)
        launch->on_ready(launch->on_ready_arg, name_of(launch, applet), true);
    EL_LOG(EL_LOG_DEBUG, "node", "applet-ready", EL_STR("applet", el_sys_applet_name(applet)),
           EL_INT("pid", el_sys_applet_pid(applet)));
    for (unsigned i = 0; i < EL_SYS_UIDS; i++)
        if (launch->places[i].applet && !el_sys_applet_is_ready(launch->places[i].applet))
            return;
    if (!launch->all_ready)
        el_sys_notify_ready();
    launch->all_ready = true;
    EL_LOG(EL_LOG_INFO, "node", "ready", EL_STR("as", launch->name));
}

static void on_died(void *arg, struct el_sys_applet *applet, int status)
{
    struct el_launch *launch = arg;

    if (launch->on_ready)
        launch->on_ready(launch->on_ready_arg, name_of(launch, applet), false);
    if (launch->gave_up || !WIFEXITED(status) || WEXITSTATUS(status) != EL_LAUNCH_GAVE_UP)
        return;
    launch->gave_up = true;
    el_sys_supervisor_stop(launch->supervisor);
}

static void on_restarting(void *arg, struct el_sys_applet *applet)
{
    struct el_launch *launch = arg;

    if (launch->on_restart)
        launch->on_restart(launch->on_restart_arg, name_of(launch, applet));
}

static void on_stopped(void *arg)
{
    struct el_launch *launch = arg;

    el_net_kernel_stop(launch->net);
}

int el_launch_new(const char *name, const char *state_dir, const char *config,
                  struct el_launch **result, struct el_err *err)
{
    static const struct el_sys_supervisor_events events = {
        .ready = on_ready, .died = on_died, .restarting = on_restarting, .stopped = on_stopped};
    struct el_launch *launch = calloc(1, sizeof *launch);

    if (!launch)
        return el_err(err, EL_ENOMEM, "out of memory");
    launch->name = name;
    launch->state_dir = state_dir;
    launch->lock = -1;
    launch->control.fd = -1;
    el_sys_drop_early();
    int rc = lock_state(launch, config, err);
    if (rc == 0)
        rc = el_net_kernel_new(&launch->net, err);
    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(launch->net), on_signal, launch,
                                  &launch->signals, err);
    if (rc == 0)
        rc = el_sys_supervisor_new(el_net_kernel_loop(launch->net), &events, launch,
                                   &launch->supervisor, err);
    if (rc != 0) {
        el_launch_free(launch);
        return rc;
    }
    *result = launch;
    return 0;
}

void el_launch_free(struct el_launch *launch)
{
    char path[PATH_BYTES];

    if (!launch)
        return;
    el_sys_supervisor_free(launch->supervisor);
    el_sys_signals_free(launch->signals);
    el_net_kernel_free(launch->net);
    el_sys_control_close(&launch->control);
    if (launch->lock >= 0) {
        state_path(launch, ".running", path);
        unlink(path);
        el_sys_lock_release(launch->lock);
    }
    free(launch);
}

/* -- applets -- */

/* The first free place; EL_SYS_UIDS if there is none. */
static unsigned next_place(const struct el_launch *launch)
{
    unsigned i = 0;

    while (i < EL_SYS_UIDS && launch->places[i].applet)
        i++;
    return i;
}

static struct place *find_place(struct el_launch *launch, const char *name)
{
    for (unsigned i = 0; i < EL_SYS_UIDS; i++)
        if (launch->places[i].applet && strcmp(launch->places[i].name, name) == 0)
            return &launch->places[i];
    return NULL;
}

int el_launch_dir(struct el_launch *launch, const char *path, struct el_err *err)
{
    uid_t uid = el_sys_drop_uid(launch->state_dir, next_place(launch));
    int rc = el_sys_dir_make(path, 0700, err);

    if (rc < 0)
        return rc;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return el_err_os(err, errno, "%s: cannot open it", path);
    rc = el_sys_drop_is_root() ? el_sys_dir_give(fd, path, uid, err) : 0;
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

int el_launch_state_dir(struct el_launch *launch, const char *name, struct el_err *err)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", launch->state_dir, name);
    return el_launch_dir(launch, path, err);
}

/* OPTIONS in memory that can be passed on. */
static int config_fd(const char *options, struct el_err *err)
{
    int fd = memfd_create("config", MFD_CLOEXEC);
    size_t len = strlen(options);

    if (fd < 0 || write(fd, options, len) != (ssize_t)len) {
        if (fd >= 0)
            close(fd);
        return el_err_os(err, errno, "cannot pass the configuration on");
    }
    return fd;
}

int el_launch_fds_add(struct el_launch_fds *fds, const char *name, int fd)
{
    if (fd < 0)
        return fd;
    if (fds->count == EL_LAUNCH_FDS) {
        close(fd);
        return EL_EFULL;
    }
    snprintf(fds->names[fds->count], EL_SYS_FD_NAME, "%s", name);
    fds->items[fds->count] = (struct el_sys_named_fd){fds->names[fds->count], fd};
    fds->count++;
    return fd;
}

int el_launch_control(struct el_launch *launch, const char *said, const char *network,
                      struct el_launch_fds *fds, struct el_err *err)
{
    int rc = el_control_open(said, network, &launch->control, err);

    if (rc == 0 && launch->control.fd >= 0)
        rc = el_launch_fds_add(fds, "control", launch->control.fd);
    launch->control.fd = -1;
    return rc < 0 ? rc : 0;
}

/* OPTIONS, and the user that the applet will be. */
static int add_config(const struct el_launch *launch, const char *options,
                      struct el_launch_fds *fds, struct el_err *err)
{
    uid_t uid = el_sys_drop_uid(launch->state_dir, next_place(launch));
    char *text = NULL;

    if (asprintf(&text, "user = %u\n%s", el_sys_drop_is_root() ? (unsigned)uid : 0, options) < 0)
        return el_err(err, EL_ENOMEM, "out of memory");
    int fd = el_launch_fds_add(fds, "config", config_fd(text, err));
    explicit_bzero(text, strlen(text));
    free(text);
    return fd;
}

static int start(struct el_launch *launch, const char *applet, const char *name,
                 const char *options, struct el_launch_fds *fds, struct el_err *err)
{
    const char *const argv[] = {"el2w", applet, NULL};
    unsigned place = next_place(launch);

    if (place == EL_SYS_UIDS)
        return el_err(err, EL_EFULL, "%s: %d applets run already", name, EL_SYS_UIDS);
    int rc = add_config(launch, options, fds, err);
    if (rc < 0)
        return rc;
    struct el_sys_applet_config config = {.argv = argv, .fds = fds->items, .fd_count = fds->count};
    snprintf(launch->places[place].name, NAME_BYTES, "%s", name);
    return el_sys_supervisor_add(launch->supervisor, &config, &launch->places[place].applet, err);
}

int el_launch_applet(struct el_launch *launch, const char *applet, const char *name,
                     const char *options, struct el_launch_fds *fds, struct el_err *err)
{
    int rc = options ? start(launch, applet, name, options, fds, err) : 0;

    for (unsigned i = 0; i < fds->count; i++)
        close(fds->items[i].fd);
    fds->count = 0;
    return rc;
}

void el_launch_remove(struct el_launch *launch, const char *name)
{
    struct place *place = find_place(launch, name);

    if (!place)
        return;
    el_sys_supervisor_remove(launch->supervisor, place->applet);
    place->applet = NULL;
}

void el_launch_end_first(struct el_launch *launch, const char *name)
{
    struct place *place = find_place(launch, name);

    if (place)
        el_sys_applet_end_first(place->applet);
}

void el_launch_on_restart(struct el_launch *launch, el_launch_restart_cb *cb, void *arg)
{
    launch->on_restart = cb;
    launch->on_restart_arg = arg;
}

void el_launch_on_ready(struct el_launch *launch, el_launch_ready_cb *cb, void *arg)
{
    launch->on_ready = cb;
    launch->on_ready_arg = arg;
}

int el_launch_replace(struct el_launch *launch, const char *name, const char *fd_name, int fd)
{
    struct place *place = find_place(launch, name);
    int rc = place ? el_sys_applet_replace_fd(place->applet, fd_name, fd) : EL_ENOENT;

    close(fd);
    return rc;
}

uv_loop_t *el_launch_loop(struct el_launch *launch)
{
    return el_net_kernel_loop(launch->net);
}

int el_launch_run(struct el_launch *launch)
{
    el_net_kernel_run(launch->net);
    return launch->gave_up ? EL_EAGAIN : 0;
}

void el_launch_stop(struct el_launch *launch)
{
    el_sys_notify_stopping();
    el_sys_supervisor_stop(launch->supervisor);
}

void el_launch_pause(struct el_launch *launch)
{
    el_net_kernel_stop(launch->net);
}

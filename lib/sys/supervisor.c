/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent of applets.
 *
 * An applet's states: it lives (pid, a watched pidfd, and until it is ready a watched pipe), or it
 * is dead and its timer says when it starts again. While stopping, dead ones stay dead. One that is
 * leaving is forgotten as soon as it is dead.
 */
#include "sys/supervisor.h"

#include "base/log.h"
#include "sys/backoff.h"
#include "sys/clock.h"
#include "sys/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { APPLET_ARGUMENTS = 256 };

/* A descriptor that is watched; freed when libuv has let go of it. */
struct watch {
    uv_poll_t poll;
    struct el_sys_applet *applet;
};

struct el_sys_applet {
    struct el_sys_supervisor *supervisor;
    char **argv;
    struct el_sys_named_fd fds[EL_SYS_FDS]; /* ours; the last is "notify" while starting */
    size_t fd_count;
    struct el_sys_child child;
    struct watch *death;
    struct watch *notify; /* NULL once it has spoken */
    int notify_fd;
    bool ready;
    struct el_sys_backoff backoff;
    uint64_t start_at_ns; /* while it is dead; else EL_NEVER */
    bool first;           /* to end */
    bool leaving;
    uint64_t kill_at_ns; /* of one that is leaving; EL_NEVER once SIGKILL was sent */
};

/* The timer is a handle of libuv's, so it is freed apart from the rest. */
struct el_sys_supervisor {
    uv_loop_t *loop;
    uv_timer_t *timer; /* the earliest start, or the end of patience */
    struct el_sys_supervisor_events events;
    void *arg;
    struct el_sys_applet *applets[EL_SYS_APPLETS];
    size_t count;
    bool stopping;
    bool killed; /* SIGKILL was sent */
    uint64_t kill_at_ns;
};

static void set_timer(struct el_sys_supervisor *supervisor);
static void applet_forget(struct el_sys_applet *applet);

/* -- watching descriptors -- */

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *watch_new(struct el_sys_applet *applet, int fd, uv_poll_cb cb)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch || uv_poll_init(applet->supervisor->loop, &watch->poll, fd) < 0) {
        free(watch);
        return NULL;
    }
    watch->applet = applet;
    watch->poll.data = watch;
    uv_poll_start(&watch->poll, UV_READABLE, cb);
    return watch;
}

static void watch_free(struct watch **watch)
{
    if (*watch)
        uv_close((uv_handle_t *)&(*watch)->poll, free_handle);
    *watch = NULL;
}

/* -- one applet -- */

static void notify_end(struct el_sys_applet *applet)
{
    watch_free(&applet->notify);
    if (applet->notify_fd >= 0)
        close(applet->notify_fd);
    applet->notify_fd = -1;
}

/* It said something: "READY=1", or it closed the pipe. A line is one write, and so one read. */
static void notified(uv_poll_t *poll, int status, int events)
{
    struct el_sys_applet *applet = ((struct watch *)poll->data)->applet;
    struct el_sys_supervisor *supervisor = applet->supervisor;
    char text[256];
    ssize_t got = read(applet->notify_fd, text, sizeof text - 1);

    (void)events;
    if (got < 0 && errno == EAGAIN && status == 0)
        return;
    text[got > 0 ? got : 0] = '\0';
    if (got <= 0)
        notify_end(applet);
    if (strncmp(text, "READY=1\n", 8) != 0 || applet->ready)
        return;
    applet->ready = true;
    EL_LOG(EL_LOG_DEBUG, "sys", "ready", EL_STR("applet", applet->argv[1]));
    if (supervisor->events.ready)
        supervisor->events.ready(supervisor->arg, applet);
}

static size_t living(const struct el_sys_supervisor *supervisor)
{
    size_t count = 0;

    for (size_t i = 0; i < supervisor->count; i++)
        count += supervisor->applets[i]->child.pid != 0;
    return count;
}

static void stopped(struct el_sys_supervisor *supervisor)
{
    uv_timer_stop(supervisor->timer);
    if (supervisor->events.stopped)
        supervisor->events.stopped(supervisor->arg);
}

/* SIGTERM to those that end first; when there are none, or none any more, to the others. */
static void end_next(struct el_sys_supervisor *supervisor)
{
    bool any_first = false;

    for (size_t i = 0; i < supervisor->count; i++)
        any_first |= supervisor->applets[i]->first && supervisor->applets[i]->child.pid;
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->applets[i]->first == any_first)
            el_sys_child_kill(&supervisor->applets[i]->child, SIGTERM);
}

static void plan_restart(struct el_sys_applet *applet)
{
    struct el_sys_supervisor *supervisor = applet->supervisor;
    uint64_t now_ns = el_sys_now_ns();

    applet->start_at_ns = el_sys_backoff_died(&applet->backoff, now_ns);
    EL_LOG(EL_LOG_INFO, "sys", "restart", EL_STR("applet", applet->argv[1]),
           EL_UINT("in_ms", (applet->start_at_ns - now_ns) / EL_MS));
    set_timer(supervisor);
}

/* The pidfd is readable. The callbacks come last: they may free everything. */
static void died(uv_poll_t *poll, int poll_status, int events)
{
    struct el_sys_applet *applet = ((struct watch *)poll->data)->applet;
    struct el_sys_supervisor *supervisor = applet->supervisor;
    int status;
    char how[96];

    (void)poll_status;
    (void)events;
    if (applet->notify) /* its last words */
        notified(&applet->notify->poll, 0, UV_READABLE);
    if (el_sys_child_reap(&applet->child, &status) < 0)
        return;
    watch_free(&applet->death);
    notify_end(applet);
    applet->ready = false;
    el_sys_status_text(status, how, sizeof how);
    if (supervisor->stopping || applet->leaving) {
        EL_LOG(EL_LOG_DEBUG, "sys", "stopped", EL_STR("applet", applet->argv[1]),
               EL_STR("how", how));
    } else {
        EL_LOG(EL_LOG_ERROR, "sys", "died", EL_STR("applet", applet->argv[1]), EL_STR("how", how));
        plan_restart(applet);
    }

    bool last = supervisor->stopping && living(supervisor) == 0;
    if (supervisor->stopping && applet->first)
        end_next(supervisor);

    if (applet->leaving)
        applet_forget(applet);
    else if (supervisor->events.died)
        supervisor->events.died(supervisor->arg, applet, status);
    if (last)
        stopped(supervisor);
}

static int applet_start(struct el_sys_applet *applet, struct el_err *err)
{
    int notify[2];
    int code;

    if (pipe2(notify, O_CLOEXEC) < 0)
        return el_err_os(err, errno, "%s: pipe", applet->argv[1]);
    fcntl(notify[0], F_SETFL, O_NONBLOCK);
    applet->fds[applet->fd_count] = (struct el_sys_named_fd){"notify", notify[1]};
    applet->start_at_ns = EL_NEVER;
    el_sys_backoff_started(&applet->backoff, el_sys_now_ns());
    code = el_sys_child_start((const char *const *)applet->argv, applet->fds, applet->fd_count + 1,
                              &applet->child, err);
    close(notify[1]);
    applet->notify_fd = notify[0];
    if (code == 0) {
        applet->notify = watch_new(applet, notify[0], notified);
        applet->death = watch_new(applet, applet->child.pidfd, died);
        if (applet->notify && applet->death) {
            EL_LOG(EL_LOG_DEBUG, "sys", "started", EL_STR("applet", applet->argv[1]),
                   EL_INT("pid", applet->child.pid));
            return 0;
        }
        /* Nobody would see it die. */
        int status;

        code = el_err(err, EL_ENOMEM, "%s: out of memory", applet->argv[1]);
        el_sys_child_kill(&applet->child, SIGKILL);
        waitid(P_PID, (id_t)applet->child.pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
        el_sys_child_reap(&applet->child, &status);
        watch_free(&applet->death);
    }
    notify_end(applet);
    return code;
}

static void kill_all(struct el_sys_supervisor *supervisor, int signum)
{
    for (size_t i = 0; i < supervisor->count; i++)
        el_sys_child_kill(&supervisor->applets[i]->child, signum);
}

static void kill_the_rest(struct el_sys_supervisor *supervisor)
{
    supervisor->killed = true;
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->applets[i]->child.pid)
            EL_LOG(EL_LOG_WARN, "sys", "killed", EL_STR("applet", supervisor->applets[i]->argv[1]));
    kill_all(supervisor, SIGKILL);
}

/* -- time -- */

static void kill_who_will_not_leave(struct el_sys_supervisor *supervisor, uint64_t now_ns)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct el_sys_applet *applet = supervisor->applets[i];

        if (!applet->leaving || now_ns < applet->kill_at_ns)
            continue;
        EL_LOG(EL_LOG_WARN, "sys", "killed", EL_STR("applet", applet->argv[1]));
        el_sys_child_kill(&applet->child, SIGKILL);
        applet->kill_at_ns = EL_NEVER;
    }
}

static void timer_fired(uv_timer_t *timer)
{
    struct el_sys_supervisor *supervisor = timer->data;
    uint64_t now_ns = el_sys_now_ns();

    if (supervisor->stopping && !supervisor->killed && now_ns >= supervisor->kill_at_ns)
        kill_the_rest(supervisor);
    kill_who_will_not_leave(supervisor, now_ns);
    for (size_t i = 0; i < supervisor->count && !supervisor->stopping; i++) {
        struct el_sys_applet *applet = supervisor->applets[i];
        struct el_err err;

        if (applet->start_at_ns > now_ns)
            continue;
        if (supervisor->events.restarting)
            supervisor->events.restarting(supervisor->arg, applet);
        if (applet_start(applet, &err) == 0)
            continue;
        EL_LOG(EL_LOG_ERROR, "sys", "start-failed", EL_STR("applet", applet->argv[1]),
               EL_STR("error", err.text));
        applet->start_at_ns = el_sys_backoff_died(&applet->backoff, now_ns) + EL_MS;
    }
    set_timer(supervisor);
}

static void set_timer(struct el_sys_supervisor *supervisor)
{
    uint64_t now_ns = el_sys_now_ns();
    uint64_t next_ns = EL_NEVER;

    if (supervisor->stopping && !supervisor->killed)
        next_ns = supervisor->kill_at_ns;
    for (size_t i = 0; i < supervisor->count; i++) {
        const struct el_sys_applet *applet = supervisor->applets[i];

        if (!supervisor->stopping)
            next_ns = el_earlier(next_ns, applet->start_at_ns);
        if (applet->leaving)
            next_ns = el_earlier(next_ns, applet->kill_at_ns);
    }
    if (next_ns == EL_NEVER)
        uv_timer_stop(supervisor->timer);
    else
        uv_timer_start(supervisor->timer, timer_fired,
                       next_ns > now_ns ? (next_ns - now_ns + EL_MS - 1) / EL_MS : 0, 0);
}

/* -- all of them -- */

int el_sys_supervisor_new(uv_loop_t *loop, const struct el_sys_supervisor_events *events, void *arg,
                          struct el_sys_supervisor **made, struct el_err *err)
{
    struct el_sys_supervisor *supervisor = calloc(1, sizeof *supervisor);
    uv_timer_t *timer = calloc(1, sizeof *timer);
    int code = supervisor && timer ? el_sys_exe_open(err)
                                   : el_err(err, EL_ENOMEM, "supervisor: out of memory");

    if (code < 0) {
        free(supervisor);
        free(timer);
        return code;
    }
    supervisor->loop = loop;
    supervisor->timer = timer;
    supervisor->events = *events;
    supervisor->arg = arg;
    uv_timer_init(loop, timer);
    timer->data = supervisor;
    *made = supervisor;
    return 0;
}

static void applet_free(struct el_sys_applet *applet)
{
    for (size_t i = 0; i < applet->fd_count; i++) {
        close(applet->fds[i].fd);
        free((char *)(uintptr_t)applet->fds[i].name);
    }
    for (char **argument = applet->argv; argument && *argument; argument++)
        free(*argument);
    free(applet->argv);
    free(applet);
}

/* It is dead, and nothing of it is watched any more. */
static void applet_forget(struct el_sys_applet *applet)
{
    struct el_sys_supervisor *supervisor = applet->supervisor;
    size_t kept = 0;

    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->applets[i] != applet)
            supervisor->applets[kept++] = supervisor->applets[i];
    supervisor->count = kept;
    applet_free(applet);
}

/* Copies what the configuration lends. 0, or errno. */
static int applet_fill(struct el_sys_applet *applet, const struct el_sys_applet_config *config)
{
    applet->argv = calloc(APPLET_ARGUMENTS + 1, sizeof *applet->argv);
    if (!applet->argv)
        return ENOMEM;
    for (size_t i = 0; config->argv[i]; i++) {
        if (i == APPLET_ARGUMENTS)
            return E2BIG;
        if (!(applet->argv[i] = strdup(config->argv[i])))
            return ENOMEM;
    }
    for (size_t i = 0; i < config->fd_count; i++) {
        char *name = strdup(config->fds[i].name);
        int fd = name ? fcntl(config->fds[i].fd, F_DUPFD_CLOEXEC, 3) : -1;

        if (fd < 0) {
            int errno_value = name ? errno : ENOMEM;

            free(name);
            return errno_value;
        }
        applet->fds[applet->fd_count++] = (struct el_sys_named_fd){name, fd};
    }
    return 0;
}

int el_sys_supervisor_add(struct el_sys_supervisor *supervisor,
                          const struct el_sys_applet_config *config, struct el_sys_applet **made,
                          struct el_err *err)
{
    const char *name = config->argv[1];
    struct el_sys_applet *applet;
    int code;

    if (supervisor->count == EL_SYS_APPLETS || config->fd_count >= EL_SYS_FDS)
        return el_err(err, EL_EFULL, "%s: too many applets (%d) or descriptors (%d)", name,
                      EL_SYS_APPLETS, EL_SYS_FDS - 1);
    applet = calloc(1, sizeof *applet);
    if (!applet)
        return el_err(err, EL_ENOMEM, "%s: out of memory", name);
    applet->supervisor = supervisor;
    applet->child.pidfd = -1;
    applet->notify_fd = -1;
    int failed = applet_fill(applet, config);
    code = failed ? el_err_os(err, failed, "%s", name) : applet_start(applet, err);
    if (code < 0) {
        applet_free(applet);
        return code;
    }
    supervisor->applets[supervisor->count++] = applet;
    if (made)
        *made = applet;
    return 0;
}

void el_sys_supervisor_remove(struct el_sys_supervisor *supervisor, struct el_sys_applet *applet)
{
    if (applet->leaving)
        return;
    applet->leaving = true;
    applet->start_at_ns = EL_NEVER;
    applet->kill_at_ns = el_sys_now_ns() + EL_SYS_STOP_PATIENCE;
    if (applet->child.pid)
        el_sys_child_kill(&applet->child, SIGTERM);
    else
        applet_forget(applet);
    set_timer(supervisor);
}

const char *el_sys_applet_name(const struct el_sys_applet *applet)
{
    return applet->argv[1];
}

pid_t el_sys_applet_pid(const struct el_sys_applet *applet)
{
    return applet->child.pid;
}

bool el_sys_applet_is_ready(const struct el_sys_applet *applet)
{
    return applet->ready;
}

int el_sys_applet_replace_fd(struct el_sys_applet *applet, const char *name, int fd)
{
    for (size_t i = 0; i < applet->fd_count; i++) {
        if (strcmp(applet->fds[i].name, name) != 0)
            continue;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            return el_errno_from_os(errno);
        close(applet->fds[i].fd);
        applet->fds[i].fd = copy;
        return 0;
    }
    return EL_ENOENT;
}

void el_sys_applet_end_first(struct el_sys_applet *applet)
{
    applet->first = true;
}

void el_sys_supervisor_stop(struct el_sys_supervisor *supervisor)
{
    if (supervisor->stopping) {
        if (living(supervisor) > 0)
            kill_the_rest(supervisor);
        return;
    }
    supervisor->stopping = true;
    if (living(supervisor) == 0) {
        stopped(supervisor);
        return;
    }
    supervisor->kill_at_ns = el_sys_now_ns() + EL_SYS_STOP_PATIENCE;
    end_next(supervisor);
    set_timer(supervisor);
}

void el_sys_supervisor_free(struct el_sys_supervisor *supervisor)
{
    if (!supervisor)
        return;
    kill_all(supervisor, SIGKILL);
    for (size_t i = 0; i < supervisor->count; i++) {
        struct el_sys_applet *applet = supervisor->applets[i];
        int status;

        watch_free(&applet->death);
        notify_end(applet);
        if (applet->child.pid) {
            waitid(P_PID, (id_t)applet->child.pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
            el_sys_child_reap(&applet->child, &status);
        }
        applet_free(applet);
    }
    supervisor->timer->data = supervisor->timer;
    uv_close((uv_handle_t *)supervisor->timer, free_handle);
    free(supervisor);
}

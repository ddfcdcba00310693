/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting this program again as another applet. */
#include "sys/child_internal.h"

#include "sys/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /* Descriptors stand here before they get their places, out of each other's way. */
    PARK = EL_SYS_FDS_FIRST + EL_SYS_FDS,
    VARIABLES = 24,
    NAMES_BYTES = EL_SYS_FDS * EL_SYS_FD_NAME,
};

static int exe_fd = -1;

/* What the child is made of. */
struct plan {
    const char *const *argv;
    const struct el_sys_named_fd *fds;
    size_t fd_count;
    pid_t parent;
    int null_fd;
    char listen_pid[32];
    char listen_fds[32];
    char listen_names[NAMES_BYTES + 16];
    char *environment[VARIABLES + 1];
};

int el_sys_exe_open(struct el_err *err)
{
    if (exe_fd >= 0)
        return 0;
    exe_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if (exe_fd < 0)
        return el_err_os(err, errno, "/proc/self/exe: needed to start applets (is /proc mounted?)");
    return 0;
}

/* What an applet gets to know of our environment. */
static void fill_environment(struct plan *plan)
{
    static const char *const passed[] = {
        "LANG",           "TZ",           "TERM",          "NO_COLOR",     "INVOCATION_ID",
        "JOURNAL_STREAM", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
    };
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    size_t count = 0;

    plan->environment[count++] = path;
    plan->environment[count++] = plan->listen_pid;
    plan->environment[count++] = plan->listen_fds;
    plan->environment[count++] = plan->listen_names;
    for (char **variable = environ; *variable; variable++)
        for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
            size_t len = strlen(passed[i]);

            if (strncmp(*variable, passed[i], len) == 0 && (*variable)[len] == '=' &&
                count < VARIABLES)
                plan->environment[count++] = *variable;
        }
    plan->environment[count] = NULL;
}

static int check_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    return len > 0 && len < EL_SYS_FD_NAME && name[len] == '\0' ? 0 : EL_EINVAL;
}

static int make_plan(struct plan *plan, struct el_err *err)
{
    size_t used = (size_t)sprintf(plan->listen_names, "LISTEN_FDNAMES=");

    if (plan->fd_count > EL_SYS_FDS)
        return el_err(err, EL_EFULL, "%s: more than %d descriptors", plan->argv[1], EL_SYS_FDS);
    for (size_t i = 0; i < plan->fd_count; i++) {
        if (check_name(plan->fds[i].name) < 0 || plan->fds[i].fd < 0)
            return el_err(err, EL_EINVAL, "%s: descriptor \"%s\": bad name or not open",
                          plan->argv[1], plan->fds[i].name);
        used += (size_t)snprintf(plan->listen_names + used, sizeof plan->listen_names - used,
                                 "%s%s", i ? ":" : "", plan->fds[i].name);
    }
    snprintf(plan->listen_fds, sizeof plan->listen_fds, "LISTEN_FDS=%zu", plan->fd_count);
    strcpy(plan->listen_pid, "LISTEN_PID=");
    fill_environment(plan);
    plan->parent = getpid();
    return 0;
}

/* -- in the child -- */

static void append_number(char *text, unsigned long number)
{
    char digits[24];
    size_t count = 0;

    while (*text)
        text++;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *text++ = digits[--count];
    *text = '\0';
}

/* Puts the descriptors to 3, 4, … First all go out of the way, so that none is overwritten that is
 * still to be moved. 0 or errno. */
static int place_descriptors(const struct plan *plan, int *report, int *exe)
{
    int high[EL_SYS_FDS];

    *report = fcntl(*report, F_DUPFD_CLOEXEC, PARK);
    *exe = fcntl(*exe, F_DUPFD_CLOEXEC, PARK);
    if (*report < 0 || *exe < 0)
        return errno;
    for (size_t i = 0; i < plan->fd_count; i++)
        if ((high[i] = fcntl(plan->fds[i].fd, F_DUPFD_CLOEXEC, PARK)) < 0)
            return errno;
    if (dup2(plan->null_fd, STDIN_FILENO) < 0)
        return errno;
    for (size_t i = 0; i < plan->fd_count; i++)
        if (dup2(high[i], EL_SYS_FDS_FIRST + (int)i) < 0)
            return errno;
    return 0;
}

/* Ours are close-on-exec already; whatever a library has opened without is not for the applet. */
void el_sys_child_close_from(int first)
{
    struct rlimit limit = {0};

    if (close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit); /* before Linux 5.11: one by one */
    for (int fd = first; fd < 65536 && (rlim_t)fd < limit.rlim_cur; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int signum = 1; signum < NSIG; signum++)
        signal(signum, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void el_sys_child_begin(void)
{
    reset_signals();
    setsid();
}

void el_sys_child_die_with(pid_t parent, int signum)
{
    prctl(PR_SET_PDEATHSIG, signum);
    if (getppid() != parent) /* it died before we asked to be told */
        _exit(0);
}

static int become(void *arg, int *report)
{
    struct plan *plan = arg;
    int exe = exe_fd;

    el_sys_child_begin();
    el_sys_child_die_with(plan->parent, SIGTERM);
    append_number(plan->listen_pid, (unsigned long)getpid());
    int failed = place_descriptors(plan, report, &exe);
    if (failed)
        return failed;
    el_sys_child_close_from(EL_SYS_FDS_FIRST + (int)plan->fd_count);
    execveat(exe, "", (char *const *)(uintptr_t)plan->argv, plan->environment, AT_EMPTY_PATH);
    return errno;
}

/* Never returns. */
static _Noreturn void run_child(el_sys_child_become *becomes, void *plan, int report)
{
    int failed = becomes(plan, &report);

    if (write(report, &failed, sizeof failed) < 0)
        _exit(126);
    _exit(127);
}

/* -- in the parent -- */

/* How exec went: 0 or errno. The pipe is closed by a good exec, or by death. */
static int read_report(int fd)
{
    int failed = 0;
    ssize_t got;

    do
        got = read(fd, &failed, sizeof failed);
    while (got < 0 && errno == EINTR);
    return got == sizeof failed ? failed : 0;
}

int el_sys_child_launch(el_sys_child_become *becomes, void *plan, struct el_sys_child *child)
{
    int report[2];
    int failed;

    *child = (struct el_sys_child){0, -1};
    if (pipe2(report, O_CLOEXEC) < 0)
        return errno;
    pid_t pid = fork();
    if (pid == 0)
        run_child(becomes, plan, report[1]);
    failed = pid < 0 ? errno : 0;
    close(report[1]);
    if (!failed) {
        *child = (struct el_sys_child){pid, pidfd_open(pid, 0)};
        failed = child->pidfd < 0 ? errno : read_report(report[0]);
    }
    close(report[0]);
    if (failed && pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        if (child->pidfd >= 0)
            close(child->pidfd);
        *child = (struct el_sys_child){0, -1};
    }
    return failed;
}

int el_sys_child_start(const char *const *argv, const struct el_sys_named_fd *fds, size_t fd_count,
                       struct el_sys_child *child, struct el_err *err)
{
    struct plan *plan = calloc(1, sizeof *plan);
    int code = plan ? el_sys_exe_open(err) : el_err(err, EL_ENOMEM, "%s: out of memory", argv[1]);

    *child = (struct el_sys_child){0, -1};
    if (code == 0) {
        *plan = (struct plan){.argv = argv, .fds = fds, .fd_count = fd_count};
        code = make_plan(plan, err);
    }
    if (code == 0) {
        plan->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (plan->null_fd < 0)
            code = el_err_os(err, errno, "/dev/null");
    }
    if (code == 0) {
        int failed = el_sys_child_launch(become, plan, child);

        if (failed)
            code = el_err_os(err, failed, "%s: could not be started", argv[1]);
        close(plan->null_fd);
    }
    free(plan);
    return code;
}

void el_sys_child_kill(const struct el_sys_child *child, int signum)
{
    if (child->pidfd >= 0)
        pidfd_send_signal(child->pidfd, signum, NULL, 0);
}

int el_sys_child_reap(struct el_sys_child *child, int *status)
{
    pid_t pid = waitpid(child->pid, status, WNOHANG);

    if (pid == 0 || (pid < 0 && errno == EINTR))
        return EL_EAGAIN;
    if (pid < 0)
        *status = 0;
    close(child->pidfd);
    *child = (struct el_sys_child){0, -1};
    return 0;
}

char *el_sys_status_text(int status, char *text, size_t capacity)
{
    if (WIFSIGNALED(status))
        snprintf(text, capacity, "killed by signal %d (%s)%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "");
    else
        snprintf(text, capacity, "exit code %d", WEXITSTATUS(status));
    return text;
}

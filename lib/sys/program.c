/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting a program of the site's. */
#include "sys/program.h"

#include "sys/child_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- who -- */

/* Without getpwnam(), which in a static program may load what the system's name service is made of.
 */
static int find_name(const char *name, struct el_sys_user *user, struct el_err *err)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;

    if (!file)
        return el_err_os(err, errno, "user %s: /etc/passwd", name);
    while ((entry = fgetpwent(file)) && strcmp(entry->pw_name, name) != 0)
        continue;
    if (entry)
        *user = (struct el_sys_user){entry->pw_uid, entry->pw_gid};
    fclose(file);
    return entry ? 0 : el_err(err, EL_ENOENT, "user %s: nobody in /etc/passwd is called so", name);
}

int el_sys_user_find(const char *text, struct el_sys_user *user, struct el_err *err)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    int rc = 0;

    *user = (struct el_sys_user){(uid_t)number, (gid_t)number};
    if (text[0] < '0' || text[0] > '9' || *end)
        rc = find_name(text, user, err);
    else if (number > UINT32_MAX - 1)
        rc = el_err(err, EL_EINVAL, "user %s: no such number can be", text);
    if (rc == 0 && user->uid == 0)
        rc = el_err(err, EL_EINVAL, "user %s: that is root, who may do everything", text);
    return rc;
}

int el_sys_program_check(const char *path, const struct el_sys_user *user, struct el_err *err)
{
    struct stat status;

    if (path[0] != '/')
        return el_err(err, EL_EINVAL, "%s: say the whole path, from /", path);
    if (stat(path, &status) < 0)
        return el_err_os(err, errno, "%s", path);
    if (!S_ISREG(status.st_mode))
        return el_err(err, EL_EINVAL, "%s: this is no file", path);
    uid_t uid = user->uid ? user->uid : geteuid();
    mode_t bit = status.st_uid == uid ? S_IXUSR : status.st_gid == user->gid ? S_IXGRP : S_IXOTH;
    if (user->uid ? !(status.st_mode & bit) : access(path, X_OK) < 0)
        return el_err(err, EL_EPERM, "%s: user %u may not execute it", path, (unsigned)uid);
    return 0;
}

/* -- in the child -- */

struct plan {
    const struct el_sys_program *program;
    pid_t parent;
    int null_fd;
};

static int change_user(const struct el_sys_user *user)
{
    if (user->uid == 0)
        return 0;
    if (setgroups(0, NULL) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
        setresuid(user->uid, user->uid, user->uid) < 0)
        return errno;
    return 0;
}

static int become(void *arg, int *report)
{
    const struct plan *plan = arg;
    const struct el_sys_program *program = plan->program;
    struct rlimit none = {0, 0};

    (void)report; /* it is close-on-exec already */
    el_sys_child_begin();
    if (dup2(plan->null_fd, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
        chdir("/") < 0)
        return errno;
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    int failed = change_user(&program->user);
    if (failed)
        return failed;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return errno;
    el_sys_child_die_with(plan->parent, SIGKILL);
    el_sys_child_close_from(STDERR_FILENO + 1);
    execve(program->argv[0], (char *const *)(uintptr_t)program->argv,
           (char *const *)(uintptr_t)program->environment);
    return errno;
}

/* -- in the parent -- */

int el_sys_program_start(const struct el_sys_program *program, struct el_sys_child *child,
                         struct el_err *err)
{
    struct plan plan = {.program = program, .parent = getpid()};

    *child = (struct el_sys_child){0, -1};
    plan.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (plan.null_fd < 0)
        return el_err_os(err, errno, "/dev/null");
    int failed = el_sys_child_launch(become, &plan, child);
    close(plan.null_fd);
    return failed ? el_err_os(err, failed, "%s: could not be started", program->argv[0]) : 0;
}

void el_sys_program_kill(const struct el_sys_child *child, int signum)
{
    if (child->pid > 0)
        kill(-child->pid, signum);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process per state directory. */
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Who holds it: " (pid 123)", or nothing if the file does not say. */
static void read_holder(int fd, char *text, size_t capacity)
{
    char number[16] = "";
    ssize_t got = pread(fd, number, sizeof number - 1, 0);

    text[0] = '\0';
    number[strspn(number, "0123456789")] = '\0';
    if (got > 0 && number[0])
        snprintf(text, capacity, " (pid %s)", number);
}

static int lock_path(const char *state_dir, const char *name, char path[PATH_MAX],
                     struct el_err *err)
{
    if (snprintf(path, PATH_MAX, "%s/%s.lock", state_dir, name) >= PATH_MAX)
        return el_err(err, EL_EINVAL, "%s: path is too long", state_dir);
    return 0;
}

/* "hub: already running (pid 123) on /var/lib/el2w (...)" */
static int is_held(int fd, const char *state_dir, const char *name, struct el_err *err)
{
    char holder[32];

    read_holder(fd, holder, sizeof holder);
    return el_err(err, EL_EEXIST, "%s: already running%s on %s (stop it, or give another --state)",
                  name, holder, state_dir);
}

int el_sys_lock_held(const char *state_dir, const char *name, struct el_err *err)
{
    char path[PATH_MAX];
    int rc = lock_path(state_dir, name, path, err);

    if (rc < 0)
        return rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : el_err_os(err, errno, "%s", path);
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        rc = errno == EWOULDBLOCK ? is_held(fd, state_dir, name, err)
                                  : el_err_os(err, errno, "%s: lock", path);
    close(fd);
    return rc == EL_EEXIST ? 1 : rc;
}

int el_sys_lock(const char *state_dir, const char *name, struct el_err *err)
{
    char path[PATH_MAX];
    char number[16];

    int rc = lock_path(state_dir, name, path, err);
    if (rc < 0)
        return rc;

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return el_err_os(err, errno, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        rc = errno == EWOULDBLOCK ? is_held(fd, state_dir, name, err)
                                  : el_err_os(err, errno, "%s: lock", path);
        close(fd);
        return rc;
    }

    int len = snprintf(number, sizeof number, "%d\n", (int)getpid());

    /* What the file says is for people; the lock is what counts. */
    if (ftruncate(fd, 0) < 0 || pwrite(fd, number, (size_t)len, 0) < 0) {
        int code = el_err_os(err, errno, "%s", path);

        close(fd);
        return code;
    }
    return fd;
}

void el_sys_lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}

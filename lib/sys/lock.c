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

int el_sys_lock(const char *state_dir, const char *name, struct el_err *err)
{
    char path[PATH_MAX];
    char number[16];
    char holder[32];

    if (snprintf(path, sizeof path, "%s/%s.lock", state_dir, name) >= (int)sizeof path)
        return el_err(err, EL_EINVAL, "%s: path is too long", state_dir);

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return el_err_os(err, errno, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int errno_value = errno;

        read_holder(fd, holder, sizeof holder);
        close(fd);
        if (errno_value == EWOULDBLOCK)
            return el_err(err, EL_EEXIST,
                          "%s: already running%s on %s (stop it, or give another --state)", name,
                          holder, state_dir);
        return el_err_os(err, errno_value, "%s: lock", path);
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

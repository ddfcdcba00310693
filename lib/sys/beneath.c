/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names beneath a directory. */
#include "sys/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_walking(int root_fd, const char *name, int flags)
{
    char segment[NAME_MAX + 1];
    int at = root_fd;

    for (;;) {
        size_t len = strcspn(name, "/");
        bool last = name[len] == '\0';
        if (len == 0 || len > NAME_MAX) {
            errno = ENOENT;
            break;
        }
        if (len == 2 && memcmp(name, "..", 2) == 0) {
            errno = EXDEV;
            break;
        }
        memcpy(segment, name, len);
        segment[len] = '\0';
        int next =
            openat(at, segment, O_NOFOLLOW | (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC));
        int reason = errno;
        if (at != root_fd)
            close(at);
        errno = reason;
        if (next < 0 || last)
            return next;
        at = next;
        name += len + 1;
    }
    if (at != root_fd)
        close(at);
    return -1;
}

int el_sys_beneath_open(int root_fd, bool *walk, const char *name, int flags)
{
    if (!*walk) {
        struct open_how how = {
            .flags = (unsigned)flags,
            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd = -1;
        /* EAGAIN: somebody renamed on the way and the kernel could not be sure; openat2(2). */
        for (int tries = 0; tries < 8; tries++) {
            fd = syscall(SYS_openat2, root_fd, name, &how, sizeof how);
            if (fd >= 0 || errno != EAGAIN)
                break;
        }
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return (int)fd;
        *walk = errno == ENOSYS;
    }
    return open_walking(root_fd, name, flags);
}

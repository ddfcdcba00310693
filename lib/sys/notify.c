/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling whoever started us how we are. */
#include "sys/notify.h"

#include "base/err.h"
#include "sys/fds.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* systemd's socket: a path, or, after '@', a name in the abstract namespace (sd_notify(3)). */
static int tell_systemd(const char *path, const char *text)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd;

    if ((path[0] != '/' && path[0] != '@') || len >= sizeof address.sun_path)
        return EL_EINVAL;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return el_errno_from_os(errno);

    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    int code = sent < 0 ? el_errno_from_os(errno) : 0;
    close(fd);
    return code;
}

static int tell(const char *text)
{
    int fd = el_sys_fds_peek("notify");
    const char *path = getenv("NOTIFY_SOCKET");

    if (fd >= 0)
        return write(fd, text, strlen(text)) < 0 ? el_errno_from_os(errno) : 0;
    return path ? tell_systemd(path, text) : 0;
}

int el_sys_notify_ready(void)
{
    int code = tell("READY=1\n");
    int fd = el_sys_fds_take("notify"); /* there is nothing more to be said by it */

    if (fd >= 0)
        close(fd);
    return code;
}

int el_sys_notify_stopping(void)
{
    return tell("STOPPING=1\n");
}

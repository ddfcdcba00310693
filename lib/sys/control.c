/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control sockets. Who makes one holds the lock of its directory from the look at what is there to
 * the new socket: two that start at once would otherwise remove each other's. */
#include "sys/control.h"

#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 8 };

static int make_address(const char *path, struct sockaddr_un *address, struct el_err *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return el_err(err, EL_EINVAL, "control socket %s: the path is longer than %zu bytes", path,
                      sizeof address->sun_path - 1);
    strcpy(address->sun_path, path);
    return 0;
}

/* A socket that is connected to ADDRESS, or a negative errno. */
static int connect_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = 0;

    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0)
        failed = errno;
    if (failed) {
        close(fd);
        return -failed;
    }
    return fd;
}

/* What is at the place of the new socket: 0 if nothing is, or is any more. */
static int make_way(const struct sockaddr_un *address, struct el_err *err)
{
    const char *path = address->sun_path;
    struct ucred holder = {.pid = 0};
    socklen_t len = sizeof holder;
    struct stat stat;

    if (lstat(path, &stat) < 0)
        return errno == ENOENT ? 0 : el_err_os(err, errno, "control socket %s", path);
    if (!S_ISSOCK(stat.st_mode))
        return el_err(err, EL_EEXIST, "control socket %s: there is something else", path);
    int fd = connect_to(address);
    if (fd == -ECONNREFUSED)
        return unlink(path) == 0 ? 0 : el_err_os(err, errno, "control socket %s", path);
    if (fd < 0 && fd != -EAGAIN)
        return el_err_os(err, -fd, "control socket %s", path);
    if (fd >= 0) {
        (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &holder, &len);
        close(fd);
    }
    return el_err(err, EL_EEXIST, "control socket %s: process %d listens there", path,
                  (int)holder.pid);
}

/* PATH's directory, made if it is not there, and locked until it is closed. Who may open it could
 * hold the lock, and so us, for ever: one that we make is open to nobody else. */
static int lock_directory(const char *path, struct el_err *err)
{
    char directory[EL_SYS_CONTROL_PATH];
    const char *slash = strrchr(path, '/');
    int rc = 0;

    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) : 1,
             slash ? path : ".");
    if (directory[0])
        rc = el_sys_dir_make(directory, 0700, err);
    if (rc < 0)
        return rc;
    int fd = open(directory[0] ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) < 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return el_err_os(err, why, "control socket %s: directory %s", path, directory);
    }
    return fd;
}

/* Binds and listens; nobody can connect before it has its mode. */
static int make_socket(const struct sockaddr_un *address, struct el_sys_control *control,
                       struct el_err *err)
{
    struct stat stat;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    /* The mode that the socket has is that of the file: no moment, and no name, in between. */
    if (fd < 0 || fchmod(fd, 0600) < 0 ||
        bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
        lstat(address->sun_path, &stat) < 0 || listen(fd, BACKLOG) < 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return el_err_os(err, why, "control socket %s", address->sun_path);
    }
    control->fd = fd;
    control->device = stat.st_dev;
    control->inode = stat.st_ino;
    strcpy(control->path, address->sun_path);
    return 0;
}

int el_sys_control_listen(const char *path, struct el_sys_control *control, struct el_err *err)
{
    struct sockaddr_un address;
    int rc = make_address(path, &address, err);

    *control = (struct el_sys_control){.fd = -1};
    if (rc < 0)
        return rc;
    int lock = lock_directory(path, err);
    if (lock < 0)
        return lock;
    rc = make_way(&address, err);
    if (rc == 0)
        rc = make_socket(&address, control, err);
    close(lock);
    return rc;
}

void el_sys_control_close(struct el_sys_control *control)
{
    struct stat stat;

    if (control->path[0] && lstat(control->path, &stat) == 0 && stat.st_dev == control->device &&
        stat.st_ino == control->inode)
        unlink(control->path);
    if (control->fd >= 0)
        close(control->fd);
    *control = (struct el_sys_control){.fd = -1};
}

int el_sys_control_connect(const char *path, struct el_err *err)
{
    struct sockaddr_un address;
    int rc = make_address(path, &address, err);

    if (rc < 0)
        return rc;
    int fd = connect_to(&address);
    if (fd == -ENOENT)
        return el_err(err, EL_ENOENT, "no control socket %s", path);
    if (fd == -ECONNREFUSED)
        return el_err(err, EL_ENOENT, "control socket %s: nobody listens there any more", path);
    if (fd == -EACCES)
        return el_err(err, EL_EPERM, "control socket %s: only root may ask", path);
    if (fd < 0)
        return el_err_os(err, -fd, "control socket %s", path);
    /* Whoever asks may wait. */
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

bool el_sys_control_may_ask(int fd, uid_t owner)
{
    struct ucred asker;
    socklen_t len = sizeof asker;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &asker, &len) == 0 &&
           (asker.uid == 0 || asker.uid == owner);
}

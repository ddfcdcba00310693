/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files. */
#include "sys/files.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- reading -- */

static int read_all(int fd, const char *path, uint8_t *bytes, size_t capacity, struct el_err *err)
{
    size_t len = 0;

    for (;;) {
        uint8_t beyond;
        bool full = len == capacity;
        ssize_t got = read(fd, full ? &beyond : bytes + len, full ? 1 : capacity - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return el_err_os(err, errno, "%s", path);
        if (got == 0)
            return (int)len;
        if (full)
            return el_err(err, EL_EFULL, "%s: larger than %zu bytes", path, capacity);
        len += (size_t)got;
    }
}

static void warn_of_readers(int fd, const char *path)
{
    struct stat status;
    char mode[8];

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) == 0)
        return;
    snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777);
    EL_LOG(EL_LOG_WARN, "sys", "key-open-to-others", EL_STR("file", path), EL_STR("mode", mode),
           EL_STR("remedy", "chmod 600"));
}

static int file_read(const char *path, void *bytes, size_t capacity, bool secret,
                     struct el_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return el_err_os(err, errno, "%s", path);
    if (secret)
        warn_of_readers(fd, path);

    int code = read_all(fd, standard ? "standard input" : path, bytes,
                        capacity < INT_MAX ? capacity : INT_MAX, err);
    if (!standard)
        close(fd);
    return code;
}

int el_sys_file_read(const char *path, void *bytes, size_t capacity, struct el_err *err)
{
    return file_read(path, bytes, capacity, false, err);
}

int el_sys_file_read_secret(const char *path, void *bytes, size_t capacity, struct el_err *err)
{
    return file_read(path, bytes, capacity, true, err);
}

/* -- writing -- */

/* 0 or errno. */
static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);

        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            bytes += done;
            len -= (size_t)done;
        }
    }
    return fsync(fd) < 0 ? errno : 0;
}

/* The rename is on disk only when the directory is. 0 or errno. */
static int sync_directory_of(const char *path)
{
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    int failed = 0;

    if (slash)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash == path ? 1 : slash - path),
                 path);

    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    if (fsync(fd) < 0 && errno != EINVAL) /* some file systems have nothing to sync there */
        failed = errno;
    close(fd);
    return failed;
}

int el_sys_file_write(const char *path, const void *bytes, size_t len, mode_t mode,
                      struct el_err *err)
{
    char temporary[PATH_MAX];

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return el_err(err, EL_EINVAL, "%s: path is too long", path);

    int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 until it is whole */
    int failed = fd < 0 ? errno : write_all(fd, bytes, len);

    if (fd < 0)
        return el_err_os(err, failed, "%s", path);
    if (!failed && fchmod(fd, mode) < 0)
        failed = errno;
    if (close(fd) < 0 && !failed)
        failed = errno;
    if (!failed && rename(temporary, path) < 0)
        failed = errno;
    if (failed)
        unlink(temporary);
    else
        failed = sync_directory_of(path);
    return failed ? el_err_os(err, failed, "%s", path) : 0;
}

/* -- directories -- */

/* Makes PATH with MODE whatever the umask says; one that is there is left as it is. 0 or errno. */
static int make_one(const char *path, mode_t mode)
{
    struct stat status;

    if (mkdir(path, 0700) == 0)
        return chmod(path, mode) < 0 ? errno : 0;
    if (errno != EEXIST)
        return errno;
    if (stat(path, &status) < 0)
        return errno;
    return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

int el_sys_dir_make(const char *path, mode_t mode, struct el_err *err)
{
    char part[PATH_MAX];
    int failed = 0;

    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return el_err(err, EL_EINVAL, "%s: path is too long", path);
    for (char *slash = strchr(part + (part[0] == '/'), '/'); slash && slash[1] && !failed;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        failed = make_one(part, 0755);
        *slash = '/';
    }
    if (!failed)
        failed = make_one(path, mode);
    return failed ? el_err_os(err, failed, "%s", path) : 0;
}

/* One file of the directory FD. It is the one that was looked at that changes hands. */
static int give_file(int fd, const char *name, uid_t uid)
{
    struct stat stat;
    int file = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file < 0)
        return errno == ELOOP || errno == ENOENT || errno == ENXIO ? 0 : errno;
    bool ours = fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_nlink == 1;
    int failed = ours && stat.st_uid != uid && fchown(file, uid, uid) < 0 ? errno : 0;
    close(file);
    return failed;
}

int el_sys_dir_give(int fd, const char *path, uid_t uid, struct el_err *err)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    int failed = directory && fchown(fd, uid, uid) == 0 ? 0 : errno;
    const struct dirent *entry;

    if (!directory && copy >= 0)
        close(copy);
    while (!failed && (entry = readdir(directory)))
        failed = give_file(fd, entry->d_name, uid);
    if (directory)
        closedir(directory);
    return failed ? el_err_os(err, failed, "%s: cannot give it to user %u", path, (unsigned)uid)
                  : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inherited descriptors, by name. */
#include "sys/fds.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct el_sys_fds inherited;

/* A decimal number of at most MAX and nothing else. */
static int parse_number(const char *text, unsigned long max, unsigned long *number)
{
    char *end;

    if (*text < '0' || *text > '9')
        return EL_EINVAL;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && *number <= max ? 0 : EL_EINVAL;
}

int el_sys_fds_parse(const char *pid, const char *count, const char *names, pid_t self,
                     struct el_sys_fds *fds)
{
    unsigned long number;

    memset(fds, 0, sizeof *fds);
    if (!pid || !count)
        return 0;
    if (parse_number(pid, INT32_MAX, &number) < 0)
        return EL_EINVAL;
    if ((pid_t)number != self)
        return 0;
    if (parse_number(count, EL_SYS_FDS, &number) < 0)
        return EL_EINVAL;
    for (size_t i = 0; i < number; i++) {
        size_t len = names ? strcspn(names, ":") : 0;

        if (len >= EL_SYS_FD_NAME)
            return EL_EINVAL;
        if (len > 0)
            memcpy(fds->names[i], names, len);
        else
            strcpy(fds->names[i], "unknown");
        if (names)
            names = names[len] == ':' ? names + len + 1 : NULL;
    }
    if (names) /* more names than descriptors */
        return number == 0 && !*names ? 0 : EL_EINVAL;
    fds->count = number;
    return 0;
}

/* Whoever starts us with standard input, output or error closed gives the next thing that is
 * opened their number: a connection would get the log. */
static int occupy_standard(struct el_err *err)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            return el_err_os(err, errno, "/dev/null");
    return 0;
}

int el_sys_fds_inherit(struct el_err *err)
{
    if (occupy_standard(err) < 0)
        return EL_EIO;
    int code = el_sys_fds_parse(getenv("LISTEN_PID"), getenv("LISTEN_FDS"),
                                getenv("LISTEN_FDNAMES"), getpid(), &inherited);

    if (code < 0) {
        memset(&inherited, 0, sizeof inherited);
        return el_err(err, code,
                      "inherited descriptors: LISTEN_FDS, LISTEN_FDNAMES make no sense (at most %d "
                      "descriptors, as many names, separated by colons)",
                      EL_SYS_FDS);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    for (size_t i = 0; i < inherited.count; i++)
        if (fcntl(EL_SYS_FDS_FIRST + (int)i, F_SETFD, FD_CLOEXEC) < 0) {
            int errno_value = errno;

            inherited.count = i;
            return el_err_os(err, errno_value, "inherited descriptor %s", inherited.names[i]);
        }
    return 0;
}

/* Index of NAME, or the number of descriptors. */
static size_t find(const char *name)
{
    size_t i = 0;

    while (i < inherited.count && strcmp(inherited.names[i], name) != 0)
        i++;
    return i;
}

int el_sys_fds_peek(const char *name)
{
    size_t i = find(name);

    return *name && i < inherited.count ? EL_SYS_FDS_FIRST + (int)i : -1;
}

int el_sys_fds_take(const char *name)
{
    int fd = el_sys_fds_peek(name);

    if (fd >= 0)
        inherited.names[fd - EL_SYS_FDS_FIRST][0] = '\0';
    return fd;
}

void el_sys_fds_close_rest(void)
{
    for (size_t i = 0; i < inherited.count; i++) {
        if (!inherited.names[i][0])
            continue;
        EL_LOG(EL_LOG_WARN, "sys", "descriptor-unused", EL_STR("name", inherited.names[i]));
        close(EL_SYS_FDS_FIRST + (int)i);
        inherited.names[i][0] = '\0';
    }
}

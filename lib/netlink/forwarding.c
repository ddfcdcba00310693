/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding, borrowed: who holds what, and the keeper.
 *
 * An interface that is borrowed (and IPv6's switch) has a file, which is there as long as the
 * setting is not what it was before, and which everybody who needs it holds a shared lock on. The
 * kernel lets go of locks when a process dies, so who finds a file that nobody has locked is its
 * heir. Decisions are made under the lock of the directory.
 *
 * The locks are held, and things are given back, by the keeper: a process that waits for our end on
 * a pipe and does nothing else. Without it a hub that is killed would leave a computer that
 * forwards for everybody, and no firewall, since that goes with the hub.
 */
#include "netlink/forwarding.h"

#include "base/log.h"
#include "netlink/forwarding6.h"
#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE /* Linux 5.14 */
#define SO_NETNS_COOKIE 71
#endif

enum { PATH_BYTES = 256 };

struct el_forwarding {
    char names[EL_FORWARDING_LINKS][EL_NETLINK_NAME_BYTES];
    int files[EL_FORWARDING_LINKS]; /* the keeper's, once there is one */
    unsigned count;
    bool six;  /* IPv6's is borrowed, */
    int file6; /* with this one */
    int directory;
    uint64_t cookie; /* of the network namespace: interfaces elsewhere may have the same names */
    pid_t keeper;
    int alive; /* our end of the pipe: closed when we end */
};

/* -- the setting -- */

static int open_setting(const char *name, int how)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/forwarding", name);
    return open(path, how | O_CLOEXEC);
}

/* '0' or '1'; 0 if there is no such interface (any more). */
static char read_setting(const char *name)
{
    char value = 0;
    int fd = open_setting(name, O_RDONLY);

    if (fd >= 0 && read(fd, &value, 1) != 1)
        value = 0;
    if (fd >= 0)
        close(fd);
    return value;
}

/* 0 or an errno. */
static int write_setting(const char *name, char value)
{
    int fd = open_setting(name, O_WRONLY);
    int failed = fd < 0 || write(fd, &value, 1) != 1 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return failed;
}

int el_forwarding_allow(const char *name, bool six, struct el_err *err)
{
    int failed = write_setting(name, '1');

    if (failed)
        return el_err_os(err, failed, "gateway: cannot let %s forward IPv4", name);
    failed = six ? el_forwarding6_write(name, '1') : 0;
    return failed ? el_err_os(err, failed, "gateway: cannot make %s a router of IPv6", name) : 0;
}

/* -- giving back -- */

static void file_of(const struct el_forwarding *forwarding, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "forwarding-%" PRIu64 "-%.15s", forwarding->cookie, name);
}

/* If nobody else needs it: somebody who has it locked does, and who has switched forwarding on for
 * the whole computer since (what we read when we began is in the file). */
static void give_back(const struct el_forwarding *forwarding, unsigned i)
{
    char path[PATH_BYTES];
    char all_before = '0';

    if (flock(forwarding->files[i], LOCK_EX | LOCK_NB) < 0)
        return;
    if (pread(forwarding->files[i], &all_before, 1, 0) != 1 || all_before != '0' ||
        read_setting("all") != '1')
        (void)write_setting(forwarding->names[i], '0');
    file_of(forwarding, forwarding->names[i], path);
    unlinkat(forwarding->directory, path, 0);
}

static void file6_of(const struct el_forwarding *forwarding, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "forwarding6-%" PRIu64, forwarding->cookie);
}

/* Who has switched it on since, for the whole computer, has changed the default for interfaces to
 * come as well, which we have not. */
static void give_back6(const struct el_forwarding *forwarding)
{
    char path[PATH_BYTES];
    char before = '0';

    if (!forwarding->six || flock(forwarding->file6, LOCK_EX | LOCK_NB) < 0)
        return;
    if (pread(forwarding->file6, &before, 1, 0) != 1 || el_forwarding6_read("default") == before)
        (void)el_forwarding6_write("all", '0');
    file6_of(forwarding, path);
    unlinkat(forwarding->directory, path, 0);
}

static void give_all_back(const struct el_forwarding *forwarding)
{
    flock(forwarding->directory, LOCK_EX);
    give_back6(forwarding);
    for (unsigned i = 0; i < forwarding->count; i++)
        give_back(forwarding, i);
    flock(forwarding->directory, LOCK_UN);
}

/* -- the keeper -- */

static bool is_kept(const struct el_forwarding *forwarding, int fd)
{
    for (unsigned i = 0; i < forwarding->count; i++)
        if (forwarding->files[i] == fd)
            return true;
    return fd == forwarding->directory || (forwarding->six && fd == forwarding->file6);
}

/* Of what the hub has open the keeper keeps nothing else: not the lock of its state, nor the pipes
 * of other keepers. */
static void close_others(const struct el_forwarding *forwarding, int pipe)
{
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = STDERR_FILENO + 1; fd < 65536 && (rlim_t)fd < limit.rlim_cur; fd++)
        if (fd != pipe && !is_kept(forwarding, fd))
            close(fd);
}

static _Noreturn void keep(const struct el_forwarding *forwarding, int pipe)
{
    sigset_t all;
    char byte;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* it ends when the hub does, and not before */
    setsid();
    prctl(PR_SET_NAME, "el2w-forwarding");
    close_others(forwarding, pipe);
    while (read(pipe, &byte, 1) < 0 && errno == EINTR)
        ;
    give_all_back(forwarding);
    _exit(0);
}

static void close_files(struct el_forwarding *forwarding)
{
    for (unsigned i = 0; i < forwarding->count; i++)
        close(forwarding->files[i]);
    if (forwarding->six)
        close(forwarding->file6);
    close(forwarding->directory);
}

/* 0 or an errno. */
static int start_keeper(struct el_forwarding *forwarding)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    forwarding->keeper = fork();
    int failed = forwarding->keeper < 0 ? errno : 0;
    if (forwarding->keeper == 0) {
        close(ends[1]);
        keep(forwarding, ends[0]);
    }
    close(ends[0]);
    if (failed) {
        close(ends[1]);
        return failed;
    }
    forwarding->alive = ends[1];
    close_files(forwarding); /* so that the locks are the keeper's alone */
    return 0;
}

/* -- borrowing -- */

static int check_room(const struct el_forwarding *forwarding, struct el_err *err)
{
    if (forwarding->count < EL_FORWARDING_LINKS)
        return 0;
    return el_err(err, EL_EFULL,
                  "gateway: more than %d interfaces: switch forwarding on for all of them "
                  "(sysctl net.ipv4.ip_forward=1)",
                  EL_FORWARDING_LINKS);
}

static void add(struct el_forwarding *forwarding, const char *name, int fd)
{
    snprintf(forwarding->names[forwarding->count], EL_NETLINK_NAME_BYTES, "%.15s", name);
    forwarding->files[forwarding->count++] = fd;
}

/* Opens PATH, which says that something is borrowed, and which is there already if BORROWED, and
 * shares its lock; what is kept in it is BEFORE. Negative: an errno. */
static int open_file(const struct el_forwarding *forwarding, const char *path, bool borrowed,
                     char before)
{
    int fd = openat(forwarding->directory, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0 && flock(fd, LOCK_SH) == 0 && (borrowed || pwrite(fd, &before, 1, 0) == 1))
        return fd;
    int failed = errno;
    if (fd >= 0)
        close(fd);
    return -failed;
}

static bool is_borrowed(const struct el_forwarding *forwarding, const char *path)
{
    struct stat stat;

    return fstatat(forwarding->directory, path, &stat, 0) == 0;
}

/* Under the lock of the directory. */
static int borrow(struct el_forwarding *forwarding, const char *name, struct el_err *err)
{
    char path[PATH_BYTES], value = read_setting(name);

    file_of(forwarding, name, path);
    bool borrowed = is_borrowed(forwarding, path);
    if (value == 0 || (value == '1' && !borrowed))
        return 0; /* gone since it was listed; or the administrator's */
    int rc = check_room(forwarding, err);
    if (rc < 0)
        return rc;
    int fd = open_file(forwarding, path, borrowed, read_setting("all"));
    if (fd < 0)
        return el_err_os(err, -fd, "gateway: forwarding of %s", name);
    add(forwarding, name, fd);
    int failed = write_setting(name, '1');
    if (failed)
        return el_err_os(err, failed,
                         "gateway: cannot let %s forward IPv4; switch it on before (sysctl "
                         "net.ipv4.ip_forward=1)",
                         name);
    return 0;
}

static int borrow6(struct el_forwarding *forwarding, struct el_err *err)
{
    char path[PATH_BYTES], value = el_forwarding6_read("all");

    file6_of(forwarding, path);
    bool borrowed = is_borrowed(forwarding, path);
    if (value == '1' && !borrowed)
        return 0; /* the administrator's */
    int fd = open_file(forwarding, path, borrowed, el_forwarding6_read("default"));
    if (fd < 0)
        return el_err_os(err, -fd, "gateway: forwarding of IPv6");
    forwarding->six = true;
    forwarding->file6 = fd;
    int failed = value == '1' ? 0 : el_forwarding6_write("all", '1');
    if (failed)
        return el_err_os(err, failed,
                         "gateway: cannot let this computer forward IPv6; switch it on before "
                         "(sysctl net.ipv6.conf.all.forwarding=1), or do without (--no-ra)");
    return 0;
}

static int borrow_all(struct el_forwarding *forwarding, bool six, struct el_err *err)
{
    struct el_netlink_link links[EL_FORWARDING_LINKS * 2];
    struct el_netlink *netlink;
    int rc = el_netlink_open(&netlink, err);

    if (rc < 0)
        return rc;
    int count = el_netlink_links(netlink, links, sizeof links / sizeof links[0], err);
    el_netlink_close(netlink);
    for (int i = 0; i < count && rc == 0; i++)
        if (!links[i].loopback && links[i].group != EL_NETLINK_GROUP)
            rc = borrow(forwarding, links[i].name, err);
    if (rc == 0 && count >= 0 && six)
        rc = borrow6(forwarding, err);
    return count < 0 ? count : rc;
}

/* The namespace's cookie is never given twice; 0 where the kernel has none. */
static uint64_t find_cookie(void)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
        cookie = 0;
    if (fd >= 0)
        close(fd);
    return cookie;
}

static int open_directory(struct el_forwarding *forwarding, const char *directory,
                          struct el_err *err)
{
    int rc = el_sys_dir_make(directory, 0700, err);

    if (rc < 0)
        return rc;
    forwarding->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return forwarding->directory < 0 ? el_err_os(err, errno, "gateway: %s", directory) : 0;
}

int el_forwarding_borrow(const char *directory, bool six, struct el_forwarding **result,
                         struct el_err *err)
{
    struct el_forwarding *forwarding = calloc(1, sizeof *forwarding);

    if (!forwarding)
        return el_err(err, EL_ENOMEM, "out of memory");
    forwarding->cookie = find_cookie();
    int rc = open_directory(forwarding, directory, err);
    if (rc < 0) {
        free(forwarding);
        return rc;
    }
    flock(forwarding->directory, LOCK_EX);
    rc = borrow_all(forwarding, six, err);
    flock(forwarding->directory, LOCK_UN);
    int failed = rc == 0 ? start_keeper(forwarding) : 0;
    if (failed)
        rc = el_err_os(err, failed, "gateway: no process to give the forwarding back");
    if (rc < 0) {
        give_all_back(forwarding);
        close_files(forwarding);
        free(forwarding);
        return rc;
    }
    *result = forwarding;
    return 0;
}

void el_forwarding_return(struct el_forwarding *forwarding)
{
    if (!forwarding)
        return;
    close(forwarding->alive);
    while (waitpid(forwarding->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    free(forwarding);
}

unsigned el_forwarding_names(const struct el_forwarding *forwarding,
                             const char (**names)[EL_NETLINK_NAME_BYTES])
{
    *names = forwarding ? (const char(*)[EL_NETLINK_NAME_BYTES])forwarding->names : NULL;
    return forwarding ? forwarding->count : 0;
}

bool el_forwarding_borrows6(const struct el_forwarding *forwarding)
{
    return forwarding && forwarding->six;
}

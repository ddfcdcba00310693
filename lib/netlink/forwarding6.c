/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6's forwarding setting.
 *
 * Whenever a 1 is written to it, of whichever interface, the kernel throws away the default routes
 * that came with router advertisements, except on interfaces that believe advertisements although
 * they are a router's (accept_ra = 2). So that is what all of them do while it is written.
 */
#include "netlink/forwarding6.h"

#include "netlink/links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS "/proc/sys/net/ipv6/conf"

enum { LINKS = 1024, PATH_BYTES = 96 };

/* What there is, "default" included. */
struct before {
    struct {
        char name[EL_NETLINK_NAME_BYTES];
        char forwarding, accept_ra;
    } links[LINKS];
    unsigned count;
};

static int open_setting(const char *name, const char *what, int how)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, SETTINGS "/%.15s/%s", name, what);
    return open(path, how | O_CLOEXEC);
}

/* Its first character; 0 if there is none. */
static char read_setting(const char *name, const char *what)
{
    char value = 0;
    int fd = open_setting(name, what, O_RDONLY);

    if (fd >= 0 && read(fd, &value, 1) != 1)
        value = 0;
    if (fd >= 0)
        close(fd);
    return value;
}

static int write_setting(const char *name, const char *what, char value)
{
    int fd = open_setting(name, what, O_WRONLY);
    int failed = fd < 0 || write(fd, &value, 1) != 1 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return failed;
}

static int look(struct before *before)
{
    DIR *directory = opendir(SETTINGS);
    const struct dirent *entry;
    int failed = directory ? 0 : errno;

    before->count = 0;
    while (directory && !failed && (entry = readdir(directory))) {
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "all") == 0 ||
            len >= sizeof before->links[0].name)
            continue;
        if (before->count == LINKS) {
            failed = E2BIG;
            break;
        }
        memcpy(before->links[before->count].name, entry->d_name, len + 1);
        before->links[before->count].forwarding = read_setting(entry->d_name, "forwarding");
        before->links[before->count].accept_ra = read_setting(entry->d_name, "accept_ra");
        before->count++;
    }
    if (directory)
        closedir(directory);
    return failed;
}

/* Those that believe advertisements, and are hosts, believe them whatever they are. */
static void shield(const struct before *before, bool on)
{
    for (unsigned i = 0; i < before->count; i++)
        if (before->links[i].accept_ra == '1' && before->links[i].forwarding == '0')
            (void)write_setting(before->links[i].name, "accept_ra", on ? '2' : '1');
}

/* All but NAME. What has gone in between needs nothing. */
static void restore(const struct before *before, const char *name)
{
    for (unsigned i = 0; i < before->count; i++) {
        char was = before->links[i].forwarding;
        const char *link = before->links[i].name;
        if (was && strcmp(link, name) != 0 && read_setting(link, "forwarding") != was)
            (void)write_setting(link, "forwarding", was);
    }
}

char el_forwarding6_read(const char *name)
{
    return read_setting(name, "forwarding");
}

int el_forwarding6_write(const char *name, char value)
{
    struct before before;
    int failed = look(&before);

    if (failed)
        return failed;
    shield(&before, true);
    failed = write_setting(name, "forwarding", value);
    restore(&before, name);
    shield(&before, false);
    return failed;
}

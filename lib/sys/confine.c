/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Landlock, by its system calls. The numbers of its interface are written out, because they have
 * grown with each version of it and the headers we are built with know but some. Every version
 * takes the shorter structures of the ones before.
 */
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 }; /* of all architectures */
enum { RULESET_VERSION = 1 };
enum { RULE_PATH = 1, RULE_PORT = 2 };

enum {
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_DIR = 1 << 7,
    FS_MAKE_REG = 1 << 8,
    FS_TRUNCATE = 1 << 14,
    FS_READ = FS_READ_FILE | FS_READ_DIR,
    FS_WRITE = FS_READ | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_TRUNCATE,
    NET_BIND_TCP = 1 << 0,
    NET_CONNECT_TCP = 1 << 1,
    SCOPE_SIGNAL = 1 << 1,
    DNS_PORT = 53,
};

struct ruleset {
    uint64_t fs, net, scoped; /* what is forbidden unless a rule allows it */
};

struct path_rule {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

/* All that VERSION of the interface can forbid of what we want to; *LEN: of its structure. */
static struct ruleset all_of(long version, size_t *len)
{
    struct ruleset all = {.fs = (1 << 13) - 1};

    *len = sizeof all.fs;
    if (version >= 2)
        all.fs |= 1 << 13; /* linking and renaming to elsewhere */
    if (version >= 3)
        all.fs |= FS_TRUNCATE;
    if (version >= 4) {
        all.net = NET_BIND_TCP | NET_CONNECT_TCP;
        *len = sizeof all.fs + sizeof all.net;
    }
    if (version >= 5)
        all.fs |= 1 << 15; /* ioctl on devices */
    if (version >= 6) {
        all.scoped = SCOPE_SIGNAL;
        *len = sizeof all;
    }
    return all;
}

static int allow_path(int rules, const struct ruleset *all, int fd, uint64_t what)
{
    struct path_rule rule = {.allowed = what & all->fs, .fd = fd};

    return fd < 0 ? 0 : (int)syscall(ADD_RULE, rules, RULE_PATH, &rule, 0);
}

static int allow_port(int rules, const struct ruleset *all, uint16_t port)
{
    struct port_rule rule = {.allowed = NET_CONNECT_TCP, .port = port};

    return all->net & NET_CONNECT_TCP ? (int)syscall(ADD_RULE, rules, RULE_PORT, &rule, 0) : 0;
}

/* resolv.conf is replaced, and often a link to where somebody else replaces it: so not the file,
 * but the directories. */
static int allow_resolver(int rules, const struct ruleset *all)
{
    static const char *const directories[] = {"/etc", "/run"};
    int failed = 0;

    for (size_t i = 0; i < sizeof directories / sizeof directories[0] && failed == 0; i++) {
        int fd = open(directories[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        failed = allow_path(rules, all, fd, FS_READ);
        if (fd >= 0)
            close(fd);
    }
    return failed == 0 ? allow_port(rules, all, DNS_PORT) : failed;
}

static int allow_all(int rules, const struct ruleset *all,
                     const struct el_sys_confine_config *config)
{
    int failed = config->resolver ? allow_resolver(rules, all) : 0;

    for (size_t i = 0; i < config->count && failed == 0; i++)
        failed = allow_path(rules, all, config->places[i].fd,
                            config->places[i].write ? FS_WRITE : FS_READ);
    for (size_t i = 0; i < config->port_count && failed == 0; i++)
        failed = allow_port(rules, all, config->ports[i]);
    return failed;
}

int el_sys_confine(const struct el_sys_confine_config *config, struct el_err *err)
{
    size_t len;
    long version = syscall(CREATE_RULESET, NULL, 0, RULESET_VERSION);

    if (version < 1)
        return 0;
    tzset(); /* the log's; later its file would be out of reach */
    struct ruleset all = all_of(version, &len);
    if (config->any_port)
        all.net &= ~(uint64_t)NET_CONNECT_TCP;
    int rules = (int)syscall(CREATE_RULESET, &all, len, 0);
    if (rules < 0)
        return el_err_os(err, errno, "confining: no Landlock ruleset");
    int failed = allow_all(rules, &all, config);
    if (failed == 0)
        failed = (int)syscall(RESTRICT_SELF, rules, 0);
    int why = errno;
    close(rules);
    return failed == 0 ? 1 : el_err_os(err, why, "confining: Landlock");
}

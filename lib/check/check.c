/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --check of hub and spoke have in common. */
#include "check/check.h"

#include "netlink/links.h"
#include "node/key.h"
#include "node/launch.h"
#include "stream/stream_socket_io.h"
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

bool el_node_check_step(struct el_node_check *check, int rc, const struct el_err *err)
{
    if (rc >= 0)
        return true;
    fprintf(check->bad, "el2w %s: %s\n", check->name, err->text);
    check->obstacles++;
    return false;
}

void el_node_check_note(const struct el_node_check *check, const char *format, ...)
{
    va_list values;

    fprintf(check->good, "%s: ", check->name);
    va_start(values, format);
    vfprintf(check->good, format, values);
    va_end(values);
    fputc('\n', check->good);
}

/* Whether we may see all that it will meet. */
static bool looks_close(const struct el_node_check *check)
{
    return geteuid() == 0 || check->rootless;
}

/* Whether the one that runs was told NAME = VALUE too: what stands for that is its own then. */
static bool is_ours(const struct el_node_check *check, const char *name, const char *value)
{
    char line[256];
    int len = snprintf(line, sizeof line, "\n%s = %s\n", name, value);

    return check->running && len < (int)sizeof line && strstr(check->running, line);
}

/* -- the state directory -- */

/* The nearest directory above PATH, or PATH, that is there; PATH is cut to it. */
static int nearest_directory(char *path, struct stat *status)
{
    while (stat(path, status) < 0) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT)
            return -errno;
        if (slash && slash != path)
            *slash = '\0';
        else
            strcpy(path, slash ? "/" : ".");
    }
    return S_ISDIR(status->st_mode) ? 0 : -ENOTDIR;
}

static int check_state(const struct el_node_check *check, const char *state, struct el_err *err)
{
    char path[PATH_BYTES];
    struct stat status;

    if (snprintf(path, sizeof path, "%s", state) >= (int)sizeof path)
        return el_err(err, EL_EINVAL, "state %.64s...: the path is too long", state);
    int rc = nearest_directory(path, &status);
    if (rc < 0)
        return el_err_os(err, -rc, "state %s: %s", state, path);
    if (looks_close(check) && access(path, W_OK | X_OK) < 0)
        return el_err_os(err, errno, "state %s: cannot write to %s", state, path);
    return 0;
}

/* What runs is no obstacle: it is either this, or to be stopped. */
static int look_who_runs(struct el_node_check *check, const char *state, const char *options,
                         struct el_err *err)
{
    int rc = el_launch_running(check->name, state, &check->running, err);

    if (rc == EL_EPERM && !looks_close(check))
        return 0;
    if (rc == 1)
        el_node_check_note(check, "one runs on %s, with %s", state,
                           strcmp(check->running, options) == 0
                               ? "this configuration"
                               : "another configuration (--diff tells the difference)");
    return rc;
}

void el_node_check_begin(struct el_node_check *check, const char *state, const char *options)
{
    struct el_err err = {""};

    if (geteuid() != 0 && !check->rootless)
        el_node_check_note(check, "it needs root to run; as you are not, keys, ports and other "
                                  "things that only root can see were not looked at");
    if (el_node_check_step(check, check_state(check, state, &err), &err))
        el_node_check_step(check, look_who_runs(check, state, options, &err), &err);
}

unsigned el_node_check_end(struct el_node_check *check)
{
    if (check->obstacles == 0)
        el_node_check_note(check, "the configuration is sound, and nothing stands in its way");
    free(check->running);
    return check->obstacles;
}

/* -- the key -- */

void el_node_check_key(struct el_node_check *check, const char *path, const char *state)
{
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    char own[PATH_BYTES];
    struct el_err err = {""};

    if (!looks_close(check))
        return;
    snprintf(own, sizeof own, "%s/%s.key", state, check->name);
    if (!path && access(own, F_OK) < 0) {
        el_node_check_note(check, "there is no key yet: %s will be made", own);
        return;
    }
    el_node_check_step(check, el_node_key_read(-1, path ? path : own, key, &err), &err);
    sodium_memzero(key, sizeof key);
}

/* -- what is taken -- */

void el_node_check_port(struct el_node_check *check, uint64_t port,
                        const struct el_tunnel_options *tunnel)
{
    struct el_tunnel_io_options options = {(uint32_t)tunnel->mark, tunnel->device};
    struct el_err err = {""};
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)port);
    if (!looks_close(check) || (port != 0 && is_ours(check, "listen", text)))
        return;
    int fd = el_tunnel_io_socket(4, (uint16_t)port, &options, &err);
    if (el_node_check_step(check, fd, &err))
        close(fd);
}

void el_node_check_tcp(struct el_node_check *check, uint64_t port,
                       const struct el_tunnel_options *tunnel)
{
    struct el_stream_socket_options options = {(uint32_t)tunnel->mark, tunnel->device};
    struct el_err err = {""};
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)port);
    if (!looks_close(check) || is_ours(check, "tcp", text))
        return;
    int fd = el_stream_listener(4, (uint16_t)port, &options, &err);
    if (el_node_check_step(check, fd, &err))
        close(fd);
}

/* An interface of this name may be a TAP that was made for us; anything else is somebody's. */
static int check_name(struct el_netlink *netlink, const char *network, struct el_err *err)
{
    char path[64];

    if (network[0] == '\0' || strlen(network) >= EL_NETLINK_NAME_BYTES ||
        strpbrk(network, "/ \t:%") || strcmp(network, ".") == 0 || strcmp(network, "..") == 0)
        return el_err(err, EL_EINVAL, "network \"%.64s\": no interface can be called so", network);
    if (el_netlink_link(netlink, network, NULL, NULL) < 0)
        return 0;
    snprintf(path, sizeof path, "/sys/class/net/%s/tun_flags", network);
    return access(path, F_OK) == 0
               ? 0
               : el_err(err, EL_EEXIST,
                        "network %s: there is an interface of this name already, of another kind; "
                        "choose another name with --network",
                        network);
}

static int check_range(struct el_netlink *netlink, const char *network,
                       const struct el_prefix *cidr, struct el_err *err)
{
    const char *const except[] = {network, NULL};
    char what[EL_NETLINK_TEXT];
    int rc = el_netlink_find_overlap(netlink, cidr, except, what, err);

    return rc > 0 ? el_err(err, EL_EEXIST, "cidr %s: choose another range with --cidr", what) : rc;
}

void el_node_check_interface(struct el_node_check *check, const char *network,
                             const struct el_prefix *cidr)
{
    struct el_netlink *netlink;
    struct el_err err = {""};

    if (access("/dev/net/tun", F_OK) < 0)
        el_node_check_step(
            check,
            el_err(&err, EL_ENOENT, "no /dev/net/tun: load the kernel's tun module (modprobe tun)"),
            &err);
    if (!el_node_check_step(check, el_netlink_open(&netlink, &err), &err))
        return;
    el_node_check_step(check, check_name(netlink, network, &err), &err);
    if (cidr)
        el_node_check_step(check, check_range(netlink, network, cidr, &err), &err);
    el_netlink_close(netlink);
}

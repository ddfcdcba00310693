/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's per-interface settings for a TAP of ours.
 *
 * The host stands on this network with machines that it does not trust. None of them may change how
 * it routes or which addresses it has, nor learn from it about other interfaces.
 */
#include "base/log.h"
#include "netlink/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct setting {
    const char *family, *name, *value;
} settings[] = {
    /* A router advertisement from a machine would give the host addresses and a default route. */
    {"ipv6", "accept_ra", "0"},
    {"ipv6", "autoconf", "0"},
    /* ... and nobody here is a router that it should ask for one. */
    {"ipv6", "router_solicitations", "0"},
    /* ICMP redirects would move its routes. */
    {"ipv6", "accept_redirects", "0"},
    /* Duplicate address detection (RFC 4862 §5.4) lets a machine take the host's link-local address
     * away by claiming it. Nobody has it by chance, since it is made from a hash of the hub's key;
     * and without the second of waiting for a claim, it works at once. */
    {"ipv6", "accept_dad", "0"},
    {"ipv4", "accept_redirects", "0"},
    {"ipv4", "secure_redirects", "0"},
    {"ipv4", "send_redirects", "0"},
    {"ipv4", "accept_source_route", "0"},
    /* ARP is answered for the addresses of this interface only, and asked with one of them: by
     * default Linux answers for all the host's addresses on any interface. */
    {"ipv4", "arp_ignore", "1"},
    {"ipv4", "arp_announce", "2"},
    /* A packet whose source is routed elsewhere is forged: nothing but this network is behind the
     * TAP (RFC 3704 §2.2, strict). */
    {"ipv4", "rp_filter", "1"},
    /* On a computer that routes, a new interface routes too. Here that is said
     * (el_forwarding_allow) or it is not so. */
    {"ipv4", "forwarding", "0"},
};

static int set(const char *link, const struct setting *setting)
{
    char path[128];

    snprintf(path, sizeof path, "/proc/sys/net/%s/conf/%s/%s", setting->family, link,
             setting->name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    size_t len = strlen(setting->value);
    ssize_t written = write(fd, setting->value, len);
    int failed = written < 0 ? errno : 0;
    close(fd);
    return failed;
}

/* "all" and "default" are no interfaces, and no path leads out of the directory. */
static bool is_interface(const char *name)
{
    return strlen(name) < EL_NETLINK_NAME_BYTES && !strchr(name, '/') && name[0] != '.' &&
           strcmp(name, "all") != 0 && strcmp(name, "default") != 0;
}

/* How many did not take. */
static unsigned set_all(const char *name, const struct setting *list, size_t count)
{
    unsigned failures = 0;

    if (!is_interface(name))
        return (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        int failed = set(name, &list[i]);
        if (!failed)
            continue;
        failures++;
        EL_LOG(EL_LOG_DEBUG, "netlink", "not-hardened", EL_STR("link", name),
               EL_STR("family", list[i].family), EL_STR("setting", list[i].name),
               EL_STR("reason", strerror(failed)));
    }
    return failures;
}

unsigned el_netlink_harden(const char *name)
{
    return set_all(name, settings, sizeof settings / sizeof settings[0]);
}

bool el_netlink_has_ipv6(void)
{
    char disabled = '1';
    int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && read(fd, &disabled, 1) != 1)
        disabled = '1';
    if (fd >= 0)
        close(fd);
    return disabled == '0';
}

unsigned el_netlink_mute(const char *name)
{
    static const struct setting disable = {"ipv6", "disable_ipv6", "1"};

    return set_all(name, &disable, 1);
}

void el_netlink_share_range(const char *name)
{
    /* A source that has a route at all (RFC 3704 §2.4, loose). */
    static const struct setting loose = {"ipv4", "rp_filter", "2"};
    int failed = is_interface(name) ? set(name, &loose) : EINVAL;

    if (failed)
        EL_LOG(EL_LOG_WARN, "netlink", "not-shared", EL_STR("link", name),
               EL_STR("reason", strerror(failed)));
}

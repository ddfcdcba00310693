/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links, addresses and routes, against the real kernel in a network namespace of its own. Needs
 * root and /dev/net/tun; skipped without.
 */
#include "netlink/links.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool have_namespace;

static void need_namespace(void)
{
    if (!have_namespace)
        skip();
}

static int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
    return fd;
}

static struct el_netlink *open_netlink(void)
{
    struct el_netlink *netlink = NULL;
    struct el_err err = {""};

    if (el_netlink_open(&netlink, &err) < 0)
        fail_msg("%s", err.text);
    return netlink;
}

static struct el_prefix prefix_of(const char *text)
{
    struct el_prefix prefix;

    assert_int_equal(el_prefix_parse(text, &prefix), 0);
    return prefix;
}

static void must(int r, const struct el_err *err)
{
    if (r < 0)
        fail_msg("%d: %s", r, err->text);
}

static void add_address(struct el_netlink *netlink, const char *name, const char *text)
{
    struct el_prefix prefix = prefix_of(text);
    struct el_err err = {""};

    must(el_netlink_add_address(netlink, name, &prefix, &err), &err);
}

static void add_route(const char *to, const char *name, struct el_netlink *netlink)
{
    struct nl_sock *socket = nl_socket_alloc();
    struct rtnl_route *route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    struct nl_addr *destination;
    struct el_netlink_link link;
    struct el_err err = {""};

    must(el_netlink_link(netlink, name, &link, &err), &err);
    assert_int_equal(nl_connect(socket, NETLINK_ROUTE), 0);
    assert_int_equal(nl_addr_parse(to, AF_UNSPEC, &destination), 0);
    rtnl_route_set_dst(route, destination);
    rtnl_route_set_scope(route, RT_SCOPE_LINK);
    rtnl_route_nh_set_ifindex(hop, (int)link.index);
    rtnl_route_add_nexthop(route, hop);
    assert_int_equal(rtnl_route_add(socket, route, NLM_F_CREATE), 0);
    nl_addr_put(destination);
    rtnl_route_put(route);
    nl_socket_free(socket);
}

static void link_is_described(void **state)
{
    static const struct el_mac mac = {{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
    static const struct el_mac group = {{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}};
    struct el_netlink_link link;
    struct el_err err = {""};

    (void)state;
    need_namespace();
    struct el_netlink *netlink = open_netlink();
    must(el_netlink_link(netlink, "lo", &link, &err), &err);
    assert_true(link.loopback);
    assert_false(link.ethernet);

    int tap = open_tap("boot");
    must(el_netlink_link(netlink, "boot", &link, &err), &err);
    assert_string_equal(link.name, "boot");
    assert_true(link.ethernet && !link.loopback && !link.up);
    assert_int_equal(link.mtu, 1500);
    for (int twice = 0; twice < 2; twice++) {
        must(el_netlink_set_mac(netlink, "boot", &mac, &err), &err);
        must(el_netlink_set_up(netlink, "boot", &err), &err);
        must(el_netlink_link(netlink, "boot", &link, &err), &err);
        assert_true(link.up && link.carrier);
        assert_true(el_mac_equal(&link.mac, &mac));
    }
    assert_int_equal(el_netlink_set_mac(netlink, "boot", &group, &err), EL_EINVAL);
    assert_string_equal(err.text, "boot: cannot give it the address 01:00:5e:00:00:01: not the "
                                  "address of a station");
    close(tap);
    assert_int_equal(el_netlink_link(netlink, "boot", &link, &err), EL_ENOENT);
    el_netlink_close(netlink);
    el_netlink_close(NULL);
}

static void missing_link_is_named_with_the_others(void **state)
{
    struct el_err err = {""};
    char names[32];

    (void)state;
    need_namespace();
    struct el_netlink *netlink = open_netlink();
    assert_int_equal(el_netlink_link(netlink, "eth9", NULL, &err), EL_ENOENT);
    assert_string_equal(err.text, "eth9: no such interface (have: none)");
    int a = open_tap("wan"), b = open_tap("lan");
    assert_int_equal(el_netlink_set_up(netlink, "eth9", &err), EL_ENOENT);
    assert_string_equal(err.text, "eth9: no such interface (have: wan, lan)");
    assert_int_equal(el_netlink_link(netlink, "", NULL, &err), EL_EINVAL);
    assert_int_equal(el_netlink_link(netlink, "sixteen-bytes-xx", NULL, &err), EL_EINVAL);

    must(el_netlink_link_names(netlink, names, sizeof names, &err), &err);
    assert_string_equal(names, "wan, lan");
    for (size_t room = sizeof "..."; room <= sizeof names; room++) {
        char *exact = malloc(room);
        must(el_netlink_link_names(netlink, exact, room, &err), &err);
        assert_true(strlen(exact) < room);
        assert_true(strcmp(exact, "wan, lan") == 0 || strstr(exact, "..."));
        free(exact);
    }
    close(a);
    close(b);
    el_netlink_close(netlink);
}

/* How many default routes there are. */
static unsigned default_routes(void)
{
    FILE *table = fopen("/proc/self/net/route", "r");
    char line[256];
    unsigned count = 0;

    assert_non_null(table);
    while (fgets(line, sizeof line, table))
        count += strstr(line, "\t00000000\t014DA8C0\t") != NULL;
    fclose(table);
    return count;
}

static void address_goes_with_its_routes(void **state)
{
    struct el_prefix address = prefix_of("192.168.77.5/24");
    struct el_ip router = prefix_of("192.168.77.1/32").ip, beyond = prefix_of("10.9.9.1/32").ip;
    struct el_err err = {""};

    (void)state;
    need_namespace();
    struct el_netlink *netlink = open_netlink();
    int tap = open_tap("boot");
    must(el_netlink_set_up(netlink, "boot", &err), &err);
    must(el_netlink_remove_address(netlink, "boot", &address, &err), &err);
    must(el_netlink_add_address(netlink, "boot", &address, &err), &err);
    assert_true(el_netlink_add_default_route(netlink, "boot", &beyond, 4096, &err) < 0);
    assert_non_null(strstr(err.text, "boot: cannot route by 10.9.9.1"));
    for (int twice = 0; twice < 2; twice++)
        must(el_netlink_add_default_route(netlink, "boot", &router, 4096, &err), &err);
    assert_int_equal(default_routes(), 1);
    for (int twice = 0; twice < 2; twice++)
        must(el_netlink_remove_address(netlink, "boot", &address, &err), &err);
    assert_int_equal(default_routes(), 0);
    close(tap);
    el_netlink_close(netlink);
}

static void address_is_added_once(void **state)
{
    struct el_err err = {""};
    struct el_prefix nothing = {{0}, 0};
    char what[EL_NETLINK_TEXT];

    (void)state;
    need_namespace();
    struct el_netlink *netlink = open_netlink();
    int tap = open_tap("boot");
    must(el_netlink_set_up(netlink, "boot", &err), &err);
    for (int twice = 0; twice < 2; twice++) {
        add_address(netlink, "boot", "192.168.77.1/24");
        add_address(netlink, "boot", "fd00:77::1/64");
        add_address(netlink, "boot", "100.64.0.1/32");
    }
    struct el_prefix host = prefix_of("192.168.77.1/32");
    assert_int_equal(el_netlink_find_overlap(netlink, &host, NULL, what, &err), 1);
    assert_string_equal(what, "192.168.77.1/32 overlaps 192.168.77.0/24 on boot");
    assert_int_equal(el_netlink_add_address(netlink, "boot", &nothing, &err), EL_EINVAL);
    assert_int_equal(el_netlink_add_address(netlink, "eth9", &host, &err), EL_ENOENT);

    /* It goes with the interface. */
    close(tap);
    assert_int_equal(el_netlink_find_overlap(netlink, &host, NULL, what, &err), 0);
    assert_string_equal(what, "");
    el_netlink_close(netlink);
}

static void overlap_is_found(void **state)
{
    static const char *const except_boot[] = {"eth8", "boot", NULL};
    static const char *const except_nothing[] = {"eth9", NULL};
    static const struct {
        const char *prefix, *what; /* NULL: none */
    } rows[] = {
        {"192.168.77.0/24", "192.168.77.0/24 overlaps 192.168.0.0/16 on wan"},
        {"192.168.77.1/24", "192.168.77.0/24 overlaps 192.168.0.0/16 on wan"},
        {"192.168.0.0/17", "192.168.0.0/17 overlaps 192.168.0.0/16 on wan"},
        {"192.0.0.0/8", "192.0.0.0/8 overlaps 192.168.0.0/16 on wan"},
        {"192.169.0.0/16", NULL},
        {"10.1.2.0/24", "10.1.2.0/24 overlaps 10.0.0.0/8 on wan"}, /* a route */
        {"203.0.113.0/24", NULL},                                  /* only the default routes */
        {"172.31.0.0/24", NULL},                                   /* only on the exception */
        {"169.254.7.0/24", NULL},
        {"127.0.0.0/8", NULL},
        {"fd00:1::/48", "fd00:1::/48 overlaps fd00:1::/64 on wan"},
        {"fd00:2::/48", NULL},
        {"fe80::/64", NULL},
        {"2001:db8::/32", NULL},
    };
    struct el_err err = {""};
    char what[EL_NETLINK_TEXT];

    (void)state;
    need_namespace();
    struct el_netlink *netlink = open_netlink();
    int wan = open_tap("wan"), boot = open_tap("boot");
    must(el_netlink_set_up(netlink, "wan", &err), &err);
    must(el_netlink_set_up(netlink, "boot", &err), &err);
    must(el_netlink_set_up(netlink, "lo", &err), &err);
    add_address(netlink, "wan", "192.168.1.5/16");
    add_address(netlink, "wan", "169.254.1.1/16");
    add_address(netlink, "wan", "fd00:1::5/64");
    add_address(netlink, "boot", "172.31.0.1/24");
    add_route("10.0.0.0/8", "wan", netlink);
    add_route("0.0.0.0/0", "wan", netlink);
    add_route("128.0.0.0/1", "wan", netlink); /* how VPNs say "default" */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct el_prefix prefix = prefix_of(rows[i].prefix);
        int r = el_netlink_find_overlap(netlink, &prefix, except_boot, what, &err);
        if (r != (rows[i].what != NULL) || strcmp(what, rows[i].what ? rows[i].what : "") != 0)
            fail_msg("%s: %d, %s", rows[i].prefix, r, what);
    }
    struct el_prefix ours = prefix_of("172.31.0.0/16");
    assert_int_equal(el_netlink_find_overlap(netlink, &ours, NULL, what, &err), 1);
    assert_string_equal(what, "172.31.0.0/16 overlaps 172.31.0.0/24 on boot");
    assert_int_equal(el_netlink_find_overlap(netlink, &ours, except_nothing, what, &err), 1);
    close(wan);
    close(boot);
    el_netlink_close(netlink);
}

static void read_setting(const char *path, char value[16])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, value, 15) : 0;

    value[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static void tap_is_hardened(void **state)
{
    char before[16], after[16], value[16];

    (void)state;
    need_namespace();
    if (access("/proc/sys/net/ipv4/conf/all/rp_filter", W_OK) != 0)
        skip();
    int tap = open_tap("boot");
    read_setting("/proc/sys/net/ipv4/conf/default/arp_ignore", before);
    assert_int_equal(el_netlink_harden("boot"), 0);
    read_setting("/proc/sys/net/ipv6/conf/boot/accept_ra", value);
    assert_string_equal(value, "0\n");
    read_setting("/proc/sys/net/ipv6/conf/boot/accept_dad", value);
    assert_string_equal(value, "0\n");
    read_setting("/proc/sys/net/ipv4/conf/boot/arp_ignore", value);
    assert_string_equal(value, "1\n");
    read_setting("/proc/sys/net/ipv4/conf/boot/forwarding", value);
    assert_string_equal(value, "0\n");
    /* Nobody else's settings. */
    assert_true(el_netlink_harden("default") > 0 && el_netlink_harden("all") > 0);
    assert_true(el_netlink_harden("../conf/default") > 0 && el_netlink_harden("eth9") > 0);
    assert_true(el_netlink_harden("") > 0 && el_netlink_harden("..") > 0);
    read_setting("/proc/sys/net/ipv4/conf/default/arp_ignore", after);
    assert_string_equal(before, after);
    close(tap);
}

/* In a child, so that the rest of the tests keeps its rights. */
static void lack_of_rights_has_a_remedy(void **state)
{
    (void)state;
    need_namespace();
    int tap = open_tap("boot"), status;
    pid_t child = fork();
    if (child == 0) {
        struct el_netlink *netlink;
        struct el_err err = {""};
        struct el_prefix address = prefix_of("192.168.77.1/24");
        bool right = setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0 &&
                     el_netlink_open(&netlink, &err) == 0 &&
                     el_netlink_link(netlink, "boot", NULL, &err) == 0 &&
                     el_netlink_add_address(netlink, "boot", &address, &err) == EL_EPERM &&
                     strcmp(err.text, "boot: cannot add 192.168.77.1/24: needs root (the "
                                      "capability CAP_NET_ADMIN)") == 0 &&
                     el_netlink_set_up(netlink, "boot", &err) == EL_EPERM &&
                     strncmp(err.text, "boot: cannot switch it on: needs root", 37) == 0;
        if (!right)
            fprintf(stderr, "%s\n", err.text);
        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(tap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_is_described),
        cmocka_unit_test(missing_link_is_named_with_the_others),
        cmocka_unit_test(address_is_added_once),
        cmocka_unit_test(address_goes_with_its_routes),
        cmocka_unit_test(overlap_is_found),
        cmocka_unit_test(tap_is_hardened),
        cmocka_unit_test(lack_of_rights_has_a_remedy),
    };

    have_namespace = access("/dev/net/tun", R_OK | W_OK) == 0 && unshare(CLONE_NEWNET) == 0;
    return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall and the borrowed forwarding, in a network namespace of our own, against the real
 * kernel. The network is the loopback interface, where whatever is sent comes in. Needs root and
 * nftables; skipped without.
 */
#include "netlink/firewall.h"
#include "netlink/forwarding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PUBLISHED = 1069, HIDDEN = 1070, SETTLED = 1071 };

static bool have_namespace;

static void need_namespace(void)
{
    if (!have_namespace)
        skip();
}

static const struct el_firewall_service services[] = {
    {IPPROTO_UDP, PUBLISHED, "a service", false},
    {IPPROTO_TCP, PUBLISHED, "another", false},
    {IPPROTO_UDP, SETTLED, "for settle()", false},
};

static const struct el_firewall_config port_config = {
    .network = "lo", .port = true, .services = services, .service_count = 3};

static struct el_firewall *open_firewall(const struct el_firewall_config *config)
{
    struct el_firewall *firewall = NULL;
    struct el_err err = {""};

    if (el_firewall_open(config, &firewall, &err) < 0)
        fail_msg("%s", err.text);
    return firewall;
}

/* -- traffic -- */

static struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int socket_at(int type, uint16_t port)
{
    struct sockaddr_in address = local(port);
    int on = 1, fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static bool readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    return poll(&wait, 1, 10000) == 1;
}

static void send_to(int from, int to)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;

    assert_int_equal(getsockname(to, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(sendto(from, "x", 1, 0, (const struct sockaddr *)&address, len), 1);
}

/* Waits until all that was sent before has come, or will never: we are on one CPU, and what is sent
 * on loopback keeps its order. */
static void settle(void)
{
    int from = socket_at(SOCK_DGRAM, 0), to = socket_at(SOCK_DGRAM, SETTLED);

    send_to(from, to);
    assert_true(readable(to));
    close(from);
    close(to);
}

static bool udp_arrives(int from, int to)
{
    char byte;

    send_to(from, to);
    settle();
    return recv(to, &byte, 1, 0) == 1;
}

static bool tcp_connects(uint16_t port)
{
    struct sockaddr_in address = local(port);
    int listener = socket_at(SOCK_STREAM, port);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    char byte;

    (void)connect(client, (const struct sockaddr *)&address, sizeof address);
    for (int turn = 0; turn < 3; turn++) /* the three packets of a handshake */
        settle();
    int server = accept(listener, NULL, NULL);
    if (server >= 0) {
        assert_int_equal(send(server, "x", 1, 0), 1);
        assert_true(readable(client) && recv(client, &byte, 1, 0) == 1);
        close(server);
    }
    close(client);
    close(listener);
    return server >= 0;
}

static void check_port(void)
{
    int published = socket_at(SOCK_DGRAM, PUBLISHED), hidden = socket_at(SOCK_DGRAM, HIDDEN);
    int client = socket_at(SOCK_DGRAM, 0), transfer = socket_at(SOCK_DGRAM, 0);

    assert_true(udp_arrives(client, published));
    assert_false(udp_arrives(client, hidden));
    /* A TFTP transfer: what begins at a port of its own is answered there. */
    assert_true(udp_arrives(transfer, published));
    assert_true(udp_arrives(published, transfer));
    assert_true(tcp_connects(PUBLISHED));
    assert_false(tcp_connects(HIDDEN));
    close(transfer);
    close(client);
    close(hidden);
    close(published);
}

static void only_what_is_published_comes_in(void **state)
{
    (void)state;
    need_namespace();
    assert_true(tcp_connects(HIDDEN));
    struct el_firewall *firewall = open_firewall(&port_config);
    assert_false(el_firewall_is_stateless(firewall));
    check_port();
    int client = socket_at(SOCK_DGRAM, 0), asked = socket_at(SOCK_DGRAM, 0);
    assert_false(udp_arrives(client, asked)); /* a port of its own is no answer by itself */
    close(client);
    close(asked);
    el_firewall_close(firewall);
    assert_true(tcp_connects(HIDDEN));
}

static void the_same_without_connection_tracking(void **state)
{
    struct el_firewall_config config = port_config;

    (void)state;
    need_namespace();
    config.stateless = true;
    struct el_firewall *firewall = open_firewall(&config);
    assert_true(el_firewall_is_stateless(firewall));
    check_port();
    int client = socket_at(SOCK_DGRAM, 0), asked = socket_at(SOCK_DGRAM, 0);
    assert_true(udp_arrives(client, asked)); /* it may be one */
    close(client);
    close(asked);
    el_firewall_close(firewall);
}

/* -- the table -- */

static void every_rule_is_taken(void **state)
{
    static const char guarded[2][EL_NETLINK_NAME_BYTES] = {"eth0", "a-long-name-123"};
    struct el_prefix ranges[2] = {{{4, {192, 168, 77, 1}}, 24}, {{6, {0xfd, 0x77}}, 63}};
    struct el_prefix forbidden[2] = {{{4, {100, 64}}, 10}, {{6, {0xfd}}, 8}};
    struct el_firewall_config config = port_config;

    (void)state;
    need_namespace();
    config.ranges = ranges;
    config.range_count = 2;
    config.forbidden = forbidden;
    config.forbidden_count = 2;
    config.guarded = guarded;
    config.guarded_count = 2;
    config.guarded6 = true;
    el_firewall_close(open_firewall(&config));
}

static void who_lives_is_not_robbed(void **state)
{
    struct el_firewall *again = NULL;
    struct el_err err = {""};

    (void)state;
    need_namespace();
    struct el_firewall *firewall = open_firewall(&port_config);
    assert_int_equal(el_firewall_open(&port_config, &again, &err), EL_EPERM);
    assert_non_null(strstr(err.text, "el2w-lo"));
    assert_false(tcp_connects(HIDDEN));
    el_firewall_close(firewall);
    el_firewall_close(open_firewall(&port_config));
    el_firewall_close(NULL);
}

static void who_is_killed_leaves_nothing(void **state)
{
    int ready[2];
    char byte;

    (void)state;
    need_namespace();
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct el_firewall *firewall;
        if (el_firewall_open(&port_config, &firewall, NULL) == 0 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_false(tcp_connects(HIDDEN));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(tcp_connects(HIDDEN));
}

static void what_cannot_be_is_refused(void **state)
{
    enum { MANY = 2000 };
    struct el_firewall_service *many = calloc(MANY, sizeof *many);
    struct el_firewall_config config = port_config;
    struct el_firewall *firewall;
    struct el_err err = {""};

    (void)state;
    need_namespace();
    config.network = "sixteen-letters!";
    assert_int_equal(el_firewall_open(&config, &firewall, &err), EL_EINVAL);
    config = port_config;
    for (unsigned i = 0; i < MANY; i++)
        many[i] =
            (struct el_firewall_service){IPPROTO_TCP, (uint16_t)(i + 1), "one of many", i % 2};
    config.services = many;
    config.service_count = MANY;
    assert_int_equal(el_firewall_open(&config, &firewall, &err), EL_ENOMEM);
    free(many);
    assert_true(tcp_connects(HIDDEN));
}

/* -- forwarding -- */

static int open_tap(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
    return fd;
}

static int open_setting(const char *family, const char *name, const char *what)
{
    char path[128];

    snprintf(path, sizeof path, "/proc/sys/net/%s/conf/%s/%s", family, name, what);
    return open(path, O_RDWR | O_CLOEXEC);
}

static char read_setting(const char *family, const char *name, const char *what)
{
    char value = '?';
    int fd = open_setting(family, name, what);

    assert_int_equal(read(fd, &value, 1), 1);
    close(fd);
    return value;
}

static void write_setting(const char *family, const char *name, const char *what, char value)
{
    int fd = open_setting(family, name, what);

    assert_int_equal(write(fd, &value, 1), 1);
    close(fd);
}

static char forwards(const char *name)
{
    return read_setting("ipv4", name, "forwarding");
}

static void set_forwards(const char *name, char value)
{
    write_setting("ipv4", name, "forwarding", value);
}

static struct el_forwarding *borrow(const char *directory, unsigned expected)
{
    const char(*names)[EL_NETLINK_NAME_BYTES];
    struct el_forwarding *forwarding = NULL;
    struct el_err err = {""};

    if (el_forwarding_borrow(directory, false, &forwarding, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(el_forwarding_names(forwarding, &names), expected);
    return forwarding;
}

static void forwarding_is_given_back_by_the_last(void **state)
{
    char directory[] = "/tmp/el2w-forwarding-XXXXXX";
    struct el_netlink *netlink;
    struct el_err err;

    (void)state;
    need_namespace();
    if (access("/proc/sys/net/ipv4/conf/lo/forwarding", W_OK) != 0)
        skip();
    assert_non_null(mkdtemp(directory));
    int off = open_tap("off"), on = open_tap("on"), ours = open_tap("ours");
    assert_int_equal(el_netlink_open(&netlink, &err), 0);
    assert_int_equal(el_netlink_set_group(netlink, "ours", EL_NETLINK_GROUP, &err), 0);
    el_netlink_close(netlink);
    set_forwards("on", '1');

    struct el_forwarding *one = borrow(directory, 1), *two = borrow(directory, 1);
    assert_true(forwards("off") == '1' && forwards("on") == '1' && forwards("ours") == '0' &&
                forwards("lo") == '0');
    el_forwarding_return(one);
    assert_int_equal(forwards("off"), '1');
    el_forwarding_return(two);
    assert_true(forwards("off") == '0' && forwards("on") == '1');

    /* Switched on for the whole computer in between: it is no longer ours to switch off. */
    one = borrow(directory, 1);
    set_forwards("all", '1');
    el_forwarding_return(one);
    assert_int_equal(forwards("off"), '1');
    el_forwarding_return(borrow(directory, 0));
    assert_int_equal(rmdir(directory), 0); /* nothing is left in it */
    assert_int_equal(el_forwarding_allow("ours", false, &err), 0);
    assert_true(el_forwarding_allow("nothing", false, &err) < 0);
    close(off);
    close(on);
    close(ours);
}

/* -- the same of IPv6, which is one switch -- */

static struct el_forwarding *borrow6(const char *directory, bool expected)
{
    struct el_forwarding *forwarding = NULL;
    struct el_err err = {""};

    if (el_forwarding_borrow(directory, true, &forwarding, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(el_forwarding_borrows6(forwarding), expected);
    return forwarding;
}

/* Hosts that stay hosts, a router that stays one, and what they believe of routers. */
static void check_settings6(char all)
{
    assert_int_equal(read_setting("ipv6", "all", "forwarding"), all);
    assert_int_equal(read_setting("ipv6", "default", "forwarding"), '0');
    assert_int_equal(read_setting("ipv6", "host", "forwarding"), '0');
    assert_int_equal(read_setting("ipv6", "host", "accept_ra"), '1');
    assert_int_equal(read_setting("ipv6", "deaf", "forwarding"), '0');
    assert_int_equal(read_setting("ipv6", "deaf", "accept_ra"), '0');
    assert_int_equal(read_setting("ipv6", "router", "forwarding"), '1');
    assert_int_equal(read_setting("ipv6", "router", "accept_ra"), '1');
}

static void forwarding_of_ipv6_changes_nothing_else(void **state)
{
    char directory[] = "/tmp/el2w-forwarding-XXXXXX";
    struct el_err err;

    (void)state;
    need_namespace();
    if (access("/proc/sys/net/ipv6/conf/all/forwarding", W_OK) != 0)
        skip();
    assert_non_null(mkdtemp(directory));
    set_forwards("all", '1'); /* nothing to borrow of IPv4 */
    int host = open_tap("host"), deaf = open_tap("deaf"), router = open_tap("router"),
        ours = open_tap("ours");
    write_setting("ipv6", "deaf", "accept_ra", '0');
    write_setting("ipv6", "router", "forwarding", '1');
    check_settings6('0');

    struct el_forwarding *one = borrow6(directory, true), *two = borrow6(directory, true);
    check_settings6('1');
    assert_int_equal(el_forwarding_allow("ours", true, &err), 0);
    assert_int_equal(read_setting("ipv6", "ours", "forwarding"), '1');
    check_settings6('1');
    el_forwarding_return(one);
    check_settings6('1');
    el_forwarding_return(two);
    check_settings6('0');

    /* Switched on for the whole computer in between, and before: not ours to switch off. */
    one = borrow6(directory, true);
    write_setting("ipv6", "all", "forwarding", '1');
    el_forwarding_return(one);
    assert_int_equal(read_setting("ipv6", "all", "forwarding"), '1');
    assert_int_equal(read_setting("ipv6", "host", "forwarding"), '1');
    el_forwarding_return(borrow6(directory, false));
    assert_int_equal(read_setting("ipv6", "all", "forwarding"), '1');
    assert_int_equal(rmdir(directory), 0);
    close(host);
    close(deaf);
    close(router);
    close(ours);
}

static bool make_namespace(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    struct el_firewall *firewall;

    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) < 0 ||
        sched_setaffinity(0, sizeof one, &one) < 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    if (!up || el_firewall_open(&port_config, &firewall, NULL) < 0)
        return false;
    el_firewall_close(firewall);
    return true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_published_comes_in),
        cmocka_unit_test(the_same_without_connection_tracking),
        cmocka_unit_test(every_rule_is_taken),
        cmocka_unit_test(who_lives_is_not_robbed),
        cmocka_unit_test(who_is_killed_leaves_nothing),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(forwarding_is_given_back_by_the_last),
        cmocka_unit_test(forwarding_of_ipv6_changes_nothing_else),
    };

    have_namespace = make_namespace();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

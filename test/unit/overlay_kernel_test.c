/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The overlay against the kernel's own VXLAN, fragments and ICMP, without a tunnel in between: a
 * TUN interface in a network namespace stands for it. Frames of all sizes go both ways over a TUN
 * of 1280 bytes. Needs root, /dev/net/tun and the vxlan module; skipped without.
 */
#include "base/csprng.h"
#include "netlink/links.h"
#include "overlay/fragment.h"
#include "overlay/overlay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vxlan.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { US = 0x64400001, KERNEL = 0x64400002, MTU = 1280, ROOM = 2048, WAIT_MS = 120000 };

static const struct el_overlay_path path = {US, KERNEL, 77, 0};
static int tun = -1, machine = -1; /* what the kernel tunnels; a machine behind its VXLAN */
static struct el_reasm *reasm;

static bool set_mtu(const char *name)
{
    struct ifreq request = {.ifr_mtu = MTU};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    bool done = ioctl(fd, SIOCSIFMTU, &request) == 0;
    close(fd);
    return done;
}

/* Not bound to the TUN, whose MTU the kernel would then subtract from. */
static bool add_vxlan(void)
{
    struct nl_sock *socket = nl_socket_alloc();
    struct rtnl_link *link = rtnl_link_vxlan_alloc();
    uint32_t local = htonl(KERNEL), remote = htonl(US);
    struct nl_addr *from = nl_addr_build(AF_INET, &local, 4);
    struct nl_addr *to = nl_addr_build(AF_INET, &remote, 4);

    rtnl_link_set_name(link, "vxlan77");
    rtnl_link_set_mtu(link, 1500);
    rtnl_link_vxlan_set_id(link, 77);
    rtnl_link_vxlan_set_local(link, from);
    rtnl_link_vxlan_set_group(link, to);
    rtnl_link_vxlan_set_port(link, EL_OVERLAY_PORT);
    bool done = nl_connect(socket, NETLINK_ROUTE) == 0 &&
                rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL) == 0;
    nl_addr_put(from);
    nl_addr_put(to);
    rtnl_link_put(link);
    nl_socket_free(socket);
    return done;
}

/* What this machine may lack: the rights, the device, the module. */
static bool machine_can(void)
{
    return access("/dev/net/tun", R_OK | W_OK) == 0 && unshare(CLONE_NEWNET) == 0 && add_vxlan();
}

static bool open_tun(void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

    tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "wg0");
    return tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0 && set_mtu("wg0");
}

/* The kernel's end of the tunnel, and a machine behind it. */
static int make_world(void **state)
{
    struct sockaddr_ll bound = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5)};
    struct el_netlink_link link;
    struct el_netlink *netlink;
    struct el_prefix address;
    struct el_err err = {""};

    (void)state;
    if (!machine_can())
        return 0;
    if (!open_tun() || el_netlink_open(&netlink, &err) < 0)
        return -1;
    if (el_prefix_parse("100.64.0.2/24", &address) < 0 ||
        el_netlink_add_address(netlink, "wg0", &address, &err) < 0 ||
        el_netlink_set_up(netlink, "wg0", &err) < 0 ||
        el_netlink_set_up(netlink, "vxlan77", &err) < 0 ||
        el_netlink_link(netlink, "vxlan77", &link, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    el_netlink_close(netlink);
    bound.sll_ifindex = (int)link.index;
    machine = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (machine < 0 || bind(machine, (struct sockaddr *)&bound, sizeof bound) < 0)
        return -1;
    return el_reasm_new(0, &reasm);
}

static int leave_world(void **state)
{
    (void)state;
    el_reasm_free(reasm);
    return 0;
}

static size_t receive(int fd, uint8_t bytes[ROOM])
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
    ssize_t n = read(fd, bytes, ROOM);
    assert_true(n > 0);
    return (size_t)n;
}

/* The next packet from the kernel that the overlay takes, put together if need be; others (the
 * kernel's multicast) are passed over. */
static void next_packet(uint8_t bytes[ROOM], struct el_overlay_packet *out, unsigned *fragments)
{
    *fragments = 0;
    for (;;) {
        size_t len = receive(tun, bytes);
        uint8_t *whole;
        assert_true(len <= MTU);
        if (el_overlay_decap(bytes, len, US, out) < 0)
            continue;
        if (out->kind == EL_OVERLAY_FRAGMENT) {
            ++*fragments;
            if (el_reasm_input(reasm, 0, bytes, len, &whole, &len) != 1)
                continue;
            assert_int_equal(el_overlay_decap(whole, len, US, out), 0);
        }
        if (out->kind == EL_OVERLAY_FRAME && memcmp(out->frame + 12, "\x88\xb5", 2) != 0)
            continue;
        return;
    }
}

static void make_frame(uint8_t *frame, size_t len)
{
    el_random(frame, len);
    memcpy(frame, "\xff\xff\xff\xff\xff\xff\x52\x54\x00\x00\x00\x07\x88\xb5", 14);
}

static void frames_from_the_kernel(void **state)
{
    uint8_t frame[ROOM], bytes[ROOM];
    struct el_overlay_packet out;
    unsigned fragments;

    (void)state;
    if (machine < 0)
        skip();
    for (size_t len = 60; len <= 1514; len += len < 1200 ? 37 : 1) {
        make_frame(frame, len);
        assert_int_equal(write(machine, frame, len), len);
        next_packet(bytes, &out, &fragments);
        assert_int_equal(out.kind, EL_OVERLAY_FRAME);
        assert_int_equal(out.source, KERNEL);
        assert_int_equal(out.vni, 77);
        assert_int_equal(out.frame_len, len);
        assert_memory_equal(out.frame, frame, len);
        assert_int_equal(fragments, len + EL_OVERLAY_HEADER > MTU ? 2 : 0);
    }
}

static void frames_to_the_kernel(void **state)
{
    uint8_t packet[ROOM], frame[ROOM], got[ROOM];

    (void)state;
    if (machine < 0)
        skip();
    for (size_t len = 60; len <= 1514; len += len < 1200 ? 37 : 1) {
        struct el_fragment_cut cut;
        uint8_t *fragment;
        make_frame(frame, len);
        memcpy(packet + EL_OVERLAY_HEADER, frame, len);
        size_t total = el_overlay_encap(packet + EL_OVERLAY_HEADER, len, &path, 1, (uint16_t)len);
        assert_int_equal(el_fragment_begin(&cut, packet, total, MTU), 0);
        for (size_t n; (n = el_fragment_next(&cut, &fragment)) > 0;)
            assert_int_equal(write(tun, fragment, n), n);
        assert_int_equal(receive(machine, got), len);
        assert_memory_equal(got, frame, len);
    }
}

/* A probe larger than the peer's interface is answered all the same, in fragments. */
static void kernel_answers_probes(void **state)
{
    uint8_t packet[ROOM], bytes[ROOM];
    struct el_overlay_packet out;
    unsigned fragments;

    (void)state;
    if (machine < 0)
        skip();
    for (size_t len = 496; len <= 1584; len += 16) {
        el_overlay_echo_request(packet, len, &path, 0x4242, (uint16_t)len);
        assert_int_equal(write(tun, packet, len), len);
        next_packet(bytes, &out, &fragments);
        assert_int_equal(out.kind, EL_OVERLAY_ECHO_REPLY);
        assert_int_equal(out.echo_ident, 0x4242);
        assert_int_equal(out.echo_sequence, len);
        assert_int_equal(out.echo_len, len);
        assert_int_equal(fragments, len > MTU ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_from_the_kernel),
        cmocka_unit_test(frames_to_the_kernel),
        cmocka_unit_test(kernel_answers_probes),
    };

    return cmocka_run_group_tests_name("overlay and kernel", tests, make_world, leave_world);
}

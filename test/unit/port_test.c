/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports against the real kernel, in network namespaces of this process alone: it needs root and
 * /dev/net/tun, and what needs more than the machine has is skipped. Memory ports need nothing.
 */
#include "frame/gro.h"
#include "frame/gso.h"
#include "port/memory.h"
#include "port/packet.h"
#include "port/tap.h"
#include "unit/frame_sample.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    HEADROOM = 64,
    BUFFER = HEADROOM + EL_PORT_FRAME_BYTES + EL_PORT_TAILROOM,
    TRANSFER_BYTES = 8 << 20,
    PATIENCE_MS = 120000, /* for an event that must come */
    QUIET_MS = 50,        /* in which nothing must come */
    AGAIN_MS = 10,        /* after which a probe is sent again */
};

static uint8_t random_payload[65536];
static int left = -1, right = -1; /* the two namespaces; -1: there are none */

/* Where a frame may be received in MEMORY. */
static struct el_port_rx room(uint8_t *memory, size_t bytes)
{
    return (struct el_port_rx){.bytes = memory + HEADROOM,
                               .capacity = bytes - HEADROOM - EL_PORT_TAILROOM};
}

static void enter(int namespace)
{
    assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
}

/* A namespace whose kernel says nothing by itself: no IPv6. */
static int make_namespace(void)
{
    if (unshare(CLONE_NEWNET) < 0)
        return -1;
    int quiet = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (quiet >= 0) {
        assert_int_equal(write(quiet, "1", 1), 1);
        close(quiet);
    }
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_namespaces(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (size_t i = 0; i < sizeof random_payload; i++)
        random_payload[i] = (uint8_t)sample_random(&seed);
    right = make_namespace();
    left = right < 0 ? -1 : make_namespace();
    return 0;
}

/* Runs ip(8) in the namespace where we are. */
static bool ip(const char *arguments)
{
    char command[200];

    snprintf(command, sizeof command, "ip %s >/dev/null 2>&1", arguments);
    return system(command) == 0;
}

static void need_namespaces(void)
{
    if (left < 0)
        skip();
    enter(left);
}

static void need_tap(void)
{
    need_namespaces();
    if (access("/dev/net/tun", R_OK | W_OK) < 0)
        skip();
}

/* a0 on the left, connected to p0 on the right. */
static void need_veth(void)
{
    char add[100];

    need_namespaces();
    snprintf(add, sizeof add, "link add p0 type veth peer name a0 netns /proc/%d/fd/%d",
             (int)getpid(), left);
    enter(right);
    if (!ip(add))
        skip();
    assert_true(ip("link set p0 up"));
    enter(left);
    assert_true(ip("link set a0 up"));
}

static void drop_veth(void)
{
    enter(left);
    ip("link del a0");
}

static void set_address(const char *name, const char *address)
{
    struct ifreq request = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    in->sin_family = AF_INET;
    inet_pton(AF_INET, address, &in->sin_addr);
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    inet_pton(AF_INET, "255.255.255.0", &in->sin_addr);
    assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &request), 0);
    request.ifr_flags = IFF_UP;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

static struct el_port *open_tap(const char *name, const char *address)
{
    struct el_err err = {{0}};
    struct el_port *port;
    int fd = el_tap_open(name, &err);

    if (fd < 0)
        fail_msg("%s", err.text);
    assert_int_equal(el_port_from_tap(fd, name, &port), 0);
    if (address)
        set_address(name, address);
    return port;
}

static struct el_port *open_vlan(const char *name, int vid)
{
    struct el_err err = {{0}};
    struct el_port *port;
    int fd = el_packet_open(name, vid, &err);

    if (fd < 0)
        fail_msg("%s", err.text);
    assert_int_equal(el_port_from_packet(fd, name, vid, &port), 0);
    return port;
}

static struct el_port *open_packet(const char *name)
{
    return open_vlan(name, EL_PACKET_ALL);
}

static bool wait_readable(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, ms) > 0;
}

/* -- TCP through a relay -- */

/*
 * Between the ports, frames go the way they go through the tunnel: cut, each segment copied to a
 * buffer of its own (where it would be encrypted), and merged on the other side.
 */
struct relay {
    struct el_port *ports[2];
    struct el_gro *gro;
    unsigned supers_received, supers_sent, lost;
    uint8_t frame[BUFFER];
    uint8_t segments[EL_GSO_SEGMENTS_MAX][1600];
};

static void relay_emit(void *arg, unsigned port, const struct el_offload *offload,
                       const struct el_slice *slices, unsigned count)
{
    struct relay *relay = arg;
    struct el_port_tx tx = {*offload, slices, count, false};

    relay->supers_sent += count > 1;
    if (el_port_send(relay->ports[port], &tx) < 0)
        relay->lost++;
}

static void relay_from(struct relay *relay, unsigned side)
{
    struct el_port_rx rx = room(relay->frame, sizeof relay->frame);

    for (unsigned i = 0; i < 64; i++) {
        int received = el_port_receive(relay->ports[side], &rx, 1);
        struct el_gso_cut cut;
        struct el_layers layers;
        uint8_t *segment;
        size_t len;
        unsigned count = 0;

        assert_true(received >= 0);
        if (received == 0)
            break;
        relay->supers_received += rx.offload.gso != EL_GSO_NONE;
        assert_int_equal(el_gso_begin(&cut, rx.bytes, rx.len, &rx.offload, EL_GSO_COMPLETE), 0);
        while (el_gso_next(&cut, &segment, &len)) {
            assert_true(len <= 1514);
            memcpy(relay->segments[count], segment, len);
            el_layers_read(relay->segments[count], len, &layers);
            el_gro_add(relay->gro, !side, relay->segments[count], len, &layers, &cut.rest);
            count++;
        }
        el_gro_flush(relay->gro);
    }
}

static struct relay *new_relay(struct el_port *a, struct el_port *b)
{
    struct relay *relay = calloc(1, sizeof *relay);

    assert_non_null(relay);
    relay->ports[0] = a;
    relay->ports[1] = b;
    relay->gro = el_gro_new(
        &(struct el_gro_config){.emit = relay_emit, .arg = relay, .udp = a->uso && b->uso});
    assert_non_null(relay->gro);
    return relay;
}

static void free_relay(struct relay *relay)
{
    el_gro_free(relay->gro);
    el_port_close(relay->ports[0]);
    el_port_close(relay->ports[1]);
    free(relay);
}

static struct sockaddr_in address_of(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(4444)};

    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

/* The byte at AT of the stream; no period that a wrong segment could hide in. */
static uint8_t stream_byte(size_t at)
{
    return random_payload[(at ^ at >> 16) & 0xffff];
}

static void fill_stream(uint8_t *bytes, size_t at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = stream_byte(at + i);
}

/* Sends TRANSFER_BYTES from one socket to the other through the relay; every byte is compared. */
static void transfer(struct relay *relay, int from, int to)
{
    static uint8_t out[65536], in[65536];
    size_t sent = 0, got = 0;

    while (got < TRANSFER_BYTES) {
        struct pollfd fds[] = {
            {relay->ports[0]->fd, POLLIN, 0},
            {relay->ports[1]->fd, POLLIN, 0},
            {from, sent < TRANSFER_BYTES ? POLLOUT : 0, 0},
            {to, POLLIN, 0},
        };

        if (poll(fds, 4, PATIENCE_MS) <= 0)
            fail_msg("stuck after %zu bytes sent, %zu received", sent, got);
        for (unsigned side = 0; side < 2; side++)
            if (fds[side].revents)
                relay_from(relay, side);
        if (fds[2].revents & POLLOUT) {
            size_t want = TRANSFER_BYTES - sent < sizeof out ? TRANSFER_BYTES - sent : sizeof out;

            fill_stream(out, sent, want);
            ssize_t n = send(from, out, want, MSG_DONTWAIT | MSG_NOSIGNAL);
            assert_true(n > 0 || errno == EAGAIN);
            sent += n > 0 ? (size_t)n : 0;
        }
        if (fds[3].revents) {
            ssize_t n = recv(to, in, sizeof in, MSG_DONTWAIT);

            assert_true(n > 0 || (n < 0 && errno == EAGAIN));
            fill_stream(out, got, n > 0 ? (size_t)n : 0);
            if (n > 0)
                assert_memory_equal(in, out, (size_t)n);
            got += n > 0 ? (size_t)n : 0;
        }
    }
}

/* Connects from the left to TO on the right, with the relay between them. */
static void connect_through(struct relay *relay, const char *to, int *client, int *server)
{
    struct sockaddr_in address = address_of(to);
    int one = 1;

    enter(right);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);

    enter(left);
    *client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(connect(*client, (struct sockaddr *)&address, sizeof address) == 0 ||
                errno == EINPROGRESS);
    do {
        struct pollfd fds[] = {{relay->ports[0]->fd, POLLIN, 0},
                               {relay->ports[1]->fd, POLLIN, 0},
                               {listener, POLLIN, 0}};

        if (poll(fds, 3, PATIENCE_MS) <= 0)
            fail_msg("no connection");
        for (unsigned side = 0; side < 2; side++)
            if (fds[side].revents)
                relay_from(relay, side);
        *server = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (*server < 0);
    close(listener);
}

/* Both directions, and super-frames in both. */
static void transfer_both_ways(struct relay *relay, const char *to)
{
    int client, server;

    connect_through(relay, to, &client, &server);
    transfer(relay, client, server);
    assert_true(relay->supers_received > 10);
    assert_true(relay->supers_sent > 10);
    relay->supers_received = relay->supers_sent = 0;
    transfer(relay, server, client);
    assert_true(relay->supers_received > 10);
    assert_true(relay->supers_sent > 10);
    assert_int_equal(relay->lost, 0);
    close(client);
    close(server);
}

static void tcp_from_tap_to_tap(void **state)
{
    (void)state;
    need_tap();
    enter(right);
    struct el_port *b = open_tap("eltest1", "10.77.1.2");
    enter(left);
    struct el_port *a = open_tap("eltest0", "10.77.1.1");
    struct relay *relay = new_relay(a, b);

    transfer_both_ways(relay, "10.77.1.2");
    free_relay(relay);
}

/* One send of a UDP socket with segmentation is one super-frame (USO), and arrives as the datagrams
 * it stands for. */
static void udp_from_tap_to_tap(void **state)
{
    enum { SIZE = 1000, LAST = 321, COUNT = 40 };
    struct sockaddr_in address = address_of("10.77.4.2");
    int size = SIZE;
    uint8_t got[2000];

    (void)state;
    need_tap();
    enter(right);
    struct el_port *b = open_tap("eltest6", "10.77.4.2");
    int server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    enter(left);
    struct relay *relay = new_relay(open_tap("eltest5", "10.77.4.1"), b);
    int client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool uso = b->uso && setsockopt(client, SOL_UDP, UDP_SEGMENT, &size, sizeof size) == 0;

    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    if (uso)
        assert_int_equal(send(client, random_payload, SIZE * (COUNT - 1) + LAST, 0),
                         SIZE * (COUNT - 1) + LAST);
    for (unsigned i = 0; uso && i < COUNT;) {
        struct pollfd fds[] = {{relay->ports[0]->fd, POLLIN, 0},
                               {relay->ports[1]->fd, POLLIN, 0},
                               {server, POLLIN, 0}};

        assert_true(poll(fds, 3, PATIENCE_MS) > 0);
        for (unsigned side = 0; side < 2; side++)
            if (fds[side].revents)
                relay_from(relay, side);
        ssize_t n = recv(server, got, sizeof got, MSG_DONTWAIT);
        if (n < 0)
            continue;
        assert_int_equal(n, i + 1 < COUNT ? SIZE : LAST);
        assert_memory_equal(got, random_payload + i * SIZE, (size_t)n);
        i++;
    }
    if (uso) {
        assert_int_equal(relay->supers_received, 1);
        assert_int_equal(relay->supers_sent, 1);
    }
    free_relay(relay);
    close(client);
    close(server);
    if (!uso)
        skip();
}

/* A card (a veth end with a packet socket) on one side of the relay, a TAP on the other: client a0
 * on the left, p0 and the TAP on the right. */
static void tcp_from_card_to_tap(void **state)
{
    (void)state;
    need_tap();
    need_veth();
    set_address("a0", "10.77.2.1");
    enter(right);
    struct el_port *card = open_packet("p0");
    struct relay *relay = new_relay(card, open_tap("eltest2", "10.77.2.2"));

    transfer_both_ways(relay, "10.77.2.2");
    free_relay(relay);
    drop_veth();
}

/* -- TAP -- */

static void tap_errors_say_what_to_do(void **state)
{
    struct el_err err;

    (void)state;
    assert_int_equal(el_tap_open("", &err), EL_EINVAL);
    assert_int_equal(el_tap_open("sixteen-letters-", &err), EL_EINVAL);
    assert_int_equal(el_tap_open("tap%d", &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "tap tap%d: "));

    need_tap();
    int fd = el_tap_open("eltest3", &err);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(el_tap_open("eltest3", &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "tap eltest3: in use"));
    close(fd);
    assert_int_equal(el_tap_open("lo", &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "tap lo: "));
}

static int queue_length(const char *name)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    assert_int_equal(ioctl(fd, SIOCGIFTXQLEN, &request), 0);
    close(fd);
    return request.ifr_qlen;
}

/* Deals out FLOWS datagrams, each of a flow of its own, and says how many came to each of the COUNT
 * PORTS. Each has to come to one of them, and exactly as it was sent. */
enum { FLOWS = 64 };
static void deal_out(struct el_port **ports, unsigned count, const char *to, unsigned came[])
{
    static uint8_t got[BUFFER];
    unsigned seen[FLOWS] = {0}, left_over = FLOWS;
    struct pollfd fds[8];

    for (unsigned i = 0; i < FLOWS; i++) {
        struct sockaddr_in address = address_of(to);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        address.sin_port = htons((uint16_t)(7000 + i));
        assert_int_equal(
            sendto(fd, random_payload, 100 + i, 0, (struct sockaddr *)&address, sizeof address),
            100 + i);
        close(fd);
    }
    for (unsigned i = 0; i < count; i++) {
        fds[i] = (struct pollfd){ports[i]->fd, POLLIN, 0};
        came[i] = 0;
    }
    while (left_over > 0) {
        assert_true(poll(fds, count, PATIENCE_MS) > 0);
        for (unsigned i = 0; i < count; i++) {
            struct el_port_rx rx = room(got, sizeof got);
            if (!fds[i].revents || el_port_receive(ports[i], &rx, 1) != 1 || rx.len < 142 ||
                rx.bytes[36] != 7000 >> 8)
                continue; /* the kernel's own */
            size_t flow = rx.len - 142;
            assert_true(flow < FLOWS);
            assert_memory_equal(rx.bytes + 42, random_payload, 100 + flow);
            assert_int_equal(seen[flow]++, 0);
            came[i]++;
            left_over--;
        }
    }
}

static void expect_all_dealt(const unsigned came[], unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_true(came[i] > 0); /* not so by chance once in 10^8 times */
}

/* Several queues of one interface: each frame comes to one of them. */
static void tap_with_queues(void **state)
{
    enum { QUEUES = 4 };
    struct el_port *queues[QUEUES];
    struct el_err err;
    unsigned came[QUEUES];
    int fds[QUEUES], other[QUEUES];

    (void)state;
    need_tap();
    assert_int_equal(el_tap_open_queues("eltest7", QUEUES, fds, &err), QUEUES);
    for (unsigned i = 0; i < QUEUES; i++)
        assert_int_equal(el_port_from_tap(fds[i], "eltest7", &queues[i]), 0);
    assert_true(queue_length("eltest7") >= 2000);
    set_address("eltest7", "10.77.7.1");
    assert_true(ip("neigh add 10.77.7.2 lladdr 52:54:00:00:00:02 dev eltest7"));
    deal_out(queues, QUEUES, "10.77.7.2", came);
    expect_all_dealt(came, QUEUES);

    /* Nobody joins by accident, whatever the number of queues of either. */
    for (unsigned count = 1; count <= QUEUES; count++)
        assert_int_equal(el_tap_open_queues("eltest7", count, other, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "tap eltest7: in use"));
    deal_out(queues, QUEUES, "10.77.7.2", came);
    for (unsigned i = 0; i < QUEUES; i++)
        el_port_close(queues[i]);
    int fd = el_tap_open("eltest7", &err); /* it is gone, so it is a new one */
    assert_true(fd >= 0);
    assert_int_equal(el_tap_open_queues("eltest7", QUEUES, other, &err), EL_EEXIST);
    close(fd);
}

/* What was made by somebody else before is taken as it is. */
static void tap_that_was_there(void **state)
{
    struct el_err err;
    int fds[4];

    (void)state;
    need_tap();
    if (!ip("tuntap add eltest8 mode tap") || !ip("tuntap add eltest9 mode tap multi_queue"))
        skip();
    assert_true(ip("link set eltest8 txqueuelen 123"));
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(el_tap_open_queues("eltest8", 4, fds, &err), 1);
        close(fds[0]);
        assert_int_equal(el_tap_open_queues("eltest9", 4, fds, &err), 4);
        for (unsigned i = 0; i < 4; i++)
            close(fds[i]);
        fds[0] = el_tap_open("eltest9", &err);
        assert_true(fds[0] >= 0);
        close(fds[0]);
        assert_true(ip("link set eltest8 up"));
        assert_true(ip("link set eltest9 up"));
    }
    assert_int_equal(queue_length("eltest8"), 123);
    ip("link del eltest8");
    ip("link del eltest9");
}

/* A frame that is too long for the buffer is dropped and counted; one that just fits is not. */
static void tap_frame_that_is_too_long(void **state)
{
    static uint8_t small[HEADROOM + 142 + EL_PORT_TAILROOM];
    struct el_port *tap;
    unsigned came = 0;

    (void)state;
    need_tap();
    tap = open_tap("eltest8", "10.77.8.1");
    assert_true(ip("neigh add 10.77.8.2 lladdr 52:54:00:00:00:02 dev eltest8"));
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = address_of("10.77.8.2");
    to.sin_port = htons(7000);
    for (unsigned len = 100; len <= 101; len++)
        assert_int_equal(sendto(fd, random_payload, len, 0, (struct sockaddr *)&to, sizeof to),
                         len);
    while (came == 0 || el_port_count(tap, EL_PORT_DROP_LONG) == 0) {
        struct el_port_rx rx = room(small, sizeof small);
        assert_true(wait_readable(tap->fd, PATIENCE_MS));
        if (el_port_receive(tap, &rx, 1) == 1 && rx.len == 142 && rx.bytes[36] == 7000 >> 8) {
            assert_memory_equal(rx.bytes + 42, random_payload, 100);
            came++;
        }
    }
    close(fd);
    el_port_close(tap);
}

static void tap_that_is_deleted(void **state)
{
    uint8_t frame[2000];
    struct el_port_rx rx = room(frame, sizeof frame);
    struct el_slice slice = {frame, 60};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    (void)state;
    need_tap();
    struct el_port *tap = open_tap("eltest4", NULL);
    assert_int_equal(el_port_receive(tap, &rx, 1), 0);
    if (!ip("link del eltest4")) {
        el_port_close(tap);
        skip();
    }
    assert_int_equal(el_port_receive(tap, &rx, 1), EL_ECLOSED);
    assert_int_equal(el_port_send(tap, &tx), EL_ECLOSED);
    el_port_close(tap);
}

/* -- packet socket -- */

/* Receives one frame; what is not ours (the kernel's own neighbour discovery) is passed over. */
static void receive_ours(struct el_port *port, struct el_port_rx *rx)
{
    static const uint8_t ours[] = {0x52, 0x54, 0, 0};

    for (;;) {
        if (!wait_readable(port->fd, PATIENCE_MS))
            fail_msg("%s: no frame came", port->name);
        int received = el_port_receive(port, rx, 1);

        assert_true(received >= 0);
        if (received == 1 && rx->len > 14 && memcmp(rx->bytes, ours, sizeof ours) == 0)
            return;
    }
}

/* Waits until frames pass: the kernel opens an interface's queue some time after it was set up. A
 * probe is sent until one arrives; its addresses are not those of our frames. */
static void wait_until_open(struct el_port *from, struct el_port *to)
{
    static const uint8_t probe[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    static uint8_t got[BUFFER];
    struct el_slice slice = {probe, sizeof probe};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    struct el_port_rx rx = room(got, sizeof got);

    for (unsigned i = 0; i < PATIENCE_MS / AGAIN_MS; i++) {
        (void)el_port_send(from, &tx);
        while (wait_readable(to->fd, AGAIN_MS))
            if (el_port_receive(to, &rx, 1) == 1 && rx.len == sizeof probe &&
                memcmp(rx.bytes, probe, sizeof probe) == 0)
                return;
    }
    fail_msg("%s: no frame comes through", to->name);
}

/* A packet socket on each end of the veth pair, and frames pass between them. */
static void open_pair(struct el_port **a, struct el_port **b)
{
    *a = open_packet("a0");
    enter(right);
    *b = open_packet("p0");
    wait_until_open(*a, *b);
    wait_until_open(*b, *a);
}

/* Sends the frame from one end and checks that exactly it arrives at the other. */
static void check_passes(struct el_port *from, struct el_port *to, const struct sample *s,
                         const struct el_offload *offload)
{
    static uint8_t memory[HEADROOM + SAMPLE_BYTES_MAX], got[BUFFER];
    uint8_t *frame = memory + HEADROOM;
    size_t len = sample_build(frame, s);
    size_t split = len / 3;
    struct el_slice slices[] = {{frame, split}, {frame + split, len - split}};
    struct el_slice whole = {frame, len};
    struct el_port_tx ways[] = {{*offload, slices, 2, false},
                                {*offload, slices, 2, true},
                                {*offload, &whole, 1, false},
                                {*offload, &whole, 1, true}};

    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct el_port_rx rx = room(got, sizeof got);

        assert_int_equal(el_port_send(from, &ways[i]), 0);
        receive_ours(to, &rx);
        assert_int_equal(rx.len, len);
        assert_memory_equal(rx.bytes, frame, len);
        assert_int_equal(rx.offload.needs_csum, offload->needs_csum);
        assert_int_equal(rx.offload.gso, offload->gso);
        if (offload->needs_csum) {
            assert_int_equal(rx.offload.csum_start, sample_l4(s));
            assert_int_equal(rx.offload.csum_offset, offload->csum_offset);
        }
        if (offload->gso != EL_GSO_NONE)
            assert_int_equal(rx.offload.gso_size, offload->gso_size);
    }
}

static struct el_offload offload_of(const struct sample *s, uint16_t size)
{
    return (struct el_offload){
        .needs_csum = true,
        .gso = size == 0 ? EL_GSO_NONE
               : s->udp  ? EL_GSO_UDP_L4
               : s->ip6  ? EL_GSO_TCP6
                         : EL_GSO_TCP4,
        .gso_size = size,
        .hdr_len = (uint16_t)sample_payload_at(s),
        .csum_start = (uint16_t)sample_l4(s),
        .csum_offset = s->udp ? 6 : 16,
    };
}

static void card_passes_frames_exactly(void **state)
{
    static const struct el_offload none;

    (void)state;
    need_veth();
    struct el_port *a, *b;
    open_pair(&a, &b);

    for (unsigned kind = 0; kind < 2 * 2 * 3; kind++) {
        struct sample s = {
            .ip6 = kind & 1,
            .udp = kind & 2,
            .tags = kind / 4,
            .flags = 0x10,
            .ttl = 64,
            .options = 12,
            .payload = random_payload,
            .payload_len = 400,
        };
        struct el_offload partial = offload_of(&s, 0), super = offload_of(&s, 1000);

        check_passes(a, b, &s, &none);
        s.partial = true;
        check_passes(b, a, &s, &partial);
        s.payload_len = 30 * 1000 + 7;
        if (s.udp && !b->uso)
            continue;
        check_passes(a, b, &s, &super);
        check_passes(b, a, &s, &super);
    }
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* FRAME, of LEN bytes, with a tag of VLAN VID as somebody else puts it there. */
static size_t tag(uint8_t *tagged, const uint8_t *frame, size_t len, uint16_t tpid, uint16_t tci)
{
    const uint8_t bytes[] = {(uint8_t)(tpid >> 8), (uint8_t)tpid, (uint8_t)(tci >> 8),
                             (uint8_t)tci};

    memcpy(tagged, frame, 12);
    memcpy(tagged + 12, bytes, sizeof bytes);
    memcpy(tagged + 16, frame + 12, len - 12);
    return len + sizeof bytes;
}

static struct el_offload moved(const struct el_offload *offload, int bytes)
{
    struct el_offload further = *offload;

    if (further.needs_csum)
        further.csum_start = (uint16_t)(further.csum_start + bytes);
    if (further.gso != EL_GSO_NONE)
        further.hdr_len = (uint16_t)(further.hdr_len + bytes);
    return further;
}

/* One frame that FROM sends, as WANT and OFFLOAD have it, arrives at TO as GOT has it, where
 * checksums and cutting begin MOVED bytes further. */
static void check_becomes(struct el_port *from, const uint8_t *want, size_t len,
                          const struct el_offload *offload, struct el_port *to, const uint8_t *got,
                          size_t got_len, int by)
{
    static uint8_t memory[BUFFER], copy[HEADROOM + SAMPLE_BYTES_MAX + 8];
    struct el_offload there = moved(offload, by);

    for (unsigned i = 0; i < 4; i++) {
        bool headroom = i & 1, split = i & 2;
        struct el_slice slices[] = {{copy + HEADROOM, split ? 54 : len},
                                    {copy + HEADROOM + 54, len - 54}};
        struct el_port_tx tx = {*offload, slices, split ? 2 : 1, headroom};
        struct el_port_rx rx = room(memory, sizeof memory);

        memcpy(copy + HEADROOM, want, len);
        assert_int_equal(el_port_send(from, &tx), 0);
        assert_memory_equal(copy + HEADROOM, want, len); /* it is the sender's still */
        receive_ours(to, &rx);
        assert_int_equal(rx.len, got_len);
        assert_memory_equal(rx.bytes, got, got_len);
        assert_int_equal(rx.offload.needs_csum, there.needs_csum);
        assert_int_equal(rx.offload.gso, there.gso);
        assert_int_equal(rx.offload.gso_size, there.gso_size);
        if (there.needs_csum) {
            assert_int_equal(rx.offload.csum_start, there.csum_start);
            assert_int_equal(rx.offload.csum_offset, there.csum_offset);
        }
        if (there.gso != EL_GSO_NONE)
            assert_true(rx.offload.hdr_len == there.hdr_len || rx.offload.hdr_len == 0);
    }
}

/* A port for one VLAN knows nothing of the tag that its frames have on the wire. */
static void card_of_a_vlan_passes_frames_exactly(void **state)
{
    static uint8_t plain[SAMPLE_BYTES_MAX], tagged[SAMPLE_BYTES_MAX + 4];
    struct el_port *a, *b;

    (void)state;
    need_veth();
    open_pair(&a, &b);
    struct el_port *vlan = open_vlan("p0", 30);

    for (unsigned kind = 0; kind < 2 * 2 * 2; kind++) {
        struct sample s = {
            .ip6 = kind & 1,
            .udp = kind & 2,
            .tags = kind / 4, /* a tag within the tag stays */
            .flags = 0x10,
            .ttl = 64,
            .options = 12,
            .payload = random_payload,
            .payload_len = 400,
            .partial = true,
        };
        for (unsigned i = 0; i < 2; i++) {
            struct el_offload offload = offload_of(&s, i ? 1000 : 0);
            if (i && s.udp && !b->uso)
                continue;
            size_t len = sample_build(plain, &s);
            size_t tagged_len = tag(tagged, plain, len, 0x8100, 30);
            struct el_offload further = moved(&offload, 4);

            check_becomes(vlan, plain, len, &offload, a, tagged, tagged_len, 4);
            check_becomes(a, tagged, tagged_len, &further, vlan, plain, len, -4);
            s.payload_len = 30 * 1000 + 7;
        }
    }
    el_port_close(vlan);
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* Each port has its own frames, and no others: what comes is known by its first payload byte. */
static void card_keeps_vlans_apart(void **state)
{
    static const struct {
        uint16_t tpid, tci;
        int vid; /* whose it is; -1: nobody's */
    } frames[] = {
        {0, 0, 0},        {0x8100, 30, 30},   {0x8100, 31, 31},
        {0x8100, 32, -1}, {0x8100, 0, 0},     {0x8100, 0xe01e, 30}, /* with a priority */
        {0x88a8, 30, -1}, {0x8100, 4094, -1},
    };
    static const int vids[] = {0, 30, 31};
    enum { FRAMES = sizeof frames / sizeof frames[0], PORTS = sizeof vids / sizeof vids[0] };
    static const uint8_t last[] = {0x52, 0x54, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 2, 0x88, 0xb5, 99};
    struct el_port *a, *b, *ports[PORTS];
    static uint8_t got[BUFFER];

    (void)state;
    need_veth();
    open_pair(&a, &b);
    for (unsigned i = 0; i < PORTS; i++)
        ports[i] = open_vlan("p0", vids[i]);
    for (unsigned i = 0; i < FRAMES + PORTS; i++) { /* at the end, one for each */
        uint16_t vid = i < FRAMES ? frames[i].tci : (uint16_t)vids[i - FRAMES];
        uint16_t tpid = i < FRAMES ? frames[i].tpid : vid ? 0x8100 : 0;
        uint8_t plain[60] = {0}, bytes[64];
        struct el_slice slice = {plain, sizeof plain};
        struct el_port_tx tx = {.slices = &slice, .count = 1};

        memcpy(plain, last, sizeof last);
        if (i < FRAMES)
            plain[14] = (uint8_t)i;
        if (tpid)
            slice = (struct el_slice){bytes, tag(bytes, plain, sizeof plain, tpid, vid)};
        assert_int_equal(el_port_send(a, &tx), 0);
    }
    for (unsigned i = 0; i < PORTS; i++) {
        unsigned came = 0, due = 0;
        for (unsigned k = 0; k < FRAMES; k++)
            due += frames[k].vid == vids[i];
        for (;; came++) {
            struct el_port_rx rx = room(got, sizeof got);
            receive_ours(ports[i], &rx);
            bool priority = rx.bytes[12] == 0x81; /* of VLAN 0: it stays */
            uint8_t which = rx.bytes[priority ? 18 : 14];
            if (which == 99)
                break;
            assert_true(which < FRAMES);
            assert_int_equal(frames[which].vid, vids[i]);
            assert_int_equal(priority, vids[i] == 0 && frames[which].tpid != 0);
        }
        assert_int_equal(came, due);
        el_port_close(ports[i]);
    }
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* A port for datagrams to one UDP port has these alone. */
static void card_for_datagrams_only(void **state)
{
    static uint8_t got[BUFFER], frame[SAMPLE_BYTES_MAX];
    struct sample datagram = {.udp = true, .ttl = 64, .payload = random_payload, .payload_len = 90};
    struct el_port *a, *b, *only;
    struct el_err err = {{0}};

    (void)state;
    need_veth();
    open_pair(&a, &b);
    sample_build(frame, &datagram);
    uint16_t port = (uint16_t)(frame[36] << 8 | frame[37]);
    int fd = el_packet_open_udp("p0", port, &err);
    assert_true(fd >= 0);
    assert_int_equal(el_port_from_packet(fd, "p0", EL_PACKET_UNTAGGED, &only), 0);
    for (unsigned i = 0; i < 7; i++) {
        struct sample s = datagram;
        s.udp = i != 0;
        s.tags = i == 1;
        s.ip6 = i == 2;
        s.ip_options = i == 5 ? 8 : 0;
        size_t len = sample_build(frame, &s);
        frame[20] |= i == 3 ? 0x20 : 0; /* a fragment */
        frame[37] ^= i == 4;
        struct el_slice slice = {frame, len};
        struct el_port_tx tx = {.slices = &slice, .count = 1};
        assert_int_equal(el_port_send(a, &tx), 0);
    }
    for (unsigned options = 0; options < 2; options++) { /* of the first that comes, then none */
        struct el_port_rx rx = room(got, sizeof got);
        receive_ours(only, &rx);
        assert_int_equal(rx.bytes[14], options ? 0x45 : 0x47);
        assert_int_equal(rx.bytes[23], 17);
    }
    el_port_close(only);
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

static void card_with_jumbo_frames(void **state)
{
    static const struct el_offload none;
    struct sample s = {.udp = true, .ttl = 64, .payload = random_payload, .payload_len = 8972};
    uint8_t frame[9100];
    struct el_slice slice = {frame, sample_build(frame, &s)};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    (void)state;
    need_veth();
    struct el_port *a, *b;
    open_pair(&a, &b);

    assert_int_equal(el_port_send(b, &tx), EL_ESHORT);
    assert_true(ip("link set p0 mtu 9000"));
    enter(left);
    assert_true(ip("link set a0 mtu 9000"));
    check_passes(a, b, &s, &none);
    check_passes(b, a, &s, &none);

    /* A buffer that is too small for it: dropped, and the next one comes. */
    uint8_t small[1600];
    struct el_port_rx rx = room(small, sizeof small);
    assert_int_equal(el_port_send(a, &tx), 0);
    do { /* the kernel's own frames are short */
        assert_true(wait_readable(b->fd, PATIENCE_MS));
        assert_int_equal(el_port_receive(b, &rx, 1), 1);
    } while (rx.len > 0);
    s.payload_len = 10;
    check_passes(a, b, &s, &none);
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* Several frames in one call, and each in its own buffer. */
static void card_receives_in_batches(void **state)
{
    enum { FRAMES = 20 };
    static uint8_t buffers[FRAMES][400], want[FRAMES][400];
    struct el_port_rx rx[FRAMES];
    unsigned got = 0;

    (void)state;
    need_veth();
    struct el_port *a, *b;
    open_pair(&a, &b);
    for (unsigned i = 0; i < FRAMES; i++) {
        struct sample s = {.udp = true,
                           .flow = (uint8_t)i,
                           .tags = i % 3,
                           .payload = random_payload,
                           .payload_len = 100 + i};
        struct el_slice slice = {want[i], sample_build(want[i], &s)};
        struct el_port_tx tx = {.slices = &slice, .count = 1};

        assert_int_equal(el_port_send(a, &tx), 0);
        rx[i] = room(buffers[i], sizeof buffers[i]);
    }
    while (got < FRAMES) {
        assert_true(wait_readable(b->fd, PATIENCE_MS));
        int received = el_port_receive(b, rx, FRAMES);

        assert_true(received > 0);
        for (int i = 0; i < received; i++) {
            if (rx[i].len < 6 || memcmp(rx[i].bytes, want[got], 6) != 0)
                continue; /* the kernel's own */
            assert_memory_equal(rx[i].bytes, want[got], rx[i].len);
            got++;
        }
    }
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* What this computer itself sends from p0 does not come to any of COUNT lanes. */
static void check_own_frames(struct el_port *const *lanes, unsigned count)
{
    static uint8_t frame[60] = {0x52, 0x54, 0, 0, 0, 2, 0x52, 0x54, 0, 0, 0, 1, 0x88, 0xb5};
    static uint8_t got[BUFFER];
    struct el_slice slice = {frame, sizeof frame};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    struct el_port_rx rx = room(got, sizeof got);
    struct el_port *own;
    struct el_err err;

    int fd = el_packet_open_to_send("p0", &err);
    assert_true(fd >= 0);
    assert_int_equal(el_port_from_packet(fd, "p0", EL_PACKET_ALL, &own), 0);
    assert_int_equal(el_port_send(own, &tx), 0); /* whoever sees it has it when this returns */
    for (unsigned i = 0; i < count; i++)
        while (el_port_receive(lanes[i], &rx, 1) > 0)
            assert_memory_not_equal(rx.bytes, frame, sizeof frame);
    el_port_close(own);
}

/* Sockets of several lanes: each frame comes to one of them. */
static void card_with_lanes(void **state)
{
    enum { LANES = 4 };
    struct el_port *lanes[LANES], *a, *b;
    unsigned came[LANES];
    struct el_err err;
    int fds[LANES];

    (void)state;
    need_veth();
    open_pair(&a, &b);
    el_port_close(a);
    el_port_close(b);
    enter(left);
    set_address("a0", "10.77.9.1");
    assert_true(ip("neigh add 10.77.9.2 lladdr 52:54:00:00:00:02 dev a0"));
    enter(right);
    assert_int_equal(el_packet_open_lanes("p0", EL_PACKET_ALL, LANES, fds, &err), LANES);
    for (unsigned i = 0; i < LANES; i++)
        assert_int_equal(el_port_from_packet(fds[i], "p0", EL_PACKET_ALL, &lanes[i]), 0);
    check_own_frames(lanes, LANES);
    /* Another program's are another group. */
    assert_int_equal(el_packet_open_lanes("p0", EL_PACKET_ALL, 2, fds, &err), 2);
    enter(left);
    deal_out(lanes, LANES, "10.77.9.2", came);
    expect_all_dealt(came, LANES);
    close(fds[0]);
    close(fds[1]);
    for (unsigned i = 0; i < LANES; i++)
        el_port_close(lanes[i]);

    /* Down: as many as the kernel allows. */
    enter(right);
    assert_true(ip("link set p0 down"));
    int count = el_packet_open_lanes("p0", EL_PACKET_ALL, LANES, fds, &err);
    assert_true(count == LANES || count == 1);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    assert_int_equal(el_packet_open_lanes("nosuch", EL_PACKET_ALL, 2, fds, &err), EL_ENOENT);
    drop_veth();
}

/* What the kernel has no room for is counted. */
static void card_that_overflows(void **state)
{
    static uint8_t frame[60] = {0x52, 0x54, 0, 0, 0, 2, 0x52, 0x54, 0, 0, 0, 1, 0x88, 0xb5};
    static uint8_t got[BUFFER];
    struct el_slice slice = {frame, sizeof frame};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    uint64_t received = 0, sent = 0;
    int few = 4096, n;

    (void)state;
    need_veth();
    struct el_port *a, *b;
    open_pair(&a, &b);
    assert_int_equal(el_port_count(b, EL_PORT_DROP_FULL), 0);
    assert_int_equal(setsockopt(b->fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof few), 0);
    while (el_port_count(b, EL_PORT_DROP_FULL) == 0)
        sent += el_port_send(a, &tx) == 0;
    struct el_port_rx rx = room(got, sizeof got);
    while ((n = el_port_receive(b, &rx, 1)) > 0)
        received += rx.len == sizeof frame;
    assert_true(received < sent);
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* A socket for sending only: super-frames go out, nothing comes in. */
static void card_that_only_sends(void **state)
{
    static uint8_t got[BUFFER];
    struct sample s = {
        .flags = 0x10, .ttl = 64, .payload = random_payload, .payload_len = 5000, .partial = true};
    struct el_offload super = offload_of(&s, 1000);
    struct el_port_rx rx = room(got, sizeof got);
    struct el_port *a, *b, *sender;
    struct el_err err = {{0}};

    (void)state;
    need_veth();
    open_pair(&a, &b);
    int fd = el_packet_open_to_send("p0", &err);
    assert_true(fd >= 0);
    assert_int_equal(el_port_from_packet(fd, "p0", EL_PACKET_ALL, &sender), 0);
    check_passes(sender, a, &s, &super);
    check_passes(a, b, &s, &super); /* came in at p0 */
    assert_int_equal(el_port_receive(sender, &rx, 1), 0);
    el_port_close(sender);
    el_port_close(a);
    el_port_close(b);
    drop_veth();
}

/* Binds FD, of a packet socket, to interface NAME for everything. */
static void bind_again(int fd, const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(name)};

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
}

/* True if the packet socket FD, bound to NAME by somebody who has only the descriptor, hears what
 * arrives there: a datagram of the host to itself. */
static bool overhears(int fd, const char *name, const char *address)
{
    struct sockaddr_in to = address_of(address);
    int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    bind_again(fd, name);
    setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0);
    assert_int_equal(sendto(sender, "hello", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
    close(sender);
    return wait_readable(fd, QUIET_MS);
}

/* A descriptor that has got into wrong hands is of no use on another interface. */
static void card_cannot_be_taken_elsewhere(void **state)
{
    struct el_err err = {{0}};

    (void)state;
    need_veth();
    assert_true(ip("link set lo up"));
    int open = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    int card = el_packet_open("a0", EL_PACKET_ALL, &err);
    int sender = el_packet_open_to_send("a0", &err);
    assert_true(open >= 0 && card >= 0 && sender >= 0);
    assert_true(overhears(open, "lo", "127.0.0.1")); /* an ordinary one does */
    while (wait_readable(card, QUIET_MS))
        recv(card, &(char){0}, 1, 0); /* the kernel's own, before it was bound again */
    assert_false(overhears(card, "lo", "127.0.0.1"));
    assert_false(overhears(sender, "lo", "127.0.0.1"));
    close(open);
    close(card);
    close(sender);
    drop_veth();
}

/* What the host itself sends through the card goes out, and does not come in. */
static void card_does_not_hear_its_host(void **state)
{
    static uint8_t got[BUFFER];
    struct sockaddr_in to = address_of("10.77.3.255");
    int one = 1;

    (void)state;
    need_veth();
    struct el_port *other, *card;
    open_pair(&other, &card);
    set_address("p0", "10.77.3.2");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
    assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof to), 5);

    /* It is on the wire: the other end has it. */
    struct el_port_rx rx = room(got, sizeof got);
    do {
        assert_true(wait_readable(other->fd, PATIENCE_MS));
        assert_true(el_port_receive(other, &rx, 1) >= 0);
    } while (rx.len < 47 || memcmp(rx.bytes + 42, "hello", 5) != 0);
    while (wait_readable(card->fd, QUIET_MS)) {
        rx.len = 0;
        assert_true(el_port_receive(card, &rx, 1) >= 0);
        assert_false(rx.len >= 47 && memcmp(rx.bytes + 42, "hello", 5) == 0);
    }
    close(fd);
    el_port_close(card);
    el_port_close(other);
    drop_veth();
}

static void card_goes_down_and_away(void **state)
{
    static const struct el_offload none;
    static uint8_t got[BUFFER];
    struct sample s = {.udp = true, .ttl = 64, .payload = random_payload, .payload_len = 99};
    struct el_port_rx rx = room(got, sizeof got);
    struct el_slice slice = {random_payload, 100};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    unsigned downs = 0;
    int code;

    (void)state;
    need_veth();
    struct el_port *a, *b;
    open_pair(&a, &b);
    check_passes(a, b, &s, &none);

    assert_true(ip("link set p0 down"));
    while ((code = el_port_receive(b, &rx, 1)) != 0) { /* also what had come before */
        assert_true(code == 1 || code == EL_EAGAIN);
        downs += code == EL_EAGAIN;
    }
    assert_int_equal(downs, 1);
    assert_int_equal(el_port_send(b, &tx), EL_EAGAIN);

    assert_true(ip("link set p0 up"));
    wait_until_open(a, b);
    check_passes(a, b, &s, &none);

    assert_true(ip("link del p0"));
    while ((code = el_port_receive(b, &rx, 1)) >= 0)
        ;
    assert_int_equal(code, EL_ECLOSED);
    assert_int_equal(el_port_receive(b, &rx, 1), EL_ECLOSED);
    assert_int_equal(el_port_send(b, &tx), EL_ECLOSED);
    el_port_close(a);
    el_port_close(b);
}

static void card_errors_say_what_to_do(void **state)
{
    struct el_err err;

    (void)state;
    need_veth();
    assert_int_equal(el_packet_open("nosuch", EL_PACKET_ALL, &err), EL_ENOENT);
    assert_string_equal(err.text, "lan nosuch: no such interface (have: a0)");
    assert_int_equal(el_packet_open("lo", EL_PACKET_ALL, &err), EL_EINVAL);
    assert_non_null(strstr(err.text, "loopback"));
    assert_int_equal(el_packet_open("a0", 4095, &err), EL_EINVAL);
    assert_int_equal(el_packet_open("a0", -2, &err), EL_EINVAL);
    drop_veth();
    assert_int_equal(el_packet_open("nosuch", EL_PACKET_ALL, &err), EL_ENOENT);
    assert_string_equal(err.text, "lan nosuch: no such interface (have: none)");
}

/* -- memory -- */

static void memory_keeps_order_and_bounds(void **state)
{
    struct el_port *ends[2];
    uint8_t got[4][HEADROOM + 100 + EL_PORT_TAILROOM];
    struct el_port_rx rx[4];

    (void)state;
    assert_int_equal(el_port_memory_pair(0, ends), EL_EINVAL);
    assert_int_equal(el_port_memory_pair(3, ends), 0);
    for (unsigned i = 0; i < 4; i++)
        rx[i] = room(got[i], sizeof got[i]);
    assert_int_equal(el_port_receive(ends[0], rx, 4), 0);
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 4; i++) {
            struct el_slice slices[] = {{random_payload + i, 20}, {random_payload + 200 + i, 30}};
            struct el_port_tx tx = {
                .offload = {.gso_size = (uint16_t)i}, .slices = slices, .count = 2};

            assert_int_equal(el_port_send(ends[0], &tx), i < 3 ? 0 : EL_EAGAIN);
        }
        assert_int_equal(el_port_receive(ends[1], rx, 4), 3);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(rx[i].len, 50);
            assert_int_equal(rx[i].offload.gso_size, i);
            assert_memory_equal(rx[i].bytes, random_payload + i, 20);
            assert_memory_equal(rx[i].bytes + 20, random_payload + 200 + i, 30);
        }
    }

    struct el_slice slice = {random_payload, 101};
    struct el_port_tx tx = {.slices = &slice, .count = 1};
    assert_int_equal(el_port_send(ends[1], &tx), 0); /* too long for the other's buffer */
    slice.len = 7;
    assert_int_equal(el_port_send(ends[1], &tx), 0);
    el_port_close(ends[1]);
    assert_int_equal(el_port_receive(ends[0], rx, 4), 1);
    assert_int_equal(rx[0].len, 7);
    assert_int_equal(el_port_receive(ends[0], rx, 4), EL_ECLOSED);
    assert_int_equal(el_port_send(ends[0], &tx), EL_ECLOSED);
    el_port_close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_keeps_order_and_bounds),
        cmocka_unit_test(tap_errors_say_what_to_do),
        cmocka_unit_test(tap_that_is_deleted),
        cmocka_unit_test(tap_with_queues),
        cmocka_unit_test(tap_that_was_there),
        cmocka_unit_test(tap_frame_that_is_too_long),
        cmocka_unit_test(tcp_from_tap_to_tap),
        cmocka_unit_test(udp_from_tap_to_tap),
        cmocka_unit_test(card_errors_say_what_to_do),
        cmocka_unit_test(card_passes_frames_exactly),
        cmocka_unit_test(card_of_a_vlan_passes_frames_exactly),
        cmocka_unit_test(card_keeps_vlans_apart),
        cmocka_unit_test(card_for_datagrams_only),
        cmocka_unit_test(card_with_jumbo_frames),
        cmocka_unit_test(card_receives_in_batches),
        cmocka_unit_test(card_with_lanes),
        cmocka_unit_test(card_that_overflows),
        cmocka_unit_test(card_that_only_sends),
        cmocka_unit_test(card_cannot_be_taken_elsewhere),
        cmocka_unit_test(card_does_not_hear_its_host),
        cmocka_unit_test(card_goes_down_and_away),
        cmocka_unit_test(tcp_from_card_to_tap),
    };

    return cmocka_run_group_tests(tests, make_namespaces, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks of the lwIP provider on descriptors: two of them, with a socket pair between them, for
 * packets or for frames.
 */
#include "net/kernel.h"
#include "net/lwip_link.h"
#include "port/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HUB  0x64400001u
#define MARS 0x64400002u

enum { LEN = 20 * 1000 * 1000 };

static struct el_net *kernel;
static struct el_net_timer *patience;
static struct el_net_lwip_link *hub, *mars;
static struct el_port *ports[2]; /* NULL: packets */
static int fds[2];

static void out_of_patience(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for 120 s");
}

static struct el_net_lwip_link *link_on(int side, uint32_t address, el_net_lwip_gone_cb *gone)
{
    const struct el_net_lwip_link_config config = {
        .network = {.address = {el_ip4(address), 10},
                    .mac = {{2, 0, 0, 0, 0, (uint8_t)address}},
                    .mtu = 1420},
        .gone = gone};
    struct el_net_lwip_link *link = NULL;
    struct el_err err = {""};

    if ((ports[side] ? el_net_lwip_link_frames(kernel, &config, ports[side], &link, &err)
                     : el_net_lwip_link_packets(kernel, &config, fds[side], &link, &err)) < 0)
        fail_msg("%s", err.text);
    return link;
}

static void gone(void *arg)
{
    (void)arg;
    el_net_lwip_link_close(mars);
    mars = NULL;
    el_net_kernel_stop(kernel);
}

static void begin(void)
{
    struct el_err err;

    assert_int_equal(el_net_kernel_new(&kernel, &err), 0);
    patience = el_net_timer_new(kernel, out_of_patience, NULL);
    el_net_timer_set(patience, el_net_now_ns(kernel) + 120 * EL_S);
    hub = link_on(0, HUB, NULL);
    mars = link_on(1, MARS, gone);
}

static int begin_packets(void **state)
{
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    begin();
    return 0;
}

/* Through a queue that has room for two super-frames. */
static int begin_frames(void **state)
{
    int bytes = 100000;

    (void)state;
    assert_int_equal(el_port_pair_open(fds), 0);
    for (int i = 0; i < 2; i++) {
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        assert_int_equal(el_port_from_pair(fds[i], "pair", &ports[i]), 0);
    }
    begin();
    return 0;
}

static void close_ports(void)
{
    for (int i = 0; i < 2; i++) {
        el_port_close(ports[i]);
        ports[i] = NULL;
    }
}

static int end(void **state)
{
    (void)state;
    el_net_lwip_link_close(hub);
    el_net_lwip_link_close(mars);
    hub = mars = NULL;
    el_net_timer_free(patience);
    el_net_kernel_free(kernel);
    close_ports();
    return 0;
}

/* -- a file from the hub to mars -- */

static int file;
static uint64_t received;

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    uint8_t expected[65536];

    (void)arg;
    while (len > 0) {
        size_t piece = len < sizeof expected ? len : sizeof expected;

        assert_int_equal(pread(file, expected, piece, (off_t)received), piece);
        assert_memory_equal(bytes, expected, piece);
        received += piece;
        bytes += piece;
        len -= piece;
    }
}

static void on_ended(void *arg, int code)
{
    (void)arg;
    assert_int_equal(code, 0);
    el_net_kernel_stop(kernel);
}

static void on_drained(void *arg)
{
    el_net_stream_finish(*(struct el_net_stream **)arg);
}

static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const struct el_net_stream_events events = {.drained = on_drained};

    assert_int_equal(el_ip4_number(&peer->ip), MARS);
    assert_int_equal(el_ip4_number(&local->ip), HUB);
    *(struct el_net_stream **)arg = stream;
    el_net_stream_set_events(stream, &events, arg);
    assert_int_equal(el_net_stream_send_file(stream, file, 0, LEN), 0);
}

static void make_file(void)
{
    char path[] = "/tmp/el2w-lwip-test-XXXXXX";
    uint32_t numbers[LEN / 4 / 100];

    file = mkstemp(path);
    unlink(path);
    for (uint32_t i = 0; i < 100; i++) {
        for (uint32_t j = 0; j < sizeof numbers / 4; j++)
            numbers[j] = i * 1000003u ^ j * 2654435761u;
        assert_int_equal(write(file, numbers, sizeof numbers), sizeof numbers);
    }
}

static void a_file_passes(void **state)
{
    static const struct el_net_stream_events events = {.data = on_data, .ended = on_ended};
    const struct el_net_listen_config http = {.bind = {.port = 80}, .inherited_fd = -1};
    const struct el_net_connect_config to = {.to = {.ip = el_ip4(HUB), .port = 80}};
    struct el_net_stream *server = NULL, *client = NULL;
    struct el_net_listen *listener;

    (void)state;
    make_file();
    received = 0;
    assert_int_equal(
        el_net_listen(el_net_lwip_link_net(hub), &http, on_accept, &server, &listener, NULL), 0);
    assert_int_equal(el_net_connect(el_net_lwip_link_net(mars), &to, &events, NULL, &client, NULL),
                     0);
    el_net_kernel_run(kernel);
    assert_int_equal(received, LEN);
    close(file);
}

static void an_end_that_goes_is_told(void **state)
{
    (void)state;
    el_net_lwip_link_close(hub);
    hub = NULL;
    el_port_close(ports[0]);
    ports[0] = NULL;
    el_net_kernel_run(kernel);
    assert_null(mars);
    if (!ports[1])
        assert_int_equal(fcntl(fds[1], F_GETFD), -1); /* it was the link's */
}

static void what_is_no_network_leaves_the_descriptor_alone(void **state)
{
    struct el_net_lwip_link_config config = {
        .network = {.address = {el_ip4(HUB), 10}, .mtu = 1420}};
    struct el_net_lwip_link *link;
    struct el_err err = {""};
    int other = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(el_net_lwip_link_packets(kernel, &config, other, &link, &err), EL_EEXIST);
    assert_int_not_equal(fcntl(other, F_GETFD), -1);
    config.network.address.ip = el_ip4(HUB + 2);
    assert_true(el_net_lwip_link_packets(kernel, &config, 1000, &link, &err) < 0);
    close(other);
}

int main(void)
{
#define TEST(name, kind)                                    \
    {                                                       \
#name " (" #kind ")", name, begin_##kind, end, NULL \
    }
    const struct CMUnitTest tests[] = {
        TEST(a_file_passes, packets),
        TEST(a_file_passes, frames),
        TEST(an_end_that_goes_is_told, packets),
        TEST(an_end_that_goes_is_told, frames),
        TEST(what_is_no_network_leaves_the_descriptor_alone, packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

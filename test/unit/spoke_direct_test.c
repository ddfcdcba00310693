/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spoke's direct ways: what the tunnel is told when the hub grants and takes back, and what the
 * hub is told of them. */
#include "spoke/spoke_direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    uv_loop_t loop;
    struct el_spoke_direct *direct;
    struct el_manage_client *client;
    int tunnel; /* the other end */
    struct el_spoke_way told[EL_SPOKE_PEERS];
    unsigned tells, count;
} w;

static void on_hello(void *arg, const struct el_manage_hello *hello)
{
    (void)arg;
    (void)hello;
}

static void on_closed(void *arg)
{
    (void)arg;
}

static void tell(void *arg, const struct el_spoke_way *ways, unsigned count)
{
    (void)arg;
    memcpy(w.told, ways, count * sizeof *ways);
    w.count = count;
    w.tells++;
}

static int begin(void **state)
{
    static const struct el_manage_client_events events = {.hello = on_hello, .closed = on_closed};
    struct el_spoke_direct_config config = {.loop = &w.loop, .tell = tell};
    struct el_err err = {""};
    int ends[2];

    (void)state;
    memset(&w, 0, sizeof w);
    assert_int_equal(uv_loop_init(&w.loop), 0);
    assert_int_equal(el_manage_pair(ends), 0);
    w.tunnel = ends[1];
    assert_int_equal(el_manage_client_new(&w.loop, ends[0], &events, NULL, &w.client, &err), 0);
    assert_int_equal(el_spoke_direct_new(&config, &w.direct, &err), 0);
    el_spoke_direct_attach(w.direct, w.client);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_spoke_direct_free(w.direct);
    el_manage_client_free(w.client);
    while (uv_run(&w.loop, UV_RUN_ONCE))
        ;
    assert_int_equal(uv_loop_close(&w.loop), 0);
    close(w.tunnel);
    return 0;
}

/* The next request that the tunnel gets; it is answered. */
static struct el_manage_message asked(void)
{
    struct el_manage_message message, answer = {.kind = EL_MANAGE_ANSWER};
    int fds[EL_MANAGE_QUEUES], rc;

    while ((rc = el_manage_receive(w.tunnel, &message, fds)) == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(rc, 1);
    answer.sequence = message.sequence;
    assert_int_equal(el_manage_send(w.tunnel, &answer, NULL), 0);
    return message;
}

static void nothing_is_asked(void)
{
    struct el_manage_message message;
    int fds[EL_MANAGE_QUEUES];

    for (unsigned i = 0; i < 3; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(el_manage_receive(w.tunnel, &message, fds), 0);
}

static struct el_spoke_peer peer(uint8_t number, unsigned for_s)
{
    struct el_spoke_peer peer = {.key = {number},
                                 .psk = {number, 9},
                                 .address = el_ip4(0x64400002 + number),
                                 .endpoint = {.ip = el_ip4(0xcb007100 + number), .port = 40000},
                                 .wire = EL_TUNNEL_FAST,
                                 .for_s = for_s,
                                 .network_count = 2,
                                 .networks = {77, 78}};

    strcpy(peer.name, "venus");
    return peer;
}

static void set(const struct el_spoke_peer *items, unsigned count)
{
    struct el_spoke_peers peers = {.count = count};

    if (count > 0)
        memcpy(peers.items, items, count * sizeof *items);
    el_spoke_direct_set(w.direct, &peers);
}

static void grants_become_peers(void **state)
{
    struct el_spoke_peer peers[2] = {peer(1, 60), peer(2, 60)};

    (void)state;
    set(peers, 2);
    struct el_manage_message message = asked();
    assert_int_equal(message.kind, EL_MANAGE_PEER_SET);
    assert_string_equal(message.peer.name, "venus");
    assert_int_equal(message.peer.key[0], 1);
    assert_int_equal(message.peer.psk[1], 9);
    assert_int_equal(message.peer.role, EL_MANAGE_SHORTCUT);
    assert_int_equal(message.peer.wire, EL_TUNNEL_FAST);
    assert_int_equal(message.peer.keepalive_s, EL_SPOKE_DIRECT_KEEPALIVE_S);
    assert_int_equal(message.peer.endpoint.port, 40000);
    assert_int_equal(el_ip4_number(&message.peer.ip), 0x64400003);
    assert_true(message.peer.membership_count == 2 && message.peer.memberships[1].vni == 78);
    assert_true(message.peer.memberships[0].published);
    assert_true(el_mac_is_zero(&message.peer.memberships[0].own));
    assert_int_equal(asked().peer.key[0], 2);

    peers[0].for_s = 42; /* renewed */
    set(peers, 2);
    nothing_is_asked();
    peers[1].network_count = 1;
    set(peers, 2);
    message = asked();
    assert_true(message.peer.key[0] == 2 && message.peer.membership_count == 1);
    peers[1].endpoint.port = 7;
    set(peers, 2);
    assert_int_equal(asked().peer.endpoint.port, 7);
    set(&peers[1], 1);
    message = asked();
    assert_int_equal(message.kind, EL_MANAGE_PEER_REMOVE);
    assert_int_equal(message.key[0], 1);
    set(NULL, 0);
    message = asked();
    assert_true(message.kind == EL_MANAGE_PEER_REMOVE && message.key[0] == 2);
    nothing_is_asked();
}

static void grants_end_by_themselves(void **state)
{
    struct el_spoke_peer peers[2] = {peer(1, 0), peer(2, 60)};

    (void)state;
    set(peers, 2);
    assert_int_equal(asked().kind, EL_MANAGE_PEER_SET);
    assert_int_equal(asked().kind, EL_MANAGE_PEER_SET);
    struct el_manage_message message = asked();
    assert_true(message.kind == EL_MANAGE_PEER_REMOVE && message.key[0] == 1);
    nothing_is_asked();
}

static void a_new_tunnel_is_told_all(void **state)
{
    struct el_spoke_peer peers[2] = {peer(1, 60), peer(2, 60)};

    (void)state;
    set(peers, 2);
    asked();
    asked();
    el_spoke_direct_tell(w.direct);
    assert_int_equal(asked().peer.key[0], 1);
    assert_int_equal(asked().peer.key[0], 2);
    el_spoke_direct_attach(w.direct, NULL);
    set(NULL, 0);
    nothing_is_asked();
}

/* And what is live stays so. */
static void a_tunnel_that_forgot_networks_is_told_again(void **state)
{
    struct el_spoke_peer peers[1] = {peer(1, 60)};
    struct el_manage_direct notice = {.key = {1}, .live = true};

    (void)state;
    set(peers, 1);
    asked();
    el_spoke_direct_notice(w.direct, &notice);
    el_spoke_direct_repeat(w.direct);
    struct el_manage_message message = asked();
    assert_true(message.kind == EL_MANAGE_PEER_SET && message.peer.key[0] == 1);
    assert_int_equal(message.peer.membership_count, peers[0].network_count);
    nothing_is_asked();
    while (w.tells == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_true(w.told[0].live);
}

static void the_hub_is_told(void **state)
{
    struct el_spoke_peer peers[2] = {peer(1, 60), peer(2, 60)};
    struct el_manage_direct notice = {.key = {1}, .live = true, .used = true};

    (void)state;
    set(peers, 2);
    asked();
    asked();
    el_spoke_direct_notice(w.direct, &notice);
    notice.used = false;
    el_spoke_direct_notice(w.direct, &notice);
    notice.key[0] = 2;
    el_spoke_direct_notice(w.direct, &notice);
    notice.key[0] = 3; /* who is that? */
    el_spoke_direct_notice(w.direct, &notice);
    while (w.tells == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(w.count, 2);
    assert_true(w.told[0].key[0] == 1 && w.told[0].live && w.told[0].used);
    assert_true(w.told[1].key[0] == 2 && w.told[1].live && !w.told[1].used);
    notice = (struct el_manage_direct){.key = {1}};
    el_spoke_direct_notice(w.direct, &notice);
    while (w.tells == 1)
        uv_run(&w.loop, UV_RUN_ONCE);
    assert_true(!w.told[0].live && !w.told[0].used && w.told[1].live);
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(grants_become_peers),      test(grants_end_by_themselves),
        test(a_new_tunnel_is_told_all), test(a_tunnel_that_forgot_networks_is_told_again),
        test(the_hub_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

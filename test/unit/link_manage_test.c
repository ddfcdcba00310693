/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The channel between a tunnel and who manages it: messages, descriptors, and the managing end. */
#include "link/manage.h"
#include "link/manage_client.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { QUEUES = 3 };

static struct el_manage_message peer_set(uint32_t sequence)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_SET, .sequence = sequence};
    struct el_manage_peer *peer = &message.peer;

    strcpy(peer->name, "mars");
    memset(peer->key, 7, sizeof peer->key);
    memset(peer->psk, 9, sizeof peer->psk);
    peer->ip = el_ip4(0x64400002);
    peer->keepalive_s = 25;
    peer->wire = EL_TUNNEL_COMPACT;
    peer->role = EL_MANAGE_SHORTCUT;
    peer->endpoint = (struct el_endpoint){.ip = el_ip4(0xc0000201), .port = 4711};
    peer->membership_count = 2;
    peer->memberships[0] = (struct el_manage_membership){
        .vni = 77, .published = true, .own = {{0x52, 0x54, 0, 0, 0, 2}}};
    peer->memberships[1] = (struct el_manage_membership){.vni = 78, .published = false};
    return message;
}

static struct el_manage_message network_set(unsigned queues)
{
    struct el_manage_message message = {.kind = EL_MANAGE_NETWORK_SET};

    message.network = (struct el_manage_network){.vni = 78,
                                                 .name = "lab2",
                                                 .published = true,
                                                 .own = {{0x52, 0x54, 0, 0, 0, 1}},
                                                 .queues = queues,
                                                 .form = EL_MANAGE_FRAMED};
    return message;
}

static void messages_arrive_as_they_were(void **state)
{
    struct el_manage_message sent = peer_set(3), got;
    int ends[2], none[EL_MANAGE_QUEUES];

    (void)state;
    assert_int_equal(el_manage_pair(ends), 0);
    assert_int_equal(el_manage_receive(ends[1], &got, none), 0);
    assert_int_equal(el_manage_send(ends[0], &sent, NULL), 0);
    assert_int_equal(el_manage_receive(ends[1], &got, none), 1);
    assert_int_equal(got.kind, EL_MANAGE_PEER_SET);
    assert_int_equal(got.sequence, 3);
    assert_memory_equal(got.peer.key, sent.peer.key, sizeof sent.peer.key);
    assert_memory_equal(got.peer.psk, sent.peer.psk, sizeof sent.peer.psk);
    assert_string_equal(got.peer.name, "mars");
    assert_true(el_ip_equal(&got.peer.ip, &sent.peer.ip));
    assert_int_equal(got.peer.keepalive_s, 25);
    assert_int_equal(got.peer.wire, EL_TUNNEL_COMPACT);
    assert_int_equal(got.peer.membership_count, 2);
    assert_int_equal(got.peer.memberships[1].vni, 78);
    assert_true(got.peer.memberships[0].published);
    assert_false(got.peer.memberships[1].published);
    assert_int_equal(got.peer.role, EL_MANAGE_SHORTCUT);
    assert_true(el_endpoint_equal(&got.peer.endpoint, &sent.peer.endpoint));
    assert_int_equal(got.peer.memberships[0].own.b[5], 2);
    assert_true(el_mac_is_zero(&got.peer.memberships[1].own));
    sent = (struct el_manage_message){.kind = EL_MANAGE_RELAYED};
    memset(sent.relayed.from, 7, sizeof sent.relayed.from);
    memset(sent.relayed.to, 8, sizeof sent.relayed.to);
    assert_int_equal(el_manage_send(ends[0], &sent, NULL), 0);
    assert_int_equal(el_manage_receive(ends[1], &got, none), 1);
    assert_memory_equal(&got.relayed, &sent.relayed, sizeof sent.relayed);
    sent = (struct el_manage_message){.kind = EL_MANAGE_DIRECT, .direct.live = true};
    memset(sent.direct.key, 7, sizeof sent.direct.key);
    assert_int_equal(el_manage_send(ends[0], &sent, NULL), 0);
    assert_int_equal(el_manage_receive(ends[1], &got, none), 1);
    assert_true(got.direct.live && !got.direct.used);
    close(ends[0]);
    assert_int_equal(el_manage_receive(ends[1], &got, none), EL_ECLOSED);
    close(ends[1]);
}

static void what_makes_no_sense_is_not_sent(void **state)
{
    uint8_t bytes[EL_MANAGE_BYTES];
    struct el_manage_message message = peer_set(1);

    (void)state;
    message.peer.memberships[1].vni = 77;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = peer_set(1);
    memset(message.peer.name, 'x', sizeof message.peer.name);
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = peer_set(1);
    message.peer.role = EL_MANAGE_ROLES;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = peer_set(1);
    message.peer.memberships[0].own.b[0] = 1; /* of a group */
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = (struct el_manage_message){.kind = EL_MANAGE_DIRECT};
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL); /* nobody's */
    message = peer_set(1);
    memset(message.peer.key, 0, sizeof message.peer.key);
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = network_set(EL_MANAGE_QUEUES + 1);
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = network_set(1);
    message.network.own.b[0] = 1;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = network_set(1);
    message.network.form = EL_MANAGE_FORMS;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = network_set(1);
    message.network.vid = 30; /* of what has no tags */
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message.network.form = EL_MANAGE_PACKET;
    assert_int_equal(el_manage_encode(&message, bytes), 0);
    message.network.vid = 4095;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
}

static struct el_manage_message peer_state(void)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_STATE, .state = {.up = true}};

    memset(message.state.key, 7, sizeof message.state.key);
    message.state.loop_count = 2;
    message.state.loops[0] = (struct el_manage_loop){.vni = 77, .other = {8}};
    message.state.loops[1] = (struct el_manage_loop){.vni = 78};
    return message;
}

static void loops_arrive_as_they_were(void **state)
{
    struct el_manage_message message = peer_state(), got;
    uint8_t bytes[EL_MANAGE_BYTES];

    (void)state;
    assert_int_equal(el_manage_encode(&message, bytes), 0);
    assert_int_equal(el_manage_decode(bytes, sizeof bytes, &got), 0);
    assert_int_equal(got.state.loop_count, 2);
    assert_int_equal(got.state.loops[1].vni, 78);
    assert_memory_equal(got.state.loops, message.state.loops, sizeof got.state.loops);
    message.state.loops[1].vni = 77;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
    message = peer_state();
    message.state.loop_count = EL_MANAGE_NETWORKS + 1;
    assert_int_equal(el_manage_encode(&message, bytes), EL_EINVAL);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* The descriptor that the next one opened will have. */
static int next_fd(void)
{
    int fd = dup(0);

    close(fd);
    return fd;
}

static void descriptors_go_with_a_network(void **state)
{
    struct el_manage_message message = network_set(QUEUES), got;
    int ends[2], pipes[2], fds[EL_MANAGE_QUEUES];
    char byte;

    (void)state;
    strcpy(message.network.name, "eth1.30");
    message.network.form = EL_MANAGE_PACKET;
    message.network.vid = 30;
    assert_int_equal(el_manage_pair(ends), 0);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(el_manage_send(ends[0], &message, (const int[]){pipes[1], pipes[1], 0}), 0);
    assert_int_equal(el_manage_receive(ends[1], &got, fds), 1);
    assert_int_equal(got.network.queues, QUEUES);
    assert_int_equal(got.network.form, EL_MANAGE_PACKET);
    assert_int_equal(got.network.vid, 30);
    assert_string_equal(got.network.name, "eth1.30");
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    for (unsigned i = 0; i < QUEUES; i++) {
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        close(fds[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        close(ends[i]);
        close(pipes[i]);
    }
}

/* Descriptors that a message does not speak of, or speaks of and has not, end with it. */
static void stray_descriptors_are_closed(void **state)
{
    struct el_manage_message message = network_set(1), got;
    uint8_t bytes[EL_MANAGE_BYTES];
    int ends[2], fds[EL_MANAGE_QUEUES];
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {.bytes = {0}};

    (void)state;
    assert_int_equal(el_manage_pair(ends), 0);
    assert_int_equal(el_manage_encode(&message, bytes), 0);
    assert_int_equal(send(ends[0], bytes, sizeof bytes, 0), sizeof bytes);
    assert_int_equal(el_manage_receive(ends[1], &got, fds), EL_EPROTO);

    struct iovec piece = {bytes, sizeof bytes};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control.bytes};
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), (const int[]){0, 0}, 2 * sizeof(int));
    assert_int_equal(sendmsg(ends[0], &header, 0), sizeof bytes);
    int first = next_fd();
    assert_int_equal(el_manage_receive(ends[1], &got, fds), EL_EPROTO);
    assert_false(is_open(first));
    close(ends[0]);
    close(ends[1]);
}

/* -- the managing end -- */

struct manager {
    uv_loop_t loop;
    struct el_manage_client *client;
    int tunnel; /* the other end */
    unsigned hellos, states, gone, closed;
    unsigned answered;
    int codes[8];
};

static void on_hello(void *arg, const struct el_manage_hello *hello)
{
    struct manager *m = arg;

    assert_int_equal(hello->lanes, 2);
    m->hellos++;
}

static void on_state(void *arg, const struct el_manage_peer_state *state)
{
    struct manager *m = arg;

    m->states += state->up;
}

static void on_gone(void *arg, uint32_t vni)
{
    struct manager *m = arg;

    m->gone += vni;
}

static void on_end(void *arg)
{
    ((struct manager *)arg)->closed++;
}

static void on_answered(void *arg, int code, const char *text)
{
    struct manager *m = arg;

    assert_non_null(text);
    m->codes[m->answered++] = code;
}

static const struct el_manage_client_events events = {
    .hello = on_hello, .peer_state = on_state, .network_gone = on_gone, .closed = on_end};

static void begin(struct manager *m)
{
    struct el_err err = {""};
    int ends[2];

    *m = (struct manager){.tunnel = -1};
    assert_int_equal(el_manage_pair(ends), 0);
    uv_loop_init(&m->loop);
    m->tunnel = ends[1];
    assert_int_equal(el_manage_client_new(&m->loop, ends[0], &events, m, &m->client, &err), 0);
}

static void end(struct manager *m)
{
    el_manage_client_free(m->client);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&m->loop), 0);
    close(m->tunnel);
}

static void ask(struct manager *m, const struct el_manage_message *request)
{
    assert_int_equal(el_manage_client_ask(m->client, request, NULL, on_answered, m), 0);
}

/* The tunnel takes what was asked and answers with CODE. */
static void answer(struct manager *m, enum el_manage_kind expected, int code)
{
    struct el_manage_message message;
    int fds[EL_MANAGE_QUEUES];

    assert_int_equal(el_manage_receive(m->tunnel, &message, fds), 1);
    assert_int_equal(message.kind, expected);
    struct el_manage_message back = {.kind = EL_MANAGE_ANSWER, .sequence = message.sequence};
    back.answer.code = code;
    assert_int_equal(el_manage_send(m->tunnel, &back, NULL), 0);
}

static void tell(struct manager *m, const struct el_manage_message *message)
{
    assert_int_equal(el_manage_send(m->tunnel, message, NULL), 0);
}

static const struct el_manage_message hello = {
    .kind = EL_MANAGE_HELLO, .hello = {.lanes = 2, .peers_max = 9, .ports_max = 16}};

static void requests_are_answered_in_their_order(void **state)
{
    struct el_manage_message set = peer_set(0), begin_all = {.kind = EL_MANAGE_BEGIN};
    struct el_manage_message up = {.kind = EL_MANAGE_PEER_STATE},
                             gone = {.kind = EL_MANAGE_NETWORK_GONE, .vni = 78};
    struct manager m;

    (void)state;
    begin(&m);
    tell(&m, &hello);
    uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(m.hellos, 1);
    ask(&m, &begin_all);
    ask(&m, &set);
    uv_run(&m.loop, UV_RUN_ONCE);
    answer(&m, EL_MANAGE_BEGIN, 0);
    answer(&m, EL_MANAGE_PEER_SET, EL_EFULL);
    memset(up.state.key, 7, sizeof up.state.key);
    up.state.up = true;
    tell(&m, &up);
    tell(&m, &gone);
    uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(m.answered, 2);
    assert_int_equal(m.codes[0], 0);
    assert_int_equal(m.codes[1], EL_EFULL);
    assert_int_equal(m.states, 1);
    assert_int_equal(m.gone, 78);
    end(&m);
}

/* A tunnel that starts anew has forgotten what it was asked, and a late answer means nothing. */
static void a_new_tunnel_is_told_anew(void **state)
{
    struct el_manage_message set = peer_set(0);
    struct el_manage_message late = {.kind = EL_MANAGE_ANSWER}, asked;
    int fds[EL_MANAGE_QUEUES];
    struct manager m;

    (void)state;
    begin(&m);
    ask(&m, &set);
    ask(&m, &set);
    uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(el_manage_receive(m.tunnel, &asked, fds), 1);
    late.sequence = asked.sequence;
    tell(&m, &hello);
    tell(&m, &late);
    uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(m.hellos, 1);
    assert_int_equal(m.answered, 2);
    assert_int_equal(m.codes[0], EL_ECLOSED);
    assert_int_equal(m.codes[1], EL_ECLOSED);
    end(&m);
}

/* More than the socket holds waits until there is room. */
static void a_slow_tunnel_is_waited_for(void **state)
{
    enum { MANY = 1000 };
    struct el_manage_message set = peer_set(0), message;
    int fds[EL_MANAGE_QUEUES];
    struct manager m;
    uint32_t taken = 0, first = 0;

    (void)state;
    begin(&m);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(el_manage_client_ask(m.client, &set, NULL, NULL, NULL), 0);
    while (taken < MANY) {
        uv_run(&m.loop, UV_RUN_NOWAIT);
        while (el_manage_receive(m.tunnel, &message, fds) == 1) {
            first = taken ? first : message.sequence;
            assert_int_equal(message.sequence, first + taken++);
        }
    }
    close(m.tunnel);
    m.tunnel = -1;
    uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(m.closed, 1);
    assert_int_equal(el_manage_client_ask(m.client, &set, NULL, NULL, NULL), EL_ECLOSED);
    end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_as_they_were),
        cmocka_unit_test(what_makes_no_sense_is_not_sent),
        cmocka_unit_test(loops_arrive_as_they_were),
        cmocka_unit_test(descriptors_go_with_a_network),
        cmocka_unit_test(stray_descriptors_are_closed),
        cmocka_unit_test(requests_are_answered_in_their_order),
        cmocka_unit_test(a_new_tunnel_is_told_anew),
        cmocka_unit_test(a_slow_tunnel_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

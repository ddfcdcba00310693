/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two data paths with several lanes each, real threads and loopback sockets: flows both ways stay
 * in order, while two more peers shake hands, roam and bring new addresses as fast as they can, a
 * stranger floods with what looks like messages, control is asked for everything it answers, and a
 * peer and a port of another network come and go.
 * With -DEL2W_SANITIZE=thread every access is checked.
 */
#include "base/csprng.h"
#include "base/log.h"
#include "base/time.h"
#include "datapath/datapath.h"
#include "overlay/overlay.h"
#include "port/pair.h"
#include "sys/clock.h"
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    LANES = 2,
    VNI = 77,
    OTHER_VNI = 78,
    HUB = 0x64400001,
    SPOKE = 0x64400002,
    CHURNERS = 2,
    FLOWS = 8,     /* each way */
    FRAMES = 3000, /* of each flow */
    WINDOW = 16,   /* of a flow, on their way */
    FRAME_BYTES = 400,
    ROUNDS = 25, /* of each churner */
    NOISE = 4000,
    PATIENCE_MS = 120000,
    LOST_MS = 100, /* after which frames on their way are taken for lost */
    GAP_MS = 25,   /* a little more than what is kept between a peer's initiations */
};

/* -- ports: socket pairs -- */

struct pair {
    struct el_port port; /* first: an el_port is cast to it */
    int far;             /* the machine's end */
};

static int pair_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    unsigned n = 0;

    for (; n < count; n++) {
        ssize_t len = recv(port->fd, frames[n].bytes, frames[n].capacity, MSG_DONTWAIT);
        if (len <= 0)
            break;
        frames[n].len = (size_t)len;
        frames[n].offload = (struct el_offload){0};
    }
    return (int)n;
}

static int pair_send(struct el_port *port, const struct el_port_tx *frame)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)frame->slices,
                             .msg_iovlen = frame->count};

    return sendmsg(port->fd, &message, MSG_DONTWAIT) < 0 ? EL_EAGAIN : 0;
}

static void pair_close(struct el_port *port)
{
    close(port->fd);
}

static const struct el_port_ops pair_ops = {
    .receive = pair_receive, .send = pair_send, .close = pair_close};

/* -- nodes -- */

/* A flow, counted by the machine that sends and the machine that gets it. */
struct flow {
    _Atomic uint32_t sent, seen; /* the next to send; the next that was not seen, or given up */
    uint32_t expected;           /* or a later one: the hearer's own */
    uint64_t moved_ns;           /* when the last was sent: the talker's own */
};

struct node {
    struct el_datapath *datapath;
    struct el_endpoint at;
    struct pair pairs[LANES];
    uint8_t private_key[32], public_key[32];
    struct flow flows[FLOWS]; /* that its machine sends */
    unsigned disordered;      /* among what its machine got; so is the next */
    unsigned torn;
};

static struct node nodes[2]; /* hub, spoke */
static uint8_t churner_keys[CHURNERS][2][32];
static _Atomic unsigned handshakes;
static _Atomic bool over;

static void open_pairs(struct node *node)
{
    for (unsigned i = 0; i < LANES; i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        node->pairs[i] = (struct pair){.port = {.ops = &pair_ops, .fd = ends[0]}, .far = ends[1]};
    }
}

static void make_node(struct node *node, uint32_t address, unsigned peers)
{
    struct el_datapath_config config = {.lanes = LANES, .inside_fd = -1, .address = address};
    struct el_port *queues[LANES];
    struct sockaddr_in bound;
    socklen_t len = sizeof bound;
    struct el_err err = {""};

    open_pairs(node);
    if (el_tunnel_io_sockets(4, 0, LANES, config.udp4, NULL, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(getsockname(config.udp4[0], (struct sockaddr *)&bound, &len), 0);
    node->at = (struct el_endpoint){.ip = el_ip4(INADDR_LOOPBACK), .port = ntohs(bound.sin_port)};
    for (unsigned i = 0; i < LANES; i++) {
        config.udp6[i] = -1;
        queues[i] = &node->pairs[i].port;
    }
    config.tunnel = (struct el_tunnel_config){
        .peers_max = peers, .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
    memcpy(config.tunnel.private_key, node->private_key, 32);
    assert_int_equal(el_datapath_new(&config, &node->datapath, &err), 0);
    assert_int_equal(el_datapath_add_port(node->datapath, queues, VNI, NULL), 0);
}

static void add_peer(struct node *node, const uint8_t key[32], uint32_t address,
                     const struct el_endpoint *at)
{
    struct el_tunnel_peer_config config = {.name = "peer", .allowed = {el_ip4(address), 32}};
    struct el_err err = {""};

    memcpy(config.public_key, key, 32);
    if (at)
        config.endpoint = *at;
    if (el_datapath_add_peer(node->datapath, &config, VNI, &err) < 0)
        fail_msg("%s", err.text);
}

static void make_world(void)
{
    struct el_err err = {""};

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    for (unsigned i = 0; i < 2; i++) {
        el_tunnel_key_make(nodes[i].private_key);
        el_tunnel_key_public(nodes[i].private_key, nodes[i].public_key);
    }
    make_node(&nodes[0], HUB, 1 + CHURNERS + 1);
    make_node(&nodes[1], SPOKE, 1);
    add_peer(&nodes[0], nodes[1].public_key, SPOKE, NULL);
    add_peer(&nodes[1], nodes[0].public_key, HUB, &nodes[0].at);
    for (unsigned i = 0; i < CHURNERS; i++) {
        el_tunnel_key_make(churner_keys[i][0]);
        el_tunnel_key_public(churner_keys[i][0], churner_keys[i][1]);
        add_peer(&nodes[0], churner_keys[i][1], SPOKE + 1 + i, NULL);
    }
    assert_int_equal(el_datapath_start(nodes[0].datapath, &err), 0);
    assert_int_equal(el_datapath_start(nodes[1].datapath, &err), 0);
}

static void end_world(void)
{
    for (unsigned i = 0; i < 2; i++) {
        el_datapath_free(nodes[i].datapath);
        for (unsigned q = 0; q < LANES; q++)
            close(nodes[i].pairs[q].far);
    }
}

/* -- machines -- */

/* The frame NUMBER of a flow of NODE: addresses that tell both, and the number all over it. */
static void write_frame(uint8_t frame[FRAME_BYTES], unsigned node, unsigned flow, uint32_t number)
{
    const uint8_t header[14] = {2,    0,   0, 0, (uint8_t)!node, (uint8_t)flow,
                                2,    0,   0, 0, (uint8_t)node,  (uint8_t)flow,
                                0x88, 0xb5};

    memcpy(frame, header, sizeof header);
    for (unsigned at = 14; at + 4 <= FRAME_BYTES; at += 4)
        memcpy(frame + at, &number, 4);
}

static void note_frame(struct node *to, struct node *from, const uint8_t *frame, size_t len)
{
    uint8_t expected[FRAME_BYTES] = {0};
    uint32_t number;

    memcpy(&number, frame + 14, 4);
    if (len != FRAME_BYTES || frame[12] != 0x88 || frame[4] > 1 || frame[11] >= FLOWS ||
        frame[0] & 1 || frame[6] != 2)
        return; /* a churner's */
    write_frame(expected, frame[10], frame[11], number);
    to->torn += memcmp(expected, frame, FRAME_BYTES - 2) != 0;
    struct flow *flow = &from->flows[frame[11]];
    to->disordered += number < flow->expected;
    flow->expected = number + 1;
    if (number >= atomic_load(&flow->seen))
        atomic_store(&flow->seen, number + 1);
}

/* A machine that takes what comes out of all queues of a node's port. */
static void *hear(void *arg)
{
    struct node *node = arg, *other = &nodes[node == nodes];
    struct pollfd fds[LANES];
    uint8_t frame[2048];

    while (!atomic_load(&over)) {
        for (unsigned i = 0; i < LANES; i++)
            fds[i] = (struct pollfd){node->pairs[i].far, POLLIN, 0};
        poll(fds, LANES, LOST_MS);
        for (unsigned i = 0; i < LANES; i++) {
            ssize_t len;
            while ((len = recv(fds[i].fd, frame, sizeof frame, MSG_DONTWAIT)) > 14)
                note_frame(node, other, frame, (size_t)len);
        }
    }
    return NULL;
}

static bool is_complete(struct node *node)
{
    for (unsigned i = 0; i < FLOWS; i++)
        if (atomic_load(&node->flows[i].seen) < FRAMES)
            return false;
    return true;
}

/* Sends what the windows allow; how much that was. A flow that stands still has lost all that was
 * on its way, whatever the others do. */
static unsigned talk_once(struct node *node)
{
    uint8_t frame[FRAME_BYTES] = {0};
    uint64_t now_ns = el_sys_now_ns();
    unsigned count = 0;

    for (unsigned i = 0; i < FLOWS; i++) {
        struct flow *flow = &node->flows[i];
        uint32_t sent = atomic_load(&flow->sent);
        if (sent - atomic_load(&flow->seen) >= WINDOW) {
            if (now_ns > flow->moved_ns + LOST_MS * EL_MS)
                atomic_store(&flow->seen, sent);
            continue;
        }
        write_frame(frame, (unsigned)(node - nodes), i, sent);
        if (send(node->pairs[i % LANES].far, frame, sizeof frame, MSG_DONTWAIT) < 0)
            continue;
        atomic_store(&flow->sent, sent + 1);
        flow->moved_ns = now_ns;
        count++;
    }
    return count;
}

/* A machine that keeps its flows going until all of each has been seen. What gets lost is not sent
 * again: later frames stand for it. */
static void *talk(void *arg)
{
    struct node *node = arg;

    while (!is_complete(node) && !atomic_load(&over))
        if (talk_once(node) == 0)
            poll(NULL, 0, 1);
    return NULL;
}

/* -- trouble -- */

static int udp_socket(void)
{
    struct sockaddr_in hub = {.sin_family = AF_INET,
                              .sin_port = htons(nodes[0].at.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&hub, sizeof hub) < 0)
        abort();
    return fd;
}

enum until { UNTIL_UP, UNTIL_HEARD, UNTIL_OVER };

/* Sends what TUNNEL has to say, and takes what comes until PEER is up, or heard, or NS from now.
 * Whether that happened. */
static bool converse(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, const int fds[2],
                     enum until until, uint64_t ns)
{
    struct pollfd readable[] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    uint8_t bytes[2048];
    struct el_tunnel_packet packet;
    struct el_endpoint to;
    uint64_t end = el_sys_now_ns() + ns, now;
    int len;

    while ((now = el_sys_now_ns()) < end) {
        while ((len = el_tunnel_output(tunnel, now, bytes, &to)) > 0)
            send(fds[0], bytes, (size_t)len, 0);
        if (until == UNTIL_UP && el_tunnel_peer_is_up(peer, now))
            return true;
        if (poll(readable, 2, (int)((end - now) / EL_MS) + 1) <= 0)
            return false;
        ssize_t got = recv(fds[!readable[0].revents], bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0 &&
            el_tunnel_open(tunnel, now, &nodes[0].at, bytes, (size_t)got, &packet) == 1 &&
            until == UNTIL_HEARD)
            return true;
    }
    return until == UNTIL_OVER;
}

/* Asks the hub for an answer. It has counted the handshake when one comes. */
static void ask_hub(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint32_t address, int fd)
{
    struct el_overlay_path path = {address, HUB, VNI, 0};
    uint8_t request[64 + EL_TUNNEL_SEAL_ROOM], sealed[256];

    el_overlay_echo_request(request, 64, &path, 1, 1);
    int n = el_tunnel_seal(tunnel, el_sys_now_ns(), peer, sealed, request, 64);
    if (n > 0)
        send(fd, sealed, (size_t)n, 0);
}

/* Frames from addresses that nobody knows, to nobody, from two places in turn. */
static void scatter(struct el_tunnel *tunnel, struct el_tunnel_peer *peer, uint32_t address,
                    const int fds[2])
{
    struct el_overlay_path path = {address, HUB, VNI, 0};
    uint8_t bytes[EL_OVERLAY_HEADER + 64 + 16], sealed[256];

    for (unsigned i = 0; i < 30; i++) {
        uint8_t *frame = bytes + EL_OVERLAY_HEADER;
        el_random(frame, 64);
        frame[0] = 0x06;
        frame[6] = 0x0a;
        size_t len = el_overlay_encap(frame, 64, &path, i, (uint16_t)i);
        int n = el_tunnel_seal(tunnel, el_sys_now_ns(), peer, sealed, bytes, len);
        if (n > 0)
            send(fds[i / 5 % 2], sealed, (size_t)n, 0);
    }
}

/* A peer that starts anew again and again. */
static void *churn(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    int fds[2] = {udp_socket(), udp_socket()};
    struct el_tunnel_peer_config hub = {
        .name = "hub", .allowed = {el_ip4(HUB), 32}, .endpoint = nodes[0].at};

    memcpy(hub.public_key, nodes[0].public_key, 32);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct el_tunnel_config config = {.peers_max = 1,
                                          .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns()};
        struct el_tunnel *tunnel;
        struct el_tunnel_peer *peer;
        memcpy(config.private_key, churner_keys[number][0], 32);
        if (el_tunnel_new(&config, &tunnel, NULL) < 0 ||
            el_tunnel_add_peer(tunnel, &hub, &peer, NULL) < 0)
            abort();
        el_tunnel_connect(tunnel, peer, el_sys_now_ns());
        if (converse(tunnel, peer, fds, UNTIL_UP, EL_S)) {
            scatter(tunnel, peer, SPOKE + 1 + number, fds);
            ask_hub(tunnel, peer, SPOKE + 1 + number, fds[0]);
            atomic_fetch_add(&handshakes, converse(tunnel, peer, fds, UNTIL_HEARD, EL_S));
        }
        converse(tunnel, peer, fds, UNTIL_OVER, GAP_MS * EL_MS);
        el_tunnel_free(tunnel);
    }
    close(fds[0]);
    close(fds[1]);
    return NULL;
}

/* A stranger: messages of all kinds and lengths, with nothing right but that. */
static void *make_noise(void *arg)
{
    static const size_t lens[] = {0, 148, 92, 64, 32};
    int fd = udp_socket();

    (void)arg;
    for (unsigned i = 0; i < NOISE && !atomic_load(&over); i++) {
        uint8_t bytes[148];
        uint8_t type = (uint8_t)(1 + i % 4);
        el_random(bytes, sizeof bytes);
        memcpy(bytes, (const uint8_t[4]){type, 0, 0, 0}, 4);
        send(fd, bytes, lens[type], 0);
        if (i % 64 == 0)
            poll(NULL, 0, 1);
    }
    close(fd);
    return NULL;
}

/* -- the test -- */

static uint64_t reported(const struct el_report *report, const char *part, const char *name)
{
    for (unsigned i = 0; i < report->counter_count; i++)
        if (strcmp(report->counters[i].part, part) == 0 &&
            strcmp(report->counters[i].name, name) == 0)
            return report->counters[i].value;
    return 0;
}

/* Takes all notices until one of KIND has come. */
static void await(struct node *node, int kind)
{
    struct pollfd readable = {el_datapath_notice_fd(node->datapath), POLLIN, 0};
    struct el_datapath_notice notice = {0};

    while ((int)notice.kind != kind)
        if (!el_datapath_next_notice(node->datapath, &notice))
            assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
}

static void await_report(struct node *node, struct el_report *report)
{
    el_datapath_report(node->datapath, report);
    await(node, EL_NOTICE_REPORT);
}

static unsigned await_change(struct el_datapath_change *change)
{
    el_datapath_change(nodes[0].datapath, change);
    await(&nodes[0], EL_NOTICE_CHANGED);
    if (change->code < 0)
        fail_msg("%s", change->err.text);
    return change->number;
}

/* A peer comes into another network, with a port for it; its gate opens and closes; and both go. */
static void come_and_go(void)
{
    struct el_datapath_change port = {.kind = EL_CHANGE_ADD_PORT, .vni = OTHER_VNI};
    struct el_datapath_change peer = {.kind = EL_CHANGE_SET_PEER, .membership_count = 1};
    int ends[LANES][2];
    uint8_t key[32];

    for (unsigned i = 0; i < LANES; i++) {
        assert_int_equal(el_port_pair_open(ends[i]), 0);
        assert_int_equal(el_port_from_pair(ends[i][0], "other", &port.queues[i]), 0);
    }
    unsigned number = await_change(&port);
    el_tunnel_key_make(key);
    el_tunnel_key_public(key, peer.peer.public_key);
    peer.peer.allowed = (struct el_prefix){el_ip4(SPOKE + 100), 32};
    for (unsigned i = 0; i < 4; i++) {
        peer.memberships[0] = (struct el_forward_membership){.vni = OTHER_VNI, .published = i % 2};
        await_change(&peer);
    }
    struct el_datapath_change end = {.kind = EL_CHANGE_REMOVE_PEER, .number = peer.number};
    await_change(&end);
    end = (struct el_datapath_change){.kind = EL_CHANGE_REMOVE_PORT, .number = number};
    await_change(&end);
    for (unsigned i = 0; i < LANES; i++)
        close(ends[i][1]);
}

/* Control is asked all the time, until the flows are through. */
static void ask_until_complete(void)
{
    struct el_report *report = el_report_new(1 + CHURNERS + 1);

    assert_non_null(report);
    while (!is_complete(&nodes[0]) || !is_complete(&nodes[1])) {
        await_report(&nodes[0], report);
        come_and_go();
        el_datapath_log_counters(nodes[1].datapath);
        await_report(&nodes[1], report);
        el_datapath_set_endpoint(nodes[1].datapath, 0, &nodes[0].at);
        poll(NULL, 0, 5);
    }
    free(report);
}

static void check_counters(void)
{
    struct el_report *report = el_report_new(1 + CHURNERS + 1);

    await_report(&nodes[0], report);
    assert_true(reported(report, "tunnel", "handshakes") >= handshakes);
    assert_true(reported(report, "tunnel", "drop-mac") > 0); /* the noise came through to control */
    assert_int_equal(reported(report, "tunnel", "strays"), 0);
    free(report);
}

static void flows_stay_in_order(void **state)
{
    pthread_t machines[4], trouble[CHURNERS + 1];

    (void)state;
    make_world();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&machines[i], NULL, hear, &nodes[i]), 0);
        assert_int_equal(pthread_create(&machines[2 + i], NULL, talk, &nodes[i]), 0);
    }
    for (uintptr_t i = 0; i < CHURNERS; i++)
        assert_int_equal(pthread_create(&trouble[i], NULL, churn, (void *)i), 0);
    assert_int_equal(pthread_create(&trouble[CHURNERS], NULL, make_noise, NULL), 0);
    ask_until_complete();
    for (unsigned i = 0; i <= CHURNERS; i++)
        pthread_join(trouble[i], NULL);
    atomic_store(&over, true);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(machines[i], NULL);
    assert_true(handshakes > 0);
    check_counters();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(nodes[i].disordered, 0);
        assert_int_equal(nodes[i].torn, 0);
    }
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_stay_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub's lanes without I/O: each thread is a lane of one hub, and has a spoke of its own. Frames
 * of 1,400 bytes go from the spoke through the hub's lane to the hub's port, and back: sealed,
 * opened, looked up, forwarded twice for each round. What the threads share is the hub's tunnel,
 * switch and gate. Printed are ratios:
 *
 *     gate    one lane with a gate, beside one without
 *     apart   two processes beside one: what this machine gives two that share nothing
 *     lanes   two lanes beside one, in wall time and by the CPU time of each thread; only the
 *             second means something where the machine has other things to do
 *     peer    two lanes that send to one peer beside two that send to two: what counting messages
 *             together costs
 */
#include "base/csprng.h"
#include "base/time.h"
#include "datapath/forward.h"
#include "sys/gate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS = 2,
    BATCH = 16,
    ROUNDS = 3000,
    REPEATS = 5,
    FRAME = 1400,
    VNI = 77,
    ROOM = EL_FORWARD_HEADROOM + 2048 + EL_FORWARD_TAILROOM,
    HUB = 0x64400001,
};

/* Datagrams of one sender. */
struct basket {
    unsigned count;
    size_t len[4 * BATCH];
    uint8_t bytes[4 * BATCH][2048];
};

struct node {
    struct el_tunnel *tunnel;
    struct el_forward *forward;
    struct el_tunnel_peer *peers[THREADS];
    uint8_t private_key[32], public_key[32];
    struct basket baskets[THREADS + 1]; /* by lane, and control's */
    struct el_sys_gate *gate;
    struct el_gate functions;
};

static struct node hub, spokes[THREADS];
static const uint64_t now_ns = 10 * EL_S;
static const struct el_endpoint nowhere = {.ip = {.family = 4, .b = {192, 0, 2, 1}}, .port = 1};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * EL_S + (uint64_t)t.tv_nsec;
}

static uint8_t *reserve(void *arg, const struct el_endpoint *to, size_t len, uint8_t tos)
{
    struct basket *basket = arg;

    (void)to;
    (void)tos;
    if (basket->count == 4 * BATCH || len > 2048)
        return NULL;
    basket->len[basket->count] = len;
    return basket->bytes[basket->count++];
}

static void cancel(void *arg)
{
    ((struct basket *)arg)->count--;
}

static int sink_send(struct el_port *port, const struct el_port_tx *frame)
{
    (void)port;
    (void)frame;
    return 0;
}

static const struct el_port_ops sink_ops = {.send = sink_send};
static struct el_port sink = {.ops = &sink_ops, .fd = -1, .uso = true};

static void start(struct node *node, uint32_t address, unsigned lanes, bool gate)
{
    struct el_tunnel_config tunnel = {.peers_max = THREADS, .lanes = lanes};
    struct el_forward_config forward = {
        .address = address, .peers_max = THREADS, .lanes = lanes, .addresses_max = 1024};

    if (gate && el_sys_gate_new(lanes + 1, &node->gate) == 0)
        node->functions = el_sys_gate_functions(node->gate);
    tunnel.gate = forward.gate = node->functions;
    memcpy(tunnel.private_key, node->private_key, 32);
    if (el_tunnel_new(&tunnel, &node->tunnel, NULL) < 0)
        abort();
    forward.tunnel = node->tunnel;
    if (el_forward_new(&forward, &node->forward) < 0 ||
        el_forward_add_port(node->forward, &sink, VNI, NULL) != 0)
        abort();
    for (unsigned i = 0; i <= lanes; i++) {
        struct el_forward_out out = {reserve, cancel, &node->baskets[i]};
        node->baskets[i].count = 0;
        el_forward_set_out(node->forward, i, &out);
    }
}

static void stop(struct node *node)
{
    el_forward_free(node->forward);
    el_tunnel_free(node->tunnel);
    el_sys_gate_free(node->gate);
    node->gate = NULL;
    node->functions = (struct el_gate){0};
}

static void introduce(struct node *node, unsigned number, const struct node *peer, uint32_t address,
                      enum el_tunnel_wire wire)
{
    struct el_tunnel_peer_config config = {
        .name = "peer", .endpoint = nowhere, .allowed = {el_ip4(address), 32}, .wire = wire};
    uint32_t vni = VNI;

    memcpy(config.public_key, peer->public_key, 32);
    if (el_tunnel_add_peer(node->tunnel, &config, &node->peers[number], NULL) < 0 ||
        el_forward_add_peer(node->forward, node->peers[number], address, &vni, 1) < 0)
        abort();
}

/* Gives TO's LANE all that is in BASKET. */
static void give(struct basket *basket, struct node *to, unsigned lane)
{
    el_gate_shared(&to->functions, lane);
    for (unsigned i = 0; i < basket->count; i++)
        el_forward_lane_datagram(to->forward, lane, now_ns, &nowhere, basket->bytes[i],
                                 basket->len[i], 0);
    el_gate_resume(&to->functions, lane);
    el_forward_lane_flush(to->forward, lane);
    basket->count = 0;
}

/* Sends a batch of frames from the machine at NODE, through LANE. */
static void speak(struct node *node, unsigned lane, uint8_t (*frames)[ROOM], uint8_t src,
                  uint8_t dst)
{
    el_gate_shared(&node->functions, lane);
    for (unsigned i = 0; i < BATCH; i++) {
        uint8_t *frame = frames[i] + EL_FORWARD_HEADROOM + 2;
        const uint8_t header[14] = {2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, src, 0x88, 0xb5};
        struct el_port_rx rx = {.bytes = frame, .len = FRAME, .capacity = FRAME};
        memcpy(frame, header, sizeof header);
        el_forward_lane_frame(node->forward, lane, now_ns, 0, &rx);
    }
    el_gate_resume(&node->functions, lane);
}

/* Handshakes, by one thread: nobody is in any mode. */
static void connect_all(unsigned lanes)
{
    for (unsigned s = 0; s < THREADS; s++) {
        el_tunnel_connect(spokes[s].tunnel, spokes[s].peers[0], now_ns);
        for (unsigned round = 0; round < 4; round++) {
            struct basket *said[] = {&spokes[s].baskets[1], &spokes[s].baskets[0]};
            el_forward_say(spokes[s].forward, now_ns);
            for (unsigned i = 0; i < 2; i++)
                for (unsigned k = 0; k < said[i]->count; k++)
                    if (el_tunnel_is_control(said[i]->bytes[k], said[i]->len[k]))
                        el_tunnel_control(hub.tunnel, now_ns, &nowhere, said[i]->bytes[k],
                                          said[i]->len[k]);
                    else
                        el_forward_lane_datagram(hub.forward, s % lanes, now_ns, &nowhere,
                                                 said[i]->bytes[k], said[i]->len[k], 0);
            said[0]->count = said[1]->count = 0;
            el_forward_say(hub.forward, now_ns);
            give(&hub.baskets[lanes], &spokes[s], 0);
        }
        if (!el_tunnel_peer_is_up(hub.peers[s], now_ns) ||
            !el_tunnel_peer_is_up(spokes[s].peers[0], now_ns))
            abort();
    }
}

static void make_world(unsigned lanes, bool gate, enum el_tunnel_wire wire)
{
    start(&hub, HUB, lanes, gate);
    for (unsigned s = 0; s < THREADS; s++) {
        start(&spokes[s], HUB + 1 + s, 1, false);
        introduce(&hub, s, &spokes[s], HUB + 1 + s, wire);
        introduce(&spokes[s], 0, &hub, HUB, wire);
    }
    connect_all(lanes);
}

static void end_world(void)
{
    stop(&hub);
    for (unsigned s = 0; s < THREADS; s++)
        stop(&spokes[s]);
}

struct job {
    unsigned lane;
    bool to_first; /* all send to the first spoke, and nobody answers */
    uint64_t cpu_ns;
};

static void round_trip(const struct job *job, uint8_t (*frames)[ROOM])
{
    unsigned lane = job->lane, spoke = job->to_first ? 0 : lane;

    if (!job->to_first) {
        speak(&spokes[lane], 0, frames, (uint8_t)(10 + lane), 1);
        give(&spokes[lane].baskets[0], &hub, lane);
    }
    speak(&hub, lane, frames, 1, (uint8_t)(10 + spoke));
    if (job->to_first)
        hub.baskets[lane].count = 0;
    else
        give(&hub.baskets[lane], &spokes[lane], 0);
}

static void *work(void *arg)
{
    struct job *job = arg;
    uint8_t(*frames)[ROOM] = calloc(BATCH, ROOM);
    uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);

    for (unsigned i = 0; i < ROUNDS; i++)
        round_trip(job, frames);
    job->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    free(frames);
    return NULL;
}

/* Rounds per second of COUNT threads together: by the wall's clock and by their own. */
struct speed {
    double wall, cpu;
};

static struct speed measure(unsigned count, bool to_first)
{
    struct speed best = {0, 0};

    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        struct job jobs[THREADS] = {{0}};
        pthread_t threads[THREADS];
        uint64_t begin = clock_ns(CLOCK_MONOTONIC);
        double cpu = 0;
        for (unsigned i = 0; i < count; i++) {
            jobs[i] = (struct job){.lane = i, .to_first = to_first};
            if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
                abort();
        }
        for (unsigned i = 0; i < count; i++) {
            pthread_join(threads[i], NULL);
            cpu += (double)ROUNDS * 1e9 / (double)jobs[i].cpu_ns;
        }
        double wall = (double)count * ROUNDS * 1e9 / (double)(clock_ns(CLOCK_MONOTONIC) - begin);
        best.wall = wall > best.wall ? wall : best.wall;
        best.cpu = cpu > best.cpu ? cpu : best.cpu;
    }
    return best;
}

/* The spokes' addresses become known before the clock runs. */
static void warm_up(unsigned lanes)
{
    uint8_t(*frames)[ROOM] = calloc(BATCH, ROOM);

    for (unsigned i = 0; i < THREADS; i++) {
        speak(&spokes[i], 0, frames, (uint8_t)(10 + i), 1);
        give(&spokes[i].baskets[0], &hub, i % lanes);
    }
    free(frames);
}

static struct speed run(unsigned lanes, bool gate, enum el_tunnel_wire wire, bool to_first)
{
    make_world(lanes, gate, wire);
    warm_up(lanes);
    struct speed speed = measure(lanes, to_first);
    end_world();
    return speed;
}

/* The same by two processes at once, together. */
static struct speed run_apart(enum el_tunnel_wire wire)
{
    struct speed mine, other = {0, 0};
    int ends[2];

    if (pipe(ends) < 0)
        abort();
    pid_t child = fork();
    mine = run(1, true, wire, false);
    if (child == 0) {
        bool said = write(ends[1], &mine, sizeof mine) == (ssize_t)sizeof mine;
        _exit(!said);
    }
    if (read(ends[0], &other, sizeof other) != (ssize_t)sizeof other || wait(NULL) < 0)
        abort();
    close(ends[0]);
    close(ends[1]);
    return (struct speed){mine.wall + other.wall, mine.cpu + other.cpu};
}

static void measure_form(const char *name, enum el_tunnel_wire wire)
{
    struct speed plain = run(1, false, wire, false), one = run(1, true, wire, false);
    struct speed apart = run_apart(wire), two = run(2, true, wire, false);
    struct speed one_way = run(1, true, wire, true), shared = run(2, true, wire, true);

    printf("%-8s one lane  %8.0f frames/s each way\n", name, one.cpu * BATCH);
    printf("%-8s gate   ratio %.2f\n", name, one.cpu / plain.cpu);
    printf("%-8s apart  ratio %.2f wall, %.2f by CPU time\n", name, apart.wall / one.wall,
           apart.cpu / one.cpu);
    printf("%-8s lanes  ratio %.2f wall, %.2f by CPU time\n", name, two.wall / one.wall,
           two.cpu / one.cpu);
    printf("%-8s peer   ratio %.2f wall, %.2f by CPU time\n", name, shared.wall / one_way.wall,
           shared.cpu / one_way.cpu);
}

int main(void)
{
    el_tunnel_key_make(hub.private_key);
    el_tunnel_key_public(hub.private_key, hub.public_key);
    for (unsigned s = 0; s < THREADS; s++) {
        el_tunnel_key_make(spokes[s].private_key);
        el_tunnel_key_public(spokes[s].private_key, spokes[s].public_key);
    }
    measure_form("standard", EL_TUNNEL_STANDARD);
    measure_form("compact", EL_TUNNEL_COMPACT);
    if (el_tunnel_wire_check(EL_TUNNEL_FAST, NULL) == 0)
        measure_form("fast", EL_TUNNEL_FAST);
    return 0;
}

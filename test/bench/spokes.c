/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many spokes in one process, for what a hub does with them: test/bench/spokes starts it beside a
 * hub that runs as it always does, with its sockets, its TAP interface and its switch.
 *
 *     spokes HUB-PID HUB-KEY WIRE DIRECTORY COUNT ROUNDS SEGMENTS
 *
 * Spoke N has the private key DIRECTORY/N.key, a socket and an address of its own. What it sends is
 * what a spoke sends: super-frames of TCP are cut and sealed by the same code, and go out as trains
 * with one call each. Two things differ, so that the hub is the one who is measured:
 *
 *  - there is no TCP above it. Nobody waits for anybody's acknowledgements, and a train is as long
 *    (SEGMENTS; 0: as long as can be) whether one spoke sends or all do in turn, each train from
 *    another spoke than the one before;
 *  - trains are sealed before the clock runs, and what comes from the hub is thrown away unopened.
 *
 * Up: the hub opens the trains, merges them and gives the super-frames to its interface, where
 * they are nobody's, so that the kernel drops them. Down: super-frames are put into the interface
 * for the addresses behind the spokes. Either way no more than WINDOW segments are under way by
 * the interface's own counters, so that the hub is never idle and never overrun.
 *
 * Prints a line for each measurement: "up|down COUNT GBIT-PER-S CPU-S-PER-GB LOST", of payload; the
 * CPU time is all of the hub's process, LOST counts trains. One spoke and all take turns.
 */
#include "base/log.h"
#include "base/time.h"
#include "datapath/forward.h"
#include "frame/csum.h"
#include "frame/eth.h"
#include "node/key.h"
#include "overlay/overlay.h"
#include "sys/clock.h"
#include "tunnel/tunnel_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    VNI = 77,
    HUB_PORT = 51820,
    HUB_WIRE = 0xc0000201, /* 192.0.2.1 */
    PAYLOAD = 1300,        /* of each segment: with all that is around it, it fits 1500 bytes */
    HEADERS = 14 + 20 + 20,
    SEGMENTS_MAX = 48,
    TRAIN_BYTES = 65535 - 48, /* as tunnel/tunnel_io.c has it */
    TRAINS = 1024,            /* of one measurement */
    WINDOW = 32 * 45,         /* segments under way: the hub's socket has room for them */
    SPOKES_MAX = 1000,
    SMALL = 2048, /* longer than anything the hub says on its own account */
    QUIET_MS = 100,
    STALL = 500, /* ms without progress: the rest is lost */
    CONNECT_S = 20,
};

struct spoke {
    unsigned number; /* from 1 */
    struct el_tunnel *tunnel;
    struct el_tunnel_peer *hub;
    struct el_forward *forward;
    struct el_tunnel_io *io;
    uint32_t sequence; /* of its TCP stream */
    uint16_t ip_id;
};

/* Datagrams that are sealed and wait: all of a train equally long. */
struct train {
    struct spoke *spoke;
    size_t start, len, segment;
    unsigned count;
};

static struct world {
    pid_t hub_pid;
    clockid_t hub_clock;
    uint8_t hub_key[EL_TUNNEL_KEY_BYTES];
    enum el_tunnel_wire wire;
    const char *directory;
    struct spoke *spokes;
    unsigned count;
    unsigned segments; /* of a train */
    int counters;      /* the hub's /proc/PID/net/dev */
    int interface;     /* a packet socket on its interface */
    uint8_t *sealed;
    size_t sealed_used;
    struct train trains[TRAINS];
    unsigned train; /* that is being sealed */
} world;

static const struct el_mac hub_mac = {{2, 0, 0, 0, 0, 0}}; /* of nobody: see above */
static const struct el_mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* The longest super-frame, and what stands before it for whoever takes it. */
static uint8_t
    room[EL_FORWARD_HEADROOM + 2 + HEADERS + SEGMENTS_MAX * PAYLOAD + EL_FORWARD_TAILROOM];
static uint8_t *const frame = room + EL_FORWARD_HEADROOM + 2;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void refuse(const char *what, const char *why)
{
    fprintf(stderr, "spokes: %s: %s\n", what, why);
    exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    if (clock_gettime(clock, &t) < 0)
        die("the hub's clock");
    return (uint64_t)t.tv_sec * EL_S + (uint64_t)t.tv_nsec;
}

/* -- frames -- */

static struct el_mac mac_of(const struct spoke *spoke)
{
    return (struct el_mac){{2, 0, 0, 1, (uint8_t)(spoke->number >> 8), (uint8_t)spoke->number}};
}

static void write_addresses(const struct el_mac *dst, const struct el_mac *src, uint16_t type)
{
    memcpy(frame, dst, 6);
    memcpy(frame + 6, src, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
}

/* A frame that only says where SRC is. */
static size_t write_hello(const struct el_mac *src, const struct el_mac *dst)
{
    memset(frame, 0, 60);
    write_addresses(dst, src, 0x88b5); /* for local experiments */
    return 60;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* The next super-frame of SPOKE's stream from SRC to DST, as its system would hand it out: what is
 * to be done to it is in OFFLOAD. PSH, in its last segment, ends it again behind the tunnel. */
static size_t write_super_frame(struct spoke *spoke, const struct el_mac *src,
                                const struct el_mac *dst, struct el_offload *offload)
{
    size_t payload = (size_t)world.segments * PAYLOAD, len = HEADERS + payload;
    uint32_t from = 0x0a4d0000 + spoke->number, to = 0x0a4e0000 + spoke->number;
    uint8_t *ip = frame + 14, *tcp = ip + 20;

    memset(frame, 0, HEADERS);
    write_addresses(dst, src, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)(len - 14));
    put16(ip + 4, spoke->ip_id);
    put16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
    put32(ip + 12, from);
    put32(ip + 16, to);
    put16(ip + 10, el_csum_finish(el_csum_add(0, ip, 20)));
    put16(tcp, 5201);
    put16(tcp + 2, 40000);
    put32(tcp + 4, spoke->sequence);
    put32(tcp + 8, 1);
    put16(tcp + 12, 0x5018); /* 20 bytes; ACK, PSH */
    put16(tcp + 14, 0xffff);
    put16(tcp + 16, el_csum_fold(el_csum_pseudo4(from, to, IPPROTO_TCP, 20 + payload)));
    *offload = (struct el_offload){.needs_csum = true,
                                   .gso = world.segments > 1 ? EL_GSO_TCP4 : EL_GSO_NONE,
                                   .gso_size = world.segments > 1 ? PAYLOAD : 0,
                                   .hdr_len = HEADERS,
                                   .csum_start = 34,
                                   .csum_offset = 16};
    spoke->sequence += (uint32_t)payload;
    spoke->ip_id = (uint16_t)(spoke->ip_id + world.segments);
    return len;
}

/* -- a spoke -- */

static uint8_t *io_reserve(void *io, const struct el_endpoint *to, size_t len, uint8_t tos)
{
    return el_tunnel_io_reserve(io, to, len, tos);
}

static void io_cancel(void *io)
{
    el_tunnel_io_cancel(io);
}

static void on_event(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    const struct spoke *spoke = arg;

    el_forward_event(spoke->forward, el_sys_now_ns(), event, peer);
}

static void on_too_big(void *arg, const struct el_endpoint *to, size_t len)
{
    const struct spoke *spoke = arg;

    el_forward_too_big(spoke->forward, 0, el_sys_now_ns(), to, len);
}

static int sink_send(struct el_port *port, const struct el_port_tx *tx)
{
    (void)port;
    (void)tx;
    return 0;
}

static const struct el_port_ops sink_ops = {.send = sink_send};
static struct el_port sink = {.ops = &sink_ops, .fd = -1};

static uint32_t address_of(const struct spoke *spoke)
{
    return 0x64400000 + (spoke->number / 250 + 1) * 256 + spoke->number % 250 + 1;
}

static void make_tunnel(struct spoke *spoke, struct el_err *err)
{
    struct el_tunnel_config config = {.peers_max = 1,
                                      .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns(),
                                      .event = on_event,
                                      .arg = spoke};
    struct el_tunnel_peer_config hub = {.name = "hub",
                                        .wire = world.wire,
                                        .allowed = {el_ip4(EL_NODE_HUB_ADDRESS), 32},
                                        .endpoint = {.ip = el_ip4(HUB_WIRE), .port = HUB_PORT}};
    char path[4096];

    snprintf(path, sizeof path, "%s/%u.key", world.directory, spoke->number);
    memcpy(hub.public_key, world.hub_key, sizeof hub.public_key);
    if (el_node_key_read(-1, path, config.private_key, err) < 0 ||
        el_tunnel_new(&config, &spoke->tunnel, err) < 0 ||
        el_tunnel_add_peer(spoke->tunnel, &hub, &spoke->hub, err) < 0)
        refuse("tunnel", err->text);
}

static void make_spoke(struct spoke *spoke, unsigned number)
{
    struct el_err err = {""};
    uint32_t vni = VNI;

    spoke->number = number;
    make_tunnel(spoke, &err);
    int fd = el_tunnel_io_socket(4, 0, NULL, &err);
    if (fd < 0 || el_tunnel_io_new(fd, -1, &spoke->io, &err) < 0)
        refuse("socket", err.text);
    el_tunnel_io_on_too_big(spoke->io, on_too_big, spoke);
    struct el_forward_config forward = {.tunnel = spoke->tunnel,
                                        .out = {io_reserve, io_cancel, spoke->io},
                                        .address = address_of(spoke),
                                        .peers_max = 1,
                                        .addresses_max = 64};
    if (el_forward_new(&forward, &spoke->forward) < 0 ||
        el_forward_add_port(spoke->forward, &sink, VNI, NULL) < 0 ||
        el_forward_add_peer(spoke->forward, spoke->hub, EL_NODE_HUB_ADDRESS, &vni, 1) < 0)
        refuse("spoke", "out of memory");
}

/* Takes what has come from the hub, as a spoke does. False: nothing has. */
static bool receive(struct spoke *spoke)
{
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    int n = el_tunnel_io_receive(spoke->io, 4, trains);

    for (int i = 0; i < n; i++)
        for (size_t at = 0; at < trains[i].len; at += trains[i].segment) {
            size_t left = trains[i].len - at;
            el_forward_datagram(spoke->forward, el_sys_now_ns(), &trains[i].from,
                                trains[i].bytes + at,
                                left < trains[i].segment ? left : trains[i].segment, trains[i].tos);
        }
    el_forward_flush(spoke->forward, el_sys_now_ns());
    el_tunnel_io_flush(spoke->io);
    return n > 0;
}

static void tick(struct spoke *spoke)
{
    uint64_t now_ns = el_sys_now_ns();

    if (now_ns >= el_forward_deadline_ns(spoke->forward))
        el_forward_tick(spoke->forward, now_ns);
    el_tunnel_io_flush(spoke->io);
}

/* All spokes do what they have to, until nothing has come for QUIET_MS. */
static void settle(void)
{
    uint64_t quiet_ns = el_sys_now_ns() + QUIET_MS * EL_MS;
    struct pollfd pause = {.fd = -1};

    while (el_sys_now_ns() < quiet_ns) {
        for (unsigned i = 0; i < world.count; i++) {
            while (receive(&world.spokes[i]))
                quiet_ns = el_sys_now_ns() + QUIET_MS * EL_MS;
            tick(&world.spokes[i]);
        }
        poll(&pause, 1, 1);
    }
}

static void connect_to_hub(struct spoke *spoke)
{
    uint64_t end_ns = el_sys_now_ns() + CONNECT_S * EL_S;
    struct pollfd readable = {el_tunnel_io_fd(spoke->io, 4), POLLIN, 0};

    el_tunnel_connect(spoke->tunnel, spoke->hub, el_sys_now_ns());
    while (!el_tunnel_peer_is_up(spoke->hub, el_sys_now_ns())) {
        if (el_sys_now_ns() > end_ns)
            refuse("hub", "does not answer");
        el_forward_tick(spoke->forward, el_sys_now_ns());
        el_tunnel_io_flush(spoke->io);
        poll(&readable, 1, 100);
        receive(spoke);
    }
}

/* -- the hub's interface -- */

/* A packet socket there; our namespace is another one. */
static int open_interface(void)
{
    char path[64];
    int on = 1, back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)world.hub_pid);
    int there = open(path, O_RDONLY | O_CLOEXEC);
    if (back < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
        die("the hub's namespace");
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_ifindex = (int)if_nametoindex("boot")};
    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || setns(back, CLONE_NEWNET) < 0)
        die("the hub's interface");
    close(there);
    close(back);
    return fd;
}

/* Puts the frame, of LEN bytes, into the interface. */
static void put_frame(size_t len, const struct el_offload *offload)
{
    struct virtio_net_hdr header = {0};
    struct iovec pieces[] = {{&header, sizeof header}, {frame, len}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};

    if (offload->needs_csum) {
        header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header.csum_start = offload->csum_start;
        header.csum_offset = offload->csum_offset;
        header.gso_type = (uint8_t)offload->gso;
        header.gso_size = offload->gso_size;
        header.hdr_len = offload->hdr_len;
    }
    while (sendmsg(world.interface, &message, 0) < 0)
        if (errno != ENOBUFS)
            die("sending to the hub's interface");
}

/* How much payload has passed the hub's interface, ever, but for a constant. The kernel's
 * "received" is what the hub gave it. */
static int64_t passed(bool up)
{
    char text[4096];
    long long v[10];
    ssize_t len = pread(world.counters, text, sizeof text - 1, 0);

    if (len <= 0)
        refuse("hub", "has ended");
    text[len] = '\0';
    const char *line = strstr(text, "boot:");
    if (!line || sscanf(line, "boot: %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld", &v[0],
                        &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9]) != 10)
        refuse("hub", "has no interface called boot");
    return up ? v[0] - v[1] * HEADERS : v[8] - v[9] * HEADERS;
}

/* -- sealing ahead -- */

static uint8_t *train_reserve(void *arg, const struct el_endpoint *to, size_t len, uint8_t tos)
{
    struct train *train = &world.trains[world.train];
    uint8_t *at = world.sealed + world.sealed_used;

    (void)arg;
    (void)to;
    (void)tos;
    if (train->count++ == 0)
        train->segment = len;
    if (len != train->segment || train->count > world.segments)
        refuse("sealing", "the path to the hub is too narrow");
    train->len += len;
    world.sealed_used += len;
    return at;
}

static void train_cancel(void *arg)
{
    (void)arg;
    refuse("sealing", "the tunnel is down");
}

static void seal(struct spoke *spoke)
{
    struct train *train = &world.trains[world.train];
    struct el_forward_out ahead = {train_reserve, train_cancel, NULL};
    struct el_forward_out io = {io_reserve, io_cancel, spoke->io};
    struct el_mac mac = mac_of(spoke);
    struct el_port_rx rx = {.bytes = frame, .capacity = EL_PORT_FRAME_BYTES};

    *train = (struct train){.spoke = spoke, .start = world.sealed_used};
    rx.len = write_super_frame(spoke, &mac, &hub_mac, &rx.offload);
    el_forward_set_out(spoke->forward, 0, &ahead);
    el_forward_frame(spoke->forward, el_sys_now_ns(), 0, &rx);
    el_forward_set_out(spoke->forward, 0, &io);
    if (train->count != world.segments)
        refuse("sealing", "a spoke does not know where the hub is");
}

static void seal_all(unsigned spokes)
{
    world.sealed_used = 0;
    for (world.train = 0; world.train < TRAINS; world.train++)
        seal(&world.spokes[world.train % spokes]);
}

static void send_train(const struct train *train)
{
    struct sockaddr_in hub = {
        .sin_family = AF_INET, .sin_port = htons(HUB_PORT), .sin_addr.s_addr = htonl(HUB_WIRE)};
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    struct iovec piece = {world.sealed + train->start, train->len};
    struct msghdr message = {.msg_name = &hub,
                             .msg_namelen = sizeof hub,
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    uint16_t segment = (uint16_t)train->segment;

    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    if (sendmsg(el_tunnel_io_fd(train->spoke->io, 4), &message, 0) < 0)
        die("sending to the hub");
}

/* -- measuring -- */

/* Throws away what the hub has sent, but for what it says on its own account. */
static void drain(struct spoke *spoke)
{
    const struct el_endpoint hub = {.ip = el_ip4(HUB_WIRE), .port = HUB_PORT};
    uint8_t bytes[SMALL + EL_FORWARD_TAILROOM];
    ssize_t len;

    while ((len = recv(el_tunnel_io_fd(spoke->io, 4), bytes, SMALL, MSG_TRUNC | MSG_DONTWAIT)) > 0)
        if (len < SMALL) {
            el_forward_datagram(spoke->forward, el_sys_now_ns(), &hub, bytes, (size_t)len, 0);
            el_forward_flush(spoke->forward, el_sys_now_ns());
        }
    tick(spoke);
}

/* Gives the hub the train NUMBER of a measurement. While trains that are sealed wait, nothing else
 * may be: to the hub, what was sealed before would be a replay. */
static void give(bool up, unsigned number, unsigned spokes)
{
    struct spoke *spoke = &world.spokes[number % spokes];
    struct el_mac mac = mac_of(spoke);
    struct el_offload offload;

    if (up) {
        send_train(&world.trains[number]);
    } else {
        put_frame(write_super_frame(spoke, &hub_mac, &mac, &offload), &offload);
        /* Of what has arrived, as little lies about as with one spoke. */
        if (number >= WINDOW / world.segments)
            drain(&world.spokes[(number - WINDOW / world.segments) % spokes]);
    }
}

/* Waits until no more than WINDOW of SENT trains are under way, by what had passed BEFORE the first
 * one. How many have arrived; fewer than that if the hub has stalled. */
static unsigned wait_for_hub(bool up, int64_t before, unsigned sent, unsigned window)
{
    int64_t train = (int64_t)world.segments * PAYLOAD;
    unsigned done = 0, seen = 0;
    uint64_t end_ns = 0, now_ns;

    do {
        now_ns = el_sys_now_ns(); /* before the look: we may not get the CPU for a while */
        done = (unsigned)((passed(up) - before + HEADERS) / train);
        if (done != seen || end_ns == 0)
            end_ns = now_ns + STALL * EL_MS;
        seen = done;
    } while (sent > done + window && now_ns < end_ns);
    return done;
}

static void measure(bool up, unsigned spokes)
{
    unsigned done = 0, lost = 0, window = WINDOW / world.segments;

    settle();
    if (up)
        seal_all(spokes);
    int64_t before = passed(up);
    uint64_t began_ns = el_sys_now_ns(), cpu_ns = clock_ns(world.hub_clock);
    for (unsigned i = 0; i < TRAINS; i++) {
        if (i - lost >= done + window)
            done = wait_for_hub(up, before, i - lost, window / 2);
        if (i - lost >= done + window)
            lost = i - done;
        give(up, i, spokes);
    }
    done = wait_for_hub(up, before, TRAINS - lost, 0);
    lost = done < TRAINS ? TRAINS - done : 0;
    double seconds = (double)(el_sys_now_ns() - began_ns) / 1e9;
    double cpu = (double)(clock_ns(world.hub_clock) - cpu_ns) / 1e9;
    double bytes = (double)done * world.segments * PAYLOAD;
    printf("%s %u %.4f %.4f %u\n", up ? "up" : "down", spokes, bytes * 8 / seconds / 1e9,
           cpu / (bytes / 1e9), lost);
    fflush(stdout);
}

/* Everybody learns where everybody is. */
static void introduce(void)
{
    static const struct el_offload plain = {.gso = EL_GSO_NONE};

    put_frame(write_hello(&hub_mac, &everybody), &plain);
    settle();
    for (unsigned i = 0; i < world.count; i++) {
        struct el_mac mac = mac_of(&world.spokes[i]);
        struct el_port_rx rx = {.bytes = frame, .capacity = EL_PORT_FRAME_BYTES};
        rx.len = write_hello(&mac, &hub_mac);
        el_forward_frame(world.spokes[i].forward, el_sys_now_ns(), 0, &rx);
        el_tunnel_io_flush(world.spokes[i].io);
    }
    settle();
}

/* The trains' length: what fits, if nothing else was said. */
static unsigned segments_of_train(const struct el_tunnel_peer *hub)
{
    size_t header = world.wire == EL_TUNNEL_STANDARD ? EL_OVERLAY_HEADER : EL_OVERLAY_COMPACT;

    return (unsigned)(TRAIN_BYTES / el_tunnel_peer_sealed_bytes(hub, header + HEADERS + PAYLOAD));
}

static void stay_off_the_hub(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(1, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        fprintf(stderr, "spokes: there is no second CPU: the hub has to share\n");
}

static void read_arguments(char **argv)
{
    char path[64];

    world.hub_pid = atoi(argv[1]);
    if (el_tunnel_key_parse(argv[2], world.hub_key) < 0)
        refuse(argv[2], "is no key");
    while (strcmp(argv[3], el_tunnel_wire_names[world.wire]) != 0)
        if (++world.wire == EL_TUNNEL_WIRES)
            refuse(argv[3], "is no wire form");
    world.directory = argv[4];
    world.count = (unsigned)atoi(argv[5]);
    world.segments = (unsigned)atoi(argv[7]);
    if (world.count < 1 || world.count > SPOKES_MAX)
        refuse(argv[5], "spokes cannot be");
    snprintf(path, sizeof path, "/proc/%s/net/dev", argv[1]);
    world.counters = open(path, O_RDONLY | O_CLOEXEC);
    if (world.counters < 0 || clock_getcpuclockid(world.hub_pid, &world.hub_clock) != 0)
        die("the hub's process");
    world.interface = open_interface();
}

int main(int argc, char **argv)
{
    if (argc != 8)
        refuse("usage", "HUB-PID HUB-KEY WIRE DIRECTORY COUNT ROUNDS SEGMENTS");
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    read_arguments(argv);
    stay_off_the_hub();
    world.spokes = calloc(world.count, sizeof *world.spokes);
    world.sealed = malloc((size_t)TRAINS * TRAIN_BYTES);
    if (!world.spokes || !world.sealed)
        die("memory");
    for (unsigned i = 0; i < world.count; i++) {
        make_spoke(&world.spokes[i], i + 1);
        connect_to_hub(&world.spokes[i]);
    }
    unsigned longest = segments_of_train(world.spokes[0].hub);
    if (world.segments == 0 || world.segments > longest)
        world.segments = longest;
    introduce();
    for (int round = 0; round < atoi(argv[6]); round++)
        for (unsigned way = 0; way < 2; way++) {
            measure(way == 0, 1);
            measure(way == 0, world.count);
        }
    return 0;
}

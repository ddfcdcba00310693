/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link-emulator: a long, narrow, lossy link for kernels without netem.
 *
 * Each DEVICE on the command line is a TUN interface and stands for one direction of the link. The
 * routing of the namespace sends the packets of that direction into the device; here they wait, and
 * are then written back to the same device, so that to the kernel they arrive a second time and are
 * routed on (the caller's policy rules look at the incoming interface). TTL, DF and the ICMP errors
 * that belong to a router stay the kernel's, and so does cutting super-frames to the device's MTU:
 * the TUN is opened without vnet_hdr.
 *
 * A packet passes three stages, the same three as on a real wire:
 *
 *   queue        waits until the packets before it have left; full: dropped (tail drop)
 *   serialiser   takes length / rate; then the wire may lose or double the packet
 *   propagation  takes rtt / 2, plus a random share of the jitter; a reordered packet skips it
 *
 * Nothing of this needs a timer for its own: when a packet arrives, the moment at which it leaves
 * the serialiser and the moment at which it comes out are already known. So a direction is one
 * heap, ordered by the moment of coming out, and one clock value, `idle_at_ns`: when its serialiser
 * will be idle.
 *
 * Random decisions come from one generator per direction, seeded from --seed, and every packet
 * draws the same number of values whatever its fate. The n-th packet of a direction is thus lost in
 * every run with that seed, no matter how the two directions interleave.
 *
 * Counters are printed as one JSON object per direction on SIGUSR1 and at the end (SIGTERM,
 * SIGINT).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    DIRECTIONS_MAX = 8,
    PACKET_MAX = 9216,       /* the largest MTU a device may have */
    PACKET_TYPICAL = 1500,   /* to count the queue in packets */
    QUEUE_MIN = 100,         /* packets; a shorter queue would starve one TCP flow */
    BATCH = 64,              /* packets taken in before those that are due go out */
    UNLIMITED_SLOTS = 16384, /* packets in flight where no rate bounds them */
};

static const uint64_t NS_PER_S = 1000000000;
static const uint64_t NEVER = UINT64_MAX;

/* What the link is like; the same for every direction. */
struct link {
    uint64_t delay_ns;  /* one way */
    uint64_t jitter_ns; /* at most this much is added to the delay */
    uint64_t rate_bps;  /* 0: no limit */
    double loss;        /* probabilities, 0..1 */
    double reorder;
    double duplicate;
    uint64_t seed;
    uint64_t queue_bytes; /* how much may wait for the serialiser */
    size_t slots;         /* packets that one direction can hold: waiting and under way */
};

/* A packet under way. `order` keeps packets that come out at the same moment in order of arrival.
 */
struct transit {
    uint64_t due_ns;
    uint64_t order;
    uint32_t slot;
    uint32_t len;
};

struct counters {
    uint64_t packets; /* taken in */
    uint64_t bytes;
    uint64_t delivered;  /* written back, duplicates included */
    uint64_t lost;       /* by the dice */
    uint64_t overflowed; /* did not fit the queue */
    uint64_t duplicated;
    uint64_t reordered;
    uint64_t refused; /* the kernel would not take it back */
};

struct direction {
    const char *device;
    int fd;
    uint64_t random; /* state of the generator */
    uint64_t idle_at_ns;
    uint64_t arrivals;
    struct transit *heap; /* earliest due first */
    size_t count;
    uint32_t *free_slots; /* a stack of link.slots - count entries */
    uint8_t *packets;     /* link.slots times PACKET_MAX; pages appear when they are first used */
    struct counters counters;
};

struct emulator {
    struct link link;
    struct direction directions[DIRECTIONS_MAX];
    size_t count;
    int timer;
    uint64_t armed_ns;
};

static void die(const char *what)
{
    fprintf(stderr, "link-emulator: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* SplitMix64 (Steele, Lea, Flood 2014): every seed is good, also 0 and its neighbours. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double random_unit(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1.0p-53;
}

/* ---- the heap -------------------------------------------------------------------------------- */

static bool earlier(const struct transit *a, const struct transit *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void heap_push(struct direction *d, struct transit item)
{
    size_t i = d->count++;
    while (i > 0 && earlier(&item, &d->heap[(i - 1) / 2])) {
        d->heap[i] = d->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    d->heap[i] = item;
}

static struct transit heap_pop(struct direction *d)
{
    struct transit first = d->heap[0];
    struct transit last = d->heap[--d->count];
    size_t i = 0;
    for (size_t child = 1; child < d->count; child = 2 * i + 1) {
        if (child + 1 < d->count && earlier(&d->heap[child + 1], &d->heap[child]))
            child++;
        if (!earlier(&d->heap[child], &last))
            break;
        d->heap[i] = d->heap[child];
        i = child;
    }
    d->heap[i] = last;
    return first;
}

/* ---- one direction --------------------------------------------------------------------------- */

static uint8_t *slot_bytes(struct direction *d, uint32_t slot)
{
    return d->packets + (size_t)slot * PACKET_MAX;
}

static void send_on(struct direction *d, const struct link *link, const uint8_t *packet,
                    uint32_t len, uint64_t due_ns)
{
    if (d->count == link->slots) {
        d->counters.overflowed++;
        return;
    }
    uint32_t slot = d->free_slots[link->slots - d->count - 1];
    memcpy(slot_bytes(d, slot), packet, len);
    heap_push(d, (struct transit){due_ns, d->arrivals++, slot, len});
}

static void take_in(struct direction *d, const struct link *link, const uint8_t *packet,
                    uint32_t len, uint64_t now)
{
    d->counters.packets++;
    d->counters.bytes += len;

    const bool lost = random_unit(&d->random) < link->loss;
    const bool doubled = random_unit(&d->random) < link->duplicate;
    const bool hurried = random_unit(&d->random) < link->reorder;
    const double jitter = random_unit(&d->random) * (double)link->jitter_ns;

    uint64_t left_ns = now; /* when it has left the serialiser */
    if (link->rate_bps > 0) {
        uint64_t start_ns = d->idle_at_ns > now ? d->idle_at_ns : now;
        double waiting_bytes = (double)(start_ns - now) * (double)link->rate_bps / 8e9;
        if (waiting_bytes + len > (double)link->queue_bytes) {
            d->counters.overflowed++;
            return;
        }
        left_ns = start_ns + len * 8 * NS_PER_S / link->rate_bps;
        d->idle_at_ns = left_ns;
    }
    if (lost) {
        d->counters.lost++;
        return;
    }
    uint64_t due_ns = left_ns;
    if (hurried)
        d->counters.reordered++;
    else
        due_ns += link->delay_ns + (uint64_t)jitter;
    send_on(d, link, packet, len, due_ns);
    if (doubled) {
        d->counters.duplicated++;
        send_on(d, link, packet, len, due_ns);
    }
}

static void receive(struct direction *d, const struct link *link)
{
    static uint8_t packet[PACKET_MAX];
    for (int i = 0; i < BATCH; i++) { /* what is left keeps the descriptor readable */
        ssize_t len = read(d->fd, packet, sizeof packet);
        if (len <= 0)
            return; /* EAGAIN: all taken; EIO: the interface is down, nothing can come */
        take_in(d, link, packet, (uint32_t)len, now_ns());
    }
}

static void deliver(struct direction *d, const struct link *link, uint64_t now)
{
    while (d->count > 0 && d->heap[0].due_ns <= now) {
        struct transit out = heap_pop(d);
        d->free_slots[link->slots - d->count - 1] = out.slot;
        if (write(d->fd, slot_bytes(d, out.slot), out.len) == (ssize_t)out.len)
            d->counters.delivered++;
        else
            d->counters.refused++;
    }
}

/* Begins a log line in the form that el2w's --log-format json has. */
static void print_event(const char *event)
{
    struct timespec ts;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    printf("{\"time\":\"%s.%06ldZ\",\"level\":\"info\",\"room\":\"link\",\"event\":\"%s\"", seconds,
           ts.tv_nsec / 1000, event);
}

static void print_counters(const struct emulator *e)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct counters *c = &e->directions[i].counters;
        print_event("counters");
        printf(",\"link\":\"%s\",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64
               ",\"delivered\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"overflowed\":%" PRIu64
               ",\"duplicated\":%" PRIu64 ",\"reordered\":%" PRIu64 ",\"refused\":%" PRIu64 "}\n",
               e->directions[i].device, c->packets, c->bytes, c->delivered, c->lost, c->overflowed,
               c->duplicated, c->reordered, c->refused);
    }
    fflush(stdout);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void arm(struct emulator *e)
{
    uint64_t next_ns = NEVER;
    for (size_t i = 0; i < e->count; i++)
        if (e->directions[i].count > 0 && e->directions[i].heap[0].due_ns < next_ns)
            next_ns = e->directions[i].heap[0].due_ns;
    if (next_ns == e->armed_ns)
        return;
    e->armed_ns = next_ns;
    struct itimerspec when = {0}; /* all zero disarms */
    if (next_ns != NEVER) {
        when.it_value.tv_sec = (time_t)(next_ns / NS_PER_S);
        when.it_value.tv_nsec = (long)(next_ns % NS_PER_S);
    }
    if (timerfd_settime(e->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        die("timer");
}

/* Returns when a signal asks for the end. */
static void run(struct emulator *e, int poll_fd, int signals)
{
    for (;;) {
        struct epoll_event events[DIRECTIONS_MAX + 2];
        int ready = epoll_wait(poll_fd, events, DIRECTIONS_MAX + 2, -1);
        for (int i = 0; i < ready; i++) {
            struct signalfd_siginfo signal_info;
            if (events[i].data.fd == signals &&
                read(signals, &signal_info, sizeof signal_info) == sizeof signal_info) {
                print_counters(e);
                if (signal_info.ssi_signo != SIGUSR1)
                    return;
            }
            uint64_t expirations;
            if (events[i].data.fd == e->timer &&
                read(e->timer, &expirations, sizeof expirations) > 0)
                e->armed_ns = NEVER;
        }
        for (size_t i = 0; i < e->count; i++) {
            receive(&e->directions[i], &e->link);
            deliver(&e->directions[i], &e->link, now_ns());
        }
        arm(e);
    }
}

static void open_direction(struct direction *d, const struct link *link, const char *device,
                           size_t index)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    d->device = device;
    d->random = link->seed * DIRECTIONS_MAX + index;
    d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (d->fd < 0)
        die("/dev/net/tun");
    if (strlen(device) >= sizeof request.ifr_name) {
        errno = ENAMETOOLONG;
        die(device);
    }
    memcpy(request.ifr_name, device, strlen(device) + 1);
    if (ioctl(d->fd, TUNSETIFF, &request) < 0)
        die(device);
    d->heap = calloc(link->slots, sizeof *d->heap);
    d->free_slots = calloc(link->slots, sizeof *d->free_slots);
    d->packets = malloc(link->slots * PACKET_MAX);
    if (!d->heap || !d->free_slots || !d->packets)
        die("memory");
    for (size_t i = 0; i < link->slots; i++)
        d->free_slots[i] = (uint32_t)i;
}

static void watch(int poll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll");
}

/* ---- the command line ------------------------------------------------------------------------ */

static const char USAGE[] =
    "Usage: link-emulator [OPTION]... DEVICE...\n"
    "Holds the packets of each TUN DEVICE as a long link would and gives them back to it.\n"
    "  --rtt MS          round trip time; half of it for each direction (0)\n"
    "  --rate MBIT       rate of each direction in Mbit/s; 0 is no limit (0)\n"
    "  --loss PCT        share of packets lost, each direction (0)\n"
    "  --jitter MS       at most this much is added to each packet's delay; may reorder (0)\n"
    "  --reorder PCT     share of packets that overtake all that are under way (0)\n"
    "  --duplicate PCT   share of packets that arrive twice (0)\n"
    "  --queue PACKETS   packets of 1500 bytes that may wait (bandwidth times rtt, at least 100)\n"
    "  --seed N          other losses than those of seed 1\n";

static double number(const char *option, const char *text, double max)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value < 0 || value > max) {
        fprintf(stderr, "link-emulator: --%s %s: wants a number from 0 to %.0f\n", option, text,
                max);
        exit(2);
    }
    return value;
}

static void parse(struct link *link, int argc, char **argv)
{
    enum { RTT, RATE, LOSS, JITTER, REORDER, DUPLICATE, QUEUE, SEED, OPTIONS, HELP = OPTIONS };
    static const struct option options[] = {
        {"rtt", 1, NULL, RTT},         {"rate", 1, NULL, RATE},
        {"loss", 1, NULL, LOSS},       {"jitter", 1, NULL, JITTER},
        {"reorder", 1, NULL, REORDER}, {"duplicate", 1, NULL, DUPLICATE},
        {"queue", 1, NULL, QUEUE},     {"seed", 1, NULL, SEED},
        {"help", 0, NULL, HELP},       {0},
    };
    static const double max[OPTIONS] = {60000, 100000, 100, 60000, 100, 100, 1e6, 1e15};
    double value[OPTIONS] = {[SEED] = 1};
    for (int which; (which = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (which == HELP) {
            fputs(USAGE, stdout);
            exit(EXIT_SUCCESS);
        }
        if (which == '?')
            exit(2);
        value[which] = number(options[which].name, optarg, max[which]);
    }
    link->delay_ns = (uint64_t)(value[RTT] / 2 * 1e6);
    link->jitter_ns = (uint64_t)(value[JITTER] * 1e6);
    link->rate_bps = (uint64_t)(value[RATE] * 1e6);
    link->loss = value[LOSS] / 100;
    link->reorder = value[REORDER] / 100;
    link->duplicate = value[DUPLICATE] / 100;
    link->seed = (uint64_t)value[SEED];

    double bdp_packets = (double)link->rate_bps * value[RTT] / 1e3 / 8 / PACKET_TYPICAL;
    double queue = value[QUEUE] > 0 ? value[QUEUE] : fmax(bdp_packets, QUEUE_MIN);
    link->queue_bytes = (uint64_t)(queue * PACKET_TYPICAL);
    /* Small packets: ten times as many fit the same bytes. */
    link->slots = link->rate_bps > 0 ? (size_t)(10 * (queue + bdp_packets)) : UNLIMITED_SLOTS;
}

int main(int argc, char **argv)
{
    static struct emulator e = {.armed_ns = UINT64_MAX};
    parse(&e.link, argc, argv);
    e.count = (size_t)(argc - optind);
    if (e.count == 0 || e.count > DIRECTIONS_MAX) {
        fputs(USAGE, stderr);
        return 2;
    }

    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    int signals = signalfd(-1, &mask, SFD_CLOEXEC);
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    e.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (signals < 0 || poll_fd < 0 || e.timer < 0)
        die("start");
    watch(poll_fd, signals);
    watch(poll_fd, e.timer);
    for (size_t i = 0; i < e.count; i++) {
        open_direction(&e.directions[i], &e.link, argv[optind + (int)i], i);
        watch(poll_fd, e.directions[i].fd);
    }
    print_event("ready");
    puts("}");
    fflush(stdout);
    run(&e, poll_fd, signals);
    return EXIT_SUCCESS;
}

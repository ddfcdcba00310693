/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub, spokes and their machines on one virtual clock. Every node is an el_forward with an
 * el_tunnel; its local ports are memory, whose far end is the machine's card; between the nodes is
 * a network that delays, loses, doubles, reorders, and has an MTU that nobody is told about.
 * Deterministic: all chance comes from el_random.
 *
 *     card ==memory== port 0 [node 0: hub]----WAN----[node i: spoke] port 0 ==memory== card
 *
 * Node I's tunnel address is 100.64.0.(I+1); its place on the WAN is 192.0.2.(I+1):51820.
 */
#ifndef FORWARD_WORLD_H
#define FORWARD_WORLD_H

#include "base/csprng.h"
#include "base/time.h"
#include "datapath/forward.h"
#include "port/memory.h"
#include "tunnel/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORLD_NODES = 5,
    WORLD_PORTS = 2, /* of one node */
    WORLD_DATAGRAM = 2048,
    WORLD_BEFORE = 64,
    WORLD_ADDRESSES = 1024,
    WORLD_QUEUE = 512, /* frames of a card */
    WORLD_EVENTS = 7,
    WORLD_OUTER = 28, /* IPv4 and UDP around a datagram */
    WORLD_TICKS = 1000,
    WORLD_ECN = 3, /* both bits of an IP header's ECN: congestion */
};

struct world_datagram {
    struct world_datagram *next;
    uint64_t at_ns;
    struct el_endpoint from, to;
    uint8_t tos;    /* of its IP header */
    bool delivered; /* its address is that of who gets it */
    size_t len;
    uint8_t before[WORLD_BEFORE]; /* somebody else's: nobody writes there */
    uint8_t bytes[WORLD_DATAGRAM];
};

/* A local port as the node sees it: memory. */
struct world_port {
    struct el_port port; /* first: an el_port is cast to it */
    struct world *world;
    struct el_port *inner, *card;
    uint32_t vni;
    bool protect;
    bool full; /* it takes nothing */
};

struct world_node {
    struct world *world;
    struct el_tunnel *tunnel; /* NULL: switched off */
    struct el_forward *forward;
    struct el_endpoint at;
    uint8_t private_key[32], public_key[32];
    uint8_t reserved[12]; /* what is on its disk */
    struct world_port ports[WORLD_PORTS];
    unsigned port_count;
    struct el_tunnel_peer *peers[WORLD_NODES];
    enum el_tunnel_wire wire; /* its form towards the hub, node 0 */
    size_t first_hop_mtu;     /* 0: any; its own kernel refuses beyond */
    size_t mtu; /* of the way to it, where that is narrower than the WAN's; 0: it is not */
    unsigned events[WORLD_EVENTS];
    unsigned sent, too_big;                     /* datagrams */
    bool takes_inside;                          /* somebody else listens at its tunnel address, */
    unsigned inside;                            /* and has got so many packets */
    bool live[WORLD_NODES];                     /* the direct way to that node */
    unsigned relayed[WORLD_NODES][WORLD_NODES]; /* told: from, to */
};

struct world {
    uint64_t now_ns;
    uint64_t delay_ns, jitter_ns;
    unsigned loss_percent, double_percent;
    size_t mtu; /* of the WAN, outer bytes; 0: any. Larger ones vanish. */
    enum {
        WORLD_FREE,
        WORLD_CONGESTED,
        WORLD_RUDE
    } routers;        /* whether they mark what may be
                         marked, or whatever there is */
    uint8_t last_tos; /* with which the last datagram left */
    struct world_node nodes[WORLD_NODES];
    /* All datagrams there are, and a list of those under way, in order of arrival. */
    struct world_datagram *memory, *idle, *first, *last;
    size_t datagrams, used; /* of that memory; the used ones come first */
    struct world_datagram *reserved_first, *reserved_last; /* by the node that works now */
    /* Told of each frame that reaches a card. */
    void (*arrived)(struct world *world, unsigned node, unsigned port,
                    const struct el_port_rx *frame);
    /* What the NATs on the way make of a datagram's addresses, when it leaves and when it arrives;
     * false: they drop it. NULL: there are none. */
    bool (*leaves)(struct world *world, struct el_endpoint *from, const struct el_endpoint *to);
    bool (*arrives)(struct world *world, const struct el_endpoint *from, struct el_endpoint *to);
    void *arg;
    /* Of the hub, if it guards against loops; its argument is the world. */
    bool (*loop)(void *world, const struct el_tunnel_peer *peer, const struct el_tunnel_peer *other,
                 uint32_t vni, bool shut);
    /* Around calls of what is tested: whoever counts allocations looks at this. */
    bool inside;
};

/* The MAC address of the card of NODE's port PORT. */
static inline struct el_mac world_mac(unsigned node, unsigned port)
{
    return (struct el_mac){{0x52, 0x54, 0x00, 0x77, (uint8_t)port, (uint8_t)(node + 1)}};
}

/* -- datagrams -- */

static inline void world_free_datagram(struct world *world, struct world_datagram *datagram)
{
    datagram->next = world->idle;
    world->idle = datagram;
}

static inline struct world_datagram *world_new_datagram(struct world *world)
{
    struct world_datagram *datagram = world->idle;

    if (datagram)
        world->idle = datagram->next;
    else if (world->used < world->datagrams)
        datagram = &world->memory[world->used++];
    return datagram;
}

/* Puts it among those under way. Most arrive last. */
static inline void world_fly(struct world *world, struct world_datagram *datagram)
{
    struct world_datagram **at = &world->first;

    if (world->last && world->last->at_ns <= datagram->at_ns)
        at = &world->last->next;
    else
        while (*at && (*at)->at_ns <= datagram->at_ns)
            at = &(*at)->next;
    datagram->next = *at;
    *at = datagram;
    if (!datagram->next)
        world->last = datagram;
}

static inline struct world_datagram *world_land(struct world *world)
{
    struct world_datagram *datagram = world->first;

    world->first = datagram->next;
    if (!world->first)
        world->last = NULL;
    return datagram;
}

/* The MTU of the way to a place. */
static inline size_t world_mtu_to(const struct world *world, const struct el_endpoint *to)
{
    for (unsigned i = 0; i < WORLD_NODES; i++)
        if (world->nodes[i].mtu && el_endpoint_equal(&world->nodes[i].at, to))
            return world->nodes[i].mtu;
    return world->mtu;
}

static inline bool world_marks(const struct world *world, uint8_t tos)
{
    return world->routers == WORLD_RUDE || (world->routers == WORLD_CONGESTED && tos & WORLD_ECN);
}

/* A datagram leaves for the network. */
static inline void world_send(struct world *world, const struct el_endpoint *from,
                              const struct el_endpoint *to, uint8_t tos, const uint8_t *bytes,
                              size_t len)
{
    unsigned copies = 1 + (el_random_below(100) < world->double_percent);

    size_t mtu = world_mtu_to(world, to);

    world->last_tos = tos;

    if (mtu && len + WORLD_OUTER > mtu)
        return;
    struct el_endpoint seen = *from;
    if (world->leaves && !world->leaves(world, &seen, to))
        return;
    for (unsigned i = 0; i < copies; i++) {
        struct world_datagram *d =
            el_random_below(100) < world->loss_percent ? NULL : world_new_datagram(world);
        if (!d)
            continue;
        d->at_ns = world->now_ns + world->delay_ns;
        if (world->jitter_ns)
            d->at_ns += el_random_below((uint32_t)(world->jitter_ns / EL_US)) * EL_US;
        d->from = seen;
        d->to = *to;
        d->delivered = false;
        d->tos = tos | (world_marks(world, tos) ? WORLD_ECN : 0);
        d->len = len;
        memcpy(d->bytes, bytes, len);
        world_fly(world, d);
    }
}

/* What a node's forwarding reserves; sent when it has come back from the call. */
static inline uint8_t *world_reserve(void *arg, const struct el_endpoint *to, size_t len,
                                     uint8_t tos)
{
    struct world_node *node = arg;
    struct world *world = node->world;
    struct world_datagram *d = len <= WORLD_DATAGRAM ? world_new_datagram(world) : NULL;

    if (!d)
        return NULL;
    *d = (struct world_datagram){.from = node->at, .to = *to, .tos = tos, .len = len};
    if (world->reserved_last)
        world->reserved_last->next = d;
    else
        world->reserved_first = d;
    world->reserved_last = d;
    return d->bytes;
}

static inline void world_cancel(void *arg)
{
    struct world *world = ((struct world_node *)arg)->world;
    struct world_datagram *d = world->reserved_last, **at = &world->reserved_first;

    while (*at != d)
        at = &(*at)->next;
    *at = NULL;
    world->reserved_last = NULL;
    for (struct world_datagram *i = world->reserved_first; i; i = i->next)
        world->reserved_last = i;
    world_free_datagram(world, d);
}

/* Sends what the node has reserved. */
static inline void world_flush(struct world *world, struct world_node *node)
{
    world->inside = true;
    el_forward_flush(node->forward, world->now_ns);
    world->inside = false;
    el_tunnel_reserve_timestamp(node->tunnel, world->now_ns, node->reserved);
    while (world->reserved_first) {
        struct world_datagram *d = world->reserved_first;
        world->reserved_first = d->next;
        if (!world->reserved_first)
            world->reserved_last = NULL;
        if (node->first_hop_mtu && d->len + WORLD_OUTER > node->first_hop_mtu) {
            node->too_big++;
            el_forward_too_big(node->forward, 0, world->now_ns, &d->to, d->len);
        } else {
            node->sent++;
            world_send(world, &d->from, &d->to, d->tos, d->bytes, d->len);
        }
        world_free_datagram(world, d);
    }
}

/* -- ports -- */

static inline int world_port_send(struct el_port *port, const struct el_port_tx *frame)
{
    struct world_port *self = (struct world_port *)port;
    bool was_inside = self->world->inside;

    if (self->full)
        return EL_EAGAIN;
    self->world->inside = false; /* memory is the tests' own way to keep frames */
    int rc = el_port_send(self->inner, frame);
    self->world->inside = was_inside;
    return rc;
}

static inline int world_port_receive(struct el_port *port, struct el_port_rx *frames,
                                     unsigned count)
{
    struct world_port *self = (struct world_port *)port;

    return el_port_receive(self->inner, frames, count);
}

static inline void world_port_close(struct el_port *port)
{
    struct world_port *self = (struct world_port *)port;

    el_port_close(self->inner);
    el_port_close(self->card);
}

static const struct el_port_ops world_port_ops = {world_port_receive, world_port_send,
                                                  world_port_close, NULL};

/* Before world_start(): node I gets a port of network VNI, with a card behind it. */
static inline void world_port(struct world *world, unsigned i, uint32_t vni, bool protect)
{
    struct world_node *node = &world->nodes[i];
    struct world_port *port = &node->ports[node->port_count++];
    struct el_port *ends[2];

    if (el_port_memory_pair(WORLD_QUEUE, ends) < 0)
        abort();
    *port = (struct world_port){
        .world = world, .inner = ends[0], .card = ends[1], .vni = vni, .protect = protect};
    port->port = (struct el_port){.ops = &world_port_ops, .fd = -1, .uso = true};
}

/* Gives NODE what its cards have sent. */
static inline void world_pump(struct world *world, struct world_node *node)
{
    static uint8_t memory[EL_FORWARD_HEADROOM + EL_PORT_FRAME_BYTES + EL_FORWARD_TAILROOM];

    for (unsigned i = 0; i < node->port_count; i++) {
        struct el_port_rx rx = {.bytes = memory + EL_FORWARD_HEADROOM,
                                .capacity = EL_PORT_FRAME_BYTES};
        while (el_port_receive(&node->ports[i].port, &rx, 1) == 1) {
            world->inside = true;
            el_forward_frame(node->forward, world->now_ns, i, &rx);
            world->inside = false;
            world_flush(world, node);
        }
    }
}

/* The card of NODE's port PORT sends a frame. */
static inline void world_put(struct world *world, unsigned node, unsigned port,
                             const uint8_t *bytes, size_t len, const struct el_offload *offload)
{
    struct el_slice slice = {bytes, len};
    struct el_port_tx tx = {.slices = &slice, .count = 1};

    if (offload)
        tx.offload = *offload;
    if (el_port_send(world->nodes[node].ports[port].card, &tx) < 0)
        abort();
    if (world->nodes[node].forward)
        world_pump(world, &world->nodes[node]);
}

static inline void world_collect(struct world *world, unsigned i)
{
    static uint8_t memory[EL_PORT_FRAME_BYTES];
    struct world_node *node = &world->nodes[i];

    for (unsigned p = 0; p < node->port_count; p++) {
        struct el_port_rx rx = {.bytes = memory, .capacity = sizeof memory};
        while (el_port_receive(node->ports[p].card, &rx, 1) == 1)
            if (world->arrived)
                world->arrived(world, i, p, &rx);
    }
}

/* -- time -- */

enum { WORLD_TRAIN = 64 };

static inline void world_require_untouched(const struct world_datagram *d)
{
    static const uint8_t zeros[WORLD_BEFORE];

    if (memcmp(d->before, zeros, sizeof zeros) != 0)
        abort();
}

/* Takes it to who is behind its address; to nobody, if a NAT does not let it in. */
static inline void world_arrive(struct world *world, struct world_datagram *d)
{
    if (!d->delivered && world->arrives && !world->arrives(world, &d->from, &d->to))
        d->to = (struct el_endpoint){.port = 0};
    d->delivered = true;
}

static inline bool world_next_is_for(struct world *world, const struct el_endpoint *to)
{
    if (!world->first || world->first->at_ns > world->now_ns)
        return false;
    world_arrive(world, world->first);
    return el_endpoint_equal(&world->first->to, to);
}

/* All that arrives now at one place, in one go: as from a socket, flushed at the end. */
static inline void world_deliver(struct world *world)
{
    struct world_datagram *train[WORLD_TRAIN];
    struct world_node *node = NULL;
    unsigned count = 0;

    world_arrive(world, world->first);
    for (unsigned i = 0; i < WORLD_NODES; i++)
        if (world->nodes[i].forward && el_endpoint_equal(&world->nodes[i].at, &world->first->to))
            node = &world->nodes[i];
    do {
        struct world_datagram *d = train[count++] = world_land(world);
        if (!node)
            continue;
        memset(d->before, 0, sizeof d->before);
        world->inside = true;
        el_forward_datagram(node->forward, world->now_ns, &d->from, d->bytes, d->len, d->tos);
        world->inside = false;
    } while (count < WORLD_TRAIN && world_next_is_for(world, &train[0]->to));
    if (node)
        world_flush(world, node);
    while (count > 0) {
        if (node)
            world_require_untouched(train[count - 1]);
        world_free_datagram(world, train[--count]);
    }
}

static inline void world_tick(struct world *world, struct world_node *node)
{
    world->inside = true;
    el_forward_tick(node->forward, world->now_ns);
    world->inside = false;
    world_flush(world, node);
}

static inline struct world_node *world_next_timer(struct world *world, uint64_t *next_ns)
{
    struct world_node *timer = NULL;

    for (unsigned i = 0; i < WORLD_NODES; i++) {
        struct world_node *node = &world->nodes[i];
        if (node->forward && el_forward_deadline_ns(node->forward) < *next_ns) {
            *next_ns = el_forward_deadline_ns(node->forward);
            timer = node;
        }
    }
    return timer;
}

/* Everything that happens until UNTIL_NS. A deadline that does not move is a bug. */
static inline void world_run(struct world *world, uint64_t until_ns)
{
    for (unsigned i = 0; i < WORLD_NODES; i++)
        world_collect(world, i);
    for (unsigned ticks = 0; ticks < WORLD_TICKS;) {
        uint64_t next = until_ns + 1;
        if (world->first && world->first->at_ns < next)
            next = world->first->at_ns;
        struct world_node *timer = world_next_timer(world, &next);
        if (next > until_ns) {
            world->now_ns = until_ns;
            return;
        }
        ticks = next > world->now_ns ? 0 : ticks + !!timer;
        if (next > world->now_ns)
            world->now_ns = next;
        if (timer)
            world_tick(world, timer);
        else
            world_deliver(world);
        for (unsigned i = 0; i < WORLD_NODES; i++)
            world_collect(world, i);
    }
    fprintf(stderr, "a deadline stands still\n");
    abort();
}

static inline void world_wait(struct world *world, uint64_t ns)
{
    world_run(world, world->now_ns + ns);
}

/* -- beginning and end -- */

static inline void world_event(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    struct world_node *node = arg;

    node->events[event]++;
    el_forward_event(node->forward, node->world->now_ns, event, peer);
}

static inline unsigned world_node_of(const struct el_tunnel_peer *peer)
{
    struct el_ip ip = el_tunnel_peer_ip(peer);

    return el_ip4_number(&ip) - 0x64400001;
}

static inline void world_relayed(void *arg, const struct el_tunnel_peer *from,
                                 const struct el_tunnel_peer *to)
{
    ((struct world_node *)arg)->relayed[world_node_of(from)][world_node_of(to)]++;
}

static inline bool world_loop(void *arg, const struct el_tunnel_peer *peer,
                              const struct el_tunnel_peer *other, uint32_t vni, bool shut)
{
    struct world *world = ((struct world_node *)arg)->world;

    return world->loop(world, peer, other, vni, shut);
}

static inline bool world_inside(void *arg, unsigned lane, const uint8_t *packet, size_t len)
{
    (void)lane;
    (void)packet;
    (void)len;
    ((struct world_node *)arg)->inside++;
    return true;
}

static inline void world_direct(void *arg, const struct el_tunnel_peer *peer, bool live, bool used)
{
    (void)used;
    ((struct world_node *)arg)->live[world_node_of(peer)] = live;
}

static inline void world_stop(struct world *world, unsigned i)
{
    struct world_node *node = &world->nodes[i];

    el_forward_free(node->forward);
    el_tunnel_free(node->tunnel);
    node->forward = NULL;
    node->tunnel = NULL;
    memset(node->peers, 0, sizeof node->peers);
}

/* Starts node I (again), with nothing but its keys and its disk. */
static inline void world_start(struct world *world, unsigned i)
{
    struct world_node *node = &world->nodes[i];
    struct el_tunnel_config tunnel = {.peers_max = WORLD_NODES, .event = world_event, .arg = node};

    world_stop(world, i);
    memcpy(tunnel.private_key, node->private_key, 32);
    memcpy(tunnel.last_timestamp, node->reserved, 12);
    tunnel.wall_at_zero_ns = UINT64_C(1790000000) * EL_S;
    if (el_tunnel_new(&tunnel, &node->tunnel, NULL) < 0)
        abort();

    struct el_forward_config forward = {.tunnel = node->tunnel,
                                        .out = {world_reserve, world_cancel, node},
                                        .address = 0x64400001 + i,
                                        .peers_max = WORLD_NODES,
                                        .addresses_max = WORLD_ADDRESSES,
                                        .loop = i == 0 && world->loop ? world_loop : NULL,
                                        .inside = node->takes_inside ? world_inside : NULL,
                                        .relayed = world_relayed,
                                        .direct = world_direct,
                                        .arg = node};
    if (el_forward_new(&forward, &node->forward) < 0)
        abort();
    for (unsigned p = 0; p < node->port_count; p++) {
        struct el_mac own = world_mac(i, p);
        struct world_port *port = &node->ports[p];
        if (el_forward_add_port(node->forward, &port->port, port->vni,
                                port->protect ? &own : NULL) != (int)p)
            abort();
    }
}

/* Node I learns of node J, and lets it into these networks. */
static inline void world_introduce(struct world *world, unsigned i, unsigned j, bool knows_where,
                                   const uint32_t *vnis, unsigned count)
{
    struct world_node *node = &world->nodes[i];
    struct el_tunnel_peer_config config = {.keepalive_s = knows_where ? 25 : 0,
                                           .wire = world->nodes[i ? i : j].wire};

    snprintf(config.name, sizeof config.name, "node%u", j);
    memcpy(config.public_key, world->nodes[j].public_key, 32);
    if (knows_where)
        config.endpoint = world->nodes[j].at;
    config.allowed = (struct el_prefix){.ip = el_ip4(0x64400001 + j), .len = 32};
    if (el_tunnel_add_peer(node->tunnel, &config, &node->peers[j], NULL) < 0 ||
        el_forward_add_peer(node->forward, node->peers[j], 0x64400001 + j, vnis, count) < 0)
        abort();
}

/* With so many datagrams, under way and reserved, at the most. */
static inline void world_begin(struct world *world, uint64_t seed, size_t datagrams)
{
    memset(world, 0, sizeof *world);
    el_random_seed_for_test(seed);
    world->now_ns = EL_S;
    world->delay_ns = 10 * EL_MS;
    world->memory = calloc(datagrams, sizeof *world->memory);
    if (!world->memory)
        abort();
    world->datagrams = datagrams;
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        struct world_node *node = &world->nodes[i];
        node->world = world;
        node->at = (struct el_endpoint){.ip = el_ip4(0xc0000201 + i), .port = 51820};
        el_tunnel_key_make(node->private_key);
        el_tunnel_key_public(node->private_key, node->public_key);
    }
}

static inline void world_end(struct world *world)
{
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        world_stop(world, i);
        for (unsigned p = 0; p < world->nodes[i].port_count; p++)
            el_port_close(&world->nodes[i].ports[p].port);
    }
    free(world->memory);
}

/* The value of one of node I's counters, by "PART.NAME". */
struct world_counter {
    const char *name;
    uint64_t value;
};

static inline void world_each_counter(void *arg, const char *part, const char *name, uint64_t value)
{
    struct world_counter *wanted = arg;
    size_t len = strlen(part);

    if (strncmp(wanted->name, part, len) == 0 && strcmp(wanted->name + len + 1, name) == 0)
        wanted->value = value;
}

static inline uint64_t world_count(const struct world *world, unsigned i, const char *name)
{
    struct world_counter wanted = {name, 0};

    el_forward_counters(world->nodes[i].forward, world_each_counter, &wanted);
    return wanted.value;
}

#endif

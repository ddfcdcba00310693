/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch.
 *
 * What lanes may write side by side is in struct lane, one for each, or is an atomic that needs no
 * order among others: when an address was last heard, and how full a bucket is. All else is still
 * while they look. Both modes go one way through the code: judge() says what the source of a frame
 * asks for and changes nothing; only the exclusive mode goes on to change().
 *
 * An address is one struct address in an array of fixed size; the map finds it by network and MAC,
 * the port it was heard at holds it in a list, so that a port is forgotten in as many steps as it
 * has addresses. Ageing sweeps the array, a slice at a time.
 *
 * Who gets a flooded frame is decided when ports change, not when frames come: each network keeps
 * an array of its published ports without shortcuts, and one of those that are not isolated. A
 * flood copies it to the lane without the port that the frame came from.
 */
#include "switch/switch.h"

#include "base/map.h"
#include "base/time.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESSES_DEFAULT = 65536,
    ADDRESSES_LIMIT = 1 << 20,
    ADDRESSES_PER_PORT_DEFAULT = 1024,
    FLOOD_PER_S_DEFAULT = 1000,
    FLOOD_BURST_DEFAULT = 2000,
    CHANGES_PER_S = 100, /* of the table, by a port */
    AGEING_DEFAULT_S = 300,
    AGEING_MIN_S = 10,
    AGEING_MAX_S = 24 * 60 * 60,
    RECENT = 256,       /* by the last bytes of the key; one pointer each */
    SWEEP_SLICES = 128, /* that many steps make one sweep ... */
    SWEEPS_PER_AGE = 4, /* ... and that many sweeps one ageing time */
    CACHE_LINE = 64,
};

#define NONE     UINT32_MAX /* no address */
#define FRESH_NS EL_S       /* lanes do not tell each other more often that they hear an address */

struct address {
    uint64_t key;
    _Atomic uint64_t seen_ns;
    uint32_t next, previous; /* of the same port; next also chains the free ones */
    uint16_t port;
    bool used;
    bool pinned;
};

/* A token bucket, kept as the time when it will be full again (GCRA, ITU-T I.371). */
struct bucket {
    uint64_t interval_ns, burst_ns;
    _Atomic uint64_t full_ns;
};

struct flood_list {
    uint16_t *ports;
    unsigned count;
};

enum list { LIST_ALL, LIST_OPEN, LISTS }; /* published, no shortcut; and not isolated either */

struct network {
    uint32_t vni;
    unsigned members; /* ports, published or not; 0: this slot is free */
    struct flood_list list[LISTS];
};

struct port {
    bool used, published, isolate, shortcut, protect;
    uint8_t network;
    uint16_t position[LISTS]; /* in the network's lists */
    uint32_t newest;          /* address */
    unsigned addresses_max;
    struct bucket floods, changes;
};

/* What one lane writes and no other. */
struct lane {
    _Alignas(CACHE_LINE) _Atomic uint64_t counters[EL_SWITCH_COUNTERS];
    uint16_t unicast; /* what OUT points to for a known destination, */
    uint16_t *flood;  /* and for all others */
    struct address *recent[RECENT];
};

struct el_switch {
    unsigned ports_max;
    size_t addresses_max;
    uint64_t ageing_ns;
    struct el_map *by_key;
    struct address *addresses;
    uint32_t free;   /* the first of the free addresses */
    size_t learned;  /* addresses that will age */
    size_t sweep_at; /* the next address to look at */
    uint64_t sweep_ns;
    struct port *ports;
    unsigned *owned; /* addresses of each port; apart, because a full table searches it */
    struct network networks[EL_SWITCH_NETWORKS_MAX];
    struct lane lanes[EL_SWITCH_LANES];
};

static void count(struct lane *lane, enum el_switch_counter counter)
{
    uint64_t was = atomic_load_explicit(&lane->counters[counter], memory_order_relaxed);

    atomic_store_explicit(&lane->counters[counter], was + 1, memory_order_relaxed);
}

/* -- buckets -- */

static bool has_token(const struct bucket *bucket, uint64_t now_ns, uint64_t full_ns)
{
    return (full_ns > now_ns ? full_ns : now_ns) + bucket->interval_ns <= now_ns + bucket->burst_ns;
}

/* Takes TOKENS if there is one: what costs more than is there leaves a debt, so that it passes at
 * all, and at its price. */
static bool take_tokens(struct bucket *bucket, uint64_t now_ns, unsigned tokens)
{
    uint64_t full_ns = atomic_load_explicit(&bucket->full_ns, memory_order_relaxed), next;

    do {
        if (!has_token(bucket, now_ns, full_ns))
            return false;
        next = (full_ns > now_ns ? full_ns : now_ns) + tokens * bucket->interval_ns;
    } while (!atomic_compare_exchange_weak_explicit(&bucket->full_ns, &full_ns, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static struct bucket make_bucket(unsigned per_s, unsigned burst)
{
    uint64_t interval_ns = per_s < EL_S ? EL_S / per_s : 1;

    return (struct bucket){.interval_ns = interval_ns, .burst_ns = burst * interval_ns};
}

/* -- addresses -- */

static uint64_t make_key(unsigned network, const struct el_mac *mac)
{
    uint32_t head;
    uint16_t tail;

    memcpy(&head, mac->b, sizeof head);
    memcpy(&tail, mac->b + sizeof head, sizeof tail);
    return (uint64_t)head << 32 | (uint64_t)tail << 16 | network;
}

/* Frames come in flights between the same two stations: what was looked up last is looked at before
 * the map is. An address never moves in memory, so an old pointer at worst has another key now. */
static struct address *look_up(const struct el_switch *sw, struct lane *lane, uint64_t key)
{
    struct address **recent = &lane->recent[(key >> 24 ^ key >> 16 ^ key) % RECENT];

    if (*recent && (*recent)->used && (*recent)->key == key)
        return *recent;
    struct address *address = el_map_get(sw->by_key, &key);
    if (address)
        *recent = address;
    return address;
}

static struct el_mac mac_of(uint64_t key)
{
    uint32_t head = (uint32_t)(key >> 32);
    uint16_t tail = (uint16_t)(key >> 16);
    struct el_mac mac;

    memcpy(mac.b, &head, sizeof head);
    memcpy(mac.b + sizeof head, &tail, sizeof tail);
    return mac;
}

static bool is_alive(const struct el_switch *sw, const struct address *address, uint64_t now_ns)
{
    return address->pinned ||
           now_ns < atomic_load_explicit(&address->seen_ns, memory_order_relaxed) + sw->ageing_ns;
}

static void link_address(struct el_switch *sw, struct address *address, unsigned port)
{
    uint32_t self = (uint32_t)(address - sw->addresses);
    uint32_t next = sw->ports[port].newest;

    address->port = (uint16_t)port;
    address->previous = NONE;
    address->next = next;
    if (next != NONE)
        sw->addresses[next].previous = self;
    sw->ports[port].newest = self;
    sw->owned[port]++;
}

static void unlink_address(struct el_switch *sw, struct address *address)
{
    if (address->previous != NONE)
        sw->addresses[address->previous].next = address->next;
    else
        sw->ports[address->port].newest = address->next;
    if (address->next != NONE)
        sw->addresses[address->next].previous = address->previous;
    sw->owned[address->port]--;
}

static void forget(struct el_switch *sw, struct address *address)
{
    el_map_del(sw->by_key, &address->key);
    unlink_address(sw, address);
    if (!address->pinned)
        sw->learned--;
    address->used = false;
    address->next = sw->free;
    sw->free = (uint32_t)(address - sw->addresses);
}

/* What has to go from a full table for one more address of PORT: one of whichever port owns most,
 * or NULL if that is PORT itself. A million addresses from one port so displace each other, not
 * those of the others. */
static struct address *displaced_by(const struct el_switch *sw, unsigned port)
{
    unsigned richest = 0;

    for (unsigned p = 1; p < sw->ports_max; p++)
        if (sw->owned[p] > sw->owned[richest])
            richest = p;
    if (sw->owned[richest] <= sw->owned[port] + 1)
        return NULL;
    for (uint32_t a = sw->ports[richest].newest; a != NONE; a = sw->addresses[a].next)
        if (!sw->addresses[a].pinned)
            return &sw->addresses[a];
    return NULL;
}

static bool has_room(const struct el_switch *sw, unsigned port)
{
    return sw->owned[port] < sw->ports[port].addresses_max &&
           (sw->free != NONE || displaced_by(sw, port));
}

/* A new address at PORT, for which there must be room. */
static struct address *remember(struct el_switch *sw, unsigned port, uint64_t key, uint64_t now_ns)
{
    if (sw->free == NONE)
        forget(sw, displaced_by(sw, port));

    struct address *address = &sw->addresses[sw->free];
    sw->free = address->next;
    *address = (struct address){.key = key, .seen_ns = now_ns, .used = true};
    link_address(sw, address, port);
    el_map_put(sw->by_key, &address->key, address); /* as large as the array: cannot be full */
    if (sw->learned++ == 0)
        sw->sweep_ns = now_ns + sw->ageing_ns / (SWEEP_SLICES * SWEEPS_PER_AGE);
    return address;
}

/* Whether ADDRESS, which is known at another port, stays there although PORT hears it. */
static bool is_held(const struct el_switch *sw, uint64_t now_ns, unsigned port,
                    const struct address *address)
{
    uint64_t seen_ns = atomic_load_explicit(&address->seen_ns, memory_order_relaxed);

    return sw->ports[address->port].shortcut && sw->ports[port].isolate &&
           now_ns < seen_ns + EL_SWITCH_HOLD_S * EL_S;
}

/* What it means that an address is heard at a port. */
enum verdict {
    KNOWN,     /* it is there */
    HELD,      /* it stays at the shortcut where it is */
    NEW,       /* it should be there */
    UNLEARNED, /* it should, but the port has had its share: what is known of it stays as it was */
    FORBIDDEN  /* another port protects it */
};

static enum verdict judge(const struct el_switch *sw, uint64_t now_ns, unsigned port,
                          const struct address *address)
{
    const struct bucket *changes = &sw->ports[port].changes;

    if (address && address->port == port)
        return KNOWN;
    if (address && is_alive(sw, address, now_ns) &&
        (address->pinned || sw->ports[address->port].protect))
        return FORBIDDEN;
    if (address && is_held(sw, now_ns, port, address))
        return HELD;
    if (!has_token(changes, now_ns, atomic_load_explicit(&changes->full_ns, memory_order_relaxed)))
        return UNLEARNED;
    bool room = address ? sw->owned[port] < sw->ports[port].addresses_max : has_room(sw, port);
    return room ? NEW : UNLEARNED;
}

/* Notes that KEY is at PORT from now on: a NEW one. ADDRESS is what is known of it, or NULL. True:
 * it was at another. */
static bool change(struct el_switch *sw, uint64_t now_ns, struct lane *lane, unsigned port,
                   uint64_t key, struct address *address)
{
    bool moved = address && is_alive(sw, address, now_ns);

    take_tokens(&sw->ports[port].changes, now_ns, 1);
    if (address) {
        unlink_address(sw, address);
        link_address(sw, address, port);
        address->seen_ns = now_ns;
    } else {
        remember(sw, port, key, now_ns);
    }
    count(lane, moved ? EL_SWITCH_MOVED : EL_SWITCH_LEARNED);
    return moved;
}

static void sweep_slice(struct el_switch *sw, uint64_t now_ns)
{
    size_t slice = (sw->addresses_max + SWEEP_SLICES - 1) / SWEEP_SLICES;

    for (; slice > 0; slice--) {
        struct address *address = &sw->addresses[sw->sweep_at];
        sw->sweep_at = sw->sweep_at + 1 < sw->addresses_max ? sw->sweep_at + 1 : 0;
        if (address->used && !is_alive(sw, address, now_ns)) {
            forget(sw, address);
            count(&sw->lanes[0], EL_SWITCH_AGED);
        }
    }
}

void el_switch_age(struct el_switch *sw, uint64_t now_ns)
{
    uint64_t interval = sw->ageing_ns / (SWEEP_SLICES * SWEEPS_PER_AGE);

    if (sw->learned == 0 || now_ns < sw->sweep_ns)
        return;
    /* Who comes late gets all that was due in one go, but never more than a whole sweep. */
    uint64_t due = (now_ns - sw->sweep_ns) / interval + 1;
    for (uint64_t slice = 0; slice < due && slice < SWEEP_SLICES; slice++)
        sweep_slice(sw, now_ns);
    sw->sweep_ns += due * interval;
}

uint64_t el_switch_deadline_ns(const struct el_switch *sw)
{
    return sw->learned > 0 ? sw->sweep_ns : EL_NEVER;
}

/* -- networks and ports -- */

static struct network *find_network(const struct el_switch *sw, uint32_t vni)
{
    for (unsigned n = 0; n < EL_SWITCH_NETWORKS_MAX; n++)
        if (sw->networks[n].members > 0 && sw->networks[n].vni == vni)
            return (struct network *)&sw->networks[n];
    return NULL;
}

static int join_network(struct el_switch *sw, uint32_t vni, uint8_t *network)
{
    struct network *found = find_network(sw, vni);

    for (unsigned n = 0; !found && n < EL_SWITCH_NETWORKS_MAX; n++)
        if (sw->networks[n].members == 0)
            found = &sw->networks[n];
    if (!found)
        return EL_EFULL;
    if (found->members == 0) {
        *found = (struct network){.vni = vni};
        uint16_t *ports = calloc((size_t)LISTS * sw->ports_max, sizeof *ports);
        if (!ports)
            return EL_ENOMEM;
        for (int l = 0; l < LISTS; l++)
            found->list[l].ports = ports + (size_t)l * sw->ports_max;
    }
    found->members++;
    *network = (uint8_t)(found - sw->networks);
    return 0;
}

static void leave_network(struct network *network)
{
    if (--network->members == 0)
        free(network->list[0].ports); /* one block holds all lists */
}

static void swap_in_list(struct el_switch *sw, enum list l, unsigned a, unsigned b)
{
    struct flood_list *list = &sw->networks[sw->ports[a].network].list[l];
    uint16_t at = sw->ports[a].position[l];

    sw->ports[a].position[l] = sw->ports[b].position[l];
    sw->ports[b].position[l] = at;
    list->ports[sw->ports[a].position[l]] = (uint16_t)a;
    list->ports[sw->ports[b].position[l]] = (uint16_t)b;
}

static void move_to_end(struct el_switch *sw, enum list l, unsigned port)
{
    const struct flood_list *list = &sw->networks[sw->ports[port].network].list[l];

    swap_in_list(sw, l, port, list->ports[list->count - 1]);
}

/* In how many lists the port is while it is published: in the first so many. */
static unsigned lists_of(const struct port *port)
{
    return port->shortcut ? 0 : port->isolate ? LIST_OPEN : LISTS;
}

void el_switch_publish(struct el_switch *sw, unsigned port, bool published)
{
    if (port >= sw->ports_max || !sw->ports[port].used || sw->ports[port].published == published)
        return;

    struct port *p = &sw->ports[port];
    for (enum list l = 0; l < lists_of(p); l++) {
        struct flood_list *list = &sw->networks[p->network].list[l];
        if (published) {
            p->position[l] = (uint16_t)list->count;
            list->ports[list->count++] = (uint16_t)port;
        } else {
            move_to_end(sw, l, port);
            list->count--;
        }
    }
    p->published = published;
}

int el_switch_add_port(struct el_switch *sw, const struct el_switch_port_config *config)
{
    unsigned port = 0;
    uint8_t network;

    if (config->vni > EL_SWITCH_VNI_MAX)
        return EL_EINVAL;
    while (port < sw->ports_max && sw->ports[port].used)
        port++;
    if (port == sw->ports_max)
        return EL_EFULL;
    int r = join_network(sw, config->vni, &network);
    if (r < 0)
        return r;

    unsigned per_s = config->flood_per_s ? config->flood_per_s : FLOOD_PER_S_DEFAULT;
    unsigned burst = config->flood_burst ? config->flood_burst : FLOOD_BURST_DEFAULT;
    unsigned quota = config->addresses_max ? config->addresses_max : ADDRESSES_PER_PORT_DEFAULT;
    sw->ports[port] = (struct port){
        .used = true,
        .isolate = config->isolate || config->shortcut,
        .shortcut = config->shortcut,
        .protect = config->protect,
        .network = network,
        .newest = NONE,
        .addresses_max = quota,
        .floods = make_bucket(per_s, burst),
        .changes = make_bucket(CHANGES_PER_S, quota),
    };
    sw->owned[port] = 0;
    el_switch_publish(sw, port, config->published);
    return (int)port;
}

void el_switch_remove_port(struct el_switch *sw, unsigned port)
{
    if (port >= sw->ports_max || !sw->ports[port].used)
        return;
    el_switch_publish(sw, port, false);
    while (sw->ports[port].newest != NONE)
        forget(sw, &sw->addresses[sw->ports[port].newest]);
    leave_network(&sw->networks[sw->ports[port].network]);
    sw->ports[port].used = false;
}

void el_switch_flush(struct el_switch *sw, unsigned port)
{
    if (port >= sw->ports_max || !sw->ports[port].used)
        return;
    for (uint32_t next, a = sw->ports[port].newest; a != NONE; a = next) {
        next = sw->addresses[a].next;
        if (!sw->addresses[a].pinned)
            forget(sw, &sw->addresses[a]);
    }
}

int el_switch_pin(struct el_switch *sw, unsigned port, const struct el_mac *mac)
{
    if (port >= sw->ports_max || !sw->ports[port].used || el_mac_is_group(mac) ||
        el_mac_is_zero(mac))
        return EL_EINVAL;

    uint64_t key = make_key(sw->ports[port].network, mac);
    struct address *address = el_map_get(sw->by_key, &key);
    if (address && address->pinned)
        return address->port == port ? 0 : EL_EEXIST;
    if (address)
        forget(sw, address);
    if (!has_room(sw, port))
        return EL_EFULL;
    address = remember(sw, port, key, 0);
    address->pinned = true;
    sw->learned--;
    return 0;
}

/* -- frames -- */

/* IEEE 802.1Q table 8-1: pause, LACP, 802.1X, LLDP, spanning tree ... end at the next bridge. */
static bool is_reserved(const struct el_mac *dst)
{
    static const uint8_t reserved[5] = {0x01, 0x80, 0xc2, 0x00, 0x00};

    return memcmp(dst->b, reserved, sizeof reserved) == 0 && dst->b[5] <= 0x0f;
}

static int drop(struct lane *lane, enum el_switch_counter why, int code)
{
    count(lane, why);
    return code;
}

static int flood(struct el_switch *sw, uint64_t now_ns, struct lane *lane, unsigned port,
                 struct el_switch_out *out)
{
    struct port *p = &sw->ports[port];
    enum list l = p->isolate ? LIST_OPEN : LIST_ALL;
    const struct flood_list *list = &sw->networks[p->network].list[l];
    unsigned before = p->isolate ? list->count : p->position[l]; /* an isolated one is not in it */
    unsigned copies = p->isolate ? list->count : list->count - 1;
    unsigned tokens = (copies + EL_SWITCH_FLOOD_COPIES - 1) / EL_SWITCH_FLOOD_COPIES;

    if (!take_tokens(&p->floods, now_ns, tokens > 0 ? tokens : 1))
        return drop(lane, EL_SWITCH_DROP_STORM, EL_EAGAIN);
    memcpy(lane->flood, list->ports, before * sizeof *list->ports);
    memcpy(lane->flood + before, list->ports + before + 1, (copies - before) * sizeof *list->ports);
    *out = (struct el_switch_out){.count = copies, .ports = lane->flood, .flooded = true};
    count(lane, EL_SWITCH_FLOODED);
    return 0;
}

/* Where a frame goes whose source is dealt with. */
static int decide(struct el_switch *sw, uint64_t now_ns, struct lane *lane, unsigned port,
                  const struct el_mac *dst, struct el_switch_out *out)
{
    const struct port *from = &sw->ports[port];

    if (el_mac_is_group(dst))
        return from->shortcut ? drop(lane, EL_SWITCH_DROP_ISOLATED, EL_EPERM)
                              : flood(sw, now_ns, lane, port, out);
    const struct address *address = look_up(sw, lane, make_key(from->network, dst));
    if (!address || !is_alive(sw, address, now_ns))
        return flood(sw, now_ns, lane, port, out);

    const struct port *to = &sw->ports[address->port];
    if (address->port == port)
        return drop(lane, EL_SWITCH_DROP_LOCAL, EL_EEXIST);
    if (!to->published)
        return drop(lane, EL_SWITCH_DROP_GATE, EL_EPERM);
    if (from->isolate && to->isolate)
        return drop(lane, EL_SWITCH_DROP_ISOLATED, EL_EPERM);
    lane->unicast = address->port;
    *out = (struct el_switch_out){.count = 1, .ports = &lane->unicast};
    count(lane, EL_SWITCH_FORWARDED);
    return 0;
}

static inline int forward(struct el_switch *sw, uint64_t now_ns, unsigned number, unsigned port,
                          const struct el_mac *src, const struct el_mac *dst,
                          struct el_switch_out *out, bool exclusive)
{
    *out = (struct el_switch_out){0};
    if (number >= EL_SWITCH_LANES || port >= sw->ports_max || !sw->ports[port].used)
        return EL_EINVAL;

    struct lane *lane = &sw->lanes[number];
    if (!sw->ports[port].published)
        return drop(lane, EL_SWITCH_DROP_GATE, EL_EPERM);
    if (el_mac_is_group(src) || el_mac_is_zero(src))
        return drop(lane, EL_SWITCH_DROP_SOURCE, EL_EPROTO);
    if (is_reserved(dst))
        return drop(lane, EL_SWITCH_DROP_RESERVED, EL_EPROTO);

    uint64_t key = make_key(sw->ports[port].network, src);
    struct address *address = look_up(sw, lane, key);
    bool moved = false;
    switch (judge(sw, now_ns, port, address)) {
    case KNOWN:
        if (exclusive ||
            now_ns > atomic_load_explicit(&address->seen_ns, memory_order_relaxed) + FRESH_NS)
            atomic_store_explicit(&address->seen_ns, now_ns, memory_order_relaxed);
        break;
    case NEW:
        if (!exclusive)
            return EL_SWITCH_NEEDS_CHANGE;
        moved = change(sw, now_ns, lane, port, key, address);
        break;
    case HELD: break;
    case UNLEARNED: count(lane, EL_SWITCH_NOT_LEARNED); break;
    case FORBIDDEN: return drop(lane, EL_SWITCH_DROP_PROTECTED, EL_EAUTH);
    }
    int rc = decide(sw, now_ns, lane, port, dst, out);
    if (exclusive)
        out->moved = moved;
    return rc;
}

int el_switch_forward(struct el_switch *sw, uint64_t now_ns, unsigned lane, unsigned port,
                      const struct el_mac *src, const struct el_mac *dst, struct el_switch_out *out)
{
    return forward(sw, now_ns, lane, port, src, dst, out, false);
}

int el_switch_forward_exclusive(struct el_switch *sw, uint64_t now_ns, unsigned lane, unsigned port,
                                const struct el_mac *src, const struct el_mac *dst,
                                struct el_switch_out *out)
{
    return forward(sw, now_ns, lane, port, src, dst, out, true);
}

int el_switch_find(const struct el_switch *sw, uint64_t now_ns, uint32_t vni,
                   const struct el_mac *mac)
{
    const struct network *network = find_network(sw, vni);

    if (!network)
        return EL_ENOENT;
    uint64_t key = make_key((unsigned)(network - sw->networks), mac);
    const struct address *address = el_map_get(sw->by_key, &key);
    return address && is_alive(sw, address, now_ns) ? address->port : EL_ENOENT;
}

unsigned el_switch_addresses(const struct el_switch *sw, uint64_t now_ns, unsigned port,
                             struct el_mac *macs, unsigned max)
{
    unsigned count = 0;

    if (port >= sw->ports_max || !sw->ports[port].used)
        return 0;
    for (uint32_t a = sw->ports[port].newest; a != NONE && count < max; a = sw->addresses[a].next)
        if (is_alive(sw, &sw->addresses[a], now_ns))
            macs[count++] = mac_of(sw->addresses[a].key);
    return count;
}

/* -- the whole -- */

int el_switch_new(const struct el_switch_config *config, struct el_switch **result)
{
    size_t addresses_max = config->addresses_max ? config->addresses_max : ADDRESSES_DEFAULT;
    uint64_t ageing_ns = config->ageing_ns ? config->ageing_ns : AGEING_DEFAULT_S * EL_S;

    if (config->ports_max < 2 || config->ports_max > EL_SWITCH_PORTS_MAX ||
        addresses_max > ADDRESSES_LIMIT || ageing_ns < AGEING_MIN_S * EL_S ||
        ageing_ns > AGEING_MAX_S * EL_S)
        return EL_EINVAL;
    struct el_switch *sw = aligned_alloc(CACHE_LINE, sizeof *sw); /* its size is a multiple */
    if (!sw)
        return EL_ENOMEM;
    memset(sw, 0, sizeof *sw);
    sw->ports_max = config->ports_max;
    sw->addresses_max = addresses_max;
    sw->ageing_ns = ageing_ns;
    sw->by_key = el_map_new(sizeof(uint64_t), addresses_max);
    sw->addresses = calloc(addresses_max, sizeof *sw->addresses);
    sw->ports = calloc(sw->ports_max, sizeof *sw->ports);
    sw->owned = calloc(sw->ports_max, sizeof *sw->owned);
    uint16_t *flood = sw->lanes[0].flood =
        calloc((size_t)EL_SWITCH_LANES * sw->ports_max, sizeof *flood);
    if (!sw->by_key || !sw->addresses || !sw->ports || !sw->owned || !flood) {
        el_switch_free(sw);
        return EL_ENOMEM;
    }
    for (size_t l = 0; l < EL_SWITCH_LANES; l++)
        sw->lanes[l].flood = flood + l * sw->ports_max;
    for (size_t a = 0; a < addresses_max; a++)
        sw->addresses[a].next = a + 1 < addresses_max ? (uint32_t)a + 1 : NONE;
    *result = sw;
    return 0;
}

void el_switch_free(struct el_switch *sw)
{
    if (!sw)
        return;
    for (unsigned n = 0; n < EL_SWITCH_NETWORKS_MAX; n++)
        if (sw->networks[n].members > 0)
            free(sw->networks[n].list[0].ports);
    el_map_free(sw->by_key);
    free(sw->addresses);
    free(sw->ports);
    free(sw->owned);
    free(sw->lanes[0].flood); /* one block holds all lanes' */
    free(sw);
}

const char *el_switch_counter_name(enum el_switch_counter counter)
{
    static const char *const name[EL_SWITCH_COUNTERS] = {
        [EL_SWITCH_FORWARDED] = "forwarded",
        [EL_SWITCH_FLOODED] = "flooded",
        [EL_SWITCH_LEARNED] = "learned",
        [EL_SWITCH_MOVED] = "moved",
        [EL_SWITCH_AGED] = "aged",
        [EL_SWITCH_DROP_STORM] = "drop-storm",
        [EL_SWITCH_DROP_SOURCE] = "drop-source",
        [EL_SWITCH_DROP_PROTECTED] = "drop-protected",
        [EL_SWITCH_DROP_GATE] = "drop-gate",
        [EL_SWITCH_DROP_ISOLATED] = "drop-isolated",
        [EL_SWITCH_DROP_LOCAL] = "drop-local",
        [EL_SWITCH_DROP_RESERVED] = "drop-reserved",
        [EL_SWITCH_NOT_LEARNED] = "not-learned",
    };

    return (unsigned)counter < EL_SWITCH_COUNTERS ? name[counter] : "?";
}

uint64_t el_switch_count(const struct el_switch *sw, enum el_switch_counter counter)
{
    uint64_t sum = 0;

    if ((unsigned)counter >= EL_SWITCH_COUNTERS)
        return 0;
    for (unsigned l = 0; l < EL_SWITCH_LANES; l++)
        sum += atomic_load_explicit(&sw->lanes[l].counters[counter], memory_order_relaxed);
    return sum;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory provider: the world with its future (a heap of events), the hosts, their addresses,
 * the links between them, and timers. Datagrams and streams have files of their own.
 *
 * Nothing here looks at a real clock or at an address of memory, and all lists are in the order of
 * making: that is why the same seed gives the same trace.
 */
#include "net/memory.h"

#include "net/memory_world.h"

#include <stdlib.h>

struct memory_timer {
    struct el_net_timer base;
    struct el_net_open open;
    struct el_net_event event;
};

static const struct el_net_ops memory_ops;

/* -- opening and closing -- */

void el_net_open_begin(struct el_net_open *open, struct el_net_host *host,
                       struct el_net_open **list, void *object)
{
    open->host = host;
    open->life = host->life;
    open->grave.object = object;
    open->link = list;
    open->next = *list;
    if (open->next)
        open->next->link = &open->next;
    *list = open;
}

void el_net_open_end(struct el_net_open *open)
{
    struct el_net_world *world = open->host->world;

    *open->link = open->next;
    if (open->next)
        open->next->link = open->link;
    open->closed = true;
    open->grave.next = world->graves;
    world->graves = &open->grave;
}

static void bury(struct el_net_world *world)
{
    while (world->graves) {
        struct el_net_grave *grave = world->graves;

        world->graves = grave->next;
        free(grave->object);
    }
}

/* -- the future -- */

void el_net_world_plan(struct el_net_world *world, struct el_net_event *event, uint64_t at_ns)
{
    el_net_heap_remove(&world->future, &event->node);
    if (at_ns != EL_NEVER)
        el_net_heap_insert(&world->future, &event->node,
                           at_ns > world->now_ns ? at_ns : world->now_ns);
}

void el_net_world_cancel(struct el_net_world *world, struct el_net_event *event)
{
    el_net_heap_remove(&world->future, &event->node);
}

/* splitmix64 (Steele, Lea, Flood 2014): small, and every seed is a good one. */
uint64_t el_net_world_random(struct el_net_world *world, uint64_t bound)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return bound ? z % bound : 0;
}

bool el_net_world_chance(struct el_net_world *world, uint32_t ppm)
{
    return ppm > 0 && el_net_world_random(world, 1000000) < ppm;
}

/* -- addresses and paths -- */

bool el_net_ip_is_any(const struct el_ip *ip)
{
    static const uint8_t zero[sizeof ip->b];

    return memcmp(ip->b, zero, sizeof zero) == 0;
}

void el_net_device_copy(char to[EL_NET_DEVICE_BYTES], const char *device)
{
    memset(to, 0, EL_NET_DEVICE_BYTES);
    if (device)
        memcpy(to, device, strnlen(device, EL_NET_DEVICE_BYTES - 1));
}

static bool same_device(const char *a, const char *b)
{
    return strncmp(a, b, EL_NET_DEVICE_BYTES - 1) == 0;
}

bool el_net_hears(const struct el_endpoint *bound, const char *device, const struct el_endpoint *to,
                  const char *segment)
{
    uint8_t family = bound->ip.family ? bound->ip.family : 4;

    if (bound->port != to->port || family != to->ip.family)
        return false;
    if (device[0] && !same_device(device, segment))
        return false;
    return el_net_ip_is_any(&bound->ip) || el_ip_equal(&bound->ip, &to->ip);
}

bool el_net_collides(const struct el_endpoint *a, const char *a_device, const struct el_endpoint *b,
                     const char *b_device)
{
    if (a->port != b->port || (a->ip.family == 6) != (b->ip.family == 6))
        return false;
    if (a_device[0] && b_device[0] && !same_device(a_device, b_device))
        return false;
    return el_net_ip_is_any(&a->ip) || el_net_ip_is_any(&b->ip) || el_ip_equal(&a->ip, &b->ip);
}

const struct el_net_attachment *el_net_host_attachment(const struct el_net_host *host,
                                                       const char *device, const struct el_ip *ip)
{
    for (size_t i = 0; i < host->attachment_count; i++)
        if (el_ip_equal(&host->attachments[i].prefix.ip, ip) &&
            (!device[0] || same_device(host->attachments[i].device, device)))
            return &host->attachments[i];
    return NULL;
}

int el_net_host_route(struct el_net_host *host, const char *device, const struct el_ip *bound,
                      const struct el_ip *to, struct el_net_route *route)
{
    const struct el_net_attachment *own = el_net_host_attachment(host, "", to);
    const struct el_net_attachment *on_link = NULL;

    if (own) {
        *route = (struct el_net_route){own, host};
        return 0;
    }
    for (size_t i = 0; i < host->attachment_count; i++) {
        const struct el_net_attachment *via = &host->attachments[i];

        if (via->prefix.ip.family != to->family || (device[0] && !same_device(via->device, device)))
            continue;
        if (!el_net_ip_is_any(bound) && !el_ip_equal(bound, &via->prefix.ip))
            continue;
        for (struct el_net_host *other = host->world->hosts; other; other = other->next)
            if (el_net_host_attachment(other, via->device, to)) {
                *route = (struct el_net_route){via, other};
                return 0;
            }
        if (!on_link && el_prefix_contains(&via->prefix, to))
            on_link = via;
    }
    *route = (struct el_net_route){on_link, NULL};
    return on_link ? 0 : EL_ENOENT;
}

/* What the rules say about a path; a host reaches itself at once. */
static struct el_net_memory_link link_between(const struct el_net_world *world,
                                              const struct el_net_host *from,
                                              const struct el_net_host *to)
{
    for (size_t i = world->rule_count; from != to && i-- > 0;) {
        const struct el_net_rule *rule = &world->rules[i];

        if ((!rule->from || rule->from == from) && (!rule->to || rule->to == to))
            return rule->link;
    }
    return (struct el_net_memory_link){0};
}

struct el_net_path *el_net_world_path(struct el_net_world *world, const struct el_net_host *from,
                                      const struct el_net_host *to)
{
    struct el_net_path *path = world->paths;

    while (path && (path->from != from || path->to != to))
        path = path->next;
    if (!path) {
        path = calloc(1, sizeof *path);
        if (!path)
            return NULL;
        *path = (struct el_net_path){world->paths, from, to, link_between(world, from, to), 0, 0};
        world->paths = path;
    }
    return path;
}

uint64_t el_net_path_departure(struct el_net_world *world, struct el_net_path *path, size_t len)
{
    uint64_t start_ns = path->busy_until_ns > world->now_ns ? path->busy_until_ns : world->now_ns;

    if (path->link.rate_bps == 0)
        return world->now_ns;
    path->busy_until_ns = start_ns + len * 8 * EL_S / path->link.rate_bps;
    return path->busy_until_ns;
}

uint16_t el_net_host_port(struct el_net_host *host, uint16_t configured)
{
    if (configured)
        return configured;
    host->port =
        host->port < 49152 || host->port == UINT16_MAX ? 49152 : (uint16_t)(host->port + 1);
    return host->port;
}

void el_net_world_tell(struct el_net_world *world, const struct el_net_memory_event *event)
{
    if (world->trace)
        world->trace(world->trace_arg, event);
}

/* -- clocks and timers -- */

static uint64_t memory_now_ns(const struct el_net *net)
{
    return ((const struct el_net_host *)net)->world->now_ns;
}

static int64_t memory_wall_s(const struct el_net *net)
{
    const struct el_net_world *world = ((const struct el_net_host *)net)->world;

    return world->wall_s + (int64_t)(world->now_ns / EL_S) - 1;
}

static void timer_happens(struct el_net_event *event)
{
    struct memory_timer *timer = event->owner;

    timer->base.cb(timer->base.arg);
}

static struct el_net_timer *timer_new(struct el_net *net, el_net_timer_cb *cb, void *arg)
{
    struct el_net_host *host = el_net_host_of(net);
    struct memory_timer *timer = calloc(1, sizeof *timer);

    if (!timer || el_net_heap_reserve(&host->world->future) < 0) {
        free(timer);
        return NULL;
    }
    timer->base = (struct el_net_timer){&memory_ops, cb, arg};
    timer->event.happen = timer_happens;
    timer->event.owner = timer;
    el_net_open_begin(&timer->open, host, &host->timers, timer);
    return &timer->base;
}

static void timer_set(struct el_net_timer *base, uint64_t deadline_ns)
{
    struct memory_timer *timer = (struct memory_timer *)base;

    if (el_net_open_lives(&timer->open))
        el_net_world_plan(timer->open.host->world, &timer->event, deadline_ns);
}

static void timer_free(struct el_net_timer *base)
{
    struct memory_timer *timer = (struct memory_timer *)base;
    struct el_net_world *world = timer->open.host->world;

    el_net_world_cancel(world, &timer->event);
    el_net_heap_release(&world->future);
    el_net_open_end(&timer->open);
}

static const struct el_net_ops memory_ops = {
    .now_ns = memory_now_ns,
    .wall_s = memory_wall_s,
    .timer_new = timer_new,
    .timer_set = timer_set,
    .timer_free = timer_free,
    .udp_open = el_net_memory_udp_open,
    .udp_send = el_net_memory_udp_send,
    .udp_local = el_net_memory_udp_local,
    .udp_sibling = el_net_memory_udp_sibling,
    .udp_close = el_net_memory_udp_close,
    .listen = el_net_memory_listen,
    .listen_close = el_net_memory_listen_close,
    .listen_local = el_net_memory_listen_local,
    .connect = el_net_memory_connect,
    .stream_write = el_net_memory_stream_write,
    .stream_send_file = el_net_memory_stream_send_file,
    .stream_queued = el_net_memory_stream_queued,
    .stream_pause = el_net_memory_stream_pause,
    .stream_finish = el_net_memory_stream_finish,
    .stream_close = el_net_memory_stream_close,
};

/* -- the world -- */

struct el_net_world *el_net_memory_world(uint64_t seed)
{
    struct el_net_world *world = calloc(1, sizeof *world);

    if (!world)
        return NULL;
    world->now_ns = EL_S;
    world->wall_s = 1700000000;
    world->random = seed;
    return world;
}

/* Closes all that a host has open; nobody is told. */
static void host_free(struct el_net_host *host)
{
    while (host->streams) {
        struct el_net_open *open = host->streams;

        el_net_memory_stream_crash(open);
        el_net_memory_stream_close(open->grave.object);
    }
    while (host->listens)
        el_net_memory_listen_close(host->listens->grave.object);
    while (host->udps)
        el_net_memory_udp_close(host->udps->grave.object);
    while (host->timers)
        timer_free(host->timers->grave.object);
    bury(host->world);
    free(host->attachments);
    free(host);
}

void el_net_memory_world_free(struct el_net_world *world)
{
    struct el_net_heap_node *first;

    if (!world)
        return;
    while (world->hosts) {
        struct el_net_host *host = world->hosts;

        world->hosts = host->next;
        host_free(host);
    }
    while ((first = el_net_heap_first(&world->future))) {
        struct el_net_event *event = (struct el_net_event *)first;

        el_net_heap_remove(&world->future, first);
        event->forget(event);
    }
    while (world->paths) {
        struct el_net_path *path = world->paths;

        world->paths = path->next;
        free(path);
    }
    el_net_heap_free(&world->future);
    free(world->rules);
    free(world);
}

struct el_net *el_net_memory_host(struct el_net_world *world, const char *name)
{
    struct el_net_host *host = calloc(1, sizeof *host);
    struct el_net_host **last = &world->hosts;

    if (!host)
        return NULL;
    host->base.ops = &memory_ops;
    host->world = world;
    memcpy(host->name, name, strnlen(name, sizeof host->name - 1));
    while (*last)
        last = &(*last)->next;
    *last = host;
    return &host->base;
}

int el_net_memory_address(struct el_net *net, const char *device, const struct el_prefix *prefix)
{
    struct el_net_host *host = el_net_host_of(net);

    for (const struct el_net_host *other = host->world->hosts; other; other = other->next)
        if (el_net_host_attachment(other, device, &prefix->ip))
            return EL_EEXIST;

    void *more =
        realloc(host->attachments, (host->attachment_count + 1) * sizeof *host->attachments);
    if (!more)
        return EL_ENOMEM;
    host->attachments = more;
    host->attachments[host->attachment_count].prefix = *prefix;
    el_net_device_copy(host->attachments[host->attachment_count].device, device);
    host->attachment_count++;
    return 0;
}

void el_net_memory_address_del(struct el_net *net, const char *device, const struct el_ip *ip)
{
    struct el_net_host *host = el_net_host_of(net);
    const struct el_net_attachment *found = el_net_host_attachment(host, device, ip);

    if (!found)
        return;
    size_t at = (size_t)(found - host->attachments);
    host->attachment_count--;
    memmove(&host->attachments[at], &host->attachments[at + 1],
            (host->attachment_count - at) * sizeof *host->attachments);
}

int el_net_memory_link(struct el_net_world *world, const struct el_net *from,
                       const struct el_net *to, const struct el_net_memory_link *link)
{
    void *more = realloc(world->rules, (world->rule_count + 1) * sizeof *world->rules);

    if (!more)
        return EL_ENOMEM;
    world->rules = more;
    world->rules[world->rule_count++] = (struct el_net_rule){(const struct el_net_host *)from,
                                                             (const struct el_net_host *)to, *link};
    for (struct el_net_path *path = world->paths; path; path = path->next)
        path->link = link_between(world, path->from, path->to);
    return 0;
}

void el_net_memory_crash(struct el_net *net)
{
    struct el_net_host *host = el_net_host_of(net);

    for (struct el_net_open *open = host->timers; open; open = open->next)
        el_net_world_cancel(host->world, &((struct memory_timer *)open->grave.object)->event);
    for (struct el_net_open *open = host->streams; open; open = open->next)
        el_net_memory_stream_crash(open);
    host->life++;
}

void el_net_memory_trace(struct el_net_world *world, el_net_memory_trace_cb *trace, void *arg)
{
    world->trace = trace;
    world->trace_arg = arg;
}

uint64_t el_net_memory_now(const struct el_net_world *world)
{
    return world->now_ns;
}

uint64_t el_net_memory_deadline(const struct el_net_world *world)
{
    const struct el_net_heap_node *first = el_net_heap_first(&world->future);

    return first ? first->deadline_ns : EL_NEVER;
}

/* Lets the next thing happen, if it is due up to LIMIT_NS. False if there was none. */
static bool step(struct el_net_world *world, uint64_t limit_ns)
{
    struct el_net_heap_node *first = el_net_heap_first(&world->future);
    struct el_net_event *event = (struct el_net_event *)first;

    if (!first || first->deadline_ns > limit_ns)
        return false;
    world->now_ns = first->deadline_ns;
    el_net_heap_remove(&world->future, first);
    event->happen(event);
    bury(world);
    return true;
}

void el_net_memory_run_until(struct el_net_world *world, uint64_t t_ns)
{
    while (step(world, t_ns))
        continue;
    if (world->now_ns < t_ns)
        world->now_ns = t_ns;
}

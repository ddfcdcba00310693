/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of the memory provider. */
#include "net/memory_world.h"

#include <stdlib.h>

struct memory_udp {
    struct el_net_udp base;
    struct el_net_open open;
    struct el_endpoint local;
    char device[EL_NET_DEVICE_BYTES]; /* empty: all */
    bool broadcast;
};

/* One on its way. */
struct datagram {
    struct el_net_event event;
    struct el_net_host *to_host;
    char device[EL_NET_DEVICE_BYTES]; /* the segment it travels on */
    bool broadcast;
    struct el_endpoint from, to;
    size_t len;
    uint8_t bytes[];
};

/* -- arriving -- */

static void tell(struct el_net_world *world, const struct datagram *datagram,
                 enum el_net_memory_fate fate, uint64_t arrival_ns)
{
    el_net_world_tell(world, &(struct el_net_memory_event){
                                 .now_ns = world->now_ns,
                                 .arrival_ns = arrival_ns,
                                 .fate = fate,
                                 .from = &datagram->from,
                                 .to = &datagram->to,
                                 .bytes = datagram->bytes,
                                 .len = datagram->len,
                             });
}

/* A broadcast is heard by all sockets that are bound to no address; anything else by one, and
 * whoever is bound more closely comes first. */
static void hand_over(struct datagram *datagram)
{
    struct el_net_host *host = datagram->to_host;
    const struct el_net_udp_meta meta = {datagram->from, datagram->to};
    struct memory_udp *best = NULL;
    int best_score = -1;
    bool heard = false;

    for (struct el_net_open *open = host->udps; open; open = open->next) {
        struct memory_udp *udp = open->grave.object;
        int score = (udp->device[0] ? 1 : 0) + (el_net_ip_is_any(&udp->local.ip) ? 0 : 2);

        if (!el_net_open_lives(open) ||
            !el_net_hears(&udp->local, udp->device, &datagram->to, datagram->device))
            continue;
        heard = true;
        if (datagram->broadcast)
            udp->base.cb(udp->base.arg, &meta, datagram->bytes, datagram->len);
        else if (score > best_score) {
            best = udp;
            best_score = score;
        }
    }
    if (best)
        best->base.cb(best->base.arg, &meta, datagram->bytes, datagram->len);
    if (!heard)
        tell(host->world, datagram, EL_NET_MEMORY_UNHEARD, 0);
}

static void datagram_forget(struct el_net_event *event)
{
    free(event->owner);
}

static void datagram_arrives(struct el_net_event *event)
{
    struct datagram *datagram = event->owner;
    struct el_net_host *host = datagram->to_host;

    if (datagram->broadcast || el_net_host_attachment(host, datagram->device, &datagram->to.ip))
        hand_over(datagram);
    else
        tell(host->world, datagram, EL_NET_MEMORY_UNHEARD, 0);
    el_net_heap_release(&host->world->future);
    free(datagram);
}

/* -- leaving -- */

/* Plans the arrival of a copy. */
static int plan(struct el_net_world *world, const struct datagram *model, uint64_t arrival_ns,
                enum el_net_memory_fate fate)
{
    struct datagram *datagram = malloc(sizeof *datagram + model->len);

    if (!datagram || el_net_heap_reserve(&world->future) < 0) {
        free(datagram);
        return EL_ENOMEM;
    }
    *datagram = *model;
    memcpy(datagram->bytes, model->bytes, model->len);
    datagram->event = (struct el_net_event){
        .happen = datagram_arrives, .forget = datagram_forget, .owner = datagram};
    el_net_world_plan(world, &datagram->event, arrival_ns);
    tell(world, datagram, fate, arrival_ns);
    return 0;
}

/* Gives a datagram to the link between two hosts. */
static int transmit(struct el_net_host *from, struct datagram *datagram)
{
    struct el_net_world *world = from->world;
    struct el_net_path *path = el_net_world_path(world, from, datagram->to_host);

    if (!path)
        return EL_ENOMEM;

    const struct el_net_memory_link *link = &path->link;
    uint64_t wait_ns =
        path->busy_until_ns > world->now_ns ? path->busy_until_ns - world->now_ns : 0;

    if (link->down || el_net_world_chance(world, link->loss_ppm)) {
        tell(world, datagram, EL_NET_MEMORY_LOST, 0);
        return 0;
    }
    if (link->rate_bps && link->queue_bytes &&
        wait_ns / EL_US * (link->rate_bps / 1000) / 8000 > link->queue_bytes) {
        tell(world, datagram, EL_NET_MEMORY_DROPPED, 0);
        return 0;
    }

    uint64_t arrival_ns = el_net_path_departure(world, path, datagram->len) + link->delay_ns;

    if (link->jitter_ns)
        arrival_ns += el_net_world_random(world, link->jitter_ns + 1);
    if (el_net_world_chance(world, link->reorder_ppm)) {
        arrival_ns += link->reorder_ns;
    } else {
        if (arrival_ns < path->last_arrival_ns)
            arrival_ns = path->last_arrival_ns;
        path->last_arrival_ns = arrival_ns;
    }
    if (el_net_world_chance(world, link->duplicate_ppm)) {
        int code = plan(world, datagram, arrival_ns, EL_NET_MEMORY_DUPLICATED);
        if (code < 0)
            return code;
    }
    return plan(world, datagram, arrival_ns, EL_NET_MEMORY_SENT);
}

/* The attachment by which a broadcast to TO leaves, or NULL if TO is no broadcast address there. */
static const struct el_net_attachment *broadcast_via(const struct el_net_host *host,
                                                     const char *device, const struct el_ip *bound,
                                                     const struct el_ip *to)
{
    for (size_t i = 0; i < host->attachment_count; i++) {
        const struct el_net_attachment *via = &host->attachments[i];
        const struct el_prefix *prefix = &via->prefix;

        if (prefix->ip.family != 4 || to->family != 4)
            continue;
        if (device[0] && strcmp(device, via->device) != 0)
            continue;
        if (!el_net_ip_is_any(bound) && !el_ip_equal(bound, &prefix->ip))
            continue;
        if (el_ip4_number(to) == UINT32_MAX ||
            (prefix->len < 31 &&
             el_ip4_number(to) == (el_ip4_number(&prefix->ip) | ~el_prefix_mask4(prefix->len))))
            return via;
    }
    return NULL;
}

static bool is_attached(const struct el_net_host *host, const char *device)
{
    for (size_t i = 0; i < host->attachment_count; i++)
        if (strcmp(host->attachments[i].device, device) == 0)
            return true;
    return false;
}

static int send_broadcast(struct el_net_host *host, struct datagram *datagram)
{
    int code = 0;

    for (struct el_net_host *other = host->world->hosts; other && code == 0; other = other->next)
        if (other != host && is_attached(other, datagram->device)) {
            datagram->to_host = other;
            code = transmit(host, datagram);
        }
    return code;
}

int el_net_memory_udp_send(struct el_net_udp *base, const struct el_endpoint *to,
                           const struct el_ip *from, const uint8_t *bytes, size_t len)
{
    struct memory_udp *udp = (struct memory_udp *)base;
    struct el_net_host *host = udp->open.host;
    bool chosen = from && el_net_host_attachment(host, udp->device, from);
    const struct el_ip *bound = chosen ? from : &udp->local.ip;
    const struct el_net_attachment *via = broadcast_via(host, udp->device, bound, &to->ip);
    struct el_net_route route = {via, NULL};
    int code = 0;

    if (!el_net_open_lives(&udp->open))
        return EL_ECLOSED;
    if (len > EL_NET_MEMORY_DATAGRAM || to->ip.family == 0)
        return EL_EINVAL;
    if (via && !udp->broadcast)
        return EL_EPERM;
    if (!via)
        code = el_net_host_route(host, udp->device, bound, &to->ip, &route);
    if (code < 0)
        return code;

    struct datagram *datagram = calloc(1, sizeof *datagram + len);

    if (!datagram)
        return EL_ENOMEM;
    datagram->to_host = route.host;
    datagram->broadcast = via != NULL;
    datagram->from = (struct el_endpoint){.ip = *bound, .port = udp->local.port};
    if (el_net_ip_is_any(bound))
        datagram->from.ip = route.host == host ? to->ip : route.via->prefix.ip;
    datagram->to = *to;
    datagram->len = len;
    if (len)
        memcpy(datagram->bytes, bytes, len);
    el_net_device_copy(datagram->device, route.via->device);
    if (via)
        code = send_broadcast(host, datagram);
    else if (route.host)
        code = transmit(host, datagram);
    else
        tell(host->world, datagram, EL_NET_MEMORY_UNHEARD, 0);
    free(datagram);
    return code;
}

/* -- opening and closing -- */

static int udp_open(struct el_net_host *host, const struct memory_udp *model,
                    struct el_net_udp **made, struct el_err *err)
{
    char where[EL_ENDPOINT_TEXT];
    struct memory_udp *udp = malloc(sizeof *udp);

    if (!udp)
        return el_err(err, EL_ENOMEM, "udp: out of memory");
    *udp = *model;
    el_endpoint_text(&udp->local, where);
    int code = 0;
    if (!el_net_ip_is_any(&udp->local.ip) &&
        !el_net_host_attachment(host, udp->device, &udp->local.ip))
        code = el_err(err, EL_ENOENT, "udp %s: this host has no such address", where);
    for (struct el_net_open *open = host->udps; open && code == 0; open = open->next) {
        const struct memory_udp *other = open->grave.object;

        if (el_net_open_lives(open) &&
            el_net_collides(&udp->local, udp->device, &other->local, other->device))
            code = el_err(err, EL_EEXIST, "udp %s: address already in use", where);
    }
    if (code < 0) {
        free(udp);
        return code;
    }
    el_net_open_begin(&udp->open, host, &host->udps, udp);
    *made = &udp->base;
    return 0;
}

int el_net_memory_udp_open(struct el_net *net, const struct el_net_udp_config *config,
                           el_net_udp_cb *cb, void *arg, struct el_net_udp **udp,
                           struct el_err *err)
{
    struct el_net_host *host = el_net_host_of(net);
    struct memory_udp model = {
        .base = {net->ops, cb, arg}, .local = config->bind, .broadcast = config->broadcast};

    if (config->inherited_fd >= 0)
        return el_err(err, EL_ENOTSUP, "udp: descriptors are the kernel's");
    if (model.local.ip.family == 0)
        model.local.ip.family = 4;
    model.local.port = el_net_host_port(host, config->bind.port);
    el_net_device_copy(model.device, config->device);
    return udp_open(host, &model, udp, err);
}

struct el_endpoint el_net_memory_udp_local(const struct el_net_udp *udp)
{
    return ((const struct memory_udp *)udp)->local;
}

int el_net_memory_udp_sibling(struct el_net_udp *base, const struct el_ip *from, el_net_udp_cb *cb,
                              void *arg, struct el_net_udp **sibling)
{
    const struct memory_udp *udp = (const struct memory_udp *)base;
    struct memory_udp model = *udp;

    if (!el_net_open_lives(&udp->open))
        return EL_ECLOSED;
    model.base.cb = cb;
    model.base.arg = arg;
    if (from && el_net_host_attachment(udp->open.host, udp->device, from))
        model.local.ip = *from;
    model.local.port = el_net_host_port(udp->open.host, 0);
    return udp_open(udp->open.host, &model, sibling, NULL);
}

void el_net_memory_udp_close(struct el_net_udp *udp)
{
    el_net_open_end(&((struct memory_udp *)udp)->open);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who takes part: local ports, peers, and the networks that they are in. All of it changes while no
 * lane works, so that none ever has the number or address of what has gone. */
#include "base/csprng.h"
#include "datapath/forward_inside.h"

/* A new port of the switch with OUTLET behind it. Its number. */
static int add_outlet(struct el_forward *f, const struct el_switch_port_config *config,
                      const struct outlet *outlet)
{
    int number = el_switch_add_port(f->sw, config);

    if (number >= 0)
        f->outlets[number] = *outlet;
    return number;
}

static void remove_outlet(struct el_forward *f, unsigned port)
{
    el_switch_remove_port(f->sw, port);
    if (f->loop)
        el_loop_forget(f->loop, port);
    f->outlets[port] = (struct outlet){.peer = NULL};
}

/* The next who gets its number is another. */
static void stop_showing(struct el_forward *f, unsigned interface)
{
    if (f->config.capture)
        el_capture_want(f->config.capture, interface, 0);
}

/* -- local ports -- */

/* UDP is merged if every port takes UDP super-frames. */
static void agree_on_uso(struct el_forward *f)
{
    bool all = true, any = false;

    for (unsigned i = 0; i < EL_FORWARD_PORTS_MAX; i++) {
        any |= f->locals[i].used;
        all &= !f->locals[i].used || f->locals[i].uso;
    }
    for (unsigned i = 0; i < f->lane_count; i++)
        el_gro_merge_udp(f->lanes[i].gro, any && all);
}

int el_forward_add_port(struct el_forward *f, struct el_port *port, uint32_t vni,
                        const struct el_mac *own)
{
    struct el_switch_port_config config = {.vni = vni, .protect = own != NULL, .published = true};
    unsigned i = 0;

    while (i < EL_FORWARD_PORTS_MAX && f->locals[i].used)
        i++;
    if (i == EL_FORWARD_PORTS_MAX)
        return EL_EFULL;
    struct outlet outlet = {.local = i, .vni = vni, .interface = i};
    int number = add_outlet(f, &config, &outlet);
    if (number < 0)
        return number;
    if (own)
        el_switch_pin(f->sw, (unsigned)number, own);
    f->locals[i] = (struct local){.used = true, .uso = port->uso, .port = (uint16_t)number};
    for (unsigned l = 0; l < f->lane_count; l++)
        f->lanes[l].queues[i] = port;
    agree_on_uso(f);
    return (int)i;
}

void el_forward_publish_port(struct el_forward *f, unsigned number, bool published)
{
    el_switch_publish(f->sw, f->locals[number].port, published);
}

void el_forward_remove_port(struct el_forward *f, unsigned number)
{
    remove_outlet(f, f->locals[number].port);
    f->locals[number] = (struct local){.used = false};
    for (unsigned l = 0; l < f->lane_count; l++)
        f->lanes[l].queues[number] = NULL;
    agree_on_uso(f);
    stop_showing(f, number);
}

void el_forward_set_queue(struct el_forward *f, unsigned number, unsigned lane,
                          struct el_port *queue)
{
    f->lanes[lane].queues[number] = queue;
}

void el_forward_set_out(struct el_forward *f, unsigned lane, const struct el_forward_out *out)
{
    f->lanes[lane].out = *out;
}

/* -- memberships -- */

unsigned el_forward_number(const struct el_forward *f, const struct peer *peer)
{
    return (unsigned)(peer - f->peers);
}

static void leave_network(struct el_forward *f, struct peer *peer, unsigned i)
{
    remove_outlet(f, peer->networks[i].port);
    peer->networks[i] = peer->networks[--peer->network_count];
}

/* Whether frames pass that may. */
static bool is_open(const struct peer *peer)
{
    return peer->role != EL_FORWARD_DIRECT || peer->direct.live;
}

static int join_network(struct el_forward *f, struct peer *peer,
                        const struct el_forward_membership *membership)
{
    struct el_switch_port_config config = {.vni = membership->vni,
                                           .isolate = peer->role != EL_FORWARD_MEMBER,
                                           .shortcut = peer->role == EL_FORWARD_DIRECT,
                                           .published = membership->published && is_open(peer)};
    struct outlet outlet = {.peer = peer,
                            .vni = membership->vni,
                            .interface = EL_FORWARD_PORTS_MAX + el_forward_number(f, peer)};
    int number = add_outlet(f, &config, &outlet);

    if (number < 0)
        return number;
    unsigned i = peer->network_count++;
    peer->networks[i].vni = membership->vni;
    peer->networks[i].port = (uint16_t)number;
    peer->networks[i].published = membership->published;
    peer->networks[i].own = membership->own;
    /* What is pinned already is our own, and stays so. */
    if (!el_mac_is_zero(&membership->own))
        el_switch_pin(f->sw, (unsigned)number, &membership->own);
    return 0;
}

/* Whether PEER's part in its I-th network is among what it shall have. */
static bool stays(const struct peer *peer, unsigned i,
                  const struct el_forward_membership *memberships, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        if (memberships[k].vni == peer->networks[i].vni)
            return el_mac_equal(&memberships[k].own, &peer->networks[i].own);
    return false;
}

/* The place of network VNI among PEER's, or that behind the last. */
static unsigned place_of(const struct peer *peer, uint32_t vni)
{
    unsigned i = 0;

    while (i < peer->network_count && peer->networks[i].vni != vni)
        i++;
    return i;
}

static void set_published(struct el_forward *f, struct peer *peer, unsigned i, bool published)
{
    el_forward_loop_gate(f, peer->networks[i].port, published && is_open(peer));
    peer->networks[i].published = published;
}

static int set_memberships(struct el_forward *f, struct peer *peer,
                           const struct el_forward_membership *memberships, unsigned count)
{
    unsigned before, first_new;

    for (unsigned i = peer->network_count; i-- > 0;)
        if (!stays(peer, i, memberships, count))
            leave_network(f, peer, i);
    before = first_new = peer->network_count;
    for (unsigned i = 0; i < count; i++) {
        if (place_of(peer, memberships[i].vni) < before)
            continue;
        int rc = join_network(f, peer, &memberships[i]);
        if (rc == 0)
            continue;
        while (peer->network_count > first_new)
            leave_network(f, peer, peer->network_count - 1);
        return rc;
    }
    for (unsigned i = 0; i < count; i++)
        set_published(f, peer, place_of(peer, memberships[i].vni), memberships[i].published);
    el_forward_loop_review(f, peer);
    return 0;
}

int el_forward_set_memberships(struct el_forward *f, struct el_tunnel_peer *tunnel_peer,
                               const struct el_forward_membership *memberships, unsigned count)
{
    if (count > EL_FORWARD_NETWORKS_MAX)
        return EL_EFULL;
    return set_memberships(f, el_tunnel_peer_user(tunnel_peer), memberships, count);
}

void el_forward_dissolve(struct el_forward *f, uint32_t vni)
{
    for (unsigned i = 0; i < f->peer_count; i++) {
        struct peer *peer = &f->peers[i];
        unsigned place = place_of(peer, vni);
        if (place < peer->network_count)
            leave_network(f, peer, place);
    }
}

unsigned el_forward_memberships(const struct el_tunnel_peer *tunnel_peer,
                                struct el_forward_membership memberships[EL_FORWARD_NETWORKS_MAX])
{
    const struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    for (unsigned i = 0; i < peer->network_count; i++)
        memberships[i] = (struct el_forward_membership){.vni = peer->networks[i].vni,
                                                        .published = peer->networks[i].published,
                                                        .own = peer->networks[i].own};
    return peer->network_count;
}

/* -- peers -- */

static struct peer *free_peer(struct el_forward *f)
{
    for (unsigned i = 0; i < f->config.peers_max; i++)
        if (!f->peers[i].tunnel)
            return &f->peers[i];
    return NULL;
}

int el_forward_add_peer(struct el_forward *f, struct el_tunnel_peer *tunnel_peer, uint32_t remote,
                        const uint32_t *vnis, unsigned count)
{
    struct el_forward_membership memberships[EL_FORWARD_NETWORKS_MAX];
    struct peer *peer = free_peer(f);
    uint16_t random[2];

    if (!peer || count > EL_FORWARD_NETWORKS_MAX)
        return EL_EFULL;
    el_random(random, sizeof random);
    *peer = (struct peer){.compact = el_tunnel_peer_wire(tunnel_peer) != EL_TUNNEL_STANDARD,
                          .remote = remote,
                          .ip_id = random[0]};
    peer->due.owner = peer;
    peer->direct.ident = random[1] ^ 0x8000; /* another than that of the probes */
    el_pmtu_init(&peer->pmtu, random[1], el_tunnel_peer_overhead(tunnel_peer),
                 el_tunnel_peer_padding(tunnel_peer));
    for (unsigned i = 0; i < count; i++)
        memberships[i] = (struct el_forward_membership){.vni = vnis[i], .published = true};
    int rc = set_memberships(f, peer, memberships, count);
    if (rc < 0)
        return rc;
    peer->tunnel = tunnel_peer;
    el_tunnel_peer_set_user(tunnel_peer, peer);
    unsigned number = el_forward_number(f, peer);
    if (number >= f->peer_count)
        f->peer_count = number + 1;
    return (int)number;
}

void el_forward_set_role(struct el_forward *f, struct el_tunnel_peer *tunnel_peer,
                         enum el_forward_role role)
{
    struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    f->directs += role == EL_FORWARD_DIRECT;
    f->directs -= peer->role == EL_FORWARD_DIRECT;
    f->beat_ns = f->directs > 0 ? 0 : EL_NEVER; /* at once: who is new gets its first echo */
    peer->role = role;
}

void el_forward_remove_peer(struct el_forward *f, struct el_tunnel_peer *tunnel_peer)
{
    struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    el_forward_set_role(f, tunnel_peer, EL_FORWARD_MEMBER);
    while (peer->network_count > 0)
        leave_network(f, peer, peer->network_count - 1);
    el_heap_remove(f->due, &peer->due);
    for (unsigned l = 0; l < f->lane_count; l++)
        el_reasm_forget(f->lanes[l].reasm, peer->remote);
    stop_showing(f, EL_FORWARD_PORTS_MAX + el_forward_number(f, peer));
    el_tunnel_peer_set_user(tunnel_peer, NULL);
    *peer = (struct peer){.tunnel = NULL};
}

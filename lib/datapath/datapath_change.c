/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers and ports that come and go while the data path runs: what control does about them. */
#include "datapath/datapath_inside.h"

#include "base/log.h"

#include <string.h>

/* -- ports and peers: before start, or between the lanes' laps -- */

static int add_port(struct el_datapath *d, struct el_port *const *queues, uint32_t vni,
                    const struct el_mac *own)
{
    int number = el_forward_add_port(d->forward, queues[0], vni, own);

    if (number < 0)
        return number;
    for (unsigned i = 0; i < d->lane_count; i++) {
        el_forward_set_queue(d->forward, (unsigned)number, i, queues[i]);
        el_lane_add_port(d->lanes[i], (unsigned)number, queues[i]);
    }
    struct port_info *port = &d->ports[number];
    *port = (struct port_info){.used = true, .published = true, .vni = vni};
    memcpy(port->name, queues[0]->name, sizeof port->name);
    atomic_store(&d->port_gone[number], false);
    return number;
}

int el_datapath_add_port(struct el_datapath *d, struct el_port *const *queues, uint32_t vni,
                         const struct el_mac *own)
{
    return add_port(d, queues, vni, own);
}

/* PEER has a number from now on. */
static void enter_peer(struct el_datapath *d, struct el_tunnel_peer *peer, unsigned number)
{
    d->peers[number] = peer;
    d->roam_told_ns[number] = 0;
    d->live[number] = false;
    if (number >= d->peer_count)
        d->peer_count = number + 1;
}

int el_datapath_add_peer(struct el_datapath *d, const struct el_tunnel_peer_config *config,
                         uint32_t vni, struct el_err *err)
{
    uint32_t remote = el_ip4_number(&config->allowed.ip);
    struct el_tunnel_peer *peer;
    int rc = el_tunnel_add_peer(d->tunnel, config, &peer, err);

    if (rc < 0)
        return rc;
    rc = el_forward_add_peer(d->forward, peer, remote, &vni, 1);
    if (rc < 0)
        return el_err(err, rc, "peer %s: %s", config->name, el_strerror(rc));
    enter_peer(d, peer, (unsigned)rc);
    return rc;
}

/* -- control: changes -- */

static bool stays(const struct el_tunnel_peer *peer, const struct el_datapath_change *change)
{
    const struct el_tunnel_peer_config *config = &change->peer;
    struct el_ip ip = el_tunnel_peer_ip(peer);

    return el_ip_equal(&ip, &config->allowed.ip) && el_tunnel_peer_wire(peer) == config->wire &&
           el_forward_role(peer) == change->role;
}

static bool is_member(const struct el_forward_membership *list, unsigned count,
                      const struct el_forward_membership *one)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].vni == one->vni && list[i].published == one->published &&
            el_mac_equal(&list[i].own, &one->own))
            return true;
    return false;
}

static bool has_memberships(const struct el_tunnel_peer *peer,
                            const struct el_datapath_change *change)
{
    struct el_forward_membership now[EL_FORWARD_NETWORKS_MAX];
    unsigned count = el_forward_memberships(peer, now);

    for (unsigned i = 0; i < count; i++)
        if (!is_member(change->memberships, change->membership_count, &now[i]))
            return false;
    return count == change->membership_count;
}

static int set_memberships(struct el_datapath *d, struct el_tunnel_peer *peer,
                           struct el_datapath_change *change)
{
    if (el_forward_role(peer) == change->role && has_memberships(peer, change))
        return 0;
    el_gate_exclusive(&d->laps, d->lane_count);
    if (el_forward_role(peer) != change->role) { /* which it has from its first network on */
        (void)el_forward_set_memberships(d->forward, peer, NULL, 0);
        el_forward_set_role(d->forward, peer, change->role);
    }
    int rc =
        el_forward_set_memberships(d->forward, peer, change->memberships, change->membership_count);
    el_gate_resume(&d->laps, d->lane_count);
    return rc < 0 ? el_err(&change->err, rc, "peer %s: its networks: %s", el_tunnel_peer_name(peer),
                           el_strerror(rc))
                  : 0;
}

static void remove_peer(struct el_datapath *d, struct el_tunnel_peer *peer)
{
    EL_LOG(EL_LOG_INFO, "tunnel", "peer-removed", EL_STR("peer", el_tunnel_peer_name(peer)));
    el_gate_exclusive(&d->laps, d->lane_count);
    d->peers[el_forward_peer_number(d->forward, peer)] = NULL;
    el_forward_remove_peer(d->forward, peer);
    el_tunnel_remove_peer(d->tunnel, peer);
    el_gate_resume(&d->laps, d->lane_count);
}

/* Lets PEER take part. Between laps. */
static int admit(struct el_datapath *d, struct el_tunnel_peer *peer,
                 struct el_datapath_change *change)
{
    uint32_t remote = el_ip4_number(&change->peer.allowed.ip);
    int number = el_forward_add_peer(d->forward, peer, remote, NULL, 0);

    if (number < 0)
        return number;
    el_forward_set_role(d->forward, peer, change->role);
    int rc =
        el_forward_set_memberships(d->forward, peer, change->memberships, change->membership_count);
    if (rc < 0) {
        el_forward_remove_peer(d->forward, peer);
        return rc;
    }
    change->number = (unsigned)number;
    enter_peer(d, peer, change->number);
    return 0;
}

/* The Diffie-Hellman is computed beside the lanes. */
static int add_peer(struct el_datapath *d, struct el_datapath_change *change)
{
    struct el_tunnel_peer *peer;
    int rc = el_tunnel_add_peer(d->tunnel, &change->peer, &peer, &change->err);

    if (rc < 0)
        return rc;
    el_gate_exclusive(&d->laps, d->lane_count);
    rc = admit(d, peer, change);
    if (rc < 0)
        el_tunnel_remove_peer(d->tunnel, peer);
    el_gate_resume(&d->laps, d->lane_count);
    if (rc < 0)
        return el_err(&change->err, rc, "peer %s: %s", change->peer.name, el_strerror(rc));
    EL_LOG(EL_LOG_INFO, "tunnel", "peer-added", EL_STR("peer", change->peer.name),
           EL_UINT("networks", change->membership_count));
    el_tunnel_connect_in_turn(d->tunnel, peer, d->now_ns);
    return 0;
}

/* What keeps replayed handshakes out goes with the key, whatever else about the peer changes. */
static int replace_peer(struct el_datapath *d, struct el_tunnel_peer *peer,
                        struct el_datapath_change *change)
{
    uint8_t timestamp[sizeof change->peer.last_timestamp];

    el_tunnel_peer_timestamp(peer, timestamp);
    if (memcmp(timestamp, change->peer.last_timestamp, sizeof timestamp) > 0)
        memcpy(change->peer.last_timestamp, timestamp, sizeof timestamp);
    if (!change->peer.endpoint.ip.family)
        change->peer.endpoint = *el_tunnel_peer_endpoint(peer);
    remove_peer(d, peer);
    int rc = add_peer(d, change);
    change->removed = rc < 0;
    return rc;
}

/* PEER, if it has no session, is said to be at ENDPOINT. */
static void call_there(struct el_datapath *d, struct el_tunnel_peer *peer,
                       const struct el_endpoint *endpoint)
{
    el_gate_exclusive(&d->gate_functions, d->lane_count);
    bool moves = endpoint->ip.family && !el_tunnel_peer_is_up(peer, d->now_ns) &&
                 !el_endpoint_equal(endpoint, el_tunnel_peer_endpoint(peer));
    if (moves)
        el_tunnel_peer_set_endpoint(peer, endpoint);
    el_gate_resume(&d->gate_functions, d->lane_count);
    if (moves)
        el_tunnel_connect(d->tunnel, peer, d->now_ns);
}

static int set_peer(struct el_datapath *d, struct el_datapath_change *change)
{
    struct el_tunnel_peer *peer = el_tunnel_peer_by_key(d->tunnel, change->peer.public_key);
    const struct el_tunnel_peer *owner = el_tunnel_peer_by_ip(d->tunnel, &change->peer.allowed.ip);

    if (!peer)
        return add_peer(d, change);
    if (owner && owner != peer)
        return el_err(&change->err, EL_EEXIST, "peer %s: its tunnel address belongs to %s already",
                      change->peer.name, el_tunnel_peer_name(owner));
    if (!stays(peer, change))
        return replace_peer(d, peer, change);
    change->number = el_forward_peer_number(d->forward, peer);
    int rc = el_tunnel_change_peer(d->tunnel, d->now_ns, peer, &change->peer, &change->err);
    if (rc < 0)
        return rc;
    call_there(d, peer, &change->peer.endpoint);
    return set_memberships(d, peer, change);
}

static int change_port(struct el_datapath *d, struct el_datapath_change *change)
{
    int rc = 0;

    el_gate_exclusive(&d->laps, d->lane_count);
    if (change->kind == EL_CHANGE_ADD_PORT) {
        rc = add_port(d, change->queues, change->vni,
                      el_mac_is_zero(&change->own) ? NULL : &change->own);
        if (rc >= 0)
            change->number = (unsigned)rc;
    }
    if (rc >= 0 && change->kind == EL_CHANGE_REMOVE_PORT) {
        el_forward_remove_port(d->forward, change->number);
        for (unsigned i = 0; i < d->lane_count; i++)
            el_lane_remove_port(d->lanes[i], change->number);
        d->ports[change->number].used = false;
    } else if (rc >= 0) {
        el_forward_publish_port(d->forward, change->number, change->published);
        d->ports[change->number].published = change->published;
    }
    el_gate_resume(&d->laps, d->lane_count);
    for (unsigned i = 0; i < d->lane_count; i++)
        el_lane_wake(d->lanes[i]);
    return rc < 0 ? el_err(&change->err, rc, "%s: %s", change->queues[0]->name, el_strerror(rc))
                  : 0;
}

static void dissolve(struct el_datapath *d, uint32_t vni)
{
    el_gate_exclusive(&d->laps, d->lane_count);
    el_forward_dissolve(d->forward, vni);
    el_gate_resume(&d->laps, d->lane_count);
}

void el_datapath_tell_of_change(struct el_datapath *d)
{
    struct el_datapath_notice notice = {.kind = EL_NOTICE_CHANGED, .change = d->changed};

    if (!d->changed || !el_datapath_tell(d, &notice))
        return;
    d->changed = NULL;
    el_datapath_wake(d); /* handshakes have waited */
}

/* Whether there is who or what CHANGE names by its number. */
static bool exists(const struct el_datapath *d, const struct el_datapath_change *change)
{
    switch (change->kind) {
    case EL_CHANGE_REMOVE_PEER:
    case EL_CHANGE_SET_MEMBERSHIPS:
        return change->number < d->peer_count && d->peers[change->number];
    case EL_CHANGE_PUBLISH_PORT:
    case EL_CHANGE_REMOVE_PORT:
        return change->number < EL_FORWARD_PORTS_MAX && d->ports[change->number].used;
    default: return true;
    }
}

static int make(struct el_datapath *d, struct el_datapath_change *change)
{
    if (!exists(d, change))
        return el_err(&change->err, EL_ENOENT, "there is no number %u", change->number);
    switch (change->kind) {
    case EL_CHANGE_SET_PEER: return set_peer(d, change);
    case EL_CHANGE_REMOVE_PEER: remove_peer(d, d->peers[change->number]); return 0;
    case EL_CHANGE_SET_MEMBERSHIPS: return set_memberships(d, d->peers[change->number], change);
    case EL_CHANGE_DISSOLVE: dissolve(d, change->vni); return 0;
    case EL_CHANGE_ADD_PORT:
    case EL_CHANGE_PUBLISH_PORT:
    case EL_CHANGE_REMOVE_PORT: return change_port(d, change);
    }
    return EL_EINVAL;
}

void el_datapath_make_change(struct el_datapath *d, struct el_datapath_change *change)
{
    change->err = (struct el_err){""};
    change->removed = false;
    change->code = make(d, change);
    d->changed = change;
    el_datapath_tell_of_change(d);
}

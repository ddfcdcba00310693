/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The direct ways of a spoke to other spokes: whether they are live, and who is at our end. The
 * idea is in forward.h. */
#include "base/time.h"
#include "datapath/forward_inside.h"

#include <string.h>

enum {
    BEAT_S = 1,        /* between two echoes */
    TELL_STATIONS = 3, /* every so many beats: well within EL_SWITCH_HOLD_S */
    ECHO_BYTES = 28,   /* an IPv4 header, an ICMP header */
    FRAME_BYTES = 60,  /* the shortest of Ethernet, without its check sum */
    USED_FRAMES = 4,   /* so few are no use: ARP */
};

static const uint8_t loopback[2] = {0x90, 0x00}; /* Ethernet V2.0 (1982), §8: a station's test */

const char *const el_forward_role_names[EL_FORWARD_ROLES] = {
    [EL_FORWARD_MEMBER] = "member", [EL_FORWARD_UPLINK] = "uplink", [EL_FORWARD_DIRECT] = "direct"};

enum el_forward_role el_forward_role(const struct el_tunnel_peer *peer)
{
    return ((const struct peer *)el_tunnel_peer_user(peer))->role;
}

bool el_forward_is_live(const struct el_tunnel_peer *peer)
{
    return ((const struct peer *)el_tunnel_peer_user(peer))->direct.live;
}

/* -- what is told -- */

/* Frames of machines that we have sent to PEER. */
static uint64_t frames_to(const struct peer *peer, uint64_t now_ns)
{
    struct el_tunnel_peer_state state;
    uint64_t own = atomic_load_explicit(&peer->direct.own, memory_order_relaxed);

    el_tunnel_peer_state(peer->tunnel, now_ns, &state);
    return state.traffic.tx_packets > own ? state.traffic.tx_packets - own : 0;
}

static void tell(struct el_forward *f, uint64_t now_ns, struct peer *peer)
{
    uint64_t frames = frames_to(peer, now_ns);
    bool used = frames > peer->direct.frames + USED_FRAMES;

    peer->direct.frames = frames;
    if (f->config.direct)
        f->config.direct(f->config.arg, peer->tunnel, peer->direct.live, used);
}

/* -- live or not -- */

void el_forward_direct_set_live(struct el_forward *f, uint64_t now_ns, struct peer *peer, bool live)
{
    if (peer->direct.live == live)
        return;
    peer->direct.live = live;
    peer->direct.beats = 0;
    for (unsigned i = 0; i < peer->network_count; i++) {
        el_switch_publish(f->sw, peer->networks[i].port, live && peer->networks[i].published);
        if (!live)
            el_switch_flush(f->sw, peer->networks[i].port);
    }
    if (live)
        f->beat_ns = now_ns; /* who is here is told at once */
    tell(f, now_ns, peer);
}

bool el_forward_direct_heard(struct lane *l, uint64_t now_ns, struct peer *peer,
                             const struct el_overlay_packet *packet)
{
    struct direct *direct = &peer->direct;
    uint16_t behind = (uint16_t)(direct->sequence - packet->echo_sequence);

    if (peer->role != EL_FORWARD_DIRECT || packet->echo_ident != direct->ident)
        return false;
    if (behind > EL_FORWARD_DEAD_S / BEAT_S)
        return true; /* of a time that is over */
    atomic_store_explicit(&direct->heard_ns, now_ns, memory_order_relaxed);
    if (direct->live)
        return true;
    el_gate_exclusive(&l->f->config.gate, l->number);
    el_forward_direct_set_live(l->f, now_ns, peer, true);
    el_gate_resume(&l->f->config.gate, l->number);
    return true;
}

/* -- beats -- */

static void send_echo(struct lane *l, uint64_t now_ns, struct peer *peer)
{
    struct el_overlay_path path = {.local = l->f->config.address, .remote = peer->remote};

    el_overlay_echo_request(l->scratch, ECHO_BYTES, &path, peer->direct.ident,
                            ++peer->direct.sequence);
    el_forward_send_packet(l, now_ns, peer, l->scratch, ECHO_BYTES, 0);
    peer->direct.own++;
}

/* A frame from STATION to itself. */
static void send_station(struct lane *l, uint64_t now_ns, const struct outlet *outlet,
                         const struct el_mac *station)
{
    uint8_t *frame = l->scratch + EL_FORWARD_HEADROOM;

    memset(frame, 0, FRAME_BYTES);
    memcpy(frame, station, sizeof *station);
    memcpy(frame + sizeof *station, station, sizeof *station);
    memcpy(frame + 2 * sizeof *station, loopback, sizeof loopback);
    el_forward_send_own(l, now_ns, outlet, FRAME_BYTES);
    outlet->peer->direct.own++;
}

/* Tells PEER who is at our local ports of the networks that both are in. */
static void send_stations(struct el_forward *f, uint64_t now_ns, const struct peer *peer)
{
    struct el_mac stations[EL_FORWARD_STATIONS];

    for (unsigned n = 0; n < peer->network_count; n++) {
        const struct outlet *outlet = &f->outlets[peer->networks[n].port];
        for (unsigned i = 0; peer->networks[n].published && i < EL_FORWARD_PORTS_MAX; i++) {
            unsigned port = f->locals[i].port;
            if (!f->locals[i].used || f->outlets[port].vni != outlet->vni)
                continue;
            unsigned count =
                el_switch_addresses(f->sw, now_ns, port, stations, EL_FORWARD_STATIONS);
            for (unsigned s = 0; s < count; s++)
                send_station(&f->lanes[f->lane_count], now_ns, outlet, &stations[s]);
        }
    }
}

static void beat(struct el_forward *f, uint64_t now_ns, struct peer *peer)
{
    struct direct *direct = &peer->direct;
    uint64_t heard_ns = atomic_load_explicit(&direct->heard_ns, memory_order_relaxed);
    bool up = el_tunnel_peer_is_up(peer->tunnel, now_ns);

    if (!up || now_ns >= heard_ns + EL_FORWARD_DEAD_S * EL_S)
        el_forward_direct_set_live(f, now_ns, peer, false);
    if (up)
        send_echo(&f->lanes[f->lane_count], now_ns, peer);
    if (!direct->live)
        return;
    if (direct->beats % TELL_STATIONS == 0)
        send_stations(f, now_ns, peer);
    if (++direct->beats % (EL_FORWARD_TOLD_S / BEAT_S) == 0)
        tell(f, now_ns, peer);
}

void el_forward_direct_beat(struct el_forward *f, uint64_t now_ns)
{
    f->beat_ns = f->directs > 0 ? now_ns + BEAT_S * EL_S : EL_NEVER;
    for (unsigned i = 0; f->directs > 0 && i < f->peer_count; i++)
        if (f->peers[i].tunnel && f->peers[i].role == EL_FORWARD_DIRECT)
            beat(f, now_ns, &f->peers[i]);
}

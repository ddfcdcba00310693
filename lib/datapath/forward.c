/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where frames meet datagrams. The theory is in forward.h. */
#include "datapath/forward_inside.h"

#include "base/time.h"
#include "frame/ecn.h"
#include "frame/gso.h"
#include "overlay/overlay.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)EL_FORWARD_HEADROOM >= (int)EL_OVERLAY_HEADER, "room for the overlay's header");
_Static_assert((int)EL_FORWARD_TAILROOM >= (int)EL_TUNNEL_SEAL_ROOM, "room for the padding");
_Static_assert((int)EL_PORT_SLICES >= (int)EL_GRO_SLICES, "a port takes what GRO makes");

/* -- making; ports and peers: forward_members.c -- */

static void emit_merged(void *arg, unsigned number, const struct el_offload *offload,
                        const struct el_slice *slices, unsigned count);

static int make_lanes(struct el_forward *f)
{
    size_t bytes = (f->lane_count + 1) * sizeof *f->lanes;

    f->lanes = aligned_alloc(_Alignof(struct lane), bytes);
    if (!f->lanes)
        return EL_ENOMEM;
    memset(f->lanes, 0, bytes);
    for (unsigned i = 0; i <= f->lane_count; i++) {
        struct lane *l = &f->lanes[i];
        struct el_gro_config gro = {.emit = emit_merged, .arg = l};
        l->f = f;
        l->number = i;
        l->out = f->config.out;
        if (i == f->lane_count)
            break; /* control gets no packets */
        l->gro = el_gro_new(&gro);
        int rc = l->gro ? el_reasm_new(0, &l->reasm) : EL_ENOMEM;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int make_parts(struct el_forward *f)
{
    unsigned outlets = EL_FORWARD_PORTS_MAX + f->config.peers_max * EL_FORWARD_NETWORKS_MAX;
    if (outlets > EL_SWITCH_PORTS_MAX)
        outlets = EL_SWITCH_PORTS_MAX;
    struct el_switch_config sw = {.ports_max = outlets, .addresses_max = f->config.addresses_max};

    f->outlets = calloc(outlets, sizeof *f->outlets);
    f->peers = calloc(f->config.peers_max, sizeof *f->peers);
    f->due = el_heap_new(f->config.peers_max);
    if (!f->outlets || !f->peers || !f->due)
        return EL_ENOMEM;
    int rc = el_switch_new(&sw, &f->sw);
    if (rc == 0 && f->config.loop)
        rc = el_loop_new(outlets, &f->loop);
    return rc < 0 ? rc : make_lanes(f);
}

int el_forward_new(const struct el_forward_config *config, struct el_forward **forward)
{
    if (config->lanes > EL_SWITCH_LANES)
        return EL_EINVAL;
    struct el_forward *f = calloc(1, sizeof *f);
    if (!f)
        return EL_ENOMEM;
    f->config = *config;
    f->beat_ns = EL_NEVER;
    f->lane_count = config->lanes ? config->lanes : 1;
    int rc = make_parts(f);
    if (rc < 0) {
        el_forward_free(f);
        return rc;
    }
    *forward = f;
    return 0;
}

void el_forward_free(struct el_forward *f)
{
    if (!f)
        return;
    for (unsigned i = 0; f->lanes && i <= f->lane_count; i++) {
        el_gro_free(f->lanes[i].gro);
        el_reasm_free(f->lanes[i].reasm);
    }
    free(f->lanes);
    el_switch_free(f->sw);
    el_loop_free(f->loop);
    el_heap_free(f->due);
    free(f->outlets);
    free(f->peers);
    free(f);
}

/* The path MTU of PEER has another deadline now: for a lane in shared mode. */
static void watch_path_of(struct lane *l, struct peer *peer)
{
    el_gate_exclusive(&l->f->config.gate, l->number);
    el_forward_watch_path(l->f, peer);
    el_gate_resume(&l->f->config.gate, l->number);
}

/* -- whoever looks on -- */

/* A frame passes OUTLET, in DIRECTION. */
static inline void show(const struct el_forward *f, uint64_t now_ns, const struct outlet *outlet,
                        enum el_capture_direction direction, const struct el_port_tx *frame)
{
    if (el_capture_wants(f->config.capture, outlet->interface, direction))
        el_capture_put(f->config.capture, now_ns, outlet->interface, direction, &frame->offload,
                       frame->slices, frame->count);
}

/* The same of one that is whole. */
static inline void show_whole(const struct el_forward *f, uint64_t now_ns,
                              const struct outlet *outlet, enum el_capture_direction direction,
                              const struct el_offload *offload, const uint8_t *frame, size_t len)
{
    struct el_slice whole = {frame, len};

    if (el_capture_wants(f->config.capture, outlet->interface, direction))
        el_capture_put(f->config.capture, now_ns, outlet->interface, direction, offload, &whole, 1);
}

/* -- towards peers -- */

/* A frame on its way to peers. */
struct parcel {
    uint8_t *frame;
    size_t len;
    size_t room;            /* before it that is ours to write to: the compact header's at least */
    struct el_offload rest; /* a checksum that is still partial */
    uint8_t tos;            /* of the packet in it: for all headers around it */
    bool keep;              /* it is needed again afterwards (what stands before it is not) */
};

/* Seals one packet for PEER, filled up to FILLED bytes, that goes TO there. */
static void send_filled_to(struct lane *l, uint64_t now_ns, struct peer *peer,
                           const struct el_endpoint *to, uint8_t *packet, size_t len, size_t filled,
                           uint8_t tos)
{
    uint8_t *sealed =
        l->out.reserve(l->out.arg, to, el_tunnel_peer_sealed_bytes(peer->tunnel, filled), tos);

    if (!sealed) {
        count(l, DROP_DATAGRAM_QUEUE);
        return;
    }
    if (el_tunnel_lane_seal(l->f->config.tunnel, l->number, now_ns, peer->tunnel, sealed, packet,
                            len, filled) < 0) {
        l->out.cancel(l->out.arg);
        count(l, DROP_PEER_DOWN);
        return;
    }
}

static void send_filled(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *packet,
                        size_t len, size_t filled, uint8_t tos)
{
    send_filled_to(l, now_ns, peer, el_tunnel_peer_endpoint(peer->tunnel), packet, len, filled,
                   tos);
}

void el_forward_send_through(struct lane *l, uint64_t now_ns, struct peer *peer,
                             const struct el_endpoint *to, uint8_t *packet, size_t len)
{
    send_filled_to(l, now_ns, peer, to, packet, len, len, 0);
}

void el_forward_send_packet(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *packet,
                            size_t len, uint8_t tos)
{
    send_filled(l, now_ns, peer, packet, len, len, tos);
}

/* The last fragment is filled up to the length of the others, so that they ride in one train, with
 * those of the packets before and behind. */
void el_forward_send_fitting(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *packet,
                             size_t len, uint8_t tos)
{
    struct el_fragment_cut cut;
    uint8_t *fragment;
    size_t fragment_len;

    if (len <= el_pmtu_inner_bytes(&peer->pmtu)) {
        el_forward_send_packet(l, now_ns, peer, packet, len, tos);
        return;
    }
    if (el_fragment_begin(&cut, packet, len, el_pmtu_inner_bytes(&peer->pmtu)) < 0)
        return;
    size_t longest = el_fragment_longest(&cut);
    while ((fragment_len = el_fragment_next(&cut, &fragment)) > 0) {
        bool near = longest - fragment_len <= EL_TUNNEL_FILL_MAX;
        send_filled(l, now_ns, peer, fragment, fragment_len, near ? longest : fragment_len, tos);
    }
}

/* Sends a frame as every peer understands it. What stays to be done to it is done here; a frame
 * that is kept is changed elsewhere, and so is one that came in the compact form: what is before
 * its headers is another's datagram, or nobody's memory. */
static void send_standard(struct lane *l, uint64_t now_ns, const struct outlet *outlet,
                          const struct parcel *parcel)
{
    struct peer *peer = outlet->peer;
    struct el_overlay_path path = {l->f->config.address, peer->remote, outlet->vni, parcel->tos};
    size_t len = EL_OVERLAY_HEADER + parcel->len;
    bool changes = parcel->rest.needs_csum || len > el_pmtu_inner_bytes(&peer->pmtu);
    uint8_t *frame = parcel->frame;

    if (parcel->room < EL_OVERLAY_HEADER || (parcel->keep && changes)) {
        frame = l->scratch + EL_FORWARD_HEADROOM;
        memcpy(frame, parcel->frame, parcel->len);
    }
    el_gso_finish(frame, parcel->len, &parcel->rest);
    /* The addresses make a flow for the far side's receive queues; ports would ask for a parse. */
    uint32_t flow;
    memcpy(&flow, frame + 8, sizeof flow);
    el_overlay_encap(frame, parcel->len, &path, flow,
                     (uint16_t)atomic_fetch_add_explicit(&peer->ip_id, 1, memory_order_relaxed));
    el_forward_send_fitting(l, now_ns, peer, frame - EL_OVERLAY_HEADER, len, parcel->tos);
}

/* What stands in front of a frame inside the tunnel, if both fit the path. */
static size_t header_of(const struct peer *peer)
{
    return peer->compact ? EL_OVERLAY_COMPACT : EL_OVERLAY_HEADER;
}

/* Sends a frame to the peer behind OUTLET. */
static void send_frame(struct lane *l, uint64_t now_ns, const struct outlet *outlet,
                       const struct parcel *parcel)
{
    struct peer *peer = outlet->peer;
    size_t len = header_of(peer) + parcel->len;

    if (!el_tunnel_peer_is_up(peer->tunnel, now_ns)) {
        el_tunnel_lane_connect(l->f->config.tunnel, l->number, peer->tunnel, now_ns);
        count(l, DROP_PEER_DOWN);
        return;
    }
    if (parcel->len > EL_OVERLAY_FRAME_MAX) {
        count(l, DROP_FRAME_LARGE);
        return;
    }
    show_whole(l->f, now_ns, outlet, EL_CAPTURE_OUT, &parcel->rest, parcel->frame, parcel->len);
    /* Frames only: probes and their answers would keep two idle peers probing each other. */
    if (el_pmtu_sent(&peer->pmtu, len))
        watch_path_of(l, peer);
    if (peer->compact && len <= el_pmtu_inner_bytes(&peer->pmtu)) {
        el_overlay_compact_encap(parcel->frame, outlet->vni, &parcel->rest);
        el_forward_send_packet(l, now_ns, peer, parcel->frame - EL_OVERLAY_COMPACT, len,
                               parcel->tos);
    } else {
        send_standard(l, now_ns, outlet, parcel);
    }
}

void el_forward_send_own(struct lane *l, uint64_t now_ns, const struct outlet *outlet, size_t len)
{
    struct parcel parcel = {
        .frame = l->scratch + EL_FORWARD_HEADROOM, .len = len, .room = EL_FORWARD_HEADROOM};

    send_frame(l, now_ns, outlet, &parcel);
}

/* The longest IP packet of a machine that passes to PEER uncut. */
static size_t machine_mtu(const struct peer *peer)
{
    return el_pmtu_inner_bytes(&peer->pmtu) - header_of(peer) - EL_ETH_HEADER;
}

/* -- frames from ports -- */

static void drop_or_count(struct lane *l, int rc)
{
    if (rc < 0)
        count(l, DROP_PORT_FULL);
}

/* The peers among those who get a frame. */
struct reach {
    unsigned peers;
    size_t mtu;   /* the longest IP packet that passes to all of them uncut, or less */
    bool compact; /* all understand the compact form */
};

/* MTU: what it is at the most. */
static struct reach reach_of(const struct lane *l, const struct el_switch_out *out, size_t mtu)
{
    struct reach reach = {.mtu = mtu, .compact = true};

    for (unsigned i = 0; i < out->count; i++) {
        const struct peer *peer = l->f->outlets[out->ports[i]].peer;
        if (!peer)
            continue;
        reach.peers++;
        reach.compact &= peer->compact;
        if (machine_mtu(peer) < reach.mtu)
            reach.mtu = machine_mtu(peer);
    }
    return reach;
}

/* The first step, before cutting destroys the frame: the local ports take it as it is. */
static void send_to_ports(struct lane *l, uint64_t now_ns, const struct el_switch_out *out,
                          const struct el_port_tx *tx)
{
    for (unsigned i = 0; i < out->count; i++) {
        const struct outlet *outlet = &l->f->outlets[out->ports[i]];
        if (outlet->peer)
            continue;
        show(l->f, now_ns, outlet, EL_CAPTURE_OUT, tx);
        drop_or_count(l, el_port_send(l->queues[outlet->local], tx));
    }
}

static void send_to_peers(struct lane *l, uint64_t now_ns, const struct el_switch_out *out,
                          const struct parcel *parcel)
{
    for (unsigned i = 0; i < out->count; i++) {
        const struct outlet *outlet = &l->f->outlets[out->ports[i]];
        if (outlet->peer)
            send_frame(l, now_ns, outlet, parcel);
    }
}

/* The second step: cuts the frame and sends the segments to the peers. */
static void cut_to_peers(struct lane *l, uint64_t now_ns, const struct el_switch_out *out,
                         const struct el_port_rx *rx, const struct reach *reach)
{
    struct el_layers layers __attribute__((uninitialized)); /* per packet: zeroed once is enough */
    struct el_gso_cut cut __attribute__((uninitialized));

    el_layers_read(rx->bytes, rx->len, &layers);
    if (rx->offload.gso == EL_GSO_NONE) /* a SYN is never a super-frame */
        el_overlay_clamp_mss(rx->bytes, &layers, reach->mtu, rx->offload.needs_csum);
    bool partial = reach->compact && el_overlay_may_be_partial(&layers, rx->len, &rx->offload);
    if (el_gso_begin(&cut, rx->bytes, rx->len, &rx->offload,
                     partial ? EL_GSO_PARTIAL : EL_GSO_COMPLETE) < 0) {
        count(l, DROP_FRAME_OFFLOAD);
        return;
    }
    struct parcel parcel = {.room = EL_FORWARD_HEADROOM,
                            .rest = cut.rest,
                            .tos = el_layers_tos(&layers),
                            .keep = reach->peers > 1};
    while (el_gso_next(&cut, &parcel.frame, &parcel.len))
        send_to_peers(l, now_ns, out, &parcel);
}

/* Where the frame at BYTES goes that came from a port of the switch; false: nowhere. Its source may
 * have to be learned, for all lanes. */
static bool decide(struct lane *l, uint64_t now_ns, unsigned port, const uint8_t *bytes,
                   struct el_switch_out *out)
{
    const struct el_gate *gate = &l->f->config.gate;
    struct el_mac dst, src;

    memcpy(&dst, bytes, sizeof dst);
    memcpy(&src, bytes + sizeof dst, sizeof src);
    int rc = el_switch_forward(l->f->sw, now_ns, l->number, port, &src, &dst, out);
    if (rc == EL_SWITCH_NEEDS_CHANGE) {
        el_gate_exclusive(gate, l->number);
        rc = el_switch_forward_exclusive(l->f->sw, now_ns, l->number, port, &src, &dst, out);
        if (out->moved && l->f->loop)
            el_loop_suspect(l->f->loop, now_ns, port);
        el_gate_resume(gate, l->number);
    }
    return rc == 0;
}

/* Whether the frame from port NUMBER, which may be a server's, stays here. */
static bool stays_here(struct lane *l, uint64_t now_ns, unsigned number,
                       const struct el_port_rx *rx)
{
    const struct el_forward_config *config = &l->f->config;
    struct el_ip ip = {.family = 0};
    enum el_guard_kind kind = el_guard_kind_of(rx->bytes, rx->len, &ip);
    struct el_mac src;

    if (kind == EL_GUARD_NOTHING)
        return false;
    memcpy(&src, rx->bytes + sizeof src, sizeof src);
    _Atomic uint64_t *quiet_ns = &l->f->servers_quiet_ns[kind][src.b[5] % 64];
    if (now_ns >= atomic_load_explicit(quiet_ns, memory_order_relaxed)) {
        atomic_store_explicit(quiet_ns, now_ns + EL_FORWARD_SERVER_S * EL_S, memory_order_relaxed);
        config->server(config->arg, number, kind, &src, &ip);
    }
    if (config->guard)
        count(l, DROP_GUARD);
    return config->guard;
}

void el_forward_lane_frame(struct el_forward *f, unsigned lane, uint64_t now_ns, unsigned number,
                           const struct el_port_rx *rx)
{
    struct lane *l = &f->lanes[lane];
    struct el_slice whole = {rx->bytes, rx->len};
    struct el_port_tx tx = {rx->offload, &whole, 1, true};
    struct el_switch_out out;

    if (rx->len < 14) {
        count(l, DROP_FRAME_SHORT);
        return;
    }
    show(f, now_ns, &f->outlets[f->locals[number].port], EL_CAPTURE_IN, &tx);
    if (f->config.server && rx->len >= 24 && el_guard_may_be(rx->bytes) &&
        stays_here(l, now_ns, number, rx))
        return;
    if (!decide(l, now_ns, f->locals[number].port, rx->bytes, &out))
        return;
    send_to_ports(l, now_ns, &out, &tx);
    struct reach reach = reach_of(l, &out, SIZE_MAX);
    if (reach.peers > 0)
        cut_to_peers(l, now_ns, &out, rx, &reach);
}

/* -- datagrams from peers -- */

static void emit_merged(void *arg, unsigned number, const struct el_offload *offload,
                        const struct el_slice *slices, unsigned count)
{
    struct lane *l = arg;
    /* In front of a frame that stands alone are the headers it came in. */
    struct el_port_tx tx = {*offload, slices, count, count == 1};

    show(l->f, l->now_ns, &l->f->outlets[number], EL_CAPTURE_OUT, &tx);
    drop_or_count(l, el_port_send(l->queues[l->f->outlets[number].local], &tx));
}

/* The switch port of PEER in network VNI, or -1. */
static int peer_port(const struct peer *peer, uint32_t vni)
{
    for (unsigned i = 0; i < peer->network_count; i++)
        if (peer->networks[i].vni == vni)
            return peer->networks[i].port;
    return -1;
}

/* Whoever is no el2w gets no frame whose checksum is partial; then nobody does. */
static void finish_for(const struct reach *reach, struct el_overlay_packet *packet)
{
    if (!packet->offload.needs_csum || reach->compact)
        return;
    el_gso_finish(packet->frame, packet->frame_len, &packet->offload);
    packet->offload.needs_csum = false;
    el_layers_read(packet->frame, packet->frame_len, &packet->layers);
}

/* A frame goes through us from PEER to TO: another vote. */
static void count_relayed(struct lane *l, uint64_t now_ns, struct peer *peer, const struct peer *to)
{
    const struct el_forward_config *config = &l->f->config;
    struct relay *relay = &peer->relay;
    uint32_t number = el_forward_number(l->f, to);
    uint32_t frames = atomic_load_explicit(&relay->frames, memory_order_relaxed);

    if (atomic_load_explicit(&relay->to, memory_order_relaxed) == number) {
        frames++;
    } else if (frames > 0) {
        frames--;
    } else {
        atomic_store_explicit(&relay->to, number, memory_order_relaxed);
        frames = 1;
    }
    if (frames == EL_FORWARD_RELAYED) {
        if (now_ns < atomic_load_explicit(&relay->quiet_ns, memory_order_relaxed)) {
            frames--; /* the next one after the silence is told of */
        } else {
            frames = 0;
            atomic_store_explicit(&relay->quiet_ns, now_ns + EL_FORWARD_RELAYED_S * EL_S,
                                  memory_order_relaxed);
            config->relayed(config->arg, peer->tunnel, to->tunnel);
        }
    }
    atomic_store_explicit(&relay->frames, frames, memory_order_relaxed);
}

/* A frame that came from PEER; the overlay's old header in front of it, of HEADER_LEN, is room for
 * a new one. */
static void frame_from_peer(struct lane *l, uint64_t now_ns, struct peer *peer,
                            struct el_overlay_packet *packet, size_t header_len)
{
    struct el_switch_out out;
    int from = peer_port(peer, packet->vni);

    if (from < 0) {
        count(l, DROP_VNI);
        return;
    }
    show_whole(l->f, now_ns, &l->f->outlets[from], EL_CAPTURE_IN, &packet->offload, packet->frame,
               packet->frame_len);
    if (el_loop_is_probe(packet->frame) &&
        el_forward_loop_take(l, now_ns, (unsigned)from, packet->frame, packet->frame_len))
        return;
    if (!decide(l, now_ns, (unsigned)from, packet->frame, &out))
        return;
    struct reach reach = reach_of(l, &out, machine_mtu(peer));
    el_overlay_clamp_mss(packet->frame, &packet->layers, reach.mtu, packet->offload.needs_csum);
    if (reach.peers > 0) {
        finish_for(&reach, packet);
        struct parcel parcel = {.frame = packet->frame,
                                .len = packet->frame_len,
                                .room = header_len,
                                .rest = packet->offload,
                                .tos = el_layers_tos(&packet->layers),
                                .keep = out.count > 1};
        send_to_peers(l, now_ns, &out, &parcel);
        if (!out.flooded && l->f->config.relayed)
            count_relayed(l, now_ns, peer, l->f->outlets[out.ports[0]].peer);
    }
    for (unsigned i = 0; i < out.count; i++)
        if (!l->f->outlets[out.ports[i]].peer)
            el_gro_add(l->gro, out.ports[i], packet->frame, packet->frame_len, &packet->layers,
                       &packet->offload);
}

static void packet_from_peer(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *bytes,
                             size_t len, uint8_t tos);

/* A fragment. What it completes lies in the reassembler's memory, which is reused after so many
 * calls: until then it may be held back. */
static void fragment_from_peer(struct lane *l, uint64_t now_ns, struct peer *peer,
                               const uint8_t *bytes, size_t len)
{
    uint8_t *whole;
    size_t whole_len;

    if (l->fragments++ == EL_REASM_KEPT) {
        el_gro_flush(l->gro);
        l->fragments = 1;
    }
    if (el_reasm_input(l->reasm, now_ns, bytes, len, &whole, &whole_len) == 1)
        packet_from_peer(l, now_ns, peer, whole, whole_len, 0);
}

/* What is inside the tunnel gets the mark that its datagram came with; false: dropped. In the
 * standard form there is a header between the two. */
static bool mark(struct lane *l, uint8_t *bytes, struct el_overlay_packet *packet, uint8_t outer)
{
    int ecn = el_overlay_is_compact(*bytes) ? outer : el_ecn_decap(packet->tos, outer);

    if (ecn >= 0 && packet->kind == EL_OVERLAY_FRAGMENT)
        el_ecn_set4(bytes, (enum el_ecn)ecn);
    if (ecn >= 0 && packet->kind == EL_OVERLAY_FRAME)
        ecn = el_ecn_decap_frame(packet->frame, &packet->layers, (uint8_t)ecn);
    if (ecn < 0)
        count(l, DROP_ECN);
    return ecn >= 0;
}

/* An echo reply. All that is asked for changes what lanes send; what is not, nobody waits for. */
static void probe_answered(struct lane *l, uint64_t now_ns, struct peer *peer,
                           const struct el_overlay_packet *packet)
{
    const struct el_gate *gate = &l->f->config.gate;

    if (el_forward_direct_heard(l, now_ns, peer, packet))
        return;
    if (!el_pmtu_awaits(&peer->pmtu, packet->echo_ident, packet->echo_sequence, packet->echo_len))
        return;
    el_gate_exclusive(gate, l->number);
    if (el_pmtu_input_reply(&peer->pmtu, now_ns, packet->echo_ident, packet->echo_sequence,
                            packet->echo_len))
        el_forward_watch_path(l->f, peer);
    el_gate_resume(gate, l->number);
}

/* What is no frame: for whoever else listens at our tunnel address, with the mark that its datagram
 * came with; or for nobody. Another spoke has no business there. */
static void packet_for_inside(struct lane *l, const struct peer *peer, uint8_t *bytes, size_t len,
                              uint8_t tos)
{
    const struct el_forward_config *config = &l->f->config;

    if (!config->inside || peer->role == EL_FORWARD_DIRECT ||
        !el_overlay_is_inside(bytes, len, config->address)) {
        count(l, DROP_OVERLAY);
        return;
    }
    int ecn = el_ecn_decap(bytes[1], tos);
    if (ecn < 0) {
        count(l, DROP_ECN);
        return;
    }
    el_ecn_set4(bytes, (enum el_ecn)ecn);
    count(l,
          config->inside(config->arg, l->number, bytes, len) ? INSIDE_RECEIVED : INSIDE_DROP_FULL);
}

static void packet_from_peer(struct lane *l, uint64_t now_ns, struct peer *peer, uint8_t *bytes,
                             size_t len, uint8_t tos)
{
    struct el_overlay_packet packet __attribute__((uninitialized));
    int rc = peer->compact && el_overlay_is_compact(*bytes)
                 ? el_overlay_compact_decap(bytes, len, &packet)
                 : el_overlay_decap(bytes, len, l->f->config.address, &packet);

    if (rc < 0) {
        packet_for_inside(l, peer, bytes, len, tos);
        return;
    }
    if (!mark(l, bytes, &packet, tos))
        return;
    switch (packet.kind) {
    case EL_OVERLAY_FRAME:
        frame_from_peer(l, now_ns, peer, &packet, (size_t)(packet.frame - bytes));
        break;
    case EL_OVERLAY_FRAGMENT: fragment_from_peer(l, now_ns, peer, bytes, len); break;
    case EL_OVERLAY_ECHO:
        el_overlay_echo_reply(bytes, len);
        el_forward_send_fitting(l, now_ns, peer, bytes, len, 0);
        atomic_fetch_add_explicit(&peer->direct.own, 1, memory_order_relaxed);
        break;
    case EL_OVERLAY_ECHO_REPLY: probe_answered(l, now_ns, peer, &packet); break;
    }
}

void el_forward_lane_datagram(struct el_forward *f, unsigned lane, uint64_t now_ns,
                              const struct el_endpoint *from, uint8_t *bytes, size_t len,
                              uint8_t tos)
{
    struct lane *l = &f->lanes[lane];
    struct el_tunnel_packet packet;

    l->now_ns = now_ns;
    if (el_tunnel_is_control(bytes, len)) {
        if (!f->config.hand_over)
            el_tunnel_control(f->config.tunnel, now_ns, from, bytes, len);
        else if (!f->config.hand_over(f->config.arg, lane, from, bytes, len))
            count(l, DROP_HANDSHAKE_QUEUE);
        return;
    }
    if (el_tunnel_lane_open(f->config.tunnel, lane, now_ns, from, bytes, len, &packet) == 1)
        packet_from_peer(l, now_ns, el_tunnel_peer_user(packet.peer), packet.bytes, packet.len,
                         tos);
}

void el_forward_lane_flush(struct el_forward *f, unsigned lane)
{
    el_gro_flush(f->lanes[lane].gro);
    f->lanes[lane].fragments = 0;
}

uint64_t el_forward_lane_deadline_ns(const struct el_forward *f, unsigned lane)
{
    return el_reasm_deadline_ns(f->lanes[lane].reasm);
}

void el_forward_lane_expire(struct el_forward *f, unsigned lane, uint64_t now_ns)
{
    if (now_ns >= el_reasm_deadline_ns(f->lanes[lane].reasm))
        el_reasm_expire(f->lanes[lane].reasm, now_ns);
}

/* -- all of it, by one thread -- */

void el_forward_frame(struct el_forward *f, uint64_t now_ns, unsigned number,
                      const struct el_port_rx *rx)
{
    el_forward_lane_frame(f, 0, now_ns, number, rx);
}

void el_forward_datagram(struct el_forward *f, uint64_t now_ns, const struct el_endpoint *from,
                         uint8_t *bytes, size_t len, uint8_t tos)
{
    el_forward_lane_datagram(f, 0, now_ns, from, bytes, len, tos);
}

void el_forward_flush(struct el_forward *f, uint64_t now_ns)
{
    el_forward_lane_flush(f, 0);
    el_forward_say(f, now_ns);
}

void el_forward_tick(struct el_forward *f, uint64_t now_ns)
{
    el_forward_lane_expire(f, 0, now_ns);
    el_forward_lane_flush(f, 0);
    el_forward_control_tick(f, now_ns);
}

uint64_t el_forward_deadline_ns(const struct el_forward *f)
{
    return el_earlier(el_forward_control_deadline_ns(f), el_forward_lane_deadline_ns(f, 0));
}

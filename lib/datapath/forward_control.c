/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What control does, what happens to peers, and what others ask. */
#include "base/time.h"
#include "datapath/forward_inside.h"
#include "frame/ip4.h"
#include "overlay/overlay.h"
#include "tunnel/wg_wire.h"

#include <string.h>

enum {
    HANDSHAKE_TOS = 0x88, /* AF41, as Linux's WireGuard marks what makes a session */
    PROBE_BYTES = 48,     /* of the packet that asks whether there is another way */
};

static const char *const counter_names[COUNTERS] = {
    [DROP_FRAME_SHORT] = "drop-frame-short",
    [DROP_FRAME_LARGE] = "drop-frame-large",
    [DROP_FRAME_OFFLOAD] = "drop-frame-offload",
    [DROP_PEER_DOWN] = "drop-peer-down",
    [DROP_DATAGRAM_QUEUE] = "drop-queue-full",
    [DROP_OVERLAY] = "drop-overlay",
    [DROP_VNI] = "drop-vni",
    [DROP_ECN] = "drop-ecn",
    [DROP_GUARD] = "drop-guard",
    [DROP_PORT_FULL] = "drop-port-full",
    [DROP_HANDSHAKE_QUEUE] = "drop-handshake-queue",
    [INSIDE_RECEIVED] = "received",
    [INSIDE_SENT] = "sent",
    [INSIDE_DROP_FULL] = "drop-full",
    [INSIDE_DROP_STRAY] = "drop-stray",
};

void el_forward_watch_path(struct el_forward *f, struct peer *peer)
{
    uint64_t deadline = el_pmtu_deadline_ns(&peer->pmtu);

    if (deadline == EL_NEVER)
        el_heap_remove(f->due, &peer->due);
    else
        el_heap_set(f->due, &peer->due, deadline); /* it has room for all peers */
}

/* -- control: what happens by itself -- */

void el_forward_say(struct el_forward *f, uint64_t now_ns)
{
    struct lane *l = &f->lanes[f->lane_count];
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    while ((len = el_tunnel_output(f->config.tunnel, now_ns, bytes, &to)) > 0) {
        uint8_t tos = el_tunnel_message(bytes, (size_t)len) == EL_TUNNEL_DATA ? 0 : HANDSHAKE_TOS;
        uint8_t *at = l->out.reserve(l->out.arg, &to, (size_t)len, tos);
        if (at)
            memcpy(at, bytes, (size_t)len);
        else
            count(l, DROP_DATAGRAM_QUEUE);
    }
}

static void send_probe(struct lane *l, uint64_t now_ns, struct peer *peer,
                       const struct el_pmtu_probe *probe)
{
    struct el_overlay_path path = {.local = l->f->config.address, .remote = peer->remote};

    el_overlay_echo_request(l->scratch, probe->len, &path, probe->ident, probe->sequence);
    el_forward_send_packet(l, now_ns, peer, l->scratch, probe->len, 0);
}

static void probe_through(struct lane *l, uint64_t now_ns, struct peer *peer,
                          const struct el_endpoint *endpoint, uint16_t sequence)
{
    struct el_overlay_path path = {.local = l->f->config.address, .remote = peer->remote};

    el_overlay_echo_request(l->scratch, PROBE_BYTES, &path, (uint16_t)~peer->pmtu.ident, sequence);
    el_forward_send_through(l, now_ns, peer, endpoint, l->scratch, PROBE_BYTES);
}

/* Both ways: what is not answered anywhere would begin a handshake. And should only our side of the
 * other way work, the peer, which follows what comes last, comes back by this one. */
void el_forward_probe(struct el_forward *f, uint64_t now_ns, struct el_tunnel_peer *tunnel_peer,
                      const struct el_endpoint *endpoint)
{
    struct lane *l = &f->lanes[f->lane_count];
    struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    el_gate_exclusive(&f->config.gate, f->lane_count);
    if (el_tunnel_peer_is_up(tunnel_peer, now_ns)) {
        probe_through(l, now_ns, peer, endpoint, 0);
        probe_through(l, now_ns, peer, el_tunnel_peer_endpoint(tunnel_peer), 1);
    }
    el_gate_resume(&f->config.gate, f->lane_count);
}

static void tick_pmtu(struct el_forward *f, uint64_t now_ns)
{
    const struct el_heap_node *first;
    struct el_pmtu_probe probe;

    while ((first = el_heap_first(f->due)) && first->key <= now_ns) {
        struct peer *peer = first->owner;
        for (; el_pmtu_output(&peer->pmtu, now_ns, &probe); peer->direct.own++)
            send_probe(&f->lanes[f->lane_count], now_ns, peer, &probe);
        el_forward_watch_path(f, peer);
    }
}

void el_forward_control_tick(struct el_forward *f, uint64_t now_ns)
{
    el_gate_exclusive(&f->config.gate, f->lane_count);
    tick_pmtu(f, now_ns);
    el_forward_loop_tick(f, now_ns);
    if (now_ns >= f->beat_ns)
        el_forward_direct_beat(f, now_ns);
    if (now_ns >= el_switch_deadline_ns(f->sw))
        el_switch_age(f->sw, now_ns);
    el_gate_resume(&f->config.gate, f->lane_count);
    el_forward_say(f, now_ns);
}

uint64_t el_forward_control_deadline_ns(const struct el_forward *f)
{
    const struct el_heap_node *path = el_heap_first(f->due);
    uint64_t next =
        el_earlier(el_tunnel_deadline_ns(f->config.tunnel), path ? path->key : EL_NEVER);

    next = el_earlier(next, el_forward_loop_deadline_ns(f));
    next = el_earlier(next, f->beat_ns);
    return el_earlier(next, el_switch_deadline_ns(f->sw));
}

/* -- from inside -- */

/* The peer that PACKET goes to; NULL: nobody, or it is no packet of ours. */
static struct peer *receiver_of(const struct el_forward *f, const uint8_t *packet, size_t len)
{
    struct el_wire w = el_wire_read(packet, len);
    struct el_ip4_header ip;

    el_ip4_read(&w, &ip);
    if (!el_wire_ok(&w) || ip.total_len != len || ip.src != f->config.address)
        return NULL;
    struct el_ip to = el_ip4(ip.dst);
    struct el_tunnel_peer *peer = el_tunnel_peer_by_ip(f->config.tunnel, &to);
    return peer ? el_tunnel_peer_user(peer) : NULL;
}

bool el_forward_inside(struct el_forward *f, uint64_t now_ns, uint8_t *packet, size_t len)
{
    struct lane *l = &f->lanes[f->lane_count];
    struct peer *peer = receiver_of(f, packet, len);

    if (!peer) {
        count(l, INSIDE_DROP_STRAY);
        return false;
    }
    count(l, INSIDE_SENT);
    el_forward_send_fitting(l, now_ns, peer, packet, len, packet[1]);
    return true;
}

/* -- what happens to peers -- */

void el_forward_event(struct el_forward *f, uint64_t now_ns, enum el_tunnel_event event,
                      struct el_tunnel_peer *tunnel_peer)
{
    struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    if (event == EL_TUNNEL_SESSION_UP || event == EL_TUNNEL_SESSION_DOWN) {
        peer->up = event == EL_TUNNEL_SESSION_UP;
        el_forward_loop_review(f, peer);
    }
    if (event == EL_TUNNEL_SESSION_UP || event == EL_TUNNEL_ROAMED) {
        el_pmtu_start(&peer->pmtu, now_ns, el_tunnel_peer_endpoint(tunnel_peer)->ip.family == 6);
        el_forward_watch_path(f, peer);
        if (peer->role == EL_FORWARD_DIRECT)
            f->beat_ns = now_ns;
    } else if (event == EL_TUNNEL_SESSION_DOWN) {
        el_pmtu_stop(&peer->pmtu);
        el_forward_watch_path(f, peer);
        el_forward_direct_set_live(f, now_ns, peer, false);
    }
}

void el_forward_too_big(struct el_forward *f, unsigned lane, uint64_t now_ns,
                        const struct el_endpoint *to, size_t len)
{
    size_t outer = len + 8 + (to->ip.family == 6 ? 40 : 20);

    /* Looking at all peers is no matter: nobody outside can make our own kernel refuse, and it does
     * so about once when a peer's path is searched. */
    el_gate_exclusive(&f->config.gate, lane);
    for (unsigned i = 0; i < f->peer_count; i++) {
        if (!f->peers[i].tunnel ||
            !el_endpoint_equal(el_tunnel_peer_endpoint(f->peers[i].tunnel), to))
            continue;
        el_pmtu_refused(&f->peers[i].pmtu, now_ns, outer);
        el_forward_watch_path(f, &f->peers[i]);
    }
    el_gate_resume(&f->config.gate, lane);
}

struct el_tunnel_peer *el_forward_locate(const struct el_forward *f, uint64_t now_ns, uint32_t vni,
                                         const struct el_mac *mac)
{
    int port = el_switch_find(f->sw, now_ns, vni, mac);

    return port >= 0 && f->outlets[port].peer ? f->outlets[port].peer->tunnel : NULL;
}

unsigned el_forward_peer_number(const struct el_forward *f,
                                const struct el_tunnel_peer *tunnel_peer)
{
    const struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    return (unsigned)(peer - f->peers);
}

size_t el_forward_path_mtu(const struct el_tunnel_peer *tunnel_peer)
{
    const struct peer *peer = el_tunnel_peer_user(tunnel_peer);

    return el_pmtu_outer_bytes(&peer->pmtu);
}

/* -- counters -- */

static uint64_t sum_of(const struct el_forward *f, enum counter counter)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i <= f->lane_count; i++)
        sum += atomic_load_explicit(&f->lanes[i].counts[counter], memory_order_relaxed);
    return sum;
}

void el_forward_counters(const struct el_forward *f, el_forward_counter_cb *each, void *arg)
{
    for (unsigned i = 0; i < COUNTERS; i++)
        each(arg, i < INSIDE_RECEIVED ? "forward" : "inside", counter_names[i], sum_of(f, i));
    for (unsigned i = 0; i < EL_TUNNEL_COUNTERS; i++)
        each(arg, "tunnel", el_tunnel_counter_name(i), el_tunnel_count(f->config.tunnel, i));
    for (unsigned i = 0; i < EL_SWITCH_COUNTERS; i++)
        each(arg, "switch", el_switch_counter_name(i), el_switch_count(f->sw, i));
    for (unsigned i = 0; i < EL_REASM_COUNTERS; i++) {
        uint64_t sum = 0;
        for (unsigned l = 0; l < f->lane_count; l++)
            sum += el_reasm_count(f->lanes[l].reasm, i);
        each(arg, "reassembly", el_reasm_counter_name(i), sum);
    }
}

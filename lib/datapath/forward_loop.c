/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard against loops between peers: switch/loop.h, and what it needs of us. */
#include "base/time.h"
#include "datapath/forward_inside.h"

#include <string.h>

#define TELL_AGAIN (100 * EL_MS)

void el_forward_loop_gate(struct el_forward *f, unsigned port, bool published)
{
    el_switch_publish(f->sw, port, published && !(f->loop && el_loop_is_blocked(f->loop, port)));
}

/* Who may carry frames takes part. */
void el_forward_loop_review(struct el_forward *f, const struct peer *peer)
{
    for (unsigned i = 0; f->loop && i < peer->network_count; i++) {
        unsigned port = peer->networks[i].port;
        if (peer->up && peer->networks[i].published)
            (void)el_loop_join(f->loop, port, peer->networks[i].vni); /* all ports have room */
        else
            el_loop_leave(f->loop, port);
        el_forward_loop_gate(f, port, peer->networks[i].published);
    }
}

static bool is_published(const struct peer *peer, unsigned port)
{
    for (unsigned i = 0; i < peer->network_count; i++)
        if (peer->networks[i].port == port)
            return peer->networks[i].published;
    return false;
}

/* -- control -- */

static void send_probe(struct el_forward *f, uint64_t now_ns, const struct el_loop_turn *turn)
{
    const struct outlet *outlet = &f->outlets[turn->port];
    struct lane *l = &f->lanes[f->lane_count];

    if (!el_tunnel_peer_is_up(outlet->peer->tunnel, now_ns))
        return;
    memcpy(l->scratch + EL_FORWARD_HEADROOM, turn->frame, sizeof turn->frame);
    el_forward_send_own(l, now_ns, outlet, sizeof turn->frame);
}

static void tell(struct el_forward *f, uint64_t now_ns)
{
    struct el_loop_news news;

    while (el_loop_news(f->loop, &news)) {
        const struct outlet *outlet = &f->outlets[news.port];
        const struct peer *other = f->outlets[news.other].peer;
        if (!f->config.loop(f->config.arg, outlet->peer->tunnel, other ? other->tunnel : NULL,
                            outlet->vni, news.blocked)) {
            f->tell_ns = now_ns + TELL_AGAIN;
            return;
        }
        el_loop_told(f->loop, &news);
    }
}

void el_forward_loop_tick(struct el_forward *f, uint64_t now_ns)
{
    struct el_loop_turn turn;

    while (f->loop && el_loop_turn(f->loop, now_ns, &turn)) {
        if (turn.opens)
            el_forward_loop_gate(f, turn.port, is_published(f->outlets[turn.port].peer, turn.port));
        if (turn.probes)
            send_probe(f, now_ns, &turn);
    }
    if (f->loop && now_ns >= f->tell_ns)
        tell(f, now_ns);
}

uint64_t el_forward_loop_deadline_ns(const struct el_forward *f)
{
    struct el_loop_news news;

    if (!f->loop)
        return EL_NEVER;
    return el_earlier(el_loop_deadline_ns(f->loop),
                      el_loop_news(f->loop, &news) ? f->tell_ns : EL_NEVER);
}

/* -- lanes -- */

/* What was learned of a LAN behind the port that is shut is behind the other. */
static void shut(struct el_forward *f, unsigned port)
{
    el_forward_loop_gate(f, port, false);
    el_switch_flush(f->sw, port);
}

bool el_forward_loop_take(struct lane *l, uint64_t now_ns, unsigned port, const uint8_t *frame,
                          size_t len)
{
    const struct el_gate *gate = &l->f->config.gate;
    struct el_loop *loop = l->f->loop;

    if (!loop || !el_loop_is_ours(loop, frame))
        return false;
    if (!el_loop_shows(loop, now_ns, port, frame, len))
        return true;
    el_gate_exclusive(gate, l->number);
    int later = el_loop_input(loop, now_ns, port, frame, len);
    if (later >= 0)
        shut(l->f, (unsigned)later);
    el_gate_resume(gate, l->number);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lwIP inside a tunnel of one peer. */
#include "spoke/join_link.h"

#include "net/lwip.h"
#include "node/key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    INITIATION = 1, /* the first byte of a handshake's first message */
    PACKET_ROOM = EL_JOIN_MTU + EL_TUNNEL_SEAL_ROOM,
    SEALED_ROOM = EL_JOIN_MTU + EL_TUNNEL_PADDING + EL_TUNNEL_OVERHEAD,
};

struct el_join_link {
    struct el_join_link_config config; /* without the keys */
    struct el_tunnel *tunnel;
    struct el_tunnel_peer *hub;
    struct el_net *inside;
    struct el_net_timer *timer;
    struct el_endpoint places[EL_JOIN_PLACES];
    unsigned place_count;
    uint8_t initiation[EL_TUNNEL_OUTPUT_BYTES]; /* the last that was sent */
    size_t initiation_len;
    bool up;
    bool tell_up, tell_silent; /* what the tunnel said while it was busy */
};

static void on_event(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    struct el_join_link *link = arg;

    (void)peer;
    switch (event) {
    case EL_TUNNEL_SESSION_UP: link->tell_up = true; break;
    case EL_TUNNEL_NO_ANSWER:
        link->tell_silent = true;
        link->up = false;
        break;
    case EL_TUNNEL_SESSION_DOWN: link->up = false; break;
    case EL_TUNNEL_REKEYED:
        link->tell_up |= !link->up; /* it had only been silent */
        break;
    case EL_TUNNEL_ROAMED:
    case EL_TUNNEL_TIMESTAMP:
    case EL_TUNNEL_SILENT:
    case EL_TUNNEL_REFUSED: break;
    }
}

/* -- what goes out -- */

static void send_to(struct el_join_link *link, const struct el_endpoint *to, const uint8_t *bytes,
                    size_t len)
{
    link->config.send(link->config.arg, to, bytes, len);
}

static void call_everywhere(struct el_join_link *link, const uint8_t *bytes, size_t len)
{
    memcpy(link->initiation, bytes, len);
    link->initiation_len = len;
    for (unsigned i = 0; i < link->place_count; i++)
        send_to(link, &link->places[i], bytes, len);
}

/* What the tunnel itself has to say. */
static void flush(struct el_join_link *link)
{
    uint64_t now = el_net_now_ns(link->config.net);
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    if (el_tunnel_reserve_timestamp(link->tunnel, now, bytes) && link->config.reserved)
        link->config.reserved(link->config.arg, bytes);
    while ((len = el_tunnel_output(link->tunnel, now, bytes, &to)) > 0)
        if (bytes[0] == INITIATION && !link->up)
            call_everywhere(link, bytes, (size_t)len);
        else
            send_to(link, &to, bytes, (size_t)len);
    el_net_timer_set(link->timer, el_tunnel_deadline_ns(link->tunnel));
}

/* A packet of the stack. One that cannot go now is lost, as packets are. */
static int on_packet(void *arg, const struct el_slice *slices, unsigned count)
{
    struct el_join_link *link = arg;
    uint8_t packet[PACKET_ROOM], sealed[SEALED_ROOM];
    size_t len = 0;

    for (unsigned i = 0; i < count; i++) {
        if (slices[i].len > EL_JOIN_MTU - len)
            return EL_EINVAL;
        memcpy(packet + len, slices[i].bytes, slices[i].len);
        len += slices[i].len;
    }
    int n = el_tunnel_seal(link->tunnel, el_net_now_ns(link->config.net), link->hub, sealed, packet,
                           len);
    if (n > 0)
        send_to(link, el_tunnel_peer_endpoint(link->hub), sealed, (size_t)n);
    flush(link);
    return n > 0 ? 0 : EL_EIO;
}

/* -- what comes in -- */

static void tell(struct el_join_link *link)
{
    bool is_up = link->tell_up, is_silent = link->tell_silent;

    link->tell_up = link->tell_silent = false;
    if (is_up) {
        link->up = true;
        link->config.up(link->config.arg, el_tunnel_peer_endpoint(link->hub));
    } else if (is_silent) {
        link->config.silent(link->config.arg);
    }
}

static void on_timer(void *arg)
{
    struct el_join_link *link = arg;

    flush(link);
    tell(link);
}

void el_join_link_input(struct el_join_link *link, const struct el_endpoint *from, uint8_t *bytes,
                        size_t len)
{
    struct el_tunnel_packet packet;
    uint64_t now = el_net_now_ns(link->config.net);

    if (el_tunnel_open(link->tunnel, now, from, bytes, len, &packet) == 1)
        el_net_lwip_input(link->inside, packet.bytes, packet.len);
    flush(link);
    tell(link);
}

void el_join_link_call(struct el_join_link *link, const struct el_endpoint *place)
{
    unsigned i = 0;

    if (link->up)
        return;
    while (i < link->place_count && !el_endpoint_equal(&link->places[i], place))
        i++;
    if (i == link->place_count && i < EL_JOIN_PLACES) {
        link->places[link->place_count++] = *place;
        if (link->initiation_len)
            send_to(link, place, link->initiation, link->initiation_len);
        else
            el_tunnel_peer_set_endpoint(link->hub, place);
    }
    el_tunnel_connect(link->tunnel, link->hub, el_net_now_ns(link->config.net));
    flush(link);
}

/* -- from beginning to end -- */

static int make_tunnel(struct el_join_link *link, const struct el_join_link_config *config,
                       struct el_err *err)
{
    struct el_tunnel_config tunnel = {
        .peers_max = 1, .wall_at_zero_ns = config->wall_at_zero_ns, .event = on_event, .arg = link};
    struct el_tunnel_peer_config hub = {.name = "hub",
                                        .allowed = {el_ip4(EL_NODE_HUB_ADDRESS), 32}};

    memcpy(tunnel.private_key, config->private_key, sizeof tunnel.private_key);
    memcpy(tunnel.last_timestamp, config->last_timestamp, sizeof tunnel.last_timestamp);
    memcpy(hub.public_key, config->hub_key, sizeof hub.public_key);
    int rc = el_tunnel_new(&tunnel, &link->tunnel, err);
    sodium_memzero(&tunnel, sizeof tunnel);
    return rc == 0 ? el_tunnel_add_peer(link->tunnel, &hub, &link->hub, err) : rc;
}

static int make_inside(struct el_join_link *link, const struct el_join_link_config *config,
                       struct el_err *err)
{
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];

    el_tunnel_key_public(config->private_key, public_key);
    struct el_net_lwip_config inside = {
        .layer = EL_NET_LWIP_IP,
        .address = {el_ip4(el_node_key_address(public_key)), 32},
        .mtu = EL_JOIN_MTU,
        .send = on_packet,
        .arg = link,
    };
    return el_net_lwip_new(config->net, &inside, &link->inside, err);
}

int el_join_link_new(const struct el_join_link_config *config, struct el_join_link **result,
                     struct el_err *err)
{
    struct el_join_link *link = calloc(1, sizeof *link);

    if (!link)
        return el_err(err, EL_ENOMEM, "out of memory");
    link->config = *config;
    sodium_memzero(link->config.private_key, sizeof link->config.private_key);
    link->timer = el_net_timer_new(config->net, on_timer, link);
    int rc = link->timer ? make_tunnel(link, config, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        rc = make_inside(link, config, err);
    if (rc < 0)
        el_join_link_free(link);
    else
        *result = link;
    return rc;
}

void el_join_link_free(struct el_join_link *link)
{
    if (!link)
        return;
    el_net_lwip_free(link->inside); /* which says goodbye through the tunnel */
    el_tunnel_free(link->tunnel);
    el_net_timer_free(link->timer);
    free(link);
}

struct el_net *el_join_link_net(struct el_join_link *link)
{
    return link->inside;
}

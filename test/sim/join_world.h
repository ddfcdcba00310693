/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub and a spoke that joins it, on a network in memory: the hub is a tunnel, a stack inside it,
 * the real API on a registry without a disk; the spoke is the real link and the real question.
 */
#ifndef JOIN_WORLD_H
#define JOIN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "control/api_io.h"
#include "enrol/totp.h"
#include "http/http_io.h"
#include "hub/hub_api.h"
#include "net/lwip.h"
#include "net/memory.h"
#include "node/key.h"
#include "spoke/join.h"
#include "spoke/join_link.h"

#define HUB_AT    0xcb007101u
#define ELSEWHERE 0xcb007163u
#define SPOKE_AT  0xc6336401u
enum { PORT = 51820 };

/* The hub's side. */
struct hub {
    uint8_t private_key[32], public_key[32];
    struct el_net *host; /* outside */
    struct el_net_udp *udp;
    struct el_tunnel *tunnel;
    struct el_net_timer *timer;
    struct el_net *inside;
    struct el_registry *registry;
    struct el_node_hub_api *api;
    struct el_api_host *api_host;
    struct el_api_door door;
    struct el_http_route routes[2];
    struct el_http_server *server;
};

/* Of a token. */
struct promise {
    uint8_t private_key[32], public_key[32];
};

struct spoke {
    uint8_t key[32];
    struct el_net_udp *udp;
    struct el_join_link *link;
    struct el_join *join;
    unsigned ups, silences, answers;
    struct el_endpoint reached;
    struct el_join_answer last;
    uint64_t answered_ns; /* when it was */
};

static struct world {
    struct el_net_world *net;
    struct el_net *clock; /* lwIP's, of both sides */
    struct el_net *spoke_host;
    struct hub hub;
    struct spoke spoke;
} w;

static inline uint64_t now_ns(void)
{
    return el_net_memory_now(w.net);
}

static inline int64_t now_s(void)
{
    return el_net_wall_s(w.clock);
}

static inline void run_for(uint64_t ns)
{
    el_net_memory_run_until(w.net, now_ns() + ns);
}

/* -- the hub -- */

static inline void hub_flush(void)
{
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    while ((len = el_tunnel_output(w.hub.tunnel, now_ns(), bytes, &to)) > 0)
        (void)el_net_udp_send(w.hub.udp, &to, NULL, bytes, (size_t)len);
    el_net_timer_set(w.hub.timer, el_tunnel_deadline_ns(w.hub.tunnel));
}

static inline void hub_timer(void *arg)
{
    (void)arg;
    hub_flush();
}

static inline void hub_datagram(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                                size_t len)
{
    uint8_t copy[2048];
    struct el_tunnel_packet packet;

    (void)arg;
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes, len);
    if (el_tunnel_open(w.hub.tunnel, now_ns(), &meta->from, copy, len, &packet) == 1)
        el_net_lwip_input(w.hub.inside, packet.bytes, packet.len);
    hub_flush();
}

static inline int hub_packet(void *arg, const struct el_slice *slices, unsigned count)
{
    uint8_t packet[2048], sealed[2048];
    size_t len = 0;

    (void)arg;
    for (unsigned i = 0; i < count; i++) {
        memcpy(packet + len, slices[i].bytes, slices[i].len);
        len += slices[i].len;
    }
    struct el_ip to = {.family = 4};
    memcpy(to.b, packet + 16, 4);
    struct el_tunnel_peer *peer = el_tunnel_peer_by_ip(w.hub.tunnel, &to);
    int n = peer ? el_tunnel_seal(w.hub.tunnel, now_ns(), peer, sealed, packet, len) : -1;
    if (n > 0)
        (void)el_net_udp_send(w.hub.udp, el_tunnel_peer_endpoint(peer), NULL, sealed, (size_t)n);
    return 0;
}

static inline bool hub_who(void *arg, const struct el_endpoint *client, struct el_api_asker *asker)
{
    (void)arg;
    return el_node_hub_api_asker(w.hub.api, client, asker) == 0;
}

static inline void hub_peer(const uint8_t key[32])
{
    struct el_tunnel_peer_config config = {.allowed = {el_ip4(el_node_key_address(key)), 32}};
    struct el_tunnel_peer *peer;

    memcpy(config.public_key, key, 32);
    assert_int_equal(el_tunnel_add_peer(w.hub.tunnel, &config, &peer, NULL), 0);
}

static inline void hub_listens(void)
{
    const struct el_net_udp_config udp = {.bind = {.ip = el_ip4(HUB_AT), .port = PORT},
                                          .inherited_fd = -1};

    assert_int_equal(el_net_udp_open(w.hub.host, &udp, hub_datagram, NULL, &w.hub.udp, NULL), 0);
}

static inline void hub_api_begin(void)
{
    static const struct el_registry_observer nobody;
    struct el_err err = {""};
    struct el_node_hub_api_config config = {
        .version = "1", .started_s = now_s(), .fast = true, .strict = true};

    assert_int_equal(el_registry_new(NULL, &nobody, &w.hub.registry, &err), 0);
    config.registry = w.hub.registry;
    memcpy(config.key, w.hub.public_key, 32);
    if (el_node_hub_api_new(&config, &w.hub.api, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(el_api_host_new(w.clock, el_node_hub_api(w.hub.api), &w.hub.api_host), 0);
    w.hub.door = (struct el_api_door){w.hub.api_host, hub_who, NULL};
    w.hub.routes[0] = el_api_door_route(&w.hub.door);
    const struct el_http_server_config server = {
        .listen = {.bind = {.port = 80}, .inherited_fd = -1}, .routes = w.hub.routes};
    if (el_http_server_start(w.hub.inside, &server, &w.hub.server, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void hub_begin(void)
{
    struct el_tunnel_config tunnel = {.peers_max = 8,
                                      .wall_at_zero_ns = (uint64_t)now_s() * EL_S - now_ns()};
    const struct el_net_lwip_config inside = {.layer = EL_NET_LWIP_IP,
                                              .address = {el_ip4(EL_NODE_HUB_ADDRESS), 10},
                                              .mtu = 1280,
                                              .send = hub_packet};
    const struct el_prefix at = {el_ip4(HUB_AT), 8};
    struct el_err err = {""};

    w.hub.host = el_net_memory_host(w.net, "hub");
    assert_int_equal(el_net_memory_address(w.hub.host, "wan", &at), 0);
    el_tunnel_key_make(w.hub.private_key);
    el_tunnel_key_public(w.hub.private_key, w.hub.public_key);
    memcpy(tunnel.private_key, w.hub.private_key, 32);
    assert_int_equal(el_tunnel_new(&tunnel, &w.hub.tunnel, &err), 0);
    w.hub.timer = el_net_timer_new(w.clock, hub_timer, NULL);
    if (el_net_lwip_new(w.clock, &inside, &w.hub.inside, &err) < 0)
        fail_msg("%s", err.text);
    hub_api_begin();
    hub_listens();
}

static inline void hub_end(void)
{
    el_http_server_stop(w.hub.server);
    el_api_host_free(w.hub.api_host);
    el_node_hub_api_free(w.hub.api);
    el_registry_free(w.hub.registry);
    el_net_lwip_free(w.hub.inside);
    el_net_timer_free(w.hub.timer);
    el_tunnel_free(w.hub.tunnel);
    el_net_udp_close(w.hub.udp);
}

/* A token that lives for SECONDS. */
static inline struct promise hub_promises(const char *name, int64_t seconds)
{
    struct promise promise;
    struct el_err err = {""};

    el_tunnel_key_make(promise.private_key);
    el_tunnel_key_public(promise.private_key, promise.public_key);
    const struct el_registry_token_request request = {
        .name = name,
        .enrolment_key = promise.public_key,
        .ip = el_ip4(el_node_key_address(promise.public_key)),
        .expires_s = now_s() + seconds};
    if (el_registry_token_create(w.hub.registry, &request, now_s(), &err) < 0)
        fail_msg("%s", err.text);
    hub_peer(promise.public_key);
    return promise;
}

/* -- the spoke -- */

static inline void spoke_send(void *arg, const struct el_endpoint *to, const uint8_t *bytes,
                              size_t len)
{
    (void)arg;
    (void)el_net_udp_send(w.spoke.udp, to, NULL, bytes, len);
}

static inline void spoke_datagram(void *arg, const struct el_net_udp_meta *meta,
                                  const uint8_t *bytes, size_t len)
{
    uint8_t copy[2048];

    (void)arg;
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes, len);
    el_join_link_input(w.spoke.link, &meta->from, copy, len);
}

static inline void spoke_answered(void *arg, const struct el_join_answer *answer)
{
    (void)arg;
    w.spoke.answers++;
    w.spoke.last = *answer;
    w.spoke.answered_ns = now_ns();
}

static inline void spoke_asks(void)
{
    struct el_join_config config = {
        .net = el_join_link_net(w.spoke.link), .fast = true, .answered = spoke_answered};
    struct el_err err = {""};

    memcpy(config.key, w.spoke.key, 32);
    if (el_join_new(&config, &w.spoke.join, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void spoke_up(void *arg, const struct el_endpoint *from)
{
    (void)arg;
    w.spoke.reached = *from;
    if (w.spoke.ups++ == 0)
        spoke_asks();
}

static inline void spoke_silent(void *arg)
{
    (void)arg;
    w.spoke.silences++;
}

/* It has PROMISE and, as far as that goes, a key. */
static inline void spoke_begin(const struct promise *promise, const uint8_t key[32])
{
    const struct el_net_udp_config udp = {.bind = {.ip = el_ip4(SPOKE_AT)}, .inherited_fd = -1};
    struct el_join_link_config config = {.net = w.clock,
                                         .wall_at_zero_ns = (uint64_t)now_s() * EL_S - now_ns(),
                                         .send = spoke_send,
                                         .up = spoke_up,
                                         .silent = spoke_silent};
    struct el_err err = {""};

    memset(&w.spoke, 0, sizeof w.spoke);
    memcpy(w.spoke.key, key, 32);
    memcpy(config.private_key, promise->private_key, 32);
    memcpy(config.hub_key, w.hub.public_key, 32);
    assert_int_equal(el_net_udp_open(w.spoke_host, &udp, spoke_datagram, NULL, &w.spoke.udp, NULL),
                     0);
    if (el_join_link_new(&config, &w.spoke.link, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void spoke_calls(uint32_t ip)
{
    el_join_link_call(w.spoke.link, &(struct el_endpoint){.ip = el_ip4(ip), .port = PORT});
}

static inline void spoke_end(void)
{
    el_join_free(w.spoke.join);
    el_join_link_free(w.spoke.link);
    el_net_udp_close(w.spoke.udp);
    memset(&w.spoke, 0, sizeof w.spoke);
}

/* Until there is answer COUNT, or PATIENCE_S have passed. */
static inline void until_answer(unsigned count, unsigned patience_s)
{
    uint64_t end_ns = now_ns() + patience_s * EL_S;

    while (w.spoke.answers < count && now_ns() < end_ns)
        run_for(EL_MS);
}

/* -- both -- */

static inline int world_begin(void **state)
{
    const struct el_prefix at = {el_ip4(SPOKE_AT), 8};
    const struct el_net_memory_link link = {.delay_ns = 12 * EL_MS};

    (void)state;
    memset(&w, 0, sizeof w);
    w.net = el_net_memory_world(4);
    w.clock = el_net_memory_host(w.net, "clock");
    w.spoke_host = el_net_memory_host(w.net, "spoke");
    assert_int_equal(el_net_memory_address(w.spoke_host, "wan", &at), 0);
    assert_int_equal(el_net_memory_link(w.net, NULL, NULL, &link), 0);
    hub_begin();
    return 0;
}

static inline int world_end(void **state)
{
    (void)state;
    spoke_end();
    hub_end();
    el_net_memory_world_free(w.net);
    return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between a tunnel and who manages it: bytes, and a socket with descriptors. */
#include "link/manage.h"

#include "base/wire.h"
#include "node/peer.h"
#include "sys/message.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)EL_MANAGE_QUEUES <= (int)EL_SYS_MESSAGE_FDS, "a port's queues in one message");

enum { FORMAT = 1, VNI_MAX = 0xffffff, VID_MAX = 4094, CODE_MIN = -64 };

/* -- values that are not allowed make the cursor fail, reading and writing -- */

static void must(struct el_wire *w, bool promise)
{
    if (!promise)
        el_wire_fail(w);
}

static void put_bool(struct el_wire *w, bool value)
{
    el_wire_put_u8(w, value);
}

static bool get_bool(struct el_wire *w)
{
    uint8_t value = el_wire_u8(w);

    must(w, value <= 1);
    return value == 1;
}

/* A text in a field of SIZE bytes: its rest is zeros, and the last of them is. */
static void put_text(struct el_wire *w, const char *text, size_t size)
{
    size_t len = strnlen(text, size);

    must(w, len < size);
    el_wire_put(w, text, len);
    el_wire_put_zero(w, size - len);
}

static void get_text(struct el_wire *w, char *text, size_t size)
{
    el_wire_copy(w, text, size);
    size_t len = strnlen(text, size);
    for (size_t i = len; i < size; i++)
        must(w, text[i] == '\0');
    if (!el_wire_ok(w) || len == size)
        *text = '\0';
    must(w, len < size);
}

static void must_be_name(struct el_wire *w, const char *name, size_t size)
{
    size_t len = strnlen(name, size);

    must(w, len < size && el_node_is_name(name, len));
}

static void must_be_key(struct el_wire *w, const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    must(w, !sodium_is_zero(key, EL_TUNNEL_KEY_BYTES));
}

static void put_ip(struct el_wire *w, const struct el_ip *ip)
{
    el_wire_put_u8(w, ip->family);
    el_wire_put(w, ip->b, sizeof ip->b);
}

static void get_ip(struct el_wire *w, struct el_ip *ip)
{
    ip->family = el_wire_u8(w);
    el_wire_copy(w, ip->b, sizeof ip->b);
}

static void must_be_ip(struct el_wire *w, const struct el_ip *ip)
{
    size_t used = ip->family == 6 ? 16 : ip->family == 4 ? 4 : 0;

    must(w, ip->family == 0 || ip->family == 4 || ip->family == 6);
    must(w, sodium_is_zero(ip->b + used, sizeof ip->b - used));
}

static void put_endpoint(struct el_wire *w, const struct el_endpoint *endpoint)
{
    put_ip(w, &endpoint->ip);
    el_wire_put_be16(w, endpoint->port);
    el_wire_put_be32(w, endpoint->scope);
}

static void get_endpoint(struct el_wire *w, struct el_endpoint *endpoint)
{
    get_ip(w, &endpoint->ip);
    endpoint->port = el_wire_be16(w);
    endpoint->scope = el_wire_be32(w);
}

/* -- what each kind holds: a check for both ways, a writer and a reader -- */

static void check_peer(struct el_wire *w, const struct el_manage_peer *peer)
{
    must_be_name(w, peer->name, sizeof peer->name);
    must_be_key(w, peer->key);
    must_be_ip(w, &peer->ip);
    must_be_ip(w, &peer->endpoint.ip);
    must(w, peer->ip.family == 4 && (unsigned)peer->wire < EL_TUNNEL_WIRES);
    must(w, (unsigned)peer->role < EL_MANAGE_ROLES);
    must(w, peer->membership_count <= EL_MANAGE_NETWORKS);
    for (unsigned i = 0; el_wire_ok(w) && i < peer->membership_count; i++) {
        must(w, peer->memberships[i].vni <= VNI_MAX);
        must(w, !el_mac_is_group(&peer->memberships[i].own));
        for (unsigned j = 0; j < i; j++)
            must(w, peer->memberships[j].vni != peer->memberships[i].vni);
    }
}

static void put_peer(struct el_wire *w, const struct el_manage_message *message)
{
    const struct el_manage_peer *peer = &message->peer;

    check_peer(w, peer);
    if (!el_wire_ok(w))
        return;
    put_text(w, peer->name, sizeof peer->name);
    el_wire_put(w, peer->key, sizeof peer->key);
    el_wire_put(w, peer->psk, sizeof peer->psk);
    put_ip(w, &peer->ip);
    el_wire_put_be16(w, peer->keepalive_s);
    el_wire_put_u8(w, (uint8_t)peer->wire);
    el_wire_put_u8(w, (uint8_t)peer->role);
    put_endpoint(w, &peer->endpoint);
    el_wire_put_u8(w, (uint8_t)peer->membership_count);
    for (unsigned i = 0; i < peer->membership_count; i++) {
        el_wire_put_be32(w, peer->memberships[i].vni);
        put_bool(w, peer->memberships[i].published);
        el_wire_put(w, peer->memberships[i].own.b, sizeof peer->memberships[i].own.b);
    }
}

static void get_peer(struct el_wire *w, struct el_manage_message *message)
{
    struct el_manage_peer *peer = &message->peer;

    get_text(w, peer->name, sizeof peer->name);
    el_wire_copy(w, peer->key, sizeof peer->key);
    el_wire_copy(w, peer->psk, sizeof peer->psk);
    get_ip(w, &peer->ip);
    peer->keepalive_s = el_wire_be16(w);
    peer->wire = (enum el_tunnel_wire)el_wire_u8(w);
    peer->role = (enum el_manage_role)el_wire_u8(w);
    get_endpoint(w, &peer->endpoint);
    peer->membership_count = el_wire_u8(w);
    for (unsigned i = 0; i < peer->membership_count && i < EL_MANAGE_NETWORKS; i++) {
        peer->memberships[i].vni = el_wire_be32(w);
        peer->memberships[i].published = get_bool(w);
        el_wire_copy(w, peer->memberships[i].own.b, sizeof peer->memberships[i].own.b);
    }
    check_peer(w, peer);
}

static void put_key(struct el_wire *w, const struct el_manage_message *message)
{
    must_be_key(w, message->key);
    el_wire_put(w, message->key, sizeof message->key);
}

static void get_key(struct el_wire *w, struct el_manage_message *message)
{
    el_wire_copy(w, message->key, sizeof message->key);
    must_be_key(w, message->key);
}

static void check_network(struct el_wire *w, const struct el_manage_network *network)
{
    must(w, network->vni <= VNI_MAX && network->queues <= EL_MANAGE_QUEUES);
    must(w, !el_mac_is_group(&network->own));
    must_be_name(w, network->name, sizeof network->name);
    must(w, (unsigned)network->form < EL_MANAGE_FORMS && network->vid <= VID_MAX);
    must(w, network->form == EL_MANAGE_PACKET || network->vid == 0);
}

static void put_network(struct el_wire *w, const struct el_manage_message *message)
{
    const struct el_manage_network *network = &message->network;

    check_network(w, network);
    el_wire_put_be32(w, network->vni);
    put_text(w, network->name, sizeof network->name);
    put_bool(w, network->published);
    el_wire_put(w, network->own.b, sizeof network->own.b);
    el_wire_put_u8(w, (uint8_t)network->queues);
    el_wire_put_u8(w, (uint8_t)network->form);
    el_wire_put_be16(w, network->vid);
}

static void get_network(struct el_wire *w, struct el_manage_message *message)
{
    struct el_manage_network *network = &message->network;

    network->vni = el_wire_be32(w);
    get_text(w, network->name, sizeof network->name);
    network->published = get_bool(w);
    el_wire_copy(w, network->own.b, sizeof network->own.b);
    network->queues = el_wire_u8(w);
    network->form = (enum el_manage_form)el_wire_u8(w);
    network->vid = el_wire_be16(w);
    check_network(w, network);
}

static void put_vni(struct el_wire *w, const struct el_manage_message *message)
{
    must(w, message->vni <= VNI_MAX);
    el_wire_put_be32(w, message->vni);
}

static void get_vni(struct el_wire *w, struct el_manage_message *message)
{
    message->vni = el_wire_be32(w);
    must(w, message->vni <= VNI_MAX);
}

static void put_port(struct el_wire *w, const struct el_manage_message *message)
{
    must_be_name(w, message->port, sizeof message->port);
    put_text(w, message->port, sizeof message->port);
}

static void get_port(struct el_wire *w, struct el_manage_message *message)
{
    get_text(w, message->port, sizeof message->port);
    must_be_name(w, message->port, sizeof message->port);
}

static void check_answer(struct el_wire *w, const struct el_manage_answer *answer)
{
    must(w, answer->code <= 0 && answer->code >= CODE_MIN);
}

static void put_answer(struct el_wire *w, const struct el_manage_message *message)
{
    check_answer(w, &message->answer);
    el_wire_put_u8(w, (uint8_t)-message->answer.code);
    put_text(w, message->answer.text, sizeof message->answer.text);
}

static void get_answer(struct el_wire *w, struct el_manage_message *message)
{
    message->answer.code = -(int)el_wire_u8(w);
    get_text(w, message->answer.text, sizeof message->answer.text);
    check_answer(w, &message->answer);
}

static void check_hello(struct el_wire *w, const struct el_manage_hello *hello)
{
    must(w, hello->lanes >= 1 && hello->lanes <= EL_MANAGE_QUEUES);
    must(w, hello->peers_max <= EL_TUNNEL_PEERS_MAX && hello->ports_max <= UINT8_MAX);
}

static void put_hello(struct el_wire *w, const struct el_manage_message *message)
{
    check_hello(w, &message->hello);
    el_wire_put_u8(w, (uint8_t)message->hello.lanes);
    el_wire_put_u8(w, (uint8_t)message->hello.ports_max);
    el_wire_put_be16(w, (uint16_t)message->hello.peers_max);
}

static void get_hello(struct el_wire *w, struct el_manage_message *message)
{
    message->hello.lanes = el_wire_u8(w);
    message->hello.ports_max = el_wire_u8(w);
    message->hello.peers_max = el_wire_be16(w);
    check_hello(w, &message->hello);
}

static void check_loops(struct el_wire *w, const struct el_manage_peer_state *state)
{
    must(w, state->loop_count <= EL_MANAGE_NETWORKS);
    for (unsigned i = 0; el_wire_ok(w) && i < state->loop_count; i++) {
        must(w, state->loops[i].vni <= VNI_MAX);
        for (unsigned j = 0; j < i; j++)
            must(w, state->loops[j].vni != state->loops[i].vni);
    }
}

static void put_state(struct el_wire *w, const struct el_manage_message *message)
{
    const struct el_manage_peer_state *state = &message->state;

    must_be_key(w, state->key);
    must_be_ip(w, &state->endpoint.ip);
    check_loops(w, state);
    if (!el_wire_ok(w))
        return;
    el_wire_put(w, state->key, sizeof state->key);
    put_bool(w, state->up);
    put_endpoint(w, &state->endpoint);
    must(w, state->endpoint.carrier <= EL_CARRIER_TCP_CALLED);
    el_wire_put_u8(w, state->endpoint.carrier);
    el_wire_put_u8(w, (uint8_t)state->loop_count);
    for (unsigned i = 0; i < state->loop_count; i++) {
        el_wire_put_be32(w, state->loops[i].vni);
        el_wire_put(w, state->loops[i].other, sizeof state->loops[i].other);
    }
}

static void get_state(struct el_wire *w, struct el_manage_message *message)
{
    struct el_manage_peer_state *state = &message->state;

    el_wire_copy(w, state->key, sizeof state->key);
    state->up = get_bool(w);
    get_endpoint(w, &state->endpoint);
    state->endpoint.carrier = el_wire_u8(w);
    must(w, state->endpoint.carrier <= EL_CARRIER_TCP_CALLED);
    state->loop_count = el_wire_u8(w);
    for (unsigned i = 0; i < state->loop_count && i < EL_MANAGE_NETWORKS; i++) {
        state->loops[i].vni = el_wire_be32(w);
        el_wire_copy(w, state->loops[i].other, sizeof state->loops[i].other);
    }
    check_loops(w, state);
    must_be_key(w, state->key);
    must_be_ip(w, &state->endpoint.ip);
}

static void put_relayed(struct el_wire *w, const struct el_manage_message *message)
{
    must_be_key(w, message->relayed.from);
    must_be_key(w, message->relayed.to);
    el_wire_put(w, message->relayed.from, sizeof message->relayed.from);
    el_wire_put(w, message->relayed.to, sizeof message->relayed.to);
}

static void get_relayed(struct el_wire *w, struct el_manage_message *message)
{
    el_wire_copy(w, message->relayed.from, sizeof message->relayed.from);
    el_wire_copy(w, message->relayed.to, sizeof message->relayed.to);
    must_be_key(w, message->relayed.from);
    must_be_key(w, message->relayed.to);
}

static void put_direct(struct el_wire *w, const struct el_manage_message *message)
{
    must_be_key(w, message->direct.key);
    el_wire_put(w, message->direct.key, sizeof message->direct.key);
    put_bool(w, message->direct.live);
    put_bool(w, message->direct.used);
}

static void get_direct(struct el_wire *w, struct el_manage_message *message)
{
    el_wire_copy(w, message->direct.key, sizeof message->direct.key);
    message->direct.live = get_bool(w);
    message->direct.used = get_bool(w);
    must_be_key(w, message->direct.key);
}

static void put_nothing(struct el_wire *w, const struct el_manage_message *message)
{
    (void)w;
    (void)message;
}

static void get_nothing(struct el_wire *w, struct el_manage_message *message)
{
    (void)w;
    (void)message;
}

static const struct {
    void (*put)(struct el_wire *w, const struct el_manage_message *message);
    void (*get)(struct el_wire *w, struct el_manage_message *message);
} kinds[EL_MANAGE_KINDS] = {
    [EL_MANAGE_BEGIN] = {put_nothing, get_nothing},
    [EL_MANAGE_COMPLETE] = {put_nothing, get_nothing},
    [EL_MANAGE_PEER_SET] = {put_peer, get_peer},
    [EL_MANAGE_PEER_REMOVE] = {put_key, get_key},
    [EL_MANAGE_NETWORK_SET] = {put_network, get_network},
    [EL_MANAGE_NETWORK_REMOVE] = {put_vni, get_vni},
    [EL_MANAGE_ANSWER] = {put_answer, get_answer},
    [EL_MANAGE_HELLO] = {put_hello, get_hello},
    [EL_MANAGE_PEER_STATE] = {put_state, get_state},
    [EL_MANAGE_NETWORK_GONE] = {put_vni, get_vni},
    [EL_MANAGE_PORT_SET] = {put_network, get_network},
    [EL_MANAGE_PORT_REMOVE] = {put_port, get_port},
    [EL_MANAGE_PORT_GONE] = {put_port, get_port},
    [EL_MANAGE_RELAYED] = {put_relayed, get_relayed},
    [EL_MANAGE_DIRECT] = {put_direct, get_direct},
};

int el_manage_encode(const struct el_manage_message *message, uint8_t bytes[EL_MANAGE_BYTES])
{
    struct el_wire w = el_wire_write(bytes, EL_MANAGE_BYTES);

    if ((unsigned)message->kind >= EL_MANAGE_KINDS || !kinds[message->kind].put)
        return EL_EINVAL;
    el_wire_put_u8(&w, FORMAT);
    el_wire_put_u8(&w, (uint8_t)message->kind);
    el_wire_put_be32(&w, message->sequence);
    kinds[message->kind].put(&w, message);
    el_wire_put_zero(&w, el_wire_left(&w));
    return el_wire_ok(&w) ? 0 : EL_EINVAL;
}

int el_manage_decode(const uint8_t *bytes, size_t len, struct el_manage_message *message)
{
    struct el_wire w = el_wire_read(bytes, len);
    uint8_t format = el_wire_u8(&w), kind = el_wire_u8(&w);

    if (len > 0 && format != FORMAT)
        return EL_ENOTSUP;
    if (kind >= EL_MANAGE_KINDS || !kinds[kind].get)
        return EL_EPROTO;
    memset(message, 0, sizeof *message);
    message->kind = (enum el_manage_kind)kind;
    message->sequence = el_wire_be32(&w);
    kinds[kind].get(&w, message);
    if (el_wire_ok(&w) && sodium_is_zero(w.at, el_wire_left(&w)))
        return 0;
    sodium_memzero(message, sizeof *message);
    return EL_EPROTO;
}

unsigned el_manage_fds(const struct el_manage_message *message)
{
    bool has = message->kind == EL_MANAGE_NETWORK_SET || message->kind == EL_MANAGE_PORT_SET;

    return has ? message->network.queues : 0;
}

/* -- the socket -- */

int el_manage_pair(int fds[2])
{
    return el_sys_message_pair(fds);
}

int el_manage_send(int fd, const struct el_manage_message *message, const int *fds)
{
    uint8_t bytes[EL_MANAGE_BYTES];
    unsigned count = el_manage_fds(message);
    int rc = el_manage_encode(message, bytes);

    if (rc == 0)
        rc = el_sys_message_send(fd, bytes, sizeof bytes, fds, count);
    sodium_memzero(bytes, sizeof bytes);
    return rc;
}

int el_manage_receive(int fd, struct el_manage_message *message, int fds[EL_MANAGE_QUEUES])
{
    uint8_t bytes[EL_MANAGE_BYTES];
    int came[EL_SYS_MESSAGE_FDS];
    unsigned count;
    int rc = el_sys_message_receive(fd, bytes, sizeof bytes, came, &count);

    if (rc < 0)
        return rc == EL_EAGAIN ? 0 : rc == EL_EINVAL ? EL_EPROTO : rc;
    rc = el_manage_decode(bytes, sizeof bytes, message);
    sodium_memzero(bytes, sizeof bytes);
    unsigned wanted = rc == 0 ? el_manage_fds(message) : 0;
    if (rc == 0 && count == wanted) {
        memcpy(fds, came, count * sizeof *fds);
        return 1;
    }
    while (count > 0)
        close(came[--count]);
    return rc < 0 ? rc : EL_EPROTO;
}

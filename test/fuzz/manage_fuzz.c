/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One message of the channel between a tunnel and who manages it. What is accepted says what it
 * promises to, and is written as the same bytes; what is not leaves no key behind.
 */
#include "link/manage.h"
#include "node/peer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

static void check_name(const char *name, size_t size)
{
    size_t len = strnlen(name, size);

    require(len < size && el_node_is_name(name, len));
}

static void check_peer(const struct el_manage_peer *peer)
{
    check_name(peer->name, sizeof peer->name);
    require(!sodium_is_zero(peer->key, sizeof peer->key));
    require(peer->ip.family == 4 && (unsigned)peer->wire < EL_TUNNEL_WIRES);
    require((unsigned)peer->role < EL_MANAGE_ROLES);
    require(peer->endpoint.ip.family == 0 || peer->endpoint.ip.family == 4 ||
            peer->endpoint.ip.family == 6);
    require(peer->membership_count <= EL_MANAGE_NETWORKS);
    for (unsigned i = 0; i < peer->membership_count; i++) {
        require(peer->memberships[i].vni <= 0xffffff);
        require(!el_mac_is_group(&peer->memberships[i].own));
        for (unsigned j = 0; j < i; j++)
            require(peer->memberships[i].vni != peer->memberships[j].vni);
    }
}

static void check(const struct el_manage_message *message)
{
    switch (message->kind) {
    case EL_MANAGE_PEER_SET: check_peer(&message->peer); break;
    case EL_MANAGE_PORT_REMOVE:
    case EL_MANAGE_PORT_GONE: check_name(message->port, sizeof message->port); break;
    case EL_MANAGE_PORT_SET:
    case EL_MANAGE_NETWORK_SET:
        check_name(message->network.name, sizeof message->network.name);
        require(message->network.vni <= 0xffffff && !el_mac_is_group(&message->network.own));
        require(message->network.queues <= EL_MANAGE_QUEUES);
        require((unsigned)message->network.form < EL_MANAGE_FORMS);
        require(message->network.vid <= 4094 &&
                (message->network.vid == 0 || message->network.form == EL_MANAGE_PACKET));
        break;
    case EL_MANAGE_ANSWER:
        require(message->answer.code <= 0);
        require(memchr(message->answer.text, '\0', sizeof message->answer.text));
        break;
    case EL_MANAGE_HELLO:
        require(message->hello.lanes >= 1 && message->hello.lanes <= EL_MANAGE_QUEUES);
        break;
    case EL_MANAGE_PEER_STATE:
        require(message->state.endpoint.carrier <= EL_CARRIER_TCP_CALLED);
        break;
    case EL_MANAGE_RELAYED:
        require(!sodium_is_zero(message->relayed.from, sizeof message->relayed.from));
        require(!sodium_is_zero(message->relayed.to, sizeof message->relayed.to));
        break;
    case EL_MANAGE_DIRECT:
        require(!sodium_is_zero(message->direct.key, sizeof message->direct.key));
        break;
    default: require((unsigned)message->kind > 0 && message->kind < EL_MANAGE_KINDS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_manage_message message;
    uint8_t again[EL_MANAGE_BYTES];

    memset(&message, 0, sizeof message);
    int rc = el_manage_decode(data, size, &message);
    if (rc < 0) {
        require(rc == EL_EPROTO || rc == EL_ENOTSUP);
        require(sodium_is_zero((const uint8_t *)&message, sizeof message));
        return 0;
    }
    check(&message);
    require(el_manage_encode(&message, again) == 0);
    size_t both = size < sizeof again ? size : sizeof again;
    require(memcmp(again, data, both) == 0);
    require(sodium_is_zero(again + both, sizeof again - both));
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers of the tunnel: who they are, their addresses, and what the observer is told of them. */
#include "registry/registry_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* -- names and addresses -- */

int el_registry_name_free(const struct el_registry *registry, const char *name, int64_t now_s,
                          struct el_err *err)
{
    const struct el_registry_spoke *spoke = el_registry_spoke(registry, name);
    const struct el_registry_token *token = el_registry_token(registry, name);

    if (spoke && spoke->state != EL_REGISTRY_REVOKED)
        return el_err(err, EL_EEXIST,
                      "spoke %s: the name is taken, by one that is %s; choose another, or revoke "
                      "that one first",
                      name, el_registry_spoke_state_names[spoke->state]);
    if (token && !el_registry_token_is_over(token, now_s))
        return el_err(err, EL_EEXIST,
                      "spoke %s: there is a token for this name already; delete it first", name);
    for (const struct el_registry_reserved *r = registry->reserved; r; r = r->next)
        if (strcmp(r->name, name) == 0)
            return el_err(err, EL_EEXIST,
                          "spoke %s: the name is taken, by one in the hub's configuration", name);
    return 0;
}

/* The whole of 100.64.0.0/10 but for its ends and the hub. Those who number by hand like the first
 * addresses, so what is given out of itself begins after 256 (as node/key.h does it). */
enum { FIRST = 0x64400000, BY_HAND = 256, LAST = 0x647fffff, HUB = FIRST + 1 };

bool el_registry_address_is_free(const struct el_registry *registry, const struct el_ip *ip)
{
    uint32_t number = el_ip4_number(ip);

    return number > FIRST && number < LAST && number != HUB &&
           !el_registry_find(registry, EL_REGISTRY_SPOKES_BY_IP, ip) &&
           !el_registry_find(registry, EL_REGISTRY_TOKENS_BY_IP, ip) &&
           !el_registry_find(registry, EL_REGISTRY_RESERVED_BY_IP, ip);
}

int el_registry_address(const struct el_registry *registry, const struct el_ip *preferred,
                        struct el_ip *ip, struct el_err *err)
{
    uint32_t number = el_ip4_number(preferred);

    if (number < FIRST + BY_HAND || number >= LAST)
        number = FIRST + BY_HAND;
    for (uint32_t tried = 0; tried < LAST - FIRST - BY_HAND; tried++) {
        *ip = el_ip4(number);
        if (el_registry_address_is_free(registry, ip))
            return 0;
        if (++number == LAST)
            number = FIRST + BY_HAND;
    }
    return el_err(err, EL_EFULL, "no tunnel address is free");
}

size_t el_registry_peers(const struct el_registry *registry)
{
    size_t count = el_map_count(registry->indexes[EL_REGISTRY_SPOKES_BY_IP].map) +
                   el_map_count(registry->indexes[EL_REGISTRY_RESERVED_BY_IP].map);

    for (size_t i = 0; i < el_registry_token_count(registry); i++)
        count += el_registry_token_at(registry, i)->used ? 1 : 2;
    return count;
}

int el_registry_reserve(struct el_registry *registry, const char *name,
                        const uint8_t key[EL_REGISTRY_KEY_BYTES], const struct el_ip *ip,
                        struct el_err *err)
{
    const struct el_registry_spoke *spoke = el_registry_spoke_by_key(registry, key);
    char text[EL_IP_TEXT];

    if (strlen(name) >= EL_REGISTRY_NAME)
        return el_err(err, EL_EINVAL, "spoke %s: too long a name", name);
    if (el_registry_name_free(registry, name, INT64_MIN, err) < 0)
        return EL_EEXIST;
    if (spoke)
        return el_err(err, EL_EEXIST, "spoke %s: its key is that of %s, who is %s", name,
                      spoke->name, el_registry_spoke_state_names[spoke->state]);
    if (el_registry_find(registry, EL_REGISTRY_TOKENS_BY_KEY, key) ||
        el_registry_find(registry, EL_REGISTRY_RESERVED_BY_KEY, key))
        return el_err(err, EL_EEXIST, "spoke %s: its key is another's", name);
    if (el_registry_find(registry, EL_REGISTRY_SPOKES_BY_IP, ip) ||
        el_registry_find(registry, EL_REGISTRY_TOKENS_BY_IP, ip) ||
        el_registry_find(registry, EL_REGISTRY_RESERVED_BY_IP, ip))
        return el_err(err, EL_EEXIST, "spoke %s: its address %s is another's", name,
                      el_ip_text(ip, text));
    struct el_registry_reserved *reserved = calloc(1, sizeof *reserved);
    if (!reserved || el_registry_index_reserve(registry, EL_REGISTRY_RESERVED_BY_KEY, 1) < 0 ||
        el_registry_index_reserve(registry, EL_REGISTRY_RESERVED_BY_IP, 1) < 0) {
        free(reserved);
        return el_err(err, EL_ENOMEM, "spoke %s: out of memory", name);
    }
    strcpy(reserved->name, name);
    memcpy(reserved->key, key, sizeof reserved->key);
    reserved->ip = *ip;
    reserved->next = registry->reserved;
    registry->reserved = reserved;
    el_registry_index_put(registry, EL_REGISTRY_RESERVED_BY_KEY, reserved);
    el_registry_index_put(registry, EL_REGISTRY_RESERVED_BY_IP, reserved);
    return 0;
}

/* -- what a peer is -- */

static struct el_registry_peer peer_of_spoke(const struct el_registry *registry,
                                             const struct el_registry_spoke *spoke)
{
    struct el_registry_peer peer = {
        .kind = EL_REGISTRY_PEER_SPOKE, .name = spoke->name, .ip = spoke->ip, .wire = spoke->wire};

    memcpy(peer.key, spoke->key, sizeof peer.key);
    memcpy(peer.psk, spoke->psk, sizeof peer.psk);
    if (spoke->state == EL_REGISTRY_REVOKED)
        peer.kind = EL_REGISTRY_PEER_REVOKED;
    else
        peer.membership_count = el_registry_memberships(registry, spoke, peer.memberships);
    return peer;
}

static struct el_registry_peer peer_of_token(const struct el_registry_token *token)
{
    struct el_registry_peer peer = {
        .kind = EL_REGISTRY_PEER_ENROLMENT, .name = token->name, .ip = token->ip};

    memcpy(peer.key, token->enrolment_key, sizeof peer.key);
    return peer;
}

static bool is_peer(const struct el_registry_spoke *spoke)
{
    return spoke->state == EL_REGISTRY_ENROLLED ||
           (spoke->state == EL_REGISTRY_REVOKED && !spoke->told);
}

int el_registry_who(const struct el_registry *registry, const struct el_ip *ip,
                    struct el_registry_peer *peer)
{
    const struct el_registry_spoke *spoke =
        el_registry_find(registry, EL_REGISTRY_SPOKES_BY_IP, ip);
    const struct el_registry_token *token =
        el_registry_find(registry, EL_REGISTRY_TOKENS_BY_IP, ip);

    if (spoke && is_peer(spoke))
        *peer = peer_of_spoke(registry, spoke);
    else if (token)
        *peer = peer_of_token(token);
    else
        return EL_ENOENT;
    return 0;
}

/* -- what is told -- */

static void tell(struct el_registry *registry, const struct el_registry_effect *effect)
{
    if (registry->observer.effect)
        registry->observer.effect(registry->observer.arg, effect);
}

void el_registry_event(struct el_registry *registry, struct el_registry_event event)
{
    if (registry->observer.event)
        registry->observer.event(registry->observer.arg, &event);
}

static void tell_peer(struct el_registry *registry, enum el_registry_effect_kind kind,
                      struct el_registry_peer *peer)
{
    tell(registry, &(struct el_registry_effect){.kind = kind, .peer = peer});
    sodium_memzero(peer->psk, sizeof peer->psk);
}

void el_registry_tell_spoke(struct el_registry *registry, const struct el_registry_spoke *spoke)
{
    struct el_registry_peer peer = peer_of_spoke(registry, spoke);

    if (is_peer(spoke))
        tell_peer(registry, EL_REGISTRY_PEER_SET, &peer);
}

void el_registry_tell_token(struct el_registry *registry, const struct el_registry_token *token)
{
    struct el_registry_peer peer = peer_of_token(token);

    tell_peer(registry, EL_REGISTRY_PEER_SET, &peer);
}

void el_registry_tell_peer_gone(struct el_registry *registry, enum el_registry_peer_kind kind,
                                const char *name, const uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    struct el_registry_peer peer = {.kind = kind, .name = name};

    memcpy(peer.key, key, sizeof peer.key);
    tell_peer(registry, EL_REGISTRY_PEER_REMOVE, &peer);
}

void el_registry_tell_network(struct el_registry *registry, enum el_registry_effect_kind kind,
                              const struct el_registry_network *network)
{
    const struct el_registry_port *port = el_registry_port(registry, network->name);

    tell(registry, &(struct el_registry_effect){.kind = kind,
                                                .network = network,
                                                .port = port,
                                                .open = port && el_registry_port_is_open(port)});
}

void el_registry_tell_port(struct el_registry *registry, enum el_registry_effect_kind kind,
                           const struct el_registry_network *network,
                           const struct el_registry_port *port)
{
    tell(registry, &(struct el_registry_effect){.kind = kind,
                                                .network = network,
                                                .port = port,
                                                .open = el_registry_port_is_open(port)});
}

void el_registry_tell(struct el_registry *registry)
{
    for (size_t i = 0; i < el_registry_network_count(registry); i++)
        el_registry_tell_network(registry, EL_REGISTRY_NETWORK_SET,
                                 el_registry_network_at(registry, i));
    for (size_t i = 0; i < el_registry_port_count(registry); i++) {
        const struct el_registry_port *port = el_registry_port_at(registry, i);
        el_registry_tell_port(registry, EL_REGISTRY_PORT_SET,
                              el_registry_network_by_vni(registry, port->vni), port);
    }
    for (size_t i = 0; i < el_registry_spoke_count(registry); i++)
        el_registry_tell_spoke(registry, el_registry_spoke_at(registry, i));
    for (size_t i = 0; i < el_registry_token_count(registry); i++)
        el_registry_tell_token(registry, el_registry_token_at(registry, i));
}

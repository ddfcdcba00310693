/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other spokes that a hub lets a spoke see directly. */
#include "spoke/spoke_peers.h"

#include "node/key.h"
#include "node/peer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { VNI_MAX = 0xffffff, WORDS = 8, TUNNEL_NET = 0x64400000, TUNNEL_BITS = 10, LINE = 512 };

/* -- lists -- */

const struct el_spoke_peer *el_spoke_peers_find(const struct el_spoke_peers *list,
                                                const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    for (unsigned i = 0; i < list->count; i++)
        if (memcmp(list->items[i].key, key, EL_TUNNEL_KEY_BYTES) == 0)
            return &list->items[i];
    return NULL;
}

/* An address of the tunnel's own range, and not the hub's. */
static bool is_spokes(const struct el_ip *ip)
{
    uint32_t number = ip->family == 4 ? el_ip4_number(ip) : 0;

    return (number ^ TUNNEL_NET) >> (32 - TUNNEL_BITS) == 0 && number != EL_NODE_HUB_ADDRESS;
}

static bool is_there(const struct el_spoke_peers *list, const struct el_spoke_peer *peer)
{
    for (unsigned i = 0; i < list->count; i++)
        if (el_ip_equal(&list->items[i].address, &peer->address))
            return true;
    return el_spoke_peers_find(list, peer->key) != NULL;
}

static int check(const struct el_spoke_peer *peer, struct el_err *err)
{
    if (!el_node_is_name(peer->name, strlen(peer->name)))
        return el_err(err, EL_EINVAL, "a peer has no name");
    if (sodium_is_zero(peer->key, sizeof peer->key) || sodium_is_zero(peer->psk, sizeof peer->psk))
        return el_err(err, EL_EINVAL, "peer %s: it has no key", peer->name);
    if (!is_spokes(&peer->address))
        return el_err(err, EL_EINVAL, "peer %s: its address is no spoke's", peer->name);
    if (peer->endpoint.ip.family && peer->endpoint.port == 0)
        return el_err(err, EL_EINVAL, "peer %s: its endpoint is none", peer->name);
    if (peer->wire == EL_TUNNEL_STANDARD || (unsigned)peer->wire >= EL_TUNNEL_WIRES)
        return el_err(err, EL_EINVAL, "peer %s: no spoke speaks like that to another", peer->name);
    if (peer->network_count == 0)
        return el_err(err, EL_EINVAL, "peer %s: in no network", peer->name);
    if (peer->for_s > EL_SPOKE_PEER_SECONDS)
        return el_err(err, EL_EINVAL, "peer %s: for longer than %d s", peer->name,
                      EL_SPOKE_PEER_SECONDS);
    return 0;
}

static int add(struct el_spoke_peers *list, const struct el_spoke_peer *peer, struct el_err *err)
{
    int rc = check(peer, err);

    if (rc < 0)
        return rc;
    if (is_there(list, peer))
        return el_err(err, EL_EINVAL, "peer %s is there twice, or its address is", peer->name);
    if (list->count == EL_SPOKE_PEERS)
        return el_err(err, EL_EINVAL, "more than %d peers", EL_SPOKE_PEERS);
    list->items[list->count++] = *peer;
    return 0;
}

/* One more network. False: it cannot be. */
static bool add_network(struct el_spoke_peer *peer, unsigned long long vni)
{
    if (vni > VNI_MAX || peer->network_count == EL_SPOKE_PEER_NETWORKS)
        return false;
    for (unsigned i = 0; i < peer->network_count; i++)
        if (peer->networks[i] == vni)
            return false;
    peer->networks[peer->network_count++] = (uint32_t)vni;
    return true;
}

static bool read_wire(const char *text, enum el_tunnel_wire *wire)
{
    for (unsigned i = 0; i < EL_TUNNEL_WIRES; i++)
        if (strcmp(text, el_tunnel_wire_names[i]) == 0) {
            *wire = (enum el_tunnel_wire)i;
            return true;
        }
    return false;
}

/* What both forms have as texts; NULL is none. False: one of them is not what it should be. */
static bool read_texts(struct el_spoke_peer *peer, const char *name, const char *key,
                       const char *address, const char *endpoint, const char *wire, const char *psk)
{
    if (!name || strlen(name) >= sizeof peer->name || !address || !wire)
        return false;
    strcpy(peer->name, name);
    return el_json_key_parse(key, peer->key) == 0 && el_json_key_parse(psk, peer->psk) == 0 &&
           el_ip_parse(address, &peer->address) == 0 &&
           (!endpoint || el_endpoint_parse(endpoint, 0, &peer->endpoint) == 0) &&
           read_wire(wire, &peer->wire);
}

/* -- lines -- */

/* A number of digits alone, and what is behind it. False: it is none. */
static bool read_number(const char *text, const char **end, unsigned long long *number)
{
    char *behind;

    if (*text < '0' || *text > '9')
        return false;
    *number = strtoull(text, &behind, 10);
    *end = behind;
    return true;
}

static bool read_networks(struct el_spoke_peer *peer, const char *text)
{
    unsigned long long vni;

    do {
        if (!read_number(text, &text, &vni) || !add_network(peer, vni))
            return false;
    } while (*text++ == ',');
    return text[-1] == '\0';
}

static bool read_seconds(struct el_spoke_peer *peer, const char *text)
{
    unsigned long long seconds;

    if (!read_number(text, &text, &seconds) || *text || seconds > EL_SPOKE_PEER_SECONDS)
        return false;
    peer->for_s = (unsigned)seconds;
    return true;
}

/* Cuts TEXT at each blank. False: there are not exactly so many words. */
static bool split(char *text, char *words[WORDS])
{
    unsigned count = 0;

    for (char *at = text; at && count < WORDS; count++) {
        words[count] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
        else if (count == WORDS - 1)
            return true;
    }
    return false;
}

int el_spoke_peers_read(struct el_spoke_peers *list, const char *text, struct el_err *err)
{
    struct el_spoke_peer peer = {.for_s = 0};
    char line[LINE], *w[WORDS];
    int rc = EL_EINVAL;

    if (strlen(text) < sizeof line && split(strcpy(line, text), w) &&
        read_texts(&peer, w[0], w[1], w[2], strcmp(w[3], "-") == 0 ? NULL : w[3], w[4], w[6]) &&
        read_seconds(&peer, w[5]) && read_networks(&peer, w[7]))
        rc = add(list, &peer, err);
    else
        (void)el_err(err, EL_EINVAL, "this is not NAME KEY ADDRESS ENDPOINT WIRE SECONDS PSK VNIS");
    sodium_memzero(&peer, sizeof peer);
    sodium_memzero(line, sizeof line);
    return rc;
}

static void print_peer(FILE *out, const struct el_spoke_peer *peer)
{
    char key[EL_TUNNEL_KEY_TEXT], psk[EL_TUNNEL_KEY_TEXT], ip[EL_IP_TEXT], at[EL_ENDPOINT_TEXT];

    el_tunnel_key_text(peer->key, key);
    el_tunnel_key_text(peer->psk, psk);
    fprintf(out, "peer = %s %s %s %s %s %u %s ", peer->name, key, el_ip_text(&peer->address, ip),
            peer->endpoint.ip.family ? el_endpoint_text(&peer->endpoint, at) : "-",
            el_tunnel_wire_names[peer->wire], peer->for_s, psk);
    for (unsigned i = 0; i < peer->network_count; i++)
        fprintf(out, "%s%u", i > 0 ? "," : "", (unsigned)peer->networks[i]);
    fputc('\n', out);
    sodium_memzero(psk, sizeof psk);
}

void el_spoke_peers_print(FILE *out, const struct el_spoke_peers *list)
{
    for (unsigned i = 0; i < list->count; i++)
        print_peer(out, &list->items[i]);
}

/* -- JSON -- */

static const char *text_of(const json_t *item, const char *member)
{
    return json_string_value(json_object_get(item, member));
}

static bool read_numbers(struct el_spoke_peer *peer, const json_t *item)
{
    const json_t *for_s = json_object_get(item, "for_s");
    const json_t *networks = json_object_get(item, "networks");

    if (!json_is_integer(for_s) || json_integer_value(for_s) < 0 ||
        json_integer_value(for_s) > EL_SPOKE_PEER_SECONDS || json_array_size(networks) == 0)
        return false;
    peer->for_s = (unsigned)json_integer_value(for_s);
    for (size_t i = 0; i < json_array_size(networks); i++) {
        const json_t *vni = json_array_get(networks, i);
        if (!json_is_integer(vni) || json_integer_value(vni) < 0 ||
            !add_network(peer, (unsigned long long)json_integer_value(vni)))
            return false;
    }
    return true;
}

/* Where it is called is the first of what may be a list. */
static int read_json(struct el_spoke_peers *list, const json_t *item, struct el_err *err)
{
    const json_t *endpoints = json_object_get(item, "endpoints");
    struct el_spoke_peer peer = {.for_s = 0};
    int rc = EL_EPROTO;

    if (read_texts(&peer, text_of(item, "name"), text_of(item, "key"), text_of(item, "address"),
                   json_string_value(json_array_get(endpoints, 0)), text_of(item, "wire"),
                   text_of(item, "psk")) &&
        read_numbers(&peer, item))
        rc = add(list, &peer, err);
    else
        (void)el_err(err, EL_EPROTO, "a peer in it is none");
    sodium_memzero(&peer, sizeof peer);
    return rc;
}

int el_spoke_peers_read_json(struct el_spoke_peers *list, const json_t *array, struct el_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(array); i++)
        rc = read_json(list, json_array_get(array, i), err);
    return rc;
}

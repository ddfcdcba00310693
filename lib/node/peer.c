/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers as they are configured. */
#include "node/peer.h"

#include "node/key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool el_node_is_name(const char *text, size_t len)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

    return len > 0 && len < EL_TUNNEL_NAME_BYTES && strspn(text, allowed) == len;
}

int el_node_split_endpoint(const char *text, uint16_t default_port, char host[256], uint16_t *port)
{
    const char *end = text + strlen(text);
    const char *port_text = NULL;

    if (*text == '[') {
        end = strchr(++text, ']');
        if (!end || (end[1] && end[1] != ':'))
            return EL_EINVAL;
        port_text = end[1] ? end + 2 : NULL;
    } else {
        const char *colon = strchr(text, ':');
        if (colon && !strchr(colon + 1, ':')) { /* two colons: a bare IPv6 address */
            end = colon;
            port_text = colon + 1;
        }
    }
    size_t len = (size_t)(end - text);
    char *rest = NULL;
    unsigned long number = port_text ? strtoul(port_text, &rest, 10) : default_port;
    if (len == 0 || len > 255 || strcspn(text, " \t\r\n") < len)
        return EL_EINVAL;
    /* strtoul() would take blanks and signs too. */
    if (number == 0 || number > 65535 || (rest && (*rest || *port_text < '0' || *port_text > '9')))
        return EL_EINVAL;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return 0;
}

static int set_ip(struct el_node_peer *peer, const char *value, struct el_err *err)
{
    if (el_ip_parse(value, &peer->ip) < 0 || peer->ip.family != 4)
        return el_err(err, EL_EINVAL, "ip=%s is not an IPv4 address", value);
    return 0;
}

static int set_endpoint(struct el_node_peer *peer, const char *value, struct el_err *err)
{
    char host[256];
    uint16_t port;

    if (strlen(value) >= EL_NODE_ENDPOINT_TEXT ||
        el_node_split_endpoint(value, 51820, host, &port) < 0)
        return el_err(err, EL_EINVAL, "endpoint=%s is not HOST or HOST:PORT", value);
    if (peer->endpoint_count == EL_NODE_ENDPOINTS)
        return el_err(err, EL_EINVAL, "more than %d endpoints", EL_NODE_ENDPOINTS);
    strcpy(peer->endpoints[peer->endpoint_count++], value);
    return 0;
}

static int set_psk_file(struct el_node_peer *peer, const char *value, struct el_err *err)
{
    return el_node_key_read(-1, value, peer->psk, err);
}

static int set_psk_key(struct el_node_peer *peer, const char *value, struct el_err *err)
{
    if (el_tunnel_key_parse(value, peer->psk) < 0)
        return el_err(err, EL_EINVAL, "psk-key is not a key");
    return 0;
}

static int set_keepalive(struct el_node_peer *peer, const char *value, struct el_err *err)
{
    char *end;
    unsigned long seconds = strtoul(value, &end, 10);

    if (*value < '0' || *value > '9' || *end || seconds > 65535)
        return el_err(err, EL_EINVAL, "keepalive=%s is not a number from 0 to 65535", value);
    peer->keepalive_s = (unsigned)seconds;
    return 0;
}

static int set_wire(struct el_node_peer *peer, const char *value, struct el_err *err)
{
    for (unsigned i = 0; i < EL_TUNNEL_WIRES; i++)
        if (strcmp(el_tunnel_wire_names[i], value) == 0) {
            peer->wire = (enum el_tunnel_wire)i;
            return el_tunnel_wire_check(peer->wire, err);
        }
    return el_err(err, EL_EINVAL, "wire=%s is not standard, compact or fast", value);
}

/* What may follow the key, each as ",name=value". */
static const struct {
    const char *name;
    int (*set)(struct el_node_peer *peer, const char *value, struct el_err *err);
    bool repeat;
} settings[] = {
    {"ip", set_ip, false},
    {"endpoint", set_endpoint, true},
    {"psk", set_psk_file, false},
    {"psk-key", set_psk_key, false},
    {"keepalive", set_keepalive, false},
    {"wire", set_wire, false},
};

/* SEEN has a bit for each setting that was there before. */
static int apply_setting(struct el_node_peer *peer, char *text, unsigned *seen, struct el_err *err)
{
    char *equals = strchr(text, '=');

    if (equals) {
        *equals = '\0';
        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
            if (strcmp(settings[i].name, text) == 0) {
                if (*seen & 1u << i && !settings[i].repeat)
                    return el_err(err, EL_EINVAL, "%s: %s= is there twice", peer->name, text);
                *seen |= 1u << i;
                return settings[i].set(peer, equals + 1, err);
            }
    }
    return el_err(err, EL_EINVAL, "%s: expected ip=, endpoint=, psk=, keepalive= or wire=", text);
}

/* TEXT is ours to cut up. */
static int parse_peer(struct el_node_peer *peer, char *text, struct el_err *err)
{
    size_t name_len = strcspn(text, "=");
    char *rest = text + name_len;

    if (!*rest)
        return el_err(err, EL_EINVAL, "expected NAME=PUBLIC-KEY");
    *rest++ = '\0';
    if (!el_node_is_name(text, name_len))
        return el_err(err, EL_EINVAL, "\"%s\" is not a name (letters, digits, - . _)", text);
    strcpy(peer->name, text);

    char *save = NULL;
    unsigned seen = 0;
    char *key = strtok_r(rest, ",", &save);
    if (!key || el_tunnel_key_parse(key, peer->key) < 0)
        return el_err(err, EL_EINVAL, "%s: \"%s\" is not a public key (el2w keygen prints one)",
                      peer->name, key ? key : "");
    for (char *item = strtok_r(NULL, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        int rc = apply_setting(peer, item, &seen, err);
        if (rc < 0)
            return rc;
    }
    if (peer->ip.family == 0)
        peer->ip = el_ip4(el_node_key_address(peer->key));
    return 0;
}

static int check_unique(const struct el_node_peers *peers, const struct el_node_peer *peer,
                        struct el_err *err)
{
    char ip[EL_IP_TEXT];

    for (unsigned i = 0; i < peers->count; i++) {
        const struct el_node_peer *other = &peers->items[i];
        if (strcmp(other->name, peer->name) == 0)
            return el_err(err, EL_EEXIST, "%s is there twice", peer->name);
        if (memcmp(other->key, peer->key, sizeof peer->key) == 0)
            return el_err(err, EL_EEXIST, "%s and %s have the same key", other->name, peer->name);
        if (el_ip_equal(&other->ip, &peer->ip))
            return el_err(err, EL_EEXIST,
                          "%s and %s have the same tunnel address %s: give one of them another "
                          "with ,ip=100.64.0.2 (and the same with --address on the spoke)",
                          other->name, peer->name, el_ip_text(&peer->ip, ip));
    }
    return 0;
}

/* Makes room for one more: twice as many whenever a power of two is full. Not by realloc(), which
 * would leave pre-shared keys behind in freed memory. */
static int make_room(struct el_node_peers *peers)
{
    unsigned count = peers->count;

    if ((count & (count - 1)) != 0)
        return 0;
    struct el_node_peer *items = calloc(count ? 2 * (size_t)count : 1, sizeof *items);
    if (!items)
        return EL_ENOMEM;
    if (count)
        memcpy(items, peers->items, count * sizeof *items);
    el_node_peers_clear(peers);
    *peers = (struct el_node_peers){items, count};
    return 0;
}

static int append(struct el_node_peers *peers, const struct el_node_peer *peer, struct el_err *err)
{
    if (peers->count == EL_TUNNEL_PEERS_MAX)
        return el_err(err, EL_EFULL, "more than %d peers", EL_TUNNEL_PEERS_MAX);
    if (make_room(peers) < 0)
        return el_err(err, EL_ENOMEM, "out of memory");
    peers->items[peers->count++] = *peer;
    return 0;
}

int el_node_peers_add(struct el_node_peers *peers, const char *text, struct el_err *err)
{
    struct el_node_peer peer = {0};
    size_t len = strlen(text);
    char *copy = strdup(text);
    int rc = copy ? parse_peer(&peer, copy, err) : el_err(err, EL_ENOMEM, "out of memory");

    if (rc == 0)
        rc = check_unique(peers, &peer, err);
    if (rc == 0)
        rc = append(peers, &peer, err);
    sodium_memzero(&peer, sizeof peer);
    if (copy)
        sodium_memzero(copy, len); /* it may hold a pre-shared key */
    free(copy);
    return rc;
}

void el_node_peer_print(FILE *out, const struct el_node_peer *peer)
{
    char text[EL_TUNNEL_KEY_TEXT];
    char ip[EL_IP_TEXT];

    el_tunnel_key_text(peer->key, text);
    fprintf(out, "%s=%s,ip=%s", peer->name, text, el_ip_text(&peer->ip, ip));
    for (unsigned i = 0; i < peer->endpoint_count; i++)
        fprintf(out, ",endpoint=%s", peer->endpoints[i]);
    if (!sodium_is_zero(peer->psk, sizeof peer->psk)) {
        el_tunnel_key_text(peer->psk, text);
        fprintf(out, ",psk-key=%s", text);
    }
    if (peer->keepalive_s)
        fprintf(out, ",keepalive=%u", peer->keepalive_s);
    if (peer->wire != EL_TUNNEL_STANDARD)
        fprintf(out, ",wire=%s", el_tunnel_wire_names[peer->wire]);
    sodium_memzero(text, sizeof text);
}

void el_node_peers_clear(struct el_node_peers *peers)
{
    if (peers->items)
        sodium_memzero(peers->items, peers->count * sizeof *peers->items);
    free(peers->items);
    *peers = (struct el_node_peers){0};
}

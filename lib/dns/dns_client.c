/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, and how much. */
#include "dns/dns_client.h"

#include "base/map.h"
#include "base/time.h"

#include <stdlib.h>

struct el_dns_clients {
    struct el_dns_limits limits;
    struct el_map *by_ip;
    struct el_dns_client *oldest, *newest;
    size_t used;
    struct el_dns_client pool[EL_DNS_CLIENTS];
};

struct el_dns_clients *el_dns_clients_new(const struct el_dns_limits *limits)
{
    struct el_dns_clients *clients = calloc(1, sizeof *clients);

    if (!clients)
        return NULL;
    clients->limits = *limits;
    clients->by_ip = el_map_new(sizeof(struct el_ip), EL_DNS_CLIENTS);
    if (!clients->by_ip) {
        free(clients);
        return NULL;
    }
    return clients;
}

void el_dns_clients_free(struct el_dns_clients *clients)
{
    if (!clients)
        return;
    el_map_free(clients->by_ip);
    free(clients);
}

struct el_dns_client *el_dns_clients_find(struct el_dns_clients *clients, const struct el_ip *ip)
{
    return el_map_get(clients->by_ip, ip);
}

static void unlink_client(struct el_dns_clients *clients, struct el_dns_client *client)
{
    *(client->older ? &client->older->newer : &clients->oldest) = client->newer;
    *(client->newer ? &client->newer->older : &clients->newest) = client->older;
}

static void link_newest(struct el_dns_clients *clients, struct el_dns_client *client)
{
    client->older = clients->newest;
    client->newer = NULL;
    *(clients->newest ? &clients->newest->newer : &clients->oldest) = client;
    clients->newest = client;
}

/* A place for somebody new: a free one, or the quietest one's. */
static struct el_dns_client *make_room(struct el_dns_clients *clients)
{
    struct el_dns_client *client = clients->oldest;

    if (clients->used < EL_DNS_CLIENTS)
        return &clients->pool[clients->used++];
    while (client && client->waiting > 0)
        client = client->newer;
    if (client) {
        unlink_client(clients, client);
        el_map_del(clients->by_ip, &client->ip);
    }
    return client;
}

struct el_dns_client *el_dns_clients_meet(struct el_dns_clients *clients, const struct el_ip *ip,
                                          uint64_t now_ns)
{
    struct el_dns_client *client = el_map_get(clients->by_ip, ip);

    if (client) {
        if (client == clients->newest)
            return client;
        unlink_client(clients, client);
        link_newest(clients, client);
        return client;
    }
    client = make_room(clients);
    if (!client)
        return NULL;
    *client =
        (struct el_dns_client){.ip = *ip, .tokens = clients->limits.burst, .filled_ns = now_ns};
    el_map_put(clients->by_ip, &client->ip, client); /* there is room */
    link_newest(clients, client);
    return client;
}

enum el_dns_allowance el_dns_clients_allow(const struct el_dns_clients *clients,
                                           struct el_dns_client *client, uint64_t now_ns)
{
    const struct el_dns_limits *limits = &clients->limits;

    if (limits->per_s == 0)
        return EL_DNS_ALLOWED;
    if (!client)
        return EL_DNS_DROP;
    client->tokens += (double)(now_ns - client->filled_ns) / (double)EL_S * limits->per_s;
    if (client->tokens > limits->burst)
        client->tokens = limits->burst;
    client->filled_ns = now_ns;
    if (client->tokens >= 1) {
        client->tokens -= 1;
        return EL_DNS_ALLOWED;
    }
    client->cut = !client->cut;
    return client->cut ? EL_DNS_CUT : EL_DNS_DROP;
}

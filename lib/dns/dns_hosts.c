/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines call themselves. */
#include "dns/dns_hosts.h"

#include "base/log.h"
#include "base/map.h"

#include <stdlib.h>

/* A host in up to three maps. */
struct place {
    struct el_dns_host host;
    uint8_t by_name[EL_DNS_HOST_BYTES]; /* the key: its name, zero beyond the end */
};

struct el_dns_hosts {
    struct el_dns_hosts_store store;
    bool stored;
    el_dns_hosts_lives *lives;
    void *arg;
    struct el_map *macs, *ips, *names;
    size_t used, next; /* of places; which one is taken next, once all are */
    struct place places[EL_DNS_HOSTS];
};

/* What a machine must not be called: browsers and others fetch their settings from wpad and isatap
 * of whatever domain they are told. */
static const char *const nobody[] = {"hub", "proxy", "wpad", "isatap", "localhost", "el2w"};

/* -- names -- */

/* A host's name in lower case (RFC 1123 §2.1): false if it is none that anybody may have. */
static bool take_name(const char *text, char name[EL_DNS_HOST_BYTES])
{
    size_t len = text ? strcspn(text, ".") : 0; /* some send the domain along */

    memset(name, 0, EL_DNS_HOST_BYTES);
    if (len == 0 || len > EL_DNS_LABEL_BYTES || text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            memset(name, 0, EL_DNS_HOST_BYTES);
            return false;
        }
        name[i] = c;
    }
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++)
        if (strcmp(name, nobody[i]) == 0)
            name[0] = '\0';
    return name[0] != '\0';
}

static bool lives(const struct el_dns_hosts *hosts, const struct place *place)
{
    return place && hosts->lives(hosts->arg, &place->host);
}

/* -- the table -- */

static void leave(struct el_dns_hosts *hosts, struct place *place)
{
    if (el_map_get(hosts->ips, &place->host.ip) == place)
        el_map_del(hosts->ips, &place->host.ip);
    if (place->host.name[0] && el_map_get(hosts->names, place->by_name) == place)
        el_map_del(hosts->names, place->by_name);
}

static void drop(struct el_dns_hosts *hosts, const struct el_mac *mac)
{
    struct el_err err = {""};

    if (hosts->stored && hosts->store.remove(hosts->store.arg, mac, &err) < 0)
        EL_LOG(EL_LOG_WARN, "dns", "not-kept", EL_STR("error", err.text));
}

/* Its address is its own now, and so is its name, unless somebody who lives has it. A name has one
 * owner, here and in the store: who is to have it after a restart must not be left to chance. */
static void enter(struct el_dns_hosts *hosts, struct place *place)
{
    struct place *other = el_map_get(hosts->names, place->by_name);

    (void)el_map_put(hosts->ips, &place->host.ip, place); /* there is room for all */
    if (!place->host.name[0])
        return;
    if (lives(hosts, other)) {
        memset(place->host.name, 0, sizeof place->host.name);
        return;
    }
    if (other) {
        memset(other->host.name, 0, sizeof other->host.name);
        drop(hosts, &other->host.mac);
    }
    (void)el_map_put(hosts->names, place->by_name, place);
}

static struct place *new_place(struct el_dns_hosts *hosts)
{
    if (hosts->used < EL_DNS_HOSTS)
        return &hosts->places[hosts->used++];
    struct place *place = &hosts->places[hosts->next++ % EL_DNS_HOSTS];
    leave(hosts, place);
    el_map_del(hosts->macs, &place->host.mac);
    drop(hosts, &place->host.mac);
    return place;
}

static struct place *put(struct el_dns_hosts *hosts, const struct el_dns_host *host)
{
    struct place *place = el_map_get(hosts->macs, &host->mac);

    if (place)
        leave(hosts, place);
    else
        place = new_place(hosts);
    place->host = *host;
    memcpy(place->by_name, host->name, sizeof place->by_name);
    (void)el_map_put(hosts->macs, &place->host.mac, place);
    enter(hosts, place);
    return place;
}

void el_dns_hosts_saw(struct el_dns_hosts *hosts, const struct el_mac *mac, const struct el_ip *ip,
                      const char *name)
{
    const struct el_dns_host *known = el_dns_hosts_by_mac(hosts, mac);
    const struct el_dns_host before = known ? *known : (struct el_dns_host){.name = ""};
    struct el_dns_host host = {.mac = *mac, .ip = *ip};
    struct el_err err = {""};

    /* Firmware has no name; the system that follows it does. */
    if (!take_name(name, host.name))
        memcpy(host.name, before.name, sizeof host.name);
    const struct el_dns_host *after = &put(hosts, &host)->host;
    if (!after->name[0]) {
        if (before.name[0])
            drop(hosts, mac);
        return;
    }
    if (!hosts->stored || (el_ip_equal(&before.ip, ip) && strcmp(before.name, after->name) == 0))
        return;
    if (hosts->store.put(hosts->store.arg, after, &err) < 0)
        EL_LOG(EL_LOG_WARN, "dns", "not-kept", EL_STR("name", after->name),
               EL_STR("error", err.text));
}

/* -- looking -- */

const struct el_dns_host *el_dns_hosts_by_name(const struct el_dns_hosts *hosts, const char *name)
{
    uint8_t key[EL_DNS_HOST_BYTES] = {0};
    size_t len = strlen(name);

    if (len == 0 || len >= sizeof key)
        return NULL;
    memcpy(key, name, len);
    const struct place *place = el_map_get(hosts->names, key);
    return lives(hosts, place) ? &place->host : NULL;
}

const struct el_dns_host *el_dns_hosts_by_ip(const struct el_dns_hosts *hosts,
                                             const struct el_ip *ip)
{
    const struct place *place = el_map_get(hosts->ips, ip);

    return lives(hosts, place) && place->host.name[0] ? &place->host : NULL;
}

const struct el_dns_host *el_dns_hosts_by_mac(const struct el_dns_hosts *hosts,
                                              const struct el_mac *mac)
{
    const struct place *place = el_map_get(hosts->macs, mac);

    return place ? &place->host : NULL;
}

/* -- life -- */

/* What is kept was checked when it was; but anybody may have written the file. */
static void on_loaded(void *arg, const struct el_dns_host *kept)
{
    struct el_dns_host host = *kept;

    if (take_name(kept->name, host.name) && host.ip.family == 4)
        (void)put(arg, &host);
}

int el_dns_hosts_new(const struct el_dns_hosts_store *store, el_dns_hosts_lives *alive, void *arg,
                     struct el_dns_hosts **result, struct el_err *err)
{
    struct el_dns_hosts *hosts = calloc(1, sizeof *hosts);

    if (!hosts)
        return el_err(err, EL_ENOMEM, "out of memory");
    hosts->lives = alive;
    hosts->arg = arg;
    hosts->macs = el_map_new(sizeof(struct el_mac), EL_DNS_HOSTS);
    hosts->ips = el_map_new(sizeof(struct el_ip), EL_DNS_HOSTS);
    hosts->names = el_map_new(EL_DNS_HOST_BYTES, EL_DNS_HOSTS);
    int rc =
        hosts->macs && hosts->ips && hosts->names ? 0 : el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0 && store)
        rc = store->load(store->arg, on_loaded, hosts, err);
    if (rc < 0) {
        el_dns_hosts_free(hosts);
        return rc;
    }
    hosts->stored = store != NULL;
    if (store)
        hosts->store = *store;
    *result = hosts;
    return 0;
}

void el_dns_hosts_free(struct el_dns_hosts *hosts)
{
    if (!hosts)
        return;
    el_map_free(hosts->macs);
    el_map_free(hosts->ips);
    el_map_free(hosts->names);
    free(hosts);
}

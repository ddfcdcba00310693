/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A registry with a store in memory that can fail, and an observer that writes down what it is
 * told, one word for each: "+mars" a peer set, "-mars" removed, "boot!" a network set, … */
#ifndef EL_TEST_REGISTRY_WORLD_H
#define EL_TEST_REGISTRY_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/registry.h"
#include "registry/registry_store.h"

#include <sodium.h>

enum { NOW = 1000000, HOUR = 3600 };

static struct {
    struct el_registry *registry;
    struct el_registry_store store;
    struct el_err err;
    char told[65536];
    bool disk_full;
    unsigned puts;
    size_t rows;
    struct el_registry_peer last_peer;
    bool last_open;
    int64_t last_left_s;
} w;

static void note(const char *sign, const char *name, const char *how)
{
    char word[256];

    snprintf(word, sizeof word, "%s%s%s", sign, name, how);
    if (strlen(w.told) + strlen(word) + 2 < sizeof w.told) {
        strcat(w.told, w.told[0] ? " " : "");
        strcat(w.told, word);
    }
}

static void on_effect(void *arg, const struct el_registry_effect *e)
{
    static const char *const signs[] = {
        [EL_REGISTRY_PEER_SET] = "+",           [EL_REGISTRY_PEER_REMOVE] = "-",
        [EL_REGISTRY_NETWORK_SET] = "network:", [EL_REGISTRY_NETWORK_REMOVE] = "no-network:",
        [EL_REGISTRY_PORT_SET] = "port:",       [EL_REGISTRY_PORT_REMOVE] = "no-port:",
        [EL_REGISTRY_MACHINE_SET] = "machine:", [EL_REGISTRY_MACHINE_REMOVE] = "no-machine:"};
    static const char *const kinds[] = {"", "(token)", "(revoked)"};

    (void)arg;
    if (e->peer)
        note(signs[e->kind], e->peer->name, kinds[e->peer->kind]);
    else if (e->machine)
        note(signs[e->kind], e->machine->name, "");
    else if (e->kind == EL_REGISTRY_PORT_SET || e->kind == EL_REGISTRY_PORT_REMOVE)
        note(signs[e->kind], e->port->name, e->port->wanted == EL_REGISTRY_DOWN ? "(stop)" : "");
    else
        note(signs[e->kind], e->network->name, e->open ? "(open)" : "");
    if (e->peer)
        w.last_peer = *e->peer;
    w.last_open = e->open;
}

static void on_event(void *arg, const struct el_registry_event *e)
{
    (void)arg;
    note("[", el_registry_event_names[e->kind], "]");
    w.last_left_s = e->left_s;
}

static const struct el_registry_observer observer = {on_effect, on_event, NULL};

static int put(void *arg, const struct el_registry_row *rows, size_t count, struct el_err *err)
{
    (void)arg;
    (void)rows;
    if (w.disk_full)
        return el_err(err, EL_EIO, "no space left on the disk");
    w.puts++;
    w.rows += count;
    return 0;
}

static int load_nothing(void *arg,
                        int (*each)(void *, const struct el_registry_row *, struct el_err *),
                        void *each_arg, struct el_err *err)
{
    (void)arg;
    (void)each;
    (void)each_arg;
    (void)err;
    return 0;
}

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    w.store = (struct el_registry_store){put, load_nothing, NULL};
    return el_registry_new(&w.store, &observer, &w.registry, &w.err);
}

static int end(void **state)
{
    (void)state;
    el_registry_free(w.registry);
    return 0;
}

/* What was said since the last time. */
static const char *told(void)
{
    static char last[sizeof w.told];

    strcpy(last, w.told);
    w.told[0] = '\0';
    return last;
}

/* A public key for each number; the same for the same. */
static const uint8_t *key_of(unsigned number)
{
    static uint8_t keys[8][32];
    static unsigned turn;
    uint8_t scalar[32] = {0, (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16)};
    uint8_t *key = keys[turn++ % 8];

    crypto_scalarmult_base(key, scalar);
    return key;
}

static int make_token(const char *name, unsigned number)
{
    struct el_registry_token_request request = {.name = name,
                                                .enrolment_key = key_of(number),
                                                .ip = el_ip4(0x64500000 + number),
                                                .expires_s = NOW + HOUR};

    return el_registry_token_create(w.registry, &request, NOW, &w.err);
}

static int redeem_with(unsigned token, unsigned key, int64_t now_s, int64_t step)
{
    struct el_registry_redemption redemption = {.enrolment_key = key_of(token),
                                                .key = key_of(key),
                                                .preferred = el_ip4(0x64600000 + key),
                                                .totp_step = step};
    enum el_registry_verdict verdict = EL_REGISTRY_IS_UNKNOWN;
    const struct el_registry_spoke *spoke;
    int rc = el_registry_redeem(w.registry, &redemption, now_s, &verdict, &spoke, &w.err);

    return rc < 0 ? rc : (int)verdict;
}

static int redeem(unsigned token, unsigned key)
{
    return redeem_with(token, key, NOW, 0);
}

static int make_network(const char *name, uint32_t vni, enum el_registry_to_all to_all)
{
    struct el_registry_network_request request = {.name = name,
                                                  .vni = vni,
                                                  .cidr = {el_ip4(0xc0a84d00), 24},
                                                  .to_all = to_all,
                                                  .published = true};

    return el_registry_network_create(w.registry, &request, NOW, &w.err);
}

static int publish(const char *network, const char *spoke, bool published)
{
    struct el_registry_publication p = {.network = network, .spoke = spoke, .published = published};

    return el_registry_publish(w.registry, &p, NOW, &w.err);
}

#endif

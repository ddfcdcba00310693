/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted of machines, beside what has happened to them. */
#include "service/machines.h"

#include "base/log.h"
#include "base/map.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An order that stands; `round` is the last from BEGIN to COMPLETE that said it. */
struct wanted {
    struct el_order_machine machine;
    unsigned round;
};

struct profile {
    struct el_order_profile profile;
    json_t *document; /* owned */
    unsigned round;
};

struct el_machines {
    struct el_machines_config config;
    struct el_lives *lives;
    struct el_map *by_mac;                 /* struct wanted */
    struct wanted *items[EL_MACHINES_MAX]; /* owned */
    size_t count;
    struct profile *profiles[EL_MACHINES_PROFILES]; /* owned */
    size_t profile_count;
    struct el_order_policy policy;
    unsigned round;
    bool complete;
    el_machines_page *page;
    void *page_arg;
    el_machines_find_args *find_args;
    void *args_arg;
};

/* -- looking -- */

static struct profile *find_profile(const struct el_machines *machines, const char *name)
{
    for (size_t i = 0; i < machines->profile_count; i++)
        if (strcmp(machines->profiles[i]->profile.name, name) == 0)
            return machines->profiles[i];
    return NULL;
}

const struct el_order_profile *el_machines_profile(const struct el_machines *machines,
                                                   const char *name)
{
    const struct profile *profile = find_profile(machines, name);

    return profile ? &profile->profile : NULL;
}

int el_machines_by_mac(const struct el_machines *machines, const struct el_mac *mac,
                       struct el_machine *machine)
{
    const struct wanted *wanted = el_map_get(machines->by_mac, mac);

    *machine = (struct el_machine){.mac = *mac,
                                   .intent = wanted ? &wanted->machine : NULL,
                                   .life = el_lives_find(machines->lives, mac)};
    if (wanted && wanted->machine.profile[0])
        machine->profile = el_machines_profile(machines, wanted->machine.profile);
    return machine->intent || machine->life ? 0 : EL_ENOENT;
}

int el_machines_by_token(const struct el_machines *machines, const char *token,
                         struct el_machine *machine)
{
    const struct el_life *life = el_lives_by_token(machines->lives, token);

    if (!life || life->state != EL_LIFE_INSTALLING)
        return EL_ENOENT;
    return el_machines_by_mac(machines, &life->mac, machine);
}

int el_machines_by_address(const struct el_machines *machines, const struct el_ip *ip,
                           struct el_machine *machine)
{
    struct el_mac mac;

    if (!machines->config.lease || machines->config.lease(machines->config.arg, ip, &mac) < 0)
        return EL_ENOENT;
    return el_machines_by_mac(machines, &mac, machine);
}

int el_machines_by_name(const struct el_machines *machines, const char *name,
                        struct el_machine *machine)
{
    for (size_t i = 0; i < machines->count; i++)
        if (strcmp(machines->items[i]->machine.name, name) == 0 && name[0])
            return el_machines_by_mac(machines, &machines->items[i]->machine.mac, machine);
    return EL_ENOENT;
}

size_t el_machines_count(const struct el_machines *machines)
{
    return machines->count;
}

const struct el_order_machine *el_machines_at(const struct el_machines *machines, size_t i)
{
    return i < machines->count ? &machines->items[i]->machine : NULL;
}

const struct el_order_policy *el_machines_policy(const struct el_machines *machines)
{
    return &machines->policy;
}

const struct el_lives *el_machines_lives(const struct el_machines *machines)
{
    return machines->lives;
}

bool el_machines_complete(const struct el_machines *machines)
{
    return machines->complete || !machines->config.has_control;
}

void el_machines_set_page(struct el_machines *machines, el_machines_page *page, void *arg)
{
    machines->page = page;
    machines->page_arg = arg;
}

void el_machines_set_args(struct el_machines *machines, el_machines_find_args *find, void *arg)
{
    machines->find_args = find;
    machines->args_arg = arg;
}

int el_machines_args(const struct el_machines *machines, const struct el_machine *machine,
                     char args[EL_MACHINES_ARGS_BYTES], struct el_err *err)
{
    args[0] = '\0';
    return machines->find_args ? machines->find_args(machines->args_arg, machine, args, err) : 0;
}

void el_machines_answer_page(const struct el_machines *machines, const struct el_machine *machine,
                             const char *file, const struct el_http_request *request,
                             struct el_http_answer *answer)
{
    if (machines->page)
        machines->page(machines->page_arg, machine, file, request, answer);
    else
        el_http_answer_status(answer, 404);
}

/* -- what happens -- */

/* Why PROFILE of MACHINE cannot be followed, in TEXT; NULL: it can. */
static const char *find_fault(const struct el_machines *machines, const struct el_machine *machine,
                              char text[EL_LIFE_WHY])
{
    const char *name = machine->intent->profile;
    const char *why = NULL;

    if (!machine->profile) {
        snprintf(text, EL_LIFE_WHY, "profile %s: there is no such profile", name);
        return text;
    }
    if (machines->config.entry)
        why = machines->config.entry(machines->config.arg, machine->profile->image);
    if (!why)
        return NULL;
    snprintf(text, EL_LIFE_WHY, "profile %.40s: image %.40s %s", name, machine->profile->image,
             why);
    return text;
}

static struct el_life_intent intent_of(const struct el_machines *machines,
                                       const struct el_machine *machine, char fault[EL_LIFE_WHY])
{
    const struct el_order_machine *wanted = machine->intent;
    struct el_life_intent intent = {.unknown = machines->policy.unknown,
                                    .inventory = machines->policy.inventory,
                                    .failed_local = machines->policy.failed_local};

    if (!wanted)
        return intent;
    intent.known = true;
    intent.profile = wanted->profile;
    intent.installed = wanted->installed;
    intent.once = wanted->once;
    intent.once_entry = wanted->once_entry;
    intent.reinstall = wanted->reinstall;
    if (!wanted->profile[0])
        return intent;
    intent.broken = find_fault(machines, machine, fault);
    intent.live = machine->profile && machine->profile->live;
    intent.tells = machine->profile && machine->profile->tells;
    return intent;
}

int el_machines_event(struct el_machines *machines, const struct el_mac *mac,
                      const struct el_life_event *event, struct el_life_decision *decision,
                      struct el_err *err)
{
    struct el_machine machine;
    char fault[EL_LIFE_WHY];

    if (event->kind == EL_LIFE_VISIT && !el_machines_complete(machines))
        return el_err(err, EL_EAGAIN, "the hub has not said yet what its machines are to be");
    (void)el_machines_by_mac(machines, mac, &machine);
    struct el_life_intent intent = intent_of(machines, &machine, fault);
    int rc = el_lives_event(machines->lives, mac, &intent, event, decision, err);
    if (rc == 0 && machines->config.happened)
        machines->config.happened(machines->config.arg, mac, event, decision);
    return rc;
}

/* -- orders -- */

static void tell_wanted(const struct el_machines *machines, const struct el_mac *mac)
{
    if (machines->config.wanted)
        machines->config.wanted(machines->config.arg, mac);
}

/* A person has said something: the life of the machine may begin another part. */
static void tell_life(struct el_machines *machines, const struct el_mac *mac)
{
    struct el_life_event event = {.kind = EL_LIFE_INTENT,
                                  .now_s = machines->config.wall_s(machines->config.arg)};
    struct el_err err = {""};

    if (el_machines_event(machines, mac, &event, NULL, &err) < 0)
        EL_LOG(EL_LOG_ERROR, "boot", "life", EL_MAC("mac", mac), EL_STR("error", err.text));
}

static int put_machine(struct el_machines *machines, const struct el_order_machine *machine,
                       struct el_err *err)
{
    struct wanted *wanted = el_map_get(machines->by_mac, &machine->mac);

    if (!wanted && machines->count == EL_MACHINES_MAX)
        return el_err(err, EL_EFULL, "more than %d machines", EL_MACHINES_MAX);
    if (!wanted) {
        wanted = calloc(1, sizeof *wanted);
        if (!wanted)
            return el_err(err, EL_ENOMEM, "out of memory");
        machines->items[machines->count++] = wanted;
        el_map_put(machines->by_mac, &machine->mac, wanted); /* there is room: as many as items */
    }
    bool changed = memcmp(&wanted->machine, machine, sizeof *machine) != 0;
    wanted->machine = *machine;
    wanted->round = machines->round;
    if (changed) {
        tell_life(machines, &machine->mac);
        tell_wanted(machines, &machine->mac);
    }
    return 0;
}

static void remove_machine(struct el_machines *machines, size_t i)
{
    struct wanted *wanted = machines->items[i];
    struct el_mac mac = wanted->machine.mac;

    machines->items[i] = machines->items[--machines->count];
    el_map_del(machines->by_mac, &mac);
    free(wanted);
    tell_life(machines, &mac);
    tell_wanted(machines, &mac);
}

static void remove_mac(struct el_machines *machines, const struct el_mac *mac)
{
    for (size_t i = 0; i < machines->count; i++)
        if (el_mac_equal(&machines->items[i]->machine.mac, mac)) {
            remove_machine(machines, i);
            return;
        }
}

/* There may be secrets in it. */
static void free_profile(struct profile *profile)
{
    json_decref(profile->document);
    free(profile);
}

static int put_profile(struct el_machines *machines, const struct el_order_profile *about,
                       struct el_err *err)
{
    struct profile *profile = find_profile(machines, about->name);
    json_t *document = about->document ? json_deep_copy(about->document) : NULL;

    if (about->document && !document)
        return el_err(err, EL_ENOMEM, "out of memory");
    if (!profile && machines->profile_count < EL_MACHINES_PROFILES) {
        profile = calloc(1, sizeof *profile);
        if (profile)
            machines->profiles[machines->profile_count++] = profile;
    }
    if (!profile) {
        json_decref(document);
        return el_err(err, EL_EFULL, "profile %s: no room for it", about->name);
    }
    json_decref(profile->document);
    *profile = (struct profile){.profile = *about, .document = document, .round = machines->round};
    profile->profile.document = document;
    return 0;
}

static void remove_profile(struct el_machines *machines, const char *name)
{
    for (size_t i = 0; i < machines->profile_count; i++)
        if (strcmp(machines->profiles[i]->profile.name, name) == 0) {
            free_profile(machines->profiles[i]);
            machines->profiles[i] = machines->profiles[--machines->profile_count];
            return;
        }
}

/* What was not said again since BEGIN is wanted no more. */
static void complete(struct el_machines *machines)
{
    for (size_t i = machines->count; i-- > 0;)
        if (machines->items[i]->round != machines->round)
            remove_machine(machines, i);
    for (size_t i = machines->profile_count; i-- > 0;)
        if (machines->profiles[i]->round != machines->round)
            remove_profile(machines, machines->profiles[i]->profile.name);
    machines->complete = true;
    tell_wanted(machines, NULL);
}

static int forget(struct el_machines *machines, const struct el_mac *mac, struct el_err *err)
{
    remove_mac(machines, mac);
    int rc = el_lives_forget(machines->lives, mac, err);
    return rc == EL_ENOENT ? 0 : rc;
}

int el_machines_order(struct el_machines *machines, const struct el_order *order,
                      struct el_err *err)
{
    switch (order->kind) {
    case EL_ORDER_BEGIN: machines->round++; return 0;
    case EL_ORDER_POLICY: machines->policy = order->policy; return 0;
    case EL_ORDER_PROFILE: return put_profile(machines, &order->profile, err);
    case EL_ORDER_MACHINE: return put_machine(machines, &order->machine, err);
    case EL_ORDER_REMOVE:
        if (order->is_profile)
            remove_profile(machines, order->profile.name);
        else
            remove_mac(machines, &order->machine.mac);
        return 0;
    case EL_ORDER_FORGET: return forget(machines, &order->machine.mac, err);
    case EL_ORDER_COMPLETE: complete(machines); return 0;
    case EL_ORDER_AGAIN:
    case EL_ORDER_HELLO:
    case EL_ORDER_LIFE:
    case EL_ORDER_GONE:
    case EL_ORDER_REGION:
    case EL_ORDER_STEP:
    case EL_ORDER_SERVER:
    case EL_ORDERS: break;
    }
    return el_err(err, EL_EINVAL, "an order that is none");
}

/* -- coming and going -- */

int el_machines_new(const struct el_machines_config *config, struct el_machines **result,
                    struct el_err *err)
{
    struct el_machines *machines = calloc(1, sizeof *machines);
    struct el_lives_config lives = {
        .store = config->store, .changed = config->changed, .arg = config->arg};

    *result = NULL;
    if (machines) {
        machines->config = *config;
        machines->by_mac = el_map_new(sizeof(struct el_mac), EL_MACHINES_MAX);
    }
    if (!machines || !machines->by_mac) {
        el_machines_free(machines);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    int rc = el_lives_new(&lives, &machines->lives, err);
    if (rc < 0)
        el_machines_free(machines);
    else
        *result = machines;
    return rc;
}

void el_machines_free(struct el_machines *machines)
{
    if (!machines)
        return;
    for (size_t i = 0; i < machines->count; i++)
        free(machines->items[i]);
    for (size_t i = 0; i < machines->profile_count; i++)
        free_profile(machines->profiles[i]);
    el_map_free(machines->by_mac);
    el_lives_free(machines->lives);
    sodium_memzero(machines, sizeof *machines);
    free(machines);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders out, reports in. */
#include "hub/hub_orders.h"

#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPORTS_AT_ONCE = 64, CHANNELS = EL_REGISTRY_NETWORKS };

/* What is told next, in this order; SAID: changes as they are made. */
enum stage { AGAIN, SILENT, BEGIN, POLICY, PROFILES, MACHINES, COMPLETE, SAID };

/* The poll is a handle of libuv's, so it is freed apart from the rest. */
struct channel {
    struct el_hub_orders *orders;
    uv_poll_t *poll; /* NULL: free */
    int fd;
    uint32_t vni;
    enum stage stage;
    size_t next;  /* profile or machine */
    bool changed; /* behind what is being told: all of it once more */
};

struct el_hub_orders {
    struct el_hub_orders_config config;
    struct channel channels[CHANNELS];
    char bytes[EL_ORDER_BYTES];
};

static void on_ready(uv_poll_t *poll, int status, int events);

/* -- out -- */

/* 0, or EL_EAGAIN; what can never be said counts as said. */
static int say(const struct channel *channel, const struct el_order *order)
{
    size_t len = 0;
    char *text = el_order_write(order, &len);
    int rc = text ? el_orders_send(channel->fd, text, len) : EL_ENOMEM;

    if (text)
        sodium_memzero(text, len); /* a profile has secrets */
    free(text);
    if (rc < 0 && rc != EL_EAGAIN)
        EL_LOG(EL_LOG_WARN, "node", "order", EL_UINT("vni", channel->vni),
               EL_STR("order", el_order_names[order->kind]), EL_STR("error", el_strerror(rc)));
    return rc == EL_EAGAIN ? rc : 0;
}

static int say_bare(const struct channel *channel, enum el_order_kind kind)
{
    return say(channel, &(struct el_order){.kind = kind});
}

static void copy_words(const struct el_registry_words *from, unsigned *count,
                       char to[EL_ORDER_WORDS][EL_ORDER_WORD])
{
    _Static_assert((int)EL_REGISTRY_WORDS == (int)EL_ORDER_WORDS &&
                       (int)EL_REGISTRY_WORD == (int)EL_ORDER_WORD,
                   "one length");
    *count = from->count;
    memcpy(to, from->items, sizeof from->items);
}

static int say_machine(const struct channel *channel, const struct el_registry_machine *machine)
{
    struct el_order order = {.kind = EL_ORDER_MACHINE};
    struct el_order_machine *to = &order.machine;

    _Static_assert((int)EL_REGISTRY_NAME == (int)EL_LIFE_NAME &&
                       (int)EL_REGISTRY_ENTRY == (int)EL_LIFE_ENTRY,
                   "one length");
    to->mac = machine->mac;
    memcpy(to->name, machine->name, sizeof to->name);
    memcpy(to->profile, machine->profile, sizeof to->profile);
    memcpy(to->region, machine->region, sizeof to->region);
    to->address = machine->address;
    to->once = machine->once;
    memcpy(to->once_entry, machine->once_entry, sizeof to->once_entry);
    to->reinstall = machine->reinstall;
    to->installed = machine->installed;
    copy_words(&machine->options, &to->option_count, to->options);
    copy_words(&machine->quirks, &to->quirk_count, to->quirks);
    return say(channel, &order);
}

/* EL_ENOENT: there are no more. */
static int say_profile(const struct channel *channel, size_t i)
{
    const struct el_hub_orders_config *config = &channel->orders->config;
    struct el_order order = {.kind = EL_ORDER_PROFILE};

    if (!config->profile || !config->profile(config->arg, i, &order.profile))
        return EL_ENOENT;
    int rc = say(channel, &order);
    json_decref((json_t *)(uintptr_t)order.profile.document); /* it was made for us */
    sodium_memzero(&order, sizeof order);
    return rc;
}

/* With the spokes that there are now. */
static int say_policy(const struct channel *channel)
{
    const struct el_hub_orders_config *config = &channel->orders->config;
    struct el_order order = {.kind = EL_ORDER_POLICY, .policy = config->policy};
    struct el_order_policy *policy = &order.policy;

    for (size_t i = 0; i < el_registry_spoke_count(config->registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(config->registry, i);
        if (spoke->state == EL_REGISTRY_ENROLLED && policy->region_count < EL_ORDER_REGIONS)
            memcpy(policy->regions[policy->region_count++], spoke->name, sizeof spoke->name);
    }
    return say(channel, &order);
}

/* Tells the next of what is to be told: 0, or EL_EAGAIN. */
static int tell_next(struct channel *channel)
{
    const struct el_hub_orders_config *config = &channel->orders->config;
    const struct el_registry_machine *machine = NULL;
    int rc = 0;

    switch (channel->stage) {
    case AGAIN: rc = say_bare(channel, EL_ORDER_AGAIN); break;
    case BEGIN: rc = say_bare(channel, EL_ORDER_BEGIN); break;
    case POLICY: rc = say_policy(channel); break;
    case PROFILES: rc = say_profile(channel, channel->next); break;
    case MACHINES:
        machine = el_registry_machine_at(config->registry, channel->next);
        rc = machine ? say_machine(channel, machine) : EL_ENOENT;
        break;
    case COMPLETE: rc = say_bare(channel, EL_ORDER_COMPLETE); break;
    case SILENT:
    case SAID: return 0;
    }
    bool is_list = channel->stage == PROFILES || channel->stage == MACHINES;
    if (rc == 0 && is_list)
        channel->next++;
    if (rc == EL_ENOENT || (rc == 0 && !is_list)) {
        channel->stage++;
        channel->next = 0;
        rc = 0;
    }
    return rc;
}

static bool has_more(const struct channel *channel)
{
    return channel->stage != SILENT && channel->stage != SAID;
}

/* As much as there is room for. */
static void tell(struct channel *channel)
{
    int rc = 0;

    while (rc == 0 && (has_more(channel) || (channel->stage == SAID && channel->changed))) {
        if (channel->stage == SAID) {
            channel->stage = BEGIN;
            channel->changed = false;
        }
        rc = tell_next(channel);
    }
    uv_poll_start(channel->poll, UV_READABLE | (has_more(channel) ? UV_WRITABLE : 0), on_ready);
}

/* What changes while everything is being told is told with it, or once more. */
static void say_change(struct channel *channel, const struct el_order *order,
                       const struct el_registry_machine *machine)
{
    if (!channel->poll || channel->stage == SILENT || channel->stage == AGAIN)
        return;
    if (channel->stage != SAID)
        channel->changed = true;
    int rc = order                    ? say(channel, order)
             : channel->stage == SAID ? say_machine(channel, machine)
                                      : 0;
    if (rc == EL_EAGAIN)
        channel->changed = true;
    tell(channel);
}

void el_hub_orders_again(struct el_hub_orders *orders)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct channel *channel = &orders->channels[i];
        channel->changed = channel->poll && channel->stage > SILENT;
        if (channel->changed)
            tell(channel);
    }
}

/* -- in -- */

static void on_life(const struct channel *channel, const struct el_life *life)
{
    const struct el_hub_orders_config *config = &channel->orders->config;
    struct el_life before;
    struct el_err err = {""};
    bool known = el_hub_lives_put(config->lives, channel->vni, life, &before);
    int rc = el_registry_machine_report(config->registry, &life->mac, life->once, life->reinstall,
                                        life->state == EL_LIFE_INSTALLED,
                                        config->wall_s(config->arg), &err);

    if (rc < 0) /* it is said again, with the next change or hello */
        EL_LOG(EL_LOG_ERROR, "node", "machine", EL_MAC("mac", &life->mac),
               EL_STR("error", err.text));
    if (config->life)
        config->life(config->arg, channel->vni, life, known ? &before : NULL);
}

static bool is_region(const struct el_hub_orders_config *config, const char *name)
{
    const struct el_registry_spoke *spoke = el_registry_spoke(config->registry, name);

    for (unsigned i = 0; i < config->policy.region_count; i++)
        if (strcmp(config->policy.regions[i], name) == 0)
            return true;
    return spoke && spoke->state == EL_REGISTRY_ENROLLED;
}

/* Only of those that it was told. */
static void on_region(const struct channel *channel, const struct el_order_machine *machine)
{
    const struct el_hub_orders_config *config = &channel->orders->config;
    const struct el_registry_machine_change change = {.region = machine->region};
    struct el_err err = {""};

    if (!is_region(config, machine->region))
        return;
    if (el_registry_machine_set(config->registry, &machine->mac, &change,
                                config->wall_s(config->arg), &err) < 0)
        EL_LOG(EL_LOG_ERROR, "node", "machine", EL_MAC("mac", &machine->mac),
               EL_STR("error", err.text));
}

static void hear(struct channel *channel, int len)
{
    const struct el_hub_orders_config *config = &channel->orders->config;
    struct el_order order;
    struct el_err err = {""};

    if (el_order_read(channel->orders->bytes, (size_t)len, false, &order, &err) < 0) {
        EL_LOG(EL_LOG_WARN, "node", "report", EL_UINT("vni", channel->vni),
               EL_STR("error", err.text));
        return;
    }
    if (order.kind == EL_ORDER_HELLO) {
        el_hub_lives_clear(config->lives, channel->vni);
        channel->stage = BEGIN;
        channel->next = 0;
        channel->changed = false;
    } else if (order.kind == EL_ORDER_LIFE) {
        on_life(channel, &order.life);
    } else if (order.kind == EL_ORDER_REGION) {
        on_region(channel, &order.machine);
    } else if (order.kind == EL_ORDER_GONE) {
        el_hub_lives_remove(config->lives, channel->vni, &order.machine.mac);
    } else if (order.kind == EL_ORDER_STEP && config->step) {
        config->step(config->arg, channel->vni, &order.step);
    } else if (order.kind == EL_ORDER_SERVER && config->server) {
        config->server(config->arg, channel->vni, &order.server);
    }
    el_order_clear(&order);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct channel *channel = poll->data;
    int len = status < 0 ? EL_EIO : 0;

    (void)events;
    for (unsigned i = 0; i < REPORTS_AT_ONCE && len != EL_EAGAIN && len != EL_ECLOSED; i++) {
        len = el_orders_receive(channel->fd, channel->orders->bytes);
        if (len > 0)
            hear(channel, len);
    }
    if (len == EL_ECLOSED)
        uv_poll_stop(poll);
    else
        tell(channel);
}

/* -- channels -- */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void close_channel(struct channel *channel)
{
    if (!channel->poll)
        return;
    uv_close((uv_handle_t *)channel->poll, free_handle);
    close(channel->fd);
    channel->poll = NULL;
}

static struct channel *find(struct el_hub_orders *orders, uint32_t vni)
{
    for (unsigned i = 0; i < CHANNELS; i++)
        if (orders->channels[i].poll && orders->channels[i].vni == vni)
            return &orders->channels[i];
    return NULL;
}

static struct channel *free_place(struct el_hub_orders *orders)
{
    for (unsigned i = 0; i < CHANNELS; i++)
        if (!orders->channels[i].poll)
            return &orders->channels[i];
    return NULL;
}

/* Whoever is at the other end may have said hello to somebody before us. */
void el_hub_orders_channel(struct el_hub_orders *orders, uint32_t vni, int fd)
{
    struct channel *channel = find(orders, vni);

    if (channel)
        close_channel(channel);
    channel = free_place(orders);
    uv_poll_t *poll = channel ? calloc(1, sizeof *poll) : NULL;
    if (!poll || uv_poll_init(orders->config.loop, poll, fd) < 0) {
        EL_LOG(EL_LOG_ERROR, "node", "orders", EL_UINT("vni", vni),
               EL_STR("error", "no room for the channel to its boot service"));
        free(poll);
        close(fd);
        return;
    }
    *channel =
        (struct channel){.orders = orders, .poll = poll, .fd = fd, .vni = vni, .stage = AGAIN};
    poll->data = channel;
    tell(channel);
}

void el_hub_orders_effect(struct el_hub_orders *orders, const struct el_registry_effect *effect)
{
    struct el_order order = {.kind = EL_ORDER_FORGET};
    struct channel *channel;

    if (effect->kind == EL_REGISTRY_NETWORK_REMOVE) {
        channel = find(orders, effect->network->vni);
        if (channel)
            close_channel(channel);
        el_hub_lives_clear(orders->config.lives, effect->network->vni);
    }
    if (effect->kind != EL_REGISTRY_MACHINE_SET && effect->kind != EL_REGISTRY_MACHINE_REMOVE)
        return;
    bool set = effect->kind == EL_REGISTRY_MACHINE_SET;
    order.machine.mac = effect->machine->mac;
    for (unsigned i = 0; i < CHANNELS; i++)
        say_change(&orders->channels[i], set ? NULL : &order, effect->machine);
}

int el_hub_orders_new(const struct el_hub_orders_config *config, struct el_hub_orders **result,
                      struct el_err *err)
{
    *result = calloc(1, sizeof **result);
    if (!*result)
        return el_err(err, EL_ENOMEM, "out of memory");
    (*result)->config = *config;
    return 0;
}

void el_hub_orders_free(struct el_hub_orders *orders)
{
    if (!orders)
        return;
    for (unsigned i = 0; i < CHANNELS; i++)
        close_channel(&orders->channels[i]);
    sodium_memzero(orders, sizeof *orders);
    free(orders);
}

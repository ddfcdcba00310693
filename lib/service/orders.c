/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders and reports, as JSON. */
#include "service/orders.h"

#include "control/schema.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- what may be said -- */

static const char *const unknown_names[] = {"menu", "wait", "inventory", NULL};

/* Every message has these. */
#define ORDER                                                                              \
    {                                                                                      \
        .name = "order", .required = true, .values = el_order_names, .about = "what it is" \
    }
#define MAC                                                                              \
    {                                                                                    \
        .name = "mac", .required = true, .min = 17, .max = 17, .about = "of the machine" \
    }
#define TEXT(what, most, says)                         \
    {                                                  \
        .name = (what), .max = (most), .about = (says) \
    }
#define NUMBER(what, least, most, says)                                                           \
    {                                                                                             \
        .name = (what), .type = EL_SCHEMA_INTEGER, .min = (least), .max = (most), .about = (says) \
    }
#define FLAG(what, says)                                           \
    {                                                              \
        .name = (what), .type = EL_SCHEMA_BOOLEAN, .about = (says) \
    }

const char *const el_order_names[EL_ORDERS + 1] = {
    [EL_ORDER_BEGIN] = "begin",       [EL_ORDER_POLICY] = "policy", [EL_ORDER_PROFILE] = "profile",
    [EL_ORDER_MACHINE] = "machine",   [EL_ORDER_REMOVE] = "remove", [EL_ORDER_FORGET] = "forget",
    [EL_ORDER_COMPLETE] = "complete", [EL_ORDER_AGAIN] = "again",   [EL_ORDER_HELLO] = "hello",
    [EL_ORDER_LIFE] = "life",         [EL_ORDER_GONE] = "gone",     [EL_ORDER_REGION] = "region",
    [EL_ORDER_STEP] = "step",         [EL_ORDER_SERVER] = "server",
};

static const struct el_schema_field bare_fields[] = {ORDER, {0}};
static const struct el_schema bare = {"Bare", "Nothing else.", bare_fields};

static const struct el_schema_field region = {.format = EL_FORMAT_NAME};

static const struct el_schema_field policy_fields[] = {
    ORDER,
    {.name = "unknown", .required = true, .values = unknown_names, .about = "machines get"},
    TEXT("inventory", EL_LIFE_ENTRY - 1, "entry for them"),
    FLAG("failed_local", "failed machines get their disk"),
    TEXT("password", 128, "hash for what erases"),
    {.name = "regions", .type = EL_SCHEMA_ARRAY, .max = EL_ORDER_REGIONS, .items = &region},
    {0}};
static const struct el_schema policy_schema = {"Policy", "For machines without orders.",
                                               policy_fields};

static const struct el_schema_field profile_fields[] = {
    ORDER,
    {.name = "name", .required = true, .format = EL_FORMAT_NAME, .about = "of the profile"},
    TEXT("image", EL_LIFE_ENTRY - 1, "entry of the menu"),
    FLAG("live", "started each time"),
    FLAG("tells", "says when it is done"),
    {.name = "document", .type = EL_SCHEMA_ANY, .about = "for lib/profile"},
    {0}};
static const struct el_schema profile_schema = {"Profile", "A profile.", profile_fields};

static const struct el_schema_field word = {.name = "word", .min = 1, .max = EL_ORDER_WORD - 1};

static const struct el_schema_field machine_fields[] = {
    ORDER,
    MAC,
    TEXT("name", EL_LIFE_NAME - 1, "its name"),
    TEXT("profile", EL_LIFE_NAME - 1, "its profile"),
    TEXT("region", EL_LIFE_NAME - 1, "chosen by a person"),
    {.name = "address", .format = EL_FORMAT_IP, .about = "reserved"},
    NUMBER("once", 1, INT64_MAX, "id of the next start"),
    TEXT("once_entry", EL_LIFE_ENTRY - 1, "what is started then"),
    NUMBER("reinstall", 1, INT64_MAX, "id of the last time that this was asked for"),
    FLAG("installed", "since then"),
    {.name = "options", .type = EL_SCHEMA_ARRAY, .max = EL_ORDER_WORDS, .items = &word},
    {.name = "quirks", .type = EL_SCHEMA_ARRAY, .max = EL_ORDER_WORDS, .items = &word},
    {0}};
static const struct el_schema machine_schema = {"Machine", "What is wanted.", machine_fields};

static const struct el_schema_field remove_fields[] = {
    ORDER,
    {.name = "mac", .min = 17, .max = 17, .about = "of a machine"},
    {.name = "profile", .format = EL_FORMAT_NAME, .about = "or a profile"},
    {0}};
static const struct el_schema remove_schema = {"Remove", "No longer wanted.", remove_fields};

static const struct el_schema_field mac_fields[] = {ORDER, MAC, {0}};
static const struct el_schema mac_schema = {"Mac", "A machine.", mac_fields};

static const struct el_schema_field region_fields[] = {
    ORDER,
    MAC,
    {.name = "region", .required = true, .format = EL_FORMAT_NAME, .about = "chosen"},
    {0}};
static const struct el_schema region_schema = {"Region", "Where a machine counts as being.",
                                               region_fields};

static const struct el_schema_field life_fields[] = {
    ORDER,
    MAC,
    {.name = "state", .required = true, .values = el_life_state_names, .about = "of its life"},
    NUMBER("since", 0, INT64_MAX, "of the state"),
    NUMBER("seen", 0, INT64_MAX, "last"),
    NUMBER("attempts", 0, EL_LIFE_ATTEMPTS, "of this installation"),
    TEXT("profile", EL_LIFE_NAME - 1, "that was installed"),
    TEXT("step", EL_LIFE_STEP - 1, "its last"),
    TEXT("why", EL_LIFE_WHY - 1, "it failed"),
    NUMBER("once", 1, INT64_MAX, "followed"),
    NUMBER("reinstall", 1, INT64_MAX, "followed"),
    FLAG("told", "it said that it was done"),
    TEXT("uuid", EL_LIFE_UUID - 1, "of its firmware"),
    TEXT("other_uuid", EL_LIFE_UUID - 1, "of another with its MAC"),
    NUMBER("platform", 0, 2, "BIOS or EFI"),
    NUMBER("arch", 0, 2, "of its processor"),
    {0}};
static const struct el_schema life_schema = {"Life", "What has happened.", life_fields};

static const struct el_schema_field step_fields[] = {
    ORDER,
    MAC,
    {.name = "kind", .required = true, .min = 1, .max = EL_LIFE_STEP - 1, .about = "of step"},
    {.name = "state", .min = 1, .max = EL_LIFE_STEP - 1, .about = "of a transfer"},
    TEXT("text", EL_TIMELINE_TEXT - 1, "for people"),
    {.name = "source",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = INT64_MAX,
     .about = "who counts"},
    {.name = "id",
     .type = EL_SCHEMA_INTEGER,
     .required = true,
     .min = 1,
     .max = UINT32_MAX,
     .about = "among the machine's"},
    NUMBER("boot", 0, UINT32_MAX, "which start"),
    NUMBER("count", 1, UINT32_MAX, "how often"),
    NUMBER("began_ms", 0, INT64_MAX, "when first"),
    NUMBER("last_ms", 0, INT64_MAX, "when last"),
    NUMBER("done", 0, INT64_MAX, "bytes"),
    NUMBER("total", 0, INT64_MAX, "bytes"),
    {0}};
static const struct el_schema step_schema = {"Step", "Of a timeline.", step_fields};

static const struct el_schema_field server_fields[] = {
    ORDER,
    MAC,
    {.name = "address", .required = true, .format = EL_FORMAT_IP, .about = "of itself"},
    {.name = "gives", .format = EL_FORMAT_IP, .about = "to a machine"},
    TEXT("region", EL_LIFE_NAME - 1, "where it is"),
    {0}};
static const struct el_schema server_schema = {"Server", "Of DHCP, not ours.", server_fields};

static const struct el_schema *const schemas[EL_ORDERS] = {
    [EL_ORDER_BEGIN] = &bare,
    [EL_ORDER_POLICY] = &policy_schema,
    [EL_ORDER_PROFILE] = &profile_schema,
    [EL_ORDER_MACHINE] = &machine_schema,
    [EL_ORDER_REMOVE] = &remove_schema,
    [EL_ORDER_FORGET] = &mac_schema,
    [EL_ORDER_COMPLETE] = &bare,
    [EL_ORDER_AGAIN] = &bare,
    [EL_ORDER_HELLO] = &bare,
    [EL_ORDER_LIFE] = &life_schema,
    [EL_ORDER_GONE] = &mac_schema,
    [EL_ORDER_REGION] = &region_schema,
    [EL_ORDER_STEP] = &step_schema,
    [EL_ORDER_SERVER] = &server_schema,
};

/* -- reading: after the check, every member is absent or as its schema says -- */

static void read_text(const json_t *body, const char *name, char *to, size_t capacity)
{
    const char *text = json_string_value(json_object_get(body, name));

    snprintf(to, capacity, "%s", text ? text : "");
}

static int64_t read_number(const json_t *body, const char *name)
{
    return json_integer_value(json_object_get(body, name));
}

static bool read_flag(const json_t *body, const char *name)
{
    return json_is_true(json_object_get(body, name));
}

static int read_mac(const json_t *body, struct el_mac *mac)
{
    const char *text = json_string_value(json_object_get(body, "mac"));

    return text && el_mac_parse(text, mac) == 0 && !el_mac_is_group(mac) && !el_mac_is_zero(mac)
               ? 0
               : EL_EINVAL;
}

/* The place of the text NAME in NAMES, which has it. */
static unsigned read_word(const json_t *body, const char *name, const char *const *names)
{
    const char *text = json_string_value(json_object_get(body, name));
    unsigned i = 0;

    while (text && names[i + 1] && strcmp(names[i], text) != 0)
        i++;
    return i;
}

static unsigned read_words(const json_t *body, const char *name,
                           char words[EL_ORDER_WORDS][EL_ORDER_WORD])
{
    const json_t *list = json_object_get(body, name);
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count; i++)
        snprintf(words[i], EL_ORDER_WORD, "%s", json_string_value(json_array_get(list, i)));
    return (unsigned)count;
}

static void read_policy(const json_t *body, struct el_order_policy *policy)
{
    policy->unknown = (enum el_life_unknown)read_word(body, "unknown", unknown_names);
    read_text(body, "inventory", policy->inventory, sizeof policy->inventory);
    policy->failed_local = read_flag(body, "failed_local");
    read_text(body, "password", policy->password, sizeof policy->password);
    const json_t *regions = json_object_get(body, "regions");
    policy->region_count = (unsigned)json_array_size(regions);
    for (unsigned i = 0; i < policy->region_count; i++)
        snprintf(policy->regions[i], sizeof policy->regions[i], "%s",
                 json_string_value(json_array_get(regions, i)));
}

static void read_profile(const json_t *body, struct el_order_profile *profile)
{
    read_text(body, "name", profile->name, sizeof profile->name);
    read_text(body, "image", profile->image, sizeof profile->image);
    profile->live = read_flag(body, "live");
    profile->tells = read_flag(body, "tells");
    profile->document = json_object_get(body, "document");
}

static void read_machine(const json_t *body, struct el_order_machine *machine)
{
    const char *address = json_string_value(json_object_get(body, "address"));

    read_text(body, "name", machine->name, sizeof machine->name);
    read_text(body, "profile", machine->profile, sizeof machine->profile);
    read_text(body, "region", machine->region, sizeof machine->region);
    if (!address || el_ip_parse(address, &machine->address) < 0)
        machine->address = (struct el_ip){.family = 0};
    machine->once = (uint64_t)read_number(body, "once");
    read_text(body, "once_entry", machine->once_entry, sizeof machine->once_entry);
    machine->reinstall = (uint64_t)read_number(body, "reinstall");
    machine->installed = read_flag(body, "installed");
    machine->option_count = read_words(body, "options", machine->options);
    machine->quirk_count = read_words(body, "quirks", machine->quirks);
}

static void read_life(const json_t *body, struct el_life *life)
{
    life->state = (enum el_life_state)read_word(body, "state", el_life_state_names);
    life->since_s = read_number(body, "since");
    life->seen_s = read_number(body, "seen");
    life->attempts = (unsigned)read_number(body, "attempts");
    read_text(body, "profile", life->profile, sizeof life->profile);
    read_text(body, "step", life->step, sizeof life->step);
    read_text(body, "why", life->why, sizeof life->why);
    life->once = (uint64_t)read_number(body, "once");
    life->reinstall = (uint64_t)read_number(body, "reinstall");
    life->told = read_flag(body, "told");
    read_text(body, "uuid", life->uuid, sizeof life->uuid);
    read_text(body, "other_uuid", life->other_uuid, sizeof life->other_uuid);
    life->platform = (uint8_t)read_number(body, "platform");
    life->arch = (uint8_t)read_number(body, "arch");
}

/* A kind or state that we do not know makes the step none. */
static int read_step(const json_t *body, struct el_order_step *order)
{
    const char *kind = json_string_value(json_object_get(body, "kind"));
    const char *state = json_string_value(json_object_get(body, "state"));
    struct el_timeline_step *step = &order->step;
    int64_t count = read_number(body, "count");

    if (el_timeline_kind_parse(kind, &step->kind) < 0)
        return EL_EINVAL;
    if (state && el_timeline_state_parse(state, &step->state) < 0)
        return EL_EINVAL;
    read_text(body, "text", step->text, sizeof step->text);
    order->source = (uint64_t)read_number(body, "source");
    step->id = (uint32_t)read_number(body, "id");
    step->boot = (uint32_t)read_number(body, "boot");
    step->count = count ? (uint32_t)count : 1;
    step->began_ms = read_number(body, "began_ms");
    step->last_ms = read_number(body, "last_ms");
    step->done = (uint64_t)read_number(body, "done");
    step->total = (uint64_t)read_number(body, "total");
    return read_mac(body, &step->mac);
}

static int read_server(const json_t *body, struct el_order_server *server)
{
    const char *address = json_string_value(json_object_get(body, "address"));
    const char *gives = json_string_value(json_object_get(body, "gives"));

    if (el_ip_parse(address, &server->address) != 0 ||
        (gives && el_ip_parse(gives, &server->gives) != 0))
        return EL_EINVAL;
    read_text(body, "region", server->region, sizeof server->region);
    return read_mac(body, &server->mac);
}

/* All that are about a machine have its MAC first. */
static int read_body(const json_t *body, struct el_order *order)
{
    switch (order->kind) {
    case EL_ORDER_POLICY: read_policy(body, &order->policy); return 0;
    case EL_ORDER_PROFILE: read_profile(body, &order->profile); return 0;
    case EL_ORDER_MACHINE:
        read_machine(body, &order->machine);
        return read_mac(body, &order->machine.mac);
    case EL_ORDER_REMOVE:
        order->is_profile = json_object_get(body, "profile") != NULL;
        if (order->is_profile)
            read_text(body, "profile", order->profile.name, sizeof order->profile.name);
        return order->is_profile ? 0 : read_mac(body, &order->machine.mac);
    case EL_ORDER_REGION:
        read_text(body, "region", order->machine.region, sizeof order->machine.region);
        return read_mac(body, &order->machine.mac);
    case EL_ORDER_FORGET:
    case EL_ORDER_GONE: return read_mac(body, &order->machine.mac);
    case EL_ORDER_LIFE: read_life(body, &order->life); return read_mac(body, &order->life.mac);
    case EL_ORDER_STEP: return read_step(body, &order->step);
    case EL_ORDER_SERVER: return read_server(body, &order->server);
    case EL_ORDER_BEGIN:
    case EL_ORDER_COMPLETE:
    case EL_ORDER_AGAIN:
    case EL_ORDER_HELLO:
    case EL_ORDERS: break;
    }
    return 0;
}

static int check(json_t *body, bool from_control, struct el_order *order, struct el_err *err)
{
    const char *name = json_string_value(json_object_get(body, "order"));
    struct el_schema_fault fault;
    unsigned kind = 0;

    while (name && kind < EL_ORDERS && strcmp(el_order_names[kind], name) != 0)
        kind++;
    if (!name || kind == EL_ORDERS)
        return el_err(err, EL_EINVAL, "an order that nobody knows");
    if (from_control != (kind < EL_ORDER_HELLO))
        return el_err(err, EL_EINVAL, "%s: is not for this side to say", name);
    if (el_schema_check(schemas[kind], body, &fault) < 0)
        return el_err(err, EL_EINVAL, "%s: %s %s", name, fault.pointer, fault.detail);
    order->kind = (enum el_order_kind)kind;
    return read_body(body, order) < 0 ? el_err(err, EL_EINVAL, "%s: /mac is no machine's", name)
                                      : 0;
}

int el_order_read(const void *bytes, size_t len, bool from_control, struct el_order *order,
                  struct el_err *err)
{
    memset(order, 0, sizeof *order);
    order->body = el_json_parse(bytes, len, err);
    if (!order->body)
        return EL_EINVAL;
    int rc = check(order->body, from_control, order, err);
    if (rc < 0)
        el_order_clear(order);
    return rc;
}

void el_order_clear(struct el_order *order)
{
    json_decref(order->body);
    sodium_memzero(order, sizeof *order);
}

/* -- writing: what is empty or zero is left out -- */

static void put_text(json_t *body, const char *name, const char *text)
{
    if (text[0])
        json_object_set_new(body, name, el_json_string(text));
}

static void put_id(json_t *body, const char *name, uint64_t id)
{
    if (id)
        json_object_set_new(body, name, json_integer((json_int_t)id));
}

static void put_flag(json_t *body, const char *name, bool flag)
{
    if (flag)
        json_object_set_new(body, name, json_true());
}

static void put_mac(json_t *body, const struct el_mac *mac)
{
    char text[EL_MAC_TEXT];

    put_text(body, "mac", el_mac_text(mac, text));
}

static void put_words(json_t *body, const char *name, const char words[][EL_ORDER_WORD],
                      unsigned count)
{
    json_t *list = count ? json_array() : NULL;

    for (unsigned i = 0; i < count; i++)
        json_array_append_new(list, el_json_string(words[i]));
    if (list)
        json_object_set_new(body, name, list);
}

static void write_machine(json_t *body, const struct el_order_machine *machine)
{
    char address[EL_IP_TEXT];

    put_mac(body, &machine->mac);
    put_text(body, "name", machine->name);
    put_text(body, "profile", machine->profile);
    put_text(body, "region", machine->region);
    if (machine->address.family)
        put_text(body, "address", el_ip_text(&machine->address, address));
    put_id(body, "once", machine->once);
    put_text(body, "once_entry", machine->once_entry);
    put_id(body, "reinstall", machine->reinstall);
    put_flag(body, "installed", machine->installed);
    put_words(body, "options", machine->options, machine->option_count);
    put_words(body, "quirks", machine->quirks, machine->quirk_count);
}

static void write_policy(json_t *body, const struct el_order_policy *policy)
{
    put_text(body, "unknown", unknown_names[policy->unknown]);
    put_text(body, "inventory", policy->inventory);
    put_flag(body, "failed_local", policy->failed_local);
    put_text(body, "password", policy->password);
    json_t *regions = policy->region_count ? json_array() : NULL;
    for (unsigned i = 0; i < policy->region_count; i++)
        json_array_append_new(regions, el_json_string(policy->regions[i]));
    if (regions)
        json_object_set_new(body, "regions", regions);
}

static void write_profile(json_t *body, const struct el_order_profile *profile)
{
    put_text(body, "name", profile->name);
    put_text(body, "image", profile->image);
    put_flag(body, "live", profile->live);
    put_flag(body, "tells", profile->tells);
    if (profile->document) /* borrowed, and only read */
        json_object_set(body, "document", (json_t *)(uintptr_t)profile->document);
}

static void write_life(json_t *body, const struct el_life *life)
{
    put_mac(body, &life->mac);
    put_text(body, "state", el_life_state_names[life->state]);
    put_id(body, "since", (uint64_t)life->since_s);
    put_id(body, "seen", (uint64_t)life->seen_s);
    put_id(body, "attempts", life->attempts);
    put_text(body, "profile", life->profile);
    put_text(body, "step", life->step);
    put_text(body, "why", life->why);
    put_id(body, "once", life->once);
    put_id(body, "reinstall", life->reinstall);
    put_flag(body, "told", life->told);
    put_text(body, "uuid", life->uuid);
    put_text(body, "other_uuid", life->other_uuid);
    put_id(body, "platform", life->platform);
    put_id(body, "arch", life->arch);
}

static void write_step(json_t *body, const struct el_order_step *order)
{
    const struct el_timeline_step *step = &order->step;

    put_mac(body, &step->mac);
    put_text(body, "kind", el_timeline_kind_name(step->kind));
    put_text(body, "state", el_timeline_state_name(step->state));
    put_text(body, "text", step->text);
    put_id(body, "source", order->source);
    put_id(body, "id", step->id);
    put_id(body, "boot", step->boot);
    put_id(body, "count", step->count);
    put_id(body, "began_ms", (uint64_t)step->began_ms);
    put_id(body, "last_ms", (uint64_t)step->last_ms);
    put_id(body, "done", step->done);
    put_id(body, "total", step->total);
}

static void write_server(json_t *body, const struct el_order_server *server)
{
    char ip[EL_IP_TEXT];

    put_mac(body, &server->mac);
    put_text(body, "address", el_ip_text(&server->address, ip));
    if (server->gives.family)
        put_text(body, "gives", el_ip_text(&server->gives, ip));
    put_text(body, "region", server->region);
}

static void write_body(json_t *body, const struct el_order *order)
{
    switch (order->kind) {
    case EL_ORDER_POLICY: write_policy(body, &order->policy); break;
    case EL_ORDER_PROFILE: write_profile(body, &order->profile); break;
    case EL_ORDER_MACHINE: write_machine(body, &order->machine); break;
    case EL_ORDER_REMOVE:
        if (order->is_profile)
            put_text(body, "profile", order->profile.name);
        else
            put_mac(body, &order->machine.mac);
        break;
    case EL_ORDER_REGION:
        put_mac(body, &order->machine.mac);
        put_text(body, "region", order->machine.region);
        break;
    case EL_ORDER_FORGET:
    case EL_ORDER_GONE: put_mac(body, &order->machine.mac); break;
    case EL_ORDER_LIFE: write_life(body, &order->life); break;
    case EL_ORDER_STEP: write_step(body, &order->step); break;
    case EL_ORDER_SERVER: write_server(body, &order->server); break;
    case EL_ORDER_BEGIN:
    case EL_ORDER_COMPLETE:
    case EL_ORDER_AGAIN:
    case EL_ORDER_HELLO:
    case EL_ORDERS: break;
    }
}

char *el_order_write(const struct el_order *order, size_t *len)
{
    json_t *body = json_object();

    if (!body)
        return NULL;
    put_text(body, "order", el_order_names[order->kind]);
    write_body(body, order);
    char *text = el_json_text(body, len);
    json_decref(body);
    if (text && *len > EL_ORDER_BYTES) {
        sodium_memzero(text, *len);
        free(text);
        text = NULL;
    }
    return text;
}

/* -- the channel -- */

int el_orders_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        return el_errno_from_os(errno);
    return 0;
}

int el_orders_send(int fd, const char *text, size_t len)
{
    ssize_t sent = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent == (ssize_t)len)
        return 0;
    return errno == EWOULDBLOCK || errno == ENOBUFS ? EL_EAGAIN : el_errno_from_os(errno);
}

int el_orders_receive(int fd, char bytes[EL_ORDER_BYTES])
{
    struct iovec part = {bytes, EL_ORDER_BYTES};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (len < 0)
        return errno == EWOULDBLOCK ? EL_EAGAIN : el_errno_from_os(errno);
    if (len == 0)
        return EL_ECLOSED;
    return message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? EL_EINVAL : (int)len;
}

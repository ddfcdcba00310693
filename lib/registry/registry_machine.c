/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines: what people want of them. */
#include "base/csprng.h"
#include "registry/registry_internal.h"

#include <stdio.h>
#include <string.h>

/* -- looking -- */

static const struct el_registry_table *table(const struct el_registry *registry)
{
    return &registry->tables[EL_REGISTRY_ROW_MACHINE];
}

size_t el_registry_machine_count(const struct el_registry *registry)
{
    return table(registry)->count;
}

const struct el_registry_machine *el_registry_machine_at(const struct el_registry *registry,
                                                         size_t i)
{
    return i < table(registry)->count ? table(registry)->rows[i] : NULL;
}

const struct el_registry_machine *el_registry_machine(const struct el_registry *registry,
                                                      const struct el_mac *mac)
{
    return el_registry_find(registry, EL_REGISTRY_MACHINES_BY_MAC, mac);
}

const struct el_registry_machine *el_registry_machine_by_name(const struct el_registry *registry,
                                                              const char *name)
{
    for (size_t i = 0; name[0] && i < table(registry)->count; i++) {
        const struct el_registry_machine *machine = table(registry)->rows[i];
        if (strcmp(machine->name, name) == 0)
            return machine;
    }
    return NULL;
}

/* -- whether it can be -- */

static int words_check(const char *what, const struct el_registry_words *words, struct el_err *err)
{
    if (words->count > EL_REGISTRY_WORDS)
        return el_err(err, EL_EINVAL, "%s: at most %d", what, EL_REGISTRY_WORDS);
    for (unsigned i = 0; i < words->count; i++) {
        const char *word = words->items[i];
        size_t len = strnlen(word, EL_REGISTRY_WORD);
        bool bad = len == 0 || len == EL_REGISTRY_WORD;
        for (size_t k = 0; !bad && k < len; k++)
            bad = word[k] < ' ' || word[k] > '~';
        if (bad)
            return el_err(err, EL_EINVAL, "%s: each is a text of 1 to %d printable characters",
                          what, EL_REGISTRY_WORD - 1);
    }
    return 0;
}

static int name_check(const char *what, const char *name, struct el_err *err)
{
    return name[0] ? el_registry_name_check(what, name, EL_REGISTRY_NAME, err) : 0;
}

/* A name that reads as a MAC would be taken for that one. */
static bool reads_as_mac(const char *name)
{
    struct el_mac mac;

    return el_mac_parse(name, &mac) == 0;
}

int el_registry_machine_check(const struct el_registry_machine *machine, struct el_err *err)
{
    char mac[EL_MAC_TEXT];
    int rc = name_check("machine", machine->name, err);

    el_mac_text(&machine->mac, mac);
    if (el_mac_is_group(&machine->mac) || el_mac_is_zero(&machine->mac))
        return el_err(err, EL_EINVAL, "machine %s: this is no machine's address", mac);
    if (rc == 0 && reads_as_mac(machine->name))
        rc = el_err(err, EL_EINVAL, "machine %s: %s is a MAC, and no name", mac, machine->name);
    if (rc == 0)
        rc = name_check("profile", machine->profile, err);
    if (rc == 0)
        rc = name_check("region", machine->region, err);
    if (rc == 0 && machine->once_entry[0])
        rc = el_registry_name_check("entry", machine->once_entry, EL_REGISTRY_ENTRY, err);
    if (rc == 0 && machine->address.family != 0 && machine->address.family != 4)
        rc = el_err(err, EL_EINVAL, "machine %s: its address is an IPv4 one", mac);
    if (rc == 0 && (machine->once > INT64_MAX || machine->reinstall > INT64_MAX))
        rc = el_err(err, EL_EINVAL, "machine %s: an id out of range", mac);
    if (rc == 0)
        rc = words_check("options", &machine->options, err);
    return rc == 0 ? words_check("quirks", &machine->quirks, err) : rc;
}

/* Nobody else has its name or its address. */
static int taken_check(const struct el_registry *registry,
                       const struct el_registry_machine *machine, struct el_err *err)
{
    char mac[EL_MAC_TEXT], ip[EL_IP_TEXT];

    for (size_t i = 0; i < table(registry)->count; i++) {
        const struct el_registry_machine *other = table(registry)->rows[i];
        if (el_mac_equal(&other->mac, &machine->mac))
            continue;
        if (machine->name[0] && strcmp(other->name, machine->name) == 0)
            return el_err(err, EL_EEXIST, "machine %s: the name is taken, by %s", machine->name,
                          el_mac_text(&other->mac, mac));
        if (machine->address.family && el_ip_equal(&other->address, &machine->address))
            return el_err(err, EL_EEXIST, "address %s: is reserved for %s",
                          el_ip_text(&machine->address, ip),
                          other->name[0] ? other->name : el_mac_text(&other->mac, mac));
    }
    return 0;
}

/* -- changes -- */

static void tell(struct el_registry *registry, enum el_registry_effect_kind kind,
                 const struct el_registry_machine *machine)
{
    struct el_registry_effect effect = {.kind = kind, .machine = machine};

    if (registry->observer.effect)
        registry->observer.effect(registry->observer.arg, &effect);
}

/* Puts MACHINE in the place of what there is of its MAC, if it differs. */
static int put(struct el_registry *registry, const struct el_registry_machine *machine,
               int64_t now_s, struct el_err *err)
{
    const struct el_registry_machine *there = el_registry_machine(registry, &machine->mac);
    int rc = el_registry_machine_check(machine, err);

    if (rc == 0)
        rc = taken_check(registry, machine, err);
    if (rc < 0 || (there && memcmp(there, machine, sizeof *machine) == 0))
        return rc;
    if (!there && table(registry)->count == EL_REGISTRY_MACHINES)
        return el_err(err, EL_EFULL, "there are %d machines, and that is all there can be",
                      EL_REGISTRY_MACHINES);
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_machine *row =
        there ? el_registry_draft_edit(&draft, EL_REGISTRY_ROW_MACHINE, there)
              : el_registry_draft_add(&draft, EL_REGISTRY_ROW_MACHINE);
    if (row)
        *row = *machine;
    rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    there = el_registry_machine(registry, &machine->mac);
    tell(registry, EL_REGISTRY_MACHINE_SET, there);
    el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_MACHINE_CHANGED,
                                                           .at_s = now_s,
                                                           .machine = there});
    return 0;
}

/* What there is of MAC, or a beginning. */
static struct el_registry_machine current(const struct el_registry *registry,
                                          const struct el_mac *mac, int64_t now_s)
{
    const struct el_registry_machine *there = el_registry_machine(registry, mac);
    struct el_registry_machine machine;

    memset(&machine, 0, sizeof machine); /* rows are compared whole */
    machine.mac = *mac;
    machine.created_s = now_s;
    if (there)
        memcpy(&machine, there, sizeof machine);
    return machine;
}

/* False: it is too long. The rest of the row's place is zeros, as rows are compared whole. */
static bool set_text(char *to, size_t capacity, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (!text || len >= capacity)
        return !text;
    memset(to, 0, capacity);
    memcpy(to, text, len);
    return true;
}

/* The same of words: what stands behind each, and behind the last one, does not count. */
static void set_words(struct el_registry_words *to, const struct el_registry_words *words)
{
    if (!words)
        return;
    memset(to, 0, sizeof *to);
    to->count = words->count;
    for (unsigned i = 0; i < words->count && i < EL_REGISTRY_WORDS; i++)
        memcpy(to->items[i], words->items[i], strnlen(words->items[i], EL_REGISTRY_WORD));
}

int el_registry_machine_set(struct el_registry *registry, const struct el_mac *mac,
                            const struct el_registry_machine_change *change, int64_t now_s,
                            struct el_err *err)
{
    struct el_registry_machine machine = current(registry, mac, now_s);

    if (!set_text(machine.name, sizeof machine.name, change->name) ||
        !set_text(machine.profile, sizeof machine.profile, change->profile) ||
        !set_text(machine.region, sizeof machine.region, change->region))
        return el_err(err, EL_EINVAL, "machine: a name has at most %d characters",
                      EL_REGISTRY_NAME - 1);
    if (change->address)
        machine.address = *change->address;
    set_words(&machine.options, change->options);
    set_words(&machine.quirks, change->quirks);
    return put(registry, &machine, now_s, err);
}

/* Another than those before, whatever became of the memory of them. */
static uint64_t new_id(void)
{
    uint64_t id;

    el_random(&id, sizeof id);
    return (id & INT64_MAX) | 1;
}

int el_registry_machine_boot(struct el_registry *registry, const struct el_mac *mac,
                             const char *entry, int64_t now_s, struct el_err *err)
{
    struct el_registry_machine machine = current(registry, mac, now_s);

    if (!entry && !el_registry_machine(registry, mac))
        return 0;
    if (!set_text(machine.once_entry, sizeof machine.once_entry, entry ? entry : ""))
        return el_err(err, EL_EINVAL, "entry: a name has at most %d characters",
                      EL_REGISTRY_ENTRY - 1);
    if (entry && !entry[0])
        return el_err(err, EL_EINVAL, "entry: a name is missing");
    machine.once = entry ? new_id() : 0;
    return put(registry, &machine, now_s, err);
}

int el_registry_machine_reinstall(struct el_registry *registry, const struct el_mac *mac,
                                  int64_t now_s, struct el_err *err)
{
    const struct el_registry_machine *there = el_registry_machine(registry, mac);
    char text[EL_MAC_TEXT];

    if (!there)
        return el_err(err, EL_ENOENT, "machine %s: no such machine", el_mac_text(mac, text));
    if (!there->profile[0])
        return el_err(err, EL_EINVAL,
                      "machine %s: it has no profile to be installed with: el2w machine set "
                      "%s --profile NAME",
                      there->name[0] ? there->name : el_mac_text(mac, text),
                      there->name[0] ? there->name : el_mac_text(mac, text));
    struct el_registry_machine machine = current(registry, mac, now_s);
    machine.reinstall = new_id();
    machine.installed = false;
    return put(registry, &machine, now_s, err);
}

int el_registry_machine_report(struct el_registry *registry, const struct el_mac *mac,
                               uint64_t once, uint64_t reinstall, bool installed, int64_t now_s,
                               struct el_err *err)
{
    struct el_registry_machine machine = current(registry, mac, now_s);

    if (!el_registry_machine(registry, mac))
        return 0;
    if (once && once == machine.once) {
        machine.once = 0;
        memset(machine.once_entry, 0, sizeof machine.once_entry);
    }
    if (reinstall == machine.reinstall && installed)
        machine.installed = true;
    return put(registry, &machine, now_s, err);
}

int el_registry_machine_forget(struct el_registry *registry, const struct el_mac *mac,
                               int64_t now_s, struct el_err *err)
{
    const struct el_registry_machine *there = el_registry_machine(registry, mac);
    char text[EL_MAC_TEXT];

    if (!there)
        return el_err(err, EL_ENOENT, "machine %s: no such machine", el_mac_text(mac, text));
    struct el_registry_draft draft = el_registry_draft(registry);
    el_registry_draft_remove(&draft, EL_REGISTRY_ROW_MACHINE, there);
    int rc = el_registry_draft_commit(&draft, err);
    if (rc == 0) { /* the row is valid until the draft's end */
        tell(registry, EL_REGISTRY_MACHINE_REMOVE, there);
        el_registry_event(
            registry, (struct el_registry_event){
                          .kind = EL_REGISTRY_MACHINE_FORGOTTEN, .at_s = now_s, .machine = there});
    }
    el_registry_draft_end(&draft);
    return rc;
}

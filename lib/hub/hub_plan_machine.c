/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines in a hub's file. */
#include "boot/boot_entry.h"
#include "hub/hub_plan.h"
#include "profile/crypt.h"

#include <sodium.h>
#include <string.h>

/* -- what is said of one -- */

int el_hub_plan_set_mac(struct el_hub_plan_machine *machine, const char *text, struct el_err *err)
{
    if (el_mac_parse(text, &machine->mac) < 0 || el_mac_is_group(&machine->mac) ||
        el_mac_is_zero(&machine->mac))
        return el_err(err, EL_EINVAL, "\"%s\" is no machine's address, as 52:54:00:12:34:56 is",
                      text);
    return 0;
}

int el_hub_plan_set_profile(struct el_hub_plan_machine *machine, const char *text,
                            struct el_err *err)
{
    if (el_registry_name_check("profile", text, sizeof machine->profile, err) < 0)
        return EL_EINVAL;
    strcpy(machine->profile, text);
    machine->has_profile = true;
    return 0;
}

int el_hub_plan_set_region(struct el_hub_plan_machine *machine, const char *text,
                           struct el_err *err)
{
    if (el_registry_name_check("region", text, sizeof machine->region, err) < 0)
        return EL_EINVAL;
    strcpy(machine->region, text);
    machine->has_region = true;
    return 0;
}

int el_hub_plan_add_word(struct el_registry_words *words, const char *text, struct el_err *err)
{
    size_t len = strlen(text);

    if (words->count == EL_REGISTRY_WORDS)
        return el_err(err, EL_EINVAL, "at most %d of them", EL_REGISTRY_WORDS);
    if (len == 0 || len >= EL_REGISTRY_WORD)
        return el_err(err, EL_EINVAL, "\"%s\" has not 1 to %d characters", text,
                      EL_REGISTRY_WORD - 1);
    memcpy(words->items[words->count++], text, len + 1);
    return 0;
}

int el_hub_plan_check_machine(const struct el_hub_plan *plan, unsigned at, struct el_err *err)
{
    const struct el_hub_plan_machine *machine = &plan->machines[at];

    if (el_mac_is_zero(&machine->mac))
        return el_err(err, EL_EINVAL, "machine %s: say its mac", machine->name);
    for (unsigned i = 0; i < at; i++) {
        const struct el_hub_plan_machine *other = &plan->machines[i];
        if (el_mac_equal(&other->mac, &machine->mac))
            return el_err(err, EL_EINVAL, "machine %s: its mac is that of machine %s",
                          machine->name, other->name);
        if (machine->address.family && el_ip_equal(&other->address, &machine->address))
            return el_err(err, EL_EINVAL, "machine %s: its address is that of machine %s",
                          machine->name, other->name);
    }
    return 0;
}

void el_hub_plan_print_machine(FILE *out, const struct el_hub_plan_machine *machine)
{
    char mac[EL_MAC_TEXT], ip[EL_IP_TEXT];

    fprintf(out, "[machine %s]\nmac = %s\n", machine->name, el_mac_text(&machine->mac, mac));
    if (machine->has_profile)
        fprintf(out, "profile = %s\n", machine->profile);
    if (machine->has_region)
        fprintf(out, "region = %s\n", machine->region);
    if (machine->address.family)
        fprintf(out, "address = %s\n", el_ip_text(&machine->address, ip));
    for (unsigned i = 0; i < machine->options.count; i++)
        fprintf(out, "option = %s\n", machine->options.items[i]);
    for (unsigned i = 0; i < machine->quirks.count; i++)
        fprintf(out, "quirk = %s\n", machine->quirks.items[i]);
}

int el_hub_plan_apply_machine(const struct el_hub_plan_machine *machine,
                              struct el_registry *registry, int64_t now_s, struct el_err *err)
{
    const struct el_registry_machine_change change = {
        .name = machine->name,
        .profile = machine->has_profile ? machine->profile : NULL,
        .region = machine->has_region ? machine->region : NULL,
        .address = machine->address.family ? &machine->address : NULL,
        .options = machine->options.count ? &machine->options : NULL,
        .quirks = machine->quirks.count ? &machine->quirks : NULL,
    };

    return el_registry_machine_set(registry, &machine->mac, &change, now_s, err);
}

/* -- what machines get -- */

int el_hub_policy_unknown(struct el_order_policy *policy, const char *text, struct el_err *err)
{
    static const char inventory[] = "inventory=";
    size_t len = sizeof inventory - 1;

    memset(policy->inventory, 0, sizeof policy->inventory);
    if (strncmp(text, inventory, len) == 0 && el_boot_entry_is_name(text + len)) {
        policy->unknown = EL_LIFE_UNKNOWN_INVENTORY;
        strcpy(policy->inventory, text + len); /* a name is no longer than that */
        return 0;
    }
    if (strcmp(text, "menu") != 0 && strcmp(text, "wait") != 0)
        return el_err(err, EL_EINVAL, "\"%s\" is not menu, wait or inventory=ENTRY", text);
    policy->unknown = text[0] == 'w' ? EL_LIFE_UNKNOWN_WAIT : EL_LIFE_UNKNOWN_MENU;
    return 0;
}

int el_hub_policy_failed(struct el_order_policy *policy, const char *text, struct el_err *err)
{
    if (strcmp(text, "menu") != 0 && strcmp(text, "local") != 0)
        return el_err(err, EL_EINVAL, "\"%s\" is not menu or local", text);
    policy->failed_local = text[0] == 'l';
    return 0;
}

int el_hub_policy_password(struct el_order_policy *policy, const char *text, struct el_err *err)
{
    char hash[EL_PROFILE_CRYPT_TEXT];
    int rc = el_profile_crypt("", text, hash);
    size_t len = strlen(text);

    sodium_memzero(hash, sizeof hash);
    if (rc < 0 || len < 20 || len >= sizeof policy->password)
        return el_err(err, EL_EINVAL,
                      "this is no hash of a password, as openssl passwd -6 makes one ($6$...)");
    memcpy(policy->password, text, len + 1);
    return 0;
}

void el_hub_policy_print(FILE *out, const struct el_order_policy *policy)
{
    if (policy->unknown == EL_LIFE_UNKNOWN_INVENTORY)
        fprintf(out, "unknown = inventory=%s\n", policy->inventory);
    else if (policy->unknown == EL_LIFE_UNKNOWN_WAIT)
        fputs("unknown = wait\n", out);
    if (policy->failed_local)
        fputs("failed = local\n", out);
    if (policy->password[0])
        fprintf(out, "menu-password = %s\n", policy->password);
}

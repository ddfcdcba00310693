/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hub's networks and spokes as its file says them. */
#include "hub/hub_plan.h"

#include "base/civil.h"
#include "enrol/second_factor.h"
#include "hub/hub_network.h"
#include "node/key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void el_hub_plan_clear(struct el_hub_plan *plan)
{
    if (plan->spokes)
        sodium_memzero(plan->spokes, plan->spoke_count * sizeof *plan->spokes);
    free(plan->spokes);
    free(plan->networks);
    free(plan->machines);
    el_hub_plan_clear_profiles(plan);
    *plan = (struct el_hub_plan){0};
}

/* -- what there is -- */

/* ITEMS with room for one more, zeros. Not by realloc(), which would leave secrets behind in freed
 * memory. NULL: out of memory, and nothing has changed. */
static void *one_more(void *items, unsigned count, size_t size)
{
    void *more = calloc(count + 1, size);

    if (!more)
        return NULL;
    if (count > 0) {
        memcpy(more, items, count * size);
        sodium_memzero(items, count * size);
    }
    free(items);
    return more;
}

struct el_hub_plan_network *el_hub_plan_add_network(struct el_hub_plan *plan, const char *name,
                                                    struct el_err *err)
{
    if (el_registry_name_check("network", name, EL_REGISTRY_NETWORK_NAME, err) < 0)
        return NULL;
    void *items = one_more(plan->networks, plan->network_count, sizeof *plan->networks);
    if (!items) {
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    plan->networks = items;
    struct el_hub_plan_network *network = &plan->networks[plan->network_count++];
    strcpy(network->name, name);
    return network;
}

struct el_hub_plan_spoke *el_hub_plan_add_spoke(struct el_hub_plan *plan, const char *name,
                                                struct el_err *err)
{
    if (el_registry_name_check("spoke", name, EL_REGISTRY_NAME, err) < 0)
        return NULL;
    void *items = one_more(plan->spokes, plan->spoke_count, sizeof *plan->spokes);
    if (!items) {
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    plan->spokes = items;
    struct el_hub_plan_spoke *spoke = &plan->spokes[plan->spoke_count++];
    strcpy(spoke->name, name);
    return spoke;
}

struct el_hub_plan_machine *el_hub_plan_add_machine(struct el_hub_plan *plan, const char *name,
                                                    struct el_err *err)
{
    if (el_registry_name_check("machine", name, EL_REGISTRY_NAME, err) < 0)
        return NULL;
    void *items = one_more(plan->machines, plan->machine_count, sizeof *plan->machines);
    if (!items) {
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    plan->machines = items;
    struct el_hub_plan_machine *machine = &plan->machines[plan->machine_count++];
    strcpy(machine->name, name);
    return machine;
}

const struct el_hub_plan_network *el_hub_plan_network(const struct el_hub_plan *plan,
                                                      const char *name)
{
    for (unsigned i = 0; i < plan->network_count; i++)
        if (strcmp(plan->networks[i].name, name) == 0)
            return &plan->networks[i];
    return NULL;
}

/* -- texts -- */

int el_hub_plan_set_publish(struct el_hub_plan_network *network, const char *text,
                            struct el_err *err)
{
    if (strcmp(text, "all") != 0 && strcmp(text, "none") != 0)
        return el_err(err, EL_EINVAL,
                      "\"%s\" is not all or none; to one spoke it is published in that one's "
                      "section",
                      text);
    network->publish = text[0] == 'a' ? EL_HUB_PLAN_ALL : EL_HUB_PLAN_NONE;
    return 0;
}

int el_hub_plan_set_until(struct el_hub_plan_network *network, const char *text, struct el_err *err)
{
    if (el_civil_parse(text, &network->until_s) < 0 || network->until_s <= 0)
        return el_err(err, EL_EINVAL, "\"%s\" is not a time such as 2026-12-31T18:00:00Z", text);
    return 0;
}

int el_hub_plan_set_key(struct el_hub_plan_spoke *spoke, const char *text, struct el_err *err)
{
    if (el_tunnel_key_parse(text, spoke->key) < 0)
        return el_err(err, EL_EINVAL, "\"%s\" is not a public key (el2w keygen prints one)", text);
    spoke->has_key = true;
    return 0;
}

int el_hub_plan_set_psk(struct el_hub_plan_spoke *spoke, const char *text, struct el_err *err)
{
    if (el_tunnel_key_parse(text, spoke->psk) < 0)
        return el_err(err, EL_EINVAL, "this is not a key");
    spoke->has_psk = true;
    return 0;
}

int el_hub_plan_set_psk_file(struct el_hub_plan_spoke *spoke, const char *path, struct el_err *err)
{
    int rc = el_node_key_read(-1, path, spoke->psk, err);

    spoke->has_psk = rc == 0;
    return rc;
}

int el_hub_plan_set_wire(struct el_hub_plan_spoke *spoke, const char *text, struct el_err *err)
{
    for (unsigned i = 0; i < EL_TUNNEL_WIRES; i++)
        if (strcmp(el_tunnel_wire_names[i], text) == 0) {
            spoke->wire = (uint8_t)i;
            spoke->has_wire = true;
            return el_tunnel_wire_check((enum el_tunnel_wire)i, err);
        }
    return el_err(err, EL_EINVAL, "\"%s\" is not standard, compact or fast", text);
}

/* "lab2@eth1.30"; ITEM is ours to cut up. */
static int add_publication(struct el_hub_plan_spoke *spoke, char *item, struct el_err *err)
{
    struct el_hub_plan_publication *publication = &spoke->publications[spoke->count];
    char *lan = strchr(item, '@');

    if (lan)
        *lan++ = '\0';
    if (spoke->count == EL_REGISTRY_NETWORKS_OF_SPOKE)
        return el_err(err, EL_EINVAL, "a spoke is in at most %d networks",
                      EL_REGISTRY_NETWORKS_OF_SPOKE);
    int rc = el_registry_name_check("network", item, EL_REGISTRY_NETWORK_NAME, err);
    if (rc == 0 && lan)
        rc = el_registry_name_check("interface", lan, EL_REGISTRY_LAN, err);
    for (unsigned i = 0; rc == 0 && i < spoke->count; i++)
        if (strcmp(spoke->publications[i].network, item) == 0)
            rc = el_err(err, EL_EINVAL, "%s is there twice", item);
    if (rc < 0)
        return rc;
    *publication = (struct el_hub_plan_publication){0};
    strcpy(publication->network, item);
    if (lan)
        strcpy(publication->lan, lan);
    spoke->count++;
    return 0;
}

int el_hub_plan_set_publications(struct el_hub_plan_spoke *spoke, const char *text,
                                 struct el_err *err)
{
    char *copy = strdup(text), *save = NULL;
    int rc = copy ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    spoke->publishes = true;
    spoke->count = 0;
    if (strcmp(text, "none") != 0)
        for (char *item = copy ? strtok_r(copy, ", \t", &save) : NULL; rc == 0 && item;
             item = strtok_r(NULL, ", \t", &save))
            rc = add_publication(spoke, item, err);
    free(copy);
    return rc;
}

int el_hub_plan_set_factors(struct el_hub_plan *plan, const char *text, struct el_err *err)
{
    int factors = el_enrol_factors_parse(text, err);

    if (factors < 0)
        return factors;
    plan->has_factors = true;
    plan->factors = (factors & EL_ENROL_TOTP ? EL_REGISTRY_FACTOR_TOTP : 0u) |
                    (factors & EL_ENROL_EXEC ? EL_REGISTRY_FACTOR_PROGRAM : 0u) |
                    (factors & EL_ENROL_APPROVAL ? EL_REGISTRY_FACTOR_APPROVAL : 0u);
    return 0;
}

/* -- whether it can be -- */

static int check_network(const struct el_hub_plan *plan, unsigned at,
                         const struct el_hub_plan_network *first, struct el_err *err)
{
    const struct el_hub_plan_network *network = &plan->networks[at];
    bool is_first = strcmp(network->name, first->name) == 0;

    if (is_first && network->until_s)
        return el_err(err, EL_EINVAL, "network %s: it is the hub's own, which has no end",
                      network->name);
    struct el_err why = {""};
    int rc = el_registry_prefix6_check(&network->prefix6, &why);
    if (rc < 0)
        return el_err(err, rc, "network %s: %s", network->name, why.text);
    if (is_first)
        return 0;
    if (network->vni == 0 || network->cidr.ip.family == 0)
        return el_err(err, EL_EINVAL, "network %s: say its vni and its cidr", network->name);
    if (network->vni == first->vni)
        return el_err(err, EL_EINVAL, "network %s: VNI %u is that of network %s", network->name,
                      (unsigned)network->vni, first->name);
    for (unsigned i = 0; i < at; i++)
        if (plan->networks[i].vni == network->vni)
            return el_err(err, EL_EINVAL, "network %s: VNI %u is that of network %s", network->name,
                          (unsigned)network->vni, plan->networks[i].name);
    rc = el_hub_network_check(&network->cidr, &why);
    return rc < 0 ? el_err(err, rc, "network %s: %s", network->name, why.text) : 0;
}

static int check_spoke(const struct el_hub_plan *plan, unsigned at,
                       const struct el_node_peers *peers, struct el_err *err)
{
    const struct el_hub_plan_spoke *spoke = &plan->spokes[at];

    for (unsigned i = 0; i < peers->count; i++)
        if (strcmp(peers->items[i].name, spoke->name) == 0)
            return el_err(err, EL_EINVAL,
                          "spoke %s: it has a section of its own, and spoke = %s=... as well: say "
                          "its key in the section",
                          spoke->name, spoke->name);

    if (!spoke->has_key && (spoke->has_psk || spoke->has_wire || spoke->ip.family))
        return el_err(err, EL_EINVAL,
                      "spoke %s: psk, wire and address are for one whose key is said; with a "
                      "token they come by themselves",
                      spoke->name);
    for (unsigned i = 0; i < at && spoke->has_key; i++)
        if (plan->spokes[i].has_key && memcmp(plan->spokes[i].key, spoke->key, 32) == 0)
            return el_err(err, EL_EINVAL, "spoke %s: its key is that of spoke %s", spoke->name,
                          plan->spokes[i].name);
    return 0;
}

int el_hub_plan_check(const struct el_hub_plan *plan, const struct el_hub_plan_network *first,
                      const struct el_node_peers *peers, struct el_err *err)
{
    int rc = 0;
    unsigned others = 0;

    for (unsigned i = 0; rc == 0 && i < plan->network_count; i++) {
        rc = check_network(plan, i, first, err);
        others += strcmp(plan->networks[i].name, first->name) != 0;
    }
    if (rc == 0 && others >= EL_REGISTRY_NETWORKS)
        rc = el_err(err, EL_EINVAL, "%u networks beside %s: at most %d can be", others, first->name,
                    EL_REGISTRY_NETWORKS - 1);
    for (unsigned i = 0; rc == 0 && i < plan->spoke_count; i++)
        rc = check_spoke(plan, i, peers, err);
    for (unsigned i = 0; rc == 0 && i < plan->machine_count; i++)
        rc = el_hub_plan_check_machine(plan, i, err);
    return rc == 0 ? el_hub_plan_check_profiles(plan, err) : rc;
}

/* -- for control -- */

static void print_factors(FILE *out, unsigned factors)
{
    char text[EL_ENROL_FACTORS_TEXT];

    fprintf(
        out, "second-factor = %s\n",
        el_enrol_factors_text((factors & EL_REGISTRY_FACTOR_TOTP ? EL_ENROL_TOTP : 0u) |
                                  (factors & EL_REGISTRY_FACTOR_PROGRAM ? EL_ENROL_EXEC : 0u) |
                                  (factors & EL_REGISTRY_FACTOR_APPROVAL ? EL_ENROL_APPROVAL : 0u),
                              text));
}

static void print_network(FILE *out, const struct el_hub_plan_network *network)
{
    static const char *const words[] = {[EL_HUB_PLAN_ALL] = "all", [EL_HUB_PLAN_NONE] = "none"};
    char text[EL_PREFIX_TEXT], until[EL_CIVIL_TEXT];

    fprintf(out, "[network %s]\n", network->name);
    if (network->vni)
        fprintf(out, "vni = %llu\n", (unsigned long long)network->vni);
    if (network->cidr.ip.family)
        fprintf(out, "cidr = %s\n", el_prefix_text(&network->cidr, text));
    if (network->prefix6.ip.family)
        fprintf(out, "prefix6 = %s\n", el_prefix_text(&network->prefix6, text));
    if (network->until_s)
        fprintf(out, "until = %s\n", el_civil_text(network->until_s, until));
    if (network->publish != EL_HUB_PLAN_AS_IT_IS)
        fprintf(out, "publish = %s\n", words[network->publish]);
}

static void print_spoke(FILE *out, const struct el_hub_plan_spoke *spoke)
{
    char key[EL_TUNNEL_KEY_TEXT], ip[EL_IP_TEXT];

    fprintf(out, "[spoke %s]\n", spoke->name);
    el_tunnel_key_text(spoke->key, key);
    if (spoke->has_key)
        fprintf(out, "key = %s\n", key);
    el_tunnel_key_text(spoke->psk, key);
    if (spoke->has_psk)
        fprintf(out, "psk-key = %s\n", key);
    sodium_memzero(key, sizeof key);
    if (spoke->ip.family)
        fprintf(out, "address = %s\n", el_ip_text(&spoke->ip, ip));
    if (spoke->has_wire)
        fprintf(out, "wire = %s\n", el_tunnel_wire_names[spoke->wire]);
    if (!spoke->publishes)
        return;
    fprintf(out, "publish = %s", spoke->count ? "" : "none");
    for (unsigned i = 0; i < spoke->count; i++) {
        const struct el_hub_plan_publication *publication = &spoke->publications[i];
        fprintf(out, "%s%s%s%s", i ? ", " : "", publication->network,
                publication->lan[0] ? "@" : "", publication->lan);
    }
    fputc('\n', out);
}

void el_hub_plan_print(FILE *out, const struct el_hub_plan *plan)
{
    if (plan->has_factors)
        print_factors(out, plan->factors);
    for (unsigned i = 0; i < plan->network_count; i++)
        print_network(out, &plan->networks[i]);
    for (unsigned i = 0; i < plan->spoke_count; i++)
        print_spoke(out, &plan->spokes[i]);
    for (unsigned i = 0; i < plan->machine_count; i++)
        el_hub_plan_print_machine(out, &plan->machines[i]);
    el_hub_plan_print_profiles(out, plan);
}

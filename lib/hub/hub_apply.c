/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub's file says, made so in the registry. */
#include "base/log.h"
#include "enrol/totp.h"
#include "hub/hub_plan.h"
#include "node/key.h"

#include <sodium.h>
#include <string.h>

static void warn(const char *what, const char *name, const struct el_err *why)
{
    EL_LOG(EL_LOG_WARN, "node", "config", EL_STR(what, name), EL_STR("error", why->text));
}

/* -- networks -- */

/* One whose time is over is gone, also if the hub was down at that moment. */
static int end_network(struct el_registry *registry, const char *name, int64_t now_s,
                       struct el_err *err)
{
    return el_registry_network(registry, name)
               ? el_registry_network_remove(registry, name, now_s, err)
               : 0;
}

static int make_network(struct el_registry *registry, const struct el_hub_plan_network *network,
                        int64_t now_s, struct el_err *err)
{
    const struct el_registry_network *there = el_registry_network(registry, network->name);
    uint32_t number = el_ip4_number(&network->cidr.ip) & el_prefix_mask4(network->cidr.len);
    struct el_registry_network_request request = {
        .name = network->name,
        .vni = (uint32_t)network->vni,
        .cidr = {el_ip4(number), network->cidr.len}, /* of which any address may have been said */
        .prefix6 = network->prefix6.ip.family || !there ? network->prefix6 : there->prefix6,
        .expires_s = network->until_s ? network->until_s
                     : there          ? there->expires_s
                                      : 0,
        .to_all =
            network->publish == EL_HUB_PLAN_ALL ? EL_REGISTRY_TO_PUBLISHED : EL_REGISTRY_TO_NONE,
        .published = true,
    };

    if (network->vni == 0 || network->cidr.ip.family == 0)
        return 0; /* the hub's own, which is there */
    return el_registry_network_create(registry, &request, now_s, err);
}

/* To all of whom nothing else is said; what was said of one of them by command goes with a change
 * only. */
static int publish_network(struct el_registry *registry, const struct el_hub_plan_network *network,
                           int64_t now_s, struct el_err *err)
{
    const struct el_registry_network *there = el_registry_network(registry, network->name);
    struct el_registry_publication publication = {.network = network->name,
                                                  .published = network->publish == EL_HUB_PLAN_ALL};

    if (!there || network->publish == EL_HUB_PLAN_AS_IT_IS ||
        (there->to_all == EL_REGISTRY_TO_PUBLISHED) == publication.published)
        return 0;
    return el_registry_publish(registry, &publication, now_s, err);
}

static int apply_network(struct el_registry *registry, const struct el_hub_plan_network *network,
                         int64_t now_s, struct el_err *err)
{
    if (network->until_s && network->until_s <= now_s)
        return end_network(registry, network->name, now_s, err);
    int rc = make_network(registry, network, now_s, err);
    return rc == 0 ? publish_network(registry, network, now_s, err) : rc;
}

/* -- the second factor -- */

/* A secret that nobody has seen lets nobody in: el2w second-factor shows another one. */
static int apply_factors(const struct el_hub_plan *plan, struct el_registry *registry,
                         int64_t now_s, struct el_err *err)
{
    struct el_registry_second_factor policy = *el_registry_second_factor(registry);
    bool changes = plan->has_factors && policy.factors != plan->factors;
    int rc = 0;

    if (changes && plan->factors & EL_REGISTRY_FACTOR_TOTP &&
        policy.secret_len != EL_ENROL_TOTP_SECRET_BYTES) {
        el_enrol_totp_make_secret(policy.secret);
        policy.secret_len = EL_ENROL_TOTP_SECRET_BYTES;
        EL_LOG(EL_LOG_WARN, "node", "second-factor",
               EL_STR("hint", "nobody has seen the authenticator's secret yet: el2w second-factor "
                              "--new-secret --qr shows one"));
    }
    policy.factors = plan->factors;
    if (changes)
        rc = el_registry_second_factor_set(registry, &policy, now_s, err);
    sodium_memzero(&policy, sizeof policy);
    return rc;
}

/* -- spokes -- */

static int adopt(struct el_registry *registry, const struct el_hub_plan_spoke *spoke, int64_t now_s,
                 struct el_err *err)
{
    struct el_registry_adoption adoption = {
        .name = spoke->name,
        .key = spoke->key,
        .psk = spoke->has_psk ? spoke->psk : NULL,
        .wire = spoke->has_wire ? &spoke->wire : NULL,
        .ip = spoke->ip.family ? spoke->ip : el_ip4(el_node_key_address(spoke->key)),
    };
    struct el_err why = {""};
    int rc = spoke->has_key ? el_registry_adopt(registry, &adoption, now_s, &why) : 0;

    if (rc == EL_EPERM) {
        warn("spoke", spoke->name, &why);
        return 0;
    }
    return rc < 0 ? el_err(err, rc, "%s", why.text) : 0;
}

/* What a command has taken away meanwhile is a warning. */
static int publish(struct el_registry *registry, const struct el_registry_publication *publication,
                   int64_t now_s, struct el_err *err)
{
    struct el_err why = {""};
    int rc = el_registry_publish(registry, publication, now_s, &why);

    if (rc == EL_ENOENT || rc == EL_EFULL) {
        warn("spoke", publication->spoke, &why);
        return 0;
    }
    return rc < 0 ? el_err(err, rc, "%s", why.text) : 0;
}

static bool is_listed(const struct el_hub_plan_spoke *spoke, const char *network)
{
    for (unsigned i = 0; i < spoke->count; i++)
        if (strcmp(spoke->publications[i].network, network) == 0)
            return true;
    return false;
}

/* What was said of it before, and is not listed, becomes what is for all. */
static int unpublish_rest(struct el_registry *registry, const struct el_hub_plan_spoke *spoke,
                          const struct el_registry_spoke *row, int64_t now_s, struct el_err *err)
{
    struct el_registry_membership before[EL_REGISTRY_NETWORKS_OF_SPOKE];
    unsigned count = row->membership_count;
    int rc = 0;

    memcpy(before, row->memberships, sizeof before); /* the row changes meanwhile */
    for (unsigned i = 0; rc == 0 && i < count; i++) {
        const struct el_registry_network *network =
            el_registry_network_by_vni(registry, before[i].vni);
        if (!network || is_listed(spoke, network->name))
            continue;
        struct el_registry_publication publication = {.network = network->name,
                                                      .spoke = spoke->name,
                                                      .published = network->to_all ==
                                                                   EL_REGISTRY_TO_PUBLISHED};
        rc = publish(registry, &publication, now_s, err);
    }
    return rc;
}

/* A network that has come to its end needs no publishing. */
static bool has_ended(const struct el_hub_plan *plan, const char *name, int64_t now_s)
{
    const struct el_hub_plan_network *network = el_hub_plan_network(plan, name);

    return network && network->until_s && network->until_s <= now_s;
}

static int publish_to(const struct el_hub_plan *plan, const struct el_hub_plan_spoke *spoke,
                      struct el_registry *registry, const struct el_registry_spoke *row,
                      int64_t now_s, struct el_err *err)
{
    int rc = unpublish_rest(registry, spoke, row, now_s, err);

    for (unsigned i = 0; rc == 0 && i < spoke->count; i++) {
        const struct el_hub_plan_publication *one = &spoke->publications[i];
        struct el_registry_publication publication = {
            .network = one->network, .spoke = spoke->name, .lan = one->lan, .published = true};
        if (!has_ended(plan, one->network, now_s))
            rc = publish(registry, &publication, now_s, err);
    }
    return rc;
}

static bool is_there(const struct el_registry_spoke *row)
{
    return row && row->state != EL_REGISTRY_REVOKED;
}

void el_hub_plan_resume(struct el_hub_plan *plan, const struct el_registry *registry)
{
    for (unsigned i = 0; i < plan->spoke_count; i++)
        plan->spokes[i].done = is_there(el_registry_spoke(registry, plan->spokes[i].name));
}

int el_hub_plan_follow(struct el_hub_plan *plan, struct el_registry *registry, int64_t now_s,
                       struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < plan->spoke_count; i++) {
        struct el_hub_plan_spoke *spoke = &plan->spokes[i];
        const struct el_registry_spoke *row = el_registry_spoke(registry, spoke->name);
        bool there = is_there(row);
        if (there && spoke->publishes && !spoke->done)
            rc = publish_to(plan, spoke, registry, row, now_s, err);
        spoke->done = there && rc == 0;
    }
    return rc;
}

/* -- machines -- */

/* A name or an address that a command has given to another meanwhile is a warning. */
static int apply_machine(const struct el_hub_plan_machine *machine, struct el_registry *registry,
                         int64_t now_s, struct el_err *err)
{
    struct el_err why = {""};
    int rc = el_hub_plan_apply_machine(machine, registry, now_s, &why);

    if (rc == EL_EEXIST || rc == EL_EFULL) {
        warn("machine", machine->name, &why);
        return 0;
    }
    return rc < 0 ? el_err(err, rc, "%s", why.text) : 0;
}

/* -- all of it -- */

int el_hub_plan_apply(struct el_hub_plan *plan, struct el_registry *registry, int64_t now_s,
                      struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < plan->network_count; i++)
        rc = apply_network(registry, &plan->networks[i], now_s, err);
    if (rc == 0)
        rc = apply_factors(plan, registry, now_s, err);
    for (unsigned i = 0; rc == 0 && i < plan->spoke_count; i++)
        rc = adopt(registry, &plan->spokes[i], now_s, err);
    for (unsigned i = 0; rc == 0 && i < plan->machine_count; i++)
        rc = apply_machine(&plan->machines[i], registry, now_s, err);
    for (unsigned i = 0; i < plan->spoke_count; i++)
        plan->spokes[i].done = false;
    return rc == 0 ? el_hub_plan_follow(plan, registry, now_s, err) : rc;
}

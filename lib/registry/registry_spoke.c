/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spokes: approved, revoked, and what they are members of. */
#include "registry/registry_internal.h"

#include <sodium.h>
#include <string.h>

static const struct el_registry_table *table(const struct el_registry *registry)
{
    return &registry->tables[EL_REGISTRY_ROW_SPOKE];
}

size_t el_registry_spoke_count(const struct el_registry *registry)
{
    return table(registry)->count;
}

const struct el_registry_spoke *el_registry_spoke_at(const struct el_registry *registry, size_t i)
{
    return i < table(registry)->count ? table(registry)->rows[i] : NULL;
}

const struct el_registry_spoke *el_registry_spoke(const struct el_registry *registry,
                                                  const char *name)
{
    const struct el_registry_spoke *last = NULL;

    for (size_t i = 0; i < table(registry)->count; i++) {
        const struct el_registry_spoke *spoke = table(registry)->rows[i];
        if (strcmp(spoke->name, name) != 0)
            continue;
        if (spoke->state != EL_REGISTRY_REVOKED)
            return spoke;
        if (!last || spoke->since_s >= last->since_s)
            last = spoke;
    }
    return last;
}

const struct el_registry_spoke *el_registry_spoke_by_key(const struct el_registry *registry,
                                                         const uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    return el_registry_find(registry, EL_REGISTRY_SPOKES_BY_KEY, key);
}

/* -- states -- */

static const struct el_registry_spoke *named(const struct el_registry *registry, const char *name,
                                             struct el_err *err)
{
    const struct el_registry_spoke *spoke = el_registry_spoke(registry, name);

    if (!spoke)
        el_err(err, EL_ENOENT, "spoke %s: no such spoke", name);
    return spoke;
}

int el_registry_approve(struct el_registry *registry, const char *name,
                        const uint8_t key[EL_REGISTRY_KEY_BYTES], int64_t now_s, struct el_err *err)
{
    const struct el_registry_spoke *spoke = named(registry, name, err);

    if (!spoke)
        return EL_ENOENT;
    if (memcmp(spoke->key, key, sizeof spoke->key) != 0)
        return el_err(err, EL_EAUTH,
                      "spoke %s: this is not the fingerprint of its key; do not approve it unless "
                      "both sides show the same",
                      name);
    if (spoke->state == EL_REGISTRY_ENROLLED)
        return 0;
    if (spoke->state == EL_REGISTRY_REVOKED)
        return el_err(err, EL_ENOENT, "spoke %s: is revoked, and its key never comes back", name);
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_spoke *approved =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SPOKE, spoke);
    if (approved) {
        approved->state = EL_REGISTRY_ENROLLED;
        approved->since_s = now_s;
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    el_registry_tell_spoke(registry, spoke);
    el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_SPOKE_ENROLLED,
                                                           .at_s = now_s,
                                                           .spoke = spoke});
    return 0;
}

int el_registry_revoke(struct el_registry *registry, const char *name, int64_t now_s,
                       struct el_err *err)
{
    const struct el_registry_spoke *spoke = named(registry, name, err);

    if (!spoke)
        return EL_ENOENT;
    if (spoke->state == EL_REGISTRY_REVOKED)
        return 0;
    bool was_peer = spoke->state == EL_REGISTRY_ENROLLED;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_spoke *revoked =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SPOKE, spoke);
    if (revoked) {
        revoked->state = EL_REGISTRY_REVOKED;
        revoked->told = !was_peer; /* a pending one is told as holder of its token */
        revoked->since_s = now_s;
        revoked->membership_count = 0;
        memset(revoked->memberships, 0, sizeof revoked->memberships);
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc < 0)
        return rc;
    if (was_peer)
        el_registry_tell_peer_gone(registry, EL_REGISTRY_PEER_SPOKE, spoke->name, spoke->key);
    el_registry_tell_spoke(registry, spoke);
    el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_SPOKE_REVOKED,
                                                           .at_s = now_s,
                                                           .spoke = spoke});
    return 0;
}

int el_registry_forget_peer(struct el_registry *registry, const struct el_registry_spoke *spoke,
                            struct el_err *err)
{
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_spoke *stranger =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SPOKE, spoke);

    if (stranger) {
        stranger->told = true;
        sodium_memzero(stranger->psk, sizeof stranger->psk);
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc == 0)
        el_registry_tell_peer_gone(registry, EL_REGISTRY_PEER_REVOKED, spoke->name, spoke->key);
    return rc;
}

int el_registry_told(struct el_registry *registry, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                     int64_t now_s, struct el_err *err)
{
    const struct el_registry_spoke *spoke = el_registry_spoke_by_key(registry, key);

    if (!spoke || spoke->state != EL_REGISTRY_REVOKED)
        return el_err(err, EL_ENOENT, "no spoke of this key is revoked");
    if (spoke->told)
        return 0;
    int rc = el_registry_forget_peer(registry, spoke, err);
    if (rc == 0)
        el_registry_event(registry, (struct el_registry_event){.kind = EL_REGISTRY_SPOKE_TOLD,
                                                               .at_s = now_s,
                                                               .spoke = spoke});
    return rc;
}

/* -- memberships -- */

static const struct el_registry_membership *explicit_of(const struct el_registry_spoke *spoke,
                                                        uint32_t vni)
{
    for (unsigned i = 0; i < spoke->membership_count; i++)
        if (spoke->memberships[i].vni == vni)
            return &spoke->memberships[i];
    return NULL;
}

unsigned
el_registry_memberships(const struct el_registry *registry, const struct el_registry_spoke *spoke,
                        struct el_registry_membership memberships[EL_REGISTRY_NETWORKS_OF_SPOKE])
{
    unsigned count = 0;

    if (spoke->state == EL_REGISTRY_REVOKED)
        return 0;
    for (size_t i = 0; i < el_registry_network_count(registry); i++) {
        const struct el_registry_network *network = el_registry_network_at(registry, i);
        const struct el_registry_membership *said = explicit_of(spoke, network->vni);
        if (count == EL_REGISTRY_NETWORKS_OF_SPOKE)
            break; /* never so: each change is checked for it */
        if (said)
            memberships[count++] = *said;
        else if (network->to_all != EL_REGISTRY_TO_NONE)
            memberships[count++] = (struct el_registry_membership){
                .vni = network->vni, .published = network->to_all == EL_REGISTRY_TO_PUBLISHED};
    }
    return count;
}

/* -- publishing -- */

/* Whether SPOKE may become a member of one network more. */
static int room_for_one(const struct el_registry *registry, const struct el_registry_spoke *spoke,
                        struct el_err *err)
{
    struct el_registry_membership memberships[EL_REGISTRY_NETWORKS_OF_SPOKE];

    if (el_registry_memberships(registry, spoke, memberships) < EL_REGISTRY_NETWORKS_OF_SPOKE)
        return 0;
    return el_err(err, EL_EFULL,
                  "spoke %s: is in %d networks already, and that is all it can be in", spoke->name,
                  EL_REGISTRY_NETWORKS_OF_SPOKE);
}

static int publish_to_one(struct el_registry *registry, const struct el_registry_spoke *spoke,
                          const struct el_registry_network *network,
                          const struct el_registry_publication *publication, struct el_err *err)
{
    const struct el_registry_membership *said = explicit_of(spoke, network->vni);
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_spoke *edited = el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SPOKE, spoke);

    if (edited) {
        struct el_registry_membership *m = said ? &edited->memberships[said - spoke->memberships]
                                                : &edited->memberships[edited->membership_count++];
        m->vni = network->vni;
        m->published = publication->published;
        if (publication->lan)
            strcpy(m->lan, publication->lan);
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc == 0)
        el_registry_tell_spoke(registry, spoke);
    return rc;
}

/* 1: changed, 0: it is so already. */
static int publish_one(struct el_registry *registry, const struct el_registry_network *network,
                       const struct el_registry_publication *publication, struct el_err *err)
{
    const struct el_registry_spoke *spoke = named(registry, publication->spoke, err);

    if (!spoke)
        return EL_ENOENT;
    if (spoke->state == EL_REGISTRY_REVOKED)
        return el_err(err, EL_ENOENT, "spoke %s: is revoked", spoke->name);
    if (publication->lan && el_registry_lan_check(publication->lan, err) < 0)
        return EL_EINVAL;
    const struct el_registry_membership *said = explicit_of(spoke, network->vni);
    bool member = said || network->to_all != EL_REGISTRY_TO_NONE;
    bool passes = said ? said->published : network->to_all == EL_REGISTRY_TO_PUBLISHED;
    bool same_lan = !publication->lan || strcmp(publication->lan, said ? said->lan : "") == 0;
    if (passes == publication->published && same_lan)
        return 0;
    int rc = member ? 0 : room_for_one(registry, spoke, err);
    if (rc == 0)
        rc = publish_to_one(registry, spoke, network, publication, err);
    return rc < 0 ? rc : 1;
}

/* Nobody, now or later, may come to be in more networks than it can. */
static int room_for_all(const struct el_registry *registry, struct el_err *err)
{
    unsigned to_all = 0;

    for (size_t i = 0; i < el_registry_network_count(registry); i++)
        to_all += el_registry_network_at(registry, i)->to_all != EL_REGISTRY_TO_NONE;
    if (to_all >= EL_REGISTRY_NETWORKS_OF_SPOKE)
        return el_err(err, EL_EFULL,
                      "%d networks are published to all, and that is all there can be",
                      EL_REGISTRY_NETWORKS_OF_SPOKE);
    return 0;
}

int el_registry_room_in_all(const struct el_registry *registry, uint32_t vni, struct el_err *err)
{
    int rc = room_for_all(registry, err);

    for (size_t i = 0; rc == 0 && i < el_registry_spoke_count(registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(registry, i);
        if (spoke->state != EL_REGISTRY_REVOKED && !explicit_of(spoke, vni))
            rc = room_for_one(registry, spoke, err);
    }
    return rc;
}

/* What was said of single spokes is brought into line. */
static void edit_all(struct el_registry_draft *draft, uint32_t vni, bool published)
{
    const struct el_registry *registry = draft->registry;

    for (size_t i = 0; i < el_registry_spoke_count(registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(registry, i);
        const struct el_registry_membership *said = explicit_of(spoke, vni);
        if (!said || said->published == published)
            continue;
        struct el_registry_spoke *edited =
            el_registry_draft_edit(draft, EL_REGISTRY_ROW_SPOKE, spoke);
        if (edited)
            edited->memberships[said - spoke->memberships].published = published;
    }
}

void el_registry_tell_members(struct el_registry *registry,
                              const struct el_registry_network *network)
{
    for (size_t i = 0; i < el_registry_spoke_count(registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(registry, i);
        if (!explicit_of(spoke, network->vni))
            el_registry_tell_spoke(registry, spoke);
    }
}

static int publish_all(struct el_registry *registry, const struct el_registry_network *network,
                       bool published, struct el_err *err)
{
    enum el_registry_to_all was = network->to_all;
    enum el_registry_to_all will = published                    ? EL_REGISTRY_TO_PUBLISHED
                                   : was == EL_REGISTRY_TO_NONE ? EL_REGISTRY_TO_NONE
                                                                : EL_REGISTRY_TO_UNPUBLISHED;
    int rc = published && was == EL_REGISTRY_TO_NONE
                 ? el_registry_room_in_all(registry, network->vni, err)
                 : 0;

    if (rc < 0)
        return rc;
    struct el_registry_draft draft = el_registry_draft(registry);
    edit_all(&draft, network->vni, published);
    struct el_registry_network *edited =
        will != was ? el_registry_draft_edit(&draft, EL_REGISTRY_ROW_NETWORK, network) : NULL;
    if (edited)
        edited->to_all = will;
    rc = el_registry_draft_commit(&draft, err);
    for (size_t i = 0; rc == 0 && i < draft.count; i++)
        if (draft.rows[i].row.kind == EL_REGISTRY_ROW_SPOKE)
            el_registry_tell_spoke(registry, draft.rows[i].target);
    if (rc == 0 && will != was)
        el_registry_tell_members(registry, network);
    bool changed = draft.count > 0;
    el_registry_draft_end(&draft);
    return rc < 0 ? rc : changed;
}

int el_registry_publish(struct el_registry *registry,
                        const struct el_registry_publication *publication, int64_t now_s,
                        struct el_err *err)
{
    const struct el_registry_network *network = el_registry_network(registry, publication->network);

    if (!network)
        return el_err(err, EL_ENOENT, "network %s: no such network", publication->network);
    int rc = publication->spoke ? publish_one(registry, network, publication, err)
                                : publish_all(registry, network, publication->published, err);
    if (rc > 0)
        el_registry_event(registry,
                          (struct el_registry_event){
                              .kind = publication->published ? EL_REGISTRY_NETWORK_PUBLISHED
                                                             : EL_REGISTRY_NETWORK_UNPUBLISHED,
                              .at_s = now_s,
                              .network = network,
                              .spoke = publication->spoke
                                           ? el_registry_spoke(registry, publication->spoke)
                                           : NULL,
                          });
    return rc < 0 ? rc : 0;
}

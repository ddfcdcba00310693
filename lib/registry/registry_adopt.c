/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spokes whose keys the operator brings, without a token. */
#include "registry/registry_internal.h"

#include <string.h>

/* A revoked one stays revoked: whoever revoked it meant the key, and may not have been the one who
 * wrote the list. */
static int known_check(const struct el_registry_spoke *spoke,
                       const struct el_registry_adoption *adoption, struct el_err *err)
{
    char ip[EL_IP_TEXT];

    if (spoke->state == EL_REGISTRY_REVOKED)
        return el_err(err, EL_EPERM,
                      "spoke %s: this key was revoked and never comes back; give it another one",
                      adoption->name);
    if (strcmp(spoke->name, adoption->name) != 0)
        return el_err(err, EL_EEXIST, "spoke %s: this key is that of spoke %s already",
                      adoption->name, spoke->name);
    if (!el_ip_equal(&spoke->ip, &adoption->ip))
        return el_err(err, EL_EEXIST,
                      "spoke %s: its tunnel address is %s, and stays that; say so, or revoke it "
                      "and begin with another key",
                      adoption->name, el_ip_text(&spoke->ip, ip));
    return 0;
}

static int stranger_check(const struct el_registry *registry,
                          const struct el_registry_adoption *adoption, int64_t now_s,
                          struct el_err *err)
{
    const char *name = adoption->name;
    char ip[EL_IP_TEXT];
    int rc = el_registry_name_check("spoke", name, EL_REGISTRY_NAME, err);

    if (rc == 0)
        rc = el_registry_name_free(registry, name, now_s, err);
    if (rc < 0)
        return rc;
    if (!el_registry_key_is_sound(adoption->key))
        return el_err(err, EL_EINVAL, "spoke %s: its key is no public key", name);
    if (el_registry_token_by_key(registry, adoption->key) ||
        el_registry_find(registry, EL_REGISTRY_RESERVED_BY_KEY, adoption->key))
        return el_err(err, EL_EEXIST, "spoke %s: its key is another's", name);
    if (!el_registry_address_is_free(registry, &adoption->ip))
        return el_err(err, EL_EEXIST,
                      "spoke %s: its tunnel address %s is another's; give it one (and the same on "
                      "the spoke, with --address)",
                      name, el_ip_text(&adoption->ip, ip));
    if (el_registry_peers(registry) + 1 > EL_REGISTRY_PEERS)
        return el_err(err, EL_EFULL, "spoke %s: this hub has as many as it can (%d peers)", name,
                      EL_REGISTRY_PEERS);
    return 0;
}

static bool is_so(const struct el_registry_spoke *spoke,
                  const struct el_registry_adoption *adoption)
{
    return spoke->state == EL_REGISTRY_ENROLLED &&
           (!adoption->wire || spoke->wire == *adoption->wire) &&
           (!adoption->psk || memcmp(spoke->psk, adoption->psk, sizeof spoke->psk) == 0);
}

/* OF is its row, or NULL. */
static int write_row(struct el_registry *registry, const struct el_registry_spoke *of,
                     const struct el_registry_adoption *adoption, int64_t now_s, struct el_err *err)
{
    bool is_new = !of || of->state != EL_REGISTRY_ENROLLED;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_spoke *spoke = of ? el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SPOKE, of)
                                         : el_registry_draft_add(&draft, EL_REGISTRY_ROW_SPOKE);

    if (spoke) {
        strcpy(spoke->name, adoption->name);
        memcpy(spoke->key, adoption->key, sizeof spoke->key);
        if (adoption->psk)
            memcpy(spoke->psk, adoption->psk, sizeof spoke->psk);
        spoke->ip = adoption->ip;
        if (adoption->wire)
            spoke->wire = *adoption->wire;
        spoke->state = EL_REGISTRY_ENROLLED;
        if (is_new)
            spoke->since_s = now_s;
    }
    int rc = el_registry_draft_commit(&draft, err);
    if (rc == 0) {
        const struct el_registry_spoke *row = of ? of : spoke;
        el_registry_tell_spoke(registry, row);
        if (is_new)
            el_registry_event(registry,
                              (struct el_registry_event){
                                  .kind = EL_REGISTRY_SPOKE_ENROLLED, .at_s = now_s, .spoke = row});
    }
    el_registry_draft_end(&draft);
    return rc;
}

int el_registry_adopt(struct el_registry *registry, const struct el_registry_adoption *adoption,
                      int64_t now_s, struct el_err *err)
{
    const struct el_registry_spoke *known = el_registry_spoke_by_key(registry, adoption->key);
    int rc =
        known ? known_check(known, adoption, err) : stranger_check(registry, adoption, now_s, err);

    if (rc < 0 || (known && is_so(known, adoption)))
        return rc;
    return write_row(registry, known, adoption, now_s, err);
}

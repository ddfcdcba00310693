/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: kept here, and understood elsewhere. */
#include "registry/registry_internal.h"

#include <string.h>

static const struct el_registry_table *profiles(const struct el_registry *registry)
{
    return &registry->tables[EL_REGISTRY_ROW_PROFILE];
}

size_t el_registry_profile_count(const struct el_registry *registry)
{
    return profiles(registry)->count;
}

const struct el_registry_profile *el_registry_profile_at(const struct el_registry *registry,
                                                         size_t i)
{
    return i < el_registry_profile_count(registry) ? profiles(registry)->rows[i] : NULL;
}

const struct el_registry_profile *el_registry_profile(const struct el_registry *registry,
                                                      const char *name)
{
    for (size_t i = 0; i < el_registry_profile_count(registry); i++) {
        const struct el_registry_profile *profile = el_registry_profile_at(registry, i);
        if (strcmp(profile->name, name) == 0)
            return profile;
    }
    return NULL;
}

static void profile_event(struct el_registry *registry, enum el_registry_event_kind kind,
                          const struct el_registry_profile *profile, int64_t now_s)
{
    el_registry_event(registry,
                      (struct el_registry_event){.kind = kind, .at_s = now_s, .profile = profile});
}

int el_registry_profile_set(struct el_registry *registry, const struct el_registry_profile *profile,
                            int64_t now_s, struct el_err *err)
{
    const struct el_registry_profile *there = el_registry_profile(registry, profile->name);
    int rc = el_registry_name_check("profile", profile->name, EL_REGISTRY_NAME, err);

    if (rc < 0)
        return rc;
    if (there && strcmp(there->image, profile->image) == 0 &&
        strcmp(there->text, profile->text) == 0)
        return 0;
    if (!there && el_registry_profile_count(registry) == EL_REGISTRY_PROFILES)
        return el_err(err, EL_EFULL,
                      "profile %s: there are %d already, and that is all there can be",
                      profile->name, EL_REGISTRY_PROFILES);
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_profile *edited =
        there ? el_registry_draft_edit(&draft, EL_REGISTRY_ROW_PROFILE, there)
              : el_registry_draft_add(&draft, EL_REGISTRY_ROW_PROFILE);
    if (edited)
        *edited = *profile;
    rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc == 0)
        profile_event(registry, EL_REGISTRY_PROFILE_CHANGED,
                      el_registry_profile(registry, profile->name), now_s);
    return rc;
}

int el_registry_profile_remove(struct el_registry *registry, const char *name, int64_t now_s,
                               struct el_err *err)
{
    const struct el_registry_profile *profile = el_registry_profile(registry, name);

    if (!profile)
        return el_err(err, EL_ENOENT, "profile %s: no such profile", name);
    struct el_registry_draft draft = el_registry_draft(registry);
    el_registry_draft_remove(&draft, EL_REGISTRY_ROW_PROFILE, profile);
    int rc = el_registry_draft_commit(&draft, err);
    if (rc == 0)
        profile_event(registry, EL_REGISTRY_PROFILE_REMOVED, profile, now_s);
    el_registry_draft_end(&draft);
    return rc;
}

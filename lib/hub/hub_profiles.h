/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub's profiles: kept in the registry as text, understood by lib/profile, checked against the
 * images that there are.
 */
#ifndef EL_HUB_HUB_PROFILES_H
#define EL_HUB_HUB_PROFILES_H

#include "profile/profile_json.h"
#include "registry/registry.h"

enum { EL_HUB_INSTALLER = 64 };

struct el_hub_profiles {
    struct el_registry *registry;
    const struct el_profile_templates *templates;
    /* The installer of the image NAME ("" if it is not known): 0, or EL_ENOENT. NULL: nobody knows
     * which images there are, and nothing is asked of them. */
    int (*image)(void *arg, const char *name, char installer[EL_HUB_INSTALLER]);
    void *arg;
};

/* Seals PROFILE's passwords, checks all of it, and keeps it. What is so already is no change.
 * EL_ENOENT: no such template or image; EL_EINVAL, EL_EFULL, or the store's error. */
int el_hub_profile_keep(const struct el_hub_profiles *profiles, struct el_profile *profile,
                        int64_t now_s, struct el_err *err);

/* The profile NAME, the caller's. EL_ENOENT; EL_EINVAL: what is kept cannot be read. */
int el_hub_profile_get(const struct el_registry *registry, const char *name,
                       struct el_profile **profile, struct el_err *err);

/* Whether the image that ROW names is there, and its template: 0, or an error with what is wrong,
 * as they may have gone since it was kept. */
int el_hub_profile_sound(const struct el_hub_profiles *profiles,
                         const struct el_registry_profile *row, struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles between the registry and their room. */
#include "hub/hub_profiles.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find_image(const struct el_hub_profiles *profiles, const struct el_profile *profile,
                      char installer[EL_HUB_INSTALLER], struct el_err *err)
{
    installer[0] = '\0';
    if (!profiles->image)
        return 0;
    if (profiles->image(profiles->arg, profile->image, installer) == 0)
        return 0;
    return el_err(err, EL_ENOENT, "profile %s: no image %s (el2w image list shows them)",
                  profile->name, profile->image);
}

int el_hub_profile_get(const struct el_registry *registry, const char *name,
                       struct el_profile **profile, struct el_err *err)
{
    const struct el_registry_profile *row = el_registry_profile(registry, name);

    *profile = NULL;
    if (!row)
        return el_err(err, EL_ENOENT, "profile %s: no such profile", name);
    return el_profile_from_text(row->text, strlen(row->text), profile, err);
}

static int keep(const struct el_hub_profiles *profiles, const struct el_profile *profile,
                int64_t now_s, struct el_err *err)
{
    struct el_registry_profile *row = calloc(1, sizeof *row);
    char *text = NULL;

    if (!row)
        return el_err(err, EL_ENOMEM, "out of memory");
    int len = el_profile_to_text(profile, &text, err);
    _Static_assert((int)EL_REGISTRY_PROFILE_TEXT == (int)EL_PROFILE_BYTES, "one length");
    if (len >= 0) {
        snprintf(row->name, sizeof row->name, "%s", profile->name);
        snprintf(row->image, sizeof row->image, "%s", profile->image);
        memcpy(row->text, text, (size_t)len + 1);
    }
    int rc = len < 0 ? len : el_registry_profile_set(profiles->registry, row, now_s, err);
    el_profile_text_free(text, len > 0 ? (size_t)len : 0);
    sodium_memzero(row, sizeof *row);
    free(row);
    return rc;
}

int el_hub_profile_keep(const struct el_hub_profiles *profiles, struct el_profile *profile,
                        int64_t now_s, struct el_err *err)
{
    char installer[EL_HUB_INSTALLER];
    struct el_profile *before = NULL;
    int rc = find_image(profiles, profile, installer, err);

    if (rc == 0)
        el_hub_profile_get(profiles->registry, profile->name, &before, NULL);
    if (rc == 0)
        rc = el_profile_seal(profile, profiles->templates, before, err);
    if (rc == 0)
        rc = el_profile_check(profile, profiles->templates, installer, err);
    el_profile_free(before);
    return rc == 0 ? keep(profiles, profile, now_s, err) : rc;
}

int el_hub_profile_sound(const struct el_hub_profiles *profiles,
                         const struct el_registry_profile *row, struct el_err *err)
{
    char installer[EL_HUB_INSTALLER];
    struct el_profile *profile;
    int rc = el_profile_from_text(row->text, strlen(row->text), &profile, err);

    if (rc == 0)
        rc = find_image(profiles, profile, installer, err);
    if (rc == 0)
        rc = el_profile_check(profile, profiles->templates, installer, err);
    el_profile_free(profile);
    return rc;
}

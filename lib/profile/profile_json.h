/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile as JSON: what is kept in control.db, sent to boot services, and asked for in the API.
 *
 *     {"name": "web", "image": "debian-12", "template": "debian",
 *      "variables": [{"name": "disk", "value": "/dev/vda"}],
 *      "ssh_keys": ["ssh-ed25519 AAAA… me@example.org"],
 *      "secrets": [{"name": "root-password", "value": "$6$…"}]}
 */
#ifndef EL_PROFILE_PROFILE_JSON_H
#define EL_PROFILE_PROFILE_JSON_H

#include "profile/profile.h"

#include <jansson.h>

/* New, the caller's; NULL: out of memory. Without SECRETS their names are listed, and no values:
 * "secrets": [{"name": "root-password"}]. */
json_t *el_profile_json(const struct el_profile *profile, bool secrets);

/* And back. EL_EINVAL: it is not of this form. */
int el_profile_from_json(const json_t *json, struct el_profile **profile, struct el_err *err);

/* A profile with its secrets as one line of text with a NUL, from malloc(); its length, which is
 * below EL_PROFILE_BYTES, or EL_EFULL, EL_ENOMEM. The caller wipes it. */
int el_profile_to_text(const struct el_profile *profile, char **text, struct el_err *err);
int el_profile_from_text(const char *text, size_t len, struct el_profile **profile,
                         struct el_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile as JSON, and back. */
#include "profile/profile_json.h"

#include "profile/profile_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* -- to JSON -- */

static json_t *value_json(const struct el_profile_value *value, bool with_text)
{
    if (value->kind == EL_PROFILE_SSH_KEY)
        return json_string(value->text);
    json_t *json = json_pack("{s:s}", "name", value->name);
    if (json && with_text && json_object_set_new(json, "value", json_string(value->text)) < 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *list_json(const struct el_profile *profile, enum el_profile_kind kind,
                         bool with_text)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < profile->count; i++)
        if (profile->values[i].kind == kind &&
            json_array_append_new(list, value_json(&profile->values[i], with_text)) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

json_t *el_profile_json(const struct el_profile *profile, bool secrets)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", profile->name, "image",
                     profile->image, "template", profile->template_name, "variables",
                     list_json(profile, EL_PROFILE_VARIABLE, true), "ssh_keys",
                     list_json(profile, EL_PROFILE_SSH_KEY, true), "secrets",
                     list_json(profile, EL_PROFILE_SECRET, secrets));
}

/* -- and back -- */

static int take_value(struct el_profile *profile, enum el_profile_kind kind, const json_t *item,
                      struct el_err *err)
{
    const json_t *text = kind == EL_PROFILE_SSH_KEY ? item : json_object_get(item, "value");
    const char *name = json_string_value(json_object_get(item, "name"));

    if (!json_string_value(text) || strlen(json_string_value(text)) != json_string_length(text))
        return el_err(err, EL_EINVAL, "profile %s: a value is missing", profile->name);
    if (!name && kind != EL_PROFILE_SSH_KEY)
        return el_err(err, EL_EINVAL, "profile %s: a name is missing", profile->name);
    return el_profile_set(profile, kind, name ? name : "", json_string_value(text), err);
}

static int take_list(struct el_profile *profile, enum el_profile_kind kind, const json_t *list,
                     struct el_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = take_value(profile, kind, json_array_get(list, i), err);
    return rc;
}

static const char *member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? text : "";
}

int el_profile_from_json(const json_t *json, struct el_profile **result, struct el_err *err)
{
    struct el_profile *profile =
        el_profile_new(member(json, "name"), member(json, "image"), member(json, "template"), err);

    *result = NULL;
    if (!profile)
        return EL_EINVAL;
    int rc = take_list(profile, EL_PROFILE_VARIABLE, json_object_get(json, "variables"), err);
    if (rc == 0)
        rc = take_list(profile, EL_PROFILE_SSH_KEY, json_object_get(json, "ssh_keys"), err);
    if (rc == 0)
        rc = take_list(profile, EL_PROFILE_SECRET, json_object_get(json, "secrets"), err);
    if (rc < 0)
        el_profile_free(profile);
    else
        *result = profile;
    return rc;
}

/* -- text -- */

/* Before jansson frees the texts that it holds. */
static void forget_json(json_t *json)
{
    json_t *secrets = json_object_get(json, "secrets");

    for (size_t i = 0; i < json_array_size(secrets); i++) {
        json_t *value = json_object_get(json_array_get(secrets, i), "value");
        char *text;
        memcpy(&text, &(const char *){json_string_value(value)}, sizeof text);
        if (text)
            sodium_memzero(text, json_string_length(value));
    }
    json_decref(json);
}

int el_profile_to_text(const struct el_profile *profile, char **text, struct el_err *err)
{
    json_t *json = el_profile_json(profile, true);

    *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    forget_json(json);
    if (!*text)
        return el_err(err, EL_ENOMEM, "out of memory");
    size_t len = strlen(*text);
    if (len < EL_PROFILE_BYTES)
        return (int)len;
    el_profile_forget(*text);
    *text = NULL;
    return el_err(err, EL_EFULL, "profile %s: all of it together is longer than %d bytes",
                  profile->name, EL_PROFILE_BYTES - 1);
}

int el_profile_from_text(const char *text, size_t len, struct el_profile **profile,
                         struct el_err *err)
{
    json_error_t why;
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

    *profile = NULL;
    if (!json)
        return el_err(err, EL_EINVAL, "a profile: %s", why.text);
    int rc = el_profile_from_json(json, profile, err);
    forget_json(json);
    return rc;
}

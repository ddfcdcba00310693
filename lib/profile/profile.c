/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile: a few names, and values of which some are secret. */
#include "profile/profile_internal.h"

#include "profile/crypt.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct el_profile *el_profile_new(const char *name, const char *image, const char *template_name,
                                  struct el_err *err)
{
    int rc = el_profile_name_check("profile", name, EL_PROFILE_NAME, err);

    if (rc == 0)
        rc = el_profile_name_check("image", image, EL_PROFILE_IMAGE, err);
    if (rc == 0)
        rc = el_profile_name_check("template", template_name, EL_PROFILE_NAME, err);
    if (rc < 0)
        return NULL;
    struct el_profile *profile = calloc(1, sizeof *profile);
    if (profile)
        profile->values = calloc(EL_PROFILE_VALUES, sizeof *profile->values);
    if (!profile || !profile->values) {
        free(profile);
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    strcpy(profile->name, name);
    strcpy(profile->image, image);
    strcpy(profile->template_name, template_name);
    return profile;
}

void el_profile_free(struct el_profile *profile)
{
    if (!profile)
        return;
    for (size_t i = 0; i < profile->count; i++)
        el_profile_forget(profile->values[i].text);
    free(profile->values);
    free(profile);
}

struct el_profile *el_profile_copy(const struct el_profile *profile, struct el_err *err)
{
    struct el_profile *copy =
        el_profile_new(profile->name, profile->image, profile->template_name, err);

    for (size_t i = 0; copy && i < profile->count; i++) {
        copy->values[i] = profile->values[i];
        copy->values[i].text = strdup(profile->values[i].text);
        if (!copy->values[i].text) {
            el_profile_free(copy);
            el_err(err, EL_ENOMEM, "out of memory");
            return NULL;
        }
        copy->count++;
    }
    return copy;
}

/* -- values -- */

static struct el_profile_value *find(const struct el_profile *profile, enum el_profile_kind kind,
                                     const char *name)
{
    for (size_t i = 0; i < profile->count; i++)
        if (profile->values[i].kind == kind && strcmp(profile->values[i].name, name) == 0)
            return &profile->values[i];
    return NULL;
}

const char *el_profile_get(const struct el_profile *profile, enum el_profile_kind kind,
                           const char *name)
{
    const struct el_profile_value *value = find(profile, kind, name);

    return value ? value->text : NULL;
}

static void drop(struct el_profile *profile, struct el_profile_value *value)
{
    size_t i = (size_t)(value - profile->values);

    el_profile_forget(value->text);
    memmove(value, value + 1, (--profile->count - i) * sizeof *value);
}

static int put(struct el_profile *profile, struct el_profile_value *there,
               enum el_profile_kind kind, const char *name, const char *text, struct el_err *err)
{
    if (!there && profile->count == EL_PROFILE_VALUES)
        return el_err(err, EL_EFULL, "profile %s: more than %d values", profile->name,
                      EL_PROFILE_VALUES);
    char *copy = strdup(text);
    if (!copy)
        return el_err(err, EL_ENOMEM, "out of memory");
    if (there) {
        el_profile_forget(there->text);
        there->text = copy;
        return 0;
    }
    struct el_profile_value *value = &profile->values[profile->count++];
    *value = (struct el_profile_value){.kind = kind, .text = copy};
    strcpy(value->name, name);
    return 0;
}

/* -- keys -- */

static uint32_t be32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The second word is base64 of a structure that begins with the first word (RFC 4253 §6.6). */
static bool is_key_of(const char *type, size_t type_len, const char *base64, size_t base64_len)
{
    uint8_t bytes[EL_PROFILE_VALUE];
    size_t len;

    return sodium_base642bin(bytes, sizeof bytes, base64, base64_len, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len > 4 + type_len && be32(bytes) == type_len && memcmp(bytes + 4, type, type_len) == 0;
}

static int check_key(const char *text, struct el_err *err)
{
    size_t type = strcspn(text, " ");
    size_t base64 = text[type] ? strcspn(text + type + 1, " ") : 0;

    if (strchr(text, '\n'))
        return el_err(err, EL_EINVAL, "ssh-key: one key is one line");
    if (strstr(text, "PRIVATE KEY"))
        return el_err(err, EL_EINVAL,
                      "ssh-key: this is a private key; the public one ends in .pub");
    if (base64 == 0 || !is_key_of(text, type, text + type + 1, base64))
        return el_err(err, EL_EINVAL,
                      "ssh-key: \"%.40s\" is no public key of OpenSSH, such as ssh-ed25519 AAAA...",
                      text);
    return 0;
}

static bool has_key(const struct el_profile *profile, const char *text)
{
    for (size_t i = 0; i < profile->count; i++)
        if (profile->values[i].kind == EL_PROFILE_SSH_KEY &&
            strcmp(profile->values[i].text, text) == 0)
            return true;
    return false;
}

void el_profile_drop_keys(struct el_profile *profile)
{
    for (size_t i = profile->count; i > 0; i--)
        if (profile->values[i - 1].kind == EL_PROFILE_SSH_KEY)
            drop(profile, &profile->values[i - 1]);
}

int el_profile_set(struct el_profile *profile, enum el_profile_kind kind, const char *name,
                   const char *text, struct el_err *err)
{
    bool is_key = kind == EL_PROFILE_SSH_KEY;
    const char *what = is_key ? "ssh-key" : kind == EL_PROFILE_SECRET ? "secret" : "variable";
    struct el_profile_value *there = is_key ? NULL : find(profile, kind, name);
    int rc = is_key ? 0 : el_profile_name_check(what, name, EL_PROFILE_NAME, err);

    if (rc < 0)
        return rc;
    if (strlen(text) >= EL_PROFILE_VALUE)
        return el_err(err, EL_EINVAL, "%s %s: longer than %d bytes", what, is_key ? "" : name,
                      EL_PROFILE_VALUE - 1);
    if (el_profile_text_wrong(text))
        return el_err(err, EL_EINVAL, "%s %s: it has a control character, or is not UTF-8", what,
                      is_key ? "" : name);
    if (is_key) {
        rc = check_key(text, err);
        return rc < 0 || has_key(profile, text) ? rc : put(profile, NULL, kind, "", text, err);
    }
    if (*text)
        return put(profile, there, kind, name, text, err);
    if (there)
        drop(profile, there);
    return 0;
}

/* -- passwords -- */

static int seal(struct el_profile *profile, const char *name, const struct el_profile *before,
                struct el_err *err)
{
    struct el_profile_value *value = find(profile, EL_PROFILE_SECRET, name);
    const char *old = before ? el_profile_get(before, EL_PROFILE_SECRET, name) : NULL;
    char hash[EL_PROFILE_CRYPT_TEXT];

    if (!value || el_profile_crypt_is_hash(value->text))
        return 0;
    if (strchr(value->text, '\n'))
        return el_err(err, EL_EINVAL, "secret %s: a password is one line", name);
    if (old && el_profile_crypt_verify(value->text, old))
        return put(profile, value, EL_PROFILE_SECRET, name, old, err);
    if (el_profile_crypt_new(value->text, hash) < 0)
        return el_err(err, EL_EINVAL, "secret %s: a password has at most %d bytes", name,
                      EL_PROFILE_CRYPT_PASSWORD - 1);
    return put(profile, value, EL_PROFILE_SECRET, name, hash, err);
}

int el_profile_seal(struct el_profile *profile, const struct el_profile_templates *templates,
                    const struct el_profile *before, struct el_err *err)
{
    const struct el_profile_template *t =
        el_profile_templates_find(templates, profile->template_name);
    int rc = 0;

    if (!t)
        return el_err(err, EL_ENOENT, "profile %s: no template %s (el2w template list shows them)",
                      profile->name, profile->template_name);
    for (unsigned i = 0; rc == 0 && i < t->variable_count; i++)
        if (t->variables[i].type == EL_PROFILE_PASSWORD)
            rc = seal(profile, t->variables[i].name, before, err);
    return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a machine can be installed with a profile: said when it is made, not at three in the
 * morning. */
#include "profile/profile_internal.h"

#include "base/conf.h"

#include <stdio.h>
#include <string.h>

enum { LIST = 320 };

static int check_template(const struct el_profile *profile,
                          const struct el_profile_templates *templates, const char *installer,
                          const struct el_profile_template **t, struct el_err *err)
{
    const char *names[EL_PROFILE_TEMPLATES + 1] = {NULL}, *wanted;
    char have[LIST] = "";

    *t = el_profile_templates_find(templates, profile->template_name);
    for (size_t i = 0; el_profile_templates_at(templates, i); i++) {
        names[i] = el_profile_templates_at(templates, i)->name;
        strncat(have, i ? ", " : "", sizeof have - strlen(have) - 1);
        strncat(have, names[i], sizeof have - strlen(have) - 1);
    }
    if (!*t)
        return el_err(err, EL_ENOENT, "profile %s: no template %s (have: %s)", profile->name,
                      profile->template_name, have);
    wanted = (*t)->installer;
    if (installer && *installer && *wanted && strcmp(installer, wanted) != 0)
        return el_err(err, EL_EINVAL,
                      "profile %s: template %s is for images whose installer is %s, and that of "
                      "image %s is %s",
                      profile->name, profile->template_name, wanted, profile->image, installer);
    return 0;
}

static int unknown(const struct el_profile *profile, const struct el_profile_template *t,
                   const struct el_profile_value *value, struct el_err *err)
{
    const char *names[EL_PROFILE_VARIABLES + 1] = {NULL};
    char list[LIST];

    for (unsigned i = 0; i < t->variable_count; i++)
        names[i] = t->variables[i].name;
    const char *nearest = el_conf_nearest(value->name, names);
    if (nearest)
        return el_err(err, EL_EINVAL,
                      "profile %s: template %s has no variable %s (did you mean %s?)",
                      profile->name, t->name, value->name, nearest);
    el_profile_variables_list(t, list, sizeof list);
    return el_err(err, EL_EINVAL, "profile %s: template %s has no variable %s (have: %s)",
                  profile->name, t->name, value->name, *list ? list : "none");
}

static int check_value(const struct el_profile *profile, const struct el_profile_template *t,
                       const struct el_profile_value *value, struct el_err *err)
{
    const struct el_profile_variable *v = NULL;
    bool secret = value->kind == EL_PROFILE_SECRET;
    char why[160];

    if (value->kind == EL_PROFILE_SSH_KEY)
        return 0;
    for (unsigned i = 0; i < t->variable_count && !v; i++)
        if (strcmp(t->variables[i].name, value->name) == 0)
            v = &t->variables[i];
    if (!v)
        return unknown(profile, t, value, err);
    if (v->secret && !secret)
        return el_err(err, EL_EINVAL, "profile %s: %s is a secret: say --secret %s=@FILE",
                      profile->name, v->name, v->name);
    if (!v->secret && secret)
        return el_err(err, EL_EINVAL, "profile %s: %s is no secret: say --var %s=...",
                      profile->name, v->name, v->name);
    if (!el_profile_value_wrong(v, value->text, why))
        return 0;
    return secret ? el_err(err, EL_EINVAL, "profile %s: secret %s %s", profile->name, v->name, why)
                  : el_err(err, EL_EINVAL, "profile %s: variable %s: \"%.60s\" %s", profile->name,
                           v->name, value->text, why);
}

static int check_required(const struct el_profile *profile, const struct el_profile_template *t,
                          struct el_err *err)
{
    for (unsigned i = 0; i < t->variable_count; i++) {
        const struct el_profile_variable *v = &t->variables[i];
        enum el_profile_kind kind = v->secret ? EL_PROFILE_SECRET : EL_PROFILE_VARIABLE;
        if (v->required && !v->fallback && !el_profile_get(profile, kind, v->name))
            return el_err(err, EL_EINVAL, "profile %s: template %s needs %s, %s: say --%s %s=%s",
                          profile->name, t->name, v->name, v->about, v->secret ? "secret" : "var",
                          v->name, v->secret ? "@FILE" : "...");
    }
    return 0;
}

/* With a machine of which all is known, and with one of which nothing is. */
static int check_rendering(const struct el_profile *profile,
                           const struct el_profile_templates *templates,
                           const struct el_profile_template *t, struct el_err *err)
{
    static const struct el_profile_facts known = {
        .name = "n1",
        .mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
        .uuid = "00000000-0000-0000-0000-000000000000",
        .ip = {4, {192, 0, 2, 77}},
        .prefix_len = 24,
        .gateway = {4, {192, 0, 2, 1}},
        .dns = {{4, {192, 0, 2, 1}}, {4, {192, 0, 2, 2}}},
        .dns_count = 2,
        .domain = "example.org",
        .hub = "192.0.2.1:8080",
        .token = "abcdefghijklmnopqrstuvwxyz",
    };
    static const struct el_profile_facts unknown_machine = {.hub = "192.0.2.1"};
    const struct el_profile_facts *const facts[] = {&known, &unknown_machine};
    char args[EL_PROFILE_ARGS_BYTES];
    int rc = 0;

    for (unsigned f = 0; rc == 0 && f < 2; f++) {
        for (unsigned i = 0; rc == 0 && i < t->file_count; i++) {
            char *text = NULL;
            size_t len = 0;
            rc = el_profile_render(profile, templates, facts[f], t->files[i].name,
                                   EL_PROFILE_HANDED, &text, &len, err);
            el_profile_text_free(text, len);
        }
        if (rc == 0)
            rc = el_profile_args(profile, templates, facts[f], args, err);
    }
    return rc;
}

int el_profile_check(const struct el_profile *profile, const struct el_profile_templates *templates,
                     const char *installer, struct el_err *err)
{
    const struct el_profile_template *t;
    int rc = check_template(profile, templates, installer, &t, err);

    for (size_t i = 0; rc == 0 && i < profile->count; i++)
        rc = check_value(profile, t, &profile->values[i], err);
    if (rc == 0)
        rc = check_required(profile, t, err);
    return rc == 0 ? check_rendering(profile, templates, t, err) : rc;
}

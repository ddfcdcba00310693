/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A template that anybody may have written: template.conf, a NUL, and its file "f". What is read
 * renders within its bounds, or says why not. */
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(struct el_profile_template *t)
{
    static const struct el_profile_facts facts = {.hub = "192.0.2.1", .token = "t"};
    struct el_profile_templates *templates = el_profile_templates_new(NULL);
    struct el_profile *profile = el_profile_new("web", "image", "fuzz", NULL);
    char args[EL_PROFILE_ARGS_BYTES], *text = NULL;
    struct el_err err = {""};
    size_t len = 0;

    if (!templates || !profile || el_profile_templates_add(templates, t, &err) < 0)
        abort();
    for (size_t i = 0; el_profile_template_variable(t, i); i++) {
        const struct el_profile_variable *v = el_profile_template_variable(t, i);
        el_profile_set(profile, v->secret ? EL_PROFILE_SECRET : EL_PROFILE_VARIABLE, v->name, "a b",
                       &err);
    }
    for (size_t i = 0; el_profile_template_file(t, i); i++) {
        int rc = el_profile_render(profile, templates, &facts, el_profile_template_file(t, i)->name,
                                   EL_PROFILE_HANDED, &text, &len, &err);
        if (rc == 0 && (len > EL_PROFILE_RENDERED_BYTES || strlen(text) != len))
            abort();
        if (rc == 0)
            el_profile_text_free(text, len);
        else if (err.text[0] == '\0')
            abort();
    }
    el_profile_args(profile, templates, &facts, args, &err);
    el_profile_check(profile, templates, "x", &err);
    el_profile_free(profile);
    el_profile_templates_free(templates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
    size_t conf = nul ? (size_t)(nul - data) : size;
    const struct el_profile_source sources[] = {
        {"template.conf", (const char *)data, conf},
        {"f", nul ? (const char *)nul + 1 : "", nul ? size - conf - 1 : 0}};
    struct el_profile_template *t;
    struct el_err err = {""};

    if (size == 0)
        return 0;
    if (el_profile_template_parse("fuzz", sources, 2, &t, &err) == 0)
        render(t);
    else if (t || err.text[0] == '\0')
        abort();
    return 0;
}

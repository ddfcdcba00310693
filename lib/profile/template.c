/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A template: template.conf and its files, read; and all templates together. */
#include "profile/profile_internal.h"
#include "profile/shipped.h"

#include <stdlib.h>
#include <string.h>

/* -- one -- */

static const struct el_profile_source *find_source(const struct el_profile_source *sources,
                                                   size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(sources[i].name, name) == 0)
            return &sources[i];
    return NULL;
}

static int parse_files(struct el_profile_template *t, const struct el_profile_source *sources,
                       size_t count, struct el_err *err)
{
    unsigned handings = 0;
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < t->file_count; i++) {
        struct el_profile_file *file = &t->files[i];
        const struct el_profile_source *source = find_source(sources, count, file->name);
        if (!source)
            return el_err(err, EL_EINVAL, "template %s: file %s is not there", t->name, file->name);
        rc = el_profile_text_parse(t, file->name, source->text, source->len, &t->texts[i], err);
        file->secrets = t->texts[i].secrets;
        handings += file->secrets ? t->fetches : 0;
    }
    if (rc == 0 && handings > EL_PROFILE_HANDINGS)
        rc = el_err(err, EL_EFULL, "template %s: fetches times files with secrets is more than %d",
                    t->name, EL_PROFILE_HANDINGS);
    return rc;
}

/* A kernel's command line is read by whoever is logged in. */
static int parse_args(struct el_profile_template *t, const char *args, struct el_err *err)
{
    int rc = el_profile_text_parse(t, "template.conf, args", args ? args : "",
                                   args ? strlen(args) : 0, &t->args, err);

    t->args.quote = EL_PROFILE_AS_ARGS;
    if (rc == 0 && t->args.secrets)
        rc = el_err(err, EL_EINVAL,
                    "template %s: a secret in the kernel's arguments would be no secret", t->name);
    return rc;
}

int el_profile_template_parse(const char *name, const struct el_profile_source *sources,
                              size_t count, struct el_profile_template **result, struct el_err *err)
{
    const struct el_profile_source *conf = find_source(sources, count, "template.conf");
    char *args = NULL;

    *result = NULL;
    int rc = el_profile_name_check("template", name, EL_PROFILE_NAME, err);
    if (rc < 0)
        return rc;
    if (!conf)
        return el_err(err, EL_EINVAL, "template %s: template.conf is not there", name);
    struct el_profile_template *t = calloc(1, sizeof *t);
    if (!t)
        return el_err(err, EL_ENOMEM, "out of memory");
    strcpy(t->name, name);
    rc = el_profile_template_conf(t, conf->text, conf->len, &args, err);
    if (rc == 0)
        rc = parse_files(t, sources, count, err);
    if (rc == 0)
        rc = parse_args(t, args, err);
    free(args);
    if (rc < 0)
        el_profile_template_free(t);
    else
        *result = t;
    return rc;
}

void el_profile_template_free(struct el_profile_template *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->variable_count; i++) {
        free(t->variables[i].fallback);
        free(t->variables[i].about);
        free(t->variables[i].values);
    }
    for (unsigned i = 0; i < t->file_count; i++) {
        free(t->files[i].type);
        el_profile_text_clear(&t->texts[i]);
    }
    el_profile_text_clear(&t->args);
    free(t->about);
    free(t);
}

const char *el_profile_template_name(const struct el_profile_template *t)
{
    return t->name;
}

const char *el_profile_template_about(const struct el_profile_template *t)
{
    return t->about;
}

const char *el_profile_template_installer(const struct el_profile_template *t)
{
    return t->installer;
}

int el_profile_template_hand(const struct el_profile_template *t, const char *file, unsigned handed,
                             unsigned *bit)
{
    unsigned first = 0;

    for (unsigned i = 0; i < t->file_count && strcmp(t->files[i].name, file) != 0; i++)
        first += t->files[i].secrets ? t->fetches : 0;
    for (unsigned i = first; i < first + t->fetches; i++)
        if ((handed & 1u << i) == 0) {
            *bit = 1u << i;
            return 0;
        }
    return EL_EAUTH;
}

bool el_profile_template_running(const struct el_profile_template *t)
{
    return t->running;
}

bool el_profile_template_tells(const struct el_profile_template *t)
{
    for (unsigned i = 0; i < t->file_count; i++)
        if (strstr(t->texts[i].source, "{{token.url}}/done"))
            return !t->running;
    return false;
}

const struct el_profile_variable *el_profile_template_variable(const struct el_profile_template *t,
                                                               size_t i)
{
    return i < t->variable_count ? &t->variables[i] : NULL;
}

struct el_profile_variable *el_profile_variable(struct el_profile_template *t, const char *name)
{
    for (unsigned i = 0; i < t->variable_count; i++)
        if (strcmp(t->variables[i].name, name) == 0)
            return &t->variables[i];
    return NULL;
}

const struct el_profile_file *el_profile_template_file(const struct el_profile_template *t,
                                                       size_t i)
{
    return i < t->file_count ? &t->files[i] : NULL;
}

const struct el_profile_file *el_profile_template_find_file(const struct el_profile_template *t,
                                                            const char *name)
{
    for (unsigned i = 0; i < t->file_count; i++)
        if (strcmp(t->files[i].name, name) == 0)
            return &t->files[i];
    return NULL;
}

/* -- all -- */

struct el_profile_templates {
    struct el_profile_template *items[EL_PROFILE_TEMPLATES]; /* by name */
    size_t count;
};

int el_profile_templates_add(struct el_profile_templates *templates, struct el_profile_template *t,
                             struct el_err *err)
{
    size_t i = 0;

    while (i < templates->count && strcmp(templates->items[i]->name, t->name) < 0)
        i++;
    if (i < templates->count && strcmp(templates->items[i]->name, t->name) == 0) {
        el_profile_template_free(templates->items[i]);
        templates->items[i] = t;
        return 0;
    }
    if (templates->count == EL_PROFILE_TEMPLATES)
        return el_err(err, EL_EFULL, "template %s: more than %d templates", t->name,
                      EL_PROFILE_TEMPLATES);
    memmove(&templates->items[i + 1], &templates->items[i],
            (templates->count++ - i) * sizeof templates->items[0]);
    templates->items[i] = t;
    return 0;
}

/* The files of one directory follow one another. */
static int add_shipped(struct el_profile_templates *templates, struct el_err *err)
{
    struct el_profile_source sources[EL_PROFILE_FILES + 1];
    struct el_profile_template *t;
    int rc = 0;

    for (size_t i = 0, count; rc == 0 && i < el_profile_shipped_count; i += count) {
        const char *name = el_profile_shipped[i].directory;
        for (count = 0; i + count < el_profile_shipped_count && count <= EL_PROFILE_FILES &&
                        strcmp(el_profile_shipped[i + count].directory, name) == 0;
             count++) {
            const struct el_profile_shipped_file *file = &el_profile_shipped[i + count];
            sources[count] = (struct el_profile_source){file->name, (const char *)file->bytes,
                                                        (size_t)*file->len};
        }
        rc = el_profile_template_parse(name, sources, count, &t, err);
        if (rc == 0)
            rc = el_profile_templates_add(templates, t, err);
    }
    return rc;
}

struct el_profile_templates *el_profile_templates_new(struct el_err *err)
{
    struct el_profile_templates *templates = calloc(1, sizeof *templates);

    if (!templates) {
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    if (add_shipped(templates, err) < 0) {
        el_profile_templates_free(templates);
        return NULL;
    }
    return templates;
}

void el_profile_templates_free(struct el_profile_templates *templates)
{
    for (size_t i = 0; templates && i < templates->count; i++)
        el_profile_template_free(templates->items[i]);
    free(templates);
}

const struct el_profile_template *
el_profile_templates_find(const struct el_profile_templates *templates, const char *name)
{
    for (size_t i = 0; templates && i < templates->count; i++)
        if (strcmp(templates->items[i]->name, name) == 0)
            return templates->items[i];
    return NULL;
}

const struct el_profile_template *
el_profile_templates_at(const struct el_profile_templates *templates, size_t i)
{
    return templates && i < templates->count ? templates->items[i] : NULL;
}

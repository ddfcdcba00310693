/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rendering: a walk over a text's nodes (language.c).
 *
 * A block of quoting has a text of its own, which becomes one value of the text around it. The walk
 * calls itself once for each block, so no deeper than EL_PROFILE_DEPTH; an each cannot stand in
 * another, and what is written is bounded, so it ends soon whatever the template says.
 */
#include "profile/profile_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char hidden[] = "********";

struct walk {
    const struct el_profile *profile;
    const struct el_profile_template *t;
    const struct el_profile_text *text;
    const char *file; /* for the sentence */
    enum el_profile_secrecy secrecy;
    char *facts[EL_PROFILE_FACTS];
    const char *item; /* of the each that we are in */
    bool has_more;
    struct el_err *err;
};

static int walk(struct walk *w, unsigned from, unsigned to, enum el_profile_quote quote,
                struct el_profile_out *out);

/* -- values -- */

static const char *variable_text(const struct walk *w, const struct el_profile_variable *v)
{
    enum el_profile_kind kind = v->secret ? EL_PROFILE_SECRET : EL_PROFILE_VARIABLE;
    const char *text = el_profile_get(w->profile, kind, v->name);

    if (!text)
        text = v->fallback ? v->fallback : "";
    if (v->secret && *text && w->secrecy != EL_PROFILE_HANDED)
        return w->secrecy == EL_PROFILE_HIDDEN ? hidden : "";
    if (v->type == EL_PROFILE_YES_NO && *text)
        return strcmp(text, "yes") == 0 ? "true" : "false";
    return text;
}

static const struct el_profile_variable *variable_of(const struct walk *w,
                                                     const struct el_profile_ref *ref)
{
    return ref->kind == EL_PROFILE_REF_VARIABLE ? &w->t->variables[ref->index] : NULL;
}

static const char *text_of(const struct walk *w, const struct el_profile_ref *ref)
{
    switch (ref->kind) {
    case EL_PROFILE_REF_VARIABLE: return variable_text(w, &w->t->variables[ref->index]);
    case EL_PROFILE_REF_FACT: return w->facts[ref->index];
    case EL_PROFILE_REF_ITEM: break;
    }
    return w->item;
}

static bool is_bare(const struct walk *w, const struct el_profile_ref *ref)
{
    const struct el_profile_variable *v = variable_of(w, ref);

    return (v && (v->type == EL_PROFILE_NUMBER || v->type == EL_PROFILE_YES_NO)) ||
           (ref->kind == EL_PROFILE_REF_FACT && ref->index == EL_PROFILE_NETWORK_PREFIX);
}

static const char *name_of(const struct walk *w, const struct el_profile_ref *ref)
{
    const struct el_profile_variable *v = variable_of(w, ref);

    if (v)
        return v->name;
    return ref->kind == EL_PROFILE_REF_FACT ? el_profile_fact_names[ref->index] : "a list's item";
}

static int cannot(const struct walk *w, const struct el_profile_node *node, const char *why)
{
    const char *what = node->kind == EL_PROFILE_INSERT ? name_of(w, &node->ref) : "a block";

    return el_err(w->err, EL_EINVAL, "profile %s: %s cannot stand in template %s, %s:%u: %s",
                  w->profile->name, what, w->t->name, w->file, node->line, why);
}

/* -- nodes -- */

static int insert(struct walk *w, const struct el_profile_node *node, enum el_profile_quote quote,
                  struct el_profile_out *out)
{
    const char *text = text_of(w, &node->ref);
    struct el_profile_out filtered = {0};
    const char *why = NULL;

    if (!node->has_filter) {
        /* An empty number is no number. */
        why = el_profile_quote(out, quote, text, *text && is_bare(w, &node->ref));
    } else {
        why = el_profile_quote(&filtered, node->quote, text, false);
        if (!why)
            why = el_profile_quote(out, quote, filtered.text ? filtered.text : "", false);
        out->rc = filtered.rc < 0 ? filtered.rc : out->rc;
    }
    el_profile_out_clear(&filtered);
    return why ? cannot(w, node, why) : 0;
}

static bool holds(const struct walk *w, const struct el_profile_node *node)
{
    const struct el_profile_variable *v = variable_of(w, &node->ref);
    const char *text = text_of(w, &node->ref);
    bool yes_no = v && v->type == EL_PROFILE_YES_NO;
    bool is = *text && !(yes_no && strcmp(text, "false") == 0);

    if (node->text)
        is = strlen(text) == node->len && memcmp(text, node->text, node->len) == 0;
    return is != node->negated;
}

static int walk_if(struct walk *w, const struct el_profile_node *node, unsigned first,
                   enum el_profile_quote quote, struct el_profile_out *out)
{
    bool is = holds(w, node);

    return walk(w, is ? first : node->otherwise, is ? node->otherwise : node->end, quote, out);
}

/* Keys and lines are lists of lines; everything else is one of words. */
static const char *separators_of(const struct walk *w, const struct el_profile_ref *ref)
{
    const struct el_profile_variable *v = variable_of(w, ref);
    bool lines = v ? v->type == EL_PROFILE_LINES : ref->index == EL_PROFILE_SSH_KEYS;

    return lines ? "\n" : " \t\n";
}

static int walk_each(struct walk *w, const struct el_profile_node *node, unsigned first,
                     enum el_profile_quote quote, struct el_profile_out *out)
{
    const char *separators = separators_of(w, &node->ref);
    char *list = strdup(text_of(w, &node->ref)), *save = NULL;
    int rc = list ? 0 : el_err(w->err, EL_ENOMEM, "out of memory");
    size_t len = list ? strlen(list) : 0;
    char *item = list ? strtok_r(list, separators, &save) : NULL;

    while (rc == 0 && item) {
        char *next = strtok_r(NULL, separators, &save);
        w->item = item;
        w->has_more = next != NULL;
        rc = walk(w, first, node->end, quote, out);
        item = next;
    }
    w->item = NULL;
    el_profile_text_free(list, len);
    return rc;
}

static int walk_quoted(struct walk *w, const struct el_profile_node *node, unsigned first,
                       enum el_profile_quote quote, struct el_profile_out *out)
{
    struct el_profile_out inside = {0};
    int rc = walk(w, first, node->end, node->quote, &inside);
    const char *why =
        rc == 0 ? el_profile_quote(out, quote, inside.text ? inside.text : "", false) : NULL;

    el_profile_out_clear(&inside);
    return why ? cannot(w, node, why) : rc;
}

/* One node, and what is in it. */
static int step(struct walk *w, unsigned at, enum el_profile_quote quote,
                struct el_profile_out *out)
{
    const struct el_profile_node *node = &w->text->nodes[at];

    switch (node->kind) {
    case EL_PROFILE_LITERAL: el_profile_out_put(out, node->text, node->len); return 0;
    case EL_PROFILE_INSERT: return insert(w, node, quote, out);
    case EL_PROFILE_IF: return walk_if(w, node, at + 1, quote, out);
    case EL_PROFILE_EACH: return walk_each(w, node, at + 1, quote, out);
    case EL_PROFILE_MORE: return w->has_more ? walk(w, at + 1, node->end, quote, out) : 0;
    case EL_PROFILE_IN: return walk(w, at + 1, node->end, node->quote, out);
    case EL_PROFILE_QUOTED: break;
    }
    return walk_quoted(w, node, at + 1, quote, out);
}

static int walk(struct walk *w, unsigned from, unsigned to, enum el_profile_quote quote,
                struct el_profile_out *out)
{
    int rc = 0;

    for (unsigned at = from; rc == 0 && at < to; at = w->text->nodes[at].end) {
        rc = step(w, at, quote, out);
        if (rc == 0 && out->rc < 0)
            rc = el_err(w->err, out->rc, "profile %s: template %s, %s: %s", w->profile->name,
                        w->t->name, w->file,
                        out->rc == EL_EFULL ? "it becomes too long" : "out of memory");
    }
    return rc;
}

/* -- texts -- */

static int render(struct walk *w, const struct el_profile_facts *facts, struct el_profile_out *out)
{
    int rc = el_profile_facts_texts(w->profile, facts, w->facts, w->err);

    if (rc == 0)
        rc = walk(w, 0, w->text->count, w->text->quote, out);
    if (rc == 0 && !out->text)
        el_profile_out_put(out, "\n", 1); /* an empty file is a line without anything */
    for (unsigned i = 0; i < EL_PROFILE_FACTS; i++)
        el_profile_forget(w->facts[i]);
    return rc == 0 ? out->rc : rc;
}

static const struct el_profile_template *find(const struct el_profile *profile,
                                              const struct el_profile_templates *templates,
                                              struct el_err *err)
{
    const struct el_profile_template *t =
        el_profile_templates_find(templates, profile->template_name);

    if (!t)
        el_err(err, EL_ENOENT, "profile %s: no template %s (el2w template list shows them)",
               profile->name, profile->template_name);
    return t;
}

int el_profile_render(const struct el_profile *profile,
                      const struct el_profile_templates *templates,
                      const struct el_profile_facts *facts, const char *file,
                      enum el_profile_secrecy secrecy, char **text, size_t *len, struct el_err *err)
{
    const struct el_profile_template *t = find(profile, templates, err);
    struct el_profile_out out = {0};

    if (!t)
        return EL_ENOENT;
    const struct el_profile_file *found = el_profile_template_find_file(t, file);
    if (!found)
        return el_err(err, EL_ENOENT, "template %s: it has no file %.80s", t->name, file);
    struct walk w = {.profile = profile,
                     .t = t,
                     .text = &t->texts[found - t->files],
                     .file = found->name,
                     .secrecy = secrecy,
                     .err = err};
    int rc = render(&w, facts, &out);
    if (rc < 0) {
        el_profile_out_clear(&out);
        return rc;
    }
    *text = out.text;
    *len = out.len;
    return 0;
}

int el_profile_args(const struct el_profile *profile, const struct el_profile_templates *templates,
                    const struct el_profile_facts *facts, char args[EL_PROFILE_ARGS_BYTES],
                    struct el_err *err)
{
    const struct el_profile_template *t = find(profile, templates, err);
    struct el_profile_out out = {0};

    if (!t)
        return EL_ENOENT;
    struct walk w = {.profile = profile,
                     .t = t,
                     .text = &t->args,
                     .file = "template.conf, args",
                     .secrecy = EL_PROFILE_WITHHELD,
                     .err = err};
    int rc = render(&w, facts, &out);
    if (rc == 0 && out.len >= EL_PROFILE_ARGS_BYTES)
        rc = el_err(err, EL_EFULL, "profile %s: the kernel's arguments are longer than %d bytes",
                    profile->name, EL_PROFILE_ARGS_BYTES - 1);
    if (rc == 0) {
        memcpy(args, out.text, out.len + 1);
        args[strcspn(args, "\n")] = '\0';
    }
    el_profile_out_clear(&out);
    return rc;
}

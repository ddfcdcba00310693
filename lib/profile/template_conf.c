/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template.conf: what a template is for, its variables, its files. */
#include "profile/profile_internal.h"

#include "base/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 2048, FETCHES_MAX = 9 };

struct parser {
    struct el_profile_template *t;
    unsigned line;
    char **args;
    struct el_profile_variable *variable; /* in whose section we are */
    int file;                             /* likewise; -1: in none */
    bool has_quote;
    struct el_err *err;
};

static int complain(struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(struct parser *p, const char *format, ...)
{
    char why[300];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return el_err(p->err, EL_EINVAL, "template %s, template.conf:%u: %s", p->t->name, p->line, why);
}

/* -- values -- */

static int set_text(struct parser *p, const char *key, const char *value, char **text)
{
    if (*text)
        return complain(p, "%s: given twice", key);
    *text = strdup(value);
    return *text ? 0 : el_err(p->err, EL_ENOMEM, "out of memory");
}

/* The place of VALUE among WORDS; negative, with the words there are. */
static int set_word(struct parser *p, const char *key, const char *value, const char *const *words)
{
    char have[160] = "";
    int i;

    for (i = 0; words[i] && strcmp(words[i], value) != 0; i++) {
        strncat(have, i ? " " : "", sizeof have - strlen(have) - 1);
        strncat(have, words[i], sizeof have - strlen(have) - 1);
    }
    return words[i] ? i : complain(p, "%s = %.40s: unknown (have: %s)", key, value, have);
}

static int set_yes(struct parser *p, const char *key, const char *value, bool *yes)
{
    static const char *const words[] = {"no", "yes", NULL};
    int rc = set_word(p, key, value, words);

    *yes = rc == 1;
    return rc < 0 ? rc : 0;
}

static int set_number(struct parser *p, const char *key, const char *value, int64_t *number)
{
    char *end;
    long long read = strtoll(value, &end, 10);

    if (end == value || *end)
        return complain(p, "%s = %.40s: not a number", key, value);
    *number = read;
    return 0;
}

/* -- keys, by section -- */

/* Several lines of arguments are one, with spaces between them. */
static int add_args(struct parser *p, const char *value)
{
    char *before = *p->args;

    if (asprintf(p->args, "%s%s%s", before ? before : "", before ? " " : "", value) < 0) {
        *p->args = before;
        return el_err(p->err, EL_ENOMEM, "out of memory");
    }
    free(before);
    return 0;
}

static int set_top(struct parser *p, const char *key, const char *value)
{
    int64_t number;

    if (strcmp(key, "about") == 0)
        return set_text(p, key, value, &p->t->about);
    if (strcmp(key, "args") == 0)
        return add_args(p, value);
    if (strcmp(key, "running") == 0)
        return set_yes(p, key, value, &p->t->running);
    if (strcmp(key, "installer") == 0) {
        int rc = el_profile_name_check("installer", value, sizeof p->t->installer, p->err);
        if (rc == 0)
            strcpy(p->t->installer, value);
        return rc;
    }
    if (strcmp(key, "fetches") != 0)
        return complain(p, "%.40s: unknown (have: about installer args fetches running)", key);
    int rc = set_number(p, key, value, &number);
    if (rc == 0 && (number < 1 || number > FETCHES_MAX))
        rc = complain(p, "fetches: from 1 to %d", FETCHES_MAX);
    if (rc == 0)
        p->t->fetches = (unsigned)number;
    return rc;
}

static int set_file(struct parser *p, const char *key, const char *value)
{
    if (strcmp(key, "quote") == 0) {
        int quote = set_word(p, key, value, el_profile_quote_names);
        if (quote >= 0)
            p->t->texts[p->file].quote = (enum el_profile_quote)quote;
        p->has_quote = quote >= 0;
        return quote < 0 ? quote : 0;
    }
    if (strcmp(key, "type") == 0)
        return set_text(p, key, value, &p->t->files[p->file].type);
    return complain(p, "%.40s: unknown (have: quote type)", key);
}

static int set_type(struct parser *p, const char *value)
{
    struct el_profile_variable *v = p->variable;
    int type = set_word(p, "type", value, el_profile_type_names);

    if (type < 0)
        return type;
    if (type == EL_PROFILE_PASSWORD && !v->secret)
        return complain(p, "%s: a password is a secret: [secret %s]", v->name, v->name);
    v->type = (enum el_profile_type)type;
    return 0;
}

static int set_variable(struct parser *p, const char *key, const char *value)
{
    struct el_profile_variable *v = p->variable;

    if (strcmp(key, "type") == 0)
        return set_type(p, value);
    if (strcmp(key, "default") == 0)
        return v->secret ? complain(p, "%s: a secret has no default", v->name)
                         : set_text(p, key, value, &v->fallback);
    if (strcmp(key, "required") == 0)
        return set_yes(p, key, value, &v->required);
    if (strcmp(key, "about") == 0)
        return set_text(p, key, value, &v->about);
    if (strcmp(key, "values") == 0)
        return set_text(p, key, value, &v->values);
    if (strcmp(key, "min") == 0)
        return set_number(p, key, value, &v->min);
    if (strcmp(key, "max") == 0)
        return set_number(p, key, value, &v->max);
    return complain(p, "%.40s: unknown (have: type default required about values min max)", key);
}

/* -- sections -- */

/* What a section has to have said by its end. */
static int end_section(struct parser *p)
{
    struct el_profile_variable *v = p->variable;
    char why[160];

    if (p->file >= 0 && !p->has_quote)
        return complain(p, "file %s: say how its values are quoted: quote = line, yaml, ...",
                        p->t->files[p->file].name);
    if (v && v->type == EL_PROFILE_CHOICE && !v->values)
        return complain(p, "%s: a choice of what? values = ...", v->name);
    if (v && v->fallback && el_profile_value_wrong(v, v->fallback, why))
        return complain(p, "%s: its default %s", v->name, why);
    p->variable = NULL;
    p->file = -1;
    p->has_quote = false;
    return 0;
}

static int begin_variable(struct parser *p, const char *name, bool secret)
{
    struct el_profile_template *t = p->t;
    int rc = el_profile_name_check("variable", name, EL_PROFILE_NAME, p->err);

    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < EL_PROFILE_FACTS; i++)
        if (strcmp(el_profile_fact_names[i], name) == 0)
            return complain(p, "%s: every template has this one already", name);
    if (el_profile_variable(t, name))
        return complain(p, "%s: there twice", name);
    if (t->variable_count == EL_PROFILE_VARIABLES)
        return complain(p, "more than %d variables", EL_PROFILE_VARIABLES);
    p->variable = &t->variables[t->variable_count++];
    *p->variable = (struct el_profile_variable){.secret = secret};
    strcpy(p->variable->name, name);
    return 0;
}

static int begin_file(struct parser *p, const char *name)
{
    struct el_profile_template *t = p->t;
    int rc = el_profile_name_check("file", name, EL_PROFILE_NAME, p->err);

    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < t->file_count; i++)
        if (strcmp(t->files[i].name, name) == 0)
            return complain(p, "file %s: there twice", name);
    if (t->file_count == EL_PROFILE_FILES)
        return complain(p, "more than %d files", EL_PROFILE_FILES);
    p->file = (int)t->file_count++;
    strcpy(t->files[p->file].name, name);
    return 0;
}

static int begin_section(struct parser *p, char *section)
{
    char *name = strchr(section, ' ');
    int rc = end_section(p);

    if (rc < 0)
        return rc;
    if (!name)
        return complain(p, "[%.40s]: a section is [file NAME], [variable NAME] or [secret NAME]",
                        section);
    *name++ = '\0';
    name += strspn(name, " \t");
    if (strcmp(section, "file") == 0)
        return begin_file(p, name);
    if (strcmp(section, "variable") == 0 || strcmp(section, "secret") == 0)
        return begin_variable(p, name, section[0] == 's');
    return complain(p, "[%.40s]: a section is [file NAME], [variable NAME] or [secret NAME]",
                    section);
}

/* -- lines -- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

static int take_line(struct parser *p, char *line)
{
    line = trim(line);
    size_t len = strlen(line);
    if (len == 0 || line[0] == '#')
        return 0;
    if (line[0] == '[') {
        if (line[len - 1] != ']')
            return complain(p, "a section ends with ]");
        line[len - 1] = '\0';
        return begin_section(p, trim(line + 1));
    }
    char *value = strchr(line, '=');
    if (!value)
        return complain(p, "a line is NAME = VALUE");
    *value++ = '\0';
    const char *key = trim(line);
    value = trim(value);
    if (p->variable)
        return set_variable(p, key, value);
    return p->file >= 0 ? set_file(p, key, value) : set_top(p, key, value);
}

static int take_lines(struct parser *p, const char *text, size_t len)
{
    const char *end = text + len;
    char line[LINE];
    int rc = 0;

    for (p->line = 1; rc == 0 && text < end; p->line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        if (length >= sizeof line || memchr(text, '\0', length))
            return complain(p, "a line of more than %d characters, or with a NUL", LINE - 1);
        memcpy(line, text, length);
        line[length] = '\0';
        if (el_profile_text_wrong(line) && el_profile_text_wrong(line)[0] != '\r')
            return complain(p, "it is not a text of UTF-8");
        rc = take_line(p, line);
        text += length + (newline != NULL);
    }
    return rc;
}

int el_profile_template_conf(struct el_profile_template *t, const char *text, size_t len,
                             char **args, struct el_err *err)
{
    struct parser p = {.t = t, .args = args, .file = -1, .err = err};
    int rc;

    t->fetches = 1;
    rc = take_lines(&p, text, len);
    if (rc == 0)
        rc = end_section(&p);
    if (rc == 0 && !t->about)
        rc = el_err(err, EL_EINVAL, "template %s, template.conf: say what it is about", t->name);
    for (unsigned i = 0; rc == 0 && i < t->file_count; i++) {
        if (!t->files[i].type)
            t->files[i].type = strdup("text/plain; charset=utf-8");
        rc = t->files[i].type ? 0 : el_err(err, EL_ENOMEM, "out of memory");
    }
    for (unsigned i = 0; rc == 0 && i < t->variable_count; i++) {
        if (!t->variables[i].about)
            t->variables[i].about = strdup("");
        rc = t->variables[i].about ? 0 : el_err(err, EL_ENOMEM, "out of memory");
    }
    return rc;
}

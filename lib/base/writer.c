/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said becomes a list of nodes, in the order in which it was said: an object or a list,
 * what it holds, its end. Columns can be aligned only when all that stands in them is known, so
 * nothing is written before the finish; then each form is one walk over the nodes.
 */
#include "base/writer.h"

#include "base/err.h"
#include "base/escape.h"
#include "base/time.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { OBJECT, LIST, END, STRING, NONE, BOOL, NUMBER, COUNTER, BYTES, AGE };

struct node {
    enum kind kind;
    const char *key;
    char *text;      /* of a STRING; escaped, ours */
    const char *one; /* of a LIST */
    uint64_t value;  /* of an END: the kind of what ends */
    size_t end;      /* of an OBJECT or LIST: index of its END */
};

struct el_writer {
    struct node *nodes;
    size_t count, capacity;
    size_t open[EL_WRITER_DEPTH]; /* nodes without an end yet */
    unsigned depth;
    int failed;
};

/* -- saying -- */

static struct node *add(struct el_writer *w, enum kind kind, const char *key)
{
    if (w->failed)
        return NULL;
    if (w->count == w->capacity) {
        size_t capacity = w->capacity ? w->capacity * 2 : 64;
        struct node *nodes = realloc(w->nodes, capacity * sizeof *nodes);
        if (!nodes) {
            w->failed = EL_ENOMEM;
            return NULL;
        }
        w->nodes = nodes;
        w->capacity = capacity;
    }
    w->nodes[w->count] = (struct node){.kind = kind, .key = key};
    return &w->nodes[w->count++];
}

static struct node *begin(struct el_writer *w, enum kind kind, const char *key)
{
    if (w->depth == EL_WRITER_DEPTH)
        w->failed = EL_EINVAL;
    struct node *node = add(w, kind, key);
    if (node)
        w->open[w->depth++] = w->count - 1;
    return node;
}

struct el_writer *el_writer_new(void)
{
    struct el_writer *w = calloc(1, sizeof *w);

    if (w)
        begin(w, OBJECT, NULL);
    return w;
}

void el_writer_free(struct el_writer *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->count; i++)
        free(w->nodes[i].text);
    free(w->nodes);
    free(w);
}

void el_writer_object(struct el_writer *w, const char *key)
{
    begin(w, OBJECT, key);
}

void el_writer_list(struct el_writer *w, const char *key, const char *one)
{
    struct node *node = begin(w, LIST, key);

    if (node)
        node->one = one;
}

void el_writer_end(struct el_writer *w)
{
    if (w->depth <= 1) { /* the outermost object ends with the writer */
        w->failed = w->failed ? w->failed : EL_EINVAL;
        return;
    }
    size_t opened = w->open[w->depth - 1];
    struct node *end = add(w, END, NULL);
    if (!end)
        return;
    end->value = w->nodes[opened].kind;
    w->nodes[opened].end = w->count - 1;
    w->depth--;
}

void el_writer_string(struct el_writer *w, const char *key, const char *text)
{
    struct node *node = add(w, text ? STRING : NONE, key);

    if (!node || !text)
        return;
    size_t room = strlen(text) * EL_ESCAPE_GROWTH + 1;
    node->text = malloc(room);
    if (!node->text) {
        w->failed = EL_ENOMEM;
        return;
    }
    struct el_wire wire = el_wire_write(node->text, room);
    el_escape(&wire, text);
    node->text[el_wire_done(&wire)] = '\0';
}

static void add_value(struct el_writer *w, enum kind kind, const char *key, uint64_t value)
{
    struct node *node = add(w, kind, key);

    if (node)
        node->value = value;
}

void el_writer_bool(struct el_writer *w, const char *key, bool value)
{
    add_value(w, BOOL, key, value);
}

void el_writer_number(struct el_writer *w, const char *key, uint64_t value)
{
    add_value(w, NUMBER, key, value);
}

void el_writer_counter(struct el_writer *w, const char *key, uint64_t value)
{
    add_value(w, COUNTER, key, value);
}

void el_writer_bytes(struct el_writer *w, const char *key, uint64_t bytes)
{
    add_value(w, BYTES, key, bytes);
}

void el_writer_age(struct el_writer *w, const char *key, uint64_t ns)
{
    add_value(w, AGE, key, ns);
}

/* -- for programs -- */

/* What the unit adds to the key. */
static const char *unit(const struct node *node)
{
    return node->kind == BYTES ? "_bytes" : node->kind == AGE ? "_s" : "";
}

/* A key with BETWEEN its words. */
static void write_key(FILE *out, const char *key, char between)
{
    for (; *key; key++)
        fputc(*key == '_' || *key == '-' ? between : *key, out);
}

static unsigned long long plain_number(const struct node *node)
{
    return node->kind == AGE ? node->value / EL_S : node->value;
}

/* A value as JSON has it, or without the quotes that tell a text from a number. */
static void write_plain(FILE *out, const struct node *node, bool quotes)
{
    switch (node->kind) {
    case STRING: fprintf(out, quotes ? "\"%s\"" : "%s", node->text); break;
    case NONE: fputs(quotes ? "null" : "", out); break;
    case BOOL: fputs(node->value ? "true" : "false", out); break;
    default: fprintf(out, "%llu", plain_number(node)); break;
    }
}

static void write_json(FILE *out, const struct el_writer *w)
{
    bool first = true;

    fputc('{', out);
    for (size_t i = 1; i < w->count; i++) {
        const struct node *node = &w->nodes[i];
        bool ends = node->kind == END;
        bool begins = node->kind == OBJECT || node->kind == LIST;
        if (!ends && !first)
            fputc(',', out);
        if (node->key) {
            fputc('"', out);
            write_key(out, node->key, '_');
            fprintf(out, "%s\":", unit(node));
        }
        if (ends)
            fputc(node->value == LIST ? ']' : '}', out);
        else if (begins)
            fputc(node->kind == LIST ? '[' : '{', out);
        else
            write_plain(out, node, true);
        first = begins;
    }
    fputs("}\n", out);
}

/* -- walking -- */

static size_t after(const struct el_writer *w, size_t i)
{
    return w->nodes[i].kind == OBJECT || w->nodes[i].kind == LIST ? w->nodes[i].end + 1 : i + 1;
}

static bool is_value(const struct node *node)
{
    return node->kind >= STRING;
}

/* The first text of object I, which names it in a list; NULL if it has none. */
static const struct node *name_of(const struct el_writer *w, size_t i)
{
    for (size_t at = i + 1; at < w->nodes[i].end; at = after(w, at))
        if (w->nodes[at].kind == STRING)
            return &w->nodes[at];
    return NULL;
}

/* -- paths -- */

/* Where a value is: its own piece, and those around it. */
struct path {
    const struct path *up;
    const char *key;  /* of an object's member, */
    const char *name; /* or of a list's, */
    size_t number;    /* or that, if it has none */
};

static void write_path(FILE *out, const struct path *path)
{
    if (path->up) {
        write_path(out, path->up);
        fputc('.', out);
    }
    if (path->key)
        write_key(out, path->key, '_');
    else if (path->name)
        fputs(path->name, out);
    else
        fprintf(out, "%zu", path->number);
}

/* The name of object I, if a path can hold it. */
static const char *name_in_path(const struct el_writer *w, size_t i)
{
    const struct node *name = is_value(&w->nodes[i]) ? NULL : name_of(w, i);

    return name && !el_escape_needed(name->text) && !strchr(name->text, '=') ? name->text : NULL;
}

static void write_keys(FILE *out, const struct el_writer *w, size_t i, const struct path *up)
{
    size_t number = 0;

    for (size_t at = i + 1; at < w->nodes[i].end; at = after(w, at)) {
        const struct node *node = &w->nodes[at];
        struct path path = {up, node->key, name_in_path(w, at), number++};
        if (!is_value(node)) {
            write_keys(out, w, at, &path);
            continue;
        }
        write_path(out, &path);
        fprintf(out, "%s=", unit(node));
        write_plain(out, node, node->kind == STRING && el_escape_needed(node->text));
        fputc('\n', out);
    }
}

/* -- for people -- */

static void write_age(FILE *out, uint64_t ns)
{
    unsigned long long s = ns / EL_S;

    if (s < 60)
        fprintf(out, "%llu s", s);
    else if (s < 3600)
        fprintf(out, "%llu min %llu s", s / 60, s % 60);
    else if (s < 86400)
        fprintf(out, "%llu h %llu min", s / 3600, s / 60 % 60);
    else
        fprintf(out, "%llu d %llu h", s / 86400, s / 3600 % 24);
}

static void write_bytes(FILE *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1000;
    size_t i = 0;

    if (bytes < 1000) {
        fprintf(out, "%u B", (unsigned)bytes);
        return;
    }
    for (; value >= 1000; i++)
        value /= 1000;
    fprintf(out, "%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, units[i]);
}

/* Whether people are told of node I at all. */
static bool says_something(const struct el_writer *w, size_t i)
{
    const struct node *node = &w->nodes[i];

    if (is_value(node))
        return node->kind != NONE && (node->kind != COUNTER || node->value > 0);
    for (size_t at = i + 1; at < node->end; at = after(w, at))
        if (says_something(w, at))
            return true;
    return false;
}

/* A value in its line, behind a label of WIDTH columns. */
static void write_line(FILE *out, const struct node *node, int indent, int width)
{
    fprintf(out, "%*s", indent, "");
    write_key(out, node->key, ' ');
    fprintf(out, "%*s", width - (int)strlen(node->key) + 2, "");
    switch (node->kind) {
    case STRING: fputs(node->text, out); break;
    case BOOL: fputs(node->value ? "yes" : "no", out); break;
    case AGE: write_age(out, node->value); break;
    case BYTES: write_bytes(out, node->value); break;
    default: fprintf(out, "%llu", (unsigned long long)node->value); break;
    }
    fputc('\n', out);
}

static void write_values(FILE *out, const struct el_writer *w, size_t i, const struct node *name,
                         int indent)
{
    int width = 0;

    for (size_t at = i + 1; at < w->nodes[i].end; at = after(w, at))
        if (is_value(&w->nodes[at]) && says_something(w, at) &&
            (int)strlen(w->nodes[at].key) > width)
            width = (int)strlen(w->nodes[at].key);
    for (size_t at = i + 1; at < w->nodes[i].end; at = after(w, at))
        if (is_value(&w->nodes[at]) && says_something(w, at) && &w->nodes[at] != name)
            write_line(out, &w->nodes[at], indent, width);
}

/* What is in object or list I: first the values, then what has a heading, with a line between at
 * the outermost. ONE and the name of an object in a list are its heading. */
static void write_text(FILE *out, const struct el_writer *w, size_t i, int indent)
{
    const struct node *list = w->nodes[i].kind == LIST ? &w->nodes[i] : NULL;

    for (size_t at = i + 1; at < w->nodes[i].end; at = after(w, at)) {
        const struct node *node = &w->nodes[at];
        const struct node *name = list ? name_of(w, at) : NULL;
        if (is_value(node) || !says_something(w, at))
            continue;
        if (node->kind == LIST) {
            write_text(out, w, at, indent);
            continue;
        }
        fprintf(out, "%s%*s", indent == 0 ? "\n" : "", indent, "");
        write_key(out, list ? list->one : node->key, ' ');
        fprintf(out, name ? " %s\n" : "%s\n", name ? name->text : "");
        write_values(out, w, at, name, indent + 2);
        write_text(out, w, at, indent + 2);
    }
}

int el_writer_finish(const struct el_writer *writer, enum el_writer_form form, char **text)
{
    const struct el_writer *w = writer;
    size_t len = 0;

    *text = NULL;
    if (writer->failed || writer->depth != 1)
        return writer->failed ? writer->failed : EL_EINVAL;
    FILE *out = open_memstream(text, &len);
    if (!out)
        return EL_ENOMEM;
    w->nodes[0].end = w->count; /* the outermost object's */
    if (form == EL_WRITER_JSON)
        write_json(out, w);
    else if (form == EL_WRITER_KEYS)
        write_keys(out, w, 0, NULL);
    else {
        write_values(out, w, 0, NULL, 0);
        write_text(out, w, 0, 0);
    }
    if (fclose(out) != 0 || len > INT_MAX) {
        free(*text);
        *text = NULL;
        return EL_ENOMEM;
    }
    return (int)len;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of templates (template.h): text to nodes.
 *
 * A file is cut at its tags. A literal becomes a node that points into the source, an insertion
 * another; a block is a node in front of those inside it, which knows where they end. So the nodes
 * of a file stand in the order of the file, and who renders them walks from one to the next.
 */
#include "profile/profile_internal.h"

#include "base/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 8192, WORD = EL_PROFILE_NAME };

struct parser {
    const struct el_profile_template *t;
    const char *file;
    struct el_profile_text *text;
    size_t capacity;         /* of the nodes */
    const char *start, *end; /* of the source */
    const char *at;          /* behind the last tag */
    unsigned line;           /* of `counted` */
    const char *counted;
    unsigned open[EL_PROFILE_DEPTH]; /* blocks that we are in, by their nodes */
    bool has_else[EL_PROFILE_DEPTH];
    unsigned depth;
    struct el_err *err;
};

/* What stands between {{ and }}. */
struct tag {
    const char *from, *to; /* with the braces */
    const char *text;      /* without, trimmed */
    size_t len;
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
    return el_err(p->err, EL_EINVAL, "template %s, %s:%u: %s", p->t->name, p->file, p->line, why);
}

static void count_lines(struct parser *p, const char *to)
{
    for (; p->counted < to; p->counted++)
        p->line += *p->counted == '\n';
}

/* -- nodes -- */

static struct el_profile_node *add(struct parser *p, enum el_profile_node_kind kind)
{
    struct el_profile_text *text = p->text;

    if (text->count == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 32;
        struct el_profile_node *nodes =
            text->count < NODES ? realloc(text->nodes, capacity * sizeof *nodes) : NULL;
        if (!nodes) {
            el_err(p->err, text->count < NODES ? EL_ENOMEM : EL_EFULL,
                   "template %s, %s: too much in it", p->t->name, p->file);
            return NULL;
        }
        text->nodes = nodes;
        p->capacity = capacity;
    }
    struct el_profile_node *node = &text->nodes[text->count++];
    *node = (struct el_profile_node){.kind = kind, .line = p->line};
    node->end = node->otherwise = text->count;
    return node;
}

static int add_literal(struct parser *p, const char *from, const char *to)
{
    struct el_profile_node *node = from < to ? add(p, EL_PROFILE_LITERAL) : NULL;

    if (from >= to)
        return 0;
    if (!node)
        return EL_ENOMEM;
    node->text = from;
    node->len = (size_t)(to - from);
    return 0;
}

static int begin(struct parser *p, struct el_profile_node *node)
{
    if (p->depth == EL_PROFILE_DEPTH)
        return complain(p, "blocks in one another deeper than %d", EL_PROFILE_DEPTH);
    p->has_else[p->depth] = false;
    p->open[p->depth++] = (unsigned)(node - p->text->nodes);
    return 0;
}

static struct el_profile_node *innermost(struct parser *p)
{
    return p->depth ? &p->text->nodes[p->open[p->depth - 1]] : NULL;
}

static bool is_inside(const struct parser *p, enum el_profile_node_kind kind)
{
    for (unsigned i = 0; i < p->depth; i++)
        if (p->text->nodes[p->open[i]].kind == kind)
            return true;
    return false;
}

/* -- words -- */

/* The next word of a tag to WORD; false: there is none, or it is too long to be one. */
static bool next_word(struct tag *tag, char word[WORD])
{
    static const char blanks[] = " \t\r\n";

    while (tag->len > 0 && strchr(blanks, *tag->text)) {
        tag->text++;
        tag->len--;
    }
    size_t len = 0;
    while (len < tag->len && !strchr(blanks, tag->text[len]))
        len++;
    if (len == 0 || len >= WORD)
        return false;
    memcpy(word, tag->text, len);
    word[len] = '\0';
    tag->text += len;
    tag->len -= len;
    return true;
}

static bool find_quote(const char *word, enum el_profile_quote *quote)
{
    for (unsigned i = 0; i < EL_PROFILE_QUOTES; i++)
        if (strcmp(el_profile_quote_names[i], word) == 0) {
            *quote = (enum el_profile_quote)i;
            return true;
        }
    return false;
}

static int no_such_name(struct parser *p, const char *word)
{
    const char *names[EL_PROFILE_VARIABLES + EL_PROFILE_FACTS + 1] = {NULL};
    unsigned count = 0;

    for (unsigned i = 0; i < p->t->variable_count; i++)
        names[count++] = p->t->variables[i].name;
    for (unsigned i = 0; i < EL_PROFILE_FACTS; i++)
        names[count++] = el_profile_fact_names[i];
    const char *nearest = el_conf_nearest(word, names);
    return nearest ? complain(p, "no variable %s (did you mean %s?)", word, nearest)
                   : complain(p, "no variable %s: it has no section in template.conf", word);
}

static int resolve(struct parser *p, const char *word, struct el_profile_ref *ref)
{
    if (strcmp(word, ".") == 0) {
        ref->kind = EL_PROFILE_REF_ITEM;
        return is_inside(p, EL_PROFILE_EACH) ? 0 : complain(p, "{{.}} stands outside of an each");
    }
    for (unsigned i = 0; i < p->t->variable_count; i++)
        if (strcmp(p->t->variables[i].name, word) == 0) {
            *ref = (struct el_profile_ref){EL_PROFILE_REF_VARIABLE, i};
            p->text->secrets = p->text->secrets || p->t->variables[i].secret;
            return 0;
        }
    for (unsigned i = 0; i < EL_PROFILE_FACTS; i++)
        if (strcmp(el_profile_fact_names[i], word) == 0) {
            *ref = (struct el_profile_ref){EL_PROFILE_REF_FACT, i};
            return 0;
        }
    return no_such_name(p, word);
}

/* -- tags -- */

/* {{name}}, {{name|shell}} */
static int take_insert(struct parser *p, struct tag tag)
{
    struct el_profile_node *node = add(p, EL_PROFILE_INSERT);
    char word[WORD], filter[WORD];

    if (!node)
        return EL_ENOMEM;
    const char *bar = memchr(tag.text, '|', tag.len);
    struct tag behind = {.text = bar ? bar + 1 : "",
                         .len = bar ? tag.len - (size_t)(bar - tag.text) - 1 : 0};
    if (bar)
        tag.len = (size_t)(bar - tag.text);
    bool named = next_word(&tag, word);
    if (!named || next_word(&tag, filter))
        return complain(p, "a tag is {{name}}, {{name|filter}} or a block");
    if (bar) {
        if (!next_word(&behind, filter) || !find_quote(filter, &node->quote))
            return complain(p,
                            "%s: no such filter (have: text line shell words yaml json xml url "
                            "args base64)",
                            word);
        if (next_word(&behind, filter))
            return complain(p, "%s: one filter is enough; put the others around it as blocks",
                            word);
        node->has_filter = true;
    }
    return resolve(p, word, &node->ref);
}

/* {{#if name}}, {{#if not name}}, {{#if name is word}} */
static int take_if(struct parser *p, struct tag tag)
{
    struct el_profile_node *node = add(p, EL_PROFILE_IF);
    char word[WORD], is[WORD];

    if (!node)
        return EL_ENOMEM;
    bool named = next_word(&tag, word);
    if (named && strcmp(word, "not") == 0) {
        node->negated = true;
        named = next_word(&tag, word);
    }
    if (!named)
        return complain(p, "if what? {{#if name}}, {{#if not name}}, {{#if name is word}}");
    if (next_word(&tag, is)) {
        const char *at = tag.text;
        if (strcmp(is, "is") != 0 || !next_word(&tag, is))
            return complain(p, "if %s what? {{#if name is word}}", word);
        node->text = at + strspn(at, " \t\r\n");
        node->len = strlen(is);
    }
    int rc = resolve(p, word, &node->ref);
    return rc < 0 ? rc : begin(p, node);
}

static bool is_list(const struct parser *p, const struct el_profile_ref *ref)
{
    if (ref->kind == EL_PROFILE_REF_FACT)
        return ref->index == EL_PROFILE_SSH_KEYS || ref->index == EL_PROFILE_NETWORK_DNS;
    if (ref->kind == EL_PROFILE_REF_ITEM)
        return false;
    enum el_profile_type type = p->t->variables[ref->index].type;
    return type == EL_PROFILE_LIST || type == EL_PROFILE_LINES;
}

static int take_each(struct parser *p, struct tag tag)
{
    struct el_profile_node *node = add(p, EL_PROFILE_EACH);
    char word[WORD];

    if (!node)
        return EL_ENOMEM;
    if (!next_word(&tag, word))
        return complain(p, "each of what? {{#each name}}");
    if (is_inside(p, EL_PROFILE_EACH))
        return complain(p, "an each within an each");
    int rc = resolve(p, word, &node->ref);
    if (rc == 0 && !is_list(p, &node->ref))
        rc = complain(p, "%s is no list", word);
    return rc < 0 ? rc : begin(p, node);
}

static int take_more(struct parser *p, struct tag tag)
{
    struct el_profile_node *node = add(p, EL_PROFILE_MORE);

    (void)tag;
    if (!node)
        return EL_ENOMEM;
    if (!is_inside(p, EL_PROFILE_EACH))
        return complain(p, "{{#more}} stands outside of an each");
    return begin(p, node);
}

static int take_block(struct parser *p, struct tag tag)
{
    static const struct {
        const char *word;
        int (*take)(struct parser *p, struct tag tag);
    } blocks[] = {{"if", take_if}, {"each", take_each}, {"more", take_more}};
    enum el_profile_quote quote;
    char word[WORD];

    if (!next_word(&tag, word))
        return complain(p, "a block of what? if, each, more, or a language");
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (strcmp(blocks[i].word, word) == 0)
            return blocks[i].take(p, tag);
    bool is_in = strcmp(word, "in") == 0;
    if (is_in && !next_word(&tag, word))
        return complain(p, "in what? {{#in shell}}");
    if (!find_quote(word, &quote))
        return complain(p,
                        "#%s: no such block (have: if each more in text line shell words yaml "
                        "json xml url args base64)",
                        word);
    struct el_profile_node *node = add(p, is_in ? EL_PROFILE_IN : EL_PROFILE_QUOTED);
    if (!node)
        return EL_ENOMEM;
    node->quote = quote;
    return begin(p, node);
}

static int take_else(struct parser *p)
{
    struct el_profile_node *node = innermost(p);

    if (!node || node->kind != EL_PROFILE_IF || p->has_else[p->depth - 1])
        return complain(p, "an else without its if");
    p->has_else[p->depth - 1] = true;
    node->otherwise = p->text->count;
    return 0;
}

static const char *block_name(const struct el_profile_node *node)
{
    switch (node->kind) {
    case EL_PROFILE_IF: return "if";
    case EL_PROFILE_EACH: return "each";
    case EL_PROFILE_MORE: return "more";
    case EL_PROFILE_IN: return "in";
    default: return el_profile_quote_names[node->quote];
    }
}

static int take_end(struct parser *p, struct tag tag)
{
    struct el_profile_node *node = innermost(p);
    char word[WORD] = "";

    if (!next_word(&tag, word) || !node)
        return complain(p, "{{/%s}} ends what was not begun", word);
    if (strcmp(word, block_name(node)) != 0)
        return complain(p, "{{/%s}} stands where {{/%s}} has to come first", word,
                        block_name(node));
    node->end = p->text->count;
    if (!p->has_else[p->depth - 1])
        node->otherwise = node->end;
    p->depth--;
    return 0;
}

/* -- cutting -- */

static bool is_alone(const struct parser *p, const struct tag *tag, const char **from,
                     const char **to)
{
    const char *left = tag->from, *right = tag->to;

    while (left > p->start && (left[-1] == ' ' || left[-1] == '\t'))
        left--;
    while (right < p->end && (*right == ' ' || *right == '\t' || *right == '\r'))
        right++;
    if ((left > p->start && left[-1] != '\n') || (right < p->end && *right != '\n'))
        return false;
    *from = left;
    *to = right < p->end ? right + 1 : right;
    return true;
}

static int take_tag(struct parser *p, struct tag *tag)
{
    bool is_value = tag->len == 0 || !strchr("#/!", *tag->text);
    bool is_else = tag->len == 4 && memcmp(tag->text, "else", 4) == 0;
    const char *from = tag->from, *to = tag->to;

    if (!is_value || is_else)
        is_alone(p, tag, &from, &to);
    /* What the last tag has taken of its line is not there any more. */
    int rc = add_literal(p, p->at, from > p->at ? from : p->at);
    count_lines(p, tag->from);
    p->at = to;
    if (rc < 0 || (!is_value && *tag->text == '!'))
        return rc;
    if (is_else)
        return take_else(p);
    if (is_value)
        return take_insert(p, *tag);
    struct tag inside = {.text = tag->text + 1, .len = tag->len - 1};
    return *tag->text == '#' ? take_block(p, inside) : take_end(p, inside);
}

/* {{"text"}} up to the first "}}; false: this is none. */
static int take_literal_tag(struct parser *p, const char *open, bool *taken)
{
    *taken = open + 2 < p->end && open[2] == '"';
    if (!*taken)
        return 0;
    count_lines(p, open);
    const char *close = memmem(open + 3, (size_t)(p->end - open) - 3, "\"}}", 3);
    if (!close)
        return complain(p, "{{\" is not closed by \"}}");
    int rc = add_literal(p, p->at, open);
    if (rc == 0)
        rc = add_literal(p, open + 3, close);
    p->at = close + 3;
    return rc;
}

static int cut(struct parser *p)
{
    for (;;) {
        const char *open = memmem(p->at, (size_t)(p->end - p->at), "{{", 2);
        bool taken;
        if (!open)
            break;
        int rc = take_literal_tag(p, open, &taken);
        if (rc < 0)
            return rc;
        if (taken)
            continue;
        const char *close = memmem(open + 2, (size_t)(p->end - open) - 2, "}}", 2);
        count_lines(p, open);
        if (!close)
            return complain(p, "{{ is not closed by }}");
        struct tag tag = {
            .from = open, .to = close + 2, .text = open + 2, .len = (size_t)(close - open) - 2};
        while (tag.len > 0 && strchr(" \t", *tag.text)) {
            tag.text++;
            tag.len--;
        }
        while (tag.len > 0 && strchr(" \t", tag.text[tag.len - 1]))
            tag.len--;
        rc = take_tag(p, &tag);
        if (rc < 0)
            return rc;
    }
    return add_literal(p, p->at, p->end);
}

int el_profile_text_parse(const struct el_profile_template *t, const char *file, const char *source,
                          size_t len, struct el_profile_text *text, struct el_err *err)
{
    struct parser p = {.t = t, .file = file, .text = text, .line = 1, .err = err};

    if (len > EL_PROFILE_SOURCE_BYTES)
        return el_err(err, EL_EFULL, "template %s, %s: longer than %d bytes", t->name, file,
                      EL_PROFILE_SOURCE_BYTES);
    text->source = malloc(len + 1);
    if (!text->source)
        return el_err(err, EL_ENOMEM, "out of memory");
    memcpy(text->source, source, len);
    text->source[len] = '\0';
    p.start = p.at = p.counted = text->source;
    p.end = p.start + len;
    if (strlen(text->source) != len || el_profile_text_wrong(text->source))
        return el_err(err, EL_EINVAL, "template %s, %s: it is not a text of UTF-8", t->name, file);
    int rc = cut(&p);
    if (rc == 0 && p.depth > 0) {
        p.line = innermost(&p)->line;
        rc = complain(&p, "{{#%s}} is not ended", block_name(innermost(&p)));
    }
    return rc;
}

void el_profile_text_clear(struct el_profile_text *text)
{
    free(text->nodes);
    free(text->source);
    *text = (struct el_profile_text){0};
}

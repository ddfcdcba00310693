/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual that a schema gives, for a terminal or as a man page. */
#include "base/conf.h"
#include "base/conf_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TERMINAL_WIDTH = 80 };

/* Fills TEXT into lines that begin with INDENT spaces. A newline in TEXT stays one; a line that
 * begins with a space is printed as it is. */
static void fill(FILE *out, const char *text, int indent)
{
    int column = 0;

    while (*text) {
        if (*text == '\n') {
            fputc('\n', out);
            column = 0;
            text++;
            continue;
        }
        if (*text == ' ' && column == 0) {
            size_t line = strcspn(text, "\n");
            fprintf(out, "%*s%.*s", indent, "", (int)line, text);
            text += line;
            continue;
        }
        text += *text == ' ';
        size_t word = strcspn(text, " \n");
        if (column && column + 1 + (int)word > TERMINAL_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        column += column ? fprintf(out, " %.*s", (int)word, text)
                         : fprintf(out, "%*s%.*s", indent, "", (int)word, text);
        text += word;
    }
    fputc('\n', out);
}

static void print_choices(FILE *out, const struct el_conf_option *option)
{
    for (unsigned i = 0; option->choices && option->choices[i]; i++)
        fprintf(out, "%s%s", i ? ", " : " One of ", option->choices[i]);
    if (option->choices)
        fputs(".", out);
}

/* The sentences about one option: help, choices, range, default. Owned by the caller. */
static char *describe(const struct el_conf_option *option)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fputs(option->help, out);
    print_choices(out, option);
    if (option->max)
        fprintf(out,
                option->type == EL_CONF_DURATION ? " From %llus to %llus." : " From %llu to %llu.",
                (unsigned long long)option->min, (unsigned long long)option->max);
    if (option->repeat)
        fputs(" May be given several times.", out);
    if (option->fallback)
        fprintf(out, " Default: %s.", option->fallback);
    if (option->required)
        fputs(" Required.", out);
    fclose(out);
    return text;
}

static void sections_terminal(FILE *out, const struct el_conf_schema *schema)
{
    for (size_t s = 0; s < schema->section_count; s++) {
        const struct el_conf_section *section = &schema->sections[s];
        fprintf(out, "\nIn the file of --config, below [%s %s]:\n\n", section->name,
                section->metavar);
        fill(out, section->help, 0);
        fputc('\n', out);
        for (size_t i = 0; i < section->count; i++) {
            const struct el_conf_option *option = &section->options[i];
            char *text = describe(option);
            fprintf(out, "  %s = %s\n", option->name, option->metavar ? option->metavar : "yes");
            fill(out, text ? text : option->help, 6);
            free(text);
        }
    }
}

static void manual_terminal(FILE *out, const struct el_conf_schema *schema)
{
    fprintf(out, "el2w %s: %s\n\nUsage: el2w %s %s\n\n", schema->name, schema->summary,
            schema->name, schema->usage);
    fill(out, schema->manual, 0);
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < el_conf_option_count(schema); i++) {
        const struct el_conf_option *option = el_conf_option_at(schema, i);
        char *text = describe(option);
        fprintf(out, "  --%s%s%s\n", option->name, option->metavar ? " " : "",
                option->metavar ? option->metavar : "");
        fill(out, text ? text : option->help, 6);
        free(text);
    }
    sections_terminal(out, schema);
}

/* A piece of a line for man(7). At its start a dot or a quote would make it a command; elsewhere
 * some ASCII characters stand for typographic ones, unless they are named. */
static void roff_text(FILE *out, const char *text, size_t len)
{
    static const struct {
        char character;
        const char *name;
    } names[] = {{'\\', "\\e"}, {'-', "\\-"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'`', "\\(ga"}};

    if (len && (*text == '.' || *text == '\''))
        fputs("\\&", out);
    for (; len; text++, len--) {
        size_t i = 0;
        while (i < sizeof names / sizeof names[0] && names[i].character != *text)
            i++;
        if (i < sizeof names / sizeof names[0])
            fputs(names[i].name, out);
        else
            fputc(*text, out);
    }
}

static void roff_line(FILE *out, const char *text)
{
    roff_text(out, text, strlen(text));
    fputc('\n', out);
}

/* Paragraphs; lines that begin with a space stay as they are. */
static void roff_paragraphs(FILE *out, const char *text)
{
    bool literal = false;

    while (*text) {
        size_t len = strcspn(text, "\n");
        if (len && literal != (*text == ' ')) {
            literal = !literal;
            fputs(literal ? ".nf\n" : ".fi\n", out);
        }
        if (len)
            roff_text(out, text, len);
        fputs(len ? "\n" : ".PP\n", out);
        text += len + (text[len] == '\n');
    }
    if (literal)
        fputs(".fi\n", out);
}

/* "el2w-tunnel-show" for the schema "tunnel show". */
static void page_name(FILE *out, const char *program, const struct el_conf_schema *schema)
{
    fprintf(out, "%s-", program);
    for (const char *at = schema->name; *at; at++)
        fputc(*at == ' ' ? '-' : *at, out);
}

static void sections_roff(FILE *out, const struct el_conf_schema *schema)
{
    for (size_t s = 0; s < schema->section_count; s++) {
        const struct el_conf_section *section = &schema->sections[s];
        fprintf(out, ".SH SECTION [%s %s] OF THE FILE\n", section->name, section->metavar);
        roff_paragraphs(out, section->help);
        for (size_t i = 0; i < section->count; i++) {
            const struct el_conf_option *option = &section->options[i];
            char *text = describe(option);
            fputs(".TP\n\\fB", out);
            roff_text(out, option->name, strlen(option->name));
            fputs("\\fR = \\fI", out);
            const char *value = option->metavar ? option->metavar : "yes";
            roff_text(out, value, strlen(value));
            fputs("\\fR\n", out);
            roff_line(out, text ? text : option->help);
            free(text);
        }
    }
}

static void manual_roff(FILE *out, const struct el_conf_schema *schema)
{
    fputs(".TH ", out);
    page_name(out, "EL2W", schema);
    fputs(" 8 \"\" el2w\n.SH NAME\n", out);
    page_name(out, "el2w", schema);
    fputs(" \\- ", out);
    roff_line(out, schema->summary);
    fprintf(out, ".SH SYNOPSIS\n.B el2w %s\n", schema->name);
    roff_line(out, schema->usage);
    fputs(".SH DESCRIPTION\n", out);
    roff_paragraphs(out, schema->manual);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < el_conf_option_count(schema); i++) {
        const struct el_conf_option *option = el_conf_option_at(schema, i);
        char *text = describe(option);
        fputs(".TP\n\\fB\\-\\-", out);
        roff_text(out, option->name, strlen(option->name));
        if (option->metavar) {
            fputs("\\fR \\fI", out);
            roff_text(out, option->metavar, strlen(option->metavar));
        }
        fputs("\\fR\n", out);
        roff_line(out, text ? text : option->help);
        free(text);
    }
    sections_roff(out, schema);
    fputs(".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage.\n", out);
}

char *el_conf_manual(const struct el_conf_schema *schema, bool roff)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    if (roff)
        manual_roff(out, schema);
    else
        manual_terminal(out, schema);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
